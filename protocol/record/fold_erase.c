/* protocol/record: Erased: a body of an event goes, or a file that it names;
 * its leaf stays. Owns who gave his word for that: the Erased itself, and each
 * Approved of it. Bodies and files are never looked at here, and no state or
 * figure changes. */
#include <string.h>

#include "protocol/record/fold_internal.h"

struct looking {
    ProtobufCBinaryData file;
    bool found;
};

static void file_look(void *ctx, const Qcdc__V1__Document *document)
{
    struct looking *looking = ctx;

    looking->found |= document->file_hash.len == looking->file.len &&
                      memcmp(document->file_hash.data, looking->file.data,
                             looking->file.len) == 0;
}

static bool names_file(const struct entry *e, ProtobufCBinaryData file)
{
    struct looking looking = {.file = file};

    if (e->facts != NULL && !e->is_act) {
        fold_documents(e, file_look, &looking);
    }
    return looking.found;
}

enum standing fold_erased_standing(const struct entry *e,
                                   const struct entry *target)
{
    enum audience audience = (enum audience)FACTS(e, Erased)->audience;
    ProtobufCBinaryData file = FACTS(e, Erased)->file_hash;

    if (file.len > 0) {
        return names_file(target, file) ? STANDING_EFFECTIVE
                                        : STANDING_CONTRADICTS;
    }
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
        const Qcdc__V1__Erased *said = FACTS(erasure, Erased);
        struct record_erasure *word = &f->erasures[f->erasures_len++];

        *word = (struct record_erasure){
            .event = target->leaf->id,
            .by = erasure->leaf->id,
            .audience = said->audience,
            .origin = target->header->node,
            .node = e->header->node,
        };
        if (said->file_hash.len == sizeof(word->file)) {
            memcpy(&word->file, said->file_hash.data, sizeof(word->file));
        } else {
            target->erased |= 1u << said->audience;
        }
    }
}
