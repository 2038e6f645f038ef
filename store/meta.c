/* store: named values of the node, and which node it is.
 * Must never hold what can be derived. Read next: book.c.
 */
#include "store/store_parts.h"

#include "protocol/base/buf.h"

enum {
    META_PUT,
    META_GET
};

static const char *const sql[] = {
    [META_PUT] = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT "
                 "(name) DO UPDATE SET value = excluded.value",
    [META_GET] = "SELECT value FROM meta WHERE name = ?",
};
const struct query_table meta_queries = {sql, sizeof(sql) / sizeof(sql[0])};

int store_meta_put(struct store *store, const char *name, struct span value,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_META, META_PUT);

    bind_text(q, 1, name);
    bind_span(q, 2, value);
    return query_run(store, q, err);
}

int store_meta_get(struct store *store, const char *name, struct arena *arena,
                   struct span *value, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_META, META_GET);
    int rc;

    bind_text(q, 1, name);
    rc = query_row(store, q, err);
    if (rc == 0) {
        return error_set(err, ERR_NOTFOUND, "%s is not set", name);
    }
    if (rc == 1) {
        rc = arena_keep(arena, column_span(q, 0), value, err);
        query_end(q);
    }
    return rc;
}

int meta_int(struct store *store, const char *name, int64_t *value,
             struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_META, META_GET);
    uint8_t bytes[8];
    int rc;

    bind_text(q, 1, name);
    *value = 0;
    if ((rc = query_row(store, q, err)) == 1) {
        rc = column_bytes(q, 0, bytes, sizeof(bytes), err);
        query_end(q);
        *value = rc == 0 ? (int64_t)read_u64(bytes) : 0;
    }
    return rc;
}

int meta_int_put(struct store *store, const char *name, int64_t value,
                 struct error *err)
{
    uint8_t bytes[8];
    struct buf out = buf_over(bytes, sizeof(bytes));

    buf_put_u64(&out, (uint64_t)value);
    return store_meta_put(store, name, buf_span(&out), err);
}

uint32_t store_self(const struct store *store)
{
    return store->self;
}

int self_load(struct store *store, struct error *err)
{
    int64_t value = 0;
    int rc = meta_int(store, "self", &value, err);

    if (rc == 0) {
        store->self = (uint32_t)value;
    }
    return rc;
}

int store_self_set(struct store *store, uint32_t node, struct error *err)
{
    int rc;

    if (store->self == node) {
        return 0;
    }
    if (store->self != 0) {
        return error_set(err, ERR_CONFLICT, "this is the store of node %u",
                         store->self);
    }
    if ((rc = meta_int_put(store, "self", node, err)) == 0) {
        store->self = node;
    }
    return rc;
}

int store_self_change(struct store *store, uint32_t node, struct error *err)
{
    int rc = meta_int_put(store, "self", node, err);

    if (rc == 0) {
        store->self = node;
    }
    return rc;
}
