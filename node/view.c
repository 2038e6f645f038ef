/* Room: node. Owns what a link may see of durable state: logs, roots, tokens,
 * the tree. Reads only; whatever the directory does not certify does not
 * exist. Next: logs.c (what is certified of a log), peers.c. */
#include "node/peers.h"
#include "node/successor.h"
#include "node/tree.h"

#include <string.h>

#include "node/clock.h"
#include "store/book.h"
#include "store/delivery.h"
#include "store/recovery.h"
#include "store/spool.h"

#define LOOK_BACK 64u /* repeats on end, hourly at most */

/* ---- the view ---- */

/* The newest number that is the peer's own: after a change of guard it may
 * have made none yet. */
static bool seen_numbered(struct engine *engine, const struct store_log *log,
                          uint32_t peer, struct frame_seen *seen)
{
    struct store_cosig cosig;
    struct error ignored = {0};
    struct vkey key;
    char name[64];

    if (store_cosig_newest(engine->store, log->id, &cosig, &ignored) != 0 ||
        !line_is_of(engine, peer, &cosig.line, name, &key)) {
        return false;
    }
    *seen = (struct frame_seen){true, cosig.head, cosig.line};
    return true;
}

static void seen_fill(struct engine *engine, const struct store_log *log,
                      uint32_t guard, uint32_t peer, struct frame_seen *seen)
{
    struct error ignored = {0};
    struct store_held held;

    if ((guard != peer || !seen_numbered(engine, log, peer, seen)) &&
        store_held_get(engine->store, log->id, peer, &held, &ignored) == 0) {
        *seen = (struct frame_seen){true, held.head, held.line};
    }
}

/* When the log last grew and when it was last heard. Asked at every step of
 * every link: by index, not by reading back. */
static void times_fill(struct engine *engine, const struct store_log *log,
                       struct link_log *out)
{
    struct store_cosig cosig;
    struct error ignored = {0};

    if (store_cosig_repeat(engine->store, log->id, &cosig, &ignored) == 0) {
        out->heard_s = cosignature_time(&cosig.line);
    }
    for (uint64_t back = 0; back < LOOK_BACK && back < log->cosigs; back++) {
        if (store_cosig_get(engine->store, log->id, log->cosigs - 1 - back,
                            &cosig, &ignored) != 0) {
            return;
        }
        if (!cosig.repeat) {
            out->batch_s = cosignature_time(&cosig.line);
            return;
        }
    }
}

static int view_log(void *data, uint32_t peer, const struct origin *origin,
                    struct link_log *out, struct error *err)
{
    struct engine *engine = data;
    struct peers *peers = engine->peers;
    struct store_recovery recovery;
    struct log_facts facts;
    struct store_log log;
    struct buf note = buf_over(peers->note, sizeof(peers->note));
    int rc = log_facts_of(engine, origin, &facts, err);

    if (rc != 0) {
        return rc;
    }
    memset(out, 0, sizeof(*out));
    origin_text(engine, origin, peers->name);
    out->head.root = merkle_empty_root();
    if (facts.bootstrap) {
        out->key =
            (struct vkey){.name = span_str(peers->name), .type = VKEY_ED25519};
    } else {
        rc = vkey_known(engine, span_str(peers->name), VKEY_ED25519, &facts.key,
                        &out->key, err);
        if (rc != 0) {
            return error_set(err, ERR_NOTFOUND, "the log's key is none");
        }
    }
    out->guard = facts.guard;
    out->below = UINT64_MAX;
    out->ended = facts.ended;
    rc = store_log_find(engine->store, span_str(peers->name), &log, err);
    if (facts.guard == engine_node(engine) && origin->node == peer &&
        !facts.ended && (rc == 0 || rc == ERR_NOTFOUND)) {
        out->hold = guard_is_uninformed(engine, origin, rc == 0 ? &log : NULL);
    }
    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    if (rc != 0) {
        return rc;
    }
    if (log.mirrored) {
        out->head = log.head;
        out->whole = facts.ended && log.head.size == facts.end.size &&
                     hash_equal(&log.head.root, &facts.end.root);
    }
    out->takes_over = guard_takes_over(engine, origin, &log);
    out->cosigs = log.cosigs;
    out->cosigned_size = log.guarded;
    out->frozen = log.frozen[0] != '\0';
    if (recover_active(engine, log.id, &recovery)) {
        out->recovering = true;
        out->until = recovery.until;
        out->below = recover_below(engine, origin);
    }
    times_fill(engine, &log, out);
    if (origin->node != engine_node(engine) || facts.guard == peer) {
        /* Of our own log only the guard's word is asked back: what children
         * signed of it shows what they held, not what we did. */
        seen_fill(engine, &log, facts.guard, peer, &out->seen);
    }
    if (out->head.size > 0) {
        rc = store_log_note(engine->store, log.id, &note, err);
        out->note = buf_span(&note);
    }
    return rc;
}

/* Is `origin` after `after` and before the best found so far? */
static void next_consider(const struct origin *after, struct origin candidate,
                          struct origin *best, bool *found)
{
    if ((after == NULL || origin_compare(&candidate, after) > 0) &&
        (!*found || origin_compare(&candidate, best) < 0)) {
        *best = candidate;
        *found = true;
    }
}

static int view_next(void *data, const struct origin *after, struct origin *out,
                     struct error *err)
{
    struct engine *engine = data;
    const struct directory *dir = engine_directory(engine);
    bool found = false;

    for (size_t i = 0; i < dir->epochs_len; i++) {
        const struct dir_epoch *epoch = &dir->epochs[i];

        if (epoch->has_key) {
            next_consider(after,
                          (struct origin){.node = epoch->node,
                                          .epoch = epoch->epoch,
                                          .dir = epoch->is_dir},
                          out, &found);
        }
    }
    for (uint32_t epoch = successor_epoch_after(engine, 0); epoch != 0;
         epoch = successor_epoch_after(engine, epoch)) {
        next_consider(after,
                      (struct origin){.node = engine->successor.node,
                                      .epoch = epoch,
                                      .dir = true},
                      out, &found);
    }
    return found ? 0 : error_set(err, ERR_NOTFOUND, "no more logs");
}

static int view_root_at(void *data, const struct origin *origin, uint64_t size,
                        struct hash *out, struct error *err)
{
    struct engine *engine = data;
    struct store_log log;
    int rc = log_find(engine, origin, &log, err);

    if (rc != 0) {
        return rc;
    }
    if (size == 0) {
        *out = merkle_empty_root();
        return 0;
    }
    if (size == log.head.size) {
        *out = log.head.root;
        return 0;
    }
    if (size > log.head.size) {
        return error_set(err, ERR_NOTFOUND, "the log is shorter");
    }
    return store_log_root_at(engine->store, log.id, size, out, err);
}

static int view_cosigs_within(void *data, const struct origin *origin,
                              uint64_t size, uint64_t *out, struct error *err)
{
    struct engine *engine = data;
    struct store_log log;
    int rc = log_find(engine, origin, &log, err);

    if (rc == ERR_NOTFOUND) {
        *out = 0;
        return 0;
    }
    return rc != 0 ? rc
                   : store_cosig_within(engine->store, &log, size, out, err);
}

/* The standby stands above the top node as far as logs go: all that the top
 * node holds goes there, and nothing comes from there. */
static void standby_parent(const struct directory *dir, uint32_t node,
                           uint32_t *parent)
{
    uint32_t standby = directory_standby(dir);

    if (node == dir->top) {
        *parent = standby;
    } else if (node == standby) {
        *parent = 0;
    }
}

static int view_parent_of(void *data, uint32_t node, uint32_t *out,
                          struct error *err)
{
    struct engine *engine = data;
    const struct dir_node *found =
        directory_node(engine_directory(engine), node);

    if (found == NULL) {
        return error_set(err, ERR_NOTFOUND, "node %u is not certified", node);
    }
    *out = found->parent;
    if (!engine->keys.joining && directory_standby(engine_directory(engine))) {
        standby_parent(engine_directory(engine), node, out);
    }
    return 0;
}

static bool token_set(const uint8_t token[16])
{
    static const uint8_t zero[16];

    return memcmp(token, zero, sizeof(zero)) != 0;
}

/* When the copy of a child that knew its token was last heard, by the clock
 * that frames carry; nobody knows what was before this process. */
static uint64_t alive_ms(struct engine *engine, uint32_t node)
{
    const struct peer *peer = peer_of_node(engine, node);
    uint64_t steady_ms = peer != NULL ? peer->proven_ms : 0;

    if (steady_ms < engine->born_ms) {
        steady_ms = engine->born_ms;
    }
    return clock_now_ms() - (clock_steady_ms() - steady_ms);
}

static int view_was_below(void *data, uint32_t node, uint32_t above, bool *out,
                          struct error *err)
{
    struct engine *engine = data;

    (void)err;
    *out = node != above &&
           directory_node_was_within(engine_directory(engine), node, above);
    return 0;
}

static int view_was_above(void *data, uint32_t above, uint32_t below, bool *out,
                          struct error *err)
{
    struct engine *engine = data;
    const struct directory *dir = engine_directory(engine);

    (void)err;
    *out = false;
    for (size_t i = 0; !*out && i < dir->nodes_len; i++) {
        const struct dir_node *node = &dir->nodes[i];

        for (size_t k = 0; !*out && k < node->certs_len; k++) {
            *out = node->certs[k]->issuer == above && node->number != above &&
                   directory_node_within(dir, node->number, below);
        }
    }
    return 0;
}

static int view_tokens(void *data, uint32_t peer, struct link_tokens *out,
                       struct error *err)
{
    struct engine *engine = data;
    struct store_token token;
    int rc = store_token_get(engine->store, peer, &token, err);

    memset(out, 0, sizeof(*out));
    out->doubtful = recover_doubtful(engine, peer);
    out->alive_ms = alive_ms(engine, peer);
    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    if (rc != 0) {
        return rc;
    }
    if (!token_set(token.current)) {
        return 0;
    }
    if (token.seen) {
        out->has_current = true;
        memcpy(&out->current, token.current, 16);
        return 0;
    }
    out->has_issued = true;
    memcpy(&out->issued, token.current, 16);
    out->has_current = token_set(token.previous);
    memcpy(&out->current, token.previous, 16);
    return 0;
}

static int view_spooled(void *data, uint64_t *out, struct error *err)
{
    struct engine *engine = data;
    bool any;
    int rc = store_spool_any(engine->store, &any, err);

    if (rc == 0) {
        *out = any;
    }
    return rc;
}

static int view_deliveries(void *data, uint32_t peer, uint64_t *out,
                           struct error *err)
{
    struct engine *engine = data;
    uint8_t chain[DELIVERY_CHAIN_SIZE];
    uint64_t acked;
    int rc;

    if (peer == tree_parent(engine)) {
        rc = store_delivery_taken(engine->store, peer, out, chain, err);
    } else {
        rc = store_delivery_acked(engine->store, peer, &acked, out, err);
    }
    if (rc == ERR_NOTFOUND) {
        *out = 0;
        rc = 0;
    }
    return rc;
}

static int view_queue(void *data, uint32_t peer, struct token *out,
                      struct error *err)
{
    struct engine *engine = data;
    uint64_t number;

    return store_delivery_taken(engine->store, peer, &number, out->bytes, err);
}

static int view_staged(void *data, uint32_t peer, uint64_t *out,
                       struct error *err)
{
    return staged_of(data, peer, out, err);
}

#define SAME_SIZE_MAX 4096u /* repeats on one head, hourly at most */

/* Those on one size stand together. */
int view_is_numbered(void *data, const struct origin *origin,
                     const struct frame_seen *seen, bool *out,
                     struct error *err)
{
    struct engine *engine = data;
    struct store_cosig cosig;
    struct store_log log;
    int rc = log_find(engine, origin, &log, err);

    *out = false;
    rc = rc != 0 ? rc
                 : store_cosig_covering(engine->store, log.id, seen->head.size,
                                        &cosig, err);
    for (unsigned i = 0;
         rc == 0 && i < SAME_SIZE_MAX && cosig.head.size == seen->head.size;
         i++) {
        if (memcmp(&cosig.line, &seen->line, sizeof(cosig.line)) == 0) {
            *out = true;
            return 0;
        }
        rc = store_cosig_get(engine->store, log.id, cosig.number + 1, &cosig,
                             err);
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

struct link_view view_of(struct engine *engine)
{
    return (struct link_view){.data = engine,
                              .log = view_log,
                              .next = view_next,
                              .root_at = view_root_at,
                              .cosigs_within = view_cosigs_within,
                              .parent_of = view_parent_of,
                              .was_below = view_was_below,
                              .was_above = view_was_above,
                              .tokens = view_tokens,
                              .spooled = view_spooled,
                              .deliveries = view_deliveries,
                              .queue = view_queue,
                              .staged = view_staged,
                              .is_numbered = view_is_numbered};
}
