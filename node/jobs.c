/* Room: node. Owns the verifying threads. A thread touches the slice it was
 * given and nothing else: no store, no log, no global. Each holds at most
 * DEPTH slices, so that a slow one never gathers the backlog.
 * Next: engine.c, which gives and takes. */
#include "node/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

#include "store/integrate.h"

#define DEPTH 8u
#define NICENESS 10            /* above the loop's: intake, answers go first */
#define NICENESS_MAX 19        /* Linux: the last in the queue */
#define POINTER sizeof(void *) /* a message: the slice's address */
#define STACK_BYTES ((size_t)256 << 10)

struct worker {
    pthread_t thread;
    void *ours;   /* PAIR, loop thread */
    void *theirs; /* PAIR, bound here, used by the thread alone */
    size_t given;
    bool started;
};

struct jobs {
    struct worker workers[JOBS_THREADS_MAX];
    size_t len;
};

/* A thread alone, on Linux: whoever stores and answers goes first, also in a
 * service that was itself started with a niceness. */
static void give_way(void)
{
    /* The loop's, which a thread starts with; -1 is a niceness too. */
    int niceness = getpriority(PRIO_PROCESS, 0) + NICENESS;

    if (niceness > NICENESS_MAX) {
        niceness = NICENESS_MAX;
    }
    (void)setpriority(PRIO_PROCESS, 0, niceness);
}

/* A NULL pointer means: end. */
static void *worker_run(void *argument)
{
    void *socket = argument;
    struct store_slice *slice = NULL;

    give_way();
    zmq_send(socket, &slice, POINTER, 0); /* ready */
    while (zmq_recv(socket, &slice, POINTER, 0) == (int)POINTER &&
           slice != NULL) {
        store_verify_run(slice);
        if (zmq_send(socket, &slice, POINTER, 0) < 0) {
            store_slice_free(slice);
            break;
        }
    }
    zmq_close(socket);
    return NULL;
}

static int worker_start(struct worker *worker, void *context, size_t number)
{
    char endpoint[32];
    int linger = 0;
    int wait_ms = 10000;
    struct store_slice *ready;
    pthread_attr_t attributes;

    snprintf(endpoint, sizeof(endpoint), "inproc://verify-%zu", number);
    worker->ours = zmq_socket(context, ZMQ_PAIR);
    worker->theirs = zmq_socket(context, ZMQ_PAIR);
    if (worker->ours == NULL || worker->theirs == NULL ||
        zmq_setsockopt(worker->ours, ZMQ_LINGER, &linger, sizeof(linger)) !=
            0 ||
        zmq_setsockopt(worker->theirs, ZMQ_LINGER, &linger, sizeof(linger)) !=
            0 ||
        zmq_setsockopt(worker->ours, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms)) !=
            0 ||
        zmq_bind(worker->ours, endpoint) != 0 ||
        zmq_connect(worker->theirs, endpoint) != 0) {
        return -1;
    }
    if (pthread_attr_init(&attributes) != 0) {
        return -1;
    }
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    worker->started = pthread_create(&worker->thread, &attributes, worker_run,
                                     worker->theirs) == 0;
    pthread_attr_destroy(&attributes);
    if (!worker->started) {
        return -1;
    }
    worker->theirs = NULL; /* the thread's from here on */
    return zmq_recv(worker->ours, &ready, POINTER, 0) == (int)POINTER ? 0 : -1;
}

int jobs_open(void *context, unsigned threads, struct jobs **out,
              struct error *err)
{
    struct jobs *made = calloc(1, sizeof(*made));

    assert(threads >= 1 && threads <= JOBS_THREADS_MAX);
    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for jobs");
    }
    for (size_t i = 0; i < threads; i++) {
        made->len = i + 1;
        if (worker_start(&made->workers[i], context, i) != 0) {
            jobs_close(made);
            return error_set(err, ERR_IO, "verifying thread: %s",
                             zmq_strerror(zmq_errno()));
        }
    }
    *out = made;
    return 0;
}

static struct store_slice *worker_take(struct worker *worker, int flags)
{
    struct store_slice *slice = NULL;

    if (worker->given == 0 ||
        zmq_recv(worker->ours, &slice, POINTER, flags) != (int)POINTER) {
        return NULL;
    }
    worker->given--;
    return slice;
}

void jobs_close(struct jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    for (size_t i = 0; i < jobs->len; i++) {
        struct worker *worker = &jobs->workers[i];
        struct store_slice *slice = NULL;

        if (worker->started) {
            zmq_send(worker->ours, &slice, POINTER, 0);
            while ((slice = worker_take(worker, 0)) != NULL) {
                store_slice_free(slice);
            }
            pthread_join(worker->thread, NULL);
        }
        if (worker->ours != NULL) {
            zmq_close(worker->ours);
        }
        if (worker->theirs != NULL) {
            zmq_close(worker->theirs);
        }
    }
    free(jobs);
}

bool jobs_has_room(const struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->len; i++) {
        if (jobs->workers[i].given < DEPTH) {
            return true;
        }
    }
    return false;
}

int jobs_give(struct jobs *jobs, struct store_slice *slice, struct error *err)
{
    struct worker *least = &jobs->workers[0];

    for (size_t i = 1; i < jobs->len; i++) {
        if (jobs->workers[i].given < least->given) {
            least = &jobs->workers[i];
        }
    }
    if (least->given >= DEPTH) {
        return error_set(err, ERR_BUSY, "all verifying threads are busy");
    }
    if (zmq_send(least->ours, &slice, POINTER, ZMQ_DONTWAIT) < 0) {
        return error_set(err, ERR_BUSY, "verifying thread: %s",
                         zmq_strerror(zmq_errno()));
    }
    least->given++;
    return 0;
}

struct store_slice *jobs_take(struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->len; i++) {
        struct store_slice *slice =
            worker_take(&jobs->workers[i], ZMQ_DONTWAIT);

        if (slice != NULL) {
            return slice;
        }
    }
    return NULL;
}

size_t jobs_under_way(const struct jobs *jobs)
{
    size_t sum = 0;

    for (size_t i = 0; i < jobs->len; i++) {
        sum += jobs->workers[i].given;
    }
    return sum;
}

size_t jobs_sockets(struct jobs *jobs, void *sockets[JOBS_THREADS_MAX])
{
    for (size_t i = 0; i < jobs->len; i++) {
        sockets[i] = jobs->workers[i].ours;
    }
    return jobs->len;
}
