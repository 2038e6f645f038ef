/* Cosignatures of a cosigner whose clock was wrong: a ClockFault voids them as
 * bounds of time, and the next trustworthy ones stand for them.
 *
 * The district cosigns commune A's log at 1-3 (certificates), then its clock
 * runs a hundred days ahead for one cosignature, then it is right again:
 *
 *     number 0     1-3    covers the certificates
 *     number 1    10-6    covers E1; wrong
 *     number 2     5-3    covers E2, which quotes number 1
 *
 * Without a ClockFault E1 is before 10-6 and E2 after 10-6; with one E1 is
 * before 5-3 and E2 after 1-3. */
#include "tests/store/scene.h"

#include <stdlib.h>

#include "protocol/log/cosignature.h"
#include "store/epoch.h"
#include "store/query.h"

#define DAY_S 86400

struct times {
    struct event_id first, second;
    int64_t good_s, wrong_s, later_s;
};

/* Said at commune A, sealed, cosigned at that second. */
static struct event_id said(struct scene *s, const char *on, int64_t ahead_s,
                            int64_t *cosigned_s)
{
    struct scene_log *log = scene_log(s, COMMUNE_A, false);
    struct event_id id =
        SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED, .on = on,
            .facts = {{"channel", "counter"},
                      {"kind", "proposal"},
                      {"field", "land"},
                      {"person_known", "true"}});
    uint64_t now_ms = s->now_ms;

    scene_seal(s, log);
    s->now_ms += (uint64_t)ahead_s * 1000;
    scene_cosign(s, log, false);
    *cosigned_s = (int64_t)cosignature_time(&log->newest.line);
    s->now_ms = now_ms + 2000;
    return id;
}

static void story(struct scene *s, struct times *out)
{
    scene_found(s);
    scene_day(s, "2024-03-01");
    (void)said(s, "2024-03-01", 0, &out->good_s);
    scene_day(s, "2024-03-02");
    out->first = said(s, "2024-03-02", (int64_t)100 * DAY_S, &out->wrong_s);
    scene_day(s, "2024-03-05");
    out->second = said(s, "2024-03-05", 0, &out->later_s);
    scene_flush(s);
}

static void assert_bracket(struct scene *s, struct store *store,
                           const struct event_id *id, int64_t lower_s,
                           int64_t upper_s)
{
    struct store_event event;
    struct error err = {0};

    assert_ok(store_event_find(store, id, &s->arena, &event, &err), err);
    assert_int_equal(event.lower_s, lower_s);
    assert_int_equal(event.upper_s, upper_s);
}

static void assert_due(struct store *store, bool expected)
{
    struct error err = {0};
    bool due = !expected;

    assert_ok(store_faults_due(store, &due, &err), err);
    assert_int_equal(due, expected);
}

/* As the node does when the directory changed. */
static void settle(struct store *store)
{
    struct store_rebuild_options options = {.now = now_of("2024-07-01")};
    struct store_integrated done;
    struct error err = {0};
    bool due = false;

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_faults_settle(store, &err), err);
    assert_ok(store_commit(store, &err), err);
    assert_ok(store_rebuild_is_due(store, &due, &err), err);
    assert_true(due);
    assert_ok(store_rebuild(store, &options, &done, &err), err);
}

static void a_fault_voids_the_bounds_it_gave(void **state)
{
    struct scene s;
    struct times at;
    struct store *store = scene_store(scene_path("fault"), PROVINCE);
    struct store *straight;
    size_t given;
    char *settled;
    char *fresh;

    (void)state;
    scene_open(&s);
    story(&s, &at);
    assert_true(at.wrong_s > at.later_s);
    scene_give_all(&s, store);
    scene_settle(store, "2024-07-01");
    assert_due(store, false);
    assert_bracket(&s, store, &at.first, at.good_s, at.wrong_s);
    assert_bracket(&s, store, &at.second, at.wrong_s, at.later_s);

    /* The fault comes afterwards. */
    given = scene_log(&s, PROVINCE, true)->parts_len;
    scene_fault(&s, PROVINCE, DISTRICT, (uint64_t)at.wrong_s - DAY_S,
                (uint64_t)at.wrong_s + DAY_S);
    scene_flush(&s);
    for (size_t i = 0; i < s.logs_len; i++) {
        if (&s.logs[i] == scene_log(&s, PROVINCE, true)) {
            for (size_t k = given; k < s.logs[i].parts_len; k++) {
                scene_give(&s, store, i, k);
            }
        }
    }
    scene_settle(store, "2024-07-01");
    assert_due(store, true);
    settle(store);
    assert_due(store, false);
    assert_bracket(&s, store, &at.first, at.good_s, at.later_s);
    assert_bracket(&s, store, &at.second, at.good_s, at.later_s);

    /* Known before: the same without deriving again. */
    straight = scene_store(scene_path("fault-first"), PROVINCE);
    scene_give_all(&s, straight);
    scene_settle(straight, "2024-07-01");
    assert_bracket(&s, straight, &at.first, at.good_s, at.later_s);
    assert_bracket(&s, straight, &at.second, at.good_s, at.later_s);
    settled = scene_dump(store);
    fresh = scene_dump(straight);
    assert_string_equal(settled, fresh);
    free(settled);
    free(fresh);
    store_close(straight);
    store_close(store);
    scene_close(&s);
}

/* Another cosigner's clock, or another time, changes nothing. */
static void other_times_and_other_cosigners_keep_their_word(void **state)
{
    struct scene s;
    struct times at;
    struct store *store = scene_store(scene_path("fault-other"), PROVINCE);

    (void)state;
    scene_open(&s);
    story(&s, &at);
    scene_fault(&s, PROVINCE, DISTRICT, (uint64_t)at.wrong_s + 1,
                (uint64_t)at.wrong_s + DAY_S);
    scene_fault(&s, DISTRICT, COMMUNE_A, (uint64_t)at.wrong_s - DAY_S,
                (uint64_t)at.wrong_s + DAY_S);
    scene_flush(&s);
    scene_give_all(&s, store);
    scene_settle(store, "2024-07-01");
    assert_bracket(&s, store, &at.first, at.good_s, at.wrong_s);
    assert_bracket(&s, store, &at.second, at.wrong_s, at.later_s);
    store_close(store);
    scene_close(&s);
}

/* Nothing trustworthy covers or precedes: no bound at all. */
static void without_a_trustworthy_one_there_is_no_bound(void **state)
{
    struct scene s;
    struct times at;
    struct store *store = scene_store(scene_path("fault-all"), PROVINCE);

    (void)state;
    scene_open(&s);
    story(&s, &at);
    scene_fault(&s, PROVINCE, DISTRICT, 1, (uint64_t)at.wrong_s + DAY_S);
    scene_flush(&s);
    scene_give_all(&s, store);
    scene_settle(store, "2024-07-01");
    assert_bracket(&s, store, &at.first, 0, 0);
    assert_bracket(&s, store, &at.second, 0, 0);
    store_close(store);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_voids_the_bounds_it_gave),
        cmocka_unit_test(other_times_and_other_cosigners_keep_their_word),
        cmocka_unit_test(without_a_trustworthy_one_there_is_no_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
