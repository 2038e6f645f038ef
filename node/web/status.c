/* node/web: the consolidated page: rows of territories (or units) by duties.
 * Owns the summing of cells into rows and their order, worst first. Never a
 * weighted score and never a share without its counts (DESIGN section 7);
 * units never heard from stand apart. Read next: cells.c. */
#include <stdlib.h>
#include <string.h>

#include "node/web/cells.h"
#include "protocol/duty/rules.h"
#include "protocol/record/directory.h"
#include "protocol/record/fold.h"
#include "store/log.h"
#include "store/query.h"

#define DUTIES_MAX 64u
#define TO_DECIDE_MAX 500u /* the newest */

/* One duty of one row. */
struct status_cell {
    bool there;
    uint8_t verdict;
    struct measure sum;
};

struct status_row {
    uint32_t number; /* of the territory or unit */
    bool enrolled;   /* some unit of it joined */
    bool heard;      /* from some unit of it, ever, if only events */
    int64_t heard_s; /* oldest of its units */
    struct measure sum;
    struct status_cell *cells; /* one a duty */
};

struct status {
    struct rule_set rules;
    char duties[DUTIES_MAX][5];
    size_t duties_len;
    struct status_row *rows;
    size_t rows_len;
    size_t rows_max;
    struct measure total;
    bool by_unit;
};

/* ---- summing
 * ------------------------------------------------------------------ */

static void take_duties(struct status *status)
{
    for (size_t i = 0; i < status->rules.len; i++) {
        const char *id = status->rules.rules[i].id;
        bool known = status->duties_len == DUTIES_MAX;

        for (size_t j = 0; j < status->duties_len; j++) {
            known = known || strncmp(status->duties[j], id, 4) == 0;
        }
        if (!known) {
            memcpy(status->duties[status->duties_len++], id, 4);
        }
    }
}

static size_t duty_index(const struct status *status, const char id[4])
{
    size_t i = 0;

    while (i < status->duties_len && strncmp(status->duties[i], id, 4) != 0) {
        i++;
    }
    return i;
}

static struct status_row *row_for(struct api_call *call, struct status *status,
                                  uint32_t number)
{
    /* Cells come by territory and unit: the row is nearly always the last. */
    for (size_t i = status->rows_len; i > 0; i--) {
        if (status->rows[i - 1].number == number) {
            return &status->rows[i - 1];
        }
    }
    if (status->rows_len == status->rows_max) {
        return NULL;
    }
    struct status_row *row = &status->rows[status->rows_len];

    *row = (struct status_row){.number = number, .heard_s = INT64_MAX};
    row->cells =
        arena_array(&call->arena, status->duties_len, sizeof(*row->cells));
    if (row->cells == NULL) {
        return NULL;
    }
    status->rows_len++;
    return row;
}

/* Events of its host are held, though it did not yet say "nothing more". */
static bool has_sent(struct api_call *call, uint32_t unit)
{
    struct unit_facts facts;
    struct store_log log;
    struct error ignored = {0};

    return directory_unit_at(engine_directory(call->engine), unit, call->today,
                             &facts) &&
           facts.host != 0 &&
           store_log_of(call->store, facts.host, false, &log, &ignored) == 0 &&
           log.head.size > 0;
}

static int hear(struct api_call *call, struct status_row *row, uint32_t unit,
                struct error *err)
{
    int64_t heard_s = 0;
    int rc = store_heard(call->store, unit, &heard_s, err);

    if (rc < 0) {
        return rc;
    }
    row->heard = row->heard || heard_s > 0 || has_sent(call, unit);
    if (heard_s < row->heard_s) {
        row->heard_s = heard_s;
    }
    return 0;
}

static int add_cell(struct api_call *call, struct status *status,
                    const struct duty_cell *cell, uint32_t *last_unit,
                    struct error *err)
{
    uint32_t number = status->by_unit ? cell->unit : cell->territory;
    size_t duty = duty_index(status, cell->duty);
    struct status_row *row = row_for(call, status, number);
    int rc = 0;

    if (row == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the rows");
    }
    if (duty == status->duties_len) {
        return 0; /* of a rule that is gone */
    }
    struct status_cell *sum = &row->cells[duty];

    sum->verdict =
        sum->there ? cells_worse(sum->verdict, cell->verdict) : cell->verdict;
    sum->there = true;
    measure_add(&sum->sum, cell);
    if (cell->verdict != DUTY_NOT_ENROLLED) {
        row->enrolled = true;
        measure_add(&row->sum, cell);
        measure_add(&status->total, cell);
        if (cell->unit != *last_unit) {
            rc = hear(call, row, cell->unit, err);
            *last_unit = cell->unit;
        }
    }
    return rc;
}

static uint64_t badness(const struct status_row *row)
{
    return row->sum.items_of[DUTY_MISSING] + row->sum.items_of[DUTY_LATE];
}

/* Worst first; never heard from, then not enrolled, at the end. */
static int compare_rows(const void *a, const void *b)
{
    const struct status_row *x = a;
    const struct status_row *y = b;
    int apart_x = !x->enrolled ? 2 : !x->heard;
    int apart_y = !y->enrolled ? 2 : !y->heard;

    if (apart_x != apart_y) {
        return apart_x - apart_y;
    }
    if (badness(x) != badness(y)) {
        return badness(x) > badness(y) ? -1 : 1;
    }
    uint64_t unknown_x = x->sum.items_of[DUTY_UNKNOWN];
    uint64_t unknown_y = y->sum.items_of[DUTY_UNKNOWN];

    if (unknown_x != unknown_y) {
        return unknown_x > unknown_y ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

/* ---- the answer
 * --------------------------------------------------------------- */

static void put_duties(struct api_call *call, const struct status *status,
                       uint32_t day)
{
    json_t *array = api_put_array(call->answer, "duties");

    for (size_t i = 0; i < status->duties_len; i++) {
        char id[4];

        memcpy(id, status->duties[i], 4);
        const struct rule *rule = rule_find(&status->rules, id, day);
        json_t *object = api_add_object(array);

        api_put_str(object, "id", status->duties[i]);
        if (rule != NULL) {
            api_put(object, "title_vi", rule->title_vi);
            api_put(object, "title_en", rule->title_en);
            api_put(object, "basis", rule->basis);
            api_put_bool(object, "unconfirmed", rule->unconfirmed);
        }
    }
}

static void put_row(struct api_call *call, json_t *object,
                    const struct status *status, const struct status_row *row,
                    uint32_t day)
{
    struct unit_facts unit = {0};

    (void)directory_unit_at(engine_directory(call->engine), row->number, day,
                            &unit);
    api_put_number(object, "number", row->number);
    api_put(object, "name", unit.name);
    api_put_number(object, "level", unit.level);
    if (status->by_unit) {
        api_put_unit(call, object, "territory", unit.territory);
    }
    api_put_bool(object, "enrolled", row->enrolled);
    api_put_bool(object, "heard_from", row->heard);
    api_put_time(object, "heard", row->heard ? row->heard_s : 0);
    api_put_bool(object, "no_guard", row->heard_s == INT64_MAX);
    cells_put_counts(object, &row->sum);
    json_t *cells = api_put_object(object, "cells");
    for (size_t i = 0; i < status->duties_len; i++) {
        if (!row->cells[i].there) {
            continue;
        }
        json_t *cell = api_put_object(cells, status->duties[i]);

        api_put_str(cell, "verdict", cells_verdict_word(row->cells[i].verdict));
        cells_put_counts(cell, &row->cells[i].sum);
    }
}

static void put_cells(struct api_call *call, const struct duty_cell *cells,
                      size_t len)
{
    json_t *array = api_put_array(call->answer, "cells");

    for (size_t i = 0; i < len; i++) {
        json_t *object = api_add_object(array);
        struct measure sum = {0};
        char duty[5] = "";

        memcpy(duty, cells[i].duty, sizeof(cells[i].duty));
        measure_add(&sum, &cells[i]);
        api_put_number(object, "territory", cells[i].territory);
        api_put_number(object, "unit", cells[i].unit);
        api_put_str(object, "duty", duty);
        api_put_number(object, "year", cells[i].year);
        api_put_number(object, "month", cells[i].month);
        api_put_str(object, "verdict", cells_verdict_word(cells[i].verdict));
        api_put_number(object, "verdict_number", cells[i].verdict);
        cells_put_counts(object, &sum);
    }
}

/* Petitions that came back twice and wait for a unit of this node. */
static int put_to_decide(struct api_call *call, struct error *err)
{
    struct store_record_filter filter = {.kind = RECORD_PETITION,
                                         .asked = true};
    struct store_record *list =
        arena_array(&call->arena, TO_DECIDE_MAX, sizeof(*list));
    size_t len = 0;
    int rc = list == NULL
                 ? error_set(err, ERR_LIMIT, "no room for the list")
                 : store_record_list(call->store, &filter, &call->arena, list,
                                     TO_DECIDE_MAX, &len, err);
    json_t *array = api_put_array(call->answer, "to_decide");

    for (size_t i = 0; rc == 0 && i < len; i++) {
        struct unit_facts unit;

        if (!directory_unit_at(engine_directory(call->engine), list[i].decider,
                               call->today, &unit) ||
            unit.host != engine_node(call->engine)) {
            continue;
        }
        json_t *object = api_add_object(array);

        api_put_id(object, "id", &list[i].subject);
        api_put_code(object, "code", &list[i].subject);
        api_put_day(object, "opened", list[i].opened_day);
        api_put_unit(call, object, "holder", list[i].holder);
        api_put_unit(call, object, "decider", list[i].decider);
    }
    return rc;
}

static int read_filter(struct api_call *call, const struct cells_when *when,
                       struct cells_filter *out, struct error *err)
{
    int rc = api_arg_unit(call, "territory", &out->territory, err);

    out->duty = api_arg(call, "duty");
    rc = rc < 0 ? rc : api_arg_unit(call, "unit", &out->unit, err);
    return rc < 0 ? rc
                  : api_arg_number(call, "year", 9999, day_year(when->now.day),
                                   &out->year, err);
}

static int sum_cells(struct api_call *call, struct status *status,
                     const struct duty_cell *cells, size_t len,
                     struct error *err)
{
    uint32_t last_unit = 0;
    int rc = rule_set_of(engine_directory(call->engine), &call->arena,
                         &status->rules, err);

    if (rc < 0) {
        return rc;
    }
    take_duties(status);
    status->rows_max = engine_directory(call->engine)->units_len + 1;
    status->rows =
        arena_array(&call->arena, status->rows_max, sizeof(*status->rows));
    if (status->rows == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the rows");
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = add_cell(call, status, &cells[i], &last_unit, err);
    }
    if (rc == 0) {
        qsort(status->rows, status->rows_len, sizeof(*status->rows),
              compare_rows);
    }
    return rc;
}

int api_status(struct api_call *call, struct error *err)
{
    struct cells_when when;
    struct cells_filter filter = {0};
    struct status status = {.by_unit = api_arg_flag(call, "by_unit")};
    struct duty_cell *cells = NULL;
    size_t len = 0;
    int rc = cells_when_read(call, &when, err);

    rc = rc < 0 ? rc : read_filter(call, &when, &filter, err);
    rc = rc < 0 ? rc : cells_collect(call, &when, &filter, &cells, &len, err);
    rc = rc < 0 ? rc : sum_cells(call, &status, cells, len, err);
    if (rc < 0) {
        return rc;
    }
    api_put_head(call);
    api_put_day(call->answer, "as_of", when.now.day);
    api_put_bool(call->answer, "known_at", when.known.limited);
    api_put_number(call->answer, "year", filter.year);
    api_put_bool(call->answer, "by_unit", status.by_unit);
    put_duties(call, &status, when.now.day);
    cells_put_counts(api_put_object(call->answer, "total"), &status.total);
    json_t *rows = api_put_array(call->answer, "rows");
    for (size_t i = 0; i < status.rows_len; i++) {
        put_row(call, api_add_object(rows), &status, &status.rows[i],
                when.now.day);
    }
    if (api_arg_flag(call, "detail")) {
        put_cells(call, cells, len);
    }
    return put_to_decide(call, err);
}
