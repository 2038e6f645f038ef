/* Room: node. Owns the thread that has the writing connection while something
 * long is done with it, and the reader that the loop has meanwhile. The two
 * must never both write, and nothing of the turn may be under way when the
 * store changes hands. Next: loop.c, store/rebuild.c, store/scrub.c. */
#include "node/lend.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/engine_internal.h"
#include "node/log.h"
#include "store/check.h"
#include "store/erase.h"

#define STACK_BYTES ((size_t)8 << 20) /* a main thread has as much */
#define READER_CACHE_KIB 4096u
#define REQUEST_MAX 64u
#define RETRY_MS 60000u /* to make the file anew: no room, say */
#define STOP_MS 20      /* between two words to a thread that must end */

struct lend {
    int fd;
    bool out;
    bool stopping;
    pthread_t thread;
    enum lend_task task;
    struct store *writer; /* the thread's while it is out */
    struct store_now now;
    uint64_t start_ms;
    /* What the thread leaves behind. */
    int rc;
    struct error err;
    struct store_integrated done;
    bool scrubbed;
    /* The request that asked for the newest rebuild, until it was told. */
    char request[REQUEST_MAX];
    size_t request_len;
};

static void *lend_run(void *argument)
{
    struct lend *lend = argument;
    struct store_rebuild_options options = {.now = lend->now};
    const uint64_t one = 1;

    switch (lend->task) {
    case LEND_REBUILD:
        lend->rc =
            store_rebuild(lend->writer, &options, &lend->done, &lend->err);
        break;
    case LEND_SCRUB:
        lend->rc = store_scrub(lend->writer, &lend->scrubbed, &lend->err);
        break;
    }
    while (write(lend->fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    return NULL;
}

int lend_open(struct engine *engine, struct error *err)
{
    struct lend *lend = calloc(1, sizeof(*lend));

    if (lend == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a job");
    }
    lend->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lend->fd < 0) {
        free(lend);
        return error_set(err, ERR_IO, "eventfd: %s", strerror(errno));
    }
    engine->lend = lend;
    return 0;
}

bool lend_is_out(const struct engine *engine)
{
    return engine->lend != NULL && engine->lend->out;
}

int lend_fd(const struct engine *engine)
{
    return engine->lend == NULL ? -1 : engine->lend->fd;
}

/* One moment for as long as the store is away. */
static int reader_take_place(struct engine *engine, struct store **reader,
                             struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    struct store_options options = {
        .path = path, .read_only = true, .cache_kib = READER_CACHE_KIB};
    int rc = config_path(engine->config, "store.db", path, err);

    rc = rc != 0 ? rc : store_open(&options, reader, err);
    rc = rc != 0 ? rc : store_look(*reader, err);
    if (rc != 0) {
        store_close(*reader);
        *reader = NULL;
    }
    return rc;
}

static int thread_start(struct lend *lend, struct error *err)
{
    pthread_attr_t attributes;
    int rc = pthread_attr_init(&attributes);

    if (rc == 0) {
        (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
        rc = pthread_create(&lend->thread, &attributes, lend_run, lend);
        (void)pthread_attr_destroy(&attributes);
    }
    return rc == 0 ? 0 : error_set(err, ERR_IO, "thread: %s", strerror(rc));
}

int lend_away(struct error *err)
{
    return error_set(err, ERR_BUSY,
                     "the store is being made anew: what is to be written "
                     "waits until that is done");
}

int lend_begin(struct engine *engine, enum lend_task task, struct error *err)
{
    struct lend *lend = engine->lend;
    struct store *reader = NULL;
    int rc;

    if (lend_is_out(engine)) {
        return lend_away(err);
    }
    rc = engine_commit(engine, err);
    rc = rc != 0 ? rc : reader_take_place(engine, &reader, err);
    if (rc != 0) {
        return rc;
    }
    lend->task = task;
    lend->now = engine_store_now(engine);
    lend->writer = engine->store;
    lend->start_ms = clock_steady_ms();
    lend->err = (struct error){0};
    lend->done = (struct store_integrated){0};
    lend->scrubbed = false;
    rc = thread_start(lend, err);
    if (rc != 0) {
        store_close(reader);
        return rc;
    }
    engine->store = reader;
    lend->out = true;
    log_line(LOG_WARN, "lend", "out", "task=%d text=\"what is written waits\"",
             (int)task);
    return 0;
}

static void rebuilt(struct engine *engine, const struct store_integrated *done)
{
    log_line(LOG_INFO, "engine", "rebuilt", "events=%u records=%u",
             done->events, done->records);
    engine_look_again(engine);
}

static void ended(struct engine *engine, const struct lend *lend)
{
    unsigned long long took_ms = clock_steady_ms() - lend->start_ms;

    if (lend->rc != 0 && lend->stopping) {
        engine_undo(engine);
        log_line(LOG_INFO, "lend", "cut", "task=%d after_ms=%llu",
                 (int)lend->task, took_ms);
        return;
    }
    if (lend->rc != 0) {
        engine_undo(engine);
        engine_react(engine, "lend",
                     lend->task == LEND_REBUILD ? "rebuild" : "scrub",
                     &lend->err);
        if (lend->task == LEND_SCRUB) {
            engine->scrub_ms = clock_steady_ms() + RETRY_MS;
        }
        return;
    }
    switch (lend->task) {
    case LEND_REBUILD:
        rebuilt(engine, &lend->done);
        break;
    case LEND_SCRUB:
        engine->scrub_ms = 0; /* what is left: the WAL, as nobody looks */
        break;
    }
    log_line(LOG_INFO, "lend", "back", "task=%d took_ms=%llu", (int)lend->task,
             took_ms);
}

static void give_back(struct engine *engine)
{
    struct lend *lend = engine->lend;

    (void)pthread_join(lend->thread, NULL);
    store_close(engine->store);
    engine->store = lend->writer;
    lend->writer = NULL;
    lend->out = false;
    engine->gate_stale = true;
    ended(engine, lend);
}

bool lend_take(struct engine *engine)
{
    struct lend *lend = engine->lend;
    uint64_t count;

    if (!lend_is_out(engine) ||
        read(lend->fd, &count, sizeof(count)) != (ssize_t)sizeof(count)) {
        return false;
    }
    give_back(engine);
    return true;
}

static void stop(struct lend *lend)
{
    struct pollfd item = {.fd = lend->fd, .events = POLLIN};

    lend->stopping = true;
    do {
        store_interrupt(lend->writer);
    } while (poll(&item, 1, STOP_MS) <= 0);
}

void lend_close(struct engine *engine)
{
    struct lend *lend = engine->lend;

    if (lend == NULL) {
        return;
    }
    if (lend->out) {
        stop(lend); /* half of it is nothing: it begins again */
        give_back(engine);
    }
    (void)close(lend->fd);
    free(lend);
    engine->lend = NULL;
}

static bool is_told(const struct lend *lend, struct span request)
{
    return !lend->out && lend->task == LEND_REBUILD && request.len > 0 &&
           lend->request_len == request.len &&
           memcmp(lend->request, request.ptr, request.len) == 0;
}

int lend_rebuild(struct engine *engine, struct span request, struct error *err)
{
    struct lend *lend = engine->lend;
    int rc;

    if (lend == NULL) {
        return engine_rebuild(engine, err);
    }
    if (is_told(lend, request)) {
        lend->request_len = 0;
        *err = lend->err;
        return lend->rc;
    }
    rc = lend_begin(engine, LEND_REBUILD, err);
    if (rc != 0) {
        return rc;
    }
    lend->request_len = request.len < REQUEST_MAX ? request.len : REQUEST_MAX;
    memcpy(lend->request, request.ptr, lend->request_len);
    return lend_away(err);
}

/* ---- at once, in the caller's thread ----
 */

int engine_rebuild(struct engine *engine, struct error *err)
{
    struct store_rebuild_options options = {.now = engine_store_now(engine)};
    struct store_integrated done = {0};
    int rc = engine_commit(engine, err);

    log_line(LOG_WARN, "engine", "rebuilding",
             "text=\"nothing else is done until it ends\"");
    if (rc == 0) {
        rc = store_rebuild(engine->store, &options, &done, err);
    }
    if (rc == 0) {
        rebuilt(engine, &done);
    }
    return rc;
}
