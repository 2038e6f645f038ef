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
    link->holding = false;
    link->lagging = false;
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
    link->undecided = false;
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

/* Who may have one is judged by the records (store/wanted.h). */
static int frame_body(struct step *s, const struct frame *frame)
{
    struct link_action *action = step_do(s, LINK_DO_BODY);

    action->asks = frame->kind == FRAME_BODY_ASK;
    action->body = &frame->body;
    return 0;
}

/* From whoever we took for above us, in any state: it proves itself. From one
 * below in a session alone: it may have heard elsewhere who leads. */
static int frame_successor(struct step *s, const struct frame *frame)
{
    if (s->link->options.side == LINK_INVITER ||
        (s->link->options.side == LINK_DOWN && s->link->state != LINK_OPEN)) {
        return frame_unasked(s, frame);
    }
    step_do(s, LINK_DO_SUCCESSOR)->bytes = frame->successor;
    return 0;
}

#define EVERYWHERE(what)                                                       \
    {                                                                          \
        what, what, what, what, what, what                                     \
    }
_Static_assert(LINK_STATES == 6, "EVERYWHERE lists every state");

/* What each frame is, and where. In a state that its row does not name it is
 * out of place: see below. */
static const frame_fn frames[FRAME_KINDS][LINK_STATES] = {
    [FRAME_NONE] = EVERYWHERE(frame_nothing), /* of a newer program */
    [FRAME_HELLO] = {[LINK_CLOSED] = frame_hello,
                     [LINK_GREETING] = frame_hello,
                     [LINK_OPEN] = frame_hello,
                     [LINK_BARRED] = frame_hello},
    [FRAME_OFFER] =
        {[LINK_GREETING] = frame_offer_greeting, [LINK_OPEN] = frame_offer},
    [FRAME_WANT] = {[LINK_OPEN] = frame_want},
    [FRAME_BATCH] =
        {[LINK_OPEN] = frame_batch, [LINK_ENROLLED] = frame_join_batch},
    [FRAME_COSIGNED] = {[LINK_OPEN] = frame_cosigned},
    [FRAME_HELD] = {[LINK_OPEN] = frame_held},
    [FRAME_HEARD_ASK] = {[LINK_OPEN] = frame_heard},
    [FRAME_DELIVERY] = {[LINK_OPEN] = frame_delivery},
    [FRAME_DELIVERY_ACK] = {[LINK_OPEN] = frame_ack},
    [FRAME_REFUSED] = {[LINK_CLOSED] = frame_stale,
                       [LINK_GREETING] = frame_refused,
                       [LINK_OPEN] = frame_refused,
                       [LINK_ASKING] = frame_refused,
                       [LINK_ENROLLED] = frame_refused},
    [FRAME_JOIN_REQUEST] =
        {[LINK_CLOSED] = frame_join_request, [LINK_GREETING] = frame_unasked},
    [FRAME_JOIN_ANSWER] = {[LINK_CLOSED] = frame_stale,
                           [LINK_GREETING] = frame_unasked,
                           [LINK_ASKING] = frame_join_answer,
                           [LINK_ENROLLED] = frame_stale},
    [FRAME_PING] = {[LINK_OPEN] = frame_ping},
    [FRAME_MEND_ASK] = {[LINK_OPEN] = frame_mend_ask},
    [FRAME_MEND] = {[LINK_OPEN] = frame_mend},
    [FRAME_SPOOLED] = {[LINK_OPEN] = frame_spooled},
    [FRAME_STAGED] = {[LINK_OPEN] = frame_staged},
    [FRAME_ATTACH_ASK] = {[LINK_OPEN] = frame_attach},
    [FRAME_ATTACH_CHUNK] = {[LINK_OPEN] = frame_attach},
    [FRAME_ATTACH_HAVE] = {[LINK_OPEN] = frame_attach},
    [FRAME_SUCCESSOR] = EVERYWHERE(frame_successor),
    [FRAME_BODY_ASK] = {[LINK_OPEN] = frame_body},
    [FRAME_BODY_GIVE] = {[LINK_OPEN] = frame_body},
};

/* UP in CLOSED hears what an old connection still had: dropped. */
static const frame_fn out_of_place[LINK_STATES] = {
    [LINK_CLOSED] = frame_no_session, [LINK_GREETING] = frame_stale,
    [LINK_OPEN] = frame_unasked,      [LINK_BARRED] = frame_stale,
    [LINK_ASKING] = frame_unasked,    [LINK_ENROLLED] = frame_unasked,
};

static frame_fn frame_here(enum link_state state, enum frame_kind kind)
{
    return frames[kind][state] != NULL ? frames[kind][state]
                                       : out_of_place[state];
}

/* True if the frame belongs to this session. HELLO makes one; a refusal may
 * come from a peer that has none. */
static bool frame_in_session(struct step *s, const struct frame *frame)
{
    struct link *link = s->link;

    if (link->state != LINK_OPEN || frame->kind == FRAME_HELLO ||
        frame->kind == FRAME_NONE ||
        (frame->kind == FRAME_SUCCESSOR && link->options.side == LINK_UP)) {
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
    return frame_here(link->state, frame->kind)(s, frame);
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

/* What each happening does, and where; elsewhere it is ignored. */
static const step_fn steps[LINK_HAPPENINGS][LINK_STATES] = {
    [LINK_OPENED] = EVERYWHERE(step_opened),
    [LINK_FRAME] = EVERYWHERE(step_frame),
    [LINK_LOST] = EVERYWHERE(step_lost),
    [LINK_TICK] = {[LINK_GREETING] = tick_greeting,
                   [LINK_OPEN] = tick_open,
                   [LINK_ASKING] = join_tick,
                   [LINK_ENROLLED] = join_tick},
    [LINK_LOG_GREW] = {[LINK_OPEN] = step_log_grew},
    [LINK_SPOOL_GREW] = {[LINK_OPEN] = step_spool_grew},
    [LINK_BATCH_STORED] =
        {[LINK_OPEN] = step_batch_stored, [LINK_ENROLLED] = join_stored},
    [LINK_BATCH_REFUSED] = {[LINK_OPEN] = step_batch_refused,
                            [LINK_ENROLLED] = join_refused_batch},
    [LINK_COSIGNED] = {[LINK_OPEN] = step_cosigned},
    [LINK_HELD_GREW] = {[LINK_OPEN] = step_held_grew},
    [LINK_HEARD_SIGNED] = {[LINK_OPEN] = step_heard_signed},
    [LINK_SEGMENT_SENT] =
        {[LINK_OPEN] = step_segment_sent, [LINK_ENROLLED] = join_sent},
    [LINK_SEGMENT_MISSING] =
        {[LINK_OPEN] = step_segment_missing, [LINK_ENROLLED] = join_sent},
    [LINK_DELIVERY_QUEUED] = {[LINK_OPEN] = step_delivery_queued},
    [LINK_DELIVERIES_SENT] = {[LINK_OPEN] = step_deliveries_sent},
    [LINK_DELIVERY_STORED] = {[LINK_OPEN] = step_delivery_stored},
    [LINK_DIR_CHANGED] = {[LINK_OPEN] = step_dir_changed},
    [LINK_JOIN_DECIDED] = {[LINK_ASKING] = join_decided},
    [LINK_CLONE_SEEN] =
        {[LINK_GREETING] = step_clone_seen, [LINK_OPEN] = step_clone_seen},
    [LINK_STAGED] = {[LINK_OPEN] = step_staged},
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
    step_fn step = steps[event->kind][link->state];
    int rc = step == NULL ? 0 : step(&s);

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
        return join_until_ms(link);
    }
    at = link->heard_ms + LINK_SILENT_MS;
    if (link->spoke_ms + LINK_PING_MS < at) {
        at = link->spoke_ms + LINK_PING_MS;
    }
    if (link->ticked_ms + LINK_PING_MS < at) {
        at = link->ticked_ms + LINK_PING_MS; /* to be heard, to sequence */
    }
    if ((link->holding || link->lagging) &&
        link->ticked_ms + LINK_HOLD_MS < at) {
        at = link->ticked_ms + LINK_HOLD_MS;
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
