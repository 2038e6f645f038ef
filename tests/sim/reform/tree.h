/* The tree before the reform: one realm, since two cannot be joined, whose top
 * node is the machine of the province that goes on (Quảng Ngãi) and keeps the
 * committee of Kon Tum, too, until that ends: as tests/protocol/test_reform.c
 * and deploy/reform.sh have it. Below it the districts, below them the
 * communes; Lý Sơn, a district without communes, is linked to the top. */
#ifndef QCDC_TESTS_SIM_REFORM_TREE_H
#define QCDC_TESTS_SIM_REFORM_TREE_H

#include "tests/sim/reform/facts.h"
#include "tests/sim/world.h"

#define CLERK "clerk"
#define PASSWORD "mot hai ba bon"
#define MINUTE_MS UINT64_C(60000)

/* All joined, all on, a clerk at each. false: said on stderr. */
bool tree_make(const struct facts *facts, const char *rules_path,
               uint64_t begin_ms);
void tree_leave(void);

uint32_t tree_machines(void);
struct machine *tree_top(void);
struct machine *tree_district(uint32_t d);
struct machine *tree_commune(uint32_t i);
/* The first unit that the machine keeps before the reform. */
uint32_t tree_unit(const struct machine *machine);

/* Every office closes; in the morning all machines are switched on again but
 * those whose start_at_ms is later (of the world). */
void tree_night(uint64_t until_ms);

#endif
