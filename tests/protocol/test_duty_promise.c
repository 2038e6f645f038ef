/* D8: what a conclusion promised, answered and published by its day; each case
 * counted by hand on the calendar of 2024. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define TAKEN QCDC__V1__CONCLUSION__CONCLUSION_TAKEN
#define FORWARDED QCDC__V1__CONCLUSION__CONCLUSION_FORWARDED
#define PUBLIC QCDC__V1__PUBLICITY__PUBLICITY_PUBLIC
#define PERSONAL QCDC__V1__PUBLICITY__PUBLICITY_PERSONAL

/* One petition raised on 12-3-2024 and taken; the conclusion promises 30-4,
 * which rests like 1-5: due Thursday 2-5. g: 3, Saturday 4 (worked in
 * exchange), 6, 7, 8 May. */
static Qcdc__V1__PetitionRecord *promise(struct world *w, uint32_t body,
                                         struct event_id *p)
{
    struct event_id id = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    *p = id_new(w);
    conclude(w, d, *p, body == WORLD_COMMUNE ? TAKEN : FORWARDED, body,
             "2024-04-30", "2024-03-15");
    put_dialogue(w, id, d);
    return raised(w, WORLD_COMMUNE, id, "2024-03-12");
}

static void answer_and_publication_by_the_rolled_date_are_met(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);

    p->answered = act(w, "2024-04-25");
    p->publicity = PUBLIC;
    p->published = act(w, "2024-05-02");
    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MET, 1, 1);
    assert_item(item(w, "D8", 0), DUTY_MET, "2024-05-02", "2024-05-08");
    assert_day(item(w, "D8", 0)->met_day, "2024-05-02");
    assert_int_equal(item(w, "D8", 0)->evidence_len, 2);
}

/* duties.md D8: met on the later of answer and publication. */
static void publication_a_day_later_is_late(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);

    p->answered = act(w, "2024-04-25");
    p->publicity = PUBLIC;
    p->published = act(w, "2024-05-03");
    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D8", 2024, 0), DUTY_LATE, 0, 1);
}

static void answer_without_publication_is_missing_after_g(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);

    p->answered = act(w, "2024-04-25");
    p->publicity = PUBLIC;
    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-05-08", "2024-05-08");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_NOT_DUE, 0, 0);
    world_evaluate(w, WORLD_COMMUNE, "2024-05-09", "2024-05-09");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MISSING, 0, 1);
    world_evaluate(w, WORLD_COMMUNE, "2024-05-09", "2024-05-08");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_UNKNOWN, 0, 1);
}

static void personal_answer_needs_no_publication(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);

    p->answered = act(w, "2024-04-25");
    p->publicity = PERSONAL;
    p->answer_form = QCDC__V1__ANSWER_FORM__ANSWER_FORM_NOTED;
    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MET, 1, 1);
    assert_int_equal(cell(w, "D8", 2024, 0)->noted, 1);
}

static void extend(struct world *w, Qcdc__V1__PetitionRecord *p,
                   const char *until, const char *on)
{
    Qcdc__V1__Extension *more = arena_alloc(&w->arena, sizeof(*more));
    Qcdc__V1__Extension **list = arena_array(&w->arena, 1, sizeof(*list));

    qcdc__v1__extension__init(more);
    more->act = act(w, on);
    more->due_day = day(until);
    list[0] = more;
    p->extensions = list;
    p->n_extensions = 1;
}

/* duties.md, words: an extension on or before the running due date moves it;
 * 15-6-2024 is a Saturday and rolls to Monday 17. */
static void extension_in_time_moves_the_promise(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);

    extend(w, p, "2024-06-15", "2024-05-02");
    p->answered = act(w, "2024-06-17");
    p->publicity = PERSONAL;
    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MET, 1, 1);
    assert_item(item(w, "D8", 0), DUTY_MET, "2024-06-17", "2024-06-24");
    assert_day(item(w, "D8", 0)->first_due_day, "2024-05-02");
    assert_int_equal(cell(w, "D8", 2024, 0)->extended, 1);
}

static void extension_after_the_due_date_moves_nothing(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);

    extend(w, p, "2024-06-15", "2024-05-03");
    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-05-20", "2024-05-20");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MISSING, 0, 1);
    assert_int_equal(cell(w, "D8", 2024, 0)->extended, 0);
}

/* duties.md D8: owed by the body named; the chairing unit sees it apart. */
/* Formats section 6: an extension stated as of 2-5 but recorded only after g
 * of that date, 8-5, is contradicted: it moves nothing unless the superior
 * approved it or it is of an old file. */
static void extension_that_the_chain_refutes_moves_nothing(void **state)
{
    static const struct {
        const char *lower;
        bool approved, historical;
        uint8_t verdict;
    } cases[] = {{"2024-05-08", false, false, DUTY_MET},
                 {"2024-05-09", false, false, DUTY_LATE},
                 {"2024-05-09", true, false, DUTY_MET},
                 {"2024-05-09", false, true, DUTY_MET}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct event_id id;
        Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);

        extend(w, p, "2024-06-14", "2024-05-02");
        p->extensions[0]->act =
            act_between(w, "2024-05-02", cases[i].lower, "2024-05-20");
        p->extensions[0]->act->approved = cases[i].approved;
        p->extensions[0]->act->historical = cases[i].historical;
        p->answered = act(w, "2024-06-12");
        p->publicity = PERSONAL;
        put_petition(w, id, p);
        world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
        assert_int_equal(cell(w, "D8", 2024, 0)->verdict, cases[i].verdict);
        w->records_len = 0;
    }
}

static void forwarded_promise_is_owed_by_the_body_named(void **state)
{
    struct world *w = *state;
    struct event_id id;
    const struct duty_item *it;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_DISTRICT, &id);

    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_NONE_RECORDED, 0, 0);
    assert_int_equal(cell(w, "D8", 2024, 0)->owed_by_others, 1);
    it = item(w, "D8", 0);
    assert_true(it->owed_by_others);
    assert_int_equal(it->unit, WORLD_DISTRICT);
    assert_int_equal(it->verdict, DUTY_MISSING);
    assert_int_equal(w->heard_of, WORLD_DISTRICT);
    world_evaluate(w, WORLD_DISTRICT, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MISSING, 0, 1);
    assert_int_equal(cell(w, "D8", 2024, 0)->owed_by_others, 0);
}

/* duties.md D8: ReferralAccepted moves it, same due date. */
static void accepted_referral_moves_the_promise(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_COMMUNE, &id);
    Qcdc__V1__Referral referral = QCDC__V1__REFERRAL__INIT;
    Qcdc__V1__Referral *referrals[] = {&referral};

    referral.act = act(w, "2024-03-20");
    referral.from = WORLD_COMMUNE;
    referral.to = WORLD_DISTRICT;
    p->referrals = referrals;
    p->n_referrals = 1;
    put_petition(w, id, p); /* offered, not yet accepted */
    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MISSING, 0, 1);
    w->records_len--;
    referral.accepted = act(w, "2024-03-25");
    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_NONE_RECORDED, 0, 0);
    world_evaluate(w, WORLD_DISTRICT, "2024-06-01", "2024-06-01");
    assert_item(item(w, "D8", 0), DUTY_MISSING, "2024-05-02", "2024-05-08");
}

/* duties.md D8: a body without a registry number makes no cell. */
static void body_without_number_is_owed_by_others(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, 0, &id);

    put_petition(w, id, p);
    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_NONE_RECORDED, 0, 0);
    assert_int_equal(cell(w, "D8", 2024, 0)->owed_by_others, 1);
}

/* DESIGN section 7: heard of the recording unit's host where the owing unit
 * has none; the department never joined, but its promise is judged. */
static void unit_without_host_is_judged_by_who_recorded_it(void **state)
{
    struct world *w = *state;
    struct event_id id;
    Qcdc__V1__PetitionRecord *p = promise(w, WORLD_DEPARTMENT, &id);

    put_petition(w, id, p);
    world_evaluate(w, WORLD_DEPARTMENT, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MISSING, 0, 1);
    assert_int_equal(w->heard_of, WORLD_COMMUNE);
    assert_cell(cell(w, "P1", 2024, 4), DUTY_NOT_ENROLLED, 0, 0);
}

/* duties.md D8: without a date it fails D5 and is not in D8. */
static void promise_without_date_is_no_item(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    struct event_id p = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    conclude(w, d, p, TAKEN, WORLD_COMMUNE, NULL, "2024-03-15");
    put_dialogue(w, id, d);
    put_petition(w, p, raised(w, WORLD_COMMUNE, id, "2024-03-12"));
    put_nothing(w, WORLD_COMMUNE, "D8", 2024, 0);
    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_NONE_CONFIRMED, 0, 0);
    assert_cell(cell(w, "D5", 2024, 0), DUTY_MISSING, 0, 1);
}

/* A promise for 2199, mistyped or meant, stays visible in its own year and
 * does not blot out what is due in this one. */
static void promise_beyond_the_calendar_stays_in_its_own_year(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    struct event_id p[2] = {id_new(w), id_new(w)};
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");

    conclude(w, d, p[0], TAKEN, WORLD_COMMUNE, "2024-04-30", "2024-03-15");
    conclude(w, d, p[1], TAKEN, WORLD_COMMUNE, "2199-04-30", "2024-03-15");
    put_dialogue(w, id, d);
    world_evaluate(w, WORLD_COMMUNE, "2024-06-01", "2024-06-01");
    assert_cell(cell(w, "D8", 2024, 0), DUTY_MISSING, 0, 1);
    assert_cell(cell(w, "D8", 2199, 0), DUTY_UNCOMPUTED, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answer_and_publication_by_the_rolled_date_are_met),
        TEST(publication_a_day_later_is_late),
        TEST(answer_without_publication_is_missing_after_g),
        TEST(personal_answer_needs_no_publication),
        TEST(extension_in_time_moves_the_promise),
        TEST(extension_after_the_due_date_moves_nothing),
        TEST(extension_that_the_chain_refutes_moves_nothing),
        TEST(forwarded_promise_is_owed_by_the_body_named),
        TEST(accepted_referral_moves_the_promise),
        TEST(body_without_number_is_owed_by_others),
        TEST(unit_without_host_is_judged_by_who_recorded_it),
        TEST(promise_without_date_is_no_item),
        TEST(promise_beyond_the_calendar_stays_in_its_own_year),
    };

    return TEST_RUN(tests);
}
