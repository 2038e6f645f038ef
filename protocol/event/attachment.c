/* protocol/event: files that events name: their types and their seal.
 * Owns the short list of what may be attached. Decides by content, never by a
 * name, because a name is what an attacker chooses. Next: body.c. */
#include "protocol/event/attachment.h"

#include <string.h>

#include "protocol/event/text.h"

#define MAGIC "qcdc/file/v1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define HEAD_LEN (MAGIC_LEN + 32u + 24u)

static bool begins(struct span bytes, const char *with, size_t len)
{
    return bytes.len >= len && memcmp(bytes.ptr, with, len) == 0;
}

/* Office files are ZIPs whose first member has one of these names; any other
 * ZIP may hold a program. */
static bool is_office(struct span bytes)
{
    static const char *const first[] = {
        "[Content_Types].xml", "_rels/", "mimetype",
        "docProps/",           "word/",  "xl/"};

    if (!begins(bytes, "PK\x03\x04", 4) || bytes.len < 64) {
        return false;
    }
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        size_t len = strlen(first[i]);

        if (memcmp(bytes.ptr + 30, first[i], len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_text(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];

        if (c == 0x7f || (c < 0x20 && c != '\n' && c != '\r' && c != '\t')) {
            return false;
        }
    }
    return bytes.len > 0 && text_valid_utf8(bytes);
}

enum attachment_type attachment_type_of(struct span bytes)
{
    static const struct {
        const char *with;
        size_t len;
        enum attachment_type type;
    } heads[] = {
        {MAGIC, MAGIC_LEN, ATTACHMENT_SEALED},
        {"%PDF-", 5, ATTACHMENT_PDF},
        {"\xff\xd8\xff", 3, ATTACHMENT_JPEG},
        {"\x89PNG\r\n\x1a\n", 8, ATTACHMENT_PNG},
        {"II*\0", 4, ATTACHMENT_TIFF},
        {"MM\0*", 4, ATTACHMENT_TIFF},
    };

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (begins(bytes, heads[i].with, heads[i].len)) {
            return heads[i].type;
        }
    }
    if (is_office(bytes)) {
        return ATTACHMENT_OFFICE;
    }
    /* A script is a text as well, and is opened as one. */
    return is_text(bytes) && !begins(bytes, "#!", 2) ? ATTACHMENT_TEXT
                                                     : ATTACHMENT_NONE;
}

const char *attachment_type_name(enum attachment_type type)
{
    switch (type) {
    case ATTACHMENT_NONE:
        return NULL;
    case ATTACHMENT_SEALED:
        return "sealed";
    case ATTACHMENT_PDF:
        return "PDF";
    case ATTACHMENT_JPEG:
        return "JPEG";
    case ATTACHMENT_PNG:
        return "PNG";
    case ATTACHMENT_TIFF:
        return "TIFF";
    case ATTACHMENT_OFFICE:
        return "office document";
    case ATTACHMENT_TEXT:
        return "text";
    }
    return NULL;
}

static struct hash key_commitment(const struct body_key *key)
{
    struct hasher hasher;

    hasher_init(&hasher);
    hasher_add(&hasher, span_str("qcdc/bodykey/v1\n"));
    hasher_add(&hasher, SPAN_OF(*key));
    return hasher_end(&hasher);
}

int attachment_seal(struct span plain, const struct body_key *key,
                    const struct nonce *nonce, struct buf *out,
                    struct error *err)
{
    struct hash commitment = key_commitment(key);

    if (out->size - out->len < plain.len + ATTACHMENT_SEAL_OVERHEAD) {
        return error_set(err, ERR_LIMIT, "no room to seal %zu bytes",
                         plain.len);
    }
    buf_put_str(out, MAGIC);
    buf_put(out, SPAN_OF(commitment));
    buf_put(out, SPAN_OF(*nonce));
    aead_encrypt(key, nonce, plain, out->ptr + out->len);
    out->len += plain.len + AEAD_OVERHEAD;
    return 0;
}

int attachment_open(struct span sealed, const struct body_key *key,
                    uint8_t *out, size_t *len, struct error *err)
{
    struct hash commitment = key_commitment(key);
    struct nonce nonce;

    if (!begins(sealed, MAGIC, MAGIC_LEN) ||
        sealed.len < ATTACHMENT_SEAL_OVERHEAD) {
        return error_set(err, ERR_MALFORMED, "this file is not sealed");
    }
    if (memcmp(sealed.ptr + MAGIC_LEN, &commitment, sizeof(commitment)) != 0) {
        return error_set(err, ERR_UNTRUSTED, "the key is another file's");
    }
    memcpy(&nonce, sealed.ptr + MAGIC_LEN + 32, sizeof(nonce));
    *len = sealed.len - ATTACHMENT_SEAL_OVERHEAD;
    return aead_decrypt(key, &nonce,
                        span_make(sealed.ptr + HEAD_LEN, sealed.len - HEAD_LEN),
                        out, err);
}

struct event_id attachment_key_name(const struct hash *file)
{
    struct event_id name;

    memcpy(&name, file, sizeof(name));
    return name;
}
