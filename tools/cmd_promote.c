/* tools: `qcdc promote`, the standby takes the place of a lost top node.
 * Owns the asking and the plain words; node/setup_promote.c does it. */
#include <stdio.h>
#include <stdlib.h>

#include "node/setup.h"
#include "tools/command.h"
#include "tools/setup_print.h"

/* Written out before the promotion is final: with a cut afterwards the old try
 * is finished, and these are the secrets of its keys. */
static int secrets_show(void *ctx, const struct setup_result *result,
                        struct error *err)
{
    setup_print_secrets(ctx, result);
    return fflush(stdout) == 0 && ferror(stdout) == 0
               ? 0
               : error_set(err, ERR_IO,
                           "the recovery secrets could not be shown: nothing "
                           "was promoted; try again where they can be read");
}

static void print_promoted(const struct cli *cli,
                           const struct setup_result *result)
{
    printf("%s %u, %s %s: %s\n",
           say(cli, "Máy này nay là nút cao nhất, nút",
               "This machine is the top node now, node"),
           result->node, say(cli, "hệ", "realm"), result->realm,
           result->endpoint);
    printf("%s %llu, %s %llu; %s e%u\n",
           say(cli, "Sổ thư mục cũ kết thúc ở",
               "The directory log before ends at"),
           (unsigned long long)result->dir_size,
           say(cli, "sổ ghi cũ ở", "the record log before at"),
           (unsigned long long)result->log_size,
           say(cli, "sổ mới là", "the next ones are"), result->epoch);
    printf("%s\n",
           say(cli,
               "Những gì nút cao nhất cũ ghi sau lần nghe cuối ở đây không "
               "còn trong sổ.",
               "What the top node before recorded after this machine last "
               "heard it is in no log any more."));
    printf("%s\n",
           say(cli,
               "Cất khóa gốc trở lại két. Khởi động nút: cấp dưới tự tìm đến. "
               "Máy cũ nếu quay lại sẽ bị từ chối. Cán bộ của các đơn vị ở "
               "nút này phải được lập lại (qcdc user add); nên mời một máy dự "
               "phòng mới (qcdc invite N --role standby).",
               "Put the root key back into the safe. Start the node: children "
               "find it by themselves. The machine before is refused, should "
               "it come back. Officials of this node's units must be added "
               "anew (qcdc user add); invite another standby (qcdc invite N "
               "--role standby)."));
    printf("  qcdc-node --dir %s\n", cli->dir);
}

static int run(struct cli *cli, struct error *err)
{
    struct promote_request request = {
        .dir = cli->dir,
        .root_key_path = cli_option(cli, "root-key"),
        .listen = cli_option(cli, "listen"),
        .endpoint = cli_option(cli, "endpoint"),
        .force = cli_option(cli, "force") != NULL,
        .show = secrets_show,
        .ctx = cli,
    };
    struct setup_result *result = NULL;
    int rc = 0;

    if (request.root_key_path == NULL) {
        return error_set(err, ERR_USAGE,
                         "--root-key is missing: the file that `qcdc init` "
                         "wrote and that lies in the safe");
    }
    result = calloc(1, sizeof(*result));
    if (result == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    rc = setup_promote(&request, result, err);
    if (rc == 0) {
        print_promoted(cli, result);
    }
    setup_secrets_wipe(result);
    free(result);
    return rc;
}

const struct command cmd_promote = {
    .name = "promote",
    .args = "--root-key FILE",
    .vi = "nút cao nhất mất: máy dự phòng này thay nó, bằng khóa gốc",
    .en = "the top node is lost: this standby takes its place, by the root key",
    .options =
        {
            {"root-key", "FILE", "khóa gốc bí mật, từ két",
             "the secret root key, from the safe"},
            {"listen", "ADDRESS", "địa chỉ nghe cấp dưới",
             "where children are listened to"},
            {"endpoint", "ADDRESS", "địa chỉ báo cho cấp dưới",
             "what children are told"},
            {"force", NULL, "dù máy này lâu không nghe tin nút cao nhất",
             "though this machine has not heard the top node for long"},
        },
    .run = run,
};
