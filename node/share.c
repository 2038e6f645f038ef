/* Room: node. Owns how much of this disk one child may take: what it and those
 * below it sent, batches and files as they lie here, all days together; and of
 * that what the logs of any one node below it may take, a quarter, so that none
 * of them fills the share of its siblings. Counted
 * with each batch and kept beside its quota, so that neither a start nor a
 * connection reads a log for it; before anybody is refused it is counted
 * anew. It must never hold back one child for another's sake. Next: quota.c,
 * intake.c, attach.c. */
#include "node/peers.h"

#include "node/clock.h"
#include "store/attachment.h"
#include "store/directory.h"
#include "store/log.h"

#define RECOUNT_MS 3600000u
#define RECOUNT_LOG_MS 60000u
#define MIB 1048576u
#define PART_BELOW 4u /* of a child's share: the logs of one node below it */

struct share_sum {
    struct engine *engine;
    uint32_t child;
    bool anew; /* by the segments, not by what is kept */
    uint64_t bytes;
};

static bool is_of(const struct share_sum *sum, uint32_t node)
{
    return node != engine_node(sum->engine) &&
           directory_node_within(engine_directory(sum->engine), node,
                                 sum->child);
}

/* A node's epochs are counted together: by the newest. */
static int log_add(void *data, const struct store_log *log)
{
    struct share_sum *sum = data;
    const struct origin origin = {log->node, log->epoch, log->is_dir};
    struct error ignored = {0};
    struct store_log newest;

    if (is_of(sum, log->node) &&
        store_log_of(sum->engine->store, log->node, log->is_dir, &newest,
                     &ignored) == 0 &&
        newest.id == log->id) {
        sum->bytes += quota_total(sum->engine, &origin, sum->anew);
    }
    return 0;
}

static void files_add(void *data, uint32_t node, uint64_t bytes)
{
    struct share_sum *sum = data;

    sum->bytes += is_of(sum, node) ? bytes : 0;
}

static int count(struct engine *engine, struct peer *peer, bool anew,
                 struct error *err)
{
    struct share_sum sum = {
        .engine = engine, .child = peer->node, .anew = anew};
    int rc = store_log_each(engine->store, log_add, &sum, err);

    if (rc == 0) {
        rc = store_attachment_by_node(engine->store, files_add, &sum, err);
    }
    if (rc == 0) {
        peer->share_bytes = sum.bytes;
        peer->share_serial = store_directory_serial(engine->store);
        peer->share_known = true;
    }
    return rc;
}

/* Records and certificates of that node together. */
static uint64_t logs_of(struct engine *engine, uint32_t node, bool anew)
{
    const struct origin records = {node, 1, false};
    const struct origin dir = {node, 1, true};

    return quota_total(engine, &records, anew) +
           quota_total(engine, &dir, anew);
}

int share_refuse_log(struct engine *engine, struct peer *peer,
                     const struct origin *origin, uint64_t bytes,
                     struct error *err)
{
    uint64_t most = engine->config->child_mib * MIB / PART_BELOW;
    uint64_t now_ms = clock_steady_ms();
    uint64_t taken;

    if (origin->node == peer->node) {
        return 0;
    }
    most += origin->dir ? most / 8 : 0;
    taken = logs_of(engine, origin->node, false);
    if (taken + bytes > most &&
        (peer->part_counted_ms == 0 ||
         now_ms >= peer->part_counted_ms + RECOUNT_LOG_MS)) {
        peer->part_counted_ms = now_ms; /* erased since, perhaps */
        taken = logs_of(engine, origin->node, true);
    }
    return taken + bytes <= most
               ? 0
               : error_set(err, ERR_LIMIT,
                           "the logs of node %u take %llu KiB here, its part "
                           "of node %u's share of the disk is %llu: find out "
                           "why, then set child_mib in this node's qcdc.conf "
                           "higher",
                           origin->node, (unsigned long long)taken / 1024,
                           peer->node, (unsigned long long)most / 1024);
}

int share_refuse(struct engine *engine, struct peer *peer, uint64_t bytes,
                 bool dir, struct error *err)
{
    uint64_t most = engine->config->child_mib * MIB;
    uint64_t now_ms = clock_steady_ms();
    int rc = 0;

    /* Certificates and revocations below it have room beyond the records. */
    most += dir ? most / 8 : 0;
    if (!peer->share_known ||
        peer->share_serial != store_directory_serial(engine->store)) {
        rc = count(engine, peer, false, err);
    }
    if (rc == 0 && peer->share_bytes + bytes > most &&
        (peer->share_counted_ms == 0 ||
         now_ms >= peer->share_counted_ms + RECOUNT_MS)) {
        peer->share_counted_ms = now_ms; /* erased since, perhaps */
        rc = count(engine, peer, true, err);
    }
    if (rc == 0 && peer->share_bytes + bytes > most) {
        rc =
            error_set(err, ERR_LIMIT,
                      "what came from node %u and those below it takes %llu "
                      "MiB here, its share of the disk is %llu: find out why, "
                      "then set child_mib in this node's qcdc.conf higher",
                      peer->node, (unsigned long long)(peer->share_bytes / MIB),
                      (unsigned long long)engine->config->child_mib);
    }
    return rc;
}

void share_add(struct peer *peer, uint64_t bytes)
{
    peer->share_bytes += bytes;
}

void share_forget(struct engine *engine)
{
    for (size_t i = 0; i < engine->peers->len; i++) {
        engine->peers->all[i].share_known = false;
    }
}
