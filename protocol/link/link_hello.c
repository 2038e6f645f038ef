/* protocol/link: the greeting: versions, clocks, tokens, heads.
 *
 * The child speaks first; the parent answers once it has the child's last
 * head; whoever has the other's last head opens the session. The guard's new
 * token is valid beside the old one until it was seen once, so that a cut at
 * any point leaves the child with one that is good (tlog.md section 3.2).
 * Must never open a session without a version in common. Next: link_judge.c,
 * which compares heads. */
#include "protocol/link/link_internal.h"

/* Room that a HELLO leaves for what is not heads. */
#define HEADS_BYTES_MAX (FRAME_MAX - 4096u)
#define HEAD_BYTES(note_len) (256u + (note_len))

/* ---- our heads ---- */

struct heads {
    struct frame_head *list;
    size_t len;
    size_t bytes;
};

/* Sends what was gathered: as `hello` if it is not NULL, else as Offer. */
static int heads_send(struct step *s, struct heads *heads,
                      const struct frame_hello *hello, bool more)
{
    struct frame frame = {.kind = FRAME_OFFER};

    if (hello != NULL) {
        frame.kind = FRAME_HELLO;
        frame.hello = *hello;
        frame.hello.heads = heads->list;
        frame.hello.heads_len = heads->len;
        frame.hello.more = more;
    } else {
        frame.offer.heads = heads->list;
        frame.offer.heads_len = heads->len;
        frame.offer.more = more;
    }
    heads->len = 0;
    heads->bytes = 0;
    return step_send(s, &frame);
}

static int head_add(struct step *s, struct heads *heads,
                    struct link_track *track, const struct link_log *log)
{
    struct frame_head *head = &heads->list[heads->len];
    struct span note = arena_copy(s->arena, log->note);

    if (note.len != log->note.len) {
        s->full = true;
        return 0;
    }
    *head = (struct frame_head){
        .origin = track->origin,
        .head = log->head,
        .note = note,
        .cosigs = log->cosigs,
        .seen = log->seen,
    };
    heads->len++;
    heads->bytes += HEAD_BYTES(note.len);
    track->shown = log->head.size;
    if (track->way == TRACK_SEND) {
        track->offered = true;
    }
    return 0;
}

/* All heads (`hello`), or only those not offered yet (NULL). */
static int heads_say(struct step *s, const struct frame_hello *hello)
{
    struct link *link = s->link;
    struct heads heads = {0};
    bool first = true;
    int rc = 0;

    heads.list = arena_array(s->arena, FRAME_HEADS_MAX, sizeof(*heads.list));
    if (heads.list == NULL) {
        return error_set(s->err, ERR_NOMEM, "no room for heads");
    }
    for (size_t i = 0; i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];
        struct link_log log;
        bool known = false;

        if ((track->way != TRACK_SEND && track->way != TRACK_RECEIVE) ||
            (hello == NULL && (track->way != TRACK_SEND || track->offered))) {
            continue;
        }
        if ((rc = track_log(s, track, &log, &known)) != 0) {
            return rc;
        }
        if (!known) {
            continue;
        }
        if (heads.len == FRAME_HEADS_MAX ||
            heads.bytes + HEAD_BYTES(log.note.len) > HEADS_BYTES_MAX) {
            /* The frame is packed at once: the list can be used again. */
            rc = heads_send(s, &heads, first ? hello : NULL, true);
            if (rc != 0) {
                return rc;
            }
            first = false;
        }
        if ((rc = head_add(s, &heads, track, &log)) != 0) {
            return rc;
        }
    }
    if (hello == NULL && heads.len == 0) {
        return 0;
    }
    return heads_send(s, &heads, first ? hello : NULL, false);
}

int offer_new(struct step *s)
{
    return heads_say(s, NULL);
}

int offer_one(struct step *s, struct link_track *track,
              const struct link_log *log)
{
    struct frame_head head;
    struct heads heads = {.list = &head};
    int rc = head_add(s, &heads, track, log);

    return rc == 0 && heads.len == 1 ? heads_send(s, &heads, NULL, false) : rc;
}

static struct frame_hello hello_of(struct step *s)
{
    const struct link_options *options = &s->link->options;

    return (struct frame_hello){
        .version_min = options->version_min,
        .version_max = options->version_max,
        .features = options->features,
        .realm = options->realm,
        .node = options->self,
        .now_ms = s->event->now_ms,
        .session = s->link->session,
        .software = options->software,
    };
}

/* ---- UP: begin ---- */

int hello_begin(struct step *s)
{
    struct link *link = s->link;
    struct link_tokens tokens = {0};
    struct frame_hello hello;
    int rc = 0;

    link_forget(link);
    link_move(link, LINK_GREETING, s->event->now_ms);
    memcpy(&link->session, s->event->random + 16, sizeof(link->session));
    link->hello_ms = s->event->now_ms;
    hello = hello_of(s);
    if ((rc = s->view->tokens(s->view->data, link->options.peer, &tokens,
                              s->err)) != 0 ||
        (rc = s->view->deliveries(s->view->data, link->options.peer,
                                  &link->delivery_stored, s->err)) != 0 ||
        (rc = s->view->queue(s->view->data, link->options.peer, &hello.queue,
                             s->err)) != 0 ||
        (rc = tracks_fill(s)) != 0) {
        return rc;
    }
    hello.has_token = tokens.has_current;
    hello.token = tokens.current;
    hello.deliveries = link->delivery_stored;
    hello.has_queue = link->delivery_stored > 0;
    return heads_say(s, &hello);
}

/* ---- both: the session opens ---- */

/* What the guard holds of cosignatures and the child does not. */
static int begin_cosigs(struct step *s)
{
    struct link *link = s->link;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];

        if (track->way == TRACK_RECEIVE && track->offered) {
            rc = send_cosigs(s, track, true);
        }
    }
    return rc;
}

static int session_open(struct step *s)
{
    struct link *link = s->link;
    int rc = 0;

    link_move(link, LINK_OPEN, s->event->now_ms);
    step_do(s, LINK_DO_READY);
    if ((rc = send_staged(s)) != 0) {
        return rc; /* before the first Want: see link_staged.c */
    }
    rc = receive_want(s);
    if (rc == 0 && link->options.side == LINK_DOWN) {
        rc = begin_cosigs(s);
    }
    return rc == 0 ? send_sequence(s) : rc;
}

/* Issued only when the greeting is complete and good. */
static void token_issue(struct step *s)
{
    struct link *link = s->link;

    if (link->options.guard && !link->waiting) {
        struct link_action *action = step_do(s, LINK_DO_ISSUE_TOKEN);

        action->token = link->token;
        action->has_old = link->has_shown;
        action->old_token = link->shown;
        link->unseen = true;
    }
}

/* DOWN: the child's last head is here. */
static int greeting_answer(struct step *s)
{
    struct link *link = s->link;
    struct frame_hello hello = hello_of(s);
    int rc = recover_accept(s);

    if (rc != 0) {
        return rc;
    }
    token_issue(s);
    hello.restored = link->restored;
    hello.has_token = true;
    hello.token = link->token;
    hello.unfenced = !link->unseen;
    /* Until the child has read it, its frames carry no token: none of ours
     * before HELLO does either. */
    link->has_token = false;
    if ((rc = heads_say(s, &hello)) != 0) {
        return rc;
    }
    link->has_token = true;
    return session_open(s);
}

/* UP: the parent's last head is here. */
static int greeting_finish(struct step *s)
{
    struct link *link = s->link;

    link->has_token = true;
    if (link->fenced) {
        step_do(s, LINK_DO_COMMIT_TOKEN)->token = link->token;
    }
    window_rtt(&link->window, s->event->now_ms - link->hello_ms);
    int rc = recover_token(s);

    return rc == 0 ? session_open(s) : rc;
}

static int greeting_done(struct step *s, bool more)
{
    if (more || s->link->state != LINK_GREETING) {
        return 0;
    }
    return s->link->options.side == LINK_UP ? greeting_finish(s)
                                            : greeting_answer(s);
}

/* ---- HELLO comes ---- */

static int greeting_refuse(struct step *s, enum link_reason reason,
                           struct span text)
{
    int rc = step_refuse(s, NULL, reason, text);

    step_note(s, NULL, reason, text);
    return rc == 0 ? step_close(s, reason, text, LINK_BARRED) : rc;
}

/* 0 and link->version, or 0 and BARRED. */
static int hello_check(struct step *s, const struct frame_hello *hello)
{
    struct link *link = s->link;
    const struct link_options *options = &link->options;
    uint32_t high = options->version_max < hello->version_max
                        ? options->version_max
                        : hello->version_max;

    if (!span_equal(hello->realm, options->realm)) {
        return greeting_refuse(
            s, LINK_REASON_REALM,
            step_text(s, "realm %.*s, not %.*s", (int)hello->realm.len,
                      (const char *)hello->realm.ptr, (int)options->realm.len,
                      (const char *)options->realm.ptr));
    }
    if (hello->node != options->peer) {
        return greeting_refuse(s, LINK_REASON_NODE,
                               step_text(s,
                                         "says it is node %u, its key is that "
                                         "of node %u",
                                         hello->node, options->peer));
    }
    if (high < options->version_min || high < hello->version_min) {
        return greeting_refuse(
            s, LINK_REASON_VERSION,
            step_text(s,
                      "no version in common: node %u speaks %u to %u, node %u "
                      "%u to %u; upgrade the older one",
                      options->self, options->version_min, options->version_max,
                      options->peer, hello->version_min, hello->version_max));
    }
    link->version = high;
    link->features = hello->features & options->features;
    link->skew_ms = (int64_t)hello->now_ms - (int64_t)s->event->now_ms;
    memset(link->software, 0, sizeof(link->software));
    memcpy(link->software,
           hello->software.ptr == NULL ? (const uint8_t *)""
                                       : hello->software.ptr,
           hello->software.len);
    return 0;
}

/* DOWN: does the child show the token it should, and what is the next? */
static int token_judge(struct step *s, const struct frame_hello *hello)
{
    struct link *link = s->link;
    struct link_tokens tokens = {0};
    bool known = false;
    int rc = 0;

    memcpy(&link->token, s->event->random, sizeof(link->token));
    if (!link->options.guard) {
        return 0; /* of this session only */
    }
    rc = s->view->tokens(s->view->data, link->options.peer, &tokens, s->err);
    if (rc != 0) {
        return rc;
    }
    if (hello->has_token) {
        known = (tokens.has_current &&
                 memcmp(&hello->token, &tokens.current, 16) == 0) ||
                (tokens.has_issued &&
                 memcmp(&hello->token, &tokens.issued, 16) == 0);
    } else {
        known = !tokens.has_current;
    }
    link->token_wrong = !known;
    return 0;
}

/* The child says again what it took: acknowledgements may have been lost, or
 * the queue itself, with the disk that held it. */
static int deliveries_taken(struct step *s, const struct frame_hello *hello)
{
    uint64_t queued = 0;
    int rc = s->view->deliveries(s->view->data, s->link->options.peer, &queued,
                                 s->err);

    s->link->delivery_sent = hello->deliveries;
    if (rc == 0 && hello->deliveries > 0 &&
        (hello->has_queue || hello->deliveries <= queued)) {
        struct link_action *action = step_do(s, LINK_DO_DELIVERY_ACKED);

        action->from = hello->deliveries;
        action->has_queue = hello->has_queue;
        action->queue = hello->queue;
    }
    return rc;
}

static int heads_judge(struct step *s, const struct frame_head *heads,
                       size_t len)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = head_judge(s, &heads[i]);
        if (s->link->state == LINK_BARRED) {
            break;
        }
    }
    return rc;
}

static int hello_from_child(struct step *s, const struct frame_hello *hello)
{
    struct link *link = s->link;
    int rc = 0;

    if (link->state == LINK_BARRED && link->strikes >= LINK_STRIKES_MAX &&
        s->event->now_ms < link->since_ms + 60000) {
        link->stale++;
        return 0;
    }
    link_forget(link);
    link_move(link, LINK_GREETING, s->event->now_ms);
    link->session = hello->session;
    if ((rc = hello_check(s, hello)) != 0 || link->state == LINK_BARRED ||
        (rc = token_judge(s, hello)) != 0) {
        return rc;
    }
    link->has_shown = hello->has_token;
    link->shown = hello->token;
    if ((rc = deliveries_taken(s, hello)) != 0) {
        return rc;
    }
    if ((rc = tracks_fill(s)) != 0 ||
        (rc = heads_judge(s, hello->heads, hello->heads_len)) != 0) {
        return rc;
    }
    return greeting_done(s, hello->more);
}

static int hello_from_parent(struct step *s, const struct frame_hello *hello)
{
    struct link *link = s->link;
    int rc = 0;

    if (link->state != LINK_GREETING ||
        memcmp(&hello->session, &link->session, sizeof(link->session)) != 0) {
        link->stale++; /* the answer to an earlier greeting */
        return 0;
    }
    if ((rc = hello_check(s, hello)) != 0 || link->state == LINK_BARRED) {
        return rc;
    }
    if (!hello->has_token) {
        return step_strike(s, LINK_REASON_MALFORMED,
                           step_text(s, "a greeting without a token"));
    }
    link->token = hello->token;
    /* Also by one that is our guard and whose certificate is still on its way:
     * without its token we would look like an older copy to it. */
    link->fenced = !hello->unfenced;
    link->token_wrong = link->options.guard && hello->unfenced;
    link->restored = link->options.guard && hello->restored;
    rc = heads_judge(s, hello->heads, hello->heads_len);
    return rc == 0 ? greeting_done(s, hello->more) : rc;
}

int frame_hello(struct step *s, const struct frame *frame)
{
    switch (s->link->options.side) {
    case LINK_UP:
        return hello_from_parent(s, &frame->hello);
    case LINK_DOWN:
        return hello_from_child(s, &frame->hello);
    case LINK_JOINER:
    case LINK_INVITER:
        break;
    }
    return step_strike(s, LINK_REASON_UNASKED,
                       step_text(s, "a greeting on an invitation"));
}

int frame_offer_greeting(struct step *s, const struct frame *frame)
{
    int rc = heads_judge(s, frame->offer.heads, frame->offer.heads_len);

    return rc == 0 ? greeting_done(s, frame->offer.more) : rc;
}
