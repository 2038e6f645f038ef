/* tests/node: a top node of its own, made as `init` makes it, in a folder that
 * goes with it. One at a time. */
#include "tests/node/top.h"

#include <stdlib.h>
#include <unistd.h>

#include "node/config.h"
#include "node/log.h"
#include "node/setup.h"

static char base[64];
struct config top_config;
struct engine *engine;

static void path_in(char path[128], const char *name)
{
    (void)snprintf(path, 128, "%s/%s", base, name);
}

int top_open(void **state)
{
    static struct setup_result result;
    char root[128], units[128], dir[128];
    struct init_request request = {.dir = dir,
                                   .realm = "thu",
                                   .root_key_path = root,
                                   .units_path = units,
                                   .listen = "tcp://127.0.0.1:10001",
                                   .node = 1,
                                   .demo = true};
    struct error err = {0};
    FILE *out;

    (void)state;
    log_level_set(LOG_ERROR);
    strcpy(base, "/tmp/qcdc-top-XXXXXX");
    if (mkdtemp(base) == NULL) {
        return -1;
    }
    path_in(root, "root.key");
    path_in(units, "units.csv");
    path_in(dir, "n1");
    out = fopen(units, "we");
    if (out == NULL) {
        return -1;
    }
    (void)fputs("number,kind,level,name,code,territory,host,reports_to,from,"
                "duties_from\n"
                "1001,territory,province,Tỉnh,1,,,,2019-09-20,\n"
                "2001,peoples_committee,province,UBND,,1001,1,,2019-09-20,"
                "2024-01-01\n"
                "1011,territory,commune,Xã,11,1001,,,2019-09-20,\n"
                "2011,peoples_committee,commune,UBND,,1011,11,2001,"
                "2019-09-20,2024-01-01\n",
                out);
    if (fclose(out) != 0) {
        return -1;
    }
    assert_ok(setup_init(&request, &result, &err), err);
    assert_ok(config_load(&top_config, dir, &err), err);
    assert_ok(engine_open(&top_config, &engine, &err), err);
    return 0;
}

int top_close(void **state)
{
    static const char *const files[] = {"n1/keys/node.keys",
                                        "n1/keys/units.keys",
                                        "n1/keys",
                                        "n1/qcdc.conf",
                                        "n1/lock",
                                        "n1/store.db",
                                        "n1/store.db-wal",
                                        "n1/store.db-shm",
                                        "n1/ballast",
                                        "n1/erased",
                                        "n1",
                                        "root.key",
                                        "units.csv"};
    char path[128];

    (void)state;
    engine_close(engine);
    for (size_t i = 0; i < TEST_LEN(files); i++) {
        path_in(path, files[i]);
        (void)remove(path);
    }
    return rmdir(base);
}
