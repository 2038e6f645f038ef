/* tools: `qcdc snapshot` and `qcdc recompute`, figures that another node can
 * compute again. The snapshot is JSON: keep it as it is. */
#include <stdio.h>
#include <stdlib.h>

#include "protocol/base/buf.h"
#include "tools/command.h"

static int run_snapshot(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    char room[256];
    struct buf path = buf_over(room, sizeof(room) - 1);

    buf_put_str(&path, "/v1/snapshot");
    client_query_put(&path, "as_of", cli_option(cli, "as-of"));
    room[path.len] = '\0';
    int rc = cli_get(cli, room, &reply, err);

    if (rc == 0) {
        printf("%s\n", reply.text);
    }
    client_reply_release(&reply);
    return rc;
}

static void print_side(const struct cli *cli, const char *name,
                       const struct answer *side)
{
    if (answer_is_null(side)) {
        printf("  %s: %s", name, say(cli, "không có", "none"));
        return;
    }
    printf("  %s: %s %lld/%lld", name, answer_text(answer_get(side, "verdict")),
           (long long)answer_number(answer_get(side, "n")),
           (long long)answer_number(answer_get(side, "d")));
}

static void print_differences(const struct cli *cli, const struct answer *root)
{
    const struct answer *versions = answer_get(root, "versions");
    const struct answer *differs = answer_get(root, "differs");

    for (size_t i = 0; i < answer_len(versions); i++) {
        const struct answer *one = answer_at(versions, i);

        printf("%s: %s %lld, %s %lld\n", answer_text(answer_get(one, "what")),
               say(cli, "ở đây", "here"),
               (long long)answer_number(answer_get(one, "here")),
               say(cli, "ở tệp", "in the file"),
               (long long)answer_number(answer_get(one, "there")));
    }
    for (size_t i = 0; i < answer_len(differs); i++) {
        const struct answer *one = answer_at(differs, i);

        printf("%s %s %lld/%lld",
               answer_text(answer_get(answer_get(one, "unit"), "name")),
               answer_text(answer_get(one, "duty")),
               (long long)answer_number(answer_get(one, "month")),
               (long long)answer_number(answer_get(one, "year")));
        print_side(cli, say(cli, "ở đây", "here"), answer_get(one, "here"));
        print_side(cli, say(cli, "ở tệp", "in the file"),
                   answer_get(one, "there"));
        printf("\n");
    }
}

static int run_recompute(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    char *text = NULL;
    size_t len = 0;
    int rc =
        file_read(cli->args[0], (size_t)64 * 1024 * 1024, &text, &len, err);

    if (rc < 0) {
        return rc;
    }
    rc = cli_post_text(cli, "/v1/recompute", span_make(text, len), &reply, err);
    free(text);
    if (rc == 0) {
        bool same = answer_bool(answer_get(reply.root, "same"));

        if (!print_json(cli, &reply)) {
            printf("%s: %s\n",
                   same ? say(cli, "KHỚP", "SAME")
                        : say(cli, "KHÁC", "DIFFERENT"),
                   answer_text(answer_get(reply.root, "hash")));
            print_differences(cli, reply.root);
        }
        rc = same ? 0
                  : error_set(err, ERR_CONFLICT,
                              "%.80s: computed here the "
                              "figures differ",
                              cli->args[0]);
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_snapshot = {
    .name = "snapshot",
    .args = "",
    .vi = "bản chốt số liệu (JSON), nút khác tính lại được",
    .en = "a snapshot of the figures (JSON) that others can recompute",
    .reads = true,
    .options = {{"as-of", "DATE", "tính đến ngày", "as of that day"}},
    .run = run_snapshot,
};

extern const struct command cmd_recompute;
const struct command cmd_recompute = {
    .name = "recompute",
    .args = "FILE",
    .args_min = 1,
    .args_max = 1,
    .vi = "tính lại một bản chốt và so từng ô",
    .en = "compute a snapshot again and compare every cell",
    .reads = true,
    .run = run_recompute,
};
