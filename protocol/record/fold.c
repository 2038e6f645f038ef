/* protocol/record: a fold from its events to the packed record.
 * Owns the stages: gather (each event once, decoded), order, acts, walk,
 * pack; never drops an event, never lets what one says make it fail.
 * Next: fold_gather.c, fold_order.c, fold_act.c, then fold_petition.c. */
#include "protocol/record/fold_internal.h"

#include "protocol/event/wire.h"

void *fold_alloc(struct fold *f, size_t count, size_t size)
{
    void *memory = arena_array(f->arena, count == 0 ? 1 : count, size);

    if (memory == NULL) {
        f->no_memory = true;
    }
    return memory;
}

/* First unit of the set that is not below `unit`. */
static size_t unit_at(const struct unit_set *set, uint32_t unit)
{
    size_t at = set->len;

    while (at > 0 && set->units[at - 1] >= unit) {
        at--;
    }
    return at;
}

bool fold_has_role(const struct fold *f, uint32_t unit)
{
    size_t at = unit_at(&f->roles, unit);

    return at < f->roles.len && f->roles.units[at] == unit;
}

static void unit_put(struct fold *f, struct unit_set *set, uint32_t unit)
{
    size_t at = unit_at(set, unit);

    if (unit == 0 || (at < set->len && set->units[at] == unit)) {
        return;
    }
    if (set->len == set->size) {
        size_t size = set->size == 0 ? 16 : set->size * 2;
        uint32_t *grown = fold_alloc(f, size, sizeof(*grown));

        if (grown == NULL) {
            return;
        }
        if (set->len > 0) {
            memcpy(grown, set->units, set->len * sizeof(*grown));
        }
        set->units = grown;
        set->size = size;
    }
    memmove(set->units + at + 1, set->units + at,
            (set->len - at) * sizeof(*set->units));
    set->units[at] = unit;
    set->len++;
}

void fold_role(struct fold *f, uint32_t unit)
{
    unit_put(f, &f->roles, unit);
}

ProtobufCBinaryData fold_bytes(const struct event_id *id)
{
    /* protobuf-c has no const bytes; packing only reads them. */
    union {
        const uint8_t *in;
        uint8_t *out;
    } bytes = {.in = id->bytes};

    return (ProtobufCBinaryData){sizeof(id->bytes), bytes.out};
}

Qcdc__V1__Act *fold_act(struct fold *f, const struct entry *e)
{
    Qcdc__V1__Act *act = fold_alloc(f, 1, sizeof(*act));

    if (act == NULL) {
        return NULL;
    }
    qcdc__v1__act__init(act);
    act->event_id = fold_bytes(&e->leaf->id);
    act->on_day = e->on;
    act->lower_s = e->lower_s;
    act->upper_s = e->upper_s;
    act->historical = e->header->historical;
    act->approved = e->above;
    act->improved = e->improved;
    return act;
}

Qcdc__V1__Mark fold_mark(const struct entry *e)
{
    if (e->with_key) {
        return QCDC__V1__MARK__MARK_WITH_KEY;
    }
    return e->on_paper ? QCDC__V1__MARK__MARK_ON_PAPER
                       : QCDC__V1__MARK__MARK_UNSIGNED;
}

enum standing fold_day_standing(const struct fold *f, const struct entry *e)
{
    if (e->upper_s > 0 && e->on > day_of_s((int64_t)e->upper_s) + 1) {
        return STANDING_AFTER_BRACKET;
    }
    return e->on > f->input->asof_day ? STANDING_FUTURE : STANDING_EFFECTIVE;
}

enum standing fold_right_standing(const struct entry *e, bool denunciation)
{
    struct error why = {0};

    if ((e->lacks & (denunciation ? LACKS_DENUNCIATION : LACKS_ORDINARY)) !=
        0) {
        return STANDING_NO_RIGHT;
    }
    return denunciation && event_denunciation_bodies(e->header, &why) != 0
               ? STANDING_INVALID
               : STANDING_EFFECTIVE;
}

void fold_documents(const struct entry *e,
                    void (*each)(void *ctx, const Qcdc__V1__Document *document),
                    void *ctx)
{
    const ProtobufCMessageDescriptor *shape = e->facts->descriptor;

    for (unsigned i = 0; i < shape->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &shape->fields[i];
        const void *member = (const uint8_t *)e->facts + field->offset;

        if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
            field->descriptor != &qcdc__v1__document__descriptor) {
            continue;
        }
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            const Qcdc__V1__Document *const *one = member;

            if (*one != NULL) {
                each(ctx, *one);
            }
            continue;
        }

        const size_t *count = (const void *)((const uint8_t *)e->facts +
                                             field->quantifier_offset);
        const Qcdc__V1__Document *const *const *list = member;

        for (size_t k = 0; k < *count; k++) {
            each(ctx, (*list)[k]);
        }
    }
}

enum standing walk_apply(const struct walk_row *rows, size_t len,
                         uint32_t state, void *walk, struct entry *e)
{
    for (size_t i = 0; i < len; i++) {
        if (rows[i].type != e->header->type) {
            continue;
        }
        if ((rows[i].repeated >> state & 1u) != 0) {
            return STANDING_REPEATED;
        }
        return (rows[i].states >> state & 1u) != 0 ? rows[i].apply(walk, e)
                                                   : STANDING_CONTRADICTS;
    }
    return STANDING_CONTRADICTS;
}

enum record_kind record_kind_of_event(uint32_t type)
{
    switch (type) {
    case EVENT_PETITION_RECEIVED:
        return RECORD_PETITION;
    case EVENT_DIALOGUE_REQUESTED:
    case EVENT_DIALOGUE_SCHEDULED:
    case EVENT_DIALOGUE_HELD:
        return RECORD_DIALOGUE;
    case EVENT_PLAN_ADOPTED:
        return RECORD_PLAN;
    case EVENT_REPORT_SUBMITTED:
        return RECORD_REPORT;
    case EVENT_NOTHING_TO_REPORT:
        return RECORD_NOTICE;
    default: /* not an enum switch: types are what peers send */
        return RECORD_NONE;
    }
}

const char *record_kind_name(enum record_kind kind)
{
    switch (kind) {
    case RECORD_NONE:
        break;
    case RECORD_PETITION:
        return "petition";
    case RECORD_DIALOGUE:
        return "dialogue";
    case RECORD_PLAN:
        return "plan";
    case RECORD_REPORT:
        return "report";
    case RECORD_NOTICE:
        return "notice";
    }
    return "none";
}

static void walk_events(struct fold *f, const struct walk *walk)
{
    bool opened = false;

    for (uint32_t i = 0; i < f->len; i++) {
        struct entry *e = &f->entries[f->order[i]];

        if (e->is_act || e->standing != STANDING_EFFECTIVE) {
            continue;
        }
        e->standing = e->voided ? STANDING_VOIDED : fold_day_standing(f, e);
        if (e->standing == STANDING_EFFECTIVE) {
            e->standing =
                fold_right_standing(e, f->denunciation || e->denounces);
        }
        if (e->standing != STANDING_EFFECTIVE) {
            continue;
        }
        /* Only the opening event opens; without it nothing else counts. */
        opened |= f->order[i] == f->opener;
        e->standing =
            !opened || (!e->header->has_subject && f->order[i] != f->opener)
                ? STANDING_CONTRADICTS
                : walk->step(walk->state, e);
        if (e->standing != STANDING_EFFECTIVE) {
            continue;
        }
        f->denunciation |= e->denounces;
        for (size_t k = 0; k < e->header->addressees_len; k++) {
            fold_role(f, e->header->addressees[k]);
            unit_put(f, &f->readers, e->header->addressees[k]);
        }
        if (e->header->type == EVENT_DOCUMENT_FILED && e->target != NO_ENTRY) {
            f->entries[e->target].on_paper |= e->on_paper;
        }
    }
}

void fold_history(struct fold *f, Qcdc__V1__Placed ***lines, size_t *len)
{
    Qcdc__V1__Placed *placed = fold_alloc(f, f->len, sizeof(*placed));

    *lines = fold_alloc(f, f->len, sizeof(void *));
    if (f->no_memory) {
        return;
    }
    for (uint32_t i = 0; i < f->len; i++) {
        const struct entry *e = &f->entries[f->order[i]];
        Qcdc__V1__Placed *line = &placed[i];

        qcdc__v1__placed__init(line);
        line->event_id = fold_bytes(&e->leaf->id);
        line->type = e->header->type;
        line->unit = e->header->unit;
        line->on_day = e->on;
        line->stated_on_day =
            e->on == e->header->on_day ? 0 : e->header->on_day;
        line->order_s = e->order_s;
        line->lower_s = e->lower_s;
        line->upper_s = e->upper_s;
        line->historical = e->header->historical;
        line->standing = (Qcdc__V1__Standing)e->standing;
        line->improved = e->improved;
        line->mark = fold_mark(e);
        line->erased = e->erased;
        (*lines)[i] = line;
    }
    *len = f->len;
}

static struct walk walk_of(struct fold *f)
{
    switch (f->input->kind) {
    case RECORD_PETITION:
        return petition_walk(f);
    case RECORD_DIALOGUE:
        return dialogue_walk(f);
    case RECORD_NONE:
    case RECORD_PLAN:
    case RECORD_REPORT:
    case RECORD_NOTICE:
        break;
    }
    return opened_walk(f);
}

static void fill_columns(const struct fold *f, struct record_out *out)
{
    *out = (struct record_out){.kind = f->input->kind, .subject = f->subject};
    if (f->opener != NO_ENTRY) {
        const struct entry *opener = &f->entries[f->opener];

        out->unit = opener->header->unit;
        out->holder = out->unit;
        out->opened_day = opener->on;
        out->year = day_year(opener->on);
    }
    for (uint32_t i = 0; i < f->len; i++) {
        const struct entry *e = &f->entries[i];

        out->not_effective += e->standing != STANDING_EFFECTIVE ? 1 : 0;
        out->waiting += e->standing == STANDING_WAITING ? 1 : 0;
        if (e->standing == STANDING_FUTURE &&
            (out->future_day == 0 || e->on < out->future_day)) {
            out->future_day = e->on;
        }
    }
}

int record_fold(const struct fold_input *input, struct arena *arena,
                struct record_out *out, struct error *err)
{
    struct fold f = {.input = input, .arena = arena};
    struct record_out record;

    if (input->len == 0 || input->len > UINT32_MAX / 2 ||
        input->kind == RECORD_NONE) {
        return error_set(err, ERR_USAGE, "a fold needs a kind and events");
    }
    fold_gather(&f);
    if (!f.no_memory) {
        fold_order(&f);
    }
    if (!f.no_memory && fold_acts(&f)) {
        fold_order(&f);
    }

    struct walk walk = {0};

    if (!f.no_memory) {
        walk = walk_of(&f);
    }
    if (!f.no_memory) {
        walk_events(&f, &walk);
        fill_columns(&f, &record);
        ProtobufCMessage *message = walk.finish(walk.state, &record);

        record.units = f.roles.units;
        record.units_len = f.roles.len;
        if (record.told == NULL) {
            record.told = record.units;
            record.told_len = record.units_len;
        }
        record.readers = f.readers.units;
        record.readers_len = f.readers.len;
        record.erasures = f.erasures;
        record.erasures_len = f.erasures_len;
        record.files = f.files;
        record.files_len = f.files_len;
        if (!f.no_memory &&
            message_pack(message, arena, &record.bytes, err) != 0) {
            f.no_memory = true;
        }
    }
    if (f.no_memory) {
        return error_set(err, ERR_NOMEM,
                         "no room to fold %zu events of one record",
                         input->len);
    }
    *out = record;
    return 0;
}
