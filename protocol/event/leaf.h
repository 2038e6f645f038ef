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
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/event/header.h"
#include "protocol/limits.h"

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

/* Of the event's subject: header.subject, or its own id if it opens one. */
struct event_id leaf_subject(const struct leaf *leaf);

#endif
