/* protocol/duty: the input of an evaluation, read and linked: which petition
 * was raised where, what concluded it, since when its outcome is final. Must
 * never judge. Next: eval.c. */
#include "protocol/duty/eval.h"

#include <stdlib.h>

static int no_room(struct error *err)
{
    return error_set(err, ERR_LIMIT, "no room to evaluate the unit's records");
}

/* Room for `count` elements; something even for none. */
static void *room(struct eval *e, size_t count, size_t size)
{
    return arena_array(e->arena, count + 1, size);
}

static int rooms_make(struct eval *e, size_t *petitions, struct error *err)
{
    size_t counts[RECORD_KINDS] = {0};

    for (size_t i = 0; i < e->in->records_len; i++) {
        if ((unsigned)e->in->records[i].kind < RECORD_KINDS) {
            counts[e->in->records[i].kind]++;
        }
    }
    e->dialogues = room(e, counts[RECORD_DIALOGUE], sizeof(*e->dialogues));
    e->plans = room(e, counts[RECORD_PLAN], sizeof(*e->plans));
    e->reports = room(e, counts[RECORD_REPORT], sizeof(*e->reports));
    e->notices = room(e, counts[RECORD_NOTICE], sizeof(*e->notices));
    if (e->dialogues == NULL || e->plans == NULL || e->reports == NULL ||
        e->notices == NULL) {
        return no_room(err);
    }
    *petitions = counts[RECORD_PETITION];
    return 0;
}

/* After the dialogues: what they mention is held, too. */
static int petition_rooms(struct eval *e, size_t petitions, struct error *err)
{
    size_t index_len = 8;

    for (size_t i = 0; e->in->lone != NULL && i < e->dialogues_len; i++) {
        petitions += e->dialogues[i].v.concluded_len;
        petitions += e->dialogues[i].v.previous_len;
    }
    while (index_len < petitions * 2) {
        index_len *= 2;
    }
    e->petitions = room(e, petitions, sizeof(*e->petitions));
    e->index = room(e, index_len, sizeof(struct petition_node *));
    e->index_mask = index_len - 1;
    return e->petitions == NULL || e->index == NULL ? no_room(err) : 0;
}

static size_t index_start(const struct eval *e, const struct event_id *id)
{
    uint64_t hash;

    memcpy(&hash, id->bytes, sizeof(hash));
    return (size_t)hash & e->index_mask;
}

struct petition_node *eval_petition(const struct eval *e,
                                    const struct event_id *id)
{
    for (size_t i = index_start(e, id);; i = (i + 1) & e->index_mask) {
        struct petition_node *node = e->index[i];

        if (node == NULL || event_id_equal(&node->v.subject, id)) {
            return node;
        }
    }
}

static void index_put(struct eval *e, struct petition_node *node)
{
    size_t i = index_start(e, &node->v.subject);

    while (e->index[i] != NULL) {
        i = (i + 1) & e->index_mask;
    }
    e->index[i] = node;
}

static int petition_read(struct eval *e, const struct event_id *id,
                         struct span bytes, struct error *err)
{
    struct petition_node *node = &e->petitions[e->petitions_len];
    int rc = petition_view_read(bytes, id, e->arena, &node->v, err);

    if (rc == 0 && node->v.received.has) {
        node->final_day = UINT32_MAX;
        e->petitions_len++;
        index_put(e, node);
    }
    return rc;
}

static int record_read(struct eval *e, const struct duty_record *record,
                       struct error *err)
{
    const struct event_id *id = &record->subject;
    struct span bytes = record->bytes;
    int rc = 0;

    switch (record->kind) {
    case RECORD_NONE:
    case RECORD_PETITION: /* after the dialogues */
        break;
    case RECORD_DIALOGUE:
        rc = dialogue_view_read(bytes, id, e->arena,
                                &e->dialogues[e->dialogues_len].v, err);
        e->dialogues_len += rc == 0;
        break;
    case RECORD_PLAN: {
        struct plan_view *plan = &e->plans[e->plans_len];

        rc = plan_view_read(bytes, id, e->arena, plan, err);
        e->plans_len += rc == 0 && plan->adopted.has;
        break;
    }
    case RECORD_REPORT: {
        struct report_view *report = &e->reports[e->reports_len];

        rc = report_view_read(bytes, id, report, err);
        e->reports_len += rc == 0 && report->submitted.has;
        break;
    }
    case RECORD_NOTICE: {
        struct notice_view *notice = &e->notices[e->notices_len];

        rc = notice_view_read(bytes, notice, err);
        e->notices_len += rc == 0 && notice->act.has;
        break;
    }
    }
    return rc;
}

static int order_days(uint32_t x, uint32_t y, const struct event_id *a,
                      const struct event_id *b)
{
    if (x != y) {
        return x < y ? -1 : 1;
    }
    return event_id_compare(a, b);
}

static int dialogue_order(const void *a, const void *b)
{
    const struct dialogue_node *x = a;
    const struct dialogue_node *y = b;

    return order_days(x->v.held.on_day, y->v.held.on_day, &x->v.subject,
                      &y->v.subject);
}

static int plan_order(const void *a, const void *b)
{
    const struct plan_view *x = a;
    const struct plan_view *y = b;

    return order_days(x->adopted.on_day, y->adopted.on_day, &x->subject,
                      &y->subject);
}

static int report_order(const void *a, const void *b)
{
    const struct report_view *x = a;
    const struct report_view *y = b;

    return order_days(x->submitted.on_day, y->submitted.on_day, &x->subject,
                      &y->subject);
}

static bool same_host(const struct eval *e, uint32_t a, uint32_t b,
                      uint32_t day)
{
    struct unit_facts x, y;

    return directory_unit_at(e->in->directory, a, day, &x) &&
           directory_unit_at(e->in->directory, b, day, &y) && x.host != 0 &&
           x.host == y.host;
}

/* Anyone may write down any name: as chair counts who keeps the record, who
 * shares its node, who is above or below it in reports-to on that day. Else
 * one unit could lay duties on another that knows nothing of the dialogue. */
static bool may_chair(const struct eval *e, const struct dialogue_view *v,
                      uint32_t unit)
{
    const struct directory *dir = e->in->directory;
    const uint32_t day = v->held.on_day;

    return unit == v->unit || same_host(e, unit, v->unit, day) ||
           directory_is_above(dir, unit, v->unit, day) ||
           directory_is_above(dir, v->unit, unit, day);
}

static bool names_chair(const struct dialogue_view *v, uint32_t unit)
{
    for (size_t i = 0; i < v->chairs_len; i++) {
        if (v->chairs[i].unit == unit) {
            return true;
        }
    }
    return false;
}

/* Whose petitions may be raised there: the unit's that keeps the record, a
 * chair's, and those of the units of the same node. */
static bool may_receive(const struct eval *e, const struct dialogue_view *v,
                        uint32_t receiver)
{
    return receiver == v->unit ||
           same_host(e, receiver, v->unit, v->held.on_day) ||
           (names_chair(v, receiver) && may_chair(e, v, receiver));
}

/* Who chaired: the chairs named, else the unit that keeps the record. */
static void dialogue_roles(const struct eval *e, struct dialogue_node *node)
{
    const struct dialogue_view *v = &node->v;

    node->counts = v->held.has && !v->voter_contact;
    node->chaired = v->chairs_len == 0 && v->unit == e->in->unit;
    for (size_t i = 0; i < v->chairs_len; i++) {
        if (v->chairs[i].unit == e->in->unit && may_chair(e, v, e->in->unit)) {
            node->chaired = true;
            node->by_head = node->by_head || v->chairs[i].head;
        }
    }
}

static void final_by(struct petition_node *node, const struct act_view *act)
{
    if (node != NULL && act->has && act->on_day < node->final_day) {
        node->final_day = act->on_day;
    }
}

static bool is_final(uint32_t outcome)
{
    return outcome == VIEW_OUTCOME_DONE || outcome == VIEW_OUTCOME_NOT_DONE;
}

/* What a dialogue says about petitions: conclusions and final outcomes. */
static void dialogue_link(struct eval *e, const struct dialogue_node *node)
{
    const struct dialogue_view *v = &node->v;

    for (size_t i = 0; i < v->concluded_len; i++) {
        const struct concluded_view *line = &v->concluded[i];
        struct petition_node *petition = eval_petition(e, &line->petition);

        if (petition == NULL) {
            continue;
        }
        if (line->conclusion == VIEW_CONCLUSION_ANSWERED) {
            final_by(petition, &line->act);
        }
        if (petition->raised == node && petition->concluded == NULL) {
            petition->concluded = line;
        }
    }
    for (size_t i = 0; i < v->previous_len; i++) {
        if (is_final(v->previous[i].outcome)) {
            final_by(eval_petition(e, &v->previous[i].petition),
                     &v->previous[i].act);
        }
    }
}

/* Raised there = received with the dialogue named, on its very day, by one who
 * was there. */
static void petition_link(struct eval *e, struct petition_node *node)
{
    const struct petition_view *v = &node->v;

    for (size_t i = 0; v->has_dialogue && i < e->dialogues_len; i++) {
        const struct dialogue_node *dialogue = &e->dialogues[i];

        if (dialogue->counts && dialogue->v.held.on_day == v->received.on_day &&
            event_id_equal(&dialogue->v.subject, &v->dialogue) &&
            may_receive(e, &dialogue->v, v->receiver)) {
            node->raised = dialogue;
        }
    }
    if (v->answer_form == VIEW_ANSWER_ON_THE_SPOT) {
        final_by(node, &v->answered);
    }
    for (size_t i = 0; i < v->outcomes_len; i++) {
        if (is_final(v->outcomes[i].outcome)) {
            final_by(node, &v->outcomes[i].act);
        }
    }
    final_by(node, &v->withdrawn);
}

/* A lone petition that a dialogue mentions is held like any other. */
static int mention(struct eval *e, const struct event_id *id, struct error *err)
{
    const struct duty_lone *lone = e->in->lone;
    struct span bytes = {0};
    int rc = 0;

    if (eval_petition(e, id) == NULL) {
        rc = lone->find(lone->ctx, id, e->arena, &bytes, err);
    }
    return rc != 0 || bytes.ptr == NULL ? rc : petition_read(e, id, bytes, err);
}

static int mentions_read(struct eval *e, struct error *err)
{
    int rc = 0;

    for (size_t i = 0; e->in->lone != NULL && i < e->dialogues_len; i++) {
        const struct dialogue_view *v = &e->dialogues[i].v;

        for (size_t j = 0; rc == 0 && j < v->concluded_len; j++) {
            rc = mention(e, &v->concluded[j].petition, err);
        }
        for (size_t j = 0; rc == 0 && j < v->previous_len; j++) {
            rc = mention(e, &v->previous[j].petition, err);
        }
    }
    return rc;
}

static int records_read(struct eval *e, struct error *err)
{
    const struct duty_input *in = e->in;
    size_t petitions = 0;
    int rc = rooms_make(e, &petitions, err);

    for (size_t i = 0; rc == 0 && i < in->records_len; i++) {
        rc = record_read(e, &in->records[i], err);
    }
    if (rc == 0) {
        rc = petition_rooms(e, petitions, err);
    }
    for (size_t i = 0; rc == 0 && i < in->records_len; i++) {
        if (in->records[i].kind == RECORD_PETITION) {
            rc = petition_read(e, &in->records[i].subject, in->records[i].bytes,
                               err);
        }
    }
    return rc != 0 ? rc : mentions_read(e, err);
}

int eval_read(struct eval *e, struct error *err)
{
    int rc = records_read(e, err);

    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < e->dialogues_len; i++) {
        dialogue_roles(e, &e->dialogues[i]);
    }
    qsort(e->dialogues, e->dialogues_len, sizeof(*e->dialogues),
          dialogue_order);
    qsort(e->plans, e->plans_len, sizeof(*e->plans), plan_order);
    qsort(e->reports, e->reports_len, sizeof(*e->reports), report_order);
    for (size_t i = 0; i < e->petitions_len; i++) {
        petition_link(e, &e->petitions[i]);
    }
    for (size_t i = 0; i < e->dialogues_len; i++) {
        dialogue_link(e, &e->dialogues[i]);
    }
    return 0;
}

/* ---- lone petitions ------------------------------------------------------ */

#define PASSING_FIRST ((size_t)16 << 10)

struct passing {
    struct eval *e;
    petition_fn weigh;
    const void *ctx;
};

/* Twice the room for one petition, out of the evaluation's. */
static int passing_grow(struct eval *e, struct error *err)
{
    size_t size = e->passing.size == 0 ? PASSING_FIRST : 2 * e->passing.size;
    void *memory = arena_alloc(e->arena, size);

    if (memory == NULL) {
        return no_room(err);
    }
    arena_init(&e->passing, memory, size);
    return 0;
}

static int lone_weigh(void *to, const struct duty_record *record,
                      struct error *err)
{
    struct passing *passing = to;
    struct eval *e = passing->e;
    struct petition_node node = {.final_day = UINT32_MAX};
    int rc;

    if (eval_petition(e, &record->subject) != NULL) {
        return 0; /* mentioned, so it is held */
    }
    do {
        arena_reset(&e->passing);
        rc = petition_view_read(record->bytes, &record->subject, &e->passing,
                                &node.v, err);
    } while (rc == ERR_LIMIT && e->passing.ran_out &&
             (rc = passing_grow(e, err)) == 0);
    if (rc != 0 || !node.v.received.has) {
        return rc;
    }
    petition_link(e, &node);
    return passing->weigh(e, &node, passing->ctx, err);
}

int eval_each_petition(struct eval *e, petition_fn weigh, const void *ctx,
                       struct error *err)
{
    const struct duty_lone *lone = e->in->lone;
    struct passing passing = {e, weigh, ctx};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < e->petitions_len; i++) {
        rc = weigh(e, &e->petitions[i], ctx, err);
    }
    if (rc == 0 && lone != NULL && e->passing.size == 0) {
        rc = passing_grow(e, err);
    }
    return rc != 0 || lone == NULL
               ? rc
               : lone->each(lone->ctx, lone_weigh, &passing, err);
}
