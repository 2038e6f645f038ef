/* The list of what the present slice touched: integrate.c fills and empties
 * it, work.c keeps it. Nobody else includes it. */
#ifndef QCDC_STORE_WORK_H
#define QCDC_STORE_WORK_H

#include "store/directory.h"
#include "store/store_parts.h"

#define WORK_UNITS 64u /* noted in this slice; more only cost a statement */

struct work {
    bool running; /* inside store_integrate */
    bool bulk;    /* a rebuild folds every subject anyway */
    bool fresh;   /* and no record is there yet; every unit is evaluated */
    struct event_id *list;
    size_t len;
    uint32_t *slots; /* position in list + 1, by hash */
    size_t slots_len;
    uint32_t units[WORK_UNITS];
    size_t units_len;
    uint32_t last_log; /* served last: each log gets its turn */
};

void work_clear(struct work *work);

#endif
