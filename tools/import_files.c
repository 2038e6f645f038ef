/* tools: the files of an import. Owns the way from a name in a row to a hash
 * in it. It must never send a file before every row was found good, nor change
 * a value of any other column. Read next: cmd_import.c. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "tools/import_files.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/web/rows.h"
#include "protocol/base/hex.h"
#include "protocol/event/attachment.h"
#include "protocol/event/facts.h"
#include "protocol/limits.h"

#define COLUMN "attach"
#define HEX 65

/* One name in one row. */
struct named {
    size_t row;
    const char *column; /* "attach", "attach.documents[0]" */
    char path[PATH_MAX];
    char hash[HEX];
    char key_name[HEX]; /* of a sealed one that was sent */
    char key[HEX];
};

struct import_files {
    struct cli *cli;
    const char *path;
    bool sealed;
    struct arena arena;
    struct rows rows;
    struct named *named;
    size_t len;
    size_t bad;
};

static void row_bad(void *ctx, uint32_t line, const char *column,
                    const char *text)
{
    struct import_files *files = ctx;

    char room[1024];

    files->bad++;
    fprintf(stderr, "%s:%u: %s%s%s\n", files->path, line, column,
            column[0] == '\0' ? "" : ": ",
            say_words(files->cli, text, room, sizeof(room)));
}

static bool is_attach(const char *column)
{
    size_t len = strlen(COLUMN);

    return strncmp(column, COLUMN, len) == 0 &&
           (column[len] == '\0' || column[len] == '.');
}

/* ---- looking ---- */

/* Rows may come from somebody else: what they name is a file of the folder in
 * which they lie, not a key or a paper of whoever imports them. What does not
 * exist is told by the reading. */
static int place_check(const struct import_files *files, const char *path,
                       struct error *err)
{
    char copy[PATH_MAX];
    char folder[PATH_MAX];
    char whole[PATH_MAX];
    struct stat facts;
    size_t len;

    (void)snprintf(copy, sizeof(copy), "%s", files->path);
    if (realpath(dirname(copy), folder) == NULL ||
        realpath(path, whole) == NULL) {
        return 0;
    }
    len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    if (strncmp(whole, folder, len) != 0 || whole[len] != '/') {
        return error_set(err, ERR_USAGE,
                         "%.160s lies outside the folder of the import file: "
                         "copy it there",
                         path);
    }
    return stat(whole, &facts) == 0 && S_ISREG(facts.st_mode)
               ? 0
               : error_set(err, ERR_USAGE, "%.160s is not a file", path);
}

static void look(struct import_files *files, struct named *named)
{
    uint32_t line = files->rows.rows[named->row].line;
    struct error why = {0};
    char *bytes = NULL;
    size_t len = 0;
    char text[PATH_MAX + 160];
    int rc = place_check(files, named->path, &why);
    struct span all;
    struct hash hash;
    enum attachment_type type;

    rc = rc != 0 ? rc
                 : file_read(named->path, (size_t)32 << 20, &bytes, &len, &why);
    if (rc != 0) {
        row_bad(files, line, named->column, why.text);
        return;
    }
    all = span_make((const uint8_t *)bytes, len);
    type = attachment_type_of(all);
    if (len + ATTACHMENT_SEAL_OVERHEAD > ATTACHMENT_MAX) {
        (void)snprintf(text, sizeof(text), "%s: %zu bytes, at most %u",
                       named->path, len, ATTACHMENT_MAX);
        row_bad(files, line, named->column, text);
    } else if (type == ATTACHMENT_NONE || type == ATTACHMENT_SEALED) {
        (void)snprintf(text, sizeof(text),
                       "%s: of a type that is not taken: PDF, JPEG, PNG, TIFF, "
                       "office documents and plain text are",
                       named->path);
        row_bad(files, line, named->column, text);
    }
    hash = hash_of(all);
    hex_encode(SPAN_OF(hash), named->hash);
    free(bytes);
}

static int path_make(const struct import_files *files, const char *name,
                     struct named *named, struct error *err)
{
    char copy[PATH_MAX];
    int len = snprintf(copy, sizeof(copy), "%s", files->path);

    if (len < 0 || len >= PATH_MAX) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    len = name[0] == '/'
              ? snprintf(named->path, PATH_MAX, "%s", name)
              : snprintf(named->path, PATH_MAX, "%s/%s", dirname(copy), name);
    return len > 0 && len < PATH_MAX
               ? 0
               : error_set(err, ERR_USAGE, "%.80s: the path is too long", name);
}

static size_t count(const struct rows *rows)
{
    size_t len = 0;

    for (size_t i = 0; i < rows->len; i++) {
        for (size_t k = 0; k < rows->rows[i].fields_len; k++) {
            len += is_attach(rows->rows[i].fields[k].path);
        }
    }
    return len;
}

static int rows_look(struct import_files *files, struct error *err)
{
    files->named = calloc(count(&files->rows) + 1, sizeof(*files->named));
    if (files->named == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the files' names");
    }
    for (size_t i = 0; i < files->rows.len; i++) {
        const struct record_row *row = &files->rows.rows[i];

        for (size_t k = 0; k < row->fields_len; k++) {
            struct named *named = &files->named[files->len];
            int rc;

            if (!is_attach(row->fields[k].path)) {
                continue;
            }
            named->row = i;
            named->column = row->fields[k].path;
            rc = path_make(files, row->fields[k].value, named, err);
            if (rc != 0) {
                return rc;
            }
            files->len++;
            look(files, named);
        }
    }
    return 0;
}

static int bad_rows(const struct import_files *files, struct error *err)
{
    return files->bad == 0
               ? 0
               : error_set(err, ERR_MALFORMED,
                           "%zu wrong files: nothing was recorded; correct "
                           "them and import the whole file again",
                           files->bad);
}

int import_files_new(struct cli *cli, const char *format, struct span text,
                     struct import_files **out, struct error *err)
{
    struct import_files *made = calloc(1, sizeof(*made));
    const char *type = cli->args[0];
    struct rows_reader reader = {.error = row_bad, .ctx = made};
    int rc;

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the import");
    }
    reader.type = strcmp(type, "any") == 0 ? NULL : type;
    made->cli = cli;
    made->path = cli->args[1];
    made->sealed = cli_option(cli, "sealed") != NULL;
    rc = arena_new(&made->arena, rows_arena_size(text.len), err);
    if (rc == 0) {
        rc =
            strcmp(format, "csv") == 0
                ? rows_from_csv(&reader, text, &made->arena, &made->rows, err)
                : rows_from_json(&reader, text, &made->arena, &made->rows, err);
    }
    rc = rc != 0 ? rc : rows_look(made, err);
    rc = rc != 0 ? rc : bad_rows(made, err);
    if (rc != 0) {
        import_files_free(made);
        return rc;
    }
    *out = made;
    return 0;
}

void import_files_free(struct import_files *files)
{
    if (files == NULL) {
        return;
    }
    if (files->named != NULL) {
        crypto_wipe(files->named, files->len * sizeof(*files->named));
    }
    free(files->named);
    arena_release(&files->arena);
    free(files);
}

size_t import_files_len(const struct import_files *files)
{
    return files->len;
}

/* ---- sending ---- */

static void keep(char room[HEX], const struct client_reply *reply,
                 const char *name)
{
    (void)snprintf(room, HEX, "%.64s",
                   answer_text(answer_get(reply->root, name)));
}

/* A clear one that an earlier row names too went with that. */
static bool was_sent(const struct import_files *files, size_t at)
{
    for (size_t i = 0; !files->sealed && i < at; i++) {
        if (strcmp(files->named[i].hash, files->named[at].hash) == 0) {
            return true;
        }
    }
    return false;
}

static int send_one(struct import_files *files, struct named *named,
                    struct error *err)
{
    struct client_reply reply = {0};
    char *bytes = NULL;
    size_t len = 0;
    int rc = file_read(named->path, (size_t)32 << 20, &bytes, &len, err);

    rc = rc != 0
             ? rc
             : cli_post_text(files->cli,
                             files->sealed ? "/v1/files?sealed=1" : "/v1/files",
                             span_make((const uint8_t *)bytes, len), &reply,
                             err);
    free(bytes);
    if (rc == 0) {
        keep(named->hash, &reply, "file_hash");
        keep(named->key_name, &reply, "key_name");
        keep(named->key, &reply, "key");
    }
    if (reply.text != NULL) {
        crypto_wipe(reply.text, reply.len);
    }
    client_reply_release(&reply);
    return rc;
}

int import_files_send(struct import_files *files, struct error *err)
{
    for (size_t i = 0; i < files->len; i++) {
        struct named *named = &files->named[i];
        struct error why = {0};

        if (!was_sent(files, i) && send_one(files, named, &why) != 0) {
            row_bad(files, files->rows.rows[named->row].line, named->column,
                    why.text);
            break; /* the next would meet the same: no room, no session */
        }
    }
    return bad_rows(files, err);
}

/* ---- the rows with hashes ---- */

static void put_named(const struct named *named, size_t slot,
                      struct request_body *body)
{
    const char *dot = strchr(named->column, '.');
    char field[FACTS_PATH_MAX + 16];
    char key[64];

    (void)snprintf(field, sizeof(field), "%.*s.file_hash", (int)FACTS_PATH_MAX,
                   dot == NULL ? "document" : dot + 1);
    request_put_field(body, field, named->hash);
    if (named->key[0] == '\0') {
        return;
    }
    (void)snprintf(key, sizeof(key), "private.keys[%zu].event_id", slot);
    request_put_field(body, key, named->key_name);
    (void)snprintf(key, sizeof(key), "private.keys[%zu].body_key", slot);
    request_put_field(body, key, named->key);
}

static char *row_text(const struct import_files *files, size_t i, size_t *at)
{
    const struct record_row *row = &files->rows.rows[i];
    struct request_body *body = request_new();
    size_t slot = 0;

    request_put_text(body, "type", row->type);
    for (size_t k = 0; k < row->fields_len; k++) {
        if (is_attach(row->fields[k].path)) {
            put_named(&files->named[(*at)++], slot++, body);
        } else {
            request_put_field(body, row->fields[k].path, row->fields[k].value);
        }
    }
    return request_end(body);
}

int import_files_text(struct import_files *files, char **text, size_t *len,
                      struct error *err)
{
    FILE *out = open_memstream(text, len);
    uint32_t line = 1;
    size_t at = 0;
    bool ok = out != NULL;

    if (ok && files->rows.generated != NULL && files->rows.len > 0 &&
        files->rows.rows[0].line > 1) {
        struct request_body *body = request_new();
        char *row;

        request_put_text(body, "generated", files->rows.generated);
        row = request_end(body);
        ok = row != NULL && fprintf(out, "%s\n", row) >= 0;
        free(row);
        line = 2;
    }
    for (size_t i = 0; ok && i < files->rows.len; i++) {
        char *row = row_text(files, i, &at);

        for (; line < files->rows.rows[i].line; line++) {
            (void)fputc('\n', out);
        }
        ok = row != NULL && fputs(row, out) >= 0;
        free(row);
    }
    if (out != NULL && fclose(out) != 0) {
        ok = false;
    }
    return ok ? 0 : error_set(err, ERR_NOMEM, "no memory for the rows");
}
