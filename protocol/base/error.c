/* protocol/base: the error value and its code table.
 *
 * Texts are kept in a fixed array so that running out of memory can be
 * reported too. Truncation never cuts a UTF-8 character in two: error texts
 * carry Vietnamese names and go to terminals and JSON.
 */
#include "protocol/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts a trailing unfinished UTF-8 sequence off a NUL-terminated text. */
static void text_trim(char *text)
{
    size_t len = strlen(text);
    size_t tail = 0;

    while (tail < len && tail < 4 &&
           ((unsigned char)text[len - 1 - tail] & 0xc0) == 0x80) {
        tail++;
    }
    if (tail == len) {
        return;
    }

    unsigned char lead = (unsigned char)text[len - 1 - tail];
    size_t need = 0;

    if ((lead & 0xe0) == 0xc0) {
        need = 1;
    } else if ((lead & 0xf0) == 0xe0) {
        need = 2;
    } else if ((lead & 0xf8) == 0xf0) {
        need = 3;
    }
    if (tail < need) {
        text[len - 1 - tail] = '\0';
    }
}

int error_set(struct error *err, enum err code, const char *fmt, ...)
{
    va_list args;

    err->code = (int)code;
    va_start(args, fmt);
    int len = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (len < 0) {
        err->text[0] = '\0';
    }
    text_trim(err->text);
    return (int)code;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
    char old[ERROR_TEXT_SIZE];
    va_list args;

    memcpy(old, err->text, sizeof(old));
    va_start(args, fmt);
    int len = vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    if (len < 0) {
        len = 0;
    }
    if ((size_t)len < sizeof(err->text)) {
        size_t room = sizeof(err->text) - (size_t)len;
        size_t want = strnlen(old, sizeof(old) - 1);
        size_t at = (size_t)len;

        if (room > 2) {
            memcpy(err->text + at, ": ", 2);
            room -= 2;
            at += 2;
            want = want < room - 1 ? want : room - 1;
            memcpy(err->text + at, old, want);
            err->text[at + want] = '\0';
        }
    }
    text_trim(err->text);
    return err->code;
}

const char *err_name(int code)
{
    switch (code) {
#define ERR_CASE(name, value, status, reaction)                                \
    case value:                                                                \
        return #name;
        ERR_TABLE(ERR_CASE)
#undef ERR_CASE
    case 0:
        return "OK";
    }
    return "UNKNOWN";
}

int err_exit_status(int code)
{
    switch (code) {
#define ERR_CASE(name, value, status, reaction)                                \
    case value:                                                                \
        return status;
        ERR_TABLE(ERR_CASE)
#undef ERR_CASE
    case 0:
        return 0;
    }
    return 70;
}
