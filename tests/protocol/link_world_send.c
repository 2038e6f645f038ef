/* tests/protocol: the half of the engine of link_world.h that sends: segments,
 * cosignatures, deliveries, and the line that they travel on. A node that lies
 * lies here. Next: link_world_keep.c. */
#include "tests/protocol/link_world_internal.h"

#include "tests/support/test.h"

/* ---- the line ---- */

void world_trace(struct world *world, const struct world_end *end, char arrow,
                 const char *what)
{
    char line[256];

    if (world->trace == NULL) {
        return;
    }

    int len = snprintf(line, sizeof(line), "%u%c%u %s\n", end->node->id, arrow,
                       end->other->node->id, what);

    if (len > 0 && world->trace_len + (size_t)len < world->trace_max) {
        memcpy(world->trace + world->trace_len, line, (size_t)len + 1);
        world->trace_len += (size_t)len;
    }
}

void world_packet_send(struct world *world, struct world_end *end,
                       struct span bytes)
{
    struct world_packet *packet = NULL;
    uint64_t in_flight = bytes.len;

    if (!end->up) {
        return;
    }
    if (end->packets_len == end->packets_max) {
        end->packets_max = end->packets_max == 0 ? 64 : end->packets_max * 2;
        end->packets =
            realloc(end->packets, end->packets_max * sizeof(*packet));
    }
    if (end->busy_ms < world->now_ms) {
        end->busy_ms = world->now_ms;
    }
    if (world->rate != 0) {
        end->busy_ms += bytes.len * 1000 / world->rate;
    }
    packet = &end->packets[end->packets_len++];
    packet->bytes = malloc(bytes.len + 1);
    memcpy(packet->bytes, bytes.ptr, bytes.len);
    packet->len = bytes.len;
    packet->at_ms = end->busy_ms + world->delay_ms;
    end->sent_frames++;
    for (size_t i = 0; i + 1 < end->packets_len; i++) {
        in_flight += end->packets[i].len;
    }
    if (in_flight > end->peak_bytes) {
        end->peak_bytes = in_flight;
    }
}

static void frame_send(struct world *world, struct world_end *end,
                       struct frame *frame, size_t *len)
{
    struct span bytes = {0};
    struct error err = {0};

    link_stamp(end->link, frame);
    assert_ok(frame_pack(frame, &world->arena, &bytes, &err), err);
    world_packet_send(world, end, bytes);
    if (len != NULL) {
        *len += bytes.len;
    }
}

void world_queue_add(struct world *world, struct world_end *end,
                     struct link_event event)
{
    assert_true(world->queue_len < WORLD_QUEUE_MAX);
    world->queue[world->queue_len++] = (struct queued){end, event};
}

void world_tell_all(struct world *world, struct world_node *node,
                    enum link_happened kind, const struct origin *origin)
{
    for (size_t i = 0; i < world->ends_len; i++) {
        if (world->ends[i].node == node) {
            struct link_event event = {.kind = kind, .origin = *origin};

            world_queue_add(world, &world->ends[i], event);
        }
    }
}

void world_send_segment(struct world *world, struct world_end *end,
                        const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);
    struct link_event event = {.kind = LINK_SEGMENT_MISSING,
                               .origin = action->origin};

    for (size_t i = 0; i < log->segments_len; i++) {
        struct frame frame = {.kind = FRAME_BATCH};
        size_t len = 0;

        if (log->segments[i].segment.first != action->from) {
            continue;
        }
        frame.batch.origin = action->origin;
        frame.batch.segment = log->segments[i].segment;
        frame.batch.more = link_batch_more(action, frame.batch.segment.count);
        if (!action->privates) {
            frame.batch.segment.privates = (struct span){NULL, 0};
        }
        if (end->node->lie && action->origin.node != end->node->id) {
            struct span copy =
                arena_copy(&world->arena, frame.batch.segment.leaves_z);
            uint8_t *bytes = arena_alloc(&world->arena, copy.len);

            memcpy(bytes, copy.ptr, copy.len);
            bytes[copy.len / 2] ^= 1;
            frame.batch.segment.leaves_z = span_make(bytes, copy.len);
        }
        frame_send(world, end, &frame, &len);
        event.kind = LINK_SEGMENT_SENT;
        event.count = frame.batch.segment.count;
        event.number = len;
        break;
    }
    world_queue_add(world, end, event);
}

void world_send_cosigs(struct world *world, struct world_end *end,
                       const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);
    struct frame frame = {.kind = FRAME_COSIGNED};

    assert_true(action->until <= log->cosigs_len);
    for (uint64_t from = action->from; from < action->until;) {
        uint64_t count = action->until - from;

        frame.cosigned.origin = action->origin;
        frame.cosigned.first = from;
        frame.cosigned.cosigs = &log->cosigs[from];
        frame.cosigned.cosigs_len =
            count < FRAME_COSIGS_MAX ? count : FRAME_COSIGS_MAX;
        from += frame.cosigned.cosigs_len;
        frame_send(world, end, &frame, NULL);
    }
}

void world_send_held(struct world *world, struct world_end *end,
                     const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);

    for (uint32_t i = 1; log != NULL && i < WORLD_NODES; i++) {
        struct frame frame = {.kind = FRAME_HELD};

        if (!log->held[i].has || log->guard == i) {
            continue;
        }
        frame.held.origin = action->origin;
        frame.held.node = i;
        frame.held.head = log->held[i].head;
        frame.held.line = log->held[i].line;
        frame_send(world, end, &frame, NULL);
    }
}

void world_send_deliveries(struct world *world, struct world_end *end,
                           const struct link_action *action)
{
    uint32_t child = end->other->node->id;
    struct link_event event = {.kind = LINK_DELIVERIES_SENT};
    size_t bytes = 0;

    for (uint64_t i = action->from;
         !end->node->unmade && i <= end->node->queued[child] &&
         (bytes == 0 || bytes < action->max_bytes);
         i++) {
        struct frame frame = {.kind = FRAME_DELIVERY};

        frame.delivery.number = i;
        frame.delivery.to_node = child;
        frame.delivery.origin =
            (struct origin){.node = end->node->id, .epoch = 1};
        frame.delivery.leaf = span_str("a leaf");
        frame_send(world, end, &frame, &bytes);
        event.number = i;
    }
    event.count = bytes;
    world_queue_add(world, end, event);
}

void world_ask_heard(struct world *world, struct world_end *end,
                     const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);
    struct sign_public pub;
    struct sign_secret sec;
    uint8_t text_bytes[CHECKPOINT_TEXT_MAX];
    uint8_t bytes[HEARD_TEXT_MAX];
    struct buf text = buf_over(text_bytes, sizeof(text_bytes));
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct checkpoint checkpoint = {.origin = log->key.name,
                                    .head = {world_size(log), world_root(log)}};
    struct link_event event = {.kind = LINK_HEARD_SIGNED,
                               .origin = action->origin,
                               .number = action->from};

    world_keys_of(end->node->id, 2, &pub, &sec);
    checkpoint_format(&checkpoint, &text);
    heard_text(buf_span(&text), action->from, &buf);
    event.signature = sign_bytes(&sec, buf_span(&buf));
    world_queue_add(world, end, event);
}

void world_cosign_repeat(struct world *world, struct world_end *end,
                         const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);
    struct sign_public pub;
    struct sign_secret sec;
    uint8_t bytes[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(bytes, sizeof(bytes));
    struct checkpoint checkpoint = {.origin = log->key.name,
                                    .head = {world_size(log), world_root(log)}};

    world_keys_of(action->origin.node, 2, &pub, &sec);
    checkpoint_format(&checkpoint, &text);
    assert_int_equal(action->from, log->cosigs_len);
    if (!heard_verify(buf_span(&text), action->from, &action->signature,
                      &pub)) {
        return; /* asked with a signature that is not the node's */
    }
    world_cosign_store(world, end->node, log, &action->signature);
}
