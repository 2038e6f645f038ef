/* protocol/log: the Merkle tree of RFC 6962, its compact range and proofs.
 *
 * Owns: the hashing, and the folding of a range and of both kinds of path.
 * Must never hash a leaf without its 0x00 or a node without its 0x01: an
 * inner node would pass as a leaf. Next: checkpoint.c, which signs a root.
 */
#include "protocol/log/merkle.h"

#include <inttypes.h>

struct hash merkle_leaf(struct span leaf)
{
    static const uint8_t prefix[1] = {0x00};
    struct hasher h;

    hasher_init(&h);
    hasher_add(&h, SPAN_OF(prefix));
    hasher_add(&h, leaf);
    return hasher_end(&h);
}

struct hash merkle_node(const struct hash *left, const struct hash *right)
{
    uint8_t bytes[65];

    bytes[0] = 0x01;
    memcpy(bytes + 1, left->bytes, 32);
    memcpy(bytes + 33, right->bytes, 32);
    return hash_of(SPAN_OF(bytes));
}

struct hash merkle_empty_root(void)
{
    return hash_of((struct span){NULL, 0});
}

static size_t bits_count(uint64_t n)
{
    size_t count = 0;

    for (; n != 0; n &= n - 1) {
        count++;
    }
    return count;
}

static bool is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* The largest power of two smaller than n; n > 1. */
static uint64_t split_of(uint64_t n)
{
    uint64_t k = 1;

    while (k < n - k) {
        k <<= 1;
    }
    return k;
}

void range_init(struct range *r)
{
    memset(r, 0, sizeof(*r));
}

size_t range_count(const struct range *r)
{
    return bits_count(r->size);
}

void range_append(struct range *r, struct span leaf)
{
    struct hash h = merkle_leaf(leaf);

    range_append_hash(r, &h);
}

static void stack_push(struct range *r, size_t *top, const struct hash *hash)
{
    struct hash h = *hash;

    for (uint64_t n = r->size; (n & 1) != 0; n >>= 1) {
        (*top)--;
        h = merkle_node(&r->hashes[*top], &h);
    }
    r->hashes[(*top)++] = h;
    r->size++;
}

void range_append_hash(struct range *r, const struct hash *leaf_hash)
{
    size_t top = range_count(r);

    stack_push(r, &top, leaf_hash);
}

void range_append_hashes(struct range *r, const struct hash *leaf_hashes,
                         size_t count)
{
    size_t top = range_count(r);

    for (size_t i = 0; i < count; i++) {
        stack_push(r, &top, &leaf_hashes[i]);
    }
}

struct hash range_root(const struct range *r)
{
    size_t top = range_count(r);

    if (top == 0) {
        return merkle_empty_root();
    }
    struct hash h = r->hashes[--top];

    while (top > 0) {
        top--;
        h = merkle_node(&r->hashes[top], &h);
    }
    return h;
}

struct merkle_head range_head(const struct range *r)
{
    return (struct merkle_head){.size = r->size, .root = range_root(r)};
}

void range_encode(const struct range *r, struct buf *out)
{
    buf_put_u64(out, r->size);
    for (size_t i = 0; i < range_count(r); i++) {
        buf_put(out, SPAN_OF(r->hashes[i].bytes));
    }
}

int range_decode(struct span bytes, struct range *r, struct error *err)
{
    if (bytes.len < 8) {
        return error_set(err, ERR_MALFORMED, "range of %zu bytes", bytes.len);
    }
    uint64_t size = read_u64(bytes.ptr);
    size_t count = bits_count(size);

    if (bytes.len != 8 + count * 32) {
        return error_set(err, ERR_MALFORMED,
                         "range of size %" PRIu64 " needs %zu hashes", size,
                         count);
    }
    range_init(r);
    r->size = size;
    for (size_t i = 0; i < count; i++) {
        memcpy(r->hashes[i].bytes, bytes.ptr + 8 + i * 32, 32);
    }
    return 0;
}

/* MTH(D[low, high)) for a subtree of the tree of some size: `low` is a
 * multiple of the power of two that is >= high - low. */
static int subtree_hash(const struct merkle_source *source, uint64_t low,
                        uint64_t high, struct hash *hash, struct error *err)
{
    struct range r;
    struct hash h;
    size_t top = 0;
    uint64_t blocks = 0;

    range_init(&r);
    if (low % MERKLE_BLOCK_LEAVES == 0) {
        blocks = (high - low) / MERKLE_BLOCK_LEAVES;
    }
    for (uint64_t i = 0; i < blocks; i++) {
        int rc = source->subtree(source->data, MERKLE_BLOCK_LEVEL,
                                 low / MERKLE_BLOCK_LEAVES + i, &h, err);

        if (rc != 0) {
            return rc;
        }
        stack_push(&r, &top, &h);
    }
    /* Counted in leaves from here: same subtrees, so the same stack. */
    r.size *= MERKLE_BLOCK_LEAVES;
    for (uint64_t i = low + r.size; i < high; i++) {
        int rc = source->subtree(source->data, 0, i, &h, err);

        if (rc != 0) {
            return rc;
        }
        stack_push(&r, &top, &h);
    }
    *hash = range_root(&r);
    return 0;
}

int merkle_root(const struct merkle_source *source, uint64_t size,
                struct hash *root, struct error *err)
{
    return subtree_hash(source, 0, size, root, err);
}

static int path_push(struct merkle_path *path,
                     const struct merkle_source *source, uint64_t low,
                     uint64_t high, struct error *err)
{
    if (path->count == PROOF_HASHES_MAX) {
        return error_set(err, ERR_LIMIT, "proof of more than %u hashes",
                         PROOF_HASHES_MAX);
    }
    return subtree_hash(source, low, high, &path->hashes[path->count++], err);
}

/* Generated from the root down, kept from the leaves up. */
static void path_finish(const struct merkle_path *down,
                        struct merkle_path *path)
{
    for (size_t i = 0; i < down->count; i++) {
        path->hashes[i] = down->hashes[down->count - 1 - i];
    }
    path->count = down->count;
}

int merkle_prove_inclusion(const struct merkle_source *source, uint64_t index,
                           uint64_t size, struct merkle_path *path,
                           struct error *err)
{
    struct merkle_path down = {.count = 0};
    uint64_t low = 0;
    uint64_t high = size;

    if (index >= size) {
        return error_set(err, ERR_NOTFOUND,
                         "no leaf %" PRIu64 " in a tree of %" PRIu64, index,
                         size);
    }
    while (high - low > 1) {
        uint64_t middle = low + split_of(high - low);
        bool left = index < middle;
        int rc = left ? path_push(&down, source, middle, high, err)
                      : path_push(&down, source, low, middle, err);

        if (rc != 0) {
            return rc;
        }
        if (left) {
            high = middle;
        } else {
            low = middle;
        }
    }
    path_finish(&down, path);
    return 0;
}

int merkle_prove_consistency(const struct merkle_source *source,
                             uint64_t old_size, uint64_t size,
                             struct merkle_path *path, struct error *err)
{
    struct merkle_path down = {.count = 0};
    uint64_t low = 0;
    uint64_t high = size;
    int rc = 0;

    if (old_size > size) {
        return error_set(err, ERR_NOTFOUND,
                         "no tree of %" PRIu64 " in one of %" PRIu64, old_size,
                         size);
    }
    if (old_size == 0) {
        path->count = 0;
        return 0;
    }
    while (rc == 0 && old_size != high) {
        uint64_t middle = low + split_of(high - low);

        if (old_size <= middle) {
            rc = path_push(&down, source, middle, high, err);
            high = middle;
        } else {
            rc = path_push(&down, source, low, middle, err);
            low = middle;
        }
    }
    /* The old tree itself is known to the verifier; any other subtree that
     * the descent ends at has to be given. */
    if (rc == 0 && low != 0) {
        rc = path_push(&down, source, low, high, err);
    }
    if (rc != 0) {
        return rc;
    }
    path_finish(&down, path);
    return 0;
}

/* One step of both verifications: where the two cursors stand in the tree. */
struct cursor {
    uint64_t from; /* the leaf, or the old tree's last leaf */
    uint64_t last; /* the new tree's last leaf */
};

/* True if the next hash of the path stands to the left. */
static bool cursor_step(struct cursor *c)
{
    bool left = (c->from & 1) != 0 || c->from == c->last;

    if (left) {
        while ((c->from & 1) == 0 && c->from != 0) {
            c->from >>= 1;
            c->last >>= 1;
        }
    }
    c->from >>= 1;
    c->last >>= 1;
    return left;
}

int merkle_verify_inclusion(uint64_t index, const struct merkle_head *head,
                            const struct hash *leaf_hash,
                            const struct merkle_path *path, struct error *err)
{
    struct hash h = *leaf_hash;

    if (index >= head->size) {
        return error_set(err, ERR_UNTRUSTED,
                         "position %" PRIu64 " is outside a tree of %" PRIu64,
                         index, head->size);
    }
    struct cursor c = {.from = index, .last = head->size - 1};

    for (size_t i = 0; i < path->count; i++) {
        if (c.last == 0) {
            return error_set(err, ERR_UNTRUSTED,
                             "inclusion proof has too many hashes");
        }
        h = cursor_step(&c) ? merkle_node(&path->hashes[i], &h)
                            : merkle_node(&h, &path->hashes[i]);
    }
    if (c.last != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "inclusion proof has too few hashes");
    }
    if (!hash_equal(&h, &head->root)) {
        return error_set(err, ERR_UNTRUSTED,
                         "inclusion proof leads to another root");
    }
    return 0;
}

/* Folds a path from `first`, which stands before path->hashes[from]: the
 * roots that it implies. False if its length is not that of the sizes. */
static bool fold_consistency(uint64_t old_size, uint64_t new_size,
                             const struct hash *first,
                             const struct merkle_path *path, size_t from,
                             struct hash implied[2])
{
    struct cursor c = {.from = old_size - 1, .last = new_size - 1};
    struct hash old_root = *first;
    struct hash new_root = *first;

    while ((c.from & 1) != 0) {
        c.from >>= 1;
        c.last >>= 1;
    }
    for (size_t i = from; i < path->count; i++) {
        if (c.last == 0) {
            return false;
        }
        if (cursor_step(&c)) {
            old_root = merkle_node(&path->hashes[i], &old_root);
            new_root = merkle_node(&path->hashes[i], &new_root);
        } else {
            new_root = merkle_node(&new_root, &path->hashes[i]);
        }
    }
    implied[0] = old_root;
    implied[1] = new_root;
    return c.last == 0;
}

/* 0 < old size < new size. */
static enum merkle_verdict judge_growth(const struct merkle_head *old_head,
                                        const struct merkle_head *new_head,
                                        const struct merkle_path *path,
                                        const struct hash *alt_old_root)
{
    bool omitted = is_power_of_two(old_head->size);
    struct hash implied[2];

    if (path->count == 0) {
        return MERKLE_INVALID;
    }
    const struct hash *first = omitted ? &old_head->root : &path->hashes[0];

    if (!fold_consistency(old_head->size, new_head->size, first, path,
                          omitted ? 0 : 1, implied)) {
        return MERKLE_INVALID;
    }
    if (hash_equal(&implied[1], &new_head->root)) {
        return hash_equal(&implied[0], &old_head->root) ? MERKLE_CONSISTENT
                                                        : MERKLE_FORK;
    }
    /* Here alt != old root: it would have led to the same other root. */
    if (omitted && alt_old_root != NULL &&
        fold_consistency(old_head->size, new_head->size, alt_old_root, path, 0,
                         implied) &&
        hash_equal(&implied[1], &new_head->root)) {
        return MERKLE_FORK;
    }
    return MERKLE_INVALID;
}

enum merkle_verdict merkle_judge(const struct merkle_head *old_head,
                                 const struct merkle_head *new_head,
                                 const struct merkle_path *path,
                                 const struct hash *alt_old_root)
{
    struct hash empty = merkle_empty_root();

    if (old_head->size > new_head->size ||
        (old_head->size == 0 && !hash_equal(&old_head->root, &empty)) ||
        (new_head->size == 0 && !hash_equal(&new_head->root, &empty))) {
        return MERKLE_INVALID;
    }
    if (old_head->size != 0 && old_head->size != new_head->size) {
        return judge_growth(old_head, new_head, path, alt_old_root);
    }
    if (path->count != 0) {
        return MERKLE_INVALID;
    }
    if (old_head->size == 0) {
        return MERKLE_CONSISTENT;
    }
    return hash_equal(&old_head->root, &new_head->root) ? MERKLE_CONSISTENT
                                                        : MERKLE_FORK;
}

int merkle_verify_consistency(const struct merkle_head *old_head,
                              const struct merkle_head *new_head,
                              const struct merkle_path *path, struct error *err)
{
    if (old_head->size == 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "nothing can be proved from the empty tree");
    }
    if (merkle_judge(old_head, new_head, path, NULL) != MERKLE_CONSISTENT) {
        return error_set(err, ERR_UNTRUSTED,
                         "tree of %" PRIu64 " is not shown to continue the "
                         "tree of %" PRIu64,
                         new_head->size, old_head->size);
    }
    return 0;
}
