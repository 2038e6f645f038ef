/* The hand-written reader of records against the generated descriptors: field
 * numbers by name, and a record full of everything. */
#include "tests/protocol/duty_world.h"

#include "protocol/duty/view.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

struct wanted {
    const ProtobufCMessageDescriptor *shape;
    const char *name;
    unsigned number;
};

#define AT(shape, name, number)                                                \
    {                                                                          \
        &qcdc__v1__##shape##__descriptor, name, number                         \
    }

static void numbers_are_those_of_the_schema(void **state)
{
    static const struct wanted all[] = {
        AT(act, "event_id", 1),
        AT(act, "on_day", 2),
        AT(act, "lower_s", 3),
        AT(act, "upper_s", 4),
        AT(act, "historical", 5),
        AT(act, "approved", 6),
        AT(act, "improved", 7),
        AT(petition_record, "receiver", 1),
        AT(petition_record, "kind", 4),
        AT(petition_record, "person_known", 7),
        AT(petition_record, "dialogue_id", 10),
        AT(petition_record, "received", 11),
        AT(petition_record, "extensions", 15),
        AT(petition_record, "pauses", 16),
        AT(petition_record, "notified", 17),
        AT(petition_record, "notice", 18),
        AT(petition_record, "referrals", 19),
        AT(petition_record, "answered", 20),
        AT(petition_record, "answer_form", 22),
        AT(petition_record, "publicity", 23),
        AT(petition_record, "published", 25),
        AT(petition_record, "outcomes", 26),
        AT(petition_record, "withdrawn", 27),
        AT(extension, "act", 1),
        AT(extension, "due_day", 2),
        AT(pause, "from_day", 1),
        AT(pause, "until_day", 2),
        AT(referral, "to", 3),
        AT(referral, "accepted", 4),
        AT(outcome_line, "act", 1),
        AT(outcome_line, "outcome", 2),
        AT(dialogue_record, "unit", 1),
        AT(dialogue_record, "schedules", 5),
        AT(dialogue_record, "plan_id", 6),
        AT(dialogue_record, "plan_line", 7),
        AT(dialogue_record, "held", 11),
        AT(dialogue_record, "chairs", 12),
        AT(dialogue_record, "voter_contact", 17),
        AT(dialogue_record, "concluded", 18),
        AT(dialogue_record, "previous", 19),
        AT(dialogue_record, "dossier", 20),
        AT(dialogue_record, "first_concluded", 25),
        AT(dialogue_record, "first_previous", 26),
        AT(schedule, "act", 1),
        AT(schedule, "planned_day", 2),
        AT(chair, "unit", 1),
        AT(chair, "head", 2),
        AT(concluded, "petition_id", 1),
        AT(concluded, "conclusion", 2),
        AT(concluded, "body", 3),
        AT(concluded, "due_day", 4),
        AT(concluded, "body_name", 5),
        AT(concluded, "act", 6),
        AT(previous_line, "petition_id", 1),
        AT(previous_line, "outcome", 2),
        AT(previous_line, "next_day", 3),
        AT(previous_line, "reason", 4),
        AT(previous_line, "act", 5),
        AT(dossier_line, "kind", 1),
        AT(dossier_line, "act", 2),
        AT(dossier_line, "waived", 3),
        AT(plan_record, "unit", 1),
        AT(plan_record, "kind", 2),
        AT(plan_record, "year", 3),
        AT(plan_record, "adopted", 4),
        AT(plan_record, "lines", 5),
        AT(plan_line, "planned_day", 1),
        AT(plan_line, "kind", 3),
        AT(report_record, "unit", 1),
        AT(report_record, "period", 2),
        AT(report_record, "year", 3),
        AT(report_record, "submitted", 4),
        AT(report_record, "section", 5),
        AT(nothing_record, "unit", 1),
        AT(nothing_record, "duty", 2),
        AT(nothing_record, "year", 3),
        AT(nothing_record, "month", 4),
        AT(nothing_record, "act", 5),
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(all); i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(all[i].shape,
                                                            all[i].name);

        if (field == NULL || field->id != all[i].number) {
            fail_msg("%s.%s is not field %u", all[i].shape->name, all[i].name,
                     all[i].number);
        }
    }
}

/* The constants of view.h are those of the schema. */
static void values_are_those_of_the_schema(void **state)
{
    (void)state;
    assert_int_equal(VIEW_PETITION_PROPOSAL,
                     QCDC__V1__PETITION_KIND__PETITION_KIND_PROPOSAL);
    assert_int_equal(VIEW_NOTICE_REFUSED, QCDC__V1__NOTICE__NOTICE_REFUSED);
    assert_int_equal(VIEW_NOTICE_NEEDS_TIME,
                     QCDC__V1__NOTICE__NOTICE_NEEDS_TIME);
    assert_int_equal(VIEW_ANSWER_ON_THE_SPOT,
                     QCDC__V1__ANSWER_FORM__ANSWER_FORM_ON_THE_SPOT);
    assert_int_equal(VIEW_ANSWER_NOTED,
                     QCDC__V1__ANSWER_FORM__ANSWER_FORM_NOTED);
    assert_int_equal(VIEW_PUBLICITY_PERSONAL,
                     QCDC__V1__PUBLICITY__PUBLICITY_PERSONAL);
    assert_int_equal(VIEW_OUTCOME_DONE, QCDC__V1__OUTCOME__OUTCOME_DONE);
    assert_int_equal(VIEW_OUTCOME_NOT_YET, QCDC__V1__OUTCOME__OUTCOME_NOT_YET);
    assert_int_equal(VIEW_OUTCOME_NOT_DONE,
                     QCDC__V1__OUTCOME__OUTCOME_NOT_DONE);
    assert_int_equal(VIEW_CONCLUSION_ANSWERED,
                     QCDC__V1__CONCLUSION__CONCLUSION_ANSWERED);
    assert_int_equal(VIEW_CONCLUSION_TAKEN,
                     QCDC__V1__CONCLUSION__CONCLUSION_TAKEN);
    assert_int_equal(VIEW_CONCLUSION_FORWARDED,
                     QCDC__V1__CONCLUSION__CONCLUSION_FORWARDED);
    assert_int_equal(VIEW_DIALOGUE_PERIODIC,
                     QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_PERIODIC);
    assert_int_equal(VIEW_PLAN_DIALOGUE,
                     QCDC__V1__PLAN_KIND__PLAN_KIND_DIALOGUE);
    assert_int_equal(VIEW_PERIOD_HALF, QCDC__V1__PERIOD__PERIOD_HALF);
    assert_int_equal(VIEW_PERIOD_YEAR, QCDC__V1__PERIOD__PERIOD_YEAR);
    assert_int_equal(VIEW_SECTION_PRESENT,
                     QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_PRESENT);
    assert_int_equal(VIEW_SECTION_NONE_HELD,
                     QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_NONE_HELD);
    assert_int_equal(VIEW_DOSSIER_PLAN,
                     QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_PLAN);
    assert_int_equal(VIEW_DOSSIER_PREVIOUS,
                     QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_PREVIOUS);
    assert_int_equal(VIEW_DOSSIER_CONCLUSION,
                     QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_CONCLUSION);
}

static void dialogue_is_read_whole(void **state)
{
    struct world *w = *state;
    struct event_id plan = id_new(w);
    struct event_id p = id_new(w);
    struct event_id id = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");
    struct dialogue_view v;

    d->plan_id = bytes_of(w, plan);
    d->plan_line = 3;
    d->voter_contact = true;
    d->held->historical = true;
    d->held->approved = true;
    d->held->improved = true;
    chair_add(w, d, WORLD_PARTY, false);
    conclude(w, d, p, QCDC__V1__CONCLUSION__CONCLUSION_TAKEN, 7, "2024-04-01",
             "2024-03-13");
    previous_add(w, d, p, QCDC__V1__OUTCOME__OUTCOME_NOT_DONE, "2024-05-01", 9,
                 "2024-03-14");
    dossier_add(w, d, 4, "2024-03-15", true);
    schedule_add(w, d, "2024-03-12", "2024-02-01");
    schedule_add(w, d, "2024-03-20", "2024-02-02");
    put_dialogue(w, id, d);
    assert_ok(
        dialogue_view_read(w->records[0].bytes, &id, &w->arena, &v, &w->err),
        w->err);
    assert_int_equal(v.unit, WORLD_COMMUNE);
    assert_true(v.has_plan && event_id_equal(&v.plan, &plan));
    assert_int_equal(v.plan_line, 3);
    assert_true(v.voter_contact);
    assert_true(v.held.has && v.held.historical && v.held.approved &&
                v.held.improved);
    assert_day(v.held.on_day, "2024-03-12");
    assert_day(v.held.lower_day, "2024-03-12");
    assert_day(v.held.upper_day, "2024-03-12");
    assert_int_equal(v.chairs_len, 2);
    assert_true(v.chairs[0].head);
    assert_int_equal(v.chairs[1].unit, WORLD_PARTY);
    assert_false(v.chairs[1].head);
    assert_int_equal(v.concluded_len, 1);
    assert_int_equal(v.concluded[0].body, 7);
    assert_day(v.concluded[0].due_day, "2024-04-01");
    assert_true(event_id_equal(&v.concluded[0].petition, &p));
    assert_int_equal(v.previous[0].reason, 9);
    assert_int_equal(v.dossier[0].kind, 4);
    assert_true(v.dossier[0].waived);
    assert_int_equal(v.schedules_len, 2);
    assert_day(v.schedules[1].planned_day, "2024-03-20");
    assert_day(v.first_concluded.on_day, "2024-03-13");
    assert_day(v.first_previous.on_day, "2024-03-14");
}

/* Whatever bytes stand there, reading ends with an error or a view. */
static void damaged_bytes_never_crash(void **state)
{
    struct world *w = *state;
    struct event_id id = id_new(w);
    Qcdc__V1__DialogueRecord *d = dialogue(w, WORLD_COMMUNE, "2024-03-12");
    struct dialogue_view v;
    struct span bytes;
    uint8_t *copy;
    size_t mark;

    conclude(w, d, id, QCDC__V1__CONCLUSION__CONCLUSION_TAKEN, 7, "2024-04-01",
             "2024-03-13");
    put_dialogue(w, id, d);
    bytes = w->records[0].bytes;
    copy = arena_alloc(&w->arena, bytes.len);
    mark = w->arena.used;
    for (size_t i = 0; i < bytes.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            int rc;

            memcpy(copy, bytes.ptr, bytes.len);
            copy[i] ^= (uint8_t)(1u << bit);
            rc = dialogue_view_read(span_make(copy, bytes.len), &id, &w->arena,
                                    &v, &w->err);
            assert_true(rc == 0 || rc == ERR_CORRUPT || rc == ERR_LIMIT);
            arena_rewind(&w->arena, mark);
        }
        (void)!dialogue_view_read(span_make(bytes.ptr, i), &id, &w->arena, &v,
                                  &w->err);
        arena_rewind(&w->arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_those_of_the_schema),
        TEST(values_are_those_of_the_schema),
        TEST(dialogue_is_read_whole),
        TEST(damaged_bytes_never_crash),
    };

    return TEST_RUN(tests);
}
