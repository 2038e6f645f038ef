/* Text of people: UTF-8, NFC, without control characters; and its folded form
 * for search. The only file that includes utf8proc.h. Never allocates.
 */
#ifndef QCDC_PROTOCOL_EVENT_TEXT_H
#define QCDC_PROTOCOL_EVENT_TEXT_H

#include <stdbool.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

/* Well-formed UTF-8 (no surrogates, overlong forms, or beyond U+10FFFF). */
bool text_valid_utf8(struct span text) MUST_USE;

/* Valid and in Unicode normal form C. */
bool text_is_nfc(struct span text) MUST_USE;

/* Valid, NFC and without control characters: one line of a name or number.
 * ERR_MALFORMED saying which. */
int text_check_line(struct span text, struct error *err) MUST_USE;
/* The same, but newline and tab are allowed: free text. */
int text_check_block(struct span text, struct error *err) MUST_USE;

/* Appends the normal form C. ERR_MALFORMED for invalid UTF-8 or more than 30
 * marks on one letter; ERR_LIMIT if out is full. */
int text_nfc(struct span text, struct buf *out, struct error *err) MUST_USE;

/* Appends the form that search compares: marks stripped, lower case, d for
 * the Vietnamese d with stroke. Bytes that are no UTF-8 are left out.
 * ERR_LIMIT if out is full. */
int text_fold(struct span text, struct buf *out, struct error *err) MUST_USE;

#endif
