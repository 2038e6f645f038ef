/* tests: the one error value: codes, truncation, wrapping. */
#include "tests/support/test.h"

#include <stdbool.h>

#include "protocol/base/error.h"

static void setting_an_error_returns_its_code_and_text(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(error_set(&err, ERR_LIMIT, "entry of %d bytes", 7),
                     ERR_LIMIT);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "entry of 7 bytes");
}

static void wrapping_puts_context_before_and_keeps_the_code(void **state)
{
    struct error err = {0};

    (void)state;
    (void)error_set(&err, ERR_IO, "disk full");
    assert_int_equal(error_wrap(&err, "peer %s", "12"), ERR_IO);
    assert_string_equal(err.text, "peer 12: disk full");
    assert_int_equal(error_wrap(&err, "link"), ERR_IO);
    assert_string_equal(err.text, "link: peer 12: disk full");
}

/* Text is cut between characters, never inside one. */
static bool whole_characters(const char *text)
{
    for (size_t i = 0; text[i] != '\0';) {
        unsigned char c = (unsigned char)text[i];
        size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

        if (c >= 0x80 && c < 0xc0) {
            return false;
        }
        for (size_t k = 1; k < len; k++) {
            if (((unsigned char)text[i + k] & 0xc0) != 0x80) {
                return false;
            }
        }
        i += len;
    }
    return true;
}

static void long_texts_are_cut_on_a_character_boundary(void **state)
{
    (void)state;
    for (int shift = 0; shift < 5; shift++) {
        struct error err = {0};
        char text[600] = "";

        memset(text, 'x', (size_t)shift);
        for (int i = 0; i < 100; i++) {
            strcat(text, "\xe1\xbb\x87\xc4\x91");
        }
        (void)error_set(&err, ERR_IO, "%s", text);
        assert_true(strlen(err.text) < ERROR_TEXT_SIZE);
        assert_true(strlen(err.text) >= ERROR_TEXT_SIZE - 4);
        assert_true(whole_characters(err.text));
        (void)error_wrap(&err, "%s", "\xc4\x91\xe1\xbb\x87");
        assert_true(strlen(err.text) < ERROR_TEXT_SIZE);
        assert_true(whole_characters(err.text));
        (void)error_wrap(&err, "%s", text);
        assert_true(whole_characters(err.text));
    }
}

static void every_code_has_a_name_and_an_exit_status(void **state)
{
    (void)state;
    assert_string_equal(err_name(0), "OK");
    assert_string_equal(err_name(ERR_NOMEM), "NOMEM");
    assert_string_equal(err_name(ERR_USAGE), "USAGE");
    assert_string_equal(err_name(-11), "UNKNOWN");
    assert_string_equal(err_name(1), "UNKNOWN");
    assert_int_equal(err_exit_status(0), 0);
    assert_int_equal(err_exit_status(ERR_USAGE), 2);
    assert_int_equal(err_exit_status(-99), 70);
    for (int code = -10; code < 0; code++) {
        assert_string_not_equal(err_name(code), "UNKNOWN");
        assert_true(err_exit_status(code) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_returns_its_code_and_text),
        cmocka_unit_test(wrapping_puts_context_before_and_keeps_the_code),
        cmocka_unit_test(long_texts_are_cut_on_a_character_boundary),
        cmocka_unit_test(every_code_has_a_name_and_an_exit_status),
    };

    return TEST_RUN(tests);
}
