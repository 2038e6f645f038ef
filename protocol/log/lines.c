/* protocol/log: the strict readers that every text format here is made of.
 *
 * Owns: what a line, a number, a hash and a word look like. Must never accept
 * a second spelling of a value: signed bytes would mean two things. Next:
 * note.c.
 */
#include "protocol/log/lines.h"

#include <assert.h>

bool lines_next(struct span *rest, struct span *line)
{
    const uint8_t *end =
        rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);

    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - rest->ptr);

    *line = span_make(rest->ptr, len);
    *rest = span_make(end + 1, rest->len - len - 1);
    return true;
}

bool lines_take(struct span *rest, size_t count, struct span *block)
{
    struct span left = *rest;
    struct span line;

    for (size_t i = 0; i < count; i++) {
        if (!lines_next(&left, &line)) {
            return false;
        }
    }
    *block = span_make(rest->ptr, rest->len - left.len);
    *rest = left;
    return true;
}

size_t lines_count(struct span text)
{
    struct span line;
    size_t count = 0;

    while (lines_next(&text, &line)) {
        count++;
    }
    return text.len == 0 ? count : SIZE_MAX;
}

bool lines_after(struct span line, const char *prefix, struct span *after)
{
    size_t len = strlen(prefix);

    if (line.len < len || memcmp(line.ptr, prefix, len) != 0) {
        return false;
    }
    *after = span_make(line.ptr + len, line.len - len);
    return true;
}

bool lines_number(struct span digits, uint64_t *value)
{
    uint64_t sum = 0;

    /* 2^63 - 1 has 19 digits, and 19 digits fit in 64 bits. */
    if (digits.len == 0 || digits.len > 19 ||
        (digits.len > 1 && digits.ptr[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') {
            return false;
        }
        sum = sum * 10 + (uint64_t)(digits.ptr[i] - '0');
    }
    if (sum > LINES_NUMBER_MAX) {
        return false;
    }
    *value = sum;
    return true;
}

bool lines_hash(struct span base64, struct hash *hash)
{
    uint8_t bytes[36];
    struct error ignored = {0};
    size_t len = 0;

    if (base64.len != 44 ||
        base64_decode(base64, bytes, sizeof(bytes), &len, &ignored) != 0 ||
        len != sizeof(hash->bytes)) {
        return false;
    }
    memcpy(hash->bytes, bytes, sizeof(hash->bytes));
    return true;
}

/* Length of the UTF-8 character at `s`, 0 if there is none (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t char_decode(struct span s, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = s.ptr[0];
    size_t len = first < 0x80   ? 1u
                 : first < 0xc2 ? 0u
                 : first < 0xe0 ? 2u
                 : first < 0xf0 ? 3u
                 : first < 0xf5 ? 4u
                                : 0u;

    if (len == 0 || len > s.len) {
        return 0;
    }
    uint32_t value = len == 1 ? first : first & (0x7fu >> len);

    for (size_t i = 1; i < len; i++) {
        if ((s.ptr[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (s.ptr[i] & 0x3fu);
    }
    if (value < least[len] || (value >= 0xd800 && value < 0xe000) ||
        value > 0x10ffff) {
        return 0;
    }
    *code = value;
    return len;
}

bool lines_text_valid(struct span text)
{
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = char_decode(text, &code);

        if (len == 0 || (code < 0x20 && code != '\n')) {
            return false;
        }
        text = span_make(text.ptr + len, text.len - len);
    }
    return true;
}

/* The characters with the Unicode property White_Space. */
static bool char_is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 ||
           code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

bool lines_word_valid(struct span word)
{
    while (word.len > 0) {
        uint32_t code = 0;
        size_t len = char_decode(word, &code);

        if (len == 0 || code < 0x20 || char_is_space(code)) {
            return false;
        }
        word = span_make(word.ptr + len, word.len - len);
    }
    return true;
}

void lines_put_base64(struct buf *out, struct span bytes)
{
    char text[BASE64_SIZE(76)];

    assert(bytes.len <= 76);
    base64_encode(bytes, text);
    buf_put_str(out, text);
    buf_put_u8(out, '\n');
}
