/* Frames in, frames out: a ROUTER for the children, a DEALER to the parent,
 * CURVE on both, the ZAP handler between (libraries.md B1). It knows no
 * message and no log; what a frame says is the link's business.
 *
 * Sending is in two steps: transport_queue copies the frame, transport_flush
 * hands the queue to libzmq. The engine flushes only after its commit.
 */
#ifndef QCDC_NODE_TRANSPORT_H
#define QCDC_NODE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/gate.h"
#include "node/keys.h"
#include "node/watch.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct transport;

/* libzmq's own name of a connection of ours to a child: 5 bytes. */
struct route {
    uint8_t bytes[5];
};

/* gate: keeps; asked at each handshake. */
int transport_open(const struct gate *gate, struct transport **out,
                   struct error *err) MUST_USE;
/* Whoever closes it has closed the store before (libraries.md B1.11). */
void transport_close(struct transport *transport);

/* Binds the ROUTER. `endpoint` "tcp://..."; *bound gets the real one (port 0
 * is replaced). ERR_USAGE. */
int transport_listen(struct transport *transport, const char *endpoint,
                     const struct box_pair *own, char *bound, size_t bound_size,
                     struct error *err) MUST_USE;

/* (Re)connects the DEALER, dropping what the old one held. */
int transport_connect(struct transport *transport, const char *endpoint,
                      const struct box_public *server,
                      const struct box_pair *own, struct error *err) MUST_USE;

/* Closes the DEALER: there is no parent any more. */
void transport_hang_up(struct transport *transport);

/* The pair of a CURVE secret (seed left zero). ERR_MALFORMED. */
int transport_pair_of(const struct box_secret *secret, struct box_pair *pair,
                      struct error *err) MUST_USE;

enum transport_kind {
    TRANSPORT_UP_OPENED,  /* handshake with the parent succeeded */
    TRANSPORT_UP_CLOSED,  /* connection lost; libzmq tries again by itself */
    TRANSPORT_UP_REFUSED, /* our key or theirs was refused: connect anew,
                             later (B1.2) */
    TRANSPORT_UP_FRAME,
    TRANSPORT_DOWN_FRAME,
    TRANSPORT_DOWN_CUT, /* a child's connection was ended: fault, key */
};
struct transport_event {
    enum transport_kind kind;
    struct span frame;     /* borrowed until the next transport_read */
    struct route route;    /* DOWN_FRAME; DOWN_CUT of one that is deaf */
    struct box_public key; /* DOWN_FRAME, DOWN_CUT: proven by CURVE */
    bool has_key;          /* DOWN_CUT: known whose it was */
    enum watch_fault fault;
};
/* Is a child connected? Then it is to be read now and then. */
bool transport_watches(const struct transport *transport);
/* The next happening, never waits: 1 and *event, 0 when there is none.
 * Handshake questions are answered on the way. */
int transport_read(struct transport *transport, struct transport_event *event,
                   struct error *err) MUST_USE;

/* Copies `frame` for flush. route NULL = the parent. ERR_NOMEM, ERR_LIMIT. */
int transport_queue(struct transport *transport, const struct route *route,
                    struct span frame, struct error *err) MUST_USE;
/* Sends the queue in order. A frame that cannot be handed over now (nobody
 * there, peer too slow) is dropped and told to `lost`, once a route: what is
 * not acknowledged will be sent again after the next HELLO. */
typedef void (*transport_lost_fn)(void *ctx, const struct route *route);
void transport_flush(struct transport *transport, transport_lost_fn lost,
                     void *ctx);
/* Forgets the queue: the turn was rolled back. */
void transport_forget(struct transport *transport);

/* For zmq_poll: sockets to watch for reading, at most TRANSPORT_SOCKETS. */
#define TRANSPORT_SOCKETS 5u
size_t transport_sockets(struct transport *transport,
                         void *sockets[TRANSPORT_SOCKETS]);
/* The zmq context, for jobs.c. */
void *transport_context(struct transport *transport);

#endif
