/* Room: node. Owns one peer: its place in the table, its link, and the order in
 * which things happen to links: one after the other, never one inside another.
 * It must never say who a peer is: its key does. Next: peers.c, which hears and
 * reconnects them; actions.c, what a link wants done. */
#include "node/peers.h"

#include <stdlib.h>
#include <string.h>

#include "node/clock.h"

/* A happening that waits until the present one is done with. */
struct pending {
    struct pending *next;
    struct peer *peer;
    struct link_event event;
};

/* ---- finding ---- */

struct peer *peer_up(struct engine *engine)
{
    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];

        if (peer->used && peer->up) {
            return peer;
        }
    }
    return NULL;
}

struct peer *peer_of_node(struct engine *engine, uint32_t node)
{
    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];

        if (peer->used && peer->node == node && !peer->joining) {
            return peer;
        }
    }
    return NULL;
}

struct peer *peer_of_key(struct engine *engine, const struct box_public *key)
{
    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];

        if (peer->used && !peer->up &&
            memcmp(&peer->key, key, sizeof(*key)) == 0) {
            return peer;
        }
    }
    return NULL;
}

void peer_release(struct peer *peer)
{
    free(peer->memory);
    staged_ask_no_more(peer);
    crypto_wipe(peer, sizeof(*peer));
}

struct peer *peer_place(struct engine *engine)
{
    struct peers *peers = engine->peers;

    for (size_t i = 0; i < peers->len; i++) {
        if (!peers->all[i].used) {
            return &peers->all[i];
        }
    }
    return peers->len < PEERS_MAX ? &peers->all[peers->len++] : NULL;
}

void peers_free(struct engine *engine)
{
    if (engine->peers == NULL) {
        return;
    }
    for (size_t i = 0; i < engine->peers->len; i++) {
        peer_release(&engine->peers->all[i]);
    }
    free(engine->peers);
    engine->peers = NULL;
}

/* ---- links ---- */

/* Room for every log of the realm twice, so that it may grow meanwhile. */
static size_t tracks_wanted(struct engine *engine)
{
    const struct directory *dir = engine_directory(engine);

    return 64 + 4 * dir->nodes_len;
}

static enum link_side side_of(const struct peer *peer)
{
    if (peer->joining) {
        return peer->up ? LINK_JOINER : LINK_INVITER;
    }
    return peer->up ? LINK_UP : LINK_DOWN;
}

bool peer_guards(struct engine *engine, const struct peer *peer)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    const struct dir_cert *cert =
        directory_cert(dir, peer->up ? self : peer->node);

    return cert != NULL && cert->guard == (peer->up ? peer->node : self);
}

/* Our cosigning keys before the present one, newest first. */
static size_t mirrors_fill(struct engine *engine, struct span name)
{
    const struct dir_node *self =
        directory_node(engine_directory(engine), engine_node(engine));
    size_t len = 0;

    for (size_t i = self == NULL ? 0 : self->certs_len;
         i-- > 0 && len < MIRRORS_BEFORE_MAX;) {
        const struct sign_public *key = &self->certs[i]->mirror_key;
        struct error ignored = {0};

        if (memcmp(key, &engine->keys.mirror.pub, sizeof(*key)) != 0 &&
            vkey_make(name, VKEY_COSIGNATURE, key,
                      &engine->peers->mirrors_before[len], &ignored) == 0) {
            len++;
        }
    }
    return len;
}

bool peer_stands_by(struct engine *engine, const struct peer *peer)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t standby = directory_standby(dir);

    return standby != 0 && !peer->joining &&
           (peer->up
                ? dir->top == engine_node(engine) && peer->node == standby
                : standby == engine_node(engine) && peer->node == dir->top);
}

static bool peer_observes(struct engine *engine, const struct peer *peer)
{
    uint32_t node = peer->up ? engine_node(engine) : peer->node;

    return !peer->joining &&
           directory_role(engine_directory(engine), node) == DIR_ROLE_OBSERVER;
}

bool peer_is_changed(struct engine *engine, const struct peer *peer)
{
    return peer->guards != peer_guards(engine, peer) ||
           peer->observes != peer_observes(engine, peer) ||
           peer->stands_by != peer_stands_by(engine, peer);
}

/* A link in fresh memory: at the first session, and when the realm outgrew
 * the old one. */
static int link_make(struct engine *engine, struct peer *peer,
                     struct error *err)
{
    size_t tracks = tracks_wanted(engine);
    size_t head = (link_size() + 63) & ~(size_t)63;
    struct buf name = buf_over(engine->peers->mirror_name,
                               sizeof(engine->peers->mirror_name));
    struct link_options options = {
        .side = side_of(peer),
        .realm = span_str(engine->config->realm),
        .self = engine_node(engine),
        .peer = peer->node,
        .quiet_ms = engine->config->quiet_s * 1000,
        .guard = peer_guards(engine, peer),
        .features = LINK_FEATURE_HELD_UP | LINK_FEATURE_SUCCESSOR_UP,
        .observer = peer_observes(engine, peer),
        .standby = peer_stands_by(engine, peer),
        .software = span_str(engine->peers->software)};
    int rc;

    peer->guards = options.guard;
    peer->observes = options.observer;
    peer->stands_by = options.standby;
    free(peer->memory);
    peer->link = NULL;
    peer->memory = calloc(1, head + tracks * link_track_size());
    if (peer->memory == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a link");
    }
    peer->tracks_max = tracks;
    options.tracks = (uint8_t *)peer->memory + head;
    options.tracks_max = tracks;
    origin_mirror_name(options.realm, engine_node(engine), &name);
    rc = vkey_make(buf_span(&name), VKEY_COSIGNATURE, &engine->keys.mirror.pub,
                   &options.mirror, err);
    options.mirrors_before = engine->peers->mirrors_before;
    options.mirrors_before_len = mirrors_fill(engine, buf_span(&name));
    if (rc == 0 && peer->joining && peer->up) {
        arena_reset(&engine->joining); /* of the try before */
        rc = join_request_make(&engine->keys, engine->config->realm,
                               engine_node(engine), &engine->joining,
                               &options.join, err);
    }
    return rc != 0 ? rc : link_init(peer->memory, &options, &peer->link, err);
}

static void step_once(struct engine *engine, struct peer *peer,
                      const struct link_event *event)
{
    struct link_view view = view_of(engine);
    struct link_actions actions = {0};
    struct error err = {0};
    int rc;

    if (!peer->used || peer->link == NULL) {
        return;
    }
    engine->linked = true;
    rc = link_step(peer->link, event, &view, &engine->turn, &actions, &err);
    for (const struct link_action *action = actions.first;
         rc == 0 && action != NULL; action = action->next) {
        action_perform(engine, peer, action);
    }
    if (rc != 0) {
        error_wrap(&err, "peer %u", peer->node);
        engine_react(engine, "link", link_happened_name(event->kind), &err);
        peer->lost = true;
    }
}

static void pending_add(struct engine *engine, struct peer *peer,
                        const struct link_event *event)
{
    struct pending *added = arena_alloc(&engine->happenings, sizeof(*added));

    if (added == NULL) {
        peer->lost = true; /* the session starts over: nothing is lost */
        return;
    }
    added->peer = peer;
    added->event = *event;
    added->event.text = arena_copy(&engine->happenings, event->text);
    if (engine->pending_last == NULL) {
        engine->pending = added;
    } else {
        engine->pending_last->next = added;
    }
    engine->pending_last = added;
}

void peer_step(struct engine *engine, struct peer *peer,
               struct link_event *event)
{
    size_t mark = engine->turn.used;

    event->now_ms = clock_now_ms();
    if (engine->stepping) {
        pending_add(engine, peer, event);
        return;
    }
    engine->stepping = true;
    step_once(engine, peer, event);
    while (engine->pending != NULL) {
        struct pending *next = engine->pending;

        engine->pending = next->next;
        if (engine->pending == NULL) {
            engine->pending_last = NULL;
        }
        step_once(engine, next->peer, &next->event);
    }
    engine->stepping = false;
    arena_reset(&engine->happenings);
    arena_rewind(&engine->turn, mark);
}

void peers_tell(struct engine *engine, enum link_happened kind,
                const struct origin *origin, const struct peer *but)
{
    for (size_t i = 0; engine->peers != NULL && i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];
        struct link_event event = {.kind = kind};

        if (origin != NULL) {
            event.origin = *origin;
        }
        if (peer->used && peer->link != NULL && peer != but &&
            peer->announced) {
            peer_step(engine, peer, &event);
        }
    }
}

void peer_opened(struct engine *engine, struct peer *peer)
{
    uint8_t random[LINK_RANDOM_SIZE];
    struct link_event event = {.kind = LINK_OPENED, .random = random};
    struct error err = {0};

    if (peer->up) {
        engine->later_bytes = 0;
    }
    peer->announced = false;
    peer->lost = false;
    peer->leave_at_ms = 0;
    peer->routed = true;
    peer->deliveries_told = 0;
    peer->deliveries_looked = false;
    if (link_make(engine, peer, &err) != 0) {
        engine_react(engine, "link", "make", &err);
        return;
    }
    crypto_random(random, sizeof(random));
    peer_step(engine, peer, &event);
}

void peer_closed(struct engine *engine, struct peer *peer)
{
    struct link_event event = {.kind = LINK_LOST};

    if (peer->up) {
        engine->later_bytes = 0;
    }
    peer->announced = false;
    peer->lost = false;
    peer->leave_at_ms = 0;
    staged_ask_no_more(peer);
    peer_step(engine, peer, &event);
}
