/* P1: the person told in time, whatever pauses; each case counted by hand on
 * the calendar of 2024. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

static Qcdc__V1__PetitionRecord *told(struct world *w, const char *received,
                                      const char *notified)
{
    Qcdc__V1__PetitionRecord *p = petition(w, WORLD_COMMUNE, received);

    if (notified != NULL) {
        p->notified = act(w, notified);
        p->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
    }
    return p;
}

/* Law 42/2013 Article 28: ten working days. 12-3-2024 + 10: 13, 14, 15, 18 to
 * 22, 25, 26; g: 27, 28, 29 March, 1, 2 April. */
static void person_told_on_the_tenth_working_day_is_met(void **state)
{
    struct world *w = *state;

    put_petition(w, id_new(w), told(w, "2024-03-12", "2024-03-26"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_MET, 1, 1);
    assert_item(item(w, "P1", 0), DUTY_MET, "2024-03-26", "2024-04-02");
    assert_cell(cell(w, "P1", 2024, 4), DUTY_NONE_RECORDED, 0, 0);
}

static void person_told_on_the_eleventh_is_late(void **state)
{
    struct world *w = *state;

    put_petition(w, id_new(w), told(w, "2024-03-12", "2024-03-27"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_LATE, 0, 1);
}

/* Handed in Monday 22-4-2024: 23, 24, 25, 26; 29-4 to 1-5 rest; 2, 3, Saturday
 * 4 in exchange, 6, 7, 8 May. The item belongs to May. */
static void term_over_the_april_bridge_ends_in_may(void **state)
{
    struct world *w = *state;

    put_petition(w, id_new(w), told(w, "2024-04-22", NULL));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "P1", 2024, 5), DUTY_MISSING, 0, 1);
    assert_item(item(w, "P1", 0), DUTY_MISSING, "2024-05-08", "2024-05-15");
}

/* Over Tet 2024: handed in 5-2: 6, 7; 8-14 rest; 15, 16, 19 to 23, 26. */
static void term_over_tet_skips_the_seven_days(void **state)
{
    struct world *w = *state;

    put_petition(w, id_new(w), told(w, "2024-02-05", "2024-02-26"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_item(item(w, "P1", 0), DUTY_MET, "2024-02-26", "2024-03-04");
}

/* duties.md P1: an answer tells the person too; "refused" and "needs time"
 * exist for complaints and denunciations only (Law 42/2013 Article 28). */
static void answer_tells_and_refusal_does_not_for_a_proposal(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *answered = told(w, "2024-03-12", NULL);
    Qcdc__V1__PetitionRecord *refused = told(w, "2024-03-12", "2024-03-14");
    Qcdc__V1__PetitionRecord *complaint = told(w, "2024-03-12", "2024-03-14");

    answered->answered = act(w, "2024-03-20");
    refused->notice = QCDC__V1__NOTICE__NOTICE_REFUSED;
    complaint->notice = QCDC__V1__NOTICE__NOTICE_REFUSED;
    complaint->kind = QCDC__V1__PETITION_KIND__PETITION_KIND_COMPLAINT;
    put_petition(w, id_new(w), answered);
    put_petition(w, id_new(w), refused);
    put_petition(w, id_new(w), complaint);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "P1", 2024, 3), DUTY_MISSING, 2, 3);
}

/* duties.md P1: known person, not raised at a dialogue, receiving unit. */
static void unknown_persons_dialogues_and_others_are_no_items(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *anonymous = told(w, "2024-03-12", NULL);
    struct event_id id = id_new(w);
    Qcdc__V1__PetitionRecord *spoken =
        raised(w, WORLD_COMMUNE, id, "2024-03-12");
    Qcdc__V1__PetitionRecord *before = told(w, "2023-12-20", NULL);

    anonymous->person_known = false;
    put_dialogue(w, id, dialogue(w, WORLD_COMMUNE, "2024-03-12"));
    put_petition(w, id_new(w), anonymous);
    put_petition(w, id_new(w), spoken);
    put_petition(w, id_new(w), before); /* duties_from is 1-1-2024 */
    put_petition(w, id_new(w), petition(w, WORLD_DISTRICT, "2024-03-12"));
    put_nothing(w, WORLD_COMMUNE, "P1", 2024, 3);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_int_equal(items(w, "P1"), 0);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_NONE_CONFIRMED, 0, 0);
    assert_cell(cell(w, "P1", 2024, 4), DUTY_NONE_RECORDED, 0, 0);
}

/* duties.md, words: raised there = refs the dialogue *and* its day. A paper
 * of another day, or of a voter contact, owes its person the notice. */
static void naming_a_dialogue_of_another_day_escapes_nothing(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    struct event_id contact = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    d->voter_contact = true;
    put_dialogue(w, contact, d);
    put_dialogue(w, id, dialogue(w, WORLD_COMMUNE, "2024-03-12"));
    put_petition(w, id_new(w), raised(w, WORLD_COMMUNE, id, "2024-03-12"));
    put_petition(w, id_new(w), raised(w, WORLD_COMMUNE, id, "2024-03-13"));
    put_petition(w, id_new(w), raised(w, WORLD_COMMUNE, contact, "2024-03-12"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_int_equal(items(w, "P1"), 2);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_MISSING, 0, 2);
}

static void pause(struct world *w, Qcdc__V1__PetitionRecord *p,
                  const char *from, const char *until)
{
    Qcdc__V1__Pause *one = arena_alloc(&w->arena, sizeof(*one));
    Qcdc__V1__Pause **list = arena_array(&w->arena, 1, sizeof(*list));

    qcdc__v1__pause__init(one);
    one->from_day = day(from);
    one->until_day = until == NULL ? 0 : day(until);
    list[0] = one;
    p->pauses = list;
    p->n_pauses = 1;
}

/* Supplement asked for on 14-3, received on 20-3: 15-20 do not count. 13, 14;
 * 21, 22, 25 to 29, 1 April is the tenth; the item moves to April. */
static void pause_stretches_the_term(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = told(w, "2024-03-12", "2024-04-01");

    pause(w, p, "2024-03-15", "2024-03-20");
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "P1", 2024, 4), DUTY_MET, 1, 1);
    assert_item(item(w, "P1", 0), DUTY_MET, "2024-04-01", "2024-04-08");
}

/* people.md 3.2: a pause after the deadline does not clear lateness. */
static void pause_after_the_due_date_changes_nothing(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = told(w, "2024-03-12", "2024-04-10");

    pause(w, p, "2024-03-27", "2024-04-05");
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_item(item(w, "P1", 0), DUTY_LATE, "2024-03-26", "2024-04-02");
}

/* A pause that runs on keeps the item undecided, however long. As of 2-5 it
 * has used 13 and 14; eight more from 3-5 on: 3, 4, 6 to 10, 13 May. */
static void open_pause_is_not_due(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = told(w, "2024-03-12", NULL);

    pause(w, p, "2024-03-15", NULL);
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-05-02", "2024-05-02");
    assert_cell(cell(w, "P1", 2024, 5), DUTY_NOT_DUE, 0, 0);
    assert_day(item(w, "P1", 0)->due_day, "2024-05-13");
}

/* Its due date moves with every day, so the month of its cell may. As of 19-3
 * eight more from 20-3 end on Friday 29-3; a day later on Monday 1-4. */
static void open_pause_wakes_the_unit_each_day(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = told(w, "2024-03-12", NULL);

    pause(w, p, "2024-03-15", NULL);
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-03-19", NULL);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_NOT_DUE, 0, 0);
    assert_day(w->result.wake_day, "2024-03-20");
    world_evaluate(w, WORLD_COMMUNE, "2024-03-20", NULL);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_NONE_RECORDED, 0, 0);
    assert_cell(cell(w, "P1", 2024, 4), DUTY_NOT_DUE, 0, 0);
}

static void petition_withdrawn_in_time_is_no_item_but_counted(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *in_time = told(w, "2024-03-12", NULL);
    Qcdc__V1__PetitionRecord *too_late = told(w, "2024-03-12", NULL);
    const struct duty_cell *c;

    in_time->withdrawn = act(w, "2024-03-26");
    too_late->withdrawn = act(w, "2024-03-27");
    put_petition(w, id_new(w), in_time);
    put_petition(w, id_new(w), too_late);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    c = cell(w, "P1", 2024, 3);
    assert_cell(c, DUTY_MISSING, 0, 1);
    assert_int_equal(c->withdrawn, 1);
    assert_int_equal(items(w, "P1"), 2);
}

/* Formats section 6: on by the due date of 26-3, but recorded only after g,
 * 2-4: the withdrawal is contradicted and ends nothing. */
static void withdrawal_that_the_chain_refutes_ends_nothing(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *on_g = told(w, "2024-03-12", NULL);
    Qcdc__V1__PetitionRecord *after_g = told(w, "2024-03-12", NULL);

    on_g->withdrawn = act_between(w, "2024-03-26", "2024-04-02", "2024-04-03");
    after_g->withdrawn =
        act_between(w, "2024-03-26", "2024-04-03", "2024-04-03");
    put_petition(w, id_new(w), on_g);
    put_petition(w, id_new(w), after_g);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    assert_cell(cell(w, "P1", 2024, 3), DUTY_MISSING, 0, 1);
    assert_int_equal(cell(w, "P1", 2024, 3)->withdrawn, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(person_told_on_the_tenth_working_day_is_met),
        TEST(person_told_on_the_eleventh_is_late),
        TEST(term_over_the_april_bridge_ends_in_may),
        TEST(term_over_tet_skips_the_seven_days),
        TEST(answer_tells_and_refusal_does_not_for_a_proposal),
        TEST(unknown_persons_dialogues_and_others_are_no_items),
        TEST(naming_a_dialogue_of_another_day_escapes_nothing),
        TEST(pause_stretches_the_term),
        TEST(pause_after_the_due_date_changes_nothing),
        TEST(open_pause_is_not_due),
        TEST(open_pause_wakes_the_unit_each_day),
        TEST(petition_withdrawn_in_time_is_no_item_but_counted),
        TEST(withdrawal_that_the_chain_refutes_ends_nothing),
    };

    return TEST_RUN(tests);
}
