/* store: prepared statements: bind, step, read columns. Every read ends with a
 * reset, so that no statement holds a snapshot open (libraries.md B2.5).
 * Read next: db.c for what becomes of SQLite's codes.
 */
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

sqlite3_stmt *query(struct store *store, enum query_owner owner, int which)
{
    sqlite3_stmt *q = store->statements[owner][which];

    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
    return q;
}

void bind_int(sqlite3_stmt *q, int i, int64_t value)
{
    (void)sqlite3_bind_int64(q, i, value);
}

void bind_span(sqlite3_stmt *q, int i, struct span bytes)
{
    if (bytes.len == 0) {
        (void)sqlite3_bind_zeroblob(q, i, 0);
        return;
    }
    (void)sqlite3_bind_blob64(q, i, bytes.ptr, bytes.len, SQLITE_STATIC);
}

void bind_text(sqlite3_stmt *q, int i, const char *text)
{
    (void)sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
}

int64_t column_int(sqlite3_stmt *q, int i)
{
    return sqlite3_column_int64(q, i);
}

uint32_t column_u32(sqlite3_stmt *q, int i)
{
    return (uint32_t)sqlite3_column_int64(q, i);
}

struct span column_span(sqlite3_stmt *q, int i)
{
    const void *ptr = sqlite3_column_blob(q, i);
    int len = sqlite3_column_bytes(q, i);

    return ptr == NULL || len <= 0 ? (struct span){NULL, 0}
                                   : span_make(ptr, (size_t)len);
}

int column_bytes(sqlite3_stmt *q, int i, void *out, size_t size,
                 struct error *err)
{
    struct span bytes = column_span(q, i);

    if (bytes.len != size) {
        return error_set(err, ERR_CORRUPT, "%s has %zu bytes, expected %zu",
                         sqlite3_column_name(q, i), bytes.len, size);
    }
    if (size > 0) {
        memcpy(out, bytes.ptr, size);
    }
    return 0;
}

void column_text(sqlite3_stmt *q, int i, char *text, size_t size)
{
    struct span bytes = column_span(q, i);
    size_t len = bytes.len < size - 1 ? bytes.len : size - 1;

    if (len > 0 && bytes.ptr != NULL) {
        memcpy(text, bytes.ptr, len);
    }
    text[len] = '\0';
}

int query_row(struct store *store, sqlite3_stmt *q, struct error *err)
{
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW) {
        return 1;
    }
    (void)sqlite3_reset(q);
    return rc == SQLITE_DONE ? 0 : db_error(store, rc, sqlite3_sql(q), err);
}

int query_run(struct store *store, sqlite3_stmt *q, struct error *err)
{
    int rc;

    if (!store->in_transaction) {
        return error_set(err, ERR_USAGE, "a write outside a transaction");
    }
    rc = sqlite3_step(q);
    (void)sqlite3_reset(q);
    return rc == SQLITE_DONE ? 0 : db_error(store, rc, sqlite3_sql(q), err);
}

void query_end(sqlite3_stmt *q)
{
    (void)sqlite3_reset(q);
}

int arena_keep(struct arena *arena, struct span bytes, struct span *out,
               struct error *err)
{
    *out = arena_copy(arena, bytes);
    if (out->len != bytes.len) {
        return error_set(err, ERR_LIMIT, "the answer needs more memory");
    }
    return 0;
}

int arena_grow(struct arena *arena, size_t max, struct error *err)
{
    size_t size = arena->size * 2;
    struct arena bigger;
    int rc;

    if (size > max) {
        return error_set(err, ERR_LIMIT, "more than %zu MiB of memory needed",
                         max >> 20);
    }
    rc = arena_new(&bigger, size, err);
    if (rc == 0) {
        arena_release(arena);
        *arena = bigger;
    }
    return rc;
}

int arena_shrink(struct arena *arena, size_t size, struct error *err)
{
    struct arena smaller;
    int rc = 0;

    if (arena->size > size && (rc = arena_new(&smaller, size, err)) == 0) {
        arena_release(arena);
        *arena = smaller;
    }
    return rc;
}
