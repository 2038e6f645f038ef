/* One logfmt line to stderr per happening:
 *
 *     level=info room=link event=connected peer=1234
 *
 * No time (the supervisor adds it), no secret, no personal data. Each failure
 * is logged once, by the one who handles it. Only node/ and tools/ log.
 */
#ifndef QCDC_NODE_LOG_H
#define QCDC_NODE_LOG_H

#include <stddef.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG
};

/* Lines above `level` are dropped. Starts at LOG_INFO. */
void log_level_set(enum log_level level);

/* `fmt` gives the pairs after level, room and event: "peer=%u size=%llu". Text
 * that came from outside goes through log_text first. */
void log_line(enum log_level level, const char *room, const char *event,
              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* room=... event=... code=... text="..." */
void log_error(const char *room, const char *event, const struct error *err);

#define LOG_TEXT_SIZE 320u
/* Quoted and escaped, control bytes as \xNN, cut at the end of `out`, which
 * holds LOG_TEXT_SIZE. Returns out. */
const char *log_text(struct span text, char out[LOG_TEXT_SIZE]);

#endif
