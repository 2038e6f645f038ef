/* tools: `qcdc user`, the officials of this node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/crypto.h"
#include "tools/command.h"

/* Bits of enum Right in event.proto. */
static const struct {
    const char *name;
    int64_t bit;
    const char *vi;
} rights[] = {
    {"record", 1, "ghi nhận"},
    {"lead", 2, "lãnh đạo"},
    {"report", 4, "báo cáo"},
    {"denunciation", 8, "tố cáo"},
};
#define RIGHTS_LEN (sizeof(rights) / sizeof(*rights))

static int parse_rights(const char *text, int64_t *out, struct error *err)
{
    *out = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        bool found = false;

        for (size_t i = 0; i < RIGHTS_LEN; i++) {
            if (strlen(rights[i].name) == len &&
                strncmp(text, rights[i].name, len) == 0) {
                *out |= rights[i].bit;
                found = true;
            }
        }
        if (!found) {
            return error_set(err, ERR_USAGE,
                             "--rights: \"%.*s\": record, lead, report, "
                             "denunciation, separated by commas",
                             (int)(len > 40 ? 40 : len), text);
        }
        text += len + (text[len] == ',');
    }
    return 0;
}

static int add(struct cli *cli, struct error *err)
{
    const char *unit = cli_option(cli, "unit");
    const char *post = cli_option(cli, "post");
    const char *names = cli_option(cli, "rights");
    char password[PASSWORD_MAX];
    struct client_reply reply;
    int64_t bits = 1;

    if (cli->args_len != 2 || unit == NULL || post == NULL) {
        return error_set(err, ERR_USAGE,
                         "usage: qcdc user add NAME --unit N --post TEXT");
    }
    int rc = names == NULL ? 0 : parse_rights(names, &bits, err);
    rc = rc < 0 ? rc : cli_session(cli, err);
    rc = rc < 0 ? rc
                : password_ask(cli,
                               say(cli, "Mật khẩu mới (ít nhất 8 ký tự): ",
                                   "New password (8 characters at least): "),
                               password, err);
    if (rc < 0) {
        return rc;
    }
    struct request_body *body = request_new();

    request_put_text(body, "name", cli->args[1]);
    request_put_text(body, "post", post);
    request_put_text(body, "unit", unit);
    request_put_text(body, "password", password);
    request_put_number(body, "rights", bits);
    crypto_wipe(password, sizeof(password));
    rc = cli_post(cli, "/v1/officials/add", body, &reply, err);
    if (rc == 0 && !print_json(cli, &reply)) {
        printf("%s %s\n", say(cli, "Đã thêm", "Added"), cli->args[1]);
    }
    client_reply_release(&reply);
    return rc;
}

static int revoke(struct cli *cli, struct error *err)
{
    struct client_reply reply;

    if (cli->args_len != 2) {
        return error_set(err, ERR_USAGE, "usage: qcdc user revoke NAME");
    }
    struct request_body *body = request_new();

    request_put_text(body, "name", cli->args[1]);
    int rc = cli_post(cli, "/v1/officials/revoke", body, &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        printf("%s %s\n", say(cli, "Đã thu quyền của", "Revoked"),
               cli->args[1]);
    }
    client_reply_release(&reply);
    return rc;
}

static void rights_text(const struct cli *cli, int64_t bits, char *room,
                        size_t size)
{
    size_t len = 0;

    room[0] = '\0';
    for (size_t i = 0; i < RIGHTS_LEN; i++) {
        if ((bits & rights[i].bit) != 0 && len < size) {
            len += (size_t)snprintf(room + len, size - len, "%s%s",
                                    len > 0 ? ", " : "",
                                    say(cli, rights[i].vi, rights[i].name));
        }
    }
}

static int list(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    int rc = cli_get(cli, "/v1/officials", &reply, err);
    const struct answer *all = answer_get(reply.root, "officials");

    if (rc == 0 && !print_json(cli, &reply)) {
        struct table *table = table_new(5, 0);

        table_add(table, say(cli, "Tên", "Name"));
        table_add(table, say(cli, "Chức vụ", "Post"));
        table_add(table, say(cli, "Đơn vị", "Unit"));
        table_add(table, say(cli, "Quyền", "Rights"));
        table_add(table, "");
        for (size_t i = 0; i < answer_len(all); i++) {
            const struct answer *one = answer_at(all, i);
            char text[128];

            rights_text(cli, answer_number(answer_get(one, "rights")), text,
                        sizeof(text));
            table_add(table, answer_text(answer_get(one, "name")));
            table_add(table, answer_text(answer_get(one, "post")));
            table_add(table,
                      answer_text(answer_get(answer_get(one, "unit"), "name")));
            table_add(table, text);
            table_add(table, answer_bool(answer_get(one, "revoked"))
                                 ? say(cli, "đã thu quyền", "revoked")
                             : answer_bool(answer_get(one, "logged_in"))
                                 ? say(cli, "đang đăng nhập", "logged in")
                                 : "");
        }
        rc = table_end(table, err);
    }
    client_reply_release(&reply);
    return rc;
}

/* The secret from --secret FILE, or typed; never an argument, which others see
 * in the list of processes. */
static int secret_read(struct cli *cli, char secret[PASSWORD_MAX],
                       struct error *err)
{
    const char *path = cli_option(cli, "secret");
    char *text = NULL;
    size_t len = 0;
    int rc;

    if (path == NULL) {
        return secret_ask(say(cli,
                              "Mã khôi phục ghi trên giấy (8 nhóm, 8 ký tự): ",
                              "Recovery secret on the paper (8 groups of 8 "
                              "characters): "),
                          secret, err);
    }
    rc = file_read(path, PASSWORD_MAX - 1, &text, &len, err);
    if (rc == 0) {
        memcpy(secret, text, len);
        secret[len] = '\0';
        crypto_wipe(text, len);
    }
    free(text);
    return rc;
}

static int recovery(struct cli *cli, struct error *err)
{
    char secret[PASSWORD_MAX];
    struct client_reply reply;
    int rc = cli->args_len == 1
                 ? cli_session(cli, err)
                 : error_set(err, ERR_USAGE,
                             "the secret is typed or read from a file, never "
                             "an argument: qcdc user recovery [--secret FILE]");

    rc = rc < 0 ? rc : secret_read(cli, secret, err);
    if (rc < 0) {
        return rc;
    }
    struct request_body *body = request_new();

    request_put_text(body, "secret", secret);
    crypto_wipe(secret, sizeof(secret));
    rc = cli_post(cli, "/v1/officials/recovery", body, &reply, err);
    if (rc == 0 && !print_json(cli, &reply)) {
        printf(
            "%s: %s\n%s\n",
            answer_text(answer_get(answer_get(reply.root, "unit"), "name")),
            say(cli, "nội dung riêng từ trước đọc lại được khi đăng nhập.",
                "earlier private contents are readable again after a login."),
            say(cli,
                "Giữ cả mã cũ lẫn mã mới trong két: mất máy lần nữa thì cần "
                "cả hai.",
                "Keep the old paper and the new one in the safe: another "
                "loss needs both."));
    }
    client_reply_release(&reply);
    return rc;
}

static int run(struct cli *cli, struct error *err)
{
    if (strcmp(cli->args[0], "recovery") == 0) {
        return recovery(cli, err);
    }
    if (strcmp(cli->args[0], "add") == 0) {
        return add(cli, err);
    }
    if (strcmp(cli->args[0], "list") == 0) {
        return list(cli, err);
    }
    if (strcmp(cli->args[0], "revoke") == 0) {
        return revoke(cli, err);
    }
    return error_set(err, ERR_USAGE,
                     "user: \"%.40s\": add, list, "
                     "revoke or recovery",
                     cli->args[0]);
}

const struct command cmd_user = {
    .name = "user",
    .args = "add NAME | list | revoke NAME | recovery",
    .args_min = 1,
    .args_max = 2,
    .vi = "cán bộ của nút này: thêm, xem, thu quyền; dùng mã khôi phục cũ",
    .en = "officials of this node: add, list, revoke; give a recovery secret",
    .reads = true,
    .options =
        {
            {"unit", "N", "đơn vị của cán bộ", "the official's unit"},
            {"post", "TEXT", "chức vụ, không phải họ tên",
             "the post, not the person's name"},
            {"rights", "LIST", "record,lead,report,denunciation",
             "record,lead,report,denunciation"},
            {"secret", "FILE", "tệp chứa mã khôi phục, - là đầu vào chuẩn",
             "file with the recovery secret, - for standard input"},
        },
    .run = run,
};
