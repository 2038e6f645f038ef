/* What travels beside a leaf and may be erased: texts and private bodies.
 *
 * The leaf holds HMAC-SHA256(salt, committed bytes). A text's committed bytes
 * are its protobuf; a private body's are
 *
 *     SHA-256("qcdc/bodykey/v1\n" || key) || nonce (24) || ciphertext
 *
 * so that nobody can hand two readers two keys. Salt and wraps travel beside,
 * outside the commitment. Keys and nonces are arguments: nothing here draws
 * them (sealing apart, see crypto.h).
 */
#ifndef QCDC_PROTOCOL_EVENT_BODY_H
#define QCDC_PROTOCOL_EVENT_BODY_H

#include "protocol/base/arena.h"
#include "protocol/event/leaf.h"

struct ProtobufCMessageDescriptor;

/* key id || crypto_box_seal(body key); bytes only, so an array of them is
 * what is on the wire. */
struct wrap {
    struct key_id key;
    uint8_t sealed[32 + SEAL_OVERHEAD];
};

/* A body on its way. On the wire, integers big-endian:
 *     index u16 | slot u8 | salt 16 | bytes u16 length | wraps u8 count |
 *     wraps, 96 each | bytes
 * and a list is one after the other, ascending by (index, slot). */
struct body {
    uint16_t index; /* of its leaf in the batch */
    uint8_t slot;   /* enum audience */
    struct salt salt;
    struct span bytes; /* committed bytes */
    const struct wrap *wraps;
    size_t wraps_len; /* <= WRAPS_MAX; 0 for a text */
};

#define BODY_SEAL_OVERHEAD (32u + 24u + AEAD_OVERHEAD)
#define BODY_BYTES_MAX (PRIVATE_BODY_MAX + BODY_SEAL_OVERHEAD)
#define BODY_WIRE_MAX (22u + WRAPS_MAX * 96u + BODY_BYTES_MAX)

/* Appends one body. ERR_LIMIT for a body over its cap or a full buf, ERR_USAGE
 * for a slot that is no audience. */
int body_put(const struct body *body, struct buf *out,
             struct error *err) MUST_USE;
/* Takes the first body off `rest` (borrows its bytes). ERR_MALFORMED. */
int body_take(struct span *rest, struct body *out, struct error *err) MUST_USE;
/* ERR_MALFORMED unless `list` is whole bodies, ascending, each at most once. */
int body_list_check(struct span list, size_t *count,
                    struct error *err) MUST_USE;

struct hash body_commit(struct salt salt, struct span bytes);
bool body_matches(const struct body *body,
                  const struct body_mark *mark) MUST_USE;

/* Seals a Private message: appends the committed bytes. ERR_LIMIT. */
int body_seal(struct span plain, const struct body_key *key,
              const struct nonce *nonce, struct buf *out,
              struct error *err) MUST_USE;
/* Appends the plain bytes. ERR_UNTRUSTED if the key is not the one committed
 * to, or the ciphertext does not open; ERR_MALFORMED if too short. */
int body_open(struct span committed, const struct body_key *key,
              struct buf *out, struct error *err) MUST_USE;

/* ERR_UNTRUSTED for a key of small order. */
int body_wrap(const struct body_key *key, const struct box_public *to,
              struct wrap *out, struct error *err) MUST_USE;
/* ERR_NOTFOUND if no wrap is for this key; ERR_UNTRUSTED if it does not open.
 */
int body_unwrap(const struct body *body, const struct box_public *pub,
                const struct box_secret *sec, struct body_key *out,
                struct error *err) MUST_USE;

/* Shapes for facts_encode_as / facts_visit_as. */
const struct ProtobufCMessageDescriptor *body_text_shape(void);
const struct ProtobufCMessageDescriptor *body_private_shape(void);

/* Rules of a text (minimal, UTF-8, NFC, <= TEXT_BODY_MAX) and of a private
 * body's plain bytes (likewise, 5 persons at most). ERR_MALFORMED, ERR_LIMIT.
 */
int body_text_check(struct span bytes, struct error *err) MUST_USE;
int body_private_check(struct span plain, struct error *err) MUST_USE;

/* Key handed to a later addressee inside a private body (HandedKey), for the
 * body of `event`. ERR_NOTFOUND. */
int body_handed_key(struct span plain, const struct event_id *event,
                    struct arena *arena, struct body_key *out,
                    struct error *err) MUST_USE;

#endif
