/* Corrected, Voided, Approved: what improves, who may, what stays visible. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#define PROPOSAL QCDC__V1__PETITION_KIND__PETITION_KIND_PROPOSAL

static const struct event_id none;

static Qcdc__V1__Document order_no_5(void)
{
    Qcdc__V1__Document order = QCDC__V1__DOCUMENT__INIT;

    order.kind = QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_ORDER;
    order.number = text_of("05/QD-UBND");
    order.dated_day = on("2024-04-01");
    return order;
}

static struct event_id answered(struct world *w, struct event_id p,
                                const char *day)
{
    return TELL(w, .type = EVENT_PETITION_ANSWERED, .on = day, .subject = p,
                .facts =
                    SAYS(PetitionAnswered, petition_answered,
                         .by = QCDC__V1__ANSWERED_BY__ANSWERED_BY_BODY,
                         .form = QCDC__V1__ANSWER_FORM__ANSWER_FORM_WRITTEN,
                         .publicity = QCDC__V1__PUBLICITY__PUBLICITY_PUBLIC));
}

static struct event_id corrected_day(struct world *w, struct event_id p,
                                     struct event_id what, const char *from,
                                     const char *to, const char *day,
                                     Qcdc__V1__Document *order)
{
    return TELL(
        w, .type = EVENT_CORRECTED, .on = day, .subject = p, .ref = what,
        .facts = SAYS(Corrected, corrected, .old_number = on(from),
                      .new_number = on(to), .reason = 1, .order = order));
}

static struct event_id corrected_number(struct world *w, struct event_id p,
                                        struct event_id what, uint32_t field,
                                        uint64_t from, uint64_t to,
                                        const char *day)
{
    return TELL(
        w, .type = EVENT_CORRECTED, .on = day, .subject = p, .ref = what,
        .facts = SAYS(Corrected, corrected, .field = field, .old_number = from,
                      .new_number = to, .reason = 1));
}

static struct event_id approved(struct world *w, struct event_id p,
                                struct event_id what, uint32_t unit,
                                const char *day)
{
    return tell_plain(w, EVENT_APPROVED, unit, p, what, day);
}

static void a_worsening_correction_needs_nobody(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id a = answered(&w, p, "2024-03-20");
    struct event_id c =
        corrected_day(&w, p, a, "2024-03-20", "2024-03-25", "2024-04-02", NULL);
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->answered->on_day, on("2024-03-25"));
    assert_false(r->answered->improved);
    assert_standing(&w, c, STANDING_EFFECTIVE);
    /* Both values stay visible. */
    assert_int_equal(world_placed(&w, a)->on_day, on("2024-03-25"));
    assert_int_equal(world_placed(&w, a)->stated_on_day, on("2024-03-20"));
    assert_false(world_placed(&w, a)->improved);
    world_close(&w);
}

static void an_improving_correction_waits_for_approval(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id a = answered(&w, p, "2024-03-20");
    struct event_id c =
        corrected_day(&w, p, a, "2024-03-20", "2024-03-12", "2024-04-02", NULL);
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->answered->on_day, on("2024-03-20"));
    assert_standing(&w, c, STANDING_NEEDS_APPROVAL);

    struct event_id stranger = approved(&w, p, c, 13, "2024-04-03");

    r = PETITION(&w);
    assert_int_equal(r->answered->on_day, on("2024-03-20"));
    assert_standing(&w, stranger, STANDING_NOT_PARTY);

    approved(&w, p, c, 11, "2024-04-04");
    r = PETITION(&w);
    assert_int_equal(r->answered->on_day, on("2024-03-12"));
    assert_true(r->answered->improved);
    assert_true(world_placed(&w, a)->improved);
    assert_standing(&w, c, STANDING_EFFECTIVE);
    assert_int_equal(world_placed(&w, c)->mark, QCDC__V1__MARK__MARK_WITH_KEY);
    world_close(&w);
}

static void a_paper_order_serves_as_approval(void **state)
{
    struct world w;
    Qcdc__V1__Document order = order_no_5();
    Qcdc__V1__Document empty = QCDC__V1__DOCUMENT__INIT;

    (void)state;
    empty.kind = QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_ORDER;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id a = answered(&w, p, "2024-03-20");
    struct event_id c = corrected_day(&w, p, a, "2024-03-20", "2024-03-13",
                                      "2024-04-01", &empty);

    assert_int_equal(PETITION(&w)->answered->on_day, on("2024-03-20"));
    assert_standing(&w, c, STANDING_NEEDS_APPROVAL);
    corrected_day(&w, p, a, "2024-03-20", "2024-03-12", "2024-04-02", &order);

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->answered->on_day, on("2024-03-12"));
    assert_true(r->answered->improved);
    world_close(&w);
}

static void a_correction_must_name_what_stood_there(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id a = answered(&w, p, "2024-03-20");
    struct event_id wrong =
        corrected_day(&w, p, a, "2024-03-19", "2024-03-25", "2024-04-01", NULL);
    struct event_id field = corrected_number(&w, p, a, 5, 0, 3, "2024-04-01");
    struct event_id unknown =
        corrected_number(&w, p, a, 99, 0, 3, "2024-04-01");
    struct event_id invalid =
        corrected_number(&w, p, p, 1, 1, 777, "2024-04-01");

    PETITION(&w);
    assert_standing(&w, wrong, STANDING_CONTRADICTS);
    assert_standing(&w, field, STANDING_CONTRADICTS); /* a nested message */
    assert_standing(&w, unknown, STANDING_CONTRADICTS);
    assert_standing(&w, invalid, STANDING_INVALID);
    assert_int_equal(PETITION(&w)->channel, QCDC__V1__CHANNEL__CHANNEL_COUNTER);
    world_close(&w);
}

static void a_second_correction_builds_on_the_first(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id first = corrected_number(&w, p, p, 6, 0, 4, "2024-03-05");
    struct event_id second =
        corrected_number(&w, p, first, 6, 4, 5, "2024-03-06");
    struct event_id stale = corrected_number(&w, p, p, 6, 4, 9, "2024-03-07");

    assert_int_equal(PETITION(&w)->people, 5);
    assert_standing(&w, second, STANDING_EFFECTIVE);
    assert_standing(&w, stale, STANDING_CONTRADICTS);

    /* Taking the first back leaves nothing for the second to stand on. */
    tell_plain(&w, EVENT_VOIDED, 11, p, first, "2024-03-08");
    assert_standing(&w, first, STANDING_EFFECTIVE); /* voiding needs a leader */
    approved(&w, p, w.events[w.len - 1].leaf->id, 11, "2024-03-09");
    assert_int_equal(PETITION(&w)->people, 0);
    assert_standing(&w, first, STANDING_VOIDED);
    assert_standing(&w, second, STANDING_CONTRADICTS);
    world_close(&w);
}

static void only_its_own_unit_or_one_above_corrects(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);

    TELL(&w, .type = EVENT_PETITION_REFERRED, .on = "2024-03-02", .subject = p,
         .addressee = 13,
         .facts = SAYS(PetitionReferred, petition_referred, .to = 13));

    struct event_id peer = TELL(&w, .type = EVENT_CORRECTED, .unit = 13,
                                .on = "2024-03-03", .subject = p, .ref = p,
                                .facts = SAYS(Corrected, corrected, .field = 6,
                                              .new_number = 4, .reason = 1));
    struct event_id above = TELL(&w, .type = EVENT_CORRECTED, .unit = 31,
                                 .on = "2024-03-04", .subject = p, .ref = p,
                                 .facts = SAYS(Corrected, corrected, .field = 6,
                                               .new_number = 5, .reason = 1));

    assert_int_equal(PETITION(&w)->people, 5);
    assert_standing(&w, peer, STANDING_NOT_PARTY);
    assert_standing(&w, above, STANDING_EFFECTIVE);
    world_close(&w);
}

static void voiding_an_answer_needs_nobody_voiding_a_petition_does(void **state)
{
    struct world w;
    Qcdc__V1__Document order = order_no_5();

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id a = answered(&w, p, "2024-03-20");

    tell_plain(&w, EVENT_VOIDED, 11, p, a, "2024-03-21");

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_null(r->answered);
    assert_standing(&w, a, STANDING_VOIDED);
    assert_false(world_placed(&w, a)->improved);

    struct event_id v = tell_plain(&w, EVENT_VOIDED, 11, p, p, "2024-03-22");

    assert_non_null(PETITION(&w)->received);
    assert_standing(&w, v, STANDING_NEEDS_APPROVAL);
    TELL(&w, .type = EVENT_VOIDED, .on = "2024-03-23", .subject = p, .ref = p,
         .facts = SAYS(Voided, voided, .reason = 1, .order = &order));
    r = PETITION(&w);
    assert_null(r->received);
    assert_int_equal(r->state, 0);
    assert_int_equal(r->receiver, 11); /* still known whose it was */
    assert_standing(&w, p, STANDING_VOIDED);
    assert_true(world_placed(&w, p)->improved);
    world_close(&w);
}

static void the_first_voiding_stands_and_can_itself_be_voided(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id a = answered(&w, p, "2024-03-20");
    struct event_id v1 = tell_plain(&w, EVENT_VOIDED, 11, p, a, "2024-03-21");
    struct event_id v2 = tell_plain(&w, EVENT_VOIDED, 11, p, a, "2024-03-22");

    assert_null(PETITION(&w)->answered);
    assert_standing(&w, v1, STANDING_EFFECTIVE);
    assert_standing(&w, v2, STANDING_REPEATED);

    struct event_id back =
        tell_plain(&w, EVENT_VOIDED, 11, p, v1, "2024-03-23");

    approved(&w, p, back, 11, "2024-03-24");
    assert_null(PETITION(&w)->answered); /* the second still does it */
    assert_standing(&w, v1, STANDING_VOIDED);
    assert_standing(&w, v2, STANDING_EFFECTIVE);
    world_close(&w);
}

static void marks_tell_paper_from_key_and_never_move_a_date(void **state)
{
    struct world w;
    Qcdc__V1__Document paper = QCDC__V1__DOCUMENT__INIT;

    (void)state;
    paper.kind = QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_ANSWER;
    paper.number = text_of("12/UBND");
    paper.dated_day = on("2024-03-18");
    paper.signing = QCDC__V1__SIGNING__SIGNING_KT;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id a = answered(&w, p, "2024-03-20");

    assert_int_equal(PETITION(&w)->answer_mark, QCDC__V1__MARK__MARK_UNSIGNED);
    TELL(&w, .type = EVENT_DOCUMENT_FILED, .on = "2024-03-25", .subject = p,
         .ref = a,
         .facts = SAYS(DocumentFiled, document_filed, .document = &paper));
    assert_int_equal(PETITION(&w)->answer_mark, QCDC__V1__MARK__MARK_ON_PAPER);
    approved(&w, p, a, 11, "2024-03-26");

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->answer_mark, QCDC__V1__MARK__MARK_WITH_KEY);
    assert_int_equal(r->answered->on_day, on("2024-03-20"));
    assert_false(r->answered->approved); /* its own leader, not a superior */
    approved(&w, p, a, 21, "2024-03-27");
    assert_true(PETITION(&w)->answered->approved);
    world_close(&w);
}

static void an_act_on_an_event_not_held_waits(void **state)
{
    struct world w;
    struct event_id unknown = {{1, 2, 3}};

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", PROPOSAL, 0);
    struct event_id c = corrected_number(&w, p, unknown, 6, 0, 4, "2024-03-05");
    struct event_id v =
        tell_plain(&w, EVENT_VOIDED, 11, p, unknown, "2024-03-05");
    struct event_id a = approved(&w, p, none, 11, "2024-03-06");

    PETITION(&w);
    assert_standing(&w, c, STANDING_WAITING);
    assert_standing(&w, v, STANDING_WAITING);
    assert_standing(&w, a, STANDING_WAITING);
    assert_int_equal(w.out.waiting, 3);
    world_close(&w);
}

static void what_improves_is_known_by_field(void **state)
{
    (void)state;
    assert_true(fold_improves(EVENT_PETITION_ANSWERED, 0, 20, 19));
    assert_false(fold_improves(EVENT_PETITION_ANSWERED, 0, 19, 20));
    /* Handed in later: every term gets later. */
    assert_true(fold_improves(EVENT_PETITION_RECEIVED, 0, 19, 20));
    assert_true(fold_improves(EVENT_DIALOGUE_HELD, 0, 19, 20));
    assert_true(fold_improves(EVENT_PETITION_CLASSIFIED, 5, 19, 20));
    assert_true(fold_improves(EVENT_PETITION_CLASSIFIED, 5, 19, 0));
    assert_false(fold_improves(EVENT_PETITION_CLASSIFIED, 5, 20, 19));
    assert_false(fold_improves(EVENT_PETITION_CLASSIFIED, 5, 0, 0));
    assert_true(fold_improves(EVENT_DIALOGUE_SCHEDULED, 2, 19, 20));
    assert_true(fold_improves(EVENT_PETITION_RECEIVED, 5, 1, 0));
    assert_false(fold_improves(EVENT_PETITION_RECEIVED, 5, 0, 1));
    assert_false(fold_improves(EVENT_PETITION_RECEIVED, 6, 3, 4));
    /* A complaint may be put off (P1), a proposal not. */
    assert_true(fold_improves(EVENT_PETITION_RECEIVED, 2, 1, 2));
    assert_true(fold_improves(EVENT_PETITION_CLASSIFIED, 2, 1, 2));
}

/* A key said to be stolen: what it signed beyond the position waits. */
static void what_a_stolen_key_signed_waits_for_another_official(void **state)
{
    struct world w;
    struct event_id subject, answer, approval, own;

    (void)state;
    world_open(&w, RECORD_PETITION);
    subject =
        TELL(&w, .type = EVENT_PETITION_RECEIVED, .on = "2024-03-01",
             .facts = SAYS(PetitionReceived, petition_received,
                           .channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER));
    answer =
        TELL(&w, .type = EVENT_PETITION_ANSWERED, .subject = subject,
             .on = "2024-03-05", .standing = STANDING_NEEDS_APPROVAL,
             .facts = SAYS(PetitionAnswered, petition_answered,
                           .by = QCDC__V1__ANSWERED_BY__ANSWERED_BY_CHAIR));
    /* The thief approves himself: that waits too. */
    own = tell_plain(&w, EVENT_APPROVED, 11, subject, answer, "2024-03-06");
    w.events[w.len - 1].standing = STANDING_NEEDS_APPROVAL;
    assert_null(PETITION(&w)->answered);
    assert_standing(&w, answer, STANDING_NEEDS_APPROVAL);
    assert_standing(&w, own, STANDING_NEEDS_APPROVAL);
    approval =
        tell_plain(&w, EVENT_APPROVED, 11, subject, answer, "2024-03-07");
    assert_int_equal(PETITION(&w)->answered->on_day, on("2024-03-05"));
    assert_standing(&w, answer, STANDING_EFFECTIVE);
    assert_standing(&w, approval, STANDING_EFFECTIVE);
    assert_standing(&w, own, STANDING_NEEDS_APPROVAL);
    world_shuffle(&w, 100, 21);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worsening_correction_needs_nobody),
        cmocka_unit_test(an_improving_correction_waits_for_approval),
        cmocka_unit_test(a_paper_order_serves_as_approval),
        cmocka_unit_test(a_correction_must_name_what_stood_there),
        cmocka_unit_test(a_second_correction_builds_on_the_first),
        cmocka_unit_test(only_its_own_unit_or_one_above_corrects),
        cmocka_unit_test(
            voiding_an_answer_needs_nobody_voiding_a_petition_does),
        cmocka_unit_test(the_first_voiding_stands_and_can_itself_be_voided),
        cmocka_unit_test(marks_tell_paper_from_key_and_never_move_a_date),
        cmocka_unit_test(an_act_on_an_event_not_held_waits),
        cmocka_unit_test(what_improves_is_known_by_field),
        cmocka_unit_test(what_a_stolen_key_signed_waits_for_another_official),
    };

    return TEST_RUN(tests);
}
