/* protocol/event: where the leaves of a receipt stand.
 *
 * Owns the places: each leaf's proof in the log where such a leaf belongs,
 * every signature line by a key of the chain or of the policy, every node above
 * among the cosigners. Must never take a line that nobody in the chain or the
 * policy made. Read before: receipt_verify.c, the chain.
 */
#include "protocol/event/receipt_chain.h"

#include <string.h>

#include "protocol/log/checkpoint.h"
#include "protocol/log/merkle.h"
#include "protocol/log/note.h"
#include "protocol/log/proof.h"

#define KEYS_MAX (RECEIPT_LEAVES_MAX + 1u)

/* Keys whose lines a proof may carry: mirrors of the chain and the policy. */
struct keyring {
    struct vkey *keys; /* [0] is the log's own, set for each leaf */
    size_t len;
    size_t owners[KEYS_MAX]; /* 1 + node of the chain whose mirror it is */
};

/* The owner of a key that was put in before stays. */
static void ring_add(struct keyring *ring, const struct vkey *key, size_t owner)
{
    for (size_t i = 1; i < ring->len; i++) {
        if (vkey_equal(&ring->keys[i], key)) {
            return;
        }
    }
    if (ring->len < KEYS_MAX) {
        ring->owners[ring->len] = owner;
    }
    ring->keys[ring->len++] = *key;
}

static bool ring_owns(const struct keyring *ring, size_t key, size_t node)
{
    return key < KEYS_MAX && ring->owners[key] == node + 1;
}

static int mirrors_add(const struct chain *c, size_t at, struct keyring *ring,
                       struct error *err)
{
    const struct link_node *node = &c->nodes[at];
    uint8_t *memory = arena_alloc(c->arena, ORIGIN_MAX);
    struct buf name = buf_over(memory, ORIGIN_MAX);

    if (memory == NULL) {
        return error_set(err, ERR_LIMIT, "memory of the turn is full");
    }
    buf_put(&name, c->realm);
    buf_put_fmt(&name, "/%u/mirror", node->node);
    for (size_t i = 0; i < node->certs_len; i++) {
        struct sign_public key = receipt_key(node->certs[i].keys->mirror_key);
        struct vkey vkey;

        if (vkey_make(buf_span(&name), VKEY_COSIGNATURE, &key, &vkey, err) !=
            0) {
            return err->code;
        }
        ring_add(ring, &vkey, at + 1);
    }
    return 0;
}

static int ring_make(const struct chain *c, const struct policy *policy,
                     struct keyring *ring, struct error *err)
{
    ring->keys = arena_array(c->arena, KEYS_MAX + policy->witness_count,
                             sizeof(struct vkey));
    ring->len = 1;
    if (ring->keys == NULL) {
        return error_set(err, ERR_LIMIT, "memory of the turn is full");
    }
    for (size_t i = 0; i < c->nodes_len; i++) {
        if (mirrors_add(c, i, ring, err) != 0) {
            return err->code;
        }
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        ring_add(ring, &policy->witnesses[i], 0);
    }
    return 0;
}

/* The epoch of <realm>/<node>[/dir]/e<epoch>; 0: it is another origin. */
static uint32_t origin_epoch(struct span origin, const struct chain *c,
                             uint32_t node, bool dir)
{
    uint8_t memory[ORIGIN_MAX];
    struct buf b = buf_over(memory, sizeof(memory));
    uint64_t epoch = 0;

    buf_put(&b, c->realm);
    buf_put_fmt(&b, "/%u%s/e", node, dir ? "/dir" : "");
    if (origin.len <= b.len || origin.len > b.len + 10 ||
        memcmp(origin.ptr, b.ptr, b.len) != 0 || origin.ptr[b.len] == '0') {
        return 0;
    }
    for (size_t i = b.len; i < origin.len; i++) {
        if (origin.ptr[i] < '0' || origin.ptr[i] > '9') {
            return 0;
        }
        epoch = epoch * 10 + (origin.ptr[i] - '0');
    }
    return epoch > UINT32_MAX ? 0 : (uint32_t)epoch;
}

static bool has_line(const struct note *note, const struct vkey *key)
{
    for (size_t i = 0; i < note->line_count; i++) {
        if (note->lines[i].id == key->id &&
            span_equal(note->lines[i].name, key->name)) {
            return true;
        }
    }
    return false;
}

/* The key of the log out->name, as a certificate of its node has it: that of
 * the line, if there are several. False: none is for this epoch. */
static bool log_key(const struct chain *c, size_t i, uint32_t epoch,
                    const struct note *note, struct vkey *out)
{
    const struct link_node *node = chain_node(c, i);
    bool dir = i < c->certificates;
    bool any = false;

    for (size_t k = 0; k < node->certs_len; k++) {
        const struct link_cert *cert = &node->certs[k];
        struct sign_public key =
            receipt_key(dir ? cert->keys->dir_log_key : cert->keys->log_key);
        struct error ignored = {0};
        struct vkey found;

        if ((!dir && cert->epoch != 0 && cert->epoch != epoch) ||
            vkey_make(out->name, VKEY_ED25519, &key, &found, &ignored) != 0) {
            continue;
        }
        if (!any || has_line(note, &found)) {
            *out = found;
        }
        any = true;
    }
    return any;
}

/* A place found: the log's head, and who cosigned it. */
struct place {
    struct checkpoint checkpoint;
    uint32_t epoch;
    uint64_t index;
    struct note_verified lines[NOTE_LINES_MAX];
    size_t lines_len;
};

static int place_verify(const struct chain *c, size_t i, struct keyring *ring,
                        struct place *out, struct error *err)
{
    struct proof proof;
    struct note note;
    struct span origin;
    bool dir = i < c->certificates;
    const struct link_node *node = chain_node(c, i);
    struct hash hash = merkle_leaf(c->items[i].leaf);

    if (proof_parse(c->items[i].proof, &proof, err) != 0 ||
        checkpoint_origin(proof.note, &origin, err) != 0 ||
        note_parse(proof.note, &note, err) != 0) {
        return err->code;
    }
    if (proof.extra.ptr != NULL) {
        return error_set(err, ERR_MALFORMED,
                         "an extra line is not part of a receipt");
    }
    out->epoch = origin_epoch(origin, c, node->node, dir);
    ring->keys[0].name = origin;
    if (out->epoch == 0 || !log_key(c, i, out->epoch, &note, &ring->keys[0])) {
        return error_set(err, ERR_UNTRUSTED,
                         "its proof is of a log where it does not belong");
    }
    if (note_verify(&note, ring->keys, ring->len, out->lines, &out->lines_len,
                    err) != 0) {
        return err->code;
    }
    if (out->lines_len != note.line_count || out->lines[0].key != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "a signature line is by nobody in the chain or the "
                         "policy");
    }
    if (checkpoint_of_log(note.text, &ring->keys[0], &out->checkpoint, err) !=
        0) {
        return err->code;
    }
    out->index = proof.index;
    return merkle_verify_inclusion(proof.index, &out->checkpoint.head, &hash,
                                   &proof.path, err);
}

/* Every node of the chain above the one whose log it is has cosigned. */
static int superiors_judge(const struct chain *c, size_t i,
                           const struct place *place,
                           const struct keyring *ring, struct error *err)
{
    for (size_t above = 0; above < c->issuers[i]; above++) {
        bool found = false;

        for (size_t k = 1; k < place->lines_len; k++) {
            found = found || ring_owns(ring, place->lines[k].key, above);
        }
        if (!found) {
            return error_set(err, ERR_UNTRUSTED,
                             "node %u, which is above, has not cosigned it",
                             c->nodes[above].node);
        }
    }
    return 0;
}

/* Is it a mirror key of the top node? */
static bool is_own(const struct keyring *ring, const struct vkey *key)
{
    for (size_t i = 1; i < ring->len; i++) {
        if (ring_owns(ring, i, 0) && vkey_equal(&ring->keys[i], key)) {
            return true;
        }
    }
    return false;
}

/* The policy's quorum among the lines of a place; its log, if it names it.
 * `own`: nobody is above the node, and what the top node signed into its log
 * it also holds. */
static int policy_judge(const struct policy *policy, const struct place *place,
                        const struct keyring *ring, bool own,
                        struct arena *arena, struct error *err)
{
    bool *cosigned =
        arena_array(arena, policy->witness_count + 1, sizeof(bool));
    size_t log = policy_find_log(policy, place->checkpoint.origin, 0);
    bool named = log < policy->log_count;
    bool known = false;

    if (cosigned == NULL) {
        return error_set(err, ERR_LIMIT, "memory of the turn is full");
    }
    while (log < policy->log_count) {
        known = known || vkey_equal(&policy->logs[log], &ring->keys[0]);
        log = policy_find_log(policy, place->checkpoint.origin, log + 1);
    }
    if (named && !known) {
        return error_set(err, ERR_UNTRUSTED,
                         "the policy knows this log by another key");
    }
    for (size_t w = 0; w < policy->witness_count; w++) {
        cosigned[w] = own && is_own(ring, &policy->witnesses[w]);
        for (size_t i = 0; i < place->lines_len; i++) {
            cosigned[w] =
                cosigned[w] || vkey_equal(&ring->keys[place->lines[i].key],
                                          &policy->witnesses[w]);
        }
    }
    if (!policy_met(policy, cosigned, arena)) {
        return error_set(err, ERR_UNTRUSTED,
                         "its cosignatures do not meet the policy's quorum");
    }
    return 0;
}

int receipt_places(const struct chain *c, const struct policy *policy,
                   struct receipt_proof *out, struct error *err)
{
    struct keyring ring = {0};
    struct place place = {0};
    struct place actor = {0};
    bool own = c->nodes_len == 1;

    if (ring_make(c, policy, &ring, err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < c->len; i++) {
        bool record_log = i >= c->certificates;

        if (place_verify(c, i, &ring, &place, err) != 0 ||
            (record_log &&
             policy_judge(policy, &place, &ring, own, c->arena, err) != 0) ||
            superiors_judge(c, i, &place, &ring, err) != 0) {
            return error_wrap(err, "leaf %zu of the receipt", i + 1);
        }
        if (i < c->tops && place.index != 0) {
            return receipt_distrust(err, i,
                                    "does not open the top directory log");
        }
        if (record_log && i + 1 < c->len) {
            actor = place;
        }
    }
    if (c->actor != NULL &&
        (actor.epoch > place.epoch ||
         (actor.epoch == place.epoch && actor.index >= place.index))) {
        return receipt_distrust(err, c->len - 1,
                                "the official was certified after the event");
    }
    out->origin = place.checkpoint.origin;
    out->index = place.index;
    out->size = place.checkpoint.head.size;
    for (size_t i = 1;
         i < place.lines_len && out->cosigners_len < RECEIPT_COSIGNERS_MAX;
         i++) {
        out->cosigners[out->cosigners_len++] = (struct receipt_cosigner){
            ring.keys[place.lines[i].key].name, place.lines[i].time};
    }
    return 0;
}
