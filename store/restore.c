/* store: a copy put back in the place of a store. What is there is compared
 * first: a newer one is not overwritten by mistake, and what was erased in it
 * is erased in the copy before anyone can read it.
 *
 * Must never change the copy itself, nor leave the place without a store: the
 * new file is made beside and renamed. Read next: node/erase.c.
 */
#include "store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/erase.h"
#include "store/store_parts.h"

#define META_RESTORED "restored"
#define COPY_BYTES 65536u
#define ERASURES_PAGE 64u

/* ---- the mark ---- */

int store_restored(struct store *store, bool *restored, struct error *err)
{
    int64_t value = 0;
    int rc = meta_int(store, META_RESTORED, &value, err);

    *restored = rc == 0 && value != 0;
    return rc;
}

int store_restored_set(struct store *store, bool restored, struct error *err)
{
    return meta_int_put(store, META_RESTORED, restored, err);
}

/* ---- files ---- */

static int copy_bytes(int from, int to, const char *name, struct error *err)
{
    uint8_t bytes[COPY_BYTES];

    for (;;) {
        ssize_t len = read(from, bytes, sizeof(bytes));

        if (len == 0) {
            break;
        }
        if (len < 0) {
            return error_set(err, ERR_IO, "%s: %s", name, strerror(errno));
        }
        if (write(to, bytes, (size_t)len) != len) {
            return error_set(err, ERR_LIMIT,
                             "%s cannot be copied: free space and repeat",
                             name);
        }
    }
    return fsync(to) == 0
               ? 0
               : error_set(err, ERR_IO, "%s: %s", name, strerror(errno));
}

static int copy_file(const char *from, const char *to, struct error *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = -1;
    int rc = in < 0
                 ? error_set(err, ERR_NOTFOUND, "%s: %s", from, strerror(errno))
                 : 0;

    if (rc == 0 &&
        (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0) {
        rc = error_set(err, ERR_IO, "%s: %s", to, strerror(errno));
    }
    rc = rc != 0 ? rc : copy_bytes(in, out, from, err);
    if (in >= 0) {
        (void)close(in);
    }
    if (out >= 0) {
        (void)close(out);
    }
    return rc;
}

/* Removes a database and what SQLite keeps beside it. */
static void remove_store(const char *path)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    char file[PATH_MAX + 8];
    size_t i;

    for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        (void)snprintf(file, sizeof(file), "%s%s", path, tails[i]);
        (void)unlink(file);
    }
}

/* ---- what is there, against what comes ---- */

struct comparing {
    struct store *copy;
    struct store_restored_report *report;
    struct error *err;
};

static int compare_log(void *data, const struct store_log *log)
{
    struct comparing *c = data;
    struct error why;
    struct store_log held = {.id = 0};
    int rc = store_log_find(c->copy, span_str(log->origin), &held, &why);

    if (rc != 0 && rc != ERR_NOTFOUND) {
        *c->err = why;
        return rc;
    }
    if (log->head.size > held.head.size) {
        c->report->ahead += log->head.size - held.head.size;
    }
    return 0;
}

static int count_log(void *data, const struct store_log *log)
{
    struct comparing *c = data;

    c->report->events += log->head.size;
    return 0;
}

/* Spooled events of the store there that the copy knows nothing of. */
static int compare_spool(struct comparing *c, struct store *there)
{
    sqlite3_stmt *q = NULL;
    int rc =
        sqlite3_prepare_v2(there->db, "SELECT event FROM spool", -1, &q, NULL);

    if (rc != SQLITE_OK) {
        return db_error(there, rc, "spool", c->err);
    }
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        struct event_id id;
        struct store_event event;
        struct error ignored;
        size_t mark = c->copy->scratch.used;

        if (sqlite3_column_bytes(q, 0) == (int)sizeof(id)) {
            memcpy(&id, sqlite3_column_blob(q, 0), sizeof(id));
            c->report->ahead +=
                store_event_find(c->copy, &id, &c->copy->scratch, &event,
                                 &ignored) == ERR_NOTFOUND;
        }
        arena_rewind(&c->copy->scratch, mark);
    }
    (void)sqlite3_finalize(q);
    return rc == SQLITE_DONE ? 0 : db_error(there, rc, "spool", c->err);
}

/* A store that cannot be read whole may hold what no copy has. */
static bool is_unreadable(int rc)
{
    return rc == ERR_CORRUPT || rc == ERR_IO;
}

/* What was erased in the store there, as far as that can be read: the list of
 * node/erase.c says it again. */
static int erase_too(struct store *there, struct store *copy, struct error *err)
{
    struct store_erasure page[ERASURES_PAGE];
    struct store_erasure after = {.audience = 0};
    size_t i, len = 0;
    int rc;

    do {
        rc = store_erasure_list(there, &after, page, ERASURES_PAGE, &len, err);
        if (is_unreadable(rc)) {
            return 0;
        }
        for (i = 0; rc == 0 && i < len; i++) {
            after = page[i];
            if (page[i].acts) {
                rc = store_erase(copy, &page[i].event, page[i].audience, err);
            }
        }
    } while (rc == 0 && len == ERASURES_PAGE);
    return rc;
}

static int mark_copy(struct store *copy, struct store *there, struct error *err)
{
    int rc = store_begin(copy, err);

    if (rc != 0) {
        return rc;
    }
    rc = there != NULL ? erase_too(there, copy, err) : 0;
    if (rc != 0 || (rc = store_restored_set(copy, true, err)) != 0) {
        store_rollback(copy);
        return rc;
    }
    return store_commit(copy, err);
}

static int compare(const struct store_restore *restore, struct store *copy,
                   struct store_restored_report *report, struct error *err)
{
    struct store_options options = {.path = restore->path};
    struct comparing c = {copy, report, err};
    struct store *there = NULL;
    struct stat facts;
    int rc;

    if (store_self(copy) != restore->node) {
        return error_set(err, ERR_UNTRUSTED,
                         "%s is a copy of node %u; this is node %u",
                         restore->copy, store_self(copy), restore->node);
    }
    if ((rc = store_log_each(copy, count_log, &c, err)) != 0) {
        return rc;
    }
    report->replaced = stat(restore->path, &facts) == 0 && facts.st_size > 0;
    if (report->replaced) {
        rc = store_open(&options, &there, err);
        rc = rc != 0 ? rc : store_log_each(there, compare_log, &c, err);
        rc = rc != 0 ? rc : compare_spool(&c, there);
        report->unread = is_unreadable(rc);
        rc = report->unread ? 0 : rc;
        if (rc == 0 && report->ahead > 0 && !restore->force) {
            rc = error_set(err, ERR_USAGE,
                           "the store here holds %llu events that the copy "
                           "does not",
                           (unsigned long long)report->ahead);
        }
    }
    rc = rc != 0 ? rc : mark_copy(copy, there, err);
    rc = rc != 0 ? rc : restore_files(copy, there, restore, report, err);
    store_close(there);
    return rc;
}

#define KEPT_MAX 100u

/* A name that nothing has: what was replaced earlier stays, too. */
static int kept_name(const char *path, char kept[PATH_MAX], struct error *err)
{
    for (unsigned i = 1; i <= KEPT_MAX; i++) {
        char number[8] = "";
        int len;

        if (i > 1) {
            (void)snprintf(number, sizeof(number), "-%u", i);
        }
        len = snprintf(kept, PATH_MAX, "%s.replaced%s", path, number);
        if (len < 0 || len >= PATH_MAX) {
            return error_set(err, ERR_USAGE, "the path is too long");
        }
        if (access(kept, F_OK) != 0) {
            return 0;
        }
    }
    return error_set(err, ERR_USAGE,
                     "%s.replaced: %u older stores are kept here already: move "
                     "them away, then repeat",
                     path, KEPT_MAX);
}

/* The old store under another name, with its WAL if it could not be read. */
static int keep_old(const char *path, char kept[PATH_MAX], struct error *err)
{
    char wal[PATH_MAX + 8];
    char kept_wal[PATH_MAX + 8];
    int rc = kept_name(path, kept, err);

    if (rc != 0) {
        return rc;
    }
    /* Where the file system has links, there is a store at all times. */
    if (link(path, kept) != 0 && rename(path, kept) != 0) {
        return error_set(err, ERR_IO, "%s: %s", kept, strerror(errno));
    }
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    (void)snprintf(kept_wal, sizeof(kept_wal), "%s-wal", kept);
    if (rename(wal, kept_wal) != 0 && errno != ENOENT) {
        return error_set(err, ERR_IO, "%s: %s", kept_wal, strerror(errno));
    }
    return 0;
}

static int put_in_place(const struct store_restore *restore, const char *fresh,
                        struct store_restored_report *report, struct error *err)
{
    char tail[PATH_MAX + 8];

    if (report->ahead > 0 || report->unread) {
        int rc = keep_old(restore->path, report->kept, err);

        if (rc != 0) {
            return rc;
        }
    }
    /* Never a new file with an old WAL (libraries.md B2.11). */
    (void)snprintf(tail, sizeof(tail), "%s-wal", restore->path);
    (void)unlink(tail);
    (void)snprintf(tail, sizeof(tail), "%s-shm", restore->path);
    (void)unlink(tail);
    if (rename(fresh, restore->path) != 0) {
        return error_set(err, ERR_IO, "%s: %s", restore->path, strerror(errno));
    }
    return store_sync_dir(restore->path, err);
}

int store_restore(const struct store_restore *restore,
                  struct store_restored_report *report, struct error *err)
{
    char fresh[PATH_MAX];
    struct store_options options = {.path = fresh};
    struct store *copy = NULL;
    uint32_t left = 0;
    int rc;

    memset(report, 0, sizeof(*report));
    if (strlen(restore->path) + 20 >= sizeof(fresh)) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    (void)snprintf(fresh, sizeof(fresh), "%s.restoring", restore->path);
    remove_store(fresh);
    rc = copy_file(restore->copy, fresh, err);
    if (rc == 0 && (rc = store_open(&options, &copy, err)) != 0) {
        rc = error_wrap(err, "%s is no copy of a store that can be used",
                        restore->copy);
    }
    rc = rc != 0 ? rc : compare(restore, copy, report, err);
    rc = rc != 0 ? rc : store_tidy(copy, true, &left, err);
    store_close(copy);
    if (rc == 0) {
        rc = put_in_place(restore, fresh, report, err);
    }
    if (rc != 0) {
        remove_store(fresh);
    }
    return rc;
}
