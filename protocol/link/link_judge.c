/* protocol/link: heads compared: the cases of tlog.md section 3.3.
 *
 *   1  we, a mirror, hold less than we cosigned  -> fetched again (recover)
 *   2  two signed roots for one size             -> freeze: a new epoch
 *   3  the log's node holds less than it signed  -> fetched back (recover)
 *   4  the log's node holds more: in flight      -> sent again
 *   5  equal                                     -> normal
 *   6  the token is wrong                        -> recover_accept
 *
 * "Your own signature is your memory": nothing is believed that is not signed
 * by the log's key, or cosigned by our own. Owns the judgement; only two
 * histories, or two live copies, need a person. Next: link_recover.c. */
#include "protocol/link/link_internal.h"

struct log_name log_name_of(const struct origin *origin)
{
    struct log_name name = {{0}};
    struct buf buf = buf_over(name.text, sizeof(name.text) - 1);

    buf_put_fmt(&buf, "%u%s/e%u", origin->node, origin->dir ? "/dir" : "",
                origin->epoch);
    return name;
}

/* Is the head what its log signed? Equal to ours needs no proof. */
static bool head_signed(const struct frame_head *head,
                        const struct link_log *log)
{
    struct checkpoint checkpoint;
    struct error why = {0};

    if (head->head.size == 0 ||
        (head->head.size == log->head.size &&
         hash_equal(&head->head.root, &log->head.root))) {
        return true;
    }
    return checkpoint_open(head->note, &log->key, &checkpoint, &why) == 0 &&
           checkpoint.head.size == head->head.size &&
           hash_equal(&checkpoint.head.root, &head->head.root);
}

bool seen_is_ours(struct step *s, const struct frame_head *head)
{
    const struct link_options *options = &s->link->options;
    uint8_t origin_bytes[ORIGIN_MAX];
    uint8_t text_bytes[CHECKPOINT_TEXT_MAX];
    struct buf origin = buf_over(origin_bytes, sizeof(origin_bytes));
    struct buf text = buf_over(text_bytes, sizeof(text_bytes));
    struct checkpoint checkpoint = {.head = head->seen.head};
    struct error why = {0};

    origin_format(options->realm, &head->origin, &origin);
    checkpoint.origin = buf_span(&origin);
    checkpoint_format(&checkpoint, &text);
    if (text.overflow) {
        return false;
    }
    if (cosignature_verify(&head->seen.line, &options->mirror, buf_span(&text),
                           &why) == 0) {
        return true;
    }
    /* After a lost disk, or a change of keys, it is our memory all the same. */
    for (size_t i = 0; i < options->mirrors_before_len; i++) {
        if (cosignature_verify(&head->seen.line, &options->mirrors_before[i],
                               buf_span(&text), &why) == 0) {
            return true;
        }
    }
    return false;
}

/* 0 and *differs: do we hold another root at that size? */
static int root_differs(struct step *s, const struct origin *origin,
                        const struct merkle_head *head, bool *differs)
{
    struct hash root;
    struct error why = {0};
    int rc = 0;

    *differs = false;
    if (head->size == 0) {
        return 0;
    }
    rc = s->view->root_at(s->view->data, origin, head->size, &root, &why);
    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    if (rc != 0) {
        *s->err = why;
        return rc;
    }
    *differs = !hash_equal(&root, &head->root);
    return 0;
}

static struct span fork_text(struct step *s, const struct origin *origin,
                             uint64_t size)
{
    return step_text(s,
                     "log %s has two signed histories of %llu events, here "
                     "and at node %u: keep both machines as they are, an "
                     "administrator must open a new epoch",
                     log_name_of(origin).text, (unsigned long long)size,
                     s->link->options.peer);
}

/* Both signed, and ours is the longer one: that can be proved to anybody. */
static int evidence_do(struct step *s, const struct link_track *track,
                       const struct frame_head *head,
                       const struct link_log *log)
{
    struct link_action *action = NULL;
    bool differs = false;
    int rc = 0;

    if (head->head.size == 0 || head->head.size > log->head.size ||
        log->key.name.len == 0 || !head_signed(head, log)) {
        return 0;
    }
    rc = root_differs(s, &track->origin, &head->head, &differs);
    if (rc == 0 && differs) {
        action = step_do(s, LINK_DO_EVIDENCE);
        action->origin = track->origin;
        action->has_origin = true;
        action->bytes = arena_copy(s->arena, head->note);
    }
    return rc;
}

/* Case 2. Where a superior has settled which of the two it is, and we hold that
 * one, the log stays as it is: the other is shown the evidence, gives up its
 * own (node/evidence.c), and asks again. */
static int fork_found(struct step *s, struct link_track *track,
                      const struct link_log *log, uint64_t size)
{
    struct span text = fork_text(s, &track->origin, size);

    if (!log->whole) {
        return track_freeze(s, track, LINK_REASON_FORK, text, true);
    }
    track->frozen = true; /* in this session */
    return 0;
}

/* Case 2 as far as our own cosignature shows it; of a log that was settled we
 * may have cosigned the other one. */
static int judge_seen(struct step *s, struct link_track *track,
                      const struct frame_head *head, const struct link_log *log)
{
    bool differs = false;
    int rc = 0;

    if (!head->seen.has || track->origin.node == s->link->options.self ||
        log->ended || head->seen.head.size > log->head.size) {
        return 0;
    }
    rc = root_differs(s, &track->origin, &head->seen.head, &differs);
    if (rc != 0 || !differs || !seen_is_ours(s, head)) {
        return rc;
    }
    return fork_found(s, track, log, head->seen.head.size);
}

static int judge_known(struct step *s, struct link_track *track,
                       const struct frame_head *head,
                       const struct link_log *log)
{
    bool differs = false;
    int rc = 0;

    if (!head_signed(head, log)) {
        struct span text = step_text(
            s,
            "log %s never signed the head of %llu events that "
            "node %u shows",
            log_name_of(&track->origin).text,
            (unsigned long long)head->head.size, s->link->options.peer);

        track->stopped = true;
        step_note(s, &track->origin, LINK_REASON_BAD_HEAD, text);
        rc = step_refuse(s, &track->origin, LINK_REASON_BAD_HEAD, text);
        return rc == 0 ? step_strike(s, LINK_REASON_BAD_HEAD, text) : rc;
    }
    if ((rc = judge_seen(s, track, head, log)) != 0 || track->frozen) {
        return rc;
    }
    if (head->head.size <= log->head.size) {
        rc = root_differs(s, &track->origin, &head->head, &differs);
        if (rc == 0 && differs) {
            return fork_found(s, track, log, head->head.size);
        }
    }
    return rc == 0 ? recover_judge(s, track, head, log) : rc;
}

/* A record log of another branch; a directory log out of place is only an
 * older idea of the tree. */
static int judge_foreign(struct step *s, const struct origin *origin)
{
    struct span text =
        step_text(s,
                  "node %u offers log %s, which is neither its own nor a "
                  "descendant's",
                  s->link->options.peer, log_name_of(origin).text);
    int rc = step_refuse(s, origin, LINK_REASON_FOREIGN_LOG, text);

    step_note(s, origin, LINK_REASON_FOREIGN_LOG, text);
    if (rc != 0 || origin->dir) {
        return rc;
    }
    return step_strike(s, LINK_REASON_FOREIGN_LOG, text);
}

/* A peer whose disk was lost learns in the session which nodes are below it,
 * and offers their logs as it has them: our greeting was before that. Shown
 * what we hold, it fetches them and lets nobody end them where it stands. */
static int show_again(struct step *s, struct link_track *track,
                      const struct frame_head *head, const struct link_log *log)
{
    return s->link->state == LINK_OPEN && track->way == TRACK_RECEIVE &&
                   !track->turned && !track->frozen && !log->recovering &&
                   track->origin.node != s->link->options.peer &&
                   head->head.size < log->head.size
               ? offer_one(s, track, log)
               : 0;
}

int head_judge(struct step *s, const struct frame_head *head)
{
    struct link_track *track = NULL;
    struct link_log log;
    bool known = false;
    bool was_frozen = false;
    bool news = false;
    enum track_way way = TRACK_NONE;
    int rc = track_way_of(s, &head->origin, &way);

    if (rc != 0) {
        return rc;
    }
    if (way == TRACK_NONE &&
        ((rc = track_is_news(s, &head->origin, &news)) != 0 || !news)) {
        return rc != 0 ? rc : judge_foreign(s, &head->origin);
    }
    rc = track_get(s, &head->origin, &track);
    if (rc != 0 || track == NULL) {
        return rc;
    }
    track->way = news ? TRACK_RECEIVE : track->way;
    track->there = head->head.size;
    if (track->way == TRACK_SEND) {
        track->cosigs = head->cosigs;
    } else {
        track->offered = true;
        track->cosigs = head->cosigs;
    }
    if ((rc = track_log(s, track, &log, &known)) != 0 || !known) {
        return rc;
    }
    was_frozen = track->frozen;
    if (was_frozen) {
        rc = evidence_do(s, track, head, &log);
        if (rc != 0) {
            return rc;
        }
        return step_refuse(s, &track->origin, LINK_REASON_FROZEN,
                           step_text(s, "log %s is frozen at node %u",
                                     log_name_of(&track->origin).text,
                                     s->link->options.self));
    }
    if (log.head.size == 0 && log.key.name.len == 0) {
        return 0; /* no key yet: the view takes it up from its first leaf */
    }
    rc = judge_known(s, track, head, &log);
    rc = rc != 0 ? rc : show_again(s, track, head, &log);
    return rc == 0 && track->frozen ? evidence_do(s, track, head, &log) : rc;
}
