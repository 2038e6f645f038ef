/* One evaluation in progress: what the rule kinds share. Inside protocol/duty
 * only; duty.h is the door.
 *
 * A rule kind finds its items, says when each is due and which acts meet it;
 * here it is judged, graded and put into its cell.
 */
#ifndef QCDC_PROTOCOL_DUTY_EVAL_H
#define QCDC_PROTOCOL_DUTY_EVAL_H

#include "protocol/duty/duty.h"
#include "protocol/duty/view.h"

struct dialogue_node {
    struct dialogue_view v;
    bool counts;  /* held, and no voter contact */
    bool chaired; /* by the unit evaluated */
    bool by_head; /* its head himself */
};

struct petition_node {
    struct petition_view v;
    const struct dialogue_node *raised;     /* raised there, NULL = nowhere */
    const struct concluded_view *concluded; /* there, first mention */
    uint32_t final_day;                     /* UINT32_MAX = none yet */
    const struct dialogue_node *reported_at;
    const struct previous_view *reported; /* at reported_at */
};

/* All versions of one rule id. */
struct rule_group {
    const struct rule *rules;
    size_t len;
};

struct eval {
    const struct duty_input *in;
    struct arena *arena;
    struct unit_facts unit; /* on the as-of day */
    bool enrolled;
    uint32_t duties_from;

    struct petition_node *petitions;
    size_t petitions_len;
    struct dialogue_node *dialogues; /* by day held, then id */
    size_t dialogues_len;
    struct plan_view *plans; /* by day adopted, then id */
    size_t plans_len;
    struct report_view *reports; /* by day submitted, then id */
    size_t reports_len;
    struct notice_view *notices;
    size_t notices_len;
    struct petition_node **index; /* open addressing by petition id */
    size_t index_mask;
    struct arena passing; /* the lone petition that comes by; in `arena` */

    struct duty_cell *cells; /* ascending key */
    size_t cells_len, cells_size;
    struct duty_item *items;
    size_t items_len, items_size;
    uint32_t wake_day;
    struct error uncomputed;

    bool heard_asked; /* of the own host */
    uint32_t heard_day;
    struct {
        uint32_t day, count, result;
    } terms[1024]; /* working-day terms met before */
};

/* eval_input.c: reads the records and links them. */
int eval_read(struct eval *e, struct error *err) MUST_USE;
/* The petition of that id, or NULL. */
struct petition_node *eval_petition(const struct eval *e,
                                    const struct event_id *id);
/* Every petition: those held, then each lone one as it comes by. What `weigh`
 * is given lives until it returns. */
typedef int (*petition_fn)(struct eval *e, struct petition_node *node,
                           const void *ctx, struct error *err);
int eval_each_petition(struct eval *e, petition_fn weigh, const void *ctx,
                       struct error *err) MUST_USE;

/* eval.c */

/* The rule in force on the day an item arises, if the unit owes it then. */
const struct rule *eval_rule(const struct eval *e,
                             const struct rule_group *group, uint32_t day);

/* The same for the unit that had a task before it passed: by what that unit
 * was on that day, whether or not it had ended. */
const struct rule *eval_rule_of(const struct eval *e,
                                const struct rule_group *group, uint32_t unit,
                                uint32_t day);

/* Whose task about that petition it is on `day`, which was `unit`'s from
 * `since_day` on: along transfers, or the unit above one that ended. The same
 * walk as the fold's (record/fold_custody.c). */
uint32_t eval_custodian(const struct eval *e, const struct event_id *petition,
                        uint32_t unit, uint32_t since_day, uint32_t day);

/* Starts an item of a rule. `recorder` = unit whose host tells of it, 0 = the
 * calendar alone. False when the unit does not owe it (it never joined). */
/* eval_items.c: the unit's node is certified: it can be heard of. */
bool eval_is_enrolled(const struct eval *e, uint32_t unit);
bool item_start(const struct eval *e, const struct rule *rule,
                uint32_t recorder, uint32_t arises_day,
                struct duty_item *item) MUST_USE;

/* Due dates; 0 = outside the calendar, which makes the item uncomputed. */
uint32_t due_working(struct eval *e, uint32_t day, uint32_t count);
uint32_t due_days(struct eval *e, uint32_t day, uint32_t count);
uint32_t due_paused(struct eval *e, uint32_t day, uint32_t count,
                    const struct day_range *pauses, size_t len);
uint32_t due_rolled(struct eval *e, uint32_t day);
/* Month and day of a rule's parameter in that year, rolled. */
uint32_t due_in_year(struct eval *e, const struct rule *rule, const char *name,
                     uint32_t year);
/* due_day, and first_due_day if it is not set. */
void item_due(struct duty_item *item, uint32_t due_day);

/* True for an act on or before a due date, by its own day unless the chain
 * refutes that: recorded only after the g of that date, not historical, not
 * approved by a superior. For what moves a date or ends an item. */
bool act_in_time(struct eval *e, const struct rule *rule,
                 const struct act_view *act, uint32_t due_day);

/* The cells may change on that later day though nothing new comes in. */
void eval_wake(struct eval *e, uint32_t day);

/* The acts that decide an item. */
struct deeds {
    const struct act_view *const *acts;
    size_t len;
    bool done; /* all that it takes are there: the latest decides */
};

/* Verdict and grade. `recorder` as above. */
int item_judge(struct eval *e, const struct rule *rule, uint32_t recorder,
               struct deeds deeds, struct duty_item *item,
               struct error *err) MUST_USE;
/* The same where one act decides; NULL = it has not happened. */
int item_judge_one(struct eval *e, const struct rule *rule, uint32_t recorder,
                   const struct act_view *act, struct duty_item *item,
                   struct error *err) MUST_USE;

/* Which cell: the year of the due date unless stated by item_period. */
void item_period(struct duty_item *item, uint32_t year, uint32_t month);
/* Adds it to its cell and to the items. */
int item_put(struct eval *e, struct duty_item *item,
             struct error *err) MUST_USE;

/* The version in force, understood or not, if the unit owes it that day. */
const struct rule *eval_rule_owed(const struct eval *e,
                                  const struct rule_group *group, uint32_t day);
/* Keeps why something has no date; the least text, so that the order of
 * records does not show. Returns 0, the day that is none. */
uint32_t eval_uncomputed(struct eval *e, const struct error *why);

/* cells.c */

/* The list with room for more (a copy), or NULL when the arena is full. */
void *list_grown(struct arena *arena, const void *old, size_t len, size_t *size,
                 size_t element);
/* The cell, made if it is not there yet; NULL when the arena is full. */
struct duty_cell *cell_at(struct eval *e, const char duty[4], uint32_t year,
                          uint32_t month);
uint64_t cell_key(const char duty[4], uint32_t year, uint32_t month);
void cell_count(struct duty_cell *cell, const struct duty_item *item);
/* Every period of the rule that has begun, so that "none" has a cell too. */
int cells_open(struct eval *e, const struct rule_group *group,
               struct error *err) MUST_USE;
/* The first that occurs of missing, unknown, late, met, not due, excused. */
void cell_close(const struct eval *e, struct duty_cell *cell);

/* Rule kinds: items_paper.c, items_held.c, items_dialogue.c,
 * items_petition.c. */
int items_annual_plan(struct eval *e, const struct rule_group *group,
                      struct error *err) MUST_USE;
int items_dialogues_held(struct eval *e, const struct rule_group *group,
                         struct error *err) MUST_USE;
int items_conclusion(struct eval *e, const struct rule_group *group,
                     struct error *err) MUST_USE;
int items_dossier(struct eval *e, const struct rule_group *group,
                  struct error *err) MUST_USE;
int items_previous_results(struct eval *e, const struct rule_group *group,
                           struct error *err) MUST_USE;
int items_undertakings(struct eval *e, const struct rule_group *group,
                       struct error *err) MUST_USE;
int items_person_told(struct eval *e, const struct rule_group *group,
                      struct error *err) MUST_USE;
int items_periodic_report(struct eval *e, const struct rule_group *group,
                          struct error *err) MUST_USE;

/* items_paper.c: the plan that counts for a year (the first adopted with its
 * dialogues listed), or NULL. */
const struct plan_view *eval_plan(const struct eval *e, uint32_t year);

/* False for a unit that was closed before the due date (the nominal day where
 * that is uncomputed): it did not live to owe the item. */
bool eval_lives_to(const struct eval *e, const struct duty_item *item,
                   uint32_t nominal_day);

/* First and last year whose yearly periods have begun. */
uint32_t eval_first_year(const struct eval *e);
uint32_t eval_last_year(const struct eval *e);
/* Day of a date that exists; 0 otherwise. */
uint32_t eval_day(uint32_t year, uint32_t month, uint32_t day);

#endif
