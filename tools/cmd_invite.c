/* tools: `qcdc invite`, and the confirming of who came with an invitation. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/command.h"

static int list_pending(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    int rc = cli_get(cli, "/v1/joins", &reply, err);
    const struct answer *joins = answer_get(reply.root, "joins");

    if (rc == 0 && !print_json(cli, &reply)) {
        if (answer_len(joins) == 0) {
            printf("%s\n", say(cli, "Không có nút nào chờ xác nhận.",
                               "No node is waiting."));
        }
        for (size_t i = 0; i < answer_len(joins); i++) {
            const struct answer *join = answer_at(joins, i);
            char when[WHEN_SIZE];

            printf("%s %lld  %s  %s\n", say(cli, "nút", "node"),
                   (long long)answer_number(answer_get(join, "node")),
                   answer_text(answer_get(join, "fingerprint")),
                   print_when(cli, answer_get(join, "received"), when));
        }
    }
    client_reply_release(&reply);
    return rc;
}

static int confirm(struct cli *cli, const char *fingerprint, struct error *err)
{
    struct request_body *body = request_new();
    struct client_reply reply;

    request_put_text(body, "fingerprint", fingerprint);
    int rc = cli_post(cli, "/v1/joins/confirm", body, &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        printf("%s %lld\n", say(cli, "Đã xác nhận nút", "Confirmed node"),
               (long long)answer_number(answer_get(reply.root, "node")));
    }
    client_reply_release(&reply);
    return rc;
}

static int run(struct cli *cli, struct error *err)
{
    struct client_reply reply;

    if (cli_option(cli, "confirm") != NULL) {
        return confirm(cli, cli_option(cli, "confirm"), err);
    }
    if (cli->args_len == 0) {
        return list_pending(cli, err);
    }
    if ((cli_option(cli, "again") != NULL) !=
        (cli_option(cli, "reason") != NULL)) {
        return error_set(err, ERR_USAGE,
                         "--again and --reason go together: fork, clone, "
                         "key-suspect, disk-lost, mirrors-lost or rotate");
    }

    struct request_body *body = request_new();
    const char *range = cli_option(cli, "numbers");

    request_put_text(body, "node", cli->args[0]);
    request_put_text(body, "endpoint", cli_option(cli, "endpoint"));
    request_put_bool(body, "has_dir", cli_option(cli, "with-children") != NULL);
    request_put_bool(body, "auto", cli_option(cli, "auto") != NULL);
    request_put_text(body, "reason", cli_option(cli, "reason"));
    request_put_text(body, "role", cli_option(cli, "role"));
    request_put_text(body, "at", cli_option(cli, "at"));
    if (range != NULL) {
        char first[16];
        char last[16];

        if (sscanf(range, "%15[0-9]-%15[0-9]", first, last) != 2) {
            free(request_end(body));
            return error_set(err, ERR_USAGE,
                             "--numbers: \"%.40s\": write it as 5000-5999",
                             range);
        }
        request_put_text(body, "numbers_first", first);
        request_put_text(body, "numbers_last", last);
    }
    int rc = cli_post(cli, "/v1/invite", body, &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        printf("%s\n", answer_text(answer_get(reply.root, "invitation")));
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_invite = {
    .name = "invite",
    .args = "[NODE]",
    .args_max = 1,
    .vi = "thư mời một dòng cho nút cấp dưới; không đối số: ai đang chờ",
    .en = "a one-line invitation for a child node; without NODE: who waits",
    .reads = true,
    .options =
        {
            {"confirm", "FINGERPRINT", "xác nhận nút có dấu này",
             "confirm the node with this fingerprint"},
            {"auto", NULL, "tự xác nhận (chỉ hệ trình diễn)",
             "confirm by itself (demonstrations only)"},
            {"again", NULL, "nút đã được chứng nhận, vào lại với khóa mới",
             "a node certified already joins again with new keys"},
            {"reason", "WHY",
             "fork, clone, key-suspect, disk-lost, mirrors-lost, rotate",
             "fork, clone, key-suspect, disk-lost, mirrors-lost, rotate"},
            {"endpoint", "ADDRESS", "địa chỉ của nút này",
             "where it reaches this node"},
            {"role", "ROLE", "standby (dự phòng của tỉnh), observer (chỉ đọc)",
             "standby (of the top node), observer (reads only)"},
            {"at", "ADDRESS", "nút dự phòng sẽ nghe ở đâu",
             "where a standby will listen"},
            {"with-children", NULL, "nút ấy sẽ có cấp dưới",
             "it will have children of its own"},
            {"numbers", "A-B", "dải số nó được cấp",
             "numbers that it may register"},
        },
    .run = run,
};
