/* fuzz: any bytes as a leaf. What is understood is written again to the same
 * bytes; what is not understood says why; nothing that was not signed ever
 * verifies; reading the event never fails but by its verdict. */
#include <stdlib.h>

#include "protocol/event/leaf.h"
#include "protocol/event/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t memory[1 << 22];

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void header_again(const struct leaf *leaf)
{
    uint8_t bytes[HEADER_MAX];
    struct buf out = buf_over(bytes, sizeof(bytes));
    struct error err = {0};

    check(header_encode(&leaf->header, &out, &err) == 0);
    check(span_equal(buf_span(&out), leaf->header_bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct leaf leaf;
    struct error err = {0};
    struct arena arena;
    enum event_reading reading;
    const struct event_type *type;
    const struct ProtobufCMessage *facts;

    if (leaf_parse(span_make(data, len), &leaf, &err) != 0) {
        check(err.code == ERR_MALFORMED && err.text[0] != '\0');
        return 0;
    }
    check(leaf.understood == (header_explain(leaf.header_bytes, &err) == 0));
    if (leaf.understood) {
        header_again(&leaf);
    }
    arena_init(&arena, memory, sizeof(memory));
    if (event_read(&leaf, &arena, &reading, &type, &facts, &err) != 0) {
        check(err.code == ERR_LIMIT);
        return 0;
    }
    check(reading == EVENT_READ_FINE || err.text[0] != '\0');
    check((facts != NULL) == (reading != EVENT_READ_NOT_UNDERSTOOD));
    check(leaf.understood || reading == EVENT_READ_NOT_UNDERSTOOD);
    return 0;
}
