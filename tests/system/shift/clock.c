/* tests/system: another time for one process. Preloaded into a node, it adds
 * QCDC_SHIFT_S seconds to what the machine's wall clock shows; the steady
 * clock is left alone. A clock disaster without touching the machine's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*clock_fn)(clockid_t, struct timespec *);

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int clock_gettime(clockid_t id, struct timespec *now)
{
    static clock_fn real;
    static long shift;

    if (real == NULL) {
        const char *text = getenv("QCDC_SHIFT_S");

        shift = text == NULL ? 0 : strtol(text, NULL, 10);
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    }

    int rc = real(id, now);

    if (rc == 0 && id == CLOCK_REALTIME) {
        now->tv_sec += shift;
    }
    return rc;
}
