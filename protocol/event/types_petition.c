/* protocol/event: rules of the petition types.
 *
 * A denunciation says nothing that could name anyone: no field, no text, and
 * a private body that never leaves the unit but to its addressee. Which acts a
 * petition's state allows is the fold's question (protocol/record).
 */
#include <string.h>

#include "protocol/event/rules.h"

int event_denunciation_bodies(const struct header *header, struct error *err)
{
    if (header_body(header, AUDIENCE_OF_TEXT) != NULL) {
        return rules_refuse(err, "bodies", "a denunciation has no text");
    }
    if (header_body(header, AUDIENCE_OF_PRIVATE) != NULL) {
        return rules_refuse(err, "bodies",
                            "what is private of a denunciation stays with the "
                            "unit (audience 3)");
    }
    return 0;
}

RULES_OF(petition_received)
{
    const Qcdc__V1__PetitionReceived *m =
        (const Qcdc__V1__PetitionReceived *)message;
    bool at_dialogue = m->channel == QCDC__V1__CHANNEL__CHANNEL_DIALOGUE;

    if (rules_need(m->channel, "channel", err) != 0 ||
        rules_need(m->kind, "kind", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    if (at_dialogue != (m->dialogue_id.len > 0)) {
        return rules_refuse(err, "dialogue_id",
                            "stated where the channel is dialogue, and only "
                            "there");
    }
    if (at_dialogue) {
        struct event_id id;

        memcpy(id.bytes, m->dialogue_id.data, sizeof(id.bytes));
        if (!header_has_ref(header, &id)) {
            return rules_refuse(err, "dialogue_id", "must be among the refs");
        }
    }
    if (m->kind != QCDC__V1__PETITION_KIND__PETITION_KIND_DENUNCIATION) {
        return 0;
    }
    if (m->field != 0) {
        return rules_refuse(err, "field", "a denunciation states none");
    }
    return event_denunciation_bodies(header, err);
}

RULES_OF(petition_classified)
{
    const Qcdc__V1__PetitionClassified *m =
        (const Qcdc__V1__PetitionClassified *)message;
    bool accepted =
        m->result == QCDC__V1__CLASSIFICATION__CLASSIFICATION_ACCEPTED;

    if (rules_need(m->result, "result", err) != 0 ||
        rules_need(m->kind, "kind", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    if (m->result == QCDC__V1__CLASSIFICATION__CLASSIFICATION_REFUSED &&
        m->kind == QCDC__V1__PETITION_KIND__PETITION_KIND_PROPOSAL) {
        return rules_refuse(err, "result",
                            "only complaints and denunciations are refused");
    }
    if (!accepted && m->ground == 0) {
        return rules_refuse(err, "ground", "must be stated where not accepted");
    }
    if (!accepted && m->holder != 0) {
        return rules_refuse(err, "holder", "only what is accepted has one");
    }
    if (m->kind != QCDC__V1__PETITION_KIND__PETITION_KIND_DENUNCIATION) {
        return 0;
    }
    if (m->field != 0) {
        return rules_refuse(err, "field", "a denunciation states none");
    }
    return event_denunciation_bodies(header, err);
}

RULES_OF(supplement_requested)
{
    const Qcdc__V1__SupplementRequested *m =
        (const Qcdc__V1__SupplementRequested *)message;

    if (m->until_day != 0 && m->until_day < header->on_day) {
        return rules_refuse(err, "until_day", "is before the day of asking");
    }
    return rules_document(m->document, "document", err);
}

RULES_OF(supplement_received)
{
    const Qcdc__V1__SupplementReceived *m =
        (const Qcdc__V1__SupplementReceived *)message;

    (void)header;
    return rules_document(m->document, "document", err);
}

RULES_OF(petition_referred)
{
    const Qcdc__V1__PetitionReferred *m =
        (const Qcdc__V1__PetitionReferred *)message;

    if (rules_need(m->to, "to", err) != 0) {
        return err->code;
    }
    if (m->to == header->unit) {
        return rules_refuse(err, "to", "a unit does not refer to itself");
    }
    if (!header_has_addressee(header, m->to)) {
        return rules_refuse(err, "to", "must be among the addressees");
    }
    return rules_document(m->document, "document", err);
}

RULES_OF(referral_accepted)
{
    const Qcdc__V1__ReferralAccepted *m =
        (const Qcdc__V1__ReferralAccepted *)message;

    (void)header;
    return rules_document(m->document, "document", err);
}

RULES_OF(referral_returned)
{
    const Qcdc__V1__ReferralReturned *m =
        (const Qcdc__V1__ReferralReturned *)message;

    (void)header;
    if (rules_need(m->reason, "reason", err) != 0) {
        return err->code;
    }
    return rules_document(m->document, "document", err);
}

RULES_OF(petition_extended)
{
    const Qcdc__V1__PetitionExtended *m =
        (const Qcdc__V1__PetitionExtended *)message;

    (void)header;
    if (rules_need(m->due_day, "due_day", err) != 0) {
        return err->code;
    }
    return rules_document(m->document, "document", err);
}

RULES_OF(person_notified)
{
    const Qcdc__V1__PersonNotified *m =
        (const Qcdc__V1__PersonNotified *)message;

    (void)header;
    if (rules_need(m->notice, "notice", err) != 0) {
        return err->code;
    }
    if (m->to != 0 && m->notice != QCDC__V1__NOTICE__NOTICE_TRANSFERRED) {
        return rules_refuse(err, "to", "stated where transferred only");
    }
    return rules_document(m->document, "document", err);
}

RULES_OF(petition_answered)
{
    const Qcdc__V1__PetitionAnswered *m =
        (const Qcdc__V1__PetitionAnswered *)message;
    bool personal = m->publicity == QCDC__V1__PUBLICITY__PUBLICITY_PERSONAL;

    if (rules_need(m->by, "by", err) != 0 ||
        rules_need(m->form, "form", err) != 0 ||
        rules_need(m->publicity, "publicity", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    if (personal != (m->ground != 0)) {
        return rules_refuse(err, "ground",
                            "stated where the answer is personal, and only "
                            "there");
    }
    return rules_signed_day(header, m->document, err);
}

RULES_OF(outcome_reported)
{
    const Qcdc__V1__OutcomeReported *m =
        (const Qcdc__V1__OutcomeReported *)message;

    (void)header;
    if (rules_need(m->outcome, "outcome", err) != 0) {
        return err->code;
    }
    if (m->outcome == QCDC__V1__OUTCOME__OUTCOME_NOT_YET && m->next_day == 0) {
        return rules_refuse(err, "next_day", "must be stated where not yet");
    }
    if (m->outcome == QCDC__V1__OUTCOME__OUTCOME_NOT_DONE && m->reason == 0) {
        return rules_refuse(err, "reason", "must be stated where not done");
    }
    return rules_document(m->document, "document", err);
}

RULES_OF(petition_withdrawn)
{
    const Qcdc__V1__PetitionWithdrawn *m =
        (const Qcdc__V1__PetitionWithdrawn *)message;

    (void)header;
    /* The cheapest way to make a petition disappear: it needs the paper. */
    return rules_paper(m->document, "document", err);
}
