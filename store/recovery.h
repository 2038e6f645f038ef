/* Copies of logs that were set back and are fetched again (tlog.md 3.3): what
 * was held, what must be here before anything is sequenced or cosigned, and
 * when that was so. Primary data: a restart goes on where it was; `sync` shows
 * the newest of each log.
 */
#ifndef QCDC_STORE_RECOVERY_H
#define QCDC_STORE_RECOVERY_H

#include "protocol/event/leaf.h"
#include "store/store.h"

struct store_recovery {
    uint32_t log;
    bool lent;       /* a peer's copy, fetched back from ours */
    uint32_t reason; /* enum link_reason */
    uint32_t source; /* the node that it comes from, or goes to */
    int64_t since_s;
    int64_t done_s; /* 0: not yet */
    uint64_t from;  /* held before */
    uint64_t until; /* to be reached */
    uint64_t cosigs;
};

/* Replaces what is there of that log and direction. */
int store_recovery_put(struct store *store,
                       const struct store_recovery *recovery,
                       struct error *err) MUST_USE;
/* ERR_NOTFOUND: never set back. */
int store_recovery_get(struct store *store, uint32_t log, bool lent,
                       struct store_recovery *recovery,
                       struct error *err) MUST_USE;
/* By log; the visitor's nonzero return stops and is returned. */
typedef int (*store_recovery_fn)(void *data,
                                 const struct store_recovery *recovery);
int store_recovery_each(struct store *store, store_recovery_fn visit,
                        void *data, struct error *err) MUST_USE;

/* The bodies recorded with a spooled event of ours, as body.h lists them, in
 * the arena. ERR_NOTFOUND: it is not in the spool. */
int store_spool_bodies(struct store *store, const struct event_id *id,
                       struct arena *arena, struct span *bodies,
                       struct error *err) MUST_USE;

#endif
