/* Room: node. Owns the zmq context, the sockets of parent and children, and
 * what waits to be sent. It must never read what a frame says, and never send
 * before flush. Next: transport_read.c (what comes in), zap.c (who may),
 * loop.c.
 *
 * All options here answer a measured pitfall of libzmq 4.3.4 (libraries.md
 * B1); the number stands beside each. */
#include "node/transport_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93 /* hidden among the drafts of zmq.h (1) */
#endif
#define CURVE_OVERHEAD 64 /* MAXMSGSIZE counts it (7) */
#define WATERMARK 256     /* frames; bytes are bounded by credit (6) */
/* Of each child: what a peer that floods or never reads costs here is this
 * many frames, 20 MiB each way at the very most. */
#define CROWD_WATERMARK 64
#define DOORMAN "inproc://doorman"
#define QUEUE_MAX 65536u

struct outgoing {
    zmq_msg_t message;
    struct route route;
    bool up;
    bool dropped;
};

/* The only place that turns libzmq's codes into ours. */
static int fail(struct error *err, const char *what)
{
    int code = zmq_errno();
    enum err ours = ERR_IO;

    if (code == ENOMEM) {
        ours = ERR_NOMEM;
    } else if (code == EINVAL || code == EADDRINUSE || code == ENODEV ||
               code == EPROTONOSUPPORT || code == EADDRNOTAVAIL) {
        ours = ERR_USAGE;
    }
    return error_set(err, ours, "%s: %s", what, zmq_strerror(code));
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

/* What both sockets need. */
static int set_common(void *socket)
{
    int64_t largest = (int64_t)FRAME_MAX + CURVE_OVERHEAD;

    if (set_int(socket, ZMQ_LINGER, 0) != 0 || /* (11) */
        set_int(socket, ZMQ_IPV6, 1) != 0 ||
        set_int(socket, ZMQ_SNDHWM, WATERMARK) != 0 ||
        set_int(socket, ZMQ_RCVHWM, WATERMARK) != 0 ||
        set_int(socket, ZMQ_HANDSHAKE_IVL, 10000) != 0 ||     /* (12) */
        set_int(socket, ZMQ_HEARTBEAT_IVL, 15000) != 0 ||     /* (9) */
        set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 60000) != 0 || /* (9) */
        set_int(socket, ZMQ_TCP_KEEPALIVE, 1) != 0 ||
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof(largest)) !=
            0) { /* (7) */
        return -1;
    }
    return 0;
}

/* ---- life ---- */

int transport_open(const struct gate *gate, struct transport **out,
                   struct error *err)
{
    struct transport *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the transport");
    }
    made->gate = gate;
    made->watch = watch_new();
    if (made->watch == NULL) {
        free(made);
        return error_set(err, ERR_NOMEM, "no memory for the transport");
    }
    zmq_msg_init(&made->incoming);
    made->context = zmq_ctx_new();
    if (made->context != NULL) {
        made->zap = zmq_socket(made->context, ZMQ_REP);
    }
    /* Before any bind: a socket without handler would refuse all (1). */
    if (made->zap == NULL || set_int(made->zap, ZMQ_LINGER, 0) != 0 ||
        zmq_bind(made->zap, "inproc://zeromq.zap.01") != 0) {
        int rc = fail(err, "zap handler");

        transport_close(made);
        return rc;
    }
    *out = made;
    return 0;
}

static void socket_close(void **socket)
{
    if (*socket != NULL) {
        zmq_close(*socket);
        *socket = NULL;
    }
}

static void dealer_close(struct transport *transport)
{
    if (transport->dealer != NULL) {
        zmq_socket_monitor(transport->dealer, NULL, 0);
    }
    socket_close(&transport->monitor);
    socket_close(&transport->dealer);
}

void transport_close(struct transport *transport)
{
    if (transport == NULL) {
        return;
    }
    transport_forget(transport);
    free(transport->queue);
    zmq_msg_close(&transport->incoming);
    dealer_close(transport);
    if (transport->router != NULL) {
        zmq_socket_monitor(transport->router, NULL, 0);
    }
    socket_close(&transport->doorman);
    socket_close(&transport->router);
    socket_close(&transport->zap);
    if (transport->context != NULL) {
        zmq_ctx_term(transport->context);
    }
    watch_free(transport->watch);
    free(transport);
}

static bool doorman_open(struct transport *transport)
{
    transport->doorman = zmq_socket(transport->context, ZMQ_PAIR);
    return transport->doorman != NULL &&
           set_int(transport->doorman, ZMQ_LINGER, 0) == 0 &&
           zmq_connect(transport->doorman, DOORMAN) == 0;
}

int transport_listen(struct transport *transport, const char *endpoint,
                     const struct box_pair *own, char *bound, size_t bound_size,
                     struct error *err)
{
    void *router = zmq_socket(transport->context, ZMQ_ROUTER);
    size_t size = bound_size;

    if (router == NULL || set_common(router) != 0 ||
        set_int(router, ZMQ_RCVHWM, CROWD_WATERMARK) != 0 ||
        set_int(router, ZMQ_SNDHWM, CROWD_WATERMARK) != 0 ||
        zmq_socket_monitor(router, DOORMAN,
                           ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CLOSED |
                               ZMQ_EVENT_DISCONNECTED) != 0 ||
        !doorman_open(transport) ||
        set_int(router, ZMQ_ROUTER_MANDATORY, 1) != 0 || /* (5) */
        set_int(router, ZMQ_BACKLOG, 1024) != 0 ||
        set_int(router, ZMQ_CURVE_SERVER, 1) != 0 ||
        zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, own->sec.bytes, 32) != 0 ||
        zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN,
                       strlen(ZAP_DOMAIN)) != 0 ||
        set_int(router, ZMQ_ZAP_ENFORCE_DOMAIN, 1) != 0 || /* (1) */
        zmq_bind(router, endpoint) != 0 ||
        zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, bound, &size) != 0) {
        int rc = fail(err, endpoint);

        socket_close(&router);
        return rc;
    }
    transport->router = router;
    return 0;
}

void transport_hang_up(struct transport *transport)
{
    if (transport != NULL) {
        dealer_close(transport);
    }
}

int transport_connect(struct transport *transport, const char *endpoint,
                      const struct box_public *server,
                      const struct box_pair *own, struct error *err)
{
    char monitor[40];
    int rc;

    dealer_close(transport);
    /* The old name may still be taken for a moment. */
    snprintf(monitor, sizeof(monitor), "inproc://up-monitor-%u",
             transport->dealers++);
    transport->dealer = zmq_socket(transport->context, ZMQ_DEALER);
    if (transport->dealer == NULL || set_common(transport->dealer) != 0 ||
        set_int(transport->dealer, ZMQ_IMMEDIATE, 1) != 0 ||        /* (10) */
        set_int(transport->dealer, ZMQ_RECONNECT_IVL, 2000) != 0 || /* (3) */
        set_int(transport->dealer, ZMQ_RECONNECT_IVL_MAX, 20000) != 0 ||
        /* Else a line on which packets vanish keeps one attempt for minutes. */
        set_int(transport->dealer, ZMQ_CONNECT_TIMEOUT, 20000) != 0 ||
        zmq_setsockopt(transport->dealer, ZMQ_CURVE_SERVERKEY, server->bytes,
                       32) != 0 ||
        zmq_setsockopt(transport->dealer, ZMQ_CURVE_PUBLICKEY, own->pub.bytes,
                       32) != 0 ||
        zmq_setsockopt(transport->dealer, ZMQ_CURVE_SECRETKEY, own->sec.bytes,
                       32) != 0) {
        goto fail;
    }
    /* A refused key is final for libzmq: only the monitor tells (2). */
    if (zmq_socket_monitor(transport->dealer, monitor,
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_DISCONNECTED) != 0) {
        goto fail;
    }
    transport->monitor = zmq_socket(transport->context, ZMQ_PAIR);
    if (transport->monitor == NULL ||
        set_int(transport->monitor, ZMQ_LINGER, 0) != 0 ||
        zmq_connect(transport->monitor, monitor) != 0 ||
        zmq_connect(transport->dealer, endpoint) != 0) {
        goto fail;
    }
    return 0;

fail:
    rc = fail(err, endpoint);
    dealer_close(transport);
    return rc;
}

int transport_pair_of(const struct box_secret *secret, struct box_pair *pair,
                      struct error *err)
{
    char secret_text[41];
    char public_text[41];
    int rc = 0;

    memset(pair, 0, sizeof(*pair));
    if (zmq_z85_encode(secret_text, secret->bytes, 32) == NULL ||
        zmq_curve_public(public_text, secret_text) != 0 ||
        zmq_z85_decode(pair->pub.bytes, public_text) == NULL) {
        rc = error_set(err, ERR_MALFORMED, "no CURVE secret");
    }
    pair->sec = *secret;
    crypto_wipe(secret_text, sizeof(secret_text));
    return rc;
}

/* ---- sending ---- */

int transport_queue(struct transport *transport, const struct route *route,
                    struct span frame, struct error *err)
{
    struct outgoing *made;

    if (frame.len > FRAME_MAX) {
        return error_set(err, ERR_LIMIT, "frame of %zu bytes", frame.len);
    }
    if (transport->queue_len == transport->queue_size) {
        size_t size =
            transport->queue_size == 0 ? 256 : transport->queue_size * 2;
        struct outgoing *grown = NULL;

        if (size <= QUEUE_MAX) {
            grown = realloc(transport->queue, size * sizeof(*grown));
        }
        if (grown == NULL) {
            return error_set(err, ERR_NOMEM, "too many frames in one turn");
        }
        transport->queue = grown;
        transport->queue_size = size;
    }
    made = &transport->queue[transport->queue_len];
    if (zmq_msg_init_size(&made->message, frame.len) != 0) {
        return error_set(err, ERR_NOMEM, "no memory for a frame of %zu bytes",
                         frame.len);
    }
    memcpy(zmq_msg_data(&made->message), frame.ptr, frame.len);
    made->up = route == NULL;
    made->dropped = false;
    if (route != NULL) {
        made->route = *route;
    }
    transport->queue_len++;
    return 0;
}

static bool outgoing_send(struct transport *transport, struct outgoing *one)
{
    void *socket = one->up ? transport->dealer : transport->router;

    if (socket == NULL) {
        return false;
    }
    /* After a first part that failed the rest would be taken for a name (5).
     */
    if (!one->up && zmq_send(socket, one->route.bytes, sizeof(one->route),
                             ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        return false;
    }
    return zmq_msg_send(&one->message, socket, ZMQ_DONTWAIT) >= 0;
}

static bool same_peer(const struct outgoing *a, const struct outgoing *b)
{
    return a->up == b->up &&
           (a->up || memcmp(&a->route, &b->route, sizeof(a->route)) == 0);
}

void transport_flush(struct transport *transport, transport_lost_fn lost,
                     void *ctx)
{
    size_t len = transport->queue_len;

    transport->queue_len = 0; /* lost() must not queue */
    for (size_t i = 0; i < len; i++) {
        struct outgoing *one = &transport->queue[i];

        if (one->dropped || outgoing_send(transport, one)) {
            continue;
        }
        if (!one->up && zmq_errno() == EAGAIN) {
            transport->deaf = one->route;
            transport->has_deaf = true;
        }
        lost(ctx, one->up ? NULL : &one->route);
        /* The rest for this peer would be frames out of order. */
        for (size_t j = i + 1; j < len; j++) {
            struct outgoing *later = &transport->queue[j];

            later->dropped = later->dropped || same_peer(one, later);
        }
    }
    for (size_t i = 0; i < len; i++) {
        zmq_msg_close(&transport->queue[i].message);
    }
}

void transport_forget(struct transport *transport)
{
    for (size_t i = 0; i < transport->queue_len; i++) {
        zmq_msg_close(&transport->queue[i].message);
    }
    transport->queue_len = 0;
}

size_t transport_sockets(struct transport *transport,
                         void *sockets[TRANSPORT_SOCKETS])
{
    void *all[TRANSPORT_SOCKETS] = {transport->zap, transport->monitor,
                                    transport->dealer, transport->router,
                                    transport->doorman};
    size_t len = 0;

    for (size_t i = 0; i < TRANSPORT_SOCKETS; i++) {
        if (all[i] != NULL) {
            sockets[len++] = all[i];
        }
    }
    return len;
}

void *transport_context(struct transport *transport)
{
    return transport->context;
}
