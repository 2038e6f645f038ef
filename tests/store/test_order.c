/* Invariant 5: records and cells do not depend on the order of arrival, nor on
 * how the work was sliced, and a rebuild gives the same bytes. */
#include "tests/store/scene.h"

#define RUNS 1000    /* of one round, some 60 events */
#define LONG_RUNS 40 /* of four rounds */

/* A plain generator: the same order for the same seed, everywhere. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*state >> 33);
}

/* Segments and cosignatures of a log are two streams, each in its order. */
struct streams {
    size_t next[SCENE_LOGS][2];
};

static bool give_next(struct scene *s, struct store *store,
                      struct streams *streams, size_t log, int cosigs)
{
    size_t *i = &streams->next[log][cosigs];

    while (*i < s->logs[log].parts_len &&
           s->logs[log].parts[*i].is_cosig != (cosigs == 1)) {
        (*i)++;
    }
    if (*i == s->logs[log].parts_len) {
        return false;
    }
    scene_give(s, store, log, (*i)++);
    return true;
}

static void work_a_little(struct store *store, uint64_t *random)
{
    static const char *const days[] = {"2024-03-10", "2024-06-25",
                                       "2024-11-30"};
    struct store_integrate_options options = {
        .now = now_of(days[next_random(random) % 3]),
        .max_events = 1 + next_random(random) % 20,
        .verify_here = true,
        .no_search = true};
    struct store_integrated done;
    struct error err = {0};

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_integrate(store, &options, &done, &err), err);
    if (next_random(random) % 4 == 0) {
        assert_ok(store_settle(store, options.now, 1 + next_random(random) % 3,
                               &done, &err),
                  err);
    }
    assert_ok(store_commit(store, &err), err);
}

static char *run_shuffled(struct scene *s, uint64_t seed)
{
    struct store *store = scene_store(":memory:", PROVINCE);
    struct streams streams = {{{0}}};
    uint64_t random = seed * 0x9e3779b97f4a7c15ULL + 1;
    int left = 2 * (int)s->logs_len;
    bool done[SCENE_LOGS][2] = {{false}};
    char *dump;

    while (left > 0) {
        size_t log = next_random(&random) % s->logs_len;
        int cosigs = (int)(next_random(&random) % 2);

        if (!done[log][cosigs] && !give_next(s, store, &streams, log, cosigs)) {
            done[log][cosigs] = true;
            left--;
        }
        if (next_random(&random) % 8 == 0) {
            work_a_little(store, &random);
        }
    }
    scene_settle(store, "2024-11-30");
    dump = scene_dump(store);
    store_close(store);
    return dump;
}

/* Says where two dumps part, which a hash would not. */
static void assert_same_dump(const char *a, const char *b, uint64_t seed)
{
    size_t i = 0, line = 1;

    while (a[i] != '\0' && a[i] == b[i]) {
        line += a[i] == '\n';
        i++;
    }
    if (a[i] != b[i]) {
        fail_msg("seed %llu: line %zu differs:\n%.900s\n---\n%.900s",
                 (unsigned long long)seed, line, a + (i > 300 ? i - 300 : 0),
                 b + (i > 300 ? i - 300 : 0));
    }
}

static void shuffle(int rounds, uint64_t runs)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store *store;
    uint64_t seed;
    char *dump;

    assert_non_null(s);
    scene_open(s);
    s->small = true;
    scene_found(s);
    scene_story(s, rounds);
    store = scene_store(":memory:", PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, "2024-11-30");
    dump = scene_dump(store);
    store_close(store);
    for (seed = 1; seed <= runs; seed++) {
        char *other = run_shuffled(s, seed);

        assert_same_dump(dump, other, seed);
        free(other);
    }
    free(dump);
    scene_close(s);
    free(s);
}

static void records_and_cells_do_not_depend_on_order(void **state)
{
    (void)state;
    shuffle(1, RUNS);
}

static void nor_do_those_of_a_longer_story(void **state)
{
    (void)state;
    shuffle(4, LONG_RUNS);
}

static void rebuild_gives_the_same_bytes(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store_rebuild_options options = {.now = now_of("2024-11-30")};
    struct store_integrated done;
    struct error err = {0};
    struct store *store;
    char *dump, *again;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    scene_story(s, 10);
    store = scene_store(scene_path("rebuild"), PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, "2024-11-30");
    dump = scene_dump(store);
    assert_ok(store_rebuild(store, &options, &done, &err), err);
    again = scene_dump(store);
    assert_same_dump(dump, again, 0);
    free(again);
    options.verify_again = true;
    assert_ok(store_rebuild(store, &options, &done, &err), err);
    assert_true(done.events > 200);
    again = scene_dump(store);
    assert_same_dump(dump, again, 0);
    free(again);
    free(dump);
    store_close(store);
    scene_close(s);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rebuild_gives_the_same_bytes),
        cmocka_unit_test(records_and_cells_do_not_depend_on_order),
        cmocka_unit_test(nor_do_those_of_a_longer_story),
    };
    return TEST_RUN(tests);
}
