/* What every unit test includes first: cmocka, which wants four standard
 * headers before it, and a few helpers that name what they compare. It never
 * includes a header of ours: a test names the rooms it looks at. */
#ifndef QCDC_TESTS_SUPPORT_TEST_H
#define QCDC_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Runs a table of cmocka_unit_test(...) rows; the value of main(). */
#define TEST_RUN(tests) cmocka_run_group_tests((tests), NULL, NULL)

/* A fallible call must succeed; otherwise the test fails with err's text.
 * `err` is any struct with a char array `text`. */
#define assert_ok(call, err)                                                   \
    do {                                                                       \
        int test_rc_ = (call);                                                 \
        if (test_rc_ != 0) {                                                   \
            fail_msg("%s: %d: %s", #call, test_rc_, (err).text);               \
        }                                                                      \
    } while (0)

/* A fallible call must fail with exactly this code, and say why. */
#define assert_err(call, code, err)                                            \
    do {                                                                       \
        int test_rc_ = (call);                                                 \
        if (test_rc_ != (int)(code)) {                                         \
            fail_msg("%s: %d, expected %s (%d): %s", #call, test_rc_, #code,   \
                     (int)(code), test_rc_ == 0 ? "" : (err).text);            \
        }                                                                      \
        if ((err).text[0] == '\0') {                                           \
            fail_msg("%s: failed without a text", #call);                      \
        }                                                                      \
    } while (0)

/* The error text must contain `part` (a word an operator can act on). */
#define assert_err_says(err, part)                                             \
    do {                                                                       \
        if (strstr((err).text, (part)) == NULL) {                              \
            fail_msg("\"%s\" does not say \"%s\"", (err).text, (part));        \
        }                                                                      \
    } while (0)

#endif
