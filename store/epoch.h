/* The turn from one epoch of our own log to the next (tlog.md section 3.4), and
 * the cutting of a log at the end that a superior fixed for it.
 *
 * Only what came in or was recorded is moved here; whatever is derived from it
 * is stale afterwards, and the store says so until a rebuild: store_rebuild
 * must follow at once, also after a crash (store_rebuild_is_due).
 */
#ifndef QCDC_STORE_EPOCH_H
#define QCDC_STORE_EPOCH_H

#include "store/log.h"
#include "store/store.h"

struct store_epoch {
    uint32_t log;      /* our own log that ended; 0: nothing of it is held */
    bool is_dir;       /* which queue */
    uint64_t keep;     /* leaves [0, keep) are those of the log that ended; what
                          stands beyond goes back to the head of the queue, byte
                          for byte with its bodies */
    struct span first; /* leaf that stands before all of them; may be empty */
};
/* In the open transaction. *orphans = leaves that went back. The leaves and
 * guard cosignatures cut off are no longer those of the log: what of it is
 * still missing comes from the guard. */
int store_epoch_begin(struct store *store, const struct store_epoch *epoch,
                      uint64_t *orphans, struct error *err) MUST_USE;

/* Another node's log: takes what stands beyond `keep` out of it; `visit` gets
 * each segment that is lost with it, oldest first (spans until it returns). */
typedef int (*store_cut_fn)(void *data, const struct store_segment *segment);
int store_log_cut(struct store *store, uint32_t id, uint64_t keep,
                  store_cut_fn visit, void *data, struct error *err) MUST_USE;

/* Did ClockFaults come since what is derived was? Then settle, in the open
 * transaction, leaves brackets stale as store_epoch_begin does. */
int store_faults_due(struct store *store, bool *due,
                     struct error *err) MUST_USE;
int store_faults_settle(struct store *store, struct error *err) MUST_USE;

/* What is derived does not match what is held any more. */
int store_rebuild_is_due(struct store *store, bool *due,
                         struct error *err) MUST_USE;

#endif
