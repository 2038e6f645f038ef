/* tests/protocol: images of nodes put back, one or several at once, and what
 * the links make of it: nothing that another node holds is lost, nothing is
 * signed twice, and no person is needed (tlog.md section 3.3). */
#include "tests/support/test.h"

#include "tests/protocol/link_world.h"

/* 1 province; 2 district of 3 and 5; 3, 5 communes; 4 another district. */
static const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 2};
static const struct origin district = {.node = 2, .epoch = 1};
static const struct origin commune = {.node = 3, .epoch = 1};
static const struct origin top_dir = {.node = 1, .epoch = 1, .dir = true};

/* Both hold the same numbered cosignatures, bytes and all. */
static void assert_cosigs(struct world *world, uint32_t a, uint32_t b,
                          struct origin origin)
{
    struct world_log *left = world_log_at(world, a, origin);
    struct world_log *right = world_log_at(world, b, origin);

    assert_int_equal(left->cosigs_len, right->cosigs_len);
    for (size_t i = 0; i < left->cosigs_len; i++) {
        assert_memory_equal(&left->cosigs[i].line, &right->cosigs[i].line,
                            sizeof(left->cosigs[i].line));
    }
}

static void assert_sound(struct world *world)
{
    for (size_t i = 0; i < world->ends_len; i++) {
        struct world_node *node = world->ends[i].node;
        struct link_info info;

        link_info(world->ends[i].link, &info);
        assert_int_equal(info.strikes, 0);
        for (size_t j = 0; j < node->logs_len; j++) {
            assert_false(node->logs[j].frozen);
            assert_false(node->logs[j].recovering);
        }
    }
}

/* The image replaces what the node holds; its process begins anew. */
static void put_back(struct world *world, uint32_t node,
                     struct world_node *image)
{
    world_restore(&world->nodes[node], image);
    world_image_free(image);
    world_reborn(world, node);
}

/* District and province, `before` events, an image of `of`, `after` more. */
static struct world_node *history(struct world *world, uint32_t of,
                                  uint64_t before, uint64_t after)
{
    struct world_node *image = NULL;

    world_connect(world, 2);
    world_record(world, 2, before);
    world_seconds(world, 1);
    image = world_image(&world->nodes[of]);
    world_cut(world, 2);
    world_connect(world, 2); /* the token moves on */
    world_record(world, 2, after);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, before + after);
    world_cut(world, 2);
    return image;
}

static void quiet(struct world *world)
{
    world_seconds(world, LINK_QUIET_MS / 1000 + 1);
}

/* ---- case 3: who writes the log was set back ---- */

static void a_child_set_back_fetches_its_tail_and_goes_on(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = history(world, 2, 40, 200);
    struct world_log *log = NULL;

    (void)state;
    quiet(world);
    put_back(world, 2, image);
    world_record(world, 2, 5); /* offices do not wait for the network */
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 245);
    assert_cosigs(world, 1, 2, district);
    log = world_log_at(world, 2, district);
    assert_true(log->restored);
    assert_int_equal(log->reason, LINK_REASON_ORIGIN_BACK);
    assert_non_null(strstr(log->text, "40 events here and 240 at node 1"));
    assert_true(world_log_at(world, 1, district)->lent);
    assert_true(world_log_at(world, 1, district)->lent_back);
    assert_int_equal(world->nodes[2].spool, 0);
    assert_sound(world);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, 248);
    world_free(world);
}

/* What a parent set back had queued cannot be made before that event is here
 * again; the child's tail does not wait for it. */
static void a_delivery_that_cannot_be_made_holds_no_log_back(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = history(world, 2, 40, 200);

    (void)state;
    quiet(world);
    put_back(world, 2, image);
    world->nodes[1].unmade = true;
    world->nodes[1].queued[2] = world->nodes[2].delivered + 3;
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 240);
    world->nodes[1].unmade = false;
    world_deliver(world, 1, 2, 1);
    world_seconds(world, 5);
    assert_int_equal(world->nodes[2].delivered, world->nodes[1].queued[2]);
    assert_sound(world);
    world_free(world);
}

static void an_empty_child_gets_its_whole_log_back(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = world_image(&world->nodes[2]);

    (void)state;
    world_image_free(history(world, 2, 40, 60));
    quiet(world);
    put_back(world, 2, image);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 100);
    assert_cosigs(world, 1, 2, district);
    assert_sound(world);
    world_free(world);
}

static void nothing_is_sequenced_before_the_tail_is_here(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = history(world, 2, 40, 2000);

    (void)state;
    quiet(world);
    put_back(world, 2, image);
    world_record(world, 2, 5);
    world->rate = 8000;
    world->delay_ms = 300;
    world_connect(world, 2);
    for (int i = 0; world_size(world_log_at(world, 2, district)) < 2040; i++) {
        assert_int_equal(world->nodes[2].spool, 5);
        assert_int_equal(world_size(world_log_at(world, 1, district)), 2040);
        world_seconds(world, 1);
        assert_true(i < 120);
    }
    world_seconds(world, 30);
    world_assert_same(world, 1, 2, district, 2045);
    assert_sound(world);
    world_free(world);
}

static void a_refill_cut_at_any_frame_ends_well(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 40; cut++) {
        struct world *world = world_chain(tree, 3);
        struct world_node *image = history(world, 2, 20, 100);

        quiet(world);
        put_back(world, 2, image);
        world_record(world, 2, 3);
        world_connect(world, 2);
        world_frames(world, cut);
        world_cut(world, 2);
        world_connect(world, 2);
        world_frames(world, cut / 2);
        world_cut(world, 2);
        world_seconds(world, 100);
        world_connect(world, 2);
        world_seconds(world, 10);
        quiet(world); /* should it have been taken for another copy */
        world_seconds(world, 10);
        world_assert_same(world, 1, 2, district, 123);
        assert_cosigs(world, 1, 2, district);
        assert_sound(world);
        world_free(world);
    }
}

static void
a_top_node_gets_its_directory_log_back_from_its_children(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = NULL;

    (void)state;
    world_line(world, 4);
    world_connect(world, 2);
    world_connect(world, 4);
    world_direct(world, 1, 4);
    world_seconds(world, 1);
    image = world_image(&world->nodes[1]);
    world_direct(world, 1, 40);
    world_seconds(world, 1);
    world_cut(world, 4); /* one child knows less than the other */
    world_direct(world, 1, 50);
    world_seconds(world, 1);
    world_cut(world, 2);
    put_back(world, 1, image);
    world_connect(world, 4);
    world_seconds(world, 1);
    assert_int_equal(world_size(world_log_at(world, 1, top_dir)), 44);
    world_connect(world, 2);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, top_dir, 94);
    world_assert_same(world, 1, 4, top_dir, 94);
    assert_sound(world);
    world_direct(world, 1, 6);
    world_seconds(world, 1);
    world_assert_same(world, 1, 4, top_dir, 100);
    assert_sound(world);
    world_free(world);
}

/* ---- case 1: a mirror was set back ---- */

static void a_parent_set_back_fetches_what_it_cosigned(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = history(world, 1, 40, 200);
    size_t cosigs = world_log_at(world, 2, district)->cosigs_len;
    struct world_log *log = NULL;

    (void)state;
    put_back(world, 1, image);
    world_record(world, 2, 5);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 245);
    assert_cosigs(world, 1, 2, district);
    log = world_log_at(world, 1, district);
    assert_true(log->cosigs_len > cosigs);
    assert_true(log->restored);
    assert_int_equal(log->reason, LINK_REASON_MIRROR_BACK);
    assert_non_null(strstr(log->text, "it holds 40 events"));
    assert_false(
        world_log_at(world, 2, district)->restored); /* it was not old */
    assert_sound(world);
    world_free(world);
}

static void a_parent_set_back_takes_lost_repeats_back_too(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = NULL;
    size_t cosigs = 0;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    image = world_image(&world->nodes[1]);
    world_seconds(world, 4000); /* heard at least once */
    cosigs = world_log_at(world, 2, district)->cosigs_len;
    assert_true(cosigs > image->logs[1].cosigs_len);
    world_cut(world, 2);
    put_back(world, 1, image);
    world_connect(world, 2);
    world_seconds(world, 2);
    assert_cosigs(world, 1, 2, district);
    assert_true(world_log_at(world, 1, district)->restored);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, 6);
    assert_cosigs(world, 1, 2, district);
    assert_int_equal(world_log_at(world, 1, district)->cosigs_len, cosigs + 1);
    assert_sound(world);
    world_free(world);
}

static void a_parent_that_lost_all_but_its_keys_is_filled_again(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = world_image(&world->nodes[1]);

    (void)state;
    world_image_free(history(world, 1, 40, 60));
    put_back(world, 1, image);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 100);
    assert_cosigs(world, 1, 2, district);
    assert_sound(world);
    world_free(world);
}

static void a_recall_cut_at_any_frame_ends_well(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 40; cut++) {
        struct world *world = world_chain(tree, 3);
        struct world_node *image = history(world, 1, 20, 100);

        put_back(world, 1, image);
        world_record(world, 2, 3);
        world_connect(world, 2);
        world_frames(world, cut);
        world_cut(world, 2);
        world_connect(world, 2);
        world_seconds(world, 10);
        quiet(world);
        world_seconds(world, 10);
        world_assert_same(world, 1, 2, district, 123);
        assert_cosigs(world, 1, 2, district);
        assert_sound(world);
        world_free(world);
    }
}

/* ---- both ---- */

static void both_set_back_the_newest_of_both_goes_on(void **state)
{
    for (int older = 1; older <= 2; older++) {
        struct world *world = world_chain(tree, 3);
        struct world_node *images[3] = {0};
        int newer = 3 - older;

        (void)state;
        world_connect(world, 2);
        world_record(world, 2, 20);
        world_seconds(world, 1);
        images[older] = world_image(&world->nodes[older]);
        world_record(world, 2, 30);
        world_seconds(world, 1);
        images[newer] = world_image(&world->nodes[newer]);
        world_record(world, 2, 40); /* held by nobody afterwards */
        world_seconds(world, 1);
        world_cut(world, 2);
        quiet(world);
        put_back(world, 1, images[1]);
        put_back(world, 2, images[2]);
        world_record(world, 2, 7);
        world_connect(world, 2);
        world_seconds(world, 5);
        quiet(world);
        world_seconds(world, 30);
        world_assert_same(world, 1, 2, district, 57);
        assert_cosigs(world, 1, 2, district);
        assert_sound(world);
        world_free(world);
    }
}

static void a_grandparent_helps_when_both_below_are_old(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *middle = NULL;
    struct world_node *below = NULL;

    (void)state;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 40);
    world_seconds(world, 2);
    middle = world_image(&world->nodes[2]);
    below = world_image(&world->nodes[3]);
    world_record(world, 3, 60);
    world_seconds(world, 2);
    world_assert_same(world, 1, 3, commune, 100);
    world_cut(world, 3);
    world_cut(world, 2);
    quiet(world);
    put_back(world, 2, middle);
    put_back(world, 3, below);
    world_record(world, 3, 4);
    world_connect(world, 2);
    world_seconds(world, 2);
    assert_int_equal(world_size(world_log_at(world, 2, commune)), 40);
    assert_true(world_log_at(world, 2, commune)->recovering);
    world_connect(world, 3);
    world_seconds(world, 60);
    quiet(world);
    world_seconds(world, 30);
    world_assert_same(world, 1, 3, commune, 104);
    world_assert_same(world, 2, 3, commune, 104);
    assert_cosigs(world, 1, 3, commune);
    assert_cosigs(world, 2, 3, commune);
    assert_sound(world);
    world_free(world);
}

static void a_province_ahead_of_a_guard_set_back_freezes_nothing(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *middle = NULL;

    (void)state;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 40);
    world_seconds(world, 2);
    middle = world_image(&world->nodes[2]);
    world_record(world, 3, 60);
    world_seconds(world, 2);
    world_cut(world, 3);
    world_cut(world, 2);
    quiet(world);
    put_back(world, 2, middle);
    world_connect(world, 2); /* the commune is not there yet */
    world_seconds(world, 10);
    assert_int_equal(world_log_at(world, 2, commune)->reason,
                     LINK_REASON_MIRROR_BACK);
    assert_int_equal(world_size(world_log_at(world, 2, commune)), 40);
    world_connect(world, 3); /* it holds all, bodies too: from there */
    world_record(world, 3, 5);
    world_seconds(world, 10);
    world_assert_same(world, 1, 3, commune, 105);
    world_assert_same(world, 2, 3, commune, 105);
    assert_cosigs(world, 1, 3, commune);
    assert_sound(world);
    world_free(world);
}

/* ---- case 6: tokens ---- */

static void an_older_image_waits_for_silence_and_goes_on(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = NULL;
    struct world_log *log = NULL;

    (void)state;
    world_record(world, 2, 3);
    world_connect(world, 2);
    world_seconds(world, 1);
    image = world_image(&world->nodes[2]);
    world_cut(world, 2);
    world_connect(world, 2); /* the token moves on */
    world_seconds(world, 1);
    world_cut(world, 2);
    put_back(world, 2, image);
    world_record(world, 2, 2);
    world_connect(world, 2);
    world_seconds(world, 2);
    assert_true(world_info(world, 1, 2).waiting);
    assert_true(world_info(world, 1, 2).token_wrong);
    assert_int_equal(world_end_of(world, 1, 2)->note, LINK_REASON_TOKEN);
    assert_int_equal(world->nodes[2].spool, 2); /* kept, not sequenced */
    world_seconds(world, LINK_QUIET_MS / 1000 - 10);
    assert_int_equal(world->nodes[2].spool, 2);
    world_seconds(world, 20);
    world_assert_same(world, 1, 2, district, 5);
    assert_false(world_info(world, 1, 2).waiting);
    log = world_log_at(world, 2, district);
    assert_int_equal(log->reason, LINK_REASON_TOKEN);
    assert_true(log->restored);
    assert_sound(world);
    world_free(world);
}

static void while_the_other_copy_is_heard_the_older_one_waits(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = history(world, 2, 10, 10);

    (void)state;
    put_back(world, 2, image);
    world_connect(world, 2);
    for (int i = 0; i < 20; i++) {
        world_seconds(world, 20);
        world->nodes[1].alive_ms[2] = world->now_ms; /* on another line */
    }
    assert_true(world_info(world, 1, 2).waiting);
    assert_int_equal(world_size(world_log_at(world, 2, district)), 10);
    assert_false(
        world_log_at(world, 1, district)->lent); /* nothing is given out */
    quiet(world);
    world_seconds(world, 20);
    world_assert_same(world, 1, 2, district, 20);
    assert_sound(world);
    world_free(world);
}

static void two_live_copies_freeze_the_log_until_a_person_acts(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct link_event seen = {.kind = LINK_CLONE_SEEN,
                              .text = span_str("the first still speaks")};
    struct world_log *log = NULL;

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    world_event(world, world_end_of(world, 1, 2), seen);
    world_seconds(world, 1);
    log = world_log_at(world, 1, district);
    assert_int_equal(log->reason, LINK_REASON_CLONE);
    assert_non_null(strstr(log->text, "the first still speaks"));
    assert_non_null(strstr(log->text, "open a new epoch"));
    assert_true(world_log_at(world, 2, district)->frozen);
    world_record(world, 2, 2);
    world_seconds(world, 200);
    assert_int_equal(world_size(world_log_at(world, 1, district)), 3);
    assert_int_equal(world->nodes[2].spool, 2);
    world_free(world);
}

/* ---- what a peer may not do with it ---- */

static void a_peer_cannot_make_a_node_recover_with_a_false_head(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct frame frame = {.kind = FRAME_OFFER};
    struct frame_head head = {.origin = district};
    struct world_end *end = world_end_of(world, 2, 1);

    (void)state;
    world_connect(world, 2);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    head.head.size = 99; /* never signed */
    head.note = world_log_at(world, 2, district)->segments[0].segment.note;
    frame.offer.heads = &head;
    frame.offer.heads_len = 1;
    link_stamp(end->other->link, &frame);
    world_inject(world, end, &frame);
    assert_int_equal(end->note, LINK_REASON_BAD_HEAD);
    assert_false(world_log_at(world, 2, district)->recovering);
    assert_int_equal(end->strikes, 1);
    world_free(world);
}

static void cannot_be_made_to_wait(bool ours)
{
    struct world *world = world_chain(tree, 3);
    struct frame frame = {.kind = FRAME_OFFER};
    struct frame_head head = {.origin = district};
    struct world_end *end = world_end_of(world, 1, 2);
    struct world_log *log = NULL;

    world_connect(world, 2);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    log = world_log_at(world, 2, district);
    head.head = (struct merkle_head){3, world_root(log)};
    head.note = log->segments[0].segment.note;
    head.cosigs = 1000000;
    head.seen.has = true;
    head.seen.head = head.head;
    head.seen.line = log->cosigs[0].line;
    head.seen.line.bytes[40] ^= ours ? 0 : 1;
    frame.offer.heads = &head;
    frame.offer.heads_len = 1;
    link_stamp(end->other->link, &frame);
    world_inject(world, end, &frame);
    assert_false(world_log_at(world, 1, district)->recovering);
    world_free(world);
}

static void a_parent_cannot_be_made_to_wait_by_a_false_count(void **state)
{
    (void)state;
    cannot_be_made_to_wait(false);
}

/* Its own signature, which it remembers, proves no loss. */
static void nor_by_a_count_beside_a_signature_that_it_holds(void **state)
{
    (void)state;
    cannot_be_made_to_wait(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_set_back_fetches_its_tail_and_goes_on),
        cmocka_unit_test(a_delivery_that_cannot_be_made_holds_no_log_back),
        cmocka_unit_test(an_empty_child_gets_its_whole_log_back),
        cmocka_unit_test(nothing_is_sequenced_before_the_tail_is_here),
        cmocka_unit_test(a_refill_cut_at_any_frame_ends_well),
        cmocka_unit_test(
            a_top_node_gets_its_directory_log_back_from_its_children),
        cmocka_unit_test(a_parent_set_back_fetches_what_it_cosigned),
        cmocka_unit_test(a_parent_set_back_takes_lost_repeats_back_too),
        cmocka_unit_test(a_parent_that_lost_all_but_its_keys_is_filled_again),
        cmocka_unit_test(a_recall_cut_at_any_frame_ends_well),
        cmocka_unit_test(both_set_back_the_newest_of_both_goes_on),
        cmocka_unit_test(a_grandparent_helps_when_both_below_are_old),
        cmocka_unit_test(a_province_ahead_of_a_guard_set_back_freezes_nothing),
        cmocka_unit_test(an_older_image_waits_for_silence_and_goes_on),
        cmocka_unit_test(while_the_other_copy_is_heard_the_older_one_waits),
        cmocka_unit_test(two_live_copies_freeze_the_log_until_a_person_acts),
        cmocka_unit_test(a_peer_cannot_make_a_node_recover_with_a_false_head),
        cmocka_unit_test(a_parent_cannot_be_made_to_wait_by_a_false_count),
        cmocka_unit_test(nor_by_a_count_beside_a_signature_that_it_holds),
    };

    return TEST_RUN(tests);
}
