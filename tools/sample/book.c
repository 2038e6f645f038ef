/* tools/sample: the rows. Owns their memory and the order in which a key is
 * known. Must never change what a row says. Next: write.h. */
#include "tools/sample/book.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sample/days.h"

static void *must(void *memory)
{
    if (memory == NULL) {
        (void)fprintf(stderr, "qcdc-sample: no memory\n");
        exit(71);
    }
    return memory;
}

static size_t slot_of(const struct book *book, uint32_t node, const char *key)
{
    uint64_t hash = UINT64_C(1469598103934665603) ^ node;

    for (const char *p = key; *p != '\0'; p++) {
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    }
    for (size_t i = (size_t)hash & (book->index_size - 1);;
         i = (i + 1) & (book->index_size - 1)) {
        const struct row *row;

        if (book->index[i] == 0) {
            return i;
        }
        row = book->rows[book->index[i] - 1];
        if (row->node == node && strcmp(row->key, key) == 0) {
            return i;
        }
    }
}

static void index_grow(struct book *book)
{
    const size_t size = book->index_size == 0 ? 1024 : book->index_size * 2;
    size_t *old = book->index;

    book->index = must(calloc(size, sizeof(*book->index)));
    book->index_size = size;
    free(old);
    for (size_t i = 0; i < book->len; i++) {
        const struct row *row = book->rows[i];

        if (!row->dropped && row->key[0] != '\0') {
            book->index[slot_of(book, row->node, row->key)] = i + 1;
        }
    }
}

struct row *row_new(struct book *book, const char *type, uint32_t node,
                    uint32_t unit, uint32_t on_day, uint32_t typed_day)
{
    struct row *row = must(calloc(1, sizeof(*row)));

    if (book->len == book->size) {
        book->size = book->size == 0 ? 1024 : book->size * 2;
        book->rows =
            must(realloc(book->rows, book->size * sizeof(struct row *)));
    }
    if (2 * (book->len + 1) >= book->index_size) {
        index_grow(book);
    }
    row->type = type;
    row->node = node;
    row->unit = unit;
    row->on_day = on_day;
    row->typed_day = typed_day < on_day ? on_day : typed_day;
    row->serial = book->len;
    book->rows[book->len++] = row;
    return row;
}

void row_key(struct row *row, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(row->key, sizeof(row->key), fmt, args);
    va_end(args);
}

/* The row must not come before what it names. What another node typed has to
 * travel, and what a later file of the same week says (a file a unit, in order
 * of number) is not known yet: then it waits for the next step. */
static void depend(struct book *book, struct row *row, uint32_t node,
                   const char *key)
{
    const size_t at = slot_of(book, node, key);
    const struct row *other;
    uint32_t earliest;

    if (book->index[at] == 0) {
        row->dropped = true;
        return;
    }
    other = book->rows[book->index[at] - 1];
    earliest = other->typed_day;
    if (node != row->node || other->unit > row->unit) {
        earliest = step_day(other->step) + 1;
    }
    if (row->typed_day < earliest) {
        row->typed_day = earliest;
    }
}

void row_subject(struct book *book, struct row *row, const char *key)
{
    (void)snprintf(row->subject, sizeof(row->subject), "%s", key);
    depend(book, row, row->node, key);
}

void row_subject_at(struct book *book, struct row *row, uint32_t node,
                    const char *key)
{
    (void)snprintf(row->subject, sizeof(row->subject), "%s", key);
    row->subject_node = node;
    depend(book, row, node, key);
}

void row_ref(struct book *book, struct row *row, const char *key)
{
    if (row->refs_len < ROW_REFS_MAX) {
        (void)snprintf(row->refs[row->refs_len++], KEY_SIZE, "%s", key);
    }
    depend(book, row, row->node, key);
}

static struct field *field_new(struct row *row, enum section section,
                               const char *path)
{
    struct field *field;

    if (row->fields_len == row->fields_size) {
        row->fields_size = row->fields_size == 0 ? 16 : row->fields_size * 2;
        row->fields =
            must(realloc(row->fields, row->fields_size * sizeof(*row->fields)));
    }
    field = &row->fields[row->fields_len++];
    memset(field, 0, sizeof(*field));
    field->section = section;
    (void)snprintf(field->path, sizeof(field->path), "%s", path);
    return field;
}

__attribute__((format(printf, 2, 0))) static void
value_put(struct field *field, const char *fmt, va_list args)
{
    char text[4096];

    (void)vsnprintf(text, sizeof(text), fmt, args);
    field->value = must(strdup(text));
}

void row_text(struct row *row, const char *path, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    value_put(field_new(row, SECTION_FACTS, path), fmt, args);
    va_end(args);
}

void row_body(struct row *row, enum section section, const char *path,
              const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    value_put(field_new(row, section, path), fmt, args);
    va_end(args);
}

void row_id(struct book *book, struct row *row, const char *path,
            const char *key)
{
    row_text(row, path, "%s", key);
    depend(book, row, row->node, key);
}

void row_number(struct row *row, const char *path, uint32_t value)
{
    row_text(row, path, "%u", value);
    row->fields[row->fields_len - 1].kind = VALUE_NUMBER;
}

void row_flag(struct row *row, const char *path, bool value)
{
    row_text(row, path, "%s", value ? "true" : "false");
    row->fields[row->fields_len - 1].kind = VALUE_FLAG;
}

void row_day(struct row *row, const char *path, uint32_t day)
{
    char text[DAY_TEXT_SIZE];

    day_format(day, text);
    row_text(row, path, "%s", text);
}

bool row_done(struct book *book, struct row *row)
{
    row->step = step_of(row->typed_day);
    if (row->dropped || row->step == STEPS) {
        row->dropped = true;
        return false;
    }
    if (row->key[0] != '\0') {
        const size_t at = slot_of(book, row->node, row->key);

        if (book->index[at] != 0) {
            (void)fprintf(stderr, "qcdc-sample: key %s made twice\n", row->key);
            exit(70);
        }
        book->index[at] = row->serial + 1;
    }
    return true;
}

static int order(unsigned long long a, unsigned long long b)
{
    return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = *(struct row *const *)left;
    const struct row *b = *(struct row *const *)right;
    int by = order(a->step, b->step);

    by = by != 0 ? by : order(a->node, b->node);
    by = by != 0 ? by : order(a->subject_node != 0, b->subject_node != 0);
    by = by != 0 ? by : order(a->unit, b->unit);
    by = by != 0 ? by : order(a->typed_day, b->typed_day);
    return by != 0 ? by : order(a->serial, b->serial);
}

static void row_free(struct row *row)
{
    for (size_t i = 0; i < row->fields_len; i++) {
        free(row->fields[i].value);
    }
    free(row->fields);
    free(row);
}

void book_sort(struct book *book)
{
    size_t kept = 0;

    for (size_t i = 0; i < book->len; i++) {
        if (book->rows[i]->dropped) {
            row_free(book->rows[i]);
        } else {
            book->rows[kept++] = book->rows[i];
        }
    }
    book->len = kept;
    if (kept > 0) {
        qsort(book->rows, kept, sizeof(struct row *), compare_rows);
    }
}

void book_free(struct book *book)
{
    for (size_t i = 0; i < book->len; i++) {
        row_free(book->rows[i]);
    }
    free(book->rows);
    free(book->index);
}
