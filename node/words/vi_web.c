/* Room: node. Vietnamese of the requests of the API.
 * Owns constant rows, sorted by their English. Must never hold a sentence that
 * the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"\"%.60s\": no event here has this code, id or key: read the slip again, "
     "or try `qcdc search`",
     "\"{1}\": ở đây không có sự kiện nào mang mã số, id hay khóa (key) này: "
     "hãy xem lại phiếu, hoặc dùng `qcdc search`"},
    {"%.70s: a file is named by its hash, 64 hex digits",
     "{1}: tệp được gọi bằng mã băm, 64 chữ số hex"},
    {"%.80s: there is nothing here", "{1}: không có gì ở địa chỉ này"},
    {"%s is asked with %s", "{1} phải gọi bằng {2}"},
    {"%s: \"%.40s\" is no date; write it as 2024-03-01",
     "{1}: \"{2}\" không phải ngày; hãy viết như 2024-03-01"},
    {"%s: \"%.40s\" is no number", "{1}: \"{2}\" không phải số"},
    {"%s: %.20s is over %u", "{1}: {2} lớn hơn {3}"},
    {"%s: %zu units are called \"%.80s\": give its number",
     "{1}: có {2} đơn vị tên \"{3}\": hãy ghi số của đơn vị"},
    {"%s: is missing", "thiếu {1}"},
    {"%s: must be 0 to %u", "{1}: phải từ 0 đến {2}"},
    {"%s: no unit has the number %u; `qcdc list units` shows them",
     "{1}: không có đơn vị số {2}; `qcdc list units` liệt kê các đơn vị"},
    {"%s: no unit is called \"%.80s\"; `qcdc list units` shows them",
     "{1}: không có đơn vị tên \"{2}\"; `qcdc list units` liệt kê các đơn vị"},
    {"%s: too long for a socket (%zu bytes at most): use a shorter data "
     "directory",
     "{1}: quá dài cho ổ cắm UNIX (nhiều nhất {2} byte): hãy dùng thư mục dữ "
     "liệu có tên ngắn hơn"},
    {"API socket %s: %s", "ổ cắm API {1}: {2}"},
    {"API socket: %s", "ổ cắm API: {1}"},
    {"Content-Length is no number", "Content-Length không phải số"},
    {"Transfer-Encoding: send a Content-Length",
     "Transfer-Encoding: hãy gửi Content-Length"},
    {"a header line was sent twice", "một dòng tiêu đề gửi hai lần"},
    {"a header name with odd characters", "tên tiêu đề có ký tự lạ"},
    {"a request from a page of another site",
     "yêu cầu từ trang của một địa chỉ khác: không nhận"},
    {"a write needs a header Qcdc-Request: 1 to %u of [A-Za-z0-9._-], chosen "
     "by you",
     "lệnh ghi phải có tiêu đề Qcdc-Request: 1 đến {1} ký tự [A-Za-z0-9._-], "
     "tự chọn"},
    {"body: an object is expected", "phần thân: phải là một đối tượng"},
    {"body: line %d, column %d: no JSON: %s",
     "phần thân: dòng {1}, cột {2}: không phải JSON: {3}"},
    {"control bytes in the address", "có ký tự điều khiển trong địa chỉ"},
    {"duty: \"%.20s\" is no rule in force; `qcdc status` lists them",
     "duty: \"{1}\" không phải quy tắc đang có hiệu lực; `qcdc status` liệt kê "
     "các quy tắc"},
    {"job %.20s: not known; the newest %u are kept until the node restarts",
     "việc {1}: không biết; chỉ giữ {2} việc mới nhất cho đến khi nút khởi "
     "động lại"},
    {"kind: \"%.40s\" is not known; petition, dialogue, plan, report or notice",
     "kind: \"{1}\" không có; chỉ có petition, dialogue, plan, report hoặc "
     "notice"},
    {"more body than Content-Length said",
     "phần thân dài hơn Content-Length đã báo"},
    {"no Host line", "thiếu dòng Host"},
    {"no memory for the API", "không đủ bộ nhớ cho API"},
    {"no memory for the answer", "không đủ bộ nhớ cho câu trả lời"},
    {"no memory for the body", "không đủ bộ nhớ cho phần thân"},
    {"no room for the answer", "không đủ chỗ cho câu trả lời"},
    {"no room for the arithmetic", "không đủ chỗ cho phần tính ngày"},
    {"no room for the cells", "không đủ chỗ cho các ô"},
    {"no room for the history", "không đủ chỗ cho quá trình của hồ sơ"},
    {"no room for the list", "không đủ chỗ cho danh sách"},
    {"no room for the rows", "không đủ chỗ cho các dòng"},
    {"no room for the snapshot", "không đủ chỗ cho bản chốt số"},
    {"node: is missing: its number", "node: thiếu số nút"},
    {"offset: \"%.20s\" is no number", "offset: \"{1}\" không phải số"},
    {"only GET and POST are spoken here", "ở đây chỉ nhận GET và POST"},
    {"path: name a file from / on", "path: hãy ghi đường dẫn tệp bắt đầu từ /"},
    {"period: \"%.40s\" is none; write 2024 or 2024-05",
     "period: \"{1}\" không phải kỳ; hãy viết 2024 hoặc 2024-05"},
    {"request refused: %s", "yêu cầu bị từ chối: {1}"},
    {"set: \"%.40s\" is no time; write it as 2024-03-01T08:00",
     "set: \"{1}\" không phải thời điểm; hãy viết như 2024-03-01T08:00"},
    {"snapshot: %.80s has another history there: run `qcdc sync` on both nodes",
     "snapshot: {1} ở đó có lịch sử khác: hãy chạy `qcdc sync` ở cả hai nút"},
    {"snapshot: %.80s: %llu events are held here, %lld are needed",
     "snapshot: {1}: ở đây có {2} sự kiện, cần {3}"},
    {"snapshot: a head is not whole", "snapshot: một đầu sổ không đầy đủ"},
    {"snapshot: it has no hash: is it a file of `qcdc snapshot`?",
     "snapshot: không có mã băm: có đúng là tệp của `qcdc snapshot`?"},
    {"snapshot: it names no heads: is it a file of `qcdc snapshot`?",
     "snapshot: không ghi đầu sổ nào: có đúng là tệp của `qcdc snapshot`?"},
    {"snapshot: its rows are not whole", "snapshot: các dòng không đầy đủ"},
    {"the API did not start", "không khởi động được API"},
    {"the answer is too long", "câu trả lời quá dài"},
    {"the body is over 32 MiB", "phần thân lớn hơn 32 MiB"},
    {"the invitation is too long", "lời mời quá dài"},
    {"unit: is missing: its number", "unit: thiếu số đơn vị"},
    {"unit: is missing: its number or name", "unit: thiếu số hoặc tên đơn vị"},

};

const struct words_part words_web = {rows, sizeof(rows) / sizeof(*rows)};
