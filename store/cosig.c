/* store: cosignatures: the guard's, numbered without gaps (fold input), and
 * the newest of every other node (display).
 *
 * Kept exactly as signed; whoever hands one in has verified it. Applying them
 * to brackets is integration's work. Read next: bracket.c.
 */
#include "store/store_parts.h"

#include <string.h>

enum {
    COSIG_INSERT,
    COSIG_HEAD,
    COSIG_GET,
    COSIG_NEWEST,
    COSIG_REPEAT,
    COSIG_COVERING,
    COSIG_WITHIN,
    COSIG_LIST,
    COSIG_TWIN,
    COSIG_SAME,
    HELD_PUT,
    HELD_LIST,
    HELD_MOST,
    HELD_GET
};

#define COSIG_COLUMNS                                                          \
    "SELECT log, number, size, root, line, request FROM cosigs "

/* Not those that came with a delivery, of which the ones between are lacking.
 */
#define IN_SEQUENCE "number < (SELECT cosigs FROM logs WHERE id = ?1) "

static const char *const sql[] = {
    [COSIG_INSERT] = "INSERT INTO cosigs (log, number, size, time_s, root, "
                     "line, request) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [COSIG_HEAD] = "UPDATE logs SET cosigs = max(cosigs, ?), guarded = "
                   "max(guarded, ?) WHERE id = ?",
    [COSIG_GET] = COSIG_COLUMNS "WHERE log = ? AND number = ?",
    [COSIG_NEWEST] = COSIG_COLUMNS "WHERE log = ?1 AND " IN_SEQUENCE
                                   "ORDER BY number DESC LIMIT 1",
    /* Named: else every cosignature since the newest repeat is read. */
    [COSIG_REPEAT] = "SELECT log, number, size, root, line, request FROM "
                     "cosigs INDEXED BY cosigs_heard WHERE log = ? AND "
                     "request IS NOT NULL ORDER BY number DESC LIMIT 1",
    [COSIG_COVERING] = COSIG_COLUMNS "WHERE log = ? AND size > ? "
                                     "ORDER BY size, number LIMIT 1",
    [COSIG_WITHIN] = "SELECT number FROM cosigs WHERE log = ?1 AND size > ?2 "
                     "AND " IN_SEQUENCE "ORDER BY size, number LIMIT 1",
    [COSIG_LIST] =
        COSIG_COLUMNS "WHERE log = ?1 AND number >= ?2 AND " IN_SEQUENCE
                      "ORDER BY number LIMIT ?3",
    [COSIG_TWIN] = "DELETE FROM cosigs WHERE log = ? AND size = ? AND "
                   "number >= (1 << 62) AND line = ?",
    [COSIG_SAME] = "SELECT 1 FROM cosigs INDEXED BY cosigs_by_size WHERE log = "
                   "? AND size = ? AND "
                   "line = ?",
    [HELD_PUT] =
        "INSERT INTO held (log, node, size, time_s, root, line) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (log, node) DO UPDATE SET "
        "size = excluded.size, time_s = excluded.time_s, root = excluded.root, "
        "line = excluded.line WHERE (excluded.size, excluded.time_s) > "
        "(held.size, held.time_s)",
    [HELD_LIST] = "SELECT log, node, size, root, line FROM held WHERE log = ? "
                  "AND node > ? ORDER BY node LIMIT ?",
    [HELD_MOST] = "SELECT max(size) FROM held WHERE log = ?",
    [HELD_GET] = "SELECT log, node, size, root, line FROM held WHERE log = ? "
                 "AND node = ?",
};
const struct query_table cosig_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static int read_cosig(sqlite3_stmt *q, struct store_cosig *cosig,
                      struct error *err)
{
    int rc;

    memset(cosig, 0, sizeof(*cosig));
    cosig->log = column_u32(q, 0);
    cosig->number = (uint64_t)column_int(q, 1);
    cosig->head.size = (uint64_t)column_int(q, 2);
    if ((rc = column_bytes(q, 3, &cosig->head.root, sizeof(struct hash),
                           err)) != 0 ||
        (rc = column_bytes(q, 4, &cosig->line, sizeof(cosig->line), err)) !=
            0) {
        return rc;
    }
    cosig->repeat = sqlite3_column_type(q, 5) != SQLITE_NULL;
    return cosig->repeat ? column_bytes(q, 5, &cosig->request,
                                        sizeof(cosig->request), err)
                         : 0;
}

static int one_cosig(struct store *store, sqlite3_stmt *q,
                     struct store_cosig *cosig, struct error *err)
{
    int rc = query_row(store, q, err);

    if (rc == 0) {
        return error_set(err, ERR_NOTFOUND, "no such cosignature is held");
    }
    if (rc == 1) {
        rc = read_cosig(q, cosig, err);
        query_end(q);
    }
    return rc;
}

/* Of that log and size with that very line. */
static sqlite3_stmt *query_same(struct store *store, int which,
                                const struct store_cosig *cosig)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, which);

    bind_int(q, 1, cosig->log);
    bind_int(q, 2, (int64_t)cosig->head.size);
    bind_span(q, 3, SPAN_OF(cosig->line));
    return q;
}

static int insert(struct store *store, const struct store_cosig *cosig,
                  struct error *err)
{
    sqlite3_stmt *q;
    int rc = 0;

    if (cosig->head.size > PLACE_INDEX_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "a cosignature of a log of %llu events",
                         (unsigned long long)cosig->head.size);
    }
    if (cosig->number < COSIG_UNNUMBERED) {
        rc = query_run(store, query_same(store, COSIG_TWIN, cosig), err);
    }
    if (rc != 0) {
        return rc;
    }
    q = query(store, OWNER_COSIG, COSIG_INSERT);
    bind_int(q, 1, cosig->log);
    bind_int(q, 2, (int64_t)cosig->number);
    bind_int(q, 3, (int64_t)cosig->head.size);
    bind_int(q, 4, (int64_t)cosignature_time(&cosig->line));
    bind_span(q, 5, SPAN_OF(cosig->head.root));
    bind_span(q, 6, SPAN_OF(cosig->line));
    if (cosig->repeat) {
        bind_span(q, 7, SPAN_OF(cosig->request));
    }
    memset(&store->brackets, 0, sizeof(store->brackets));
    return query_run(store, q, err);
}

static int same_as_held(struct store *store, const struct store_cosig *cosig,
                        struct error *err)
{
    struct store_cosig held;
    int rc = store_cosig_get(store, cosig->log, cosig->number, &held, err);

    if (rc == 0 && memcmp(&held.line, &cosig->line, sizeof(held.line)) != 0) {
        return error_set(err, ERR_CONFLICT,
                         "log %u: two guard cosignatures with number %llu",
                         cosig->log, (unsigned long long)cosig->number);
    }
    return rc;
}

int store_cosig_append(struct store *store, const struct store_cosig *cosig,
                       struct error *err)
{
    struct store_log log;
    sqlite3_stmt *q;
    int rc = store_log_get(store, cosig->log, &log, err);

    if (rc != 0) {
        return rc;
    }
    if (cosig->number < log.cosigs) {
        return same_as_held(store, cosig, err);
    }
    if (cosig->number != log.cosigs) {
        return error_set(err, ERR_CONFLICT,
                         "%s: guard cosignature %llu came, %llu is next",
                         log.origin, (unsigned long long)cosig->number,
                         (unsigned long long)log.cosigs);
    }
    rc = same_as_held(store, cosig, err); /* one may have been delivered */
    if (rc == ERR_NOTFOUND) {
        rc = insert(store, cosig, err);
    }
    if (rc != 0) {
        return rc;
    }
    q = query(store, OWNER_COSIG, COSIG_HEAD);
    bind_int(q, 1, (int64_t)cosig->number + 1);
    bind_int(q, 2, (int64_t)cosig->head.size);
    bind_int(q, 3, cosig->log);
    return query_run(store, q, err);
}

int store_cosig_deliver(struct store *store, const struct store_cosig *cosig,
                        struct error *err)
{
    int rc = same_as_held(store, cosig, err);

    return rc == ERR_NOTFOUND ? insert(store, cosig, err) : rc;
}

int cosig_quoted_keep(struct store *store, const struct store_cosig *cosig,
                      struct error *err)
{
    struct store_cosig unnumbered = *cosig;
    uint8_t hash[8];
    sqlite3_stmt *q = query_same(store, COSIG_SAME, cosig);
    int rc = query_row(store, q, err);

    query_end(q);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    cosignature_short_hash(&cosig->line, hash);
    unnumbered.number = COSIG_UNNUMBERED | read_u64(hash) >> 2;
    unnumbered.repeat = false;
    return store_cosig_deliver(store, &unnumbered, err);
}

int store_cosig_get(struct store *store, uint32_t log, uint64_t number,
                    struct store_cosig *cosig, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, COSIG_GET);

    bind_int(q, 1, log);
    bind_int(q, 2, (int64_t)number);
    return one_cosig(store, q, cosig, err);
}

int store_cosig_newest(struct store *store, uint32_t log,
                       struct store_cosig *cosig, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, COSIG_NEWEST);

    bind_int(q, 1, log);
    return one_cosig(store, q, cosig, err);
}

int store_cosig_repeat(struct store *store, uint32_t log,
                       struct store_cosig *cosig, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, COSIG_REPEAT);

    bind_int(q, 1, log);
    return one_cosig(store, q, cosig, err);
}

int store_cosig_covering(struct store *store, uint32_t log, uint64_t index,
                         struct store_cosig *cosig, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, COSIG_COVERING);

    bind_int(q, 1, log);
    bind_int(q, 2, (int64_t)index);
    return one_cosig(store, q, cosig, err);
}

int store_cosig_within(struct store *store, const struct store_log *log,
                       uint64_t size, uint64_t *out, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, COSIG_WITHIN);
    int rc;

    bind_int(q, 1, log->id);
    bind_int(q, 2, (int64_t)size);
    rc = query_row(store, q, err);
    *out = rc == 1 ? (uint64_t)column_int(q, 0) : log->cosigs;
    query_end(q);
    return rc < 0 ? rc : 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_cosig_list(struct store *store, uint32_t log, uint64_t from,
                     struct store_cosig *cosigs, size_t max, size_t *len,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, COSIG_LIST);
    size_t i = 0;
    int rc;

    bind_int(q, 1, log);
    bind_int(q, 2, (int64_t)from);
    bind_int(q, 3, (int64_t)max);
    while ((rc = query_row(store, q, err)) == 1) {
        if ((rc = read_cosig(q, &cosigs[i++], err)) != 0) {
            query_end(q);
            break;
        }
    }
    if (rc == 0) {
        *len = i;
    }
    return rc;
}

int store_held_put(struct store *store, const struct store_held *held,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, HELD_PUT);

    bind_int(q, 1, held->log);
    bind_int(q, 2, held->node);
    bind_int(q, 3, (int64_t)held->head.size);
    bind_int(q, 4, (int64_t)cosignature_time(&held->line));
    bind_span(q, 5, SPAN_OF(held->head.root));
    bind_span(q, 6, SPAN_OF(held->line));
    return query_run(store, q, err);
}

static int read_held(sqlite3_stmt *q, struct store_held *held,
                     struct error *err)
{
    held->log = column_u32(q, 0);
    held->node = column_u32(q, 1);
    held->head.size = (uint64_t)column_int(q, 2);
    return column_bytes(q, 3, &held->head.root, sizeof(struct hash), err) != 0
               ? err->code
               : column_bytes(q, 4, &held->line, sizeof(held->line), err);
}

int store_held_get(struct store *store, uint32_t log, uint32_t node,
                   struct store_held *held, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, HELD_GET);
    int rc;

    bind_int(q, 1, log);
    bind_int(q, 2, node);
    rc = query_row(store, q, err);
    if (rc == 0) {
        return error_set(err, ERR_NOTFOUND, "no such cosignature is held");
    }
    if (rc == 1) {
        rc = read_held(q, held, err);
        query_end(q);
    }
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): from where, room, how many */
int store_held_list(struct store *store, uint32_t log, uint32_t after,
                    struct store_held *held, size_t max, size_t *len,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, HELD_LIST);
    size_t i = 0;
    int rc;

    bind_int(q, 1, log);
    bind_int(q, 2, after);
    bind_int(q, 3, (int64_t)max);
    while ((rc = query_row(store, q, err)) == 1) {
        if ((rc = read_held(q, &held[i], err)) != 0) {
            query_end(q);
            return rc;
        }
        i++;
    }
    if (rc == 0) {
        *len = i;
    }
    return rc;
}

int store_held_most(struct store *store, uint32_t log, uint64_t *size,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_COSIG, HELD_MOST);
    int rc;

    bind_int(q, 1, log);
    rc = query_row(store, q, err);
    *size = rc == 1 ? (uint64_t)column_int(q, 0) : 0;
    query_end(q);
    return rc < 0 ? rc : 0;
}
