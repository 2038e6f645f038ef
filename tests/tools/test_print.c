/* What a terminal shows: Vietnamese takes the columns it takes, control bytes
 * of a node never reach it, answers are read without a ladder. */
#include "tests/support/test.h"

#include "node/client/answer.h"
#include "tools/command.h"
#include "tools/raw.h"

static void marks_take_no_column_and_wide_letters_two(void **state)
{
    (void)state;
    assert_int_equal(print_width("Đắk Tô"), 6);
    assert_int_equal(print_width("D\xcc\xa3"
                                 "a"),
                     2); /* a mark apart */
    assert_int_equal(print_width("✗ 1/3"), 5);
    assert_int_equal(print_width("漢字"), 4);
    assert_int_equal(print_width(""), 0);
    assert_int_equal(print_width("a\x1b[2J"), 4); /* without the escape */
}

static void days_are_printed_as_read_here(void **state)
{
    struct answer *root = NULL;
    struct error err = {0};
    struct cli cli = {0};
    char room[WHEN_SIZE];

    (void)state;
    assert_ok(answer_parse(span_str("{\"a\":\"2024-03-01\",\"b\":"
                                    "\"2024-03-01T08:05:00+07:00\","
                                    "\"c\":null}"),
                           &root, &err),
              err);
    assert_string_equal(print_when(&cli, answer_get(root, "a"), room),
                        "01/03/2024");
    assert_string_equal(print_when(&cli, answer_get(root, "b"), room),
                        "01/03/2024 08:05");
    assert_string_equal(print_when(&cli, answer_get(root, "c"), room), "—");
    cli.english = true;
    assert_string_equal(print_when(&cli, answer_get(root, "b"), room),
                        "2024-03-01 08:05");
    answer_free(root);
}

static void getters_accept_what_is_not_there(void **state)
{
    struct answer *root = NULL;
    struct error err = {0};

    (void)state;
    assert_ok(answer_parse(span_str("{\"a\":[1,\"x\",true]}"), &root, &err),
              err);
    assert_int_equal(answer_len(answer_get(root, "a")), 3);
    assert_int_equal(answer_number(answer_at(answer_get(root, "a"), 0)), 1);
    assert_string_equal(answer_text(answer_at(answer_get(root, "a"), 1)), "x");
    assert_true(answer_bool(answer_at(answer_get(root, "a"), 2)));
    assert_null(answer_get(root, "b"));
    assert_true(answer_is_null(answer_get(NULL, "b")));
    assert_string_equal(answer_text(NULL), "");
    assert_int_equal(answer_len(NULL), 0);
    answer_free(root);
    assert_err(answer_parse(span_str("{\"a\":1,\"a\":2}"), &root, &err),
               ERR_MALFORMED, err);
}

static void a_request_that_is_no_utf8_is_not_sent(void **state)
{
    struct request_body *body = request_new();
    char *text;

    (void)state;
    request_put_text(body, "a", NULL);
    request_put_field(body, "kind", "x");
    request_put_number(body, "n", 5);
    text = request_end(body);
    assert_string_equal(text, "{\"fields\":{\"kind\":\"x\"},\"n\":5}");
    free(text);
    body = request_new();
    request_put_field(body, "kind", "\xff");
    request_put_number(body, "n", 5);
    assert_null(request_end(body));
}

static void hex_is_told_from_other_text(void **state)
{
    (void)state;
    assert_true(raw_is_hex(span_str("00 ff\nAB")));
    assert_false(raw_is_hex(span_str("0")));
    assert_false(raw_is_hex(span_str("0g")));
    assert_false(raw_is_hex(span_str("")));
}

static void raw_refuses_what_is_no_leaf_or_note(void **state)
{
    struct cli cli = {.english = true};
    struct error err = {0};

    (void)state;
    assert_err(raw_print(&cli, span_str("0011"), &err), ERR_MALFORMED, err);
    assert_err_says(err, "neither a leaf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_take_no_column_and_wide_letters_two),
        cmocka_unit_test(days_are_printed_as_read_here),
        cmocka_unit_test(getters_accept_what_is_not_there),
        cmocka_unit_test(a_request_that_is_no_utf8_is_not_sent),
        cmocka_unit_test(hex_is_told_from_other_text),
        cmocka_unit_test(raw_refuses_what_is_no_leaf_or_note),
    };

    return TEST_RUN(tests);
}
