/* store: what lies in the folders of attached files: the sum of those that have
 * their name, and pieces that nobody finished. These lie outside every quota,
 * so that they are bounded by themselves: the oldest go first.
 *
 * Must never touch a file that has its name, nor a part that grows now.
 * Read next: attachment_file.c.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/hex.h"
#include "store/attachment.h"
#include "store/store_parts.h"

#define HEX 64u

struct trimming {
    const char *dir;
    store_part_busy_fn busy;
    void *data;
    uint64_t bytes; /* of all parts */
    bool found;     /* one that may go: the oldest */
    struct timespec since;
    uint64_t size;
    char path[PATH_MAX];
};

static bool is_older(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

static void folder_entries(const char *dir, unsigned number,
                           file_entry_fn visit, void *data)
{
    char folder[PATH_MAX];
    int len =
        snprintf(folder, sizeof(folder), "%s/attachments/%02x", dir, number);
    DIR *entries =
        len > 0 && len < (int)sizeof(folder) ? opendir(folder) : NULL;
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        visit(data, folder, entry->d_name);
    }
    if (entries != NULL) {
        (void)closedir(entries);
    }
}

void file_entries(const char *dir, file_entry_fn visit, void *data)
{
    for (unsigned i = 0; i < STORE_FILE_FOLDERS; i++) {
        folder_entries(dir, i, visit, data);
    }
}

static void entry_look(void *data, const char *folder, const char *name)
{
    struct trimming *t = data;
    char path[PATH_MAX];
    struct error ignored;
    struct stat facts;
    struct hash file;
    int len;

    if (strlen(name) != HEX + 5 || strcmp(name + HEX, ".part") != 0 ||
        hex_decode(span_make((const uint8_t *)name, HEX), &file, sizeof(file),
                   &ignored) != 0) {
        return;
    }
    len = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (len < 0 || len >= (int)sizeof(path) || stat(path, &facts) != 0) {
        return;
    }
    t->bytes += (uint64_t)facts.st_size;
    if (!t->busy(t->data, &file) &&
        (!t->found || is_older(facts.st_mtim, t->since))) {
        t->found = true;
        t->since = facts.st_mtim;
        t->size = (uint64_t)facts.st_size;
        memcpy(t->path, path, (size_t)len + 1);
    }
}

static void look(struct trimming *t)
{
    t->bytes = 0;
    t->found = false;
    file_entries(t->dir, entry_look, t);
}

uint64_t store_parts_trim(const char *dir, uint64_t max_bytes,
                          store_part_busy_fn busy, void *data)
{
    struct trimming t = {.dir = dir, .busy = busy, .data = data};

    look(&t);
    while (t.bytes > max_bytes && t.found && unlink(t.path) == 0) {
        look(&t);
    }
    return t.bytes;
}

static void entry_add(void *data, const char *folder, const char *name)
{
    uint64_t *bytes = data;
    char path[PATH_MAX];
    struct stat facts;
    int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

    if (strlen(name) == HEX && len > 0 && len < (int)sizeof(path) &&
        stat(path, &facts) == 0) {
        *bytes += (uint64_t)facts.st_size;
    }
}

uint64_t store_files_bytes(const char *dir, unsigned folder)
{
    uint64_t bytes = 0;

    folder_entries(dir, folder, entry_add, &bytes);
    return bytes;
}
