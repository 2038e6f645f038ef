/* tests/protocol: conversations of two and three machines, from the greeting
 * to equal logs, over good, slow and broken lines. */
#include "tests/support/test.h"

#include "tests/protocol/link_world.h"

static const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 0};
static const struct origin district = {.node = 2, .epoch = 1};
static const struct origin commune = {.node = 3, .epoch = 1};
static const struct origin sibling = {.node = 4, .epoch = 1};
static const struct origin top_dir = {.node = 1, .epoch = 1, .dir = true};

static struct world *two(void)
{
    struct world *world = world_new(tree);

    world_line(world, 2);
    return world;
}

static struct world *three(void)
{
    struct world *world = two();

    world_line(world, 3);
    return world;
}

static void seconds(struct world *world, uint64_t count)
{
    world_run(world, world->now_ms + count * 1000);
}

static struct world_log *log_at(struct world *world, uint32_t node,
                                struct origin origin)
{
    struct world_log *log = world_log_of(&world->nodes[node], &origin);

    assert_non_null(log);
    return log;
}

static void assert_same(struct world *world, uint32_t a, uint32_t b,
                        struct origin origin, uint64_t size)
{
    struct hash left = world_root(log_at(world, a, origin));
    struct hash right = world_root(log_at(world, b, origin));

    assert_int_equal(world_size(log_at(world, a, origin)), size);
    assert_int_equal(world_size(log_at(world, b, origin)), size);
    assert_memory_equal(&left, &right, sizeof(left));
}

static struct link_info info_of(struct world *world, uint32_t node,
                                uint32_t peer)
{
    struct link_info info;

    link_info(world_end_of(world, node, peer)->link, &info);
    return info;
}

static void
events_recorded_offline_reach_the_parent_and_are_cosigned(void **state)
{
    struct world *world = two();
    struct world_log *log = NULL;

    (void)state;
    world_record(world, 2, 100);
    assert_int_equal(world_size(log_at(world, 2, district)), 0);
    world_connect(world, 2);
    seconds(world, 1);
    assert_same(world, 1, 2, district, 100);
    log = log_at(world, 2, district);
    assert_int_equal(log->cosigs[log->cosigs_len - 1].head.size, 100);
    assert_int_equal(world->nodes[2].spool, 0);
    assert_true(world->nodes[2].tokens[1].has_current);
    assert_true(world->nodes[1].tokens[2].has_current);
    assert_false(world->nodes[1].tokens[2].has_issued);
    world_record(world, 2, 1);
    seconds(world, 1);
    assert_same(world, 1, 2, district, 101);
    assert_int_equal(info_of(world, 2, 1).strikes, 0);
    assert_int_equal(info_of(world, 1, 2).strikes, 0);
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
    struct world *world = two();

    (void)state;
    world->trace_max = 65536;
    world->trace = calloc(1, world->trace_max);
    world_record(world, 2, 3);
    world_connect(world, 2);
    seconds(world, 1);
    assert_string_equal(world->trace, expected);
    world_free(world);
}

static void a_line_cut_in_the_middle_goes_on_where_it_was(void **state)
{
    struct world *world = two();

    (void)state;
    world->rate = 8000;
    world->delay_ms = 300;
    world_record(world, 2, 2000);
    for (int i = 0; i < 12; i++) {
        world_connect(world, 2);
        seconds(world, 4);
        world_cut(world, 2);
        seconds(world, 1);
    }
    world_connect(world, 2);
    seconds(world, 120);
    assert_same(world, 1, 2, district, 2000);
    assert_int_equal(info_of(world, 1, 2).strikes, 0);
    assert_false(log_at(world, 1, district)->frozen);
    world_free(world);
}

static struct frame batch_frame(struct world *world, size_t segment)
{
    struct frame frame = {.kind = FRAME_BATCH};

    frame.batch.origin = district;
    frame.batch.segment = log_at(world, 2, district)->segments[segment].segment;
    link_stamp(world_end_of(world, 2, 1)->link, &frame);
    return frame;
}

static void a_batch_that_comes_twice_is_stored_once(void **state)
{
    struct world *world = two();
    struct frame frame;

    (void)state;
    world_record(world, 2, 40);
    world_connect(world, 2);
    seconds(world, 1);
    frame = batch_frame(world, 1);
    world_inject(world, world_end_of(world, 1, 2), &frame);
    seconds(world, 1);
    assert_same(world, 1, 2, district, 40);
    assert_int_equal(info_of(world, 1, 2).strikes, 0);
    world_free(world);
}

static void a_frame_of_an_earlier_session_is_dropped(void **state)
{
    struct world *world = two();
    struct frame late;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 5);
    seconds(world, 1);
    late = batch_frame(world, 0);
    world_connect(world, 2); /* over the old session, nothing lost */
    world_record(world, 2, 5);
    seconds(world, 1);
    world_inject(world, world_end_of(world, 1, 2), &late);
    assert_int_equal(info_of(world, 1, 2).stale, 1);
    assert_int_equal(info_of(world, 1, 2).strikes, 0);
    assert_same(world, 1, 2, district, 10);
    world_free(world);
}

static void a_greeting_answered_too_late_is_dropped(void **state)
{
    struct world *world = two();

    (void)state;
    world->delay_ms = 400;
    world_connect(world, 2);
    world_run(world, world->now_ms + 500); /* the answer is on its way */
    world_connect(world, 2);
    world_record(world, 2, 5);
    seconds(world, 10);
    assert_int_equal(info_of(world, 2, 1).state, LINK_OPEN);
    assert_true(info_of(world, 2, 1).stale > 0);
    assert_same(world, 1, 2, district, 5);
    world_free(world);
}

static void the_window_grows_on_a_fast_line(void **state)
{
    struct world *world = two();

    (void)state;
    world->rate = 50000000;
    world->delay_ms = 1;
    world->batch_events = 256;
    world_record(world, 2, 60000);
    world_connect(world, 2);
    seconds(world, 5);
    assert_same(world, 1, 2, district, 60000);
    assert_true(info_of(world, 1, 2).window >= 1000000);
    world_free(world);
}

static void a_slow_line_is_busy_and_never_choked(void **state)
{
    struct world *world = two();
    struct world_end *end = world_end_of(world, 2, 1);
    uint64_t start_ms = 0;
    uint64_t bytes = 0;

    (void)state;
    world->rate = 8000;
    world->delay_ms = 300;
    world_record(world, 2, 12000);
    world_connect(world, 2);
    start_ms = world->now_ms;
    seconds(world, 40);
    bytes = info_of(world, 1, 2).received_bytes;
    assert_true(world->nodes[2].spool > 0); /* still at it */
    assert_true(bytes * 1000 / (world->now_ms - start_ms) >= 7200);
    assert_true(end->peak_bytes <= 8000 * 2 + 8192);
    assert_true(info_of(world, 1, 2).window <= 8000 * 2 + 4096);
    world_free(world);
}

static void a_lost_answer_leaves_the_child_with_a_good_token(void **state)
{
    struct world *world = two();

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
    seconds(world, 5);
    assert_same(world, 1, 2, district, 3);
    assert_false(info_of(world, 1, 2).token_wrong);
    world_free(world);
}

/* ---- tlog.md section 3.3; more cases in test_link_recover.c ---- */

static void case_2_two_histories_of_one_size_freeze(void **state)
{
    struct world *world = two();
    struct world_node *image = NULL;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 3);
    seconds(world, 1);
    world_cut(world, 2);
    image = world_image(&world->nodes[2]);
    world_connect(world, 2);
    world_record(world, 2, 2);
    seconds(world, 1);
    world_cut(world, 2);
    /* The old image signs another tail on its own, as it must never. */
    world_restore(&world->nodes[2], image);
    world->nodes[2].recorded = 77;
    world->parent[2] = 0;
    world_record(world, 2, 2);
    world->parent[2] = 1;
    world_connect(world, 2);
    seconds(world, 2);
    assert_int_equal(log_at(world, 1, district)->reason, LINK_REASON_FORK);
    assert_int_equal(log_at(world, 2, district)->reason, LINK_REASON_FORK);
    assert_non_null(
        strstr(log_at(world, 1, district)->text, "two signed histories"));
    world_image_free(image);
    world_free(world);
}

static void case_4_what_was_in_flight_is_sent_again(void **state)
{
    struct world *world = two();

    (void)state;
    world->delay_ms = 200;
    world_connect(world, 2);
    seconds(world, 2);
    world_record(world, 2, 3);
    world_run(world, world->now_ms + 100);
    world_cut(world, 2); /* signed and sent, not arrived */
    assert_int_equal(world_size(log_at(world, 2, district)), 3);
    assert_int_equal(world_size(log_at(world, 1, district)), 0);
    world_connect(world, 2);
    seconds(world, 5);
    assert_same(world, 1, 2, district, 3);
    assert_false(log_at(world, 1, district)->frozen);
    world_free(world);
}

/* ---- three levels ---- */

static void events_of_a_commune_reach_the_province_and_it_is_told(void **state)
{
    struct world *world = three();
    struct world_log *log = NULL;

    (void)state;
    world_direct(world, 1, 5);
    world_record(world, 3, 50);
    world_connect(world, 3);
    seconds(world, 1);
    assert_same(world, 2, 3, commune, 50);
    world_connect(world, 2);
    seconds(world, 1);
    assert_same(world, 1, 3, commune, 50);
    assert_same(world, 1, 3, top_dir, 5);
    log = log_at(world, 1, commune);
    assert_int_equal(log->cosigs_len, log_at(world, 3, commune)->cosigs_len);
    assert_true(log_at(world, 3, commune)->held[1].has);
    assert_int_equal(log_at(world, 3, commune)->held[1].head.size, 50);
    world_free(world);
}

static void what_the_guard_has_not_cosigned_is_not_passed_on(void **state)
{
    struct world *world = three();

    (void)state;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 3);
    seconds(world, 1);
    log_at(world, 2, commune)->cosigs_len = 0; /* as if it refused to sign */
    log_at(world, 1, commune)->cosigs_len = 0;
    world_cut(world, 2);
    free(log_at(world, 1, commune)->segments[0].bytes);
    log_at(world, 1, commune)->segments_len = 0;
    world_connect(world, 2);
    seconds(world, 1);
    assert_int_equal(world_size(log_at(world, 1, commune)), 0);
    world_free(world);
}

static void
a_district_that_changes_a_byte_is_named_and_the_rest_flows(void **state)
{
    struct world *world = three();
    struct world_end *end = NULL;

    (void)state;
    world->nodes[2].lie = true;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 3);
    world_record(world, 2, 7);
    seconds(world, 2);
    end = world_end_of(world, 1, 2);
    assert_int_equal(world_size(log_at(world, 1, commune)), 0);
    assert_int_equal(end->note, LINK_REASON_BAD_BATCH);
    assert_true(end->strikes > 0);
    assert_same(world, 1, 2, district, 7);
    assert_int_equal(world_end_of(world, 2, 1)->note, LINK_REASON_BAD_BATCH);
    assert_true(world_end_of(world, 2, 1)->note_from_peer);
    world->nodes[2].lie = false;
    seconds(world, 130);
    assert_same(world, 1, 3, commune, 3);
    assert_int_equal(info_of(world, 1, 2).state, LINK_OPEN);
    world_free(world);
}

static void only_logs_that_flow_on_the_link_are_mended(void **state)
{
    struct world *world = three();
    struct frame ask = {.kind = FRAME_MEND_ASK};
    struct frame mend = {.kind = FRAME_MEND};
    struct world_end *end = world_end_of(world, 1, 2);

    (void)state;
    world_connect(world, 2);
    seconds(world, 1);
    ask.mend_ask.origin = (struct origin){.node = 2, .epoch = 1};
    link_stamp(end->other->link, &ask);
    world_inject(world, end, &ask);
    assert_int_equal(end->mend_asked, 1);
    mend.mend.origin = ask.mend_ask.origin;
    link_stamp(end->other->link, &mend);
    world_inject(world, end, &mend);
    assert_int_equal(end->mended, 1);
    assert_int_equal(end->strikes, 0);
    /* A sibling's log is nobody's to ask for, nor to give. */
    ask.mend_ask.origin = sibling;
    world_inject(world, end, &ask);
    mend.mend.origin = sibling;
    world_inject(world, end, &mend);
    assert_int_equal(end->mend_asked, 1);
    assert_int_equal(end->mended, 1);
    assert_int_equal(end->strikes, 2);
    world_free(world);
}

static void a_log_of_another_branch_is_refused_and_recorded(void **state)
{
    struct world *world = three();
    struct frame frame = {.kind = FRAME_OFFER};
    struct frame_head head = {.origin = sibling};
    struct world_end *end = world_end_of(world, 1, 2);

    (void)state;
    world_connect(world, 2);
    seconds(world, 1);
    frame.offer.heads = &head;
    frame.offer.heads_len = 1;
    link_stamp(end->other->link, &frame);
    world_inject(world, end, &frame);
    assert_int_equal(end->note, LINK_REASON_FOREIGN_LOG);
    assert_false(end->note_from_peer);
    assert_int_equal(end->strikes, 1);
    seconds(world, 1);
    assert_int_equal(end->other->note, LINK_REASON_FOREIGN_LOG);
    assert_true(end->other->note_from_peer);
    frame = batch_frame(world, 0);
    frame.batch.segment.count = 1;
    frame.batch.origin = sibling;
    world_inject(world, end, &frame);
    assert_int_equal(end->strikes, 2);
    assert_null(strstr(end->note_text, "log 2"));
    world_free(world);
}

static void a_child_does_not_get_the_record_log_of_its_sibling(void **state)
{
    struct world *world = three();
    struct frame frame = {.kind = FRAME_WANT};
    struct frame_pull pull = {.origin = sibling, .begin = true};
    struct world_end *end = world_end_of(world, 1, 2);

    (void)state;
    world_log_make(world, &world->nodes[1], &sibling);
    world_connect(world, 2);
    seconds(world, 1);
    frame.want.credit_bytes = 1000000;
    frame.want.pulls = &pull;
    frame.want.pulls_len = 1;
    link_stamp(end->other->link, &frame);
    world_inject(world, end, &frame);
    assert_int_equal(end->note, LINK_REASON_FOREIGN_LOG);
    assert_int_equal(end->strikes, 1);
    world_free(world);
}

static void a_log_offered_before_its_certificate_waits_for_it(void **state)
{
    struct world *world = three();
    struct link_event changed = {.kind = LINK_DIR_CHANGED};

    (void)state;
    world->nodes[1].certified = 1u << 1 | 1u << 2;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 3);
    seconds(world, 1);
    assert_null(world_log_of(&world->nodes[1], &commune));
    assert_int_equal(info_of(world, 1, 2).strikes, 0);
    world->nodes[1].certified = 0;
    world_event(world, world_end_of(world, 1, 2), changed);
    seconds(world, 1);
    assert_same(world, 1, 3, commune, 3);
    world_free(world);
}

static void a_node_without_a_directory_gets_it_first(void **state)
{
    struct world *world = two();
    struct world_node *node = &world->nodes[2];

    (void)state;
    node->ignorant = true;
    world_direct(world, 1, 20);
    world_connect(world, 2);
    seconds(world, 1);
    assert_same(world, 1, 2, top_dir, 20);
    world_free(world);
}

/* ---- heard, deliveries, clocks, versions ---- */

static void a_quiet_node_is_heard_hourly_after_a_batch_and_daily(void **state)
{
    struct world *world = two();
    struct world_log *log = NULL;
    size_t before = 0;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 3);
    seconds(world, 40);
    log = log_at(world, 2, district);
    before = log->cosigs_len;
    assert_int_equal(log->heard_s, 0);
    seconds(world, 60);
    assert_int_equal(log->cosigs_len, before + 1);
    assert_true(log->cosigs[before].has_heard);
    seconds(world, 7200);
    assert_int_equal(log->cosigs_len, before + 1); /* nothing new to say */
    world_record(world, 2, 1);
    seconds(world, 120);
    assert_int_equal(log->cosigs_len, before + 3); /* the batch, heard */
    world_record(world, 2, 1);
    seconds(world, 120);
    assert_int_equal(log->cosigs_len, before + 4); /* not twice an hour */
    seconds(world, 86400);
    assert_true(log->cosigs_len >= before + 5);
    assert_int_equal(log_at(world, 1, district)->cosigs_len, log->cosigs_len);
    world_free(world);
}

static void deliveries_are_acknowledged_and_survive_a_cut(void **state)
{
    struct world *world = two();

    (void)state;
    world->delay_ms = 50;
    world_connect(world, 2);
    seconds(world, 1);
    world_deliver(world, 1, 2, 5);
    world_run(world, world->now_ms + 60);
    world_cut(world, 2); /* arrived, the acknowledgement not */
    assert_int_equal(world->nodes[2].delivered, 5);
    assert_int_equal(world->nodes[1].acked[2], 0);
    world->nodes[1].queued[2] = 8;
    world_connect(world, 2);
    world_run(world, world->now_ms + 1000);
    world_deliver(world, 1, 2, 0);
    seconds(world, 1);
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
    struct world *world = two();
    struct world_end *end = world_end_of(world, 1, 2);
    struct frame frame = hello_frame(world);

    (void)state;
    frame.hello.now_ms += 3600000;
    world_inject(world, end, &frame);
    assert_false(info_of(world, 1, 2).clock_wrong);
    frame.hello.now_ms += 1;
    world_inject(world, end, &frame);
    assert_true(info_of(world, 1, 2).clock_wrong);
    assert_int_equal(info_of(world, 1, 2).skew_ms, 3600001);
    world_free(world);
}

static void sides_without_a_common_version_part_with_a_reason(void **state)
{
    struct world *world = two();
    struct world_end *end = world_end_of(world, 1, 2);
    struct frame frame = hello_frame(world);

    (void)state;
    frame.hello.version_min = 2;
    frame.hello.version_max = 3;
    end->up = end->other->up = true;
    world_inject(world, end, &frame);
    assert_int_equal(info_of(world, 1, 2).state, LINK_BARRED);
    assert_int_equal(end->note, LINK_REASON_VERSION);
    assert_non_null(strstr(end->note_text, "upgrade the older one"));
    assert_true(end->closed);
    frame.hello.version_min = 1; /* upgraded: the next greeting is good */
    world_inject(world, end, &frame);
    assert_int_equal(info_of(world, 1, 2).state, LINK_OPEN);
    assert_int_equal(info_of(world, 1, 2).version, 1);
    world_free(world);
}

static void another_realm_or_node_is_turned_away(void **state)
{
    struct world *world = two();
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
    assert_int_equal(info_of(world, 1, 2).state, LINK_BARRED);
    world_free(world);
}

static void a_silent_peer_ends_the_session_and_pings_keep_it(void **state)
{
    struct world *world = two();

    (void)state;
    world_connect(world, 2);
    seconds(world, 600);
    assert_int_equal(info_of(world, 1, 2).state, LINK_OPEN);
    world_cut(world, 2);
    seconds(world, 100);
    assert_int_equal(info_of(world, 1, 2).state, LINK_CLOSED);
    assert_true(world_end_of(world, 1, 2)->closed);
    world_free(world);
}

static void a_parent_that_forgot_the_session_makes_the_child_greet(void **state)
{
    struct world *world = two();
    struct link_event lost = {.kind = LINK_LOST};

    (void)state;
    world_connect(world, 2);
    seconds(world, 1);
    world_event(world, world_end_of(world, 1, 2), lost);
    world_record(world, 2, 3);
    seconds(world, 1);
    assert_same(world, 1, 2, district, 3);
    assert_int_equal(world_end_of(world, 2, 1)->ready, 2);
    world_free(world);
}

static void a_paused_log_goes_on_by_itself(void **state)
{
    struct world *world = two();
    struct world_end *end = world_end_of(world, 1, 2);
    struct link_event paused = {.kind = LINK_BATCH_REFUSED,
                                .origin = district,
                                .code = ERR_LIMIT,
                                .text = span_str("over its quota of today"),
                                .retry_ms = 30000};

    (void)state;
    world_connect(world, 2);
    seconds(world, 1);
    world_event(world, end, paused);
    world_record(world, 2, 3);
    seconds(world, 5);
    assert_int_equal(world_size(log_at(world, 1, district)), 0);
    assert_int_equal(end->note, LINK_REASON_PAUSED);
    assert_int_equal(end->other->note, LINK_REASON_PAUSED);
    assert_int_equal(info_of(world, 1, 2).strikes, 0);
    seconds(world, 60);
    assert_same(world, 1, 2, district, 3);
    world_free(world);
}

static void eight_faults_end_the_session(void **state)
{
    struct world *world = two();
    struct world_end *end = world_end_of(world, 1, 2);
    struct link_event event = {.kind = LINK_FRAME, .bytes = span_str("\x7f?")};

    (void)state;
    world_connect(world, 2);
    seconds(world, 1);
    for (unsigned i = 0; i < LINK_STRIKES_MAX; i++) {
        assert_int_equal(info_of(world, 1, 2).state, LINK_OPEN);
        world_event(world, end, event);
    }
    assert_int_equal(info_of(world, 1, 2).state, LINK_BARRED);
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
    seconds(world, 1);
    assert_int_equal(inviter->join_request.len, 4);
    decided.status = JOIN_WAITING;
    decided.text = span_str("confirm the fingerprint");
    world_event(world, inviter, decided);
    seconds(world, 1);
    assert_int_equal(joiner->joined, JOIN_WAITING);
    decided.status = JOIN_CERTIFIED;
    world_event(world, inviter, decided);
    seconds(world, 1);
    assert_int_equal(joiner->joined, JOIN_CERTIFIED);
    assert_true(joiner->join_done);
    assert_same(world, 1, 2, top_dir, 40);
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
    assert_int_equal(info_of(world, 1, 2).state, LINK_ASKING);
    world_inject(world, inviter, &frame);
    assert_int_equal(inviter->strikes, 2);
    world_free(world);
}

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
        cmocka_unit_test(events_of_a_commune_reach_the_province_and_it_is_told),
        cmocka_unit_test(what_the_guard_has_not_cosigned_is_not_passed_on),
        cmocka_unit_test(
            a_district_that_changes_a_byte_is_named_and_the_rest_flows),
        cmocka_unit_test(a_log_of_another_branch_is_refused_and_recorded),
        cmocka_unit_test(only_logs_that_flow_on_the_link_are_mended),
        cmocka_unit_test(a_child_does_not_get_the_record_log_of_its_sibling),
        cmocka_unit_test(a_log_offered_before_its_certificate_waits_for_it),
        cmocka_unit_test(a_node_without_a_directory_gets_it_first),
        cmocka_unit_test(a_quiet_node_is_heard_hourly_after_a_batch_and_daily),
        cmocka_unit_test(deliveries_are_acknowledged_and_survive_a_cut),
        cmocka_unit_test(clocks_that_differ_by_more_than_an_hour_are_seen),
        cmocka_unit_test(sides_without_a_common_version_part_with_a_reason),
        cmocka_unit_test(another_realm_or_node_is_turned_away),
        cmocka_unit_test(a_silent_peer_ends_the_session_and_pings_keep_it),
        cmocka_unit_test(
            a_parent_that_forgot_the_session_makes_the_child_greet),
        cmocka_unit_test(a_paused_log_goes_on_by_itself),
        cmocka_unit_test(eight_faults_end_the_session),
        cmocka_unit_test(an_invited_node_is_certified_and_gets_the_directory),
        cmocka_unit_test(an_invitation_takes_one_request_and_nothing_else),
    };

    return TEST_RUN(tests);
}
