/* tools/sample: working days and weekly steps.
 * Owns the calendar read from deploy/data. Must never judge a duty: due dates
 * are protocol/duty's, and tests/count's by its own arithmetic. */
#include "tools/sample/days.h"

#include <stdio.h>
#include <string.h>

#define DAYS_MAX 256u

static uint32_t off[DAYS_MAX];
static uint32_t worked[DAYS_MAX];
static struct calendar calendar = {
    .version = 1, .off_days = off, .swapped_days = worked};

static int take_line(char *line, struct error *err)
{
    char *what = strchr(line, ',');
    uint32_t day = 0;

    if (what == NULL || strncmp(line, "day,", 4) == 0) {
        return 0;
    }
    *what++ = '\0';
    what[strcspn(what, ",\r\n")] = '\0';
    if (day_parse(span_str(line), &day, err) != 0) {
        return err->code;
    }
    if (strcmp(what, "coverage_from") == 0) {
        calendar.from_day = day;
    } else if (strcmp(what, "coverage_until") == 0) {
        calendar.until_day = day;
    } else if (calendar.off_len == DAYS_MAX ||
               calendar.swapped_len == DAYS_MAX) {
        return error_set(err, ERR_LIMIT, "more than %u days", DAYS_MAX);
    } else if (strcmp(what, "off") == 0) {
        off[calendar.off_len++] = day;
    } else {
        worked[calendar.swapped_len++] = day;
    }
    return 0;
}

int days_load(const char *data, struct error *err)
{
    char path[4096];
    char line[512];
    FILE *file;
    int rc = 0;

    (void)snprintf(path, sizeof(path), "%s/calendar-2024.csv", data);
    file = fopen(path, "r");
    if (file == NULL) {
        return error_set(err, ERR_USAGE,
                         "%s cannot be read: name the folder "
                         "of units and calendar with --data",
                         path);
    }
    while (rc == 0 && fgets(line, sizeof(line), file) != NULL) {
        rc = take_line(line, err);
    }
    fclose(file);
    return rc == 0 ? 0 : error_wrap(err, "%s", path);
}

uint32_t date(uint32_t year, uint32_t month, uint32_t day)
{
    const struct civil_day civil = {(int32_t)year, month, day};
    struct error ignored = {0};
    uint32_t out = 0;

    return day_from_civil(civil, &out, &ignored) == 0 ? out : 0;
}

uint32_t month_last(uint32_t year, uint32_t month)
{
    return month == 12 ? date(year, 12, 31) : date(year, month + 1, 1) - 1;
}

static bool is_working(uint32_t day)
{
    struct error ignored = {0};
    bool working = false;

    if (calendar_is_working(&calendar, day, &working, &ignored) != 0) {
        return day_weekday(day) < 5;
    }
    return working;
}

uint32_t work_on(uint32_t day)
{
    while (!is_working(day)) {
        day++;
    }
    return day;
}

uint32_t work_after(uint32_t day, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        day = work_on(day + 1);
    }
    return day;
}

uint32_t step_day(uint32_t step)
{
    return date(2024, 1, 5) + 7 * step;
}

uint32_t step_of(uint32_t day)
{
    const uint32_t first = step_day(0);
    const uint32_t step = day <= first ? 0 : (day - first + 6) / 7;

    return step < STEPS ? step : STEPS;
}
