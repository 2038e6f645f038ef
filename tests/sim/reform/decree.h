/* The orders of 1-7-2025, as the province records them. */
#ifndef QCDC_TESTS_SIM_REFORM_DECREE_H
#define QCDC_TESTS_SIM_REFORM_DECREE_H

#include "tests/sim/reform/office.h"

/* New units, heirs, custody, and every commune's node below the province. */
void decree_give(const struct facts *facts);
/* The logs of nodes that keep no unit any more end. */
void decree_end(const struct facts *facts);
bool decree_is_closed(const struct facts *facts, uint32_t i);
/* The transfer by which the heir of that matter has it. */
const struct event_id *decree_transfer(const struct matter *matter);
/* Events so far. */
uint64_t decree_events(void);

#endif
