/* tools: `qcdc bundle`, the link's messages by USB stick.
 * Owns the file on the stick and the words; piece by piece to and from the
 * node, so that its size does not matter. A file that is not written whole is
 * taken away again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/command.h"

#define PIECE ((size_t)1 << 20)
#define POLL_NS 50000000
#define BUSY_TRIES 600 /* half a minute */
#define SIZE_MOST (4095 * 1048576LL)

static long long count(const struct client_reply *reply, const char *name)
{
    return (long long)answer_number(answer_get(reply->root, name));
}

static void pause_shortly(void)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};

    (void)nanosleep(&pause, NULL);
}

static void print_line(const struct cli *cli, const struct client_reply *reply,
                       const char *name, const char *vi, const char *en)
{
    if (count(reply, name) > 0) {
        printf("  %lld %s\n", count(reply, name), say(cli, vi, en));
    }
}

static void print_notes(const struct cli *cli, const struct client_reply *reply)
{
    const char *note = answer_text(answer_get(reply->root, "note"));

    if (answer_bool(answer_get(reply->root, "token_old"))) {
        printf("  %s\n",
               say(cli,
                   "Lưu ý: gói mới nhất của nút đó làm trước lần liên lạc "
                   "gần nhất, hoặc máy đó chạy bản cũ; chưa xếp thứ tự mới "
                   "cho đến khi nối mạng hoặc có gói mới",
                   "Note: that node's newest bundle is older than its newest "
                   "session, or it runs an older image; no new order is given "
                   "until it connects or sends a newer bundle"));
    }
    if (note[0] != '\0') {
        printf("  %s: %s\n", say(cli, "Lưu ý", "Note"), note);
    }
}

static void print_files(const struct cli *cli, const struct client_reply *reply)
{
    print_line(cli, reply, "bodies",
               "nội dung riêng đã niêm phong, cho nơi được đọc ở xa",
               "sealed private contents for readers further on");
    if (count(reply, "file_bytes") > 0) {
        printf("  %lld %s, %lld byte\n", count(reply, "files"),
               say(cli, "tệp đính kèm đã trọn", "attached files to their end"),
               count(reply, "file_bytes"));
    }
}

/* What did not fit, and what to do about it. */
static void print_left(const struct cli *cli, const struct client_reply *reply)
{
    long long events =
        count(reply, "events_left") + count(reply, "deliveries_left");

    if (events > 0) {
        printf("  %s: %lld %s\n", say(cli, "Còn lại", "Left"), events,
               say(cli,
                   "sự kiện chưa vừa gói này: nhận gói trả lời rồi xuất tiếp, "
                   "gói sau đi tiếp từ đó",
                   "events that did not fit: take in the answer to this one, "
                   "then export again, it goes on there"));
    }
    if (count(reply, "files_left") > 0) {
        printf("  %s: %lld %s, %lld byte: %s\n", say(cli, "Còn lại", "Left"),
               count(reply, "files_left"),
               say(cli, "tệp đính kèm", "attached files"),
               count(reply, "file_bytes_left"),
               say(cli,
                   "xuất thêm gói nữa, hoặc cho gói lớn hơn bằng "
                   "--max-size",
                   "export another bundle, or a larger one by --max-size"));
    }
}

/* ---- out ---- */

/* All pieces into the new file, on the stick before we say so. */
static int fetch(struct cli *cli, FILE *out, const char *path,
                 struct error *err)
{
    uint64_t offset = 0;

    for (;;) {
        struct client_reply piece;
        char where[64];
        size_t len;
        bool put;

        snprintf(where, sizeof(where), "/v1/bundle/get?offset=%llu",
                 (unsigned long long)offset);
        int rc = cli_get(cli, where, &piece, err);

        len = piece.len;
        put = rc == 0 && (len == 0 || fwrite(piece.text, 1, len, out) == len);
        client_reply_release(&piece);
        if (rc < 0) {
            return rc;
        }
        if (put && len == 0) {
            put = fflush(out) == 0 && fsync(fileno(out)) == 0;
        }
        if (!put) {
            return error_set(err, ERR_IO, "%.160s: %s", path, strerror(errno));
        }
        if (len == 0) {
            return 0;
        }
        offset += len;
    }
}

/* "500K", "20M", "2G"; a bare number is of MiB. */
static int size_read(const char *text, long long *bytes, struct error *err)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    long long unit = *end == 'K' || *end == 'k'   ? 1024
                     : *end == 'G' || *end == 'g' ? 1073741824
                                                  : 1048576;

    end += *end != '\0' && strchr("KkMmGg", *end) != NULL;
    if (end == text || *end != '\0' || number < 1 ||
        number > SIZE_MOST / unit) {
        return error_set(err, ERR_USAGE,
                         "--max-size %.40s: a size is expected, such as 500K "
                         "or 20M, at most 4095M",
                         text);
    }
    *bytes = number * unit;
    return 0;
}

static int export_make(struct cli *cli, struct client_reply *reply,
                       struct error *err)
{
    const char *to = cli_option(cli, "to");
    const char *size = cli_option(cli, "max-size");
    long long max_bytes = 0;
    int rc = ERR_BUSY;

    if (to != NULL &&
        (to[0] == '\0' || strspn(to, "0123456789") != strlen(to))) {
        return error_set(err, ERR_USAGE,
                         "--to %.40s: a node's number is "
                         "expected",
                         to);
    }
    if (size != NULL && size_read(size, &max_bytes, err) != 0) {
        return err->code;
    }
    for (int i = 0; rc == ERR_BUSY && i < BUSY_TRIES; i++) {
        struct request_body *body = request_new();

        if (i > 0) {
            client_reply_release(reply);
            pause_shortly();
        }
        if (to != NULL) {
            request_put_number(body, "to", strtoll(to, NULL, 10));
        }
        if (max_bytes > 0) {
            request_put_number(body, "max_bytes", max_bytes);
        }
        rc = cli_post(cli, "/v1/bundle/export", body, reply, err);
        if (rc == ERR_BUSY && reply->len == 0) {
            break; /* no node there */
        }
    }
    return rc;
}

static int run_export(struct cli *cli, struct error *err)
{
    const char *path = cli->args[1];
    struct client_reply reply = {0};
    FILE *out = fopen(path, "wxe");
    int rc;

    if (out == NULL) {
        return error_set(err, errno == EEXIST ? ERR_USAGE : ERR_IO,
                         "%.160s: %s", path, strerror(errno));
    }
    rc = export_make(cli, &reply, err);
    rc = rc < 0 ? rc : fetch(cli, out, path, err);
    if (fclose(out) != 0 && rc == 0) {
        rc = error_set(err, ERR_IO, "%.160s: %s", path, strerror(errno));
    }
    if (rc < 0) {
        (void)remove(path);
    } else if (!print_json(cli, &reply)) {
        printf("%s: %s %s (%s %lld), %lld byte\n", path,
               say(cli, "gói cho", "a bundle for"),
               answer_text(answer_get(reply.root, "name")),
               say(cli, "nút", "node"), count(&reply, "to"),
               count(&reply, "total"));
        print_line(cli, &reply, "events", "sự kiện đã vào sổ",
                   "events of logs");
        print_line(cli, &reply, "spooled", "sự kiện chưa vào sổ",
                   "events in no log yet");
        print_line(cli, &reply, "staged", "sự kiện được xếp vào sổ",
                   "events given their place");
        print_line(cli, &reply, "cosignatures", "xác nhận", "cosignatures");
        print_line(cli, &reply, "deliveries", "sự kiện chuyển giao",
                   "deliveries");
        print_files(cli, &reply);
        print_left(cli, &reply);
        print_notes(cli, &reply);
    }
    client_reply_release(&reply);
    return rc;
}

/* ---- in ---- */

static int send_pieces(struct cli *cli, FILE *in, const char *path,
                       struct error *err)
{
    uint8_t *piece = malloc(PIECE);
    uint64_t offset = 0;
    int rc = piece == NULL ? error_set(err, ERR_NOMEM, "no memory") : 0;

    while (rc == 0) {
        struct client_reply reply;
        char where[64];
        size_t len = fread(piece, 1, PIECE, in);

        if (ferror(in)) {
            rc = error_set(err, ERR_IO, "%.160s: %s", path, strerror(errno));
            break;
        }
        if (len == 0 && offset > 0) {
            break;
        }
        snprintf(where, sizeof(where), "/v1/bundle/put?offset=%llu",
                 (unsigned long long)offset);
        rc = cli_post_text(cli, where, span_make(piece, len), &reply, err);
        client_reply_release(&reply);
        offset += len;
        if (len == 0) {
            break;
        }
    }
    free(piece);
    return rc;
}

static int await(struct cli *cli, struct client_reply *reply, struct error *err)
{
    int rc = 0;

    while (rc == 0 && strcmp(answer_text(answer_get(reply->root, "state")),
                             "running") == 0) {
        pause_shortly();
        client_reply_release(reply);
        rc = cli_get(cli, "/v1/bundle", reply, err);
    }
    return rc;
}

/* A request to join came in the file. */
static void print_request(const struct cli *cli,
                          const struct client_reply *reply)
{
    const char *fingerprint =
        answer_text(answer_get(reply->root, "fingerprint"));

    printf("%s %lld %s\n%s: %s\n", say(cli, "Nút", "Node"),
           count(reply, "asks_to_join"), say(cli, "xin vào.", "asks to join."),
           say(cli, "Dấu nhận dạng", "Fingerprint"), fingerprint);
    if (!answer_bool(answer_get(reply->root, "joined"))) {
        printf("%s\n  qcdc invite --confirm %s\n",
               say(cli, "So với dấu mà `qcdc join` đã in ở nơi đó; đúng thì:",
                   "Compare it with what `qcdc join` printed there; if it is "
                   "the same:"),
               fingerprint);
    }
    printf("%s\n  qcdc bundle export FILE --to %lld\n",
           say(cli, "Rồi làm gói trả lời:", "Then make the answer:"),
           count(reply, "asks_to_join"));
}

static void print_taken(const struct cli *cli, const struct client_reply *reply)
{
    bool nothing =
        count(reply, "events") == 0 && count(reply, "spooled") == 0 &&
        count(reply, "sequenced") == 0 && count(reply, "cosignatures") == 0 &&
        count(reply, "deliveries") == 0 && count(reply, "bodies") == 0 &&
        count(reply, "file_bytes") == 0;

    printf("%s %s (%s %lld)%s\n",
           say(cli, "Đã nhận gói của", "Took in a bundle of"),
           answer_text(answer_get(reply->root, "name")),
           say(cli, "nút", "node"), count(reply, "from"),
           nothing ? say(cli, ": không có gì mới", ": nothing new in it") : "");
    print_line(cli, reply, "events", "sự kiện mới", "new events of logs");
    print_line(cli, reply, "spooled",
               "sự kiện theo gói, chờ vào sổ của nơi gửi",
               "events by bundle, waiting for their place in a log");
    print_line(cli, reply, "sequenced", "sự kiện đã vào sổ ở đây",
               "events put into the log here");
    print_line(cli, reply, "cosignatures", "xác nhận mới", "new cosignatures");
    print_line(cli, reply, "deliveries", "sự kiện chuyển giao", "deliveries");
    print_files(cli, reply);
    print_notes(cli, reply);
    if (answer_bool(answer_get(reply->root, "joined"))) {
        printf("  %s\n", say(cli, "Nút này đã được chứng nhận.",
                             "This node is certified now."));
    }
}

static int run_import(struct cli *cli, struct error *err)
{
    const char *path = cli->args[1];
    struct client_reply reply = {0};
    FILE *in = fopen(path, "re");
    int rc;

    if (in == NULL) {
        return error_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
                         "%.160s: %s", path, strerror(errno));
    }
    rc = send_pieces(cli, in, path, err);
    (void)fclose(in);
    rc = rc < 0
             ? rc
             : cli_post(cli, "/v1/bundle/import", request_new(), &reply, err);
    rc = rc < 0 ? rc : await(cli, &reply, err);
    if (rc == 0 && !print_json(cli, &reply)) {
        if (count(&reply, "asks_to_join") > 0) {
            print_request(cli, &reply);
        } else {
            print_taken(cli, &reply);
        }
    }
    client_reply_release(&reply);
    return rc;
}

static int run(struct cli *cli, struct error *err)
{
    if (strcmp(cli->args[0], "export") == 0) {
        return run_export(cli, err);
    }
    if (strcmp(cli->args[0], "import") == 0) {
        return run_import(cli, err);
    }
    return error_set(err, ERR_USAGE, "bundle %.40s: export FILE or import FILE",
                     cli->args[0]);
}

extern const struct command cmd_bundle;
const struct command cmd_bundle = {
    .name = "bundle",
    .args = "export|import FILE",
    .args_min = 2,
    .args_max = 2,
    .vi = "liên lạc bằng USB khi không có mạng",
    .en = "the link by USB stick, where there is no network",
    .reads = true,
    .options = {{"to", "NODE", "xuất cho nút cấp dưới nào (mặc định: cấp trên)",
                 "export for which node below (default: the superior)"},
                {"max-size", "SIZE",
                 "gói lớn nhất bao nhiêu, ví dụ 500K, 20M (mặc định: mọi sự "
                 "kiện và 16M tệp đính kèm)",
                 "how large it may become, such as 500K, 20M (default: all "
                 "events and 16M of attached files)"}},
    .run = run,
};
