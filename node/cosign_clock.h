/* May this machine's clock be put under a cosignature? (DESIGN section 5)
 *
 * A cosignature bounds other people's events in time, so its maker refuses
 * while he has a reason to doubt his clock. His guard's absence alone is none.
 * Pure: times come with the question. */
#ifndef QCDC_NODE_COSIGN_CLOCK_H
#define QCDC_NODE_COSIGN_CLOCK_H

#include <stdint.h>

#include "protocol/base/error.h"

#define COSIGN_SKEW_MAX_MS 3600000                 /* against the guard */
#define COSIGN_BEHIND_MAX_S 3600u                  /* own last signature */
#define COSIGN_REST_MAX_S ((uint64_t)30u * 86400u) /* likewise, after it */

/* Zero it: nothing signed yet, nothing heard. */
struct cosign_clock {
    uint64_t signed_s; /* newest own cosignature of any log, 0 = none */
    uint64_t word_s;   /* shown when a person said it is right, 0 = never */
    int64_t skew_ms;   /* guard's minus ours at the newest HELLO; 0 after a
                          person's word, or without a guard */
};

enum cosign_doubt {
    COSIGN_SURE,
    COSIGN_SKEW,   /* more than an hour from the guard's */
    COSIGN_BEHIND, /* more than an hour before the own last signature: the
                      clock fell back, or ran ahead when that was made */
    COSIGN_REST,   /* more than 30 days after it: nobody saw the clock since */
};
/* A person's word ends SKEW and REST; BEHIND ends when the clock is right, or
 * when a superior's ClockFault voids what was signed ahead of time. */
enum cosign_doubt cosign_clock_doubt(const struct cosign_clock *clock,
                                     uint64_t now_s);

/* "", "skew", "behind", "rest". */
const char *cosign_doubt_name(enum cosign_doubt doubt);
/* What is wrong and what to do; "" when sure. */
const char *cosign_doubt_vi(enum cosign_doubt doubt);
const char *cosign_doubt_en(enum cosign_doubt doubt);

/* 0, or ERR_BUSY with the English sentence. */
int cosign_clock_check(const struct cosign_clock *clock, uint64_t now_s,
                       struct error *err) MUST_USE;

#endif
