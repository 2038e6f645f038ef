/* tests/sim: node/transport.h over the simulated network. As the real one it
 * queues until the flush after the commit, tells what could not be handed
 * over, and asks the gate at every handshake. What leaves is shown to
 * promise.c: that is what others were promised. Next: promise.c. */
#include "node/transport.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/limits.h"
#include "tests/sim/ledger.h"
#include "tests/sim/net.h"
#include "tests/sim/promise.h"

#define PORT 10000u /* of tcp://127.0.0.1:(PORT + node), see realm.c */

struct outgoing {
    struct outgoing *next;
    struct route route;
    bool up;
    size_t len;
    uint8_t bytes[];
};

struct transport {
    struct machine *machine;
    const struct gate *gate;
    bool listening;
    struct box_public own;    /* of the listener */
    uint64_t conn;            /* number; 0: does not dial */
    struct machine *parent;   /* whom it dials; NULL: nobody is there */
    struct box_public server; /* whom it expects there */
    struct box_public client; /* as whom */
    enum transport_kind told[16];
    size_t told_len;
    struct packet *first, *last; /* arrived */
    struct packet *given;        /* handed out last */
    struct outgoing *queue, *queue_last;
    size_t queue_len;
};

int transport_open(const struct gate *gate, struct transport **out,
                   struct error *err)
{
    struct transport *made = calloc(1, sizeof(*made));

    assert(made != NULL && world.current != NULL);
    (void)err;
    made->machine = world.current;
    made->gate = gate;
    *out = made;
    return 0;
}

void transport_close(struct transport *transport)
{
    if (transport == NULL) {
        return;
    }
    transport_forget(transport);
    while (transport->first != NULL) {
        struct packet *packet = transport->first;

        transport->first = packet->next;
        free(packet);
    }
    free(transport->given);
    free(transport);
}

int transport_listen(struct transport *transport, const char *endpoint,
                     const struct box_pair *own, char *bound, size_t bound_size,
                     struct error *err)
{
    (void)err;
    (void)snprintf(bound, bound_size, "%s", endpoint);
    transport->listening = true;
    transport->own = own->pub;
    return 0;
}

static struct machine *endpoint_machine(const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':');
    unsigned long port = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);

    return port > PORT ? machine_of((uint32_t)port - PORT) : NULL;
}

/* What the old dealer had received goes with it. */
static void downward_drop(struct transport *transport)
{
    struct packet *packet = transport->first;

    transport->first = NULL;
    transport->last = NULL;
    while (packet != NULL) {
        struct packet *next = packet->next;

        packet->next = NULL;
        if (packet->direction == DOWNWARD) {
            free(packet);
        } else if (transport->first == NULL) {
            transport->first = packet;
            transport->last = packet;
        } else {
            transport->last->next = packet;
            transport->last = packet;
        }
        packet = next;
    }
}

void transport_hang_up(struct transport *transport)
{
    struct conn *old = net_conn(transport->conn);

    if (old != NULL && !old->closed) {
        old->closed = true;
        old->cut_ms[DOWNWARD] = world.now_ms;
        old->parent_told_ms = world.now_ms + 20;
    }
    transport->conn = 0;
    transport->parent = NULL;
}

int transport_connect(struct transport *transport, const char *endpoint,
                      const struct box_public *server,
                      const struct box_pair *own, struct error *err)
{
    struct conn *old = net_conn(transport->conn);

    (void)err;
    if (old != NULL && !old->closed) {
        old->closed = true; /* frames of the old one are lost with it */
        old->cut_ms[DOWNWARD] = world.now_ms;
        old->parent_told_ms = world.now_ms + 20;
    }
    transport->conn = 0;
    transport->told_len = 0;
    downward_drop(transport);
    transport->parent = endpoint_machine(endpoint);
    transport->server = *server;
    transport->client = own->pub;
    if (transport->parent != NULL) {
        transport->conn =
            net_dial(transport->machine, transport->parent, &own->pub)->number;
    }
    return 0;
}

void transport_again(struct transport *transport)
{
    struct conn *conn =
        net_dial(transport->machine, transport->parent, &transport->client);

    conn->tries = 1;
    transport->conn = conn->number;
}

int transport_pair_of(const struct box_secret *secret, struct box_pair *pair,
                      struct error *err)
{
    memset(pair, 0, sizeof(*pair));
    if (crypto_scalarmult_base(pair->pub.bytes, secret->bytes) != 0) {
        return error_set(err, ERR_MALFORMED, "no CURVE secret");
    }
    pair->sec = *secret;
    return 0;
}

/* ---- for the network ---- */

unsigned transport_admits(const struct transport *transport,
                          const struct box_public *server,
                          const struct box_public *client)
{
    if (!transport->listening ||
        memcmp(&transport->own, server, sizeof(*server)) != 0) {
        return 400;
    }
    return gate_status(transport->gate, client);
}

bool transport_dials(const struct transport *transport, uint64_t conn,
                     struct box_public *server)
{
    *server = transport->server;
    return transport->conn == conn;
}

void transport_tell(struct transport *transport, enum transport_kind kind)
{
    assert(transport->told_len < 16);
    transport->told[transport->told_len++] = kind;
}

void transport_arrive(struct transport *transport, struct packet *packet)
{
    if (packet->direction == DOWNWARD && packet->conn != transport->conn) {
        free(packet);
        return;
    }
    if (transport->first == NULL) {
        transport->first = packet;
    } else {
        transport->last->next = packet;
    }
    transport->last = packet;
}

/* ---- reading ---- */

int transport_read(struct transport *transport, struct transport_event *event,
                   struct error *err)
{
    struct packet *packet = transport->first;
    struct conn *conn;

    (void)err;
    memset(event, 0, sizeof(*event));
    if (transport->told_len > 0) {
        event->kind = transport->told[0];
        transport->told_len--;
        memmove(transport->told, transport->told + 1,
                transport->told_len * sizeof(transport->told[0]));
        return 1;
    }
    if (packet == NULL) {
        return 0;
    }
    transport->first = packet->next;
    free(transport->given);
    transport->given = packet;
    conn = net_conn(packet->conn);
    ledger_taken(conn, packet->direction == UPWARD,
                 span_make(packet->bytes, packet->len));
    event->kind =
        packet->direction == UPWARD ? TRANSPORT_DOWN_FRAME : TRANSPORT_UP_FRAME;
    event->frame = span_make(packet->bytes, packet->len);
    event->route = conn->route;
    event->key = conn->key;
    return 1;
}

/* ---- sending ---- */

int transport_queue(struct transport *transport, const struct route *route,
                    struct span frame, struct error *err)
{
    struct outgoing *made;

    if (frame.len > FRAME_MAX) {
        return error_set(err, ERR_LIMIT, "frame of %zu bytes", frame.len);
    }
    made = calloc(1, sizeof(*made) + frame.len);
    assert(made != NULL);
    made->up = route == NULL;
    if (route != NULL) {
        made->route = *route;
    }
    made->len = frame.len;
    memcpy(made->bytes, frame.ptr, frame.len);
    if (transport->queue == NULL) {
        transport->queue = made;
    } else {
        transport->queue_last->next = made;
    }
    transport->queue_last = made;
    transport->queue_len++;
    return 0;
}

static bool outgoing_send(struct transport *transport,
                          const struct outgoing *one)
{
    struct conn *conn = one->up ? net_conn(transport->conn)
                                : net_route(transport->machine, &one->route);
    struct span frame = span_make(one->bytes, one->len);
    struct machine *to;

    if (conn == NULL || !conn->opened ||
        (!one->up && world.now_ms >= conn->parent_told_ms)) {
        return false;
    }
    to = one->up ? conn->parent : conn->child;
    promise_frame(transport->machine, to, conn, frame);
    return conn->closed || net_send(conn, one->up ? UPWARD : DOWNWARD, frame);
}

/* Between two frames of one flush the power may go, too. */
void transport_flush(struct transport *transport, transport_lost_fn lost,
                     void *ctx)
{
    struct outgoing *one = transport->queue;
    size_t lost_len = 0;
    struct route lost_routes[COMPUTERS];
    bool up_lost = false;

    transport->queue = NULL; /* lost() must not queue */
    transport->queue_len = 0;
    while (one != NULL) {
        struct outgoing *next = one->next;
        bool skip = one->up && up_lost;

        for (size_t i = 0; i < lost_len && !one->up; i++) {
            skip = skip || memcmp(&lost_routes[i], &one->route,
                                  sizeof(one->route)) == 0;
        }
        if (!skip && machine_is_on(transport->machine) &&
            !disk_is_cut(transport->machine->disk) &&
            !outgoing_send(transport, one)) {
            lost(ctx, one->up ? NULL : &one->route);
            up_lost = up_lost || one->up;
            if (!one->up && lost_len < COMPUTERS) {
                lost_routes[lost_len++] = one->route;
            }
        }
        free(one);
        one = next;
    }
}

void transport_forget(struct transport *transport)
{
    while (transport->queue != NULL) {
        struct outgoing *one = transport->queue;

        transport->queue = one->next;
        free(one);
    }
    transport->queue_len = 0;
}

size_t transport_sockets(struct transport *transport,
                         void *sockets[TRANSPORT_SOCKETS])
{
    (void)transport;
    (void)sockets;
    return 0;
}

void *transport_context(struct transport *transport)
{
    (void)transport;
    return NULL;
}
