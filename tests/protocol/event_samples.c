/* tests/protocol: one full set of facts a type. One piece, however long: a row
 * of fields a type, and the one table of them at the end. */
#include "tests/support/test.h"

#include "tests/protocol/event_help.h"
#include "tests/protocol/event_samples.h"

static const struct field_pair unit_registered[] = {
    {"number", "12"},
    {"kind", "peoples_committee"},
    {"level", "commune"},
    {"name", "UBND xã Đắk Hà"},
    {"code", "23500"},
    {"territory", "11"},
    {"host", "7"},
    {"reports_to", "5"},
    {"from_day", "2019-09-20"},
    {"duties_from_day", "2020-01-01"},
};

static const struct field_pair unit_changed[] = {
    {"number", "12"},
    {"from_day", "2024-03-01"},
    {"name", "UBND xã Đắk Hà mới"},
    {"code", "23501"},
    {"territory", "11"},
    {"host", "8"},
    {"reports_to", "6"},
    {"duties_from_day", "2024-04-01"},
    {"closed", "true"},
};

static const struct field_pair top_node_certified[] = {
    {"node", "7"},
    {"keys.log_key",
     "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"},
    {"keys.dir_log_key",
     "ca93ac1705187071d67b83c7ff0efe8108e8ec4530575d7726879333dbdabe7c"},
    {"keys.mirror_key",
     "6e7a1cdd29b0b78fd13af4c5598feff4ef2a97166e3ca6f2e4fbfccd80505bf1"},
    {"keys.curve_key",
     "2121212121212121212121212121212121212121212121212121212121212121"},
    {"keys.actor_key",
     "8a875fff1eb38451577acd5afee405456568dd7c89e090863a0557bc7af49f17"},
    {"keys.admin_key",
     "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"},
    {"units[0].unit", "12"},
    {"units[0].sealing_key",
     "2222222222222222222222222222222222222222222222222222222222222222"},
    {"units[0].recovery_key",
     "2323232323232323232323232323232323232323232323232323232323232323"},
    {"units[0].registrar_keys[0]",
     "1398f62c6d1a457c51ba6a4b5f3dbd2f69fca93216218dc8997e416bd17d93ca"},
    {"units[0].registrar_keys[1]",
     "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"},
    {"numbers_first", "1"},
    {"numbers_last", "9999"},
    {"realm", "kon-tum"},
    {"demo", "true"},
};

static const struct field_pair node_certified[] = {
    {"node", "9"},
    {"keys.log_key",
     "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"},
    {"keys.dir_log_key",
     "ca93ac1705187071d67b83c7ff0efe8108e8ec4530575d7726879333dbdabe7c"},
    {"keys.mirror_key",
     "6e7a1cdd29b0b78fd13af4c5598feff4ef2a97166e3ca6f2e4fbfccd80505bf1"},
    {"keys.curve_key",
     "2121212121212121212121212121212121212121212121212121212121212121"},
    {"keys.actor_key",
     "8a875fff1eb38451577acd5afee405456568dd7c89e090863a0557bc7af49f17"},
    {"keys.admin_key",
     "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"},
    {"units[0].unit", "12"},
    {"units[0].sealing_key",
     "2222222222222222222222222222222222222222222222222222222222222222"},
    {"units[0].recovery_key",
     "2323232323232323232323232323232323232323232323232323232323232323"},
    {"units[0].registrar_keys[0]",
     "1398f62c6d1a457c51ba6a4b5f3dbd2f69fca93216218dc8997e416bd17d93ca"},
    {"units[0].registrar_keys[1]",
     "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"},
    {"guard", "7"},
    {"numbers_first", "100"},
    {"numbers_last", "199"},
    {"epoch", "1"},
    {"quota_events", "2000"},
    {"quota_kib", "4096"},
};

static const struct field_pair epoch_closed[] = {
    {"node", "9"},
    {"dir", "true"},
    {"epoch", "1"},
    {"size", "41"},
    {"root_hash",
     "3131313131313131313131313131313131313131313131313131313131313131"},
    {"reason", "fork"},
    {"evidence_hash",
     "3232323232323232323232323232323232323232323232323232323232323232"},
};

static const struct field_pair epoch_opened[] = {
    {"node", "9"},
    {"dir", "true"},
    {"epoch", "2"},
    {"log_key",
     "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"},
};

static const struct field_pair clock_fault[] = {
    {"node", "9"},
    {"from_s", "1704067200"},
    {"until_s", "1704153599"},
};

static const struct field_pair actor_certified[] = {
    {"actor_key",
     "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"},
    {"unit", "12"},
    {"rights", "3"},
    {"post", "Công chức Văn phòng – thống kê"},
};

static const struct field_pair actor_revoked[] = {
    {"actor_id", "11111111111111111111111111111111"},
    {"unit", "12"},
};

static const struct field_pair actor_confirmed[] = {
    {"actor_id", "11111111111111111111111111111111"},
    {"unit", "12"},
    {"node", "7"},
};

static const struct field_pair rules_published[] = {
    {"version", "2"},
    {"rules[0].id", "D8"},
    {"rules[0].version", "1"},
    {"rules[0].kind", "undertakings"},
    {"rules[0].from_day", "2019-09-20"},
    {"rules[0].until_day", "2030-12-31"},
    {"rules[0].kinds", "peoples_committee;party_committee"},
    {"rules[0].levels", "province;district;commune"},
    {"rules[0].basis", "Hướng dẫn 04-HD/BĐVTU, I.2"},
    {"rules[0].title_vi", "Thực hiện lời hứa"},
    {"rules[0].title_en", "Undertakings kept"},
    {"rules[0].unconfirmed", "true"},
    {"rules[0].params[0].name", "entry_days"},
    {"rules[0].params[0].values", "5"},
    {"calendar.version", "1"},
    {"calendar.from_day", "2024-01-01"},
    {"calendar.until_day", "2024-12-31"},
    {"calendar.off_days", "2024-01-01;2024-02-08;2024-04-29"},
    {"calendar.swapped_days", "2024-05-04"},
};

static const struct field_pair petition_received[] = {
    {"channel", "dialogue"},
    {"kind", "proposal"},
    {"field", "land"},
    {"paper_id", "12121212121212121212121212121212"},
    {"person_known", "true"},
    {"people", "3"},
    {"dialogue_id", "31313131313131313131313131313131"},
    {"document.kind", "petition"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair petition_classified[] = {
    {"result", "accepted"},
    {"kind", "complaint"},
    {"field", "land"},
    {"holder", "12"},
    {"due_day", "2024-03-29"},
    {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair supplement_requested[] = {
    {"until_day", "2024-03-11"},        {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},  {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair supplement_received[] = {
    {"document.kind", "petition"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.file_hash",
     "7777777777777777777777777777777777777777777777777777777777777777"},
};

static const struct field_pair petition_referred[] = {
    {"to", "13"},
    {"due_day", "2024-03-29"},
    {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair referral_accepted[] = {
    {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair referral_returned[] = {
    {"reason", "2"},
    {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair petition_extended[] = {
    {"due_day", "2024-04-30"},
    {"reason", "1"},
    {"document.kind", "decision"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair person_notified[] = {
    {"notice", "transferred"},
    {"to", "13"},
    {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair petition_answered[] = {
    {"by", "body"},
    {"form", "written"},
    {"publicity", "personal"},
    {"ground", "1"},
    {"document.kind", "answer"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
    {"document.signing", "kt"},
    {"document.signer", "Chủ tịch UBND xã"},
};

static const struct field_pair outcome_reported[] = {
    {"outcome", "not_yet"},
    {"reason", "4"},
    {"next_day", "2024-06-30"},
    {"document.kind", "report"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair petition_withdrawn[] = {
    {"document.kind", "petition"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair dialogue_requested[] = {
    {"voters", "120"},
    {"document.kind", "petition"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair dialogue_scheduled[] = {
    {"kind", "periodic"},
    {"planned_day", "2024-05-15"},
    {"plan_id", "31313131313131313131313131313131"},
    {"plan_line", "2"},
    {"form", "in_person"},
    {"scale", "80"},
    {"cause", "1"},
    {"chairs", "12;13"},
    {"documents[0].kind", "summons"},
    {"documents[0].number", "12/TB-UBND"},
    {"documents[0].dated_day", "2024-03-01"},
    {"documents[0].shelf", "Kệ 3, hộp 12"},
    {"documents[1].kind", "programme"},
    {"documents[1].number", "12/TB-UBND"},
    {"documents[1].dated_day", "2024-03-01"},
    {"documents[1].shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair dialogue_cancelled[] = {
    {"reason", "1"},
    {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair dialogue_held[] = {
    {"chairs[0].unit", "12"},
    {"chairs[0].head", "true"},
    {"chairs[1].unit", "13"},
    {"steps", "63"},
    {"attended", "75"},
    {"women", "30"},
    {"opinions", "13"},
    {"voter_contact", "true"},
    {"documents[0].kind", "minutes"},
    {"documents[0].number", "12/TB-UBND"},
    {"documents[0].dated_day", "2024-03-01"},
    {"documents[0].shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair dialogue_concluded[] = {
    {"items[0].petition_id", "41414141414141414141414141414141"},
    {"items[0].conclusion", "answered"},
    {"items[1].petition_id", "42424242424242424242424242424242"},
    {"items[1].conclusion", "taken"},
    {"items[1].body", "12"},
    {"items[1].due_day", "2024-04-15"},
    {"items[2].petition_id", "43434343434343434343434343434343"},
    {"items[2].conclusion", "forwarded"},
    {"items[2].due_day", "2024-04-30"},
    {"items[2].body_name", "Công ty Điện lực Kon Tum"},
    {"document.kind", "conclusion"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
    {"document.signing", "direct"},
    {"document.signer", "Chủ tịch UBND xã"},
};

static const struct field_pair previous_results_reported[] = {
    {"items[0].petition_id", "41414141414141414141414141414141"},
    {"items[0].outcome", "not_yet"},
    {"items[0].next_day", "2024-09-30"},
    {"items[1].petition_id", "42424242424242424242424242424242"},
    {"items[1].outcome", "not_done"},
    {"items[1].reason", "3"},
    {"document.kind", "previous"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair plan_adopted[] = {
    {"kind", "dialogue"},
    {"year", "2024"},
    {"lines[0].planned_day", "2024-05-15"},
    {"lines[0].kind", "periodic"},
    {"lines[1].planned_day", "2024-10-31"},
    {"lines[1].month", "true"},
    {"lines[1].kind", "periodic"},
    {"document.kind", "plan"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair published[] = {
    {"what", "disclosure"},
    {"item", "14"},
    {"forms", "2047"},
    {"from_day", "2024-03-01"},
    {"until_day", "2024-03-31"},
    {"document.kind", "other"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair report_submitted[] = {
    {"period", "half"},
    {"year", "2024"},
    {"section", "present"},
    {"snapshot_hash",
     "6161616161616161616161616161616161616161616161616161616161616161"},
    {"heads[0].origin", "kon-tum/7/e1"},
    {"heads[0].size", "1234567890123"},
    {"heads[0].root_hash",
     "6262626262626262626262626262626262626262626262626262626262626262"},
    {"document.kind", "report"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.shelf", "Kệ 3, hộp 12"},
    {"document.signing", "tm"},
    {"document.signer", "Chủ tịch UBND xã"},
    {"consolidated", "true"},
};

static const struct field_pair nothing_to_report[] = {
    {"duty", "D1"},
    {"year", "2024"},
    {"month", "12"},
};

static const struct field_pair document_filed[] = {
    {"document.kind", "minutes"},
    {"document.number", "12/TB-UBND"},
    {"document.dated_day", "2024-03-01"},
    {"document.file_hash",
     "7777777777777777777777777777777777777777777777777777777777777777"},
};

static const struct field_pair document_waived[] = {
    {"kind", "speech"},
    {"reason", "2"},
};

static const struct field_pair corrected[] = {
    {"old_number", "19783"},
    {"new_number", "19785"},
    {"reason", "1"},
    {"order.kind", "order"},
    {"order.number", "12/TB-UBND"},
    {"order.dated_day", "2024-03-01"},
    {"order.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair voided[] = {
    {"reason", "2"},
    {"order.kind", "order"},
    {"order.number", "12/TB-UBND"},
    {"order.dated_day", "2024-03-01"},
    {"order.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair units_reorganised[] = {
    {"kind", "split"},
    {"from_day", "2025-07-01"},
    {"heirs[0].from", "12"},
    {"heirs[0].to", "15"},
    {"heirs[0].rest", "true"},
    {"heirs[1].from", "12"},
    {"heirs[1].to", "16"},
    {"heirs[2].from", "14"},
    {"heirs[2].to", "15"},
    {"decision.kind", "decision"},
    {"decision.number", "1677/NQ-UBTVQH15"},
    {"decision.dated_day", "2025-06-16"},
};

static const struct field_pair custody_transferred[] = {
    {"from", "12"},
    {"to", "15"},
    {"from_day", "2025-07-01"},
    {"subject_ids[0]", "31313131313131313131313131313131"},
    {"subject_ids[1]", "32323232323232323232323232323232"},
    {"decision.kind", "decision"},
    {"decision.number", "12/QĐ-UBND"},
};

static const struct field_pair custody_taken[] = {
    {"document.kind", "other"},
    {"document.number", "03/BB-BG"},
    {"document.dated_day", "2024-03-01"},
};

static const struct field_pair log_ended[] = {
    {"node", "9"},
    {"dir", "true"},
    {"epoch", "2"},
    {"size", "1234567"},
    {"root_hash",
     "3131313131313131313131313131313131313131313131313131313131313131"},
};

static const struct field_pair actor_barred[] = {
    {"actor_id", "31313131313131313131313131313131"},
    {"unit", "12"},
    {"node", "9"},
    {"reason", "compromised"},
    {"from_day", "2024-03-01"},
    {"epoch", "1"},
    {"size", "1234"},
};

static const struct field_pair erased[] = {
    {"audience", "private"},           {"ground", "order"},
    {"order.kind", "order"},           {"order.number", "12/TB-UBND"},
    {"order.dated_day", "2024-03-01"}, {"order.shelf", "Kệ 3, hộp 12"},
};

static const struct field_pair restored[] = {
    {"from", "40"},
    {"until", "240"},
    {"source", "1"},
    {"epoch", "1"},
};

static const struct sample samples[] = {
    {EVENT_UNIT_REGISTERED, unit_registered, TEST_LEN(unit_registered)},
    {EVENT_UNIT_CHANGED, unit_changed, TEST_LEN(unit_changed)},
    {EVENT_UNITS_REORGANISED, units_reorganised, TEST_LEN(units_reorganised)},
    {EVENT_CUSTODY_TRANSFERRED, custody_transferred,
     TEST_LEN(custody_transferred)},
    {EVENT_CUSTODY_TAKEN, custody_taken, TEST_LEN(custody_taken)},
    {EVENT_LOG_ENDED, log_ended, TEST_LEN(log_ended)},
    {EVENT_TOP_NODE_CERTIFIED, top_node_certified,
     TEST_LEN(top_node_certified)},
    {EVENT_NODE_CERTIFIED, node_certified, TEST_LEN(node_certified)},
    {EVENT_EPOCH_CLOSED, epoch_closed, TEST_LEN(epoch_closed)},
    {EVENT_EPOCH_OPENED, epoch_opened, TEST_LEN(epoch_opened)},
    {EVENT_CLOCK_FAULT, clock_fault, TEST_LEN(clock_fault)},
    {EVENT_ACTOR_CERTIFIED, actor_certified, TEST_LEN(actor_certified)},
    {EVENT_ACTOR_REVOKED, actor_revoked, TEST_LEN(actor_revoked)},
    {EVENT_ACTOR_CONFIRMED, actor_confirmed, TEST_LEN(actor_confirmed)},
    {EVENT_ACTOR_BARRED, actor_barred, TEST_LEN(actor_barred)},
    {EVENT_RULES_PUBLISHED, rules_published, TEST_LEN(rules_published)},
    {EVENT_PETITION_RECEIVED, petition_received, TEST_LEN(petition_received)},
    {EVENT_PETITION_CLASSIFIED, petition_classified,
     TEST_LEN(petition_classified)},
    {EVENT_SUPPLEMENT_REQUESTED, supplement_requested,
     TEST_LEN(supplement_requested)},
    {EVENT_SUPPLEMENT_RECEIVED, supplement_received,
     TEST_LEN(supplement_received)},
    {EVENT_PETITION_REFERRED, petition_referred, TEST_LEN(petition_referred)},
    {EVENT_REFERRAL_ACCEPTED, referral_accepted, TEST_LEN(referral_accepted)},
    {EVENT_REFERRAL_RETURNED, referral_returned, TEST_LEN(referral_returned)},
    {EVENT_PETITION_EXTENDED, petition_extended, TEST_LEN(petition_extended)},
    {EVENT_PERSON_NOTIFIED, person_notified, TEST_LEN(person_notified)},
    {EVENT_PETITION_ANSWERED, petition_answered, TEST_LEN(petition_answered)},
    {EVENT_OUTCOME_REPORTED, outcome_reported, TEST_LEN(outcome_reported)},
    {EVENT_PETITION_WITHDRAWN, petition_withdrawn,
     TEST_LEN(petition_withdrawn)},
    {EVENT_DIALOGUE_REQUESTED, dialogue_requested,
     TEST_LEN(dialogue_requested)},
    {EVENT_DIALOGUE_SCHEDULED, dialogue_scheduled,
     TEST_LEN(dialogue_scheduled)},
    {EVENT_DIALOGUE_CANCELLED, dialogue_cancelled,
     TEST_LEN(dialogue_cancelled)},
    {EVENT_DIALOGUE_HELD, dialogue_held, TEST_LEN(dialogue_held)},
    {EVENT_DIALOGUE_CONCLUDED, dialogue_concluded,
     TEST_LEN(dialogue_concluded)},
    {EVENT_PREVIOUS_RESULTS_REPORTED, previous_results_reported,
     TEST_LEN(previous_results_reported)},
    {EVENT_PLAN_ADOPTED, plan_adopted, TEST_LEN(plan_adopted)},
    {EVENT_PUBLISHED, published, TEST_LEN(published)},
    {EVENT_REPORT_SUBMITTED, report_submitted, TEST_LEN(report_submitted)},
    {EVENT_NOTHING_TO_REPORT, nothing_to_report, TEST_LEN(nothing_to_report)},
    {EVENT_DOCUMENT_FILED, document_filed, TEST_LEN(document_filed)},
    {EVENT_DOCUMENT_WAIVED, document_waived, TEST_LEN(document_waived)},
    {EVENT_CORRECTED, corrected, TEST_LEN(corrected)},
    {EVENT_VOIDED, voided, TEST_LEN(voided)},
    {EVENT_ERASED, erased, TEST_LEN(erased)},
    {EVENT_APPROVED, NULL, 0},
    {EVENT_RESTORED, restored, TEST_LEN(restored)},
};

const struct sample *sample_at(size_t i)
{
    return i < TEST_LEN(samples) ? &samples[i] : NULL;
}

const struct sample *sample_of(uint32_t type)
{
    for (size_t i = 0; i < TEST_LEN(samples); i++) {
        if (samples[i].type == type) {
            return &samples[i];
        }
    }
    fail_msg("no sample of type %u", type);
    return NULL;
}

struct header sample_header(const struct sample *sample, struct event_id *refs)
{
    const struct event_type *type = event_type_find(sample->type);
    struct header h = help_header(sample->type);

    assert_non_null(type);
    if (type->signer == EVENT_SIGNER_ADMIN ||
        type->signer == EVENT_SIGNER_NODE_ACTOR ||
        type->signer == EVENT_SIGNER_ROOT) {
        h.unit = 0;
    }
    if (type->opens == EVENT_RECORD_NONE &&
        type->acts_on != EVENT_RECORD_NONE) {
        h.has_subject = true;
        h.subject = help_id(0x30);
    }
    refs[0] = help_id(0x31); /* what the samples refer to */
    h.refs = id_list_of(refs, 1);
    h.addressees[0] = 13;
    h.addressees_len = 1;
    return h;
}

struct span sample_facts(const struct sample *sample, uint8_t *memory,
                         size_t size)
{
    struct buf out = buf_over(memory, size);
    struct error err = {0};

    assert_ok(facts_encode(event_type_find(sample->type), sample->pairs,
                           sample->len, NULL, &out, &err),
              err);
    return buf_span(&out);
}
