/* protocol/record: the dialogue, from a request or a plan to its conclusion.
 *
 *   Requested --> REQUESTED --Scheduled--> SCHEDULED --Scheduled--> postponed
 *   REQUESTED, SCHEDULED --Cancelled--> CANCELLED
 *   (nothing), REQUESTED, SCHEDULED --Held--> HELD --Concluded--> CONCLUDED,
 *   to which later conclusions add; a petition named twice keeps the first.
 *
 * Who may act: the unit that keeps it, its chairs, who was addressed, and
 * whoever is above the unit. The dossier is what papers and acts the events
 * of the dialogue carry, whichever event that is; item 1 may also be met by
 * the plan itself, of which only plan_id is known here.
 * Next: protocol/duty, which judges D1, D5, D6, D7 from this record. */
#include "protocol/record/fold_internal.h"

enum state {
    NONE = 0,
    REQUESTED = QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_REQUESTED,
    SCHEDULED = QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_SCHEDULED,
    CANCELLED = QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_CANCELLED,
    HELD = QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_HELD,
    CONCLUDED = QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_CONCLUDED,
};

#define IN(state) (1u << (state))
#define IN_PLANNED (IN(REQUESTED) | IN(SCHEDULED))
#define IN_HELD (IN(HELD) | IN(CONCLUDED))
#define IN_ANY (IN_PLANNED | IN(CANCELLED) | IN_HELD)

#define DOSSIER_KINDS 10 /* 1-9 of DocumentKind; 0 unused */

struct paper {
    const struct entry *entry; /* NULL: neither paper nor waiver */
    bool waived;
};

/* The petitions named so far, to find a second mention. */
struct named {
    const ProtobufCBinaryData **slots; /* open addressing, power of two */
    size_t size;
    size_t len;
};

struct dialogue {
    struct fold *f;
    Qcdc__V1__DialogueRecord r;
    enum state state;
    uint32_t held_day;
    struct paper papers[DOSSIER_KINDS];
    struct named concluded;
    struct named previous;
    size_t concluded_max;
    size_t previous_max;
};

static bool same_bytes(const ProtobufCBinaryData *a,
                       const ProtobufCBinaryData *b)
{
    return span_equal(span_make(a->data, a->len), span_make(b->data, b->len));
}

/* The slot of an id: its own, or the free one where it belongs. Ids are
 * hashes, their first bytes spread by themselves; full compare decides. */
static const ProtobufCBinaryData **slot_of(const struct named *n,
                                           const ProtobufCBinaryData *id)
{
    size_t at = 0;

    for (size_t i = 0; i < id->len && i < 4; i++) {
        at = at << 8 | id->data[i];
    }
    for (at &= n->size - 1;; at = (at + 1) & (n->size - 1)) {
        if (n->slots[at] == NULL || same_bytes(n->slots[at], id)) {
            return &n->slots[at];
        }
    }
}

static bool named_grow(struct fold *f, struct named *n)
{
    struct named grown = {.size = n->size == 0 ? 64 : n->size * 2,
                          .len = n->len};

    grown.slots = fold_alloc(f, grown.size, sizeof(void *));
    if (grown.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < n->size; i++) {
        if (n->slots[i] != NULL) {
            *slot_of(&grown, n->slots[i]) = n->slots[i];
        }
    }
    *n = grown;
    return true;
}

/* True for a first mention. */
static bool named_add(struct fold *f, struct named *n,
                      const ProtobufCBinaryData *id)
{
    if (2 * n->len >= n->size && !named_grow(f, n)) {
        return false;
    }

    const ProtobufCBinaryData **slot = slot_of(n, id);

    if (*slot != NULL) {
        return false;
    }
    *slot = id;
    n->len++;
    return true;
}

/* Items of the dossier that are events of their own: a paper said to be one
 * does not fill them, so it must not hide a waiver, which does. */
static bool is_event_item(unsigned kind)
{
    return kind == QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_PLAN ||
           kind == QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_PREVIOUS ||
           kind == QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_CONCLUSION;
}

/* The earliest day counts; of one day, the first in fold order. */
static void paper_put(struct dialogue *d, unsigned kind, const struct entry *e,
                      bool waived)
{
    if (kind == 0 || kind >= DOSSIER_KINDS) {
        return;
    }

    struct paper *paper = &d->papers[kind];
    bool before = paper->entry == NULL || e->on < paper->entry->on;

    if (paper->entry != NULL && waived != paper->waived &&
        is_event_item(kind)) {
        before = waived;
    }
    if (before) {
        *paper = (struct paper){.entry = e, .waived = waived};
    }
}

struct paper_visit {
    struct dialogue *d;
    const struct entry *e;
};

static void paper_seen(void *ctx, const Qcdc__V1__Document *document)
{
    struct paper_visit *visit = ctx;

    paper_put(visit->d, (unsigned)document->kind, visit->e, false);
}

static enum standing requested(void *state, struct entry *e)
{
    struct dialogue *d = state;

    d->r.requested = fold_act(d->f, e);
    d->r.voters = FACTS(e, DialogueRequested)->voters;
    d->r.kind = QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_ON_REQUEST;
    d->state = REQUESTED;
    return STANDING_EFFECTIVE;
}

/* Chairs of the latest schedule that names any; the head's presence is a fact
 * of the day it was held, so false until then. */
static void schedule_chairs(struct dialogue *d,
                            const Qcdc__V1__DialogueScheduled *said)
{
    Qcdc__V1__Chair *chairs = fold_alloc(d->f, said->n_chairs, sizeof(*chairs));
    Qcdc__V1__Chair **list = fold_alloc(d->f, said->n_chairs, sizeof(void *));

    if (said->n_chairs == 0 || chairs == NULL || list == NULL) {
        return;
    }
    for (size_t i = 0; i < said->n_chairs; i++) {
        qcdc__v1__chair__init(&chairs[i]);
        chairs[i].unit = said->chairs[i];
        list[i] = &chairs[i];
        fold_role(d->f, said->chairs[i]);
    }
    d->r.chairs = list;
    d->r.n_chairs = said->n_chairs;
}

static enum standing scheduled(void *state, struct entry *e)
{
    struct dialogue *d = state;
    const Qcdc__V1__DialogueScheduled *said = FACTS(e, DialogueScheduled);
    Qcdc__V1__Schedule *line = fold_alloc(d->f, 1, sizeof(*line));

    if (line != NULL) {
        qcdc__v1__schedule__init(line);
        line->act = fold_act(d->f, e);
        line->planned_day = said->planned_day;
        FOLD_PUSH(d->f, d->r.schedules, d->r.n_schedules, d->f->len, line);
    }
    if (d->r.kind == QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_UNSPECIFIED) {
        d->r.kind = said->kind;
    }
    if (said->form != QCDC__V1__DIALOGUE_FORM__DIALOGUE_FORM_UNSPECIFIED) {
        d->r.form = said->form;
    }
    /* Postponing keeps the line of the plan it was first put on. */
    if (d->r.plan_id.len == 0 && d->r.plan_line == 0) {
        d->r.plan_id = said->plan_id;
        d->r.plan_line = said->plan_line;
    }
    schedule_chairs(d, said);
    d->state = SCHEDULED;
    return STANDING_EFFECTIVE;
}

static enum standing cancelled(void *state, struct entry *e)
{
    struct dialogue *d = state;

    d->r.cancelled = fold_act(d->f, e);
    d->state = CANCELLED;
    return STANDING_EFFECTIVE;
}

static enum standing held(void *state, struct entry *e)
{
    struct dialogue *d = state;
    const Qcdc__V1__DialogueHeld *said = FACTS(e, DialogueHeld);

    d->r.held = fold_act(d->f, e);
    d->held_day = e->on;
    if (said->n_chairs > 0) {
        d->r.chairs = said->chairs;
        d->r.n_chairs = said->n_chairs;
        for (size_t i = 0; i < said->n_chairs; i++) {
            fold_role(d->f, said->chairs[i]->unit);
        }
    }
    d->r.steps = said->steps;
    d->r.attended = said->attended;
    d->r.women = said->women;
    d->r.opinions = said->opinions;
    d->r.voter_contact = said->voter_contact;
    d->state = HELD;
    return STANDING_EFFECTIVE;
}

static void conclude(struct dialogue *d, const struct entry *e,
                     const Qcdc__V1__ConclusionItem *item)
{
    Qcdc__V1__Concluded *line = NULL;

    if (!named_add(d->f, &d->concluded, &item->petition_id)) {
        return; /* first mention stands */
    }
    line = fold_alloc(d->f, 1, sizeof(*line));
    if (line == NULL) {
        return;
    }
    qcdc__v1__concluded__init(line);
    line->petition_id = item->petition_id;
    line->conclusion = item->conclusion;
    line->body = item->body;
    line->due_day = item->due_day;
    line->body_name = item->body_name;
    line->act = fold_act(d->f, e);
    FOLD_PUSH(d->f, d->r.concluded, d->r.n_concluded, d->concluded_max, line);
    fold_role(d->f, item->body);
}

static enum standing concluded(void *state, struct entry *e)
{
    struct dialogue *d = state;
    const Qcdc__V1__DialogueConcluded *said = FACTS(e, DialogueConcluded);
    size_t before = d->r.n_concluded;

    if (e->on < d->held_day) {
        return STANDING_CONTRADICTS;
    }
    for (size_t i = 0; i < said->n_items; i++) {
        conclude(d, e, said->items[i]);
    }
    if (said->n_items > 0 && d->r.n_concluded == before) {
        return STANDING_REPEATED; /* every item was said already */
    }
    paper_put(d, QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_CONCLUSION, e, false);
    if (d->r.first_concluded == NULL) {
        d->r.first_concluded = fold_act(d->f, e);
    }
    d->state = CONCLUDED;
    return STANDING_EFFECTIVE;
}

static void previous_line(struct dialogue *d, const struct entry *e,
                          const Qcdc__V1__PreviousItem *item)
{
    Qcdc__V1__PreviousLine *line = NULL;

    if (!named_add(d->f, &d->previous, &item->petition_id)) {
        return;
    }
    line = fold_alloc(d->f, 1, sizeof(*line));
    if (line == NULL) {
        return;
    }
    qcdc__v1__previous_line__init(line);
    line->petition_id = item->petition_id;
    line->outcome = item->outcome;
    line->next_day = item->next_day;
    line->reason = item->reason;
    line->act = fold_act(d->f, e);
    FOLD_PUSH(d->f, d->r.previous, d->r.n_previous, d->previous_max, line);
}

static enum standing previous(void *state, struct entry *e)
{
    struct dialogue *d = state;
    const Qcdc__V1__PreviousResultsReported *said =
        FACTS(e, PreviousResultsReported);
    size_t before = d->r.n_previous;

    for (size_t i = 0; i < said->n_items; i++) {
        previous_line(d, e, said->items[i]);
    }
    if (said->n_items > 0 && d->r.n_previous == before) {
        return STANDING_REPEATED;
    }
    paper_put(d, QCDC__V1__DOCUMENT_KIND__DOCUMENT_KIND_PREVIOUS, e, false);
    if (d->r.first_previous == NULL) {
        d->r.first_previous = fold_act(d->f, e);
    }
    return STANDING_EFFECTIVE;
}

static enum standing published(void *state, struct entry *e)
{
    struct dialogue *d = state;
    Qcdc__V1__PublishedWhat what = FACTS(e, Published)->what;

    if (what == QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_ANNOUNCEMENT) {
        if (d->r.announced == NULL) {
            d->r.announced = fold_act(d->f, e);
        }
        return STANDING_EFFECTIVE;
    }
    if (what != QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_RESULTS ||
        (IN(d->state) & IN_HELD) == 0 || e->on < d->held_day) {
        return STANDING_CONTRADICTS;
    }
    if (d->r.results == NULL) {
        d->r.results = fold_act(d->f, e);
    }
    return STANDING_EFFECTIVE;
}

static enum standing filed(void *state, struct entry *e)
{
    (void)state;
    (void)e;
    return STANDING_EFFECTIVE;
}

static enum standing waived(void *state, struct entry *e)
{
    struct dialogue *d = state;

    paper_put(d, (unsigned)FACTS(e, DocumentWaived)->kind, e, true);
    return STANDING_EFFECTIVE;
}

static const struct walk_row rows[] = {
    {EVENT_DIALOGUE_REQUESTED, IN(NONE), IN_ANY, requested},
    {EVENT_DIALOGUE_SCHEDULED, IN(NONE) | IN_PLANNED, 0, scheduled},
    {EVENT_DIALOGUE_CANCELLED, IN_PLANNED, IN(CANCELLED), cancelled},
    {EVENT_DIALOGUE_HELD, IN(NONE) | IN_PLANNED, IN_HELD, held},
    {EVENT_DIALOGUE_CONCLUDED, IN_HELD, 0, concluded},
    {EVENT_PREVIOUS_RESULTS_REPORTED, IN_PLANNED | IN_HELD, 0, previous},
    {EVENT_PUBLISHED, IN_PLANNED | IN_HELD, 0, published},
    {EVENT_DOCUMENT_FILED, IN_ANY, 0, filed},
    {EVENT_DOCUMENT_WAIVED, IN_ANY, 0, waived},
};

static enum standing dialogue_step(void *state, struct entry *e)
{
    struct dialogue *d = state;
    uint32_t unit = e->header->unit;

    if (d->state != NONE && !fold_has_role(d->f, unit) &&
        !directory_is_above(d->f->input->directory, unit, d->r.unit, e->on)) {
        return STANDING_NOT_PARTY;
    }

    enum standing standing =
        walk_apply(rows, sizeof(rows) / sizeof(rows[0]), d->state, d, e);

    if (standing == STANDING_EFFECTIVE) {
        struct paper_visit visit = {.d = d, .e = e};

        fold_documents(e, paper_seen, &visit);
    }
    return standing;
}

static void dossier(struct dialogue *d)
{
    for (unsigned kind = 1; kind < DOSSIER_KINDS; kind++) {
        const struct paper *paper = &d->papers[kind];
        Qcdc__V1__DossierLine *line = NULL;

        if (paper->entry == NULL) {
            continue;
        }
        line = fold_alloc(d->f, 1, sizeof(*line));
        if (line == NULL) {
            return;
        }
        qcdc__v1__dossier_line__init(line);
        line->kind = (Qcdc__V1__DocumentKind)kind;
        line->act = fold_act(d->f, paper->entry);
        line->waived = paper->waived;
        FOLD_PUSH(d->f, d->r.dossier, d->r.n_dossier, DOSSIER_KINDS, line);
    }
}

/* Who must keep an undertaking whose body has ended has a part in it. */
static void pass_undertakings(struct dialogue *d, struct record_out *out)
{
    struct fold *f = d->f;
    uint32_t tree_day =
        directory_tree_day(f->input->directory, f->input->asof_day);

    for (size_t i = 0; i < d->r.n_concluded; i++) {
        const Qcdc__V1__Concluded *line = d->r.concluded[i];
        struct custody custody = {0};
        struct event_id petition;

        if (line->due_day == 0 || line->body == 0 || line->act == NULL ||
            line->petition_id.len != sizeof(petition.bytes)) {
            continue;
        }
        memcpy(petition.bytes, line->petition_id.data, sizeof(petition.bytes));
        custody_start(&custody, line->body, line->act->on_day);
        custody_pass(f, &custody, &petition, f->input->asof_day);
        if (tree_day != 0 &&
            (out->future_day == 0 || tree_day < out->future_day)) {
            out->future_day = tree_day;
        }
    }
}

static ProtobufCMessage *dialogue_finish(void *state, struct record_out *out)
{
    struct dialogue *d = state;
    struct fold *f = d->f;

    d->r.state = (Qcdc__V1__DialogueState)d->state;
    dossier(d);
    pass_undertakings(d, out);
    fold_history(f, &d->r.history, &d->r.n_history);
    d->r.parties = f->roles.units;
    d->r.n_parties = f->roles.len;
    out->state = (uint32_t)d->state;
    if (d->held_day != 0) {
        out->year = day_year(d->held_day);
    } else if (d->r.n_schedules > 0) {
        out->year = day_year(d->r.schedules[d->r.n_schedules - 1]->planned_day);
    }
    return &d->r.base;
}

/* How many lines the items could make at most. */
static void count_items(struct dialogue *d)
{
    for (uint32_t i = 0; i < d->f->len; i++) {
        const struct entry *e = &d->f->entries[i];

        if (e->facts == NULL) {
            continue;
        }
        if (e->header->type == EVENT_DIALOGUE_CONCLUDED) {
            d->concluded_max += FACTS(e, DialogueConcluded)->n_items;
        } else if (e->header->type == EVENT_PREVIOUS_RESULTS_REPORTED) {
            d->previous_max += FACTS(e, PreviousResultsReported)->n_items;
        }
    }
}

struct walk dialogue_walk(struct fold *f)
{
    struct dialogue *d = fold_alloc(f, 1, sizeof(*d));

    if (d != NULL) {
        d->f = f;
        qcdc__v1__dialogue_record__init(&d->r);
        count_items(d);
        if (f->opener != NO_ENTRY) {
            d->r.unit = f->entries[f->opener].header->unit;
            fold_role(f, d->r.unit);
        }
    }
    return (struct walk){
        .step = dialogue_step, .finish = dialogue_finish, .state = d};
}
