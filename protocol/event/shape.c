/* protocol/event: forms of fields, read off their names.
 *
 * Never looks at values. Read facts.c and rules.c, its two users.
 */
#include "protocol/event/shape.h"

#include <string.h>

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static enum field_form bytes_form(const char *name)
{
    if (ends_with(name, "_id") || ends_with(name, "_ids")) {
        return FORM_ID;
    }
    if (ends_with(name, "_hash") || ends_with(name, "_key") ||
        ends_with(name, "_keys")) {
        return FORM_HASH;
    }
    if (strcmp(name, "content") == 0 || strcmp(name, "note") == 0 ||
        strcmp(name, "officials") == 0) {
        return FORM_BLOCK; /* of bodies: facts have no free text */
    }
    return FORM_LINE;
}

enum field_form field_form(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return FORM_BOOL;
    case PROTOBUF_C_TYPE_ENUM:
        return FORM_ENUM;
    case PROTOBUF_C_TYPE_BYTES:
        return bytes_form(field->name);
    case PROTOBUF_C_TYPE_MESSAGE:
        return FORM_MESSAGE;
    case PROTOBUF_C_TYPE_UINT32:
        return ends_with(field->name, "_day") || ends_with(field->name, "_days")
                   ? FORM_DAY
                   : FORM_NUMBER;
    case PROTOBUF_C_TYPE_UINT64:
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
        break;
    }
    return FORM_NUMBER;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Length of "PETITION_KIND_" in a value of PetitionKind, 0 if it is not there.
 */
static size_t prefix_len(const char *enum_name, const char *value)
{
    size_t at = 0;

    for (const char *c = enum_name; *c != '\0'; c++) {
        bool capital = *c >= 'A' && *c <= 'Z';

        if (capital && c != enum_name && value[at++] != '_') {
            return 0;
        }
        if (value[at] == '\0' || lower(value[at]) != lower(*c)) {
            return 0;
        }
        at++;
    }
    return value[at] == '_' ? at + 1 : 0;
}

void enum_value_name(const ProtobufCEnumDescriptor *type, size_t i,
                     char name[ENUM_NAME_MAX])
{
    const char *full = type->values[i].name;
    const char *rest = full + prefix_len(type->short_name, full);
    size_t len = 0;

    while (len < ENUM_NAME_MAX - 1 && rest[len] != '\0') {
        name[len] = lower(rest[len]);
        len++;
    }
    name[len] = '\0';
}
