/* protocol/event: texts and private bodies beside the leaf.
 *
 * Committed bytes are sacred: what travels is what was committed to, and a
 * reader proves a key against the commitment before he decrypts with it, so
 * that one ciphertext cannot open to two stories. Draws nothing itself; keys,
 * nonces and salts are arguments. Never keeps a key.
 */
#include "protocol/event/body.h"

#include <assert.h>
#include <string.h>

#include "protocol/event/rules.h"
#include "protocol/event/wire.h"

static_assert(sizeof(struct wrap) == 96, "wraps are what is on the wire");

#define PERSONS_MAX 5u /* representatives of a group */
#define FIXED_SIZE 22u /* index, slot, salt, length, number of wraps */
#define KEY_MARK_SIZE 32u
#define NONCE_SIZE sizeof(struct nonce)

static const char key_domain[] = "qcdc/bodykey/v1\n";

/* ---- on the wire ------------------------------------------------------------
 */

static uint32_t bytes_max(uint8_t slot)
{
    return slot == AUDIENCE_OF_TEXT ? TEXT_BODY_MAX : BODY_BYTES_MAX;
}

int body_put(const struct body *body, struct buf *out, struct error *err)
{
    if (body->slot < AUDIENCE_OF_TEXT || body->slot > AUDIENCE_OF_UNIT) {
        return error_set(err, ERR_USAGE, "a body of audience %u", body->slot);
    }
    if (body->bytes.len > bytes_max(body->slot) ||
        body->wraps_len > WRAPS_MAX) {
        return error_set(err, ERR_LIMIT,
                         "a body of %zu bytes for %zu readers: %u and %u are "
                         "allowed",
                         body->bytes.len, body->wraps_len,
                         bytes_max(body->slot), WRAPS_MAX);
    }
    buf_put_u16(out, body->index);
    buf_put_u8(out, body->slot);
    buf_put(out, SPAN_OF(body->salt));
    buf_put_u16(out, (uint16_t)body->bytes.len);
    buf_put_u8(out, (uint8_t)body->wraps_len);
    buf_put(out, span_make(body->wraps, body->wraps_len * sizeof(struct wrap)));
    buf_put(out, body->bytes);
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "no room for a body");
    }
    return 0;
}

int body_take(struct span *rest, struct body *out, struct error *err)
{
    const uint8_t *p = rest->ptr;

    if (rest->len < FIXED_SIZE) {
        return error_set(err, ERR_MALFORMED, "a body of %zu bytes", rest->len);
    }

    struct body body = {.index = read_u16(p), .slot = p[2]};
    size_t bytes_len = read_u16(p + 19);

    memcpy(body.salt.bytes, p + 3, sizeof(body.salt.bytes));
    body.wraps_len = p[21];
    if (body.slot < AUDIENCE_OF_TEXT || body.slot > AUDIENCE_OF_UNIT ||
        body.wraps_len > WRAPS_MAX || bytes_len > bytes_max(body.slot)) {
        return error_set(err, ERR_MALFORMED,
                         "a body of audience %u, %zu bytes, %zu wraps",
                         body.slot, bytes_len, body.wraps_len);
    }

    size_t wraps_size = body.wraps_len * sizeof(struct wrap);

    if (rest->len - FIXED_SIZE < wraps_size + bytes_len) {
        return error_set(err, ERR_MALFORMED, "a body cut short");
    }
    /* Bytes only, so any address will do. */
    body.wraps = (const struct wrap *)(const void *)(p + FIXED_SIZE);
    body.bytes = span_make(p + FIXED_SIZE + wraps_size, bytes_len);
    *out = body;
    *rest = span_make(p + FIXED_SIZE + wraps_size + bytes_len,
                      rest->len - FIXED_SIZE - wraps_size - bytes_len);
    return 0;
}

int body_list_check(struct span list, size_t *count, struct error *err)
{
    struct body body = {0};
    uint32_t last = 0;
    size_t n = 0;

    while (list.len > 0) {
        if (body_take(&list, &body, err) != 0) {
            return error_wrap(err, "body %zu", n);
        }

        uint32_t place = (uint32_t)body.index << 8 | body.slot;

        if (place <= last) {
            return error_set(err, ERR_MALFORMED,
                             "body %zu: not in ascending order", n);
        }
        last = place;
        n++;
    }
    *count = n;
    return 0;
}

struct hash body_commit(struct salt salt, struct span bytes)
{
    return hmac_of(salt, bytes);
}

bool body_matches(const struct body *body, const struct body_mark *mark)
{
    struct hash hash = hmac_of(body->salt, body->bytes);

    return body->slot == mark->audience && hash_equal(&hash, &mark->commitment);
}

/* ---- private
 * ------------------------------------------------------------------ */

static struct hash key_mark(const struct body_key *key)
{
    struct hasher h;

    hasher_init(&h);
    hasher_add(&h, span_make(key_domain, sizeof(key_domain) - 1));
    hasher_add(&h, SPAN_OF(key->bytes));
    return hasher_end(&h);
}

int body_seal(struct span plain, const struct body_key *key,
              const struct nonce *nonce, struct buf *out, struct error *err)
{
    struct hash mark = key_mark(key);

    if (plain.len > PRIVATE_BODY_MAX) {
        return error_set(err, ERR_LIMIT,
                         "a private body of %zu bytes, %u are allowed",
                         plain.len, PRIVATE_BODY_MAX);
    }
    if (out->overflow ||
        plain.len + BODY_SEAL_OVERHEAD > out->size - out->len) {
        return error_set(err, ERR_LIMIT, "no room for a private body");
    }
    buf_put(out, SPAN_OF(mark));
    buf_put(out, SPAN_OF(*nonce));
    aead_encrypt(key, nonce, plain, out->ptr + out->len);
    out->len += plain.len + AEAD_OVERHEAD;
    return 0;
}

int body_open(struct span committed, const struct body_key *key,
              struct buf *out, struct error *err)
{
    struct hash mark = key_mark(key);
    struct hash stated;
    struct nonce nonce;

    if (committed.len < BODY_SEAL_OVERHEAD || committed.len > BODY_BYTES_MAX) {
        return error_set(err, ERR_MALFORMED, "a private body of %zu bytes",
                         committed.len);
    }
    memcpy(stated.bytes, committed.ptr, KEY_MARK_SIZE);
    memcpy(nonce.bytes, committed.ptr + KEY_MARK_SIZE, NONCE_SIZE);
    if (!hash_equal(&mark, &stated)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the key is not the one this body was sealed with");
    }

    struct span cipher = span_slice(committed, KEY_MARK_SIZE + NONCE_SIZE,
                                    committed.len - KEY_MARK_SIZE - NONCE_SIZE);
    size_t plain_len = cipher.len - AEAD_OVERHEAD;

    if (out->overflow || plain_len > out->size - out->len) {
        return error_set(err, ERR_LIMIT, "no room for a private body");
    }
    if (aead_decrypt(key, &nonce, cipher, out->ptr + out->len, err) != 0) {
        return err->code;
    }
    out->len += plain_len;
    return 0;
}

int body_wrap(const struct body_key *key, const struct box_public *to,
              struct wrap *out, struct error *err)
{
    struct wrap wrap = {.key = key_id_of(SPAN_OF(to->bytes))};

    if (seal_to(to, SPAN_OF(key->bytes), wrap.sealed, err) != 0) {
        return err->code;
    }
    *out = wrap;
    return 0;
}

int body_unwrap(const struct body *body, const struct box_public *pub,
                const struct box_secret *sec, struct body_key *out,
                struct error *err)
{
    struct key_id id = key_id_of(SPAN_OF(pub->bytes));

    for (size_t i = 0; i < body->wraps_len; i++) {
        if (memcmp(&body->wraps[i].key, &id, sizeof(id)) == 0) {
            return seal_open(pub, sec, SPAN_OF(body->wraps[i].sealed),
                             out->bytes, err);
        }
    }
    return error_set(err, ERR_NOTFOUND, "the body is not sealed to this key");
}

/* ---- what is inside
 * ------------------------------------------------------------ */

const struct ProtobufCMessageDescriptor *body_text_shape(void)
{
    return &qcdc__v1__text__descriptor;
}

const struct ProtobufCMessageDescriptor *body_private_shape(void)
{
    return &qcdc__v1__private__descriptor;
}

/* Checked without decoding, which may take forty times the bytes. */
static int inside_check(const struct ProtobufCMessageDescriptor *shape,
                        struct span bytes, size_t max, struct error *err)
{
    if (bytes.len > max) {
        return error_set(err, ERR_LIMIT, "%zu bytes, %zu are allowed",
                         bytes.len, max);
    }
    return rules_bytes(shape, bytes, err);
}

int body_text_check(struct span bytes, struct error *err)
{
    return inside_check(body_text_shape(), bytes, TEXT_BODY_MAX, err);
}

int body_private_check(struct span plain, struct error *err)
{
    struct wire w = wire_of(plain);
    struct wire_field got;
    size_t persons = 0;

    if (inside_check(body_private_shape(), plain, PRIVATE_BODY_MAX, err) != 0) {
        return err->code;
    }
    while (w.ptr < w.end && wire_next(&w, &got)) {
        persons += got.number == 1 ? 1 : 0;
    }
    if (persons > PERSONS_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "persons: %zu, a group has %u representatives at most",
                         persons, PERSONS_MAX);
    }
    return 0;
}

int body_handed_key(struct span plain, const struct event_id *event,
                    struct arena *arena, struct body_key *out,
                    struct error *err)
{
    struct ProtobufCMessage *message;

    if (message_decode(body_private_shape(), plain, arena, &message, err) !=
        0) {
        return err->code;
    }

    const Qcdc__V1__Private *private_body = (const Qcdc__V1__Private *)message;

    for (size_t i = 0; i < private_body->n_keys; i++) {
        const Qcdc__V1__HandedKey *handed = private_body->keys[i];

        if (handed->event_id.len == sizeof(event->bytes) &&
            handed->body_key.len == sizeof(out->bytes) &&
            memcmp(handed->event_id.data, event->bytes, sizeof(event->bytes)) ==
                0) {
            memcpy(out->bytes, handed->body_key.data, sizeof(out->bytes));
            return 0;
        }
    }
    return error_set(err, ERR_NOTFOUND, "no key of that event is handed on");
}
