/* One signed event: what is hashed into a log, byte for byte (formats.md 2).
 *
 *     leaf = signature (64) || H (u16, big-endian) || header || facts
 *
 * Reading never allocates, copies or repairs. A header that is not minimal
 * protobuf, or has a field this version does not know, is *not understood*:
 * its bytes are still a leaf with an id, stored and forwarded untouched.
 */
#ifndef QCDC_PROTOCOL_EVENT_LEAF_H
#define QCDC_PROTOCOL_EVENT_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"

/* First 16 bytes of SHA-256("qcdc/id/v1\n" || H || header || facts): does not
 * depend on the signature. All zero = none. */
struct event_id {
    uint8_t bytes[16];
};

/* Who may hold a body; also its slot on the wire. At most one of each. */
enum audience {
    AUDIENCE_OF_TEXT = 1,    /* clear text, for every superior */
    AUDIENCE_OF_PRIVATE = 2, /* ciphertext: guard, hosts of addressees */
    AUDIENCE_OF_UNIT = 3,    /* ciphertext: never leaves, but to addressees */
};

struct body_mark {
    struct hash commitment; /* HMAC-SHA256(salt, committed bytes) */
    uint32_t audience;      /* enum audience */
};

/* Ids in a row, borrowed: from a header's bytes (stride 18) or an array. */
struct id_list {
    const uint8_t *ptr;
    size_t stride;
    size_t len; /* number of ids, <= REFS_MAX */
};

/* What every event says. Borrows: refs point into the leaf parsed, or into
 * the caller's array (id_list_of). */
struct header {
    uint32_t type;    /* EVENT_* of types.h, or one not known here */
    uint32_t version; /* of the type, from 1 */
    uint32_t node;
    uint32_t unit; /* spoken for; 0 for acts of the root key or a node */
    struct key_id actor;
    uint64_t recorded_ms;
    uint32_t on_day; /* days since 1970-01-01 at UTC+7, as stated */
    bool has_subject;
    struct event_id subject;
    struct id_list refs;
    uint32_t addressees[ADDRESSEES_MAX]; /* units */
    size_t addressees_len;
    bool has_quoted;
    uint64_t quoted_time_s; /* of the newest guard cosignature seen */
    uint8_t quoted_hash[8]; /* SHA-256 of its 76-byte line, cut */
    struct body_mark bodies[BODIES_MAX];
    size_t bodies_len;
    bool historical;
};

struct leaf {
    struct span bytes; /* all of it; the rest points into it */
    struct signature sig;
    struct span header_bytes;
    struct span facts;
    struct event_id id;
    bool understood;      /* header is minimal and every field known */
    struct header header; /* zero unless understood */
};

/* Framing and header; id stays zero (intake needs none, and hashing is most
 * of the work). ERR_MALFORMED only if the bytes are no leaf at all: shorter
 * than 66 bytes, longer than LEAF_MAX, or H runs past the end. */
int leaf_scan(struct span bytes, struct leaf *out, struct error *err) MUST_USE;

/* leaf_scan and the id. Borrows bytes: they must outlive `out`. */
int leaf_parse(struct span bytes, struct leaf *out, struct error *err) MUST_USE;

/* Why a header is not understood, for show --raw. ERR_MALFORMED with the
 * field named; 0 if it is understood. */
int header_explain(struct span header_bytes, struct error *err) MUST_USE;

/* Writes one leaf, header minimally encoded. header->actor must be the id of
 * the key. ERR_USAGE for a header that no reader would understand, ERR_LIMIT
 * if the leaf would pass LEAF_MAX or does not fit `out`. id may be NULL. */
int leaf_sign(const struct header *header, struct span facts,
              const struct sign_secret *secret, struct buf *out,
              struct event_id *id, struct error *err) MUST_USE;

/* True if `key` is the actor the header names and its signature covers this
 * leaf. Never true for a leaf that is not understood. */
bool leaf_verify(const struct leaf *leaf,
                 const struct sign_public *key) MUST_USE;

/* The header alone, minimally encoded (leaf_sign's first half). */
int header_encode(const struct header *header, struct buf *out,
                  struct error *err) MUST_USE;

/* The i-th ref, i < header->refs.len. */
struct event_id header_ref(const struct header *header, size_t i);
bool header_has_ref(const struct header *header, const struct event_id *id);
bool header_has_addressee(const struct header *header, uint32_t unit);
/* The mark of that audience, or NULL. */
const struct body_mark *header_body(const struct header *header,
                                    enum audience audience);
/* Of the event's subject: header.subject, or its own id if it opens one. */
struct event_id leaf_subject(const struct leaf *leaf);

/* A list over the caller's array (keeps it). */
struct id_list id_list_of(const struct event_id *ids, size_t len);

bool event_id_equal(const struct event_id *a, const struct event_id *b);
bool event_id_is_zero(const struct event_id *id);
int event_id_compare(const struct event_id *a, const struct event_id *b);

#endif
