/* store: event rows: where an event stands, to which subject it belongs, its
 * standing and bracket, and the exact leaf.
 *
 * Derived from segments, spool and deliveries. The same event may stand in
 * several places (epochs, copies); the fold counts it once. Must never change
 * a leaf. Read next: integrate.c, refold.c.
 */
#include "store/directory.h"
#include "store/store_parts.h"

#include <string.h>

#include "protocol/event/code.h"

enum {
    EVENT_INSERT,
    EVENT_REPLACE,
    EVENT_MOVE,
    EVENT_JUDGED,
    EVENT_BY_ID,
    EVENT_BY_PLACE,
    EVENT_BY_SUBJECT,
    EVENT_BY_RANGE,
    EVENT_HOLDERS
};

#define EVENT_VALUES                                                           \
    "(place, event, subject, standing, signature, lower_s, upper_s, leaf, "    \
    "lacks, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

static const char *const sql[] = {
    [EVENT_INSERT] = "INSERT INTO events " EVENT_VALUES,
    [EVENT_REPLACE] = "REPLACE INTO events " EVENT_VALUES,
    [EVENT_MOVE] = "UPDATE events SET place = ?, lower_s = max(lower_s, ?), "
                   "upper_s = max(upper_s, ?) WHERE place = ? "
                   "RETURNING record",
    [EVENT_JUDGED] = "UPDATE events SET standing = ?, signature = ?, "
                     "lacks = ? WHERE place = ?",
    [EVENT_BY_ID] = EVENT_COLUMNS "WHERE event = ? "
                                  "ORDER BY standing, place LIMIT 1",
    [EVENT_BY_PLACE] = EVENT_COLUMNS "WHERE place = ?",
    [EVENT_BY_SUBJECT] = EVENT_COLUMNS "WHERE record = ? ORDER BY place "
                                       "LIMIT ?",
    [EVENT_BY_RANGE] = "SELECT DISTINCT event FROM events WHERE event BETWEEN "
                       "? AND ? LIMIT 2",
    [EVENT_HOLDERS] = "SELECT node, time_s FROM held WHERE log = ? AND "
                      "size > ? ORDER BY node",
};
const struct query_table event_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static int put(struct store *store, int which, const struct event_row *row,
               struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVENT, which);

    bind_int(q, 1, row->place);
    bind_span(q, 2, SPAN_OF(row->event));
    bind_span(q, 3, SPAN_OF(row->subject));
    bind_int(q, 4, row->standing);
    bind_int(q, 5, row->signature);
    bind_int(q, 6, row->lower_s);
    bind_int(q, 7, row->upper_s);
    bind_span(q, 8, row->leaf);
    bind_int(q, 9, row->lacks);
    bind_int(q, 10, row->record);
    return query_run(store, q, err);
}

int event_put(struct store *store, const struct event_row *row,
              struct error *err)
{
    int rc = put(store, EVENT_INSERT, row, err);

    /* Delivered first and mirrored later: rare, and REPLACE is dearer. */
    return rc == ERR_CONFLICT ? put(store, EVENT_REPLACE, row, err) : rc;
}

int event_move(struct store *store, int64_t from, int64_t to,
               const struct bracket *bracket, int64_t *record,
               struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVENT, EVENT_MOVE);
    int rc;

    bind_int(q, 1, to);
    bind_int(q, 2, bracket->lower_s);
    bind_int(q, 3, bracket->upper_s);
    bind_int(q, 4, from);
    if (!store->in_transaction) {
        return error_set(err, ERR_USAGE, "a write outside a transaction");
    }
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "no row at that place");
    }
    if (rc == 1) {
        *record = column_int(q, 0);
        rc = query_row(store, q, err); /* to its end: then it is done */
    }
    return rc;
}

int event_judge_put(struct store *store, int64_t place,
                    struct judgement judgement, enum signature_state signature,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVENT, EVENT_JUDGED);

    bind_int(q, 1, judgement.standing);
    bind_int(q, 2, signature);
    bind_int(q, 3, judgement.lacks);
    bind_int(q, 4, place);
    return query_run(store, q, err);
}

void event_row_read(sqlite3_stmt *q, struct event_row *row)
{
    struct span event = column_span(q, 1), subject = column_span(q, 2);

    memset(row, 0, sizeof(*row));
    row->place = column_int(q, 0);
    if (event.len == sizeof(row->event)) {
        memcpy(&row->event, event.ptr, event.len);
    }
    if (subject.len == sizeof(row->subject)) {
        memcpy(&row->subject, subject.ptr, subject.len);
    }
    row->standing = (enum standing)column_int(q, 3);
    row->signature = (enum signature_state)column_int(q, 4);
    row->lower_s = column_int(q, 5);
    row->upper_s = column_int(q, 6);
    row->leaf = column_span(q, 7);
    row->lacks = column_u32(q, 8);
    row->record = column_int(q, 9);
}

static int to_event(const struct event_row *row, struct arena *arena,
                    struct store_event *event, struct error *err)
{
    *event = (struct store_event){
        .id = row->event,
        .subject = row->subject,
        .log = place_log(row->place),
        .index = place_index(row->place),
        .standing = row->standing,
        .signature_ok = row->signature == SIGNATURE_GOOD,
        .lower_s = row->lower_s,
        .upper_s = row->upper_s,
    };
    return arena_keep(arena, row->leaf, &event->leaf, err);
}

static int one_event(struct store *store, sqlite3_stmt *q, struct arena *arena,
                     struct store_event *event, struct error *err)
{
    struct event_row row;
    int rc = query_row(store, q, err);

    if (rc == 0) {
        return error_set(err, ERR_NOTFOUND, "no such event is held here");
    }
    if (rc == 1) {
        event_row_read(q, &row);
        rc = to_event(&row, arena, event, err);
        query_end(q);
    }
    return rc;
}

int store_event_find(struct store *store, const struct event_id *id,
                     struct arena *arena, struct store_event *event,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVENT, EVENT_BY_ID);

    bind_span(q, 1, SPAN_OF(*id));
    return one_event(store, q, arena, event, err);
}

int store_event_at(struct store *store, uint32_t log, uint64_t index,
                   struct arena *arena, struct store_event *event,
                   struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVENT, EVENT_BY_PLACE);

    bind_int(q, 1, place_of(log, index));
    return one_event(store, q, arena, event, err);
}

int store_event_by_code(struct store *store, const char *code,
                        struct event_id *id, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVENT, EVENT_BY_RANGE);
    struct event_id first, last, found[2];
    struct code bits;
    size_t len = 0;
    int rc = code_parse(span_str(code), &bits, err);

    if (rc != 0) {
        return rc;
    }
    code_range(bits, &first, &last);
    bind_span(q, 1, SPAN_OF(first));
    bind_span(q, 2, SPAN_OF(last));
    while (len < 2 && (rc = query_row(store, q, err)) == 1) {
        if ((rc = column_bytes(q, 0, &found[len++], sizeof(found[0]), err)) !=
            0) {
            break;
        }
    }
    query_end(q);
    if (rc < 0) {
        return rc;
    }
    if (len != 1) {
        return len == 0 ? error_set(err, ERR_NOTFOUND,
                                    "no event with code %s is held here", code)
                        : error_set(err, ERR_CONFLICT,
                                    "two events share the code %s: use the "
                                    "event id",
                                    code);
    }
    *id = found[0];
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_event_list(struct store *store, const struct event_id *subject,
                     struct arena *arena, struct store_event *events,
                     size_t max, size_t *len, struct error *err)
{
    sqlite3_stmt *q;
    int64_t record;
    size_t i = 0;
    int rc = subject_find(store, subject, &record, err);

    if (rc != 0) {
        *len = 0;
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    q = query(store, OWNER_EVENT, EVENT_BY_SUBJECT);
    bind_int(q, 1, record);
    bind_int(q, 2, (int64_t)max);
    while ((rc = query_row(store, q, err)) == 1) {
        struct event_row row;

        event_row_read(q, &row);
        if ((rc = to_event(&row, arena, &events[i++], err)) != 0) {
            query_end(q);
            return rc;
        }
    }
    if (rc == 0) {
        *len = i;
    }
    return rc;
}

int store_holder_list(struct store *store, const struct event_id *id,
                      struct store_holder *holders, size_t max, size_t *len,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_EVENT, EVENT_BY_ID);
    const struct directory *dir;
    const struct dir_cert *cert;
    struct store_cosig cosig;
    struct store_log log;
    struct event_row row;
    size_t i = 0;
    int rc;

    bind_span(q, 1, SPAN_OF(*id));
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "no such event is held here");
    }
    if (rc < 0) {
        return rc;
    }
    event_row_read(q, &row);
    query_end(q);
    *len = 0;
    if (place_log(row.place) == 0) {
        return 0; /* in the spool: nobody else has it */
    }
    if ((rc = store_log_get(store, place_log(row.place), &log, err)) != 0 ||
        (rc = store_directory(store, &dir, err)) != 0) {
        return rc;
    }
    cert = directory_cert_of_epoch(dir, log.node, log.epoch);
    rc = store_cosig_covering(store, log.id, place_index(row.place), &cosig,
                              err);
    if (rc == 0 && max > 0) {
        holders[i++] =
            (struct store_holder){.node = cert == NULL ? 0 : cert->guard,
                                  .time_s = cosignature_time(&cosig.line),
                                  .guard = true};
    }
    q = query(store, OWNER_EVENT, EVENT_HOLDERS);
    bind_int(q, 1, log.id);
    bind_int(q, 2, (int64_t)place_index(row.place));
    while (i < max && (rc = query_row(store, q, err)) == 1) {
        if (i == 0 || !holders[0].guard ||
            holders[0].node != column_u32(q, 0)) {
            holders[i++] = (struct store_holder){
                .node = column_u32(q, 0), .time_s = (uint64_t)column_int(q, 1)};
        }
    }
    query_end(q);
    *len = i;
    return rc < 0 && rc != ERR_NOTFOUND ? rc : 0;
}
