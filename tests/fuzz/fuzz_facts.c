/* fuzz: two bytes choose a message, the rest is its encoding, or lines of
 * `path=value`. What is shown can be given back and is the same bytes; what
 * people type is encoded minimally or refused with a sentence. */
#include <stdlib.h>
#include <string.h>

#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "protocol/event/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define PAIRS_MAX 512u

static char texts[1 << 20];
static uint8_t encoded[1 << 18];

struct collected {
    struct field_pair pairs[PAIRS_MAX];
    size_t len;
    struct buf text;
    bool exact; /* what is shown can be typed: no empty message, no raw hex */
};

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static const char *keep(struct collected *c, struct span text)
{
    const char *start = texts + c->text.len;

    buf_put(&c->text, text);
    buf_put_u8(&c->text, 0);
    return start;
}

static int collect(void *ctx, const char *path, struct span value,
                   struct error *err)
{
    struct collected *c = ctx;

    (void)err;
    if (c->len == PAIRS_MAX || value.len == 0 ||
        memchr(value.ptr, 0, value.len) != NULL) {
        c->exact = false;
        return 0;
    }
    c->pairs[c->len].path = keep(c, span_str(path));
    c->pairs[c->len].value = keep(c, value);
    c->len++;
    return 0;
}

static const struct ProtobufCMessageDescriptor *shape_of(uint8_t number)
{
    const struct event_type *type = event_type_find(number);

    if (number == 254) {
        return body_text_shape();
    }
    if (number == 255) {
        return body_private_shape();
    }
    return type == NULL || type->shape == NULL
               ? event_type_find(EVENT_DIALOGUE_CONCLUDED)->shape
               : type->shape;
}

static void bytes_run(const struct ProtobufCMessageDescriptor *shape,
                      struct span bytes)
{
    static struct collected c;
    struct error err = {0};
    struct buf out = buf_over(encoded, sizeof(encoded));

    c.len = 0;
    c.exact = true;
    c.text = buf_over(texts, sizeof(texts));
    if (facts_visit_as(shape, bytes, collect, &c, &err) != 0) {
        check(err.code == ERR_MALFORMED && err.text[0] != '\0');
        return;
    }
    if (c.text.overflow || !c.exact) {
        return;
    }
    /* Values no person could type (days 0 in lists, texts not NFC, ids of a
     * wrong size) may be refused; what is accepted must be the same. */
    if (facts_encode_as(shape, c.pairs, c.len, NULL, &out, &err) != 0) {
        check(err.text[0] != '\0');
        return;
    }
    check(message_minimal(shape, buf_span(&out), &err) == 0);
}

static void lines_run(const struct ProtobufCMessageDescriptor *shape,
                      struct span text)
{
    static struct field_pair pairs[PAIRS_MAX];
    struct error err = {0};
    struct buf out = buf_over(encoded, sizeof(encoded));
    size_t n = 0;

    if (text.len >= sizeof(texts)) {
        return;
    }
    if (text.len > 0) {
        memcpy(texts, text.ptr, text.len);
    }
    texts[text.len] = '\0';
    for (char *line = texts; line != NULL && n < PAIRS_MAX;) {
        char *end = strchr(line, '\n');
        char *value = strchr(line, '=');

        if (end != NULL) {
            *end++ = '\0';
        }
        if (value != NULL && (end == NULL || value < end)) {
            *value++ = '\0';
            pairs[n++] = (struct field_pair){line, value};
        }
        line = end;
    }
    if (facts_encode_as(shape, pairs, n, NULL, &out, &err) != 0) {
        check(err.text[0] != '\0');
        return;
    }
    check(message_minimal(shape, buf_span(&out), &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2) {
        return 0;
    }

    const struct ProtobufCMessageDescriptor *shape = shape_of(data[0]);
    struct span rest = span_make(data + 2, len - 2);

    if (data[1] == '=') {
        lines_run(shape, rest);
    } else {
        bytes_run(shape, rest);
    }
    return 0;
}
