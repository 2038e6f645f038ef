/* D5: what a conclusion must say and by when, each case counted by hand on the
 * calendar of 2024. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define ANSWERED QCDC__V1__CONCLUSION__CONCLUSION_ANSWERED
#define TAKEN QCDC__V1__CONCLUSION__CONCLUSION_TAKEN
#define FORWARDED QCDC__V1__CONCLUSION__CONCLUSION_FORWARDED

/* D5 asks for an answer to each petition raised: a unit that was not there
 * cannot add one, those of the same node and the chairs can. */
static void petition_of_one_who_was_not_there_is_not_raised(void **state)
{
    struct world *w = *state;
    struct event_id at = id_new(w), next = id_new(w);

    put_dialogue(w, at, dialogue(w, WORLD_COMMUNE, "2024-03-12"));
    put_dialogue(w, next, dialogue(w, WORLD_COMMUNE, "2024-09-10"));
    put_petition(w, id_new(w), raised(w, WORLD_STRANGER, at, "2024-03-12"));
    put_petition(w, id_new(w), raised(w, WORLD_DISTRICT, at, "2024-03-12"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_int_equal(item(w, "D5", 0)->gaps + item(w, "D5", 1)->gaps, 0);
    assert_int_equal(items(w, "D7"), 0);
    put_petition(w, id_new(w), raised(w, WORLD_PARTY, at, "2024-03-12"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_int_equal(item(w, "D5", 0)->gaps + item(w, "D5", 1)->gaps, 1);
    assert_int_equal(items(w, "D7"), 1);
    world_evaluate(w, WORLD_DISTRICT, "2024-12-31", "2024-12-31");
    assert_int_equal(items(w, "P1"), 1);
}

/* Held Tuesday 12-3-2024; five working days: 13, 14, 15, 18, 19. */
static void conclusion_on_the_fifth_working_day_is_met(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    struct event_id p[3] = {id_new(w), id_new(w), id_new(w)};
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    conclude(w, d, p[0], ANSWERED, 0, NULL, "2024-03-12");
    conclude(w, d, p[1], TAKEN, WORLD_COMMUNE, "2024-04-12", "2024-03-19");
    conclude(w, d, p[2], FORWARDED, WORLD_DISTRICT, "2024-04-12", "2024-03-15");
    put_dialogue(w, id, d);
    for (size_t i = 0; i < 3; i++) {
        put_petition(w, p[i], raised(w, WORLD_COMMUNE, id, "2024-03-12"));
    }
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D5", 2024, 0), DUTY_MET, 1, 1);
    assert_item(item(w, "D5", 0), DUTY_MET, "2024-03-19", "2024-03-26");
    assert_day(item(w, "D5", 0)->met_day, "2024-03-19");
    assert_int_equal(item(w, "D5", 0)->evidence_len, 3);
}

static void conclusion_on_the_sixth_working_day_is_late(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    struct event_id p = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    conclude(w, d, p, ANSWERED, 0, NULL, "2024-03-20");
    put_dialogue(w, id, d);
    put_petition(w, p, raised(w, WORLD_COMMUNE, id, "2024-03-12"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D5", 2024, 0), DUTY_LATE, 0, 1);
}

/* Tet: held 6-2-2024, then 7; 8-14 rest; 15, 16, 19, 20. The bridge of 30-4:
 * held Friday 26-4; 2, 3, Saturday 4 worked in exchange, 6, 7 May. */
static void terms_of_conclusions_skip_tet_and_count_the_swap(void **state)
{
    struct world *w = *state;

    put_dialogue(w, id_made(900001), dialogue(w, WORLD_COMMUNE, "2024-02-06"));
    put_dialogue(w, id_made(900002), dialogue(w, WORLD_COMMUNE, "2024-04-26"));
    world_evaluate(w, WORLD_COMMUNE, "2024-02-20", NULL);
    for (size_t i = 0; i < 2; i++) {
        const struct duty_item *it = item(w, "D5", i);

        if (it->arises_day == day("2024-02-06")) {
            assert_day(it->due_day, "2024-02-20");
        } else {
            assert_day(it->due_day, "2024-05-07");
        }
    }
}

/* duties.md D5: each taken or forwarded one has body and date. */
static void conclusion_without_body_or_date_is_not_complete(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    struct event_id p[4] = {id_new(w), id_new(w), id_new(w), id_new(w)};
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");
    Qcdc__V1__Concluded *named;

    conclude(w, d, p[0], TAKEN, WORLD_COMMUNE, NULL, "2024-03-13");
    conclude(w, d, p[1], FORWARDED, 0, "2024-04-12", "2024-03-13");
    named = conclude(w, d, p[2], FORWARDED, 0, "2024-04-12", "2024-03-13");
    named->body_name.data = (uint8_t *)(uintptr_t) "Cty Điện lực";
    named->body_name.len = strlen("Cty Điện lực");
    put_dialogue(w, id, d);
    for (size_t i = 0; i < 4; i++) {
        put_petition(w, p[i], raised(w, WORLD_COMMUNE, id, "2024-03-12"));
    }
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-03-27");
    assert_cell(cell(w, "D5", 2024, 0), DUTY_MISSING, 0, 1);
    assert_int_equal(item(w, "D5", 0)->gaps, 3); /* p[3] was left out */
    assert_true(item(w, "D5", 0)->reopened);
    assert_int_equal(cell(w, "D5", 2024, 0)->reopened, 1);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-03-26");
    assert_cell(cell(w, "D5", 2024, 0), DUTY_UNKNOWN, 0, 1);
}

/* Without petitions there must still be a conclusion. A petition that names
 * the dialogue but was handed in another day was not raised there. */
static void dialogue_without_petitions_needs_a_conclusion(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    put_petition(w, id_new(w), raised(w, WORLD_COMMUNE, id, "2024-03-13"));
    put_dialogue(w, id, d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "D5", 2024, 0), DUTY_MISSING, 0, 1);
    w->records_len = 0;
    d->first_concluded = act(w, "2024-03-18");
    put_dialogue(w, id, d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D5", 2024, 0), DUTY_MET, 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(petition_of_one_who_was_not_there_is_not_raised),
        TEST(conclusion_on_the_fifth_working_day_is_met),
        TEST(conclusion_on_the_sixth_working_day_is_late),
        TEST(terms_of_conclusions_skip_tet_and_count_the_swap),
        TEST(conclusion_without_body_or_date_is_not_complete),
        TEST(dialogue_without_petitions_needs_a_conclusion),
    };

    return TEST_RUN(tests);
}
