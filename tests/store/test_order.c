/* Invariant 5: records and cells do not depend on the order of arrival, nor on
 * how the work was sliced, and a rebuild gives the same bytes. */
#include "tests/store/scene.h"

#include "qcdc/v1/record.pb-c.h"
#include "store/query.h"

#define RUNS 1000       /* of one round, some 60 events */
#define LONG_RUNS 40    /* of four rounds */
#define MERGE_RUNS 200  /* of two communes that become one */
#define RUNS_A_STORE 20 /* opening one costs more than a round */
#define LAST "2024-11-30"

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
    static const char *const days[] = {"2024-03-10", "2024-06-25", "2024-09-28",
                                       LAST};
    struct store_integrate_options options = {
        .now = now_of(days[next_random(random) % 4]),
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

/* store: empty. */
static char *run_shuffled(struct scene *s, struct store *store, uint64_t seed)
{
    struct streams streams = {{{0}}};
    uint64_t random = seed * 0x9e3779b97f4a7c15ULL + 1;
    int left = 2 * (int)s->logs_len;
    bool done[SCENE_LOGS][2] = {{false}};

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
    scene_settle(store, LAST);
    return scene_dump(store);
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

/* A realm that has told nothing yet, in heap memory. */
static struct scene *scene_new(bool is_small)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    scene_open(s);
    s->small = is_small;
    scene_found(s);
    return s;
}

static void scene_free(struct scene *s)
{
    scene_close(s);
    free(s);
}

/* What a store says that got all in the order of the logs. */
static char *run_in_order(struct scene *s)
{
    struct store *store = scene_store(":memory:", PROVINCE);
    char *dump;

    scene_give_all(s, store);
    scene_settle(store, LAST);
    dump = scene_dump(store);
    store_close(store);
    return dump;
}

static void shuffle(struct scene *s, uint64_t runs)
{
    struct store *store = NULL;
    char *dump = run_in_order(s);
    uint64_t seed;

    for (seed = 1; seed <= runs; seed++) {
        char *other;

        if (seed % RUNS_A_STORE == 1) {
            store_close(store);
            store = scene_store(":memory:", PROVINCE);
        } else {
            scene_store_empty(store, PROVINCE);
        }
        other = run_shuffled(s, store, seed);
        assert_same_dump(dump, other, seed);
        free(other);
    }
    store_close(store);
    free(dump);
}

static void records_and_cells_do_not_depend_on_order(void **state)
{
    struct scene *s = scene_new(true);

    (void)state;
    scene_story(s, 1);
    shuffle(s, RUNS);
    scene_free(s);
}

static void nor_do_those_of_a_longer_story(void **state)
{
    struct scene *s = scene_new(true);

    (void)state;
    scene_story(s, 4);
    shuffle(s, LONG_RUNS);
    scene_free(s);
}

/* ---- two communes become one ---- */

static bool is_id(const ProtobufCBinaryData *bytes, const struct event_id *id)
{
    return bytes->len == sizeof(id->bytes) &&
           memcmp(bytes->data, id->bytes, sizeof(id->bytes)) == 0;
}

static enum standing standing_in(const Qcdc__V1__PetitionRecord *record,
                                 const struct event_id *id)
{
    for (size_t i = 0; i < record->n_history; i++) {
        if (is_id(&record->history[i]->event_id, id)) {
            return (enum standing)record->history[i]->standing;
        }
    }
    fail_msg("an event is not in its record");
    return STANDING_WAITING;
}

static Qcdc__V1__PetitionRecord *read_petition(struct store *store,
                                               const struct event_id *subject,
                                               uint32_t holder)
{
    Qcdc__V1__PetitionRecord *out;
    struct store_record record;
    struct error err = {0};
    struct arena arena;

    assert_ok(arena_new(&arena, 65536, &err), err);
    assert_ok(store_record_find(store, subject, &arena, &record, &err), err);
    assert_int_equal(record.holder, holder);
    out = qcdc__v1__petition_record__unpack(NULL, record.bytes.len,
                                            record.bytes.ptr);
    assert_non_null(out);
    assert_int_equal(out->holder, holder);
    arena_release(&arena);
    return out;
}

static void assert_held(struct store *store, const struct event_id *subject,
                        uint32_t holder, Qcdc__V1__PetitionState state)
{
    Qcdc__V1__PetitionRecord *record = read_petition(store, subject, holder);

    assert_int_equal(record->state, state);
    qcdc__v1__petition_record__free_unpacked(record, NULL);
}
#define HELD(store, subject, holder, state)                                    \
    assert_held((store), (subject), (holder),                                  \
                QCDC__V1__PETITION_STATE__PETITION_STATE_##state)

/* The heir has what was open, by the transfer, and told the person of it. */
static void assert_merged(struct store *store, const struct scene_merge *merge)
{
    Qcdc__V1__PetitionRecord *record =
        read_petition(store, &merge->running, UBND(COMMUNE_A));

    assert_int_equal(record->receiver, UBND(COMMUNE_B));
    assert_int_equal(record->state,
                     QCDC__V1__PETITION_STATE__PETITION_STATE_RECEIVED);
    assert_int_equal(standing_in(record, &merge->taken), STANDING_EFFECTIVE);
    assert_int_equal(standing_in(record, &merge->told), STANDING_EFFECTIVE);
    assert_int_equal(standing_in(record, &merge->left), STANDING_NO_RIGHT);
    assert_int_equal(standing_in(record, &merge->stolen),
                     STANDING_NEEDS_APPROVAL);
    assert_int_equal(standing_in(record, &merge->late), STANDING_AFTER_END);
    assert_int_equal(record->n_custody, 1);
    assert_int_equal(record->custody[0]->from, UBND(COMMUNE_B));
    assert_int_equal(record->custody[0]->to, UBND(COMMUNE_A));
    assert_true(is_id(&record->custody[0]->event_id, &merge->transfer));
    assert_non_null(record->custody[0]->taken);
    assert_true(is_id(&record->custody[0]->taken->event_id, &merge->taken));
    assert_non_null(record->notified);
    assert_true(is_id(&record->notified->event_id, &merge->told));
    qcdc__v1__petition_record__free_unpacked(record, NULL);
    HELD(store, &merge->settled, UBND(COMMUNE_B), WITHDRAWN);
}

static void nor_do_those_of_communes_that_merge(void **state)
{
    struct scene *s = scene_new(true);
    struct scene_merge merge;

    (void)state;
    scene_merge(s, &merge);
    shuffle(s, MERGE_RUNS);
    scene_free(s);
}

/* Nothing comes on the day of the merge: the day alone moves the petition. */
static void a_petition_passes_on_when_its_day_comes(void **state)
{
    struct scene *s = scene_new(true);
    struct store *store = scene_store(":memory:", PROVINCE);
    struct scene_merge merge;
    char *dump, *in_order;

    (void)state;
    scene_merge(s, &merge);
    scene_give_all(s, store);
    scene_settle(store, "2024-09-30");
    HELD(store, &merge.running, UBND(COMMUNE_B), RECEIVED);
    scene_settle(store, SCENE_MERGE);
    HELD(store, &merge.running, UBND(COMMUNE_A), RECEIVED);
    scene_settle(store, LAST);
    assert_merged(store, &merge);
    dump = scene_dump(store);
    in_order = run_in_order(s);
    assert_same_dump(in_order, dump, 0);
    free(in_order);
    free(dump);
    store_close(store);
    scene_free(s);
}

/* ---- rebuild ---- */

static void rebuild(struct store *store, bool verify_again, uint64_t events)
{
    struct store_rebuild_options options = {.now = now_of(LAST),
                                            .verify_again = verify_again};
    struct store_integrated done;
    struct error err = {0};

    assert_ok(store_rebuild(store, &options, &done, &err), err);
    assert_true(done.events > events);
}

/* From the segments, then with every signature checked again. */
static void assert_rebuilds(struct store *store, uint64_t events)
{
    char *dump = scene_dump(store);

    for (int again = 0; again < 2; again++) {
        char *other;

        rebuild(store, again == 1, events);
        other = scene_dump(store);
        assert_same_dump(dump, other, 0);
        free(other);
    }
    free(dump);
}

static void rebuild_gives_the_same_bytes(void **state)
{
    struct scene *s = scene_new(false);
    struct store *store;

    (void)state;
    scene_story(s, 10);
    store = scene_store(scene_path("rebuild"), PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, LAST);
    assert_rebuilds(store, 200);
    store_close(store);
    scene_free(s);
}

static void rebuild_gives_the_heir_what_passed_on(void **state)
{
    struct scene *s = scene_new(true);
    struct scene_merge merge;
    struct store *store;

    (void)state;
    scene_merge(s, &merge);
    store = scene_store(scene_path("merge"), PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, LAST);
    assert_merged(store, &merge);
    assert_rebuilds(store, 15);
    assert_merged(store, &merge);
    store_close(store);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rebuild_gives_the_same_bytes),
        cmocka_unit_test(rebuild_gives_the_heir_what_passed_on),
        cmocka_unit_test(a_petition_passes_on_when_its_day_comes),
        cmocka_unit_test(nor_do_those_of_communes_that_merge),
        cmocka_unit_test(records_and_cells_do_not_depend_on_order),
        cmocka_unit_test(nor_do_those_of_a_longer_story),
    };
    return TEST_RUN(tests);
}
