/* Import files as rows: CSV and JSON lines give the same paths; a wrong row is
 * named and the others are still read. */
#include "tests/support/test.h"

#include "node/web/rows.h"
#include "protocol/event/facts.h"

#define ROOM ((size_t)4 * 1024 * 1024)

struct reading {
    uint8_t *memory;
    struct arena arena;
    struct rows rows;
    struct error err;
    uint32_t error_line;
    char error_path[128];
    char error_text[512];
    size_t errors;
};

static void note_error(void *ctx, uint32_t line, const char *path,
                       const char *text)
{
    struct reading *in = ctx;

    in->errors++;
    in->error_line = line;
    snprintf(in->error_path, sizeof(in->error_path), "%s", path);
    snprintf(in->error_text, sizeof(in->error_text), "%s", text);
}

static int set_up(void **state)
{
    struct reading *in = calloc(1, sizeof(*in));

    in->memory = malloc(ROOM);
    arena_init(&in->arena, in->memory, ROOM);
    *state = in;
    return 0;
}

static int tear_down(void **state)
{
    struct reading *in = *state;

    free(in->memory);
    free(in);
    return 0;
}

static int read_csv(struct reading *in, const char *type, const char *text)
{
    struct rows_reader reader = {.type = type, .error = note_error, .ctx = in};

    return rows_from_csv(&reader, span_str(text), &in->arena, &in->rows,
                         &in->err);
}

static int read_json(struct reading *in, const char *type, const char *text)
{
    struct rows_reader reader = {.type = type, .error = note_error, .ctx = in};

    return rows_from_json(&reader, span_str(text), &in->arena, &in->rows,
                          &in->err);
}

static const char *value_of(const struct record_row *row, const char *path)
{
    for (size_t i = 0; i < row->fields_len; i++) {
        if (strcmp(row->fields[i].path, path) == 0) {
            return row->fields[i].value;
        }
    }
    return NULL;
}

static void expect(const struct record_row *row, const char *path,
                   const char *value)
{
    assert_non_null(value_of(row, path));
    assert_string_equal(value_of(row, path), value);
}

static void csv_columns_are_paths_and_empty_cells_are_left_out(void **state)
{
    struct reading *in = *state;

    assert_ok(read_csv(in, "PetitionReceived",
                       "key,on,kind,document.number,text.title\n"
                       "a1,2024-03-01,proposal,,Đường\n"),
              in->err);
    assert_int_equal(in->rows.len, 1);
    assert_string_equal(in->rows.rows[0].type, "PetitionReceived");
    assert_int_equal(in->rows.rows[0].line, 2);
    assert_int_equal(in->rows.rows[0].fields_len, 4);
    expect(&in->rows.rows[0], "text.title", "Đường");
    assert_null(value_of(&in->rows.rows[0], "document.number"));
}

static void json_nesting_gives_the_same_paths_as_columns(void **state)
{
    struct reading *in = *state;
    const struct record_row *row;

    assert_ok(
        read_json(
            in, NULL,
            "{\"type\":\"DialogueConcluded\",\"key\":\"k\",\"unit\":7,"
            "\"on\":\"2024-03-01\",\"refs\":[\"a\",\"b\"],\"to\":[1,2],"
            "\"historical\":true,\"facts\":{\"items\":[{\"petition_id\":"
            "\"p1\",\"due_day\":\"2024-04-01\"},{\"petition_id\":\"p2\"}],"
            "\"document\":{\"number\":\"12\",\"secret\":false}},"
            "\"text\":{\"title\":\"x\"},"
            "\"private\":{\"persons\":[{\"name\":\"y\"}]}}\n"),
        in->err);
    assert_int_equal(in->rows.len, 1);
    row = &in->rows.rows[0];
    assert_string_equal(row->type, "DialogueConcluded");
    expect(row, "unit", "7");
    expect(row, "refs", "a;b");
    expect(row, "to", "1;2");
    expect(row, "historical", "true");
    expect(row, "items[0].petition_id", "p1");
    expect(row, "items[0].due_day", "2024-04-01");
    expect(row, "items[1].petition_id", "p2");
    expect(row, "document.number", "12");
    expect(row, "document.secret", "false");
    expect(row, "text.title", "x");
    expect(row, "private.persons[0].name", "y");
}

static void both_forms_carry_the_mark_of_generated_data(void **state)
{
    struct reading *in = *state;

    assert_ok(read_json(in, "Voided",
                        "{\"generated\": \"seed 1: invented\"}\n"
                        "{\"key\":\"a\"}\n"),
              in->err);
    assert_string_equal(in->rows.generated, "seed 1: invented");
    assert_int_equal(in->rows.len, 1);
    assert_int_equal(in->rows.rows[0].line, 2);
    assert_ok(read_csv(in, "Voided", "# generated: seed 2\nkey\na\n"), in->err);
    assert_string_equal(in->rows.generated, "seed 2");
    assert_ok(read_csv(in, "Voided", "# a remark\nkey\na\n"), in->err);
    assert_null(in->rows.generated);
}

static void mixed_rows_name_their_type_in_a_column(void **state)
{
    struct reading *in = *state;

    assert_ok(read_csv(in, NULL, "type,key\nVoided,a\n,b\n"), in->err);
    assert_int_equal(in->rows.len, 1);
    assert_string_equal(in->rows.rows[0].type, "Voided");
    assert_int_equal(in->rows.bad, 1);
    assert_int_equal(in->error_line, 3);
    assert_string_equal(in->error_path, "type");
}

static void a_row_with_too_few_cells_is_named_and_the_rest_read(void **state)
{
    struct reading *in = *state;

    assert_ok(read_csv(in, "Voided", "key,on\na\nb,2024-01-01\n"), in->err);
    assert_int_equal(in->rows.len, 1);
    assert_int_equal(in->errors, 1);
    assert_int_equal(in->error_line, 2);
    assert_string_equal(in->error_text, "1 cells where the first row names 2");
}

static void a_column_twice_or_without_a_name_is_refused(void **state)
{
    struct reading *in = *state;

    assert_err(read_csv(in, "Voided", "key,key\n"), ERR_MALFORMED, in->err);
    assert_err_says(in->err, "twice");
    assert_err(read_csv(in, "Voided", "key,\n"), ERR_MALFORMED, in->err);
    assert_err_says(in->err, "column 2");
    assert_err(read_csv(in, "Voided", ""), ERR_MALFORMED, in->err);
    assert_err_says(in->err, "empty");
}

/* One wrong line of each kind; each is named by number and reason. */
static void json_lines_are_read_strictly(void **state)
{
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"{\"key\":\"a\",\"key\":\"b\"}", "duplicate"},
        {"{\"key\":\"a\"} x", "end of file"},
        {"[]", "one JSON object"},
        {"{\"key\":\"\xc3\"}", "unable to decode byte"},
        {"{\"key\":1.5}", "fraction"},
        {"{\"key\":\"a\",\"what\":1}", "no such name"},
        {"{\"type\":\"Voided\",\"facts\":[]}", "facts"},
        {"{\"type\":\"Approved\"}", "Approved in an import of Voided"},
        {"{\"refs\":[[1]]}", "single value"},
        {"{\"refs\":[\"a;b\"]}", "semicolon"},
        {"{\"key\":\"a\\u0000b\"}", "u0000"},
    };
    struct reading *in = *state;

    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        char text[256];

        snprintf(text, sizeof(text), "{\"key\":\"ok\"}\n%s\n", bad[i].line);
        in->errors = 0;
        assert_ok(read_json(in, "Voided", text), in->err);
        assert_int_equal(in->rows.len, 1);
        assert_int_equal(in->rows.bad, 1);
        assert_int_equal(in->errors, 1);
        assert_int_equal(in->error_line, 2);
        if (strstr(in->error_text, bad[i].says) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].line,
                     in->error_text, bad[i].says);
        }
    }
}

static void deep_nesting_and_long_lists_are_refused(void **state)
{
    struct reading *in = *state;

    assert_ok(read_json(in, "Voided",
                        "{\"facts\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
                        "{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}\n"),
              in->err);
    assert_int_equal(in->rows.bad, 1);
    assert_non_null(strstr(in->error_text, "deeply"));
}

static void a_full_arena_is_a_limit_not_a_wrong_row(void **state)
{
    struct reading *in = *state;
    uint8_t small[4096];
    char text[8192];
    size_t len = 0;

    for (int i = 0; i < 100; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "{\"key\":\"%040d\"}\n", i);
    }
    arena_init(&in->arena, small, sizeof(small));
    assert_err(read_json(in, "Voided", text), ERR_LIMIT, in->err);
}

static void one_event_may_give_its_fields_flat(void **state)
{
    struct reading *in = *state;
    struct record_row row;
    const char *text = "{\"type\":\"Voided\",\"fields\":{\"key\":\"k\","
                       "\"document.number\":\"5\",\"on\":\"\"}}";

    assert_ok(
        rows_from_object(text, strlen(text), NULL, &in->arena, &row, &in->err),
        in->err);
    assert_string_equal(row.type, "Voided");
    assert_int_equal(row.fields_len, 2);
    expect(&row, "document.number", "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            csv_columns_are_paths_and_empty_cells_are_left_out, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            json_nesting_gives_the_same_paths_as_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            both_forms_carry_the_mark_of_generated_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mixed_rows_name_their_type_in_a_column,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_row_with_too_few_cells_is_named_and_the_rest_read, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_column_twice_or_without_a_name_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_lines_are_read_strictly, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(deep_nesting_and_long_lists_are_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_arena_is_a_limit_not_a_wrong_row,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_event_may_give_its_fields_flat,
                                        set_up, tear_down),
    };

    return TEST_RUN(tests);
}
