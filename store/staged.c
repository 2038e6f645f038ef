/* store: events that a bundle brought and no log holds yet, the note that says
 * what follows a log's size, and when bundles passed.
 *
 * A staged event gets its row like a spooled one, at a place behind its log;
 * when its leaf comes in, that row goes first (staged_forget), whatever else
 * happens to the leaf. Must never let an event stand twice, nor say two
 * orders for one size. Read next: integrate.c.
 */
#include "store/staged.h"

#include <string.h>

#include "store/directory.h"
#include "store/spool.h"
#include "store/store_parts.h"

enum {
    STAGED_FIND,
    STAGED_HELD,
    STAGED_INSERT,
    STAGED_AGAIN,
    STAGED_REMOVE,
    STAGED_UNQUOTE,
    STAGED_LIST,
    STAGED_IDS,
    STAGED_STATE,
    STAGED_STATE_ALL,
    STAGED_ANY,
    NOTE_PUT,
    NOTE_GET,
    BUNDLES_PUT,
    BUNDLES_GET
};

static const char *const sql[] = {
    [STAGED_FIND] = "SELECT number, log, round, leaf, bodies FROM staged "
                    "WHERE event = ?",
    [STAGED_HELD] = "SELECT 1 FROM events WHERE event = ? AND signature <> 2 "
                    "AND (place & (1 << 39)) = 0 LIMIT 1",
    [STAGED_INSERT] = "INSERT INTO staged (log, event, came_s, round, leaf, "
                      "bodies) VALUES (?, ?, ?, ?, ?, ?)",
    [STAGED_AGAIN] = "UPDATE staged SET round = max(round, ?) WHERE number = ?",
    [STAGED_REMOVE] = "DELETE FROM staged WHERE number = ?",
    [STAGED_UNQUOTE] = "DELETE FROM quotes WHERE hash = ? AND place = ?",
    [STAGED_LIST] =
        "SELECT number, log, round, leaf, bodies, event FROM staged "
        "WHERE log = ? AND number > ? ORDER BY number LIMIT ?",
    [STAGED_IDS] = "SELECT event FROM staged WHERE log = ? ORDER BY number "
                   "LIMIT ?",
    [STAGED_STATE] = "SELECT count(*), coalesce(min(came_s), 0) FROM staged "
                     "WHERE log = ?",
    [STAGED_STATE_ALL] = "SELECT count(*), coalesce(min(came_s), 0) FROM "
                         "staged",
    [STAGED_ANY] = "SELECT 1 FROM staged LIMIT 1",
    [NOTE_PUT] = "REPLACE INTO staging_notes (log, size, root, ids, signature) "
                 "VALUES (?, ?, ?, ?, ?)",
    [NOTE_GET] = "SELECT size, root, ids, signature FROM staging_notes WHERE "
                 "log = ?",
    [BUNDLES_PUT] = "REPLACE INTO bundles (peer, made_s, taken_s, round, "
                    "token_ok, deliveries, heads) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [BUNDLES_GET] = "SELECT made_s, taken_s, round, token_ok, deliveries, "
                    "heads FROM bundles WHERE peer = ?",
};
const struct query_table staged_queries = {sql, sizeof(sql) / sizeof(sql[0])};

bool store_is_staged(uint64_t index)
{
    return index >= STAGED_FIRST;
}

/* ---- in ---- */

/* 1 if it is staged (number and log), 0 if not. */
static int find(struct store *store, const struct event_id *id,
                uint64_t *number, uint32_t *log, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_FIND);
    int rc;

    bind_span(q, 1, SPAN_OF(*id));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    *number = (uint64_t)column_int(q, 0);
    *log = column_u32(q, 1);
    query_end(q);
    return 1;
}

static int is_held(struct store *store, const struct event_id *id, bool *held,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_HELD);
    int rc;

    bind_span(q, 1, SPAN_OF(*id));
    rc = query_row(store, q, err);
    query_end(q);
    *held = rc == 1;
    return rc < 0 ? rc : 0;
}

static int again(struct store *store, uint64_t number, uint64_t round,
                 struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_AGAIN);

    bind_int(q, 1, (int64_t)round);
    bind_int(q, 2, (int64_t)number);
    return query_run(store, q, err);
}

/* Like a spooled event: its row, rights it gives, its subject. */
static int row_make(struct store *store, const struct store_log *log,
                    uint64_t number, struct span leaf,
                    enum signature_state signature, struct error *err)
{
    struct arrival arrival = {.log = log,
                              .index = STAGED_FIRST + number,
                              .leaf = leaf,
                              .signature = signature};
    const struct directory *dir;
    int rc = store_directory(store, &dir, err);

    return rc != 0 ? rc : work_arrival(store, &arrival, dir, err);
}

/* Unknown is no fault (the certificate may come later), bad is. */
static int signature_look(struct store *store, const struct leaf *leaf,
                          enum signature_state *out, struct error *err)
{
    int rc = verify_leaf(store, leaf, out, err);

    return rc == 0 && *out == SIGNATURE_BAD
               ? error_set(err, ERR_UNTRUSTED,
                           "an event whose signature does not verify")
               : rc;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_stage(struct store *store, uint32_t log_id, struct span bytes,
                struct span bodies, int64_t now_s, uint64_t round,
                enum stage_result *result, struct error *err)
{
    enum signature_state signature;
    const struct store_log *log;
    struct leaf leaf;
    uint64_t number = 0;
    uint32_t known = 0;
    bool held = false;
    sqlite3_stmt *q;
    int rc;

    if ((rc = log_info(store, log_id, &log, err)) != 0 ||
        (rc = leaf_parse(bytes, &leaf, err)) != 0) {
        return rc;
    }
    if (leaf.understood && leaf.header.node != log->node) {
        return error_set(err, ERR_MALFORMED,
                         "an event of node %u in the name of node %u",
                         leaf.header.node, log->node);
    }
    if ((rc = find(store, &leaf.id, &number, &known, err)) != 0) {
        *result = STAGE_AGAIN;
        return rc < 0 ? rc : again(store, number, round, err);
    }
    if ((rc = is_held(store, &leaf.id, &held, err)) != 0 || held) {
        *result = STAGE_HELD;
        return rc;
    }
    if ((rc = signature_look(store, &leaf, &signature, err)) != 0) {
        return rc;
    }
    q = query(store, OWNER_STAGED, STAGED_INSERT);
    bind_int(q, 1, log_id);
    bind_span(q, 2, SPAN_OF(leaf.id));
    bind_int(q, 3, now_s);
    bind_int(q, 4, (int64_t)round);
    bind_span(q, 5, bytes);
    bind_span(q, 6, bodies);
    if ((rc = query_run(store, q, err)) != 0) {
        return rc;
    }
    store->staged = STAGED_SOME;
    *result = STAGE_NEW;
    number = (uint64_t)sqlite3_last_insert_rowid(store->db);
    return log->is_dir ? 0
                       : row_make(store, log, number, bytes, signature, err);
}

int store_spool_return(struct store *store, bool is_dir, struct span bytes,
                       struct span bodies, bool *added, struct error *err)
{
    enum signature_state signature;
    struct leaf leaf;
    uint64_t number;
    int rc = leaf_parse(bytes, &leaf, err);

    if (rc != 0 || (leaf.understood && leaf.header.node != store->self)) {
        return error_set(err, ERR_MALFORMED, "an event that is not ours");
    }
    if ((rc = is_held(store, &leaf.id, added, err)) != 0 || *added) {
        *added = false;
        return rc;
    }
    if ((rc = signature_look(store, &leaf, &signature, err)) != 0) {
        return rc;
    }
    rc = store_spool_append(store, is_dir, bytes, bodies, &number, err);
    *added = rc == 0;
    return rc;
}

int store_spool_placed(struct store *store, uint32_t log_id, uint64_t first,
                       uint32_t count, struct error *err)
{
    struct segment_view view = {.count = 0};
    uint64_t begin = 0;
    struct store_log log;
    int rc = store_log_get(store, log_id, &log, err);

    if (rc != 0 || log.is_dir || log.node != store->self) {
        return rc;
    }
    rc = segment_leaves(store, log_id, first, &begin, &view, err);
    for (uint32_t i = 0; rc == 0 && i < view.count && i < count; i++) {
        struct error ignored = {0};
        struct leaf leaf;

        if (leaf_parse(view.leaves[i], &leaf, &ignored) == 0) {
            rc = spool_move(store, &log, begin + i, &leaf, err);
            rc = rc == ERR_NOTFOUND ? 0 : rc;
        }
    }
    return rc;
}

/* ---- out: the leaf is here ---- */

static int staged_any(struct store *store, bool *any, struct error *err)
{
    int rc = 0;

    if (store->staged == STAGED_UNKNOWN) {
        sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_ANY);

        rc = query_row(store, q, err);
        query_end(q);
        if (rc < 0) {
            return rc;
        }
        store->staged = rc == 1 ? STAGED_SOME : STAGED_NOTHING;
    }
    *any = store->staged == STAGED_SOME;
    return 0;
}

/* The row of a record event goes where its leaf is, so that its record keeps
 * its number; there it is written anew. */
static int row_leave(struct store *store, const struct store_log *log,
                     uint64_t number, const struct leaf *leaf, int64_t to,
                     struct error *err)
{
    int64_t place = place_of(log->id, STAGED_FIRST + number);
    struct bracket none = {0};
    int64_t record = 0;
    int rc = event_move(store, place, to, &none, &record, err);

    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    if (leaf->understood && leaf->header.has_quoted) {
        sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_UNQUOTE);

        bind_span(q, 1, SPAN_OF(leaf->header.quoted_hash));
        bind_int(q, 2, place);
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
    }
    return actor_drop(store, leaf, rank_of(log, STAGED_FIRST + number), err);
}

int staged_forget(struct store *store, const struct leaf *leaf, int64_t to,
                  struct error *err)
{
    const struct store_log *log;
    uint64_t number = 0;
    uint32_t id = 0;
    sqlite3_stmt *q;
    bool any = false;
    int rc;

    if ((rc = staged_any(store, &any, err)) != 0 || !any ||
        (rc = find(store, &leaf->id, &number, &id, err)) != 1) {
        return rc;
    }
    if ((rc = log_info(store, id, &log, err)) != 0 ||
        (!log->is_dir &&
         (rc = row_leave(store, log, number, leaf, to, err)) != 0)) {
        return rc;
    }
    q = query(store, OWNER_STAGED, STAGED_REMOVE);
    bind_int(q, 1, (int64_t)number);
    store->staged = STAGED_UNKNOWN;
    return query_run(store, q, err);
}

/* ---- questions ---- */

static int event_fill(sqlite3_stmt *q, struct arena *arena,
                      struct store_staged *event, struct error *err)
{
    int rc;

    event->number = (uint64_t)column_int(q, 0);
    event->log = column_u32(q, 1);
    event->round = (uint64_t)column_int(q, 2);
    rc = arena_keep(arena, column_span(q, 3), &event->leaf, err);
    return rc != 0 ? rc
                   : arena_keep(arena, column_span(q, 4), &event->bodies, err);
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_staged_list(struct store *store, uint32_t log, uint64_t after,
                      size_t max_bytes, struct arena *arena,
                      struct store_staged *events, size_t max, size_t *len,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_LIST);
    size_t i = 0, bytes = 0;
    int rc = 0;

    bind_int(q, 1, log);
    bind_int(q, 2, (int64_t)after);
    bind_int(q, 3, (int64_t)max);
    while (i < max && (rc = query_row(store, q, err)) == 1) {
        bytes += column_span(q, 3).len + column_span(q, 4).len;
        if (i > 0 && bytes > max_bytes) {
            break;
        }
        rc = column_bytes(q, 5, &events[i].id, sizeof(events[i].id), err);
        rc = rc != 0 ? rc : event_fill(q, arena, &events[i], err);
        if (rc != 0) {
            break;
        }
        i++;
    }
    query_end(q);
    *len = i;
    return rc < 0 ? rc : 0;
}

int store_staged_get(struct store *store, const struct event_id *id,
                     struct arena *arena, struct store_staged *event,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_FIND);
    int rc;

    bind_span(q, 1, SPAN_OF(*id));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc : error_set(err, ERR_NOTFOUND, "not staged");
    }
    event->id = *id;
    rc = event_fill(q, arena, event, err);
    query_end(q);
    return rc;
}

int store_staged_ids(struct store *store, uint32_t log, size_t max,
                     uint8_t *ids, size_t *len, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, STAGED_IDS);
    size_t size = sizeof(struct event_id);
    size_t i = 0;
    int rc;

    bind_int(q, 1, log);
    bind_int(q, 2, (int64_t)max);
    while ((rc = query_row(store, q, err)) == 1) {
        if ((rc = column_bytes(q, 0, ids + i * size, size, err)) != 0) {
            query_end(q);
            return rc;
        }
        i++;
    }
    *len = i;
    return rc;
}

int store_staged_state(struct store *store, uint32_t log,
                       struct store_staged_state *state, struct error *err)
{
    sqlite3_stmt *q =
        query(store, OWNER_STAGED, log == 0 ? STAGED_STATE_ALL : STAGED_STATE);
    int rc;

    memset(state, 0, sizeof(*state));
    if (log != 0) {
        bind_int(q, 1, log);
    }
    if ((rc = query_row(store, q, err)) == 1) {
        state->count = (uint64_t)column_int(q, 0);
        state->oldest_s = column_int(q, 1);
        query_end(q);
    }
    return rc < 0 ? rc : 0;
}

/* ---- the note ---- */

int store_staging_put(struct store *store, const struct store_staging *note,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, NOTE_GET);
    bool said;
    int rc;

    bind_int(q, 1, note->log);
    if ((rc = query_row(store, q, err)) < 0) {
        return rc;
    }
    said = rc == 1 && (uint64_t)column_int(q, 0) == note->head.size;
    query_end(q);
    if (said) {
        return error_set(err, ERR_CONFLICT,
                         "what follows %llu was said already",
                         (unsigned long long)note->head.size);
    }
    q = query(store, OWNER_STAGED, NOTE_PUT);
    bind_int(q, 1, note->log);
    bind_int(q, 2, (int64_t)note->head.size);
    bind_span(q, 3, SPAN_OF(note->head.root));
    bind_span(q, 4, note->ids);
    bind_span(q, 5, SPAN_OF(note->signature));
    return query_run(store, q, err);
}

int store_staging_get(struct store *store, uint32_t log, struct arena *arena,
                      struct store_staging *note, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, NOTE_GET);
    int rc;

    bind_int(q, 1, log);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc : error_set(err, ERR_NOTFOUND, "no staging note");
    }
    note->log = log;
    note->head.size = (uint64_t)column_int(q, 0);
    rc = column_bytes(q, 1, &note->head.root, sizeof(note->head.root), err);
    rc = rc != 0 ? rc : arena_keep(arena, column_span(q, 2), &note->ids, err);
    rc = rc != 0 ? rc
                 : column_bytes(q, 3, &note->signature, sizeof(note->signature),
                                err);
    query_end(q);
    return rc;
}

/* ---- bundles that passed ---- */

int store_bundles_get(struct store *store, uint32_t peer, struct arena *arena,
                      struct store_bundles *out, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, BUNDLES_GET);
    int rc;

    memset(out, 0, sizeof(*out));
    out->peer = peer;
    bind_int(q, 1, peer);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    out->made_s = column_int(q, 0);
    out->taken_s = column_int(q, 1);
    out->round = (uint64_t)column_int(q, 2);
    out->token_ok = column_int(q, 3) != 0;
    out->deliveries = (uint64_t)column_int(q, 4);
    rc = arena_keep(arena, column_span(q, 5), &out->heads, err);
    query_end(q);
    return rc;
}

int store_bundles_put(struct store *store, const struct store_bundles *bundles,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_STAGED, BUNDLES_PUT);

    bind_int(q, 1, bundles->peer);
    bind_int(q, 2, bundles->made_s);
    bind_int(q, 3, bundles->taken_s);
    bind_int(q, 4, (int64_t)bundles->round);
    bind_int(q, 5, bundles->token_ok);
    bind_int(q, 6, (int64_t)bundles->deliveries);
    bind_span(q, 7, bundles->heads);
    return query_run(store, q, err);
}
