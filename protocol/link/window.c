/* protocol/link: the byte window of a receiver.
 *
 * Owns the measuring of a line. Never believes time in which the sender had
 * nothing to send: a quiet day must not look like a slow line. A window that
 * limits the sender shows window / round trip as its rate; since the target
 * is 1.5 s of the rate, it grows until the line itself is the limit, or the
 * round trip is longer than that, for which the round trip itself counts.
 * Next: link_flow.c. */
#include "protocol/link/window.h"

#include "protocol/limits.h"

void window_restart(struct window *w)
{
    if (w->size < WINDOW_START) {
        w->size = WINDOW_START;
    }
    w->received = 0;
    w->granted = 0;
    w->busy = false;
    w->bytes = 0;
}

static void window_fit(struct window *w)
{
    uint64_t target_ms = WINDOW_TARGET_MS;

    if (w->rtt_ms > target_ms * 2 / 3) {
        target_ms = w->rtt_ms + w->rtt_ms / 2;
    }

    uint64_t size = w->rate * target_ms / 1000;

    if (size < WINDOW_START) {
        size = WINDOW_START;
    }
    w->size = size > WINDOW_MAX ? WINDOW_MAX : size;
}

void window_received(struct window *w, uint64_t bytes, bool more,
                     uint64_t now_ms)
{
    w->received += bytes;
    if (!w->busy || now_ms < w->since_ms) {
        w->since_ms = now_ms; /* the sample begins when this one is here */
        w->bytes = 0;
        w->busy = more;
        return;
    }
    w->bytes += bytes;

    uint64_t elapsed_ms = now_ms - w->since_ms;

    if (elapsed_ms >= WINDOW_SAMPLE_MS || w->bytes >= w->size || !more) {
        uint64_t rate = w->bytes * 1000 / (elapsed_ms == 0 ? 1 : elapsed_ms);

        /* A mean of the last few: one late packet is no new line. Upwards at
         * once, so that a LAN fills within a few batches. */
        if (w->rate == 0 || rate > w->rate) {
            w->rate = rate;
        } else {
            w->rate = (w->rate * 3 + rate) / 4;
        }
        if (w->rate > UINT32_MAX) {
            w->rate = UINT32_MAX;
        }
        window_fit(w);
        w->since_ms = now_ms;
        w->bytes = 0;
    }
    w->busy = more;
}

void window_rtt(struct window *w, uint64_t rtt_ms)
{
    if (w->rtt_ms == 0 || rtt_ms < w->rtt_ms) {
        w->rtt_ms = rtt_ms == 0 ? 1 : rtt_ms;
    }
}

bool window_grant(struct window *w, uint64_t *credit)
{
    uint64_t total = w->received + w->size;

    if (total <= w->granted) {
        return false;
    }
    if (total - w->granted < w->size / 4 && w->granted > w->received) {
        return false;
    }
    w->granted = total;
    *credit = total;
    return true;
}
