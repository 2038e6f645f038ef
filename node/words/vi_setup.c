/* Room: node. Vietnamese of setting up a node, joining, what the directory
 * says. Owns constant rows, sorted by their English. Must never hold a sentence
 * that the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"%s (node %u) has not cosigned it yet, as far as this machine has heard; "
     "try again after the next contact",
     "{1} (nút {2}) chưa xác nhận sự kiện này, theo những gì máy này nghe "
     "được; hãy thử lại sau lần liên lạc tới"},
    {"%s cannot be read", "không đọc được {1}"},
    {"%s exists: a root key is never written over",
     "{1} đã có: khóa gốc không bao giờ bị ghi đè"},
    {"%s has %lu events here, not %lu: the witness knows more than this node",
     "{1} ở đây có {2} sự kiện, không phải {3}: nhân chứng biết nhiều hơn nút "
     "này"},
    {"%s is in use: a node runs here already",
     "{1} đang được dùng: đã có một nút chạy ở đây"},
    {"%s is no file of a root key", "{1} không phải tệp khóa gốc"},
    {"%s is node %u of realm %s, the invitation is for node %u: use it in that "
     "node's directory",
     "{1} là nút {2} của hệ {3}, lời mời dành cho nút {4}: hãy dùng trong thư "
     "mục của nút đó"},
    {"%s is node %u, and this realm has no standby",
     "{1} là nút {2}, và hệ này chưa có máy dự phòng"},
    {"%s is node %u, which is not the standby of this realm: that is node %u",
     "{1} là nút {2}, không phải máy dự phòng của hệ này: đó là nút {3}"},
    {"%s is set up already, and the invitation is one for a new node: choose "
     "another directory, or ask for `qcdc invite %u --again`",
     "{1} đã được cài đặt, mà lời mời này dành cho nút mới: hãy chọn thư mục "
     "khác, hoặc xin `qcdc invite {2} --again`"},
    {"%s is set up already: choose another directory",
     "{1} đã được cài đặt: hãy chọn thư mục khác"},
    {"%s is the root key of another realm: this one's is %s",
     "{1} là khóa gốc của hệ khác: khóa của hệ này là {2}"},
    {"%s is the store of node %u, the configuration says %u",
     "{1} là kho của nút {2}, cấu hình ghi {3}"},
    {"%s still holds this node's records: a node whose disk was lost joins in "
     "an empty directory; for this one ask for --reason fork or clone",
     "{1} vẫn còn hồ sơ của nút này: nút mất đĩa thì gia nhập trong thư mục "
     "trống; với thư mục này hãy xin --reason fork hoặc clone"},
    {"%s: %s must be %s", "{1}: {2} phải là {3}"},
    {"%s: %s must be a number from %lu to %lu",
     "{1}: {2} phải là số từ {3} đến {4}"},
    {"%s: %s: name a new file", "{1}: {2}: hãy đặt tên tệp mới"},
    {"%s: %s; `qcdc init` or `qcdc join` makes one",
     "{1}: {2}; tạo bằng `qcdc init` hoặc `qcdc join`"},
    {"%s: cannot be read", "{1}: không đọc được"},
    {"%s: cannot be read, or too large", "{1}: không đọc được, hoặc quá lớn"},
    {"%s: expected 'key = value'", "{1}: phải viết 'mục = giá trị'"},
    {"%s: line too long", "{1}: dòng quá dài"},
    {"%s: no header row", "{1}: thiếu dòng tiêu đề"},
    {"%s: no unit in it, only a header row; give each territory and unit a row",
     "{1}: chưa có đơn vị nào, chỉ có dòng tiêu đề; mỗi địa bàn, mỗi đơn vị "
     "phải có một dòng"},
    {"%s: node, realm and root_key must be set",
     "{1}: phải có node, realm và root_key"},
    {"%s: too many facts", "{1}: quá nhiều dữ kiện"},
    {"%s: unknown key '%.40s'", "{1}: không có mục '{2}'"},
    {"%s:%u: %s", "{1}:{2}: {3}"},
    {"%s:%u: %zu cells, expected %zu", "{1}:{2}: có {3} ô, phải có {4}"},
    {"%s:%u: more than %u units hosted by node %u",
     "{1}:{2}: quá {3} đơn vị do nút {4} quản lý"},
    {"--at: the address is too long", "--at: địa chỉ quá dài"},
    {"--auto is for demo realms: confirm the fingerprint",
     "--auto chỉ dùng cho hệ trình diễn: hãy xác nhận bằng dấu nhận dạng"},
    {"a certificate of the chain: %s", "một chứng nhận trong chuỗi: {1}"},
    {"a cosignature of the log of node %u is by none of its guards",
     "chữ ký xác nhận sổ của nút {1} không phải của nút xác nhận nào của nó"},
    {"a new log needs a key that no log had before",
     "sổ mới cần một khóa chưa sổ nào dùng"},
    {"a node runs in %s: stop it, then join again",
     "có nút đang chạy ở {1}: hãy dừng nút rồi gia nhập lại"},
    {"a rotation keeps the log's key, the request has another: invite it with "
     "--reason key-suspect",
     "thay khóa (rotate) giữ nguyên khóa của sổ, nhưng yêu cầu có khóa sổ "
     "khác: hãy mời với --reason key-suspect"},
    {"a standby is what the realm falls back on: say where it will listen, "
     "--at tcp://ADDRESS:PORT",
     "cả hệ dựa vào máy dự phòng: hãy ghi nơi nó nhận kết nối, --at "
     "tcp://ĐỊA-CHỈ:CỔNG"},
    {"a stored invitation is damaged", "một lời mời đã lưu bị hỏng"},
    {"a time after the year 2200", "thời điểm sau năm 2200"},
    {"directory name too long: %.80s", "tên thư mục quá dài: {1}"},
    {"eventfd: %s", "eventfd: {1}"},
    {"guard of the log of node %u from event %llu on, %llu are held here: the "
     "rest must come first",
     "xác nhận sổ của nút {1} từ sự kiện {2}, ở đây mới có {3}: phần còn lại "
     "phải về trước"},
    {"init needs a file for the root key and a unit file",
     "init cần tệp ghi khóa gốc và tệp đơn vị"},
    {"log %s is not whole here (%s): look at `qcdc sync` first",
     "sổ {1} ở đây chưa đủ ({2}): hãy xem `qcdc sync` trước"},
    {"more than %u leaves: too many changes of keys for one receipt",
     "quá {1} lá: đổi khóa quá nhiều lần cho một bản xác nhận"},
    {"no chain of certificates from the root to this event's node and the keys "
     "that signed",
     "không có chuỗi chứng nhận từ gốc đến nút của sự kiện này và các khóa đã "
     "ký"},
    {"no memory for the certificate", "không đủ bộ nhớ cho chứng nhận"},
    {"no memory for the node", "không đủ bộ nhớ cho nút"},
    {"no memory for the rules", "không đủ bộ nhớ cho các quy tắc"},
    {"no request with fingerprint '%.40s' waits here: compare it with what "
     "`qcdc join` printed",
     "không có yêu cầu nào với dấu nhận dạng '{1}' đang chờ ở đây: hãy so với "
     "dấu mà `qcdc join` đã in"},
    {"no unit is hosted at node %u: change a unit's host first, or invite it "
     "as --role standby or observer",
     "không có đơn vị nào ở nút {1}: hãy đổi nút quản lý của một đơn vị trước, "
     "hoặc mời với --role standby hay observer"},
    {"node %u belongs to node %u, which must invite it",
     "nút {1} thuộc nút {2}, nút đó phải mời"},
    {"node %u cannot be invited", "không mời được nút {1}"},
    {"node %u hosts more than %u units", "nút {1} quản lý quá {2} đơn vị"},
    {"node %u is certified already; to let it join again with new keys: "
     "--again --reason fork, clone, key-suspect, disk-lost or rotate",
     "nút {1} đã được chứng nhận; để nút vào lại với khóa mới: --again "
     "--reason fork, clone, key-suspect, disk-lost hoặc rotate"},
    {"node %u is our superior, but no certificate says where it is reached: it "
     "must certify its child again with its endpoint",
     "nút {1} là cấp trên của ta, nhưng không chứng nhận nào ghi địa chỉ: nút "
     "đó phải chứng nhận lại cấp dưới kèm địa chỉ của mình"},
    {"node %u was certified meanwhile, with other keys: to let this machine "
     "take its place invite it --again",
     "nút {1} vừa được chứng nhận với khóa khác: muốn cho máy này thay chỗ thì "
     "mời lại bằng --again"},
    {"node %u was never certified: invite it without --again",
     "nút {1} chưa từng được chứng nhận: hãy mời không kèm --again"},
    {"node %u would have children, numbers or units: a %s has none",
     "nút {1} sẽ có cấp dưới, dải số hoặc đơn vị: {2} không có những thứ đó"},
    {"node %u: an observer's number is one of this node's own range: its "
     "superior gives it one (--numbers)",
     "nút {1}: số của máy chỉ đọc phải nằm trong dải số của nút này: cấp trên "
     "cấp dải ấy (--numbers)"},
    {"node: %u has no certificate yet: invite it",
     "node: {1} chưa có chứng nhận: hãy mời nút đó"},
    {"node: no node keeps unit %u", "node: không có nút nào giữ đơn vị {1}"},
    {"node: the log of node %u is being fetched again here: repeat when `qcdc "
     "sync` says that it is whole, or its newest events would count nowhere",
     "node: sổ của nút {1} đang được lấy lại về đây: hãy làm lại khi `qcdc "
     "sync` báo sổ đã đủ, nếu không các sự kiện mới nhất sẽ không được tính ở "
     "đâu"},
    {"node: the log of node %u is not held here: state size and root_hash",
     "node: ở đây không có sổ của nút {1}: hãy ghi rõ size và root_hash"},
    {"not the line of a witness", "không phải dòng của một nhân chứng"},
    {"of log %s %llu events are here and %llu elsewhere: connect this node to "
     "its superior and repeat when `qcdc sync` says that it is whole; if "
     "nobody has them any more: --reason mirrors-lost",
     "sổ {1} ở đây có {2} sự kiện, nơi khác có {3}: hãy nối nút này với cấp "
     "trên và làm lại khi `qcdc sync` báo sổ đã đủ; nếu không còn ai giữ phần "
     "đó: --reason mirrors-lost"},
    {"only the top node has a standby: this one's superior holds what it would "
     "mirror",
     "chỉ nút đứng đầu có máy dự phòng: cấp trên của nút này đã giữ bản sao "
     "của nó"},
    {"path too long: %.60s/%.40s", "đường dẫn quá dài: {1}/{2}"},
    {"poll: %s", "poll: {1}"},
    {"qcdc.conf: witness: no key of a witness stands there; qcdc-witness init "
     "prints it",
     "qcdc.conf: witness: đó không phải khóa của nhân chứng; qcdc-witness init "
     "in ra khóa"},
    {"realm '%.40s': use 1 to 32 of a-z, 0-9 and -",
     "hệ '{1}': dùng 1 đến 32 ký tự a-z, 0-9 và -"},
    {"reason '%.40s': fork, clone, key-suspect, disk-lost, mirrors-lost or "
     "rotate",
     "lý do '{1}': chỉ có fork, clone, key-suspect, disk-lost, mirrors-lost "
     "hoặc rotate"},
    {"role '%.40s': standby or observer",
     "vai trò '{1}': chỉ có standby hoặc observer"},
    {"signalfd: %s", "signalfd: {1}"},
    {"signals: %s", "tín hiệu: {1}"},
    {"stopped after a fault: see the log above",
     "đã dừng sau một sự cố: xem nhật ký ở trên"},
    {"the certificate of the signer is not in the log",
     "chứng nhận của người ký không có trong sổ"},
    {"the clock can be set in a demo realm only",
     "chỉ hệ trình diễn mới được đặt giờ"},
    {"the event exists on this machine only so far, a receipt needs the "
     "cosignatures of the nodes above: try again later",
     "sự kiện mới chỉ có trên máy này, bản xác nhận cần chữ ký xác nhận của "
     "các nút cấp trên: hãy thử lại sau"},
    {"the event was delivered here without the log of node %u: ask that node, "
     "or one above it, for the receipt",
     "sự kiện được giao đến đây không kèm sổ của nút {1}: hãy hỏi nút đó hoặc "
     "nút trên nó để lấy bản xác nhận"},
    {"the first events could not be stored",
     "không lưu được các sự kiện đầu tiên"},
    {"the invitation is damaged", "lời mời bị hỏng: hãy chép lại cả dòng"},
    {"the invitation was used with other keys",
     "lời mời đã dùng với khóa khác"},
    {"the invitation was used with other keys already",
     "lời mời đã được dùng với khóa khác"},
    {"the log of node %u has another root at event %llu than the change of "
     "guard names: two histories, an administrator must look",
     "sổ của nút {1} ở sự kiện {2} có gốc khác với gốc ghi trong lệnh đổi nút "
     "xác nhận: có hai lịch sử, người quản trị phải xem"},
    {"the policy is too large", "tệp chính sách quá lớn"},
    {"the receipt is too large", "bản xác nhận quá lớn"},
    {"the request is not for what was invited",
     "yêu cầu không khớp với lời mời"},
    {"the request is too large", "yêu cầu quá lớn"},
    {"the spool took nothing", "hàng chờ không nhận gì"},
    {"the top node needs a number", "nút đứng đầu phải có số"},
    {"this machine does not listen yet: --listen tcp://0.0.0.0:7600",
     "máy này chưa nhận kết nối: --listen tcp://0.0.0.0:7600"},
    {"this node does not listen: set `listen` in its qcdc.conf",
     "nút này không nhận kết nối: hãy đặt `listen` trong qcdc.conf"},
    {"this node gave no such invitation, or it was used or is older than 30 "
     "days: invite the node again",
     "nút này không cấp lời mời đó, hoặc lời mời đã dùng hay quá 30 ngày: hãy "
     "mời lại nút đó"},
    {"this node is not certified yet: wait for its own superior first",
     "nút này chưa được chứng nhận: hãy chờ cấp trên của mình trước"},
    {"this node is stopping after a fault", "nút đang dừng sau một sự cố"},
    {"this standby last heard the top node %u hours ago: it may have been let "
     "go, and districts may hold more, which would be cut off; ask them first "
     "(qcdc sync there); if it must be: --force",
     "máy dự phòng này nghe tin nút cao nhất lần cuối cách đây {1} giờ: có thể "
     "nó đã được cho thôi, và các huyện có thể giữ nhiều hơn, phần đó sẽ bị "
     "cắt; hãy hỏi các nơi đó trước (qcdc sync ở đó); nếu buộc phải làm: "
     "--force"},
    {"thread: %s", "luồng xử lý: {1}"},
    {"too little room", "thiếu chỗ"},
    {"too little room for the list", "thiếu chỗ cho danh sách"},
    {"too little room for the request", "thiếu chỗ cho yêu cầu"},

};

const struct words_part words_setup = {rows, sizeof(rows) / sizeof(*rows)};
