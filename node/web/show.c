/* node/web: records and events as people read them.
 * Owns the routes of lists, one record with its history, search, and the raw
 * bytes decoded. Private bodies come only from engine_private_read, which logs
 * who read them. Read next: protocol/event/facts.h, that names every value. */
#include <stdio.h>
#include <string.h>

#include "node/web/api.h"
#include "protocol/event/code.h"
#include "protocol/event/facts.h"
#include "protocol/record/directory.h"
#include "protocol/record/fold.h"
#include "protocol/record/shape.h"
#include "store/query.h"

#define LIST_MAX 500u
#define EVENTS_MAX 2000u

/* ---- lists ---- */

/* The state's name as the record says it ("answered"), for lists too. */
struct state_walk {
    json_t *object;
};

static int put_state(void *ctx, const char *path, struct span value,
                     struct error *err)
{
    struct state_walk *walk = ctx;

    (void)err;
    if (strcmp(path, "state") == 0 || strcmp(path, "due_day") == 0 ||
        strcmp(path, "kind") == 0 || strcmp(path, "field") == 0) {
        api_put(walk->object, strcmp(path, "kind") == 0 ? "subkind" : path,
                value);
    }
    return 0;
}

static int put_record(struct api_call *call, json_t *object,
                      const struct store_record *record, struct error *err)
{
    struct state_walk walk = {.object = object};
    enum record_kind kind = (enum record_kind)record->kind;
    const struct ProtobufCMessageDescriptor *shape = record_shape(kind);

    api_put_id(object, "id", &record->subject);
    api_put_code(object, "code", &record->subject);
    api_put_str(object, "kind", record_kind_name(kind));
    api_put_unit(call, object, "unit", record->unit);
    api_put_unit(call, object, "holder", record->holder);
    if (record->decider != 0) {
        api_put_unit(call, object, "decider", record->decider);
    }
    api_put_day(object, "opened", record->opened_day);
    api_put_number(object, "year", record->year);
    if (!event_id_is_zero(&record->dialogue)) {
        api_put_code(object, "dialogue", &record->dialogue);
    }
    return shape == NULL
               ? 0
               : facts_visit_as(shape, record->bytes, put_state, &walk, err);
}

static int kind_named(const char *name, uint32_t *kind, struct error *err)
{
    *kind = 0;
    if (name == NULL) {
        return 0;
    }
    for (uint32_t i = 1; i < RECORD_KINDS; i++) {
        if (strcmp(name, record_kind_name((enum record_kind)i)) == 0) {
            *kind = i;
            return 0;
        }
    }
    return error_set(err, ERR_USAGE,
                     "kind: \"%.40s\" is not known; petition, dialogue, plan, "
                     "report or notice",
                     name);
}

static int read_filter(struct api_call *call, struct store_record_filter *out,
                       struct error *err)
{
    const char *after = api_arg(call, "after");
    const char *dialogue = api_arg(call, "dialogue");
    int rc = kind_named(api_arg(call, "kind"), &out->kind, err);

    rc = rc < 0 ? rc
                : api_arg_number(call, "unit", UINT32_MAX, 0, &out->unit, err);
    rc = rc < 0
             ? rc
             : api_arg_number(call, "holder", UINT32_MAX, 0, &out->holder, err);
    rc = rc < 0 ? rc
                : api_arg_number(call, "decider", UINT32_MAX, 0, &out->decider,
                                 err);
    rc = rc < 0 ? rc : api_arg_number(call, "state", 99, 0, &out->state, err);
    rc = rc < 0 ? rc : api_arg_day(call, "from", 0, &out->from_day, err);
    rc = rc < 0 ? rc : api_arg_day(call, "until", 0, &out->until_day, err);
    rc = rc < 0 ? rc : api_arg_day(call, "after_day", 0, &out->after_day, err);
    if (rc == 0 && dialogue != NULL) {
        rc = api_event_named(call, dialogue, &out->dialogue, err);
    }
    if (rc == 0 && after != NULL) {
        rc = api_event_named(call, after, &out->after, err);
    }
    return rc;
}

int api_records(struct api_call *call, struct error *err)
{
    struct store_record_filter filter = {0};
    struct store_record *list =
        arena_array(&call->arena, LIST_MAX, sizeof(*list));
    uint32_t max = 0;
    size_t len = 0;
    int rc = read_filter(call, &filter, err);

    if (list == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the list");
    }
    rc = rc < 0 ? rc : api_arg_number(call, "max", LIST_MAX, 100, &max, err);
    rc = rc < 0 ? rc
                : store_record_list(call->store, &filter, &call->arena, list,
                                    max, &len, err);
    if (rc < 0) {
        return rc;
    }
    json_t *array = api_put_array(call->answer, "records");
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = put_record(call, api_add_object(array), &list[i], err);
    }
    api_put_bool(call->answer, "more", len > 0 && len == max);
    return rc;
}

int api_search(struct api_call *call, struct error *err)
{
    struct event_id found[100];
    const char *query = NULL;
    size_t len = 0;
    int rc = api_arg_text(call, "q", &query, err);

    rc = rc < 0 ? rc : engine_findable(call->engine, err);
    rc = rc < 0 ? rc
                : store_search(call->store, query, found,
                               sizeof(found) / sizeof(*found), &len, err);
    json_t *array = api_put_array(call->answer, "records");
    for (size_t i = 0; rc == 0 && i < len; i++) {
        struct store_record record;
        size_t mark = call->arena.used;

        rc = store_record_find(call->store, &found[i], &call->arena, &record,
                               err);
        if (rc == 0 && !engine_denunciation_elsewhere(call->engine, &record)) {
            rc = put_record(call, api_add_object(array), &record, err);
        } else if (rc == ERR_NOTFOUND) {
            rc = 0;
        }
        arena_rewind(&call->arena, mark);
    }
    return rc;
}

/* ---- one record ---- */

/* Any event of a record names the record. */
static int find_subject(struct api_call *call, const char *text,
                        struct event_id *subject, struct error *err)
{
    struct store_event event;
    struct event_id id;
    int rc = api_event_named(call, text, &id, err);

    rc = rc < 0 ? rc
                : store_event_find(call->store, &id, &call->arena, &event, err);
    if (rc == 0) {
        *subject = event_id_is_zero(&event.subject) ? id : event.subject;
    }
    return rc;
}

static int put_events(struct api_call *call, const struct event_id *subject,
                      struct error *err)
{
    struct store_event *events =
        arena_array(&call->arena, EVENTS_MAX, sizeof(*events));
    size_t len = 0;
    int rc;

    if (events == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the history");
    }
    rc = store_event_list(call->store, subject, &call->arena, events,
                          EVENTS_MAX, &len, err);
    json_t *array = api_put_array(call->answer, "events");
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = api_put_event(call, api_add_object(array), &events[i], err);
    }
    return rc;
}

int api_show(struct api_call *call, struct error *err)
{
    struct event_id subject;
    struct store_record record;
    int rc = find_subject(call, call->rest, &subject, err);

    if (rc < 0) {
        return rc;
    }
    api_put_head(call);
    rc = store_record_find(call->store, &subject, &call->arena, &record, err);
    if (rc == 0) {
        const struct ProtobufCMessageDescriptor *shape =
            record_shape((enum record_kind)record.kind);

        rc = put_record(call, call->answer, &record, err);
        if (rc == 0 && shape != NULL) {
            struct api_named named = {call,
                                      api_put_object(call->answer, "record")};

            rc =
                facts_visit_as(shape, record.bytes, api_put_named, &named, err);
        }
    } else if (rc == ERR_NOTFOUND) { /* a directory event, or waiting */
        api_put_id(call->answer, "id", &subject);
        api_put_code(call->answer, "code", &subject);
        rc = 0;
    }
    return rc < 0 ? rc : put_events(call, &subject, err);
}

/* The exact bytes of a leaf, to be decoded by whoever asks. */
int api_raw(struct api_call *call, struct error *err)
{
    struct store_event event;
    struct event_id id;
    int rc = api_event_named(call, call->rest, &id, err);

    rc = rc < 0 ? rc
                : store_event_find(call->store, &id, &call->arena, &event, err);
    if (rc == 0) {
        api_put_id(call->answer, "id", &event.id);
        api_put_hex(call->answer, "leaf", event.leaf);
        rc = api_put_place(call, call->answer, &event, err);
    }
    return rc;
}

/* ---- units ---- */

int api_units(struct api_call *call, struct error *err)
{
    const struct directory *dir = engine_directory(call->engine);
    uint32_t day = 0;
    int rc = api_arg_day(call, "as_of", call->today, &day, err);
    json_t *array = api_put_array(call->answer, "units");

    for (size_t i = 0; rc == 0 && i < dir->units_len; i++) {
        struct unit_facts unit;

        if (!directory_unit_at(dir, dir->units[i].number, day, &unit)) {
            continue;
        }
        json_t *object = api_add_object(array);

        api_put_number(object, "number", unit.number);
        api_put(object, "name", unit.name);
        api_put_number(object, "kind", unit.kind);
        api_put_number(object, "level", unit.level);
        api_put(object, "code", unit.code);
        api_put_number(object, "territory", unit.territory);
        api_put_number(object, "host", unit.host);
        api_put_number(object, "reports_to", unit.reports_to);
        api_put_bool(object, "open", unit.open);
    }
    return rc;
}
