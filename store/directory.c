/* store: the directory as of now: rows of directory logs in, one struct
 * directory out, and the work that a change of it makes.
 *
 * The judgement itself is protocol/record/directory's. A change is applied in
 * the transaction that brings it (revocation has no lag): standings are
 * written back, and what may read differently now is noted for integration.
 * Read next: directory_change.c, actor.c, integrate.c.
 */
#include "store/directory.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_parts.h"

enum {
    DIRECTORY_ROWS,
    DIRECTORY_SPOOLED
};

static const char *const sql[] = {
    [DIRECTORY_ROWS] =
        "SELECT e.place, e.standing, e.signature, e.leaf, l.node, l.epoch "
        "FROM logs l CROSS JOIN events e ON e.place >= (l.id << 40) AND "
        "e.place < ((l.id + 1) << 40) WHERE l.is_dir = 1",
    [DIRECTORY_SPOOLED] =
        "SELECT e.place, e.standing, e.signature, e.leaf FROM spool s "
        "CROSS JOIN events e ON e.place = s.number WHERE s.is_dir = 1",
};
const struct query_table directory_queries = {sql,
                                              sizeof(sql) / sizeof(sql[0])};

#define DIRECTORY_ARENA (1u << 20)
#define DIRECTORY_ARENA_MAX ((size_t)256 << 20)

/* A leaf and what its row says; `leaf` first: dir_event points at it. */
struct placed_leaf {
    struct leaf leaf;
    int64_t place;
    enum standing standing;
    enum signature_state signature;
};

/* One directory with the leaves it stands on, all in one arena. */
struct built {
    struct arena arena;
    struct directory directory;
    struct dir_event *events;
    size_t len;
    bool valid;
};

struct directory_cache {
    struct built built[2]; /* the one in force, and the one before */
    size_t current;
    uint64_t serial;
};

int directory_new(struct store *store, struct error *err)
{
    struct directory_cache *cache = calloc(1, sizeof(*cache));

    store->directory = cache;
    if (cache == NULL) {
        return error_set(err, ERR_NOMEM, "directory");
    }
    cache->serial = 1;
    return arena_new(&cache->built[0].arena, DIRECTORY_ARENA, err) != 0
               ? err->code
               : arena_new(&cache->built[1].arena, DIRECTORY_ARENA, err);
}

void directory_free(struct store *store)
{
    struct directory_cache *cache = store->directory;

    if (cache != NULL) {
        arena_release(&cache->built[0].arena);
        arena_release(&cache->built[1].arena);
        free(cache);
    }
}

void directory_forget(struct store *store)
{
    store->directory->built[0].valid = false;
    store->directory->built[1].valid = false;
    store->directory->serial++;
}

uint64_t store_directory_serial(const struct store *store)
{
    return store->directory->serial;
}

/* ---- rows ---- */

struct loading {
    struct built *built;
    const struct store_known *known;
    size_t size;
    bool fresh;                      /* take no signature from the rows */
    const struct dir_event **before; /* of the build before, by id; borrows */
    size_t before_len;
};

static int compare_event(const void *a, const void *b)
{
    const struct dir_event *const *x = a;
    const struct dir_event *const *y = b;

    return event_id_compare(&(*x)->leaf->id, &(*y)->leaf->id);
}

/* Checking the keys of a certificate costs more than the rest of a build: a
 * leaf that was read in the build before reads the same. 0: it was not. */
static uint32_t reading_before(const struct loading *loading,
                               const struct leaf *leaf)
{
    const struct dir_event wanted = {.leaf = leaf};
    const struct dir_event *key = &wanted;
    const struct dir_event **found =
        loading->before_len == 0
            ? NULL
            : bsearch(&key, loading->before, loading->before_len,
                      sizeof(const struct dir_event *), compare_event);

    return found != NULL && span_equal((*found)->leaf->bytes, leaf->bytes)
               ? (*found)->reading
               : 0;
}

/* Without memory for it everything is read anew. */
static void before_list(struct loading *loading, const struct built *before)
{
    if (!before->valid || before->len == 0) {
        return;
    }
    loading->before = malloc(before->len * sizeof(const struct dir_event *));
    if (loading->before == NULL) {
        return;
    }
    for (size_t i = 0; i < before->len; i++) {
        loading->before[i] = &before->events[i];
    }
    loading->before_len = before->len;
    qsort(loading->before, loading->before_len,
          sizeof(const struct dir_event *), compare_event);
}

static bool place_known(const struct store_known *known, int64_t place)
{
    size_t i;

    if (known == NULL || !known->limited) {
        return true;
    }
    for (i = 0; i < known->heads_len; i++) {
        if (known->heads[i].log == place_log(place)) {
            return place_index(place) < known->heads[i].size;
        }
    }
    return false;
}

static int load_row(struct loading *loading, sqlite3_stmt *q, uint32_t issuer,
                    uint32_t epoch, struct error *err)
{
    struct built *built = loading->built;
    int64_t place = column_int(q, 0);
    struct placed_leaf *placed;
    struct span bytes;
    int rc;

    if (!place_known(loading->known, place)) {
        return 0;
    }
    if (built->len == loading->size) {
        return error_set(err, ERR_LIMIT, "more directory events than counted");
    }
    placed = arena_alloc(&built->arena, sizeof(*placed));
    if (placed == NULL) {
        return error_set(err, ERR_LIMIT, "directory");
    }
    if ((rc = arena_keep(&built->arena, column_span(q, 3), &bytes, err)) != 0) {
        return rc;
    }
    placed->place = place;
    placed->standing = (enum standing)column_int(q, 1);
    placed->signature = (enum signature_state)column_int(q, 2);
    if (leaf_parse(bytes, &placed->leaf, err) != 0) {
        return 0; /* no leaf at all: it certifies nothing */
    }
    built->events[built->len] = (struct dir_event){
        .leaf = &placed->leaf,
        .issuer = issuer,
        .epoch = epoch,
        .position = place_index(place),
        .signature = loading->fresh ? SIGNATURE_UNKNOWN : placed->signature,
        .reading = reading_before(loading, &placed->leaf),
    };
    built->len++;
    return 0;
}

static int load_all(struct store *store, struct loading *loading,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_DIRECTORY, DIRECTORY_ROWS);
    int rc;

    while ((rc = query_row(store, q, err)) == 1) {
        rc = load_row(loading, q, column_u32(q, 4), column_u32(q, 5), err);
        if (rc != 0) {
            query_end(q);
            return rc;
        }
    }
    if (rc != 0 || (loading->known != NULL && loading->known->limited)) {
        return rc;
    }
    q = query(store, OWNER_DIRECTORY, DIRECTORY_SPOOLED);
    while ((rc = query_row(store, q, err)) == 1) {
        rc = load_row(loading, q, store->self, DIR_SPOOLED, err);
        if (rc != 0) {
            query_end(q);
            return rc;
        }
    }
    return rc;
}

static int count_rows(struct store *store, size_t *len, struct error *err)
{
    static const int queries[] = {DIRECTORY_ROWS, DIRECTORY_SPOOLED};
    size_t i;

    *len = 0;
    for (i = 0; i < 2; i++) {
        sqlite3_stmt *q = query(store, OWNER_DIRECTORY, queries[i]);
        int rc;

        while ((rc = query_row(store, q, err)) == 1) {
            (*len)++;
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int root_key(struct store *store, struct sign_public *root,
                    bool *has_root, struct error *err)
{
    size_t mark = store->scratch.used;
    struct span value;
    int rc =
        store_meta_get(store, STORE_META_ROOT, &store->scratch, &value, err);

    *has_root = rc == 0 && value.len == sizeof(root->bytes);
    if (*has_root) {
        memcpy(root->bytes, value.ptr, value.len);
    }
    arena_rewind(&store->scratch, mark);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int build_from(struct store *store, struct loading *loading,
                      struct error *err)
{
    struct built *built = loading->built;
    size_t size = loading->size;
    struct sign_public root;
    bool has_root = false;
    int rc;

    arena_reset(&built->arena);
    memset(&built->directory, 0, sizeof(built->directory));
    built->len = 0;
    built->events =
        arena_array(&built->arena, size + 1, sizeof(*built->events));
    if (built->events == NULL) {
        return error_set(err, ERR_LIMIT, "directory");
    }
    if ((rc = root_key(store, &root, &has_root, err)) != 0 ||
        (rc = load_all(store, loading, err)) != 0 || !has_root) {
        return rc;
    }
    rc = directory_build(&root, built->events, built->len, &built->arena,
                         &built->directory, err);
    return rc == ERR_NOMEM ? error_set(err, ERR_LIMIT, "directory") : rc;
}

static int build_once(struct store *store, const struct store_known *known,
                      size_t size, struct built *built, struct error *err)
{
    struct loading loading = {.built = built, .known = known, .size = size};

    return build_from(store, &loading, err);
}

static int build(struct store *store, struct built *built, struct error *err)
{
    struct directory_cache *cache = store->directory;
    struct loading loading = {.built = built};
    int rc = count_rows(store, &loading.size, err);

    built->valid = false;
    before_list(&loading, &cache->built[built == &cache->built[0]]);
    while (rc == 0 && (rc = build_from(store, &loading, err)) == ERR_LIMIT) {
        rc = arena_grow(&built->arena, DIRECTORY_ARENA_MAX, err);
    }
    free(loading.before);
    built->valid = rc == 0;
    return rc;
}

int store_directory(struct store *store, const struct directory **dir,
                    struct error *err)
{
    struct directory_cache *cache = store->directory;
    struct built *built = &cache->built[cache->current];
    int rc = built->valid ? 0 : build(store, built, err);

    if (rc == 0) {
        *dir = &built->directory;
    }
    return rc;
}

int directory_known(struct store *store, const struct store_known *known,
                    struct arena *arena, struct directory *out,
                    struct error *err)
{
    struct built built = {.arena = *arena};
    size_t size;
    int rc = count_rows(store, &size, err);

    if (rc == 0) {
        rc = build_once(store, known, size, &built, err);
        *out = built.directory;
        *arena = built.arena;
    }
    return rc;
}

static int compare_fresh(const struct built *built,
                         int (*differs)(void *, int64_t place), void *data)
{
    size_t i;
    int rc = 0;

    for (i = 0; rc == 0 && i < built->len; i++) {
        const struct dir_event *event = &built->events[i];
        const struct placed_leaf *placed =
            (const struct placed_leaf *)event->leaf;

        /* An earlier build may have looked at a signature that this one had
         * no reason to look at. */
        if (placed->standing != event->standing ||
            (event->signature != SIGNATURE_UNKNOWN &&
             placed->signature != event->signature)) {
            rc = differs(data, placed->place);
        }
    }
    return rc;
}

int directory_fresh(struct store *store, int (*differs)(void *, int64_t place),
                    void *data, struct error *err)
{
    struct built built = {0};
    struct loading loading = {.built = &built, .fresh = true};
    int rc = arena_new(&built.arena, DIRECTORY_ARENA, err);

    rc = rc != 0 ? rc : count_rows(store, &loading.size, err);
    while (rc == 0 && (rc = build_from(store, &loading, err)) == ERR_LIMIT) {
        rc = arena_grow(&built.arena, DIRECTORY_ARENA_MAX, err);
    }
    rc = rc != 0 ? rc : compare_fresh(&built, differs, data);
    arena_release(&built.arena);
    return rc;
}

/* ---- change ---- */

static int write_standings(struct store *store, const struct built *built,
                           struct error *err)
{
    size_t i;

    for (i = 0; i < built->len; i++) {
        const struct dir_event *event = &built->events[i];
        const struct placed_leaf *placed =
            (const struct placed_leaf *)event->leaf;
        int rc = 0;

        if (placed->standing != event->standing ||
            placed->signature != event->signature) {
            rc =
                event_judge_put(store, placed->place,
                                (struct judgement){.standing = event->standing},
                                event->signature, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int directory_add(struct store *store, int64_t place, struct span bytes,
                  struct error *err)
{
    struct event_row row = {.place = place, .leaf = bytes};
    const struct directory *dir;
    struct leaf leaf;
    int rc = store_directory(store, &dir, err); /* as it was before */

    if (rc != 0) {
        return rc;
    }
    row.standing = STANDING_NOT_UNDERSTOOD;
    if (leaf_parse(bytes, &leaf, err) == 0) {
        row.event = leaf.id;
        row.subject = leaf.id;
        row.signature = SIGNATURE_UNKNOWN;
    }
    return event_put(store, &row, err);
}

int directory_settle(struct store *store, struct error *err)
{
    struct directory_cache *cache = store->directory;
    struct built *before = &cache->built[cache->current];
    struct built *after = &cache->built[1 - cache->current];
    int64_t day;
    int rc = meta_int(store, META_DAY, &day, err);

    if (rc != 0 || (!before->valid && (rc = build(store, before, err)) != 0) ||
        (rc = build(store, after, err)) != 0) {
        return rc;
    }
    cache->current = 1 - cache->current;
    cache->serial++;
    actor_forget(store);
    heard_forget(store);
    if ((rc = write_standings(store, after, err)) != 0 ||
        (rc = directory_changed(store, &before->directory, &after->directory,
                                (uint32_t)day, err)) != 0 ||
        (rc = work_rejudge(store, 0, err)) != 0) {
        return rc;
    }
    return work_every_unit(store, err);
}
