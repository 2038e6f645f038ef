/* tests/fuzz: any bytes as a frame: refused, or read and written again as a
 * frame that reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/link/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t memory[2u * FRAME_ARENA_MIN];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena;
    struct frame frame;
    struct frame again;
    struct span bytes = {0};
    struct span twice = {0};
    struct error err = {0};
    size_t mark = 0;

    arena_init(&arena, memory, sizeof(memory));
    mark = arena.used;
    if (frame_decode(span_make(data, len), &arena, &frame, &err) != 0) {
        if (err.text[0] == '\0' || arena.used - mark > FRAME_ARENA_MIN) {
            abort();
        }
        arena_reset(&arena);
        return 0;
    }
    if (frame.kind != FRAME_NONE) {
        if (frame_pack(&frame, &arena, &bytes, &err) != 0 ||
            frame_decode(bytes, &arena, &again, &err) != 0 ||
            frame_pack(&again, &arena, &twice, &err) != 0 ||
            !span_equal(bytes, twice)) {
            if (!arena.ran_out) {
                abort();
            }
        }
    }
    arena_reset(&arena);
    return 0;
}
