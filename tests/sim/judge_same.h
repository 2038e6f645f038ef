/* Two nodes that hold the same show the same; a rebuild and a check agree. */
#ifndef QCDC_TESTS_SIM_JUDGE_SAME_H
#define QCDC_TESTS_SIM_JUDGE_SAME_H

void judge_same(void);

#endif
