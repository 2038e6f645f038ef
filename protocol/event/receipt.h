/* The citizen's receipt: an event with everything that proves it, as one text
 * (formats.md 8). Needs only the realm's root key and a policy to check.
 *
 *     qcdc/receipt/v1
 *     leaf BASE64            certificates root first, the event last
 *     proof LINES
 *     (that many lines: a tlog-proof, verbatim)
 *
 * The chain: TopNodeCertified (signed by the root key; of each machine that led
 * the realm as far as what follows rests on it), NodeCertified of each node
 * down to the one that recorded, ActorCertified of the signer (left out
 * when a registrar signed himself), the event. Where keys changed, or a new
 * epoch began, a node has several certificates one after the other: what each
 * of its keys signed is good, the official may be certified in an earlier
 * epoch. The log of each leaf must be
 * cosigned by every node of the chain above the node whose log it is: a
 * policy has one quorum for all logs and cannot say that. Any changed byte is
 * refused: a signature line of nobody in the chain or the policy is as well.
 */
#ifndef QCDC_PROTOCOL_EVENT_RECEIPT_H
#define QCDC_PROTOCOL_EVENT_RECEIPT_H

#include "protocol/base/arena.h"
#include "protocol/event/leaf.h"

#define RECEIPT_LEAVES_MAX 16u

struct receipt_item {
    struct span leaf;  /* bytes of the leaf */
    struct span proof; /* tlog-proof text, ends with \n */
};

/* Writes the text. ERR_USAGE for no leaf, ERR_LIMIT. */
int receipt_build(const struct receipt_item *items, size_t len, struct buf *out,
                  struct error *err) MUST_USE;

/* Strict: spare bytes, wrong counts, other base64 are ERR_MALFORMED. Leaves
 * are decoded into the arena, proofs borrow `text`. *len: room at items in,
 * items out. */
int receipt_parse(struct span text, struct arena *arena,
                  struct receipt_item *items, size_t *len,
                  struct error *err) MUST_USE;

#define RECEIPT_COSIGNERS_MAX 16u

struct receipt_cosigner {
    struct span name; /* "<realm>/<node>/mirror"; borrows text or policy */
    uint64_t time_s;  /* of its cosignature */
};

/* What a receipt proves. Spans borrow the text or the arena. */
struct receipt_proof {
    struct leaf event;
    struct span origin;
    uint64_t index;
    uint64_t size; /* of the log in the checkpoint */
    struct span realm;
    bool demo;
    struct receipt_cosigner cosigners[RECEIPT_COSIGNERS_MAX];
    size_t cosigners_len;
    struct span post; /* of the actor; empty for a registrar */
    uint32_t rights;  /* bits of Right */
    bool registrar;   /* signed by the unit's registrar key */
};

/* Checks everything. `policy` is the text of a tlog-policy file; its quorum
 * must be met by the event's checkpoint; of the top node, which has nobody
 * above, its log's signature counts for its own mirror. ERR_MALFORMED,
 * ERR_UNTRUSTED with the leaf (counted from 1) and what does not hold. */
int receipt_verify(struct span text, const struct sign_public *root,
                   struct span policy, struct arena *arena,
                   struct receipt_proof *out, struct error *err) MUST_USE;

/* Three lines: stored / signed by / right held. vietnamese: else English. */
void receipt_describe(const struct receipt_proof *proof, bool vietnamese,
                      struct buf *out);

#endif
