/* protocol/record: Corrected, Voided, Approved: events about other events.
 * (Erased, which changes nothing of them, is in fold_erase.c.)
 * Owns when a correction improves and what it then needs. Nothing is ever
 * rewritten: only what the walk sees changes, the leaves stay as they are.
 *
 * Whatever acts on an event stands after it in fold order (it refs it), so
 * one pass from the end decides what was voided and approved, and one from
 * the start applies corrections to values that are by then settled. */
#include "protocol/record/fold_internal.h"

enum improving {
    IMPROVES_ANY,   /* any change can better a verdict */
    IMPROVES_LATER, /* a later day, or none at all */
    IMPROVES_UNSET, /* taken back */
};

/* Field numbers of event.proto; frozen there. */
static const struct {
    uint32_t type;
    uint32_t field;
    enum improving how;
} improving_fields[] = {
    {EVENT_PETITION_RECEIVED, 2, IMPROVES_ANY},     /* kind */
    {EVENT_PETITION_RECEIVED, 5, IMPROVES_UNSET},   /* person_known */
    {EVENT_PETITION_RECEIVED, 7, IMPROVES_ANY},     /* dialogue_id */
    {EVENT_PETITION_CLASSIFIED, 1, IMPROVES_ANY},   /* result */
    {EVENT_PETITION_CLASSIFIED, 2, IMPROVES_ANY},   /* kind */
    {EVENT_PETITION_CLASSIFIED, 4, IMPROVES_ANY},   /* holder */
    {EVENT_PETITION_CLASSIFIED, 5, IMPROVES_LATER}, /* due_day */
    {EVENT_PETITION_REFERRED, 1, IMPROVES_ANY},     /* to */
    {EVENT_PETITION_REFERRED, 2, IMPROVES_LATER},   /* due_day */
    {EVENT_PETITION_EXTENDED, 1, IMPROVES_LATER},   /* due_day */
    {EVENT_PERSON_NOTIFIED, 1, IMPROVES_ANY},       /* notice */
    {EVENT_PETITION_ANSWERED, 2, IMPROVES_ANY},     /* form */
    {EVENT_PETITION_ANSWERED, 3, IMPROVES_ANY},     /* publicity */
    {EVENT_OUTCOME_REPORTED, 1, IMPROVES_ANY},      /* outcome */
    {EVENT_OUTCOME_REPORTED, 3, IMPROVES_LATER},    /* next_day */
    {EVENT_DIALOGUE_SCHEDULED, 1, IMPROVES_ANY},    /* kind */
    {EVENT_DIALOGUE_SCHEDULED, 2, IMPROVES_LATER},  /* planned_day */
    {EVENT_DIALOGUE_SCHEDULED, 3, IMPROVES_ANY},    /* plan_id */
    {EVENT_DIALOGUE_SCHEDULED, 4, IMPROVES_ANY},    /* plan_line */
    {EVENT_DIALOGUE_HELD, 6, IMPROVES_ANY},         /* voter_contact */
    {EVENT_PLAN_ADOPTED, 1, IMPROVES_ANY},          /* kind */
    {EVENT_PLAN_ADOPTED, 2, IMPROVES_ANY},          /* year */
    {EVENT_PUBLISHED, 1, IMPROVES_ANY},             /* what */
    {EVENT_REPORT_SUBMITTED, 1, IMPROVES_ANY},      /* period */
    {EVENT_REPORT_SUBMITTED, 2, IMPROVES_ANY},      /* year */
    {EVENT_REPORT_SUBMITTED, 3, IMPROVES_ANY},      /* section */
    {EVENT_NOTHING_TO_REPORT, 1, IMPROVES_ANY},     /* duty */
    {EVENT_NOTHING_TO_REPORT, 2, IMPROVES_ANY},     /* year */
    {EVENT_NOTHING_TO_REPORT, 3, IMPROVES_ANY},     /* month */
    {EVENT_DOCUMENT_WAIVED, 1, IMPROVES_ANY},       /* kind */
};

/* A later day of these gives more time to what follows. */
static bool starts_clock(uint32_t type)
{
    return type == EVENT_PETITION_RECEIVED || type == EVENT_DIALOGUE_HELD ||
           type == EVENT_DIALOGUE_REQUESTED ||
           type == EVENT_SUPPLEMENT_RECEIVED;
}

bool fold_improves(uint32_t type, uint32_t field, uint64_t old_number,
                   uint64_t new_number)
{
    if (field == ACT_FIELD_ON_DAY) {
        return new_number < old_number ||
               (new_number > old_number && starts_clock(type));
    }
    for (size_t i = 0;
         i < sizeof(improving_fields) / sizeof(improving_fields[0]); i++) {
        if (improving_fields[i].type != type ||
            improving_fields[i].field != field) {
            continue;
        }
        switch (improving_fields[i].how) {
        case IMPROVES_ANY:
            return true;
        case IMPROVES_LATER:
            return new_number > old_number ||
                   (new_number == 0 && old_number != 0);
        case IMPROVES_UNSET:
            return new_number == 0 && old_number != 0;
        }
    }
    return false;
}

/* Taking out one of these takes something from its unit; taking out anything
 * else may take a duty away, or let count what stood behind it: the report
 * after a first one without its section, the dialogue held after a
 * cancellation. */
static bool only_credits(uint32_t type)
{
    static const uint32_t types[] = {
        EVENT_SUPPLEMENT_REQUESTED,
        EVENT_PETITION_EXTENDED,
        EVENT_PERSON_NOTIFIED,
        EVENT_PETITION_ANSWERED,
        EVENT_OUTCOME_REPORTED,
        EVENT_PETITION_WITHDRAWN,
        EVENT_PREVIOUS_RESULTS_REPORTED,
        EVENT_PUBLISHED,
        EVENT_NOTHING_TO_REPORT,
        EVENT_DOCUMENT_FILED,
        EVENT_DOCUMENT_WAIVED,
        EVENT_APPROVED,
        EVENT_ERASED,
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return false;
}

static bool is_order(const Qcdc__V1__Document *order)
{
    return order != NULL && (order->number.len > 0 || order->file_hash.len > 0);
}

static bool may_act_on(const struct fold *f, const struct entry *e,
                       const struct entry *target)
{
    return e->header->unit == target->header->unit ||
           directory_is_above(f->input->directory, e->header->unit,
                              target->header->unit, e->on);
}

/* Whose matter an act is: its target's; an approved erasure is that of the unit
 * whose body goes, whoever asked for it. */
static const struct entry *said_about(const struct fold *f,
                                      const struct entry *e)
{
    const struct entry *target = &f->entries[e->target];

    return e->header->type == EVENT_APPROVED &&
                   target->header->type == EVENT_ERASED &&
                   target->target != NO_ENTRY
               ? &f->entries[target->target]
               : target;
}

/* Acts come before the walk, which alone knows what became of the petition:
 * theirs is a denunciation where it was opened as one, or where that is what
 * they change. */
static bool is_denounced(const struct fold *f, const struct entry *e)
{
    return f->entries[f->opener].denounces || f->entries[e->target].denounces;
}

/* What a stolen key signed counts once another official has approved it. */
static bool is_approved(const struct entry *e)
{
    return e->barred && e->with_key;
}

/* Standing of one act before what it does is looked at. */
static enum standing act_standing(const struct fold *f, const struct entry *e)
{
    if (e->standing != STANDING_EFFECTIVE && !is_approved(e)) {
        return e->standing;
    }
    if (e->voided) {
        return STANDING_VOIDED;
    }

    enum standing standing = fold_day_standing(f, e);

    if (standing == STANDING_EFFECTIVE) {
        standing = fold_right_standing(e, is_denounced(f, e));
    }
    if (standing != STANDING_EFFECTIVE) {
        return standing;
    }
    return may_act_on(f, e, said_about(f, e)) ? STANDING_EFFECTIVE
                                              : STANDING_NOT_PARTY;
}

static void settle_voided(struct entry *e, struct entry *target, uint32_t self)
{
    bool improving = !only_credits(target->header->type);

    if (improving && !e->with_key && !is_order(FACTS(e, Voided)->order)) {
        e->standing = STANDING_NEEDS_APPROVAL;
        return;
    }
    target->voided = true;
    target->voided_by = self; /* the earliest stays: we come from the end */
    target->improved = improving;
}

static void settle_from_end(struct fold *f)
{
    for (uint32_t i = f->len; i-- > 0;) {
        uint32_t self = f->order[i];
        struct entry *e = &f->entries[self];

        if (!e->is_act) {
            continue;
        }
        e->standing = act_standing(f, e);
        if (e->standing != STANDING_EFFECTIVE) {
            continue;
        }

        struct entry *target = &f->entries[e->target];

        if (e->header->type == EVENT_VOIDED) {
            settle_voided(e, target, self);
        } else if (e->header->type == EVENT_ERASED) {
            e->standing = fold_erased_standing(e, target);
        } else if (e->header->type == EVENT_APPROVED) {
            target->with_key = true;
            target->above |= e->header->unit != target->header->unit;
        }
    }
    for (uint32_t i = 0; i < f->len; i++) {
        struct entry *e = &f->entries[i];

        if (!e->is_act && is_approved(e)) {
            e->standing = STANDING_EFFECTIVE;
        }
    }
}

/* The value a correction names, as it stands now. */
struct value {
    const ProtobufCFieldDescriptor *field; /* NULL: the header's on_day */
    void *member;
    uint64_t number;
    struct span text;
    bool is_text;
};

static bool value_of(struct entry *e, uint32_t number, struct value *out)
{
    *out = (struct value){.number = e->on};
    if (number == ACT_FIELD_ON_DAY) {
        return true;
    }
    out->field =
        protobuf_c_message_descriptor_get_field(e->facts->descriptor, number);
    if (out->field == NULL || out->field->label == PROTOBUF_C_LABEL_REPEATED) {
        return false;
    }
    out->member = (uint8_t *)e->facts + out->field->offset;
    if (out->field->type == PROTOBUF_C_TYPE_UINT32) {
        out->number = *(const uint32_t *)out->member;
    } else if (out->field->type == PROTOBUF_C_TYPE_ENUM) {
        out->number = (uint64_t)(uint32_t) * (const int *)out->member;
    } else if (out->field->type == PROTOBUF_C_TYPE_BOOL) {
        out->number = *(const protobuf_c_boolean *)out->member ? 1 : 0;
    } else if (out->field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *data = out->member;

        out->is_text = true;
        out->number = 0;
        out->text = span_make(data->data, data->len);
    } else {
        return false; /* nested: void the event and record it again */
    }
    return true;
}

static void value_set(struct entry *e, const struct value *value,
                      uint64_t number, ProtobufCBinaryData text)
{
    if (value->field == NULL) {
        e->on = (uint32_t)number;
    } else if (value->is_text) {
        *(ProtobufCBinaryData *)value->member = text;
    } else if (value->field->type == PROTOBUF_C_TYPE_BOOL) {
        *(protobuf_c_boolean *)value->member = number != 0;
    } else if (value->field->type == PROTOBUF_C_TYPE_ENUM) {
        *(int *)value->member = (int)number;
    } else {
        *(uint32_t *)value->member = (uint32_t)number;
    }
}

static bool is_old_value(const struct value *value,
                         const Qcdc__V1__Corrected *said)
{
    struct span old = span_make(said->old_text.data, said->old_text.len);

    return said->new_number <= INT32_MAX &&
           (value->is_text ? span_equal(old, value->text)
                           : said->old_number == value->number &&
                                 said->new_number != said->old_number);
}

/* The event whose facts a correction of a correction is about. Ids are hashes,
 * so refs cannot go round in a circle; should they, the walk still ends. */
static struct entry *corrected_event(struct fold *f, const struct entry *e)
{
    uint32_t field = FACTS(e, Corrected)->field;
    struct entry *target = &f->entries[e->target];

    for (uint32_t steps = 0;
         steps < f->len && target->header->type == EVENT_CORRECTED; steps++) {
        if (target->facts == NULL || target->target == NO_ENTRY ||
            FACTS(target, Corrected)->field != field) {
            return NULL;
        }
        target = &f->entries[target->target];
    }
    return target->is_act || target->facts == NULL ? NULL : target;
}

static enum standing apply_correction(struct fold *f, struct entry *e,
                                      bool *moved)
{
    const Qcdc__V1__Corrected *said = FACTS(e, Corrected);
    struct entry *target = corrected_event(f, e);
    struct value value;
    struct error why = {0};

    if (target == NULL || target->voided ||
        !value_of(target, said->field, &value) || !is_old_value(&value, said)) {
        return STANDING_CONTRADICTS;
    }
    if (!may_act_on(f, e, target)) {
        return STANDING_NOT_PARTY;
    }

    bool improving = fold_improves(target->header->type, said->field,
                                   said->old_number, said->new_number);
    ProtobufCBinaryData old_text = {0};

    if (value.is_text) {
        old_text = *(const ProtobufCBinaryData *)value.member;
    }
    if (improving && !e->with_key && !is_order(said->order)) {
        return STANDING_NEEDS_APPROVAL;
    }
    value_set(target, &value, said->new_number, said->new_text);
    if (value.field != NULL && event_validate(target->type, target->header,
                                              target->facts, &why) != 0) {
        value_set(target, &value, value.number, old_text);
        return STANDING_INVALID;
    }
    target->improved |= improving;
    *moved |= value.field == NULL;
    return STANDING_EFFECTIVE;
}

bool fold_acts(struct fold *f)
{
    bool moved = false;

    settle_from_end(f);
    for (uint32_t i = 0; i < f->len; i++) {
        struct entry *e = &f->entries[f->order[i]];

        if (!e->is_act || e->standing != STANDING_EFFECTIVE) {
            continue;
        }
        if (e->header->type == EVENT_CORRECTED) {
            e->standing = apply_correction(f, e, &moved);
        } else if (e->header->type == EVENT_VOIDED &&
                   f->entries[e->target].voided_by != f->order[i]) {
            e->standing = STANDING_REPEATED;
        }
    }
    fold_erasures(f);
    return moved;
}
