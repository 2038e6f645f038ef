/* protocol/event: the text of a receipt, written and read.
 *
 * One form only: what is read back and written again is the same bytes, so
 * that a changed byte is never merely another spelling. What it proves is
 * receipt_verify.c's question.
 */
#include "protocol/event/receipt.h"

#include <string.h>

#include "protocol/log/lines.h"
#include "protocol/record/calendar.h"
#include "qcdc/v1/event.pb-c.h"

static const char first_line[] = "qcdc/receipt/v1\n";
#define PROOF_LINES_MAX 200u /* a path, a checkpoint and its signatures */

static size_t lines_of(struct span text)
{
    size_t lines = 0;

    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n' ? 1 : 0;
    }
    return lines;
}

int receipt_build(const struct receipt_item *items, size_t len, struct buf *out,
                  struct error *err)
{
    char text[BASE64_SIZE(LEAF_MAX)];

    if (len == 0 || len > RECEIPT_LEAVES_MAX) {
        return error_set(err, ERR_USAGE, "a receipt of %zu leaves", len);
    }
    buf_put_str(out, first_line);
    for (size_t i = 0; i < len; i++) {
        const struct receipt_item *item = &items[i];

        if (item->leaf.len == 0 || item->leaf.len > LEAF_MAX ||
            item->proof.len == 0 ||
            item->proof.ptr[item->proof.len - 1] != '\n') {
            return error_set(err, ERR_USAGE,
                             "leaf %zu of a receipt is no leaf with a proof",
                             i + 1);
        }
        base64_encode(item->leaf, text);
        buf_put_fmt(out, "leaf ");
        buf_put_str(out, text);
        buf_put_fmt(out, "\nproof %zu\n", lines_of(item->proof));
        buf_put(out, item->proof);
    }
    if (out->overflow) {
        return error_set(err, ERR_LIMIT, "no room for a receipt");
    }
    return 0;
}

/* ---- reading --------------------------------------------------------------
 */

/* What follows "word " on a line. */
static bool word_skip(struct span line, const char *word, struct span *value)
{
    size_t len = strlen(word);

    if (line.len <= len || memcmp(line.ptr, word, len) != 0) {
        return false;
    }
    *value = span_slice(line, len, line.len - len);
    return true;
}

/* 1 to PROOF_LINES_MAX without leading zeros. */
static bool count_read(struct span text, size_t *out)
{
    size_t sum = 0;

    if (text.len == 0 || text.len > 3 || text.ptr[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        sum = sum * 10 + (size_t)(text.ptr[i] - '0');
    }
    *out = sum;
    return sum <= PROOF_LINES_MAX;
}

static int leaf_take(struct span text, struct arena *arena, struct span *leaf,
                     struct error *err)
{
    if (text.len > BASE64_SIZE(LEAF_MAX)) {
        return error_set(err, ERR_MALFORMED, "longer than a leaf may be");
    }

    size_t len = 0;
    uint8_t *bytes = arena_alloc(arena, text.len);

    if (bytes == NULL) {
        return error_set(err, ERR_LIMIT, "memory of the turn is full");
    }
    if (base64_decode(text, bytes, text.len, &len, err) != 0) {
        return err->code;
    }
    *leaf = span_make(bytes, len);
    return 0;
}

static int item_take(struct span *rest, struct arena *arena,
                     struct receipt_item *item, struct error *err)
{
    struct span line;
    struct span value;
    size_t lines;

    if (!lines_next(rest, &line) || !word_skip(line, "leaf ", &value)) {
        return error_set(err, ERR_MALFORMED, "expected a line: leaf BASE64");
    }
    if (leaf_take(value, arena, &item->leaf, err) != 0) {
        return err->code;
    }
    if (!lines_next(rest, &line) || !word_skip(line, "proof ", &value) ||
        !count_read(value, &lines)) {
        return error_set(err, ERR_MALFORMED, "expected a line: proof LINES");
    }

    const uint8_t *start = rest->ptr;

    for (size_t i = 0; i < lines; i++) {
        if (!lines_next(rest, &line)) {
            return error_set(err, ERR_MALFORMED,
                             "the proof has fewer than its %zu lines", lines);
        }
    }
    item->proof = span_make(start, (size_t)(rest->ptr - start));
    return 0;
}

int receipt_parse(struct span text, struct arena *arena,
                  struct receipt_item *items, size_t *len, struct error *err)
{
    size_t head = sizeof(first_line) - 1;
    size_t room = *len;
    size_t n = 0;

    if (text.len < head || memcmp(text.ptr, first_line, head) != 0) {
        return error_set(err, ERR_MALFORMED,
                         "not a receipt: its first line is not "
                         "qcdc/receipt/v1");
    }
    text = span_slice(text, head, text.len - head);
    do {
        if (n == room) {
            return error_set(err, ERR_LIMIT,
                             "a receipt of more than %zu leaves", room);
        }
        if (item_take(&text, arena, &items[n], err) != 0) {
            return error_wrap(err, "leaf %zu of the receipt", n + 1);
        }
        n++;
    } while (text.len > 0);
    *len = n;
    return 0;
}

/* ---- for people ------------------------------------------------------------
 */

static void time_put(struct buf *out, uint64_t time_s)
{
    char day[DAY_TEXT_SIZE];
    uint32_t second = (uint32_t)((time_s + UINT64_C(25200)) % 86400u);

    day_format(day_of_s((int64_t)time_s), day);
    buf_put_fmt(out, "%s %02u:%02u:%02u", day, second / 3600, second / 60 % 60,
                second % 60);
}

static void rights_put(struct buf *out, uint32_t rights, bool vietnamese)
{
    static const struct {
        uint32_t bit;
        const char *vi;
        const char *en;
    } names[] = {
        {QCDC__V1__RIGHT__RIGHT_RECORD, "ghi nhận", "record"},
        {QCDC__V1__RIGHT__RIGHT_LEAD, "lãnh đạo", "lead"},
        {QCDC__V1__RIGHT__RIGHT_REPORT, "báo cáo", "report"},
        {QCDC__V1__RIGHT__RIGHT_DENUNCIATION, "tố cáo", "denunciation"},
    };
    const char *comma = "";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((rights & names[i].bit) != 0) {
            buf_put_fmt(out, "%s%s", comma,
                        vietnamese ? names[i].vi : names[i].en);
            comma = ", ";
        }
    }
}

void receipt_describe(const struct receipt_proof *proof, bool vietnamese,
                      struct buf *out)
{
    const struct header *h = &proof->event.header;

    buf_put_str(out, vietnamese ? "Đã lưu: sổ " : "Stored: log ");
    buf_put(out, proof->origin);
    buf_put_fmt(
        out, vietnamese ? ", số %llu trong %llu" : ", entry %llu of %llu",
        (unsigned long long)proof->index + 1, (unsigned long long)proof->size);
    for (size_t i = 0; i < proof->cosigners_len; i++) {
        buf_put_str(out, vietnamese ? "; xác nhận: " : "; cosigned by ");
        buf_put(out, proof->cosigners[i].name);
        buf_put_str(out, " ");
        time_put(out, proof->cosigners[i].time_s);
    }
    if (proof->cosigners_len == 0) {
        buf_put_str(out, vietnamese ? "; không có nút cấp trên xác nhận"
                                    : "; cosigned by no node above");
    }
    if (proof->demo) {
        buf_put_str(out, vietnamese ? " (bản trình diễn)" : " (demo realm)");
    }
    buf_put_str(out, vietnamese ? "\nNgười ký: " : "\nSigned by: ");
    if (proof->registrar) {
        buf_put_str(out, vietnamese ? "khóa đăng ký" : "registrar key");
    } else {
        buf_put(out, proof->post);
    }
    buf_put_fmt(out, vietnamese ? ", đơn vị %u, nút %u" : ", unit %u, node %u",
                h->unit, h->node);
    buf_put_str(out, vietnamese ? "\nCó quyền: " : "\nRight held: ");
    rights_put(out, proof->rights, vietnamese);
    buf_put_fmt(out, vietnamese ? " (đơn vị %u)\n" : " (for unit %u)\n",
                h->unit);
}
