/* protocol/link: a copy that was set back is fetched again (tlog.md 3.3).
 *
 * Case 3: who should send a log holds less of it than its key signed and the
 * peer shows: the track is turned round, the lost leaves, bodies and
 * cosignatures come back from the peer as the very batches they were, and it
 * turns again. Case 1: a mirror holds less than it cosigned: it pulls as ever
 * and cosigns nothing until it has both the leaves and its own cosignatures
 * again. Case 6: an older token, sizes good: accepted once no other copy of
 * that node was heard for LINK_QUIET_MS; two that are alive at once freeze.
 *
 * Owns what may flow against its way. Must never believe a size that is not
 * signed by the log, nor let anything be sequenced or cosigned before the
 * engine says that what was signed is here again. Next: link_send.c. */
#include "protocol/link/link_internal.h"

bool track_gives(const struct link_track *track)
{
    return track->turned ? track->way == TRACK_RECEIVE
                         : track->way == TRACK_SEND;
}

bool track_takes(const struct link_track *track)
{
    return track->turned ? track->way == TRACK_SEND
                         : track->way == TRACK_RECEIVE;
}

bool recover_blocks(const struct link_track *track)
{
    return track->turned || track->recovering;
}

static struct link_action *recover_do(struct step *s, struct link_track *track,
                                      enum link_reason reason, uint64_t from,
                                      uint64_t until)
{
    struct link_action *action = step_do(s, LINK_DO_RECOVER);

    action->has_origin = true;
    action->origin = track->origin;
    action->reason = reason;
    action->from = from;
    action->until = until;
    return action;
}

/* From now on the track flows the other way; who takes, pulls. */
static void track_turn(struct link_track *track, bool turned)
{
    if (turned) {
        track->pulled = track->flowing;
        track->recalls = false;
    }
    track->turned = turned;
    track->refilled = track->refilled || turned;
    track->flowing = !turned && track->recalls && track->pulled;
    track->stopped = false;
    track->waiting = false;
    track->retry_ms = 0;
    track->fails = 0;
}

/* ---- what the heads say ---- */

/* Private bodies go no higher than the guard: on the way round it nothing of
 * our own is fetched back, or they would be given up. That it is lacking is
 * known from then on: the guard may have been set back as well. */
static bool waits_for_guard(const struct step *s,
                            const struct link_track *track,
                            const struct link_log *log)
{
    return track->origin.node == s->link->options.self && !track->origin.dir &&
           log->guard != 0 && log->guard != s->link->options.peer;
}

/* Case 3, and a mirror of ours that a higher one outgrew: the peer holds what
 * the log signed and we, who should send it, do not. */
static int judge_ahead(struct step *s, struct link_track *track,
                       const struct frame_head *head,
                       const struct link_log *log)
{
    uint32_t self = s->link->options.self;
    bool own = track->origin.node == self;
    /* A number is believed of who made them, or beside our signature. */
    bool numbered =
        own ? log->guard == s->link->options.peer
            : log->guard == self && head->seen.has && seen_is_ours(s, head);
    struct link_action *action = NULL;

    action = recover_do(s, track,
                        own ? LINK_REASON_ORIGIN_BACK : LINK_REASON_MIRROR_BACK,
                        log->head.size, head->head.size);
    track->recall = numbered ? head->cosigs : 0;
    action->cosigs = track->recall;
    action->text =
        own ? step_text(s,
                        "this machine was restored from an older copy: its "
                        "log %s has %llu events here and %llu at node %u; "
                        "they are being fetched back, enter nothing twice",
                        log_name_of(&track->origin).text,
                        (unsigned long long)log->head.size,
                        (unsigned long long)head->head.size,
                        s->link->options.peer)
            : step_text(s,
                        "this machine was set back: it holds %llu events of "
                        "log %s and node %u holds %llu; they are being "
                        "fetched again",
                        (unsigned long long)log->head.size,
                        log_name_of(&track->origin).text, s->link->options.peer,
                        (unsigned long long)head->head.size);
    track->recovering = true;
    track->until = head->head.size;
    /* What we only pass on comes best from where it came from: that copy has
     * the bodies due here. The peer's serves when that one is behind too. */
    if (!waits_for_guard(s, track, log) &&
        (own || track->origin.dir || log->below < head->head.size)) {
        track_turn(track, true);
    } else {
        s->link->lagging = true;
    }
    return 0;
}

/* A mirror of ours whose cosignatures only a higher one still has. */
static void judge_numbers(struct step *s, struct link_track *track,
                          const struct frame_head *head,
                          const struct link_log *log)
{
    if (track->way == TRACK_SEND && log->guard == s->link->options.self &&
        head->head.size <= log->head.size && head->cosigs > log->cosigs) {
        track->recall = head->cosigs;
        track_turn(track, true);
        track->recalls = true;
    }
}

/* A count is signed by nobody: it is believed beside a signature of ours that
 * we do not remember. Whoever shows one that we hold cannot have had more. */
static int count_judge(struct step *s, const struct frame_head *head,
                       uint64_t *cosigs)
{
    bool held = false;
    int rc = 0;

    if (*cosigs > 0 && s->view->is_numbered != NULL) {
        rc = s->view->is_numbered(s->view->data, &head->origin, &head->seen,
                                  &held, s->err);
    }
    if (held) {
        *cosigs = 0;
    }
    return rc;
}

/* Case 1: our own signature shows that we held more. */
static int judge_mirror(struct step *s, struct link_track *track,
                        const struct frame_head *head,
                        const struct link_log *log)
{
    bool numbered = log->guard == s->link->options.self;
    uint64_t until = head->seen.head.size;
    uint64_t cosigs = numbered && head->cosigs > log->cosigs ? head->cosigs : 0;
    struct link_action *action = NULL;
    int rc = head->seen.has ? count_judge(s, head, &cosigs) : 0;

    if (rc != 0) {
        return rc;
    }
    if (track->origin.node == s->link->options.self || !head->seen.has ||
        (until <= log->head.size && cosigs <= log->cosigs) ||
        !seen_is_ours(s, head)) {
        return 0;
    }
    if (until < log->head.size) {
        until = log->head.size;
    }
    if (track->origin.node == s->link->options.peer) {
        s->link->self_back = true;
    }
    action =
        recover_do(s, track, LINK_REASON_MIRROR_BACK, log->head.size, until);
    action->cosigs = cosigs;
    action->text = step_text(
        s,
        "this machine was set back: it holds %llu events and %llu of its "
        "cosignatures on log %s, node %u shows %llu and %llu; they are being "
        "fetched again, until then it cosigns nothing there",
        (unsigned long long)log->head.size, (unsigned long long)log->cosigs,
        log_name_of(&track->origin).text, s->link->options.peer,
        (unsigned long long)until, (unsigned long long)head->cosigs);
    track->recovering = true;
    track->until = until;
    judge_numbers(s, track, head, log);
    return 0;
}

/* We became the guard of a log whose numbers went on without us: the new
 * guard takes the list as the child shows it, then counts on. */
static bool judge_takeover(struct step *s, struct link_track *track,
                           const struct frame_head *head,
                           const struct link_log *log)
{
    struct link_action *action = NULL;

    if (track->way != TRACK_RECEIVE ||
        track->origin.node != s->link->options.peer || !log->takes_over ||
        head->cosigs <= log->cosigs) {
        return false;
    }
    action = recover_do(s, track, LINK_REASON_MIRROR_BACK, log->head.size,
                        log->head.size);
    action->cosigs = head->cosigs;
    action->text = step_text(
        s,
        "this machine is the guard of log %s now: it holds %llu of the "
        "cosignatures, node %u shows %llu; they are being fetched, until then "
        "it cosigns nothing there",
        log_name_of(&track->origin).text, (unsigned long long)log->cosigs,
        s->link->options.peer, (unsigned long long)head->cosigs);
    track->recovering = true;
    track->until = log->head.size;
    return true;
}

/* A log of a node that left our branch: what we hold of it is passed on, and
 * no more of it is fetched. */
static int judge_former(struct step *s, const struct link_track *track,
                        bool *former)
{
    *former = false;
    if (track->way != TRACK_SEND || track->origin.dir ||
        track->origin.node == s->link->options.self) {
        return 0;
    }
    return track_is_former(s, &track->origin, former);
}

int recover_judge(struct step *s, struct link_track *track,
                  const struct frame_head *head, const struct link_log *log)
{
    bool former = false;
    int rc = judge_former(s, track, &former);

    if (rc != 0 || track->frozen || former ||
        judge_takeover(s, track, head, log)) {
        return rc;
    }
    if (track->way == TRACK_SEND && head->head.size > log->head.size) {
        rc = judge_ahead(s, track, head, log);
    } else {
        rc = judge_mirror(s, track, head, log);
    }
    if (track->way == TRACK_RECEIVE && head->head.size < log->head.size &&
        track->origin.node == s->link->options.peer && !log->ended) {
        s->link->peer_back = true;
    }
    return rc;
}

/* A mirror's copy that waited to hear the copy below: is that behind too? Or
 * its leaves came from there, and what we once cosigned is above us alone. */
int recover_turn_late(struct step *s, struct link_track *track,
                      const struct link_log *log)
{
    bool behind = track->there > log->head.size && log->below < track->there;
    bool recalls =
        track->there <= log->head.size && log->cosigs < track->recall;

    if (waits_for_guard(s, track, log) || track->way != TRACK_SEND ||
        track->turned || track->frozen || !log->recovering ||
        (!behind && !recalls)) {
        return 0;
    }
    track_turn(track, true);
    track->recalls = recalls;
    return receive_want(s);
}

int recover_offer(struct step *s, struct link_track *track,
                  const struct link_log *log)
{
    if (track->way != TRACK_RECEIVE || track->turned || track->frozen ||
        log->recovering || log->head.size <= track->there ||
        log->head.size <= track->shown) {
        return 0;
    }
    return offer_one(s, track, log);
}

/* ---- the sender fetches back ---- */

/* The leaves are there, or more of them; the numbered cosignatures are not. */
static int lend_cosigs(struct step *s, const struct link_track *track,
                       const struct frame_pull *pull,
                       const struct link_log *log)
{
    struct link_action *action = NULL;

    if (pull->cosigs >= log->cosigs) {
        return 0;
    }
    action = step_do(s, LINK_DO_SEND_COSIGS);
    action->has_origin = true;
    action->origin = track->origin;
    action->from = pull->cosigs;
    action->until = log->cosigs;
    return 0;
}

int recover_lend(struct step *s, struct link_track *track,
                 const struct frame_pull *pull)
{
    struct link_log log;
    struct link_action *action = NULL;
    bool known = false;
    int rc = track_log(s, track, &log, &known);

    if (rc != 0 || s->link->waiting) {
        return rc; /* it asks again when it is accepted */
    }
    if (!known || track->frozen) {
        return step_refuse(s, &track->origin, LINK_REASON_FROZEN,
                           step_text(s, "that log is frozen here"));
    }
    if (log.recovering) {
        return 0; /* ours is not whole: shown again when it is (an Offer) */
    }
    if (pull->held >= log.head.size) {
        return lend_cosigs(s, track, pull, &log);
    }
    track_turn(track, true);
    track->flowing = true;
    track->there = pull->held;
    track->cursor = pull->held;
    track->sendable = log.head.size;
    track->cosigs = pull->cosigs;
    track->lends_bodies = track->origin.node == s->link->options.peer ||
                          log.guard == s->link->options.peer;
    action = recover_do(s, track, LINK_REASON_ORIGIN_BACK, pull->held,
                        log.head.size);
    action->from_peer = true;
    action->text = step_text(
        s,
        "node %u was restored from an older copy: it is fetching "
        "events %llu to %llu of log %s back from here",
        s->link->options.peer, (unsigned long long)pull->held,
        (unsigned long long)log.head.size, log_name_of(&track->origin).text);
    return send_cosigs(s, track, true);
}

int recover_returned(struct step *s, struct link_track *track,
                     const struct frame_pull *pull)
{
    struct link_log log;
    bool known = false;
    int rc = track_log(s, track, &log, &known);

    track->there = pull->held;
    if (rc != 0 || !known || pull->held < log.head.size) {
        return rc;
    }
    track_turn(track, false);
    struct link_action *action = step_do(s, LINK_DO_RECOVERED);

    action->has_origin = true;
    action->origin = track->origin;
    return receive_want(s);
}

void recover_stored(struct link_track *track, const struct link_log *log)
{
    if (track->turned && track->way == TRACK_SEND &&
        log->head.size >= track->there && log->cosigs >= track->recall) {
        track_turn(track, false);
        track->report = true; /* so that the peer turns too, and pulls */
    }
}

/* ---- what the guard does not know yet ---- */

bool recover_holds(const struct link *link, const struct link_track *track,
                   const struct link_log *log)
{
    return link->options.side == LINK_DOWN && link->options.guard &&
           track->way == TRACK_RECEIVE &&
           track->origin.node == link->options.peer && !log->ended &&
           (log->hold || (log->recovering && log->head.size < log->until &&
                          track->there < log->until));
}

void recover_hold(struct step *s, struct link_track *track,
                  const struct link_log *log)
{
    if (track->offered && track->hold != recover_holds(s->link, track, log)) {
        track->report = true;
    }
}

/* From time to time: what was waited for may have been heard. */
static int hold_tick(struct step *s)
{
    struct link *link = s->link;
    size_t len = link->holding ? link->tracks_len : 0;
    bool said = false;
    int rc = 0;

    link->holding = false;
    for (size_t i = 0; rc == 0 && i < len; i++) {
        struct link_track *track = &link->tracks[i];
        struct link_log log;
        bool known = false;

        if (track->way != TRACK_RECEIVE || !track->hold) {
            continue;
        }
        link->holding = true;
        rc = track_log(s, track, &log, &known);
        if (rc == 0 && known) {
            recover_hold(s, track, &log);
            said = said || track->report;
        }
    }
    return rc == 0 && said ? receive_want(s) : rc;
}

/* ---- tokens ---- */

int recover_token(struct step *s)
{
    struct link *link = s->link;

    for (size_t i = 0; link->restored && i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];
        struct link_log log;
        struct link_action *action = NULL;
        bool known = false;
        int rc = 0;

        if (track->origin.node != link->options.self || track->origin.dir ||
            track->way != TRACK_SEND || track->frozen) {
            continue;
        }
        rc = track_log(s, track, &log, &known);
        if (rc != 0) {
            return rc;
        }
        if (!known || log.head.size == 0 || recover_blocks(track)) {
            continue;
        }
        action = recover_do(s, track, LINK_REASON_TOKEN, log.head.size,
                            log.head.size);
        action->cosigs = log.cosigs;
        action->text = step_text(
            s,
            "this machine was restored from an older copy: node %u knew a "
            "newer token; nothing of log %s was lost",
            link->options.peer, log_name_of(&track->origin).text);
        track->recovering = true;
    }
    return 0;
}

static int wait_say(struct step *s, uint64_t alive_ms, uint64_t quiet_ms)
{
    struct link *link = s->link;
    uint64_t ago_ms =
        s->event->now_ms > alive_ms ? s->event->now_ms - alive_ms : 0;
    struct span text = step_text(
        s,
        "node %u shows an older state, and another copy of it was heard %llu "
        "s ago: it waits until that one was silent for %llu s",
        link->options.peer, (unsigned long long)ago_ms / 1000,
        (unsigned long long)quiet_ms / 1000);

    step_note(s, NULL, LINK_REASON_TOKEN, text);
    return step_refuse(s, NULL, LINK_REASON_TOKEN, text);
}

int recover_accept(struct step *s)
{
    struct link *link = s->link;
    struct link_tokens tokens = {0};
    uint64_t quiet_ms =
        link->options.quiet_ms != 0 ? link->options.quiet_ms : LINK_QUIET_MS;
    int rc = 0;

    if (!link->options.guard || (!link->token_wrong && !link->peer_back)) {
        return 0;
    }
    rc = s->view->tokens(s->view->data, link->options.peer, &tokens, s->err);
    if (rc != 0) {
        return rc;
    }
    if (tokens.doubtful || link->self_back) {
        link->token_wrong = false; /* it is ours that is old */
        return 0;
    }
    if (s->event->now_ms >= tokens.alive_ms + quiet_ms) {
        link->restored = link->token_wrong;
        link->token_wrong = false;
        return 0;
    }
    link->waiting = true;
    link->wait_ms = tokens.alive_ms + quiet_ms;
    return wait_say(s, tokens.alive_ms, quiet_ms);
}

/* Mirrors' copies that waited to hear the copies below. */
static int turn_waiting(struct step *s)
{
    int rc = 0;

    s->link->lagging = false;
    for (size_t i = 0; rc == 0 && i < s->link->tracks_len; i++) {
        struct link_track *track = &s->link->tracks[i];
        struct link_log log;
        bool known = false;

        if (track->way != TRACK_SEND || !track->recovering || track->turned) {
            continue;
        }
        rc = track_log(s, track, &log, &known);
        if (rc == 0 && known) {
            rc = recover_turn_late(s, track, &log);
            s->link->lagging =
                s->link->lagging || (track->recovering && !track->turned);
        }
    }
    return rc;
}

/* Silent long enough? The child greets anew and is judged anew. */
int recover_tick(struct step *s)
{
    struct link *link = s->link;
    struct link_tokens tokens = {0};
    uint64_t quiet_ms =
        link->options.quiet_ms != 0 ? link->options.quiet_ms : LINK_QUIET_MS;
    int rc = turn_waiting(s);

    rc = rc != 0 ? rc : hold_tick(s);
    if (rc != 0 || !link->waiting || s->event->now_ms < link->wait_ms) {
        return rc;
    }
    rc = s->view->tokens(s->view->data, link->options.peer, &tokens, s->err);
    if (rc != 0) {
        return rc;
    }
    link->wait_ms = tokens.alive_ms + quiet_ms;
    if (s->event->now_ms < link->wait_ms) {
        return 0;
    }
    link->wait_ms = s->event->now_ms + LINK_PING_MS; /* should it be lost */
    return step_refuse(s, NULL, LINK_REASON_NO_SESSION,
                       step_text(s, "the other copy is silent: greet again"));
}

/* ---- two copies at once ---- */

int step_clone_seen(struct step *s)
{
    struct link *link = s->link;
    struct span why = arena_copy(s->arena, s->event->text);
    struct link_tokens tokens = {0};
    const uint8_t *shown = link->shown.bytes;
    const uint8_t *known = tokens.current.bytes;
    int rc = 0;

    if (link->options.side != LINK_DOWN) {
        return 0;
    }
    rc = s->view->tokens(s->view->data, link->options.peer, &tokens, s->err);
    if (tokens.has_issued) {
        known = tokens.issued.bytes;
    }
    for (size_t i = 0; rc == 0 && i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];

        if (track->origin.node != link->options.peer ||
            track->way != TRACK_RECEIVE) {
            continue;
        }
        rc = track_freeze(
            s, track, LINK_REASON_CLONE,
            step_text(s,
                      "two copies of node %u are alive at the same time (log "
                      "%s): %.*s (the second showed token %02x%02x%02x%02x, "
                      "the newest given out is %02x%02x%02x%02x); stop one of "
                      "them, then open a new epoch for the other",
                      link->options.peer, log_name_of(&track->origin).text,
                      (int)why.len, (const char *)why.ptr, shown[0], shown[1],
                      shown[2], shown[3], known[0], known[1], known[2],
                      known[3]),
            link->state == LINK_OPEN);
    }
    return rc;
}
