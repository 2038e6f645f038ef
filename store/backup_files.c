/* store: the attached files beside a copy of the store. They have the hash of
 * what is in them for a name: one folder serves all copies of a node there, and
 * only what is missing in it is copied.
 *
 * Must never put a byte there that the file's name does not vouch for, nor
 * leave there what is erased here. No links: what is destroyed in one place is
 * written over in it. Read next: restore_files.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/hex.h"
#include "store/attachment.h"
#include "store/restore.h"
#include "store/store_parts.h"

#define PART ".part"
#define PIECE 65536u
#define HEX 64u

int store_backup_folder(const char *copy, uint32_t node, char folder[PATH_MAX],
                        struct error *err)
{
    char path[PATH_MAX];
    int len;

    if (strlen(copy) >= sizeof(path)) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    (void)memcpy(path, copy, strlen(copy) + 1);
    len =
        snprintf(folder, PATH_MAX, "%s/files-of-node-%u", dirname(path), node);
    return len > 0 && len < PATH_MAX
               ? 0
               : error_set(err, ERR_USAGE, "the path is too long");
}

/* ---- one file ---- */

static int no_room(const char *path, struct error *err)
{
    return error_set(err, ERR_LIMIT, "%s: %s; free space", path,
                     strerror(errno));
}

/* Reads to the end, into `out`; what it hashed to. */
static int bytes_copy(int in, int out, const char *to, struct hash *hash,
                      uint64_t *bytes, struct error *err)
{
    uint8_t *room = malloc(PIECE);
    struct hasher hasher;
    ssize_t len = 0;
    int rc = 0;

    *bytes = 0;
    if (room == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a file");
    }
    hasher_init(&hasher);
    while (rc == 0 && (len = read(in, room, PIECE)) > 0) {
        hasher_add(&hasher, span_make(room, (size_t)len));
        if (file_bytes_write(out, *bytes, span_make(room, (size_t)len)) != 0) {
            rc = no_room(to, err);
        }
        *bytes += (uint64_t)len;
    }
    *hash = hasher_end(&hasher);
    free(room);
    if (rc == 0 && len < 0) { /* a bad sector: as if other bytes stood there */
        rc = error_set(err, ERR_CORRUPT, "the file held here was damaged");
    }
    return rc != 0 || fsync(out) == 0 ? rc : no_room(to, err);
}

/* Into the part; the part stays only if all went well. */
static int part_fill(int in, const char *part, const struct hash *file,
                     uint64_t *bytes, struct error *err)
{
    int out =
        open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct hash hash;
    int rc;

    if (out < 0) {
        return no_room(part, err);
    }
    rc = bytes_copy(in, out, part, &hash, bytes, err);
    if (close(out) != 0 && rc == 0) {
        rc = no_room(part, err);
    }
    if (rc == 0 && !hash_equal(&hash, file)) {
        rc = error_set(err, ERR_CORRUPT, "the file held here was damaged");
    }
    if (rc != 0) {
        (void)unlink(part);
    }
    return rc;
}

int file_copy(const char *from, const char *to, const struct hash *file,
              uint64_t *bytes, struct error *err)
{
    char source[PATH_MAX], part[PATH_MAX], path[PATH_MAX];
    int in;
    int rc = file_path(from, file, "", source, err);

    rc = rc != 0 ? rc : file_path(to, file, PART, part, err);
    rc = rc != 0 ? rc : file_path(to, file, "", path, err);
    if (rc != 0) {
        return rc;
    }
    in = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0) {
        return error_set(err, ERR_NOTFOUND, "that file is not held here");
    }
    rc = file_folders(to, file, err);
    rc = rc != 0 ? rc : part_fill(in, part, file, bytes, err);
    (void)close(in);
    if (rc == 0 && rename(part, path) != 0) {
        rc = no_room(path, err);
    }
    return rc != 0 ? rc : store_sync_dir(path, err);
}

/* ---- all of them ---- */

struct filing {
    struct store *store;
    const char *dir;
    char folder[PATH_MAX];
    struct store_copied_files *out;
    struct error *err;
    int rc;
};

static int folder_make(struct filing *f)
{
    struct stat there;

    if (mkdir(f->folder, 0700) == 0) {
        return store_sync_dir(f->folder, f->err);
    }
    if (errno == EEXIST) {
        return lstat(f->folder, &there) == 0 && S_ISDIR(there.st_mode)
                   ? 0
                   : error_set(f->err, ERR_USAGE,
                               "%s is there and is no folder: name another "
                               "place for the copy",
                               f->folder);
    }
    return error_set(f->err, ERR_LIMIT,
                     "%s: %s; free space, or let the node's user write "
                     "there",
                     f->folder, strerror(errno));
}

/* Erased between two looks: that is no damage. */
static bool is_still_held(struct filing *f, const struct hash *file)
{
    struct store_attachment now;
    struct error ignored;

    return store_attachment_find(f->store, file, &now, &ignored) == 0 &&
           now.state == STORE_ATTACHMENT_HELD;
}

static int file_keep(struct filing *f, const struct store_attachment *held)
{
    struct error why;
    uint64_t bytes = 0;
    int rc;

    if (store_file_verify(f->folder, &held->file, &why) == 0) {
        f->out->kept++;
        f->out->bytes += held->size;
        return 0;
    }
    rc = file_copy(f->dir, f->folder, &held->file, &bytes, &why);
    if (rc == 0) {
        f->out->copied++;
        f->out->bytes += bytes;
    } else if (rc == ERR_NOTFOUND || rc == ERR_CORRUPT) {
        f->out->missing += is_still_held(f, &held->file);
        return 0;
    } else {
        *f->err = why;
    }
    return rc;
}

/* What is erased here, and what a copy that was cut off left. */
static void entry_judge(void *data, const char *folder, const char *name)
{
    struct filing *f = data;
    struct store_attachment known;
    struct error ignored;
    struct hash file;

    (void)folder;
    if (f->rc != 0 || strlen(name) < HEX ||
        hex_decode(span_make((const uint8_t *)name, HEX), &file, sizeof(file),
                   &ignored) != 0) {
        return;
    }
    if (store_attachment_find(f->store, &file, &known, &ignored) == 0 &&
        known.state >= STORE_ATTACHMENT_ERASED) {
        f->rc = store_file_destroy(f->folder, &file, f->err);
    } else if (strcmp(name + HEX, PART) == 0) {
        char path[PATH_MAX];

        f->rc = file_path(f->folder, &file, PART, path, f->err);
        if (f->rc == 0 && unlink(path) != 0 && errno != ENOENT) {
            f->rc = no_room(path, f->err);
        }
    }
}

static int told(const struct filing *f, const struct store_copying *copying,
                uint64_t total)
{
    int rc = copying == NULL
                 ? 0
                 : copying->progress(
                       copying->data,
                       f->out->bytes < total ? f->out->bytes : total, total);

    return rc == 0
               ? 0
               : error_set(f->err, (enum err)rc, "%s: not finished", f->folder);
}

int store_backup_files(struct store *store, const char *dir, const char *copy,
                       const struct store_copying *copying,
                       struct store_copied_files *out, struct error *err)
{
    struct filing f = {.store = store, .dir = dir, .out = out, .err = err};
    struct store_attachment_sum sum;
    struct store_attachment held = {.row = 0};
    int rc = store_backup_folder(copy, store_self(store), f.folder, err);

    memset(out, 0, sizeof(*out));
    rc = rc != 0 ? rc : store_attachment_sum(store, &sum, err);
    if (rc == 0 && sum.held > 0) {
        rc = folder_make(&f);
    }
    while (rc == 0 && (rc = store_attachment_next_held(store, held.row, &held,
                                                       err)) == 0) {
        rc = file_keep(&f, &held);
        rc = rc != 0 ? rc : told(&f, copying, sum.bytes);
        if (rc != 0) {
            return rc;
        }
    }
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    file_entries(f.folder, entry_judge, &f);
    return f.rc;
}
