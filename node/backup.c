/* Room: node. Owns where a copy of the store may go, and the copy that the
 * command line makes itself while no node runs. Must never put one into the
 * node's own folder: what takes the disk takes both. Next: reader.c, which does
 * it beside the loop. */
#include "node/engine_internal.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/log.h"
#include "store/restore.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Up from that folder to the root, whatever links led there. */
static int look_above(const char *folder, const struct stat *node, bool *within)
{
    char path[PATH_MAX];
    struct stat at, above;
    int len = snprintf(path, sizeof(path), "%s", folder);

    *within = false;
    if (len < 0 || stat(path, &at) != 0 || !S_ISDIR(at.st_mode)) {
        return -1;
    }
    while (!(*within = is_same(&at, node))) {
        if (len + 4 > (int)sizeof(path)) {
            return -1;
        }
        memcpy(path + len, "/..", 4);
        len += 3;
        if (stat(path, &above) != 0) {
            return -1;
        }
        if (is_same(&at, &above)) {
            break;
        }
        at = above;
    }
    return 0;
}

int engine_backup_allowed(const struct engine *engine, const char *path,
                          struct error *err)
{
    char copy[PATH_MAX];
    struct stat node;
    bool within = false;

    if (strlen(path) >= sizeof(copy)) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    (void)memcpy(copy, path, strlen(path) + 1);
    if (stat(engine->config->dir, &node) != 0 ||
        look_above(dirname(copy), &node, &within) != 0) {
        return error_set(err, ERR_USAGE,
                         "%s cannot be written: name a folder that is there "
                         "and that the node may write in",
                         path);
    }
    return within ? error_set(err, ERR_USAGE,
                              "%s lies in the node's own folder: name a file "
                              "outside it, best on another disk",
                              path)
                  : 0;
}

int engine_backup(struct engine *engine, const char *path,
                  struct store_copied_files *files, struct error *err)
{
    uint64_t start_ms = clock_steady_ms();
    int rc = engine_backup_allowed(engine, path, err);

    rc = rc != 0 ? rc : engine_commit(engine, err);
    rc = rc != 0 ? rc : store_backup(engine->store, path, NULL, err);
    if (rc == 0) {
        rc = store_backup_files(engine->store, engine->config->dir, path, NULL,
                                files, err);
        if (rc != 0) {
            (void)unlink(path);
        }
    }
    if (rc == 0) {
        log_line(LOG_INFO, "engine", "backed_up",
                 "took_ms=%llu copied=%llu kept=%llu",
                 (unsigned long long)(clock_steady_ms() - start_ms),
                 (unsigned long long)files->copied,
                 (unsigned long long)files->kept);
    }
    return rc;
}
