/* The directory as of now, built from the directory events that are held, and
 * the rights of actors.
 */
#ifndef QCDC_STORE_DIRECTORY_H
#define QCDC_STORE_DIRECTORY_H

#include "protocol/crypto.h"
#include "store/store.h"

struct directory; /* protocol/record/directory.h */

/* Name of the pinned root key (32 bytes) in store_meta_put: without it the
 * directory is empty. */
#define STORE_META_ROOT "root"

/* Built when first asked for and after every directory event; valid until
 * the next function of store that writes. Never NULL on success: a store
 * without directory events gives an empty one. */
int store_directory(struct store *store, const struct directory **dir,
                    struct error *err) MUST_USE;
/* Counts every change of the directory: to notice one cheaply. */
uint64_t store_directory_serial(const struct store *store);

/* The public key with that id, of an actor or registrar whose certificate is
 * held (whether or not it is effective). ERR_NOTFOUND. */
int store_key(struct store *store, const struct key_id *id,
              struct sign_public *key, struct error *err) MUST_USE;

/* An actor's standing now, at the end of the node's spool. */
struct store_actor {
    struct key_id id;
    struct sign_public key;
    uint32_t node;
    uint32_t unit;
    uint32_t rights; /* bits of Right in event.proto */
    uint32_t log;    /* where its certificate (or revocation) stands; */
    uint64_t index;  /* log 0 = in the spool */
    bool revoked;
};
/* Of one unit (0 = all) of a node; newest certificate of each key and unit. */
int store_actor_list(struct store *store, uint32_t node, uint32_t unit,
                     struct store_actor *actors, size_t max, size_t *len,
                     struct error *err) MUST_USE;
/* Does the key hold a right for the unit in that node's log now? */
int store_actor_find(struct store *store, uint32_t node, uint32_t unit,
                     const struct key_id *id, struct store_actor *actor,
                     struct error *err) MUST_USE;

#endif
