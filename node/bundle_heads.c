/* Room: node. Owns what the heads in a bundle show: a fork, a copy that was set
 * back, which token the sender had. A bundle is a picture of the past: an older
 * head freezes nothing, two roots for one size do. It must never take a leaf.
 * Next: bundle_import.c, which does; recover.c. */
#include "node/bundle.h"
#include "node/tree.h"

#include <stdio.h>
#include <string.h>

#include "protocol/log/checkpoint.h"
#include "store/delivery.h"

/* ---- heads ---- */

/* Ours, over more than we hold: we were set back. */
static bool seen_is_ours(struct engine *engine, const struct frame_head *head)
{
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct error ignored = {0};
    struct vkey key;
    char name[64];

    checkpoint_text(engine, &head->origin, &head->seen.head, &text);
    /* By a key of before, too: it is our memory all the same. */
    return line_is_of(engine, engine_node(engine), &head->seen.line, name,
                      &key) &&
           cosignature_verify(&head->seen.line, &key, buf_span(&text),
                              &ignored) == 0;
}

/* Is the head what the log's own key signed? */
static bool head_is_signed(const struct frame_head *head,
                           const struct store_log *log)
{
    struct checkpoint checkpoint;
    struct error ignored = {0};
    struct vkey key;

    return vkey_make(span_str(log->origin), VKEY_ED25519, &log->key, &key,
                     &ignored) == 0 &&
           checkpoint_open(head->note, &key, &checkpoint, &ignored) == 0 &&
           checkpoint.head.size == head->head.size &&
           hash_equal(&checkpoint.head.root, &head->head.root);
}

/* Two histories under one signature: shown, and nothing more is taken. */
static int fork_check(struct engine *engine, const struct frame_head *head,
                      const struct store_log *log, struct error *err)
{
    struct hash root = log->head.root;
    struct log_facts facts;
    struct error ignored = {0};
    bool settled;
    int rc = 0;

    if (head->head.size == 0 || head->head.size > log->head.size) {
        return 0;
    }
    if (head->head.size < log->head.size) {
        rc = store_log_root_at(engine->store, log->id, head->head.size, &root,
                               err);
    }
    if (rc != 0 || hash_equal(&root, &head->head.root) ||
        !head_is_signed(head, log)) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    settled = log_facts_of(engine, &head->origin, &facts, &ignored) == 0 &&
              facts.ended; /* a superior said which of the two it is */
    rc = engine_write(engine, err);
    if (rc == 0 && log->frozen[0] == '\0' && !settled) {
        rc = store_log_freeze(engine->store, log->id,
                              "two signed histories of one size, the other in "
                              "a bundle: keep both machines as they are, an "
                              "administrator must open a new epoch",
                              err);
    }
    return rc != 0
               ? rc
               : error_set(err, ERR_CONFLICT,
                           "%s has two signed histories of %llu events, "
                           "here and in the bundle: keep both machines as "
                           "they are, an administrator must open a new "
                           "epoch",
                           log->origin, (unsigned long long)head->head.size);
}

/* A copy of ours was set back: as in a session, nothing of that log is
 * sequenced or cosigned before it is all here again (recover.c). */
static int back_begin(struct engine *engine, struct bundle_job *job,
                      struct link_action *action, struct error *err)
{
    char text[160];

    (void)snprintf(text, sizeof(text),
                   "this machine was set back: a bundle of node %u shows %llu "
                   "events of that log, here are %llu",
                   job->head.from, (unsigned long long)action->until,
                   (unsigned long long)action->from);
    action->kind = LINK_DO_RECOVER;
    action->has_origin = true;
    action->text = arena_copy(&engine->turn, span_str(text));
    (void)snprintf(job->status.note, sizeof(job->status.note),
                   "this machine was set back and lacks events that it had: "
                   "if they are not in this bundle, give node %u one from "
                   "here and take in the answer",
                   job->head.from);
    return recover_begin(engine, &job->peer, action, err);
}

/* Our own log: our guard shows what we signed and do not have. */
static int origin_back(struct engine *engine, struct bundle_job *job,
                       const struct frame_head *head,
                       const struct store_log *log, struct error *err)
{
    struct link_action action = {.origin = head->origin,
                                 .reason = LINK_REASON_ORIGIN_BACK,
                                 .from = log->head.size,
                                 .until = head->head.size,
                                 .cosigs = head->cosigs};

    return head->origin.node == engine_node(engine) &&
                   head->head.size > log->head.size && head_is_signed(head, log)
               ? back_begin(engine, job, &action, err)
               : 0;
}

/* A log that we guard: our own cosignature shows that we held more. */
static int mirror_back(struct engine *engine, struct bundle_job *job,
                       const struct frame_head *head,
                       const struct store_log *log, struct error *err)
{
    struct link_action action = {.origin = head->origin,
                                 .reason = LINK_REASON_MIRROR_BACK,
                                 .from = log->head.size,
                                 .until = log->head.size,
                                 .cosigs = head->cosigs};
    struct log_facts facts;
    bool held = false;
    int rc = log_facts_of(engine, &head->origin, &facts, err);

    /* Whoever shows one that we hold cannot have had more of them. */
    if (rc == 0 && head->seen.has && head->cosigs > log->cosigs) {
        rc = view_is_numbered(engine, &head->origin, &head->seen, &held, err);
        action.cosigs = held ? 0 : action.cosigs;
    }
    if (rc != 0 || facts.guard != engine_node(engine) || !head->seen.has ||
        (head->seen.head.size <= log->head.size &&
         action.cosigs <= log->cosigs) ||
        !seen_is_ours(engine, head)) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if (head->seen.head.size > action.until) {
        action.until = head->seen.head.size;
    }
    return back_begin(engine, job, &action, err);
}

static int head_apply(struct engine *engine, struct bundle_job *job,
                      const struct frame_head *head, struct error *err)
{
    struct bundle_mark mark = {head->origin, head->head.size, head->cosigs};
    struct store_log log;
    int rc = log_find(engine, &head->origin, &log, err);

    bundle_mark_put(&job->marks, &mark);
    if (rc == ERR_NOTFOUND && job->up && head->head.size > 0 &&
        head->origin.node == engine_node(engine)) {
        struct log_facts facts; /* an image from before its first leaf */

        rc = log_facts_of(engine, &head->origin, &facts, err);
        rc = rc != 0 ? rc
                     : log_open(engine, &head->origin, &facts.key, &log, err);
    }
    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if ((rc = fork_check(engine, head, &log, err)) != 0 ||
        log.frozen[0] != '\0') {
        return rc;
    }
    return job->up ? origin_back(engine, job, head, &log, err)
                   : mirror_back(engine, job, head, &log, err);
}

int bundle_heads_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_head *heads, size_t len,
                       struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = head_apply(engine, job, &heads[i], err);
    }
    return rc;
}

/* ---- HELLO ---- */

static bool token_is_known(struct engine *engine, uint32_t peer,
                           const struct frame_hello *hello)
{
    struct link_view view = view_of(engine);
    struct link_tokens tokens = {0};
    uint32_t self = engine_node(engine);
    struct error ignored = {0};

    if (view.tokens(view.data, peer, &tokens, &ignored) != 0) {
        return false;
    }
    if (!hello->has_token) {
        return !tokens.has_current;
    }
    /* It is of the machine that led before this one. */
    if (engine->successor.epoch != 0 && engine->successor.node == self &&
        !tokens.has_current && !tokens.has_issued) {
        return true;
    }
    return (tokens.has_current &&
            memcmp(&hello->token, &tokens.current, 16) == 0) ||
           (tokens.has_issued &&
            memcmp(&hello->token, &tokens.issued, 16) == 0);
}

/* The newest bundle says which deliveries are held, as a greeting does. */
static int queue_greet(struct engine *engine, const struct bundle_job *job,
                       const struct frame_hello *hello, struct error *err)
{
    size_t mark = engine->turn.used;
    struct store_bundles known;
    bool anew = false;
    int rc = store_bundles_get(engine->store, job->head.from, &engine->turn,
                               &known, err);

    arena_rewind(&engine->turn, mark);
    if (rc != 0 || job->head.made_ms < known.round) {
        return rc;
    }
    rc = engine_write(engine, err);
    return rc != 0 ? rc
                   : store_delivery_greet(engine->store, job->head.from,
                                          hello->deliveries, hello->queue.bytes,
                                          &anew, err);
}

int bundle_hello_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_hello *hello, struct error *err)
{
    if (!span_equal(hello->realm, span_str(engine->config->realm)) ||
        hello->node != job->head.from) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle's greeting is another node's");
    }
    job->status.token_old =
        !job->up && !token_is_known(engine, job->head.from, hello);
    job->acked = hello->deliveries;
    if (!job->up && hello->has_queue) {
        int rc = queue_greet(engine, job, hello, err);

        if (rc != 0) {
            return rc;
        }
    }
    return bundle_heads_apply(engine, job, hello->heads, hello->heads_len, err);
}
