/* store: the attached files themselves: pieces, the whole, and its hash.
 *
 * A name is the hash of what is in it, given by rename after the bytes are on
 * disk; a file without its name is nobody's. Must never give out a byte of one
 * whose hash is not right. Read next: protocol/event/attachment.h.
 */
#include "store/attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/hex.h"
#include "protocol/limits.h"
#include "store/restore.h"
#include "store/store_parts.h"

#define PART ".part"
#define OLD_S 86400

int file_path(const char *dir, const struct hash *file, const char *tail,
              char path[PATH_MAX], struct error *err)
{
    char hex[65];
    int len;

    hex_encode(SPAN_OF(*file), hex);
    len = snprintf(path, PATH_MAX, "%s/attachments/%.2s/%s%s", dir, hex, hex,
                   tail);
    return len > 0 && len < PATH_MAX
               ? 0
               : error_set(err, ERR_USAGE, "the path is too long");
}

int file_folders(const char *dir, const struct hash *file, struct error *err)
{
    char path[PATH_MAX];
    char hex[65];
    int rc = 0;

    hex_encode(SPAN_OF(*file), hex);
    for (int i = 0; rc == 0 && i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/attachments%s%.2s", dir,
                       i == 0 ? "" : "/", i == 0 ? "" : hex);
        if (mkdir(path, 0700) == 0) {
            rc = store_sync_dir(path, err);
        } else if (errno != EEXIST) {
            rc = error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        }
    }
    return rc;
}

int store_file_size(const char *dir, const struct hash *file, uint64_t *size,
                    struct error *err)
{
    char path[PATH_MAX];
    struct stat facts;
    int rc = file_path(dir, file, "", path, err);

    if (rc != 0 || stat(path, &facts) != 0) {
        return rc != 0
                   ? rc
                   : error_set(err, ERR_NOTFOUND, "that file is not held here");
    }
    *size = (uint64_t)facts.st_size;
    return 0;
}

uint64_t store_file_part(const char *dir, const struct hash *file)
{
    char path[PATH_MAX];
    struct error ignored;
    struct stat facts;

    return file_path(dir, file, PART, path, &ignored) == 0 &&
                   stat(path, &facts) == 0
               ? (uint64_t)facts.st_size
               : 0;
}

bool store_file_is_sealed(const char *dir, const struct hash *file)
{
    static const char *const tails[] = {"", PART};
    uint8_t head[ATTACHMENT_SEAL_OVERHEAD];
    bool sealed = false;

    for (size_t i = 0; !sealed && i < sizeof(tails) / sizeof(tails[0]); i++) {
        char path[PATH_MAX];
        struct error ignored;
        int fd = file_path(dir, file, tails[i], path, &ignored) == 0
                     ? open(path, O_RDONLY | O_CLOEXEC)
                     : -1;
        ssize_t len = fd < 0 ? 0 : read(fd, head, sizeof(head));

        sealed = len == (ssize_t)sizeof(head) &&
                 attachment_type_of(span_make(head, sizeof(head))) ==
                     ATTACHMENT_SEALED;
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return sealed;
}

int file_bytes_write(int fd, uint64_t offset, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t len = pwrite(fd, bytes.ptr, bytes.len, (off_t)offset);

        if (len <= 0) {
            return -1;
        }
        offset += (uint64_t)len;
        bytes = span_make(bytes.ptr + len, bytes.len - (size_t)len);
    }
    return 0;
}

int store_file_append(const char *dir, const struct hash *file, uint64_t offset,
                      struct span bytes, struct error *err)
{
    char path[PATH_MAX];
    int fd;
    int rc = file_path(dir, file, PART, path, err);

    if (rc == 0 && offset + bytes.len > ATTACHMENT_MAX) {
        rc = error_set(err, ERR_LIMIT, "a file of more than %u bytes",
                       ATTACHMENT_MAX);
    }
    rc = rc != 0 ? rc : file_folders(dir, file, err);
    if (rc != 0) {
        return rc;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set(err, ERR_LIMIT, "%s: %s", path, strerror(errno));
    }
    if (ftruncate(fd, (off_t)offset) != 0 ||
        file_bytes_write(fd, offset, bytes) != 0 || fsync(fd) != 0) {
        rc = error_set(err, ERR_LIMIT, "%s: %s; free space", path,
                       strerror(errno));
    }
    (void)close(fd);
    return rc;
}

/* The whole of a path, at most ATTACHMENT_MAX bytes. */
static int read_all(const char *path, uint8_t **bytes, size_t *len,
                    struct error *err)
{
    FILE *file = fopen(path, "rbe");
    struct stat facts;
    int rc = 0;

    *bytes = NULL;
    if (file == NULL) {
        return error_set(err, ERR_NOTFOUND, "that file is not held here");
    }
    if (fstat(fileno(file), &facts) != 0 || facts.st_size < 0 ||
        (uint64_t)facts.st_size > ATTACHMENT_MAX) {
        rc = error_set(err, ERR_CORRUPT, "%s: of another size", path);
    } else if ((*bytes = malloc((size_t)facts.st_size + 1)) == NULL) {
        rc = error_set(err, ERR_NOMEM, "no memory for a file");
    } else {
        *len = fread(*bytes, 1, (size_t)facts.st_size, file);
        if (*len != (size_t)facts.st_size) {
            rc = error_set(err, ERR_IO, "%s: cannot be read", path);
        }
    }
    (void)fclose(file);
    if (rc != 0) {
        free(*bytes);
        *bytes = NULL;
    }
    return rc;
}

static int bytes_judge(const struct hash *file, struct span bytes,
                       struct error *err)
{
    struct hash hash = hash_of(bytes);

    if (!hash_equal(&hash, file)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the bytes of a file are not those that the event "
                         "names");
    }
    return attachment_type_of(bytes) != ATTACHMENT_NONE
               ? 0
               : error_set(err, ERR_MALFORMED,
                           "a file of a type that is not taken: PDF, JPEG, "
                           "PNG, TIFF, office documents and plain text are");
}

int store_file_finish(const char *dir, const struct hash *file, uint64_t *size,
                      struct error *err)
{
    char part[PATH_MAX];
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    int rc = file_path(dir, file, PART, part, err);

    rc = rc != 0 ? rc : file_path(dir, file, "", path, err);
    rc = rc != 0 ? rc : read_all(part, &bytes, &len, err);
    if (rc != 0) {
        return rc;
    }
    rc = bytes_judge(file, span_make(bytes, len), err);
    free(bytes);
    if (rc != 0) {
        (void)unlink(part);
        return rc;
    }
    if (rename(part, path) != 0) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    *size = len;
    return store_sync_dir(path, err);
}

/* Whole already: as new as if it had just come, for it may still be nobody's.
 * What rotted is put there again. */
static bool is_held_anew(const char *dir, const struct hash *file)
{
    char path[PATH_MAX];
    struct error ignored;

    return store_file_verify(dir, file, &ignored) == 0 &&
           file_path(dir, file, "", path, &ignored) == 0 &&
           utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

int store_file_put(const char *dir, struct span bytes, struct hash *file,
                   struct error *err)
{
    uint64_t size;
    int rc;

    *file = hash_of(bytes);
    if (bytes.len == 0) {
        return error_set(err, ERR_USAGE, "the file is empty");
    }
    if ((rc = bytes_judge(file, bytes, err)) != 0 || is_held_anew(dir, file)) {
        return rc;
    }
    rc = store_file_append(dir, file, 0, bytes, err);
    return rc != 0 ? rc : store_file_finish(dir, file, &size, err);
}

int store_file_verify(const char *dir, const struct hash *file,
                      struct error *err)
{
    static const size_t piece = 65536;
    char path[PATH_MAX];
    struct hasher hasher;
    struct hash hash;
    uint8_t *bytes;
    ssize_t len = 0;
    int fd;
    int rc = file_path(dir, file, "", path, err);

    if (rc != 0) {
        return rc;
    }
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        return error_set(err, ERR_NOTFOUND, "that file is not held here");
    }
    bytes = malloc(piece);
    hasher_init(&hasher);
    while (bytes != NULL && (len = read(fd, bytes, piece)) > 0) {
        hasher_add(&hasher, span_make(bytes, (size_t)len));
    }
    hash = hasher_end(&hasher);
    (void)close(fd);
    if (bytes == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a file");
    }
    free(bytes);
    return len == 0 && hash_equal(&hash, file)
               ? 0
               : error_set(err, ERR_CORRUPT, "the file held here was damaged");
}

bool store_file_is_old(const char *dir, const struct hash *file, int64_t now_s)
{
    static const char *const tails[] = {"", PART};
    bool some = false;

    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        char path[PATH_MAX];
        struct error ignored;
        struct stat facts;

        if (file_path(dir, file, tails[i], path, &ignored) != 0 ||
            stat(path, &facts) != 0) {
            continue;
        }
        if (now_s - (int64_t)facts.st_mtime < OLD_S) {
            return false;
        }
        some = true;
    }
    return some;
}

/* Its bytes are written over before it goes. */
static int path_destroy(const char *path, struct error *err)
{
    static const uint8_t zeros[16384];
    struct stat facts;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok;

    if (fd < 0 && errno == ELOOP && unlink(path) == 0) {
        return store_sync_dir(path, err); /* a link is none of ours */
    }
    if (fd < 0) {
        return errno == ENOENT
                   ? 0
                   : error_set(err, ERR_LIMIT, "%s: %s", path, strerror(errno));
    }
    ok = fstat(fd, &facts) == 0;
    for (off_t at = 0; ok && at < facts.st_size;) {
        size_t len = facts.st_size - at < (off_t)sizeof(zeros)
                         ? (size_t)(facts.st_size - at)
                         : sizeof(zeros);

        ok = file_bytes_write(fd, (uint64_t)at, span_make(zeros, len)) == 0;
        at += (off_t)len;
    }
    ok = ok && fsync(fd) == 0;
    (void)close(fd);
    ok = ok && unlink(path) == 0;
    return ok ? store_sync_dir(path, err)
              : error_set(err, ERR_LIMIT, "%s: %s", path, strerror(errno));
}

int store_file_destroy(const char *dir, const struct hash *file,
                       struct error *err)
{
    char path[PATH_MAX];
    int rc = file_path(dir, file, "", path, err);

    rc = rc != 0 ? rc : path_destroy(path, err);
    rc = rc != 0 ? rc : file_path(dir, file, PART, path, err);
    return rc != 0 ? rc : path_destroy(path, err);
}

int store_file_piece(const char *dir, const struct hash *file, uint64_t offset,
                     struct buf *out, uint64_t *total, struct error *err)
{
    char path[PATH_MAX];
    size_t room = out->size - out->len;
    ssize_t len;
    int fd;
    int rc = file_path(dir, file, "", path, err);

    rc = rc != 0 ? rc : store_file_size(dir, file, total, err);
    if (rc != 0) {
        return rc;
    }
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
        return error_set(err, ERR_NOTFOUND, "that file is not held here");
    }
    len = offset < *total ? pread(fd, out->ptr + out->len, room, (off_t)offset)
                          : 0;
    (void)close(fd);
    if (len < 0) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    out->len += (size_t)len;
    return 0;
}

int store_file_read(const char *dir, const struct hash *file, uint8_t **bytes,
                    size_t *len, struct error *err)
{
    char path[PATH_MAX];
    struct hash hash;
    int rc = file_path(dir, file, "", path, err);

    rc = rc != 0 ? rc : read_all(path, bytes, len, err);
    if (rc != 0) {
        return rc;
    }
    hash = hash_of(span_make(*bytes, *len));
    if (!hash_equal(&hash, file)) {
        (void)unlink(path);
        free(*bytes);
        *bytes = NULL;
        return error_set(err, ERR_CORRUPT,
                         "the file held here was damaged: it is put away, and "
                         "fetched again");
    }
    return 0;
}
