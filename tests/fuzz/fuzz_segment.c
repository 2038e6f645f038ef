/* tests/fuzz: any bytes as a batch: u8 count, then five parts, each with a u16
 * length before it (leaves_z, texts_z, privates, sealed, absent). */
#include <stdint.h>
#include <stdlib.h>

#include "protocol/base/buf.h"
#include "protocol/link/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t memory[2u * SEGMENT_ARENA_MIN];

static struct span part_take(struct span *rest)
{
    size_t len = rest->len < 2 ? 0 : read_u16(rest->ptr);
    struct span part = span_slice(*rest, 2, len);
    size_t used = 2 + part.len;

    *rest = used > rest->len ? (struct span){NULL, 0}
                             : span_slice(*rest, used, rest->len - used);
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct segment_codec *codec;
    struct segment segment = {0};
    struct segment_view view;
    struct arena arena;
    struct error err = {0};
    struct span rest = span_make(data, len);

    if (codec == NULL && segment_codec_new(&codec, &err) != 0) {
        abort();
    }
    if (len == 0) {
        return 0;
    }
    arena_init(&arena, memory, sizeof(memory));
    segment.count = data[0];
    rest = span_slice(rest, 1, len - 1);
    segment.leaves_z = part_take(&rest);
    segment.texts_z = part_take(&rest);
    segment.privates = part_take(&rest);
    segment.sealed = part_take(&rest);
    segment.absent = part_take(&rest);
    if (segment_open(codec, &segment, &arena, &view, &err) == 0) {
        for (size_t i = 0; i < view.bodies_len; i++) {
            if (view.bodies[i].index >= view.count ||
                (i > 0 && view.bodies[i].index < view.bodies[i - 1].index)) {
                abort();
            }
        }
    } else if (err.text[0] == '\0') {
        abort();
    }
    arena_reset(&arena);
    return 0;
}
