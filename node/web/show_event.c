/* node/web: one event as people read it: header, facts, bodies, what was erased
 * of it, where it stands and who holds it. Private bodies come only from
 * engine_private_read, which logs who read them. Read next: show.c. */
#include <stdio.h>
#include <string.h>

#include "node/web/api.h"
#include "protocol/base/hex.h"
#include "protocol/event/body.h"
#include "protocol/event/code.h"
#include "protocol/event/facts.h"
#include "protocol/event/types.h"
#include "store/attachment.h"
#include "store/erase.h"
#include "store/log.h"
#include "store/query.h"

#define HOLDERS_MAX 16u

/* ---- one event ---- */

static int put_holders(struct api_call *call, json_t *object,
                       const struct event_id *id, struct error *err)
{
    struct store_holder holders[HOLDERS_MAX];
    size_t len = 0;
    int rc =
        store_holder_list(call->store, id, holders, HOLDERS_MAX, &len, err);
    json_t *array = api_put_array(object, "holders");

    for (size_t i = 0; rc == 0 && i < len; i++) {
        json_t *row = api_add_object(array);
        char name[256];

        api_put_number(row, "node", holders[i].node);
        api_put_str(row, "name",
                    api_node_name(call, holders[i].node, name, sizeof(name)));
        api_put_time(row, "time", (int64_t)holders[i].time_s);
        api_put_bool(row, "guard", holders[i].guard);
    }
    return rc;
}

static void put_header(const struct api_call *call, json_t *object,
                       const struct header *header)
{
    const struct event_type *type = event_type_find(header->type);

    api_put_number(object, "type_number", header->type);
    api_put_str(object, "type", type == NULL ? "?" : type->name);
    api_put_str(object, "title", type == NULL ? "?" : type->title_vi);
    api_put_number(object, "version", header->version);
    api_put_number(object, "of_node", header->node);
    api_put_unit(call, object, "unit", header->unit);
    api_put_hex(object, "actor", SPAN_OF(header->actor.bytes));
    api_put_time(object, "recorded", (int64_t)(header->recorded_ms / 1000));
    api_put_day(object, "on", header->on_day);
    api_put_bool(object, "historical", header->historical);
    json_t *refs = api_put_array(object, "refs");
    for (size_t i = 0; i < header->refs.len; i++) {
        struct event_id ref = header_ref(header, i);
        char text[CODE_TEXT_SIZE];

        code_format(&ref, text);
        (void)json_array_append_new(refs, json_string(text));
    }
    json_t *to = api_put_array(object, "to");
    for (size_t i = 0; i < header->addressees_len; i++) {
        api_put_unit(call, api_add_object(to), "unit", header->addressees[i]);
    }
}

/* Facts in words; of a type not understood nothing. */
static int put_facts(const struct api_call *call, json_t *object,
                     const struct leaf *leaf, struct error *err)
{
    const struct event_type *type = event_type_find(leaf->header.type);
    struct error why = {0};
    struct api_named named = {call, api_put_object(object, "facts")};
    int rc = 0;

    if (type != NULL && type->number == EVENT_RESTORED) { /* `from`: a leaf */
        rc = facts_visit(type, leaf->facts, api_put_value, named.object, &why);
    } else if (type != NULL && type->shape != NULL) {
        rc = facts_visit(type, leaf->facts, api_put_named, &named, &why);
    }
    if (rc == ERR_LIMIT || rc == ERR_NOMEM) {
        return error_set(err, (enum err)rc, "%s", why.text);
    }
    return 0;
}

static int put_text(struct api_call *call, json_t *object,
                    const struct event_id *id, struct error *err)
{
    struct body body;
    struct error why = {0};
    int rc = store_body_find(call->store, id, AUDIENCE_OF_TEXT, &call->arena,
                             &body, &why);

    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    if (rc == 0 && engine_bodies_held_back(call->engine, &why) != 0) {
        api_put_words(object, "held_back", why.text, call->lang);
        return 0;
    }
    if (rc < 0) {
        *err = why;
        return rc;
    }
    return facts_visit_as(body_text_shape(), body.bytes, api_put_value,
                          api_put_object(object, "text"), err);
}

/* `?private=1`: opened for the official logged in, or a sentence why not. */
static int put_private(struct api_call *call, json_t *object,
                       const struct event_id *id, struct error *err)
{
    struct span plain;
    struct error why = {0};
    int rc = engine_private_read(call->engine, call->session, id, &call->arena,
                                 &plain, &why);

    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    if (rc == ERR_UNTRUSTED || rc == ERR_BUSY) {
        api_put_words(object, "private_refused", why.text, call->lang);
        return 0;
    }
    if (rc < 0) {
        *err = why;
        return rc;
    }
    return facts_visit_as(body_private_shape(), plain, api_put_value,
                          api_put_object(object, "private"), err);
}

static void put_bodies(json_t *object, const struct header *header)
{
    bool secret = header_body(header, AUDIENCE_OF_PRIVATE) != NULL ||
                  header_body(header, AUDIENCE_OF_UNIT) != NULL;

    api_put_bool(object, "has_text",
                 header_body(header, AUDIENCE_OF_TEXT) != NULL);
    api_put_bool(object, "has_private", secret);
}

/* Who erased a body or a file, why, and whether it is gone here. */
static int put_erasure(struct api_call *call, json_t *array,
                       const struct store_erasure *erasure, struct error *err)
{
    static const char *const audiences[] = {"file", "text", "private", "unit"};
    struct store_event event;
    struct leaf leaf;
    json_t *row = api_add_object(array);
    int rc = store_event_find(call->store, &erasure->erased, &call->arena,
                              &event, err);

    rc = rc != 0 ? rc : leaf_parse(event.leaf, &leaf, err);
    if (rc != 0) {
        return rc;
    }
    api_put_str(
        row, "audience",
        audiences[erasure->audience <= AUDIENCE_OF_UNIT ? erasure->audience
                                                        : 0]);
    api_put_code(row, "by", &erasure->erased);
    api_put_id(row, "by_id", &erasure->erased);
    api_put_unit(call, row, "unit", leaf.header.unit);
    api_put_day(row, "on", leaf.header.on_day);
    api_put_bool(row, "gone", erasure->acts);
    return put_facts(call, row, &leaf, err);
}

struct files_walk {
    struct api_call *call;
    json_t *object;
    json_t **array;
    const struct event_id *event;
};

/* A file of the event's facts. One that other events name as well may stay. */
static int put_file_erasure(void *ctx, const char *path, struct span value,
                            struct error *err)
{
    static const char field[] = "file_hash";
    struct files_walk *walk = ctx;
    struct store_erasure erasure = {.event = *walk->event};
    struct store_attachment_ref ref;
    struct store_attachment known;
    struct error why = {0};
    struct hash file;
    size_t len = strlen(path);
    int rc;

    if (len < sizeof(field) - 1 ||
        strcmp(path + len - (sizeof(field) - 1), field) != 0 ||
        hex_decode(value, &file, sizeof(file), &why) != 0 ||
        store_attachment_ref_find(walk->call->store, walk->event, &file, &ref,
                                  &why) != 0 ||
        store_attachment_find(walk->call->store, &file, &known, &why) != 0 ||
        (known.sealed ? ref.sealed : ref.erased) == FILE_LIVES ||
        event_id_is_zero(&ref.by)) {
        return 0;
    }
    erasure.erased = ref.by;
    erasure.acts = known.state >= STORE_ATTACHMENT_ERASED;
    if (*walk->array == NULL) {
        *walk->array = api_put_array(walk->object, "erased");
    }
    rc = put_erasure(walk->call, *walk->array, &erasure, err);
    if (rc == 0) {
        json_t *row =
            json_array_get(*walk->array, json_array_size(*walk->array) - 1);

        api_put_hex(row, "file_hash", SPAN_OF(file));
        api_put_bool(row, "shared",
                     known.state < STORE_ATTACHMENT_ERASED &&
                         (known.sealed ? ref.sealed : ref.erased) == FILE_GOES);
    }
    return rc;
}

static int put_file_erasures(struct api_call *call, json_t *object,
                             json_t *array, const struct event_id *id,
                             const struct leaf *leaf, struct error *err)
{
    const struct event_type *type = event_type_find(leaf->header.type);
    struct files_walk walk = {call, object, &array, id};

    return type == NULL || type->shape == NULL ||
                   leaf->header.type == EVENT_ERASED
               ? 0
               : facts_visit(type, leaf->facts, put_file_erasure, &walk, err);
}

static int put_erasures(struct api_call *call, json_t *object,
                        const struct event_id *id, const struct leaf *leaf,
                        struct error *err)
{
    const struct header *header = &leaf->header;
    json_t *array = NULL;

    for (size_t i = 0; i < header->bodies_len; i++) {
        struct store_erasure erasure;
        struct error why = {0};
        int rc = store_erasure_find(call->store, id, header->bodies[i].audience,
                                    &erasure, &why);

        if (rc == ERR_NOTFOUND) {
            continue;
        }
        if (rc != 0) {
            *err = why;
            return rc;
        }
        array = array != NULL ? array : api_put_array(object, "erased");
        if ((rc = put_erasure(call, array, &erasure, err)) != 0) {
            return rc;
        }
    }
    return put_file_erasures(call, object, array, id, leaf, err);
}

int api_put_place(struct api_call *call, json_t *object,
                  const struct store_event *event, struct error *err)
{
    struct store_log log;

    if (event->log == 0) {
        api_put_str(object, "origin", "");
        return 0;
    }
    int rc = store_log_get(call->store, event->log, &log, err);

    if (rc == 0) {
        api_put_str(object, "origin", log.origin);
        api_put_number(object, "index", (int64_t)event->index);
    }
    return rc;
}

int api_put_event(struct api_call *call, json_t *object,
                  const struct store_event *event, struct error *err)
{
    struct leaf leaf;
    int rc = leaf_parse(event->leaf, &leaf, err);

    if (rc < 0) {
        return rc;
    }
    api_put_id(object, "id", &event->id);
    api_put_code(object, "code", &event->id);
    api_put_number(object, "standing", event->standing);
    api_put_str(object, "standing_name",
                standing_name((enum standing)event->standing));
    api_put_bool(object, "signature_ok", event->signature_ok);
    api_put_time(object, "lower", event->lower_s);
    api_put_time(object, "upper", event->upper_s);
    rc = api_put_place(call, object, event, err);
    if (rc == 0 && leaf.understood) {
        put_header(call, object, &leaf.header);
        put_bodies(object, &leaf.header);
        rc = put_facts(call, object, &leaf, err);
        rc = rc < 0 ? rc : put_erasures(call, object, &event->id, &leaf, err);
    }
    rc = rc < 0 ? rc : put_text(call, object, &event->id, err);
    if (rc == 0 && api_arg_flag(call, "private")) {
        rc = put_private(call, object, &event->id, err);
    }
    return rc < 0 ? rc : put_holders(call, object, &event->id, err);
}
