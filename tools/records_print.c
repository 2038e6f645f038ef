/* tools: records as rows. Owns the words of states in Vietnamese. */
#include "tools/records_print.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    const char *vi;
} words[] = {
    {"petition", "kiến nghị"},
    {"dialogue", "đối thoại"},
    {"plan", "kế hoạch"},
    {"report", "báo cáo"},
    {"notice", "không phát sinh"},
    {"received", "đã tiếp nhận"},
    {"accepted", "đã thụ lý"},
    {"awaiting_supplement", "chờ bổ sung"},
    {"referred", "đã chuyển, chờ nhận"},
    {"answered", "đã trả lời"},
    {"done", "đã làm xong"},
    {"not_done", "không làm được"},
    {"not_admitted", "không đủ điều kiện thụ lý"},
    {"refused", "từ chối"},
    {"withdrawn", "đã rút"},
    {"requested", "cử tri đề nghị"},
    {"scheduled", "đã lên lịch"},
    {"cancelled", "đã hủy"},
    {"held", "đã tổ chức"},
    {"concluded", "đã kết luận"},
    {"proposal", "kiến nghị, phản ánh"},
    {"complaint", "khiếu nại"},
    {"denunciation", "tố cáo"},
    {"periodic", "định kỳ"},
    {"extraordinary", "đột xuất"},
    {"on_request", "theo yêu cầu"},
    {"waiting", "chờ một sự kiện chưa có ở đây"},
    {"bad_signature", "chữ ký sai"},
    {"no_right", "người ký không có quyền, hoặc khóa đã bị thu"},
    {"not_understood", "loại mới hơn phần mềm này"},
    {"invalid", "nội dung trái quy định của loại"},
    {"wrong_log", "không nằm trong sổ của nút ghi nó"},
    {"future", "ngày làm ở tương lai"},
    {"in_the_future", "ngày làm ở tương lai"},
    {"after_bracket", "ngày làm sau ngày cấp trên đã nhận"},
    {"after_its_bracket", "ngày làm sau ngày cấp trên đã nhận"},
    {"contradicts", "trái với trạng thái của hồ sơ"},
    {"contradicts_the_record", "trái với trạng thái của hồ sơ"},
    {"not_party", "đơn vị không có phần trong hồ sơ"},
    {"not_a_party", "đơn vị không có phần trong hồ sơ"},
    {"repeated", "đã ghi rồi; lần đầu có hiệu lực"},
    {"needs_approval", "cần lãnh đạo duyệt hoặc lệnh bằng văn bản"},
    {"voided", "đã bị hủy"},
    {"after_the_end_of_its_log", "sau điểm kết thúc của sổ"},
    {"after_end", "sau điểm kết thúc của sổ"},
    {"with_key", "đã duyệt bằng khóa ký"},
    {"on_paper", "đã duyệt trên giấy"},
};

/* Names come as "not_a_party" from a record and "not a party" elsewhere. */
static bool same_word(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if (*a != *b && !(*a == '_' && *b == ' ')) {
            return false;
        }
    }
    return *a == *b;
}

const char *state_text(const struct cli *cli, const char *state)
{
    for (size_t i = 0; !cli->english && i < sizeof(words) / sizeof(*words);
         i++) {
        if (same_word(words[i].word, state)) {
            return words[i].vi;
        }
    }
    return state;
}

/* The state, and who is asked to decide after two returns. */
static const char *state_of(const struct cli *cli, const struct answer *one,
                            char *room, size_t size)
{
    const char *state = state_text(cli, answer_text(answer_get(one, "state")));
    const struct answer *decider = answer_get(one, "decider");

    if (answer_is_null(decider)) {
        return state;
    }
    snprintf(room, size, "%s; %s %s", state,
             say(cli, "trả lại hai lần, chờ quyết định của",
                 "returned twice, to be decided by"),
             answer_text(answer_get(decider, "name")));
    return room;
}

int records_print(const struct cli *cli, const struct answer *records,
                  struct error *err)
{
    struct table *table = table_new(6, 0);

    table_add(table, say(cli, "Mã số", "Code"));
    table_add(table, say(cli, "Loại", "Kind"));
    table_add(table, say(cli, "Ngày", "Day"));
    table_add(table, say(cli, "Trạng thái", "State"));
    table_add(table, say(cli, "Đơn vị", "Unit"));
    table_add(table, say(cli, "Đang giữ", "Holder"));
    for (size_t i = 0; i < answer_len(records); i++) {
        const struct answer *one = answer_at(records, i);
        char when[WHEN_SIZE];
        char state[512];

        table_add(table, answer_text(answer_get(one, "code")));
        table_add(table, state_text(cli, answer_text(answer_get(one, "kind"))));
        table_add(table, print_when(cli, answer_get(one, "opened"), when));
        table_add(table, state_of(cli, one, state, sizeof(state)));
        table_add(table,
                  answer_text(answer_get(answer_get(one, "unit"), "name")));
        table_add(table,
                  answer_text(answer_get(answer_get(one, "holder"), "name")));
    }
    return table_end(table, err);
}
