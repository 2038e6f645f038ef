/* Room: node. Owns whether what is to be recorded belongs to a denunciation,
 * and what follows (DESIGN section 4): its own right, no text, private content
 * for the unit alone. A leaf of a later act does not say it; the record does.
 * It must never guess: what cannot be read is an error. Next: record.c. */
#include "node/engine_internal.h"

#include <string.h>

#include "protocol/record/shape.h"
#include "store/query.h"

static int kind_visit(void *ctx, const char *path, struct span value,
                      struct error *err)
{
    (void)err;
    if (strcmp(path, "kind") == 0 &&
        span_equal(value, span_str("denunciation"))) {
        *(bool *)ctx = true;
    }
    return 0;
}

/* By the petition's own first event, or by what it was classified as. What is
 * not held here is nobody's denunciation yet. */
static int subject_denounces(struct engine *engine,
                             const struct event_id *subject,
                             struct arena *arena, bool *out, struct error *err)
{
    struct store_event opening;
    struct store_record record;
    struct leaf leaf;
    int rc = store_event_find(engine->store, subject, arena, &opening, err);

    *out = false;
    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if (leaf_parse(opening.leaf, &leaf, err) != 0 || !leaf.understood ||
        leaf.header.type != EVENT_PETITION_RECEIVED) {
        return 0;
    }
    rc = facts_visit(event_type_find(EVENT_PETITION_RECEIVED), leaf.facts,
                     kind_visit, out, err);
    if (rc == 0 && !*out) {
        rc = store_record_find(engine->store, subject, arena, &record, err);
    }
    if (rc == 0 && !*out) {
        rc = facts_visit_as(record_shape(RECORD_PETITION), record.bytes,
                            kind_visit, out, err);
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

int denunciation_find(struct engine *engine, const struct field_pair *facts,
                      size_t len, struct arena *arena,
                      struct record_draft *draft, struct error *err)
{
    for (size_t i = 0; i < len; i++) {
        if (draft->type->group == EVENT_GROUP_PETITION &&
            strcmp(facts[i].path, "kind") == 0 &&
            strcmp(facts[i].value, "denunciation") == 0) {
            draft->unit_only = true;
        }
    }
    if (draft->unit_only || !draft->header.has_subject) {
        return 0;
    }
    return subject_denounces(engine, &draft->header.subject, arena,
                             &draft->unit_only, err);
}

int denunciation_check(const struct record_draft *draft, bool has_text,
                       struct error *err)
{
    if (draft->unit_only && has_text) {
        return error_set(err, ERR_USAGE,
                         "text: a denunciation carries none; write it under "
                         "private.content");
    }
    return 0;
}

struct party_walk {
    struct engine *engine;
    bool denunciation;
    bool here;
};

static bool is_hosted(struct engine *engine, uint32_t unit)
{
    struct unit_facts facts;

    return directory_unit_at(engine_directory(engine), unit,
                             engine_store_now(engine).day, &facts) &&
           facts.host == engine_node(engine);
}

/* The parties stand in one value, "2000;3052". */
static int party_visit(void *ctx, const char *path, struct span value,
                       struct error *err)
{
    struct party_walk *walk = ctx;
    uint32_t unit = 0;

    if (strncmp(path, "parties", 7) != 0) {
        return kind_visit(&walk->denunciation, path, value, err);
    }
    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && value.ptr[i] != ';') {
            unit = unit * 10 + (uint32_t)(value.ptr[i] - '0');
            continue;
        }
        walk->here = walk->here || is_hosted(walk->engine, unit);
        unit = 0;
    }
    return 0;
}

bool engine_denunciation_elsewhere(struct engine *engine,
                                   const struct store_record *record)
{
    struct party_walk walk = {.engine = engine};
    struct error ignored = {0};

    return record->kind == RECORD_PETITION &&
           (facts_visit_as(record_shape(RECORD_PETITION), record->bytes,
                           party_visit, &walk, &ignored) != 0 ||
            (walk.denunciation && !walk.here));
}
