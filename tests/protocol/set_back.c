/* tests/protocol: images of nodes put back. Next: set_back.h. */
#include "tests/protocol/set_back.h"

const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 2};
const struct origin district = {.node = 2, .epoch = 1};
const struct origin commune = {.node = 3, .epoch = 1};
const struct origin top_dir = {.node = 1, .epoch = 1, .dir = true};

void set_back_assert_cosigs(struct world *world, uint32_t a, uint32_t b,
                            struct origin origin)
{
    struct world_log *left = world_log_at(world, a, origin);
    struct world_log *right = world_log_at(world, b, origin);

    assert_int_equal(left->cosigs_len, right->cosigs_len);
    for (size_t i = 0; i < left->cosigs_len; i++) {
        assert_memory_equal(&left->cosigs[i].line, &right->cosigs[i].line,
                            sizeof(left->cosigs[i].line));
    }
}

void set_back_assert_sound(struct world *world)
{
    for (size_t i = 0; i < world->ends_len; i++) {
        struct world_node *node = world->ends[i].node;
        struct link_info info;

        link_info(world->ends[i].link, &info);
        assert_int_equal(info.strikes, 0);
        for (size_t j = 0; j < node->logs_len; j++) {
            assert_false(node->logs[j].frozen);
            assert_false(node->logs[j].recovering);
        }
    }
}

void set_back(struct world *world, uint32_t node, struct world_node *image)
{
    world_restore(&world->nodes[node], image);
    world_image_free(image);
    world_reborn(world, node);
}

struct world_node *set_back_history(struct world *world, uint32_t of,
                                    uint64_t before, uint64_t after)
{
    struct world_node *image = NULL;

    world_connect(world, 2);
    world_record(world, 2, before);
    world_seconds(world, 1);
    image = world_image(&world->nodes[of]);
    world_cut(world, 2);
    world_connect(world, 2); /* the token moves on */
    world_record(world, 2, after);
    world_seconds(world, 1);
    world_assert_same(world, 1, 2, district, before + after);
    world_cut(world, 2);
    return image;
}

void set_back_quiet(struct world *world)
{
    world_seconds(world, LINK_QUIET_MS / 1000 + 1);
}
