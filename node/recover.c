/* Room: node. Owns what happens while a copy of ours is fetched again after a
 * restore: what is noted, which bodies are put back, when it is complete, and
 * the Restored that says so. Nothing is sequenced or cosigned of that log
 * before (sequence.c, cosign.c ask here). It must never end a recovery before
 * every leaf that was signed is here and integrated: what is spooled and in
 * the log too would be sequenced twice. Next: recover_from.c,
 * sequence.c. */
#include "node/peers.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "store/book.h"
#include "store/recovery.h"
#include "store/restore.h"
#include "store/spool.h"

#define LATE_SHARE 4u /* of quiet_s: a broken connection's frames are past */

/* ---- what is being fetched ---- */

struct doubting {
    int64_t heard_s;
    bool doubtful;
};

static int doubt_visit(void *data, const struct store_recovery *recovery)
{
    struct doubting *doubting = data;

    doubting->doubtful =
        doubting->doubtful ||
        (!recovery->lent && recovery->reason != LINK_REASON_TOKEN &&
         recovery->since_s >= doubting->heard_s);
    return 0;
}

bool recover_doubtful(struct engine *engine, uint32_t node)
{
    struct doubting doubting = {0};
    struct store_peer kept = {.contact_s = 0};
    struct error ignored = {0};

    if (store_peer_get(engine->store, node, &kept, &ignored) != 0) {
        kept.contact_s = 0;
    }
    if (engine->successor.epoch != 0 &&
        engine->successor.node == engine_node(engine) &&
        engine->successor.made_ms / 1000 >= (uint64_t)kept.contact_s) {
        return true; /* its tokens are of the machine before ours */
    }
    if (kept.contact_s == 0) {
        return false;
    }
    doubting.heard_s = kept.contact_s;
    return store_recovery_each(engine->store, doubt_visit, &doubting,
                               &ignored) == 0 &&
           doubting.doubtful;
}

struct counting {
    size_t active;
};

static int count_visit(void *data, const struct store_recovery *recovery)
{
    struct counting *counting = data;

    counting->active += !recovery->lent && recovery->done_s == 0;
    return 0;
}

static size_t recovering(struct engine *engine)
{
    struct counting counting = {0};
    struct error err = {0};

    if (engine->peers->recovering == SIZE_MAX) {
        if (store_recovery_each(engine->store, count_visit, &counting, &err) !=
            0) {
            engine_react(engine, "recover", "count", &err);
            return 0;
        }
        engine->peers->recovering = counting.active;
    }
    return engine->peers->recovering;
}

bool recover_active(struct engine *engine, uint32_t log,
                    struct store_recovery *out)
{
    struct error ignored = {0};

    return recovering(engine) > 0 &&
           store_recovery_get(engine->store, log, false, out, &ignored) == 0 &&
           out->done_s == 0;
}

static int recovery_put(struct engine *engine,
                        const struct store_recovery *recovery,
                        struct error *err)
{
    int rc = engine_write(engine, err);

    engine->peers->recovering = SIZE_MAX;
    return rc != 0 ? rc : store_recovery_put(engine->store, recovery, err);
}

int recover_begin(struct engine *engine, struct peer *peer,
                  const struct link_action *action, struct error *err)
{
    struct store_recovery kept = {.log = 0};
    struct store_recovery made = {.lent = action->from_peer,
                                  .reason = (uint32_t)action->reason,
                                  .source = peer->node,
                                  .since_s = (int64_t)(clock_now_ms() / 1000),
                                  .from = action->from,
                                  .until = action->until,
                                  .cosigs = action->cosigs};
    struct log_facts facts;
    struct store_log log;
    char text[LOG_TEXT_SIZE];
    bool again = false; /* what was held back for it is given out already */
    int rc = log_facts_of(engine, &action->origin, &facts, err);

    if (rc == 0) {
        rc = log_open(engine, &action->origin, &facts.key, &log, err);
    }
    if (rc != 0) {
        return rc;
    }
    made.log = log.id;
    rc = store_recovery_get(engine->store, log.id, made.lent, &kept, err);
    if (rc == 0 && kept.done_s == 0) {
        /* Goes on, from another peer perhaps: the most of what they show. */
        again = made.until <= kept.until &&
                (kept.until <= log.head.size || recover_is_lost(engine, &kept));
        made.since_s = made.until > kept.until ? made.since_s : kept.since_s;
        made.from = kept.from;
        made.until = kept.until > made.until ? kept.until : made.until;
        made.cosigs = kept.cosigs > made.cosigs ? kept.cosigs : made.cosigs;
    } else if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    if (!made.lent && !engine->restored && !again) {
        /* No body is shown before what was erased since is erased again. */
        rc = engine_write(engine, err);
        rc = rc != 0 ? rc : store_restored_set(engine->store, true, err);
        if (rc != 0) {
            return rc;
        }
        engine->restored = true;
    }
    log_line(LOG_WARN, "recover", made.lent ? "lends" : "begun",
             "peer=%u log=%s from=%llu until=%llu reason=%s text=%s",
             peer->node, log.origin, (unsigned long long)made.from,
             (unsigned long long)made.until, link_reason_name(action->reason),
             log_text(action->text, text));
    rc = recovery_put(engine, &made, err);
    return rc == 0 && !made.lent ? recover_settle(engine, log.id, err) : rc;
}

int recover_lent(struct engine *engine, const struct link_action *action,
                 struct error *err)
{
    struct store_recovery kept;
    struct store_log log;
    int rc = log_find(engine, &action->origin, &log, err);

    if (rc == 0) {
        rc = store_recovery_get(engine->store, log.id, true, &kept, err);
    }
    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    kept.done_s = (int64_t)(clock_now_ms() / 1000);
    log_line(LOG_INFO, "recover", "returned", "log=%s until=%llu", log.origin,
             (unsigned long long)kept.until);
    return recovery_put(engine, &kept, err);
}

/* ---- the end ---- */

/* The node's own word in its record log: what was lost and came back. */
static int restored_record(struct engine *engine, const struct store_log *log,
                           const struct store_recovery *recovery,
                           struct error *err)
{
    char numbers[4][24];
    struct field_pair pairs[5] = {{"from", numbers[0]},
                                  {"until", numbers[1]},
                                  {"source", numbers[2]},
                                  {"epoch", numbers[3]},
                                  {"dir", "true"}};
    struct record_row row = {
        .type = "Restored", .fields = pairs, .fields_len = log->is_dir ? 5 : 4};
    struct event_id id;
    size_t mark = engine->turn.used;
    int rc;

    snprintf(numbers[0], sizeof(numbers[0]), "%llu",
             (unsigned long long)recovery->from);
    snprintf(numbers[1], sizeof(numbers[1]), "%llu",
             (unsigned long long)recovery->until);
    snprintf(numbers[2], sizeof(numbers[2]), "%u", recovery->source);
    snprintf(numbers[3], sizeof(numbers[3]), "%u", log->epoch);
    rc = record_admin(engine, &row, &engine->turn, &id, err);
    arena_rewind(&engine->turn, mark);
    return rc;
}

/* The first leaf of the log that follows says it already (epoch.c). */
static bool is_ended(struct engine *engine, const struct store_log *log)
{
    const struct dir_epoch *epoch = directory_epoch(
        engine_directory(engine), log->node, log->is_dir, log->epoch);

    return epoch != NULL && epoch->closed;
}

/* What we cosigned is here again: now the newest head, too. */
static void cosign_again(struct engine *engine, const struct store_log *log)
{
    struct origin origin = log_origin(log);
    struct error err = {0};

    if (cosign_log(engine, &origin, 0, NULL, &err) != 0) {
        engine_react(engine, "recover", "not_cosigned", &err);
        return;
    }
    peers_tell(engine, LINK_COSIGNED, &origin, NULL);
    peers_tell(engine, LINK_HELD_GREW, &origin, NULL);
}

/* Nobody will bring what lies beyond an end that a superior has fixed: a
 * fetching that began before is done there. */
static void goal_cap(struct engine *engine, const struct store_log *log,
                     struct store_recovery *recovery)
{
    const struct dir_epoch *epoch = directory_epoch(
        engine_directory(engine), log->node, log->is_dir, log->epoch);

    if (epoch != NULL && epoch->closed && epoch->size < recovery->until) {
        recovery->until = epoch->size;
        recovery->cosigs = 0;
    }
}

int recover_settle(struct engine *engine, uint32_t log, struct error *err)
{
    struct store_recovery recovery;
    struct store_log held;
    struct origin origin;
    bool own;
    int rc;

    if (!recover_active(engine, log, &recovery)) {
        return 0;
    }
    rc = store_log_get(engine->store, log, &held, err);
    own = rc == 0 && held.node == engine_node(engine);
    if (rc == 0) {
        goal_cap(engine, &held, &recovery);
    }
    if (rc != 0 || held.head.size < recovery.until ||
        held.cosigs < recovery.cosigs ||
        (own && held.integrated < held.head.size)) {
        return rc;
    }
    recovery.done_s = (int64_t)(clock_now_ms() / 1000);
    rc = recovery_put(engine, &recovery, err);
    if (rc == 0 && own && !is_ended(engine, &held)) {
        rc = restored_record(engine, &held, &recovery, err);
    }
    if (rc != 0) {
        return rc;
    }
    log_line(
        LOG_WARN, "recover", "done", "log=%s from=%llu until=%llu cosigs=%llu",
        held.origin, (unsigned long long)recovery.from,
        (unsigned long long)recovery.until, (unsigned long long)held.cosigs);
    origin = log_origin(&held);
    peers_tell(engine, LINK_LOG_GREW, &origin, NULL);
    if (!own) {
        cosign_again(engine, &held);
    }
    engine->grew = true;
    return 0;
}

struct settling {
    struct engine *engine;
    struct error *err;
};

static int settle_visit(void *data, const struct store_recovery *recovery)
{
    struct settling *settling = data;

    return recovery->lent || recovery->done_s != 0
               ? 0
               : recover_settle(settling->engine, recovery->log, settling->err);
}

int recover_work(struct engine *engine, struct error *err)
{
    struct settling settling = {engine, err};

    return recovering(engine) == 0
               ? 0
               : store_recovery_each(engine->store, settle_visit, &settling,
                                     err);
}

/* ---- bodies ---- */

struct bodies {
    struct engine *engine;
    unsigned lacking;  /* SEGMENT_DUE_*: what the source never had */
    struct buf sealed; /* list of body.h */
    struct buf absent; /* (u16 index || u8 slot)* */
};

static bool body_is_here(const struct segment_view *view, uint32_t index,
                         uint32_t slot)
{
    for (size_t i = 0; i < view->bodies_len; i++) {
        if (view->bodies[i].index == index && view->bodies[i].slot == slot) {
            return true;
        }
    }
    return false;
}

/* A body that never left the unit, from our own spool. */
static int sealed_put_back(struct bodies *bodies, const struct leaf *leaf,
                           uint32_t index, bool *found, struct error *err)
{
    struct engine *engine = bodies->engine;
    struct span list = {NULL, 0};
    int rc =
        store_spool_bodies(engine->store, &leaf->id, &engine->turn, &list, err);

    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    while (list.len > 0) {
        struct body body;

        if ((rc = body_take(&list, &body, err)) != 0) {
            return rc;
        }
        if (body.slot == AUDIENCE_OF_UNIT) {
            body.index = (uint16_t)index;
            *found = true;
            return body_put(&body, &bodies->sealed, err);
        }
    }
    return 0;
}

static int leaf_bodies(struct bodies *bodies, const struct segment *segment,
                       const struct segment_view *view, uint32_t index,
                       struct error *err)
{
    struct leaf leaf;
    struct error ignored = {0};

    if (leaf_scan(view->leaves[index], &leaf, &ignored) != 0 ||
        !leaf.understood) {
        return 0;
    }
    for (uint32_t slot = AUDIENCE_OF_TEXT; slot <= AUDIENCE_OF_UNIT; slot++) {
        bool listed =
            segment_is_absent(segment, (uint16_t)index, (uint8_t)slot);
        bool lacking = slot == AUDIENCE_OF_UNIT
                           ? (bodies->lacking & SEGMENT_DUE_SEALED) != 0
                       : slot == AUDIENCE_OF_PRIVATE
                           ? (bodies->lacking & SEGMENT_DUE_PRIVATES) != 0
                           : false;
        bool here = body_is_here(view, index, slot);
        int rc = 0;

        if (header_body(&leaf.header, (enum audience)slot) == NULL) {
            continue;
        }
        if (!listed && !here && lacking && slot == AUDIENCE_OF_UNIT) {
            rc = sealed_put_back(bodies, &leaf, index, &here, err);
        }
        if (rc != 0) {
            return rc;
        }
        if (listed || (lacking && !here)) {
            buf_put_u16(&bodies->absent, (uint16_t)index);
            buf_put_u8(&bodies->absent, (uint8_t)slot);
        }
    }
    return 0;
}

#define SEALED_ROOM (BATCH_PRIVATE_MAX + BODY_WIRE_MAX)

int recover_bodies(struct engine *engine, unsigned lacking,
                   struct segment *segment, struct error *err)
{
    struct segment_view *view = arena_alloc(&engine->turn, sizeof(*view));
    size_t absent_max = (size_t)9 * segment->count;
    uint8_t *sealed = arena_alloc(&engine->turn, SEALED_ROOM);
    uint8_t *absent = arena_alloc(&engine->turn, absent_max);
    struct bodies bodies = {.engine = engine,
                            .lacking = lacking,
                            .sealed = buf_over(sealed, SEALED_ROOM),
                            .absent = buf_over(absent, absent_max)};
    int rc = 0;

    if (view == NULL || sealed == NULL || absent == NULL) {
        return error_set(err, ERR_BUSY, "too much in one turn");
    }
    rc = segment_open(engine->codec, segment, &engine->turn, view, err);
    for (uint32_t i = 0; rc == 0 && i < view->count; i++) {
        rc = leaf_bodies(&bodies, segment, view, i, err);
    }
    if (rc == 0) {
        segment->sealed = buf_span(&bodies.sealed);
        segment->absent = buf_span(&bodies.absent);
    }
    return rc;
}

/* ---- two machines with one key ---- */

/* The route before the present one still speaks, so long after that nothing
 * of it can be on its way any more: that process lives, beside the other. */
void recover_other_route(struct engine *engine, struct peer *peer)
{
    uint64_t now_ms = clock_steady_ms();
    uint64_t late_ms = engine->config->quiet_s * 1000 / LATE_SHARE;
    char text[160];
    struct link_event event = {.kind = LINK_CLONE_SEEN};

    if (now_ms - peer->routed_ms < late_ms ||
        now_ms - peer->other_ms < late_ms / 3) {
        return;
    }
    peer->other_ms = now_ms;
    if (++peer->others < 2) {
        return;
    }
    (void)snprintf(text, sizeof(text),
                   "a second connection with its key came %llu s ago, and the "
                   "first one still speaks",
                   (unsigned long long)(now_ms - peer->routed_ms) / 1000);
    event.text = span_str(text);
    if (peer->others == 2) {
        log_line(LOG_ERROR, "recover", "clone", "peer=%u text=\"%s\"",
                 peer->node, text);
    }
    peer_step(engine, peer, &event);
}
