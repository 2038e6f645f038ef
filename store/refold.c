/* store: one record: gathers the subject's events, counts each once, folds.
 *
 * The same event may stand in several places; the copy with the best standing
 * counts, from its first place over all epochs. Never decompresses a segment:
 * event rows hold the leaf. Read next: record.c, protocol/record/fold.h.
 */
#include <stdlib.h>
#include <string.h>

#include "store/work.h"

enum {
    REFOLD_ROWS
};

static const char *const sql[] = {
    [REFOLD_ROWS] = EVENT_COLUMNS "WHERE record = ?",
};
const struct query_table refold_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define COPIES_FIRST 16u

struct copy {
    struct event_row row; /* leaf kept in the fold arena */
    const struct store_log *log;
};

/* The same event: effective first, then by epoch and index. */
static int copy_order(const void *a, const void *b)
{
    const struct copy *x = a, *y = b;
    uint64_t xr = rank_of(x->log, place_index(x->row.place));
    uint64_t yr = rank_of(y->log, place_index(y->row.place));
    int order = event_id_compare(&x->row.event, &y->row.event);

    if (order != 0) {
        return order;
    }
    if (x->row.standing != y->row.standing) {
        return x->row.standing < y->row.standing ? -1 : 1;
    }
    return xr < yr ? -1 : xr > yr;
}

static int place_visible(struct store *store, const struct store_known *known,
                         struct copy *copy, bool *visible, struct error *err)
{
    size_t i;
    int rc = log_info(store, place_log(copy->row.place), &copy->log, err);

    *visible = known == NULL || !known->limited;
    for (i = 0; rc == 0 && !*visible && i < known->heads_len; i++) {
        *visible = known->heads[i].log == copy->log->id &&
                   place_index(copy->row.place) < known->heads[i].size;
    }
    return rc;
}

/* What is known later must not shine back: judged with what was known then. */
static int judge_known(struct store *store, const struct store_known *known,
                       const struct directory *dir, struct copy *copy,
                       struct error *err)
{
    struct judge_input in = {
        .log = copy->log, .signature = copy->row.signature, .directory = dir};
    struct judgement judged;
    struct bracket bracket;
    struct leaf leaf;
    int rc;

    if (known == NULL || leaf_scan(copy->row.leaf, &leaf, err) != 0) {
        return 0;
    }
    leaf.id = copy->row.event;
    in.leaf = &leaf;
    in.rank = rank_of(copy->log, place_index(copy->row.place));
    if ((rc = judge(store, &in, &judged, err)) != 0 ||
        (rc = bracket_of(store, copy->log, place_index(copy->row.place), &leaf,
                         known, &bracket, err)) != 0) {
        return rc;
    }
    copy->row.standing = judged.standing;
    copy->row.lacks = judged.lacks;
    copy->row.lower_s = bracket.lower_s;
    copy->row.upper_s = bracket.upper_s;
    return 0;
}

/* Room for one more than len copies: those given or a longer copy of them;
 * NULL when the arena is full. */
static struct copy *copies_room(struct store *store, struct copy *copies,
                                size_t len, size_t *size)
{
    size_t grown = *size == 0 ? COPIES_FIRST : *size * 2;
    struct copy *room;

    if (copies != NULL && len < *size) {
        return copies;
    }
    room = arena_array(&store->fold, grown, sizeof(*room));
    if (room != NULL) {
        if (copies != NULL) {
            memcpy(room, copies, len * sizeof(*room));
        }
        *size = grown;
    }
    return room;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
static int load(struct store *store, int64_t number,
                const struct store_known *known, const struct directory *dir,
                struct copy **copies, size_t *len, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_REFOLD, REFOLD_ROWS);
    size_t size = 0, i = 0;
    int rc;

    *copies = NULL;
    bind_int(q, 1, number);
    while ((rc = query_row(store, q, err)) == 1) {
        struct copy *room = copies_room(store, *copies, i, &size);
        struct copy *copy;
        bool visible;

        if (room == NULL) {
            rc = error_set(err, ERR_LIMIT, "a long record");
            break;
        }
        *copies = room;
        copy = &room[i];
        event_row_read(q, &copy->row);
        if ((rc = place_visible(store, known, copy, &visible, err)) != 0 ||
            (rc = arena_keep(&store->fold, copy->row.leaf, &copy->row.leaf,
                             err)) != 0) {
            break;
        }
        i += visible;
    }
    query_end(q);
    *len = i;
    for (i = 0; rc >= 0 && known != NULL && i < *len; i++) {
        rc = judge_known(store, known, dir, &(*copies)[i], err);
    }
    return rc < 0 ? rc : 0;
}

/* One event from its copies [0, len), best first. */
static int take_event(struct store *store, const struct copy *copies,
                      size_t len, struct fold_event *event, struct error *err)
{
    const struct copy *best = &copies[0];
    struct leaf *leaf = arena_alloc(&store->fold, sizeof(*leaf));
    size_t i;

    if (leaf == NULL) {
        return error_set(err, ERR_LIMIT, "a long record");
    }
    if (leaf_scan(best->row.leaf, leaf, err) != 0) {
        return error_set(err, ERR_CORRUPT, "an event row without a leaf");
    }
    leaf->id = best->row.event;
    *event = (struct fold_event){
        .leaf = leaf,
        .epoch = best->log->id == 0 ? UINT32_MAX : best->log->epoch,
        .position = place_index(best->row.place),
        .standing = best->row.standing,
        .lacks = best->row.lacks,
    };
    for (i = 0; i < len && copies[i].row.standing == best->row.standing; i++) {
        const struct event_row *row = &copies[i].row;

        event->lacks &= row->lacks;
        if (row->upper_s != 0 &&
            (event->upper_s == 0 || row->upper_s < event->upper_s)) {
            event->upper_s = row->upper_s;
        }
        if (row->lower_s > event->lower_s) {
            event->lower_s = row->lower_s;
        }
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
static int gather_once(struct store *store, int64_t number,
                       const struct store_known *known,
                       const struct directory *directory, struct gathered *out,
                       struct error *err)
{
    struct copy *copies;
    size_t len = 0, i, j;
    int rc = load(store, number, known, directory, &copies, &len, err);

    if (rc != 0) {
        return rc;
    }
    memset(out, 0, sizeof(*out));
    if (len > 0) {
        out->subject = copies[0].row.subject;
    }
    if (len > 1) {
        qsort(copies, len, sizeof(*copies), copy_order);
    }
    out->events = arena_array(&store->fold, len + 1, sizeof(*out->events));
    out->places = arena_array(&store->fold, len + 1, sizeof(*out->places));
    if (out->events == NULL || out->places == NULL) {
        return error_set(err, ERR_LIMIT, "a long record");
    }
    for (i = 0; i < len; i = j) {
        struct fold_event *event = &out->events[out->len];

        for (j = i + 1; j < len && event_id_equal(&copies[i].row.event,
                                                  &copies[j].row.event);) {
            j++;
        }
        if ((rc = take_event(store, &copies[i], j - i, event, err)) != 0) {
            return rc;
        }
        out->places[out->len++] = copies[i].row.place;
        if (event_id_equal(&event->leaf->id, &out->subject) &&
            event->leaf->understood && !event->leaf->header.has_subject) {
            out->kind = record_kind_of_event(event->leaf->header.type);
        }
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int gather(struct store *store, int64_t record, const struct store_known *known,
           const struct directory *directory, struct gathered *out,
           struct error *err)
{
    int rc;

    do {
        arena_reset(&store->fold);
        rc = gather_once(store, record, known, directory, out, err);
    } while (rc == ERR_LIMIT && store->fold.ran_out &&
             (rc = arena_grow(&store->fold, FOLD_ARENA_MAX, err)) == 0);
    return rc;
}

int fold_gathered(struct store *store, const struct gathered *gathered,
                  const struct directory *directory, uint32_t asof_day,
                  struct record_out *out, struct error *err)
{
    struct fold_input input = {.kind = gathered->kind,
                               .events = gathered->events,
                               .len = gathered->len,
                               .directory = directory,
                               .asof_day = asof_day};

    return record_fold(&input, &store->fold, out, err);
}

/* Gathers and folds; a record that outgrows the arena is tried in a bigger
 * one. `kind` RECORD_NONE: there is no such record (yet). */
/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int fold_subject(struct store *store, int64_t number, uint32_t asof_day,
                 const struct store_known *known,
                 const struct directory *directory, struct gathered *gathered,
                 struct record_out *out, struct error *err)
{
    int rc;

    for (;;) {
        rc = gather(store, number, known, directory, gathered, err);
        if (rc != 0 || gathered->kind == RECORD_NONE) {
            return rc;
        }
        rc = fold_gathered(store, gathered, directory, asof_day, out, err);
        if (rc != ERR_NOMEM || !store->fold.ran_out) {
            return rc;
        }
        if ((rc = arena_grow(&store->fold, FOLD_ARENA_MAX, err)) != 0) {
            return rc;
        }
    }
}

int refold(struct store *store, int64_t number, uint32_t day, struct error *err)
{
    const struct directory *directory;
    struct gathered gathered;
    struct record_out record;
    bool changed;
    int rc;

    if ((rc = store_directory(store, &directory, err)) != 0 ||
        (rc = fold_subject(store, number, day, NULL, directory, &gathered,
                           &record, err)) != 0) {
        return rc;
    }
    if (gathered.kind == RECORD_NONE) {
        rc = record_remove(store, number, &gathered.subject, err);
        rc = rc != 0 ? rc : wanted_note(store, NULL, &gathered, err);
        rc = rc != 0 ? rc
                     : attachments_note(store, &gathered.subject, NULL, err);
        return rc != 0 ? rc
                       : erasures_apply(store, &gathered.subject, NULL, 0, err);
    }
    if ((rc = record_put(store, number, &record, &changed, err)) != 0) {
        return rc;
    }
    if ((rc = delivery_enqueue(store, &record, &gathered, day, err)) != 0) {
        return rc;
    }
    if ((rc = wanted_note(store, &record, &gathered, err)) != 0) {
        return rc;
    }
    if ((rc = attachments_note(store, &gathered.subject, &record, err)) != 0) {
        return rc;
    }
    return erasures_apply(store, &gathered.subject, record.erasures,
                          record.erasures_len, err);
}
