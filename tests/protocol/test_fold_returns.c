/* A petition that comes back twice: whom its record asks to decide, until
 * when, and that no date of the citizen moves meanwhile. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#define STATE(name) QCDC__V1__PETITION_STATE__PETITION_STATE_##name

/* Of unit 11, accepted with a promise for 1-4-2024. */
static struct event_id accepted(struct world *w)
{
    world_open(w, RECORD_PETITION);

    struct event_id p = TELL(
        w, .type = EVENT_PETITION_RECEIVED, .on = "2024-03-01",
        .facts = SAYS(PetitionReceived, petition_received,
                      .channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER,
                      .kind = QCDC__V1__PETITION_KIND__PETITION_KIND_PROPOSAL,
                      .person_known = 1));

    TELL(w, .type = EVENT_PETITION_CLASSIFIED, .on = "2024-03-04", .subject = p,
         .facts =
             SAYS(PetitionClassified, petition_classified,
                  .result = QCDC__V1__CLASSIFICATION__CLASSIFICATION_ACCEPTED,
                  .due_day = on("2024-04-01")));
    return p;
}

static struct event_id refer(struct world *w, struct event_id p, uint32_t unit,
                             uint32_t to, const char *day)
{
    return TELL(w, .type = EVENT_PETITION_REFERRED, .unit = unit, .on = day,
                .subject = p, .addressee = to,
                .facts = SAYS(PetitionReferred, petition_referred, .to = to));
}

static struct event_id give_back(struct world *w, struct event_id p,
                                 struct event_id offer, uint32_t unit,
                                 const char *day)
{
    return TELL(w, .type = EVENT_REFERRAL_RETURNED, .unit = unit, .on = day,
                .subject = p, .ref = offer,
                .facts =
                    SAYS(ReferralReturned, referral_returned, .reason = 1));
}

/* Referred by the holder 11 and returned the next day. */
static void bounce(struct world *w, struct event_id p, uint32_t unit,
                   const char *day, const char *next)
{
    give_back(w, p, refer(w, p, 11, unit, day), unit, next);
}

static void assert_asks(struct world *w, uint32_t unit, const char *day)
{
    const Qcdc__V1__PetitionRecord *r = PETITION(w);

    assert_int_equal(r->decider, unit);
    assert_int_equal(r->asked_day, day == NULL ? 0 : on(day));
    assert_int_equal(w->out.decider, unit);
    assert_int_equal(r->due_day, on("2024-04-01"));
}

static bool is_party(const struct world *w, uint32_t unit)
{
    for (size_t i = 0; i < w->out.units_len; i++) {
        if (w->out.units[i] == unit) {
            return true;
        }
    }
    return false;
}

/* 211 and 12 lie under 21; with 13, which lies under 22, under 31. */
static void two_returns_ask_the_common_parent_of_who_returned_it(void **state)
{
    struct world w;
    struct event_id p = accepted(&w);

    (void)state;
    bounce(&w, p, 211, "2024-03-05", "2024-03-06");
    assert_asks(&w, 0, NULL);
    assert_false(is_party(&w, 21));
    bounce(&w, p, 12, "2024-03-07", "2024-03-08");
    assert_asks(&w, 21, "2024-03-08");
    assert_true(is_party(&w, 21));
    assert_int_equal(PETITION(&w)->state, STATE(ACCEPTED));
    assert_int_equal(PETITION(&w)->holder, 11);

    struct event_id decision = refer(&w, p, 21, 13, "2024-03-11");

    assert_asks(&w, 0, NULL);
    assert_standing(&w, decision, STANDING_EFFECTIVE);
    assert_int_equal(PETITION(&w)->state, STATE(REFERRED));
    give_back(&w, p, decision, 13, "2024-03-12");
    assert_asks(&w, 31, "2024-03-12");

    struct event_id last = refer(&w, p, 31, 12, "2024-03-13");

    tell_plain(&w, EVENT_REFERRAL_ACCEPTED, 12, p, last, "2024-03-14");
    assert_asks(&w, 0, NULL);
    assert_int_equal(PETITION(&w)->holder, 12);
    assert_int_equal(w.out.not_effective, 0);
    world_shuffle(&w, 50, 7);
    world_close(&w);
}

/* 22 is not above the holder 11, yet it was asked. */
static void
the_unit_asked_may_refer_though_it_is_not_above_the_holder(void **state)
{
    struct world w;
    struct event_id p = accepted(&w);

    (void)state;
    bounce(&w, p, 13, "2024-03-05", "2024-03-06");

    struct event_id early = refer(&w, p, 22, 12, "2024-03-07");

    bounce(&w, p, 13, "2024-03-08", "2024-03-11");
    assert_asks(&w, 22, "2024-03-11");
    assert_standing(&w, early, STANDING_NOT_PARTY);

    struct event_id decision = refer(&w, p, 22, 12, "2024-03-12");

    assert_asks(&w, 0, NULL);
    assert_standing(&w, decision, STANDING_EFFECTIVE);
    world_shuffle(&w, 20, 11);
    world_close(&w);
}

static void
a_referral_by_the_holder_leaves_the_question_until_it_is_taken(void **state)
{
    struct world w;
    struct event_id p = accepted(&w);

    (void)state;
    bounce(&w, p, 211, "2024-03-05", "2024-03-06");
    bounce(&w, p, 12, "2024-03-07", "2024-03-08");

    struct event_id offer = refer(&w, p, 11, 13, "2024-03-11");

    assert_asks(&w, 21, "2024-03-08");
    tell_plain(&w, EVENT_REFERRAL_ACCEPTED, 13, p, offer, "2024-03-12");
    assert_asks(&w, 0, NULL);
    assert_int_equal(PETITION(&w)->holder, 13);
    world_shuffle(&w, 20, 13);
    world_close(&w);
}

static void an_answer_ends_the_question(void **state)
{
    struct world w;
    struct event_id p = accepted(&w);

    (void)state;
    bounce(&w, p, 211, "2024-03-05", "2024-03-06");
    bounce(&w, p, 211, "2024-03-07", "2024-03-08");
    assert_asks(&w, 21, "2024-03-08");
    TELL(&w, .type = EVENT_PETITION_ANSWERED, .on = "2024-03-11", .subject = p,
         .facts = SAYS(PetitionAnswered, petition_answered,
                       .by = QCDC__V1__ANSWERED_BY__ANSWERED_BY_BODY,
                       .form = QCDC__V1__ANSWER_FORM__ANSWER_FORM_WRITTEN,
                       .publicity = QCDC__V1__PUBLICITY__PUBLICITY_PUBLIC));
    assert_asks(&w, 0, NULL);
    world_shuffle(&w, 20, 17);
    world_close(&w);
}

/* 111 lies under 221, 211 under 21: two trees. */
static void where_nobody_is_above_all_nobody_is_asked(void **state)
{
    struct world w;
    struct event_id p = accepted(&w);

    (void)state;
    bounce(&w, p, 111, "2024-03-05", "2024-03-06");
    bounce(&w, p, 211, "2024-03-07", "2024-03-08");
    assert_asks(&w, 0, NULL);
    assert_int_equal(PETITION(&w)->n_referrals, 2);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_returns_ask_the_common_parent_of_who_returned_it),
        cmocka_unit_test(
            the_unit_asked_may_refer_though_it_is_not_above_the_holder),
        cmocka_unit_test(
            a_referral_by_the_holder_leaves_the_question_until_it_is_taken),
        cmocka_unit_test(an_answer_ends_the_question),
        cmocka_unit_test(where_nobody_is_above_all_nobody_is_asked),
    };

    return TEST_RUN(tests);
}
