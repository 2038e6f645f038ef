/* tests/sim: node/clock.h over the world's clock. Whose code runs says whose
 * clock is read. */
#include "node/clock.h"

#include "tests/sim/world.h"

static int64_t machine_ms(void)
{
    int64_t at_ms = (int64_t)world.now_ms;

    return world.current == NULL ? at_ms : at_ms + world.current->clock_ms;
}

uint64_t clock_now_ms(void)
{
    int64_t now_ms = machine_ms() + clock_offset_ms();

    return now_ms < 0 ? 0 : (uint64_t)now_ms;
}

uint64_t clock_steady_ms(void)
{
    /* Not 0 at the start: some timers say "none" by it. */
    return world.current == NULL
               ? world.now_ms
               : 1000 + world.now_ms - world.current->started_ms;
}

void clock_set_ms(uint64_t now_ms)
{
    clock_offset_set_ms((int64_t)now_ms - machine_ms());
}

int64_t clock_offset_ms(void)
{
    return world.current == NULL ? 0 : world.current->offset_ms;
}

void clock_offset_set_ms(int64_t offset_ms)
{
    if (world.current != NULL) {
        world.current->offset_ms = offset_ms;
    }
}
