/* The sockets behind transport.h, for transport.c (opens them, sends),
 * transport_read.c (reads them) and zap.c (answers for them): libzmq's objects
 * have one owner and three kinds of use. Nobody else includes this.
 */
#ifndef QCDC_NODE_TRANSPORT_INTERNAL_H
#define QCDC_NODE_TRANSPORT_INTERNAL_H

#include <zmq.h>

#include "node/transport.h"

#define ZAP_DOMAIN "qcdc"

struct outgoing;

struct transport {
    void *context;
    void *zap;
    void *router;
    void *dealer;
    void *monitor; /* the DEALER's */
    void *doorman; /* the ROUTER's monitor */
    struct watch *watch;
    struct route deaf; /* takes nothing that is sent to it */
    bool has_deaf;
    const struct gate *gate;
    zmq_msg_t incoming; /* the frame last handed out */
    unsigned dealers;   /* made so far: each has a monitor of its own */
    struct outgoing *queue;
    size_t queue_len;
    size_t queue_size;
};

/* ---- zap.c ---- */
/* Answers one handshake question on a ZAP socket; false: there was none. */
bool zap_answer(void *zap, const struct gate *gate);

#endif
