/* Files that events name by hash (Document.file_hash): what may be one, how it
 * is recognised, and how a private one is sealed.
 *
 * A file is stored, hashed and sent as it is. A sealed one is
 *
 *     "qcdc/file/v1\n" || SHA-256("qcdc/bodykey/v1\n" || key) || nonce (24) ||
 *     XChaCha20-Poly1305 ciphertext
 *
 * and file_hash is that of these bytes: relays can check it and not read it.
 * Its key stands in the private body of the event that names it, among the
 * keys handed on, under the first 16 bytes of the hash; whoever can open that
 * body opens the file, and with the body the file is erased.
 */
#ifndef QCDC_PROTOCOL_EVENT_ATTACHMENT_H
#define QCDC_PROTOCOL_EVENT_ATTACHMENT_H

#include "protocol/base/buf.h"
#include "protocol/event/leaf.h"

#define ATTACHMENT_SEAL_OVERHEAD (13u + 32u + 24u + AEAD_OVERHEAD)

enum attachment_type {
    ATTACHMENT_NONE, /* not allowed */
    ATTACHMENT_SEALED,
    ATTACHMENT_PDF,
    ATTACHMENT_JPEG,
    ATTACHMENT_PNG,
    ATTACHMENT_TIFF,
    ATTACHMENT_OFFICE, /* a ZIP that begins as DOCX, XLSX, ODT ... do */
    ATTACHMENT_TEXT,   /* UTF-8 without control characters */
};

/* By content alone; names are never looked at. */
enum attachment_type attachment_type_of(struct span bytes);
/* "PDF" ...; NULL for NONE. */
const char *attachment_type_name(enum attachment_type type);

/* Appends the sealed form. ERR_LIMIT when `out` is too small. */
int attachment_seal(struct span plain, const struct body_key *key,
                    const struct nonce *nonce, struct buf *out,
                    struct error *err) MUST_USE;
/* Into `out` of sealed.len bytes; *len of them. ERR_UNTRUSTED if the key is
 * another or the bytes were changed; ERR_MALFORMED if nothing is sealed. */
int attachment_open(struct span sealed, const struct body_key *key,
                    uint8_t *out, size_t *len, struct error *err) MUST_USE;

/* Under what a private body hands on the key of that file. */
struct event_id attachment_key_name(const struct hash *file);

#endif
