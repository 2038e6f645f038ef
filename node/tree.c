/* Room: node. Owns where this node belongs in a changing tree: the parent that
 * its newest certificate names, and the guards that a log has had. It believes
 * the directory alone, never a peer. Next: tree_facts.c, what a superior need
 * not type when he changes it. */
#include "node/tree.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/directory.h"

uint32_t tree_parent(struct engine *engine)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *cert = directory_cert(dir, engine_node(engine));

    if (cert == NULL || engine->keys.joining) {
        return (uint32_t)engine->config->parent;
    }
    if (dir->top == engine_node(engine)) {
        return directory_standby(dir); /* 0: none */
    }
    return cert->role == DIR_ROLE_STANDBY ? 0 : cert->issuer;
}

static int endpoint_copy(struct span text, char out[CONFIG_TEXT_SIZE])
{
    if (text.len == 0 || text.len >= CONFIG_TEXT_SIZE ||
        memchr(text.ptr, '\0', text.len) != NULL) {
        return ERR_NOTFOUND;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return 0;
}

/* A key that the node had, and that a later certificate replaced. */
static bool is_replaced(const struct directory *dir, uint32_t number,
                        const struct box_public *key)
{
    const struct dir_node *node = directory_node(dir, number);

    for (size_t i = 0; node != NULL && i + 1 < node->certs_len; i++) {
        if (memcmp(&node->certs[i]->curve_key, key, sizeof(*key)) == 0) {
            return memcmp(&node->certs[node->certs_len - 1]->curve_key, key,
                          sizeof(*key)) != 0;
        }
    }
    return false;
}

/* Where a superior of a superior of ours is reached: as the one below it was
 * told, when that was certified. */
static struct span told_below(const struct directory *dir, uint32_t self,
                              uint32_t number)
{
    const struct dir_cert *cert = directory_cert(dir, self);

    for (unsigned depth = 0; cert != NULL && depth < TREE_DEPTH_MAX; depth++) {
        if (cert->issuer == number) {
            return cert->parent_endpoint;
        }
        cert = cert->issuer == cert->node ? NULL
                                          : directory_cert(dir, cert->issuer);
    }
    return (struct span){NULL, 0};
}

bool tree_has_other(struct engine *engine, uint32_t parent)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t standby = directory_standby(dir);
    const struct dir_cert *cert = directory_cert(dir, standby);

    /* One that was promoted leads already; the next standby is another
     * machine. */
    return parent != 0 && parent == dir->top && cert != NULL &&
           standby != engine_node(engine) &&
           (engine->successor.node != parent ||
            memcmp(&engine->successor.curve_key, &cert->curve_key,
                   sizeof(cert->curve_key)) != 0);
}

bool tree_elsewhere(struct engine *engine, uint32_t parent, unsigned tries,
                    char endpoint[CONFIG_TEXT_SIZE], struct box_public *key)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *standby =
        directory_cert(dir, directory_standby(dir));

    if (tries % 2 == 0 || !tree_has_other(engine, parent) || standby == NULL) {
        return false;
    }
    *key = standby->curve_key;
    return endpoint_copy(standby->endpoint, endpoint) == 0;
}

int tree_target(struct engine *engine, uint32_t parent,
                char endpoint[CONFIG_TEXT_SIZE], struct box_public *key,
                struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *own = directory_cert(dir, engine_node(engine));
    const struct dir_cert *above = directory_cert(dir, parent);

    /* The machine that the root key names (successor.h). */
    if (!engine->keys.joining && engine->successor.epoch != 0 &&
        engine->successor.node == parent) {
        *key = engine->successor.curve_key;
        return endpoint_copy(span_str(engine->successor.endpoint), endpoint);
    }
    /* The parent we were set up with: what an administrator wrote there. */
    if (parent == engine->config->parent) {
        int rc = hex_decode(span_str(engine->config->parent_key), key,
                            sizeof(*key), err);

        memcpy(endpoint, engine->config->parent_endpoint, CONFIG_TEXT_SIZE);
        if (rc != 0 || !is_replaced(dir, parent, key)) {
            return rc;
        }
        *key = above->curve_key; /* it has another one since */
        (void)endpoint_copy(above->endpoint, endpoint);
        return 0;
    }
    if (own == NULL || above == NULL ||
        (endpoint_copy(told_below(dir, own->node, parent), endpoint) != 0 &&
         endpoint_copy(above->endpoint, endpoint) != 0)) {
        return error_set(err, ERR_NOTFOUND,
                         "node %u is our superior, but no certificate says "
                         "where it is reached: it must certify its child again "
                         "with its endpoint",
                         parent);
    }
    *key = above->curve_key;
    return 0;
}

static void move(struct engine *engine, struct peer *up, uint32_t parent)
{
    char endpoint[CONFIG_TEXT_SIZE];
    struct box_public key;
    struct error err = {0};

    if (tree_target(engine, parent, endpoint, &key, &err) != 0) {
        engine_react(engine, "tree", "move", &err);
        return; /* the old one goes on telling us what it hears */
    }
    log_line(LOG_INFO, "tree", "moved", "from=%u to=%u endpoint=%s", up->node,
             parent, endpoint);
    up->next_node = parent;
    up->detour = false;
    up->leg_began_ms = 0;
    up->lost = true; /* the session ends; the next one is with the new one */
    up->retry_ms = RETRY_LEAST_MS / 8;
}

static void up_forget(struct engine *engine, struct peer *peer)
{
    log_line(LOG_INFO, "tree", "alone", "before=%u", peer->node);
    transport_hang_up(engine->transport);
    peer_release(peer);
}

/* A unit that continues one of ours on this very node: certified with the
 * same keys, so those are its keys (node/tree_facts.c). */
static void adopt_units(struct engine *engine)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), engine_node(engine));
    struct keys *keys = &engine->keys;
    size_t before = keys->units_len;
    struct error err = {0};

    for (size_t i = 0; cert != NULL && i < cert->units_len; i++) {
        const struct dir_unit_keys *unit = &cert->units[i];

        for (size_t k = 0; keys_unit(keys, unit->unit) == NULL && k < before &&
                           keys->units_len < HOSTED_UNITS_MAX;
             k++) {
            if (memcmp(&keys->units[k].sealing, &unit->sealing,
                       sizeof(unit->sealing)) == 0) {
                keys->units[keys->units_len] = keys->units[k];
                keys->units[keys->units_len++].unit = unit->unit;
            }
        }
    }
    if (keys->units_len != before &&
        keys_save(keys, engine->config->dir, &err) != 0) {
        keys->units_len = before;
        engine_react(engine, "tree", "keys", &err);
    }
}

void tree_follow(struct engine *engine)
{
    uint32_t parent = tree_parent(engine);

    adopt_units(engine);

    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];
        /* Where it goes: the news may come on a detour that ends already. */
        uint32_t bound = peer->next_node != 0 ? peer->next_node : peer->node;

        if (!peer->used || peer->joining) {
            continue;
        }
        if (peer->up && parent == 0) {
            up_forget(engine, peer); /* a standby let go; a standby enrolled */
        } else if (peer->up && bound != parent) {
            if (!detour_goes_on(engine, peer)) {
                move(engine, peer, parent);
            }
        } else if (peer->up && peer->detour) {
            peer->detour = false; /* our parent is the one we came to */
            peer->leg_began_ms = 0;
            peer->lost = true;
        } else if (peer->link != NULL && peer_is_changed(engine, peer)) {
            peer->lost = true; /* another guard, another role */
        }
    }
}

/* ---- guards ---- */

/* Also of a log that ended before: its tail may have been covered by nobody,
 * and the guard that the next epoch names covers it. */
static bool names_log(const struct dir_cert *cert, const struct origin *origin)
{
    return origin->dir ? cert->has_dir_log : cert->epoch >= origin->epoch;
}

bool line_is_of(struct engine *engine, uint32_t node,
                const struct cosignature *line, char name[64], struct vkey *out)
{
    const struct dir_node *guard =
        directory_node(engine_directory(engine), node);
    struct buf text = buf_over(name, 63);
    struct error ignored = {0};

    origin_mirror_name(span_str(engine->config->realm), node, &text);
    name[text.len] = '\0';
    for (size_t i = guard == NULL ? 0 : guard->certs_len; i-- > 0;) {
        if (vkey_known(engine, span_str(name), VKEY_COSIGNATURE,
                       &guard->certs[i]->mirror_key, out, &ignored) == 0 &&
            out->id == read_u32(line->bytes)) {
            return true;
        }
    }
    return false;
}

/* NOLINTNEXTLINE(readability-function-size): name and key: one answer */
int guard_key(struct engine *engine, const struct origin *origin,
              const struct cosignature *line, size_t from, char name[64],
              struct vkey *out, size_t *turn, struct error *err)
{
    const struct dir_node *node =
        directory_node(engine_directory(engine), origin->node);
    uint32_t before = 0;
    size_t at = 0;

    for (size_t i = 0; node != NULL && i < node->certs_len; i++) {
        const struct dir_cert *cert = node->certs[i];

        if (!names_log(cert, origin) || cert->guard == 0 ||
            cert->guard == before) {
            continue;
        }
        at += before != 0 ? 1 : 0;
        before = cert->guard;
        if (at >= from && line_is_of(engine, cert->guard, line, name, out)) {
            *turn = at;
            return 0;
        }
    }
    return error_set(err, ERR_UNTRUSTED,
                     "a cosignature of the log of node %u is by none of its "
                     "guards",
                     origin->node);
}

/* Was the newest number ours already? Then the change is behind us. */
static bool has_begun(struct engine *engine, const struct store_log *log)
{
    struct store_cosig newest;
    struct error ignored = {0};
    char name[64];
    struct vkey key;

    return log->cosigs > 0 &&
           store_cosig_newest(engine->store, log->id, &newest, &ignored) == 0 &&
           line_is_of(engine, engine_node(engine), &newest.line, name, &key);
}

bool guard_takes_over(struct engine *engine, const struct origin *origin,
                      const struct store_log *log)
{
    const struct dir_node *node =
        directory_node(engine_directory(engine), origin->node);
    bool ours = false;
    bool others = false;

    for (size_t i = 0; node != NULL && i < node->certs_len; i++) {
        if (names_log(node->certs[i], origin) && node->certs[i]->guard != 0) {
            ours = node->certs[i]->guard == engine_node(engine);
            others = others || !ours;
        }
    }
    return ours && others && !has_begun(engine, log);
}

int guard_may_begin(struct engine *engine, const struct origin *origin,
                    const struct store_log *log, struct error *err)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), origin->node);
    struct hash root;
    uint64_t from;
    int rc;

    if (cert == NULL || cert->guard != engine_node(engine)) {
        return 0;
    }
    from = origin->dir ? cert->dir_guard_from : cert->guard_from;
    if (from == 0 || has_begun(engine, log)) {
        return 0;
    }
    if (log->head.size < from) {
        return error_set(err, ERR_BUSY,
                         "guard of the log of node %u from event %llu on, "
                         "%llu are held here: the rest must come first",
                         origin->node, (unsigned long long)from,
                         (unsigned long long)log->head.size);
    }
    rc = from == log->head.size
             ? 0
             : store_log_root_at(engine->store, log->id, from, &root, err);
    if (from == log->head.size) {
        root = log->head.root;
    }
    if (rc != 0) {
        return rc;
    }
    if (!hash_equal(&root,
                    origin->dir ? &cert->dir_guard_root : &cert->guard_root)) {
        return error_set(err, ERR_CONFLICT,
                         "the log of node %u has another root at event %llu "
                         "than the change of guard names: two histories, an "
                         "administrator must look",
                         origin->node, (unsigned long long)from);
    }
    return 0;
}
