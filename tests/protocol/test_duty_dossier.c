/* D6, the dossier of a dialogue, and D7, what was promised at the one before,
 * each case counted by hand on the calendar of 2024. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define ANSWERED QCDC__V1__CONCLUSION__CONCLUSION_ANSWERED
#define DONE QCDC__V1__OUTCOME__OUTCOME_DONE
#define NOT_YET QCDC__V1__OUTCOME__OUTCOME_NOT_YET
#define NOT_DONE QCDC__V1__OUTCOME__OUTCOME_NOT_DONE

/* ---- D6 ------------------------------------------------------------------ */

static void dossier_fill(struct world *w, Qcdc__V1__DialogueRecord *d,
                         const char *on)
{
    static const uint32_t kinds[] = {2, 3, 5, 8};

    for (size_t i = 0; i < TEST_LEN(kinds); i++) {
        dossier_add(w, d, kinds[i], on, false);
    }
    d->first_concluded = act(w, on);
}

/* Guidance II.2.3: items 1-3 and 5-8; 6 void at the first dialogue. Held
 * 12-3-2024, 30 days later is Thursday 11-4; g = 12, 15, 16, 17, 19 (the 18th
 * is the Hung Kings' day). */
static void first_dossier_needs_no_report_on_previous_petitions(void **state)
{
    static const char *const lines[] = {"2024-03-29"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-10"), lines, 1);
    dossier_fill(w, d, "2024-04-11");
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D6", 2024, 0), DUTY_MET, 1, 1);
    assert_item(item(w, "D6", 0), DUTY_MET, "2024-04-11", "2024-04-19");
    assert_int_equal(item(w, "D6", 0)->evidence_len, 6);
}

/* At the next dialogue item 6 is required; and 30 days after 2-8-2024 is
 * Sunday 1-9, which rolls over National Day (2, 3) to Wednesday 4-9. */
static void later_dossier_without_item_six_is_missing(void **state)
{
    static const char *const lines[] = {"2024-03-29"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *first = dialogue(w, WORLD_COMMUNE, "2024-03-12");
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-08-02");

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-10"), lines, 1);
    dossier_fill(w, first, "2024-03-20");
    put_dialogue(w, id_made(1000), first);
    dossier_fill(w, d, "2024-08-20");
    put_dialogue(w, id_made(1001), d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "D6", 2024, 0), DUTY_MISSING, 1, 2);
    for (size_t i = 0; i < 2; i++) {
        if (item(w, "D6", i)->arises_day == day("2024-08-02")) {
            assert_item(item(w, "D6", i), DUTY_MISSING, "2024-09-04",
                        "2024-09-11");
            assert_int_equal(item(w, "D6", i)->gaps, 1u << 6);
        }
    }
}

/* duties.md D6: or waived with reason; met on the latest of all. */
static void waiver_fills_an_item_on_its_own_day(void **state)
{
    static const char *const lines[] = {"2024-03-29"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-10"), lines, 1);
    dossier_add(w, d, 2, "2024-03-01", false);
    dossier_add(w, d, 3, "2024-03-01", false);
    dossier_add(w, d, 5, "2024-04-12", true);
    dossier_add(w, d, 8, "2024-03-15", false);
    d->first_concluded = act(w, "2024-03-15");
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D6", 2024, 0), DUTY_LATE, 0, 1);
    assert_day(item(w, "D6", 0)->met_day, "2024-04-12");
}

static void dossier_without_any_plan_lacks_item_one(void **state)
{
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    dossier_fill(w, d, "2024-03-15");
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_COMMUNE, "2024-04-19", NULL);
    assert_cell(cell(w, "D6", 2024, 0), DUTY_NOT_DUE, 0, 0);
    assert_int_equal(item(w, "D6", 0)->gaps, 1u << 1);
    world_evaluate(w, WORLD_COMMUNE, "2024-04-20", NULL);
    assert_cell(cell(w, "D6", 2024, 0), DUTY_UNKNOWN, 0, 1);
}

/* ---- D7 ------------------------------------------------------------------ */

/* Guidance II.2.2 b. Earlier dialogue 12-3, later one Tuesday 10-9-2024, which
 * is the due date; g = 17-9. Four petitions: told done, told not yet with a
 * date, told not yet without one, not told. */
static void each_open_petition_must_be_reported_at_the_next(void **state)
{
    struct world *w = *state;
    struct event_id first = id_new(w);
    struct event_id later = id_new(w);
    struct event_id p[4] = {id_new(w), id_new(w), id_new(w), id_new(w)};
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-09-10");
    const struct duty_cell *c;

    put_dialogue(w, first, dialogue(w, WORLD_COMMUNE, "2024-03-12"));
    for (size_t i = 0; i < 4; i++) {
        put_petition(w, p[i], raised(w, WORLD_COMMUNE, first, "2024-03-12"));
    }
    previous_add(w, d, p[0], DONE, NULL, 0, "2024-09-10");
    previous_add(w, d, p[1], NOT_YET, "2024-12-01", 0, "2024-09-11");
    previous_add(w, d, p[2], NOT_YET, NULL, 0, "2024-09-10");
    put_dialogue(w, later, d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-09-18");
    c = cell(w, "D7", 2024, 0);
    assert_cell(c, DUTY_MISSING, 1, 4);
    assert_int_equal(c->counts[DUTY_LATE], 1);
    assert_int_equal(c->counts[DUTY_MISSING], 2);
    assert_day(item(w, "D7", 0)->due_day, "2024-09-10");
    assert_day(item(w, "D7", 0)->g_day, "2024-09-17");
}

/* duties.md, words: final = answered on the spot, outcome done or not done,
 * withdrawn; effective before that dialogue's day. */
static void final_outcomes_before_the_day_need_no_report(void **state)
{
    struct world *w = *state;
    struct event_id first = id_new(w);
    struct event_id p[4] = {id_new(w), id_new(w), id_new(w), id_new(w)};
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");
    Qcdc__V1__PetitionRecord *r[4];
    Qcdc__V1__OutcomeLine outcome = QCDC__V1__OUTCOME_LINE__INIT;
    Qcdc__V1__OutcomeLine *outcomes[] = {&outcome};

    conclude(w, d, p[0], ANSWERED, 0, NULL, "2024-03-12");
    put_dialogue(w, first, d);
    for (size_t i = 0; i < 4; i++) {
        r[i] = raised(w, WORLD_COMMUNE, first, "2024-03-12");
    }
    outcome.act = act(w, "2024-09-09");
    outcome.outcome = NOT_DONE;
    outcome.reason = 1;
    r[1]->outcomes = outcomes;
    r[1]->n_outcomes = 1;
    r[2]->withdrawn = act(w, "2024-09-09");
    r[3]->withdrawn = act(w, "2024-09-10"); /* on the day: too late */
    for (size_t i = 0; i < 4; i++) {
        put_petition(w, p[i], r[i]);
    }
    put_dialogue(w, id_new(w), dialogue(w, WORLD_COMMUNE, "2024-09-10"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_int_equal(items(w, "D7"), 1);
    assert_cell(cell(w, "D7", 2024, 0), DUTY_MISSING, 0, 1);
}

/* Reported not yet, the petition is open still: owed at every later dialogue;
 * reported not done with a reason, it is not. */
static void not_yet_is_owed_again_and_not_done_is_not(void **state)
{
    struct world *w = *state;
    struct event_id first = id_new(w);
    struct event_id p[2] = {id_new(w), id_new(w)};
    Qcdc__V1__DialogueRecord *second = dialogue(w, WORLD_COMMUNE, "2024-06-11");
    Qcdc__V1__DialogueRecord *third = dialogue(w, WORLD_COMMUNE, "2024-09-10");

    put_dialogue(w, first, dialogue(w, WORLD_COMMUNE, "2024-03-12"));
    put_petition(w, p[0], raised(w, WORLD_COMMUNE, first, "2024-03-12"));
    put_petition(w, p[1], raised(w, WORLD_COMMUNE, first, "2024-03-12"));
    previous_add(w, second, p[0], NOT_YET, "2024-09-01", 0, "2024-06-11");
    previous_add(w, second, p[1], NOT_DONE, NULL, 3, "2024-06-11");
    put_dialogue(w, id_new(w), second);
    previous_add(w, third, p[0], DONE, NULL, 0, "2024-09-10");
    put_dialogue(w, id_new(w), third);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D7", 2024, 0), DUTY_MET, 3, 3);
}

/* "Of the same unit": the party committee owes nothing for the petitions of a
 * dialogue that it did not chair. */
static void petitions_of_others_dialogues_are_not_previous(void **state)
{
    struct world *w = *state;
    struct event_id first = id_new(w);

    put_dialogue(w, first, dialogue(w, WORLD_COMMUNE, "2024-03-12"));
    put_petition(w, id_new(w), raised(w, WORLD_COMMUNE, first, "2024-03-12"));
    put_dialogue(w, id_new(w), dialogue(w, WORLD_PARTY, "2024-09-10"));
    world_evaluate(w, WORLD_PARTY, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "D7", 2024, 0), DUTY_NONE_RECORDED, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_dossier_needs_no_report_on_previous_petitions),
        TEST(later_dossier_without_item_six_is_missing),
        TEST(waiver_fills_an_item_on_its_own_day),
        TEST(dossier_without_any_plan_lacks_item_one),
        TEST(each_open_petition_must_be_reported_at_the_next),
        TEST(final_outcomes_before_the_day_need_no_report),
        TEST(not_yet_is_owed_again_and_not_done_is_not),
        TEST(petitions_of_others_dialogues_are_not_previous),
    };

    return TEST_RUN(tests);
}
