/* tools: `qcdc login` and `qcdc logout`. */
#include <stdio.h>

#include "tools/command.h"

static int run(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    int rc = cli_login(cli, cli->args[0], &reply, err);
    const struct answer *official = answer_get(reply.root, "official");

    rc = rc < 0 ? rc
                : cli_session_save(
                      cli, answer_text(answer_get(reply.root, "session")), err);
    if (rc == 0) {
        printf("%s %s, %s\n", say(cli, "Đã mở khóa của", "Unlocked the key of"),
               answer_text(answer_get(official, "name")),
               answer_text(answer_get(answer_get(official, "unit"), "name")));
    }
    client_reply_release(&reply);
    return rc;
}

static int run_logout(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    int rc = cli_session(cli, err);

    rc = rc < 0 ? rc : cli_post(cli, "/v1/logout", request_new(), &reply, err);
    if (rc == 0) {
        cli_session_forget(cli);
        printf("%s\n", say(cli, "Đã khóa lại.", "Locked."));
        client_reply_release(&reply);
    }
    return rc;
}

const struct command cmd_login = {
    .name = "login",
    .args = "NAME",
    .args_min = 1,
    .args_max = 1,
    .vi = "mở khóa của mình để ký (tự khóa sau 10 phút không dùng)",
    .en = "unlock one's key for signing (locks after 10 idle minutes)",
    .run = run,
};

extern const struct command cmd_logout;
const struct command cmd_logout = {
    .name = "logout",
    .args = "",
    .vi = "khóa lại",
    .en = "lock it again",
    .run = run_logout,
};
