/* Bodies: commitments, sealing, wraps, the travelling form. */
#include "tests/support/test.h"

#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "tests/protocol/event_help.h"
#include "tests/protocol/golden.h"

static uint8_t memory[1 << 17];

static struct salt salt_of(uint8_t number)
{
    struct salt salt;

    memset(salt.bytes, number, sizeof(salt.bytes));
    return salt;
}

static const struct body_key key = {{0x51, 0x52, 0x53}};
static const struct nonce nonce = {{0x61, 0x62}};

/* A Private with one person. */
static struct span plain_make(uint8_t *out, size_t size)
{
    static const struct field_pair pairs[] = {
        {"persons[0].name", "Y Bơng"},
        {"persons[0].address", "Thôn Kon Klor 2"},
        {"content", "Đề nghị sửa đường."},
        {"keys[0].event_id", "41414141414141414141414141414141"},
        {"keys[0].body_key",
         "5152535455565758595a5b5c5d5e5f605152535455565758595a5b5c5d5e5f60"}};
    struct buf b = buf_over(out, size);
    struct error err = {0};

    assert_ok(facts_encode_as(body_private_shape(), pairs, TEST_LEN(pairs),
                              NULL, &b, &err),
              err);
    return buf_span(&b);
}

static void golden_bodies_are_frozen(void **state)
{
    static const struct field_pair pairs[] = {{"title", "Đường thôn 3"},
                                              {"content", "Sửa đường.\n"},
                                              {"note", "x"},
                                              {"place", "Đắk Hà"},
                                              {"officials", "A Thủy"}};
    uint8_t text_bytes[256];
    uint8_t plain_bytes[512];
    uint8_t sealed_bytes[1024];
    struct wrap wrap;
    struct buf text = buf_over(text_bytes, sizeof(text_bytes));
    struct buf sealed = buf_over(sealed_bytes, sizeof(sealed_bytes));
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};
    struct span plain = plain_make(plain_bytes, sizeof(plain_bytes));

    (void)state;
    assert_ok(facts_encode_as(body_text_shape(), pairs, 5, NULL, &text, &err),
              err);
    golden_bytes("body.txt", "text", buf_span(&text));

    struct hash commitment = body_commit(salt_of(7), buf_span(&text));

    golden_bytes("body.txt", "text_commitment", SPAN_OF(commitment));
    golden_bytes("body.txt", "private_plain", plain);
    assert_ok(body_seal(plain, &key, &nonce, &sealed, &err), err);
    golden_bytes("body.txt", "private_committed", buf_span(&sealed));
    /* A wrap has fresh randomness inside: its layout is what is frozen. */
    memset(&wrap.key, 0x71, sizeof(wrap.key));
    memset(wrap.sealed, 0x72, sizeof(wrap.sealed));

    struct body bodies[] = {{.index = 3,
                             .slot = AUDIENCE_OF_TEXT,
                             .salt = salt_of(7),
                             .bytes = buf_span(&text)},
                            {.index = 3,
                             .slot = AUDIENCE_OF_PRIVATE,
                             .salt = salt_of(8),
                             .bytes = buf_span(&sealed),
                             .wraps = &wrap,
                             .wraps_len = 1}};

    assert_ok(body_put(&bodies[0], &out, &err), err);
    assert_ok(body_put(&bodies[1], &out, &err), err);
    golden_bytes("body.txt", "list", buf_span(&out));
}

static void list_reads_back_what_was_put(void **state)
{
    struct wrap wraps[2];
    struct body bodies[2] = {{.index = 0,
                              .slot = AUDIENCE_OF_TEXT,
                              .salt = salt_of(1),
                              .bytes = span_str("abc")},
                             {.index = 65535,
                              .slot = AUDIENCE_OF_UNIT,
                              .salt = salt_of(2),
                              .bytes = span_str("defg"),
                              .wraps = wraps,
                              .wraps_len = 2}};
    struct buf out = buf_over(memory, sizeof(memory));
    struct body body;
    struct error err = {0};
    size_t count = 0;

    (void)state;
    memset(wraps, 0x33, sizeof(wraps));
    assert_ok(body_put(&bodies[0], &out, &err), err);
    assert_ok(body_put(&bodies[1], &out, &err), err);

    struct span rest = buf_span(&out);

    assert_ok(body_list_check(rest, &count, &err), err);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(body_take(&rest, &body, &err), err);
        assert_int_equal(body.index, bodies[i].index);
        assert_int_equal(body.slot, bodies[i].slot);
        assert_memory_equal(&body.salt, &bodies[i].salt, 16);
        assert_true(span_equal(body.bytes, bodies[i].bytes));
        assert_int_equal(body.wraps_len, bodies[i].wraps_len);
    }
    assert_memory_equal(body.wraps, wraps, sizeof(wraps));
    assert_int_equal(rest.len, 0);
}

static void list_out_of_order_or_cut_is_refused(void **state)
{
    struct body body = {
        .index = 1, .slot = AUDIENCE_OF_TEXT, .bytes = span_str("abc")};
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};
    size_t count;

    (void)state;
    assert_ok(body_put(&body, &out, &err), err);
    for (size_t len = 1; len < out.len; len++) {
        assert_err(body_list_check(span_make(memory, len), &count, &err),
                   ERR_MALFORMED, err);
    }
    assert_ok(body_put(&body, &out, &err), err);
    assert_err(body_list_check(buf_span(&out), &count, &err), ERR_MALFORMED,
               err);
    assert_string_equal(err.text, "body 1: not in ascending order");
    memory[2] = 9;
    assert_err(body_list_check(buf_span(&out), &count, &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "audience 9");
}

static void sizes_at_the_limit_pass_and_one_byte_more_does_not(void **state)
{
    static uint8_t big[BODY_BYTES_MAX + 1];
    struct wrap wraps[WRAPS_MAX + 1] = {0};
    struct body body = {.slot = AUDIENCE_OF_TEXT,
                        .bytes = span_make(big, TEXT_BODY_MAX)};
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};

    (void)state;
    assert_ok(body_put(&body, &out, &err), err);
    body.bytes.len++;
    assert_err(body_put(&body, &out, &err), ERR_LIMIT, err);
    body = (struct body){.slot = AUDIENCE_OF_PRIVATE,
                         .bytes = span_make(big, BODY_BYTES_MAX),
                         .wraps = wraps,
                         .wraps_len = WRAPS_MAX};
    out.len = 0;
    assert_ok(body_put(&body, &out, &err), err);
    assert_int_equal(out.len, BODY_WIRE_MAX);
    body.wraps_len++;
    assert_err(body_put(&body, &out, &err), ERR_LIMIT, err);
    body.wraps_len = 0;
    body.bytes.len++;
    assert_err(body_put(&body, &out, &err), ERR_LIMIT, err);
    body.bytes.len = 1;
    body.slot = 4;
    assert_err(body_put(&body, &out, &err), ERR_USAGE, err);
    out = buf_over(memory, sizeof(memory));
    assert_ok(
        body_seal(span_make(big, PRIVATE_BODY_MAX), &key, &nonce, &out, &err),
        err);
    assert_int_equal(out.len, BODY_BYTES_MAX);
    assert_err(body_seal(span_make(big, PRIVATE_BODY_MAX + 1), &key, &nonce,
                         &out, &err),
               ERR_LIMIT, err);
}

static void
commitment_holds_for_these_bytes_salt_and_audience_only(void **state)
{
    struct body body = {
        .slot = AUDIENCE_OF_TEXT, .salt = salt_of(7), .bytes = span_str("abc")};
    struct body_mark mark = {body_commit(salt_of(7), span_str("abc")),
                             AUDIENCE_OF_TEXT};

    (void)state;
    assert_true(body_matches(&body, &mark));
    body.bytes = span_str("abd");
    assert_false(body_matches(&body, &mark));
    body.bytes = span_str("abc");
    body.salt = salt_of(8);
    assert_false(body_matches(&body, &mark));
    body.salt = salt_of(7);
    body.slot = AUDIENCE_OF_PRIVATE;
    assert_false(body_matches(&body, &mark));
}

static void private_body_opens_with_its_key_only(void **state)
{
    uint8_t plain_bytes[512];
    uint8_t sealed_bytes[1024];
    struct span plain = plain_make(plain_bytes, sizeof(plain_bytes));
    struct buf sealed = buf_over(sealed_bytes, sizeof(sealed_bytes));
    struct buf out = buf_over(memory, sizeof(memory));
    struct body_key wrong = key;
    struct error err = {0};

    (void)state;
    assert_ok(body_seal(plain, &key, &nonce, &sealed, &err), err);
    assert_int_equal(sealed.len, plain.len + BODY_SEAL_OVERHEAD);
    assert_ok(body_open(buf_span(&sealed), &key, &out, &err), err);
    assert_true(span_equal(buf_span(&out), plain));
    wrong.bytes[31] ^= 1;
    out.len = 0;
    assert_err(body_open(buf_span(&sealed), &wrong, &out, &err), ERR_UNTRUSTED,
               err);
    assert_string_equal(err.text,
                        "the key is not the one this body was sealed with");
    for (size_t i = 0; i < sealed.len; i++) {
        sealed_bytes[i] ^= 1;
        assert_err(body_open(buf_span(&sealed), &key, &out, &err),
                   ERR_UNTRUSTED, err);
        sealed_bytes[i] ^= 1;
    }
    assert_int_equal(out.len, 0);
    assert_err(body_open(span_make(sealed_bytes, BODY_SEAL_OVERHEAD - 1), &key,
                         &out, &err),
               ERR_MALFORMED, err);
}

static void wrap_opens_for_its_reader_only(void **state)
{
    uint8_t seed[32] = {1};
    struct box_public pub;
    struct box_secret sec;
    struct box_public other_pub;
    struct box_secret other_sec;
    struct box_public zero = {{0}};
    struct wrap wraps[2];
    struct body body = {
        .slot = AUDIENCE_OF_PRIVATE, .wraps = wraps, .wraps_len = 2};
    struct body_key got;
    struct error err = {0};

    (void)state;
    box_keys(seed, &pub, &sec);
    seed[0] = 2;
    box_keys(seed, &other_pub, &other_sec);
    assert_ok(body_wrap(&key, &other_pub, &wraps[0], &err), err);
    assert_ok(body_wrap(&key, &pub, &wraps[1], &err), err);
    assert_ok(body_unwrap(&body, &pub, &sec, &got, &err), err);
    assert_memory_equal(got.bytes, key.bytes, 32);
    assert_err(body_unwrap(&body, &pub, &other_sec, &got, &err), ERR_UNTRUSTED,
               err);
    body.wraps_len = 1;
    assert_err(body_unwrap(&body, &pub, &sec, &got, &err), ERR_NOTFOUND, err);
    assert_err(body_wrap(&key, &zero, &wraps[0], &err), ERR_UNTRUSTED, err);
}

static void handed_key_is_found_by_its_event(void **state)
{
    uint8_t plain_bytes[512];
    static uint8_t arena_memory[4096]; /* the arena leaves it poisoned */
    struct span plain = plain_make(plain_bytes, sizeof(plain_bytes));
    struct arena arena;
    struct body_key got;
    struct event_id id = help_id(0x41);
    struct error err = {0};

    (void)state;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_ok(body_handed_key(plain, &id, &arena, &got, &err), err);
    assert_int_equal(got.bytes[0], 0x51);
    assert_int_equal(got.bytes[31], 0x60);
    id = help_id(0x42);
    assert_err(body_handed_key(plain, &id, &arena, &got, &err), ERR_NOTFOUND,
               err);
}

static void rules_of_texts_and_private_bodies_hold(void **state)
{
    static uint8_t big[TEXT_BODY_MAX + 8];
    struct error err = {0};

    (void)state;
    assert_ok(body_text_check((struct span){NULL, 0}, &err), err);
    assert_err(body_text_check(help_hex("0a026566"
                                        "0a0166"),
                               &err),
               ERR_MALFORMED, err);
    assert_err(body_text_check(help_hex("0a01ff"), &err), ERR_MALFORMED, err);
    assert_string_equal(err.text, "title: byte 1 is not UTF-8 text");
    assert_err(body_text_check(help_hex("0a0365cc82"), &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "title: not in normal form C");
    assert_err(body_text_check(help_hex("0a030a6566"), &err), ERR_MALFORMED,
               err);
    assert_ok(body_text_check(help_hex("12030a6566"), &err), err);
    /* content of 16,380 bytes and its head of 4: the limit to the byte */
    memset(big, 'a', sizeof(big));
    memcpy(big, "\x12\xfc\x7f", 3);
    assert_ok(body_text_check(span_make(big, 3 + 16380), &err), err);
    assert_err(body_text_check(span_make(big, TEXT_BODY_MAX + 1), &err),
               ERR_LIMIT, err);
    assert_ok(body_private_check(help_hex("0a030a01410a030a01410a030a0141"
                                          "0a030a01410a030a0141"),
                                 &err),
              err);
    assert_err(body_private_check(help_hex("0a030a01410a030a01410a030a0141"
                                           "0a030a01410a030a01410a030a0141"),
                                  &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "persons: 6");
    assert_err(body_private_check(help_hex("0a030a01ff"), &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "persons: name: byte 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_bodies_are_frozen),
        cmocka_unit_test(list_reads_back_what_was_put),
        cmocka_unit_test(list_out_of_order_or_cut_is_refused),
        cmocka_unit_test(sizes_at_the_limit_pass_and_one_byte_more_does_not),
        cmocka_unit_test(
            commitment_holds_for_these_bytes_salt_and_audience_only),
        cmocka_unit_test(private_body_opens_with_its_key_only),
        cmocka_unit_test(wrap_opens_for_its_reader_only),
        cmocka_unit_test(handed_key_is_found_by_its_event),
        cmocka_unit_test(rules_of_texts_and_private_bodies_hold),
    };

    return TEST_RUN(tests);
}
