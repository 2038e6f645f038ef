/* Room: node. Owns what goes into a bundle and in which order: what a link
 * would say to that node, as far as it can be known without an answer. It
 * writes to the file alone, sequences nothing, and makes a staging note only
 * where no session could contradict it. Next: bundle_import.c. */
#include "node/bundle.h"
#include "node/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/clock.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"
#include "store/delivery.h"
#include "store/spool.h"

#define COSIGS_A_FRAME 256u
#define SPOOLED_A_TIME 256u
#define DELIVERIES_A_TIME 64u

struct writing {
    struct engine *engine;
    struct bundle_job *job;
    struct bundle_status *status;
    struct store_bundles known; /* what the other said last */
    uint32_t to;
    bool up;          /* to our parent */
    bool in_session;  /* with that child, now */
    struct buf chunk; /* frames not written yet */
    struct buf out;   /* one chunk, sealed */
};

/* ---- the file ---- */

static int bytes_write(int fd, struct span bytes, struct error *err)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.ptr, bytes.len);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return error_set(err, ERR_LIMIT, "bundle.out: %s", strerror(errno));
        }
        bytes = span_slice(bytes, (size_t)done, bytes.len - (size_t)done);
    }
    return 0;
}

static int chunk_end(struct writing *w, bool last, struct error *err)
{
    int rc;

    w->out.len = 0;
    rc = bundle_seal(&w->job->stream, buf_span(&w->chunk), last, &w->out, err);
    w->chunk.len = 0;
    if (rc == 0) {
        w->status->total += w->out.len;
        rc = bytes_write(w->job->fd, buf_span(&w->out), err);
    }
    return rc;
}

/* The frame is written before the turn's arena is rewound. */
static int frame_add(struct writing *w, const struct frame *frame,
                     struct error *err)
{
    int rc = bundle_put(frame, &w->engine->turn, &w->chunk, err);

    if (rc == 0 && w->chunk.len >= BUNDLE_FILL) {
        rc = chunk_end(w, false, err);
    }
    return rc;
}

/* ---- which logs ---- */

enum log_way {
    WAY_NONE,
    WAY_OUT, /* its leaves may go into the bundle */
    WAY_BACK /* only its head: so that the other knows what is here */
};

static enum log_way way_of(struct writing *w, const struct origin *origin)
{
    const struct directory *dir = engine_directory(w->engine);
    uint32_t self = engine_node(w->engine);

    if (w->up) {
        return directory_node_within(dir, origin->node, self) ? WAY_OUT
               : origin->dir && directory_node_within(dir, self, origin->node)
                   ? WAY_BACK
                   : WAY_NONE;
    }
    if (directory_node_within(dir, origin->node, w->to)) {
        return WAY_BACK;
    }
    return origin->dir && directory_node_within(dir, w->to, origin->node)
               ? WAY_OUT
               : WAY_NONE;
}

typedef int (*log_fn)(struct writing *w, const struct origin *origin,
                      enum log_way way, const struct link_log *log,
                      struct error *err);

/* Every log that concerns the other, as a link would see it. */
static int logs_each(struct writing *w, log_fn visit, struct error *err)
{
    struct link_view view = view_of(w->engine);
    struct origin at = {0};
    const struct origin *after = NULL;

    for (;;) {
        size_t mark = w->engine->turn.used;
        struct link_log log;
        struct origin next;
        enum log_way way;
        int rc = view.next(view.data, after, &next, err);

        if (rc != 0) {
            return rc == ERR_NOTFOUND ? 0 : rc;
        }
        at = next;
        after = &at;
        way = way_of(w, &at);
        if (way == WAY_NONE) {
            continue;
        }
        rc = view.log(view.data, w->to, &at, &log, err);
        if (rc == ERR_NOTFOUND) {
            continue;
        }
        log.note = arena_copy(&w->engine->turn, log.note);
        rc = rc != 0 ? rc : visit(w, &at, way, &log, err);
        arena_rewind(&w->engine->turn, mark);
        if (rc != 0) {
            return rc;
        }
    }
}

/* ---- HELLO ---- */

/* One head a frame's list: HELLO has none, Offers carry them. */
static int head_say(struct writing *w, const struct origin *origin,
                    enum log_way way, const struct link_log *log,
                    struct error *err)
{
    struct frame_head head = {.origin = *origin,
                              .head = log->head,
                              .note = log->note,
                              .cosigs = log->cosigs,
                              .seen = log->seen};
    struct frame frame = {.kind = FRAME_OFFER};

    (void)way;
    frame.offer = (struct frame_offer){.heads = &head, .heads_len = 1};
    return frame_add(w, &frame, err);
}

static int hello_say(struct writing *w, struct error *err)
{
    struct link_view view = view_of(w->engine);
    struct frame frame = {.kind = FRAME_HELLO};
    struct link_tokens tokens = {0};
    struct token queue = {{0}};
    uint64_t deliveries = 0;
    int rc = 0;

    if (w->up) {
        rc = view.tokens(view.data, w->to, &tokens, err);
        rc = rc != 0 ? rc : view.deliveries(view.data, w->to, &deliveries, err);
        rc = rc != 0 ? rc : view.queue(view.data, w->to, &queue, err);
        rc = rc == ERR_NOTFOUND ? 0 : rc;
    }
    frame.hello =
        (struct frame_hello){.version_min = LINK_VERSION,
                             .version_max = LINK_VERSION,
                             .realm = span_str(w->engine->config->realm),
                             .node = engine_node(w->engine),
                             .now_ms = w->status->made_ms,
                             .has_token = tokens.has_current,
                             .token = tokens.current,
                             .unfenced = true,
                             .software = span_str(w->engine->peers->software),
                             .more = true,
                             .deliveries = deliveries,
                             .has_queue = deliveries > 0,
                             .queue = queue};
    rc = rc != 0 ? rc : frame_add(w, &frame, err);
    rc = rc != 0 ? rc : logs_each(w, head_say, err);
    if (rc == 0) {
        frame = (struct frame){.kind = FRAME_OFFER};
        rc = frame_add(w, &frame, err); /* no more */
    }
    return rc;
}

/* ---- leaves ---- */

/* NOLINTNEXTLINE(readability-function-size): one log, from where to where */
static int batches_put(struct writing *w, const struct origin *origin,
                       const struct store_log *log, uint64_t from,
                       uint64_t until, bool privates, struct error *err)
{
    while (from < until) {
        size_t mark = w->engine->turn.used;
        struct frame frame = {.kind = FRAME_BATCH};
        struct store_segment stored;
        int rc = store_segment_read(w->engine->store, log->id, from,
                                    &w->engine->turn, &stored, err);

        if (rc != 0) {
            return rc;
        }
        frame.batch.origin = *origin;
        frame.batch.segment = stored.parts;
        frame.batch.segment.sealed = (struct span){NULL, 0};
        if (!privates) {
            frame.batch.segment.privates = (struct span){NULL, 0};
        }
        from = stored.parts.first + stored.parts.count;
        frame.batch.more = from < until;
        rc = frame_add(w, &frame, err);
        arena_rewind(&w->engine->turn, mark);
        if (rc != 0) {
            return rc;
        }
        w->status->events += stored.parts.count;
    }
    return 0;
}

static int cosigs_put(struct writing *w, const struct origin *origin,
                      const struct store_log *log, uint64_t from,
                      struct error *err)
{
    size_t mark = w->engine->turn.used;
    struct store_cosig *held =
        arena_array(&w->engine->turn, COSIGS_A_FRAME, sizeof(*held));
    struct guard_cosig *cosigs =
        arena_array(&w->engine->turn, COSIGS_A_FRAME, sizeof(*cosigs));
    int rc = 0;

    if (held == NULL || cosigs == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    while (rc == 0 && from < log->cosigs) {
        struct frame frame = {.kind = FRAME_COSIGNED};
        size_t len = 0;

        rc = store_cosig_list(w->engine->store, log->id, from, held,
                              COSIGS_A_FRAME, &len, err);
        if (rc != 0 || len == 0) {
            break;
        }
        for (size_t i = 0; i < len; i++) {
            cosigs[i] = (struct guard_cosig){.head = held[i].head,
                                             .line = held[i].line,
                                             .has_heard = held[i].repeat,
                                             .heard = held[i].request};
        }
        frame.cosigned = (struct frame_cosigned){.origin = *origin,
                                                 .first = from,
                                                 .cosigs = cosigs,
                                                 .cosigs_len = len};
        rc = frame_add(w, &frame, err);
        w->status->cosigs += len;
        from += len;
    }
    arena_rewind(&w->engine->turn, mark);
    return rc;
}

/* Who else holds the log: for display. */
static int held_put(struct writing *w, const struct origin *origin,
                    const struct store_log *log, struct error *err)
{
    struct store_held held[16];
    size_t len = 0;
    int rc = store_held_list(w->engine->store, log->id, held, 16, &len, err);

    for (size_t i = 0; rc == 0 && i < len; i++) {
        struct frame frame = {.kind = FRAME_HELD};

        if (held[i].node == w->to) {
            continue;
        }
        frame.held = (struct frame_held){.origin = *origin,
                                         .node = held[i].node,
                                         .head = held[i].head,
                                         .line = held[i].line};
        rc = frame_add(w, &frame, err);
    }
    return rc;
}

/* From where the other lacks a log of ours: what it has cosigned it held; it
 * lost that since, if it said so later. */
static uint64_t lack_from(const struct writing *w, const struct link_log *log,
                          const struct bundle_mark *mark, bool marked)
{
    uint64_t seen = log->seen.has ? log->seen.head.size : 0;
    uint64_t said_s = w->known.round / 1000;

    if (!marked || mark->size >= seen) {
        return marked && mark->size <= log->head.size ? mark->size : seen;
    }
    /* Within one second: too much costs nothing, too little stops it. */
    return said_s >= cosignature_time(&log->seen.line) ? mark->size : seen;
}

static int log_say(struct writing *w, const struct origin *origin,
                   enum log_way way, const struct link_log *view,
                   struct error *err)
{
    struct bundle_mark mark = {.size = 0};
    bool marked = bundle_mark_find(w->known.heads, origin, &mark);
    bool to_guard = view->guard == w->to;
    struct store_log log;
    uint64_t until = view->head.size;
    uint64_t from;
    int rc = log_find(w->engine, origin, &log, err);

    if (rc == ERR_NOTFOUND || (rc == 0 && view->head.size == 0)) {
        return 0;
    }
    if (rc != 0) {
        return rc;
    }
    if (way == WAY_OUT) {
        from = w->up ? lack_from(w, view, &mark, marked) : mark.size;
        if (!to_guard && view->guard != 0 && until > view->cosigned_size) {
            until = view->cosigned_size; /* DESIGN section 5 */
        }
        if (from < until) {
            rc = batches_put(w, origin, &log, from, until, to_guard, err);
        }
        return rc != 0 ? rc : cosigs_put(w, origin, &log, mark.cosigs, err);
    }
    if (w->up) {
        return 0;
    }
    /* The child's own: its tail, if it lost one; our cosignatures on it. */
    if (origin->node == w->to && marked && mark.size < until) {
        rc = batches_put(w, origin, &log, mark.size, until, true, err);
    }
    if (rc == 0 && view->guard == engine_node(w->engine)) {
        rc = cosigs_put(w, origin, &log, mark.cosigs, err);
    }
    return rc != 0 ? rc : held_put(w, origin, &log, err);
}

/* ---- what is in no log ---- */

static int items_put(struct writing *w, const struct origin *origin,
                     const struct segment_item *items, size_t len,
                     struct error *err)
{
    for (size_t done = 0; done < len;) {
        struct frame frame;
        size_t used = 0;
        int rc = spooled_pack(w->engine, origin, items + done, len - done,
                              &frame, &used, err);

        rc = rc != 0 ? rc : frame_add(w, &frame, err);
        if (rc != 0) {
            return rc;
        }
        done += used;
        w->status->spooled += used;
    }
    return 0;
}

static int spool_put(struct writing *w, bool dir, struct error *err)
{
    struct origin origin =
        staged_origin(w->engine, engine_node(w->engine), dir);
    uint64_t from = 0;

    for (;;) {
        struct arena *turn = &w->engine->turn;
        size_t mark = turn->used;
        struct store_spooled *events =
            arena_array(turn, SPOOLED_A_TIME, sizeof(*events));
        struct segment_item *items =
            arena_array(turn, SPOOLED_A_TIME, sizeof(*items));
        size_t len = 0;
        int rc =
            events == NULL || items == NULL
                ? error_set(err, ERR_LIMIT, "too much in one turn")
                : store_spool_list(w->engine->store, dir, from, (size_t)1 << 20,
                                   turn, events, SPOOLED_A_TIME, &len, err);

        for (size_t i = 0; rc == 0 && i < len; i++) {
            items[i] = (struct segment_item){.leaf = events[i].leaf};
            rc = bodies_take(events[i].bodies, turn, &items[i], err);
            from = events[i].number + 1;
        }
        rc = rc != 0 ? rc : items_put(w, &origin, items, len, err);
        arena_rewind(turn, mark);
        if (rc != 0 || len == 0) {
            return rc;
        }
    }
}

/* The events of the note that the child's newest bundle did not have. */
static int lacking_put(struct writing *w, const struct frame_staged *note,
                       struct error *err)
{
    struct arena *turn = &w->engine->turn;

    for (size_t at = 0; at < note->ids.len;) {
        size_t mark = turn->used;
        struct segment_item *items =
            arena_array(turn, SPOOLED_A_TIME, sizeof(*items));
        size_t len = 0, bytes = 0;
        int rc = 0;

        if (items == NULL) {
            return error_set(err, ERR_LIMIT, "too much in one turn");
        }
        for (; rc == 0 && at < note->ids.len && len < SPOOLED_A_TIME &&
               bytes < (size_t)1 << 20;
             at += sizeof(struct event_id)) {
            struct store_staged event;
            struct event_id id;

            memcpy(&id, note->ids.ptr + at, sizeof(id));
            rc = store_staged_get(w->engine->store, &id, turn, &event, err);
            if (rc == ERR_NOTFOUND) {
                rc = 0;
            } else if (rc == 0 && event.round != w->known.round) {
                items[len] = (struct segment_item){.leaf = event.leaf};
                rc = bodies_take(event.bodies, turn, &items[len++], err);
                bytes += event.leaf.len + event.bodies.len;
            }
        }
        rc = rc != 0 ? rc : items_put(w, &note->origin, items, len, err);
        arena_rewind(turn, mark);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int notes_put(struct writing *w, struct error *err)
{
    for (int dir = 1; dir >= 0; dir--) {
        struct origin origin = staged_origin(w->engine, w->to, dir == 1);
        struct frame frame = {.kind = FRAME_STAGED};
        size_t mark = w->engine->turn.used;
        int rc = staged_note(w->engine, &origin, w->known.token_ok,
                             &frame.staged, err);

        if (rc == 0) {
            rc = lacking_put(w, &frame.staged, err);
            rc = rc != 0 ? rc : frame_add(w, &frame, err);
            w->status->staged += frame.staged.ids.len / sizeof(struct event_id);
        }
        arena_rewind(&w->engine->turn, mark);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    return 0;
}

static int deliveries_put(struct writing *w, struct error *err)
{
    struct arena *turn = &w->engine->turn;
    uint64_t acked = 0, newest = 0;
    int rc =
        store_delivery_acked(w->engine->store, w->to, &acked, &newest, err);

    while (rc == 0 && acked < newest) {
        size_t mark = turn->used;
        struct store_delivery *list =
            arena_array(turn, DELIVERIES_A_TIME, sizeof(*list));
        size_t len = 0;

        rc = list == NULL ? error_set(err, ERR_LIMIT, "too much in one turn")
                          : store_delivery_list(w->engine->store, w->to, acked,
                                                (size_t)1 << 20, turn, list,
                                                DELIVERIES_A_TIME, &len, err);
        for (size_t i = 0; rc == 0 && i < len; i++) {
            size_t inner = turn->used;
            struct frame frame;

            rc = deliver_frame(w->engine, w->to, &list[i], &frame, err);
            rc = rc != 0 ? rc : frame_add(w, &frame, err);
            arena_rewind(turn, inner);
            acked = list[i].number;
            w->status->deliveries++;
        }
        arena_rewind(turn, mark);
        if (len == 0) {
            break;
        }
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* ---- being heard ---- */

static int heard_put(struct writing *w, struct error *err)
{
    struct origin origin =
        staged_origin(w->engine, engine_node(w->engine), false);
    uint8_t text_space[CHECKPOINT_TEXT_MAX];
    uint8_t heard_space[HEARD_TEXT_MAX];
    struct buf text = buf_over(text_space, sizeof(text_space));
    struct buf heard = buf_over(heard_space, sizeof(heard_space));
    struct frame frame = {.kind = FRAME_HEARD_ASK};
    struct store_log log;
    bool any = false;
    int rc = store_spool_any(w->engine->store, &any, err);

    rc = rc != 0 ? rc : log_find(w->engine, &origin, &log, err);
    if (rc != 0 || any || log.cosigs == 0 || log.guarded != log.head.size) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    checkpoint_text(w->engine, &origin, &log.head, &text);
    heard_text(buf_span(&text), log.cosigs, &heard);
    frame.heard_ask.origin = origin;
    frame.heard_ask.cosigs = log.cosigs;
    frame.heard_ask.signature =
        sign_bytes(&w->engine->keys.actor.sec, buf_span(&heard));
    return frame_add(w, &frame, err);
}

/* ---- all of it ---- */

static int contents_put(struct writing *w, struct error *err)
{
    int rc = hello_say(w, err);

    rc = rc != 0 ? rc : logs_each(w, log_say, err);
    if (rc == 0 && w->up) {
        rc = spool_put(w, true, err);
        rc = rc != 0 ? rc : spool_put(w, false, err);
        rc = rc != 0 ? rc : heard_put(w, err);
    } else if (rc == 0) {
        rc = w->in_session ? 0 : notes_put(w, err);
        rc = rc != 0 ? rc : deliveries_put(w, err);
    }
    return rc != 0 ? rc : chunk_end(w, true, err);
}

static int head_write(struct writing *w, const struct dir_cert *cert,
                      struct error *err)
{
    struct bundle_job *job = w->job;
    struct bundle_head head = {.version = BUNDLE_VERSION,
                               .from = engine_node(w->engine),
                               .to = w->to,
                               .made_ms = w->status->made_ms,
                               .key = key_id_of(SPAN_OF(cert->curve_key))};
    uint8_t sealed[BUNDLE_SEALED_SIZE];
    int rc;

    (void)snprintf(head.realm, sizeof(head.realm), "%.32s",
                   w->engine->config->realm);
    (void)snprintf(head.software, sizeof(head.software), "%.64s",
                   w->engine->peers->software);
    job->stream = (struct bundle_stream){.chunk = 0};
    crypto_random(job->stream.key.bytes, sizeof(job->stream.key.bytes));
    w->out.len = 0;
    rc = seal_to(&cert->curve_key, SPAN_OF(job->stream.key), sealed, err);
    if (rc == 0) {
        rc = bundle_head_put(&head, SPAN_OF(sealed), &w->engine->keys.actor.sec,
                             &w->out, err);
    }
    if (rc == 0) {
        w->status->total = w->out.len;
        rc = bytes_write(job->fd, buf_span(&w->out), err);
    }
    return rc;
}

static int remember(struct writing *w, struct error *err)
{
    int rc = engine_write(w->engine, err);

    w->known.made_s = (int64_t)(w->status->made_ms / 1000);
    return rc != 0 ? rc : store_bundles_put(w->engine->store, &w->known, err);
}

static bool session_is_open(struct engine *engine, uint32_t node)
{
    struct peer *peer = peer_of_node(engine, node);
    struct link_info info = {0};

    if (peer != NULL && peer->link != NULL) {
        link_info(peer->link, &info);
    }
    return info.state == LINK_OPEN;
}

int bundle_write(struct engine *engine, uint32_t to, struct bundle_job *job,
                 struct error *err)
{
    const struct dir_cert *cert = directory_cert(engine_directory(engine), to);
    const struct dir_cert *own =
        directory_cert(engine_directory(engine), engine_node(engine));
    struct writing w = {.engine = engine,
                        .job = job,
                        .status = &job->status,
                        .to = to,
                        .up = to == tree_parent(engine),
                        .in_session = session_is_open(engine, to)};
    int rc;

    if (own == NULL || cert == NULL) {
        return error_set(err, ERR_NOTFOUND,
                         "%s is not certified yet: join first",
                         own == NULL ? "this node" : "that node");
    }
    rc = store_bundles_get(engine->store, to, &engine->turn, &w.known, err);
    if (rc != 0) {
        return rc;
    }
    w.chunk = buf_over(job->plain, BUNDLE_CHUNK_MAX);
    w.out = buf_over(job->cipher, BUNDLE_CHUNK_MAX + 4);
    job->status.token_old = !w.up && w.known.taken_s != 0 && !w.known.token_ok;
    rc = head_write(&w, cert, err);
    rc = rc != 0 ? rc : contents_put(&w, err);
    if (rc == 0 && fsync(job->fd) != 0) {
        rc = error_set(err, ERR_LIMIT, "bundle.out: %s", strerror(errno));
    }
    crypto_wipe(&job->stream, sizeof(job->stream));
    return rc != 0 ? rc : remember(&w, err);
}
