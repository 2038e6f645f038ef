/* Room: node. Owns the turn to a new epoch of our own logs (tlog.md 3.4): what
 * is not part of the log that ended goes back to the spool and is appended
 * again byte for byte; and the cutting of others' logs where a superior ended
 * them. It never decides that a log ends: the directory says so. What is cut
 * off another's log is kept as a file. Next: certify.c, which ends logs. */
#include "node/peers.h"

#include <stdio.h>

#include "node/clock.h"
#include "node/evidence.h"
#include "node/invite.h"
#include "node/log.h"
#include "store/epoch.h"
#include "store/integrate.h"

static const struct sign_public *own_key(const struct engine *engine,
                                         bool is_dir)
{
    return is_dir ? &engine->keys.dir_log.pub : &engine->keys.log.pub;
}

/* The newest epoch of our log, if its key is ours and it is not the first; a
 * copy, for the directory goes with the first write. */
static bool epoch_begun(struct engine *engine, bool is_dir,
                        struct dir_epoch *out)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    uint32_t now = directory_epoch_now(dir, self, is_dir);
    const struct dir_epoch *epoch = directory_epoch(dir, self, is_dir, now);

    if (now < 2 || epoch == NULL ||
        memcmp(&epoch->key, own_key(engine, is_dir), sizeof(epoch->key)) != 0) {
        return false;
    }
    *out = *epoch;
    return true;
}

bool epoch_is_ours(struct engine *engine, bool is_dir)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    uint32_t now = directory_epoch_now(dir, self, is_dir);
    const struct dir_epoch *epoch = directory_epoch(dir, self, is_dir, now);
    struct origin origin = {self, now, is_dir};
    struct store_log log;
    struct error ignored = {0};

    if (now == 0) {
        /* At init the certificate itself is leaf 0; else no such log. */
        return dir->top == 0;
    }
    if (epoch == NULL || epoch->closed ||
        memcmp(&epoch->key, own_key(engine, is_dir), sizeof(epoch->key)) != 0) {
        return false;
    }
    return now == 1 || log_find(engine, &origin, &log, &ignored) == 0;
}

/* ---- our own logs
 * ----------------------------------------------------------------------------
 */

/* Two histories were signed: which of them a shorter copy is part of, nobody
 * can tell before the rest is here. */
static bool ended_by_fork(const struct dir_epoch *ended)
{
    return ended->reason == REJOIN_FORK || ended->reason == REJOIN_CLONE;
}

/* How much of what we hold is the log that ended: all of it if the roots
 * agree where it ends, or if we hold less and nothing speaks against it. Of our
 * own all goes back to the spool after a fork, and what is in the log leaves
 * it again when that is fetched. */
static int keep_of(struct engine *engine, const struct store_log *log,
                   const struct dir_epoch *ended, uint64_t *keep,
                   struct error *err)
{
    struct hash root;
    int rc;

    *keep = log->head.size;
    if (ended == NULL || !ended->closed) {
        return 0;
    }
    if (log->head.size < ended->size) {
        *keep = log->frozen[0] != '\0' || (log->node == engine_node(engine) &&
                                           ended_by_fork(ended))
                    ? 0
                    : log->head.size;
        return 0;
    }
    rc = store_log_root_at(engine->store, log->id, ended->size, &root, err);
    *keep = rc == 0 && hash_equal(&root, &ended->root) ? ended->size : 0;
    return rc;
}

/* Leaf 0 of the new log says where the old one ended. */
static int restored_make(struct engine *engine, const struct dir_epoch *begun,
                         uint64_t size, struct span *out, struct error *err)
{
    struct record_draft draft = {.type = event_type_named("Restored"),
                                 .signer = &engine->keys.actor.pub,
                                 .signer_secret = &engine->keys.actor.sec};
    char from[24];
    char source[12];
    char epoch[12];
    struct field_pair pairs[4] = {{"from", from}, {"until", from}};
    size_t len = 2;
    uint8_t *space = arena_alloc(&engine->turn, 256);
    struct buf facts = buf_over(space, 256);
    struct record_made made;
    int rc;

    if (draft.type == NULL || draft.type->shape == NULL || size == 0) {
        *out = (struct span){NULL, 0}; /* nothing was in it */
        return 0;
    }
    snprintf(from, sizeof(from), "%llu", (unsigned long long)size);
    snprintf(source, sizeof(source), "%u", (unsigned)engine->config->parent);
    snprintf(epoch, sizeof(epoch), "%u", begun->epoch - 1);
    pairs[len++] = (struct field_pair){"source", source};
    pairs[len++] = (struct field_pair){"epoch", epoch};
    rc = facts_encode(draft.type, pairs, len, NULL, &facts, err);
    draft.facts = buf_span(&facts);
    if (rc == 0) {
        rc = record_make(engine, &draft, &engine->turn, &made, err);
    }
    if (rc == 0) {
        *out = made.leaf;
    }
    return rc;
}

/* One of our logs; *turned if it began just now. */
static int own_turn(struct engine *engine, bool is_dir, bool *turned,
                    struct error *err)
{
    struct dir_epoch begun;
    struct store_epoch turning = {.is_dir = is_dir};
    struct origin origin = {engine_node(engine), 0, is_dir};
    const struct dir_epoch *ended = NULL;
    struct store_log log;
    uint64_t orphans = 0;
    uint64_t size = 0;
    int rc;

    if (!epoch_begun(engine, is_dir, &begun)) {
        return 0;
    }
    origin.epoch = begun.epoch;
    rc = log_find(engine, &origin, &log, err);
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    ended = directory_epoch(engine_directory(engine), origin.node, is_dir,
                            begun.epoch - 1);
    size = ended != NULL && ended->closed ? ended->size : 0;
    origin.epoch = begun.epoch - 1;
    rc = log_find(engine, &origin, &log, err);
    if (rc == 0) {
        turning.log = log.id;
        rc = keep_of(engine, &log, ended, &turning.keep, err);
    }
    rc = rc == ERR_NOTFOUND ? 0 : rc;
    if (rc == 0 && !is_dir) {
        rc = restored_make(engine, &begun, size, &turning.first, err);
    }
    rc = rc != 0 ? rc : engine_write(engine, err);
    rc = rc != 0 ? rc
                 : store_epoch_begin(engine->store, &turning, &orphans, err);
    if (rc == 0 && turning.log != 0) {
        /* What kept it is settled by its end: it is to be whole again. */
        rc = store_log_thaw(engine->store, turning.log, err);
    }
    origin.epoch = begun.epoch;
    rc = rc != 0
             ? rc
             : log_open(engine, &origin, own_key(engine, is_dir), &log, err);
    if (rc == 0) {
        *turned = true;
        log_line(LOG_WARN, "epoch", "begun",
                 "log=%s ended_at=%llu orphans=%llu", log.origin,
                 (unsigned long long)size, (unsigned long long)orphans);
    }
    return rc;
}

/* ---- logs of others
 * ------------------------------------------------------------------------- */

/* What is held beyond the end, or beside it, is no part of that log. */
static int other_cut(struct engine *engine, const struct dir_epoch *ended,
                     bool *turned, struct error *err)
{
    struct origin origin = {ended->node, ended->epoch, ended->is_dir};
    struct store_log log;
    uint64_t keep = 0;
    int rc = log_find(engine, &origin, &log, err);

    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    rc = keep_of(engine, &log, ended, &keep, err);
    if (rc == 0 && keep == log.head.size && log.frozen[0] == '\0') {
        return 0;
    }
    rc = rc != 0 ? rc : engine_write(engine, err);
    if (rc == 0 && keep < log.head.size) {
        rc = tail_keep(engine, &log, keep, err);
        *turned = true;
    }
    if (rc == 0 && log.frozen[0] != '\0') {
        rc = store_log_thaw(engine->store, log.id, err);
        peer_up_restart(engine); /* what was kept back goes up now */
    }
    return rc;
}

int epoch_turn(struct engine *engine, struct error *err)
{
    uint32_t self = engine_node(engine);
    bool turned = false;
    bool faults = false;
    int rc = own_turn(engine, true, &turned, err);

    rc = rc != 0 ? rc : own_turn(engine, false, &turned, err);
    for (size_t i = 0; rc == 0; i++) {
        /* Asked anew: it goes with every cut. */
        const struct directory *dir = engine_directory(engine);
        struct dir_epoch ended;

        if (i >= dir->epochs_len) {
            break;
        }
        ended = dir->epochs[i];
        if (ended.closed && ended.node != self) {
            rc = other_cut(engine, &ended, &turned, err);
        }
    }
    rc = rc != 0 ? rc : store_faults_due(engine->store, &faults, err);
    if (rc == 0 && faults) {
        rc = engine_write(engine, err);
        rc = rc != 0 ? rc : store_faults_settle(engine->store, err);
    }
    if (rc != 0) {
        engine_undo(engine);
        return rc;
    }
    if (!turned && !faults) {
        return 0;
    }
    rc = engine_rebuild(engine, err);
    engine->integrating = true;
    engine->grew = true;
    if (turned) {
        peers_restart(engine); /* the peers must hear of the new logs */
    }
    return rc;
}

void epoch_look_again(struct engine *engine)
{
    engine->peers->directory_serial = UINT64_MAX;
}

int epoch_resume(struct engine *engine, struct error *err)
{
    bool due = false;
    int rc = store_rebuild_is_due(engine->store, &due, err);

    return rc != 0 || !due ? rc : engine_rebuild(engine, err);
}
