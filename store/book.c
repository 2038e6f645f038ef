/* store: the node's own notes: tokens, peers, and named values by kind.
 * Values are opaque here. Must never hold an event. Read next: store/book.h.
 */
#include "store/book.h"

#include <string.h>

#include "store/store_parts.h"

enum {
    TOKEN_PUT,
    TOKEN_GET,
    PEER_PUT,
    PEER_GET,
    PEER_LIST,
    PEER_REFUSE,
    BOOK_PUT,
    BOOK_GET,
    BOOK_REMOVE,
    BOOK_NEXT
};

#define PEER_COLUMNS                                                           \
    "SELECT node, contact_s, skew_ms, refused, refusal, refusal_s, todo "      \
    "FROM peers "

static const char *const sql[] = {
    [TOKEN_PUT] = "INSERT OR REPLACE INTO tokens (peer, current, previous, "
                  "seen) VALUES (?, ?, ?, ?)",
    [TOKEN_GET] = "SELECT current, previous, seen FROM tokens WHERE peer = ?",
    [PEER_PUT] = "INSERT OR REPLACE INTO peers (node, contact_s, skew_ms, "
                 "refused, refusal, refusal_s, todo) VALUES "
                 "(?, ?, ?, ?, ?, ?, ?)",
    [PEER_GET] = PEER_COLUMNS "WHERE node = ?",
    [PEER_LIST] = PEER_COLUMNS "ORDER BY node LIMIT ?",
    [PEER_REFUSE] =
        "INSERT INTO peers (node, contact_s, skew_ms, refused, refusal, "
        "refusal_s, todo) VALUES (?, 0, 0, 1, ?, ?, '') ON CONFLICT (node) DO "
        "UPDATE SET refused = refused + 1, refusal = excluded.refusal, "
        "refusal_s = excluded.refusal_s",
    [BOOK_PUT] = "INSERT INTO book (book, name, value) VALUES (?, ?, ?) "
                 "ON CONFLICT (book, name) DO UPDATE SET value = "
                 "excluded.value",
    [BOOK_GET] = "SELECT value FROM book WHERE book = ? AND name = ?",
    [BOOK_REMOVE] = "DELETE FROM book WHERE book = ? AND name = ?",
    [BOOK_NEXT] = "SELECT name, value FROM book WHERE book = ? AND name > ? "
                  "ORDER BY name LIMIT 1",
};
const struct query_table book_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define BOOK_NAME_MAX 1024u

int store_token_put(struct store *store, uint32_t peer,
                    const struct store_token *token, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, TOKEN_PUT);

    bind_int(q, 1, peer);
    bind_span(q, 2, SPAN_OF(token->current));
    bind_span(q, 3, SPAN_OF(token->previous));
    bind_int(q, 4, token->seen);
    return query_run(store, q, err);
}

int store_token_get(struct store *store, uint32_t peer,
                    struct store_token *token, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, TOKEN_GET);
    struct store_token out;
    int rc;

    bind_int(q, 1, peer);
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "no token of peer %u", peer);
    }
    if (rc == 1) {
        out.seen = column_int(q, 2) != 0;
        if ((rc = column_bytes(q, 0, out.current, sizeof(out.current), err)) ==
                0 &&
            (rc = column_bytes(q, 1, out.previous, sizeof(out.previous),
                               err)) == 0) {
            *token = out;
        }
        query_end(q);
    }
    return rc;
}

int store_peer_put(struct store *store, const struct store_peer *peer,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, PEER_PUT);

    bind_int(q, 1, peer->node);
    bind_int(q, 2, peer->contact_s);
    bind_int(q, 3, peer->skew_ms);
    bind_int(q, 4, (int64_t)peer->refused);
    bind_text(q, 5, peer->refusal);
    bind_int(q, 6, peer->refusal_s);
    bind_text(q, 7, peer->todo);
    return query_run(store, q, err);
}

static void read_peer(sqlite3_stmt *q, struct store_peer *peer)
{
    memset(peer, 0, sizeof(*peer));
    peer->node = column_u32(q, 0);
    peer->contact_s = column_int(q, 1);
    peer->skew_ms = column_int(q, 2);
    peer->refused = (uint64_t)column_int(q, 3);
    column_text(q, 4, peer->refusal, sizeof(peer->refusal));
    peer->refusal_s = column_int(q, 5);
    column_text(q, 6, peer->todo, sizeof(peer->todo));
}

int store_peer_get(struct store *store, uint32_t node, struct store_peer *peer,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, PEER_GET);
    int rc;

    bind_int(q, 1, node);
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "node %u was never met", node);
    }
    if (rc == 1) {
        read_peer(q, peer);
        query_end(q);
        rc = 0;
    }
    return rc;
}

int store_peer_list(struct store *store, struct store_peer *peers, size_t max,
                    size_t *len, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, PEER_LIST);
    size_t i = 0;
    int rc;

    bind_int(q, 1, (int64_t)max);
    while ((rc = query_row(store, q, err)) == 1) {
        read_peer(q, &peers[i++]);
    }
    if (rc == 0) {
        *len = i;
    }
    return rc;
}

int store_peer_refuse(struct store *store, uint32_t node, const char *text,
                      int64_t now_s, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, PEER_REFUSE);

    bind_int(q, 1, node);
    bind_text(q, 2, text);
    bind_int(q, 3, now_s);
    return query_run(store, q, err);
}

int store_book_put(struct store *store, enum store_book book, struct span key,
                   struct span value, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, BOOK_PUT);

    if (key.len == 0 || key.len > BOOK_NAME_MAX) {
        return error_set(err, ERR_USAGE,
                         "a key of %zu bytes; 1 to %u are allowed", key.len,
                         BOOK_NAME_MAX);
    }
    bind_int(q, 1, book);
    bind_span(q, 2, key);
    bind_span(q, 3, value);
    return query_run(store, q, err);
}

int store_book_get(struct store *store, enum store_book book, struct span key,
                   struct arena *arena, struct span *value, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, BOOK_GET);
    int rc;

    bind_int(q, 1, book);
    bind_span(q, 2, key);
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "not noted");
    }
    if (rc == 1) {
        rc = arena_keep(arena, column_span(q, 0), value, err);
        query_end(q);
    }
    return rc;
}

int store_book_remove(struct store *store, enum store_book book,
                      struct span key, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, BOOK_REMOVE);

    bind_int(q, 1, book);
    bind_span(q, 2, key);
    return query_run(store, q, err);
}

int store_book_each(struct store *store, enum store_book book,
                    store_book_fn visit, void *data, struct error *err)
{
    uint8_t after[BOOK_NAME_MAX];
    size_t after_len = 0;

    /* One row a query, so that the visitor may ask and remove. */
    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_BOOK, BOOK_NEXT);
        struct span name;
        int rc;

        bind_int(q, 1, book);
        bind_span(q, 2, span_make(after, after_len));
        if ((rc = query_row(store, q, err)) != 1) {
            return rc;
        }
        name = column_span(q, 0);
        rc = visit(data, name, column_span(q, 1));
        after_len = name.len < sizeof(after) ? name.len : sizeof(after);
        memcpy(after, name.ptr, after_len);
        query_end(q);
        if (rc != 0) {
            return rc;
        }
    }
}

int store_import_find(struct store *store, const char *key, struct event_id *id,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BOOK, BOOK_GET);
    int rc;

    bind_int(q, 1, STORE_BOOK_IMPORT);
    bind_span(q, 2, span_str(key));
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "nothing was imported as \"%s\"",
                         key);
    }
    if (rc == 1) {
        rc = column_bytes(q, 0, id, sizeof(*id), err);
        query_end(q);
    }
    return rc;
}

int store_import_put(struct store *store, const char *key,
                     const struct event_id *id, struct error *err)
{
    return store_book_put(store, STORE_BOOK_IMPORT, span_str(key), SPAN_OF(*id),
                          err);
}
