/* tools: `qcdc show`, one record with its history; --raw decodes bytes.
 * Owns the look of a history: what was stated, when the chain saw it, who
 * holds it by now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/base/buf.h"
#include "protocol/event/facts.h"
#include "tools/command.h"
#include "tools/labels.h"
#include "tools/raw.h"
#include "tools/records_print.h"

/* ---- values
 * ------------------------------------------------------------------ */

struct printing {
    const struct cli *cli;
    const struct answer *root; /* the whole answer: it has the names */
    unsigned indent;
};

static int print_member(void *ctx, const char *name,
                        const struct answer *value);

/* A word of the schema, a day or a second as a person reads it; else as it is.
 */
static const char *said_as(const struct cli *cli, const char *name,
                           const struct answer *value, char room[WHEN_SIZE])
{
    const char *text = answer_text(value);
    const char *word = label_value(cli, name, text);
    size_t len = strlen(name);
    time_t local;
    struct tm parts;

    if (word != NULL) {
        return word;
    }
    if (label_is_day(name) && strlen(text) == 10) {
        return print_when(cli, value, room);
    }
    if (len > 2 && strcmp(name + len - 2, "_s") == 0) {
        local = (time_t)strtoll(text, NULL, 10) + (time_t)7 * 3600;
        if (gmtime_r(&local, &parts) != NULL) {
            strftime(room, WHEN_SIZE,
                     cli->english ? "%Y-%m-%d %H:%M" : "%d/%m/%Y %H:%M",
                     &parts);
            return room;
        }
    }
    return text;
}

/* "UBND xã Đăk Hà (12); ...": one name for each number; false: no numbers of
 * units or nodes. */
static bool print_named(const struct printing *in, const char *name,
                        const char *text)
{
    enum facts_noun noun = facts_noun(name);
    const struct answer *names =
        answer_get(in->root, noun == FACTS_NODES ? "node_names" : "unit_names");
    const char *gap = "";

    if (noun == FACTS_NUMBER) {
        return false;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, ";");
        char number[16];

        snprintf(number, sizeof(number), "%.*s", (int)len, text);
        printf("%s", gap);
        if (answer_text(answer_get(names, number))[0] != '\0') {
            print_cell(answer_text(answer_get(names, number)), 0, false);
            printf(" (%s)", number);
        } else {
            print_cell(number, 0, false);
        }
        text += len + (text[len] == ';');
        gap = "; ";
    }
    return true;
}

static void print_value(const struct printing *in, const char *name,
                        const struct answer *value)
{
    struct printing below = {in->cli, in->root, in->indent + 2};
    const char *text = answer_text(value);
    const char *label = label_field(in->cli, name);
    char when[WHEN_SIZE];

    if (text[0] != '\0') {
        printf("%*s%s: ", (int)in->indent, "", label);
        if (!print_named(in, name, text)) {
            print_cell(said_as(in->cli, name, value, when), 0, false);
        }
        printf("\n");
    } else if (answer_len(value) > 0) {
        for (size_t i = 0; i < answer_len(value); i++) {
            printf("%*s%s %zu\n", (int)in->indent, "", label, i + 1);
            (void)answer_each(answer_at(value, i), print_member, &below);
        }
    } else {
        printf("%*s%s\n", (int)in->indent, "", label);
        (void)answer_each(value, print_member, &below);
    }
}

static int print_member(void *ctx, const char *name, const struct answer *value)
{
    print_value(ctx, name, value);
    return 0;
}

/* Members of the record; its history is printed as events. */
static int print_record_member(void *ctx, const char *name,
                               const struct answer *value)
{
    if (strcmp(name, "history") != 0 && strcmp(name, "parties") != 0) {
        print_value(ctx, name, value);
    }
    return 0;
}

/* ---- events
 * -------------------------------------------------------------------- */

static void print_holders(const struct cli *cli, const struct answer *event)
{
    const struct answer *holders = answer_get(event, "holders");
    char when[WHEN_SIZE];

    if (answer_len(holders) == 0) {
        printf("    %s\n",
               say(cli, "chỉ có trên máy này", "exists on this machine only"));
    }
    for (size_t i = 0; i < answer_len(holders); i++) {
        const struct answer *one = answer_at(holders, i);

        printf("    %s %s (%s)\n", answer_text(answer_get(one, "name")),
               say(cli, "đã nhận", "has it"),
               print_when(cli, answer_get(one, "time"), when));
    }
}

/* What the record says of this event; null where it has no place there. */
static const struct answer *placed_of(const struct answer *record,
                                      const char *id)
{
    const struct answer *history = answer_get(record, "history");
    size_t i = 0;

    while (i < answer_len(history) &&
           strcmp(answer_text(answer_get(answer_at(history, i), "event_id")),
                  id) != 0) {
        i++;
    }
    return answer_at(history, i);
}

/* Whether it counts: the record knows of approvals, the event alone does not.
 */
static void print_standing(const struct cli *cli, const struct answer *event,
                           const struct answer *placed)
{
    const char *standing = answer_text(answer_get(placed, "standing"));
    bool counts =
        answer_is_null(placed)
            ? answer_number(answer_get(event, "standing")) == 0
            : standing[0] == '\0' || strcmp(standing, "effective") == 0;

    if (answer_is_null(placed)) {
        standing = answer_text(answer_get(event, "standing_name"));
    }
    if (!counts) {
        printf("    %s: %s\n", say(cli, "KHÔNG CÓ HIỆU LỰC", "NOT EFFECTIVE"),
               state_text(cli, standing));
    }
}

/* Where the record differs from the plain reading. */
static void print_placed(const struct cli *cli, const struct answer *placed)
{
    char when[WHEN_SIZE];

    if (!answer_is_null(answer_get(placed, "stated_on_day")) &&
        strcmp(answer_text(answer_get(placed, "stated_on_day")),
               answer_text(answer_get(placed, "on_day"))) != 0) {
        printf("    %s: %s", say(cli, "ngày ghi lúc đầu", "first stated"),
               print_when(cli, answer_get(placed, "stated_on_day"), when));
        printf(" -> %s\n", print_when(cli, answer_get(placed, "on_day"), when));
    }
    if (answer_text(answer_get(placed, "mark"))[0] != '\0') {
        printf("    %s\n",
               state_text(cli, answer_text(answer_get(placed, "mark"))));
    }
}

static void print_bodies(const struct cli *cli, const struct answer *root,
                         const struct answer *event)
{
    struct printing in = {cli, root, 6};
    const struct answer *text = answer_get(event, "text");
    const struct answer *secret = answer_get(event, "private");
    const char *refused = answer_text(answer_get(event, "private_refused"));

    (void)answer_each(answer_get(event, "facts"), print_member, &in);
    if (answer_text(answer_get(event, "held_back"))[0] != '\0') {
        printf("      (%s)\n", answer_text(answer_get(event, "held_back")));
    }
    if (!answer_is_null(text)) {
        (void)answer_each(text, print_member, &in);
    }
    if (!answer_is_null(secret)) {
        printf("      --- %s ---\n", say(cli, "riêng", "private"));
        (void)answer_each(secret, print_member, &in);
    } else if (refused[0] != '\0') {
        printf("      (%s)\n", refused);
    } else if (answer_bool(answer_get(event, "has_private"))) {
        printf("      (%s)\n", say(cli, "có nội dung riêng: --private",
                                   "has a private body: --private"));
    }
}

/* Why and which body was erased, in the reader's language. */
static const char *word_of(const struct cli *cli, const char *field,
                           const char *word)
{
    static const struct {
        const char *word;
        const char *en;
    } words[] = {
        {"private", "private body"},
        {"unit", "private body of the unit"},
        {"mistake", "written by mistake"},
        {"request", "asked for by the person"},
        {"order", "ordered"},
        {"expired", "kept long enough"},
    };
    const char *label = label_value(cli, field, word);

    for (size_t i = 0; label == NULL && i < sizeof(words) / sizeof(*words);
         i++) {
        label = strcmp(words[i].word, word) == 0 ? words[i].en : NULL;
    }
    return label != NULL ? label : word;
}

/* Bodies that were erased: by whom, why, and whether here too. */
static void print_erased(const struct cli *cli, const struct answer *event)
{
    const struct answer *list = answer_get(event, "erased");

    for (size_t i = 0; i < answer_len(list); i++) {
        const struct answer *one = answer_at(list, i);
        const struct answer *facts = answer_get(one, "facts");
        const char *order =
            answer_text(answer_get(answer_get(facts, "order"), "number"));
        char when[WHEN_SIZE];

        printf(
            "    %s: %s (%s %s, ", say(cli, "ĐÃ XÓA", "ERASED"),
            word_of(cli, "audience", answer_text(answer_get(one, "audience"))),
            answer_text(answer_get(answer_get(one, "unit"), "name")),
            print_when(cli, answer_get(one, "on"), when));
        printf("%s: %s%s%s) [%s]\n", say(cli, "lý do", "ground"),
               word_of(cli, "ground", answer_text(answer_get(facts, "ground"))),
               order[0] != '\0' ? ", " : "", order,
               answer_text(answer_get(one, "by")));
        if (answer_text(answer_get(one, "file_hash"))[0] != '\0') {
            printf("      %s\n", answer_text(answer_get(one, "file_hash")));
        }
        if (answer_bool(answer_get(one, "shared"))) {
            printf("      %s\n",
                   say(cli, "còn giữ vì sự kiện khác cũng nêu tệp này",
                       "kept, because another event names the same file"));
        } else if (!answer_bool(answer_get(one, "gone"))) {
            printf("      %s\n",
                   say(cli,
                       "ở đây còn giữ: chờ lãnh đạo cấp này duyệt lệnh xóa",
                       "still held here: awaits the Approved of a leader of "
                       "this level"));
        }
    }
}

static void print_event(const struct cli *cli, const struct answer *root,
                        const struct answer *event, size_t number)
{
    const struct answer *placed = placed_of(
        answer_get(root, "record"), answer_text(answer_get(event, "id")));
    char when[WHEN_SIZE];

    printf("\n%2zu. %s  %s  ", number,
           print_when(cli, answer_get(event, "on"), when),
           say(cli, answer_text(answer_get(event, "title")),
               answer_text(answer_get(event, "type"))));
    printf("%s  [%s]%s\n",
           answer_text(answer_get(answer_get(event, "unit"), "name")),
           answer_text(answer_get(event, "code")),
           answer_bool(answer_get(event, "historical"))
               ? say(cli, "  (hồ sơ cũ)", "  (historical)")
               : "");
    printf("    %s %s", say(cli, "ghi lúc", "recorded"),
           print_when(cli, answer_get(event, "recorded"), when));
    if (!answer_is_null(answer_get(event, "lower"))) {
        printf(", %s %s", say(cli, "sau", "after"),
               print_when(cli, answer_get(event, "lower"), when));
    }
    if (!answer_is_null(answer_get(event, "upper"))) {
        printf(", %s %s", say(cli, "trước", "before"),
               print_when(cli, answer_get(event, "upper"), when));
    }
    printf("\n");
    print_standing(cli, event, placed);
    print_placed(cli, placed);
    print_erased(cli, event);
    print_bodies(cli, root, event);
    print_holders(cli, event);
}

static void print_show(const struct cli *cli, const struct client_reply *reply)
{
    const struct answer *root = reply->root;
    const struct answer *events = answer_get(root, "events");
    struct printing in = {cli, root, 2};

    print_head(cli, reply);
    printf("\n%s  %s  %s\n", answer_text(answer_get(root, "code")),
           state_text(cli, answer_text(answer_get(root, "kind"))),
           state_text(cli, answer_text(answer_get(root, "state"))));
    printf("%s\n", answer_text(answer_get(root, "id")));
    if (!answer_is_null(answer_get(root, "unit"))) {
        printf("%s: %s; %s: %s\n", say(cli, "Tiếp nhận", "Received by"),
               answer_text(answer_get(answer_get(root, "unit"), "name")),
               say(cli, "đang giữ", "holder"),
               answer_text(answer_get(answer_get(root, "holder"), "name")));
    }
    if (!answer_is_null(answer_get(root, "decider"))) {
        printf("%s: %s\n",
               say(cli, "Bị trả lại hai lần; đơn vị phải quyết định ai giữ",
                   "Returned twice; who has it is to be decided by"),
               answer_text(answer_get(answer_get(root, "decider"), "name")));
    }
    (void)answer_each(answer_get(root, "record"), print_record_member, &in);
    for (size_t i = 0; i < answer_len(events); i++) {
        print_event(cli, root, answer_at(events, i), i + 1);
    }
}

/* A code, id or key as part of a path: nothing that needs escaping. */
static int event_path(const struct cli *cli, const char *route, struct buf *out,
                      struct error *err)
{
    const char *text = cli->args[0];
    size_t len = strlen(text);

    if (len == 0 || len > 128 ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz"
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") != len) {
        return error_set(err, ERR_USAGE, "%.60s: no code, id or key", text);
    }
    buf_put_str(out, route);
    buf_put_str(out, text);
    return 0;
}

static int show_raw(struct cli *cli, struct error *err)
{
    char room[512];
    struct buf path = buf_over(room, sizeof(room) - 1);
    struct client_reply reply = {0};
    struct error ignored = {0};
    char *text = NULL;
    size_t len = 0;
    int rc =
        file_read(cli->args[0], (size_t)8 * 1024 * 1024, &text, &len, &ignored);

    if (rc == 0) {
        rc = raw_print(cli, span_make(text, len), err);
        free(text);
        return rc;
    }
    if (raw_is_hex(span_str(cli->args[0])) && strlen(cli->args[0]) > 64) {
        return raw_print(cli, span_str(cli->args[0]), err);
    }
    rc = event_path(cli, "/v1/raw/", &path, err);
    room[path.len] = '\0';
    rc = rc < 0 ? rc : cli_get(cli, room, &reply, err);
    if (rc == 0 && !print_json(cli, &reply)) {
        rc = raw_print(
            cli, span_str(answer_text(answer_get(reply.root, "leaf"))), err);
    }
    client_reply_release(&reply);
    return rc;
}

/* The bytes of one file of the record, into a file that is not there yet. */
static int show_file(struct cli *cli, const char *hash, struct error *err)
{
    const char *output = cli_option(cli, "output");
    char room[512];
    struct buf path = buf_over(room, sizeof(room) - 1);
    struct client_reply reply = {0};
    FILE *file;
    int rc;

    if (output == NULL || strlen(hash) != 64 ||
        strspn(hash, "0123456789abcdef") != 64) {
        return error_set(err, ERR_USAGE,
                         "--attachment wants the file's hash, 64 hex digits, "
                         "and --output a file to write");
    }
    buf_put_fmt(&path, "/v1/files/%s", hash);
    client_query_put(&path, "of", cli->args[0]);
    room[path.len] = '\0';
    rc = cli_session(cli, err);
    rc = rc < 0 ? rc : cli_get(cli, room, &reply, err);
    file = rc == 0 ? fopen(output, "wbx") : NULL;
    if (rc == 0 &&
        (file == NULL || fwrite(reply.text, 1, reply.len, file) != reply.len)) {
        rc = error_set(err, ERR_IO, "%s cannot be written: name a new file",
                       output);
    }
    if (file != NULL && fclose(file) != 0 && rc == 0) {
        rc = error_set(err, ERR_IO, "%s cannot be written", output);
    }
    client_reply_release(&reply);
    return rc;
}

static int run(struct cli *cli, struct error *err)
{
    const char *hash = cli_option(cli, "attachment");
    char room[512];
    struct buf path = buf_over(room, sizeof(room) - 1);
    struct client_reply reply = {0};
    int rc;

    if (hash != NULL) {
        return show_file(cli, hash, err);
    }
    if (cli_option(cli, "raw") != NULL) {
        return show_raw(cli, err);
    }
    rc = event_path(cli, "/v1/records/", &path, err);
    if (rc == 0 && cli_option(cli, "private") != NULL) {
        client_query_put(&path, "private", "1");
        rc = cli_session(cli, err);
    }
    room[path.len] = '\0';
    rc = rc < 0 ? rc : cli_get(cli, room, &reply, err);
    if (rc == 0 && !print_json(cli, &reply)) {
        print_show(cli, &reply);
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_show = {
    .name = "show",
    .args = "CODE|FILE|HEX",
    .args_min = 1,
    .args_max = 1,
    .vi = "một hồ sơ với toàn bộ lịch sử; --raw: giải mã từng byte",
    .en = "one record with its history; --raw decodes bytes",
    .reads = true,
    .signs = true,
    .options =
        {
            {"raw", NULL, "giải mã lá, bút tích, lô (mã, tệp hoặc hex)",
             "decode a leaf, note or segment (code, file or hex)"},
            {"attachment", "HASH",
             "tệp đính kèm của hồ sơ, ghi vào --output FILE",
             "an attached file of the record, into --output FILE"},
            {"output", "FILE", "tệp mới", "a new file"},
            {"private", NULL, "mở nội dung riêng (được ghi lại)",
             "open private bodies (it is logged)"},
        },
    .run = run,
};
