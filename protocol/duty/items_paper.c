/* protocol/duty: rule kinds met by a paper of the unit itself: D0 annual
 * dialogue plan, Y1 report with its dialogue section. Their items come from
 * the calendar alone: a unit that records nothing owes them all the same.
 * Next: items_dialogue.c. */
#include "protocol/duty/eval.h"

const struct plan_view *eval_plan(const struct eval *e, uint32_t year)
{
    for (size_t i = 0; i < e->plans_len; i++) {
        const struct plan_view *plan = &e->plans[i];

        if (plan->unit == e->in->unit && plan->year == year &&
            plan->kind == VIEW_PLAN_DIALOGUE && plan->lines_len > 0) {
            return plan;
        }
    }
    return NULL;
}

bool eval_lives_to(const struct eval *e, const struct duty_item *item,
                   uint32_t nominal_day)
{
    const uint32_t day = item->due_day != 0 ? item->due_day : nominal_day;
    struct unit_facts unit;

    return directory_unit_at(e->in->directory, e->in->unit, day, &unit) &&
           unit.open;
}

int items_annual_plan(struct eval *e, const struct rule_group *group,
                      struct error *err)
{
    int rc = 0;

    for (uint32_t year = eval_first_year(e);
         rc == 0 && year <= eval_last_year(e); year++) {
        const uint32_t start = eval_day(year, 1, 1);
        const struct rule *rule = eval_rule(e, group, start);
        const struct plan_view *plan = eval_plan(e, year);
        const struct act_view *act = NULL;
        struct duty_item item;

        if (rule == NULL || !item_start(e, rule, 0, start, &item)) {
            continue;
        }
        item_due(&item, due_in_year(e, rule, "due", year));
        if (!eval_lives_to(e, &item, start)) {
            continue;
        }
        item_period(&item, year, 0);
        if (plan != NULL) {
            act = &plan->adopted;
            item.subject = plan->subject;
        }
        rc = item_judge_one(e, rule, 0, act, &item, err);
        if (rc == 0) {
            rc = item_put(e, &item, err);
        }
    }
    return rc;
}

/* The first report of the period decides, with or without the section. */
static const struct report_view *report_find(const struct eval *e,
                                             uint32_t year, uint32_t period)
{
    for (size_t i = 0; i < e->reports_len; i++) {
        const struct report_view *report = &e->reports[i];

        if (report->unit == e->in->unit && report->year == year &&
            report->period == period) {
            return report;
        }
    }
    return NULL;
}

static int report_item(struct eval *e, const struct rule *rule, uint32_t year,
                       uint32_t period, struct error *err)
{
    const uint32_t start = eval_day(year, 1, 1);
    const struct report_view *report = report_find(e, year, period);
    const struct act_view *act = NULL;
    struct duty_item item;
    bool done = false;
    int rc;

    if (!item_start(e, rule, 0, start, &item)) {
        return 0;
    }
    item_due(&item,
             due_in_year(e, rule,
                         period == VIEW_PERIOD_HALF ? "half_due" : "year_due",
                         year));
    if (!eval_lives_to(e, &item, start)) {
        return 0;
    }
    item_period(&item, year, 0);
    item.line = (uint8_t)period;
    if (report != NULL) {
        act = &report->submitted;
        item.subject = report->subject;
        done = report->section == VIEW_SECTION_PRESENT ||
               report->section == VIEW_SECTION_NONE_HELD;
    }
    rc = item_judge(e, rule, 0, (struct deeds){&act, act != NULL, done}, &item,
                    err);
    return rc != 0 ? rc : item_put(e, &item, err);
}

int items_periodic_report(struct eval *e, const struct rule_group *group,
                          struct error *err)
{
    int rc = 0;

    for (uint32_t year = eval_first_year(e);
         rc == 0 && year <= eval_last_year(e); year++) {
        const struct rule *rule = eval_rule(e, group, eval_day(year, 1, 1));

        if (rule == NULL) {
            continue;
        }
        rc = report_item(e, rule, year, VIEW_PERIOD_HALF, err);
        if (rc == 0) {
            rc = report_item(e, rule, year, VIEW_PERIOD_YEAR, err);
        }
    }
    return rc;
}
