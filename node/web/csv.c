/* node/web: rows and cells out of the bytes of a file.
 * Owns the syntax of tables and nothing else: what a cell means is rows.c's.
 * Must never repair: a table that is not well formed is refused whole, since
 * a shifted cell would be a wrong date in a signed event. */
#include "node/web/csv.h"

#include <string.h>

#include "protocol/event/text.h"

static bool at_end(const struct csv *csv)
{
    return csv->rest.len == 0;
}

static char peek(const struct csv *csv)
{
    return at_end(csv) ? '\0' : (char)csv->rest.ptr[0];
}

static void skip(struct csv *csv, size_t len)
{
    csv->rest = span_slice(csv->rest, len, csv->rest.len - len);
}

/* Length of the end of line here: 0, 1 (LF) or 2 (CRLF). */
static size_t line_end(const struct csv *csv)
{
    if (peek(csv) == '\n') {
        return 1;
    }
    return csv->rest.len > 1 && csv->rest.ptr[0] == '\r' &&
                   csv->rest.ptr[1] == '\n'
               ? 2
               : 0;
}

static struct span to_line_end(const struct csv *csv)
{
    size_t len = 0;

    while (len < csv->rest.len && csv->rest.ptr[len] != '\n') {
        len++;
    }
    return span_slice(csv->rest, 0, len);
}

void csv_init(struct csv *csv, struct span text)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};

    if (text.len >= 3 && memcmp(text.ptr, mark, 3) == 0) {
        text = span_slice(text, 3, text.len - 3);
    }
    *csv = (struct csv){.rest = text, .line = 1, .separator = ','};
}

/* Blank lines anywhere, remarks before the first row. */
static void skip_lines(struct csv *csv)
{
    while (!at_end(csv)) {
        size_t end = line_end(csv);

        if (end > 0) {
            skip(csv, end);
            csv->line++;
            continue;
        }
        if (csv->started || peek(csv) != '#') {
            return;
        }
        struct span line = to_line_end(csv);

        if (csv->remark.len == 0) {
            size_t len = line.len;

            while (len > 1 && line.ptr[len - 1] == '\r') {
                len--;
            }
            csv->remark = span_slice(line, 1, len - 1);
        }
        skip(csv, line.len);
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

static int check_text(struct csv *csv, struct error *err)
{
    struct span rest = csv->rest;
    uint32_t line = csv->line;

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
static int read_quoted(struct csv *csv, size_t column, char *cell, size_t *len,
                       struct error *err)
{
    uint32_t from = csv->line;

    skip(csv, 1);
    for (;;) {
        if (at_end(csv)) {
            return error_set(err, ERR_MALFORMED,
                             "line %u, column %zu: a quote is opened and never "
                             "closed",
                             from, column);
        }
        char c = peek(csv);

        skip(csv, 1);
        if (c == '"') {
            if (peek(csv) != '"') {
                break;
            }
            skip(csv, 1);
        }
        csv->line += c == '\n';
        cell[(*len)++] = c;
    }
    if (!at_end(csv) && peek(csv) != csv->separator && line_end(csv) == 0) {
        return error_set(err, ERR_MALFORMED,
                         "line %u, column %zu: text after a closing quote",
                         csv->line, column);
    }
    return 0;
}

static int read_plain(struct csv *csv, size_t column, char *cell, size_t *len,
                      struct error *err)
{
    while (!at_end(csv) && peek(csv) != csv->separator && line_end(csv) == 0) {
        char c = peek(csv);

        if (c == '"' || c == '\r') {
            return error_set(err, ERR_MALFORMED,
                             c == '"'
                                 ? "line %u, column %zu: a quote inside a "
                                   "cell: put the whole cell in quotes"
                                 : "line %u, column %zu: a carriage return "
                                   "inside a cell: put the whole cell in "
                                   "quotes",
                             csv->line, column);
        }
        skip(csv, 1);
        cell[(*len)++] = c;
    }
    return 0;
}

/* Bytes that the cell at the front can need at most, NUL included. */
static size_t cell_bound(const struct csv *csv)
{
    size_t len = 0;
    bool quoted = false;

    while (len < csv->rest.len) {
        char c = (char)csv->rest.ptr[len];

        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == csv->separator || c == '\n')) {
            break;
        }
        len++;
    }
    return len + 1;
}

static int read_cell(struct csv *csv, struct arena *arena, size_t column,
                     const char **out, struct error *err)
{
    char *cell = arena_alloc(arena, cell_bound(csv));
    size_t len = 0;
    int rc;

    if (cell == NULL) {
        return error_set(err, ERR_LIMIT, "line %u: the file is too large",
                         csv->line);
    }
    if (peek(csv) == '"') {
        rc = read_quoted(csv, column, cell, &len, err);
    } else {
        rc = read_plain(csv, column, cell, &len, err);
    }
    *out = cell;
    return rc;
}

int csv_next(struct csv *csv, struct arena *arena, struct csv_row *row,
             bool *more, struct error *err)
{
    const char *cells[CSV_COLUMNS_MAX];
    size_t len = 0;

    if (!csv->started) {
        int rc = check_text(csv, err);

        if (rc < 0) {
            return rc;
        }
    }
    skip_lines(csv);
    *more = !at_end(csv);
    if (!*more) {
        return 0;
    }
    if (!csv->started) {
        csv->started = true;
        csv->separator = find_separator(to_line_end(csv));
    }
    row->line = csv->line;
    for (bool last = false; !last;) {
        if (len == CSV_COLUMNS_MAX) {
            return error_set(err, ERR_LIMIT, "line %u: over %u columns",
                             row->line, CSV_COLUMNS_MAX);
        }
        int rc = read_cell(csv, arena, len + 1, &cells[len], err);

        if (rc < 0) {
            return rc;
        }
        len++;
        last = at_end(csv) || line_end(csv) > 0;
        skip(csv, last ? line_end(csv) : 1);
    }
    csv->line++;
    row->cells = arena_array(arena, len, sizeof(*cells));
    if (row->cells == NULL) {
        return error_set(err, ERR_LIMIT, "line %u: the file is too large",
                         row->line);
    }
    memcpy(row->cells, cells, len * sizeof(*cells));
    row->len = len;
    return 0;
}
