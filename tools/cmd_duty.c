/* tools: `qcdc duty`, one duty of one unit: evidence and arithmetic. */
#include <stdio.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "tools/command.h"

static void print_evidence(const struct cli *cli, const struct answer *list,
                           int64_t all)
{
    char when[WHEN_SIZE];

    for (size_t i = 0; i < answer_len(list); i++) {
        const struct answer *one = answer_at(list, i);

        printf("    %s %s  %s  %s  %s\n", say(cli, "minh chứng", "evidence"),
               answer_text(answer_get(one, "code")),
               print_when(cli, answer_get(one, "on"), when),
               say(cli, answer_text(answer_get(one, "title")),
                   answer_text(answer_get(one, "type"))),
               answer_text(answer_get(answer_get(one, "unit"), "name")));
    }
    if ((size_t)all > answer_len(list)) {
        printf("    ... %lld\n", (long long)all);
    }
}

static void print_flags(const struct cli *cli, const struct answer *item)
{
    static const struct {
        const char *name, *vi, *en;
    } flags[] = {
        {"approved", "cấp trên chấp thuận", "approved by a superior"},
        {"extended", "đã gia hạn", "extended"},
        {"postponed", "đã hoãn", "postponed"},
        {"owed_by_others", "đơn vị khác phải làm", "owed by others"},
        {"improved", "sửa tốt lên", "improved by correction"},
        {"noted", "trả lời \"ghi nhận\"", "answered by \"noted\""},
        {"withdrawn", "đã rút", "withdrawn"},
        {"reopened", "mở lại", "reopened"},
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        if (answer_bool(answer_get(item, flags[i].name))) {
            printf("    (%s)\n", say(cli, flags[i].vi, flags[i].en));
        }
    }
}

static void print_lines(const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        printf("    %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

/* "not_due" of the answer is "not due" to a reader. */
static const char *verdict_of(const struct cli *cli, const struct answer *of,
                              char room[32])
{
    const char *word =
        answer_text(answer_get(of, cli->english ? "verdict" : "verdict_vi"));
    size_t i = 0;

    if (!cli->english) {
        return word;
    }
    for (; i < 31 && word[i] != '\0'; i++) {
        room[i] = word[i];
        if (word[i] == '_') {
            room[i] = ' ';
        }
    }
    room[i] = '\0';
    return room;
}

static void print_item(const struct cli *cli, const struct answer *item,
                       size_t number)
{
    char when[WHEN_SIZE];
    char verdict[32];

    printf("\n%zu. %s", number, verdict_of(cli, item, verdict));
    printf(" (%s)",
           answer_text(answer_get(item, cli->english ? "grade" : "grade_vi")));
    printf("  %s %s", say(cli, "hạn", "due"),
           print_when(cli, answer_get(item, "due"), when));
    printf("  %s %s", say(cli, "làm ngày", "done"),
           print_when(cli, answer_get(item, "met"), when));
    printf("  %s %s\n", answer_text(answer_get(item, "subject")),
           answer_text(answer_get(item, "second")));
    print_lines(answer_text(
        answer_get(item, cli->english ? "explain_en" : "explain_vi")));
    print_flags(cli, item);
    print_evidence(cli, answer_get(item, "evidence"),
                   answer_number(answer_get(item, "evidence_count")));
}

static void print_cells(const struct cli *cli, const struct answer *cells)
{
    for (size_t i = 0; i < answer_len(cells); i++) {
        const struct answer *cell = answer_at(cells, i);
        int64_t month = answer_number(answer_get(cell, "month"));
        char verdict[32];
        char period[16];

        if (month == 0) {
            snprintf(period, sizeof(period), "%04d",
                     (int)answer_number(answer_get(cell, "year")));
        } else {
            snprintf(period, sizeof(period), "%02d/%04d", (int)month,
                     (int)answer_number(answer_get(cell, "year")));
        }
        printf("  %-8s %s: %lld/%lld\n", period, verdict_of(cli, cell, verdict),
               (long long)answer_number(answer_get(cell, "n")),
               (long long)answer_number(answer_get(cell, "d")));
    }
}

static void print_duty(const struct cli *cli, const struct client_reply *reply)
{
    const struct answer *root = reply->root;
    const struct answer *rule = answer_get(root, "rule");
    const struct answer *items = answer_get(root, "items");
    const char *why = answer_text(answer_get(root, "uncomputed"));
    char when[WHEN_SIZE];

    print_head(cli, reply);
    printf(
        "%s: %s — %s\n",
        answer_text(answer_get(answer_get(root, "unit"), "name")),
        answer_text(answer_get(rule, "id")),
        answer_text(answer_get(rule, cli->english ? "title_en" : "title_vi")));
    printf("%s: %s%s; %s %s\n", say(cli, "Căn cứ", "Basis"),
           answer_text(answer_get(rule, "basis")),
           answer_bool(answer_get(rule, "unconfirmed"))
               ? say(cli, " (? có tham số chưa có văn bản xác nhận)",
                     " (? has a number no text confirmed)")
               : "",
           say(cli, "tính đến", "as of"),
           print_when(cli, answer_get(root, "as_of"), when));
    print_cells(cli, answer_get(root, "cells"));
    if (why[0] != '\0') {
        printf("  %s: %s\n", say(cli, "Không tính được", "Not computed"), why);
    }
    if (answer_len(items) == 0) {
        printf("%s\n", say(cli, "Không có việc nào phát sinh trong kỳ.",
                           "Nothing arose in this period."));
    }
    for (size_t i = 0; i < answer_len(items); i++) {
        print_item(cli, answer_at(items, i), i + 1);
    }
}

static int run(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    char room[1024];
    struct buf path = buf_over(room, sizeof(room) - 1);

    buf_put_str(&path, "/v1/duty");
    client_query_put(&path, "unit", cli->args[0]);
    client_query_put(&path, "duty", cli->args[1]);
    client_query_put(&path, "period", cli->args_len > 2 ? cli->args[2] : NULL);
    client_query_put(&path, "as_of", cli_option(cli, "as-of"));
    room[path.len] = '\0';
    int rc = cli_get(cli, room, &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        print_duty(cli, &reply);
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_duty = {
    .name = "duty",
    .args = "UNIT DUTY [PERIOD]",
    .args_min = 2,
    .args_max = 3,
    .vi = "một nhiệm vụ của một đơn vị: minh chứng và cách tính từng ngày",
    .en = "one duty of one unit: evidence and day-by-day arithmetic",
    .reads = true,
    .options = {{"as-of", "DATE", "tính đến ngày", "as of that day"}},
    .run = run,
};
