/* tools/bench: the shaping relay: a queue each way that empties at the rate
 * of the line and arrives after its delay.
 *
 * The line holds two seconds of bytes, as a modem does; beyond that it does
 * not read, and TCP makes the sender wait. Read next: rows_slow.c.
 */
#include "tools/bench/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench/raw.h"

#define PAIRS_MAX 8u
#define FLOW_BYTES ((size_t)256 * 1024)
#define CHUNK_BYTES 2048u
#define CHUNKS_MAX 1024u
#define HELD_S 2.0 /* what the line buffers */

struct chunk {
    double due_s;
    size_t left;
};

/* One direction of one connection. */
struct flow {
    uint8_t bytes[FLOW_BYTES];
    size_t head; /* next byte to go out */
    size_t len;
    struct chunk chunks[CHUNKS_MAX];
    size_t first_chunk;
    size_t chunks_len;
};

struct pair {
    bool used;
    int near; /* the node below */
    int far;  /* its superior */
    struct flow up;
    struct flow down;
};

struct relay {
    struct relay_options options;
    int listener;
    int wake[2];
    unsigned port;
    pthread_t thread;
    bool started;
    struct pair pairs[PAIRS_MAX];
    double up_free_s; /* when the line has sent all it took */
    double down_free_s;
    double next_cut_s;
    _Atomic uint64_t up_bytes;
    _Atomic uint64_t down_bytes;
    _Atomic uint64_t lost_bytes;
    _Atomic uint32_t cuts;
};

/* ---- connections ---- */

static void pair_drop(struct pair *pair)
{
    close(pair->near);
    close(pair->far);
    pair->used = false;
}

static int port_connect(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void socket_ready(const struct relay *relay, int fd)
{
    int one = 1;
    int small = 8192;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (relay->options.bits_per_s != 0) { /* no second, hidden buffer */
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    }
}

static void pair_make(struct relay *relay)
{
    int near = accept(relay->listener, NULL, NULL);
    int far;

    if (near < 0) {
        return;
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &relay->pairs[i];

        if (pair->used || (far = port_connect(relay->options.target)) < 0) {
            continue;
        }
        memset(pair, 0, sizeof(*pair));
        pair->used = true;
        pair->near = near;
        pair->far = far;
        socket_ready(relay, near);
        socket_ready(relay, far);
        return;
    }
    close(near);
}

/* ---- bytes ---- */

static bool flow_has_room(const struct flow *flow, double free_s, double now_s)
{
    return flow->len + CHUNK_BYTES <= FLOW_BYTES &&
           flow->chunks_len < CHUNKS_MAX && free_s - now_s < HELD_S;
}

static void flow_put(struct flow *flow, const uint8_t *bytes, size_t len,
                     double due_s)
{
    size_t at = (flow->first_chunk + flow->chunks_len) % CHUNKS_MAX;

    for (size_t i = 0; i < len; i++) {
        flow->bytes[(flow->head + flow->len + i) % FLOW_BYTES] = bytes[i];
    }
    flow->len += len;
    flow->chunks[at] = (struct chunk){due_s, len};
    flow->chunks_len++;
}

/* False when the connection has ended. */
static bool flow_read(struct relay *relay, struct flow *flow, int from, bool up)
{
    uint8_t bytes[CHUNK_BYTES];
    double now_s = bench_now_s();
    double *free_s = up ? &relay->up_free_s : &relay->down_free_s;
    ssize_t got;

    if (!flow_has_room(flow, *free_s, now_s)) {
        return true;
    }
    got = recv(from, bytes, sizeof(bytes), 0);
    if (got <= 0) {
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
    if (*free_s < now_s) {
        *free_s = now_s;
    }
    if (relay->options.bits_per_s != 0) {
        *free_s += (double)got * 8 / relay->options.bits_per_s;
    }
    flow_put(flow, bytes, (size_t)got,
             *free_s + (double)relay->options.delay_ms / 1000);
    atomic_fetch_add(up ? &relay->up_bytes : &relay->down_bytes, (uint64_t)got);
    return true;
}

/* Writes what is due; *next_s = when the next is. False at the end. */
static bool flow_write(struct flow *flow, int to, double *next_s)
{
    while (flow->chunks_len > 0) {
        struct chunk *chunk = &flow->chunks[flow->first_chunk];
        size_t most = FLOW_BYTES - flow->head;
        ssize_t sent;

        if (chunk->due_s > bench_now_s()) {
            *next_s = chunk->due_s < *next_s ? chunk->due_s : *next_s;
            return true;
        }
        sent = send(to, flow->bytes + flow->head,
                    chunk->left < most ? chunk->left : most, MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        flow->head = (flow->head + (size_t)sent) % FLOW_BYTES;
        flow->len -= (size_t)sent;
        chunk->left -= (size_t)sent;
        if (chunk->left == 0) {
            flow->first_chunk = (flow->first_chunk + 1) % CHUNKS_MAX;
            flow->chunks_len--;
        }
    }
    return true;
}

/* ---- the thread ---- */

static void cut_if_due(struct relay *relay)
{
    if (relay->options.cut_every_s == 0 || bench_now_s() < relay->next_cut_s) {
        return;
    }
    relay->next_cut_s = bench_now_s() + relay->options.cut_every_s;
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (relay->pairs[i].used) {
            atomic_fetch_add(&relay->lost_bytes, relay->pairs[i].up.len);
            pair_drop(&relay->pairs[i]);
        }
    }
    relay->up_free_s = relay->down_free_s = 0;
    atomic_fetch_add(&relay->cuts, 1);
}

static short wanted(const struct flow *in, double free_s,
                    const struct flow *out)
{
    double now_s = bench_now_s();
    bool due =
        out->chunks_len > 0 && out->chunks[out->first_chunk].due_s <= now_s;

    return (short)((flow_has_room(in, free_s, now_s) ? POLLIN : 0) |
                   (due ? POLLOUT : 0));
}

static void pair_serve(struct relay *relay, struct pair *pair, double *next_s)
{
    bool alive = flow_read(relay, &pair->up, pair->near, true) &&
                 flow_read(relay, &pair->down, pair->far, false) &&
                 flow_write(&pair->up, pair->far, next_s) &&
                 flow_write(&pair->down, pair->near, next_s);

    if (!alive) {
        pair_drop(pair);
    }
}

static void *relay_run(void *arg)
{
    struct relay *relay = arg;
    double next_s = 0;

    for (;;) {
        struct pollfd polls[2 + 2 * PAIRS_MAX];
        nfds_t len = 2;
        double wait_s = next_s - bench_now_s();
        int wait_ms = wait_s <= 0    ? 1
                      : wait_s > 0.1 ? 100
                                     : (int)(wait_s * 1000) + 1;

        polls[0] = (struct pollfd){.fd = relay->wake[0], .events = POLLIN};
        polls[1] = (struct pollfd){.fd = relay->listener, .events = POLLIN};
        for (size_t i = 0; i < PAIRS_MAX; i++) {
            struct pair *pair = &relay->pairs[i];

            if (pair->used) {
                polls[len++] = (struct pollfd){
                    .fd = pair->near,
                    .events = wanted(&pair->up, relay->up_free_s, &pair->down)};
                polls[len++] = (struct pollfd){
                    .fd = pair->far,
                    .events =
                        wanted(&pair->down, relay->down_free_s, &pair->up)};
            }
        }
        if (poll(polls, len, wait_ms) < 0 || polls[0].revents != 0) {
            return NULL;
        }
        cut_if_due(relay);
        if (polls[1].revents != 0) {
            pair_make(relay);
        }
        next_s = bench_now_s() + 0.1;
        for (size_t i = 0; i < PAIRS_MAX; i++) {
            if (relay->pairs[i].used) {
                pair_serve(relay, &relay->pairs[i], &next_s);
            }
        }
    }
}

/* ---- life ---- */

int relay_open(const struct relay_options *options, struct relay **out,
               struct error *err)
{
    struct relay *made = calloc(1, sizeof(*made));
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the relay");
    }
    made->options = *options;
    made->wake[0] = made->wake[1] = -1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    made->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    made->next_cut_s = bench_now_s() + options->cut_every_s;
    if (made->listener < 0 || pipe(made->wake) != 0 ||
        bind(made->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(made->listener, 16) != 0 ||
        getsockname(made->listener, (struct sockaddr *)&at, &len) != 0 ||
        pthread_create(&made->thread, NULL, relay_run, made) != 0) {
        relay_close(made);
        return error_set(err, ERR_IO, "the relay does not start: %s",
                         strerror(errno));
    }
    made->started = true;
    made->port = ntohs(at.sin_port);
    *out = made;
    return 0;
}

void relay_close(struct relay *relay)
{
    if (relay == NULL) {
        return;
    }
    if (relay->started && write(relay->wake[1], "x", 1) == 1) {
        pthread_join(relay->thread, NULL);
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (relay->pairs[i].used) {
            pair_drop(&relay->pairs[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        if (relay->wake[i] >= 0) {
            close(relay->wake[i]);
        }
    }
    if (relay->listener >= 0) {
        close(relay->listener);
    }
    free(relay);
}

unsigned relay_port(const struct relay *relay)
{
    return relay->port;
}

void relay_count(struct relay *relay, struct relay_count *out)
{
    out->up_bytes = atomic_load(&relay->up_bytes);
    out->down_bytes = atomic_load(&relay->down_bytes);
    out->lost_bytes = atomic_load(&relay->lost_bytes);
    out->cuts = atomic_load(&relay->cuts);
    out->up_busy_s =
        relay->options.bits_per_s == 0
            ? 0
            : (double)out->up_bytes * 8 / relay->options.bits_per_s;
}
