/* protocol/log: verifier keys, the public half that notes are checked with.
 *
 * Owns: the vkey text and the key id. Must never load a key of small order or
 * of another spelling: two names for one key would count as two signers.
 * Next: note.c.
 */
#include "protocol/log/note.h"

#include "protocol/base/hex.h"
#include "protocol/log/lines.h"

/* SHA-256(name || 0x0A || type || key)[0:4] */
static uint32_t key_id32(struct span name, uint8_t type,
                         const struct sign_public *key)
{
    uint8_t middle[2] = {0x0a, type};
    struct hasher h;

    hasher_init(&h);
    hasher_add(&h, name);
    hasher_add(&h, SPAN_OF(middle));
    hasher_add(&h, SPAN_OF(key->bytes));

    struct hash full = hasher_end(&h);

    return read_u32(full.bytes);
}

int vkey_make(struct span name, uint8_t type, const struct sign_public *key,
              struct vkey *vkey, struct error *err)
{
    if (name.len == 0 || name.len > ORIGIN_MAX || !lines_word_valid(name) ||
        memchr(name.ptr, '+', name.len) != NULL) {
        return error_set(err, ERR_MALFORMED,
                         "key name must be 1 to %u bytes of UTF-8 without "
                         "space or plus sign",
                         ORIGIN_MAX);
    }
    if (type != VKEY_ED25519 && type != VKEY_COSIGNATURE) {
        return error_set(err, ERR_MALFORMED,
                         "signature type %u is not supported", type);
    }
    if (!sign_public_valid(key)) {
        return error_set(err, ERR_UNTRUSTED, "not a usable Ed25519 public key");
    }
    *vkey = (struct vkey){.name = name,
                          .id = key_id32(name, type, key),
                          .type = type,
                          .key = *key};
    return 0;
}

int vkey_parse(struct span text, struct vkey *vkey, struct error *err)
{
    const uint8_t *plus =
        text.len == 0 ? NULL : memchr(text.ptr, '+', text.len);
    size_t name_len = plus == NULL ? 0 : (size_t)(plus - text.ptr);
    uint8_t material[36] = {0};
    struct error ignored = {0};
    size_t len = 0;
    char id[9];

    /* base64 may hold plus signs, so the parts are found by length */
    if (name_len == 0 || text.len != name_len + 10 + 44 || plus[9] != '+' ||
        base64_decode(span_make(plus + 10, 44), material, sizeof(material),
                      &len, &ignored) != 0 ||
        len != 33) {
        return error_set(err, ERR_MALFORMED,
                         "key is not of the form NAME+ID+BASE64");
    }
    struct sign_public key;
    struct vkey made = {.id = 0};
    uint8_t id_bytes[4];

    memcpy(key.bytes, material + 1, sizeof(key.bytes));
    int rc =
        vkey_make(span_make(text.ptr, name_len), material[0], &key, &made, err);

    if (rc != 0) {
        return rc;
    }
    struct buf b = buf_over(id_bytes, sizeof(id_bytes));

    buf_put_u32(&b, made.id);
    hex_encode(buf_span(&b), id);
    if (memcmp(id, plus + 1, 8) != 0) {
        return error_set(err, ERR_MALFORMED,
                         "key id does not match: name and key give %s", id);
    }
    *vkey = made;
    return 0;
}

void vkey_format(const struct vkey *vkey, struct buf *out)
{
    uint8_t material[33];
    char text[BASE64_SIZE(33)];

    material[0] = vkey->type;
    memcpy(material + 1, vkey->key.bytes, 32);
    base64_encode(SPAN_OF(material), text);
    buf_put(out, vkey->name);
    buf_put_fmt(out, "+%08x+%s", (unsigned)vkey->id, text);
}

bool vkey_equal(const struct vkey *a, const struct vkey *b)
{
    return a->type == b->type && a->id == b->id &&
           span_equal(a->name, b->name) &&
           span_equal(SPAN_OF(a->key.bytes), SPAN_OF(b->key.bytes));
}
