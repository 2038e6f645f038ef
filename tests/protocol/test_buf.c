/* tests: the bounded writer and spans. */
#include "tests/support/test.h"

#include "protocol/base/buf.h"

static void writers_append_in_big_endian(void **state)
{
    static const uint8_t want[] = {1,  2,  3,  4,  5,  6,   7,   8,   9,   10,
                                   11, 12, 13, 14, 15, 'a', 'b', 'c', '-', '7'};
    uint8_t room[32];
    struct buf b = buf_over(room, sizeof(room));

    (void)state;
    buf_put_u8(&b, 0x01);
    buf_put_u16(&b, 0x0203);
    buf_put_u32(&b, 0x04050607);
    buf_put_u64(&b, UINT64_C(0x08090a0b0c0d0e0f));
    buf_put_str(&b, "ab");
    buf_put(&b, span_str("c"));
    buf_put_fmt(&b, "-%d", 7);
    assert_false(b.overflow);
    assert_true(span_equal(buf_span(&b), SPAN_OF(want)));
    assert_int_equal(read_u16(room + 1), 0x0203);
    assert_int_equal(read_u32(room + 3), 0x04050607);
    assert_true(read_u64(room + 7) == UINT64_C(0x08090a0b0c0d0e0f));
}

static void what_does_not_fit_sets_overflow_and_writes_nothing(void **state)
{
    uint8_t room[8] = {0};

    (void)state;
    for (size_t size = 0; size < 8; size++) {
        struct buf b = buf_over(room, size);

        buf_put_u64(&b, UINT64_MAX);
        assert_true(b.overflow);
        assert_int_equal(b.len, 0);
        assert_int_equal(room[0], 0);
        buf_put_u8(&b, 1);
        assert_int_equal(b.len, 0); /* sticky: even what would fit */
    }
}

static void a_formatted_text_needs_one_byte_more_than_its_length(void **state)
{
    uint8_t room[6] = {0, 0, 0, 0, 0, 0x77};
    struct buf b = buf_over(room, 5);

    (void)state;
    buf_put_fmt(&b, "%s", "1234");
    assert_false(b.overflow);
    assert_int_equal(b.len, 4);
    buf_put_fmt(&b, "%s", "5");
    assert_true(b.overflow);
    assert_int_equal(b.len, 4);
    assert_memory_equal(room, "1234", 4);
    assert_int_equal(room[5], 0x77);
}

static void empty_spans_are_written_and_compared(void **state)
{
    uint8_t room[4];
    struct buf b = buf_over(room, sizeof(room));
    struct span empty = {NULL, 0};

    (void)state;
    buf_put(&b, empty);
    assert_int_equal(b.len, 0);
    assert_false(b.overflow);
    assert_true(span_equal(empty, buf_span(&b)));
    assert_int_equal(span_compare(empty, empty), 0);
}

static void spans_order_bytewise_and_shorter_first(void **state)
{
    (void)state;
    assert_true(span_compare(span_str("a"), span_str("b")) < 0);
    assert_true(span_compare(span_str("b"), span_str("aa")) > 0);
    assert_true(span_compare(span_str("a"), span_str("aa")) < 0);
    assert_true(span_compare(span_str("aa"), span_str("a")) > 0);
    assert_true(span_compare(span_str("\x80"), span_str("\x7f")) > 0);
    assert_int_equal(span_compare(span_str("ab"), span_str("ab")), 0);
    assert_false(span_equal(span_str("a"), span_str("aa")));
}

static void slices_outside_the_span_are_empty(void **state)
{
    struct span s = span_str("abcdef");

    (void)state;
    assert_true(span_equal(span_slice(s, 2, 3), span_str("cde")));
    assert_int_equal(span_slice(s, 6, 0).len, 0);
    assert_null(span_slice(s, 7, 0).ptr);
    assert_null(span_slice(s, 3, 4).ptr);
    assert_null(span_slice(s, 1, SIZE_MAX).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_append_in_big_endian),
        cmocka_unit_test(what_does_not_fit_sets_overflow_and_writes_nothing),
        cmocka_unit_test(a_formatted_text_needs_one_byte_more_than_its_length),
        cmocka_unit_test(empty_spans_are_written_and_compared),
        cmocka_unit_test(spans_order_bytewise_and_shorter_first),
        cmocka_unit_test(slices_outside_the_span_are_empty),
    };

    return TEST_RUN(tests);
}
