/* tools: `qcdc list`, records newest first, or the units of the directory. */
#include <stdio.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "tools/command.h"
#include "tools/records_print.h"

static int print_units(const struct cli *cli, const struct answer *units,
                       struct error *err)
{
    struct table *table = table_new(5, 1u | 1u << 2 | 1u << 3 | 1u << 4);

    table_add(table, say(cli, "Số", "Number"));
    table_add(table, say(cli, "Tên", "Name"));
    table_add(table, say(cli, "Địa bàn", "Territory"));
    table_add(table, say(cli, "Nút", "Node"));
    table_add(table, say(cli, "Cấp trên", "Reports to"));
    for (size_t i = 0; i < answer_len(units); i++) {
        const struct answer *unit = answer_at(units, i);

        table_add_number(table, answer_number(answer_get(unit, "number")));
        table_add(table, answer_text(answer_get(unit, "name")));
        table_add_number(table, answer_number(answer_get(unit, "territory")));
        table_add_number(table, answer_number(answer_get(unit, "host")));
        table_add_number(table, answer_number(answer_get(unit, "reports_to")));
    }
    return table_end(table, err);
}

static int run(struct cli *cli, struct error *err)
{
    bool units = cli->args_len > 0 && strcmp(cli->args[0], "units") == 0;
    struct client_reply reply;
    char room[1024];
    struct buf path = buf_over(room, sizeof(room) - 1);

    buf_put_str(&path, units ? "/v1/units" : "/v1/records");
    if (!units) {
        client_query_put(&path, "kind",
                         cli->args_len > 0 ? cli->args[0] : NULL);
        client_query_put(&path, "unit", cli_option(cli, "unit"));
        client_query_put(&path, "holder", cli_option(cli, "holder"));
        client_query_put(&path, "decider", cli_option(cli, "decider"));
        client_query_put(&path, "dialogue", cli_option(cli, "dialogue"));
        client_query_put(&path, "from", cli_option(cli, "from"));
        client_query_put(&path, "until", cli_option(cli, "until"));
        client_query_put(&path, "max", cli_option(cli, "max"));
    }
    room[path.len] = '\0';
    int rc = cli_get(cli, room, &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        rc = units ? print_units(cli, answer_get(reply.root, "units"), err)
                   : records_print(cli, answer_get(reply.root, "records"), err);
        if (answer_bool(answer_get(reply.root, "more"))) {
            printf("%s\n", say(cli, "... còn nữa: --max, --until",
                               "... there is more: --max, --until"));
        }
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_list = {
    .name = "list",
    .args = "[petition|dialogue|plan|report|notice|units]",
    .args_max = 1,
    .vi = "danh sách hồ sơ, mới nhất trước; units: các đơn vị",
    .en = "records, newest first; units: the directory",
    .reads = true,
    .options =
        {
            {"unit", "N", "có đơn vị này tham gia",
             "in which this unit has a "
             "part"},
            {"holder", "N", "đơn vị này đang giữ", "held by this unit"},
            {"decider", "N", "trả lại hai lần, chờ đơn vị này quyết định",
             "returned twice, to be decided by this unit"},
            {"dialogue", "CODE", "nêu tại buổi đối thoại này",
             "raised at this dialogue"},
            {"from", "DATE", "từ ngày", "from that day"},
            {"until", "DATE", "đến ngày", "to that day"},
            {"max", "N", "tối đa bao nhiêu", "at most so many"},
        },
    .run = run,
};
