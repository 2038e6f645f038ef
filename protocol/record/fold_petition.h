/* Parts of the fold of a petition: fold_petition.c has its states and the steps
 * of its life, fold_referral.c those that say who has it. */
#ifndef QCDC_PROTOCOL_RECORD_FOLD_PETITION_H
#define QCDC_PROTOCOL_RECORD_FOLD_PETITION_H

#include "protocol/record/fold_internal.h"

enum state {
    NONE = 0,
    RECEIVED = QCDC__V1__PETITION_STATE__PETITION_STATE_RECEIVED,
    ACCEPTED = QCDC__V1__PETITION_STATE__PETITION_STATE_ACCEPTED,
    AWAITING = QCDC__V1__PETITION_STATE__PETITION_STATE_AWAITING_SUPPLEMENT,
    REFERRED = QCDC__V1__PETITION_STATE__PETITION_STATE_REFERRED,
    ANSWERED = QCDC__V1__PETITION_STATE__PETITION_STATE_ANSWERED,
    DONE = QCDC__V1__PETITION_STATE__PETITION_STATE_DONE,
    NOT_DONE = QCDC__V1__PETITION_STATE__PETITION_STATE_NOT_DONE,
    NOT_ADMITTED = QCDC__V1__PETITION_STATE__PETITION_STATE_NOT_ADMITTED,
    REFUSED = QCDC__V1__PETITION_STATE__PETITION_STATE_REFUSED,
    WITHDRAWN = QCDC__V1__PETITION_STATE__PETITION_STATE_WITHDRAWN,
};

struct petition {
    struct fold *f;
    Qcdc__V1__PetitionRecord r;
    enum state state;
    enum state back; /* where a supplement or a return leads */
    const struct entry *answer;
    const struct entry *offer; /* the referral not yet taken or returned */
    Qcdc__V1__Referral *referral;
    Qcdc__V1__Pause *pause; /* that runs on */
    uint32_t received_day;
    struct custody holding;  /* of the holder */
    struct custody telling;  /* of the receiver's duty to tell the person */
    struct custody offering; /* of the unit it was referred to */
    struct custody deciding; /* of the unit asked who shall have it */
};

/* ---- fold_referral.c ---- */

/* From that day on the unit has it. */
void petition_hold(struct petition *p, uint32_t unit, uint32_t day);
bool petition_is_above(const struct petition *p, uint32_t above, uint32_t below,
                       uint32_t day);
/* The question whose it is has its answer. */
void petition_decided(struct petition *p);

/* Steps, as in struct walk_row; state is a struct petition. */
enum standing petition_referred(void *state, struct entry *e);
enum standing petition_referral_accepted(void *state, struct entry *e);
enum standing petition_referral_returned(void *state, struct entry *e);
enum standing petition_taken(void *state, struct entry *e);

#endif
