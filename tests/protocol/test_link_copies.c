/* tests/protocol: which copy of a machine is believed: tokens, an older image,
 * two copies that live, and what a peer may not pretend (tlog.md section 3.3).
 */
#include "tests/support/test.h"

#include "protocol/link/link_internal.h"
#include "tests/protocol/set_back.h"

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
    set_back(world, 2, image);
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
    set_back_assert_sound(world);
    world_free(world);
}

static void while_the_other_copy_is_heard_the_older_one_waits(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = set_back_history(world, 2, 10, 10);

    (void)state;
    set_back(world, 2, image);
    world_connect(world, 2);
    for (int i = 0; i < 20; i++) {
        world_seconds(world, 20);
        world->nodes[1].alive_ms[2] = world->now_ms; /* on another line */
    }
    assert_true(world_info(world, 1, 2).waiting);
    assert_int_equal(world_size(world_log_at(world, 2, district)), 10);
    assert_false(
        world_log_at(world, 1, district)->lent); /* nothing is given out */
    set_back_quiet(world);
    world_seconds(world, 20);
    world_assert_same(world, 1, 2, district, 20);
    set_back_assert_sound(world);
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

/* It was certified while it was a guest, and has not heard it: the token of its
 * guard is kept all the same, and shown when it knows. */
static void who_does_not_know_its_guard_yet_is_no_older_copy(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_end *child = world_end_of(world, 2, 1);
    struct world_end *guard = world_end_of(world, 1, 2);

    (void)state;
    child->link->options.guard = false;
    world_connect(world, 2);
    world_seconds(world, 2);
    world_cut(world, 2);
    child->link->options.guard = true;
    world_record(world, 2, 2);
    world_connect(world, 2);
    world_seconds(world, 2);
    assert_false(world_info(world, 1, 2).waiting);
    assert_false(world_info(world, 1, 2).token_wrong);
    assert_int_not_equal(guard->note, LINK_REASON_TOKEN);
    world_assert_same(world, 1, 2, district, 2);
    assert_false(world_log_at(world, 2, district)->restored);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_image_waits_for_silence_and_goes_on),
        cmocka_unit_test(while_the_other_copy_is_heard_the_older_one_waits),
        cmocka_unit_test(two_live_copies_freeze_the_log_until_a_person_acts),
        cmocka_unit_test(a_peer_cannot_make_a_node_recover_with_a_false_head),
        cmocka_unit_test(a_parent_cannot_be_made_to_wait_by_a_false_count),
        cmocka_unit_test(nor_by_a_count_beside_a_signature_that_it_holds),
        cmocka_unit_test(who_does_not_know_its_guard_yet_is_no_older_copy),
    };

    return TEST_RUN(tests);
}
