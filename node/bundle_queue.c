/* Room: node. Owns what a bundle brings that stands in no log: recorded events
 * on their way up, staging notes and deliveries on their way down. It must
 * never sequence anything, and makes no note where a session could contradict
 * it. Next: staged.c, bundle_import.c (the other end). */
#include "node/bundle_writing.h"

#include <string.h>

#include "protocol/log/checkpoint.h"
#include "store/delivery.h"
#include "store/spool.h"

#define SPOOLED_A_TIME 256u
#define DELIVERIES_A_TIME 64u

/* ---- what is in no log ---- */

static int items_put(struct writing *w, const struct origin *origin,
                     const struct segment_item *items, size_t len,
                     struct error *err)
{
    for (size_t done = 0; done < len;) {
        struct frame frame;
        size_t used = 0;
        int rc = spooled_pack(w->engine, origin, items + done, len - done,
                              &frame, &used, err);

        rc = rc != 0 ? rc : writing_try(w, &frame, err);
        if (rc != 0 || w->full) {
            return rc;
        }
        done += used;
        w->status->spooled += used;
    }
    return 0;
}

static int spool_put(struct writing *w, bool dir, struct error *err)
{
    struct origin origin =
        staged_origin(w->engine, engine_node(w->engine), dir);
    uint64_t from = 0;

    for (;;) {
        struct arena *turn = &w->engine->turn;
        size_t mark = turn->used;
        struct store_spooled *events =
            arena_array(turn, SPOOLED_A_TIME, sizeof(*events));
        struct segment_item *items =
            arena_array(turn, SPOOLED_A_TIME, sizeof(*items));
        size_t len = 0;
        int rc =
            events == NULL || items == NULL
                ? error_set(err, ERR_LIMIT, "too much in one turn")
                : store_spool_list(w->engine->store, dir, from, (size_t)1 << 20,
                                   turn, events, SPOOLED_A_TIME, &len, err);

        for (size_t i = 0; rc == 0 && i < len; i++) {
            items[i] = (struct segment_item){.leaf = events[i].leaf};
            rc = bodies_take(events[i].bodies, turn, &items[i], err);
            from = events[i].number + 1;
        }
        rc = rc != 0 ? rc : items_put(w, &origin, items, len, err);
        arena_rewind(turn, mark);
        if (rc != 0 || len == 0 || w->full) {
            return rc;
        }
    }
}

int writing_spool(struct writing *w, struct error *err)
{
    int rc = 0;

    for (int dir = 1; rc == 0 && dir >= 0; dir--) {
        uint64_t before = w->status->spooled;
        struct store_spool_state state;

        rc = store_spool_state(w->engine->store, dir == 1, &state, err);
        rc = rc != 0 || w->full ? rc : spool_put(w, dir == 1, err);
        if (rc == 0 && w->full) {
            w->status->events_left +=
                state.count - (w->status->spooled - before);
        }
    }
    return rc;
}

/* The events of the note that the child's newest bundle did not have. */
static int lacking_put(struct writing *w, const struct frame_staged *note,
                       struct error *err)
{
    struct arena *turn = &w->engine->turn;

    for (size_t at = 0; at < note->ids.len;) {
        size_t mark = turn->used;
        struct segment_item *items =
            arena_array(turn, SPOOLED_A_TIME, sizeof(*items));
        size_t len = 0, bytes = 0;
        int rc = 0;

        if (items == NULL) {
            return error_set(err, ERR_LIMIT, "too much in one turn");
        }
        for (; rc == 0 && at < note->ids.len && len < SPOOLED_A_TIME &&
               bytes < (size_t)1 << 20;
             at += sizeof(struct event_id)) {
            struct store_staged event;
            struct event_id id;

            memcpy(&id, note->ids.ptr + at, sizeof(id));
            rc = store_staged_get(w->engine->store, &id, turn, &event, err);
            if (rc == ERR_NOTFOUND) {
                rc = 0;
            } else if (rc == 0 && event.round != w->known.round) {
                items[len] = (struct segment_item){.leaf = event.leaf};
                rc = bodies_take(event.bodies, turn, &items[len++], err);
                bytes += event.leaf.len + event.bodies.len;
            }
        }
        rc = rc != 0 ? rc : items_put(w, &note->origin, items, len, err);
        arena_rewind(turn, mark);
        if (rc != 0 || w->full) {
            return rc;
        }
    }
    return 0;
}

/* A note goes with all that it stands on, or not at all: a child that lacks
 * some of it could not follow. */
int writing_notes(struct writing *w, struct error *err)
{
    for (int dir = 1; dir >= 0 && !w->full; dir--) {
        struct origin origin = staged_origin(w->engine, w->to, dir == 1);
        struct frame frame = {.kind = FRAME_STAGED};
        size_t mark = w->engine->turn.used;
        int rc = staged_note(w->engine, &origin, w->known.token_ok,
                             &frame.staged, err);

        if (rc == 0) {
            rc = lacking_put(w, &frame.staged, err);
            rc = rc != 0 ? rc : writing_try(w, &frame, err);
            w->status->staged +=
                w->full ? 0 : frame.staged.ids.len / sizeof(struct event_id);
        }
        arena_rewind(&w->engine->turn, mark);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    return 0;
}

int writing_deliveries(struct writing *w, struct error *err)
{
    struct arena *turn = &w->engine->turn;
    uint64_t acked = 0, newest = 0;
    int rc =
        store_delivery_acked(w->engine->store, w->to, &acked, &newest, err);

    while (rc == 0 && acked < newest) {
        size_t mark = turn->used;
        struct store_delivery *list =
            arena_array(turn, DELIVERIES_A_TIME, sizeof(*list));
        size_t len = 0;

        rc = list == NULL ? error_set(err, ERR_LIMIT, "too much in one turn")
                          : store_delivery_list(w->engine->store, w->to, acked,
                                                (size_t)1 << 20, turn, list,
                                                DELIVERIES_A_TIME, &len, err);
        for (size_t i = 0; rc == 0 && i < len; i++) {
            size_t inner = turn->used;
            struct frame frame;

            rc = deliver_frame(w->engine, w->to, &list[i], &frame, err);
            rc = rc != 0 ? rc : writing_try(w, &frame, err);
            arena_rewind(turn, inner);
            if (w->full) {
                w->status->deliveries_left = newest - acked;
                break;
            }
            acked = list[i].number;
            w->status->deliveries++;
        }
        arena_rewind(turn, mark);
        if (len == 0 || w->full) {
            break;
        }
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* ---- being heard ---- */

int writing_heard(struct writing *w, struct error *err)
{
    struct origin origin =
        staged_origin(w->engine, engine_node(w->engine), false);
    uint8_t text_space[CHECKPOINT_TEXT_MAX];
    uint8_t heard_space[HEARD_TEXT_MAX];
    struct buf text = buf_over(text_space, sizeof(text_space));
    struct buf heard = buf_over(heard_space, sizeof(heard_space));
    struct frame frame = {.kind = FRAME_HEARD_ASK};
    struct store_log log;
    bool any = false;
    int rc = store_spool_any(w->engine->store, &any, err);

    rc = rc != 0 ? rc : log_find(w->engine, &origin, &log, err);
    if (rc != 0 || any || log.cosigs == 0 || log.guarded != log.head.size) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    checkpoint_text(w->engine, &origin, &log.head, &text);
    heard_text(buf_span(&text), log.cosigs, &heard);
    frame.heard_ask.origin = origin;
    frame.heard_ask.cosigs = log.cosigs;
    frame.heard_ask.signature =
        sign_bytes(&w->engine->keys.actor.sec, buf_span(&heard));
    return writing_try(w, &frame, err);
}
