/* tests/fuzz: any bytes as a conversation. Script: u8 side, then per event a
 * u8: below 32 that event with small numbers, else a frame of the following
 * u8 * 8 bytes (with a good token put before it when the u8 is odd). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
    TRACKS = 8
};

static uint8_t memory[4u * FRAME_ARENA_MIN];

static int view_log(void *data, uint32_t peer, const struct origin *origin,
                    struct link_log *out, struct error *err)
{
    (void)data;
    (void)peer;
    if (origin->node > 4 || origin->epoch != 1) {
        return error_set(err, ERR_NOTFOUND, "no such log");
    }
    *out = (struct link_log){.guard = origin->node / 2, .cosigs = 3};
    out->head.size = origin->node;
    out->cosigned_size = origin->node;
    return 0;
}

static int view_next(void *data, const struct origin *after, struct origin *out,
                     struct error *err)
{
    (void)data;
    *out = (struct origin){.node = after == NULL ? 1 : after->node + 1,
                           .epoch = 1};
    return out->node > 4 ? error_set(err, ERR_NOTFOUND, "the end") : 0;
}

static int view_root_at(void *data, const struct origin *origin, uint64_t size,
                        struct hash *out, struct error *err)
{
    (void)data;
    (void)origin;
    (void)err;
    *out = merkle_empty_root();
    return size > 4 ? ERR_NOTFOUND : 0;
}

static int view_cosigs_within(void *data, const struct origin *origin,
                              uint64_t size, uint64_t *out, struct error *err)
{
    (void)data;
    (void)origin;
    (void)err;
    *out = size < 3 ? size : 3;
    return 0;
}

static int view_parent_of(void *data, uint32_t node, uint32_t *out,
                          struct error *err)
{
    (void)data;
    *out = node / 2;
    return node > 4 ? error_set(err, ERR_NOTFOUND, "nobody") : 0;
}

static int view_tokens(void *data, uint32_t peer, struct link_tokens *out,
                       struct error *err)
{
    (void)data;
    (void)peer;
    (void)err;
    *out = (struct link_tokens){0};
    return 0;
}

static int view_number(void *data, uint64_t *out, struct error *err)
{
    (void)data;
    (void)err;
    *out = 2;
    return 0;
}

static int view_deliveries(void *data, uint32_t peer, uint64_t *out,
                           struct error *err)
{
    (void)peer;
    return view_number(data, out, err);
}

static int view_was_below(void *data, uint32_t node, uint32_t above, bool *out,
                          struct error *err)
{
    (void)data;
    (void)err;
    *out = node == above;
    return 0;
}

static int view_queue(void *data, uint32_t peer, struct token *out,
                      struct error *err)
{
    (void)data;
    (void)peer;
    (void)err;
    memset(out, 7, sizeof(*out));
    return 0;
}

static int view_staged(void *data, uint32_t peer, uint64_t *out,
                       struct error *err)
{
    (void)peer;
    return view_number(data, out, err);
}

static const struct link_view view = {
    .log = view_log,
    .next = view_next,
    .root_at = view_root_at,
    .cosigs_within = view_cosigs_within,
    .parent_of = view_parent_of,
    .tokens = view_tokens,
    .spooled = view_number,
    .deliveries = view_deliveries,
    .was_below = view_was_below,
    .queue = view_queue,
    .staged = view_staged,
};

static struct span take(struct span *rest, size_t len)
{
    struct span part = span_slice(*rest, 0, len < rest->len ? len : rest->len);

    *rest = span_slice(*rest, part.len, rest->len - part.len);
    return part;
}

/* The greeting of the peer, so that scripts reach an open session. */
static struct span hello_make(enum link_side side, struct arena *arena)
{
    struct frame frame = {.kind = FRAME_HELLO};
    struct span bytes = {0};
    struct error err = {0};

    frame.hello = (struct frame_hello){.version_min = 1,
                                       .version_max = 1,
                                       .realm = span_str("thu"),
                                       .node = side == LINK_UP ? 1 : 3,
                                       .has_token = side == LINK_UP,
                                       .now_ms = 1000000};
    if (frame_pack(&frame, arena, &bytes, &err) != 0) {
        abort();
    }
    return bytes;
}

static void step(struct link *link, struct link_event *event,
                 struct arena *arena)
{
    static const uint8_t random[LINK_RANDOM_SIZE];
    struct link_actions actions = {0};
    struct error err = {0};

    event->random = random;
    if (link_step(link, event, &view, arena, &actions, &err) != 0 &&
        err.code != ERR_NOMEM) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static _Alignas(16) uint8_t tracks[TRACKS * 256];
    static _Alignas(16) uint8_t space[8192];
    struct span rest = span_make(data, len);
    struct link_options options = {.realm = span_str("thu"),
                                   .guard = true,
                                   .tracks = tracks,
                                   .tracks_max = TRACKS};
    struct link_event event = {.kind = LINK_OPENED, .now_ms = 1000000};
    struct link *link = NULL;
    struct arena arena;
    struct error err = {0};

    if (len == 0 || link_size() > sizeof(space) || link_track_size() > 256) {
        return 0;
    }
    options.side = data[0] % 4;
    options.self = options.side == LINK_UP ? 2 : 1;
    options.peer = options.side == LINK_UP ? 1 : 3;
    rest = span_slice(rest, 1, len - 1);
    arena_init(&arena, memory, sizeof(memory));
    if (link_init(space, &options, &link, &err) != 0) {
        abort();
    }
    step(link, &event, &arena);
    event.kind = LINK_FRAME;
    event.bytes = hello_make(options.side, &arena);
    step(link, &event, &arena);
    while (rest.len > 0) {
        uint8_t what = take(&rest, 1).ptr[0];

        arena_reset(&arena);
        event = (struct link_event){.kind = what % LINK_HAPPENINGS,
                                    .now_ms =
                                        event.now_ms + 1000u * (uint64_t)what};
        if (what >= 32) {
            struct frame stamped = {0};
            struct span body = take(&rest, ((size_t)what - 31) * 8);
            struct buf buf = buf_over(arena_alloc(&arena, 4096), 4096);

            link_stamp(link, &stamped);
            if (what % 2 == 1) {
                buf_put_u16(&buf, 0x0a10);
                buf_put(&buf, SPAN_OF(stamped.token));
            }
            buf_put(&buf, body);
            event.kind = LINK_FRAME;
            event.bytes = buf_span(&buf);
        } else {
            event.origin = (struct origin){.node = 1 + what % 5u, .epoch = 1};
            event.number = what;
            event.count = what % 3u;
            event.code = what % 2 == 0 ? ERR_MALFORMED : ERR_BUSY;
            event.status = JOIN_CERTIFIED;
        }
        step(link, &event, &arena);
    }
    arena_reset(&arena);
    return 0;
}
