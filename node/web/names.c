/* node/web: who is meant by the numbers in facts. A reader of a record is told
 * names, not numbers of the registry; the answer carries both. It must never
 * change a value. Read next: protocol/event/facts.h (facts_noun). */
#include <stdio.h>
#include <stdlib.h>

#include "node/web/api.h"
#include "protocol/event/facts.h"

/* A name of today. A number that the directory here does not know has none. */
static void name_put(const struct api_call *call, enum facts_noun noun,
                     uint32_t number)
{
    const char *group = noun == FACTS_UNITS ? "unit_names" : "node_names";
    json_t *names = json_object_get(call->answer, group);
    char key[16];
    char room[256];

    snprintf(key, sizeof(key), "%u", (unsigned)number);
    if (names == NULL) {
        names = api_put_object(call->answer, group);
    }
    if (noun == FACTS_UNITS) {
        struct span name = api_unit_name(call, number);

        if (name.len > 0) {
            api_put(names, key, name);
        }
    } else {
        api_put_str(names, key,
                    api_node_name(call, number, room, sizeof(room)));
    }
}

int api_put_named(void *ctx, const char *path, struct span value,
                  struct error *err)
{
    const struct api_named *in = ctx;
    enum facts_noun noun = facts_noun(path);
    uint64_t number = 0;

    (void)err;
    api_put_path(in->object, path, value);
    for (size_t i = 0; noun != FACTS_NUMBER && i <= value.len; i++) {
        bool digit =
            i < value.len && value.ptr[i] >= '0' && value.ptr[i] <= '9';

        if (digit && number <= UINT32_MAX) {
            number = number * 10 + (uint64_t)(value.ptr[i] - '0');
        } else if (number > 0 && number <= UINT32_MAX) {
            name_put(in->call, noun, (uint32_t)number);
        }
        number = digit ? number : 0;
    }
    return 0;
}
