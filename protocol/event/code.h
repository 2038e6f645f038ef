/* The citizen's code of an event: 10 characters of its id and a check.
 *
 * Crockford base32 of the id's first 50 bits, then one character so that the
 * sum of alpha^i * v_i over GF(32) (x^5 + x^2 + 1, alpha = x, i from 0 at the
 * left) is zero: every single wrong character and every swap of two is found.
 * Printed 4-4-3. A prefix, not a proof: several events may share it.
 */
#ifndef QCDC_PROTOCOL_EVENT_CODE_H
#define QCDC_PROTOCOL_EVENT_CODE_H

#include "protocol/event/leaf.h"

#define CODE_TEXT_SIZE 14 /* "K7QM-2XRD-9TA" and NUL */

/* The id's first 50 bits. */
struct code {
    uint64_t bits;
};

/* The 32 characters of codes: none that looks like another. */
extern const char code_alphabet[];
/* Value of one character as people write it; 32: it is none of them. */
unsigned code_digit(uint8_t c);

/* Writes CODE_TEXT_SIZE bytes, upper case, with NUL. */
void code_format(const struct event_id *id, char *text);

/* Accepts lower case, spaces and hyphens anywhere, O for 0, I and L for 1.
 * ERR_MALFORMED saying which: wrong length, character or check. */
int code_parse(struct span text, struct code *out, struct error *err) MUST_USE;

/* Least and greatest id with this code: for BETWEEN. */
void code_range(struct code code, struct event_id *first,
                struct event_id *last);
bool code_matches(struct code code, const struct event_id *id);

#endif
