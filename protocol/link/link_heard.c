/* protocol/link: being heard: the request to repeat a cosignature.
 *
 * A node with an empty spool asks its guard to cosign the unchanged head, a
 * minute after its last batch, at most hourly, and daily (formats.md section
 * 5). Must never ask or answer for another's log. Next: link_receive.c. */
#include "protocol/link/link_internal.h"

int send_heard(struct step *s)
{
    struct link *link = s->link;
    uint64_t now_s = s->event->now_ms / 1000;
    uint64_t spooled = 0;
    int rc = 0;

    if (link->state != LINK_OPEN || link->options.side != LINK_UP ||
        !link->options.guard || link->token_wrong ||
        (link->asked_ms != 0 &&
         s->event->now_ms <
             link->asked_ms + LINK_HEARD_REST_S * UINT64_C(1000))) {
        return 0;
    }
    for (size_t i = 0; i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];
        struct link_action *action = NULL;
        struct link_log log;
        bool known = false;

        if (track->origin.node != link->options.self || track->origin.dir ||
            track->way != TRACK_SEND || !track->flowing || track->stopped ||
            recover_blocks(track)) {
            continue;
        }
        if ((rc = track_log(s, track, &log, &known)) != 0) {
            return rc;
        }
        if (!known || track->frozen || !track->to_guard || log.ended ||
            log.cosigs == 0 || log.cosigned_size != log.head.size ||
            now_s < log.batch_s + LINK_HEARD_REST_S ||
            !((log.batch_s > log.heard_s &&
               now_s >= log.heard_s + LINK_HEARD_EVERY_S) ||
              now_s >= log.heard_s + LINK_HEARD_DAILY_S)) {
            continue;
        }
        rc = s->view->spooled(s->view->data, &spooled, s->err);
        if (rc != 0 || spooled != 0) {
            return rc;
        }
        link->asked_ms = s->event->now_ms;
        action = step_do(s, LINK_DO_ASK_HEARD);
        action->has_origin = true;
        action->origin = track->origin;
        action->from = log.cosigs;
        return 0;
    }
    return 0;
}

int step_heard_signed(struct step *s)
{
    struct frame frame = {.kind = FRAME_HEARD_ASK};

    frame.heard_ask.origin = s->event->origin;
    frame.heard_ask.cosigs = s->event->number;
    frame.heard_ask.signature = s->event->signature;
    return step_send(s, &frame);
}

int frame_heard(struct step *s, const struct frame *frame)
{
    const struct frame_heard_ask *ask = &frame->heard_ask;
    struct link_track *track = track_find(s->link, &ask->origin);
    struct link_action *action = NULL;
    struct link_log log;
    bool known = false;
    int rc = 0;

    if (s->link->options.side != LINK_DOWN || track == NULL ||
        track->way != TRACK_RECEIVE ||
        track->origin.node != s->link->options.peer) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "asks to be heard for another's log"));
    }
    if ((rc = track_log(s, track, &log, &known)) != 0 || !known ||
        track->frozen || track->recovering ||
        log.guard != s->link->options.self) {
        return rc;
    }
    if (ask->cosigs != log.cosigs) {
        track->cosigs = ask->cosigs < log.cosigs ? ask->cosigs : log.cosigs;
        return send_cosigs(s, track, false); /* it asks again with these */
    }
    if (s->event->now_ms / 1000 < log.heard_s + LINK_HEARD_EVERY_S / 2) {
        return 0; /* more often than anyone needs */
    }
    action = step_do(s, LINK_DO_COSIGN_REPEAT);
    action->has_origin = true;
    action->origin = track->origin;
    action->from = ask->cosigs;
    action->signature = ask->signature;
    return 0;
}
