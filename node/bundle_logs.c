/* Room: node. Owns which logs a bundle speaks of, and from where to where: what
 * a link would send, as far as it is known what the other lacks. It must never
 * give a leaf to whom a link would not. Next: bundle_export.c. */
#include "node/bundle_writing.h"

#define COSIGS_A_FRAME 256u

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

/* ---- heads ---- */

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
    return writing_add(w, &frame, err);
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
        rc = writing_try(w, &frame, err);
        arena_rewind(&w->engine->turn, mark);
        if (rc != 0) {
            return rc;
        }
        if (w->full) {
            w->status->events_left += until - stored.parts.first;
            return 0;
        }
        w->status->events += stored.parts.count;
        rc = !w->up || origin->dir
                 ? 0
                 : writing_bodies_note(w, log, &stored.parts, err);
        if (rc != 0) {
            return rc;
        }
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
        cosigs_show(held, len, cosigs);
        frame.cosigned = (struct frame_cosigned){.origin = *origin,
                                                 .first = from,
                                                 .cosigs = cosigs,
                                                 .cosigs_len = len};
        rc = writing_try(w, &frame, err);
        if (w->full) {
            break; /* with the leaves that they are about */
        }
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
    struct store_held held[HELD_PAGE];
    size_t len = HELD_PAGE;
    uint32_t after = 0;
    int rc = 0;

    while (rc == 0 && len == HELD_PAGE) {
        rc = store_held_list(w->engine->store, log->id, after, held, HELD_PAGE,
                             &len, err);
        for (size_t i = 0; rc == 0 && i < len; i++) {
            struct frame frame = {.kind = FRAME_HELD};

            after = held[i].node;
            if (after == w->to) {
                continue;
            }
            frame.held = (struct frame_held){.origin = *origin,
                                             .node = held[i].node,
                                             .head = held[i].head,
                                             .line = held[i].line};
            rc = writing_try(w, &frame, err);
        }
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

    if (w->anew) {
        return 0; /* the machine before cosigned it */
    }
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

int writing_heads(struct writing *w, struct error *err)
{
    return logs_each(w, head_say, err);
}

int writing_logs(struct writing *w, struct error *err)
{
    return logs_each(w, log_say, err);
}
