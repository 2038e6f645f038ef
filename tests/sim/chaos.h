/* What goes wrong, by the seed: crashes at any write, broken and split lines,
 * and, where a run allows them, the greater disasters. */
#ifndef QCDC_TESTS_SIM_CHAOS_H
#define QCDC_TESTS_SIM_CHAOS_H

#include "tests/sim/world.h"

/* Kinds of trouble that a run may have: bits. */
#define CHAOS_NETWORK 1u
#define CHAOS_CRASH 2u
#define CHAOS_ROLLBACK 4u /* a child's disk becomes an earlier image */
#define CHAOS_CLOCK 8u
#define CHAOS_DISK 16u   /* full disks, failing writes */
#define CHAOS_PARENT 32u /* a district's disk becomes an earlier image */
#define CHAOS_TOP 256u   /* the province's does */
#define CHAOS_CLONE 64u
#define CHAOS_LOSS 128u
#define CHAOS_TREE 512u /* communes become the province's own */

/* Plans troubles of those kinds between now and until_ms. */
void chaos_plan(uint32_t kinds, uint64_t until_ms);
void chaos_do(struct plan *plan);
/* Everything is repaired: lines, disks, machines on, clocks right. */
void chaos_end(void);

#endif
