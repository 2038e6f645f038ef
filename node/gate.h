/* Who may connect: CURVE keys and what they may do, as a snapshot of the
 * directory, the open invitations and the requests waiting for a person.
 *
 * Asked at every handshake (ZAP) and again for every message: libzmq asks
 * once a connection only (libraries.md B1.13). Pure; owns its table.
 */
#ifndef QCDC_NODE_GATE_H
#define QCDC_NODE_GATE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "protocol/crypto.h"

enum gate_kind {
    GATE_CHILD,      /* certified, newest key of the node: everything */
    GATE_INVITATION, /* one-time key: one JoinRequest */
    GATE_WAITING,    /* asked to join, nobody confirmed yet */
    GATE_REPLACED,   /* our own number at another machine: told who leads now */
    GATE_REVOKED,    /* older key of a node, used or expired invitation */
};

struct gate_key {
    struct box_public key;
    enum gate_kind kind;
    uint32_t node;
};

#define GATE_KEYS_MAX 4096u

struct gate {
    struct gate_key *keys; /* heap, GATE_KEYS_MAX, ascending by key */
    size_t len;
};

int gate_new(struct gate *gate, struct error *err) MUST_USE;
void gate_release(struct gate *gate);

void gate_clear(struct gate *gate);
/* The same key twice: the later call wins. ERR_LIMIT. */
int gate_put(struct gate *gate, const struct gate_key *key,
             struct error *err) MUST_USE;

/* NULL for a key nobody knows. */
const struct gate_key *gate_find(const struct gate *gate,
                                 const struct box_public *key);

/* What ZAP answers: 200 admitted, 300 try again later (waiting), 400 no
 * (revoked or unknown). */
unsigned gate_status(const struct gate *gate, const struct box_public *key);

#endif
