/* store: the spool put into the order of a staging note (DESIGN section 6).
 *
 * Mostly it stands in that order already and nothing is done. A restored image
 * may have recorded other events where those stood that it lost: then every
 * waiting event gets a new number, and its row goes with it. Must never touch
 * what is sequenced. Read next: spool.c.
 */
#include <string.h>

#include "store/staged.h"
#include "store/store_parts.h"

enum {
    ARRANGE_NEXT,
    ARRANGE_FIND,
    ARRANGE_SEQUENCE,
    ARRANGE_SEQUENCE_PUT,
    ARRANGE_RENUMBER,
    ARRANGE_QUOTES
};

static const char *const sql[] = {
    [ARRANGE_NEXT] = "SELECT number, event FROM spool WHERE is_dir = ? AND "
                     "number > ? ORDER BY number LIMIT 1",
    [ARRANGE_FIND] = "SELECT number, leaf FROM spool WHERE event = ? AND "
                     "is_dir = ? AND number > ?",
    [ARRANGE_SEQUENCE] = "SELECT seq FROM sqlite_sequence WHERE name = "
                         "'spool'",
    [ARRANGE_SEQUENCE_PUT] = "UPDATE sqlite_sequence SET seq = ? WHERE name = "
                             "'spool'",
    [ARRANGE_RENUMBER] = "UPDATE spool SET number = ? WHERE number = ?",
    [ARRANGE_QUOTES] = "UPDATE quotes SET place = ? WHERE hash = ? AND "
                       "place = ?",
};
const struct query_table arrange_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* The oldest waiting event after `after`: 1, or 0 if there is none. */
static int next(struct store *store, bool is_dir, int64_t after,
                int64_t *number, struct event_id *id, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ARRANGE, ARRANGE_NEXT);
    int rc;

    bind_int(q, 1, is_dir);
    bind_int(q, 2, after);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    *number = column_int(q, 0);
    rc = column_bytes(q, 1, id, sizeof(*id), err);
    query_end(q);
    return rc != 0 ? rc : 1;
}

static int is_arranged(struct store *store, bool is_dir, int64_t taken,
                       struct span ids, bool *arranged, struct error *err)
{
    *arranged = true;
    for (size_t at = 0; *arranged && at < ids.len; at += 16) {
        struct event_id id;
        int rc = next(store, is_dir, taken, &taken, &id, err);

        if (rc < 0) {
            return rc;
        }
        *arranged = rc == 1 && memcmp(&id, ids.ptr + at, sizeof(id)) == 0;
    }
    return 0;
}

static int row_move(struct store *store, bool is_dir, int64_t from, int64_t to,
                    struct span bytes, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ARRANGE, ARRANGE_QUOTES);
    struct bracket none = {0};
    int64_t record = 0;
    struct leaf leaf;
    int rc;

    if ((rc = leaf_parse(bytes, &leaf, err)) != 0) {
        return rc;
    }
    if (leaf.understood && leaf.header.has_quoted) {
        bind_int(q, 1, place_of(0, (uint64_t)to));
        bind_span(q, 2, SPAN_OF(leaf.header.quoted_hash));
        bind_int(q, 3, place_of(0, (uint64_t)from));
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
    }
    rc = event_move(store, place_of(0, (uint64_t)from),
                    place_of(0, (uint64_t)to), &none, &record, err);
    if (rc == ERR_NOTFOUND || (rc == 0 && is_dir)) {
        return 0;
    }
    return rc != 0 ? rc
                   : actor_move(store, &leaf, RANK_SPOOL | (uint64_t)from,
                                place_of(0, (uint64_t)to),
                                RANK_SPOOL | (uint64_t)to, err);
}

/* To the end of the queue. */
static int defer(struct store *store, bool is_dir, int64_t from, int64_t to,
                 struct span leaf, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ARRANGE, ARRANGE_RENUMBER);
    int rc;

    bind_int(q, 1, to);
    bind_int(q, 2, from);
    rc = query_run(store, q, err);
    return rc != 0 ? rc : row_move(store, is_dir, from, to, leaf, err);
}

static int defer_event(struct store *store, bool is_dir, int64_t taken,
                       const struct event_id *id, int64_t *last,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ARRANGE, ARRANGE_FIND);
    size_t mark = store->scratch.used;
    struct span leaf = {0};
    int64_t from = 0;
    int rc;

    bind_span(q, 1, SPAN_OF(*id));
    bind_int(q, 2, is_dir);
    bind_int(q, 3, taken);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc
                      : error_set(err, ERR_NOTFOUND,
                                  "an event of the note is not recorded here");
    }
    from = column_int(q, 0);
    rc = arena_keep(&store->scratch, column_span(q, 1), &leaf, err);
    query_end(q);
    rc = rc != 0 ? rc : defer(store, is_dir, from, ++*last, leaf, err);
    arena_rewind(&store->scratch, mark);
    return rc;
}

/* The highest number that ever was; nothing is spooled under it again. */
static int last_number(struct store *store, int64_t *last, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ARRANGE, ARRANGE_SEQUENCE);
    int rc = query_row(store, q, err);

    *last = rc == 1 ? column_int(q, 0) : 0;
    query_end(q);
    return rc < 0 ? rc : 0;
}

static int last_number_put(struct store *store, int64_t last, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ARRANGE, ARRANGE_SEQUENCE_PUT);

    bind_int(q, 1, last);
    return query_run(store, q, err);
}

int store_spool_arrange(struct store *store, bool is_dir, struct span ids,
                        struct error *err)
{
    int64_t taken = 0, last = 0, before = 0, number = 0;
    struct event_id id;
    bool arranged = false;
    int rc = spool_taken(store, is_dir, &taken, err);

    if (rc != 0 ||
        (rc = is_arranged(store, is_dir, taken, ids, &arranged, err)) != 0 ||
        arranged || (rc = last_number(store, &last, err)) != 0) {
        return rc;
    }
    before = last;
    for (size_t at = 0; rc == 0 && at < ids.len; at += 16) {
        memcpy(&id, ids.ptr + at, sizeof(id));
        rc = defer_event(store, is_dir, taken, &id, &last, err);
    }
    /* What the note does not name, as it stood. */
    while (rc == 0 &&
           (rc = next(store, is_dir, taken, &number, &id, err)) == 1 &&
           number <= before) {
        rc = defer_event(store, is_dir, taken, &id, &last, err);
    }
    if (rc < 0 || (rc = last_number_put(store, last, err)) != 0) {
        return rc;
    }
    if (is_dir) {
        directory_forget(store);
    }
    return 0;
}

int store_spool_has(struct store *store, bool is_dir, const struct event_id *id,
                    bool *has, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ARRANGE, ARRANGE_FIND);
    int64_t taken = 0;
    int rc = spool_taken(store, is_dir, &taken, err);

    if (rc != 0) {
        return rc;
    }
    bind_span(q, 1, SPAN_OF(*id));
    bind_int(q, 2, is_dir);
    bind_int(q, 3, taken);
    rc = query_row(store, q, err);
    query_end(q);
    *has = rc == 1;
    return rc < 0 ? rc : 0;
}
