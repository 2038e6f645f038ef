/* tests/protocol: the world of link_world.h: a store in memory and an engine
 * that performs the machine's actions at once. It is honest: what it answers
 * is durable, as far as memory goes. */
#include "tests/protocol/link_world.h"

#include "tests/support/test.h"

#define REALM "thu"

struct queued {
    struct world_end *end;
    struct link_event event;
};

enum {
    QUEUE_MAX = 4096
};

static const struct span realm = {(const uint8_t *)REALM, sizeof(REALM) - 1};

/* ---- keys ---- */

static void keys_of(uint32_t node, uint8_t purpose, struct sign_public *pub,
                    struct sign_secret *sec)
{
    struct sign_seed seed = {{0}};

    seed.bytes[0] = (uint8_t)node;
    seed.bytes[1] = purpose;
    sign_keys(&seed, pub, sec);
}

static uint8_t log_purpose(const struct origin *origin)
{
    return (uint8_t)((origin->dir ? 64 : 32) + origin->epoch);
}

static struct vkey mirror_of(uint32_t node, char name[64],
                             struct sign_secret *sec)
{
    struct sign_public pub;
    struct vkey vkey;
    struct error err = {0};
    struct buf buf = buf_over(name, 64);

    origin_mirror_name(realm, node, &buf);
    keys_of(node, 1, &pub, sec);
    assert_ok(vkey_make(buf_span(&buf), VKEY_COSIGNATURE, &pub, &vkey, &err),
              err);
    return vkey;
}

/* ---- the store ---- */

uint64_t world_size(const struct world_log *log)
{
    return log == NULL || log->segments_len == 0
               ? 0
               : log->segments[log->segments_len - 1].after.size;
}

struct hash world_root(const struct world_log *log)
{
    return world_size(log) == 0
               ? merkle_empty_root()
               : range_root(&log->segments[log->segments_len - 1].after);
}

struct world_log *world_log_of(struct world_node *node,
                               const struct origin *origin)
{
    for (size_t i = 0; i < node->logs_len; i++) {
        if (origin_equal(&node->logs[i].origin, origin)) {
            return &node->logs[i];
        }
    }
    return NULL;
}

struct world_log *world_log_make(struct world *world, struct world_node *node,
                                 const struct origin *origin)
{
    struct world_log *log = world_log_of(node, origin);
    struct sign_public pub;
    struct sign_secret sec;
    struct error err = {0};
    size_t place = 0;

    if (log != NULL) {
        return log;
    }
    assert_true(node->logs_len < WORLD_LOGS);
    while (place < node->logs_len &&
           origin_compare(&node->logs[place].origin, origin) < 0) {
        place++;
    }
    memmove(&node->logs[place + 1], &node->logs[place],
            (node->logs_len - place) * sizeof(*log));
    node->logs_len++;
    for (size_t i = place + 1; i < node->logs_len; i++) {
        node->logs[i].key.name.ptr = (const uint8_t *)node->logs[i].name;
    }
    log = &node->logs[place];
    memset(log, 0, sizeof(*log));
    log->origin = *origin;
    log->guard = world->parent[origin->node];
    log->segments = calloc(WORLD_SEGMENTS, sizeof(*log->segments));
    log->cosigs = calloc(WORLD_COSIGS, sizeof(*log->cosigs));

    struct buf buf = buf_over(log->name, sizeof(log->name));

    origin_format(realm, origin, &buf);
    keys_of(origin->node, log_purpose(origin), &pub, &sec);
    assert_ok(vkey_make(buf_span(&buf), VKEY_ED25519, &pub, &log->key, &err),
              err);
    return log;
}

static struct span span_dup(uint8_t **at, struct span bytes)
{
    struct span copy = span_make(*at, bytes.len);

    if (bytes.len > 0) {
        memcpy(*at, bytes.ptr, bytes.len);
    }
    *at += bytes.len;
    return copy;
}

static void segment_keep(struct world_log *log, const struct segment *segment,
                         const struct range *after)
{
    struct world_segment *kept = &log->segments[log->segments_len];
    uint8_t *at = NULL;

    assert_true(log->segments_len < WORLD_SEGMENTS);
    kept->bytes = malloc(segment->note.len + segment->leaves_z.len +
                         segment->texts_z.len + segment->privates.len +
                         segment->absent.len + 1);
    at = kept->bytes;
    kept->segment = *segment;
    kept->segment.note = span_dup(&at, segment->note);
    kept->segment.leaves_z = span_dup(&at, segment->leaves_z);
    kept->segment.texts_z = span_dup(&at, segment->texts_z);
    kept->segment.privates = span_dup(&at, segment->privates);
    kept->segment.absent = span_dup(&at, segment->absent);
    kept->segment.sealed = (struct span){NULL, 0};
    kept->after = *after;
    log->segments_len++;
}

static struct range range_of(const struct world_log *log)
{
    struct range range;

    range_init(&range);
    return log->segments_len == 0 ? range
                                  : log->segments[log->segments_len - 1].after;
}

/* ---- images ---- */

static void logs_copy(struct world_node *to, const struct world_node *from)
{
    *to = *from;
    for (size_t i = 0; i < from->logs_len; i++) {
        const struct world_log *old = &from->logs[i];
        struct world_log *log = &to->logs[i];

        log->key.name.ptr = (const uint8_t *)log->name;
        log->segments = calloc(WORLD_SEGMENTS, sizeof(*log->segments));
        log->cosigs = calloc(WORLD_COSIGS, sizeof(*log->cosigs));
        memcpy(log->cosigs, old->cosigs,
               old->cosigs_len * sizeof(*old->cosigs));
        log->segments_len = 0;
        for (size_t j = 0; j < old->segments_len; j++) {
            segment_keep(log, &old->segments[j].segment,
                         &old->segments[j].after);
        }
    }
}

static void logs_free(struct world_node *node)
{
    for (size_t i = 0; i < node->logs_len; i++) {
        for (size_t j = 0; j < node->logs[i].segments_len; j++) {
            free(node->logs[i].segments[j].bytes);
        }
        free(node->logs[i].segments);
        free(node->logs[i].cosigs);
    }
    node->logs_len = 0;
}

struct world_node *world_image(const struct world_node *node)
{
    struct world_node *image = calloc(1, sizeof(*image));

    logs_copy(image, node);
    return image;
}

void world_restore(struct world_node *node, struct world_node *image)
{
    logs_free(node);
    logs_copy(node, image);
}

void world_reborn(struct world *world, uint32_t node)
{
    world->nodes[node].born_ms = world->now_ms;
    world->nodes[node].doubtful = false;
    memset(world->nodes[node].alive_ms, 0, sizeof(world->nodes[node].alive_ms));
}

void world_image_free(struct world_node *image)
{
    logs_free(image);
    free(image);
}

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

/* ---- the line ---- */

static void trace(struct world *world, const struct world_end *end, char arrow,
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

static void packet_send(struct world *world, struct world_end *end,
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
    packet_send(world, end, bytes);
    if (len != NULL) {
        *len += bytes.len;
    }
}

static void queue_add(struct world *world, struct world_end *end,
                      struct link_event event)
{
    assert_true(world->queue_len < QUEUE_MAX);
    world->queue[world->queue_len++] = (struct queued){end, event};
}

static void tell_all(struct world *world, struct world_node *node,
                     enum link_happened kind, const struct origin *origin)
{
    for (size_t i = 0; i < world->ends_len; i++) {
        if (world->ends[i].node == node) {
            struct link_event event = {.kind = kind, .origin = *origin};

            queue_add(world, &world->ends[i], event);
        }
    }
}

/* ---- what the engine does ---- */

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

    keys_of(log->origin.node, log_purpose(&log->origin), &pub, &sec);
    assert_ok(checkpoint_sign(&checkpoint, &log->key, &sec, &buf, &err), err);
    return buf_span(&buf);
}

/* Leaves of 100 bytes, told apart by node and number. */
static void log_append(struct world *world, struct world_node *node,
                       struct world_log *log, uint64_t events)
{
    while (events > 0) {
        size_t mark = world->arena.used;
        struct segment_item items[BATCH_EVENTS_MAX];
        struct segment segment;
        struct error err = {0};
        struct range range = range_of(log);
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
        segment_keep(log, &segment, &range);
        arena_rewind(&world->arena, mark);
        events -= count;
    }
}

static void sequence(struct world *world, struct world_node *node,
                     uint64_t max_bytes)
{
    struct origin origin = {.node = node->id, .epoch = 1};
    uint64_t events = max_bytes / 100 + 1;

    if (events > node->spool) {
        events = node->spool;
    }
    log_append(world, node, world_log_make(world, node, &origin), events);
    node->spool -= events;
    tell_all(world, node, LINK_LOG_GREW, &origin);
}

/* Signs the head as this node's mirror. */
static struct frame_seen cosign(struct world *world, struct world_node *node,
                                struct world_log *log)
{
    char name[64];
    struct sign_secret sec;
    struct vkey mirror = mirror_of(node->id, name, &sec);
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

static void cosign_store(struct world *world, struct world_node *node,
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
    tell_all(world, node, LINK_COSIGNED, &log->origin);
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
        cosign_store(world, node, log, NULL);
    }
    tell_all(world, node, LINK_LOG_GREW, &log->origin);
}

static void recover(struct world *world, struct world_end *end,
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

static void store_batch(struct world *world, struct world_end *end,
                        const struct link_action *action)
{
    struct world_node *node = end->node;
    struct world_log *log = world_log_make(world, node, &action->origin);
    struct segment segment = action->batch->segment;
    struct segment_checked checked;
    struct range before = range_of(log);
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
        queue_add(world, end, event);
        return;
    }
    segment_keep(log, &segment, &checked.range);
    queue_add(world, end, event);
    settle(world, node, log);
    if (!action->refill && world->parent[end->other->node->id] == node->id) {
        cosign_store(world, node, log, NULL);
    } else {
        tell_all(world, node, LINK_LOG_GREW, &log->origin);
    }
}

static void store_cosigs(struct world *world, struct world_end *end,
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
    tell_all(world, end->node, LINK_LOG_GREW, &cosigned->origin);
}

static void send_segment(struct world *world, struct world_end *end,
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
    queue_add(world, end, event);
}

static void send_cosigs(struct world *world, struct world_end *end,
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

static void send_held(struct world *world, struct world_end *end,
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

static void send_deliveries(struct world *world, struct world_end *end,
                            const struct link_action *action)
{
    uint32_t child = end->other->node->id;
    struct link_event event = {.kind = LINK_DELIVERIES_SENT};
    size_t bytes = 0;

    for (uint64_t i = action->from; i <= end->node->queued[child] &&
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
    queue_add(world, end, event);
}

static void freeze(struct world_end *end, const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);

    log->frozen = true;
    log->reason = action->reason;
    snprintf(log->text, sizeof(log->text), "%.*s", (int)action->text.len,
             (const char *)action->text.ptr);
}

static void ask_heard(struct world *world, struct world_end *end,
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

    keys_of(end->node->id, 2, &pub, &sec);
    checkpoint_format(&checkpoint, &text);
    heard_text(buf_span(&text), action->from, &buf);
    event.signature = sign_bytes(&sec, buf_span(&buf));
    queue_add(world, end, event);
}

static void cosign_repeat(struct world *world, struct world_end *end,
                          const struct link_action *action)
{
    struct world_log *log = world_log_of(end->node, &action->origin);
    struct sign_public pub;
    struct sign_secret sec;
    uint8_t bytes[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(bytes, sizeof(bytes));
    struct checkpoint checkpoint = {.origin = log->key.name,
                                    .head = {world_size(log), world_root(log)}};

    keys_of(action->origin.node, 2, &pub, &sec);
    checkpoint_format(&checkpoint, &text);
    assert_int_equal(action->from, log->cosigs_len);
    if (!heard_verify(buf_span(&text), action->from, &action->signature,
                      &pub)) {
        return; /* asked with a signature that is not the node's */
    }
    cosign_store(world, end->node, log, &action->signature);
}

static void token_do(struct world_end *end, const struct link_action *action)
{
    struct link_tokens *tokens = &end->node->tokens[end->other->node->id];

    if (action->kind == LINK_DO_ISSUE_TOKEN) {
        tokens->has_current = action->has_old;
        tokens->current = action->old_token;
        tokens->has_issued = true;
        tokens->issued = action->token;
    } else {
        tokens->has_current = true;
        tokens->current = action->token;
        tokens->has_issued = false;
    }
}

static void perform(struct world *world, struct world_end *end,
                    const struct link_action *action)
{
    struct link_event event = {0};

    trace(world, end, '>', link_do_name(action->kind));
    switch (action->kind) {
    case LINK_DO_SEND:
        packet_send(world, end, action->bytes);
        break;
    case LINK_DO_SEND_SEGMENT:
        send_segment(world, end, action);
        break;
    case LINK_DO_SEND_COSIGS:
        send_cosigs(world, end, action);
        break;
    case LINK_DO_SEND_HELD:
        send_held(world, end, action);
        break;
    case LINK_DO_SEND_DELIVERIES:
        send_deliveries(world, end, action);
        break;
    case LINK_DO_SEQUENCE:
        sequence(world, end->node, action->max_bytes);
        break;
    case LINK_DO_STORE_BATCH:
        store_batch(world, end, action);
        break;
    case LINK_DO_STORE_COSIGS:
        store_cosigs(world, end, action->cosigned);
        break;
    case LINK_DO_STORE_HELD:
        world_log_of(end->node, &action->origin)->held[action->held->node] =
            (struct frame_seen){true, action->held->head, action->held->line};
        tell_all(world, end->node, LINK_HELD_GREW, &action->origin);
        break;
    case LINK_DO_STORE_DELIVERY:
        end->node->delivered = action->from;
        event.kind = LINK_DELIVERY_STORED;
        event.number = action->from;
        queue_add(world, end, event);
        break;
    case LINK_DO_DELIVERY_ACKED:
        end->node->acked[end->other->node->id] = action->from;
        break;
    case LINK_DO_COMMIT_TOKEN:
    case LINK_DO_ISSUE_TOKEN:
    case LINK_DO_TOKEN_SEEN:
        token_do(end, action);
        break;
    case LINK_DO_COSIGN_REPEAT:
        cosign_repeat(world, end, action);
        break;
    case LINK_DO_FREEZE:
        freeze(end, action);
        break;
    case LINK_DO_RECOVER:
        recover(world, end, action);
        break;
    case LINK_DO_EVIDENCE:
    case LINK_DO_RECOVERED:
        world_log_of(end->node, &action->origin)->lent_back = true;
        break;
    case LINK_DO_NOTE:
        end->note = action->reason;
        end->note_from_peer = action->from_peer;
        snprintf(end->note_text, sizeof(end->note_text), "%.*s",
                 (int)action->text.len, (const char *)action->text.ptr);
        break;
    case LINK_DO_STRIKE:
        end->strikes++;
        break;
    case LINK_DO_ANSWER_MEND:
        end->mend_asked++;
        break;
    case LINK_DO_MEND:
        end->mended++;
        break;
    case LINK_DO_ASK_HEARD:
        ask_heard(world, end, action);
        break;
    case LINK_DO_READY:
        end->ready++;
        break;
    case LINK_DO_ATTACH: /* files are the engine's */
        break;
    case LINK_DO_CLOSE:
        end->closed = true;
        break;
    case LINK_DO_JOIN_REQUESTED:
        free((void *)(uintptr_t)end->join_request.ptr);
        end->join_request.ptr = malloc(action->bytes.len + 1);
        end->join_request.len = action->bytes.len;
        memcpy((void *)(uintptr_t)end->join_request.ptr, action->bytes.ptr,
               action->bytes.len);
        break;
    case LINK_DO_JOIN_ANSWERED:
        end->joined = action->status;
        break;
    case LINK_DO_JOINED:
        end->join_done = true;
        break;
    case LINK_DO_SEND_STAGED:
    case LINK_DO_TAKE_SPOOLED:
    case LINK_DO_TAKE_STAGED:
    case LINK_DOINGS:
        break;
    }
}

static void step_once(struct world *world, struct world_end *end,
                      struct link_event event)
{
    struct link_view view = {.data = end,
                             .log = view_log,
                             .next = view_next,
                             .root_at = view_root_at,
                             .cosigs_within = view_cosigs_within,
                             .parent_of = view_parent_of,
                             .tokens = view_tokens,
                             .spooled = view_spooled,
                             .deliveries = view_deliveries,
                             .queue = view_queue};
    uint8_t random[LINK_RANDOM_SIZE] = {0};
    struct link_actions actions = {0};
    struct link_info info;
    struct error err = {0};

    world->counter++;
    for (size_t i = 0; i < sizeof(random); i += 8) {
        memcpy(random + i, &world->counter, 8);
        random[i + 7] = (uint8_t)(i + 1);
    }
    event.now_ms = world->now_ms;
    event.random = random;
    assert_ok(
        link_step(end->link, &event, &view, &world->arena, &actions, &err),
        err);
    link_info(end->link, &info);
    if (event.kind == LINK_FRAME && info.state == LINK_OPEN && !info.waiting) {
        end->node->alive_ms[end->other->node->id] = world->now_ms;
    }
    for (const struct link_action *a = actions.first; a != NULL; a = a->next) {
        perform(world, end, a);
    }
}

void world_event(struct world *world, struct world_end *end,
                 struct link_event event)
{
    size_t at = 0;

    queue_add(world, end, event);
    for (at = 0; at < world->queue_len; at++) {
        arena_reset(&world->arena);
        step_once(world, world->queue[at].end, world->queue[at].event);
    }
    world->queue_len = 0;
}

void world_inject(struct world *world, struct world_end *end,
                  struct frame *frame)
{
    struct span bytes = {0};
    struct error err = {0};
    struct link_event event = {.kind = LINK_FRAME};
    uint8_t *copy = NULL;

    assert_ok(frame_pack(frame, &world->arena, &bytes, &err), err);
    copy = malloc(bytes.len + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    event.bytes = span_make(copy, bytes.len);
    world_event(world, end, event);
    free(copy);
}

/* ---- time ---- */

static struct world_end *packet_next(struct world *world)
{
    struct world_end *best = NULL;

    for (size_t i = 0; i < world->ends_len; i++) {
        struct world_end *end = &world->ends[i];

        if (end->packets_len > 0 &&
            (best == NULL || end->packets[0].at_ms < best->packets[0].at_ms)) {
            best = end;
        }
    }
    return best;
}

static void packet_deliver(struct world *world, struct world_end *end)
{
    struct world_packet packet = end->packets[0];
    struct link_event event = {.kind = LINK_FRAME};

    end->packets_len--;
    memmove(&end->packets[0], &end->packets[1],
            end->packets_len * sizeof(packet));
    if (packet.at_ms > world->now_ms) {
        world->now_ms = packet.at_ms;
    }
    if (world->trace != NULL) {
        struct frame frame;
        struct error err = {0};

        arena_reset(&world->arena);
        if (frame_decode(span_make(packet.bytes, packet.len), &world->arena,
                         &frame, &err) == 0) {
            trace(world, end, '~', frame_name(frame.kind));
        }
    }
    event.bytes = span_make(packet.bytes, packet.len);
    world_event(world, end->other, event);
    free(packet.bytes);
}

void world_run(struct world *world, uint64_t until_ms)
{
    for (;;) {
        struct world_end *next = packet_next(world);
        struct world_end *timer = NULL;
        uint64_t at = UINT64_MAX;

        for (size_t i = 0; i < world->ends_len; i++) {
            uint64_t deadline = link_deadline_ms(world->ends[i].link);

            if (deadline < at) {
                at = deadline;
                timer = &world->ends[i];
            }
        }
        if (next != NULL && next->packets[0].at_ms <= until_ms &&
            (next->packets[0].at_ms <= at ||
             next->packets[0].at_ms <= world->now_ms)) {
            packet_deliver(world, next);
        } else if (timer != NULL && at <= until_ms) {
            struct link_event event = {.kind = LINK_TICK};

            if (at > world->now_ms) {
                world->now_ms = at;
            }
            world_event(world, timer, event);
        } else {
            break;
        }
    }
    if (world->now_ms < until_ms) {
        world->now_ms = until_ms;
    }
}

unsigned world_frames(struct world *world, unsigned count)
{
    struct world_end *next = NULL;
    unsigned done = 0;

    while (done < count && (next = packet_next(world)) != NULL) {
        packet_deliver(world, next);
        done++;
    }
    return done;
}

/* ---- the world ---- */

struct world *world_new(const uint32_t parents[WORLD_NODES])
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = {0};

    assert_non_null(world);
    assert_ok(crypto_start(&err), err);
    memcpy(world->parent, parents, sizeof(world->parent));
    world->now_ms = UINT64_C(1700000000000);
    world->batch_events = 16;
    world->queue = calloc(QUEUE_MAX, sizeof(*world->queue));
    assert_ok(segment_codec_new(&world->codec, &err), err);
    assert_ok(arena_new(&world->arena, 16u << 20, &err), err);
    for (uint32_t i = 1; i < WORLD_NODES; i++) {
        struct origin record = {.node = i, .epoch = 1};
        struct origin dir = {.node = i, .epoch = 1, .dir = true};

        world->nodes[i].id = i;
        if (i != 1 && parents[i] == 0) {
            continue;
        }
        world_log_make(world, &world->nodes[i], &record);
        for (uint32_t j = 1; j < WORLD_NODES; j++) {
            if (parents[j] == i) {
                world_log_make(world, &world->nodes[i], &dir);
            }
        }
    }
    return world;
}

static struct world_end *end_new(struct world *world, uint32_t self,
                                 uint32_t peer, enum link_side side,
                                 struct frame_join_request join)
{
    struct world_end *end = &world->ends[world->ends_len++];
    char *name = NULL;
    struct sign_secret sec;
    struct link_options options = {
        .side = side,
        .realm = realm,
        .self = self,
        .peer = peer,
        .guard = side == LINK_UP || side == LINK_DOWN,
        .software = span_str("test"),
        .join = join,
        .tracks_max = WORLD_TRACKS,
    };
    struct error err = {0};

    assert_true(world->ends_len <= WORLD_ENDS);
    end->memory =
        calloc(1, link_size() + WORLD_TRACKS * link_track_size() + 64);
    name = (char *)end->memory + link_size() + WORLD_TRACKS * link_track_size();
    options.tracks = (char *)end->memory + link_size();
    options.mirror = mirror_of(self, name, &sec);
    end->world = world;
    end->node = &world->nodes[self];
    assert_ok(link_init(end->memory, &options, &end->link, &err), err);
    return end;
}

void world_line(struct world *world, uint32_t child)
{
    struct frame_join_request none = {0};
    struct world_end *down =
        end_new(world, world->parent[child], child, LINK_DOWN, none);
    struct world_end *up =
        end_new(world, child, world->parent[child], LINK_UP, none);

    down->other = up;
    up->other = down;
}

void world_join_line(struct world *world, uint32_t child,
                     struct frame_join_request request)
{
    struct world_end *down =
        end_new(world, world->parent[child], child, LINK_INVITER, request);
    struct world_end *up =
        end_new(world, child, world->parent[child], LINK_JOINER, request);

    down->other = up;
    up->other = down;
}

struct world_end *world_end_of(struct world *world, uint32_t node,
                               uint32_t peer)
{
    for (size_t i = 0; i < world->ends_len; i++) {
        if (world->ends[i].node->id == node &&
            world->ends[i].other->node->id == peer) {
            return &world->ends[i];
        }
    }
    fail_msg("no line from %u to %u", node, peer);
    return NULL;
}

void world_connect(struct world *world, uint32_t child)
{
    struct world_end *up = world_end_of(world, child, world->parent[child]);
    struct link_event event = {.kind = LINK_OPENED};

    up->up = up->other->up = true;
    up->closed = up->other->closed = false;
    world_event(world, up, event);
}

static void packets_drop(struct world_end *end)
{
    for (size_t i = 0; i < end->packets_len; i++) {
        free(end->packets[i].bytes);
    }
    end->packets_len = 0;
    end->busy_ms = 0;
}

void world_cut(struct world *world, uint32_t child)
{
    struct world_end *up = world_end_of(world, child, world->parent[child]);
    struct link_event event = {.kind = LINK_LOST};

    packets_drop(up);
    packets_drop(up->other);
    up->up = up->other->up = false;
    world_event(world, up, event); /* the parent learns it by silence */
}

void world_record(struct world *world, uint32_t node, uint64_t events)
{
    struct origin origin = {.node = node, .epoch = 1};
    struct link_event event = {.kind = LINK_SPOOL_GREW};

    world->nodes[node].spool += events;
    if (world->parent[node] == 0) {
        arena_reset(&world->arena);
        sequence(world, &world->nodes[node], UINT32_MAX);
        event = (struct link_event){.kind = LINK_LOG_GREW, .origin = origin};
    }
    for (size_t i = 0; i < world->ends_len; i++) {
        if (world->ends[i].node->id == node) {
            world_event(world, &world->ends[i], event);
        }
    }
}

void world_direct(struct world *world, uint32_t node, uint64_t events)
{
    struct origin origin = {.node = node, .epoch = 1, .dir = true};
    struct link_event event = {.kind = LINK_LOG_GREW, .origin = origin};
    struct world_log *log = world_log_make(world, &world->nodes[node], &origin);

    arena_reset(&world->arena);
    log_append(world, &world->nodes[node], log, events);
    for (size_t i = 0; i < world->ends_len; i++) {
        if (world->ends[i].node->id == node) {
            world_event(world, &world->ends[i], event);
        }
    }
}

void world_deliver(struct world *world, uint32_t node, uint32_t child,
                   uint64_t count)
{
    struct link_event event = {.kind = LINK_DELIVERY_QUEUED};

    world->nodes[node].queued[child] += count;
    world_event(world, world_end_of(world, node, child), event);
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->ends_len; i++) {
        packets_drop(&world->ends[i]);
        free(world->ends[i].packets);
        free(world->ends[i].memory);
        free((void *)(uintptr_t)world->ends[i].join_request.ptr);
    }
    for (uint32_t i = 0; i < WORLD_NODES; i++) {
        logs_free(&world->nodes[i]);
    }
    segment_codec_free(world->codec);
    arena_release(&world->arena);
    free(world->trace);
    free(world->queue);
    free(world);
}
