/* Room: node. Owns what a turn does besides reading: verdicts of the threads,
 * integration, sequencing, cells, the index; in which order, and how long the
 * loop may sleep after it. It must never commit: the loop does. Next: pace.c
 * (how much of it), sequence.c, cosign.c, mend.c. */
#include "node/engine_internal.h"

#include <malloc.h>
#include <stdlib.h>

#include "node/clock.h"
#include "node/jobs.h"
#include "node/lend.h"
#include "node/log.h"
#include "node/mend.h"
#include "node/peers.h"
#include "store/spool.h"

#define FAILED_MS 1000u /* until a turn that could not commit is repeated */
#define INDEX_BUSY 128u /* texts indexed in a slice while frames come */
#define INDEX_EVERY_MS 1000u /* texts wait for company: one write for many */
#define INTEGRATE_BUSY 128u  /* events of a slice while frames come */
#define REST_EVERY_MS 10000u /* what a pause gives back */
#define SETTLE_A_TURN 16u
#define DIR_WAIT_MS 1000u      /* a directory event waits: look again */
#define SETTLE_SHARE 10u       /* cells take a tenth of the time at most */
#define SETTLE_LATEST_MS 5000u /* and wait no longer for a pause */

void verdicts_drop(struct engine *engine)
{
    while (engine->verified_len > 0) {
        store_slice_free(engine->verified[--engine->verified_len]);
    }
    engine->verified_events = 0;
}

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
    bool sparing = pace_is_busy(engine) && !engine->has_spare;
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
            clock_steady_ms() - engine->slice_ms >= PACE_SLICE_MS);
}

static int integrate_work(struct engine *engine, bool *more, struct error *err)
{
    struct store_integrate_options options = {
        .now = engine_store_now(engine),
        .max_events = pace_slice(engine, INTEGRATE_BUSY),
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
    pace_took(engine, done.events, start_ms);
    engine->integrating = done.more;
    engine->placed = true;
    engine->behind = done.more || done.unverified;
    engine->indexed = engine->indexed && done.events == 0;
    engine->unsettled = engine->unsettled || done.events > 0 ||
                        done.records > 0 || done.units > 0;
    *more = *more || (integrate_is_due(engine) && !pace_is_busy(engine));
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
                 : store_index(engine->store, pace_slice(engine, INDEX_BUSY),
                               &done, err);
    if (rc != 0) {
        return rc;
    }
    pace_took(engine, done.events, start_ms);
    engine->indexed = !done.more;
    engine->index_ms =
        done.more ? start_ms : clock_steady_ms() + INDEX_EVERY_MS;
    *more = *more || (done.more && !pace_is_busy(engine));
    return 0;
}

int engine_findable(struct engine *engine, struct error *err)
{
    struct store_integrated done = {0};
    int rc;

    if (engine->indexed || lend_is_out(engine)) {
        return 0; /* lent: what is shown is the moment before anyway */
    }
    rc = engine_write(engine, err);
    return rc != 0 ? rc : store_index(engine->store, PACE_MOST, &done, err);
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
           ((!pace_is_busy(engine) && !engine->behind) ||
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
    bool background = pace_allows(engine) && !mend_holds(engine);
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
        bodies_work(engine);
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

static void write_back(struct engine *engine)
{
    struct error err = {0};
    uint32_t left = 0;

    if (!store_in_transaction(engine->store) &&
        store_tidy(engine->store, false, &left, &err) != 0) {
        engine_react(engine, "engine", "tidy", &err);
    }
}

/* What work has filled: pages of the file, and the heap around it. */
static void memory_rest(struct engine *engine)
{
    uint64_t now_ms = clock_steady_ms();
    bool gave;

    if (now_ms < engine->rest_ms) {
        return;
    }
    engine->rest_ms = now_ms + REST_EVERY_MS;
    engine->at_rest = store_rest(engine->store, &gave);
    if (gave) {
        malloc_trim(0);
    }
}

void engine_idle(struct engine *engine)
{
    attach_destroy(engine);
    tails_work(engine);
    erase_scrub(engine);
    if (lend_is_out(engine)) {
        return;
    }
    write_back(engine);
    mend_idle(engine);
    attach_round(engine);
    memory_rest(engine);
}

void engine_tidy(struct engine *engine)
{
    if (store_tidy_is_due(engine->store)) {
        write_back(engine);
    }
}

uint64_t engine_sleep_ms(struct engine *engine)
{
    uint64_t wait_ms = peers_deadline_ms(engine);
    uint64_t now_ms = clock_steady_ms();

    if (engine->failed_ms != 0 && now_ms - engine->failed_ms < FAILED_MS) {
        return engine->failed_ms + FAILED_MS - now_ms; /* a full disk, say */
    }
    if (bundle_is_running(engine)) {
        return 0;
    }
    if (pace_is_busy(engine)) {
        wait_ms = wait_ms < PACE_BUSY_MS ? wait_ms : PACE_BUSY_MS;
    } else if ((integrate_is_due(engine) || erase_is_due(engine) ||
                tails_are_due(engine) || attach_destroy_is_due(engine)) &&
               !mend_holds(engine)) {
        return 0;
    }
    if (mend_deadline_ms(engine) < wait_ms) {
        wait_ms = mend_deadline_ms(engine);
    }
    if (attach_round_deadline_ms(engine) < wait_ms) {
        wait_ms = attach_round_deadline_ms(engine);
    }
    if (engine->integrating && wait_ms > PACE_SLICE_MS) {
        wait_ms = PACE_SLICE_MS;
    }
    if (!engine->indexed && !engine->behind && !pace_is_busy(engine) &&
        !mend_holds(engine)) {
        uint64_t index_ms =
            engine->index_ms > now_ms ? engine->index_ms - now_ms : 0;

        wait_ms = wait_ms < index_ms ? wait_ms : index_ms;
    }
    if (!engine->at_rest) {
        uint64_t rest_ms =
            engine->rest_ms > now_ms ? engine->rest_ms - now_ms : 0;

        wait_ms = wait_ms < rest_ms ? wait_ms : rest_ms;
    }
    if (engine->dir_waits && wait_ms > DIR_WAIT_MS) {
        wait_ms = DIR_WAIT_MS;
    }
    if (engine->unsettled) {
        uint64_t settle_ms = engine->settle_ms > now_ms
                                 ? engine->settle_ms - now_ms
                                 : PACE_BUSY_MS;

        wait_ms = wait_ms < settle_ms ? wait_ms : settle_ms;
    }
    if (engine->disk.low) {
        wait_ms = wait_ms < 1000 ? wait_ms : 1000;
    }
    /* A new day makes cells late: look once a minute. */
    return wait_ms < 60000 ? wait_ms : 60000;
}
