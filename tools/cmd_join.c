/* tools: `qcdc join`, a node out of an invitation.
 * Owns the asking; node/setup.h does it. */
#include <stdio.h>
#include <stdlib.h>

#include "node/setup.h"
#include "tools/command.h"
#include "tools/setup_print.h"

/* What a person does now. */
static void print_next(const struct cli *cli, const char *file, uint32_t node)
{
    if (file == NULL) {
        printf("%s\n",
               say(cli,
                   "Khởi động nút; đọc dấu này qua điện thoại cho cấp trên để "
                   "họ xác nhận (qcdc invite --confirm).",
                   "Start the node; read the fingerprint to the superior over "
                   "the telephone, who confirms it (qcdc invite --confirm)."));
        return;
    }
    printf("%s\n  1. %s %s\n     qcdc bundle import %s\n  2. %s\n"
           "     qcdc invite --confirm ...\n"
           "     qcdc bundle export FILE --to %u\n"
           "  3. %s\n     qcdc bundle import FILE\n",
           say(cli, "Không có mạng, làm lần lượt:", "Without a network:"),
           say(cli, "Đưa tệp này lên cấp trên, ở đó chạy:",
               "Bring this file to the superior; there:"),
           file, file,
           say(cli,
               "Cấp trên so dấu nhận dạng qua điện thoại, xác nhận, rồi làm "
               "gói trả lời:",
               "The superior compares the fingerprint over the telephone, "
               "confirms it, and makes the answer:"),
           node,
           say(cli, "Mang gói về, khởi động nút ở đây và nhận gói:",
               "Bring the answer back, start the node here, and take it in:"));
}

static int run(struct cli *cli, struct error *err)
{
    struct join_request_options request = {
        .dir = cli->dir,
        .invitation = cli->args[0],
        .listen = cli_option(cli, "listen"),
        .endpoint = cli_option(cli, "endpoint"),
        .file = cli_option(cli, "bundle"),
    };
    struct setup_result *result = calloc(1, sizeof(*result));

    if (result == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    int rc = setup_join(&request, result, err);

    if (rc == 0) {
        printf("%s %u, %s %s\n", say(cli, "Nút", "Node"), result->node,
               say(cli, "hệ", "realm"), result->realm);
        setup_print_secrets(cli, result);
        printf("%s: %s\n", say(cli, "Dấu nhận dạng", "Fingerprint"),
               result->fingerprint);
        print_next(cli, request.file, result->node);
        printf("  qcdc-node --dir %s\n", cli->dir);
    }
    setup_secrets_wipe(result);
    free(result);
    return rc;
}

const struct command cmd_join = {
    .name = "join",
    .args = "INVITATION",
    .args_min = 1,
    .args_max = 1,
    .vi = "lập nút cấp dưới bằng thư mời của cấp trên",
    .en = "make a subordinate node with its superior's invitation",
    .options =
        {
            {"listen", "ADDRESS", "địa chỉ nghe cấp dưới nữa",
             "where its own children are listened to"},
            {"endpoint", "ADDRESS", "địa chỉ báo cho cấp dưới",
             "what they are told"},
            {"bundle", "FILE", "không có mạng: ghi yêu cầu vào tệp này",
             "no network: write the request into this file"},
        },
    .run = run,
};
