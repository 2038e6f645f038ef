/* Room: node. Owns what comes from the sockets: the next happening of parent,
 * children and their connections, in one order. It must never wait, and never
 * read what a frame says. Next: transport.c, which opened them; watch.c, which
 * connections are cut. */
#include "node/transport_internal.h"

#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "protocol/base/hex.h"

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
    while (zap_answer(transport->zap, transport->gate)) {
    }
    doorman_read(transport);
    if (monitor_read(transport, event) || up_read(transport, event) ||
        down_read(transport, event) || watch_read(transport, event)) {
        return 1;
    }
    return 0;
}
