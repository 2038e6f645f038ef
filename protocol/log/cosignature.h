/* cosignature/v1: another node's signature on a checkpoint, with its time
 * (tlog.md section 1.7).
 *
 * "As of that time, the largest consistent tree of this origin that I have
 * seen has this root." A mirror's adds: and I hold it durably. The message
 * does not contain the cosigner's name, so one key has one name and purpose.
 */
#ifndef QCDC_PROTOCOL_LOG_COSIGNATURE_H
#define QCDC_PROTOCOL_LOG_COSIGNATURE_H

#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/log/note.h"

#define COSIGNATURE_SIZE 76u

/* The line signature, as stored and sent: key id (4) || time (8) || sig (64),
 * big-endian. */
struct cosignature {
    uint8_t bytes[COSIGNATURE_SIZE];
};

uint32_t cosignature_key_id(const struct cosignature *c);
/* POSIX seconds; below 2^63 in every cosignature that verifies. */
uint64_t cosignature_time(const struct cosignature *c);

/* First 8 bytes of SHA-256 of the 76 bytes: what a header quotes. */
void cosignature_short_hash(const struct cosignature *c, uint8_t out[8]);

/* Signs a whole checkpoint text (all lines, final newline). ERR_USAGE for a
 * key of another type or a time >= 2^63; ERR_LIMIT for a text over NOTE_MAX.
 * Does not look at the text: the caller has verified the checkpoint. */
int cosignature_sign(struct span text, uint64_t time, const struct vkey *key,
                     const struct sign_secret *secret, struct cosignature *c,
                     struct error *err) MUST_USE;

/* ERR_UNTRUSTED if it is not `key`'s good signature over the text. */
int cosignature_verify(const struct cosignature *c, const struct vkey *key,
                       struct span text, struct error *err) MUST_USE;

/* Appends the note line that carries it. */
void cosignature_put_line(const struct cosignature *c, const struct vkey *key,
                          struct buf *out);

/* The 76 bytes of a note's line. ERR_MALFORMED if it has another length. */
int cosignature_of_line(const struct note_line *line, struct cosignature *c,
                        struct error *err) MUST_USE;

/* A single line with its newline, as a witness answers. `name` borrows. */
int cosignature_parse_line(struct span line, struct span *name,
                           struct cosignature *c, struct error *err) MUST_USE;

#endif
