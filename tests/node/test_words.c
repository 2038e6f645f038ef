/* Sentences in Vietnamese: the table is whole, and every row is recognised in
 * what it printed. Reads the sources (QCDC_SOURCE). */
#include "tests/support/test.h"

#include <ctype.h>

#include "node/words/words.h"
#include "protocol/base/buf.h"
#include "protocol/base/span.h"
#include "protocol/event/text.h"
#include "tests/node/source.h"

#define EACH_ROW(part, row)                                                    \
    for (size_t part = 0; words_parts[part] != NULL; part++)                   \
        for (const struct word *row = words_parts[part]->rows;                 \
             row < words_parts[part]->rows + words_parts[part]->len; row++)

static char source_root[256];

/* Formats that no person reads: said to the programmer, or only counted. */
static const char *const not_read[] = {
    "",
};

/* A conversion at a '%': its letter, and the first byte behind it. */
static char conversion(const char **at)
{
    const char *p = *at + 1;

    p += strspn(p, "-+ #0123456789.*hlzjt");
    *at = p + 1;
    return *p;
}

static size_t conversions(const char *fmt)
{
    size_t n = 0;

    while ((fmt = strchr(fmt, '%')) != NULL) {
        n += conversion(&fmt) != '%';
    }
    return n;
}

/* What the n-th conversion prints: words[n] as far as it may, or n + 3. */
static void print_value(const char *at, size_t n, const char *const *words,
                        char *out, size_t size)
{
    size_t digits = strspn(at + 1, "-+ #0");
    unsigned width = (unsigned)strtoul(at + 1 + digits, NULL, 10);
    const char *end = at;
    const char kind = conversion(&end);
    const char *dot = memchr(at, '.', (size_t)(end - at));
    size_t most =
        dot == NULL || dot[1] == '*' ? 100 : strtoul(dot + 1, NULL, 10);

    if (kind == 's') {
        (void)snprintf(out, size, "%.*s", (int)most, words[n]);
    } else if (kind == 'c') {
        (void)snprintf(out, size, "%c", "abcdefghijkl"[n]);
    } else {
        (void)snprintf(out, size, "%0*zu", (int)width, n + 3);
    }
}

/* The sentence with sample values, and its values one by one. */
static void print_sample(const char *fmt, const char *const *words,
                         char values[][64], struct buf *out)
{
    size_t n = 0;

    while (*fmt != '\0') {
        const char *at = fmt;

        if (*fmt != '%') {
            buf_put_u8(out, (uint8_t)*fmt++);
        } else if (conversion(&fmt) == '%') {
            buf_put_u8(out, '%');
        } else {
            print_value(at, n, words, values[n], sizeof(values[n]));
            buf_put_str(out, values[n++]);
        }
    }
    buf_put_u8(out, 0);
}

/* The row's Vietnamese with the same values. */
static void print_vietnamese(const char *vi, char values[][64], struct buf *out)
{
    while (*vi != '\0') {
        char *end;

        unsigned long n = *vi == '{' ? strtoul(vi + 1, &end, 10) : 0;

        if (n == 0) {
            buf_put_u8(out, (uint8_t)*vi++);
            continue;
        }
        assert_true(*end == '}' && n <= 12);
        buf_put_str(out, values[n - 1]);
        vi = end + 1;
    }
    buf_put_u8(out, 0);
}

static void the_vietnamese_has_each_value_of_the_english(void **state)
{
    unsigned wrong = 0;

    (void)state;
    EACH_ROW(p, row)
    {
        size_t n = conversions(row->en);
        size_t named = 0;

        for (size_t i = 1; i <= 12; i++) {
            char mark[8];

            (void)snprintf(mark, sizeof(mark), "{%zu}", i);
            bool is = strstr(row->vi, mark) != NULL;

            named += is;
            wrong += is != (i <= n);
            if (is != (i <= n)) {
                print_error("%s: %s in \"%s\"\n", row->en, mark, row->vi);
            }
        }
        assert_true(named <= n);
    }
    assert_int_equal(wrong, 0);
}

static void the_vietnamese_is_clean_text_in_normal_form_c(void **state)
{
    struct error err = {0};

    (void)state;
    EACH_ROW(p, row)
    {
        if (text_check_line(span_str(row->vi), &err) < 0) {
            fail_msg("%s: %s", row->vi, err.text);
        }
        assert_true(row->vi[0] != '\0');
        assert_int_equal(row->vi[0] == ' ', row->en[0] == ' ');
        assert_true(row->vi[strlen(row->vi) - 1] != ' ');
    }
}

static unsigned rows_of(const char *en)
{
    unsigned n = 0;

    EACH_ROW(p, row)
    {
        n += strcmp(row->en, en) == 0;
    }
    return n;
}

static void rows_are_sorted_and_said_once(void **state)
{
    (void)state;
    EACH_ROW(p, row)
    {
        if (row > words_parts[p]->rows && strcmp(row[-1].en, row->en) >= 0) {
            fail_msg("not in order: %s", row->en);
        }
        assert_int_equal(rows_of(row->en), 1);
    }
}

static void each_sentence_is_known_again_in_what_it_printed(void **state)
{
    static const char *const samples[][12] = {
        {"p1", "q2", "r3", "s4", "t5", "u6", "v7", "w8", "x", "y", "z", "."},
        {"/a/b.csv", "land", "qcdc/kon-tum/62", "m", "n", "o", "p", "q", "r",
         "s", "t", "u"},
    };
    char text[2048], wanted[2048], said[2048], values[12][64];
    unsigned wrong = 0;

    (void)state;
    EACH_ROW(p, row)
    {
        for (size_t s = 0; s < 2; s++) {
            struct buf en = buf_over(text, sizeof(text));
            struct buf vi = buf_over(wanted, sizeof(wanted));

            print_sample(row->en, samples[s], values, &en);
            print_vietnamese(row->vi, values, &vi);
            if (strlen(text) > 240) {
                continue;
            }
            words_vi(text, said, sizeof(said));
            if (strcmp(said, wanted) != 0) {
                print_error("%s\n   said %s\n wanted %s\n", row->en, said,
                            wanted);
                wrong++;
            }
        }
    }
    assert_int_equal(wrong, 0);
}

static void each_sentence_is_known_behind_a_line_and_a_file(void **state)
{
    static const char *const samples[12] = {"p1", "q2", "r3", "s4", "t5", "u6",
                                            "v7", "w8", "x",  "y",  "z",  "."};
    char text[2048], wanted[2048], said[2048], values[12][64];
    unsigned wrong = 0;

    (void)state;
    EACH_ROW(p, row)
    {
        struct buf en = buf_over(text, sizeof(text));
        struct buf vi = buf_over(wanted, sizeof(wanted));

        buf_put_str(&en, "a.csv: line 7: ");
        buf_put_str(&vi, "a.csv: dòng 7: ");
        print_sample(row->en, samples, values, &en);
        print_vietnamese(row->vi, values, &vi);
        if (strlen(text) > 240 || words_parts[p] == &words_phrases ||
            strchr(row->en, ' ') == NULL) { /* one word may be a name */
            continue;
        }
        words_vi(text, said, sizeof(said));
        if (strcmp(said, wanted) != 0) {
            print_error("%s\n   said %s\n wanted %s\n", row->en, said, wanted);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- against the sources --------------------------------------------------
 */

static bool is_row(const char *text)
{
    char en[512];

    EACH_ROW(p, row)
    {
        (void)snprintf(en, sizeof(en), "%s", row->en);
        source_plain_format(en);
        if (strcmp(en, text) == 0) {
            return true;
        }
    }
    return false;
}

/* Are there words in it, beside its values? */
static bool has_words(const char *fmt)
{
    while (*fmt != '\0') {
        if (*fmt == '%') {
            (void)conversion(&fmt);
        } else if (isalpha((unsigned char)*fmt++)) {
            return true;
        }
    }
    return false;
}

static bool wants_row(const struct source_text *source)
{
    for (size_t i = 0; i < sizeof(not_read) / sizeof(*not_read); i++) {
        if (strcmp(source->text, not_read[i]) == 0) {
            return false;
        }
    }
    switch (source->kind) {
    case SOURCE_TEXT:
        return false;
    case SOURCE_PHRASE:
        return has_words(source->text) && strchr(source->text, ' ') != NULL;
    case SOURCE_FORMAT:
    case SOURCE_WRAP:
        break;
    }
    return has_words(source->text);
}

static void each_sentence_of_the_sources_has_a_row(void **state)
{
    size_t len = 0, missing = 0;
    struct source_text *all = source_texts(source_root, &len);

    (void)state;
    assert_true(len > 4000);
    for (size_t i = 0; i < len; i++) {
        char key[600];

        (void)snprintf(key, sizeof(key), "%s%s", all[i].text,
                       all[i].kind == SOURCE_WRAP ? ": %s" : "");
        if (wants_row(&all[i]) && !is_row(key)) {
            print_error("%s:%u: no Vietnamese for \"%s\"\n", all[i].file,
                        all[i].line, key);
            missing++;
        }
    }
    free(all);
    assert_int_equal(missing, 0);
}

/* What libraries say inside a sentence of ours: jansson and libcurl. */
static const char *const outside[] = {
    "%s near '%s'",
    "%s near end of file",
    "string or '}' expected",
    "'[' or '{' expected",
    "']' expected",
    "'}' expected",
    "':' expected",
    "end of file expected",
    "invalid token",
    "unexpected token",
    "duplicate object key",
    "premature end of input",
    "Couldn't connect to server",
    "Timeout was reached",
    "Server returned nothing (no headers, no data)",
    "Failure when receiving data from the peer",
};

static bool is_said_outside(const char *en)
{
    for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
        if (strcmp(en, outside[i]) == 0) {
            return true;
        }
    }
    for (int e = 1; e < 134; e++) {
        if (strcmp(en, strerror(e)) == 0) { /* NOLINT(concurrency-mt-unsafe) */
            return true;
        }
    }
    return strcmp(en, "%s: %s") == 0; /* what wraps anything */
}

/* The literal is the row, or all of it but a value at its end. */
static bool says(const struct source_text *source, const char *en)
{
    size_t len = strlen(source->text);

    return len > 0 && strncmp(en, source->text, len) == 0 &&
           (en[len] == '\0' || strcmp(en + len, "%s") == 0 ||
            (source->kind == SOURCE_WRAP && strcmp(en + len, ": %s") == 0));
}

static void each_row_is_said_somewhere(void **state)
{
    size_t len = 0, unsaid = 0;
    struct source_text *all = source_texts(source_root, &len);
    char en[512];

    (void)state;
    EACH_ROW(p, row)
    {
        bool said = is_said_outside(row->en);

        (void)snprintf(en, sizeof(en), "%s", row->en);
        source_plain_format(en);
        for (size_t i = 0; i < len && !said; i++) {
            said = says(&all[i], en);
        }
        if (!said) {
            print_error("nobody says \"%s\"\n", row->en);
            unsaid++;
        }
    }
    free(all);
    assert_int_equal(unsaid, 0);
}

/* ---- reading ---------------------------------------------------------------
 */

static const char *vi(const char *text)
{
    static char room[WORDS_SIZE];

    return words_vi(text, room, sizeof(room));
}

static void a_sentence_inside_a_sentence_is_said_too(void **state)
{
    (void)state;
    assert_string_equal(vi("a.csv: line 7: facts: an object is expected"),
                        "a.csv: dòng 7: facts: phải là một đối tượng");
    assert_string_equal(
        vi("the province (node 62) has not cosigned it yet, as far as this "
           "machine has heard; try again after the next contact"),
        "tỉnh (nút 62) chưa xác nhận sự kiện này, theo những gì máy này nghe "
        "được; hãy thử lại sau lần liên lạc tới");
}

static void what_was_typed_stays_as_it_was_typed(void **state)
{
    (void)state;
    assert_string_equal(vi("type: \"no memory\" is no type of event; see "
                           "`qcdc record --help`"),
                        "type: \"no memory\" không phải loại sự kiện; xem "
                        "`qcdc record --help`");
    assert_string_equal(vi("Trời mưa: %s {1} %n"), "Trời mưa: %s {1} %n");
    assert_string_equal(vi(""), "");
    assert_string_equal(vi("no words for this"), "no words for this");
}

static void a_sentence_cut_by_its_room_is_still_known(void **state)
{
    struct error err = {0};
    char long_name[200];
    char said[WORDS_SIZE];
    char small[12];

    (void)state;
    memset(long_name, 'x', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    (void)error_set(&err, ERR_BUSY,
                    "no node runs in %s: start it with "
                    "`qcdc-node --dir %s`",
                    long_name, long_name);
    (void)words_vi(err.text, said, sizeof(said));
    assert_memory_equal(said, "không có nút nào chạy trong xxx", 36);
    assert_non_null(strstr(said, "hãy khởi động bằng"));
    (void)words_vi("no memory", small, sizeof(small));
    assert_string_equal(small, "không đ"); /* never half a letter */
}

/* Time is not measured: without a bound this test does not end. */
static void a_text_made_to_fit_everywhere_is_given_up(void **state)
{
    static const char *const parts[] = {
        ": ", "\"", "%", ": \"", "1", " is not ", "a: b; ", "0:0/0 ", ", "};
    char text[256], said[WORDS_SIZE];

    (void)state;
    for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); p++) {
        size_t len = strlen(parts[p]);

        for (size_t i = 0; i < sizeof(text) - 1; i++) {
            text[i] = parts[p][i % len];
        }
        text[sizeof(text) - 1] = '\0';
        (void)words_vi(text, said, sizeof(said));
        assert_true(said[0] != '\0');
    }
}

static void a_reader_is_answered_in_the_language_he_asks_for(void **state)
{
    (void)state;
    assert_int_equal(words_accepted(NULL), WORDS_VI);
    assert_int_equal(words_accepted(""), WORDS_VI);
    assert_int_equal(words_accepted("*"), WORDS_VI);
    assert_int_equal(words_accepted("fr, de;q=0.5"), WORDS_VI);
    assert_int_equal(words_accepted("en"), WORDS_EN);
    assert_int_equal(words_accepted("en-GB,en;q=0.9"), WORDS_EN);
    assert_int_equal(words_accepted("vi,en;q=0.9"), WORDS_VI);
    assert_int_equal(words_accepted("en;q=0.9, vi;q=0.8"), WORDS_EN);
    assert_int_equal(words_accepted("EN ; q=0.8 ,VI-vn;q=0.85"), WORDS_VI);
    assert_int_equal(words_accepted("english"), WORDS_VI);
    assert_int_equal(words_accepted("en;q=0"), WORDS_VI);
    assert_int_equal(words_accepted(";;;,,,q=="), WORDS_VI);
    assert_int_equal(words_named(NULL), WORDS_VI);
    assert_int_equal(words_named("vi"), WORDS_VI);
    assert_int_equal(words_named("en_GB.UTF-8"), WORDS_EN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vietnamese_has_each_value_of_the_english),
        cmocka_unit_test(the_vietnamese_is_clean_text_in_normal_form_c),
        cmocka_unit_test(rows_are_sorted_and_said_once),
        cmocka_unit_test(each_sentence_is_known_again_in_what_it_printed),
        cmocka_unit_test(each_sentence_is_known_behind_a_line_and_a_file),
        cmocka_unit_test(each_sentence_of_the_sources_has_a_row),
        cmocka_unit_test(each_row_is_said_somewhere),
        cmocka_unit_test(a_sentence_inside_a_sentence_is_said_too),
        cmocka_unit_test(what_was_typed_stays_as_it_was_typed),
        cmocka_unit_test(a_sentence_cut_by_its_room_is_still_known),
        cmocka_unit_test(a_text_made_to_fit_everywhere_is_given_up),
        cmocka_unit_test(a_reader_is_answered_in_the_language_he_asks_for),
    };
    const char *root = getenv("QCDC_SOURCE");

    (void)snprintf(source_root, sizeof(source_root), "%s",
                   root == NULL ? "." : root);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
