/* node/web: columns to field paths.
 * Owns the CSV half of rows.h; must never change a value. Read next:
 * rows_json.c, the same from JSON lines. */
#include <stdio.h>
#include <string.h>

#include "node/web/csv.h"
#include "node/web/rows.h"
#include "protocol/event/facts.h"

size_t rows_arena_size(size_t file_len)
{
    return file_len * 12 + (size_t)1024 * 1024;
}

static int too_large(uint32_t line, struct error *err)
{
    return error_set(err, ERR_LIMIT, "line %u: the file is too large: split it",
                     line);
}

static int check_columns(const struct csv_row *head, struct error *err)
{
    for (size_t i = 0; i < head->len; i++) {
        if (head->cells[i][0] == '\0') {
            return error_set(err, ERR_MALFORMED,
                             "line %u, column %zu: the column has no name",
                             head->line, i + 1);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(head->cells[i], head->cells[j]) == 0) {
                return error_set(err, ERR_MALFORMED,
                                 "line %u: column %.80s stands there twice",
                                 head->line, head->cells[i]);
            }
        }
    }
    return 0;
}

/* Empty cells are not stated. */
static int row_of(const struct csv_row *head, const struct csv_row *row,
                  const char *type, struct arena *arena, struct record_row *out,
                  struct error *err)
{
    struct field_pair *fields = arena_array(arena, row->len, sizeof(*fields));

    if (fields == NULL) {
        return too_large(row->line, err);
    }
    *out =
        (struct record_row){.type = type, .fields = fields, .line = row->line};
    for (size_t i = 0; i < row->len; i++) {
        if (row->cells[i][0] == '\0') {
            continue;
        }
        if (strcmp(head->cells[i], "type") == 0 && type == NULL) {
            out->type = row->cells[i];
            continue;
        }
        fields[out->fields_len++] =
            (struct field_pair){.path = head->cells[i], .value = row->cells[i]};
    }
    return 0;
}

static const char *generated_of(const struct csv *csv, struct arena *arena)
{
    struct span text = csv->remark;
    struct span word = span_str("generated");

    while (text.len > 0 && text.ptr[0] == ' ') {
        text = span_slice(text, 1, text.len - 1);
    }
    if (!span_equal(span_slice(text, 0, word.len), word)) {
        return NULL;
    }
    text = span_slice(text, word.len, text.len - word.len);
    while (text.len > 0 && strchr(" :,;", text.ptr[0]) != NULL) {
        text = span_slice(text, 1, text.len - 1);
    }
    char *copy = arena_alloc(arena, text.len + 1);

    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

/* Reports a row that does not fit the head; false if it must be left out. */
static bool row_fits(const struct rows_reader *reader,
                     const struct csv_row *head, const struct csv_row *row)
{
    char text[96];

    if (row->len == head->len) {
        return true;
    }
    snprintf(text, sizeof(text), "%zu cells where the first row names %zu",
             row->len, head->len);
    reader->error(reader->ctx, row->line, "", text);
    return false;
}

static size_t count_lines(struct span text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    return lines;
}

int rows_from_csv(const struct rows_reader *reader, struct span text,
                  struct arena *arena, struct rows *out, struct error *err)
{
    struct csv csv;
    struct csv_row head;
    struct csv_row row;
    bool more = false;

    csv_init(&csv, text);
    int rc = csv_next(&csv, arena, &head, &more, err);
    if (rc == 0 && !more) {
        rc = error_set(err, ERR_MALFORMED,
                       "line 1: the file is empty: the first row names the "
                       "columns");
    }
    rc = rc < 0 ? rc : check_columns(&head, err);
    if (rc < 0) {
        return rc;
    }
    *out = (struct rows){.generated = generated_of(&csv, arena)};
    out->rows = arena_array(arena, count_lines(csv.rest), sizeof(*out->rows));
    if (out->rows == NULL) {
        return too_large(head.line, err);
    }
    while ((rc = csv_next(&csv, arena, &row, &more, err)) == 0 && more) {
        if (!row_fits(reader, &head, &row)) {
            out->bad++;
            continue;
        }
        struct record_row *made = &out->rows[out->len];

        rc = row_of(&head, &row, reader->type, arena, made, err);
        if (rc < 0) {
            return rc;
        }
        if (made->type == NULL) {
            reader->error(reader->ctx, row.line, "type",
                          "no type: a file of mixed rows has a column `type`");
            out->bad++;
            continue;
        }
        out->len++;
    }
    return rc;
}
