/* Room: node. Owns joining without a network: a request that comes in a file,
 * and the first bundle of a node that has no directory yet. Its directory logs
 * prove themselves by the realm's root key; once they say who its superior is,
 * the bundle's signature is looked at, and only then the rest of it. It must
 * never believe a frame before that. Next: invite.c, joining.c, bundle_words.c
 * (the same for a top node that goes on at another machine). */
#include "node/bundle.h"
#include "node/invite.h"
#include "node/tree.h"

#include <stdio.h>
#include <string.h>

#include "node/log.h"
#include "protocol/link/join.h"

int bundle_request_take(struct engine *engine, struct bundle_job *job,
                        struct span file, struct error *err)
{
    const struct join_file_keys own = {.node = engine_node(engine),
                                       .pub = engine->keys.curve.pub,
                                       .sec = engine->keys.curve.sec};
    struct frame_join_request request;
    struct box_secret one_time = {{0}};
    struct box_public key;
    struct bundle_status *status = &job->status;
    struct invited invited = {0};
    int rc =
        join_file_take(file, &own, &engine->turn, &one_time, &request, err);

    rc = rc != 0 ? rc : box_public_of(&one_time, &key, err);
    crypto_wipe(&one_time, sizeof(one_time));
    rc = rc != 0 ? rc : invite_by_file(engine, &key, &request, &invited, err);
    if (rc != 0) {
        return rc;
    }
    status->from = invited.node;
    status->to = engine_node(engine);
    status->total = status->done = file.len;
    status->asks_to_join = invited.node;
    status->joined = invited.state == INVITED_CERTIFIED;
    join_fingerprint(request.request, status->fingerprint);
    log_line(LOG_INFO, "join", "by_file", "node=%u fingerprint=%s",
             invited.node, status->fingerprint);
    return 0;
}

bool bundle_enrolls(struct engine *engine, const struct bundle_job *job)
{
    struct sign_public key;

    if (!job->up || engine->keys.joining) {
        return job->up;
    }
    return job->head.from == engine_directory(engine)->top &&
           bundle_sender_key(engine, job->head.from, &key) &&
           !bundle_head_verify(&job->head, &key);
}

bool bundle_is_for_enrolling(const struct engine *engine,
                             const struct frame *frame)
{
    return frame->kind == FRAME_SUCCESSOR ||
           (engine->keys.joining && frame->kind == FRAME_BATCH &&
            frame->batch.origin.dir &&
            frame->batch.origin.node != engine_node(engine));
}

int bundle_enrolled(struct engine *engine, struct bundle_job *job,
                    struct error *err)
{
    if (!engine->keys.joining) {
        return 0; /* a word on who leads is all that was looked for */
    }
    join_finished(engine, &job->peer);
    if (!engine->joined) {
        return error_set(err, ERR_CONFLICT,
                         "the bundle does not certify the keys of this node: "
                         "confirm its fingerprint at the superior (qcdc invite "
                         "--confirm), then make the bundle there again");
    }
    job->status.joined = true;
    return 0;
}
