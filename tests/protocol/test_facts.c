/* Facts as people write them: every type both ways, frozen, refusals. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "protocol/event/body.h"
#include "protocol/event/wire.h"
#include "tests/protocol/event_help.h"
#include "tests/protocol/event_samples.h"
#include "tests/protocol/golden.h"

static uint8_t memory[LEAF_MAX];

/* ---- both ways
 * --------------------------------------------------------------- */

struct expected {
    const struct field_pair *pairs;
    size_t len;
    size_t at;
};

static int pair_expect(void *ctx, const char *path, struct span value,
                       struct error *err)
{
    struct expected *e = ctx;

    (void)err;
    if (e->at == e->len) {
        fail_msg("one more: %s", path);
    }
    assert_string_equal(path, e->pairs[e->at].path);
    assert_true(span_equal(value, span_str(e->pairs[e->at].value)));
    e->at++;
    return 0;
}

static void every_type_reads_back_the_pairs_it_was_given(void **state)
{
    const struct sample *sample;
    struct error err = {0};

    (void)state;
    for (size_t i = 0; (sample = sample_at(i)) != NULL; i++) {
        struct expected e = {sample->pairs, sample->len, 0};

        assert_ok(facts_visit(event_type_find(sample->type),
                              sample_facts(sample, memory, sizeof(memory)),
                              pair_expect, &e, &err),
                  err);
        assert_int_equal(e.at, e.len);
    }
}

static void every_understood_type_has_a_sample(void **state)
{
    const struct event_type *type;

    (void)state;
    for (size_t i = 0; (type = event_type_at(i)) != NULL; i++) {
        if (type->shape != NULL) {
            assert_non_null(sample_of(type->number));
        }
    }
}

static void golden_facts_are_frozen(void **state)
{
    const struct sample *sample;

    (void)state;
    for (size_t i = 0; (sample = sample_at(i)) != NULL; i++) {
        golden_bytes("facts.txt", event_type_find(sample->type)->name,
                     sample_facts(sample, memory, sizeof(memory)));
    }
}

static void order_of_pairs_does_not_matter(void **state)
{
    const struct sample *sample = sample_of(EVENT_DIALOGUE_CONCLUDED);
    struct field_pair turned[32];
    uint8_t other[1024];
    struct buf out = buf_over(other, sizeof(other));
    struct error err = {0};
    struct span facts = sample_facts(sample, memory, sizeof(memory));

    (void)state;
    for (size_t i = 0; i < sample->len; i++) {
        turned[i] = sample->pairs[sample->len - 1 - i];
    }
    assert_ok(facts_encode(event_type_find(sample->type), turned, sample->len,
                           NULL, &out, &err),
              err);
    assert_true(span_equal(facts, buf_span(&out)));
}

static void what_is_encoded_is_minimal(void **state)
{
    const struct sample *sample;
    struct error err = {0};

    (void)state;
    for (size_t i = 0; (sample = sample_at(i)) != NULL; i++) {
        assert_ok(message_minimal(event_type_find(sample->type)->shape,
                                  sample_facts(sample, memory, sizeof(memory)),
                                  &err),
                  err);
    }
}

/* ---- whole lists in one cell
 * ---------------------------------------------------- */

static void assert_same(uint32_t type, const struct field_pair *a, size_t a_len,
                        const struct field_pair *b, size_t b_len)
{
    uint8_t other[2048];
    struct buf x = buf_over(memory, sizeof(memory));
    struct buf y = buf_over(other, sizeof(other));
    struct error err = {0};

    assert_ok(facts_encode(event_type_find(type), a, a_len, NULL, &x, &err),
              err);
    assert_ok(facts_encode(event_type_find(type), b, b_len, NULL, &y, &err),
              err);
    assert_true(x.len > 0);
    assert_true(span_equal(buf_span(&x), buf_span(&y)));
}

static void list_in_one_cell_equals_its_paths(void **state)
{
    static const struct field_pair cell[] = {
        {"lines", "2024-05-15::periodic;2024-10-31:true:extraordinary;"}};
    static const struct field_pair paths[] = {
        {"lines[0].planned_day", "2024-05-15"},
        {"lines[0].month", ""},
        {"lines[0].kind", "periodic"},
        {"lines[1].planned_day", "2024-10-31"},
        {"lines[1].month", "yes"},
        {"lines[1].kind", "Extraordinary"}};
    static const struct field_pair elements[] = {
        {"lines[1]", "2024-10-31:1:extraordinary"},
        {"lines[0]", "2024-05-15:no:periodic"}};
    static const struct field_pair chairs[] = {{"chairs", "12:true;13"}};
    static const struct field_pair chair_paths[] = {{"chairs[0].unit", "12"},
                                                    {"chairs[0].head", "có"},
                                                    {"chairs[1].unit", "13"}};
    static const struct field_pair numbers[] = {{"chairs", "12;13"}};
    static const struct field_pair number_paths[] = {{"chairs[0]", "12"},
                                                     {"chairs[1]", "13"}};
    static const struct field_pair paper[] = {
        {"document", "minutes:12/BB:2024-03-01::Kệ 3"}};
    static const struct field_pair paper_paths[] = {
        {"document.kind", "minutes"},
        {"document.number", "12/BB"},
        {"document.dated_day", "2024-03-01"},
        {"document.shelf", "Kệ 3"}};

    (void)state;
    assert_same(EVENT_PLAN_ADOPTED, cell, 1, paths, TEST_LEN(paths));
    assert_same(EVENT_PLAN_ADOPTED, elements, 2, paths, TEST_LEN(paths));
    assert_same(EVENT_DIALOGUE_HELD, chairs, 1, chair_paths, 3);
    assert_same(EVENT_DIALOGUE_SCHEDULED, numbers, 1, number_paths, 2);
    assert_same(EVENT_DOCUMENT_FILED, paper, 1, paper_paths, 4);
}

static void text_is_stored_in_normal_form_c(void **state)
{
    static const struct field_pair typed[] = {
        {"document.number", "12/T\x42-D\x61\xcc\x86k"}};
    static const struct field_pair normal[] = {
        {"document.number", "12/TB-D\xc4\x83k"}};

    (void)state;
    assert_same(EVENT_DOCUMENT_FILED, typed, 1, normal, 1);
}

/* ---- ids
 * --------------------------------------------------------------------- */

static int resolve(void *ctx, const char *text, struct event_id *out,
                   struct error *err)
{
    (void)ctx;
    if (strcmp(text, "row-17") != 0) {
        return error_set(err, ERR_NOTFOUND, "no row has the key \"%s\"", text);
    }
    *out = help_id(0x41);
    return 0;
}

static void ids_may_be_hex_or_what_the_resolver_knows(void **state)
{
    static const struct field_pair keys[] = {{"items", "row-17:answered"}};
    static const struct field_pair hex[] = {
        {"items[0].petition_id", "41414141414141414141414141414141"},
        {"items[0].conclusion", "answered"}};
    static const struct field_pair unknown[] = {{"items", "row-18:answered"}};
    struct facts_resolver resolver = {resolve, NULL};
    const struct event_type *type = event_type_find(EVENT_DIALOGUE_CONCLUDED);
    uint8_t other[256];
    struct buf x = buf_over(memory, sizeof(memory));
    struct buf y = buf_over(other, sizeof(other));
    struct error err = {0};

    (void)state;
    assert_ok(facts_encode(type, keys, 1, &resolver, &x, &err), err);
    assert_ok(facts_encode(type, hex, 2, NULL, &y, &err), err);
    assert_true(span_equal(buf_span(&x), buf_span(&y)));
    assert_err(facts_encode(type, unknown, 1, &resolver, &x, &err),
               ERR_NOTFOUND, err);
    assert_string_equal(err.text,
                        "items[0].petition_id: no row has the key \"row-18\"");
    assert_err(facts_encode(type, keys, 1, NULL, &x, &err), ERR_USAGE, err);
    assert_err_says(err, "\"row-17\" is not an id");
}

/* ---- refusals
 * -------------------------------------------------------------------- */

static void refusals_name_path_value_and_expectation(void **state)
{
    static const struct {
        uint32_t type;
        struct field_pair pair;
        const char *sentence;
    } wrong[] = {
        {EVENT_PETITION_RECEIVED,
         {"chanel", "counter"},
         "chanel: no such field; PetitionReceived has channel, kind, field, "
         "paper_id, person_known, people, dialogue_id, document"},
        {EVENT_PETITION_RECEIVED,
         {"channel", "kiosk"},
         "channel: \"kiosk\" is not one of counter, post, dialogue, "
         "reception, online, phone, referred, box"},
        {EVENT_PETITION_RECEIVED,
         {"channel", "unspecified"},
         "channel: \"unspecified\" is not one of counter, post, dialogue, "
         "reception, online, phone, referred, box"},
        {EVENT_PETITION_RECEIVED,
         {"people", "-3"},
         "people: \"-3\" is not a number"},
        {EVENT_PETITION_RECEIVED,
         {"people", "4294967296"},
         "people: \"4294967296\" is not a number"},
        {EVENT_PETITION_RECEIVED,
         {"person_known", "maybe"},
         "person_known: \"maybe\" is not true or false"},
        {EVENT_PETITION_RECEIVED,
         {"document.dated_day", "1/3/2024"},
         "document.dated_day: \"1/3/2024\" is not a date as 2024-03-01"},
        {EVENT_PETITION_RECEIVED,
         {"document.dated_day", "2024-02-30"},
         "document.dated_day: \"2024-02-30\" is not a date as 2024-03-01"},
        {EVENT_PETITION_RECEIVED,
         {"document.nr", "1"},
         "document.nr: no such field; Document has kind, number, dated_day, "
         "file_hash, shelf, signing, signer, secret"},
        {EVENT_PETITION_RECEIVED,
         {"document.file_hash", "77"},
         "document.file_hash: \"77\" is not 64 hex digits"},
        {EVENT_PETITION_RECEIVED,
         {"document.number", "a\nb"},
         "document.number: control characters and line breaks are not "
         "allowed in text"},
        {EVENT_PETITION_RECEIVED,
         {"document.number", "\xff"},
         "document.number: the value is not UTF-8 text"},
        {EVENT_PETITION_RECEIVED,
         {"channel.name", "x"},
         "channel.name: channel has nothing inside"},
        {EVENT_PETITION_RECEIVED,
         {"channel[0]", "counter"},
         "channel[0]: this is no list: leave the brackets out"},
        {EVENT_DIALOGUE_CONCLUDED,
         {"items.petition_id", "x"},
         "items.petition_id: items is a list: write items[0].petition_id"},
        {EVENT_DIALOGUE_CONCLUDED,
         {"items[x].petition_id", "x"},
         "items[x].petition_id: elements are counted [0], [1], ..."},
        {EVENT_DIALOGUE_CONCLUDED,
         {"items[1].conclusion", "taken"},
         "items[1].conclusion: elements are counted from [0] without a gap, "
         "and a list is given in one way only"},
        {EVENT_DIALOGUE_CONCLUDED,
         {"items", "a:b:c:d:e:f"},
         "items[0].petition_id: \"a\" is not an id: 32 hex digits, a code, or "
         "an import key"},
        {EVENT_DIALOGUE_HELD,
         {"chairs", "12:true:x"},
         "chairs[0]: more than its 2 parts by :"},
        {EVENT_RULES_PUBLISHED,
         {"rules", "D8:1:undertakings:2019-09-20::commune"},
         "rules[0].kinds: a list inside a list: give it by its path"},
        {EVENT_DIALOGUE_SCHEDULED,
         {"chairs", "12;x"},
         "chairs: \"x\" is not a number"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(wrong); i++) {
        struct buf out = buf_over(memory, sizeof(memory));
        struct error err = {0};

        assert_err(facts_encode(event_type_find(wrong[i].type), &wrong[i].pair,
                                1, NULL, &out, &err),
                   ERR_USAGE, err);
        assert_string_equal(err.text, wrong[i].sentence);
        assert_int_equal(out.len, 0); /* nothing half written */
    }
}

static void pair_given_twice_or_two_ways_is_refused(void **state)
{
    static const struct field_pair twice[] = {{"people", "1"}, {"people", "2"}};
    static const struct field_pair ways[] = {{"chairs", "12"},
                                             {"chairs[0].unit", "12"}};
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};

    (void)state;
    assert_err(facts_encode(event_type_find(EVENT_PETITION_RECEIVED), twice, 2,
                            NULL, &out, &err),
               ERR_USAGE, err);
    assert_string_equal(err.text, "people: stated twice");
    assert_err(facts_encode(event_type_find(EVENT_DIALOGUE_HELD), ways, 2, NULL,
                            &out, &err),
               ERR_USAGE, err);
    assert_err_says(err, "chairs: elements are counted");
}

static void name_at_its_limit_is_taken_and_one_byte_more_refused(void **state)
{
    char name[NAME_MAX_BYTES + 2];
    struct field_pair pair = {"document.number", name};
    const struct event_type *type = event_type_find(EVENT_DOCUMENT_FILED);
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};

    (void)state;
    memset(name, 'a', sizeof(name));
    name[NAME_MAX_BYTES] = '\0';
    assert_ok(facts_encode(type, &pair, 1, NULL, &out, &err), err);
    name[NAME_MAX_BYTES] = 'a';
    name[NAME_MAX_BYTES + 1] = '\0';
    assert_err(facts_encode(type, &pair, 1, NULL, &out, &err), ERR_USAGE, err);
    assert_string_equal(err.text,
                        "document.number: 256 bytes of text, 255 are allowed");
}

static void facts_longer_than_the_buffer_are_a_limit(void **state)
{
    const struct sample *sample;

    (void)state;
    for (size_t i = 0; (sample = sample_at(i)) != NULL; i++) {
        struct error err = {0};
        struct span facts = sample_facts(sample, memory, sizeof(memory));
        size_t len = facts.len;

        for (size_t size = 0; size < len; size += 7) {
            struct buf out = buf_over(memory, size);

            assert_err(facts_encode(event_type_find(sample->type),
                                    sample->pairs, sample->len, NULL, &out,
                                    &err),
                       ERR_LIMIT, err);
        }
    }
}

static void type_of_a_later_version_is_not_recorded(void **state)
{
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};

    (void)state;
    assert_err(facts_encode(event_type_find(EVENT_PETITION_LINKED), NULL, 0,
                            NULL, &out, &err),
               ERR_NOTFOUND, err);
    assert_string_equal(err.text,
                        "PetitionLinked: this version does not record it");
}

/* ---- reading what others wrote
 * --------------------------------------------------- */

static int nothing_seen(void *ctx, const char *path, struct span value,
                        struct error *err)
{
    (void)ctx;
    (void)value;
    (void)err;
    fail_msg("%s was shown", path);
    return 0;
}

static void bytes_that_are_not_minimal_are_not_shown(void **state)
{
    struct error err = {0};

    (void)state;
    assert_err(facts_visit(event_type_find(EVENT_PETITION_RECEIVED),
                           help_hex("10010801"), nothing_seen, NULL, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "field 1 comes after field 2");
}

static int first_only(void *ctx, const char *path, struct span value,
                      struct error *err)
{
    char *text = ctx;

    snprintf(text, 64, "%s=%.*s", path, (int)value.len,
             (const char *)value.ptr);
    return error_set(err, ERR_LIMIT, "enough");
}

static void bytes_that_are_no_text_are_shown_as_hex(void **state)
{
    char text[64];
    struct error err = {0};

    (void)state;
    assert_err(facts_visit(event_type_find(EVENT_NOTHING_TO_REPORT),
                           help_hex("0a02ff31"), first_only, text, &err),
               ERR_LIMIT, err);
    assert_string_equal(text, "duty=0xff31");
    assert_string_equal(err.text, "enough");
}

static void text_bodies_take_the_same_road(void **state)
{
    static const struct field_pair pairs[] = {
        {"title", "Đường thôn 3"},
        {"content", "Đề nghị sửa đường.\nĐoạn dài 2 km; hỏng: nặng."}};
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};
    struct expected e = {pairs, 2, 0};

    (void)state;
    assert_ok(facts_encode_as(body_text_shape(), pairs, 2, NULL, &out, &err),
              err);
    assert_ok(body_text_check(buf_span(&out), &err), err);
    assert_ok(facts_visit_as(body_text_shape(), buf_span(&out), pair_expect, &e,
                             &err),
              err);
    assert_int_equal(e.at, 2);
}

static void the_name_of_a_field_says_whose_number_it_holds(void **state)
{
    (void)state;
    assert_int_equal(facts_noun("to"), FACTS_UNITS);
    assert_int_equal(facts_noun("items[12].body"), FACTS_UNITS);
    assert_int_equal(facts_noun("chairs[0].unit"), FACTS_UNITS);
    assert_int_equal(facts_noun("chairs"), FACTS_UNITS);
    assert_int_equal(facts_noun("guard"), FACTS_NODES);
    assert_int_equal(facts_noun("items[0].body_name"), FACTS_NUMBER);
    assert_int_equal(facts_noun("to.people"), FACTS_NUMBER);
    assert_int_equal(facts_noun("people"), FACTS_NUMBER);
    assert_int_equal(facts_noun("unit_"), FACTS_NUMBER);
    assert_int_equal(facts_noun(""), FACTS_NUMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_reads_back_the_pairs_it_was_given),
        cmocka_unit_test(every_understood_type_has_a_sample),
        cmocka_unit_test(golden_facts_are_frozen),
        cmocka_unit_test(order_of_pairs_does_not_matter),
        cmocka_unit_test(what_is_encoded_is_minimal),
        cmocka_unit_test(list_in_one_cell_equals_its_paths),
        cmocka_unit_test(text_is_stored_in_normal_form_c),
        cmocka_unit_test(ids_may_be_hex_or_what_the_resolver_knows),
        cmocka_unit_test(refusals_name_path_value_and_expectation),
        cmocka_unit_test(pair_given_twice_or_two_ways_is_refused),
        cmocka_unit_test(name_at_its_limit_is_taken_and_one_byte_more_refused),
        cmocka_unit_test(facts_longer_than_the_buffer_are_a_limit),
        cmocka_unit_test(type_of_a_later_version_is_not_recorded),
        cmocka_unit_test(bytes_that_are_not_minimal_are_not_shown),
        cmocka_unit_test(bytes_that_are_no_text_are_shown_as_hex),
        cmocka_unit_test(text_bodies_take_the_same_road),
        cmocka_unit_test(the_name_of_a_field_says_whose_number_it_holds),
    };

    return TEST_RUN(tests);
}
