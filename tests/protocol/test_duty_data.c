/* The shipped data of deploy/data: whole, and its files agree. */
#include "tests/protocol/duty_world.h"

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

#define COLUMNS 10

struct row {
    char *fields[COLUMNS];
    size_t len;
};

/* Cuts one line of a CSV without quoting; NULL at the end of the text. */
static char *row_cut(char *text, struct row *row)
{
    char *end = strchr(text, '\n');

    if (*text == '\0' || end == NULL) {
        return NULL;
    }
    *end = '\0';
    row->len = 0;
    for (char *at = text; at != NULL && row->len < COLUMNS;) {
        char *comma = strchr(at, ',');

        row->fields[row->len++] = at;
        if (comma != NULL) {
            *comma++ = '\0';
        }
        at = comma;
    }
    return end + 1;
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static void rules_are_the_eight_and_all_are_understood(void **state)
{
    static const char *const ids[] = {"D0", "D1", "D5", "D6",
                                      "D7", "D8", "P1", "Y1"};
    struct world *w = *state;

    assert_ok(rule_set_check(&w->rules, &w->err), w->err);
    assert_int_equal(w->rules.len, TEST_LEN(ids));
    for (size_t i = 0; i < TEST_LEN(ids); i++) {
        assert_int_equal(strncmp(w->rules.rules[i].id, ids[i], 4), 0);
        assert_int_equal(w->rules.rules[i].kind, i + 1);
        assert_int_equal(rule_value(&w->rules.rules[i], "entry_days", 0, 0), 5);
    }
}

/* duties.md: each rule names its cheapest cheat and the figure that shows it:
 * one row of DUTIES.md a rule, with the titles of rules.json. */
static void every_rule_has_its_cheat_and_figure(void **state)
{
    struct world *w = *state;
    char *text = source_read("deploy/data/DUTIES.md");

    for (size_t i = 0; i < w->rules.len; i++) {
        const struct rule *rule = &w->rules.rules[i];
        char start[256];
        const char *row;
        size_t bars = 0;

        snprintf(start, sizeof(start), "\n| %.4s | %.*s (%.*s) | ", rule->id,
                 (int)rule->title_vi.len, (const char *)rule->title_vi.ptr,
                 (int)rule->title_en.len, (const char *)rule->title_en.ptr);
        row = strstr(text, start);
        if (row == NULL) {
            fail_msg("DUTIES.md has no row \"%s\"", start + 1);
            break;
        }
        for (const char *c = row + 1; *c != '\n'; c++) {
            bars += *c == '|';
        }
        assert_int_equal(bars, 5);
    }
    free(text);
}

static bool holds(const uint32_t *days, size_t len, uint32_t wanted)
{
    for (size_t i = 0; i < len; i++) {
        if (days[i] == wanted) {
            return true;
        }
    }
    return false;
}

static void calendar_file_is_the_calendar_of_the_rules(void **state)
{
    struct world *w = *state;
    const struct calendar *calendar = &w->calendar;
    char *text = source_read("deploy/data/calendar-2024.csv");
    struct row row;
    size_t off = 0;
    size_t worked = 0;
    char *at = row_cut(text, &row);

    while ((at = row_cut(at, &row)) != NULL) {
        uint32_t when = day(row.fields[0]);

        assert_int_equal(row.len, 4);
        if (strcmp(row.fields[1], "coverage_from") == 0) {
            assert_int_equal(when, calendar->from_day);
        } else if (strcmp(row.fields[1], "coverage_until") == 0) {
            assert_int_equal(when, calendar->until_day);
        } else if (strcmp(row.fields[1], "off") == 0) {
            assert_true(holds(calendar->off_days, calendar->off_len, when));
            off++;
        } else {
            assert_string_equal(row.fields[1], "worked");
            assert_true(
                holds(calendar->swapped_days, calendar->swapped_len, when));
            assert_int_equal(day_weekday(when), 5); /* a Saturday */
            worked++;
        }
    }
    assert_int_equal(off, calendar->off_len);
    assert_int_equal(worked, calendar->swapped_len);
    free(text);
}

/* Kinds of a row, in the order the file has them. */
struct counts {
    size_t territories, committees, parties, departments;
};

static void unit_row_check(const struct row *row, struct counts *counts,
                           uint32_t last)
{
    const uint32_t nr = number(row->fields[0]);
    const char *kind = row->fields[1];
    const char *name = row->fields[3];
    const uint32_t above = number(row->fields[7]);

    assert_true(nr > last);
    assert_int_equal(row->len, 10);
    assert_string_equal(row->fields[8], "2019-09-20");
    if (strcmp(kind, "territory") == 0) {
        counts->territories++;
        assert_true(row->fields[4][0] != '\0');
        return;
    }
    assert_string_equal(row->fields[9], "2024-01-01");
    assert_true(number(row->fields[6]) != 0);
    if (strcmp(kind, "peoples_committee") == 0) {
        counts->committees++;
        assert_int_equal(strncmp(name, "UBND ", 5), 0);
        assert_true(nr == 2000 ? above == 0 : above >= 2000 && above <= 2010);
        assert_int_equal(number(row->fields[5]), nr - 1000);
        assert_int_equal(number(row->fields[6]), nr - 1999);
    } else if (strcmp(kind, "party_committee") == 0) {
        counts->parties++;
        assert_non_null(strstr(name, "ủy"));
        assert_true(nr == 3000 ? above == 0 : above >= 3000 && above <= 3010);
        assert_int_equal(number(row->fields[5]), nr - 2000);
        assert_int_equal(number(row->fields[6]), nr - 2999);
    } else {
        assert_string_equal(kind, "department");
        counts->departments++;
    }
}

static void units_are_the_province_of_2019(void **state)
{
    char *text = source_read("deploy/data/units-62-2019.csv");
    struct counts counts = {0};
    struct row row;
    uint32_t last = 0;
    char *at = row_cut(text, &row);

    (void)state;
    assert_string_equal(row.fields[9], "duties_from");
    while ((at = row_cut(at, &row)) != NULL) {
        unit_row_check(&row, &counts, last);
        last = number(row.fields[0]);
    }
    assert_int_equal(counts.territories, 113);
    assert_int_equal(counts.committees, 113);
    assert_int_equal(counts.parties, 113);
    assert_int_equal(counts.departments, 1);
    free(text);
}

static void nodes_are_one_for_each_territory(void **state)
{
    char *text = source_read("deploy/data/nodes-62-2019.csv");
    struct row row;
    uint32_t expected = 0;
    char *at = row_cut(text, &row);

    (void)state;
    while ((at = row_cut(at, &row)) != NULL) {
        uint32_t parent = number(row.fields[2]);

        expected++;
        assert_int_equal(number(row.fields[0]), expected);
        assert_int_equal(number(row.fields[3]), 999 + expected);
        if (expected == 1) {
            assert_int_equal(parent, 0);
        } else if (expected <= 11) {
            assert_int_equal(parent, 1);
        } else {
            assert_true(parent >= 2 && parent <= 11);
        }
    }
    assert_int_equal(expected, 113);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules_are_the_eight_and_all_are_understood),
        TEST(every_rule_has_its_cheat_and_figure),
        TEST(calendar_file_is_the_calendar_of_the_rules),
        TEST(units_are_the_province_of_2019),
        TEST(nodes_are_one_for_each_territory),
    };

    return TEST_RUN(tests);
}
