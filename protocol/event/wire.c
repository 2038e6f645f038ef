/* protocol/event: strict protobuf, against protobuf-c's descriptors.
 *
 * protobuf-c accepts repeated single fields, long varints, any order and
 * unknown fields, and writes them back differently (libraries.md B4.4). Here
 * whatever it would write differently is refused before it is decoded, so that
 * bytes can be hashed and compared. The check is a walk, not a repack: no
 * memory, and a hostile message costs nothing. Read leaf.c next, its user.
 */
#include "protocol/event/wire.h"

#include <protobuf-c/protobuf-c.h>

#define DEPTH_MAX 8u /* no message of ours nests deeper than four */

struct wire wire_of(struct span bytes)
{
    static const uint8_t none = 0;
    const uint8_t *from = bytes.len == 0 ? &none : bytes.ptr; /* may be NULL */

    return (struct wire){from, from + bytes.len};
}

bool wire_varint(struct wire *w, uint64_t *value)
{
    uint64_t sum = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (w->ptr == w->end) {
            return false;
        }

        uint8_t byte = *w->ptr++;

        if (shift == 63 && byte > 1) {
            return false;
        }
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = sum;
            return byte != 0 || shift == 0;
        }
    }
    return false;
}

/* `size` bytes as they are. */
static bool bytes_take(struct wire *w, uint64_t size, struct span *out)
{
    if (size > (uint64_t)(w->end - w->ptr)) {
        return false;
    }
    *out = span_make(w->ptr, (size_t)size);
    w->ptr += size;
    return true;
}

bool wire_next(struct wire *w, struct wire_field *out)
{
    uint64_t tag;
    uint64_t size;

    if (!wire_varint(w, &tag) || tag > UINT32_MAX || tag < 8) {
        return false;
    }
    *out = (struct wire_field){.number = (uint32_t)(tag >> 3),
                               .kind = (enum wire_kind)(tag & 7)};
    switch (out->kind) {
    case WIRE_VARINT:
        return wire_varint(w, &out->value);
    case WIRE_BYTES:
        return wire_varint(w, &size) && bytes_take(w, size, &out->bytes);
    case WIRE_FIXED64:
        return bytes_take(w, 8, &out->bytes);
    case WIRE_FIXED32:
        return bytes_take(w, 4, &out->bytes);
    }
    return false;
}

void wire_put_varint(struct buf *b, uint64_t value)
{
    while (value >= 0x80) {
        buf_put_u8(b, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    buf_put_u8(b, (uint8_t)value);
}

void wire_put_number(struct buf *b, uint32_t field, uint64_t value)
{
    if (value != 0) {
        wire_put_varint(b, (uint64_t)field << 3 | WIRE_VARINT);
        wire_put_varint(b, value);
    }
}

void wire_put_bytes(struct buf *b, uint32_t field, struct span bytes)
{
    wire_put_varint(b, (uint64_t)field << 3 | WIRE_BYTES);
    wire_put_varint(b, bytes.len);
    buf_put(b, bytes);
}

/* ---- a whole message ----------------------------------------------------- */

static int minimal_at(const ProtobufCMessageDescriptor *shape,
                      struct span bytes, unsigned depth, struct error *err);

static int refuse(const ProtobufCMessageDescriptor *shape,
                  const ProtobufCFieldDescriptor *field, const char *why,
                  struct error *err)
{
    return error_set(err, ERR_MALFORMED, "%s.%s: %s", shape->short_name,
                     field->name, why);
}

/* NULL, or why a number cannot be the shortest form of this field. */
static const char *number_fault(const ProtobufCFieldDescriptor *field,
                                uint64_t value, bool may_be_zero)
{
    if (value == 0 && !may_be_zero) {
        return "a zero is written out";
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT64:
        return NULL;
    case PROTOBUF_C_TYPE_UINT32:
        return value > UINT32_MAX ? "more than 32 bits" : NULL;
    case PROTOBUF_C_TYPE_ENUM:
        return value > INT32_MAX ? "more than 31 bits" : NULL;
    case PROTOBUF_C_TYPE_BOOL:
        return value > 1 ? "a bool that is neither 0 nor 1" : NULL;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return "not a number in this schema";
}

static int packed_check(const ProtobufCMessageDescriptor *shape,
                        const ProtobufCFieldDescriptor *field,
                        struct span bytes, struct error *err)
{
    struct wire w = wire_of(bytes);
    uint64_t value;

    if (bytes.len == 0) {
        return refuse(shape, field, "an empty list is written out", err);
    }
    while (w.ptr < w.end) {
        if (!wire_varint(&w, &value)) {
            return refuse(shape, field, "not a list of shortest numbers", err);
        }

        const char *fault = number_fault(field, value, true);

        if (fault != NULL) {
            return refuse(shape, field, fault, err);
        }
    }
    return 0;
}

static int field_check(const ProtobufCMessageDescriptor *shape,
                       const ProtobufCFieldDescriptor *field,
                       const struct wire_field *got, unsigned depth,
                       struct error *err)
{
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    bool stated = repeated || (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

    switch (got->kind) {
    case WIRE_BYTES:
        break;
    case WIRE_VARINT: {
        const char *fault = number_fault(field, got->value, stated);

        if (fault == NULL && repeated) {
            fault = "a list of numbers that is not packed";
        }
        return fault == NULL ? 0 : refuse(shape, field, fault, err);
    }
    case WIRE_FIXED32:
    case WIRE_FIXED64:
        return refuse(shape, field, "a fixed-width number", err);
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return minimal_at(field->descriptor, got->bytes, depth + 1, err);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        if (got->bytes.len == 0 && !stated) {
            return refuse(shape, field, "empty bytes are written out", err);
        }
        return 0;
    }
    if (!repeated) {
        return refuse(shape, field, "bytes where a number belongs", err);
    }
    return packed_check(shape, field, got->bytes, err);
}

static int minimal_at(const ProtobufCMessageDescriptor *shape,
                      struct span bytes, unsigned depth, struct error *err)
{
    struct wire w = wire_of(bytes);
    struct wire_field got;
    uint32_t last = 0;
    unsigned oneof = 0; /* offset of the choice already made, + 1 */
    unsigned at = 0;

    if (depth > DEPTH_MAX) {
        return error_set(err, ERR_MALFORMED, "%s: nested too deep",
                         shape->short_name);
    }
    while (w.ptr < w.end) {
        if (!wire_next(&w, &got)) {
            return error_set(err, ERR_MALFORMED,
                             "%s: after field %u: not minimal protobuf",
                             shape->short_name, last);
        }
        while (at < shape->n_fields && shape->fields[at].id < got.number) {
            at++;
        }
        if (got.number < last) {
            return error_set(err, ERR_MALFORMED,
                             "%s: field %u comes after field %u",
                             shape->short_name, got.number, last);
        }
        if (at == shape->n_fields || shape->fields[at].id != got.number) {
            return error_set(err, ERR_MALFORMED, "%s: field %u is not known",
                             shape->short_name, got.number);
        }

        const ProtobufCFieldDescriptor *field = &shape->fields[at];
        bool packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;

        if (got.number == last &&
            (field->label != PROTOBUF_C_LABEL_REPEATED || packed)) {
            return refuse(shape, field, "comes twice", err);
        }
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            if (oneof == field->quantifier_offset + 1) {
                return refuse(shape, field, "a second choice of one", err);
            }
            oneof = field->quantifier_offset + 1;
        }
        if (field_check(shape, field, &got, depth, err) != 0) {
            return err->code;
        }
        last = got.number;
    }
    return 0;
}

int message_minimal(const struct ProtobufCMessageDescriptor *shape,
                    struct span bytes, struct error *err)
{
    return minimal_at(shape, bytes, 0, err);
}

/* ---- decoding and packing with the arena --------------------------------- */

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void forget(void *arena, void *ptr)
{
    (void)arena;
    (void)ptr;
}

int message_unpack(const struct ProtobufCMessageDescriptor *shape,
                   struct span bytes, struct arena *arena,
                   struct ProtobufCMessage **out, struct error *err)
{
    ProtobufCAllocator allocator = {allocate, forget, arena};
    size_t mark = arena->used;
    bool ran_out = arena->ran_out;
    static const uint8_t nothing[1];

    arena->ran_out = false;

    ProtobufCMessage *message = protobuf_c_message_unpack(
        shape, &allocator, bytes.len, bytes.len == 0 ? nothing : bytes.ptr);
    bool full = arena->ran_out;

    arena->ran_out = ran_out || full;
    if (message == NULL) {
        arena_rewind(arena, mark);
        return full
                   ? error_set(err, ERR_LIMIT, "%s: memory of the turn is full",
                               shape->short_name)
                   : error_set(err, ERR_MALFORMED, "%s: not protobuf",
                               shape->short_name);
    }
    *out = message;
    return 0;
}

int message_decode(const struct ProtobufCMessageDescriptor *shape,
                   struct span bytes, struct arena *arena,
                   struct ProtobufCMessage **out, struct error *err)
{
    if (message_minimal(shape, bytes, err) != 0) {
        return err->code;
    }
    return message_unpack(shape, bytes, arena, out, err);
}

int message_pack(const struct ProtobufCMessage *message, struct arena *arena,
                 struct span *out, struct error *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *ptr = arena_alloc(arena, size);

    if (ptr == NULL) {
        return error_set(err, ERR_LIMIT, "%s: memory of the turn is full",
                         message->descriptor->short_name);
    }
    *out = span_make(ptr, protobuf_c_message_pack(message, ptr));
    return 0;
}

int message_put(const struct ProtobufCMessage *message, struct buf *out,
                struct error *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);

    if (out->overflow || size > out->size - out->len) {
        out->overflow = true;
        return error_set(err, ERR_LIMIT, "%s: %zu bytes do not fit",
                         message->descriptor->short_name, size);
    }
    out->len += protobuf_c_message_pack(message, out->ptr + out->len);
    return 0;
}
