/* tests: one turn's memory. */
#include "tests/support/test.h"

#include "protocol/base/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    uint8_t room[256];
    struct arena a;

    (void)state;
    memset(room, 0xff, sizeof(room));
    arena_init(&a, room, sizeof(room));
    uint8_t *first = arena_alloc(&a, 3);
    uint8_t *second = arena_alloc(&a, 5);

    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal((uintptr_t)first % 16, 0);
    assert_int_equal((uintptr_t)second % 16, 0);
    assert_true(second >= first + 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(first[i], 0);
    }
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(second[i], 0);
    }
    arena_release(&a);
}

static void a_full_arena_says_so_until_it_is_reset(void **state)
{
    struct arena a;
    struct error err = {0};

    (void)state;
    assert_ok(arena_new(&a, 128, &err), err);
    assert_null(arena_alloc(&a, 129));
    assert_true(a.ran_out);
    assert_non_null(arena_alloc(&a, 16));
    assert_true(a.ran_out);
    arena_reset(&a);
    assert_false(a.ran_out);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 128));
    assert_null(arena_alloc(&a, 1));
    arena_release(&a);
}

static void sizes_that_overflow_are_refused(void **state)
{
    uint8_t room[256];
    struct arena a;

    (void)state;
    arena_init(&a, room, sizeof(room));
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_true(a.ran_out);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 8));
    assert_non_null(arena_array(&a, 4, 8));
    arena_release(&a);
}

static void copies_live_until_the_reset(void **state)
{
    uint8_t room[64];
    char text[] = "bytes";
    struct arena a;

    (void)state;
    arena_init(&a, room, sizeof(room));
    struct span copy = arena_copy(&a, span_str(text));

    text[0] = 'X';
    assert_true(span_equal(copy, span_str("bytes")));
    struct span none = arena_copy(&a, span_make(room, 65));

    assert_int_equal(none.len, 0);
    assert_true(a.ran_out);
    arena_release(&a);
}

static void rewinding_gives_back_what_came_after_the_mark(void **state)
{
    uint8_t room[128];
    struct arena a;

    (void)state;
    arena_init(&a, room, sizeof(room));
    uint8_t *kept = arena_alloc(&a, 16);
    size_t mark = a.used;

    assert_non_null(kept);
    kept[0] = 7;
    for (int i = 0; i < 100; i++) {
        assert_non_null(arena_alloc(&a, 64));
        arena_rewind(&a, mark);
        assert_int_equal(a.used, mark);
    }
    assert_int_equal(kept[0], 7);
    assert_false(a.ran_out);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(a_full_arena_says_so_until_it_is_reset),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(copies_live_until_the_reset),
        cmocka_unit_test(rewinding_gives_back_what_came_after_the_mark),
    };

    return TEST_RUN(tests);
}
