/* What must be true of every run once the network is whole and time has
 * passed. Each violation is a sentence in world.failure. */
#ifndef QCDC_TESTS_SIM_JUDGE_H
#define QCDC_TESTS_SIM_JUDGE_H

#include "tests/sim/world.h"

/* Runs on until nothing waits any more; a violation if that takes days. */
void judge_settle(void);
/* Everything promised is held; what two nodes hold is the same to the byte;
 * a rebuild gives the same; nobody is stuck. */
void judge_all(void);

#endif
