/* tests/protocol: what a machine of link_world.h may see of its node's store.
 * It changes nothing. Next: link_world_store.c. */
#include "tests/protocol/link_world_internal.h"

/* ---- the view ---- */

static int view_parent_of(void *data, uint32_t node, uint32_t *out,
                          struct error *err)
{
    const struct world_end *end = data;

    if (node >= WORLD_NODES || end->node->ignorant ||
        (node != 1 && end->world->parent[node] == 0) ||
        (end->node->certified != 0 &&
         (end->node->certified & 1u << node) == 0)) {
        return error_set(err, ERR_NOTFOUND, "node %u is not certified", node);
    }
    *out = end->world->parent[node];
    return 0;
}

/* What the child that a log comes through said it holds of it. */
static uint64_t below_of(struct world *world, const struct world_node *node,
                         const struct origin *origin)
{
    for (size_t i = 0; i < world->ends_len; i++) {
        struct link_info info;
        struct link_lag lag;

        link_info(world->ends[i].link, &info);
        if (world->ends[i].node != node || info.state != LINK_OPEN ||
            world->parent[world->ends[i].other->node->id] != node->id) {
            continue;
        }
        for (size_t j = 0; link_lag(world->ends[i].link, j, &lag); j++) {
            if (origin_equal(&lag.origin, origin) && !lag.sending) {
                return lag.there;
            }
        }
    }
    return UINT64_MAX;
}

static int view_log(void *data, uint32_t peer, const struct origin *origin,
                    struct link_log *out, struct error *err)
{
    const struct world_end *end = data;
    struct world_log *log = world_log_of(end->node, origin);
    uint32_t parent = 0;

    if (log == NULL) {
        if (view_parent_of(data, origin->node, &parent, err) != 0 &&
            !(end->node->ignorant && origin->dir)) {
            return ERR_NOTFOUND;
        }
        log = world_log_make(end->world, end->node, origin);
    }
    *out = (struct link_log){.key = log->key,
                             .head = {world_size(log), world_root(log)},
                             .guard = log->guard,
                             .cosigs = log->cosigs_len,
                             .batch_s = log->batch_s,
                             .heard_s = log->heard_s,
                             .recovering = log->recovering,
                             .until = log->until,
                             .below = below_of(end->world, end->node, origin),
                             .frozen = log->frozen};
    if (log->segments_len > 0) {
        out->note = log->segments[log->segments_len - 1].segment.note;
    }
    if (log->cosigs_len > 0) {
        out->cosigned_size = log->cosigs[log->cosigs_len - 1].head.size;
    }
    if (peer == log->guard && log->cosigs_len > 0) {
        out->seen.has = true;
        out->seen.head = log->cosigs[log->cosigs_len - 1].head;
        out->seen.line = log->cosigs[log->cosigs_len - 1].line;
    } else if (peer < WORLD_NODES) {
        out->seen = log->held[peer];
    }
    return 0;
}

static int view_next(void *data, const struct origin *after, struct origin *out,
                     struct error *err)
{
    const struct world_end *end = data;

    for (size_t i = 0; i < end->node->logs_len; i++) {
        if (after == NULL ||
            origin_compare(&end->node->logs[i].origin, after) > 0) {
            *out = end->node->logs[i].origin;
            return 0;
        }
    }
    return error_set(err, ERR_NOTFOUND, "no more logs");
}

static int view_root_at(void *data, const struct origin *origin, uint64_t size,
                        struct hash *out, struct error *err)
{
    const struct world_end *end = data;
    struct world_log *log = world_log_of(end->node, origin);

    for (size_t i = 0; log != NULL && i < log->segments_len; i++) {
        if (log->segments[i].after.size == size) {
            *out = range_root(&log->segments[i].after);
            return 0;
        }
    }
    return error_set(err, ERR_NOTFOUND, "no checkpoint of that size");
}

static int view_cosigs_within(void *data, const struct origin *origin,
                              uint64_t size, uint64_t *out, struct error *err)
{
    const struct world_end *end = data;
    struct world_log *log = world_log_of(end->node, origin);

    (void)err;
    *out = 0;
    while (log != NULL && *out < log->cosigs_len &&
           log->cosigs[*out].head.size <= size) {
        (*out)++;
    }
    return 0;
}

static int view_tokens(void *data, uint32_t peer, struct link_tokens *out,
                       struct error *err)
{
    const struct world_end *end = data;

    (void)err;
    *out = end->node->tokens[peer];
    out->alive_ms = end->node->alive_ms[peer] > end->node->born_ms
                        ? end->node->alive_ms[peer]
                        : end->node->born_ms;
    out->doubtful = end->node->doubtful;
    return 0;
}

static int view_spooled(void *data, uint64_t *out, struct error *err)
{
    const struct world_end *end = data;

    (void)err;
    *out = end->node->spool;
    return 0;
}

static int view_deliveries(void *data, uint32_t peer, uint64_t *out,
                           struct error *err)
{
    const struct world_end *end = data;

    (void)err;
    *out = end->world->parent[end->node->id] == peer ? end->node->delivered
                                                     : end->node->queued[peer];
    return 0;
}

/* Which events they were does not matter to the machine. */
static int view_queue(void *data, uint32_t peer, struct token *out,
                      struct error *err)
{
    uint64_t taken = 0;
    int rc = view_deliveries(data, peer, &taken, err);

    memset(out, 0, sizeof(*out));
    memcpy(out, &taken, sizeof(taken));
    return rc;
}

static int view_is_numbered(void *data, const struct origin *origin,
                            const struct frame_seen *seen, bool *out,
                            struct error *err)
{
    const struct world_end *end = data;
    struct world_log *log = world_log_of(end->node, origin);

    (void)err;
    *out = false;
    for (size_t i = 0; log != NULL && i < log->cosigs_len; i++) {
        *out = *out || memcmp(&log->cosigs[i].line, &seen->line,
                              sizeof(seen->line)) == 0;
    }
    return 0;
}

struct link_view world_view(struct world_end *end)
{
    return (struct link_view){.data = end,
                              .log = view_log,
                              .next = view_next,
                              .root_at = view_root_at,
                              .cosigs_within = view_cosigs_within,
                              .parent_of = view_parent_of,
                              .tokens = view_tokens,
                              .spooled = view_spooled,
                              .deliveries = view_deliveries,
                              .queue = view_queue,
                              .is_numbered = view_is_numbered};
}
