/* Room: node. Owns the performing of what a link wants done: stores go into
 * the turn's transaction, sends into the transport's queue, which leaves only
 * after the commit. It decides nothing. Next: intake.c, sequence.c. */
#include "node/peers.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/evidence.h"
#include "node/log.h"
#include "node/mend.h"
#include "node/successor.h"
#include "store/book.h"
#include "store/delivery.h"

static void queue_bytes(struct engine *engine, struct peer *peer,
                        struct span bytes)
{
    struct error err = {0};

    if (engine->transport == NULL || (!peer->up && !peer->routed)) {
        return;
    }
    if (transport_queue(engine->transport, peer->up ? NULL : &peer->route,
                        bytes, &err) != 0) {
        engine_react(engine, "link", "queue", &err);
        peer->lost = true;
    }
}

/* Encodes a frame of ours in this session; returns its length, 0 if it could
 * not be. */
static size_t queue_frame(struct engine *engine, struct peer *peer,
                          struct frame *frame)
{
    size_t mark = engine->turn.used;
    uint8_t *space = arena_alloc(&engine->turn, FRAME_MAX);
    struct buf out = buf_over(space, FRAME_MAX);
    struct error err = {0};

    if (space == NULL) {
        peer->lost = true;
        return 0;
    }
    link_stamp(peer->link, frame);
    if (frame_encode(frame, &engine->turn, &out, &err) != 0) {
        engine_react(engine, "link", "encode", &err);
        out.len = 0;
    } else {
        queue_bytes(engine, peer, buf_span(&out));
    }
    arena_rewind(&engine->turn, mark);
    return out.len;
}

/* ---- sends
 * -------------------------------------------------------------------- */

static void send_segment(struct engine *engine, struct peer *peer,
                         const struct link_action *action)
{
    struct link_event event = {.kind = LINK_SEGMENT_MISSING,
                               .origin = action->origin};
    struct frame frame = {.kind = FRAME_BATCH};
    struct store_segment stored;
    struct store_log log;
    struct error err = {0};
    size_t mark = engine->turn.used;

    if (log_find(engine, &action->origin, &log, &err) == 0 &&
        store_segment_read(engine->store, log.id, action->from, &engine->turn,
                           &stored, &err) == 0 &&
        stored.parts.first == action->from) {
        frame.batch.origin = action->origin;
        frame.batch.more = link_batch_more(action, stored.parts.count);
        frame.batch.segment = stored.parts;
        frame.batch.segment.sealed = (struct span){NULL, 0};
        if (!action->privates) {
            frame.batch.segment.privates = (struct span){NULL, 0};
        }
        event.number = queue_frame(engine, peer, &frame);
        pace_expect(engine, frame.batch.more);
        event.count = stored.parts.count;
        event.kind =
            event.number > 0 ? LINK_SEGMENT_SENT : LINK_SEGMENT_MISSING;
    }
    arena_rewind(&engine->turn, mark);
    peer_step(engine, peer, &event);
}

#define COSIGS_A_FRAME 256u

static void send_cosigs(struct engine *engine, struct peer *peer,
                        const struct link_action *action)
{
    size_t mark = engine->turn.used;
    struct store_cosig *held =
        arena_array(&engine->turn, COSIGS_A_FRAME, sizeof(*held));
    struct guard_cosig *cosigs =
        arena_array(&engine->turn, COSIGS_A_FRAME, sizeof(*cosigs));
    uint64_t from = action->from;
    struct store_log log;
    struct error err = {0};

    if (held == NULL || cosigs == NULL ||
        log_find(engine, &action->origin, &log, &err) != 0) {
        peer->lost = true;
        return;
    }
    while (from < action->until) {
        struct frame frame = {.kind = FRAME_COSIGNED};
        size_t max = action->until - from < COSIGS_A_FRAME
                         ? (size_t)(action->until - from)
                         : COSIGS_A_FRAME;
        size_t len = 0;

        if (store_cosig_list(engine->store, log.id, from, held, max, &len,
                             &err) != 0 ||
            len == 0) {
            break;
        }
        cosigs_show(held, len, cosigs);
        frame.cosigned = (struct frame_cosigned){.origin = action->origin,
                                                 .first = from,
                                                 .cosigs = cosigs,
                                                 .cosigs_len = len};
        queue_frame(engine, peer, &frame);
        from += len;
    }
    arena_rewind(&engine->turn, mark);
}

static void send_held(struct engine *engine, struct peer *peer,
                      const struct link_action *action)
{
    struct store_held held[HELD_PAGE];
    struct store_log log;
    struct error err = {0};
    size_t len = HELD_PAGE;
    uint32_t after = 0;

    if (log_find(engine, &action->origin, &log, &err) != 0) {
        return;
    }
    while (len == HELD_PAGE &&
           store_held_list(engine->store, log.id, after, held, HELD_PAGE, &len,
                           &err) == 0) {
        for (size_t i = 0; i < len; i++) {
            struct frame frame = {.kind = FRAME_HELD};

            frame.held = (struct frame_held){.origin = action->origin,
                                             .node = held[i].node,
                                             .head = held[i].head,
                                             .line = held[i].line};
            queue_frame(engine, peer, &frame);
            after = held[i].node;
        }
    }
}

/* Deliveries are encoded in deliver.c but leave through here. */
size_t action_send_frame(struct engine *engine, struct peer *peer,
                         struct frame *frame)
{
    return queue_frame(engine, peer, frame);
}

/* ---- small stores
 * ----------------------------------------------------------------- */

static int token_keep(struct engine *engine, struct peer *peer,
                      const struct link_action *action, struct error *err)
{
    struct store_token token = {.seen = action->kind != LINK_DO_ISSUE_TOKEN};
    int rc = engine_write(engine, err);

    memcpy(token.current, &action->token, 16);
    if (action->kind == LINK_DO_ISSUE_TOKEN && action->has_old) {
        memcpy(token.previous, &action->old_token, 16);
    }
    return rc != 0 ? rc
                   : store_token_put(engine->store, peer->node, &token, err);
}

static int freeze(struct engine *engine, struct peer *peer,
                  const struct link_action *action, struct error *err)
{
    char reason[STORE_REASON_SIZE];
    char text[LOG_TEXT_SIZE];
    char name[ORIGIN_MAX + 1];
    struct log_facts facts;
    struct store_log log;
    int rc = log_facts_of(engine, &action->origin, &facts, err);
    size_t len = action->text.len < sizeof(reason) - 1 ? action->text.len
                                                       : sizeof(reason) - 1;

    memcpy(reason,
           action->text.ptr != NULL ? action->text.ptr : (const uint8_t *)"",
           len);
    reason[len] = '\0';
    origin_text(engine, &action->origin, name);
    log_line(LOG_ERROR, "link", "frozen", "peer=%u log=%s reason=%s text=%s",
             peer->node, name, link_reason_name(action->reason),
             log_text(action->text, text));
    if (rc == 0) {
        rc = engine_write(engine, err);
    }
    if (rc == 0) {
        rc = log_open(engine, &action->origin, &facts.key, &log, err);
    }
    if (rc == 0) {
        rc = store_log_freeze(engine->store, log.id,
                              len > 0 ? reason : "frozen", err);
    }
    return rc;
}

/* NOTE and STRIKE: what `sync` shows of a peer, "reason: text". */
static int refusal_keep(struct engine *engine, struct peer *peer,
                        const struct link_action *action, struct error *err)
{
    char kept[256];
    char text[LOG_TEXT_SIZE];
    int rc = engine_write(engine, err);

    (void)snprintf(kept, sizeof(kept), "%s: %.*s",
                   link_reason_name(action->reason), (int)action->text.len,
                   (const char *)action->text.ptr);
    peer->troubled = true;
    log_line(LOG_WARN, "link",
             action->kind == LINK_DO_STRIKE ? "strike" : "note",
             "peer=%u reason=%s from_peer=%d text=%s", peer->node,
             link_reason_name(action->reason), action->from_peer,
             log_text(action->text, text));
    return rc != 0 ? rc
                   : store_peer_refuse(engine->store, peer->node, kept,
                                       (int64_t)(clock_now_ms() / 1000), err);
}

/* The log whose batch was refused has gone on: nobody needs to act. */
void refusal_settle(struct engine *engine, struct peer *peer,
                    const struct origin *origin)
{
    struct store_peer kept;
    struct error err = {0};
    char name[ORIGIN_MAX + 1];

    origin_text(engine, origin, name);
    if (store_peer_get(engine->store, peer->node, &kept, &err) != 0 ||
        strstr(kept.refusal, name) == NULL) {
        return;
    }
    kept.refusal[0] = '\0';
    peer->troubled = false;
    if (store_peer_put(engine->store, &kept, &err) != 0) {
        engine_react(engine, "sync", "not_settled", &err);
    }
}

static int ready(struct engine *engine, struct peer *peer, struct error *err)
{
    struct store_peer kept = {.node = peer->node};
    struct link_info info;
    struct error ignored = {0};
    char text[LOG_TEXT_SIZE];
    int rc = engine_write(engine, err);

    link_info(peer->link, &info);
    if (store_peer_get(engine->store, peer->node, &kept, &ignored) != 0) {
        memset(&kept, 0, sizeof(kept)); /* seen for the first time */
    }
    if (link_reason_of(kept.refusal) == LINK_REASON_KEY) {
        kept.refusal[0] = '\0'; /* the keys are right again */
    }
    if (link_reason_of(kept.refusal) == LINK_REASON_TOKEN && !info.waiting &&
        !info.token_wrong) {
        kept.refusal[0] = '\0'; /* the other copy is silent */
    }
    peer->troubled = kept.refusal[0] != '\0';
    kept.node = peer->node;
    kept.contact_s = (int64_t)(clock_now_ms() / 1000);
    kept.skew_ms = info.skew_ms;
    kept.todo[0] = '\0';
    if (info.clock_wrong) {
        memcpy(kept.todo, "set the clock of this machine or of the peer", 45);
    }
    cosign_greeted(engine, peer->node, info.skew_ms);
    peer->announced = true;
    peer->retry_ms = RETRY_LEAST_MS;
    peer->tries = 0;
    peer->above_due = peer->up && !peer->joining;
    successor_send(engine, peer);
    engine->grew = true;
    if (!peer->joining) {
        invite_done(engine, peer->node);
    }
    log_line(LOG_INFO, "link", "open",
             "peer=%u side=%s version=%u skew_ms=%lld software=%s", peer->node,
             peer->up ? "up" : "down", info.version, (long long)info.skew_ms,
             log_text(span_str(info.software), text));
    return rc != 0 ? rc : store_peer_put(engine->store, &kept, err);
}

static void closing(struct engine *engine, struct peer *peer,
                    const struct link_action *action)
{
    char text[LOG_TEXT_SIZE];

    log_line(LOG_INFO, "link", "closed", "peer=%u reason=%s text=%s",
             peer->node, link_reason_name(action->reason),
             log_text(action->text, text));
    peer->announced = false;
    if (peer->up) {
        peer_retry(engine, peer);
    }
}

static int deliveries_acked(struct engine *engine, struct peer *peer,
                            const struct link_action *action, struct error *err)
{
    bool anew = false;
    int rc = engine_write(engine, err);

    if (rc == 0 && action->has_queue) {
        rc = store_delivery_greet(engine->store, peer->node, action->from,
                                  action->queue.bytes, &anew, err);
    } else if (rc == 0) {
        rc = store_delivery_ack(engine->store, peer->node, action->from, err);
    }
    if (anew) {
        peer->deliveries_told = 0;
        peer->deliveries_looked = false;
        log_line(LOG_WARN, "deliver", "queue_anew",
                 "peer=%u taken=%llu text=\"the queue of one side is from "
                 "another disk: all of it goes again\"",
                 peer->node, (unsigned long long)action->from);
    }
    return rc;
}

static int sequence(struct engine *engine, const struct link_action *action,
                    struct error *err)
{
    if (engine->sequenced >= SEQUENCED_A_TURN) {
        engine->later_bytes = action->max_bytes;
        return 0; /* the next turn's, see sequence_work */
    }
    return sequence_spool(engine, action->max_bytes, err);
}

/* NOLINTNEXTLINE(readability-function-size): one row an action */
void action_perform(struct engine *engine, struct peer *peer,
                    const struct link_action *action)
{
    struct error err = {0};
    int rc = 0;

    switch (action->kind) {
    case LINK_DO_SEND:
        queue_bytes(engine, peer, action->bytes);
        break;
    case LINK_DO_SEND_SEGMENT:
        send_segment(engine, peer, action);
        break;
    case LINK_DO_SEND_COSIGS:
        send_cosigs(engine, peer, action);
        break;
    case LINK_DO_SEND_HELD:
        send_held(engine, peer, action);
        break;
    case LINK_DO_SEND_DELIVERIES:
        deliver_send(engine, peer, action);
        break;
    case LINK_DO_SEQUENCE:
        rc = sequence(engine, action, &err);
        break;
    case LINK_DO_STORE_BATCH:
        intake_batch(engine, peer, action);
        break;
    case LINK_DO_STORE_COSIGS:
        intake_cosigs(engine, peer, action);
        break;
    case LINK_DO_STORE_HELD:
        intake_held(engine, peer, action);
        break;
    case LINK_DO_STORE_DELIVERY:
        deliver_take(engine, peer, action);
        break;
    case LINK_DO_DELIVERY_ACKED:
        rc = deliveries_acked(engine, peer, action, &err);
        break;
    case LINK_DO_COMMIT_TOKEN:
    case LINK_DO_ISSUE_TOKEN:
    case LINK_DO_TOKEN_SEEN:
        rc = token_keep(engine, peer, action, &err);
        break;
    case LINK_DO_COSIGN_REPEAT:
        cosign_repeat(engine, peer, action);
        break;
    case LINK_DO_FREEZE:
        rc = freeze(engine, peer, action, &err);
        break;
    case LINK_DO_RECOVER:
        rc = recover_begin(engine, peer, action, &err);
        break;
    case LINK_DO_EVIDENCE:
        if (action->from_peer) {
            evidence_take(engine, peer, action);
        } else {
            evidence_meet(engine, peer, action);
        }
        break;
    case LINK_DO_RECOVERED:
        rc = recover_lent(engine, action, &err);
        break;
    case LINK_DO_NOTE:
    case LINK_DO_STRIKE:
        rc = refusal_keep(engine, peer, action, &err);
        break;
    case LINK_DO_ANSWER_MEND:
        mend_answer(engine, peer, action);
        break;
    case LINK_DO_MEND:
        mend_take(engine, peer, action);
        break;
    case LINK_DO_ASK_HEARD:
        heard_ask(engine, peer, action);
        break;
    case LINK_DO_READY:
        rc = ready(engine, peer, &err);
        break;
    case LINK_DO_SUCCESSOR:
        rc = successor_take(engine, action->bytes, &err);
        break;
    case LINK_DO_ATTACH:
        attach_frame(engine, peer, action);
        break;
    case LINK_DO_BODY:
        bodies_frame(engine, peer, action);
        break;
    case LINK_DO_CLOSE:
        closing(engine, peer, action);
        break;
    case LINK_DO_JOIN_REQUESTED:
        invite_requested(engine, peer, action);
        break;
    case LINK_DO_JOIN_ANSWERED:
        join_answered(engine, peer, action);
        break;
    case LINK_DO_JOINED:
        join_finished(engine, peer);
        break;
    case LINK_DO_SEND_STAGED:
        staged_say(engine, peer, action);
        break;
    case LINK_DO_TAKE_SPOOLED:
        staged_get_back(engine, peer, action);
        break;
    case LINK_DO_TAKE_STAGED:
        staged_apply(engine, peer, action);
        break;
    case LINK_DOINGS:
        break;
    }
    if (rc != 0) {
        error_wrap(&err, "%s", link_do_name(action->kind));
        engine_react(engine, "link", "action", &err);
    }
}
