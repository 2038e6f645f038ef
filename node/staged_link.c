/* Room: node. Owns staged events in a session: the note a child is told, the
 * events it asks back, and what it answers. It decides no order. Next:
 * staged.c, which does; protocol/link/link_staged.c. */
#include "node/peers.h"

#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "store/book.h"
#include "store/staged.h"

#define GIVE_BYTES 262144u /* of events given back for one asking */
#define GIVE_EVENTS 64u

/* Events that the child asks for, as many as one answer takes; its own: what
 * another child brought is none of its business. */
static int give(struct engine *engine, struct peer *peer,
                const struct frame_spooled *asked, struct error *err)
{
    struct store_log log;
    struct segment_item *items =
        arena_array(&engine->turn, GIVE_EVENTS, sizeof(*items));
    size_t len = 0, done = 0, bytes = 0;
    int rc = 0;

    if (items == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    rc = asked->wanted.len == 0 ? 0
                                : log_find(engine, &asked->origin, &log, err);
    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    for (size_t at = 0; rc == 0 && at < asked->wanted.len &&
                        len < GIVE_EVENTS && bytes < GIVE_BYTES;
         at += sizeof(struct event_id)) {
        struct store_staged event;
        struct event_id id;

        memcpy(&id, asked->wanted.ptr + at, sizeof(id));
        rc = store_staged_get(engine->store, &id, &engine->turn, &event, err);
        if (rc == ERR_NOTFOUND || (rc == 0 && event.log != log.id)) {
            rc = 0;
            continue;
        }
        if (rc == 0) {
            items[len] = (struct segment_item){.leaf = event.leaf};
            rc = bodies_take(event.bodies, &engine->turn, &items[len++], err);
            bytes += event.leaf.len + event.bodies.len;
        }
    }
    while (rc == 0 && done < len) {
        struct frame frame;
        size_t used = 0;

        rc = spooled_pack(engine, &asked->origin, items + done, len - done,
                          &frame, &used, err);
        if (rc == 0) {
            (void)action_send_frame(engine, peer, &frame);
        }
        done += used;
    }
    return rc;
}

void staged_say(struct engine *engine, struct peer *peer,
                const struct link_action *action)
{
    size_t mark = engine->turn.used;
    struct error err = {0};
    int rc = 0;

    if (action->spooled != NULL) {
        rc = give(engine, peer, action->spooled, &err);
    }
    for (int dir = 1; rc == 0 && dir >= 0; dir--) {
        struct origin origin = staged_origin(engine, peer->node, dir == 1);
        struct frame frame = {.kind = FRAME_STAGED};

        if (action->has_origin && !origin_equal(&origin, &action->origin)) {
            continue;
        }
        rc = staged_note(engine, &origin, true, &frame.staged, &err);
        if (rc == 0) {
            (void)action_send_frame(engine, peer, &frame);
        } else if (rc == ERR_NOTFOUND || rc == ERR_BUSY) {
            rc = 0;
        }
    }
    arena_rewind(&engine->turn, mark);
    if (rc != 0) {
        engine_react(engine, "staged", "say", &err);
        peer->lost = true;
    }
}

void staged_ask_no_more(struct peer *peer)
{
    union {
        const uint8_t *in;
        void *out;
    } ptr = {.in = peer->lacked.ptr};

    free(ptr.out);
    peer->lacked = (struct span){NULL, 0};
}

/* Asks for what is lacking, and remembers it: nothing else may come back.
 * False if that was asked for in vain. */
static bool ask(struct engine *engine, struct peer *peer,
                const struct origin *origin, struct span lacking)
{
    struct frame frame = {.kind = FRAME_SPOOLED};
    uint8_t *ids;

    if (peer->lacked.len != 0 && lacking.len >= peer->lacked.len) {
        staged_ask_no_more(peer);
        return false;
    }
    staged_ask_no_more(peer);
    ids = malloc(lacking.len);
    if (ids == NULL) {
        return false;
    }
    memcpy(ids, lacking.ptr, lacking.len);
    peer->lacked = span_make(ids, lacking.len);
    frame.spooled.origin = *origin;
    frame.spooled.wanted = lacking;
    return action_send_frame(engine, peer, &frame) > 0;
}

static void refusal_say(struct engine *engine, struct peer *peer,
                        const char *text)
{
    struct error err = {0};
    int rc = engine_write(engine, &err);

    if (rc == 0) {
        rc = store_peer_refuse(engine->store, peer->node, text,
                               (int64_t)(clock_now_ms() / 1000), &err);
    }
    if (rc != 0) {
        engine_react(engine, "staged", "refuse", &err);
    }
}

void staged_get_back(struct engine *engine, struct peer *peer,
                     const struct link_action *action)
{
    struct staged_count count = {0};
    struct error err = {0};
    int rc =
        staged_return(engine, action->spooled, &peer->lacked, &count, &err);

    log_line(rc == 0 && count.refused == 0 ? LOG_INFO : LOG_WARN, "staged",
             "given_back", "peer=%u events=%llu refused=%llu", peer->node,
             (unsigned long long)count.added,
             (unsigned long long)count.refused);
    if (rc != 0) {
        engine_react(engine, "staged", "give_back", &err);
    } else if (count.refused > 0) {
        refusal_say(engine, peer, count.why);
    }
}

void staged_apply(struct engine *engine, struct peer *peer,
                  const struct link_action *action)
{
    struct link_event event = {.kind = LINK_STAGED, .origin = action->origin};
    size_t size = FRAME_STAGED_MAX * sizeof(struct event_id);
    size_t mark = engine->turn.used;
    uint8_t *space = arena_alloc(&engine->turn, size);
    struct buf lacking = buf_over(space, size);
    enum staged_end end = STAGED_OLD;
    struct error err = {0};
    int rc = space == NULL
                 ? error_set(&err, ERR_LIMIT, "too much in one turn")
                 : staged_take(engine, action->staged, &end, &lacking, &err);

    if (rc != 0) {
        engine_react(engine, "staged", "note", &err);
        refusal_say(engine, peer, err.text);
    } else if (end == STAGED_EARLY) {
        event.code = ERR_BUSY;
    } else if (end == STAGED_LACKS) {
        if (ask(engine, peer, &action->origin, buf_span(&lacking))) {
            arena_rewind(&engine->turn, mark);
            return;
        }
        refusal_say(engine, peer,
                    "the superior names events in a bundle that neither it "
                    "nor this node has any more");
    } else {
        staged_ask_no_more(peer);
    }
    arena_rewind(&engine->turn, mark);
    peer_step(engine, peer, &event);
}
