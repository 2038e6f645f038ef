/* node/client: JSON trees read and written for the tools.
 * Owns json_t behind the opaque names of answer.h. Must never let a tool see
 * jansson, nor crash on an answer of a newer node. */
#include "node/client/answer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* struct answer is json_t under another name. */
static const json_t *value_of(const struct answer *answer)
{
    return (const json_t *)(const void *)answer;
}

static const struct answer *answer_of(const json_t *value)
{
    return (const struct answer *)(const void *)value;
}

int answer_parse(struct span text, struct answer **out, struct error *err)
{
    json_error_t why;
    json_t *root = json_loadb((const char *)text.ptr, text.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);

    if (root == NULL) {
        return error_set(err, ERR_MALFORMED, "line %d, column %d: no JSON: %s",
                         why.line, why.column, why.text);
    }
    *out = (struct answer *)(void *)root;
    return 0;
}

void answer_free(struct answer *answer)
{
    json_decref((json_t *)(void *)answer);
}

const struct answer *answer_get(const struct answer *object, const char *name)
{
    return answer_of(json_object_get(value_of(object), name));
}

size_t answer_len(const struct answer *array)
{
    return json_array_size(value_of(array));
}

const struct answer *answer_at(const struct answer *array, size_t i)
{
    return answer_of(json_array_get(value_of(array), i));
}

const char *answer_text(const struct answer *value)
{
    const char *text = json_string_value(value_of(value));

    return text == NULL ? "" : text;
}

int64_t answer_number(const struct answer *value)
{
    return (int64_t)json_integer_value(value_of(value));
}

bool answer_bool(const struct answer *value)
{
    return json_is_true(value_of(value));
}

bool answer_is_null(const struct answer *value)
{
    return value == NULL || json_is_null(value_of(value));
}

int answer_each(const struct answer *object, answer_member_fn visit, void *ctx)
{
    json_t *walked;
    const char *name;
    json_t *value;

    /* The iterators take a pointer without const and do not write. */
    memcpy(&walked, &object, sizeof(void *));

    if (!json_is_object(walked)) {
        return 0;
    }
    json_object_foreach(walked, name, value)
    {
        int rc = visit(ctx, name, answer_of(value));

        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

char *answer_dump(const struct answer *value)
{
    return json_dumps(value_of(value), JSON_INDENT(2) | JSON_ENCODE_ANY);
}

/* ---- building ---- */

struct request_body {
    json_t *root;
    bool failed; /* no memory, or a value that is no UTF-8 */
};

struct request_body *request_new(void)
{
    struct request_body *body = calloc(1, sizeof(*body));

    if (body != NULL) {
        body->root = json_object();
        body->failed = body->root == NULL;
    }
    return body;
}

/* Takes the value, which may be NULL after a failure. */
static void put(struct request_body *body, json_t *object, const char *name,
                json_t *value)
{
    if (body == NULL) {
        json_decref(value);
    } else if (json_object_set_new(object, name, value) < 0) {
        body->failed = true;
    }
}

void request_put_text(struct request_body *body, const char *name,
                      const char *value)
{
    if (value != NULL && body != NULL) {
        put(body, body->root, name, json_string(value));
    }
}

void request_put_number(struct request_body *body, const char *name,
                        int64_t value)
{
    put(body, body == NULL ? NULL : body->root, name, json_integer(value));
}

void request_put_bool(struct request_body *body, const char *name, bool value)
{
    put(body, body == NULL ? NULL : body->root, name, json_boolean(value));
}

int request_put_json(struct request_body *body, const char *name,
                     struct span json, struct error *err)
{
    struct answer *parsed = NULL;
    int rc = answer_parse(json, &parsed, err);

    if (rc == 0) {
        put(body, body == NULL ? NULL : body->root, name,
            (json_t *)(void *)parsed);
    }
    return rc;
}

void request_put_field(struct request_body *body, const char *path,
                       const char *value)
{
    if (body == NULL) {
        return;
    }
    json_t *fields = json_object_get(body->root, "fields");

    if (fields == NULL) {
        fields = json_object();
        put(body, body->root, "fields", fields);
    }
    put(body, fields, path, json_string(value));
}

char *request_end(struct request_body *body)
{
    char *text = NULL;

    if (body != NULL) {
        text = body->failed ? NULL : json_dumps(body->root, JSON_COMPACT);
        json_decref(body->root);
        free(body);
    }
    return text;
}
