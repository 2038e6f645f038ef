/* The citizen's code: frozen form, every slip of one hand found. */
#include "tests/support/test.h"

#include "protocol/event/code.h"
#include "tests/protocol/event_help.h"

static struct event_id id_from(const char *hex)
{
    struct event_id id;

    memcpy(id.bytes, help_hex(hex).ptr, sizeof(id.bytes));
    return id;
}

static void code_of_known_ids_is_frozen(void **state)
{
    char text[CODE_TEXT_SIZE];
    struct event_id zero = {{0}};
    struct event_id id = id_from("0102030405060708090a0b0c0d0e0f10");

    (void)state;
    code_format(&zero, text);
    assert_string_equal(text, "0000-0000-000");
    code_format(&id, text);
    assert_string_equal(text, "0410-6105-0RJ");
    memset(id.bytes, 0xff, sizeof(id.bytes));
    code_format(&id, text);
    assert_string_equal(text, "ZZZZ-ZZZZ-ZZN");
}

static void code_reads_back_as_people_write_it(void **state)
{
    struct event_id id = id_from("0102030405060708090a0b0c0d0e0f10");
    struct code code;
    struct error err = {0};
    static const char *const forms[] = {"0410-6105-0RJ", "041061050rj",
                                        " O4I0 6lO5 orj "};

    (void)state;
    for (size_t i = 0; i < TEST_LEN(forms); i++) {
        assert_ok(code_parse(span_str(forms[i]), &code, &err), err);
        assert_true(code_matches(code, &id));
    }
}

static void code_names_a_range_of_ids(void **state)
{
    struct event_id id = id_from("0102030405060708090a0b0c0d0e0f10");
    struct event_id first;
    struct event_id last;
    struct code code;
    struct error err = {0};

    (void)state;
    assert_ok(code_parse(span_str("0410-6105-0RJ"), &code, &err), err);
    code_range(code, &first, &last);
    assert_true(event_id_compare(&first, &id) <= 0);
    assert_true(event_id_compare(&id, &last) <= 0);
    assert_true(code_matches(code, &first));
    assert_true(code_matches(code, &last));
    last.bytes[6] ^= 0x40; /* bit 50 is the last but six of byte 6 */
    assert_false(code_matches(code, &last));
}

static void every_wrong_character_and_every_swap_is_found(void **state)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    char text[] = "041061050RJ";
    struct code code;
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < 11; i++) {
        char right = text[i];

        for (size_t k = 0; k < 32; k++) {
            text[i] = alphabet[k];
            if (text[i] != right) {
                assert_err(code_parse(span_str(text), &code, &err),
                           ERR_MALFORMED, err);
                assert_err_says(err, "mistyped");
            }
        }
        text[i] = right;
        for (size_t j = 0; j < i; j++) {
            if (text[j] != right) {
                text[i] = text[j];
                text[j] = right;
                assert_err(code_parse(span_str(text), &code, &err),
                           ERR_MALFORMED, err);
                text[j] = text[i];
                text[i] = right;
            }
        }
    }
}

static void what_is_no_code_is_refused_with_the_reason(void **state)
{
    struct code code;
    struct error err = {0};

    (void)state;
    assert_err(code_parse(span_str(""), &code, &err), ERR_MALFORMED, err);
    assert_err(code_parse(span_str("0410-6105-0R"), &code, &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "10 characters");
    assert_err(code_parse(span_str("0410-6105-0RJ2"), &code, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "longer");
    assert_err(code_parse(span_str("0410-6105-0RU"), &code, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "character 13");
    assert_err(code_parse(span_make("0410\0", 5), &code, &err), ERR_MALFORMED,
               err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_of_known_ids_is_frozen),
        cmocka_unit_test(code_reads_back_as_people_write_it),
        cmocka_unit_test(code_names_a_range_of_ids),
        cmocka_unit_test(every_wrong_character_and_every_swap_is_found),
        cmocka_unit_test(what_is_no_code_is_refused_with_the_reason),
    };

    return TEST_RUN(tests);
}
