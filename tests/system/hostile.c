/* A child's key in a stranger's hand: speaks to its parent with the bare
 * library, in a valid session, and does what no node does.
 *
 *   hostile DIR MODE SECONDS [NODE]
 *
 *   flood       pings as fast as they go
 *   parts       a message of parts that never ends
 *   garbage     frames that nobody can read, as large as they may be
 *   sizes       batches of numbers that cannot be
 *   foreign     the heads and batches of NODE's log
 *   lies        heads of its own log that it never signed, batches changed
 *   deaf        asks for everything, again and again, and reads nothing
 *
 * A deaf peer keeps a pace: 50 frames, then a tenth of a second of nothing.
 * That is part of what it does to its parent (a faster one is cut as a flood,
 * and never found out to be deaf), not a wait: nothing here or in the test
 * hopes that something has happened by then. The test looks for its condition.
 *
 * DIR is the folder of a stopped node. Prints how many sessions it had and
 * how many frames it sent. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "node/config.h"
#include "node/keys.h"
#include "protocol/base/hex.h"
#include "protocol/link/frames.h"
#include "store/book.h"
#include "store/log.h"

static struct config config;
static struct keys keys;
static struct arena arena;
static struct store *store;
static void *context, *dealer;
static struct token token; /* of this session */
static uint64_t sessions, sent;

static void stop(const char *what)
{
    fprintf(stderr, "hostile: %s\n", what);
    exit(1);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void connect_anew(void)
{
    struct error err = {0};
    uint8_t server[32];
    int zero = 0;

    if (dealer != NULL) {
        zmq_close(dealer);
    }
    dealer = zmq_socket(context, ZMQ_DEALER);
    if (dealer == NULL ||
        hex_decode(span_str(config.parent_key), server, 32, &err) != 0) {
        stop("socket");
    }
    zmq_setsockopt(dealer, ZMQ_LINGER, &zero, sizeof(zero));
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, server, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, keys.curve.pub.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, keys.curve.sec.bytes, 32);
    if (zmq_connect(dealer, config.parent_endpoint) != 0) {
        stop("connect");
    }
}

static bool send_bytes(struct span bytes, int flags)
{
    int got = zmq_send(dealer, bytes.ptr, bytes.len, flags | ZMQ_DONTWAIT);

    sent += got >= 0;
    return got >= 0;
}

/* Until libzmq takes more, or for as long as nobody should wait. */
static void room_wait(void)
{
    zmq_pollitem_t item = {.socket = dealer, .events = ZMQ_POLLOUT};

    (void)zmq_poll(&item, 1, 100);
}

static bool send_frame(struct frame *frame)
{
    struct span bytes = {NULL, 0};
    struct error err = {0};
    bool went;

    frame->has_token = true;
    frame->token = token;
    arena_reset(&arena);
    if (frame_pack(frame, &arena, &bytes, &err) != 0) {
        stop(err.text);
    }
    went = send_bytes(bytes, 0);
    if (!went) {
        room_wait();
    }
    return went;
}

/* Its own log as its store has it, so that the session opens as ever. */
static void own_head(struct frame_head *head)
{
    static uint8_t note_bytes[NOTE_MAX];
    struct buf note = buf_over(note_bytes, sizeof(note_bytes));
    struct store_cosig seen;
    struct store_log log;
    struct error err = {0};

    memset(head, 0, sizeof(*head));
    head->origin = (struct origin){.node = (uint32_t)config.node, .epoch = 1};
    if (store_log_of(store, (uint32_t)config.node, false, &log, &err) != 0 ||
        store_log_note(store, log.id, &note, &err) != 0) {
        return;
    }
    head->head = log.head;
    head->note = buf_span(&note);
    head->cosigs = log.cosigs;
    if (store_cosig_newest(store, log.id, &seen, &err) == 0) {
        head->seen.has = true;
        head->seen.head = seen.head;
        head->seen.line = seen.line;
    }
}

static bool greet(void)
{
    struct frame frame = {.kind = FRAME_HELLO};
    struct frame_head head;
    struct store_token kept;
    struct error err = {0};
    uint8_t bytes[FRAME_MAX];
    struct timespec now;
    int wait_ms = 500;

    own_head(&head);
    clock_gettime(CLOCK_REALTIME, &now);
    frame.hello = (struct frame_hello){.version_min = 1,
                                       .version_max = 1,
                                       .realm = span_str(config.realm),
                                       .node = (uint32_t)config.node,
                                       .now_ms = (uint64_t)now.tv_sec * 1000,
                                       .software = span_str("hostile"),
                                       .heads = &head,
                                       .heads_len = head.head.size > 0};
    memset(&frame.hello.session, (int)(sessions + 1), 16);
    if (store_token_get(store, (uint32_t)config.parent, &kept, &err) == 0) {
        frame.hello.has_token = true;
        memcpy(&frame.hello.token, kept.current, 16);
    }
    if (sessions > 0) { /* the one of the session before is newer */
        frame.hello.has_token = true;
        frame.hello.token = token;
    }
    zmq_setsockopt(dealer, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    if (!send_frame(&frame)) {
        return false;
    }
    for (;;) {
        int got = zmq_recv(dealer, bytes, sizeof(bytes), 0);

        if (got < 0) {
            return false;
        }
        arena_reset(&arena);
        if (frame_decode(span_make(bytes, (size_t)got), &arena, &frame, &err) ==
                0 &&
            frame.kind == FRAME_HELLO && frame.hello.has_token) {
            token = frame.hello.token;
            sessions++;
            return true;
        }
    }
}

static void drop_what_came(void)
{
    char bytes[64];

    while (zmq_recv(dealer, bytes, sizeof(bytes), ZMQ_DONTWAIT) >= 0) {
    }
}

/* ---- what it does ---- */

static void do_flood(void)
{
    struct frame frame = {.kind = FRAME_PING};

    for (int i = 0; i < 200; i++) {
        frame.ping.now_ms = sent;
        if (!send_frame(&frame)) {
            return;
        }
    }
}

static void do_parts(void)
{
    static uint8_t part[65536];

    for (int i = 0; i < 64; i++) {
        if (!send_bytes(span_make(part, sizeof(part)), ZMQ_SNDMORE)) {
            room_wait();
            return;
        }
    }
}

static void do_garbage(void)
{
    static uint8_t bytes[FRAME_MAX];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 31 + sent);
    }
    if (!send_bytes(span_make(bytes, sizeof(bytes)), 0)) {
        room_wait();
    }
}

static void do_sizes(void)
{
    struct frame frame = {.kind = FRAME_BATCH};

    frame.batch.origin =
        (struct origin){.node = (uint32_t)config.node, .epoch = 1};
    frame.batch.segment =
        (struct segment){.first = INT64_MAX - 256,
                         .count = 256,
                         .note = span_str("no note"),
                         .leaves_z = span_str("(\265/\375\240\377\377\377"),
                         .texts_z = span_str("(\265/\375\240\377\377\377")};
    (void)send_frame(&frame);
}

static void do_foreign(uint32_t node)
{
    struct frame frame = {.kind = FRAME_OFFER};
    struct frame_head head = {.origin = {.node = node, .epoch = 1},
                              .note = span_str("a note"),
                              .head = {.size = 1000}};

    frame.offer = (struct frame_offer){&head, 1, false};
    (void)send_frame(&frame);
    frame = (struct frame){.kind = FRAME_BATCH};
    frame.batch.origin = head.origin;
    frame.batch.segment = (struct segment){
        .count = 1, .note = span_str("n"), .leaves_z = span_str("l")};
    (void)send_frame(&frame);
    frame = (struct frame){.kind = FRAME_MEND_ASK};
    frame.mend_ask.origin = head.origin;
    (void)send_frame(&frame);
}

static void do_lies(void)
{
    static uint8_t leaves[FRAME_MAX];
    struct frame frame = {.kind = FRAME_OFFER};
    struct frame_head head;
    struct store_segment first;
    struct store_log log;
    struct error err = {0};
    struct arena own;

    own_head(&head);
    head.head.size += 5;
    head.head.root.bytes[0] ^= 1;
    frame.offer = (struct frame_offer){&head, 1, false};
    (void)send_frame(&frame);
    if (arena_new(&own, 1 << 20, &err) != 0) {
        stop(err.text);
    }
    if (store_log_of(store, (uint32_t)config.node, false, &log, &err) == 0 &&
        store_segment_read(store, log.id, 0, &own, &first, &err) == 0) {
        memcpy(leaves, first.parts.leaves_z.ptr, first.parts.leaves_z.len);
        leaves[first.parts.leaves_z.len / 2] ^= 1;
        frame = (struct frame){.kind = FRAME_BATCH};
        frame.batch.origin =
            (struct origin){.node = (uint32_t)config.node, .epoch = 1};
        frame.batch.segment = first.parts;
        frame.batch.segment.first = log.head.size;
        frame.batch.segment.leaves_z =
            span_make(leaves, first.parts.leaves_z.len);
        frame.batch.segment.sealed = (struct span){NULL, 0};
        (void)send_frame(&frame);
    }
    arena_release(&own);
}

/* Everything of the directory from its beginning, with credit for all. */
static void do_deaf(void)
{
    struct frame frame = {.kind = FRAME_WANT};
    struct frame_pull pull = {
        .origin = {.node = (uint32_t)config.parent, .dir = true, .epoch = 1},
        .begin = true};

    for (int i = 0; i < 50; i++) {
        frame.want = (struct frame_want){1u << 30, &pull, 1};
        if (!send_frame(&frame)) {
            return;
        }
    }
    /* Its pace, no wait: see the head of this file. */
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

static void misbehave(const char *mode, uint32_t node)
{
    if (strcmp(mode, "flood") == 0) {
        do_flood();
    } else if (strcmp(mode, "parts") == 0) {
        do_parts();
    } else if (strcmp(mode, "garbage") == 0) {
        do_garbage();
    } else if (strcmp(mode, "sizes") == 0) {
        do_sizes();
    } else if (strcmp(mode, "foreign") == 0) {
        do_foreign(node);
    } else if (strcmp(mode, "lies") == 0) {
        do_lies();
    } else if (strcmp(mode, "deaf") == 0) {
        do_deaf();
    } else {
        stop("no such mode");
    }
}

int main(int argc, char **argv)
{
    struct store_options options = {.read_only = true};
    struct error err = {0};
    char path[CONFIG_PATH_SIZE];
    double until, again;

    if (argc < 4) {
        stop("see the head of hostile.c");
    }
    until = seconds() + strtod(argv[3], NULL);
    options.path = path;
    if (crypto_start(&err) != 0 || config_load(&config, argv[1], &err) != 0 ||
        keys_load(&keys, argv[1], &err) != 0 ||
        config_path(&config, "store.db", path, &err) != 0 ||
        store_open(&options, &store, &err) != 0 ||
        arena_new(&arena, 16u << 20, &err) != 0) {
        stop(err.text);
    }
    context = zmq_ctx_new();
    while (seconds() < until) {
        connect_anew();
        /* A session is soon ended by the other side: over and over. */
        again = seconds() + (strcmp(argv[2], "deaf") == 0 ? 60 : 1.5);
        if (!greet()) {
            continue;
        }
        while (seconds() < until && seconds() < again) {
            misbehave(argv[2], argc > 4 ? (uint32_t)atoi(argv[4]) : 0);
            if (strcmp(argv[2], "deaf") != 0) {
                drop_what_came();
            }
        }
    }
    printf("mode=%s sessions=%llu frames=%llu\n", argv[2],
           (unsigned long long)sessions, (unsigned long long)sent);
    zmq_close(dealer);
    store_close(store);
    zmq_ctx_term(context);
    return 0;
}
