/* protocol/event: headers, the hot path of intake.
 *
 * Read by hand, without memory and without texts for failures: what fails here
 * is only "not understood", and header_explain says why when somebody asks.
 * Strict, so that equal headers have equal bytes. Read wire.c for the rules.
 */
#include "protocol/event/header.h"

#include <string.h>

#include "protocol/event/wire.h"

#define REF_STRIDE 18u /* tag, length, 16 bytes */

enum header_field {
    FIELD_TYPE = 1,
    FIELD_VERSION = 2,
    FIELD_NODE = 3,
    FIELD_UNIT = 4,
    FIELD_ACTOR = 5,
    FIELD_RECORDED_MS = 6,
    FIELD_ON_DAY = 7,
    FIELD_SUBJECT = 8,
    FIELD_REFS = 9,
    FIELD_ADDRESSEES = 10,
    FIELD_QUOTED = 11,
    FIELD_BODIES = 12,
    FIELD_HISTORICAL = 13,
};

/* ---- reading ------------------------------------------------------------- */

static bool number_read(const struct wire_field *f, uint32_t *out)
{
    if (f->kind != WIRE_VARINT || f->value == 0 || f->value > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)f->value;
    return true;
}

static bool bytes_read(const struct wire_field *f, void *out, size_t size)
{
    if (f->kind != WIRE_BYTES || f->bytes.len != size) {
        return false;
    }
    memcpy(out, f->bytes.ptr, size);
    return true;
}

static bool addressees_read(const struct wire_field *f, struct header *h)
{
    struct wire w = wire_of(f->bytes);
    uint64_t value;

    if (f->kind != WIRE_BYTES || f->bytes.len == 0) {
        return false;
    }
    while (w.ptr < w.end) {
        if (h->addressees_len == ADDRESSEES_MAX || !wire_varint(&w, &value) ||
            value > UINT32_MAX) {
            return false;
        }
        h->addressees[h->addressees_len++] = (uint32_t)value;
    }
    return true;
}

static bool quoted_read(const struct wire_field *f, struct header *h)
{
    struct wire w = wire_of(f->bytes);
    struct wire_field got;

    if (f->kind != WIRE_BYTES || w.ptr == w.end || !wire_next(&w, &got) ||
        got.number != 1 || got.kind != WIRE_VARINT || got.value == 0 ||
        w.ptr == w.end) {
        return false;
    }
    h->quoted_time_s = got.value;
    h->has_quoted = true;
    return wire_next(&w, &got) && got.number == 2 &&
           bytes_read(&got, h->quoted_hash, sizeof(h->quoted_hash)) &&
           w.ptr == w.end;
}

static bool mark_read(const struct wire_field *f, struct header *h)
{
    struct wire w = wire_of(f->bytes);
    struct wire_field got;

    if (f->kind != WIRE_BYTES || h->bodies_len == BODIES_MAX ||
        w.ptr == w.end) {
        return false;
    }

    struct body_mark *mark = &h->bodies[h->bodies_len];

    if (!wire_next(&w, &got) || got.number != 1 ||
        !bytes_read(&got, &mark->commitment, sizeof(mark->commitment)) ||
        w.ptr == w.end || !wire_next(&w, &got) || got.number != 2 ||
        !number_read(&got, &mark->audience) || w.ptr != w.end ||
        mark->audience > AUDIENCE_OF_UNIT) {
        return false;
    }
    for (size_t i = 0; i < h->bodies_len; i++) {
        if (h->bodies[i].audience == mark->audience) {
            return false;
        }
    }
    h->bodies_len++;
    return true;
}

static bool ref_read(const struct wire_field *f, struct header *h)
{
    if (f->kind != WIRE_BYTES || f->bytes.len != 16 ||
        h->refs.len == REFS_MAX) {
        return false;
    }
    if (h->refs.len == 0) {
        h->refs.ptr = f->bytes.ptr;
        h->refs.stride = REF_STRIDE; /* refs follow each other: ascending */
    }
    h->refs.len++;
    return true;
}

static bool field_read(const struct wire_field *f, struct header *h)
{
    switch ((enum header_field)f->number) {
    case FIELD_TYPE:
        return number_read(f, &h->type);
    case FIELD_VERSION:
        return number_read(f, &h->version);
    case FIELD_NODE:
        return number_read(f, &h->node);
    case FIELD_UNIT:
        return number_read(f, &h->unit);
    case FIELD_ACTOR:
        return bytes_read(f, &h->actor, sizeof(h->actor));
    case FIELD_RECORDED_MS:
        h->recorded_ms = f->value;
        return f->kind == WIRE_VARINT && f->value != 0;
    case FIELD_ON_DAY:
        return number_read(f, &h->on_day);
    case FIELD_SUBJECT:
        h->has_subject = true;
        return bytes_read(f, &h->subject, sizeof(h->subject));
    case FIELD_REFS:
        return ref_read(f, h);
    case FIELD_ADDRESSEES:
        return addressees_read(f, h);
    case FIELD_QUOTED:
        return quoted_read(f, h);
    case FIELD_BODIES:
        return mark_read(f, h);
    case FIELD_HISTORICAL:
        h->historical = true;
        return f->kind == WIRE_VARINT && f->value == 1;
    }
    return false;
}

/* What stopped the reading, for header_explain: the field it happened at. */
struct header_fault {
    uint32_t field;
    const char *why;
};

static bool header_read(struct span bytes, struct header *h,
                        struct header_fault *fault)
{
    struct wire w = wire_of(bytes);
    struct wire_field got;
    uint32_t last = 0;

    if (bytes.len > HEADER_MAX) {
        *fault = (struct header_fault){0, "longer than a header may be"};
        return false;
    }
    while (w.ptr < w.end) {
        if (!wire_next(&w, &got)) {
            *fault = (struct header_fault){last, "not minimal protobuf after"};
            return false;
        }

        bool repeats = got.number == FIELD_REFS || got.number == FIELD_BODIES;

        if (got.number < last || (got.number == last && !repeats)) {
            *fault = (struct header_fault){got.number, "out of order or twice"};
            return false;
        }
        if (!field_read(&got, h)) {
            *fault = (struct header_fault){
                got.number, "not known, or not what belongs there"};
            return false;
        }
        last = got.number;
    }
    if (h->type == 0 || h->version == 0 || h->node == 0) {
        *fault = (struct header_fault){0, "without type, version or node"};
        return false;
    }

    static const struct key_id nobody;

    if (memcmp(&h->actor, &nobody, sizeof(nobody)) == 0) {
        *fault = (struct header_fault){FIELD_ACTOR, "no signer"};
        return false;
    }
    return true;
}

bool header_parse(struct span bytes, struct header *out)
{
    struct header_fault fault;

    memset(out, 0, sizeof(*out));
    if (!header_read(bytes, out, &fault)) {
        memset(out, 0, sizeof(*out));
        return false;
    }
    return true;
}

int header_explain(struct span header_bytes, struct error *err)
{
    struct header header = {0};
    struct header_fault fault = {0};

    if (header_read(header_bytes, &header, &fault)) {
        return 0;
    }
    if (fault.field == 0) {
        return error_set(err, ERR_MALFORMED, "header: %s", fault.why);
    }
    return error_set(err, ERR_MALFORMED, "header: field %u: %s", fault.field,
                     fault.why);
}

static void quoted_put(const struct header *h, struct buf *out)
{
    uint8_t memory[32];
    struct buf b = buf_over(memory, sizeof(memory));

    wire_put_number(&b, 1, h->quoted_time_s);
    wire_put_bytes(&b, 2, SPAN_OF(h->quoted_hash));
    wire_put_bytes(out, FIELD_QUOTED, buf_span(&b));
}

static void addressees_put(const struct header *h, struct buf *out)
{
    uint8_t memory[ADDRESSEES_MAX * 5];
    struct buf b = buf_over(memory, sizeof(memory));

    for (size_t i = 0; i < h->addressees_len; i++) {
        wire_put_varint(&b, h->addressees[i]);
    }
    wire_put_bytes(out, FIELD_ADDRESSEES, buf_span(&b));
}

static void mark_put(const struct body_mark *mark, struct buf *out)
{
    uint8_t memory[48];
    struct buf b = buf_over(memory, sizeof(memory));

    wire_put_bytes(&b, 1, SPAN_OF(mark->commitment));
    wire_put_number(&b, 2, mark->audience);
    wire_put_bytes(out, FIELD_BODIES, buf_span(&b));
}

int header_encode(const struct header *h, struct buf *out, struct error *err)
{
    struct header again = {0};
    struct header_fault fault = {0};
    size_t start = out->len;

    if (h->refs.len > REFS_MAX || h->addressees_len > ADDRESSEES_MAX ||
        h->bodies_len > BODIES_MAX) {
        return error_set(err, ERR_USAGE,
                         "an event has at most %u refs, %u addressees and %u "
                         "bodies",
                         REFS_MAX, ADDRESSEES_MAX, BODIES_MAX);
    }
    wire_put_number(out, FIELD_TYPE, h->type);
    wire_put_number(out, FIELD_VERSION, h->version);
    wire_put_number(out, FIELD_NODE, h->node);
    wire_put_number(out, FIELD_UNIT, h->unit);
    wire_put_bytes(out, FIELD_ACTOR, SPAN_OF(h->actor));
    wire_put_number(out, FIELD_RECORDED_MS, h->recorded_ms);
    wire_put_number(out, FIELD_ON_DAY, h->on_day);
    if (h->has_subject) {
        wire_put_bytes(out, FIELD_SUBJECT, SPAN_OF(h->subject));
    }
    for (size_t i = 0; i < h->refs.len; i++) {
        struct event_id id = header_ref(h, i);

        wire_put_bytes(out, FIELD_REFS, SPAN_OF(id));
    }
    if (h->addressees_len > 0) {
        addressees_put(h, out);
    }
    if (h->has_quoted) {
        quoted_put(h, out);
    }
    for (size_t i = 0; i < h->bodies_len; i++) {
        mark_put(&h->bodies[i], out);
    }
    wire_put_number(out, FIELD_HISTORICAL, h->historical ? 1 : 0);
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "no room for a header");
    }
    if (!header_read(span_make(out->ptr + start, out->len - start), &again,
                     &fault)) {
        out->len = start;
        return error_set(err, ERR_USAGE,
                         "no reader would understand the "
                         "header: field %u: %s",
                         fault.field, fault.why);
    }
    return 0;
}

struct event_id header_ref(const struct header *header, size_t i)
{
    struct event_id id;

    memcpy(id.bytes, header->refs.ptr + i * header->refs.stride,
           sizeof(id.bytes));
    return id;
}

bool header_has_ref(const struct header *header, const struct event_id *id)
{
    for (size_t i = 0; i < header->refs.len; i++) {
        if (memcmp(header->refs.ptr + i * header->refs.stride, id->bytes,
                   sizeof(id->bytes)) == 0) {
            return true;
        }
    }
    return false;
}

bool header_has_addressee(const struct header *header, uint32_t unit)
{
    for (size_t i = 0; i < header->addressees_len; i++) {
        if (header->addressees[i] == unit) {
            return true;
        }
    }
    return false;
}

const struct body_mark *header_body(const struct header *header,
                                    enum audience audience)
{
    for (size_t i = 0; i < header->bodies_len; i++) {
        if (header->bodies[i].audience == (uint32_t)audience) {
            return &header->bodies[i];
        }
    }
    return NULL;
}

struct id_list id_list_of(const struct event_id *ids, size_t len)
{
    return (struct id_list){(const uint8_t *)ids, sizeof(*ids), len};
}

bool event_id_equal(const struct event_id *a, const struct event_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool event_id_is_zero(const struct event_id *id)
{
    static const struct event_id zero;

    return event_id_equal(id, &zero);
}

int event_id_compare(const struct event_id *a, const struct event_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}
