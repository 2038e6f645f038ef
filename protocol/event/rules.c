/* protocol/event: the rules that all types share.
 *
 * The header's, and every field's by its form (shape.h), walked with the
 * generated descriptors so that no type can forget one. What only one type
 * knows is in types_GROUP.c. Never decides about rights or states.
 */
#include "protocol/event/rules.h"

#include <stdio.h>
#include <string.h>

#include "protocol/event/shape.h"
#include "protocol/event/text.h"
#include "protocol/event/wire.h"

/* ---- the header ------------------------------------------------------------
 */

static int refs_check(const struct event_type *type, const struct header *h,
                      struct error *err)
{
    if (type->needs_ref && h->refs.len == 0) {
        return error_set(err, ERR_MALFORMED,
                         "refs: %s must name the event it acts on", type->name);
    }
    for (size_t i = 0; i < h->refs.len; i++) {
        struct event_id id = header_ref(h, i);

        if (event_id_is_zero(&id)) {
            return error_set(err, ERR_MALFORMED, "refs[%zu]: an empty id", i);
        }
        for (size_t j = 0; j < i; j++) {
            struct event_id earlier = header_ref(h, j);

            if (event_id_equal(&id, &earlier)) {
                return error_set(err, ERR_MALFORMED,
                                 "refs[%zu]: names an event twice", i);
            }
        }
    }
    return 0;
}

static int addressees_check(const struct header *h, struct error *err)
{
    for (size_t i = 0; i < h->addressees_len; i++) {
        if (h->addressees[i] == 0) {
            return error_set(err, ERR_MALFORMED,
                             "addressees[%zu]: unit 0 does not exist", i);
        }
        for (size_t j = 0; j < i; j++) {
            if (h->addressees[j] == h->addressees[i]) {
                return error_set(err, ERR_MALFORMED,
                                 "addressees[%zu]: unit %u stands twice", i,
                                 h->addressees[i]);
            }
        }
    }
    return 0;
}

static int subject_check(const struct event_type *type, const struct header *h,
                         struct error *err)
{
    if (h->has_subject && event_id_is_zero(&h->subject)) {
        return error_set(err, ERR_MALFORMED, "subject: an empty id");
    }
    if (h->has_subject && type->acts_on == EVENT_RECORD_NONE) {
        return error_set(err, ERR_MALFORMED, "subject: %s has none",
                         type->name);
    }
    if (!h->has_subject && type->opens == EVENT_RECORD_NONE &&
        type->acts_on != EVENT_RECORD_NONE && !type->subject_optional) {
        return error_set(err, ERR_MALFORMED,
                         "subject: %s must name the record it acts on",
                         type->name);
    }
    return 0;
}

static int bodies_check(const struct event_type *type, const struct header *h,
                        struct error *err)
{
    for (size_t i = 0; i < h->bodies_len; i++) {
        uint32_t bit = 1u << (h->bodies[i].audience - 1);

        if ((type->bodies & bit) == 0) {
            return error_set(err, ERR_MALFORMED,
                             "bodies: %s has no body of audience %u",
                             type->name, h->bodies[i].audience);
        }
    }
    if (header_body(h, AUDIENCE_OF_PRIVATE) != NULL &&
        header_body(h, AUDIENCE_OF_UNIT) != NULL) {
        return error_set(err, ERR_MALFORMED,
                         "bodies: private or of the unit, not both");
    }
    return 0;
}

int rules_header(const struct event_type *type, const struct header *h,
                 struct error *err)
{
    bool of_unit = type->signer == EVENT_SIGNER_ACTOR ||
                   type->signer == EVENT_SIGNER_REGISTRAR;

    if (h->recorded_ms == 0) {
        return error_set(err, ERR_MALFORMED, "recorded time: not stated");
    }
    if (h->on_day == 0 || h->on_day > RULES_DAY_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "on: a day between 1970-01-02 and 2200-12-31 is "
                         "required");
    }
    if (of_unit && h->unit == 0) {
        return error_set(err, ERR_MALFORMED, "unit: %s is said by a unit",
                         type->name);
    }
    if (subject_check(type, h, err) != 0 || refs_check(type, h, err) != 0 ||
        addressees_check(h, err) != 0) {
        return err->code;
    }
    return bodies_check(type, h, err);
}

/* ---- every field by its form -----------------------------------------------
 */

static int field_refuse(struct error *err, const ProtobufCFieldDescriptor *f,
                        const char *why)
{
    return error_set(err, ERR_MALFORMED, "%s: %s", f->name, why);
}

static int number_rules(const ProtobufCFieldDescriptor *f, const void *at,
                        struct error *err)
{
    uint32_t value;

    if (f->type != PROTOBUF_C_TYPE_UINT32 && f->type != PROTOBUF_C_TYPE_ENUM) {
        return 0;
    }
    memcpy(&value, at, sizeof(value));
    if (field_form(f) == FORM_DAY && value > RULES_DAY_MAX) {
        return field_refuse(err, f, "a day after 2200-12-31");
    }
    if (f->type == PROTOBUF_C_TYPE_ENUM &&
        protobuf_c_enum_descriptor_get_value(f->descriptor, (int)value) ==
            NULL) {
        return error_set(err, ERR_MALFORMED, "%s: %u is no value of it",
                         f->name, value);
    }
    return 0;
}

static bool all_zero(struct span data)
{
    for (size_t i = 0; i < data.len; i++) {
        if (data.ptr[i] != 0) {
            return false;
        }
    }
    return true;
}

/* `may_be_empty`: a single field that is not stated. */
static int bytes_rules(const ProtobufCFieldDescriptor *f, struct span data,
                       bool may_be_empty, struct error *err)
{
    enum field_form form = field_form(f);

    if (data.len == 0 && may_be_empty) {
        return 0;
    }
    switch (form) {
    case FORM_ID:
        if (data.len != 16 || all_zero(data)) {
            return field_refuse(err, f, "an id has 16 bytes, not all zero");
        }
        return 0;
    case FORM_HASH:
        if (data.len != 32) {
            return field_refuse(err, f, "a hash or key has 32 bytes");
        }
        return 0;
    case FORM_LINE:
        if (data.len > NAME_MAX_BYTES) {
            return error_set(err, ERR_MALFORMED,
                             "%s: %zu bytes of text, %u are allowed", f->name,
                             data.len, NAME_MAX_BYTES);
        }
        if (text_check_line(data, err) != 0) {
            return error_wrap(err, "%s", f->name);
        }
        return 0;
    case FORM_BLOCK:
        if (text_check_block(data, err) != 0) {
            return error_wrap(err, "%s", f->name);
        }
        return 0;
    case FORM_NUMBER:
    case FORM_DAY:
    case FORM_BOOL:
    case FORM_ENUM:
    case FORM_MESSAGE:
        break;
    }
    return 0;
}

static int value_rules(const ProtobufCFieldDescriptor *f, const void *at,
                       bool may_be_empty, struct error *err)
{
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *inner;

        memcpy(&inner, at, sizeof(const ProtobufCMessage *));
        if (inner == NULL || rules_message(inner, err) == 0) {
            return 0;
        }
        return error_wrap(err, "%s", f->name);
    }
    if (f->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData data;

        memcpy(&data, at, sizeof(data));
        return bytes_rules(f, span_make(data.data, data.len), may_be_empty,
                           err);
    }
    return number_rules(f, at, err);
}

/* Bytes one element of a repeated field takes in protobuf-c's arrays. */
static size_t element_size(const ProtobufCFieldDescriptor *f)
{
    switch (field_form(f)) {
    case FORM_MESSAGE:
        return sizeof(ProtobufCMessage *);
    case FORM_ID:
    case FORM_HASH:
    case FORM_LINE:
    case FORM_BLOCK:
        return sizeof(ProtobufCBinaryData);
    case FORM_BOOL:
        return sizeof(protobuf_c_boolean);
    case FORM_NUMBER:
    case FORM_DAY:
    case FORM_ENUM:
        break;
    }
    return f->type == PROTOBUF_C_TYPE_UINT64 ? 8 : 4;
}

int rules_message(const struct ProtobufCMessage *message, struct error *err)
{
    const uint8_t *base = (const uint8_t *)message;

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];

        if (!field_repeats(f)) {
            if (value_rules(f, base + f->offset, true, err) != 0) {
                return err->code;
            }
            continue;
        }

        size_t len;
        const uint8_t *elements;

        memcpy(&len, base + f->quantifier_offset, sizeof(len));
        memcpy(&elements, base + f->offset, sizeof(elements));
        for (size_t k = 0; k < len; k++) {
            if (value_rules(f, elements + k * element_size(f), false, err) !=
                0) {
                return err->code;
            }
        }
    }
    return 0;
}

static int bytes_walk(const struct ProtobufCMessageDescriptor *shape,
                      struct span bytes, struct error *err)
{
    struct wire w = wire_of(bytes);
    struct wire_field got;

    while (w.ptr < w.end && wire_next(&w, &got)) {
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field(shape, got.number);

        if (f == NULL) {
            return error_set(err, ERR_MALFORMED, "field %u is not known",
                             got.number);
        }
        if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
            if (bytes_walk(f->descriptor, got.bytes, err) != 0) {
                return error_wrap(err, "%s", f->name);
            }
        } else if (f->type == PROTOBUF_C_TYPE_BYTES) {
            if (bytes_rules(f, got.bytes, !field_repeats(f), err) != 0) {
                return err->code;
            }
        }
    }
    return 0;
}

int rules_bytes(const struct ProtobufCMessageDescriptor *shape,
                struct span bytes, struct error *err)
{
    if (message_minimal(shape, bytes, err) != 0) {
        return err->code;
    }
    return bytes_walk(shape, bytes, err);
}

/* ---- the words of types_GROUP.c ---------------------------------------------
 */

int rules_refuse(struct error *err, const char *path, const char *why)
{
    return error_set(err, ERR_MALFORMED, "%s: %s", path, why);
}

int rules_need(uint64_t value, const char *path, struct error *err)
{
    return value != 0 ? 0 : rules_refuse(err, path, "must be stated");
}

int rules_need_text(ProtobufCBinaryData text, const char *path,
                    struct error *err)
{
    return rules_need(text.len, path, err);
}

int rules_document(const Qcdc__V1__Document *d, const char *path,
                   struct error *err)
{
    if (d == NULL) {
        return 0;
    }
    if (d->kind == 0) {
        return error_set(err, ERR_MALFORMED, "%s.kind: must be stated", path);
    }
    if (d->number.len == 0 && d->dated_day == 0 && d->file_hash.len == 0 &&
        d->shelf.len == 0) {
        return rules_refuse(err, path,
                            "a paper has a number, a date, a file hash or a "
                            "shelf mark");
    }
    if (d->secret && (d->file_hash.len > 0 || d->shelf.len > 0 ||
                      d->signer.len > 0 || d->signing != 0)) {
        return rules_refuse(err, path,
                            "of a secret paper only kind, number and date are "
                            "stated");
    }
    if (d->signing != 0 && d->dated_day == 0) {
        return error_set(err, ERR_MALFORMED,
                         "%s.dated_day: a signed paper has a date", path);
    }
    return 0;
}

int rules_documents(Qcdc__V1__Document **documents, size_t len,
                    struct error *err)
{
    if (rules_count(len, DOCUMENTS_MAX, "documents", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < len; i++) {
        char path[48];

        snprintf(path, sizeof(path), "documents[%zu]", i);
        if (rules_document(documents[i], path, err) != 0) {
            return err->code;
        }
    }
    return 0;
}

int rules_paper(const Qcdc__V1__Document *document, const char *path,
                struct error *err)
{
    if (document == NULL) {
        return rules_refuse(err, path, "must be stated");
    }
    if (rules_document(document, path, err) != 0) {
        return err->code;
    }
    if (document->file_hash.len == 0 && document->shelf.len == 0 &&
        !document->secret) {
        return rules_refuse(err, path,
                            "say where the paper is: file_hash or shelf");
    }
    return 0;
}

int rules_signed_day(const struct header *header,
                     const Qcdc__V1__Document *document, struct error *err)
{
    if (document != NULL && document->signing != 0 &&
        document->dated_day != header->on_day) {
        return rules_refuse(err, "on",
                            "of what is signed on paper is the paper's date "
                            "(document.dated_day)");
    }
    return 0;
}

int rules_units(const uint32_t *units, size_t len, size_t max, const char *path,
                struct error *err)
{
    if (rules_count(len, max, path, err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < len; i++) {
        if (units[i] == 0) {
            return rules_refuse(err, path, "unit 0 does not exist");
        }
        for (size_t j = 0; j < i; j++) {
            if (units[j] == units[i]) {
                return error_set(err, ERR_MALFORMED, "%s: unit %u stands twice",
                                 path, units[i]);
            }
        }
    }
    return 0;
}

int rules_count(size_t len, size_t max, const char *path, struct error *err)
{
    if (len > max) {
        return error_set(err, ERR_MALFORMED, "%s: %zu of them, %zu are allowed",
                         path, len, max);
    }
    return 0;
}

int rules_none(const struct header *header,
               const struct ProtobufCMessage *message, struct error *err)
{
    (void)header;
    (void)message;
    (void)err;
    return 0;
}
