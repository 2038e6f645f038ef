/* What must be true once the reform has been applied everywhere. Each
 * violation is a sentence in world.failure. */
#ifndef QCDC_TESTS_SIM_REFORM_JUDGE_H
#define QCDC_TESTS_SIM_REFORM_JUDGE_H

#include "tests/sim/reform/office.h"

/* Runs on until nothing waits any more; a violation if that takes `hours`. */
void judge_settle(unsigned hours, bool moved);
/* It has a session with the province, by its own certificate. */
bool judge_is_with_top(const struct machine *machine);
/* Everything recorded is held, counted and guarded at origin and province;
 * every node talks to the province by itself. */
void judge_held(const struct facts *facts);
/* Whose task each petition is; records the same at every holder; cells of each
 * node as the province shows them; every store sound. */
void judge_same(const struct facts *facts);

/* P1 of every unit as of that day (630, 701, 720) is what the scenario counts.
 * The sums over all units, for whoever prints them. */
struct count judge_figures(const struct facts *facts, unsigned day,
                           unsigned month);

/* The province's cells as of 30-6-2025, all duties, of units whose node was
 * there on the eve: kept on the eve, compared afterwards. */
void judge_eve_keep(void);
/* Cells compared. */
size_t judge_eve_same(const struct facts *facts);

#endif
