/* store: signatures of events, which another thread may verify: slices of one
 * segment go out with the keys that should have signed, verdicts come back.
 *
 * A verdict is a pure function of leaf and key, so it is kept over a rebuild.
 * store_verify_run touches its slice alone. Read next: integrate.c.
 */
#include <stdlib.h>
#include <string.h>

#include "store/directory.h"
#include "store/store_parts.h"

enum {
    VERIFY_NEXT,
    VERIFY_HELD,
    VERIFY_PUT,
    VERIFY_GET,
    VERIFY_LOGS
};

static const char *const sql[] = {
    [VERIFY_NEXT] = "SELECT id, count FROM segments WHERE id >= ? AND id < ? "
                    "ORDER BY id LIMIT 1",
    [VERIFY_HELD] = "SELECT 1 FROM verdicts WHERE id = ?",
    [VERIFY_PUT] = "INSERT OR IGNORE INTO verdicts (id, marks) VALUES (?, ?)",
    [VERIFY_GET] = "SELECT marks FROM verdicts WHERE id = ?",
    [VERIFY_LOGS] =
        "SELECT l.id, c.events, l.node FROM logs l CROSS JOIN cursors c ON "
        "c.log = l.id WHERE l.id > ? AND l.is_dir = 0 AND "
        "c.events < l.size ORDER BY l.id LIMIT 1",
};
const struct query_table verify_queries = {sql, sizeof(sql) / sizeof(sql[0])};

struct store_slice {
    int64_t place;
    uint32_t count;
    struct span leaves[BATCH_EVENTS_MAX];      /* into bytes */
    struct sign_public keys[BATCH_EVENTS_MAX]; /* where has_key */
    bool has_key[BATCH_EVENTS_MAX];
    uint8_t marks[BATCH_EVENTS_MAX];
    uint8_t bytes[];
};

/* How far each log was handed out. */
struct verify_state {
    uint64_t *next; /* by log id */
    size_t len;
    uint32_t last; /* log served last: each gets its turn */
};

int verify_new(struct store *store, struct error *err)
{
    store->verify = calloc(1, sizeof(*store->verify));
    return store->verify != NULL ? 0 : error_set(err, ERR_NOMEM, "slices");
}

void verify_free(struct store *store)
{
    if (store->verify != NULL) {
        free(store->verify->next);
        free(store->verify);
    }
}

void verify_forget(struct store *store)
{
    if (store->verify->len > 0) {
        memset(store->verify->next, 0,
               store->verify->len * sizeof(*store->verify->next));
    }
}

static int next_of(struct store *store, uint32_t log, uint64_t **next,
                   struct error *err)
{
    struct verify_state *state = store->verify;

    if (log >= state->len) {
        size_t len = ((size_t)log + 1) * 2;
        uint64_t *grown = realloc(state->next, len * sizeof(*grown));

        if (grown == NULL) {
            return error_set(err, ERR_NOMEM, "slices");
        }
        memset(grown + state->len, 0, (len - state->len) * sizeof(*grown));
        state->next = grown;
        state->len = len;
    }
    *next = &state->next[log];
    return 0;
}

int verdicts_get(struct store *store, int64_t place, uint8_t *marks,
                 uint32_t count, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_VERIFY, VERIFY_GET);
    int rc;

    bind_int(q, 1, place);
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "nobody verified this segment");
    }
    if (rc == 1) {
        rc = column_bytes(q, 0, marks, count, err);
        query_end(q);
    }
    return rc;
}

int verdicts_put(struct store *store, int64_t place, const uint8_t *marks,
                 uint32_t count, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_VERIFY, VERIFY_PUT);

    bind_int(q, 1, place);
    bind_span(q, 2, span_make(marks, count));
    return query_run(store, q, err);
}

int verify_leaf(struct store *store, const struct leaf *leaf,
                enum signature_state *signature, struct error *err)
{
    struct sign_public key;
    int rc;

    *signature = SIGNATURE_UNKNOWN;
    if (!leaf->understood) {
        return 0;
    }
    rc = store_key(store, &leaf->header.actor, &key, err);
    if (rc == 0) {
        *signature = leaf_verify(leaf, &key) ? SIGNATURE_GOOD : SIGNATURE_BAD;
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static size_t leaves_bytes(const struct segment_view *view)
{
    size_t bytes = 0;
    uint32_t i;

    for (i = 0; i < view->count; i++) {
        bytes += view->leaves[i].len;
    }
    return bytes;
}

static int fill_slice(struct store *store, const struct segment_view *view,
                      struct store_slice *slice, struct error *err)
{
    size_t used = 0;
    uint32_t i;

    slice->count = view->count;
    for (i = 0; i < view->count; i++) {
        struct leaf leaf;
        int rc;

        memcpy(slice->bytes + used, view->leaves[i].ptr, view->leaves[i].len);
        slice->leaves[i] = span_make(slice->bytes + used, view->leaves[i].len);
        used += view->leaves[i].len;
        if (leaf_scan(slice->leaves[i], &leaf, err) != 0 || !leaf.understood) {
            continue;
        }
        /* A certificate may be followed at once by what its key signed. */
        if (store->in_transaction && (rc = key_note(store, &leaf, err)) != 0) {
            return rc;
        }
        rc = store_key(store, &leaf.header.actor, &slice->keys[i], err);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            return rc;
        }
        slice->has_key[i] = rc == 0;
    }
    return 0;
}

static int make_slice(struct store *store, int64_t place,
                      struct store_slice **out, struct error *err)
{
    struct segment_view view;
    struct store_slice *slice;
    uint64_t first;
    int rc = segment_leaves(store, place_log(place), place_index(place), &first,
                            &view, err);

    if (rc != 0) {
        return rc;
    }
    slice = calloc(1, sizeof(*slice) + leaves_bytes(&view));
    if (slice == NULL) {
        return error_set(err, ERR_NOMEM, "a slice");
    }
    slice->place = place;
    if ((rc = fill_slice(store, &view, slice, err)) != 0) {
        free(slice);
        return rc;
    }
    *out = slice;
    return 0;
}

/* The next segment of that log without verdict; ERR_NOTFOUND. */
static int next_segment(struct store *store, uint32_t log, uint64_t from,
                        int64_t *place, uint64_t *until, struct error *err)
{
    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_VERIFY, VERIFY_NEXT);
        int rc;

        bind_int(q, 1, place_of(log, from));
        bind_int(q, 2, place_of(log + 1, 0));
        if ((rc = query_row(store, q, err)) != 1) {
            return rc < 0 ? rc : error_set(err, ERR_NOTFOUND, "all handed out");
        }
        *place = column_int(q, 0);
        *until = place_index(*place) + (uint64_t)column_int(q, 1);
        query_end(q);
        q = query(store, OWNER_VERIFY, VERIFY_HELD);
        bind_int(q, 1, *place);
        rc = query_row(store, q, err);
        query_end(q);
        if (rc != 1) {
            return rc;
        }
        from = *until;
    }
}

/* One log after `after` that has something to hand out: 1, else 0. */
static int slice_of_log_after(struct store *store, uint32_t *after,
                              struct store_slice **slice, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_VERIFY, VERIFY_LOGS);
    uint64_t *next = NULL, integrated, until = 0;
    int64_t place = 0;
    bool own, moving = false;
    int rc;

    bind_int(q, 1, *after);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    *after = column_u32(q, 0);
    integrated = (uint64_t)column_int(q, 1);
    own = column_u32(q, 2) == store->self;
    query_end(q);
    /* What was recorded here was verified then. */
    if (own && ((rc = spool_is_moving(store, &moving, err)) != 0 || moving)) {
        return rc != 0 ? rc : 1;
    }
    rc = next_of(store, *after, &next, err);
    if (rc != 0 || next == NULL) {
        return rc;
    }
    if (*next < integrated) {
        *next = integrated;
    }
    rc = next_segment(store, *after, *next, &place, &until, err);
    if (rc == 0 && (rc = make_slice(store, place, slice, err)) == 0) {
        *next = until;
        store->verify->last = *after;
        return 1;
    }
    return rc == ERR_NOTFOUND ? 1 : rc;
}

int store_verify_next(struct store *store, struct store_slice **slice,
                      struct error *err)
{
    uint32_t starts[] = {store->verify->last, 0};
    size_t i;

    *slice = NULL;
    for (i = 0; i < 2; i++) {
        uint32_t after = starts[i];
        int rc = 1;

        while (rc == 1 && *slice == NULL) {
            rc = slice_of_log_after(store, &after, slice, err);
        }
        if (rc < 0 || *slice != NULL) {
            return rc < 0 ? rc : 0;
        }
    }
    return 0;
}

void store_verify_run(struct store_slice *slice)
{
    uint32_t i;

    for (i = 0; i < slice->count; i++) {
        struct leaf leaf;
        struct error ignored;

        slice->marks[i] = SIGNATURE_UNKNOWN;
        if (slice->has_key[i] &&
            leaf_scan(slice->leaves[i], &leaf, &ignored) == 0) {
            slice->marks[i] = leaf_verify(&leaf, &slice->keys[i])
                                  ? SIGNATURE_GOOD
                                  : SIGNATURE_BAD;
        }
    }
}

int store_verify_done(struct store *store, struct store_slice *slice,
                      struct error *err)
{
    int rc = verdicts_put(store, slice->place, slice->marks, slice->count, err);

    store_slice_free(slice);
    return rc;
}

void store_slice_free(struct store_slice *slice)
{
    free(slice);
}

uint32_t store_slice_count(const struct store_slice *slice)
{
    return slice->count;
}
