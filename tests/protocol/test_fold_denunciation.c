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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_right_to_denunciations_acts_on_one),
        cmocka_unit_test(what_came_before_it_was_a_denunciation_stands),
        cmocka_unit_test(
            the_right_to_denunciations_alone_records_no_other_petition),
    };

    return TEST_RUN(tests);
}
