/* Duties across a reorganisation: nobody's clock restarts, nothing is owed
 * twice, and each day has its own right figures. */
#include "tests/protocol/duty_world.h"

#define REFORM "2025-07-01"

/* The commune ends; all it had passes to `to`, or to the unit above. */
static void end_commune(struct world *w, uint32_t to)
{
    static struct dir_version versions[2];
    static struct dir_custody row;
    static uint32_t days[1];

    for (size_t i = 0; i < w->dir.units_len; i++) {
        struct dir_unit *unit = &w->dir.units[i];

        if (unit->number == WORLD_COMMUNE) {
            versions[0] = versions[1] = unit->versions[0];
            versions[1].from_day = day(REFORM);
            versions[1].facts.open = false;
            unit->versions = versions;
            unit->versions_len = 2;
        }
    }
    days[0] = day(REFORM);
    w->dir.tree_days = days;
    w->dir.tree_days_len = 1;
    if (to != 0) {
        row = (struct dir_custody){.event = {{7}},
                                   .from = WORLD_COMMUNE,
                                   .to = to,
                                   .from_day = day(REFORM)};
        w->dir.custody = &row;
        w->dir.custody_len = 1;
    }
}

/* Handed in on Tuesday 24-6-2025: P1 is due 10 working days later, 8-7. */
static struct event_id open_petition(struct world *w)
{
    struct event_id id = id_new(w);

    put_petition(w, id, petition(w, WORLD_COMMUNE, "2025-06-24"));
    return id;
}

static void a_running_clock_is_owed_by_who_has_it_when_it_is_decided(void **s)
{
    struct world *w = *s;

    open_petition(w);
    end_commune(w, WORLD_DISTRICT);

    world_evaluate(w, WORLD_COMMUNE, "2025-06-30", "2025-06-30");
    assert_int_equal(items(w, "P1"), 1);
    assert_day(item(w, "P1", 0)->due_day, "2025-07-08");
    assert_int_equal(item(w, "P1", 0)->verdict, DUTY_NOT_DUE);
    world_evaluate(w, WORLD_DISTRICT, "2025-06-30", "2025-06-30");
    assert_int_equal(items(w, "P1"), 0);

    world_evaluate(w, WORLD_COMMUNE, REFORM, REFORM);
    assert_int_equal(items(w, "P1"), 0);
    world_evaluate(w, WORLD_DISTRICT, REFORM, REFORM);
    assert_int_equal(items(w, "P1"), 1);
    assert_day(item(w, "P1", 0)->due_day, "2025-07-08"); /* as it was */
    assert_int_equal(item(w, "P1", 0)->unit, WORLD_DISTRICT);

    world_evaluate(w, WORLD_DISTRICT, "2025-09-01", "2025-09-01");
    assert_int_equal(item(w, "P1", 0)->verdict, DUTY_MISSING);
    assert_cell(cell(w, "P1", 2025, 7), DUTY_MISSING, 0, 1);
}

static void what_was_decided_before_the_end_stays_with_the_old_unit(void **s)
{
    struct world *w = *s;
    struct event_id id = id_new(w);
    Qcdc__V1__PetitionRecord *told = petition(w, WORLD_COMMUNE, "2025-06-10");
    Qcdc__V1__PetitionRecord *overdue =
        petition(w, WORLD_COMMUNE, "2025-05-06");

    told->notified = act(w, "2025-06-20");
    told->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
    put_petition(w, id, told);
    put_petition(w, id_new(w), overdue); /* due 20-5 */
    end_commune(w, WORLD_DISTRICT);
    world_evaluate(w, WORLD_COMMUNE, "2025-09-01", "2025-09-01");
    assert_int_equal(items(w, "P1"), 2);
    assert_cell(cell(w, "P1", 2025, 5), DUTY_MISSING, 0, 1);
    assert_cell(cell(w, "P1", 2025, 6), DUTY_MET, 1, 1);
    world_evaluate(w, WORLD_DISTRICT, "2025-09-01", "2025-09-01");
    assert_int_equal(items(w, "P1"), 0);
}

static void without_a_name_the_unit_above_owes_it(void **s)
{
    struct world *w = *s;

    open_petition(w);
    end_commune(w, 0);
    world_evaluate(w, WORLD_DISTRICT, "2025-07-03", "2025-07-03");
    assert_int_equal(items(w, "P1"), 1);
    assert_int_equal(item(w, "P1", 0)->verdict, DUTY_NOT_DUE);
}

static void an_undertaking_is_kept_by_the_heir_of_its_body(void **s)
{
    struct world *w = *s;
    struct event_id meeting = id_new(w);
    struct event_id matter = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2025-06-10");
    Qcdc__V1__PetitionRecord *p =
        raised(w, WORLD_COMMUNE, meeting, "2025-06-10");

    conclude(w, d, matter, QCDC__V1__CONCLUSION__CONCLUSION_TAKEN,
             WORLD_COMMUNE, "2025-08-15", "2025-06-12");
    put_dialogue(w, meeting, d);
    p->answered = act(w, "2025-08-11");
    p->answer_form = QCDC__V1__ANSWER_FORM__ANSWER_FORM_WRITTEN;
    p->publicity = QCDC__V1__PUBLICITY__PUBLICITY_PERSONAL;
    put_petition(w, matter, p);
    end_commune(w, WORLD_DISTRICT);

    world_evaluate(w, WORLD_COMMUNE, "2025-06-30", "2025-06-30");
    assert_int_equal(items(w, "D8"), 1);
    assert_false(item(w, "D8", 0)->owed_by_others);
    world_evaluate(w, WORLD_DISTRICT, "2025-09-01", "2025-09-01");
    assert_int_equal(items(w, "D8"), 1);
    assert_int_equal(item(w, "D8", 0)->verdict, DUTY_MET);
    assert_cell(cell(w, "D8", 2025, 0), DUTY_MET, 1, 1);
    /* The old unit chaired: it sees it as owed by others, in no cell. */
    world_evaluate(w, WORLD_COMMUNE, "2025-09-01", "2025-09-01");
    assert_true(item(w, "D8", 0)->owed_by_others);
    assert_int_equal(cell(w, "D8", 2025, 0)->d, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_running_clock_is_owed_by_who_has_it_when_it_is_decided,
            world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(
            what_was_decided_before_the_end_stays_with_the_old_unit,
            world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(without_a_name_the_unit_above_owes_it,
                                        world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(
            an_undertaking_is_kept_by_the_heir_of_its_body, world_setup,
            world_teardown),
    };

    return TEST_RUN(tests);
}
