/* An official as the store keeps him: secrets wrapped under his password. Of
 * official_entry.c, officials.c (adds, revokes, lists) and sessions.c (unlocks)
 * only: nobody else may see a wrapped secret.
 */
#ifndef QCDC_NODE_OFFICIAL_ENTRY_H
#define QCDC_NODE_OFFICIAL_ENTRY_H

#include "node/engine_internal.h"

#define PASSWORD_MIN 8u
#define PASSWORD_MAX 256u
#define SECRETS_SIZE 64u /* actor seed || sealing secret */

struct official_entry {
    uint32_t unit;
    uint32_t rights;
    bool revoked;
    struct key_id actor;
    char post[NAME_MAX_BYTES + 1];
    uint32_t memory_kib;
    uint32_t passes;
    struct salt salt;
    struct nonce nonce;
    uint8_t wrapped[SECRETS_SIZE + AEAD_OVERHEAD];
};

bool official_name_valid(const char *name);
/* ERR_CORRUPT. */
int official_entry_decode(struct span bytes, struct official_entry *entry,
                          struct error *err) MUST_USE;
/* ERR_NOTFOUND. */
int official_entry_get(struct engine *engine, const char *name,
                       struct official_entry *entry,
                       struct error *err) MUST_USE;
/* In the open transaction. */
int official_entry_put(struct engine *engine, const char *name,
                       const struct official_entry *entry,
                       struct error *err) MUST_USE;
/* Sets salt, nonce, costs and `wrapped`. ERR_BUSY: the hash of the password is
 * on its way, ask again (kdf.h). */
int official_entry_wrap(struct engine *engine, struct official_entry *entry,
                        const char *password, const struct sign_seed *seed,
                        const struct box_secret *sealing,
                        struct error *err) MUST_USE;
/* ERR_UNTRUSTED: another password; ERR_BUSY as above. The caller wipes. */
int official_entry_unwrap(struct engine *engine, struct official_entry *entry,
                          const char *password, uint8_t secrets[SECRETS_SIZE],
                          struct error *err) MUST_USE;

#endif
