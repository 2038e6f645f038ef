/* Every evidence file that a node keeps proves two histories to anybody who
 * has the realm's root key. */
#ifndef QCDC_TESTS_SIM_JUDGE_EVIDENCE_H
#define QCDC_TESTS_SIM_JUDGE_EVIDENCE_H

void judge_evidence(void);

#endif
