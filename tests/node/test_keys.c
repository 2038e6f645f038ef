#include "tests/support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "node/keys.h"

static struct error err;
static struct keys made;
static struct keys read_back;
static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/qcdc-keys-XXXXXX");
    memset(&err, 0, sizeof(err));
    return mkdtemp(dir) == NULL || crypto_start(&err) != 0 ? -1 : 0;
}

static void path_in(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", dir, name);
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"keys/node.keys", "keys/units.keys"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < TEST_LEN(names); i++) {
        path_in(path, names[i]);
        unlink(path);
    }
    path_in(path, "keys");
    rmdir(path);
    return rmdir(dir);
}

static void make_keys(void)
{
    struct box_secret recovery;

    keys_generate(&made);
    assert_ok(keys_add_unit(&made, 2001, &recovery, &err), err);
    assert_ok(keys_add_unit(&made, 3001, &recovery, &err), err);
}

static void keys_saved_are_loaded_the_same(void **state)
{
    (void)state;
    make_keys();
    made.joining = true;
    crypto_random(&made.one_time, sizeof(made.one_time));
    assert_ok(keys_save(&made, dir, &err), err);
    assert_ok(keys_load(&read_back, dir, &err), err);
    assert_memory_equal(&made, &read_back, sizeof(made));
}

static void keys_files_are_for_the_owner_alone(void **state)
{
    struct stat about;
    char path[128];

    (void)state;
    make_keys();
    assert_ok(keys_save(&made, dir, &err), err);
    path_in(path, "keys/node.keys");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    path_in(path, "keys");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
}

static void keys_that_others_may_read_are_refused(void **state)
{
    char path[128];

    (void)state;
    make_keys();
    assert_ok(keys_save(&made, dir, &err), err);
    path_in(path, "keys/units.keys");
    assert_int_equal(chmod(path, 0640), 0);
    assert_err(keys_load(&read_back, dir, &err), ERR_UNTRUSTED, err);
    assert_err_says(err, "units.keys");
}

static void keys_cut_short_are_refused(void **state)
{
    char path[128];

    (void)state;
    make_keys();
    assert_ok(keys_save(&made, dir, &err), err);
    path_in(path, "keys/node.keys");
    assert_int_equal(truncate(path, 150), 0);
    assert_err(keys_load(&read_back, dir, &err), ERR_CORRUPT, err);
}

static void keys_forget_a_sealing_secret_handed_over(void **state)
{
    static const struct box_secret none;

    (void)state;
    make_keys();
    made.units[0].has_sealing_secret = false;
    memset(&made.units[0].sealing_secret, 0, 32);
    assert_ok(keys_save(&made, dir, &err), err);
    assert_ok(keys_load(&read_back, dir, &err), err);
    assert_false(keys_unit(&read_back, 2001)->has_sealing_secret);
    assert_memory_equal(&keys_unit(&read_back, 2001)->sealing_secret, &none,
                        sizeof(none));
    assert_true(keys_unit(&read_back, 3001)->has_sealing_secret);
    assert_null(keys_unit(&read_back, 4001));
}

static void keys_that_are_not_there_are_not_found(void **state)
{
    (void)state;
    assert_err(keys_load(&read_back, dir, &err), ERR_NOTFOUND, err);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        ROW(keys_saved_are_loaded_the_same),
        ROW(keys_files_are_for_the_owner_alone),
        ROW(keys_that_others_may_read_are_refused),
        ROW(keys_cut_short_are_refused),
        ROW(keys_forget_a_sealing_secret_handed_over),
        ROW(keys_that_are_not_there_are_not_found),
    };

    return TEST_RUN(tests);
}
