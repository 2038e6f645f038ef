/* A body that is erased: gone from every table, from the search and from the
 * raw files, while leaves, roots, records and figures stay; who must have given
 * his word, and what may come in whatever order. */
#include "tests/store/erasing.h"

#include "store/erase.h"
#include "store/integrate.h"
#include "store/query.h"

static void the_batch_without_it_still_passes_intake(void **state)
{
    static uint8_t memory[4 << 20];
    struct arena arena;
    struct erasing st;
    struct store *store;
    struct store_segment segment;
    struct store_event event;
    struct store_log log;
    struct segment_checked *checked = calloc(1, sizeof(*checked));
    struct range before;
    struct vkey key;
    struct error err = {0};

    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    erasing_open(&st);
    erasing_text(&st);
    store = scene_store(scene_path("intake"), COMMUNE_A);
    erasing_hear(&st, store);
    assert_ok(store_event_find(store, &st.planted, &arena, &event, &err), err);
    assert_ok(store_log_get(store, event.log, &log, &err), err);
    assert_ok(
        vkey_make(span_str(log.origin), VKEY_ED25519, &log.key, &key, &err),
        err);
    range_init(&before);
    for (uint64_t at = 0; at <= event.index; at = before.size) {
        assert_ok(store_segment_read(store, log.id, at, &arena, &segment, &err),
                  err);
        assert_ok(segment_check(st.s->codec, &segment.parts, &before, &key,
                                SEGMENT_DUE_TEXTS | SEGMENT_DUE_PRIVATES,
                                &arena, checked, &err),
                  err);
        before = checked->range;
    }
    assert_true(segment_is_absent(&segment.parts,
                                  (uint16_t)(event.index - segment.parts.first),
                                  AUDIENCE_OF_TEXT));
    assert_int_equal(segment.parts.absent.len, 3);
    store_close(store);
    erasing_close(&st);
    free(checked);
    arena_release(&arena);
}

static void a_superior_waits_for_a_word_of_its_own(void **state)
{
    struct store_erasure erasure;
    struct error err = {0};
    struct erasing st;
    struct store *district, *province, *sibling;
    char district_path[512], province_path[512];

    (void)state;
    erasing_open(&st);
    erasing_text(&st);
    snprintf(district_path, 512, "%s", scene_path("district"));
    snprintf(province_path, 512, "%s", scene_path("province"));
    district = scene_store(district_path, DISTRICT);
    erasing_hear(&st, district);
    assert_true(erasing_holds(district, &st.planted, AUDIENCE_OF_TEXT));
    assert_ok(store_erasure_find(district, &st.planted, AUDIENCE_OF_TEXT,
                                 &erasure, &err),
              err);
    assert_false(erasure.acts);
    assert_int_equal(store_erasures_acted(district), 0);
    assert_memory_equal(&erasure.erased, &st.erased, sizeof(st.erased));
    assert_int_equal(erasing_check(district), 0);
    store_close(district);

    erasing_approve(&st, DISTRICT);
    district = erasing_reopen(district_path);
    province = scene_store(province_path, PROVINCE);
    sibling = scene_store(scene_path("sibling"), COMMUNE_B);
    erasing_give(&st, district);
    erasing_give(&st, province);
    erasing_give(&st, sibling);
    scene_settle(district, ASOF);
    scene_settle(province, ASOF);
    scene_settle(sibling, ASOF);
    assert_true(store_erasures_acted(district) > 0);
    assert_int_equal(store_erasures_acted(province), 0);
    assert_false(erasing_holds(district, &st.planted, AUDIENCE_OF_TEXT));
    assert_true(erasing_holds(province, &st.planted, AUDIENCE_OF_TEXT));
    assert_false(
        erasing_holds(sibling, &st.planted, AUDIENCE_OF_TEXT)); /* below it */
    assert_int_equal(erasing_check(district), 1);
    store_close(district);
    store_close(province);
    store_close(sibling);

    erasing_approve(&st, PROVINCE);
    province = erasing_reopen(province_path);
    erasing_hear(&st, province);
    assert_false(erasing_holds(province, &st.planted, AUDIENCE_OF_TEXT));
    assert_int_equal(erasing_check(province), 1);
    store_close(province);
    erasing_close(&st);
}

static void only_a_leader_erases_and_only_what_there_is(void **state)
{
    struct store_erasure erasure;
    struct error err = {0};
    struct erasing st;
    struct store *store;

    (void)state;
    erasing_open(&st);
    scene_day(st.s, "2024-06-03");
    (void)erasing_say(st.s, KEY_CLERK(COMMUNE_A), &st.planted, "text");
    (void)erasing_say(st.s, KEY_LEADER(COMMUNE_A), &st.planted, "unit");
    /* Of a commune that has nothing to do with it. */
    (void)SAY(st.s, .node = COMMUNE_B, .type = EVENT_ERASED, .on = "2024-06-03",
              .subject = st.planted, .refs = {st.planted},
              .signer = KEY_LEADER(COMMUNE_B),
              .facts = {{"audience", "text"}, {"ground", "mistake"}});
    scene_flush(st.s);
    store = scene_store(scene_path("rights"), COMMUNE_A);
    erasing_hear(&st, store);
    assert_true(erasing_holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_true(erasing_holds(store, &st.planted, AUDIENCE_OF_PRIVATE));
    assert_err(store_erasure_find(store, &st.planted, AUDIENCE_OF_TEXT,
                                  &erasure, &err),
               ERR_NOTFOUND, err);
    assert_int_equal(erasing_check(store), 0);
    store_close(store);
    erasing_close(&st);
}

/* The order comes before the body: a tail that is fetched back, a mirror that
 * is refilled by one who has not erased. */
static void a_body_that_comes_after_its_erasure_goes_too(void **state)
{
    struct error err = {0};
    struct erasing st;
    struct store *store;
    size_t commune = 0, log, i;

    (void)state;
    erasing_open(&st);
    erasing_text(&st);
    erasing_approve(&st, PROVINCE);
    store = scene_store(scene_path("late"), PROVINCE);
    for (log = 0; log < st.s->logs_len; log++) {
        if (&st.s->logs[log] == scene_log(st.s, COMMUNE_A, false)) {
            commune = log;
            continue;
        }
        for (i = 0; i < st.s->logs[log].parts_len; i++) {
            scene_give(st.s, store, log, i);
        }
    }
    scene_settle(store, ASOF);
    for (i = 0; i < st.s->logs[commune].parts_len; i++) {
        scene_give(st.s, store, commune, i);
        scene_settle(store, ASOF);
    }
    assert_false(erasing_holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_int_equal(erasing_found(store, "tuyet mat"), 0);
    assert_int_equal(erasing_check(store), 1);

    struct store_rebuild_options options = {.now = now_of(ASOF)};
    struct store_integrated done;
    char *before = scene_dump(store), *after;

    assert_ok(store_rebuild(store, &options, &done, &err), err);
    after = scene_dump(store);
    assert_string_equal(before, after);
    assert_int_equal(erasing_check(store), 1);
    free(before);
    free(after);
    store_close(store);
    erasing_close(&st);
}

static uint64_t spool(struct erasing *st, struct store *store,
                      const struct scene_event *event, struct event_id *id)
{
    struct error err = {0};
    struct span bodies;
    struct span leaf = scene_sign(st->s, event, id, &bodies);
    uint64_t number;

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_spool_append(store, false, leaf, bodies, &number, &err),
              err);
    assert_ok(store_commit(store, &err), err);
    scene_settle(store, ASOF);
    return number;
}

static void a_spooled_body_goes_before_it_is_ever_sent(void **state)
{
    struct scene_event petition = {.node = COMMUNE_A,
                                   .type = EVENT_PETITION_RECEIVED,
                                   .on = "2024-05-06",
                                   .text = PLANTED,
                                   .facts = {{"channel", "counter"},
                                             {"kind", "proposal"},
                                             {"field", "land"},
                                             {"person_known", "false"}}};
    struct scene_event erased = {
        .node = COMMUNE_A,
        .type = EVENT_ERASED,
        .on = "2024-06-03",
        .signer = KEY_LEADER(COMMUNE_A),
        .facts = {{"audience", "text"}, {"ground", "mistake"}}};
    struct event_id id, other;
    struct erasing st;
    struct store *store;
    char path[512];

    (void)state;
    erasing_open(&st);
    snprintf(path, sizeof(path), "%s", scene_path("spooled"));
    store = scene_store(path, COMMUNE_A);
    erasing_give(&st, store);
    (void)spool(&st, store, &petition, &id);
    assert_true(erasing_holds(store, &id, AUDIENCE_OF_TEXT));
    assert_true(erasing_trace(path, span_str("Tuyệt Mật bị ngập")));
    erased.subject = erased.refs[0] = id;
    (void)spool(&st, store, &erased, &other);
    assert_false(erasing_holds(store, &id, AUDIENCE_OF_TEXT));
    assert_int_equal(erasing_check(store), 1);
    store_close(store);
    erasing_close(&st);
}

/* Nobody said that it was erased: a body listed as absent is a loss. */
static void an_absence_without_a_ground_is_told(void **state)
{
    struct error err = {0};
    struct erasing st;
    struct store *store;
    uint64_t findings = 0;
    struct store_check_options options = {.now = now_of(ASOF)};

    (void)state;
    erasing_open(&st);
    store = scene_store(scene_path("lost"), COMMUNE_A);
    erasing_hear(&st, store);
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_erase(store, &st.planted, AUDIENCE_OF_TEXT, &err), err);
    assert_ok(store_commit(store, &err), err);
    assert_false(erasing_holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_ok(store_check(store, &options, &findings, &err), err);
    assert_int_equal(findings, 1);
    store_close(store);
    erasing_close(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_batch_without_it_still_passes_intake),
        cmocka_unit_test(a_superior_waits_for_a_word_of_its_own),
        cmocka_unit_test(only_a_leader_erases_and_only_what_there_is),
        cmocka_unit_test(a_body_that_comes_after_its_erasure_goes_too),
        cmocka_unit_test(a_spooled_body_goes_before_it_is_ever_sent),
        cmocka_unit_test(an_absence_without_a_ground_is_told),
    };

    return TEST_RUN(tests);
}
