/* tests/protocol: the world of link_world.h: nodes, lines between them, and the
 * time in which frames arrive. Nothing happens by itself: a test runs it. Next:
 * link_world_do.c (the engine), link_world_store.c (what it keeps). */
#include "tests/protocol/link_world_internal.h"

#include "tests/support/test.h"

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
            world_trace(world, end, '~', frame_name(frame.kind));
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
    world->queue = calloc(WORLD_QUEUE_MAX, sizeof(*world->queue));
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
        .realm = WORLD_REALM,
        .self = self,
        .peer = peer,
        .guard = side == LINK_UP || side == LINK_DOWN,
        .standby = world->standby,
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
    options.mirror = world_mirror_of(self, name, &sec);
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

struct world *world_chain(const uint32_t parents[WORLD_NODES], uint32_t last)
{
    struct world *world = world_new(parents);

    for (uint32_t node = 2; node <= last; node++) {
        world_line(world, node);
    }
    return world;
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
        world_sequence(world, &world->nodes[node], UINT32_MAX);
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
    world_log_append(world, &world->nodes[node], log, events);
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
        world_logs_free(&world->nodes[i]);
    }
    segment_codec_free(world->codec);
    arena_release(&world->arena);
    free(world->trace);
    free(world->queue);
    free(world);
}

/* ---- what a test asks ---- */

void world_seconds(struct world *world, uint64_t count)
{
    world_run(world, world->now_ms + count * 1000);
}

struct world_log *world_log_at(struct world *world, uint32_t node,
                               struct origin origin)
{
    struct world_log *log = world_log_of(&world->nodes[node], &origin);

    assert_non_null(log);
    return log;
}

struct link_info world_info(struct world *world, uint32_t node, uint32_t peer)
{
    struct link_info info;

    link_info(world_end_of(world, node, peer)->link, &info);
    return info;
}

void world_assert_same(struct world *world, uint32_t a, uint32_t b,
                       struct origin origin, uint64_t size)
{
    struct hash left = world_root(world_log_at(world, a, origin));
    struct hash right = world_root(world_log_at(world, b, origin));

    assert_int_equal(world_size(world_log_at(world, a, origin)), size);
    assert_int_equal(world_size(world_log_at(world, b, origin)), size);
    assert_memory_equal(&left, &right, sizeof(left));
}

struct frame world_batch_frame(struct world *world, size_t segment)
{
    static const struct origin district = {.node = 2, .epoch = 1};
    struct frame frame = {.kind = FRAME_BATCH};

    frame.batch.origin = district;
    frame.batch.segment =
        world_log_at(world, 2, district)->segments[segment].segment;
    link_stamp(world_end_of(world, 2, 1)->link, &frame);
    return frame;
}
