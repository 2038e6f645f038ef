/* A denunciation: only whoever has that right acts on one, and what came before
 * it was one stands. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#define KIND(name) QCDC__V1__PETITION_KIND__PETITION_KIND_##name
#define STATE(name) QCDC__V1__PETITION_STATE__PETITION_STATE_##name

static void only_the_right_to_denunciations_acts_on_one(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(DENUNCIATION), 3);
    struct event_id ordinary =
        TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-04",
             .subject = p, .lacks = LACKS_DENUNCIATION,
             .facts = SAYS(PersonNotified, person_notified,
                           .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));
    struct event_id spoken =
        TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-05",
             .subject = p, .has_text = true,
             .facts = SAYS(PersonNotified, person_notified,
                           .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));

    assert_null(PETITION(&w)->notified);
    assert_standing(&w, ordinary, STANDING_NO_RIGHT);
    assert_standing(&w, spoken, STANDING_INVALID);

    struct event_id voided =
        TELL(&w, .type = EVENT_VOIDED, .on = "2024-03-06", .subject = p,
             .ref = p, .lacks = LACKS_DENUNCIATION,
             .facts = SAYS(Voided, voided, .reason = 1));
    struct event_id told =
        TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-07",
             .subject = p, .lacks = LACKS_ORDINARY,
             .facts = SAYS(PersonNotified, person_notified,
                           .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));

    assert_int_equal(PETITION(&w)->notified->on_day, on("2024-03-07"));
    assert_standing(&w, told, STANDING_EFFECTIVE);
    assert_standing(&w, voided, STANDING_NO_RIGHT);
    world_close(&w);
}

static void what_came_before_it_was_a_denunciation_stands(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = TELL(
        &w, .type = EVENT_PETITION_RECEIVED, .on = "2024-03-01",
        .lacks = LACKS_DENUNCIATION, .has_text = true,
        .facts = SAYS(PetitionReceived, petition_received,
                      .channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER,
                      .kind = QCDC__V1__PETITION_KIND__PETITION_KIND_COMPLAINT,
                      .person_known = 1));
    struct event_id classified = TELL(
        &w, .type = EVENT_PETITION_CLASSIFIED, .on = "2024-03-04", .subject = p,
        .facts =
            SAYS(PetitionClassified, petition_classified,
                 .result = QCDC__V1__CLASSIFICATION__CLASSIFICATION_ACCEPTED,
                 .kind = QCDC__V1__PETITION_KIND__PETITION_KIND_DENUNCIATION));
    struct event_id told =
        TELL(&w, .type = EVENT_PERSON_NOTIFIED, .on = "2024-03-05",
             .subject = p, .lacks = LACKS_DENUNCIATION,
             .facts = SAYS(PersonNotified, person_notified,
                           .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));

    assert_int_equal(PETITION(&w)->state, STATE(ACCEPTED));
    assert_standing(&w, p, STANDING_EFFECTIVE);
    assert_standing(&w, classified, STANDING_EFFECTIVE);
    assert_standing(&w, told, STANDING_NO_RIGHT);
    world_shuffle(&w, 20, 5);
    world_close(&w);
}

static void
the_right_to_denunciations_alone_records_no_other_petition(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);

    w.events[0].lacks = LACKS_ORDINARY;
    assert_null(PETITION(&w)->received);
    assert_standing(&w, p, STANDING_NO_RIGHT);
    world_close(&w);
}

/* Of the units that are owed its events each is one of the two; 0: none. */
static void expect_told(struct world *w, uint32_t first, uint32_t second)
{
    const struct record_out *out = &w->out;
    size_t found = 0;

    (void)world_fold(w);
    for (size_t i = 0; i < out->told_len; i++) {
        if (out->told[i] != 0) {
            assert_true(out->told[i] == first || out->told[i] == second);
            found++;
        }
    }
    assert_int_equal(found, second == 0 ? 1 : 2);
}

/* DESIGN section 6: to its holder and the competent addressee alone. */
static void only_who_has_it_or_is_offered_it_is_told_of_one(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(DENUNCIATION), 3);

    expect_told(&w, 11, 0);

    struct event_id offer =
        TELL(&w, .type = EVENT_PETITION_REFERRED, .on = "2024-03-04",
             .subject = p, .ref = p, .addressee = 21,
             .facts = SAYS(PetitionReferred, petition_referred, .to = 21));

    expect_told(&w, 11, 21);
    (void)TELL(&w, .type = EVENT_REFERRAL_RETURNED, .on = "2024-03-05",
               .unit = 21, .subject = p, .ref = offer,
               .facts = SAYS(ReferralReturned, referral_returned, .reason = 1));
    expect_told(&w, 11, 0);
    assert_int_equal(w.out.units_len, 2); /* both had a role */
    world_close(&w);
}

/* Of any other petition whoever had a role hears on. */
static void whoever_had_a_role_is_told_of_a_proposal(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", KIND(PROPOSAL), 3);
    struct event_id offer =
        TELL(&w, .type = EVENT_PETITION_REFERRED, .on = "2024-03-04",
             .subject = p, .ref = p, .addressee = 21,
             .facts = SAYS(PetitionReferred, petition_referred, .to = 21));

    (void)TELL(&w, .type = EVENT_REFERRAL_RETURNED, .on = "2024-03-05",
               .unit = 21, .subject = p, .ref = offer,
               .facts = SAYS(ReferralReturned, referral_returned, .reason = 1));
    expect_told(&w, 11, 21);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_right_to_denunciations_acts_on_one),
        cmocka_unit_test(what_came_before_it_was_a_denunciation_stands),
        cmocka_unit_test(
            the_right_to_denunciations_alone_records_no_other_petition),
        cmocka_unit_test(only_who_has_it_or_is_offered_it_is_told_of_one),
        cmocka_unit_test(whoever_had_a_role_is_told_of_a_proposal),
    };

    return TEST_RUN(tests);
}
