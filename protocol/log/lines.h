/* Text of the log formats, taken apart strictly: lines, decimals, hashes.
 *
 * Every format of this folder is lines of bytes that end with a newline.
 * These readers borrow from the text, copy nothing and accept one spelling of
 * each value only: two implementations must never disagree about a signed
 * text (tlog.md sections 1.5, 1.6 and 3.5).
 */
#ifndef QCDC_PROTOCOL_LOG_LINES_H
#define QCDC_PROTOCOL_LOG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"

/* Sizes, positions and times stay below 2^63. */
#define LINES_NUMBER_MAX UINT64_C(0x7fffffffffffffff)

/* Takes the next line off `rest` into `line`, without its newline. False, and
 * nothing taken, if no complete line is left. */
bool lines_next(struct span *rest, struct span *line);

/* Takes `count` complete lines off `rest` as one span, newlines included. */
bool lines_take(struct span *rest, size_t count, struct span *block);

/* How many complete lines there are; SIZE_MAX if the last is not ended. */
size_t lines_count(struct span text);

/* True, and the bytes after it in `after`, if `line` starts with `prefix`. */
bool lines_after(struct span line, const char *prefix, struct span *after);

/* Decimal digits without sign, space or leading zero, < 2^63. */
bool lines_number(struct span digits, uint64_t *value);

/* Strict base64 of exactly 32 bytes. */
bool lines_hash(struct span base64, struct hash *hash);

/* UTF-8 as RFC 3629 has it, without control characters but newline. */
bool lines_text_valid(struct span text);

/* True if UTF-8 and without any character that Unicode calls white space. */
bool lines_word_valid(struct span word);

/* Base64 of the bytes and a newline; at most 76 bytes. */
void lines_put_base64(struct buf *out, struct span bytes);

#endif
