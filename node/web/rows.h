/* An import file as rows to record: CSV or JSON lines, both the same shape.
 *
 * CSV: the first row names the columns: key, unit, on, subject, refs, to,
 * historical, `text.*`, `private.*`, and for everything else paths of the
 * type's facts (`document.number`, `items[0].petition_id`); a column `type`
 * where the file mixes types. JSON lines: one object a line,
 *
 *   {"type","key","unit","on","subject","refs":[],"to":[],"historical":bool,
 *    "facts":{...},"text":{...},"private":{...}}
 *
 * nested as in event.proto; instead of or beside `facts` also "fields", flat
 * {path: value} as the columns of a table. A first line {"generated": "..."}
 * (CSV: a first line `# generated ...`) marks invented data. Says nothing about
 * meaning: the engine validates.
 */
#ifndef QCDC_NODE_WEB_ROWS_H
#define QCDC_NODE_WEB_ROWS_H

#include "node/engine.h"
#include "protocol/base/arena.h"
#include "protocol/base/error.h"

/* One wrong row; the path may be "" (the whole row). */
typedef void (*rows_error_fn)(void *ctx, uint32_t line, const char *path,
                              const char *text);

struct rows {
    struct record_row *rows; /* in the arena, with all they point to */
    size_t len;
    const char *generated; /* remark of invented data, or NULL */
    size_t bad;            /* rows reported and left out */
};

struct rows_reader {
    const char *type; /* of every row; NULL = each row says its own */
    rows_error_fn error;
    void *ctx;
};

/* `text` is the file. Wrong rows go to the reader's error function; a file
 * that cannot be read on at all is ERR_MALFORMED, one too large ERR_LIMIT. */
int rows_from_csv(const struct rows_reader *reader, struct span text,
                  struct arena *arena, struct rows *out,
                  struct error *err) MUST_USE;
int rows_from_json(const struct rows_reader *reader, struct span text,
                   struct arena *arena, struct rows *out,
                   struct error *err) MUST_USE;

/* One JSON object of the same shape as a line (an event to record). */
int rows_from_object(const char *json, size_t len, const char *type,
                     struct arena *arena, struct record_row *out,
                     struct error *err) MUST_USE;

/* Room that the arena of a file of that size needs. */
size_t rows_arena_size(size_t file_len);

#endif
