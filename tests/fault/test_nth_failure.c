/* The nth call to the disk fails, or the nth allocation, once or for ever, for
 * each n until none does: nothing crashes, nothing is acknowledged that is not
 * there, the store opens again with what was told, and goes on.
 *
 *   test_fault_nth_failure                  what ctest runs
 *   test_fault_nth_failure STRIDE STRIDE    every so many-th call to the disk
 *                                           and allocation; 1 1 = every one
 */
#include "tests/fault/labour.h"

#include <inttypes.h>

#include "tests/fault/disk.h"

static uint64_t disk_stride = 41, memory_stride = 607;
static struct labour *labour;

struct tally {
    uint64_t runs, refused, shut, lost, stuck;
};

static bool holds(struct store *store, size_t told)
{
    uint64_t digest = labour_digest(store, true);
    size_t i;

    for (i = told == 0 ? 0 : told - 1; i <= told && i < labour->len; i++) {
        if (labour->digests[i] == digest) {
            return true;
        }
    }
    return false;
}

/* Opens what is on the disk now. */
static void look(struct disk *disk, size_t told, uint64_t n, const char *when,
                 struct tally *tally)
{
    struct store_options options = {.path = LABOUR_PATH, .create = true};
    struct store *store = NULL;
    struct error err = {0};

    disk_use(disk);
    if (store_open(&options, &store, &err) != 0) {
        print_error("call %" PRIu64 ", %s: %s\n", n, when, err.text);
        tally->shut++;
    } else if (!holds(store, told)) {
        print_error("call %" PRIu64 ", %s: lost, %zu deeds were told\n", n,
                    when, told);
        tally->lost++;
    } else if (n % 16 == 0) {
        tally->lost += labour_findings(store) != 0;
    }
    store_close(store);
}

/* The machine goes down after the failure. */
static void cut(struct disk *disk, size_t told, uint64_t n, struct tally *tally)
{
    struct disk *empty = disk_new(), *after;
    struct disk_replay replay;

    disk_replay_open(&replay, empty, disk);
    disk_replay_to(&replay, disk->steps_len);
    after = disk_replay_cut(
        &replay, n % 2 == 0 ? DISK_LEFT_NOTHING : DISK_LEFT_SUBSET, n);
    look(after, told, n, "after a power cut", tally);
    disk_replay_close(&replay);
    disk_free(empty);
    disk_free(after);
}

/* Only what says what to do next may come of a failing disk. */
static void assert_disk_error(int rc, const struct error *err)
{
    assert_int_not_equal(err->text[0], '\0');
    if (rc != ERR_IO && rc != ERR_LIMIT && rc != ERR_NOMEM) {
        fail_msg("error %d: %s", rc, err->text);
    }
}

/* True if the nth call still came to be. */
static bool disk_run(uint64_t n, bool full, bool on, struct tally *tally)
{
    struct disk *disk = disk_new();
    struct store *store = NULL;
    struct error err = {0};
    size_t told = 0;
    bool fired;
    int rc = 0;

    disk->traced = true;
    disk->fail_at = n;
    disk->fail_on = on;
    disk->full = full;
    disk_use(disk);
    while (told < labour->len &&
           (rc = labour_do(labour, told, &store, &err)) == 0) {
        told++;
    }
    fired = disk->fired > 0;
    disk->fail_at = 0;
    tally->runs++;
    if (rc != 0) {
        tally->refused++;
        assert_disk_error(rc, &err);
    }
    /* A full disk is not the end: there is room again, the same goes on. */
    if (rc == ERR_LIMIT && store != NULL) {
        err = (struct error){0};
        rc = labour_do(labour, told, &store, &err);
        tally->stuck += rc != 0;
        if (rc != 0) {
            print_error("call %" PRIu64 ": stuck: %s\n", n, err.text);
        }
        told += rc == 0;
    }
    cut(disk, told, n, tally);
    disk_use(disk);
    store_close(store);
    look(disk, told, n, "after a restart", tally);
    disk_free(disk);
    return fired;
}

static void sound(const struct tally *tally, const char *what)
{
    print_message("%s: %" PRIu64 " runs, %" PRIu64 " refused a deed; %" PRIu64
                  " lost something, %" PRIu64 " did not open, %" PRIu64
                  " did not go on\n",
                  what, tally->runs, tally->refused, tally->lost, tally->shut,
                  tally->stuck);
    assert_true(tally->refused > 0);
    assert_int_equal(tally->lost + tally->shut + tally->stuck, 0);
}

static void every_nth_call(bool full, bool on, const char *what)
{
    struct tally tally = {0};
    uint64_t n;

    for (n = 1; disk_run(n, full, on, &tally); n += disk_stride) {
    }
    sound(&tally, what);
}

static void a_disk_that_fails_once(void **state)
{
    (void)state;
    every_nth_call(false, false, "an I/O error, once");
}

static void a_disk_that_fails_for_ever(void **state)
{
    (void)state;
    every_nth_call(false, true, "I/O errors from then on");
}

static void a_disk_that_is_full_once(void **state)
{
    (void)state;
    every_nth_call(true, false, "no space, once");
}

static void a_disk_that_stays_full(void **state)
{
    (void)state;
    every_nth_call(true, true, "no space from then on");
}

/* ---- memory ---- */

static bool memory_run(uint64_t n, bool on, struct tally *tally)
{
    struct disk *disk = disk_new();
    struct store *store = NULL;
    struct error err = {0};
    uint64_t failed = 0;
    size_t told = 0;
    int rc = 0;

    disk_use(disk);
    memory_arm(n, on);
    while (told < labour->len &&
           (rc = labour_do(labour, told, &store, &err)) == 0) {
        told++;
    }
    (void)memory_disarm(&failed);
    tally->runs++;
    if (rc != 0) {
        tally->refused++;
        assert_int_not_equal(err.text[0], '\0');
        if (rc != ERR_NOMEM && rc != ERR_LIMIT && rc != ERR_IO) {
            fail_msg("allocation %" PRIu64 ": error %d: %s", n, rc, err.text);
        }
    }
    store_close(store);
    look(disk, told, n, "after a restart", tally);
    disk_free(disk);
    return failed > 0;
}

static void every_nth_allocation(bool on, const char *what)
{
    struct tally tally = {0};
    uint64_t n;

    for (n = 1; memory_run(n, on, &tally); n += memory_stride) {
    }
    sound(&tally, what);
}

static void memory_that_fails_once(void **state)
{
    (void)state;
    every_nth_allocation(false, "an allocation fails");
}

static void memory_that_is_gone(void **state)
{
    (void)state;
    every_nth_allocation(true, "allocations fail from then on");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_that_fails_once),
        cmocka_unit_test(a_disk_that_fails_for_ever),
        cmocka_unit_test(a_disk_that_is_full_once),
        cmocka_unit_test(a_disk_that_stays_full),
        cmocka_unit_test(memory_that_fails_once),
        cmocka_unit_test(memory_that_is_gone),
    };
    struct disk *disk = disk_new();
    int rc;

    if (argc == 3) {
        disk_stride = strtoull(argv[1], NULL, 10);
        memory_stride = strtoull(argv[2], NULL, 10);
    }
    memory_watch_sqlite();
    labour = calloc(1, sizeof(*labour));
    if (labour == NULL) {
        return 1;
    }
    labour_open(labour, 0);
    labour_reference(labour, disk);
    disk_free(disk);
    rc = TEST_RUN(tests);
    labour_close(labour);
    free(labour);
    return rc;
}
