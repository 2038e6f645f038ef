/* Days and working days, against terms worked out by hand. Holidays of 2024
 * as announced: Tet 8-14 February; 18 April (Hung Kings); 29 April (off,
 * Saturday 4 May worked instead), 30 April, 1 May; 2 and 3 September. */
#include "tests/support/test.h"

#include "protocol/event/wire.h"
#include "protocol/record/calendar.h"
#include "qcdc/v1/event.pb-c.h"

static uint32_t day(const char *text)
{
    struct error err = {0};
    uint32_t out = 0;

    assert_ok(day_parse(span_str(text), &out, &err), err);
    return out;
}

static const char *const off_2024[] = {
    "2024-01-01", "2024-02-08", "2024-02-09", "2024-02-12", "2024-02-13",
    "2024-02-14", "2024-04-18", "2024-04-29", "2024-04-30", "2024-05-01",
    "2024-09-02", "2024-09-03", "2025-01-01"};

static uint32_t off[TEST_LEN(off_2024)];
static uint32_t swapped[1];

static struct calendar calendar_2024(void)
{
    for (size_t i = 0; i < TEST_LEN(off_2024); i++) {
        off[i] = day(off_2024[i]);
    }
    swapped[0] = day("2024-05-04");
    return (struct calendar){.version = 1,
                             .from_day = day("2023-12-01"),
                             .until_day = day("2025-01-20"),
                             .off_days = off,
                             .off_len = TEST_LEN(off),
                             .swapped_days = swapped,
                             .swapped_len = 1};
}

static void assert_added(const char *from, uint32_t count, const char *due)
{
    struct calendar calendar = calendar_2024();
    struct error err = {0};
    uint32_t out = 0;
    char text[DAY_TEXT_SIZE];

    assert_ok(calendar_add_working(&calendar, day(from), count, &out, &err),
              err);
    day_format(out, text);
    assert_string_equal(text, due);
}

static void assert_added_days(const char *from, uint32_t count, const char *due)
{
    struct calendar calendar = calendar_2024();
    struct error err = {0};
    uint32_t out = 0;
    char text[DAY_TEXT_SIZE];

    assert_ok(calendar_add_days(&calendar, day(from), count, &out, &err), err);
    day_format(out, text);
    assert_string_equal(text, due);
}

static void a_date_reads_and_prints_both_ways(void **state)
{
    static const struct {
        const char *text;
        uint32_t day;
        uint32_t weekday; /* 0 = Monday */
    } rows[] = {{"1970-01-01", 0, 3},     {"1970-12-31", 364, 3},
                {"1972-02-29", 789, 1},   {"2000-02-29", 11016, 1},
                {"2024-01-01", 19723, 0}, {"2024-02-29", 19782, 3},
                {"2100-03-01", 47541, 0}, {"9999-12-31", 2932896, 4}};

    (void)state;
    for (size_t i = 0; i < TEST_LEN(rows); i++) {
        char text[DAY_TEXT_SIZE];

        assert_int_equal(day(rows[i].text), rows[i].day);
        day_format(rows[i].day, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(day_weekday(rows[i].day), rows[i].weekday);
    }
    for (uint32_t d = 0; d < 80000; d++) {
        struct civil_day civil = day_to_civil(d);
        struct error err = {0};
        uint32_t back = 0;

        assert_ok(day_from_civil(civil, &back, &err), err);
        assert_int_equal(back, d);
    }
}

static void a_date_that_does_not_exist_is_refused(void **state)
{
    static const char *const texts[] = {
        "2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-4-1",
        "2024/04/01", "1969-12-31", "2024-04-0x", "",           "2024-04-011"};

    (void)state;
    for (size_t i = 0; i < TEST_LEN(texts); i++) {
        struct error err = {0};
        uint32_t out = 77;

        assert_err(day_parse(span_str(texts[i]), &out, &err), ERR_MALFORMED,
                   err);
        assert_int_equal(out, 77);
    }
}

static void a_time_falls_on_its_day_at_utc_plus_7(void **state)
{
    (void)state;
    /* 2024-01-01 00:00 at UTC+7 is 2023-12-31 17:00 UTC. */
    assert_int_equal(day_of_s(1704042000), 19723);
    assert_int_equal(day_of_s(1704041999), 19722);
    assert_int_equal(day_of_ms(1704042000999u), 19723);
    assert_int_equal(day_end_s(19722), 1704041999);
    assert_int_equal(day_of_s(-1), 0);
    assert_int_equal(day_of_s(INT64_MIN), 0);
    assert_int_equal(day_of_s(INT64_MAX), UINT32_MAX);
}

static void art_147_2_the_day_of_the_act_is_not_counted(void **state)
{
    (void)state;
    assert_added("2024-03-01", 1, "2024-03-04"); /* Friday: Monday is day 1 */
    assert_added("2024-03-02", 1, "2024-03-04"); /* Saturday likewise */
    assert_added("2024-03-04", 10, "2024-03-18");
}

static void art_148_5_a_term_that_ends_on_a_rest_day_rolls(void **state)
{
    (void)state;
    assert_added_days("2024-03-01", 45, "2024-04-15"); /* a Monday */
    assert_added_days("2024-03-18", 31, "2024-04-19"); /* 18-4 is a holiday */
    assert_added_days("2024-03-01", 15, "2024-03-18"); /* 16-3 is Saturday */
    assert_added_days("2023-12-31", 0, "2024-01-02");  /* Sunday, then 1-1 */
    assert_added("2024-02-10", 0, "2024-02-15");
}

static void law_42_2013_art_28_ten_working_days_over_tet_2024(void **state)
{
    (void)state;
    /* 5, 6, 7-2 are days 1-3; 8-14 off; 15, 16 = 4, 5; 19-23 = 6-10. */
    assert_added("2024-02-02", 10, "2024-02-23");
}

static void the_swapped_saturday_4_may_2024_counts(void **state)
{
    (void)state;
    /* 25, 26-4 = 1, 2; 27-4 to 1-5 off; 2, 3-5 = 3, 4; 4-5 = 5. */
    assert_added("2024-04-24", 5, "2024-05-04");
    assert_added("2024-04-24", 6, "2024-05-06");
    assert_added_days("2024-04-29", 0, "2024-05-02");
    assert_added_days("2024-05-04", 0, "2024-05-04");
}

static void national_day_2024_is_off_from_31_8_to_3_9(void **state)
{
    (void)state;
    /* 29, 30-8 = 1, 2; 31-8 to 3-9 off; 4, 5, 6-9 = 3, 4, 5. */
    assert_added("2024-08-28", 5, "2024-09-06");
    assert_added_days("2024-08-31", 0, "2024-09-04");
}

static void hung_kings_day_2024_is_skipped(void **state)
{
    (void)state;
    assert_added("2024-04-16", 2, "2024-04-19");
}

static void days_between_count_as_they_add(void **state)
{
    struct calendar calendar = calendar_2024();
    struct error err = {0};
    uint32_t from = day("2024-01-03");

    (void)state;
    for (uint32_t count = 0; count < 240; count++) {
        uint32_t until = 0;
        uint32_t back = 0;

        assert_ok(calendar_add_working(&calendar, from, count, &until, &err),
                  err);
        assert_ok(calendar_working_between(&calendar, from, until, &back, &err),
                  err);
        assert_int_equal(back, count);
    }
    uint32_t none = 5;

    assert_ok(calendar_working_between(&calendar, from, from - 9, &none, &err),
              err);
    assert_int_equal(none, 0);
}

static void paused_days_do_not_count(void **state)
{
    struct calendar calendar = calendar_2024();
    struct day_range pause = {day("2024-03-06"), day("2024-03-08")};
    struct day_range open = {day("2024-03-06"), 0};
    struct error err = {0};
    uint32_t out = 0;

    (void)state;
    /* 4, 5-3 = 1, 2; 6-8 paused; 11-15 = 3-7; 18, 19, 20 = 8, 9, 10. */
    assert_ok(calendar_add_working_paused(
                  &calendar, &(struct term){day("2024-03-01"), 10, &pause, 1},
                  &out, &err),
              err);
    assert_int_equal(out, day("2024-03-20"));
    assert_err(calendar_add_working_paused(
                   &calendar, &(struct term){day("2024-03-01"), 10, &open, 1},
                   &out, &err),
               ERR_NOTFOUND, err);
    assert_err_says(err, "supplement");
    assert_ok(calendar_add_working_paused(
                  &calendar, &(struct term){day("2024-03-01"), 2, &open, 1},
                  &out, &err),
              err);
    assert_int_equal(out, day("2024-03-05"));
}

static void beyond_its_coverage_a_calendar_refuses(void **state)
{
    struct calendar calendar = calendar_2024();
    struct calendar none = {0};
    struct error err = {0};
    uint32_t out = 3;

    (void)state;
    assert_err(
        calendar_add_working(&calendar, day("2025-01-13"), 6, &out, &err),
        ERR_NOTFOUND, err);
    assert_err_says(err, "2025-01-21");
    assert_err(calendar_roll(&calendar, day("2023-11-30"), &out, &err),
               ERR_NOTFOUND, err);
    assert_err(calendar_add_days(&calendar, UINT32_MAX, 2, &out, &err),
               ERR_NOTFOUND, err);
    assert_err(calendar_roll(&none, day("2024-03-01"), &out, &err),
               ERR_NOTFOUND, err);
    assert_err_says(err, "no calendar");
    assert_int_equal(out, 3);
}

static void the_arithmetic_prints_day_by_day(void **state)
{
    struct calendar calendar = calendar_2024();
    struct day_range pause = {day("2024-04-25"), day("2024-04-25")};
    struct error err = {0};
    char text[2048];
    struct buf out = buf_over(text, sizeof(text) - 1);
    static const char vi[] =
        "24/4/2024 (thứ Tư): ngày 0\n"
        "25/4/2024 (thứ Năm): tạm dừng chờ bổ sung, không tính\n"
        "26/4/2024 (thứ Sáu): ngày 1\n"
        "27/4/2024 đến 28/4/2024: nghỉ cuối tuần, không tính\n"
        "29/4/2024 đến 1/5/2024: nghỉ lễ hoặc nghỉ hoán đổi, không tính\n"
        "2/5/2024 (thứ Năm): ngày 2\n"
        "3/5/2024 (thứ Sáu): ngày 3\n"
        "4/5/2024 (thứ Bảy): làm bù, ngày 4\n";

    (void)state;
    assert_ok(calendar_explain(&calendar,
                               &(struct term){day("2024-04-24"), 4, &pause, 1},
                               LANG_VI, &out, &err),
              err);
    text[out.len] = '\0';
    assert_string_equal(text, vi);
    out = buf_over(text, sizeof(text) - 1);
    assert_ok(calendar_explain(&calendar,
                               &(struct term){day("2024-04-16"), 2, NULL, 0},
                               LANG_EN, &out, &err),
              err);
    text[out.len] = '\0';
    assert_string_equal(text, "2024-04-16 (Tuesday): day 0\n"
                              "2024-04-17 (Wednesday): day 1\n"
                              "2024-04-18 (Thursday): holiday or day off in "
                              "exchange, not counted\n"
                              "2024-04-19 (Friday): day 2\n");
}

static void a_calendar_reads_from_published_facts_in_any_order(void **state)
{
    Qcdc__V1__RulesPublished rules = QCDC__V1__RULES_PUBLISHED__INIT;
    Qcdc__V1__Calendar said = QCDC__V1__CALENDAR__INIT;
    uint32_t days[] = {19800, 19790, 19800, 19795};
    uint8_t bytes[128];
    static uint8_t memory[8192];
    struct arena arena;
    struct error err = {0};
    struct calendar calendar = {0};

    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    said.version = 4;
    said.from_day = 19723;
    said.until_day = 20000;
    said.off_days = days;
    said.n_off_days = 4;
    rules.version = 2;
    rules.calendar = &said;

    size_t len = qcdc__v1__rules_published__pack(&rules, bytes);

    assert_ok(
        calendar_from_facts(span_make(bytes, len), &arena, &calendar, &err),
        err);
    assert_int_equal(calendar.version, 4);
    assert_int_equal(calendar.off_len, 3);
    assert_int_equal(calendar.off_days[0], 19790);
    assert_int_equal(calendar.off_days[2], 19800);
    said.until_day = 19723 + 40000;
    len = qcdc__v1__rules_published__pack(&rules, bytes);
    assert_err(
        calendar_from_facts(span_make(bytes, len), &arena, &calendar, &err),
        ERR_LIMIT, err);
    rules.calendar = NULL;
    len = qcdc__v1__rules_published__pack(&rules, bytes);
    assert_err(
        calendar_from_facts(span_make(bytes, len), &arena, &calendar, &err),
        ERR_MALFORMED, err);
    assert_int_equal(calendar.version, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_reads_and_prints_both_ways),
        cmocka_unit_test(a_date_that_does_not_exist_is_refused),
        cmocka_unit_test(a_time_falls_on_its_day_at_utc_plus_7),
        cmocka_unit_test(art_147_2_the_day_of_the_act_is_not_counted),
        cmocka_unit_test(art_148_5_a_term_that_ends_on_a_rest_day_rolls),
        cmocka_unit_test(law_42_2013_art_28_ten_working_days_over_tet_2024),
        cmocka_unit_test(the_swapped_saturday_4_may_2024_counts),
        cmocka_unit_test(national_day_2024_is_off_from_31_8_to_3_9),
        cmocka_unit_test(hung_kings_day_2024_is_skipped),
        cmocka_unit_test(days_between_count_as_they_add),
        cmocka_unit_test(paused_days_do_not_count),
        cmocka_unit_test(beyond_its_coverage_a_calendar_refuses),
        cmocka_unit_test(the_arithmetic_prints_day_by_day),
        cmocka_unit_test(a_calendar_reads_from_published_facts_in_any_order),
    };

    return TEST_RUN(tests);
}
