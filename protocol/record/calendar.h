/* Days, and which of them are worked.
 *
 * A day is a uint32_t: civil days since 1970-01-01 at UTC+7 (Viet Nam has no
 * summer time). A calendar is what RulesPublished.Calendar says: Saturdays and
 * Sundays rest, `off_days` rest too (holidays, and days off by a swap),
 * `swapped_days` are rest days that are worked. It covers from_day..until_day;
 * a question that needs a day outside is ERR_NOTFOUND, never a guess.
 *
 * Counting is the Civil Code's (91/2015/QH13): Art. 147.2, the day of the act
 * is not counted; Art. 148.4-5, a term ends at the end of its last day, and if
 * that is a rest day, of the next working day.
 */
#ifndef QCDC_PROTOCOL_RECORD_CALENDAR_H
#define QCDC_PROTOCOL_RECORD_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

/* Language of what is explained to people. */
enum lang {
    LANG_VI,
    LANG_EN
};

/* Day at UTC+7 of a time; 0 for a time before 1970-01-01 at UTC+7. */
uint32_t day_of_s(int64_t unix_s);
uint32_t day_of_ms(uint64_t unix_ms);
/* Last second of a day, the end of "as of that day". */
int64_t day_end_s(uint32_t day);

struct civil_day {
    int32_t year;
    uint32_t month; /* 1-12 */
    uint32_t day;   /* 1-31 */
};

/* ERR_MALFORMED when there is no such date, or before 1970 or after 9999. */
int day_from_civil(struct civil_day civil, uint32_t *day,
                   struct error *err) MUST_USE;
struct civil_day day_to_civil(uint32_t day);
uint32_t day_year(uint32_t day);
/* 0 = Monday ... 6 = Sunday. */
uint32_t day_weekday(uint32_t day);

/* "2024-03-01" exactly. ERR_MALFORMED. */
int day_parse(struct span text, uint32_t *day, struct error *err) MUST_USE;
#define DAY_TEXT_SIZE 16u
/* "2024-03-01"; as read in Viet Nam: "1/3/2024". `text` holds DAY_TEXT_SIZE. */
void day_format(uint32_t day, char text[DAY_TEXT_SIZE]);
void day_format_vi(uint32_t day, char text[DAY_TEXT_SIZE]);

struct calendar {
    uint32_t version; /* 0 = none published: every question is ERR_NOTFOUND */
    uint32_t from_day;
    uint32_t until_day;
    const uint32_t *off_days; /* ascending, once each; keeps */
    size_t off_len;
    const uint32_t *swapped_days; /* likewise */
    size_t swapped_len;
};

/* From the encoded facts of a RulesPublished with a calendar; sorted copies
 * live in `arena`. ERR_MALFORMED (not such facts, or none in it), ERR_LIMIT. */
int calendar_from_facts(struct span facts, struct arena *arena,
                        struct calendar *out, struct error *err) MUST_USE;

int calendar_is_working(const struct calendar *calendar, uint32_t day,
                        bool *working, struct error *err) MUST_USE;

/* `day` itself if it is worked, else the next day that is (Art. 148.5). */
int calendar_roll(const struct calendar *calendar, uint32_t day, uint32_t *out,
                  struct error *err) MUST_USE;

/* The count-th working day after `day` (day 0 is `day`; count 0 rolls). */
int calendar_add_working(const struct calendar *calendar, uint32_t day,
                         uint32_t count, uint32_t *out,
                         struct error *err) MUST_USE;

/* day + count calendar days, rolled to a working day. */
int calendar_add_days(const struct calendar *calendar, uint32_t day,
                      uint32_t count, uint32_t *out,
                      struct error *err) MUST_USE;

/* Working days in (from, until]; 0 when until <= from. */
int calendar_working_between(const struct calendar *calendar, uint32_t from,
                             uint32_t until, uint32_t *count,
                             struct error *err) MUST_USE;

/* A stretch of days that a clock does not count, both ends inside. */
struct day_range {
    uint32_t from;
    uint32_t until; /* 0 = runs on */
};

/* calendar_add_working that skips paused days as if they were not there (a
 * paused day is not counted; the end rolls past rest days only, for the
 * count-th counted day is worked by definition). ERR_NOTFOUND also when a
 * pause that runs on is reached: the term has no end yet. */
struct term {
    uint32_t day;   /* of the act: day 0 */
    uint32_t count; /* working days */
    const struct day_range *pauses;
    size_t pauses_len;
};
int calendar_add_working_paused(const struct calendar *calendar,
                                const struct term *term, uint32_t *out,
                                struct error *err) MUST_USE;

/* The arithmetic of calendar_add_working_paused, a line a day or a run of
 * rest days: date, what it is, its number. Whole lines only: sets overflow on
 * the buf when it is full. Errors as above. */
int calendar_explain(const struct calendar *calendar, const struct term *term,
                     enum lang lang, struct buf *out,
                     struct error *err) MUST_USE;

#endif
