/* tests/protocol: records for the tests of duties, packed as a fold would:
 * plans, reports, dialogues, petitions. Next: duty_world.h. */
#include "tests/protocol/duty_world.h"

#include "protocol/event/wire.h"

/* ---- records ------------------------------------------------------------- */

uint32_t day(const char *text)
{
    struct error err = {0};
    uint32_t out = 0;

    assert_ok(day_parse(span_str(text), &out, &err), err);
    return out;
}

struct event_id id_made(uint32_t n)
{
    struct event_id id = {{0}};

    /* First bytes spread, as those of a hash do. */
    n *= 2654435761u;
    memcpy(id.bytes, &n, sizeof(n));
    id.bytes[15] = 1;
    return id;
}

struct event_id id_new(struct world *w)
{
    return id_made(++w->next_id);
}

ProtobufCBinaryData bytes_of(struct world *w, struct event_id id)
{
    struct span copy = arena_copy(&w->arena, SPAN_OF(id.bytes));

    return (ProtobufCBinaryData){.len = copy.len,
                                 .data = (uint8_t *)(uintptr_t)copy.ptr};
}

static uint64_t noon_s(const char *text)
{
    return text == NULL ? 0 : (uint64_t)day_end_s(day(text)) - 43200u;
}

Qcdc__V1__Act *act_between(struct world *w, const char *on, const char *lower,
                           const char *upper)
{
    Qcdc__V1__Act *a = arena_alloc(&w->arena, sizeof(*a));

    qcdc__v1__act__init(a);
    a->event_id = bytes_of(w, id_new(w));
    a->on_day = day(on);
    a->lower_s = noon_s(lower);
    a->upper_s = noon_s(upper);
    return a;
}

Qcdc__V1__Act *act(struct world *w, const char *on)
{
    return act_between(w, on, on, on);
}

static void record_put(struct world *w, struct event_id id,
                       enum record_kind kind, const ProtobufCMessage *message)
{
    struct duty_record *record = &w->records[w->records_len++];

    assert_true(w->records_len <= WORLD_RECORDS);
    record->subject = id;
    record->kind = kind;
    assert_ok(message_pack(message, &w->arena, &record->bytes, &w->err),
              w->err);
}

struct event_id put_plan(struct world *w, uint32_t unit, uint32_t year,
                         Qcdc__V1__Act *adopted, const char *const *lines,
                         size_t lines_len)
{
    Qcdc__V1__PlanRecord plan = QCDC__V1__PLAN_RECORD__INIT;
    Qcdc__V1__PlanLine *line;
    struct event_id id = id_new(w);

    plan.unit = unit;
    plan.kind = QCDC__V1__PLAN_KIND__PLAN_KIND_DIALOGUE;
    plan.year = year;
    plan.adopted = adopted;
    plan.n_lines = lines_len;
    plan.lines = arena_array(&w->arena, lines_len + 1, sizeof(*plan.lines));
    line = arena_array(&w->arena, lines_len + 1, sizeof(*line));
    for (size_t i = 0; i < lines_len; i++) {
        qcdc__v1__plan_line__init(&line[i]);
        line[i].planned_day = day(lines[i]);
        line[i].kind = QCDC__V1__DIALOGUE_KIND__DIALOGUE_KIND_PERIODIC;
        plan.lines[i] = &line[i];
    }
    record_put(w, id, RECORD_PLAN, &plan.base);
    return id;
}

struct event_id put_report(struct world *w, uint32_t unit, uint32_t year,
                           Qcdc__V1__Period period, Qcdc__V1__Act *submitted,
                           Qcdc__V1__DialogueSection section)
{
    Qcdc__V1__ReportRecord report = QCDC__V1__REPORT_RECORD__INIT;
    struct event_id id = id_new(w);

    report.unit = unit;
    report.period = period;
    report.year = year;
    report.submitted = submitted;
    report.section = section;
    record_put(w, id, RECORD_REPORT, &report.base);
    return id;
}

void put_nothing(struct world *w, uint32_t unit, const char *duty,
                 uint32_t year, uint32_t month)
{
    Qcdc__V1__NothingRecord nothing = QCDC__V1__NOTHING_RECORD__INIT;

    nothing.unit = unit;
    nothing.duty.data = (uint8_t *)(uintptr_t)duty;
    nothing.duty.len = strlen(duty);
    nothing.year = year;
    nothing.month = month;
    nothing.act = act(w, "2024-06-28");
    record_put(w, id_new(w), RECORD_NOTICE, &nothing.base);
}

/* One more pointer at the end of a repeated field. */
#define PUSH(w, message, field, value)                                         \
    do {                                                                       \
        size_t len_ = (message)->n_##field;                                    \
        void *list_ =                                                          \
            arena_array(&(w)->arena, len_ + 1, sizeof((message)->field[0]));   \
        if (len_ > 0) {                                                        \
            memcpy(list_, (message)->field,                                    \
                   len_ * sizeof((message)->field[0]));                        \
        }                                                                      \
        (message)->field = list_;                                              \
        (message)->field[len_] = (value);                                      \
        (message)->n_##field = len_ + 1;                                       \
    } while (0)

Qcdc__V1__DialogueRecord *dialogue(struct world *w, uint32_t unit,
                                   const char *held)
{
    Qcdc__V1__DialogueRecord *d = arena_alloc(&w->arena, sizeof(*d));

    qcdc__v1__dialogue_record__init(d);
    d->unit = unit;
    d->state = QCDC__V1__DIALOGUE_STATE__DIALOGUE_STATE_HELD;
    d->held = act(w, held);
    chair_add(w, d, unit, true);
    return d;
}

void chair_add(struct world *w, Qcdc__V1__DialogueRecord *d, uint32_t unit,
               bool head)
{
    Qcdc__V1__Chair *chair = arena_alloc(&w->arena, sizeof(*chair));

    qcdc__v1__chair__init(chair);
    chair->unit = unit;
    chair->head = head;
    PUSH(w, d, chairs, chair);
}

Qcdc__V1__Concluded *conclude(struct world *w, Qcdc__V1__DialogueRecord *d,
                              struct event_id petition_id,
                              Qcdc__V1__Conclusion conclusion, uint32_t body,
                              const char *due, const char *on)
{
    Qcdc__V1__Concluded *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__concluded__init(line);
    line->petition_id = bytes_of(w, petition_id);
    line->conclusion = conclusion;
    line->body = body;
    line->due_day = due == NULL ? 0 : day(due);
    line->act = act(w, on);
    PUSH(w, d, concluded, line);
    if (d->first_concluded == NULL ||
        line->act->on_day < d->first_concluded->on_day) {
        d->first_concluded = line->act;
    }
    return line;
}

void previous_add(struct world *w, Qcdc__V1__DialogueRecord *d,
                  struct event_id petition_id, Qcdc__V1__Outcome outcome,
                  const char *next, uint32_t reason, const char *on)
{
    Qcdc__V1__PreviousLine *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__previous_line__init(line);
    line->petition_id = bytes_of(w, petition_id);
    line->outcome = outcome;
    line->next_day = next == NULL ? 0 : day(next);
    line->reason = reason;
    line->act = act(w, on);
    PUSH(w, d, previous, line);
    if (d->first_previous == NULL) {
        d->first_previous = line->act;
    }
}

void dossier_add(struct world *w, Qcdc__V1__DialogueRecord *d, uint32_t kind,
                 const char *on, bool waived)
{
    Qcdc__V1__DossierLine *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__dossier_line__init(line);
    line->kind = (Qcdc__V1__DocumentKind)kind;
    line->act = act(w, on);
    line->waived = waived;
    PUSH(w, d, dossier, line);
}

void schedule_add(struct world *w, Qcdc__V1__DialogueRecord *d,
                  const char *planned, const char *on)
{
    Qcdc__V1__Schedule *line = arena_alloc(&w->arena, sizeof(*line));

    qcdc__v1__schedule__init(line);
    line->planned_day = day(planned);
    line->act = act(w, on);
    PUSH(w, d, schedules, line);
}

void put_dialogue(struct world *w, struct event_id id,
                  const Qcdc__V1__DialogueRecord *d)
{
    record_put(w, id, RECORD_DIALOGUE, &d->base);
}

Qcdc__V1__PetitionRecord *petition(struct world *w, uint32_t unit,
                                   const char *received)
{
    Qcdc__V1__PetitionRecord *p = arena_alloc(&w->arena, sizeof(*p));

    qcdc__v1__petition_record__init(p);
    p->receiver = unit;
    p->holder = unit;
    p->kind = QCDC__V1__PETITION_KIND__PETITION_KIND_PROPOSAL;
    p->channel = QCDC__V1__CHANNEL__CHANNEL_COUNTER;
    p->person_known = true;
    p->received = act(w, received);
    return p;
}

Qcdc__V1__PetitionRecord *raised(struct world *w, uint32_t unit,
                                 struct event_id dialogue_id,
                                 const char *received)
{
    Qcdc__V1__PetitionRecord *p = petition(w, unit, received);

    p->channel = QCDC__V1__CHANNEL__CHANNEL_DIALOGUE;
    p->dialogue_id = bytes_of(w, dialogue_id);
    return p;
}

void put_petition(struct world *w, struct event_id id,
                  const Qcdc__V1__PetitionRecord *p)
{
    record_put(w, id, RECORD_PETITION, &p->base);
}
