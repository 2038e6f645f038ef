/* tools/sample: the words. Owns nothing but constants; must never hold a real
 * person's name, number or case. */
#include "tools/sample/phrases.h"

#include <stdio.h>

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof((list)[0])))

static const struct matter matters[] = {
    {"land", "Cấp giấy chứng nhận quyền sử dụng đất còn chậm",
     "Hộ gia đình nộp hồ sơ đề nghị cấp giấy chứng nhận từ năm trước, đến nay "
     "chưa nhận được kết quả và không được thông báo lý do.",
     "Đã rà soát hồ sơ, hướng dẫn bổ sung trích đo và hẹn ngày trả kết quả."},
    {"land", "Ranh giới đất rẫy chồng lấn với đất lâm nghiệp",
     "Một số hộ canh tác lâu năm trên diện tích nay nằm trong ranh giới đất "
     "lâm nghiệp, đề nghị kiểm tra thực địa và giải thích cho dân.",
     "Đã kiểm tra thực địa cùng thôn và đơn vị chủ rừng, lập biên bản."},
    {"land", "Thiếu đất ở cho hộ mới tách",
     "Các hộ trẻ tách hộ chưa có đất ở, đề nghị bố trí quỹ đất giãn dân.",
     "Đã lập danh sách, đưa vào phương án bố trí đất ở của năm."},
    {"construction", "Đường vào thôn hư hỏng, lầy lội mùa mưa",
     "Đoạn đường vào khu sản xuất bị xói lở, xe không đi được trong mùa mưa, "
     "đề nghị sớm sửa chữa.",
     "Đã khảo sát, bố trí kinh phí duy tu và huy động ngày công."},
    {"construction", "Cầu treo xuống cấp",
     "Mặt cầu treo mục nhiều tấm ván, học sinh đi lại nguy hiểm.",
     "Đã rào chắn tạm, thay ván hỏng và đề nghị sửa chữa lớn."},
    {"construction", "Công trình nước tự chảy không có nước",
     "Công trình nước sinh hoạt bị hỏng đường ống, dân phải lấy nước suối.",
     "Đã sửa đường ống đầu nguồn, giao thôn quản lý vận hành."},
    {"construction", "Kênh thủy lợi bị sạt lở",
     "Đoạn kênh chính sạt lở nên cánh đồng thiếu nước vụ đông xuân.",
     "Đã gia cố tạm, lập dự toán sửa chữa trước vụ sau."},
    {"policy", "Xét hộ nghèo, hộ cận nghèo chưa sát",
     "Việc rà soát hộ nghèo ở thôn chưa công khai đủ, có hộ khó khăn chưa được "
     "xét.",
     "Đã tổ chức họp thôn rà soát lại và niêm yết danh sách."},
    {"policy", "Chậm chi trả chế độ người có công, bảo trợ xã hội",
     "Người cao tuổi trong thôn nhận trợ cấp chậm hai tháng.",
     "Đã đối chiếu danh sách, chi trả bổ sung."},
    {"policy", "Hỗ trợ cây, con giống chưa đúng nhu cầu",
     "Giống cấp về không đúng thời vụ, đề nghị lấy ý kiến dân trước khi cấp.",
     "Sẽ họp thôn lấy ý kiến trước mỗi đợt cấp giống."},
    {"environment", "Cơ sở chế biến xả nước thải ra suối",
     "Nước suối đục, có mùi hôi, ảnh hưởng sinh hoạt và chăn nuôi.",
     "Đã lấy mẫu nước, yêu cầu cơ sở dừng xả và khắc phục."},
    {"environment", "Rác thải sinh hoạt chưa được thu gom",
     "Điểm tập kết rác gần khu dân cư quá tải, mong bố trí xe thu gom.",
     "Đã tăng chuyến thu gom, dời điểm tập kết."},
    {"security", "Mất trộm nông sản, trâu bò thả rông",
     "Thời gian gần đây mất trộm cà phê, cao su, đề nghị tăng tuần tra.",
     "Đã lập tổ tuần tra, ký cam kết quản lý gia súc."},
    {"education_health", "Điểm trường thôn thiếu phòng học",
     "Học sinh lớp một phải học ghép, phòng học dột khi mưa.",
     "Đã sửa mái, bố trí thêm phòng học tạm."},
    {"education_health", "Trạm y tế thiếu thuốc thông thường",
     "Người dân đi khám bảo hiểm phải tự mua thuốc.",
     "Đã báo cáo cấp trên bổ sung danh mục thuốc."},
    {"economy", "Giá thu mua mì và cà phê thấp",
     "Tư thương ép giá, đề nghị kết nối doanh nghiệp thu mua.",
     "Đã mời doanh nghiệp và hợp tác xã ký hợp đồng bao tiêu."},
    {"economy", "Vay vốn chính sách còn khó",
     "Thủ tục vay vốn sản xuất kéo dài, tổ vay vốn giải thích chưa rõ.",
     "Đã phối hợp ngân hàng chính sách hướng dẫn tại thôn."},
    {"administration", "Thái độ tiếp dân ở bộ phận một cửa",
     "Người dân phải đi lại nhiều lần để bổ sung giấy tờ.",
     "Đã chấn chỉnh, niêm yết thành phần hồ sơ, xin lỗi bằng văn bản."},
    {"administration", "Trả kết quả hộ tịch trễ hẹn",
     "Đăng ký khai sinh quá hẹn ba ngày, không có phiếu xin lỗi.",
     "Đã trả kết quả và gửi phiếu xin lỗi."},
    {"other", "Điện yếu vào giờ cao điểm",
     "Điện áp thấp vào buổi tối, máy bơm và đèn không dùng được.",
     "Đã chuyển kiến nghị tới đơn vị điện lực và theo dõi."},
    {"other", "Sóng điện thoại, mạng yếu ở thôn xa",
     "Thôn không có sóng ổn định, học sinh khó học trực tuyến.",
     "Đã đề nghị doanh nghiệp viễn thông khảo sát lắp trạm."},
};

static const struct matter complaints[] = {
    {"land", "Khiếu nại phương án bồi thường khi thu hồi đất",
     "Không đồng ý với đơn giá và diện tích bồi thường nêu trong quyết định.",
     "Đã ban hành quyết định giải quyết khiếu nại."},
    {"land", "Khiếu nại việc không cấp giấy chứng nhận",
     "Hồ sơ bị trả lại, lý do nêu trong văn bản không rõ.",
     "Đã đối thoại, ban hành quyết định giải quyết khiếu nại."},
    {"administration", "Khiếu nại quyết định xử phạt hành chính",
     "Cho rằng biên bản lập không đúng sự việc.",
     "Đã xác minh, ban hành quyết định giải quyết khiếu nại."},
    {"policy", "Khiếu nại việc dừng trợ cấp",
     "Trợ cấp bị dừng mà không có thông báo bằng văn bản.",
     "Đã đối chiếu hồ sơ, ban hành quyết định giải quyết khiếu nại."},
};

static const char *const family_names[] = {
    "Nguyễn", "Trần", "Lê",  "Phạm", "Hoàng", "Phan",
    "Vũ",     "Đặng", "Bùi", "Đỗ",   "Hồ",    "Ngô",
};
static const char *const middle_names[] = {
    "Văn", "Thị", "Đức", "Thị Thu", "Quang", "Thị Ngọc", "Minh", "Hữu",
};
static const char *const given_names[] = {
    "An",  "Bình", "Chung", "Dũng", "Hà",   "Hòa",  "Hương", "Khánh",
    "Lan", "Long", "Mai",   "Nam",  "Oanh", "Phúc", "Quyên", "Sơn",
    "Tâm", "Thảo", "Tuấn",  "Vinh", "Xuân", "Yến",
};
static const char *const local_names[] = {
    "A Bình",  "A Đăm",    "A Hiêng", "A Khoa", "A Lâm",  "A Nhơn",
    "A Thuận", "A Vượt",   "Y Blôi",  "Y Điệp", "Y Hạnh", "Y Loan",
    "Y Ngân",  "Y Phượng", "Y Thoa",  "Y Xuân",
};
static const char *const languages[] = {"Xơ Đăng", "Ba Na", "Giẻ Triêng"};
static const char *const villages[] = {
    "thôn 1", "thôn 2", "thôn 3", "thôn 4", "thôn 5", "thôn 6", "thôn 7",
};
static const char *const outsiders[] = {
    "Công ty Điện lực",
    "Ngân hàng Chính sách xã hội",
    "Doanh nghiệp viễn thông",
    "Công ty lâm nghiệp",
};

const struct matter *matter_any(struct dice *dice)
{
    return &matters[dice_below(dice, COUNT(matters))];
}

const struct matter *matter_complaint(struct dice *dice)
{
    return &complaints[dice_below(dice, COUNT(complaints))];
}

void person_any(struct dice *dice, char *name, size_t size,
                const char **language)
{
    *language = NULL;
    if (dice_chance(dice, 50)) {
        const uint32_t who = dice_below(dice, COUNT(local_names));

        (void)snprintf(name, size, "%s", local_names[who]);
        if (dice_chance(dice, 25)) {
            *language = languages[dice_below(dice, COUNT(languages))];
        }
        return;
    }

    const char *family = family_names[dice_below(dice, COUNT(family_names))];
    const char *middle = middle_names[dice_below(dice, COUNT(middle_names))];
    const char *given = given_names[dice_below(dice, COUNT(given_names))];

    (void)snprintf(name, size, "%s %s %s", family, middle, given);
}

const char *village_any(struct dice *dice)
{
    return villages[dice_below(dice, COUNT(villages))];
}

const char *outsider_any(struct dice *dice)
{
    return outsiders[dice_below(dice, COUNT(outsiders))];
}
