/* The petition: states, who may act, referral, pauses, first answer. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#define KIND(name) QCDC__V1__PETITION_KIND__PETITION_KIND_##name
#define STATE(name) QCDC__V1__PETITION_STATE__PETITION_STATE_##name
#define RESULT(name) QCDC__V1__CLASSIFICATION__CLASSIFICATION_##name

static struct event_id accept(struct world *w, struct event_id subject,
                              const char *day)
{
    return TELL(
        w, .type = EVENT_PETITION_CLASSIFIED, .on = day, .subject = subject,
        .facts = SAYS(PetitionClassified, petition_classified,
                      .result = RESULT(ACCEPTED), .due_day = on("2024-04-01")));
}

static struct event_id answer(struct world *w, struct event_id subject,
                              uint32_t unit, const char *day)
{
    return TELL(w, .type = EVENT_PETITION_ANSWERED, .unit = unit, .on = day,
                .subject = subject,
                .facts =
                    SAYS(PetitionAnswered, petition_answered,
                         .by = QCDC__V1__ANSWERED_BY__ANSWERED_BY_BODY,
                         .form = QCDC__V1__ANSWER_FORM__ANSWER_FORM_WRITTEN,
                         .publicity = QCDC__V1__PUBLICITY__PUBLICITY_PUBLIC));
}

static struct event_id refer(struct world *w, struct event_id subject,
                             uint32_t unit, uint32_t to, const char *day)
{
    return TELL(w, .type = EVENT_PETITION_REFERRED, .unit = unit, .on = day,
                .subject = subject, .addressee = to,
                .facts = SAYS(PetitionReferred, petition_referred, .to = to,
                              .due_day = on("2024-05-01")));
}

static const struct event_id none;

static void a_petition_is_received_accepted_answered_and_done(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);

    assert_int_equal(PETITION(&w)->state, STATE(RECEIVED));
    accept(&w, p, "2024-03-04");
    assert_int_equal(PETITION(&w)->state, STATE(ACCEPTED));
    answer(&w, p, 11, "2024-03-20");
    assert_int_equal(PETITION(&w)->state, STATE(ANSWERED));
    TELL(&w, .type = EVENT_PUBLISHED, .on = "2024-03-22", .subject = p,
         .facts =
             SAYS(Published, published,
                  .what = QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_ANSWER));
    TELL(&w, .type = EVENT_OUTCOME_REPORTED, .on = "2024-04-20", .subject = p,
         .facts = SAYS(OutcomeReported, outcome_reported,
                       .outcome = QCDC__V1__OUTCOME__OUTCOME_NOT_YET,
                       .next_day = on("2024-05-20")));
    TELL(&w, .type = EVENT_OUTCOME_REPORTED, .on = "2024-05-19", .subject = p,
         .facts = SAYS(OutcomeReported, outcome_reported,
                       .outcome = QCDC__V1__OUTCOME__OUTCOME_DONE));

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->state, STATE(DONE));
    assert_int_equal(r->receiver, 11);
    assert_int_equal(r->holder, 11);
    assert_int_equal(r->people, 3);
    assert_int_equal(r->due_day, on("2024-04-01"));
    assert_int_equal(r->received->on_day, on("2024-03-01"));
    assert_int_equal(r->answered->on_day, on("2024-03-20"));
    assert_int_equal(r->published->on_day, on("2024-03-22"));
    assert_int_equal(r->answer_unit, 11);
    assert_int_equal(r->n_outcomes, 2);
    assert_int_equal(r->outcomes[0]->next_day, on("2024-05-20"));
    assert_int_equal(r->n_history, 6);
    assert_int_equal(w.out.unit, 11);
    assert_int_equal(w.out.year, 2024);
    assert_int_equal(w.out.opened_day, on("2024-03-01"));
    assert_int_equal(w.out.not_effective, 0);
    world_close(&w);
}

static void the_first_answer_stands(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    struct event_id second = answer(&w, p, 11, "2024-03-21");
    struct event_id first = answer(&w, p, 11, "2024-03-20");

    assert_int_equal(PETITION(&w)->answered->on_day, on("2024-03-20"));
    assert_standing(&w, first, STANDING_EFFECTIVE);
    assert_standing(&w, second, STANDING_REPEATED);
    world_close(&w);
}

static void a_stranger_may_not_act_but_is_kept(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    struct event_id stranger = answer(&w, p, 13, "2024-03-10");
    struct event_id below = answer(&w, p, 211, "2024-03-11");
    struct event_id superior = answer(&w, p, 31, "2024-03-12");
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->n_history, 4);
    assert_int_equal(r->answer_unit, 31);
    assert_standing(&w, stranger, STANDING_NOT_PARTY);
    assert_standing(&w, below, STANDING_NOT_PARTY);
    assert_standing(&w, superior, STANDING_EFFECTIVE);
    assert_int_equal(w.out.not_effective, 2);
    world_close(&w);
}

static void an_accepted_referral_moves_the_holder(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);

    accept(&w, p, "2024-03-02");

    struct event_id offer = refer(&w, p, 11, 13, "2024-03-05");

    assert_int_equal(PETITION(&w)->state, STATE(REFERRED));
    assert_int_equal(PETITION(&w)->holder, 11);

    struct event_id wrong =
        tell_plain(&w, EVENT_REFERRAL_ACCEPTED, 11, p, offer, "2024-03-06");
    struct event_id right =
        tell_plain(&w, EVENT_REFERRAL_ACCEPTED, 13, p, offer, "2024-03-07");

    answer(&w, p, 13, "2024-03-20");

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_standing(&w, wrong, STANDING_NOT_PARTY);
    assert_standing(&w, right, STANDING_EFFECTIVE);
    assert_int_equal(r->state, STATE(ANSWERED));
    assert_int_equal(r->holder, 13);
    assert_int_equal(r->answer_unit, 13);
    assert_int_equal(r->n_referrals, 1);
    assert_int_equal(r->referrals[0]->from, 11);
    assert_int_equal(r->referrals[0]->to, 13);
    assert_int_equal(r->referrals[0]->due_day, on("2024-05-01"));
    assert_int_equal(r->referrals[0]->accepted->on_day, on("2024-03-07"));
    assert_null(r->referrals[0]->returned);
    assert_int_equal(w.out.units_len, 2);
    assert_int_equal(w.out.units[0], 11);
    assert_int_equal(w.out.units[1], 13);
    assert_int_equal(r->n_parties, 2);
    world_close(&w);
}

static void a_returned_referral_leaves_the_holder(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);

    accept(&w, p, "2024-03-02");

    struct event_id offer = refer(&w, p, 11, 211, "2024-03-05");

    tell_plain(&w, EVENT_REFERRAL_RETURNED, 211, p, offer, "2024-03-06");

    struct event_id late =
        tell_plain(&w, EVENT_REFERRAL_ACCEPTED, 211, p, offer, "2024-03-07");
    struct event_id again = refer(&w, p, 211, 12, "2024-03-08");
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->state, STATE(ACCEPTED));
    assert_int_equal(r->holder, 11);
    assert_int_equal(r->referrals[0]->returned->on_day, on("2024-03-06"));
    assert_standing(&w, late, STANDING_CONTRADICTS);
    assert_standing(&w, again, STANDING_NOT_PARTY); /* not the holder */
    world_close(&w);
}

static void
a_pause_is_the_days_after_the_request_to_the_supplement(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    struct event_id asked =
        tell_plain(&w, EVENT_SUPPLEMENT_REQUESTED, 11, p, none, "2024-03-05");
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->state, STATE(AWAITING_SUPPLEMENT));
    assert_int_equal(r->n_pauses, 1);
    assert_int_equal(r->pauses[0]->from_day, on("2024-03-06"));
    assert_int_equal(r->pauses[0]->until_day, 0);

    struct event_id twice =
        tell_plain(&w, EVENT_SUPPLEMENT_REQUESTED, 11, p, none, "2024-03-06");

    tell_plain(&w, EVENT_SUPPLEMENT_RECEIVED, 11, p, asked, "2024-03-08");
    r = PETITION(&w);
    assert_int_equal(r->state, STATE(RECEIVED));
    assert_int_equal(r->pauses[0]->until_day, on("2024-03-08"));
    assert_standing(&w, twice, STANDING_REPEATED);

    /* Asked and brought the same day: no day is left out. */
    struct event_id more =
        tell_plain(&w, EVENT_SUPPLEMENT_REQUESTED, 11, p, none, "2024-03-11");

    tell_plain(&w, EVENT_SUPPLEMENT_RECEIVED, 11, p, more, "2024-03-11");
    r = PETITION(&w);
    assert_int_equal(r->n_pauses, 1);

    /* An answer ends a pause that runs on. */
    tell_plain(&w, EVENT_SUPPLEMENT_REQUESTED, 11, p, none, "2024-03-12");
    answer(&w, p, 11, "2024-03-15");
    r = PETITION(&w);
    assert_int_equal(r->n_pauses, 2);
    assert_int_equal(r->pauses[1]->until_day, on("2024-03-15"));
    assert_int_equal(r->state, STATE(ANSWERED));
    world_close(&w);
}

static void domain_4_2_rec_4_a_proposal_is_never_refused(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    struct event_id refused = TELL(
        &w, .type = EVENT_PETITION_CLASSIFIED, .on = "2024-03-03", .subject = p,
        .facts = SAYS(PetitionClassified, petition_classified,
                      .result = RESULT(REFUSED), .ground = 2));
    struct event_id notice = TELL(
        &w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-04", .subject = p,
        .facts = SAYS(PersonNotified, person_notified,
                      .notice = QCDC__V1__NOTICE__NOTICE_NEEDS_TIME));
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->state, STATE(RECEIVED));
    assert_null(r->notified);
    assert_standing(&w, refused, STANDING_CONTRADICTS);
    assert_standing(&w, notice, STANDING_CONTRADICTS);
    world_close(&w);

    world_open(&w, RECORD_PETITION);
    p = tell_received(&w, "2024-03-01", KIND(COMPLAINT), 3);
    TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-02", .subject = p,
         .facts = SAYS(PersonNotified, person_notified,
                       .notice = QCDC__V1__NOTICE__NOTICE_NEEDS_TIME));
    TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-06", .subject = p,
         .facts = SAYS(PersonNotified, person_notified,
                       .notice = QCDC__V1__NOTICE__NOTICE_REFUSED));
    TELL(&w, .type = EVENT_PETITION_CLASSIFIED, .on = "2024-03-05",
         .subject = p,
         .facts = SAYS(PetitionClassified, petition_classified,
                       .result = RESULT(REFUSED), .ground = 2));
    r = PETITION(&w);
    assert_int_equal(r->state, STATE(REFUSED));
    assert_int_equal(r->notified->on_day, on("2024-03-02")); /* the first */
    assert_int_equal(r->notice, QCDC__V1__NOTICE__NOTICE_NEEDS_TIME);
    assert_int_equal(w.out.not_effective, 0);
    world_close(&w);
}

/* duties.md P1: "needs more time" tells nobody anything of a proposal; the
 * notice that does comes after it. */
static void a_notice_after_a_useless_one_is_the_first(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(COMPLAINT), 3);

    TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-02", .subject = p,
         .facts = SAYS(PersonNotified, person_notified,
                       .notice = QCDC__V1__NOTICE__NOTICE_NEEDS_TIME));
    TELL(&w, .type = EVENT_PETITION_CLASSIFIED, .on = "2024-03-05",
         .subject = p,
         .facts = SAYS(PetitionClassified, petition_classified,
                       .result = RESULT(ACCEPTED), .kind = KIND(PROPOSAL)));
    TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-06", .subject = p,
         .facts = SAYS(PersonNotified, person_notified,
                       .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->kind, KIND(PROPOSAL));
    assert_int_equal(r->notified->on_day, on("2024-03-06"));
    assert_int_equal(r->notice, QCDC__V1__NOTICE__NOTICE_ACCEPTED);
    world_close(&w);
}

static void what_a_closed_petition_does_not_allow_contradicts(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);

    tell_plain(&w, EVENT_PETITION_WITHDRAWN, 11, p, none, "2024-03-03");

    struct event_id answered = answer(&w, p, 11, "2024-03-04");
    struct event_id accepted = accept(&w, p, "2024-03-05");
    struct event_id before =
        tell_plain(&w, EVENT_PETITION_EXTENDED, 11, p, none, "2024-02-28");
    struct event_id foreign =
        tell_plain(&w, EVENT_DIALOGUE_CANCELLED, 11, p, none, "2024-03-02");

    assert_int_equal(PETITION(&w)->state, STATE(WITHDRAWN));
    assert_standing(&w, answered, STANDING_CONTRADICTS);
    assert_standing(&w, accepted, STANDING_CONTRADICTS);
    assert_standing(&w, before, STANDING_CONTRADICTS);
    assert_standing(&w, foreign, STANDING_CONTRADICTS);
    assert_int_equal(PETITION(&w)->n_history, 6);
    world_close(&w);
}

static void an_event_counts_only_within_as_of_and_bracket(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    /* Covered on 20 March: a day later than 21 March cannot be known. */
    struct event_id next =
        TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-21",
             .subject = p, .upper_s = at_ten(on("2024-03-20")),
             .facts = SAYS(PersonNotified, person_notified,
                           .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));
    struct event_id after =
        TELL(&w, .type = EVENT_PETITION_EXTENDED, .on = "2024-03-22",
             .subject = p, .upper_s = at_ten(on("2024-03-20")),
             .facts = SAYS(PetitionExtended, petition_extended,
                           .due_day = on("2024-05-05")));
    struct event_id answered = answer(&w, p, 11, "2024-04-02");

    w.asof_day = on("2024-04-01");
    assert_null(PETITION(&w)->answered);
    assert_standing(&w, next, STANDING_EFFECTIVE);
    assert_standing(&w, after, STANDING_AFTER_BRACKET);
    assert_standing(&w, answered, STANDING_FUTURE);
    assert_int_equal(w.out.future_day, on("2024-04-02"));
    w.asof_day = on("2024-04-02");
    assert_non_null(PETITION(&w)->answered);
    assert_standing(&w, answered, STANDING_EFFECTIVE);
    assert_int_equal(w.out.future_day, 0);
    world_close(&w);
}

static void without_its_opening_event_all_waits(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    struct event_id answered = answer(&w, p, 11, "2024-03-04");

    w.events[0] = w.events[1];
    w.len = 1;
    assert_int_equal(PETITION(&w)->state, 0);
    assert_standing(&w, answered, STANDING_WAITING);
    assert_int_equal(w.out.unit, 0);
    assert_int_equal(w.out.waiting, 1);
    assert_memory_equal(w.out.subject.bytes, p.bytes, 16);
    world_close(&w);
}

static void when_the_opening_event_does_not_count_nothing_does(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    struct event_id answered = answer(&w, p, 11, "2024-03-04");

    w.events[0].standing = STANDING_BAD_SIGNATURE;
    assert_int_equal(PETITION(&w)->state, 0);
    assert_null(PETITION(&w)->received);
    assert_standing(&w, p, STANDING_BAD_SIGNATURE);
    assert_standing(&w, answered, STANDING_CONTRADICTS);
    world_close(&w);
}

static void a_reply_to_an_offer_not_held_waits(void **state)
{
    struct world w;
    struct event_id unknown = {{9, 9, 9}};

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);

    refer(&w, p, 11, 13, "2024-03-05");

    struct event_id reply =
        tell_plain(&w, EVENT_REFERRAL_ACCEPTED, 13, p, unknown, "2024-03-07");

    assert_int_equal(PETITION(&w)->state, STATE(REFERRED));
    assert_standing(&w, reply, STANDING_WAITING);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_petition_is_received_accepted_answered_and_done),
        cmocka_unit_test(the_first_answer_stands),
        cmocka_unit_test(a_stranger_may_not_act_but_is_kept),
        cmocka_unit_test(an_accepted_referral_moves_the_holder),
        cmocka_unit_test(a_returned_referral_leaves_the_holder),
        cmocka_unit_test(
            a_pause_is_the_days_after_the_request_to_the_supplement),
        cmocka_unit_test(domain_4_2_rec_4_a_proposal_is_never_refused),
        cmocka_unit_test(what_a_closed_petition_does_not_allow_contradicts),
        cmocka_unit_test(a_notice_after_a_useless_one_is_the_first),
        cmocka_unit_test(an_event_counts_only_within_as_of_and_bracket),
        cmocka_unit_test(without_its_opening_event_all_waits),
        cmocka_unit_test(when_the_opening_event_does_not_count_nothing_does),
        cmocka_unit_test(a_reply_to_an_offer_not_held_waits),
    };

    return TEST_RUN(tests);
}
