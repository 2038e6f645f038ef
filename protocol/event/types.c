/* protocol/event: the table of event types and the rules all types share.
 *
 * One row a type; the type's own rules are in types_GROUP.c. Rows without a
 * shape are types of later versions: their number is taken, their events are
 * kept and counted as not understood. Never decides about states: a fold does.
 */
#include "protocol/event/types.h"

#include <string.h>

#include "protocol/event/rules.h"
#include "protocol/event/wire.h"
#include "qcdc/v1/event.pb-c.h"

#define TEXT EVENT_BODY_TEXT
#define PRIV EVENT_BODY_PRIVATE
#define UNIT EVENT_BODY_UNIT
#define ALL_BODIES (TEXT | PRIV | UNIT)

#define OFFICE (QCDC__V1__RIGHT__RIGHT_RECORD | QCDC__V1__RIGHT__RIGHT_LEAD)
#define REPORTER (QCDC__V1__RIGHT__RIGHT_REPORT | QCDC__V1__RIGHT__RIGHT_LEAD)
#define LEADER QCDC__V1__RIGHT__RIGHT_LEAD

#define ROW(symbol, of, called, vi)                                            \
    .number = EVENT_##symbol, .version = 1, .name = #called, .title_vi = (vi), \
    .group = EVENT_GROUP_##of
#define DIR_OF(who) .log = EVENT_LOG_DIR, .signer = EVENT_SIGNER_##who
#define REGISTRAR .log = EVENT_LOG_RECORD, .signer = EVENT_SIGNER_REGISTRAR
#define OPENS(kind, rights)                                                    \
    .opens = EVENT_RECORD_##kind, .right = (rights), .log = EVENT_LOG_RECORD
#define ACTS(kind, rights)                                                     \
    .acts_on = EVENT_RECORD_##kind, .right = (rights), .log = EVENT_LOG_RECORD
#define SHAPE(message, rules)                                                  \
    .shape = &qcdc__v1__##message##__descriptor, .validate = (rules)

static const struct event_type rows[] = {
    {ROW(UNIT_REGISTERED, DIRECTORY, UnitRegistered, "Đăng ký đơn vị"),
     DIR_OF(ADMIN), SHAPE(unit_registered, rules_unit_registered)},
    {ROW(UNIT_CHANGED, DIRECTORY, UnitChanged, "Thay đổi đơn vị"),
     DIR_OF(ADMIN), SHAPE(unit_changed, rules_unit_changed)},
    {ROW(UNITS_REORGANISED, DIRECTORY, UnitsReorganised, "Sắp xếp lại đơn vị"),
     DIR_OF(ADMIN), SHAPE(units_reorganised, rules_units_reorganised)},
    {ROW(CUSTODY_TRANSFERRED, DIRECTORY, CustodyTransferred,
         "Chuyển giao hồ sơ"),
     DIR_OF(ADMIN), SHAPE(custody_transferred, rules_custody_transferred)},
    {ROW(CUSTODY_TAKEN, DIRECTORY, CustodyTaken, "Tiếp nhận hồ sơ"),
     ACTS(PETITION, OFFICE), .needs_ref = true, .bodies = TEXT,
     SHAPE(custody_taken, rules_custody_taken)},
    {ROW(LOG_ENDED, DIRECTORY, LogEnded, "Kết thúc sổ"), DIR_OF(ADMIN),
     SHAPE(log_ended, rules_log_ended)},
    {ROW(TOP_NODE_CERTIFIED, DIRECTORY, TopNodeCertified, "Chứng nhận nút gốc"),
     DIR_OF(ROOT), SHAPE(top_node_certified, rules_top_node_certified)},
    {ROW(NODE_CERTIFIED, DIRECTORY, NodeCertified, "Chứng nhận nút"),
     DIR_OF(ADMIN), SHAPE(node_certified, rules_node_certified)},
    {ROW(EPOCH_CLOSED, DIRECTORY, EpochClosed, "Đóng kỳ sổ"), DIR_OF(ADMIN),
     SHAPE(epoch_closed, rules_epoch_closed)},
    {ROW(EPOCH_OPENED, DIRECTORY, EpochOpened, "Mở kỳ sổ"), DIR_OF(ADMIN),
     .needs_ref = true, SHAPE(epoch_opened, rules_epoch_opened)},
    {ROW(CLOCK_FAULT, DIRECTORY, ClockFault, "Đồng hồ sai"), DIR_OF(ADMIN),
     SHAPE(clock_fault, rules_clock_fault)},
    {ROW(ACTOR_CERTIFIED, DIRECTORY, ActorCertified, "Cấp khóa cán bộ"),
     REGISTRAR, SHAPE(actor_certified, rules_actor_certified)},
    {ROW(ACTOR_REVOKED, DIRECTORY, ActorRevoked, "Thu hồi khóa cán bộ"),
     REGISTRAR, SHAPE(actor_revoked, rules_actor_revoked)},
    {ROW(ACTOR_CONFIRMED, DIRECTORY, ActorConfirmed, "Xác nhận quyền lãnh đạo"),
     DIR_OF(ADMIN), SHAPE(actor_confirmed, rules_actor_confirmed)},
    {ROW(ACTOR_BARRED, DIRECTORY, ActorBarred, "Đình chỉ khóa cán bộ"),
     DIR_OF(ADMIN), SHAPE(actor_barred, rules_actor_barred)},
    {ROW(RULES_PUBLISHED, DIRECTORY, RulesPublished, "Ban hành bộ quy tắc"),
     DIR_OF(ADMIN), SHAPE(rules_published, rules_rules_published)},
    {ROW(DIRECTIVE_ISSUED, DIRECTORY, DirectiveIssued, "Chỉ đạo"),
     DIR_OF(ADMIN)},

    {ROW(PETITION_RECEIVED, PETITION, PetitionReceived, "Tiếp nhận kiến nghị"),
     OPENS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(petition_received, rules_petition_received)},
    {ROW(PETITION_CLASSIFIED, PETITION, PetitionClassified,
         "Phân loại, xử lý đơn"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(petition_classified, rules_petition_classified)},
    {ROW(SUPPLEMENT_REQUESTED, PETITION, SupplementRequested,
         "Yêu cầu bổ sung"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(supplement_requested, rules_supplement_requested)},
    {ROW(SUPPLEMENT_RECEIVED, PETITION, SupplementReceived, "Nhận bổ sung"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(supplement_received, rules_supplement_received)},
    {ROW(PETITION_REFERRED, PETITION, PetitionReferred, "Chuyển đơn"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(petition_referred, rules_petition_referred)},
    {ROW(REFERRAL_ACCEPTED, PETITION, ReferralAccepted, "Nhận đơn chuyển đến"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(referral_accepted, rules_referral_accepted)},
    {ROW(REFERRAL_RETURNED, PETITION, ReferralReturned,
         "Trả lại đơn chuyển đến"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(referral_returned, rules_referral_returned)},
    {ROW(PETITION_EXTENDED, PETITION, PetitionExtended, "Gia hạn"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(petition_extended, rules_petition_extended)},
    {ROW(PERSON_NOTIFIED, PETITION, PersonNotified, "Thông báo cho người dân"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(person_notified, rules_person_notified)},
    {ROW(PETITION_ANSWERED, PETITION, PetitionAnswered, "Trả lời kiến nghị"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(petition_answered, rules_petition_answered)},
    {ROW(OUTCOME_REPORTED, PETITION, OutcomeReported, "Kết quả giải quyết"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(outcome_reported, rules_outcome_reported)},
    {ROW(PETITION_WITHDRAWN, PETITION, PetitionWithdrawn, "Rút đơn"),
     ACTS(PETITION, OFFICE), .bodies = ALL_BODIES,
     SHAPE(petition_withdrawn, rules_petition_withdrawn)},
    {ROW(PETITION_REOPENED, PETITION, PetitionReopened, "Mở lại kiến nghị"),
     ACTS(PETITION, OFFICE)},
    {ROW(PETITION_LINKED, PETITION, PetitionLinked, "Gộp kiến nghị"),
     ACTS(PETITION, OFFICE)},
    {ROW(PETITION_RATED, PETITION, PetitionRated, "Người dân đánh giá"),
     ACTS(PETITION, OFFICE)},
    {ROW(LATENESS_CONTESTED, PETITION, LatenessContested, "Ý kiến về trễ hạn"),
     ACTS(PETITION, OFFICE)},

    {ROW(DIALOGUE_REQUESTED, DIALOGUE, DialogueRequested,
         "Cử tri yêu cầu đối thoại"),
     OPENS(DIALOGUE, OFFICE), .bodies = TEXT | PRIV,
     SHAPE(dialogue_requested, rules_dialogue_requested)},
    {ROW(DIALOGUE_SCHEDULED, DIALOGUE, DialogueScheduled, "Lên lịch đối thoại"),
     OPENS(DIALOGUE, OFFICE), .acts_on = EVENT_RECORD_DIALOGUE, .bodies = TEXT,
     SHAPE(dialogue_scheduled, rules_dialogue_scheduled)},
    {ROW(DIALOGUE_CANCELLED, DIALOGUE, DialogueCancelled, "Hủy đối thoại"),
     ACTS(DIALOGUE, OFFICE), .bodies = TEXT,
     SHAPE(dialogue_cancelled, rules_dialogue_cancelled)},
    {ROW(DIALOGUE_HELD, DIALOGUE, DialogueHeld, "Tổ chức đối thoại"),
     OPENS(DIALOGUE, OFFICE), .acts_on = EVENT_RECORD_DIALOGUE,
     .bodies = TEXT | PRIV, SHAPE(dialogue_held, rules_dialogue_held)},
    {ROW(DIALOGUE_CONCLUDED, DIALOGUE, DialogueConcluded, "Kết luận đối thoại"),
     ACTS(DIALOGUE, OFFICE), .bodies = TEXT,
     SHAPE(dialogue_concluded, rules_dialogue_concluded)},
    {ROW(PREVIOUS_RESULTS_REPORTED, DIALOGUE, PreviousResultsReported,
         "Báo cáo kết quả kỳ trước"),
     ACTS(DIALOGUE, OFFICE), .bodies = TEXT,
     SHAPE(previous_results_reported, rules_previous_results_reported)},

    {ROW(PLAN_ADOPTED, PRACTICE, PlanAdopted, "Ban hành kế hoạch"),
     OPENS(PLAN, OFFICE), .bodies = TEXT,
     SHAPE(plan_adopted, rules_plan_adopted)},
    {ROW(PUBLISHED, PRACTICE, Published, "Công khai"), .right = OFFICE,
     .acts_on = EVENT_RECORD_DIALOGUE + EVENT_RECORD_PETITION,
     .subject_optional = true, .bodies = TEXT,
     SHAPE(published, rules_published)},
    {ROW(CONSULTATION_OPENED, PRACTICE, ConsultationOpened, "Mở lấy ý kiến"),
     .right = OFFICE},
    {ROW(CONSULTATION_CLOSED, PRACTICE, ConsultationClosed,
         "Kết thúc lấy ý kiến"),
     .right = OFFICE},
    {ROW(PEOPLE_DECIDED, PRACTICE, PeopleDecided, "Nhân dân quyết định"),
     .right = OFFICE},
    {ROW(DECISION_RECOGNISED, PRACTICE, DecisionRecognised,
         "Công nhận quyết định"),
     .right = OFFICE},
    {ROW(COMMITTEE_FORMED, PRACTICE, CommitteeFormed, "Kiện toàn ban chỉ đạo"),
     .right = OFFICE},
    {ROW(ACTIVITY_HELD, PRACTICE, ActivityHeld, "Tổ chức hoạt động"),
     .right = OFFICE},
    {ROW(UNIT_RATED, PRACTICE, UnitRated, "Xếp loại đơn vị"), .right = OFFICE},
    {ROW(RECOMMENDATION_MADE, PRACTICE, RecommendationMade,
         "Kiến nghị giám sát"),
     .right = OFFICE},
    {ROW(RECOMMENDATION_ANSWERED, PRACTICE, RecommendationAnswered,
         "Trả lời kiến nghị giám sát"),
     .right = OFFICE},

    {ROW(LAND_PROJECT_OPENED, LAND, LandProjectOpened, "Mở dự án thu hồi đất"),
     .right = OFFICE},
    {ROW(LAND_STEP_DONE, LAND, LandStepDone, "Bước thu hồi đất"),
     .right = OFFICE},
    {ROW(LAND_PROJECT_CLOSED, LAND, LandProjectClosed,
         "Kết thúc dự án thu hồi đất"),
     .right = OFFICE},

    {ROW(REPORT_SUBMITTED, REPORT, ReportSubmitted, "Gửi báo cáo"),
     OPENS(REPORT, REPORTER), .bodies = TEXT,
     SHAPE(report_submitted, rules_report_submitted)},
    {ROW(REPORT_RETURNED, REPORT, ReportReturned, "Trả lại báo cáo"),
     ACTS(REPORT, REPORTER)},
    {ROW(REPORT_ACCEPTED, REPORT, ReportAccepted, "Chấp nhận báo cáo"),
     ACTS(REPORT, REPORTER)},
    {ROW(NOTHING_TO_REPORT, REPORT, NothingToReport, "Không phát sinh"),
     OPENS(NOTICE, OFFICE | REPORTER), .bodies = TEXT,
     SHAPE(nothing_to_report, rules_nothing_to_report)},

    {ROW(DOCUMENT_FILED, ANY, DocumentFiled, "Lưu văn bản vào hồ sơ"),
     ACTS(ANY, OFFICE), .bodies = TEXT,
     SHAPE(document_filed, rules_document_filed)},
    {ROW(DOCUMENT_WAIVED, ANY, DocumentWaived, "Miễn văn bản trong hồ sơ"),
     ACTS(ANY, OFFICE), .bodies = TEXT,
     SHAPE(document_waived, rules_document_waived)},
    {ROW(CORRECTED, ANY, Corrected, "Đính chính"), ACTS(ANY, OFFICE),
     .needs_ref = true, .bodies = ALL_BODIES,
     SHAPE(corrected, rules_corrected)},
    {ROW(VOIDED, ANY, Voided, "Hủy bỏ sự kiện"), ACTS(ANY, OFFICE),
     .needs_ref = true, .bodies = TEXT, SHAPE(voided, rules_voided)},
    {ROW(ERASED, ANY, Erased, "Xóa nội dung"), ACTS(ANY, LEADER),
     .needs_ref = true, SHAPE(erased, rules_erased)},
    {ROW(APPROVED, ANY, Approved, "Phê duyệt"), ACTS(ANY, LEADER),
     .needs_ref = true, .bodies = TEXT, SHAPE(approved, rules_none)},
    {ROW(RESTORED, ANY, Restored, "Khôi phục"), .log = EVENT_LOG_RECORD,
     .signer = EVENT_SIGNER_NODE_ACTOR, SHAPE(restored, rules_restored)},
};

#define ROWS_LEN (sizeof(rows) / sizeof(rows[0]))

const char *event_group_name(enum event_group group)
{
    switch (group) {
    case EVENT_GROUP_DIRECTORY:
        return "directory";
    case EVENT_GROUP_PETITION:
        return "petition";
    case EVENT_GROUP_DIALOGUE:
        return "dialogue";
    case EVENT_GROUP_PRACTICE:
        return "practice";
    case EVENT_GROUP_LAND:
        return "land";
    case EVENT_GROUP_REPORT:
        return "report";
    case EVENT_GROUP_ANY:
        return "any";
    }
    return "any";
}

const struct event_type *event_type_at(size_t i)
{
    return i < ROWS_LEN ? &rows[i] : NULL;
}

const struct event_type *event_type_find(uint32_t number)
{
    size_t low = 0;
    size_t high = ROWS_LEN; /* ascending: a test holds it */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (rows[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < ROWS_LEN && rows[low].number == number ? &rows[low] : NULL;
}

const struct event_type *event_type_named(const char *name)
{
    for (size_t i = 0; i < ROWS_LEN; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

bool event_denounces(const struct event_type *type,
                     const struct ProtobufCMessage *facts)
{
    Qcdc__V1__PetitionKind kind =
        QCDC__V1__PETITION_KIND__PETITION_KIND_UNSPECIFIED;

    if (facts != NULL && type->number == EVENT_PETITION_RECEIVED) {
        kind = ((const Qcdc__V1__PetitionReceived *)facts)->kind;
    }
    if (facts != NULL && type->number == EVENT_PETITION_CLASSIFIED) {
        kind = ((const Qcdc__V1__PetitionClassified *)facts)->kind;
    }
    return kind == QCDC__V1__PETITION_KIND__PETITION_KIND_DENUNCIATION;
}

uint32_t event_right(const struct event_type *type,
                     const struct ProtobufCMessage *facts)
{
    return event_denounces(type, facts) ? QCDC__V1__RIGHT__RIGHT_DENUNCIATION
                                        : type->right;
}

uint32_t event_lacks(const struct event_type *type, uint32_t rights)
{
    bool row = type->right == 0 || (rights & type->right) != 0;
    bool clerks = (type->right & QCDC__V1__RIGHT__RIGHT_RECORD) != 0;
    bool petition =
        ((type->opens | type->acts_on) & EVENT_RECORD_PETITION) != 0;
    uint32_t lacks = row ? 0 : LACKS_ORDINARY;

    if (!petition) {
        return row ? 0 : LACKS_ALL;
    }
    if ((rights & QCDC__V1__RIGHT__RIGHT_DENUNCIATION) == 0 ||
        (!row && !clerks)) {
        lacks |= LACKS_DENUNCIATION;
    }
    return lacks;
}

int event_validate(const struct event_type *type, const struct header *header,
                   const struct ProtobufCMessage *facts, struct error *err)
{
    if (rules_header(type, header, err) != 0 ||
        rules_message(facts, err) != 0) {
        return err->code;
    }
    return type->validate(header, facts, err);
}

/* Why a header and its facts are not understood, or the decoded facts. */
static int facts_read(const struct header *h, struct span facts,
                      struct arena *arena, const struct event_type **type,
                      struct ProtobufCMessage **out, struct error *err)
{
    *type = event_type_find(h->type);
    if (*type == NULL) {
        error_set(err, ERR_NOTFOUND, "type %u is not known here", h->type);
        return ERR_NOTFOUND;
    }
    if ((*type)->shape == NULL || h->version != (*type)->version) {
        error_set(err, ERR_NOTFOUND, "%s version %u is not understood here",
                  (*type)->name, h->version);
        return ERR_NOTFOUND;
    }
    return message_decode((*type)->shape, facts, arena, out, err);
}

int event_read(const struct leaf *leaf, struct arena *arena,
               enum event_reading *reading, const struct event_type **type,
               const struct ProtobufCMessage **facts, struct error *err)
{
    struct ProtobufCMessage *message = NULL;

    *type = NULL;
    *facts = NULL;
    *reading = EVENT_READ_NOT_UNDERSTOOD;
    if (!leaf->understood) {
        (void)!header_explain(leaf->header_bytes, err);
        return 0;
    }
    if (facts_read(&leaf->header, leaf->facts, arena, type, &message, err) !=
        0) {
        return err->code == ERR_LIMIT ? ERR_LIMIT : 0;
    }
    *facts = message;
    *reading = event_validate(*type, &leaf->header, message, err) == 0
                   ? EVENT_READ_FINE
                   : EVENT_READ_INVALID;
    return 0;
}

int event_check(const struct header *header, struct span facts,
                struct arena *arena, struct error *err)
{
    const struct event_type *type;
    struct ProtobufCMessage *message;

    if (facts_read(header, facts, arena, &type, &message, err) != 0) {
        return err->code;
    }
    return event_validate(type, header, message, err);
}
