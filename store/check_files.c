/* store: fsck of attached files: each one read whole and hashed, those that
 * should not be there named, those that nobody names counted.
 *
 * Reads only; what is wrong is handed to the caller, whose writer looks again
 * and mends. Read next: attachment_file.c.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "store/attachment.h"
#include "store/check_parts.h"

enum {
    FILES_AFTER
};

static const char *const sql[] = {
    [FILES_AFTER] = "SELECT number, file, state FROM attachments "
                    "WHERE number > ? ORDER BY number LIMIT 1",
};
const struct query_table files_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static void name_of(const struct hash *file, char name[17])
{
    char hex[65];

    hex_encode(SPAN_OF(*file), hex);
    memcpy(name, hex, 16);
    name[16] = '\0';
}

static int wrong(struct checking *c, const struct hash *file, const char *text)
{
    char name[17];

    name_of(file, name);
    if (c->options->bad_file != NULL) {
        c->options->bad_file(c->options->data, file);
    }
    return found(c, "attachment", "file %s...: %s", name, text);
}

static int check_held_file(struct checking *c, const struct hash *file)
{
    struct error why = {0};
    int rc = store_file_verify(c->options->files_dir, file, &why);

    if (rc == 0) {
        c->files_read++;
        return 0;
    }
    if (rc == ERR_NOTFOUND) {
        return wrong(c, file,
                     "it was here and is gone; a node that runs "
                     "fetches it again from its neighbours");
    }
    if (rc == ERR_CORRUPT) {
        return wrong(c, file,
                     "its bytes are not those of its name; a node "
                     "that runs fetches it again from its neighbours");
    }
    *c->err = why;
    return rc;
}

static int check_named(struct checking *c)
{
    int64_t after = 0;
    int rc = 0;

    while (rc == 0) {
        sqlite3_stmt *q = query(c->store, OWNER_FILES, FILES_AFTER);
        enum store_attachment_state state;
        struct hash file;
        uint64_t size;

        bind_int(q, 1, after);
        if ((rc = query_row(c->store, q, c->err)) != 1) {
            return rc;
        }
        after = column_int(q, 0);
        state = (enum store_attachment_state)column_int(q, 2);
        rc = column_bytes(q, 1, &file, sizeof(file), c->err);
        query_end(q);
        if (rc == 0 && state == STORE_ATTACHMENT_HELD) {
            rc = check_held_file(c, &file);
        } else if (rc == 0 && state == STORE_ATTACHMENT_GONE) {
            struct error ignored;

            if (store_file_size(c->options->files_dir, &file, &size,
                                &ignored) == 0) {
                rc = wrong(c, &file, "it was erased and is here again");
            }
        }
        rc = rc != 0 ? rc : check_progress(c, c->files_read, 0);
    }
    return rc;
}

/* ---- what lies there ---- */

/* Put by somebody whose event never came. A new one may still be named. */
static void look_at_name(struct checking *c, const char *name)
{
    struct store_attachment known;
    struct error ignored;
    struct hash file;

    if (strlen(name) >= 64 &&
        hex_decode(span_make((const uint8_t *)name, 64), &file, sizeof(file),
                   &ignored) == 0 &&
        store_file_is_old(c->options->files_dir, &file,
                          c->options->now.time_s) &&
        store_attachment_find(c->store, &file, &known, &ignored) ==
            ERR_NOTFOUND) {
        c->orphans++;
        if (c->options->bad_file != NULL) {
            c->options->bad_file(c->options->data, &file);
        }
    }
}

static void check_folder(struct checking *c, const char *path, int depth)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[PATH_MAX];

        if (entry->d_name[0] == '.') {
            continue;
        }
        if (depth > 0) {
            look_at_name(c, entry->d_name);
        } else if (snprintf(below, sizeof(below), "%s/%s", path,
                            entry->d_name) < (int)sizeof(below)) {
            check_folder(c, below, depth + 1);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

int check_attached(struct checking *c)
{
    char path[PATH_MAX];
    int rc;

    if (c->options->files_dir == NULL) {
        return 0;
    }
    rc = check_named(c);
    if (rc == 0 && snprintf(path, sizeof(path), "%s/attachments",
                            c->options->files_dir) < (int)sizeof(path)) {
        check_folder(c, path, 0);
    }
    return rc;
}
