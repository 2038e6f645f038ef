/* Room: node. Owns how far our logs were put in order by staging notes of their
 * guard. What a note lists is as fixed as what is cosigned: its guard holds
 * those leaves, says the same note again while it holds no more, and a copy of
 * this node that was put back sequences the same once more. So a bundle may
 * bring it to whom only what the guard holds may go (DESIGN section 5), a round
 * before the cosignature comes back. It must never count what we sequenced
 * otherwise. Next: staged.c, bundle_logs.c. */
#include "node/peers.h"

#include <stdio.h>

#include "protocol/base/buf.h"

#define NAME_SIZE 24u
#define NOTED_SIZE 12u /* u32 epoch || u64 size */

static void noted_name(bool dir, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "noted/%s", dir ? "dir" : "log");
}

int noted_put(struct engine *engine, const struct origin *origin, uint64_t size,
              struct error *err)
{
    uint8_t space[NOTED_SIZE];
    struct buf out = buf_over(space, sizeof(space));
    char name[NAME_SIZE];

    noted_name(origin->dir, name);
    buf_put_u32(&out, origin->epoch);
    buf_put_u64(&out, size);
    return store_meta_put(engine->store, name, buf_span(&out), err);
}

uint64_t noted_size(struct engine *engine, const struct origin *origin)
{
    size_t mark = engine->turn.used;
    struct error ignored = {0};
    char name[NAME_SIZE];
    struct span kept = {NULL, 0};
    uint64_t size = 0;

    noted_name(origin->dir, name);
    if (origin->node == engine_node(engine) &&
        store_meta_get(engine->store, name, &engine->turn, &kept, &ignored) ==
            0 &&
        kept.len == NOTED_SIZE && read_u32(kept.ptr) == origin->epoch) {
        size = read_u64(kept.ptr + 4);
    }
    arena_rewind(&engine->turn, mark);
    return size;
}
