/* Borrowed bytes: a pointer and a length, passed by value, never freed.
 *
 * The empty span is {NULL, 0}; comparing and copying empty spans is defined.
 */
#ifndef QCDC_PROTOCOL_BASE_SPAN_H
#define QCDC_PROTOCOL_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *ptr;
    size_t len;
};

/* A span over an object or array of bytes whose size is known here. */
#define SPAN_OF(object)                                                        \
    ((struct span){(const uint8_t *)&(object), sizeof(object)})

static inline struct span span_make(const void *ptr, size_t len)
{
    return (struct span){(const uint8_t *)ptr, len};
}

/* A span over a C string without its NUL. */
static inline struct span span_str(const char *text)
{
    return span_make(text, strlen(text));
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Bytewise order, shorter first when one is a prefix of the other. */
static inline int span_compare(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

/* Bytes [from, from+len) of a span; the empty span if they do not exist. */
static inline struct span span_slice(struct span s, size_t from, size_t len)
{
    if (from > s.len || len > s.len - from) {
        return (struct span){NULL, 0};
    }
    return span_make(s.ptr + from, len);
}

#endif
