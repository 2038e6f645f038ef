/* Room: node. Owns the two files of bundles, the one job that works on them,
 * and the doors by which officials reach them. It must never keep a key after
 * the job ended, nor hand out a bundle before its commit. Next: bundle_read.c,
 * bundle_export.c. */
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

#define BUNDLE_IN "bundle.in"
#define BUNDLE_OUT "bundle.out"
#define BUNDLE_FILE_MAX ((uint64_t)4 << 30)

/* ---- the slot ---- */

void bundle_job_end(struct bundle_job *job)
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
    free(job->wants.ptr);
    free(job->asks.ptr);
    job->cipher = NULL;
    job->plain = NULL;
    job->marks = buf_over(NULL, 0);
    job->wants = buf_over(NULL, 0);
    job->asks = buf_over(NULL, 0);
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

bool bundle_counts(const struct engine *engine)
{
    return engine->integrating || engine->behind;
}

void bundle_free(struct engine *engine)
{
    if (engine->bundle != NULL) {
        bundle_job_end(engine->bundle);
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
    bundle_job_end(job);
    memset(job, 0, sizeof(*job));
    job->fd = -1;
    if ((rc = config_path(engine->config, name, path, err)) != 0) {
        return rc;
    }
    job->cipher = malloc(BUNDLE_CHUNK_MAX + 4);
    job->plain = malloc(BUNDLE_CHUNK_MAX);
    job->marks.ptr = malloc((size_t)BUNDLE_HEADS_MAX * BUNDLE_MARK_SIZE);
    job->wants.ptr = malloc((size_t)BUNDLE_WANTS_MAX * BUNDLE_WANT_SIZE);
    job->asks.ptr = malloc((size_t)BUNDLE_BODIES_MAX * BUNDLE_BODY_SIZE);
    if (job->cipher == NULL || job->plain == NULL || job->marks.ptr == NULL ||
        job->wants.ptr == NULL || job->asks.ptr == NULL) {
        bundle_job_end(job);
        return error_set(err, ERR_NOMEM, "no memory for a bundle");
    }
    job->marks.size = (size_t)BUNDLE_HEADS_MAX * BUNDLE_MARK_SIZE;
    job->wants.size = (size_t)BUNDLE_WANTS_MAX * BUNDLE_WANT_SIZE;
    job->asks.size = (size_t)BUNDLE_BODIES_MAX * BUNDLE_BODY_SIZE;
    job->fd = open(path, flags | O_CLOEXEC, 0600);
    if (job->fd < 0) {
        rc = errno == ENOENT ? ERR_USAGE : ERR_LIMIT;
        bundle_job_end(job);
        return error_set(err, rc, "%s: %s", name, strerror(errno));
    }
    *out = job;
    return 0;
}

void bundle_job_fail(struct bundle_job *job, const struct error *err)
{
    bundle_job_end(job);
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
    rc = rc != 0 ? rc : bundle_request_read(engine, job, &request, err);
    rc = rc != 0 || request ? rc : bundle_head_read(engine, job, err);
    if (rc != 0) {
        bundle_job_fail(job, err);
        return rc;
    }
    if (request) {
        bundle_job_end(job);
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

int engine_bundle_export(struct engine *engine, uint32_t to, uint64_t max_bytes,
                         struct error *err)
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
    if (max_bytes != 0 && max_bytes < BUNDLE_SIZE_LEAST) {
        return error_set(err, ERR_USAGE,
                         "a bundle of at most %llu bytes holds nothing: give "
                         "it %u or more",
                         (unsigned long long)max_bytes, BUNDLE_SIZE_LEAST);
    }
    rc = job_begin(engine, BUNDLE_OUT, O_RDWR | O_CREAT | O_TRUNC, &job, err);
    if (rc != 0 || job == NULL) {
        return rc;
    }
    job->status.made = true;
    job->status.from = engine_node(engine);
    job->status.to = to;
    job->status.made_ms = clock_now_ms();
    rc = bundle_write(engine, to, max_bytes, job, err);
    if (rc != 0) {
        bundle_job_fail(job, err);
        return rc;
    }
    bundle_job_end(job);
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
