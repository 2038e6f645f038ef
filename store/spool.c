/* store: the spool: our own events, recorded and not yet in the log, and their
 * move into it.
 *
 * An event is judged and gets its row in the transaction that records it; when
 * it is sequenced only a mark moves past it, so that a full spool never holds
 * the link back. Its row changes its place, and leaves the spool, when
 * integration comes to it (spool_move). Must never sign or sequence by itself:
 * the engine does, under a confirmed guard. Read next: integrate.c.
 */
#include "store/spool.h"

#include <string.h>

#include "store/directory.h"
#include "store/store_parts.h"

enum {
    SPOOL_INSERT,
    SPOOL_LIST,
    SPOOL_STATE,
    SPOOL_NEXT,
    SPOOL_REMOVE,
    SPOOL_HELD,
    SPOOL_CURSOR,
    SPOOL_MOVING,
    SPOOL_MOVING_AT,
    SPOOL_UNGUARDED
};

static const char *const sql[] = {
    [SPOOL_INSERT] = "INSERT INTO spool (is_dir, event, recorded_ms, leaf, "
                     "bodies) VALUES (?, ?, ?, ?, ?)",
    [SPOOL_LIST] = "SELECT number, event, leaf, bodies FROM spool WHERE "
                   "is_dir = ? AND number >= ? ORDER BY number LIMIT ?",
    [SPOOL_STATE] =
        "SELECT count(*), coalesce(sum(length(leaf) + length(bodies)), 0), "
        "coalesce(min(recorded_ms), 0) FROM spool WHERE is_dir = ? AND "
        "number > ?",
    [SPOOL_NEXT] = "SELECT number, leaf FROM spool WHERE is_dir = ? AND "
                   "number > ? ORDER BY number LIMIT 1",
    [SPOOL_REMOVE] = "DELETE FROM spool WHERE number = ?",
    [SPOOL_HELD] = "SELECT number FROM spool WHERE event = ?",
    [SPOOL_CURSOR] = "UPDATE cursors SET events = ? WHERE log = ?",
    [SPOOL_MOVING] = "SELECT 1 FROM spool WHERE is_dir = 0 AND number <= ? "
                     "LIMIT 1",
    [SPOOL_MOVING_AT] =
        "SELECT recorded_ms FROM spool WHERE is_dir = 0 AND number <= ? "
        "ORDER BY number LIMIT 1 OFFSET ?",
    [SPOOL_UNGUARDED] =
        "SELECT l.id, l.guarded, l.size, c.events FROM logs l CROSS JOIN "
        "cursors c ON c.log = l.id WHERE l.node = ? AND l.mirrored = 1 AND "
        "l.guarded < l.size",
};
const struct query_table spool_queries = {sql, sizeof(sql) / sizeof(sql[0])};

int spool_taken(struct store *store, bool is_dir, int64_t *number,
                struct error *err)
{
    *number = 0;
    return is_dir ? 0 : meta_int(store, META_TAKEN, number, err);
}

static int spool_insert(struct store *store, bool is_dir,
                        const struct leaf *leaf, struct span bodies,
                        struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_HELD);
    int rc;

    bind_span(q, 1, SPAN_OF(leaf->id));
    if ((rc = query_row(store, q, err)) != 0) {
        query_end(q);
        return rc < 0 ? rc
                      : error_set(err, ERR_CONFLICT,
                                  "this very event is recorded already");
    }
    q = query(store, OWNER_SPOOL, SPOOL_INSERT);
    bind_int(q, 1, is_dir);
    bind_span(q, 2, SPAN_OF(leaf->id));
    bind_int(q, 3, (int64_t)leaf->header.recorded_ms);
    bind_span(q, 4, leaf->bytes);
    bind_span(q, 5, bodies);
    return query_run(store, q, err);
}

int store_spool_append(struct store *store, bool is_dir, struct span bytes,
                       struct span bodies, uint64_t *number, struct error *err)
{
    struct arrival arrival = {.leaf = bytes};
    const struct directory *dir;
    struct leaf leaf;
    int rc;

    if ((rc = leaf_parse(bytes, &leaf, err)) != 0 ||
        (rc = spool_insert(store, is_dir, &leaf, bodies, err)) != 0) {
        return rc;
    }
    arrival.index = (uint64_t)sqlite3_last_insert_rowid(store->db);
    if (is_dir) {
        rc = directory_add(store, place_of(0, arrival.index), bytes, err);
        rc = rc != 0 ? rc : directory_settle(store, err);
    } else if ((rc = log_info(store, 0, &arrival.log, err)) == 0 &&
               (rc = store_directory(store, &dir, err)) == 0) {
        rc = work_arrival(store, &arrival, dir, err);
    }
    if (rc == 0) {
        *number = arrival.index;
    }
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_spool_list(struct store *store, bool is_dir, uint64_t from,
                     size_t max_bytes, struct arena *arena,
                     struct store_spooled *events, size_t max, size_t *len,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_LIST);
    size_t i = 0, bytes = 0;
    int64_t taken;
    int rc = spool_taken(store, is_dir, &taken, err);

    if (rc != 0) {
        return rc;
    }
    bind_int(q, 1, is_dir);
    bind_int(q, 2, (int64_t)from > taken ? (int64_t)from : taken + 1);
    bind_int(q, 3, (int64_t)max);
    while (i < max && (rc = query_row(store, q, err)) == 1) {
        struct store_spooled *event = &events[i];
        size_t size = column_span(q, 2).len + column_span(q, 3).len;

        if (i > 0 && bytes + size > max_bytes) {
            break;
        }
        event->number = (uint64_t)column_int(q, 0);
        event->is_dir = is_dir;
        if ((rc = column_bytes(q, 1, &event->id, sizeof(event->id), err)) !=
                0 ||
            (rc = arena_keep(arena, column_span(q, 2), &event->leaf, err)) !=
                0 ||
            (rc = arena_keep(arena, column_span(q, 3), &event->bodies, err)) !=
                0) {
            break;
        }
        bytes += size;
        i++;
    }
    query_end(q);
    if (rc < 0) {
        return rc;
    }
    *len = i;
    return 0;
}

int store_spool_state(struct store *store, bool is_dir,
                      struct store_spool_state *state, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_STATE);
    int64_t taken;
    int rc = spool_taken(store, is_dir, &taken, err);

    memset(state, 0, sizeof(*state));
    if (rc != 0) {
        return rc;
    }
    bind_int(q, 1, is_dir);
    bind_int(q, 2, taken);
    if ((rc = query_row(store, q, err)) == 1) {
        state->count = (uint64_t)column_int(q, 0);
        state->bytes = (uint64_t)column_int(q, 1);
        state->oldest_ms = (uint64_t)column_int(q, 2);
        query_end(q);
    }
    return rc < 0 ? rc : 0;
}

int store_spool_any(struct store *store, bool *any, struct error *err)
{
    int rc = 0;

    *any = false;
    for (int is_dir = 0; rc == 0 && !*any && is_dir < 2; is_dir++) {
        sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_NEXT);
        int64_t taken;

        if ((rc = spool_taken(store, is_dir != 0, &taken, err)) != 0) {
            return rc;
        }
        bind_int(q, 1, is_dir);
        bind_int(q, 2, taken);
        rc = query_row(store, q, err);
        query_end(q);
        *any = rc == 1;
        rc = rc == 1 ? 0 : rc;
    }
    return rc;
}

/* ---- into the log ---- */

/* The row of a spooled event goes to its place in the log. */
static int move_row(struct store *store, const struct store_log *log,
                    uint64_t number, uint64_t index, const struct leaf *leaf,
                    struct error *err)
{
    int64_t place = place_of(log->id, index);
    struct bracket bracket = {0};
    bool erasures = false; /* then the batch may hold what the spool lost */
    int64_t record = 0;
    int rc = log->is_dir
                 ? 0
                 : bracket_of(store, log, index, leaf, NULL, &bracket, err);

    if (rc != 0 || (rc = event_move(store, place_of(0, number), place, &bracket,
                                    &record, err)) != 0) {
        return rc;
    }
    if (!log->is_dir) {
        rc = actor_move(store, leaf, RANK_SPOOL | number, place,
                        rank_of(log, index), err);
    }
    if (rc == 0 && leaf->understood && leaf->header.has_quoted &&
        bracket.lower_s == 0) {
        rc = bracket_wait(store, place, leaf, err);
    }
    rc = rc != 0 ? rc : erasures_any(store, &erasures, err);
    return rc == 0 && (bracket.upper_s != 0 || erasures)
               ? work_record(store, record, err)
               : rc;
}

static int spool_remove(struct store *store, uint64_t number, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_REMOVE);

    bind_int(q, 1, (int64_t)number);
    return query_run(store, q, err);
}

int spool_move(struct store *store, const struct store_log *log, uint64_t index,
               const struct leaf *leaf, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_HELD);
    uint64_t number;
    int rc;

    bind_span(q, 1, SPAN_OF(leaf->id));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc : error_set(err, ERR_NOTFOUND, "not spooled");
    }
    number = (uint64_t)column_int(q, 0);
    query_end(q);
    rc = move_row(store, log, number, index, leaf, err);
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    return spool_remove(store, number, err) != 0 ? err->code : rc;
}

int spool_is_moving(struct store *store, bool *moving, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_MOVING);
    int64_t taken;
    int rc = spool_taken(store, false, &taken, err);

    if (rc != 0) {
        return rc;
    }
    bind_int(q, 1, taken);
    rc = query_row(store, q, err);
    query_end(q);
    *moving = rc == 1;
    return rc < 0 ? rc : 0;
}

/* The next event of the queue must be this very leaf. */
static int take_one(struct store *store, const struct store_log *log,
                    uint64_t index, struct span bytes, int64_t *taken,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_NEXT);
    struct leaf leaf;
    bool same;
    int rc;

    bind_int(q, 1, log->is_dir);
    bind_int(q, 2, *taken);
    if ((rc = query_row(store, q, err)) < 0) {
        return rc;
    }
    same = rc == 1 && span_equal(column_span(q, 1), bytes);
    if (same) {
        *taken = column_int(q, 0);
    }
    query_end(q);
    if (!same) {
        return error_set(err, ERR_CONFLICT,
                         "leaf %llu is not the oldest event of the spool",
                         (unsigned long long)index);
    }
    if (!log->is_dir) {
        return 0;
    }
    if ((rc = leaf_parse(bytes, &leaf, err)) != 0 ||
        (rc = move_row(store, log, (uint64_t)*taken, index, &leaf, err)) != 0) {
        return rc;
    }
    return spool_remove(store, (uint64_t)*taken, err);
}

int spool_take_back(struct store *store, const struct store_log *log,
                    uint64_t index, struct span bytes, struct error *err)
{
    struct leaf leaf;

    return leaf_parse(bytes, &leaf, err) != 0
               ? ERR_NOTFOUND
               : spool_move(store, log, index, &leaf, err);
}

/* A directory log has no lag: its leaves are in place from now on. */
static int directory_taken(struct store *store, const struct store_log *log,
                           uint64_t integrated, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_CURSOR);
    int rc;

    bind_int(q, 1, (int64_t)integrated);
    bind_int(q, 2, log->id);
    rc = query_run(store, q, err);
    return rc != 0 ? rc : directory_settle(store, err);
}

int store_sequence(struct store *store, bool is_dir,
                   const struct store_segment *segment,
                   const struct range *after, struct error *err)
{
    struct segment_view view;
    struct store_log log;
    uint64_t first;
    int64_t taken;
    uint32_t i;
    int rc;

    if ((rc = store_log_get(store, segment->log, &log, err)) != 0 ||
        (rc = spool_taken(store, is_dir, &taken, err)) != 0 ||
        (rc = segment_store(store, segment, after, err)) != 0 ||
        (rc = segment_leaves(store, log.id, segment->parts.first, &first, &view,
                             err)) != 0) {
        return rc;
    }
    if (log.node != store->self || log.is_dir != is_dir ||
        (is_dir && log.integrated != first)) {
        return error_set(err, ERR_USAGE, "%s: only our own log takes the spool",
                         log.origin);
    }
    for (i = 0; i < view.count; i++) {
        if ((rc = take_one(store, &log, first + i, view.leaves[i], &taken,
                           err)) != 0) {
            return rc;
        }
    }
    return is_dir ? directory_taken(store, &log, first + view.count, err)
                  : meta_int_put(store, META_TAKEN, taken, err);
}

/* ---- questions ---- */

static void oldest_take(struct store_spool_state *state, uint64_t ms)
{
    if (ms != 0 && (state->oldest_ms == 0 || ms < state->oldest_ms)) {
        state->oldest_ms = ms;
    }
}

/* When the event at `index` of our own log was recorded; 0 = not known. */
static uint64_t recorded_at(struct store *store, uint32_t log, uint64_t index,
                            uint64_t integrated)
{
    size_t mark = store->scratch.used;
    struct error ignored;
    struct store_event event;
    struct leaf leaf;
    uint64_t ms = 0;
    int64_t taken;
    sqlite3_stmt *q;

    if (index < integrated) {
        if (store_event_at(store, log, index, &store->scratch, &event,
                           &ignored) == 0 &&
            leaf_scan(event.leaf, &leaf, &ignored) == 0 && leaf.understood) {
            ms = leaf.header.recorded_ms;
        }
        arena_rewind(&store->scratch, mark);
        return ms;
    }
    if (spool_taken(store, false, &taken, &ignored) != 0) {
        return 0;
    }
    q = query(store, OWNER_SPOOL, SPOOL_MOVING_AT);
    bind_int(q, 1, taken);
    bind_int(q, 2, (int64_t)(index - integrated));
    if (query_row(store, q, &ignored) == 1) {
        ms = (uint64_t)column_int(q, 0);
        query_end(q);
    }
    return ms;
}

int store_only_here(struct store *store, struct store_spool_state *state,
                    struct error *err)
{
    struct store_spool_state part;
    sqlite3_stmt *q;
    int rc;

    if ((rc = store_spool_state(store, false, state, err)) != 0 ||
        (rc = store_spool_state(store, true, &part, err)) != 0) {
        return rc;
    }
    state->count += part.count;
    state->bytes += part.bytes;
    oldest_take(state, part.oldest_ms);
    q = query(store, OWNER_SPOOL, SPOOL_UNGUARDED);
    bind_int(q, 1, store->self);
    while ((rc = query_row(store, q, err)) == 1) {
        uint64_t guarded = (uint64_t)column_int(q, 1);

        state->count += (uint64_t)column_int(q, 2) - guarded;
        oldest_take(state, recorded_at(store, column_u32(q, 0), guarded,
                                       (uint64_t)column_int(q, 3)));
    }
    query_end(q);
    return rc;
}

int store_quote(struct store *store, uint64_t *time_s, uint8_t short_hash[8],
                struct error *err)
{
    struct store_cosig cosig;
    struct store_log log;
    int rc = store_log_of(store, store->self, false, &log, err);

    if (rc != 0 || (rc = store_cosig_newest(store, log.id, &cosig, err)) != 0) {
        return rc;
    }
    *time_s = cosignature_time(&cosig.line);
    cosignature_short_hash(&cosig.line, short_hash);
    return 0;
}
