/* store: who may act: certificates and revocations of actors, in the node's
 * own order, and public keys by id (formats.md section 3).
 *
 * Derived from effective events. Must never hold a secret. Read next: judge.c.
 */
#include "store/directory.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/facts.h"
#include "store/store_parts.h"

enum {
    ACTOR_BEFORE,
    ACTOR_NEWEST,
    ACTOR_PUT,
    ACTOR_MOVE,
    ACTOR_DROP,
    ACTOR_LIST,
    ACTOR_FIND,
    KEY_PUT_NEW,
    KEY_GET
};

/* A certificate that was appended again in a later epoch counts where it stood
 * first: behind a revocation the copy would give the right back. */
#define FIRST_OF_ITS_EVENT                                                     \
    "NOT EXISTS (SELECT 1 FROM events mine JOIN events other ON other.event "  \
    "= mine.event AND other.place <> mine.place JOIN actors earlier ON "       \
    "earlier.node = a.node AND earlier.key_id = a.key_id AND earlier.place = " \
    "other.place AND earlier.rank < a.rank WHERE mine.place = a.place) "

static const char *const sql[] = {
    [ACTOR_BEFORE] =
        "SELECT rank, place, unit, rights, revoked FROM actors a WHERE "
        "node = ? AND key_id = ? AND rank < ? AND unit = ? "
        "AND " FIRST_OF_ITS_EVENT "ORDER BY rank DESC LIMIT 1",
    [ACTOR_NEWEST] = "SELECT max(rank) FROM actors WHERE node = ? AND "
                     "key_id = ?",
    [ACTOR_PUT] = "INSERT OR REPLACE INTO actors (node, key_id, rank, place, "
                  "unit, rights, revoked) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [ACTOR_MOVE] = "UPDATE actors SET rank = ?, place = ? WHERE node = ? AND "
                   "key_id = ? AND rank = ?",
    [ACTOR_DROP] = "DELETE FROM actors WHERE node = ? AND key_id = ? AND "
                   "rank = ?",
    [ACTOR_LIST] = "SELECT node, key_id, unit, rights, revoked, place, "
                   "max(rank) FROM actors a WHERE node = ?1 AND "
                   "(?2 = 0 OR unit = ?2) AND " FIRST_OF_ITS_EVENT
                   "GROUP BY key_id, unit LIMIT ?3",
    [ACTOR_FIND] = "SELECT node, key_id, unit, rights, revoked, place FROM "
                   "actors a WHERE node = ? AND key_id = ? AND unit = ? "
                   "AND " FIRST_OF_ITS_EVENT "ORDER BY rank DESC LIMIT 1",
    [KEY_PUT_NEW] = "INSERT OR IGNORE INTO keys (id, key) VALUES (?, ?)",
    [KEY_GET] = "SELECT key FROM keys WHERE id = ?",
};
const struct query_table actor_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* Answers that hold for every later rank until something is noted. */
#define CACHE_ROWS 512u

struct actor_cache {
    struct {
        bool used;
        bool found;
        uint32_t node;
        uint32_t unit;
        struct key_id key;
        uint64_t from; /* ranks at or beyond */
        struct actor_mark mark;
    } rows[CACHE_ROWS];
    struct {
        bool used;
        struct key_id id;
        struct sign_public key;
    } keys[CACHE_ROWS];
};

int actor_new(struct store *store, struct error *err)
{
    store->actors = calloc(1, sizeof(*store->actors));
    return store->actors != NULL ? 0 : error_set(err, ERR_NOMEM, "actors");
}

void actor_free(struct store *store)
{
    free(store->actors);
}

void actor_forget(struct store *store)
{
    memset(store->actors, 0, sizeof(*store->actors));
}

static size_t cache_slot(const struct key_id *key, uint32_t unit)
{
    return (read_u32(key->bytes) ^ unit) % CACHE_ROWS;
}

uint64_t rank_of(const struct store_log *log, uint64_t index)
{
    return log->id == 0 ? RANK_SPOOL | index
                        : (uint64_t)log->epoch << PLACE_BITS | index;
}

static int newest_rank(struct store *store, uint32_t node,
                       const struct key_id *key, uint64_t *rank,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ACTOR, ACTOR_NEWEST);
    int rc;

    bind_int(q, 1, node);
    bind_span(q, 2, SPAN_OF(*key));
    if ((rc = query_row(store, q, err)) == 1) {
        *rank = (uint64_t)column_int(q, 0);
        query_end(q);
    }
    return rc < 0 ? rc : 0;
}

static int read_mark(struct store *store, sqlite3_stmt *q,
                     struct actor_mark *mark, struct error *err)
{
    int rc = query_row(store, q, err);

    if (rc == 1) {
        mark->rank = (uint64_t)column_int(q, 0);
        mark->place = column_int(q, 1);
        mark->unit = column_u32(q, 2);
        mark->rights = column_u32(q, 3);
        mark->revoked = column_int(q, 4) != 0;
        query_end(q);
    }
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int actor_before(struct store *store, uint32_t node, const struct key_id *key,
                 uint32_t unit, uint64_t rank, struct actor_mark *mark,
                 struct error *err)
{
    size_t slot = cache_slot(key, unit);
    sqlite3_stmt *q;
    uint64_t newest = 0;
    int rc;

    if (!store->actors->rows[slot].used ||
        store->actors->rows[slot].node != node ||
        store->actors->rows[slot].unit != unit ||
        memcmp(&store->actors->rows[slot].key, key, sizeof(*key)) != 0 ||
        rank < store->actors->rows[slot].from) {
        q = query(store, OWNER_ACTOR, ACTOR_BEFORE);
        bind_int(q, 1, node);
        bind_span(q, 2, SPAN_OF(*key));
        bind_int(q, 3, (int64_t)rank);
        bind_int(q, 4, unit);
        if ((rc = read_mark(store, q, mark, err)) < 0) {
            return rc;
        }
        store->actors->rows[slot].used = false;
        store->actors->rows[slot].found = rc == 1;
        store->actors->rows[slot].mark = *mark;
        if ((rc = newest_rank(store, node, key, &newest, err)) != 0) {
            return rc;
        }
        if (newest < rank) {
            store->actors->rows[slot].used = true;
            store->actors->rows[slot].node = node;
            store->actors->rows[slot].unit = unit;
            store->actors->rows[slot].key = *key;
            store->actors->rows[slot].from = rank;
        }
    }
    *mark = store->actors->rows[slot].mark;
    return store->actors->rows[slot].found
               ? 0
               : error_set(err, ERR_NOTFOUND, "no certificate of that key");
}

/* ---- facts of certificates, read with the neutral codec ---- */

struct certificate {
    struct sign_public key;
    bool has_key;
    bool has_id;
    struct key_id id;
    uint32_t unit;
    uint32_t rights;
};

static int read_field(void *data, const char *path, struct span value,
                      struct error *err)
{
    struct certificate *cert = data;
    char number[16] = "";
    struct error ignored;

    (void)err;
    if (strcmp(path, "actor_key") == 0) {
        cert->has_key = hex_decode(value, cert->key.bytes,
                                   sizeof(cert->key.bytes), &ignored) == 0;
    } else if (strcmp(path, "actor_id") == 0) {
        cert->has_id = hex_decode(value, cert->id.bytes, sizeof(cert->id.bytes),
                                  &ignored) == 0;
    } else if (value.len < sizeof(number)) {
        memcpy(number, value.ptr, value.len);
        if (strcmp(path, "unit") == 0) {
            cert->unit = (uint32_t)strtoul(number, NULL, 10);
        } else if (strcmp(path, "rights") == 0) {
            cert->rights = (uint32_t)strtoul(number, NULL, 10);
        }
    }
    return 0;
}

static bool read_certificate(const struct leaf *leaf, struct certificate *cert)
{
    struct error ignored;

    memset(cert, 0, sizeof(*cert));
    if (facts_visit(event_type_find(leaf->header.type), leaf->facts, read_field,
                    cert, &ignored) != 0) {
        return false;
    }
    if (leaf->header.type == EVENT_ACTOR_CERTIFIED) {
        cert->id = key_id_of(SPAN_OF(cert->key));
        return cert->has_key;
    }
    return cert->has_id;
}

static bool is_certificate(const struct leaf *leaf)
{
    return leaf->understood && (leaf->header.type == EVENT_ACTOR_CERTIFIED ||
                                leaf->header.type == EVENT_ACTOR_REVOKED);
}

bool actor_of(const struct leaf *leaf, struct key_id *id,
              struct actor_mark *mark)
{
    struct certificate cert;

    if (!is_certificate(leaf) || !read_certificate(leaf, &cert)) {
        return false;
    }
    *id = cert.id;
    mark->unit = cert.unit;
    mark->rights = cert.rights;
    mark->revoked = leaf->header.type == EVENT_ACTOR_REVOKED;
    return true;
}

int actor_note(struct store *store, const struct leaf *leaf, int64_t place,
               uint64_t rank, struct error *err)
{
    struct certificate cert;
    sqlite3_stmt *q;

    if (!is_certificate(leaf) || !read_certificate(leaf, &cert)) {
        return 0;
    }
    q = query(store, OWNER_ACTOR, ACTOR_PUT);
    bind_int(q, 1, leaf->header.node);
    bind_span(q, 2, SPAN_OF(cert.id));
    bind_int(q, 3, (int64_t)rank);
    bind_int(q, 4, place);
    bind_int(q, 5, cert.unit);
    bind_int(q, 6, cert.rights);
    bind_int(q, 7, leaf->header.type == EVENT_ACTOR_REVOKED);
    actor_forget(store);
    return query_run(store, q, err);
}

int actor_move(struct store *store, const struct leaf *leaf, uint64_t from,
               int64_t place, uint64_t rank, struct error *err)
{
    struct certificate cert;
    sqlite3_stmt *q;

    if (!is_certificate(leaf) || !read_certificate(leaf, &cert)) {
        return 0;
    }
    q = query(store, OWNER_ACTOR, ACTOR_MOVE);
    bind_int(q, 1, (int64_t)rank);
    bind_int(q, 2, place);
    bind_int(q, 3, leaf->header.node);
    bind_span(q, 4, SPAN_OF(cert.id));
    bind_int(q, 5, (int64_t)from);
    actor_forget(store);
    return query_run(store, q, err);
}

int actor_drop(struct store *store, const struct leaf *leaf, uint64_t rank,
               struct error *err)
{
    struct certificate cert;
    sqlite3_stmt *q;

    if (!is_certificate(leaf) || !read_certificate(leaf, &cert)) {
        return 0;
    }
    q = query(store, OWNER_ACTOR, ACTOR_DROP);
    bind_int(q, 1, leaf->header.node);
    bind_span(q, 2, SPAN_OF(cert.id));
    bind_int(q, 3, (int64_t)rank);
    actor_forget(store);
    return query_run(store, q, err);
}

int key_note(struct store *store, const struct leaf *leaf, struct error *err)
{
    struct certificate cert;
    sqlite3_stmt *q;

    if (!leaf->understood || leaf->header.type != EVENT_ACTOR_CERTIFIED ||
        !read_certificate(leaf, &cert) || store->read_only) {
        return 0;
    }
    q = query(store, OWNER_ACTOR, KEY_PUT_NEW);
    bind_span(q, 1, SPAN_OF(cert.id));
    bind_span(q, 2, SPAN_OF(cert.key));
    return query_run(store, q, err);
}

int store_key(struct store *store, const struct key_id *id,
              struct sign_public *key, struct error *err)
{
    size_t slot = cache_slot(id, 0);
    const struct directory *dir;
    const struct dir_key *found;
    sqlite3_stmt *q;
    int rc;

    if (store->actors->keys[slot].used &&
        memcmp(&store->actors->keys[slot].id, id, sizeof(*id)) == 0) {
        *key = store->actors->keys[slot].key;
        return 0;
    }
    q = query(store, OWNER_ACTOR, KEY_GET);
    bind_span(q, 1, SPAN_OF(*id));
    if ((rc = query_row(store, q, err)) == 1) {
        rc = column_bytes(q, 0, key, sizeof(*key), err);
        query_end(q);
    } else if (rc == 0) {
        if ((rc = store_directory(store, &dir, err)) != 0) {
            return rc;
        }
        found = directory_key(dir, id);
        if (found == NULL) {
            return error_set(err, ERR_NOTFOUND, "no certificate of that key");
        }
        memcpy(key->bytes, found->bytes, sizeof(key->bytes));
    }
    if (rc == 0) {
        store->actors->keys[slot].used = true;
        store->actors->keys[slot].id = *id;
        store->actors->keys[slot].key = *key;
    }
    return rc;
}

static int read_actor(struct store *store, sqlite3_stmt *q,
                      struct store_actor *actor, struct error *err)
{
    int64_t place = column_int(q, 5);
    int rc;

    memset(actor, 0, sizeof(*actor));
    actor->node = column_u32(q, 0);
    actor->unit = column_u32(q, 2);
    actor->rights = column_u32(q, 3);
    actor->revoked = column_int(q, 4) != 0;
    actor->log = place_log(place);
    actor->index = place_index(place);
    rc = column_bytes(q, 1, &actor->id, sizeof(actor->id), err);
    return rc != 0 ? rc : store_key(store, &actor->id, &actor->key, err);
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_actor_list(struct store *store, uint32_t node, uint32_t unit,
                     struct store_actor *actors, size_t max, size_t *len,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ACTOR, ACTOR_LIST);
    size_t i = 0;
    int rc;

    bind_int(q, 1, node);
    bind_int(q, 2, unit);
    bind_int(q, 3, (int64_t)max);
    while ((rc = query_row(store, q, err)) == 1) {
        if ((rc = read_actor(store, q, &actors[i++], err)) != 0) {
            query_end(q);
            return rc;
        }
    }
    if (rc == 0) {
        *len = i;
    }
    return rc;
}

int store_actor_find(struct store *store, uint32_t node, uint32_t unit,
                     const struct key_id *id, struct store_actor *actor,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ACTOR, ACTOR_FIND);
    int rc;

    bind_int(q, 1, node);
    bind_span(q, 2, SPAN_OF(*id));
    bind_int(q, 3, unit);
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND,
                         "the key is not certified for unit %u", unit);
    }
    if (rc == 1) {
        rc = read_actor(store, q, actor, err);
        query_end(q);
    }
    return rc;
}
