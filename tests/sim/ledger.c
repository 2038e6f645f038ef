/* tests/sim: the ledger. Owns what was signed and which tokens were given, as
 * seen on the lines; asks a store only for what a machine holds as it starts.
 * It repeats no check of the nodes: it knows which copy of a machine speaks,
 * which they cannot. Next: promise.c. */
#include "tests/sim/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "store/log.h"
#include "tests/sim/promise.h"

/* quiet_s of the configuration. A frame counts from when its guard reads it,
 * also one of a connection whose session has ended there (seed 2566). */
#define QUIET_MS 120000u
#define TOKENS 4096u

/* One connection, as its guard should see it. */
struct talk {
    uint64_t shown;    /* number of the token of its HELLO, 0: none */
    uint64_t until_ms; /* nothing new of it before; 0: not fenced */
    uint64_t size;     /* of its log at its HELLO */
    bool greeted;
};

/* Of a machine. */
struct book {
    uint64_t start_size[2]; /* of its own logs when it started: [dir] */
    bool confirmed;         /* its guard has greeted it since */
};

/* Of a node, whichever machine speaks for it. */
struct voice {
    uint64_t seen; /* newest token that was shown and greeted */
    uint64_t heard_ms[COPIES];
};

static struct book books[COMPUTERS];
static struct voice voices[MACHINES];
static struct talk *talks; /* by number of the connection - 1 */
static size_t talks_room;
static struct token tokens[TOKENS]; /* by number - 1 */
static size_t tokens_len;

static struct voice *voice_of(const struct machine *machine)
{
    return &voices[machine_index(machine_of(machine->node))];
}

static struct talk *talk_of(const struct conn *conn)
{
    if (conn->number > talks_room) {
        size_t room = conn->number * 2 + 64;

        talks = realloc(talks, room * sizeof(*talks));
        if (talks == NULL) {
            abort();
        }
        memset(talks + talks_room, 0, (room - talks_room) * sizeof(*talks));
        talks_room = room;
    }
    return &talks[conn->number - 1];
}

/* A connection past a silent parent tells its other end nothing of copies:
 * that one gives no tokens (seed 6462). After a move either end may be guard.
 */
static bool with_guard(const struct conn *conn)
{
    const struct machine *child = machine_of(conn->child->node);

    return conn->parent->node == child->parent ||
           conn->parent->node == child->former;
}

static uint64_t token_number(const struct token *token)
{
    for (size_t i = tokens_len; i > 0; i--) {
        if (memcmp(&tokens[i - 1], token, sizeof(*token)) == 0) {
            return i;
        }
    }
    return 0;
}

/* ---- its own log ---- */

static int size_visit(void *data, const struct store_log *log)
{
    const struct machine *machine = data;
    struct book *book = &books[machine_index(machine)];

    if (log->node == machine->node &&
        log->head.size > book->start_size[log->is_dir]) {
        book->start_size[log->is_dir] = log->head.size;
    }
    return 0;
}

void ledger_started(struct machine *machine)
{
    struct book *book = &books[machine_index(machine)];
    struct error ignored = {0};

    book->confirmed = false;
    memset(book->start_size, 0, sizeof(book->start_size));
    (void)!store_log_each(engine_store(machine->engine), size_visit, machine,
                          &ignored);
}

static void alone(const struct machine *from, const struct origin *origin,
                  uint64_t size)
{
    const struct book *book = &books[machine_index(from)];

    if (origin->node == from->node && from->parent != 0 && !book->confirmed &&
        size > book->start_size[origin->dir]) {
        world_fail("%u sequenced up to %llu since it started with %llu, and "
                   "its guard has not greeted it",
                   from->node, (unsigned long long)size,
                   (unsigned long long)book->start_size[origin->dir]);
    }
}

/* ---- two copies ---- */

static void hello_taken(const struct conn *conn,
                        const struct frame_hello *hello)
{
    struct voice *voice = voice_of(conn->child);
    struct talk *talk = talk_of(conn);

    talk->shown = hello->has_token ? token_number(&hello->token) : 0;
    talk->until_ms = 0;
    talk->size = 0;
    for (size_t i = 0; i < hello->heads_len; i++) {
        if (hello->heads[i].origin.node == conn->child->node &&
            !hello->heads[i].origin.dir &&
            hello->heads[i].head.size > talk->size) {
            talk->size = hello->heads[i].head.size;
        }
    }
    if (talk->shown >= voice->seen) {
        return;
    }
    for (uint32_t i = 0; i < COPIES; i++) {
        if (i != conn->copy && voice->heard_ms[i] != 0 &&
            voice->heard_ms[i] + QUIET_MS > talk->until_ms) {
            talk->until_ms = voice->heard_ms[i] + QUIET_MS;
        }
    }
}

void ledger_taken(const struct conn *conn, bool up, struct span bytes)
{
    static struct arena arena;
    struct voice *voice = voice_of(conn->child);
    struct talk *talk = talk_of(conn);
    struct frame frame;
    struct error ignored = {0};

    if (arena.size == 0 && arena_new(&arena, FRAME_ARENA_MIN, &ignored) != 0) {
        return;
    }
    arena_reset(&arena);
    if (frame_decode(bytes, &arena, &frame, &ignored) != 0) {
        return;
    }
    promise_taken(up ? conn->parent : conn->child, &frame);
    if (!up || !with_guard(conn)) {
        return;
    }
    if (frame.kind == FRAME_HELLO) {
        hello_taken(conn, &frame.hello);
    } else if (talk->greeted && talk->until_ms == 0) {
        voice->heard_ms[conn->copy] = world.now_ms;
    }
}

static void greeted(const struct conn *conn, const struct frame_hello *hello)
{
    struct voice *voice = voice_of(conn->child);
    struct talk *talk = talk_of(conn);

    books[machine_index(conn->child)].confirmed = true;
    talk->greeted = true;
    if (talk->until_ms == 0) {
        voice->heard_ms[conn->copy] = world.now_ms;
        if (talk->shown > voice->seen) {
            voice->seen = talk->shown;
        }
    }
    if (hello->has_token && token_number(&hello->token) == 0 &&
        tokens_len < TOKENS) {
        tokens[tokens_len++] = hello->token;
    }
}

static void unfenced(const struct conn *conn, const struct frame_batch *batch)
{
    const struct talk *talk = talk_of(conn);

    if (batch->origin.node == conn->child->node && !batch->origin.dir &&
        world.now_ms < talk->until_ms && batch->segment.first >= talk->size) {
        world_fail(
            "%u shows an older token than its guard has seen, another "
            "copy of it was heard %llu s ago, and it sequences",
            conn->child->node,
            (unsigned long long)(world.now_ms + QUIET_MS - talk->until_ms) /
                1000);
    }
}

void ledger_sent(struct machine *from, const struct conn *conn,
                 const struct frame *frame)
{
    bool up = from == conn->child;

    if (frame->kind == FRAME_HELLO && !up && with_guard(conn)) {
        greeted(conn, &frame->hello);
    }
    if (frame->kind == FRAME_HELLO && up) {
        for (size_t i = 0; i < frame->hello.heads_len; i++) {
            alone(from, &frame->hello.heads[i].origin,
                  frame->hello.heads[i].head.size);
        }
    }
    if (frame->kind == FRAME_OFFER) {
        for (size_t i = 0; i < frame->offer.heads_len; i++) {
            alone(from, &frame->offer.heads[i].origin,
                  frame->offer.heads[i].head.size);
        }
    }
    if (frame->kind == FRAME_BATCH && up) {
        unfenced(conn, &frame->batch);
    }
}

void ledger_set_back(const struct machine *machine)
{
    for (size_t i = 0; i < MACHINES; i++) {
        if (world.machines[i].parent == machine->node) {
            voices[i].seen = 0;
        }
    }
}

void ledger_rejoined(const struct machine *machine)
{
    struct voice *voice = voice_of(machine);

    voice->seen = 0;
    memset(voice->heard_ms, 0, sizeof(voice->heard_ms));
}
