/* tests/protocol: the half of the engine of link_world.h that keeps: sequences,
 * cosigns, stores what came, recovers. What it answers is durable, as far as
 * memory goes. Next: link_world_send.c, the other half. */
#include "tests/protocol/link_world_internal.h"

#include "tests/support/test.h"

static struct span note_make(struct world *world, struct world_log *log,
                             const struct range *after)
{
    struct sign_public pub;
    struct sign_secret sec;
    struct error err = {0};
    struct checkpoint checkpoint = {.origin = log->key.name,
                                    .head = range_head(after)};
    struct buf buf = buf_over(arena_alloc(&world->arena, CHECKPOINT_NOTE_MAX),
                              CHECKPOINT_NOTE_MAX);

    world_keys_of(log->origin.node, world_log_purpose(&log->origin), &pub,
                  &sec);
    assert_ok(checkpoint_sign(&checkpoint, &log->key, &sec, &buf, &err), err);
    return buf_span(&buf);
}

/* Leaves of 100 bytes, told apart by node and number. */
void world_log_append(struct world *world, struct world_node *node,
                      struct world_log *log, uint64_t events)
{
    while (events > 0) {
        size_t mark = world->arena.used;
        struct segment_item items[BATCH_EVENTS_MAX];
        struct segment segment;
        struct error err = {0};
        struct range range = world_range_of(log);
        size_t count =
            events < world->batch_events ? events : world->batch_events;

        memset(items, 0, sizeof(items));
        for (size_t i = 0; i < count; i++) {
            uint8_t *leaf = arena_alloc(&world->arena, 100);
            struct hash noise;

            node->recorded++;
            leaf[64] = 0xff; /* no header is that long: stored all the same */
            leaf[65] = 0xff;
            memcpy(leaf, &node->recorded, 8);
            leaf[8] = (uint8_t)node->id;
            noise = hash_of(span_make(leaf, 9));
            memcpy(leaf + 9, noise.bytes, 32);
            items[i].leaf = span_make(leaf, 100);
            range_append(&range, items[i].leaf);
        }
        assert_ok(segment_build(world->codec, items, count, world_size(log),
                                note_make(world, log, &range), &world->arena,
                                &segment, &err),
                  err);
        world_segment_keep(log, &segment, &range);
        arena_rewind(&world->arena, mark);
        events -= count;
    }
}

void world_sequence(struct world *world, struct world_node *node,
                    uint64_t max_bytes)
{
    struct origin origin = {.node = node->id, .epoch = 1};
    uint64_t events = max_bytes / 100 + 1;

    if (events > node->spool) {
        events = node->spool;
    }
    world_log_append(world, node, world_log_make(world, node, &origin), events);
    node->spool -= events;
    world_tell_all(world, node, LINK_LOG_GREW, &origin);
}

/* Signs the head as this node's mirror. */
static struct frame_seen cosign(struct world *world, struct world_node *node,
                                struct world_log *log)
{
    char name[64];
    struct sign_secret sec;
    struct vkey mirror = world_mirror_of(node->id, name, &sec);
    struct frame_seen seen = {.has = true,
                              .head = {world_size(log), world_root(log)}};
    uint8_t bytes[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(bytes, sizeof(bytes));
    struct checkpoint checkpoint = {.origin = log->key.name, .head = seen.head};
    struct error err = {0};

    checkpoint_format(&checkpoint, &text);
    assert_ok(cosignature_sign(buf_span(&text), world->now_ms / 1000, &mirror,
                               &sec, &seen.line, &err),
              err);
    return seen;
}

void world_cosign_store(struct world *world, struct world_node *node,
                        struct world_log *log, const struct signature *heard)
{
    struct frame_seen seen;

    if (log->recovering) {
        return;
    }
    seen = cosign(world, node, log);
    if (log->guard == node->id) {
        struct guard_cosig *cosig = &log->cosigs[log->cosigs_len++];

        assert_true(log->cosigs_len <= WORLD_COSIGS);
        cosig->head = seen.head;
        cosig->line = seen.line;
        cosig->has_heard = heard != NULL;
        if (heard != NULL) {
            cosig->heard = *heard;
            log->heard_s = world->now_ms / 1000;
        } else {
            log->batch_s = world->now_ms / 1000;
        }
    } else {
        log->held[node->id] = seen;
    }
    world_tell_all(world, node, LINK_COSIGNED, &log->origin);
}

/* Has it all come back? Then work goes on. */
static void settle(struct world *world, struct world_node *node,
                   struct world_log *log)
{
    if (!log->recovering || world_size(log) < log->until ||
        log->cosigs_len < log->recalled) {
        return;
    }
    log->recovering = false;
    log->restored = true;
    if (log->guard == node->id && log->cosigs_len > 0 &&
        log->cosigs[log->cosigs_len - 1].head.size < world_size(log)) {
        world_cosign_store(world, node, log, NULL);
    }
    world_tell_all(world, node, LINK_LOG_GREW, &log->origin);
}

void world_recover(struct world *world, struct world_end *end,
                   const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);

    if (action->from_peer) {
        log->lent = true;
        return;
    }
    if (!log->recovering) {
        log->until = 0;
        log->recalled = 0;
    }
    log->recovering = true;
    log->reason = action->reason;
    snprintf(log->text, sizeof(log->text), "%.*s", (int)action->text.len,
             (const char *)action->text.ptr);
    log->until = action->until > log->until ? action->until : log->until;
    log->recalled =
        action->cosigs > log->recalled ? action->cosigs : log->recalled;
    if (action->reason != LINK_REASON_TOKEN) {
        end->node->doubtful = true;
    }
    settle(world, end->node, log);
}

void world_store_batch(struct world *world, struct world_end *end,
                       const struct link_action *action)
{
    struct world_node *node = end->node;
    struct world_log *log = world_log_make(world, node, &action->origin);
    struct segment segment = action->batch->segment;
    struct segment_checked checked;
    struct range before = world_range_of(log);
    struct error err = {0};
    struct link_event event = {.kind = LINK_BATCH_STORED,
                               .origin = action->origin};
    int rc = segment_check(world->codec, &segment, &before, &log->key,
                           SEGMENT_DUE_TEXTS |
                               (action->privates ? SEGMENT_DUE_PRIVATES : 0u),
                           &world->arena, &checked, &err);

    if (rc != 0) {
        event.kind = LINK_BATCH_REFUSED;
        event.code = rc;
        event.text = span_str("the batch does not verify");
        world_queue_add(world, end, event);
        return;
    }
    world_segment_keep(log, &segment, &checked.range);
    world_queue_add(world, end, event);
    settle(world, node, log);
    if (!action->refill && world->parent[end->other->node->id] == node->id) {
        world_cosign_store(world, node, log, NULL);
    } else {
        world_tell_all(world, node, LINK_LOG_GREW, &log->origin);
    }
}

void world_store_cosigs(struct world *world, struct world_end *end,
                        const struct frame_cosigned *cosigned)
{
    struct world_log *log = world_log_of(end->node, &cosigned->origin);

    for (size_t i = 0; i < cosigned->cosigs_len; i++) {
        if (cosigned->first + i == log->cosigs_len) {
            const struct guard_cosig *cosig = &cosigned->cosigs[i];

            log->cosigs[log->cosigs_len++] = *cosig;
            if (cosig->has_heard) {
                log->heard_s = cosignature_time(&cosig->line);
            } else {
                log->batch_s = cosignature_time(&cosig->line);
            }
        }
    }
    settle(world, end->node, log);
    world_tell_all(world, end->node, LINK_LOG_GREW, &cosigned->origin);
}

void world_freeze(struct world_end *end, const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);

    log->frozen = true;
    log->reason = action->reason;
    snprintf(log->text, sizeof(log->text), "%.*s", (int)action->text.len,
             (const char *)action->text.ptr);
}
