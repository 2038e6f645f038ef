/* Room: node. Owns the zmq context, the two peers' sockets and the ZAP
 * handler; the only file that speaks to libzmq beside jobs.c and loop.c. It
 * must never read what a frame says, never send before flush, and never admit
 * a key the gate does not know. Next: loop.c.
 *
 * All options here answer a measured pitfall of libzmq 4.3.4 (libraries.md
 * B1); the number stands beside each. */
#include "node/transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "protocol/limits.h"

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93 /* hidden among the drafts of zmq.h (1) */
#endif
#define ZAP_DOMAIN "qcdc"
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

struct transport {
    void *context;
    void *zap;
    void *router;
    void *dealer;
    void *monitor;
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

/* ---- life -----------------------------------------------------------------
 */

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
        set_int(transport->dealer, ZMQ_RECONNECT_IVL_MAX, 300000) != 0 ||
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

/* ---- the gate's questions
 * ---------------------------------------------------- */

#define ZAP_PARTS 7u

/* Reads one request into `parts`; false if it is none. */
static bool zap_receive(void *zap, zmq_msg_t parts[ZAP_PARTS], size_t *len)
{
    bool more = true;

    *len = 0;
    while (more && *len < ZAP_PARTS) {
        zmq_msg_init(&parts[*len]);
        if (zmq_msg_recv(&parts[*len], zap, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&parts[*len]);
            return false;
        }
        more = zmq_msg_more(&parts[*len]) != 0;
        (*len)++;
    }
    while (more) { /* longer than any request: drain */
        zmq_msg_t rest;

        zmq_msg_init(&rest);
        more = zmq_msg_recv(&rest, zap, 0) >= 0 && zmq_msg_more(&rest) != 0;
        zmq_msg_close(&rest);
    }
    return true;
}

static bool part_is(zmq_msg_t *part, const char *text)
{
    return span_equal(span_make(zmq_msg_data(part), zmq_msg_size(part)),
                      span_str(text));
}

/* Answers one handshake question, if there is one. */
static bool zap_answer(struct transport *transport)
{
    zmq_msg_t parts[ZAP_PARTS];
    size_t len = 0;
    unsigned status = 400;
    char user[65] = "";
    char code[4];

    if (!zap_receive(transport->zap, parts, &len)) {
        return false;
    }
    if (len == ZAP_PARTS && part_is(&parts[0], "1.0") &&
        part_is(&parts[2], ZAP_DOMAIN) && part_is(&parts[5], "CURVE") &&
        zmq_msg_size(&parts[6]) == 32) {
        struct box_public key;

        memcpy(&key, zmq_msg_data(&parts[6]), sizeof(key));
        status = gate_status(transport->gate, &key);
        hex_encode(SPAN_OF(key), user);
    }
    snprintf(code, sizeof(code), "%u", status);
    zmq_send(transport->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(transport->zap, len > 1 ? zmq_msg_data(&parts[1]) : "",
             len > 1 ? zmq_msg_size(&parts[1]) : 0, ZMQ_SNDMORE);
    zmq_send(transport->zap, code, 3, ZMQ_SNDMORE);
    zmq_send(transport->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(transport->zap, user, status == 200 ? 64 : 0, ZMQ_SNDMORE);
    zmq_send(transport->zap, "", 0, 0);
    for (size_t i = 0; i < len; i++) {
        zmq_msg_close(&parts[i]);
    }
    if (status != 200) {
        log_line(LOG_INFO, "gate", "refused", "status=%u key=%.16s", status,
                 user);
    }
    return true;
}

/* ---- reading ----------------------------------------------------------------
 */

static bool monitor_read(struct transport *transport,
                         struct transport_event *event)
{
    zmq_msg_t head;
    zmq_msg_t address;
    uint16_t happened = 0;
    bool got;

    if (transport->monitor == NULL) {
        return false;
    }
    zmq_msg_init(&head);
    got = zmq_msg_recv(&head, transport->monitor, ZMQ_DONTWAIT) >= 2;
    if (got) {
        memcpy(&happened, zmq_msg_data(&head), sizeof(happened));
        zmq_msg_init(&address);
        zmq_msg_recv(&address, transport->monitor, 0);
        zmq_msg_close(&address);
    }
    zmq_msg_close(&head);
    if (!got) {
        return false;
    }
    event->frame = (struct span){NULL, 0};
    if (happened == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        event->kind = TRANSPORT_UP_OPENED;
    } else if (happened == ZMQ_EVENT_DISCONNECTED) {
        event->kind = TRANSPORT_UP_CLOSED;
    } else {
        event->kind = TRANSPORT_UP_REFUSED;
    }
    return true;
}

/* The rest of a message of several parts, which none of ours is. */
static void drain(void *socket)
{
    zmq_msg_t part;
    bool more = true;

    while (more) {
        zmq_msg_init(&part);
        more = zmq_msg_recv(&part, socket, 0) >= 0 && zmq_msg_more(&part) != 0;
        zmq_msg_close(&part);
    }
}

static bool frame_receive(struct transport *transport, void *socket)
{
    zmq_msg_close(&transport->incoming);
    zmq_msg_init(&transport->incoming);
    if (zmq_msg_recv(&transport->incoming, socket, ZMQ_DONTWAIT) < 0) {
        return false;
    }
    return true;
}

static bool up_read(struct transport *transport, struct transport_event *event)
{
    if (transport->dealer == NULL ||
        !frame_receive(transport, transport->dealer)) {
        return false;
    }
    if (zmq_msg_more(&transport->incoming) != 0) {
        drain(transport->dealer);
    }
    event->kind = TRANSPORT_UP_FRAME;
    event->frame = span_make(zmq_msg_data(&transport->incoming),
                             zmq_msg_size(&transport->incoming));
    return true;
}

/* Connections of children that came or went. */
static void doorman_read(struct transport *transport)
{
    struct {
        uint16_t event;
        int32_t fd;
    } said;
    zmq_msg_t part;

    while (transport->doorman != NULL) {
        uint8_t bytes[6];

        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, transport->doorman, ZMQ_DONTWAIT) !=
            (int)sizeof(bytes)) {
            zmq_msg_close(&part);
            return;
        }
        memcpy(bytes, zmq_msg_data(&part), sizeof(bytes));
        memcpy(&said.event, bytes, sizeof(said.event));
        memcpy(&said.fd, bytes + 2, sizeof(said.fd));
        if (zmq_msg_more(&part) != 0) {
            drain(transport->doorman);
        }
        zmq_msg_close(&part);
        if (said.event == ZMQ_EVENT_ACCEPTED) {
            watch_add(transport->watch, said.fd);
        } else {
            watch_remove(transport->watch, said.fd);
        }
    }
}

/* Every frame that came was read: who brought bytes and no frame? */
static bool watch_read(struct transport *transport,
                       struct transport_event *event)
{
    event->has_key = false;
    event->kind = TRANSPORT_DOWN_CUT;
    event->frame = (struct span){NULL, 0};
    if (transport->has_deaf) {
        transport->has_deaf = false;
        event->route = transport->deaf;
        event->fault = WATCH_DEAF;
        return true;
    }
    event->fault = transport->router == NULL
                       ? WATCH_NONE
                       : watch_next(transport->watch, clock_steady_ms(),
                                    &event->key, &event->has_key);
    return event->fault != WATCH_NONE;
}

bool transport_watches(const struct transport *transport)
{
    return transport->router != NULL && watch_any(transport->watch);
}

static void heard_from(struct transport *transport, zmq_msg_t *message,
                       const struct box_public *key)
{
    const char *fd = zmq_msg_gets(message, "__fd");

    if (fd != NULL) {
        watch_heard(transport->watch, (int)strtol(fd, NULL, 10), key,
                    clock_steady_ms());
    }
}

/* The CURVE key that libzmq proved, as our ZAP answer named it (4). */
static bool message_key(zmq_msg_t *message, struct box_public *key)
{
    const char *user = zmq_msg_gets(message, "User-Id");
    struct error ignored = {0};

    return user != NULL &&
           hex_decode(span_str(user), key, sizeof(*key), &ignored) == 0;
}

static bool down_read(struct transport *transport,
                      struct transport_event *event)
{
    zmq_msg_t name;
    bool whole;

    if (transport->router == NULL) {
        return false;
    }
    zmq_msg_init(&name);
    if (zmq_msg_recv(&name, transport->router, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&name);
        return false;
    }
    whole = zmq_msg_size(&name) == sizeof(event->route) &&
            zmq_msg_more(&name) != 0 &&
            frame_receive(transport, transport->router);
    if (whole) {
        memcpy(&event->route, zmq_msg_data(&name), sizeof(event->route));
    }
    zmq_msg_close(&name);
    if (!whole) {
        return false;
    }
    if (zmq_msg_more(&transport->incoming) != 0) {
        drain(transport->router);
    }
    if (!message_key(&transport->incoming, &event->key)) {
        return false;
    }
    heard_from(transport, &transport->incoming, &event->key);
    event->kind = TRANSPORT_DOWN_FRAME;
    event->frame = span_make(zmq_msg_data(&transport->incoming),
                             zmq_msg_size(&transport->incoming));
    return true;
}

int transport_read(struct transport *transport, struct transport_event *event,
                   struct error *err)
{
    (void)err; /* nothing here fails today; the signature is the promise */
    while (zap_answer(transport)) {
    }
    doorman_read(transport);
    if (monitor_read(transport, event) || up_read(transport, event) ||
        down_read(transport, event) || watch_read(transport, event)) {
        return 1;
    }
    return 0;
}

/* ---- sending
 * ------------------------------------------------------------------ */

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
