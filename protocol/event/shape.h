/* What the name and type of a field say about its value: the conventions at
 * the head of event.proto, in one place for the codec and the validators.
 * For protocol/event only.
 */
#ifndef QCDC_PROTOCOL_EVENT_SHAPE_H
#define QCDC_PROTOCOL_EVENT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

enum field_form {
    FORM_NUMBER,
    FORM_DAY,
    FORM_BOOL,
    FORM_ENUM,
    FORM_ID,    /* 16 bytes */
    FORM_HASH,  /* 32 bytes: hash or key */
    FORM_LINE,  /* text of one line */
    FORM_BLOCK, /* free text */
    FORM_MESSAGE,
};

enum field_form field_form(const ProtobufCFieldDescriptor *field);

static inline bool field_repeats(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

#define ENUM_NAME_MAX 64u
/* "counter" of CHANNEL_COUNTER: the value's name without the enum's, lower
 * case, cut to fit. */
void enum_value_name(const ProtobufCEnumDescriptor *type, size_t i,
                     char name[ENUM_NAME_MAX]);

#endif
