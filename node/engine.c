/* Room: node. Owns the store, the keys and the turn: what happened is stepped,
 * stored in one transaction, committed, and only then sent or answered. It is
 * the only caller of what writes. Next: peers.c (who we talk to), record.c
 * (what offices enter), loop.c (what calls whom when). */
#include "node/engine_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/jobs.h"
#include "node/kdf.h"
#include "node/log.h"
#include "node/mend.h"
#include "node/peers.h"
#include "protocol/base/hex.h"
#include "protocol/record/calendar.h"
#include "store/check.h"
#include "store/directory.h"
#include "store/restore.h"
#include "store/spool.h"

#define INDEX_BUSY 128u      /* texts indexed in a slice while frames come */
#define INDEX_EVERY_MS 1000u /* texts wait for company: one write for many */
#define INTEGRATE_BUSY 128u  /* events of a slice while frames come */
#define SLICE_LEAST 256u     /* ... and in a pause: as many as go into */
#define SLICE_MOST 8192u
#define SLICE_SHORT_MS 15u /* ... this time, and not more than this */
#define SLICE_LONG_MS 40u
#define SETTLE_A_TURN 16u
#define BUSY_MS 20u   /* after a frame more are expected */
#define MORE_MS 500u  /* after one that announced more */
#define SLICE_MS 250u /* between slices while they come */
#define SPARE_MS 25u  /* ... while they come slowly */
#define SPARE_WINDOW_US 100000u
#define SPARE_PERCENT 60u      /* asleep that long: there is time to spare */
#define DIR_WAIT_MS 1000u      /* a directory event waits: look again */
#define SETTLE_SHARE 10u       /* cells take a tenth of the time at most */
#define SETTLE_LATEST_MS 5000u /* and wait no longer for a pause */
#define JOINING_ARENA_BYTES ((size_t)131072)
#define HAPPENINGS_BYTES ((size_t)2 << 20)
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
    struct store_options options = {.path = path};
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

int engine_open(const struct config *config, struct engine **out,
                struct error *err)
{
    struct engine *made = calloc(1, sizeof(*made));
    int rc;

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the node");
    }
    made->config = config;
    made->lock_fd = -1;
    made->gate_stale = true;
    made->integrating = true;
    made->slice_events = SLICE_LEAST;
    made->unsettled = true;
    made->grew = true; /* the spool may hold what the last run recorded */
    made->born_ms = clock_steady_ms();
    made->peers = calloc(1, sizeof(*made->peers));
    if (made->peers == NULL) {
        free(made);
        return error_set(err, ERR_NOMEM, "no memory for peers");
    }
    made->peers->recovering = SIZE_MAX;
    snprintf(made->peers->software, sizeof(made->peers->software), "qcdc 1");
    rc = lock_take(made, err);
    if (rc == 0) {
        rc = disk_open(&made->disk, config, NULL, NULL, err);
    }
    if (rc == 0) {
        rc = keys_load(&made->keys, config->dir, err);
    }
    if (rc == 0) {
        rc = hex_decode(span_str(config->root_key), &made->root,
                        sizeof(made->root), err);
    }
    if (rc == 0) {
        rc = arena_new(&made->turn, TURN_ARENA_BYTES, err);
    }
    if (rc == 0) {
        rc = arena_new(&made->joining, JOINING_ARENA_BYTES, err);
    }
    if (rc == 0) {
        rc = arena_new(&made->happenings, HAPPENINGS_BYTES, err);
    }
    if (rc == 0) {
        rc = segment_codec_new(&made->codec, err);
    }
    if (rc == 0) {
        rc = gate_new(&made->gate, err);
    }
    if (rc == 0) {
        rc = store_take(made, err);
    }
    if (rc == 0) {
        rc = erase_again(made, err);
    }
    if (rc == 0) {
        rc = mend_open(made, err);
    }
    if (rc == 0) {
        clock_resume(made);
        rc = gate_refresh(made, err);
    }
    if (rc == 0) {
        rc = cosign_resume(made, err);
    }
    if (rc == 0) {
        rc = epoch_resume(made, err);
    }
    if (rc != 0) {
        engine_close(made);
        return rc;
    }
    *out = made;
    return 0;
}

static void verdicts_drop(struct engine *engine)
{
    while (engine->verified_len > 0) {
        store_slice_free(engine->verified[--engine->verified_len]);
    }
    engine->verified_events = 0;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
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
    return kdf_waits(engine->kdf);
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
    if (store_in_transaction(engine->store)) {
        return 0;
    }
    return store_begin(engine->store, err);
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

/* Frames come: intake and sequencing go first, and what only derives waits
 * for a pause (DESIGN section 5: integration never holds intake back). */
static bool engine_is_busy(const struct engine *engine)
{
    return clock_steady_ms() < engine->busy_ms;
}

void engine_expect(struct engine *engine, bool more)
{
    uint64_t until_ms = clock_steady_ms() + (more ? MORE_MS : BUSY_MS);

    if (until_ms > engine->busy_ms) {
        engine->busy_ms = until_ms;
    }
}

/* ... but never for long: a slice every SLICE_MS even so, and far more often
 * where frames come so slowly that the loop mostly sleeps. Not with each of
 * them: a slice is a commit, and the next frame would wait for it. */
static bool background_may_run(const struct engine *engine)
{
    uint64_t rest_ms = engine->has_spare ? SPARE_MS : SLICE_MS;

    return !engine_is_busy(engine) ||
           clock_steady_ms() - engine->slice_ms >= rest_ms;
}

void engine_slept(struct engine *engine, uint64_t from_us, uint64_t until_us)
{
    uint64_t window_us = until_us - engine->window_us;

    engine->slept_us += until_us - from_us;
    if (window_us >= SPARE_WINDOW_US) {
        engine->has_spare = engine->slept_us * 100 >= window_us * SPARE_PERCENT;
        engine->window_us = until_us;
        engine->slept_us = 0;
    }
}

/* What a slice of background work may hold: larger ones cost less an event,
 * for they write a page of an index once for many. */
static uint32_t slice_events(const struct engine *engine, uint32_t busy)
{
    return engine_is_busy(engine) ? busy : engine->slice_events;
}

static void slice_took(struct engine *engine, uint32_t events,
                       uint64_t start_ms)
{
    uint64_t took_ms = clock_steady_ms() - start_ms;

    if (took_ms > SLICE_LONG_MS && engine->slice_events > SLICE_LEAST) {
        engine->slice_events /= 2;
    } else if (took_ms < SLICE_SHORT_MS && events >= engine->slice_events &&
               engine->slice_events < SLICE_MOST) {
        engine->slice_events *= 2;
    }
}

/* In a pause, or when they are old; a unit with many records takes long and
 * is then evaluated less often. */
static bool settle_is_due(struct engine *engine)
{
    uint64_t now_ms = clock_steady_ms();

    if (now_ms < engine->settle_ms) {
        return false;
    }
    if (engine->settled_day != engine_store_now(engine).day) {
        return true;
    }
    return engine->unsettled &&
           ((!engine_is_busy(engine) && !engine->behind) ||
            now_ms - engine->settled_ms >=
                SETTLE_LATEST_MS + engine->settling_ms * 2 * SETTLE_SHARE);
}

/* Cells of units that changed, a few a turn. */
static int settle(struct engine *engine, struct error *err)
{
    struct store_now now = engine_store_now(engine);
    struct store_integrated done = {0};
    uint64_t start_ms = clock_steady_ms();
    int rc;

    if (!settle_is_due(engine)) {
        return 0;
    }
    rc = engine_write(engine, err);
    if (rc == 0) {
        rc = store_settle(engine->store, now, SETTLE_A_TURN, &done, err);
    }
    if (rc == 0) {
        engine->unsettled = done.more;
        engine->settled_day = now.day;
        engine->settled_ms = clock_steady_ms();
        engine->settling_ms = engine->settled_ms - start_ms;
        engine->settle_ms =
            engine->settled_ms + SETTLE_SHARE * engine->settling_ms;
    }
    return rc;
}

int engine_commit(struct engine *engine, struct error *err)
{
    int rc = 0;

    if (store_in_transaction(engine->store)) {
        rc = store_commit(engine->store, err);
        if (rc != 0) {
            engine_undo(engine);
            engine_react(engine, "engine", "commit", err);
            return rc;
        }
    }
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

/* ---- background
 * ------------------------------------------------------------------------------
 */

/* What the threads verified, into the turn's transaction. */
static int verdicts_keep(struct engine *engine, struct error *err)
{
    int rc = engine->verified_len > 0 ? engine_write(engine, err) : 0;

    while (rc == 0 && engine->verified_len > 0) {
        rc = store_verify_done(engine->store,
                               engine->verified[--engine->verified_len], err);
    }
    engine->verified_events = rc == 0 ? 0 : engine->verified_events;
    return rc;
}

/* Verdicts that came back, and new slices for idle threads. While frames come
 * a thread gets one at a time: it shares the cores with intake. */
static int verify_work(struct engine *engine, bool may_give, struct error *err)
{
    bool sparing = engine_is_busy(engine) && !engine->has_spare;
    struct store_slice *slice;
    int rc = 0;

    while (rc == 0 && (slice = jobs_take(engine->jobs)) != NULL) {
        if (engine->verified_len == VERIFIED_MAX) {
            rc = verdicts_keep(engine, err);
        }
        if (rc != 0) {
            store_slice_free(slice);
            return rc;
        }
        engine->verified[engine->verified_len++] = slice;
        engine->verified_events += store_slice_count(slice);
        engine->integrating = true;
    }
    while (rc == 0 && may_give && jobs_has_room(engine->jobs) &&
           !(sparing && jobs_under_way(engine->jobs) > 0)) {
        slice = NULL;
        rc = store_verify_next(engine->store, &slice, err);
        if (rc != 0 || slice == NULL) {
            break;
        }
        rc = jobs_give(engine->jobs, slice, err);
        if (rc != 0) {
            store_slice_free(slice);
        }
    }
    return rc; /* the threads' sockets wake the loop */
}

/* A slice waits until enough is verified, or all that is under way. */
static bool integrate_is_due(const struct engine *engine)
{
    return engine->integrating &&
           (engine->jobs == NULL || jobs_under_way(engine->jobs) == 0 ||
            engine->verified_events >= engine->slice_events ||
            engine->verified_len == VERIFIED_MAX ||
            clock_steady_ms() - engine->slice_ms >= SLICE_MS);
}

static int integrate_work(struct engine *engine, bool *more, struct error *err)
{
    struct store_integrate_options options = {
        .now = engine_store_now(engine),
        .max_events = slice_events(engine, INTEGRATE_BUSY),
        .verify_here = engine->jobs == NULL,
        .no_search = true};
    struct store_integrated done = {0};
    uint64_t start_ms = clock_steady_ms();
    int rc;

    if (!integrate_is_due(engine)) {
        return 0;
    }
    engine->slice_ms = start_ms;
    rc = engine_write(engine, err);
    if (rc == 0) {
        rc = verdicts_keep(engine, err);
    }
    if (rc == 0) {
        rc = store_integrate(engine->store, &options, &done, err);
    }
    if (rc != 0) {
        return rc;
    }
    slice_took(engine, done.events, start_ms);
    engine->integrating = done.more;
    engine->placed = true;
    engine->behind = done.more || done.unverified;
    engine->indexed = engine->indexed && done.events == 0;
    engine->unsettled = engine->unsettled || done.events > 0 ||
                        done.records > 0 || done.units > 0;
    *more = *more || (integrate_is_due(engine) && !engine_is_busy(engine));
    return 0;
}

/* A node without guard sequences whenever it likes. */
static int sequence_work(struct engine *engine, bool *more, struct error *err)
{
    bool any = false;
    int rc = 0;

    if (!engine->grew && !engine->dir_waits) {
        return 0;
    }
    engine->dir_waits = false;
    if (sequence_is_free(engine)) {
        rc = store_spool_any(engine->store, &any, err);
        if (rc == 0 && any) {
            rc = sequence_spool(engine, 0, err);
            *more = *more || engine->moved;
            engine->grew = engine->moved; /* frozen, or waiting: not at once */
            return rc;
        }
    } else {
        peers_tell(engine, LINK_SPOOL_GREW, NULL, NULL);
    }
    engine->grew = false;
    return rc;
}

/* Texts become findable behind integration, many in one write; whoever
 * searches before that waits for them (engine_findable). */
static int index_work(struct engine *engine, bool may_run, bool *more,
                      struct error *err)
{
    struct store_integrated done = {0};
    uint64_t start_ms = clock_steady_ms();
    int rc;

    if (engine->indexed || !may_run || start_ms < engine->index_ms) {
        return 0;
    }
    rc = engine_write(engine, err);
    rc = rc != 0 ? rc
                 : store_index(engine->store, slice_events(engine, INDEX_BUSY),
                               &done, err);
    if (rc != 0) {
        return rc;
    }
    slice_took(engine, done.events, start_ms);
    engine->indexed = !done.more;
    engine->index_ms =
        done.more ? start_ms : clock_steady_ms() + INDEX_EVERY_MS;
    *more = *more || (done.more && !engine_is_busy(engine));
    return 0;
}

int engine_findable(struct engine *engine, struct error *err)
{
    struct store_integrated done = {0};
    int rc;

    if (engine->indexed) {
        return 0;
    }
    rc = engine_write(engine, err);
    return rc != 0 ? rc : store_index(engine->store, SLICE_MOST, &done, err);
}

/* Said once when it begins and once when it is over. */
static void disk_work(struct engine *engine)
{
    if (disk_look(&engine->disk, clock_steady_ms())) {
        log_line(engine->disk.low ? LOG_ERROR : LOG_INFO, "disk",
                 engine->disk.low ? "low" : "enough", "free_mib=%llu",
                 (unsigned long long)(engine->disk.free / 1048576u));
    }
}

bool engine_work(struct engine *engine)
{
    struct error err = {0};
    bool background = background_may_run(engine) && !mend_holds(engine);
    bool more = false;
    int rc = 0;

    disk_work(engine);
    if (engine->jobs != NULL) {
        rc = verify_work(engine, background, &err);
    }
    if (rc == 0 && background) {
        rc = integrate_work(engine, &more, &err);
    }
    if (rc == 0) {
        rc = recover_work(engine, &err);
    }
    if (rc == 0) {
        rc = bundle_work(engine, &more, &err);
    }
    if (rc == 0) {
        rc = sequence_work(engine, &more, &err);
    }
    if (rc == 0) {
        rc = cosign_catch_up(engine, &err);
    }
    if (rc == 0) {
        peers_tick(engine);
        mend_tick(engine);
        rc = settle(engine, &err);
    }
    if (rc == 0) {
        rc = erase_catch_up(engine, &err);
    }
    if (rc == 0) {
        attach_work(engine);
    }
    if (rc == 0) {
        rc = index_work(engine, background && !engine->behind, &more, &err);
    }
    if (rc != 0) {
        engine_undo(engine);
        if (rc != ERR_CORRUPT || !mend_suspect(engine)) {
            engine_react(engine, "engine", "work", &err);
        }
        return false;
    }
    return more || settle_is_due(engine);
}

void engine_idle(struct engine *engine)
{
    struct error err = {0};
    uint32_t left = 0;

    erase_scrub(engine);
    if (!store_in_transaction(engine->store) &&
        store_tidy(engine->store, false, &left, &err) != 0) {
        engine_react(engine, "engine", "tidy", &err);
    }
    mend_idle(engine);
}

uint64_t engine_sleep_ms(struct engine *engine)
{
    uint64_t wait_ms = peers_deadline_ms(engine);
    uint64_t now_ms = clock_steady_ms();

    if (bundle_is_running(engine)) {
        return 0;
    }
    if (engine_is_busy(engine)) {
        wait_ms = wait_ms < BUSY_MS ? wait_ms : BUSY_MS;
    } else if ((integrate_is_due(engine) || erase_is_due(engine)) &&
               !mend_holds(engine)) {
        return 0;
    }
    if (mend_deadline_ms(engine) < wait_ms) {
        wait_ms = mend_deadline_ms(engine);
    }
    if (engine->integrating && wait_ms > SLICE_MS) {
        wait_ms = SLICE_MS;
    }
    if (!engine->indexed && !engine->behind && !engine_is_busy(engine) &&
        !mend_holds(engine)) {
        uint64_t index_ms =
            engine->index_ms > now_ms ? engine->index_ms - now_ms : 0;

        wait_ms = wait_ms < index_ms ? wait_ms : index_ms;
    }
    if (engine->dir_waits && wait_ms > DIR_WAIT_MS) {
        wait_ms = DIR_WAIT_MS;
    }
    if (engine->unsettled) {
        uint64_t settle_ms =
            engine->settle_ms > now_ms ? engine->settle_ms - now_ms : BUSY_MS;

        wait_ms = wait_ms < settle_ms ? wait_ms : settle_ms;
    }
    if (engine->disk.low) {
        wait_ms = wait_ms < 1000 ? wait_ms : 1000;
    }
    /* A new day makes cells late: look once a minute. */
    return wait_ms < 60000 ? wait_ms : 60000;
}

int engine_rebuild(struct engine *engine, struct error *err)
{
    struct store_rebuild_options options = {.now = engine_store_now(engine)};
    struct store_integrated done = {0};
    int rc = engine_commit(engine, err);

    log_line(LOG_WARN, "engine", "rebuilding",
             "text=\"nothing else is done until it ends\"");
    if (rc == 0) {
        rc = store_rebuild(engine->store, &options, &done, err);
    }
    if (rc == 0) {
        log_line(LOG_INFO, "engine", "rebuilt", "events=%u records=%u",
                 done.events, done.records);
        engine->unsettled = true;
    }
    return rc;
}

int engine_backup(struct engine *engine, const char *path, struct error *err)
{
    uint64_t start_ms = clock_steady_ms();
    int rc = engine_commit(engine, err);

    if (rc == 0) {
        rc = store_backup(engine->store, path, err);
    }
    if (rc == 0) {
        log_line(LOG_INFO, "engine", "backed_up", "took_ms=%llu",
                 (unsigned long long)(clock_steady_ms() - start_ms));
    }
    return rc;
}
