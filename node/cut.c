/* Room: node. Owns what becomes of a child whose connection had to be cut: it
 * is named in `sync`, its session ends, everybody else goes on. Must never
 * revoke a key: a person does. Next: watch.c. */
#include "node/peers.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "store/book.h"

static const char *fault_text(enum watch_fault fault)
{
    switch (fault) {
    case WATCH_UNFINISHED:
        return "megabytes of a message that never ends";
    case WATCH_FLOOD:
        return "thousands of frames a second";
    case WATCH_DEAF:
        return "reads nothing of what it asked for";
    case WATCH_NONE:
        break;
    }
    return "nothing";
}

static struct peer *peer_meant(struct engine *engine,
                               const struct transport_event *event)
{
    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];
        bool meant = event->fault == WATCH_DEAF
                         ? peer->routed && memcmp(&peer->route, &event->route,
                                                  sizeof(peer->route)) == 0
                         : event->has_key && memcmp(&peer->key, &event->key,
                                                    sizeof(peer->key)) == 0;

        if (peer->used && !peer->up && !peer->joining && meant) {
            return peer;
        }
    }
    return NULL;
}

void peers_cut(struct engine *engine, const struct transport_event *event)
{
    struct peer *peer = peer_meant(engine, event);
    uint32_t node = peer != NULL ? peer->node : 0;
    char kept[128];
    struct error err = {0};
    int rc = 0;

    engine->frames_refused++;
    log_line(LOG_WARN, "link", "cut", "peer=%u reason=%s text=\"%s\"", node,
             link_reason_name(LINK_REASON_FLOOD), fault_text(event->fault));
    if (peer != NULL) {
        peer->lost = true;
        peer->troubled = true;
    }
    if (node != 0) {
        (void)snprintf(kept, sizeof(kept), "%s: %s",
                       link_reason_name(LINK_REASON_FLOOD),
                       fault_text(event->fault));
        rc = engine_write(engine, &err);
        rc = rc != 0
                 ? rc
                 : store_peer_refuse(engine->store, node, kept,
                                     (int64_t)(clock_now_ms() / 1000), &err);
    }
    if (rc != 0) {
        engine_react(engine, "link", "cut", &err);
    }
}
