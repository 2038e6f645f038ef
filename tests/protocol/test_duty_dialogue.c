/* D0 and D1: a dialogue each year, as planned; each case counted by hand on the
 * calendar of 2024. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

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
    };

    return TEST_RUN(tests);
}
