/* What every event says beside its facts (formats.md 2), and its bytes.
 *
 * The encoding is minimal protobuf, read and written by hand: intake reads a
 * hundred thousand a second. Reading borrows the bytes and never allocates.
 */
#ifndef QCDC_PROTOCOL_EVENT_HEADER_H
#define QCDC_PROTOCOL_EVENT_HEADER_H

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

/* True if the bytes are minimal, whole and of fields known here; else the
 * header is not understood and `out` is zero. Borrows. */
bool header_parse(struct span bytes, struct header *out) MUST_USE;

/* Why a header is not understood, for show --raw. ERR_MALFORMED with the
 * field named; 0 if it is understood. */
int header_explain(struct span header_bytes, struct error *err) MUST_USE;

/* Minimally encoded. ERR_USAGE for a header that no reader would understand,
 * ERR_LIMIT if it does not fit. */
int header_encode(const struct header *header, struct buf *out,
                  struct error *err) MUST_USE;

/* The i-th ref, i < header->refs.len. */
struct event_id header_ref(const struct header *header, size_t i);
bool header_has_ref(const struct header *header, const struct event_id *id);
bool header_has_addressee(const struct header *header, uint32_t unit);
/* The mark of that audience, or NULL. */
const struct body_mark *header_body(const struct header *header,
                                    enum audience audience);
/* A list over the caller's array (keeps it). */
struct id_list id_list_of(const struct event_id *ids, size_t len);

bool event_id_equal(const struct event_id *a, const struct event_id *b);
bool event_id_is_zero(const struct event_id *id);
int event_id_compare(const struct event_id *a, const struct event_id *b);

#endif
