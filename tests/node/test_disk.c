/* The disk guard over a disk that says what the test wants it to say. */
#include "tests/support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "node/disk.h"

#define MIB 1048576u

struct fake {
    uint64_t free;
    bool dead;
};

static bool measure(void *data, const char *dir, uint64_t *free)
{
    struct fake *fake = data;

    (void)dir;
    *free = fake->free;
    return !fake->dead;
}

static struct config config_here(void)
{
    struct config config = {.disk_reserve_mib = 256, .ballast_mib = 8};
    const char *dir = getenv("QCDC_BUILD_DIR");

    snprintf(config.dir, sizeof(config.dir), "%s/disk-%ld",
             dir == NULL ? "/tmp" : dir, (long)getpid());
    (void)mkdir(config.dir, 0700);
    return config;
}

static void close_here(const struct disk *disk)
{
    (void)unlink(disk->ballast);
    (void)rmdir(disk->dir);
}

static void
below_the_mark_writes_are_refused_and_the_ballast_is_given_up(void **state)
{
    struct config config = config_here();
    struct fake fake = {.free = 1000 * (uint64_t)MIB};
    struct error err = {0};
    struct disk disk;
    struct stat facts;

    (void)state;
    assert_ok(disk_open(&disk, &config, measure, &fake, &err), err);
    assert_false(disk.low);
    assert_int_equal(stat(disk.ballast, &facts), 0);
    assert_int_equal(facts.st_size, 8 * MIB);
    assert_true(facts.st_blocks > 0); /* not a hole */
    assert_ok(disk_refuse(&disk, &err), err);

    fake.free = 200 * (uint64_t)MIB;
    assert_true(disk_look(&disk, 5000));
    assert_err(disk_refuse(&disk, &err), ERR_LIMIT, err);
    assert_err_says(err, "200 MiB");
    assert_err_says(err, "nothing was recorded");
    assert_int_equal(stat(disk.ballast, &facts), -1);
    close_here(&disk);
}

static void it_goes_on_by_itself_and_does_not_come_and_go(void **state)
{
    struct config config = config_here();
    struct fake fake = {.free = 100 * (uint64_t)MIB};
    struct error err = {0};
    struct disk disk;

    (void)state;
    assert_ok(disk_open(&disk, &config, measure, &fake, &err), err);
    assert_true(disk.low);
    /* What the ballast left behind is nobody's; nor is a little more enough. */
    fake.free = (256 + 8) * (uint64_t)MIB;
    assert_false(disk_look(&disk, 2000));
    fake.free = (256 + 32 + 8) * (uint64_t)MIB - 1;
    assert_false(disk_look(&disk, 4000));
    fake.free += 1;
    assert_false(disk_look(&disk, 4500)); /* once a second */
    assert_true(disk_look(&disk, 5000));
    assert_false(disk.low);
    assert_true(disk.ballasted);
    assert_ok(disk_refuse(&disk, &err), err);
    close_here(&disk);
}

static void without_a_mark_or_an_answer_nothing_is_refused(void **state)
{
    struct config config = config_here();
    struct fake fake = {.free = 0};
    struct error err = {0};
    struct disk disk;

    (void)state;
    config.disk_reserve_mib = 0;
    assert_ok(disk_open(&disk, &config, measure, &fake, &err), err);
    assert_false(disk.low);
    assert_false(disk.ballasted);
    config.disk_reserve_mib = 256;
    fake.dead = true;
    assert_ok(disk_open(&disk, &config, measure, &fake, &err), err);
    assert_false(disk.low);
    close_here(&disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            below_the_mark_writes_are_refused_and_the_ballast_is_given_up),
        cmocka_unit_test(it_goes_on_by_itself_and_does_not_come_and_go),
        cmocka_unit_test(without_a_mark_or_an_answer_nothing_is_refused),
    };

    return TEST_RUN(tests);
}
