/* Room: node. The program qcdc-node: one node, in the foreground, until it is
 * told to stop. Read in this order: config.c, engine.c, loop.c, peers.c,
 * record.c, intake.c. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "node/config.h"
#include "node/log.h"
#include "node/loop.h"
#include "node/words/words.h"
#include "protocol/crypto.h"

static const char usage[] =
    "usage: qcdc-node --dir DIR\n"
    "\n"
    "Runs the node whose data directory is DIR (or $QCDC_DIR), made by\n"
    "`qcdc init` or `qcdc join`. Logs to standard error; SIGTERM ends it.\n";

#define LARGE_BLOCK (256 << 10)

static const char *dir_of(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--dir") == 0) {
        return argv[2];
    }
    return argc == 1 ? getenv("QCDC_DIR") : NULL;
}

static void level_set(const char *name)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            log_level_set((enum log_level)i);
        }
    }
}

int main(int argc, char **argv)
{
    static struct config config;
    const enum words_lang lang = words_named(getenv("QCDC_LANG"));
    struct error err = {0};
    char text[WORDS_SIZE];
    const struct rlimit no_core = {0, 0};
    const char *dir = dir_of(argc, argv);
    int rc;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (dir == NULL || dir[0] == '\0') {
        fputs(usage, stderr);
        return err_exit_status(ERR_USAGE);
    }
    /* A large block goes back to the system when it is freed: by default the
     * first such freeing moves all later ones into the heap. */
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    umask(077);
    setrlimit(RLIMIT_CORE, &no_core); /* keys must not land in a file */
    rc = loop_block_signals(&err);
    if (rc == 0) {
        rc = crypto_start(&err);
    }
    if (rc == 0) {
        rc = config_load(&config, dir, &err);
    }
    if (rc == 0) {
        level_set(config.log_level);
        rc = loop_run(&config, &err);
    }
    if (rc != 0) {
        log_error("main", "ended", &err);
        fprintf(stderr, "qcdc-node: %s: %s\n",
                lang == WORDS_VI ? "LỖI" : "ERROR",
                words_say(lang, err.text, text, sizeof(text)));
    }
    return err_exit_status(rc);
}
