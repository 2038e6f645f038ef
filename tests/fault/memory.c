/* tests/fault: allocations that fail when a test says so. The linker sends
 * every malloc, calloc, realloc and strdup of our own code here (--wrap);
 * SQLite's come through its own door. Must never allocate itself.
 */
#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/disk.h"

/* The names that the linker gives. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool armed, for_ever;
static uint64_t fail_at, counted, failed;

static bool fails(void)
{
    if (!armed) {
        return false;
    }
    counted++;
    if (fail_at == 0 || counted < fail_at || (counted > fail_at && !for_ever)) {
        return false;
    }
    failed++;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

void *memory_own(void *old, size_t size)
{
    void *out = __real_realloc(old, size == 0 ? 1 : size);

    assert(out != NULL);
    if (old == NULL) {
        memset(out, 0, size);
    }
    return out;
}

void memory_arm(uint64_t nth, bool on)
{
    armed = true;
    for_ever = on;
    fail_at = nth;
    counted = failed = 0;
}

uint64_t memory_disarm(uint64_t *count_failed)
{
    armed = false;
    *count_failed = failed;
    return counted;
}

/* ---- SQLite ---- */

static sqlite3_mem_methods beneath;

static void *take(int size)
{
    return fails() ? NULL : beneath.xMalloc(size);
}

static void *take_again(void *old, int size)
{
    return fails() ? NULL : beneath.xRealloc(old, size);
}

void memory_watch_sqlite(void)
{
    sqlite3_mem_methods above;
    int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &beneath);

    assert(rc == SQLITE_OK);
    above = beneath;
    above.xMalloc = take;
    above.xRealloc = take_again;
    rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &above);
    assert(rc == SQLITE_OK);
}
