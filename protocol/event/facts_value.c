/* protocol/event: forms of single values, and the sentences about them.
 *
 * Every refusal has the same shape: path, the value as given, what would have
 * been right. Never guesses (no 1/3/2024: day or month first?).
 */
#include "protocol/event/facts_value.h"

#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/text.h"
#include "protocol/record/calendar.h"

#define SHOWN_MAX 40           /* bytes of a wrong value that are repeated */
#define DAY_SHOWN_MAX 2932896u /* 9999-12-31 */

bool value_split(struct span *text, char by, struct span *part)
{
    if (text->len == 0) {
        return false;
    }

    const uint8_t *end = memchr(text->ptr, by, text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->ptr);

    *part = span_make(text->ptr, len);
    *text = end == NULL ? (struct span){NULL, 0}
                        : span_make(end + 1, text->len - len - 1);
    return true;
}

void value_expected(const ProtobufCFieldDescriptor *field, struct buf *out)
{
    char name[ENUM_NAME_MAX];
    const char *comma = "";

    switch (field_form(field)) {
    case FORM_NUMBER:
        buf_put_str(out, "a number");
        return;
    case FORM_DAY:
        buf_put_str(out, "a date as 2024-03-01");
        return;
    case FORM_BOOL:
        buf_put_str(out, "true or false");
        return;
    case FORM_ID:
        buf_put_str(out, "an id: 32 hex digits, a code, or an import key");
        return;
    case FORM_HASH:
        buf_put_str(out, "64 hex digits");
        return;
    case FORM_LINE:
        buf_put_fmt(out, "text of one line, %u bytes at most", NAME_MAX_BYTES);
        return;
    case FORM_BLOCK:
        buf_put_str(out, "text");
        return;
    case FORM_MESSAGE:
        buf_put_str(out, "its fields");
        return;
    case FORM_ENUM:
        break;
    }

    const ProtobufCEnumDescriptor *type = field->descriptor;

    buf_put_str(out, "one of ");
    for (unsigned i = 0; i < type->n_values; i++) {
        if (type->values[i].value != 0) {
            enum_value_name(type, i, name);
            buf_put_fmt(out, "%s%s", comma, name);
            comma = ", ";
        }
    }
}

static int refuse(const ProtobufCFieldDescriptor *field, const char *path,
                  struct span text, struct error *err)
{
    char expected[160];
    struct buf b = buf_over(expected, sizeof(expected) - 1);
    int shown = text.len > SHOWN_MAX ? SHOWN_MAX : (int)text.len;
    struct span head = span_make(text.ptr, (size_t)shown);

    value_expected(field, &b);
    expected[b.len] = '\0';
    if (!text_valid_utf8(head) && shown < SHOWN_MAX) {
        return error_set(err, ERR_USAGE,
                         "%s: the value is not UTF-8 text; expected %s%s", path,
                         expected, b.overflow ? " ..." : "");
    }
    /* The cut may fall inside a character: back to its start. */
    while (shown > 0 && shown < (int)text.len &&
           (text.ptr[shown] & 0xc0) == 0x80) {
        shown--;
    }
    return error_set(err, ERR_USAGE, "%s: \"%.*s%s\" is not %s%s", path, shown,
                     text.len == 0 ? "" : (const char *)text.ptr,
                     (size_t)shown < text.len ? "..." : "", expected,
                     b.overflow ? " ..." : "");
}

static bool decimal_read(struct span text, uint64_t *out)
{
    uint64_t sum = 0;

    if (text.len == 0 || text.len > 20) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }

        unsigned digit = (unsigned)(text.ptr[i] - '0');

        if (sum > (UINT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *out = sum;
    return true;
}

static bool is_word(struct span text, const char *word)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c >= 'A' && c <= 'Z') {
            c = (uint8_t)(c - 'A' + 'a');
        }
        if (word[i] == '\0' || c != (uint8_t)word[i]) {
            return false;
        }
    }
    return word[text.len] == '\0';
}

static bool bool_read(struct span text, uint64_t *out)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"0", "1"}, {"no", "yes"}, {"không", "có"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (uint64_t k = 0; k < 2; k++) {
            if (is_word(text, words[i][k])) {
                *out = k;
                return true;
            }
        }
    }
    return false;
}

static bool enum_read(const ProtobufCEnumDescriptor *type, struct span text,
                      uint64_t *out)
{
    char name[ENUM_NAME_MAX];

    for (unsigned i = 0; i < type->n_values; i++) {
        enum_value_name(type, i, name);
        if (type->values[i].value > 0 && is_word(text, name)) {
            *out = (uint64_t)type->values[i].value;
            return true;
        }
    }
    return false;
}

int value_number(const ProtobufCFieldDescriptor *field, const char *path,
                 struct span text, uint64_t *out, struct error *err)
{
    struct error ignored = {0};
    uint32_t day = 0;
    bool fine = false;

    switch (field_form(field)) {
    case FORM_NUMBER:
        fine = decimal_read(text, out) &&
               (field->type == PROTOBUF_C_TYPE_UINT64 || *out <= UINT32_MAX);
        break;
    case FORM_DAY:
        fine = day_parse(text, &day, &ignored) == 0;
        *out = day;
        break;
    case FORM_BOOL:
        fine = bool_read(text, out);
        break;
    case FORM_ENUM:
        fine = enum_read(field->descriptor, text, out);
        break;
    case FORM_ID:
    case FORM_HASH:
    case FORM_LINE:
    case FORM_BLOCK:
    case FORM_MESSAGE:
        break;
    }
    return fine ? 0 : refuse(field, path, text, err);
}

static int id_put(const ProtobufCFieldDescriptor *field, const char *path,
                  struct span text, const struct facts_resolver *resolver,
                  struct buf *out, struct error *err)
{
    struct event_id id;
    struct error ignored = {0};
    char key[256];

    if (text.len == 32 && hex_decode(text, id.bytes, 16, &ignored) == 0) {
        buf_put(out, SPAN_OF(id));
        return 0;
    }
    if (resolver == NULL || resolver->resolve == NULL ||
        text.len >= sizeof(key) || text.len == 0) {
        return refuse(field, path, text, err);
    }
    memcpy(key, text.ptr, text.len);
    key[text.len] = '\0';
    if (resolver->resolve(resolver->ctx, key, &id, err) != 0) {
        return error_wrap(err, "%s", path);
    }
    buf_put(out, SPAN_OF(id));
    return 0;
}

static int text_put(const ProtobufCFieldDescriptor *field, const char *path,
                    struct span text, struct buf *out, struct error *err)
{
    bool line = field_form(field) == FORM_LINE;
    size_t start = out->len;

    if (text_nfc(text, out, err) != 0) {
        if (err->code == ERR_LIMIT) {
            return 0; /* the flag is looked at once, at the end */
        }
        return error_set(err, ERR_USAGE, "%s: the value is not UTF-8 text",
                         path);
    }

    struct span normal = span_make(out->ptr + start, out->len - start);

    if ((line ? text_check_line(normal, err) : text_check_block(normal, err)) !=
        0) {
        return error_set(err, ERR_USAGE,
                         "%s: control characters%s are not allowed in text",
                         path, line ? " and line breaks" : "");
    }
    if (line && normal.len > NAME_MAX_BYTES) {
        return error_set(err, ERR_USAGE,
                         "%s: %zu bytes of text, %u are allowed", path,
                         normal.len, NAME_MAX_BYTES);
    }
    return 0;
}

int value_bytes(const ProtobufCFieldDescriptor *field, const char *path,
                struct span text, const struct facts_resolver *resolver,
                struct buf *out, struct error *err)
{
    uint8_t hash[32];
    struct error ignored = {0};

    switch (field_form(field)) {
    case FORM_ID:
        return id_put(field, path, text, resolver, out, err);
    case FORM_HASH:
        if (hex_decode(text, hash, sizeof(hash), &ignored) != 0) {
            return refuse(field, path, text, err);
        }
        buf_put(out, SPAN_OF(hash));
        return 0;
    case FORM_LINE:
    case FORM_BLOCK:
        return text_put(field, path, text, out, err);
    case FORM_NUMBER:
    case FORM_DAY:
    case FORM_BOOL:
    case FORM_ENUM:
    case FORM_MESSAGE:
        break;
    }
    return refuse(field, path, text, err);
}

/* False for a value that the enum does not have. */
static bool enum_format(const ProtobufCEnumDescriptor *type, uint64_t number,
                        struct buf *out)
{
    char name[ENUM_NAME_MAX];

    for (unsigned i = 0; i < type->n_values; i++) {
        if (type->values[i].value == (int)number) {
            enum_value_name(type, i, name);
            buf_put_str(out, name);
            return true;
        }
    }
    return false;
}

void value_format(const ProtobufCFieldDescriptor *field, uint64_t number,
                  struct buf *out)
{
    enum field_form form = field_form(field);
    char day[DAY_TEXT_SIZE];

    if (form == FORM_BOOL) {
        buf_put_str(out, number != 0 ? "true" : "false");
        return;
    }
    /* Beyond the year 9999 there is no such form: shown as it is. */
    if (form == FORM_DAY && number <= DAY_SHOWN_MAX) {
        day_format((uint32_t)number, day);
        buf_put_str(out, day);
        return;
    }
    if (form == FORM_ENUM && enum_format(field->descriptor, number, out)) {
        return;
    }
    buf_put_fmt(out, "%llu", (unsigned long long)number);
}
