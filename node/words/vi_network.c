/* Room: node. Vietnamese of neighbours, bundles, repairs.
 * Owns constant rows, sorted by their English. Must never hold a sentence that
 * the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"%.80s, leaf %llu (unit %u, now reads as %s) is not what its signer "
     "signed",
     "{1}, lá {2} (đơn vị {3}, nay đọc ra là {4}) không phải điều người ký đã "
     "ký"},
    {"%.80s: the path is too long", "{1}: đường dẫn quá dài"},
    {"%llu bytes of the bundle are here", "mới có {1} byte của gói ở đây"},
    {"%s has two signed histories of %llu events, here and in the bundle: keep "
     "both machines as they are, an administrator must open a new epoch",
     "{1} có hai lịch sử cùng {2} sự kiện đều được ký, một ở đây và một trong "
     "gói: giữ nguyên cả hai máy, người quản trị phải mở kỳ sổ mới"},
    {"%s is damaged: what was erased may be in it still, delete the file",
     "{1} bị hỏng: có thể vẫn còn nội dung đã xóa, hãy xóa tệp này"},
    {"%s is not certified yet: join first",
     "{1} chưa được chứng nhận: phải gia nhập trước"},
    {"a %s frame where it has no place in a bundle",
     "một khung {1} nằm sai chỗ trong gói"},
    {"a body does not match its commitment",
     "một nội dung không khớp với cam kết của nó"},
    {"a body is missing", "thiếu một nội dung"},
    {"a bundle is being taken in",
     "đang nhận một gói khác; chờ xong rồi làm lại"},
    {"a bundle is for the superior or for a node certified below this one: "
     "name it with --to",
     "gói chỉ gửi cho cấp trên hoặc nút được chứng nhận ở cấp dưới: ghi rõ "
     "bằng --to"},
    {"a bundle of at most %llu bytes holds nothing: give it %u or more",
     "gói nhỏ hơn {1} byte không chứa được gì: hãy cho ít nhất {2}"},
    {"a bundle of more than 4 GiB", "gói lớn hơn 4 GiB"},
    {"a cosignature of leaves not held yet",
     "chữ ký xác nhận cho những lá chưa có ở đây"},
    {"a delivery could not be stored", "không lưu được một bản giao"},
    {"a long chain", "chuỗi chứng nhận quá dài"},
    {"a long note", "bản ghi quá dài"},
    {"a repeat without the node's own request",
     "tin nhắc lại không kèm yêu cầu của chính nút đó"},
    {"a spooled event has too many bodies",
     "một sự kiện chờ có quá nhiều nội dung"},
    {"a staging note for another log", "phiếu xếp thứ tự của sổ khác"},
    {"a word about who leads the realm that the root key did not sign",
     "lời báo nút nào đứng đầu hệ không có chữ ký của khóa gốc"},
    {"all verifying threads are busy", "mọi luồng kiểm chữ ký đang bận"},
    {"bundle.in: %s", "bundle.in: {1}"},
    {"bundle.out: %s", "bundle.out: {1}"},
    {"certificate %zu: %s", "chứng nhận {1}: {2}"},
    {"cosignatures from number %llu, held are %llu: a bundle before this one "
     "is missing",
     "chữ ký xác nhận bắt đầu từ số {1}, ở đây có {2}: thiếu một gói trước gói "
     "này"},
    {"cosignatures of a log that is not its sender's to bring",
     "chữ ký xác nhận của một sổ mà bên gửi không được mang"},
    {"delivery %llu is acknowledged, there are %llu",
     "bản giao {1} được báo đã nhận, chỉ có {2}"},
    {"events of %s are still being verified here: ask again in a moment",
     "sự kiện của {1} đang được kiểm chữ ký ở đây: chờ một lát rồi hỏi lại"},
    {"events of another node", "sự kiện của nút khác"},
    {"evidence that node %u sent: %s", "bằng chứng do nút {1} gửi: {2}"},
    {"frame of %zu bytes", "khung {1} byte"},
    {"it does not hold it", "nút đó không có"},
    {"its staging note follows %llu events, this log does not have them: make "
     "a new bundle here, and take in the answer to it",
     "phiếu xếp thứ tự nối sau {1} sự kiện, sổ này không có đủ: hãy làm gói "
     "mới ở đây và nhận gói trả lời của nó"},
    {"its staging note names %zu events that are neither here nor in the "
     "bundle: make a new bundle here, and take in the answer to it",
     "phiếu xếp thứ tự có {1} sự kiện không ở đây cũng không trong gói: hãy "
     "làm gói mới ở đây và nhận gói trả lời của nó"},
    {"job %llu is under way; repeat when it has ended",
     "việc số {1} đang chạy; hãy làm lại khi việc đó xong"},
    {"log %s: node %u has not heard yet that its private bodies are due here: "
     "it is asked again",
     "sổ {1}: nút {2} chưa biết nội dung riêng của nó nay gửi về đây: sẽ hỏi "
     "lại"},
    {"long evidence", "bằng chứng quá dài"},
    {"more than %u keys at the gate", "quá {1} khóa ở cổng kết nối"},
    {"no CURVE secret", "không có khóa CURVE bí mật"},
    {"no bundle was made here", "ở đây chưa làm gói nào"},
    {"no certificate names that log", "không có chứng nhận nào ghi sổ đó"},
    {"no memory for a bundle", "không đủ bộ nhớ cho gói"},
    {"no memory for a frame of %zu bytes",
     "không đủ bộ nhớ cho khung {1} byte"},
    {"no memory for a job", "không đủ bộ nhớ cho một việc"},
    {"no memory for a link", "không đủ bộ nhớ cho đường nối"},
    {"no memory for a tail", "không đủ bộ nhớ cho phần đuôi sổ"},
    {"no memory for findings", "không đủ bộ nhớ cho kết quả kiểm"},
    {"no memory for jobs", "không đủ bộ nhớ cho việc kiểm chữ ký"},
    {"no memory for repairs", "không đủ bộ nhớ để sửa dữ liệu"},
    {"no memory for the gate", "không đủ bộ nhớ cho cổng kết nối"},
    {"no memory for the reading thread", "không đủ bộ nhớ cho luồng đọc"},
    {"no memory for the transport", "không đủ bộ nhớ cho kết nối"},
    {"no more logs", "hết sổ"},
    {"no note for the log as it is",
     "không có phiếu cho sổ ở trạng thái hiện tại"},
    {"no room for a piece of the bundle", "không đủ chỗ cho một phần của gói"},
    {"node %u is not certified", "nút {1} chưa được chứng nhận"},
    {"nothing is staged", "không có gì đang chờ xếp"},
    {"peer %u: %s", "nút {1}: {2}"},
    {"reading thread: %s", "luồng đọc: {1}"},
    {"that log ended at %llu events: its node has gone on with a new one",
     "sổ đó đã kết thúc ở {1} sự kiện: nút của nó đã chuyển sang sổ mới"},
    {"the bundle cannot be read", "không đọc được gói"},
    {"the bundle does not certify the keys of this node: confirm its "
     "fingerprint at the superior (qcdc invite --confirm), then make the "
     "bundle there again",
     "gói không chứng nhận khóa của nút này: hãy xác nhận dấu nhận dạng của "
     "nút ở cấp trên (qcdc invite --confirm), rồi làm lại gói ở đó"},
    {"the bundle goes on with delivery %llu, taken here are %llu: a bundle "
     "before it is missing",
     "gói bắt đầu từ bản giao {1}, ở đây đã nhận {2}: thiếu một gói trước đó"},
    {"the bundle goes on with event %llu of node %u, held here are %llu: a "
     "bundle before it is missing; make a new one there after taking in one "
     "from here",
     "gói bắt đầu từ sự kiện {1} của nút {2}, ở đây mới có {3}: thiếu một gói "
     "trước đó; hãy nhận gói từ đây ở bên kia rồi làm gói mới"},
    {"the bundle has a delivery for node %u", "gói có bản giao cho nút {1}"},
    {"the bundle has a log of node %u, which is not its sender's to bring",
     "gói có sổ của nút {1}, bên gửi không được mang sổ này"},
    {"the bundle has events for a log that is not its sender's, or that this "
     "node does not guard",
     "gói có sự kiện cho một sổ không phải của bên gửi, hoặc nút này không xác "
     "nhận sổ đó"},
    {"the bundle is cut short: copy it again", "gói bị cụt: hãy chép lại"},
    {"the bundle is for node %u, this is node %u",
     "gói gửi cho nút {1}, đây là nút {2}"},
    {"the bundle is from node %u, which is neither the superior of this one "
     "nor certified below it",
     "gói của nút {1}, không phải cấp trên của nút này và cũng chưa được chứng "
     "nhận ở cấp dưới"},
    {"the bundle is not signed by node %u, or was changed",
     "gói không phải do nút {1} ký, hoặc đã bị sửa"},
    {"the bundle is of realm \"%s\", this node of \"%s\"",
     "gói thuộc hệ \"{1}\", nút này thuộc hệ \"{2}\""},
    {"the bundle is sealed to another key of this node: have it made again",
     "gói niêm phong cho khóa khác của nút này: hãy nhờ bên kia làm lại gói"},
    {"the bundle is sealed to another machine that leads the realm than this "
     "one: if this one leads it, have a bundle of this node taken in there, "
     "then made again there; if another was promoted since, take it to that "
     "one and let this one rest",
     "gói niêm phong cho máy khác đứng đầu hệ, không phải máy này: nếu máy này "
     "đang đứng đầu thì hãy để bên kia nhận một gói của nút này rồi làm lại "
     "gói; nếu máy khác đã được đưa lên thay thì hãy mang gói đến máy đó và để "
     "máy này nghỉ"},
    {"the bundle's greeting is another node's",
     "lời chào trong gói là của nút khác"},
    {"the directory is not here yet", "danh mục đơn vị chưa về đến đây"},
    {"the disk is nearly full here", "đĩa ở đây gần đầy"},
    {"the first certificate is another node's",
     "chứng nhận đầu tiên là của nút khác"},
    {"the first certificate is not signed by the root key of the invitation",
     "chứng nhận đầu tiên không do khóa gốc trong lời mời ký"},
    {"the guard cosigned another history of log %s",
     "nút xác nhận đã ký một lịch sử khác của sổ {1}"},
    {"the guard's cosignature is missing",
     "thiếu chữ ký xác nhận của nút xác nhận"},
    {"the head has moved since the request", "đầu sổ đã đổi sau khi yêu cầu"},
    {"the log is frozen: %s", "sổ bị đóng băng: {1}"},
    {"the log is shorter", "sổ ngắn hơn"},
    {"the log of node %u ended at event %llu: nothing is taken beyond; what is "
     "recorded there counts nowhere",
     "sổ của nút {1} đã kết thúc ở sự kiện {2}: không nhận thêm; những gì ghi "
     "ở đó không được tính ở đâu"},
    {"the log of the tail has not ended, as far as is known here: nothing of "
     "it was cut off",
     "sổ của phần đuôi này chưa khép, theo những gì ở đây biết: chưa cắt gì "
     "của nó"},
    {"the log's key is none", "khóa của sổ không phải khóa hợp lệ"},
    {"the logs of node %u take %u KiB here, its part of node %u's share of the "
     "disk is %u: find out why, then set child_mib in this node's qcdc.conf "
     "higher",
     "các sổ của nút {1} chiếm {2} KiB ở đây, phần của nó trong phần đĩa dành "
     "cho nút {3} là {4}: hãy tìm xem vì sao, rồi tăng child_mib trong "
     "qcdc.conf của nút này"},
    {"the node is stopping", "nút đang dừng"},
    {"the proof is for another leaf", "chứng minh là của lá khác"},
    {"the proof is not for what the guard cosigned",
     "chứng minh không khớp với điều nút xác nhận đã ký"},
    {"the request is not signed by the node",
     "yêu cầu không có chữ ký của nút"},
    {"the root key's word is not about another machine of this realm",
     "lời báo của khóa gốc không nói về máy khác của hệ này"},
    {"the spool gave nothing", "hàng chờ không đưa ra gì"},
    {"the staging note follows another history than this log's, or the log is "
     "frozen: see qcdc sync",
     "phiếu xếp thứ tự theo một lịch sử khác của sổ này, hoặc sổ bị đóng băng: "
     "xem qcdc sync"},
    {"the staging note is not signed by this log's guard",
     "phiếu xếp thứ tự không có chữ ký của nút xác nhận sổ này"},
    {"the superior gave back an event that was not asked for: its note does "
     "not name it, or it is here",
     "cấp trên trả lại một sự kiện không được hỏi: bản xếp thứ tự không nêu "
     "nó, hoặc nó đã có ở đây"},
    {"the tail is damaged: fetch the file again from the machine that kept it",
     "tệp đuôi sổ bị hỏng: hãy chép lại từ máy đã giữ nó"},
    {"the tail is of a log of node %u: give it to that node",
     "đuôi này là của sổ nút {1}: hãy đưa cho nút đó"},
    {"the tail was not signed by the key of its log: it is not taken",
     "phần đuôi không mang chữ ký của khóa sổ đó: không nhận"},
    {"there are bytes after the bundle's end",
     "còn byte thừa sau khi gói đã hết"},
    {"there is no room here for the files in the bundle: make room, then they "
     "come with a later one",
     "máy này không đủ chỗ cho các tệp trong gói: hãy dọn chỗ, chúng sẽ đến "
     "với gói sau"},
    {"too little room for the answer", "thiếu chỗ cho câu trả lời"},
    {"too many certificates", "quá nhiều chứng nhận"},
    {"too many frames in one turn", "quá nhiều khung trong một lượt"},
    {"too much in one turn", "quá nhiều việc trong một lượt"},
    {"verifying thread: %s", "luồng kiểm chữ ký: {1}"},
    {"waiting for the realm's first certificate",
     "đang chờ chứng nhận đầu tiên của hệ"},
    {"we are not that log's guard",
     "nút này không phải nút xác nhận của sổ đó"},
    {"what came back is not all here or counted yet",
     "phần mang về chưa đủ hoặc chưa tính xong ở đây"},
    {"what came from node %u and those below it takes %u MiB here, its share "
     "of the disk is %u: find out why, then set child_mib in this node's "
     "qcdc.conf higher",
     "những gì nhận từ nút {1} và các nút dưới nó chiếm {2} MiB ở đây, phần "
     "đĩa dành cho nó là {3}: hãy tìm xem vì sao, rồi tăng child_mib trong "
     "qcdc.conf của nút này"},
};

const struct words_part words_network = {rows, sizeof(rows) / sizeof(*rows)};
