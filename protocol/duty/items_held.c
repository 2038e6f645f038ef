/* protocol/duty: rule kind D1, dialogues held: a fixed number a year for the
 * commune's committee, the periodic lines of their own plan for the others.
 * A joint dialogue counts for each unit whose head was in the chair; voter
 * contact is no dialogue. Next: items_dialogue.c. */
#include "protocol/duty/eval.h"

static bool held_in(const struct dialogue_node *node, uint32_t year)
{
    return node->counts && node->chaired && node->by_head &&
           day_year(node->v.held.on_day) == year;
}

/* A fixed number a year: the n-th is met by the n-th dialogue of the year. */
static int held_fixed(struct eval *e, const struct rule *rule, uint32_t year,
                      struct error *err)
{
    const uint32_t start = eval_day(year, 1, 1);
    const uint32_t count = rule_value(rule, "count", 0, 1);
    size_t at = 0;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        const struct act_view *act = NULL;
        struct duty_item item;

        if (!item_start(e, rule, 0, start, &item)) {
            return 0;
        }
        item_due(&item, due_in_year(e, rule, "due", year));
        if (!eval_lives_to(e, &item, start)) {
            return 0;
        }
        item_period(&item, year, 0);
        item.line = (uint16_t)(i + 1);
        while (at < e->dialogues_len && !held_in(&e->dialogues[at], year)) {
            at++;
        }
        if (at < e->dialogues_len) {
            act = &e->dialogues[at].v.held;
            item.second = e->dialogues[at].v.subject;
            at++;
        }
        rc = item_judge_one(e, rule, 0, act, &item, err);
        if (rc == 0) {
            rc = item_put(e, &item, err);
        }
    }
    return rc;
}

static bool names_line(const struct dialogue_node *node,
                       const struct plan_view *plan)
{
    return node->v.has_plan && event_id_equal(&node->v.plan, &plan->subject) &&
           node->v.plan_line >= 1 && node->v.plan_line <= plan->lines_len;
}

/* It names a line of another plan of this unit. The plan of a unit that chaired
 * it too is no hindrance: a joint dialogue counts for each. */
static bool is_promised(const struct eval *e, const struct dialogue_node *node,
                        const struct plan_view *plan)
{
    if (node->v.plan_line == 0 || !node->v.has_plan ||
        event_id_equal(&node->v.plan, &plan->subject)) {
        return false;
    }
    for (size_t i = 0; i < e->plans_len; i++) {
        if (event_id_equal(&node->v.plan, &e->plans[i].subject)) {
            return e->plans[i].unit == e->in->unit;
        }
    }
    return false;
}

/* Free to fill a line: of this year, and promised to no line elsewhere. */
static bool fills_any(const struct eval *e, const struct dialogue_node *node,
                      const struct plan_view *plan)
{
    return held_in(node, plan->year) && !is_promised(e, node, plan);
}

static size_t earliest_open(const struct plan_view *plan,
                            const struct dialogue_node *const *filled)
{
    size_t best = plan->lines_len;

    for (size_t i = 0; i < plan->lines_len; i++) {
        if (plan->lines[i].kind == VIEW_DIALOGUE_PERIODIC &&
            filled[i] == NULL &&
            (best == plan->lines_len ||
             plan->lines[i].planned_day < plan->lines[best].planned_day)) {
            best = i;
        }
    }
    return best;
}

/* Which dialogue meets which periodic line: first those that name one, then
 * the rest in order of date fill the earliest open lines. */
static void plan_fill(const struct eval *e, const struct plan_view *plan,
                      const struct dialogue_node **filled, bool *used)
{
    for (size_t i = 0; i < e->dialogues_len; i++) {
        const struct dialogue_node *node = &e->dialogues[i];
        size_t line = node->v.plan_line - 1;

        if (node->counts && node->chaired && node->by_head &&
            names_line(node, plan) &&
            plan->lines[line].kind == VIEW_DIALOGUE_PERIODIC &&
            filled[line] == NULL) {
            filled[line] = node;
            used[i] = true;
        }
    }
    for (size_t i = 0; i < e->dialogues_len; i++) {
        if (!used[i] && fills_any(e, &e->dialogues[i], plan)) {
            size_t line = earliest_open(plan, filled);

            if (line < plan->lines_len) {
                filled[line] = &e->dialogues[i];
            }
        }
    }
}

/* A postponement made by the running due date to a later date of the same
 * year moves it. */
static void line_postpone(struct eval *e, const struct rule *rule,
                          const struct plan_view *plan, size_t line,
                          struct duty_item *item)
{
    for (size_t i = 0; i < e->dialogues_len; i++) {
        const struct dialogue_node *node = &e->dialogues[i];

        if (!node->chaired || !names_line(node, plan) ||
            node->v.plan_line != line + 1) {
            continue;
        }
        for (size_t j = 1; j < node->v.schedules_len; j++) {
            const struct schedule_view *again = &node->v.schedules[j];

            if (act_in_time(e, rule, &again->act, item->due_day) &&
                again->planned_day > item->due_day &&
                day_year(again->planned_day) == plan->year) {
                item_due(item, due_rolled(e, again->planned_day));
                item->postponed = true;
            }
        }
    }
}

static int line_item(struct eval *e, const struct rule *rule,
                     const struct plan_view *plan, size_t line,
                     const struct dialogue_node *node, struct error *err)
{
    const struct act_view *act = node == NULL ? NULL : &node->v.held;
    struct duty_item item;
    int rc;

    if (!item_start(e, rule, 0, eval_day(plan->year, 1, 1), &item)) {
        return 0;
    }
    item_due(&item, due_rolled(e, plan->lines[line].planned_day));
    if (!eval_lives_to(e, &item, plan->lines[line].planned_day)) {
        return 0;
    }
    line_postpone(e, rule, plan, line, &item);
    item_period(&item, plan->year, 0);
    item.line = (uint16_t)(line + 1);
    item.subject = plan->subject;
    if (node != NULL) {
        item.second = node->v.subject;
    }
    rc = item_judge_one(e, rule, 0, act, &item, err);
    return rc != 0 ? rc : item_put(e, &item, err);
}

static int held_by_plan(struct eval *e, const struct rule *rule, uint32_t year,
                        struct error *err)
{
    const struct plan_view *plan = eval_plan(e, year);
    const struct dialogue_node **filled;
    bool *used;
    int rc = 0;

    if (plan == NULL) {
        return 0; /* D0 says so */
    }
    filled = arena_array(e->arena, plan->lines_len,
                         sizeof(const struct dialogue_node *));
    used = arena_array(e->arena, e->dialogues_len + 1, sizeof(*used));
    if (filled == NULL || used == NULL) {
        return error_set(err, ERR_LIMIT, "no room to weigh the plan");
    }
    plan_fill(e, plan, filled, used);
    for (size_t i = 0; rc == 0 && i < plan->lines_len; i++) {
        if (plan->lines[i].kind == VIEW_DIALOGUE_PERIODIC) {
            rc = line_item(e, rule, plan, i, filled[i], err);
        }
    }
    return rc;
}

int items_dialogues_held(struct eval *e, const struct rule_group *group,
                         struct error *err)
{
    int rc = 0;

    for (uint32_t year = eval_first_year(e);
         rc == 0 && year <= eval_last_year(e); year++) {
        const uint32_t start = eval_day(year, 1, 1);
        const struct rule *rule = eval_rule(e, group, start);
        struct unit_facts unit;

        if (rule == NULL ||
            !directory_unit_at(e->in->directory, e->in->unit, start, &unit)) {
            continue;
        }
        if (unit.kind == rule_value(rule, "fixed_for", 0, 0) &&
            unit.level == rule_value(rule, "fixed_for", 1, 0)) {
            rc = held_fixed(e, rule, year, err);
        } else {
            rc = held_by_plan(e, rule, year, err);
        }
    }
    return rc;
}
