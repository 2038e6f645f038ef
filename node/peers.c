/* Room: node. Owns the connections of all peers: finds the peer of a frame by
 * its proven key, gives it the frame, reconnects with a backoff, keeps their
 * deadlines. A peer's claim never says who it is: its CURVE key does.
 * Next: peer.c, one of them and its link; gate.c, who gets this far. */
#include "node/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "node/successor.h"
#include "node/tree.h"
#include "store/book.h"
#include "store/delivery.h"
#include "store/directory.h"

#define INVITER_LINGER_MS 60000u
#define OTHER_LEAST_MS 5000u /* grows with every try, so far: */
#define OTHER_MOST_MS 15000u
#define CLOCK_MOVED_MS 60000 /* more than any slewing does at once */

/* ---- connections ---- */

static int connect_up(struct engine *engine, struct peer *peer,
                      struct error *err)
{
    char endpoint[CONFIG_TEXT_SIZE];
    struct box_public server;
    struct box_pair own = engine->keys.curve;
    int rc = 0;

    if (peer->joining ||
        !tree_elsewhere(engine, peer->node, peer->tries, endpoint, &server)) {
        rc = tree_target(engine, peer->node, endpoint, &server, err);
    }

    peer->dialled_ms = clock_steady_ms();
    if (rc == 0) {
        peer->server = server;
    }
    if (rc == 0 && peer->joining) {
        rc = transport_pair_of(&engine->keys.one_time, &own, err);
    }
    if (rc == 0) {
        rc = transport_connect(engine->transport, endpoint, &server, &own, err);
    }
    crypto_wipe(&own, sizeof(own));
    return rc;
}

void peer_retry(struct engine *engine, struct peer *peer)
{
    uint16_t spread;

    (void)engine;
    crypto_random(&spread, sizeof(spread));
    if (peer->retry_ms == 0) {
        peer->retry_ms = RETRY_LEAST_MS;
    }
    /* Not all children at the same moment. */
    peer->retry_at_ms =
        clock_steady_ms() + peer->retry_ms + spread % (peer->retry_ms / 4 + 1);
    peer->retry_ms =
        peer->retry_ms * 2 < RETRY_MOST_MS ? peer->retry_ms * 2 : RETRY_MOST_MS;
}

/* The parent; made when the node starts. */
static struct peer *up_make(struct engine *engine)
{
    struct peer *peer = peer_place(engine);

    if (peer != NULL) {
        memset(peer, 0, sizeof(*peer));
        peer->used = true;
        peer->up = true;
        peer->joining = engine->keys.joining;
        peer->node = tree_parent(engine);
        /* A certificate just written is on its way into the log: ask soon. */
        peer->retry_ms = peer->joining ? RETRY_LEAST_MS / 8 : RETRY_LEAST_MS;
        peer->retry_at_ms = 1; /* at once */
    }
    return peer;
}

/* ---- reading ---- */

static bool same_route(const struct route *a, const struct route *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static struct peer *down_peer(struct engine *engine,
                              const struct gate_key *entry)
{
    struct peer *peer = peer_of_key(engine, &entry->key);

    if (peer != NULL) {
        return peer;
    }
    if (entry->kind == GATE_CHILD) {
        struct peer *old = peer_of_node(engine, entry->node);

        if (old != NULL && !old->up) {
            peer_release(old); /* the node has a newer key */
        }
    }
    peer = peer_place(engine);
    if (peer == NULL) {
        return NULL;
    }
    memset(peer, 0, sizeof(*peer));
    peer->used = true;
    peer->joining = entry->kind == GATE_INVITATION;
    peer->node = entry->node;
    peer->key = entry->key;
    return peer;
}

static void frame_give(struct engine *engine, struct peer *peer,
                       struct span bytes)
{
    uint8_t random[LINK_RANDOM_SIZE];
    struct link_event event = {
        .kind = LINK_FRAME, .random = random, .bytes = bytes};

    crypto_random(random, sizeof(random));
    peer_step(engine, peer, &event);
}

/* A session that showed what it should is alive; one that must wait for the
 * silence of another copy is no proof of that copy. A connection is of one
 * process: it proves that one also when its session has ended here, be it that
 * a frame to it was lost, or that another connection came meanwhile. */
static void peer_proven(struct peer *peer, const struct route *route)
{
    struct link_info info = {.state = LINK_CLOSED};
    bool routed = peer->routed && same_route(&peer->route, route);

    if (peer->link != NULL && routed) {
        link_info(peer->link, &info);
    }
    if (info.state == LINK_OPEN && !info.waiting) {
        peer->proven_route = *route;
        peer->has_proven_route = true;
    }
    if (peer->has_proven_route && same_route(&peer->proven_route, route) &&
        !(info.state == LINK_OPEN && info.waiting)) {
        peer->proven_ms = clock_steady_ms();
    }
}

static void down_frame(struct engine *engine,
                       const struct transport_event *event)
{
    const struct gate_key *entry = gate_find(&engine->gate, &event->key);
    struct peer *peer;

    if (entry != NULL &&
        (entry->kind == GATE_REPLACED || successor_replaces_us(engine))) {
        successor_answer(engine, &event->route);
        return;
    }
    /* Asked at the handshake, asked again now (libraries.md B1.13). */
    if (entry == NULL ||
        (entry->kind != GATE_CHILD && entry->kind != GATE_INVITATION)) {
        struct peer *known = peer_of_key(engine, &event->key);

        if (known != NULL) {
            log_line(LOG_WARN, "gate", "revoked", "peer=%u", known->node);
            peer_closed(engine, known);
            peer_release(known);
        }
        engine->frames_refused++;
        return;
    }
    peer = down_peer(engine, entry);
    if (peer == NULL) {
        log_line(LOG_WARN, "gate", "full", "peers=%u", PEERS_MAX);
        return;
    }
    if (!peer->routed || !same_route(&peer->route, &event->route)) {
        if (peer->has_old_route &&
            same_route(&peer->old_route, &event->route)) {
            recover_other_route(engine, peer);
            peer_proven(peer, &event->route);
            return; /* late frame of the connection before */
        }
        if (peer->routed) {
            peer->old_route = peer->route;
            peer->has_old_route = true;
            peer_closed(engine, peer);
        }
        peer->route = event->route;
        peer->routed_ms = clock_steady_ms();
        /* Two machines that drive each other out count as one that stays. */
        if (peer->routed_ms - peer->other_ms > engine->config->quiet_s * 1000) {
            peer->others = 0;
        }
        peer_opened(engine, peer);
    }
    frame_give(engine, peer, event->frame);
    peer_proven(peer, &event->route);
}

/* Once more than by chance: `sync` says what to look at, until it is mended. */
static void refused_say(struct engine *engine, struct peer *up)
{
    struct store_peer kept = {.node = up->node};
    struct error err = {0};
    char text[160];
    int rc;

    log_line(LOG_WARN, "link", "key_refused", "peer=%u retry_ms=%llu", up->node,
             (unsigned long long)up->retry_ms);
    if (up->joining || up->retry_ms <= RETRY_LEAST_MS ||
        (store_peer_get(engine->store, up->node, &kept, &err) == 0 &&
         link_reason_of(kept.refusal) == LINK_REASON_KEY)) {
        return;
    }
    (void)snprintf(text, sizeof(text), "%s: refused at %.100s",
                   link_reason_name(LINK_REASON_KEY),
                   engine->config->parent_endpoint);
    rc = engine_write(engine, &err);
    rc = rc != 0 ? rc
                 : store_peer_refuse(engine->store, up->node, text,
                                     (int64_t)(clock_now_ms() / 1000), &err);
    if (rc != 0) {
        engine_react(engine, "link", "key_refused", &err);
    }
}

void peers_read(struct engine *engine, const struct transport_event *event)
{
    struct peer *up = peer_up(engine);

    pace_expect(engine, false);
    switch (event->kind) {
    case TRANSPORT_DOWN_FRAME:
        down_frame(engine, event);
        return;
    case TRANSPORT_DOWN_CUT:
        peers_cut(engine, event);
        return;
    case TRANSPORT_UP_OPENED:
        if (up != NULL) {
            peer_opened(engine, up);
        }
        return;
    case TRANSPORT_UP_CLOSED:
        if (up != NULL && up->routed) {
            up->routed = false;
            up->dialled_ms = clock_steady_ms();
            log_line(LOG_INFO, "link", "lost", "peer=%u side=up", up->node);
            peer_closed(engine, up);
        }
        return;
    case TRANSPORT_UP_REFUSED:
        if (up != NULL) {
            refused_say(engine, up);
            up->routed = false;
            if (tree_has_other(engine, up->node) && up->tries % 2 == 1) {
                up->tries++; /* not promoted: back to the top node itself */
                up->retry_at_ms = 1;
                return;
            }
            peer_retry(engine, up);
        }
        return;
    case TRANSPORT_UP_FRAME:
        if (up != NULL) {
            frame_give(engine, up, event->frame);
        }
        return;
    }
}

void peers_lost(void *ctx, const struct route *route)
{
    struct engine *engine = ctx;

    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];

        if (peer->used && ((route == NULL && peer->up) ||
                           (route != NULL && !peer->up && peer->routed &&
                            same_route(&peer->route, route)))) {
            log_line(LOG_INFO, "link", "frame_lost", "peer=%u side=%s",
                     peer->node, peer->up ? "up" : "down");
            peer->lost = true;
        }
    }
}

/* ---- time ---- */

/* Nobody answers where the top node was: its standby may have been promoted
 * and wait for us. When it is asked, UINT64_MAX if there is none to ask. */
static uint64_t other_due_ms(struct engine *engine, const struct peer *peer)
{
    uint64_t wait_ms = OTHER_LEAST_MS * (1 + (uint64_t)peer->tries);

    if (peer->routed || peer->joining || peer->retry_at_ms != 0 ||
        peer->dialled_ms == 0 || !tree_has_other(engine, peer->node)) {
        return UINT64_MAX;
    }
    return peer->dialled_ms +
           (wait_ms < OTHER_MOST_MS ? wait_ms : OTHER_MOST_MS);
}

static void up_tick(struct engine *engine, struct peer *peer)
{
    struct error err = {0};

    peer->elsewhere_ms = other_due_ms(engine, peer);
    if (clock_steady_ms() >= peer->elsewhere_ms) {
        peer->tries++;
        peer->retry_at_ms = 1;
    }

    if (peer->retry_at_ms == 0 || clock_steady_ms() < peer->retry_at_ms) {
        return;
    }
    peer->retry_at_ms = 0;
    peer->joining = engine->keys.joining;
    if (peer->routed) {
        peer->routed = false;
        peer_closed(engine, peer);
    }
    if (peer->next_node != 0) {
        peer->node = peer->next_node;
        peer->next_node = 0;
        free(peer->memory); /* what was agreed was with another one */
        peer->memory = NULL;
        peer->link = NULL;
    }
    if (connect_up(engine, peer, &err) != 0) {
        engine_react(engine, "link", "connect", &err);
        peer_retry(engine, peer);
    }
}

static void deliveries_tell(struct engine *engine, struct peer *peer)
{
    struct link_event event = {.kind = LINK_DELIVERY_QUEUED};
    uint64_t mark = store_delivery_mark(engine->store);
    struct error ignored = {0};
    uint64_t acked = 0;
    uint64_t newest = 0;

    if (peer->up || peer->joining || !peer->announced) {
        return;
    }
    /* Most turns add to no queue: nobody is asked then. */
    if (peer->deliveries_looked && peer->deliveries_mark == mark &&
        !engine->placed) {
        return;
    }
    if (store_delivery_acked(engine->store, peer->node, &acked, &newest,
                             &ignored) != 0) {
        return;
    }
    peer->deliveries_looked = true;
    peer->deliveries_mark = mark;
    if (newest > peer->deliveries_told || engine->placed) {
        peer->deliveries_told = newest;
        if (newest > acked) {
            peer_step(engine, peer, &event);
        }
    }
}

static void peer_tick(struct engine *engine, struct peer *peer, uint64_t now_ms)
{
    struct link_event event = {.kind = LINK_TICK};

    if (peer->leave_at_ms != 0 && clock_steady_ms() >= peer->leave_at_ms) {
        peer->lost = true; /* what it was to hear has gone out */
    }
    if (peer->lost) {
        /* Frames are missing: the session must start over. */
        peer_closed(engine, peer);
        if (peer->up) {
            peer_retry(engine, peer);
        } else {
            peer->routed = false;
        }
    }
    if (peer->up) {
        detour_tick(engine, peer);
        up_tick(engine, peer);
    }
    if (peer->joined_at_ms != 0 &&
        clock_steady_ms() - peer->joined_at_ms > INVITER_LINGER_MS) {
        peer_release(peer);
        return;
    }
    if (peer->link != NULL && link_deadline_ms(peer->link) <= now_ms) {
        peer_step(engine, peer, &event);
    }
    if (peer->up && peer->announced && peer->link != NULL) {
        cosign_above(engine, peer);
    }
    deliveries_tell(engine, peer);
}

static void directory_tell(struct engine *engine)
{
    uint64_t serial = store_directory_serial(engine->store);
    struct error err = {0};

    if (serial != engine->peers->directory_serial) {
        engine->peers->directory_serial = serial;
        engine->gate_stale = true;
        if (cosign_resume(engine, &err) != 0) {
            engine_react(engine, "cosign", "resume", &err);
        }
        if (epoch_turn(engine, &err) != 0) {
            engine_react(engine, "epoch", "turn", &err);
        }
        peers_tell(engine, LINK_DIR_CHANGED, NULL, NULL);
        tree_follow(engine);
    }
}

void peers_restart(struct engine *engine)
{
    for (size_t i = 0; engine->peers != NULL && i < engine->peers->len; i++) {
        engine->peers->all[i].lost = engine->peers->all[i].used;
        engine->peers->all[i].retry_ms = RETRY_LEAST_MS / 8;
    }
}

void peer_up_restart(struct engine *engine)
{
    struct peer *up = engine->peers != NULL ? peer_up(engine) : NULL;

    if (up != NULL) {
        up->lost = true;
        up->retry_ms = RETRY_LEAST_MS / 8;
    }
}

/* Somebody set the clock, or the machine slept: skews are those of the newest
 * HELLO, so there must be a new one. */
static void clock_watch(struct engine *engine, uint64_t now_ms)
{
    int64_t gap_ms = (int64_t)now_ms - (int64_t)clock_steady_ms();
    int64_t moved_ms = gap_ms - engine->gap_ms;

    if (moved_ms > CLOCK_MOVED_MS || moved_ms < -CLOCK_MOVED_MS) {
        if (engine->gap_ms != 0) {
            log_line(LOG_WARN, "clock", "moved", "by_ms=%lld",
                     (long long)moved_ms);
            peers_restart(engine);
        }
        engine->gap_ms = gap_ms;
    }
}

void peers_tick(struct engine *engine)
{
    uint64_t now_ms = clock_now_ms();

    clock_watch(engine, now_ms);
    if (engine->transport != NULL && peer_up(engine) == NULL &&
        tree_parent(engine) != 0) {
        (void)up_make(engine);
    }
    directory_tell(engine);
    for (size_t i = 0; i < engine->peers->len; i++) {
        if (engine->peers->all[i].used) {
            peer_tick(engine, &engine->peers->all[i], now_ms);
        }
    }
    engine->placed = false;
}

uint64_t peers_deadline_ms(const struct engine *engine)
{
    uint64_t now_ms = clock_now_ms();
    uint64_t steady_ms = clock_steady_ms();
    uint64_t wait_ms = UINT64_MAX;

    for (size_t i = 0; i < engine->peers->len; i++) {
        const struct peer *peer = &engine->peers->all[i];
        uint64_t due_ms = UINT64_MAX;

        if (!peer->used) {
            continue;
        }
        if (peer->link != NULL) {
            due_ms = link_deadline_ms(peer->link);
            due_ms = due_ms == UINT64_MAX
                         ? UINT64_MAX
                         : (due_ms > now_ms ? due_ms - now_ms : 0);
        }
        if (peer->retry_at_ms != 0) {
            uint64_t retry_ms = peer->retry_at_ms > steady_ms
                                    ? peer->retry_at_ms - steady_ms
                                    : 0;

            due_ms = retry_ms < due_ms ? retry_ms : due_ms;
        }
        if (peer->up) {
            uint64_t other_ms = peer->elsewhere_ms == UINT64_MAX ? UINT64_MAX
                                : peer->elsewhere_ms > steady_ms
                                    ? peer->elsewhere_ms - steady_ms
                                    : 0;

            due_ms = other_ms < due_ms ? other_ms : due_ms;
        }
        if (peer->lost) {
            due_ms = 0;
        } else if (peer->leave_at_ms != 0) {
            uint64_t leave_ms = peer->leave_at_ms > steady_ms
                                    ? peer->leave_at_ms - steady_ms
                                    : 0;

            due_ms = leave_ms < due_ms ? leave_ms : due_ms;
        }
        if (peer->above_due && peer->announced) {
            uint64_t above_ms = peer->above_at_ms > steady_ms
                                    ? peer->above_at_ms - steady_ms
                                    : 0;

            due_ms = above_ms < due_ms ? above_ms : due_ms;
        }
        uint64_t leg_ms = detour_wait_ms(engine, peer);

        due_ms = leg_ms < due_ms ? leg_ms : due_ms;
        wait_ms = due_ms < wait_ms ? due_ms : wait_ms;
    }
    return wait_ms;
}
