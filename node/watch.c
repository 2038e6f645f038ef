/* Room: node. Owns the table of accepted connections and the judgement which
 * of them must end. Must never touch a descriptor that is no TCP socket of
 * ours: numbers are reused. Next: transport.c. */
#include "node/watch.h"

#include <linux/tcp.h> /* tcpi_bytes_received, which glibc's header lacks */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 2048u

struct connection {
    int fd; /* -1: free */
    bool has_key;
    bool heard; /* a frame since the last look */
    struct box_public key;
    uint64_t settled;  /* bytes that had come when its frames were read */
    uint64_t since_ms; /* of the frames counted */
    uint32_t frames;
};

struct watch {
    struct connection all[CONNECTIONS_MAX];
    size_t len;  /* places ever used */
    size_t open; /* of them */
    size_t next; /* where the present round of looks stands */
    uint64_t looked_ms;
};

struct watch *watch_new(void)
{
    return calloc(1, sizeof(struct watch));
}

void watch_free(struct watch *watch)
{
    free(watch);
}

static struct connection *find(struct watch *watch, int fd)
{
    for (size_t i = 0; i < watch->len; i++) {
        if (watch->all[i].fd == fd) {
            return &watch->all[i];
        }
    }
    return NULL;
}

void watch_add(struct watch *watch, int fd)
{
    struct connection *at = find(watch, fd);

    if (at == NULL) {
        at = find(watch, -1);
        watch->open++;
    }
    if (at == NULL && watch->len < CONNECTIONS_MAX) {
        at = &watch->all[watch->len++];
    }
    if (at == NULL) {
        watch->open--;
        return; /* more than there are children: not watched */
    }
    memset(at, 0, sizeof(*at));
    at->fd = fd;
}

void watch_remove(struct watch *watch, int fd)
{
    struct connection *at = find(watch, fd);

    if (at != NULL) {
        at->fd = -1;
        watch->open--;
    }
}

void watch_heard(struct watch *watch, int fd, const struct box_public *key,
                 uint64_t now_ms)
{
    struct connection *at = find(watch, fd);

    if (at == NULL) {
        watch_add(watch, fd); /* the monitor's word is still on its way */
        at = find(watch, fd);
    }
    if (at == NULL) {
        return;
    }
    if (now_ms - at->since_ms >= WATCH_SPAN_MS) {
        at->since_ms = now_ms;
        at->frames = 0;
    }
    at->frames++;
    at->heard = true;
    at->has_key = true;
    at->key = *key;
}

/* Bytes that came over it; false if it is no TCP connection (any more). */
static bool bytes_of(int fd, uint64_t *bytes)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return false;
    }
    *bytes = info.tcpi_bytes_received;
    return true;
}

static enum watch_fault look(struct connection *at)
{
    uint64_t bytes = 0;

    if (!bytes_of(at->fd, &bytes)) {
        return WATCH_NONE;
    }
    if (at->heard) {
        at->heard = false;
        at->settled = bytes;
    }
    if (bytes < at->settled) {
        at->settled = bytes; /* another connection under the same number */
    }
    if (at->frames > WATCH_FRAMES_MAX) {
        return WATCH_FLOOD;
    }
    return bytes - at->settled > WATCH_UNFINISHED_MAX ? WATCH_UNFINISHED
                                                      : WATCH_NONE;
}

enum watch_fault watch_next(struct watch *watch, uint64_t now_ms,
                            struct box_public *key, bool *has_key)
{
    if (watch->next == 0) {
        if (now_ms - watch->looked_ms < WATCH_EVERY_MS) {
            return WATCH_NONE;
        }
        watch->looked_ms = now_ms;
    }
    while (watch->next < watch->len) {
        struct connection *at = &watch->all[watch->next++];
        enum watch_fault fault = at->fd < 0 ? WATCH_NONE : look(at);

        if (fault != WATCH_NONE) {
            *key = at->key;
            *has_key = at->has_key;
            (void)shutdown(at->fd, SHUT_RDWR);
            watch_remove(watch, at->fd);
            return fault;
        }
    }
    watch->next = 0;
    return WATCH_NONE;
}

bool watch_any(const struct watch *watch)
{
    return watch->open > 0;
}
