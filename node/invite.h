/* An invitation as the store keeps it, under its one-time public key. */
#ifndef QCDC_NODE_INVITE_H
#define QCDC_NODE_INVITE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"

#define INVITATION_LIFE_MS (30ull * 86400000ull) /* DESIGN section 6 */

enum invited_state {
    INVITED_OPEN = 1,      /* nobody used it */
    INVITED_ASKED = 2,     /* a request waits for a person */
    INVITED_CERTIFIED = 3, /* the directory names the child */
    INVITED_DONE = 4,      /* the child came with its own key: dead */
};

/* Why a node that is certified already joins again. Numbers up to
 * REJOIN_MIRRORS_LOST are those of EpochReason in event.proto. */
enum rejoin_reason {
    REJOIN_NONE = 0,
    REJOIN_FORK = 1,
    REJOIN_CLONE = 2,
    REJOIN_KEY_SUSPECT = 3,
    REJOIN_DISK_LOST = 4,
    REJOIN_MIRRORS_LOST = 5,
    REJOIN_ROTATE = 100, /* new keys but the logs', which go on */
};
/* "key-suspect"; "" for none. */
const char *rejoin_word(enum rejoin_reason reason);
/* ERR_USAGE names the words there are. */
int rejoin_parse(const char *text, enum rejoin_reason *out,
                 struct error *err) MUST_USE;
/* Its logs end and new ones begin. */
bool rejoin_opens_epoch(enum rejoin_reason reason);

struct invited {
    enum invited_state state;
    enum rejoin_reason reason;
    uint32_t node;
    uint32_t numbers_first, numbers_last;
    bool has_dir;
    bool auto_confirm;
    uint32_t role;     /* DIR_ROLE_* */
    char reached[256]; /* of a standby: where it listens; "" = not said */
    uint64_t created_ms;
    uint64_t asked_ms;
    uint32_t units[HOSTED_UNITS_MAX];
    size_t units_len;
    struct box_public curve; /* of the request */
    struct span request;     /* borrowed when decoded */
    struct span signatures;
};

void invited_encode(const struct invited *invited, struct buf *out);
/* ERR_CORRUPT. */
int invited_decode(struct span bytes, struct invited *out,
                   struct error *err) MUST_USE;

/* Under the one-time key, in the open transaction; what is got borrows from
 * the turn. */
struct engine;
int invited_put(struct engine *engine, const struct box_public *one_time,
                const struct invited *invited, struct error *err) MUST_USE;
int invited_get(struct engine *engine, const struct box_public *one_time,
                struct invited *out, struct error *err) MUST_USE;

/* "standby", "observer", "" or NULL. ERR_USAGE names them. */
int invited_role(const char *word, uint32_t *out, struct error *err) MUST_USE;

/* ---- invite.c ---- */
/* Do these keys still fit what the directory says of the node? ERR_UNTRUSTED,
 * ERR_CONFLICT: it was certified meanwhile. */
struct join_keys;
int invite_keys_check(struct engine *engine, const struct invited *invited,
                      const struct join_keys *keys, struct error *err) MUST_USE;

/* A request that came in a file, opened with its one-time key; *out = what it
 * is now, of which the turn's arena holds the spans. As invite_requested. */
struct frame_join_request;
int invite_by_file(struct engine *engine, const struct box_public *one_time,
                   const struct frame_join_request *request,
                   struct invited *out, struct error *err) MUST_USE;

/* ---- certify.c ---- */
/* Certifies what was asked for; the directory then opens the gate. */
int invite_certify(struct engine *engine, const struct box_public *one_time,
                   struct invited *invited, struct error *err) MUST_USE;

#define INVITED_SIZE_MAX                                                       \
    (330u + 4u * HOSTED_UNITS_MAX + JOIN_REQUEST_MAX + 64u * 512u)

#endif
