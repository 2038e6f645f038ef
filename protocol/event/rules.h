/* Rules of facts, for types.c: what every message obeys, one function a type
 * (types_GROUP.c), and the few words they are written in. For protocol/event
 * only. All of them: 0, or ERR_MALFORMED naming the field and what is expected.
 */
#ifndef QCDC_PROTOCOL_EVENT_RULES_H
#define QCDC_PROTOCOL_EVENT_RULES_H

#include <stdbool.h>

#include "protocol/event/types.h"
#include "qcdc/v1/event.pb-c.h"

#define RULES_DAY_MAX 84370u /* 2200-12-31 */

int rules_header(const struct event_type *type, const struct header *h,
                 struct error *err) MUST_USE;

/* Every field by its form: enum values known, days in range, ids 16 and keys
 * 32 bytes, texts NFC, one line, at most NAME_MAX_BYTES. Blocks: any length. */
int rules_message(const struct ProtobufCMessage *message,
                  struct error *err) MUST_USE;

/* The same for a message still encoded (bodies), which must be minimal: no
 * memory is needed. */
int rules_bytes(const struct ProtobufCMessageDescriptor *shape,
                struct span bytes, struct error *err) MUST_USE;

/* `path`: why, in one sentence. Returns ERR_MALFORMED. */
int rules_refuse(struct error *err, const char *path, const char *why);

/* A value that must be stated (not 0, not empty). */
int rules_need(uint64_t value, const char *path, struct error *err) MUST_USE;
int rules_need_text(ProtobufCBinaryData text, const char *path,
                    struct error *err) MUST_USE;

/* A document may be absent (NULL); if there, it has a kind and is a number,
 * a date, a file or a shelf mark; a secret one is number and date only. */
int rules_document(const Qcdc__V1__Document *document, const char *path,
                   struct error *err) MUST_USE;
int rules_documents(Qcdc__V1__Document **documents, size_t len,
                    struct error *err) MUST_USE;
/* A paper that says where it is: file, shelf, or secret. */
int rules_paper(const Qcdc__V1__Document *document, const char *path,
                struct error *err) MUST_USE;
/* Signed on paper: the event's day is the paper's date (formats.md 6). */
int rules_signed_day(const struct header *header,
                     const Qcdc__V1__Document *document,
                     struct error *err) MUST_USE;
/* At most `max` units, none 0, none twice. */
int rules_units(const uint32_t *units, size_t len, size_t max, const char *path,
                struct error *err) MUST_USE;
int rules_count(size_t len, size_t max, const char *path,
                struct error *err) MUST_USE;

int rules_none(const struct header *header, const struct ProtobufCMessage *,
               struct error *err);

#define RULES_OF(name)                                                         \
    int rules_##name(const struct header *header,                              \
                     const struct ProtobufCMessage *message,                   \
                     struct error *err)
RULES_OF(unit_registered);
RULES_OF(unit_changed);
RULES_OF(top_node_certified);
RULES_OF(node_certified);
RULES_OF(epoch_closed);
RULES_OF(epoch_opened);
RULES_OF(clock_fault);
RULES_OF(actor_certified);
RULES_OF(actor_revoked);
RULES_OF(actor_confirmed);
RULES_OF(rules_published);
RULES_OF(units_reorganised);
RULES_OF(custody_transferred);
RULES_OF(custody_taken);
RULES_OF(log_ended);
RULES_OF(actor_barred);
RULES_OF(petition_received);
RULES_OF(petition_classified);
RULES_OF(supplement_requested);
RULES_OF(supplement_received);
RULES_OF(petition_referred);
RULES_OF(referral_accepted);
RULES_OF(referral_returned);
RULES_OF(petition_extended);
RULES_OF(person_notified);
RULES_OF(petition_answered);
RULES_OF(outcome_reported);
RULES_OF(petition_withdrawn);
RULES_OF(dialogue_requested);
RULES_OF(dialogue_scheduled);
RULES_OF(dialogue_cancelled);
RULES_OF(dialogue_held);
RULES_OF(dialogue_concluded);
RULES_OF(previous_results_reported);
RULES_OF(plan_adopted);
RULES_OF(published);
RULES_OF(report_submitted);
RULES_OF(nothing_to_report);
RULES_OF(document_filed);
RULES_OF(document_waived);
RULES_OF(corrected);
RULES_OF(voided);
RULES_OF(erased);
RULES_OF(restored);

#endif
