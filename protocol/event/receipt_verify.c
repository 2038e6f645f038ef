/* protocol/event: what a receipt proves, from the realm's root key down.
 *
 * First the chain: each certificate names the key that signed the next leaf.
 * Then the places: each leaf's proof in the log where such a leaf belongs,
 * every signature line by a key of the chain or of the policy. Nothing of a
 * leaf is believed before its signature held. Never looks at the clock: a
 * revocation after the event is not in it.
 */
#include <string.h>

#include "protocol/event/receipt.h"
#include "protocol/event/types.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/merkle.h"
#include "protocol/log/note.h"
#include "protocol/log/policy.h"
#include "protocol/log/proof.h"
#include "qcdc/v1/event.pb-c.h"

#define RIGHTS_ALL 15u
#define KEYS_MAX (RECEIPT_LEAVES_MAX + 1u)

/* A node of the chain, by its newest certificate in the receipt. */
struct link_node {
    uint32_t node;
    const Qcdc__V1__NodeKeys *keys;
    Qcdc__V1__UnitKeys **units;
    size_t units_len;
    uint32_t epoch; /* of its record log; 0 = any (the top node) */
};

struct chain {
    struct receipt_item items[RECEIPT_LEAVES_MAX];
    struct leaf leaves[RECEIPT_LEAVES_MAX];
    size_t len;
    struct link_node issuers[RECEIPT_LEAVES_MAX]; /* of leaf i's log */
    size_t tops;         /* certificates of the top node, one a machine */
    size_t certificates; /* of nodes */
    struct span realm;
    bool demo;
    const Qcdc__V1__ActorCertified *actor; /* NULL: a registrar signed */
    struct arena *arena;
};

static int distrust(struct error *err, size_t i, const char *why)
{
    error_set(err, ERR_UNTRUSTED, "leaf %zu of the receipt: %s", i + 1, why);
    return ERR_UNTRUSTED;
}

static struct span bytes_of(ProtobufCBinaryData data)
{
    return span_make(data.data, data.len);
}

static struct sign_public key_of(ProtobufCBinaryData data)
{
    struct sign_public key = {{0}};

    if (data.len == sizeof(key.bytes)) {
        memcpy(key.bytes, data.data, sizeof(key.bytes));
    }
    return key;
}

/* ---- the chain
 * ----------------------------------------------------------------- */

/* Leaf i by the rules of its type, which must have this number (0: any). */
static int leaf_read(struct chain *c, size_t i, uint32_t number,
                     const struct event_type **type,
                     const struct ProtobufCMessage **facts, struct error *err)
{
    enum event_reading reading = EVENT_READ_NOT_UNDERSTOOD;
    int rc = leaf_parse(c->items[i].leaf, &c->leaves[i], err);

    if (rc == 0) {
        rc = event_read(&c->leaves[i], c->arena, &reading, type, facts, err);
    }
    if (rc == 0 && reading != EVENT_READ_FINE) {
        err->code = ERR_UNTRUSTED;
        rc = ERR_UNTRUSTED;
    }
    if (rc != 0) {
        error_wrap(err, "leaf %zu of the receipt", i + 1);
        return rc;
    }
    if (number != 0 && (*type)->number != number) {
        return distrust(err, i, "is another event than belongs there");
    }
    return 0;
}

/* One of the root key's words: the first says which realm and node, others
 * are of other machines that led it; the last one is the one that the next
 * certificate, or the event, rests on. */
static int top_read(struct chain *c, size_t i, const struct sign_public *root,
                    struct error *err)
{
    const struct event_type *type;
    const struct ProtobufCMessage *facts;
    int rc = leaf_read(c, i, EVENT_TOP_NODE_CERTIFIED, &type, &facts, err);

    if (rc != 0) {
        return rc;
    }
    if (!leaf_verify(&c->leaves[i], root)) {
        return distrust(err, i, "is not signed by the realm's root key");
    }

    const Qcdc__V1__TopNodeCertified *m =
        (const Qcdc__V1__TopNodeCertified *)facts;

    if (i > 0 && (m->node != c->issuers[0].node ||
                  !span_equal(c->realm, bytes_of(m->realm)))) {
        return distrust(err, i, "is of another node or realm");
    }
    c->realm = bytes_of(m->realm);
    c->demo = m->demo;
    c->issuers[i] =
        (struct link_node){m->node, m->keys, m->units, m->n_units, m->epoch};
    c->issuers[i + 1] = c->issuers[i];
    c->tops = i + 1;
    c->certificates = i + 1;
    return 0;
}

static int root_read(struct chain *c, const struct sign_public *root,
                     struct error *err)
{
    int rc = top_read(c, 0, root, err);

    for (size_t i = 1; rc == 0 && i + 1 < c->len; i++) {
        struct leaf leaf;
        struct error ignored = {0};

        if (leaf_parse(c->items[i].leaf, &leaf, &ignored) != 0 ||
            !leaf.understood || leaf.header.type != EVENT_TOP_NODE_CERTIFIED) {
            break;
        }
        rc = top_read(c, i, root, err);
    }
    return rc;
}

/* NodeCertified down the tree, as long as there are any before the event. */
static int nodes_read(struct chain *c, struct error *err)
{
    for (size_t i = c->tops; i + 1 < c->len; i++) {
        const struct event_type *type;
        const struct ProtobufCMessage *facts;
        const struct link_node *issuer = &c->issuers[i];

        int rc = leaf_read(c, i, 0, &type, &facts, err);

        if (rc != 0) {
            return rc;
        }
        if (type->number != EVENT_NODE_CERTIFIED) {
            return 0;
        }

        const Qcdc__V1__NodeCertified *m =
            (const Qcdc__V1__NodeCertified *)facts;
        struct sign_public admin = key_of(issuer->keys->admin_key);

        if (c->leaves[i].header.node != issuer->node ||
            !leaf_verify(&c->leaves[i], &admin)) {
            return distrust(err, i,
                            "is not signed by the administration key of the "
                            "node above");
        }
        c->issuers[i + 1] = (struct link_node){m->node, m->keys, m->units,
                                               m->n_units, m->epoch};
        c->certificates++;
    }
    return 0;
}

static bool registrar_signed(const struct link_node *node,
                             const struct leaf *leaf)
{
    for (size_t i = 0; i < node->units_len; i++) {
        if (node->units[i]->unit != leaf->header.unit) {
            continue;
        }
        for (size_t k = 0; k < node->units[i]->n_registrar_keys; k++) {
            struct sign_public key = key_of(node->units[i]->registrar_keys[k]);

            if (leaf_verify(leaf, &key)) {
                return true;
            }
        }
    }
    return false;
}

/* ActorCertified, if there is one, between the nodes and the event. */
static int actor_read(struct chain *c, struct error *err)
{
    size_t i = c->certificates;
    const struct event_type *type;
    const struct ProtobufCMessage *facts;

    if (i + 1 == c->len) {
        return 0;
    }
    if (i + 2 != c->len) {
        return distrust(err, i, "is not a certificate of the chain");
    }

    int rc = leaf_read(c, i, EVENT_ACTOR_CERTIFIED, &type, &facts, err);

    if (rc != 0) {
        return rc;
    }
    if (c->leaves[i].header.node != c->issuers[i].node ||
        !registrar_signed(&c->issuers[i], &c->leaves[i])) {
        return distrust(err, i, "is not signed by a registrar of the unit");
    }
    c->actor = (const Qcdc__V1__ActorCertified *)facts;
    c->issuers[i + 1] = c->issuers[i];
    return 0;
}

/* A later act does not say whether its petition is a denunciation: there one
 * right of the two is as far as a receipt can tell. */
static bool lacks_right(const struct event_type *type,
                        const struct ProtobufCMessage *facts,
                        const struct leaf *leaf, uint32_t rights)
{
    uint32_t lacks = event_lacks(type, rights);

    if (event_denounces(type, facts)) {
        return (lacks & LACKS_DENUNCIATION) != 0;
    }
    return leaf->header.has_subject ? lacks == LACKS_ALL
                                    : (lacks & LACKS_ORDINARY) != 0;
}

static int event_judge(struct chain *c, struct receipt_proof *out,
                       struct error *err)
{
    size_t i = c->len - 1;
    const struct event_type *type;
    const struct ProtobufCMessage *facts;

    int rc = leaf_read(c, i, 0, &type, &facts, err);

    if (rc != 0) {
        return rc;
    }

    const struct leaf *leaf = &c->leaves[i];

    if (type->log != EVENT_LOG_RECORD) {
        return distrust(err, i, "directory events have no receipt");
    }
    if (leaf->header.node != c->issuers[i].node) {
        return distrust(err, i, "is not of the node that was certified");
    }
    if (c->actor == NULL) {
        if (!registrar_signed(&c->issuers[i], leaf)) {
            return distrust(err, i, "is not signed by a registrar of the unit");
        }
        out->registrar = true;
        out->rights = RIGHTS_ALL;
        return 0;
    }

    struct sign_public key = key_of(c->actor->actor_key);

    if (type->signer != EVENT_SIGNER_ACTOR || !leaf_verify(leaf, &key)) {
        return distrust(err, i, "is not signed by the certified official");
    }
    if (leaf->header.unit != c->actor->unit) {
        return distrust(err, i, "the official is certified for another unit");
    }
    if (lacks_right(type, facts, leaf, c->actor->rights)) {
        return distrust(err, i, "the official does not hold the right for it");
    }
    out->rights = c->actor->rights;
    out->post = bytes_of(c->actor->post);
    return 0;
}

/* ---- places in logs
 * -------------------------------------------------------------- */

/* Keys whose lines a proof may carry: mirrors of the chain and the policy. */
struct keyring {
    struct vkey *keys; /* [0] is the log's own, set for each leaf */
    size_t len;
    size_t mirrors[RECEIPT_LEAVES_MAX]; /* the key of the chain's node i */
};

/* Its place in the ring. */
static size_t ring_add(struct keyring *ring, const struct vkey *key)
{
    for (size_t i = 1; i < ring->len; i++) {
        if (vkey_equal(&ring->keys[i], key)) {
            return i;
        }
    }
    ring->keys[ring->len] = *key;
    return ring->len++;
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
    for (size_t i = 0; i <= c->certificates; i++) {
        const struct link_node *node = &c->issuers[i];
        struct sign_public key = key_of(node->keys->mirror_key);
        uint8_t *memory = arena_alloc(c->arena, ORIGIN_MAX);
        struct vkey vkey;

        if (memory == NULL) {
            return error_set(err, ERR_LIMIT, "memory of the turn is full");
        }

        struct buf name = buf_over(memory, ORIGIN_MAX);

        buf_put(&name, c->realm);
        buf_put_fmt(&name, "/%u/mirror", node->node);
        if (vkey_make(buf_span(&name), VKEY_COSIGNATURE, &key, &vkey, err) !=
            0) {
            return err->code;
        }
        ring->mirrors[i] = ring_add(ring, &vkey);
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        (void)ring_add(ring, &policy->witnesses[i]);
    }
    return 0;
}

/* <realm>/<node>[/dir]/e<epoch>, where epoch 0 stands for any. */
static bool origin_is(struct span origin, const struct chain *c,
                      const struct link_node *node, bool dir)
{
    uint8_t memory[ORIGIN_MAX];
    struct buf b = buf_over(memory, sizeof(memory));
    uint32_t epoch = dir ? 0 : node->epoch;

    buf_put(&b, c->realm);
    buf_put_fmt(&b, "/%u%s/e", node->node, dir ? "/dir" : "");
    if (epoch != 0) {
        buf_put_fmt(&b, "%u", epoch);
        return span_equal(buf_span(&b), origin);
    }
    if (origin.len <= b.len || memcmp(origin.ptr, b.ptr, b.len) != 0 ||
        origin.ptr[b.len] == '0') {
        return false;
    }
    for (size_t i = b.len; i < origin.len; i++) {
        if (origin.ptr[i] < '0' || origin.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

/* A place found: the log's head, and who cosigned it. */
struct place {
    struct checkpoint checkpoint;
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
    const struct link_node *node = &c->issuers[i];
    struct sign_public key =
        key_of(dir ? node->keys->dir_log_key : node->keys->log_key);
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
    if (!origin_is(origin, c, node, dir)) {
        return error_set(err, ERR_UNTRUSTED,
                         "its proof is of a log where it does not belong");
    }
    if (vkey_make(origin, VKEY_ED25519, &key, &ring->keys[0], err) != 0 ||
        note_verify(&note, ring->keys, ring->len, out->lines, &out->lines_len,
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
    size_t depth = i < c->certificates ? i : c->certificates;

    for (size_t above = c->tops; above < depth; above++) {
        bool found = false;

        /* Of the top node any of its machines. */
        for (size_t at = above == c->tops ? 0 : above; at <= above; at++) {
            for (size_t k = 1; k < place->lines_len; k++) {
                found = found || place->lines[k].key == ring->mirrors[at];
            }
        }
        if (!found) {
            return error_set(err, ERR_UNTRUSTED,
                             "node %u, which is above, has not cosigned it",
                             c->issuers[above].node);
        }
    }
    return 0;
}

/* The policy's quorum among the lines of a place; its log, if it names it.
 * `own` is the key of the node's own mirror if nobody is above the node (else
 * 0): what the top node signed into its log it also holds. */
static int policy_judge(const struct policy *policy, const struct place *place,
                        const struct keyring *ring, size_t own,
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
        cosigned[w] =
            own != 0 && vkey_equal(&ring->keys[own], &policy->witnesses[w]);
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

static int places_verify(const struct chain *c, const struct policy *policy,
                         struct receipt_proof *out, struct error *err)
{
    struct keyring ring = {0};
    struct place place = {0};
    uint64_t actor_index = 0;
    size_t own = 0;

    if (ring_make(c, policy, &ring, err) != 0) {
        return err->code;
    }
    if (c->certificates == c->tops) {
        own = ring.mirrors[c->tops];
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
            return distrust(err, i, "does not open the top directory log");
        }
        if (record_log && i + 1 < c->len) {
            actor_index = place.index;
        }
    }
    if (c->actor != NULL && actor_index >= place.index) {
        return distrust(err, c->len - 1,
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

int receipt_verify(struct span text, const struct sign_public *root,
                   struct span policy_text, struct arena *arena,
                   struct receipt_proof *out, struct error *err)
{
    struct chain *c = arena_alloc(arena, sizeof(*c));
    struct policy policy;
    struct receipt_proof proof = {0};

    if (c == NULL) {
        return error_set(err, ERR_LIMIT, "memory of the turn is full");
    }
    if (policy_parse(policy_text, arena, &policy, err) != 0) {
        return error_wrap(err, "policy");
    }
    c->arena = arena;
    c->len = RECEIPT_LEAVES_MAX;
    if (receipt_parse(text, arena, c->items, &c->len, err) != 0) {
        return err->code;
    }
    if (c->len < 2) {
        return error_set(err, ERR_MALFORMED,
                         "a receipt has a root certificate and an event");
    }
    if (root_read(c, root, err) != 0 || nodes_read(c, err) != 0 ||
        actor_read(c, err) != 0 || event_judge(c, &proof, err) != 0 ||
        places_verify(c, &policy, &proof, err) != 0) {
        return err->code;
    }
    proof.event = c->leaves[c->len - 1];
    proof.realm = c->realm;
    proof.demo = c->demo;
    *out = proof;
    return 0;
}
