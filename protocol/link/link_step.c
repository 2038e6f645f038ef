/* protocol/link: the tools of one step: what a link wants done is noted as
 * actions in the turn's arena, in order. Must never decide what is to be done.
 * Next: link.c, which steps. */
#include "protocol/link/link_internal.h"

#include <stdarg.h>
#include <stdio.h>

struct link_action *step_do(struct step *s, enum link_do kind)
{
    struct link_action *action = arena_alloc(s->arena, sizeof(*action));

    if (action == NULL) {
        s->full = true;
        s->spare = (struct link_action){.kind = kind};
        return &s->spare;
    }
    action->kind = kind;
    if (s->actions->last == NULL) {
        s->actions->first = action;
    } else {
        s->actions->last->next = action;
    }
    s->actions->last = action;
    s->actions->len++;
    return action;
}

struct span step_text(struct step *s, const char *fmt, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list args;
    int len = 0;

    va_start(args, fmt);
    len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len < 0) {
        len = 0;
    }
    return arena_copy(s->arena, span_make(text, (size_t)len < sizeof(text)
                                                    ? (size_t)len
                                                    : sizeof(text) - 1));
}

int step_send(struct step *s, struct frame *frame)
{
    struct span bytes = {0};
    int rc = 0;

    link_stamp(s->link, frame);
    rc = frame_pack(frame, s->arena, &bytes, s->err);
    if (rc != 0) {
        return rc;
    }
    step_do(s, LINK_DO_SEND)->bytes = bytes;
    s->link->spoke_ms = s->event->now_ms;
    return 0;
}

struct link_action *step_note(struct step *s, const struct origin *origin,
                              enum link_reason reason, struct span text)
{
    struct link_action *action = step_do(s, LINK_DO_NOTE);

    action->has_origin = origin != NULL;
    if (origin != NULL) {
        action->origin = *origin;
    }
    action->reason = reason;
    action->text = text;
    return action;
}

int step_refuse(struct step *s, const struct origin *origin,
                enum link_reason reason, struct span text)
{
    struct frame frame = {.kind = FRAME_REFUSED};

    frame.refused.reason = (uint32_t)reason;
    frame.refused.has_origin = origin != NULL;
    if (origin != NULL) {
        frame.refused.origin = *origin;
    }
    frame.refused.text = text;
    return step_send(s, &frame);
}

int step_close(struct step *s, enum link_reason reason, struct span text,
               enum link_state state)
{
    struct link_action *action = step_do(s, LINK_DO_CLOSE);

    action->reason = reason;
    action->text = text;
    link_move(s->link, state, s->event->now_ms);
    return 0;
}

int step_strike(struct step *s, enum link_reason reason, struct span text)
{
    struct link *link = s->link;
    struct link_action *action = step_do(s, LINK_DO_STRIKE);
    int rc = 0;

    action->reason = reason;
    action->text = text;
    link->strikes++;
    if (link->strikes < LINK_STRIKES_MAX || link->state == LINK_BARRED) {
        return 0;
    }
    text = step_text(s, "%u faults in one session", link->strikes);
    rc = step_refuse(s, NULL, LINK_REASON_STRIKES, text);
    if (rc != 0) {
        return rc;
    }
    return step_close(s, LINK_REASON_STRIKES, text, LINK_BARRED);
}
