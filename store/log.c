/* store: logs: who they are and how far, their notes and roots, the source of
 * hashes for proofs.
 *
 * A head moves only in segment.c. Must never alter a leaf or a note.
 * Read next: segment.c.
 */
#include "store/log.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/log/checkpoint.h"
#include "store/store_parts.h"

enum {
    LOG_INSERT,
    LOG_CURSOR,
    LOG_BY_ORIGIN,
    LOG_BY_ID,
    LOG_NEWEST,
    LOG_ALL,
    LOG_FREEZE,
    LOG_RANGE,
    LOG_NOTE,
    LOG_BLOCK,
    LOG_MIRROR
};

#define LOG_COLUMNS                                                            \
    "SELECT l.id, l.origin, l.node, l.epoch, l.is_dir, l.mirrored, l.key, "    \
    "l.size, l.range, l.guarded, l.cosigs, l.frozen, c.events, c.cosigs "      \
    "FROM logs l JOIN cursors c ON c.log = l.id "

static const char *const sql[] = {
    [LOG_INSERT] = "INSERT INTO logs (origin, node, epoch, is_dir, mirrored, "
                   "key, range) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [LOG_CURSOR] = "INSERT INTO cursors (log) VALUES (?)",
    [LOG_BY_ORIGIN] = LOG_COLUMNS "WHERE l.origin = ?",
    [LOG_BY_ID] = LOG_COLUMNS "WHERE l.id = ?",
    [LOG_NEWEST] = LOG_COLUMNS "WHERE l.node = ? AND l.is_dir = ? "
                               "ORDER BY l.epoch DESC LIMIT 1",
    [LOG_ALL] = LOG_COLUMNS "WHERE l.id > ? ORDER BY l.id LIMIT 1",
    [LOG_FREEZE] = "UPDATE logs SET frozen = ? WHERE id = ?",
    [LOG_RANGE] = "SELECT range FROM logs WHERE id = ?",
    [LOG_NOTE] = "SELECT note FROM logs WHERE id = ? AND size > 0",
    [LOG_BLOCK] = "SELECT hash FROM blocks WHERE log = ? AND block = ?",
    [LOG_MIRROR] = "UPDATE logs SET mirrored = 1 WHERE id = ?",
};
const struct query_table log_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static int read_log(sqlite3_stmt *q, struct store_log *log, struct error *err)
{
    struct range range;
    int rc;

    memset(log, 0, sizeof(*log));
    log->id = column_u32(q, 0);
    column_text(q, 1, log->origin, sizeof(log->origin));
    log->node = column_u32(q, 2);
    log->epoch = column_u32(q, 3);
    log->is_dir = column_int(q, 4) != 0;
    log->mirrored = column_int(q, 5) != 0;
    log->guarded = (uint64_t)column_int(q, 9);
    log->cosigs = (uint64_t)column_int(q, 10);
    column_text(q, 11, log->frozen, sizeof(log->frozen));
    log->integrated = (uint64_t)column_int(q, 12);
    log->bracketed = (uint64_t)column_int(q, 13);
    if ((rc = column_bytes(q, 6, log->key.bytes, sizeof(log->key.bytes),
                           err)) != 0) {
        return rc;
    }
    if (range_decode(column_span(q, 8), &range, err) != 0 ||
        range.size != (uint64_t)column_int(q, 7)) {
        return error_set(err, ERR_CORRUPT, "%s: stored range and size differ",
                         log->origin);
    }
    log->head = range_head(&range);
    return 0;
}

static int one_log(struct store *store, sqlite3_stmt *q, struct store_log *log,
                   struct error *err)
{
    int rc = query_row(store, q, err);

    if (rc == 0) {
        return error_set(err, ERR_NOTFOUND, "no such log is held here");
    }
    if (rc == 1) {
        rc = read_log(q, log, err);
        query_end(q);
    }
    return rc;
}

int store_log_find(struct store *store, struct span origin,
                   struct store_log *log, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_LOG, LOG_BY_ORIGIN);

    (void)sqlite3_bind_text(q, 1, (const char *)origin.ptr, (int)origin.len,
                            SQLITE_STATIC);
    return one_log(store, q, log, err);
}

int store_log_get(struct store *store, uint32_t id, struct store_log *log,
                  struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_LOG, LOG_BY_ID);

    bind_int(q, 1, id);
    return one_log(store, q, log, err);
}

int store_log_of(struct store *store, uint32_t node, bool is_dir,
                 struct store_log *log, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_LOG, LOG_NEWEST);

    bind_int(q, 1, node);
    bind_int(q, 2, is_dir);
    return one_log(store, q, log, err);
}

int store_log_each(struct store *store, store_log_fn visit, void *data,
                   struct error *err)
{
    struct store_log log;
    uint32_t after = 0;

    /* One row a query, so that the visitor may ask the store anything. */
    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_LOG, LOG_ALL);
        int rc;

        bind_int(q, 1, after);
        rc = query_row(store, q, err);
        if (rc != 1) {
            return rc;
        }
        rc = read_log(q, &log, err);
        query_end(q);
        if (rc != 0 || (rc = visit(data, &log)) != 0) {
            return rc;
        }
        after = log.id;
    }
}

static int log_insert(struct store *store, const struct store_log *wanted,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_LOG, LOG_INSERT);
    uint8_t encoded[RANGE_ENCODED_MAX];
    struct buf out = buf_over(encoded, sizeof(encoded));
    struct range empty;

    range_init(&empty);
    range_encode(&empty, &out);
    bind_text(q, 1, wanted->origin);
    bind_int(q, 2, wanted->node);
    bind_int(q, 3, wanted->epoch);
    bind_int(q, 4, wanted->is_dir);
    bind_int(q, 5, wanted->mirrored);
    bind_span(q, 6, SPAN_OF(wanted->key));
    bind_span(q, 7, buf_span(&out));
    if (query_run(store, q, err) != 0) {
        return error_wrap(err, "%s", wanted->origin);
    }
    store->logs_len = 0;
    q = query(store, OWNER_LOG, LOG_CURSOR);
    bind_int(q, 1, sqlite3_last_insert_rowid(store->db));
    return query_run(store, q, err);
}

int store_log_ensure(struct store *store, const struct store_log *wanted,
                     struct store_log *log, struct error *err)
{
    struct store_log found = {.id = 0};
    int rc = store_log_find(store, span_str(wanted->origin), &found, err);

    if (rc == ERR_NOTFOUND) {
        if ((rc = log_insert(store, wanted, err)) != 0) {
            return rc;
        }
        rc = store_log_find(store, span_str(wanted->origin), &found, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (found.node != wanted->node || found.epoch != wanted->epoch ||
        found.is_dir != wanted->is_dir ||
        memcmp(&found.key, &wanted->key, sizeof(found.key)) != 0) {
        return error_set(err, ERR_CONFLICT,
                         "%s: known with another key, node or epoch",
                         wanted->origin);
    }
    if (wanted->mirrored && !found.mirrored) {
        sqlite3_stmt *q = query(store, OWNER_LOG, LOG_MIRROR);

        bind_int(q, 1, found.id);
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
        found.mirrored = true;
    }
    *log = found;
    return 0;
}

static int set_frozen(struct store *store, uint32_t id, const char *reason,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_LOG, LOG_FREEZE);

    bind_text(q, 1, reason);
    bind_int(q, 2, id);
    return query_run(store, q, err);
}

int store_log_freeze(struct store *store, uint32_t id, const char *reason,
                     struct error *err)
{
    return set_frozen(store, id, reason[0] == '\0' ? "frozen" : reason, err);
}

int store_log_thaw(struct store *store, uint32_t id, struct error *err)
{
    return set_frozen(store, id, "", err);
}

int store_log_range(struct store *store, uint32_t id, struct range *range,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_LOG, LOG_RANGE);
    int rc;

    bind_int(q, 1, id);
    rc = query_row(store, q, err);
    if (rc == 0) {
        return error_set(err, ERR_NOTFOUND, "no such log is held here");
    }
    if (rc == 1) {
        rc = range_decode(column_span(q, 0), range, err);
        query_end(q);
        if (rc != 0) {
            rc = error_set(err, ERR_CORRUPT, "log %u: damaged range", id);
        }
    }
    return rc;
}

int store_log_note(struct store *store, uint32_t id, struct buf *note,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_LOG, LOG_NOTE);
    int rc;

    bind_int(q, 1, id);
    rc = query_row(store, q, err);
    if (rc == 0) {
        return error_set(err, ERR_NOTFOUND, "log %u has no checkpoint yet", id);
    }
    if (rc == 1) {
        buf_put(note, column_span(q, 0));
        query_end(q);
        rc = note->overflow ? error_set(err, ERR_LIMIT, "a long note") : 0;
    }
    return rc;
}

/* ---- hashes for proofs ---- */

static int block_hash(struct store_source *state, uint64_t block,
                      struct hash *hash, struct error *err)
{
    sqlite3_stmt *q = query(state->store, OWNER_LOG, LOG_BLOCK);
    int rc;

    bind_int(q, 1, state->log);
    bind_int(q, 2, (int64_t)block);
    rc = query_row(state->store, q, err);
    if (rc == 0) {
        return error_set(err, ERR_CORRUPT, "log %u lacks block %llu",
                         state->log, (unsigned long long)block);
    }
    if (rc == 1) {
        rc = column_bytes(q, 0, hash, sizeof(*hash), err);
        query_end(q);
    }
    return rc;
}

static int subtree(void *data, unsigned level, uint64_t index,
                   struct hash *hash, struct error *err)
{
    struct store_source *state = data;
    int rc;

    if (level == MERKLE_BLOCK_LEVEL) {
        return block_hash(state, index, hash, err);
    }
    if (state->count == 0 || index < state->first ||
        index - state->first >= state->count) {
        if ((rc = segment_hashes(state, index, err)) != 0) {
            return rc;
        }
    }
    *hash = state->hashes[index - state->first];
    return 0;
}

struct merkle_source store_log_source(struct store *store, uint32_t id,
                                      struct store_source *state)
{
    memset(state, 0, sizeof(*state));
    state->store = store;
    state->log = id;
    return (struct merkle_source){.subtree = subtree, .data = state};
}

int store_log_root_at(struct store *store, uint32_t id, uint64_t size,
                      struct hash *root, struct error *err)
{
    struct store_source state;
    struct merkle_source source = store_log_source(store, id, &state);
    struct store_log log = {.id = 0};
    int rc;

    if (size == 0) {
        *root = merkle_empty_root();
        return 0;
    }
    rc = segment_root(store, id, size, root, err);
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    if ((rc = store_log_get(store, id, &log, err)) != 0) {
        return rc;
    }
    if (size > log.head.size) {
        return error_set(err, ERR_NOTFOUND, "%s has %llu leaves, not %llu",
                         log.origin, (unsigned long long)log.head.size,
                         (unsigned long long)size);
    }
    return merkle_root(&source, size, root, err);
}

/* ---- memory: who a log is never changes ---- */

static int remember(void *data, const struct store_log *log)
{
    struct store *store = data;

    if (log->id >= store->logs_size) {
        size_t size = ((size_t)log->id + 1) * 2;
        struct store_log *logs = realloc(store->logs, size * sizeof(*logs));

        if (logs == NULL) {
            return ERR_NOMEM;
        }
        memset(logs + store->logs_size, 0,
               (size - store->logs_size) * sizeof(*logs));
        store->logs = logs;
        store->logs_size = size;
    }
    store->logs[log->id] = *log;
    store->logs_len = log->id + 1u;
    return 0;
}

int log_info(struct store *store, uint32_t id, const struct store_log **log,
             struct error *err)
{
    struct store_log spool = {.node = store->self};
    int rc;

    if (id >= store->logs_len) {
        rc = store_log_each(store, remember, store, err);
        if (rc == 0) {
            rc = remember(store, &spool) == 0 ? 0 : ERR_NOMEM;
            store->logs_len = store->logs_size;
        }
        if (rc != 0) {
            return rc == ERR_NOMEM ? error_set(err, ERR_NOMEM, "logs") : rc;
        }
    }
    if (id >= store->logs_len || (id != 0 && store->logs[id].id == 0)) {
        return error_set(err, ERR_CORRUPT, "an event of unknown log %u", id);
    }
    *log = &store->logs[id];
    return 0;
}

/* ---- at open ---- */

/* The head kept must be the one that the log signed (tlog.md section 3.7). */
static int head_signed(struct store *store, const struct store_log *log,
                       struct error *err)
{
    uint8_t bytes[NOTE_MAX];
    struct buf note = buf_over(bytes, sizeof(bytes));
    struct checkpoint checkpoint;
    struct vkey vkey;
    int rc;

    if (log->head.size == 0) {
        return 0;
    }
    if ((rc = store_log_note(store, log->id, &note, err)) != 0) {
        return rc;
    }
    if (vkey_make(span_str(log->origin), VKEY_ED25519, &log->key, &vkey, err) !=
            0 ||
        checkpoint_open(buf_span(&note), &vkey, &checkpoint, err) != 0 ||
        checkpoint.head.size != log->head.size ||
        !hash_equal(&checkpoint.head.root, &log->head.root)) {
        return error_set(err, ERR_CORRUPT,
                         "%s: the stored head is not the one that was signed; "
                         "run qcdc check",
                         log->origin);
    }
    return 0;
}

struct soundness {
    struct store *store;
    struct error *err;
};

static int log_sound(void *data, const struct store_log *log)
{
    struct soundness *sound = data;

    return head_signed(sound->store, log, sound->err);
}

int logs_sound(struct store *store, struct error *err)
{
    struct soundness sound = {store, err};

    return store_log_each(store, log_sound, &sound, err);
}
