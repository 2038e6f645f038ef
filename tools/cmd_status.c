/* tools: `qcdc status`, the consolidated page.
 * Owns its look: territories by duties, worst first, counts beside every
 * verdict, never a colour alone and never a percentage alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "tools/command.h"

static const struct {
    const char *word;
    const char *sign;
    const char *vi;
    const char *en;
} verdicts[] = {
    {"met", "✓", "đạt", "met"},
    {"late", "!", "trễ hạn", "late"},
    {"missing", "✗", "quá hạn, chưa có hồ sơ", "missing"},
    {"unknown", "?", "chưa có thông tin", "unknown"},
    {"not_due", "…", "chưa đến hạn", "not due"},
    {"excused", "m", "được miễn", "excused"},
    {"none_confirmed", "–", "không phát sinh", "none, confirmed"},
    {"none_recorded", "0", "không có ghi nhận", "nothing recorded"},
    {"not_enrolled", " ", "chưa tham gia", "not enrolled"},
    {"uncomputed", "#", "không tính được", "not computed"},
};
#define ABSENT_NAMED 3u
#define VERDICTS_LEN (sizeof(verdicts) / sizeof(*verdicts))

static const char *sign_of(const char *word)
{
    for (size_t i = 0; i < VERDICTS_LEN; i++) {
        if (strcmp(verdicts[i].word, word) == 0) {
            return verdicts[i].sign;
        }
    }
    return " ";
}

static int64_t count(const struct answer *of, const char *name)
{
    return answer_number(answer_get(of, name));
}

/* "✗ 1/3": the verdict, items met of items due. */
static void cell_text(const struct answer *cell, char *room, size_t size)
{
    const char *sign = sign_of(answer_text(answer_get(cell, "verdict")));

    if (answer_is_null(cell)) {
        snprintf(room, size, "%s", "");
    } else if (count(cell, "d") == 0) {
        snprintf(room, size, "%s", sign);
    } else {
        snprintf(room, size, "%s %lld/%lld", sign, (long long)count(cell, "n"),
                 (long long)count(cell, "d"));
    }
}

/* "23/30; trễ 3, thiếu 2, chưa rõ 2". */
static void sum_text(const struct cli *cli, const struct answer *sum,
                     char *room, size_t size)
{
    if (count(sum, "d") == 0) {
        snprintf(room, size, "—");
        return;
    }
    snprintf(room, size, "%lld %s %lld; %lld %s, %lld %s, %lld %s",
             (long long)count(sum, "n"), say(cli, "trên", "of"),
             (long long)count(sum, "d"), (long long)count(sum, "late"),
             say(cli, "trễ", "late"), (long long)count(sum, "missing"),
             say(cli, "thiếu", "missing"), (long long)count(sum, "unknown"),
             say(cli, "chưa rõ", "unknown"));
}

static void add_row(const struct cli *cli, struct table *table,
                    const struct answer *duties, const struct answer *row)
{
    const struct answer *cells = answer_get(row, "cells");
    char text[160];
    char when[WHEN_SIZE];

    table_add(table, answer_text(answer_get(row, "name")));
    for (size_t i = 0; i < answer_len(duties); i++) {
        const char *id = answer_text(answer_get(answer_at(duties, i), "id"));

        cell_text(answer_get(cells, id), text, sizeof(text));
        table_add(table, text);
    }
    sum_text(cli, row, text, sizeof(text));
    table_add(table, text);
    table_add(table, answer_bool(answer_get(row, "no_guard"))
                         ? say(cli, "chính nút này", "itself")
                         : print_when(cli, answer_get(row, "heard"), when));
}

static int print_rows(const struct cli *cli, const struct answer *root,
                      struct error *err)
{
    const struct answer *duties = answer_get(root, "duties");
    const struct answer *rows = answer_get(root, "rows");
    struct table *table = table_new(answer_len(duties) + 3, 0);

    table_add(table, answer_bool(answer_get(root, "by_unit"))
                         ? say(cli, "Đơn vị", "Unit")
                         : say(cli, "Địa bàn", "Territory"));
    for (size_t i = 0; i < answer_len(duties); i++) {
        table_add(table, answer_text(answer_get(answer_at(duties, i), "id")));
    }
    table_add(table, say(cli, "Đạt trên phải làm", "Met of due"));
    table_add(table, say(cli, "Tin mới nhất", "Heard"));
    for (size_t i = 0; i < answer_len(rows); i++) {
        const struct answer *row = answer_at(rows, i);

        if (answer_bool(answer_get(row, "enrolled")) &&
            answer_bool(answer_get(row, "heard_from"))) {
            add_row(cli, table, duties, row);
        }
    }
    return table_end(table, err);
}

/* Those that joined and were never heard from, each with what it owes. */
static void print_unheard(const struct cli *cli, const struct answer *rows)
{
    size_t found = 0;

    for (size_t i = 0; i < answer_len(rows); i++) {
        const struct answer *row = answer_at(rows, i);
        char text[160];

        if (!answer_bool(answer_get(row, "enrolled")) ||
            answer_bool(answer_get(row, "heard_from"))) {
            continue;
        }
        if (found++ == 0) {
            printf("\n%s\n",
                   say(cli, "Chưa từng có tin (khác với thiếu hồ sơ):",
                       "Never heard from (which is not missing):"));
        }
        sum_text(cli, row, text, sizeof(text));
        printf("  %s: %s\n", answer_text(answer_get(row, "name")), text);
    }
}

/* Those that never joined: how many, and the first by name; with `all`, a
 * line each. They owe nothing yet, and must not push what counts away. */
static void print_absent(const struct cli *cli, const struct answer *rows,
                         bool all)
{
    size_t count = 0;
    size_t named = 0;

    for (size_t i = 0; i < answer_len(rows); i++) {
        count += !answer_bool(answer_get(answer_at(rows, i), "enrolled"));
    }
    if (count == 0) {
        return;
    }
    printf("\n%s: %zu", say(cli, "Chưa tham gia", "Not enrolled"), count);
    for (size_t i = 0; i < answer_len(rows); i++) {
        const struct answer *row = answer_at(rows, i);

        if (answer_bool(answer_get(row, "enrolled")) ||
            (!all && named == ABSENT_NAMED)) {
            continue;
        }
        printf("%s%s",
               all          ? "\n  "
               : named == 0 ? ": "
                            : "; ",
               answer_text(answer_get(row, "name")));
        named++;
    }
    printf("%s\n", named == count ? ""
                                  : say(cli, " ... (đủ tên: --all)",
                                        " ... (all names: --all)"));
}

/* What no unit took: whose decision it is, here. */
static void print_to_decide(const struct cli *cli, const struct answer *list)
{
    char when[WHEN_SIZE];

    for (size_t i = 0; i < answer_len(list); i++) {
        const struct answer *one = answer_at(list, i);

        if (i == 0) {
            printf("\n%s\n",
                   say(cli,
                       "Bị trả lại hai lần, chờ đơn vị ở đây quyết định ai giữ "
                       "(qcdc record PetitionReferred):",
                       "Returned twice, to be decided here who has it (qcdc "
                       "record PetitionReferred):"));
        }
        printf("  %s  %s  ", answer_text(answer_get(one, "code")),
               print_when(cli, answer_get(one, "opened"), when));
        printf("%s: %s; %s: %s\n", say(cli, "đang giữ", "holder"),
               answer_text(answer_get(answer_get(one, "holder"), "name")),
               say(cli, "quyết định", "to decide"),
               answer_text(answer_get(answer_get(one, "decider"), "name")));
    }
}

static void print_legend(const struct cli *cli, const struct answer *duties)
{
    printf("\n");
    for (size_t i = 0; i < VERDICTS_LEN; i++) {
        if (verdicts[i].sign[0] != ' ') {
            printf("%s%s %s", i == 0 ? "" : "   ", verdicts[i].sign,
                   say(cli, verdicts[i].vi, verdicts[i].en));
        }
    }
    printf("\n");
    for (size_t i = 0; i < answer_len(duties); i++) {
        const struct answer *duty = answer_at(duties, i);

        printf("  %-4s %s%s\n", answer_text(answer_get(duty, "id")),
               answer_text(
                   answer_get(duty, cli->english ? "title_en" : "title_vi")),
               answer_bool(answer_get(duty, "unconfirmed"))
                   ? say(cli, " (? thời hạn chưa có văn bản xác nhận)",
                         " (? a number no text confirmed)")
                   : "");
    }
}

static int print_status(const struct cli *cli, const struct client_reply *reply,
                        struct error *err)
{
    const struct answer *root = reply->root;
    const struct answer *total = answer_get(root, "total");
    char when[WHEN_SIZE];
    char text[160];

    print_head(cli, reply);
    printf("%s %lld, %s %s%s\n\n", say(cli, "Năm", "Year"),
           (long long)count(root, "year"), say(cli, "tính đến", "as of"),
           print_when(cli, answer_get(root, "as_of"), when),
           answer_bool(answer_get(root, "known_at"))
               ? say(cli, ", theo những gì đã biết khi chốt số",
                     ", by what was known at the snapshot")
               : "");
    int rc = print_rows(cli, root, err);
    sum_text(cli, total, text, sizeof(text));
    printf("\n%s: %s\n", say(cli, "Tổng", "Total"), text);
    printf("%s: %s %lld, %s %lld, %s %lld, %s %lld\n",
           say(cli, "Xem riêng", "Beside"),
           say(cli, "theo lời khai", "stated only"),
           (long long)count(total, "stated"),
           say(cli, "bị bác bỏ", "contradicted"),
           (long long)count(total, "contradicted"),
           say(cli, "gia hạn", "extended"), (long long)count(total, "extended"),
           say(cli, "sửa tốt lên", "improved by correction"),
           (long long)count(total, "improved"));
    print_unheard(cli, answer_get(root, "rows"));
    print_absent(cli, answer_get(root, "rows"), cli_option(cli, "all") != NULL);
    print_to_decide(cli, answer_get(root, "to_decide"));
    print_legend(cli, answer_get(root, "duties"));
    return rc;
}

static int ask(struct cli *cli, const char *path, struct client_reply *reply,
               struct error *err)
{
    const char *file = cli_option(cli, "known-at");
    struct request_body *body;
    char *text = NULL;
    size_t len = 0;

    *reply = (struct client_reply){0};
    if (file == NULL) {
        return cli_get(cli, path, reply, err);
    }
    int rc = file_read(file, (size_t)64 * 1024 * 1024, &text, &len, err);
    if (rc < 0) {
        return rc;
    }
    body = request_new();
    rc = request_put_json(body, "known_at", span_make(text, len), err);
    free(text);
    if (rc < 0) {
        free(request_end(body));
        return error_wrap(err, "%.80s", file);
    }
    return cli_post(cli, path, body, reply, err);
}

static int run(struct cli *cli, struct error *err)
{
    bool known = cli_option(cli, "known-at") != NULL;
    struct client_reply reply;
    char room[1024];
    struct buf path = buf_over(room, sizeof(room) - 1);

    buf_put_str(&path, known ? "/v1/status/known" : "/v1/status");
    client_query_put(&path, "territory", cli_option(cli, "territory"));
    client_query_put(&path, "unit", cli_option(cli, "unit"));
    client_query_put(&path, "year", cli_option(cli, "year"));
    client_query_put(&path, "duty", cli_option(cli, "duty"));
    client_query_put(&path, "as_of", cli_option(cli, "as-of"));
    client_query_put(&path, "by_unit",
                     cli_option(cli, "units") != NULL ? "1" : NULL);
    client_query_put(&path, "detail",
                     cli_option(cli, "detail") != NULL ? "1" : NULL);
    room[path.len] = '\0';
    int rc = ask(cli, room, &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        rc = print_status(cli, &reply, err);
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_status = {
    .name = "status",
    .args = "",
    .vi = "tình hình tổng hợp: địa bàn và nhiệm vụ, kém nhất đứng đầu",
    .en = "consolidated status: territories by duties, worst first",
    .reads = true,
    .options =
        {
            {"territory", "N", "một địa bàn và bên dưới (số hoặc tên)",
             "one territory and below (number or name)"},
            {"unit", "N", "một đơn vị", "one unit"},
            {"year", "YYYY", "năm", "year"},
            {"duty", "ID", "một nhiệm vụ, ví dụ D8", "one duty, as D8"},
            {"as-of", "DATE", "tính đến ngày", "as of that day"},
            {"known-at", "FILE", "theo những gì đã biết ở một bản chốt",
             "by what was known at a snapshot"},
            {"units", NULL, "từng đơn vị", "a row for each unit"},
            {"all", NULL, "kể tên mọi nơi chưa tham gia",
             "name everyone who never joined"},
            {"detail", NULL, "JSON: kèm từng ô theo tháng",
             "JSON: every cell by month too"},
        },
    .run = run,
};
