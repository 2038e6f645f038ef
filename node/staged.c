/* Room: node. Owns events that a bundle brought and no log holds yet: kept at
 * the guard, put in order by its one note, sequenced by their own node as the
 * note says (protocol/link/bundle.h has the rules). It must never make a
 * second note for a size, nor sequence what a note lists in another order.
 * Next: staged_link.c (in a session), bundle_import.c (from a bundle). */
#include "node/peers.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "store/recovery.h"
#include "store/staged.h"

struct origin staged_origin(struct engine *engine, uint32_t node, bool dir)
{
    uint32_t epoch = directory_epoch_now(engine_directory(engine), node, dir);

    return (struct origin){
        .node = node, .epoch = epoch != 0 ? epoch : 1, .dir = dir};
}

/* ---- events without a place: out ---- */

/* NOLINTNEXTLINE(readability-function-size): what goes in, what came out */
int spooled_pack(struct engine *engine, const struct origin *origin,
                 const struct segment_item *items, size_t len,
                 struct frame *out, size_t *used, struct error *err)
{
    struct segment *segment = &out->spooled.segment;
    int rc;

    *out = (struct frame){.kind = FRAME_SPOOLED};
    out->spooled.origin = *origin;
    *used = segment_fit(items, len, 0);
    rc = segment_build(engine->codec, items, *used, 0, (struct span){NULL, 0},
                       &engine->turn, segment, err);
    segment->sealed = (struct span){NULL, 0};
    return rc;
}

/* ---- events without a place: in ---- */

typedef int (*spooled_fn)(void *data, struct span leaf, struct span bodies,
                          struct error *err);

/* Every body due to the guard is there and is the one committed to, or is
 * listed absent; encodes them as the store wants them. */
static int bodies_check(const struct segment *segment,
                        const struct segment_view *view, uint16_t index,
                        struct buf *out, struct error *err)
{
    bool has[4] = {false};
    struct error ignored = {0};
    struct leaf leaf;
    int rc = leaf_parse(view->leaves[index], &leaf, err);

    for (size_t i = 0; rc == 0 && i < view->bodies_len; i++) {
        struct body body = view->bodies[i];
        const struct body_mark *mark;

        if (body.index != index) {
            continue;
        }
        mark = leaf.understood
                   ? header_body(&leaf.header, (enum audience)body.slot)
                   : NULL;
        if (leaf.understood && (mark == NULL || !body_matches(&body, mark))) {
            return error_set(err, ERR_UNTRUSTED,
                             "a body does not match its commitment");
        }
        has[body.slot & 3] = true;
        body.index = 0;
        rc = body_put(&body, out, err);
    }
    (void)ignored;
    for (size_t i = 0; rc == 0 && leaf.understood && i < leaf.header.bodies_len;
         i++) {
        uint32_t slot = leaf.header.bodies[i].audience;

        if (slot != AUDIENCE_OF_UNIT && !has[slot & 3] &&
            !segment_is_absent(segment, index, (uint8_t)slot)) {
            rc = error_set(err, ERR_UNTRUSTED, "a body is missing");
        }
    }
    return rc;
}

/* Visits each event of the frame that is in order; others are counted. */
static int spooled_each(struct engine *engine, const struct frame_spooled *came,
                        spooled_fn visit, void *data,
                        struct staged_count *count, struct error *err)
{
    struct segment_view *view = arena_alloc(&engine->turn, sizeof(*view));
    size_t size = (size_t)BODIES_MAX * BODY_WIRE_MAX;
    uint8_t *space = arena_alloc(&engine->turn, size);
    int rc;

    if (view == NULL || space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    rc = segment_open(engine->codec, &came->segment, &engine->turn, view, err);
    for (uint32_t i = 0; rc == 0 && i < view->count; i++) {
        struct buf bodies = buf_over(space, size);
        struct error why = {0};

        rc = bodies_check(&came->segment, view, (uint16_t)i, &bodies, &why);
        if (rc == 0) {
            rc = visit(data, view->leaves[i], buf_span(&bodies), &why);
        }
        if (rc == ERR_UNTRUSTED || rc == ERR_MALFORMED || rc == ERR_LIMIT) {
            if (count->refused++ == 0) {
                (void)snprintf(count->why, sizeof(count->why), "%.150s",
                               why.text);
            }
            rc = 0;
        } else if (rc != 0) {
            *err = why;
        }
    }
    return rc;
}

struct keeping {
    struct engine *engine;
    uint32_t log;
    bool dir;
    uint64_t round;
    const struct span *wanted; /* what comes back; NULL: whatever is ours */
    struct staged_count *count;
};

static int keep_one(void *data, struct span leaf, struct span bodies,
                    struct error *err)
{
    struct keeping *keeping = data;
    enum stage_result result = STAGE_HELD;
    int rc = store_stage(keeping->engine->store, keeping->log, leaf, bodies,
                         (int64_t)(clock_now_ms() / 1000), keeping->round,
                         &result, err);

    if (rc != 0) {
        return rc;
    }
    keeping->count->added += result == STAGE_NEW;
    keeping->count->again += result == STAGE_AGAIN;
    keeping->count->held += result == STAGE_HELD;
    return 0;
}

int staged_keep(struct engine *engine, uint32_t child,
                const struct frame_spooled *came, uint64_t round,
                struct staged_count *count, struct error *err)
{
    struct keeping keeping = {.engine = engine, .round = round, .count = count};
    struct origin today = staged_origin(engine, child, came->origin.dir);
    size_t mark = engine->turn.used;
    struct log_facts facts;
    struct store_log log;
    int rc = log_facts_of(engine, &came->origin, &facts, err);

    if (rc == 0 &&
        (came->origin.node != child || came->origin.epoch != today.epoch ||
         facts.guard != engine_node(engine))) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "the bundle has events for a log that is not its "
                       "sender's, or that this node does not guard");
    }
    if (rc == 0) {
        rc = log_open(engine, &came->origin, &facts.key, &log, err);
    }
    if (rc == 0) {
        rc = engine_write(engine, err);
    }
    if (rc == 0) {
        keeping.log = log.id;
        rc = spooled_each(engine, came, keep_one, &keeping, count, err);
    }
    engine->integrating = true;
    arena_rewind(&engine->turn, mark);
    return rc;
}

static bool is_wanted(const struct span *wanted, struct span leaf)
{
    struct error ignored = {0};
    struct leaf parsed;

    if (leaf_parse(leaf, &parsed, &ignored) != 0) {
        return false;
    }
    for (size_t at = 0; at < wanted->len; at += sizeof(parsed.id)) {
        if (memcmp(wanted->ptr + at, &parsed.id, sizeof(parsed.id)) == 0) {
            return true;
        }
    }
    return false;
}

/* Of one that is not understood nobody can say whose it is, so only the note
 * that names it makes it ours. */
static int return_one(void *data, struct span leaf, struct span bodies,
                      struct error *err)
{
    struct keeping *keeping = data;
    bool added = false;
    int rc = 0;

    if (keeping->wanted != NULL && !is_wanted(keeping->wanted, leaf)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the superior gave back an event that was not asked "
                         "for: its note does not name it, or it is here");
    }
    rc = store_spool_return(keeping->engine->store, keeping->dir, leaf, bodies,
                            &added, err);

    if (rc == 0) {
        keeping->count->added += added;
        keeping->count->held += !added;
    }
    return rc;
}

int staged_return(struct engine *engine, const struct frame_spooled *came,
                  const struct span *wanted, struct staged_count *count,
                  struct error *err)
{
    struct keeping keeping = {.engine = engine,
                              .dir = came->origin.dir,
                              .wanted = wanted,
                              .count = count};
    size_t mark = engine->turn.used;
    int rc = came->origin.node == engine_node(engine)
                 ? engine_write(engine, err)
                 : error_set(err, ERR_UNTRUSTED, "events of another node");

    if (rc == 0) {
        rc = spooled_each(engine, came, return_one, &keeping, count, err);
    }
    engine->integrating = true;
    arena_rewind(&engine->turn, mark);
    return rc;
}

/* ---- how many, and in which order ---- */

int staged_of(struct engine *engine, uint32_t node, uint64_t *count,
              struct error *err)
{
    *count = 0;
    for (int dir = 0; dir < 2; dir++) {
        struct origin origin = staged_origin(engine, node, dir == 1);
        struct store_staged_state state;
        struct store_log log;
        int rc = log_find(engine, &origin, &log, err);

        if (rc == 0) {
            rc = store_staged_state(engine->store, log.id, &state, err);
        }
        if (rc != 0 && rc != ERR_NOTFOUND) {
            return rc;
        }
        *count += rc == 0 ? state.count : 0;
    }
    return 0;
}

/* What the guard signs and its child verifies. */
static int note_text(struct engine *engine, const struct frame_staged *note,
                     struct buf *out, struct error *err)
{
    uint8_t space[CHECKPOINT_TEXT_MAX];
    struct buf text = buf_over(space, sizeof(space));
    uint8_t *room = arena_alloc(&engine->turn, STAGED_TEXT_MAX);

    if (room == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    *out = buf_over(room, STAGED_TEXT_MAX);
    checkpoint_text(engine, &note->origin, &note->head, &text);
    staged_text(buf_span(&text), note->ids, out);
    return out->overflow ? error_set(err, ERR_LIMIT, "a long note") : 0;
}

static int note_make(struct engine *engine, const struct store_log *log,
                     struct frame_staged *out, struct error *err)
{
    uint8_t *ids =
        arena_array(&engine->turn, FRAME_STAGED_MAX, sizeof(struct event_id));
    struct store_staging kept = {.log = log->id, .head = log->head};
    struct buf text;
    size_t len = 0;
    int rc;

    if (ids == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    rc = store_staged_ids(engine->store, log->id, FRAME_STAGED_MAX, ids, &len,
                          err);
    if (rc == 0 && len == 0) {
        rc = error_set(err, ERR_NOTFOUND, "nothing is staged");
    }
    if (rc != 0) {
        return rc;
    }
    out->head = log->head;
    out->ids = span_make(ids, len * sizeof(struct event_id));
    if ((rc = note_text(engine, out, &text, err)) != 0 ||
        (rc = engine_write(engine, err)) != 0) {
        return rc;
    }
    out->signature = sign_bytes(&engine->keys.actor.sec, buf_span(&text));
    kept.ids = out->ids;
    kept.signature = out->signature;
    return store_staging_put(engine->store, &kept, err);
}

int staged_note(struct engine *engine, const struct origin *origin, bool make,
                struct frame_staged *out, struct error *err)
{
    struct store_recovery recovery;
    struct store_staging kept;
    struct store_log log;
    int rc = log_find(engine, origin, &log, err);

    *out = (struct frame_staged){.origin = *origin};
    if (rc != 0) {
        return rc;
    }
    rc = store_staging_get(engine->store, log.id, &engine->turn, &kept, err);
    if (rc == 0 && kept.head.size == log.head.size) {
        out->head = kept.head;
        out->ids = kept.ids;
        out->signature = kept.signature;
        return 0;
    }
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    if (!make || log.frozen[0] != '\0' ||
        recover_active(engine, log.id, &recovery)) {
        return error_set(err, ERR_NOTFOUND, "no note for the log as it is");
    }
    if (!log.is_dir && log.integrated != log.head.size) {
        return error_set(err, ERR_BUSY,
                         "events of %s are still being verified here: ask "
                         "again in a moment",
                         log.origin);
    }
    return note_make(engine, &log, out, err);
}

/* ---- the note at its node ---- */

static int note_check(struct engine *engine, const struct frame_staged *note,
                      struct store_log *log, struct error *err)
{
    struct origin today =
        staged_origin(engine, engine_node(engine), note->origin.dir);
    const struct dir_cert *guard;
    struct log_facts facts = {0};
    struct buf text;
    int rc = log_facts_of(engine, &note->origin, &facts, err);

    if (rc == 0 && !origin_equal(&note->origin, &today)) {
        rc = error_set(err, ERR_UNTRUSTED, "a staging note for another log");
    }
    if (rc == 0) {
        rc = note_text(engine, note, &text, err);
    }
    guard = rc == 0 && facts.guard != 0
                ? directory_cert(engine_directory(engine), facts.guard)
                : NULL;
    if (rc == 0 &&
        (guard == NULL ||
         !sign_verify(&guard->actor_key, buf_span(&text), &note->signature))) {
        rc = error_set(err, ERR_UNTRUSTED,
                       "the staging note is not signed by this log's guard");
    }
    return rc != 0 ? rc : log_open(engine, &note->origin, &facts.key, log, err);
}

static int lacking_find(struct engine *engine, const struct frame_staged *note,
                        struct buf *lacking, struct error *err)
{
    for (size_t at = 0; at < note->ids.len; at += sizeof(struct event_id)) {
        struct event_id id;
        bool has = false;
        int rc;

        memcpy(&id, note->ids.ptr + at, sizeof(id));
        rc = store_spool_has(engine->store, note->origin.dir, &id, &has, err);
        if (rc != 0) {
            return rc;
        }
        if (!has) {
            buf_put(lacking, SPAN_OF(id));
        }
    }
    return 0;
}

int staged_take(struct engine *engine, const struct frame_staged *note,
                enum staged_end *end, struct buf *lacking, struct error *err)
{
    size_t mark = engine->turn.used;
    struct store_recovery recovery;
    struct store_log log;
    int rc = note_check(engine, note, &log, err);

    arena_rewind(&engine->turn, mark);
    *end = STAGED_OLD;
    if (rc != 0 || log.head.size > note->head.size) {
        return rc;
    }
    *end = STAGED_EARLY;
    if (log.head.size < note->head.size ||
        recover_active(engine, log.id, &recovery)) {
        return 0;
    }
    if (log.frozen[0] != '\0' ||
        !hash_equal(&log.head.root, &note->head.root)) {
        return error_set(err, ERR_CONFLICT,
                         "the staging note follows another history than this "
                         "log's, or the log is frozen: see qcdc sync");
    }
    if ((rc = engine_write(engine, err)) != 0 ||
        (rc = lacking_find(engine, note, lacking, err)) != 0) {
        return rc;
    }
    *end = STAGED_LACKS;
    if (lacking->len > 0) {
        return 0;
    }
    *end = STAGED_DONE;
    rc = store_spool_arrange(engine->store, note->origin.dir, note->ids, err);
    if (rc == 0) {
        rc = sequence_first(engine, note->origin.dir,
                            note->ids.len / sizeof(struct event_id), err);
    }
    if (rc == 0) {
        log_line(LOG_INFO, "staged", "sequenced", "log=%s from=%llu events=%zu",
                 log.origin, (unsigned long long)note->head.size,
                 note->ids.len / sizeof(struct event_id));
    }
    return rc;
}
