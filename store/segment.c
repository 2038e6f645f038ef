/* store: segments: one verified batch a row, in the form in which it travels,
 * and the head of the log that moves with it in the same transaction.
 *
 * Must never change or encode again what came. The hot path of intake: one
 * INSERT of blobs, one UPDATE guarded by the old size, a hash row for each
 * complete block of 256. Read next: integrate.c.
 */
#include "store/store_parts.h"

#include <string.h>

enum {
    SEGMENT_INSERT,
    SEGMENT_HEAD,
    SEGMENT_TAKEN,
    SEGMENT_BLOCK,
    SEGMENT_FIND,
    SEGMENT_EXTENT,
    SEGMENT_HASHES,
    SEGMENT_END,
    SEGMENT_BYTES
};

static const char *const sql[] = {
    [SEGMENT_INSERT] =
        "INSERT INTO segments (id, count, root, note, hashes, leaves_z, "
        "texts_z, privates, sealed, absent) VALUES "
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SEGMENT_TAKEN] = "UPDATE cursors SET events = ? WHERE log = ?",
    [SEGMENT_HEAD] = "UPDATE logs SET size = ?, range = ?, note = ? "
                     "WHERE id = ? AND size = ? AND frozen = ''",
    [SEGMENT_BLOCK] = "INSERT INTO blocks (log, block, hash) VALUES (?, ?, ?)",
    [SEGMENT_FIND] =
        "SELECT id, count, root, note, hashes, leaves_z, texts_z, privates, "
        "sealed, absent FROM segments WHERE id <= ? ORDER BY id DESC LIMIT 1",
    [SEGMENT_EXTENT] = "SELECT id, count FROM segments WHERE id <= ? "
                       "ORDER BY id DESC LIMIT 1",
    [SEGMENT_HASHES] = "SELECT id, count, hashes FROM segments WHERE id <= ? "
                       "ORDER BY id DESC LIMIT 1",
    [SEGMENT_END] = "SELECT id, count, root, note FROM segments WHERE id <= ? "
                    "ORDER BY id DESC LIMIT 1",
    [SEGMENT_BYTES] =
        "SELECT sum(length(leaves_z) + length(texts_z) + length(privates)) "
        "FROM segments WHERE id >= ? AND id < ?",
};
const struct query_table segment_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* The part of a range that lies in the unfinished block. */
static void unfinished_block(const struct range *range, struct range *block)
{
    size_t all = range_count(range);

    range_init(block);
    block->size = range->size % MERKLE_BLOCK_LEAVES;
    memcpy(block->hashes, range->hashes + (all - range_count(block)),
           range_count(block) * sizeof(struct hash));
}

static int put_blocks(struct store *store, const struct store_segment *segment,
                      const struct range *before, struct error *err)
{
    const struct hash *hashes = (const struct hash *)segment->hashes.ptr;
    uint64_t number = before->size / MERKLE_BLOCK_LEAVES;
    struct range block;
    size_t i;

    unfinished_block(before, &block);
    if (block.size + segment->parts.count < MERKLE_BLOCK_LEAVES) {
        return 0;
    }
    for (i = 0; i < segment->parts.count; i++) {
        range_append_hash(&block, &hashes[i]);
        if (block.size == MERKLE_BLOCK_LEAVES) {
            struct hash root = range_root(&block);
            sqlite3_stmt *q = query(store, OWNER_SEGMENT, SEGMENT_BLOCK);
            int rc;

            bind_int(q, 1, segment->log);
            bind_int(q, 2, (int64_t)number++);
            bind_span(q, 3, SPAN_OF(root));
            if ((rc = query_run(store, q, err)) != 0) {
                return rc;
            }
            range_init(&block);
        }
    }
    return 0;
}

static int put_row(struct store *store, const struct store_segment *segment,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEGMENT, SEGMENT_INSERT);
    const struct segment *parts = &segment->parts;

    bind_int(q, 1, place_of(segment->log, parts->first));
    bind_int(q, 2, parts->count);
    bind_span(q, 3, SPAN_OF(segment->root));
    bind_span(q, 4, parts->note);
    bind_span(q, 5, segment->hashes);
    bind_span(q, 6, parts->leaves_z);
    bind_span(q, 7, parts->texts_z);
    bind_span(q, 8, parts->privates);
    bind_span(q, 9, parts->sealed);
    bind_span(q, 10, parts->absent);
    return query_run(store, q, err);
}

static int put_head(struct store *store, const struct store_segment *segment,
                    const struct range *after, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEGMENT, SEGMENT_HEAD);
    uint8_t encoded[RANGE_ENCODED_MAX];
    struct buf range = buf_over(encoded, sizeof(encoded));
    int rc;

    range_encode(after, &range);
    bind_int(q, 1, (int64_t)after->size);
    bind_span(q, 2, buf_span(&range));
    bind_span(q, 3, segment->parts.note);
    bind_int(q, 4, segment->log);
    bind_int(q, 5, (int64_t)segment->parts.first);
    if ((rc = query_run(store, q, err)) != 0) {
        return rc;
    }
    if (sqlite3_changes(store->db) != 1) {
        return error_set(
            err, ERR_CONFLICT, "log %u does not stand at %llu, or is frozen",
            segment->log, (unsigned long long)segment->parts.first);
    }
    return 0;
}

/* A directory log has no lag: its leaves count from now on. */
static int take_directory(struct store *store, const struct store_log *log,
                          struct error *err)
{
    struct segment_view view = {.count = 0};
    uint64_t first = 0;
    uint32_t i;
    int rc = segment_leaves(store, log->id, log->head.size, &first, &view, err);

    for (i = 0; rc == 0 && i < view.count; i++) {
        struct error ignored;
        struct leaf leaf;

        rc = log->node == store->self
                 ? spool_take_back(store, log, first + i, view.leaves[i], err)
                 : ERR_NOTFOUND;
        if (rc == ERR_NOTFOUND) {
            rc = directory_add(store, place_of(log->id, first + i),
                               view.leaves[i], err);
        }
        if (rc == 0 && leaf_parse(view.leaves[i], &leaf, &ignored) == 0) {
            rc = staged_forget(store, &leaf, 0, err);
        }
    }
    if (rc == 0) {
        sqlite3_stmt *q = query(store, OWNER_SEGMENT, SEGMENT_TAKEN);

        bind_int(q, 1, (int64_t)(first + view.count));
        bind_int(q, 2, log->id);
        rc = query_run(store, q, err);
    }
    return rc != 0 ? rc : directory_settle(store, err);
}

int segment_store(struct store *store, const struct store_segment *segment,
                  const struct range *after, struct error *err)
{
    const struct segment *parts = &segment->parts;
    struct range before;
    int rc;

    if (parts->count == 0 || parts->count > BATCH_EVENTS_MAX ||
        segment->hashes.len != parts->count * sizeof(struct hash) ||
        after->size != parts->first + parts->count ||
        after->size >= STAGED_FIRST) {
        return error_set(err, ERR_USAGE, "a segment that nobody checked");
    }
    if ((rc = store_log_range(store, segment->log, &before, err)) != 0 ||
        (rc = put_head(store, segment, after, err)) != 0 ||
        (rc = put_row(store, segment, err)) != 0) {
        return rc;
    }
    return put_blocks(store, segment, &before, err);
}

int store_segment_append(struct store *store,
                         const struct store_segment *segment,
                         const struct range *after, struct error *err)
{
    const struct store_log *known;
    struct store_log log;
    int rc;

    if ((rc = log_info(store, segment->log, &known, err)) != 0 ||
        (rc = segment_store(store, segment, after, err)) != 0 ||
        !known->is_dir) {
        return rc;
    }
    rc = store_log_get(store, segment->log, &log, err);
    log.head.size = segment->parts.first;
    return rc != 0 ? rc : take_directory(store, &log, err);
}

/* The row that holds `index`, with id and count as its first columns. */
/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
static int find_row(struct store *store, sqlite3_stmt *q, uint32_t log,
                    uint64_t index, uint64_t *first, uint32_t *count,
                    struct error *err)
{
    int64_t id;
    int rc;

    bind_int(q, 1, place_of(log, index));
    if ((rc = query_row(store, q, err)) < 0) {
        return rc;
    }
    id = rc == 1 ? column_int(q, 0) : 0;
    if (rc == 0 || place_log(id) != log ||
        index - place_index(id) >= (uint64_t)column_int(q, 1)) {
        query_end(q);
        return error_set(err, ERR_NOTFOUND, "log %u has no leaf %llu here", log,
                         (unsigned long long)index);
    }
    *first = place_index(id);
    *count = column_u32(q, 1);
    if (*count == 0 || *count > BATCH_EVENTS_MAX) {
        query_end(q);
        return error_set(err, ERR_CORRUPT, "log %u: segment of %u leaves", log,
                         *count);
    }
    return 0;
}

int store_segment_read(struct store *store, uint32_t log, uint64_t index,
                       struct arena *arena, struct store_segment *segment,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEGMENT, SEGMENT_FIND);
    struct store_segment out = {.log = log};
    struct span *parts[] = {&out.parts.note,     &out.hashes,
                            &out.parts.leaves_z, &out.parts.texts_z,
                            &out.parts.privates, &out.parts.sealed,
                            &out.parts.absent};
    size_t i;
    int rc =
        find_row(store, q, log, index, &out.parts.first, &out.parts.count, err);

    if (rc != 0) {
        return rc;
    }
    rc = column_bytes(q, 2, &out.root, sizeof(out.root), err);
    for (i = 0; rc == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        rc = arena_keep(arena, column_span(q, (int)i + 3), parts[i], err);
    }
    query_end(q);
    if (rc == 0 && out.hashes.len != out.parts.count * sizeof(struct hash)) {
        store->bad_segment = place_of(log, out.parts.first);
        rc = error_set(err, ERR_CORRUPT, "log %u: segment %llu lacks hashes",
                       log, (unsigned long long)out.parts.first);
    }
    if (rc == 0) {
        *segment = out;
    }
    return rc;
}

int store_segment_extent(struct store *store, uint32_t log, uint64_t index,
                         uint64_t *first, uint32_t *count, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEGMENT, SEGMENT_EXTENT);
    int rc = find_row(store, q, log, index, first, count, err);

    query_end(q);
    return rc;
}

int store_log_bytes(struct store *store, uint32_t log, uint64_t *bytes,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SEGMENT, SEGMENT_BYTES);
    int rc;

    bind_int(q, 1, place_of(log, 0));
    bind_int(q, 2, place_of(log + 1, 0));
    rc = query_row(store, q, err);
    *bytes = rc == 1 ? (uint64_t)column_int(q, 0) : 0;
    query_end(q);
    return rc < 0 ? rc : 0;
}

int segment_hashes(struct store_source *state, uint64_t index,
                   struct error *err)
{
    sqlite3_stmt *q = query(state->store, OWNER_SEGMENT, SEGMENT_HASHES);
    int rc;

    state->count = 0;
    rc = find_row(state->store, q, state->log, index, &state->first,
                  &state->count, err);
    if (rc == 0) {
        rc = column_bytes(q, 2, state->hashes,
                          state->count * sizeof(struct hash), err);
        query_end(q);
    }
    if (rc != 0) {
        state->count = 0;
    }
    return rc;
}

/* The segment that ends at exactly `size`, or ERR_NOTFOUND. */
static int find_end(struct store *store, uint32_t log, uint64_t size,
                    sqlite3_stmt **q, struct error *err)
{
    uint64_t first = 0;
    uint32_t count = 0;
    int rc;

    *q = query(store, OWNER_SEGMENT, SEGMENT_END);
    if (size == 0) {
        return error_set(err, ERR_NOTFOUND, "nothing was signed at size 0");
    }
    if ((rc = find_row(store, *q, log, size - 1, &first, &count, err)) != 0) {
        return rc;
    }
    if (first + count != size) {
        query_end(*q);
        return error_set(err, ERR_NOTFOUND, "log %u was not signed at %llu",
                         log, (unsigned long long)size);
    }
    return 0;
}

int segment_root(struct store *store, uint32_t log, uint64_t size,
                 struct hash *root, struct error *err)
{
    sqlite3_stmt *q;
    int rc = find_end(store, log, size, &q, err);

    if (rc == 0) {
        rc = column_bytes(q, 2, root, sizeof(*root), err);
        query_end(q);
    }
    return rc;
}

int store_log_note_at(struct store *store, uint32_t id, uint64_t size,
                      struct buf *note, struct error *err)
{
    sqlite3_stmt *q;
    int rc = find_end(store, id, size, &q, err);

    if (rc == 0) {
        buf_put(note, column_span(q, 3));
        query_end(q);
        rc = note->overflow ? error_set(err, ERR_LIMIT, "a long note") : 0;
    }
    return rc;
}

int segment_leaves(struct store *store, uint32_t log, uint64_t index,
                   uint64_t *first, struct segment_view *view,
                   struct error *err)
{
    struct store_segment segment;
    int rc;

    arena_reset(&store->leaves);
    if ((rc = store_segment_read(store, log, index, &store->leaves, &segment,
                                 err)) != 0) {
        return rc;
    }
    rc = segment_open(store->codec, &segment.parts, &store->leaves, view, err);
    if (rc != 0) {
        store->bad_segment = place_of(log, segment.parts.first);
        return error_set(err, ERR_CORRUPT,
                         "log %u: segment %llu cannot be read; run qcdc check",
                         log, (unsigned long long)segment.parts.first);
    }
    *first = segment.parts.first;
    return 0;
}
