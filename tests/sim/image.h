/* Images of whole machines: the simulated disk and the key files, as a backup
 * or a snapshot of a virtual machine would have them. */
#ifndef QCDC_TESTS_SIM_IMAGE_H
#define QCDC_TESTS_SIM_IMAGE_H

#include "tests/sim/world.h"

/* Taken of the running machine; the oldest kept one gives way. */
void image_take(struct machine *machine);
/* One of the kept ones takes the place of the disk; the machine is off.
 * false: there is none. */
bool image_restore(struct machine *machine, uint32_t which);
/* ... or is put on the disk of another machine, with its keys. */
bool image_put(const struct machine *from, uint32_t which,
               struct machine *other);
/* Its keys are no good any more. */
void image_drop(struct machine *machine);

#endif
