/* Room: node. Owns what a bundle's frames do here: the same checks as in a
 * session, in the same functions, answered to nobody. A bundle is a picture of
 * the past: an older head in it freezes nothing, two roots for one size do. It
 * must never sequence but by a note of our guard. Next: staged.c. */
#include "node/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"
#include "store/delivery.h"
#include "store/directory.h"
#include "store/recovery.h"

/* ---- which logs ---- */

bool bundle_way_in(struct engine *engine, const struct bundle_job *job,
                   const struct origin *origin)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);

    if (!job->up) {
        return directory_node_within(dir, origin->node, job->head.from);
    }
    /* Before it has a directory a node takes any directory log: the first
     * leaf says whose it is (intake.c). */
    return origin->node == self ||
           (origin->dir &&
            (dir->top == 0 || directory_node_within(dir, self, origin->node)));
}

bool bundle_frame_fits(const struct bundle_job *job, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_NONE: /* of a newer program: ignored, as on a link */
    case FRAME_HELLO:
    case FRAME_OFFER:
    case FRAME_BATCH:
    case FRAME_COSIGNED:
    case FRAME_HELD:
        return true;
    case FRAME_SPOOLED:
        return frame->spooled.segment.count != 0;
    case FRAME_HEARD_ASK:
    case FRAME_DELIVERY_ACK:
        return !job->up;
    case FRAME_STAGED:
    case FRAME_DELIVERY:
        return job->up;
    case FRAME_WANT:
    case FRAME_REFUSED:
    case FRAME_JOIN_REQUEST:
    case FRAME_JOIN_ANSWER:
    case FRAME_PING:
    case FRAME_MEND_ASK:
    case FRAME_MEND:
    case FRAME_ATTACH_ASK: /* files are for links */
    case FRAME_ATTACH_CHUNK:
    case FRAME_ATTACH_HAVE:
    case FRAME_KINDS:
        break;
    }
    return false;
}

/* ---- heads ---- */

/* Ours, over more than we hold: we were set back. */
static bool seen_is_ours(struct engine *engine, const struct frame_head *head)
{
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct error ignored = {0};
    struct vkey key;
    char name[64];

    checkpoint_text(engine, &head->origin, &head->seen.head, &text);
    return mirror_key(engine, engine_node(engine), name, &key, &ignored) == 0 &&
           cosignature_verify(&head->seen.line, &key, buf_span(&text),
                              &ignored) == 0;
}

/* Two histories under one signature: shown, and nothing more is taken. */
static int fork_check(struct engine *engine, const struct frame_head *head,
                      const struct store_log *log, struct error *err)
{
    struct checkpoint checkpoint;
    struct error ignored = {0};
    struct hash root = log->head.root;
    struct vkey key;
    int rc = 0;

    if (head->head.size == 0 || head->head.size > log->head.size) {
        return 0;
    }
    if (head->head.size < log->head.size) {
        rc = store_log_root_at(engine->store, log->id, head->head.size, &root,
                               err);
    }
    if (rc != 0 || hash_equal(&root, &head->head.root) ||
        vkey_make(span_str(log->origin), VKEY_ED25519, &log->key, &key,
                  &ignored) != 0 ||
        checkpoint_open(head->note, &key, &checkpoint, &ignored) != 0 ||
        checkpoint.head.size != head->head.size ||
        !hash_equal(&checkpoint.head.root, &head->head.root)) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    rc = engine_write(engine, err);
    if (rc == 0 && log->frozen[0] == '\0') {
        rc = store_log_freeze(engine->store, log->id,
                              "two signed histories of one size, the other in "
                              "a bundle: keep both machines as they are, an "
                              "administrator must open a new epoch",
                              err);
    }
    return rc != 0
               ? rc
               : error_set(err, ERR_CONFLICT,
                           "%s has two signed histories of %llu events, "
                           "here and in the bundle: keep both machines as "
                           "they are, an administrator must open a new "
                           "epoch",
                           log->origin, (unsigned long long)head->head.size);
}

/* Is the head what the log's own key signed? */
static bool head_is_signed(const struct frame_head *head,
                           const struct store_log *log)
{
    struct checkpoint checkpoint;
    struct error ignored = {0};
    struct vkey key;

    return vkey_make(span_str(log->origin), VKEY_ED25519, &log->key, &key,
                     &ignored) == 0 &&
           checkpoint_open(head->note, &key, &checkpoint, &ignored) == 0 &&
           checkpoint.head.size == head->head.size &&
           hash_equal(&checkpoint.head.root, &head->head.root);
}

/* A copy of ours was set back: as in a session, nothing of that log is
 * sequenced or cosigned before it is all here again (recover.c). */
static int back_begin(struct engine *engine, struct bundle_job *job,
                      struct link_action *action, struct error *err)
{
    char text[160];

    (void)snprintf(text, sizeof(text),
                   "this machine was set back: a bundle of node %u shows %llu "
                   "events of that log, here are %llu",
                   job->head.from, (unsigned long long)action->until,
                   (unsigned long long)action->from);
    action->kind = LINK_DO_RECOVER;
    action->has_origin = true;
    action->text = arena_copy(&engine->turn, span_str(text));
    (void)snprintf(job->status.note, sizeof(job->status.note),
                   "this machine was set back and lacks events that it had: "
                   "if they are not in this bundle, give node %u one from "
                   "here and take in the answer",
                   job->head.from);
    return recover_begin(engine, &job->peer, action, err);
}

/* Our own log: our guard shows what we signed and do not have. */
static int origin_back(struct engine *engine, struct bundle_job *job,
                       const struct frame_head *head,
                       const struct store_log *log, struct error *err)
{
    struct link_action action = {.origin = head->origin,
                                 .reason = LINK_REASON_ORIGIN_BACK,
                                 .from = log->head.size,
                                 .until = head->head.size,
                                 .cosigs = head->cosigs};

    return head->origin.node == engine_node(engine) &&
                   head->head.size > log->head.size && head_is_signed(head, log)
               ? back_begin(engine, job, &action, err)
               : 0;
}

/* A log that we guard: our own cosignature shows that we held more. */
static int mirror_back(struct engine *engine, struct bundle_job *job,
                       const struct frame_head *head,
                       const struct store_log *log, struct error *err)
{
    struct link_action action = {.origin = head->origin,
                                 .reason = LINK_REASON_MIRROR_BACK,
                                 .from = log->head.size,
                                 .until = log->head.size,
                                 .cosigs = head->cosigs};
    struct log_facts facts;
    int rc = log_facts_of(engine, &head->origin, &facts, err);

    if (rc != 0 || facts.guard != engine_node(engine) || !head->seen.has ||
        (head->seen.head.size <= log->head.size &&
         head->cosigs <= log->cosigs) ||
        !seen_is_ours(engine, head)) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if (head->seen.head.size > action.until) {
        action.until = head->seen.head.size;
    }
    return back_begin(engine, job, &action, err);
}

static int head_apply(struct engine *engine, struct bundle_job *job,
                      const struct frame_head *head, struct error *err)
{
    struct bundle_mark mark = {head->origin, head->head.size, head->cosigs};
    struct store_log log;
    int rc = log_find(engine, &head->origin, &log, err);

    bundle_mark_put(&job->marks, &mark);
    if (rc == ERR_NOTFOUND && job->up && head->head.size > 0 &&
        head->origin.node == engine_node(engine)) {
        struct log_facts facts; /* an image from before its first leaf */

        rc = log_facts_of(engine, &head->origin, &facts, err);
        rc = rc != 0 ? rc
                     : log_open(engine, &head->origin, &facts.key, &log, err);
    }
    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if ((rc = fork_check(engine, head, &log, err)) != 0 ||
        log.frozen[0] != '\0') {
        return rc;
    }
    return job->up ? origin_back(engine, job, head, &log, err)
                   : mirror_back(engine, job, head, &log, err);
}

static int heads_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_head *heads, size_t len,
                       struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = head_apply(engine, job, &heads[i], err);
    }
    return rc;
}

/* ---- HELLO ---- */

static bool token_is_known(struct engine *engine, uint32_t peer,
                           const struct frame_hello *hello)
{
    struct link_view view = view_of(engine);
    struct link_tokens tokens = {0};
    struct error ignored = {0};

    if (view.tokens(view.data, peer, &tokens, &ignored) != 0) {
        return false;
    }
    if (!hello->has_token) {
        return !tokens.has_current;
    }
    return (tokens.has_current &&
            memcmp(&hello->token, &tokens.current, 16) == 0) ||
           (tokens.has_issued &&
            memcmp(&hello->token, &tokens.issued, 16) == 0);
}

/* The newest bundle says which deliveries are held, as a greeting does. */
static int queue_greet(struct engine *engine, const struct bundle_job *job,
                       const struct frame_hello *hello, struct error *err)
{
    size_t mark = engine->turn.used;
    struct store_bundles known;
    bool anew = false;
    int rc = store_bundles_get(engine->store, job->head.from, &engine->turn,
                               &known, err);

    arena_rewind(&engine->turn, mark);
    if (rc != 0 || job->head.made_ms < known.round) {
        return rc;
    }
    rc = engine_write(engine, err);
    return rc != 0 ? rc
                   : store_delivery_greet(engine->store, job->head.from,
                                          hello->deliveries, hello->queue.bytes,
                                          &anew, err);
}

static int hello_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_hello *hello, struct error *err)
{
    if (!span_equal(hello->realm, span_str(engine->config->realm)) ||
        hello->node != job->head.from) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle's greeting is another node's");
    }
    job->status.token_old =
        !job->up && !token_is_known(engine, job->head.from, hello);
    job->acked = hello->deliveries;
    if (!job->up && hello->has_queue) {
        int rc = queue_greet(engine, job, hello, err);

        if (rc != 0) {
            return rc;
        }
    }
    return heads_apply(engine, job, hello->heads, hello->heads_len, err);
}

/* ---- leaves ---- */

static void touched_add(struct bundle_job *job, const struct origin *origin)
{
    for (size_t i = 0; i < job->touched_len; i++) {
        if (origin_equal(&job->touched[i], origin)) {
            return;
        }
    }
    if (job->touched_len < sizeof(job->touched) / sizeof(job->touched[0])) {
        job->touched[job->touched_len++] = *origin;
    }
}

static int batch_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_batch *batch, struct error *err)
{
    const struct segment *segment = &batch->segment;
    struct link_action action = {.kind = LINK_DO_STORE_BATCH,
                                 .origin = batch->origin,
                                 .has_origin = true,
                                 .batch = batch};
    bool own = batch->origin.node == engine_node(engine);
    struct log_facts facts;
    struct store_log log;
    uint64_t size = 0;
    uint64_t pause_ms = 0;
    int rc;

    if (!bundle_way_in(engine, job, &batch->origin)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle has a log of node %u, which is not its "
                         "sender's to bring",
                         batch->origin.node);
    }
    rc = log_find(engine, &batch->origin, &log, err);
    size = rc == 0 ? log.head.size : 0;
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    if (segment->first + segment->count <= size) {
        job->status.known += segment->count;
        return 0;
    }
    if (segment->first != size) {
        return error_set(err, ERR_CONFLICT,
                         "the bundle goes on with event %llu of node %u, held "
                         "here are %llu: a bundle before it is missing; make "
                         "a new one there after taking in one from here",
                         (unsigned long long)segment->first, batch->origin.node,
                         (unsigned long long)size);
    }
    rc = log_facts_of(engine, &batch->origin, &facts, err);
    action.refill = own;
    action.privates = rc == 0 && (own || facts.guard == engine_node(engine));
    rc = rc != 0
             ? rc
             : intake_take(engine, &job->peer, &action, true, &pause_ms, err);
    if (rc == 0 && own) {
        rc = log_find(engine, &batch->origin, &log, err);
        rc = rc != 0 ? rc
                     : store_spool_placed(engine->store, log.id, segment->first,
                                          segment->count, err);
    }
    if (rc == 0) {
        rc = log_find(engine, &batch->origin, &log, err);
        rc = rc != 0 ? rc : recover_settle(engine, log.id, err);
    }
    if (rc != 0) {
        return rc;
    }
    job->status.events += segment->count;
    engine->integrating = true;
    touched_add(job, &batch->origin);
    peers_tell(engine, LINK_LOG_GREW, &batch->origin, NULL);
    return 0;
}

static int cosigned_apply(struct engine *engine, struct bundle_job *job,
                          const struct frame_cosigned *came, struct error *err)
{
    struct link_action action = {.kind = LINK_DO_STORE_COSIGS,
                                 .origin = came->origin,
                                 .has_origin = true,
                                 .cosigned = came};
    struct store_log log;
    int rc = log_find(engine, &came->origin, &log, err);

    if (rc == ERR_NOTFOUND ||
        (rc == 0 && (came->first + came->cosigs_len <= log.cosigs))) {
        return 0;
    }
    if (rc == 0 && !bundle_way_in(engine, job, &came->origin)) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "cosignatures of a log that is not its sender's to "
                       "bring");
    }
    if (rc == 0 && came->first > log.cosigs) {
        rc = error_set(err, ERR_CONFLICT,
                       "cosignatures from number %llu, held are %llu: a "
                       "bundle before this one is missing",
                       (unsigned long long)came->first,
                       (unsigned long long)log.cosigs);
    }
    rc = rc != 0 ? rc : intake_cosigs_take(engine, &action, err);
    if (rc != 0) {
        return rc;
    }
    job->status.cosigs += came->first + came->cosigs_len - log.cosigs;
    engine->integrating = true;
    engine->grew = true;
    peers_tell(engine, LINK_LOG_GREW, &came->origin, NULL);
    return 0;
}

/* ---- deliveries ---- */

static int delivery_apply(struct engine *engine, struct bundle_job *job,
                          const struct frame_delivery *came, struct error *err)
{
    struct link_action action = {
        .kind = LINK_DO_STORE_DELIVERY, .from = came->number, .delivery = came};
    const struct directory *dir = engine_directory(engine);
    uint8_t chain[DELIVERY_CHAIN_SIZE];
    uint64_t taken = 0;
    int rc =
        store_delivery_taken(engine->store, job->head.from, &taken, chain, err);

    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    if (came->number <= taken) {
        return 0;
    }
    if (!directory_node_within(dir, came->to_node, engine_node(engine))) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle has a delivery for node %u",
                         came->to_node);
    }
    if (came->number != taken + 1) {
        return error_set(err, ERR_CONFLICT,
                         "the bundle goes on with delivery %llu, taken here "
                         "are %llu: a bundle before it is missing",
                         (unsigned long long)came->number,
                         (unsigned long long)taken);
    }
    deliver_take(engine, &job->peer, &action);
    if (job->peer.lost) {
        return error_set(err, ERR_BUSY, "a delivery could not be stored");
    }
    job->status.deliveries++;
    return 0;
}

static int ack_apply(struct engine *engine, struct bundle_job *job,
                     uint64_t number, struct error *err)
{
    uint64_t acked = 0, newest = 0;
    int rc = store_delivery_acked(engine->store, job->head.from, &acked,
                                  &newest, err);

    if (rc == ERR_NOTFOUND || (rc == 0 && number <= acked)) {
        return 0;
    }
    if (rc == 0 && number > newest) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "delivery %llu is acknowledged, there are %llu",
                       (unsigned long long)number, (unsigned long long)newest);
    }
    rc = rc != 0 ? rc : engine_write(engine, err);
    return rc != 0
               ? rc
               : store_delivery_ack(engine->store, job->head.from, number, err);
}

/* ---- what has no place yet ---- */

static int spooled_apply(struct engine *engine, struct bundle_job *job,
                         const struct frame_spooled *came, struct error *err)
{
    return job->up ? staged_return(engine, came, &job->staged, err)
                   : staged_keep(engine, job->head.from, came,
                                 job->head.made_ms, &job->staged, err);
}

static int note_apply(struct engine *engine, struct bundle_job *job,
                      const struct frame_staged *note, struct error *err)
{
    size_t size = FRAME_STAGED_MAX * sizeof(struct event_id);
    size_t mark = engine->turn.used;
    uint8_t *space = arena_alloc(&engine->turn, size);
    struct buf lacking = buf_over(space, size);
    enum staged_end end = STAGED_OLD;
    struct store_recovery recovery;
    struct store_log log;
    int rc = space == NULL ? error_set(err, ERR_LIMIT, "too much in one turn")
                           : staged_take(engine, note, &end, &lacking, err);

    arena_rewind(&engine->turn, mark);
    if (rc != 0) {
        return rc;
    }
    switch (end) {
    case STAGED_DONE:
        job->status.sequenced += note->ids.len / sizeof(struct event_id);
        break;
    case STAGED_OLD:
        (void)snprintf(job->status.note, sizeof(job->status.note),
                       "its staging note was followed before: the log went "
                       "on");
        break;
    case STAGED_EARLY:
        if (log_find(engine, &note->origin, &log, err) == 0 &&
            recover_active(engine, log.id, &recovery) &&
            log.head.size == note->head.size) {
            return error_set(err, ERR_BUSY,
                             "what came back is not all "
                             "here or counted yet");
        }
        return error_set(err, ERR_CONFLICT,
                         "its staging note follows %llu events, this log does "
                         "not have them: make a new bundle here, and take in "
                         "the answer to it",
                         (unsigned long long)note->head.size);
    case STAGED_LACKS:
        return error_set(err, ERR_CONFLICT,
                         "its staging note names %zu events that are neither "
                         "here nor in the bundle: make a new bundle here, and "
                         "take in the answer to it",
                         lacking.len / sizeof(struct event_id));
    }
    return 0;
}

static int heard_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_heard_ask *ask, struct error *err)
{
    struct link_action action = {.kind = LINK_DO_COSIGN_REPEAT,
                                 .origin = ask->origin,
                                 .has_origin = true,
                                 .from = ask->cosigs,
                                 .signature = ask->signature};
    struct log_facts facts;
    struct store_log log;
    int rc = log_facts_of(engine, &ask->origin, &facts, err);

    if (rc != 0 || ask->origin.node != job->head.from ||
        facts.guard != engine_node(engine) ||
        log_find(engine, &ask->origin, &log, err) != 0 ||
        log.cosigs != ask->cosigs || log.frozen[0] != '\0') {
        return 0; /* it is about another moment */
    }
    cosign_repeat(engine, &job->peer, &action);
    job->status.cosigs++;
    return 0;
}

/* ---- the door ---- */

int bundle_apply(struct engine *engine, struct bundle_job *job,
                 const struct frame *frame, struct error *err)
{
    struct link_action held = {.kind = LINK_DO_STORE_HELD, .has_origin = true};

    switch (frame->kind) {
    case FRAME_HELLO:
        return hello_apply(engine, job, &frame->hello, err);
    case FRAME_OFFER:
        return heads_apply(engine, job, frame->offer.heads,
                           frame->offer.heads_len, err);
    case FRAME_BATCH:
        return batch_apply(engine, job, &frame->batch, err);
    case FRAME_COSIGNED:
        return cosigned_apply(engine, job, &frame->cosigned, err);
    case FRAME_HELD:
        held.origin = frame->held.origin;
        held.held = &frame->held;
        intake_held(engine, &job->peer, &held);
        return 0;
    case FRAME_HEARD_ASK:
        return heard_apply(engine, job, &frame->heard_ask, err);
    case FRAME_DELIVERY:
        return delivery_apply(engine, job, &frame->delivery, err);
    case FRAME_DELIVERY_ACK:
        return ack_apply(engine, job, frame->delivery_ack, err);
    case FRAME_SPOOLED:
        return spooled_apply(engine, job, &frame->spooled, err);
    case FRAME_STAGED:
        return note_apply(engine, job, &frame->staged, err);
    case FRAME_NONE:
    case FRAME_WANT:
    case FRAME_REFUSED:
    case FRAME_JOIN_REQUEST:
    case FRAME_JOIN_ANSWER:
    case FRAME_PING:
    case FRAME_MEND_ASK:
    case FRAME_MEND:
    case FRAME_ATTACH_ASK: /* files are for links */
    case FRAME_ATTACH_CHUNK:
    case FRAME_ATTACH_HAVE:
    case FRAME_KINDS:
        break;
    }
    return 0;
}

/* Our cosignature is the acknowledgement, as in a session; not while a copy of
 * ours is fetched again (cosign.c asks). */
static int cosign_all(struct engine *engine, struct bundle_job *job,
                      struct error *err)
{
    for (size_t i = 0; !job->up && i < job->touched_len; i++) {
        const struct origin *origin = &job->touched[i];
        int rc = cosign_log(engine, origin, false, NULL, err);

        if (rc == ERR_BUSY) {
            (void)snprintf(job->status.note, sizeof(job->status.note), "%.250s",
                           err->text); /* the clock: cosigned later */
            rc = 0;
        }
        if (rc != 0) {
            return rc;
        }
        peers_tell(engine, LINK_LOG_GREW, origin, NULL);
    }
    return 0;
}

static int remember(struct engine *engine, struct bundle_job *job,
                    struct error *err)
{
    size_t mark = engine->turn.used;
    struct store_bundles known;
    int rc = store_bundles_get(engine->store, job->head.from, &engine->turn,
                               &known, err);

    if (rc == 0) {
        known.taken_s = (int64_t)(clock_now_ms() / 1000);
        if (job->head.made_ms >= known.round) {
            known.round = job->head.made_ms;
            known.token_ok = !job->status.token_old;
        }
        known.deliveries = job->acked;
        known.heads = buf_span(&job->marks);
        rc = store_bundles_put(engine->store, &known, err);
    }
    arena_rewind(&engine->turn, mark);
    return rc;
}

int bundle_applied(struct engine *engine, struct bundle_job *job,
                   struct error *err)
{
    struct peer *peer = peer_of_node(engine, job->head.from);
    struct link_event event = {.kind = LINK_STAGED};
    int rc = engine_write(engine, err);

    rc = rc != 0 ? rc : cosign_all(engine, job, err);
    rc = rc != 0 ? rc : remember(engine, job, err);
    if (rc == 0 && !job->up) {
        rc = staged_of(engine, job->head.from, &job->status.staged, err);
        job->status.spooled = job->staged.added;
        job->status.refused = job->staged.refused;
    }
    if (rc == 0 && job->staged.refused > 0) {
        (void)snprintf(job->status.note, sizeof(job->status.note),
                       "%llu events were refused, the first because: %s",
                       (unsigned long long)job->staged.refused,
                       job->staged.why);
    }
    engine->grew = true;
    if (rc == 0 && !job->up && peer != NULL && peer->link != NULL &&
        peer->announced) {
        peer_step(engine, peer, &event); /* a session hears of it at once */
    }
    return rc;
}
