/* Enrolling a node: the invitation line and the request that answers it
 * (DESIGN section 6, formats.md section 4). Exact bytes; draws no keys.
 */
#ifndef QCDC_PROTOCOL_LINK_JOIN_H
#define QCDC_PROTOCOL_LINK_JOIN_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/link/frames.h"

#define INVITATION_TEXT_MAX 1400u
#define ENDPOINT_MAX 200u

struct invitation {
    struct span realm;
    struct sign_public root;
    uint32_t parent; /* node */
    struct span endpoint;
    struct box_public parent_curve;
    uint32_t node; /* the one invited */
    uint32_t units[HOSTED_UNITS_MAX];
    size_t units_len;
    struct box_secret curve; /* one-time; wipe with invitation_wipe */
    uint32_t reason; /* 0, or why a node certified already joins again */
    uint32_t
        role; /* DIR_ROLE_*: an ordinary node hosts a unit, no other does */
};

/* Appends `qcdc1` and base64url without padding. ERR_USAGE for a bad field. */
int invitation_format(const struct invitation *invitation, struct arena *arena,
                      struct buf *out, struct error *err) MUST_USE;
/* Surrounding white space is allowed (a pasted line). ERR_USAGE with what is
 * wrong with it. Spans live in the arena. */
int invitation_parse(struct span text, struct arena *arena,
                     struct invitation *out, struct error *err) MUST_USE;
void invitation_wipe(struct invitation *invitation);

/* ---- the request in a file (join_file.c) ---- */

/* Does it begin like one? */
bool join_file_is(struct span bytes);
/* "qcdc join 1\n" || u32 parent || its CURVE key || seal_to that key of:
 * one-time secret (32) || u16 length || request || u32 length || signatures.
 * ERR_LIMIT. */
#define JOIN_FILE_MAX (JOIN_REQUEST_MAX + 64u * 512u + 256u)
int join_file_put(const struct invitation *invitation,
                  const struct frame_join_request *request, struct arena *arena,
                  struct buf *out, struct error *err) MUST_USE;
struct join_file_keys {
    uint32_t node; /* who opens it */
    struct box_public pub;
    struct box_secret sec;
};
/* What it holds, in the arena; wipe the secret. ERR_USAGE: for another node or
 * key; ERR_MALFORMED. Proves nothing of the request itself. */
int join_file_take(struct span bytes, const struct join_file_keys *own,
                   struct arena *arena, struct box_secret *one_time,
                   struct frame_join_request *out, struct error *err) MUST_USE;

struct join_node_keys {
    struct sign_public log;
    bool has_dir_log;
    struct sign_public dir_log;
    struct sign_public mirror;
    struct box_public curve;
    struct sign_public actor;
    struct sign_public admin;
};

struct join_unit_keys {
    uint32_t unit;
    struct box_public sealing;
    struct box_public recovery;
    struct sign_public registrars[REGISTRARS_MAX];
    size_t registrars_len;
};

struct join_keys {
    struct span realm;
    uint32_t node;
    struct join_node_keys keys;
    const struct join_unit_keys *units;
    size_t units_len;
    struct span software;
};

/* Appends the exact bytes that are signed, without the domain string. */
int join_keys_encode(const struct join_keys *keys, struct arena *arena,
                     struct buf *out, struct error *err) MUST_USE;

/* Signatures, in this order: log, dir log (if any), mirror, actor, admin; the
 * actor key again for the CURVE key; per unit: each registrar; the actor key
 * for its sealing, then for its recovery key. How many that is: */
size_t join_signatures_count(const struct join_keys *keys);

/* What every one of them signs: "qcdc/join/v1\n" || request. */
void join_text(struct span request, struct buf *out);
#define JOIN_TEXT_MAX (13u + JOIN_REQUEST_MAX)

/* Decodes a request and verifies every signature and key. `role` (DIR_ROLE_*)
 * is what the node was invited as: only a standby or an observer asks for no
 * unit. ERR_MALFORMED, ERR_LIMIT; ERR_UNTRUSTED names the key that does not
 * prove itself. */
int join_request_check(const struct frame_join_request *request, uint32_t role,
                       struct arena *arena, struct join_keys *out,
                       struct error *err) MUST_USE;

/* 20 characters of Crockford base32 in groups of five: SHA-256 of
 * "qcdc/join/v1\n" || request, its first 100 bits. */
#define JOIN_FINGERPRINT_SIZE 24u /* 20, three dashes, NUL */
void join_fingerprint(struct span request, char text[JOIN_FINGERPRINT_SIZE]);

#endif
