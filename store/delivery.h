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
int store_delivery_acked(struct store *store, uint32_t child, uint64_t *number,
                         uint64_t *newest, struct error *err) MUST_USE;

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
/* The highest number that this node took from its parent. */
int store_delivery_taken(struct store *store, uint32_t parent, uint64_t *number,
                         struct error *err) MUST_USE;
int store_delivery_taken_set(struct store *store, uint32_t parent,
                             uint64_t number, struct error *err) MUST_USE;

#endif
