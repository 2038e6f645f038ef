/* protocol/base: bounded writing and big-endian integers. */
#include "protocol/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct buf buf_over(void *ptr, size_t size)
{
    return (struct buf){.ptr = ptr, .size = size};
}

void buf_put(struct buf *b, struct span bytes)
{
    if (b->overflow || bytes.len > b->size - b->len) {
        b->overflow = true;
        return;
    }
    if (bytes.len > 0) {
        memcpy(b->ptr + b->len, bytes.ptr, bytes.len);
        b->len += bytes.len;
    }
}

void buf_put_str(struct buf *b, const char *text)
{
    buf_put(b, span_str(text));
}

void buf_put_u8(struct buf *b, uint8_t value)
{
    buf_put(b, span_make(&value, 1));
}

void buf_put_u16(struct buf *b, uint16_t value)
{
    uint8_t be[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    buf_put(b, span_make(be, sizeof(be)));
}

void buf_put_u32(struct buf *b, uint32_t value)
{
    uint8_t be[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                     (uint8_t)(value >> 8), (uint8_t)value};

    buf_put(b, span_make(be, sizeof(be)));
}

void buf_put_u64(struct buf *b, uint64_t value)
{
    uint8_t be[8];

    for (size_t i = 0; i < sizeof(be); i++) {
        be[i] = (uint8_t)(value >> (56 - 8 * i));
    }
    buf_put(b, span_make(be, sizeof(be)));
}

void buf_put_fmt(struct buf *b, const char *fmt, ...)
{
    va_list args;
    size_t room = b->size - b->len;

    if (b->overflow) {
        return;
    }
    va_start(args, fmt);
    /* vsnprintf writes a NUL too: a text that fills the room exactly does
     * not fit, which costs one byte and keeps this simple. */
    int len = vsnprintf((char *)(b->ptr + b->len), room, fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room) {
        b->overflow = true;
        return;
    }
    b->len += (size_t)len;
}

struct span buf_span(const struct buf *b)
{
    return span_make(b->ptr, b->len);
}

uint16_t read_u16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

uint32_t read_u32(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) |
           ((uint32_t)p[2] << 8) | (uint32_t)p[3];
}

uint64_t read_u64(const uint8_t *p)
{
    return ((uint64_t)read_u32(p) << 32) | read_u32(p + 4);
}
