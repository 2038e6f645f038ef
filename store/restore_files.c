/* store: the attached files come back with a copy. Those that are here already
 * stay; the others come from beside the copy, hashed on their way; what is
 * nowhere is missing from now on, so that the node asks its neighbours.
 *
 * Must never bring back what the store there erased: what was erased elsewhere
 * since shows in the tail, before anything is opened (restore.h). Read next:
 * backup_files.c.
 */
#include "store/attachment.h"
#include "store/restore.h"
#include "store/store_parts.h"

struct bringing {
    struct store *copy;
    struct store *there;
    const char *dir;
    char folder[PATH_MAX];
    struct store_restored_report *report;
    struct error *err;
};

static bool is_erased_there(const struct bringing *b, const struct hash *file)
{
    struct store_attachment known;
    struct error ignored;

    return b->there != NULL &&
           store_attachment_find(b->there, file, &known, &ignored) == 0 &&
           known.state >= STORE_ATTACHMENT_ERASED;
}

static int file_bring(struct bringing *b, const struct hash *file)
{
    struct error why;
    uint64_t bytes;
    bool erased = is_erased_there(b, file);
    int rc = erased ? ERR_NOTFOUND : store_file_verify(b->dir, file, &why);

    if (rc != 0 && !erased) {
        rc = file_copy(b->folder, b->dir, file, &bytes, &why);
    }
    if (rc == 0) {
        b->report->files++;
        return 0;
    }
    if (rc != ERR_NOTFOUND && rc != ERR_CORRUPT) {
        *b->err = why;
        return rc;
    }
    b->report->files_absent += !erased;
    rc = erased ? store_file_destroy(b->dir, file, b->err) : 0;
    return rc != 0 ? rc
                   : store_attachment_set(b->copy, file,
                                          STORE_ATTACHMENT_MISSING, b->err);
}

int restore_files(struct store *copy, struct store *there,
                  const struct store_restore *restore,
                  struct store_restored_report *report, struct error *err)
{
    struct bringing b = {.copy = copy,
                         .there = there,
                         .dir = restore->dir,
                         .report = report,
                         .err = err};
    struct store_attachment held = {.row = 0};
    int rc;

    if (restore->dir == NULL) {
        return 0;
    }
    rc = store_backup_folder(restore->copy, restore->node, b.folder, err);
    rc = rc != 0 ? rc : store_begin(copy, err);
    if (rc != 0) {
        return rc;
    }
    while ((rc = store_attachment_next_held(copy, held.row, &held, err)) == 0 &&
           (rc = file_bring(&b, &held.file)) == 0) {
    }
    if (rc != ERR_NOTFOUND) {
        store_rollback(copy);
        return rc;
    }
    return store_commit(copy, err);
}
