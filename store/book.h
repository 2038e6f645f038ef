/* The node's own notes: small facts that are no events.
 *
 * Values are opaque to the store; the node says what is in them. Spans live
 * in the arena. Times are the caller's.
 */
#ifndef QCDC_STORE_BOOK_H
#define QCDC_STORE_BOOK_H

#include "protocol/event/leaf.h"
#include "store/store.h"

/* ---- fencing tokens: one row a peer ---- */

struct store_token {
    uint8_t current[16];
    uint8_t previous[16]; /* valid until the current one was seen */
    bool seen;            /* the current one came back once */
};
int store_token_put(struct store *store, uint32_t peer,
                    const struct store_token *token,
                    struct error *err) MUST_USE;
int store_token_get(struct store *store, uint32_t peer,
                    struct store_token *token, struct error *err) MUST_USE;

/* ---- peers, as `sync` shows them ---- */

struct store_peer {
    uint32_t node;
    int64_t contact_s; /* last message; 0 = never */
    int64_t skew_ms;   /* theirs - ours at the newest HELLO */
    uint64_t refused;  /* how often it was refused */
    char refusal[256]; /* the newest refusal: what and why */
    int64_t refusal_s;
    char todo[256]; /* what a person must do; "" = nothing */
};
int store_peer_put(struct store *store, const struct store_peer *peer,
                   struct error *err) MUST_USE;
int store_peer_get(struct store *store, uint32_t node, struct store_peer *peer,
                   struct error *err) MUST_USE;
int store_peer_list(struct store *store, struct store_peer *peers, size_t max,
                    size_t *len, struct error *err) MUST_USE;
/* Counts one refusal and keeps its text. */
int store_peer_refuse(struct store *store, uint32_t node, const char *text,
                      int64_t now_s, struct error *err) MUST_USE;

/* ---- named values by kind: put replaces, get may be ERR_NOTFOUND ---- */

enum store_book {
    STORE_BOOK_REQUEST = 1,    /* request id -> first result */
    STORE_BOOK_IMPORT = 2,     /* import key -> event id */
    STORE_BOOK_OFFICIAL = 3,   /* name -> wrapped secrets */
    STORE_BOOK_INVITATION = 4, /* one-time CURVE key -> state */
    STORE_BOOK_EVIDENCE = 5,   /* name -> evidence text */
    STORE_BOOK_STAGED = 6,     /* bundle staging */
    STORE_BOOK_READ = 7,       /* who read which private body, when */
    STORE_BOOK_WITNESS = 8, /* origin -> newest line of the outside witness */
    STORE_BOOK_DAMAGE = 23, /* what bit rot did, and what mended it */
    STORE_BOOK_QUOTA = 24,  /* node -> what its log took today */
    STORE_BOOK_RECOVERED = 25, /* older recovery key -> its secret, sealed */
    STORE_BOOK_TAIL = 26       /* origin -> what was cut off it, and the file */
};
int store_book_put(struct store *store, enum store_book book, struct span key,
                   struct span value, struct error *err) MUST_USE;
int store_book_get(struct store *store, enum store_book book, struct span key,
                   struct arena *arena, struct span *value,
                   struct error *err) MUST_USE;
int store_book_remove(struct store *store, enum store_book book,
                      struct span key, struct error *err) MUST_USE;
typedef int (*store_book_fn)(void *data, struct span key, struct span value);
/* By key; the visitor's nonzero return stops and is returned. */
int store_book_each(struct store *store, enum store_book book,
                    store_book_fn visit, void *data,
                    struct error *err) MUST_USE;

/* The common case of imports: ERR_NOTFOUND. */
int store_import_find(struct store *store, const char *key, struct event_id *id,
                      struct error *err) MUST_USE;
int store_import_put(struct store *store, const char *key,
                     const struct event_id *id, struct error *err) MUST_USE;

#endif
