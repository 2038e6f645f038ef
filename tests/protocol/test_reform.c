/* The reform of 1-7-2025, whole: 102 communes of Kon Tum, 170 of Quang Ngai
 * and Ly Son become 96, thirteen and ten districts go. Every commune has one
 * petition that was told about in June and one whose clock runs across the
 * day; a fifth of the nodes bring in a third one late.
 *
 * What must come out, counted by hand from deploy/data/merge-2025.csv
 * (cut -d, -f1 | sort -u | wc -l and the like):
 *   old units                   273   (102 + 170 + Ly Son)
 *   not rearranged                5   (23368 23530 23535 23536, 21538)
 *   new units                    91   (96 - 5)
 *   rows into new units         269   (274 - 5), of 268 old units: 21142 twice
 * Figures of P1 in June 2025, the told ones: 273 of 273, of whoever asks, on
 * 30-6 and on 1-7. In July, the running ones: 273, on 30-6 not due and with
 * the old units, from 1-7 on with whoever has custody. */
#include "tests/protocol/reform_tree.h"

#include "protocol/duty/duty.h"
#include "protocol/duty/rules.h"
#include "tests/protocol/golden.h"

struct span rules_shipped(struct arena *arena); /* duty_world.c */

/* ---- petitions ---- */

struct office {
    struct world w; /* reused: one record at a time */
    struct event_id told[OLDS], running[OLDS], late[OLDS];
};

static struct event_id received(struct world *w, size_t i, const char *day)
{
    return TELL(w, .type = EVENT_PETITION_RECEIVED, .unit = OLD(i),
                .node = NODE(i), .on = day,
                .facts = SAYS(PetitionReceived, petition_received,
                              .channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER,
                              .person_known = 1));
}

static struct event_id petition(struct world *w, size_t i, const char *day,
                                const char *told)
{
    struct event_id id;

    w->len = 0;
    id = received(w, i, day);
    if (told != NULL) {
        TELL(w, .type = EVENT_PERSON_NOTIFIED, .unit = OLD(i), .node = NODE(i),
             .subject = id, .on = told,
             .facts = SAYS(PersonNotified, person_notified,
                           .notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED));
    }
    return id;
}

/* ---- figures ---- */

#define RECORDS_MAX (3 * OLDS)

struct figures {
    struct arena arena;
    struct duty_record records[RECORDS_MAX];
    const uint32_t *units[RECORDS_MAX];
    size_t units_len[RECORDS_MAX];
    size_t len;
    struct rule_set rules;
    uint32_t heard_day;
};

static void put_record(struct figures *f, struct world *w)
{
    uint32_t *units;

    (void)world_fold(w);
    units = arena_array(&f->arena, w->out.units_len, sizeof(*units));
    memcpy(units, w->out.units, w->out.units_len * sizeof(*units));
    f->units[f->len] = units;
    f->units_len[f->len] = w->out.units_len;
    f->records[f->len++] =
        (struct duty_record){.subject = w->out.subject,
                             .kind = RECORD_PETITION,
                             .bytes = arena_copy(&f->arena, w->out.bytes)};
}

static void fold_all(struct figures *f, struct office *o,
                     const struct directory *dir, const char *asof, bool late)
{
    o->w.directory = *dir;
    o->w.asof_day = on(asof);
    f->len = 0;
    for (size_t i = 0; i < OLDS; i++) {
        arena_reset(&o->w.arena);
        o->told[i] = petition(&o->w, i, "2025-06-02", "2025-06-10");
        put_record(f, &o->w);
        o->running[i] = petition(&o->w, i, "2025-06-24", NULL);
        put_record(f, &o->w);
        if (late && i % 5 == 0) {
            o->late[i] = petition(&o->w, i, "2025-06-03", "2025-06-12");
            put_record(f, &o->w);
        }
    }
}

static int heard(void *ctx, uint32_t unit_number, int64_t *heard_s,
                 struct error *err)
{
    const struct figures *f = ctx;

    (void)unit_number;
    (void)err;
    *heard_s = day_end_s(f->heard_day);
    return 0;
}

struct sum {
    uint32_t n, d, not_due;
};

/* P1 of one unit in one month of 2025. */
static struct sum unit_sum(struct figures *f, const struct directory *dir,
                           uint32_t number, const char *asof, uint32_t month)
{
    static struct duty_record mine[RECORDS_MAX];
    struct duty_input input = {.directory = dir,
                               .rules = &f->rules,
                               .calendar = &dir->calendar,
                               .unit = number,
                               .asof_day = on(asof),
                               .records = mine,
                               .heard = heard,
                               .heard_ctx = f,
                               .cells_only = true};
    struct duty_result result;
    struct sum sum = {0};
    struct error err = {0};
    size_t mark = f->arena.used;

    f->heard_day = on(asof);
    for (size_t i = 0; i < f->len; i++) {
        for (size_t k = 0; k < f->units_len[i]; k++) {
            if (f->units[i][k] == number) {
                mine[input.records_len++] = f->records[i];
            }
        }
    }
    assert_ok(duty_evaluate(&input, &f->arena, &result, &err), err);
    for (size_t i = 0; i < result.cells_len; i++) {
        const struct duty_cell *cell = &result.cells[i];

        if (memcmp(cell->duty, "P1\0", 4) == 0 && cell->year == 2025 &&
            cell->month == month) {
            sum.n = cell->n;
            sum.d = cell->d;
            sum.not_due = cell->counts[DUTY_NOT_DUE];
            assert_true(cell->n <= cell->d); /* no rate over 100 % */
        }
    }
    arena_rewind(&f->arena, mark);
    return sum;
}

/* Over every unit whose territory lies in `root` that day (0: all). */
static struct sum sum_of(struct figures *f, const struct directory *dir,
                         uint32_t root, const char *asof, uint32_t month)
{
    struct sum all = {0};

    for (size_t i = 0; i < dir->units_len; i++) {
        struct unit_facts facts;
        struct sum one;

        if (!directory_unit_at(dir, dir->units[i].number, on(asof), &facts) ||
            (root != 0 && !directory_territory_within(dir, facts.territory,
                                                      root, on(asof)))) {
            continue;
        }
        one = unit_sum(f, dir, facts.number, asof, month);
        all.n += one.n;
        all.d += one.d;
        all.not_due += one.not_due;
    }
    return all;
}

#define assert_sum(got, wanted_n, wanted_d, wanted_not_due)                    \
    do {                                                                       \
        struct sum got_ = (got);                                               \
        assert_int_equal(got_.n, (wanted_n));                                  \
        assert_int_equal(got_.d, (wanted_d));                                  \
        assert_int_equal(got_.not_due, (wanted_not_due));                      \
    } while (0)

/* How many running petitions new commune k must have: one of each old unit
 * that goes there, but the one of the split to where it is named. */
static uint32_t expected(const struct reform *f, size_t k)
{
    uint32_t count = 0;

    for (size_t at = 0; at < f->rows_len; at++) {
        const struct row *row = &f->rows[at];

        if (strcmp(row->new, f->news[k]) != 0 ||
            strcmp(row->old, UNNAMED) == 0) {
            continue;
        }
        count += strcmp(row->old, SPLIT) != 0 || strcmp(row->new, NAMED) == 0;
    }
    return count;
}

static void check_before(struct figures *f, const struct directory *dir,
                         uint32_t late)
{
    assert_sum(sum_of(f, dir, 0, BEFORE, 6), OLDS + late, OLDS + late, 0);
    assert_sum(sum_of(f, dir, 0, BEFORE, 7), 0, 0, OLDS);
    /* Each province has its own: 102, and 170 with Ly Son. */
    assert_int_equal(sum_of(f, dir, KONTUM_LAND, BEFORE, 7).not_due, 102);
    assert_int_equal(sum_of(f, dir, PROVINCE_LAND, BEFORE, 7).not_due, 171);
    for (size_t k = 0; k < NEWS; k++) {
        assert_sum(unit_sum(f, dir, NEW(k), BEFORE, 7), 0, 0, 0);
    }
}

static void check_after(struct figures *f, const struct reform *rows,
                        const struct directory *dir, uint32_t late)
{
    uint32_t in_parts = 0;

    assert_sum(sum_of(f, dir, 0, REFORM, 6), OLDS + late, OLDS + late, 0);
    assert_sum(sum_of(f, dir, 0, REFORM, 7), 0, 0, OLDS);
    /* The one province has them all; so have its communes together. */
    assert_sum(sum_of(f, dir, PROVINCE_LAND, REFORM, 6), OLDS + late,
               OLDS + late, 0);
    assert_int_equal(sum_of(f, dir, PROVINCE_LAND, REFORM, 7).not_due, OLDS);
    for (size_t k = 0; k < NEWS; k++) {
        size_t at = 0;
        size_t olds = OLDS;

        while (strcmp(rows->rows[at].new, rows->news[k]) != 0) {
            at++;
        }
        size_t i = reform_index((char(*)[8])(uintptr_t)rows->olds, &olds,
                                rows->rows[at].old);

        if (rows->stays[i]) {
            assert_int_equal(unit_sum(f, dir, OLD(i), REFORM, 7).not_due, 1);
            in_parts += sum_of(f, dir, LAND(i), REFORM, 6).n;
            continue;
        }
        assert_int_equal(unit_sum(f, dir, NEW(k), REFORM, 7).not_due,
                         expected(rows, k));
        assert_int_equal(unit_sum(f, dir, OLD(i), REFORM, 7).not_due, 0);
        in_parts += sum_of(f, dir, NLAND(k), REFORM, 6).n;
    }
    assert_int_equal(in_parts, OLDS + late); /* nothing twice, nothing lost */
    /* What was forgotten is the province's task, and shown as such. */
    assert_int_equal(unit_sum(f, dir, PROVINCE_PC, REFORM, 7).not_due, 1);
}

static void the_whole_reform_leaves_both_days_right(void **state)
{
    static struct reform rows;
    static struct realm r;
    static struct office o;
    static struct figures f;
    struct error err = {0};
    struct span facts;
    size_t split;

    (void)state;
    reform_read(&rows);
    realm_open(&r);
    arena_release(&r.arena);
    arena_release(&r.turn);
    assert_ok(arena_new(&r.arena, (size_t)16 << 20, &err), err);
    assert_ok(arena_new(&r.turn, (size_t)48 << 20, &err), err);
    assert_ok(arena_new(&f.arena, (size_t)32 << 20, &err), err);
    world_open(&o.w, RECORD_PETITION);
    reform_old_tree(&r, &rows);
    facts = rules_shipped(&f.arena);
    assert_ok(rule_set_decode(facts, &f.arena, &f.rules, &err), err);

    /* Before anybody told of the reform. */
    realm_build(&r);
    assert_int_equal(r.dir.not_effective, 0);
    assert_ok(calendar_from_facts(facts, &f.arena, &r.dir.calendar, &err), err);
    size_t mark = f.arena.used;

    fold_all(&f, &o, &r.dir, BEFORE, false);
    check_before(&f, &r.dir, 0);

    split = reform_index(rows.olds, &rows.olds_len, SPLIT);
    reform_say(&r, &rows, &o.running[split]);
    realm_build(&r);
    assert_int_equal(r.dir.not_effective, 0);
    assert_ok(calendar_from_facts(facts, &r.turn, &r.dir.calendar, &err), err);
    for (unsigned late = 0; late < 2; late++) {
        uint32_t more = late ? 55 : 0; /* every fifth of 273, from the first */

        arena_rewind(&f.arena, mark);
        fold_all(&f, &o, &r.dir, BEFORE, late);
        check_before(&f, &r.dir, more);
        fold_all(&f, &o, &r.dir, REFORM, late);
        check_after(&f, &rows, &r.dir, more);
    }
    /* Nobody told the people: due on 8-7, entered by 15-7, heard on 20-7. */
    fold_all(&f, &o, &r.dir, "2025-07-20", true);
    assert_sum(sum_of(&f, &r.dir, PROVINCE_LAND, "2025-07-20", 7), 0, OLDS, 0);
    assert_sum(unit_sum(&f, &r.dir, PROVINCE_PC, "2025-07-20", 7), 0, 1, 0);
    world_close(&o.w);
    arena_release(&f.arena);
    realm_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_reform_leaves_both_days_right),
    };

    return TEST_RUN(tests);
}
