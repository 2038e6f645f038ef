/* Custody of petitions: whose task they are when units end. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#define PROPOSAL QCDC__V1__PETITION_KIND__PETITION_KIND_PROPOSAL

#define REFORM "2025-07-01"

static const struct event_id transfer_id = {{7}};

/* 11 ends with the reform, and 21 above it too if `tier`. */
static void end_units(struct world *w, bool tier)
{
    static uint32_t days[2];

    for (size_t i = 0; i < w->directory.units_len; i++) {
        struct dir_unit *unit = &w->directory.units[i];
        struct dir_version *versions;

        if (unit->number != 11 && (!tier || unit->number != 21)) {
            continue;
        }
        versions = arena_array(&w->arena, 2, sizeof(*versions));
        versions[0] = versions[1] = unit->versions[0];
        versions[1].from_day = on(REFORM);
        versions[1].facts.open = false;
        unit->versions = versions;
        unit->versions_len = 2;
    }
    days[0] = on(REFORM);
    w->directory.tree_days = days;
    w->directory.tree_days_len = 1;
}

static void transfer(struct world *w, struct event_id event, uint32_t to,
                     const char *day, const struct event_id *subject)
{
    size_t len = w->directory.custody_len;
    struct dir_custody *rows = arena_array(&w->arena, len + 1, sizeof(*rows));

    if (len > 0) {
        memcpy(rows, w->directory.custody, len * sizeof(*rows));
    }
    rows[len] = (struct dir_custody){.event = event,
                                     .from = 11,
                                     .to = to,
                                     .from_day = on(day),
                                     .subjects = subject,
                                     .subjects_len = subject != NULL};
    w->directory.custody = rows;
    w->directory.custody_len = len + 1;
}

static struct event_id answer(struct world *w, uint32_t unit,
                              struct event_id subject, const char *day)
{
    return TELL(w, .type = EVENT_PETITION_ANSWERED, .unit = unit,
                .subject = subject, .on = day,
                .facts =
                    SAYS(PetitionAnswered, petition_answered,
                         .by = QCDC__V1__ANSWERED_BY__ANSWERED_BY_CHAIR,
                         .form = QCDC__V1__ANSWER_FORM__ANSWER_FORM_WRITTEN,
                         .publicity = QCDC__V1__PUBLICITY__PUBLICITY_PUBLIC));
}

static struct event_id take(struct world *w, uint32_t unit,
                            struct event_id subject, struct event_id ref,
                            const char *day)
{
    return tell_plain(w, EVENT_CUSTODY_TAKEN, unit, subject, ref, day);
}

static void begin(struct world *w)
{
    world_open(w, RECORD_PETITION);
    w->asof_day = on("2025-09-01");
}

static void what_nobody_is_named_for_is_the_task_of_the_unit_above(void **s)
{
    struct world w;
    const Qcdc__V1__PetitionRecord *r;

    (void)s;
    begin(&w);
    tell_received(&w, "2025-06-20", PROPOSAL, 0);
    end_units(&w, false);
    r = PETITION(&w);
    assert_int_equal(r->holder, 21);
    assert_int_equal(w.out.holder, 21);
    assert_int_equal(r->n_custody, 1);
    assert_int_equal(r->custody[0]->from, 11);
    assert_int_equal(r->custody[0]->to, 21);
    assert_int_equal(r->custody[0]->from_day, on(REFORM));
    assert_int_equal(r->custody[0]->event_id.len, 0); /* shown as such */
    assert_int_equal(r->receiver, 11);

    /* The day before it was the commune's, and wakes on the day. */
    w.asof_day = on("2025-06-30");
    r = PETITION(&w);
    assert_int_equal(r->holder, 11);
    assert_int_equal(r->n_custody, 0);
    assert_int_equal(w.out.future_day, on(REFORM));

    /* With the tier gone, it is the province's. */
    w.asof_day = on("2025-09-01");
    end_units(&w, true);
    assert_int_equal(PETITION(&w)->holder, 31);
    world_close(&w);
}

static void the_heir_acts_from_the_day_on_and_takes_it_once(void **state)
{
    struct world w;
    struct event_id subject, early, good, again, foreign, unknown, done;
    const Qcdc__V1__PetitionRecord *r;

    (void)state;
    begin(&w);
    subject = tell_received(&w, "2025-06-20", PROPOSAL, 0);
    end_units(&w, true);
    transfer(&w, transfer_id, 13, REFORM, NULL);
    early = answer(&w, 13, subject, "2025-06-30");
    foreign = take(&w, 12, subject, transfer_id, "2025-07-02");
    unknown = take(&w, 13, subject, (struct event_id){{9}}, "2025-07-02");
    good = take(&w, 13, subject, transfer_id, "2025-07-03");
    again = take(&w, 13, subject, transfer_id, "2025-07-04");
    done = answer(&w, 13, subject, "2025-07-05");
    r = PETITION(&w);
    assert_standing(&w, early, STANDING_NOT_PARTY);
    assert_standing(&w, foreign, STANDING_NOT_PARTY);
    assert_standing(&w, unknown, STANDING_WAITING);
    assert_standing(&w, good, STANDING_EFFECTIVE);
    assert_standing(&w, again, STANDING_REPEATED);
    assert_standing(&w, done, STANDING_EFFECTIVE);
    assert_int_equal(r->holder, 13);
    assert_int_equal(r->n_custody, 1);
    assert_memory_equal(r->custody[0]->event_id.data, transfer_id.bytes, 16);
    assert_int_equal(r->custody[0]->taken->on_day, on("2025-07-03"));
    assert_int_equal(r->received->on_day, on("2025-06-20"));
    assert_int_equal(r->answered->on_day, on("2025-07-05"));
    assert_int_equal(r->n_parties, 2);
    world_shuffle(&w, 200, 11);
    world_close(&w);
}

static void what_the_old_unit_did_before_its_end_counts_when_it_comes(void **s)
{
    struct world w;
    struct event_id subject, late;

    (void)s;
    begin(&w);
    subject = tell_received(&w, "2025-06-20", PROPOSAL, 0);
    end_units(&w, true);
    transfer(&w, transfer_id, 13, REFORM, NULL);
    take(&w, 13, subject, transfer_id, "2025-07-03");
    /* Recorded offline in June, sequenced weeks later. */
    late = answer(&w, 11, subject, "2025-06-27");
    assert_int_equal(PETITION(&w)->answer_unit, 11);
    assert_standing(&w, late, STANDING_EFFECTIVE);
    world_shuffle(&w, 100, 12);
    world_close(&w);
}

static void a_split_gives_each_heir_what_is_named(void **state)
{
    struct world w;
    struct event_id named;

    (void)state;
    begin(&w);
    named = tell_received(&w, "2025-06-20", PROPOSAL, 0);
    end_units(&w, true);
    transfer(&w, transfer_id, 13, REFORM, NULL);
    transfer(&w, (struct event_id){{8}}, 12, REFORM, &named);
    assert_int_equal(PETITION(&w)->holder, 12);
    world_close(&w);

    begin(&w);
    tell_received(&w, "2025-06-21", PROPOSAL,
                  0); /* another petition: not named */
    end_units(&w, true);
    transfer(&w, transfer_id, 13, REFORM, NULL);
    transfer(&w, (struct event_id){{8}}, 12, REFORM,
             &(struct event_id){{0x77}});
    assert_int_equal(PETITION(&w)->holder, 13);
    world_close(&w);
}

static void a_settled_petition_stays_where_it_was_settled(void **state)
{
    struct world w;
    struct event_id subject;
    const Qcdc__V1__PetitionRecord *r;

    (void)state;
    begin(&w);
    subject = tell_received(&w, "2025-06-20", PROPOSAL, 0);
    answer(&w, 11, subject, "2025-06-25");
    TELL(&w, .type = EVENT_OUTCOME_REPORTED, .subject = subject,
         .on = "2025-06-26",
         .facts = SAYS(OutcomeReported, outcome_reported,
                       .outcome = QCDC__V1__OUTCOME__OUTCOME_DONE));
    end_units(&w, true);
    transfer(&w, transfer_id, 13, REFORM, NULL);
    r = PETITION(&w);
    assert_int_equal(r->holder, 11);
    assert_int_equal(r->n_custody, 0);
    world_close(&w);
}

static void a_transfer_told_for_later_finds_it_with_the_unit_above(void **s)
{
    struct world w;
    struct event_id subject, by_parent;
    const Qcdc__V1__PetitionRecord *r;

    (void)s;
    begin(&w);
    subject = tell_received(&w, "2025-06-20", PROPOSAL, 0);
    end_units(&w, true);
    transfer(&w, transfer_id, 13, "2025-07-15", NULL);
    by_parent =
        TELL(&w, .type = EVENT_PERSON_NOTIFIED, .unit = 31, .subject = subject,
             .on = "2025-07-04",
             .facts = SAYS(PersonNotified, person_notified,
                           .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));
    r = PETITION(&w);
    assert_standing(&w, by_parent, STANDING_EFFECTIVE);
    assert_int_equal(r->n_custody, 2);
    assert_int_equal(r->custody[0]->to, 31);
    assert_int_equal(r->custody[1]->from, 31);
    assert_int_equal(r->custody[1]->to, 13);
    assert_int_equal(r->custody[1]->from_day, on("2025-07-15"));
    assert_int_equal(r->holder, 13);
    world_shuffle(&w, 100, 13);
    world_close(&w);
}

static void an_offer_to_a_unit_that_ended_is_its_heirs_to_accept(void **state)
{
    struct world w;
    struct event_id subject, offer, accepted;
    const Qcdc__V1__PetitionRecord *r;

    (void)state;
    begin(&w);
    subject = TELL(
        &w, .type = EVENT_PETITION_RECEIVED, .on = "2025-06-20", .unit = 22,
        .facts = SAYS(PetitionReceived, petition_received,
                      .channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER));
    offer = TELL(&w, .type = EVENT_PETITION_REFERRED, .on = "2025-06-25",
                 .unit = 22, .subject = subject, .addressee = 11,
                 .facts = SAYS(PetitionReferred, petition_referred, .to = 11));
    end_units(&w, true);
    transfer(&w, transfer_id, 13, REFORM, NULL);
    accepted = tell_plain(&w, EVENT_REFERRAL_ACCEPTED, 13, subject, offer,
                          "2025-07-03");
    r = PETITION(&w);
    assert_standing(&w, accepted, STANDING_EFFECTIVE);
    assert_int_equal(r->holder, 13);
    world_shuffle(&w, 100, 14);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_nobody_is_named_for_is_the_task_of_the_unit_above),
        cmocka_unit_test(the_heir_acts_from_the_day_on_and_takes_it_once),
        cmocka_unit_test(
            what_the_old_unit_did_before_its_end_counts_when_it_comes),
        cmocka_unit_test(a_split_gives_each_heir_what_is_named),
        cmocka_unit_test(a_settled_petition_stays_where_it_was_settled),
        cmocka_unit_test(
            a_transfer_told_for_later_finds_it_with_the_unit_above),
        cmocka_unit_test(an_offer_to_a_unit_that_ended_is_its_heirs_to_accept),
    };

    return TEST_RUN(tests);
}
