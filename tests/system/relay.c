/* A TCP line that can be cut: the system test cut_link's hand.
 *
 *   relay LISTEN-PORT TARGET-PORT CONTROL-FIFO
 *
 * Forwards between 127.0.0.1:LISTEN and 127.0.0.1:TARGET. `cut N M ...` on
 * the fifo (made here) lets N more bytes through, drops every connection,
 * takes new ones, lets M through, and so on. `rate BITS` slows it down to so
 * many a second, both ways together. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAIRS_MAX 32

struct pair {
    int near, far; /* -1: free */
};

static struct pair pairs[PAIRS_MAX];
static long cuts[16]; /* bytes until each cut that is planned */
static int cuts_len, cuts_done;
static long left = -1;  /* bytes until the next; -1: no cut is planned */
static long bits_per_s; /* 0: as fast as it goes */

static void pairs_drop(void)
{
    for (int i = 0; i < PAIRS_MAX; i++) {
        if (pairs[i].near >= 0) {
            close(pairs[i].near);
            close(pairs[i].far);
            pairs[i].near = pairs[i].far = -1;
        }
    }
}

static void cut_now(void)
{
    pairs_drop();
    fprintf(stderr, "event=cut bytes=%ld\n", cuts[cuts_done++]);
    left = cuts_done < cuts_len ? cuts[cuts_done] : -1;
}

static struct sockaddr_in address(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

static void pair_make(int near, int target)
{
    struct sockaddr_in at = address(target);
    int far = socket(AF_INET, SOCK_STREAM, 0);

    for (int i = 0; i < PAIRS_MAX; i++) {
        if (pairs[i].near < 0 && far >= 0 &&
            connect(far, (struct sockaddr *)&at, sizeof(at)) == 0) {
            pairs[i] = (struct pair){near, far};
            return;
        }
    }
    close(near);
    if (far >= 0) {
        close(far);
    }
}

/* The line is taken for as long as `bytes` take on it. */
static void line_take(ssize_t bytes)
{
    long micros = bits_per_s > 0 ? (long)bytes * 8000000 / bits_per_s : 0;
    struct timespec wait = {.tv_sec = micros / 1000000,
                            .tv_nsec = micros % 1000000 * 1000};

    nanosleep(&wait, NULL);
}

/* Moves what is there; false when the line ended. */
static bool move(int from, int to)
{
    char bytes[4096];
    size_t most = bits_per_s > 0 ? 512 : sizeof(bytes);
    ssize_t got;

    if (left >= 0 && (size_t)left < most) {
        most = (size_t)left;
    }
    if (most == 0) {
        cut_now();
        return true;
    }
    got = recv(from, bytes, most, 0);
    if (got <= 0) {
        return false;
    }
    line_take(got);
    for (ssize_t sent = 0; sent < got;) {
        ssize_t now = send(to, bytes + sent, (size_t)(got - sent), 0);

        if (now <= 0) {
            return false;
        }
        sent += now;
    }
    if (left >= 0) {
        left -= got;
        if (left == 0) {
            cut_now();
        }
    }
    return true;
}

static void order_read(int control)
{
    char line[256] = "";
    char *rest = NULL;

    if (read(control, line, sizeof(line) - 1) <= 0) {
        return;
    }
    if (strncmp(line, "rate ", 5) == 0) {
        bits_per_s = strtol(line + 5, NULL, 10);
        return;
    }
    if (strncmp(line, "cut ", 4) != 0) {
        return;
    }
    cuts_len = cuts_done = 0;
    for (char *part = strtok_r(line + 4, " \n", &rest);
         part != NULL && cuts_len < 16; part = strtok_r(NULL, " \n", &rest)) {
        cuts[cuts_len++] = atol(part);
    }
    left = cuts_len > 0 ? cuts[0] : -1;
}

static void turn(int listener, int control, int target)
{
    struct pollfd polls[2 + 2 * PAIRS_MAX];
    nfds_t len = 2;

    polls[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    polls[1] = (struct pollfd){.fd = control, .events = POLLIN};
    for (int i = 0; i < PAIRS_MAX; i++) {
        polls[len++] = (struct pollfd){.fd = pairs[i].near, .events = POLLIN};
        polls[len++] = (struct pollfd){.fd = pairs[i].far, .events = POLLIN};
    }
    if (poll(polls, len, -1) < 0) {
        return;
    }
    if (polls[1].revents != 0) {
        order_read(control);
    }
    if (polls[0].revents != 0) {
        pair_make(accept(listener, NULL, NULL), target);
    }
    for (int i = 0; i < PAIRS_MAX; i++) {
        bool ended = false;

        if (pairs[i].near >= 0 && polls[2 + 2 * i].revents != 0) {
            ended = !move(pairs[i].near, pairs[i].far);
        }
        if (pairs[i].near >= 0 && polls[3 + 2 * i].revents != 0) {
            ended = !move(pairs[i].far, pairs[i].near) || ended;
        }
        if (ended && pairs[i].near >= 0) {
            close(pairs[i].near);
            close(pairs[i].far);
            pairs[i].near = pairs[i].far = -1;
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int control;
    int yes = 1;

    if (argc != 4) {
        fputs("usage: relay LISTEN TARGET FIFO\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    memset(pairs, 0xff, sizeof(pairs)); /* every descriptor -1 */
    at = address(atoi(argv[1]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(listener, 16) != 0 || mkfifo(argv[3], 0600) != 0) {
        perror("relay");
        return 1;
    }
    control = open(argv[3], O_RDWR);
    for (;;) {
        turn(listener, control, atoi(argv[2]));
    }
}
