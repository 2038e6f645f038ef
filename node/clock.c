/* Room: node. Owns the reading of time; loop thread only. Never decides what
 * a time means. Next: config.c. */
#include "node/clock.h"

#include <assert.h>
#include <time.h>

static int64_t offset_ms;

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    int rc = clock_gettime(id, &now);

    assert(rc == 0); /* both clocks exist on every Linux */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t read_ms(clockid_t id)
{
    return read_us(id) / 1000;
}

uint64_t clock_now_ms(void)
{
    int64_t now_ms = read_ms(CLOCK_REALTIME) + offset_ms;

    return now_ms < 0 ? 0 : (uint64_t)now_ms;
}

uint64_t clock_steady_ms(void)
{
    return (uint64_t)read_ms(CLOCK_MONOTONIC);
}

uint64_t clock_steady_us(void)
{
    return (uint64_t)read_us(CLOCK_MONOTONIC);
}

void clock_set_ms(uint64_t now_ms)
{
    offset_ms = (int64_t)now_ms - read_ms(CLOCK_REALTIME);
}

int64_t clock_offset_ms(void)
{
    return offset_ms;
}

void clock_offset_set_ms(int64_t offset)
{
    offset_ms = offset;
}
