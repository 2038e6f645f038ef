/* Room: node. Owns the reading thread. Its connection is read-only and lives
 * for one job, in one read transaction: what it sees is one moment, however
 * much is written meanwhile (the WAL cannot be written back past it, so it
 * grows until the job ends). A job under way belongs to the thread; the loop
 * gets it back with the last note. It never writes, and never touches the
 * engine. Next: web/jobs.c, which tells. */
#include "node/reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "node/clock.h"
#include "node/config.h"
#include "node/log.h"
#include "store/attachment.h"
#include "store/restore.h"
#include "store/store.h"

#define ENDPOINT "inproc://reader"
#define POINTER sizeof(void *) /* a message: the work's address */
#define STACK_BYTES ((size_t)1 << 20)
#define NOTE_EVERY_MS 100u
#define READER_CACHE_KIB 4096u

/* One job, in the thread's hands. */
struct work {
    struct reader_job job;
    struct store_now now;
    char copy[CONFIG_PATH_SIZE]; /* the file that a backup makes */
    const char *path;            /* the reader's */
    const char *dir;             /* the reader's */
    atomic_bool *stopping;       /* the reader's */
    void *socket;                /* the thread's */
    uint64_t noted_ms;           /* when the last note was sent */
    uint64_t behind;             /* bytes of a backup: of the store, copied */
    uint64_t ahead;              /* ... of files, still to come */
};

/* From the thread: how far it is; with `ended` the work is the loop's. */
struct note {
    struct work *ended;
    uint64_t done;
    uint64_t total;
};

struct reader {
    pthread_t thread;
    void *ours;
    void *theirs; /* bound here, used by the thread alone */
    char path[CONFIG_PATH_SIZE];
    char dir[CONFIG_PATH_SIZE]; /* where the path's file lies */
    atomic_bool stopping;
    bool started;
    bool busy;
    uint64_t last;                       /* number given last */
    struct reader_job jobs[READER_KEPT]; /* a ring: number % READER_KEPT */
};

/* ---- the thread ----------------------------------------------------------
 */

static int interrupted(const struct work *work)
{
    return atomic_load_explicit(work->stopping, memory_order_relaxed) ? ERR_BUSY
                                                                      : 0;
}

static int work_found(void *data, const struct store_finding *finding)
{
    struct work *work = data;
    struct reader_job *job = &work->job;

    if (job->findings_len < READER_FINDINGS) {
        job->findings[job->findings_len++] = *finding;
    }
    return interrupted(work);
}

static void work_bad_file(void *data, const struct hash *file)
{
    struct work *work = data;
    struct reader_job *job = &work->job;

    if (job->bad_files_len < READER_FILES) {
        job->bad_files[job->bad_files_len++] = *file;
    }
}

static int work_progress(void *data, uint64_t done, uint64_t total)
{
    struct work *work = data;
    struct note note = {.done = done, .total = total};
    uint64_t now_ms = clock_steady_ms();

    work->job.done = done;
    work->job.total = total;
    if (now_ms - work->noted_ms >= NOTE_EVERY_MS) {
        work->noted_ms = now_ms;
        (void)zmq_send(work->socket, &note, sizeof(note), ZMQ_DONTWAIT);
    }
    return interrupted(work);
}

static int work_check(struct work *work, struct store *store, struct error *err)
{
    struct store_check_options options = {.now = work->now,
                                          .visit = work_found,
                                          .data = work,
                                          .progress = work_progress,
                                          .erased = &work->job.erased,
                                          .files_dir = work->dir,
                                          .files = &work->job.files,
                                          .orphans = &work->job.orphans,
                                          .bad_file = work_bad_file};
    int rc;

    work->job.findings = calloc(READER_FINDINGS, sizeof(*work->job.findings));
    work->job.bad_files = calloc(READER_FILES, sizeof(*work->job.bad_files));
    if (work->job.findings == NULL || work->job.bad_files == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for findings");
    }
    rc = store_look(store, err);
    return rc != 0 ? rc : store_check(store, &options, &work->job.found, err);
}

/* The store, then its files, as one way. */
static int copy_progress(void *data, uint64_t done, uint64_t total)
{
    struct work *work = data;

    return work_progress(work, work->behind + done,
                         work->behind + total + work->ahead);
}

static int work_backup(struct work *work, struct store *store,
                       struct error *err)
{
    const struct store_copying copying = {.progress = copy_progress,
                                          .data = work};
    struct store_attachment_sum sum;
    int rc = store_attachment_sum(store, &sum, err);

    if (rc != 0) {
        return rc;
    }
    work->ahead = sum.bytes;
    if ((rc = store_backup(store, work->copy, &copying, err)) != 0) {
        return rc;
    }
    work->behind = work->job.total - work->ahead;
    work->ahead = 0;
    rc = store_backup_files(store, work->dir, work->copy, &copying,
                            &work->job.copied, err);
    if (rc != 0) {
        (void)unlink(work->copy);
    }
    return rc;
}

static int work_do(struct work *work, struct error *err)
{
    struct store_options open = {
        .path = work->path, .read_only = true, .cache_kib = READER_CACHE_KIB};
    struct store *store = NULL;
    int rc = store_open(&open, &store, err);

    if (rc == 0) {
        switch (work->job.task) {
        case READER_CHECK:
            rc = work_check(work, store, err);
            break;
        case READER_BACKUP:
            rc = work_backup(work, store, err);
            break;
        }
    }
    if (rc != 0 && interrupted(work) != 0) {
        rc = error_set(err, ERR_BUSY, "the node is stopping");
    }
    store_close(store);
    return rc;
}

/* A NULL pointer means: end. */
static void *reader_run(void *argument)
{
    void *socket = argument;
    struct work *work = NULL;

    while (zmq_recv(socket, &work, POINTER, 0) == (int)POINTER &&
           work != NULL) {
        struct note note = {.ended = work};
        struct error err = {0};

        work->socket = socket;
        work->job.state =
            work_do(work, &err) == 0 ? READER_DONE : READER_FAILED;
        work->job.err = err;
        if (zmq_send(socket, &note, sizeof(note), 0) < 0) {
            free(work->job.findings);
            free(work->job.bad_files);
            free(work);
            break;
        }
    }
    zmq_close(socket);
    return NULL;
}

/* ---- the loop's side -------------------------------------------------------
 */

static int sockets_make(struct reader *reader, void *context)
{
    int linger = 0;

    reader->ours = zmq_socket(context, ZMQ_PAIR);
    reader->theirs = zmq_socket(context, ZMQ_PAIR);
    return reader->ours != NULL && reader->theirs != NULL &&
                   zmq_setsockopt(reader->ours, ZMQ_LINGER, &linger,
                                  sizeof(linger)) == 0 &&
                   zmq_setsockopt(reader->theirs, ZMQ_LINGER, &linger,
                                  sizeof(linger)) == 0 &&
                   zmq_bind(reader->theirs, ENDPOINT) == 0 &&
                   zmq_connect(reader->ours, ENDPOINT) == 0
               ? 0
               : -1;
}

static int thread_start(struct reader *reader)
{
    pthread_attr_t attributes;

    if (pthread_attr_init(&attributes) != 0) {
        return -1;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    reader->started = pthread_create(&reader->thread, &attributes, reader_run,
                                     reader->theirs) == 0;
    pthread_attr_destroy(&attributes);
    if (!reader->started) {
        return -1;
    }
    reader->theirs = NULL; /* the thread's from here on */
    return 0;
}

int reader_open(void *context, const char *store_path, struct reader **out,
                struct error *err)
{
    struct reader *made = calloc(1, sizeof(*made));
    size_t len = strlen(store_path);

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the reading thread");
    }
    if (len >= sizeof(made->path)) {
        free(made);
        return error_set(err, ERR_LIMIT, "%.80s: the path is too long",
                         store_path);
    }
    memcpy(made->path, store_path, len + 1);
    memcpy(made->dir, store_path, len + 1);
    while (len > 0 && made->dir[len] != '/') {
        made->dir[len--] = '\0';
    }
    made->dir[len == 0 ? 0 : len] = '\0';
    if (made->dir[0] == '\0') {
        made->dir[0] = '.';
    }
    atomic_init(&made->stopping, false);
    if (sockets_make(made, context) != 0 || thread_start(made) != 0) {
        int rc = error_set(err, ERR_IO, "reading thread: %s",
                           zmq_strerror(zmq_errno()));

        reader_close(made);
        return rc;
    }
    *out = made;
    return 0;
}

static struct reader_job *slot_of(struct reader *reader, uint64_t number)
{
    return &reader->jobs[number % READER_KEPT];
}

static void note_take(struct reader *reader, const struct note *note)
{
    struct reader_job *job = slot_of(reader, reader->last);
    struct work *work = note->ended;

    job->done = note->done;
    job->total = note->total;
    if (work == NULL) {
        return;
    }
    *job = work->job;
    reader->busy = false;
    free(work);
    if (job->state == READER_FAILED) {
        log_error("reader", job->task == READER_CHECK ? "check" : "backup",
                  &job->err);
        return;
    }
    switch (job->task) {
    case READER_CHECK:
        log_line(job->found == 0 ? LOG_INFO : LOG_ERROR, "reader", "checked",
                 "job=%llu findings=%llu", (unsigned long long)job->number,
                 (unsigned long long)job->found);
        break;
    case READER_BACKUP:
        log_line(LOG_INFO, "reader", "backed_up",
                 "job=%llu bytes=%llu copied=%llu kept=%llu missing=%llu",
                 (unsigned long long)job->number,
                 (unsigned long long)job->total,
                 (unsigned long long)job->copied.copied,
                 (unsigned long long)job->copied.kept,
                 (unsigned long long)job->copied.missing);
        break;
    }
}

void reader_take(struct reader *reader)
{
    struct note note;

    while (zmq_recv(reader->ours, &note, sizeof(note), ZMQ_DONTWAIT) ==
           (int)sizeof(note)) {
        note_take(reader, &note);
    }
}

void reader_close(struct reader *reader)
{
    struct work *end = NULL;
    struct note note;

    if (reader == NULL) {
        return;
    }
    atomic_store_explicit(&reader->stopping, true, memory_order_relaxed);
    if (reader->started) {
        zmq_send(reader->ours, &end, POINTER, 0);
        while (reader->busy && zmq_recv(reader->ours, &note, sizeof(note), 0) ==
                                   (int)sizeof(note)) {
            note_take(reader, &note);
        }
        pthread_join(reader->thread, NULL);
    }
    if (reader->ours != NULL) {
        zmq_close(reader->ours);
    }
    if (reader->theirs != NULL) {
        zmq_close(reader->theirs);
    }
    for (size_t i = 0; i < READER_KEPT; i++) {
        free(reader->jobs[i].findings);
        free(reader->jobs[i].bad_files);
    }
    free(reader);
}

/* Hands the work over (freed here if that fails) and remembers its job. */
static int begin(struct reader *reader, struct work *work, uint64_t *number,
                 struct error *err)
{
    enum reader_task task = work->job.task;
    struct reader_job *job;

    work->job.number = reader->last + 1;
    work->path = reader->path;
    work->dir = reader->dir;
    work->stopping = &reader->stopping;
    if (zmq_send(reader->ours, &work, POINTER, ZMQ_DONTWAIT) < 0) {
        free(work);
        return error_set(err, ERR_IO, "reading thread: %s",
                         zmq_strerror(zmq_errno()));
    }
    reader->busy = true;
    reader->last++;
    job = slot_of(reader, reader->last);
    free(job->findings);
    free(job->bad_files);
    /* The work is the thread's from here on. */
    *job = (struct reader_job){
        .number = reader->last, .task = task, .state = READER_RUNS};
    *number = reader->last;
    return 0;
}

static int busy(const struct reader *reader, struct error *err)
{
    return error_set(err, ERR_BUSY,
                     "job %llu is under way; repeat when it has ended",
                     (unsigned long long)reader->last);
}

int reader_check(struct reader *reader, struct store_now now, uint64_t *number,
                 struct error *err)
{
    struct work *work;

    reader_take(reader);
    if (reader->busy) {
        if (slot_of(reader, reader->last)->task != READER_CHECK) {
            return busy(reader, err);
        }
        *number = reader->last;
        return 0;
    }
    work = calloc(1, sizeof(*work));
    if (work == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a job");
    }
    work->job.task = READER_CHECK;
    work->now = now;
    return begin(reader, work, number, err);
}

int reader_backup(struct reader *reader, const char *path, uint64_t *number,
                  struct error *err)
{
    size_t len = strlen(path);
    struct work *work;

    reader_take(reader);
    if (reader->busy) {
        return busy(reader, err);
    }
    if (len >= CONFIG_PATH_SIZE) {
        return error_set(err, ERR_LIMIT, "%.80s: the path is too long", path);
    }
    work = calloc(1, sizeof(*work));
    if (work == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a job");
    }
    work->job.task = READER_BACKUP;
    memcpy(work->copy, path, len + 1);
    return begin(reader, work, number, err);
}

const struct reader_job *reader_find(const struct reader *reader,
                                     uint64_t number)
{
    const struct reader_job *job = &reader->jobs[number % READER_KEPT];

    return number != 0 && job->number == number ? job : NULL;
}

struct hash *reader_bad_files(struct reader *reader, size_t *len)
{
    struct reader_job *job = slot_of(reader, reader->last);
    struct hash *files = job->state == READER_DONE ? job->bad_files : NULL;

    *len = 0;
    if (files != NULL) {
        *len = job->bad_files_len;
        job->bad_files = NULL;
        job->bad_files_len = 0;
    }
    return files;
}

void *reader_socket(struct reader *reader)
{
    return reader->ours;
}
