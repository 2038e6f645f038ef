/* Leaves and headers: framing, strictness, ids, signatures, frozen bytes. */
#include "tests/support/test.h"

#include "protocol/event/types.h"
#include "tests/protocol/event_help.h"
#include "tests/protocol/golden.h"

static uint8_t memory[LEAF_MAX];

/* Everything a header can say. */
static struct header full_header(struct event_id *refs)
{
    struct header h = help_header(EVENT_PETITION_REFERRED);

    refs[0] = help_id(0x31);
    refs[1] = help_id(0x32);
    h.has_subject = true;
    h.subject = help_id(0x30);
    h.refs = id_list_of(refs, 2);
    h.addressees[0] = 300;
    h.addressees[1] = 4000000000u;
    h.addressees_len = 2;
    h.has_quoted = true;
    h.quoted_time_s = 1709250000;
    memset(h.quoted_hash, 0x44, sizeof(h.quoted_hash));
    memset(h.bodies[0].commitment.bytes, 0x55, 32);
    h.bodies[0].audience = AUDIENCE_OF_TEXT;
    memset(h.bodies[1].commitment.bytes, 0x66, 32);
    h.bodies[1].audience = AUDIENCE_OF_PRIVATE;
    h.bodies_len = 2;
    h.historical = true;
    return h;
}

static void golden_leaf_and_id_are_frozen(void **state)
{
    struct event_id refs[2];
    struct header h = full_header(refs);
    struct span bytes = help_leaf(&h, help_hex("08ac02"), memory);
    struct leaf leaf;
    struct error err = {0};

    (void)state;
    assert_ok(leaf_parse(bytes, &leaf, &err), err);
    golden_bytes("leaf.txt", "leaf_full", bytes);
    golden_bytes("leaf.txt", "header_full", leaf.header_bytes);
    golden_bytes("leaf.txt", "id_full", SPAN_OF(leaf.id));
    h = help_header(EVENT_APPROVED);
    bytes = help_leaf(&h, (struct span){NULL, 0}, memory);
    assert_ok(leaf_parse(bytes, &leaf, &err), err);
    golden_bytes("leaf.txt", "leaf_least", bytes);
    golden_bytes("leaf.txt", "id_least", SPAN_OF(leaf.id));
}

static void header_reads_back_all_it_was_given(void **state)
{
    struct event_id refs[2];
    struct header h = full_header(refs);
    struct span bytes = help_leaf(&h, help_hex("08ac02"), memory);
    struct leaf leaf;
    struct error err = {0};

    (void)state;
    assert_ok(leaf_parse(bytes, &leaf, &err), err);
    assert_true(leaf.understood);
    assert_int_equal(leaf.header.type, h.type);
    assert_int_equal(leaf.header.version, 1);
    assert_int_equal(leaf.header.node, 7);
    assert_int_equal(leaf.header.unit, 12);
    assert_memory_equal(&leaf.header.actor, &h.actor, 16);
    assert_int_equal(leaf.header.recorded_ms, h.recorded_ms);
    assert_int_equal(leaf.header.on_day, HELP_DAY);
    assert_true(leaf.header.has_subject);
    assert_true(event_id_equal(&leaf.header.subject, &h.subject));
    assert_int_equal(leaf.header.refs.len, 2);
    for (size_t i = 0; i < 2; i++) {
        struct event_id ref = header_ref(&leaf.header, i);

        assert_true(event_id_equal(&ref, &refs[i]));
        assert_true(header_has_ref(&leaf.header, &refs[i]));
    }
    assert_false(header_has_ref(&leaf.header, &h.subject));
    assert_int_equal(leaf.header.addressees_len, 2);
    assert_true(header_has_addressee(&leaf.header, 4000000000u));
    assert_false(header_has_addressee(&leaf.header, 301));
    assert_true(leaf.header.has_quoted);
    assert_int_equal(leaf.header.quoted_time_s, h.quoted_time_s);
    assert_memory_equal(leaf.header.quoted_hash, h.quoted_hash, 8);
    assert_int_equal(leaf.header.bodies_len, 2);
    assert_non_null(header_body(&leaf.header, AUDIENCE_OF_PRIVATE));
    assert_null(header_body(&leaf.header, AUDIENCE_OF_UNIT));
    assert_true(leaf.header.historical);
    assert_int_equal(leaf.facts.len, 3);

    struct event_id subject = leaf_subject(&leaf);

    assert_true(event_id_equal(&subject, &h.subject));
}

static void signature_covers_every_byte_of_the_leaf(void **state)
{
    struct event_id refs[2];
    struct header h = full_header(refs);
    struct help_key key = help_key(1);
    struct span bytes = help_leaf(&h, help_hex("08ac02"), memory);
    struct leaf leaf;
    struct error err = {0};

    (void)state;
    assert_ok(leaf_parse(bytes, &leaf, &err), err);
    assert_true(leaf_verify(&leaf, &key.pub));
    for (size_t i = 0; i < bytes.len; i++) {
        memory[i] ^= 1;
        if (leaf_parse(bytes, &leaf, &err) == 0) {
            assert_false(leaf_verify(&leaf, &key.pub));
        } else {
            assert_int_equal(err.code, ERR_MALFORMED);
        }
        memory[i] ^= 1;
    }
}

static void key_of_another_actor_never_verifies(void **state)
{
    struct header h = help_header(EVENT_APPROVED);
    struct help_key other = help_key(2);
    struct leaf leaf;
    struct error err = {0};

    (void)state;
    assert_ok(
        leaf_parse(help_leaf(&h, (struct span){NULL, 0}, memory), &leaf, &err),
        err);
    assert_false(leaf_verify(&leaf, &other.pub));
}

static void id_does_not_depend_on_the_signature(void **state)
{
    struct header h = help_header(EVENT_APPROVED);
    struct help_key key = help_key(1);
    struct span bytes = help_leaf(&h, help_hex("0801"), memory);
    struct leaf good;
    struct leaf bad;
    struct error err = {0};

    (void)state;
    assert_ok(leaf_parse(bytes, &good, &err), err);
    memory[10] ^= 0x40;
    assert_ok(leaf_parse(bytes, &bad, &err), err);
    assert_true(event_id_equal(&good.id, &bad.id));
    assert_true(bad.understood);
    assert_false(leaf_verify(&bad, &key.pub)); /* an id, but it never counts */
    memory[10] ^= 0x40;
    memory[bytes.len - 1] ^= 1;
    assert_ok(leaf_parse(bytes, &bad, &err), err);
    assert_false(event_id_equal(&good.id, &bad.id));
}

static void leaf_scan_leaves_the_id_out(void **state)
{
    struct header h = help_header(EVENT_APPROVED);
    struct leaf leaf;
    struct error err = {0};

    (void)state;
    assert_ok(leaf_scan(help_leaf(&h, help_hex("0801"), memory), &leaf, &err),
              err);
    assert_true(leaf.understood);
    assert_true(event_id_is_zero(&leaf.id));
}

static void framing_out_of_range_is_malformed(void **state)
{
    static uint8_t large[LEAF_MAX + 1];
    struct leaf leaf;
    struct error err = {0};

    (void)state;
    assert_err(leaf_parse(span_make(large, 65), &leaf, &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "65 bytes");
    assert_err(leaf_parse(span_make(large, LEAF_MAX + 1), &leaf, &err),
               ERR_MALFORMED, err);
    assert_ok(leaf_parse(span_make(large, LEAF_MAX), &leaf, &err), err);
    assert_false(leaf.understood); /* an empty header */
    large[65] = 35;
    assert_err(leaf_parse(span_make(large, 66 + 34), &leaf, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "header of 35 bytes");
    assert_ok(leaf_parse(span_make(large, 66 + 35), &leaf, &err), err);
    assert_int_equal(leaf.header_bytes.len, 35);
    assert_int_equal(leaf.facts.len, 0);
}

/* type 149, version 1, node 7, unit 12, actor 16 x 11, recorded, on. */
#define TYPE "089501"
#define VERSION "1001"
#define NODE "1807"
#define UNIT "200c"
#define ACTOR "2a1011111111111111111111111111111111"
#define START TYPE VERSION NODE UNIT ACTOR
#define ID16 "10aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH32                                                                 \
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bool understood(const char *hex)
{
    struct header h;

    return header_parse(help_hex(hex), &h);
}

static void header_that_is_minimal_is_understood(void **state)
{
    (void)state;
    assert_true(understood(START));
    assert_true(understood(START "3001"));
    assert_true(understood(START "3001388102"));
    assert_true(understood(START "42" ID16 "4a" ID16 "4a" ID16));
    assert_true(understood(START "5202ac02"));
    assert_true(understood(START "5a0c0801"
                                 "1208"
                                 "0102030405060708"));
    assert_true(understood(START "62240a20" HASH32 "1001"));
    assert_true(understood(START "6801"));
}

static void header_that_is_not_minimal_is_not_understood(void **state)
{
    static const char *const headers[] = {
        "",                                     /* nothing */
        "08958100" VERSION NODE UNIT ACTOR,     /* type as a longer varint */
        TYPE TYPE VERSION NODE UNIT ACTOR,      /* a single field twice */
        VERSION TYPE NODE UNIT ACTOR,           /* order */
        TYPE VERSION NODE "2000" ACTOR,         /* unit 0 written out */
        TYPE VERSION NODE "208080808010" ACTOR, /* more than 32 bits */
        START "7001",                           /* field 14 */
        START "6800",     /* historical false written out */
        START "6802",     /* a bool of 2 */
        START "5200",     /* an empty list written out */
        START "5002",     /* a list that is not packed */
        START "52028200", /* a long varint in a list */
        START "420faaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 15 bytes of subject */
        START "4a11aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 17 of a ref */
        START "42" ID16 "42" ID16,                      /* two subjects */
        START "5a020801", /* quoted without its hash */
        START "5a0c1208010203040506070808"
              "01",                     /* quoted in wrong order */
        START "62220a20" HASH32,        /* a body without audience */
        START "62240a20" HASH32 "1004", /* of an audience not known */
        START "62240a20" HASH32 "1001"
              "62240a20" HASH32 "1001", /* twice */
        START "30",                     /* cut short */
        START "3080",
        START "4a10aa",
        VERSION NODE UNIT ACTOR, /* no type */
        TYPE NODE UNIT ACTOR,    /* no version */
        TYPE VERSION UNIT ACTOR, /* no node */
        TYPE VERSION NODE UNIT,  /* no actor */
        START "31"
              "0102030405060708", /* fixed-width */
        START "33",               /* a group */
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(headers); i++) {
        struct error err = {0};

        if (understood(headers[i])) {
            fail_msg("header %zu (%s) was understood", i, headers[i]);
        }
        assert_err(header_explain(help_hex(headers[i]), &err), ERR_MALFORMED,
                   err);
        assert_err_says(err, "header:");
    }
}

static void header_not_understood_is_kept_with_an_id(void **state)
{
    uint8_t bytes[128] = {0};
    struct span header = help_hex(START "7001");
    struct leaf leaf;
    struct error err = {0};
    struct help_key key = help_key(1);

    (void)state;
    bytes[65] = (uint8_t)header.len;
    memcpy(bytes + 66, header.ptr, header.len);
    assert_ok(leaf_parse(span_make(bytes, 66 + header.len), &leaf, &err), err);
    assert_false(leaf.understood);
    assert_false(event_id_is_zero(&leaf.id));
    assert_int_equal(leaf.header.type, 0); /* nothing half read */
    assert_false(leaf_verify(&leaf, &key.pub));
    assert_err(header_explain(leaf.header_bytes, &err), ERR_MALFORMED, err);
    assert_err_says(err, "field 14");
}

static void limits_of_a_header_hold_and_one_more_does_not(void **state)
{
    static struct event_id refs[REFS_MAX + 1];
    struct help_key key = help_key(1);
    struct header h = help_header(EVENT_APPROVED);
    struct error err = {0};
    struct leaf leaf;

    (void)state;
    for (size_t i = 0; i <= REFS_MAX; i++) {
        refs[i] = help_id((uint8_t)(i + 1));
    }
    h.refs = id_list_of(refs, REFS_MAX);
    h.addressees_len = ADDRESSEES_MAX;
    for (size_t i = 0; i < ADDRESSEES_MAX; i++) {
        h.addressees[i] = UINT32_MAX - (uint32_t)i;
    }
    assert_ok(
        leaf_parse(help_leaf(&h, (struct span){NULL, 0}, memory), &leaf, &err),
        err);
    assert_true(leaf.understood);
    assert_int_equal(leaf.header.refs.len, REFS_MAX);

    struct buf out = buf_over(memory, sizeof(memory));

    h.refs.len = REFS_MAX + 1;
    assert_err(
        leaf_sign(&h, (struct span){NULL, 0}, &key.sec, &out, NULL, &err),
        ERR_USAGE, err);
    h.refs.len = 0;
    h.addressees_len = ADDRESSEES_MAX + 1;
    assert_err(
        leaf_sign(&h, (struct span){NULL, 0}, &key.sec, &out, NULL, &err),
        ERR_USAGE, err);
}

static void largest_leaf_is_signed_and_one_byte_more_is_not(void **state)
{
    static uint8_t facts[LEAF_MAX];
    static uint8_t room[LEAF_MAX + 8];
    struct help_key key = help_key(1);
    struct header h = help_header(EVENT_APPROVED);
    struct buf out = buf_over(room, sizeof(room));
    struct error err = {0};
    struct leaf leaf;

    (void)state;
    assert_ok(
        leaf_parse(help_leaf(&h, (struct span){NULL, 0}, memory), &leaf, &err),
        err);

    size_t room_left = LEAF_MAX - leaf.bytes.len;

    assert_ok(
        leaf_sign(&h, span_make(facts, room_left), &key.sec, &out, NULL, &err),
        err);
    assert_int_equal(out.len, LEAF_MAX);
    assert_ok(leaf_parse(buf_span(&out), &leaf, &err), err);
    assert_true(leaf_verify(&leaf, &key.pub));
    out.len = 0;
    assert_err(leaf_sign(&h, span_make(facts, room_left + 1), &key.sec, &out,
                         NULL, &err),
               ERR_LIMIT, err);
    assert_int_equal(out.len, 0);
}

static void leaf_sign_refuses_what_no_reader_would_understand(void **state)
{
    struct help_key key = help_key(1);
    struct help_key other = help_key(2);
    struct buf out = buf_over(memory, sizeof(memory));
    struct error err = {0};
    struct header h = help_header(EVENT_APPROVED);

    (void)state;
    assert_err(
        leaf_sign(&h, (struct span){NULL, 0}, &other.sec, &out, NULL, &err),
        ERR_USAGE, err);
    assert_err_says(err, "another signer");
    h.version = 0;
    assert_err(
        leaf_sign(&h, (struct span){NULL, 0}, &key.sec, &out, NULL, &err),
        ERR_USAGE, err);
    h = help_header(EVENT_APPROVED);
    h.bodies_len = 2;
    h.bodies[0].audience = AUDIENCE_OF_TEXT;
    h.bodies[1].audience = AUDIENCE_OF_TEXT;
    assert_err(
        leaf_sign(&h, (struct span){NULL, 0}, &key.sec, &out, NULL, &err),
        ERR_USAGE, err);
    assert_err_says(err, "field 12");

    struct buf small = buf_over(memory, 80);

    h = help_header(EVENT_APPROVED);
    assert_err(
        leaf_sign(&h, (struct span){NULL, 0}, &key.sec, &small, NULL, &err),
        ERR_LIMIT, err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_leaf_and_id_are_frozen),
        cmocka_unit_test(header_reads_back_all_it_was_given),
        cmocka_unit_test(signature_covers_every_byte_of_the_leaf),
        cmocka_unit_test(key_of_another_actor_never_verifies),
        cmocka_unit_test(id_does_not_depend_on_the_signature),
        cmocka_unit_test(leaf_scan_leaves_the_id_out),
        cmocka_unit_test(framing_out_of_range_is_malformed),
        cmocka_unit_test(header_that_is_minimal_is_understood),
        cmocka_unit_test(header_that_is_not_minimal_is_not_understood),
        cmocka_unit_test(header_not_understood_is_kept_with_an_id),
        cmocka_unit_test(limits_of_a_header_hold_and_one_more_does_not),
        cmocka_unit_test(largest_leaf_is_signed_and_one_byte_more_is_not),
        cmocka_unit_test(leaf_sign_refuses_what_no_reader_would_understand),
    };

    return TEST_RUN(tests);
}
