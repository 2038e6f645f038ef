/* The generated year through the program's own rooms, without a node: every
 * row is a valid event, in tables as in lines, every event counts, and the
 * cells are those that tests/count, another language that shares no code,
 * counts from the files. */
#include "tests/tools/sample_year.h"

#include <dirent.h>

#include "qcdc/v1/record.pb-c.h"

/* ---- the tables --------------------------------------------------------- */

static const struct made *made_first(const struct year *y, const char *name)
{
    size_t i = 0;

    while (i < y->len && strcmp(y->made[i].name, name) != 0) {
        i++;
    }
    if (i == y->len) {
        fail_msg("%s is not among the rows", name);
    }
    return &y->made[i];
}

/* Each row of a table says what its JSON line said. */
static void read_table(struct year *y, const char *name)
{
    const struct rows_reader reader = {
        .type = name, .error = bad_row, .ctx = (void *)(uintptr_t)name};
    struct rows rows = {0};
    struct arena arena;
    char path[768];
    size_t len;
    char *text;

    snprintf(path, sizeof(path), "%s/csv/%s.csv", y->folder, name);
    text = text_of(path, &len);
    assert_ok(arena_new(&arena, rows_arena_size(len), &y->err), y->err);
    assert_ok(
        rows_from_csv(&reader, span_make(text, len), &arena, &rows, &y->err),
        y->err);
    assert_non_null(rows.generated);
    assert_true(rows.len > 0);
    for (size_t i = 0; i < rows.len; i++) {
        const struct made *now = &y->made[y->len];
        const struct made *then;

        take_row(y, &rows.rows[i]);
        then = made_first(y, now->name);
        if (!span_equal(then->leaf.facts, now->leaf.facts) ||
            !event_id_equal(&then->leaf.header.subject,
                            &now->leaf.header.subject)) {
            fail_msg("%s: another event in %s.csv", now->name, name);
        }
        y->len--;
        arena_reset(&y->turn);
    }
    arena_release(&arena);
    free(text);
}

static int is_table(const struct dirent *entry)
{
    return strstr(entry->d_name, ".csv") != NULL;
}

static void read_tables(struct year *y)
{
    struct dirent **files = NULL;
    char path[768];
    int len;

    snprintf(path, sizeof(path), "%s/csv", y->folder);
    len = scandir(path, &files, is_table, alphasort);
    assert_true(len > 8);
    y->node = 53; /* the first commune */
    for (int i = 0; i < len; i++) {
        files[i]->d_name[strcspn(files[i]->d_name, ".")] = '\0';
        read_table(y, files[i]->d_name);
        free(files[i]);
    }
    free(files);
}

/* ---- records and cells -------------------------------------------------- */

/* What does not count, by name and reason. */
static void tell_standings(const struct year *y, const struct record_out *out)
{
    Qcdc__V1__PetitionRecord *petition =
        out->kind != RECORD_PETITION
            ? NULL
            : qcdc__v1__petition_record__unpack(NULL, out->bytes.len,
                                                out->bytes.ptr);

    for (size_t i = 0; petition != NULL && i < petition->n_history; i++) {
        const Qcdc__V1__Placed *placed = petition->history[i];

        for (size_t j = 0; placed->standing != 0 && j < y->len; j++) {
            if (memcmp(y->made[j].leaf.id.bytes, placed->event_id.data,
                       placed->event_id.len) == 0) {
                print_error("%s: %s\n", y->made[j].name,
                            standing_name((enum standing)placed->standing));
            }
        }
    }
    if (petition != NULL) {
        qcdc__v1__petition_record__free_unpacked(petition, NULL);
    }
}

static void fold_one(struct year *y, const struct made *opening)
{
    struct fold_event *events = arena_array(&y->turn, y->len, sizeof(*events));
    struct fold_input input = {.kind = record_kind_of_event(opening->type),
                               .events = events,
                               .directory = &y->dir,
                               .asof_day = y->asof_day};
    struct duty_record *record = &y->records[y->records_len++];
    struct record_out out;

    for (size_t i = 0; i < y->len; i++) {
        if (event_id_equal(&y->made[i].subject, &opening->leaf.id)) {
            events[input.len++] = y->made[i].event;
        }
    }
    assert_ok(record_fold(&input, &y->turn, &out, &y->err), y->err);
    if (out.not_effective > 0 && out.future_day == 0) {
        tell_standings(y, &out);
        fail_msg("%s: %u events of the sample do not count", opening->name,
                 out.not_effective);
    }
    *record = (struct duty_record){out.subject, out.kind,
                                   arena_copy(&y->arena, out.bytes)};
    arena_reset(&y->turn);
}

static int heard(void *ctx, uint32_t unit, int64_t *heard_s, struct error *err)
{
    struct year *y = ctx;

    (void)unit;
    (void)err;
    *heard_s = day_end_s(y->asof_day) + 86400;
    return 0;
}

static void put_cells(struct year *y, uint32_t unit, FILE *out)
{
    struct duty_input input = {.directory = &y->dir,
                               .rules = &y->rules,
                               .calendar = &y->calendar,
                               .unit = unit,
                               .asof_day = y->asof_day,
                               .records = y->records,
                               .records_len = y->records_len,
                               .heard = heard,
                               .heard_ctx = y};
    struct duty_result result;

    assert_ok(duty_evaluate(&input, &y->turn, &result, &y->err), y->err);
    for (size_t i = 0; i < result.cells_len; i++) {
        const struct duty_cell *c = &result.cells[i];

        fprintf(out,
                "{\"unit\":%u,\"duty\":\"%.4s\",\"year\":%u,\"month\":%u,"
                "\"verdict\":%u,\"n\":%u,\"d\":%u}\n",
                c->unit, c->duty, c->year, c->month, c->verdict, c->n, c->d);
    }
    arena_reset(&y->turn);
}

static void evaluate(struct year *y, const char *asof)
{
    const size_t mark = y->arena.used;
    char path[512];
    FILE *out;

    y->asof_day = day_in(y, asof);
    y->records_len = 0;
    for (size_t i = 0; i < y->len; i++) {
        if (!y->made[i].leaf.header.has_subject) {
            fold_one(y, &y->made[i]);
        }
    }
    snprintf(path, sizeof(path), "%s/program.jsonl", y->folder);
    out = fopen(path, "w");
    assert_non_null(out);
    for (size_t i = 0; i < y->dir.units_len; i++) {
        const struct unit_facts *unit = &y->versions[i].facts;

        if (unit->host != 0 && directory_node(&y->dir, unit->host) != NULL) {
            put_cells(y, unit->number, out);
        }
    }
    assert_int_equal(fclose(out), 0);
    arena_rewind(&y->arena, mark);
}

static void compare(const struct year *y, const char *asof)
{
    run("cd %s && python3 tests/count/count.py --asof %s %s >%s/counted.jsonl",
        source(), asof, y->folder, y->folder);
    run("python3 %s/tests/count/compare.py %s/counted.jsonl %s/program.jsonl",
        source(), y->folder, y->folder);
}

static void count_year(const char *seed)
{
    static const char *const asofs[] = {"2024-03-15", "2024-07-31",
                                        "2024-12-20", LAST};
    struct year *y = calloc(1, sizeof(*y));

    assert_non_null(y);
    year_open(y, seed);
    assert_true(y->len > 1500);
    for (size_t i = 0; i < TEST_LEN(asofs); i++) {
        evaluate(y, asofs[i]);
        compare(y, asofs[i]);
    }
    read_tables(y);
    year_close(y);
}

static void sample_year_counts_the_same_in_another_language(void **state)
{
    (void)state;
    count_year("2084");
}

static void other_years_count_the_same(void **state)
{
    (void)state;
    count_year("1");
    count_year("62");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_year_counts_the_same_in_another_language),
        cmocka_unit_test(other_years_count_the_same),
    };

    return TEST_RUN(tests);
}
