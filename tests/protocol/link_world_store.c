/* tests/protocol: what a node of link_world.h holds: keys, logs in memory, and
 * whole images of it, to be put back. Must never say that it holds what it does
 * not. Next: link_world_view.c, link_world_keep.c. */
#include "tests/protocol/link_world_internal.h"

#include "tests/support/test.h"

/* ---- keys ---- */

void world_keys_of(uint32_t node, uint8_t purpose, struct sign_public *pub,
                   struct sign_secret *sec)
{
    struct sign_seed seed = {{0}};

    seed.bytes[0] = (uint8_t)node;
    seed.bytes[1] = purpose;
    sign_keys(&seed, pub, sec);
}

uint8_t world_log_purpose(const struct origin *origin)
{
    return (uint8_t)((origin->dir ? 64 : 32) + origin->epoch);
}

struct vkey world_mirror_of(uint32_t node, char name[64],
                            struct sign_secret *sec)
{
    struct sign_public pub;
    struct vkey vkey;
    struct error err = {0};
    struct buf buf = buf_over(name, 64);

    origin_mirror_name(WORLD_REALM, node, &buf);
    world_keys_of(node, 1, &pub, sec);
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

    origin_format(WORLD_REALM, origin, &buf);
    world_keys_of(origin->node, world_log_purpose(origin), &pub, &sec);
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

void world_segment_keep(struct world_log *log, const struct segment *segment,
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

struct range world_range_of(const struct world_log *log)
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
            world_segment_keep(log, &old->segments[j].segment,
                               &old->segments[j].after);
        }
    }
}

void world_logs_free(struct world_node *node)
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
    world_logs_free(node);
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
    world_logs_free(image);
    free(image);
}
