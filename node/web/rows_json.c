/* node/web: JSON lines to field paths.
 * Owns the JSON half of rows.h: one strict parse a line (duplicate names,
 * bytes that are no UTF-8, anything after the value are refused), then a walk
 * that writes paths. Must never keep a json_t beyond its line. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "node/web/rows.h"
#include "protocol/event/facts.h"

#define DEPTH_MAX 8u
#define PAIRS_MAX 2048u

/* One line being flattened. */
struct flat {
    struct arena *arena;
    struct field_pair *pairs; /* PAIRS_MAX of them, reused line after line */
    size_t len;
};

static const char *copy_text(struct flat *flat, const char *text, size_t len,
                             struct error *err)
{
    char *copy = arena_alloc(flat->arena, len + 1);

    if (copy == NULL) {
        (void)error_set(err, ERR_LIMIT, "the file is too large: split it");
        return NULL;
    }
    memcpy(copy, text, len);
    return copy;
}

static int put_pair(struct flat *flat, const char *path, const char *value,
                    size_t value_len, struct error *err)
{
    if (value_len == 0) {
        return 0; /* not stated, as an empty cell */
    }
    if (memchr(value, 0, value_len) != NULL) {
        return error_set(err, ERR_MALFORMED, "%s: a NUL character", path);
    }
    if (flat->len == PAIRS_MAX) {
        return error_set(err, ERR_LIMIT, "over %u values in one row",
                         PAIRS_MAX);
    }
    const char *path_copy = copy_text(flat, path, strlen(path), err);
    const char *value_copy = copy_text(flat, value, value_len, err);

    if (path_copy == NULL || value_copy == NULL) {
        return ERR_LIMIT;
    }
    flat->pairs[flat->len++] =
        (struct field_pair){.path = path_copy, .value = value_copy};
    return 0;
}

/* A scalar as people would type it. */
static int scalar_text(const json_t *value, const char *path, char *number,
                       size_t number_size, struct span *out, struct error *err)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        *out = span_make(json_string_value(value), json_string_length(value));
        return 0;
    case JSON_INTEGER:
        snprintf(number, number_size, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
        *out = span_str(number);
        return 0;
    case JSON_TRUE:
        *out = span_str("true");
        return 0;
    case JSON_FALSE:
        *out = span_str("false");
        return 0;
    case JSON_NULL:
        *out = span_str("");
        return 0;
    case JSON_REAL:
        return error_set(err, ERR_MALFORMED,
                         "%s: a fraction; whole numbers "
                         "only",
                         path);
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return error_set(err, ERR_MALFORMED, "%s: a single value is expected",
                     path);
}

/* ["a", "b"] is "a;b", as in one cell of a table. */
static int flatten_list(struct flat *flat, const json_t *list, const char *path,
                        struct error *err)
{
    char joined[8192];
    size_t len = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        char number[32];
        struct span text = {NULL, 0};
        int rc = scalar_text(json_array_get(list, i), path, number,
                             sizeof(number), &text, err);

        if (rc < 0) {
            return rc;
        }
        if (text.len + 1 > sizeof(joined) - len) {
            return error_set(err, ERR_LIMIT, "%s: the list is too long", path);
        }
        if (text.len > 0 && memchr(text.ptr, ';', text.len) != NULL) {
            return error_set(err, ERR_MALFORMED,
                             "%s: a semicolon inside an element", path);
        }
        if (i > 0) {
            joined[len++] = ';';
        }
        if (text.len > 0) {
            memcpy(joined + len, text.ptr, text.len);
        }
        len += text.len;
    }
    return put_pair(flat, path, joined, len, err);
}

static int flatten(struct flat *flat, json_t *value, const char *path,
                   unsigned depth, struct error *err);

static int flatten_object(struct flat *flat, json_t *object, const char *path,
                          unsigned depth, struct error *err)
{
    const char *name;
    json_t *member;

    json_object_foreach(object, name, member)
    {
        char below[FACTS_PATH_MAX];
        int len = snprintf(below, sizeof(below), "%s%s%s", path,
                           path[0] == '\0' ? "" : ".", name);

        if (len < 0 || (size_t)len >= sizeof(below)) {
            return error_set(err, ERR_MALFORMED,
                             "%.60s...: the name is too "
                             "long",
                             below);
        }
        int rc = flatten(flat, member, below, depth + 1, err);

        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int flatten_array(struct flat *flat, const json_t *array,
                         const char *path, unsigned depth, struct error *err)
{
    if (!json_is_object(json_array_get(array, 0))) {
        return flatten_list(flat, array, path, err);
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        char below[FACTS_PATH_MAX];
        int len = snprintf(below, sizeof(below), "%s[%zu]", path, i);

        if (len < 0 || (size_t)len >= sizeof(below)) {
            return error_set(err, ERR_MALFORMED, "%s: the name is too long",
                             path);
        }
        int rc = flatten(flat, json_array_get(array, i), below, depth + 1, err);

        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int flatten(struct flat *flat, json_t *value, const char *path,
                   unsigned depth, struct error *err)
{
    char number[32];
    struct span text = {NULL, 0};

    if (depth > DEPTH_MAX) {
        return error_set(err, ERR_MALFORMED, "%s: nested too deeply", path);
    }
    if (json_is_object(value)) {
        return flatten_object(flat, value, path, depth, err);
    }
    if (json_is_array(value)) {
        return flatten_array(flat, value, path, depth, err);
    }
    int rc = scalar_text(value, path, number, sizeof(number), &text, err);

    return rc < 0 ? rc
                  : put_pair(flat, path, (const char *)text.ptr, text.len, err);
}

/* ---- one object --------------------------------------------------------- */

static const char *const header_names[] = {
    "key", "unit", "on", "subject", "refs", "to", "historical",
};

static bool is_header_name(const char *name)
{
    for (size_t i = 0; i < sizeof(header_names) / sizeof(*header_names); i++) {
        if (strcmp(name, header_names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* {"fields": {path: text}}: already as a table would have it. */
static int read_fields(struct flat *flat, json_t *fields, struct error *err)
{
    const char *path;
    json_t *value;

    json_object_foreach(fields, path, value)
    {
        if (strlen(path) >= FACTS_PATH_MAX || json_is_object(value) ||
            json_is_array(value)) {
            return error_set(err, ERR_MALFORMED,
                             "%.60s: a path and one value are expected", path);
        }
        int rc = flatten(flat, value, path, 0, err);

        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int read_member(struct flat *flat, const char *name, json_t *value,
                       struct error *err)
{
    if (strcmp(name, "facts") == 0) {
        if (!json_is_object(value)) {
            return error_set(err, ERR_MALFORMED,
                             "facts: an object is expected");
        }
        return flatten_object(flat, value, "", 0, err);
    }
    if (strcmp(name, "fields") == 0 && json_is_object(value)) {
        return read_fields(flat, value, err);
    }
    if (strcmp(name, "text") == 0 || strcmp(name, "private") == 0) {
        if (!json_is_object(value)) {
            return error_set(err, ERR_MALFORMED, "%s: an object is expected",
                             name);
        }
        return flatten_object(flat, value, name, 0, err);
    }
    if (!is_header_name(name) || json_is_object(value)) {
        return error_set(err, ERR_MALFORMED,
                         "%.80s: no such name; there are type, key, unit, on, "
                         "subject, refs, to, historical, facts, text, private",
                         name);
    }
    return flatten(flat, value, name, 0, err);
}

static int read_object(struct flat *flat, json_t *object, const char *type,
                       struct record_row *out, struct error *err)
{
    const char *name;
    json_t *value;

    flat->len = 0;
    *out = (struct record_row){.type = type};
    json_object_foreach(object, name, value)
    {
        int rc = 0;

        if (strcmp(name, "type") == 0) {
            if (!json_is_string(value)) {
                return error_set(err, ERR_MALFORMED,
                                 "type: a name is expected");
            }
            if (type != NULL && strcmp(type, json_string_value(value)) != 0) {
                return error_set(err, ERR_MALFORMED,
                                 "type: %.60s in an import of %.60s",
                                 json_string_value(value), type);
            }
            out->type = copy_text(flat, json_string_value(value),
                                  json_string_length(value), err);
            rc = out->type == NULL ? ERR_LIMIT : 0;
        } else {
            rc = read_member(flat, name, value, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    if (out->type == NULL) {
        return error_set(err, ERR_MALFORMED, "type: no type is named");
    }
    struct field_pair *fields =
        arena_array(flat->arena, flat->len, sizeof(*fields));

    if (fields == NULL) {
        return error_set(err, ERR_LIMIT, "the file is too large: split it");
    }
    if (flat->len > 0) {
        memcpy(fields, flat->pairs, flat->len * sizeof(*fields));
    }
    out->fields = fields;
    out->fields_len = flat->len;
    return 0;
}

static json_t *parse_object(const char *json, size_t len, struct error *err)
{
    json_error_t why;
    json_t *object = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);

    if (object == NULL) {
        (void)error_set(err, ERR_MALFORMED, "column %d: no JSON: %s",
                        why.column, why.text);
        return NULL;
    }
    if (!json_is_object(object)) {
        json_decref(object);
        (void)error_set(err, ERR_MALFORMED, "one JSON object is expected");
        return NULL;
    }
    return object;
}

static int flat_init(struct flat *flat, struct arena *arena, struct error *err)
{
    *flat = (struct flat){.arena = arena};
    flat->pairs = arena_array(arena, PAIRS_MAX, sizeof(*flat->pairs));
    return flat->pairs == NULL ? error_set(err, ERR_LIMIT, "no room to read")
                               : 0;
}

int rows_from_object(const char *json, size_t len, const char *type,
                     struct arena *arena, struct record_row *out,
                     struct error *err)
{
    struct flat flat;
    int rc = flat_init(&flat, arena, err);
    json_t *object = rc < 0 ? NULL : parse_object(json, len, err);

    if (object == NULL) {
        return err->code;
    }
    rc = read_object(&flat, object, type, out, err);
    json_decref(object);
    return rc;
}

/* ---- the file --------------------------------------------------------------
 */

/* {"generated": "..."} and nothing else. */
static bool take_generated(struct flat *flat, json_t *object, struct rows *out)
{
    json_t *value = json_object_get(object, "generated");
    struct error ignored = {0};

    if (json_object_size(object) != 1 || !json_is_string(value)) {
        return false;
    }
    out->generated = copy_text(flat, json_string_value(value),
                               json_string_length(value), &ignored);
    return true;
}

/* Reads one line; ERR_LIMIT alone is final. */
static int take_line(const struct rows_reader *reader, struct flat *flat,
                     struct span line, uint32_t number, struct rows *out,
                     struct error *err)
{
    json_t *object = parse_object((const char *)line.ptr, line.len, err);
    int rc = object == NULL ? err->code : 0;

    if (object != NULL && number == 1 && take_generated(flat, object, out)) {
        json_decref(object);
        return 0;
    }
    if (object != NULL) {
        rc = read_object(flat, object, reader->type, &out->rows[out->len], err);
        json_decref(object);
    }
    if (rc == 0) {
        out->rows[out->len++].line = number;
        return 0;
    }
    if (flat->arena->ran_out) {
        return error_wrap(err, "line %u", number);
    }
    reader->error(reader->ctx, number, "", err->text);
    out->bad++;
    return 0;
}

static bool is_blank(struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (strchr(" \t\r", line.ptr[i]) == NULL || line.ptr[i] == '\0') {
            return false;
        }
    }
    return true;
}

int rows_from_json(const struct rows_reader *reader, struct span text,
                   struct arena *arena, struct rows *out, struct error *err)
{
    struct flat flat;
    size_t lines = 1;
    uint32_t number = 0;
    int rc = flat_init(&flat, arena, err);

    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) {
        text = span_slice(text, 3, text.len - 3);
    }
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    *out = (struct rows){0};
    if (rc < 0) {
        return rc;
    }
    out->rows = arena_array(arena, lines, sizeof(*out->rows));
    if (out->rows == NULL) {
        return error_set(err, ERR_LIMIT, "the file is too large: split it");
    }
    while (rc == 0 && text.len > 0) {
        const uint8_t *end = memchr(text.ptr, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);
        struct span line = span_slice(text, 0, len);

        text = end == NULL ? (struct span){NULL, 0}
                           : span_slice(text, len + 1, text.len - len - 1);
        number++;
        if (!is_blank(line)) {
            struct error ignored = {0};

            rc = take_line(reader, &flat, line, number, out, &ignored);
            if (rc < 0) {
                *err = ignored;
            }
        }
    }
    return rc;
}
