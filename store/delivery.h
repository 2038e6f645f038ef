/* Deliveries: every event of a record, to every party's host.
 *
 * Outgoing: one queue per child, numbered, acknowledged cumulatively, made by
 * the folds (store_integrate) from who is party of what; re-derivable.
 * Incoming: an event of a log that is not mirrored here, with what proves it.
 */
#ifndef QCDC_STORE_DELIVERY_H
#define QCDC_STORE_DELIVERY_H

#include "protocol/event/leaf.h"
#include "protocol/log/merkle.h"
#include "store/log.h"
#include "store/store.h"

/* Which events a queue's first numbers were: chain(0) is zeros, chain(n) the
 * first bytes of SHA-256("qcdc/queue/v1\n" || chain(n - 1) || event id). */
#define DELIVERY_CHAIN_SIZE 16u

struct store_delivery {
    uint64_t number; /* in the child's queue, from 1 */
    uint32_t log;
    uint64_t index;
    struct event_id id;
    struct span leaf;
    struct span bodies;        /* encoded list of owed bodies, or empty */
    bool has_cosig;            /* false: the log has no guard */
    struct store_cosig cosig;  /* the first guard cosignature covering it */
    struct merkle_head head;   /* cosig.head, or the log's newest without one */
    struct span note;          /* the checkpoint of head */
    struct merkle_path path;   /* inclusion of the leaf in head */
    struct span proof;         /* incoming: what the caller verified, kept */
    bool has_quoted;           /* the cosignature that the header quotes */
    struct store_cosig quoted; /* its number does not travel */
};

/* The oldest entries of a child's queue after number `after` that the guard
 * has cosigned; at most max and about max_bytes. */
int store_delivery_list(struct store *store, uint32_t child, uint64_t after,
                        size_t max_bytes, struct arena *arena,
                        struct store_delivery *deliveries, size_t max,
                        size_t *len, struct error *err) MUST_USE;
/* The child holds everything up to number. */
int store_delivery_ack(struct store *store, uint32_t child, uint64_t number,
                       struct error *err) MUST_USE;
/* What the child says at HELLO: it holds `number` deliveries, of the events
 * that `chain` is over. Those of our queue: acknowledged. Others: our queue, or
 * the child's memory of it, is from another disk; the whole queue is numbered
 * anew from number + 1 and goes again (what the child holds costs nothing
 * twice), *anew = true. */
int store_delivery_greet(struct store *store, uint32_t child, uint64_t number,
                         const uint8_t chain[DELIVERY_CHAIN_SIZE], bool *anew,
                         struct error *err) MUST_USE;
int store_delivery_acked(struct store *store, uint32_t child, uint64_t *number,
                         uint64_t *newest, struct error *err) MUST_USE;
/* Another number when any queue may have got longer or other numbers since
 * this store was opened: costs nothing to ask. */
uint64_t store_delivery_mark(const struct store *store);

/* Keeps a delivered event whose proof the caller has verified; `log` is that
 * of the origin (store_log_ensure, not mirrored). Needs log, index, leaf; id
 * is worked out. Certificates that come along are taken one by one in the
 * same way, before the event. Safe twice. */
int store_delivery_take(struct store *store,
                        const struct store_delivery *delivery,
                        struct error *err) MUST_USE;
/* The proof that came with a delivered leaf, as it was taken. ERR_NOTFOUND. */
int store_delivery_proof(struct store *store, uint32_t log, uint64_t index,
                         struct arena *arena, struct span *proof,
                         struct error *err) MUST_USE;
/* The highest number that this node took from its parent, and its chain. */
int store_delivery_taken(struct store *store, uint32_t parent, uint64_t *number,
                         uint8_t chain[DELIVERY_CHAIN_SIZE],
                         struct error *err) MUST_USE;
/* One more was taken (or refused for good): number must be the next one. */
int store_delivery_taken_add(struct store *store, uint32_t parent,
                             uint64_t number, const struct event_id *event,
                             struct error *err) MUST_USE;

#endif
