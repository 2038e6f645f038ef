/* store: cells as questions see them; one unit evaluated with items; a
 * snapshot of all. Read next: settle.c, asof.c.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/duty/snapshot.h"
#include "store/evaluate.h"
#include "store/query.h"

enum {
    CELL_LIST,
    CELL_LIST_YEARS,
    CELL_LIST_UNIT,
    CELL_DIRTY
};

#define CELL_COLUMNS                                                           \
    "SELECT unit, duty, year, month, territory, verdict, n, d, detail "        \
    "FROM cells "

static const char *const sql[] = {
    [CELL_LIST] = CELL_COLUMNS "WHERE year = ?1 AND (?2 IS NULL OR duty = ?2) "
                               "ORDER BY territory, unit, duty, month",
    [CELL_LIST_YEARS] = CELL_COLUMNS "WHERE ?1 = 0 AND (?2 IS NULL OR "
                                     "duty = ?2) ORDER BY territory, unit, "
                                     "duty, year, month",
    [CELL_LIST_UNIT] = CELL_COLUMNS
    "WHERE unit = ?3 AND (?1 = 0 OR year = ?1) AND (?2 IS NULL OR duty = ?2) "
    "ORDER BY duty, year, month",
    [CELL_DIRTY] = ("SELECT EXISTS (SELECT 1 FROM dirty_units) OR EXISTS "
                    "(SELECT 1 FROM dirty_records)"),
};
const struct query_table cell_queries = {sql, sizeof(sql) / sizeof(sql[0])};

void cell_detail_encode(const struct duty_cell *cell, struct buf *out)
{
    size_t i;

    for (i = 0; i < DUTY_VERDICTS; i++) {
        buf_put_u32(out, cell->counts[i]);
    }
    buf_put_u32(out, cell->stated);
    buf_put_u32(out, cell->contradicted);
    buf_put_u32(out, cell->extended);
    buf_put_u32(out, cell->postponed);
    buf_put_u32(out, cell->owed_by_others);
    buf_put_u32(out, cell->improved);
    buf_put_u32(out, cell->noted);
    buf_put_u32(out, cell->withdrawn);
    buf_put_u32(out, cell->reopened);
    buf_put_u32(out, cell->rule_version);
    buf_put_u32(out, cell->unconfirmed);
}

void cell_detail_decode(struct span bytes, struct duty_cell *cell)
{
    const uint8_t *at = bytes.ptr;
    size_t i;

    if (bytes.len != CELL_DETAIL_SIZE) {
        return;
    }
    for (i = 0; i < DUTY_VERDICTS; i++, at += 4) {
        cell->counts[i] = read_u32(at);
    }
    cell->stated = read_u32(at);
    cell->contradicted = read_u32(at + 4);
    cell->extended = read_u32(at + 8);
    cell->postponed = read_u32(at + 12);
    cell->owed_by_others = read_u32(at + 16);
    cell->improved = read_u32(at + 20);
    cell->noted = read_u32(at + 24);
    cell->withdrawn = read_u32(at + 28);
    cell->reopened = read_u32(at + 32);
    cell->rule_version = read_u32(at + 36);
    cell->unconfirmed = read_u32(at + 40) != 0;
}

static void read_cell(sqlite3_stmt *q, struct duty_cell *cell)
{
    struct span duty = column_span(q, 1);

    memset(cell, 0, sizeof(*cell));
    cell->unit = column_u32(q, 0);
    memcpy(cell->duty, duty.ptr,
           duty.len < sizeof(cell->duty) ? duty.len : sizeof(cell->duty));
    cell->year = (uint16_t)column_int(q, 2);
    cell->month = (uint8_t)column_int(q, 3);
    cell->territory = column_u32(q, 4);
    cell->verdict = (uint8_t)column_int(q, 5);
    cell->n = column_u32(q, 6);
    cell->d = column_u32(q, 7);
    cell_detail_decode(column_span(q, 8), cell);
}

/* Is the territory of the row within the one asked for? The newest answer is
 * kept: rows come by territory. */
struct within {
    const struct directory *dir;
    uint32_t root;
    uint32_t day;
    uint32_t territory;
    bool answer;
};

static bool is_within(struct within *within, uint32_t territory)
{
    if (within->root == 0) {
        return true;
    }
    if (within->territory != territory) {
        within->territory = territory;
        within->answer = directory_territory_within(within->dir, territory,
                                                    within->root, within->day);
    }
    return within->answer;
}

int store_cell_list(struct store *store, const struct store_cell_filter *filter,
                    struct duty_cell *cells, size_t max, size_t *len,
                    struct error *err)
{
    struct within within = {.root = filter->territory};
    int which = filter->unit != 0   ? CELL_LIST_UNIT
                : filter->year != 0 ? CELL_LIST
                                    : CELL_LIST_YEARS;
    sqlite3_stmt *q;
    char duty[4] = "";
    int64_t day;
    size_t i = 0;
    int rc;

    if ((rc = store_directory(store, &within.dir, err)) != 0 ||
        (rc = meta_int(store, META_DAY, &day, err)) != 0) {
        return rc;
    }
    within.day = (uint32_t)day;
    q = query(store, OWNER_CELL, which);
    bind_int(q, 1, filter->year);
    if (filter->duty != NULL) {
        memcpy(duty, filter->duty, strnlen(filter->duty, sizeof(duty)));
        bind_span(q, 2, SPAN_OF(duty));
    }
    if (filter->unit != 0) {
        bind_int(q, 3, filter->unit);
    }
    while (i < max && (rc = query_row(store, q, err)) == 1) {
        if (is_within(&within, column_u32(q, 4))) {
            read_cell(q, &cells[i++]);
        }
    }
    query_end(q);
    if (rc < 0) {
        return rc;
    }
    *len = i;
    return 0;
}

/* Are the tables those of this day, with nothing left to do? */
static int is_settled(struct store *store, struct store_now asof, bool *settled,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_CELL, CELL_DIRTY);
    int64_t day;
    int rc = query_row(store, q, err);

    *settled = rc == 1 && column_int(q, 0) == 0;
    query_end(q);
    if (rc < 0 || (rc = meta_int(store, META_DAY, &day, err)) != 0) {
        return rc;
    }
    *settled = *settled && day == asof.day;
    return 0;
}

/* Chooses the tables to evaluate from, filling those of asof.c if needed. */
static int choose(struct store *store, struct store_now asof,
                  const struct store_known *known, struct evaluation *out,
                  struct error *err)
{
    bool settled = false;
    int rc = 0;

    memset(out, 0, sizeof(*out));
    out->asof_day = asof.day;
    if (known != NULL && !known->limited) {
        known = NULL;
    }
    if (known == NULL && (rc = is_settled(store, asof, &settled, err)) != 0) {
        return rc;
    }
    if (settled) {
        return 0;
    }
    out->from_asof = true;
    out->known = known;
    return asof_fill(store, asof, known, &out->directory, err);
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_evaluate(struct store *store, uint32_t unit, struct store_now asof,
                   const struct store_known *known, struct arena *arena,
                   struct duty_input *input, struct duty_result *result,
                   struct error *err)
{
    struct evaluation evaluation;
    int rc = choose(store, asof, known, &evaluation, err);

    evaluation.unit = unit;
    return rc != 0
               ? rc
               : evaluate_unit(store, &evaluation, arena, input, result, err);
}

/* ---- snapshot ---- */

struct rows {
    uint8_t *bytes;
    size_t len;
    size_t size;
};

static int add_rows(struct rows *rows, const struct duty_result *result,
                    struct error *err)
{
    size_t i;

    for (i = 0; i < result->cells_len; i++) {
        if (rows->len == rows->size) {
            size_t size = rows->size == 0 ? 4096 : rows->size * 2;
            uint8_t *bytes = realloc(rows->bytes, size * SNAPSHOT_ROW_SIZE);

            if (bytes == NULL) {
                return error_set(err, ERR_NOMEM, "snapshot");
            }
            rows->bytes = bytes;
            rows->size = size;
        }
        snapshot_row(&result->cells[i],
                     rows->bytes + (size_t)SNAPSHOT_ROW_SIZE * rows->len++);
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int store_snapshot(struct store *store, struct store_now asof,
                   const struct store_known *known, uint8_t **rows_out,
                   size_t *rows_len, struct hash *hash, struct error *err)
{
    struct evaluation evaluation;
    const struct directory *dir;
    struct rows rows = {0};
    size_t i;
    int rc = choose(store, asof, known, &evaluation, err);

    dir = evaluation.directory;
    if (rc == 0 && dir == NULL) {
        rc = store_directory(store, &dir, err);
    }
    evaluation.cells_only = true;
    for (i = 0; rc == 0 && i < dir->units_len; i++) {
        struct duty_input input;
        struct duty_result result;

        evaluation.unit = dir->units[i].number;
        rc = evaluate_unit(store, &evaluation, &store->duty, &input, &result,
                           err);
        rc = rc != 0 ? rc : add_rows(&rows, &result, err);
    }
    if (rc == 0) {
        snapshot_sort(rows.bytes, rows.len);
        rc = snapshot_hash(rows.bytes, rows.len, hash, err);
    }
    if (rc != 0) {
        free(rows.bytes);
        return rc;
    }
    *rows_out = rows.bytes;
    *rows_len = rows.len;
    return 0;
}
