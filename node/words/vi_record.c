/* Room: node. Vietnamese of records, calendars, duties.
 * Owns constant rows, sorted by their English. Must never hold a sentence that
 * the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"%d-%02u-%02u is no date between 1970 and 9999",
     "{1}-{2}-{3} không phải ngày từ năm 1970 đến 9999"},
    {"%s is outside calendar %u (%s to %s): publish a calendar that covers it",
     "{1} ngoài lịch {2} (từ {3} đến {4}): hãy ban hành lịch bao gồm ngày này"},
    {"a fold needs a kind and events",
     "phép tính hồ sơ cần loại hồ sơ và sự kiện"},
    {"a term of %u days ends beyond every calendar",
     "hạn {1} ngày kết thúc sau mọi lịch đã ban hành"},
    {"calendar %u covers more than %u days or lists more than %u",
     "lịch {1} bao gồm hoặc liệt kê quá nhiều ngày (nhiều nhất {2} và {3})"},
    {"duties of unit %u: %s", "nhiệm vụ của đơn vị {1}: {2}"},
    {"no calendar is published: publish one with the holidays and swapped days",
     "chưa có lịch nào được ban hành: hãy ban hành lịch có ngày nghỉ và ngày "
     "hoán đổi"},
    {"no room for %u calendar days", "không đủ chỗ cho {1} ngày của lịch"},
    {"no room for the cells of unit %u",
     "không đủ chỗ cho các ô của đơn vị {1}"},
    {"no room for the items of unit %u",
     "không đủ chỗ cho các việc của đơn vị {1}"},
    {"no room for the rules", "không đủ chỗ cho các quy tắc"},
    {"no room to evaluate the unit's records",
     "không đủ chỗ để tính hồ sơ của đơn vị"},
    {"no room to fold %u events of one record",
     "không đủ chỗ để tính {1} sự kiện của một hồ sơ"},
    {"no room to read %u events of the directory",
     "không đủ chỗ để đọc {1} sự kiện của danh mục đơn vị"},
    {"no room to read a %s", "không đủ chỗ để đọc {1}"},
    {"no room to weigh a dialogue", "không đủ chỗ để xét một buổi đối thoại"},
    {"no room to weigh the plan", "không đủ chỗ để xét kế hoạch"},
    {"not a date: write it as 2024-03-01",
     "không phải ngày: hãy viết như 2024-03-01"},
    {"record: field %u of a %s is not what a fold writes",
     "hồ sơ: mục {1} của {2} không phải điều phép tính ghi ra"},
    {"rule %.4s version %u is not in the rule set",
     "quy tắc {1} phiên bản {2} không có trong bộ quy tắc"},
    {"rule %.4s version %u is not understood by this program: update it",
     "chương trình này không hiểu quy tắc {1} phiên bản {2}: hãy cập nhật "
     "chương trình"},
    {"rule %.4s version %u stands there twice",
     "quy tắc {1} phiên bản {2} có hai lần"},
    {"rule %.4s version %u: %s %s", "quy tắc {1} phiên bản {2}: {3} {4}"},
    {"rule %.4s: kind %u is not known to this version",
     "quy tắc {1}: phiên bản này không biết kiểu {2}"},
    {"rule %.4s: version, kinds and levels must be stated",
     "quy tắc {1}: phải ghi version, kinds và levels"},
    {"rules: %s", "quy tắc: {1}"},
    {"snapshot: row %u is out of order or names a cell again",
     "snapshot: dòng {1} sai thứ tự hoặc lặp lại một ô"},
    {"the clock is stopped until a supplement comes",
     "đang dừng tính ngày cho đến khi có bổ sung"},
    {"these rules publish no calendar: it needs a version and the days it "
     "covers",
     "bộ quy tắc này không kèm lịch: cần version và các ngày mà lịch bao gồm"},
};

const struct words_part words_record = {rows, sizeof(rows) / sizeof(*rows)};
