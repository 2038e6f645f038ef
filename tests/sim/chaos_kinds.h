/* The greater disasters, each a story in steps of its own: for chaos.c. The
 * number of a PLAN_TROUBLE names the story and the step. */
#ifndef QCDC_TESTS_SIM_CHAOS_KINDS_H
#define QCDC_TESTS_SIM_CHAOS_KINDS_H

#include "tests/sim/chaos.h"

#define CHAOS_STEPS 64u /* of a story, at most; chaos.c's own come first */
#define CHAOS_CURE (CHAOS_STEPS - 1) /* somebody is there to invite again */
#define CHAOS_STORY_CLONE(step) (CHAOS_STEPS * CHAOS_CLONE + (uint32_t)(step))
#define CHAOS_STORY_TREE(step) (CHAOS_STEPS * CHAOS_TREE + (uint32_t)(step))

/* Two machines with one key: chaos_clone.c. */
void clone_plan(uint64_t until_ms);
void clone_do(uint32_t step, struct machine *machine);
/* In the calm: both speak, their guard must have noticed, one is stopped. */
void clone_end(void);

/* Nodes get another superior: chaos_tree.c. */
void tree_plan(uint64_t until_ms);
void tree_do(uint32_t step, struct machine *machine);

#endif
