/* How many bytes a receiver lets its sender have outstanding: about a second
 * and a half of the rate it measures, so that a 2G line is never choked and a
 * LAN never idle (DESIGN section 6, libraries.md B1.9). A plain value.
 */
#ifndef QCDC_PROTOCOL_LINK_WINDOW_H
#define QCDC_PROTOCOL_LINK_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_TARGET_MS 1500u /* of the rate, outstanding */
#define WINDOW_SAMPLE_MS 100u  /* a sample spans at least this long ... */

struct window {
    uint64_t size;     /* WINDOW_START..WINDOW_MAX */
    uint64_t rate;     /* bytes a second over the last samples, 0 unknown */
    uint64_t rtt_ms;   /* least round trip seen, 0 unknown */
    uint64_t received; /* in this session */
    uint64_t granted;  /* credit given out, in this session */
    bool busy;         /* the sender had more waiting at the last arrival */
    uint64_t since_ms; /* start of the current sample */
    uint64_t bytes;    /* of the current sample */
};

/* A new session. What was learnt of the line (size, rate) is kept. */
void window_restart(struct window *w);

/* A batch or delivery of `bytes` came; `more`: the sender has more waiting.
 * Only time in which the sender was busy is measured. */
void window_received(struct window *w, uint64_t bytes, bool more,
                     uint64_t now_ms);

void window_rtt(struct window *w, uint64_t rtt_ms);

/* True, and the new total in `credit`, if a Want is worth sending: a quarter
 * of the window, or the sender could be stalled. */
bool window_grant(struct window *w, uint64_t *credit);

#endif
