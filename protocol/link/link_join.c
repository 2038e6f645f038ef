/* protocol/link: enrolling on an invitation's connection.
 *
 * One request a connection; the answer; once certified, the directory logs,
 * one batch after the other, and no more. Nobody here holds a token or pulls.
 * Must never take anything else from a one-time key. Next: join.c. */
#include "protocol/link/link_internal.h"

#define DOUBLED_MOST 4u /* waits that double: 65 s to 17 minutes */

int join_opened(struct step *s)
{
    struct link *link = s->link;
    struct frame frame = {.kind = FRAME_JOIN_REQUEST};

    link_forget(link);
    link_move(link, LINK_ASKING, s->event->now_ms);
    frame.join_request = link->options.join;
    return step_send(s, &frame);
}

/* An answer, or a batch, may be lost without the connection: then whoever waits
 * for it asks again. On a slow line a batch may take longer than the first
 * wait, so each is twice as long as the one before. */
uint64_t join_until_ms(const struct link *link)
{
    unsigned doubled =
        link->unanswered < DOUBLED_MOST ? link->unanswered : DOUBLED_MOST;

    if (link->options.side != LINK_JOINER ||
        (link->state != LINK_ASKING && link->state != LINK_ENROLLED)) {
        return UINT64_MAX;
    }
    return link->heard_ms + (link->undecided
                                 ? LINK_UNDECIDED_MS
                                 : (uint64_t)LINK_SILENT_MS << doubled);
}

int join_tick(struct step *s)
{
    struct link *link = s->link;
    struct span text;

    if (s->event->now_ms < join_until_ms(link)) {
        return 0;
    }
    if (link->undecided) {
        text = step_text(s, "not confirmed yet: asking again");
    } else {
        link->unanswered++;
        text = step_text(s, "no answer to the request to join");
    }
    return step_close(s, LINK_REASON_SILENT, text, LINK_CLOSED);
}

/* INVITER */
int frame_join_request(struct step *s, const struct frame *frame)
{
    struct link_action *action = NULL;

    if (s->link->options.side != LINK_INVITER) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "a request to join, uninvited"));
    }
    link_forget(s->link);
    link_move(s->link, LINK_ASKING, s->event->now_ms);
    action = step_do(s, LINK_DO_JOIN_REQUESTED);
    action->bytes = frame->join_request.request;
    action->signatures = frame->join_request.signatures;
    return 0;
}

/* The next batch of the directory logs; ends when all are sent. */
static int join_next(struct step *s)
{
    struct link *link = s->link;
    struct link_action *action = NULL;

    for (size_t i = 0; i < link->tracks_len; i++) {
        const struct link_track *track = &link->tracks[i];
        bool others = false;

        if (track->way != TRACK_SEND || track->stopped ||
            track->cursor >= track->sendable) {
            continue;
        }
        for (size_t j = i + 1; j < link->tracks_len; j++) {
            others = others ||
                     (link->tracks[j].way == TRACK_SEND &&
                      !link->tracks[j].stopped && link->tracks[j].sendable > 0);
        }
        link->sending = true;
        action = step_do(s, LINK_DO_SEND_SEGMENT);
        action->has_origin = true;
        action->origin = track->origin;
        action->from = track->cursor;
        action->until = track->sendable;
        action->others_wait = others;
        return 0;
    }
    return 0;
}

int join_decided(struct step *s)
{
    struct link *link = s->link;
    struct frame frame = {.kind = FRAME_JOIN_ANSWER};
    int rc = 0;

    if (link->options.side != LINK_INVITER) {
        return 0;
    }
    frame.join_answer.status = s->event->status;
    frame.join_answer.text = s->event->text;
    if ((rc = step_send(s, &frame)) != 0) {
        return rc;
    }
    if (s->event->status == JOIN_REFUSED) {
        return step_close(s, LINK_REASON_JOIN, s->event->text, LINK_BARRED);
    }
    if (s->event->status == JOIN_WAITING) {
        return 0;
    }
    link_move(link, LINK_ENROLLED, s->event->now_ms);
    rc = tracks_fill(s);
    return rc == 0 ? join_next(s) : rc;
}

int join_sent(struct step *s)
{
    struct link *link = s->link;
    struct link_track *track = track_find(link, &s->event->origin);

    if (!link->sending || track == NULL) {
        return 0;
    }
    link->sending = false;
    link->sent += s->event->number;
    if (s->event->kind == LINK_SEGMENT_MISSING) {
        track->stopped = true;
    } else {
        track->cursor += s->event->count;
    }
    return join_next(s);
}

/* JOINER */
int frame_join_answer(struct step *s, const struct frame *frame)
{
    struct link_action *action = NULL;

    if (s->link->options.side != LINK_JOINER) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "an answer to nothing"));
    }
    s->link->undecided = frame->join_answer.status == JOIN_WAITING;
    if (s->link->undecided) {
        s->link->unanswered = 0; /* what is lost later is another matter */
    }
    action = step_do(s, LINK_DO_JOIN_ANSWERED);
    action->status = frame->join_answer.status;
    action->text = frame->join_answer.text;
    if (frame->join_answer.status == JOIN_REFUSED) {
        return step_close(s, LINK_REASON_JOIN, frame->join_answer.text,
                          LINK_BARRED);
    }
    if (frame->join_answer.status == JOIN_CERTIFIED) {
        link_move(s->link, LINK_ENROLLED, s->event->now_ms);
    }
    return 0;
}

static int join_end(struct step *s)
{
    step_do(s, LINK_DO_JOINED);
    return step_close(s, LINK_REASON_NEW_SESSION,
                      step_text(s, "joined; connect with your own key"),
                      LINK_CLOSED);
}

int frame_join_batch(struct step *s, const struct frame *frame)
{
    struct link *link = s->link;
    struct link_track *track = NULL;
    struct link_action *action = NULL;
    struct link_log log;
    bool known = false;
    int rc = 0;

    if (link->options.side != LINK_JOINER || !frame->batch.origin.dir) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "a batch out of place"));
    }
    if ((rc = track_get(s, &frame->batch.origin, &track)) != 0 ||
        track == NULL || (rc = track_log(s, track, &log, &known)) != 0) {
        return rc;
    }
    link->sending = frame->batch.more; /* more to come */
    if (known && track->way == TRACK_RECEIVE &&
        frame->batch.segment.first == log.head.size) {
        action = step_do(s, LINK_DO_STORE_BATCH);
        action->has_origin = true;
        action->origin = track->origin;
        action->batch = &frame->batch;
        return 0;
    }
    /* Held already, or not to be believed yet: pulled in the next session. */
    return link->sending ? 0 : join_end(s);
}

int join_stored(struct step *s)
{
    if (s->link->options.side != LINK_JOINER || s->link->sending) {
        return 0;
    }
    return join_end(s);
}

int join_refused_batch(struct step *s)
{
    step_note(s, &s->event->origin, LINK_REASON_BAD_BATCH,
              arena_copy(s->arena, s->event->text));
    return join_stored(s);
}
