/* protocol/record: whose task a petition is when units end: along the
 * transfers and reorganisations of the directory, day by day, without an
 * event of the record itself. Clocks go on: no date of the petition moves.
 * Owns the steps; must never leave an open petition with a unit that ended
 * while another one lives above it. Next: fold_petition.c. */
#include "protocol/record/fold_internal.h"

#define RETURNS_TO_ASK 2u

void custody_start(struct custody *c, uint32_t unit, uint32_t day)
{
    c->base = unit;
    c->since_day = day;
    c->holder = unit;
}

static void note(struct fold *f, struct custody *c,
                 const struct dir_passing *step)
{
    Qcdc__V1__Custody *row;

    fold_role(f, step->to);
    if (!c->records || c->rows_len == sizeof(c->rows) / sizeof(c->rows[0]) ||
        (row = fold_alloc(f, 1, sizeof(*row))) == NULL) {
        return;
    }
    qcdc__v1__custody__init(row);
    row->from = c->holder;
    row->to = step->to;
    row->from_day = step->from_day;
    if (step->by != NULL) {
        row->event_id = fold_bytes(&step->by->event);
    }
    c->rows[c->rows_len++] = row;
}

void custody_pass(struct fold *f, struct custody *c,
                  const struct event_id *subject, uint32_t day)
{
    struct dir_passing step;

    for (size_t steps = 0; steps < sizeof(c->rows) / sizeof(c->rows[0]) &&
                           directory_passing(f->input->directory, subject,
                                             c->base, c->since_day, day, &step);
         steps++) {
        if (step.by == NULL) {
            /* Provisional: a transfer told for a later day still finds it. */
            if (step.to != c->holder) {
                note(f, c, &step);
                c->holder = step.to;
            }
            return;
        }
        note(f, c, &step);
        custody_start(c, step.to, step.from_day);
    }
}

/* It is asked again when what it decided comes back, too. */
uint32_t custody_ask(struct fold *f, struct custody *c,
                     Qcdc__V1__Referral **referrals, size_t len, uint32_t day)
{
    uint32_t *units = fold_alloc(f, len, sizeof(*units));
    size_t returned = 0;
    uint32_t unit;

    for (size_t i = 0; units != NULL && i < len; i++) {
        if (referrals[i]->returned != NULL) {
            units[returned++] = referrals[i]->to;
        }
    }
    if (returned < RETURNS_TO_ASK) {
        return 0;
    }
    unit = directory_common_superior(f->input->directory, units, returned, day);
    if (unit != 0) {
        custody_start(c, unit, day);
        fold_role(f, unit);
    }
    return unit;
}

enum standing custody_take(struct fold *f, struct custody *c,
                           const struct entry *e)
{
    struct event_id ref = header_ref(e->header, 0);
    const struct dir_custody *told =
        directory_custody(f->input->directory, &ref);

    if (told == NULL) {
        return STANDING_WAITING; /* for the directory that tells of it */
    }
    if (told->to != e->header->unit) {
        return STANDING_NOT_PARTY;
    }
    for (size_t i = 0; i < c->rows_len; i++) {
        Qcdc__V1__Custody *row = c->rows[i];

        if (row->event_id.len != sizeof(ref.bytes) ||
            memcmp(row->event_id.data, ref.bytes, sizeof(ref.bytes)) != 0) {
            continue;
        }
        if (row->taken != NULL) {
            return STANDING_REPEATED;
        }
        row->taken = fold_act(f, e);
        return STANDING_EFFECTIVE;
    }
    return STANDING_CONTRADICTS; /* it does not reach this petition */
}
