/* protocol/log: cosignature/v1, the acknowledgement of a log by another node.
 *
 * Owns: the signed message and the 76 bytes. Must never be called for a
 * checkpoint smaller than one signed before: that memory is the caller's
 * (store/), not ours. Next: witness.c, link/.
 */
#include "protocol/log/cosignature.h"

#include <inttypes.h>

#include "protocol/log/lines.h"

#define HEAD_MAX 64u /* "cosignature/v1\ntime " and 19 digits */

uint32_t cosignature_key_id(const struct cosignature *c)
{
    return read_u32(c->bytes);
}

uint64_t cosignature_time(const struct cosignature *c)
{
    return read_u64(c->bytes + 4);
}

void cosignature_short_hash(const struct cosignature *c, uint8_t out[8])
{
    struct hash full = hash_of(SPAN_OF(c->bytes));

    memcpy(out, full.bytes, 8);
}

static struct span message_make(struct span text, uint64_t time, uint8_t *room,
                                size_t size)
{
    struct buf b = buf_over(room, size);

    buf_put_fmt(&b, "cosignature/v1\ntime %" PRIu64 "\n", time);
    buf_put(&b, text);
    return b.overflow ? (struct span){NULL, 0} : buf_span(&b);
}

int cosignature_sign(struct span text, uint64_t time, const struct vkey *key,
                     const struct sign_secret *secret, struct cosignature *c,
                     struct error *err)
{
    uint8_t room[HEAD_MAX + NOTE_MAX];

    if (key->type != VKEY_COSIGNATURE || time > LINES_NUMBER_MAX) {
        return error_set(err, ERR_USAGE,
                         key->type != VKEY_COSIGNATURE
                             ? "key is not one for cosignatures"
                             : "time of a cosignature is out of range");
    }
    struct span message = message_make(text, time, room, sizeof(room));

    if (message.len == 0) {
        return error_set(err, ERR_LIMIT, "checkpoint of %zu bytes", text.len);
    }
    struct signature sig = sign_bytes(secret, message);
    struct buf b = buf_over(c->bytes, sizeof(c->bytes));

    buf_put_u32(&b, key->id);
    buf_put_u64(&b, time);
    buf_put(&b, SPAN_OF(sig.bytes));
    return 0;
}

int cosignature_verify(const struct cosignature *c, const struct vkey *key,
                       struct span text, struct error *err)
{
    uint8_t room[HEAD_MAX + NOTE_MAX];
    uint64_t time = cosignature_time(c);
    struct signature sig;

    memcpy(sig.bytes, c->bytes + 12, sizeof(sig.bytes));
    if (key->type != VKEY_COSIGNATURE || key->id != cosignature_key_id(c) ||
        time > LINES_NUMBER_MAX) {
        return error_set(err, ERR_UNTRUSTED,
                         time > LINES_NUMBER_MAX
                             ? "cosignature's time is out of range"
                             : "cosignature is of another key");
    }
    struct span message = message_make(text, time, room, sizeof(room));

    if (message.len == 0 || !sign_verify(&key->key, message, &sig)) {
        return error_set(err, ERR_UNTRUSTED,
                         "cosignature %08x does not sign this checkpoint",
                         (unsigned)key->id);
    }
    return 0;
}

void cosignature_put_line(const struct cosignature *c, const struct vkey *key,
                          struct buf *out)
{
    note_put_line(key, span_make(c->bytes + 4, sizeof(c->bytes) - 4), out);
}

int cosignature_of_line(const struct note_line *line, struct cosignature *c,
                        struct error *err)
{
    if (line->signature_len != COSIGNATURE_SIZE - 4) {
        return error_set(err, ERR_MALFORMED, "cosignature of %zu bytes",
                         line->signature_len);
    }
    struct buf b = buf_over(c->bytes, sizeof(c->bytes));

    buf_put_u32(&b, line->id);
    buf_put(&b, span_make(line->signature, COSIGNATURE_SIZE - 4));
    return 0;
}

int cosignature_parse_line(struct span line, struct span *name,
                           struct cosignature *c, struct error *err)
{
    struct note_line parsed;
    int rc = note_line_parse(line, &parsed, err);

    if (rc == 0) {
        rc = cosignature_of_line(&parsed, c, err);
    }
    if (rc == 0) {
        *name = parsed.name;
    }
    return rc;
}
