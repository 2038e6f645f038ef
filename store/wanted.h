/* Private bodies that are wanted here: of events that this node holds, where
 * somebody hosted here, or reached through this node, is a reader of the
 * record, or where this node became the log's guard.
 *
 * A log's ciphertexts go to its guard with the batches; these are asked for one
 * by one, from the side that the event came from. Each is compared with the
 * commitment in the signed leaf before it is kept. What is erased here is
 * neither asked for nor taken.
 */
#ifndef QCDC_STORE_WANTED_H
#define QCDC_STORE_WANTED_H

#include "protocol/event/header.h"
#include "protocol/limits.h"
#include "protocol/record/directory.h"
#include "store/log.h"
#include "store/store.h"

enum store_wanted_state {
    STORE_WANTED = 0,
    STORE_WANTED_HERE = 1,
    STORE_WANTED_ERASED = 2, /* where it was asked for */
};

struct store_wanted {
    int64_t row;
    struct event_id event;
    uint32_t node; /* that recorded it */
};

/* Those in state STORE_WANTED after that row, in order. */
int store_wanted_list(struct store *store, int64_t after,
                      struct store_wanted *list, size_t max, size_t *len,
                      struct error *err) MUST_USE;
/* ERR_NOTFOUND: it never was wanted. */
int store_wanted_find(struct store *store, const struct event_id *event,
                      enum store_wanted_state *state,
                      struct error *err) MUST_USE;
int store_wanted_set(struct store *store, const struct event_id *event,
                     enum store_wanted_state state, struct error *err) MUST_USE;
/* How many wait. */
int store_wanted_count(struct store *store, uint64_t *waiting,
                       struct error *err) MUST_USE;
/* Grows with each that is noted, in this process. */
uint64_t store_wanted_noted(const struct store *store);

/* ---- after a change of guard ---- */

/* Is `guard` the guard of that log, and from which leaf on without a break?
 * What came before is another one's. */
bool store_guards_from(const struct directory *dir, uint32_t guard,
                       const struct store_log *log, uint64_t *from);

/* The events of the segment at `*at` or after it whose private bodies are due
 * here by now and are not: from before this node was guard, or of our own log.
 * *at = the leaf to go on from, UINT64_MAX at the end. `events` has room for
 * BATCH_EVENTS_MAX. */
int store_wanted_lacking(struct store *store, uint32_t log, uint64_t *at,
                         struct event_id *events, size_t *len,
                         struct error *err) MUST_USE;
/* Notes one, in a transaction. */
int store_wanted_add(struct store *store, const struct event_id *event,
                     uint32_t node, struct error *err) MUST_USE;

/* ---- asked by others, and what comes ---- */

/* May that neighbour have the private body of an event held here? It is the
 * log's node or guard, or a reader is hosted on its side. ERR_NOTFOUND: no such
 * event. */
int store_wanted_owed(struct store *store, const struct event_id *event,
                      uint32_t peer, bool *owed, struct error *err) MUST_USE;

/* Keeps a body that came, in a transaction: `list` is one body as body.h lists
 * it. ERR_UNTRUSTED: not the one that the event commits to; ERR_NOTFOUND: no
 * log here holds that event. One that is erased here is dropped. */
int store_wanted_take(struct store *store, const struct event_id *event,
                      struct span list, struct error *err) MUST_USE;

#endif
