/* SHA-256 (FIPS 180-4) by the processor's own instructions, where it has them;
 * libsodium's is portable C and takes five times as long. Only crypto.c calls
 * this, and compares both once at the start.
 */
#ifndef QCDC_PROTOCOL_SHA256_H
#define QCDC_PROTOCOL_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t h[8];
    uint64_t bytes; /* taken in so far */
    uint8_t rest[64];
};

/* Can this processor do it? Slow: asked once. */
bool sha256_has_instructions(void);

/* Only where it can. `data` borrowed, may be NULL if len is 0. */
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const uint8_t *data, size_t len);
void sha256_end(struct sha256 *s, uint8_t out[32]);

#endif
