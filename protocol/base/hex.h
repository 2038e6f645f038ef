/* Bytes for humans and back: lower-case hex. Strict: even length, no spaces,
 * no prefix; upper case is accepted on input. */
#ifndef QCDC_PROTOCOL_BASE_HEX_H
#define QCDC_PROTOCOL_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"

/* Writes 2 * bytes.len characters and a NUL; `text` holds that many. */
void hex_encode(struct span bytes, char *text);

/* Decodes exactly `size` bytes into `out`. ERR_MALFORMED, out untouched. */
int hex_decode(struct span text, void *out, size_t size,
               struct error *err) MUST_USE;

#endif
