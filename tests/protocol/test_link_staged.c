/* tests/protocol: what a bundle brought to the guard, in a session: its note
 * goes before everything else, comes from the guard alone, and is asked for
 * again when it has to wait. */
#include "tests/support/test.h"

#include "protocol/link/link_internal.h"
#include "tests/protocol/link_world.h"

static const struct origin own = {.node = 2, .epoch = 1};

static struct world *connected(void)
{
    static const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 0};
    struct world *world = world_new(tree);

    world_line(world, 2);
    world_connect(world, 2);
    world_run(world, world->now_ms + 1000);
    assert_int_equal(world_end_of(world, 2, 1)->link->state, LINK_OPEN);
    return world;
}

static uint64_t size_of(struct world *world, uint32_t node)
{
    struct world_log *log = world_log_of(&world->nodes[node], &own);

    return log == NULL ? 0 : world_size(log);
}

static void note_to(struct world *world, struct world_end *end,
                    struct origin origin)
{
    struct frame frame = {.kind = FRAME_STAGED};

    link_stamp(end->link, &frame);
    frame.staged.origin = origin;
    frame.staged.head.root = merkle_empty_root();
    frame.staged.ids = span_str("0123456789abcdef");
    world_inject(world, end, &frame);
}

static void until_a_note_is_done_nothing_else_is_sequenced(void **state)
{
    struct world *world = connected();
    struct world_end *child = world_end_of(world, 2, 1);
    struct link_event done = {.kind = LINK_STAGED, .origin = own};

    (void)state;
    note_to(world, child, own);
    assert_true(child->link->staging);
    world_record(world, 2, 5);
    world_run(world, world->now_ms + 60000);
    assert_int_equal(size_of(world, 2), 0);
    world_event(world, child, done);
    world_run(world, world->now_ms + 1000);
    assert_false(child->link->staging);
    assert_int_equal(size_of(world, 2), 5);
    assert_int_equal(size_of(world, 1), 5);
    world_free(world);
}

static void a_note_that_waits_is_asked_for_again(void **state)
{
    struct world *world = connected();
    struct world_end *child = world_end_of(world, 2, 1);
    struct world_end *guard = world_end_of(world, 1, 2);
    struct link_event later = {
        .kind = LINK_STAGED, .origin = own, .code = ERR_BUSY};

    (void)state;
    guard->link->staging = true; /* it said one */
    note_to(world, child, own);
    world_event(world, child, later);
    assert_true(child->link->staging);
    world_record(world, 2, 5);
    world_run(world, world->now_ms + 60000);
    assert_int_equal(guard->link->staged_asks, 1);
    assert_int_equal(guard->strikes, 0);
    assert_int_equal(size_of(world, 2), 0);
    world_free(world);
}

static void a_note_is_the_guard_s_to_say(void **state)
{
    struct world *world = connected();
    struct world_end *child = world_end_of(world, 2, 1);
    struct world_end *guard = world_end_of(world, 1, 2);
    struct origin other = {.node = 3, .epoch = 1};

    (void)state;
    note_to(world, guard, own); /* by the child */
    assert_int_equal(guard->strikes, 1);
    note_to(world, child, other);
    assert_int_equal(child->strikes, 1);
    assert_false(child->link->staging);
    world_free(world);
}

static void events_are_given_back_only_with_a_note(void **state)
{
    struct world *world = connected();
    struct world_end *child = world_end_of(world, 2, 1);
    struct world_end *guard = world_end_of(world, 1, 2);
    struct frame frame = {.kind = FRAME_SPOOLED};

    (void)state;
    link_stamp(child->link, &frame);
    frame.spooled.origin = own;
    frame.spooled.segment.count = 1;
    world_inject(world, child, &frame);
    assert_int_equal(child->strikes, 1);
    link_stamp(guard->link, &frame);
    frame.spooled.segment.count = 0;
    world_inject(world, guard, &frame);
    assert_int_equal(guard->strikes, 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(until_a_note_is_done_nothing_else_is_sequenced),
        cmocka_unit_test(a_note_that_waits_is_asked_for_again),
        cmocka_unit_test(a_note_is_the_guard_s_to_say),
        cmocka_unit_test(events_are_given_back_only_with_a_note),
    };
    struct error err = {0};

    return crypto_start(&err) != 0 ? 1 : TEST_RUN(tests);
}
