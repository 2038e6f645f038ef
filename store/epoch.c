/* store: the turn to a new epoch: leaves that are not part of the log that
 * ended go back to the head of the spool, in their order and byte for byte;
 * the log is cut where it ends. Must never change a leaf or lose a body.
 * Everything derived is left stale on purpose: the rebuild that follows is the
 * one way to the same tables everywhere. Read next: rebuild.c, spool.c.
 */
#include "store/epoch.h"

#include <string.h>

#include "protocol/event/body.h"
#include "protocol/event/leaf.h"
#include "store/store_parts.h"

enum {
    EPOCH_LAST,
    EPOCH_TAKEN,
    EPOCH_INSERT,
    EPOCH_NEXT,
    EPOCH_RENUMBER,
    EPOCH_SEQUENCE,
    EPOCH_SEGMENTS,
    EPOCH_VERDICTS,
    EPOCH_BLOCKS,
    EPOCH_COSIGS,
    EPOCH_HELD,
    EPOCH_HEAD
};

static const char *const sql[] = {
    [EPOCH_LAST] = "SELECT number FROM spool ORDER BY number DESC LIMIT 1",
    [EPOCH_TAKEN] = "DELETE FROM spool WHERE is_dir = 0 AND number <= ?",
    [EPOCH_INSERT] = "INSERT OR IGNORE INTO spool (is_dir, event, recorded_ms, "
                     "leaf, bodies) VALUES (?, ?, ?, ?, ?)",
    [EPOCH_NEXT] = "SELECT number FROM spool WHERE is_dir = ? AND number <= ? "
                   "ORDER BY number DESC LIMIT 1",
    [EPOCH_RENUMBER] = "UPDATE spool SET number = ? WHERE number = ?",
    [EPOCH_SEQUENCE] = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE "
                       "name = 'spool'",
    [EPOCH_SEGMENTS] = "DELETE FROM segments WHERE id >= ? AND id < ?",
    [EPOCH_VERDICTS] = "DELETE FROM verdicts WHERE id >= ? AND id < ?",
    [EPOCH_BLOCKS] = "DELETE FROM blocks WHERE log = ? AND block >= ?",
    [EPOCH_COSIGS] = "DELETE FROM cosigs WHERE log = ?",
    [EPOCH_HELD] = "DELETE FROM held WHERE log = ?",
    [EPOCH_HEAD] = "UPDATE logs SET size = ?, range = ?, note = ?, guarded = "
                   "0, cosigs = 0, frozen = '' WHERE id = ?",
};
const struct query_table epoch_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define BODIES_BYTES_MAX ((size_t)3 * BODY_WIRE_MAX)

/* The greatest number in the spool, or that left it for the log. */
static int last_number(struct store *store, int64_t *number, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EPOCH, EPOCH_LAST);
    int64_t found = 0;
    int rc = query_row(store, q, err);

    if (rc == 1) {
        found = column_int(q, 0);
        query_end(q);
    }
    rc = rc < 0 ? rc : meta_int(store, META_TAKEN, number, err);
    *number = rc == 0 && found > *number ? found : *number;
    return rc;
}

static int insert(struct store *store, bool is_dir, struct span bytes,
                  struct span bodies, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EPOCH, EPOCH_INSERT);
    struct leaf leaf;
    int rc = leaf_parse(bytes, &leaf, err);

    if (rc != 0) {
        return rc;
    }
    bind_int(q, 1, is_dir);
    bind_span(q, 2, SPAN_OF(leaf.id));
    bind_int(q, 3,
             leaf.understood ? (int64_t)leaf.header.recorded_ms : (int64_t)0);
    bind_span(q, 4, leaf.bytes);
    bind_span(q, 5, bodies);
    return query_run(store, q, err);
}

/* The bodies of leaf i, as the spool keeps them: index 0. */
static int bodies_of(const struct segment_view *view, uint32_t i,
                     struct buf *out, struct error *err)
{
    for (size_t k = 0; k < view->bodies_len; k++) {
        struct body body = view->bodies[k];
        int rc;

        if (body.index != i) {
            continue;
        }
        body.index = 0;
        if ((rc = body_put(&body, out, err)) != 0) {
            return rc;
        }
    }
    return 0;
}

static int segment_back(struct store *store, const struct store_epoch *epoch,
                        uint64_t index, uint64_t *next, uint64_t *orphans,
                        struct error *err)
{
    size_t mark = store->scratch.used;
    uint8_t *space = arena_alloc(&store->scratch, BODIES_BYTES_MAX);
    struct segment_view view;
    uint64_t first = 0;
    int rc = segment_leaves(store, epoch->log, index, &first, &view, err);

    if (rc == 0 && space == NULL) {
        rc = error_set(err, ERR_LIMIT, "bodies of one event");
    }
    for (uint32_t i = 0; rc == 0 && i < view.count; i++) {
        struct buf bodies = buf_over(space, BODIES_BYTES_MAX);

        if (first + i < epoch->keep) {
            continue;
        }
        rc = bodies_of(&view, i, &bodies, err);
        rc = rc != 0 ? rc
                     : insert(store, epoch->is_dir, view.leaves[i],
                              buf_span(&bodies), err);
        *orphans += 1;
    }
    *next = rc == 0 ? first + view.count : index;
    arena_rewind(&store->scratch, mark);
    return rc;
}

/* What waited in the queue comes after what went back to it; order kept. */
static int queue_behind(struct store *store, bool is_dir, int64_t until,
                        struct error *err)
{
    int64_t offset = 0;
    int64_t below = until;
    int rc = last_number(store, &offset, err);

    while (rc == 0) {
        sqlite3_stmt *q = query(store, OWNER_EPOCH, EPOCH_NEXT);
        int64_t number;

        bind_int(q, 1, is_dir);
        bind_int(q, 2, below);
        if ((rc = query_row(store, q, err)) != 1) {
            break;
        }
        number = column_int(q, 0);
        query_end(q);
        q = query(store, OWNER_EPOCH, EPOCH_RENUMBER);
        bind_int(q, 1, offset + number);
        bind_int(q, 2, number);
        rc = query_run(store, q, err);
        below = number - 1;
    }
    if (rc == 0) {
        /* A number that a renumbered event had is never given out again: it
         * would count as taken, and its event would never leave. */
        sqlite3_stmt *q = query(store, OWNER_EPOCH, EPOCH_SEQUENCE);

        bind_int(q, 1, offset + until);
        rc = query_run(store, q, err);
    }
    return rc < 0 ? rc : 0;
}

/* ---- cutting ---- */

/* Where a batch of the log ended, at `keep` or before. */
static int batch_end(struct store *store, uint32_t log, uint64_t keep,
                     uint64_t size, uint64_t *end, struct error *err)
{
    uint64_t first = 0;
    uint32_t count = 0;
    int rc;

    *end = keep;
    if (keep == 0 || keep >= size) {
        return 0;
    }
    rc = store_segment_extent(store, log, keep - 1, &first, &count, err);
    if (rc == 0 && first + count != keep) {
        *end = first;
    }
    return rc;
}

static int range_until(struct store *store, uint32_t log, uint64_t size,
                       struct range *range, struct error *err)
{
    struct store_source state;
    int rc = 0;

    memset(&state, 0, sizeof(state));
    state.store = store;
    state.log = log;
    range_init(range);
    while (rc == 0 && range->size < size) {
        rc = segment_hashes(&state, range->size, err);
        for (uint32_t i = 0; rc == 0 && i < state.count; i++) {
            range_append_hash(range, &state.hashes[i]);
        }
    }
    return rc;
}

static int run_places(struct store *store, int which, uint32_t log,
                      uint64_t from, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EPOCH, which);

    bind_int(q, 1, place_of(log, from));
    bind_int(q, 2, place_of(log + 1, 0));
    return query_run(store, q, err);
}

static int run_log(struct store *store, int which, uint32_t log,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EPOCH, which);

    bind_int(q, 1, log);
    return query_run(store, q, err);
}

static int head_put(struct store *store, uint32_t log, uint64_t size,
                    const struct range *range, struct error *err)
{
    uint8_t encoded[RANGE_ENCODED_MAX];
    uint8_t note_bytes[NOTE_MAX];
    struct buf out = buf_over(encoded, sizeof(encoded));
    struct buf note = buf_over(note_bytes, sizeof(note_bytes));
    sqlite3_stmt *q;
    int rc = size == 0 ? 0 : store_log_note_at(store, log, size, &note, err);

    if (rc != 0) {
        return rc;
    }
    range_encode(range, &out);
    q = query(store, OWNER_EPOCH, EPOCH_HEAD);
    bind_int(q, 1, (int64_t)size);
    bind_span(q, 2, buf_span(&out));
    bind_span(q, 3, buf_span(&note));
    bind_int(q, 4, log);
    return query_run(store, q, err);
}

/* Leaves, cosignatures and head; the guard's list is numbered, so what of it
 * is good comes again from the guard. */
static int log_cut(struct store *store, const struct store_log *log,
                   uint64_t end, struct error *err)
{
    struct range range;
    sqlite3_stmt *q;
    int rc = range_until(store, log->id, end, &range, err);

    if (rc != 0 || (rc = head_put(store, log->id, end, &range, err)) != 0 ||
        (rc = run_places(store, EPOCH_SEGMENTS, log->id, end, err)) != 0 ||
        (rc = run_places(store, EPOCH_VERDICTS, log->id, end, err)) != 0) {
        return rc;
    }
    q = query(store, OWNER_EPOCH, EPOCH_BLOCKS);
    bind_int(q, 1, log->id);
    bind_int(q, 2, (int64_t)(end / MERKLE_BLOCK_LEAVES));
    rc = query_run(store, q, err);
    rc = rc != 0 ? rc : run_log(store, EPOCH_COSIGS, log->id, err);
    return rc != 0 ? rc : run_log(store, EPOCH_HELD, log->id, err);
}

static int rebuild_note(struct store *store, struct error *err)
{
    parts_forget(store);
    return meta_int_put(store, META_REBUILD, 1, err);
}

/* ---- the two ways ---- */

static int log_back(struct store *store, const struct store_epoch *epoch,
                    uint64_t *orphans, struct error *err)
{
    struct store_epoch cut = *epoch;
    struct store_log log;
    uint64_t end = 0;
    uint64_t at;
    int rc;

    if (epoch->log == 0) {
        return 0;
    }
    if ((rc = store_log_get(store, epoch->log, &log, err)) != 0 ||
        (rc = batch_end(store, log.id, epoch->keep, log.head.size, &end,
                        err)) != 0) {
        return rc;
    }
    cut.keep = end;
    for (at = end; rc == 0 && at < log.head.size;) {
        rc = segment_back(store, &cut, at, &at, orphans, err);
    }
    if (rc == 0 && end < log.head.size) {
        rc = log_cut(store, &log, end, err);
    }
    return rc;
}

int store_epoch_begin(struct store *store, const struct store_epoch *epoch,
                      uint64_t *orphans, struct error *err)
{
    int64_t until = 0;
    int64_t taken = 0;
    int rc = last_number(store, &until, err);

    *orphans = 0;
    if (rc == 0 && !epoch->is_dir) {
        rc = meta_int(store, META_TAKEN, &taken, err);
    }
    if (rc == 0 && taken != 0) {
        sqlite3_stmt *q = query(store, OWNER_EPOCH, EPOCH_TAKEN);

        bind_int(q, 1, taken);
        rc = query_run(store, q, err); /* they are in the log */
    }
    if (rc == 0 && epoch->first.len > 0) {
        rc = insert(store, epoch->is_dir, epoch->first, (struct span){NULL, 0},
                    err);
    }
    rc = rc != 0 ? rc : log_back(store, epoch, orphans, err);
    rc = rc != 0 ? rc : queue_behind(store, epoch->is_dir, until, err);
    if (rc == 0 && !epoch->is_dir) {
        rc = meta_int_put(store, META_TAKEN, until, err);
    }
    return rc != 0 ? rc : rebuild_note(store, err);
}

int store_log_cut(struct store *store, uint32_t id, uint64_t keep,
                  store_cut_fn visit, void *data, struct error *err)
{
    struct store_log log;
    uint64_t end = 0;
    int rc = store_log_get(store, id, &log, err);

    rc = rc != 0 ? rc : batch_end(store, id, keep, log.head.size, &end, err);
    for (uint64_t at = end; rc == 0 && at < log.head.size;) {
        struct store_segment segment;

        arena_reset(&store->leaves);
        rc = store_segment_read(store, id, at, &store->leaves, &segment, err);
        rc = rc != 0 ? rc : visit(data, &segment);
        at = rc == 0 ? segment.parts.first + segment.parts.count : at;
    }
    rc = rc != 0 ? rc : log_cut(store, &log, end, err);
    return rc != 0 ? rc : rebuild_note(store, err);
}

int store_rebuild_is_due(struct store *store, bool *due, struct error *err)
{
    int64_t value = 0;
    int rc = meta_int(store, META_REBUILD, &value, err);

    *due = value != 0;
    return rc;
}
