/* tools: labels of fields and words. Owns the Vietnamese of what a person
 * reads in `show` and `record --help`; the words of states are in
 * records_print.c, those of errors in node/words. A new field or word of
 * protocol/schema gets its row here. */
#include "tools/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/records_print.h"

struct label {
    const char *name;
    const char *vi;
};

/* By name, for bsearch; tools_labels checks the order. */
static const struct label fields[] = {
    {"accepted", "nhận"},
    {"act", "việc"},
    {"actor_id", "mã khóa của cán bộ"},
    {"actor_key", "khóa công khai của cán bộ"},
    {"address", "địa chỉ"},
    {"adopted", "ban hành"},
    {"announced", "công khai thông báo"},
    {"answer_form", "hình thức trả lời"},
    {"answer_mark", "duyệt trả lời"},
    {"answer_unit", "đơn vị trả lời"},
    {"answered", "trả lời"},
    {"answered_by", "người trả lời"},
    {"approved", "được cấp trên duyệt"},
    {"asked_day", "ngày được hỏi"},
    {"attended", "số người dự"},
    {"audience", "phần nội dung"},
    {"body", "đơn vị trả lời"},
    {"body_key", "khóa mở nội dung"},
    {"body_name", "tên cơ quan trả lời"},
    {"by", "người trả lời"},
    {"calendar", "lịch làm việc"},
    {"cancelled", "hủy"},
    {"cause", "lý do đột xuất (mã)"},
    {"chairs", "chủ trì"},
    {"channel", "kênh tiếp nhận"},
    {"classification", "kết quả phân loại"},
    {"classified", "phân loại"},
    {"concluded", "kết luận từng kiến nghị"},
    {"conclusion", "kết luận"},
    {"consolidated", "báo cáo tổng hợp"},
    {"content", "nội dung"},
    {"custody", "chuyển giao khi sắp xếp đơn vị"},
    {"dated_day", "ngày văn bản"},
    {"decider", "đơn vị phải quyết định"},
    {"dialogue_id", "buổi đối thoại"},
    {"dir", "sổ danh bạ"},
    {"document", "văn bản"},
    {"documents", "văn bản"},
    {"dossier", "hồ sơ đối thoại"},
    {"due_day", "hạn"},
    {"duty", "nhiệm vụ"},
    {"epoch", "kỳ của sổ"},
    {"erased", "phần đã xóa"},
    {"event_id", "mã sự kiện"},
    {"extensions", "gia hạn"},
    {"field", "lĩnh vực"},
    {"file_hash", "mã băm của tệp"},
    {"first_concluded", "thông báo kết luận đầu tiên"},
    {"first_previous", "báo cáo kỳ trước đầu tiên"},
    {"form", "hình thức"},
    {"forms", "hình thức công khai (mã)"},
    {"from", "từ"},
    {"from_day", "từ ngày"},
    {"ground", "căn cứ"},
    {"head", "người đứng đầu chủ trì"},
    {"heads", "đầu các sổ"},
    {"held", "tổ chức"},
    {"historical", "hồ sơ cũ"},
    {"holder", "đơn vị đang giữ"},
    {"id_number", "số giấy tờ tùy thân"},
    {"improved", "sửa theo hướng tốt lên"},
    {"interpreter", "người phiên dịch"},
    {"item", "mục công khai"},
    {"items", "mục"},
    {"key", "khóa khi nhập"},
    {"keys", "khóa trao thêm"},
    {"kind", "loại"},
    {"language", "ngôn ngữ"},
    {"lines", "dòng kế hoạch"},
    {"lower_s", "không sớm hơn"},
    {"mark", "duyệt"},
    {"month", "tháng"},
    {"name", "họ tên"},
    {"new_number", "số mới"},
    {"new_text", "chữ mới"},
    {"next_day", "hẹn đến ngày"},
    {"note", "ghi chú"},
    {"notice", "nội dung thông báo"},
    {"notified", "thông báo cho người gửi"},
    {"number", "số"},
    {"officials", "cán bộ"},
    {"old_number", "số cũ"},
    {"old_text", "chữ cũ"},
    {"on_day", "ngày"},
    {"opinions", "số ý kiến"},
    {"order", "lệnh bằng văn bản"},
    {"order_s", "thứ tự theo giờ"},
    {"origin", "tên sổ"},
    {"outcome", "kết quả thực hiện"},
    {"outcomes", "kết quả thực hiện"},
    {"paper_id", "đơn đầu của cùng tờ giấy"},
    {"pauses", "tạm dừng tính ngày"},
    {"people", "số người"},
    {"period", "kỳ báo cáo"},
    {"person_known", "biết người gửi"},
    {"persons", "người gửi"},
    {"petition_id", "kiến nghị"},
    {"phone", "điện thoại"},
    {"place", "nơi"},
    {"plan_id", "kế hoạch"},
    {"plan_line", "dòng của kế hoạch"},
    {"planned_day", "ngày dự kiến"},
    {"post", "chức vụ"},
    {"previous", "kiến nghị kỳ trước"},
    {"publicity", "công khai"},
    {"published", "công khai trả lời"},
    {"reason", "lý do (mã)"},
    {"received", "tiếp nhận"},
    {"receiver", "đơn vị tiếp nhận"},
    {"referrals", "chuyển đơn"},
    {"requested", "cử tri đề nghị"},
    {"result", "kết quả"},
    {"results", "công khai kết quả"},
    {"returned", "trả lại"},
    {"rights", "quyền (mã)"},
    {"root_hash", "mã băm gốc"},
    {"scale", "số người dự kiến"},
    {"schedules", "lịch"},
    {"secret", "văn bản mật"},
    {"section", "phần đối thoại"},
    {"shelf", "nơi lưu bản giấy"},
    {"signer", "chức vụ người ký"},
    {"signing", "cách ký"},
    {"size", "số sự kiện"},
    {"snapshot_hash", "mã băm của số liệu"},
    {"source", "lấy lại từ nút"},
    {"state", "trạng thái"},
    {"steps", "các bước đã làm (mã)"},
    {"submitted", "nộp báo cáo"},
    {"taken", "nhận chuyển giao"},
    {"title", "tiêu đề"},
    {"to", "đến đơn vị"},
    {"unit", "đơn vị"},
    {"until", "đến"},
    {"until_day", "đến ngày"},
    {"upper_s", "không muộn hơn"},
    {"voter_contact", "tiếp xúc cử tri"},
    {"voters", "số cử tri"},
    {"waived", "được miễn"},
    {"what", "công khai việc gì"},
    {"withdrawn", "rút"},
    {"women", "số phụ nữ"},
    {"year", "năm"},
};

/* By "field.word" or, for words that mean one thing anywhere, by the word; the
 * words that records_print.c owns are not repeated. Ordered as above. */
static const struct label values[] = {
    {"accepted", "thụ lý"},
    {"administration", "hành chính"},
    {"announcement", "thông báo kết luận"},
    {"answer", "trả lời"},
    {"answered", "trả lời tại chỗ"},
    {"body", "cơ quan chức năng"},
    {"box", "hòm thư góp ý"},
    {"chair", "người chủ trì"},
    {"channel.dialogue", "tại buổi đối thoại"},
    {"complaint", "khiếu nại"},
    {"concerns", "báo cáo các vấn đề nhân dân quan tâm"},
    {"conclusion", "thông báo kết luận"},
    {"construction", "xây dựng"},
    {"counter", "tại nơi tiếp công dân"},
    {"decision", "quyết định"},
    {"delegate", "người được ủy quyền"},
    {"denunciation", "tố cáo"},
    {"dialogue", "đối thoại"},
    {"direct", "người đứng đầu ký"},
    {"disclosure", "công khai thông tin"},
    {"done", "đã làm xong"},
    {"economy", "kinh tế"},
    {"education_health", "giáo dục, y tế"},
    {"environment", "môi trường"},
    {"expired", "hết thời hạn lưu giữ"},
    {"extraordinary", "đột xuất"},
    {"false", "không"},
    {"file", "tệp"},
    {"forwarded", "chuyển cơ quan khác"},
    {"half", "sáu tháng đầu năm"},
    {"in_person", "trực tiếp"},
    {"inspection", "kiểm tra"},
    {"kind.order", "lệnh bằng văn bản của lãnh đạo"},
    {"kt", "ký thay (KT.)"},
    {"land", "đất đai"},
    {"minutes", "biên bản"},
    {"mistake", "ghi nhầm"},
    {"mixed", "trực tiếp và trực tuyến"},
    {"needs_time", "cần thêm thời gian"},
    {"none_held", "không tổ chức đối thoại"},
    {"not_admitted", "không đủ điều kiện thụ lý"},
    {"not_done", "không làm được"},
    {"not_yet", "chưa làm xong"},
    {"noted", "ghi nhận"},
    {"on_paper", "đã duyệt trên giấy"},
    {"on_request", "theo yêu cầu"},
    {"on_the_spot", "tại chỗ"},
    {"online", "trực tuyến"},
    {"order", "quyết định của cơ quan có thẩm quyền"},
    {"other", "khác"},
    {"periodic", "định kỳ"},
    {"personal", "không công khai (việc riêng)"},
    {"petition", "đơn của dân"},
    {"phone", "điện thoại"},
    {"plan", "kế hoạch"},
    {"policy", "chế độ, chính sách"},
    {"post", "bưu điện"},
    {"present", "có"},
    {"previous", "báo cáo kết quả kiến nghị kỳ trước"},
    {"private", "nội dung riêng"},
    {"programme", "quy chế và chương trình"},
    {"proposal", "kiến nghị, phản ánh"},
    {"public", "công khai"},
    {"reception", "buổi tiếp dân"},
    {"referred", "cơ quan khác chuyển đến"},
    {"refused", "không thụ lý"},
    {"report", "báo cáo"},
    {"request", "người dân yêu cầu"},
    {"results", "kết quả thực hiện"},
    {"secret", "bí mật"},
    {"security", "an ninh, trật tự"},
    {"speech", "bài phát biểu khai mạc, bế mạc"},
    {"state.accepted", "đã thụ lý"},
    {"state.answered", "đã trả lời"},
    {"state.referred", "đã chuyển, chờ nhận"},
    {"state.refused", "từ chối"},
    {"summons", "thông báo, giấy mời"},
    {"taken", "tiếp thu, trả lời bằng văn bản"},
    {"text", "nội dung"},
    {"tl", "thừa lệnh (TL.)"},
    {"tm", "thay mặt (TM.)"},
    {"transferred", "đã chuyển cơ quan có thẩm quyền"},
    {"true", "có"},
    {"tuq", "thừa ủy quyền (TUQ.)"},
    {"unit", "nội dung riêng của đơn vị"},
    {"unsigned", "chưa duyệt"},
    {"with_key", "đã duyệt bằng khóa ký"},
    {"written", "bằng văn bản"},
    {"year", "cả năm"},
};

/* Fields whose words are of the schema, not of a person. */
static const char *const worded[] = {
    "answer_form",   "answer_mark",  "answered_by", "approved",
    "audience",      "by",           "channel",     "classification",
    "conclusion",    "consolidated", "field",       "form",
    "ground",        "head",         "historical",  "improved",
    "kind",          "mark",         "notice",      "outcome",
    "period",        "person_known", "publicity",   "result",
    "secret",        "section",      "signing",     "state",
    "voter_contact", "waived",       "what",
};

static bool is_worded(const char *field)
{
    for (size_t i = 0; i < sizeof(worded) / sizeof(*worded); i++) {
        if (strcmp(worded[i], field) == 0) {
            return true;
        }
    }
    return false;
}

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct label *)row)->name);
}

static const char *find(const struct label *rows, size_t rows_len,
                        const char *name)
{
    const struct label *found =
        bsearch(name, rows, rows_len, sizeof(*rows), by_name);

    return found == NULL ? NULL : found->vi;
}

const char *label_field(const struct cli *cli, const char *name)
{
    const char *vi = cli->english
                         ? NULL
                         : find(fields, sizeof(fields) / sizeof(*fields), name);

    return vi == NULL ? name : vi;
}

const char *label_value(const struct cli *cli, const char *field,
                        const char *value)
{
    const size_t count = sizeof(values) / sizeof(*values);
    char both[128];
    const char *vi;
    const char *state;

    if (cli->english || !is_worded(field)) {
        return NULL;
    }
    snprintf(both, sizeof(both), "%s.%s", field, value);
    vi = find(values, count, both);
    vi = vi != NULL ? vi : find(values, count, value);
    if (vi == NULL) {
        state = state_text(cli, value);
        vi = state == value ? NULL : state;
    }
    return vi;
}

bool label_is_day(const char *field)
{
    size_t len = strlen(field);

    return len > 4 && strcmp(field + len - 4, "_day") == 0;
}
