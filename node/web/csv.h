/* Tables as spreadsheets write them: RFC 4180 with what occurs in offices.
 *
 * A byte order mark at the start, CRLF or LF, and a comma, semicolon or tab
 * as separator (the first of them in the first line) are taken; blank lines
 * and, before the first row, lines starting with # are passed over. A quote in
 * the middle of a cell, text after a closing quote, a quote never closed, NUL
 * and bytes that are no UTF-8 are refused with line and column. Never guesses
 * types: every cell is text.
 */
#ifndef QCDC_NODE_WEB_CSV_H
#define QCDC_NODE_WEB_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

#define CSV_COLUMNS_MAX 256u

struct csv {
    struct span rest; /* borrows the text until the last csv_next */
    uint32_t line;    /* of rest's first byte, from 1 */
    char separator;
    bool started;
    struct span remark; /* the first # line before the first row, without # */
};

struct csv_row {
    const char **cells; /* in the arena, NUL-terminated, never NULL */
    size_t len;
    uint32_t line; /* where the row starts */
};

void csv_init(struct csv *csv, struct span text);

/* The next row, or *more = false at the end. ERR_MALFORMED naming line and
 * column; ERR_LIMIT for too many columns or a full arena. */
int csv_next(struct csv *csv, struct arena *arena, struct csv_row *row,
             bool *more, struct error *err) MUST_USE;

#endif
