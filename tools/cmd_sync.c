/* tools: `qcdc sync`, how the node stands with the others.
 * Owns the plain words: what lags, what was refused, what a person must do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/records_print.h"
#include "tools/sync_print.h"

static int64_t count(const struct answer *of, const char *name)
{
    return answer_number(answer_get(of, name));
}

static void print_only_here(const struct cli *cli, const struct answer *root)
{
    char when[WHEN_SIZE];

    if (count(root, "only_here") == 0) {
        printf("%s\n", say(cli, "Mọi sự kiện đều đã có ở cấp trên.",
                           "Every event is held by the level above too."));
        return;
    }
    printf("%lld %s %s\n", (long long)count(root, "only_here"),
           say(cli, "sự kiện chỉ có trên máy này, cũ nhất từ",
               "events exist only on this machine, the oldest since"),
           print_when(cli, answer_get(root, "only_here_since"), when));
}

/* What passed by USB stick. */
static void print_bundles(const struct cli *cli, const struct answer *peer)
{
    const struct answer *made = answer_get(peer, "bundle_made");
    const struct answer *taken = answer_get(peer, "bundle_taken");
    char first[WHEN_SIZE];
    char second[WHEN_SIZE];

    if (answer_text(made)[0] != '\0' || answer_text(taken)[0] != '\0') {
        printf("  %s: %s %s, %s %s\n", say(cli, "bằng USB", "by bundle"),
               say(cli, "xuất lần cuối", "last made"),
               print_when(cli, made, first),
               say(cli, "nhận lần cuối", "last taken in"),
               print_when(cli, taken, second));
    }
    if (count(peer, "staged") > 0) {
        printf("  %s: %lld %s\n", say(cli, "bằng USB", "by bundle"),
               (long long)count(peer, "staged"),
               say(cli,
                   "sự kiện chờ vào sổ của nơi gửi: xuất gói trả lời cho họ",
                   "events wait for their place in its log: export a bundle "
                   "for it in answer"));
    }
}

static const char *peer_word(const struct cli *cli, const struct answer *peer)
{
    const char *role = answer_text(answer_get(peer, "role"));

    switch (role[0]) {
    case 's':
        return say(cli, "Máy dự phòng", "Standby");
    case 't':
        return say(cli, "Được dự phòng ở đây", "Mirrored here");
    case 'o':
        return say(cli, "Máy chỉ đọc", "Observer");
    default:
        return answer_text(answer_get(peer, "side"))[0] == 'u'
                   ? say(cli, "Cấp trên", "Above")
                   : say(cli, "Cấp dưới", "Below");
    }
}

/* The top node and its standby: who leads, and what that asks of a person. */
static void print_top(const struct cli *cli, const struct answer *top)
{
    const char *part = answer_text(answer_get(top, "part"));
    const char *endpoint = answer_text(answer_get(top, "endpoint"));
    long long node = (long long)count(top, "node");
    char when[WHEN_SIZE];

    print_when(cli, answer_get(top, "since"), when);
    if (strcmp(part, "stands_by") == 0) {
        printf("%s %lld; %s\n",
               say(cli, "Máy này dự phòng cho nút",
                   "This machine stands by for node"),
               node,
               say(cli, "nếu nút ấy mất: qcdc promote --root-key TỆP",
                   "should that be lost: qcdc promote --root-key FILE"));
    } else if (strcmp(part, "observes") == 0) {
        printf("%s %lld %s\n",
               say(cli, "Máy này chỉ đọc: giữ những gì nút",
                   "This machine reads only: it holds what node"),
               node,
               say(cli, "có, không giữ nội dung riêng tư",
                   "holds, without private contents"));
    } else if (strcmp(part, "leads") == 0) {
        printf("%s %s; %s\n",
               say(cli, "Máy này dẫn đầu hệ thay máy trước từ",
                   "This machine leads the realm in place of the one before "
                   "since"),
               when,
               say(cli, "máy trước bị từ chối nếu quay lại",
                   "that one is refused, should it come back"));
        if (count(top, "standby") == 0) {
            printf("%s: %s\n", say(cli, "CẦN LÀM", "TO DO"),
                   say(cli,
                       "chưa có máy dự phòng: qcdc invite N --role standby "
                       "--at ĐỊA_CHỈ",
                       "there is no standby: qcdc invite N --role standby "
                       "--at ADDRESS"));
        }
    } else if (strcmp(part, "moved") == 0) {
        printf("%s %lld %s %s: %s\n", say(cli, "Nút cao nhất, nút", "Node"),
               node, say(cli, "ở máy khác từ", "is another machine since"),
               when, endpoint);
    } else if (strcmp(part, "replaced") == 0) {
        printf("%s: %s %s (%s); %s\n", say(cli, "CẦN LÀM", "TO DO"),
               say(cli, "một máy khác đã thay máy này dẫn đầu hệ từ",
                   "another machine leads the realm in this one's place since"),
               when, endpoint,
               say(cli, "tắt nút này; việc chỉ có ở đây phải ghi lại ở máy mới",
                   "stop this node; what exists only here must be entered "
                   "again there"));
    }
}

static void print_peer(const struct cli *cli, const struct answer *peer)
{
    const char *trouble = answer_text(answer_get(peer, "trouble"));
    int64_t skew = count(peer, "clock_skew_ms");
    char when[WHEN_SIZE];

    printf("\n%s %s (%s %lld): %s\n", peer_word(cli, peer),
           answer_text(answer_get(peer, "name")), say(cli, "nút", "node"),
           (long long)count(peer, "node"),
           answer_bool(answer_get(peer, "connected"))
               ? say(cli, "đang nối", "connected")
               : say(cli, "mất liên lạc", "not connected"));
    printf(
        "  %s %s; %s %lld, %s %lld", say(cli, "liên lạc cuối", "last contact"),
        print_when(cli, answer_get(peer, "last_contact"), when),
        say(cli, "chờ gửi", "to send"), (long long)count(peer, "to_send"),
        say(cli, "chờ nhận", "to fetch"), (long long)count(peer, "to_fetch"));
    if (count(peer, "deliveries") > 0) {
        printf(", %s %lld", say(cli, "chờ giao", "deliveries"),
               (long long)count(peer, "deliveries"));
    }
    if (llabs(skew) >= 60000) {
        printf(", %s %lld s", say(cli, "lệch đồng hồ", "clock differs by"),
               (long long)(skew / 1000));
    }
    printf("\n");
    print_bundles(cli, peer);
    if (count(peer, "refused") > 0) {
        printf("  %s: %lld\n", say(cli, "đã từ chối", "refused"),
               (long long)count(peer, "refused"));
    }
    if (answer_bool(answer_get(peer, "holds"))) {
        printf("  %s\n",
               say(cli,
                   "chưa xếp sự kiện mới vào sổ của nút dưới: nút xác nhận mới "
                   "còn chờ nghe nút trước đó và cấp trên giữ đến đâu; tự tiếp "
                   "tục",
                   "nothing new goes into the log of the node below yet: its "
                   "new guard waits to hear what the one before, and its "
                   "superior, hold of it; it goes on by itself"));
    }
    if (trouble[0] != '\0') {
        const char *todo =
            answer_text(answer_get(peer, say(cli, "todo_vi", "todo_en")));

        printf("  %s: %s\n", say(cli, "CẦN LÀM", "TO DO"),
               todo[0] != '\0' ? todo : trouble);
        if (todo[0] != '\0') {
            printf("    (%s)\n", trouble);
        }
    }
}

static int print_logs(const struct cli *cli, const struct answer *logs,
                      struct error *err)
{
    struct table *table = table_new(6, 1u << 1 | 1u << 2 | 1u << 3);

    table_add(table, say(cli, "Sổ", "Log"));
    table_add(table, say(cli, "Có", "Held"));
    table_add(table, say(cli, "Đã tính", "Counted"));
    table_add(table, say(cli, "Đã xác nhận", "Cosigned"));
    table_add(table, say(cli, "Tin mới nhất", "Heard"));
    table_add(table, say(cli, "Của", "Of"));
    for (size_t i = 0; i < answer_len(logs); i++) {
        const struct answer *log = answer_at(logs, i);
        char when[WHEN_SIZE];

        table_add(table, answer_text(answer_get(log, "origin")));
        table_add_number(table, count(log, "size"));
        table_add_number(table, count(log, "integrated"));
        table_add_number(table, count(log, "guarded"));
        table_add(table, print_when(cli, answer_get(log, "heard"), when));
        table_add(table, answer_text(answer_get(log, "name")));
    }
    return table_end(table, err);
}

/* What was set back, what is being fetched, when it was done. */
static void print_recovery(const struct cli *cli, const struct answer *log,
                           const char *which)
{
    const struct answer *row = answer_get(log, which);
    bool lent = which[0] == 'l';
    bool done = answer_bool(answer_get(row, "done"));
    char when[WHEN_SIZE];

    if (row == NULL || answer_text(answer_get(row, "reason"))[0] == '\0') {
        return;
    }
    printf("%s %s (%s): ",
           lent ? (done ? say(cli, "ĐÃ CHO LẤY LẠI", "LENT BACK")
                        : say(cli, "ĐANG CHO LẤY LẠI", "LENDING BACK"))
                : (done ? say(cli, "ĐÃ LẤY LẠI", "FETCHED BACK")
                        : say(cli, "ĐANG LẤY LẠI", "FETCHING BACK")),
           answer_text(answer_get(log, "origin")),
           answer_text(answer_get(log, "name")));
    printf("%s %lld %s %lld, %s %lld %s", say(cli, "sự kiện", "events"),
           (long long)count(row, "from"), say(cli, "đến", "to"),
           (long long)count(row, "until"), say(cli, "nút", "node"),
           (long long)count(row, "node"), answer_text(answer_get(row, "name")));
    if (done) {
        printf("; %s %s", say(cli, "xong", "done"),
               print_when(cli, answer_get(row, "done_at"), when));
    } else {
        printf("; %s %lld, %s %s", say(cli, "đã có", "held"),
               (long long)count(log, "size"), say(cli, "bắt đầu", "since"),
               print_when(cli, answer_get(row, "since"), when));
    }
    printf("\n");
    if (!done) {
        printf("  %s\n", answer_text(answer_get(
                             row, say(cli, "reason_vi", "reason_en"))));
    }
    if (answer_bool(answer_get(row, "lost"))) {
        printf("  %s %s %lld %s\n",
               say(cli,
                   "CẦN LÀM: đã một ngày không nút nào đang kết nối có phần "
                   "còn thiếu; nội dung và bản giao không chờ nữa. Nếu không "
                   "máy nào còn giữ, kết thúc sổ này:",
                   "TO DO: for a day no connected node has had what is "
                   "missing; bodies and deliveries wait no longer. If no "
                   "machine holds it any more, end this log:"),
               "qcdc invite", (long long)count(log, "node"),
               "--again --reason mirrors-lost");
    }
}

/* Children sign their superior's directory log: he alone cannot write it
 * anew. */
static void print_below(const struct cli *cli, const struct answer *log)
{
    const struct answer *held = answer_get(log, "held");
    long long whole = 0;

    if (answer_len(held) == 0 ||
        strstr(answer_text(answer_get(log, "origin")), "/dir/") == NULL) {
        return;
    }
    for (size_t i = 0; i < answer_len(held); i++) {
        whole += count(answer_at(held, i), "size") == count(log, "size");
    }
    printf("%s: %s %zu, %s %lld\n", answer_text(answer_get(log, "origin")),
           say(cli, "số nút khác xác nhận", "cosigned by other nodes:"),
           answer_len(held), say(cli, "đến cuối sổ", "to its end"), whole);
}

/* A log that takes nothing any more: all of it is here, or the rest is
 * awaited. */
static void print_end(const struct cli *cli, const struct answer *log)
{
    long long end = (long long)count(log, "end");
    long long held = (long long)count(log, "size");

    if (!answer_bool(answer_get(log, "ended"))) {
        return;
    }
    printf("%s %s: %lld %s", say(cli, "Đã khép sổ", "Ended"),
           answer_text(answer_get(log, "origin")), end,
           say(cli, "sự kiện", "events"));
    if (held < end) {
        printf(", %s %lld", say(cli, "ở đây mới có", "held here so far"), held);
    }
    printf("\n");
    if (count(log, "tail_events") > 0) {
        printf("%s: %lld %s %s\n", say(cli, "CẦN LÀM", "TO DO"),
               (long long)count(log, "tail_events"),
               say(cli,
                   "sự kiện có ở đây sau chỗ khép sổ đã cất riêng; nếu nút đó "
                   "không còn giữ, chép tệp sang máy của nó rồi: qcdc tail",
                   "events beyond that end were held here and are kept apart; "
                   "if that node has lost them, carry the file to its machine, "
                   "then: qcdc tail"),
               answer_text(answer_get(log, "tail")));
    }
}

static void print_frozen(const struct cli *cli, const struct answer *logs)
{
    for (size_t i = 0; i < answer_len(logs); i++) {
        const struct answer *log = answer_at(logs, i);
        const char *frozen = answer_text(answer_get(log, "frozen"));

        print_below(cli, log);
        print_recovery(cli, log, "fetched");
        print_recovery(cli, log, "lent");
        print_end(cli, log);
        if (frozen[0] != '\0') {
            printf("%s %s (%s): %s\n", say(cli, "ĐÓNG BĂNG", "FROZEN"),
                   answer_text(answer_get(log, "origin")),
                   answer_text(answer_get(log, "name")), frozen);
        }
        if (answer_text(answer_get(log, "evidence"))[0] != '\0') {
            printf("%s %s: %s\n  qcdc verify %s\n",
                   say(cli, "Bằng chứng hai lịch sử của sổ",
                       "Evidence of two histories of"),
                   answer_text(answer_get(log, "origin")),
                   answer_text(answer_get(log, "evidence")),
                   answer_text(answer_get(log, "evidence")));
        }
        if (count(log, "absent") > 0) {
            printf("%s: %lld %s\n", answer_text(answer_get(log, "origin")),
                   (long long)count(log, "absent"),
                   say(cli, "nội dung vắng (đã xóa hoặc mất)",
                       "bodies absent (erased or lost)"));
        }
    }
}

/* Nothing where no outside witness ever said a word. */
static void print_witness(const struct cli *cli, const struct answer *witness)
{
    char when[WHEN_SIZE];

    if (answer_text(answer_get(witness, "newest"))[0] == '\0') {
        return;
    }
    printf("%s: %lld/%lld %s %s\n",
           say(cli, "Nhân chứng bên ngoài", "Outside witness"),
           (long long)count(witness, "to_the_end"),
           (long long)count(witness, "logs"),
           say(cli, "sổ đã thấy đến cuối, gần nhất",
               "logs seen to the end, "
               "newest"),
           print_when(cli, answer_get(witness, "newest"), when));
}

static int print_sync(const struct cli *cli, const struct client_reply *reply,
                      struct error *err)
{
    const struct answer *root = reply->root;
    const struct answer *peers = answer_get(root, "peers");
    const struct answer *logs = answer_get(root, "logs");
    const struct answer *bad = answer_get(root, "not_effective");

    const char *clock =
        answer_text(answer_get(root, say(cli, "clock_vi", "clock_en")));

    print_head(cli, reply);
    print_only_here(cli, root);
    print_top(cli, answer_get(root, "top"));
    if (answer_bool(answer_get(root, "disk_low"))) {
        printf("%s: %s (%lld MiB)\n", say(cli, "CẦN LÀM", "TO DO"),
               say(cli,
                   "đĩa gần đầy: nút chỉ còn cho xem, không ghi, không nhận; "
                   "dọn đĩa, nút tự làm tiếp",
                   "the disk is nearly full: the node shows and records "
                   "nothing, takes nothing in; free space, it goes on by "
                   "itself"),
               (long long)(count(root, "disk_free") / 1048576));
    }
    if (clock[0] != '\0') {
        printf("%s: %s\n", say(cli, "CẦN LÀM", "TO DO"), clock);
    }
    for (size_t i = 0; i < answer_len(peers); i++) {
        print_peer(cli, answer_at(peers, i));
    }
    printf("\n");
    int rc = print_logs(cli, logs, err);
    print_frozen(cli, logs);
    print_witness(cli, answer_get(root, "witness"));
    for (size_t i = 0; i < answer_len(answer_get(root, "damage")); i++) {
        sync_print_damage(cli, answer_at(answer_get(root, "damage"), i));
    }
    for (size_t i = 0; i < answer_len(bad); i++) {
        const struct answer *one = answer_at(bad, i);

        printf("%s: %s: %lld\n", say(cli, "Không có hiệu lực", "Not effective"),
               state_text(cli, answer_text(answer_get(one, "reason"))),
               (long long)count(one, "events"));
    }
    sync_print_erasures(cli, root);
    sync_print_sealed(cli, root);
    if (count(root, "refused") > 0) {
        printf("%s: %lld\n", say(cli, "Đã từ chối", "Refused"),
               (long long)count(root, "refused"));
    }
    return rc;
}

static int run(struct cli *cli, struct error *err)
{
    struct client_reply reply;
    int rc = cli_get(cli, "/v1/sync", &reply, err);

    if (rc == 0 && !print_json(cli, &reply)) {
        rc = print_sync(cli, &reply, err);
    }
    client_reply_release(&reply);
    return rc;
}

const struct command cmd_sync = {
    .name = "sync",
    .args = "",
    .vi = "liên lạc với cấp trên, cấp dưới; việc gì cần người làm",
    .en = "how it stands with others; what a person must do",
    .reads = true,
    .run = run,
};
