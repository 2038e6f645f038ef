/* tools: `qcdc join`, a node out of an invitation.
 * Owns the asking; node/setup.h does it. */
#include <stdio.h>
#include <stdlib.h>

#include "node/setup.h"
#include "tools/command.h"
#include "tools/setup_print.h"

static int run(struct cli *cli, struct error *err)
{
    struct join_request_options request = {
        .dir = cli->dir,
        .invitation = cli->args[0],
        .listen = cli_option(cli, "listen"),
        .endpoint = cli_option(cli, "endpoint"),
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
        printf("%s: %s\n%s\n", say(cli, "Dấu nhận dạng", "Fingerprint"),
               result->fingerprint,
               say(cli,
                   "Khởi động nút; đọc dấu này qua điện thoại cho cấp trên để "
                   "họ xác nhận (qcdc invite --confirm).",
                   "Start the node; read the fingerprint to the superior over "
                   "the telephone, who confirms it (qcdc invite --confirm)."));
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
        },
    .run = run,
};
