/* store: a consistent copy while the node runs (VACUUM INTO: libraries.md
 * B2.10), synced to disk before anyone relies on it.
 *
 * With restore.c it alone opens paths itself, and never an open database
 * (that would drop its locks: B2.2). Read next: restore.c.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/restore.h"
#include "store/store_internal.h"

static int sync_path(const char *path, int flags, struct error *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);

    if (fd >= 0) {
        (void)close(fd);
    }
    return rc == 0
               ? 0
               : error_set(err, ERR_IO, "%s: cannot be synced to disk", path);
}

int store_sync_dir(const char *path, struct error *err)
{
    char copy[PATH_MAX];

    if (strlen(path) >= sizeof(copy)) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    (void)memcpy(copy, path, strlen(path) + 1);
    return sync_path(dirname(copy), O_RDONLY | O_DIRECTORY, err);
}

/* SQLite's own look at the pages of the copy; ours goes by the chain. */
static int look_at(const char *path, struct error *err)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    bool sound;

    if (rc == SQLITE_OK) {
        rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL);
    }
    sound = rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW &&
            strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0;
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return sound ? 0
                 : error_set(err, ERR_CORRUPT,
                             "%s: the copy is damaged; try another disk", path);
}

static int copy_into(struct store *store, const char *path, struct error *err)
{
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", path);
    int rc;

    if (sql == NULL) {
        return error_set(err, ERR_NOMEM, "backup");
    }
    /* SQLite attaches the copy while it writes it. */
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 1);
    rc = db_exec(store, sql, err);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_free(sql);
    if (rc == ERR_IO) {
        return error_set(err, ERR_IO,
                         "%s cannot be written: name a folder that is there "
                         "and that the node may write in",
                         path);
    }
    return rc != 0 ? error_wrap(err, "%s", path) : 0;
}

int store_backup(struct store *store, const char *path, struct error *err)
{
    bool fatal = store->fatal;
    int rc;

    if (store->in_transaction) {
        return error_set(err, ERR_USAGE, "a backup inside a transaction");
    }
    if (strlen(path) >= PATH_MAX) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    if (access(path, F_OK) == 0) {
        return error_set(err, ERR_USAGE, "%s exists; name a new file", path);
    }
    if ((rc = copy_into(store, path, err)) != 0 ||
        (rc = look_at(path, err)) != 0 ||
        (rc = sync_path(path, O_RDONLY, err)) != 0 ||
        (rc = store_sync_dir(path, err)) != 0) {
        (void)unlink(path);
        store->fatal = fatal; /* the other disk's fault is not this file's */
        return rc;
    }
    return 0;
}
