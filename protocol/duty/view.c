/* protocol/duty: the reader of packed records. Owns the field numbers of
 * record.proto as duties use them; the test test_duty_view.c holds them
 * against the generated descriptors. Must never judge: it only reads.
 * Next: eval.c. */
#include "protocol/duty/view.h"

#include "protocol/event/wire.h"

/* How one field is stored into a struct. */
enum slot_kind {
    SLOT_U32,
    SLOT_BOOL,
    SLOT_ID,   /* struct event_id, with its flag at `flag` */
    SLOT_TEXT, /* only whether it is there: a bool */
    SLOT_ACT,
    SLOT_LIST, /* repeated message: pointer at `offset`, count at `flag` */
    SLOT_DUTY, /* char[4] */
};

struct shape;

struct slot {
    uint32_t number;
    enum slot_kind kind;
    size_t offset;
    size_t flag;
    const struct shape *element;
};

struct shape {
    const char *name;
    size_t size;
    const struct slot *slots; /* ascending number */
    size_t slots_len;
};

#define NO_FLAG SIZE_MAX
#define SHAPE_OF(text, type, rows)                                             \
    {                                                                          \
        (text), sizeof(struct type), (rows), sizeof(rows) / sizeof((rows)[0])  \
    }
#define U32(n, type, field)                                                    \
    {                                                                          \
        (n), SLOT_U32, offsetof(struct type, field), NO_FLAG, NULL             \
    }
#define FLAG(n, type, field)                                                   \
    {                                                                          \
        (n), SLOT_BOOL, offsetof(struct type, field), NO_FLAG, NULL            \
    }
#define ID(n, type, field)                                                     \
    {                                                                          \
        (n), SLOT_ID, offsetof(struct type, field), NO_FLAG, NULL              \
    }
#define ID_AND(n, type, field, has)                                            \
    {                                                                          \
        (n), SLOT_ID, offsetof(struct type, field),                            \
            offsetof(struct type, has), NULL                                   \
    }
#define TEXT(n, type, has)                                                     \
    {                                                                          \
        (n), SLOT_TEXT, offsetof(struct type, has), NO_FLAG, NULL              \
    }
#define ACT(n, type, field)                                                    \
    {                                                                          \
        (n), SLOT_ACT, offsetof(struct type, field), NO_FLAG, NULL             \
    }
#define LIST(n, type, field, shape)                                            \
    {                                                                          \
        (n), SLOT_LIST, offsetof(struct type, field),                          \
            offsetof(struct type, field##_len), &(shape)                       \
    }

static const struct slot extension_slots[] = {
    ACT(1, extension_view, act),
    U32(2, extension_view, due_day),
};
static const struct shape extension_shape =
    SHAPE_OF("extension", extension_view, extension_slots);

static const struct slot pause_slots[] = {
    U32(1, day_range, from),
    U32(2, day_range, until),
};
static const struct shape pause_shape =
    SHAPE_OF("pause", day_range, pause_slots);

static const struct slot referral_slots[] = {
    U32(3, referral_view, to),
    ACT(4, referral_view, accepted),
};
static const struct shape referral_shape =
    SHAPE_OF("referral", referral_view, referral_slots);

static const struct slot outcome_slots[] = {
    ACT(1, outcome_view, act),
    U32(2, outcome_view, outcome),
};
static const struct shape outcome_shape =
    SHAPE_OF("outcome", outcome_view, outcome_slots);

static const struct slot petition_slots[] = {
    U32(1, petition_view, receiver),
    U32(4, petition_view, kind),
    FLAG(7, petition_view, person_known),
    ID_AND(10, petition_view, dialogue, has_dialogue),
    ACT(11, petition_view, received),
    LIST(15, petition_view, extensions, extension_shape),
    LIST(16, petition_view, pauses, pause_shape),
    ACT(17, petition_view, notified),
    U32(18, petition_view, notice),
    LIST(19, petition_view, referrals, referral_shape),
    ACT(20, petition_view, answered),
    U32(22, petition_view, answer_form),
    U32(23, petition_view, publicity),
    ACT(25, petition_view, published),
    LIST(26, petition_view, outcomes, outcome_shape),
    ACT(27, petition_view, withdrawn),
};
static const struct shape petition_shape =
    SHAPE_OF("petition", petition_view, petition_slots);

static const struct slot schedule_slots[] = {
    ACT(1, schedule_view, act),
    U32(2, schedule_view, planned_day),
};
static const struct shape schedule_shape =
    SHAPE_OF("schedule", schedule_view, schedule_slots);

static const struct slot chair_slots[] = {
    U32(1, chair_view, unit),
    FLAG(2, chair_view, head),
};
static const struct shape chair_shape =
    SHAPE_OF("chair", chair_view, chair_slots);

static const struct slot concluded_slots[] = {
    ID(1, concluded_view, petition),        U32(2, concluded_view, conclusion),
    U32(3, concluded_view, body),           U32(4, concluded_view, due_day),
    TEXT(5, concluded_view, has_body_name), ACT(6, concluded_view, act),
};
static const struct shape concluded_shape =
    SHAPE_OF("conclusion", concluded_view, concluded_slots);

static const struct slot previous_slots[] = {
    ID(1, previous_view, petition),  U32(2, previous_view, outcome),
    U32(3, previous_view, next_day), U32(4, previous_view, reason),
    ACT(5, previous_view, act),
};
static const struct shape previous_shape =
    SHAPE_OF("previous result", previous_view, previous_slots);

static const struct slot dossier_slots[] = {
    U32(1, dossier_view, kind),
    ACT(2, dossier_view, act),
    FLAG(3, dossier_view, waived),
};
static const struct shape dossier_shape =
    SHAPE_OF("dossier line", dossier_view, dossier_slots);

static const struct slot dialogue_slots[] = {
    U32(1, dialogue_view, unit),
    LIST(5, dialogue_view, schedules, schedule_shape),
    ID_AND(6, dialogue_view, plan, has_plan),
    U32(7, dialogue_view, plan_line),
    ACT(11, dialogue_view, held),
    LIST(12, dialogue_view, chairs, chair_shape),
    FLAG(17, dialogue_view, voter_contact),
    LIST(18, dialogue_view, concluded, concluded_shape),
    LIST(19, dialogue_view, previous, previous_shape),
    LIST(20, dialogue_view, dossier, dossier_shape),
    ACT(25, dialogue_view, first_concluded),
    ACT(26, dialogue_view, first_previous),
};
static const struct shape dialogue_shape =
    SHAPE_OF("dialogue", dialogue_view, dialogue_slots);

static const struct slot line_slots[] = {
    U32(1, line_view, planned_day),
    U32(3, line_view, kind),
};
static const struct shape line_shape =
    SHAPE_OF("plan line", line_view, line_slots);

static const struct slot plan_slots[] = {
    U32(1, plan_view, unit),
    U32(2, plan_view, kind),
    U32(3, plan_view, year),
    ACT(4, plan_view, adopted),
    LIST(5, plan_view, lines, line_shape),
};
static const struct shape plan_shape = SHAPE_OF("plan", plan_view, plan_slots);

static const struct slot report_slots[] = {
    U32(1, report_view, unit),    U32(2, report_view, period),
    U32(3, report_view, year),    ACT(4, report_view, submitted),
    U32(5, report_view, section),
};
static const struct shape report_shape =
    SHAPE_OF("report", report_view, report_slots);

static const struct slot notice_slots[] = {
    U32(1, notice_view, unit),
    {2, SLOT_DUTY, offsetof(struct notice_view, duty), NO_FLAG, NULL},
    U32(3, notice_view, year),
    U32(4, notice_view, month),
    ACT(5, notice_view, act),
};
static const struct shape notice_shape =
    SHAPE_OF("notice", notice_view, notice_slots);

static int corrupt(const struct shape *shape, uint32_t number,
                   struct error *err)
{
    return error_set(err, ERR_CORRUPT,
                     "record: field %u of a %s is not what a fold writes",
                     number, shape->name);
}

static bool read_id(struct span bytes, struct event_id *id)
{
    if (bytes.len != sizeof(id->bytes)) {
        return false;
    }
    memcpy(id->bytes, bytes.ptr, sizeof(id->bytes));
    return true;
}

static bool read_act(struct span bytes, struct act_view *act)
{
    struct wire w = wire_of(bytes);
    struct wire_field field;

    while (w.ptr < w.end) {
        if (!wire_next(&w, &field)) {
            return false;
        }
        switch (field.number) {
        case 1:
            if (!read_id(field.bytes, &act->event)) {
                return false;
            }
            act->has = true;
            break;
        case 2:
            act->on_day = (uint32_t)field.value;
            break;
        case 3:
            act->lower_day = day_of_s((int64_t)field.value);
            break;
        case 4:
            act->upper_day = day_of_s((int64_t)field.value);
            break;
        case 5:
            act->historical = field.value != 0;
            break;
        case 6:
            act->approved = field.value != 0;
            break;
        case 7:
            act->improved = field.value != 0;
            break;
        }
    }
    return true;
}

static const struct slot *slot_find(const struct shape *shape, uint32_t number,
                                    size_t *from)
{
    size_t i = *from;

    while (i < shape->slots_len && shape->slots[i].number < number) {
        i++;
    }
    *from = i;
    if (i < shape->slots_len && shape->slots[i].number == number) {
        return &shape->slots[i];
    }
    return NULL;
}

static bool slot_store(const struct slot *slot, const struct wire_field *field,
                       uint8_t *object)
{
    void *at = object + slot->offset;

    switch (slot->kind) {
    case SLOT_U32:
        *(uint32_t *)at = (uint32_t)field->value;
        return field->kind == WIRE_VARINT;
    case SLOT_BOOL:
        *(bool *)at = field->value != 0;
        return field->kind == WIRE_VARINT;
    case SLOT_ID:
        if (slot->flag != NO_FLAG) {
            *(bool *)(void *)(object + slot->flag) = true;
        }
        return field->kind == WIRE_BYTES && read_id(field->bytes, at);
    case SLOT_TEXT:
        *(bool *)at = true;
        return field->kind == WIRE_BYTES;
    case SLOT_ACT:
        return field->kind == WIRE_BYTES && read_act(field->bytes, at);
    case SLOT_LIST:
        (*(size_t *)(void *)(object + slot->flag))++;
        return field->kind == WIRE_BYTES;
    case SLOT_DUTY:
        if (field->kind != WIRE_BYTES || field->bytes.len > 4) {
            return false;
        }
        memcpy(at, field->bytes.ptr, field->bytes.len);
        return true;
    }
    return false;
}

/* Scalars and the number of elements of each list; *lists when there are
 * any. Elements have no lists of their own. */
static int scan(const struct shape *shape, struct span bytes, uint8_t *object,
                bool *lists, struct error *err)
{
    struct wire w = wire_of(bytes);
    struct wire_field field;
    size_t from = 0;

    while (w.ptr < w.end) {
        const struct slot *slot;

        if (!wire_next(&w, &field)) {
            return corrupt(shape, 0, err);
        }
        slot = slot_find(shape, field.number, &from);
        if (slot == NULL) {
            continue;
        }
        if (!slot_store(slot, &field, object)) {
            return corrupt(shape, field.number, err);
        }
        *lists = *lists || slot->kind == SLOT_LIST;
    }
    return 0;
}

/* Elements of one list, whose room has been made. */
static int fill(const struct slot *slot, struct span bytes, uint8_t *elements,
                struct error *err)
{
    struct wire w = wire_of(bytes);
    struct wire_field field;
    bool lists = false;

    while (w.ptr < w.end && wire_next(&w, &field) &&
           field.number <= slot->number) {
        if (field.number == slot->number) {
            int rc = scan(slot->element, field.bytes, elements, &lists, err);

            if (rc != 0) {
                return rc;
            }
            elements += slot->element->size;
        }
    }
    return 0;
}

static int view_read(const struct shape *shape, struct span bytes,
                     struct arena *arena, void *out, struct error *err)
{
    uint8_t *object = out;
    bool lists = false;
    int rc;

    memset(object, 0, shape->size);
    rc = scan(shape, bytes, object, &lists, err);
    for (size_t i = 0; rc == 0 && lists && i < shape->slots_len; i++) {
        const struct slot *slot = &shape->slots[i];
        size_t count;
        void *elements;

        if (slot->kind != SLOT_LIST) {
            continue;
        }
        count = *(size_t *)(void *)(object + slot->flag);
        if (count == 0) {
            continue;
        }
        elements = arena_array(arena, count, slot->element->size);
        if (elements == NULL) {
            return error_set(err, ERR_LIMIT, "no room to read a %s",
                             shape->name);
        }
        memcpy(object + slot->offset, &elements, sizeof(elements));
        rc = fill(slot, bytes, elements, err);
    }
    return rc;
}

int petition_view_read(struct span bytes, const struct event_id *subject,
                       struct arena *arena, struct petition_view *out,
                       struct error *err)
{
    int rc = view_read(&petition_shape, bytes, arena, out, err);

    out->subject = *subject;
    return rc;
}

int dialogue_view_read(struct span bytes, const struct event_id *subject,
                       struct arena *arena, struct dialogue_view *out,
                       struct error *err)
{
    int rc = view_read(&dialogue_shape, bytes, arena, out, err);

    out->subject = *subject;
    return rc;
}

int plan_view_read(struct span bytes, const struct event_id *subject,
                   struct arena *arena, struct plan_view *out,
                   struct error *err)
{
    int rc = view_read(&plan_shape, bytes, arena, out, err);

    out->subject = *subject;
    return rc;
}

int report_view_read(struct span bytes, const struct event_id *subject,
                     struct report_view *out, struct error *err)
{
    int rc = view_read(&report_shape, bytes, NULL, out, err);

    out->subject = *subject;
    return rc;
}

int notice_view_read(struct span bytes, struct notice_view *out,
                     struct error *err)
{
    return view_read(&notice_shape, bytes, NULL, out, err);
}
