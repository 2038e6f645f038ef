/* protocol/record: who has a petition: the offer to another unit, its taking
 * and return, whom two returns ask, and custody that was taken.
 *
 * A referral moves the holder when it is accepted, never a date. Must never
 * decide whose a petition is beyond what units said or reforms passed on
 * (fold_custody.c). Next: fold_petition.c, whose steps these are. */
#include "protocol/record/fold_petition.h"

void petition_hold(struct petition *p, uint32_t unit, uint32_t day)
{
    p->r.holder = unit;
    custody_start(&p->holding, unit, day);
}

bool petition_is_above(const struct petition *p, uint32_t above, uint32_t below,
                       uint32_t day)
{
    return directory_is_above(p->f->input->directory, above, below, day);
}

/* The question whose it is has its answer. */
void petition_decided(struct petition *p)
{
    p->r.decider = 0;
    p->r.asked_day = 0;
}

enum standing petition_referred(void *state, struct entry *e)
{
    struct petition *p = state;
    const Qcdc__V1__PetitionReferred *said = FACTS(e, PetitionReferred);
    uint32_t unit = e->header->unit;

    if (said->to == 0 || said->to == p->r.holder) {
        return STANDING_CONTRADICTS;
    }
    if (unit != p->r.holder && unit != p->r.decider &&
        !petition_is_above(p, unit, p->r.holder, e->on)) {
        return STANDING_NOT_PARTY;
    }

    Qcdc__V1__Referral *referral = fold_alloc(p->f, 1, sizeof(*referral));

    if (referral != NULL) {
        qcdc__v1__referral__init(referral);
        referral->act = fold_act(p->f, e);
        referral->from = p->r.holder;
        referral->to = said->to;
        referral->due_day = said->due_day;
        FOLD_PUSH(p->f, p->r.referrals, p->r.n_referrals, p->f->len, referral);
    }
    fold_role(p->f, said->to);
    custody_start(&p->offering, said->to, e->on);
    if (p->r.decider == unit ||
        petition_is_above(p, unit, p->r.decider, e->on)) {
        petition_decided(p);
    }
    p->referral = referral;
    p->offer = e;
    p->back = p->state;
    p->state = REFERRED;
    return STANDING_EFFECTIVE;
}

/* The answer to an offer comes from the unit it was made to, or from above
 * it, and names the offer if it names anything. */
static enum standing reply(const struct petition *p, const struct entry *e)
{
    uint32_t unit = e->header->unit;

    if (e->target != NO_ENTRY && &p->f->entries[e->target] != p->offer) {
        return STANDING_CONTRADICTS;
    }
    if (p->referral != NULL && unit != p->referral->to &&
        unit != p->offering.holder &&
        !petition_is_above(p, unit, p->referral->to, e->on)) {
        return STANDING_NOT_PARTY;
    }
    return STANDING_EFFECTIVE;
}

enum standing petition_referral_accepted(void *state, struct entry *e)
{
    struct petition *p = state;
    enum standing standing = reply(p, e);

    if (standing == STANDING_EFFECTIVE && p->referral != NULL) {
        p->referral->accepted = fold_act(p->f, e);
        petition_hold(p, p->referral->to, e->on);
        petition_decided(p);
        p->state = ACCEPTED;
    }
    return standing;
}

enum standing petition_referral_returned(void *state, struct entry *e)
{
    struct petition *p = state;
    enum standing standing = reply(p, e);

    if (standing == STANDING_EFFECTIVE && p->referral != NULL) {
        p->referral->returned = fold_act(p->f, e);
        p->state = p->back;
        p->r.decider = custody_ask(p->f, &p->deciding, p->r.referrals,
                                   p->r.n_referrals, e->on);
        p->r.asked_day = p->r.decider != 0 ? e->on : 0;
    }
    return standing;
}

enum standing petition_taken(void *state, struct entry *e)
{
    struct petition *p = state;

    return custody_take(p->f, &p->holding, e);
}
