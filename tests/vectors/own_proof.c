/* vectors: own/ kinds tlog-proof and witness. */
#include "tests/vectors/own.h"

#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/log/policy.h"
#include "protocol/log/proof.h"
#include "protocol/log/witness.h"

#define WITNESS_LOGS_MAX 64u

static bool hash_is(const struct hash *hash, const json_t *hex)
{
    char text[65];

    hex_encode(SPAN_OF(hash->bytes), text);
    return hex == NULL ||
           (json_is_string(hex) && strcmp(text, json_string_value(hex)) == 0);
}

static bool number_is(uint64_t number, const json_t *want)
{
    return want == NULL || (json_is_integer(want) &&
                            (uint64_t)json_integer_value(want) == number);
}

static bool text_is(struct span text, const json_t *want)
{
    return want == NULL ||
           (json_is_string(want) &&
            span_equal(text, span_make(json_string_value(want),
                                       json_string_length(want))));
}

static bool cosigned_is(struct run *run, const struct policy *policy,
                        const struct proof_facts *facts, const json_t *want)
{
    if (want == NULL) {
        return true;
    }
    if (json_array_size(want) != facts->cosigned_count) {
        return false;
    }
    for (size_t i = 0; i < facts->cosigned_count; i++) {
        const json_t *item = json_array_get(want, i);
        const struct vkey *key = &policy->witnesses[facts->cosigned[i].witness];
        const char *id = say(run, "%08x", (unsigned)key->id);

        if (!text_is(key->name, json_object_get(item, "name")) ||
            !text_is(span_str(id), json_object_get(item, "id")) ||
            !number_is(facts->cosigned[i].time,
                       json_object_get(item, "time"))) {
            return false;
        }
    }
    return true;
}

static bool extra_is(struct run *run, const struct proof *proof,
                     const json_t *want)
{
    struct error err = {0};
    uint8_t *room = arena_alloc(&run->arena, proof->extra.len + 1);
    size_t len = 0;
    struct span hex;

    return want == NULL || (room != NULL && read_hex(run, want, &hex) &&
                            base64_decode(proof->extra, room, proof->extra.len,
                                          &len, &err) == 0 &&
                            span_equal(span_make(room, len), hex));
}

static const char *facts_check(struct run *run, const struct proof *proof,
                               const struct policy *policy,
                               const struct proof_facts *facts,
                               const json_t *expect)
{
    static const char *const known[] = {"origin", "size",     "index",
                                        "root",   "cosigned", "extra"};
    const struct checkpoint *c = &facts->checkpoint;
    size_t found = 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        found += json_object_get(expect, known[i]) != NULL;
    }
    if (found != json_object_size(expect)) {
        return "expects a fact that is not known here";
    }
    if (!text_is(c->origin, json_object_get(expect, "origin")) ||
        !number_is(c->head.size, json_object_get(expect, "size")) ||
        !number_is(proof->index, json_object_get(expect, "index")) ||
        !hash_is(&c->head.root, json_object_get(expect, "root"))) {
        return "another origin, size, index or root";
    }
    if (!extra_is(run, proof, json_object_get(expect, "extra"))) {
        return "another extra";
    }
    return cosigned_is(run, policy, facts, json_object_get(expect, "cosigned"))
               ? NULL
               : "other cosignatures";
}

const char *own_proof(struct run *run, const json_t *test)
{
    struct proof proof;
    struct policy policy;
    struct proof_facts facts;
    struct error err = {0};
    struct span text;
    struct span policy_text;
    struct span leaf;
    struct hash leaf_hash;
    bool valid = false;

    if (!read_valid(test, &valid) || !read_text(test, "proof", &text) ||
        !read_text(test, "policy", &policy_text)) {
        return "fields missing";
    }
    if (json_object_get(test, "leaf_hex") != NULL) {
        if (!read_hex(run, json_object_get(test, "leaf_hex"), &leaf)) {
            return "leaf_hex is not hex";
        }
        leaf_hash = merkle_leaf(leaf);
    } else if (!read_hash(test, "leaf_hash_hex", &leaf_hash)) {
        return "no leaf";
    }
    bool accepted =
        proof_parse(text, &proof, &err) == 0 &&
        policy_parse(policy_text, &run->arena, &policy, &err) == 0 &&
        proof_verify(&proof, &leaf_hash, &policy, &run->arena, &facts, &err) ==
            0;

    if (valid && names_extension(test)) {
        return accepted ? "accepted an extension line" : TEST_SKIP;
    }
    if (accepted != valid) {
        return accepted ? "accepted" : say(run, "refused: %s", err.text);
    }
    if (!valid) {
        return NULL;
    }
    struct buf b =
        buf_over(arena_alloc(&run->arena, PROOF_TEXT_MAX), PROOF_TEXT_MAX);

    proof_format(&proof, &b);
    if (!span_equal(buf_span(&b), text)) {
        return "written otherwise";
    }
    return facts_check(run, &proof, &policy, &facts,
                       json_object_get(test, "expect"));
}

struct witness_test {
    struct witness_log logs[WITNESS_LOGS_MAX];
    size_t count;
    struct witness self;
    struct sign_secret secret;
};

static const char *witness_set(struct run *run, const json_t *test,
                               struct witness_test *w)
{
    const json_t *logs = json_object_get(test, "logs");
    struct sign_seed seed;
    struct sign_public pub;
    struct error err = {0};
    struct vkey log;
    struct span name;
    struct span seed_hex;
    struct span vkey;

    if (!read_text(test, "witness_name", &name) ||
        !read_text(test, "witness_vkey", &vkey) ||
        !read_text(test, "witness_seed_hex", &seed_hex) ||
        hex_decode(seed_hex, seed.bytes, sizeof(seed.bytes), &err) != 0 ||
        json_array_size(logs) > WITNESS_LOGS_MAX) {
        return "fields missing";
    }
    sign_keys(&seed, &pub, &w->secret);
    w->self.secret = &w->secret;
    if (vkey_parse(vkey, &w->self.key, &err) != 0 ||
        !span_equal(w->self.key.name, name) ||
        memcmp(pub.bytes, w->self.key.key.bytes, sizeof(pub.bytes)) != 0) {
        return say(run, "the witness's key: %s", err.text);
    }
    for (w->count = 0; w->count < json_array_size(logs); w->count++) {
        const char *text = json_string_value(json_array_get(logs, w->count));

        if (text == NULL || vkey_parse(span_str(text), &log, &err) != 0) {
            return say(run, "log %zu: %s", w->count + 1, err.text);
        }
        witness_log_init(&w->logs[w->count], &log);
    }
    return NULL;
}

static struct witness_log *witness_find(struct witness_test *w,
                                        struct span origin)
{
    for (size_t i = 0; i < w->count; i++) {
        if (span_equal(w->logs[i].key.name, origin)) {
            return &w->logs[i];
        }
    }
    return NULL;
}

static const char *witness_do(struct run *run, struct witness_test *w,
                              const json_t *step, size_t number)
{
    struct witness_request *request =
        arena_alloc(&run->arena, sizeof(*request));
    struct witness_answer answer = {.status = WITNESS_MALFORMED};
    struct witness_log *log = NULL;
    uint8_t room[WITNESS_ANSWER_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct span body;
    struct span want_body;
    uint64_t status = 0;
    uint64_t time = 0;

    if (request == NULL || !read_text(step, "request", &body) ||
        !read_text(step, "body", &want_body) ||
        !read_number(step, "status", &status) ||
        !read_number(step, "time", &time)) {
        return say(run, "step %zu: fields missing", number);
    }
    if (witness_parse(body, request, &err) == 0) {
        log = witness_find(w, request->checkpoint.origin);
        witness_step(&w->self, request, log, time, &answer, &err);
        witness_answer_put(&w->self, &answer, log, &b);
    }
    if (answer.status != status) {
        return say(run, "step %zu: status %u, not %u: %s", number,
                   answer.status, (unsigned)status, err.text);
    }
    if (!span_equal(buf_span(&b), want_body)) {
        return say(run, "step %zu: another body", number);
    }
    if (answer.status == WITNESS_OK) {
        *log = answer.log;
    }
    return NULL;
}

const char *own_witness(struct run *run, const json_t *test)
{
    struct witness_test *w = arena_alloc(&run->arena, sizeof(*w));
    const json_t *steps = json_object_get(test, "steps");
    const char *why = w == NULL ? "no memory" : witness_set(run, test, w);

    if (why == NULL && json_array_size(steps) == 0) {
        why = "no steps";
    }
    for (size_t i = 0; why == NULL && i < json_array_size(steps); i++) {
        size_t mark = run->arena.used;

        why = witness_do(run, w, json_array_get(steps, i), i + 1);
        if (why == NULL) {
            arena_rewind(&run->arena, mark);
        }
    }
    return why;
}
