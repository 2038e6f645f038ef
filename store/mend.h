/* Damage found and mended: bit rot in what is stored.
 *
 * A patrol goes through the store a little at a time, on idle turns: every
 * leaf, hash, root, checkpoint and body, every guard cosignature, every record
 * and cell. What is damaged is mended from what is here, else from a mirror,
 * and only if the signed roots that are held bear it out; what is derived is
 * derived again. Damage is noted until it is mended, and shown.
 */
#ifndef QCDC_STORE_MEND_H
#define QCDC_STORE_MEND_H

#include "store/integrate.h"
#include "store/log.h"
#include "store/store.h"

enum store_damage_kind {
    STORE_DAMAGE_NONE = 0,
    STORE_DAMAGE_SEGMENT = 1, /* first = its first leaf */
    STORE_DAMAGE_COSIG = 2,   /* first = its number */
    STORE_DAMAGE_DERIVED = 3, /* first = 1: signatures must be verified anew */
    STORE_DAMAGE_HERE = 4     /* only this machine had it: a person must act */
};

struct store_damage {
    enum store_damage_kind kind;
    uint32_t log; /* 0: of none */
    uint64_t first;
    int64_t found_s;
    int64_t mended_s; /* 0: not yet */
    uint32_t source;  /* the node it was mended from; 0: from what is here */
    char text[192];   /* what was wrong, one sentence */
};

/* Replaces what was noted of the same kind, log and place. */
int store_damage_put(struct store *store, const struct store_damage *damage,
                     struct error *err) MUST_USE;
/* What waits first; then what was mended, the newest STORE_DAMAGE_KEPT. */
#define STORE_DAMAGE_KEPT 32u
int store_damage_list(struct store *store, struct store_damage *damages,
                      size_t max, size_t *len, struct error *err) MUST_USE;

/* ---- the patrol ---- */

struct store_patrol;
int store_patrol_new(struct store_patrol **out, struct error *err) MUST_USE;
void store_patrol_free(struct store_patrol *patrol); /* NULL is fine */
/* From the beginning. */
void store_patrol_restart(struct store_patrol *patrol);
/* One small step: a segment, some cosignatures, records, or a unit. What it
 * found: damage->kind (found_s is not set). *ended: the round is over. Reads
 * only. */
int store_patrol_step(struct store *store, struct store_patrol *patrol,
                      struct store_now now, struct store_damage *damage,
                      bool *ended, struct error *err) MUST_USE;

/* ---- mending, in a transaction ---- */

/* The segment that begins at `first`, from its own sound parts, and from a
 * peer's (NULL: none yet). ERR_NOTFOUND: that does not suffice, the text says
 * why; ERR_UNTRUSTED: the peer's is not what was signed. */
int store_mend_segment(struct store *store, uint32_t log, uint64_t first,
                       const struct segment *peer, struct error *err) MUST_USE;
/* A guard cosignature from a peer's copy, verified anew. ERR_UNTRUSTED. */
int store_mend_cosig(struct store *store, const struct store_cosig *peer,
                     struct error *err) MUST_USE;

/* Which segment made the last ERR_CORRUPT, once: true and where. */
bool store_bad_segment(struct store *store, uint32_t *log, uint64_t *first);

#endif
