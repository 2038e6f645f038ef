/* Room: node. Owns the slices in which a bundle is taken in: first all of it is
 * opened and looked at, so that a damaged one changes nothing; then chunk after
 * chunk, each in a turn's transaction. It must never apply a frame of a bundle
 * that was not found whole and its sender's. Next: bundle_import.c. */
#include "node/bundle.h"
#include "node/tree.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/link/join.h"

#define WAIT_MS 60000u
#define CHUNKS_A_TURN 16u /* looked at; applied: one */

/* ---- reading ---- */

/* Exactly that many bytes. */
static int bytes_read(struct bundle_job *job, void *out, size_t len,
                      struct error *err)
{
    uint8_t *at = out;

    if (len > job->size - job->at) {
        return error_set(err, ERR_MALFORMED,
                         "the bundle is cut short: copy it again");
    }
    while (len > 0) {
        ssize_t done = pread(job->fd, at, len, (off_t)job->at);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return error_set(err, ERR_MALFORMED, "the bundle cannot be read");
        }
        at += done;
        job->at += (uint64_t)done;
        len -= (size_t)done;
    }
    return 0;
}

/* Whoever made it may have heard of another machine, or not yet of this one. */
static int sealed_elsewhere(struct engine *engine, struct error *err)
{
    if (engine_directory(engine)->top != engine_node(engine)) {
        return error_set(err, ERR_USAGE,
                         "the bundle is sealed to another key of this node: "
                         "have it made again");
    }
    return error_set(err, ERR_USAGE,
                     "the bundle is sealed to another machine that leads the "
                     "realm than this one: if this one leads it, have a bundle "
                     "of this node taken in there, then made again there; if "
                     "another was promoted since, take it to that one and let "
                     "this one rest");
}

static int sender_check(struct engine *engine, struct bundle_job *job,
                        bool certified, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_node *from = directory_node(dir, job->head.from);
    struct sign_public key = {{0}};
    bool known = bundle_sender_key(engine, job->head.from, &key);
    struct key_id own = key_id_of(SPAN_OF(engine->keys.curve.pub));

    if (strcmp(job->head.realm, engine->config->realm) != 0) {
        return error_set(err, ERR_USAGE,
                         "the bundle is of realm \"%s\", this node of \"%s\"",
                         job->head.realm, engine->config->realm);
    }
    if (job->head.to != engine_node(engine)) {
        return error_set(err, ERR_USAGE,
                         "the bundle is for node %u, this is node %u",
                         job->head.to, engine_node(engine));
    }
    job->up = job->head.from == tree_parent(engine);
    job->enrolling = !certified && bundle_enrolls(engine, job);
    if ((!known && !job->enrolling) ||
        (!job->up && (from == NULL || from->parent != engine_node(engine)))) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle is from node %u, which is neither the "
                         "superior of this one nor certified below it",
                         job->head.from);
    }
    if (memcmp(&own, &job->head.key, sizeof(own)) != 0) {
        return sealed_elsewhere(engine, err);
    }
    if (!job->enrolling && !bundle_head_verify(&job->head, &key)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle is not signed by node %u, or was changed",
                         job->head.from);
    }
    return bundle_open(&job->head, &engine->keys.curve.pub,
                       &engine->keys.curve.sec, &job->stream, err);
}

int bundle_head_read(struct engine *engine, struct bundle_job *job,
                     struct error *err)
{
    uint8_t space[BUNDLE_HEAD_MAX];
    size_t len = job->size < sizeof(space) ? (size_t)job->size : sizeof(space);
    size_t used = 0;
    int rc = bytes_read(job, space, len, err);

    rc = rc != 0
             ? rc
             : bundle_head_take(span_make(space, len), &job->head, &used, err);
    rc = rc != 0 ? rc : sender_check(engine, job, false, err);
    job->start = used;
    job->at = used;
    return rc;
}

/* A request to join is no bundle: small, and done at once. */
int bundle_request_read(struct engine *engine, struct bundle_job *job, bool *is,
                        struct error *err)
{
    size_t len = job->size < JOIN_FILE_MAX ? (size_t)job->size : JOIN_FILE_MAX;
    uint8_t *space = arena_alloc(&engine->turn, len + 1);
    int rc;

    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    rc = bytes_read(job, space, len, err);
    *is = rc == 0 && join_file_is(span_make(space, len));
    if (*is) {
        return bundle_request_take(engine, job, span_make(space, len), err);
    }
    job->at = 0;
    return rc;
}

/* The next chunk, opened. */
static int chunk_read(struct bundle_job *job, struct span *plain,
                      struct error *err)
{
    uint8_t four[4];
    size_t len = 0;
    bool last = false;
    int rc = bytes_read(job, four, sizeof(four), err);

    rc = rc != 0 ? rc : bundle_length(&job->stream, four, &len, &last, err);
    rc = rc != 0 ? rc : bytes_read(job, job->cipher, len, err);
    if (rc == 0) {
        rc = bundle_unseal(&job->stream, span_make(job->cipher, len), last,
                           job->plain, err);
    }
    if (rc == 0) {
        *plain = span_make(job->plain, len - AEAD_OVERHEAD);
    }
    return rc;
}

/* What waits for integration is tried again next turn, not for ever. */
static int frame_wait(struct bundle_job *job, struct span from,
                      struct error *err)
{
    uint64_t now_ms = clock_steady_ms();

    if (job->waits_ms == 0) {
        job->waits_ms = now_ms;
    }
    if (now_ms - job->waits_ms > WAIT_MS) {
        return err->code;
    }
    job->rest = from;
    return 0;
}

static int frames_each(struct engine *engine, struct bundle_job *job,
                       struct span plain, struct error *err)
{
    int rc = 0;

    while (rc == 0 && plain.len > 0) {
        struct span from = plain;
        size_t mark = engine->turn.used;
        struct frame *frame = arena_alloc(&engine->turn, sizeof(*frame));
        struct span bytes = {0};

        if (frame == NULL) {
            return error_set(err, ERR_LIMIT, "too much in one turn");
        }
        rc = bundle_next(&plain, &bytes, err);
        rc = rc != 0 ? rc : frame_decode(bytes, &engine->turn, frame, err);
        if (rc == 0 && (!bundle_frame_fits(job, frame) ||
                        (frame->kind == FRAME_HELLO) == job->greeted)) {
            rc = error_set(err, ERR_MALFORMED,
                           "a %s frame where it has no place in a bundle",
                           frame_name(frame->kind));
        }
        if (rc == 0) {
            job->greeted = true;
            rc = job->applying && (!job->enrolling ||
                                   bundle_is_for_enrolling(engine, frame))
                     ? bundle_apply(engine, job, frame, err)
                     : 0;
        }
        arena_rewind(&engine->turn, mark);
        if (rc == ERR_BUSY) {
            return frame_wait(job, from, err);
        }
        job->waits_ms = 0; /* of this frame alone */
    }
    return rc;
}

/* From the first chunk again, to apply what was found whole. */
static int pass_again(struct engine *engine, struct bundle_job *job,
                      struct error *err)
{
    if (job->at != job->size) {
        return error_set(err, ERR_MALFORMED,
                         "there are bytes after the bundle's end");
    }
    job->applying = true;
    job->greeted = false;
    job->at = job->start;
    return bundle_open(&job->head, &engine->keys.curve.pub,
                       &engine->keys.curve.sec, &job->stream, err);
}

static int slice(struct engine *engine, struct bundle_job *job,
                 struct error *err)
{
    unsigned chunks = job->applying ? 1 : CHUNKS_A_TURN;
    int rc = 0;

    for (unsigned i = 0;
         rc == 0 && i < chunks && (!job->stream.ended || job->rest.len > 0);
         i++) {
        struct span plain = job->rest;

        job->rest = (struct span){NULL, 0};
        rc = plain.len > 0 ? 0 : chunk_read(job, &plain, err);
        rc = rc != 0 ? rc : frames_each(engine, job, plain, err);
    }
    job->status.done =
        job->applying ? job->size / 2 + job->at / 2 : job->at / 2;
    return rc;
}

int bundle_work(struct engine *engine, bool *more, struct error *err)
{
    struct bundle_job *job = engine->bundle;
    struct error why = {0};
    int rc;

    if (!bundle_is_running(engine)) {
        return 0;
    }
    rc = slice(engine, job, &why);
    if (rc == 0 && job->stream.ended && job->rest.len == 0) {
        if (!job->applying) {
            rc = pass_again(engine, job, &why);
        } else if (job->enrolling) {
            rc = bundle_enrolled(engine, job, &why);
            rc = rc != 0 ? rc : sender_check(engine, job, true, &why);
            rc = rc != 0 ? rc : pass_again(engine, job, &why);
        } else if ((rc = bundle_applied(engine, job, &why)) == 0) {
            bundle_job_end(job);
            job->status.state = BUNDLE_DONE;
            job->status.done = job->status.total;
            log_line(LOG_INFO, "bundle", "taken",
                     "peer=%u events=%llu staged=%llu sequenced=%llu",
                     job->head.from, (unsigned long long)job->status.events,
                     (unsigned long long)job->staged.added,
                     (unsigned long long)job->status.sequenced);
        }
    }
    *more = true;
    if (rc == ERR_IO || rc == ERR_CORRUPT) {
        *err = why;
        bundle_job_fail(job, &why);
        return rc;
    }
    if (rc != 0) {
        bundle_job_fail(job, &why);
    }
    return 0;
}
