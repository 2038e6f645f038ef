/* store: the directory as of now: rows of directory logs in, one struct
 * directory out, and the work that a change of it makes.
 *
 * The judgement itself is protocol/record/directory's. A change is applied in
 * the transaction that brings it (revocation has no lag): standings are
 * written back, and what may read differently now is noted for integration.
 * Read next: actor.c, integrate.c.
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
    bool fresh; /* take no signature from the rows */
};

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
        rc = load_row(loading, q, store->self, UINT32_MAX, err);
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

static int build(struct store *store, const struct store_known *known,
                 struct built *built, struct error *err)
{
    size_t size;
    int rc = count_rows(store, &size, err);

    built->valid = false;
    while (rc == 0 &&
           (rc = build_once(store, known, size, built, err)) == ERR_LIMIT) {
        rc = arena_grow(&built->arena, DIRECTORY_ARENA_MAX, err);
    }
    built->valid = rc == 0;
    return rc;
}

int store_directory(struct store *store, const struct directory **dir,
                    struct error *err)
{
    struct directory_cache *cache = store->directory;
    struct built *built = &cache->built[cache->current];
    int rc = built->valid ? 0 : build(store, NULL, built, err);

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

/* Everything that a change of this unit's place in the hierarchy may touch. */
static int unit_changed(struct store *store, const struct directory *before,
                        const struct directory *after, uint32_t unit,
                        uint32_t day, struct error *err)
{
    size_t i;

    for (i = 0; i < after->units_len; i++) {
        uint32_t other = after->units[i].number;
        int rc;

        if (other == unit || directory_is_above(before, unit, other, day) ||
            directory_is_above(after, unit, other, day) ||
            directory_is_above(after, unit, other, LAST_DAY)) {
            if ((rc = work_records_of(store, other, err)) != 0) {
                return rc;
            }
        }
    }
    return 0;
}

/* Days and places alone: names are read when they are shown. */
static bool same_unit(const struct dir_unit *a, const struct dir_unit *b)
{
    size_t i;

    if (a->versions_len != b->versions_len) {
        return false;
    }
    for (i = 0; i < a->versions_len; i++) {
        const struct unit_facts *x = &a->versions[i].facts;
        const struct unit_facts *y = &b->versions[i].facts;

        if (a->versions[i].from_day != b->versions[i].from_day ||
            x->kind != y->kind || x->level != y->level ||
            x->territory != y->territory || x->host != y->host ||
            x->reports_to != y->reports_to || x->open != y->open) {
            return false;
        }
    }
    return true;
}

static int compare_units(struct store *store, const struct directory *before,
                         const struct directory *after, uint32_t day,
                         struct error *err)
{
    size_t i;

    for (i = 0; i < after->units_len; i++) {
        const struct dir_unit *unit = &after->units[i];
        const struct dir_unit *old = directory_unit(before, unit->number);
        int rc;

        if (old == NULL || !same_unit(old, unit)) {
            rc = unit_changed(store, before, after, unit->number, day, err);
            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

/* A unit that nobody registers any more (its certificate fell): its cells go
 * with it. */
static int units_vanished(struct store *store, const struct directory *before,
                          const struct directory *after, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < before->units_len; i++) {
        uint32_t unit = before->units[i].number;

        if (directory_unit(after, unit) == NULL) {
            rc = work_records_of(store, unit, err);
            rc = rc != 0 ? rc : work_unit(store, unit, err);
        }
    }
    return rc;
}

/* Transfers that stand in one directory and not in the other. */
static int custody_changed(struct store *store, const struct directory *one,
                           const struct directory *other, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < one->custody_len; i++) {
        const struct dir_custody *row = &one->custody[i];

        if (directory_custody(other, &row->event) == NULL) {
            rc = work_records_of(store, row->from, err);
            rc = rc != 0 ? rc : work_records_of(store, row->to, err);
        }
    }
    return rc;
}

/* Another child is on the way to those nodes now: what their units are party
 * of is owed to it. */
static int nodes_moved(struct store *store, const struct directory *before,
                       const struct directory *after, uint32_t day,
                       struct error *err)
{
    int rc = 0;

    for (size_t i = 0; i < after->nodes_len; i++) {
        const struct dir_node *node = &after->nodes[i];
        const struct dir_node *old = directory_node(before, node->number);

        if (old == NULL || old->parent == node->parent) {
            continue;
        }
        for (size_t k = 0; rc == 0 && k < after->units_len; k++) {
            struct unit_facts facts;

            if (directory_unit_at(after, after->units[k].number, day, &facts) &&
                facts.host != 0 &&
                directory_node_within(after, facts.host, node->number)) {
                rc = work_records_of(store, facts.number, err);
            }
        }
    }
    return rc;
}

struct recertified {
    struct store *store;
    const struct directory *before;
    const struct directory *after;
    struct error *err;
};

static bool same_certificates(const struct dir_node *a,
                              const struct dir_node *b)
{
    size_t i;

    if (a == NULL || b == NULL || a->certs_len != b->certs_len) {
        return a == b;
    }
    for (i = 0; i < a->certs_len; i++) {
        if (!event_id_equal(&a->certs[i]->event, &b->certs[i]->event)) {
            return false;
        }
    }
    return true;
}

static bool same_bar(const struct dir_bar *a, const struct dir_bar *b)
{
    return event_id_equal(&a->event, &b->event);
}

/* Every bar of that node in one directory stands in the other. */
static bool bars_within(const struct directory *one,
                        const struct directory *other, uint32_t node)
{
    for (size_t i = 0; i < one->bars_len; i++) {
        bool found = one->bars[i].node != node;

        for (size_t k = 0; !found && k < other->bars_len; k++) {
            found = same_bar(&one->bars[i], &other->bars[k]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Keys barred, or the log's end told or taken back. */
static bool same_limits(const struct directory *a, const struct directory *b,
                        const struct store_log *log)
{
    const struct dir_end *x =
        directory_end(a, log->node, log->is_dir, log->epoch);
    const struct dir_end *y =
        directory_end(b, log->node, log->is_dir, log->epoch);

    if ((x == NULL) != (y == NULL) ||
        (x != NULL && !event_id_equal(&x->event, &y->event))) {
        return false;
    }
    return bars_within(a, b, log->node) && bars_within(b, a, log->node);
}

/* A log whose node has other certificates: judge its events again. */
static int log_recertified(void *data, const struct store_log *log)
{
    struct recertified *r = data;
    const struct dir_node *now = directory_node(r->after, log->node);
    const struct dir_node *old = directory_node(r->before, log->node);

    if (log->is_dir || ((same_certificates(now, old) || log->integrated == 0) &&
                        same_limits(r->before, r->after, log))) {
        return 0;
    }
    return work_rejudge(r->store, log->id, r->err);
}

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
    struct recertified recertified = {store, &before->directory,
                                      &after->directory, err};
    int64_t day;
    int rc = meta_int(store, META_DAY, &day, err);

    if (rc != 0 ||
        (!before->valid && (rc = build(store, NULL, before, err)) != 0) ||
        (rc = build(store, NULL, after, err)) != 0) {
        return rc;
    }
    cache->current = 1 - cache->current;
    cache->serial++;
    actor_forget(store);
    heard_forget(store);
    if ((rc = write_standings(store, after, err)) != 0 ||
        (rc = compare_units(store, &before->directory, &after->directory,
                            (uint32_t)day, err)) != 0 ||
        (rc = units_vanished(store, &before->directory, &after->directory,
                             err)) != 0 ||
        (rc = custody_changed(store, &before->directory, &after->directory,
                              err)) != 0 ||
        (rc = custody_changed(store, &after->directory, &before->directory,
                              err)) != 0 ||
        (rc = nodes_moved(store, &before->directory, &after->directory,
                          (uint32_t)day, err)) != 0 ||
        (rc = store_log_each(store, log_recertified, &recertified, err)) != 0 ||
        (rc = work_rejudge(store, 0, err)) != 0) {
        return rc;
    }
    return work_every_unit(store, err);
}
