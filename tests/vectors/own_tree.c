/* vectors: own/ kinds tree, inclusion, consistency. */
#include "tests/vectors/own.h"

#include <inttypes.h>
#include <string.h>

/* The leaf of index i: given, or prefix and decimal. */
static bool leaf_give(struct run *run, const json_t *test, uint64_t i,
                      struct span *leaf)
{
    const json_t *leaves = json_object_get(test, "leaves_hex");
    struct span prefix;

    if (leaves != NULL) {
        return read_hex(run, json_array_get(leaves, (size_t)i), leaf);
    }
    if (!read_text(test, "leaf_prefix", &prefix) || prefix.len > 200) {
        return false;
    }
    const char *text =
        say(run, "%.*s%" PRIu64, (int)prefix.len, (const char *)prefix.ptr, i);

    *leaf = span_str(text);
    return true;
}

const char *own_tree(struct run *run, const json_t *test)
{
    const json_t *roots = json_object_get(test, "roots");
    const json_t *item;
    struct range range;
    size_t i;

    range_init(&range);
    if (json_array_size(roots) == 0) {
        return "no roots";
    }
    json_array_foreach(roots, i, item)
    {
        uint64_t size = 0;
        struct hash want;

        if (!read_number(item, "size", &size) ||
            !read_hash(item, "root_hex", &want) || size > 10000000) {
            return "roots need size and root_hex";
        }
        if (size < range.size) {
            range_init(&range);
        }
        while (range.size < size) {
            size_t mark = run->arena.used;
            struct span leaf;

            if (!leaf_give(run, test, range.size, &leaf)) {
                return say(run, "no leaf %" PRIu64, range.size);
            }
            range_append(&range, leaf);
            arena_rewind(&run->arena, mark);
        }
        struct hash root = range_root(&range);

        if (!hash_equal(&root, &want)) {
            return say(run, "other root at size %" PRIu64, size);
        }
    }
    return NULL;
}

const char *own_inclusion(struct run *run, const json_t *test)
{
    struct merkle_head head;
    struct merkle_path path;
    struct error err = {0};
    struct span leaf;
    struct span root;
    struct hash leaf_hash;
    uint64_t index = 0;
    bool usable = false;
    bool valid = false;

    if (!read_valid(test, &valid) || !read_number(test, "index", &index) ||
        !read_number(test, "size", &head.size) ||
        !read_hex(run, json_object_get(test, "leaf_hash_hex"), &leaf) ||
        !read_hex(run, json_object_get(test, "root_hex"), &root) ||
        !read_path(run, json_object_get(test, "proof_hex"), read_hex, &path,
                   &usable)) {
        return "fields missing";
    }
    bool accepted = false;

    if (usable && leaf.len == 32 && root.len == 32) {
        memcpy(leaf_hash.bytes, leaf.ptr, 32);
        memcpy(head.root.bytes, root.ptr, 32);
        accepted =
            merkle_verify_inclusion(index, &head, &leaf_hash, &path, &err) == 0;
    }
    if (accepted != valid) {
        return accepted ? "accepted" : say(run, "refused: %s", err.text);
    }
    return NULL;
}

static const char *verdict_name(enum merkle_verdict verdict)
{
    switch (verdict) {
    case MERKLE_CONSISTENT:
        return "consistent";
    case MERKLE_FORK:
        return "fork";
    case MERKLE_INVALID:
        break;
    }
    return "invalid";
}

const char *own_consistency(struct run *run, const json_t *test)
{
    struct merkle_head heads[2];
    struct span roots[2];
    struct merkle_path path;
    struct span result;
    struct hash alt;
    struct error err = {0};
    bool usable = false;
    bool has_alt = json_object_get(test, "alt_root1_hex") != NULL;

    if (!read_text(test, "result", &result) ||
        !read_number(test, "size1", &heads[0].size) ||
        !read_number(test, "size2", &heads[1].size) ||
        !read_hex(run, json_object_get(test, "root1_hex"), &roots[0]) ||
        !read_hex(run, json_object_get(test, "root2_hex"), &roots[1]) ||
        (has_alt && !read_hash(test, "alt_root1_hex", &alt)) ||
        !read_path(run, json_object_get(test, "proof_hex"), read_hex, &path,
                   &usable)) {
        return "fields missing";
    }
    enum merkle_verdict verdict = MERKLE_INVALID;

    if (usable && roots[0].len == 32 && roots[1].len == 32) {
        memcpy(heads[0].root.bytes, roots[0].ptr, 32);
        memcpy(heads[1].root.bytes, roots[1].ptr, 32);
        verdict =
            merkle_judge(&heads[0], &heads[1], &path, has_alt ? &alt : NULL);
        /* the bare function agrees, but proves nothing from size 0 */
        bool bare =
            merkle_verify_consistency(&heads[0], &heads[1], &path, &err) == 0;

        if (bare != (verdict == MERKLE_CONSISTENT && heads[0].size != 0)) {
            return "the bare verification disagrees with the verdict";
        }
    }
    if (!span_equal(result, span_str(verdict_name(verdict)))) {
        return say(run, "found %s", verdict_name(verdict));
    }
    return NULL;
}
