/* Integration: from stored leaves to event rows, records and cells.
 *
 * Behind a cursor per log, in slices, so that intake never waits. Nothing
 * counts before its signature is verified. One fold per touched record and
 * slice; one evaluation per touched unit, when the caller settles. The result
 * depends on what is held, never on the order in which it came: `rebuild`
 * gives the same bytes.
 */
#ifndef QCDC_STORE_INTEGRATE_H
#define QCDC_STORE_INTEGRATE_H

#include "store/store.h"

/* "Now": the day at UTC+7 and the second. Only acts up to that day count. */
struct store_now {
    uint32_t day;
    int64_t time_s;
};

/* ---- signatures, which another thread may verify ---- */

/* Leaves of one segment and the keys that should have signed them. Heap
 * memory of its own; store_verify_run touches no store and no globals. */
struct store_slice;

/* The next segment of any log whose signatures nobody verified or is
 * verifying; NULL if there is none. The caller owns the slice. */
int store_verify_next(struct store *store, struct store_slice **slice,
                      struct error *err) MUST_USE;
/* In any thread. */
void store_verify_run(struct store_slice *slice);
/* Records the verdicts; takes and frees the slice (also on failure). In the
 * store's thread, inside a transaction. */
int store_verify_done(struct store *store, struct store_slice *slice,
                      struct error *err) MUST_USE;
void store_slice_free(struct store_slice *slice);
uint32_t store_slice_count(const struct store_slice *slice);

/* ---- integration ---- */

struct store_integrate_options {
    struct store_now now;
    uint32_t max_events; /* 0 = no limit */
    bool verify_here;    /* verify what no slice verified, in this thread;
                            else stop at the first unverified segment */
    bool no_search;      /* leave the search index for later */
};

struct store_integrated {
    uint32_t events;  /* made into rows */
    uint32_t records; /* folded */
    uint32_t units;   /* evaluated (store_settle); of store_integrate: 1 if
                         any is noted for it */
    bool more;        /* something is left that can be done now */
    bool unverified;  /* something waits for signatures */
};

/* One slice: own spool first, then each log; then folds what was touched.
 * Units touched are noted for store_settle. */
int store_integrate(struct store *store,
                    const struct store_integrate_options *options,
                    struct store_integrated *done, struct error *err) MUST_USE;

/* Evaluates at most max_units (0 = all) of the noted units, after folding what
 * a date or the directory touched (in like measure). Also what a
 * passing date touches: give `now` on every call. `more` as above. Cells are
 * those of `now` once it returns without `more`. */
int store_settle(struct store *store, struct store_now now, uint32_t max_units,
                 struct store_integrated *done, struct error *err) MUST_USE;

/* Indexes the texts of at most max_events events not yet indexed. */
int store_index(struct store *store, uint32_t max_events,
                struct store_integrated *done, struct error *err) MUST_USE;

/* What integration found, over everything held. */
struct store_standing_count {
    uint32_t standing; /* enum standing of record.proto */
    uint64_t events;
};
/* Of one node's events, or of all (node 0); not effective ones only. */
int store_standing_list(struct store *store, uint32_t node,
                        struct store_standing_count *counts, size_t max,
                        size_t *len, struct error *err) MUST_USE;

#endif
