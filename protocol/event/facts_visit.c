/* protocol/event: from minimal protobuf to what people read.
 *
 * Strict before the first call: bytes that are not minimal are not understood
 * and not shown half. Walks the bytes beside the descriptor, without memory.
 * The way in is facts.c.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/facts_value.h"
#include "protocol/event/text.h"
#include "protocol/event/wire.h"

#define LIST_MAX                                                               \
    4096u /* numbers shown as one value; longer lists one by one               \
           */

struct visitor {
    facts_visit_fn visit;
    void *ctx;
    char path[FACTS_PATH_MAX];
    size_t path_len;
};

/* Sets the path's tail from `len` on; cut if it does not fit (no schema of
 * ours comes near). */
static void path_tail(struct visitor *v, size_t len, const char *tail)
{
    v->path_len = len;
    while (*tail != '\0' && v->path_len < sizeof(v->path) - 1) {
        v->path[v->path_len++] = *tail++;
    }
    v->path[v->path_len] = '\0';
}

static int call(struct visitor *v, struct span value, struct error *err)
{
    return v->visit(v->ctx, v->path, value, err);
}

static int number_show(struct visitor *v, const ProtobufCFieldDescriptor *f,
                       uint64_t number, struct error *err)
{
    char memory[ENUM_NAME_MAX];
    struct buf b = buf_over(memory, sizeof(memory));

    value_format(f, number, &b);
    return call(v, buf_span(&b), err);
}

/* A packed list: joined, or one by one if it is very long. */
static int list_show(struct visitor *v, const ProtobufCFieldDescriptor *f,
                     struct span bytes, struct error *err)
{
    char memory[LIST_MAX * 12];
    struct buf b = buf_over(memory, sizeof(memory));
    struct wire w = wire_of(bytes);
    uint64_t number;
    size_t base = v->path_len;

    while (w.ptr < w.end && wire_varint(&w, &number)) {
        if (b.len > 0) {
            buf_put_u8(&b, ';');
        }
        value_format(f, number, &b);
    }
    if (!b.overflow) {
        return call(v, buf_span(&b), err);
    }
    w = wire_of(bytes);
    for (size_t i = 0; w.ptr < w.end && wire_varint(&w, &number); i++) {
        char index[24];

        snprintf(index, sizeof(index), "[%zu]", i);
        path_tail(v, base, index);

        int rc = number_show(v, f, number, err);

        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int hex_show(struct visitor *v, struct span bytes, const char *prefix,
                    struct error *err)
{
    char hex[2 * NAME_MAX_BYTES + 1];
    char memory[2 * NAME_MAX_BYTES + 8];
    struct buf b = buf_over(memory, sizeof(memory));
    size_t len = bytes.len > NAME_MAX_BYTES ? NAME_MAX_BYTES : bytes.len;

    hex_encode(span_make(bytes.ptr, len), hex);
    buf_put_str(&b, prefix);
    buf_put_str(&b, hex);
    return call(v, buf_span(&b), err);
}

static int bytes_show(struct visitor *v, const ProtobufCFieldDescriptor *f,
                      struct span bytes, struct error *err)
{
    switch (field_form(f)) {
    case FORM_ID:
    case FORM_HASH:
        return hex_show(v, bytes, "", err);
    case FORM_LINE:
    case FORM_BLOCK:
        return text_valid_utf8(bytes) ? call(v, bytes, err)
                                      : hex_show(v, bytes, "0x", err);
    case FORM_NUMBER:
    case FORM_DAY:
    case FORM_BOOL:
    case FORM_ENUM:
        return list_show(v, f, bytes, err);
    case FORM_MESSAGE:
        break;
    }
    return 0;
}

static int message_show(struct visitor *v,
                        const ProtobufCMessageDescriptor *shape,
                        struct span bytes, struct error *err);

static int field_show(struct visitor *v, const ProtobufCFieldDescriptor *f,
                      const struct wire_field *got, size_t index,
                      struct error *err)
{
    char tail[24];

    if (field_repeats(f) && f->type >= PROTOBUF_C_TYPE_STRING) {
        snprintf(tail, sizeof(tail), "[%zu]", index);
        path_tail(v, v->path_len, tail);
    }
    if (got->kind == WIRE_VARINT) {
        return number_show(v, f, got->value, err);
    }
    if (field_form(f) != FORM_MESSAGE) {
        return bytes_show(v, f, got->bytes, err);
    }
    if (got->bytes.len == 0) {
        return call(v, got->bytes, err);
    }
    path_tail(v, v->path_len, ".");
    return message_show(v, f->descriptor, got->bytes, err);
}

static int message_show(struct visitor *v,
                        const ProtobufCMessageDescriptor *shape,
                        struct span bytes, struct error *err)
{
    struct wire w = wire_of(bytes);
    struct wire_field got;
    uint32_t last = 0;
    size_t index = 0;
    size_t base = v->path_len;

    while (w.ptr < w.end && wire_next(&w, &got)) {
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field(shape, got.number);

        if (f == NULL) {
            return error_set(err, ERR_MALFORMED, "%s: field %u is not known",
                             shape->short_name, got.number);
        }
        index = got.number == last ? index + 1 : 0;
        last = got.number;
        path_tail(v, base, f->name);

        int rc = field_show(v, f, &got, index, err);

        if (rc != 0) {
            return rc;
        }
        path_tail(v, base, "");
    }
    return 0;
}

int facts_visit_as(const struct ProtobufCMessageDescriptor *shape,
                   struct span bytes, facts_visit_fn visit, void *ctx,
                   struct error *err)
{
    struct visitor v = {visit, ctx, {0}, 0};

    if (message_minimal(shape, bytes, err) != 0) {
        return err->code;
    }
    return message_show(&v, shape, bytes, err);
}

int facts_visit(const struct event_type *type, struct span facts,
                facts_visit_fn visit, void *ctx, struct error *err)
{
    if (type->shape == NULL) {
        return error_set(err, ERR_NOTFOUND, "%s is not understood here",
                         type->name);
    }
    return facts_visit_as(type->shape, facts, visit, ctx, err);
}

enum facts_noun facts_noun(const char *path)
{
    static const struct {
        const char *field;
        enum facts_noun noun;
    } nouns[] = {
        {"answer_unit", FACTS_UNITS}, {"body", FACTS_UNITS},
        {"chairs", FACTS_UNITS},      {"decider", FACTS_UNITS},
        {"from", FACTS_UNITS},        {"guard", FACTS_NODES},
        {"holder", FACTS_UNITS},      {"host", FACTS_NODES},
        {"node", FACTS_NODES},        {"parties", FACTS_UNITS},
        {"receiver", FACTS_UNITS},    {"reports_to", FACTS_UNITS},
        {"source", FACTS_NODES},      {"standby", FACTS_NODES},
        {"territory", FACTS_UNITS},   {"to", FACTS_UNITS},
        {"unit", FACTS_UNITS},
    };
    const char *dot = strrchr(path, '.');
    const char *field = dot == NULL ? path : dot + 1;
    size_t len = strcspn(field, "[");

    for (size_t i = 0; i < sizeof(nouns) / sizeof(*nouns); i++) {
        if (strlen(nouns[i].field) == len &&
            memcmp(nouns[i].field, field, len) == 0) {
            return nouns[i].noun;
        }
    }
    return FACTS_NUMBER;
}

/* ---- what there is
 * ----------------------------------------------------------- */

static int shape_describe(struct visitor *v,
                          const ProtobufCMessageDescriptor *shape,
                          struct error *err)
{
    size_t base = v->path_len;

    for (unsigned i = 0; i < shape->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &shape->fields[i];
        char memory[ERROR_TEXT_SIZE];
        struct buf b = buf_over(memory, sizeof(memory));

        path_tail(v, base, f->name);
        if (field_form(f) == FORM_MESSAGE) {
            path_tail(v, v->path_len, field_repeats(f) ? "[]." : ".");
            if (shape_describe(v, f->descriptor, err) != 0) {
                return err->code;
            }
        } else {
            value_expected(f, &b);
            if (field_repeats(f)) {
                buf_put_str(&b, "; several by ;");
            }

            int rc = call(v, buf_span(&b), err);

            if (rc != 0) {
                return rc;
            }
        }
        path_tail(v, base, "");
    }
    return 0;
}

int facts_describe_as(const struct ProtobufCMessageDescriptor *shape,
                      facts_visit_fn visit, void *ctx, struct error *err)
{
    struct visitor v = {visit, ctx, {0}, 0};

    return shape_describe(&v, shape, err);
}

int facts_describe(const struct event_type *type, facts_visit_fn visit,
                   void *ctx, struct error *err)
{
    if (type->shape == NULL) {
        return error_set(err, ERR_NOTFOUND,
                         "%s: this version does not record it", type->name);
    }
    return facts_describe_as(type->shape, visit, ctx, err);
}
