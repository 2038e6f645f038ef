/* The type table and the rules of every type. */
#include "tests/support/test.h"

#include "tests/protocol/event_help.h"
#include "tests/protocol/event_samples.h"
#include "tests/protocol/golden.h"

static uint8_t facts_memory[LEAF_MAX];

/* ---- the table ---- */

static void numbers_ascend_and_names_find_their_row(void **state)
{
    const struct event_type *type;
    uint32_t last = 0;
    size_t n = 0;

    (void)state;
    for (; (type = event_type_at(n)) != NULL; n++) {
        assert_true(type->number > last);
        last = type->number;
        assert_ptr_equal(event_type_find(type->number), type);
        assert_ptr_equal(event_type_named(type->name), type);
        assert_true(type->title_vi[0] != '\0');
        assert_true((type->shape == NULL) == (type->validate == NULL));
        assert_true(type->signer != EVENT_SIGNER_ACTOR || type->right != 0);
    }
    assert_int_equal(n, 64);
    assert_null(event_type_find(0));
    assert_null(event_type_find(18));
    assert_null(event_type_find(UINT32_MAX));
    assert_null(event_type_named("petitionreceived"));
}

static void numbers_of_the_groups_are_frozen(void **state)
{
    (void)state;
    assert_int_equal(event_type_named("UnitRegistered")->number, 1);
    assert_int_equal(event_type_named("DirectiveIssued")->number, 17);
    assert_int_equal(event_type_named("PetitionReceived")->number, 32);
    assert_int_equal(event_type_named("LatenessContested")->number, 47);
    assert_int_equal(event_type_named("DialogueRequested")->number, 64);
    assert_int_equal(event_type_named("PlanAdopted")->number, 80);
    assert_int_equal(event_type_named("LandProjectOpened")->number, 112);
    assert_int_equal(event_type_named("ReportSubmitted")->number, 128);
    assert_int_equal(event_type_named("DocumentFiled")->number, 144);
    assert_int_equal(event_type_named("Restored")->number, 150);
}

static void types_md_equals_the_table(void **state)
{
    static char text[1 << 16];
    struct buf out = buf_over(text, sizeof(text));
    const char *mode = getenv("QCDC_GOLDEN");
    size_t len;

    (void)state;
    event_types_markdown(&out);
    assert_false(out.overflow);
    if (mode != NULL && strcmp(mode, "print") == 0) {
        printf("%.*s", (int)out.len, text);
        return;
    }

    char *committed = golden_text("protocol/event/TYPES.md", &len);

    if (!span_equal(buf_span(&out), span_make(committed, len))) {
        fail_msg("TYPES.md is not what the table says: QCDC_GOLDEN=print");
    }
    free(committed);
}

/* ---- rules ---- */

static void every_sample_is_valid(void **state)
{
    const struct sample *sample;

    (void)state;
    for (size_t i = 0; (sample = sample_at(i)) != NULL; i++) {
        struct event_id refs[2];
        struct header h = sample_header(sample, refs);
        struct error err = {0};
        enum event_reading reading = help_read(
            &h, sample_facts(sample, facts_memory, sizeof(facts_memory)), &err);

        if (reading != EVENT_READ_FINE) {
            fail_msg("%s: %s", event_type_find(sample->type)->name, err.text);
        }
    }
}

static void unknown_types_and_versions_are_not_understood(void **state)
{
    const struct event_type *type;
    struct header h = help_header(9999);
    struct error err = {0};

    (void)state;
    assert_int_equal(help_read(&h, help_hex("0801"), &err),
                     EVENT_READ_NOT_UNDERSTOOD);
    assert_string_equal(err.text, "type 9999 is not known here");
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++) {
        h = help_header(type->number);
        if (type->shape == NULL) {
            assert_int_equal(help_read(&h, help_hex("0801"), &err),
                             EVENT_READ_NOT_UNDERSTOOD);
        }
        h.version = 2;
        assert_int_equal(help_read(&h, help_hex("0801"), &err),
                         EVENT_READ_NOT_UNDERSTOOD);
        assert_err_says(err, "version 2 is not understood here");
    }
}

static void facts_with_an_unknown_field_are_not_understood(void **state)
{
    struct header h = help_header(EVENT_PETITION_RECEIVED);
    struct error err = {0};

    (void)state;
    assert_int_equal(help_read(&h, help_hex("08011001"), &err),
                     EVENT_READ_FINE);
    assert_int_equal(help_read(&h, help_hex("080110014801"), &err),
                     EVENT_READ_NOT_UNDERSTOOD);
    assert_err_says(err, "field 9 is not known");
    /* an enum value that this version does not have: understood, invalid */
    assert_int_equal(help_read(&h, help_hex("08631001"), &err),
                     EVENT_READ_INVALID);
    assert_string_equal(err.text, "channel: 99 is no value of it");
}

/* The sample with one pair changed (NULL: left out) must be refused saying. */
struct refused {
    uint32_t type;
    const char *path;
    const char *value;
    const char *says;
};

static void assert_refused(const struct refused *r)
{
    const struct sample *sample = sample_of(r->type);
    struct field_pair pairs[64];
    struct event_id refs[2];
    struct header h = sample_header(sample, refs);
    struct buf out = buf_over(facts_memory, sizeof(facts_memory));
    struct error err = {0};
    size_t n = 0;
    size_t skip = r->value == NULL ? strlen(r->path) : 0;

    for (size_t i = 0; i < sample->len; i++) {
        const char *path = sample->pairs[i].path;

        if (strcmp(path, r->path) == 0 ||
            (skip > 0 && strncmp(path, r->path, skip) == 0 &&
             (path[skip] == '.' || path[skip] == '['))) {
            continue;
        }
        pairs[n++] = sample->pairs[i];
    }
    if (r->value != NULL) {
        pairs[n++] = (struct field_pair){r->path, r->value};
    }
    assert_ok(
        facts_encode(event_type_find(r->type), pairs, n, NULL, &out, &err),
        err);
    if (help_read(&h, buf_span(&out), &err) != EVENT_READ_INVALID) {
        fail_msg("type %u: %s=%s was accepted", r->type, r->path,
                 r->value == NULL ? "(nothing)" : r->value);
    }
    if (strstr(err.text, r->says) == NULL) {
        fail_msg("type %u: %s=%s: \"%s\" does not say \"%s\"", r->type, r->path,
                 r->value == NULL ? "(nothing)" : r->value, err.text, r->says);
    }
}

static void directory_types_keep_their_rules(void **state)
{
    static const char dull[] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    static const struct refused all[] = {
        {EVENT_UNIT_REGISTERED, "number", NULL, "number: must be stated"},
        {EVENT_UNIT_REGISTERED, "kind", NULL, "kind: must be stated"},
        {EVENT_UNIT_REGISTERED, "level", NULL, "level: must be stated"},
        {EVENT_UNIT_REGISTERED, "name", NULL, "name: must be stated"},
        {EVENT_UNIT_REGISTERED, "from_day", NULL, "from_day: must be"},
        {EVENT_UNIT_REGISTERED, "reports_to", "12", "not above itself"},
        {EVENT_UNIT_REGISTERED, "from_day", "2201-01-01", "after 2200-12-31"},
        {EVENT_UNIT_CHANGED, "number", NULL, "number: must be stated"},
        {EVENT_UNIT_CHANGED, "unhosted", "true", "host: a node, or unhosted"},
        {EVENT_TOP_NODE_CERTIFIED, "node", "8", "whose log this opens"},
        {EVENT_TOP_NODE_CERTIFIED, "realm", "Kon Tum", "realm: 1 to 32"},
        {EVENT_TOP_NODE_CERTIFIED, "realm", NULL, "realm: 1 to 32"},
        {EVENT_TOP_NODE_CERTIFIED, "keys", NULL, "keys: must be stated"},
        {EVENT_TOP_NODE_CERTIFIED, "keys.dir_log_key", NULL,
         "keys.dir_log_key: must be stated"},
        {EVENT_TOP_NODE_CERTIFIED, "keys.log_key", dull,
         "keys.log_key: is no usable Ed25519 key"},
        {EVENT_NODE_CERTIFIED, "guard", NULL, "guard: must be stated"},
        {EVENT_NODE_CERTIFIED, "guard", "9", "no node is its own guard"},
        {EVENT_NODE_CERTIFIED, "epoch", NULL, "epoch: must be stated"},
        {EVENT_NODE_CERTIFIED, "numbers_last", "50", "a range goes from"},
        {EVENT_NODE_CERTIFIED, "numbers_last", NULL, "a range goes from"},
        {EVENT_NODE_CERTIFIED, "units[0].sealing_key", NULL,
         "units[0]: must be stated"},
        {EVENT_NODE_CERTIFIED, "units[0].registrar_keys", NULL,
         "units[0]: must be stated"},
        {EVENT_NODE_CERTIFIED, "units[1].unit", "12", "units[1]"},
        {EVENT_NODE_CERTIFIED, "keys.actor_key",
         "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c",
         "one key serves two purposes"},
        {EVENT_ACTOR_CERTIFIED, "actor_key", NULL, "actor_key: must be"},
        {EVENT_ACTOR_CERTIFIED, "post", NULL, "post: must be stated"},
        {EVENT_ACTOR_CERTIFIED, "rights", "16", "rights: a sum of"},
        {EVENT_ACTOR_CERTIFIED, "rights", NULL, "rights: a sum of"},
        {EVENT_ACTOR_CERTIFIED, "unit", "13", "certifies for its unit"},
        {EVENT_ACTOR_REVOKED, "actor_id", NULL, "actor_id: must be stated"},
        {EVENT_ACTOR_REVOKED, "unit", "13", "revokes for its unit"},
        {EVENT_ACTOR_CONFIRMED, "node", NULL, "node: must be stated"},
        {EVENT_RULES_PUBLISHED, "version", NULL, "version: must be stated"},
        {EVENT_RULES_PUBLISHED, "rules[0].id", "D8xyz", "1 to 4 ASCII"},
        {EVENT_RULES_PUBLISHED, "rules[0].kind", NULL, "must be stated"},
        {EVENT_RULES_PUBLISHED, "rules[0].until_day", "2000-01-01",
         "until_day is before from_day"},
        {EVENT_RULES_PUBLISHED, "rules[0].basis", NULL, "basis and both"},
        {EVENT_RULES_PUBLISHED, "rules[0].params[0].name", NULL,
         "a parameter without a name"},
        {EVENT_RULES_PUBLISHED, "calendar.off_days", "2024-02-08;2024-02-08",
         "calendar.off_days: ascending"},
        {EVENT_RULES_PUBLISHED, "calendar.off_days", "2025-01-01",
         "calendar.off_days: ascending"},
        {EVENT_RULES_PUBLISHED, "calendar.off_days", "2024-05-04", "not both"},
        {EVENT_RULES_PUBLISHED, "calendar.until_day", "2023-12-31",
         "a later until_day"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(all); i++) {
        assert_refused(&all[i]);
    }
}

static void types_of_the_tree_keep_their_rules(void **state)
{
    static const struct refused all[] = {
        {EVENT_UNITS_REORGANISED, "kind", NULL, "kind: must be stated"},
        {EVENT_UNITS_REORGANISED, "from_day", NULL, "from_day: must be"},
        {EVENT_UNITS_REORGANISED, "heirs", NULL, "heirs: must be stated"},
        {EVENT_UNITS_REORGANISED, "heirs[0].to", NULL, "from and to must"},
        {EVENT_UNITS_REORGANISED, "heirs[0].to", "14", "nobody's heir"},
        {EVENT_UNITS_REORGANISED, "heirs[1].to", "15", "heir stands twice"},
        {EVENT_UNITS_REORGANISED, "heirs[0].rest", NULL, "one takes the rest"},
        {EVENT_UNITS_REORGANISED, "heirs[1].rest", "true", "one takes the"},
        {EVENT_UNITS_REORGANISED, "heirs[1].from", "13", "a split has a unit"},
        {EVENT_CUSTODY_TRANSFERRED, "from", NULL, "from: must be stated"},
        {EVENT_CUSTODY_TRANSFERRED, "to", "12", "that has them already"},
        {EVENT_CUSTODY_TRANSFERRED, "from_day", NULL, "from_day: must be"},
        {EVENT_CUSTODY_TRANSFERRED, "subject_ids[1]",
         "31313131313131313131313131313130", "ascending, each once"},
        {EVENT_LOG_ENDED, "node", NULL, "node: must be stated"},
        {EVENT_LOG_ENDED, "node", "7", "no node ends its own log"},
        {EVENT_LOG_ENDED, "epoch", NULL, "epoch: must be stated"},
        {EVENT_LOG_ENDED, "root_hash", NULL, "stated together"},
        {EVENT_LOG_ENDED, "size", NULL, "stated together"},
        {EVENT_ACTOR_BARRED, "actor_id", NULL, "actor_id: must be stated"},
        {EVENT_ACTOR_BARRED, "reason", NULL, "reason: must be stated"},
        {EVENT_ACTOR_BARRED, "from_day", NULL, "from_day: must be stated"},
        {EVENT_ACTOR_BARRED, "epoch", NULL, "epoch: must be stated"},
        {EVENT_NODE_CERTIFIED, "guard_from", "12", "stated together"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(all); i++) {
        assert_refused(&all[i]);
    }
}

static void petition_types_keep_their_rules(void **state)
{
    static const struct refused all[] = {
        {EVENT_PETITION_RECEIVED, "channel", NULL, "channel: must be stated"},
        {EVENT_PETITION_RECEIVED, "kind", NULL, "kind: must be stated"},
        {EVENT_PETITION_RECEIVED, "channel", "counter", "dialogue_id: stated"},
        {EVENT_PETITION_RECEIVED, "dialogue_id", NULL, "dialogue_id: stated"},
        {EVENT_PETITION_RECEIVED, "dialogue_id",
         "32323232323232323232323232323232", "must be among the refs"},
        {EVENT_PETITION_RECEIVED, "kind", "denunciation",
         "field: a denunciation states none"},
        {EVENT_PETITION_RECEIVED, "document.kind", NULL,
         "document.kind: must be stated"},
        {EVENT_PETITION_RECEIVED, "document.secret", "true",
         "of a secret paper only"},
        {EVENT_PETITION_CLASSIFIED, "result", NULL, "result: must be stated"},
        {EVENT_PETITION_CLASSIFIED, "kind", NULL, "kind: must be stated"},
        {EVENT_PETITION_CLASSIFIED, "result", "not_admitted",
         "ground: must be stated"},
        {EVENT_PETITION_CLASSIFIED, "kind", "denunciation", "field: a denun"},
        {EVENT_SUPPLEMENT_REQUESTED, "until_day", "2024-02-29",
         "before the day of asking"},
        {EVENT_PETITION_REFERRED, "to", NULL, "to: must be stated"},
        {EVENT_PETITION_REFERRED, "to", "12", "does not refer to itself"},
        {EVENT_PETITION_REFERRED, "to", "14", "among the addressees"},
        {EVENT_REFERRAL_RETURNED, "reason", NULL, "reason: must be stated"},
        {EVENT_PETITION_EXTENDED, "due_day", NULL, "due_day: must be stated"},
        {EVENT_PERSON_NOTIFIED, "notice", NULL, "notice: must be stated"},
        {EVENT_PERSON_NOTIFIED, "notice", "accepted", "to: stated where"},
        {EVENT_PETITION_ANSWERED, "by", NULL, "by: must be stated"},
        {EVENT_PETITION_ANSWERED, "form", NULL, "form: must be stated"},
        {EVENT_PETITION_ANSWERED, "publicity", NULL, "publicity: must be"},
        {EVENT_PETITION_ANSWERED, "ground", NULL, "ground: stated where"},
        {EVENT_PETITION_ANSWERED, "publicity", "public", "ground: stated"},
        {EVENT_PETITION_ANSWERED, "document.dated_day", "2024-02-29",
         "on: of what is signed on paper"},
        {EVENT_PETITION_ANSWERED, "document.dated_day", NULL,
         "document.dated_day: a signed paper has a date"},
        {EVENT_OUTCOME_REPORTED, "outcome", NULL, "outcome: must be stated"},
        {EVENT_OUTCOME_REPORTED, "next_day", NULL, "next_day: must be stated"},
        {EVENT_PETITION_WITHDRAWN, "document", NULL, "document: must be"},
        {EVENT_PETITION_WITHDRAWN, "document.shelf", NULL,
         "say where the paper is"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(all); i++) {
        assert_refused(&all[i]);
    }
}

static void other_types_keep_their_rules(void **state)
{
    static const struct refused all[] = {
        {EVENT_DIALOGUE_REQUESTED, "voters", NULL, "voters: must be stated"},
        {EVENT_DIALOGUE_SCHEDULED, "kind", NULL, "kind: must be stated"},
        {EVENT_DIALOGUE_SCHEDULED, "planned_day", NULL, "planned_day: must"},
        {EVENT_DIALOGUE_SCHEDULED, "plan_id", NULL, "plan_line: a line"},
        {EVENT_DIALOGUE_SCHEDULED, "plan_line", NULL, "plan_line: a line"},
        {EVENT_DIALOGUE_SCHEDULED, "plan_line", "401", "plan_line: a line"},
        {EVENT_DIALOGUE_SCHEDULED, "plan_id",
         "32323232323232323232323232323232", "must be among the refs"},
        {EVENT_DIALOGUE_SCHEDULED, "chairs", "12;12", "unit 12 stands twice"},
        {EVENT_DIALOGUE_SCHEDULED, "chairs", "0", "unit 0 does not exist"},
        {EVENT_DIALOGUE_HELD, "chairs", NULL, "chairs: must be stated"},
        {EVENT_DIALOGUE_HELD, "chairs[1].unit", "12", "stands twice"},
        {EVENT_DIALOGUE_HELD, "steps", "64", "steps: a sum"},
        {EVENT_DIALOGUE_HELD, "women", "76", "women: more than attended"},
        {EVENT_DIALOGUE_CONCLUDED, "items[0].conclusion", NULL,
         "items[0]: petition_id and conclusion"},
        {EVENT_DIALOGUE_CONCLUDED, "items[2].body", "13",
         "items[2]: body or body_name, not both"},
        {EVENT_DIALOGUE_CONCLUDED, "document.dated_day", "2024-03-02",
         "on: of what is signed on paper"},
        {EVENT_PREVIOUS_RESULTS_REPORTED, "items[0].next_day", NULL,
         "items[0]: next_day must be stated"},
        {EVENT_PREVIOUS_RESULTS_REPORTED, "items[1].reason", NULL,
         "items[1]: reason must be stated"},
        {EVENT_PLAN_ADOPTED, "kind", NULL, "kind: must be stated"},
        {EVENT_PLAN_ADOPTED, "year", "1975", "year: 1975 is not between"},
        {EVENT_PLAN_ADOPTED, "lines[0].planned_day", "2025-05-15",
         "lines[0]: planned_day is a day of the plan's year"},
        {EVENT_PLAN_ADOPTED, "lines[1].planned_day", "2024-10-30",
         "lines[1]: a month is stated as its last day"},
        {EVENT_PLAN_ADOPTED, "lines[0].kind", NULL, "lines[0]: kind must be"},
        {EVENT_PUBLISHED, "what", NULL, "what: must be stated"},
        {EVENT_PUBLISHED, "item", "15", "item: 1 to 14"},
        {EVENT_PUBLISHED, "item", NULL, "item: 1 to 14"},
        {EVENT_PUBLISHED, "what", "results", "item: 1 to 14"},
        {EVENT_PUBLISHED, "forms", "2048", "forms: bits 0 to 10"},
        {EVENT_PUBLISHED, "until_day", "2024-02-01", "until_day: is before"},
        {EVENT_REPORT_SUBMITTED, "period", NULL, "period: must be stated"},
        {EVENT_REPORT_SUBMITTED, "year", NULL, "year: 0 is not between"},
        {EVENT_REPORT_SUBMITTED, "heads[0].root_hash", NULL, "heads[0]"},
        {EVENT_REPORT_SUBMITTED, "document.dated_day", "2024-02-01",
         "on: of what is signed on paper"},
        {EVENT_NOTHING_TO_REPORT, "duty", NULL, "duty: the id of a duty"},
        {EVENT_NOTHING_TO_REPORT, "month", "13", "month: 1 to 12"},
        {EVENT_DOCUMENT_FILED, "document", NULL, "document: must be stated"},
        {EVENT_DOCUMENT_FILED, "document.file_hash", NULL, "where the paper"},
        {EVENT_DOCUMENT_WAIVED, "kind", NULL, "kind: must be stated"},
        {EVENT_DOCUMENT_WAIVED, "reason", NULL, "reason: must be stated"},
        {EVENT_CORRECTED, "new_number", "19783", "is the old value"},
        {EVENT_CORRECTED, "new_number", NULL, "field 0 is the event's day"},
        {EVENT_CORRECTED, "new_number", "84371", "field 0 is the event's day"},
        {EVENT_CORRECTED, "new_text", "x", "as numbers or as texts"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(all); i++) {
        assert_refused(&all[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_ascend_and_names_find_their_row),
        cmocka_unit_test(numbers_of_the_groups_are_frozen),
        cmocka_unit_test(types_md_equals_the_table),
        cmocka_unit_test(every_sample_is_valid),
        cmocka_unit_test(unknown_types_and_versions_are_not_understood),
        cmocka_unit_test(facts_with_an_unknown_field_are_not_understood),
        cmocka_unit_test(directory_types_keep_their_rules),
        cmocka_unit_test(types_of_the_tree_keep_their_rules),
        cmocka_unit_test(petition_types_keep_their_rules),
        cmocka_unit_test(other_types_keep_their_rules),
    };

    return TEST_RUN(tests);
}
