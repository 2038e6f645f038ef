/* Room: node. Owns telling people which event of a refused batch was changed
 * on its way. It judges nothing that counts: the batch is refused already, as
 * a whole; here its leaves are looked at one by one, with the keys that are
 * held, to name what a person should look for. Next: intake.c. */
#include <string.h>

#include "node/peers.h"
#include "protocol/event/code.h"
#include "store/directory.h"

/* 1: its signer never signed this. 0: he did. -1: cannot be told here. */
static int leaf_is_false(struct engine *engine, struct span bytes,
                         struct leaf *leaf)
{
    struct sign_public key;
    struct error ignored = {0};

    if (leaf_parse(bytes, leaf, &ignored) != 0 || !leaf->understood) {
        return 1;
    }
    if (store_key(engine->store, &leaf->header.actor, &key, &ignored) != 0) {
        return -1;
    }
    return leaf_verify(leaf, &key) ? 0 : 1;
}

void blame_batch(struct engine *engine, const struct segment *segment,
                 const char *origin, struct error *err)
{
    size_t mark = engine->turn.used;
    struct segment_view *view = arena_alloc(&engine->turn, sizeof(*view));
    struct error ignored = {0};
    struct leaf leaf;

    if (view != NULL && segment_open(engine->codec, segment, &engine->turn,
                                     view, &ignored) == 0) {
        for (uint32_t i = 0; i < view->count; i++) {
            if (leaf_is_false(engine, view->leaves[i], &leaf) == 1) {
                char code[CODE_TEXT_SIZE];

                code_format(&leaf.id, code);
                (void)error_set(err, (enum err)err->code,
                                "%.80s, leaf %llu (unit %u, now reads as %s) "
                                "is not what its signer signed",
                                origin, (unsigned long long)segment->first + i,
                                leaf.header.unit, code);
                goto out;
            }
        }
    }
    (void)error_wrap(err, "%.80s", origin);
out:
    arena_rewind(&engine->turn, mark);
}
