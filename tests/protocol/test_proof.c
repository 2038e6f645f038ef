/* tests: tlog-proofs and the policies they are judged by. */
#include "tests/support/test.h"

#include "protocol/log/cosignature.h"
#include "protocol/log/policy.h"
#include "protocol/log/proof.h"

#define LEAVES 19u

struct party {
    struct vkey vkey;
    struct sign_secret secret;
    char text[VKEY_TEXT_MAX + 1]; /* the vkey, written */
};

static struct party log_party;
static struct party district;
static struct party province;
static struct hash leaves[LEAVES];
static uint8_t memory[1u << 18];
static struct arena arena;

static void party_make(struct party *p, const char *name, uint8_t type,
                       uint8_t seed_byte)
{
    struct buf b = buf_over(p->text, sizeof(p->text));
    struct sign_seed seed;
    struct sign_public pub;
    struct error err = {0};

    memset(seed.bytes, seed_byte, sizeof(seed.bytes));
    sign_keys(&seed, &pub, &p->secret);
    assert_ok(vkey_make(span_str(name), type, &pub, &p->vkey, &err), err);
    vkey_format(&p->vkey, &b);
    buf_put_u8(&b, 0);
    assert_false(b.overflow);
}

static int parties_make(void **state)
{
    struct error err = {0};

    (void)state;
    if (crypto_start(&err) != 0) {
        return -1;
    }
    party_make(&log_party, "kontum/78965/e1", VKEY_ED25519, 1);
    party_make(&district, "kontum/789/mirror", VKEY_COSIGNATURE, 2);
    party_make(&province, "kontum/1/mirror", VKEY_COSIGNATURE, 3);
    for (uint8_t i = 0; i < LEAVES; i++) {
        leaves[i] = merkle_leaf(span_make(&i, 1));
    }
    arena_init(&arena, memory, sizeof(memory));
    return 0;
}

static int give_leaf(void *data, unsigned level, uint64_t index,
                     struct hash *hash, struct error *err)
{
    (void)data;
    (void)level;
    (void)err;
    *hash = leaves[index];
    return 0;
}

/* The signed checkpoint of all leaves with the cosignatures given. */
static struct span note_make(uint8_t *room, size_t size,
                             const struct party *const *cosigners)
{
    struct buf b = buf_over(room, size);
    struct range range;
    struct note note;
    struct error err = {0};

    range_init(&range);
    range_append_hashes(&range, leaves, LEAVES);
    struct checkpoint c = {.origin = log_party.vkey.name,
                           .head = range_head(&range)};

    assert_ok(checkpoint_sign(&c, &log_party.vkey, &log_party.secret, &b, &err),
              err);
    assert_ok(note_parse(buf_span(&b), &note, &err), err);
    for (size_t i = 0; cosigners[i] != NULL; i++) {
        struct cosignature cosignature;

        assert_ok(cosignature_sign(note.text, 1700000000 + i,
                                   &cosigners[i]->vkey, &cosigners[i]->secret,
                                   &cosignature, &err),
                  err);
        cosignature_put_line(&cosignature, &cosigners[i]->vkey, &b);
    }
    assert_false(b.overflow);
    return buf_span(&b);
}

static struct proof proof_make(uint64_t index, struct span note)
{
    struct merkle_source source = {.subtree = give_leaf};
    struct proof proof = {.index = index, .note = note};
    struct error err = {0};

    assert_ok(merkle_prove_inclusion(&source, index, LEAVES, &proof.path, &err),
              err);
    return proof;
}

__attribute__((format(printf, 1, 2))) static struct policy
policy_make(const char *fmt, ...)
{
    static char text[4096];
    struct policy policy;
    struct error err = {0};
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    arena_reset(&arena);
    assert_ok(policy_parse(span_str(text), &arena, &policy, &err), err);
    return policy;
}

static struct policy both_needed(void)
{
    return policy_make("log %s\nwitness D %s\nwitness P %s\n"
                       "group q all D P\nquorum q\n",
                       log_party.text, district.text, province.text);
}

static void a_proof_survives_its_text_and_verifies(void **state)
{
    const struct party *both[] = {&district, &province, NULL};
    static uint8_t note_room[NOTE_MAX];
    static uint8_t room[PROOF_TEXT_MAX];
    struct policy policy = both_needed();
    struct span note = note_make(note_room, sizeof(note_room), both);
    struct error err = {0};

    (void)state;
    for (uint64_t i = 0; i < LEAVES; i++) {
        struct buf b = buf_over(room, sizeof(room));
        struct proof proof = proof_make(i, note);
        struct proof again;
        struct proof_facts facts;
        size_t used = arena.used;

        proof.extra = span_str("ZXh0cmE=");
        proof_format(&proof, &b);
        assert_ok(proof_parse(buf_span(&b), &again, &err), err);
        assert_int_equal(again.index, i);
        assert_true(span_equal(again.extra, proof.extra));
        assert_ok(
            proof_verify(&again, &leaves[i], &policy, &arena, &facts, &err),
            err);
        assert_int_equal(facts.checkpoint.head.size, LEAVES);
        assert_int_equal(facts.cosigned_count, 2);
        assert_int_equal(facts.cosigned[0].witness, 0);
        assert_int_equal(facts.cosigned[1].witness, 1);
        assert_int_equal(facts.cosigned[1].time, 1700000001);
        assert_int_equal(arena.used, used);
        assert_err(proof_verify(&again, &leaves[(i + 1) % LEAVES], &policy,
                                &arena, &facts, &err),
                   ERR_UNTRUSTED, err);
    }
}

/* Flipping a bit of the text may only be without effect inside the extra
 * line; a line made unknown leaves the quorum unmet. */
static void every_flipped_bit_of_a_proof_is_refused(void **state)
{
    const struct party *both[] = {&district, &province, NULL};
    static uint8_t note_room[NOTE_MAX];
    static uint8_t room[PROOF_TEXT_MAX];
    struct policy policy = both_needed();
    struct proof proof =
        proof_make(7, note_make(note_room, sizeof(note_room), both));
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct proof_facts facts;

    (void)state;
    proof_format(&proof, &b);
    for (size_t i = 0; i < b.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct proof again;

            room[i] ^= (uint8_t)(1 << bit);
            int rc = proof_parse(buf_span(&b), &again, &err);

            if (rc == 0) {
                rc = proof_verify(&again, &leaves[7], &policy, &arena, &facts,
                                  &err);
            }
            room[i] ^= (uint8_t)(1 << bit);
            assert_true(rc == ERR_MALFORMED || rc == ERR_UNTRUSTED ||
                        rc == ERR_NOTFOUND);
        }
    }
}

static void every_shortened_proof_is_refused(void **state)
{
    const struct party *both[] = {&district, &province, NULL};
    static uint8_t note_room[NOTE_MAX];
    static uint8_t room[PROOF_TEXT_MAX];
    struct policy policy = both_needed();
    struct proof proof =
        proof_make(7, note_make(note_room, sizeof(note_room), both));
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct proof_facts facts;
    struct proof again;

    (void)state;
    proof_format(&proof, &b);
    for (size_t len = 0; len < b.len; len++) {
        assert_true(proof_parse(span_make(room, len), &again, &err) != 0 ||
                    proof_verify(&again, &leaves[7], &policy, &arena, &facts,
                                 &err) != 0);
    }
}

static void an_unknown_origin_is_not_found(void **state)
{
    const struct party *none[] = {NULL};
    uint8_t room[NOTE_MAX];
    struct proof proof = proof_make(0, note_make(room, sizeof(room), none));
    struct policy policy = policy_make("quorum none\n");
    struct error err = {0};
    struct proof_facts facts;
    struct checkpoint c;

    (void)state;
    assert_err(proof_verify(&proof, &leaves[0], &policy, &arena, &facts, &err),
               ERR_NOTFOUND, err);
    assert_ok(proof_verify_log(&proof, &leaves[0], &log_party.vkey, &c, &err),
              err);
    assert_int_equal(c.head.size, LEAVES);
    assert_err(proof_verify_log(&proof, &leaves[1], &log_party.vkey, &c, &err),
               ERR_UNTRUSTED, err);
    assert_err(proof_verify_log(&proof, &leaves[0], &district.vkey, &c, &err),
               ERR_UNTRUSTED, err);
}

static void a_full_arena_is_a_limit_not_a_crash(void **state)
{
    const struct party *none[] = {NULL};
    uint8_t room[NOTE_MAX];
    uint8_t little[64];
    struct proof proof = proof_make(0, note_make(room, sizeof(room), none));
    struct policy policy = both_needed();
    struct policy again;
    struct arena small;
    struct error err = {0};
    struct proof_facts facts;

    (void)state;
    arena_init(&small, little, sizeof(little));
    assert_err(proof_verify(&proof, &leaves[0], &policy, &small, &facts, &err),
               ERR_LIMIT, err);
    assert_err(
        policy_parse(span_str("quorum none\n\n\n\n"), &small, &again, &err),
        ERR_LIMIT, err);
}

static void a_policy_says_which_line_is_wrong(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } bad[] = {
        {"", "no quorum"},
        {"# only a comment\n", "no quorum"},
        {"quorum none", "newline"},
        {"quorum none\nquorum none\n", "line 2"},
        {"quorum q\n", "not defined"},
        {"group q all q\nquorum q\n", "line 1"},
        {"group none any x\nquorum none\n", "taken"},
        {"group q any\nquorum none\n", "no member"},
        {"group q\nquorum none\n", "how many"},
        {"log\nquorum none\n", "no key"},
        {"log junk\nquorum none\n", "NAME+ID+BASE64"},
        {"witness\nquorum none\n", "no name"},
        {"quorum none x\n", "one name"},
        {"quorum\n", "one name"},
        {"allow all\nquorum none\n", "none of log"},
        {"quorum none\r\n", "control"},
        {"quorum none\n\x7f\n", "line 2"},
    };
    struct policy policy;
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        arena_reset(&arena);
        assert_err(policy_parse(span_str(bad[i].text), &arena, &policy, &err),
                   ERR_MALFORMED, err);
        assert_err_says(err, bad[i].says);
    }
}

__attribute__((format(printf, 2, 3))) static void
policy_bad(const char *says, const char *fmt, ...)
{
    static char text[4096];
    struct policy policy;
    struct error err = {0};
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    arena_reset(&arena);
    assert_err(policy_parse(span_str(text), &arena, &policy, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, says);
}

static void a_policy_takes_each_key_once_and_of_the_right_type(void **state)
{
    (void)state;
    policy_bad("type", "log %s\nquorum none\n", district.text);
    policy_bad("type", "witness D %s\nquorum none\n", log_party.text);
    policy_bad("twice", "log %s\nlog %s\nquorum none\n", log_party.text,
               log_party.text);
    policy_bad("twice", "witness D %s\nwitness E %s\nquorum none\n",
               district.text, district.text);
    policy_bad("taken", "witness D %s\nwitness D %s\nquorum none\n",
               district.text, province.text);
    policy_bad("already in a group",
               "witness D %s\ngroup a any D\ngroup b any D\nquorum a\n",
               district.text);
    policy_bad("already in a group",
               "witness D %s\ngroup a any D D\nquorum a\n", district.text);
    policy_bad("1 to 1", "witness D %s\ngroup a 2 D\nquorum a\n",
               district.text);
    policy_bad("1 to 1", "witness D %s\ngroup a 0 D\nquorum a\n",
               district.text);
    policy_bad("1 to 1", "witness D %s\ngroup a 01 D\nquorum a\n",
               district.text);
    policy_bad("url", "log %s https://a.example/ more\nquorum none\n",
               log_party.text);
}

static void a_policy_may_hold_spaces_comments_and_urls(void **state)
{
    struct policy p =
        policy_make("\n \t\n  # a comment\n\tlog\t%s  https://a.example/ \n"
                    "witness \xc4\x90\xe1\xbb\x81 %s https://b.example/\n"
                    "quorum \xc4\x90\xe1\xbb\x81\t\n",
                    log_party.text, district.text);

    (void)state;
    assert_int_equal(p.log_count, 1);
    assert_int_equal(p.witness_count, 1);
    assert_int_equal(p.quorum, 0);
}

static void groups_count_their_members(void **state)
{
    struct policy p = policy_make("witness D %s\nwitness P %s\ngroup d any D\n"
                                  "group q 2 d P\nquorum q\n",
                                  district.text, province.text);
    bool cosigned[2] = {false, false};

    (void)state;
    assert_false(policy_met(&p, cosigned, &arena));
    cosigned[0] = true;
    assert_false(policy_met(&p, cosigned, &arena));
    cosigned[1] = true;
    assert_true(policy_met(&p, cosigned, &arena));
    cosigned[0] = false;
    assert_false(policy_met(&p, cosigned, &arena));

    p = policy_make("witness D %s\nwitness P %s\nquorum P\n", district.text,
                    province.text);
    assert_true(policy_met(&p, cosigned, &arena));
    cosigned[1] = false;
    assert_false(policy_met(&p, cosigned, &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_survives_its_text_and_verifies),
        cmocka_unit_test(every_flipped_bit_of_a_proof_is_refused),
        cmocka_unit_test(every_shortened_proof_is_refused),
        cmocka_unit_test(an_unknown_origin_is_not_found),
        cmocka_unit_test(a_full_arena_is_a_limit_not_a_crash),
        cmocka_unit_test(a_policy_says_which_line_is_wrong),
        cmocka_unit_test(a_policy_takes_each_key_once_and_of_the_right_type),
        cmocka_unit_test(a_policy_may_hold_spaces_comments_and_urls),
        cmocka_unit_test(groups_count_their_members),
    };

    return cmocka_run_group_tests(tests, parties_make, NULL);
}
