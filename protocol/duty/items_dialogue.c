/* protocol/duty: rule kinds about each dialogue a unit chaired: D5 conclusion
 * complete, D6 dossier complete, D7 previous results reported. A joint
 * dialogue makes items for each unit that chaired it; voter contact is no
 * dialogue. Next: items_petition.c. */
#include "protocol/duty/eval.h"

#include <stdlib.h>

/* ---- D5 ------------------------------------------------------------------ */

static bool is_complete(const struct concluded_view *line)
{
    if (line == NULL) {
        return false;
    }
    if (line->conclusion == VIEW_CONCLUSION_ANSWERED) {
        return true;
    }
    return (line->conclusion == VIEW_CONCLUSION_TAKEN ||
            line->conclusion == VIEW_CONCLUSION_FORWARDED) &&
           line->due_day != 0 && (line->body != 0 || line->has_body_name);
}

static const struct dossier_view *dossier_find(const struct dialogue_view *v,
                                               uint32_t kind)
{
    for (size_t i = 0; i < v->dossier_len; i++) {
        if (v->dossier[i].kind == kind && v->dossier[i].act.has) {
            return &v->dossier[i];
        }
    }
    return NULL;
}

static const struct act_view *earlier(const struct act_view *a,
                                      const struct act_view *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? b : a;
    }
    if (a->on_day != b->on_day) {
        return a->on_day < b->on_day ? a : b;
    }
    return event_id_compare(&a->event, &b->event) <= 0 ? a : b;
}

/* In order of day, then id: the order of the petitions must not show. */
static int act_order(const void *a, const void *b)
{
    const struct act_view *const *x = a;
    const struct act_view *const *y = b;

    if ((*x)->on_day != (*y)->on_day) {
        return (*x)->on_day < (*y)->on_day ? -1 : 1;
    }
    return event_id_compare(&(*x)->event, &(*y)->event);
}

static int conclusion_item(struct eval *e, const struct rule *rule,
                           const struct dialogue_node *node, struct error *err)
{
    const struct act_view *first =
        node->v.first_concluded.has ? &node->v.first_concluded : NULL;
    const size_t mark = e->arena->used;
    const struct act_view **acts = arena_array(e->arena, e->petitions_len + 1,
                                               sizeof(const struct act_view *));
    struct duty_item item;
    uint32_t gaps = 0;
    size_t len = 0;
    int rc;

    if (acts == NULL) {
        return error_set(err, ERR_LIMIT, "no room to weigh a dialogue");
    }
    if (!item_start(e, rule, node->v.unit, node->v.held.on_day, &item)) {
        return 0;
    }
    item.subject = node->v.subject;
    for (size_t i = 0; i < e->petitions_len; i++) {
        const struct petition_node *petition = &e->petitions[i];

        if (petition->raised != node) {
            continue;
        }
        if (is_complete(petition->concluded)) {
            acts[len++] = &petition->concluded->act;
        } else {
            gaps++;
            item.reopened =
                item.reopened || (first != NULL && petition->concluded == NULL);
        }
    }
    item.gaps = (uint16_t)(gaps < UINT16_MAX ? gaps : UINT16_MAX);
    qsort(acts, len, sizeof(const struct act_view *), act_order);
    if (len == 0 && first != NULL) {
        acts[len++] = first;
    }
    item_due(&item, due_working(e, node->v.held.on_day,
                                rule_value(rule, "working_days", 0, 0)));
    rc = item_judge(e, rule, node->v.unit,
                    (struct deeds){acts, len, item.gaps == 0 && first != NULL},
                    &item, err);
    arena_rewind(e->arena, mark);
    return rc != 0 ? rc : item_put(e, &item, err);
}

/* ---- D6 ------------------------------------------------------------------ */

/* Item 1 is the plan itself: the one the dialogue names, or the unit's plan
 * of that year. */
static const struct act_view *plan_act(const struct eval *e,
                                       const struct dialogue_node *node)
{
    const struct plan_view *year = eval_plan(e, day_year(node->v.held.on_day));
    const struct act_view *act = year == NULL ? NULL : &year->adopted;

    for (size_t i = 0; node->v.has_plan && i < e->plans_len; i++) {
        if (event_id_equal(&e->plans[i].subject, &node->v.plan)) {
            act = earlier(act, &e->plans[i].adopted);
        }
    }
    return act;
}

/* What fills a dossier item: its own event where it has one (1, 6, 7), a
 * paper of its kind otherwise; or a waiver. */
static const struct act_view *dossier_act(const struct eval *e,
                                          const struct dialogue_node *node,
                                          uint32_t kind)
{
    const struct dossier_view *line = dossier_find(&node->v, kind);
    const struct act_view *act = NULL;

    if (kind == VIEW_DOSSIER_PLAN) {
        act = plan_act(e, node);
    } else if (kind == VIEW_DOSSIER_PREVIOUS) {
        act = node->v.first_previous.has ? &node->v.first_previous : NULL;
    } else if (kind == VIEW_DOSSIER_CONCLUSION) {
        act = node->v.first_concluded.has ? &node->v.first_concluded : NULL;
    } else {
        return line == NULL ? NULL : &line->act;
    }
    return line != NULL && line->waived ? earlier(act, &line->act) : act;
}

static bool is_first_dialogue(const struct eval *e,
                              const struct dialogue_node *node)
{
    for (size_t i = 0; i < e->dialogues_len; i++) {
        const struct dialogue_node *other = &e->dialogues[i];

        if (other->counts && other->chaired &&
            other->v.held.on_day < node->v.held.on_day) {
            return false;
        }
    }
    return true;
}

static bool has_value(const struct rule *rule, const char *name, uint32_t value)
{
    const struct rule_param *param = rule_param_find(rule, name);

    for (size_t i = 0; param != NULL && i < param->values_len; i++) {
        if (param->values[i] == value) {
            return true;
        }
    }
    return false;
}

static int dossier_item(struct eval *e, const struct rule *rule,
                        const struct dialogue_node *node, struct error *err)
{
    const bool first = is_first_dialogue(e, node);
    const struct act_view *acts[10];
    struct duty_item item;
    size_t len = 0;
    int rc;

    if (!item_start(e, rule, node->v.unit, node->v.held.on_day, &item)) {
        return 0;
    }
    item.subject = node->v.subject;
    for (uint32_t kind = 1; kind <= 9; kind++) {
        const struct act_view *act;

        if (!has_value(rule, "required", kind) ||
            (first && has_value(rule, "void_at_first", kind))) {
            continue;
        }
        act = dossier_act(e, node, kind);
        if (act == NULL) {
            item.gaps = (uint16_t)(item.gaps | 1u << kind);
        } else {
            acts[len++] = act;
        }
    }
    item_due(&item,
             due_days(e, node->v.held.on_day, rule_value(rule, "days", 0, 0)));
    rc = item_judge(e, rule, node->v.unit,
                    (struct deeds){acts, len, item.gaps == 0}, &item, err);
    return rc != 0 ? rc : item_put(e, &item, err);
}

/* ---- D7 ------------------------------------------------------------------ */

static bool is_told(const struct previous_view *line)
{
    return line->outcome == VIEW_OUTCOME_DONE ||
           (line->outcome == VIEW_OUTCOME_NOT_YET && line->next_day != 0) ||
           (line->outcome == VIEW_OUTCOME_NOT_DONE && line->reason != 0);
}

static int previous_item(struct eval *e, const struct rule *rule,
                         const struct dialogue_node *node,
                         const struct petition_node *petition,
                         struct error *err)
{
    const struct previous_view *line =
        petition->reported_at == node ? petition->reported : NULL;
    const struct act_view *act = line == NULL ? NULL : &line->act;
    struct duty_item item;
    int rc;

    if (!item_start(e, rule, node->v.unit, node->v.held.on_day, &item)) {
        return 0;
    }
    item.subject = node->v.subject;
    item.second = petition->v.subject;
    item_due(&item, due_rolled(e, node->v.held.on_day));
    rc = item_judge(
        e, rule, node->v.unit,
        (struct deeds){&act, act != NULL, act != NULL && is_told(line)}, &item,
        err);
    return rc != 0 ? rc : item_put(e, &item, err);
}

static int previous_items(struct eval *e, const struct rule *rule,
                          const struct dialogue_node *node, struct error *err)
{
    const uint32_t day = node->v.held.on_day;
    int rc = 0;

    for (size_t i = 0; i < node->v.previous_len; i++) {
        struct petition_node *petition =
            eval_petition(e, &node->v.previous[i].petition);

        if (petition != NULL && petition->reported_at != node) {
            petition->reported_at = node; /* the first mention stands */
            petition->reported = &node->v.previous[i];
        }
    }
    for (size_t i = 0; rc == 0 && i < e->petitions_len; i++) {
        const struct petition_node *petition = &e->petitions[i];

        if (petition->raised != NULL && petition->raised->chaired &&
            petition->raised->v.held.on_day < day &&
            petition->final_day >= day) {
            rc = previous_item(e, rule, node, petition, err);
        }
    }
    return rc;
}

/* ---- the three that look at each dialogue chaired ------------------------ */

typedef int (*dialogue_fn)(struct eval *e, const struct rule *rule,
                           const struct dialogue_node *node, struct error *err);

static int each_chaired(struct eval *e, const struct rule_group *group,
                        dialogue_fn weigh, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < e->dialogues_len; i++) {
        const struct dialogue_node *node = &e->dialogues[i];
        const struct rule *rule;

        if (!node->counts || !node->chaired) {
            continue;
        }
        rule = eval_rule(e, group, node->v.held.on_day);
        if (rule != NULL) {
            rc = weigh(e, rule, node, err);
        }
    }
    return rc;
}

int items_conclusion(struct eval *e, const struct rule_group *group,
                     struct error *err)
{
    return each_chaired(e, group, conclusion_item, err);
}

int items_dossier(struct eval *e, const struct rule_group *group,
                  struct error *err)
{
    return each_chaired(e, group, dossier_item, err);
}

int items_previous_results(struct eval *e, const struct rule_group *group,
                           struct error *err)
{
    return each_chaired(e, group, previous_items, err);
}
