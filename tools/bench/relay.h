/* A TCP line of the bench's own between a node and its superior: it counts
 * bytes, and can be slow, long and cut. It runs in a thread and only ever
 * touches loopback. Loss shows on TCP as delay, so delay is all it makes.
 */
#ifndef QCDC_TOOLS_BENCH_RELAY_H
#define QCDC_TOOLS_BENCH_RELAY_H

#include <stdint.h>

#include "protocol/base/error.h"

struct relay;

struct relay_options {
    unsigned target;      /* port of the superior */
    uint32_t bits_per_s;  /* each way; 0 = as fast as it goes */
    uint32_t delay_ms;    /* one way */
    uint32_t cut_every_s; /* all connections are dropped; 0 = never */
};

/* Listens at once. ERR_IO. */
int relay_open(const struct relay_options *options, struct relay **out,
               struct error *err) MUST_USE;
void relay_close(struct relay *relay); /* accepts NULL */
unsigned relay_port(const struct relay *relay);

struct relay_count {
    uint64_t up_bytes; /* towards the superior, as TCP carried them */
    uint64_t down_bytes;
    uint64_t lost_bytes; /* of those up, still in the line when it was cut */
    double up_busy_s;    /* how long those bytes kept the slow line busy */
    uint32_t cuts;
};
void relay_count(struct relay *relay, struct relay_count *out);

#endif
