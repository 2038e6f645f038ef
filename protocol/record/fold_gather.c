/* protocol/record: the events of one subject, each once, decoded, and what
 * each is about. Owns which copy of an event counts and what still waits; it
 * judges no meaning. Next: fold_order.c. */
#include <stdlib.h>
#include <string.h>

#include "protocol/event/wire.h"
#include "protocol/record/fold_internal.h"

/* Pointers to the input, ascending id, then by where a copy stands. */
static int compare_events(const struct fold_event *a,
                          const struct fold_event *b)
{
    int order = event_id_compare(&a->leaf->id, &b->leaf->id);

    if (order == 0 && a->epoch != b->epoch) {
        order = a->epoch < b->epoch ? -1 : 1;
    }
    if (order == 0 && a->position != b->position) {
        order = a->position < b->position ? -1 : 1;
    }
    return order;
}

static int compare_event_pointers(const void *left, const void *right)
{
    return compare_events(*(const struct fold_event *const *)left,
                          *(const struct fold_event *const *)right);
}

static void sort_events(const struct fold_event **events, size_t len)
{
    if (len > 24) {
        qsort(events, len, sizeof(void *), compare_event_pointers);
        return;
    }
    for (size_t i = 1; i < len; i++) {
        const struct fold_event *event = events[i];
        size_t at = i;

        for (; at > 0 && compare_events(events[at - 1], event) > 0; at--) {
            events[at] = events[at - 1];
        }
        events[at] = event;
    }
}

static uint64_t clamp_order(const struct entry *e)
{
    uint64_t s = e->header->recorded_ms / 1000;

    if (e->upper_s > 0 && s > e->upper_s) {
        s = e->upper_s;
    }
    return s < e->lower_s ? e->lower_s : s;
}

static void file_seen(struct fold *f, const struct entry *e,
                      ProtobufCBinaryData hash)
{
    if (f->files_len == f->files_size) {
        size_t size = f->files_size == 0 ? 8 : f->files_size * 2;
        struct record_file *grown = fold_alloc(f, size, sizeof(*grown));

        if (grown == NULL) {
            return;
        }
        if (f->files_len > 0) {
            memcpy(grown, f->files, f->files_len * sizeof(*grown));
        }
        f->files = grown;
        f->files_size = size;
    }
    memcpy(&f->files[f->files_len].file, hash.data, sizeof(struct hash));
    f->files[f->files_len].event = e->leaf->id;
    f->files[f->files_len++].node = e->header->node;
}

struct seeing {
    struct fold *f;
    struct entry *e;
};

static void paper_seen(void *ctx, const Qcdc__V1__Document *document)
{
    struct seeing *seeing = ctx;
    struct entry *e = seeing->e;

    if (document->file_hash.len == sizeof(struct hash)) {
        file_seen(seeing->f, e, document->file_hash);
    }
    e->on_paper |= document->signing != QCDC__V1__SIGNING__SIGNING_UNSPECIFIED;
}

static void entry_decode(struct fold *f, struct entry *e)
{
    struct error why = {0};

    e->type = event_type_find(e->header->type);
    if (!e->leaf->understood || e->type == NULL || e->type->shape == NULL) {
        e->standing = e->standing == STANDING_EFFECTIVE
                          ? STANDING_NOT_UNDERSTOOD
                          : e->standing;
        e->barred = false;
        return;
    }
    if (e->standing != STANDING_EFFECTIVE && !e->barred) {
        return;
    }
    if (message_unpack(e->type->shape, e->leaf->facts, f->arena, &e->facts,
                       &why) != 0) {
        f->no_memory |= f->arena->ran_out;
        e->facts = NULL;
        e->standing = STANDING_NOT_UNDERSTOOD;
        e->barred = false;
        return;
    }
    e->denounces = event_denounces(e->type, e->facts);
    e->is_act =
        e->header->type == EVENT_CORRECTED || e->header->type == EVENT_VOIDED ||
        e->header->type == EVENT_APPROVED || e->header->type == EVENT_ERASED;
    if (!e->is_act) {
        fold_documents(e, paper_seen, &(struct seeing){f, e});
    }
}

static struct entry entry_of(const struct fold_event *event)
{
    return (struct entry){
        .leaf = event->leaf,
        .header = &event->leaf->header,
        .epoch = event->epoch,
        .position = event->position,
        .lower_s = event->lower_s > 0 ? (uint64_t)event->lower_s : 0,
        .upper_s = event->upper_s > 0 ? (uint64_t)event->upper_s : 0,
        .standing = event->standing,
        .barred = event->standing == STANDING_NEEDS_APPROVAL,
        .lacks = event->lacks,
        .target = NO_ENTRY,
        .voided_by = NO_ENTRY,
    };
}

/* A further copy of the same event: it counts if any copy does, stands where
 * the first good one stands, was covered when a good one was covered first. */
static void entry_merge(struct entry *e, const struct fold_event *event)
{
    struct entry other = entry_of(event);

    if (other.standing != STANDING_EFFECTIVE) {
        return;
    }
    if (e->standing != STANDING_EFFECTIVE) {
        *e = other;
        return;
    }
    e->lacks &= other.lacks;
    if (e->upper_s == 0 || (other.upper_s > 0 && other.upper_s < e->upper_s)) {
        e->upper_s = other.upper_s;
    }
    if (other.lower_s > e->lower_s) {
        e->lower_s = other.lower_s;
    }
}

static void gather(struct fold *f)
{
    const struct fold_input *input = f->input;
    const struct fold_event **events =
        fold_alloc(f, input->len, sizeof(void *));

    f->entries = fold_alloc(f, input->len, sizeof(*f->entries));
    f->order = fold_alloc(f, input->len, sizeof(*f->order));
    if (f->no_memory) {
        return;
    }
    for (size_t i = 0; i < input->len; i++) {
        events[i] = &input->events[i];
    }
    sort_events(events, input->len);
    for (size_t i = 0; i < input->len; i++) {
        const struct fold_event *event = events[i];
        struct entry *e = &f->entries[f->len];

        if (f->len > 0 && event_id_equal(&e[-1].leaf->id, &event->leaf->id)) {
            entry_merge(&e[-1], event);
            continue;
        }
        f->len++;
        *e = entry_of(event);
    }
    for (uint32_t i = 0; i < f->len; i++) {
        struct entry *e = &f->entries[i];

        e->on = e->header->on_day;
        e->order_s = clamp_order(e);
        entry_decode(f, e);
    }
}

/* The event whose id the others name as their subject; of several that open
 * one (only a caller's mistake), the least id. */
static void find_opener(struct fold *f)
{
    f->opener = NO_ENTRY;
    f->subject = leaf_subject(f->entries[0].leaf);
    for (uint32_t i = 0; i < f->len; i++) {
        if (f->entries[i].header->has_subject) {
            f->subject = f->entries[i].header->subject;
            break;
        }
    }
    f->opener = fold_find(f, &f->subject);
}

/* Its first ref must be held: it says what the event is about. (A paper or a
 * publication may ref what lies outside; the walk judges those by state.) */
static bool needs_ref(const struct entry *e)
{
    uint32_t type = e->header->type;

    if (type == EVENT_SUPPLEMENT_RECEIVED || type == EVENT_REFERRAL_ACCEPTED ||
        type == EVENT_REFERRAL_RETURNED) {
        return e->header->refs.len > 0;
    }
    return e->is_act;
}

static void find_targets(struct fold *f)
{
    for (uint32_t i = 0; i < f->len; i++) {
        struct entry *e = &f->entries[i];

        if (e->header->refs.len > 0) {
            struct event_id ref = header_ref(e->header, 0);

            e->target = fold_find(f, &ref);
        }
        if ((e->standing == STANDING_EFFECTIVE || e->barred) &&
            (f->opener == NO_ENTRY ||
             (e->target == NO_ENTRY && needs_ref(e)))) {
            e->standing = STANDING_WAITING;
            e->barred = false;
        }
    }
}

void fold_gather(struct fold *f)
{
    gather(f);
    if (!f->no_memory) {
        find_opener(f);
        find_targets(f);
    }
}
