/* Room: node. Vietnamese of logs, proofs, keys.
 * Owns constant rows, sorted by their English. Must never hold a sentence that
 * the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"%s: %s", "{1}: {2}"},
    {"cosignature is of another key", "chữ ký xác nhận là của khóa khác"},
    {"cosignature's time is out of range",
     "thời điểm của chữ ký xác nhận ngoài khoảng cho phép"},
    {"key is not one for cosignatures",
     "khóa không phải khóa dùng để xác nhận"},
    {"note does not end with a newline",
     "bản ghi có chữ ký không kết thúc bằng dấu xuống dòng"},
    {"note has no signature line", "bản ghi không có dòng chữ ký"},
    {"time of a cosignature is out of range",
     "thời điểm của chữ ký xác nhận ngoài khoảng cho phép"},
};

const struct words_part words_log = {rows, sizeof(rows) / sizeof(*rows)};
