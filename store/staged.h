/* Events that came in a bundle and are in no log yet (DESIGN section 6): kept
 * by the log's guard, folded like spooled ones, until its node sequences them.
 *
 * Their event rows stand behind the log (place_staged); when the same event
 * comes in as a leaf of the log, or any other log, the row goes and the leaf's
 * takes its place: no event is there twice. Of directory logs they are kept
 * and counted only.
 */
#ifndef QCDC_STORE_STAGED_H
#define QCDC_STORE_STAGED_H

#include "protocol/event/leaf.h"
#include "store/log.h"
#include "store/store.h"

enum stage_result {
    STAGE_NEW,   /* it is staged now */
    STAGE_AGAIN, /* it was */
    STAGE_HELD,  /* it stands in a log here: nothing to do */
};

/* Keeps one event for the log. `bodies` is an encoded list (body.h, index 0)
 * that the caller has compared with the commitments. ERR_UNTRUSTED if its
 * signature is wrong, ERR_MALFORMED if it is no leaf of that node. */
int store_stage(struct store *store, uint32_t log_id, struct span bytes,
                struct span bodies, int64_t now_s, uint64_t round,
                enum stage_result *result, struct error *err) MUST_USE;

struct store_staged {
    uint64_t number; /* ascending, never reused */
    uint32_t log;    /* into which it goes */
    struct event_id id;
    uint64_t round; /* of the newest bundle that had it */
    struct span leaf;
    struct span bodies;
};
/* In order, after number `after`, at most max and until max_bytes (always at
 * least one); spans live in the arena. */
int store_staged_list(struct store *store, uint32_t log, uint64_t after,
                      size_t max_bytes, struct arena *arena,
                      struct store_staged *events, size_t max, size_t *len,
                      struct error *err) MUST_USE;
/* ERR_NOTFOUND. */
int store_staged_get(struct store *store, const struct event_id *id,
                     struct arena *arena, struct store_staged *event,
                     struct error *err) MUST_USE;
/* The ids alone, 16 bytes each: at most max, from the first. */
int store_staged_ids(struct store *store, uint32_t log, size_t max,
                     uint8_t *ids, size_t *len, struct error *err) MUST_USE;

/* Of one log; 0: of all. */
struct store_staged_state {
    uint64_t count;
    int64_t oldest_s; /* when the oldest came, 0 = none */
};
int store_staged_state(struct store *store, uint32_t log,
                       struct store_staged_state *state,
                       struct error *err) MUST_USE;
/* Is this event row one of a staged event? */
bool store_is_staged(uint64_t index);

/* ---- the note ---- */

struct store_staging {
    uint32_t log;
    struct merkle_head head; /* what it follows */
    struct span ids;         /* 16 bytes each */
    struct signature signature;
};
/* Replaces that of another size; ERR_CONFLICT if there is one of this size:
 * what was said once is not said otherwise. */
int store_staging_put(struct store *store, const struct store_staging *note,
                      struct error *err) MUST_USE;
/* ERR_NOTFOUND. */
int store_staging_get(struct store *store, uint32_t log, struct arena *arena,
                      struct store_staging *note, struct error *err) MUST_USE;

/* ---- bundles that passed ---- */

struct store_bundles {
    uint32_t peer;
    int64_t made_s;  /* 0 = never */
    int64_t taken_s; /* 0 = never */
    uint64_t round;  /* time of making of the newest taken, ms */
    bool token_ok;
    uint64_t deliveries;
    struct span heads; /* as in the table; in the arena */
};
/* All zero if nothing passed yet. */
int store_bundles_get(struct store *store, uint32_t peer, struct arena *arena,
                      struct store_bundles *out, struct error *err) MUST_USE;
int store_bundles_put(struct store *store, const struct store_bundles *bundles,
                      struct error *err) MUST_USE;

/* ---- the node's own spool ---- */

/* Puts the spool's queue into the order of a note: first `ids` (16 bytes
 * each), then the rest as they were. ERR_NOTFOUND if one of them is not
 * spooled. */
int store_spool_arrange(struct store *store, bool is_dir, struct span ids,
                        struct error *err) MUST_USE;
/* An event of ours that the guard gives back: spooled, unless it is held. Its
 * unit-only body never left and is lost with the machine. ERR_UNTRUSTED if
 * its signature is wrong, ERR_MALFORMED if it is not ours. */
int store_spool_return(struct store *store, bool is_dir, struct span bytes,
                       struct span bodies, bool *added,
                       struct error *err) MUST_USE;
/* Leaves of our own record log from `first` on came back: what of them was
 * spooled is so no more, before anyone can sequence it again. */
int store_spool_placed(struct store *store, uint32_t log_id, uint64_t first,
                       uint32_t count, struct error *err) MUST_USE;
/* Is the event spooled and not sequenced? */
int store_spool_has(struct store *store, bool is_dir, const struct event_id *id,
                    bool *has, struct error *err) MUST_USE;

#endif
