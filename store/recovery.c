/* store: which copies were set back, and how far they came again.
 *
 * One row a log and direction, kept after its end so that people see what
 * happened. Must never decide: the engine says what is complete.
 * Read next: segment.c.
 */
#include "store/recovery.h"

#include "store/store_parts.h"

enum {
    RECOVERY_PUT,
    RECOVERY_GET,
    RECOVERY_NEXT,
    RECOVERY_SPOOLED
};

#define RECOVERY_COLUMNS                                                       \
    "SELECT log, lent, reason, source, since_s, done_s, held, until, cosigs "  \
    "FROM recoveries "

static const char *const sql[] = {
    [RECOVERY_PUT] = "INSERT OR REPLACE INTO recoveries (log, lent, reason, "
                     "source, since_s, done_s, held, until, cosigs) VALUES "
                     "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [RECOVERY_GET] = RECOVERY_COLUMNS "WHERE log = ? AND lent = ?",
    [RECOVERY_NEXT] = RECOVERY_COLUMNS "WHERE (log, lent) > (?, ?) "
                                       "ORDER BY log, lent LIMIT 1",
    [RECOVERY_SPOOLED] = "SELECT bodies FROM spool WHERE event = ?",
};
const struct query_table recovery_queries = {sql, sizeof(sql) / sizeof(sql[0])};

int store_recovery_put(struct store *store,
                       const struct store_recovery *recovery, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_RECOVERY, RECOVERY_PUT);

    bind_int(q, 1, recovery->log);
    bind_int(q, 2, recovery->lent);
    bind_int(q, 3, recovery->reason);
    bind_int(q, 4, recovery->source);
    bind_int(q, 5, recovery->since_s);
    bind_int(q, 6, recovery->done_s);
    bind_int(q, 7, (int64_t)recovery->from);
    bind_int(q, 8, (int64_t)recovery->until);
    bind_int(q, 9, (int64_t)recovery->cosigs);
    return query_run(store, q, err);
}

static void read_row(sqlite3_stmt *q, struct store_recovery *out)
{
    *out = (struct store_recovery){.log = column_u32(q, 0),
                                   .lent = column_int(q, 1) != 0,
                                   .reason = column_u32(q, 2),
                                   .source = column_u32(q, 3),
                                   .since_s = column_int(q, 4),
                                   .done_s = column_int(q, 5),
                                   .from = (uint64_t)column_int(q, 6),
                                   .until = (uint64_t)column_int(q, 7),
                                   .cosigs = (uint64_t)column_int(q, 8)};
    query_end(q);
}

int store_recovery_get(struct store *store, uint32_t log, bool lent,
                       struct store_recovery *recovery, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_RECOVERY, RECOVERY_GET);
    int rc;

    bind_int(q, 1, log);
    bind_int(q, 2, lent);
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "log %u was never set back", log);
    }
    if (rc == 1) {
        read_row(q, recovery);
        rc = 0;
    }
    return rc;
}

int store_recovery_each(struct store *store, store_recovery_fn visit,
                        void *data, struct error *err)
{
    struct store_recovery row = {.log = 0};

    /* One row a query, so that the visitor may write. */
    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_RECOVERY, RECOVERY_NEXT);
        int rc;

        bind_int(q, 1, row.log);
        bind_int(q, 2, row.lent);
        if ((rc = query_row(store, q, err)) != 1) {
            return rc;
        }
        read_row(q, &row);
        if ((rc = visit(data, &row)) != 0) {
            return rc;
        }
    }
}

int store_spool_bodies(struct store *store, const struct event_id *id,
                       struct arena *arena, struct span *bodies,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_RECOVERY, RECOVERY_SPOOLED);
    int rc;

    bind_span(q, 1, SPAN_OF(*id));
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "not in the spool");
    }
    if (rc == 1) {
        rc = arena_keep(arena, column_span(q, 0), bodies, err);
        query_end(q);
    }
    return rc;
}
