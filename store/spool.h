/* The spool: events recorded, signed and folded, not yet in the log.
 *
 * Two queues, of the record log and of the directory log, each in order of
 * recording. Only the node's engine takes from it, while a link with the guard
 * is confirmed (DESIGN section 5).
 */
#ifndef QCDC_STORE_SPOOL_H
#define QCDC_STORE_SPOOL_H

#include "protocol/event/leaf.h"
#include "store/log.h"
#include "store/store.h"

struct store_spooled {
    uint64_t number; /* ascending, never reused */
    bool is_dir;
    struct event_id id;
    struct span leaf;   /* exact bytes */
    struct span bodies; /* encoded list (protocol/event/body.h), or empty */
};

/* Stores one event of our own. The same event id again is ERR_CONFLICT.
 * The caller integrates in the same transaction (store_integrate). */
int store_spool_append(struct store *store, bool is_dir, struct span bytes,
                       struct span bodies, uint64_t *number,
                       struct error *err) MUST_USE;

/* In order, from number `from`, at most max and until `max_bytes` of leaves
 * and bodies (always at least one); spans live in the arena. */
int store_spool_list(struct store *store, bool is_dir, uint64_t from,
                     size_t max_bytes, struct arena *arena,
                     struct store_spooled *events, size_t max, size_t *len,
                     struct error *err) MUST_USE;

/* Is there anything in either queue? At no cost, however long they are; what
 * follows reads them whole. */
int store_spool_any(struct store *store, bool *any, struct error *err) MUST_USE;

struct store_spool_state {
    uint64_t count;
    uint64_t bytes;     /* of what is spooled */
    uint64_t oldest_ms; /* recorded time of the oldest; 0 = none */
};
int store_spool_state(struct store *store, bool is_dir,
                      struct store_spool_state *state,
                      struct error *err) MUST_USE;

/* The segment made of the oldest `segment->parts.count` events of a queue, in
 * order, signed: stores it in our own log and takes them from the spool.
 * ERR_CONFLICT if its leaves are not those of the spool. */
int store_sequence(struct store *store, bool is_dir,
                   const struct store_segment *segment,
                   const struct range *after, struct error *err) MUST_USE;

/* How much exists on this machine only: spooled, and in our own logs beyond
 * any guard cosignature. */
int store_only_here(struct store *store, struct store_spool_state *state,
                    struct error *err) MUST_USE;

/* What a new event quotes: the newest guard cosignature of our own record
 * log. ERR_NOTFOUND if there is none. */
int store_quote(struct store *store, uint64_t *time_s, uint8_t short_hash[8],
                struct error *err) MUST_USE;

#endif
