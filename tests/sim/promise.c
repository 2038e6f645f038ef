/* tests/sim: promises. Owns what people and other levels were told, written
 * down as it leaves a node. Reads frames and, of a guard that has just
 * cosigned, the leaves it says it holds; judges nothing but what can be judged
 * at once. Next: promise_lost.c, what nobody can keep any more. */
#include "tests/sim/promise.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/log/checkpoint.h"
#include "store/query.h"
#include "tests/sim/holdings.h"
#include "tests/sim/ledger.h"

struct promises promises;

void promises_reset(void)
{
    for (size_t i = 0; i < promises.logs_len; i++) {
        free(promises.logs[i].heads);
        free(promises.logs[i].leaves);
        free(promises.logs[i].excused);
    }
    free(promises.events);
    memset(&promises, 0, sizeof(promises));
}

static struct promise_log *log_get(const struct origin *origin)
{
    for (size_t i = 0; i < promises.logs_len; i++) {
        if (origin_compare(&promises.logs[i].origin, origin) == 0) {
            return &promises.logs[i];
        }
    }
    assert(promises.logs_len < 64);
    promises.logs[promises.logs_len].origin = *origin;
    return &promises.logs[promises.logs_len++];
}

void promise_log_name(const struct promise_log *log, char name[ORIGIN_MAX + 1])
{
    struct buf out = buf_over(name, ORIGIN_MAX);

    origin_format(span_str("sim"), &log->origin, &out);
    name[out.len] = '\0';
}

/* ---- heads: no log has two histories ---- */

static void head_differs(struct promise_log *log, uint64_t size,
                         const struct machine *from)
{
    char name[ORIGIN_MAX + 1];

    promise_log_name(log, name);
    if (log->cloned) {
        log->forked = true;
        world_trace("%s: another history of size %llu", name,
                    (unsigned long long)size);
    } else {
        world_fail("%s has two histories of size %llu (from %u)", name,
                   (unsigned long long)size, from->node);
    }
}

static void head_seen(const struct origin *origin,
                      const struct merkle_head *head,
                      const struct machine *from)
{
    struct promise_log *log = log_get(origin);
    size_t at = log->heads_len;

    if (head->size == 0) {
        return;
    }
    while (at > 0 && log->heads[at - 1].size >= head->size) {
        at--;
        if (log->heads[at].size == head->size) {
            if (!hash_equal(&log->heads[at].root, &head->root)) {
                head_differs(log, head->size, from);
            }
            return;
        }
    }
    if (log->heads_len == log->heads_room) {
        log->heads_room = log->heads_room * 2 + 64;
        log->heads = realloc(log->heads, log->heads_room * sizeof(*log->heads));
        assert(log->heads != NULL);
    }
    memmove(&log->heads[at + 1], &log->heads[at],
            (log->heads_len - at) * sizeof(*log->heads));
    log->heads[at] = (struct promise_head){head->size, head->root};
    log->heads_len++;
}

/* The head that a signed note says, without its key: the nodes check that. */
static void note_seen(const struct origin *origin, struct span note,
                      const struct machine *from)
{
    struct checkpoint checkpoint;
    struct error ignored = {0};

    for (size_t i = 1; i < note.len; i++) {
        if (note.ptr[i - 1] == '\n' && note.ptr[i] == '\n') {
            if (checkpoint_parse(span_make(note.ptr, i), &checkpoint,
                                 &ignored) == 0) {
                head_seen(origin, &checkpoint.head, from);
            }
            return;
        }
    }
}

/* ---- cosignatures ---- */

/* The leaves that the guard vouches for, as it holds them now. */
static void leaves_take(struct promise_log *log, struct machine *guard,
                        uint64_t size)
{
    struct store *store = engine_store(guard->engine);
    char name[ORIGIN_MAX + 1];
    struct store_log held;
    struct error err = {0};

    promise_log_name(log, name);
    if (store_log_find(store, span_str(name), &held, &err) != 0 ||
        held.head.size < size) {
        world_fail("%u cosigned %s up to %llu and does not hold that",
                   guard->node, name, (unsigned long long)size);
        return;
    }
    while (log->cosigned < size) {
        struct store_segment segment;

        arena_reset(&world.arena);
        if (store_segment_read(store, held.id, log->cosigned, &world.arena,
                               &segment, &err) != 0) {
            world_fail("%u cannot read leaf %llu of %s: %s", guard->node,
                       (unsigned long long)log->cosigned, name, err.text);
            return;
        }
        for (uint64_t i = log->cosigned - segment.parts.first;
             i < segment.parts.count && log->cosigned < size; i++) {
            if (log->cosigned == log->leaves_room) {
                log->leaves_room = log->leaves_room * 2 + 64;
                log->leaves = realloc(log->leaves,
                                      log->leaves_room * sizeof(*log->leaves));
                log->excused = realloc(log->excused, log->leaves_room *
                                                         sizeof(*log->excused));
                assert(log->leaves != NULL && log->excused != NULL);
            }
            log->excused[log->cosigned] = false;
            memcpy(&log->leaves[log->cosigned++],
                   segment.hashes.ptr + i * sizeof(struct hash),
                   sizeof(struct hash));
        }
    }
}

/* A cosigner never signs a smaller size than it signed before (tlog.md 1.7).
 * Older cosignatures are sent again; a newer one is known by its time. */
static void shrinks(const struct promise_log *log, const struct machine *from,
                    uint64_t size, int64_t time_s)
{
    uint32_t at = machine_index(from);
    char name[ORIGIN_MAX + 1];

    if (time_s > log->by_s[at] && size < log->by[at]) {
        promise_log_name(log, name);
        world_fail("%u cosigned %s up to %llu, and later only up to %llu",
                   from->node, name, (unsigned long long)log->by[at],
                   (unsigned long long)size);
    }
}

static void cosigned(struct machine *from, const struct origin *origin,
                     const struct merkle_head *head,
                     const struct cosignature *line)
{
    struct promise_log *log = log_get(origin);
    uint32_t at = machine_index(from);
    int64_t time_s = (int64_t)cosignature_time(line);
    uint64_t size = head->size;

    head_seen(origin, head, from);
    shrinks(log, from, size, time_s);
    if (size >= log->by[at]) {
        log->by[at] = size;
        log->by_s[at] = time_s > log->by_s[at] ? time_s : log->by_s[at];
    }
    if (size > log->cosigned) {
        leaves_take(log, from, size);
    }
}

static bool is_guard(const struct machine *machine, const struct origin *origin)
{
    const struct machine *node = machine_of(origin->node);

    return node != NULL &&
           (node->parent == machine->node || node->former == machine->node);
}

static void heads_seen(const struct frame_head *heads, size_t len,
                       struct machine *from)
{
    for (size_t i = 0; i < len; i++) {
        note_seen(&heads[i].origin, heads[i].note, from);
    }
}

static void heads_trace(const struct frame_head *heads, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        world_trace("    %u%s/e%u size %llu cosigs %llu seen %llu",
                    heads[i].origin.node, heads[i].origin.dir ? "/dir" : "",
                    heads[i].origin.epoch,
                    (unsigned long long)heads[i].head.size,
                    (unsigned long long)heads[i].cosigs,
                    (unsigned long long)heads[i].seen.head.size);
    }
}

static void frame_trace(const struct machine *from, const struct machine *to,
                        const struct frame *frame)
{
    if (!world.trace) {
        return;
    }
    world_trace("%u>%u %s", from->node, to->node, frame_name(frame->kind));
    if (frame->kind == FRAME_HELLO) {
        heads_trace(frame->hello.heads, frame->hello.heads_len);
    } else if (frame->kind == FRAME_OFFER) {
        heads_trace(frame->offer.heads, frame->offer.heads_len);
    } else if (frame->kind == FRAME_BATCH) {
        world_trace("    %u/e%u from %llu, %u leaves", frame->batch.origin.node,
                    frame->batch.origin.epoch,
                    (unsigned long long)frame->batch.segment.first,
                    frame->batch.segment.count);
    } else if (frame->kind == FRAME_WANT) {
        world_trace("    credit %llu",
                    (unsigned long long)frame->want.credit_bytes);
        for (size_t i = 0; i < frame->want.pulls_len; i++) {
            const struct frame_pull *pull = &frame->want.pulls[i];

            world_trace("    %u%s/e%u held %llu cosigs %llu%s",
                        pull->origin.node, pull->origin.dir ? "/dir" : "",
                        pull->origin.epoch, (unsigned long long)pull->held,
                        (unsigned long long)pull->cosigs,
                        pull->begin ? " begin" : "");
        }
    }
}

void promise_frame(struct machine *from, struct machine *to,
                   const struct conn *conn, struct span bytes)
{
    static struct arena arena;
    struct frame frame;
    struct error err = {0};

    if (arena.size == 0 && arena_new(&arena, FRAME_ARENA_MIN, &err) != 0) {
        world_fail("no memory: %s", err.text);
        return;
    }
    arena_reset(&arena);
    if (frame_decode(bytes, &arena, &frame, &err) != 0) {
        world_fail("%u sends %u what it cannot read: %s", from->node, to->node,
                   err.text);
        return;
    }
    frame_trace(from, to, &frame);
    ledger_sent(from, conn, &frame);
    if (frame.kind == FRAME_HELLO) {
        heads_seen(frame.hello.heads, frame.hello.heads_len, from);
    } else if (frame.kind == FRAME_OFFER) {
        heads_seen(frame.offer.heads, frame.offer.heads_len, from);
    } else if (frame.kind == FRAME_BATCH) {
        note_seen(&frame.batch.origin, frame.batch.segment.note, from);
    } else if (frame.kind == FRAME_COSIGNED &&
               is_guard(from, &frame.cosigned.origin)) {
        for (size_t i = 0; i < frame.cosigned.cosigs_len; i++) {
            cosigned(from, &frame.cosigned.origin,
                     &frame.cosigned.cosigs[i].head,
                     &frame.cosigned.cosigs[i].line);
        }
    } else if (frame.kind == FRAME_HELD && frame.held.node == from->node) {
        cosigned(from, &frame.held.origin, &frame.held.head, &frame.held.line);
    }
}

/* ---- people ---- */

void promise_event(struct machine *machine, const struct event_id *id,
                   const struct event_id *subject, const struct hash *leaf)
{
    if (promises.events_len == promises.events_room) {
        promises.events_room = promises.events_room * 2 + 64;
        promises.events = realloc(
            promises.events, promises.events_room * sizeof(*promises.events));
        assert(promises.events != NULL);
    }
    promises.events[promises.events_len++] =
        (struct promise_event){.id = *id,
                               .subject = *subject,
                               .leaf = *leaf,
                               .node = machine->node,
                               .disk = machine->disk,
                               .at_ms = world.now_ms};
}

bool promise_is_owed(const struct event_id *id)
{
    for (size_t i = 0; i < promises.events_len; i++) {
        if (event_id_compare(&promises.events[i].id, id) == 0) {
            return !promises.events[i].excused;
        }
    }
    return false;
}

bool promise_is_bare(const uint8_t id[4])
{
    for (size_t i = 0; i < promises.events_len; i++) {
        if (memcmp(promises.events[i].id.bytes, id, 4) == 0) {
            return promises.events[i].bare;
        }
    }
    return false;
}

bool promise_is_whole(const struct event_id *subject)
{
    for (size_t i = 0; i < promises.events_len; i++) {
        if (event_id_compare(&promises.events[i].subject, subject) == 0 &&
            promises.events[i].excused) {
            return false;
        }
    }
    return true;
}

/* Its own cosignatures, shown to it: now it must know of them. */
static void told(struct machine *to, const struct frame_head *heads, size_t len)
{
    uint32_t at = machine_index(to);

    for (size_t i = 0; i < len; i++) {
        struct promise_log *log = log_get(&heads[i].origin);

        if (heads[i].seen.has && heads[i].origin.node != to->node &&
            heads[i].seen.head.size > log->by[at]) {
            log->by[at] = heads[i].seen.head.size;
        }
    }
}

void promise_taken(struct machine *to, const struct frame *frame)
{
    if (frame->kind == FRAME_HELLO) {
        told(to, frame->hello.heads, frame->hello.heads_len);
    } else if (frame->kind == FRAME_OFFER) {
        told(to, frame->offer.heads, frame->offer.heads_len);
    }
}

/* ---- starts and ends ---- */

static void log_kept(struct machine *machine, const struct promise_log *log)
{
    uint64_t promised = log->by[machine_index(machine)];
    char name[ORIGIN_MAX + 1];
    struct store_log held;
    struct error err = {0};
    int rc;

    if (promised == 0) {
        return;
    }
    promise_log_name(log, name);
    rc = store_log_find(engine_store(machine->engine), span_str(name), &held,
                        &err);
    if (rc != 0 || held.head.size < promised) {
        world_fail("%u cosigned %s up to %llu, and after a restart holds %llu",
                   machine->node, name, (unsigned long long)promised,
                   rc != 0 ? 0 : (unsigned long long)held.head.size);
    }
}

static void events_kept(struct machine *machine)
{
    for (size_t i = 0; i < promises.events_len; i++) {
        const struct promise_event *promised = &promises.events[i];
        struct store_event event;
        struct error err = {0};
        char id[33];

        if (promised->disk != machine->disk || promised->excused) {
            continue;
        }
        arena_reset(&world.arena);
        if (store_event_find(engine_store(machine->engine), &promised->id,
                             &world.arena, &event, &err) != 0) {
            hex_encode(SPAN_OF(promised->id), id);
            world_fail("%u said that %s is recorded, and after a restart does "
                       "not hold it",
                       machine->node, id);
            return;
        }
    }
}

void promise_started(struct machine *machine)
{
    ledger_started(machine);
    if (machine->rolled_back) {
        return;
    }
    for (size_t i = 0; i < promises.logs_len; i++) {
        log_kept(machine, &promises.logs[i]);
    }
    events_kept(machine);
}

void promise_fatal(struct machine *machine, int code)
{
    /* Only a broken disk may end the program. */
    if (machine->may_give_up && code == ERR_IO) {
        world_trace("%u gives up", machine->node);
        machine->may_give_up = false;
        return;
    }
    world_fail("the program of %u ended by itself: %s", machine->node,
               err_name(code));
}
