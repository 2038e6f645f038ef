/* store: private bodies from before this node became a log's guard, and those
 * of its own log that did not come back with it: they are wanted, too.
 *
 * A new guard holds the leaves and texts of what the one before it guarded; the
 * ciphertexts went to that one only. Reads a segment at a time. Must never
 * name a body that an erasure took away. Read next: wanted.c, node/bodies.c.
 */
#include "store/directory.h"
#include "store/erase.h"
#include "store/store_parts.h"
#include "store/wanted.h"

enum {
    GUARD_SEGMENT
};

static const char *const sql[] = {
    [GUARD_SEGMENT] = "SELECT id FROM segments WHERE id >= ?1 AND id < ?2 AND "
                      "(?3 = 0 OR length(absent) > 0) ORDER BY id LIMIT 1",
};
const struct query_table guard_queries = {sql, sizeof(sql) / sizeof(sql[0])};

bool store_guards_from(const struct directory *dir, uint32_t guard,
                       const struct store_log *log, uint64_t *from)
{
    const struct dir_node *node = directory_node(dir, log->node);
    bool is_guard = false;

    *from = 0;
    for (size_t i = 0; node != NULL && i < node->certs_len; i++) {
        const struct dir_cert *cert = node->certs[i];
        bool names_it = cert->guard == guard && guard != 0;

        if (!log->is_dir && cert->epoch != log->epoch) {
            continue;
        }
        if (names_it && !is_guard) {
            *from = log->is_dir ? cert->dir_guard_from : cert->guard_from;
        }
        is_guard = names_it;
    }
    return is_guard;
}

/* Up to which leaf bodies may be lacking that are due here now. */
static uint64_t lacking_until(const struct store *store,
                              const struct directory *dir,
                              const struct store_log *log)
{
    const struct dir_cert *cert = directory_cert(dir, log->node);
    uint64_t from;

    if (log->is_dir || !log->mirrored) {
        return 0;
    }
    if (log->node == store->self) {
        return log->head.size;
    }
    if (cert == NULL || cert->guard != store->self) {
        return 0;
    }
    return store_guards_from(dir, store->self, log, &from) ? from
                                                           : log->head.size;
}

static bool is_here(const struct segment_view *view, uint32_t index)
{
    for (size_t i = 0; i < view->bodies_len; i++) {
        if (view->bodies[i].index == index &&
            view->bodies[i].slot == AUDIENCE_OF_PRIVATE) {
            return true;
        }
    }
    return false;
}

static int lacking_of(struct store *store, const struct segment_view *view,
                      struct event_id *events, size_t *len, struct error *err)
{
    for (uint32_t i = 0; i < view->count; i++) {
        struct store_erasure erasure = {.acts = false};
        struct error ignored;
        struct leaf leaf;
        int rc;

        if (leaf_parse(view->leaves[i], &leaf, &ignored) != 0 ||
            !leaf.understood ||
            header_body(&leaf.header, AUDIENCE_OF_PRIVATE) == NULL ||
            is_here(view, i)) {
            continue;
        }
        rc = store_erasure_find(store, &leaf.id, AUDIENCE_OF_PRIVATE, &erasure,
                                &ignored);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            return error_set(err, (enum err)rc, "%s", ignored.text);
        }
        if (!erasure.acts) {
            events[(*len)++] = leaf.id;
        }
    }
    return 0;
}

int store_wanted_lacking(struct store *store, uint32_t log_id, uint64_t *at,
                         struct event_id *events, size_t *len,
                         struct error *err)
{
    const struct directory *dir;
    struct segment_view view;
    struct store_log log;
    sqlite3_stmt *q;
    uint64_t until, first;
    int rc = store_log_get(store, log_id, &log, err);

    *len = 0;
    rc = rc != 0 ? rc : store_directory(store, &dir, err);
    if (rc != 0) {
        return rc;
    }
    until = lacking_until(store, dir, &log);
    q = query(store, OWNER_GUARD, GUARD_SEGMENT);
    bind_int(q, 1, place_of(log_id, *at));
    bind_int(q, 2, place_of(log_id, until));
    bind_int(q, 3, log.node == store->self);
    if (*at >= until || (rc = query_row(store, q, err)) != 1) {
        *at = UINT64_MAX;
        return rc < 0 ? rc : 0;
    }
    first = place_index(column_int(q, 0));
    query_end(q);
    rc = segment_leaves(store, log_id, first, &first, &view, err);
    if (rc == 0) {
        *at = first + view.count;
        rc = lacking_of(store, &view, events, len, err);
    }
    return rc;
}
