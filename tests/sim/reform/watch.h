/* What leaves the nodes: which guard vouched for how much of each log. */
#ifndef QCDC_TESTS_SIM_REFORM_WATCH_H
#define QCDC_TESTS_SIM_REFORM_WATCH_H

#include "protocol/log/merkle.h"
#include "tests/sim/world.h"

/* Of the record or directory log of a machine. */
struct watched {
    struct merkle_head cosigned; /* greatest that a superior sent it */
    uint64_t by_top;             /* greatest that the province sent it */
};
const struct watched *watch_log(const struct machine *machine, bool dir);

/* Troubles until then: machines that lose power in the middle of a write, or
 * are killed between two turns. They start again by themselves. */
void watch_trouble(uint32_t machines, uint64_t until_ms);

#endif
