/* Room: node. Owns the root key's words that the realm goes on at another
 * machine: taken, kept, passed on downwards and to whom we take for above us.
 * It believes nobody but the root key, never forgets a newer word for an older
 * one, and keeps the older ones: who was away for two needs both to read the
 * directory logs. Next: tree.c, where the parent is looked for;
 * setup_promote.c, which has the word signed. */
#include "node/successor.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/clock.h"
#include "node/log.h"
#include "node/tree.h"
#include "protocol/base/hex.h"
#include "store/directory.h"

/* The machine before is told why we leave: a closed socket sends nothing. */
#define FAREWELL_MS 1000u

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
    } else if (strcmp(path, "keys.actor_key") == 0) {
        key_read(reading, value, &out->actor_key);
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
        (out->epoch < 2 || out->node != leaf.header.node || reading.keys != 3 ||
         out->endpoint[0] == '\0' ||
         !span_equal(reading.realm, span_str(engine->config->realm)))) {
        return error_set(err, ERR_UNTRUSTED,
                         "the root key's word is not about another machine "
                         "of this realm");
    }
    out->made_ms = leaf.header.recorded_ms;
    return rc;
}

/* ---- kept ---- */

/* The newest goes by the name alone, so that an older program finds it. */
static int word_get(struct engine *engine, uint32_t epoch, struct span *bytes,
                    struct error *err)
{
    char name[40] = STORE_META_SUCCESSOR;

    if (epoch != engine->successor.epoch) {
        (void)snprintf(name, sizeof(name), STORE_META_SUCCESSOR ".%u", epoch);
    }
    return store_meta_get(engine->store, name, &engine->turn, bytes, err);
}

static int before_put(struct engine *engine, uint32_t epoch, struct span bytes,
                      struct error *err)
{
    char name[40];

    (void)snprintf(name, sizeof(name), STORE_META_SUCCESSOR ".%u", epoch);
    return store_meta_put(engine->store, name, bytes, err);
}

static bool before_has(const struct engine *engine, uint32_t epoch,
                       struct sign_public *key)
{
    for (size_t i = 0; i < engine->before_len; i++) {
        if (engine->before[i].epoch == epoch) {
            *key = engine->before[i].dir_log_key;
            return true;
        }
    }
    return false;
}

/* One too many takes the place of the oldest. */
static void before_add(struct engine *engine, const struct successor *word)
{
    size_t at = engine->before_len;

    if (at == SUCCESSIONS_MAX) {
        at = 0;
        for (size_t i = 1; i < SUCCESSIONS_MAX; i++) {
            at = engine->before[i].epoch < engine->before[at].epoch ? i : at;
        }
    } else {
        engine->before_len++;
    }
    engine->before[at] =
        (struct successor_before){word->epoch, word->dir_log_key};
}

/* The oldest epoch that is looked for. */
static uint32_t epoch_first(const struct engine *engine)
{
    uint32_t newest = engine->successor.epoch;

    return newest > SUCCESSIONS_MAX + 2 ? newest - SUCCESSIONS_MAX : 2;
}

static int before_load(struct engine *engine, struct error *err)
{
    engine->before_len = 0;
    for (uint32_t epoch = epoch_first(engine); epoch < engine->successor.epoch;
         epoch++) {
        size_t mark = engine->turn.used;
        struct successor word;
        struct span bytes;
        int rc = word_get(engine, epoch, &bytes, err);

        if (rc == 0) {
            rc = successor_read(engine, bytes, &word, err);
        }
        arena_rewind(&engine->turn, mark);
        if (rc == 0) {
            before_add(engine, &word);
        } else if (rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    return 0;
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
    if (rc == 0) {
        rc = before_load(engine, err);
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

void successor_forget(struct engine *engine)
{
    struct error err = {0};

    engine->successor = (struct successor){.epoch = 0};
    engine->before_len = 0;
    if (successor_load(engine, &err) != 0) {
        engine_react(engine, "successor", "load", &err);
    }
}

/* ---- asked for ---- */

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
        origin->node != engine->successor.node) {
        return false;
    }
    if (origin->epoch == engine->successor.epoch) {
        *key = engine->successor.dir_log_key;
        return true;
    }
    return before_has(engine, origin->epoch, key);
}

uint32_t successor_epoch_after(const struct engine *engine, uint32_t epoch)
{
    uint32_t found =
        engine->successor.epoch > epoch ? engine->successor.epoch : 0;

    for (size_t i = 0; i < engine->before_len; i++) {
        uint32_t before = engine->before[i].epoch;

        found = before > epoch && before < found ? before : found;
    }
    return found;
}

const struct successor *successor_ahead(struct engine *engine, uint32_t node)
{
    const struct successor *word = &engine->successor;

    return word->epoch != 0 && word->node == node &&
                   directory_epoch_now(engine_directory(engine), node, true) <
                       word->epoch
               ? word
               : NULL;
}

int successor_each(struct engine *engine, successor_fn visit, void *data,
                   struct error *err)
{
    int rc = 0;

    for (uint32_t epoch = engine->successor.epoch;
         rc == 0 && epoch != 0 && epoch >= epoch_first(engine); epoch--) {
        size_t mark = engine->turn.used;
        struct span word;

        rc = word_get(engine, epoch, &word, err);
        rc = rc == ERR_NOTFOUND ? 0 : rc != 0 ? rc : visit(data, word, err);
        arena_rewind(&engine->turn, mark);
    }
    return rc;
}

/* ---- passed on ---- */

static int word_frame(struct engine *engine, uint32_t epoch,
                      struct frame *frame)
{
    struct error ignored = {0};

    *frame = (struct frame){.kind = FRAME_SUCCESSOR};
    return word_get(engine, epoch, &frame->successor, &ignored);
}

/* The newest first: whoever stops listening at it asks the machine that it
 * names, and is told the others there. */
void successor_send(struct engine *engine, struct peer *peer)
{
    struct link_info info;

    if (engine->successor.epoch == 0 || (peer->up && peer->joining)) {
        return;
    }
    if (peer->up) {
        link_info(peer->link, &info);
        if ((info.features & LINK_FEATURE_SUCCESSOR_UP) == 0) {
            return;
        }
    }
    for (uint32_t epoch = engine->successor.epoch; epoch >= epoch_first(engine);
         epoch--) {
        size_t mark = engine->turn.used;
        struct frame frame;

        if (word_frame(engine, epoch, &frame) == 0) {
            action_send_frame(engine, peer, &frame);
        }
        arena_rewind(&engine->turn, mark);
    }
}

void successor_answer(struct engine *engine, const struct route *route)
{
    size_t mark = engine->turn.used;
    struct frame frame;
    struct span bytes;
    struct error err = {0};

    for (uint32_t epoch = engine->successor.epoch;
         engine->transport != NULL && epoch != 0 &&
         epoch >= epoch_first(engine);
         epoch--) {
        if (word_frame(engine, epoch, &frame) == 0 &&
            (frame_pack(&frame, &engine->turn, &bytes, &err) != 0 ||
             transport_queue(engine->transport, route, bytes, &err) != 0)) {
            engine_react(engine, "successor", "answer", &err);
            break;
        }
        arena_rewind(&engine->turn, mark);
    }
    arena_rewind(&engine->turn, mark);
}

/* Everybody below hears of it, and the machine that we take for above us: it
 * may be the one that leads no more. Whoever is still with that one looks for
 * the new one. */
static void successor_tell(struct engine *engine)
{
    struct peer *up = peer_up(engine);

    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];

        if (peer->used && peer->announced) {
            successor_send(engine, peer);
        }
    }
    peers_tell(engine, LINK_DIR_CHANGED, NULL, NULL);
    if (up != NULL && up->node == engine->successor.node &&
        memcmp(&up->server, &engine->successor.curve_key, sizeof(up->server)) !=
            0) {
        if (up->announced) {
            up->leave_at_ms = clock_steady_ms() + FAREWELL_MS;
        } else {
            up->lost = true;
        }
        up->retry_ms = RETRY_LEAST_MS / 8;
    }
}

/* ---- taken ---- */

/* The one that was newest until now is kept under its epoch. */
static int newest_put(struct engine *engine, const struct successor *told,
                      struct span leaf, struct error *err)
{
    struct span bytes;
    int rc = 0;

    if (engine->successor.epoch != 0) {
        rc = word_get(engine, engine->successor.epoch, &bytes, err);
        rc = rc != 0 ? rc
                     : before_put(engine, engine->successor.epoch, bytes, err);
    }
    if (rc == 0) {
        rc = store_meta_put(engine->store, STORE_META_SUCCESSOR, leaf, err);
    }
    if (rc == 0) {
        if (engine->successor.epoch != 0) {
            before_add(engine, &engine->successor);
        }
        engine->successor = *told;
    }
    return rc;
}

int successor_take(struct engine *engine, struct span leaf, struct error *err)
{
    struct sign_public known;
    struct successor told;
    int rc = successor_read(engine, leaf, &told, err);
    bool newest = told.epoch > engine->successor.epoch;

    if (rc != 0 || told.epoch == engine->successor.epoch ||
        (!newest && (told.node != engine->successor.node ||
                     told.epoch < epoch_first(engine) ||
                     before_has(engine, told.epoch, &known)))) {
        return rc; /* known */
    }
    rc = engine_write(engine, err);
    if (rc != 0) {
        return rc;
    }
    if (newest) {
        rc = newest_put(engine, &told, leaf, err);
    } else {
        rc = before_put(engine, told.epoch, leaf, err);
        if (rc == 0) {
            before_add(engine, &told);
        }
    }
    if (rc != 0) {
        return rc;
    }
    log_line(LOG_WARN, "successor",
             !newest                         ? "learnt_before"
             : successor_replaces_us(engine) ? "replaced"
                                             : "learnt",
             "node=%u epoch=%u endpoint=%s", told.node, told.epoch,
             told.endpoint);
    engine->grew = true;
    successor_tell(engine);
    return 0;
}
