/* store: which files events name, and which of them are here.
 *
 * Derived: folds name them; whether one is here is noted when it came whole.
 * Must never open a file (attachment_file.c does). Read next:
 * attachment_file.c.
 */
#include "store/attachment.h"

#include "store/store_parts.h"

enum {
    ATTACHMENT_ADD,
    ATTACHMENT_FIND,
    ATTACHMENT_MISSING,
    ATTACHMENT_LOGGED,
    ATTACHMENT_SET,
    ATTACHMENT_HELD,
    ATTACHMENT_GONE,
    ATTACHMENT_SUM,
    ATTACHMENT_NEXT_HELD,
    ATTACHMENT_BY_NODE
};

#define COLUMNS                                                                \
    "SELECT number, file, node, state, size, sealed FROM attachments "

static const char *const sql[] = {
    [ATTACHMENT_ADD] = "INSERT OR IGNORE INTO attachments (file, node) "
                       "VALUES (?, ?)",
    [ATTACHMENT_FIND] = COLUMNS "WHERE file = ?",
    [ATTACHMENT_MISSING] = COLUMNS "WHERE state = 0 AND number > ? "
                                   "ORDER BY number LIMIT ?",
    /* The spool is log 0. */
    [ATTACHMENT_LOGGED] =
        "SELECT EXISTS (SELECT 1 FROM attachment_refs r CROSS JOIN events e "
        "ON e.event = r.event WHERE r.file = ? AND e.place >= 1 << 40)",
    [ATTACHMENT_SET] = "UPDATE attachments SET state = ?, size = 0 "
                       "WHERE file = ? AND state < 3",
    [ATTACHMENT_HELD] = "UPDATE attachments SET sealed = ?, size = ?, state = "
                        "CASE WHEN state < 3 THEN 1 ELSE 3 END WHERE file = ?",
    [ATTACHMENT_GONE] = "UPDATE attachments SET state = 4, size = 0 "
                        "WHERE file = ? AND state = 3",
    [ATTACHMENT_SUM] = "SELECT state, count(*), sum(size) FROM attachments "
                       "GROUP BY state",
    [ATTACHMENT_NEXT_HELD] = COLUMNS "WHERE state = 1 AND number > ? "
                                     "ORDER BY number LIMIT 1",
    [ATTACHMENT_BY_NODE] = "SELECT node, sum(size) FROM attachments "
                           "WHERE state = 1 GROUP BY node",
};
const struct query_table attachment_queries = {sql,
                                               sizeof(sql) / sizeof(sql[0])};

int attachment_add(struct store *store, const struct store_attachment_ref *ref,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_ADD);
    int rc;

    bind_span(q, 1, SPAN_OF(ref->file));
    bind_int(q, 2, ref->node);
    rc = query_run(store, q, err);
    store->attachments_named += sqlite3_changes(store->db) == 1;
    return rc;
}

uint64_t store_attachment_named(const struct store *store)
{
    return store->attachments_named;
}

uint64_t store_attachment_back(const struct store *store)
{
    return store->attachments_back;
}

static int row_read(sqlite3_stmt *q, struct store_attachment *out,
                    struct error *err)
{
    out->row = column_int(q, 0);
    out->node = column_u32(q, 2);
    out->state = (enum store_attachment_state)column_int(q, 3);
    out->size = (uint64_t)column_int(q, 4);
    out->sealed = column_int(q, 5) != 0;
    return column_bytes(q, 1, &out->file, sizeof(out->file), err);
}

int store_attachment_find(struct store *store, const struct hash *file,
                          struct store_attachment *out, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_FIND);
    int rc;

    bind_span(q, 1, SPAN_OF(*file));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc
                      : error_set(err, ERR_NOTFOUND,
                                  "no event held here names that file");
    }
    rc = row_read(q, out, err);
    query_end(q);
    return rc;
}

int store_attachment_missing(struct store *store, int64_t after,
                             struct store_attachment *list, size_t max,
                             size_t *len, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_MISSING);
    int rc = 0;

    *len = 0;
    bind_int(q, 1, after);
    bind_int(q, 2, (int64_t)max);
    while (*len < max && (rc = query_row(store, q, err)) == 1) {
        if ((rc = row_read(q, &list[*len], err)) != 0) {
            break;
        }
        (*len)++;
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

int store_attachment_logged(struct store *store, const struct hash *file,
                            bool *logged, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_LOGGED);
    int rc;

    bind_span(q, 1, SPAN_OF(*file));
    rc = query_row(store, q, err);
    *logged = rc == 1 && column_int(q, 0) != 0;
    query_end(q);
    return rc < 0 ? rc : 0;
}

int store_attachment_set(struct store *store, const struct hash *file,
                         enum store_attachment_state state, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_SET);

    bind_int(q, 1, state);
    bind_span(q, 2, SPAN_OF(*file));
    return query_run(store, q, err);
}

int store_attachment_held(struct store *store, const struct hash *file,
                          uint64_t size, bool sealed, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_HELD);
    int rc;

    bind_int(q, 1, sealed);
    bind_int(q, 2, (int64_t)size);
    bind_span(q, 3, SPAN_OF(*file));
    rc = query_run(store, q, err);
    return rc != 0 ? rc : attachment_settle(store, file, err);
}

int store_attachment_gone(struct store *store, const struct hash *file,
                          struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_GONE);

    bind_span(q, 1, SPAN_OF(*file));
    return query_run(store, q, err);
}

int store_attachment_sum(struct store *store, struct store_attachment_sum *out,
                         struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_SUM);
    int rc;

    *out = (struct store_attachment_sum){.held = 0};
    while ((rc = query_row(store, q, err)) == 1) {
        uint64_t count = (uint64_t)column_int(q, 1);

        if (column_int(q, 0) == STORE_ATTACHMENT_HELD) {
            out->held = count;
            out->bytes = (uint64_t)column_int(q, 2);
        } else if (column_int(q, 0) == STORE_ATTACHMENT_REFUSED) {
            out->refused = count;
        } else if (column_int(q, 0) == STORE_ATTACHMENT_MISSING) {
            out->missing = count;
        }
    }
    return rc;
}

int store_attachment_next_held(struct store *store, int64_t after,
                               struct store_attachment *out, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_NEXT_HELD);
    int rc;

    bind_int(q, 1, after);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc != 0
                   ? rc
                   : error_set(err, ERR_NOTFOUND, "that file is not held here");
    }
    rc = row_read(q, out, err);
    query_end(q);
    return rc;
}

int store_attachment_by_node(struct store *store, store_bytes_fn visit,
                             void *data, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ATTACHMENT, ATTACHMENT_BY_NODE);
    int rc;

    while ((rc = query_row(store, q, err)) == 1) {
        visit(data, column_u32(q, 0), (uint64_t)column_int(q, 1));
    }
    query_end(q);
    return rc;
}
