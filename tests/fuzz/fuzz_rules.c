/* fuzz: any bytes as the file of rules and calendar, or as the table of units,
 * that a person hands to `qcdc init`: read whole, or refused with a sentence
 * that says what is wrong. The first byte says which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/setup.h"
#include "node/setup_internal.h"
#include "node/web/rows.h"
#include "protocol/event/facts.h"
#include "protocol/event/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char dir[64];
static char given[128];
static char sound[128]; /* a table of units that is right */

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void leave(void)
{
    (void)unlink(given);
    (void)unlink(sound);
    (void)rmdir(dir);
}

static void file_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wbe");

    check(file != NULL && fwrite(bytes, 1, len, file) == len);
    check(fclose(file) == 0);
}

static void prepare(void)
{
    static const char units[] =
        "number,kind,level,name,code,territory,host,reports_to,from,"
        "duties_from\n"
        "1001,territory,province,Tỉnh,1,,,,2019-09-20,\n"
        "2001,peoples_committee,province,UBND,,1001,1,,2019-09-20,"
        "2024-01-01\n";

    strcpy(dir, "/tmp/qcdc-fuzz-XXXXXX");
    check(mkdtemp(dir) != NULL);
    (void)snprintf(given, sizeof(given), "%s/given", dir);
    (void)snprintf(sound, sizeof(sound), "%s/units.csv", dir);
    file_write(sound, units, sizeof(units) - 1);
    (void)atexit(leave);
}

/* As `init` makes RulesPublished of them: to facts, then judged. */
static void publish(struct span text)
{
    static struct arena arena;
    static uint8_t space[LEAF_MAX];
    static char json[65536 + 16];
    const struct event_type *type = event_type_named("RulesPublished");
    struct header header = {.type = type->number, .version = type->version};
    struct buf facts = buf_over(space, sizeof(space));
    struct record_row row = {.type = NULL};
    struct error err = {0};
    int size;

    if (arena.size == 0) {
        check(arena_new(&arena, (size_t)8 << 20, &err) == 0);
    }
    arena_reset(&arena);
    size = snprintf(json, sizeof(json), "{\"facts\":%.*s}", (int)text.len,
                    (const char *)text.ptr);
    if (rows_from_object(json, (size_t)size, "RulesPublished", &arena, &row,
                         &err) != 0 ||
        facts_encode(type, row.fields, row.fields_len, NULL, &facts, &err) !=
            0 ||
        event_check(&header, buf_span(&facts), &arena, &err) != 0) {
        check(err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static unsigned runs;
    struct init_request request = {.dir = dir};
    struct setup_tables tables = {.units_len = 0};
    struct error err = {0};

    if (len == 0 || len > 65536) {
        return 0;
    }
    if (data[0] != 'u') {
        publish(span_make(data + 1, len - 1));
    }
    if (runs++ >= 8 && runs % 64 != 0) {
        return 0; /* takes megabytes of room: now and then */
    }
    if (dir[0] == '\0') {
        prepare();
    }
    file_write(given, data + 1, len - 1);
    request.units_path = data[0] == 'u' ? given : sound;
    request.rules_path = data[0] == 'u' ? NULL : given;
    if (setup_tables_read(&tables, &request, &err) != 0) {
        check(err.text[0] != '\0');
    } else {
        check(tables.units_len > 0);
    }
    setup_tables_free(&tables);
    return 0;
}
