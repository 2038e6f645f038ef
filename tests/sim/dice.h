/* Chance that a seed decides: the dice of the world, and the bytes that the
 * nodes themselves draw (libsodium's generator is replaced). */
#ifndef QCDC_TESTS_SIM_DICE_H
#define QCDC_TESTS_SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

void dice_seed(struct dice *dice, uint64_t seed);
uint64_t dice_next(struct dice *dice);
/* 0 .. n-1; n > 0. */
uint32_t dice_below(struct dice *dice, uint32_t n);
/* From least to most, both possible. */
uint64_t dice_from_to(struct dice *dice, uint64_t least, uint64_t most);
/* True `per_mille` times in a thousand. */
bool dice_hit(struct dice *dice, uint32_t per_mille);

/* From now on crypto_random gives bytes of this seed. */
void dice_for_nodes(uint64_t seed);

#endif
