/* tests/fuzz: any bytes as a bundle: its head, its chunks under a key that is
 * known, and the same bytes as an opened chunk. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/link/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t memory[FRAME_ARENA_MIN + 65536];
static uint8_t plain[BUNDLE_CHUNK_MAX];

static void say(const struct error *err)
{
    if (err->text[0] == '\0') {
        abort(); /* refused without a word */
    }
}

static void frames_read(struct span rest)
{
    struct error err = {0};
    struct span one = {0};

    while (rest.len > 0 && bundle_next(&rest, &one, &err) == 0) {
        struct arena arena;
        struct frame frame;

        arena_init(&arena, memory, sizeof(memory));
        if (frame_decode(one, &arena, &frame, &err) == 0 &&
            frame.kind == FRAME_STAGED && frame.staged.ids.len % 16 != 0) {
            abort();
        }
        arena_reset(&arena);
    }
}

static void chunks_read(struct span rest)
{
    struct bundle_stream stream = {.chunk = 0};
    struct error err = {0};

    memset(stream.key.bytes, 0x5a, sizeof(stream.key.bytes));
    while (rest.len >= 4) {
        size_t size = 0;
        bool last = false;

        if (bundle_length(&stream, rest.ptr, &size, &last, &err) != 0) {
            say(&err);
            return;
        }
        if (size > rest.len - 4) {
            return;
        }
        if (bundle_unseal(&stream, span_slice(rest, 4, size), last, plain,
                          &err) != 0) {
            say(&err);
            return;
        }
        frames_read(span_make(plain, size - AEAD_OVERHEAD));
        rest = span_slice(rest, 4 + size, rest.len - 4 - size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static bool started;
    struct bundle_head head;
    struct error err = {0};
    struct span bytes = span_make(data, len);
    size_t used = 0;

    if (!started && crypto_start(&err) != 0) {
        abort();
    }
    started = true;
    if (bundle_head_take(bytes, &head, &used, &err) == 0) {
        if (used > len || head.from == 0 || head.to == 0 ||
            strlen(head.realm) > REALM_MAX) {
            abort();
        }
        chunks_read(span_slice(bytes, used, len - used));
    } else {
        say(&err);
        frames_read(bytes);
    }
    return 0;
}
