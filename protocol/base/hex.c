/* protocol/base: hex. */
#include "protocol/base/hex.h"

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

void hex_encode(struct span bytes, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    text[2 * bytes.len] = '\0';
}

int hex_decode(struct span text, void *out, size_t size, struct error *err)
{
    if (text.len != 2 * size) {
        return error_set(err, ERR_MALFORMED,
                         "hex of %zu characters, expected %zu", text.len,
                         2 * size);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (digit_value(text.ptr[i]) < 0) {
            return error_set(err, ERR_MALFORMED,
                             "character %zu is not a hex digit", i + 1);
        }
    }
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)(digit_value(text.ptr[2 * i]) * 16 +
                                        digit_value(text.ptr[2 * i + 1]));
    }
    return 0;
}
