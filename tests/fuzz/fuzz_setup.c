/* fuzz: any bytes as a file that a person hands to a node: its configuration,
 * a table of units; and as the head of a request on its socket. fuzz_rules and
 * fuzz_api go on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config.h"
#include "node/setup.h"
#include "node/setup_internal.h"
#include "node/web/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char dir[64];
static char path[128];

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void leave(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void prepare(void)
{
    strcpy(dir, "/tmp/qcdc-fuzz-XXXXXX");
    check(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof(path), "%s/qcdc.conf", dir);
    (void)atexit(leave);
}

static void configuration(void)
{
    static uint8_t space[65536];
    struct buf out = buf_over(space, sizeof(space));
    struct config config;
    struct error err = {0};

    if (config_load(&config, dir, &err) != 0) {
        check(err.text[0] != '\0');
        return;
    }
    config_write(&config, &out);
    check(!out.overflow);
}

static void units(void)
{
    struct init_request request = {.dir = dir, .units_path = path};
    struct setup_tables tables = {.units_len = 0};
    struct error err = {0};

    request.rules_path = path;
    if (setup_tables_read(&tables, &request, &err) != 0) {
        check(err.text[0] != '\0');
    }
    setup_tables_free(&tables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static char text[4096];
    static unsigned runs;
    FILE *file;

    if (dir[0] == '\0') {
        prepare();
    }
    file = fopen(path, "wb");
    check(file != NULL && fwrite(data, 1, len, file) == len);
    fclose(file);
    configuration();
    if (runs < 8 || runs % 256 == 0) {
        units(); /* takes megabytes of room: now and then */
    }
    runs++;
    if (len < sizeof(text)) {
        memcpy(text, data, len);
        text[len] = '\0';
        (void)http_target_is_clean(text);
        (void)http_name_is_token(text);
    }
    return 0;
}
