/* store: erasure: the bodies that folds found to be erased go from segments,
 * spool, deliveries and the search index, in the transaction of the fold.
 *
 * Must never touch a leaf, a hash or a cosignature: every proof and figure
 * stays. Read next: scrub.c, protocol/link/segment_erase.c.
 */
#include "store/erase.h"

#include <string.h>

#include "store/directory.h"
#include "store/store_parts.h"

enum {
    ERASE_FORGET,
    ERASE_PUT,
    ERASE_FIND,
    ERASE_LIST,
    ERASE_COUNT,
    ERASE_ANY,
    ERASE_PLACES,
    ERASE_SPOOLED,
    ERASE_SPOOL,
    ERASE_STAGED,
    ERASE_STAGE,
    ERASE_DELIVERED,
    ERASE_DELIVERY,
    ERASE_SEGMENT
};

static const char *const sql[] = {
    [ERASE_FORGET] = "DELETE FROM erasures WHERE subject = ?",
    [ERASE_PUT] = "INSERT INTO erasures (event, audience, subject, erased, "
                  "acts) VALUES (?, ?, ?, ?, ?) ON CONFLICT (event, audience) "
                  "DO UPDATE SET acts = max(acts, excluded.acts)",
    [ERASE_FIND] = "SELECT event, audience, erased, acts FROM erasures WHERE "
                   "event = ? AND audience = ?",
    [ERASE_LIST] = "SELECT event, audience, erased, acts FROM erasures WHERE "
                   "(event, audience) > (?, ?) ORDER BY event, audience "
                   "LIMIT ?",
    [ERASE_COUNT] = "SELECT count(*), coalesce(sum(acts), 0) FROM erasures",
    [ERASE_ANY] = "SELECT EXISTS (SELECT 1 FROM erasures)",
    [ERASE_PLACES] = "SELECT place, leaf FROM events WHERE event = ? "
                     "ORDER BY place",
    [ERASE_SPOOLED] = "SELECT bodies FROM spool WHERE number = ?",
    [ERASE_SPOOL] = "UPDATE spool SET bodies = ?2 WHERE number = ?1",
    [ERASE_STAGED] = "SELECT bodies FROM staged WHERE number = ?",
    [ERASE_STAGE] = "UPDATE staged SET bodies = ?2 WHERE number = ?1",
    [ERASE_DELIVERED] = "SELECT bodies FROM delivered WHERE place = ?",
    [ERASE_DELIVERY] = "UPDATE delivered SET bodies = ?2 WHERE place = ?1",
    [ERASE_SEGMENT] = "UPDATE segments SET texts_z = ?, privates = ?, "
                      "sealed = ?, absent = ? WHERE id = ?",
};
const struct query_table erase_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* ---- one body, wherever it lies ---- */

struct gone {
    struct store *store;
    const struct event_id *event;
    uint8_t slot;
    bool any; /* something was there */
    struct error *err;
};

int bodies_without(struct span list, uint8_t slot, struct buf *kept,
                   bool *found, struct error *err)
{
    while (list.len > 0) {
        struct span before = list;
        struct body body;

        if (body_take(&list, &body, err) != 0) {
            return error_set(err, ERR_CORRUPT, "a damaged list of bodies");
        }
        if (body.slot == slot) {
            *found = true;
        } else {
            buf_put(kept, span_make(before.ptr, before.len - list.len));
        }
    }
    return 0;
}

/* Of the spool or of a delivery: the list of one row. */
static int from_row(struct gone *gone, int read, int write, int64_t key)
{
    struct store *store = gone->store;
    size_t mark = store->scratch.used;
    sqlite3_stmt *q = query(store, OWNER_ERASE, read);
    struct span list = {0};
    struct buf kept;
    bool found = false;
    int rc;

    bind_int(q, 1, key);
    if ((rc = query_row(store, q, gone->err)) != 1) {
        return rc;
    }
    rc = arena_keep(&store->scratch, column_span(q, 0), &list, gone->err);
    query_end(q);
    if (rc != 0 || list.len == 0) {
        arena_rewind(&store->scratch, mark);
        return rc;
    }
    kept = buf_over(arena_alloc(&store->scratch, list.len), list.len);
    rc = kept.ptr == NULL
             ? error_set(gone->err, ERR_LIMIT, "bodies")
             : bodies_without(list, gone->slot, &kept, &found, gone->err);
    if (rc == 0 && found) {
        q = query(store, OWNER_ERASE, write);
        bind_int(q, 1, key);
        bind_span(q, 2, buf_span(&kept));
        rc = query_run(store, q, gone->err);
        gone->any = true;
    }
    arena_rewind(&store->scratch, mark);
    return rc;
}

static int segment_put(struct store *store, const struct store_segment *segment,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ERASE, ERASE_SEGMENT);

    bind_span(q, 1, segment->parts.texts_z);
    bind_span(q, 2, segment->parts.privates);
    bind_span(q, 3, segment->parts.sealed);
    bind_span(q, 4, segment->parts.absent);
    bind_int(q, 5, place_of(segment->log, segment->parts.first));
    return query_run(store, q, err);
}

/* Of the batch that holds the place; none does for a delivered event. */
static int from_segment(struct gone *gone, int64_t place)
{
    struct store *store = gone->store;
    size_t mark = store->scratch.used;
    struct store_segment segment;
    bool found = false;
    int rc;

    arena_reset(&store->leaves);
    rc = store_segment_read(store, place_log(place), place_index(place),
                            &store->leaves, &segment, gone->err);
    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    rc = segment_erase(store->codec, &segment.parts,
                       (uint16_t)(place_index(place) - segment.parts.first),
                       gone->slot, &store->scratch, &found, gone->err);
    if (rc == 0 && found) {
        rc = segment_put(store, &segment, gone->err);
        gone->any = true;
    }
    arena_rewind(&store->scratch, mark);
    return rc;
}

/* The index knows words of a text only; it is told before they are gone. */
static int from_place(struct gone *gone, int64_t place, struct span leaf)
{
    struct store *store = gone->store;
    bool indexed = false;
    int rc;

    if (place_log(place) == 0) {
        return from_row(gone, ERASE_SPOOLED, ERASE_SPOOL,
                        (int64_t)place_index(place));
    }
    if (place_index(place) >= STAGED_FIRST) {
        return from_row(gone, ERASE_STAGED, ERASE_STAGE,
                        (int64_t)(place_index(place) - STAGED_FIRST));
    }
    if (gone->slot == AUDIENCE_OF_TEXT &&
        (rc = search_forget(store, place, leaf, &indexed, gone->err)) != 0) {
        return rc;
    }
    if ((rc = from_segment(gone, place)) != 0 ||
        (rc = from_row(gone, ERASE_DELIVERED, ERASE_DELIVERY, place)) != 0) {
        return rc;
    }
    return indexed ? search_place(store, place, leaf, gone->err) : 0;
}

static int is_there(void *data, const struct body *body)
{
    struct gone *gone = data;

    gone->any |= body->slot == gone->slot;
    return 0;
}

int store_erase(struct store *store, const struct event_id *event,
                uint32_t audience, struct error *err)
{
    struct gone gone = {store, event, (uint8_t)audience, false, err};
    sqlite3_stmt *q = query(store, OWNER_ERASE, ERASE_PLACES);
    bool some = false;
    int rc;

    bind_span(q, 1, SPAN_OF(*event));
    while ((rc = query_row(store, q, err)) == 1) {
        int64_t place = column_int(q, 0);
        size_t mark = store->scratch.used;
        struct span leaf;

        gone.any = false;
        if ((rc = body_each(store, place, is_there, &gone, err)) == 0 &&
            gone.any &&
            (rc = arena_keep(&store->scratch, column_span(q, 1), &leaf, err)) ==
                0) {
            rc = from_place(&gone, place, leaf);
            some = true;
        }
        arena_rewind(&store->scratch, mark);
        if (rc != 0) {
            break;
        }
    }
    query_end(q);
    return rc == 0 && some ? scrub_put(store, SCRUB_FILE, err) : rc;
}

/* ---- what the records say ---- */

/* Each node follows a word of its own level; one that is neither the origin
 * nor above it, that of any node above itself. */
bool erasure_word_acts(const struct store *store, const struct directory *dir,
                       const struct record_erasure *word)
{
    uint32_t self = store->self;

    return word->node == self ||
           (self != word->origin &&
            !directory_node_within(dir, word->origin, self) &&
            directory_node_within(dir, self, word->node));
}

static int erasure_put(struct store *store, const struct event_id *subject,
                       const struct record_erasure *word, bool acts,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ERASE, ERASE_PUT);

    bind_span(q, 1, SPAN_OF(word->event));
    bind_int(q, 2, word->audience);
    bind_span(q, 3, SPAN_OF(*subject));
    bind_span(q, 4, SPAN_OF(word->by));
    bind_int(q, 5, acts);
    return query_run(store, q, err);
}

int erasures_any(struct store *store, bool *any, struct error *err)
{
    sqlite3_stmt *q;
    int rc;

    if (store->erasures == ERASURES_UNKNOWN) {
        q = query(store, OWNER_ERASE, ERASE_ANY);
        if ((rc = query_row(store, q, err)) < 0) {
            return rc;
        }
        store->erasures =
            rc == 1 && column_int(q, 0) != 0 ? ERASURES_SOME : ERASURES_NONE;
        query_end(q);
    }
    *any = store->erasures == ERASURES_SOME;
    return 0;
}

int erasures_apply(struct store *store, const struct event_id *subject,
                   const struct record_erasure *words, size_t len,
                   struct error *err)
{
    const struct directory *dir;
    bool any = false;
    sqlite3_stmt *q;
    size_t i;
    int rc = erasures_any(store, &any, err);

    if (rc != 0 || (!any && len == 0)) {
        return rc;
    }
    q = query(store, OWNER_ERASE, ERASE_FORGET);
    bind_span(q, 1, SPAN_OF(*subject));
    if ((rc = query_run(store, q, err)) != 0 || len == 0 ||
        (rc = store_directory(store, &dir, err)) != 0) {
        return rc;
    }
    store->erasures = ERASURES_SOME;
    for (i = 0; rc == 0 && i < len; i++) {
        if (words[i].audience == 0) {
            continue; /* a file: attachment_ref.c */
        }
        bool acts = erasure_word_acts(store, dir, &words[i]);

        store->erasures_acted += acts;
        rc = erasure_put(store, subject, &words[i], acts, err);
        if (rc == 0 && acts) {
            rc = store_erase(store, &words[i].event, words[i].audience, err);
        }
    }
    return rc;
}

bool erasure_acts(struct store *store, const struct record_out *record,
                  const struct event_id *event, uint32_t audience,
                  const struct directory *dir)
{
    bool acts = false;
    size_t i;

    for (i = 0; i < record->erasures_len; i++) {
        const struct record_erasure *word = &record->erasures[i];

        acts |= word->audience == audience &&
                event_id_equal(&word->event, event) &&
                erasure_word_acts(store, dir, word);
    }
    return acts;
}

int erasures_filter(struct store *store, const struct event_id *event,
                    struct span list, struct arena *arena, struct span *out,
                    struct error *err)
{
    bool any = false;
    int rc = erasures_any(store, &any, err);

    *out = list;
    for (uint8_t slot = AUDIENCE_OF_TEXT;
         rc == 0 && any && slot <= AUDIENCE_OF_UNIT && out->len > 0; slot++) {
        struct store_erasure erasure = {.acts = false};
        struct error why;
        struct buf kept;
        bool found = false;

        rc = store_erasure_find(store, event, slot, &erasure, &why);
        if (rc == ERR_NOTFOUND || (rc == 0 && !erasure.acts)) {
            rc = 0;
            continue;
        }
        kept = buf_over(arena_alloc(arena, out->len), out->len);
        if (rc != 0 || kept.ptr == NULL) {
            return rc != 0 ? error_set(err, (enum err)rc, "%s", why.text)
                           : error_set(err, ERR_LIMIT, "bodies");
        }
        rc = bodies_without(*out, slot, &kept, &found, err);
        *out = buf_span(&kept);
    }
    return rc;
}

/* ---- questions ---- */

static int erasure_read(sqlite3_stmt *q, struct store_erasure *out,
                        struct error *err)
{
    int rc = column_bytes(q, 0, &out->event, sizeof(out->event), err);

    out->audience = column_u32(q, 1);
    out->acts = column_int(q, 3) != 0;
    return rc != 0 ? rc
                   : column_bytes(q, 2, &out->erased, sizeof(out->erased), err);
}

int store_erasure_find(struct store *store, const struct event_id *event,
                       uint32_t audience, struct store_erasure *erasure,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ERASE, ERASE_FIND);
    int rc;

    bind_span(q, 1, SPAN_OF(*event));
    bind_int(q, 2, audience);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc < 0
                   ? rc
                   : error_set(err, ERR_NOTFOUND, "no erasure names that body");
    }
    rc = erasure_read(q, erasure, err);
    query_end(q);
    return rc;
}

int store_erasure_list(struct store *store, const struct store_erasure *after,
                       struct store_erasure *erasures, size_t max, size_t *len,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ERASE, ERASE_LIST);
    int rc = 0;

    *len = 0;
    bind_span(q, 1, SPAN_OF(after->event));
    bind_int(q, 2, after->audience);
    bind_int(q, 3, (int64_t)max);
    while (*len < max && (rc = query_row(store, q, err)) == 1) {
        if ((rc = erasure_read(q, &erasures[*len], err)) != 0) {
            query_end(q);
            return rc;
        }
        (*len)++;
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

uint64_t store_erasures_acted(const struct store *store)
{
    return store->erasures_acted;
}

int store_erasure_count(struct store *store, uint64_t *named, uint64_t *gone,
                        struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ERASE, ERASE_COUNT);
    int rc = query_row(store, q, err);

    *named = rc == 1 ? (uint64_t)column_int(q, 0) : 0;
    *gone = rc == 1 ? (uint64_t)column_int(q, 1) : 0;
    query_end(q);
    return rc < 0 ? rc : 0;
}
