/* store: bodies of an event, wherever they lie: spool, segment, delivery.
 *
 * Found by place and slot; ciphertext stays ciphertext. Read next: search.c.
 */
#include <string.h>

#include "store/query.h"
#include "store/store_parts.h"

enum {
    BODY_SPOOLED,
    BODY_DELIVERED,
    BODY_STAGED,
    BODY_PLACES
};

static const char *const sql[] = {
    [BODY_SPOOLED] = "SELECT bodies FROM spool WHERE number = ?",
    [BODY_DELIVERED] = "SELECT bodies FROM delivered WHERE place = ?",
    [BODY_STAGED] = "SELECT bodies FROM staged WHERE number = ?",
    [BODY_PLACES] = ("SELECT place FROM events WHERE event = ? "
                     "ORDER BY standing, place"),
};
const struct query_table body_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static int each_of_list(struct span list, body_fn visit, void *data,
                        struct error *err)
{
    while (list.len > 0) {
        struct body body;
        int rc = body_take(&list, &body, err);

        if (rc != 0) {
            return error_set(err, ERR_CORRUPT, "a damaged list of bodies");
        }
        body.index = 0;
        if ((rc = visit(data, &body)) != 0) {
            return rc;
        }
    }
    return 0;
}

/* The list of one row, copied so that the visitor may ask anything. */
static int each_of_row(struct store *store, int which, int64_t key,
                       body_fn visit, void *data, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BODY, which);
    struct span list;
    int rc;

    bind_int(q, 1, key);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    arena_reset(&store->leaves);
    rc = arena_keep(&store->leaves, column_span(q, 0), &list, err);
    query_end(q);
    return rc != 0 ? rc : each_of_list(list, visit, data, err);
}

int body_each(struct store *store, int64_t place, body_fn visit, void *data,
              struct error *err)
{
    uint32_t log = place_log(place);
    struct segment_view view;
    uint64_t first;
    size_t i;
    int rc;

    if (log == 0) {
        return each_of_row(store, BODY_SPOOLED, (int64_t)place_index(place),
                           visit, data, err);
    }
    if (place_index(place) >= STAGED_FIRST) {
        return each_of_row(store, BODY_STAGED,
                           (int64_t)(place_index(place) - STAGED_FIRST), visit,
                           data, err);
    }
    rc = segment_leaves(store, log, place_index(place), &first, &view, err);
    if (rc == ERR_NOTFOUND) {
        return each_of_row(store, BODY_DELIVERED, place, visit, data, err);
    }
    for (i = 0; rc == 0 && i < view.bodies_len; i++) {
        struct body body = view.bodies[i];

        if (first + body.index == place_index(place)) {
            body.index = 0;
            rc = visit(data, &body);
        }
    }
    return rc;
}

struct wanted {
    uint32_t audience;
    struct arena *arena;
    struct body *body;
    bool found;
    struct error *err;
};

static int keep_wanted(void *data, const struct body *body)
{
    struct wanted *wanted = data;
    struct span wraps =
        span_make(body->wraps, body->wraps_len * sizeof(struct wrap));
    struct span kept;
    int rc;

    if (body->slot != wanted->audience || wanted->found) {
        return 0;
    }
    *wanted->body = *body;
    if ((rc = arena_keep(wanted->arena, body->bytes, &wanted->body->bytes,
                         wanted->err)) != 0 ||
        (rc = arena_keep(wanted->arena, wraps, &kept, wanted->err)) != 0) {
        return rc;
    }
    wanted->body->wraps = (const struct wrap *)kept.ptr;
    wanted->found = true;
    return 0;
}

int store_body_find(struct store *store, const struct event_id *id,
                    uint32_t audience, struct arena *arena, struct body *body,
                    struct error *err)
{
    struct wanted wanted = {
        .audience = audience, .arena = arena, .body = body, .err = err};
    sqlite3_stmt *q = query(store, OWNER_BODY, BODY_PLACES);
    int rc;

    bind_span(q, 1, SPAN_OF(*id));
    while (!wanted.found && (rc = query_row(store, q, err)) == 1) {
        if ((rc = body_each(store, column_int(q, 0), keep_wanted, &wanted,
                            err)) != 0) {
            query_end(q);
            return rc;
        }
    }
    query_end(q);
    if (!wanted.found) {
        return rc < 0
                   ? rc
                   : error_set(err, ERR_NOTFOUND, "that body is not held here");
    }
    return 0;
}
