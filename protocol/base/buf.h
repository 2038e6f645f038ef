/* Bounded writer over the caller's memory with a sticky overflow flag.
 *
 * Writers append; once something did not fit, `overflow` stays set, nothing
 * more is written and `len` no longer moves. Check once, at the end.
 */
#ifndef QCDC_PROTOCOL_BASE_BUF_H
#define QCDC_PROTOCOL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/span.h"

struct buf {
    uint8_t *ptr; /* keeps: the caller's memory */
    size_t size;  /* bytes there */
    size_t len;   /* bytes written */
    bool overflow;
};

struct buf buf_over(void *ptr, size_t size);

void buf_put(struct buf *b, struct span bytes);
void buf_put_str(struct buf *b, const char *text);
void buf_put_u8(struct buf *b, uint8_t value);
void buf_put_u16(struct buf *b, uint16_t value); /* big-endian, as all below */
void buf_put_u32(struct buf *b, uint32_t value);
void buf_put_u64(struct buf *b, uint64_t value);
/* Needs room for one byte more than the text: vsnprintf's NUL. */
void buf_put_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What was written so far. */
struct span buf_span(const struct buf *b);

/* Big-endian reading; the caller has checked the length. */
uint16_t read_u16(const uint8_t *p);
uint32_t read_u32(const uint8_t *p);
uint64_t read_u64(const uint8_t *p);

#endif
