/* protocol/event: what a receipt proves, from the realm's root key down.
 *
 * Owns the chain: each certificate names the key that signed the next leaf.
 * Nothing of a leaf is believed before its signature held. Never looks at the
 * clock: a revocation after the event is not in it. Next: receipt_place.c, the
 * places of the leaves in logs.
 */
#include <string.h>

#include "protocol/event/receipt_chain.h"

#define RIGHTS_ALL 15u

int receipt_distrust(struct error *err, size_t i, const char *why)
{
    error_set(err, ERR_UNTRUSTED, "leaf %zu of the receipt: %s", i + 1, why);
    return ERR_UNTRUSTED;
}

static struct span bytes_of(ProtobufCBinaryData data)
{
    return span_make(data.data, data.len);
}

struct sign_public receipt_key(ProtobufCBinaryData data)
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
        return receipt_distrust(err, i, "is another event than belongs there");
    }
    return 0;
}

/* One of the root key's words: the first says which realm and node, others
 * are of other machines that led it. */
static int top_read(struct chain *c, size_t i, const struct sign_public *root,
                    struct error *err)
{
    struct link_node *top = &c->nodes[0];
    const struct event_type *type;
    const struct ProtobufCMessage *facts;
    int rc = leaf_read(c, i, EVENT_TOP_NODE_CERTIFIED, &type, &facts, err);

    if (rc != 0) {
        return rc;
    }
    if (!leaf_verify(&c->leaves[i], root)) {
        return receipt_distrust(err, i,
                                "is not signed by the realm's root key");
    }

    const Qcdc__V1__TopNodeCertified *m =
        (const Qcdc__V1__TopNodeCertified *)facts;

    if (i > 0 &&
        (m->node != top->node || !span_equal(c->realm, bytes_of(m->realm)))) {
        return receipt_distrust(err, i, "is of another node or realm");
    }
    c->realm = bytes_of(m->realm);
    c->demo = m->demo;
    top->node = m->node;
    top->certs[top->certs_len++] =
        (struct link_cert){m->keys, m->units, m->n_units, m->epoch};
    c->nodes_len = 1;
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

/* By the administration key of one of the node's certificates. */
static bool admin_signed(const struct link_node *node, const struct leaf *leaf)
{
    for (size_t i = 0; i < node->certs_len; i++) {
        struct sign_public key = receipt_key(node->certs[i].keys->admin_key);

        if (leaf_verify(leaf, &key)) {
            return true;
        }
    }
    return false;
}

/* Another certificate of the lowest node so far, or the first of one below
 * it. */
static int node_add(struct chain *c, size_t i, const Qcdc__V1__NodeCertified *m,
                    struct error *err)
{
    bool again = c->nodes_len > 1 && m->node == c->nodes[c->nodes_len - 1].node;
    size_t issuer = c->nodes_len - (again ? 2 : 1);
    struct link_node *node = &c->nodes[issuer + 1];

    if (c->leaves[i].header.node != c->nodes[issuer].node ||
        !admin_signed(&c->nodes[issuer], &c->leaves[i])) {
        return receipt_distrust(
            err, i,
            "is not signed by the administration key of the node "
            "above");
    }
    if (!again) {
        node->node = m->node;
        node->certs_len = 0;
        c->nodes_len++;
    }
    node->certs[node->certs_len++] =
        (struct link_cert){m->keys, m->units, m->n_units, m->epoch};
    c->issuers[i] = issuer;
    return 0;
}

/* NodeCertified down the tree, as long as there are any before the event. */
static int nodes_read(struct chain *c, struct error *err)
{
    for (size_t i = c->tops; i + 1 < c->len; i++) {
        const struct event_type *type;
        const struct ProtobufCMessage *facts;
        int rc = leaf_read(c, i, 0, &type, &facts, err);

        if (rc == 0 && type->number != EVENT_NODE_CERTIFIED) {
            break;
        }
        rc = rc != 0
                 ? rc
                 : node_add(c, i, (const Qcdc__V1__NodeCertified *)facts, err);
        if (rc != 0) {
            return rc;
        }
        c->certificates++;
    }
    for (size_t i = c->certificates; i < c->len; i++) {
        c->issuers[i] = c->nodes_len - 1;
    }
    return 0;
}

static bool registrar_of(const struct link_cert *cert, const struct leaf *leaf)
{
    for (size_t i = 0; i < cert->units_len; i++) {
        if (cert->units[i]->unit != leaf->header.unit) {
            continue;
        }
        for (size_t k = 0; k < cert->units[i]->n_registrar_keys; k++) {
            struct sign_public key =
                receipt_key(cert->units[i]->registrar_keys[k]);

            if (leaf_verify(leaf, &key)) {
                return true;
            }
        }
    }
    return false;
}

static bool registrar_signed(const struct link_node *node,
                             const struct leaf *leaf)
{
    for (size_t i = 0; i < node->certs_len; i++) {
        if (registrar_of(&node->certs[i], leaf)) {
            return true;
        }
    }
    return false;
}

/* Whose log leaf i stands in. */
const struct link_node *chain_node(const struct chain *c, size_t i)
{
    return &c->nodes[c->issuers[i]];
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
        return receipt_distrust(err, i, "is not a certificate of the chain");
    }

    int rc = leaf_read(c, i, EVENT_ACTOR_CERTIFIED, &type, &facts, err);

    if (rc != 0) {
        return rc;
    }
    if (c->leaves[i].header.node != chain_node(c, i)->node ||
        !registrar_signed(chain_node(c, i), &c->leaves[i])) {
        return receipt_distrust(err, i,
                                "is not signed by a registrar of the unit");
    }
    c->actor = (const Qcdc__V1__ActorCertified *)facts;
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
        return receipt_distrust(err, i, "directory events have no receipt");
    }
    if (leaf->header.node != chain_node(c, i)->node) {
        return receipt_distrust(err, i,
                                "is not of the node that was certified");
    }
    if (c->actor == NULL) {
        if (!registrar_signed(chain_node(c, i), leaf)) {
            return receipt_distrust(err, i,
                                    "is not signed by a registrar of the unit");
        }
        out->registrar = true;
        out->rights = RIGHTS_ALL;
        return 0;
    }

    struct sign_public key = receipt_key(c->actor->actor_key);

    if (type->signer != EVENT_SIGNER_ACTOR || !leaf_verify(leaf, &key)) {
        return receipt_distrust(err, i,
                                "is not signed by the certified official");
    }
    if (leaf->header.unit != c->actor->unit) {
        return receipt_distrust(err, i,
                                "the official is certified for another unit");
    }
    if (lacks_right(type, facts, leaf, c->actor->rights)) {
        return receipt_distrust(err, i,
                                "the official does not hold the right for it");
    }
    out->rights = c->actor->rights;
    out->post = bytes_of(c->actor->post);
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
        receipt_places(c, &policy, &proof, err) != 0) {
        return err->code;
    }
    proof.event = c->leaves[c->len - 1];
    proof.realm = c->realm;
    proof.demo = c->demo;
    *out = proof;
    return 0;
}
