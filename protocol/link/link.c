/* protocol/link: the machine of one conversation: states, tables, moves.
 *
 *   UP, DOWN                                   JOINER, INVITER
 *                  OPENED (UP)                    OPENED / request
 *   CLOSED ------------------> GREETING          CLOSED ------> ASKING
 *     ^ ^  `--- hello (DOWN) --.   |               ^              | certified
 *     | |                       v  v heads done    |              v
 *     | `-- lost, silent ------ OPEN               `-- lost -- ENROLLED
 *     |                          | refused, strikes
 *     `----- lost ------------ BARRED <--- (GREETING too)
 *
 * A new HELLO (DOWN) or OPENED (UP) starts over from any state. Owns the
 * session's life and nothing durable. Must never trust a frame before the
 * session's token was seen on it. Next: link_hello.c, link_judge.c,
 * link_send.c, link_receive.c, link_join.c. */
#include "protocol/link/link_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- one step's tools ---- */

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

int step_ignore(struct step *s)
{
    (void)s;
    return 0;
}

/* ---- moves ---- */

static const bool moves[LINK_STATES][LINK_STATES] = {
    [LINK_CLOSED] = {[LINK_CLOSED] = true,
                     [LINK_GREETING] = true,
                     [LINK_OPEN] = true,
                     [LINK_BARRED] = true,
                     [LINK_ASKING] = true},
    [LINK_GREETING] = {[LINK_CLOSED] = true,
                       [LINK_GREETING] = true,
                       [LINK_OPEN] = true,
                       [LINK_BARRED] = true},
    [LINK_OPEN] = {[LINK_CLOSED] = true,
                   [LINK_GREETING] = true,
                   [LINK_OPEN] = true,
                   [LINK_BARRED] = true},
    [LINK_BARRED] = {[LINK_CLOSED] = true,
                     [LINK_GREETING] = true,
                     [LINK_OPEN] = true,
                     [LINK_BARRED] = true,
                     [LINK_ASKING] = true},
    [LINK_ASKING] = {[LINK_CLOSED] = true,
                     [LINK_BARRED] = true,
                     [LINK_ASKING] = true,
                     [LINK_ENROLLED] = true},
    [LINK_ENROLLED] = {[LINK_CLOSED] = true,
                       [LINK_BARRED] = true,
                       [LINK_ASKING] = true,
                       [LINK_ENROLLED] = true},
};

void link_move(struct link *link, enum link_state state, uint64_t now_ms)
{
    assert(moves[link->state][state]);
    link->state = state;
    link->since_ms = now_ms;
    link->opened_ms = state == LINK_OPEN ? now_ms : 0;
    link->ticked_ms = now_ms;
}

void link_forget(struct link *link)
{
    link->tracks_len = 0;
    link->turn = 0;
    link->has_token = false;
    link->unseen = false;
    link->fenced = false;
    link->token_wrong = false;
    link->has_shown = false;
    link->peer_back = false;
    link->self_back = false;
    link->waiting = false;
    link->restored = false;
    link->version = 0;
    link->features = 0;
    link->retry_ms = 0;
    link->strikes = 0;
    link->credit = 0;
    link->sent = 0;
    link->sending = false;
    link->delivering = false;
    link->sequencing = false;
    link->delivery_sent = 0;
    link->delivery_stored = 0;
    link->asked_ms = 0;
    link->staging = false;
    link->staging_later = false;
    link->staged_asks = 0;
    window_restart(&link->window);
}

/* ---- frames ---- */

/* Out of place: dropped. A peer we have no session with is told, not more
 * than once in five seconds, so that it starts over. */
static int frame_no_session(struct step *s, const struct frame *frame)
{
    struct link *link = s->link;
    uint64_t now_ms = s->event->now_ms;

    (void)frame;
    link->stale++;
    if (link->options.side != LINK_DOWN ||
        (link->scolded_ms != 0 && now_ms < link->scolded_ms + 5000)) {
        return 0;
    }
    link->scolded_ms = now_ms;
    return step_refuse(s, NULL, LINK_REASON_NO_SESSION,
                       step_text(s, "say hello first"));
}

static int frame_stale(struct step *s, const struct frame *frame)
{
    (void)frame;
    s->link->stale++;
    return 0;
}

static int frame_nothing(struct step *s, const struct frame *frame)
{
    (void)s;
    (void)frame;
    return 0;
}

static int frame_unasked(struct step *s, const struct frame *frame)
{
    return step_strike(
        s, LINK_REASON_UNASKED,
        step_text(s, "a %s frame out of place", frame_name(frame->kind)));
}

static int frame_ping(struct step *s, const struct frame *frame)
{
    struct frame answer = {.kind = FRAME_PING};

    if (frame->ping.echo_ms != 0) {
        if (frame->ping.echo_ms <= s->event->now_ms) {
            window_rtt(&s->link->window,
                       s->event->now_ms - frame->ping.echo_ms);
        }
        return 0;
    }
    answer.ping.now_ms = s->event->now_ms;
    answer.ping.echo_ms = frame->ping.now_ms;
    return step_send(s, &answer);
}

/* Files are the engine's: nothing of the conversation rests on them. */
static int frame_attach(struct step *s, const struct frame *frame)
{
    struct link_action *action = step_do(s, LINK_DO_ATTACH);

    action->attach_kind = frame->kind;
    action->attach = &frame->attach;
    return 0;
}

/* UP in CLOSED hears what an old connection still had: dropped. */
static const frame_fn frames[LINK_STATES][FRAME_KINDS] = {
    [LINK_CLOSED] = {frame_nothing,
                     frame_hello,
                     frame_no_session,
                     frame_no_session,
                     frame_no_session,
                     frame_no_session,
                     frame_no_session,
                     frame_no_session,
                     frame_no_session,
                     frame_no_session,
                     frame_stale,
                     frame_join_request,
                     frame_stale,
                     frame_no_session,
                     [FRAME_MEND_ASK] = frame_no_session,
                     [FRAME_MEND] = frame_no_session,
                     [FRAME_SPOOLED] = frame_no_session,
                     [FRAME_STAGED] = frame_no_session,
                     [FRAME_ATTACH_ASK] = frame_no_session,
                     [FRAME_ATTACH_CHUNK] = frame_no_session,
                     [FRAME_ATTACH_HAVE] = frame_no_session},
    [LINK_GREETING] = {frame_nothing,
                       frame_hello,
                       frame_offer_greeting,
                       frame_stale,
                       frame_stale,
                       frame_stale,
                       frame_stale,
                       frame_stale,
                       frame_stale,
                       frame_stale,
                       frame_refused,
                       frame_unasked,
                       frame_unasked,
                       frame_stale,
                       [FRAME_MEND_ASK] = frame_stale,
                       [FRAME_MEND] = frame_stale,
                       [FRAME_SPOOLED] = frame_stale,
                       [FRAME_STAGED] = frame_stale,
                       [FRAME_ATTACH_ASK] = frame_stale,
                       [FRAME_ATTACH_CHUNK] = frame_stale,
                       [FRAME_ATTACH_HAVE] = frame_stale},
    [LINK_OPEN] = {frame_nothing,
                   frame_hello,
                   frame_offer,
                   frame_want,
                   frame_batch,
                   frame_cosigned,
                   frame_held,
                   frame_heard,
                   frame_delivery,
                   frame_ack,
                   frame_refused,
                   frame_unasked,
                   frame_unasked,
                   frame_ping,
                   [FRAME_MEND_ASK] = frame_mend_ask,
                   [FRAME_MEND] = frame_mend,
                   [FRAME_SPOOLED] = frame_spooled,
                   [FRAME_STAGED] = frame_staged,
                   [FRAME_ATTACH_ASK] = frame_attach,
                   [FRAME_ATTACH_CHUNK] = frame_attach,
                   [FRAME_ATTACH_HAVE] = frame_attach},
    [LINK_BARRED] = {frame_nothing,
                     frame_hello,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     frame_stale,
                     [FRAME_MEND_ASK] = frame_stale,
                     [FRAME_MEND] = frame_stale,
                     [FRAME_SPOOLED] = frame_stale,
                     [FRAME_STAGED] = frame_stale,
                     [FRAME_ATTACH_ASK] = frame_stale,
                     [FRAME_ATTACH_CHUNK] = frame_stale,
                     [FRAME_ATTACH_HAVE] = frame_stale},
    [LINK_ASKING] = {frame_nothing,
                     frame_unasked,
                     frame_unasked,
                     frame_unasked,
                     frame_unasked,
                     frame_unasked,
                     frame_unasked,
                     frame_unasked,
                     frame_unasked,
                     frame_unasked,
                     frame_refused,
                     frame_unasked,
                     frame_join_answer,
                     frame_unasked,
                     [FRAME_MEND_ASK] = frame_unasked,
                     [FRAME_MEND] = frame_unasked,
                     [FRAME_SPOOLED] = frame_unasked,
                     [FRAME_STAGED] = frame_unasked,
                     [FRAME_ATTACH_ASK] = frame_unasked,
                     [FRAME_ATTACH_CHUNK] = frame_unasked,
                     [FRAME_ATTACH_HAVE] = frame_unasked},
    [LINK_ENROLLED] = {frame_nothing,
                       frame_unasked,
                       frame_unasked,
                       frame_unasked,
                       frame_join_batch,
                       frame_unasked,
                       frame_unasked,
                       frame_unasked,
                       frame_unasked,
                       frame_unasked,
                       frame_refused,
                       frame_unasked,
                       frame_stale,
                       frame_unasked,
                       [FRAME_MEND_ASK] = frame_unasked,
                       [FRAME_MEND] = frame_unasked,
                       [FRAME_SPOOLED] = frame_unasked,
                       [FRAME_STAGED] = frame_unasked,
                       [FRAME_ATTACH_ASK] = frame_unasked,
                       [FRAME_ATTACH_CHUNK] = frame_unasked,
                       [FRAME_ATTACH_HAVE] = frame_unasked},
};

/* True if the frame belongs to this session. HELLO makes one; a refusal may
 * come from a peer that has none. */
static bool frame_in_session(struct step *s, const struct frame *frame)
{
    struct link *link = s->link;

    if (link->state != LINK_OPEN || frame->kind == FRAME_HELLO ||
        frame->kind == FRAME_NONE) {
        return true;
    }
    if (frame->kind == FRAME_REFUSED && !frame->has_token) {
        return frame->refused.reason == LINK_REASON_NO_SESSION;
    }
    return frame->has_token && link->has_token &&
           memcmp(&frame->token, &link->token, sizeof(link->token)) == 0;
}

static int step_frame(struct step *s)
{
    struct link *link = s->link;
    struct frame *frame = arena_alloc(s->arena, sizeof(*frame));
    struct error why = {0};
    int rc = 0;

    if (frame == NULL) {
        return error_set(s->err, ERR_NOMEM, "no room for a frame");
    }
    rc = frame_decode(s->event->bytes, s->arena, frame, &why);
    if (rc != 0) {
        return step_strike(s, LINK_REASON_MALFORMED,
                           step_text(s, "%s", why.text));
    }
    link->heard_ms = s->event->now_ms;
    if (!frame_in_session(s, frame)) {
        return frame_stale(s, frame);
    }
    if (link->unseen && link->state == LINK_OPEN &&
        frame->kind != FRAME_HELLO && frame->has_token) {
        link->unseen = false;
        step_do(s, LINK_DO_TOKEN_SEEN)->token = link->token;
    }
    return frames[link->state][frame->kind](s, frame);
}

/* ---- events ---- */

static int step_opened(struct step *s)
{
    struct link *link = s->link;

    link->heard_ms = s->event->now_ms;
    link->spoke_ms = s->event->now_ms;
    switch (link->options.side) {
    case LINK_UP:
        return hello_begin(s);
    case LINK_DOWN:
    case LINK_INVITER:
        link_forget(link);
        link_move(link, LINK_CLOSED, s->event->now_ms);
        return 0;
    case LINK_JOINER:
        return join_opened(s);
    }
    return 0;
}

static int step_lost(struct step *s)
{
    link_forget(s->link);
    link_move(s->link, LINK_CLOSED, s->event->now_ms);
    return 0;
}

static int tick_greeting(struct step *s)
{
    if (s->event->now_ms < s->link->since_ms + LINK_GREETING_MS) {
        return 0;
    }
    link_forget(s->link);
    return step_close(s, LINK_REASON_SILENT,
                      step_text(s, "no answer to the greeting"), LINK_CLOSED);
}

static int tick_open(struct step *s)
{
    struct link *link = s->link;
    uint64_t now_ms = s->event->now_ms;
    int rc = 0;

    link->ticked_ms = now_ms;
    if (now_ms >= link->heard_ms + LINK_SILENT_MS) {
        link_forget(link);
        return step_close(
            s, LINK_REASON_SILENT,
            step_text(s, "nothing heard for %u s", LINK_SILENT_MS / 1000),
            LINK_CLOSED);
    }
    if (now_ms >= link->spoke_ms + LINK_PING_MS) {
        struct frame frame = {.kind = FRAME_PING};

        frame.ping.now_ms = now_ms;
        rc = step_send(s, &frame);
    }
    if (rc == 0) {
        rc = recover_tick(s);
    }
    if (rc == 0 && link->retry_ms != 0 && now_ms >= link->retry_ms) {
        rc = receive_want(s);
    }
    if (rc == 0) {
        rc = staged_again(s);
    }
    if (rc == 0) {
        rc = send_sequence(s);
    }
    return rc == 0 ? send_heard(s) : rc;
}

static const step_fn steps[LINK_STATES][LINK_HAPPENINGS] = {
    [LINK_CLOSED] =
        {step_opened, step_frame,  step_lost,   step_ignore,
         step_ignore, step_ignore, step_ignore, step_ignore,
         step_ignore, step_ignore, step_ignore, step_ignore,
         step_ignore, step_ignore, step_ignore, step_ignore,
         step_ignore, step_ignore, step_ignore, [LINK_STAGED] = step_ignore},
    [LINK_GREETING] = {step_opened,     step_frame,
                       step_lost,       tick_greeting,
                       step_ignore,     step_ignore,
                       step_ignore,     step_ignore,
                       step_ignore,     step_ignore,
                       step_ignore,     step_ignore,
                       step_ignore,     step_ignore,
                       step_ignore,     step_ignore,
                       step_ignore,     step_ignore,
                       step_clone_seen, [LINK_STAGED] = step_ignore},
    [LINK_OPEN] = {step_opened,
                   step_frame,
                   step_lost,
                   tick_open,
                   step_log_grew,
                   step_spool_grew,
                   step_batch_stored,
                   step_batch_refused,
                   step_cosigned,
                   step_held_grew,
                   step_heard_signed,
                   step_segment_sent,
                   step_segment_missing,
                   step_delivery_queued,
                   step_deliveries_sent,
                   step_delivery_stored,
                   step_dir_changed,
                   step_ignore,
                   step_clone_seen,
                   [LINK_STAGED] = step_staged},
    [LINK_BARRED] =
        {step_opened, step_frame,  step_lost,   step_ignore,
         step_ignore, step_ignore, step_ignore, step_ignore,
         step_ignore, step_ignore, step_ignore, step_ignore,
         step_ignore, step_ignore, step_ignore, step_ignore,
         step_ignore, step_ignore, step_ignore, [LINK_STAGED] = step_ignore},
    [LINK_ASKING] =
        {step_opened, step_frame,   step_lost,   step_ignore,
         step_ignore, step_ignore,  step_ignore, step_ignore,
         step_ignore, step_ignore,  step_ignore, step_ignore,
         step_ignore, step_ignore,  step_ignore, step_ignore,
         step_ignore, join_decided, step_ignore, [LINK_STAGED] = step_ignore},
    [LINK_ENROLLED] =
        {step_opened, step_frame,  step_lost,   step_ignore,
         step_ignore, step_ignore, join_stored, join_refused_batch,
         step_ignore, step_ignore, step_ignore, join_sent,
         join_sent,   step_ignore, step_ignore, step_ignore,
         step_ignore, step_ignore, step_ignore, [LINK_STAGED] = step_ignore},
};

/* ---- the door ---- */

size_t link_size(void)
{
    return sizeof(struct link);
}

size_t link_track_size(void)
{
    return sizeof(struct link_track);
}

int link_init(void *memory, const struct link_options *options,
              struct link **out, struct error *err)
{
    struct link *link = memory;

    if (!realm_is_valid(options->realm) || options->self == 0 ||
        options->peer == 0 || options->self == options->peer ||
        options->tracks == NULL || options->tracks_max == 0 ||
        options->software.len > FRAME_SOFTWARE_MAX ||
        options->version_min > options->version_max) {
        return error_set(err, ERR_USAGE,
                         "a link needs a realm, two different "
                         "nodes and room for their logs");
    }
    *link = (struct link){.options = *options, .tracks = options->tracks};
    if (link->options.version_max == 0) {
        link->options.version_min = LINK_VERSION;
        link->options.version_max = LINK_VERSION;
    }
    link_forget(link);
    *out = link;
    return 0;
}

int link_step(struct link *link, const struct link_event *event,
              const struct link_view *view, struct arena *arena,
              struct link_actions *actions, struct error *err)
{
    struct step s = {.link = link,
                     .event = event,
                     .view = view,
                     .arena = arena,
                     .actions = actions,
                     .err = err};
    int rc = steps[link->state][event->kind](&s);

    if (rc == 0 && s.full) {
        rc = error_set(err, ERR_NOMEM, "no room for what the link has to do");
    }
    return rc;
}

uint64_t link_deadline_ms(const struct link *link)
{
    uint64_t at = UINT64_MAX;

    if (link->state == LINK_GREETING) {
        return link->since_ms + LINK_GREETING_MS;
    }
    if (link->state != LINK_OPEN) {
        return at;
    }
    at = link->heard_ms + LINK_SILENT_MS;
    if (link->spoke_ms + LINK_PING_MS < at) {
        at = link->spoke_ms + LINK_PING_MS;
    }
    if (link->ticked_ms + LINK_PING_MS < at) {
        at = link->ticked_ms + LINK_PING_MS; /* to be heard, to sequence */
    }
    if (link->retry_ms != 0 && link->retry_ms < at) {
        at = link->retry_ms;
    }
    if (link->waiting && link->wait_ms < at) {
        at = link->wait_ms;
    }
    return at;
}

void link_stamp(const struct link *link, struct frame *frame)
{
    frame->has_token = link->has_token;
    frame->token = link->token;
}

bool link_batch_more(const struct link_action *action, uint32_t count)
{
    return action->others_wait || action->from + count < action->until;
}
