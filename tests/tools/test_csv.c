/* Tables as offices save them: what is taken, and what is refused with line
 * and column. */
#include "tests/support/test.h"

#include "node/web/csv.h"

static uint8_t memory[65536];

struct reading {
    struct arena arena;
    struct csv csv;
    struct csv_row row;
    bool more;
    struct error err;
};

static void start(struct reading *in, const char *text)
{
    memset(in, 0, sizeof(*in));
    arena_init(&in->arena, memory, sizeof(memory));
    csv_init(&in->csv, span_str(text));
}

static int next(struct reading *in)
{
    return csv_next(&in->csv, &in->arena, &in->row, &in->more, &in->err);
}

static void expect_row(struct reading *in, uint32_t line, size_t len,
                       const char *const *cells)
{
    assert_ok(next(in), in->err);
    assert_true(in->more);
    assert_int_equal(in->row.line, line);
    assert_int_equal(in->row.len, len);
    for (size_t i = 0; i < len; i++) {
        assert_string_equal(in->row.cells[i], cells[i]);
    }
}

static void expect_end(struct reading *in)
{
    assert_ok(next(in), in->err);
    assert_false(in->more);
}

static void reads_quotes_line_ends_and_empty_cells(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "a,b,c\r\n\"x, \"\"y\"\"\n2\",,z\n\n1,2,3");
    expect_row(&in, 1, 3, (const char *[]){"a", "b", "c"});
    expect_row(&in, 2, 3, (const char *[]){"x, \"y\"\n2", "", "z"});
    expect_row(&in, 5, 3, (const char *[]){"1", "2", "3"});
    expect_end(&in);
}

static void takes_a_byte_order_mark_and_semicolons(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "\xef\xbb\xbfkey;note\n1;\"a,b\"\n");
    expect_row(&in, 1, 2, (const char *[]){"key", "note"});
    expect_row(&in, 2, 2, (const char *[]){"1", "a,b"});
    expect_end(&in);
}

static void keeps_the_first_remark_and_no_later_one(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "# generated seed 1\n# more\nkey\n#1\n");
    expect_row(&in, 3, 1, (const char *[]){"key"});
    assert_true(span_equal(in.csv.remark, span_str(" generated seed 1")));
    expect_row(&in, 4, 1, (const char *[]){"#1"});
    expect_end(&in);
}

static void reads_vietnamese_as_it_is(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "tên\nĐường xã Đắk Hà\n");
    expect_row(&in, 1, 1, (const char *[]){"tên"});
    expect_row(&in, 2, 1, (const char *[]){"Đường xã Đắk Hà"});
    expect_end(&in);
}

static void refuses_an_unclosed_quote_by_where_it_opened(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "a,b\n1,\"x\ny\n");
    assert_ok(next(&in), in.err);
    assert_err(next(&in), ERR_MALFORMED, in.err);
    assert_err_says(in.err, "line 2, column 2");
}

static void refuses_text_after_a_closing_quote(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "\"a\"b\n");
    assert_err(next(&in), ERR_MALFORMED, in.err);
    assert_err_says(in.err, "after a closing quote");
}

static void refuses_a_quote_inside_a_plain_cell(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "a\nx\"y\n");
    assert_ok(next(&in), in.err);
    assert_err(next(&in), ERR_MALFORMED, in.err);
    assert_err_says(in.err, "line 2, column 1");
}

static void refuses_bytes_that_are_no_utf8_by_line(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "a\nb\n\xc3\n");
    assert_err(next(&in), ERR_MALFORMED, in.err);
    assert_err_says(in.err, "line 3");
}

static void refuses_nul_and_too_many_columns(void **state)
{
    struct reading in;
    char wide[CSV_COLUMNS_MAX + 2];

    (void)state;
    memset(&in, 0, sizeof(in));
    arena_init(&in.arena, memory, sizeof(memory));
    csv_init(&in.csv, span_make("a\0b", 3));
    assert_err(next(&in), ERR_MALFORMED, in.err);
    memset(wide, ',', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    start(&in, wide);
    assert_err(next(&in), ERR_LIMIT, in.err);
    assert_err_says(in.err, "columns");
}

static void gives_nothing_from_an_empty_file(void **state)
{
    struct reading in;

    (void)state;
    start(&in, "");
    expect_end(&in);
    start(&in, "\n\r\n# only a remark\n");
    expect_end(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_quotes_line_ends_and_empty_cells),
        cmocka_unit_test(takes_a_byte_order_mark_and_semicolons),
        cmocka_unit_test(keeps_the_first_remark_and_no_later_one),
        cmocka_unit_test(reads_vietnamese_as_it_is),
        cmocka_unit_test(refuses_an_unclosed_quote_by_where_it_opened),
        cmocka_unit_test(refuses_text_after_a_closing_quote),
        cmocka_unit_test(refuses_a_quote_inside_a_plain_cell),
        cmocka_unit_test(refuses_bytes_that_are_no_utf8_by_line),
        cmocka_unit_test(refuses_nul_and_too_many_columns),
        cmocka_unit_test(gives_nothing_from_an_empty_file),
    };

    return TEST_RUN(tests);
}
