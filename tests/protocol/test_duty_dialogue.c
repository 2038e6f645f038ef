/* D1, D5, D6, D7, each case counted by hand on the calendar of 2024. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define ANSWERED QCDC__V1__CONCLUSION__CONCLUSION_ANSWERED
#define TAKEN QCDC__V1__CONCLUSION__CONCLUSION_TAKEN
#define FORWARDED QCDC__V1__CONCLUSION__CONCLUSION_FORWARDED
#define DONE QCDC__V1__OUTCOME__OUTCOME_DONE
#define NOT_YET QCDC__V1__OUTCOME__OUTCOME_NOT_YET
#define NOT_DONE QCDC__V1__OUTCOME__OUTCOME_NOT_DONE

/* ---- D1 ------------------------------------------------------------------ */

/* Law 77/2015 Article 125: the commune's committee, once a year. Due 31-12-2024
 * (Tuesday); 1-1-2025 rests, so g = 8-1-2025 (2, 3, 6, 7, 8). */
static void commune_dialogue_of_the_year_is_met(void **state)
{
    struct world *w = *state;

    put_dialogue(w, id_new(w), dialogue(w, WORLD_COMMUNE, "2024-12-31"));
    world_evaluate(w, WORLD_COMMUNE, "2025-01-20", NULL);
    assert_cell(cell(w, "D1", 2024, 0), DUTY_MET, 1, 1);
    assert_item(item(w, "D1", 0), DUTY_MET, "2024-12-31", "2025-01-08");
    assert_cell(cell(w, "D1", 2025, 0), DUTY_NOT_DUE, 0, 0);
}

/* duties.md D1: chaired by the head; voter contact never counts. A dialogue of
 * January 2025 is one of 2025. */
static void deputies_and_voter_contact_and_next_year_do_not_count(void **state)
{
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *deputy = dialogue(w, WORLD_COMMUNE, "2024-05-10");
    Qcdc__V1__DialogueRecord *contact =
        dialogue(w, WORLD_COMMUNE, "2024-06-10");

    deputy->chairs[0]->head = false;
    contact->voter_contact = true;
    put_dialogue(w, id_new(w), deputy);
    put_dialogue(w, id_new(w), contact);
    put_dialogue(w, id_new(w), dialogue(w, WORLD_COMMUNE, "2025-01-03"));
    world_evaluate(w, WORLD_COMMUNE, "2025-01-09", "2025-01-09");
    assert_cell(cell(w, "D1", 2024, 0), DUTY_MISSING, 0, 1);
    assert_cell(cell(w, "D1", 2025, 0), DUTY_MET, 1, 1);
    world_evaluate(w, WORLD_COMMUNE, "2025-01-09", "2025-01-08");
    assert_cell(cell(w, "D1", 2024, 0), DUTY_UNKNOWN, 0, 1);
    world_evaluate(w, WORLD_COMMUNE, "2025-01-08", "2025-01-08");
    assert_cell(cell(w, "D1", 2024, 0), DUTY_NOT_DUE, 0, 0);
}

/* duties.md D1: other units owe the periodic ones of their own plan; without
 * a plan D0 is missing and D1 none. */
static void party_without_plan_misses_d0_and_has_no_d1(void **state)
{
    struct world *w = *state;

    world_evaluate(w, WORLD_PARTY, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_MISSING, 0, 1);
    assert_cell(cell(w, "D1", 2024, 0), DUTY_NONE_RECORDED, 0, 0);
}

/* A month of the plan is its last day: 31-3-2024 is a Sunday and rolls to 1-4;
 * 30-9-2024 is a Monday, g = 7-10. Unnamed dialogues fill in date order. */
static void dialogues_in_date_order_fill_the_earliest_lines(void **state)
{
    static const char *const lines[] = {"2024-09-30", "2024-03-31"};
    struct world *w = *state;

    put_plan(w, WORLD_PARTY, 2024, act(w, "2024-01-10"), lines, 2);
    put_dialogue(w, id_new(w), dialogue(w, WORLD_PARTY, "2024-10-01"));
    put_dialogue(w, id_new(w), dialogue(w, WORLD_PARTY, "2024-04-01"));
    world_evaluate(w, WORLD_PARTY, "2024-12-31", NULL);
    assert_cell(cell(w, "D1", 2024, 0), DUTY_LATE, 1, 2);
    assert_int_equal(item(w, "D1", 0)->line, 1);
    assert_item(item(w, "D1", 0), DUTY_LATE, "2024-09-30", "2024-10-07");
    assert_item(item(w, "D1", 1), DUTY_MET, "2024-04-01", "2024-04-08");
}

/* A dialogue whose schedule names the line fills it, whatever the order. */
static void named_line_is_filled_by_its_dialogue(void **state)
{
    static const char *const lines[] = {"2024-03-29", "2024-09-30"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *named = dialogue(w, WORLD_PARTY, "2024-02-20");
    struct event_id plan =
        put_plan(w, WORLD_PARTY, 2024, act(w, "2024-01-10"), lines, 2);

    named->plan_id = bytes_of(w, plan);
    named->plan_line = 2;
    put_dialogue(w, id_new(w), named);
    put_dialogue(w, id_new(w), dialogue(w, WORLD_PARTY, "2024-04-02"));
    world_evaluate(w, WORLD_PARTY, "2024-12-31", NULL);
    assert_item(item(w, "D1", 0), DUTY_LATE, "2024-03-29", "2024-04-05");
    assert_item(item(w, "D1", 1), DUTY_MET, "2024-09-30", "2024-10-07");
}

/* duties.md, words: a postponement scheduled by the due date to a date of the
 * same year moves it; 20-4-2024 is a Saturday and rolls to 22-4. */
static void postponement_in_time_moves_the_line(void **state)
{
    static const char *const lines[] = {"2024-03-29"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_PARTY, "2024-04-20");
    struct event_id plan =
        put_plan(w, WORLD_PARTY, 2024, act(w, "2024-01-10"), lines, 1);

    d->plan_id = bytes_of(w, plan);
    d->plan_line = 1;
    schedule_add(w, d, "2024-03-29", "2024-03-01");
    schedule_add(w, d, "2024-04-20", "2024-03-29");
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_PARTY, "2024-12-31", NULL);
    assert_item(item(w, "D1", 0), DUTY_MET, "2024-04-22", "2024-05-02");
    assert_day(item(w, "D1", 0)->first_due_day, "2024-03-29");
    assert_int_equal(cell(w, "D1", 2024, 0)->postponed, 1);
}

static void postponement_too_late_or_to_next_year_moves_nothing(void **state)
{
    static const char *const lines[] = {"2024-03-29", "2024-10-31"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *late = dialogue(w, WORLD_PARTY, "2024-04-20");
    Qcdc__V1__DialogueRecord *away = dialogue(w, WORLD_PARTY, "2025-01-06");
    struct event_id plan =
        put_plan(w, WORLD_PARTY, 2024, act(w, "2024-01-10"), lines, 2);

    late->plan_id = bytes_of(w, plan);
    late->plan_line = 1;
    schedule_add(w, late, "2024-03-29", "2024-03-01");
    schedule_add(w, late, "2024-04-20", "2024-03-30");
    put_dialogue(w, id_new(w), late);
    away->plan_id = bytes_of(w, plan);
    away->plan_line = 2;
    schedule_add(w, away, "2024-10-31", "2024-03-01");
    schedule_add(w, away, "2025-01-06", "2024-10-01");
    put_dialogue(w, id_new(w), away);
    world_evaluate(w, WORLD_PARTY, "2025-01-20", NULL);
    assert_item(item(w, "D1", 0), DUTY_LATE, "2024-03-29", "2024-04-05");
    assert_item(item(w, "D1", 1), DUTY_LATE, "2024-10-31", "2024-11-07");
    assert_int_equal(cell(w, "D1", 2024, 0)->postponed, 0);
}

/* As any date: stated as of 29-3, recorded after its g of 5-4. */
static void postponement_that_the_chain_refutes_moves_nothing(void **state)
{
    static const char *const lines[] = {"2024-03-29"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_PARTY, "2024-04-19");
    struct event_id plan =
        put_plan(w, WORLD_PARTY, 2024, act(w, "2024-01-10"), lines, 1);

    d->plan_id = bytes_of(w, plan);
    d->plan_line = 1;
    schedule_add(w, d, "2024-03-29", "2024-03-01");
    schedule_add(w, d, "2024-04-19", "2024-03-29");
    d->schedules[1]->act =
        act_between(w, "2024-03-29", "2024-04-06", "2024-04-08");
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_PARTY, "2024-12-31", NULL);
    assert_item(item(w, "D1", 0), DUTY_LATE, "2024-03-29", "2024-04-05");
    assert_int_equal(cell(w, "D1", 2024, 0)->postponed, 0);
}

/* duties.md D1: a joint dialogue counts for each chairing unit. */
static void joint_dialogue_counts_for_each_chair(void **state)
{
    static const char *const lines[] = {"2024-05-31"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-05-10");

    chair_add(w, d, WORLD_PARTY, true);
    put_plan(w, WORLD_PARTY, 2024, act(w, "2024-01-10"), lines, 1);
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D1", 2024, 0), DUTY_MET, 1, 1);
    assert_int_equal(items(w, "D5"), 1);
    world_evaluate(w, WORLD_PARTY, "2024-12-31", NULL);
    assert_cell(cell(w, "D1", 2024, 0), DUTY_MET, 1, 1);
    assert_int_equal(items(w, "D5"), 1);
}

/* The same: a schedule names one plan at most, and a joint dialogue that names
 * the other unit's still fills the earliest open line of this one's. */
static void joint_dialogue_may_name_the_plan_of_the_other(void **state)
{
    static const char *const lines[] = {"2024-05-31"};
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_DISTRICT, "2024-05-10");
    struct event_id theirs =
        put_plan(w, WORLD_PROVINCE, 2024, act(w, "2024-01-10"), lines, 1);

    put_plan(w, WORLD_DISTRICT, 2024, act(w, "2024-01-10"), lines, 1);
    chair_add(w, d, WORLD_PROVINCE, true);
    d->plan_id = bytes_of(w, theirs);
    d->plan_line = 1;
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_DISTRICT, "2024-12-31", NULL);
    assert_cell(cell(w, "D1", 2024, 0), DUTY_MET, 1, 1);
    world_evaluate(w, WORLD_PROVINCE, "2024-12-31", NULL);
    assert_cell(cell(w, "D1", 2024, 0), DUTY_MET, 1, 1);
}

/* A neighbour that neither reports to it nor shares its node cannot make a
 * unit chair, whatever it writes down. */
static void chair_named_by_a_stranger_owes_nothing(void **state)
{
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_STRANGER, "2024-05-10");

    chair_add(w, d, WORLD_COMMUNE, true);
    put_dialogue(w, id_new(w), d);
    d = dialogue(w, WORLD_PARTY, "2024-05-11");
    chair_add(w, d, WORLD_DISTRICT, true); /* above the committee only */
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_COMMUNE, "2025-01-31", "2025-01-31");
    assert_cell(cell(w, "D1", 2024, 0), DUTY_MISSING, 0, 1);
    assert_int_equal(items(w, "D5"), 0);
    assert_int_equal(items(w, "D6"), 0);
    world_evaluate(w, WORLD_DISTRICT, "2025-01-31", "2025-01-31");
    assert_int_equal(items(w, "D5"), 0);
}

static void chair_above_the_recorder_chaired_it(void **state)
{
    struct world *w = *state;
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-05-10");

    chair_add(w, d, WORLD_PROVINCE, true); /* two steps up */
    put_dialogue(w, id_new(w), d);
    d = dialogue(w, WORLD_PROVINCE, "2024-06-10");
    chair_add(w, d, WORLD_COMMUNE, true);
    put_dialogue(w, id_new(w), d);
    world_evaluate(w, WORLD_PROVINCE, "2024-12-31", NULL);
    assert_int_equal(items(w, "D5"), 2);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_int_equal(items(w, "D5"), 2);
}

/* ---- D5 ------------------------------------------------------------------ */

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
        TEST(commune_dialogue_of_the_year_is_met),
        TEST(deputies_and_voter_contact_and_next_year_do_not_count),
        TEST(party_without_plan_misses_d0_and_has_no_d1),
        TEST(dialogues_in_date_order_fill_the_earliest_lines),
        TEST(named_line_is_filled_by_its_dialogue),
        TEST(postponement_in_time_moves_the_line),
        TEST(postponement_too_late_or_to_next_year_moves_nothing),
        TEST(postponement_that_the_chain_refutes_moves_nothing),
        TEST(joint_dialogue_counts_for_each_chair),
        TEST(joint_dialogue_may_name_the_plan_of_the_other),
        TEST(chair_named_by_a_stranger_owes_nothing),
        TEST(chair_above_the_recorder_chaired_it),
        TEST(petition_of_one_who_was_not_there_is_not_raised),
        TEST(conclusion_on_the_fifth_working_day_is_met),
        TEST(conclusion_on_the_sixth_working_day_is_late),
        TEST(terms_of_conclusions_skip_tet_and_count_the_swap),
        TEST(conclusion_without_body_or_date_is_not_complete),
        TEST(dialogue_without_petitions_needs_a_conclusion),
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
