/* tools: `qcdc init`, a new realm with its top node.
 * Owns the asking; node/setup.h does it. Secrets are printed once, here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/setup.h"
#include "tools/command.h"
#include "tools/setup_print.h"

static int number_option(const struct cli *cli, const char *name, uint32_t *out,
                         struct error *err)
{
    const char *text = cli_option(cli, name);
    size_t len = text == NULL ? 0 : strlen(text);

    if (len == 0 || len > 9 || strspn(text, "0123456789") != len) {
        return error_set(err, ERR_USAGE, "--%s: a number is needed", name);
    }
    *out = (uint32_t)strtoul(text, NULL, 10);
    return 0;
}

static int needed(const struct cli *cli, const char *name, const char **out,
                  struct error *err)
{
    *out = cli_option(cli, name);
    return *out != NULL ? 0
                        : error_set(err, ERR_USAGE, "--%s is missing", name);
}

static int run(struct cli *cli, struct error *err)
{
    struct init_request request = {
        .dir = cli->dir,
        .units_path = NULL,
        .rules_path = cli_option(cli, "rules"),
        .listen = cli_option(cli, "listen"),
        .endpoint = cli_option(cli, "endpoint"),
        .demo = cli_option(cli, "demo") != NULL,
    };
    struct setup_result *result = calloc(1, sizeof(*result));
    int rc = 0;

    if (result == NULL) {
        return error_set(err, ERR_NOMEM, "no memory");
    }
    rc = rc < 0 ? rc : needed(cli, "realm", &request.realm, err);
    rc = rc < 0 ? rc : needed(cli, "units", &request.units_path, err);
    rc = rc < 0 ? rc : needed(cli, "root-key", &request.root_key_path, err);
    rc = rc < 0 ? rc : number_option(cli, "node", &request.node, err);
    if (request.listen == NULL) {
        request.listen = "tcp://0.0.0.0:7600";
    }
    rc = rc < 0 ? rc : setup_init(&request, result, err);
    if (rc == 0) {
        printf("%s %s: %u %s, %s %u\n", say(cli, "Đã lập", "Made"),
               result->realm, result->units, say(cli, "đơn vị", "units"),
               say(cli, "nút", "node"), result->node);
        printf("%s: %s\n",
               say(cli, "Khóa gốc (công khai)", "Root key (public)"),
               result->root_key);
        printf("%s: %s\n",
               say(cli, "Khóa gốc bí mật, cất ngoài máy này",
                   "Secret root key, keep it off this machine"),
               request.root_key_path);
        setup_print_secrets(cli, result);
        printf("%s: qcdc-node --dir %s\n",
               say(cli, "Khởi động nút", "Start the node"), cli->dir);
    }
    setup_secrets_wipe(result);
    free(result);
    return rc;
}

const struct command cmd_init = {
    .name = "init",
    .args = "--realm NAME --node N --units FILE --root-key FILE",
    .vi = "lập một hệ mới với nút cao nhất (làm một lần, ở tỉnh)",
    .en = "make a new realm with its top node (once, at the province)",
    .options =
        {
            {"realm", "NAME", "tên hệ, [a-z0-9-]", "name, [a-z0-9-]"},
            {"node", "N", "số của nút cao nhất", "number of the top node"},
            {"units", "FILE", "tệp đơn vị và địa bàn (CSV)",
             "file of units and territories (CSV)"},
            {"rules", "FILE", "bộ nhiệm vụ và lịch ngày nghỉ (JSON)",
             "duty rules and calendar (JSON)"},
            {"root-key", "FILE", "nơi ghi khóa gốc bí mật",
             "where the secret root key is written"},
            {"listen", "ADDRESS", "địa chỉ nghe cấp dưới",
             "where children are listened to"},
            {"endpoint", "ADDRESS", "địa chỉ báo cho cấp dưới",
             "what children are told"},
            {"demo", NULL, "hệ trình diễn: đồng hồ đặt được",
             "a demonstration: its clock can be set"},
        },
    .run = run,
};
