/* tools/sample: SplitMix64, a public-domain generator of a few lines.
 * Owns nothing. Must never read the machine's randomness or clock: the same
 * seed gives the same year everywhere. Next: office.h. */
#include "tools/sample/dice.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

struct dice dice_of(uint64_t seed, uint32_t a, uint32_t b)
{
    return (struct dice){mix(mix(seed) ^ mix((uint64_t)a << 32 | b))};
}

static uint64_t next(struct dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(dice->state);
}

uint32_t dice_below(struct dice *dice, uint32_t count)
{
    return (uint32_t)((next(dice) >> 32) * count >> 32);
}

uint32_t dice_between(struct dice *dice, uint32_t first, uint32_t last)
{
    return first + dice_below(dice, last - first + 1);
}

bool dice_chance(struct dice *dice, uint32_t percent)
{
    return dice_below(dice, 100) < percent;
}
