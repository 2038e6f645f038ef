/* store: fsck of what is derived: event rows, records, cells, each worked out
 * again and compared. `rebuild` mends what is found here.
 *
 * Reads only. Read next: rebuild.c.
 */
#include <string.h>

#include "store/check_parts.h"
#include "store/evaluate.h"

enum {
    DERIVED_ROW,
    DERIVED_SPOOLED,
    DERIVED_RECORD_AFTER,
    DERIVED_RECORD,
    DERIVED_RECORDS,
    DERIVED_CELLS,
    DERIVED_CELL_COUNT,
    DERIVED_DIRTY,
    DERIVED_WAITING
};

static const char *const sql[] = {
    [DERIVED_ROW] = EVENT_COLUMNS "WHERE place = ?",
    [DERIVED_SPOOLED] = "SELECT 1 FROM spool WHERE number = ? AND is_dir = 1",
    [DERIVED_RECORD_AFTER] = "SELECT record FROM events WHERE record > ? "
                             "ORDER BY record LIMIT 1",
    [DERIVED_RECORD] = "SELECT bytes, kind, unit, holder, state, opened_day, "
                       "year, wake_day, dialogue, units, decider, readers "
                       "FROM records WHERE number = ?",
    [DERIVED_RECORDS] = "SELECT count(*) FROM records",
    [DERIVED_CELLS] = "SELECT duty, year, month, territory, verdict, n, d, "
                      "detail FROM cells WHERE unit = ? ORDER BY duty, year, "
                      "month",
    [DERIVED_CELL_COUNT] = "SELECT count(*) FROM cells",
    [DERIVED_DIRTY] = "SELECT EXISTS (SELECT 1 FROM dirty_units) OR EXISTS "
                      "(SELECT 1 FROM dirty_records) OR EXISTS (SELECT 1 FROM "
                      "rejudge) OR EXISTS (SELECT 1 FROM cursors c JOIN logs l "
                      "ON l.id = c.log WHERE c.events < l.size OR "
                      "c.cosigs < l.cosigs)",
    [DERIVED_WAITING] = "SELECT EXISTS (SELECT 1 FROM cursors c JOIN logs l ON "
                        "l.id = c.log WHERE c.events < l.size OR "
                        "c.cosigs < l.cosigs)",
};
const struct query_table derived_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* ---- event rows ---- */

/* 1 while cosignatures or leaves are stored and not yet integrated, as in a
 * node that was stopped between the two: brackets follow when it runs. */
static int brackets_wait(struct checking *c)
{
    sqlite3_stmt *q = query(c->store, OWNER_DERIVED, DERIVED_WAITING);
    int rc = query_row(c->store, q, c->err);

    if (rc == 1) {
        rc = column_int(q, 0) != 0;
        query_end(q);
    }
    return rc;
}

static int row_differs(struct checking *c, const struct event_row *row,
                       const struct leaf *leaf, enum signature_state signature)
{
    const struct store_log *log;
    struct event_id subject;
    struct bracket bracket;
    int64_t record = 0;
    int rc;

    if (!span_equal(row->leaf, leaf->bytes) ||
        !event_id_equal(&row->event, &leaf->id)) {
        return found(c, "event", "the row of place %lld has another leaf",
                     (long long)row->place);
    }
    if ((rc = log_info(c->store, place_log(row->place), &log, c->err)) != 0) {
        return rc;
    }
    if (log->is_dir) { /* its standing: check_directory */
        return event_id_equal(&row->subject, &leaf->id)
                   ? 0
                   : found(c, "event",
                           "the row of place %lld has another subject",
                           (long long)row->place);
    }
    subject = leaf->understood ? leaf_subject(leaf) : leaf->id;
    rc = bracket_of(c->store, log, place_index(row->place), leaf, NULL,
                    &bracket, c->err);
    rc = rc != 0 ? rc : subject_find(c->store, &subject, &record, c->err);
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return rc;
    }
    bool moved =
        row->lower_s != bracket.lower_s || row->upper_s != bracket.upper_s;

    if (moved) {
        rc = brackets_wait(c);
        if (rc < 0) {
            return rc;
        }
        moved = rc == 0;
    }
    if (!event_id_equal(&row->subject, &subject) || row->record != record ||
        row->signature != signature || moved) {
        return found(c, "event",
                     "the row of place %lld has another subject, signature or "
                     "bracket",
                     (long long)row->place);
    }
    return 0;
}

/* 1 for an event that waits for our own directory log. */
static int is_spooled_dir(struct checking *c, int64_t place)
{
    sqlite3_stmt *q = query(c->store, OWNER_DERIVED, DERIVED_SPOOLED);
    int rc;

    bind_int(q, 1, place);
    rc = query_row(c->store, q, c->err);
    query_end(q);
    return rc;
}

static int standing_differs(struct checking *c, const struct event_row *row,
                            const struct leaf *leaf)
{
    struct judge_input in = {
        .leaf = leaf, .signature = row->signature, .directory = c->dir};
    struct judgement now;
    int rc = log_info(c->store, place_log(row->place), &in.log, c->err);

    if (rc != 0 || in.log->is_dir) {
        return rc; /* its standing: check_directory */
    }
    if ((rc = is_spooled_dir(c, row->place)) != 0) {
        return rc < 0 ? rc : 0; /* likewise */
    }
    in.rank = rank_of(in.log, place_index(row->place));
    rc = judge(c->store, &in, &now, c->err);
    if (rc != 0 || (now.standing == row->standing && now.lacks == row->lacks)) {
        return rc;
    }
    return found(c, "event",
                 "the row of place %lld is judged \"%s\", not "
                 "\"%s\"",
                 (long long)row->place, standing_name(row->standing),
                 standing_name(now.standing));
}

int check_row(struct checking *c, int64_t place, const struct leaf *leaf,
              enum signature_state signature)
{
    sqlite3_stmt *q = query(c->store, OWNER_DERIVED, DERIVED_ROW);
    struct event_row row;
    int rc;

    bind_int(q, 1, place);
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    if (rc == 0) {
        return found(c, "event", "place %lld has no row", (long long)place);
    }
    event_row_read(q, &row);
    rc = row_differs(c, &row, leaf, signature);
    query_end(q);
    rc = rc != 0 ? rc : standing_differs(c, &row, leaf);
    return rc != 0 ? rc : check_actor(c, &row, leaf);
}

int check_rows(struct checking *c, const struct store_log *log, uint64_t first,
               const struct segment_view *view)
{
    uint8_t marks[BATCH_EVENTS_MAX] = {SIGNATURE_UNKNOWN};
    uint32_t i;

    for (i = 0; i < view->count && first + i < log->integrated; i++) {
        enum signature_state signature;
        struct leaf leaf;
        int rc;

        if (leaf_parse(view->leaves[i], &leaf, c->err) != 0) {
            continue; /* kept as it came, and never counted */
        }
        rc = verify_leaf(c->store, &leaf, &signature, c->err);
        marks[i] = (uint8_t)signature;
        rc = rc != 0
                 ? rc
                 : check_row(c, place_of(log->id, first + i), &leaf, signature);
        if (rc != 0) {
            return rc;
        }
    }
    return check_verdicts(c, place_of(log->id, first), marks, view->count);
}

/* ---- records ---- */

static bool same_units(struct span packed, const uint32_t *units, size_t len)
{
    size_t i;

    if (packed.len / 4 != len) {
        return false;
    }
    for (i = 0; i < len; i++) {
        if (read_u32(packed.ptr + i * 4) != units[i]) {
            return false;
        }
    }
    return true;
}

static bool same_record(sqlite3_stmt *q, const struct record_out *record)
{
    struct span dialogue = {0};

    if (record->has_dialogue) {
        dialogue = SPAN_OF(record->dialogue);
    }
    return span_equal(column_span(q, 0), record->bytes) &&
           column_u32(q, 1) == record->kind &&
           column_u32(q, 2) == record->unit &&
           column_u32(q, 3) == record->holder &&
           column_u32(q, 4) == record->state &&
           column_u32(q, 5) == record->opened_day &&
           column_u32(q, 6) == record->year &&
           column_u32(q, 7) == record->future_day &&
           column_u32(q, 10) == record->decider &&
           span_equal(column_span(q, 8), dialogue) &&
           same_units(column_span(q, 9), record->units, record->units_len) &&
           same_units(column_span(q, 11), record->readers, record->readers_len);
}

static int check_record(struct checking *c, int64_t number, uint64_t *records)
{
    const struct event_id *subject;
    struct gathered gathered;
    struct record_out record;
    sqlite3_stmt *q;
    bool same;
    int rc = fold_subject(c->store, number, c->options->now.day, NULL, c->dir,
                          &gathered, &record, c->err);

    if (rc != 0 || gathered.kind == RECORD_NONE) {
        return rc;
    }
    (*records)++;
    subject = &gathered.subject;
    q = query(c->store, OWNER_DERIVED, DERIVED_RECORD);
    bind_int(q, 1, number);
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    same = rc == 1 && same_record(q, &record);
    query_end(q);
    if (same && ((rc = check_erasures(c, &record)) != 0 ||
                 (rc = check_files(c, &record)) != 0)) {
        return rc;
    }
    return same ? check_record_units(c, number, &record)
                : found(c, "record",
                        "record %02x%02x%02x%02x... is not what its events "
                        "add up to",
                        subject->bytes[0], subject->bytes[1], subject->bytes[2],
                        subject->bytes[3]);
}

static int one_count(struct checking *c, int which, uint64_t *count)
{
    sqlite3_stmt *q = query(c->store, OWNER_DERIVED, which);
    int rc = query_row(c->store, q, c->err);

    *count = rc == 1 ? (uint64_t)column_int(q, 0) : 0;
    query_end(q);
    return rc < 0 ? rc : 0;
}

int check_record_after(struct checking *c, int64_t *number, uint64_t *records)
{
    sqlite3_stmt *q = query(c->store, OWNER_DERIVED, DERIVED_RECORD_AFTER);
    int rc;

    bind_int(q, 1, *number);
    if ((rc = query_row(c->store, q, c->err)) != 1) {
        return rc;
    }
    *number = column_int(q, 0);
    query_end(q);
    rc = check_record(c, *number, records);
    return rc != 0 ? rc : 1;
}

static int check_records(struct checking *c)
{
    uint64_t derived = 0, held;
    int64_t number = 0;
    int rc = one_count(c, DERIVED_RECORDS, &held);

    if (rc != 0) {
        return rc;
    }
    while ((rc = check_record_after(c, &number, &derived)) == 1) {
        if ((rc = check_progress(c, derived, held)) != 0) {
            return rc;
        }
    }
    if (rc != 0) {
        return rc;
    }
    return held == derived
               ? 0
               : found(c, "record", "%llu records are stored, %llu derived",
                       (unsigned long long)held, (unsigned long long)derived);
}

/* ---- cells ---- */

static bool same_cell(sqlite3_stmt *q, const struct duty_cell *cell)
{
    uint8_t bytes[CELL_DETAIL_SIZE];
    struct buf detail = buf_over(bytes, sizeof(bytes));

    cell_detail_encode(cell, &detail);
    return span_equal(column_span(q, 0), SPAN_OF(cell->duty)) &&
           column_u32(q, 1) == cell->year && column_u32(q, 2) == cell->month &&
           column_u32(q, 3) == cell->territory &&
           column_u32(q, 4) == cell->verdict && column_u32(q, 5) == cell->n &&
           column_u32(q, 6) == cell->d &&
           span_equal(column_span(q, 7), buf_span(&detail));
}

int check_unit(struct checking *c, uint32_t unit, uint64_t *cells)
{
    struct evaluation evaluation = {
        .unit = unit, .asof_day = c->options->now.day, .cells_only = true};
    struct duty_input input;
    struct duty_result result;
    sqlite3_stmt *q;
    size_t i = 0;
    bool same = true;
    int rc = evaluate_unit(c->store, &evaluation, &c->store->duty, &input,
                           &result, c->err);

    if (rc != 0) {
        return is_damage(rc)
                   ? found(c, "cell", "unit %u: %s", unit, c->err->text)
                   : rc;
    }
    *cells += result.cells_len;
    q = query(c->store, OWNER_DERIVED, DERIVED_CELLS);
    bind_int(q, 1, unit);
    while ((rc = query_row(c->store, q, c->err)) == 1) {
        same = same && i < result.cells_len && same_cell(q, &result.cells[i]);
        i++;
    }
    if (rc != 0 || (same && i == result.cells_len)) {
        return rc != 0 ? rc : check_wake(c, unit, result.wake_day);
    }
    return found(c, "cell", "unit %u has other cells than its records give",
                 unit);
}

static int check_cells(struct checking *c)
{
    uint64_t derived = 0, held;
    size_t i;
    int rc = 0;

    for (i = 0; rc == 0 && i < c->dir->units_len; i++) {
        rc = check_unit(c, c->dir->units[i].number, &derived);
        rc = rc != 0 ? rc : check_progress(c, i + 1, c->dir->units_len);
    }
    if (rc != 0 || (rc = one_count(c, DERIVED_CELL_COUNT, &held)) != 0) {
        return rc;
    }
    return held == derived
               ? 0
               : found(c, "cell", "%llu cells are stored, %llu derived",
                       (unsigned long long)held, (unsigned long long)derived);
}

int check_unsettled(struct checking *c, bool *unsettled)
{
    uint64_t dirty;
    int64_t day;
    int rc = one_count(c, DERIVED_DIRTY, &dirty);

    if (rc == 0 && (rc = meta_int(c->store, META_DAY, &day, c->err)) == 0) {
        *unsettled = dirty != 0 || day != c->options->now.day;
    }
    return rc;
}

int check_derived(struct checking *c)
{
    bool unsettled = false;
    int rc = check_unsettled(c, &unsettled);

    if (rc != 0 || unsettled) {
        return rc; /* work is noted: nothing to compare with yet */
    }
    if ((rc = check_records(c)) != 0 || (rc = check_cells(c)) != 0) {
        return rc;
    }
    return check_counts(c);
}
