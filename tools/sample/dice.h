/* Reproducible chance: every office draws from its own stream, so that taking
 * more nodes into a sample changes nothing about the ones already in it.
 * Not for secrets. */
#ifndef QCDC_TOOLS_SAMPLE_DICE_H
#define QCDC_TOOLS_SAMPLE_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* The stream of one purpose (`a`, `b`) under a seed. */
struct dice dice_of(uint64_t seed, uint32_t a, uint32_t b);

/* 0 .. count-1; count > 0. */
uint32_t dice_below(struct dice *dice, uint32_t count);
/* first .. last, both possible. */
uint32_t dice_between(struct dice *dice, uint32_t first, uint32_t last);
bool dice_chance(struct dice *dice, uint32_t percent);

#endif
