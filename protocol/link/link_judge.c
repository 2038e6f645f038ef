/* protocol/link: heads compared: the cases of tlog.md section 3.3.
 *
 *   1  we, a mirror, hold less than we cosigned       -> freeze
 *   2  two signed roots for one size                  -> freeze
 *   3  the log's node holds less than it signed       -> freeze
 *   4  the log's node holds more: what was in flight  -> sent again
 *   5  equal                                          -> normal
 *   6  the token is wrong                             -> freeze
 *
 * "Your own signature is your memory": nothing is believed that is not signed
 * by the log's key, or cosigned by our own. Owns the judgement; what cures a
 * frozen log is a person's decision. Next: link_send.c. */
#include "protocol/link/link_internal.h"

/* Room for a name in messages. */
struct name {
    char text[64];
};

static struct name name_of(const struct origin *origin)
{
    struct name name = {{0}};
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

/* Is it our own cosignature? */
static bool seen_is_ours(struct step *s, const struct frame_head *head)
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
    return !text.overflow &&
           cosignature_verify(&head->seen.line, &options->mirror,
                              buf_span(&text), &why) == 0;
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
                     name_of(origin).text, (unsigned long long)size,
                     s->link->options.peer);
}

/* Case 1, and 2 as far as our own cosignature shows it. */
static int judge_seen(struct step *s, struct link_track *track,
                      const struct frame_head *head, const struct link_log *log)
{
    bool differs = false;
    int rc = 0;

    if (!head->seen.has || track->origin.node == s->link->options.self) {
        return 0;
    }
    if (head->seen.head.size > log->head.size) {
        if (!seen_is_ours(s, head)) {
            return 0;
        }
        return track_freeze(
            s, track, LINK_REASON_MIRROR_BACK,
            step_text(s,
                      "node %u was set back: it holds %llu events of log %s "
                      "and has cosigned %llu; delete nothing below it, an "
                      "administrator must fetch the rest again",
                      s->link->options.self, (unsigned long long)log->head.size,
                      name_of(&track->origin).text,
                      (unsigned long long)head->seen.head.size),
            true);
    }
    rc = root_differs(s, &track->origin, &head->seen.head, &differs);
    if (rc != 0 || !differs || !seen_is_ours(s, head)) {
        return rc;
    }
    return track_freeze(s, track, LINK_REASON_FORK,
                        fork_text(s, &track->origin, head->seen.head.size),
                        true);
}

/* Case 1 without a batch in between: only repeats were lost. */
static int judge_cosigs(struct step *s, struct link_track *track,
                        const struct frame_head *head,
                        const struct link_log *log)
{
    if (track->way != TRACK_RECEIVE || log->guard != s->link->options.self ||
        head->cosigs <= log->cosigs) {
        return 0;
    }
    return track_freeze(
        s, track, LINK_REASON_MIRROR_BACK,
        step_text(s,
                  "node %u was set back: it remembers %llu of its "
                  "cosignatures on log %s, node %u holds %llu; an "
                  "administrator must fetch them again",
                  s->link->options.self, (unsigned long long)log->cosigs,
                  name_of(&track->origin).text, s->link->options.peer,
                  (unsigned long long)head->cosigs),
        true);
}

/* Case 3: the log's own node remembers less than it signed. */
static int judge_origin(struct step *s, struct link_track *track,
                        const struct frame_head *head,
                        const struct link_log *log)
{
    uint32_t self = s->link->options.self;
    uint32_t peer = s->link->options.peer;
    uint32_t node = track->origin.node;
    uint64_t most = head->head.size;
    uint64_t least = log->head.size;

    if (!(node == self && most > least) && !(node == peer && least > most)) {
        return 0;
    }
    if (node == peer) {
        most = log->head.size;
        least = head->head.size;
    }
    return track_freeze(
        s, track, LINK_REASON_ORIGIN_BACK,
        step_text(s,
                  "node %u was restored from an older copy: its log %s has "
                  "%llu events there and %llu at node %u; enter nothing "
                  "twice, an administrator must fetch the rest back",
                  node, name_of(&track->origin).text, (unsigned long long)least,
                  (unsigned long long)most, node == self ? peer : self),
        true);
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
            name_of(&track->origin).text, (unsigned long long)head->head.size,
            s->link->options.peer);

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
            return track_freeze(s, track, LINK_REASON_FORK,
                                fork_text(s, &track->origin, head->head.size),
                                true);
        }
    }
    if (rc == 0) {
        rc = judge_cosigs(s, track, head, log);
    }
    return rc == 0 && !track->frozen ? judge_origin(s, track, head, log) : rc;
}

/* A record log of another branch; a directory log out of place is only an
 * older idea of the tree. */
static int judge_foreign(struct step *s, const struct origin *origin)
{
    struct span text =
        step_text(s,
                  "node %u offers log %s, which is neither its own nor a "
                  "descendant's",
                  s->link->options.peer, name_of(origin).text);
    int rc = step_refuse(s, origin, LINK_REASON_FOREIGN_LOG, text);

    step_note(s, origin, LINK_REASON_FOREIGN_LOG, text);
    if (rc != 0 || origin->dir) {
        return rc;
    }
    return step_strike(s, LINK_REASON_FOREIGN_LOG, text);
}

int head_judge(struct step *s, const struct frame_head *head)
{
    struct link_track *track = NULL;
    struct link_log log;
    bool known = false;
    bool was_frozen = false;
    enum track_way way = TRACK_NONE;
    int rc = track_way_of(s, &head->origin, &way);

    if (rc != 0) {
        return rc;
    }
    if (way == TRACK_NONE) {
        return judge_foreign(s, &head->origin);
    }
    rc = track_get(s, &head->origin, &track);
    if (rc != 0 || track == NULL) {
        return rc;
    }
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
        return step_refuse(s, &track->origin, LINK_REASON_FROZEN,
                           step_text(s, "log %s is frozen at node %u",
                                     name_of(&track->origin).text,
                                     s->link->options.self));
    }
    if (log.head.size == 0 && log.key.name.len == 0) {
        return 0; /* no key yet: the view takes it up from its first leaf */
    }
    return judge_known(s, track, head, &log);
}

int token_freeze(struct step *s)
{
    struct link *link = s->link;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < link->tracks_len; i++) {
        struct link_track *track = &link->tracks[i];

        if (track->origin.node != link->options.peer ||
            track->way != TRACK_RECEIVE || track->frozen) {
            continue;
        }
        rc = track_freeze(
            s, track, LINK_REASON_TOKEN,
            step_text(s,
                      "node %u shows a token that is not its newest: it is an "
                      "older image or a copy of a node that also runs; find "
                      "and stop the other one, then tell the administrator "
                      "above (log %s)",
                      link->options.peer, name_of(&track->origin).text),
            true);
    }
    return rc;
}
