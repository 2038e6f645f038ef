/* fuzz: any bytes as a tlog-proof, as evidence and as a policy. What parses
 * is written back byte for byte, and verification ends in a verdict. */
#include <stdlib.h>

#include "protocol/log/evidence.h"
#include "protocol/log/policy.h"
#include "protocol/log/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t memory[1u << 20];

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void try_proof(struct span bytes, struct arena *arena,
                      const struct policy *policy)
{
    static uint8_t room[PROOF_TEXT_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct hash leaf = {{0}};
    struct proof proof;
    struct proof_facts facts;

    if (proof_parse(bytes, &proof, &err) != 0) {
        check(err.text[0] != '\0');
        return;
    }
    proof_format(&proof, &b);
    check(!b.overflow && span_equal(buf_span(&b), bytes));
    if (policy != NULL &&
        proof_verify(&proof, &leaf, policy, arena, &facts, &err) == 0) {
        check(proof.index < facts.checkpoint.head.size);
    }
}

static void try_evidence(struct span bytes)
{
    static uint8_t room[EVIDENCE_TEXT_MAX + 64];
    static const struct sign_seed seed = {{1}};
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct evidence evidence;
    struct evidence_facts facts;
    struct sign_public pub;
    struct sign_secret secret;
    struct vkey log;

    if (evidence_parse(bytes, &evidence, &err) != 0) {
        check(err.text[0] != '\0');
        return;
    }
    evidence_format(&evidence, &b);
    check(!b.overflow && span_equal(buf_span(&b), bytes));
    sign_keys(&seed, &pub, &secret);
    check(vkey_make(span_str("a/e1"), VKEY_ED25519, &pub, &log, &err) == 0);
    if (evidence_verify(&evidence, &log, &facts, &err) != 0) {
        check(err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct error err = {0};
    struct policy policy;
    struct arena arena;
    bool has_policy = false;
    bool cosigned[64] = {false};

    check(crypto_start(&err) == 0);
    arena_init(&arena, memory, sizeof(memory));
    if (policy_parse(span_make(data, len), &arena, &policy, &err) == 0) {
        has_policy = true;
        if (policy.witness_count <= 64) {
            (void)policy_met(&policy, cosigned, &arena);
        }
    }
    try_proof(span_make(data, len), &arena, has_policy ? &policy : NULL);
    try_evidence(span_make(data, len));
    arena_reset(&arena);
    if (policy_parse(span_str("quorum none\n"), &arena, &policy, &err) == 0) {
        try_proof(span_make(data, len), &arena, &policy);
    }
    arena_release(&arena);
    return 0;
}
