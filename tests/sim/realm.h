/* The realm that every run starts from: province 1, districts 11 and 12, two
 * or three communes each, all joined by invitations over the simulated
 * network, one clerk a node. Made once in a process; runs are its copies. */
#ifndef QCDC_TESTS_SIM_REALM_H
#define QCDC_TESTS_SIM_REALM_H

#include "tests/sim/world.h"

#define UNIT_OF(node) (2000u + (node)) /* the people's committee it hosts */

/* Sets the world up, with all machines switched off. false: said on stderr. */
bool realm_make(const char *rules_path);
/* In a forked process: folders of its own, the machines of this seed, on. */
bool realm_enter(uint64_t seed);
/* A folder of its own, with its keys, for another machine of that node; it
 * keeps its number of a disk. */
bool realm_twin(struct machine *twin, const struct machine *of);
/* For whoever joins again. */
void realm_endpoint(const struct machine *machine, char listen[64]);
bool realm_config(struct machine *machine);
/* No keys, no configuration: as before the first join. */
void realm_folder_empty(const struct machine *machine);
/* Removes the folders made here. */
void realm_leave(void);

#endif
