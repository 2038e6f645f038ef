/* Texts: UTF-8, normal form C, folding for search. */
#include "tests/support/test.h"

#include "protocol/event/text.h"

static void assert_folds(const char *text, const char *folded)
{
    char memory[256];
    struct buf out = buf_over(memory, sizeof(memory) - 1);
    struct error err = {0};

    assert_ok(text_fold(span_str(text), &out, &err), err);
    memory[out.len] = '\0';
    assert_string_equal(memory, folded);
}

static void assert_nfc(const char *text, const char *normal)
{
    char memory[256];
    struct buf out = buf_over(memory, sizeof(memory) - 1);
    struct error err = {0};

    assert_ok(text_nfc(span_str(text), &out, &err), err);
    memory[out.len] = '\0';
    assert_string_equal(memory, normal);
    assert_true(text_is_nfc(span_str(normal)));
    assert_int_equal(text_is_nfc(span_str(text)), strcmp(text, normal) == 0);
}

static void vietnamese_folds_to_what_is_typed_without_marks(void **state)
{
    (void)state;
    assert_folds("Đường Nguyễn Huệ, huyện Đắk Tô",
                 "duong nguyen hue, huyen dak to");
    assert_folds("ĐỐI THOẠI ở thôn Kon Klor 2", "doi thoai o thon kon klor 2");
    /* the same typed as separate marks (some keyboards do) */
    assert_folds("Nguye\xcc\x82\xcc\x83n", "nguyen");
    assert_folds("Stra\xc3\x9f"
                 "e",
                 "strasse");
    assert_folds("a\xff"
                 "b",
                 "ab");
    assert_folds("", "");
}

static void normal_form_c_joins_letters_and_marks(void **state)
{
    (void)state;
    assert_nfc("Đắk Tô", "Đắk Tô");
    assert_nfc("e\xcc\x82\xcc\x81", "\xe1\xba\xbf");         /* e ^ ' */
    assert_nfc("\xc3\xaa\xcc\x81", "\xe1\xba\xbf");          /* e^ ' */
    assert_nfc("a\xcc\x81\xcc\xa3", "\xe1\xba\xa1\xcc\x81"); /* order */
    assert_nfc("\xe2\x84\xab", "\xc3\x85");                  /* Angstrom sign */
    assert_nfc("\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8",
               "\xea\xb0\x81"); /* Hangul jamo */
    assert_nfc("tiếng Ba Na: č, ơ̆", "tiếng Ba Na: č, ơ̆");
    assert_nfc("", "");
}

static void invalid_utf8_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } wrong[] = {
        {"ab\xff", 3},
        {"\xc0\x80", 2},
        {"\xe1\xba", 2},
        {"\xed\xa0\x80", 3},
        {"\xf4\x90\x80\x80", 4},
        {"\x80", 1},
        {"\xf8\x88\x80\x80\x80", 5},
    };
    char memory[64];

    (void)state;
    for (size_t i = 0; i < TEST_LEN(wrong); i++) {
        struct span text = span_make(wrong[i].bytes, wrong[i].len);
        struct buf out = buf_over(memory, sizeof(memory));
        struct error err = {0};

        assert_false(text_valid_utf8(text));
        assert_false(text_is_nfc(text));
        assert_err(text_nfc(text, &out, &err), ERR_MALFORMED, err);
        assert_err_says(err, "not UTF-8");
        assert_err(text_check_line(text, &err), ERR_MALFORMED, err);
    }
}

static void control_characters_are_refused_in_a_line(void **state)
{
    struct error err = {0};

    (void)state;
    assert_ok(text_check_line(span_str("số 12/TB-UBND"), &err), err);
    assert_err(text_check_line(span_str("a\nb"), &err), ERR_MALFORMED, err);
    assert_err_says(err, "byte 2 is a control character");
    assert_ok(text_check_block(span_str("a\n\tb"), &err), err);
    assert_err(text_check_block(span_str("a\rb"), &err), ERR_MALFORMED, err);
    assert_err(text_check_block(span_make("a\0b", 3), &err), ERR_MALFORMED,
               err);
    assert_err(text_check_line(span_str("\xc2\x85"), &err), ERR_MALFORMED, err);
    assert_err(text_check_line(span_str("e\xcc\x82"), &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "normal form");
}

static void thirty_marks_are_a_letter_and_one_more_is_refused(void **state)
{
    char text[80] = "a";
    char memory[256];
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < 30; i++) {
        memcpy(text + 1 + 2 * i, "\xcc\x95", 2);
    }
    assert_ok(text_nfc(span_make(text, 61), &out, &err), err);
    memcpy(text + 61, "\xcc\x95", 2);
    assert_err(text_nfc(span_make(text, 63), &out, &err), ERR_MALFORMED, err);
    assert_err_says(err, "30 marks");
}

static void full_buffer_is_a_limit(void **state)
{
    char memory[3];
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};

    (void)state;
    assert_err(text_nfc(span_str("abcd"), &out, &err), ERR_LIMIT, err);
    out = buf_over(memory, sizeof(memory));
    assert_err(text_fold(span_str("abcd"), &out, &err), ERR_LIMIT, err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vietnamese_folds_to_what_is_typed_without_marks),
        cmocka_unit_test(normal_form_c_joins_letters_and_marks),
        cmocka_unit_test(invalid_utf8_is_refused_with_its_place),
        cmocka_unit_test(control_characters_are_refused_in_a_line),
        cmocka_unit_test(thirty_marks_are_a_letter_and_one_more_is_refused),
        cmocka_unit_test(full_buffer_is_a_limit),
    };

    return TEST_RUN(tests);
}
