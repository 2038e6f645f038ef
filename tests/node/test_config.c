#include "tests/support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "node/config.h"

static struct error err;
static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/qcdc-config-XXXXXX");
    memset(&err, 0, sizeof(err));
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/qcdc.conf", dir);
    unlink(path);
    return rmdir(dir);
}

static void write_conf(const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/qcdc.conf", dir);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#define ROOT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void config_written_is_read_back_the_same(void **state)
{
    static struct config written;
    static struct config read;
    static uint8_t space[16384];
    struct buf text = buf_over(space, sizeof(space) - 1);

    (void)state;
    assert_ok(config_init(&written, dir, &err), err);
    assert_ok(config_set(&written, "realm", "kontum", "test", &err), err);
    assert_ok(config_set(&written, "root_key", ROOT, "test", &err), err);
    assert_ok(config_set(&written, "node", "42", "test", &err), err);
    assert_ok(config_set(&written, "listen", "tcp://[::]:7600", "test", &err),
              err);
    config_write(&written, &text);
    assert_false(text.overflow);
    space[text.len] = '\0';
    write_conf((const char *)space);
    assert_ok(config_load(&read, dir, &err), err);
    assert_memory_equal(&written, &read, sizeof(read));
}

static void config_refuses_an_unknown_key_with_file_and_line(void **state)
{
    static struct config config;

    (void)state;
    write_conf("realm = kontum\n\n# nothing\ncolour = blue\n");
    assert_err(config_load(&config, dir, &err), ERR_USAGE, err);
    assert_err_says(err, "qcdc.conf:4");
    assert_err_says(err, "colour");
}

static void config_refuses_values_out_of_bounds(void **state)
{
    static struct config config;
    static const char *const wrong[][2] = {
        {"node", "0"},           {"node", "4294967296"},
        {"node", "-1"},          {"node", " 1"},
        {"node", "one"},         {"realm", "Kon Tum"},
        {"root_key", "abc"},     {"listen", "udp://127.0.0.1:1"},
        {"verify_threads", "3"}, {"login_minutes", "0"},
    };

    (void)state;
    assert_ok(config_init(&config, dir, &err), err);
    for (size_t i = 0; i < TEST_LEN(wrong); i++) {
        assert_err(config_set(&config, wrong[i][0], wrong[i][1], "x:1", &err),
                   ERR_USAGE, err);
        assert_err_says(err, "x:1");
    }
}

static void config_refuses_a_line_that_is_no_pair(void **state)
{
    static struct config config;

    (void)state;
    write_conf("realm kontum\n");
    assert_err(config_load(&config, dir, &err), ERR_USAGE, err);
    assert_err_says(err, ":1");
}

static void config_needs_realm_node_and_root_key(void **state)
{
    static struct config config;

    (void)state;
    write_conf("realm = kontum\n");
    assert_err(config_load(&config, dir, &err), ERR_USAGE, err);
}

static void config_that_is_not_there_says_who_makes_it(void **state)
{
    static struct config config;

    (void)state;
    assert_err(config_load(&config, dir, &err), ERR_NOTFOUND, err);
    assert_err_says(err, "qcdc init");
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        ROW(config_written_is_read_back_the_same),
        ROW(config_refuses_an_unknown_key_with_file_and_line),
        ROW(config_refuses_values_out_of_bounds),
        ROW(config_refuses_a_line_that_is_no_pair),
        ROW(config_needs_realm_node_and_root_key),
        ROW(config_that_is_not_there_says_who_makes_it),
    };

    return TEST_RUN(tests);
}
