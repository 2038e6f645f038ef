/* protocol/base: the turn's memory. */
#include "protocol/base/arena.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(ptr, len) __asan_poison_memory_region(ptr, len)
#define UNPOISON(ptr, len) __asan_unpoison_memory_region(ptr, len)
#else
#define POISON(ptr, len) ((void)(ptr), (void)(len))
#define UNPOISON(ptr, len) ((void)(ptr), (void)(len))
#endif

#define ALIGNMENT 16u

void arena_init(struct arena *a, void *memory, size_t size)
{
    size_t skew = (ALIGNMENT - (uintptr_t)memory % ALIGNMENT) % ALIGNMENT;

    *a = (struct arena){0};
    if (size > skew) {
        a->ptr = (uint8_t *)memory + skew;
        a->size = size - skew;
        POISON(a->ptr, a->size);
    }
}

int arena_new(struct arena *a, size_t size, struct error *err)
{
    void *memory = malloc(size);

    if (memory == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for %zu bytes", size);
    }
    arena_init(a, memory, size);
    a->owned = true;
    return 0;
}

void arena_release(struct arena *a)
{
    if (a->ptr != NULL) {
        UNPOISON(a->ptr, a->size);
    }
    if (a->owned) {
        /* malloc's alignment is at least ours: ptr is what it returned. */
        free(a->ptr);
    }
    *a = (struct arena){0};
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t rounded = size + (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;

    if (rounded < size || rounded > a->size - a->used) {
        a->ran_out = true;
        return NULL;
    }

    uint8_t *ptr = a->ptr + a->used;

    a->used += rounded;
    UNPOISON(ptr, rounded);
    memset(ptr, 0, rounded);
    return ptr;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        a->ran_out = true;
        return NULL;
    }
    return arena_alloc(a, count * size);
}

struct span arena_copy(struct arena *a, struct span bytes)
{
    uint8_t *ptr = arena_alloc(a, bytes.len);

    if (ptr == NULL) {
        return (struct span){NULL, 0};
    }
    if (bytes.len > 0) {
        memcpy(ptr, bytes.ptr, bytes.len);
    }
    return span_make(ptr, bytes.len);
}

void arena_reset(struct arena *a)
{
    arena_rewind(a, 0);
    a->ran_out = false;
}

void arena_rewind(struct arena *a, size_t mark)
{
    if (mark > a->used) {
        return;
    }
    POISON(a->ptr + mark, a->used - mark);
    a->used = mark;
}
