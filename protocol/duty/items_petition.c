/* protocol/duty: rule kinds about petitions: D8 undertakings kept, P1 person
 * told. Pauses stretch P1 only; extensions move only the promised date of D8.
 * A petition withdrawn in time owes nothing more, and is counted. A task that
 * is open when its unit ends is owed by whoever has custody of it on the day
 * that decides: done, due, or the as-of day. Next: explain.c. */
#include "protocol/duty/eval.h"

/* ---- D8 ------------------------------------------------------------------ */

/* The body named, or the unit that accepted the petition after that. 0 = a
 * body without a registry number. */
struct owner {
    uint32_t unit;
    uint32_t since_day;
};

static struct owner owner_of(const struct concluded_view *line,
                             const struct petition_node *petition)
{
    struct owner owner = {line->body, line->act.on_day};

    for (size_t i = 0; petition != NULL && i < petition->v.referrals_len; i++) {
        const struct referral_view *referral = &petition->v.referrals[i];

        if (referral->accepted.has &&
            referral->accepted.on_day >= line->act.on_day) {
            owner = (struct owner){referral->to, referral->accepted.on_day};
        }
    }
    return owner;
}

/* Returns the date promised at last, as stated. */
static uint32_t extend(struct eval *e, const struct rule *rule,
                       const struct petition_view *v, uint32_t promised,
                       struct duty_item *item)
{
    for (size_t i = 0; i < v->extensions_len; i++) {
        const struct extension_view *more = &v->extensions[i];

        if (act_in_time(e, rule, &more->act, item->due_day) &&
            more->due_day > item->due_day) {
            item_due(item, due_rolled(e, more->due_day));
            item->extended = true;
            promised = more->due_day;
        }
    }
    return promised;
}

/* Withdrawn by the due date, and nothing had met the duty before. */
static bool is_withdrawn(struct eval *e, const struct rule *rule,
                         const struct petition_view *v,
                         const struct duty_item *item, uint32_t met_day)
{
    return v->withdrawn.has &&
           act_in_time(e, rule, &v->withdrawn, item->due_day) &&
           (met_day == 0 || v->withdrawn.on_day < met_day);
}

static int withdrawn_put(struct eval *e, const struct petition_view *v,
                         struct duty_item *item, struct error *err)
{
    item->withdrawn = true;
    item->verdict = DUTY_NONE_CONFIRMED;
    item->evidence[0] = v->withdrawn.event;
    item->evidence_len = 1;
    return item_put(e, item, err);
}

/* One line of a conclusion and its petition, if that is held. */
struct promise {
    const struct dialogue_node *node;
    const struct concluded_view *line;
    const struct petition_node *petition;
};

static int undertaking_item(struct eval *e, const struct rule *rule,
                            const struct promise *promise,
                            struct duty_item *item, struct error *err)
{
    const struct petition_node *petition = promise->petition;
    const struct act_view *acts[2] = {NULL, NULL};
    uint32_t promised = promise->line->due_day;
    uint32_t met_day = 0;
    size_t len = 0;
    bool done = false;
    int rc;

    item_due(item, due_rolled(e, promised));
    if (petition != NULL) {
        const struct petition_view *v = &petition->v;

        promised = extend(e, rule, v, promised, item);
        if (v->answered.has) {
            acts[len++] = &v->answered;
            done = v->publicity == VIEW_PUBLICITY_PERSONAL;
            item->noted = v->answer_form == VIEW_ANSWER_NOTED;
            met_day = v->answered.on_day;
        }
        if (v->answered.has && !done && v->published.has) {
            acts[len++] = &v->published;
            done = true;
            if (v->published.on_day > met_day) {
                met_day = v->published.on_day;
            }
        }
        if (is_withdrawn(e, rule, v, item, done ? met_day : 0)) {
            return withdrawn_put(e, v, item, err);
        }
    }
    if (item->due_day == 0) {
        /* Far beyond the calendar: it must not blot out this year's cell. */
        item_period(item, day_year(promised), 0);
    }
    rc = item_judge(e, rule, promise->node->v.unit,
                    (struct deeds){acts, len, done}, item, err);
    return rc != 0 ? rc : item_put(e, item, err);
}

/* The day that decides who owes it: kept, or promised at last, or as-of. */
static uint32_t deciding_day(const struct eval *e,
                             const struct concluded_view *line,
                             const struct petition_node *petition)
{
    uint32_t due = line->due_day;
    uint32_t met = 0;

    for (size_t i = 0; petition != NULL && i < petition->v.extensions_len;
         i++) {
        uint32_t more = petition->v.extensions[i].due_day;

        due = more > due ? more : due;
    }
    if (petition != NULL && petition->v.answered.has) {
        met = petition->v.answered.on_day;
        if (petition->v.publicity != VIEW_PUBLICITY_PERSONAL) {
            met = !petition->v.published.has ? 0
                  : petition->v.published.on_day > met
                      ? petition->v.published.on_day
                      : met;
        }
    }
    if (met != 0 && met < due) {
        due = met;
    }
    return due < e->in->asof_day ? due : e->in->asof_day;
}

/* One line of a conclusion, if this unit owes it or chaired it. */
static int undertaking(struct eval *e, const struct rule_group *group,
                       const struct dialogue_node *node,
                       const struct concluded_view *line, struct error *err)
{
    const struct petition_node *petition = eval_petition(e, &line->petition);
    const struct owner named = owner_of(line, petition);
    const struct rule *rule;
    struct duty_item item;
    uint32_t owner = named.unit;

    if (line->due_day == 0 || (line->conclusion != VIEW_CONCLUSION_TAKEN &&
                               line->conclusion != VIEW_CONCLUSION_FORWARDED)) {
        return 0;
    }
    if (owner != 0) {
        owner = eval_custodian(e, &line->petition, owner, named.since_day,
                               deciding_day(e, line, petition));
    }
    if (owner != e->in->unit && !node->chaired) {
        return 0;
    }
    rule = owner == named.unit || owner != e->in->unit
               ? eval_rule(e, group, node->v.held.on_day)
               : eval_rule_of(e, group, named.unit, node->v.held.on_day);
    if (rule == NULL ||
        !item_start(e, rule, node->v.unit, node->v.held.on_day, &item)) {
        return 0;
    }
    item.subject = node->v.subject;
    item.second = line->petition;
    item.unit = owner;
    item.owed_by_others = owner != e->in->unit;
    return undertaking_item(e, rule, &(struct promise){node, line, petition},
                            &item, err);
}

int items_undertakings(struct eval *e, const struct rule_group *group,
                       struct error *err)
{
    int rc = 0;

    for (size_t i = 0; i < e->dialogues_len; i++) {
        const struct dialogue_node *node = &e->dialogues[i];

        for (size_t j = 0; rc == 0 && node->counts && j < node->v.concluded_len;
             j++) {
            rc = undertaking(e, group, node, &node->v.concluded[j], err);
        }
    }
    return rc;
}

/* ---- P1 ------------------------------------------------------------------ */

/* Told, or answered, whichever came first. A proposal cannot be refused, nor
 * put off: such a notice tells its person nothing. */
static const struct act_view *told_by(const struct petition_view *v)
{
    const struct act_view *told = NULL;
    bool idle = v->kind == VIEW_PETITION_PROPOSAL &&
                (v->notice == VIEW_NOTICE_REFUSED ||
                 v->notice == VIEW_NOTICE_NEEDS_TIME);

    if (v->notified.has && !idle) {
        told = &v->notified;
    }
    if (v->answered.has &&
        (told == NULL || v->answered.on_day < told->on_day)) {
        told = &v->answered;
    }
    return told;
}

/* A pause that runs on is taken to end on the as-of day: the due date then
 * lies in the future, as it must, and moves every day. */
static uint32_t told_due(struct eval *e, const struct rule *rule,
                         struct petition_view *v)
{
    for (size_t i = 0; i < v->pauses_len; i++) {
        if (v->pauses[i].until == 0) {
            v->pauses[i].until = e->in->asof_day;
            eval_wake(e, e->in->asof_day + 1);
        }
    }
    return due_paused(e, v->received.on_day,
                      rule_value(rule, "working_days", 0, 0), v->pauses,
                      v->pauses_len);
}

static int told_item(struct eval *e, const struct rule *rule,
                     struct petition_view *v, struct error *err)
{
    const struct act_view *told = told_by(v);
    struct duty_item item;
    struct civil_day period;
    uint32_t decided = e->in->asof_day;
    int rc;

    if (!item_start(e, rule, v->receiver, v->received.on_day, &item)) {
        return 0;
    }
    item.subject = v->subject;
    item_due(&item, told_due(e, rule, v));
    if (told != NULL && told->on_day < decided) {
        decided = told->on_day;
    }
    if (item.due_day != 0 && item.due_day < decided) {
        decided = item.due_day;
    }
    if (eval_custodian(e, &v->subject, v->receiver, v->received.on_day,
                       decided) != e->in->unit) {
        return 0; /* another one's by then */
    }
    period = day_to_civil(item.due_day != 0 ? item.due_day : item.arises_day);
    item_period(&item, (uint32_t)period.year, period.month);
    if (is_withdrawn(e, rule, v, &item, told == NULL ? 0 : told->on_day)) {
        return withdrawn_put(e, v, &item, err);
    }
    rc = item_judge_one(e, rule, v->receiver, told, &item, err);
    return rc != 0 ? rc : item_put(e, &item, err);
}

/* Have tasks of that unit passed to others? */
static bool may_pass(const struct eval *e, uint32_t unit)
{
    const struct directory *dir = e->in->directory;
    struct unit_facts facts;

    for (size_t i = 0; i < dir->custody_len; i++) {
        if (dir->custody[i].from == unit) {
            return true;
        }
    }
    return directory_unit_at(dir, unit, e->in->asof_day, &facts) && !facts.open;
}

static int told_weigh(struct eval *e, struct petition_node *node,
                      const void *ctx, struct error *err)
{
    const struct rule_group *group = ctx;
    struct petition_view *v = &node->v;
    const struct rule *rule;

    if (!v->person_known || node->raised != NULL ||
        (v->receiver != e->in->unit && !may_pass(e, v->receiver))) {
        return 0;
    }
    rule = v->receiver == e->in->unit
               ? eval_rule(e, group, v->received.on_day)
               : eval_rule_of(e, group, v->receiver, v->received.on_day);
    return rule == NULL ? 0 : told_item(e, rule, v, err);
}

int items_person_told(struct eval *e, const struct rule_group *group,
                      struct error *err)
{
    return eval_each_petition(e, told_weigh, group, err);
}
