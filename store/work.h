/* The list of what the present slice touched: integrate.c fills and empties
 * it, work.c keeps it. Nobody else includes it. */
#ifndef QCDC_STORE_WORK_H
#define QCDC_STORE_WORK_H

#include "store/directory.h"
#include "store/store_parts.h"

#define WORK_UNITS 64u /* noted in this slice; more only cost a statement */

struct work {
    bool running;  /* inside store_integrate */
    bool bulk;     /* a rebuild folds every subject anyway */
    bool fresh;    /* and no record is there yet; every unit is evaluated */
    int64_t *list; /* numbers of records */
    size_t len;
    uint32_t *slots; /* position in list + 1, by hash */
    size_t slots_len;
    uint32_t units[WORK_UNITS];
    size_t units_len;
    uint32_t last_log; /* served last: each log gets its turn */
};

void work_clear(struct work *work);

/* ---- integrate.c, rejudge.c ---- */
/* What an event that counts certifies or revokes. */
int note_effective(struct store *store, const struct store_log *log,
                   const struct leaf *leaf, int64_t place, uint64_t rank,
                   struct error *err) MUST_USE;
/* The same when it counts no more. */
int note_void(struct store *store, const struct store_log *log,
              const struct leaf *leaf, uint64_t rank,
              struct error *err) MUST_USE;
/* At most `budget` events of what is noted in the table rejudge. */
int rejudge(struct store *store, const struct directory *dir, uint32_t budget,
            bool *more, struct error *err) MUST_USE;

#endif
