/* node/web: answers as JSON.
 * Owns how dates, times, ids and names look to API callers. Times are those of
 * Viet Nam (UTC+7), since that is what a day means here; 64-bit numbers that
 * can grow without bound stay below 2^53. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/clock.h"
#include "node/web/api.h"
#include "protocol/base/hex.h"
#include "protocol/event/code.h"
#include "protocol/record/directory.h"

#define ZONE_S 25200            /* UTC+7 */
#define TIME_MAX_S 253402300799 /* the end of the year 9999 */
#define ELEMENTS_MAX 8192u

void api_put(json_t *object, const char *name, struct span text)
{
    json_t *value = text.len == 0
                        ? json_string("") /* whose pointer may be NULL */
                        : json_stringn((const char *)text.ptr, text.len);

    if (value == NULL) {
        api_put_hex(object, name, text);
        return;
    }
    (void)json_object_set_new(object, name, value);
}

void api_put_words(json_t *object, const char *name, const char *text,
                   enum words_lang lang)
{
    char room[WORDS_SIZE];

    api_put(object, name, span_str(words_say(lang, text, room, sizeof(room))));
}

void api_put_str(json_t *object, const char *name, const char *text)
{
    api_put(object, name, span_str(text == NULL ? "" : text));
}

void api_put_number(json_t *object, const char *name, int64_t value)
{
    (void)json_object_set_new(object, name, json_integer(value));
}

void api_put_bool(json_t *object, const char *name, bool value)
{
    (void)json_object_set_new(object, name, json_boolean(value));
}

void api_put_hex(json_t *object, const char *name, struct span bytes)
{
    char *text = malloc(bytes.len * 2 + 1);

    if (text != NULL) {
        hex_encode(bytes, text);
        (void)json_object_set_new(object, name, json_string(text));
        free(text);
    }
}

void api_put_id(json_t *object, const char *name, const struct event_id *id)
{
    api_put_hex(object, name, SPAN_OF(id->bytes));
}

void api_put_day(json_t *object, const char *name, uint32_t day)
{
    char text[DAY_TEXT_SIZE];

    if (day == 0) {
        (void)json_object_set_new(object, name, json_null());
        return;
    }
    day_format(day, text);
    api_put_str(object, name, text);
}

void api_put_time(json_t *object, const char *name, int64_t time_s)
{
    bool none = time_s <= 0 || time_s > TIME_MAX_S; /* or "at any time" */
    time_t shifted = (time_t)((none ? 0 : time_s) + ZONE_S);
    struct tm tm;
    char text[64];

    if (none || gmtime_r(&shifted, &tm) == NULL) {
        (void)json_object_set_new(object, name, json_null());
        return;
    }
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d+07:00",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    api_put_str(object, name, text);
}

json_t *api_put_object(json_t *object, const char *name)
{
    json_t *value = json_object();

    (void)json_object_set_new(object, name, value);
    return value;
}

json_t *api_put_array(json_t *object, const char *name)
{
    json_t *value = json_array();

    (void)json_object_set_new(object, name, value);
    return value;
}

json_t *api_add_object(json_t *array)
{
    json_t *value = json_object();

    (void)json_array_append_new(array, value);
    return value;
}

/* ---- paths -------------------------------------------------------------- */

/* The element of a list that `index` names, made with those before it. */
static json_t *element_at(json_t *array, size_t index)
{
    while (json_is_array(array) && json_array_size(array) <= index &&
           index < ELEMENTS_MAX) {
        if (json_array_append_new(array, json_object()) < 0) {
            break;
        }
    }
    return json_array_get(array, index);
}

/* Member `name` of `object` as an object or array, made when absent. */
static json_t *member_at(json_t *object, const char *name, bool array)
{
    json_t *member = json_object_get(object, name);

    if (member == NULL) {
        member = array ? json_array() : json_object();
        (void)json_object_set_new(object, name, member);
    }
    return json_object_get(object, name);
}

void api_put_path(json_t *object, const char *path, struct span value)
{
    char name[256];
    json_t *at = object;

    while (at != NULL) {
        size_t len = strcspn(path, ".[");

        if (len == 0 || len >= sizeof(name)) {
            return;
        }
        memcpy(name, path, len);
        name[len] = '\0';
        path += len;
        if (*path == '\0') {
            api_put(at, name, value);
            return;
        }
        if (*path == '.') {
            path++;
            at = member_at(at, name, false);
            continue;
        }
        char *end;
        unsigned long index = strtoul(path + 1, &end, 10);

        if (end[0] != ']' || end[1] != '.') {
            return;
        }
        path = end + 2;
        at = element_at(member_at(at, name, true), index);
    }
}

/* ---- names
 * ------------------------------------------------------------------- */

struct span api_unit_name(const struct api_call *call, uint32_t unit)
{
    struct unit_facts facts;

    if (unit == 0 || !directory_unit_at(engine_directory(call->engine), unit,
                                        call->today, &facts)) {
        return (struct span){NULL, 0};
    }
    return facts.name;
}

void api_put_unit(const struct api_call *call, json_t *object, const char *name,
                  uint32_t unit)
{
    if (unit == 0) {
        (void)json_object_set_new(object, name, json_null());
        return;
    }
    json_t *value = api_put_object(object, name);

    api_put_number(value, "number", unit);
    api_put(value, "name", api_unit_name(call, unit));
}

/* The people's committee a node hosts speaks for it, else any unit of it. */
const char *api_node_name(const struct api_call *call, uint32_t node,
                          char *room, size_t size)
{
    const struct directory *dir = engine_directory(call->engine);
    struct unit_facts best = {0};

    for (size_t i = 0; i < dir->units_len; i++) {
        struct unit_facts facts;

        if (directory_unit_at(dir, dir->units[i].number, call->today, &facts) &&
            facts.host == node && node != 0 &&
            (best.number == 0 || facts.kind < best.kind)) {
            best = facts;
        }
    }
    if (best.number == 0) {
        snprintf(room, size, "%u", node);
    } else {
        snprintf(room, size, "%.*s", (int)best.name.len,
                 (const char *)best.name.ptr);
    }
    return room;
}

void api_put_head(const struct api_call *call)
{
    json_t *head = api_put_object(call->answer, "node");
    char name[256];
    uint32_t node = engine_node(call->engine);

    api_put_number(head, "number", node);
    api_put_str(head, "name", api_node_name(call, node, name, sizeof(name)));
    api_put_str(head, "realm", engine_realm(call->engine));
    api_put_bool(head, "demo", engine_demo(call->engine));
    api_put_time(head, "now", (int64_t)(engine_now_ms(call->engine) / 1000));
    api_put_number(head, "clock_offset_ms", clock_offset_ms());
}

int api_put_value(void *ctx, const char *path, struct span value,
                  struct error *err)
{
    (void)err;
    api_put_path(ctx, path, value);
    return 0;
}

void api_put_code(json_t *object, const char *name, const struct event_id *id)
{
    char text[CODE_TEXT_SIZE];

    code_format(id, text);
    api_put_str(object, name, text);
}
