/* tests/store: events that a bundle brought: counted, folded, found, given
 * their place, never twice; one note for a size; the spool in a note's order.
 */
#include "tests/support/test.h"

#include "store/check.h"
#include "store/spool.h"
#include "store/staged.h"
#include "tests/store/office.h"

#include "store/query.h"

static int setup(void **state)
{
    struct office *d = NULL;

    (void)office_setup(state);
    d = *state;
    scene_flush(d->s);
    return 0;
}

static uint32_t commune_log(struct office *d)
{
    struct store_log log;

    assert_ok(store_log_of(d->store, COMMUNE_A, false, &log, &d->err), d->err);
    return log.id;
}

/* NOLINTNEXTLINE(readability-function-size): a leaf, its bodies, what came */
static int stage(struct office *d, struct span leaf, struct span bodies,
                 enum stage_result *result)
{
    struct store_integrate_options options = {.now = now_of("2024-03-10"),
                                              .verify_here = true};
    struct store_integrated done;
    int rc;

    assert_ok(store_begin(d->store, &d->err), d->err);
    rc = store_stage(d->store, commune_log(d), leaf, bodies, 1709600000, 7,
                     result, &d->err);
    if (rc == 0) {
        assert_ok(store_integrate(d->store, &options, &done, &d->err), d->err);
    }
    assert_ok(store_commit(d->store, &d->err), d->err);
    return rc;
}

static uint64_t staged(struct office *d)
{
    struct store_staged_state state;

    assert_ok(store_staged_state(d->store, commune_log(d), &state, &d->err),
              d->err);
    return state.count;
}

static void assert_sound(struct office *d)
{
    struct store_check_options options = {.now = now_of("2024-03-10")};
    uint64_t findings = 1;

    assert_ok(store_check(d->store, &options, &findings, &d->err), d->err);
    assert_int_equal(findings, 0);
}

static void assert_rebuilds_the_same(struct office *d)
{
    struct store_rebuild_options options = {.now = now_of("2024-03-10")};
    struct store_integrated done;
    char *before = scene_dump(d->store);
    char *after;

    assert_ok(store_rebuild(d->store, &options, &done, &d->err), d->err);
    after = scene_dump(d->store);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_sound(d);
}

static void what_a_bundle_brought_is_folded_found_and_sound(void **state)
{
    struct office *d = *state;
    struct scene_event event = office_received("Mương thoát nước bị lấp");
    enum stage_result result = STAGE_HELD;
    struct store_event found;
    struct event_id id, subjects[4];
    struct span bodies, leaf = scene_sign(d->s, &event, &id, &bodies);
    size_t len = 0;

    office_open(d, DISTRICT);
    assert_int_equal(stage(d, leaf, bodies, &result), 0);
    assert_int_equal(result, STAGE_NEW);
    assert_int_equal(staged(d), 1);
    assert_int_equal(stage(d, leaf, bodies, &result), 0);
    assert_int_equal(result, STAGE_AGAIN);
    assert_int_equal(staged(d), 1);
    scene_settle(d->store, "2024-03-10");
    assert_ok(store_event_find(d->store, &id, &d->arena, &found, &d->err),
              d->err);
    assert_true(store_is_staged(found.index));
    assert_true(found.signature_ok);
    assert_int_equal(found.upper_s, 0);
    assert_ok(
        store_search(d->store, "muong thoat nuoc", subjects, 4, &len, &d->err),
        d->err);
    assert_int_equal(len, 1);
    assert_sound(d);
    assert_rebuilds_the_same(d);
    assert_int_equal(staged(d), 1);
}

/* NOLINTNEXTLINE(readability-function-size): one story, told in a row */
static void a_leaf_of_the_log_takes_its_staged_copy_s_place(void **state)
{
    struct office *d = *state;
    struct scene_event event = office_received("Đường liên thôn sạt lở");
    struct scene_log *log = scene_log(d->s, COMMUNE_A, false);
    enum stage_result result = STAGE_HELD;
    struct store_event found, events[4];
    struct event_id id;
    struct span bodies, leaf = scene_sign(d->s, &event, &id, &bodies);
    struct span rest = bodies;
    static struct body parts[BODIES_MAX];
    size_t parts_before = log->parts_len;
    size_t len = 0;

    office_open(d, DISTRICT);
    assert_int_equal(stage(d, leaf, bodies, &result), 0);
    while (rest.len > 0) {
        assert_ok(body_take(&rest, &parts[len++], &d->err), d->err);
    }
    log->items[log->items_len++] =
        (struct segment_item){.leaf = leaf, .bodies = parts, .bodies_len = len};
    scene_seal(d->s, log);
    scene_cosign(d->s, log, false);
    for (size_t i = parts_before; i < log->parts_len; i++) {
        scene_give(d->s, d->store, (size_t)(log - d->s->logs), i);
    }
    scene_settle(d->store, "2024-03-10");
    assert_int_equal(staged(d), 0);
    assert_ok(store_event_find(d->store, &id, &d->arena, &found, &d->err),
              d->err);
    assert_false(store_is_staged(found.index));
    assert_true(found.upper_s != 0);
    assert_ok(
        store_event_list(d->store, &id, &d->arena, events, 4, &len, &d->err),
        d->err);
    assert_int_equal(len, 1);
    assert_int_equal(stage(d, leaf, bodies, &result), 0);
    assert_int_equal(result, STAGE_HELD);
    assert_int_equal(staged(d), 0);
    assert_rebuilds_the_same(d);
}

static void a_forged_event_and_another_node_s_are_refused(void **state)
{
    struct office *d = *state;
    struct scene_event event = office_received("Giả");
    enum stage_result result = STAGE_HELD;
    struct event_id id;
    struct span bodies, leaf;

    office_open(d, DISTRICT);
    event.forged = true;
    leaf = scene_sign(d->s, &event, &id, &bodies);
    assert_err(stage(d, leaf, bodies, &result), ERR_UNTRUSTED, d->err);
    event = office_received("Của xã khác");
    event.node = COMMUNE_B;
    leaf = scene_sign(d->s, &event, &id, &bodies);
    assert_err(stage(d, leaf, bodies, &result), ERR_MALFORMED, d->err);
    assert_int_equal(staged(d), 0);
    assert_sound(d);
}

static void one_size_has_one_note(void **state)
{
    struct office *d = *state;
    struct store_staging note = {.ids = span_str("0123456789abcdef")};
    struct store_staging kept;

    office_open(d, DISTRICT);
    note.log = commune_log(d);
    note.head.size = 3;
    assert_err(store_staging_get(d->store, note.log, &d->arena, &kept, &d->err),
               ERR_NOTFOUND, d->err);
    assert_ok(store_begin(d->store, &d->err), d->err);
    assert_ok(store_staging_put(d->store, &note, &d->err), d->err);
    note.ids = span_str("fedcba9876543210");
    assert_err(store_staging_put(d->store, &note, &d->err), ERR_CONFLICT,
               d->err);
    assert_ok(store_staging_get(d->store, note.log, &d->arena, &kept, &d->err),
              d->err);
    assert_true(span_equal(kept.ids, span_str("0123456789abcdef")));
    note.head.size = 4; /* the log went on */
    assert_ok(store_staging_put(d->store, &note, &d->err), d->err);
    assert_ok(store_commit(d->store, &d->err), d->err);
}

static struct event_id record(struct office *d, const char *text)
{
    struct scene_event event = office_received(text);
    struct store_integrate_options options = {.now = now_of("2024-03-10")};
    struct store_integrated done;
    struct event_id id;
    uint64_t number;
    struct span bodies, leaf = scene_sign(d->s, &event, &id, &bodies);

    assert_ok(store_begin(d->store, &d->err), d->err);
    assert_ok(
        store_spool_append(d->store, false, leaf, bodies, &number, &d->err),
        d->err);
    assert_ok(store_integrate(d->store, &options, &done, &d->err), d->err);
    assert_ok(store_commit(d->store, &d->err), d->err);
    return id;
}

static void the_spool_takes_the_order_of_a_note(void **state)
{
    struct office *d = *state;
    struct store_spooled list[4];
    struct event_id a, b, c, wanted[2];
    size_t len = 0;
    bool has = false;

    office_open(d, COMMUNE_A);
    a = record(d, "một");
    b = record(d, "hai");
    c = record(d, "ba");
    wanted[0] = c;
    wanted[1] = a;
    assert_ok(store_begin(d->store, &d->err), d->err);
    assert_ok(store_spool_arrange(d->store, false, SPAN_OF(wanted), &d->err),
              d->err);
    assert_ok(store_spool_list(d->store, false, 0, 1u << 20, &d->arena, list, 4,
                               &len, &d->err),
              d->err);
    assert_int_equal(len, 3);
    assert_memory_equal(&list[0].id, &c, sizeof(c));
    assert_memory_equal(&list[1].id, &a, sizeof(a));
    assert_memory_equal(&list[2].id, &b, sizeof(b));
    assert_ok(store_spool_has(d->store, false, &b, &has, &d->err), d->err);
    assert_true(has);
    memset(&wanted[1], 0xee, sizeof(wanted[1]));
    assert_err(store_spool_arrange(d->store, false, SPAN_OF(wanted), &d->err),
               ERR_NOTFOUND, d->err);
    store_rollback(d->store);
    assert_ok(store_begin(d->store, &d->err), d->err);
    wanted[1] = a;
    assert_ok(store_spool_arrange(d->store, false, SPAN_OF(wanted), &d->err),
              d->err);
    assert_ok(store_commit(d->store, &d->err), d->err);
    /* What comes later stands behind. */
    (void)record(d, "bốn");
    scene_settle(d->store, "2024-03-10");
    assert_rebuilds_the_same(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_a_bundle_brought_is_folded_found_and_sound, setup,
            office_teardown),
        cmocka_unit_test_setup_teardown(
            a_leaf_of_the_log_takes_its_staged_copy_s_place, setup,
            office_teardown),
        cmocka_unit_test_setup_teardown(
            a_forged_event_and_another_node_s_are_refused, setup,
            office_teardown),
        cmocka_unit_test_setup_teardown(one_size_has_one_note, setup,
                                        office_teardown),
        cmocka_unit_test_setup_teardown(the_spool_takes_the_order_of_a_note,
                                        setup, office_teardown),
    };

    return TEST_RUN(tests);
}
