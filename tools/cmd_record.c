/* tools: `qcdc record`, one event and its slip.
 * Owns the slip's wording. Sends fields as they were typed: the node knows the
 * types. Help for a type comes from the type's own description. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/crypto.h"
#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "protocol/event/types.h"
#include "tools/command.h"
#include "tools/labels.h"

/* ---- the slip
 * ---------------------------------------------------------------- */

static void line(const struct cli *cli, const char *vi, const char *en,
                 const char *value)
{
    if (value[0] != '\0') {
        printf("  ");
        print_cell(say(cli, vi, en), 22, false);
        printf(" %s\n", value);
    }
}

/* Only a complaint or denunciation can be refused; a proposal is taken up or
 * passed on (Law 42/2013 Article 28). */
static void print_promise(const struct cli *cli, const struct answer *slip)
{
    bool refusable = answer_bool(answer_get(slip, "refusable"));
    char when[WHEN_SIZE];

    if (!answer_is_null(answer_get(slip, "told_by"))) {
        line(cli, "Báo cho ông/bà:", "You are told by:",
             print_when(cli, answer_get(slip, "told_by"), when));
    }
    printf("\n  %s %lld %s\n  %s\n", say(cli, "Trong", "Within"),
           (long long)answer_number(answer_get(slip, "told_by_days")),
           say(cli, "ngày làm việc kể từ ngày nộp, đơn vị sẽ báo cho ông/bà:",
               "working days from the day it was handed in the office tells "
               "you"),
           refusable
               ? say(cli,
                     "thụ lý, chuyển nơi có thẩm quyền, hoặc từ chối có lý do.",
                     "whether it is accepted, passed on, or refused and why.")
               : say(cli, "thụ lý hoặc chuyển nơi có thẩm quyền.",
                     "whether it is accepted or passed on."));
    printf("  %s\n", say(cli, "Giữ phiếu này. Hỏi kết quả bằng mã số trên.",
                         "Keep this slip and ask with the code above."));
}

/* What the person at the counter may expect, and when. */
static void print_next(const struct cli *cli, const struct answer *slip)
{
    const char *type = answer_text(answer_get(slip, "type"));
    char when[WHEN_SIZE];

    if (!answer_is_null(answer_get(slip, "due"))) {
        line(cli, "Hạn trả lời:", "Answer due:",
             print_when(cli, answer_get(slip, "due"), when));
    }
    if (strcmp(type, "PetitionReceived") == 0) {
        print_promise(cli, slip);
    }
}

static void print_slip(const struct cli *cli, const struct client_reply *reply)
{
    const struct answer *slip = reply->root;
    char when[WHEN_SIZE];
    bool petition =
        strcmp(answer_text(answer_get(slip, "type")), "PetitionReceived") == 0;

    printf("%s\n", petition ? say(cli, "PHIẾU TIẾP NHẬN", "SLIP")
                            : say(cli, "ĐÃ GHI NHẬN", "RECORDED"));
    line(cli, "Mã số:", "Code:", answer_text(answer_get(slip, "subject_code")));
    line(cli, "Việc:", "What:",
         say(cli, answer_text(answer_get(slip, "title")),
             answer_text(answer_get(slip, "type"))));
    line(cli, "Ngày:", "Day:", print_when(cli, answer_get(slip, "on"), when));
    line(cli, "Ghi nhận lúc:", "Recorded at:",
         print_when(cli, answer_get(slip, "recorded"), when));
    line(cli, "Đơn vị:", "Unit:",
         answer_text(answer_get(answer_get(slip, "unit"), "name")));
    line(cli, "Người tiếp nhận:", "Taken by:",
         answer_text(answer_get(slip, "post")));
    line(cli, "Mã sự kiện:", "Event id:", answer_text(answer_get(slip, "id")));
    if (answer_number(answer_get(slip, "standing")) != 0) {
        printf("  %s\n",
               say(cli, "CHÚ Ý: đã lưu nhưng chưa có hiệu lực; xem qcdc show",
                   "NOTE: kept, but it does not count yet; see qcdc show"));
    }
    if (answer_bool(answer_get(slip, "repeated"))) {
        printf("  %s\n", say(cli, "(đã ghi từ trước, không ghi lần hai)",
                             "(recorded before, not again)"));
    }
    print_next(cli, slip);
}

/* ---- sending
 * -------------------------------------------------------------------- */

static int put_pairs(struct cli *cli, struct request_body *body,
                     struct error *err)
{
    for (size_t i = 1; i < cli->args_len; i++) {
        const char *pair = cli->args[i];
        const char *equals = strchr(pair, '=');
        char path[FACTS_PATH_MAX];

        if (equals == NULL || equals == pair ||
            (size_t)(equals - pair) >= sizeof(path)) {
            return error_set(err, ERR_USAGE,
                             "%.80s: write NAME=VALUE, as kind=proposal", pair);
        }
        memcpy(path, pair, (size_t)(equals - pair));
        path[equals - pair] = '\0';
        request_put_field(body, path, equals + 1);
    }
    return 0;
}

/* A file goes first; the event then names it: --attach FILE as the event's
 * `document`, --attach documents[1]=FILE where that says. */
static int put_file(struct cli *cli, struct request_body *body,
                    struct error *err)
{
    const char *option = cli_option(cli, "attach");
    bool sealed = cli_option(cli, "sealed") != NULL;
    struct client_reply reply = {0};
    char path[FACTS_PATH_MAX] = "document";
    char field[FACTS_PATH_MAX + 16];
    const char *equals;
    char *bytes = NULL;
    size_t len = 0;

    if (option == NULL) {
        return 0;
    }
    equals = strchr(option, '=');
    if (equals != NULL && (size_t)(equals - option) < sizeof(path) &&
        memchr(option, '/', (size_t)(equals - option)) == NULL) {
        snprintf(path, sizeof(path), "%.*s", (int)(equals - option), option);
        option = equals + 1;
    }
    int rc = file_read(option, (size_t)32 << 20, &bytes, &len, err);

    rc = rc < 0
             ? rc
             : cli_post_text(cli, sealed ? "/v1/files?sealed=1" : "/v1/files",
                             span_make(bytes, len), &reply, err);
    free(bytes);
    if (rc == 0) {
        snprintf(field, sizeof(field), "%s.file_hash", path);
        request_put_field(body, field,
                          answer_text(answer_get(reply.root, "file_hash")));
    }
    if (rc == 0 && sealed) {
        request_put_field(body, "private.keys[0].event_id",
                          answer_text(answer_get(reply.root, "key_name")));
        request_put_field(body, "private.keys[0].body_key",
                          answer_text(answer_get(reply.root, "key")));
    }
    if (reply.text != NULL) {
        crypto_wipe(reply.text, reply.len);
    }
    client_reply_release(&reply);
    return rc;
}

static int send_pairs(struct cli *cli, struct client_reply *reply,
                      struct error *err)
{
    struct request_body *body = request_new();
    int rc = put_pairs(cli, body, err);

    rc = rc < 0 ? rc : put_file(cli, body, err);

    if (rc < 0) {
        free(request_end(body));
        return rc;
    }
    request_put_text(body, "type", cli->args[0]);
    return cli_post(cli, "/v1/events", body, reply, err);
}

static int send_file(struct cli *cli, const char *path,
                     struct client_reply *reply, struct error *err)
{
    char *text = NULL;
    size_t len = 0;

    if (cli->args_len > 1) {
        return error_set(err, ERR_USAGE,
                         "--json FILE and NAME=VALUE exclude each other");
    }
    int rc = file_read(path, (size_t)1024 * 1024, &text, &len, err);

    rc = rc < 0 ? rc
                : cli_post_text(cli, "/v1/events", span_make(text, len), reply,
                                err);
    free(text);
    return rc;
}

/* After a field that is wrong: where its values are explained. */
static int say_help(const struct cli *cli, int rc, struct error *err)
{
    const struct error said = *err;

    if (rc != ERR_USAGE && rc != ERR_MALFORMED) {
        return rc;
    }
    return error_set(err, (enum err)rc,
                     "%s; `qcdc record %s --help` explains the fields",
                     said.text, cli->args[0]);
}

static int run(struct cli *cli, struct error *err)
{
    struct client_reply reply = {0};
    const char *path = cli_option(cli, "json");
    int rc = 0;

    if (event_type_named(cli->args[0]) == NULL) {
        return error_set(err, ERR_USAGE,
                         "%.60s: no type of event; `qcdc record --help` lists "
                         "them",
                         cli->args[0]);
    }
    rc = cli_session(cli, err);
    if (rc == 0) {
        rc = path != NULL ? send_file(cli, path, &reply, err)
                          : send_pairs(cli, &reply, err);
        rc = rc < 0 ? say_help(cli, rc, err) : 0;
    }
    if (rc == 0 && cli_option(cli, "answer-json") != NULL) {
        printf("%s\n", reply.text);
    } else if (rc == 0) {
        print_slip(cli, &reply);
    }
    client_reply_release(&reply);
    return rc;
}

/* ---- help
 * ----------------------------------------------------------------------- */

struct fields {
    const struct cli *cli;
    const char *prefix; /* of their names */
};

/* "document.kind" -> "kind", "items[]" -> "items". */
static void last_part(const char *path, char out[FACTS_PATH_MAX])
{
    const char *dot = strrchr(path, '.');

    snprintf(out, FACTS_PATH_MAX, "%s", dot == NULL ? path : dot + 1);
    out[strcspn(out, "[")] = '\0';
}

/* Under a field that takes one of some words: what each means. */
static void print_field_words(const struct cli *cli, const char *field,
                              const char *expected)
{
    static const char head[] = "one of ";
    const char *word = expected + sizeof(head) - 1;

    if (cli->english || strncmp(expected, head, sizeof(head) - 1) != 0) {
        return;
    }
    while (*word != '\0') {
        char one[64];
        size_t len = strcspn(word, ",");

        snprintf(one, sizeof(one), "%.*s", (int)len, word);
        if (label_value(cli, field, one) != NULL) {
            printf("    %-32s %s\n", one, label_value(cli, field, one));
        }
        word += len + strspn(word + len, ", ");
    }
}

/* After "number": whose. */
static const char *number_of(const struct cli *cli, const char *field)
{
    switch (facts_noun(field)) {
    case FACTS_UNITS:
        return say(cli, " (số của đơn vị)", " (of a unit)");
    case FACTS_NODES:
        return say(cli, " (số của máy)", " (of a node)");
    case FACTS_NUMBER:
        break;
    }
    return "";
}

static int print_field(void *ctx, const char *path, struct span expected,
                       struct error *err)
{
    const struct fields *fields = ctx;
    char name[FACTS_PATH_MAX];
    char left[FACTS_PATH_MAX + 16];
    char text[512];
    char said[WORDS_SIZE];

    (void)err;
    snprintf(left, sizeof(left), "  %s%s", fields->prefix, path);
    print_cell(left, 34, false);
    snprintf(text, sizeof(text), "%.*s", (int)expected.len,
             (const char *)expected.ptr);
    last_part(path, name);
    if (fields->cli->english) {
        printf(" %s%s\n", text, number_of(fields->cli, name));
        return 0;
    }
    printf(" %s: %s%s\n", label_field(fields->cli, name),
           say_words(fields->cli, text, said, sizeof(said)),
           number_of(fields->cli, name));
    print_field_words(fields->cli, name, text);
    return 0;
}

static void print_types(const struct cli *cli)
{
    printf("\n%s\n", say(cli, "Các loại (qcdc record LOẠI --help: các mục):",
                         "Types (qcdc record TYPE --help names the fields):"));
    for (size_t i = 0; event_type_at(i) != NULL; i++) {
        const struct event_type *type = event_type_at(i);

        if (type->shape != NULL && type->log == EVENT_LOG_RECORD) {
            printf("  ");
            print_cell(type->name, 26, false);
            printf(" %s\n", type->title_vi);
        }
    }
}

static void more(const struct cli *cli)
{
    struct fields parts[] = {{cli, ""}, {cli, "text."}, {cli, "private."}};
    struct error ignored = {0};
    const struct event_type *type =
        cli->args_len == 0 ? NULL : event_type_named(cli->args[0]);

    if (type == NULL || type->shape == NULL) {
        print_types(cli);
        return;
    }
    printf("\n%s — %s\n", type->name, type->title_vi);
    printf("  key, unit, on, subject, refs, to, historical\n");
    (void)!facts_describe(type, print_field, &parts[0], &ignored);
    if ((type->bodies & EVENT_BODY_TEXT) != 0) {
        (void)!facts_describe_as(body_text_shape(), print_field, &parts[1],
                                 &ignored);
    }
    if ((type->bodies & (EVENT_BODY_PRIVATE | EVENT_BODY_UNIT)) != 0) {
        (void)!facts_describe_as(body_private_shape(), print_field, &parts[2],
                                 &ignored);
    }
}

const struct command cmd_record = {
    .name = "record",
    .args = "TYPE [NAME=VALUE ...]",
    .args_min = 1,
    .args_max = COMMAND_ARGS_MAX,
    .vi = "ghi nhận một việc và in phiếu",
    .en = "record one event and print the slip",
    .signs = true,
    .options =
        {
            {"json", "FILE", "đọc từ tệp JSON (- là stdin)",
             "read it from a JSON file (- is stdin)"},
            {"attach", "FILE",
             "tệp kèm theo (tối đa 16 MiB: PDF, ảnh, văn phòng, chữ)",
             "a file that goes with it (16 MiB: PDF, images, office, text)"},
            {"sealed", NULL, "niêm tệp: chỉ người mở được nội dung riêng xem",
             "seal the file: for readers of the private body alone"},
            {"answer-json", NULL, "in phiếu dạng JSON",
             "print the slip as JSON"},
        },
    .run = run,
    .more = more,
};
