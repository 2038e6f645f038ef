/* protocol/link: refusals in words.
 *
 * Owns the sentences that `sync` shows. Never shortens them to a code: each
 * says what happened and what a person must do, or that nobody must. */
#include "protocol/link/reason.h"

#include <stddef.h>
#include <string.h>

struct row {
    const char *name;
    const char *vi;
    const char *en;
};

static const struct row rows[LINK_REASONS] = {
    [LINK_REASON_NONE] = {"none", "Không có gì.", "Nothing."},
    [LINK_REASON_VERSION] =
        {"version",
         "Hai bên không có phiên bản chung. Hãy cập nhật phần mềm ở bên cũ "
         "hơn.",
         "No version in common. Upgrade the older side."},
    [LINK_REASON_REALM] =
        {"realm", "Nút này thuộc hệ thống khác. Hãy kiểm tra địa chỉ cấp trên.",
         "The peer belongs to another realm. Check the parent's address."},
    [LINK_REASON_NODE] =
        {"node",
         "Nút tự xưng không đúng với khóa của mình. Hãy kiểm tra cấu hình nút "
         "đó.",
         "The peer says it is another node than its key. Check its "
         "configuration."},
    [LINK_REASON_NO_SESSION] =
        {"no-session", "Chưa chào hỏi; phiên tự bắt đầu lại.",
         "No greeting yet; the session starts over by itself."},
    [LINK_REASON_FOREIGN_LOG] =
        {"foreign-log",
         "Nút gửi sổ không phải của mình hoặc của cấp dưới; đã từ chối. Hãy "
         "hỏi đơn vị quản lý nút đó.",
         "The peer offered a log that is neither its own nor a descendant's; "
         "refused. Ask whoever runs that node."},
    [LINK_REASON_BAD_HEAD] =
        {"bad-head",
         "Đầu sổ không có chữ ký đúng; đã từ chối. Hãy kiểm tra máy đã gửi.",
         "A head that its log never signed; refused. Check the machine that "
         "sent it."},
    [LINK_REASON_BAD_BATCH] =
        {"bad-batch",
         "Lô dữ liệu hỏng; đã bỏ cả lô và xin gửi lại. Nếu lặp lại, hãy chạy "
         "qcdc check ở bên gửi.",
         "A batch does not verify; dropped whole and asked for again. If it "
         "repeats, run qcdc check at the sender."},
    [LINK_REASON_PAUSED] =
        {"paused", "Tạm dừng nhận sổ này do vượt hạn mức; sẽ tự tiếp tục.",
         "Intake of this log pauses over its quota; it goes on by itself."},
    [LINK_REASON_NO_SEGMENT] =
        {"no-segment",
         "Bên kia xin từ vị trí không có lô nào bắt đầu. Hãy chạy qcdc check "
         "ở cả hai nút.",
         "Asked for from where no batch begins. Run qcdc check on both "
         "nodes."},
    [LINK_REASON_FROZEN] =
        {"frozen", "Sổ đang bị khóa từ trước; xem lý do ở nút đã khóa.",
         "The log was frozen earlier; see the reason at the node that froze "
         "it."},
    [LINK_REASON_MIRROR_BACK] =
        {"mirror-back",
         "Máy giữ bản sao đã được khôi phục từ bản cũ: đang tự lấy lại phần dữ "
         "liệu mà chính nó đã xác nhận, trong lúc đó chưa xác nhận gì thêm. "
         "Không phải làm gì; không xóa dữ liệu ở các nút khác.",
         "The machine that keeps the copy was set back: it is fetching what "
         "it has itself cosigned, and cosigns nothing until then. Nothing to "
         "do; delete nothing on the other nodes."},
    [LINK_REASON_FORK] =
        {"fork",
         "Sổ có hai lịch sử khác nhau cùng được ký. Giữ nguyên cả hai máy; "
         "người quản trị cấp trên phải mở kỳ sổ mới.",
         "The log has two histories, both signed. Keep both machines as they "
         "are; the administrator above must open a new epoch."},
    [LINK_REASON_ORIGIN_BACK] =
        {"origin-back",
         "Máy ghi sổ đã được khôi phục từ bản cũ: đang tự lấy lại phần thiếu "
         "từ nút giữ nhiều hơn. Không phải làm gì; không nhập lại bằng tay "
         "những việc đã ghi.",
         "The machine that writes the log was restored from an older copy: "
         "it is fetching the rest back from the node that holds more. "
         "Nothing to do; do not enter again what was recorded."},
    [LINK_REASON_TOKEN] =
        {"token",
         "Nút này đưa ra trạng thái cũ, trong khi một bản khác của nó vừa "
         "hoạt động. Nếu đã khôi phục máy thì không phải làm gì: chờ vài phút "
         "sẽ tự nối tiếp. Nếu còn một máy khác đang chạy cùng nút này, hãy "
         "tắt máy đó.",
         "This node shows an older state while another copy of it was heard "
         "a moment ago. If the machine was restored, there is nothing to do: "
         "it goes on by itself after some minutes. If another machine runs "
         "as the same node, stop that one."},
    [LINK_REASON_BAD_COSIG] =
        {"bad-cosig",
         "Chữ ký xác nhận không đúng; đã bỏ. Hãy chạy qcdc check ở bên gửi.",
         "A cosignature does not verify; dropped. Run qcdc check at the "
         "sender."},
    [LINK_REASON_STRIKES] =
        {"strikes",
         "Quá nhiều lỗi trong một phiên; đã ngắt. Hãy xem các lỗi trước đó.",
         "Too many faults in one session; cut off. See the faults before."},
    [LINK_REASON_MALFORMED] = {"malformed", "Thông điệp không đọc được; đã bỏ.",
                               "A message that nobody can read; dropped."},
    [LINK_REASON_SILENT] =
        {"silent", "Lâu không nghe thấy bên kia; sẽ tự kết nối lại.",
         "Nothing heard for too long; the connection is made anew by "
         "itself."},
    [LINK_REASON_UNASKED] = {"unasked", "Thông điệp không đúng lúc; đã bỏ.",
                             "A message out of place; dropped."},
    [LINK_REASON_NEW_SESSION] = {"new-session", "Phiên bắt đầu lại.",
                                 "The session starts over."},
    [LINK_REASON_JOIN] = {"join",
                          "Yêu cầu gia nhập bị từ chối. Hãy hỏi cấp trên.",
                          "The request to join was refused. Ask the parent."},
    [LINK_REASON_CLONE] =
        {"clone",
         "Hai máy cùng chạy với khóa của một nút. Hãy tìm và tắt một máy, giữ "
         "nguyên dữ liệu của cả hai; người quản trị cấp trên mở kỳ sổ mới cho "
         "máy còn lại.",
         "Two machines run with the keys of one node. Find and stop one of "
         "them, keep the data of both; the administrator above opens a new "
         "epoch for the other."},
    [LINK_REASON_FLOOD] =
        {"flood",
         "Nút này gửi dồn dập hoặc gửi mãi không hết một thông điệp; đã ngắt "
         "kết nối. Hãy kiểm tra máy đó; nếu bị chiếm dụng, thu hồi khóa.",
         "This node sends without measure, or a message without end; cut off. "
         "Look at that machine; if somebody else has it, revoke its key."},
    [LINK_REASON_KEY] =
        {"key",
         "Nơi trả lời ở địa chỉ cấp trên không nhận khóa của máy này, hoặc có "
         "khóa khác. Hãy kiểm tra parent_endpoint trong qcdc.conf; nếu đúng, "
         "hỏi cấp trên xem nút này có được cấp lại khóa không.",
         "Who answers at the superior's address does not take this machine's "
         "key, or has another one. Check parent_endpoint in qcdc.conf; if it "
         "is right, ask the superior whether this node was given a new key."},
};

static const struct row *row_of(uint32_t reason)
{
    return reason < LINK_REASONS ? &rows[reason] : NULL;
}

bool link_reason_freezes(enum link_reason reason)
{
    return reason == LINK_REASON_FORK || reason == LINK_REASON_CLONE;
}

const char *link_reason_name(uint32_t reason)
{
    const struct row *row = row_of(reason);

    return row == NULL ? "unknown" : row->name;
}

enum link_reason link_reason_of(const char *text)
{
    size_t len = strcspn(text, ":");

    for (uint32_t i = LINK_REASON_NONE + 1; i < LINK_REASONS; i++) {
        if (strlen(rows[i].name) == len &&
            strncmp(rows[i].name, text, len) == 0) {
            return (enum link_reason)i;
        }
    }
    return LINK_REASON_NONE;
}

const char *link_reason_vi(uint32_t reason)
{
    const struct row *row = row_of(reason);

    return row == NULL ? "Lý do chưa biết: bên kia chạy phiên bản mới hơn."
                       : row->vi;
}

const char *link_reason_en(uint32_t reason)
{
    const struct row *row = row_of(reason);

    return row == NULL ? "A reason not known here: the peer is newer."
                       : row->en;
}
