/* The node's secrets: made once at init or join, loaded at start, wiped at
 * close. One purpose a key (DESIGN section 5). Two text files under keys/,
 * 0600, written whole to a new file, fsynced and renamed:
 *
 *   node.keys     seeds of log, dir log, mirror, CURVE, node actor and
 *                 administration key; while joining also the one-time secret
 *   units.keys    per hosted unit: registrar seed, public sealing and recovery
 *                 keys; the sealing secret only until the first official of
 *                 the unit holds it under his password
 *
 * It never signs and never talks to anyone.
 */
#ifndef QCDC_NODE_KEYS_H
#define QCDC_NODE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"

struct sign_pair {
    struct sign_seed seed;
    struct sign_public pub;
    struct sign_secret sec;
};
struct box_pair {
    uint8_t seed[32];
    struct box_public pub;
    struct box_secret sec;
};

struct unit_keys {
    uint32_t unit;
    struct sign_pair registrar;
    struct box_public sealing;
    struct box_public recovery;
    bool has_sealing_secret;
    struct box_secret sealing_secret;
};

struct keys {
    struct sign_pair log;
    struct sign_pair dir_log; /* generated always, used with children only */
    struct sign_pair mirror;
    struct sign_pair actor; /* node-actor: requests, tokens, notes */
    struct sign_pair admin; /* directory events */
    struct box_pair curve;
    bool joining;               /* one_time is still of use */
    struct box_secret one_time; /* CURVE, from the invitation */
    struct unit_keys units[HOSTED_UNITS_MAX];
    size_t units_len;
};

/* Fresh keys for the node (no units yet). */
void keys_generate(struct keys *keys);
/* Fresh keys in place of those that a machine which joins again must not use
 * any more: mirror, node actor, administration, CURVE and registrars; with
 * `logs` also those of the logs. What units seal with stays. */
void keys_renew(struct keys *keys, bool logs);
/* Fresh keys for one unit; the recovery secret goes to the caller alone.
 * ERR_LIMIT beyond HOSTED_UNITS_MAX. */
int keys_add_unit(struct keys *keys, uint32_t unit,
                  struct box_secret *recovery_secret,
                  struct error *err) MUST_USE;

/* Writes both files below `dir`/keys (made 0700 if missing). ERR_IO. */
int keys_save(const struct keys *keys, const char *dir,
              struct error *err) MUST_USE;
/* ERR_NOTFOUND, ERR_UNTRUSTED for a file others may read, ERR_CORRUPT. */
int keys_load(struct keys *keys, const char *dir, struct error *err) MUST_USE;
void keys_wipe(struct keys *keys);

/* NULL when the unit is not hosted here. */
const struct unit_keys *keys_unit(const struct keys *keys, uint32_t unit);

/* A fresh signing pair, an X25519 pair; from a seed already drawn. */
void sign_pair_new(struct sign_pair *pair);
void sign_pair_from(struct sign_pair *pair, const struct sign_seed *seed);
void box_pair_from(struct box_pair *pair, const uint8_t seed[32]);

/* `text` (len bytes) as <path>, 0600: new file, fsync, rename, fsync of the
 * directory. ERR_IO. */
int file_write_secret(const char *path, const void *text, size_t len,
                      struct error *err) MUST_USE;

#endif
