/* Room: node. Owns who else may hold what a copy of ours lacks (tlog.md 3.3):
 * whether a child is still waited for, and when what is missing counts as
 * nobody's. It must never end a recovery: that is recover.c's, or a person's
 * (--reason mirrors-lost). Next: recover.c; erase.c, which holds bodies back
 * meanwhile. */
#include "node/peers.h"

#include "node/clock.h"
#include "store/recovery.h"

#define BELOW_LATEST_MS 86400000u /* a child not heard is not waited for */
#define LOST_S 86400              /* nor is anybody, for bodies' sake */
#define LOST_UP_MS 3600000u       /* ... of which this machine was on */

uint64_t recover_below(struct engine *engine, const struct origin *origin)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    uint32_t node = origin->node;
    const struct dir_node *found = directory_node(dir, node);
    struct peer *child;
    struct link_info info;
    struct link_lag lag;

    for (unsigned depth = 0; found != NULL && found->parent != self; depth++) {
        if (depth == 16) {
            return 0;
        }
        node = found->parent;
        found = directory_node(dir, node);
    }
    if (node == engine->gone_below) {
        return 0;
    }
    child = found != NULL ? peer_of_node(engine, node) : NULL;
    if (child != NULL && child->link != NULL) {
        link_info(child->link, &info);
        for (size_t i = 0; info.state == LINK_OPEN && !info.waiting &&
                           link_lag(child->link, i, &lag);
             i++) {
            if (!lag.sending && origin_equal(&lag.origin, origin)) {
                return lag.there;
            }
        }
    }
    return clock_steady_ms() - engine->born_ms > BELOW_LATEST_MS ? 0
                                                                 : UINT64_MAX;
}

bool recover_is_lost(struct engine *engine,
                     const struct store_recovery *recovery)
{
    int64_t now_s = (int64_t)(clock_now_ms() / 1000);
    struct store_log log;
    struct origin origin;
    struct error ignored = {0};

    if (recovery->done_s != 0 || now_s - recovery->since_s < LOST_S ||
        clock_steady_ms() - engine->born_ms < LOST_UP_MS ||
        store_log_get(engine->store, recovery->log, &log, &ignored) != 0) {
        return false;
    }
    origin = log_origin(&log);
    for (size_t i = 0; i < engine->peers->len; i++) {
        const struct peer *peer = &engine->peers->all[i];
        struct link_lag lag;

        for (size_t j = 0;
             peer->used && peer->link != NULL && link_lag(peer->link, j, &lag);
             j++) {
            if (origin_equal(&lag.origin, &origin) &&
                lag.there > log.head.size) {
                return false; /* he has it: it is on its way */
            }
        }
    }
    return true;
}
