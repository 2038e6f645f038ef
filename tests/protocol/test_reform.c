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
#include "tests/protocol/realm.h"

#include "protocol/duty/duty.h"
#include "protocol/duty/rules.h"
#include "tests/protocol/golden.h"

struct span rules_shipped(struct arena *arena); /* duty_world.c */

#define TOP 1u
#define OLD(i) (10000u + (uint32_t)(i))   /* committee of old commune i */
#define LAND(i) (20000u + (uint32_t)(i))  /* its territory */
#define NODE(i) (30000u + (uint32_t)(i))  /* its node */
#define NEW(k) (40000u + (uint32_t)(k))   /* committee of new commune k */
#define NLAND(k) (50000u + (uint32_t)(k)) /* its territory */
#define DISTRICT(d) (60000u + (uint32_t)(d))
#define PROVINCE_PC 70000u
#define KONTUM_PC 70001u
#define PROVINCE_LAND 71000u
#define KONTUM_LAND 71001u

#define REFORM "2025-07-01"
#define BEFORE "2025-06-30"

#define OLDS 273
#define NEWS 96
#define UNNAMED "21034" /* its petition was forgotten in the hand-over */
#define SPLIT "21142"   /* Tra Bui: to Ca Dam (named) and Tay Tra Bong */
#define NAMED "21136"

struct row {
    char old[8], district[8], province[8], new[8];
};

struct reform {
    struct row rows[300];
    size_t rows_len;
    char olds[300][8], news[100][8], districts[40][8];
    char old_district[300][8], old_province[300][8];
    size_t olds_len, news_len, districts_len;
    bool stays[300]; /* not rearranged: the unit goes on */
    size_t heirs_of[100];
};

static size_t index_of(char list[][8], size_t *len, const char *code)
{
    size_t i = 0;

    while (i < *len && strcmp(list[i], code) != 0) {
        i++;
    }
    if (i == *len) {
        snprintf(list[(*len)++], 8, "%s", code);
    }
    return i;
}

static void cell_at(const char *line, unsigned column, char out[8])
{
    size_t len = 0;

    for (; column > 0; line++) {
        column -= *line == ',';
    }
    while (*line != ',' && len < 7) {
        out[len++] = *line++;
    }
    out[len] = '\0';
}

static void read_rows(struct reform *f)
{
    size_t size;
    char *text = golden_text("deploy/data/merge-2025.csv", &size);

    for (const char *line = strchr(text, '\n') + 1;
         line < text + size && *line != '\0'; line = strchr(line, '\n') + 1) {
        struct row *row = &f->rows[f->rows_len++];
        size_t i, k;

        cell_at(line, 0, row->old);
        cell_at(line, 2, row->district);
        cell_at(line, 3, row->province);
        cell_at(line, 4, row->new);
        i = index_of(f->olds, &f->olds_len, row->old);
        k = index_of(f->news, &f->news_len, row->new);
        memcpy(f->old_district[i], row->district, 8);
        memcpy(f->old_province[i], row->province, 8);
        (void)index_of(f->districts, &f->districts_len, row->district);
        f->heirs_of[k]++;
    }
    free(text);
    assert_int_equal(f->rows_len, 274);
    assert_int_equal(f->olds_len, OLDS);
    assert_int_equal(f->news_len, NEWS);
    for (size_t r = 0; r < f->rows_len; r++) {
        const struct row *row = &f->rows[r];
        size_t k = index_of(f->news, &f->news_len, row->new);

        if (f->heirs_of[k] == 1 && strcmp(row->old, row->new) == 0) {
            f->stays[index_of(f->olds, &f->olds_len, row->old)] = true;
        }
    }
}

/* ---- the directory ---- */

static void unit(struct realm *r, struct unit_row u, bool land, uint32_t level,
                 const char *code, const char *from)
{
    SAY(r, .type = EVENT_UNIT_REGISTERED, .issuer = TOP, .signer = ADMIN(TOP),
        .facts = SAYS(
            UnitRegistered, unit_registered, .number = u.number,
            .kind = land ? QCDC__V1__UNIT_KIND__UNIT_KIND_TERRITORY
                         : QCDC__V1__UNIT_KIND__UNIT_KIND_PEOPLES_COMMITTEE,
            .level = (Qcdc__V1__Level)level, .name = text_of("đơn vị"),
            .code = text_of(code), .territory = u.territory, .host = u.host,
            .reports_to = u.reports_to, .from_day = on(from)));
}

static void old_tree(struct realm *r, const struct reform *f)
{
    realm_top(r, TOP, ROOT);
    unit(r, (struct unit_row){PROVINCE_LAND, 0, 0, 0}, true, 1, "51",
         "2019-09-20");
    unit(r, (struct unit_row){KONTUM_LAND, 0, 0, 0}, true, 1, "62",
         "2019-09-20");
    unit(r, (struct unit_row){PROVINCE_PC, TOP, 0, PROVINCE_LAND}, false, 1,
         "51", "2019-09-20");
    unit(r, (struct unit_row){KONTUM_PC, TOP, 0, KONTUM_LAND}, false, 1, "62",
         "2019-09-20");
    for (size_t d = 0; d < f->districts_len; d++) {
        bool kontum = f->districts[d][0] == '6';

        unit(r,
             (struct unit_row){DISTRICT(d), TOP,
                               kontum ? KONTUM_PC : PROVINCE_PC,
                               kontum ? KONTUM_LAND : PROVINCE_LAND},
             false, 2, f->districts[d], "2019-09-20");
    }
    for (size_t i = 0; i < f->olds_len; i++) {
        size_t districts = f->districts_len;
        size_t d = index_of((char(*)[8])(uintptr_t)f->districts, &districts,
                            f->old_district[i]);
        bool kontum = f->old_province[i][0] == '6';

        unit(r,
             (struct unit_row){LAND(i), 0, 0,
                               kontum ? KONTUM_LAND : PROVINCE_LAND},
             true, 3, f->olds[i], "2019-09-20");
        unit(r, (struct unit_row){OLD(i), NODE(i), DISTRICT(d), LAND(i)}, false,
             3, f->olds[i], "2019-09-20");
        realm_certify(r, TOP, NODE(i), OLD(i), "2024-01-02");
    }
}

static void transfer(struct realm *r, uint32_t from, uint32_t to,
                     const struct event_id *named)
{
    ProtobufCBinaryData id = {0};

    if (named != NULL) {
        id = id_of(named);
    }
    SAY(r, .type = EVENT_CUSTODY_TRANSFERRED, .issuer = TOP, .on = "2025-06-25",
        .signer = ADMIN(TOP),
        .facts = SAYS(CustodyTransferred, custody_transferred, .from = from,
                      .to = to, .from_day = on(REFORM),
                      .n_subject_ids = named != NULL, .subject_ids = &id));
}

static void reorganise(struct realm *r, Qcdc__V1__Heir *rows, size_t len)
{
    Qcdc__V1__Heir *list[700];

    for (size_t i = 0; i < len; i++) {
        list[i] = &rows[i];
    }
    SAY(r, .type = EVENT_UNITS_REORGANISED, .issuer = TOP, .on = "2025-06-20",
        .signer = ADMIN(TOP),
        .facts = SAYS(UnitsReorganised, units_reorganised,
                      .kind = QCDC__V1__REORGANISATION__REORGANISATION_MERGE,
                      .from_day = on(REFORM), .n_heirs = len, .heirs = list));
}

static void heir_add(Qcdc__V1__Heir *rows, size_t *len, uint32_t from,
                     uint32_t to, bool rest)
{
    rows[*len] = (Qcdc__V1__Heir)QCDC__V1__HEIR__INIT;
    rows[*len].from = from;
    rows[*len].to = to;
    rows[(*len)++].rest = rest;
}

static void new_units(struct realm *r, const struct reform *f)
{
    for (size_t k = 0; k < f->news_len; k++) {
        size_t at = 0;

        /* The node of one that goes into it stays (of most, its code too). */
        while (strcmp(f->rows[at].new, f->news[k]) != 0) {
            at++;
        }
        size_t olds = f->olds_len;
        size_t i =
            index_of((char(*)[8])(uintptr_t)f->olds, &olds, f->rows[at].old);

        if (f->stays[i]) {
            SAY(r, .type = EVENT_UNIT_CHANGED, .issuer = TOP,
                .on = "2025-06-20", .signer = ADMIN(TOP),
                .facts =
                    SAYS(UnitChanged, unit_changed, .number = OLD(i),
                         .from_day = on(REFORM), .reports_to = PROVINCE_PC));
            SAY(r, .type = EVENT_UNIT_CHANGED, .issuer = TOP,
                .on = "2025-06-20", .signer = ADMIN(TOP),
                .facts =
                    SAYS(UnitChanged, unit_changed, .number = LAND(i),
                         .from_day = on(REFORM), .territory = PROVINCE_LAND));
            continue;
        }
        unit(r, (struct unit_row){NLAND(k), 0, 0, PROVINCE_LAND}, true, 3,
             f->news[k], REFORM);
        unit(r, (struct unit_row){NEW(k), NODE(i), PROVINCE_PC, NLAND(k)},
             false, 3, f->news[k], REFORM);
    }
}

static void reform(struct realm *r, const struct reform *f,
                   const struct event_id *named)
{
    static Qcdc__V1__Heir rows[700];
    size_t len = 0;

    new_units(r, f);
    for (size_t at = 0; at < f->rows_len; at++) {
        const struct row *row = &f->rows[at];
        size_t olds = f->olds_len, news = f->news_len;
        size_t i = index_of((char(*)[8])(uintptr_t)f->olds, &olds, row->old);
        size_t k = index_of((char(*)[8])(uintptr_t)f->news, &news, row->new);
        bool split = strcmp(row->old, SPLIT) == 0;
        bool by_name = split && strcmp(row->new, NAMED) == 0;

        if (f->stays[i]) {
            continue;
        }
        heir_add(rows, &len, OLD(i), NEW(k), split && !by_name);
        heir_add(rows, &len, LAND(i), NLAND(k), split && !by_name);
        if (strcmp(row->old, UNNAMED) != 0) {
            transfer(r, OLD(i), NEW(k), by_name ? named : NULL);
        }
    }
    for (size_t d = 0; d < f->districts_len; d++) {
        heir_add(rows, &len, DISTRICT(d), PROVINCE_PC, false);
    }
    heir_add(rows, &len, KONTUM_PC, PROVINCE_PC, false);
    heir_add(rows, &len, KONTUM_LAND, PROVINCE_LAND, false);
    reorganise(r, rows, len);
    for (size_t i = 0; i < f->olds_len; i++) {
        realm_certify(r, TOP, NODE(i), OLD(i), "2025-06-21");
    }
}

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
        size_t i = index_of((char(*)[8])(uintptr_t)rows->olds, &olds,
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
    read_rows(&rows);
    realm_open(&r);
    arena_release(&r.arena);
    arena_release(&r.turn);
    assert_ok(arena_new(&r.arena, (size_t)16 << 20, &err), err);
    assert_ok(arena_new(&r.turn, (size_t)48 << 20, &err), err);
    assert_ok(arena_new(&f.arena, (size_t)32 << 20, &err), err);
    world_open(&o.w, RECORD_PETITION);
    old_tree(&r, &rows);
    facts = rules_shipped(&f.arena);
    assert_ok(rule_set_decode(facts, &f.arena, &f.rules, &err), err);

    /* Before anybody told of the reform. */
    realm_build(&r);
    assert_int_equal(r.dir.not_effective, 0);
    assert_ok(calendar_from_facts(facts, &f.arena, &r.dir.calendar, &err), err);
    size_t mark = f.arena.used;

    fold_all(&f, &o, &r.dir, BEFORE, false);
    check_before(&f, &r.dir, 0);

    split = index_of(rows.olds, &rows.olds_len, SPLIT);
    reform(&r, &rows, &o.running[split]);
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
