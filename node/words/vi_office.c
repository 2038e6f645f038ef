/* Room: node. Vietnamese of officials, passwords, private content, files.
 * Owns constant rows, sorted by their English. Must never hold a sentence that
 * the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"%s belongs to unit %u, not to unit %u",
     "{1} thuộc đơn vị {2}, không thuộc đơn vị {3}"},
    {"%s/keys/node.keys: a key is missing",
     "{1}/keys/node.keys: thiếu một khóa"},
    {"%s: first line is not %s", "{1}: dòng đầu không phải {2}"},
    {"%s: others may read this key file; chmod 600 it and think about who has",
     "{1}: người khác đọc được tệp khóa này; hãy chmod 600 và xem ai đã có nó"},
    {"%s:%u: not understood", "{1}:{2}: không hiểu dòng này"},
    {"'%s' exists already: a new person gets a new name",
     "'{1}' đã có: người mới phải có tên đăng nhập mới"},
    {"'%s' is revoked already", "'{1}' đã bị thu quyền từ trước"},
    {", or it was sealed before the disk was lost: give the old recovery "
     "secret (qcdc user recovery)",
     ", hoặc nội dung niêm phong trước khi mất đĩa: hãy nhập mã khôi phục cũ "
     "(qcdc user recovery)"},
    {"a file needs an official: run `qcdc login` first",
     "gửi tệp thì phải có cán bộ: hãy chạy `qcdc login` trước"},
    {"a file of %u bytes: at most %u can be attached",
     "tệp {1} byte: tệp đính kèm nhiều nhất là {2} byte"},
    {"a file of %u bytes: at most %u, and %u MiB of files in all (files_mib), "
     "%u are here",
     "tệp {1} byte: nhiều nhất là {2}, và tổng mọi tệp là {3} MiB (files_mib), "
     "ở đây đang có {4}"},
    {"a file of a type that is not taken: PDF, JPEG, PNG, TIFF, office "
     "documents and plain text are",
     "loại tệp này không nhận: chỉ nhận PDF, JPEG, PNG, TIFF, văn bản văn "
     "phòng và chữ thường"},
    {"a password is being checked; try again",
     "đang kiểm một mật khẩu khác; hãy thử lại"},
    {"an official's entry is damaged", "mục của một cán bộ bị hỏng"},
    {"hashing thread: %s", "luồng kiểm mật khẩu: {1}"},
    {"keys/%s would be too long", "tên keys/{1} sẽ quá dài"},
    {"login name '%.40s': use 1 to %u of a-z 0-9 . _ -",
     "tên đăng nhập '{1}': dùng 1 đến {2} ký tự a-z 0-9 . _ -"},
    {"more officials than fit the answer",
     "có nhiều cán bộ hơn câu trả lời chứa được"},
    {"more than %u readers of one body", "quá {1} người đọc của một nội dung"},
    {"more than %u units on one node", "quá {1} đơn vị trên một nút"},
    {"name or password is wrong", "tên hoặc mật khẩu không đúng"},
    {"no memory for %zu names", "không đủ bộ nhớ cho {1} tên"},
    {"no memory for the file", "không đủ bộ nhớ cho tệp"},
    {"no memory for the hashing thread",
     "không đủ bộ nhớ cho luồng kiểm mật khẩu"},
    {"no official '%.40s' here", "không có cán bộ '{1}' ở đây"},
    {"no private body of that record that you can open has the key of this "
     "file",
     "trong những nội dung riêng của hồ sơ này mà ông/bà mở được, không có "
     "khóa của tệp"},
    {"nobody is logged in with this session: run `qcdc login`",
     "phiên này chưa có ai đăng nhập: hãy chạy `qcdc login`"},
    {"node %u has used up today's quota (%llu events, %llu KiB): raise it in "
     "its certificate or look why",
     "nút {1} đã dùng hết hạn mức hôm nay ({2} sự kiện, {3} KiB): hãy nâng hạn "
     "mức trong chứng nhận của nút hoặc xem vì sao"},
    {"password too long", "mật khẩu quá dài"},
    {"private: too many fields", "private: quá nhiều mục"},
    {"restored from a copy: bodies open when the erasures known above have "
     "come",
     "vừa khôi phục từ bản sao: nội dung được mở khi đã lấy đủ lệnh xóa từ cấp "
     "trên"},
    {"text: a denunciation carries none; write it under private.content",
     "text: tố cáo không có phần này; hãy ghi vào private.content"},
    {"that file came and was of a type that is not taken",
     "tệp đã về nhưng thuộc loại không nhận"},
    {"that file was erased: its record says by whom and why",
     "tệp này đã bị xóa theo lệnh: hồ sơ ghi ai ra lệnh và lý do"},
    {"the disk is nearly full (%llu MiB left, %llu needed): nothing was "
     "recorded; free space and repeat",
     "đĩa gần đầy (còn {1} MiB, cần {2}): chưa ghi gì; hãy dọn đĩa rồi làm "
     "lại"},
    {"the file is not here yet: it is being fetched, repeat in a few minutes",
     "tệp chưa có ở đây: đang lấy về, hãy làm lại sau ít phút"},
    {"the list of erasures: %s", "danh sách xóa: {1}"},
    {"the password must have %u to %u characters",
     "mật khẩu phải có từ {1} đến {2} ký tự"},
    {"the post needs a name, at most %u bytes",
     "phải có chức danh, nhiều nhất {1} byte"},
    {"the post's name is too long", "chức danh quá dài"},
    {"the private content is on its way: it is asked for where it was written",
     "nội dung riêng đang trên đường tới: đã hỏi xin ở nơi đã viết"},
    {"the private content was erased before it came here",
     "nội dung riêng đã bị xóa trước khi tới đây"},
    {"this is no earlier recovery secret of a unit of this node: look at the "
     "name on the paper, and whether this node has caught up (qcdc sync)",
     "đây không phải mã khôi phục cũ của đơn vị nào ở nút này: hãy xem tên ghi "
     "trên giấy, và xem nút đã lấy đủ dữ liệu chưa (qcdc sync)"},
    {"this is the present recovery secret of unit %u: nothing is sealed that "
     "its officials cannot read; put it back into the safe",
     "đây là mã khôi phục hiện nay của đơn vị {1}: không có gì niêm phong mà "
     "cán bộ của đơn vị không đọc được; hãy cất mã lại vào két"},
    {"this is the recovery secret of unit %u, and %s belongs to unit %u: an "
     "official of that unit must log in",
     "đây là mã khôi phục của đơn vị {1}, còn {2} thuộc đơn vị {3}: cán bộ của "
     "đơn vị kia phải đăng nhập"},
    {"too little room for the body", "thiếu chỗ cho nội dung"},
    {"too little room for the record", "thiếu chỗ cho hồ sơ"},
    {"too many events in one turn", "quá nhiều sự kiện trong một lượt"},
    {"too many wrong passwords: wait %llu seconds",
     "sai mật khẩu quá nhiều lần: hãy chờ {1} giây"},
    {"unit %u has no sealing key here: record private content where the unit "
     "is hosted",
     "đơn vị {1} không có khóa niêm phong ở đây: hãy ghi nội dung riêng ở nút "
     "quản lý đơn vị"},
    {"unit %u has officials already: one of them must be logged in to hand on "
     "the unit's secret",
     "đơn vị {1} đã có cán bộ: một người trong số đó phải đăng nhập để trao "
     "khóa của đơn vị"},
    {"unit %u is no reader of this private content",
     "đơn vị {1} không được đọc nội dung riêng này"},
    {"unit %u is no reader of this private content%s",
     "đơn vị {1} không được đọc nội dung riêng này{2}"},
    {"unit %u is not hosted by this node: add officials where its records are "
     "kept",
     "đơn vị {1} không do nút này quản lý: hãy thêm cán bộ ở nơi giữ hồ sơ của "
     "đơn vị"},
    {"what is sealed in there is of a type that is not opened",
     "thứ niêm phong trong đó thuộc loại không được mở"},
};

const struct words_part words_office = {rows, sizeof(rows) / sizeof(*rows)};
