/* tests/protocol: images of nodes put back, one or several at once, and what
 * the links make of it: nothing that another node holds is lost, nothing is
 * signed twice, and no person is needed (tlog.md section 3.3). */
#include "tests/support/test.h"

#include "tests/protocol/set_back.h"

/* ---- case 3: who writes the log was set back ---- */

static void a_child_set_back_fetches_its_tail_and_goes_on(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = set_back_history(world, 2, 40, 200);
    struct world_log *log = NULL;

    (void)state;
    set_back_quiet(world);
    set_back(world, 2, image);
    world_record(world, 2, 5); /* offices do not wait for the network */
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 245);
    set_back_assert_cosigs(world, 1, 2, district);
    log = world_log_at(world, 2, district);
    assert_true(log->restored);
    assert_int_equal(log->reason, LINK_REASON_ORIGIN_BACK);
    assert_non_null(strstr(log->text, "40 events here and 240 at node 1"));
    assert_true(world_log_at(world, 1, district)->lent);
    assert_true(world_log_at(world, 1, district)->lent_back);
    assert_int_equal(world->nodes[2].spool, 0);
    set_back_assert_sound(world);
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
    struct world_node *image = set_back_history(world, 2, 40, 200);

    (void)state;
    set_back_quiet(world);
    set_back(world, 2, image);
    world->nodes[1].unmade = true;
    world->nodes[1].queued[2] = world->nodes[2].delivered + 3;
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 240);
    world->nodes[1].unmade = false;
    world_deliver(world, 1, 2, 1);
    world_seconds(world, 5);
    assert_int_equal(world->nodes[2].delivered, world->nodes[1].queued[2]);
    set_back_assert_sound(world);
    world_free(world);
}

static void an_empty_child_gets_its_whole_log_back(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = world_image(&world->nodes[2]);

    (void)state;
    world_image_free(set_back_history(world, 2, 40, 60));
    set_back_quiet(world);
    set_back(world, 2, image);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 100);
    set_back_assert_cosigs(world, 1, 2, district);
    set_back_assert_sound(world);
    world_free(world);
}

static void nothing_is_sequenced_before_the_tail_is_here(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = set_back_history(world, 2, 40, 2000);

    (void)state;
    set_back_quiet(world);
    set_back(world, 2, image);
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
    set_back_assert_sound(world);
    world_free(world);
}

static void a_refill_cut_at_any_frame_ends_well(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 40; cut++) {
        struct world *world = world_chain(tree, 3);
        struct world_node *image = set_back_history(world, 2, 20, 100);

        set_back_quiet(world);
        set_back(world, 2, image);
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
        set_back_quiet(world); /* should it have been taken for another copy */
        world_seconds(world, 10);
        world_assert_same(world, 1, 2, district, 123);
        set_back_assert_cosigs(world, 1, 2, district);
        set_back_assert_sound(world);
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
    set_back(world, 1, image);
    world_connect(world, 4);
    world_seconds(world, 1);
    assert_int_equal(world_size(world_log_at(world, 1, top_dir)), 44);
    world_connect(world, 2);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, top_dir, 94);
    world_assert_same(world, 1, 4, top_dir, 94);
    set_back_assert_sound(world);
    world_direct(world, 1, 6);
    world_seconds(world, 1);
    world_assert_same(world, 1, 4, top_dir, 100);
    set_back_assert_sound(world);
    world_free(world);
}

/* ---- case 1: a mirror was set back ---- */

static void a_parent_set_back_fetches_what_it_cosigned(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = set_back_history(world, 1, 40, 200);
    size_t cosigs = world_log_at(world, 2, district)->cosigs_len;
    struct world_log *log = NULL;

    (void)state;
    set_back(world, 1, image);
    world_record(world, 2, 5);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 245);
    set_back_assert_cosigs(world, 1, 2, district);
    log = world_log_at(world, 1, district);
    assert_true(log->cosigs_len > cosigs);
    assert_true(log->restored);
    assert_int_equal(log->reason, LINK_REASON_MIRROR_BACK);
    assert_non_null(strstr(log->text, "it holds 40 events"));
    assert_false(
        world_log_at(world, 2, district)->restored); /* it was not old */
    set_back_assert_sound(world);
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
    set_back(world, 1, image);
    world_connect(world, 2);
    world_seconds(world, 2);
    set_back_assert_cosigs(world, 1, 2, district);
    assert_true(world_log_at(world, 1, district)->restored);
    world_record(world, 2, 3);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, 6);
    set_back_assert_cosigs(world, 1, 2, district);
    assert_int_equal(world_log_at(world, 1, district)->cosigs_len, cosigs + 1);
    set_back_assert_sound(world);
    world_free(world);
}

static void a_parent_that_lost_all_but_its_keys_is_filled_again(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *image = world_image(&world->nodes[1]);

    (void)state;
    world_image_free(set_back_history(world, 1, 40, 60));
    set_back(world, 1, image);
    world_connect(world, 2);
    world_seconds(world, 5);
    world_assert_same(world, 1, 2, district, 100);
    set_back_assert_cosigs(world, 1, 2, district);
    set_back_assert_sound(world);
    world_free(world);
}

static void a_recall_cut_at_any_frame_ends_well(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 40; cut++) {
        struct world *world = world_chain(tree, 3);
        struct world_node *image = set_back_history(world, 1, 20, 100);

        set_back(world, 1, image);
        world_record(world, 2, 3);
        world_connect(world, 2);
        world_frames(world, cut);
        world_cut(world, 2);
        world_connect(world, 2);
        world_seconds(world, 10);
        set_back_quiet(world);
        world_seconds(world, 10);
        world_assert_same(world, 1, 2, district, 123);
        set_back_assert_cosigs(world, 1, 2, district);
        set_back_assert_sound(world);
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
        set_back_quiet(world);
        set_back(world, 1, images[1]);
        set_back(world, 2, images[2]);
        world_record(world, 2, 7);
        world_connect(world, 2);
        world_seconds(world, 5);
        set_back_quiet(world);
        world_seconds(world, 30);
        world_assert_same(world, 1, 2, district, 57);
        set_back_assert_cosigs(world, 1, 2, district);
        set_back_assert_sound(world);
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
    set_back_quiet(world);
    set_back(world, 2, middle);
    set_back(world, 3, below);
    world_record(world, 3, 4);
    world_connect(world, 2);
    world_seconds(world, 2);
    assert_int_equal(world_size(world_log_at(world, 2, commune)), 40);
    assert_true(world_log_at(world, 2, commune)->recovering);
    world_connect(world, 3);
    world_seconds(world, 60);
    set_back_quiet(world);
    world_seconds(world, 30);
    world_assert_same(world, 1, 3, commune, 104);
    world_assert_same(world, 2, 3, commune, 104);
    set_back_assert_cosigs(world, 1, 3, commune);
    set_back_assert_cosigs(world, 2, 3, commune);
    set_back_assert_sound(world);
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
    set_back_quiet(world);
    set_back(world, 2, middle);
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
    set_back_assert_cosigs(world, 1, 3, commune);
    set_back_assert_sound(world);
    world_free(world);
}

/* The commune has all leaves and never got the newest cosignatures. */
static void cosignatures_that_the_province_alone_has_are_fetched(void **state)
{
    struct world *world = world_chain(tree, 3);
    struct world_node *middle = NULL;
    size_t given = 0;

    (void)state;
    world_connect(world, 2);
    world_connect(world, 3);
    world_record(world, 3, 40);
    world_seconds(world, 2);
    middle = world_image(&world->nodes[2]);
    given = world_log_at(world, 3, commune)->cosigs_len;
    world_record(world, 3, 60);
    world_seconds(world, 2);
    assert_true(world_log_at(world, 1, commune)->cosigs_len > given);
    world_cut(world, 3);
    world_cut(world, 2);
    set_back_quiet(world);
    set_back(world, 2, middle);
    world_log_at(world, 3, commune)->cosigs_len = given;
    world_connect(world, 2);
    world_seconds(world, 10);
    world_connect(world, 3); /* the leaves come from below */
    world_record(world, 3, 5);
    world_seconds(world, 10);
    assert_false(world_log_at(world, 2, commune)->recovering);
    world_assert_same(world, 1, 3, commune, 105);
    world_assert_same(world, 2, 3, commune, 105);
    set_back_assert_cosigs(world, 1, 3, commune);
    set_back_assert_cosigs(world, 2, 3, commune);
    set_back_assert_sound(world);
    world_free(world);
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
        cmocka_unit_test(cosignatures_that_the_province_alone_has_are_fetched),
    };

    return TEST_RUN(tests);
}
