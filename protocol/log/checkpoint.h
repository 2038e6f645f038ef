/* A log's signed statement of its size and root: three lines in a note
 * (tlog.md section 1.6).
 *
 *     origin \n decimal size \n base64(root) \n
 *
 * No extension lines: none are written, and a text with one is refused. The
 * log's key has the origin as its name. Time comes from cosignatures.
 */
#ifndef QCDC_PROTOCOL_LOG_CHECKPOINT_H
#define QCDC_PROTOCOL_LOG_CHECKPOINT_H

#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/log/merkle.h"
#include "protocol/log/note.h"

/* Longest text: origin, 19 digits, 44 of base64, newlines. */
#define CHECKPOINT_TEXT_MAX (ORIGIN_MAX + 1u + 19u + 1u + 44u + 1u)
/* The same as a note with the log's own line and nothing else. */
#define CHECKPOINT_NOTE_MAX (CHECKPOINT_TEXT_MAX + 1u + 5u + ORIGIN_MAX + 93u)

struct checkpoint {
    struct span origin; /* borrows from the text */
    struct merkle_head head;
};

/* The text alone. ERR_MALFORMED, also for size 0 with another root than the
 * empty tree's, and for extension lines. */
int checkpoint_parse(struct span text, struct checkpoint *checkpoint,
                     struct error *err) MUST_USE;

/* The three lines without looking at what they claim: a witness answers a
 * wrong empty tree otherwise than a malformed text. Others use the above. */
int checkpoint_parse_lines(struct span text, struct checkpoint *checkpoint,
                           struct error *err) MUST_USE;

/* Size 0 has the empty root. ERR_MALFORMED. */
int checkpoint_check(const struct checkpoint *checkpoint,
                     struct error *err) MUST_USE;

/* Appends the text. The caller gives an origin that vkey_make accepts. */
void checkpoint_format(const struct checkpoint *checkpoint, struct buf *out);

/* Appends the note signed by the log's key. ERR_USAGE if the key's name is
 * not the origin or its type not VKEY_ED25519; ERR_LIMIT if out is full. */
int checkpoint_sign(const struct checkpoint *checkpoint, const struct vkey *log,
                    const struct sign_secret *secret, struct buf *out,
                    struct error *err) MUST_USE;

/* A checkpoint note that `log` signed; other lines are not looked at beyond
 * their form. ERR_MALFORMED, ERR_LIMIT; ERR_UNTRUSTED if it is another
 * origin's or not signed by that very key. Borrows from the note. */
int checkpoint_open(struct span note, const struct vkey *log,
                    struct checkpoint *checkpoint, struct error *err) MUST_USE;

/* The origin of a note whose signatures are not checked yet: to find the
 * log's key. Nothing else of it may be believed. */
int checkpoint_origin(struct span note, struct span *origin,
                      struct error *err) MUST_USE;

/* The same for a note already parsed and verified by the caller: parses its
 * text and compares the origin with the key's name. ERR_UNTRUSTED if it
 * differs. */
int checkpoint_of_log(struct span text, const struct vkey *log,
                      struct checkpoint *checkpoint,
                      struct error *err) MUST_USE;

#endif
