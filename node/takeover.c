/* Room: node. Owns what a new guard must have heard before the node it guards
 * may sequence (tlog.md 3.3, case 3, where the guard is a new one): a node that
 * was set back shows less than it signed, and only who held its log before can
 * tell. The node goes on recording meanwhile. It must never wait for a guard
 * that is gone for good: that one is given `quiet_s`. Next: tree.c, which says
 * who guards; protocol/link/link_recover.c, which holds the node. */
#include "node/tree.h"

#include "node/clock.h"
#include "store/book.h"

/* Who guarded before us; 0: nobody, or ourselves. */
static uint32_t guard_before(const struct directory *dir,
                             const struct origin *origin, uint32_t self,
                             uint64_t *since_ms)
{
    const struct dir_node *node = directory_node(dir, origin->node);
    uint32_t before = 0;

    for (size_t i = 0; node != NULL && i < node->certs_len; i++) {
        const struct dir_cert *cert = node->certs[i];

        if (!origin->dir && cert->epoch != origin->epoch) {
            continue; /* a new log has nothing from before */
        }
        if (cert->guard != 0 && cert->guard != self) {
            before = cert->guard;
            *since_ms = 0;
        } else if (cert->guard == self && *since_ms == 0) {
            *since_ms = cert->recorded_ms;
        }
    }
    return before;
}

/* A guard below us, or that was: it passes on what it holds. */
static bool below_is_heard(struct engine *engine, uint32_t before,
                           const struct origin *origin, uint64_t since_ms)
{
    struct peer *peer = peer_of_node(engine, before);
    uint64_t quiet_ms = engine->config->quiet_s * 1000;
    struct store_peer kept = {.contact_s = 0};
    struct error ignored = {0};
    struct link_info info;
    struct link_lag lag;

    if (peer != NULL && peer->link != NULL) {
        link_info(peer->link, &info);
        for (size_t i = 0;
             info.state == LINK_OPEN && link_lag(peer->link, i, &lag); i++) {
            if (!lag.sending && origin_equal(&lag.origin, origin)) {
                return lag.there <= lag.here;
            }
        }
        if (info.state == LINK_OPEN) {
            return true; /* it never had that log */
        }
    }
    if (store_peer_get(engine->store, before, &kept, &ignored) == 0 &&
        (uint64_t)kept.contact_s * 1000 > since_ms) {
        return true;
    }
    return clock_steady_ms() - engine->born_ms > quiet_ms &&
           clock_now_ms() > since_ms + quiet_ms;
}

/* What the superior holds of the log is compared at the greeting. */
static bool above_is_heard(struct engine *engine)
{
    const struct peer *up = peer_up(engine);
    struct link_info info;

    if (up == NULL || tree_parent(engine) == 0) {
        return true; /* nobody there */
    }
    if (up->link == NULL || up->joining) {
        return false;
    }
    link_info(up->link, &info);
    return info.state == LINK_OPEN;
}

bool guard_is_uninformed(struct engine *engine, const struct origin *origin,
                         const struct store_log *log)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    uint64_t since_ms = 0;
    uint32_t before = guard_before(dir, origin, self, &since_ms);
    struct error why = {0};

    if (before == 0 ||
        (log != NULL && !guard_takes_over(engine, origin, log))) {
        return false;
    }
    if (log != NULL && guard_may_begin(engine, origin, log, &why) != 0) {
        return true; /* less than its certificate says was there */
    }
    return directory_node_was_within(dir, before, self)
               ? !below_is_heard(engine, before, origin, since_ms)
               : !above_is_heard(engine);
}

/* Its newest session with us showed what it holds of its log. */
static bool has_shown(struct engine *engine, const struct origin *origin)
{
    const struct peer *peer = peer_of_node(engine, origin->node);
    struct link_info info;
    struct link_lag lag;

    if (peer == NULL || peer->link == NULL || peer->up || peer->joining) {
        return false;
    }
    link_info(peer->link, &info);
    for (size_t i = 0; info.state == LINK_OPEN && link_lag(peer->link, i, &lag);
         i++) {
        if (!lag.sending && origin_equal(&lag.origin, origin)) {
            return true;
        }
    }
    return false;
}

bool guard_may_number(struct engine *engine, const struct origin *origin,
                      const struct store_log *log, uint32_t by)
{
    return by == origin->node || !guard_takes_over(engine, origin, log) ||
           has_shown(engine, origin);
}

bool guard_had_other(struct engine *engine, const struct origin *origin,
                     uint32_t node)
{
    uint64_t since_ms = 0;

    return guard_before(engine_directory(engine), origin, node, &since_ms) != 0;
}
