/* What is taken of a log in a day: records and directory each by themselves,
 * and a restart forgives nothing. */
#include "tests/node/top.h"

#include "node/config.h"

static struct error err;

static int taken(bool dir, uint32_t events)
{
    const struct origin origin = {11, 1, dir};
    const struct segment segment = {.count = events};
    int rc;

    assert_ok(engine_write(engine, &err), err);
    rc = quota_take(engine, &origin, &segment, &err);
    if (rc == 0) {
        assert_ok(quota_keep(engine, &origin, &err), err);
        assert_ok(engine_commit(engine, &err), err);
    } else {
        engine_undo(engine);
    }
    return rc;
}

static void a_directory_log_has_a_measure_of_its_own(void **state)
{
    uint32_t all = (uint32_t)engine->config->quota_events;

    (void)state;
    assert_ok(taken(false, all), err);
    assert_err(taken(false, 1), ERR_LIMIT, err);
    assert_ok(taken(true, all), err);
    assert_err(taken(true, 1), ERR_LIMIT, err);
    memset(engine->quotas, 0, sizeof(engine->quotas)); /* another process */
    assert_err(taken(false, 1), ERR_LIMIT, err);
    assert_err(taken(true, 1), ERR_LIMIT, err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_directory_log_has_a_measure_of_its_own, top_open, top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
