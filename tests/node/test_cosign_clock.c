/* The judgement of the own clock: DESIGN section 5, "Clocks". */
#include "tests/support/test.h"

#include <string.h>

#include "node/cosign_clock.h"

#define DAY_S 86400u
#define NOON_S 1719820800u /* 2024-07-01 08:00 UTC */

static void a_clock_that_never_signed_is_believed(void **state)
{
    struct cosign_clock clock = {0};

    (void)state;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S), COSIGN_SURE);
}

static void an_hour_from_the_guard_is_the_limit_both_ways(void **state)
{
    struct cosign_clock clock = {.signed_s = NOON_S, .skew_ms = 3600000};

    (void)state;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S), COSIGN_SURE);
    clock.skew_ms = 3600001;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S), COSIGN_SKEW);
    clock.skew_ms = -3600000;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S), COSIGN_SURE);
    clock.skew_ms = -3600001;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S), COSIGN_SKEW);
}

static void an_hour_behind_the_own_signature_is_the_limit(void **state)
{
    struct cosign_clock clock = {.signed_s = NOON_S};

    (void)state;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S - 3600), COSIGN_SURE);
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S - 3601), COSIGN_BEHIND);
}

static void thirty_days_of_rest_are_the_limit(void **state)
{
    struct cosign_clock clock = {.signed_s = NOON_S};

    (void)state;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S + 30 * DAY_S),
                     COSIGN_SURE);
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S + 30 * DAY_S + 1),
                     COSIGN_REST);
}

/* The word holds for 30 days from the time shown when it was given. */
static void a_persons_word_counts_like_a_signature(void **state)
{
    struct cosign_clock clock = {.signed_s = NOON_S,
                                 .word_s = NOON_S + 200 * DAY_S};

    (void)state;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S + 230 * DAY_S),
                     COSIGN_SURE);
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S + 230 * DAY_S + 1),
                     COSIGN_REST);
}

static void
a_word_does_not_excuse_signing_before_the_own_signature(void **state)
{
    struct cosign_clock clock = {.signed_s = NOON_S + 7 * 365 * DAY_S,
                                 .word_s = NOON_S};

    (void)state;
    assert_int_equal(cosign_clock_doubt(&clock, NOON_S), COSIGN_BEHIND);
}

static void every_doubt_says_what_to_do_in_both_languages(void **state)
{
    static const enum cosign_doubt all[] = {COSIGN_SKEW, COSIGN_BEHIND,
                                            COSIGN_REST};
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(strlen(cosign_doubt_name(all[i])) > 0);
        assert_true(strlen(cosign_doubt_vi(all[i])) > 40);
        assert_true(strlen(cosign_doubt_en(all[i])) > 40);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(cosign_doubt_name(all[i]),
                                    cosign_doubt_name(all[j]));
        }
    }
    assert_string_equal(cosign_doubt_name(COSIGN_SURE), "");
    struct cosign_clock clock = {.signed_s = NOON_S};
    assert_int_equal(cosign_clock_check(&clock, NOON_S, &err), 0);
    assert_int_equal(cosign_clock_check(&clock, NOON_S + 31 * DAY_S, &err),
                     ERR_BUSY);
    assert_string_equal(err.text, cosign_doubt_en(COSIGN_REST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_never_signed_is_believed),
        cmocka_unit_test(an_hour_from_the_guard_is_the_limit_both_ways),
        cmocka_unit_test(an_hour_behind_the_own_signature_is_the_limit),
        cmocka_unit_test(thirty_days_of_rest_are_the_limit),
        cmocka_unit_test(a_persons_word_counts_like_a_signature),
        cmocka_unit_test(
            a_word_does_not_excuse_signing_before_the_own_signature),
        cmocka_unit_test(every_doubt_says_what_to_do_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
