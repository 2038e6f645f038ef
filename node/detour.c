/* Room: node. Owns the way round a parent who does not answer: after a while
 * the node asks the next one up the tree, whose key and address it knows from
 * the directory, and hears there what became of its parent: new keys after a
 * lost disk, another address, another parent altogether. Then it goes back.
 *
 * Why this way: an unauthenticated "who are you" socket would be one more door
 * for strangers, and an old key cannot vouch for a new one where the old one
 * is lost. The superior's superior is certified to us already, his directory
 * log holds the new certificate, and the link that fetches it is the ordinary
 * one. No log is sequenced and no token issued on a detour: neither end is the
 * other's guard. It must never leave a parent who answers. Next: tree.c. */
#include "node/tree.h"

#include <string.h>

#include "node/clock.h"
#include "node/log.h"

#define LEG_SHARE 4u /* of quiet_s: so long the parent is tried */
#define LEG_MOST_MS 600000u

static bool is_open(const struct peer *peer)
{
    struct link_info info;

    if (peer->link == NULL) {
        return false;
    }
    link_info(peer->link, &info);
    return info.state == LINK_OPEN;
}

static uint64_t leg_least_ms(const struct engine *engine)
{
    return engine->config->quiet_s * 1000 / LEG_SHARE;
}

/* The one above `node`, if it is known where and by which key; else 0. */
static uint32_t above(struct engine *engine, uint32_t node)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), node);
    char endpoint[CONFIG_TEXT_SIZE];
    struct box_public key;
    struct error ignored = {0};

    if (cert == NULL || cert->issuer == node || cert->issuer == 0 ||
        cert->issuer == engine_node(engine) ||
        tree_target(engine, cert->issuer, endpoint, &key, &ignored) != 0) {
        return 0;
    }
    return cert->issuer;
}

static void leg_begin(struct engine *engine, struct peer *peer, uint32_t node,
                      uint32_t parent)
{
    char endpoint[CONFIG_TEXT_SIZE];
    struct error ignored = {0};

    peer->detour = node != parent;
    peer->leg_began_ms = clock_steady_ms();
    if (peer->detour &&
        tree_target(engine, parent, endpoint, &peer->left_key, &ignored) == 0) {
        peer->left_parent = parent;
    }
    peer->next_node = node;
    peer->lost = true; /* the session ends; the next one is with that node */
    peer->retry_ms = RETRY_LEAST_MS / 8;
    log_line(LOG_INFO, "tree", peer->detour ? "detour" : "back",
             "from=%u to=%u", peer->node, node);
}

void detour_tick(struct engine *engine, struct peer *peer)
{
    uint32_t parent = tree_parent(engine);
    uint64_t now_ms = clock_steady_ms();
    uint64_t least_ms = leg_least_ms(engine);
    uint32_t next;

    if (peer->joining || parent == 0 || peer->next_node != 0) {
        return;
    }
    if (peer->leg_began_ms == 0 || (!peer->detour && is_open(peer))) {
        peer->leg_began_ms = now_ms;
        peer->leg_ms = least_ms;
        return;
    }
    if (now_ms - peer->leg_began_ms <
        (peer->detour ? least_ms : peer->leg_ms)) {
        return;
    }
    if (!peer->detour) {
        /* A parent away for long is no reason to keep others busy. */
        peer->leg_ms =
            peer->leg_ms * 2 < LEG_MOST_MS ? peer->leg_ms * 2 : LEG_MOST_MS;
    }
    next = peer->detour && is_open(peer) ? 0 : above(engine, peer->node);
    if (next == 0 && !peer->detour) {
        peer->leg_began_ms = now_ms; /* nobody else is known */
        return;
    }
    leg_begin(engine, peer, next == 0 ? parent : next, parent);
}

bool detour_goes_on(struct engine *engine, const struct peer *peer)
{
    uint32_t parent = tree_parent(engine);
    char endpoint[CONFIG_TEXT_SIZE];
    struct box_public key;
    struct error ignored = {0};

    return peer->detour && parent == peer->left_parent &&
           tree_target(engine, parent, endpoint, &key, &ignored) == 0 &&
           memcmp(&key, &peer->left_key, sizeof(key)) == 0;
}

uint64_t detour_wait_ms(const struct engine *engine, const struct peer *peer)
{
    uint64_t leg_ms = peer->detour ? leg_least_ms(engine) : peer->leg_ms;
    uint64_t past_ms = clock_steady_ms() - peer->leg_began_ms;

    if (!peer->up || peer->joining || peer->leg_began_ms == 0 ||
        (!peer->detour && is_open(peer))) {
        return UINT64_MAX;
    }
    return past_ms < leg_ms ? leg_ms - past_ms : 0;
}
