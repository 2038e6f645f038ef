/* Room: node. Owns deliveries: events of a record on their way to a party that
 * does not mirror the log they stand in. Each carries what proves it; a relay
 * is never believed (DESIGN section 6). Next: deliver_certs.c,
 * store/delivery.h. */
#include "node/deliver.h"

#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/proof.h"
#include "store/book.h"
#include "store/delivery.h"
#include "store/directory.h"
#include "store/query.h"

#define DELIVERIES_A_TURN 64u

/* ---- down
 * ------------------------------------------------------------------------- */

static struct guard_cosig cosig_of(const struct store_cosig *stored)
{
    return (struct guard_cosig){.head = stored->head,
                                .line = stored->line,
                                .has_heard = stored->repeat,
                                .heard = stored->request};
}

int deliver_frame(struct engine *engine, uint32_t child,
                  const struct store_delivery *delivery, struct frame *frame,
                  struct error *err)
{
    struct certificates *certs = arena_alloc(&engine->turn, sizeof(*certs));
    struct proof proof = {.index = delivery->index,
                          .path = delivery->path,
                          .note = delivery->note};
    struct store_log log;
    int rc = certs == NULL
                 ? error_set(err, ERR_LIMIT, "too much in one turn")
                 : store_log_get(engine->store, delivery->log, &log, err);

    if (rc == 0 && certs != NULL) {
        certs->len = 0;
        rc = certificates_make(engine, child, delivery, certs, err);
    }
    if (rc != 0 || certs == NULL) {
        return rc;
    }
    *frame = (struct frame){.kind = FRAME_DELIVERY};
    frame->delivery = (struct frame_delivery){
        .number = delivery->number,
        .to_node = child,
        .origin = log_origin(&log),
        .index = delivery->index,
        .leaf = delivery->leaf,
        .bodies = delivery->bodies,
        .proof = delivery->proof.len > 0 ? delivery->proof
                                         : delivery_proof_put(engine, &proof),
        .has_cover = delivery->has_cosig,
        .cover_number = delivery->cosig.number,
        .cover = cosig_of(&delivery->cosig),
        .has_quoted = delivery->has_quoted,
        .quoted = cosig_of(&delivery->quoted),
        .certificates = certs->list,
        .certificates_len = certs->len};
    return 0;
}

static size_t delivery_send(struct engine *engine, struct peer *peer,
                            const struct store_delivery *delivery)
{
    struct frame frame;
    struct error err = {0};

    if (deliver_frame(engine, peer->node, delivery, &frame, &err) != 0) {
        engine_react(engine, "deliver", "prepare", &err);
        return 0;
    }
    return action_send_frame(engine, peer, &frame);
}

void deliver_send(struct engine *engine, struct peer *peer,
                  const struct link_action *action)
{
    size_t mark = engine->turn.used;
    struct store_delivery *deliveries =
        arena_array(&engine->turn, DELIVERIES_A_TURN, sizeof(*deliveries));
    struct link_event event = {.kind = LINK_DELIVERIES_SENT};
    uint64_t after = action->from > 0 ? action->from - 1 : 0;
    size_t len = 0;
    struct error err = {0};
    int rc = 0;

    /* A restored image does not know yet what was erased since. */
    if (deliveries != NULL && !engine->restored) {
        rc = store_delivery_list(engine->store, peer->node, after,
                                 (size_t)action->max_bytes, &engine->turn,
                                 deliveries, DELIVERIES_A_TURN, &len, &err);
    }
    if (rc != 0) {
        engine_react(engine, "deliver", "list", &err);
        len = 0;
    }
    for (size_t i = 0; i < len; i++) {
        size_t bytes = delivery_send(engine, peer, &deliveries[i]);

        if (bytes == 0) {
            break;
        }
        event.number = deliveries[i].number;
        event.count += bytes;
    }
    arena_rewind(&engine->turn, mark);
    peer_step(engine, peer, &event);
}

/* ---- up
 * -----------------------------------------------------------------------------
 */

/* A guard cosignature that came beside: by a guard that the directory names,
 * over the checkpoint it claims. */
static int cover_check(struct engine *engine, const struct origin *origin,
                       const struct guard_cosig *cosig, struct error *err)
{
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct vkey key;
    char name[64];
    size_t turn;
    int rc = guard_key(engine, origin, &cosig->line, 0, name, &key, &turn, err);

    checkpoint_text(engine, origin, &cosig->head, &text);
    return rc != 0
               ? rc
               : cosignature_verify(&cosig->line, &key, buf_span(&text), err);
}

/* One leaf that came with its proof: where it stands, and under which head.
 * The log is made known if it is not. */
static int leaf_check(struct engine *engine,
                      const struct frame_certificate *came,
                      struct store_log *log, struct store_delivery *stored,
                      struct error *err)
{
    struct store_log wanted = {.node = came->origin.node,
                               .epoch = came->origin.epoch,
                               .is_dir = came->origin.dir};
    struct hash hash = merkle_leaf(came->leaf);
    struct checkpoint checkpoint;
    struct log_facts facts;
    struct proof proof = {0};
    struct vkey key;
    int rc = log_facts_of(engine, &came->origin, &facts, err);

    if (rc == 0 && facts.bootstrap) {
        rc = error_set(err, ERR_BUSY, "the directory is not here yet");
    }
    if (rc == 0) {
        wanted.key = facts.key;
        origin_text(engine, &came->origin, wanted.origin);
        rc = store_log_find(engine->store, span_str(wanted.origin), log, err);
        if (rc == ERR_NOTFOUND) {
            rc = store_log_ensure(engine->store, &wanted, log, err);
        }
    }
    if (rc == 0) {
        rc = vkey_make(span_str(log->origin), VKEY_ED25519, &facts.key, &key,
                       err);
    }
    if (rc == 0) {
        rc = proof_parse(came->proof, &proof, err);
    }
    if (rc == 0) {
        rc = proof_verify_log(&proof, &hash, &key, &checkpoint, err);
    }
    if (rc == 0 && proof.index != came->index) {
        rc = error_set(err, ERR_UNTRUSTED, "the proof is for another leaf");
    }
    if (rc == 0) {
        *stored = (struct store_delivery){.log = log->id,
                                          .index = came->index,
                                          .leaf = came->leaf,
                                          .head = checkpoint.head,
                                          .note = proof.note,
                                          .path = proof.path,
                                          .proof = came->proof};
    }
    return rc;
}

/* The log itself comes here. One whose node has moved to another superior does
 * not any more, though a part of it is kept. */
static bool comes_anyway(struct engine *engine, const struct store_log *log)
{
    return log->mirrored &&
           (log->is_dir ||
            directory_node_within(engine_directory(engine), log->node,
                                  engine_node(engine)));
}

static int certificates_keep(struct engine *engine,
                             const struct frame_delivery *came,
                             struct error *err)
{
    for (size_t i = 0; i < came->certificates_len; i++) {
        const struct frame_certificate *cert = &came->certificates[i];
        struct store_delivery stored;
        struct store_log log;
        int rc = leaf_check(engine, cert, &log, &stored, err);

        if (rc == 0 && comes_anyway(engine, &log)) {
            continue; /* it is here, or on its way */
        }
        if (rc == 0) {
            rc = store_delivery_take(engine->store, &stored, err);
        }
        if (rc != 0) {
            return error_wrap(err, "certificate %zu", i + 1);
        }
    }
    return 0;
}

/* What the header quotes may cover an epoch before: the event waited in the
 * spool when that one ended. */
static int quoted_keep(struct engine *engine, const struct frame_delivery *came,
                       struct store_delivery *stored, struct error *err)
{
    struct origin origin = came->origin;
    struct store_log wanted = {.node = origin.node, .is_dir = origin.dir};
    struct store_log log = {.id = 0};
    struct log_facts facts;
    struct error earlier = {0};
    int rc = cover_check(engine, &origin, &came->quoted, err);

    while (rc != 0 && origin.epoch > 1) {
        origin.epoch--;
        if (cover_check(engine, &origin, &came->quoted, &earlier) == 0) {
            rc = log_facts_of(engine, &origin, &facts, err);
            break;
        }
    }
    if (rc == 0 && origin.epoch != came->origin.epoch) {
        wanted.key = facts.key;
        wanted.epoch = origin.epoch;
        origin_text(engine, &origin, wanted.origin);
        rc = store_log_find(engine->store, span_str(wanted.origin), &log, err);
        rc = rc == ERR_NOTFOUND
                 ? store_log_ensure(engine->store, &wanted, &log, err)
                 : rc;
    }
    stored->has_quoted = rc == 0;
    stored->quoted = (struct store_cosig){
        .log = origin.epoch == came->origin.epoch ? stored->log : log.id,
        .head = came->quoted.head,
        .line = came->quoted.line};
    return rc;
}

static int covers_keep(struct engine *engine, const struct frame_delivery *came,
                       const struct store_log *log,
                       struct store_delivery *stored, struct error *err)
{
    struct log_facts facts;
    int rc = log_facts_of(engine, &came->origin, &facts, err);

    if (rc == 0 && facts.guard != 0 && !came->has_cover) {
        rc =
            error_set(err, ERR_UNTRUSTED, "the guard's cosignature is missing");
    }
    if (rc == 0 && came->has_cover) {
        if (came->cover.head.size != stored->head.size ||
            !hash_equal(&came->cover.head.root, &stored->head.root)) {
            return error_set(err, ERR_UNTRUSTED,
                             "the proof is not for what the guard cosigned");
        }
        rc = cover_check(engine, &came->origin, &came->cover, err);
        stored->has_cosig = true;
        stored->cosig = (struct store_cosig){.log = log->id,
                                             .number = came->cover_number,
                                             .head = came->cover.head,
                                             .line = came->cover.line,
                                             .repeat = came->cover.has_heard,
                                             .request = came->cover.heard};
    }
    return rc != 0 || !came->has_quoted
               ? rc
               : quoted_keep(engine, came, stored, err);
}

static int bodies_check(const struct frame_delivery *came, struct error *err)
{
    struct span rest = came->bodies;
    struct leaf leaf;
    int rc = leaf_parse(came->leaf, &leaf, err);

    while (rc == 0 && rest.len > 0) {
        struct body body;
        const struct body_mark *mark;

        rc = body_take(&rest, &body, err);
        if (rc == 0) {
            mark = header_body(&leaf.header, (enum audience)body.slot);
            if (mark == NULL || !body_matches(&body, mark)) {
                rc = error_set(err, ERR_UNTRUSTED,
                               "a body does not match its commitment");
            }
        }
    }
    return rc;
}

/* By its event: a leaf that nobody can read has the id zero, which no queue
 * holds. */
static int delivery_taken(struct engine *engine, const struct peer *peer,
                          const struct frame_delivery *came, struct error *err)
{
    struct error ignored = {0};
    struct leaf leaf = {0};

    if (leaf_parse(came->leaf, &leaf, &ignored) != 0) {
        memset(&leaf.id, 0, sizeof(leaf.id));
    }
    return store_delivery_taken_add(engine->store, peer->node, came->number,
                                    &leaf.id, err);
}

static int delivery_keep(struct engine *engine, struct peer *peer,
                         const struct frame_delivery *came, struct error *err)
{
    const struct frame_certificate itself = {came->origin, came->index,
                                             came->leaf, came->proof};
    struct store_delivery stored;
    struct store_log log = {0};
    int rc = bodies_check(came, err);

    if (rc == 0) {
        rc = engine_write(engine, err);
    }
    if (rc == 0) {
        rc = certificates_keep(engine, came, err);
    }
    if (rc == 0) {
        rc = leaf_check(engine, &itself, &log, &stored, err);
    }
    if (rc == 0) {
        stored.number = came->number;
        stored.bodies = came->bodies;
        rc = covers_keep(engine, came, &log, &stored, err);
    }
    if (rc == 0 && !comes_anyway(engine, &log)) {
        rc = store_delivery_take(engine->store, &stored, err);
    }
    if (rc == 0) {
        rc = delivery_taken(engine, peer, came, err);
    }
    return rc;
}

/* It will never become true: noted and acknowledged, not stored. */
static void delivery_refuse(struct engine *engine, struct peer *peer,
                            const struct frame_delivery *came,
                            const struct error *why)
{
    char text[LOG_TEXT_SIZE];
    struct error err = {0};
    int rc = engine_write(engine, &err);

    log_line(LOG_WARN, "deliver", "refused", "peer=%u number=%llu text=%s",
             peer->node, (unsigned long long)came->number,
             log_text(span_str(why->text), text));
    if (rc == 0) {
        rc = store_peer_refuse(engine->store, peer->node, why->text,
                               (int64_t)(clock_now_ms() / 1000), &err);
    }
    if (rc == 0) {
        rc = delivery_taken(engine, peer, came, &err);
    }
    if (rc != 0) {
        engine_react(engine, "deliver", "refuse", &err);
    }
}

void deliver_take(struct engine *engine, struct peer *peer,
                  const struct link_action *action)
{
    struct link_event event = {.kind = LINK_DELIVERY_STORED,
                               .number = action->delivery->number};
    struct error err = {0};
    int rc = delivery_keep(engine, peer, action->delivery, &err);

    if (rc == ERR_IO || rc == ERR_CORRUPT || rc == ERR_NOMEM ||
        rc == ERR_BUSY) {
        engine_react(engine, "deliver", "take", &err);
        peer->lost = true;
        return;
    }
    if (rc != 0) {
        delivery_refuse(engine, peer, action->delivery, &err);
    }
    engine->integrating = true;
    peer_step(engine, peer, &event);
}
