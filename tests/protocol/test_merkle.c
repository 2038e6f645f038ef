/* tests: trees, ranges and both kinds of proof against the definition of RFC
 * 6962 written down once more, by recursion, at the head of this file. */
#include "tests/support/test.h"

#include "protocol/log/merkle.h"

#define LEAVES 1100u
#define SMALL 300u

static struct hash leaves[LEAVES];
static struct hash blocks[LEAVES / 256];

struct counted {
    size_t asked;  /* calls of subtree */
    int fail_with; /* a code once `fail_at` calls were made */
    size_t fail_at;
};

/* MTH of RFC 6962 section 2.1, literally. */
static struct hash definition(uint64_t from, uint64_t count)
{
    if (count == 0) {
        return merkle_empty_root();
    }
    if (count == 1) {
        return leaves[from];
    }
    uint64_t k = 1;

    while (k * 2 < count) {
        k *= 2;
    }
    struct hash left = definition(from, k);
    struct hash right = definition(from + k, count - k);

    return merkle_node(&left, &right);
}

static int give(void *data, unsigned level, uint64_t index, struct hash *hash,
                struct error *err)
{
    struct counted *counted = data;

    if (counted->fail_with != 0 && counted->asked == counted->fail_at) {
        return error_set(err, (enum err)counted->fail_with, "source fails");
    }
    counted->asked++;
    if (level == 0) {
        assert_true(index < LEAVES);
        *hash = leaves[index];
        return 0;
    }
    assert_int_equal(level, MERKLE_BLOCK_LEVEL);
    assert_true((index + 1) * 256 <= LEAVES);
    *hash = blocks[index];
    return 0;
}

static int leaves_make(void **state)
{
    struct error err = {0};

    (void)state;
    if (crypto_start(&err) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < LEAVES; i++) {
        uint8_t bytes[4];
        struct buf b = buf_over(bytes, sizeof(bytes));

        buf_put_u32(&b, i);
        leaves[i] = merkle_leaf(buf_span(&b));
    }
    for (uint32_t i = 0; i < LEAVES / 256; i++) {
        blocks[i] = definition(i * 256, 256);
    }
    return 0;
}

static void the_empty_tree_has_the_hash_of_nothing(void **state)
{
    static const uint8_t start[4] = {0xe3, 0xb0, 0xc4, 0x42};
    struct range r;

    (void)state;
    range_init(&r);
    struct hash root = range_root(&r);

    assert_memory_equal(root.bytes, start, sizeof(start));
    assert_int_equal(range_count(&r), 0);
}

static void a_leaf_is_hashed_otherwise_than_a_node(void **state)
{
    uint8_t both[64];
    struct hash node = merkle_node(&leaves[0], &leaves[1]);

    (void)state;
    memcpy(both, leaves[0].bytes, 32);
    memcpy(both + 32, leaves[1].bytes, 32);
    struct hash leaf = merkle_leaf(SPAN_OF(both));

    assert_false(hash_equal(&node, &leaf));
}

static void a_range_gives_the_defined_root_at_every_size(void **state)
{
    struct range r;

    (void)state;
    range_init(&r);
    for (uint32_t n = 0; n <= SMALL; n++) {
        struct hash want = definition(0, n);
        struct merkle_head head = range_head(&r);

        assert_int_equal(head.size, n);
        assert_true(hash_equal(&head.root, &want));
        range_append_hash(&r, &leaves[n]);
    }
}

static void a_range_grows_by_many_as_by_one(void **state)
{
    (void)state;
    for (uint32_t from = 0; from <= 70; from++) {
        for (uint32_t more = 0; more <= 70; more++) {
            struct range r;

            range_init(&r);
            range_append_hashes(&r, leaves, from);
            range_append_hashes(&r, leaves + from, more);
            struct hash root = range_root(&r);
            struct hash want = definition(0, from + more);

            assert_true(hash_equal(&root, &want));
        }
    }
}

static void a_range_appends_leaf_bytes(void **state)
{
    static const uint8_t zero[4] = {0};
    struct range r;

    (void)state;
    range_init(&r);
    range_append(&r, SPAN_OF(zero));
    struct hash root = range_root(&r);

    assert_true(hash_equal(&root, &leaves[0]));
}

static void a_range_survives_encoding_at_every_size(void **state)
{
    uint8_t room[RANGE_ENCODED_MAX];
    struct error err = {0};
    struct range r;

    (void)state;
    range_init(&r);
    for (uint32_t n = 0; n <= SMALL; n++) {
        struct buf b = buf_over(room, sizeof(room));
        struct range again;

        range_encode(&r, &b);
        assert_false(b.overflow);
        assert_int_equal(b.len, 8 + 32 * range_count(&r));
        assert_ok(range_decode(buf_span(&b), &again, &err), err);
        assert_memory_equal(&again, &r, 8 + 32 * range_count(&r));
        range_append_hash(&r, &leaves[n]);
    }
}

static void a_range_of_another_length_is_malformed(void **state)
{
    uint8_t room[RANGE_ENCODED_MAX + 1] = {0};
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct range r;

    (void)state;
    range_init(&r);
    range_append_hashes(&r, leaves, 7);
    range_encode(&r, &b);
    for (size_t len = 0; len <= b.len + 1; len++) {
        if (len == b.len) {
            continue;
        }
        assert_err(range_decode(span_make(room, len), &r, &err), ERR_MALFORMED,
                   err);
    }
    assert_int_equal(r.size, 7);
}

static void every_inclusion_proof_up_to_300_verifies(void **state)
{
    struct counted counted = {0};
    struct merkle_source source = {.subtree = give, .data = &counted};
    struct error err = {0};
    struct merkle_path path;

    (void)state;
    for (uint64_t n = 0; n <= SMALL; n++) {
        struct merkle_head head = {.size = n, .root = definition(0, n)};

        for (uint64_t i = 0; i < n; i++) {
            assert_ok(merkle_prove_inclusion(&source, i, n, &path, &err), err);
            assert_ok(
                merkle_verify_inclusion(i, &head, &leaves[i], &path, &err),
                err);
        }
        assert_err(merkle_prove_inclusion(&source, n, n, &path, &err),
                   ERR_NOTFOUND, err);
    }
}

static void every_consistency_proof_up_to_300_verifies(void **state)
{
    struct counted counted = {0};
    struct merkle_source source = {.subtree = give, .data = &counted};
    static struct merkle_head heads[SMALL + 1];
    struct error err = {0};
    struct merkle_path path;

    (void)state;
    for (uint64_t n = 0; n <= SMALL; n++) {
        heads[n] = (struct merkle_head){.size = n, .root = definition(0, n)};
        for (uint64_t m = 0; m <= n; m++) {
            assert_ok(merkle_prove_consistency(&source, m, n, &path, &err),
                      err);
            assert_int_equal(merkle_judge(&heads[m], &heads[n], &path, NULL),
                             MERKLE_CONSISTENT);
            int rc =
                merkle_verify_consistency(&heads[m], &heads[n], &path, &err);

            assert_int_equal(rc, m == 0 ? ERR_UNTRUSTED : 0);
        }
        assert_err(merkle_prove_consistency(&source, n + 1, n, &path, &err),
                   ERR_NOTFOUND, err);
    }
}

static void proofs_ask_for_blocks_not_for_their_leaves(void **state)
{
    static const uint64_t sizes[] = {256, 257, 511, 512, 513, 1000, 1100};
    struct error err = {0};
    struct merkle_path path;

    (void)state;
    for (size_t s = 0; s < TEST_LEN(sizes); s++) {
        struct merkle_head head = {.size = sizes[s],
                                   .root = definition(0, sizes[s])};
        struct hash root;
        struct counted all = {0};
        struct merkle_source whole = {.subtree = give, .data = &all};

        assert_ok(merkle_root(&whole, sizes[s], &root, &err), err);
        assert_true(hash_equal(&root, &head.root));
        assert_int_equal(all.asked, sizes[s] / 256 + sizes[s] % 256);
        for (uint64_t i = 0; i < sizes[s]; i += 37) {
            struct counted counted = {0};
            struct merkle_source source = {.subtree = give, .data = &counted};

            assert_ok(merkle_prove_inclusion(&source, i, sizes[s], &path, &err),
                      err);
            assert_ok(
                merkle_verify_inclusion(i, &head, &leaves[i], &path, &err),
                err);
            assert_true(counted.asked <= 255 + 255 + sizes[s] / 256);
        }
    }
}

static void a_failing_source_ends_the_proof_with_its_own_error(void **state)
{
    struct counted counted = {.fail_with = ERR_IO, .fail_at = 5};
    struct merkle_source source = {.subtree = give, .data = &counted};
    struct error err = {0};
    struct merkle_path path = {.count = 63};

    (void)state;
    assert_err(merkle_prove_inclusion(&source, 3, 300, &path, &err), ERR_IO,
               err);
    counted.asked = 0;
    assert_err(merkle_prove_consistency(&source, 3, 300, &path, &err), ERR_IO,
               err);
    counted.asked = 0;
    assert_err(merkle_root(&source, 300, &path.hashes[0], &err), ERR_IO, err);
    assert_int_equal(path.count, 63);
}

static void any_changed_part_of_an_inclusion_proof_is_refused(void **state)
{
    struct counted counted = {0};
    struct merkle_source source = {.subtree = give, .data = &counted};
    struct error err = {0};
    struct merkle_path path;

    (void)state;
    for (uint64_t n = 1; n <= 40; n++) {
        struct merkle_head head = {.size = n, .root = definition(0, n)};

        for (uint64_t i = 0; i < n; i++) {
            assert_ok(merkle_prove_inclusion(&source, i, n, &path, &err), err);
            for (size_t p = 0; p < path.count; p++) {
                path.hashes[p].bytes[p] ^= 1;
                assert_err(
                    merkle_verify_inclusion(i, &head, &leaves[i], &path, &err),
                    ERR_UNTRUSTED, err);
                path.hashes[p].bytes[p] ^= 1;
            }
            assert_err(
                merkle_verify_inclusion(i, &head, &leaves[n], &path, &err),
                ERR_UNTRUSTED, err);
            assert_err(
                merkle_verify_inclusion(n + i, &head, &leaves[i], &path, &err),
                ERR_UNTRUSTED, err);
            path.hashes[path.count++] = head.root;
            assert_err(
                merkle_verify_inclusion(i, &head, &leaves[i], &path, &err),
                ERR_UNTRUSTED, err);
            path.count--;
            if (path.count > 0) {
                path.count--;
                assert_err(
                    merkle_verify_inclusion(i, &head, &leaves[i], &path, &err),
                    ERR_UNTRUSTED, err);
            }
        }
    }
}

static void a_rewritten_leaf_shows_as_a_fork(void **state)
{
    struct counted counted = {0};
    struct merkle_source source = {.subtree = give, .data = &counted};
    struct error err = {0};
    struct merkle_path path;

    (void)state;
    for (uint64_t n = 2; n <= 60; n++) {
        for (uint64_t m = 1; m <= n; m++) {
            struct merkle_head old_head = {.size = m, .root = definition(0, m)};
            struct hash kept = leaves[m - 1];

            leaves[m - 1].bytes[0] ^= 1;
            struct merkle_head head = {.size = n, .root = definition(0, n)};
            struct hash implied = definition(0, m);

            assert_ok(merkle_prove_consistency(&source, m, n, &path, &err),
                      err);
            bool silent = m != n && (m & (m - 1)) == 0;

            assert_int_equal(merkle_judge(&old_head, &head, &path, NULL),
                             silent ? MERKLE_INVALID : MERKLE_FORK);
            assert_int_equal(merkle_judge(&old_head, &head, &path, &implied),
                             MERKLE_FORK);
            leaves[m - 1] = kept;
        }
    }
}

static void
heads_in_the_wrong_order_or_with_a_false_empty_root_prove_nothing(void **state)
{
    struct merkle_path path = {.count = 0};
    struct merkle_head empty = {.size = 0, .root = merkle_empty_root()};
    struct merkle_head one = {.size = 1, .root = leaves[0]};
    struct merkle_head two = {.size = 2, .root = definition(0, 2)};
    struct merkle_head false_empty = {.size = 0, .root = leaves[0]};

    (void)state;
    assert_int_equal(merkle_judge(&two, &one, &path, NULL), MERKLE_INVALID);
    assert_int_equal(merkle_judge(&one, &two, &path, NULL), MERKLE_INVALID);
    assert_int_equal(merkle_judge(&empty, &two, &path, NULL),
                     MERKLE_CONSISTENT);
    assert_int_equal(merkle_judge(&false_empty, &two, &path, NULL),
                     MERKLE_INVALID);
    assert_int_equal(merkle_judge(&empty, &false_empty, &path, NULL),
                     MERKLE_INVALID);
    path.hashes[path.count++] = leaves[1];
    assert_int_equal(merkle_judge(&one, &two, &path, NULL), MERKLE_CONSISTENT);
    assert_int_equal(merkle_judge(&empty, &two, &path, NULL), MERKLE_INVALID);
    assert_int_equal(merkle_judge(&two, &two, &path, NULL), MERKLE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_empty_tree_has_the_hash_of_nothing),
        cmocka_unit_test(a_leaf_is_hashed_otherwise_than_a_node),
        cmocka_unit_test(a_range_gives_the_defined_root_at_every_size),
        cmocka_unit_test(a_range_grows_by_many_as_by_one),
        cmocka_unit_test(a_range_appends_leaf_bytes),
        cmocka_unit_test(a_range_survives_encoding_at_every_size),
        cmocka_unit_test(a_range_of_another_length_is_malformed),
        cmocka_unit_test(every_inclusion_proof_up_to_300_verifies),
        cmocka_unit_test(every_consistency_proof_up_to_300_verifies),
        cmocka_unit_test(proofs_ask_for_blocks_not_for_their_leaves),
        cmocka_unit_test(a_failing_source_ends_the_proof_with_its_own_error),
        cmocka_unit_test(any_changed_part_of_an_inclusion_proof_is_refused),
        cmocka_unit_test(a_rewritten_leaf_shows_as_a_fork),
        cmocka_unit_test(
            heads_in_the_wrong_order_or_with_a_false_empty_root_prove_nothing),
    };

    return cmocka_run_group_tests(tests, leaves_make, NULL);
}
