/* tests/sim/reform: the verdict on figures, at the province. Owns what it
 * showed on the eve; counts nothing itself but sums. Next: main.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/duty/snapshot.h"
#include "protocol/record/calendar.h"
#include "store/query.h"
#include "tests/sim/reform/judge.h"

static struct store_now as_of(unsigned day)
{
    struct civil_day civil = {
        .year = 2025, .month = day / 100, .day = day % 100};
    uint32_t number = 0;
    struct error err = {0};

    if (day_from_civil(civil, &number, &err) != 0) {
        world_fail("%s", err.text);
    }
    return (struct store_now){.day = number, .time_s = day_end_s(number)};
}

/* ---- P1, unit by unit ---- */

static bool shown(uint32_t unit, unsigned day, unsigned month,
                  struct count *out)
{
    static struct arena room;
    struct duty_input input;
    struct duty_result result;
    struct error err = {0};

    memset(out, 0, sizeof(*out));
    if ((room.size == 0 && arena_new(&room, 4u << 20, &err) != 0) ||
        store_evaluate(engine_store(tree_top()->engine), unit, as_of(day), NULL,
                       &room, &input, &result, &err) != 0) {
        world_fail("the province has no figures of unit %u: %s", unit,
                   err.text);
        return false;
    }
    for (size_t i = 0; i < result.cells_len; i++) {
        const struct duty_cell *cell = &result.cells[i];

        if (memcmp(cell->duty, "P1\0", 4) == 0 && cell->year == 2025 &&
            cell->month == month) {
            out->met += cell->n;
            out->late += cell->counts[DUTY_LATE];
            out->missing +=
                cell->counts[DUTY_MISSING] + cell->counts[DUTY_UNKNOWN];
            out->not_due += cell->counts[DUTY_NOT_DUE];
        }
    }
    return true;
}

static void count_add(struct count *sum, const struct count *one)
{
    sum->met += one->met;
    sum->late += one->late;
    sum->missing += one->missing;
    sum->not_due += one->not_due;
}

struct count judge_figures(const struct facts *facts, unsigned day,
                           unsigned month)
{
    const struct directory *dir = engine_directory(tree_top()->engine);
    struct count sum = {0};

    (void)facts;
    for (size_t i = 0; i < dir->units_len && !world.failed; i++) {
        uint32_t unit = dir->units[i].number;
        struct count wanted = office_count(unit, month, day);
        struct count got;

        if (!shown(unit, day, month, &got)) {
            break;
        }
        if (memcmp(&got, &wanted, sizeof(got)) != 0) {
            world_fail("unit %u, %u/2025, as of %u: %u met, %u late, %u "
                       "missing, %u not due; the scenario counts %u, %u, %u, "
                       "%u",
                       unit, month, day, got.met, got.late, got.missing,
                       got.not_due, wanted.met, wanted.late, wanted.missing,
                       wanted.not_due);
        }
        count_add(&sum, &got);
    }
    return sum;
}

/* ---- the eve, to the digit ---- */

static uint8_t *eve;
static size_t eve_len;

static size_t rows_of(uint8_t **rows)
{
    struct hash hash;
    struct error err = {0};
    size_t len = 0;

    if (store_snapshot(engine_store(tree_top()->engine), as_of(630), NULL, rows,
                       &len, &hash, &err) != 0) {
        world_fail("the province has no snapshot of 30-6: %s", err.text);
        *rows = NULL;
        return 0;
    }
    return len;
}

void judge_eve_keep(void)
{
    eve_len = rows_of(&eve);
}

struct comparing {
    const struct facts *facts;
    size_t gone;
};

static bool was_away(const struct facts *facts, uint32_t unit)
{
    return unit >= OLD_UNIT(0) && unit - OLD_UNIT(0) < facts->olds_len &&
           office.away[machine_index(tree_commune(unit - OLD_UNIT(0)))];
}

static int differs(void *ctx, const uint8_t *ours, const uint8_t *theirs)
{
    struct comparing *comparing = ctx;
    struct duty_cell before = {.unit = 0};
    struct duty_cell after = {.unit = 0};

    if (ours != NULL) {
        snapshot_read(ours, &before);
    }
    if (theirs != NULL) {
        snapshot_read(theirs, &after);
    }
    if (was_away(comparing->facts,
                 before.unit != 0 ? before.unit : after.unit)) {
        return 0;
    }
    /* Periods that outlast the unit: nothing of them is owed any more. */
    if (theirs == NULL && before.n == 0 && before.d == 0) {
        comparing->gone++;
        return 0;
    }
    world_fail("30-6, then and now: unit %u %.4s %u/%u was %u (%u of %u), "
               "unit %u is %u (%u of %u)",
               before.unit, ours != NULL ? before.duty : after.duty,
               before.month, before.year, before.verdict, before.n, before.d,
               after.unit, after.verdict, after.n, after.d);
    return 1;
}

size_t judge_eve_same(const struct facts *facts)
{
    struct comparing comparing = {facts, 0};
    uint8_t *now = NULL;
    size_t now_len = rows_of(&now);

    if (!world.failed) {
        (void)snapshot_compare(eve, eve_len, now, now_len, differs, &comparing);
    }
    free(now);
    free(eve);
    eve = NULL;
    return eve_len - comparing.gone;
}
