/* Room: node. Owns taking in what other nodes signed: batches. Everything
 * is checked whole before it is stored, stored byte for byte, and
 * answered by our own cosignature in the same transaction. It judges no event:
 * that is integration's (DESIGN section 5). Next: intake_cosigs.c, cosign.c. */
#include "node/peers.h"
#include "node/tree.h"

#include <stdlib.h>
#include <string.h>

#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/recovery.h"
#include "store/wanted.h"

#define PAUSE_MS 60000u
#define NEWS_MS 1000u

/* ---- the key of a directory log nobody certified yet ---- */

struct first_leaf {
    char dir_log_key[65];
    char node[12];
};

static int first_visit(void *ctx, const char *path, struct span value,
                       struct error *err)
{
    struct first_leaf *found = ctx;

    (void)err;
    if (strcmp(path, "keys.dir_log_key") == 0 && value.len == 64) {
        memcpy(found->dir_log_key, value.ptr, 64);
    }
    if (strcmp(path, "node") == 0 && value.len < sizeof(found->node)) {
        memcpy(found->node, value.ptr, value.len);
    }
    return 0;
}

/* Leaf 0 of the top directory log is signed by the root key that the
 * invitation pinned: it names the key of the log it stands in. */
static int bootstrap_key(struct engine *engine, const struct segment *segment,
                         const struct origin *origin, struct sign_public *key,
                         struct error *err)
{
    struct segment_view *view = arena_alloc(&engine->turn, sizeof(*view));
    struct first_leaf found = {{0}, {0}};
    struct leaf leaf;
    int rc;

    if (view == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    rc = segment_open(engine->codec, segment, &engine->turn, view, err);
    if (rc == 0) {
        rc = leaf_parse(view->leaves[0], &leaf, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (segment->first != 0 || !leaf.understood ||
        leaf.header.type != EVENT_TOP_NODE_CERTIFIED) {
        return error_set(err, ERR_BUSY,
                         "waiting for the realm's first certificate");
    }
    if (!leaf_verify(&leaf, &engine->root)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the first certificate is not signed by the root key "
                         "of the invitation");
    }
    rc = facts_visit(event_type_find(EVENT_TOP_NODE_CERTIFIED), leaf.facts,
                     first_visit, &found, err);
    if (rc == 0 && (strtoul(found.node, NULL, 10) != origin->node ||
                    hex_decode(span_str(found.dir_log_key), key, sizeof(*key),
                               err) != 0)) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "the first certificate is another node's");
    }
    return rc;
}

/* ---- batches ---- */

/* One batch on its way into the store. */
struct batch {
    struct peer *peer;
    const struct link_action *action;
    struct segment segment;
    struct store_log log;
    struct segment_checked *checked;
};

/* What comes back from a node that is not the log's guard never had private
 * bodies there; those of the unit alone were nowhere but here. */
static int refill_bodies(struct engine *engine, const struct peer *peer,
                         const struct log_facts *facts, struct batch *batch,
                         struct error *err)
{
    bool own = batch->action->origin.node == engine_node(engine);
    unsigned lacking = own ? SEGMENT_DUE_SEALED : 0;
    bool guarded = facts->guard == peer->node;
    uint64_t from = 0;

    /* A guard may not have yet what the one before it guarded. */
    if (guarded &&
        (!store_guards_from(engine_directory(engine), peer->node, &batch->log,
                            &from) ||
         batch->segment.first < from ||
         (from == 0 &&
          guard_had_other(engine, &batch->action->origin, peer->node)))) {
        guarded = false;
    }
    if (!guarded && !peer_stands_by(engine, peer)) {
        lacking |= SEGMENT_DUE_PRIVATES;
    }
    return recover_bodies(engine, lacking, &batch->segment, err);
}

/* Which bodies must be here; for what was lost, as far as anybody has them. */
static int due_find(struct engine *engine, struct batch *batch,
                    const struct log_facts *facts, unsigned *due,
                    struct error *err)
{
    *due = SEGMENT_DUE_TEXTS;
    if (batch->action->privates) {
        *due |= SEGMENT_DUE_PRIVATES;
    }
    if (!batch->action->refill) {
        return 0;
    }
    if (batch->action->origin.node == engine_node(engine)) {
        *due |= SEGMENT_DUE_SEALED;
    }
    return refill_bodies(engine, batch->peer, facts, batch, err);
}

/* A closed node's log takes its tail, and nothing beyond its end. */
static int end_check(struct engine *engine, const struct origin *origin,
                     const struct segment *segment, struct error *err)
{
    const struct dir_end *end = directory_end(
        engine_directory(engine), origin->node, origin->dir, origin->epoch);

    if (end == NULL || segment->first + segment->count <= end->size) {
        return 0;
    }
    return error_set(err, ERR_CONFLICT,
                     "the log of node %u ended at event %llu: nothing is taken "
                     "beyond; what is recorded there counts nowhere",
                     origin->node, (unsigned long long)end->size);
}

/* A child that sends no private body at all has not read yet that we are its
 * guard now: it will in this very session. */
static int news_await(struct engine *engine, const struct batch *batch,
                      struct error *err)
{
    const struct origin *origin = &batch->action->origin;

    if (batch->segment.privates.len > 0 || batch->action->refill ||
        !guard_takes_over(engine, origin, &batch->log)) {
        return err->code;
    }
    return error_set(err, ERR_BUSY,
                     "log %s: node %u has not heard yet that its private "
                     "bodies are due here: it is asked again",
                     batch->log.origin, origin->node);
}

static int batch_check(struct engine *engine, struct batch *batch,
                       struct error *err)
{
    const struct origin *origin = &batch->action->origin;
    struct store_log *log = &batch->log;
    struct log_facts facts;
    struct range before;
    struct vkey key;
    unsigned due = 0;
    int rc = log_facts_of(engine, origin, &facts, err);

    if (rc == 0 && facts.ended &&
        batch->segment.first + batch->segment.count > facts.end.size) {
        rc = error_set(err, ERR_CONFLICT,
                       "that log ended at %llu events: its node has gone on "
                       "with a new one",
                       (unsigned long long)facts.end.size);
    }
    if (rc == 0 && facts.bootstrap) {
        rc = bootstrap_key(engine, &batch->segment, origin, &facts.key, err);
    }
    if (rc == 0) {
        rc = log_open(engine, origin, &facts.key, log, err);
    }
    if (rc == 0 && log->frozen[0] != '\0') {
        rc = error_set(err, ERR_CONFLICT, "the log is frozen: %s", log->frozen);
    }
    if (rc == 0) {
        rc = end_check(engine, origin, &batch->segment, err);
    }
    if (rc == 0) {
        rc = store_log_range(engine->store, log->id, &before, err);
    }
    if (rc == 0) {
        rc = vkey_known(engine, span_str(log->origin), VKEY_ED25519, &facts.key,
                        &key, err);
    }
    if (rc == 0) {
        rc = due_find(engine, batch, &facts, &due, err);
    }
    if (rc != 0) {
        return rc;
    }
    rc = segment_check(engine->codec, &batch->segment, &before, &key, due,
                       &engine->turn, batch->checked, err);
    return rc == ERR_MALFORMED && (due & SEGMENT_DUE_PRIVATES) != 0
               ? news_await(engine, batch, err)
               : rc;
}

static int batch_store(struct engine *engine, const struct store_log *log,
                       const struct segment *segment,
                       const struct segment_checked *checked, struct error *err)
{
    struct store_segment stored = {.log = log->id,
                                   .parts = *segment,
                                   .hashes = checked->hashes,
                                   .root = checked->head.root};
    int rc = engine_write(engine, err);

    if (rc == 0) {
        rc = store_segment_append(engine->store, &stored, &checked->range, err);
    }
    return rc;
}

void intake_refused(struct engine *engine, struct peer *peer,
                    const struct link_action *action, const struct error *err,
                    uint64_t retry_ms, bool forked)
{
    struct link_event event = {.kind = LINK_BATCH_REFUSED,
                               .origin = action->origin,
                               .code = err->code,
                               .text = span_str(err->text),
                               .count = forked,
                               .retry_ms = retry_ms};
    char name[ORIGIN_MAX + 1];
    char text[LOG_TEXT_SIZE];

    origin_text(engine, &action->origin, name);
    log_line(LOG_WARN, "intake", "refused", "peer=%u log=%s code=%s text=%s",
             peer->node, name, err_name(err->code),
             log_text(span_str(err->text), text));
    peer_step(engine, peer, &event);
}

/* The guard's answer is the acknowledgement; a mirror further up only shows
 * that it holds the log too. Nobody acknowledges what comes from above. */
static void batch_cosign(struct engine *engine, struct peer *peer,
                         const struct link_action *action)
{
    struct link_event event = {.kind = LINK_COSIGNED, .origin = action->origin};
    struct log_facts facts;
    struct store_log log;
    struct error err = {0};
    int rc;

    if (peer->up) {
        peer->above_due =
            peer->above_due ||
            (action->origin.dir && action->origin.node == peer->node);
        return;
    }
    rc = log_facts_of(engine, &action->origin, &facts, &err);
    if (rc == 0) {
        rc = cosign_log(engine, &action->origin, peer->node, NULL, &err);
    }
    if (rc == 0) {
        rc = log_find(engine, &action->origin, &log, &err);
    }
    if (rc != 0) {
        engine_react(engine, "intake", "not_cosigned", &err);
        return;
    }
    if (facts.guard != engine_node(engine) ||
        guard_takes_over(engine, &action->origin, &log)) {
        event.kind = LINK_HELD_GREW;
    }
    peer_step(engine, peer, &event);
}

/* What superiors say of the tree is always taken; what comes from below has a
 * measure, directory logs too. */
static bool has_quota(const struct peer *peer, const struct origin *origin)
{
    return !origin->dir || !peer->up;
}

/* Disk and quota; what is fetched again was paid for once. */
static int room_check(struct engine *engine, const struct batch *batch,
                      bool by_hand, struct error *err)
{
    const struct segment *came = &batch->segment;
    struct store_recovery recovery;
    int rc;

    if (!has_quota(batch->peer, &batch->action->origin)) {
        return 0;
    }
    if (engine->disk.low && !batch->action->origin.dir) {
        return error_set(err, ERR_LIMIT, "the disk is nearly full here");
    }
    if (by_hand || batch->peer->up ||
        recover_active(engine, batch->log.id, &recovery)) {
        return 0;
    }
    rc = share_refuse_log(engine, batch->peer, &batch->action->origin,
                          quota_bytes(came), err);
    rc = rc != 0 ? rc
                 : share_refuse(engine, batch->peer, quota_bytes(came),
                                batch->action->origin.dir, err);
    return rc != 0 ? rc
                   : quota_take(engine, &batch->action->origin, &batch->segment,
                                err);
}

int intake_take(struct engine *engine, struct peer *peer,
                const struct link_action *action, bool by_hand,
                uint64_t *pause_ms, struct error *err)
{
    struct batch *batch = arena_alloc(&engine->turn, sizeof(*batch));
    int rc;

    *pause_ms = 0;
    if (batch != NULL) {
        *batch = (struct batch){
            .peer = peer, .action = action, .segment = action->batch->segment};
        batch->checked = arena_alloc(&engine->turn, sizeof(*batch->checked));
    }
    if (batch == NULL || batch->checked == NULL) {
        *pause_ms = 100;
        return error_set(err, ERR_BUSY, "too much in one turn");
    }
    rc = batch_check(engine, batch, err);
    *pause_ms = rc == ERR_BUSY && batch->log.id != 0 &&
                        guard_takes_over(engine, &action->origin, &batch->log)
                    ? NEWS_MS
                    : 0;
    if (rc == 0) {
        rc = room_check(engine, batch, by_hand, err);
        *pause_ms = rc != 0 ? PAUSE_MS : 0;
    }
    if (rc == 0 && has_quota(peer, &action->origin)) {
        quota_open(engine, &action->origin);
    }
    if (rc == 0) {
        rc = batch_store(engine, &batch->log, &batch->segment, batch->checked,
                         err);
    }
    if (rc == 0 && has_quota(peer, &action->origin)) {
        uint64_t bytes = 0;

        rc = quota_keep(engine, &action->origin, &batch->segment, &bytes, err);
        share_add(peer, bytes);
    }
    if (rc == ERR_IO || rc == ERR_CORRUPT) {
        engine_react(engine, "intake", "store", err);
    }
    if (rc == ERR_UNTRUSTED) {
        char name[ORIGIN_MAX + 1];

        origin_text(engine, &action->origin, name);
        blame_batch(engine, &action->batch->segment, name, err);
    }
    return rc;
}

void intake_batch(struct engine *engine, struct peer *peer,
                  const struct link_action *action)
{
    struct error err = {0};
    struct link_event event = {.kind = LINK_BATCH_STORED,
                               .origin = action->origin};
    struct store_log log;
    uint64_t pause_ms = 0;

    if (intake_take(engine, peer, action, false, &pause_ms, &err) != 0) {
        intake_refused(engine, peer, action, &err, pause_ms, false);
        return;
    }
    if (peer->troubled) {
        refusal_settle(engine, peer, &action->origin);
    }
    engine->integrating = true;
    pace_expect(engine, action->batch->more);
    peer_step(engine, peer, &event);
    if (!action->refill) {
        batch_cosign(engine, peer, action);
    }
    peers_tell(engine, LINK_LOG_GREW, &action->origin, peer);
    if (log_find(engine, &action->origin, &log, &err) != 0 ||
        recover_settle(engine, log.id, &err) != 0) {
        engine_react(engine, "recover", "not_settled", &err);
    }
}
