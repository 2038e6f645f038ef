/* protocol/duty: the words for verdicts and grades, as screens, slips and
 * explanations show them. Owns nothing else. */
#include "protocol/duty/duty.h"

const char *duty_verdict_text(uint8_t verdict, enum lang lang)
{
    static const char *const texts[DUTY_VERDICTS][2] = {
        {"Không tính được", "cannot be computed"},
        {"Đạt", "met"},
        {"Trễ hạn", "late"},
        {"Chưa đến hạn", "not due"},
        {"Quá hạn, chưa có hồ sơ", "missing"},
        {"Chưa có thông tin", "unknown"},
        {"Được miễn", "excused"},
        {"Không phát sinh", "none"},
        {"Chưa ghi nhận", "nothing recorded"},
        {"Chưa tham gia", "not enrolled"},
    };

    if (verdict >= DUTY_VERDICTS) {
        return "?";
    }
    return texts[verdict][lang == LANG_VI ? 0 : 1];
}

const char *duty_grade_text(uint8_t grade, enum lang lang)
{
    static const char *const texts[4][2] = {
        {"—", "—"},
        {"có chứng thực", "proved"},
        {"theo lời khai của đơn vị", "stated"},
        {"trái với chứng thực", "contradicted"},
    };

    if (grade > DUTY_CONTRADICTED) {
        return "?";
    }
    return texts[grade][lang == LANG_VI ? 0 : 1];
}
