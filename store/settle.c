/* store: cells: one evaluation for each unit whose records, directory, rules
 * or calendar changed, or for which a date passed.
 *
 * Derived; a unit's cells are replaced whole. Only (now, now) is kept.
 * Read next: protocol/duty/duty.h, asof.c.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/duty/rules.h"
#include "store/evaluate.h"

enum {
    SETTLE_DIRTY,
    SETTLE_CLEAN,
    SETTLE_WAKE,
    SETTLE_WAKE_RECORDS,
    SETTLE_WAKE_PUT,
    SETTLE_CELLS_DELETE,
    SETTLE_CELL_PUT
};

static const char *const sql[] = {
    [SETTLE_DIRTY] = "SELECT unit FROM dirty_units ORDER BY unit LIMIT 1",
    [SETTLE_CLEAN] = "DELETE FROM dirty_units WHERE unit = ?",
    [SETTLE_WAKE] = "INSERT OR IGNORE INTO dirty_units (unit) SELECT unit FROM "
                    "unit_wakes WHERE day <= ? OR ?",
    [SETTLE_WAKE_RECORDS] =
        "INSERT OR IGNORE INTO dirty_records (record) SELECT number FROM "
        "records WHERE wake_day <> 0 AND (wake_day <= ? OR ?)",
    [SETTLE_WAKE_PUT] = "INSERT OR REPLACE INTO unit_wakes (unit, day) "
                        "VALUES (?, ?)",
    [SETTLE_CELLS_DELETE] = "DELETE FROM cells WHERE unit = ?",
    [SETTLE_CELL_PUT] = "INSERT INTO cells (unit, duty, year, month, "
                        "territory, verdict, n, d, detail) VALUES "
                        "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
};
const struct query_table settle_queries = {sql, sizeof(sql) / sizeof(sql[0])};

#define SETTLE_RECORDS 64u /* folded in the time of one evaluation */

static int cell_put(struct store *store, const struct duty_cell *cell,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SETTLE, SETTLE_CELL_PUT);
    uint8_t bytes[CELL_DETAIL_SIZE];
    struct buf detail = buf_over(bytes, sizeof(bytes));

    cell_detail_encode(cell, &detail);
    bind_int(q, 1, cell->unit);
    bind_span(q, 2, SPAN_OF(cell->duty));
    bind_int(q, 3, cell->year);
    bind_int(q, 4, cell->month);
    bind_int(q, 5, cell->territory);
    bind_int(q, 6, cell->verdict);
    bind_int(q, 7, cell->n);
    bind_int(q, 8, cell->d);
    bind_span(q, 9, buf_span(&detail));
    return query_run(store, q, err);
}

int settle_unit(struct store *store, uint32_t unit, uint32_t day,
                struct error *err)
{
    struct evaluation evaluation = {
        .unit = unit, .asof_day = day, .cells_only = true};
    struct duty_input input;
    struct duty_result result;
    sqlite3_stmt *q;
    size_t i;
    int rc =
        evaluate_unit(store, &evaluation, &store->duty, &input, &result, err);

    if (rc != 0) {
        return error_wrap(err, "unit %u", unit);
    }
    q = query(store, OWNER_SETTLE, SETTLE_CELLS_DELETE);
    bind_int(q, 1, unit);
    rc = query_run(store, q, err);
    for (i = 0; rc == 0 && i < result.cells_len; i++) {
        rc = cell_put(store, &result.cells[i], err);
    }
    if (rc != 0) {
        return rc;
    }
    q = query(store, OWNER_SETTLE, SETTLE_WAKE_PUT);
    bind_int(q, 1, unit);
    bind_int(q, 2, result.wake_day == 0 ? INT64_MAX : result.wake_day);
    return query_run(store, q, err);
}

/* What the passing of a date alone can change. */
int day_passed(struct store *store, uint32_t day, struct error *err)
{
    int64_t settled;
    sqlite3_stmt *q;
    int rc = meta_int(store, META_DAY, &settled, err);

    if (rc != 0 || settled == day) {
        return rc;
    }
    /* A clock that was set back: everything may differ. */
    q = query(store, OWNER_SETTLE, SETTLE_WAKE);
    bind_int(q, 1, day);
    bind_int(q, 2, day < settled);
    if ((rc = query_run(store, q, err)) != 0) {
        return rc;
    }
    q = query(store, OWNER_SETTLE, SETTLE_WAKE_RECORDS);
    bind_int(q, 1, day);
    bind_int(q, 2, day < settled);
    if ((rc = query_run(store, q, err)) != 0 ||
        (day < settled && (rc = work_every_record(store, err)) != 0)) {
        return rc;
    }
    return meta_int_put(store, META_DAY, day, err);
}

static int next_unit(struct store *store, uint32_t *unit, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_SETTLE, SETTLE_DIRTY);
    int rc = query_row(store, q, err);

    if (rc == 1) {
        *unit = column_u32(q, 0);
        query_end(q);
    }
    return rc;
}

int store_settle(struct store *store, struct store_now now, uint32_t max_units,
                 struct store_integrated *done, struct error *err)
{
    struct store_integrate_options options = {
        .now = now, .max_events = max_units * SETTLE_RECORDS};
    struct store_integrated out = {0}, folded;
    uint32_t unit;
    int rc;

    if (!store->in_transaction) {
        return error_set(err, ERR_USAGE, "settling needs a transaction");
    }
    /* Records first: a date may have let an act count. */
    if ((rc = day_passed(store, now.day, err)) != 0 ||
        (rc = fold_pending(store, &options, &folded, err)) != 0) {
        return rc;
    }
    out.records = folded.records;
    if (folded.more) {
        out.more = true; /* a day or a unit touched many: no turn is long */
        *done = out;
        return 0;
    }
    while ((rc = next_unit(store, &unit, err)) == 1) {
        sqlite3_stmt *q;

        if (max_units != 0 && out.units == max_units) {
            out.more = true;
            rc = 0;
            break;
        }
        if ((rc = settle_unit(store, unit, now.day, err)) != 0) {
            return rc;
        }
        q = query(store, OWNER_SETTLE, SETTLE_CLEAN);
        bind_int(q, 1, unit);
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
        out.units++;
    }
    if (rc == 0) {
        rc = arena_shrink(&store->duty, FOLD_ARENA, err);
    }
    if (rc == 0) {
        *done = out;
    }
    return rc;
}
