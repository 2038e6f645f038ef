/* The dialogue: plan, postponement, chairs, conclusions, dossier; and the
 * records that one event opens. */
#include "tests/support/test.h"

#include "tests/protocol/record_world.h"

#define STATE(name) QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_##name
#define DOC(name) QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_##name
#define SAID(name) QCDC__V1__CONCLUSION__CONCLUSION_##name

static const struct event_id none;
static const struct event_id petition_a = {{0xa}};
static const struct event_id petition_b = {{0xb}};
static const struct event_id petition_c = {{0xc}};

static struct event_id schedule(struct world *w, struct event_id subject,
                                const char *day, const char *planned,
                                uint32_t line)
{
    uint32_t chairs[] = {11, 111};

    return TELL(
        w, .type = EVENT_DIALOGUE_SCHEDULED, .on = day, .subject = subject,
        .facts = SAYS(DialogueScheduled, dialogue_scheduled,
                      .kind = QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_PERIODIC,
                      .planned_day = on(planned),
                      .form = QCDC__V1__DIALOGUE_FORM__DIALOGUE_FORM_IN_PERSON,
                      .plan_id = line != 0 ? id_of(&petition_c) : text_of(""),
                      .plan_line = line, .n_chairs = 2, .chairs = chairs));
}

static struct event_id hold(struct world *w, struct event_id subject,
                            const char *day)
{
    Qcdc__V1__Chair head = QCDC__V1__CHAIR__INIT;
    Qcdc__V1__Chair *chairs[] = {&head};

    head.unit = 11;
    head.head = 1;
    return TELL(w, .type = EVENT_DIALOGUE_HELD, .on = day, .subject = subject,
                .facts = SAYS(DialogueHeld, dialogue_held, .n_chairs = 1,
                              .chairs = chairs, .steps = 63, .attended = 80,
                              .women = 35, .opinions = 3));
}

struct conclusion {
    const struct event_id *petition;
    Qcdc__V1__Conclusion conclusion;
    uint32_t body;
    uint32_t due_day;
};

static struct event_id conclude(struct world *w, struct event_id subject,
                                uint32_t unit, const char *day,
                                const struct conclusion *rows, size_t len)
{
    Qcdc__V1__ConclusionItem items[4];
    Qcdc__V1__ConclusionItem *list[4];

    for (size_t i = 0; i < len; i++) {
        qcdc__v1__conclusion_item__init(&items[i]);
        items[i].petition_id = id_of(rows[i].petition);
        items[i].conclusion = rows[i].conclusion;
        items[i].body = rows[i].body;
        items[i].due_day = rows[i].due_day;
        list[i] = &items[i];
    }
    return TELL(w, .type = EVENT_DIALOGUE_CONCLUDED, .unit = unit, .on = day,
                .subject = subject,
                .facts = SAYS(DialogueConcluded, dialogue_concluded,
                              .n_items = len, .items = list));
}

static struct event_id file(struct world *w, struct event_id subject,
                            Qcdc__V1__DocumentKind kind, const char *day)
{
    Qcdc__V1__Document document = QCDC__V1__DOCUMENT__INIT;

    document.kind = kind;
    document.number = text_of("7");
    document.dated_day = on("2024-01-02");
    return TELL(w, .type = EVENT_DOCUMENT_FILED, .on = day, .subject = subject,
                .facts =
                    SAYS(DocumentFiled, document_filed, .document = &document));
}

/* Where the dossier has the paper; n_dossier: it has none. */
static size_t dossier_find(const Qcdc__V1__DialogueRecord *r,
                           Qcdc__V1__DocumentKind kind)
{
    size_t i = 0;

    while (i < r->n_dossier && r->dossier[i]->kind != kind) {
        i++;
    }
    return i;
}

static const Qcdc__V1__DossierLine *
dossier_line(const Qcdc__V1__DialogueRecord *r, Qcdc__V1__DocumentKind kind)
{
    size_t i = dossier_find(r, kind);

    if (i == r->n_dossier) {
        fail_msg("paper %d is not in the dossier", (int)kind);
    }
    return r->dossier[i];
}

static void a_postponed_dialogue_keeps_its_first_plan_line(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = schedule(&w, none, "2024-02-01", "2024-03-15", 2);

    schedule(&w, d, "2024-03-10", "2024-04-10", 5);

    const Qcdc__V1__DialogueRecord *r = DIALOGUE(&w);

    assert_int_equal(r->state, STATE(SCHEDULED));
    assert_int_equal(r->n_schedules, 2);
    assert_int_equal(r->schedules[0]->planned_day, on("2024-03-15"));
    assert_int_equal(r->schedules[1]->planned_day, on("2024-04-10"));
    assert_int_equal(r->schedules[1]->act->on_day, on("2024-03-10"));
    assert_int_equal(r->plan_line, 2);
    assert_int_equal(r->n_chairs, 2);
    assert_false(r->chairs[0]->head);
    hold(&w, d, "2024-04-10");
    r = DIALOGUE(&w);
    assert_int_equal(r->state, STATE(HELD));
    assert_int_equal(r->n_chairs, 1);
    assert_true(r->chairs[0]->head);
    assert_int_equal(r->attended, 80);
    assert_int_equal(r->steps, 63);

    struct event_id late = schedule(&w, d, "2024-04-11", "2024-05-10", 0);
    struct event_id twice = hold(&w, d, "2024-04-12");

    assert_int_equal(DIALOGUE(&w)->n_schedules, 2);
    assert_standing(&w, late, STANDING_CONTRADICTS);
    assert_standing(&w, twice, STANDING_REPEATED);
    /* The party committee scheduled as chair keeps its role. */
    assert_int_equal(w.out.units_len, 2);
    assert_int_equal(w.out.units[1], 111);
    world_close(&w);
}

static void a_cancelled_dialogue_is_not_held(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = schedule(&w, none, "2024-02-01", "2025-01-15", 0);

    assert_int_equal(DIALOGUE(&w)->state, STATE(SCHEDULED));
    assert_int_equal(w.out.year, 2025);

    struct event_id cancel =
        tell_plain(&w, EVENT_DIALOGUE_CANCELLED, 11, d, none, "2024-03-01");
    struct event_id held = hold(&w, d, "2024-03-15");

    assert_int_equal(DIALOGUE(&w)->state, STATE(CANCELLED));
    assert_standing(&w, held, STANDING_CONTRADICTS);

    /* Taking the cancellation back would meet D1: a leader's word. */
    struct event_id back =
        tell_plain(&w, EVENT_VOIDED, 11, d, cancel, "2024-03-20");

    assert_int_equal(DIALOGUE(&w)->state, STATE(CANCELLED));
    assert_standing(&w, back, STANDING_NEEDS_APPROVAL);
    tell_plain(&w, EVENT_APPROVED, 11, d, back, "2024-03-21");
    assert_int_equal(DIALOGUE(&w)->state, STATE(HELD));
    world_close(&w);
}

/* duties.md D6: an item is present or waived. A paper said to be item 6 is
 * not its event, so it must not hide the waiver. */
static void a_paper_never_hides_the_waiver_of_an_event_item(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = hold(&w, none, "2024-04-10");

    file(&w, d, DOC(PREVIOUS), "2024-04-11");
    assert_false(dossier_line(DIALOGUE(&w), DOC(PREVIOUS))->waived);
    TELL(&w, .type = EVENT_DOCUMENT_WAIVED, .on = "2024-04-15", .subject = d,
         .facts = SAYS(DocumentWaived, document_waived, .kind = DOC(PREVIOUS),
                       .reason = 1));
    TELL(&w, .type = EVENT_DOCUMENT_WAIVED, .on = "2024-04-16", .subject = d,
         .facts = SAYS(DocumentWaived, document_waived, .kind = DOC(PREVIOUS),
                       .reason = 1));
    file(&w, d, DOC(PREVIOUS), "2024-04-17");

    const Qcdc__V1__DossierLine *line =
        dossier_line(DIALOGUE(&w), DOC(PREVIOUS));

    assert_true(line->waived);
    assert_int_equal(line->act->on_day, on("2024-04-15"));
    world_close(&w);
}

static void conclusions_add_up_and_the_first_mention_stands(void **state)
{
    struct world w;
    const struct conclusion first[] = {
        {&petition_a, SAID(ANSWERED), 0, 0},
        {&petition_b, SAID(TAKEN), 11, on("2024-05-01")}};
    const struct conclusion second[] = {
        {&petition_b, SAID(TAKEN), 11, on("2024-06-30")},
        {&petition_c, SAID(FORWARDED), 211, on("2024-05-20")}};

    (void)state;
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = hold(&w, none, "2024-04-10");
    struct event_id early = conclude(&w, d, 11, "2024-04-09", first, 2);

    assert_int_equal(DIALOGUE(&w)->n_concluded, 0);
    assert_standing(&w, early, STANDING_CONTRADICTS);
    conclude(&w, d, 11, "2024-04-12", first, 2);

    struct event_id more = conclude(&w, d, 11, "2024-04-15", second, 2);
    struct event_id same = conclude(&w, d, 11, "2024-04-16", second, 1);
    struct event_id foreign = conclude(&w, d, 12, "2024-04-17", second, 1);
    const Qcdc__V1__DialogueRecord *r = DIALOGUE(&w);

    assert_int_equal(r->state, STATE(CONCLUDED));
    assert_int_equal(r->n_concluded, 3);
    assert_int_equal(r->concluded[1]->due_day, on("2024-05-01"));
    assert_int_equal(r->concluded[1]->act->on_day, on("2024-04-12"));
    assert_int_equal(r->concluded[2]->body, 211);
    assert_int_equal(r->concluded[2]->act->on_day, on("2024-04-15"));
    assert_standing(&w, more, STANDING_EFFECTIVE);
    assert_standing(&w, same, STANDING_REPEATED);
    assert_standing(&w, foreign, STANDING_NOT_PARTY);
    assert_int_equal(w.out.units_len, 2); /* 11 and the body named */
    assert_int_equal(w.out.units[1], 211);
    assert_int_equal(w.out.year, 2024);
    world_close(&w);
}

static void previous_results_name_each_petition_once(void **state)
{
    struct world w;
    Qcdc__V1__PreviousItem items[2] = {QCDC__V1__PREVIOUS_ITEM__INIT,
                                       QCDC__V1__PREVIOUS_ITEM__INIT};
    Qcdc__V1__PreviousItem *list[] = {&items[0], &items[1]};

    (void)state;
    items[0].petition_id = id_of(&petition_a);
    items[0].outcome = QCDC__V1__OUTCOME__OUTCOME_DONE;
    items[1].petition_id = id_of(&petition_b);
    items[1].outcome = QCDC__V1__OUTCOME__OUTCOME_NOT_YET;
    items[1].next_day = on("2024-09-01");
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = schedule(&w, none, "2024-02-01", "2024-04-10", 0);

    /* Reported in the room before the minutes were typed. */
    TELL(&w, .type = EVENT_PREVIOUS_RESULTS_REPORTED, .on = "2024-04-10",
         .subject = d,
         .facts = SAYS(PreviousResultsReported, previous_results_reported,
                       .n_items = 2, .items = list));
    hold(&w, d, "2024-04-10");
    items[1].outcome = QCDC__V1__OUTCOME__OUTCOME_NOT_DONE;
    items[1].next_day = 0;
    items[1].reason = 3;

    struct event_id again =
        TELL(&w, .type = EVENT_PREVIOUS_RESULTS_REPORTED, .on = "2024-04-11",
             .subject = d,
             .facts = SAYS(PreviousResultsReported, previous_results_reported,
                           .n_items = 2, .items = list));
    const Qcdc__V1__DialogueRecord *r = DIALOGUE(&w);

    assert_int_equal(r->n_previous, 2);
    assert_int_equal(r->previous[1]->outcome,
                     QCDC__V1__OUTCOME__OUTCOME_NOT_YET);
    assert_int_equal(r->previous[1]->next_day, on("2024-09-01"));
    assert_int_equal(r->previous[0]->act->on_day, on("2024-04-10"));
    assert_standing(&w, again, STANDING_REPEATED);
    world_close(&w);
}

static void the_dossier_gathers_papers_from_any_event(void **state)
{
    struct world w;
    const struct conclusion rows[] = {{&petition_a, SAID(ANSWERED), 0, 0}};
    Qcdc__V1__Document minutes = QCDC__V1__DOCUMENT__INIT;
    Qcdc__V1__Document other = QCDC__V1__DOCUMENT__INIT;
    Qcdc__V1__Document *papers[] = {&minutes, &other};

    (void)state;
    minutes.kind = DOC(MINUTES);
    other.kind = DOC(ANSWER); /* no item of the dossier */
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = schedule(&w, none, "2024-02-01", "2024-04-10", 0);

    TELL(&w, .type = EVENT_DIALOGUE_HELD, .on = "2024-04-10", .subject = d,
         .facts = SAYS(DialogueHeld, dialogue_held, .steps = 63,
                       .n_documents = 2, .documents = papers));
    conclude(&w, d, 11, "2024-04-12", rows, 1);
    file(&w, d, DOC(SUMMONS), "2024-04-20");
    file(&w, d, DOC(SUMMONS), "2024-04-05");
    file(&w, d, DOC(CONCERNS), "2024-04-25");
    TELL(&w, .type = EVENT_DOCUMENT_WAIVED, .on = "2024-04-21", .subject = d,
         .facts = SAYS(DocumentWaived, document_waived, .kind = DOC(PROGRAMME),
                       .reason = 1));
    TELL(&w, .type = EVENT_DOCUMENT_WAIVED, .on = "2024-04-26", .subject = d,
         .facts = SAYS(DocumentWaived, document_waived, .kind = DOC(CONCERNS),
                       .reason = 1));

    const Qcdc__V1__DialogueRecord *r = DIALOGUE(&w);

    assert_int_equal(r->n_dossier, 5);
    for (size_t i = 1; i < r->n_dossier; i++) {
        assert_true(r->dossier[i - 1]->kind < r->dossier[i]->kind);
    }
    assert_int_equal(dossier_line(r, DOC(SUMMONS))->act->on_day,
                     on("2024-04-05"));
    assert_true(dossier_line(r, DOC(PROGRAMME))->waived);
    assert_false(dossier_line(r, DOC(CONCERNS))->waived);
    assert_int_equal(dossier_line(r, DOC(CONCERNS))->act->on_day,
                     on("2024-04-25"));
    assert_int_equal(dossier_line(r, DOC(CONCLUSION))->act->on_day,
                     on("2024-04-12"));
    assert_int_equal(dossier_line(r, DOC(MINUTES))->act->on_day,
                     on("2024-04-10"));
    assert_int_equal(dossier_find(r, DOC(PREVIOUS)), r->n_dossier);
    assert_int_equal(dossier_find(r, DOC(ANSWER)), r->n_dossier);
    /* Chairs as scheduled, for the minutes named none. */
    assert_int_equal(r->n_chairs, 2);
    world_close(&w);
}

static void publications_are_told_apart(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = schedule(&w, none, "2024-02-01", "2024-04-10", 0);
    struct event_id results =
        TELL(&w, .type = EVENT_PUBLISHED, .on = "2024-04-01", .subject = d,
             .facts = SAYS(
                 Published, published,
                 .what = QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_RESULTS));

    TELL(&w, .type = EVENT_PUBLISHED, .on = "2024-04-02", .subject = d,
         .facts = SAYS(
             Published, published,
             .what = QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_ANNOUNCEMENT));
    hold(&w, d, "2024-04-10");
    TELL(&w, .type = EVENT_PUBLISHED, .on = "2024-04-19", .subject = d,
         .facts =
             SAYS(Published, published,
                  .what = QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_RESULTS));

    const Qcdc__V1__DialogueRecord *r = DIALOGUE(&w);

    assert_int_equal(r->announced->on_day, on("2024-04-02"));
    assert_int_equal(r->results->on_day, on("2024-04-19"));
    assert_standing(&w, results, STANDING_CONTRADICTS);
    world_close(&w);
}

static void a_request_becomes_a_dialogue(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_DIALOGUE);

    struct event_id d = TELL(
        &w, .type = EVENT_DIALOGUE_REQUESTED, .on = "2024-02-01",
        .facts = SAYS(DialogueRequested, dialogue_requested, .voters = 120));

    assert_int_equal(DIALOGUE(&w)->state, STATE(REQUESTED));
    hold(&w, d, "2024-02-20");

    const Qcdc__V1__DialogueRecord *r = DIALOGUE(&w);

    assert_int_equal(r->state, STATE(HELD));
    assert_int_equal(r->voters, 120);
    assert_int_equal(r->kind,
                     QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_ON_REQUEST);
    world_close(&w);
}

static void a_plan_keeps_its_lines_and_gets_a_mark(void **state)
{
    struct world w;
    Qcdc__V1__PlanLine line = QCDC__V1__PLAN_LINE__INIT;
    Qcdc__V1__PlanLine *lines[] = {&line};

    (void)state;
    line.planned_day = on("2024-06-30");
    line.month = 1;
    line.kind = QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_PERIODIC;
    world_open(&w, RECORD_PLAN);

    struct event_id p =
        TELL(&w, .type = EVENT_PLAN_ADOPTED, .on = "2023-12-20",
             .facts = SAYS(PlanAdopted, plan_adopted,
                           .kind = QCDC__V1__PLAN_KIND__PLAN_KIND_DIALOGUE,
                           .year = 2024, .n_lines = 1, .lines = lines));
    struct event_id odd =
        tell_plain(&w, EVENT_PETITION_ANSWERED, 11, p, none, "2024-01-05");

    tell_plain(&w, EVENT_APPROVED, 21, p, p, "2024-01-06");

    const Qcdc__V1__PlanRecord *r = world_fold(&w);

    assert_int_equal(r->unit, 11);
    assert_int_equal(r->year, 2024);
    assert_int_equal(r->n_lines, 1);
    assert_int_equal(r->lines[0]->planned_day, on("2024-06-30"));
    assert_int_equal(r->mark, QCDC__V1__MARK__MARK_WITH_KEY);
    assert_true(r->adopted->approved);
    assert_int_equal(r->n_history, 3);
    assert_standing(&w, odd, STANDING_CONTRADICTS);
    assert_int_equal(w.out.year, 2024); /* of the plan, not of its day */
    assert_int_equal(w.out.state, 1);
    world_close(&w);
}

static void reports_and_nothing_to_report_fold(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, RECORD_REPORT);

    struct event_id first = TELL(
        &w, .type = EVENT_REPORT_SUBMITTED, .on = "2024-06-14",
        .facts = SAYS(
            ReportSubmitted, report_submitted,
            .period = QCDC__V1__PERIOD__PERIOD_HALF, .year = 2024,
            .section = QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_NONE_HELD));

    const Qcdc__V1__ReportRecord *report = world_fold(&w);

    assert_int_equal(report->submitted->on_day, on("2024-06-14"));
    assert_int_equal(report->section,
                     QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_NONE_HELD);
    assert_int_equal(report->period, QCDC__V1__PERIOD__PERIOD_HALF);

    /* Taking out the first report lets the next one decide (Y1). */
    struct event_id out =
        tell_plain(&w, EVENT_VOIDED, 11, first, first, "2024-06-20");

    report = world_fold(&w);
    assert_non_null(report->submitted);
    assert_standing(&w, out, STANDING_NEEDS_APPROVAL);
    world_close(&w);

    world_open(&w, RECORD_NOTICE);

    struct event_id n =
        TELL(&w, .type = EVENT_NOTHING_TO_REPORT, .on = "2024-12-31",
             .facts = SAYS(NothingToReport, nothing_to_report,
                           .duty = text_of("D1"), .year = 2024));
    const Qcdc__V1__NothingRecord *notice = world_fold(&w);

    assert_memory_equal(notice->duty.data, "D1", 2);
    assert_int_equal(notice->year, 2024);
    assert_int_equal(notice->act->on_day, on("2024-12-31"));
    tell_plain(&w, EVENT_VOIDED, 11, n, n, "2025-01-03");
    notice = world_fold(&w);
    assert_null(notice->act);
    assert_int_equal(w.out.state, 0);
    world_close(&w);
}

static void record_kinds_follow_the_opening_event(void **state)
{
    (void)state;
    assert_int_equal(record_kind_of_event(EVENT_PETITION_RECEIVED),
                     RECORD_PETITION);
    assert_int_equal(record_kind_of_event(EVENT_DIALOGUE_HELD),
                     RECORD_DIALOGUE);
    assert_int_equal(record_kind_of_event(EVENT_PLAN_ADOPTED), RECORD_PLAN);
    assert_int_equal(record_kind_of_event(EVENT_REPORT_SUBMITTED),
                     RECORD_REPORT);
    assert_int_equal(record_kind_of_event(EVENT_NOTHING_TO_REPORT),
                     RECORD_NOTICE);
    assert_int_equal(record_kind_of_event(EVENT_APPROVED), RECORD_NONE);
    assert_int_equal(record_kind_of_event(UINT32_MAX), RECORD_NONE);
    for (size_t i = 0; event_type_at(i) != NULL; i++) {
        const struct event_type *type = event_type_at(i);
        enum record_kind kind = record_kind_of_event(type->number);

        assert_int_equal(type->opens,
                         kind == RECORD_NONE ? 0u : 1u << (kind - 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_postponed_dialogue_keeps_its_first_plan_line),
        cmocka_unit_test(a_cancelled_dialogue_is_not_held),
        cmocka_unit_test(a_paper_never_hides_the_waiver_of_an_event_item),
        cmocka_unit_test(conclusions_add_up_and_the_first_mention_stands),
        cmocka_unit_test(previous_results_name_each_petition_once),
        cmocka_unit_test(the_dossier_gathers_papers_from_any_event),
        cmocka_unit_test(publications_are_told_apart),
        cmocka_unit_test(a_request_becomes_a_dialogue),
        cmocka_unit_test(a_plan_keeps_its_lines_and_gets_a_mark),
        cmocka_unit_test(reports_and_nothing_to_report_fold),
        cmocka_unit_test(record_kinds_follow_the_opening_event),
    };

    return TEST_RUN(tests);
}
