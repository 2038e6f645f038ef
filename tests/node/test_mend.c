/* When the patrol wakes the loop: never while there is something to integrate,
 * for then it takes no step, and the loop would not sleep. */
#include "tests/node/top.h"

#include "node/mend.h"

static void the_patrol_wakes_no_loop_that_integrates(void **state)
{
    (void)state;
    mend_tick(engine); /* nothing is left to mend from a run before */
    engine->integrating = false;
    assert_int_not_equal(mend_deadline_ms(engine), UINT64_MAX);
    engine->integrating = true;
    assert_int_equal(mend_deadline_ms(engine), UINT64_MAX);
    engine->integrating = false;
    assert_int_not_equal(mend_deadline_ms(engine), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_patrol_wakes_no_loop_that_integrates, top_open, top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
