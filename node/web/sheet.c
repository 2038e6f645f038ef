/* node/web: rows and cells out of the bytes of a file.
 * Owns the syntax of tables and nothing else: what a cell means is rows.c's.
 * Must never repair: a table that is not well formed is refused whole, since
 * a shifted cell would be a wrong date in a signed event. */
#include "node/web/sheet.h"

#include <string.h>

#include "protocol/event/text.h"

static bool at_end(const struct sheet *sheet)
{
    return sheet->rest.len == 0;
}

static char peek(const struct sheet *sheet)
{
    return at_end(sheet) ? '\0' : (char)sheet->rest.ptr[0];
}

static void skip(struct sheet *sheet, size_t len)
{
    sheet->rest = span_slice(sheet->rest, len, sheet->rest.len - len);
}

/* Length of the end of line here: 0, 1 (LF) or 2 (CRLF). */
static size_t line_end(const struct sheet *sheet)
{
    if (peek(sheet) == '\n') {
        return 1;
    }
    return sheet->rest.len > 1 && sheet->rest.ptr[0] == '\r' &&
                   sheet->rest.ptr[1] == '\n'
               ? 2
               : 0;
}

static struct span to_line_end(const struct sheet *sheet)
{
    size_t len = 0;

    while (len < sheet->rest.len && sheet->rest.ptr[len] != '\n') {
        len++;
    }
    return span_slice(sheet->rest, 0, len);
}

void sheet_init(struct sheet *sheet, struct span text)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};

    if (text.len >= 3 && memcmp(text.ptr, mark, 3) == 0) {
        text = span_slice(text, 3, text.len - 3);
    }
    *sheet = (struct sheet){.rest = text, .line = 1, .separator = ','};
}

/* Blank lines anywhere, remarks before the first row. */
static void skip_lines(struct sheet *sheet)
{
    while (!at_end(sheet)) {
        size_t end = line_end(sheet);

        if (end > 0) {
            skip(sheet, end);
            sheet->line++;
            continue;
        }
        if (sheet->started || peek(sheet) != '#') {
            return;
        }
        struct span line = to_line_end(sheet);

        if (sheet->remark.len == 0) {
            size_t len = line.len;

            while (len > 1 && line.ptr[len - 1] == '\r') {
                len--;
            }
            sheet->remark = span_slice(line, 1, len - 1);
        }
        skip(sheet, line.len);
    }
}

/* The first separator outside quotes in the first line. */
static char find_separator(struct span line)
{
    bool quoted = false;

    for (size_t i = 0; i < line.len; i++) {
        char c = (char)line.ptr[i];

        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ',' || c == ';' || c == '\t')) {
            return c;
        }
    }
    return ',';
}

static int check_text(struct sheet *sheet, struct error *err)
{
    struct span rest = sheet->rest;
    uint32_t line = sheet->line;

    if (text_valid_utf8(rest) &&
        (rest.len == 0 || memchr(rest.ptr, 0, rest.len) == NULL)) {
        return 0;
    }
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr) + 1;

        if (!text_valid_utf8(span_slice(rest, 0, len)) ||
            memchr(rest.ptr, 0, len) != NULL) {
            break;
        }
        rest = span_slice(rest, len, rest.len - len);
        line++;
    }
    return error_set(err, ERR_MALFORMED,
                     "line %u: not UTF-8 text: save the file as \"CSV UTF-8\"",
                     line);
}

/* One quoted cell after its opening quote, into `cell` of the rest's size. */
static int read_quoted(struct sheet *sheet, size_t column, char *cell,
                       size_t *len, struct error *err)
{
    uint32_t from = sheet->line;

    skip(sheet, 1);
    for (;;) {
        if (at_end(sheet)) {
            return error_set(err, ERR_MALFORMED,
                             "line %u, column %zu: a quote is opened and never "
                             "closed",
                             from, column);
        }
        char c = peek(sheet);

        skip(sheet, 1);
        if (c == '"') {
            if (peek(sheet) != '"') {
                break;
            }
            skip(sheet, 1);
        }
        sheet->line += c == '\n';
        cell[(*len)++] = c;
    }
    if (!at_end(sheet) && peek(sheet) != sheet->separator &&
        line_end(sheet) == 0) {
        return error_set(err, ERR_MALFORMED,
                         "line %u, column %zu: text after a closing quote",
                         sheet->line, column);
    }
    return 0;
}

static int read_plain(struct sheet *sheet, size_t column, char *cell,
                      size_t *len, struct error *err)
{
    while (!at_end(sheet) && peek(sheet) != sheet->separator &&
           line_end(sheet) == 0) {
        char c = peek(sheet);

        if (c == '"' || c == '\r') {
            return error_set(err, ERR_MALFORMED,
                             "line %u, column %zu: a %s inside a cell: put the "
                             "whole cell in quotes",
                             sheet->line, column,
                             c == '"' ? "quote" : "carriage return");
        }
        skip(sheet, 1);
        cell[(*len)++] = c;
    }
    return 0;
}

/* Bytes that the cell at the front can need at most, NUL included. */
static size_t cell_bound(const struct sheet *sheet)
{
    size_t len = 0;
    bool quoted = false;

    while (len < sheet->rest.len) {
        char c = (char)sheet->rest.ptr[len];

        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == sheet->separator || c == '\n')) {
            break;
        }
        len++;
    }
    return len + 1;
}

static int read_cell(struct sheet *sheet, struct arena *arena, size_t column,
                     const char **out, struct error *err)
{
    char *cell = arena_alloc(arena, cell_bound(sheet));
    size_t len = 0;
    int rc;

    if (cell == NULL) {
        return error_set(err, ERR_LIMIT, "line %u: the file is too large",
                         sheet->line);
    }
    if (peek(sheet) == '"') {
        rc = read_quoted(sheet, column, cell, &len, err);
    } else {
        rc = read_plain(sheet, column, cell, &len, err);
    }
    *out = cell;
    return rc;
}

int sheet_next(struct sheet *sheet, struct arena *arena, struct sheet_row *row,
               bool *more, struct error *err)
{
    const char *cells[SHEET_COLUMNS_MAX];
    size_t len = 0;

    if (!sheet->started) {
        int rc = check_text(sheet, err);

        if (rc < 0) {
            return rc;
        }
    }
    skip_lines(sheet);
    *more = !at_end(sheet);
    if (!*more) {
        return 0;
    }
    if (!sheet->started) {
        sheet->started = true;
        sheet->separator = find_separator(to_line_end(sheet));
    }
    row->line = sheet->line;
    for (bool last = false; !last;) {
        if (len == SHEET_COLUMNS_MAX) {
            return error_set(err, ERR_LIMIT, "line %u: over %u columns",
                             row->line, SHEET_COLUMNS_MAX);
        }
        int rc = read_cell(sheet, arena, len + 1, &cells[len], err);

        if (rc < 0) {
            return rc;
        }
        len++;
        last = at_end(sheet) || line_end(sheet) > 0;
        skip(sheet, last ? line_end(sheet) : 1);
    }
    sheet->line++;
    row->cells = arena_array(arena, len, sizeof(*cells));
    if (row->cells == NULL) {
        return error_set(err, ERR_LIMIT, "line %u: the file is too large",
                         row->line);
    }
    memcpy(row->cells, cells, len * sizeof(*cells));
    row->len = len;
    return 0;
}
