/* store: the spool: our own events, recorded and not yet in the log, and their
 * move into it.
 *
 * An event is judged and gets its row in the transaction that records it; when
 * it is sequenced the row only changes its place. Must never sign or sequence
 * by itself: the engine does, under a confirmed guard. Read next: integrate.c.
 */
#include "store/spool.h"

#include <string.h>

#include "store/directory.h"
#include "store/store_parts.h"

enum {
    SPOOL_INSERT,
    SPOOL_LIST,
    SPOOL_STATE,
    SPOOL_ANY,
    SPOOL_FIRST,
    SPOOL_REMOVE,
    SPOOL_HELD,
    SPOOL_CURSOR,
    SPOOL_UNGUARDED
};

static const char *const sql[] = {
    [SPOOL_INSERT] = "INSERT INTO spool (is_dir, event, recorded_ms, leaf, "
                     "bodies) VALUES (?, ?, ?, ?, ?)",
    [SPOOL_LIST] = "SELECT number, event, leaf, bodies FROM spool WHERE "
                   "is_dir = ? AND number >= ? ORDER BY number LIMIT ?",
    [SPOOL_STATE] =
        "SELECT count(*), coalesce(sum(length(leaf) + length(bodies)), 0), "
        "coalesce(min(recorded_ms), 0) FROM spool WHERE is_dir = ?",
    [SPOOL_ANY] = "SELECT 1 FROM spool LIMIT 1",
    [SPOOL_FIRST] = "SELECT number, leaf FROM spool WHERE is_dir = ? "
                    "ORDER BY number LIMIT 1",
    [SPOOL_REMOVE] = "DELETE FROM spool WHERE number = ?",
    [SPOOL_HELD] = "SELECT 1 FROM spool WHERE event = ?",
    [SPOOL_CURSOR] = "UPDATE cursors SET events = ? WHERE log = ?",
    [SPOOL_UNGUARDED] =
        "SELECT count(*), coalesce(sum(length(e.leaf)), 0), min(e.place) FROM "
        "logs l CROSS JOIN events e ON e.place >= ((l.id << 40) | l.guarded) "
        "AND "
        "e.place < ((l.id + 1) << 40) WHERE l.node = ? AND l.mirrored = 1",
};
const struct query_table spool_queries = {sql, sizeof(sql) / sizeof(sql[0])};

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
    int rc = 0;

    bind_int(q, 1, is_dir);
    bind_int(q, 2, (int64_t)from);
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
    int rc;

    bind_int(q, 1, is_dir);
    memset(state, 0, sizeof(*state));
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
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_ANY);
    int rc = query_row(store, q, err);

    query_end(q);
    *any = rc == 1;
    return rc < 0 ? rc : 0;
}

/* ---- into the log ---- */

/* The row of a spooled event goes to its place in the log. */
static int move_row(struct store *store, const struct store_log *log,
                    uint64_t number, uint64_t index, const struct leaf *leaf,
                    struct error *err)
{
    int64_t place = place_of(log->id, index);
    int rc = event_move(store, place_of(0, number), place, err);

    if (rc == 0 && !log->is_dir) {
        rc = actor_move(store, leaf, RANK_SPOOL | number, place,
                        rank_of(log, index), err);
    }
    if (rc == 0 && leaf->understood && leaf->header.has_quoted) {
        rc = bracket_wait(store, place, leaf, err);
    }
    return rc;
}

static int take_one(struct store *store, bool is_dir,
                    const struct store_log *log, uint64_t index,
                    struct span bytes, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SPOOL, SPOOL_FIRST);
    struct leaf leaf;
    uint64_t number;
    bool same;
    int rc;

    bind_int(q, 1, is_dir);
    if ((rc = query_row(store, q, err)) < 0) {
        return rc;
    }
    same = rc == 1 && span_equal(column_span(q, 1), bytes);
    number = rc == 1 ? (uint64_t)column_int(q, 0) : 0;
    query_end(q);
    if (!same) {
        return error_set(err, ERR_CONFLICT,
                         "leaf %llu is not the oldest event of the spool",
                         (unsigned long long)index);
    }
    if ((rc = leaf_parse(bytes, &leaf, err)) != 0 ||
        (rc = move_row(store, log, number, index, &leaf, err)) != 0) {
        return rc;
    }
    q = query(store, OWNER_SPOOL, SPOOL_REMOVE);
    bind_int(q, 1, (int64_t)number);
    return query_run(store, q, err);
}

/* They were verified when they were recorded. */
static int keep_verdicts(struct store *store,
                         const struct store_segment *segment, struct error *err)
{
    uint8_t marks[BATCH_EVENTS_MAX];
    uint32_t i;

    for (i = 0; i < segment->parts.count; i++) {
        struct error ignored;
        struct store_event event;
        size_t mark = store->scratch.used;
        int rc = store_event_at(store, segment->log, segment->parts.first + i,
                                &store->scratch, &event, &ignored);

        arena_rewind(&store->scratch, mark);
        marks[i] =
            rc == 0 && event.signature_ok ? SIGNATURE_GOOD : SIGNATURE_UNKNOWN;
    }
    return verdicts_put(store, place_of(segment->log, segment->parts.first),
                        marks, segment->parts.count, err);
}

int store_sequence(struct store *store, bool is_dir,
                   const struct store_segment *segment,
                   const struct range *after, struct error *err)
{
    struct segment_view view;
    struct store_log log;
    sqlite3_stmt *q;
    uint64_t first;
    uint32_t i;
    int rc;

    if ((rc = store_log_get(store, segment->log, &log, err)) != 0 ||
        (rc = segment_store(store, segment, after, err)) != 0 ||
        (rc = segment_leaves(store, log.id, segment->parts.first, &first, &view,
                             err)) != 0) {
        return rc;
    }
    if (log.node != store->self || log.is_dir != is_dir ||
        log.integrated != first) {
        return error_set(err, ERR_USAGE,
                         "%s: only our own integrated log takes the spool",
                         log.origin);
    }
    for (i = 0; i < view.count; i++) {
        if ((rc = take_one(store, is_dir, &log, first + i, view.leaves[i],
                           err)) != 0) {
            return rc;
        }
    }
    q = query(store, OWNER_SPOOL, SPOOL_CURSOR);
    bind_int(q, 1, (int64_t)(first + view.count));
    bind_int(q, 2, log.id);
    if ((rc = query_run(store, q, err)) != 0) {
        return rc;
    }
    return is_dir ? directory_settle(store, err)
                  : keep_verdicts(store, segment, err);
}

/* ---- questions ---- */

int store_only_here(struct store *store, struct store_spool_state *state,
                    struct error *err)
{
    struct store_spool_state part = {0};
    struct store_event event;
    sqlite3_stmt *q;
    size_t mark = store->scratch.used;
    int64_t place = 0;
    int rc;

    if ((rc = store_spool_state(store, false, state, err)) != 0 ||
        (rc = store_spool_state(store, true, &part, err)) != 0) {
        return rc;
    }
    state->count += part.count;
    state->bytes += part.bytes;
    if (state->oldest_ms == 0 ||
        (part.oldest_ms != 0 && part.oldest_ms < state->oldest_ms)) {
        state->oldest_ms = part.oldest_ms;
    }
    q = query(store, OWNER_SPOOL, SPOOL_UNGUARDED);
    bind_int(q, 1, store->self);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    state->count += (uint64_t)column_int(q, 0);
    state->bytes += (uint64_t)column_int(q, 1);
    place = column_int(q, 2);
    query_end(q);
    if (place != 0 &&
        store_event_at(store, place_log(place), place_index(place),
                       &store->scratch, &event, err) == 0) {
        struct leaf leaf;

        if (leaf_scan(event.leaf, &leaf, err) == 0 && leaf.understood &&
            (state->oldest_ms == 0 ||
             leaf.header.recorded_ms < state->oldest_ms)) {
            state->oldest_ms = leaf.header.recorded_ms;
        }
    }
    arena_rewind(&store->scratch, mark);
    return 0;
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
