/* tools: how answers look on a terminal.
 * Owns widths (Vietnamese letters take one column, their marks none), tables,
 * dates as they are read here. Must never print what came from a node without
 * taking control bytes out of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

/* ---- widths ----------------------------------------------------------------
 */

/* One code point, and the rest moved past it; a broken byte counts alone. */
static uint32_t next_point(const unsigned char **p)
{
    unsigned char lead = **p;
    unsigned more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    uint32_t point = more == 3   ? lead & 0x07u
                     : more == 2 ? lead & 0x0fu
                     : more == 1 ? lead & 0x1fu
                                 : lead;

    (*p)++;
    for (; more > 0 && (**p & 0xc0) == 0x80; more--) {
        point = point << 6 | (**p & 0x3fu);
        (*p)++;
    }
    return point;
}

struct range {
    uint32_t first, last;
};

/* Marks set over the letter before them, and what is not seen. */
static const struct range zero[] = {
    {0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};
/* East Asian wide and emoji. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
};

static bool in_ranges(uint32_t point, const struct range *ranges, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

size_t print_width(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t width = 0;

    while (*p != '\0') {
        uint32_t point = next_point(&p);

        if (point < 0x20 || point == 0x7f ||
            in_ranges(point, zero, sizeof(zero) / sizeof(*zero))) {
            continue;
        }
        width += in_ranges(point, wide, sizeof(wide) / sizeof(*wide)) ? 2 : 1;
    }
    return width;
}

/* A text of a node without bytes that could drive the terminal. */
static void put_safe(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        putchar(c < 0x20 || c == 0x7f ? ' ' : c);
    }
}

void print_cell(const char *text, size_t width, bool right)
{
    size_t is = print_width(text);
    int pad = is < width ? (int)(width - is) : 0;

    if (right) {
        printf("%*s", pad, "");
    }
    put_safe(text);
    if (!right) {
        printf("%*s", pad, "");
    }
}

/* ---- tables -----------------------------------------------------------------
 */

struct table {
    size_t columns;
    uint64_t right;
    char **cells;
    size_t len;
    size_t size;
    bool failed;
};

struct table *table_new(size_t columns, uint64_t right)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table != NULL) {
        table->columns = columns;
        table->right = right;
    }
    return table;
}

void table_add(struct table *table, const char *text)
{
    if (table == NULL || table->failed) {
        return;
    }
    if (table->len == table->size) {
        size_t size = table->size == 0 ? 64 : table->size * 2;
        char **grown = realloc(table->cells, size * sizeof(*grown));

        if (grown == NULL) {
            table->failed = true;
            return;
        }
        table->cells = grown;
        table->size = size;
    }
    table->cells[table->len] = strdup(text);
    table->failed = table->cells[table->len] == NULL;
    table->len += !table->failed;
}

void table_add_number(struct table *table, int64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    table_add(table, text);
}

static void free_table(struct table *table)
{
    for (size_t i = 0; i < table->len; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    free(table);
}

static void print_rule(const size_t *widths, size_t columns)
{
    for (size_t c = 0; c < columns; c++) {
        for (size_t i = 0; i < widths[c]; i++) {
            putchar('-');
        }
        printf(c + 1 < columns ? "  " : "\n");
    }
}

static void print_rows(const struct table *table, const size_t *widths)
{
    for (size_t i = 0; i < table->len; i++) {
        size_t c = i % table->columns;
        bool last = c + 1 == table->columns;
        bool right = c < 64 && (table->right >> c & 1u) != 0;

        print_cell(table->cells[i], last && !right ? 0 : widths[c], right);
        printf(last ? "\n" : "  ");
        if (last && i + 1 == table->columns) {
            print_rule(widths, table->columns);
        }
    }
}

int table_end(struct table *table, struct error *err)
{
    size_t *widths =
        table == NULL ? NULL : calloc(table->columns, sizeof(*widths));

    if (widths == NULL || table->failed) {
        free(widths);
        if (table != NULL) {
            free_table(table);
        }
        return error_set(err, ERR_NOMEM, "no memory for the table");
    }
    for (size_t i = 0; i < table->len; i++) {
        size_t width = print_width(table->cells[i]);
        size_t c = i % table->columns;

        widths[c] = width > widths[c] ? width : widths[c];
    }
    print_rows(table, widths);
    free(widths);
    free_table(table);
    return 0;
}

/* ---- pieces
 * ------------------------------------------------------------------- */

bool print_json(const struct cli *cli, const struct client_reply *reply)
{
    if (!cli->json) {
        return false;
    }
    char *text = answer_dump(reply->root);

    if (text != NULL) {
        printf("%s\n", text);
        free(text);
    } else {
        printf("%.*s\n", (int)reply->len, reply->text);
    }
    return true;
}

const char *print_when(const struct cli *cli, const struct answer *value,
                       char room[WHEN_SIZE])
{
    const char *iso = answer_text(value);
    size_t len = strlen(iso);

    if (len < 10) {
        snprintf(room, WHEN_SIZE, "—");
    } else if (cli->english) {
        snprintf(room, WHEN_SIZE, "%.10s%s%.5s", iso, len >= 16 ? " " : "",
                 len >= 16 ? iso + 11 : "");
    } else {
        snprintf(room, WHEN_SIZE, "%.2s/%.2s/%.4s%s%.5s", iso + 8, iso + 5, iso,
                 len >= 16 ? " " : "", len >= 16 ? iso + 11 : "");
    }
    return room;
}

void print_head(const struct cli *cli, const struct client_reply *reply)
{
    const struct answer *node = answer_get(reply->root, "node");
    char when[WHEN_SIZE];

    printf("%s — ", answer_text(answer_get(node, "name")));
    printf("%s\n", print_when(cli, answer_get(node, "now"), when));
    if (answer_number(answer_get(node, "clock_offset_ms")) != 0) {
        printf("*** %s: %s ***\n",
               say(cli, "ĐỒNG HỒ TRÌNH DIỄN", "DEMONSTRATION CLOCK"),
               say(cli, "không phải giờ thật", "not the real time"));
    }
}
