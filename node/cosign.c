/* Room: node. Owns our signatures on other nodes' logs: "all leaves up to
 * here, and the bodies due here, are durable on this machine". It signs only
 * what the same transaction stores, never a smaller size after a greater one,
 * and never while our clock is doubtful (DESIGN section 5). Next: intake.c. */
#include "node/peers.h"
#include "node/tree.h"

#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"
#include "store/recovery.h"

/* A superior's ClockFault says that our clock was wrong at that time. */
static bool is_faulty(struct engine *engine, uint64_t time_s)
{
    return directory_time_is_faulty(engine_directory(engine),
                                    engine_node(engine), time_s);
}

static uint64_t time_after(struct engine *engine, uint64_t newest_s)
{
    uint64_t now_s = clock_now_ms() / 1000;

    return now_s > newest_s || is_faulty(engine, newest_s) ? now_s : newest_s;
}

static void signed_at(struct engine *engine, const struct cosignature *line)
{
    uint64_t time_s = cosignature_time(line);

    if (time_s > engine->cosigning.signed_s && !is_faulty(engine, time_s)) {
        engine->cosigning.signed_s = time_s;
    }
}

static int line_sign(struct engine *engine, const struct origin *origin,
                     const struct merkle_head *head, uint64_t time_s,
                     struct cosignature *line, struct error *err)
{
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    char name[64];
    struct buf name_buf = buf_over(name, sizeof(name) - 1);
    struct vkey key;
    int rc;

    origin_mirror_name(span_str(engine->config->realm), engine_node(engine),
                       &name_buf);
    checkpoint_text(engine, origin, head, &text);
    rc = vkey_known(engine, buf_span(&name_buf), VKEY_COSIGNATURE,
                    &engine->keys.mirror.pub, &key, err);
    if (rc == 0) {
        rc = cosignature_sign(buf_span(&text), time_s, &key,
                              &engine->keys.mirror.sec, line, err);
    }
    return rc;
}

static int cosign_numbered(struct engine *engine, const struct store_log *log,
                           const struct origin *origin,
                           const struct signature *request, struct error *err)
{
    bool repeat = request != NULL;
    struct store_cosig newest;
    struct store_cosig made = {.log = log->id,
                               .number = log->cosigs,
                               .head = log->head,
                               .repeat = repeat};
    uint64_t newest_s = 0;
    int rc = 0;

    if (log->cosigs > 0) {
        rc = store_cosig_newest(engine->store, log->id, &newest, err);
        newest_s = rc == 0 ? cosignature_time(&newest.line) : 0;
    }
    if (rc == 0 && !repeat && log->cosigs > 0 &&
        newest.head.size >= log->head.size &&
        !guard_takes_over(engine, origin, log)) {
        return 0; /* said already */
    }
    if (rc == 0) {
        rc = line_sign(engine, origin, &log->head, time_after(engine, newest_s),
                       &made.line, err);
    }
    if (repeat) {
        made.request = *request;
    }
    if (rc == 0) {
        rc = store_cosig_append(engine->store, &made, err);
    }
    if (rc == 0) {
        signed_at(engine, &made.line);
    }
    engine->integrating = true; /* brackets move */
    return rc;
}

static int cosign_shown(struct engine *engine, const struct store_log *log,
                        const struct origin *origin, struct error *err)
{
    struct store_held made = {
        .log = log->id, .node = engine_node(engine), .head = log->head};
    int rc = line_sign(engine, origin, &log->head, clock_now_ms() / 1000,
                       &made.line, err);

    if (rc == 0) {
        rc = store_held_put(engine->store, &made, err);
    }
    if (rc == 0) {
        signed_at(engine, &made.line);
    }
    return rc;
}

int cosign_log(struct engine *engine, const struct origin *origin, uint32_t by,
               const struct signature *request, struct error *err)
{
    struct store_recovery recovery;
    struct log_facts facts;
    struct store_log log;
    int rc = log_facts_of(engine, origin, &facts, err);

    if (rc == 0) {
        rc = log_find(engine, origin, &log, err);
    }
    if (rc == 0) {
        rc = cosign_clock_check(&engine->cosigning, clock_now_ms() / 1000, err);
        engine->cosigning_waits = engine->cosigning_waits || rc == ERR_BUSY;
    }
    if (rc != 0) {
        return rc;
    }
    if (log.head.size == 0 || recover_active(engine, log.id, &recovery)) {
        return 0; /* nothing, or less than we signed before */
    }
    if (facts.guard == engine_node(engine)) {
        rc = guard_may_begin(engine, origin, &log, err);
        if (rc != 0 || guard_may_number(engine, origin, &log, by)) {
            return rc != 0
                       ? rc
                       : cosign_numbered(engine, &log, origin, request, err);
        }
    } else if (request != NULL) {
        return error_set(err, ERR_UNTRUSTED, "we are not that log's guard");
    }
    return cosign_shown(engine, &log, origin, err);
}

/* ---- the clock ---- */

#define META_WORD "clock_word"

struct seeking {
    struct engine *engine;
    struct error *err;
};

/* Newest of our own signatures on that log. */
static int seek_signed(void *data, const struct store_log *log)
{
    struct seeking *seeking = data;
    struct engine *engine = seeking->engine;
    struct origin origin = log_origin(log);
    struct store_held held;
    struct store_cosig newest;
    struct log_facts facts;
    struct error ignored = {0};
    int rc = 0;

    if (store_held_get(engine->store, log->id, engine_node(engine), &held,
                       &ignored) == 0) {
        signed_at(engine, &held.line);
    }
    if (log->cosigs == 0 ||
        log_facts_of(engine, &origin, &facts, &ignored) != 0 ||
        facts.guard != engine_node(engine)) {
        return 0;
    }
    /* Backwards to the newest one that no ClockFault voids. */
    for (uint64_t number = log->cosigs; rc == 0 && number > 0; number--) {
        rc = store_cosig_get(engine->store, log->id, number - 1, &newest,
                             seeking->err);
        if (rc == 0 && !is_faulty(engine, cosignature_time(&newest.line))) {
            signed_at(engine, &newest.line);
            break;
        }
    }
    return rc;
}

int cosign_resume(struct engine *engine, struct error *err)
{
    struct seeking seeking = {engine, err};
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), engine_node(engine));
    struct store_peer guard;
    struct span value;
    struct error ignored = {0};
    int rc;

    engine->cosigning.signed_s = 0;
    rc = store_log_each(engine->store, seek_signed, &seeking, err);
    engine->cosigning_waits = true; /* the last run may have been in doubt */
    if (store_meta_get(engine->store, META_WORD, &engine->turn, &value,
                       &ignored) == 0 &&
        value.len == 8) {
        engine->cosigning.word_s = read_u64(value.ptr);
    }
    if (cert != NULL && cert->guard != 0 &&
        store_peer_get(engine->store, cert->guard, &guard, &ignored) == 0) {
        engine->cosigning.skew_ms = guard.skew_ms;
    }
    return rc;
}

void cosign_greeted(struct engine *engine, uint32_t node, int64_t skew_ms)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), engine_node(engine));

    if (cert != NULL && cert->guard == node) {
        engine->cosigning.skew_ms = skew_ms;
        engine->cosigning_waits = true; /* what was refused, try again */
    }
    cert = directory_cert(engine_directory(engine), node);
    if (cert != NULL && cert->guard == engine_node(engine) &&
        guard_had_other(engine,
                        &(struct origin){.node = node, .epoch = cert->epoch},
                        engine_node(engine))) {
        engine->cosigning_waits = true; /* our first number, see tree.h */
    }
}

int engine_clock_confirm(struct engine *engine, struct error *err)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), engine_node(engine));
    struct store_peer guard;
    struct error ignored = {0};
    uint8_t space[8];
    struct buf value = buf_over(space, sizeof(space));
    int rc = engine_write(engine, err);

    buf_put_u64(&value, clock_now_ms() / 1000);
    if (rc == 0) {
        rc = store_meta_put(engine->store, META_WORD, buf_span(&value), err);
    }
    if (rc == 0 && cert != NULL && cert->guard != 0 &&
        store_peer_get(engine->store, cert->guard, &guard, &ignored) == 0) {
        guard.skew_ms = 0; /* until the next HELLO says otherwise */
        guard.todo[0] = '\0';
        rc = store_peer_put(engine->store, &guard, err);
    }
    if (rc == 0) {
        engine->cosigning.word_s = clock_now_ms() / 1000;
        engine->cosigning.skew_ms = 0;
        engine->cosigning_waits = true;
    }
    return rc;
}

/* A log of ours to guard that is longer than our newest word on it. */
static int catch_up(void *data, const struct store_log *log)
{
    struct seeking *seeking = data;
    struct engine *engine = seeking->engine;
    struct origin origin = log_origin(log);
    struct log_facts facts;
    struct error ignored = {0};
    int rc;

    if (log->frozen[0] != '\0' || log->guarded >= log->head.size ||
        log_facts_of(engine, &origin, &facts, &ignored) != 0 ||
        facts.guard != engine_node(engine)) {
        return 0;
    }
    rc = engine_write(engine, seeking->err);
    if (rc == 0) {
        rc = cosign_log(engine, &origin, 0, NULL, seeking->err);
    }
    if (rc == 0) {
        peers_tell(engine, LINK_COSIGNED, &origin, NULL);
    }
    return rc;
}

int cosign_catch_up(struct engine *engine, struct error *err)
{
    struct seeking seeking = {engine, err};
    struct error ignored = {0};

    if (!engine->cosigning_waits ||
        cosign_clock_check(&engine->cosigning, clock_now_ms() / 1000,
                           &ignored) != 0) {
        return 0;
    }
    engine->cosigning_waits = false;
    return store_log_each(engine->store, catch_up, &seeking, err);
}

/* ---- the directory log above ---- */

#define ABOVE_LEAST_MS                                                         \
    5000u /* between two words on it, however fast it grows */
#define ABOVE_LATER_MS 60000u

/* Sends ours, made anew if the log has grown: one frame, the newest only. */
static int above_say(struct engine *engine, struct peer *peer,
                     const struct origin *origin, struct error *err)
{
    struct frame frame = {.kind = FRAME_HELD};
    struct store_held held = {0};
    struct store_recovery recovery;
    struct store_log log;
    int rc = log_find(engine, origin, &log, err);

    if (rc != 0 || log.head.size == 0 || log.frozen[0] != '\0' ||
        recover_active(engine, log.id, &recovery)) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if (store_held_get(engine->store, log.id, engine_node(engine), &held,
                       err) != 0 ||
        held.head.size < log.head.size) {
        rc = engine_write(engine, err);
        rc = rc != 0 ? rc : cosign_log(engine, origin, 0, NULL, err);
        rc = rc != 0 ? rc
                     : store_held_get(engine->store, log.id,
                                      engine_node(engine), &held, err);
    }
    if (rc == 0) {
        frame.held = (struct frame_held){.origin = *origin,
                                         .node = engine_node(engine),
                                         .head = held.head,
                                         .line = held.line};
        (void)action_send_frame(engine, peer, &frame);
        log_line(LOG_INFO, "cosign", "above", "log=%s size=%llu", log.origin,
                 (unsigned long long)held.head.size);
    }
    return rc;
}

void cosign_above(struct engine *engine, struct peer *peer)
{
    const struct directory *dir = engine_directory(engine);
    struct origin origin = {peer->node,
                            directory_epoch_now(dir, peer->node, true), true};
    struct link_info info;
    struct error err = {0};

    if (!peer->above_due || clock_steady_ms() < peer->above_at_ms) {
        return;
    }
    link_info(peer->link, &info);
    if (info.state != LINK_OPEN || peer->detour || origin.epoch == 0 ||
        (info.features & LINK_FEATURE_HELD_UP) == 0) {
        peer->above_due = false; /* the next session, or batch, asks again */
        return;
    }
    peer->above_due = false;
    peer->above_at_ms = clock_steady_ms() + ABOVE_LEAST_MS;
    if (above_say(engine, peer, &origin, &err) != 0) {
        peer->above_due = err.code == ERR_BUSY; /* our clock is in doubt */
        peer->above_at_ms = clock_steady_ms() + ABOVE_LATER_MS;
        if (!peer->above_due) {
            engine_react(engine, "cosign", "above", &err);
        }
    }
}

/* ---- repeats ---- */

/* The request must be about the very head that we hold. */
static int repeat_check(struct engine *engine, const struct link_action *action,
                        struct error *err)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), action->origin.node);
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct store_log log;
    int rc = log_find(engine, &action->origin, &log, err);

    if (rc != 0) {
        return rc;
    }
    if (cert == NULL || log.head.size == 0 || log.cosigs != action->from) {
        return error_set(err, ERR_BUSY, "the head has moved since the request");
    }
    checkpoint_text(engine, &action->origin, &log.head, &text);
    if (!heard_verify(buf_span(&text), action->from, &action->signature,
                      &cert->actor_key)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the request is not signed by the node");
    }
    return 0;
}

void cosign_repeat(struct engine *engine, struct peer *peer,
                   const struct link_action *action)
{
    struct error err = {0};
    struct link_event event = {.kind = LINK_COSIGNED, .origin = action->origin};
    int rc = repeat_check(engine, action, &err);

    if (rc == 0) {
        rc = engine_write(engine, &err);
    }
    if (rc == 0) {
        rc = cosign_log(engine, &action->origin, peer->node, &action->signature,
                        &err);
    }
    if (rc != 0) {
        engine_react(engine, "cosign", "repeat_refused", &err);
        return;
    }
    peer_step(engine, peer, &event);
    peers_tell(engine, LINK_LOG_GREW, &action->origin, peer);
}

void heard_ask(struct engine *engine, struct peer *peer,
               const struct link_action *action)
{
    struct error err = {0};
    uint8_t text_space[CHECKPOINT_TEXT_MAX];
    uint8_t heard_space[HEARD_TEXT_MAX];
    struct buf text = buf_over(text_space, sizeof(text_space));
    struct buf heard = buf_over(heard_space, sizeof(heard_space));
    struct store_log log;
    struct link_event event = {.kind = LINK_HEARD_SIGNED,
                               .origin = action->origin,
                               .number = action->from};

    if (log_find(engine, &action->origin, &log, &err) != 0) {
        engine_react(engine, "cosign", "heard", &err);
        return;
    }
    checkpoint_text(engine, &action->origin, &log.head, &text);
    heard_text(buf_span(&text), action->from, &heard);
    event.signature = sign_bytes(&engine->keys.actor.sec, buf_span(&heard));
    peer_step(engine, peer, &event);
}
