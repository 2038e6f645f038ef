/* D0 and Y1, each case counted by hand on the calendar of 2024. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define HALF QCDC__V1__PERIOD__PERIOD_HALF
#define YEAR QCDC__V1__PERIOD__PERIOD_YEAR
#define PRESENT QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_PRESENT
#define NONE_HELD QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_NONE_HELD
#define NO_SECTION QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_UNSPECIFIED

static const char *const lines[] = {"2024-03-31", "2024-09-30"};

/* duties.md D0: due 31-1. 31-1-2024 is a Wednesday; the five working days
 * after it are 1, 2, 5, 6, 7 February (Tet begins on the 8th). */
static void annual_plan_by_31_january_is_met(void **state)
{
    struct world *w = *state;

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-31"), lines, 2);
    world_evaluate(w, WORLD_COMMUNE, "2024-03-01", "2024-03-01");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_MET, 1, 1);
    assert_item(item(w, "D0", 0), DUTY_MET, "2024-01-31", "2024-02-07");
    assert_int_equal(item(w, "D0", 0)->grade, DUTY_PROVED);
    assert_int_equal(item(w, "D0", 0)->evidence_len, 1);
    assert_true(cell(w, "D0", 2024, 0)->unconfirmed);
}

static void annual_plan_of_1_february_is_late(void **state)
{
    struct world *w = *state;

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-02-01"), lines, 2);
    world_evaluate(w, WORLD_COMMUNE, "2024-03-01", NULL);
    assert_cell(cell(w, "D0", 2024, 0), DUTY_LATE, 0, 1);
}

/* duties.md D0: "with its dialogues listed". */
static void annual_plan_without_dialogues_is_no_plan(void **state)
{
    struct world *w = *state;

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-10"), NULL, 0);
    world_evaluate(w, WORLD_COMMUNE, "2024-03-01", "2024-03-01");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_MISSING, 0, 1);
}

/* DESIGN section 7: not due until g has passed; then missing if heard after
 * g, unknown if not. */
static void absent_plan_is_not_due_then_unknown_then_missing(void **state)
{
    struct world *w = *state;

    world_evaluate(w, WORLD_COMMUNE, "2024-02-07", "2024-02-07");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_NOT_DUE, 0, 0);
    assert_int_equal(w->result.wake_day, day("2024-02-08"));
    world_evaluate(w, WORLD_COMMUNE, "2024-02-08", "2024-02-07");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_UNKNOWN, 0, 1);
    world_evaluate(w, WORLD_COMMUNE, "2024-02-08", NULL);
    assert_cell(cell(w, "D0", 2024, 0), DUTY_UNKNOWN, 0, 1);
    world_evaluate(w, WORLD_COMMUNE, "2024-02-08", "2024-02-08");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_MISSING, 0, 1);
    assert_int_equal(w->heard_of, WORLD_COMMUNE);
}

/* Contract: a node without guard counts as heard at the as-of time. */
static void node_without_guard_is_heard_at_the_asof_day(void **state)
{
    struct world *w = *state;

    world_evaluate(w, WORLD_PROVINCE, "2024-02-07", "guardless");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_NOT_DUE, 0, 0);
    world_evaluate(w, WORLD_PROVINCE, "2024-02-08", "guardless");
    assert_cell(cell(w, "D0", 2024, 0), DUTY_MISSING, 0, 1);
}

static void first_of_two_plans_decides(void **state)
{
    struct world *w = *state;

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-02-20"), lines, 2);
    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-20"), lines, 1);
    world_evaluate(w, WORLD_COMMUNE, "2024-03-01", NULL);
    assert_cell(cell(w, "D0", 2024, 0), DUTY_MET, 1, 1);
    assert_day(item(w, "D0", 0)->met_day, "2024-01-20");
}

/* duties.md Y1: half-year 15-6, year 15-12. 15-6-2024 is a Saturday and rolls
 * to Monday 17; 15-12-2024 is a Sunday and rolls to Monday 16 (Civil Code
 * Article 148.5). */
static void reports_in_time_are_met_on_rolled_dates(void **state)
{
    struct world *w = *state;

    put_report(w, WORLD_COMMUNE, 2024, HALF, act(w, "2024-06-17"), PRESENT);
    put_report(w, WORLD_COMMUNE, 2024, YEAR, act(w, "2024-12-16"), NONE_HELD);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "Y1", 2024, 0), DUTY_MET, 2, 2);
    assert_int_equal(items(w, "Y1"), 2);
}

static void report_a_day_later_is_late_and_the_other_not_due(void **state)
{
    struct world *w = *state;
    const struct duty_cell *c;

    put_report(w, WORLD_COMMUNE, 2024, HALF, act(w, "2024-06-18"), PRESENT);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-23", NULL);
    c = cell(w, "Y1", 2024, 0);
    assert_cell(c, DUTY_LATE, 0, 1);
    assert_int_equal(c->counts[DUTY_NOT_DUE], 1);
    assert_int_equal(w->result.wake_day, day("2024-12-24"));
}

/* duties.md, words: "the first ReportSubmitted of the period decides". */
static void first_report_without_section_leaves_it_missing(void **state)
{
    struct world *w = *state;

    put_report(w, WORLD_COMMUNE, 2024, HALF, act(w, "2024-06-10"), NO_SECTION);
    put_report(w, WORLD_COMMUNE, 2024, HALF, act(w, "2024-06-12"), PRESENT);
    world_evaluate(w, WORLD_COMMUNE, "2024-07-01", "2024-06-25");
    assert_int_equal(cell(w, "Y1", 2024, 0)->counts[DUTY_MISSING], 1);
    world_evaluate(w, WORLD_COMMUNE, "2024-07-01", "2024-06-24");
    assert_int_equal(cell(w, "Y1", 2024, 0)->counts[DUTY_UNKNOWN], 1);
}

/* duties.md Y1: owed by every unit with a reports-to unit. */
static void unit_without_superior_owes_no_report(void **state)
{
    struct world *w = *state;

    world_evaluate(w, WORLD_PROVINCE, "2024-12-31", "2024-12-31");
    assert_false(has_cell(w, "Y1", 2024, 0));
    world_evaluate(w, WORLD_DISTRICT, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "Y1", 2024, 0), DUTY_MISSING, 0, 2);
}

/* A unit closed on 1-7-2024 owes the half-year report of June, not the yearly
 * one of December, nor a dialogue by 31-12. */
static void closed_unit_owes_nothing_after_its_end(void **state)
{
    struct world *w = *state;
    struct dir_version versions[2] = {w->versions[2], w->versions[2]};

    versions[1].from_day = day("2024-07-01");
    versions[1].facts.open = false;
    w->units[2].versions = versions;
    w->units[2].versions_len = 2;
    world_evaluate(w, WORLD_COMMUNE, "2025-01-20", "2025-01-20");
    assert_cell(cell(w, "Y1", 2024, 0), DUTY_MISSING, 0, 1);
    assert_false(has_cell(w, "D1", 2024, 0));
    assert_false(has_cell(w, "Y1", 2025, 0));
    /* Known before its day: the unit is weighed again when it comes. */
    versions[1].from_day = day("2024-06-28");
    world_evaluate(w, WORLD_COMMUNE, "2024-06-25", "2024-06-25");
    assert_day(w->result.wake_day, "2024-06-28");
}

/* DESIGN section 7: not applicable before the unit's duties_from. */
static void years_before_duties_from_have_no_cells(void **state)
{
    struct world *w = *state;

    world_evaluate(w, WORLD_COMMUNE, "2024-03-01", "2024-03-01");
    assert_false(has_cell(w, "D0", 2023, 0));
    w->versions[2].facts.duties_from_day = day("2024-01-02");
    world_evaluate(w, WORLD_COMMUNE, "2024-03-01", "2024-03-01");
    assert_false(has_cell(w, "D0", 2024, 0));
    assert_true(has_cell(w, "D5", 2024, 0));
    assert_true(has_cell(w, "P1", 2024, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(annual_plan_by_31_january_is_met),
        TEST(annual_plan_of_1_february_is_late),
        TEST(annual_plan_without_dialogues_is_no_plan),
        TEST(absent_plan_is_not_due_then_unknown_then_missing),
        TEST(node_without_guard_is_heard_at_the_asof_day),
        TEST(first_of_two_plans_decides),
        TEST(reports_in_time_are_met_on_rolled_dates),
        TEST(report_a_day_later_is_late_and_the_other_not_due),
        TEST(first_report_without_section_leaves_it_missing),
        TEST(unit_without_superior_owes_no_report),
        TEST(closed_unit_owes_nothing_after_its_end),
        TEST(years_before_duties_from_have_no_cells),
    };

    return TEST_RUN(tests);
}
