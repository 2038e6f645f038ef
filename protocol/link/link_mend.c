/* protocol/link: a peer's copy is damaged, or ours: which logs two nodes may
 * mend for each other. The engine asks by itself (frame MendAsk, stamped) and
 * checks what comes; here only the right to it is judged.
 *
 * A log may be mended by whoever it flows to or comes from on this link; a
 * sibling's never does. Must never let an answer through that the engine
 * would take for a batch. Next: link_track.c. */
#include "protocol/link/link_internal.h"

/* Does the log flow on this link at all? */
static int mend_way(struct step *s, const struct origin *origin,
                    enum track_way *way)
{
    int rc = track_way_of(s, origin, way);

    if (rc == 0 && *way != TRACK_SEND && *way != TRACK_RECEIVE) {
        rc = step_strike(s, LINK_REASON_UNASKED,
                         step_text(s, "mending of log %u%s that is none of its",
                                   origin->node, origin->dir ? "/dir" : ""));
        *way = TRACK_NONE;
    }
    return rc;
}

int frame_mend_ask(struct step *s, const struct frame *frame)
{
    const struct frame_mend_ask *ask = &frame->mend_ask;
    const struct link_options *options = &s->link->options;
    enum track_way way = TRACK_NONE;
    struct link_action *action;
    struct link_log log = {.guard = 0};
    struct error why = {0};
    int rc = mend_way(s, &ask->origin, &way);

    if (rc != 0 || way == TRACK_NONE) {
        return rc;
    }
    rc = s->view->log(s->view->data, options->peer, &ask->origin, &log, &why);
    if (rc != 0 && rc != ERR_NOTFOUND) {
        *s->err = why;
        return rc;
    }
    action = step_do(s, LINK_DO_ANSWER_MEND);
    action->origin = ask->origin;
    action->has_origin = true;
    action->from = ask->first;
    action->cosig = ask->cosig;
    /* Ciphertexts: to the log's own node, to its guard, and to a standby what
     * the top node guards. */
    action->privates =
        ask->origin.node == options->peer ||
        (rc == 0 && (log.guard == options->peer ||
                     (options->standby && log.guard == options->self)));
    return 0;
}

int frame_mend(struct step *s, const struct frame *frame)
{
    struct frame_mend *mend = arena_alloc(s->arena, sizeof(*mend));
    enum track_way way = TRACK_NONE;
    struct link_action *action;
    int rc = mend_way(s, &frame->mend.origin, &way);

    if (rc != 0 || way == TRACK_NONE) {
        return rc;
    }
    if (mend == NULL) {
        return error_set(s->err, ERR_NOMEM, "no room for a mend");
    }
    *mend = frame->mend;
    action = step_do(s, LINK_DO_MEND);
    action->origin = mend->origin;
    action->has_origin = true;
    action->mend = mend;
    return 0;
}
