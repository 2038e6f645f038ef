/* tests/protocol: conversations of two and three machines, from the greeting
 * to equal logs, over good, slow and broken lines. */
#include "tests/support/test.h"

#include "tests/protocol/link_world.h"

static const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 0};
static const struct origin district = {.node = 2, .epoch = 1};

static void
events_recorded_offline_reach_the_parent_and_are_cosigned(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_log *log = NULL;

    (void)state;
    world_record(world, 2, 100);
    assert_int_equal(world_size(world_log_at(world, 2, district)), 0);
    world_connect(world, 2);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, 100);
    log = world_log_at(world, 2, district);
    assert_int_equal(log->cosigs[log->cosigs_len - 1].head.size, 100);
    assert_int_equal(world->nodes[2].spool, 0);
    assert_true(world->nodes[2].tokens[1].has_current);
    assert_true(world->nodes[1].tokens[2].has_current);
    assert_false(world->nodes[1].tokens[2].has_issued);
    world_record(world, 2, 1);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, 101);
    assert_int_equal(world_info(world, 2, 1).strikes, 0);
    assert_int_equal(world_info(world, 1, 2).strikes, 0);
    world_free(world);
}

static void the_first_conversation_is_word_for_word_this(void **state)
{
    static const char expected[] = "2>1 send\n"
                                   "2~1 hello\n"
                                   "1>2 issue-token\n"
                                   "1>2 send\n"
                                   "1>2 ready\n"
                                   "1>2 send\n"
                                   "1>2 send-held\n"
                                   "1>2 send-held\n"
                                   "1~2 hello\n"
                                   "2>1 commit-token\n"
                                   "2>1 ready\n"
                                   "2>1 send\n"
                                   "1~2 want\n"
                                   "2>1 sequence\n"
                                   "2>1 send-segment\n"
                                   "2~1 want\n"
                                   "1>2 token-seen\n"
                                   "2~1 batch\n"
                                   "1>2 store-batch\n"
                                   "1>2 send-cosigs\n"
                                   "1~2 cosigned\n"
                                   "2>1 store-cosigs\n";
    struct world *world = world_chain(tree, 2);

    (void)state;
    world->trace_max = 65536;
    world->trace = calloc(1, world->trace_max);
    world_record(world, 2, 3);
    world_connect(world, 2);
    world_seconds(world, 1);
    assert_string_equal(world->trace, expected);
    world_free(world);
}

static void a_line_cut_in_the_middle_goes_on_where_it_was(void **state)
{
    struct world *world = world_chain(tree, 2);

    (void)state;
    world->rate = 8000;
    world->delay_ms = 300;
    world_record(world, 2, 2000);
    for (int i = 0; i < 12; i++) {
        world_connect(world, 2);
        world_seconds(world, 4);
        world_cut(world, 2);
        world_seconds(world, 1);
    }
    world_connect(world, 2);
    world_seconds(world, 120);
    world_assert_same(world, 1, 2, district, 2000);
    assert_int_equal(world_info(world, 1, 2).strikes, 0);
    assert_false(world_log_at(world, 1, district)->frozen);
    world_free(world);
}

static void a_batch_that_comes_twice_is_stored_once(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct frame frame;

    (void)state;
    world_record(world, 2, 40);
    world_connect(world, 2);
    world_seconds(world, 1);
    frame = world_batch_frame(world, 1);
    world_inject(world, world_end_of(world, 1, 2), &frame);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, 40);
    assert_int_equal(world_info(world, 1, 2).strikes, 0);
    world_free(world);
}

static void a_frame_of_an_earlier_session_is_dropped(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct frame late;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 5);
    world_seconds(world, 1);
    late = world_batch_frame(world, 0);
    world_connect(world, 2); /* over the old session, nothing lost */
    world_record(world, 2, 5);
    world_seconds(world, 1);
    world_inject(world, world_end_of(world, 1, 2), &late);
    assert_int_equal(world_info(world, 1, 2).stale, 1);
    assert_int_equal(world_info(world, 1, 2).strikes, 0);
    world_assert_same(world, 1, 2, district, 10);
    world_free(world);
}

static void a_greeting_answered_too_late_is_dropped(void **state)
{
    struct world *world = world_chain(tree, 2);

    (void)state;
    world->delay_ms = 400;
    world_connect(world, 2);
    world_run(world, world->now_ms + 500); /* the answer is on its way */
    world_connect(world, 2);
    world_record(world, 2, 5);
    world_seconds(world, 10);
    assert_int_equal(world_info(world, 2, 1).state, LINK_OPEN);
    assert_true(world_info(world, 2, 1).stale > 0);
    world_assert_same(world, 1, 2, district, 5);
    world_free(world);
}

static void the_window_grows_on_a_fast_line(void **state)
{
    struct world *world = world_chain(tree, 2);

    (void)state;
    world->rate = 50000000;
    world->delay_ms = 1;
    world->batch_events = 256;
    world_record(world, 2, 60000);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 60000);
    assert_true(world_info(world, 1, 2).window >= 1000000);
    world_free(world);
}

static void a_slow_line_is_busy_and_never_choked(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_end *end = world_end_of(world, 2, 1);
    uint64_t start_ms = 0;
    uint64_t bytes = 0;

    (void)state;
    world->rate = 8000;
    world->delay_ms = 300;
    world_record(world, 2, 12000);
    world_connect(world, 2);
    start_ms = world->now_ms;
    world_seconds(world, 40);
    bytes = world_info(world, 1, 2).received_bytes;
    assert_true(world->nodes[2].spool > 0); /* still at it */
    assert_true(bytes * 1000 / (world->now_ms - start_ms) >= 7200);
    assert_true(end->peak_bytes <= 8000 * 2 + 8192);
    assert_true(world_info(world, 1, 2).window <= 8000 * 2 + 4096);
    world_free(world);
}

static void a_lost_answer_leaves_the_child_with_a_good_token(void **state)
{
    struct world *world = world_chain(tree, 2);

    (void)state;
    world->delay_ms = 100;
    for (int i = 0; i < 4; i++) {
        world_connect(world, 2);
        /* Once before the parent heard, then before the child did, ... */
        world_run(world, world->now_ms + 50u + 100u * (unsigned)i);
        world_cut(world, 2);
    }
    world_record(world, 2, 3);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 3);
    assert_false(world_info(world, 1, 2).token_wrong);
    world_free(world);
}

/* ---- tlog.md section 3.3; more cases in test_link_recover.c ---- */

static void case_2_two_histories_of_one_size_freeze(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_node *image = NULL;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    world_cut(world, 2);
    image = world_image(&world->nodes[2]);
    world_connect(world, 2);
    world_record(world, 2, 2);
    world_seconds(world, 1);
    world_cut(world, 2);
    /* The old image signs another tail on its own, as it must never. */
    world_restore(&world->nodes[2], image);
    world->nodes[2].recorded = 77;
    world->parent[2] = 0;
    world_record(world, 2, 2);
    world->parent[2] = 1;
    world_connect(world, 2);
    world_seconds(world, 2);
    assert_int_equal(world_log_at(world, 1, district)->reason,
                     LINK_REASON_FORK);
    assert_int_equal(world_log_at(world, 2, district)->reason,
                     LINK_REASON_FORK);
    assert_non_null(
        strstr(world_log_at(world, 1, district)->text, "two signed histories"));
    world_image_free(image);
    world_free(world);
}

static void case_4_what_was_in_flight_is_sent_again(void **state)
{
    struct world *world = world_chain(tree, 2);

    (void)state;
    world->delay_ms = 200;
    world_connect(world, 2);
    world_seconds(world, 2);
    world_record(world, 2, 3);
    world_run(world, world->now_ms + 100);
    world_cut(world, 2); /* signed and sent, not arrived */
    assert_int_equal(world_size(world_log_at(world, 2, district)), 3);
    assert_int_equal(world_size(world_log_at(world, 1, district)), 0);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 3);
    assert_false(world_log_at(world, 1, district)->frozen);
    world_free(world);
}

/* ---- three levels ---- */

/* ---- heard, deliveries, clocks, versions ---- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            events_recorded_offline_reach_the_parent_and_are_cosigned),
        cmocka_unit_test(the_first_conversation_is_word_for_word_this),
        cmocka_unit_test(a_line_cut_in_the_middle_goes_on_where_it_was),
        cmocka_unit_test(a_batch_that_comes_twice_is_stored_once),
        cmocka_unit_test(a_frame_of_an_earlier_session_is_dropped),
        cmocka_unit_test(a_greeting_answered_too_late_is_dropped),
        cmocka_unit_test(the_window_grows_on_a_fast_line),
        cmocka_unit_test(a_slow_line_is_busy_and_never_choked),
        cmocka_unit_test(a_lost_answer_leaves_the_child_with_a_good_token),
        cmocka_unit_test(case_2_two_histories_of_one_size_freeze),
        cmocka_unit_test(case_4_what_was_in_flight_is_sent_again),
    };

    return TEST_RUN(tests);
}
