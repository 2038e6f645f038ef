/* Room: node. Owns how private bodies go by stick to readers that are not next
 * to the log: a bundle asks for what is wanted on its sender's side, and brings
 * what the other asked for, each as on a link (bodies.c): ciphertext that nodes
 * on the way cannot read, compared with the commitment in the signed leaf. To
 * our superior goes unasked what events in the same bundle are owed. It must
 * never hand out what a copy that was put back does not know to be erased.
 * Next: bodies.c, store/wanted.h. */
#include "node/bundle_writing.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "protocol/base/buf.h"
#include "store/book.h"
#include "store/query.h"
#include "store/wanted.h"

#define PAGE 16u
#define NAME_SIZE 32u
#define RECORD_EVENTS_MOST                                                     \
    64u /* of what came before; the rest is asked for                          \
         */
#define SOON_EVENTS 1024u
#define SOON_MS 10000u       /* an export waits for them, at most; */
#define SOON_AGAIN_MS 60000u /* one a minute later waits anew */
#define WAIT_MS 30000u /* for what a body belongs to; then it comes again */

/* What that node asked for in its newest bundle and was not given since. */
static void asks_name(uint32_t node, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "bundle_bodies/%u", node);
}

/* ---- what is wanted here ---- */

static int body_want(struct writing *w, const struct store_wanted *wanted,
                     bool *said, struct error *err)
{
    struct frame frame = {.kind = FRAME_BODY_ASK};
    int rc = 0;

    *said = false;
    if (bodies_may_have(w->engine, w->to, w->up, wanted->node)) {
        rc = bodies_is_lacking(w->engine, &wanted->event, said, err);
    }
    frame.body.event = wanted->event;
    return rc == 0 && *said ? writing_add(w, &frame, err) : rc;
}

int writing_body_wants(struct writing *w, struct error *err)
{
    struct store_wanted page[PAGE];
    unsigned said = 0;
    int64_t row = 0;
    size_t len = PAGE;

    while (!w->engine->restored && !w->engine->disk.low && len == PAGE &&
           said < BUNDLE_BODIES_MAX) {
        int rc =
            store_wanted_list(w->engine->store, row, page, PAGE, &len, err);

        for (size_t i = 0; rc == 0 && i < len && said < BUNDLE_BODIES_MAX;
             i++) {
            bool one = false;

            row = page[i].row;
            rc = body_want(w, &page[i], &one, err);
            said += one;
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static bool is_listed(const struct buf *ids, const struct event_id *event)
{
    for (size_t at = 0; at < ids->len; at += sizeof(*event)) {
        if (memcmp(ids->ptr + at, event, sizeof(*event)) == 0) {
            return true;
        }
    }
    return false;
}

static void id_put(struct buf *ids, const struct event_id *event)
{
    if (ids->size - ids->len >= sizeof(*event)) {
        buf_put(ids, SPAN_OF(*event));
    }
}

int writing_bodies_begin(struct writing *w, struct error *err)
{
    struct buf *all[] = {&w->fresh, &w->given, &w->asks_left};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        size_t size = BUNDLE_BODIES_MAX * sizeof(struct event_id);
        uint8_t *space = arena_alloc(&w->engine->turn, size);

        if (space == NULL) {
            return error_set(err, ERR_LIMIT, "too much in one turn");
        }
        *all[i] = buf_over(space, size);
    }
    return 0;
}

/* ---- what goes with its events ---- */

/* Whose guard the other is, it has them with the batches. */
static void private_note(struct writing *w, const struct store_event *event,
                         const struct leaf *leaf)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(w->engine), leaf->header.node);

    if (cert != NULL && cert->guard != w->to &&
        header_body(&leaf->header, AUDIENCE_OF_PRIVATE) != NULL &&
        !is_listed(&w->fresh, &event->id)) {
        id_put(&w->fresh, &event->id);
    }
}

/* What is private in the event; and in what came before it, if it names
 * somebody who is to read that. */
static int event_note(struct writing *w, const struct store_event *event,
                      struct error *err)
{
    struct arena *turn = &w->engine->turn;
    struct store_event *all;
    struct error ignored = {0};
    struct leaf leaf;
    size_t len = 0;
    int rc;

    if (leaf_parse(event->leaf, &leaf, &ignored) != 0 || !leaf.understood) {
        return 0; /* nobody knows what it commits to */
    }
    private_note(w, event, &leaf);
    if (leaf.header.addressees_len == 0) {
        return 0;
    }
    all = arena_array(turn, RECORD_EVENTS_MOST, sizeof(*all));
    if (all == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    rc = store_event_list(w->engine->store, &event->subject, turn, all,
                          RECORD_EVENTS_MOST, &len, err);
    for (size_t i = 0; rc == 0 && i < len; i++) {
        if (leaf_parse(all[i].leaf, &leaf, &ignored) == 0 && leaf.understood) {
            private_note(w, &all[i], &leaf);
        }
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* Nobody waits long for the bundle because of them: what cannot be counted, as
 * for bit rot, holds no bundle back. */
static bool is_soon(const struct writing *w, const struct store_log *log,
                    uint64_t at)
{
    uint64_t now_ms = clock_steady_ms();
    uint64_t *since_ms = &w->engine->export_waits_ms;

    if (!bundle_counts(w->engine) || at < log->integrated ||
        at - log->integrated >= SOON_EVENTS) {
        return false;
    }
    if (*since_ms == 0 || now_ms - *since_ms > SOON_AGAIN_MS) {
        *since_ms = now_ms;
    }
    return now_ms - *since_ms < SOON_MS;
}

int writing_bodies_note(struct writing *w, const struct store_log *log,
                        const struct segment *segment, struct error *err)
{
    uint64_t end = segment->first + segment->count;
    int rc = 0;

    for (uint64_t at = segment->first;
         rc == 0 && at < end && w->fresh.len < w->fresh.size; at++) {
        size_t mark = w->engine->turn.used;
        struct store_event event;

        rc = store_event_at(w->engine->store, log->id, at, &w->engine->turn,
                            &event, err);
        if (rc == 0) {
            rc = event_note(w, &event, err);
        } else if (rc == ERR_NOTFOUND) {
            rc = is_soon(w, log, at)
                     ? error_set(err, ERR_BUSY,
                                 "events of %s are still being verified here: "
                                 "ask again in a moment",
                                 log->origin)
                     : 0; /* not counted yet: the other asks for it */
        }
        arena_rewind(&w->engine->turn, mark);
    }
    return rc;
}

/* ---- what the other asked for ---- */

/* If it is here and owed; that it is erased only answers a question. */
static int body_give(struct writing *w, const struct event_id *event,
                     bool asked, bool *given, struct error *err)
{
    struct frame frame = {.kind = FRAME_BODY_GIVE};
    size_t mark = w->engine->turn.used;
    int rc = 0;

    if (is_listed(&w->given, event)) {
        *given = true;
        return 0;
    }
    rc = bodies_answer(w->engine, w->to, event, &frame.body, err);
    if (rc == 0 &&
        (frame.body.bodies.len > 0 || (asked && frame.body.erased))) {
        rc = writing_try(w, &frame, err);
        if (rc == 0 && !w->full) {
            *given = true;
            w->status->bodies++;
            id_put(&w->given, event);
        }
    }
    arena_rewind(&w->engine->turn, mark);
    return rc;
}

static int asks_read(struct writing *w, struct span *out, struct error *err)
{
    char name[NAME_SIZE];
    int rc;

    *out = (struct span){NULL, 0};
    asks_name(w->to, name);
    rc = store_meta_get(w->engine->store, name, &w->engine->turn, out, err);
    return rc == ERR_NOTFOUND ? 0 : rc;
}

int writing_bodies(struct writing *w, struct error *err)
{
    struct span fresh = buf_span(&w->fresh);
    struct span asks;
    int rc = asks_read(w, &asks, err);

    if (w->engine->restored) {
        return rc;
    }
    for (size_t at = 0; rc == 0 && at < fresh.len && !w->full;
         at += sizeof(struct event_id)) {
        struct event_id event;
        bool given = false;

        memcpy(&event, fresh.ptr + at, sizeof(event));
        rc = body_give(w, &event, false, &given, err);
    }
    for (; rc == 0 && asks.len >= sizeof(struct event_id);
         asks = span_slice(asks, sizeof(struct event_id),
                           asks.len - sizeof(struct event_id))) {
        struct event_id event;
        bool given = false;

        memcpy(&event, asks.ptr, sizeof(event));
        rc = w->full ? 0 : body_give(w, &event, true, &given, err);
        if (!given) {
            id_put(&w->asks_left, &event); /* perhaps with the next one */
        }
    }
    w->asks_known = rc == 0;
    return rc;
}

int writing_bodies_keep(struct writing *w, struct error *err)
{
    char name[NAME_SIZE];

    asks_name(w->to, name);
    return w->asks_known ? store_meta_put(w->engine->store, name,
                                          buf_span(&w->asks_left), err)
                         : 0;
}

/* ---- the other end ---- */

int bundle_body_ask(struct engine *engine, struct bundle_job *job,
                    const struct frame *frame, struct error *err)
{
    (void)engine;
    (void)err;
    if (job->asks.size - job->asks.len >= sizeof(frame->body.event)) {
        buf_put(&job->asks, SPAN_OF(frame->body.event));
    }
    return 0;
}

int bundle_asks_keep(struct engine *engine, const struct bundle_job *job,
                     struct error *err)
{
    char name[NAME_SIZE];

    asks_name(job->head.from, name);
    return store_meta_put(engine->store, name, buf_span(&job->asks), err);
}

/* ERR_BUSY as long as what came may still be counted, then 0. */
static int not_yet(struct engine *engine, const struct bundle_job *job,
                   struct error *err)
{
    if (bundle_counts(engine) &&
        (job->waits_ms == 0 || clock_steady_ms() - job->waits_ms < WAIT_MS)) {
        return error_set(err, ERR_BUSY,
                         "what came back is not all here or counted yet");
    }
    return 0;
}

/* 1: it is waited for; 0: not (any more); ERR_BUSY: nobody can say yet. */
static int is_wanted(struct engine *engine, struct bundle_job *job,
                     const struct event_id *event, struct error *err)
{
    enum store_wanted_state state;
    int rc = store_wanted_find(engine->store, event, &state, err);

    if (rc == 0) {
        return state == STORE_WANTED;
    }
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    return not_yet(engine, job, err);
}

/* That it is erased counts from whom we ask, and beside an Erased held here. */
static bool is_erased(struct engine *engine, const struct bundle_job *job,
                      const struct event_id *event)
{
    struct store_event held;
    struct error ignored = {0};
    struct leaf leaf;
    size_t mark = engine->turn.used;
    bool erased =
        store_event_find(engine->store, event, &engine->turn, &held,
                         &ignored) == 0 &&
        leaf_parse(held.leaf, &leaf, &ignored) == 0 &&
        bodies_may_have(engine, job->head.from, job->up, leaf.header.node) &&
        bodies_is_erased(engine, event);

    arena_rewind(&engine->turn, mark);
    return erased;
}

int bundle_body_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err)
{
    const struct frame_body *came = &frame->body;
    struct error why = {0};
    int rc = is_wanted(engine, job, &came->event, err);

    if (rc != 1 || (came->bodies.len == 0 &&
                    !(came->erased && is_erased(engine, job, &came->event)))) {
        return rc == 1 ? 0 : rc;
    }
    if ((rc = engine_write(engine, err)) != 0) {
        return rc;
    }
    rc = came->bodies.len == 0 ? store_wanted_set(engine->store, &came->event,
                                                  STORE_WANTED_ERASED, &why)
                               : store_wanted_take(engine->store, &came->event,
                                                   came->bodies, &why);
    if (rc == ERR_NOTFOUND) {
        return not_yet(engine, job, err); /* asked for ahead of its event */
    }
    /* The others of this bundle, and what stands behind them, go on. */
    if (rc == ERR_UNTRUSTED || rc == ERR_MALFORMED || rc == ERR_LIMIT ||
        rc == ERR_CONFLICT || rc == ERR_USAGE) {
        (void)snprintf(job->status.note, sizeof(job->status.note), "%.250s",
                       why.text);
        return store_peer_refuse(engine->store, job->head.from, why.text,
                                 (int64_t)(clock_now_ms() / 1000), err);
    }
    if (rc == 0) {
        job->status.bodies++;
        engine->grew = true;
    } else {
        *err = why;
    }
    return rc;
}
