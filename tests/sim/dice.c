/* tests/sim: chance. Every draw of a run comes from one seed, so that a run
 * can be had again. Must never read the machine's randomness. Next: disk.c. */
#include "tests/sim/dice.h"

#include <sodium.h>

static struct dice of_nodes;

void dice_seed(struct dice *dice, uint64_t seed)
{
    dice->state = seed * 0x9e3779b97f4a7c15u + 0x1234567;
    (void)dice_next(dice);
}

/* splitmix64: public domain arithmetic, good enough for a lottery. */
uint64_t dice_next(struct dice *dice)
{
    uint64_t z = (dice->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t dice_below(struct dice *dice, uint32_t n)
{
    return (uint32_t)((dice_next(dice) >> 32) * n >> 32);
}

uint64_t dice_from_to(struct dice *dice, uint64_t least, uint64_t most)
{
    return least + dice_next(dice) % (most - least + 1);
}

bool dice_hit(struct dice *dice, uint32_t per_mille)
{
    return dice_below(dice, 1000) < per_mille;
}

static const char *name(void)
{
    return "sim";
}

static uint32_t word(void)
{
    return (uint32_t)dice_next(&of_nodes);
}

static void fill(void *const out, const size_t size)
{
    uint8_t *bytes = out;

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(dice_next(&of_nodes) >> 24);
    }
}

void dice_for_nodes(uint64_t seed)
{
    static struct randombytes_implementation seeded = {
        .implementation_name = name, .random = word, .buf = fill};

    dice_seed(&of_nodes, seed);
    (void)randombytes_set_implementation(&seeded);
}
