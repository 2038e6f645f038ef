/* Room: node. Owns the measure of background work: whether frames are coming,
 * how long a pause is, how much fits into one slice. It must never hold intake
 * back (DESIGN section 5), nor starve what only derives. Next: work.c, which
 * asks. */
#include "node/engine_internal.h"

#include "node/clock.h"

#define SLICE_SHORT_MS 15u /* a slice in a pause grows up to this time */
#define SLICE_LONG_MS 40u  /* ... and shrinks beyond this */
#define MORE_MS 500u       /* after a frame that announced more */
#define SPARE_MS 25u       /* between slices while they come slowly */
#define SPARE_WINDOW_US 100000u
#define SPARE_PERCENT 60u /* asleep that long: there is time to spare */

/* Frames come: intake and sequencing go first, and what only derives waits
 * for a pause (DESIGN section 5: integration never holds intake back). */
bool pace_is_busy(const struct engine *engine)
{
    return clock_steady_ms() < engine->busy_ms;
}

void pace_expect(struct engine *engine, bool more)
{
    uint64_t until_ms = clock_steady_ms() + (more ? MORE_MS : PACE_BUSY_MS);

    if (until_ms > engine->busy_ms) {
        engine->busy_ms = until_ms;
    }
}

/* ... but never for long: a slice every PACE_SLICE_MS even so, and far more
 * often where frames come so slowly that the loop mostly sleeps. Not with each
 * of them: a slice is a commit, and the next frame would wait for it. */
bool pace_allows(const struct engine *engine)
{
    uint64_t rest_ms = engine->has_spare ? SPARE_MS : PACE_SLICE_MS;

    return !pace_is_busy(engine) ||
           clock_steady_ms() - engine->slice_ms >= rest_ms;
}

void pace_slept(struct engine *engine, uint64_t from_us, uint64_t until_us)
{
    uint64_t window_us = until_us - engine->window_us;

    engine->slept_us += until_us - from_us;
    if (window_us >= SPARE_WINDOW_US) {
        engine->has_spare = engine->slept_us * 100 >= window_us * SPARE_PERCENT;
        engine->window_us = until_us;
        engine->slept_us = 0;
    }
}

/* What a slice of background work may hold: larger ones cost less an event,
 * for they write a page of an index once for many. */
uint32_t pace_slice(const struct engine *engine, uint32_t busy)
{
    return pace_is_busy(engine) ? busy : engine->slice_events;
}

void pace_took(struct engine *engine, uint32_t events, uint64_t start_ms)
{
    uint64_t took_ms = clock_steady_ms() - start_ms;

    if (took_ms > SLICE_LONG_MS && engine->slice_events > PACE_LEAST) {
        engine->slice_events /= 2;
    } else if (took_ms < SLICE_SHORT_MS && events >= engine->slice_events &&
               engine->slice_events < PACE_MOST) {
        engine->slice_events *= 2;
    }
}
