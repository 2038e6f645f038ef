/* Cells for a question: kept ones, or evaluated again for another day or for
 * what was known at a snapshot. Shared by status and duty; JSON-free but for
 * the reading of a snapshot. */
#ifndef QCDC_NODE_WEB_CELLS_H
#define QCDC_NODE_WEB_CELLS_H

#include "node/web/api.h"
#include "protocol/duty/duty.h"
#include "protocol/duty/measures.h"
#include "store/query.h"

/* Room for one store_evaluate to begin with: it resets the arena it is given
 * and lets it grow, so that it must be one of its own. */
#define CELLS_ARENA ((size_t)4 * 1024 * 1024)

/* `as_of` and the body's `known_at`. */
struct cells_when {
    struct store_now now;
    bool today; /* the kept cells answer */
    struct store_known known;
};
int cells_when_read(struct api_call *call, struct cells_when *out,
                    struct error *err) MUST_USE;

/* The logs named by a snapshot, as limits; every head is compared with ours.
 * ERR_NOTFOUND: we hold less; ERR_CONFLICT: another history. */
int cells_known_read(struct api_call *call, const json_t *snapshot,
                     struct store_known *out, struct error *err) MUST_USE;

struct cells_filter {
    uint32_t territory; /* with all below; 0 = any */
    uint32_t unit;
    uint32_t year; /* 0 = any */
    const char *duty;
};
int cells_collect(struct api_call *call, const struct cells_when *when,
                  const struct cells_filter *filter, struct duty_cell **cells,
                  size_t *len, struct error *err) MUST_USE;

/* "met", "late", "not_due" ...: what scripts compare. */
const char *cells_verdict_word(uint8_t verdict);
/* The one that several cells together show: the first that occurs. */
uint8_t cells_worse(uint8_t a, uint8_t b);

/* n, d, counts of items by verdict, and what is shown beside. */
void cells_put_counts(json_t *object, const struct measure *sum);

#endif
