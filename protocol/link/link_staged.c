/* protocol/link: events that came to the guard in a bundle, and the order it
 * gave them (bundle.h).
 *
 * The guard says its staging note before its first Want, so that the child
 * hears of it before it may sequence anything; the child sequences nothing
 * else until the engine says that the note is done with. What the child lost
 * meanwhile it asks for. Owns that order; must never take a note from anyone
 * but its log's guard. Next: link_send.c. */
#include "protocol/link/link_internal.h"

#define STAGED_ASKS_MAX 1024u /* of one session */

/* DOWN: if anything of this child is staged, it is told. */
int send_staged(struct step *s)
{
    struct link *link = s->link;
    uint64_t staged = 0;
    int rc = 0;

    if (link->state != LINK_OPEN || link->options.side != LINK_DOWN ||
        !link->options.guard || s->view->staged == NULL) {
        return 0;
    }
    rc = s->view->staged(s->view->data, link->options.peer, &staged, s->err);
    if (rc != 0 || staged == 0) {
        return rc;
    }
    link->staging = true;
    step_do(s, LINK_DO_SEND_STAGED);
    return 0;
}

/* UP: the engine is done with the note; ERR_BUSY: it must come again, our log
 * does not stand there yet. DOWN: a bundle brought something. */
int step_staged(struct step *s)
{
    struct link *link = s->link;

    if (link->options.side == LINK_DOWN) {
        return send_staged(s);
    }
    if (link->options.side != LINK_UP) {
        return 0;
    }
    if (s->event->code == ERR_BUSY && link->staging) {
        link->staging_later = true;
        return 0;
    }
    link->staging = false;
    link->staging_later = false;
    return send_sequence(s);
}

/* UP, from time to time: the note waited for our log; ask for it again. */
int staged_again(struct step *s)
{
    struct link *link = s->link;
    struct frame frame = {.kind = FRAME_SPOOLED};

    if (!link->staging_later) {
        return 0;
    }
    link->staging_later = false;
    frame.spooled.origin = link->staging_log;
    return step_send(s, &frame);
}

static bool from_guard(struct step *s, const struct origin *origin)
{
    return s->link->options.side == LINK_UP && s->link->options.guard &&
           origin->node == s->link->options.self;
}

int frame_staged(struct step *s, const struct frame *frame)
{
    struct link_action *action = NULL;

    if (!from_guard(s, &frame->staged.origin)) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "a staging note for another's log"));
    }
    s->link->staging = true;
    s->link->staging_later = false;
    s->link->staging_log = frame->staged.origin;
    action = step_do(s, LINK_DO_TAKE_STAGED);
    action->has_origin = true;
    action->origin = frame->staged.origin;
    action->staged = &frame->staged;
    return 0;
}

/* UP: events of ours that the guard gives back. DOWN: the child asks. */
int frame_spooled(struct step *s, const struct frame *frame)
{
    const struct frame_spooled *spooled = &frame->spooled;
    struct link *link = s->link;
    struct link_action *action = NULL;
    bool asks = link->options.side == LINK_DOWN && link->options.guard &&
                spooled->origin.node == link->options.peer &&
                spooled->segment.count == 0;
    bool gives = from_guard(s, &spooled->origin) && spooled->segment.count != 0;

    if (!(asks || gives) || !link->staging ||
        (asks && ++link->staged_asks > STAGED_ASKS_MAX)) {
        return step_strike(s, LINK_REASON_UNASKED,
                           step_text(s, "spooled events out of place"));
    }
    action = step_do(s, gives ? LINK_DO_TAKE_SPOOLED : LINK_DO_SEND_STAGED);
    action->has_origin = true;
    action->origin = spooled->origin;
    action->spooled = spooled;
    return 0;
}
