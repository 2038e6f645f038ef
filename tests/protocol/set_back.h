/* What tests of set-back machines share: a small tree, an image of a node taken
 * in the middle of its history, and what must be true in the end. */
#ifndef QCDC_TESTS_PROTOCOL_SET_BACK_H
#define QCDC_TESTS_PROTOCOL_SET_BACK_H

#include "tests/support/test.h"

#include "tests/protocol/link_world.h"

/* 1 province; 2 district of 3 and 5; 3, 5 communes; 4 another district. */
extern const uint32_t tree[WORLD_NODES];
extern const struct origin district, commune, top_dir;

/* Both hold the same numbered cosignatures, bytes and all. */
void set_back_assert_cosigs(struct world *world, uint32_t a, uint32_t b,
                            struct origin origin);
/* No end was struck, no log is frozen or fetches anything back. */
void set_back_assert_sound(struct world *world);
/* The image replaces what the node holds; its process begins anew. Takes it. */
void set_back(struct world *world, uint32_t node, struct world_node *image);
/* District and province, `before` events, an image of `of`, `after` more. */
struct world_node *set_back_history(struct world *world, uint32_t of,
                                    uint64_t before, uint64_t after);
/* Until another copy counts as silent. */
void set_back_quiet(struct world *world);

#endif
