/* Private bodies by stick: what nobody waits for is not kept, nothing is
 * decided before its event is counted, and what a node asks for is kept until
 * it says so again. */
#include "tests/node/top.h"

#include <string.h>

#include "node/bundle.h"
#include "store/wanted.h"

static struct error err;
static struct bundle_job job;
static uint8_t asks_space[BUNDLE_BODIES_MAX * BUNDLE_BODY_SIZE];

static void job_begin(void)
{
    job = (struct bundle_job){.fd = -1,
                              .head = {.from = 11},
                              .peer = {.used = true, .node = 11},
                              .asks = buf_over(asks_space, sizeof(asks_space))};
    assert_ok(engine_write(engine, &err), err);
}

static struct frame frame_of(enum frame_kind kind, uint8_t byte)
{
    struct frame frame = {.kind = kind};

    memset(&frame.body.event, byte, sizeof(frame.body.event));
    return frame;
}

static void one_that_nobody_waits_for_is_left_out(void **state)
{
    struct frame frame = frame_of(FRAME_BODY_GIVE, 7);

    (void)state;
    job_begin();
    engine->integrating = false;
    engine->behind = false;
    frame.body.bodies = span_str("no body at all");
    assert_ok(bundle_body_take(engine, &job, &frame, &err), err);
    frame.body.bodies = (struct span){NULL, 0};
    frame.body.erased = true;
    assert_ok(bundle_body_take(engine, &job, &frame, &err), err);
    assert_int_equal(job.status.bodies, 0);
    assert_string_equal(job.status.note, "");
}

/* With the threads that verify it, too: nothing is integrated meanwhile. */
static void it_waits_while_its_event_may_be_on_its_way(void **state)
{
    struct frame frame = frame_of(FRAME_BODY_GIVE, 7);

    (void)state;
    job_begin();
    frame.body.bodies = span_str("no body at all");
    engine->integrating = false;
    engine->behind = true;
    assert_err(bundle_body_take(engine, &job, &frame, &err), ERR_BUSY, err);
    engine->integrating = true;
    engine->behind = false;
    assert_err(bundle_body_take(engine, &job, &frame, &err), ERR_BUSY, err);
}

static void one_that_is_not_what_its_event_commits_to_is_shown(void **state)
{
    struct frame frame = frame_of(FRAME_BODY_GIVE, 7);

    (void)state;
    job_begin();
    assert_ok(store_wanted_add(engine->store, &frame.body.event, 12, &err),
              err);
    frame.body.bodies = span_str("no body at all");
    assert_ok(bundle_body_take(engine, &job, &frame, &err), err);
    assert_int_equal(job.status.bodies, 0);
    assert_string_not_equal(job.status.note, "");
}

static void kept_is(const uint8_t *bytes, size_t len)
{
    struct span kept;

    assert_ok(bundle_asks_keep(engine, &job, &err), err);
    assert_ok(store_meta_get(engine->store, "bundle_bodies/11", &engine->turn,
                             &kept, &err),
              err);
    assert_int_equal(kept.len, len);
    if (len > 0) {
        assert_memory_equal(kept.ptr, bytes, len);
    }
}

static void what_a_node_asks_for_is_kept_until_it_says_so_again(void **state)
{
    struct frame first = frame_of(FRAME_BODY_ASK, 1);
    struct frame second = frame_of(FRAME_BODY_ASK, 2);
    uint8_t both[32];

    (void)state;
    memset(both, 1, 16);
    memset(both + 16, 2, 16);
    job_begin();
    assert_ok(bundle_body_ask(engine, &job, &first, &err), err);
    assert_ok(bundle_body_ask(engine, &job, &second, &err), err);
    kept_is(both, 32);
    job_begin();
    assert_ok(bundle_body_ask(engine, &job, &second, &err), err);
    kept_is(both + 16, 16);
    job_begin();
    kept_is(both, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_nobody_waits_for_is_left_out,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(
            it_waits_while_its_event_may_be_on_its_way, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            one_that_is_not_what_its_event_commits_to_is_shown, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            what_a_node_asks_for_is_kept_until_it_says_so_again, top_open,
            top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
