/* Erasure: a body is destroyed wherever it lies, its leaf and every proof stay.
 *
 * Which bodies follows from the records (fold.h, record_erasure): the node
 * whose event it is follows the Erased of its unit, every superior waits for a
 * word of its own, every other holder for that of a node above it. The folds
 * of a slice destroy in the slice's own transaction: in segments, spool,
 * deliveries and the search index. What SQLite leaves in unused space goes
 * with store_scrub, as soon as the node is idle.
 */
#ifndef QCDC_STORE_ERASE_H
#define QCDC_STORE_ERASE_H

#include "protocol/event/leaf.h"
#include "store/store.h"

struct store_erasure {
    struct event_id event;
    uint32_t audience;
    struct event_id erased; /* the event that says so */
    bool acts;              /* here too; false: awaits a word of this level */
};

/* ERR_NOTFOUND if nothing erases that body. */
int store_erasure_find(struct store *store, const struct event_id *event,
                       uint32_t audience, struct store_erasure *erasure,
                       struct error *err) MUST_USE;
/* In order of event and audience, after the one given (zero: the first). */
int store_erasure_list(struct store *store, const struct store_erasure *after,
                       struct store_erasure *erasures, size_t max, size_t *len,
                       struct error *err) MUST_USE;
/* How many bodies are named, and how many of these are gone here. */
int store_erasure_count(struct store *store, uint64_t *named, uint64_t *gone,
                        struct error *err) MUST_USE;

/* Moves whenever an erasure may have begun to act here, since the start: what
 * lies beside the store is to be looked through then. At no cost. */
uint64_t store_erasures_acted(const struct store *store);

/* Destroys the body whatever the records say: a restored image does so with
 * what was erased before. Safe twice. Needs a transaction. */
int store_erase(struct store *store, const struct event_id *event,
                uint32_t audience, struct error *err) MUST_USE;

/* Is something erased still in unused space of the files? At no cost. */
int store_scrub_due(struct store *store, bool *due, struct error *err) MUST_USE;
/* Is the file still to be made anew? After store_scrub_due. */
bool store_scrub_is_long(const struct store *store);
/* Makes the index and the file anew and empties the WAL. Outside a
 * transaction; takes as long as copying the file and as much free disk.
 * *done = false: a reader still looks at the old state, call again. ERR_LIMIT:
 * no room now, call again. */
int store_scrub(struct store *store, bool *done, struct error *err) MUST_USE;

#endif
