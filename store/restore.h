/* Copies of a store: made while the node runs, put back while it does not.
 *
 * A copy holds what the file holds and nothing that was ever deleted. Putting
 * one back is a normal start: the node fetches its tail from others; only
 * bodies wait until it has, because an older image does not know what was
 * erased since.
 */
#ifndef QCDC_STORE_RESTORE_H
#define QCDC_STORE_RESTORE_H

#include <limits.h>

#include "store/store.h"

/* How far a copy is, in bytes; anything but 0 ends it with that. */
struct store_copying {
    int (*progress)(void *data, uint64_t done, uint64_t total);
    void *data;
};
/* A consistent copy at `path` (must not exist), checked and synced to disk.
 * Outside a transaction; a reader's store will do, the writer goes on
 * meanwhile. copying: or NULL. ERR_LIMIT: no room; whatever the error, nothing
 * is left behind. */
int store_backup(struct store *store, const char *path,
                 const struct store_copying *copying,
                 struct error *err) MUST_USE;

/* The attached files go beside the copy, once for all copies of a node in that
 * folder: <folder of copy>/files-of-node-N/attachments/xx/<hash>. ERR_USAGE:
 * too long. */
int store_backup_folder(const char *copy, uint32_t node, char folder[PATH_MAX],
                        struct error *err) MUST_USE;
struct store_copied_files {
    uint64_t copied;  /* now */
    uint64_t kept;    /* were there already, read whole */
    uint64_t missing; /* gone or damaged at the node: not in the copy */
    uint64_t bytes;   /* of those copied and kept */
};
/* After store_backup, from `dir`, the node's folder: each file is hashed while
 * it is copied; what is there is read and left; what is erased here goes from
 * there. Durable when it returns 0. ERR_LIMIT: no room; then what came whole
 * stays, and the next time goes on from there. */
int store_backup_files(struct store *store, const char *dir, const char *copy,
                       const struct store_copying *copying,
                       struct store_copied_files *out,
                       struct error *err) MUST_USE;

struct store_restore {
    const char *copy; /* what store_backup made */
    const char *path; /* the store to be replaced, or a new one; nobody has it
                         open */
    const char *dir;  /* the node's folder, to which its attached files come
                         back from beside the copy; NULL: none */
    uint32_t node;    /* whose store it must be */
    bool force;       /* even if what is there holds more than the copy */
};
struct store_restored_report {
    uint64_t events;       /* held by the copy */
    uint64_t ahead;        /* events of the store there that the copy lacks */
    bool replaced;         /* there was one */
    bool unread;           /* it is damaged: nobody knows what it holds alone */
    uint64_t files;        /* that came back, or were here, whole */
    uint64_t files_absent; /* neither here nor beside the copy */
    char kept[PATH_MAX];   /* where it is now if `ahead` or `unread`, else "" */
};
/* ERR_USAGE when the store there is newer, with its lead in *report;
 * or when another program wrote it; ERR_UNTRUSTED for a copy of another node;
 * ERR_CORRUPT for a damaged copy. A store there that is damaged is kept. The
 * copy itself is only read. Bodies erased in the store there are erased in the
 * new one too. */
int store_restore(const struct store_restore *restore,
                  struct store_restored_report *report,
                  struct error *err) MUST_USE;

/* Was this file put back, and not brought up to date since? */
int store_restored(struct store *store, bool *restored,
                   struct error *err) MUST_USE;
/* Needs a transaction. */
int store_restored_set(struct store *store, bool restored,
                       struct error *err) MUST_USE;

/* Syncs the folder that holds `path`. */
int store_sync_dir(const char *path, struct error *err) MUST_USE;

#endif
