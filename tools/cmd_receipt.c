/* tools: `qcdc receipt`, and the policy that a verifier needs beside it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "tools/command.h"

/* Text of the node to a file or to stdout, byte for byte. */
static int put_text(struct cli *cli, const struct client_reply *reply,
                    struct error *err)
{
    const char *path = cli_option(cli, "output");
    FILE *out = path == NULL ? stdout : fopen(path, "wxe");

    if (out == NULL) {
        return error_set(err, errno == EEXIST ? ERR_USAGE : ERR_IO,
                         "%.160s: %s", path, strerror(errno));
    }
    bool put = fwrite(reply->text, 1, reply->len, out) == reply->len;

    if ((out != stdout && fclose(out) != 0) || !put) {
        return error_set(err, ERR_IO, "%.160s: not written whole",
                         path == NULL ? "stdout" : path);
    }
    return 0;
}

static int run_receipt(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    char room[512];
    struct buf path = buf_over(room, sizeof(room) - 1);

    if (strspn(cli->args[0], "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
            strlen(cli->args[0]) ||
        strlen(cli->args[0]) > 128) {
        return error_set(err, ERR_USAGE, "%.60s: no code, id or key",
                         cli->args[0]);
    }
    buf_put_fmt(&path, "/v1/receipt/%s", cli->args[0]);
    room[path.len] = '\0';
    int rc = cli_get(cli, room, &reply, err);

    rc = rc < 0 ? rc : put_text(cli, &reply, err);
    client_reply_release(&reply);
    return rc;
}

static int run_policy(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    int rc = cli_get(cli, "/v1/policy", &reply, err);

    rc = rc < 0 ? rc : put_text(cli, &reply, err);
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_receipt = {
    .name = "receipt",
    .args = "EVENT",
    .args_min = 1,
    .args_max = 1,
    .vi = "bản xác nhận: ai cũng kiểm được, không cần mạng",
    .en = "a receipt that anyone can verify offline",
    .options = {{"output", "FILE", "ghi vào tệp mới", "into a new file"}},
    .run = run_receipt,
};

extern const struct command cmd_policy;
const struct command cmd_policy = {
    .name = "policy",
    .args = "",
    .vi = "tệp chính sách (tlog-policy) để kiểm bản xác nhận",
    .en = "the policy file (tlog-policy) for verifying receipts",
    .options = {{"output", "FILE", "ghi vào tệp mới", "into a new file"}},
    .run = run_policy,
};
