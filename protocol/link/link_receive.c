/* protocol/link: what comes from the peer: batches, cosignatures, deliveries.
 *
 * Only what was asked for is taken; a batch is stored whole or dropped whole
 * and asked for again, ever more slowly. Owns the credit given out and the
 * retries. Must never acknowledge: cosignatures and acks follow the engine's
 * word that a thing is durable. Next: link_join.c. */
#include "protocol/link/link_internal.h"

#define RETRY_FIRST_MS 1000u
#define RETRY_MAX_MS 60000u

/* ---- pulling ---- */

static bool pull_due(const struct link *link, const struct link_track *track,
                     uint64_t now_ms)
{
    if (!track_takes(track) || !track->offered || track->frozen) {
        return false;
    }
    if (track->way == TRACK_RECEIVE) {
        /* Not from a copy that must prove itself; and while ours is set back
         * not from one that lacks as much: it would go on from there. */
        if ((link->waiting && track->origin.node == link->options.peer) ||
            (track->recovering && track->here < track->until &&
             track->there <= track->here)) {
            return false;
        }
    }
    if (track->retry_ms != 0) {
        return track->retry_ms <= now_ms;
    }
    return !track->flowing && !track->stopped;
}

/* Fills one pull; false if the log is none we may believe yet. */
static int pull_fill(struct step *s, struct link_track *track,
                     struct frame_pull *pull, bool *filled)
{
    struct link_log log;
    int rc = track_log(s, track, &log, filled);

    if (rc != 0 || !*filled) {
        return rc;
    }
    *pull = (struct frame_pull){
        .origin = track->origin,
        .held = log.head.size,
        .cosigs = log.cosigs,
        .begin = pull_due(s->link, track, s->event->now_ms),
        .hold = recover_holds(s->link, track, &log),
    };
    track->hold = pull->hold;
    s->link->holding = s->link->holding || pull->hold;
    if (track->frozen) {
        pull->begin = false;
    }
    if (pull->begin) {
        track->flowing = true;
        track->stopped = false;
        track->waiting = true;
        track->retry_ms = 0;
    }
    track->report = false;
    return 0;
}

static int want_send(struct step *s, struct frame_want *want, bool *said)
{
    struct frame frame = {.kind = FRAME_WANT, .want = *want};
    uint64_t credit = s->link->window.granted;

    if (window_grant(&s->link->window, &credit)) {
        *said = false;
    }
    if (*said && want->pulls_len == 0) {
        return 0;
    }
    *said = true;
    frame.want.credit_bytes = credit;
    want->pulls_len = 0;
    return step_send(s, &frame);
}

int receive_want(struct step *s)
{
    struct link *link = s->link;
    struct frame_pull *pulls = NULL;
    struct frame_want want = {0};
    bool said = true;
    int rc = 0;
    size_t due = 0;

    link->retry_ms = 0;
    for (size_t i = 0; i < link->tracks_len; i++) {
        const struct link_track *track = &link->tracks[i];

        due += pull_due(s->link, track, s->event->now_ms) || track->report;
        if (track->retry_ms > s->event->now_ms &&
            (link->retry_ms == 0 || track->retry_ms < link->retry_ms)) {
            link->retry_ms = track->retry_ms;
        }
    }
    if (due > FRAME_PULLS_MAX) {
        due = FRAME_PULLS_MAX;
    }
    pulls = arena_array(s->arena, due, sizeof(*pulls));
    if (pulls == NULL) {
        return error_set(s->err, ERR_NOMEM, "no room for %zu pulls", due);
    }
    want.pulls = pulls;
    for (size_t i = 0; due > 0 && i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];
        bool filled = false;

        if (!pull_due(s->link, track, s->event->now_ms) && !track->report) {
            continue;
        }
        rc = pull_fill(s, track, &pulls[want.pulls_len], &filled);
        if (rc != 0) {
            return rc;
        }
        want.pulls_len += filled;
        if (want.pulls_len == FRAME_PULLS_MAX &&
            (rc = want_send(s, &want, &said)) != 0) {
            return rc;
        }
    }
    return want_send(s, &want, &said);
}

/* Drops what comes of the log until it was asked for again. */
static void pull_later(struct step *s, struct link_track *track,
                       uint64_t pause_ms)
{
    track->flowing = false;
    track->stopped = true;
    track->retry_ms = s->event->now_ms + pause_ms;
    if (s->link->retry_ms == 0 || track->retry_ms < s->link->retry_ms) {
        s->link->retry_ms = track->retry_ms;
    }
}

/* ---- batches ---- */

/* The last frame within the credit may reach beyond it; no other. */
static bool credit_overdrawn(const struct link *link)
{
    return link->window.received > link->window.granted + FRAME_MAX;
}

static int batch_foreign(struct step *s, const struct frame_batch *batch)
{
    struct span text = step_text(
        s, "node %u sends the log of node %u, which nobody asked it for",
        s->link->options.peer, batch->origin.node);
    int rc = step_refuse(s, &batch->origin, LINK_REASON_FOREIGN_LOG, text);

    step_note(s, &batch->origin, LINK_REASON_FOREIGN_LOG, text);
    return rc == 0 ? step_strike(s, LINK_REASON_FOREIGN_LOG, text) : rc;
}

static int batch_bad(struct step *s, struct link_track *track, struct span text)
{
    uint64_t pause_ms = RETRY_FIRST_MS;
    struct link_action *strike = step_do(s, LINK_DO_STRIKE);
    int rc = 0;

    for (unsigned i = 0; i < track->fails && pause_ms < RETRY_MAX_MS; i++) {
        pause_ms *= 2;
    }
    track->fails++;
    pull_later(s, track, pause_ms < RETRY_MAX_MS ? pause_ms : RETRY_MAX_MS);
    /* Shown, but no reason to end the session: the other logs are good. */
    strike->reason = LINK_REASON_BAD_BATCH;
    strike->text = text;
    step_note(s, &track->origin, LINK_REASON_BAD_BATCH, text);
    rc = step_refuse(s, &track->origin, LINK_REASON_BAD_BATCH, text);
    return rc == 0 ? receive_want(s) : rc;
}

int frame_batch(struct step *s, const struct frame *frame)
{
    struct link *link = s->link;
    const struct frame_batch *batch = &frame->batch;
    const struct segment *segment = &batch->segment;
    struct link_track *track = track_find(link, &batch->origin);
    struct link_action *action = NULL;
    struct link_log log;
    bool known = false;
    int rc = 0;

    window_received(&link->window, s->event->bytes.len, batch->more,
                    s->event->now_ms);
    if (credit_overdrawn(link)) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "more bytes than were asked for"));
    }
    if (track != NULL && track->way == TRACK_SEND && !track->turned &&
        track->offered) {
        return receive_want(s); /* late: we have it all back */
    }
    if (track == NULL || !track_takes(track) || !track->offered) {
        return batch_foreign(s, batch);
    }
    if ((rc = track_log(s, track, &log, &known)) != 0) {
        return rc;
    }
    if (!known || track->frozen || track->stopped || !track->flowing) {
        return receive_want(s); /* late: its bytes are still given back */
    }
    if (segment->first + segment->count <= log.head.size) {
        return receive_want(s); /* a duplicate */
    }
    if (segment->first > log.head.size) {
        if (!track->waiting) {
            track->flowing = false; /* a gap: ask again from where we are */
        }
        return receive_want(s);
    }
    if (segment->first < log.head.size) {
        return batch_bad(
            s, track,
            step_text(s,
                      "a batch begins at event %llu, inside what is held of "
                      "that log (%llu)",
                      (unsigned long long)segment->first,
                      (unsigned long long)log.head.size));
    }
    track->waiting = false;
    action = step_do(s, LINK_DO_STORE_BATCH);
    action->has_origin = true;
    action->origin = track->origin;
    action->refill = track->turned;
    action->privates =
        log.guard == link->options.self ||
        track->origin.node == link->options.self ||
        (link->options.standby && log.guard == link->options.peer);
    action->batch = batch;
    return 0;
}

int step_batch_stored(struct step *s)
{
    struct link_track *track = track_find(s->link, &s->event->origin);
    struct link_log log;
    bool known = false;
    int rc = 0;

    if (track == NULL || !track_takes(track)) {
        return 0;
    }
    if ((rc = track_log(s, track, &log, &known)) != 0) {
        return rc;
    }
    track->fails = 0;
    track->report = s->link->options.side == LINK_UP && !track->turned;
    if (track->there < track->here) {
        track->there = track->here;
    }
    recover_stored(track, &log);
    return receive_want(s);
}

int step_batch_refused(struct step *s)
{
    struct link_track *track = track_find(s->link, &s->event->origin);
    struct span text = arena_copy(s->arena, s->event->text);
    int rc = 0;

    if (text.len > FRAME_TEXT_MAX) {
        text.len = 0;
    }
    if (track == NULL) {
        return 0;
    }
    if (s->event->code == ERR_CONFLICT && s->event->count != 0) {
        return track_freeze(s, track, LINK_REASON_FORK, text, true);
    }
    if (s->event->code == ERR_BUSY && s->event->retry_ms == 0) {
        track->flowing = false; /* begins elsewhere: ask again */
        return receive_want(s);
    }
    if (s->event->retry_ms == 0) {
        return batch_bad(s, track, text);
    }
    pull_later(s, track, s->event->retry_ms);
    step_note(s, &track->origin, LINK_REASON_PAUSED, text);
    rc = step_refuse(s, &track->origin, LINK_REASON_PAUSED, text);
    return rc == 0 ? receive_want(s) : rc;
}

/* ---- cosignatures ---- */

/* SEND: from the guard, for our own log. RECEIVE: as part of the log. */
int frame_cosigned(struct step *s, const struct frame *frame)
{
    const struct frame_cosigned *cosigned = &frame->cosigned;
    struct link *link = s->link;
    struct link_track *track = track_find(link, &cosigned->origin);
    struct link_action *action = NULL;
    struct link_log log;
    bool known = false;
    int rc = 0;

    /* Our parent may guard by now what we still believe to guard: its orders
     * say so when they come, and a session that ends before never takes them.
     */
    if (track != NULL && link->options.side == LINK_UP &&
        track->way == TRACK_SEND && !track->to_guard && !track->refilled) {
        return 0;
    }
    if (track == NULL ||
        (track->way == TRACK_SEND
             ? !track->to_guard && !track->refilled
             : track->way != TRACK_RECEIVE || !track->offered)) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "cosignatures of a log that is not "
                                        "its to guard or send"));
    }
    if ((rc = track_log(s, track, &log, &known)) != 0 || !known ||
        track->frozen) {
        return rc;
    }
    if (track->way == TRACK_SEND &&
        track->cosigs < cosigned->first + cosigned->cosigs_len) {
        track->cosigs = cosigned->first + cosigned->cosigs_len; /* its own */
    }
    if (cosigned->first > log.cosigs) {
        if (track->way == TRACK_RECEIVE) {
            track->flowing = false;
        } else {
            track->report = true; /* the guard sees how many we have */
        }
        return receive_want(s);
    }
    if (cosigned->first + cosigned->cosigs_len <= log.cosigs) {
        return 0;
    }
    for (size_t i = 0; i < cosigned->cosigs_len; i++) {
        uint64_t size = cosigned->cosigs[i].head.size;

        if (size > log.head.size && track->way == TRACK_SEND) {
            return 0; /* of more than we have: the next HELLO judges it */
        }
        if (size > log.head.size) {
            /* Of a batch that was dropped: both come again. */
            track->flowing = track->flowing && track->waiting;
            return receive_want(s);
        }
        if (track->way == TRACK_SEND && size > track->there) {
            track->there = size;
        }
    }
    action = step_do(s, LINK_DO_STORE_COSIGS);
    action->has_origin = true;
    action->origin = track->origin;
    action->cosigned = cosigned;
    return 0;
}

/* DOWN: the child's own word on our own directory log, and on nothing else. */
static int held_from_below(struct step *s, struct link_track *track,
                           const struct frame_held *held)
{
    struct link *link = s->link;
    struct link_action *action = NULL;

    if (held->node != link->options.peer || !held->origin.dir ||
        held->origin.node != link->options.self) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "a cosignature for nobody here"));
    }
    if (link->held_ms != 0 &&
        s->event->now_ms < link->held_ms + LINK_HELD_REST_MS) {
        link->stale++; /* no child costs more than one a second */
        return 0;
    }
    link->held_ms = s->event->now_ms;
    action = step_do(s, LINK_DO_STORE_HELD);
    action->has_origin = true;
    action->origin = track->origin;
    action->held = held;
    return 0;
}

int frame_held(struct step *s, const struct frame *frame)
{
    const struct frame_held *held = &frame->held;
    struct link_track *track = track_find(s->link, &held->origin);
    struct link_action *action = NULL;

    if (s->link->options.side == LINK_DOWN && track != NULL &&
        track->way == TRACK_SEND &&
        (s->link->features & LINK_FEATURE_HELD_UP) != 0) {
        return held_from_below(s, track, held);
    }
    if (s->link->options.side != LINK_UP || track == NULL ||
        track->way != TRACK_SEND) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "a cosignature for nobody here"));
    }
    if (held->node == s->link->options.self) {
        return 0;
    }
    if (held->node == s->link->options.peer && held->head.size > track->there) {
        track->there = held->head.size;
    }
    action = step_do(s, LINK_DO_STORE_HELD);
    action->has_origin = true;
    action->origin = track->origin;
    action->held = held;
    return 0;
}

/* ---- deliveries ---- */

static int delivery_acknowledge(struct step *s)
{
    struct frame frame = {.kind = FRAME_DELIVERY_ACK};

    frame.delivery_ack = s->link->delivery_stored;
    return step_send(s, &frame);
}

int frame_delivery(struct step *s, const struct frame *frame)
{
    struct link *link = s->link;
    const struct frame_delivery *delivery = &frame->delivery;
    struct link_action *action = NULL;
    struct origin to = {.node = delivery->to_node, .epoch = 1};
    enum track_way way = TRACK_NONE;
    int rc = 0;

    window_received(&link->window, s->event->bytes.len, false,
                    s->event->now_ms);
    if (credit_overdrawn(link)) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "more bytes than were asked for"));
    }
    if (link->options.side == LINK_UP) {
        rc = track_way_of(s, &to, &way);
    }
    if (rc != 0) {
        return rc;
    }
    if (way != TRACK_SEND) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s,
                                     "a delivery for node %u, which is "
                                     "not here or below",
                                     delivery->to_node));
    }
    if (delivery->number <= link->delivery_stored) {
        rc = delivery_acknowledge(s);
        return rc == 0 ? receive_want(s) : rc;
    }
    if (delivery->number != link->delivery_stored + 1) {
        /* One was lost on the way: a new session begins where we are. */
        step_note(s, NULL, LINK_REASON_NEW_SESSION,
                  step_text(s, "delivery %llu came after %llu",
                            (unsigned long long)delivery->number,
                            (unsigned long long)link->delivery_stored));
        return hello_begin(s);
    }
    action = step_do(s, LINK_DO_STORE_DELIVERY);
    action->from = delivery->number;
    action->delivery = delivery;
    return 0;
}

int step_delivery_stored(struct step *s)
{
    int rc = 0;

    if (s->event->number <= s->link->delivery_stored) {
        return 0;
    }
    s->link->delivery_stored = s->event->number;
    rc = delivery_acknowledge(s);
    return rc == 0 ? receive_want(s) : rc;
}
