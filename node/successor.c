/* Room: node. Owns the root key's word that the realm goes on at another
 * machine: taken, kept, passed on downwards. It believes nobody but the root
 * key, and never forgets a newer word for an older one. Next: tree.c, where the
 * parent is looked for; setup_promote.c, which has the word signed. */
#include "node/successor.h"

#include <stdlib.h>

#include "node/log.h"
#include "node/tree.h"
#include "protocol/base/hex.h"
#include "store/directory.h"

struct reading {
    struct successor *out;
    struct span realm;
    unsigned keys;
};

static void key_read(struct reading *reading, struct span value, void *key)
{
    struct error ignored = {0};

    reading->keys += hex_decode(value, key, 32, &ignored) == 0;
}

static int fact_read(void *ctx, const char *path, struct span value,
                     struct error *err)
{
    struct reading *reading = ctx;
    struct successor *out = reading->out;
    char number[12] = "";

    (void)err;
    if (value.len < sizeof(number)) {
        memcpy(number, value.ptr, value.len);
    }
    if (strcmp(path, "node") == 0) {
        out->node = (uint32_t)strtoul(number, NULL, 10);
    } else if (strcmp(path, "epoch") == 0) {
        out->epoch = (uint32_t)strtoul(number, NULL, 10);
    } else if (strcmp(path, "standby") == 0) {
        out->standby = (uint32_t)strtoul(number, NULL, 10);
    } else if (strcmp(path, "keys.dir_log_key") == 0) {
        key_read(reading, value, &out->dir_log_key);
    } else if (strcmp(path, "keys.curve_key") == 0) {
        key_read(reading, value, &out->curve_key);
    } else if (strcmp(path, "realm") == 0) {
        reading->realm = value;
    } else if (strcmp(path, "endpoint") == 0 &&
               value.len < sizeof(out->endpoint)) {
        memcpy(out->endpoint, value.ptr, value.len);
    }
    return 0;
}

static int successor_read(const struct engine *engine, struct span bytes,
                          struct successor *out, struct error *err)
{
    struct reading reading = {.out = out};
    struct leaf leaf;
    int rc = leaf_parse(bytes, &leaf, err);

    *out = (struct successor){.epoch = 0};
    if (rc != 0) {
        return rc;
    }
    if (!leaf.understood || leaf.header.type != EVENT_TOP_NODE_CERTIFIED ||
        !leaf_verify(&leaf, &engine->root)) {
        return error_set(err, ERR_UNTRUSTED,
                         "a word about who leads the realm that the root key "
                         "did not sign");
    }
    rc = facts_visit(event_type_find(EVENT_TOP_NODE_CERTIFIED), leaf.facts,
                     fact_read, &reading, err);
    if (rc == 0 &&
        (out->epoch < 2 || out->node != leaf.header.node || reading.keys != 2 ||
         out->endpoint[0] == '\0' ||
         !span_equal(reading.realm, span_str(engine->config->realm)))) {
        return error_set(err, ERR_UNTRUSTED,
                         "the root key's word is not about another machine "
                         "of this realm");
    }
    out->made_ms = leaf.header.recorded_ms;
    return rc;
}

int successor_load(struct engine *engine, struct error *err)
{
    struct span bytes;
    size_t mark = engine->turn.used;
    int rc = store_meta_get(engine->store, STORE_META_SUCCESSOR, &engine->turn,
                            &bytes, err);

    if (rc == 0) {
        rc = successor_read(engine, bytes, &engine->successor, err);
    }
    arena_rewind(&engine->turn, mark);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

bool successor_replaces_us(const struct engine *engine)
{
    return engine->successor.epoch != 0 &&
           engine->successor.node == (uint32_t)engine->config->node &&
           memcmp(&engine->successor.curve_key, &engine->keys.curve.pub,
                  sizeof(engine->keys.curve.pub)) != 0;
}

bool successor_log(const struct engine *engine, const struct origin *origin,
                   struct sign_public *key)
{
    if (engine->successor.epoch == 0 || !origin->dir ||
        origin->node != engine->successor.node ||
        origin->epoch != engine->successor.epoch) {
        return false;
    }
    *key = engine->successor.dir_log_key;
    return true;
}

static int successor_frame(struct engine *engine, struct frame *frame)
{
    struct error ignored = {0};

    *frame = (struct frame){.kind = FRAME_SUCCESSOR};
    return engine->successor.epoch == 0
               ? ERR_NOTFOUND
               : store_meta_get(engine->store, STORE_META_SUCCESSOR,
                                &engine->turn, &frame->successor, &ignored);
}

void successor_send(struct engine *engine, struct peer *peer)
{
    struct frame frame;

    if (!peer->up && successor_frame(engine, &frame) == 0) {
        action_send_frame(engine, peer, &frame);
    }
}

void successor_answer(struct engine *engine, const struct route *route)
{
    size_t mark = engine->turn.used;
    struct frame frame;
    struct span bytes;
    struct error err = {0};

    if (engine->transport != NULL && successor_frame(engine, &frame) == 0 &&
        (frame_pack(&frame, &engine->turn, &bytes, &err) != 0 ||
         transport_queue(engine->transport, route, bytes, &err) != 0)) {
        engine_react(engine, "successor", "answer", &err);
    }
    arena_rewind(&engine->turn, mark);
}

/* Everybody below hears of it; whoever is still with the machine before looks
 * for the new one. */
static void successor_tell(struct engine *engine)
{
    struct peer *up = peer_up(engine);

    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];

        if (peer->used && !peer->up && peer->announced) {
            successor_send(engine, peer);
        }
    }
    peers_tell(engine, LINK_DIR_CHANGED, NULL, NULL);
    if (up != NULL && up->node == engine->successor.node &&
        memcmp(&up->server, &engine->successor.curve_key, sizeof(up->server)) !=
            0) {
        up->lost = true;
        up->retry_ms = RETRY_LEAST_MS / 8;
    }
}

int successor_take(struct engine *engine, struct span leaf, struct error *err)
{
    struct successor told;
    int rc = successor_read(engine, leaf, &told, err);

    if (rc != 0 || told.epoch <= engine->successor.epoch) {
        return rc; /* known */
    }
    rc = engine_write(engine, err);
    if (rc == 0) {
        rc = store_meta_put(engine->store, STORE_META_SUCCESSOR, leaf, err);
    }
    if (rc != 0) {
        return rc;
    }
    engine->successor = told;
    log_line(LOG_WARN, "successor",
             successor_replaces_us(engine) ? "replaced" : "learnt",
             "node=%u epoch=%u endpoint=%s", told.node, told.epoch,
             told.endpoint);
    engine->grew = true;
    successor_tell(engine);
    return 0;
}
