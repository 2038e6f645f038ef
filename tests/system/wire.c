/* A line between two network namespaces, as the kernel sees one: IP packets
 * go in at one end and come out at the other, later, slower, or never. The
 * system test netns_chain's hand.
 *
 *   wire CONTROL-FIFO NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B
 *
 * Makes both devices (point to point, no addresses yet) and the fifo. Orders:
 *   rate BITS DELAY-MS   each way; 0 = as fast as it goes
 *   cut, mend            nothing passes, and nobody is told
 *   count                one line on stderr: what passed since the last one
 * Must never touch a namespace but the two it was given. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 2048u
#define PACKETS_MAX 1024u
#define HELD_S 2.0 /* what a modem buffers */

struct packet {
    uint8_t bytes[PACKET_MAX];
    size_t len;
    double due_s;
};

/* One direction. */
struct way {
    struct packet packets[PACKETS_MAX];
    size_t first, len;
    double free_s; /* when the line has sent all it took */
    uint64_t bytes, full, cut;
};

static struct way up, down; /* A to B, B to A */
static double bits_per_s, delay_s, counted_s;
static bool is_cut;

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int fail(const char *what)
{
    fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
    return 1;
}

static int device_make(const char *space, const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    char path[256];
    int there, fd;

    snprintf(path, sizeof(path), "/run/netns/%s", space);
    there = open(path, O_RDONLY | O_CLOEXEC);
    if (there < 0 || setns(there, CLONE_NEWNET) != 0) {
        return -1;
    }
    close(there);
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        return -1;
    }
    return fd;
}

/* ---- packets ---- */

static void way_take(struct way *way, int from)
{
    for (unsigned i = 0; i < 64; i++) {
        struct packet *packet =
            &way->packets[(way->first + way->len) % PACKETS_MAX];
        static uint8_t spare[PACKET_MAX];
        bool full = way->len == PACKETS_MAX;
        ssize_t got = read(from, full ? spare : packet->bytes, PACKET_MAX);
        double now = now_s();
        double free_s = way->free_s < now ? now : way->free_s;

        if (got <= 0) {
            return;
        }
        if (is_cut) {
            way->cut += (uint64_t)got;
            continue;
        }
        if (bits_per_s > 0) {
            free_s += (double)got * 8 / bits_per_s;
        }
        if (full || free_s - now > HELD_S) {
            way->full += (uint64_t)got;
            continue;
        }
        way->free_s = free_s;
        way->bytes += (uint64_t)got;
        packet->len = (size_t)got;
        packet->due_s = free_s + delay_s;
        way->len++;
    }
}

static void way_give(struct way *way, int to, double *next_s)
{
    while (way->len > 0) {
        const struct packet *packet = &way->packets[way->first];

        if (packet->due_s > now_s()) {
            *next_s = packet->due_s < *next_s ? packet->due_s : *next_s;
            return;
        }
        /* A device that is down takes nothing: lost, as on any line. */
        if (write(to, packet->bytes, packet->len) < 0) {
            way->cut += packet->len;
        }
        way->first = (way->first + 1) % PACKETS_MAX;
        way->len--;
    }
}

static void way_lose(struct way *way)
{
    for (; way->len > 0; way->len--) {
        way->cut += way->packets[way->first].len;
        way->first = (way->first + 1) % PACKETS_MAX;
    }
    way->free_s = 0;
}

/* ---- orders ---- */

static void count_say(void)
{
    double took_s = now_s() - counted_s;
    double most = bits_per_s > 0 ? bits_per_s / 8 * took_s : 0;

    fprintf(stderr,
            "event=count seconds=%.1f up=%llu down=%llu busy=%.1f "
            "up_full=%llu up_cut=%llu capacity=%.0f\n",
            took_s, (unsigned long long)up.bytes,
            (unsigned long long)down.bytes,
            most > 0 ? 100 * (double)up.bytes / most : 0.0,
            (unsigned long long)up.full, (unsigned long long)up.cut, most);
    up.bytes = up.full = up.cut = 0;
    down.bytes = down.full = down.cut = 0;
    counted_s = now_s();
}

static void order_read(int control)
{
    char lines[512] = "";
    char *rest = NULL;

    if (read(control, lines, sizeof(lines) - 1) <= 0) {
        return;
    }
    for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strcmp(line, "cut") == 0) {
            is_cut = true;
            way_lose(&up);
            way_lose(&down);
        } else if (strcmp(line, "mend") == 0) {
            is_cut = false;
        } else if (strcmp(line, "count") == 0) {
            count_say();
        } else if (strncmp(line, "rate ", 5) == 0) {
            char *after = NULL;

            bits_per_s = strtod(line + 5, &after);
            delay_s = strtod(after, NULL) / 1000;
            up.free_s = down.free_s = 0;
        } else {
            fprintf(stderr, "wire: no such order: %s\n", line);
        }
    }
}

static int serve(int control, int a, int b)
{
    double next_s = 0;

    for (;;) {
        struct pollfd polls[] = {{.fd = control, .events = POLLIN},
                                 {.fd = a, .events = POLLIN},
                                 {.fd = b, .events = POLLIN}};
        double wait_s = next_s - now_s();
        int wait_ms = wait_s <= 0 ? 0 : (int)(wait_s * 1000) + 1;

        if (poll(polls, 3, wait_ms) < 0) {
            return fail("poll");
        }
        if (polls[0].revents != 0) {
            order_read(control);
        }
        way_take(&up, a);
        way_take(&down, b);
        next_s = now_s() + 10;
        way_give(&up, b, &next_s);
        way_give(&down, a, &next_s);
    }
}

int main(int argc, char **argv)
{
    int control, a, b;

    if (argc != 6) {
        fputs("usage: wire CONTROL-FIFO NAMESPACE-A DEVICE-A NAMESPACE-B "
              "DEVICE-B\n",
              stderr);
        return 2;
    }
    a = device_make(argv[2], argv[3]);
    if (a < 0) {
        return fail(argv[3]);
    }
    b = device_make(argv[4], argv[5]);
    if (b < 0) {
        return fail(argv[5]);
    }
    if (mkfifo(argv[1], 0600) != 0) {
        return fail(argv[1]);
    }
    control = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (control < 0) {
        return fail(argv[1]);
    }
    counted_s = now_s();
    return serve(control, a, b);
}
