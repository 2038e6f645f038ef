/* One unit's duties from its records: shared by settle.c, asof.c, cell.c.
 * Nobody else includes it. */
#ifndef QCDC_STORE_EVALUATE_H
#define QCDC_STORE_EVALUATE_H

#include "store/directory.h"
#include "store/store_parts.h"

struct evaluation {
    uint32_t unit;
    uint32_t asof_day;
    bool from_asof;                    /* from the tables that asof.c filled */
    const struct directory *directory; /* NULL: the one in force */
    const struct store_known *known;   /* for "heard"; NULL: everything */
    bool cells_only;
};

/* Resets the arena and grows it as needed (it must own its memory); input
 * and result live in it. */
int evaluate_unit(struct store *store, const struct evaluation *evaluation,
                  struct arena *arena, struct duty_input *input,
                  struct duty_result *result, struct error *err) MUST_USE;

/* All that integrate.c has noted in dirty_records, however much. */
int fold_pending(struct store *store,
                 const struct store_integrate_options *options,
                 struct store_integrated *done, struct error *err) MUST_USE;
/* Records and cells are of that day from now on: notes what the date alone
 * can change. */
int day_passed(struct store *store, uint32_t day, struct error *err) MUST_USE;
int work_every_record(struct store *store, struct error *err) MUST_USE;

/* The counts beside n and d, as stored. */
#define CELL_DETAIL_SIZE 84u /* 21 numbers of 4 bytes */
void cell_detail_encode(const struct duty_cell *cell, struct buf *out);
void cell_detail_decode(struct span bytes, struct duty_cell *cell);

#endif
