/* store: a consistent copy while the node runs (VACUUM INTO: libraries.md
 * B2.10), synced to disk before anyone relies on it.
 *
 * The only file of this room that opens a path itself, and never the database
 * (that would drop its locks: B2.2). Read next: check.c.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/check.h"
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

int store_backup(struct store *store, const char *path, struct error *err)
{
    char copy[PATH_MAX];
    char *sql;
    int rc;

    if (store->in_transaction) {
        return error_set(err, ERR_USAGE, "a backup inside a transaction");
    }
    if (strlen(path) >= sizeof(copy)) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    if (access(path, F_OK) == 0) {
        return error_set(err, ERR_USAGE, "%s exists; name a new file", path);
    }
    sql = sqlite3_mprintf("VACUUM INTO %Q", path);
    if (sql == NULL) {
        return error_set(err, ERR_NOMEM, "backup");
    }
    /* SQLite attaches the copy while it writes it. */
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 1);
    rc = db_exec(store, sql, err);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_free(sql);
    if (rc != 0) {
        return error_wrap(err, "%s", path);
    }
    (void)memcpy(copy, path, strlen(path) + 1);
    if ((rc = sync_path(path, O_RDONLY, err)) != 0) {
        return rc;
    }
    return sync_path(dirname(copy), O_RDONLY | O_DIRECTORY, err);
}
