/* tests: hex, strictly. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"

static void every_byte_survives(void **state)
{
    uint8_t bytes[256];
    uint8_t again[256];
    char text[513];
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    hex_encode(SPAN_OF(bytes), text);
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102", 6);
    assert_memory_equal(text + 506, "fdfeff", 6);
    assert_ok(hex_decode(span_str(text), again, sizeof(again), &err), err);
    assert_memory_equal(again, bytes, sizeof(bytes));
}

static void both_cases_are_read(void **state)
{
    uint8_t byte = 0;
    struct error err = {0};

    (void)state;
    assert_ok(hex_decode(span_str("aF"), &byte, 1, &err), err);
    assert_int_equal(byte, 0xaf);
}

static void what_is_not_hex_leaves_the_output_untouched(void **state)
{
    static const char *const bad[] = {"",     "a",    "abc",   "abcde",  "0x12",
                                      "ab c", "abcg", "ab\n1", "abc\xb0"};
    uint8_t out[2] = {1, 2};
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        assert_err(hex_decode(span_str(bad[i]), out, 2, &err), ERR_MALFORMED,
                   err);
        assert_int_equal(out[0], 1);
        assert_int_equal(out[1], 2);
    }
}

static void nothing_is_the_empty_text(void **state)
{
    char text[1] = {'x'};
    struct error err = {0};

    (void)state;
    hex_encode((struct span){NULL, 0}, text);
    assert_int_equal(text[0], '\0');
    assert_ok(hex_decode((struct span){NULL, 0}, text, 0, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(both_cases_are_read),
        cmocka_unit_test(what_is_not_hex_leaves_the_output_untouched),
        cmocka_unit_test(nothing_is_the_empty_text),
    };

    return TEST_RUN(tests);
}
