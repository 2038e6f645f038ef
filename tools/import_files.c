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

/* Of a sealed one that was sent, in hex. */
struct sealed_key {
    char name[HEX];
    char key[HEX];
};

/* One name in one row. Small: an import may have a hundred thousand. */
struct named {
    size_t row;
    const char *column;     /* "attach", "attach.documents[0]" */
    const char *name;       /* as the row says it */
    struct hash looked;     /* of what lay there */
    struct hash sent;       /* of what was sent: the file may have changed */
    struct sealed_key *key; /* heap */
};

struct import_files {
    struct cli *cli;
    const char *path;
    bool sealed;
    struct arena arena;
    struct rows rows;
    struct named *named;
    size_t len;
    uint32_t *first; /* by hash: 1 + the first of the named that has it */
    size_t slots;    /* a power of two, more than twice len */
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

static int path_make(const struct import_files *files, const char *name,
                     char path[PATH_MAX], struct error *err)
{
    char copy[PATH_MAX];
    int len = snprintf(copy, sizeof(copy), "%s", files->path);

    if (len < 0 || len >= PATH_MAX) {
        return error_set(err, ERR_USAGE, "the path is too long");
    }
    len = name[0] == '/'
              ? snprintf(path, PATH_MAX, "%s", name)
              : snprintf(path, PATH_MAX, "%s/%s", dirname(copy), name);
    return len > 0 && len < PATH_MAX
               ? 0
               : error_set(err, ERR_USAGE, "%.80s: the path is too long", name);
}

static void look(struct import_files *files, struct named *named)
{
    uint32_t line = files->rows.rows[named->row].line;
    struct error why = {0};
    char *bytes = NULL;
    size_t len = 0;
    char path[PATH_MAX];
    char text[PATH_MAX + 160];
    int rc = path_make(files, named->name, path, &why);
    struct span all;
    enum attachment_type type;

    rc = rc != 0 ? rc : place_check(files, path, &why);
    rc = rc != 0 ? rc : file_read(path, (size_t)32 << 20, &bytes, &len, &why);
    if (rc != 0) {
        row_bad(files, line, named->column, why.text);
        return;
    }
    all = span_make((const uint8_t *)bytes, len);
    type = attachment_type_of(all);
    if (len + ATTACHMENT_SEAL_OVERHEAD > ATTACHMENT_MAX) {
        (void)snprintf(text, sizeof(text), "%s: %zu bytes, at most %u", path,
                       len, ATTACHMENT_MAX);
        row_bad(files, line, named->column, text);
    } else if (type == ATTACHMENT_NONE || type == ATTACHMENT_SEALED) {
        (void)snprintf(text, sizeof(text),
                       "%s: of a type that is not taken: PDF, JPEG, PNG, TIFF, "
                       "office documents and plain text are",
                       path);
        row_bad(files, line, named->column, text);
    }
    named->looked = hash_of(all);
    named->sent = named->looked;
    free(bytes);
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
    size_t len = count(&files->rows);

    for (files->slots = 4; files->slots <= 2 * len;) {
        files->slots *= 2;
    }
    files->named = calloc(len + 1, sizeof(*files->named));
    files->first = calloc(files->slots, sizeof(*files->first));
    if (files->named == NULL || files->first == NULL || len > UINT32_MAX / 4) {
        return error_set(err, ERR_NOMEM, "no memory for the files' names");
    }
    for (size_t i = 0; i < files->rows.len; i++) {
        const struct record_row *row = &files->rows.rows[i];

        for (size_t k = 0; k < row->fields_len; k++) {
            struct named *named = &files->named[files->len];

            if (!is_attach(row->fields[k].path)) {
                continue;
            }
            named->row = i;
            named->column = row->fields[k].path;
            named->name = row->fields[k].value;
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
    for (size_t i = 0; i < files->len; i++) {
        if (files->named[i].key != NULL) {
            crypto_wipe(files->named[i].key, sizeof(*files->named[i].key));
            free(files->named[i].key);
        }
    }
    free(files->named);
    free(files->first);
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

/* Where the first row that names these bytes is remembered, or will be. */
static uint32_t *first_of(struct import_files *files, const struct hash *hash)
{
    size_t mask = files->slots - 1;
    size_t slot = (size_t)read_u64(hash->bytes) & mask;

    while (files->first[slot] != 0 &&
           !hash_equal(&files->named[files->first[slot] - 1].looked, hash)) {
        slot = (slot + 1) & mask;
    }
    return &files->first[slot];
}

/* A clear one that an earlier row names too went with that. */
static bool was_sent(struct import_files *files, size_t at)
{
    uint32_t *first;

    if (files->sealed) {
        return false;
    }
    first = first_of(files, &files->named[at].looked);
    if (*first == 0) {
        *first = (uint32_t)at + 1;
        return false;
    }
    files->named[at].sent = files->named[*first - 1].sent;
    return true;
}

static int send_one(struct import_files *files, struct named *named,
                    struct error *err)
{
    struct client_reply reply = {0};
    char path[PATH_MAX];
    char hash[HEX] = "";
    char *bytes = NULL;
    size_t len = 0;
    int rc = path_make(files, named->name, path, err);

    if (rc == 0 && files->sealed) {
        named->key = calloc(1, sizeof(*named->key));
        rc = named->key == NULL
                 ? error_set(err, ERR_NOMEM, "no memory for the file's key")
                 : 0;
    }
    rc = rc != 0 ? rc : file_read(path, (size_t)32 << 20, &bytes, &len, err);
    rc = rc != 0
             ? rc
             : cli_post_text(files->cli,
                             files->sealed ? "/v1/files?sealed=1" : "/v1/files",
                             span_make((const uint8_t *)bytes, len), &reply,
                             err);
    free(bytes);
    if (rc == 0) {
        keep(hash, &reply, "file_hash");
        rc = hex_decode(span_str(hash), &named->sent, sizeof(named->sent), err);
    }
    if (rc == 0 && named->key != NULL) {
        keep(named->key->name, &reply, "key_name");
        keep(named->key->key, &reply, "key");
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
    char hash[HEX];

    hex_encode(SPAN_OF(named->sent), hash);
    (void)snprintf(field, sizeof(field), "%.*s.file_hash", (int)FACTS_PATH_MAX,
                   dot == NULL ? "document" : dot + 1);
    request_put_field(body, field, hash);
    if (named->key == NULL) {
        return;
    }
    (void)snprintf(key, sizeof(key), "private.keys[%zu].event_id", slot);
    request_put_field(body, key, named->key->name);
    (void)snprintf(key, sizeof(key), "private.keys[%zu].body_key", slot);
    request_put_field(body, key, named->key->key);
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
