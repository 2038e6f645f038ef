/* protocol/duty: the evaluation of one unit. Owns rules and due dates; the rule
 * kinds (items_*.c) bring the items, eval_items.c judges them, cells.c counts.
 * Must never depend on the order of its input, never read a clock, never turn
 * an unknown date into a number. Next: cells.c, then items_paper.c. */
#include "protocol/duty/eval.h"

#include <stdlib.h>

/* ---- rules and days ------------------------------------------------------ */

const struct rule *eval_rule_owed(const struct eval *e,
                                  const struct rule_group *group, uint32_t day)
{
    const struct rule_set set = {0, group->rules, group->len};
    const struct rule *rule = rule_find(&set, group->rules[0].id, day);
    struct unit_facts unit;

    if (rule == NULL || day < e->duties_from ||
        !directory_unit_at(e->in->directory, e->in->unit, day, &unit) ||
        !unit.open || !rule_binds(rule, unit.kind, unit.level)) {
        return NULL;
    }
    if (rule->kind == RULE_PERIODIC_REPORT && unit.reports_to == 0) {
        return NULL;
    }
    return rule;
}

const struct rule *eval_rule(const struct eval *e,
                             const struct rule_group *group, uint32_t day)
{
    const struct rule *rule = eval_rule_owed(e, group, day);

    return rule != NULL && rule->understood ? rule : NULL;
}

const struct rule *eval_rule_of(const struct eval *e,
                                const struct rule_group *group, uint32_t unit,
                                uint32_t day)
{
    const struct rule_set set = {0, group->rules, group->len};
    const struct rule *rule = rule_find(&set, group->rules[0].id, day);
    struct unit_facts facts;

    return rule != NULL && rule->understood &&
                   directory_unit_at(e->in->directory, unit, day, &facts) &&
                   day >= facts.duties_from_day &&
                   rule_binds(rule, facts.kind, facts.level)
               ? rule
               : NULL;
}

#define CUSTODY_STEPS_MAX 16u

uint32_t eval_custodian(const struct eval *e, const struct event_id *petition,
                        uint32_t unit, uint32_t since_day, uint32_t day)
{
    struct dir_passing step;

    for (unsigned i = 0; i < CUSTODY_STEPS_MAX &&
                         directory_passing(e->in->directory, petition, unit,
                                           since_day, day, &step);
         i++) {
        if (step.by == NULL) {
            return step.to;
        }
        unit = step.to;
        since_day = step.from_day;
    }
    return unit;
}

uint32_t eval_first_year(const struct eval *e)
{
    return day_year(e->duties_from);
}

uint32_t eval_last_year(const struct eval *e)
{
    return day_year(e->in->asof_day);
}

uint32_t eval_day(uint32_t year, uint32_t month, uint32_t day)
{
    const struct civil_day civil = {(int32_t)year, month, day};
    struct error ignored = {0};
    uint32_t out = 0;

    if (day_from_civil(civil, &out, &ignored) != 0) {
        return 0;
    }
    return out;
}

uint32_t eval_uncomputed(struct eval *e, const struct error *why)
{
    if (e->uncomputed.code == 0 || strcmp(why->text, e->uncomputed.text) < 0) {
        e->uncomputed = *why;
    }
    return 0;
}

static const struct calendar *calendar_of(const struct eval *e)
{
    static const struct calendar none = {0};

    return e->in->calendar == NULL ? &none : e->in->calendar;
}

uint32_t due_working(struct eval *e, uint32_t day, uint32_t count)
{
    const size_t at =
        (day * 31u + count) % (sizeof(e->terms) / sizeof(e->terms[0]));
    struct error why = {0};
    uint32_t due = 0;

    if (e->terms[at].result != 0 && e->terms[at].day == day &&
        e->terms[at].count == count) {
        return e->terms[at].result;
    }
    if (calendar_add_working(calendar_of(e), day, count, &due, &why) != 0) {
        return eval_uncomputed(e, &why);
    }
    e->terms[at].day = day;
    e->terms[at].count = count;
    e->terms[at].result = due;
    return due;
}

uint32_t due_days(struct eval *e, uint32_t day, uint32_t count)
{
    struct error why = {0};
    uint32_t due = 0;

    if (calendar_add_days(calendar_of(e), day, count, &due, &why) != 0) {
        return eval_uncomputed(e, &why);
    }
    return due;
}

uint32_t due_paused(struct eval *e, uint32_t day, uint32_t count,
                    const struct day_range *pauses, size_t len)
{
    struct error why = {0};
    uint32_t due = 0;

    if (len == 0) {
        return due_working(e, day, count);
    }
    if (calendar_add_working_paused(calendar_of(e),
                                    &(struct term){day, count, pauses, len},
                                    &due, &why) != 0) {
        return eval_uncomputed(e, &why);
    }
    return due;
}

uint32_t due_rolled(struct eval *e, uint32_t day)
{
    struct error why = {0};
    uint32_t due = 0;

    if (calendar_roll(calendar_of(e), day, &due, &why) != 0) {
        return eval_uncomputed(e, &why);
    }
    return due;
}

uint32_t due_in_year(struct eval *e, const struct rule *rule, const char *name,
                     uint32_t year)
{
    return due_rolled(e, eval_day(year, rule_value(rule, name, 0, 12),
                                  rule_value(rule, name, 1, 31)));
}

/* ---- the whole ----------------------------------------------------------- */

static int group_evaluate(struct eval *e, const struct rule_group *group,
                          struct error *err)
{
    switch (group->rules[0].kind) {
    case RULE_ANNUAL_PLAN:
        return items_annual_plan(e, group, err);
    case RULE_DIALOGUES_HELD:
        return items_dialogues_held(e, group, err);
    case RULE_CONCLUSION:
        return items_conclusion(e, group, err);
    case RULE_DOSSIER:
        return items_dossier(e, group, err);
    case RULE_PREVIOUS_RESULTS:
        return items_previous_results(e, group, err);
    case RULE_UNDERTAKINGS:
        return items_undertakings(e, group, err);
    case RULE_PERSON_TOLD:
        return items_person_told(e, group, err);
    case RULE_PERIODIC_REPORT:
        return items_periodic_report(e, group, err);
    }
    return 0; /* a kind of a newer version: its cells are uncomputed */
}

static int groups_evaluate(struct eval *e, struct error *err)
{
    const struct rule_set *set = e->in->rules;
    struct rule_group group;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < set->len; i += group.len) {
        group.rules = &set->rules[i];
        group.len = 1;
        while (i + group.len < set->len &&
               memcmp(set->rules[i].id, set->rules[i + group.len].id,
                      sizeof(set->rules[i].id)) == 0) {
            group.len++;
        }
        for (size_t j = 0; j < group.len; j++) {
            eval_wake(e, group.rules[j].from_day);
        }
        rc = cells_open(e, &group, err);
        if (rc == 0) {
            rc = group_evaluate(e, &group, err);
        }
    }
    return rc;
}

static int item_order(const void *a, const void *b)
{
    const struct duty_item *x = a;
    const struct duty_item *y = b;
    const uint64_t key_x = cell_key(x->duty, x->year, x->month);
    const uint64_t key_y = cell_key(y->duty, y->year, y->month);
    int order;

    if (key_x != key_y) {
        return key_x < key_y ? -1 : 1;
    }
    order = event_id_compare(&x->subject, &y->subject);
    if (order == 0) {
        order = x->line - y->line;
    }
    return order != 0 ? order : event_id_compare(&x->second, &y->second);
}

/* New periods begin with a month; a unit's own attributes (territory, host,
 * its end) change on their day. */
static void wake_start(struct eval *e)
{
    const struct civil_day today = day_to_civil(e->in->asof_day);
    const uint32_t year = (uint32_t)today.year;
    const struct dir_unit *unit = directory_unit(e->in->directory, e->in->unit);

    e->wake_day = today.month == 12 ? eval_day(year + 1, 1, 1)
                                    : eval_day(year, today.month + 1, 1);
    eval_wake(e, e->duties_from);
    if (directory_tree_day(e->in->directory, e->in->asof_day) != 0) {
        eval_wake(e, directory_tree_day(e->in->directory, e->in->asof_day));
    }
    for (size_t i = 0; i < unit->versions_len; i++) {
        eval_wake(e, unit->versions[i].from_day);
    }
}

int duty_evaluate(const struct duty_input *input, struct arena *arena,
                  struct duty_result *out, struct error *err)
{
    struct eval e = {.in = input, .arena = arena};
    int rc = 0;

    if (!directory_unit_at(input->directory, input->unit, input->asof_day,
                           &e.unit)) {
        memset(out, 0, sizeof(*out)); /* no such unit owes anything */
        return 0;
    }
    e.enrolled = eval_is_enrolled(&e, input->unit);
    e.duties_from =
        e.unit.duties_from_day != 0 ? e.unit.duties_from_day : e.unit.from_day;
    wake_start(&e);
    rc = eval_read(&e, err);
    if (rc == 0) {
        rc = groups_evaluate(&e, err);
    }
    if (rc != 0) {
        return error_wrap(err, "duties of unit %u", input->unit);
    }
    for (size_t i = 0; i < e.cells_len; i++) {
        cell_close(&e, &e.cells[i]);
    }
    if (e.items_len > 0) {
        qsort(e.items, e.items_len, sizeof(*e.items), item_order);
    }
    out->cells = e.cells;
    out->cells_len = e.cells_len;
    out->items = e.items;
    out->items_len = e.items_len;
    out->wake_day = e.wake_day;
    out->uncomputed = e.uncomputed;
    return 0;
}
