/* protocol/record: Erased: a body of an event goes, its leaf stays.
 * Owns who gave his word for that: the Erased itself, and each Approved of it.
 * Bodies are never looked at here, and no state or figure changes. */
#include "protocol/record/fold_internal.h"

enum standing fold_erased_standing(const struct entry *e,
                                   const struct entry *target)
{
    enum audience audience = (enum audience)FACTS(e, Erased)->audience;

    return header_body(target->header, audience) != NULL ? STANDING_EFFECTIVE
                                                         : STANDING_CONTRADICTS;
}

static bool is_erasure(const struct entry *e)
{
    return e->header->type == EVENT_ERASED && e->facts != NULL &&
           e->standing == STANDING_EFFECTIVE && e->target != NO_ENTRY;
}

/* The erasure that this event gives its word for, or NULL. */
static struct entry *erasure_of(struct fold *f, struct entry *e)
{
    if (is_erasure(e)) {
        return e;
    }
    if (e->header->type == EVENT_APPROVED &&
        e->standing == STANDING_EFFECTIVE && e->target != NO_ENTRY &&
        is_erasure(&f->entries[e->target])) {
        return &f->entries[e->target];
    }
    return NULL;
}

void fold_erasures(struct fold *f)
{
    for (uint32_t i = 0; i < f->len; i++) {
        struct entry *e = &f->entries[f->order[i]];
        struct entry *erasure = erasure_of(f, e);

        if (erasure == NULL) {
            continue;
        }
        if (f->erasures == NULL) {
            f->erasures = fold_alloc(f, f->len, sizeof(*f->erasures));
        }
        if (f->erasures == NULL) {
            return;
        }

        struct entry *target = &f->entries[erasure->target];
        uint32_t audience = FACTS(erasure, Erased)->audience;

        target->erased |= 1u << audience;
        f->erasures[f->erasures_len++] = (struct record_erasure){
            .event = target->leaf->id,
            .by = erasure->leaf->id,
            .audience = audience,
            .origin = target->header->node,
            .node = e->header->node,
        };
    }
}
