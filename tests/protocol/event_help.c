/* tests/protocol: fixed keys, headers and leaves. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "tests/protocol/event_help.h"

struct help_key help_key(uint8_t number)
{
    struct sign_seed seed;
    struct help_key key;

    memset(seed.bytes, number, sizeof(seed.bytes));
    sign_keys(&seed, &key.pub, &key.sec);
    key.id = key_id_of(SPAN_OF(key.pub.bytes));
    return key;
}

struct event_id help_id(uint8_t number)
{
    struct event_id id;

    memset(id.bytes, number, sizeof(id.bytes));
    return id;
}

struct header help_header(uint32_t type)
{
    struct help_key key = help_key(1);

    return (struct header){.type = type,
                           .version = 1,
                           .node = 7,
                           .unit = 12,
                           .actor = key.id,
                           .recorded_ms = 1709258400000,
                           .on_day = HELP_DAY};
}

struct span help_leaf(const struct header *header, struct span facts,
                      uint8_t *memory)
{
    struct help_key key = help_key(1);
    struct buf out = buf_over(memory, LEAF_MAX);
    struct error err = {0};

    assert_ok(leaf_sign(header, facts, &key.sec, &out, NULL, &err), err);
    return buf_span(&out);
}

struct span help_hex(const char *hex)
{
    static uint8_t memory[1 << 16];
    static size_t used;
    size_t len = strlen(hex) / 2;
    struct error err = {0};

    assert_true(used + len <= sizeof(memory));
    assert_ok(hex_decode(span_str(hex), memory + used, len, &err), err);
    used += len;
    return span_make(memory + used - len, len);
}

enum event_reading help_read(const struct header *h, struct span facts,
                             struct error *err)
{
    static uint8_t arena_memory[1 << 18];
    static uint8_t leaf_memory[LEAF_MAX];
    struct arena arena;
    struct leaf leaf;
    enum event_reading reading;
    const struct event_type *type;
    const struct ProtobufCMessage *message;

    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_ok(leaf_parse(help_leaf(h, facts, leaf_memory), &leaf, err), *err);
    assert_ok(event_read(&leaf, &arena, &reading, &type, &message, err), *err);
    assert_int_equal(message == NULL, reading == EVENT_READ_NOT_UNDERSTOOD);
    return reading;
}
