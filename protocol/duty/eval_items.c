/* protocol/duty: items: when one is due, which deed met it, with which grade
 * and evidence. Must never depend on the order of deeds. Next: eval.c,
 * items_*.c.
 */
#include "protocol/duty/eval.h"

/* ---- items --------------------------------------------------------------- */

bool item_start(const struct eval *e, const struct rule *rule,
                uint32_t recorder, uint32_t arises_day, struct duty_item *item)
{
    memset(item, 0, sizeof(*item));
    memcpy(item->duty, rule->id, sizeof(item->duty));
    item->unit = e->in->unit;
    item->arises_day = arises_day;
    item->rule_version = rule->version;
    item->unconfirmed = rule->unconfirmed;
    return e->enrolled || (recorder != 0 && recorder != e->in->unit);
}

void item_due(struct duty_item *item, uint32_t due_day)
{
    item->due_day = due_day;
    if (item->first_due_day == 0) {
        item->first_due_day = due_day;
    }
}

void item_period(struct duty_item *item, uint32_t year, uint32_t month)
{
    item->year = (uint16_t)year;
    item->month = (uint8_t)month;
}

void eval_wake(struct eval *e, uint32_t day)
{
    if (day > e->in->asof_day && day < e->wake_day) {
        e->wake_day = day;
    }
}

bool act_in_time(struct eval *e, const struct rule *rule,
                 const struct act_view *act, uint32_t due_day)
{
    uint32_t g_day;

    if (due_day == 0 || act->on_day > due_day) {
        return false;
    }
    if (act->historical || act->approved || act->lower_day <= due_day) {
        return true;
    }
    g_day = due_working(e, due_day, rule_value(rule, "entry_days", 0, 0));
    return g_day == 0 || act->lower_day <= g_day;
}

bool eval_is_enrolled(const struct eval *e, uint32_t unit)
{
    struct unit_facts facts;

    return directory_unit_at(e->in->directory, unit, e->in->asof_day, &facts) &&
           facts.host != 0 &&
           directory_cert(e->in->directory, facts.host) != NULL;
}

static int heard_ask(const struct eval *e, uint32_t unit, uint32_t *day,
                     struct error *err)
{
    int64_t heard_s = 0;
    int rc = e->in->heard(e->in->heard_ctx, unit, &heard_s, err);

    if (rc != 0) {
        return rc;
    }
    *day = heard_s == INT64_MAX ? e->in->asof_day : day_of_s(heard_s);
    return 0;
}

/* Of the owing unit's host; of the recording unit's where it has none. */
static int heard_of(struct eval *e, uint32_t owner, uint32_t recorder,
                    uint32_t *day, struct error *err)
{
    if (owner == e->in->unit && e->enrolled) {
        if (!e->heard_asked) {
            int rc = heard_ask(e, owner, &e->heard_day, err);

            if (rc != 0) {
                return rc;
            }
            e->heard_asked = true;
        }
        *day = e->heard_day;
        return 0;
    }
    return heard_ask(e, eval_is_enrolled(e, owner) ? owner : recorder, day,
                     err);
}

static void evidence_add(struct duty_item *item, const struct event_id *id)
{
    size_t kept = item->evidence_len < DUTY_EVIDENCE_MAX ? item->evidence_len
                                                         : DUTY_EVIDENCE_MAX;

    for (size_t i = 0; i < kept; i++) {
        if (event_id_equal(&item->evidence[i], id)) {
            return;
        }
    }
    if (kept < DUTY_EVIDENCE_MAX) {
        item->evidence[kept] = *id;
    }
    item->evidence_len++;
}

static bool is_contradicted(const struct act_view *act,
                            const struct duty_item *item)
{
    return !act->historical && act->on_day <= item->due_day &&
           item->g_day < act->lower_day;
}

/* Formats section 6. What came in after g and says itself that it was late
 * needs no trust: the bracket proves it. */
static enum duty_grade act_grade(const struct act_view *act,
                                 const struct duty_item *item)
{
    if (act->historical) {
        return DUTY_STATED;
    }
    if (act->upper_day != 0 && act->upper_day <= item->g_day) {
        return DUTY_PROVED;
    }
    if (act->lower_day > item->g_day) {
        return act->on_day <= item->due_day ? DUTY_CONTRADICTED : DUTY_PROVED;
    }
    return DUTY_STATED;
}

/* The latest act decides, the weakest grade is the item's. */
static void judge_acts(const struct act_view *const *acts, size_t len,
                       struct duty_item *item)
{
    bool refuted = false;

    for (size_t i = 0; i < len; i++) {
        enum duty_grade grade = act_grade(acts[i], item);

        if (acts[i]->on_day > item->met_day) {
            item->met_day = acts[i]->on_day;
        }
        if (grade > item->grade) {
            item->grade = (uint8_t)grade;
        }
        if (is_contradicted(acts[i], item)) {
            refuted = refuted || !acts[i]->approved;
            item->approved = item->approved || acts[i]->approved;
        }
        item->improved = item->improved || acts[i]->improved;
    }
    item->verdict =
        refuted || item->met_day > item->due_day ? DUTY_LATE : DUTY_MET;
}

int item_judge_one(struct eval *e, const struct rule *rule, uint32_t recorder,
                   const struct act_view *act, struct duty_item *item,
                   struct error *err)
{
    const struct deeds one = {&act, act != NULL, act != NULL};

    return item_judge(e, rule, recorder, one, item, err);
}

int item_judge(struct eval *e, const struct rule *rule, uint32_t recorder,
               struct deeds deeds, struct duty_item *item, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; i < deeds.len; i++) {
        evidence_add(item, &deeds.acts[i]->event);
    }
    if (item->due_day != 0) {
        item->g_day =
            due_working(e, item->due_day, rule_value(rule, "entry_days", 0, 0));
    }
    if (item->g_day == 0) {
        item->due_day = 0;
        item->verdict = DUTY_UNCOMPUTED;
    } else if (deeds.done && deeds.len > 0) {
        judge_acts(deeds.acts, deeds.len, item);
    } else if (e->in->asof_day <= item->g_day) {
        item->verdict = DUTY_NOT_DUE;
    } else {
        rc = heard_of(e, item->unit, recorder, &item->heard_day, err);
        item->verdict =
            item->heard_day > item->g_day ? DUTY_MISSING : DUTY_UNKNOWN;
    }
    return rc;
}

int item_put(struct eval *e, struct duty_item *item, struct error *err)
{
    struct duty_item *copy;
    struct duty_cell *cell;

    if (item->year == 0) {
        item_period(
            item,
            day_year(item->due_day != 0 ? item->due_day : item->arises_day), 0);
    }
    cell = cell_at(e, item->duty, item->year, item->month);
    if (cell == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the cells of unit %u",
                         e->in->unit);
    }
    cell_count(cell, item);
    if (item->verdict == DUTY_NOT_DUE) {
        eval_wake(e, item->g_day + 1);
    }
    if (e->in->cells_only) {
        return 0;
    }
    if (e->items_len == e->items_size) {
        copy = list_grown(e->arena, e->items, e->items_len, &e->items_size,
                          sizeof(*copy));
        if (copy == NULL) {
            return error_set(err, ERR_LIMIT, "no room for the items of unit %u",
                             e->in->unit);
        }
        e->items = copy;
    }
    e->items[e->items_len++] = *item;
    return 0;
}
