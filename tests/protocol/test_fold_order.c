/* The order in which events count, and that the order in which they came
 * never matters: 1,000 seeded shuffles of each rich scenario. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#define COMPLAINT QCDC__V1__PETITION_KIND__PETITION_KIND_COMPLAINT

#define SHUFFLES 1000

static const struct event_id none;

static void assert_history(const Qcdc__V1__PetitionRecord *r,
                           const struct event_id *ids, size_t len)
{
    assert_int_equal(r->n_history, len);
    for (size_t i = 0; i < len; i++) {
        if (memcmp(r->history[i]->event_id.data, ids[i].bytes, 16) != 0) {
            fail_msg("line %zu of the history is another event", i);
        }
    }
}

static struct event_id noted(struct world *w, struct said said)
{
    said.type = EVENT_PERSON_NOTIFIED;
    said.facts = SAYS(PersonNotified, person_notified,
                      .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED);
    return world_tell(w, &said);
}
#define NOTED(w, ...) noted((w), (struct said){__VA_ARGS__})

static void order_is_on_then_clamped_time_then_node_then_position(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    int64_t ten = at_ten(on("2024-03-05"));
    struct event_id p = tell_received(&w, "2024-03-01", COMPLAINT, 0);
    struct event_id last =
        NOTED(&w, .subject = p, .on = "2024-03-07", .recorded_s = ten - 999);
    struct event_id third =
        NOTED(&w, .subject = p, .on = "2024-03-05", .recorded_s = ten + 60,
              .node = 1012, .unit = 21, .position = 1);
    struct event_id second = NOTED(&w, .subject = p, .on = "2024-03-05",
                                   .recorded_s = ten + 60, .position = 9);
    /* Recorded by a clock an hour fast: its bracket pulls it back. */
    struct event_id first =
        NOTED(&w, .subject = p, .on = "2024-03-05", .recorded_s = ten + 3600,
              .upper_s = ten + 30, .position = 10);
    /* And one an hour slow is lifted to what it had seen. */
    struct event_id fourth =
        NOTED(&w, .subject = p, .on = "2024-03-05", .recorded_s = ten - 3600,
              .lower_s = ten + 90, .position = 11);
    struct event_id ids[] = {p, first, second, third, fourth, last};
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_history(r, ids, TEST_LEN(ids));
    assert_int_equal(r->history[1]->order_s, ten + 30);
    assert_int_equal(r->history[4]->order_s, ten + 90);
    assert_int_equal(r->history[4]->lower_s, ten + 90);
    assert_memory_equal(r->notified->event_id.data, first.bytes, 16);
    world_shuffle(&w, SHUFFLES, 3);
    world_close(&w);
}

static void refs_come_first_whatever_their_day(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", COMPLAINT, 0);
    struct event_id third = NOTED(&w, .subject = p, .on = "2024-03-20");
    struct event_id fourth =
        NOTED(&w, .subject = p, .on = "2024-03-04", .ref = third);
    struct event_id fifth =
        NOTED(&w, .subject = p, .on = "2024-03-03", .ref = fourth);
    struct event_id second = NOTED(&w, .subject = p, .on = "2024-03-19");
    struct event_id last = NOTED(&w, .subject = p, .on = "2024-03-21");
    struct event_id ids[] = {p, second, third, fifth, fourth, last};

    /* Placed least first: once 20-3 stands, 4-3 may, and then 3-3. */
    ids[3] = fourth;
    ids[4] = fifth;
    assert_history(PETITION(&w), ids, TEST_LEN(ids));
    world_shuffle(&w, SHUFFLES, 4);
    world_close(&w);
}

static void corrected_days_move_an_event_in_the_order(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", COMPLAINT, 0);
    struct event_id a = NOTED(&w, .subject = p, .on = "2024-03-05");
    struct event_id b = NOTED(&w, .subject = p, .on = "2024-03-07");
    struct event_id c = TELL(
        &w, .type = EVENT_CORRECTED, .on = "2024-03-10", .subject = p, .ref = a,
        .facts = SAYS(Corrected, corrected, .old_number = on("2024-03-05"),
                      .new_number = on("2024-03-09"), .reason = 1));
    struct event_id ids[] = {p, b, a, c};
    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_history(r, ids, TEST_LEN(ids));
    assert_int_equal(r->notified->on_day, on("2024-03-07"));
    world_shuffle(&w, SHUFFLES, 5);
    world_close(&w);
}

static void a_copy_counts_once_where_a_good_one_stands_first(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", COMPLAINT, 0);

    NOTED(&w, .subject = p, .on = "2024-03-05");

    struct fold_event bad = w.events[1];
    struct fold_event again = w.events[1];

    bad.standing = STANDING_BAD_SIGNATURE;
    bad.position = 1;
    bad.upper_s = 5;
    again.epoch = 2;
    again.upper_s = at_ten(on("2024-03-20"));
    w.events[w.len++] = bad;
    w.events[w.len++] = again;

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->n_history, 2);
    assert_non_null(r->notified);
    assert_int_equal(r->notified->upper_s, at_ten(on("2024-03-20")));
    world_shuffle(&w, SHUFFLES, 6);
    world_close(&w);
}

static Qcdc__V1__Document signed_paper(Qcdc__V1__DocumentKind kind)
{
    Qcdc__V1__Document paper = QCDC__V1__DOCUMENT__INIT;

    paper.kind = kind;
    paper.number = text_of("31/TB-UBND");
    paper.dated_day = on("2024-03-18");
    paper.signing = QCDC__V1__SIGNING__SIGNING_DIRECT;
    return paper;
}

/* A petition in which nearly everything happens, some of it wrongly. */
static void rich_petition(struct world *w)
{
    Qcdc__V1__Document order =
        signed_paper(QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_ORDER);
    struct event_id p = tell_received(w, "2024-03-01", COMPLAINT, 0);
    struct event_id asked =
        tell_plain(w, EVENT_SUPPLEMENT_REQUESTED, 11, p, none, "2024-03-04");

    tell_plain(w, EVENT_SUPPLEMENT_RECEIVED, 11, p, asked, "2024-03-06");
    TELL(w, .type = EVENT_PETITION_CLASSIFIED, .on = "2024-03-07", .subject = p,
         .facts =
             SAYS(PetitionClassified, petition_classified,
                  .result = QCDC__V1__CLASSIFICATION__CLASSIFICATION_ACCEPTED,
                  .due_day = on("2024-04-10")));

    struct event_id offer =
        TELL(w, .type = EVENT_PETITION_REFERRED, .on = "2024-03-08",
             .subject = p, .addressee = 13,
             .facts = SAYS(PetitionReferred, petition_referred, .to = 13));

    tell_plain(w, EVENT_REFERRAL_RETURNED, 13, p, offer, "2024-03-09");
    offer = TELL(w, .type = EVENT_PETITION_REFERRED, .on = "2024-03-10",
                 .subject = p, .addressee = 211,
                 .facts = SAYS(PetitionReferred, petition_referred, .to = 211));
    tell_plain(w, EVENT_REFERRAL_ACCEPTED, 211, p, offer, "2024-03-11");
    tell_plain(w, EVENT_REFERRAL_ACCEPTED, 13, p, offer, "2024-03-11");
    NOTED(w, .subject = p, .on = "2024-03-12", .unit = 12);

    struct event_id notice = NOTED(w, .subject = p, .on = "2024-03-13");
    struct event_id first =
        tell_plain(w, EVENT_PETITION_ANSWERED, 211, p, none, "2024-03-20");

    tell_plain(w, EVENT_PETITION_ANSWERED, 11, p, none, "2024-03-20");
    TELL(w, .type = EVENT_CORRECTED, .unit = 211, .on = "2024-04-01",
         .subject = p, .ref = first,
         .facts = SAYS(Corrected, corrected, .old_number = on("2024-03-20"),
                       .new_number = on("2024-03-18"), .reason = 1,
                       .order = &order));

    struct event_id late =
        TELL(w, .type = EVENT_CORRECTED, .on = "2024-04-02", .subject = p,
             .ref = notice,
             .facts = SAYS(Corrected, corrected, .old_number = on("2024-03-13"),
                           .new_number = on("2024-03-02"), .reason = 1));

    tell_plain(w, EVENT_APPROVED, 11, p, late, "2024-04-03");
    tell_plain(w, EVENT_APPROVED, 31, p, notice, "2024-04-03");

    struct event_id out =
        tell_plain(w, EVENT_VOIDED, 211, p, first, "2024-04-04");

    tell_plain(w, EVENT_VOIDED, 21, p, first, "2024-04-04");
    tell_plain(w, EVENT_VOIDED, 211, p, out, "2024-04-05");
    TELL(w, .type = EVENT_OUTCOME_REPORTED, .unit = 211, .on = "2024-05-01",
         .subject = p, .upper_s = at_ten(on("2024-04-20")),
         .facts = SAYS(OutcomeReported, outcome_reported,
                       .outcome = QCDC__V1__OUTCOME__OUTCOME_DONE));
    TELL(w, .type = EVENT_RECOMMENDATION_MADE, .on = "2024-04-04", .subject = p,
         .standing = STANDING_NOT_UNDERSTOOD);
}

static void a_rich_petition_is_the_same_in_every_order(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PETITION);
    rich_petition(&w);

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->n_history, w.len);
    assert_int_equal(r->holder, 211);
    assert_int_equal(r->n_referrals, 2);
    /* The answer of 211 was voided, which makes the receiver's the first. */
    assert_int_equal(r->answer_unit, 11);
    assert_int_equal(r->notified->on_day, on("2024-03-02"));
    assert_true(r->notified->approved);
    assert_true(r->notified->improved);
    /* Accepted by 13 after 211; notified by a stranger; the voided answer and
     * its correction; voided again; that taken back without approval; dated
     * after its bracket; not understood. */
    assert_int_equal(w.out.not_effective, 8);
    world_shuffle(&w, SHUFFLES, 7);
    world_close(&w);
}

static void rich_dialogue(struct world *w)
{
    struct event_id petitions[6] = {{{1}}, {{2}}, {{3}}, {{4}}, {{5}}, {{6}}};
    Qcdc__V1__Document minutes =
        signed_paper(QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_MINUTES);
    struct event_id d = TELL(
        w, .type = EVENT_DIALOGUE_SCHEDULED, .on = "2024-02-01",
        .facts = SAYS(DialogueScheduled, dialogue_scheduled,
                      .kind = QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_PERIODIC,
                      .planned_day = on("2024-03-15")));

    tell_plain(w, EVENT_DIALOGUE_SCHEDULED, 11, d, none, "2024-03-10");
    tell_plain(w, EVENT_DIALOGUE_SCHEDULED, 11, d, none, "2024-03-10");
    tell_plain(w, EVENT_DIALOGUE_HELD, 11, d, none, "2024-03-20");
    tell_plain(w, EVENT_DIALOGUE_HELD, 11, d, none, "2024-03-20");
    for (unsigned i = 0; i < 5; i++) {
        Qcdc__V1__ConclusionItem a = QCDC__V1__CONCLUSION_ITEM__INIT;
        Qcdc__V1__ConclusionItem b = QCDC__V1__CONCLUSION_ITEM__INIT;
        Qcdc__V1__ConclusionItem *items[] = {&a, &b};

        a.petition_id = id_of(&petitions[i]);
        b.petition_id = id_of(&petitions[i + 1]);
        a.conclusion = QCDC__V1__CONCLUSION__CONCLUSION_ANSWERED;
        b.conclusion = QCDC__V1__CONCLUSION__CONCLUSION_TAKEN;
        b.body = 12 + i % 2;
        TELL(w, .type = EVENT_DIALOGUE_CONCLUDED, .on = "2024-03-22",
             .subject = d,
             .facts = SAYS(DialogueConcluded, dialogue_concluded, .n_items = 2,
                           .items = items));
        minutes.kind = (Qcdc__V1__DocumentKind)(2 + i);
        TELL(w, .type = EVENT_DOCUMENT_FILED, .on = "2024-03-25", .subject = d,
             .facts =
                 SAYS(DocumentFiled, document_filed, .document = &minutes));
        TELL(w, .type = EVENT_DOCUMENT_WAIVED, .on = "2024-03-25", .subject = d,
             .facts = SAYS(DocumentWaived, document_waived,
                           .kind = (Qcdc__V1__DocumentKind)(3 + i)));
    }
    tell_plain(w, EVENT_DIALOGUE_CANCELLED, 11, d, none, "2024-03-30");
    tell_plain(w, EVENT_PUBLISHED, 13, d, none, "2024-03-30");
}

static void a_rich_dialogue_is_the_same_in_every_order(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_DIALOGUE);
    rich_dialogue(&w);

    const Qcdc__V1__DialogueRecord *r = DIALOGUE(&w);

    /* Two were told twice, byte for byte: copies of one event. */
    assert_int_equal(r->n_history, w.len - 2);
    assert_int_equal(r->n_concluded, 6);
    world_shuffle(&w, SHUFFLES, 8);
    world_close(&w);
}

static void a_plan_and_a_report_are_the_same_in_every_order(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_PLAN);

    struct event_id p =
        TELL(&w, .type = EVENT_PLAN_ADOPTED, .on = "2023-12-20",
             .facts = SAYS(PlanAdopted, plan_adopted,
                           .kind = QCDC__V1__PLAN_KIND__PLAN_KIND_DIALOGUE,
                           .year = 2024));

    for (unsigned i = 0; i < 8; i++) {
        tell_plain(&w, i % 2 == 0 ? EVENT_APPROVED : EVENT_VOIDED,
                   i % 3 == 0 ? 21 : 11, p, w.events[i / 2].leaf->id,
                   "2024-01-05");
    }
    world_shuffle(&w, SHUFFLES, 9);
    world_close(&w);
}

/* Hundreds of events that ref each other at random, days at random. */
static void a_tangle_of_refs_is_the_same_in_every_order(void **state)
{
    static const char *const days[] = {"2024-03-05", "2024-03-09", "2024-03-02",
                                       "2024-03-11"};
    struct world w;
    uint64_t seed = 77;

    (void)state;
    world_open(&w, RECORD_PETITION);

    struct event_id p = tell_received(&w, "2024-03-01", COMPLAINT, 0);

    for (unsigned i = 1; i < 300; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        NOTED(&w, .subject = p, .on = days[seed >> 62],
              .recorded_s =
                  at_ten(on("2024-03-01")) + (int64_t)(seed >> 40 & 0xff),
              .ref = w.events[(seed >> 20) % w.len].leaf->id);
    }

    const Qcdc__V1__PetitionRecord *r = PETITION(&w);

    assert_int_equal(r->n_history, 300);
    for (size_t i = 0; i < r->n_history; i++) {
        for (size_t k = 0; k < w.len; k++) {
            const struct leaf *leaf = w.events[k].leaf;

            if (memcmp(leaf->id.bytes, r->history[i]->event_id.data, 16) != 0 ||
                leaf->header.refs.len == 0) {
                continue;
            }

            struct event_id ref = header_ref(&leaf->header, 0);
            bool placed = false;

            for (size_t m = 0; m < i; m++) {
                placed |=
                    memcmp(r->history[m]->event_id.data, ref.bytes, 16) == 0;
            }
            assert_true(placed);
        }
    }
    world_shuffle(&w, 100, 10);
    world_close(&w);
}

static void a_full_arena_is_said_and_changes_nothing(void **state)
{
    struct world w;
    struct error err = {0};
    struct record_out out = {.unit = 77};

    (void)state;
    world_open(&w, RECORD_PETITION);
    rich_petition(&w);

    struct fold_input input = {.kind = w.kind,
                               .events = w.events,
                               .len = w.len,
                               .directory = &w.directory,
                               .asof_day = w.asof_day};
    int rc = -1;

    for (size_t room = 64; rc != 0 && room < 65536; room += 112) {
        struct arena small;

        arena_reset(&w.turn);
        uint8_t *memory = arena_alloc(&w.turn, room);

        assert_non_null(memory);
        arena_init(&small, memory, room);
        err = (struct error){0};
        rc = record_fold(&input, &small, &out, &err);
        if (rc != 0) {
            assert_int_equal(rc, ERR_NOMEM);
            assert_int_equal(out.unit, 77);
            assert_err_says(err, "no room");
        }
        arena_rewind(&small, 0);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(out.unit, 11);
    input.len = 0;
    assert_err(record_fold(&input, &w.arena, &out, &err), ERR_USAGE, err);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_on_then_clamped_time_then_node_then_position),
        cmocka_unit_test(refs_come_first_whatever_their_day),
        cmocka_unit_test(corrected_days_move_an_event_in_the_order),
        cmocka_unit_test(a_copy_counts_once_where_a_good_one_stands_first),
        cmocka_unit_test(a_rich_petition_is_the_same_in_every_order),
        cmocka_unit_test(a_rich_dialogue_is_the_same_in_every_order),
        cmocka_unit_test(a_plan_and_a_report_are_the_same_in_every_order),
        cmocka_unit_test(a_tangle_of_refs_is_the_same_in_every_order),
        cmocka_unit_test(a_full_arena_is_said_and_changes_nothing),
    };

    return TEST_RUN(tests);
}
