/* Room: node. Vietnamese of what `qcdc` and qcdc-witness themselves say.
 * Owns constant rows, sorted by their English. Must never hold a sentence that
 * the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"%.*s is no log of this witness: bring a newer logs.policy (qcdc policy)",
     "{1} không phải sổ mà nhân chứng này biết: hãy chép logs.policy mới hơn "
     "vào (qcdc policy)"},
    {"%.100s: https://..., http://... or unix:PATH is expected",
     "{1}: phải là https://..., http://... hoặc unix:ĐƯỜNG-DẪN"},
    {"%.160s is no tail, or it is cut: fetch it again from the machine that "
     "kept it",
     "{1} không phải tệp đuôi sổ, hoặc bị cụt: hãy chép lại từ máy đã giữ nó"},
    {"%.160s is not a file", "{1} không phải là tệp"},
    {"%.160s lies outside the folder of the import file: copy it there",
     "{1} nằm ngoài thư mục của tệp nhập: hãy chép nó vào đó"},
    {"%.160s: no memory", "{1}: không đủ bộ nhớ"},
    {"%.160s: not written whole", "{1}: chưa ghi được trọn vẹn"},
    {"%.160s: over %zu KiB", "{1}: lớn quá {2} KiB"},
    {"%.200s cannot be made anew", "không tạo được tệp mới {1}"},
    {"%.200s cannot be written", "không ghi được {1}"},
    {"%.40s: there is no such command; `qcdc --help` lists them",
     "{1}: không có lệnh này; `qcdc --help` liệt kê các lệnh"},
    {"%.60s...: the path is too long", "{1}...: đường dẫn quá dài"},
    {"%.60s: no code, id or key", "{1}: không phải mã số, id hay khóa (key)"},
    {"%.60s: no type of event; `qcdc record --help` lists them",
     "{1}: không phải loại sự kiện; `qcdc record --help` liệt kê các loại"},
    {"%.60s: qcdc %s has no such option; `qcdc %s --help` lists them",
     "{1}: qcdc {2} không có tùy chọn này; `qcdc {3} --help` liệt kê các tùy "
     "chọn"},
    {"%.60s: qcdc has no such option; `qcdc --help` lists them",
     "{1}: qcdc không có tùy chọn này; `qcdc --help` liệt kê các tùy chọn"},
    {"%.80s: computed here the figures differ",
     "{1}: số liệu tính ở đây khác với bản này"},
    {"%.80s: write NAME=VALUE, as kind=proposal",
     "{1}: hãy viết TÊN=GIÁTRỊ, như kind=proposal"},
    {"%llu events of the store here are not in the copy; if it must be: "
     "--force %s",
     "{1} sự kiện có trong kho ở đây mà không có trong bản sao; nếu vẫn muốn: "
     "--force {2}"},
    {"%llu findings; copy this directory before doing anything else",
     "{1} chỗ không đúng; hãy chép lại thư mục này trước khi làm gì tiếp"},
    {"%s cannot be written", "không ghi được {1}"},
    {"%s cannot be written: name a new file",
     "không ghi được {1}: hãy đặt tên một tệp mới"},
    {"%s did not answer: %s", "{1} không trả lời: {2}"},
    {"%s is damaged: do not delete it, put back a copy; without it this "
     "witness could contradict itself",
     "{1} bị hỏng: không xóa, hãy chép lại từ bản sao lưu; thiếu nó thì nhân "
     "chứng này có thể tự mâu thuẫn"},
    {"%s is in use: stop the node, then repeat",
     "{1} đang được dùng: hãy dừng nút rồi làm lại"},
    {"%s is no folder of a witness: run qcdc-witness init",
     "{1} không phải thư mục của nhân chứng: hãy chạy qcdc-witness init"},
    {"%s: a value must follow", "{1}: thiếu giá trị theo sau"},
    {"%s: cannot be read whole", "{1}: không đọc được trọn vẹn"},
    {"%s: the path is too long for a socket",
     "{1}: đường dẫn quá dài cho ổ cắm UNIX"},
    {"%s: there is a key; a new one would be another witness: use another "
     "folder",
     "{1}: đã có khóa ở đây; khóa mới sẽ là một nhân chứng khác: hãy dùng thư "
     "mục khác"},
    {"%s; `qcdc record %s --help` explains the fields",
     "{1}; `qcdc record {2} --help` giải thích các mục"},
    {"%zu wrong files: nothing was recorded; correct them and import the whole "
     "file again",
     "{1} tệp sai: chưa ghi gì; hãy sửa rồi nhập lại cả tệp"},
    {"--%s is missing", "thiếu --{1}"},
    {"--%s takes no value", "--{1} không có giá trị theo sau"},
    {"--%s: a number is needed", "--{1}: phải là một số"},
    {"--again and --reason go together: fork, clone, key-suspect, disk-lost, "
     "mirrors-lost or rotate",
     "--again và --reason phải đi cùng nhau; lý do: fork, clone, key-suspect, "
     "disk-lost, mirrors-lost hoặc rotate"},
    {"--attachment wants the file's hash, 64 hex digits, and --output a file "
     "to write",
     "--attachment cần mã băm của tệp (64 chữ số hex) và --output cần tên tệp "
     "để ghi"},
    {"--json FILE and NAME=VALUE exclude each other",
     "chỉ dùng một trong hai: --json FILE hoặc TÊN=GIÁTRỊ"},
    {"--lang: \"%.20s\": vi or en", "--lang: \"{1}\": chỉ nhận vi hoặc en"},
    {"--max-size %.40s: a size is expected, such as 500K or 20M, at most 4095M",
     "--max-size {1}: cần một kích cỡ, ví dụ 500K hoặc 20M, nhiều nhất 4095M"},
    {"--numbers: \"%.40s\": write it as 5000-5999",
     "--numbers: \"{1}\": hãy viết như 5000-5999"},
    {"--policy: a policy file is needed, as `qcdc policy` writes it",
     "--policy: cần tệp chính sách, do `qcdc policy` ghi ra"},
    {"--rights: \"%.*s\": record, lead, report, denunciation, separated by "
     "commas",
     "--rights: \"{1}\": chỉ có record, lead, report, denunciation, cách nhau "
     "bằng dấu phẩy"},
    {"--root %.80s: %s", "--root {1}: {2}"},
    {"--root-key is missing: the file that `qcdc init` wrote and that lies in "
     "the safe",
     "thiếu --root-key: tệp mà `qcdc init` đã ghi, đang cất trong két"},
    {"--root: \"%.80s\" is neither 64 hex characters nor a file that is there",
     "--root: \"{1}\" không phải 64 chữ số hex và cũng không phải tệp có sẵn"},
    {"--root: the realm's root key is needed, 64 hex characters or a file with "
     "them",
     "--root: cần khóa gốc của hệ, 64 chữ số hex hoặc tệp chứa khóa"},
    {"--to %.40s: a node's number is expected",
     "--to {1}: phải là số của một nút"},
    {"QCDC_PASSWORD_FILE %.120s: %s", "QCDC_PASSWORD_FILE {1}: {2}"},
    {"a long receipt", "bản xác nhận quá dài"},
    {"a receipt is verified with --root KEY, which stands in every node's "
     "qcdc.conf (root_key), and --policy FILE, which `qcdc policy` writes",
     "kiểm bản xác nhận cần --root KHÓA, ghi trong qcdc.conf của mọi nút "
     "(root_key), và --policy TỆP, do `qcdc policy` ghi ra"},
    {"address too long: %.100s", "địa chỉ quá dài: {1}"},
    {"an argument is no UTF-8 text", "một đối số không phải chữ UTF-8"},
    {"another qcdc-witness uses %s: two would sign two histories",
     "một qcdc-witness khác đang dùng {1}: hai chương trình sẽ ký hai lịch sử"},
    {"bundle %.40s: export FILE or import FILE",
     "bundle {1}: chỉ có export FILE hoặc import FILE"},
    {"evidence kept in %s: %s", "bằng chứng giữ ở {1}: {2}"},
    {"folder name too long", "tên thư mục quá dài"},
    {"folder or name too long", "tên thư mục hoặc tên nhân chứng quá dài"},
    {"libcurl does not start", "không khởi động được libcurl"},
    {"line %d, column %d: no JSON: %s",
     "dòng {1}, cột {2}: không phải JSON: {3}"},
    {"neither a leaf, nor a note, nor a list of leaves, nor a bundle",
     "không phải lá, bút tích, danh sách lá hay gói"},
    {"no memory", "không đủ bộ nhớ"},
    {"no memory for the file's key", "không đủ bộ nhớ cho khóa của tệp"},
    {"no memory for the files' names", "không đủ bộ nhớ cho tên các tệp"},
    {"no memory for the import", "không đủ bộ nhớ cho lần nhập"},
    {"no memory for the rows", "không đủ bộ nhớ cho các dòng"},
    {"no memory for the table", "không đủ bộ nhớ cho bảng"},
    {"no node is running at %s", "không có nút nào chạy ở {1}"},
    {"no node runs in %s: start it with `qcdc-node --dir %s`",
     "không có nút nào chạy trong {1}: hãy khởi động bằng `qcdc-node --dir "
     "{2}`"},
    {"no password was given: type it, pipe it in, or name its file in "
     "QCDC_PASSWORD_FILE",
     "chưa có mật khẩu: hãy gõ vào, chuyển qua stdin, hoặc ghi tên tệp vào "
     "QCDC_PASSWORD_FILE"},
    {"over %u arguments", "quá {1} đối số"},
    {"path too long: %.100s", "đường dẫn quá dài: {1}"},
    {"qcdc %s takes no argument: leave \"%.40s\" out; `qcdc %s --help` "
     "explains it",
     "qcdc {1} không nhận đối số: hãy bỏ \"{2}\"; `qcdc {3} --help` giải "
     "thích"},
    {"the answer could not be written", "không ghi được câu trả lời ra"},
    {"the arguments are too long", "các đối số quá dài"},
    {"the checkpoint is too long", "mốc sổ quá dài"},
    {"the node answered %ld", "nút trả lời {1}"},
    {"the node at %s did not answer: %s", "nút ở {1} không trả lời: {2}"},
    {"the node's answer is empty", "nút trả lời trống"},
    {"the node's answer is no JSON: %s",
     "câu trả lời của nút không phải JSON: {1}"},
    {"the password is over %u bytes", "mật khẩu dài quá {1} byte"},
    {"the path is too long", "đường dẫn quá dài"},
    {"the recovery secrets could not be shown: nothing was promoted; try again "
     "where they can be read",
     "không hiện được mã khôi phục: chưa thay nút nào; hãy làm lại ở nơi đọc "
     "được"},
    {"the secret is typed or read from a file, never an argument: qcdc user "
     "recovery [--secret FILE]",
     "mã được gõ vào hoặc đọc từ tệp, không bao giờ là đối số: qcdc user "
     "recovery [--secret FILE]"},
    {"the witness answered %ld and said nothing",
     "nhân chứng trả lời {1} mà không nói gì"},
    {"the witness answered %ld: %.200s", "nhân chứng trả lời {1}: {2}"},
    {"the witness is at %lu", "nhân chứng đã đến {1}"},
    {"the words are over %zu bytes", "từ cần tìm dài quá {1} byte"},
    {"the words are too long", "từ cần tìm quá dài"},
    {"usage: qcdc %s %s", "cách dùng: qcdc {1} {2}"},
    {"usage: qcdc user add NAME --unit N --post TEXT",
     "cách dùng: qcdc user add TÊN --unit SỐ --post CHỨC-DANH"},
    {"usage: qcdc user revoke NAME", "cách dùng: qcdc user revoke TÊN"},
    {"user: \"%.40s\": add, list, revoke or recovery",
     "user: \"{1}\": chỉ có add, list, revoke hoặc recovery"},
};

const struct words_part words_tools = {rows, sizeof(rows) / sizeof(*rows)};
