/* protocol/event: frames, signs and verifies leaves.
 *
 * What is refused here is only what is no leaf at all; one that is not
 * understood is kept and forwarded. Never re-encodes what was received. Read
 * header.c next, then types.c: what the facts after the header mean.
 */
#include "protocol/event/leaf.h"

#include <string.h>

#define SIGNATURE_SIZE 64u
#define FRAMING_SIZE (SIGNATURE_SIZE + 2u)

static const char event_domain[] = "qcdc/event/v1\n";
static const char id_domain[] = "qcdc/id/v1\n";
#define EVENT_DOMAIN_SIZE (sizeof(event_domain) - 1)

int leaf_scan(struct span bytes, struct leaf *out, struct error *err)
{
    if (bytes.len < FRAMING_SIZE || bytes.len > LEAF_MAX) {
        return error_set(err, ERR_MALFORMED, "a leaf of %zu bytes", bytes.len);
    }

    size_t header_len = read_u16(bytes.ptr + SIGNATURE_SIZE);

    if (header_len > bytes.len - FRAMING_SIZE) {
        return error_set(err, ERR_MALFORMED,
                         "a header of %zu bytes in a leaf of %zu", header_len,
                         bytes.len);
    }
    memset(out, 0, sizeof(*out));
    out->bytes = bytes;
    memcpy(out->sig.bytes, bytes.ptr, SIGNATURE_SIZE);
    out->header_bytes = span_slice(bytes, FRAMING_SIZE, header_len);
    out->facts = span_slice(bytes, FRAMING_SIZE + header_len,
                            bytes.len - FRAMING_SIZE - header_len);
    out->understood = header_parse(out->header_bytes, &out->header);
    return 0;
}

/* Over H || header || facts: all of the leaf but its signature. */
static struct event_id id_of(struct span unsigned_bytes)
{
    struct hasher h;
    struct event_id id;

    hasher_init(&h);
    hasher_add(&h, span_make(id_domain, sizeof(id_domain) - 1));
    hasher_add(&h, unsigned_bytes);

    struct hash hash = hasher_end(&h);

    memcpy(id.bytes, hash.bytes, sizeof(id.bytes));
    return id;
}

int leaf_parse(struct span bytes, struct leaf *out, struct error *err)
{
    if (leaf_scan(bytes, out, err) != 0) {
        return err->code;
    }
    out->id = id_of(
        span_make(bytes.ptr + SIGNATURE_SIZE, bytes.len - SIGNATURE_SIZE));
    return 0;
}

/* domain || H || header || facts, contiguous; `message` holds LEAF_MAX. */
static struct span signed_bytes(struct span unsigned_bytes, uint8_t *message)
{
    memcpy(message, event_domain, EVENT_DOMAIN_SIZE);
    memcpy(message + EVENT_DOMAIN_SIZE, unsigned_bytes.ptr, unsigned_bytes.len);
    return span_make(message, EVENT_DOMAIN_SIZE + unsigned_bytes.len);
}

int leaf_sign(const struct header *header, struct span facts,
              const struct sign_secret *secret, struct buf *out,
              struct event_id *id, struct error *err)
{
    uint8_t message[LEAF_MAX];
    uint8_t memory[HEADER_MAX];
    struct buf h = buf_over(memory, sizeof(memory));
    /* The secret's second half is the public key. */
    struct key_id signer = key_id_of(span_make(secret->bytes + 32, 32));

    if (memcmp(&signer, &header->actor, sizeof(signer)) != 0) {
        return error_set(err, ERR_USAGE,
                         "the header names another signer than the key");
    }
    if (header_encode(header, &h, err) != 0) {
        return err->code;
    }
    if (facts.len > LEAF_MAX - FRAMING_SIZE - h.len) {
        return error_set(err, ERR_LIMIT,
                         "facts of %zu bytes: an event holds %u at most",
                         facts.len, LEAF_MAX);
    }
    if (out->overflow ||
        FRAMING_SIZE + h.len + facts.len > out->size - out->len) {
        return error_set(err, ERR_LIMIT, "no room for a leaf");
    }

    size_t start = out->len + SIGNATURE_SIZE;

    out->len = start;
    buf_put_u16(out, (uint16_t)h.len);
    buf_put(out, buf_span(&h));
    buf_put(out, facts);

    struct span rest = span_make(out->ptr + start, out->len - start);
    struct signature sig = sign_bytes(secret, signed_bytes(rest, message));

    memcpy(out->ptr + start - SIGNATURE_SIZE, sig.bytes, SIGNATURE_SIZE);
    if (id != NULL) {
        *id = id_of(rest);
    }
    return 0;
}

bool leaf_verify(const struct leaf *leaf, const struct sign_public *key)
{
    uint8_t message[LEAF_MAX];
    struct key_id signer = key_id_of(SPAN_OF(key->bytes));

    if (!leaf->understood ||
        memcmp(&signer, &leaf->header.actor, sizeof(signer)) != 0) {
        return false;
    }

    struct span rest = span_make(leaf->bytes.ptr + SIGNATURE_SIZE,
                                 leaf->bytes.len - SIGNATURE_SIZE);

    return sign_verify(key, signed_bytes(rest, message), &leaf->sig);
}

struct event_id leaf_subject(const struct leaf *leaf)
{
    return leaf->header.has_subject ? leaf->header.subject : leaf->id;
}
