/* protocol/record: days at UTC+7 and the arithmetic of working days.
 * Owns nothing; never guesses beyond what the published calendar covers.
 * Next: calendar_explain.c prints the same arithmetic for people. */
#include "protocol/record/calendar.h"

#include <stdio.h>
#include <stdlib.h>

#include "protocol/event/wire.h"
#include "protocol/limits.h"
#include "qcdc/v1/event.pb-c.h"

#define ZONE_S INT64_C(25200) /* UTC+7 */
#define DAY_S INT64_C(86400)
#define COVERAGE_MAX 36600u /* days: a hundred years bounds every walk here */

uint32_t day_of_s(int64_t unix_s)
{
    if (unix_s < -ZONE_S) {
        return 0;
    }
    if (unix_s > INT64_MAX - ZONE_S) {
        return UINT32_MAX;
    }

    int64_t day = (unix_s + ZONE_S) / DAY_S;

    return day > UINT32_MAX ? UINT32_MAX : (uint32_t)day;
}

uint32_t day_of_ms(uint64_t unix_ms)
{
    return day_of_s((int64_t)(unix_ms / 1000));
}

int64_t day_end_s(uint32_t day)
{
    return ((int64_t)day + 1) * DAY_S - ZONE_S - 1;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to 1 January of a year from 1970 on. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1;

    return 365 * (year - 1970) + (past / 4 - past / 100 + past / 400) -
           (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static uint32_t days_in_month(int64_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

int day_from_civil(struct civil_day civil, uint32_t *day, struct error *err)
{
    if (civil.year < 1970 || civil.year > 9999 || civil.month < 1 ||
        civil.month > 12 || civil.day < 1 ||
        civil.day > days_in_month(civil.year, civil.month)) {
        return error_set(
            err, ERR_MALFORMED, "%d-%02u-%02u is no date between 1970 and 9999",
            (int)civil.year, (unsigned)civil.month, (unsigned)civil.day);
    }

    int64_t days = days_before_year(civil.year);

    for (uint32_t month = 1; month < civil.month; month++) {
        days += days_in_month(civil.year, month);
    }
    *day = (uint32_t)(days + civil.day - 1);
    return 0;
}

struct civil_day day_to_civil(uint32_t day)
{
    int64_t year = 1970 + (int64_t)day / 366;

    while (days_before_year(year + 1) <= (int64_t)day) {
        year++;
    }

    uint32_t rest = (uint32_t)((int64_t)day - days_before_year(year));
    uint32_t month = 1;

    while (rest >= days_in_month(year, month)) {
        rest -= days_in_month(year, month);
        month++;
    }
    return (struct civil_day){
        .year = (int32_t)year, .month = month, .day = rest + 1};
}

uint32_t day_year(uint32_t day)
{
    return (uint32_t)day_to_civil(day).year;
}

uint32_t day_weekday(uint32_t day)
{
    return (uint32_t)(((uint64_t)day + 3) % 7); /* 1970-01-01: Thursday */
}

int day_parse(struct span text, uint32_t *day, struct error *err)
{
    uint32_t part[3] = {0, 0, 0};
    size_t at = 0;

    for (size_t i = 0; text.len == 10 && i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (i == 4 || i == 7) {
            at++;
            if (c != '-') {
                text.len = 0;
            }
        } else if (c < '0' || c > '9') {
            text.len = 0;
        } else {
            part[at] = part[at] * 10 + (uint32_t)(c - '0');
        }
    }
    if (text.len != 10) {
        return error_set(err, ERR_MALFORMED,
                         "not a date: write it as 2024-03-01");
    }
    return day_from_civil((struct civil_day){.year = (int32_t)part[0],
                                             .month = part[1],
                                             .day = part[2]},
                          day, err);
}

void day_format(uint32_t day, char text[DAY_TEXT_SIZE])
{
    struct civil_day civil = day_to_civil(day);

    (void)snprintf(text, DAY_TEXT_SIZE, "%04d-%02u-%02u",
                   (int)(civil.year % 100000000), civil.month % 100,
                   civil.day % 100);
}

void day_format_vi(uint32_t day, char text[DAY_TEXT_SIZE])
{
    struct civil_day civil = day_to_civil(day);

    (void)snprintf(text, DAY_TEXT_SIZE, "%u/%u/%d", civil.day % 100,
                   civil.month % 100, (int)(civil.year % 100000000));
}

static int compare_days(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* Sorted, each once, in the arena. */
static int sorted_days(const uint32_t *days, size_t len, struct arena *arena,
                       const uint32_t **out, size_t *out_len, struct error *err)
{
    uint32_t *copy = arena_array(arena, len + 1, sizeof(*copy));
    size_t kept = 0;

    if (copy == NULL) {
        return error_set(err, ERR_NOMEM, "no room for %zu calendar days", len);
    }
    if (len > 0) {
        memcpy(copy, days, len * sizeof(*copy));
        qsort(copy, len, sizeof(*copy), compare_days);
    }
    for (size_t i = 0; i < len; i++) {
        if (kept == 0 || copy[kept - 1] != copy[i]) {
            copy[kept++] = copy[i];
        }
    }
    *out = copy;
    *out_len = kept;
    return 0;
}

int calendar_from_facts(struct span facts, struct arena *arena,
                        struct calendar *out, struct error *err)
{
    struct ProtobufCMessage *message = NULL;
    struct calendar calendar = {0};
    int rc = message_unpack(&qcdc__v1__rules_published__descriptor, facts,
                            arena, &message, err);

    if (rc != 0) {
        return rc;
    }

    const Qcdc__V1__Calendar *said =
        ((const Qcdc__V1__RulesPublished *)(const void *)message)->calendar;

    if (said == NULL || said->version == 0 ||
        said->until_day < said->from_day) {
        return error_set(err, ERR_MALFORMED,
                         "these rules publish no calendar: it needs a version "
                         "and the days it covers");
    }
    if (said->until_day - said->from_day > COVERAGE_MAX ||
        said->n_off_days > CALENDAR_DAYS_MAX ||
        said->n_swapped_days > CALENDAR_DAYS_MAX) {
        return error_set(err, ERR_LIMIT,
                         "calendar %u covers more than %u days or lists more "
                         "than %u",
                         said->version, COVERAGE_MAX, CALENDAR_DAYS_MAX);
    }
    calendar.version = said->version;
    calendar.from_day = said->from_day;
    calendar.until_day = said->until_day;
    rc = sorted_days(said->off_days, said->n_off_days, arena,
                     &calendar.off_days, &calendar.off_len, err);
    if (rc == 0) {
        rc = sorted_days(said->swapped_days, said->n_swapped_days, arena,
                         &calendar.swapped_days, &calendar.swapped_len, err);
    }
    if (rc == 0) {
        *out = calendar;
    }
    return rc;
}

static bool has_day(const uint32_t *days, size_t len, uint32_t day)
{
    return len > 0 &&
           bsearch(&day, days, len, sizeof(*days), compare_days) != NULL;
}

int calendar_is_working(const struct calendar *calendar, uint32_t day,
                        bool *working, struct error *err)
{
    if (calendar->version == 0) {
        return error_set(err, ERR_NOTFOUND,
                         "no calendar is published: publish one with the "
                         "holidays and swapped days");
    }
    if (day < calendar->from_day || day > calendar->until_day) {
        char text[3][DAY_TEXT_SIZE];

        day_format(day, text[0]);
        day_format(calendar->from_day, text[1]);
        day_format(calendar->until_day, text[2]);
        return error_set(err, ERR_NOTFOUND,
                         "%s is outside calendar %u (%s to %s): publish a "
                         "calendar that covers it",
                         text[0], calendar->version, text[1], text[2]);
    }
    /* A day said to be worked is worked, whatever else is said of it. */
    *working = has_day(calendar->swapped_days, calendar->swapped_len, day) ||
               (day_weekday(day) < 5 &&
                !has_day(calendar->off_days, calendar->off_len, day));
    return 0;
}

int calendar_roll(const struct calendar *calendar, uint32_t day, uint32_t *out,
                  struct error *err)
{
    bool working = false;

    for (;; day++) {
        int rc = calendar_is_working(calendar, day, &working, err);

        if (rc != 0) {
            return rc;
        }
        if (working) {
            *out = day;
            return 0;
        }
    }
}

int calendar_add_working(const struct calendar *calendar, uint32_t day,
                         uint32_t count, uint32_t *out, struct error *err)
{
    return calendar_add_working_paused(
        calendar, &(struct term){.day = day, .count = count}, out, err);
}

int calendar_add_days(const struct calendar *calendar, uint32_t day,
                      uint32_t count, uint32_t *out, struct error *err)
{
    if (count > UINT32_MAX - day) {
        return error_set(err, ERR_NOTFOUND,
                         "a term of %u days ends beyond every calendar", count);
    }
    return calendar_roll(calendar, day + count, out, err);
}

int calendar_working_between(const struct calendar *calendar, uint32_t from,
                             uint32_t until, uint32_t *count, struct error *err)
{
    uint32_t found = 0;

    for (uint32_t day = from; day < until; day++) {
        bool working = false;
        int rc = calendar_is_working(calendar, day + 1, &working, err);

        if (rc != 0) {
            return rc;
        }
        found += working ? 1 : 0;
    }
    *count = found;
    return 0;
}

/* The pause that a day lies in, or NULL. */
static const struct day_range *pause_of(const struct term *term, uint32_t day)
{
    for (size_t i = 0; i < term->pauses_len; i++) {
        const struct day_range *pause = &term->pauses[i];

        if (day >= pause->from && (pause->until == 0 || day <= pause->until)) {
            return pause;
        }
    }
    return NULL;
}

int calendar_add_working_paused(const struct calendar *calendar,
                                const struct term *term, uint32_t *out,
                                struct error *err)
{
    uint32_t day = term->day;
    uint32_t counted = 0;

    if (term->count == 0) {
        return calendar_roll(calendar, day, out, err);
    }
    while (counted < term->count) {
        const struct day_range *pause = pause_of(term, ++day);
        bool working = false;
        int rc = calendar_is_working(calendar, day, &working, err);

        if (rc != 0) {
            return rc;
        }
        if (pause != NULL && pause->until == 0) {
            return error_set(err, ERR_NOTFOUND,
                             "the clock is stopped until a supplement comes");
        }
        counted += working && pause == NULL ? 1 : 0;
    }
    *out = day;
    return 0;
}
