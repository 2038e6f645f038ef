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
#include <sys/stat.h>
#include <unistd.h>

#include "store/restore.h"
#include "store/store_internal.h"

#define OPS_A_LOOK 20000 /* of SQLite's machine: some milliseconds */

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

/* One copy under way. */
struct copy {
    const char *path;
    const struct store_copying *copying; /* or NULL */
    uint64_t total;                      /* bytes, at most */
    int stopped;                         /* what the caller ended it with */
};

/* SQLite asks every so often whether to go on. */
static int go_on(void *data)
{
    struct copy *copy = data;
    struct stat facts = {0};
    uint64_t done = stat(copy->path, &facts) == 0 ? (uint64_t)facts.st_size : 0;

    copy->stopped = copy->copying->progress(
        copy->copying->data, done < copy->total ? done : copy->total,
        copy->total);
    return copy->stopped != 0;
}

static void watch(sqlite3 *db, struct copy *copy)
{
    if (copy->copying != NULL) {
        sqlite3_progress_handler(db, OPS_A_LOOK, go_on, copy);
    }
}

static int stopped(const struct copy *copy, struct error *err)
{
    return error_set(err, (enum err)copy->stopped, "%s: not finished",
                     copy->path);
}

/* SQLite's own look at the pages of the copy; ours goes by the chain. */
static int look_at(struct copy *copy, struct error *err)
{
    const char *path = copy->path;
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    bool sound;

    if (rc == SQLITE_OK) {
        watch(db, copy);
        rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL);
    }
    sound = rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW &&
            strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0;
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    if (copy->stopped != 0) {
        return stopped(copy, err);
    }
    return sound ? 0
                 : error_set(err, ERR_CORRUPT,
                             "%s: the copy is damaged; try another disk", path);
}

static int copy_into(struct store *store, struct copy *copy, struct error *err)
{
    const char *path = copy->path;
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", path);
    bool fatal = store->fatal;
    int rc;

    if (sql == NULL) {
        return error_set(err, ERR_NOMEM, "backup");
    }
    /* SQLite attaches the copy while it writes it. */
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 1);
    watch(store->db, copy);
    rc = db_exec(store, sql, err);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_free(sql);
    if (copy->stopped != 0) {
        store->fatal = fatal;
        return stopped(copy, err);
    }
    if (rc == ERR_IO) {
        return error_set(err, ERR_IO,
                         "%s cannot be written: name a folder that is there "
                         "and that the node may write in",
                         path);
    }
    return rc != 0 ? error_wrap(err, "%s", path) : 0;
}

/* What the file holds at most: the copy is without its holes. */
static int size_of(struct store *store, uint64_t *bytes, struct error *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(store->db,
                                "SELECT page_count * page_size FROM "
                                "pragma_page_count, pragma_page_size",
                                -1, &q, NULL);

    *bytes = 0;
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        *bytes = (uint64_t)sqlite3_column_int64(q, 0);
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(q);
    return rc == SQLITE_OK ? 0 : db_error(store, rc, "backup", err);
}

int store_backup(struct store *store, const char *path,
                 const struct store_copying *copying, struct error *err)
{
    struct copy copy = {.path = path, .copying = copying};
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
    if ((rc = size_of(store, &copy.total, err)) != 0) {
        return rc;
    }
    if ((rc = copy_into(store, &copy, err)) != 0 ||
        (rc = look_at(&copy, err)) != 0 ||
        (rc = sync_path(path, O_RDONLY, err)) != 0 ||
        (rc = store_sync_dir(path, err)) != 0) {
        (void)unlink(path);
        store->fatal = fatal; /* the other disk's fault is not this file's */
        return rc;
    }
    if (copying != NULL) {
        (void)copying->progress(copying->data, copy.total, copy.total);
    }
    return 0;
}
