/* Room: node. Owns the one line format on stderr; knows nothing of what it
 * prints. A line is written with one write(2), so lines of threads do not mix.
 * It must never print a secret or a person: callers see to that.
 * Next: clock.c. */
#include "node/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_int log_threshold = LOG_INFO;

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

void log_level_set(enum log_level level)
{
    atomic_store(&log_threshold, (int)level);
}

void log_line(enum log_level level, const char *room, const char *event,
              const char *fmt, ...)
{
    char line[2048];
    va_list args;
    int len;
    int more;

    if ((int)level > atomic_load(&log_threshold)) {
        return;
    }
    len = snprintf(line, sizeof(line), "level=%s room=%s event=%s%s",
                   level_names[level], room, event, fmt[0] != '\0' ? " " : "");
    if (len < 0) {
        return;
    }
    va_start(args, fmt);
    more = vsnprintf(line + len, sizeof(line) - 1 - (size_t)len, fmt, args);
    va_end(args);
    if (more < 0) {
        return;
    }
    len += more;
    if ((size_t)len > sizeof(line) - 2) {
        len = (int)sizeof(line) - 2;
    }
    line[len++] = '\n';
    /* Nothing can be done about a log that cannot be written. */
    ssize_t written = write(STDERR_FILENO, line, (size_t)len);
    (void)written;
}

void log_error(const char *room, const char *event, const struct error *err)
{
    char text[LOG_TEXT_SIZE];

    log_line(LOG_ERROR, room, event, "code=%s text=%s", err_name(err->code),
             log_text(span_str(err->text), text));
}

const char *log_text(struct span text, char out[LOG_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;

    out[len++] = '"';
    for (size_t i = 0; i < text.len && len + 6 < LOG_TEXT_SIZE; i++) {
        uint8_t byte = text.ptr[i];

        if (byte == '"' || byte == '\\') {
            out[len++] = '\\';
            out[len++] = (char)byte;
        } else if (byte < 0x20 || byte == 0x7f) {
            out[len++] = '\\';
            out[len++] = 'x';
            out[len++] = digits[byte >> 4];
            out[len++] = digits[byte & 15];
        } else {
            out[len++] = (char)byte;
        }
    }
    out[len++] = '"';
    out[len] = '\0';
    return out;
}
