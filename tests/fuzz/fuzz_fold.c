/* Events as a script: whatever types, days, refs, brackets and facts come, a
 * fold ends, drops no event, and is the same for the reverse order.
 *
 * Script: kind, then per event 12 bytes (type, unit, day, recorded, ref,
 * subject or not, bracket, standing, facts length) and its facts. */
#include <stdint.h>
#include <stdlib.h>

#include "protocol/event/types.h"
#include "protocol/record/fold.h"

#define EVENTS_MAX 64
#define STEP 12

static const uint32_t types[] = {32,  33,  34,  35,  36,  37,  38,  39, 40, 41,
                                 42,  43,  64,  65,  66,  67,  68,  69, 80, 81,
                                 128, 131, 144, 145, 146, 147, 149, 999};

static struct leaf leaves[EVENTS_MAX];
static struct fold_event events[EVENTS_MAX];
static struct event_id refs[EVENTS_MAX];
static uint8_t memory[2][1u << 20];

static struct event_id id_at(size_t i)
{
    return (struct event_id){{(uint8_t)(i * 151), (uint8_t)i}};
}

static size_t script_read(const uint8_t *p, size_t len, uint8_t kind)
{
    size_t n = 0;

    while (n < EVENTS_MAX && len >= STEP) {
        size_t facts = p[11];
        struct leaf *leaf = &leaves[n];

        facts = facts > len - STEP ? len - STEP : facts;
        *leaf = (struct leaf){.facts = span_make(p + STEP, facts),
                              .id = id_at(n),
                              .understood = p[9] != 255};
        leaf->header.type =
            n == 0 && p[0] < 128
                ? (uint32_t[]){0, 32, 65, 80, 128, 131}[kind]
                : types[p[0] % (sizeof(types) / sizeof(types[0]))];
        leaf->header.version = 1;
        leaf->header.unit = 10u + p[1] % 4;
        leaf->header.node = 1u + p[1] % 3;
        leaf->header.on_day = 19700u + p[2] % 16;
        leaf->header.recorded_ms = (19700u * 86400ull + p[3] * 3600ull) * 1000;
        leaf->header.has_subject = n > 0;
        leaf->header.subject = id_at(0);
        refs[n] = id_at(p[4] % (n + 2));
        leaf->header.refs = id_list_of(&refs[n], n > 0 && p[5] < 200 ? 1 : 0);
        leaf->header.addressees[0] = 11;
        leaf->header.addressees_len = p[5] % 2;
        events[n] = (struct fold_event){
            .leaf = leaf,
            .epoch = 1u + p[6] % 2,
            .position = p[6],
            .lower_s = p[7] > 128 ? 19700 * 86400 + p[7] * 3600 : 0,
            .upper_s = p[8] > 128 ? 19700 * 86400 + p[8] * 3600 : 0,
            .standing = p[9] < 240 ? STANDING_EFFECTIVE
                                   : (enum standing)(p[9] % STANDING_COUNT),
        };
        n++;
        p += STEP + facts;
        len -= STEP + facts;
    }
    return n;
}

static struct record_out fold(const struct fold_input *input, uint8_t *room)
{
    struct arena arena;
    struct error err = {0};
    struct record_out out = {0};

    arena_init(&arena, room, sizeof(memory[0]));
    if (record_fold(input, &arena, &out, &err) != 0) {
        abort(); /* there is room for every script */
    }
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct directory directory;
    struct fold_input input = {.directory = &directory, .asof_day = 19712};

    if (size < 1 + STEP) {
        return 0;
    }
    input.kind = (enum record_kind)(1 + data[0] % 5);
    input.events = events;
    input.len = script_read(data + 1, size - 1, (uint8_t)input.kind);

    struct record_out first = fold(&input, memory[0]);

    for (size_t i = 0; i < input.len / 2; i++) {
        struct fold_event swap = events[i];

        events[i] = events[input.len - 1 - i];
        events[input.len - 1 - i] = swap;
    }

    struct record_out second = fold(&input, memory[1]);

    if (!span_equal(first.bytes, second.bytes) ||
        first.not_effective != second.not_effective) {
        abort();
    }
    return 0;
}
