/* What offices record while the world goes wrong: petitions taken in,
 * classified, told, answered, referred to other offices and taken up there. */
#ifndef QCDC_TESTS_SIM_WORK_H
#define QCDC_TESTS_SIM_WORK_H

#include "tests/sim/world.h"

#define CLERK "clerk"
#define PASSWORD "mot hai ba bon"

/* Plans about `events` recordings between now and until_ms. */
void work_plan(uint32_t events, uint64_t until_ms);
/* The clerk of that machine does something, if it is on. */
void work_do(struct machine *machine);

/* Every subject opened in this run, for judge.c. */
struct work_case {
    struct event_id subject;
    uint32_t opened_at;   /* node */
    uint32_t holder;      /* node, as its offices believe */
    uint32_t referred_to; /* node; 0 = nobody */
    struct event_id referral;
    bool referred;            /* ever */
    uint32_t hands[MACHINES]; /* nodes that it was referred to, once each */
    size_t hands_len;
    uint32_t step;
};
const struct work_case *work_cases(size_t *len);
/* Petitions that a dishonest machine invented: no clerk signed them. */
const struct event_id *work_forgeries(size_t *len);

#endif
