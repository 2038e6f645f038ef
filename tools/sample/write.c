/* tools/sample: JSON lines. Owns the shape of a row as `qcdc import any` reads
 * it (node/web/rows.h); every file says in its first line that it is invented.
 * Must never write a row before one it refers to: book_sort has seen to that.
 * Next: write_csv.c. */
#include "tools/sample/write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/sample/days.h"

int make_folder(const char *path, struct error *err)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    return 0;
}

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *p = text; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;

        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void put_value(FILE *out, const struct field *field)
{
    if (field->kind == VALUE_TEXT) {
        put_string(out, field->value);
    } else {
        fputs(field->value, out);
    }
}

/* Fields of one object stand together: `at` is how much of each path has been
 * opened already. */
static void put_object(FILE *out, const struct field *fields, size_t len,
                       size_t at);

static size_t same_head(const struct field *fields, size_t len, size_t head)
{
    size_t same = 1;

    while (same < len &&
           strncmp(fields[same].path, fields[0].path, head) == 0) {
        same++;
    }
    return same;
}

static void put_list(FILE *out, const struct field *fields, size_t len,
                     size_t at)
{
    fputc('[', out);
    for (size_t i = 0; i < len;) {
        const char *close = strchr(fields[i].path + at, ']');
        const size_t head = (size_t)(close - fields[i].path) + 1;
        const size_t same = same_head(fields + i, len - i, head);

        fputs(i == 0 ? "" : ",", out);
        put_object(out, fields + i, same, head + 1); /* past "]." */
        i += same;
    }
    fputc(']', out);
}

static void put_object(FILE *out, const struct field *fields, size_t len,
                       size_t at)
{
    fputc('{', out);
    for (size_t i = 0; i < len;) {
        const char *name = fields[i].path + at;
        const size_t name_len = strcspn(name, ".[");
        const size_t head = at + name_len + (name[name_len] != '\0');
        const size_t same =
            name[name_len] == '\0' ? 1 : same_head(fields + i, len - i, head);

        fprintf(out, "%s\"%.*s\":", i == 0 ? "" : ",", (int)name_len, name);
        if (name[name_len] == '\0') {
            put_value(out, &fields[i]);
        } else if (name[name_len] == '.') {
            put_object(out, fields + i, same, head);
        } else {
            put_list(out, fields + i, same, head);
        }
        i += same;
    }
    fputc('}', out);
}

/* Rows are made facts first, then text, then private. */
static void put_sections(FILE *out, const struct row *row)
{
    static const char *const names[] = {"facts", "text", "private"};

    for (size_t i = 0; i < row->fields_len;) {
        const enum section section = row->fields[i].section;
        size_t same = 1;

        while (i + same < row->fields_len &&
               row->fields[i + same].section == section) {
            same++;
        }
        fprintf(out, ",\"%s\":", names[section]);
        put_object(out, row->fields + i, same, 0);
        i += same;
    }
}

static void put_row(FILE *out, const struct row *row)
{
    char on[DAY_TEXT_SIZE];

    day_format(row->on_day, on);
    fprintf(out, "{\"type\":\"%s\",\"key\":\"%s\",\"unit\":%u,\"on\":\"%s\"",
            row->type, row->key, row->unit, on);
    if (row->subject_node != 0) {
        fprintf(out, ",\"subject_key\":{\"node\":%u,\"key\":\"%s\"}",
                row->subject_node, row->subject);
    } else if (row->subject[0] != '\0') {
        fprintf(out, ",\"subject\":\"%s\"", row->subject);
    }
    for (size_t i = 0; i < row->refs_len; i++) {
        fprintf(out, "%s\"%s\"", i == 0 ? ",\"refs\":[" : ",", row->refs[i]);
    }
    fputs(row->refs_len > 0 ? "]" : "", out);
    if (row->to != 0) {
        fprintf(out, ",\"to\":[%u]", row->to);
    }
    if (row->historical) {
        fputs(",\"historical\":true", out);
    }
    put_sections(out, row);
    fputs("}\n", out);
}

static int open_step(const struct sample *sample, const struct row *row,
                     FILE **out, struct error *err)
{
    char day[DAY_TEXT_SIZE];
    char path[4096];

    day_format(step_day(row->step), day);
    (void)snprintf(path, sizeof(path), "%s/%s", sample->out, day);
    if (make_folder(path, err) != 0) {
        return err->code;
    }
    (void)snprintf(path, sizeof(path), "%s/%s/%u.%u%s.jsonl", sample->out, day,
                   row->node, row->unit, row->subject_node != 0 ? ".late" : "");
    *out = fopen(path, "w");
    if (*out == NULL) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    fprintf(*out,
            "{\"generated\":\"qcdc-sample seed %" PRIu64
            ": invented data, no real person\"}\n",
            sample->seed);
    return 0;
}

static int close_file(FILE *file, const char *what, struct error *err)
{
    const int bad = file != NULL && ferror(file);

    if (file != NULL && (fclose(file) != 0 || bad != 0)) {
        return error_set(err, ERR_IO, "%s: cannot be written", what);
    }
    return 0;
}

static bool same_file(const struct row *a, const struct row *b)
{
    return a->step == b->step && a->node == b->node && a->unit == b->unit &&
           (a->subject_node != 0) == (b->subject_node != 0);
}

static int write_manifest(const struct sample *sample, struct error *err)
{
    const char *comma = "";
    char path[4096];
    FILE *out;

    (void)snprintf(path, sizeof(path), "%s/manifest.json", sample->out);
    out = fopen(path, "w");
    if (out == NULL) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    fprintf(out,
            "{\"generated\":\"qcdc-sample seed %" PRIu64
            ": invented data, no real person\",\n\"seed\":%" PRIu64
            ",\"rows\":%zu,\n\"nodes\":[",
            sample->seed, sample->seed, sample->book->len);
    for (size_t i = 0; i < sample->places->len; i++) {
        if (sample->places->list[i].selected) {
            fprintf(out, "%s%u", comma, sample->places->list[i].node);
            comma = ",";
        }
    }
    fputs("],\n\"steps\":[", out);
    for (uint32_t step = 0; step < STEPS; step++) {
        char day[DAY_TEXT_SIZE];

        day_format(step_day(step), day);
        fprintf(out, "%s\"%s\"", step == 0 ? "" : ",", day);
    }
    fputs("]}\n", out);
    return close_file(out, path, err);
}

int write_steps(const struct sample *sample, struct error *err)
{
    const struct book *book = sample->book;
    FILE *out = NULL;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < book->len; i++) {
        if (i == 0 || !same_file(book->rows[i - 1], book->rows[i])) {
            rc = close_file(out, sample->out, err);
            out = NULL;
            if (rc == 0) {
                rc = open_step(sample, book->rows[i], &out, err);
            }
        }
        if (rc == 0) {
            put_row(out, book->rows[i]);
        }
    }
    if (rc == 0) {
        rc = close_file(out, sample->out, err);
    } else if (out != NULL) {
        fclose(out);
    }
    return rc == 0 ? write_manifest(sample, err) : rc;
}
