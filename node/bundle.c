/* Room: node. Owns the two files of bundles and the slices in which one is
 * taken in: first all of it is opened and looked at, so that a damaged one
 * changes nothing; then chunk after chunk, each in a turn's transaction. It
 * must never keep a key after the pass. Next: bundle_export.c,
 * bundle_import.c. */
#include "node/bundle.h"
#include "node/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/link/join.h"

#define BUNDLE_IN "bundle.in"
#define BUNDLE_OUT "bundle.out"
#define BUNDLE_FILE_MAX ((uint64_t)4 << 30)
#define WAIT_MS 60000u
#define CHUNKS_A_TURN 16u /* looked at; applied: one */

/* ---- the slot ---- */

static void job_end(struct bundle_job *job)
{
    if (job->fd >= 0) {
        (void)close(job->fd);
        job->fd = -1;
        if (job->gone[0] != '\0') {
            (void)unlink(job->gone); /* the stick has it; we keep no copy */
        }
    }
    free(job->cipher);
    free(job->plain);
    free(job->marks.ptr);
    job->cipher = NULL;
    job->plain = NULL;
    job->marks = buf_over(NULL, 0);
    crypto_wipe(&job->stream, sizeof(job->stream));
}

struct bundle_job *bundle_job_of(struct engine *engine)
{
    if (engine->bundle == NULL) {
        engine->bundle = calloc(1, sizeof(*engine->bundle));
        if (engine->bundle != NULL) {
            engine->bundle->fd = -1;
        }
    }
    return engine->bundle;
}

void bundle_free(struct engine *engine)
{
    if (engine->bundle != NULL) {
        job_end(engine->bundle);
        free(engine->bundle);
        engine->bundle = NULL;
    }
}

bool bundle_is_running(const struct engine *engine)
{
    return engine->bundle != NULL &&
           engine->bundle->status.state == BUNDLE_RUNS;
}

void engine_bundle_status(struct engine *engine, struct bundle_status *out)
{
    *out = engine->bundle != NULL
               ? engine->bundle->status
               : (struct bundle_status){.state = BUNDLE_NONE};
}

/* A fresh run in the slot; ERR_BUSY while one goes on. */
static int job_begin(struct engine *engine, const char *name, int flags,
                     struct bundle_job **out, struct error *err)
{
    struct bundle_job *job = bundle_job_of(engine);
    char path[CONFIG_PATH_SIZE];
    int rc;

    if (job == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a bundle");
    }
    if (job->status.state == BUNDLE_RUNS) {
        return error_set(err, ERR_BUSY, "a bundle is being taken in");
    }
    job_end(job);
    memset(job, 0, sizeof(*job));
    job->fd = -1;
    if ((rc = config_path(engine->config, name, path, err)) != 0) {
        return rc;
    }
    job->cipher = malloc(BUNDLE_CHUNK_MAX + 4);
    job->plain = malloc(BUNDLE_CHUNK_MAX);
    job->marks.ptr = malloc((size_t)BUNDLE_HEADS_MAX * BUNDLE_MARK_SIZE);
    if (job->cipher == NULL || job->plain == NULL || job->marks.ptr == NULL) {
        job_end(job);
        return error_set(err, ERR_NOMEM, "no memory for a bundle");
    }
    job->marks.size = (size_t)BUNDLE_HEADS_MAX * BUNDLE_MARK_SIZE;
    job->fd = open(path, flags | O_CLOEXEC, 0600);
    if (job->fd < 0) {
        rc = errno == ENOENT ? ERR_USAGE : ERR_LIMIT;
        job_end(job);
        return error_set(err, rc, "%s: %s", name, strerror(errno));
    }
    *out = job;
    return 0;
}

static void job_fail(struct bundle_job *job, const struct error *err)
{
    job_end(job);
    job->status.state = BUNDLE_FAILED;
    job->status.err = *err;
    log_error("bundle", job->status.made ? "not_made" : "not_taken", err);
}

/* ---- marks ---- */

void bundle_mark_put(struct buf *marks, const struct bundle_mark *mark)
{
    if (marks->size - marks->len < BUNDLE_MARK_SIZE) {
        return; /* of that log more is sent than is needed */
    }
    buf_put_u32(marks, mark->origin.node);
    buf_put_u32(marks, mark->origin.epoch);
    buf_put_u8(marks, mark->origin.dir ? 1 : 0);
    buf_put_u64(marks, mark->size);
    buf_put_u64(marks, mark->cosigs);
}

bool bundle_mark_find(struct span marks, const struct origin *origin,
                      struct bundle_mark *out)
{
    while (marks.len >= BUNDLE_MARK_SIZE) {
        struct bundle_mark mark = {.origin = {.node = read_u32(marks.ptr),
                                              .epoch = read_u32(marks.ptr + 4),
                                              .dir = marks.ptr[8] != 0},
                                   .size = read_u64(marks.ptr + 9),
                                   .cosigs = read_u64(marks.ptr + 17)};

        if (origin_equal(&mark.origin, origin)) {
            *out = mark;
            return true;
        }
        marks =
            span_slice(marks, BUNDLE_MARK_SIZE, marks.len - BUNDLE_MARK_SIZE);
    }
    return false;
}

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

static int sender_check(struct engine *engine, struct bundle_job *job,
                        bool certified, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_node *from = directory_node(dir, job->head.from);
    const struct dir_cert *cert = directory_cert(dir, job->head.from);
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
    if ((cert == NULL && !job->enrolling) ||
        (!job->up && (from == NULL || from->parent != engine_node(engine)))) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle is from node %u, which is neither the "
                         "superior of this one nor certified below it",
                         job->head.from);
    }
    if (memcmp(&own, &job->head.key, sizeof(own)) != 0) {
        return error_set(err, ERR_USAGE,
                         "the bundle is sealed to another key of this node: "
                         "have it made again");
    }
    if (!job->enrolling && !bundle_head_verify(&job->head, &cert->actor_key)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bundle is not signed by node %u, or was changed",
                         job->head.from);
    }
    return bundle_open(&job->head, &engine->keys.curve.pub,
                       &engine->keys.curve.sec, &job->stream, err);
}

static int head_read(struct engine *engine, struct bundle_job *job,
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
static int request_read(struct engine *engine, struct bundle_job *job, bool *is,
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
            job_end(job);
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
        job_fail(job, &why);
        return rc;
    }
    if (rc != 0) {
        job_fail(job, &why);
    }
    return 0;
}

/* ---- the doors ---- */

int engine_bundle_put(struct engine *engine, uint64_t offset, struct span bytes,
                      struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    struct stat stat = {0};
    int rc = config_path(engine->config, BUNDLE_IN, path, err);
    int fd;

    if (rc == 0 && bundle_is_running(engine)) {
        rc = error_set(err, ERR_BUSY, "a bundle is being taken in");
    }
    if (rc == 0 && bytes.len > BUNDLE_FILE_MAX - offset) {
        rc = error_set(err, ERR_LIMIT, "a bundle of more than 4 GiB");
    }
    if (rc != 0) {
        return rc;
    }
    fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : 0),
             0600);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        rc = error_set(err, ERR_LIMIT, "bundle.in: %s", strerror(errno));
    } else if ((uint64_t)stat.st_size != offset) {
        rc = error_set(err, ERR_USAGE, "%llu bytes of the bundle are here",
                       (unsigned long long)stat.st_size);
    }
    while (rc == 0 && bytes.len > 0) {
        ssize_t done = pwrite(fd, bytes.ptr, bytes.len, (off_t)offset);

        if (done <= 0) {
            rc = error_set(err, ERR_LIMIT, "bundle.in: %s", strerror(errno));
            break;
        }
        offset += (uint64_t)done;
        bytes = span_slice(bytes, (size_t)done, bytes.len - (size_t)done);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

int engine_bundle_import(struct engine *engine, struct error *err)
{
    struct bundle_job *job = NULL;
    struct stat stat = {0};
    bool request = false;
    int rc = job_begin(engine, BUNDLE_IN, O_RDONLY, &job, err);

    if (rc != 0 || job == NULL) {
        return rc;
    }
    if (fstat(job->fd, &stat) != 0 || stat.st_size < 0) {
        rc = error_set(err, ERR_LIMIT, "bundle.in: %s", strerror(errno));
    }
    job->size = (uint64_t)stat.st_size;
    rc = rc != 0 ? rc : config_path(engine->config, BUNDLE_IN, job->gone, err);
    rc = rc != 0 ? rc : request_read(engine, job, &request, err);
    rc = rc != 0 || request ? rc : head_read(engine, job, err);
    if (rc != 0) {
        job_fail(job, err);
        return rc;
    }
    if (request) {
        job_end(job);
        job->status.state = BUNDLE_DONE;
        return 0;
    }
    job->peer =
        (struct peer){.used = true, .up = job->up, .node = job->head.from};
    job->status.state = BUNDLE_RUNS;
    job->status.from = job->head.from;
    job->status.to = job->head.to;
    job->status.made_ms = job->head.made_ms;
    job->status.total = job->size;
    return 0;
}

int engine_bundle_export(struct engine *engine, uint32_t to, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_node *child;
    struct bundle_job *job = NULL;
    int rc;

    if (to == 0) {
        to = tree_parent(engine);
    }
    child = directory_node(dir, to);
    if (to == 0 || (to != tree_parent(engine) &&
                    (child == NULL || child->parent != engine_node(engine) ||
                     to == engine_node(engine)))) {
        return error_set(err, ERR_USAGE,
                         "a bundle is for the superior or for a node certified "
                         "below this one: name it with --to");
    }
    rc = job_begin(engine, BUNDLE_OUT, O_RDWR | O_CREAT | O_TRUNC, &job, err);
    if (rc != 0 || job == NULL) {
        return rc;
    }
    job->status.made = true;
    job->status.from = engine_node(engine);
    job->status.to = to;
    job->status.made_ms = clock_now_ms();
    rc = bundle_write(engine, to, job, err);
    if (rc != 0) {
        job_fail(job, err);
        return rc;
    }
    job_end(job);
    job->status.state = BUNDLE_DONE;
    job->status.done = job->status.total;
    log_line(LOG_INFO, "bundle", "made", "peer=%u bytes=%llu", to,
             (unsigned long long)job->status.total);
    return 0;
}

int engine_bundle_get(struct engine *engine, uint64_t offset, size_t max,
                      struct arena *arena, struct span *out, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    uint8_t *space = arena_alloc(arena, max);
    int rc = config_path(engine->config, BUNDLE_OUT, path, err);
    int fd;
    ssize_t len;

    if (rc == 0 && (engine->bundle == NULL || !engine->bundle->status.made ||
                    engine->bundle->status.state != BUNDLE_DONE)) {
        rc = error_set(err, ERR_NOTFOUND, "no bundle was made here");
    }
    if (rc != 0) {
        return rc;
    }
    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "no room for a piece of the bundle");
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd < 0 ? -1 : pread(fd, space, max, (off_t)offset);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (len < 0) {
        return error_set(err, ERR_NOTFOUND, "no bundle was made here");
    }
    *out = span_make(space, (size_t)len);
    return 0;
}
