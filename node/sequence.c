/* Room: node. Owns the step from spool to log: a batch of spooled events
 * becomes leaves, signed, in the turn's transaction. It runs only when the
 * guard's link asks for it (or there is no guard), because a restored image
 * must have nothing to contradict (DESIGN section 5). Next: intake.c. */
#include "node/peers.h"
#include "node/successor.h"
#include "node/tree.h"

#include <string.h>

#include "node/clock.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"
#include "store/recovery.h"
#include "store/spool.h"

bool sequence_is_free(struct engine *engine)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    const struct dir_cert *cert;

    if (tree_parent(engine) != 0) {
        return false; /* certified or not: our guard permits it */
    }
    if (dir->top == 0) {
        return true; /* init: the certificate itself is leaf 0 */
    }
    cert = directory_cert(dir, self);
    return dir->top == self && cert != NULL && cert->guard == 0;
}

/* What the header names and the spool no longer has was erased, or lost before
 * the event went back to the spool: the batch says so, or nobody could take
 * it. */
static void absent_note(struct segment_item *item)
{
    struct error ignored = {0};
    struct leaf leaf;

    if (leaf_scan(item->leaf, &leaf, &ignored) != 0 || !leaf.understood) {
        return;
    }
    for (unsigned slot = AUDIENCE_OF_TEXT; slot <= AUDIENCE_OF_UNIT; slot++) {
        bool there = header_body(&leaf.header, (enum audience)slot) == NULL;

        for (size_t i = 0; i < item->bodies_len; i++) {
            there = there || item->bodies[i].slot == slot;
        }
        if (!there) {
            item->absent[item->absent_len++] = (uint8_t)slot;
        }
    }
}

#define CHILDREN_MS 10000u

/* A top node has no guard to tell it that its image is old: its children do,
 * who hold its directory log. After a start it waits for those it knows, but
 * not long, and not at all where it knows none. */
static bool children_are_heard(struct engine *engine)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    bool all = true;
    bool any = false;

    for (size_t i = 0; i < engine->peers->len; i++) {
        const struct peer *peer = &engine->peers->all[i];

        any = any || (peer->used && !peer->up && peer->routed);
    }
    for (size_t i = 0; all && i < dir->nodes_len; i++) {
        const struct peer *peer = peer_of_node(engine, dir->nodes[i].number);
        struct store_peer kept = {.contact_s = 0};
        struct error ignored = {0};

        all = dir->nodes[i].parent != self || dir->nodes[i].number == self ||
              (peer != NULL && peer->proven_ms != 0) ||
              store_peer_get(engine->store, dir->nodes[i].number, &kept,
                             &ignored) != 0 ||
              kept.contact_s == 0;
    }
    return all || clock_steady_ms() - engine->born_ms >
                      (any ? CHILDREN_MS : 2 * CHILDREN_MS);
}

int bodies_take(struct span list, struct arena *arena,
                struct segment_item *item, struct error *err)
{
    struct body *bodies = arena_array(arena, BODIES_MAX, sizeof(*bodies));

    if (bodies == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    item->bodies = bodies;
    while (list.len > 0) {
        int rc;

        if (item->bodies_len == BODIES_MAX) {
            return error_set(err, ERR_CORRUPT,
                             "a spooled event has too many bodies");
        }
        rc = body_take(&list, &bodies[item->bodies_len], err);
        if (rc != 0) {
            return rc;
        }
        item->bodies_len++;
    }
    absent_note(item);
    return 0;
}

static const struct sign_pair *log_pair(const struct engine *engine, bool dir)
{
    return dir ? &engine->keys.dir_log : &engine->keys.log;
}

/* Signs the checkpoint over the log with these leaves. */
static int note_make(struct engine *engine, const struct origin *origin,
                     const struct range *after, struct buf *note,
                     struct error *err)
{
    const struct sign_pair *pair = log_pair(engine, origin->dir);
    char name[ORIGIN_MAX + 1];
    struct vkey key;
    struct checkpoint checkpoint = {.head = range_head(after)};
    int rc;

    origin_text(engine, origin, name);
    checkpoint.origin = span_str(name);
    rc = vkey_known(engine, checkpoint.origin, VKEY_ED25519, &pair->pub, &key,
                    err);
    if (rc == 0) {
        rc = checkpoint_sign(&checkpoint, &key, &pair->sec, note, err);
    }
    return rc;
}

static int segment_store(struct engine *engine, const struct store_log *log,
                         const struct segment_item *items, size_t len,
                         struct error *err)
{
    struct origin origin = log_origin(log);
    struct range range;
    struct segment segment;
    struct store_segment stored = {0};
    uint8_t *note_space = arena_alloc(&engine->turn, CHECKPOINT_NOTE_MAX);
    struct hash *hashes =
        arena_array(&engine->turn, BATCH_EVENTS_MAX, sizeof(*hashes));
    struct buf note = buf_over(note_space, CHECKPOINT_NOTE_MAX);
    int rc = store_log_range(engine->store, log->id, &range, err);

    if (rc != 0) {
        return rc;
    }
    if (note_space == NULL || hashes == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    for (size_t i = 0; i < len; i++) {
        hashes[i] = merkle_leaf(items[i].leaf);
        range_append_hash(&range, &hashes[i]);
    }
    rc = note_make(engine, &origin, &range, &note, err);
    if (rc == 0) {
        rc = segment_build(engine->codec, items, len, log->head.size,
                           buf_span(&note), &engine->turn, &segment, err);
    }
    if (rc != 0) {
        return rc;
    }
    stored.log = log->id;
    stored.parts = segment;
    stored.hashes = span_make(hashes, len * sizeof(*hashes));
    stored.root = range_root(&range);
    return store_sequence(engine->store, origin.dir, &stored, &range, err);
}

/* One batch of one queue, of at most `max` events, about `max_line` bytes on
 * the line (0: as large as it may be); *moved = how many. */
/* NOLINTNEXTLINE(readability-function-size): bounds in, counts out */
static int queue_move(struct engine *engine, bool dir, uint64_t max_line,
                      size_t max, size_t *moved, uint64_t *bytes,
                      struct error *err)
{
    uint32_t epoch =
        directory_epoch_now(engine_directory(engine), engine_node(engine), dir);
    struct origin origin = {.node = engine_node(engine),
                            .epoch = epoch != 0 ? epoch : 1,
                            .dir = dir};
    struct store_spooled *events =
        arena_array(&engine->turn, BATCH_EVENTS_MAX, sizeof(*events));
    struct segment_item *items =
        arena_array(&engine->turn, BATCH_EVENTS_MAX, sizeof(*items));
    struct store_recovery recovery;
    struct store_log log;
    size_t len = 0;
    int rc;

    if (directory_role(engine_directory(engine), engine_node(engine)) !=
            DIR_ROLE_ORDINARY ||
        successor_replaces_us(engine)) {
        return 0; /* a mirror; or another machine leads with our number */
    }
    if (!epoch_is_ours(engine, dir)) {
        return 0; /* another machine with newer keys writes it now */
    }
    rc = log_open(engine, &origin, &log_pair(engine, dir)->pub, &log, err);

    if (rc == 0 &&
        (log.frozen[0] != '\0' || recover_active(engine, log.id, &recovery))) {
        return 0; /* before our own signed head is here again: never */
    }
    if (rc == 0 && directory_end(engine_directory(engine), origin.node, dir,
                                 origin.epoch) != NULL) {
        return 0; /* what is recorded stays in the spool, and is shown */
    }
    if (events == NULL || items == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    if (rc == 0) {
        rc = store_spool_list(
            engine->store, dir, 0, BATCH_RAW_MAX, &engine->turn, events,
            max < BATCH_EVENTS_MAX ? max : BATCH_EVENTS_MAX, &len, err);
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        items[i].leaf = events[i].leaf;
        rc = bodies_take(events[i].bodies, &engine->turn, &items[i], err);
        *bytes += events[i].leaf.len + events[i].bodies.len;
    }
    if (rc != 0 || len == 0) {
        return rc;
    }
    len = segment_fit(items, len, (size_t)max_line);
    rc = segment_store(engine, &log, items, len, err);
    if (rc == 0) {
        *moved = len;
        peers_tell(engine, LINK_LOG_GREW, &origin, NULL);
        engine->integrating = true;
    }
    return rc;
}

int sequence_spool(struct engine *engine, uint64_t max_line, struct error *err)
{
    uint64_t bytes = 0;
    int rc = engine_write(engine, err);

    engine->sequenced++;
    engine->moved = false;
    engine->dir_waits = false;
    for (int dir = 1; rc == 0 && dir >= 0; dir--) {
        size_t moved = 0;
        size_t mark = engine->turn.used;

        if (dir == 1 && engine->transport != NULL && sequence_is_free(engine) &&
            !children_are_heard(engine)) {
            engine->dir_waits = true;
            continue;
        }
        rc = queue_move(engine, dir == 1, max_line, BATCH_EVENTS_MAX, &moved,
                        &bytes, err);
        engine->moved = engine->moved || moved > 0;
        arena_rewind(&engine->turn, mark);
    }
    return rc;
}

int sequence_first(struct engine *engine, bool dir, uint64_t count,
                   struct error *err)
{
    int rc = engine_write(engine, err);

    while (rc == 0 && count > 0) {
        uint64_t bytes = 0;
        size_t moved = 0;
        size_t mark = engine->turn.used;

        rc = queue_move(engine, dir, 0, (size_t)count, &moved, &bytes, err);
        arena_rewind(&engine->turn, mark);
        if (rc == 0 && moved == 0) {
            rc = error_set(err, ERR_CONFLICT, "the spool gave nothing");
        }
        count -= moved;
    }
    return rc;
}
