/* store: deliveries: which events each child is owed because one of its units
 * is party of the record, and events that came that way.
 *
 * The queue is noted by the folds and survives a rebuild; its numbers are what
 * acknowledgements count. Must never hand out what the guard has not cosigned.
 * Read next: protocol/link/link.h.
 */
#include "store/delivery.h"

#include <string.h>

#include "store/directory.h"
#include "store/query.h"
#include "store/work.h"

enum {
    DELIVERY_ADD,
    DELIVERY_NEXT,
    DELIVERY_PLACE,
    DELIVERY_PROOF,
    DELIVERY_TAKE,
    DELIVERY_BODIES
};

static const char *const sql[] = {
    [DELIVERY_ADD] =
        "INSERT OR IGNORE INTO deliveries (child, number, event) SELECT ?1, "
        "coalesce((SELECT max(number) FROM deliveries WHERE child = ?1), "
        "(SELECT base FROM delivery_acks WHERE peer = ?1 AND incoming = 0), 0) "
        "+ 1, ?2 WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE event = ?2 "
        "AND child = ?1)",
    [DELIVERY_NEXT] = "SELECT number, event FROM deliveries WHERE child = ? "
                      "AND number > ? ORDER BY number LIMIT 1",
    [DELIVERY_PLACE] = "SELECT place, leaf FROM events WHERE event = ? "
                       "ORDER BY standing, place < (1 << 40), place LIMIT 1",
    [DELIVERY_PROOF] = "SELECT proof FROM delivered WHERE place = ?",
    [DELIVERY_TAKE] = "INSERT OR IGNORE INTO delivered (place, leaf, bodies, "
                      "proof) VALUES (?, ?, ?, ?)",
    [DELIVERY_BODIES] = "UPDATE delivered SET bodies = ?2 WHERE place = ?1 AND "
                        "length(bodies) = 0",
};
const struct query_table delivery_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define PARTY_CHILDREN_MAX 64u

/* ---- who is owed what ---- */

static int owe(struct store *store, uint32_t child, const struct event_id *id,
               struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_DELIVERY, DELIVERY_ADD);
    int rc;

    bind_int(q, 1, child);
    bind_span(q, 2, SPAN_OF(*id));
    rc = query_run(store, q, err);
    store->deliveries += rc == 0 && sqlite3_changes(store->db) > 0 ? 1 : 0;
    return rc;
}

static int owe_record(struct store *store, const struct directory *dir,
                      uint32_t child, const struct gathered *gathered,
                      struct error *err)
{
    size_t i;

    for (i = 0; i < gathered->len; i++) {
        const struct fold_event *event = &gathered->events[i];
        int rc;

        /* Its own subtree's events it has from the logs; what is staged
         * goes when it stands in one. */
        if (event->standing == STANDING_BAD_SIGNATURE ||
            place_index(gathered->places[i]) >= STAGED_FIRST ||
            !event->leaf->understood ||
            directory_node_within(dir, event->leaf->header.node, child)) {
            continue;
        }
        if ((rc = owe(store, child, &event->leaf->id, err)) != 0) {
            return rc;
        }
    }
    return 0;
}

int delivery_enqueue(struct store *store, const struct record_out *record,
                     const struct gathered *gathered, uint32_t day,
                     struct error *err)
{
    uint32_t children[PARTY_CHILDREN_MAX];
    const struct directory *dir;
    size_t i, j, len = 0;
    int rc = store_directory(store, &dir, err);

    for (i = 0; rc == 0 && i < record->told_len; i++) {
        uint32_t child =
            party_child_of_unit(dir, store->self, record->told[i], day);

        for (j = 0; j < len && children[j] != child; j++) {
        }
        if (child == 0 || j < len) {
            continue;
        }
        if (len < PARTY_CHILDREN_MAX) {
            children[len++] = child; /* beyond, it only costs statements */
        }
        rc = owe_record(store, dir, child, gathered, err);
    }
    return rc;
}

/* ---- out ---- */

struct owed_bodies {
    bool privates;
    struct buf out;
    struct error *err;
};

static int put_owed(void *data, const struct body *body)
{
    struct owed_bodies *owed = data;

    return body->slot == AUDIENCE_OF_TEXT || owed->privates
               ? body_put(body, &owed->out, owed->err)
               : 0;
}

static bool is_behind(const struct party_question *ask, uint32_t host)
{
    return party_child_towards(ask->dir, ask->self, host) == ask->peer;
}

/* Texts go with the record; ciphertext only to hosts of addressees and of the
 * holder. */
/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
static int owed_bodies(struct store *store, uint32_t child, int64_t place,
                       const struct leaf *leaf, const struct event_id *id,
                       struct arena *arena, struct span *bodies,
                       struct error *err)
{
    size_t size = (size_t)BODIES_MAX * BODY_WIRE_MAX;
    size_t mark = store->scratch.used;
    uint8_t *room = arena_alloc(&store->scratch, size);
    struct owed_bodies owed = {.err = err};
    struct party_question ask = {NULL, store->self, child, is_behind};
    struct leaf reader;
    int rc = store_directory(store, &ask.dir, err);

    if (rc != 0 || room == NULL) {
        return rc != 0 ? rc : error_set(err, ERR_LIMIT, "bodies");
    }
    owed.out = buf_over(room, size);
    reader = *leaf;
    reader.id = *id;
    rc = party_readers_any(store, &ask, &reader, &owed.privates, err);
    rc = rc != 0 ? rc : body_each(store, place, put_owed, &owed, err);
    rc = rc != 0 ? rc : arena_keep(arena, buf_span(&owed.out), bodies, err);
    arena_rewind(&store->scratch, mark);
    return rc;
}

static int prove(struct store *store, const struct store_log *log,
                 struct arena *arena, struct store_delivery *delivery,
                 struct error *err)
{
    struct store_source *state = arena_alloc(arena, sizeof(*state));
    uint8_t note[NOTE_MAX];
    struct buf out = buf_over(note, sizeof(note));
    struct merkle_source source;
    int rc;

    if (state == NULL) {
        return error_set(err, ERR_LIMIT, "a proof");
    }
    source = store_log_source(store, log->id, state);
    if ((rc = store_log_note_at(store, log->id, delivery->head.size, &out,
                                err)) != 0 ||
        (rc = arena_keep(arena, buf_span(&out), &delivery->note, err)) != 0) {
        return rc;
    }
    return merkle_prove_inclusion(&source, delivery->index, delivery->head.size,
                                  &delivery->path, err);
}

static int kept_proof(struct store *store, int64_t place, struct arena *arena,
                      struct span *proof, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_DELIVERY, DELIVERY_PROOF);
    int rc;

    bind_int(q, 1, place);
    if ((rc = query_row(store, q, err)) == 1) {
        rc = arena_keep(arena, column_span(q, 0), proof, err);
        query_end(q);
    }
    return rc;
}

int store_delivery_proof(struct store *store, uint32_t log, uint64_t index,
                         struct arena *arena, struct span *proof,
                         struct error *err)
{
    proof->len = 0;
    if (kept_proof(store, place_of(log, index), arena, proof, err) < 0) {
        return err->code;
    }
    return proof->len > 0
               ? 0
               : error_set(err, ERR_NOTFOUND, "no proof came with that leaf");
}

static int find_quoted(struct store *store, const struct leaf *leaf,
                       const struct store_log *log,
                       struct store_delivery *delivery, struct error *err)
{
    int rc;

    if (!leaf->header.has_quoted) {
        return 0;
    }
    rc = cosig_quoted(store, log->node, &leaf->header, &delivery->quoted, err);
    delivery->has_quoted = rc == 0;
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* Fills one; *ready = false if the guard has not cosigned it yet. */
static int fill(struct store *store, uint32_t child, struct arena *arena,
                struct store_delivery *delivery, bool *ready, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_DELIVERY, DELIVERY_PLACE);
    const struct directory *dir;
    const struct dir_cert *cert;
    struct store_log log;
    struct leaf leaf;
    int64_t place;
    int rc;

    *ready = false;
    bind_span(q, 1, SPAN_OF(delivery->id));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    place = column_int(q, 0);
    rc = arena_keep(arena, column_span(q, 1), &delivery->leaf, err);
    query_end(q);
    if (rc != 0 || place_log(place) == 0) {
        return rc;
    }
    delivery->log = place_log(place);
    delivery->index = place_index(place);
    if ((rc = store_log_get(store, delivery->log, &log, err)) != 0 ||
        (rc = store_directory(store, &dir, err)) != 0 ||
        (rc = leaf_scan(delivery->leaf, &leaf, err)) != 0) {
        return rc;
    }
    cert = directory_cert_of_epoch(dir, log.node, log.epoch);
    rc = store_cosig_covering(store, log.id, delivery->index, &delivery->cosig,
                              err);
    delivery->has_cosig = rc == 0;
    delivery->head = rc == 0 ? delivery->cosig.head : log.head;
    if (rc != 0 && (rc != ERR_NOTFOUND || cert == NULL || cert->guard != 0)) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if ((rc = log.mirrored && delivery->index < log.head.size
                  ? prove(store, &log, arena, delivery, err)
                  : kept_proof(store, place, arena, &delivery->proof, err)) !=
            0 ||
        (rc = find_quoted(store, &leaf, &log, delivery, err)) != 0 ||
        (rc = owed_bodies(store, child, place, &leaf, &delivery->id, arena,
                          &delivery->bodies, err)) != 0) {
        return rc;
    }
    *ready = true;
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_delivery_list(struct store *store, uint32_t child, uint64_t after,
                        size_t max_bytes, struct arena *arena,
                        struct store_delivery *deliveries, size_t max,
                        size_t *len, struct error *err)
{
    size_t i = 0, bytes = 0;

    while (i < max && (i == 0 || bytes < max_bytes)) {
        sqlite3_stmt *q = query(store, OWNER_DELIVERY, DELIVERY_NEXT);
        struct store_delivery *delivery = &deliveries[i];
        bool ready;
        int rc;

        memset(delivery, 0, sizeof(*delivery));
        bind_int(q, 1, child);
        bind_int(q, 2, (int64_t)after);
        if ((rc = query_row(store, q, err)) < 0) {
            return rc;
        }
        if (rc == 0) {
            break;
        }
        after = delivery->number = (uint64_t)column_int(q, 0);
        rc = column_bytes(q, 1, &delivery->id, sizeof(delivery->id), err);
        query_end(q);
        if (rc != 0 ||
            (rc = fill(store, child, arena, delivery, &ready, err)) != 0) {
            return rc;
        }
        if (!ready) {
            break; /* the queue keeps its order */
        }
        bytes += delivery->leaf.len + delivery->bodies.len;
        i++;
    }
    *len = i;
    return 0;
}

/* ---- in ---- */

static int take_row(struct store *store, const struct store_delivery *delivery,
                    int64_t place, bool *fresh, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_DELIVERY, DELIVERY_TAKE);
    int rc;

    bind_int(q, 1, place);
    bind_span(q, 2, delivery->leaf);
    bind_span(q, 3, delivery->bodies);
    bind_span(q, 4, delivery->proof);
    rc = query_run(store, q, err);
    *fresh = rc == 0 && sqlite3_changes(store->db) == 1;
    if (rc != 0 || *fresh || delivery->bodies.len == 0) {
        return rc;
    }
    q = query(store, OWNER_DELIVERY, DELIVERY_BODIES); /* owed since then */
    bind_int(q, 1, place);
    bind_span(q, 2, delivery->bodies);
    return query_run(store, q, err);
}

/* It may cover leaves that came before it, certificates among them; the first
 * that covers a leaf counts, in whatever order they come. */
static int take_cosig(struct store *store, const struct store_log *log,
                      const struct store_cosig *cosig, struct error *err)
{
    int rc = store_cosig_deliver(store, cosig, err);

    return rc != 0 ? rc : bracket_apply(store, log, cosig, 0, err);
}

/* The one that it quotes: of this epoch, or of one before. */
static int take_quoted(struct store *store,
                       const struct store_delivery *delivery, struct error *err)
{
    struct store_log log;
    int rc = 0;

    if (delivery->has_quoted &&
        (rc = cosig_quoted_keep(store, &delivery->quoted, err)) == 0 &&
        (rc = store_log_get(store, delivery->quoted.log, &log, err)) == 0) {
        rc = bracket_apply(store, &log, &delivery->quoted, 0, err);
    }
    return rc;
}

/* Is the delivered leaf, and the tree that was cosigned, what is mirrored? */
static int is_mirrored(struct store *store, const struct store_log *log,
                       const struct store_delivery *delivery, bool *is,
                       struct error *err)
{
    const struct merkle_head *head = &delivery->cosig.head;
    struct store_source state;
    struct merkle_source source = store_log_source(store, log->id, &state);
    struct hash came = merkle_leaf(delivery->leaf);
    struct hash held;
    int rc = source.subtree(source.data, 0, delivery->index, &held, err);

    *is = rc == 0 && hash_equal(&came, &held);
    if (*is && head->size <= log->head.size) {
        rc = store_log_root_at(store, log->id, head->size, &held, err);
        *is = rc == 0 && hash_equal(&head->root, &held);
    }
    return rc == ERR_CORRUPT || rc == ERR_NOTFOUND ? 0 : rc; /* rot: check's */
}

/* The leaf is mirrored here, or was until the log got another guard: what that
 * one cosigned comes this way alone. It bounds the event; which number it has
 * and who asked for it are only a relay's words. */
static int take_mirrored(struct store *store, const struct store_log *log,
                         const struct store_delivery *delivery,
                         struct error *err)
{
    struct store_cosig cosig = delivery->cosig;
    bool is = false;
    int rc =
        delivery->has_cosig ? is_mirrored(store, log, delivery, &is, err) : 0;

    if (rc != 0 || !is || (rc = cosig_quoted_keep(store, &cosig, err)) != 0) {
        return rc;
    }
    cosig.repeat = false;
    rc = bracket_apply(store, log, &cosig, 0, err);
    return rc != 0 ? rc : take_quoted(store, delivery, err);
}

static int take_event(struct store *store, const struct store_log *log,
                      const struct store_delivery *delivery, struct error *err)
{
    struct arrival arrival = {.index = delivery->index, .leaf = delivery->leaf};
    int64_t place = place_of(log->id, delivery->index);
    const struct directory *dir;
    int rc;

    if (log->is_dir) {
        rc = directory_add(store, place, delivery->leaf, err);
        return rc != 0 ? rc : directory_settle(store, err);
    }
    if ((rc = store_directory(store, &dir, err)) != 0 ||
        (rc = log_info(store, log->id, &arrival.log, err)) != 0 ||
        (rc = work_arrival(store, &arrival, dir, err)) != 0) {
        return rc;
    }
    return search_place(store, place, delivery->leaf, err);
}

int store_delivery_take(struct store *store,
                        const struct store_delivery *delivery,
                        struct error *err)
{
    int64_t place = place_of(delivery->log, delivery->index);
    struct store_delivery kept = *delivery;
    size_t mark = store->scratch.used;
    struct store_log log;
    struct leaf leaf;
    bool fresh;
    int rc = store_log_get(store, delivery->log, &log, err);

    if (rc != 0) {
        return rc;
    }
    if (delivery->index < log.head.size) {
        return take_mirrored(store, &log, delivery, err);
    }
    if (delivery->index >= STAGED_FIRST) { /* a bundle's places begin */
        return error_set(err, ERR_MALFORMED, "%s: an event at place %llu",
                         log.origin, (unsigned long long)delivery->index);
    }
    /* What was erased here does not come back this way. */
    if (delivery->bodies.len > 0 &&
        leaf_parse(delivery->leaf, &leaf, err) == 0) {
        rc = erasures_filter(store, &leaf.id, delivery->bodies, &store->scratch,
                             &kept.bodies, err);
    }
    rc = rc != 0 ? rc : take_row(store, &kept, place, &fresh, err);
    arena_rewind(&store->scratch, mark);
    if (rc == 0 && delivery->has_cosig) {
        rc = take_cosig(store, &log, &delivery->cosig, err);
    }
    rc = rc != 0 ? rc : take_quoted(store, delivery, err);
    return rc != 0 || !fresh ? rc : take_event(store, &log, delivery, err);
}
