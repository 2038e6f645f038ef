/* C2SP signed notes and verifier keys (tlog.md section 1.5).
 *
 *     text || "\n" || one or more: U+2014 " " name " " base64(id || sig) "\n"
 *
 * A note is parsed into spans of the received bytes; nothing is copied and
 * nothing is ever written anew to be checked. A known key's bad line refuses
 * the whole note; an unknown key's line is ignored.
 */
#ifndef QCDC_PROTOCOL_LOG_NOTE_H
#define QCDC_PROTOCOL_LOG_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"

/* Signature types; the first byte of a vkey's key material. */
#define VKEY_ED25519 0x01u     /* a log: Ed25519 over the text */
#define VKEY_COSIGNATURE 0x04u /* a mirror or witness: cosignature/v1 */

/* A key that may sign notes. */
struct vkey {
    struct span name; /* borrows: from the vkey text, or the caller's */
    uint32_t id;      /* first 4 bytes of SHA-256(name \n type key) */
    uint8_t type;     /* VKEY_* */
    struct sign_public key;
};

/* Longest text of a vkey: name, two plus signs, 8 hex, base64 of 33. */
#define VKEY_TEXT_MAX (ORIGIN_MAX + 1u + 8u + 1u + 44u)

/* Computes the id. ERR_MALFORMED for a name with a space or plus sign, empty
 * or longer than ORIGIN_MAX, or for another type; ERR_UNTRUSTED for a key
 * that is no canonical point of full order. The vkey keeps `name`. */
int vkey_make(struct span name, uint8_t type, const struct sign_public *key,
              struct vkey *vkey, struct error *err) MUST_USE;

/* `name+hex8+base64`; the whole span, nothing after it. Errors as vkey_make,
 * ERR_MALFORMED also if the id is not that of the key. The vkey keeps text. */
int vkey_parse(struct span text, struct vkey *vkey, struct error *err) MUST_USE;
void vkey_format(const struct vkey *vkey, struct buf *out);

/* Same name, type and key. */
bool vkey_equal(const struct vkey *a, const struct vkey *b);

#define NOTE_SIGNATURE_MAX 72u /* longest that is understood: time || sig */

struct note_line {
    struct span name;
    uint32_t id;
    size_t signature_len; /* of the line; bytes are kept up to the maximum */
    uint8_t signature[NOTE_SIGNATURE_MAX];
    struct span bytes; /* the line as received, with its newline */
};

/* Borrows from the note's bytes. */
struct note {
    struct span text; /* what is signed, with its last newline */
    size_t line_count;
    struct note_line lines[NOTE_LINES_MAX];
};

/* ERR_MALFORMED; ERR_LIMIT over NOTE_MAX bytes or NOTE_LINES_MAX lines. */
int note_parse(struct span bytes, struct note *note,
               struct error *err) MUST_USE;

/* A single signature line with its newline and nothing after it.
 * ERR_MALFORMED. */
int note_line_parse(struct span bytes, struct note_line *line,
                    struct error *err) MUST_USE;

/* One line whose signature was found good. */
struct note_verified {
    size_t key;    /* which of the keys */
    size_t line;   /* which of the note's lines */
    uint64_t time; /* POSIX seconds of a cosignature, else 0 */
};

/* Verifies every line of a known key. ERR_UNTRUSTED if one is bad, if none
 * is known, or if two different keys share name and id. `verified` holds
 * NOTE_LINES_MAX; at most one entry a key, in line order. */
int note_verify(const struct note *note, const struct vkey *keys,
                size_t key_count, struct note_verified *verified,
                size_t *verified_count, struct error *err) MUST_USE;

/* Appends one signature line. `signature` is what follows the key id. */
void note_put_line(const struct vkey *key, struct span signature,
                   struct buf *out);

/* Appends text, empty line and the Ed25519 line of `key`. ERR_MALFORMED if
 * the text is none that a note may hold; ERR_USAGE for another type of key;
 * ERR_LIMIT if it does not fit. Cosignature lines may follow. */
int note_sign(struct span text, const struct vkey *key,
              const struct sign_secret *secret, struct buf *out,
              struct error *err) MUST_USE;

#endif
