/* fuzz: any bytes as a list of bodies, as a receipt, and as what is inside a
 * body. A list that is taken is put again to the same bytes; a receipt that
 * is read is built again to the same text. */
#include <stdlib.h>

#include "protocol/event/body.h"
#include "protocol/event/code.h"
#include "protocol/event/receipt.h"
#include "protocol/event/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t memory[1 << 19];
static uint8_t arena_memory[1 << 20];

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void list_run(struct span list)
{
    struct buf out = buf_over(memory, sizeof(memory));
    struct span rest = list;
    struct error err = {0};
    struct body body;
    size_t count = 0;

    if (body_list_check(list, &count, &err) != 0) {
        check(err.code == ERR_MALFORMED && err.text[0] != '\0');
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct body_key key = {{1}};
        struct buf plain = buf_over(arena_memory, sizeof(arena_memory));

        check(body_take(&rest, &body, &err) == 0);
        check(body_put(&body, &out, &err) == 0);
        check(body_open(body.bytes, &key, &plain, &err) != 0);
    }
    check(rest.len == 0);
    check(span_equal(list, buf_span(&out)));
}

static void receipt_run(struct span text)
{
    struct receipt_item items[RECEIPT_LEAVES_MAX];
    struct arena arena;
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};
    size_t len = RECEIPT_LEAVES_MAX;

    arena_init(&arena, arena_memory, sizeof(arena_memory));
    if (receipt_parse(text, &arena, items, &len, &err) == 0 &&
        receipt_build(items, len, &out, &err) == 0) {
        check(span_equal(text, buf_span(&out)));
    }
}

static void text_run(struct span text)
{
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};
    struct code code;

    check(text_fold(text, &out, &err) == 0);
    check(text_valid_utf8(buf_span(&out)));
    out.len = 0;
    if (text_nfc(text, &out, &err) == 0) {
        check(text_is_nfc(buf_span(&out)));
        check(text_valid_utf8(text));
    }
    if (code_parse(text, &code, &err) == 0) {
        struct event_id first;
        struct event_id last;
        char again[CODE_TEXT_SIZE];
        struct code same;

        code_range(code, &first, &last);
        code_format(&last, again);
        check(code_parse(span_str(again), &same, &err) == 0);
        check(same.bits == code.bits);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span bytes = span_make(data, len);
    struct error err = {0};

    list_run(bytes);
    receipt_run(bytes);
    text_run(bytes);
    if (body_text_check(bytes, &err) != 0) {
        check(err.text[0] != '\0');
    }
    if (body_private_check(bytes, &err) != 0) {
        check(err.text[0] != '\0');
    }
    return 0;
}
