/* Recovery secrets on paper: what a person mistypes is told, group by group. */
#include "protocol/event/paper.h"

#include <string.h>

#include "tests/support/test.h"

static struct box_secret secret(void)
{
    struct box_secret made;

    for (size_t i = 0; i < sizeof(made.bytes); i++) {
        made.bytes[i] = (uint8_t)(i * 37 + 11);
    }
    return made;
}

static void the_text_is_golden_and_gives_the_secret_back(void **state)
{
    struct box_secret made = secret();
    struct box_secret back = {{0}};
    struct error err = {0};
    char text[PAPER_TEXT_SIZE];

    (void)state;
    paper_format(&made, text);
    assert_string_equal(
        text,
        "1CR5AYQTKZ2EJ3QJ6DC7V8MKRZP12DGFBE0ABJMHXWA3JQMQGEMCVWPS2WY631QX");
    assert_int_equal(paper_parse(span_str(text), &back, &err), 0);
    assert_memory_equal(&back, &made, sizeof(made));
}

static void
people_type_blanks_hyphens_small_letters_and_look_alikes(void **state)
{
    struct box_secret made = secret();
    struct box_secret back = {{0}};
    struct error err = {0};
    char text[PAPER_TEXT_SIZE];
    char typed[4 * PAPER_TEXT_SIZE];
    size_t len = 0;

    (void)state;
    paper_format(&made, text);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char c = text[i];

        if (i % 4 == 0) {
            typed[len++] = i % 8 == 0 ? '\n' : '-';
        }
        typed[len++] = (char)(c == '0'               ? 'o'
                              : c == '1'             ? 'l'
                              : c >= 'A' && c <= 'Z' ? c - 'A' + 'a'
                                                     : c);
    }
    assert_int_equal(paper_parse(span_make(typed, len), &back, &err), 0);
    assert_memory_equal(&back, &made, sizeof(made));
}

static void each_wrong_character_is_told_with_its_group(void **state)
{
    struct box_secret made = secret();
    char text[PAPER_TEXT_SIZE];
    unsigned missed = 0;

    (void)state;
    paper_format(&made, text);
    for (size_t i = 0; i < PAPER_TEXT_SIZE - 1; i++) {
        char kept = text[i];

        for (const char *c = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; *c; c++) {
            struct box_secret back = secret();
            struct error err = {0};
            char said[32];

            if (*c == kept) {
                continue;
            }
            text[i] = *c;
            if (paper_parse(span_str(text), &back, &err) == 0) {
                missed++; /* 1 of 256 holds by chance: its key is not known */
                continue;
            }
            assert_int_equal(err.code, ERR_MALFORMED);
            (void)snprintf(said, sizeof(said), "group %zu is mistyped",
                           i / PAPER_GROUP + 1);
            assert_non_null(strstr(err.text, said));
            assert_memory_equal(&back, &made, sizeof(made));
        }
        text[i] = kept;
    }
    assert_in_range(missed, 0, 20); /* of 1,984 */
}

static void groups_in_another_order_are_told(void **state)
{
    struct box_secret made = secret();
    struct box_secret back;
    struct error err = {0};
    char text[PAPER_TEXT_SIZE];
    char swapped[PAPER_TEXT_SIZE];

    (void)state;
    paper_format(&made, text);
    memcpy(swapped, text, sizeof(swapped));
    memcpy(swapped + 8, text + 16, 8);
    memcpy(swapped + 16, text + 8, 8);
    assert_int_equal(paper_parse(span_str(swapped), &back, &err),
                     ERR_MALFORMED);
    assert_string_equal(err.text, "group 2 is mistyped: its check does not "
                                  "hold");
}

static void wrong_lengths_and_letters_are_told(void **state)
{
    struct box_secret made = secret();
    struct box_secret back;
    struct error err = {0};
    char text[PAPER_TEXT_SIZE + 1];

    (void)state;
    paper_format(&made, text);
    assert_int_equal(paper_parse(span_make(text, 63), &back, &err),
                     ERR_MALFORMED);
    assert_string_equal(err.text,
                        "63 characters where a recovery secret has 64");
    memcpy(text + 64, "0", 2);
    assert_int_equal(paper_parse(span_make(text, 65), &back, &err),
                     ERR_MALFORMED);
    assert_string_equal(err.text, "longer than a recovery secret, which has 8 "
                                  "groups of 8 characters");
    text[20] = 'U';
    assert_int_equal(paper_parse(span_make(text, 64), &back, &err),
                     ERR_MALFORMED);
    assert_string_equal(err.text, "group 3: a character that does not occur in "
                                  "recovery secrets");
    assert_int_equal(paper_parse(span_str(""), &back, &err), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_golden_and_gives_the_secret_back),
        cmocka_unit_test(
            people_type_blanks_hyphens_small_letters_and_look_alikes),
        cmocka_unit_test(each_wrong_character_is_told_with_its_group),
        cmocka_unit_test(groups_in_another_order_are_told),
        cmocka_unit_test(wrong_lengths_and_letters_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
