/* The store as a whole: what comes in as segments comes out as records and
 * cells; nothing is lost by closing; rebuild gives the same bytes. */
#include "tests/store/scene.h"

#include "store/query.h"

static struct event_id petition(struct scene *s, uint32_t node, const char *on,
                                const char *text)
{
    scene_day(s, on);
    return SAY(s, .node = node, .type = EVENT_PETITION_RECEIVED, .on = on,
               .text = text,
               .facts = {{"channel", "counter"},
                         {"kind", "proposal"},
                         {"field", "land"},
                         {"person_known", "true"},
                         {"people", "1"}});
}

static void notify(struct scene *s, uint32_t node, const char *on,
                   struct event_id subject)
{
    scene_day(s, on);
    (void)SAY(s, .node = node, .type = EVENT_PERSON_NOTIFIED, .on = on,
              .subject = subject, .refs = {subject},
              .facts = {{"notice", "accepted"}});
}

static void a_petition_becomes_a_record_and_a_cell(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store_cell_filter filter = {
        .unit = UBND(COMMUNE_A), .year = 2024, .duty = "P1"};
    struct store_record record;
    struct duty_cell cells[32];
    struct error err = {0};
    struct store *store;
    struct arena arena;
    struct event_id id;
    size_t len;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    id = petition(s, COMMUNE_A, "2024-03-01", "Đường hỏng");
    notify(s, COMMUNE_A, "2024-03-08", id);
    scene_flush(s);
    store = scene_store(scene_path("petition"), PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, "2024-06-01");
    assert_ok(arena_new(&arena, 1 << 20, &err), err);
    assert_ok(store_record_find(store, &id, &arena, &record, &err), err);
    assert_int_equal(record.kind, RECORD_PETITION);
    assert_int_equal(record.unit, UBND(COMMUNE_A));
    assert_ok(store_cell_list(store, &filter, cells, 32, &len, &err), err);
    assert_true(len > 0);
    for (size_t i = 0; i < len; i++) {
        if (cells[i].month == 3) {
            assert_int_equal(cells[i].verdict, DUTY_MET);
            assert_int_equal(cells[i].n, 1);
        }
    }
    store_close(store);
    arena_release(&arena);
    scene_close(s);
    free(s);
}

/* Said by a newer program: a type that is not known here, and a newer version
 * of one that is. */
static void
what_is_not_understood_is_kept_whole_counted_and_means_nothing(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store_standing_count counts[8];
    struct store_record record;
    struct store_event event;
    struct event_id id, newer[2];
    struct span leaves[2];
    struct error err = {0};
    struct store *store;
    struct arena arena;
    size_t len;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    id = petition(s, COMMUNE_A, "2024-03-01", NULL);
    newer[0] =
        SAY(s, .node = COMMUNE_A, .type = 60000, .subject = id, .refs = {id});
    leaves[0] = scene_log(s, COMMUNE_A, false)->items[1].leaf;
    newer[1] = SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_WITHDRAWN,
                   .version = 2, .subject = id, .refs = {id});
    leaves[1] = scene_log(s, COMMUNE_A, false)->items[2].leaf;
    scene_flush(s);
    store = scene_store(scene_path("newer"), PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, "2024-06-01");
    assert_ok(arena_new(&arena, 1 << 20, &err), err);
    assert_ok(store_standing_list(store, COMMUNE_A, counts, 8, &len, &err),
              err);
    assert_int_equal(len, 1);
    assert_int_equal(counts[0].standing, STANDING_NOT_UNDERSTOOD);
    assert_int_equal(counts[0].events, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(store_event_find(store, &newer[i], &arena, &event, &err),
                  err);
        assert_int_equal(event.standing, STANDING_NOT_UNDERSTOOD);
        assert_true(event.signature_ok);
        assert_true(span_equal(event.leaf, leaves[i]));
    }
    assert_ok(store_record_find(store, &id, &arena, &record, &err), err);
    assert_int_equal(record.kind, RECORD_PETITION);
    store_close(store);
    arena_release(&arena);
    scene_close(s);
    free(s);
}

/* A clock set back touches every record; intake must not wait for them. */
static void a_turn_never_folds_all_records_at_once(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store_integrated done;
    struct error err = {0};
    struct store *store;
    uint32_t records = 0;
    char *before, *after;
    size_t i;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    for (i = 0; i < 150; i++) {
        (void)petition(s, COMMUNE_A, "2024-03-01", NULL);
    }
    scene_flush(s);
    store = scene_store(":memory:", PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, "2024-06-01");
    before = scene_dump(store);
    scene_settle(store, "2024-06-02");
    do {
        assert_ok(store_begin(store, &err), err);
        assert_ok(store_settle(store, now_of("2024-06-01"), 1, &done, &err),
                  err);
        assert_ok(store_commit(store, &err), err);
        assert_in_range(done.records + done.units, 0, 65);
        records += done.records;
    } while (done.more);
    assert_int_equal(records, 150);
    after = scene_dump(store);
    assert_string_equal(before, after);
    free(before);
    free(after);
    store_close(store);
    scene_close(s);
    free(s);
}

#define KEY_TRUSTED 5001u /* of an official with the right to denunciations */

static struct event_id denounce(struct scene *s, uint32_t signer)
{
    return SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
               .on = "2024-03-01", .signer = signer,
               .facts = {{"channel", "counter"},
                         {"kind", "denunciation"},
                         {"person_known", "true"}});
}

static void classify(struct scene *s, struct event_id subject, const char *on,
                     uint32_t signer)
{
    (void)SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_CLASSIFIED, .on = on,
              .subject = subject, .refs = {subject}, .signer = signer,
              .facts = {{"result", "accepted"}, {"kind", "denunciation"}});
}

static uint32_t state_of(struct store *store, const struct event_id *subject)
{
    struct arena arena;
    struct store_record record;
    struct error err = {0};

    assert_ok(arena_new(&arena, 1 << 16, &err), err);
    assert_ok(store_record_find(store, subject, &arena, &record, &err), err);
    arena_release(&arena);
    return record.state;
}

/* The realm's clerks may record; one official may take denunciations too. */
static void a_denunciation_moves_by_its_own_right_alone(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct sign_public pub = scene_key(KEY_TRUSTED, NULL);
    struct event_id by_clerk, mixed, whole;
    struct store *store;
    char key[65], unit[16];

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    hex_encode(SPAN_OF(pub), key);
    (void)snprintf(unit, sizeof(unit), "%u", UBND(COMMUNE_A));
    scene_day(s, "2024-03-01");
    (void)SAY(s, .node = COMMUNE_A, .type = EVENT_ACTOR_CERTIFIED,
              .signer = KEY_REGISTRAR(COMMUNE_A), .on = "2024-03-01",
              .facts = {{"actor_key", key},
                        {"unit", unit},
                        {"rights", "8"},
                        {"post", "clerk"}});
    by_clerk = denounce(s, 0);
    mixed = denounce(s, KEY_TRUSTED);
    scene_day(s, "2024-03-02");
    classify(s, mixed, "2024-03-02", 0);
    whole = denounce(s, KEY_TRUSTED);
    classify(s, whole, "2024-03-02", KEY_TRUSTED);
    scene_flush(s);
    store = scene_store(scene_path("denounced"), PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, "2024-03-10");
    assert_int_equal(state_of(store, &by_clerk), 0);
    assert_int_equal(state_of(store, &mixed), 1); /* received */
    assert_int_equal(state_of(store, &whole), 2); /* accepted */
    store_close(store);
    scene_close(s);
    free(s);
}

/* A correction moved it ahead: nobody need touch the record on that day. */
static void a_day_that_a_correction_names_wakes_the_record(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store *store, *fresh;
    struct event_id id, told;
    char *kept, *rebuilt;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    id = petition(s, COMMUNE_A, "2024-03-01", "Đường hỏng");
    told = SAY(s, .node = COMMUNE_A, .type = EVENT_PERSON_NOTIFIED,
               .on = "2024-03-08", .subject = id, .refs = {id},
               .facts = {{"notice", "accepted"}});
    (void)SAY(s, .node = COMMUNE_A, .type = EVENT_CORRECTED, .on = "2024-03-09",
              .subject = id, .refs = {told},
              .facts = {{"field", "0"},
                        {"old_number", "19790"},
                        {"new_number", "19793"},
                        {"reason", "1"}});
    scene_day(s, "2024-03-10"); /* the bracket bears the 11th */
    scene_flush(s);
    store = scene_store(scene_path("wakes"), PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, "2024-03-10");
    scene_settle(store, "2024-03-12");
    fresh = scene_store(scene_path("fresh"), PROVINCE);
    scene_give_all(s, fresh);
    scene_settle(fresh, "2024-03-12");
    kept = scene_dump(store);
    rebuilt = scene_dump(fresh);
    assert_string_equal(kept, rebuilt);
    free(kept);
    free(rebuilt);
    store_close(store);
    store_close(fresh);
    scene_close(s);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_petition_becomes_a_record_and_a_cell),
        cmocka_unit_test(
            what_is_not_understood_is_kept_whole_counted_and_means_nothing),
        cmocka_unit_test(a_denunciation_moves_by_its_own_right_alone),
        cmocka_unit_test(a_day_that_a_correction_names_wakes_the_record),
        cmocka_unit_test(a_turn_never_folds_all_records_at_once),
    };
    return TEST_RUN(tests);
}
