/* Room: node. Owns what a bundle's frames do here: the same checks as in a
 * session, in the same functions, answered to nobody. It must never sequence
 * but by a note of our guard. Next: bundle_heads.c (what its heads show),
 * staged.c. */
#include "node/bundle.h"

#include <stdio.h>

#include "node/clock.h"
#include "store/delivery.h"
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
    /* Before it is in a directory a node takes any directory log: the first
     * leaf says whose it is (intake.c). */
    return origin->node == self ||
           (origin->dir && (dir->top == 0 || job->enrolling ||
                            directory_node_within(dir, self, origin->node)));
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

/* 1: the batch is held already; 0: it goes on where our log ends; ERR_UNTRUSTED
 * or ERR_CONFLICT. */
static int batch_place(struct engine *engine, const struct bundle_job *job,
                       const struct frame_batch *batch, struct error *err)
{
    const struct segment *segment = &batch->segment;
    struct store_log log;
    uint64_t size;
    int rc;

    if (!bundle_way_in(engine, job, &batch->origin)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle has a log of node %u, which is not its "
                         "sender's to bring",
                         batch->origin.node);
    }
    rc = log_find(engine, &batch->origin, &log, err);
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    size = rc == 0 ? log.head.size : 0;
    if (segment->first + segment->count <= size) {
        return 1;
    }
    if (segment->first != size) {
        return error_set(err, ERR_CONFLICT,
                         "the bundle goes on with event %llu of node %u, held "
                         "here are %llu: a bundle before it is missing; make "
                         "a new one there after taking in one from here",
                         (unsigned long long)segment->first, batch->origin.node,
                         (unsigned long long)size);
    }
    return 0;
}

/* A batch of that log was stored: what it says of our own spool, and of a copy
 * that is fetched again. */
static int batch_settle(struct engine *engine, const struct frame_batch *batch,
                        struct error *err)
{
    struct store_log log;
    int rc = log_find(engine, &batch->origin, &log, err);

    if (rc == 0 && batch->origin.node == engine_node(engine)) {
        rc = store_spool_placed(engine->store, log.id, batch->segment.first,
                                batch->segment.count, err);
    }
    return rc != 0 ? rc : recover_settle(engine, log.id, err);
}

static int batch_take(struct engine *engine, struct bundle_job *job,
                      const struct frame *frame, struct error *err)
{
    const struct frame_batch *batch = &frame->batch;
    struct link_action action = {.kind = LINK_DO_STORE_BATCH,
                                 .origin = batch->origin,
                                 .has_origin = true,
                                 .batch = batch};
    bool own = batch->origin.node == engine_node(engine);
    struct log_facts facts;
    uint64_t pause_ms = 0;
    int rc = batch_place(engine, job, batch, err);

    if (rc == 1) {
        job->status.known += batch->segment.count;
        return 0;
    }
    rc = rc != 0 ? rc : log_facts_of(engine, &batch->origin, &facts, err);
    if (rc != 0) {
        return rc;
    }
    action.refill = own;
    action.privates = own || facts.guard == engine_node(engine);
    rc = intake_take(engine, &job->peer, &action, true, &pause_ms, err);
    rc = rc != 0 ? rc : batch_settle(engine, batch, err);
    if (rc != 0) {
        return rc;
    }
    job->status.events += batch->segment.count;
    engine->integrating = true;
    touched_add(job, &batch->origin);
    peers_tell(engine, LINK_LOG_GREW, &batch->origin, NULL);
    return 0;
}

static int cosigned_take(struct engine *engine, struct bundle_job *job,
                         const struct frame *frame, struct error *err)
{
    const struct frame_cosigned *came = &frame->cosigned;
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

/* Who else holds a log: for display. */
static int held_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err)
{
    struct link_action action = {.kind = LINK_DO_STORE_HELD,
                                 .origin = frame->held.origin,
                                 .has_origin = true,
                                 .held = &frame->held};

    (void)err; /* what is only shown cannot fail a bundle */
    intake_held(engine, &job->peer, &action);
    return 0;
}

/* ---- deliveries ---- */

static int delivery_take(struct engine *engine, struct bundle_job *job,
                         const struct frame *frame, struct error *err)
{
    const struct frame_delivery *came = &frame->delivery;
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

static int ack_take(struct engine *engine, struct bundle_job *job,
                    const struct frame *frame, struct error *err)
{
    uint64_t number = frame->delivery_ack;
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

static int spooled_take(struct engine *engine, struct bundle_job *job,
                        const struct frame *frame, struct error *err)
{
    const struct frame_spooled *came = &frame->spooled;
    return job->up ? staged_return(engine, came, NULL, &job->staged, err)
                   : staged_keep(engine, job->head.from, came,
                                 job->head.made_ms, &job->staged, err);
}

static int note_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err)
{
    const struct frame_staged *note = &frame->staged;
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

static int heard_take(struct engine *engine, struct bundle_job *job,
                      const struct frame *frame, struct error *err)
{
    const struct frame_heard_ask *ask = &frame->heard_ask;
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

/* ---- which frames, and what each does ---- */

static int hello_take(struct engine *engine, struct bundle_job *job,
                      const struct frame *frame, struct error *err)
{
    return bundle_hello_apply(engine, job, &frame->hello, err);
}

static int offer_take(struct engine *engine, struct bundle_job *job,
                      const struct frame *frame, struct error *err)
{
    return bundle_heads_apply(engine, job, frame->offer.heads,
                              frame->offer.heads_len, err);
}

typedef int (*take_fn)(struct engine *engine, struct bundle_job *job,
                       const struct frame *frame, struct error *err);

/* Every frame that a bundle may hold, and from whom. What is not here is not
 * for bundles: questions that an answer must follow at once, joining. */
static const struct bundle_frame {
    take_fn take;
    bool of_child;
    bool of_parent;
} bundle_frames[FRAME_KINDS] = {
    [FRAME_HELLO] = {hello_take, true, true},
    [FRAME_OFFER] = {offer_take, true, true},
    [FRAME_BATCH] = {batch_take, true, true},
    [FRAME_COSIGNED] = {cosigned_take, true, true},
    [FRAME_HELD] = {held_take, true, true},
    [FRAME_SPOOLED] = {spooled_take, true, true},
    [FRAME_ATTACH_ASK] = {bundle_want_take, true, true},
    [FRAME_ATTACH_CHUNK] = {bundle_piece_take, true, true},
    [FRAME_BODY_ASK] = {bundle_body_ask, true, true},
    [FRAME_BODY_GIVE] = {bundle_body_take, true, true},
    [FRAME_HEARD_ASK] = {heard_take, true, false},
    [FRAME_DELIVERY_ACK] = {ack_take, true, false},
    [FRAME_STAGED] = {note_take, false, true},
    [FRAME_SUCCESSOR] = {bundle_word_take, true, true},
    [FRAME_DELIVERY] = {delivery_take, false, true},
};

bool bundle_frame_fits(const struct bundle_job *job, const struct frame *frame)
{
    const struct bundle_frame *row = &bundle_frames[frame->kind];

    if (frame->kind == FRAME_SPOOLED && frame->spooled.segment.count == 0) {
        return false; /* on a link: a question */
    }
    /* NONE is of a newer program: ignored, as on a link. */
    return frame->kind == FRAME_NONE ||
           (job->up ? row->of_parent : row->of_child);
}

int bundle_apply(struct engine *engine, struct bundle_job *job,
                 const struct frame *frame, struct error *err)
{
    const struct bundle_frame *row = &bundle_frames[frame->kind];

    return row->take == NULL ? 0 : row->take(engine, job, frame, err);
}

/* ---- the end ---- */

/* Our cosignature is the acknowledgement, as in a session; not while a copy of
 * ours is fetched again (cosign.c asks). */
static int cosign_all(struct engine *engine, struct bundle_job *job,
                      struct error *err)
{
    for (size_t i = 0; !job->up && i < job->touched_len; i++) {
        const struct origin *origin = &job->touched[i];
        int rc = cosign_log(engine, origin, job->peer.node, NULL, err);

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
            rc = bundle_wants_keep(engine, job, err);
            rc = rc != 0 ? rc : bundle_asks_keep(engine, job, err);
        }
        known.deliveries = job->acked;
        known.heads = buf_span(&job->marks);
        rc = rc != 0 ? rc : store_bundles_put(engine->store, &known, err);
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
