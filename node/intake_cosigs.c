/* Room: node. Owns taking in what guards and others cosigned: checked against
 * the log and the directory, stored byte for byte. A guard's signature over
 * another history freezes the log. Next: intake.c (batches), cosign.c (ours).
 */
#include "node/peers.h"

#include "node/tree.h"

#include "node/clock.h"
#include "node/log.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"

/* ---- cosignatures ---- */

/* Whose key: a guard of the log, not earlier than that of the number before
 * (node/tree.h). */
static int guard_of(struct engine *engine, const struct origin *origin,
                    const struct store_cosig *cosig, char name[64],
                    struct vkey *out, struct error *err)
{
    struct store_cosig before;
    struct error ignored = {0};
    size_t from = 0;
    size_t turn;

    if (cosig->number > 0 &&
        store_cosig_get(engine->store, cosig->log, cosig->number - 1, &before,
                        &ignored) == 0 &&
        guard_key(engine, origin, &before.line, 0, name, out, &turn,
                  &ignored) == 0) {
        from = turn;
    }
    return guard_key(engine, origin, &cosig->line, from, name, out, &turn, err);
}

static int cosig_check(struct engine *engine, const struct link_action *action,
                       const struct store_log *log,
                       const struct store_cosig *cosig, struct error *err)
{
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct hash root;
    struct vkey guard;
    char name[64];
    int rc;

    if (cosig->head.size > log->head.size) {
        return error_set(err, ERR_BUSY, "a cosignature of leaves not held yet");
    }
    checkpoint_text(engine, &action->origin, &cosig->head, &text);
    rc = guard_of(engine, &action->origin, cosig, name, &guard, err);
    rc = rc != 0
             ? rc
             : cosignature_verify(&cosig->line, &guard, buf_span(&text), err);
    if (rc == 0 && cosig->head.size == log->head.size) {
        root = log->head.root;
    } else if (rc == 0) {
        rc = store_log_root_at(engine->store, log->id, cosig->head.size, &root,
                               err);
    }
    if (rc == 0 && !hash_equal(&root, &cosig->head.root)) {
        rc = error_set(err, ERR_CONFLICT,
                       "the guard cosigned another history of log %s",
                       log->origin);
    }
    if (rc == 0 && cosig->repeat &&
        !heard_by(engine, action->origin.node, buf_span(&text), cosig->number,
                  &cosig->request)) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "a repeat without the node's own request");
    }
    return rc;
}

static int cosigs_store(struct engine *engine, const struct link_action *action,
                        bool *forked, struct error *err)
{
    const struct frame_cosigned *came = action->cosigned;
    struct log_facts facts;
    struct store_log log;
    int rc = log_facts_of(engine, &action->origin, &facts, err);

    if (rc == 0) {
        rc = log_find(engine, &action->origin, &log, err);
    }
    if (rc == 0) {
        rc = engine_write(engine, err);
    }
    for (size_t i = 0; rc == 0 && i < came->cosigs_len; i++) {
        const struct guard_cosig *one = &came->cosigs[i];
        struct store_cosig stored = {.log = log.id,
                                     .number = came->first + i,
                                     .head = one->head,
                                     .line = one->line,
                                     .repeat = one->has_heard,
                                     .request = one->heard};

        if (stored.number < log.cosigs) {
            continue; /* held already */
        }
        rc = cosig_check(engine, action, &log, &stored, err);
        *forked = rc == ERR_CONFLICT;
        if (rc == 0) {
            rc = store_cosig_append(engine->store, &stored, err);
        }
    }
    return rc;
}

int intake_cosigs_take(struct engine *engine, const struct link_action *action,
                       struct error *err)
{
    struct store_log log;
    bool forked = false;
    int rc = cosigs_store(engine, action, &forked, err);

    rc = rc != 0 ? rc : log_find(engine, &action->origin, &log, err);
    return rc != 0 ? rc : recover_settle(engine, log.id, err);
}

void intake_cosigs(struct engine *engine, struct peer *peer,
                   const struct link_action *action)
{
    struct error err = {0};
    struct store_log log;
    bool forked = false;
    int rc = cosigs_store(engine, action, &forked, &err);
    struct link_event event = {.kind = LINK_LOG_GREW, .origin = action->origin};

    if (rc != 0) {
        intake_refused(engine, peer, action, &err, 0, forked);
        return;
    }
    if (peer->troubled) {
        refusal_settle(engine, peer, &action->origin);
    }
    engine->integrating = true;
    engine->grew = true;
    engine->placed = true;
    peer_step(engine, peer, &event);
    peers_tell(engine, LINK_LOG_GREW, &action->origin, peer);
    rc = log_find(engine, &action->origin, &log, &err);
    if (rc == 0) {
        rc = recover_settle(engine, log.id, &err);
    }
    if (rc != 0) {
        engine_react(engine, "recover", "not_settled", &err);
    }
}

/* A child's word on our own directory log must be about what it is. */
static int below_check(struct engine *engine, const struct store_log *log,
                       const struct frame_held *held, struct error *err)
{
    struct hash root = log->head.root;
    int rc = 0;

    if (held->head.size > log->head.size || held->head.size == 0) {
        return error_set(err, ERR_BUSY, "a cosignature of leaves not held yet");
    }
    if (held->head.size < log->head.size) {
        rc = store_log_root_at(engine->store, log->id, held->head.size, &root,
                               err);
    }
    return rc == 0 && !hash_equal(&root, &held->head.root)
               ? error_set(err, ERR_CONFLICT,
                           "node %u holds another history of log %s: keep "
                           "both machines as they are, an administrator must "
                           "look",
                           held->node, log->origin)
               : rc;
}

static void below_conflict(struct engine *engine, const struct peer *peer,
                           const struct error *why)
{
    struct error err = {0};

    log_line(LOG_ERROR, "intake", "held_conflict", "peer=%u text=\"%s\"",
             peer->node, why->text);
    if (engine_write(engine, &err) != 0 ||
        store_peer_refuse(engine->store, peer->node, why->text,
                          (int64_t)(clock_now_ms() / 1000), &err) != 0) {
        engine_react(engine, "intake", "held_conflict", &err);
    }
}

void intake_held(struct engine *engine, struct peer *peer,
                 const struct link_action *action)
{
    struct error err = {0};
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct store_held stored = {.node = action->held->node,
                                .head = action->held->head,
                                .line = action->held->line};
    struct store_log log;
    struct vkey key;
    char name[64];
    int rc = mirror_key_of(engine, action->held->node, &action->held->line,
                           name, &key, &err);

    if (rc == 0) {
        rc = log_find(engine, &action->origin, &log, &err);
    }
    if (rc == 0 && !peer->up) {
        rc = below_check(engine, &log, action->held, &err);
        if (rc == ERR_CONFLICT) {
            below_conflict(engine, peer, &err);
        }
    }
    if (rc == 0) {
        checkpoint_text(engine, &action->origin, &action->held->head, &text);
        rc = cosignature_verify(&action->held->line, &key, buf_span(&text),
                                &err);
    }
    if (rc == 0) {
        rc = engine_write(engine, &err);
    }
    if (rc == 0) {
        stored.log = log.id;
        rc = store_held_put(engine->store, &stored, &err);
    }
    if (rc != 0) {
        /* For display only: not worth ending a session. */
        log_line(LOG_DEBUG, "intake", "held_dropped", "peer=%u text=\"%s\"",
                 peer->node, err.text);
        return;
    }
    if (peer->up) {
        peers_tell(engine, LINK_HELD_GREW, &action->origin, peer);
    }
}
