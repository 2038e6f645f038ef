/* Sums for a board. Wilson bounds were computed by an independent program
 * (z = 1.959964) and rounded outwards. */
#include "tests/support/test.h"

#include "protocol/duty/measures.h"

static void wilson_bounds_are_those_of_the_formula(void **state)
{
    static const struct {
        uint64_t n, d;
        uint32_t low, high;
    } cases[] = {
        {23, 30, 5907, 8821},        {0, 10, 0, 2776},
        {10, 10, 7224, 10000},       {1, 2, 945, 9055},
        {99000, 100000, 9893, 9906}, {0, 0, 0, 10000},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(cases); i++) {
        uint32_t low = 1;
        uint32_t high = 1;

        wilson_bounds(cases[i].n, cases[i].d, &low, &high);
        assert_int_equal(low, cases[i].low);
        assert_int_equal(high, cases[i].high);
    }
}

static void one_number_sums_items_and_leaves_out_uncomputed_cells(void **state)
{
    struct duty_cell met = {.verdict = DUTY_MET, .n = 23, .d = 23};
    struct duty_cell worse = {.verdict = DUTY_MISSING, .d = 7};
    struct duty_cell broken = {.verdict = DUTY_UNCOMPUTED};
    struct measure sum = {0};
    char text[256] = {0};
    struct buf out = buf_over(text, sizeof(text) - 1);

    (void)state;
    met.counts[DUTY_MET] = 23;
    worse.counts[DUTY_LATE] = 3;
    worse.counts[DUTY_MISSING] = 2;
    worse.counts[DUTY_UNKNOWN] = 2;
    broken.counts[DUTY_UNCOMPUTED] = 1;
    broken.counts[DUTY_LATE] = 5;
    measure_text(&sum, LANG_EN, &out);
    assert_string_equal(text, "—"); /* nothing due is not 0 % */
    measure_add(&sum, &met);
    measure_add(&sum, &worse);
    measure_add(&sum, &broken);
    assert_int_equal(sum.cells, 3);
    assert_int_equal(sum.cells_of[DUTY_UNCOMPUTED], 1);
    out = buf_over(text, sizeof(text) - 1);
    measure_text(&sum, LANG_EN, &out);
    assert_string_equal(text, "23 of 30 met; 3 late, 2 missing, 2 unknown");
    memset(text, 0, sizeof(text));
    out = buf_over(text, sizeof(text) - 1);
    measure_text(&sum, LANG_VI, &out);
    assert_string_equal(text, "23/30 đạt; 3 trễ hạn, 2 quá hạn chưa có hồ sơ, "
                              "2 chưa có thông tin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_bounds_are_those_of_the_formula),
        cmocka_unit_test(one_number_sums_items_and_leaves_out_uncomputed_cells),
    };

    return TEST_RUN(tests);
}
