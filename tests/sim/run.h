/* One run: from the copied realm through trouble to rest and verdict. */
#ifndef QCDC_TESTS_SIM_RUN_H
#define QCDC_TESTS_SIM_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct run_result {
    bool failed;
    char failure[512];
    uint64_t turns, frames, recorded, crashes, rollbacks, excused, bare;
    uint64_t losses, rejoined, clones, left, proved, moved;
    uint32_t kinds; /* of trouble that it had */
};

struct run_options {
    bool trace;
    uint32_t kinds; /* CHAOS_... of chaos.h; 0: as the seed says */
};
/* Ends with the process: nothing is given back. */
void run_seed(uint64_t seed, const struct run_options *options,
              struct run_result *out);

/* Seeds that once found something, each with what it was; ended by NULL. */
struct run_name {
    uint64_t seed;
    uint32_t kinds; /* 0: as the seed says */
    const char *text;
};
extern const struct run_name run_named[];

#endif
