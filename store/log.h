/* Logs, their segments and cosignatures: bytes exactly as they came.
 *
 * A segment is one verified batch, stored in the very form in which it
 * travels: forwarding never encodes again. The head of a log moves in the same
 * transaction, guarded by its old size. A log that is only known by delivered
 * events is not `mirrored` and has size 0.
 */
#ifndef QCDC_STORE_LOG_H
#define QCDC_STORE_LOG_H

#include "protocol/base/buf.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/link/segment.h"
#include "protocol/log/cosignature.h"
#include "protocol/log/merkle.h"
#include "store/store.h"

#define STORE_REASON_SIZE 256u

struct store_log {
    uint32_t id; /* local, from 1; assigned by store_log_ensure */
    char origin[ORIGIN_MAX + 1];
    uint32_t node;
    uint32_t epoch;
    bool is_dir;
    bool mirrored; /* we hold it from leaf 0 */
    struct sign_public key;
    struct merkle_head head;
    uint64_t guarded;    /* leaves covered by a guard cosignature held */
    uint64_t cosigs;     /* guard cosignatures held: numbers [0, cosigs) */
    uint64_t integrated; /* leaves [0, integrated) have event rows */
    uint64_t bracketed;  /* cosignatures [0, bracketed) moved their brackets */
    char frozen[STORE_REASON_SIZE]; /* why it takes no more; "" = it does */
};

/* The log of that origin, made on first sight (head empty). ERR_CONFLICT if
 * it is known with another key, node, epoch or kind. Fills *log. */
int store_log_ensure(struct store *store, const struct store_log *wanted,
                     struct store_log *log, struct error *err) MUST_USE;
int store_log_find(struct store *store, struct span origin,
                   struct store_log *log, struct error *err) MUST_USE;
int store_log_get(struct store *store, uint32_t id, struct store_log *log,
                  struct error *err) MUST_USE;
/* The newest epoch that is held of a node's record or directory log. */
int store_log_of(struct store *store, uint32_t node, bool is_dir,
                 struct store_log *log, struct error *err) MUST_USE;
/* Every log by id; the visitor's nonzero return stops and is returned. */
typedef int (*store_log_fn)(void *data, const struct store_log *log);
int store_log_each(struct store *store, store_log_fn visit, void *data,
                   struct error *err) MUST_USE;

int store_log_freeze(struct store *store, uint32_t id, const char *reason,
                     struct error *err) MUST_USE;
int store_log_thaw(struct store *store, uint32_t id,
                   struct error *err) MUST_USE;
int store_log_range(struct store *store, uint32_t id, struct range *range,
                    struct error *err) MUST_USE;
/* The newest checkpoint note, appended. ERR_NOTFOUND for an empty log. */
int store_log_note(struct store *store, uint32_t id, struct buf *note,
                   struct error *err) MUST_USE;
/* The note that was signed at exactly this size: ERR_NOTFOUND otherwise. */
int store_log_note_at(struct store *store, uint32_t id, uint64_t size,
                      struct buf *note, struct error *err) MUST_USE;
int store_log_root_at(struct store *store, uint32_t id, uint64_t size,
                      struct hash *root, struct error *err) MUST_USE;

/* Leaf and block hashes for proofs; keeps `state` until the proof is made. */
struct store_source {
    struct store *store;
    uint32_t log;
    uint64_t first; /* of the segment whose hashes are in memory */
    uint32_t count;
    struct hash hashes[BATCH_EVENTS_MAX];
};
struct merkle_source store_log_source(struct store *store, uint32_t id,
                                      struct store_source *state);

/* ---- segments ---- */

struct store_segment {
    uint32_t log;
    struct segment parts; /* as it travels: protocol/link/segment.h */
    struct span hashes;   /* parts.count leaf hashes */
    struct hash root;     /* at parts.first + parts.count */
};

/* Stores the segment and the new head; `after` is the extended range. A
 * directory log is integrated here. ERR_CONFLICT if the log's size is not
 * `first` or it is frozen. */
int store_segment_append(struct store *store,
                         const struct store_segment *segment,
                         const struct range *after, struct error *err) MUST_USE;
/* The segment that holds leaf `index`; spans live in the arena. */
int store_segment_read(struct store *store, uint32_t log, uint64_t index,
                       struct arena *arena, struct store_segment *segment,
                       struct error *err) MUST_USE;
/* Bytes of its batches as they lie here; reads the head of every segment. */
int store_log_bytes(struct store *store, uint32_t log, uint64_t *bytes,
                    struct error *err) MUST_USE;
/* Its extent alone: *first and *count. */
int store_segment_extent(struct store *store, uint32_t log, uint64_t index,
                         uint64_t *first, uint32_t *count,
                         struct error *err) MUST_USE;

/* ---- cosignatures ---- */

/* Of the log's guard, numbered 0, 1, 2 ... by it (formats.md section 5). */
struct store_cosig {
    uint32_t log;
    uint64_t number;
    struct merkle_head head;
    struct cosignature line;
    bool repeat;              /* answers a signed request: "heard" */
    struct signature request; /* of the log's node, if repeat; made when it
                                 held `number` cosignatures (heard_verify) */
};

/* ERR_CONFLICT unless number is the next one (the same one again is fine). */
int store_cosig_append(struct store *store, const struct store_cosig *cosig,
                       struct error *err) MUST_USE;
/* One that came with a delivery, of a log that is not mirrored: gaps are
 * allowed. */
int store_cosig_deliver(struct store *store, const struct store_cosig *cosig,
                        struct error *err) MUST_USE;
int store_cosig_get(struct store *store, uint32_t log, uint64_t number,
                    struct store_cosig *cosig, struct error *err) MUST_USE;
/* The last in sequence; not one that a delivery brought. ERR_NOTFOUND. */
int store_cosig_newest(struct store *store, uint32_t log,
                       struct store_cosig *cosig, struct error *err) MUST_USE;
/* The newest that the node asked for without a batch. ERR_NOTFOUND. */
int store_cosig_repeat(struct store *store, uint32_t log,
                       struct store_cosig *cosig, struct error *err) MUST_USE;
/* The first whose size is greater than `index`: it covers that leaf. */
int store_cosig_covering(struct store *store, uint32_t log, uint64_t index,
                         struct store_cosig *cosig, struct error *err) MUST_USE;
/* How many in sequence are of at most `size` leaves. */
int store_cosig_within(struct store *store, const struct store_log *log,
                       uint64_t size, uint64_t *out,
                       struct error *err) MUST_USE;
/* In sequence, at most `max` from number `from`; *len = how many. */
int store_cosig_list(struct store *store, uint32_t log, uint64_t from,
                     struct store_cosig *cosigs, size_t max, size_t *len,
                     struct error *err) MUST_USE;

/* Display only: the newest cosignature of any other node on a log. */
struct store_held {
    uint32_t log;
    uint32_t node;
    struct merkle_head head;
    struct cosignature line;
};
/* Kept if its size (then its time) is greater than what is there. */
int store_held_put(struct store *store, const struct store_held *held,
                   struct error *err) MUST_USE;
/* That node's; ERR_NOTFOUND. */
int store_held_get(struct store *store, uint32_t log, uint32_t node,
                   struct store_held *held, struct error *err) MUST_USE;
/* By node, at most `max` after node `after`: ask until fewer come, for a log is
 * cosigned by as many as a node has children. */
int store_held_list(struct store *store, uint32_t log, uint32_t after,
                    struct store_held *held, size_t max, size_t *len,
                    struct error *err) MUST_USE;
/* The greatest size among all of them, 0: none. */
int store_held_most(struct store *store, uint32_t log, uint64_t *size,
                    struct error *err) MUST_USE;

#endif
