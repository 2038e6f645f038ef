/* tools: `qcdc import`, a file of events: all of it or nothing.
 * Owns the reading of the file and the printing of wrong rows. The node parses
 * and validates, so that a file is one transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "protocol/crypto.h"
#include "tools/command.h"
#include "tools/import_files.h"

#define FILE_MAX ((size_t)32 * 1024 * 1024)

/* By what is inside: JSON lines begin with a brace. */
static const char *format_of(const char *text)
{
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
    }
    text += strspn(text, " \t\r\n");
    return *text == '{' ? "jsonl" : "csv";
}

static int print_errors(const struct cli *cli, const struct answer *errors,
                        const char *path)
{
    for (size_t i = 0; i < answer_len(errors); i++) {
        const struct answer *row = answer_at(errors, i);
        const char *column = answer_text(answer_get(row, "column"));

        fprintf(stderr, "%s:%lld: ", path,
                (long long)answer_number(answer_get(row, "line")));
        if (column[0] != '\0' && strncmp(answer_text(answer_get(row, "text")),
                                         column, strlen(column)) != 0) {
            fprintf(stderr, "%s %s: ", say(cli, "cột", "column"), column);
        }
        fprintf(stderr, "%s\n", answer_text(answer_get(row, "text")));
    }
    return 0;
}

static void print_result(const struct cli *cli, const struct answer *root)
{
    const char *generated = answer_text(answer_get(root, "generated"));
    bool dry = answer_bool(answer_get(root, "dry_run"));

    if (generated[0] != '\0') {
        printf("%s: %s\n", say(cli, "dữ liệu tạo mẫu", "generated data"),
               generated);
    }
    printf("%lld %s: ", (long long)answer_number(answer_get(root, "rows")),
           say(cli, "dòng", "rows"));
    printf("%lld %s, ", (long long)answer_number(answer_get(root, "recorded")),
           dry ? say(cli, "sẽ ghi", "would be recorded")
               : say(cli, "đã ghi", "recorded"));
    printf("%lld %s\n", (long long)answer_number(answer_get(root, "skipped")),
           say(cli, "có từ trước", "there already"));
    if (dry) {
        printf("%s\n", say(cli, "Chạy thử: chưa ghi gì.",
                           "Dry run: nothing was recorded."));
    }
}

/* Sends rows; what is wrong with them goes to stderr. */
static int rows_send(struct cli *cli, struct span text, bool dry_run,
                     struct client_reply *reply, struct error *err)
{
    char room[512];
    struct buf path = buf_over(room, sizeof(room) - 1);
    int rc;

    buf_put_str(&path, "/v1/import");
    client_query_put(&path, "type", cli->args[0]);
    client_query_put(&path, "format", format_of((const char *)text.ptr));
    client_query_put(&path, "dry_run", dry_run ? "1" : NULL);
    room[path.len] = '\0';
    rc = cli_post_text(cli, room, text, reply, err);
    if (rc != 0 && !cli->json) {
        (void)print_errors(cli, answer_get(reply->root, "errors"),
                           cli->args[1]);
        (void)error_wrap(err, "%.80s", cli->args[1]);
    }
    return rc;
}

/* First the rows are tried with the hashes of what is to be sent, then the
 * files go, then the rows are recorded. */
static int files_import(struct cli *cli, struct import_files *files,
                        bool dry_run, struct client_reply *reply,
                        struct error *err)
{
    char *text = NULL;
    size_t len = 0;
    int rc = import_files_text(files, &text, &len, err);

    rc = rc != 0 ? rc : rows_send(cli, span_make(text, len), true, reply, err);
    free(text);
    if (rc != 0 || dry_run) {
        return rc;
    }
    client_reply_release(reply);
    *reply = (struct client_reply){0};
    text = NULL;
    rc = import_files_send(files, err);
    rc = rc != 0 ? rc : import_files_text(files, &text, &len, err);
    rc = rc != 0 ? rc : rows_send(cli, span_make(text, len), false, reply, err);
    if (text != NULL) {
        crypto_wipe(text, len);
    }
    free(text);
    return rc;
}

static bool names_files(const char *text)
{
    return strstr(text, "attach") != NULL;
}

static int run(struct cli *cli, struct error *err)
{
    bool dry_run = cli_option(cli, "dry-run") != NULL;
    struct client_reply reply = {0};
    struct import_files *files = NULL;
    char *text = NULL;
    size_t len = 0;
    int rc = file_read(cli->args[1], FILE_MAX, &text, &len, err);

    rc = rc < 0 ? rc : cli_session(cli, err);
    if (rc == 0 && names_files(text)) {
        rc = import_files_new(cli, format_of(text), span_make(text, len),
                              &files, err);
    }
    if (rc == 0) {
        rc = files != NULL && import_files_len(files) > 0
                 ? files_import(cli, files, dry_run, &reply, err)
                 : rows_send(cli, span_make(text, len), dry_run, &reply, err);
    }
    if (cli->json) {
        (void)print_json(cli, &reply);
    } else if (rc == 0) {
        print_result(cli, reply.root);
    }
    import_files_free(files);
    client_reply_release(&reply);
    free(text);
    return rc;
}

static void more(const struct cli *cli)
{
    printf(
        "\n%s\n",
        say(cli,
            "TYPE là một loại của `qcdc record --help`, hoặc `any` khi mỗi "
            "dòng tự nói loại (cột `type`).\nFILE: CSV (UTF-8; dòng đầu là "
            "tên cột) hoặc mỗi dòng một JSON. Cột: key, unit, on, subject,\n"
            "refs, to, historical, các mục của loại, text.*, private.*. "
            "Cột key giữ cho nhập lại không ghi hai lần.\nCột `attach` (hoặc "
            "`attach.documents[0]` ...) nêu một tệp trong thư mục của tệp "
            "nhập: tệp đi cùng dòng.",
            "TYPE is one of `qcdc record --help`, or `any` when each row "
            "says its own (column `type`).\nFILE: CSV (UTF-8, first row "
            "names the columns) or one JSON object a line. Columns: key, "
            "unit, on,\nsubject, refs, to, historical, the type's fields, "
            "text.*, private.*. `key` makes importing twice harmless.\n"
            "`attach` (or `attach.documents[0]` ...) names a file of the "
            "import file's folder: it goes with the row."));
}

const struct command cmd_import = {
    .name = "import",
    .args = "TYPE FILE",
    .args_min = 2,
    .args_max = 2,
    .vi = "nhập một tệp: ghi tất cả hoặc không ghi gì",
    .en = "import a file: all of it or nothing",
    .reads = true,
    .signs = true,
    .options = {{"dry-run", NULL, "chỉ kiểm tra, không ghi",
                 "check only, record nothing"},
                {"sealed", NULL, "niêm phong các tệp của cột attach",
                 "seal the files of the column attach"}},
    .run = run,
    .more = more,
};
