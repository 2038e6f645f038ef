/* store: an attached file read through in pieces, for whoever has other things
 * to do between them. What was read leaves the page cache: the next round
 * reads the disk, and nobody's warm pages were pushed out for it.
 *
 * Reads only. Must never judge half a file. Read next: attachment_file.c.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/attachment.h"
#include "store/store_parts.h"

int store_file_look_begin(struct store_file_look *look, const char *dir,
                          const struct hash *file, struct error *err)
{
    char path[PATH_MAX];
    int rc = file_path(dir, file, "", path, err);

    if (rc != 0) {
        return rc;
    }
    look->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (look->fd < 0) {
        return error_set(err, ERR_NOTFOUND, "that file is not held here");
    }
    look->file = *file;
    look->at = 0;
    hasher_init(&look->hasher);
    return 0;
}

int store_file_look_step(struct store_file_look *look, size_t max, bool *done,
                         struct error *err)
{
    uint8_t *bytes = malloc(max);
    struct hash hash;
    ssize_t len;

    *done = false;
    if (bytes == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a file");
    }
    len = read(look->fd, bytes, max);
    if (len > 0) {
        hasher_add(&look->hasher, span_make(bytes, (size_t)len));
        (void)posix_fadvise(look->fd, (off_t)look->at, (off_t)len,
                            POSIX_FADV_DONTNEED);
        look->at += (uint64_t)len;
    }
    free(bytes);
    if (len > 0) {
        return 0;
    }
    *done = true;
    hash = hasher_end(&look->hasher);
    return len == 0 && hash_equal(&hash, &look->file)
               ? 0
               : error_set(err, ERR_CORRUPT, "the file held here was damaged");
}

void store_file_look_end(struct store_file_look *look)
{
    if (look->fd >= 0) {
        (void)close(look->fd);
    }
    look->fd = -1;
}
