/* A recovery secret as it stands on paper in a unit's safe.
 *
 * 8 groups of 8 characters of Crockford base32, printed with blanks between:
 * each group is 4 bytes of the secret and one byte of check, the first of
 * SHA-256("qcdc/paper/v1\n" || number of the group, from 1 || the 4 bytes). So
 * a mistyped or misplaced group is told at once, and which one it is.
 */
#ifndef QCDC_PROTOCOL_EVENT_PAPER_H
#define QCDC_PROTOCOL_EVENT_PAPER_H

#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"

#define PAPER_GROUPS 8u
#define PAPER_GROUP 8u
#define PAPER_TEXT_SIZE (PAPER_GROUPS * PAPER_GROUP + 1)

/* Without blanks, with NUL. Wipe it. */
void paper_format(const struct box_secret *secret, char text[PAPER_TEXT_SIZE]);

/* Accepts lower case, blanks, hyphens and line ends anywhere, O for 0, I and L
 * for 1. ERR_MALFORMED names the group and repeats nothing of what was typed.
 */
int paper_parse(struct span text, struct box_secret *out,
                struct error *err) MUST_USE;

#endif
