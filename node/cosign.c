/* Room: node. Owns our signatures on other nodes' logs: "all leaves up to
 * here, and the bodies due here, are durable on this machine". It signs only
 * what the same transaction stores, never a smaller size after a greater one,
 * and never while our clock is doubtful (DESIGN section 5). Next: intake.c. */
#include "node/peers.h"

#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"

/* Our clock against our guard's at the newest HELLO. */
static int clock_check(struct engine *engine, struct error *err)
{
    struct peer *up = peer_up(engine);
    struct link_info info;

    if (up == NULL || up->link == NULL || up->joining) {
        return 0;
    }
    link_info(up->link, &info);
    if (!info.clock_wrong) {
        return 0;
    }
    return error_set(err, ERR_BUSY,
                     "our clock is %lld s from the superior's: set it, until "
                     "then nothing is cosigned here",
                     (long long)(-info.skew_ms / 1000));
}

static uint64_t time_after(uint64_t newest_s)
{
    uint64_t now_s = clock_now_ms() / 1000;

    return now_s > newest_s ? now_s : newest_s;
}

/* More than an hour behind our own last signature: the clock fell back. */
static int time_check(uint64_t newest_s, struct error *err)
{
    uint64_t now_s = clock_now_ms() / 1000;

    if (newest_s > now_s + 3600) {
        return error_set(err, ERR_BUSY,
                         "our clock is an hour behind our own last signature: "
                         "set it, until then nothing is cosigned here");
    }
    return 0;
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
                           const struct origin *origin, bool repeat,
                           const struct signature *request, struct error *err)
{
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
        newest.head.size >= log->head.size) {
        return 0; /* said already */
    }
    if (rc == 0) {
        rc = time_check(newest_s, err);
    }
    if (rc == 0) {
        rc = line_sign(engine, origin, &log->head, time_after(newest_s),
                       &made.line, err);
    }
    if (repeat) {
        made.request = *request;
    }
    if (rc == 0) {
        rc = store_cosig_append(engine->store, &made, err);
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

    return rc != 0 ? rc : store_held_put(engine->store, &made, err);
}

int cosign_log(struct engine *engine, const struct origin *origin, bool repeat,
               const struct signature *request, struct error *err)
{
    struct log_facts facts;
    struct store_log log;
    int rc = log_facts_of(engine, origin, &facts, err);

    if (rc == 0) {
        rc = log_find(engine, origin, &log, err);
    }
    if (rc == 0) {
        rc = clock_check(engine, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (log.head.size == 0) {
        return 0;
    }
    if (facts.guard == engine_node(engine)) {
        return cosign_numbered(engine, &log, origin, repeat, request, err);
    }
    if (repeat) {
        return error_set(err, ERR_UNTRUSTED, "we are not that log's guard");
    }
    return cosign_shown(engine, &log, origin, err);
}

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
        rc =
            cosign_log(engine, &action->origin, true, &action->signature, &err);
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
