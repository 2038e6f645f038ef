/* Room: node. Owns the poll and the order of a turn: read, step, one
 * transaction, commit, send. It never decides what a message means and never
 * lets one peer hold the thread: at most FRAMES_A_TURN are read before the
 * commit. Next: engine.c. */
#include "node/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

#include "node/clock.h"
#include "node/engine_internal.h"
#include "node/jobs.h"
#include "node/kdf.h"
#include "node/lend.h"
#include "node/log.h"
#include "node/peers.h"
#include "node/reader.h"
#include "node/transport.h"
#include "node/web/web.h"

#define FRAMES_A_TURN 16u /* so that the next node works meanwhile */
#define LENT_WAIT_MS 1000u
#define ITEMS_MAX (5u + TRANSPORT_SOCKETS + JOBS_THREADS_MAX)

struct loop {
    struct engine *engine;
    struct transport *transport;
    struct jobs *jobs;
    struct reader *reader;
    struct kdf *kdf;
    struct web *web;
    int signal_fd;
};

static void wanted_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

int loop_block_signals(struct error *err)
{
    sigset_t set;

    wanted_signals(&set);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return error_set(err, ERR_IO, "signals: %s", strerror(errno));
    }
    return 0;
}

/* ---- a turn
 * ---------------------------------------------------------------------- */

/* Reads what came; true if there may be more. */
static bool read_peers(struct loop *loop)
{
    struct transport_event event;
    struct error err = {0};

    for (unsigned i = 0; i < FRAMES_A_TURN; i++) {
        if (transport_read(loop->transport, &event, &err) != 1) {
            return false;
        }
        peers_read(loop->engine, &event);
    }
    return true;
}

static void read_signals(struct loop *loop)
{
    struct signalfd_siginfo info;

    while (read(loop->signal_fd, &info, sizeof(info)) ==
           (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGHUP) {
            log_line(LOG_INFO, "loop", "stopping", "signal=%u", info.ssi_signo);
            engine_stop(loop->engine);
        }
    }
}

/* What a check found wrong with attached files is looked at by the writer. */
static void mend_files(struct loop *loop)
{
    size_t len = 0;
    struct hash *files = reader_bad_files(loop->reader, &len);

    for (size_t i = 0; i < len; i++) {
        engine_file_suspect(loop->engine, &files[i]);
    }
    free(files);
}

/* While a thread has the store: questions are answered, from the moment before;
 * what peers send waits in the sockets. */
static void turn_lent(struct loop *loop)
{
    bool back = lend_take(loop->engine);

    reader_take(loop->reader);
    if ((kdf_take(loop->kdf) || back) && loop->web != NULL) {
        web_again(loop->web);
    }
    if (loop->web != NULL) {
        web_run(loop->web);
    }
}

/* One turn; true if the next must not wait. */
static bool turn(struct loop *loop, bool idle)
{
    struct error err = {0};
    bool more;

    if (lend_is_out(loop->engine)) {
        turn_lent(loop);
        return false;
    }
    more = read_peers(loop);

    reader_take(loop->reader);
    mend_files(loop);
    if (kdf_take(loop->kdf) && loop->web != NULL) {
        web_again(loop->web);
    }
    if (loop->web != NULL) {
        web_run(loop->web);
    }
    if (lend_is_out(loop->engine)) {
        return false; /* a request asked for it: the rest is the writer's */
    }
    more = engine_work(loop->engine) || more;
    if (engine_commit(loop->engine, &err) != 0) {
        more = false; /* engine_react has said so */
    }
    if (idle && !more) {
        engine_idle(loop->engine);
    } else {
        engine_tidy(loop->engine);
    }
    return more;
}

/* ---- poll
 * ------------------------------------------------------------------------ */

static size_t items_fill(struct loop *loop, zmq_pollitem_t *items)
{
    void *sockets[TRANSPORT_SOCKETS];
    void *threads[JOBS_THREADS_MAX];
    bool lent = lend_is_out(loop->engine);
    size_t len = 0;
    size_t count = lent ? 0 : transport_sockets(loop->transport, sockets);

    items[len++] =
        (zmq_pollitem_t){.fd = loop->signal_fd, .events = ZMQ_POLLIN};
    for (size_t i = 0; i < count; i++) {
        items[len++] =
            (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    }
    count = lent ? 0 : jobs_sockets(loop->jobs, threads);
    for (size_t i = 0; i < count; i++) {
        items[len++] =
            (zmq_pollitem_t){.socket = threads[i], .events = ZMQ_POLLIN};
    }
    items[len++] = (zmq_pollitem_t){.socket = reader_socket(loop->reader),
                                    .events = ZMQ_POLLIN};
    items[len++] =
        (zmq_pollitem_t){.socket = kdf_socket(loop->kdf), .events = ZMQ_POLLIN};
    if (lent) {
        items[len++] =
            (zmq_pollitem_t){.fd = lend_fd(loop->engine), .events = ZMQ_POLLIN};
    }
    if (loop->web != NULL) {
        items[len++] =
            (zmq_pollitem_t){.fd = web_fd(loop->web), .events = ZMQ_POLLIN};
    }
    return len;
}

static long wait_of(struct loop *loop)
{
    uint64_t wait_ms = lend_is_out(loop->engine)
                           ? LENT_WAIT_MS
                           : engine_sleep_ms(loop->engine);
    int web_ms = loop->web != NULL ? web_timeout_ms(loop->web) : -1;

    if (web_ms >= 0 && (uint64_t)web_ms < wait_ms) {
        wait_ms = (uint64_t)web_ms;
    }
    if (!lend_is_out(loop->engine) && transport_watches(loop->transport) &&
        wait_ms > WATCH_EVERY_MS) {
        wait_ms = WATCH_EVERY_MS;
    }
    return (long)wait_ms;
}

static int run(struct loop *loop, struct error *err)
{
    zmq_pollitem_t items[ITEMS_MAX];
    bool more = true;

    while (!engine_stopping(loop->engine) && engine_fatal(loop->engine) == 0) {
        size_t len = items_fill(loop, items);
        uint64_t from_us = clock_steady_us();
        int ready = zmq_poll(items, (int)len, more ? 0 : wait_of(loop));

        pace_slept(loop->engine, from_us, clock_steady_us());

        if (ready < 0 && zmq_errno() != EINTR) {
            return error_set(err, ERR_IO, "poll: %s",
                             zmq_strerror(zmq_errno()));
        }
        read_signals(loop);
        more = turn(loop, ready == 0);
    }
    if (engine_fatal(loop->engine) != 0) {
        return error_set(err, (enum err)engine_fatal(loop->engine),
                         "stopped after a fault: see the log above");
    }
    return 0;
}

/* ---- life
 * -----------------------------------------------------------------------------
 */

static int listen_down(struct loop *loop, const struct config *config,
                       struct error *err)
{
    char bound[CONFIG_TEXT_SIZE];
    int rc;

    if (config->listen[0] == '\0') {
        return 0;
    }
    rc =
        transport_listen(loop->transport, config->listen,
                         engine_curve(loop->engine), bound, sizeof(bound), err);
    if (rc == 0) {
        log_line(LOG_INFO, "loop", "listening", "endpoint=%s", bound);
    }
    return rc;
}

static int open_all(struct loop *loop, const struct config *config,
                    struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    sigset_t set;
    int rc = engine_open(config, &loop->engine, err);

    wanted_signals(&set);
    if (rc == 0) {
        loop->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
        rc = loop->signal_fd < 0
                 ? error_set(err, ERR_IO, "signalfd: %s", strerror(errno))
                 : 0;
    }
    if (rc == 0) {
        rc = transport_open(engine_gate(loop->engine), &loop->transport, err);
    }
    if (rc == 0) {
        rc = jobs_open(transport_context(loop->transport),
                       (unsigned)config->verify_threads, &loop->jobs, err);
    }
    if (rc == 0) {
        rc = config_path(config, "store.db", path, err);
    }
    if (rc == 0) {
        rc = reader_open(transport_context(loop->transport), path,
                         &loop->reader, err);
    }
    if (rc == 0) {
        rc = kdf_open(transport_context(loop->transport), &loop->kdf, err);
    }
    if (rc == 0) {
        engine_attach(loop->engine, loop->transport, loop->jobs, loop->reader,
                      loop->kdf);
        rc = lend_open(loop->engine, err);
    }
    if (rc == 0) {
        rc = listen_down(loop, config, err);
    }
    if (rc == 0) {
        rc = config_path(config, "api.sock", path, err);
    }
    if (rc == 0) {
        rc = web_open(loop->engine, path, &loop->web, err);
    }
    return rc;
}

int loop_run(const struct config *config, struct error *err)
{
    struct loop loop = {.signal_fd = -1};
    int rc = open_all(&loop, config, err);

    if (rc == 0) {
        log_line(LOG_INFO, "loop", "started", "node=%u realm=%s",
                 engine_node(loop.engine), config->realm);
        rc = run(&loop, err);
    }
    web_close(loop.web);
    jobs_close(loop.jobs);
    reader_close(loop.reader);
    kdf_close(loop.kdf);
    /* The store closes before zmq: its shutdown may crash (B1.11). */
    engine_close(loop.engine);
    transport_close(loop.transport);
    if (loop.signal_fd >= 0) {
        close(loop.signal_fd);
    }
    return rc;
}
