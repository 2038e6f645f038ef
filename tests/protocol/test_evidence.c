/* tests: evidence: what convicts a log, and above all what does not. */
#include "tests/support/test.h"

#include "protocol/log/evidence.h"
#include "protocol/log/proof.h"

#define LEAVES 24u

static struct vkey log_key;
static struct sign_secret log_secret;
static struct vkey other_key;
static struct sign_secret other_secret;
static struct hash histories[2][LEAVES]; /* they part after leaf 9 */
static uint8_t rooms[4][NOTE_MAX];

static void key_make(const char *name, uint8_t seed_byte, struct vkey *vkey,
                     struct sign_secret *secret)
{
    struct sign_seed seed;
    struct sign_public pub;
    struct error err = {0};

    memset(seed.bytes, seed_byte, sizeof(seed.bytes));
    sign_keys(&seed, &pub, secret);
    assert_ok(vkey_make(span_str(name), VKEY_ED25519, &pub, vkey, &err), err);
}

static int histories_make(void **state)
{
    struct error err = {0};

    (void)state;
    if (crypto_start(&err) != 0) {
        return -1;
    }
    key_make("kontum/78965/e1", 1, &log_key, &log_secret);
    key_make("kontum/78965/e1", 2, &other_key, &other_secret);
    for (uint8_t h = 0; h < 2; h++) {
        for (uint8_t i = 0; i < LEAVES; i++) {
            uint8_t leaf[2] = {i, i > 9 ? h : 0};

            histories[h][i] = merkle_leaf(SPAN_OF(leaf));
        }
    }
    return 0;
}

static int give_leaf(void *data, unsigned level, uint64_t index,
                     struct hash *hash, struct error *err)
{
    const struct hash *leaves = data;

    (void)level;
    (void)err;
    *hash = leaves[index];
    return 0;
}

/* The signed checkpoint of one history at a size, in rooms[room]. */
static struct span signed_at(unsigned history, uint64_t size, unsigned room)
{
    struct buf b = buf_over(rooms[room], sizeof(rooms[room]));
    struct range range;
    struct error err = {0};

    range_init(&range);
    range_append_hashes(&range, histories[history], size);
    struct checkpoint c = {.origin = log_key.name, .head = range_head(&range)};

    assert_ok(checkpoint_sign(&c, &log_key, &log_secret, &b, &err), err);
    return buf_span(&b);
}

static struct evidence history_evidence(uint64_t old_size, uint64_t size)
{
    struct merkle_source source = {.subtree = give_leaf, .data = histories[1]};
    struct evidence e = {
        .kind = EVIDENCE_HISTORY,
        .parts = {signed_at(0, old_size, 0), signed_at(1, size, 1)}};
    struct error err = {0};

    assert_ok(merkle_prove_consistency(&source, old_size, size, &e.path, &err),
              err);
    e.has_old_root = (old_size & (old_size - 1)) == 0;
    if (e.has_old_root) {
        assert_ok(merkle_root(&source, old_size, &e.old_root, &err), err);
    }
    return e;
}

/* proof_format of leaf `index`, into rooms[room + 1]. */
static struct span proof_at(unsigned history, uint64_t index, uint64_t size,
                            unsigned room)
{
    struct merkle_source source = {.subtree = give_leaf,
                                   .data = histories[history]};
    struct proof proof = {.index = index,
                          .note = signed_at(history, size, room)};
    struct buf b = buf_over(rooms[room + 1], sizeof(rooms[room + 1]));
    struct error err = {0};

    assert_ok(merkle_prove_inclusion(&source, index, size, &proof.path, &err),
              err);
    proof_format(&proof, &b);
    assert_false(b.overflow);
    return buf_span(&b);
}

static struct evidence leaves_evidence(uint64_t index)
{
    return (struct evidence){
        .kind = EVIDENCE_LEAVES,
        .parts = {proof_at(0, index, 20, 0), proof_at(1, index, 23, 2)},
        .leaves = {histories[0][index], histories[1][index]}};
}

/* Through its text and back, then judged. */
static int judge(const struct evidence *e, const struct vkey *key,
                 struct evidence_facts *facts, struct error *err)
{
    static uint8_t text[EVIDENCE_TEXT_MAX];
    static uint8_t text_again[EVIDENCE_TEXT_MAX];
    struct buf b = buf_over(text, sizeof(text));
    struct buf again = buf_over(text_again, sizeof(text_again));
    struct evidence parsed;

    evidence_format(e, &b);
    assert_false(b.overflow);
    assert_ok(evidence_parse(buf_span(&b), &parsed, err), *err);
    evidence_format(&parsed, &again);
    assert_true(span_equal(buf_span(&b), buf_span(&again)));
    return evidence_verify(&parsed, key, facts, err);
}

static void two_roots_of_one_size_convict(void **state)
{
    struct evidence e = {.kind = EVIDENCE_ROOTS,
                         .parts = {signed_at(0, 12, 0), signed_at(1, 12, 1)}};
    struct evidence_facts facts;
    struct error err = {0};

    (void)state;
    assert_ok(judge(&e, &log_key, &facts, &err), err);
    assert_int_equal(facts.checkpoints[0].head.size, 12);
    assert_err(judge(&e, &other_key, &facts, &err), ERR_UNTRUSTED, err);
    e.parts[1] = signed_at(0, 12, 1);
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "roots are the same");
    e.parts[1] = signed_at(1, 13, 1);
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "sizes differ");
}

static void a_path_to_another_old_root_convicts(void **state)
{
    struct evidence_facts facts;
    struct error err = {0};

    (void)state;
    for (uint64_t m = 11; m < LEAVES; m++) {
        for (uint64_t n = m + 1; n <= LEAVES; n++) {
            struct evidence e = history_evidence(m, n);

            assert_ok(judge(&e, &log_key, &facts, &err), err);
            assert_int_equal(facts.checkpoints[1].head.size, n);
        }
    }
}

static void a_common_beginning_convicts_nobody(void **state)
{
    struct evidence_facts facts;
    struct error err = {0};

    (void)state;
    for (uint64_t m = 1; m <= 10; m++) {
        struct evidence e = history_evidence(m, LEAVES);

        assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
        assert_err_says(err, "continues the first");
    }
}

static void a_path_that_merely_fails_convicts_nobody(void **state)
{
    struct evidence_facts facts;
    struct error err = {0};

    (void)state;
    for (uint64_t m = 11; m < 17; m++) {
        struct evidence e = history_evidence(m, LEAVES);

        for (size_t i = 0; i < e.path.count; i++) {
            e.path.hashes[i].bytes[5] ^= 1;
            assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
            assert_err_says(err, "does not lead");
            e.path.hashes[i].bytes[5] ^= 1;
        }
        e.path.count--;
        assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    }
}

static void the_old_root_is_stated_where_the_path_omits_it_only(void **state)
{
    struct evidence e = history_evidence(16, LEAVES);
    struct evidence_facts facts;
    struct error err = {0};

    (void)state;
    assert_ok(judge(&e, &log_key, &facts, &err), err);
    e.has_old_root = false;
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "power of two");
    e = history_evidence(15, LEAVES);
    e.has_old_root = true;
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    e = history_evidence(15, LEAVES);
    e.parts[0] = e.parts[1];
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "not the smaller");
}

static void two_leaves_at_one_position_convict(void **state)
{
    struct evidence e = leaves_evidence(12);
    struct evidence_facts facts;
    struct error err = {0};

    (void)state;
    assert_ok(judge(&e, &log_key, &facts, &err), err);
    assert_int_equal(facts.index, 12);
    assert_int_equal(facts.checkpoints[0].head.size, 20);
    assert_int_equal(facts.checkpoints[1].head.size, 23);
    e = leaves_evidence(4);
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "leaves are the same");
    e = leaves_evidence(12);
    e.parts[1] = proof_at(1, 13, 23, 2);
    e.leaves[1] = histories[1][13];
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "positions differ");
    e = leaves_evidence(12);
    e.leaves[1] = histories[0][12];
    assert_err(judge(&e, &log_key, &facts, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "statement 2");
}

static void no_flipped_bit_leaves_evidence_standing(void **state)
{
    static uint8_t text[EVIDENCE_TEXT_MAX];
    struct evidence_facts facts;
    struct error err = {0};

    (void)state;
    for (uint64_t old_size = 15; old_size <= 16; old_size++) {
        struct evidence e = history_evidence(old_size, LEAVES);
        struct buf b = buf_over(text, sizeof(text));

        evidence_format(&e, &b);
        for (size_t i = 0; i < b.len * 8; i++) {
            struct evidence parsed;

            text[i / 8] ^= (uint8_t)(1 << i % 8);
            int rc = evidence_parse(buf_span(&b), &parsed, &err);

            if (rc == 0) {
                rc = evidence_verify(&parsed, &log_key, &facts, &err);
            }
            text[i / 8] ^= (uint8_t)(1 << i % 8);
            assert_true(rc == ERR_MALFORMED || rc == ERR_UNTRUSTED);
        }
    }
}

static struct evidence evidence_of(enum evidence_kind kind)
{
    switch (kind) {
    case EVIDENCE_HISTORY:
        return history_evidence(16, LEAVES);
    case EVIDENCE_LEAVES:
        return leaves_evidence(12);
    case EVIDENCE_ROOTS:
        break;
    }
    return (struct evidence){
        .kind = EVIDENCE_ROOTS,
        .parts = {signed_at(0, 12, 0), signed_at(1, 12, 1)}};
}

static void shortened_or_lengthened_evidence_is_malformed(void **state)
{
    static uint8_t text[EVIDENCE_TEXT_MAX + 1];
    static const enum evidence_kind kinds[] = {EVIDENCE_ROOTS, EVIDENCE_HISTORY,
                                               EVIDENCE_LEAVES};
    struct evidence parsed;
    struct error err = {0};

    (void)state;
    for (size_t k = 0; k < TEST_LEN(kinds); k++) {
        struct evidence e = evidence_of(kinds[k]);
        struct buf b = buf_over(text, sizeof(text));

        evidence_format(&e, &b);
        for (size_t len = 0; len < b.len; len++) {
            assert_err(evidence_parse(span_make(text, len), &parsed, &err),
                       ERR_MALFORMED, err);
        }
        buf_put_u8(&b, '\n');
        assert_err(evidence_parse(buf_span(&b), &parsed, &err), ERR_MALFORMED,
                   err);
    }
    assert_err(evidence_parse(SPAN_OF(text), &parsed, &err), ERR_LIMIT, err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_roots_of_one_size_convict),
        cmocka_unit_test(a_path_to_another_old_root_convicts),
        cmocka_unit_test(a_common_beginning_convicts_nobody),
        cmocka_unit_test(a_path_that_merely_fails_convicts_nobody),
        cmocka_unit_test(the_old_root_is_stated_where_the_path_omits_it_only),
        cmocka_unit_test(two_leaves_at_one_position_convict),
        cmocka_unit_test(no_flipped_bit_leaves_evidence_standing),
        cmocka_unit_test(shortened_or_lengthened_evidence_is_malformed),
    };

    return cmocka_run_group_tests(tests, histories_make, NULL);
}
