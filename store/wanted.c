/* store: private bodies that readers behind this node wait for: which ones, and
 * their place in the store when they come.
 *
 * Derived from the records, as the queues of deliveries are. Ciphertext stays
 * ciphertext; leaves, hashes and cosignatures stay to the byte. Must never keep
 * what is erased here, nor a body that its event does not commit to.
 * Read next: party.c, protocol/link/segment_insert.c.
 */
#include "store/wanted.h"

#include <string.h>

#include "store/directory.h"
#include "store/query.h"
#include "store/work.h"

enum {
    WANTED_ADD,
    WANTED_FORGET,
    WANTED_GUARDED,
    WANTED_LIST,
    WANTED_FIND,
    WANTED_SET,
    WANTED_AGAIN,
    WANTED_COUNT,
    WANTED_PLACES,
    WANTED_SEGMENT,
    WANTED_DELIVERED,
    WANTED_DELIVERY
};

static const char *const sql[] = {
    [WANTED_ADD] = "INSERT OR IGNORE INTO wanted_bodies (event, node) "
                   "VALUES (?, ?)",
    [WANTED_FORGET] = "DELETE FROM wanted_bodies WHERE event = ? AND "
                      "state = 0 AND guard = 0",
    [WANTED_GUARDED] = "INSERT INTO wanted_bodies (event, node, guard) "
                       "VALUES (?, ?, 1) ON CONFLICT (event) DO UPDATE SET "
                       "guard = 1 WHERE guard = 0",
    [WANTED_LIST] = "SELECT number, event, node FROM wanted_bodies WHERE "
                    "state = 0 AND number > ? ORDER BY number LIMIT ?",
    [WANTED_FIND] = "SELECT state FROM wanted_bodies WHERE event = ?",
    [WANTED_SET] = "UPDATE wanted_bodies SET state = ?2 WHERE event = ?1",
    [WANTED_AGAIN] = "UPDATE wanted_bodies SET state = 0 WHERE event = ? AND "
                     "state = 1",
    [WANTED_COUNT] = "SELECT count(*) FROM wanted_bodies WHERE state = 0",
    [WANTED_PLACES] = "SELECT place, leaf FROM events WHERE event = ? "
                      "ORDER BY standing, place",
    [WANTED_SEGMENT] = "UPDATE segments SET privates = ?, absent = ? "
                       "WHERE id = ?",
    [WANTED_DELIVERED] = "SELECT bodies FROM delivered WHERE place = ?",
    [WANTED_DELIVERY] = "UPDATE delivered SET bodies = ?2 WHERE place = ?1",
};
const struct query_table wanted_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* ---- which ---- */

/* Do the ciphertexts of that node's log come here with its batches? */
static bool comes_with_batches(const struct store *store,
                               const struct directory *dir, uint32_t node)
{
    const struct dir_cert *cert = directory_cert(dir, node);

    return node == store->self || (cert != NULL && cert->guard == store->self);
}

/* Is this node on the way from the one that recorded to that host? */
static bool is_on_way(const struct party_question *ask, uint32_t host)
{
    uint32_t child = party_child_towards(ask->dir, ask->self, ask->peer);

    return child != 0 ? !directory_node_within(ask->dir, host, child)
                      : directory_node_within(ask->dir, host, ask->self);
}

static bool may_be_wanted(const struct store *store,
                          const struct directory *dir,
                          const struct fold_event *event)
{
    const struct header *header = &event->leaf->header;

    return event->leaf->understood &&
           event->standing != STANDING_BAD_SIGNATURE &&
           header_body(header, AUDIENCE_OF_PRIVATE) != NULL &&
           !comes_with_batches(store, dir, header->node);
}

static int wanted_add(struct store *store, const struct event_id *event,
                      uint32_t node, int which, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, which);
    int rc;

    bind_span(q, 1, SPAN_OF(*event));
    bind_int(q, 2, node);
    rc = query_run(store, q, err);
    store->bodies_wanted += rc == 0 && sqlite3_changes(store->db) == 1;
    return rc;
}

int store_wanted_add(struct store *store, const struct event_id *event,
                     uint32_t node, struct error *err)
{
    return wanted_add(store, event, node, WANTED_GUARDED, err);
}

/* Nobody was ever a reader beside the unit that keeps it: no row to look for.
 */
static bool is_between_nobody(const struct record_out *record,
                              const struct gathered *gathered)
{
    bool nobody = record != NULL && record->holder == record->unit;
    size_t i;

    for (i = 0; nobody && i < gathered->len; i++) {
        nobody = gathered->events[i].leaf->header.addressees_len == 0;
    }
    return nobody;
}

/* An event that does not count may have made somebody a reader before it was
 * judged: that ends here. */
static int wanted_forget(struct store *store, const struct event_id *event,
                         struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_FORGET);

    bind_span(q, 1, SPAN_OF(*event));
    return query_run(store, q, err);
}

static bool any_reader(const struct party_question *ask,
                       const struct record_out *record,
                       const struct header *header)
{
    size_t i;
    bool any = party_hosts_any(ask, record->holder) ||
               party_addressed_any(ask, header);

    for (i = 0; !any && i < record->readers_len; i++) {
        any = party_hosts_any(ask, record->readers[i]);
    }
    return any;
}

int wanted_note(struct store *store, const struct record_out *record,
                const struct gathered *gathered, struct error *err)
{
    struct party_question ask = {NULL, store->self, 0, is_on_way};
    bool nobody = is_between_nobody(record, gathered);
    size_t i;
    int rc = store_directory(store, &ask.dir, err);

    for (i = 0; rc == 0 && i < gathered->len; i++) {
        const struct fold_event *event = &gathered->events[i];

        if (place_index(gathered->places[i]) >= STAGED_FIRST ||
            !may_be_wanted(store, ask.dir, event)) {
            continue;
        }
        ask.peer = event->leaf->header.node;
        if (record != NULL && any_reader(&ask, record, &event->leaf->header)) {
            rc = wanted_add(store, &event->leaf->id, ask.peer, WANTED_ADD, err);
        } else if (!nobody) {
            rc = wanted_forget(store, &event->leaf->id, err);
        }
    }
    return rc;
}

int wanted_again(struct store *store, const struct event_id *event,
                 struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_AGAIN);

    bind_span(q, 1, SPAN_OF(*event));
    return query_run(store, q, err);
}

/* ---- questions ---- */

int store_wanted_list(struct store *store, int64_t after,
                      struct store_wanted *list, size_t max, size_t *len,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_LIST);
    int rc = 0;

    *len = 0;
    bind_int(q, 1, after);
    bind_int(q, 2, (int64_t)max);
    while (*len < max && (rc = query_row(store, q, err)) == 1) {
        struct store_wanted *out = &list[*len];

        out->row = column_int(q, 0);
        out->node = column_u32(q, 2);
        rc = column_bytes(q, 1, &out->event, sizeof(out->event), err);
        if (rc != 0) {
            break;
        }
        (*len)++;
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

int store_wanted_find(struct store *store, const struct event_id *event,
                      enum store_wanted_state *state, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_FIND);
    int rc;

    bind_span(q, 1, SPAN_OF(*event));
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc
                      : error_set(err, ERR_NOTFOUND,
                                  "no private content of it is asked for");
    }
    *state = (enum store_wanted_state)column_int(q, 0);
    query_end(q);
    return 0;
}

int store_wanted_set(struct store *store, const struct event_id *event,
                     enum store_wanted_state state, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_SET);

    bind_span(q, 1, SPAN_OF(*event));
    bind_int(q, 2, state);
    return query_run(store, q, err);
}

int store_wanted_count(struct store *store, uint64_t *waiting,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_COUNT);
    int rc = query_row(store, q, err);

    *waiting = rc == 1 ? (uint64_t)column_int(q, 0) : 0;
    query_end(q);
    return rc < 0 ? rc : 0;
}

uint64_t store_wanted_noted(const struct store *store)
{
    return store->bodies_wanted;
}

static bool is_below(const struct party_question *ask, uint32_t host)
{
    return directory_node_within(ask->dir, host, ask->peer);
}

/* Or beside, on the way through that peer. */
static bool is_above(const struct party_question *ask, uint32_t host)
{
    return !directory_node_within(ask->dir, host, ask->self);
}

int store_wanted_owed(struct store *store, const struct event_id *event,
                      uint32_t peer, bool *owed, struct error *err)
{
    size_t mark = store->scratch.used;
    struct party_question ask = {NULL, store->self, peer, is_above};
    const struct dir_cert *cert;
    struct store_event held;
    struct leaf leaf;
    int rc = store_directory(store, &ask.dir, err);

    *owed = false;
    rc = rc != 0 ? rc
                 : store_event_find(store, event, &store->scratch, &held, err);
    rc = rc != 0 ? rc : leaf_parse(held.leaf, &leaf, err);
    if (rc != 0 || !leaf.understood) {
        arena_rewind(&store->scratch, mark);
        return rc;
    }
    cert = directory_cert(ask.dir, leaf.header.node);
    *owed = leaf.header.node == peer || (cert != NULL && cert->guard == peer);
    if (directory_node_within(ask.dir, peer, store->self)) {
        ask.match = is_below;
    }
    rc = *owed ? 0 : party_readers_any(store, &ask, &leaf, owed, err);
    arena_rewind(&store->scratch, mark);
    return rc;
}

/* ---- what came ---- */

/* Where a log here holds the event, and what it commits to. */
static int place_find(struct store *store, const struct event_id *event,
                      const struct body *body, int64_t *place,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_PLACES);
    const struct body_mark *mark = NULL;
    bool found = false;
    struct leaf leaf;
    int rc;

    bind_span(q, 1, SPAN_OF(*event));
    while (!found && (rc = query_row(store, q, err)) == 1) {
        *place = column_int(q, 0);
        found = place_log(*place) != 0 && place_index(*place) < STAGED_FIRST &&
                leaf_parse(column_span(q, 1), &leaf, err) == 0 &&
                leaf.understood;
        mark = found ? header_body(&leaf.header, AUDIENCE_OF_PRIVATE) : NULL;
        if (found && (body->slot != AUDIENCE_OF_PRIVATE || mark == NULL ||
                      !body_matches(body, mark))) {
            query_end(q);
            return error_set(err, ERR_UNTRUSTED,
                             "a private body is not the one that its event "
                             "commits to");
        }
    }
    query_end(q);
    return found ? 0
           : rc < 0
               ? rc
               : error_set(err, ERR_NOTFOUND, "no log here holds that event");
}

static int into_segment(struct store *store, int64_t place, struct body *body,
                        struct error *err)
{
    struct store_segment segment;
    sqlite3_stmt *q;
    int rc;

    arena_reset(&store->leaves);
    rc = store_segment_read(store, place_log(place), place_index(place),
                            &store->leaves, &segment, err);
    if (rc != 0) {
        return rc;
    }
    body->index = (uint16_t)(place_index(place) - segment.parts.first);
    rc = segment_insert(&segment.parts, body, &store->scratch, err);
    if (rc != 0) {
        return rc;
    }
    q = query(store, OWNER_WANTED, WANTED_SEGMENT);
    bind_span(q, 1, segment.parts.privates);
    bind_span(q, 2, segment.parts.absent);
    bind_int(q, 3, place_of(place_log(place), segment.parts.first));
    return query_run(store, q, err);
}

/* A list ascends by slot: texts before it, what is the unit's alone behind. */
static int list_with(struct span list, const struct body *body, struct buf *out,
                     struct error *err)
{
    bool put = false;
    int rc = 0;

    while (rc == 0 && list.len > 0) {
        struct span before = list;
        struct body other;

        rc = body_take(&list, &other, err);
        if (rc == 0 && other.slot == body->slot) {
            continue; /* it gives way to what was compared just now */
        }
        if (rc == 0 && !put && other.slot > body->slot) {
            rc = body_put(body, out, err);
            put = true;
        }
        buf_put(out, span_make(before.ptr, before.len - list.len));
    }
    return rc != 0 || put ? rc : body_put(body, out, err);
}

static int into_delivery(struct store *store, int64_t place, struct body *body,
                         struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WANTED, WANTED_DELIVERED);
    struct span list = {0};
    struct buf made;
    size_t max;
    int rc;

    bind_int(q, 1, place);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0 ? rc
                      : error_set(err, ERR_NOTFOUND,
                                  "no log here holds that event");
    }
    rc = arena_keep(&store->scratch, column_span(q, 0), &list, err);
    query_end(q);
    max = list.len + BODY_WIRE_MAX;
    made = buf_over(arena_alloc(&store->scratch, max), max);
    if (rc != 0 || made.ptr == NULL) {
        return rc != 0 ? rc : error_set(err, ERR_LIMIT, "bodies");
    }
    body->index = 0;
    if ((rc = list_with(list, body, &made, err)) != 0) {
        return rc;
    }
    q = query(store, OWNER_WANTED, WANTED_DELIVERY);
    bind_int(q, 1, place);
    bind_span(q, 2, buf_span(&made));
    return query_run(store, q, err);
}

static int put_body(struct store *store, int64_t place, struct body *body,
                    struct error *err)
{
    int rc = into_segment(store, place, body, err);

    return rc == ERR_NOTFOUND ? into_delivery(store, place, body, err) : rc;
}

int store_wanted_take(struct store *store, const struct event_id *event,
                      struct span list, struct error *err)
{
    size_t mark = store->scratch.used;
    struct span kept = {0};
    struct span rest = list;
    struct body body;
    int64_t place = 0;
    int rc = body_take(&rest, &body, err);

    rc = rc != 0 ? rc : place_find(store, event, &body, &place, err);
    rc = rc != 0
             ? rc
             : erasures_filter(store, event, list, &store->scratch, &kept, err);
    if (rc == 0 && kept.len > 0) {
        rc = put_body(store, place, &body, err);
    }
    arena_rewind(&store->scratch, mark);
    return rc != 0 ? rc
                   : store_wanted_set(store, event,
                                      kept.len > 0 ? STORE_WANTED_HERE
                                                   : STORE_WANTED_ERASED,
                                      err);
}
