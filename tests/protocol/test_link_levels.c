/* tests/protocol: three machines in a row: what passes through the middle one,
 * what it may not pass, and what it is told of others. */
#include "tests/support/test.h"

#include "tests/protocol/link_world.h"

static const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 0};
static const struct origin district = {.node = 2, .epoch = 1};
static const struct origin commune = {.node = 3, .epoch = 1};
static const struct origin sibling = {.node = 4, .epoch = 1};
static const struct origin top_dir = {.node = 1, .epoch = 1, .dir = true};

static void events_of_a_commune_reach_the_province_and_it_is_told(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_log *log = NULL;

    (void)state;
    world_direct(world, 1, 5);
    world_record(world, 3, 50);
    world_connect(world, 3);
    world_seconds(world, 1);
    world_assert_same(world, 2, 3, commune, 50);
    world_connect(world, 2);
    world_seconds(world, 1);
    world_assert_same(world, 1, 3, commune, 50);
    world_assert_same(world, 1, 3, top_dir, 5);
    log = world_log_at(world, 1, commune);
    assert_int_equal(log->cosigs_len,
                     world_log_at(world, 3, commune)->cosigs_len);
    assert_true(world_log_at(world, 3, commune)->held[1].has);
    assert_int_equal(world_log_at(world, 3, commune)->held[1].head.size, 50);
    world_free(world);
}

static void what_the_guard_has_not_cosigned_is_not_passed_on(void **state)
{
    struct world *world = world_chain(tree, 3);

    (void)state;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 3);
    world_seconds(world, 1);
    world_log_at(world, 2, commune)->cosigs_len =
        0; /* as if it refused to sign */
    world_log_at(world, 1, commune)->cosigs_len = 0;
    world_cut(world, 2);
    free(world_log_at(world, 1, commune)->segments[0].bytes);
    world_log_at(world, 1, commune)->segments_len = 0;
    world_connect(world, 2);
    world_seconds(world, 1);
    assert_int_equal(world_size(world_log_at(world, 1, commune)), 0);
    world_free(world);
}

static void
a_district_that_changes_a_byte_is_named_and_the_rest_flows(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_end *end = NULL;

    (void)state;
    world->nodes[2].lie = true;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 3);
    world_record(world, 2, 7);
    world_seconds(world, 2);
    end = world_end_of(world, 1, 2);
    assert_int_equal(world_size(world_log_at(world, 1, commune)), 0);
    assert_int_equal(end->note, LINK_REASON_BAD_BATCH);
    assert_true(end->strikes > 0);
    world_assert_same(world, 1, 2, district, 7);
    assert_int_equal(world_end_of(world, 2, 1)->note, LINK_REASON_BAD_BATCH);
    assert_true(world_end_of(world, 2, 1)->note_from_peer);
    world->nodes[2].lie = false;
    world_seconds(world, 130);
    world_assert_same(world, 1, 3, commune, 3);
    assert_int_equal(world_info(world, 1, 2).state, LINK_OPEN);
    world_free(world);
}

static void only_logs_that_flow_on_the_link_are_mended(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct frame ask = {.kind = FRAME_MEND_ASK};
    struct frame mend = {.kind = FRAME_MEND};
    struct world_end *end = world_end_of(world, 1, 2);

    (void)state;
    world_connect(world, 2);
    world_seconds(world, 1);
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

/* Node 2 as the top node, node 1 as its standby, node 3 a district. */
static void a_standby_gets_ciphertexts_mended_and_a_mirror_does_not(void **s)
{
    for (int standby = 0; standby < 2; standby++) {
        struct world *world = world_new(tree);
        struct frame ask = {.kind = FRAME_MEND_ASK};
        struct world_end *end = NULL;

        (void)s;
        world->standby = standby == 1;
        world_line(world, 2);
        world->standby = false;
        world_line(world, 3);
        world_connect(world, 2);
        world_connect(world, 3);
        world_record(world, 3, 3);
        world_seconds(world, 1);
        world_assert_same(world, 1, 3, commune, 3);
        end = world_end_of(world, 2, 1);
        ask.mend_ask.origin = commune;
        link_stamp(end->other->link, &ask);
        world_inject(world, end, &ask);
        assert_int_equal(end->mend_asked, 1);
        assert_int_equal(end->mend_privates, standby == 1);
        world_free(world);
    }
}

static void a_log_of_another_branch_is_refused_and_recorded(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct frame frame = {.kind = FRAME_OFFER};
    struct frame_head head = {.origin = sibling};
    struct world_end *end = world_end_of(world, 1, 2);

    (void)state;
    world_connect(world, 2);
    world_seconds(world, 1);
    frame.offer.heads = &head;
    frame.offer.heads_len = 1;
    link_stamp(end->other->link, &frame);
    world_inject(world, end, &frame);
    assert_int_equal(end->note, LINK_REASON_FOREIGN_LOG);
    assert_false(end->note_from_peer);
    assert_int_equal(end->strikes, 1);
    world_seconds(world, 1);
    assert_int_equal(end->other->note, LINK_REASON_FOREIGN_LOG);
    assert_true(end->other->note_from_peer);
    frame = world_batch_frame(world, 0);
    frame.batch.segment.count = 1;
    frame.batch.origin = sibling;
    world_inject(world, end, &frame);
    assert_int_equal(end->strikes, 2);
    assert_null(strstr(end->note_text, "log 2"));
    world_free(world);
}

static void a_child_does_not_get_the_record_log_of_its_sibling(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct frame frame = {.kind = FRAME_WANT};
    struct frame_pull pull = {.origin = sibling, .begin = true};
    struct world_end *end = world_end_of(world, 1, 2);

    (void)state;
    world_log_make(world, &world->nodes[1], &sibling);
    world_connect(world, 2);
    world_seconds(world, 1);
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
    struct world *world = world_chain(tree, 3);
    struct link_event changed = {.kind = LINK_DIR_CHANGED};

    (void)state;
    world->nodes[1].certified = 1u << 1 | 1u << 2;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 3);
    world_seconds(world, 1);
    assert_null(world_log_of(&world->nodes[1], &commune));
    assert_int_equal(world_info(world, 1, 2).strikes, 0);
    world->nodes[1].certified = 0;
    world_event(world, world_end_of(world, 1, 2), changed);
    world_seconds(world, 1);
    world_assert_same(world, 1, 3, commune, 3);
    world_free(world);
}

static void a_node_without_a_directory_gets_it_first(void **state)
{
    struct world *world = world_chain(tree, 2);
    struct world_node *node = &world->nodes[2];

    (void)state;
    node->ignorant = true;
    world_direct(world, 1, 20);
    world_connect(world, 2);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, top_dir, 20);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_a_commune_reach_the_province_and_it_is_told),
        cmocka_unit_test(what_the_guard_has_not_cosigned_is_not_passed_on),
        cmocka_unit_test(
            a_district_that_changes_a_byte_is_named_and_the_rest_flows),
        cmocka_unit_test(a_log_of_another_branch_is_refused_and_recorded),
        cmocka_unit_test(only_logs_that_flow_on_the_link_are_mended),
        cmocka_unit_test(
            a_standby_gets_ciphertexts_mended_and_a_mirror_does_not),
        cmocka_unit_test(a_child_does_not_get_the_record_log_of_its_sibling),
        cmocka_unit_test(a_log_offered_before_its_certificate_waits_for_it),
        cmocka_unit_test(a_node_without_a_directory_gets_it_first),
    };

    return TEST_RUN(tests);
}
