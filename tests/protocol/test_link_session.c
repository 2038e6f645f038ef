/* tests/protocol: the life of one session: greetings, clocks, versions,
 * silence, faults, being heard, joining. */
#include "tests/support/test.h"

#include "tests/protocol/link_world.h"

static const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 0};
static const struct origin district = {.node = 2, .epoch = 1};
static const struct origin top_dir = {.node = 1, .epoch = 1, .dir = true};

static void a_quiet_node_is_heard_hourly_after_a_batch_and_daily(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_log *log = NULL;
    size_t before = 0;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 3);
    world_seconds(world, 40);
    log = world_log_at(world, 2, district);
    before = log->cosigs_len;
    assert_int_equal(log->heard_s, 0);
    world_seconds(world, 60);
    assert_int_equal(log->cosigs_len, before + 1);
    assert_true(log->cosigs[before].has_heard);
    world_seconds(world, 7200);
    assert_int_equal(log->cosigs_len, before + 1); /* nothing new to say */
    world_record(world, 2, 1);
    world_seconds(world, 120);
    assert_int_equal(log->cosigs_len, before + 3); /* the batch, heard */
    world_record(world, 2, 1);
    world_seconds(world, 120);
    assert_int_equal(log->cosigs_len, before + 4); /* not twice an hour */
    world_seconds(world, 86400);
    assert_true(log->cosigs_len >= before + 5);
    assert_int_equal(world_log_at(world, 1, district)->cosigs_len,
                     log->cosigs_len);
    world_free(world);
}

static void deliveries_are_acknowledged_and_survive_a_cut(void **state)
{
    struct world *world = world_chain(tree, 2);

    (void)state;
    world->delay_ms = 50;
    world_connect(world, 2);
    world_seconds(world, 1);
    world_deliver(world, 1, 2, 5);
    world_run(world, world->now_ms + 60);
    world_cut(world, 2); /* arrived, the acknowledgement not */
    assert_int_equal(world->nodes[2].delivered, 5);
    assert_int_equal(world->nodes[1].acked[2], 0);
    world->nodes[1].queued[2] = 8;
    world_connect(world, 2);
    world_run(world, world->now_ms + 1000);
    world_deliver(world, 1, 2, 0);
    world_seconds(world, 1);
    assert_int_equal(world->nodes[2].delivered, 8);
    assert_int_equal(world->nodes[1].acked[2], 8);
    world_free(world);
}

static struct frame hello_frame(struct world *world)
{
    struct frame frame = {.kind = FRAME_HELLO};

    frame.hello = (struct frame_hello){.version_min = 1,
                                       .version_max = 1,
                                       .realm = span_str("thu"),
                                       .node = 2,
                                       .now_ms = world->now_ms};
    return frame;
}

static void clocks_that_differ_by_more_than_an_hour_are_seen(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_end *end = world_end_of(world, 1, 2);
    struct frame frame = hello_frame(world);

    (void)state;
    frame.hello.now_ms += 3600000;
    world_inject(world, end, &frame);
    assert_false(world_info(world, 1, 2).clock_wrong);
    frame.hello.now_ms += 1;
    world_inject(world, end, &frame);
    assert_true(world_info(world, 1, 2).clock_wrong);
    assert_int_equal(world_info(world, 1, 2).skew_ms, 3600001);
    world_free(world);
}

static void sides_without_a_common_version_part_with_a_reason(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_end *end = world_end_of(world, 1, 2);
    struct frame frame = hello_frame(world);

    (void)state;
    frame.hello.version_min = 2;
    frame.hello.version_max = 3;
    end->up = end->other->up = true;
    world_inject(world, end, &frame);
    assert_int_equal(world_info(world, 1, 2).state, LINK_BARRED);
    assert_int_equal(end->note, LINK_REASON_VERSION);
    assert_non_null(strstr(end->note_text, "upgrade the older one"));
    assert_true(end->closed);
    frame.hello.version_min = 1; /* upgraded: the next greeting is good */
    world_inject(world, end, &frame);
    assert_int_equal(world_info(world, 1, 2).state, LINK_OPEN);
    assert_int_equal(world_info(world, 1, 2).version, 1);
    world_free(world);
}

static void another_realm_or_node_is_turned_away(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_end *end = world_end_of(world, 1, 2);
    struct frame frame = hello_frame(world);

    (void)state;
    frame.hello.realm = span_str("khac");
    world_inject(world, end, &frame);
    assert_int_equal(end->note, LINK_REASON_REALM);
    frame = hello_frame(world);
    frame.hello.node = 4;
    world_inject(world, end, &frame);
    assert_int_equal(end->note, LINK_REASON_NODE);
    assert_int_equal(world_info(world, 1, 2).state, LINK_BARRED);
    world_free(world);
}

static void a_silent_peer_ends_the_session_and_pings_keep_it(void **state)
{
    struct world *world = world_chain(tree, 2);

    (void)state;
    world_connect(world, 2);
    world_seconds(world, 600);
    assert_int_equal(world_info(world, 1, 2).state, LINK_OPEN);
    world_cut(world, 2);
    world_seconds(world, 100);
    assert_int_equal(world_info(world, 1, 2).state, LINK_CLOSED);
    assert_true(world_end_of(world, 1, 2)->closed);
    world_free(world);
}

static void a_parent_that_forgot_the_session_makes_the_child_greet(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct link_event lost = {.kind = LINK_LOST};

    (void)state;
    world_connect(world, 2);
    world_seconds(world, 1);
    world_event(world, world_end_of(world, 1, 2), lost);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, 3);
    assert_int_equal(world_end_of(world, 2, 1)->ready, 2);
    world_free(world);
}

static void a_paused_log_goes_on_by_itself(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_end *end = world_end_of(world, 1, 2);
    struct link_event paused = {.kind = LINK_BATCH_REFUSED,
                                .origin = district,
                                .code = ERR_LIMIT,
                                .text = span_str("over its quota of today"),
                                .retry_ms = 30000};

    (void)state;
    world_connect(world, 2);
    world_seconds(world, 1);
    world_event(world, end, paused);
    world_record(world, 2, 3);
    world_seconds(world, 5);
    assert_int_equal(world_size(world_log_at(world, 1, district)), 0);
    assert_int_equal(end->note, LINK_REASON_PAUSED);
    assert_int_equal(end->other->note, LINK_REASON_PAUSED);
    assert_int_equal(world_info(world, 1, 2).strikes, 0);
    world_seconds(world, 60);
    world_assert_same(world, 1, 2, district, 3);
    world_free(world);
}

/* Answers from above do not wait for what is stuck below. */
static void the_way_down_is_open_while_the_way_up_is_stuck(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct link_event paused = {.kind = LINK_BATCH_REFUSED,
                                .origin = district,
                                .code = ERR_LIMIT,
                                .text = span_str("over its quota of today"),
                                .retry_ms = 86400000};

    (void)state;
    world_connect(world, 2);
    world_seconds(world, 1);
    world_event(world, world_end_of(world, 1, 2), paused);
    world_record(world, 2, 3);
    world_seconds(world, 5);
    assert_int_equal(world_size(world_log_at(world, 1, district)), 0);
    world_deliver(world, 1, 2, 5);
    world_direct(world, 1, 7);
    world_seconds(world, 5);
    assert_int_equal(world_size(world_log_at(world, 1, district)), 0);
    assert_int_equal(world->nodes[2].delivered, 5);
    assert_int_equal(world->nodes[1].acked[2], 5);
    world_assert_same(world, 1, 2, top_dir, 7);
    world_free(world);
}

/* No acknowledgement is acknowledged: an hour costs the pings alone. */
static void who_has_said_all_says_no_more(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_end *above = world_end_of(world, 1, 2);
    uint64_t before;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 300);
    world_deliver(world, 1, 2, 5);
    world_seconds(world, 2 * LINK_HEARD_REST_S);
    world_assert_same(world, 1, 2, district, 300);
    before = above->sent_frames + above->other->sent_frames;
    world_seconds(world, 3000);
    assert_in_range(above->sent_frames + above->other->sent_frames - before, 1,
                    2 * 3000000 / LINK_PING_MS);
    world_free(world);
}

static void eight_faults_end_the_session(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_end *end = world_end_of(world, 1, 2);
    struct link_event event = {.kind = LINK_FRAME, .bytes = span_str("\x7f?")};

    (void)state;
    world_connect(world, 2);
    world_seconds(world, 1);
    for (unsigned i = 0; i < LINK_STRIKES_MAX; i++) {
        assert_int_equal(world_info(world, 1, 2).state, LINK_OPEN);
        world_event(world, end, event);
    }
    assert_int_equal(world_info(world, 1, 2).state, LINK_BARRED);
    assert_true(end->closed);
    world_free(world);
}

static void an_invited_node_is_certified_and_gets_the_directory(void **state)
{
    struct world *world = world_new(tree);
    struct frame_join_request request = {.request = span_str("keys")};
    struct link_event decided = {.kind = LINK_JOIN_DECIDED};
    struct world_end *inviter = NULL;
    struct world_end *joiner = NULL;

    (void)state;
    world_direct(world, 1, 40);
    world_join_line(world, 2, request);
    inviter = world_end_of(world, 1, 2);
    joiner = inviter->other;
    world->nodes[2].ignorant = true;
    world_connect(world, 2);
    world_seconds(world, 1);
    assert_int_equal(inviter->join_request.len, 4);
    decided.status = JOIN_WAITING;
    decided.text = span_str("confirm the fingerprint");
    world_event(world, inviter, decided);
    world_seconds(world, 1);
    assert_int_equal(joiner->joined, JOIN_WAITING);
    decided.status = JOIN_CERTIFIED;
    world_event(world, inviter, decided);
    world_seconds(world, 1);
    assert_int_equal(joiner->joined, JOIN_CERTIFIED);
    assert_true(joiner->join_done);
    world_assert_same(world, 1, 2, top_dir, 40);
    world_free(world);
}

static void a_joiner_that_hears_nothing_asks_again(void **state)
{
    struct world *world = world_new(tree);
    struct frame_join_request request = {.request = span_str("keys")};
    struct frame answer = {.kind = FRAME_JOIN_ANSWER};
    struct world_end *joiner = NULL;
    uint64_t waits_s[] = {65, 130, 260, 520, 1040, 1040};

    (void)state;
    world_join_line(world, 2, request);
    joiner = world_end_of(world, 2, 1);
    /* The answer is lost: each wait is twice as long, up to a bound. */
    for (size_t i = 0; i < TEST_LEN(waits_s); i++) {
        world_connect(world, 2);
        world_seconds(world, waits_s[i] - 1);
        assert_int_equal(world_info(world, 2, 1).state, LINK_ASKING);
        world_seconds(world, 2);
        assert_int_equal(world_info(world, 2, 1).state, LINK_CLOSED);
        assert_true(joiner->closed);
        joiner->closed = false;
    }
    /* Answered, but nobody has confirmed: every ten minutes. */
    world_connect(world, 2);
    world_seconds(world, 1000);
    answer.join_answer.status = JOIN_WAITING;
    world_inject(world, joiner, &answer);
    world_seconds(world, 599);
    assert_int_equal(world_info(world, 2, 1).state, LINK_ASKING);
    world_seconds(world, 2);
    assert_int_equal(world_info(world, 2, 1).state, LINK_CLOSED);
    /* Certified, and the directory does not come. */
    world_connect(world, 2);
    answer.join_answer.status = JOIN_CERTIFIED;
    world_inject(world, joiner, &answer);
    assert_int_equal(world_info(world, 2, 1).state, LINK_ENROLLED);
    world_seconds(world, 64);
    assert_int_equal(world_info(world, 2, 1).state, LINK_ENROLLED);
    world_seconds(world, 2);
    assert_int_equal(world_info(world, 2, 1).state, LINK_CLOSED);
    world_free(world);
}

static void an_invitation_takes_one_request_and_nothing_else(void **state)
{
    struct world *world = world_new(tree);
    struct frame_join_request request = {.request = span_str("keys")};
    struct frame frame = {.kind = FRAME_JOIN_REQUEST};
    struct frame hello = hello_frame(world);
    struct world_end *inviter = NULL;

    (void)state;
    world_join_line(world, 2, request);
    inviter = world_end_of(world, 1, 2);
    world_inject(world, inviter, &hello);
    assert_int_equal(inviter->strikes, 1);
    frame.join_request = request;
    world_inject(world, inviter, &frame);
    assert_int_equal(world_info(world, 1, 2).state, LINK_ASKING);
    world_inject(world, inviter, &frame);
    assert_int_equal(inviter->strikes, 2);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_node_is_heard_hourly_after_a_batch_and_daily),
        cmocka_unit_test(deliveries_are_acknowledged_and_survive_a_cut),
        cmocka_unit_test(clocks_that_differ_by_more_than_an_hour_are_seen),
        cmocka_unit_test(sides_without_a_common_version_part_with_a_reason),
        cmocka_unit_test(another_realm_or_node_is_turned_away),
        cmocka_unit_test(a_silent_peer_ends_the_session_and_pings_keep_it),
        cmocka_unit_test(
            a_parent_that_forgot_the_session_makes_the_child_greet),
        cmocka_unit_test(a_paused_log_goes_on_by_itself),
        cmocka_unit_test(the_way_down_is_open_while_the_way_up_is_stuck),
        cmocka_unit_test(who_has_said_all_says_no_more),
        cmocka_unit_test(eight_faults_end_the_session),
        cmocka_unit_test(an_invited_node_is_certified_and_gets_the_directory),
        cmocka_unit_test(a_joiner_that_hears_nothing_asks_again),
        cmocka_unit_test(an_invitation_takes_one_request_and_nothing_else),
    };

    return TEST_RUN(tests);
}
