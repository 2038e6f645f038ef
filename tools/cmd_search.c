/* tools: `qcdc search`; accents do not matter, private contents are not in it.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "tools/command.h"
#include "tools/records_print.h"

static int run(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    char words[512] = "";
    char room[2048];
    struct buf path = buf_over(room, sizeof(room) - 1);
    size_t len = 0;

    for (size_t i = 0; i < cli->args_len; i++) {
        int put = snprintf(words + len, sizeof(words) - len, "%s%s",
                           i > 0 ? " " : "", cli->args[i]);

        if (put < 0 || (size_t)put >= sizeof(words) - len) {
            return error_set(err, ERR_USAGE, "the words are over %zu bytes",
                             sizeof(words) - 1);
        }
        len += (size_t)put;
    }
    if (strspn(words, " ") == strlen(words)) {
        return error_set(
            err, ERR_USAGE,
            "no words to look for: write some after `qcdc search`");
    }
    buf_put_str(&path, "/v1/search");
    client_query_put(&path, "q", words);
    if (path.overflow) {
        return error_set(err, ERR_USAGE, "the words are too long");
    }
    room[path.len] = '\0';
    int rc = cli_get(cli, room, &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        const struct answer *records = answer_get(reply.root, "records");

        if (answer_len(records) == 0) {
            printf("%s\n", say(cli, "Không tìm thấy.", "Nothing found."));
        } else {
            rc = records_print(cli, records, err);
        }
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_search = {
    .name = "search",
    .args = "WORD ...",
    .args_min = 1,
    .args_max = 32,
    .vi = "tìm theo chữ (không cần dấu), số văn bản, mã số",
    .en = "search words (accents do not matter), paper numbers, codes",
    .reads = true,
    .run = run,
};
