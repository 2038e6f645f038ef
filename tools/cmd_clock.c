/* tools: `qcdc clock`, the node's clock; set only where nothing is real. */
#include <stdio.h>

#include "tools/command.h"

static int run(struct cli *cli, struct error *err)
{
    const char *set = cli_option(cli, "set");
    struct client_reply reply;
    int rc;

    if (set == NULL && cli_option(cli, "confirm") != NULL) {
        struct request_body *body = request_new();

        request_put_bool(body, "confirm", true);
        rc = cli_post(cli, "/v1/clock", body, &reply, err);
    } else if (set != NULL) {
        struct request_body *body = request_new();

        request_put_text(body, "set", set);
        rc = cli_post(cli, "/v1/clock", body, &reply, err);
    } else {
        rc = cli_get(cli, "/v1/node", &reply, err);
    }
    if (rc == 0 && !print_json(cli, &reply)) {
        const struct answer *node = answer_get(reply.root, "node");
        int64_t offset = answer_number(answer_get(node, "clock_offset_ms"));

        print_head(cli, &reply);
        printf("%s: %lld s\n",
               say(cli, "Lệch so với giờ máy", "Offset to the machine's clock"),
               (long long)(offset / 1000));
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_clock = {
    .name = "clock",
    .args = "",
    .vi = "đồng hồ của nút: xem, xác nhận là đúng; chỉ hệ trình diễn mới đặt "
          "được",
    .en = "the node's clock: see it, confirm that it is right; only a "
          "demonstration may set it",
    .reads = true,
    .options = {{"set", "TIME", "đặt, ví dụ 2024-03-01T08:00",
                 "set it, as 2024-03-01T08:00"},
                {"confirm", NULL, "người trực xác nhận giờ đang hiện là đúng",
                 "a person confirms that the time shown is right"}},
    .run = run,
};
