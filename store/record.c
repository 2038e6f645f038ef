/* store: records: what a fold packed, with the columns that questions need,
 * and which units a change of one touches.
 *
 * Derived; replaced whole. Must never be read as truth by a fold.
 * Read next: settle.c.
 */
#include <string.h>

#include "protocol/base/buf.h"
#include "store/work.h"

enum {
    RECORD_GET,
    RECORD_PUT,
    RECORD_CHANGE,
    RECORD_APPEND,
    RECORD_DELETE,
    RECORD_UNIT_PUT,
    RECORD_UNIT_DELETE,
    RECORD_RAISED,
    RECORD_FIND,
    RECORD_LIST,
    RECORD_LIST_UNIT,
    RECORD_LIST_ASKED
};

#define RECORD_COLUMNS                                                         \
    "SELECT r.subject, r.kind, r.unit, r.holder, r.state, r.opened_day, "      \
    "r.year, r.dialogue, r.bytes, r.decider FROM records r "
#define RECORD_FILTER                                                          \
    "(?1 = 0 OR r.kind = ?1) AND (?3 = 0 OR r.holder = ?3) AND "               \
    "(?4 = 0 OR r.state = ?4) AND (?11 = 0 OR r.decider = ?11) AND "           \
    "r.opened_day >= ?5 AND r.opened_day <= ?6 "                               \
    "AND (?7 IS NULL OR r.dialogue = ?7) AND "                                 \
    "(r.opened_day, r.number) < (?8, ?9) "                                     \
    "ORDER BY r.opened_day DESC, r.number DESC LIMIT ?10"

#define RECORD_VALUES                                                          \
    "(subject, kind, unit, holder, state, opened_day, year, wake_day, "        \
    "dialogue, units, bytes, number, decider, readers) VALUES (?, ?, ?, ?, "   \
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

static const char *const sql[] = {
    [RECORD_GET] = "SELECT units, bytes, dialogue, wake_day, holder, state, "
                   "decider, opened_day, readers FROM records "
                   "WHERE number = ?",
    [RECORD_PUT] = "REPLACE INTO records " RECORD_VALUES,
    /* Nothing that an index holds: REPLACE writes each of them anew. */
    [RECORD_CHANGE] = "UPDATE records SET kind = ?, unit = ?, holder = ?, "
                      "state = ?, year = ?, units = ?, bytes = ?, "
                      "readers = ? WHERE number = ?",
    [RECORD_APPEND] = "INSERT INTO records " RECORD_VALUES,
    [RECORD_DELETE] = "DELETE FROM records WHERE number = ?",
    [RECORD_UNIT_PUT] = "INSERT OR IGNORE INTO record_units (unit, record) "
                        "VALUES (?, ?)",
    [RECORD_UNIT_DELETE] = "DELETE FROM record_units WHERE unit = ? AND "
                           "record = ?",
    [RECORD_RAISED] = "SELECT units FROM records WHERE dialogue = ?",
    [RECORD_FIND] = RECORD_COLUMNS "WHERE r.number = ?",
    [RECORD_LIST] = RECORD_COLUMNS "WHERE ?2 = 0 AND " RECORD_FILTER,
    [RECORD_LIST_UNIT] =
        RECORD_COLUMNS "JOIN record_units u ON u.record = r.number WHERE "
                       "u.unit = ?2 AND " RECORD_FILTER,
    [RECORD_LIST_ASKED] =
        RECORD_COLUMNS "WHERE ?2 = 0 AND r.decider <> 0 AND " RECORD_FILTER,
};
const struct query_table record_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define RECORD_UNITS_MAX 4096u /* units of one record, as one column */

/* The units of a packed list are owed a new evaluation. */
static int touch_units(struct store *store, struct span units,
                       struct error *err)
{
    size_t i;
    int rc = 0;

    for (i = 0; rc == 0 && i + 4 <= units.len; i += 4) {
        rc = work_unit(store, read_u32(units.ptr + i), err);
    }
    return rc;
}

/* A petition counts for its dialogue's units, and the other way round. */
static int touch_related(struct store *store, const struct event_id *subject,
                         struct span dialogue, struct error *err)
{
    static const int queries[] = {RECORD_GET, RECORD_RAISED};
    struct event_id other;
    int64_t number = 0;
    size_t i;
    int rc = ERR_NOTFOUND;

    if (dialogue.len == sizeof(other)) {
        memcpy(&other, dialogue.ptr, sizeof(other));
        rc = subject_find(store, &other, &number, err);
    }
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    for (i = rc == 0 ? 0 : 1; i < 2; i++) {
        sqlite3_stmt *q = query(store, OWNER_RECORD, queries[i]);

        if (i == 0) {
            bind_int(q, 1, number);
        } else {
            bind_span(q, 1, SPAN_OF(*subject));
        }
        while ((rc = query_row(store, q, err)) == 1) {
            rc = touch_units(store, column_span(q, 0), err);
            if (rc != 0) {
                query_end(q);
                return rc;
            }
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* As columns hold them. */
struct packed_units {
    struct span units;
    struct span readers;
};

/* What is stored now; the old units and dialogue are kept in the arena. */
struct old_record {
    bool held;
    bool same;
    bool indexed_same; /* what the indexes hold of it */
    struct span units;
    struct event_id dialogue;
    bool has_dialogue;
};

static int read_old(struct store *store, int64_t number,
                    const struct record_out *record,
                    const struct packed_units *packed, struct old_record *old,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_RECORD, RECORD_GET);
    int rc;

    memset(old, 0, sizeof(*old));
    bind_int(q, 1, number);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    old->held = true;
    old->same = record != NULL &&
                span_equal(column_span(q, 1), record->bytes) &&
                span_equal(column_span(q, 8), packed->readers) &&
                column_u32(q, 3) == record->future_day &&
                column_u32(q, 4) == record->holder &&
                column_u32(q, 5) == record->state &&
                column_u32(q, 6) == record->decider;
    old->has_dialogue = column_span(q, 2).len == sizeof(old->dialogue);
    if (old->has_dialogue) {
        memcpy(&old->dialogue, column_span(q, 2).ptr, sizeof(old->dialogue));
    }
    old->indexed_same = record != NULL &&
                        column_u32(q, 3) == record->future_day &&
                        column_u32(q, 6) == record->decider &&
                        column_u32(q, 7) == record->opened_day &&
                        old->has_dialogue == record->has_dialogue &&
                        (!old->has_dialogue ||
                         event_id_equal(&old->dialogue, &record->dialogue));
    rc = arena_keep(&store->scratch, column_span(q, 0), &old->units, err);
    query_end(q);
    return rc;
}

static int unit_rows(struct store *store, int which, struct span units,
                     int64_t number, struct error *err)
{
    size_t i;
    int rc = 0;

    for (i = 0; rc == 0 && i + 4 <= units.len; i += 4) {
        sqlite3_stmt *q = query(store, OWNER_RECORD, which);

        bind_int(q, 1, read_u32(units.ptr + i));
        bind_int(q, 2, number);
        rc = query_run(store, q, err);
    }
    return rc;
}

static void bind_readers(sqlite3_stmt *q, int column, struct span readers)
{
    if (readers.len > 0) {
        bind_span(q, column, readers);
    }
}

static int put_row(struct store *store, int which, int64_t number,
                   const struct record_out *record,
                   const struct packed_units *packed, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_RECORD, which);

    bind_span(q, 1, SPAN_OF(record->subject));
    bind_int(q, 2, record->kind);
    bind_int(q, 3, record->unit);
    bind_int(q, 4, record->holder);
    bind_int(q, 5, record->state);
    bind_int(q, 6, record->opened_day);
    bind_int(q, 7, record->year);
    bind_int(q, 8, record->future_day);
    if (record->has_dialogue) {
        bind_span(q, 9, SPAN_OF(record->dialogue));
    }
    bind_span(q, 10, packed->units);
    bind_span(q, 11, record->bytes);
    bind_int(q, 12, number);
    bind_int(q, 13, record->decider);
    bind_readers(q, 14, packed->readers);
    return query_run(store, q, err);
}

static int change_row(struct store *store, int64_t number,
                      const struct record_out *record,
                      const struct packed_units *packed, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_RECORD, RECORD_CHANGE);

    bind_int(q, 1, record->kind);
    bind_int(q, 2, record->unit);
    bind_int(q, 3, record->holder);
    bind_int(q, 4, record->state);
    bind_int(q, 5, record->year);
    bind_span(q, 6, packed->units);
    bind_span(q, 7, record->bytes);
    bind_readers(q, 8, packed->readers);
    bind_int(q, 9, number);
    return query_run(store, q, err);
}

static int replace(struct store *store, int64_t number,
                   const struct record_out *record,
                   const struct old_record *old,
                   const struct packed_units *packed, struct error *err)
{
    struct span units = packed->units;
    struct span dialogue = {0};
    struct span old_dialogue = {0};
    int rc = old->indexed_same
                 ? change_row(store, number, record, packed, err)
                 : put_row(store, old->held ? RECORD_PUT : RECORD_APPEND,
                           number, record, packed, err);

    if (rc == 0 && !span_equal(units, old->units)) {
        rc = unit_rows(store, RECORD_UNIT_DELETE, old->units, number, err);
        rc = rc != 0 ? rc
                     : unit_rows(store, RECORD_UNIT_PUT, units, number, err);
        rc = rc != 0 ? rc : touch_units(store, old->units, err);
    }
    if (rc != 0 || (rc = touch_units(store, units, err)) != 0) {
        return rc;
    }
    if (record->has_dialogue) {
        dialogue = SPAN_OF(record->dialogue);
    }
    if (old->has_dialogue) {
        old_dialogue = SPAN_OF(old->dialogue);
    }
    if (old->has_dialogue && !span_equal(dialogue, old_dialogue) &&
        (rc = touch_related(store, &record->subject, old_dialogue, err)) != 0) {
        return rc;
    }
    return record->has_dialogue || record->kind == RECORD_DIALOGUE
               ? touch_related(store, &record->subject, dialogue, err)
               : 0;
}

static int units_pack(struct store *store, const uint32_t *units, size_t len,
                      struct span *out, struct error *err)
{
    struct buf list;
    uint8_t *room;
    size_t i;

    len = len > RECORD_UNITS_MAX ? RECORD_UNITS_MAX : len;
    room = arena_alloc(&store->scratch, len * 4 + 1);
    if (room == NULL) {
        return error_set(err, ERR_LIMIT, "units of a record");
    }
    list = buf_over(room, len * 4);
    for (i = 0; i < len; i++) {
        buf_put_u32(&list, units[i]);
    }
    *out = buf_span(&list);
    return 0;
}

static int put_packed(struct store *store, int64_t number,
                      const struct record_out *record,
                      const struct packed_units *packed, bool *changed,
                      struct error *err)
{
    struct old_record old;
    int rc;

    if (store->work->fresh) {
        *changed = true;
        rc = put_row(store, RECORD_APPEND, number, record, packed, err);
        return rc != 0 ? rc
                       : unit_rows(store, RECORD_UNIT_PUT, packed->units,
                                   number, err);
    }
    rc = read_old(store, number, record, packed, &old, err);
    *changed = !old.held || !old.same;
    return rc == 0 && *changed
               ? replace(store, number, record, &old, packed, err)
               : rc;
}

int record_put(struct store *store, int64_t number,
               const struct record_out *record, bool *changed,
               struct error *err)
{
    size_t mark = store->scratch.used;
    struct packed_units packed = {{NULL, 0}, {NULL, 0}};
    int rc =
        units_pack(store, record->units, record->units_len, &packed.units, err);

    rc = rc != 0 ? rc
                 : units_pack(store, record->readers, record->readers_len,
                              &packed.readers, err);
    rc =
        rc != 0 ? rc : put_packed(store, number, record, &packed, changed, err);
    arena_rewind(&store->scratch, mark);
    return rc;
}

int record_remove(struct store *store, int64_t number,
                  const struct event_id *subject, struct error *err)
{
    size_t mark = store->scratch.used;
    struct old_record old;
    sqlite3_stmt *q;
    int rc = read_old(store, number, NULL, NULL, &old, err);

    if (rc == 0 && old.held) {
        struct span dialogue = {0};

        if (old.has_dialogue) {
            dialogue = SPAN_OF(old.dialogue);
        }
        q = query(store, OWNER_RECORD, RECORD_DELETE);
        bind_int(q, 1, number);
        if ((rc = query_run(store, q, err)) == 0 &&
            (rc = unit_rows(store, RECORD_UNIT_DELETE, old.units, number,
                            err)) == 0 &&
            (rc = touch_units(store, old.units, err)) == 0) {
            rc = touch_related(store, subject, dialogue, err);
        }
    }
    arena_rewind(&store->scratch, mark);
    return rc;
}

/* ---- questions ---- */

static int read_record(sqlite3_stmt *q, struct arena *arena,
                       struct store_record *record, struct error *err)
{
    struct span dialogue = column_span(q, 7);
    int rc;

    memset(record, 0, sizeof(*record));
    if ((rc = column_bytes(q, 0, &record->subject, sizeof(record->subject),
                           err)) != 0) {
        return rc;
    }
    record->kind = column_u32(q, 1);
    record->unit = column_u32(q, 2);
    record->holder = column_u32(q, 3);
    record->state = column_u32(q, 4);
    record->opened_day = column_u32(q, 5);
    record->year = column_u32(q, 6);
    record->decider = column_u32(q, 9);
    if (dialogue.len == sizeof(record->dialogue)) {
        memcpy(&record->dialogue, dialogue.ptr, dialogue.len);
    }
    return arena_keep(arena, column_span(q, 8), &record->bytes, err);
}

int store_record_find(struct store *store, const struct event_id *subject,
                      struct arena *arena, struct store_record *record,
                      struct error *err)
{
    sqlite3_stmt *q;
    int64_t number = 0;
    int rc = subject_find(store, subject, &number, err);

    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    q = query(store, OWNER_RECORD, RECORD_FIND);
    bind_int(q, 1, number);
    if ((rc = query_row(store, q, err)) == 0) {
        return error_set(err, ERR_NOTFOUND, "no such record is held here");
    }
    if (rc == 1) {
        rc = read_record(q, arena, record, err);
        query_end(q);
    }
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_record_list(struct store *store,
                      const struct store_record_filter *filter,
                      struct arena *arena, struct store_record *records,
                      size_t max, size_t *len, struct error *err)
{
    bool first = filter->after_day == 0;
    int64_t after = 0;
    sqlite3_stmt *q;
    size_t i = 0;
    int rc = first ? 0 : subject_find(store, &filter->after, &after, err);

    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    rc = 0;
    q = query(store, OWNER_RECORD,
              filter->unit != 0                       ? RECORD_LIST_UNIT
              : filter->asked || filter->decider != 0 ? RECORD_LIST_ASKED
                                                      : RECORD_LIST);

    bind_int(q, 1, filter->kind);
    bind_int(q, 2, filter->unit);
    bind_int(q, 3, filter->holder);
    bind_int(q, 4, filter->state);
    bind_int(q, 5, filter->from_day);
    bind_int(q, 6, filter->until_day == 0 ? UINT32_MAX : filter->until_day);
    if (!event_id_is_zero(&filter->dialogue)) {
        bind_span(q, 7, SPAN_OF(filter->dialogue));
    }
    bind_int(q, 8, first ? INT64_MAX : filter->after_day);
    bind_int(q, 9, after);
    bind_int(q, 10, (int64_t)max);
    bind_int(q, 11, filter->decider);
    while (i < max && (rc = query_row(store, q, err)) == 1) {
        if ((rc = read_record(q, arena, &records[i++], err)) != 0) {
            break;
        }
    }
    query_end(q);
    if (rc < 0) {
        return rc;
    }
    *len = i;
    return 0;
}
