/* Figures for a board: sums of cells, never averages of averages.
 *
 * "Duties met of duties due", with the four other counts beside; a share only
 * together with n and its Wilson interval (people.md section 3.3).
 */
#ifndef QCDC_PROTOCOL_DUTY_MEASURES_H
#define QCDC_PROTOCOL_DUTY_MEASURES_H

#include "protocol/duty/duty.h"

struct measure {
    uint64_t cells;
    uint64_t cells_of[DUTY_VERDICTS]; /* cells of each verdict */
    uint64_t items_of[DUTY_VERDICTS]; /* items of verdicts 0-6 */
    uint64_t n;                       /* items met */
    uint64_t d;                       /* items due and decidable */
    uint64_t stated, contradicted, extended, postponed, owed_by_others;
    uint64_t improved, noted, withdrawn, reopened;
};

void measure_add(struct measure *sum, const struct duty_cell *cell);

/* Below this many items a share is not shown, only the counts. */
#define MEASURE_N_MIN 10u

/* Wilson score interval of n of d at 95 % (z = 1.959964), in hundredths of a
 * percent, rounded outwards; [0, 10000] when d = 0. n <= d. */
void wilson_bounds(uint64_t n, uint64_t d, uint32_t *low, uint32_t *high);

/* "23/30 dat; 3 tre han, 2 qua han, 2 chua co thong tin" (accented) or
 * "23 of 30 met; ..."; a dash when nothing was due. */
void measure_text(const struct measure *sum, enum lang lang, struct buf *out);

#endif
