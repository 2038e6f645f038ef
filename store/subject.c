/* store: subjects by number: every record has a small number of this store's
 * own, given when the first event of its subject comes.
 *
 * Ids are random: tables ordered by them touch another page for each event.
 * Tables ordered by these numbers grow at their end. A number says nothing
 * outside this store, stands in no answer and differs between nodes.
 * Read next: event.c, refold.c.
 */
#include "store/store_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    SUBJECT_OPENED,
    SUBJECT_AWAITED,
    SUBJECT_AWAIT,
    SUBJECT_COME,
    SUBJECT_LAST
};

static const char *const sql[] = {
    [SUBJECT_OPENED] = ("SELECT record FROM events WHERE event = ?1 AND "
                        "subject = ?1 AND record <> 0 LIMIT 1"),
    [SUBJECT_AWAITED] = "SELECT record FROM awaited WHERE subject = ?",
    [SUBJECT_AWAIT] = "INSERT INTO awaited (subject, record) VALUES (?, ?)",
    [SUBJECT_COME] = "DELETE FROM awaited WHERE subject = ?",
    [SUBJECT_LAST] = "SELECT coalesce(max(record), 0) FROM events",
};
const struct query_table subject_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* ---- in bulk: a rebuild has no index of events yet ---- */

struct numbered {
    struct event_id subject;
    int64_t record; /* 0 = free place */
    bool opened;
};

struct numbering {
    struct numbered *places; /* by hash, at most half full */
    size_t size;
    size_t len;
};

static struct numbered *place_in(struct numbered *places, size_t size,
                                 const struct event_id *subject)
{
    size_t at = read_u64(subject->bytes) & (size - 1);

    while (places[at].record != 0 &&
           !event_id_equal(&places[at].subject, subject)) {
        at = (at + 1) & (size - 1);
    }
    return &places[at];
}

static int numbering_grow(struct numbering *all, struct error *err)
{
    size_t size = all->size == 0 ? 4096 : all->size * 2;
    struct numbered *places = calloc(size, sizeof(*places));

    if (places == NULL) {
        return error_set(err, ERR_NOMEM, "numbers of subjects");
    }
    for (size_t i = 0; i < all->size; i++) {
        if (all->places[i].record != 0) {
            *place_in(places, size, &all->places[i].subject) = all->places[i];
        }
    }
    free(all->places);
    all->places = places;
    all->size = size;
    return 0;
}

static int number_in_bulk(struct store *store, const struct event_id *event,
                          const struct event_id *subject, int64_t *record,
                          struct error *err)
{
    struct numbering *all = store->numbering;
    struct numbered *found;
    int rc = all->len * 2 >= all->size ? numbering_grow(all, err) : 0;

    if (rc != 0) {
        return rc;
    }
    found = place_in(all->places, all->size, subject);
    if (found->record == 0) {
        found->subject = *subject;
        found->record = ++store->record_last;
        all->len++;
    }
    found->opened = found->opened || event_id_equal(event, subject);
    *record = found->record;
    return 0;
}

int subject_bulk_begin(struct store *store, struct error *err)
{
    store->numbering = calloc(1, sizeof(*store->numbering));
    store->record_last = 0;
    return store->numbering != NULL
               ? 0
               : error_set(err, ERR_NOMEM, "numbers of subjects");
}

static int await(struct store *store, const struct event_id *subject,
                 int64_t record, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SUBJECT, SUBJECT_AWAIT);

    bind_span(q, 1, SPAN_OF(*subject));
    bind_int(q, 2, record);
    return query_run(store, q, err);
}

void subject_bulk_drop(struct store *store)
{
    if (store->numbering != NULL) {
        free(store->numbering->places);
        free(store->numbering);
        store->numbering = NULL;
    }
}

int subject_bulk_end(struct store *store, struct error *err)
{
    struct numbering *all = store->numbering;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < all->size; i++) {
        if (all->places[i].record != 0 && !all->places[i].opened) {
            rc = await(store, &all->places[i].subject, all->places[i].record,
                       err);
        }
    }
    subject_bulk_drop(store);
    return rc;
}

/* ---- one by one ---- */

static int number_at(struct store *store, int which,
                     const struct event_id *subject, int64_t *record,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SUBJECT, which);
    int rc;

    bind_span(q, 1, SPAN_OF(*subject));
    if ((rc = query_row(store, q, err)) == 1) {
        *record = column_int(q, 0);
        query_end(q);
        return 0;
    }
    return rc < 0 ? rc
                  : error_set(err, ERR_NOTFOUND,
                              "no event of that subject is held here");
}

int subject_find(struct store *store, const struct event_id *subject,
                 int64_t *record, struct error *err)
{
    int rc = number_at(store, SUBJECT_OPENED, subject, record, err);

    return rc != ERR_NOTFOUND
               ? rc
               : number_at(store, SUBJECT_AWAITED, subject, record, err);
}

static int number_new(struct store *store, int64_t *record, struct error *err)
{
    if (store->record_last < 0) {
        sqlite3_stmt *q = query(store, OWNER_SUBJECT, SUBJECT_LAST);
        int rc = query_row(store, q, err);

        if (rc == 1) {
            store->record_last = column_int(q, 0);
        }
        query_end(q);
        if (rc < 0) {
            return rc;
        }
    }
    *record = ++store->record_last;
    return 0;
}

int subject_number(struct store *store, const struct event_id *event,
                   const struct event_id *subject, int64_t *record,
                   struct error *err)
{
    bool opens = event_id_equal(event, subject);
    sqlite3_stmt *q;
    int rc;

    if (store->numbering != NULL) {
        return number_in_bulk(store, event, subject, record, err);
    }
    rc = number_at(store, SUBJECT_OPENED, subject, record, err);
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    rc = number_at(store, SUBJECT_AWAITED, subject, record, err);
    if (rc == 0 && opens) { /* it came: its row says so from now on */
        q = query(store, OWNER_SUBJECT, SUBJECT_COME);
        bind_span(q, 1, SPAN_OF(*subject));
        return query_run(store, q, err);
    }
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    rc = number_new(store, record, err);
    return rc != 0 || opens ? rc : await(store, subject, *record, err);
}
