/* Room: node. Owns the sealing of bodies: a fresh key and nonce for each
 * private body, wraps for the unit, its recovery key and every addressee
 * (DESIGN section 4). It must never let clear text reach the store. Next:
 * private.c, the way back. */
#include "node/engine_internal.h"

#include <string.h>

static int wrap_for(const struct body_key *key, const struct box_public *to,
                    struct wrap *wraps, size_t *len, struct error *err)
{
    struct key_id id = key_id_of(SPAN_OF(*to));

    for (size_t i = 0; i < *len; i++) {
        if (memcmp(&wraps[i].key, &id, sizeof(id)) == 0) {
            return 0; /* addressed twice, sealed once */
        }
    }
    if (*len == WRAPS_MAX) {
        return error_set(err, ERR_LIMIT, "more than %u readers of one body",
                         WRAPS_MAX);
    }
    return body_wrap(key, to, &wraps[(*len)++], err);
}

/* The unit's own keys: as certified, else those that wait for it. */
static int wrap_own(struct engine *engine, const struct directory *dir,
                    uint32_t unit, uint32_t day, const struct body_key *key,
                    struct wrap *wraps, size_t *len, struct error *err)
{
    const struct unit_keys *own = keys_unit(&engine->keys, unit);
    const struct dir_unit_keys *certified = directory_unit_keys(dir, unit, day);
    int rc;

    if (own != NULL) {
        rc = wrap_for(key, &own->sealing, wraps, len, err);
        return rc != 0 ? rc : wrap_for(key, &own->recovery, wraps, len, err);
    }
    if (certified == NULL || !certified->has_sealing) {
        return error_set(err, ERR_USAGE,
                         "unit %u has no sealing key here: record private "
                         "content where the unit is hosted",
                         unit);
    }
    rc = wrap_for(key, &certified->sealing, wraps, len, err);
    if (rc == 0 && certified->has_recovery) {
        rc = wrap_for(key, &certified->recovery, wraps, len, err);
    }
    return rc;
}

int record_seal(struct engine *engine, const struct record_draft *draft,
                uint32_t day, struct arena *arena, struct buf *committed,
                struct wrap *wraps, size_t *wraps_len, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    struct body_key key;
    struct nonce nonce;
    int rc = body_private_check(draft->secret, err);

    (void)arena;
    *wraps_len = 0;
    crypto_random(&key, sizeof(key));
    crypto_random(&nonce, sizeof(nonce));
    if (rc == 0) {
        rc = body_seal(draft->secret, &key, &nonce, committed, err);
    }
    if (rc == 0) {
        rc = wrap_own(engine, dir, draft->header.unit, day, &key, wraps,
                      wraps_len, err);
    }
    for (size_t i = 0; rc == 0 && i < draft->header.addressees_len; i++) {
        const struct dir_unit_keys *reader =
            directory_unit_keys(dir, draft->header.addressees[i], day);

        /* An addressee without a key (never joined) reads the paper. */
        if (reader != NULL && reader->has_sealing) {
            rc = wrap_for(&key, &reader->sealing, wraps, wraps_len, err);
        }
    }
    crypto_wipe(&key, sizeof(key));
    return rc;
}
