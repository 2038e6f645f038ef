/* Grades at the boundary days, cells, what cannot be computed, and that the
 * order of records never shows. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* P1 of a petition of 12-3-2024: due 26-3, g 2-4 (see test_duty_petition.c).
 * The person is told on `on`, the event stands between two cosignatures. */
static const struct duty_item *graded(struct world *w, const char *on,
                                      const char *lower, const char *upper,
                                      bool historical, bool approved)
{
    Qcdc__V1__PetitionRecord *p = petition(w, WORLD_COMMUNE, "2024-03-12");

    p->notified = act_between(w, on, lower, upper);
    p->notified->historical = historical;
    p->notified->approved = approved;
    p->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
    w->records_len = 0;
    put_petition(w, id_new(w), p);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    return item(w, "P1", 0);
}

#define assert_graded(i, wanted_verdict, wanted_grade)                         \
    do {                                                                       \
        const struct duty_item *graded_ = (i);                                 \
        assert_string_equal(duty_verdict_text(graded_->verdict, LANG_EN),      \
                            duty_verdict_text((wanted_verdict), LANG_EN));     \
        assert_string_equal(duty_grade_text(graded_->grade, LANG_EN),          \
                            duty_grade_text((wanted_grade), LANG_EN));         \
    } while (0)

/* formats.md section 6: proved when upper <= g. */
static void upper_on_g_is_proved_and_the_day_after_stated(void **state)
{
    struct world *w = *state;

    assert_graded(
        graded(w, "2024-03-26", "2024-03-26", "2024-04-02", false, false),
        DUTY_MET, DUTY_PROVED);
    assert_int_equal(cell(w, "P1", 2024, 3)->stated, 0);
    assert_graded(
        graded(w, "2024-03-26", "2024-03-26", "2024-04-03", false, false),
        DUTY_MET, DUTY_STATED);
    assert_int_equal(cell(w, "P1", 2024, 3)->stated, 1);
}

/* Stated: lower <= g < upper; no cosignature yet is an upper at infinity, none
 * quoted a lower at nothing. */
static void open_brackets_are_stated(void **state)
{
    struct world *w = *state;

    assert_graded(graded(w, "2024-03-26", NULL, NULL, false, false), DUTY_MET,
                  DUTY_STATED);
    assert_graded(graded(w, "2024-03-26", "2024-04-02", NULL, false, false),
                  DUTY_MET, DUTY_STATED);
    assert_graded(graded(w, "2024-03-26", NULL, "2024-04-02", false, false),
                  DUTY_MET, DUTY_PROVED);
}

/* Contradicted: on <= due and g < lower, not historical: counts late. */
static void lower_after_g_contradicts_and_counts_late(void **state)
{
    struct world *w = *state;

    assert_graded(
        graded(w, "2024-03-26", "2024-04-02", "2024-04-10", false, false),
        DUTY_MET, DUTY_STATED);
    assert_graded(
        graded(w, "2024-03-26", "2024-04-03", "2024-04-10", false, false),
        DUTY_LATE, DUTY_CONTRADICTED);
    assert_int_equal(cell(w, "P1", 2024, 3)->contradicted, 1);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_LATE, 0, 1);
}

/* ... unless the superior approved. */
static void approved_contradiction_is_met_and_still_shown(void **state)
{
    struct world *w = *state;
    const struct duty_item *it =
        graded(w, "2024-03-26", "2024-04-03", "2024-04-10", false, true);

    assert_graded(it, DUTY_MET, DUTY_CONTRADICTED);
    assert_true(it->approved);
    assert_int_equal(cell(w, "P1", 2024, 3)->contradicted, 1);
}

/* Historical import: no accusation, shown apart, whatever the bracket. */
static void historical_is_always_stated(void **state)
{
    struct world *w = *state;

    assert_graded(
        graded(w, "2024-03-26", "2024-09-01", "2024-09-02", true, false),
        DUTY_MET, DUTY_STATED);
    assert_graded(
        graded(w, "2024-03-26", "2024-03-26", "2024-03-27", true, false),
        DUTY_MET, DUTY_STATED);
    assert_graded(
        graded(w, "2024-03-28", "2024-09-01", "2024-09-02", true, false),
        DUTY_LATE, DUTY_STATED);
}

static void late_by_its_own_date_is_late_whatever_the_bracket(void **state)
{
    struct world *w = *state;

    assert_graded(
        graded(w, "2024-03-27", "2024-03-27", "2024-03-27", false, false),
        DUTY_LATE, DUTY_PROVED);
    assert_graded(
        graded(w, "2024-03-27", "2024-04-03", "2024-04-10", false, true),
        DUTY_LATE, DUTY_PROVED);
    assert_int_equal(cell(w, "P1", 2024, 3)->contradicted, 0);
}

/* formats.md section 7: missing before unknown before late before met before
 * not due; n met, d all that is due. */
static void cell_takes_the_worst_and_counts_all(void **state)
{
    static const char *const told[] = {"2024-03-20", "2024-03-27", NULL};
    struct world *w = *state;
    const struct duty_cell *c;

    for (size_t i = 0; i < TEST_LEN(told); i++) {
        Qcdc__V1__PetitionRecord *p = petition(w, WORLD_COMMUNE, "2024-03-12");

        if (told[i] != NULL) {
            p->notified = act(w, told[i]);
            p->notified->improved = true;
            p->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
        }
        put_petition(w, id_new(w), p);
    }
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    c = cell(w, "P1", 2024, 3);
    assert_cell(c, DUTY_MISSING, 1, 3);
    assert_int_equal(c->counts[DUTY_LATE], 1);
    assert_int_equal(c->improved, 2);
    assert_int_equal(c->territory, 1052);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_UNKNOWN, 1, 3);
    world_evaluate(w, WORLD_COMMUNE, "2024-04-02", NULL);
    assert_cell(cell(w, "P1", 2024, 3), DUTY_LATE, 1, 2);
}

/* DESIGN section 7: a unit never joined is listed, outside denominators. */
static void unit_that_never_joined_is_not_enrolled(void **state)
{
    struct world *w = *state;

    world_evaluate(w, WORLD_STRANGER, "2024-12-31", "2024-12-31");
    assert_true(w->result.cells_len > 0);
    for (size_t i = 0; i < w->result.cells_len; i++) {
        assert_cell(&w->result.cells[i], DUTY_NOT_ENROLLED, 0, 0);
    }
    assert_int_equal(w->result.items_len, 0);
}

/* The calendar ends on 31-1-2026: a term that runs beyond has no due date, and
 * the cell says so instead of a number. */
static void term_beyond_the_calendar_is_uncomputed(void **state)
{
    struct world *w = *state;
    Qcdc__V1__PetitionRecord *p = petition(w, WORLD_COMMUNE, "2026-01-05");

    put_petition(w, id_new(w), petition(w, WORLD_COMMUNE, "2026-01-26"));
    p->notified = act(w, "2026-01-06");
    p->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
    put_petition(w, id_new(w), p); /* due 16-1 (Saturday 10 worked), g 23-1 */
    world_evaluate(w, WORLD_COMMUNE, "2026-01-31", "2026-01-31");
    assert_cell(cell(w, "P1", 2026, 1), DUTY_UNCOMPUTED, 0, 0);
    assert_int_equal(cell(w, "P1", 2026, 1)->counts[DUTY_MET], 1);
    assert_int_equal(w->result.uncomputed.code, ERR_NOTFOUND);
    assert_true(w->result.uncomputed.text[0] != '\0');
    w->input.calendar = NULL;
    assert_ok(duty_evaluate(&w->input, &w->arena, &w->result, &w->err), w->err);
    assert_cell(cell(w, "D0", 2024, 0), DUTY_UNCOMPUTED, 0, 0);
}

/* duties.md, words: an item uses the rule version in force on the day it
 * arises. */
static void rule_version_is_that_of_the_day_it_arises(void **state)
{
    static const uint32_t five[] = {5};
    struct world *w = *state;
    struct rule *rules =
        arena_array(&w->arena, w->rules.len + 1, sizeof(*rules));
    struct rule_param *params = arena_array(&w->arena, 2, sizeof(*params));
    size_t at = 0;

    for (size_t i = 0; i < w->rules.len; i++) {
        if (memcmp(w->rules.rules[i].id, "P1\0\0", 4) == 0) {
            rules[at] = w->rules.rules[i];
            rules[at].version = 2;
            rules[at].from_day = day("2024-04-01");
            params[0].name = span_str("working_days");
            params[0].values = five;
            params[0].values_len = 1;
            params[1] = *rule_param_find(&rules[at], "entry_days");
            rules[at].params = params;
            rules[at++].params_len = 2;
        }
        rules[at++] = w->rules.rules[i];
    }
    w->rules.rules = rules;
    w->rules.len = at;
    put_petition(w, id_new(w), petition(w, WORLD_COMMUNE, "2024-03-29"));
    put_petition(w, id_new(w), petition(w, WORLD_COMMUNE, "2024-04-01"));
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", "2024-12-31");
    for (size_t i = 0; i < 2; i++) {
        const struct duty_item *it = item(w, "P1", i);

        if (it->arises_day == day("2024-04-01")) { /* 2, 3, 4, 5, 8 */
            assert_int_equal(it->rule_version, 2);
            assert_day(it->due_day, "2024-04-08");
        } else { /* 1 to 5, 8 to 12 April */
            assert_int_equal(it->rule_version, 1);
            assert_day(it->due_day, "2024-04-12");
        }
    }
}

/* A rule of a kind that this program does not know shows as such. */
static void unknown_rule_kind_is_uncomputed(void **state)
{
    struct world *w = *state;
    struct rule *rules =
        arena_array(&w->arena, w->rules.len + 1, sizeof(*rules));

    memcpy(rules, w->rules.rules, w->rules.len * sizeof(*rules));
    rules[w->rules.len] = rules[0];
    memcpy(rules[w->rules.len].id, "Z9\0\0", 4);
    rules[w->rules.len].kind = 99;
    rules[w->rules.len].understood = false;
    w->rules.rules = rules;
    w->rules.len++;
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    assert_cell(cell(w, "Z9", 2024, 0), DUTY_UNCOMPUTED, 0, 0);
    assert_err_says(w->result.uncomputed, "Z9");
}

/* ---- order --------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void rich_province(struct world *w)
{
    static const char *const lines[] = {"2024-03-31", "2024-09-30"};
    struct event_id first = id_new(w);
    struct event_id later = id_new(w);
    Qcdc__V1__DialogueRecord *a = dialogue(w, WORLD_COMMUNE, "2024-03-12");
    Qcdc__V1__DialogueRecord *b = dialogue(w, WORLD_COMMUNE, "2024-09-10");

    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-20"), lines, 2);
    put_plan(w, WORLD_COMMUNE, 2024, act(w, "2024-01-20"), lines, 1);
    for (uint32_t i = 0; i < 20; i++) {
        struct event_id p = id_new(w);
        Qcdc__V1__PetitionRecord *r =
            raised(w, WORLD_COMMUNE, first, "2024-03-12");

        if (i % 3 != 0) {
            conclude(w, a, p, (Qcdc__V1__Conclusion)(i % 3 + 1),
                     i % 2 == 0 ? WORLD_COMMUNE : WORLD_DISTRICT, "2024-04-30",
                     "2024-03-18");
        }
        if (i % 4 == 0) {
            r->answered = act(w, "2024-04-29");
            r->publicity = QCDC__V1__PUBLICITY__PUBLICITY_PERSONAL;
        }
        put_petition(w, p, r);
        r = petition(w, WORLD_COMMUNE, "2024-05-06");
        if (i % 2 == 0) {
            r->notified = act(w, "2024-05-20");
            r->notice = QCDC__V1__NOTICE__NOTICE_ACCEPTED;
        }
        put_petition(w, id_new(w), r);
        previous_add(w, b, p, (Qcdc__V1__Outcome)(i % 3 + 1), "2024-12-01",
                     i % 2, "2024-09-10");
    }
    put_dialogue(w, first, a);
    put_dialogue(w, later, b);
    put_report(w, WORLD_COMMUNE, 2024, QCDC__V1__PERIOD__PERIOD_HALF,
               act(w, "2024-06-11"),
               QCDC__V1__DIALOGUE_SECTION__DIALOGUE_SECTION_PRESENT);
    put_petition(w, id_new(w), petition(w, WORLD_COMMUNE, "2026-01-26"));
}

static void order_of_records_never_shows(void **state)
{
    struct world *w = *state;
    struct duty_result first;
    uint32_t seed = 7;
    size_t mark;

    rich_province(w);
    world_evaluate(w, WORLD_COMMUNE, "2026-01-31", "2024-12-31");
    first = w->result;
    assert_true(first.items_len > 50);
    mark = w->arena.used;
    for (uint32_t round = 0; round < 1000; round++) {
        for (size_t i = w->records_len - 1; i > 0; i--) {
            size_t j = next_random(&seed) % (i + 1);
            struct duty_record swap = w->records[i];

            w->records[i] = w->records[j];
            w->records[j] = swap;
        }
        world_evaluate(w, WORLD_COMMUNE, "2026-01-31", "2024-12-31");
        assert_int_equal(w->result.cells_len, first.cells_len);
        assert_int_equal(w->result.items_len, first.items_len);
        assert_memory_equal(w->result.cells, first.cells,
                            first.cells_len * sizeof(*first.cells));
        assert_memory_equal(w->result.items, first.items,
                            first.items_len * sizeof(*first.items));
        assert_string_equal(w->result.uncomputed.text, first.uncomputed.text);
        assert_int_equal(w->result.wake_day, first.wake_day);
        arena_rewind(&w->arena, mark);
    }
}

static void cells_only_gives_the_same_cells(void **state)
{
    struct world *w = *state;
    struct duty_result full;

    rich_province(w);
    world_evaluate(w, WORLD_COMMUNE, "2026-01-31", "2024-12-31");
    full = w->result;
    w->input.cells_only = true;
    assert_ok(duty_evaluate(&w->input, &w->arena, &w->result, &w->err), w->err);
    assert_int_equal(w->result.items_len, 0);
    assert_int_equal(w->result.cells_len, full.cells_len);
    assert_memory_equal(w->result.cells, full.cells,
                        full.cells_len * sizeof(*full.cells));
}

static void small_arena_is_a_limit_and_bad_bytes_are_corrupt(void **state)
{
    static uint8_t memory[2048];
    static const uint8_t bad[] = {0x5a, 0x03, 0x0a, 0x05, 0x01};
    struct world *w = *state;
    struct arena small;
    struct error err = {0};

    rich_province(w);
    world_evaluate(w, WORLD_COMMUNE, "2024-12-31", NULL);
    arena_init(&small, memory, sizeof(memory));
    assert_err(duty_evaluate(&w->input, &small, &w->result, &err), ERR_LIMIT,
               err);
    w->records[0].kind = RECORD_PETITION;
    w->records[0].bytes = span_make(bad, sizeof(bad));
    assert_err(duty_evaluate(&w->input, &w->arena, &w->result, &err),
               ERR_CORRUPT, err);
    assert_err_says(err, "petition");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(upper_on_g_is_proved_and_the_day_after_stated),
        TEST(open_brackets_are_stated),
        TEST(lower_after_g_contradicts_and_counts_late),
        TEST(approved_contradiction_is_met_and_still_shown),
        TEST(historical_is_always_stated),
        TEST(late_by_its_own_date_is_late_whatever_the_bracket),
        TEST(cell_takes_the_worst_and_counts_all),
        TEST(unit_that_never_joined_is_not_enrolled),
        TEST(term_beyond_the_calendar_is_uncomputed),
        TEST(rule_version_is_that_of_the_day_it_arises),
        TEST(unknown_rule_kind_is_uncomputed),
        TEST(order_of_records_never_shows),
        TEST(cells_only_gives_the_same_cells),
        TEST(small_arena_is_a_limit_and_bad_bytes_are_corrupt),
    };

    return TEST_RUN(tests);
}
