/* protocol/link: what goes to the peer: segments, cosignatures, deliveries.
 *
 * The peer pulls: nothing is sent of a log it did not ask for, nor beyond the
 * bytes it will take. Directory logs first, then deliveries, then record logs
 * in turns. One send is with the engine at a time, so that a full socket
 * slows the link and loses nothing. Must never send to anyone but a log's
 * guard what the guard has not cosigned (DESIGN section 5), nor sequence
 * without a confirmed session with our guard. Next: link_receive.c. */
#include "protocol/link/link_internal.h"

#define COSIGS_EAGER 64u /* sent although more segments wait */

/* ---- segments ---- */

static bool track_ready(const struct link_track *track)
{
    return track_gives(track) && track->flowing && !track->stopped &&
           !track->frozen && track->cursor < track->sendable;
}

/* The next log to send of: a directory log, else record logs by turns. */
static struct link_track *track_next(struct link *link, size_t *waiting)
{
    struct link_track *best = NULL;
    size_t best_distance = 0;

    *waiting = 0;
    for (size_t i = 0; i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];
        size_t distance = 0;

        if (!track_ready(track)) {
            continue;
        }
        (*waiting)++;
        distance = track->origin.dir ? 0
                                     : 1 + (i + link->tracks_len - link->turn) %
                                               link->tracks_len;
        if (best == NULL || distance < best_distance) {
            best = track;
            best_distance = distance;
        }
    }
    return best;
}

static int deliveries_send(struct step *s)
{
    struct link *link = s->link;
    struct link_action *action = NULL;
    uint64_t queued = 0;
    int rc = 0;

    if (link->options.side != LINK_DOWN || link->delivering) {
        return 0;
    }
    rc =
        s->view->deliveries(s->view->data, link->options.peer, &queued, s->err);
    if (rc != 0 || queued <= link->delivery_sent) {
        return rc;
    }
    link->delivering = true;
    action = step_do(s, LINK_DO_SEND_DELIVERIES);
    action->from = link->delivery_sent + 1;
    action->max_bytes = link->credit - link->sent;
    return 0;
}

static int flow(struct step *s, bool deliveries)
{
    struct link *link = s->link;
    struct link_track *track = NULL;
    struct link_action *action = NULL;
    size_t waiting = 0;
    uint64_t spooled = 0;

    if (link->sending || link->delivering || link->sent >= link->credit) {
        return 0;
    }
    track = track_next(link, &waiting);
    if (deliveries && (track == NULL || !track->origin.dir)) {
        int rc = deliveries_send(s);

        if (rc != 0 || link->delivering) {
            return rc;
        }
    }
    if (track == NULL) {
        return 0;
    }
    if (waiting == 1 && track->to_guard && !track->turned) {
        /* What is about to be sequenced waits for this line too. */
        int rc = s->view->spooled(s->view->data, &spooled, s->err);

        if (rc != 0) {
            return rc;
        }
    }
    link->sending = true;
    link->turn = (size_t)(track - link->tracks) + 1;
    if (link->turn >= link->tracks_len) {
        link->turn = 0;
    }
    action = step_do(s, LINK_DO_SEND_SEGMENT);
    action->has_origin = true;
    action->origin = track->origin;
    action->from = track->cursor;
    action->until = track->sendable;
    action->privates = track->turned ? track->lends_bodies : track->bodies;
    action->others_wait = waiting > 1 || spooled > 0;
    return 0;
}

int send_flow(struct step *s)
{
    return flow(s, true);
}

/* ---- cosignatures ---- */

/* RECEIVE: ours, if we are the guard, else what is held of others. SEND: the
 * guard's, as far as the peer has the leaves; also to the guard itself, who
 * has them but for an older image. */
int send_cosigs(struct step *s, struct link_track *track, bool all)
{
    struct link_log log;
    struct link_action *action = NULL;
    uint64_t until = 0;
    bool known = false;
    int rc = track_log(s, track, &log, &known);

    if (rc != 0 || !known || (track->turned && !track_gives(track))) {
        return rc;
    }
    until = log.cosigs;
    if (!track_gives(track)) {
        if (all || log.guard != s->link->options.self) {
            action = step_do(s, LINK_DO_SEND_HELD);
            action->has_origin = true;
            action->origin = track->origin;
        }
        if (log.guard != s->link->options.self) {
            return 0;
        }
    } else if (track->cursor < track->sendable) {
        if (!all && until < track->cosigs + COSIGS_EAGER) {
            return 0;
        }
        rc = s->view->cosigs_within(s->view->data, &track->origin,
                                    track->cursor, &until, s->err);
        if (rc != 0) {
            return rc;
        }
    }
    if (until <= track->cosigs) {
        return 0;
    }
    action = step_do(s, LINK_DO_SEND_COSIGS);
    action->has_origin = true;
    action->origin = track->origin;
    action->from = track->cosigs;
    action->until = until;
    track->cosigs = until;
    return 0;
}

int step_cosigned(struct step *s)
{
    struct link_track *track = track_find(s->link, &s->event->origin);

    if (track == NULL || track->way == TRACK_SEND) {
        return step_log_grew(s);
    }
    return track->way == TRACK_RECEIVE ? send_cosigs(s, track, false) : 0;
}

int step_held_grew(struct step *s)
{
    struct link_track *track = track_find(s->link, &s->event->origin);
    struct link_action *action = NULL;

    if (track == NULL || track->way != TRACK_RECEIVE ||
        s->link->options.side != LINK_DOWN) {
        return 0;
    }
    action = step_do(s, LINK_DO_SEND_HELD);
    action->has_origin = true;
    action->origin = track->origin;
    return 0;
}

/* ---- the spool ---- */

int send_sequence(struct step *s)
{
    struct link *link = s->link;
    struct link_action *action = NULL;
    uint64_t spooled = 0;
    uint64_t now_ms = s->event->now_ms;
    bool pulled = false;
    int rc = 0;

    if (link->state != LINK_OPEN || link->options.side != LINK_UP ||
        !link->options.guard || link->token_wrong || link->staging ||
        link->sent >= link->credit) {
        return 0;
    }
    if (link->sequencing && now_ms < link->sequenced_ms + 5000) {
        return 0;
    }
    for (size_t i = 0; i < link->tracks_len; i++) {
        const struct link_track *track = &link->tracks[i];

        if (track->origin.node != link->options.self ||
            track->way != TRACK_SEND) {
            continue;
        }
        if (track->frozen || track->stopped || track->hold ||
            track_ready(track) || recover_blocks(track)) {
            return 0; /* a person first, what was lost, or the backlog */
        }
        pulled = pulled || track->flowing;
    }
    if (!pulled) {
        return 0;
    }
    rc = s->view->spooled(s->view->data, &spooled, s->err);
    if (rc != 0 || spooled == 0) {
        return rc;
    }
    link->sequencing = true;
    link->sequenced_ms = now_ms;
    action = step_do(s, LINK_DO_SEQUENCE);
    /* The rest of a window may be small; one batch may reach beyond it. Less
     * than a window, so that another is under way while this one is answered;
     * no smaller, or packing would waste more than a cut. */
    action->max_bytes = link->credit - link->sent;
    if (action->max_bytes < WINDOW_START) {
        action->max_bytes = WINDOW_START;
    }
    action->max_bytes -= action->max_bytes / 4;
    return 0;
}

int step_spool_grew(struct step *s)
{
    return send_sequence(s);
}

/* ---- what happened ---- */

int step_log_grew(struct step *s)
{
    struct link *link = s->link;
    const struct origin *origin = &s->event->origin;
    struct link_track *track = track_find(link, origin);
    struct link_log log;
    enum track_way way = TRACK_NONE;
    bool known = false;
    int rc = 0;

    if (track == NULL) {
        rc = track_way_of(s, origin, &way);
        if (rc != 0 || way != TRACK_SEND) {
            return rc;
        }
        rc = track_get(s, origin, &track);
        if (rc != 0 || track == NULL) {
            return rc;
        }
    }
    if ((rc = track_log(s, track, &log, &known)) != 0 || !known) {
        return rc;
    }
    if (track->way != TRACK_SEND) {
        rc = recover_offer(s, track, &log);
        recover_hold(s, track, &log);
        return rc == 0 ? receive_want(s) : rc;
    }
    if (origin->node == link->options.self) {
        link->sequencing = false;
    }
    if (!track->offered) {
        return offer_new(s);
    }
    recover_stored(track, &log);
    if ((rc = recover_turn_late(s, track, &log)) != 0 ||
        (track->report && (rc = receive_want(s)) != 0)) {
        return rc;
    }
    if (track->flowing && (rc = send_cosigs(s, track, false)) != 0) {
        return rc;
    }
    if ((rc = send_flow(s)) != 0) {
        return rc;
    }
    return send_sequence(s);
}

int step_segment_sent(struct step *s)
{
    struct link *link = s->link;
    struct link_track *track = track_find(link, &s->event->origin);
    int rc = 0;

    if (!link->sending || track == NULL ||
        (track->way != TRACK_SEND && !track->turned)) {
        return 0; /* of an earlier session */
    }
    link->sending = false;
    link->sent += s->event->number;
    link->spoke_ms = s->event->now_ms;
    track->cursor += s->event->count;
    if ((rc = send_cosigs(s, track, false)) != 0 || (rc = send_flow(s)) != 0) {
        return rc;
    }
    return send_sequence(s);
}

int step_segment_missing(struct step *s)
{
    struct link *link = s->link;
    struct link_track *track = track_find(link, &s->event->origin);
    struct span text = {0};
    int rc = 0;

    if (!link->sending || track == NULL) {
        return 0;
    }
    link->sending = false;
    track->stopped = true;
    text = step_text(s, "no batch begins at event %llu of that log",
                     (unsigned long long)track->cursor);
    step_note(s, &track->origin, LINK_REASON_NO_SEGMENT, text);
    rc = step_refuse(s, &track->origin, LINK_REASON_NO_SEGMENT, text);
    return rc == 0 ? send_flow(s) : rc;
}

int step_delivery_queued(struct step *s)
{
    return send_flow(s);
}

int step_deliveries_sent(struct step *s)
{
    struct link *link = s->link;

    if (!link->delivering) {
        return 0;
    }
    link->delivering = false;
    link->sent += s->event->count;
    if (s->event->number <= link->delivery_sent) {
        return flow(s, false); /* none could be made: no log waits for it */
    }
    link->delivery_sent = s->event->number;
    link->spoke_ms = s->event->now_ms;
    return send_flow(s);
}

/* ---- the peer pulls ---- */

static int pull_foreign(struct step *s, const struct frame_pull *pull)
{
    struct span text = step_text(s,
                                 "node %u asks for the log of node %u, which "
                                 "is not for it",
                                 s->link->options.peer, pull->origin.node);
    int rc = step_refuse(s, &pull->origin, LINK_REASON_FOREIGN_LOG, text);

    step_note(s, &pull->origin, LINK_REASON_FOREIGN_LOG, text);
    return rc == 0 ? step_strike(s, LINK_REASON_FOREIGN_LOG, text) : rc;
}

static int pull_begin(struct step *s, struct link_track *track,
                      const struct frame_pull *pull)
{
    struct link_log log;
    bool known = false;
    int rc = track_log(s, track, &log, &known);

    if (rc != 0) {
        return rc;
    }
    if (!known || track->frozen) {
        return step_refuse(s, &track->origin, LINK_REASON_FROZEN,
                           step_text(s, "that log is frozen here"));
    }
    if (track->turned) {
        track->pulled = true;
        track->cursor = pull->held;
        return 0; /* we fetch first */
    }
    /* While ours is fetched again, elsewhere: what comes after that. */
    if (pull->held > log.head.size && !track->recovering) {
        return step_refuse(s, &track->origin, LINK_REASON_NO_SEGMENT,
                           step_text(s, "asked from event %llu, there are %llu",
                                     (unsigned long long)pull->held,
                                     (unsigned long long)log.head.size));
    }
    track->flowing = true;
    track->stopped = false;
    track->cursor = pull->held;
    return send_cosigs(s, track, true);
}

static int pull_take(struct step *s, const struct frame_pull *pull)
{
    struct link_track *track = track_find(s->link, &pull->origin);

    if (track != NULL && track->way == TRACK_RECEIVE) {
        if (pull->begin) {
            return recover_lend(s, track, pull);
        }
        if (track->turned) {
            track->cosigs = pull->cosigs;
            return recover_returned(s, track, pull);
        }
        /* How many of our cosignatures the log's side has. */
        track->cosigs = pull->cosigs;
        return send_cosigs(s, track, false);
    }
    if (track == NULL || track->way != TRACK_SEND) {
        return pull_foreign(s, pull);
    }
    if (pull->held > track->there) {
        track->there = pull->held;
    }
    track->hold = pull->hold && track->to_guard;
    if (!pull->begin) {
        return 0;
    }
    track->there = pull->held;
    track->cosigs = pull->cosigs;
    return pull_begin(s, track, pull);
}

int frame_want(struct step *s, const struct frame *frame)
{
    struct link *link = s->link;
    const struct frame_want *want = &frame->want;
    int rc = 0;

    if (want->credit_bytes > link->credit) {
        link->credit = want->credit_bytes;
    }
    for (size_t i = 0; i < want->pulls_len; i++) {
        rc = pull_take(s, &want->pulls[i]);
        if (rc != 0 || link->state != LINK_OPEN) {
            return rc;
        }
    }
    if ((rc = send_flow(s)) != 0) {
        return rc;
    }
    return send_sequence(s);
}

int frame_ack(struct step *s, const struct frame *frame)
{
    if (s->link->options.side != LINK_DOWN ||
        frame->delivery_ack > s->link->delivery_sent) {
        return step_strike(
            s, LINK_REASON_UNASKED,
            step_text(s, "delivery %llu acknowledged, sent up to %llu",
                      (unsigned long long)frame->delivery_ack,
                      (unsigned long long)s->link->delivery_sent));
    }
    step_do(s, LINK_DO_DELIVERY_ACKED)->from = frame->delivery_ack;
    return 0;
}
