/* store: mending: a damaged row is put together again from its own sound
 * parts and a peer's copy, and replaced only if the log's signature and the
 * roots that are held bear it out.
 *
 * Must never take a peer's word for a root. Read next: damage.c, patrol.c.
 */
#include "store/mend.h"

#include <string.h>

#include "store/check_parts.h"
#include "store/directory.h"
#include "store/erase.h"

enum {
    MEND_ROW,
    MEND_PUT,
    MEND_NEXT,
    MEND_BLOCK,
    MEND_COSIG,
    MEND_LAST,
    MEND_HEADS,
    MEND_HEAD
};

static const char *const sql[] = {
    [MEND_ROW] = "SELECT count, root, note, leaves_z, texts_z, privates, "
                 "sealed, absent FROM segments WHERE id = ?",
    [MEND_PUT] = "INSERT OR REPLACE INTO segments (id, count, root, note, "
                 "hashes, leaves_z, texts_z, privates, sealed, absent) VALUES "
                 "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [MEND_NEXT] = "SELECT id, count, hashes FROM segments WHERE id >= ? AND "
                  "id < ? ORDER BY id LIMIT 1",
    [MEND_BLOCK] =
        "INSERT OR REPLACE INTO blocks (log, block, hash) VALUES (?, ?, ?)",
    [MEND_COSIG] = "INSERT OR REPLACE INTO cosigs (log, number, size, time_s, "
                   "root, line, request) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [MEND_LAST] = "SELECT id, count, root, note FROM segments WHERE id >= ? "
                  "AND id < ? ORDER BY id DESC LIMIT 1",
    [MEND_HEADS] = "SELECT id, origin, key, size FROM logs WHERE id > ? "
                   "ORDER BY id LIMIT 1",
    [MEND_HEAD] = "UPDATE logs SET size = ?, range = ?, note = ? WHERE id = ?",
};
const struct query_table mend_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* ---- a segment ---- */

struct mending {
    struct checking c;
    struct store_log log;
    struct vkey vkey;
    struct range before;  /* up to the segment */
    struct segment local; /* as stored; count 0: no row */
    struct hash root;     /* as stored */
    bool has_root;
    struct segment segment; /* what passed */
    struct segment_checked checked;
};

/* Appends the stored hashes of [range->size, until). */
static int append_stored(struct mending *m, struct range *range, uint64_t until)
{
    struct store *store = m->c.store;

    while (range->size < until) {
        sqlite3_stmt *q = query(store, OWNER_MEND, MEND_NEXT);
        struct span hashes;
        size_t i;
        int rc;

        bind_int(q, 1, place_of(m->log.id, range->size));
        bind_int(q, 2, place_of(m->log.id, range->size) + 1);
        if ((rc = query_row(store, q, m->c.err)) < 0) {
            return rc;
        }
        hashes = rc == 1 ? column_span(q, 2) : span_make(NULL, 0);
        if (hashes.len == 0 || hashes.len % sizeof(struct hash) != 0 ||
            range->size + hashes.len / sizeof(struct hash) > until) {
            query_end(q);
            return error_set(m->c.err, ERR_NOTFOUND,
                             "%s: the hashes at %llu are damaged too",
                             m->log.origin, (unsigned long long)range->size);
        }
        for (i = 0; i < hashes.len / sizeof(struct hash); i++) {
            struct hash hash;

            memcpy(&hash, hashes.ptr + i * sizeof(hash), sizeof(hash));
            range_append_hash(range, &hash);
        }
        query_end(q);
    }
    return 0;
}

static int read_local(struct mending *m, uint64_t first)
{
    struct store *store = m->c.store;
    sqlite3_stmt *q = query(store, OWNER_MEND, MEND_ROW);
    struct span *parts[] = {&m->local.note,    &m->local.leaves_z,
                            &m->local.texts_z, &m->local.privates,
                            &m->local.sealed,  &m->local.absent};
    size_t i;
    int rc;

    m->local.first = first;
    bind_int(q, 1, place_of(m->log.id, first));
    if ((rc = query_row(store, q, m->c.err)) != 1) {
        return rc;
    }
    m->local.count = column_u32(q, 0);
    m->has_root = column_span(q, 1).len == sizeof(m->root);
    if (m->has_root) {
        memcpy(&m->root, column_span(q, 1).ptr, sizeof(m->root));
    }
    for (i = 0, rc = 0; rc == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        rc = arena_keep(&store->scratch, column_span(q, (int)i + 2), parts[i],
                        m->c.err);
    }
    query_end(q);
    return rc;
}

/* The root that this would have must be the one that is held: at its end, or
 * with all that follows at the head. */
static int same_history(struct mending *m)
{
    struct range range = m->checked.range;
    struct hash root;
    int rc;

    if (m->has_root && hash_equal(&m->checked.head.root, &m->root)) {
        return 0;
    }
    if ((rc = append_stored(m, &range, m->log.head.size)) != 0) {
        return rc;
    }
    root = range_root(&range);
    return hash_equal(&root, &m->log.head.root)
               ? 0
               : error_set(m->c.err, ERR_UNTRUSTED,
                           "%s at %llu: it belongs to another history",
                           m->log.origin, (unsigned long long)m->before.size);
}

/* 0 = these parts are the segment; else why not. */
static int try_parts(struct mending *m, const struct segment *parts)
{
    struct store *store = m->c.store;
    int rc;

    if (parts->count == 0 || parts->count > BATCH_EVENTS_MAX ||
        m->before.size + parts->count > m->log.head.size) {
        return error_set(m->c.err, ERR_NOTFOUND, "%s at %llu: no such segment",
                         m->log.origin, (unsigned long long)m->before.size);
    }
    arena_reset(&store->leaves);
    m->segment = *parts;
    rc = segment_check(store->codec, &m->segment, &m->before, &m->vkey,
                       check_due(&m->c, &m->log, parts), &store->leaves,
                       &m->checked, m->c.err);
    return rc != 0 ? rc : same_history(m);
}

/* Whichever parts are sound: ours first, for they are as this node must have
 * them (what was erased here is listed absent here). */
static int find_parts(struct mending *m, const struct segment *peer)
{
    struct segment mixed;
    int rc = try_parts(m, &m->local);

    if (rc == 0 || peer == NULL || !is_damage(rc)) {
        return rc;
    }
    mixed = m->local;
    mixed.count = peer->count;
    mixed.note = peer->note;
    mixed.leaves_z = peer->leaves_z;
    if ((rc = try_parts(m, &mixed)) == 0 || !is_damage(rc)) {
        return rc;
    }
    mixed.texts_z = peer->texts_z;
    mixed.absent = peer->absent;
    if ((rc = try_parts(m, &mixed)) == 0 || !is_damage(rc)) {
        return rc;
    }
    mixed.privates = peer->privates;
    return try_parts(m, &mixed);
}

/* Every complete block that the segment has a part in. */
static int put_blocks_again(struct mending *m)
{
    struct store *store = m->c.store;
    uint64_t block = m->before.size / MERKLE_BLOCK_LEAVES;
    uint64_t end = m->before.size + m->segment.count;
    struct store_source state;
    struct merkle_source source = store_log_source(store, m->log.id, &state);

    for (; block * MERKLE_BLOCK_LEAVES < end &&
           (block + 1) * MERKLE_BLOCK_LEAVES <= m->log.head.size;
         block++) {
        struct range range;
        struct hash root;
        sqlite3_stmt *q;
        uint64_t i;
        int rc = 0;

        range_init(&range);
        for (i = 0; rc == 0 && i < MERKLE_BLOCK_LEAVES; i++) {
            struct hash hash;

            rc = source.subtree(source.data, 0, block * MERKLE_BLOCK_LEAVES + i,
                                &hash, m->c.err);
            range_append_hash(&range, &hash);
        }
        if (rc != 0) {
            return rc;
        }
        root = range_root(&range);
        q = query(store, OWNER_MEND, MEND_BLOCK);
        bind_int(q, 1, m->log.id);
        bind_int(q, 2, (int64_t)block);
        bind_span(q, 3, SPAN_OF(root));
        if ((rc = query_run(store, q, m->c.err)) != 0) {
            return rc;
        }
    }
    return 0;
}

static int put_segment(struct mending *m)
{
    struct store *store = m->c.store;
    const struct segment *parts = &m->segment;
    sqlite3_stmt *q = query(store, OWNER_MEND, MEND_PUT);
    int rc;

    bind_int(q, 1, place_of(m->log.id, parts->first));
    bind_int(q, 2, parts->count);
    bind_span(q, 3, SPAN_OF(m->checked.head.root));
    bind_span(q, 4, parts->note);
    bind_span(q, 5, m->checked.hashes);
    bind_span(q, 6, parts->leaves_z);
    bind_span(q, 7, parts->texts_z);
    bind_span(q, 8, parts->privates);
    bind_span(q, 9, parts->sealed);
    bind_span(q, 10, parts->absent);
    rc = query_run(store, q, m->c.err);
    return rc != 0 ? rc : put_blocks_again(m);
}

/* A peer may not have erased yet what is erased here: nothing comes back. */
static int erase_again(struct mending *m)
{
    struct store *store = m->c.store;
    struct event_id *ids =
        arena_array(&store->scratch, BATCH_EVENTS_MAX, sizeof(*ids));
    uint32_t count = m->checked.view.count, i, audience;

    if (ids == NULL) {
        return error_set(m->c.err, ERR_LIMIT, "no room to mend a segment");
    }
    for (i = 0; i < count; i++) {
        struct error ignored;
        struct leaf leaf;

        memset(&ids[i], 0, sizeof(ids[i]));
        if (leaf_parse(m->checked.view.leaves[i], &leaf, &ignored) == 0) {
            ids[i] = leaf.id;
        }
    }
    for (i = 0; i < count * AUDIENCE_OF_UNIT; i++) {
        struct store_erasure erasure;
        int rc;

        audience = i % AUDIENCE_OF_UNIT + 1;
        rc = store_erasure_find(store, &ids[i / AUDIENCE_OF_UNIT], audience,
                                &erasure, m->c.err);
        if (rc == 0 && erasure.acts) {
            rc = store_erase(store, &erasure.event, audience, m->c.err);
        }
        if (rc == ERR_NOTFOUND && audience == AUDIENCE_OF_PRIVATE) {
            rc = wanted_again(store, &ids[i / AUDIENCE_OF_UNIT], m->c.err);
        }
        if (rc != 0 && rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    return 0;
}

/* A log of which much rots is mended from its begin to its end: what comes
 * before a segment goes on from the one mended before. */
static int before_make(struct mending *m, uint64_t first)
{
    struct store *store = m->c.store;
    int rc;

    range_init(&m->before);
    if (store->mended.log == m->log.id && store->mended.range.size <= first &&
        hash_equal(&store->mended.root, &m->log.head.root)) {
        m->before = store->mended.range;
    }
    store->mended.log = 0;
    rc = append_stored(m, &m->before, first);
    if (rc == 0) {
        store->mended.log = m->log.id;
        store->mended.root = m->log.head.root;
        store->mended.range = m->before;
    }
    return rc;
}

static int begin_mending(struct mending *m, uint32_t log, uint64_t first)
{
    struct store *store = m->c.store;
    int rc = store_directory(store, &m->c.dir, m->c.err);

    rc = rc != 0 ? rc : store_log_get(store, log, &m->log, m->c.err);
    rc = rc != 0 ? rc
                 : vkey_make(span_str(m->log.origin), VKEY_ED25519, &m->log.key,
                             &m->vkey, m->c.err);
    if (rc == 0 && first >= m->log.head.size) {
        rc = error_set(m->c.err, ERR_NOTFOUND, "%s has no leaf %llu",
                       m->log.origin, (unsigned long long)first);
    }
    rc = rc != 0 ? rc : before_make(m, first);
    return rc != 0 ? rc : read_local(m, first);
}

int store_mend_segment(struct store *store, uint32_t log, uint64_t first,
                       const struct segment *peer, struct error *err)
{
    struct store_check_options options = {.visit = NULL};
    size_t mark = store->scratch.used;
    struct mending *m = arena_alloc(&store->scratch, sizeof(*m));
    int rc;

    if (m == NULL) {
        return error_set(err, ERR_LIMIT, "no room to mend a segment");
    }
    memset(m, 0, sizeof(*m));
    m->c = (struct checking){.store = store, .options = &options, .err = err};
    rc = begin_mending(m, log, first);
    rc = rc != 0 ? rc : find_parts(m, peer);
    if (rc != 0) {
        store->mended.log = 0; /* perhaps a hash before it is wrong */
    }
    rc = rc != 0 ? rc : put_segment(m);
    rc = rc != 0 ? rc : erase_again(m);
    arena_rewind(&store->scratch, mark);
    if (peer == NULL && is_damage(rc)) {
        return error_set(err, ERR_NOTFOUND, "what is here does not suffice");
    }
    return rc;
}

/* ---- a cosignature ---- */

int store_mend_cosig(struct store *store, const struct store_cosig *peer,
                     struct error *err)
{
    struct store_check_options options = {.visit = NULL};
    struct checking c = {.store = store, .options = &options, .err = err};
    int64_t time_s = (int64_t)cosignature_time(&peer->line);
    struct store_log log;
    sqlite3_stmt *q;
    int rc = store_directory(store, &c.dir, err);

    rc = rc != 0 ? rc : store_log_get(store, peer->log, &log, err);
    if (rc == 0 && peer->number >= log.cosigs) {
        rc = error_set(err, ERR_UNTRUSTED, "%s has no cosignature %llu here",
                       log.origin, (unsigned long long)peer->number);
    }
    rc = rc != 0 ? rc : check_cosig(&c, &log, peer, time_s);
    if (rc == 0 && c.findings > 0) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "%s: cosignature %llu does not verify", log.origin,
                       (unsigned long long)peer->number);
    }
    if (rc != 0) {
        return rc;
    }
    q = query(store, OWNER_MEND, MEND_COSIG);
    bind_int(q, 1, peer->log);
    bind_int(q, 2, (int64_t)peer->number);
    bind_int(q, 3, (int64_t)peer->head.size);
    bind_int(q, 4, time_s);
    bind_span(q, 5, SPAN_OF(peer->head.root));
    bind_span(q, 6, SPAN_OF(peer->line));
    if (peer->repeat) {
        bind_span(q, 7, SPAN_OF(peer->request));
    }
    return query_run(store, q, err);
}

/* ---- heads, when the store is opened ---- */

struct head_row {
    uint32_t id;
    char origin[ORIGIN_MAX + 1];
    struct sign_public key;
    uint64_t size;
};

static int next_head(struct store *store, struct head_row *row,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_MEND, MEND_HEADS);
    int rc;

    bind_int(q, 1, row->id);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    row->id = column_u32(q, 0);
    column_text(q, 1, row->origin, sizeof(row->origin));
    row->size = (uint64_t)column_int(q, 3);
    rc = column_bytes(q, 2, &row->key, sizeof(row->key), err);
    query_end(q);
    return rc != 0 ? rc : 1;
}

/* The last segment's note, if the log signed it over the stored hashes. */
static int head_again(struct store *store, const struct head_row *row,
                      struct error *err)
{
    struct mending m = {.c = {.store = store, .err = err}};
    sqlite3_stmt *q = query(store, OWNER_MEND, MEND_LAST);
    uint8_t note_bytes[NOTE_MAX], encoded[RANGE_ENCODED_MAX];
    struct buf note = buf_over(note_bytes, sizeof(note_bytes));
    struct buf out = buf_over(encoded, sizeof(encoded));
    struct checkpoint checkpoint;
    struct range range;
    struct hash root;
    uint64_t end;
    int rc;

    m.log.id = row->id;
    memcpy(m.log.origin, row->origin, sizeof(row->origin));
    bind_int(q, 1, place_of(row->id, 0));
    bind_int(q, 2, place_of(row->id + 1, 0));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    end = place_index(column_int(q, 0)) + column_u32(q, 1);
    buf_put(&note, column_span(q, 3));
    query_end(q);
    range_init(&range);
    if (note.overflow || end != row->size ||
        (rc = append_stored(&m, &range, end)) != 0 ||
        vkey_make(span_str(row->origin), VKEY_ED25519, &row->key, &m.vkey,
                  err) != 0 ||
        checkpoint_open(buf_span(&note), &m.vkey, &checkpoint, err) != 0) {
        return rc < 0 && !is_damage(rc) ? rc : 0;
    }
    root = range_root(&range);
    if (checkpoint.head.size != end ||
        !hash_equal(&checkpoint.head.root, &root)) {
        return 0;
    }
    range_encode(&range, &out);
    q = query(store, OWNER_MEND, MEND_HEAD);
    bind_int(q, 1, (int64_t)end);
    bind_span(q, 2, buf_span(&out));
    bind_span(q, 3, buf_span(&note));
    bind_int(q, 4, row->id);
    return query_run(store, q, err);
}

int heads_mend(struct store *store, struct error *err)
{
    struct head_row row = {.id = 0};
    int rc = store_begin(store, err);

    if (rc != 0) {
        return rc;
    }
    while ((rc = next_head(store, &row, err)) == 1) {
        if ((rc = head_again(store, &row, err)) != 0) {
            break;
        }
    }
    if (rc != 0) {
        store_rollback(store);
        return rc;
    }
    return store_commit(store, err);
}

bool store_bad_segment(struct store *store, uint32_t *log, uint64_t *first)
{
    bool bad = store->bad_segment != 0;

    *log = place_log(store->bad_segment);
    *first = place_index(store->bad_segment);
    store->bad_segment = 0;
    return bad;
}
