/* protocol/link: bundles: a link's frames in a file, sealed to the receiver.
 *
 * Owns the container: its head, its chunks, where a frame begins. What the
 * frames mean is the node's. Must never give out a byte that did not open
 * under the bundle's key. Next: bundle.h, which says what is in one and why
 * two ways never make two histories. */
#include "protocol/link/bundle.h"

#include <string.h>

#include "protocol/event/text.h"
#include "protocol/event/wire.h"
#include "qcdc/v1/link.pb-c.h"

static const char magic[] = "qcdc bundle\n";
#define MAGIC_SIZE (sizeof(magic) - 1)
#define SIGNED_PREFIX "qcdc/bundle/v1\n"
#define LAST_BIT 0x80000000u

/* ---- the head ---- */

static ProtobufCBinaryData data_of(const void *bytes, size_t len)
{
    union {
        const void *in;
        uint8_t *out;
    } ptr = {.in = bytes};

    return (ProtobufCBinaryData){.len = len, .data = ptr.out};
}

/* Signed is the hash of the prefix and of all that stands before it. */
static struct hash hash_signed(struct span before)
{
    struct hasher hasher;

    hasher_init(&hasher);
    hasher_add(&hasher, span_str(SIGNED_PREFIX));
    hasher_add(&hasher, before);
    return hasher_end(&hasher);
}

int bundle_head_put(const struct bundle_head *head, struct span sealed,
                    const struct sign_secret *actor, struct buf *out,
                    struct error *err)
{
    Qcdc__V1__BundleHead message = QCDC__V1__BUNDLE_HEAD__INIT;
    uint8_t space[BUNDLE_HEAD_MAX];
    struct buf packed = buf_over(space, sizeof(space));
    size_t start = out->len;
    struct signature signature;
    struct hash hash;
    int rc;

    if (sealed.len != BUNDLE_SEALED_SIZE) {
        return error_set(err, ERR_USAGE, "a sealed key of %zu bytes",
                         sealed.len);
    }
    message.version = head->version;
    message.realm = data_of(head->realm, strlen(head->realm));
    message.from = head->from;
    message.to = head->to;
    message.made_ms = head->made_ms;
    message.key_id = data_of(&head->key, sizeof(head->key));
    message.software = data_of(head->software, strlen(head->software));
    if ((rc = message_put(&message.base, &packed, err)) != 0) {
        return rc;
    }
    buf_put(out, span_str(magic));
    buf_put_u16(out, (uint16_t)packed.len);
    buf_put(out, buf_span(&packed));
    buf_put(out, sealed);
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "no room for a bundle's head");
    }
    hash = hash_signed(span_make(out->ptr + start, out->len - start));
    signature = sign_bytes(actor, SPAN_OF(hash));
    buf_put(out, SPAN_OF(signature));
    return out->overflow
               ? error_set(err, ERR_LIMIT, "no room for a bundle's head")
               : 0;
}

static int text_take(ProtobufCBinaryData in, char *out, size_t max,
                     struct error *err)
{
    if (in.len > max || !text_valid_utf8(span_make(in.data, in.len))) {
        return error_set(err, ERR_MALFORMED, "the bundle's head is damaged");
    }
    for (size_t i = 0; i < in.len; i++) {
        out[i] = (char)in.data[i];
    }
    out[in.len] = '\0';
    return 0;
}

static int message_take(const Qcdc__V1__BundleHead *in, struct bundle_head *out,
                        struct error *err)
{
    int rc;

    if (in->version > BUNDLE_VERSION) {
        return error_set(err, ERR_USAGE,
                         "the bundle is of version %u, this program reads "
                         "%u: bring this machine up to date first",
                         in->version, BUNDLE_VERSION);
    }
    if (in->version == 0 || in->key_id.len != sizeof(out->key) ||
        in->from == 0 || in->to == 0) {
        return error_set(err, ERR_MALFORMED, "the bundle's head is damaged");
    }
    out->version = in->version;
    out->from = in->from;
    out->to = in->to;
    out->made_ms = in->made_ms;
    memcpy(&out->key, in->key_id.data, sizeof(out->key));
    rc = text_take(in->realm, out->realm, REALM_MAX, err);
    return rc != 0 ? rc
                   : text_take(in->software, out->software, FRAME_SOFTWARE_MAX,
                               err);
}

static int fields_take(struct span packed, struct bundle_head *out,
                       struct error *err)
{
    _Alignas(16) uint8_t space[4 * BUNDLE_HEAD_MAX];
    struct arena arena;
    ProtobufCMessage *message = NULL;
    int rc;

    arena_init(&arena, space, sizeof(space));
    rc = message_unpack(&qcdc__v1__bundle_head__descriptor, packed, &arena,
                        &message, err);
    rc = rc != 0
             ? error_set(err, ERR_MALFORMED, "the bundle's head is damaged")
             : message_take((const Qcdc__V1__BundleHead *)message, out, err);
    arena_release(&arena);
    return rc;
}
int bundle_head_take(struct span bytes, struct bundle_head *out, size_t *used,
                     struct error *err)
{
    size_t len = 0;
    size_t before = 0;
    int rc;

    memset(out, 0, sizeof(*out));
    if (bytes.len < MAGIC_SIZE || memcmp(bytes.ptr, magic, MAGIC_SIZE) != 0) {
        return error_set(err, ERR_MALFORMED, "this file is no bundle");
    }
    if (bytes.len >= MAGIC_SIZE + 2) {
        len = read_u16(bytes.ptr + MAGIC_SIZE);
    }
    before = MAGIC_SIZE + 2 + len + BUNDLE_SEALED_SIZE;
    if (bytes.len < MAGIC_SIZE + 2 ||
        before + sizeof(out->signature) > BUNDLE_HEAD_MAX ||
        bytes.len < before + sizeof(out->signature)) {
        return error_set(err, ERR_MALFORMED,
                         "the bundle is cut short: copy it again");
    }
    rc = fields_take(span_slice(bytes, MAGIC_SIZE + 2, len), out, err);
    if (rc != 0) {
        return rc;
    }
    memcpy(out->sealed, bytes.ptr + MAGIC_SIZE + 2 + len, BUNDLE_SEALED_SIZE);
    out->signed_hash = hash_signed(span_slice(bytes, 0, before));
    memcpy(&out->signature, bytes.ptr + before, sizeof(out->signature));
    *used = before + sizeof(out->signature);
    return 0;
}

bool bundle_head_verify(const struct bundle_head *head,
                        const struct sign_public *actor)
{
    return sign_verify(actor, SPAN_OF(head->signed_hash), &head->signature);
}

/* ---- chunks ---- */

int bundle_open(const struct bundle_head *head, const struct box_public *pub,
                const struct box_secret *sec, struct bundle_stream *out,
                struct error *err)
{
    *out = (struct bundle_stream){.chunk = 0};
    return seal_open(pub, sec, SPAN_OF(head->sealed), out->key.bytes, err);
}

static struct nonce nonce_of(uint64_t chunk, bool last)
{
    struct nonce nonce = {{0}};
    struct buf out = buf_over(nonce.bytes, sizeof(nonce.bytes));

    buf_put_str(&out, "qcdc/bdl");
    buf_put_u64(&out, chunk);
    buf_put_u8(&out, last ? 1 : 0);
    return nonce;
}

int bundle_seal(struct bundle_stream *stream, struct span plain, bool last,
                struct buf *out, struct error *err)
{
    size_t len = plain.len + AEAD_OVERHEAD;
    struct nonce nonce = nonce_of(stream->chunk, last);

    if (stream->ended) {
        return error_set(err, ERR_USAGE, "a chunk after the last one");
    }
    if (len > BUNDLE_CHUNK_MAX || out->size - out->len < len + 4) {
        return error_set(err, ERR_LIMIT, "a chunk of %zu bytes", plain.len);
    }
    buf_put_u32(out, (uint32_t)len | (last ? LAST_BIT : 0));
    aead_encrypt(&stream->key, &nonce, plain, out->ptr + out->len);
    out->len += len;
    stream->chunk++;
    stream->ended = last;
    return 0;
}

int bundle_length(const struct bundle_stream *stream, const uint8_t four[4],
                  size_t *len, bool *last, struct error *err)
{
    uint32_t said = read_u32(four);

    *last = (said & LAST_BIT) != 0;
    *len = said & ~LAST_BIT;
    if (stream->ended) {
        return error_set(err, ERR_MALFORMED,
                         "there are bytes after the bundle's end");
    }
    if (*len < AEAD_OVERHEAD || *len > BUNDLE_CHUNK_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "the bundle is damaged: copy it again");
    }
    return 0;
}

int bundle_unseal(struct bundle_stream *stream, struct span cipher, bool last,
                  uint8_t *out, struct error *err)
{
    struct nonce nonce = nonce_of(stream->chunk, last);
    struct error ignored = {0};

    if (stream->ended || cipher.len < AEAD_OVERHEAD ||
        cipher.len > BUNDLE_CHUNK_MAX ||
        aead_decrypt(&stream->key, &nonce, cipher, out, &ignored) != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle was changed or damaged on its way: copy "
                         "it again, or have it made again");
    }
    stream->chunk++;
    stream->ended = last;
    return 0;
}

/* ---- frames ---- */

int bundle_put(const struct frame *frame, struct arena *arena, struct buf *out,
               struct error *err)
{
    size_t start = out->len;
    struct buf body;
    int rc;

    if (out->size - out->len < 4) {
        return error_set(err, ERR_LIMIT, "no room for a frame");
    }
    body = buf_over(out->ptr + start + 4, out->size - start - 4);
    if ((rc = frame_encode(frame, arena, &body, err)) != 0) {
        return rc;
    }
    buf_put_u32(out, (uint32_t)body.len);
    out->len += body.len;
    return 0;
}

int bundle_next(struct span *plain, struct span *frame, struct error *err)
{
    size_t len = plain->len >= 4 ? read_u32(plain->ptr) : 0;

    if (plain->len < 4 || len > plain->len - 4 || len > FRAME_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "a message of the bundle is no message");
    }
    *frame = span_slice(*plain, 4, len);
    *plain = span_slice(*plain, 4 + len, plain->len - 4 - len);
    return 0;
}
