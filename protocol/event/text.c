/* protocol/event: the one door to utf8proc.
 *
 * Works segment by segment (a letter and the marks on it) in small arrays on
 * the stack: utf8proc's own one-call functions allocate. Two texts that look
 * the same must have the same bytes, or searching and comparing lie; so what
 * is signed is NFC. Never guesses an encoding.
 */
#include "protocol/event/text.h"

#include <string.h>
#include <utf8proc.h>

/* A letter and the 30 marks of the safe format of UAX 15. */
#define SEGMENT_MAX 31
#define DECOMPOSED_MAX 124 /* 4 for each: no letter falls into more */

/* The next code point; false if the bytes there are no UTF-8. */
static bool point_next(struct span text, size_t at, int32_t *point,
                       size_t *size)
{
    utf8proc_ssize_t n = utf8proc_iterate(
        text.ptr + at, (utf8proc_ssize_t)(text.len - at), point);

    *size = n > 0 ? (size_t)n : 0;
    return n > 0;
}

bool text_valid_utf8(struct span text)
{
    int32_t point;
    size_t size;

    for (size_t at = 0; at < text.len; at += size) {
        if (!point_next(text, at, &point, &size)) {
            return false;
        }
    }
    return true;
}

/* True if nothing before this point can combine with it. */
static bool starts_segment(int32_t point)
{
    if (point < 0x300) {
        return true;
    }
    if (point >= 0x1160 && point <= 0x11ff) {
        return false; /* Hangul vowels and finals compose with what precedes */
    }

    const utf8proc_property_t *p = utf8proc_get_property(point);

    return p->combining_class == 0 && p->category != UTF8PROC_CATEGORY_MN &&
           p->category != UTF8PROC_CATEGORY_MC &&
           p->category != UTF8PROC_CATEGORY_ME;
}

/* Composed letters of Vietnamese, and Latin: their own normal form. */
static bool is_plain(int32_t point)
{
    return point < 0x300 || (point >= 0x1ea0 && point <= 0x1ef9);
}

struct segment {
    struct span bytes;
    bool plain; /* one code point that is its own normal form */
};

enum segment_fault {
    SEGMENT_OK,
    SEGMENT_NOT_UTF8,
    SEGMENT_TOO_LONG
};

static enum segment_fault segment_next(struct span text, size_t at,
                                       struct segment *out)
{
    int32_t point;
    size_t size;
    int points = 1;

    if (!point_next(text, at, &point, &size)) {
        return SEGMENT_NOT_UTF8;
    }

    size_t end = at + size;

    out->plain = is_plain(point);
    /* Nearly always the next byte is ASCII, which starts a segment. */
    while (end < text.len && text.ptr[end] >= 0x80) {
        if (!point_next(text, end, &point, &size)) {
            return SEGMENT_NOT_UTF8;
        }
        if (starts_segment(point)) {
            break;
        }
        if (++points > SEGMENT_MAX) {
            return SEGMENT_TOO_LONG;
        }
        end += size;
        out->plain = false;
    }
    out->bytes = span_make(text.ptr + at, end - at);
    return SEGMENT_OK;
}

/* Normal form C of one segment into `out` (4 * DECOMPOSED_MAX bytes). */
static struct span segment_compose(struct span bytes, uint8_t *out)
{
    int32_t points[DECOMPOSED_MAX];
    utf8proc_option_t options =
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    utf8proc_ssize_t n =
        utf8proc_decompose(bytes.ptr, (utf8proc_ssize_t)bytes.len, points,
                           DECOMPOSED_MAX, options);
    size_t len = 0;

    if (n < 0 || n > DECOMPOSED_MAX) {
        return (struct span){NULL, 0};
    }
    n = utf8proc_normalize_utf32(points, n, options);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        len += (size_t)utf8proc_encode_char(points[i], out + len);
    }
    return span_make(out, len);
}

int text_nfc(struct span text, struct buf *out, struct error *err)
{
    uint8_t composed[DECOMPOSED_MAX * 4];
    struct segment s = {.plain = true};

    for (size_t at = 0; at < text.len; at += s.bytes.len) {
        switch (segment_next(text, at, &s)) {
        case SEGMENT_NOT_UTF8:
            return error_set(err, ERR_MALFORMED, "byte %zu is not UTF-8 text",
                             at + 1);
        case SEGMENT_TOO_LONG:
            return error_set(err, ERR_MALFORMED,
                             "byte %zu: more than 30 marks on one letter",
                             at + 1);
        case SEGMENT_OK:
            break;
        }
        buf_put(out, s.plain ? s.bytes : segment_compose(s.bytes, composed));
    }
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "the text is too long");
    }
    return 0;
}

bool text_is_nfc(struct span text)
{
    uint8_t composed[DECOMPOSED_MAX * 4];
    struct segment s = {.plain = true};

    for (size_t at = 0; at < text.len; at += s.bytes.len) {
        if (segment_next(text, at, &s) != SEGMENT_OK) {
            return false;
        }
        if (!s.plain &&
            !span_equal(s.bytes, segment_compose(s.bytes, composed))) {
            return false;
        }
    }
    return true;
}

static int text_check(struct span text, bool block, struct error *err)
{
    int32_t point;
    size_t size;

    for (size_t at = 0; at < text.len; at += size) {
        if (!point_next(text, at, &point, &size)) {
            return error_set(err, ERR_MALFORMED, "byte %zu is not UTF-8 text",
                             at + 1);
        }

        bool layout = point == '\n' || point == '\t';

        if ((point < 0x20 && !(block && layout)) ||
            (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
            point == 0x2029) {
            return error_set(err, ERR_MALFORMED,
                             "byte %zu is a control character", at + 1);
        }
    }
    if (!text_is_nfc(text)) {
        return error_set(err, ERR_MALFORMED, "not in normal form C");
    }
    return 0;
}

int text_check_line(struct span text, struct error *err)
{
    return text_check(text, false, err);
}

int text_check_block(struct span text, struct error *err)
{
    return text_check(text, true, err);
}

int text_fold(struct span text, struct buf *out, struct error *err)
{
    utf8proc_option_t options =
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                            UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD);
    int32_t points[16];
    uint8_t encoded[4];
    int32_t point;
    size_t size;

    for (size_t at = 0; at < text.len; at += size) {
        if (!point_next(text, at, &point, &size)) {
            size = 1;
            continue;
        }
        /* Marks go, so the order in which they stand does not matter. */
        utf8proc_ssize_t n =
            utf8proc_decompose_char(point, points, 16, options, NULL);

        for (utf8proc_ssize_t i = 0; i < n && i < 16; i++) {
            int32_t p = points[i] == 0x111 ? 'd' : points[i];

            buf_put(out, span_make(encoded,
                                   (size_t)utf8proc_encode_char(p, encoded)));
        }
    }
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "the text is too long");
    }
    return 0;
}
