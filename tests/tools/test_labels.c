/* Every field and word that `record` takes or `show` prints has a label. */
#include "tests/support/test.h"

#include <protobuf-c/protobuf-c.h>

#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "qcdc/v1/record.pb-c.h"
#include "tools/labels.h"

static const struct cli vietnamese = {.english = false};
static const struct cli english = {.english = true};

struct seen {
    size_t fields;
    size_t words;
};

static void expect_words(const char *field, const char *expected,
                         struct seen *seen)
{
    static const char head[] = "one of ";
    const char *at = expected + sizeof(head) - 1;

    if (strncmp(expected, head, sizeof(head) - 1) != 0) {
        return;
    }
    while (*at != '\0') {
        char word[64];
        size_t len = strcspn(at, ",");

        snprintf(word, sizeof(word), "%.*s", (int)len, at);
        if (label_value(&vietnamese, field, word) == NULL) {
            fail_msg("no label for %s=%s", field, word);
        }
        assert_null(label_value(&english, field, word));
        seen->words++;
        at += len + strspn(at + len, ", ");
    }
}

static int expect_labels(void *ctx, const char *path, struct span expected,
                         struct error *err)
{
    const char *part = path;
    char name[FACTS_PATH_MAX];
    char text[1024];
    struct seen *seen = ctx;

    (void)err;
    if (strncmp(path, "history", 7) == 0 || strncmp(path, "parties", 7) == 0) {
        return 0; /* printed as events, or not at all */
    }
    while (*part != '\0') {
        size_t len = strcspn(part, ".");

        snprintf(name, sizeof(name), "%.*s", (int)strcspn(part, ".["), part);
        if (label_field(&vietnamese, name) == name) {
            fail_msg("no label for %s in %s", name, path);
        }
        assert_ptr_equal(label_field(&english, name), name);
        part += part[len] == '.' ? len + 1 : len;
    }
    snprintf(text, sizeof(text), "%.*s", (int)expected.len,
             (const char *)expected.ptr);
    expect_words(name, text, seen);
    seen->fields++;
    return 0;
}

static void what_record_takes_has_labels(void **state)
{
    struct error err = {0};
    struct seen seen = {0};

    (void)state;
    for (size_t i = 0; event_type_at(i) != NULL; i++) {
        const struct event_type *type = event_type_at(i);

        if (type->shape != NULL && type->log == EVENT_LOG_RECORD) {
            int rc = facts_describe(type, expect_labels, &seen, &err);

            assert_true(rc == 0 || rc == ERR_NOTFOUND);
        }
    }
    assert_ok(facts_describe_as(body_text_shape(), expect_labels, &seen, &err),
              err);
    assert_ok(
        facts_describe_as(body_private_shape(), expect_labels, &seen, &err),
        err);
    assert_true(seen.fields > 200);
    assert_true(seen.words > 100);
}

static void expect_shape(const ProtobufCMessageDescriptor *shape,
                         struct seen *seen)
{
    struct error err = {0};

    assert_ok(facts_describe_as(shape, expect_labels, seen, &err), err);
}

static void what_show_prints_has_labels(void **state)
{
    struct seen seen = {0};

    (void)state;
    expect_shape(&qcdc__v1__petition_record__descriptor, &seen);
    expect_shape(&qcdc__v1__dialogue_record__descriptor, &seen);
    expect_shape(&qcdc__v1__plan_record__descriptor, &seen);
    expect_shape(&qcdc__v1__report_record__descriptor, &seen);
    expect_shape(&qcdc__v1__nothing_record__descriptor, &seen);
    assert_true(seen.fields > 100);
    assert_true(seen.words > 30);
}

static void a_word_depends_on_its_field(void **state)
{
    (void)state;
    assert_string_equal(label_value(&vietnamese, "channel", "phone"),
                        "điện thoại");
    assert_string_equal(label_value(&vietnamese, "notice", "accepted"),
                        "thụ lý");
    assert_string_equal(label_value(&vietnamese, "state", "accepted"),
                        "đã thụ lý");
    assert_string_equal(label_value(&vietnamese, "state", "withdrawn"),
                        "đã rút");
    /* What a person typed is never translated. */
    assert_null(label_value(&vietnamese, "title", "phone"));
    assert_null(label_value(&vietnamese, "people", "3"));
    assert_true(label_is_day("due_day"));
    assert_false(label_is_day("days"));
    assert_string_equal(label_field(&vietnamese, "unheard_of"), "unheard_of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_record_takes_has_labels),
        cmocka_unit_test(what_show_prints_has_labels),
        cmocka_unit_test(a_word_depends_on_its_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
