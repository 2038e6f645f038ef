/* Room: node. Vietnamese of phrases that stand inside other sentences.
 * Owns constant rows, sorted by their English. Must never hold a sentence that
 * the sources do not say (tests/node/test_words.c). Read next: words.h. */
#include "node/words/words.h"

static const struct word rows[] = {
    {"a standby", "máy dự phòng"},
    {"an observer", "máy chỉ đọc"},
    {"being fetched", "đang được lấy lại"},
    {"that node", "nút đó"},
    {"the province", "tỉnh"},
    {"the superior", "cấp trên"},
    {"this node", "nút này"},

};

const struct words_part words_phrases = {rows, sizeof(rows) / sizeof(*rows)};
