/* protocol/duty: one item told to a person, day by day, Vietnamese or
 * English. Must never decide: it repeats the arithmetic that eval.c did, from
 * the same record and calendar, and says so when the calendar ends. */
#include "protocol/duty/eval.h"

#include "protocol/base/hex.h"

/* One line in the language asked for; both texts take the same arguments. */
#define SAY(x, vi, en, ...)                                                    \
    buf_put_fmt((x)->out, (x)->lang == LANG_VI ? (vi) : (en), __VA_ARGS__)
#define TELL(x, vi, en)                                                        \
    buf_put_str((x)->out, (x)->lang == LANG_VI ? (vi) : (en))

struct telling {
    const struct duty_input *in;
    const struct duty_item *item;
    const struct rule *rule;
    enum lang lang;
    struct arena *arena;
    struct buf *out;
    struct error limit; /* where the calendar ended */
};

struct day_text {
    char text[DAY_TEXT_SIZE];
};

static struct day_text day_in(enum lang lang, uint32_t day)
{
    struct day_text t = {{0}};

    if (lang == LANG_VI) {
        day_format_vi(day, t.text);
    } else {
        day_format(day, t.text);
    }
    return t;
}

#define DAY(x, day) day_in((x)->lang, (day)).text

static const char *weekday(enum lang lang, uint32_t day)
{
    static const char *const names[7][2] = {
        {"thứ Hai", "Monday"},   {"thứ Ba", "Tuesday"}, {"thứ Tư", "Wednesday"},
        {"thứ Năm", "Thursday"}, {"thứ Sáu", "Friday"}, {"thứ Bảy", "Saturday"},
        {"Chủ nhật", "Sunday"},
    };

    return names[day_weekday(day) % 7][lang == LANG_VI ? 0 : 1];
}

/* Keeps where the calendar ended: the item then was not computed. */
static int calendar_told(struct telling *x, int rc, const struct error *why)
{
    if (rc == ERR_NOTFOUND) {
        x->limit = *why;
        return 0;
    }
    return rc;
}

static const struct calendar *calendar_of(const struct telling *x)
{
    static const struct calendar none = {0};

    return x->in->calendar == NULL ? &none : x->in->calendar;
}

static struct span record_find(const struct telling *x,
                               const struct event_id *id, enum record_kind kind)
{
    for (size_t i = 0; i < x->in->records_len; i++) {
        if (x->in->records[i].kind == kind &&
            event_id_equal(&x->in->records[i].subject, id)) {
            return x->in->records[i].bytes;
        }
    }
    return span_make(NULL, 0);
}

/* ---- arithmetic ---------------------------------------------------------- */

/* A date fixed by rule or promise, and what a rest day makes of it. */
static int tell_date(struct telling *x, const char *what, uint32_t nominal,
                     struct error *err)
{
    struct error why = {0};
    uint32_t rolled = 0;
    int rc = calendar_roll(calendar_of(x), nominal, &rolled, &why);

    buf_put_fmt(x->out, "%s: %s (%s)", what, DAY(x, nominal),
                weekday(x->lang, nominal));
    if (rc == 0 && rolled != nominal) {
        SAY(x,
            ", là ngày nghỉ: chuyển sang ngày làm việc kế tiếp %s (%s), Bộ "
            "luật Dân sự 2015 Điều 148",
            ", a rest day: moves to the next working day %s (%s), Civil Code "
            "2015 Article 148",
            DAY(x, rolled), weekday(x->lang, rolled));
    }
    buf_put_str(x->out, "\n");
    if (rc != 0 && rc != ERR_NOTFOUND) {
        return error_set(err, (enum err)rc, "%s", why.text);
    }
    return calendar_told(x, rc, &why);
}

static int tell_working(struct telling *x, uint32_t day, uint32_t count,
                        const struct day_range *pauses, size_t len,
                        struct error *err)
{
    struct error why = {0};
    int rc = calendar_explain(calendar_of(x),
                              &(struct term){day, count, pauses, len}, x->lang,
                              x->out, &why);

    if (rc != 0 && rc != ERR_NOTFOUND) {
        return error_set(err, (enum err)rc, "%s", why.text);
    }
    return calendar_told(x, rc, &why);
}

static int tell_held_plus(struct telling *x, struct error *err)
{
    const uint32_t days = rule_value(x->rule, "days", 0, 0);

    SAY(x, "Đối thoại ngày %s = ngày 0; cộng %u ngày\n",
        "Dialogue on %s = day 0; plus %u days\n", DAY(x, x->item->arises_day),
        days);
    return tell_date(x, x->lang == LANG_VI ? "Ngày cuối" : "Last day",
                     x->item->arises_day + days, err);
}

static int tell_told(struct telling *x, struct error *err)
{
    struct petition_view v;
    int rc =
        petition_view_read(record_find(x, &x->item->subject, RECORD_PETITION),
                           &x->item->subject, x->arena, &v, err);

    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < v.pauses_len; i++) {
        if (v.pauses[i].until == 0) {
            v.pauses[i].until = x->in->asof_day;
            SAY(x,
                "Đang chờ bổ sung từ ngày %s: tính như thể chấm dứt ngày %s\n",
                "Awaiting a supplement since %s: counted as if it ended on "
                "%s\n",
                DAY(x, v.pauses[i].from), DAY(x, x->in->asof_day));
        }
    }
    SAY(x, "Nhận đơn ngày %s = ngày 0; hạn %u ngày làm việc\n",
        "Handed in on %s = day 0; term %u working days\n",
        DAY(x, x->item->arises_day), rule_value(x->rule, "working_days", 0, 0));
    return tell_working(x, x->item->arises_day,
                        rule_value(x->rule, "working_days", 0, 0), v.pauses,
                        v.pauses_len, err);
}

static int tell_promised(struct telling *x, struct error *err)
{
    struct dialogue_view v;
    struct petition_view petition;
    uint32_t promised = 0;
    int rc =
        dialogue_view_read(record_find(x, &x->item->subject, RECORD_DIALOGUE),
                           &x->item->subject, x->arena, &v, err);

    for (size_t i = 0; rc == 0 && i < v.concluded_len; i++) {
        if (promised == 0 && v.concluded[i].due_day != 0 &&
            event_id_equal(&v.concluded[i].petition, &x->item->second)) {
            promised = v.concluded[i].due_day;
        }
    }
    if (rc == 0) {
        rc = tell_date(x,
                       x->lang == LANG_VI ? "Ngày hứa trong kết luận"
                                          : "Date promised in the conclusion",
                       promised, err);
    }
    if (rc == 0) {
        rc = petition_view_read(
            record_find(x, &x->item->second, RECORD_PETITION), &x->item->second,
            x->arena, &petition, err);
    }
    for (size_t i = 0; rc == 0 && i < petition.extensions_len; i++) {
        const struct extension_view *more = &petition.extensions[i];

        SAY(x, "Gia hạn ngày %s, đến ngày %s\n", "Extended on %s, to %s\n",
            DAY(x, more->act.on_day), DAY(x, more->due_day));
    }
    return rc;
}

/* A line of the plan, or the fixed date of the rule. */
static int tell_held(struct telling *x, struct error *err)
{
    struct plan_view plan;
    uint32_t nominal =
        eval_day(x->item->year, rule_value(x->rule, "due", 0, 12),
                 rule_value(x->rule, "due", 1, 31));
    const char *what = x->lang == LANG_VI ? "Hạn trong năm" : "Due date";
    int rc = 0;

    if (!event_id_is_zero(&x->item->subject)) {
        rc = plan_view_read(record_find(x, &x->item->subject, RECORD_PLAN),
                            &x->item->subject, x->arena, &plan, err);
        if (rc == 0 && x->item->line >= 1 && x->item->line <= plan.lines_len) {
            nominal = plan.lines[x->item->line - 1].planned_day;
        }
        what =
            x->lang == LANG_VI ? "Ngày ghi trong kế hoạch" : "Date in the plan";
    }
    return rc != 0 ? rc : tell_date(x, what, nominal, err);
}

static int tell_yearly(struct telling *x, const char *param, struct error *err)
{
    return tell_date(x, x->lang == LANG_VI ? "Hạn trong năm" : "Due date",
                     eval_day(x->item->year, rule_value(x->rule, param, 0, 12),
                              rule_value(x->rule, param, 1, 31)),
                     err);
}

static int tell_start(struct telling *x, struct error *err)
{
    const uint32_t count = rule_value(x->rule, "working_days", 0, 0);

    switch (x->rule->kind) {
    case RULE_ANNUAL_PLAN:
        return tell_yearly(x, "due", err);
    case RULE_DIALOGUES_HELD:
        return tell_held(x, err);
    case RULE_CONCLUSION:
        SAY(x, "Đối thoại ngày %s = ngày 0; hạn %u ngày làm việc\n",
            "Dialogue on %s = day 0; term %u working days\n",
            DAY(x, x->item->arises_day), count);
        return tell_working(x, x->item->arises_day, count, NULL, 0, err);
    case RULE_DOSSIER:
        return tell_held_plus(x, err);
    case RULE_PREVIOUS_RESULTS:
        return tell_date(x,
                         x->lang == LANG_VI ? "Báo cáo ngay tại buổi đối thoại"
                                            : "To be reported at the dialogue",
                         x->item->arises_day, err);
    case RULE_UNDERTAKINGS:
        return tell_promised(x, err);
    case RULE_PERSON_TOLD:
        return tell_told(x, err);
    case RULE_PERIODIC_REPORT:
        return tell_yearly(
            x, x->item->line == VIEW_PERIOD_HALF ? "half_due" : "year_due",
            err);
    }
    return 0;
}

/* ---- verdict ------------------------------------------------------------- */

static void tell_gaps(struct telling *x)
{
    const struct duty_item *item = x->item;

    if (item->gaps == 0) {
        return;
    }
    if (x->rule->kind == RULE_CONCLUSION) {
        SAY(x, "Còn %u kiến nghị chưa có đủ kết luận, nơi trả lời và ngày\n",
            "%u petitions lack a conclusion, its body or its date\n",
            item->gaps);
    } else {
        TELL(x, "Hồ sơ còn thiếu mục:", "Dossier lacks items:");
        for (unsigned kind = 1; kind <= 9; kind++) {
            if ((item->gaps & 1u << kind) != 0) {
                buf_put_fmt(x->out, " %u", kind);
            }
        }
        buf_put_str(x->out, "\n");
    }
}

static void tell_done(struct telling *x)
{
    const struct duty_item *item = x->item;

    if (item->met_day > item->due_day) {
        SAY(x, "làm ngày %s, sau hạn %u ngày",
            "done on %s, %u days after the due date", DAY(x, item->met_day),
            item->met_day - item->due_day);
    } else if (item->verdict == DUTY_LATE) {
        SAY(x,
            "ghi là ngày %s, nhưng chữ ký xác nhận của cấp trên cho thấy chỉ "
            "được nhập sau ngày %s",
            "stated as %s, but the superior's cosignature shows that it was "
            "entered only after %s",
            DAY(x, item->met_day), DAY(x, item->g_day));
    } else {
        SAY(x, "làm ngày %s, không sau hạn", "done on %s, not after it",
            DAY(x, item->met_day));
    }
    if (item->approved) {
        TELL(x, "; ngày được cấp trên xác nhận",
             "; the superior approved the date");
    }
}

static void tell_undone(struct telling *x)
{
    const struct duty_item *item = x->item;

    if (item->verdict == DUTY_NOT_DUE) {
        SAY(x, "chưa có; tính đến ngày %s, còn chờ đến hết ngày %s",
            "not done; as of %s, decided only after %s",
            DAY(x, x->in->asof_day), DAY(x, item->g_day));
    } else if (item->heard_day == 0) {
        TELL(x, "chưa có; chưa bao giờ nhận được tin từ nơi ghi",
             "not there; its office was never heard from");
    } else if (item->verdict == DUTY_MISSING) {
        SAY(x, "chưa có; đã nhận tin từ nơi ghi ngày %s, sau ngày %s",
            "not there; its office was heard from on %s, after %s",
            DAY(x, item->heard_day), DAY(x, item->g_day));
    } else {
        SAY(x, "chưa có; tin cuối từ nơi ghi là ngày %s, chưa qua ngày %s",
            "not there; its office was last heard from on %s, not after %s",
            DAY(x, item->heard_day), DAY(x, item->g_day));
    }
}

static void tell_verdict(struct telling *x)
{
    const struct duty_item *item = x->item;

    buf_put_fmt(x->out, "%s: ", duty_verdict_text(item->verdict, x->lang));
    switch ((enum duty_verdict)item->verdict) {
    case DUTY_UNCOMPUTED:
        buf_put_str(x->out, x->limit.code != 0 ? x->limit.text : "?");
        break;
    case DUTY_MET:
    case DUTY_LATE:
        tell_done(x);
        break;
    case DUTY_NOT_DUE:
    case DUTY_MISSING:
    case DUTY_UNKNOWN:
        tell_undone(x);
        break;
    case DUTY_NONE_CONFIRMED:
        TELL(x, "đơn được rút trong hạn", "withdrawn by the due date");
        break;
    case DUTY_EXCUSED:
    case DUTY_NONE_RECORDED:
    case DUTY_NOT_ENROLLED:
        break;
    }
    buf_put_str(x->out, "\n");
    if (item->grade != DUTY_GRADE_NONE) {
        SAY(x, "Mức tin cậy: %s\n", "Grade: %s\n",
            duty_grade_text(item->grade, x->lang));
    }
    tell_gaps(x);
}

static void tell_marks(struct telling *x)
{
    const struct duty_item *item = x->item;

    if (item->extended) {
        TELL(x, "Có gia hạn, đếm riêng\n", "Extended, counted apart\n");
    }
    if (item->postponed) {
        TELL(x, "Có hoãn buổi, đếm riêng\n", "Postponed, counted apart\n");
    }
    if (item->improved) {
        TELL(x, "Kết quả dựa trên đính chính có lợi\n",
             "Rests on an improving correction\n");
    }
    if (item->noted) {
        TELL(x, "Trả lời chỉ là ghi nhận, đếm riêng\n",
             "Answered only by \"noted\", counted apart\n");
    }
    if (item->reopened) {
        TELL(x, "Có kiến nghị ghi sau kết luận\n",
             "A petition was recorded after the conclusion\n");
    }
    if (item->owed_by_others) {
        TELL(x, "Nơi khác nợ việc này: không tính vào ô của đơn vị\n",
             "Owed by others: in no cell of this unit\n");
    }
}

static void tell_evidence(struct telling *x)
{
    const struct duty_item *item = x->item;
    const uint32_t kept = item->evidence_len < DUTY_EVIDENCE_MAX
                              ? item->evidence_len
                              : DUTY_EVIDENCE_MAX;

    for (uint32_t i = 0; i < kept; i++) {
        char hex[2 * sizeof(item->evidence[i].bytes) + 1];

        hex_encode(SPAN_OF(item->evidence[i].bytes), hex);
        SAY(x, "Minh chứng: %s\n", "Evidence: %s\n", hex);
    }
    if (item->evidence_len > kept) {
        SAY(x, "và %u minh chứng nữa\n", "and %u more\n",
            item->evidence_len - kept);
    }
}

static void tell_title(struct telling *x)
{
    const struct duty_item *item = x->item;
    const struct rule *rule = x->rule;
    struct unit_facts unit = {0};

    buf_put_fmt(x->out, "%.4s ", item->duty);
    buf_put(x->out, x->lang == LANG_VI ? rule->title_vi : rule->title_en);
    if (directory_unit_at(x->in->directory, item->unit, x->in->asof_day,
                          &unit)) {
        buf_put_str(x->out, " — ");
        buf_put(x->out, unit.name);
    }
    if (item->month == 0) {
        SAY(x, ", năm %u\n", ", %u\n", item->year);
    } else {
        SAY(x, ", tháng %u/%u\n", ", %u/%u\n", item->month, item->year);
    }
    TELL(x, "Căn cứ: ", "Basis: ");
    buf_put(x->out, rule->basis);
    if (rule->unconfirmed) {
        TELL(x, " (có số liệu chưa được văn bản xác nhận)",
             " (a number in it is not confirmed by any text)");
    }
    buf_put_str(x->out, "\n");
}

/* From the due date to g: the days a clerk has to type it in. */
static int tell_entry(struct telling *x, struct error *err)
{
    const uint32_t entry = rule_value(x->rule, "entry_days", 0, 0);

    if (x->item->due_day == 0) {
        return 0;
    }
    SAY(x, "Hạn: %s (%s)\n", "Due: %s (%s)\n", DAY(x, x->item->due_day),
        weekday(x->lang, x->item->due_day));
    SAY(x, "Thêm %u ngày làm việc để nhập hồ sơ:\n",
        "Plus %u working days to enter it:\n", entry);
    return tell_working(x, x->item->due_day, entry, NULL, 0, err);
}

int duty_explain(const struct duty_input *input, const struct duty_item *item,
                 enum lang lang, struct arena *arena, struct buf *out,
                 struct error *err)
{
    struct telling x = {
        .in = input, .item = item, .lang = lang, .arena = arena, .out = out};
    const size_t mark = arena->used;
    int rc;

    for (size_t i = 0; x.rule == NULL && i < input->rules->len; i++) {
        const struct rule *rule = &input->rules->rules[i];

        if (memcmp(rule->id, item->duty, sizeof(rule->id)) == 0 &&
            rule->version == item->rule_version) {
            x.rule = rule;
        }
    }
    if (x.rule == NULL) {
        return error_set(err, ERR_USAGE,
                         "rule %.4s version %u is not in the rule set",
                         item->duty, item->rule_version);
    }
    tell_title(&x);
    rc = tell_start(&x, err);
    if (rc == 0) {
        rc = tell_entry(&x, err);
    }
    if (rc == 0) {
        tell_verdict(&x);
        tell_marks(&x);
        tell_evidence(&x);
    }
    arena_rewind(arena, mark);
    return rc;
}
