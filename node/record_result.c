/* Room: node. Owns what an official is told of an event just recorded: what the
 * slip prints, and what it promises. It only reads. Next: record.c. */
#include "node/record_row.h"

#include <string.h>

#include "protocol/duty/rules.h"
#include "protocol/event/code.h"
#include "protocol/record/calendar.h"
#include "store/query.h"

#define TOLD_WITHIN_DAYS 10u /* working days; Law 42/2013 Article 28 */

static int due_visit(void *ctx, const char *path, struct span value,
                     struct error *err)
{
    struct error ignored = {0};

    (void)err;
    if (strcmp(path, "due_day") == 0) {
        uint32_t day;

        if (day_parse(value, &day, &ignored) == 0) {
            *(uint32_t *)ctx = day;
        }
    }
    return 0;
}

static int refusable_visit(void *ctx, const char *path, struct span value,
                           struct error *err)
{
    (void)err;
    if (strcmp(path, "kind") == 0) {
        *(bool *)ctx = !span_equal(value, span_str("proposal"));
    }
    return 0;
}

/* What the slip promises to who handed a petition in. */
static void promise_fill(struct engine *engine, const struct leaf *leaf,
                         struct arena *arena, struct record_result *out)
{
    const struct directory *dir = engine_directory(engine);
    const struct rule *rule = NULL;
    struct rule_set rules;
    struct error ignored = {0};

    if (facts_visit(event_type_find(leaf->header.type), leaf->facts,
                    refusable_visit, &out->refusable, &ignored) != 0) {
        out->refusable = false;
    }
    out->told_by_days = TOLD_WITHIN_DAYS;
    if (rule_set_of(dir, arena, &rules, &ignored) == 0) {
        rule = rule_find(&rules, "P1\0", leaf->header.on_day);
    }
    if (rule != NULL) {
        out->told_by_days =
            rule_value(rule, "working_days", 0, TOLD_WITHIN_DAYS);
    }
    if (calendar_add_working(&dir->calendar, leaf->header.on_day,
                             out->told_by_days, &out->told_by_day,
                             &ignored) != 0) {
        out->told_by_day = 0;
    }
}

int record_result_fill(struct engine *engine, const struct event_id *id,
                       struct arena *arena, struct record_result *out,
                       struct error *err)
{
    struct store_event event;
    struct leaf leaf;
    struct unit_facts unit;
    struct error ignored = {0};
    int rc = store_event_find(engine->store, id, arena, &event, err);

    if (rc == 0) {
        rc = leaf_parse(event.leaf, &leaf, err);
    }
    if (rc != 0) {
        return rc;
    }
    memset(out, 0, sizeof(*out));
    out->id = *id;
    out->subject = leaf_subject(&leaf);
    code_format(&out->id, out->code);
    code_format(&out->subject, out->subject_code);
    out->type = event_type_find(leaf.header.type)->name;
    out->recorded_ms = leaf.header.recorded_ms;
    out->on_day = leaf.header.on_day;
    out->unit = leaf.header.unit;
    out->standing = event.standing;
    out->unit_name = "";
    out->post = "";
    if (directory_unit_at(engine_directory(engine), out->unit, out->on_day,
                          &unit)) {
        char *name = arena_alloc(arena, unit.name.len + 1);

        if (name != NULL && unit.name.len > 0) {
            memcpy(name, unit.name.ptr, unit.name.len);
        }
        out->unit_name = name != NULL ? name : "";
    }
    if (leaf.header.type == EVENT_PETITION_RECEIVED) {
        promise_fill(engine, &leaf, arena, out);
    }
    if (leaf.header.type == EVENT_PETITION_CLASSIFIED ||
        leaf.header.type == EVENT_PETITION_EXTENDED ||
        leaf.header.type == EVENT_PETITION_REFERRED) {
        if (facts_visit(event_type_find(leaf.header.type), leaf.facts,
                        due_visit, &out->due_day, &ignored) != 0) {
            out->due_day = 0;
        }
    }
    return 0;
}
