/* fuzz: any bytes as a table of an office: CSV, lines of JSON, one JSON object.
 * Every row is a row or is reported with its line; nothing is read twice. */
#include <stdlib.h>
#include <string.h>

#include "node/web/csv.h"
#include "node/web/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct arena arena;
static size_t reported;

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void report(void *ctx, uint32_t line, const char *path, const char *text)
{
    (void)ctx;
    (void)path;
    check(line > 0 && text[0] != '\0');
    reported++;
}

static void tables(struct span text)
{
    struct csv csv;
    struct csv_row row;
    struct error err = {0};
    uint32_t line = 0;
    bool more = true;
    int rc = 0;

    csv_init(&csv, text);
    while (rc == 0 && more) {
        rc = csv_next(&csv, &arena, &row, &more, &err);
        if (rc == 0 && more) {
            check(row.line > line && row.len > 0 && row.len <= CSV_COLUMNS_MAX);
            line = row.line;
        }
    }
    check(rc == 0 || err.text[0] != '\0');
}

static void rows_of(int (*read)(const struct rows_reader *, struct span,
                                struct arena *, struct rows *, struct error *),
                    struct span text, const char *type)
{
    struct rows_reader reader = {.type = type, .error = report};
    struct rows rows = {.rows = NULL};
    struct error err = {0};

    arena_reset(&arena);
    reported = 0;
    if (read(&reader, text, &arena, &rows, &err) == 0) {
        check(rows.bad <= reported);
        for (size_t i = 0; i < rows.len; i++) {
            check(rows.rows[i].type != NULL);
        }
    } else {
        check(err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span text = span_make(data, len);
    struct record_row row;
    struct error err = {0};

    if (arena.size == 0) {
        check(arena_new(&arena, (size_t)8 << 20, &err) == 0);
    }
    arena_reset(&arena);
    tables(text);
    rows_of(rows_from_csv, text, "PetitionReceived");
    rows_of(rows_from_csv, text, NULL);
    rows_of(rows_from_json, text, NULL);
    arena_reset(&arena);
    if (rows_from_object((const char *)data, len, "PetitionReceived", &arena,
                         &row, &err) != 0) {
        check(err.text[0] != '\0');
    }
    return 0;
}
