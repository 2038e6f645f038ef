/* protocol/event: from what people write to minimal protobuf.
 *
 * Walks the generated descriptor, takes the pairs that belong to each field
 * and appends its bytes: what comes out is minimal because it is written in
 * order, once. A path or value that is not understood is refused with a
 * sentence; a pair is never ignored. The way back is facts_visit.c; the forms
 * of values are in facts_value.c.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/event/facts_value.h"
#include "protocol/event/shape.h"
#include "protocol/event/wire.h"

struct encoder {
    const struct field_pair *pairs;
    size_t pairs_len;
    const struct facts_resolver *resolver;
    struct buf *out;
    char path[FACTS_PATH_MAX];
    uint8_t used[FACTS_PAIRS_MAX / 8];
};

/* ---- paths
 * ------------------------------------------------------------------- */

/* Sets path to its first `len` bytes and `add`; false if it does not fit. */
static bool path_set(struct encoder *e, size_t len, const char *add)
{
    size_t add_len = strlen(add);

    if (len + add_len >= sizeof(e->path)) {
        return false;
    }
    memcpy(e->path + len, add, add_len + 1);
    return true;
}

static bool stated(const struct field_pair *pair)
{
    return pair->value != NULL && pair->value[0] != '\0';
}

/* Value of the pair with exactly this path, marked as used, or NULL. */
static const char *pair_take(struct encoder *e)
{
    for (size_t i = 0; i < e->pairs_len; i++) {
        if (stated(&e->pairs[i]) && strcmp(e->pairs[i].path, e->path) == 0) {
            e->used[i / 8] |= (uint8_t)(1u << (i % 8));
            return e->pairs[i].value;
        }
    }
    return NULL;
}

/* True if a pair is about something inside this path. */
static bool pair_below(const struct encoder *e)
{
    size_t len = strlen(e->path);

    for (size_t i = 0; i < e->pairs_len; i++) {
        const char *path = e->pairs[i].path;

        if (stated(&e->pairs[i]) && strncmp(path, e->path, len) == 0 &&
            (path[len] == '.' || path[len] == '[')) {
            return true;
        }
    }
    return false;
}

static int unknown_field(const ProtobufCMessageDescriptor *shape,
                         const char *path, struct error *err)
{
    char names[160];
    struct buf b = buf_over(names, sizeof(names) - 1);

    for (unsigned i = 0; i < shape->n_fields; i++) {
        buf_put_fmt(&b, "%s%s", i == 0 ? "" : ", ", shape->fields[i].name);
    }
    names[b.len] = '\0';
    return error_set(err, ERR_USAGE, "%s: no such field; %s has %s%s", path,
                     shape->short_name, shape->n_fields == 0 ? "none" : names,
                     b.overflow ? ", ..." : "");
}

/* Reads "[12]" at *at; false if it is none. */
static bool index_skip(const char **at)
{
    const char *c = *at + 1;
    size_t digits = 0;

    while (c[digits] >= '0' && c[digits] <= '9') {
        digits++;
    }
    if (digits == 0 || digits > 4 || (digits > 1 && c[0] == '0') ||
        c[digits] != ']') {
        return false;
    }
    *at = c + digits + 1;
    return true;
}

/* A path must name a field of the shape; says what is wrong with it. */
static int path_check(const ProtobufCMessageDescriptor *shape, const char *path,
                      struct error *err)
{
    const char *at = path;

    if (strlen(path) >= FACTS_PATH_MAX) {
        return error_set(err, ERR_USAGE, "%.40s...: no such field", path);
    }
    for (;;) {
        char name[FACTS_PATH_MAX];
        size_t len = strcspn(at, ".[");

        memcpy(name, at, len);
        name[len] = '\0';
        at += len;

        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field_by_name(shape, name);

        if (f == NULL) {
            return unknown_field(shape, path, err);
        }
        if (*at == '[' && (!field_repeats(f) || !index_skip(&at))) {
            return error_set(err, ERR_USAGE, "%s: %s", path,
                             field_repeats(f)
                                 ? "elements are counted [0], [1], ..."
                                 : "this is no list: leave the brackets out");
        }
        if (*at == '\0') {
            return 0;
        }
        if (*at != '.' || field_form(f) != FORM_MESSAGE) {
            return error_set(err, ERR_USAGE, "%s: %s has nothing inside", path,
                             name);
        }
        if (field_repeats(f) && at[-1] != ']') {
            return error_set(err, ERR_USAGE, "%s: %s is a list: write %s[0]%s",
                             path, name, name, at);
        }
        shape = f->descriptor;
        at++;
    }
}

static int pairs_check(const ProtobufCMessageDescriptor *shape,
                       const struct field_pair *pairs, size_t len,
                       struct error *err)
{
    if (len > FACTS_PAIRS_MAX) {
        return error_set(err, ERR_LIMIT, "%zu fields, %u are allowed", len,
                         FACTS_PAIRS_MAX);
    }
    for (size_t i = 0; i < len; i++) {
        if (path_check(shape, pairs[i].path, err) != 0) {
            return err->code;
        }
        for (size_t j = 0; j < i; j++) {
            if (stated(&pairs[i]) && stated(&pairs[j]) &&
                strcmp(pairs[i].path, pairs[j].path) == 0) {
                return error_set(err, ERR_USAGE, "%s: stated twice",
                                 pairs[i].path);
            }
        }
    }
    return 0;
}

/* ---- bytes
 * --------------------------------------------------------------------- */

/* Puts tag and length before what was written since `start`. */
static void length_insert(struct buf *out, uint32_t field, size_t start)
{
    uint8_t memory[16];
    struct buf head = buf_over(memory, sizeof(memory));

    if (out->overflow) {
        return;
    }
    wire_put_varint(&head, (uint64_t)field << 3 | WIRE_BYTES);
    wire_put_varint(&head, out->len - start);
    if (head.len > out->size - out->len) {
        out->overflow = true;
        return;
    }
    memmove(out->ptr + start + head.len, out->ptr + start, out->len - start);
    memcpy(out->ptr + start, head.ptr, head.len);
    out->len += head.len;
}

static int single_put(struct encoder *e, const ProtobufCFieldDescriptor *f,
                      struct span text, struct error *err)
{
    uint64_t number = 0;
    size_t start = e->out->len;

    switch (field_form(f)) {
    case FORM_NUMBER:
    case FORM_DAY:
    case FORM_BOOL:
    case FORM_ENUM:
        if (value_number(f, e->path, text, &number, err) != 0) {
            return err->code;
        }
        wire_put_number(e->out, f->id, number);
        return 0;
    case FORM_ID:
    case FORM_HASH:
    case FORM_LINE:
    case FORM_BLOCK:
        if (value_bytes(f, e->path, text, e->resolver, e->out, err) != 0) {
            return err->code;
        }
        length_insert(e->out, f->id, start);
        return 0;
    case FORM_MESSAGE:
        break;
    }
    return error_set(err, ERR_USAGE, "%s: give its fields one by one", e->path);
}

/* Elements of a list of numbers or bytes, by `;`. */
static int list_put(struct encoder *e, const ProtobufCFieldDescriptor *f,
                    struct span text, struct error *err)
{
    bool packed = f->type != PROTOBUF_C_TYPE_BYTES;
    size_t start = e->out->len;
    struct span part;

    while (value_split(&text, ';', &part)) {
        uint64_t number = 0;

        if (!packed) {
            if (single_put(e, f, part, err) != 0) {
                return err->code;
            }
            continue;
        }
        if (value_number(f, e->path, part, &number, err) != 0) {
            return err->code;
        }
        wire_put_varint(e->out, number);
    }
    if (packed && e->out->len > start) {
        length_insert(e->out, f->id, start);
    }
    return 0;
}

/* One message in one cell: fields by `:` in field order. */
static int cell_put(struct encoder *e, const ProtobufCFieldDescriptor *f,
                    struct span text, struct error *err)
{
    const ProtobufCMessageDescriptor *shape = f->descriptor;
    size_t start = e->out->len;
    size_t path_len = strlen(e->path);
    struct span part;

    for (unsigned i = 0; value_split(&text, ':', &part); i++) {
        if (i == shape->n_fields) {
            return error_set(err, ERR_USAGE,
                             "%s: more than its %u parts by :", e->path,
                             shape->n_fields);
        }
        if (part.len == 0) {
            continue;
        }
        if (!path_set(e, path_len, ".") ||
            !path_set(e, path_len + 1, shape->fields[i].name)) {
            return error_set(err, ERR_USAGE, "%s: too deep", e->path);
        }
        if (field_repeats(&shape->fields[i])) {
            return error_set(err, ERR_USAGE,
                             "%s: a list inside a list: give it by its path",
                             e->path);
        }
        if (single_put(e, &shape->fields[i], part, err) != 0) {
            return err->code;
        }
        e->path[path_len] = '\0';
    }
    length_insert(e->out, f->id, start);
    return 0;
}

static int message_put_pairs(struct encoder *e,
                             const ProtobufCMessageDescriptor *shape,
                             struct error *err);

/* A message whose fields are at `path.`, or which is whole in one cell. */
static int nested_put(struct encoder *e, const ProtobufCFieldDescriptor *f,
                      struct error *err)
{
    size_t start = e->out->len;
    size_t path_len = strlen(e->path);
    const char *cell = pair_take(e);

    if (cell != NULL) {
        return cell_put(e, f, span_str(cell), err);
    }
    if (!path_set(e, path_len, ".")) {
        return error_set(err, ERR_USAGE, "%s: too deep", e->path);
    }
    if (message_put_pairs(e, f->descriptor, err) != 0) {
        return err->code;
    }
    e->path[path_len] = '\0';
    length_insert(e->out, f->id, start);
    return 0;
}

/* All elements in one cell, by `;`. */
static int cells_put(struct encoder *e, const ProtobufCFieldDescriptor *f,
                     struct span text, struct error *err)
{
    size_t path_len = strlen(e->path);
    struct span part;

    for (size_t i = 0; value_split(&text, ';', &part); i++) {
        char index[24];

        snprintf(index, sizeof(index), "[%zu]", i);
        if (!path_set(e, path_len, index)) {
            return error_set(err, ERR_USAGE, "%s: too deep", e->path);
        }
        if (cell_put(e, f, part, err) != 0) {
            return err->code;
        }
    }
    e->path[path_len] = '\0';
    return 0;
}

/* Elements [0], [1], ... as far as there are any. */
static int indexed_put(struct encoder *e, const ProtobufCFieldDescriptor *f,
                       struct error *err)
{
    size_t path_len = strlen(e->path);
    bool packed =
        field_form(f) != FORM_MESSAGE && f->type != PROTOBUF_C_TYPE_BYTES;
    size_t start = e->out->len;

    for (size_t i = 0; i < FACTS_PAIRS_MAX; i++) {
        char index[24];
        const char *value = NULL;
        int rc = 0;

        snprintf(index, sizeof(index), "[%zu]", i);
        if (!path_set(e, path_len, index)) {
            break;
        }
        if (field_form(f) == FORM_MESSAGE) {
            if (!pair_below(e) && (value = pair_take(e)) == NULL) {
                break;
            }
            rc = value != NULL ? cell_put(e, f, span_str(value), err)
                               : nested_put(e, f, err);
        } else {
            value = pair_take(e);
            if (value == NULL) {
                break;
            }
            uint64_t number = 0;

            rc = packed
                     ? value_number(f, e->path, span_str(value), &number, err)
                     : single_put(e, f, span_str(value), err);
            if (packed) {
                wire_put_varint(e->out, number);
            }
        }
        if (rc != 0) {
            return rc;
        }
    }
    e->path[path_len] = '\0';
    if (packed && e->out->len > start) {
        length_insert(e->out, f->id, start);
    }
    return 0;
}

static int field_put(struct encoder *e, const ProtobufCFieldDescriptor *f,
                     struct error *err)
{
    bool below = pair_below(e);

    if (field_form(f) == FORM_MESSAGE && !field_repeats(f)) {
        if (below) {
            return nested_put(e, f, err);
        }
    } else if (below) {
        return indexed_put(e, f, err);
    }

    const char *value = pair_take(e);

    if (value == NULL) {
        return 0;
    }
    if (field_form(f) == FORM_MESSAGE) {
        return field_repeats(f) ? cells_put(e, f, span_str(value), err)
                                : cell_put(e, f, span_str(value), err);
    }
    return field_repeats(f) ? list_put(e, f, span_str(value), err)
                            : single_put(e, f, span_str(value), err);
}

static int message_put_pairs(struct encoder *e,
                             const ProtobufCMessageDescriptor *shape,
                             struct error *err)
{
    size_t path_len = strlen(e->path);

    for (unsigned i = 0; i < shape->n_fields; i++) {
        if (!path_set(e, path_len, shape->fields[i].name)) {
            return error_set(err, ERR_USAGE, "%s: too deep", e->path);
        }
        if (field_put(e, &shape->fields[i], err) != 0) {
            return err->code;
        }
        e->path[path_len] = '\0';
    }
    return 0;
}

int facts_encode_as(const struct ProtobufCMessageDescriptor *shape,
                    const struct field_pair *pairs, size_t pairs_len,
                    const struct facts_resolver *resolver, struct buf *out,
                    struct error *err)
{
    struct encoder e = {pairs, pairs_len, resolver, out, {0}, {0}};
    size_t start = out->len;

    if (pairs_check(shape, pairs, pairs_len, err) != 0) {
        return err->code;
    }
    if (message_put_pairs(&e, shape, err) != 0) {
        out->len = start;
        return err->code;
    }
    for (size_t i = 0; i < pairs_len; i++) {
        if (stated(&pairs[i]) && (e.used[i / 8] & 1u << (i % 8)) == 0) {
            out->len = start;
            return error_set(err, ERR_USAGE,
                             "%s: elements are counted from [0] without a "
                             "gap, and a list is given in one way only",
                             pairs[i].path);
        }
    }
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "%s: longer than an event may be",
                         shape->short_name);
    }
    return 0;
}

int facts_encode(const struct event_type *type, const struct field_pair *pairs,
                 size_t pairs_len, const struct facts_resolver *resolver,
                 struct buf *out, struct error *err)
{
    if (type->shape == NULL) {
        return error_set(err, ERR_NOTFOUND,
                         "%s: this version does not record it", type->name);
    }
    return facts_encode_as(type->shape, pairs, pairs_len, resolver, out, err);
}
