/* One turn's memory: a fixed block handed out front to back, reset at once.
 *
 * Nothing is freed singly. The arena remembers that it ran out, so that a
 * decoder's NULL can be told apart from malformed input. Reset poisons the
 * block under AddressSanitizer: a span kept too long crashes in the dev build.
 */
#ifndef QCDC_PROTOCOL_BASE_ARENA_H
#define QCDC_PROTOCOL_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct arena {
    uint8_t *ptr; /* owned by whoever called arena_new, else the caller's */
    size_t size;
    size_t used;
    bool ran_out; /* sticky until reset */
    bool owned;
};

/* Over the caller's memory (keeps it). Memory on the stack must be given
 * back with arena_release before its function returns: it is poisoned. */
void arena_init(struct arena *a, void *memory, size_t size);

/* Allocates `size` bytes on the heap. ERR_NOMEM. Release with arena_release. */
int arena_new(struct arena *a, size_t size, struct error *err) MUST_USE;
void arena_release(struct arena *a);

/* Zeroed memory aligned to 16 bytes, or NULL (and ran_out) when full. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE;

/* arena_alloc of count * size with the multiplication checked. */
void *arena_array(struct arena *a, size_t count, size_t size) MUST_USE;

/* A copy that lives until the reset; empty span when the arena is full. */
struct span arena_copy(struct arena *a, struct span bytes);

void arena_reset(struct arena *a);

/* Everything allocated after `mark = a->used` is given back. */
void arena_rewind(struct arena *a, size_t mark);

#endif
