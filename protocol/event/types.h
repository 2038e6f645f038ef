/* The table of event types: what each is called, who may sign it, where it
 * lives, which record it opens or acts on, and its rules.
 *
 * Every type of the design has its number; numbers are never reused. Types
 * without a shape are not understood yet: stored, forwarded, counted. Adding
 * one: a message in event.proto, a row here, a validator, a fold, golden bytes.
 */
#ifndef QCDC_PROTOCOL_EVENT_TYPES_H
#define QCDC_PROTOCOL_EVENT_TYPES_H

#include "protocol/base/arena.h"
#include "protocol/event/leaf.h"

struct ProtobufCMessageDescriptor;
struct ProtobufCMessage;

/* symbol, number, group, name. The order is that of the design. */
#define EVENT_TYPES(X)                                                         \
    X(UNIT_REGISTERED, 1, DIRECTORY, UnitRegistered)                           \
    X(UNIT_CHANGED, 2, DIRECTORY, UnitChanged)                                 \
    X(UNITS_REORGANISED, 3, DIRECTORY, UnitsReorganised)                       \
    X(CUSTODY_TRANSFERRED, 4, DIRECTORY, CustodyTransferred)                   \
    X(CUSTODY_TAKEN, 5, DIRECTORY, CustodyTaken)                               \
    X(LOG_ENDED, 6, DIRECTORY, LogEnded)                                       \
    X(TOP_NODE_CERTIFIED, 7, DIRECTORY, TopNodeCertified)                      \
    X(NODE_CERTIFIED, 8, DIRECTORY, NodeCertified)                             \
    X(EPOCH_CLOSED, 9, DIRECTORY, EpochClosed)                                 \
    X(EPOCH_OPENED, 10, DIRECTORY, EpochOpened)                                \
    X(CLOCK_FAULT, 11, DIRECTORY, ClockFault)                                  \
    X(ACTOR_CERTIFIED, 12, DIRECTORY, ActorCertified)                          \
    X(ACTOR_REVOKED, 13, DIRECTORY, ActorRevoked)                              \
    X(ACTOR_CONFIRMED, 14, DIRECTORY, ActorConfirmed)                          \
    X(ACTOR_BARRED, 15, DIRECTORY, ActorBarred)                                \
    X(RULES_PUBLISHED, 16, DIRECTORY, RulesPublished)                          \
    X(DIRECTIVE_ISSUED, 17, DIRECTORY, DirectiveIssued)                        \
    X(PETITION_RECEIVED, 32, PETITION, PetitionReceived)                       \
    X(PETITION_CLASSIFIED, 33, PETITION, PetitionClassified)                   \
    X(SUPPLEMENT_REQUESTED, 34, PETITION, SupplementRequested)                 \
    X(SUPPLEMENT_RECEIVED, 35, PETITION, SupplementReceived)                   \
    X(PETITION_REFERRED, 36, PETITION, PetitionReferred)                       \
    X(REFERRAL_ACCEPTED, 37, PETITION, ReferralAccepted)                       \
    X(REFERRAL_RETURNED, 38, PETITION, ReferralReturned)                       \
    X(PETITION_EXTENDED, 39, PETITION, PetitionExtended)                       \
    X(PERSON_NOTIFIED, 40, PETITION, PersonNotified)                           \
    X(PETITION_ANSWERED, 41, PETITION, PetitionAnswered)                       \
    X(OUTCOME_REPORTED, 42, PETITION, OutcomeReported)                         \
    X(PETITION_WITHDRAWN, 43, PETITION, PetitionWithdrawn)                     \
    X(PETITION_REOPENED, 44, PETITION, PetitionReopened)                       \
    X(PETITION_LINKED, 45, PETITION, PetitionLinked)                           \
    X(PETITION_RATED, 46, PETITION, PetitionRated)                             \
    X(LATENESS_CONTESTED, 47, PETITION, LatenessContested)                     \
    X(DIALOGUE_REQUESTED, 64, DIALOGUE, DialogueRequested)                     \
    X(DIALOGUE_SCHEDULED, 65, DIALOGUE, DialogueScheduled)                     \
    X(DIALOGUE_CANCELLED, 66, DIALOGUE, DialogueCancelled)                     \
    X(DIALOGUE_HELD, 67, DIALOGUE, DialogueHeld)                               \
    X(DIALOGUE_CONCLUDED, 68, DIALOGUE, DialogueConcluded)                     \
    X(PREVIOUS_RESULTS_REPORTED, 69, DIALOGUE, PreviousResultsReported)        \
    X(PLAN_ADOPTED, 80, PRACTICE, PlanAdopted)                                 \
    X(PUBLISHED, 81, PRACTICE, Published)                                      \
    X(CONSULTATION_OPENED, 82, PRACTICE, ConsultationOpened)                   \
    X(CONSULTATION_CLOSED, 83, PRACTICE, ConsultationClosed)                   \
    X(PEOPLE_DECIDED, 84, PRACTICE, PeopleDecided)                             \
    X(DECISION_RECOGNISED, 85, PRACTICE, DecisionRecognised)                   \
    X(COMMITTEE_FORMED, 86, PRACTICE, CommitteeFormed)                         \
    X(ACTIVITY_HELD, 87, PRACTICE, ActivityHeld)                               \
    X(UNIT_RATED, 88, PRACTICE, UnitRated)                                     \
    X(RECOMMENDATION_MADE, 89, PRACTICE, RecommendationMade)                   \
    X(RECOMMENDATION_ANSWERED, 90, PRACTICE, RecommendationAnswered)           \
    X(LAND_PROJECT_OPENED, 112, LAND, LandProjectOpened)                       \
    X(LAND_STEP_DONE, 113, LAND, LandStepDone)                                 \
    X(LAND_PROJECT_CLOSED, 114, LAND, LandProjectClosed)                       \
    X(REPORT_SUBMITTED, 128, REPORT, ReportSubmitted)                          \
    X(REPORT_RETURNED, 129, REPORT, ReportReturned)                            \
    X(REPORT_ACCEPTED, 130, REPORT, ReportAccepted)                            \
    X(NOTHING_TO_REPORT, 131, REPORT, NothingToReport)                         \
    X(DOCUMENT_FILED, 144, ANY, DocumentFiled)                                 \
    X(DOCUMENT_WAIVED, 145, ANY, DocumentWaived)                               \
    X(CORRECTED, 146, ANY, Corrected)                                          \
    X(VOIDED, 147, ANY, Voided)                                                \
    X(ERASED, 148, ANY, Erased)                                                \
    X(APPROVED, 149, ANY, Approved)                                            \
    X(RESTORED, 150, ANY, Restored)

enum event_number {
#define EVENT_NUMBER_MEMBER(symbol, number, group, name)                       \
    EVENT_##symbol = (number),
    EVENT_TYPES(EVENT_NUMBER_MEMBER)
#undef EVENT_NUMBER_MEMBER
};

enum event_group {
    EVENT_GROUP_DIRECTORY,
    EVENT_GROUP_PETITION,
    EVENT_GROUP_DIALOGUE,
    EVENT_GROUP_PRACTICE,
    EVENT_GROUP_LAND,
    EVENT_GROUP_REPORT,
    EVENT_GROUP_ANY,
};

enum event_log {
    EVENT_LOG_RECORD, /* <realm>/<node>/e<epoch> */
    EVENT_LOG_DIR,    /* <realm>/<node>/dir/e<epoch> */
};

/* Whose key signs it; another's is not effective. */
enum event_signer {
    EVENT_SIGNER_ACTOR, /* certified for the unit, or its registrar */
    EVENT_SIGNER_REGISTRAR,
    EVENT_SIGNER_NODE_ACTOR,
    EVENT_SIGNER_ADMIN, /* administration key of the log's node */
    EVENT_SIGNER_ROOT,
};

/* Kinds of record an event opens or acts on; a set of them is a sum. */
enum event_record {
    EVENT_RECORD_NONE = 0,
    EVENT_RECORD_PETITION = 1,
    EVENT_RECORD_DIALOGUE = 2,
    EVENT_RECORD_PLAN = 4,
    EVENT_RECORD_REPORT = 8,
    EVENT_RECORD_NOTICE = 16, /* NothingToReport */
    EVENT_RECORD_ANY = 31,
};

#define EVENT_BODY_TEXT 1u /* bits of event_type.bodies */
#define EVENT_BODY_PRIVATE 2u
#define EVENT_BODY_UNIT 4u

struct event_type;
/* The type's own rules, after the ones every type shares. `facts` is the
 * decoded message. Fails with ERR_MALFORMED and one sentence. */
typedef int (*event_validate_fn)(const struct header *header,
                                 const struct ProtobufCMessage *facts,
                                 struct error *err);

struct event_type {
    uint32_t number;
    uint32_t version; /* the one understood here */
    const char *name; /* "PetitionReceived" */
    const char *title_vi;
    const struct ProtobufCMessageDescriptor *shape; /* NULL: not understood */
    event_validate_fn validate;
    enum event_group group;
    enum event_log log;
    enum event_signer signer;
    uint32_t right;   /* bits of Right an actor needs one of, 0 = none */
    uint32_t opens;   /* one enum event_record, or NONE */
    uint32_t acts_on; /* sum of enum event_record; NONE = needs no subject */
    uint32_t bodies;  /* EVENT_BODY_* it may carry */
    bool subject_optional; /* acts_on, but may stand alone */
    bool needs_ref;        /* acts on the first event it refs */
};

/* NULL if no such number or name (exact, "PetitionReceived"). */
const struct event_type *event_type_find(uint32_t number);
const struct event_type *event_type_named(const char *name);
/* Every row in order of number; NULL past the end. */
const struct event_type *event_type_at(size_t i);
const char *event_group_name(enum event_group group);

/* Bits of Right of which the actor needs one: the row's, or more for what the
 * facts say (denunciations have a right of their own). facts may be NULL. */
uint32_t event_right(const struct event_type *type,
                     const struct ProtobufCMessage *facts);

/* Where the actor's rights do not reach: bits, 0 = right held everywhere. In
 * the record of a denunciation its own right is needed, and beside it the
 * leader's or reporter's where the type asks for that; elsewhere the row's. */
#define LACKS_DENUNCIATION 1u /* may not act in the record of one */
#define LACKS_ORDINARY 2u     /* may not act in any other record */
#define LACKS_ALL (LACKS_DENUNCIATION | LACKS_ORDINARY)
uint32_t event_lacks(const struct event_type *type, uint32_t rights);

/* The facts call the petition a denunciation. facts may be NULL. */
bool event_denounces(const struct event_type *type,
                     const struct ProtobufCMessage *facts);

/* What every event in the record of a denunciation keeps to, whatever its
 * type: no text, private bodies for the unit alone. 0, or ERR_MALFORMED. */
int event_denunciation_bodies(const struct header *header,
                              struct error *err) MUST_USE;

/* Rules of header and facts together: shared ones (subject, refs, addressees,
 * bodies, every day between 1970 and 2200, enum values known, texts NFC and
 * short, ids and hashes whole) and the type's own. 0, or ERR_MALFORMED. */
int event_validate(const struct event_type *type, const struct header *header,
                   const struct ProtobufCMessage *facts,
                   struct error *err) MUST_USE;

enum event_reading {
    EVENT_READ_FINE,
    EVENT_READ_NOT_UNDERSTOOD, /* type, version, header or facts */
    EVENT_READ_INVALID,        /* understood, but breaks a rule */
};

/* Finds, decodes and validates. *type is NULL when unknown; *facts is set
 * only for FINE and INVALID and lives in the arena. `err` says why it is not
 * FINE (err->code is not to be acted on). Returns ERR_LIMIT if the arena is
 * too small, else 0. */
int event_read(const struct leaf *leaf, struct arena *arena,
               enum event_reading *reading, const struct event_type **type,
               const struct ProtobufCMessage **facts,
               struct error *err) MUST_USE;

/* The same before a leaf exists: what `record` checks, so that no office
 * signs an event that would not count. ERR_NOTFOUND for a type not understood
 * here, ERR_MALFORMED, ERR_LIMIT. */
int event_check(const struct header *header, struct span facts,
                struct arena *arena, struct error *err) MUST_USE;

/* The type table as Markdown (TYPES.md is this, a test compares). */
void event_types_markdown(struct buf *out);

#endif
