/* Room: node. Owns the store, the keys and the turn: what happened is stepped,
 * stored in one transaction, committed, and only then sent or answered. It is
 * the only caller of what writes. Next: work.c (what a turn does besides),
 * peers.c (who we talk to), record.c (what offices enter), loop.c (what calls
 * whom when). */
#include "node/engine_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/kdf.h"
#include "node/lend.h"
#include "node/log.h"
#include "node/mend.h"
#include "node/peers.h"
#include "node/successor.h"
#include "protocol/base/hex.h"
#include "protocol/record/calendar.h"
#include "store/directory.h"

#define JOINING_ARENA_BYTES ((size_t)131072)
#define HAPPENINGS_BYTES ((size_t)2 << 20)
#define CACHE_LEAF_KIB 6144u  /* pages of the store in memory */
#define CACHE_ABOVE_KIB 8192u /* ... of a node that has children */
#define META_CLOCK "clock_offset_ms"

/* ---- life
 * ------------------------------------------------------------------------- */

/* Two processes on one database would fork the log (tlog.md section 3.5). */
static int lock_take(struct engine *engine, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    int rc = config_path(engine->config, "lock", path, err);

    if (rc != 0) {
        return rc;
    }
    engine->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (engine->lock_fd < 0) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (flock(engine->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return error_set(err, ERR_BUSY,
                         "%s is in use: a node runs here already",
                         engine->config->dir);
    }
    return 0;
}

static int store_take(struct engine *engine, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    /* Indexes of random ids: who receives from others reaches all over them,
     * and has the memory; a commune's box may be old. */
    struct store_options options = {.path = path,
                                    .cache_kib = engine->config->listen[0] != 0
                                                     ? CACHE_ABOVE_KIB
                                                     : CACHE_LEAF_KIB};
    int rc = config_path(engine->config, "store.db", path, err);

    if (rc == 0) {
        rc = store_open(&options, &engine->store, err);
    }
    if (rc == 0 && store_self(engine->store) != engine_node(engine)) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "%s is the store of node %u, the configuration says %u",
                       path, store_self(engine->store), engine_node(engine));
    }
    return rc;
}

/* A demo realm keeps its clock over a restart. */
static void clock_resume(struct engine *engine)
{
    struct span value;
    struct error ignored = {0};

    if (store_meta_get(engine->store, META_CLOCK, &engine->turn, &value,
                       &ignored) == 0 &&
        value.len == 8) {
        clock_offset_set_ms((int64_t)read_u64(value.ptr));
    }
}

/* What needs nothing but memory. */
static struct engine *engine_new(const struct config *config)
{
    struct engine *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return NULL;
    }
    made->config = config;
    made->lock_fd = -1;
    made->gate_stale = true;
    made->integrating = true;
    made->slice_events = PACE_LEAST;
    made->unsettled = true;
    made->grew = true; /* the spool may hold what the last run recorded */
    made->born_ms = clock_steady_ms();
    made->attach_named = UINT64_MAX; /* look for all that is missing, once */
    attach_round_open(made);
    made->peers = calloc(1, sizeof(*made->peers));
    if (made->peers == NULL) {
        free(made);
        return NULL;
    }
    made->peers->recovering = SIZE_MAX;
    snprintf(made->peers->software, sizeof(made->peers->software), "qcdc 1");
    return made;
}

/* What the folder holds besides the store, and room to work in. */
static int belongings_take(struct engine *engine, struct error *err)
{
    const struct config *config = engine->config;
    int rc = lock_take(engine, err);

    if (rc == 0) {
        rc = disk_open(&engine->disk, config, NULL, NULL, err);
    }
    if (rc == 0) {
        rc = keys_load(&engine->keys, config->dir, err);
    }
    if (rc == 0) {
        rc = hex_decode(span_str(config->root_key), &engine->root,
                        sizeof(engine->root), err);
    }
    if (rc == 0) {
        rc = arena_new(&engine->turn, TURN_ARENA_BYTES, err);
    }
    if (rc == 0) {
        rc = arena_new(&engine->joining, JOINING_ARENA_BYTES, err);
    }
    if (rc == 0) {
        rc = arena_new(&engine->happenings, HAPPENINGS_BYTES, err);
    }
    if (rc == 0) {
        rc = segment_codec_new(&engine->codec, err);
    }
    if (rc == 0) {
        rc = gate_new(&engine->gate, err);
    }
    return rc;
}

/* Goes on where the run before ended: first what was erased leaves a restored
 * image, before anything of it is served. */
static int resume(struct engine *engine, struct error *err)
{
    int rc = erase_again(engine, err);

    if (rc == 0) {
        rc = attach_destroy_again(engine, err);
    }
    if (rc == 0) {
        rc = successor_load(engine, err);
    }
    if (rc == 0) {
        rc = mend_open(engine, err);
    }
    if (rc == 0) {
        clock_resume(engine);
        rc = gate_refresh(engine, err);
    }
    if (rc == 0) {
        rc = cosign_resume(engine, err);
    }
    if (rc == 0) {
        rc = epoch_resume(engine, err);
    }
    if (rc == 0) {
        tails_resume(engine);
    }
    return rc;
}

int engine_open(const struct config *config, struct engine **out,
                struct error *err)
{
    struct engine *made = engine_new(config);
    int rc;

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the node");
    }
    rc = belongings_take(made, err);
    if (rc == 0) {
        rc = store_take(made, err);
    }
    if (rc == 0) {
        rc = resume(made, err);
    }
    if (rc != 0) {
        engine_close(made);
        return rc;
    }
    *out = made;
    return 0;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    lend_close(engine);
    attach_round_close(engine);
    mend_close(engine);
    verdicts_drop(engine);
    bundle_free(engine);
    store_close(engine->store); /* before the transport (B1.11) */
    peers_free(engine);
    gate_release(&engine->gate);
    segment_codec_free(engine->codec);
    arena_release(&engine->turn);
    arena_release(&engine->joining);
    arena_release(&engine->happenings);
    if (engine->lock_fd >= 0) {
        close(engine->lock_fd);
    }
    keys_wipe(&engine->keys);
    crypto_wipe(engine->sessions, sizeof(engine->sessions));
    free(engine);
}

void engine_attach(struct engine *engine, struct transport *transport,
                   struct jobs *jobs, struct reader *reader, struct kdf *kdf)
{
    engine->transport = transport;
    engine->jobs = jobs;
    engine->reader = reader;
    engine->kdf = kdf;
}

bool engine_waits(struct engine *engine)
{
    return kdf_waits(engine->kdf) || lend_is_out(engine);
}

struct reader *engine_reader(struct engine *engine)
{
    return engine->reader;
}

/* ---- what others may know
 * ------------------------------------------------------------ */

struct store *engine_store(struct engine *engine)
{
    return engine->store;
}

const struct directory *engine_directory(struct engine *engine)
{
    const struct directory *dir = NULL;
    struct error err = {0};

    if (store_directory(engine->store, &dir, &err) != 0) {
        engine_react(engine, "engine", "directory", &err);
        return &engine->nobody;
    }
    return dir;
}

uint32_t engine_node(const struct engine *engine)
{
    return (uint32_t)engine->config->node;
}

const char *engine_realm(const struct engine *engine)
{
    return engine->config->realm;
}

bool engine_demo(const struct engine *engine)
{
    const struct directory *dir = NULL;
    struct error ignored = {0};

    return store_directory(engine->store, &dir, &ignored) == 0 && dir->demo;
}

uint64_t engine_now_ms(const struct engine *engine)
{
    (void)engine;
    return clock_now_ms();
}

struct sign_public engine_root_key(const struct engine *engine)
{
    return engine->root;
}

const struct gate *engine_gate(struct engine *engine)
{
    return &engine->gate;
}

const struct box_pair *engine_curve(const struct engine *engine)
{
    return &engine->keys.curve;
}

struct store_now engine_store_now(const struct engine *engine)
{
    uint64_t now_ms = clock_now_ms();

    (void)engine;
    return (struct store_now){.day = day_of_ms(now_ms),
                              .time_s = (int64_t)(now_ms / 1000)};
}

int engine_clock_set(struct engine *engine, uint64_t now_ms, struct error *err)
{
    uint8_t space[8];
    struct buf value = buf_over(space, sizeof(space));
    int rc;

    if (!engine_demo(engine)) {
        return error_set(err, ERR_USAGE,
                         "the clock can be set in a demo realm only");
    }
    if (now_ms > 7258118400000u) { /* year 2200, as the formats' days */
        return error_set(err, ERR_USAGE, "a time after the year 2200");
    }
    rc = engine_write(engine, err);
    if (rc != 0) {
        return rc;
    }
    clock_set_ms(now_ms);
    buf_put_u64(&value, (uint64_t)clock_offset_ms());
    rc = store_meta_put(engine->store, META_CLOCK, buf_span(&value), err);
    if (rc == 0) {
        rc = engine_clock_confirm(engine, err); /* a person's word */
    }
    engine->unsettled = true;
    peers_restart(engine); /* the peers must compare clocks again */
    return rc;
}

void engine_stop(struct engine *engine)
{
    engine->stopping = true;
}

bool engine_stopping(const struct engine *engine)
{
    return engine->stopping;
}

int engine_fatal(const struct engine *engine)
{
    return engine->fatal;
}

/* ---- the turn
 * ---------------------------------------------------------------------------
 */

int engine_write(struct engine *engine, struct error *err)
{
    if (engine->fatal != 0) {
        return error_set(err, ERR_IO, "this node is stopping after a fault");
    }
    if (lend_is_out(engine)) {
        return lend_away(err);
    }
    if (store_in_transaction(engine->store)) {
        return 0;
    }
    return store_begin(engine->store, err);
}

/* What memory says is done may not stand in the store: every look again. */
void engine_look_again(struct engine *engine)
{
    engine->integrating = true;
    engine->unsettled = true;
    engine->grew = true;
    engine->indexed = false;
    engine->attach_seen = 0;
    engine->attach_named = UINT64_MAX;
    engine->bodies_mark = 0;
}

void engine_undo(struct engine *engine)
{
    if (store_in_transaction(engine->store)) {
        store_rollback(engine->store);
    }
    if (engine->transport != NULL) {
        transport_forget(engine->transport);
    }
    if (engine->linked) {
        peers_restart(engine);
        engine->linked = false;
    }
    verdicts_drop(engine); /* handed out again: verify_forget */
    engine->joined = false;
    engine->sequenced = 0;
    engine->later_bytes = 0;
    engine->peers->recovering = SIZE_MAX;
    engine->gate_stale = true;
    successor_forget(engine);
    engine_look_again(engine);
}

void engine_react(struct engine *engine, const char *room, const char *what,
                  const struct error *err)
{
    char text[LOG_TEXT_SIZE];

    switch ((enum err)err->code) {
    case ERR_IO:
    case ERR_CORRUPT:
        log_error(room, what, err);
        engine->fatal = err->code;
        return;
    case ERR_NOMEM:
    case ERR_USAGE:
        log_error(room, what, err);
        return;
    case ERR_LIMIT:
    case ERR_MALFORMED:
    case ERR_UNTRUSTED:
    case ERR_CONFLICT:
    case ERR_NOTFOUND:
    case ERR_BUSY:
        break;
    }
    log_line(LOG_WARN, room, what, "code=%s text=%s", err_name(err->code),
             log_text(span_str(err->text), text));
}

int engine_commit(struct engine *engine, struct error *err)
{
    int rc = 0;

    if (lend_is_out(engine)) {
        arena_reset(&engine->turn); /* nothing was written, nothing is sent */
        return 0;
    }
    if (store_in_transaction(engine->store)) {
        rc = store_commit(engine->store, err);
        engine->at_rest = false;
        if (rc != 0) {
            engine_undo(engine);
            engine->failed_ms = clock_steady_ms();
            engine_react(engine, "engine", "commit", err);
            return rc;
        }
    }
    engine->failed_ms = 0;
    engine->linked = false;
    engine->sequenced = 0;
    if (engine->transport != NULL) {
        transport_flush(engine->transport, peers_lost, engine);
    }
    if (!engine->stepping) {
        arena_reset(&engine->turn);
    }
    if (engine->joined) {
        join_leave(engine);
    }
    if (engine->gate_stale) {
        rc = gate_refresh(engine, err);
        if (rc != 0) {
            engine_react(engine, "gate", "refresh", err);
        }
    }
    return rc;
}
