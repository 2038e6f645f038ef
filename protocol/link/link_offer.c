/* protocol/link: new logs, refusals, and the tree that changes under both.
 *
 * Owns what a word of the peer may do here: an offer is judged like a head of
 * the greeting; a refusal stops a log, and freezes it only if it is our own
 * and the word is our guard's. Next: link_join.c. */
#include "protocol/link/link_internal.h"

int frame_offer(struct step *s, const struct frame *frame)
{
    for (size_t i = 0; i < frame->offer.heads_len; i++) {
        int rc = head_judge(s, &frame->offer.heads[i]);

        if (rc != 0 || s->link->state != LINK_OPEN) {
            return rc;
        }
    }
    return receive_want(s);
}

int frame_refused(struct step *s, const struct frame *frame)
{
    const struct frame_refused *refused = &frame->refused;
    struct link *link = s->link;
    enum link_reason reason = refused->reason < LINK_REASONS
                                  ? (enum link_reason)refused->reason
                                  : LINK_REASON_NONE;
    struct link_track *track = NULL;

    if (link->options.side == LINK_UP && !refused->has_origin &&
        reason == LINK_REASON_NO_SESSION) {
        return hello_begin(s);
    }
    step_note(s, refused->has_origin ? &refused->origin : NULL, reason,
              refused->text)
        ->from_peer = true;
    if (!refused->has_origin) {
        return reason == LINK_REASON_VERSION || reason == LINK_REASON_REALM ||
                       reason == LINK_REASON_NODE ||
                       reason == LINK_REASON_STRIKES
                   ? step_close(s, reason, refused->text, LINK_BARRED)
                   : 0;
    }
    if (refused->evidence.len > 0) {
        struct link_action *action = step_do(s, LINK_DO_EVIDENCE);

        action->origin = refused->origin;
        action->has_origin = true;
        action->from_peer = true;
        action->bytes = arena_copy(s->arena, refused->evidence);
    }
    track = track_find(link, &refused->origin);
    if (track == NULL) {
        return 0;
    }
    /* Our guard's word on our own log counts: it will not cosign it, so we
     * stop too, until a person acts. Anyone else is only noted. */
    if (link_reason_freezes(reason) && link->options.side == LINK_UP &&
        link->options.guard && track->origin.node == link->options.self) {
        return track_freeze(s, track, reason, refused->text, false);
    }
    if (reason != LINK_REASON_PAUSED && reason != LINK_REASON_BAD_BATCH) {
        track->stopped = true;
    } else if (track->way == TRACK_SEND) {
        track->flowing = false; /* until it pulls again */
    }
    return 0;
}

/* Certificates or the tree changed: ways may have, and keys may be known. */
int step_dir_changed(struct step *s)
{
    struct link *link = s->link;
    int rc = tracks_fill(s);

    for (size_t i = 0; rc == 0 && i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];
        enum track_way way = track->way;

        if ((rc = track_way_of(s, &track->origin, &way)) != 0) {
            return rc;
        }
        if (way == TRACK_NONE && track->way == TRACK_RECEIVE) {
            bool news = false;

            rc = track_is_news(s, &track->origin, &news);
            way = news ? TRACK_RECEIVE : way;
        }
        if (rc != 0 || way == track->way) {
            continue;
        }
        if (way == TRACK_NONE && track->way == TRACK_UNKNOWN) {
            struct span text =
                step_text(s,
                          "node %u offers the log of node %u, which is "
                          "neither its own nor a descendant's",
                          link->options.peer, track->origin.node);

            step_note(s, &track->origin, LINK_REASON_FOREIGN_LOG, text);
            rc = step_refuse(s, &track->origin, LINK_REASON_FOREIGN_LOG, text);
            if (rc == 0) {
                rc = step_strike(s, LINK_REASON_FOREIGN_LOG, text);
            }
        }
        track->way = way;
        track->turned = false;
        track->flowing = false;
        if (way == TRACK_SEND) {
            track->offered = false;
        }
        if (link->state != LINK_OPEN) {
            return rc;
        }
    }
    if (rc == 0) {
        rc = offer_new(s);
    }
    return rc == 0 ? receive_want(s) : rc;
}
