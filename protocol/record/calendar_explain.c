/* protocol/record: the arithmetic of a term, a line a day, for people.
 * Owns the wording in Vietnamese and English; counts exactly as calendar.c
 * does, for it asks calendar.c about every day. */
#include "protocol/record/calendar.h"

/* What one day is to a term. */
enum day_nature {
    DAY_COUNTED,
    DAY_SWAPPED, /* a rest day by the week, worked by a swap: counted */
    DAY_WEEKEND,
    DAY_HOLIDAY,
    DAY_PAUSED,
};

static const char *weekday_name(uint32_t day, enum lang lang)
{
    static const char *const names[2][7] = {
        {"thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy",
         "Chủ nhật"},
        {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
         "Sunday"},
    };

    return names[lang == LANG_VI ? 0 : 1][day_weekday(day)];
}

static const char *nature_text(enum day_nature nature, enum lang lang)
{
    bool vi = lang == LANG_VI;

    switch (nature) {
    case DAY_COUNTED:
        return "";
    case DAY_SWAPPED:
        return vi ? "làm bù, " : "worked in exchange, ";
    case DAY_WEEKEND:
        return vi ? "nghỉ cuối tuần, không tính" : "weekend, not counted";
    case DAY_HOLIDAY:
        return vi ? "nghỉ lễ hoặc nghỉ hoán đổi, không tính"
                  : "holiday or day off in exchange, not counted";
    case DAY_PAUSED:
        return vi ? "tạm dừng chờ bổ sung, không tính"
                  : "paused for a supplement, not counted";
    }
    return "";
}

static int nature_of(const struct calendar *calendar, const struct term *term,
                     uint32_t day, enum day_nature *out, struct error *err)
{
    bool working = false;
    int rc = calendar_is_working(calendar, day, &working, err);

    if (rc != 0) {
        return rc;
    }
    if (working) {
        *out = day_weekday(day) < 5 ? DAY_COUNTED : DAY_SWAPPED;
    } else {
        *out = day_weekday(day) < 5 ? DAY_HOLIDAY : DAY_WEEKEND;
    }
    for (size_t i = 0; i < term->pauses_len; i++) {
        if (day >= term->pauses[i].from && day <= term->pauses[i].until) {
            *out = DAY_PAUSED;
        }
    }
    return 0;
}

static void date_put(struct buf *out, uint32_t day, enum lang lang)
{
    char text[DAY_TEXT_SIZE];

    if (lang == LANG_VI) {
        day_format_vi(day, text);
    } else {
        day_format(day, text);
    }
    buf_put_fmt(out, "%s", text);
}

static void line_counted(struct buf *out, uint32_t day, enum day_nature nature,
                         uint32_t number, enum lang lang)
{
    date_put(out, day, lang);
    buf_put_fmt(out, " (%s): %s%s %u\n", weekday_name(day, lang),
                nature_text(nature, lang), lang == LANG_VI ? "ngày" : "day",
                number);
}

static void line_skipped(struct buf *out, uint32_t from, uint32_t until,
                         enum day_nature nature, enum lang lang)
{
    date_put(out, from, lang);
    if (until != from) {
        buf_put_str(out, lang == LANG_VI ? " đến " : " to ");
        date_put(out, until, lang);
    } else {
        buf_put_fmt(out, " (%s)", weekday_name(from, lang));
    }
    buf_put_fmt(out, ": %s\n", nature_text(nature, lang));
}

int calendar_explain(const struct calendar *calendar, const struct term *term,
                     enum lang lang, struct buf *out, struct error *err)
{
    uint32_t end = 0;
    uint32_t number = 0;
    int rc = calendar_add_working_paused(calendar, term, &end, err);

    if (rc != 0) {
        return rc;
    }
    line_counted(out, term->day, DAY_COUNTED, 0, lang);
    for (uint32_t at = term->day + 1; at <= end;) {
        enum day_nature nature = DAY_COUNTED;
        uint32_t from = at;

        rc = nature_of(calendar, term, at, &nature, err);
        if (rc != 0) {
            return rc;
        }
        if (nature == DAY_COUNTED || nature == DAY_SWAPPED) {
            line_counted(out, at++, nature, ++number, lang);
            continue;
        }
        for (enum day_nature next = nature; next == nature;) {
            rc = ++at <= end ? nature_of(calendar, term, at, &next, err) : 0;
            if (rc != 0) {
                return rc;
            }
            if (at > end) {
                break;
            }
        }
        line_skipped(out, from, at - 1, nature, lang);
    }
    return 0;
}
