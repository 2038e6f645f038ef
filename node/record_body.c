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

/* One body being sealed. */
struct sealing {
    struct engine *engine;
    const struct directory *dir;
    uint32_t day;
    struct body_key key;
    struct wrap *wraps;
    size_t *len;
};

/* The unit's own keys: as certified, else those that wait for it. */
static int wrap_own(struct sealing *sealing, uint32_t unit, struct error *err)
{
    const struct unit_keys *own = keys_unit(&sealing->engine->keys, unit);
    const struct dir_unit_keys *certified =
        directory_unit_keys(sealing->dir, unit, sealing->day);
    const struct box_public *recovery = NULL;
    int rc;

    if (own != NULL) {
        rc = wrap_for(&sealing->key, &own->sealing, sealing->wraps,
                      sealing->len, err);
        recovery = &own->recovery;
    } else if (certified != NULL && certified->has_sealing) {
        rc = wrap_for(&sealing->key, &certified->sealing, sealing->wraps,
                      sealing->len, err);
        recovery = certified->has_recovery ? &certified->recovery : NULL;
    } else {
        return error_set(err, ERR_USAGE,
                         "unit %u has no sealing key here: record private "
                         "content where the unit is hosted",
                         unit);
    }
    if (rc == 0 && recovery != NULL) {
        rc = wrap_for(&sealing->key, recovery, sealing->wraps, sealing->len,
                      err);
    }
    return rc;
}

/* An addressee who loses his disk reads it again with his paper, too; after
 * all who must read now, as far as there is room. */
static int wrap_recovery(struct sealing *sealing, const struct header *header,
                         struct error *err)
{
    int rc = 0;

    for (size_t i = 0;
         rc == 0 && i < header->addressees_len && *sealing->len < WRAPS_MAX;
         i++) {
        const struct dir_unit_keys *reader = directory_unit_keys(
            sealing->dir, header->addressees[i], sealing->day);

        if (reader != NULL && reader->has_sealing && reader->has_recovery) {
            rc = wrap_for(&sealing->key, &reader->recovery, sealing->wraps,
                          sealing->len, err);
        }
    }
    return rc;
}

int record_seal(struct engine *engine, const struct record_draft *draft,
                struct buf *committed, struct wrap *wraps, size_t *wraps_len,
                struct error *err)
{
    const struct header *header = &draft->header;
    struct sealing sealing = {.engine = engine,
                              .dir = engine_directory(engine),
                              .day = header->on_day,
                              .wraps = wraps,
                              .len = wraps_len};
    struct nonce nonce;
    int rc = body_private_check(draft->secret, err);

    *wraps_len = 0;
    crypto_random(&sealing.key, sizeof(sealing.key));
    crypto_random(&nonce, sizeof(nonce));
    if (rc == 0) {
        rc = body_seal(draft->secret, &sealing.key, &nonce, committed, err);
    }
    if (rc == 0) {
        rc = wrap_own(&sealing, header->unit, err);
    }
    for (size_t i = 0; rc == 0 && i < header->addressees_len; i++) {
        const struct dir_unit_keys *reader = directory_unit_keys(
            sealing.dir, header->addressees[i], sealing.day);

        /* An addressee without a key (never joined) reads the paper. */
        if (reader != NULL && reader->has_sealing) {
            rc =
                wrap_for(&sealing.key, &reader->sealing, wraps, wraps_len, err);
        }
    }
    rc = rc != 0 ? rc : wrap_recovery(&sealing, header, err);
    crypto_wipe(&sealing.key, sizeof(sealing.key));
    return rc;
}
