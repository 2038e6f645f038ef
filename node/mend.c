/* Room: node. Owns the repair of bit rot without a person: when the patrol of
 * the store finds damage it mends what it can from what is here, derives again
 * what is derived, and asks peers that hold the same log for the rest. Must
 * never replace anything by itself: store/mend.c judges. Next: store/patrol.c.
 */
#include "node/mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"

#define FIRST_MS 1000u     /* after the start */
#define STEP_MS 250u       /* between idle slices */
#define SLICE_OF_MS 5u     /* what a slice may take */
#define ROUND_MS 86400000u /* a round a day */
#define ASK_MS 300u        /* between two looks at what waits */
#define PATIENCE_MS 10000u /* for one answer */
#define REST_MS 5000u      /* after one that did not help */
#define ANSWER_MS 100u     /* at most one answer a peer */
#define HOLD_MS 30000u     /* what cannot be read is tried again */
#define WAITING_MAX 16u

/* What one peer was asked, and when it was answered. */
struct ask {
    struct store_damage damage; /* kind 0: nothing */
    uint64_t asked_ms;
    uint64_t answered_ms;
    uint64_t rest_ms; /* after an answer that did not help */
    uint32_t turn;    /* through what waits */
};

struct mend {
    struct store_patrol *patrol;
    uint64_t step_ms; /* steady: the next slice */
    uint64_t ask_ms;
    uint64_t hold_ms; /* steady: until then nothing is derived */
    bool waiting;     /* something is noted and not mended */
    bool rebuilt;     /* once a round */
    struct ask asks[PEERS_MAX];
};

int mend_open(struct engine *engine, struct error *err)
{
    struct mend *mend = calloc(1, sizeof(*mend));

    if (mend == NULL || store_patrol_new(&mend->patrol, err) != 0) {
        free(mend);
        return error_set(err, ERR_NOMEM, "no memory for repairs");
    }
    mend->step_ms = clock_steady_ms() + FIRST_MS;
    mend->waiting = true; /* what the last run left is looked for once */
    engine->mend = mend;
    return 0;
}

void mend_close(struct engine *engine)
{
    if (engine->mend != NULL) {
        store_patrol_free(engine->mend->patrol);
    }
    free(engine->mend);
    engine->mend = NULL;
}

static int64_t now_s(void)
{
    return (int64_t)(clock_now_ms() / 1000);
}

static void told(const struct store_damage *damage)
{
    char text[LOG_TEXT_SIZE];

    log_line(damage->mended_s != 0 ? LOG_INFO : LOG_WARN, "mend",
             damage->mended_s != 0 ? "mended" : "damaged",
             "kind=%d source=%u text=%s", (int)damage->kind, damage->source,
             log_text(span_str(damage->text), text));
}

/* ---- what was found ---- */

/* From the row's own sound parts, or noted to be asked for. */
static int found_segment(struct engine *engine, struct store_damage *damage,
                         struct error *err)
{
    int rc = store_mend_segment(engine->store, damage->log, damage->first, NULL,
                                err);

    if (rc == 0) {
        damage->mended_s = damage->found_s;
        store_patrol_restart(engine->mend->patrol);
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* Derived again as a whole; the second time in a round nobody can help. */
static int found_derived(struct engine *engine, struct store_damage *damage,
                         struct error *err)
{
    int rc;

    if (engine->mend->rebuilt) {
        damage->kind = STORE_DAMAGE_HERE;
        return 0;
    }
    engine->mend->rebuilt = true;
    rc = engine_rebuild(engine, err);
    if (rc == 0) {
        damage->mended_s = damage->found_s;
        store_patrol_restart(engine->mend->patrol);
        rc = engine_write(engine, err);
    }
    return rc;
}

static int found(struct engine *engine, struct store_damage *damage,
                 struct error *err)
{
    int rc = engine_write(engine, err);

    damage->found_s = now_s();
    if (rc == 0 && damage->kind == STORE_DAMAGE_SEGMENT) {
        rc = found_segment(engine, damage, err);
    } else if (rc == 0 && damage->kind == STORE_DAMAGE_DERIVED) {
        rc = found_derived(engine, damage, err);
    }
    rc = rc != 0 ? rc : store_damage_put(engine->store, damage, err);
    if (rc == 0) {
        engine->mend->waiting = true;
        told(damage);
    }
    return rc;
}

/* ---- the patrol ---- */

static int slice(struct engine *engine, struct error *err)
{
    struct mend *mend = engine->mend;
    uint64_t start_ms = clock_steady_ms();
    struct store_damage damage = {.kind = STORE_DAMAGE_NONE};
    bool ended = false;
    int rc = 0;

    while (rc == 0 && !ended && damage.kind == STORE_DAMAGE_NONE &&
           clock_steady_ms() - start_ms < SLICE_OF_MS) {
        rc = store_patrol_step(engine->store, mend->patrol,
                               engine_store_now(engine), &damage, &ended, err);
    }
    mend->step_ms = clock_steady_ms() + STEP_MS;
    if (rc == 0 && damage.kind != STORE_DAMAGE_NONE) {
        rc = found(engine, &damage, err);
        ended = ended && damage.mended_s == 0;
    }
    if (rc == 0 && ended) {
        mend->step_ms = clock_steady_ms() + ROUND_MS;
        mend->rebuilt = false;
        store_patrol_restart(mend->patrol);
    }
    return rc;
}

void mend_idle(struct engine *engine)
{
    struct error err = {0};
    int rc;

    if (engine->integrating || store_in_transaction(engine->store) ||
        clock_steady_ms() < engine->mend->step_ms) {
        return;
    }
    rc = slice(engine, &err);
    if (rc == ERR_BUSY || rc == ERR_LIMIT) {
        engine->mend->step_ms = clock_steady_ms() + HOLD_MS;
    }
    if (rc != 0) {
        engine_undo(engine);
        engine_react(engine, "mend", "patrol", &err);
    } else if (engine_commit(engine, &err) != 0) {
        engine->mend->step_ms = clock_steady_ms() + HOLD_MS;
    }
}

uint64_t mend_deadline_ms(const struct engine *engine)
{
    const struct mend *mend = engine->mend;
    /* The patrol rests while there is something to integrate: a step that is
     * due then must not wake the loop, which would never sleep. */
    uint64_t at_ms = engine->integrating ? UINT64_MAX : mend->step_ms;
    uint64_t now_ms = clock_steady_ms();

    if (mend->waiting && mend->ask_ms < at_ms) {
        at_ms = mend->ask_ms;
    }
    if (at_ms == UINT64_MAX) {
        return at_ms;
    }
    return at_ms > now_ms ? at_ms - now_ms : 0;
}

bool mend_holds(const struct engine *engine)
{
    return clock_steady_ms() < engine->mend->hold_ms;
}

bool mend_suspect(struct engine *engine)
{
    struct store_damage damage = {.kind = STORE_DAMAGE_SEGMENT};
    struct error err = {0};
    int rc;

    if (!store_bad_segment(engine->store, &damage.log, &damage.first)) {
        return false;
    }
    (void)snprintf(damage.text, sizeof(damage.text),
                   "log %u: the segment at %llu cannot be read", damage.log,
                   (unsigned long long)damage.first);
    rc = found(engine, &damage, &err);
    if (rc != 0) {
        engine_undo(engine);
        return false;
    }
    engine->mend->hold_ms =
        damage.mended_s != 0 ? 0 : clock_steady_ms() + HOLD_MS;
    return true;
}

/* ---- asking ---- */

static struct ask *ask_of(struct engine *engine, const struct peer *peer)
{
    return &engine->mend->asks[peer - engine->peers->all];
}

/* Does this log flow on the link? To ask for another would be a fault. */
static bool concerns(const struct peer *peer, const struct origin *origin)
{
    struct link_lag lag;
    size_t i;

    for (i = 0; link_lag(peer->link, i, &lag); i++) {
        if (origin_compare(&lag.origin, origin) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_open(const struct peer *peer)
{
    struct link_info info;

    if (!peer->used || peer->joining || peer->link == NULL) {
        return false;
    }
    link_info(peer->link, &info);
    return info.state == LINK_OPEN;
}

static void ask_one(struct engine *engine, struct peer *peer,
                    const struct store_damage *damages, size_t len)
{
    struct ask *ask = ask_of(engine, peer);
    struct error ignored = {0};
    size_t i;

    for (i = 0; i < len; i++) {
        const struct store_damage *damage = &damages[ask->turn++ % len];
        struct frame frame = {.kind = FRAME_MEND_ASK};
        struct store_log log;

        if (store_log_get(engine->store, damage->log, &log, &ignored) != 0) {
            continue;
        }
        frame.mend_ask.origin = log_origin(&log);
        frame.mend_ask.first = damage->first;
        frame.mend_ask.cosig = damage->kind == STORE_DAMAGE_COSIG;
        if (concerns(peer, &frame.mend_ask.origin)) {
            ask->damage = *damage;
            ask->asked_ms = clock_steady_ms();
            (void)action_send_frame(engine, peer, &frame);
            return;
        }
    }
}

/* What waits for a peer's copy; the rest of the list is not for them. */
static size_t waiting(struct engine *engine, struct store_damage *damages)
{
    struct error err = {0};
    size_t len = 0, kept = 0, i;

    if (store_damage_list(engine->store, damages, WAITING_MAX, &len, &err) !=
        0) {
        return 0;
    }
    for (i = 0; i < len; i++) {
        if (damages[i].mended_s == 0 &&
            (damages[i].kind == STORE_DAMAGE_SEGMENT ||
             damages[i].kind == STORE_DAMAGE_COSIG)) {
            damages[kept++] = damages[i];
        }
    }
    return kept;
}

void mend_tick(struct engine *engine)
{
    struct mend *mend = engine->mend;
    struct store_damage damages[WAITING_MAX];
    uint64_t now_ms = clock_steady_ms();
    size_t len, i;

    if (!mend->waiting || now_ms < mend->ask_ms) {
        return;
    }
    mend->ask_ms = now_ms + ASK_MS;
    len = waiting(engine, damages);
    mend->waiting = len > 0;
    for (i = 0; len > 0 && i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];
        struct ask *ask = &mend->asks[i];

        if (is_open(peer) && now_ms >= ask->rest_ms &&
            (ask->damage.kind == STORE_DAMAGE_NONE ||
             now_ms - ask->asked_ms >= PATIENCE_MS)) {
            ask_one(engine, peer, damages, len);
        }
    }
}

/* ---- answering ---- */

static void answer_segment(struct engine *engine,
                           const struct link_action *action,
                           const struct store_log *log, struct frame *frame)
{
    struct store_segment held;
    struct error ignored = {0};

    if (store_segment_read(engine->store, log->id, action->from, &engine->turn,
                           &held, &ignored) != 0 ||
        held.parts.first != action->from) {
        return;
    }
    frame->mend.has_batch = true;
    frame->mend.batch.origin = action->origin;
    frame->mend.batch.segment = held.parts;
    frame->mend.batch.segment.sealed = (struct span){NULL, 0};
    if (!action->privates) {
        frame->mend.batch.segment.privates = (struct span){NULL, 0};
    }
}

static void answer_cosig(struct engine *engine,
                         const struct link_action *action,
                         const struct store_log *log, struct frame *frame,
                         struct guard_cosig *cosig)
{
    struct store_cosig held;
    struct error ignored = {0};

    if (store_cosig_get(engine->store, log->id, action->from, &held,
                        &ignored) != 0) {
        return;
    }
    *cosig = (struct guard_cosig){.head = held.head,
                                  .line = held.line,
                                  .has_heard = held.repeat,
                                  .heard = held.request};
    frame->mend.has_cosigned = true;
    frame->mend.cosigned = (struct frame_cosigned){.origin = action->origin,
                                                   .first = action->from,
                                                   .cosigs = cosig,
                                                   .cosigs_len = 1};
}

void mend_answer(struct engine *engine, struct peer *peer,
                 const struct link_action *action)
{
    struct ask *ask = ask_of(engine, peer);
    struct frame frame = {.kind = FRAME_MEND};
    struct guard_cosig cosig;
    struct store_log log;
    struct error ignored = {0};
    size_t mark = engine->turn.used;

    if (clock_steady_ms() - ask->answered_ms < ANSWER_MS) {
        return; /* whoever asks faster waits and asks again */
    }
    ask->answered_ms = clock_steady_ms();
    frame.mend.origin = action->origin;
    if (log_find(engine, &action->origin, &log, &ignored) == 0) {
        if (action->cosig) {
            answer_cosig(engine, action, &log, &frame, &cosig);
        } else {
            answer_segment(engine, action, &log, &frame);
        }
    }
    (void)action_send_frame(engine, peer, &frame);
    arena_rewind(&engine->turn, mark);
}

/* ---- taking ---- */

static int take(struct engine *engine, const struct store_damage *damage,
                const struct frame_mend *mend, struct error *err)
{
    const struct guard_cosig *one;
    struct store_cosig cosig;

    if (damage->kind == STORE_DAMAGE_SEGMENT) {
        return !mend->has_batch || mend->batch.segment.first != damage->first
                   ? error_set(err, ERR_NOTFOUND, "it does not hold it")
                   : store_mend_segment(engine->store, damage->log,
                                        damage->first, &mend->batch.segment,
                                        err);
    }
    if (!mend->has_cosigned || mend->cosigned.first != damage->first ||
        mend->cosigned.cosigs_len != 1) {
        return error_set(err, ERR_NOTFOUND, "it does not hold it");
    }
    one = &mend->cosigned.cosigs[0];
    cosig = (struct store_cosig){.log = damage->log,
                                 .number = damage->first,
                                 .head = one->head,
                                 .line = one->line,
                                 .repeat = one->has_heard,
                                 .request = one->heard};
    return store_mend_cosig(engine->store, &cosig, err);
}

void mend_take(struct engine *engine, struct peer *peer,
               const struct link_action *action)
{
    struct ask *ask = ask_of(engine, peer);
    struct store_damage damage = ask->damage;
    struct store_log log;
    struct error err = {0};
    char text[LOG_TEXT_SIZE];
    int rc = log_find(engine, &action->origin, &log, &err);

    if (damage.kind == STORE_DAMAGE_NONE || rc != 0 || log.id != damage.log) {
        return; /* nobody asked for that, or not any more */
    }
    ask->damage.kind = STORE_DAMAGE_NONE;
    rc = engine_write(engine, &err);
    rc = rc != 0 ? rc : take(engine, &damage, action->mend, &err);
    if (rc == 0) {
        damage.mended_s = now_s();
        damage.source = peer->node;
        rc = store_damage_put(engine->store, &damage, &err);
    }
    if (rc == ERR_IO || rc == ERR_CORRUPT) {
        engine_react(engine, "mend", "store", &err);
    } else if (rc != 0) {
        ask->rest_ms = clock_steady_ms() + REST_MS;
        log_line(LOG_WARN, "mend", "refused", "peer=%u text=%s", peer->node,
                 log_text(span_str(err.text), text));
    } else {
        told(&damage);
        engine->mend->hold_ms = 0;
        engine->mend->step_ms = clock_steady_ms();
        engine->integrating = true;
        store_patrol_restart(engine->mend->patrol);
    }
}
