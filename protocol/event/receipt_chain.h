/* What the two files behind receipt_verify share: the chain of certificates
 * that was read, and the places of its leaves in logs. */
#ifndef QCDC_PROTOCOL_EVENT_RECEIPT_CHAIN_H
#define QCDC_PROTOCOL_EVENT_RECEIPT_CHAIN_H

#include "protocol/event/receipt.h"
#include "protocol/event/types.h"
#include "protocol/log/policy.h"
#include "qcdc/v1/event.pb-c.h"

/* One certificate of a node. */
struct link_cert {
    const Qcdc__V1__NodeKeys *keys;
    Qcdc__V1__UnitKeys **units;
    size_t units_len;
    uint32_t epoch; /* of its record log; 0 = any (the top node) */
};

/* A node of the chain: keys change, and what each signed stays signed. */
struct link_node {
    uint32_t node;
    struct link_cert certs[RECEIPT_LEAVES_MAX];
    size_t certs_len;
};

struct chain {
    struct receipt_item items[RECEIPT_LEAVES_MAX];
    struct leaf leaves[RECEIPT_LEAVES_MAX];
    size_t len;
    struct link_node nodes[RECEIPT_LEAVES_MAX]; /* [0] the top node */
    size_t nodes_len;
    size_t issuers[RECEIPT_LEAVES_MAX]; /* node of leaf i's log */
    size_t tops;         /* certificates of the top node, one a machine */
    size_t certificates; /* of nodes */
    struct span realm;
    bool demo;
    const Qcdc__V1__ActorCertified *actor; /* NULL: a registrar signed */
    struct arena *arena;
};

/* ERR_UNTRUSTED: leaf i, counted from 0, and why. */
int receipt_distrust(struct error *err, size_t i, const char *why);
/* Zeros if it is no key. */
struct sign_public receipt_key(ProtobufCBinaryData data);
/* Whose log leaf i stands in. */
const struct link_node *chain_node(const struct chain *c, size_t i);

/* receipt_place.c: every leaf stands in the log where it belongs, cosigned by
 * every node above; fills where and by whom of the last one. */
int receipt_places(const struct chain *c, const struct policy *policy,
                   struct receipt_proof *out, struct error *err) MUST_USE;

#endif
