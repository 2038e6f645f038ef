/* The tree of RFC 6962 section 2.1 (= RFC 9162 section 2.1): hashes, the
 * compact range that grows with a log, inclusion and consistency proofs.
 *
 * A root does not commit to its size: check an inclusion proof only against a
 * (size, root) pair that was signed (tlog.md section 1.1). Nothing here
 * stores a tree; proofs are generated from leaf hashes and the hashes of
 * complete blocks of 256 leaves (tlog.md section 3.7).
 */
#ifndef QCDC_PROTOCOL_LOG_MERKLE_H
#define QCDC_PROTOCOL_LOG_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"

#define MERKLE_BLOCK_LEVEL 8u /* a block is a full subtree of 2^8 leaves */
#define MERKLE_BLOCK_LEAVES 256u

/* The state of a tree: what a checkpoint signs. */
struct merkle_head {
    uint64_t size;
    struct hash root;
};

/* Proof hashes, nearest to the leaves first. */
struct merkle_path {
    struct hash hashes[PROOF_HASHES_MAX];
    size_t count;
};

/* SHA-256(0x00 || leaf bytes). */
struct hash merkle_leaf(struct span leaf);
/* SHA-256(0x01 || left || right). */
struct hash merkle_node(const struct hash *left, const struct hash *right);
/* SHA-256 of nothing: the root of size 0. */
struct hash merkle_empty_root(void);

/* The compact range [0, size): one hash per 1-bit of size, largest subtree
 * first. A plain value; copy it to try an append. */
struct range {
    uint64_t size;
    struct hash hashes[64];
};

#define RANGE_ENCODED_MAX (8u + 64u * 32u)

void range_init(struct range *r);
/* Number of hashes in use: the 1-bits of size. */
size_t range_count(const struct range *r);
/* Appends one leaf; the size stays below 2^64 by the formats' limits. */
void range_append(struct range *r, struct span leaf);
void range_append_hash(struct range *r, const struct hash *leaf_hash);
void range_append_hashes(struct range *r, const struct hash *leaf_hashes,
                         size_t count);
struct hash range_root(const struct range *r);
struct merkle_head range_head(const struct range *r);

/* u64 size || its hashes; at most RANGE_ENCODED_MAX bytes. */
void range_encode(const struct range *r, struct buf *out);
/* ERR_MALFORMED if the length is not the one that the size demands. */
int range_decode(struct span bytes, struct range *r,
                 struct error *err) MUST_USE;

/* Where proofs are generated from. `subtree` gives the hash of leaf `index`
 * (level 0) or of the complete block [256 * index, 256 * (index + 1))
 * (level 8); no other level is asked for. It returns 0 or a negative err. */
struct merkle_source {
    int (*subtree)(void *data, unsigned level, uint64_t index,
                   struct hash *hash, struct error *err);
    void *data; /* handed to subtree */
};

/* Root of the first `size` leaves. */
int merkle_root(const struct merkle_source *source, uint64_t size,
                struct hash *root, struct error *err) MUST_USE;

/* Path of leaf `index` in the tree of `size` leaves. ERR_NOTFOUND if there is
 * no such leaf; else what the source returned. */
int merkle_prove_inclusion(const struct merkle_source *source, uint64_t index,
                           uint64_t size, struct merkle_path *path,
                           struct error *err) MUST_USE;

/* Path from the tree of `old_size` to that of `size`; empty for equal sizes
 * and for old_size 0. ERR_NOTFOUND if old_size > size. */
int merkle_prove_consistency(const struct merkle_source *source,
                             uint64_t old_size, uint64_t size,
                             struct merkle_path *path,
                             struct error *err) MUST_USE;

/* RFC 9162 section 2.1.3.2. ERR_UNTRUSTED if the path does not prove it. */
int merkle_verify_inclusion(uint64_t index, const struct merkle_head *head,
                            const struct hash *leaf_hash,
                            const struct merkle_path *path,
                            struct error *err) MUST_USE;

/* RFC 9162 section 2.1.4.2 for 0 < old size <= new size; from size 0 nothing
 * can be proved and it is refused. ERR_UNTRUSTED if the path does not prove
 * it: that alone proves nothing against the log. */
int merkle_verify_consistency(const struct merkle_head *old_head,
                              const struct merkle_head *new_head,
                              const struct merkle_path *path,
                              struct error *err) MUST_USE;

enum merkle_verdict {
    MERKLE_CONSISTENT, /* the old tree is a prefix of the new one */
    MERKLE_INVALID,    /* the path proves nothing either way */
    MERKLE_FORK        /* both heads signed: evidence (tlog.md section 2.8) */
};

/* What two heads and a path show. From size 0 the tlog-witness rule: the path
 * must be empty and the old root that of the empty tree. `alt_old_root` (or
 * NULL) is the old root implied by the new tree; it is needed to show a fork
 * where the old size is a power of two, since such a path omits it. */
enum merkle_verdict merkle_judge(const struct merkle_head *old_head,
                                 const struct merkle_head *new_head,
                                 const struct merkle_path *path,
                                 const struct hash *alt_old_root);

#endif
