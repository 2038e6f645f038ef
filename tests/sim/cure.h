/* What a person does when a machine cannot go on by itself: it is invited
 * again by its superior and joins again with new keys (DESIGN section 5). */
#ifndef QCDC_TESTS_SIM_CURE_H
#define QCDC_TESTS_SIM_CURE_H

#include "tests/sim/world.h"

/* Its disk is gone, keys and all. It stays off until it joins again. */
void cure_disk_lost(struct machine *machine);
/* Whoever may act now does: a lost disk, or a log that waits for events which
 * no disk holds any more. true: somebody did. */
bool cure_try(void);
/* Its guard has stopped a log of it, and nobody has ended that yet. */
bool cure_noticed(struct machine *machine);

#endif
