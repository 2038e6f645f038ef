/* tests/protocol: the file that carries a link's frames: its exact bytes,
 * every byte flipped, cut at every length, for another, of a newer program. */
#include "tests/support/test.h"

#include "protocol/link/bundle.h"
#include "tests/protocol/golden.h"

#define SPACE ((size_t)1 << 20)

static uint8_t memory[FRAME_ARENA_MIN * 2];
static struct arena arena;

struct keys {
    struct sign_public actor;
    struct sign_secret actor_secret;
    struct box_public box;
    struct box_secret box_secret;
};

static struct keys keys_of(uint8_t seed)
{
    struct sign_seed sign = {{0}};
    uint8_t box[32] = {0};
    struct keys keys;

    memset(sign.bytes, seed, sizeof(sign.bytes));
    memset(box, seed, sizeof(box));
    sign_keys(&sign, &keys.actor, &keys.actor_secret);
    box_keys(box, &keys.box, &keys.box_secret);
    return keys;
}

static struct bundle_head head_of(const struct keys *to)
{
    struct bundle_head head = {.version = BUNDLE_VERSION,
                               .realm = "thu",
                               .from = 58,
                               .to = 2,
                               .made_ms = 1709251200000u,
                               .key = key_id_of(SPAN_OF(to->box)),
                               .software = "qcdc 1"};
    return head;
}

static struct frame hello_of(void)
{
    struct frame frame = {.kind = FRAME_HELLO};

    frame.hello = (struct frame_hello){.version_min = 1,
                                       .version_max = 1,
                                       .realm = span_str("thu"),
                                       .node = 58,
                                       .now_ms = 1709251200000u,
                                       .software = span_str("qcdc 1")};
    return frame;
}

static struct frame ack_of(uint64_t number)
{
    struct frame frame = {.kind = FRAME_DELIVERY_ACK};

    frame.delivery_ack = number;
    return frame;
}

/* Two chunks: a HELLO, then two acknowledgements. */
static size_t bundle_make(const struct keys *from, const struct keys *to,
                          struct span sealed, const struct body_key *key,
                          uint8_t *space)
{
    struct bundle_head head = head_of(to);
    struct bundle_stream stream = {.key = *key};
    struct buf out = buf_over(space, SPACE);
    uint8_t plain_space[4096];
    struct buf plain = buf_over(plain_space, sizeof(plain_space));
    struct frame hello = hello_of();
    struct frame five = ack_of(5);
    struct frame six = ack_of(6);
    struct error err = {0};

    assert_ok(bundle_head_put(&head, sealed, &from->actor_secret, &out, &err),
              err);
    assert_ok(bundle_put(&hello, &arena, &plain, &err), err);
    assert_ok(bundle_seal(&stream, buf_span(&plain), false, &out, &err), err);
    plain.len = 0;
    assert_ok(bundle_put(&five, &arena, &plain, &err), err);
    assert_ok(bundle_put(&six, &arena, &plain, &err), err);
    assert_ok(bundle_seal(&stream, buf_span(&plain), true, &out, &err), err);
    assert_false(out.overflow);
    return out.len;
}

static size_t sealed_make(const struct keys *from, const struct keys *to,
                          uint8_t *space)
{
    struct body_key key;
    uint8_t sealed[BUNDLE_SEALED_SIZE];
    struct error err = {0};

    memset(key.bytes, 0x5a, sizeof(key.bytes));
    assert_ok(seal_to(&to->box, SPAN_OF(key), sealed, &err), err);
    return bundle_make(from, to, SPAN_OF(sealed), &key, space);
}

/* Reads all; *frames = how many there were. What a node does, in one pass. */
static int bundle_read(const struct keys *from, const struct keys *to,
                       struct span bytes, size_t *frames, struct error *err)
{
    struct bundle_head head;
    struct bundle_stream stream;
    size_t used = 0;
    int rc = bundle_head_take(bytes, &head, &used, err);

    *frames = 0;
    if (rc != 0) {
        return rc;
    }
    if (!bundle_head_verify(&head, &from->actor)) {
        return error_set(err, ERR_UNTRUSTED, "not signed by its sender");
    }
    rc = bundle_open(&head, &to->box, &to->box_secret, &stream, err);
    bytes = span_slice(bytes, used, bytes.len - used);
    while (rc == 0 && bytes.len > 0) {
        static uint8_t plain[BUNDLE_CHUNK_MAX];
        struct span rest;
        size_t len = 0;
        bool last = false;

        if (bytes.len < 4) {
            return error_set(err, ERR_MALFORMED, "cut short");
        }
        rc = bundle_length(&stream, bytes.ptr, &len, &last, err);
        if (rc == 0 && len > bytes.len - 4) {
            rc = error_set(err, ERR_MALFORMED, "cut short");
        }
        if (rc == 0) {
            rc = bundle_unseal(&stream, span_slice(bytes, 4, len), last, plain,
                               err);
        }
        if (rc != 0) {
            return rc;
        }
        rest = span_make(plain, len - AEAD_OVERHEAD);
        while (rc == 0 && rest.len > 0) {
            struct span one;
            struct frame frame;

            rc = bundle_next(&rest, &one, err);
            arena_reset(&arena);
            rc = rc != 0 ? rc : frame_decode(one, &arena, &frame, err);
            *frames += rc == 0;
        }
        bytes = span_slice(bytes, 4 + len, bytes.len - 4 - len);
    }
    return rc == 0 && !stream.ended ? error_set(err, ERR_MALFORMED, "cut short")
                                    : rc;
}

static uint8_t made[SPACE];

static void what_is_sealed_is_read_by_its_receiver(void **state)
{
    struct keys child = keys_of(1);
    struct keys guard = keys_of(2);
    size_t len = sealed_make(&child, &guard, made);
    struct bundle_head head;
    size_t frames = 0;
    size_t used = 0;
    struct error err = {0};

    (void)state;
    assert_ok(bundle_read(&child, &guard, span_make(made, len), &frames, &err),
              err);
    assert_int_equal(frames, 3);
    assert_ok(bundle_head_take(span_make(made, len), &head, &used, &err), err);
    assert_string_equal(head.realm, "thu");
    assert_string_equal(head.software, "qcdc 1");
    assert_int_equal(head.from, 58);
    assert_int_equal(head.to, 2);
    assert_int_equal(head.made_ms, 1709251200000u);
}

static void every_byte_counts(void **state)
{
    struct keys child = keys_of(1);
    struct keys guard = keys_of(2);
    size_t len = sealed_make(&child, &guard, made);

    (void)state;
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit += 7) {
            struct error err = {0};
            size_t frames = 0;

            made[i] ^= (uint8_t)(1u << bit);
            assert_true(bundle_read(&child, &guard, span_make(made, len),
                                    &frames, &err) < 0);
            assert_true(err.text[0] != '\0');
            made[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void a_cut_at_any_length_is_seen(void **state)
{
    struct keys child = keys_of(1);
    struct keys guard = keys_of(2);
    size_t len = sealed_make(&child, &guard, made);

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        struct error err = {0};
        size_t frames = 0;

        assert_true(bundle_read(&child, &guard, span_make(made, cut), &frames,
                                &err) < 0);
    }
}

static void nothing_may_follow_the_last_chunk(void **state)
{
    struct keys child = keys_of(1);
    struct keys guard = keys_of(2);
    size_t len = sealed_make(&child, &guard, made);
    struct error err = {0};
    size_t frames = 0;

    (void)state;
    memset(made + len, 0, 24);
    assert_int_equal(
        bundle_read(&child, &guard, span_make(made, len + 24), &frames, &err),
        ERR_MALFORMED);
    assert_non_null(strstr(err.text, "after the bundle's end"));
}

static void chunks_do_not_change_places(void **state)
{
    struct bundle_stream out = {.chunk = 0};
    struct bundle_stream in = {.chunk = 0};
    uint8_t space[256];
    uint8_t plain[64];
    struct buf file = buf_over(space, sizeof(space));
    struct error err = {0};

    (void)state;
    assert_ok(bundle_seal(&out, span_str("first"), false, &file, &err), err);
    assert_ok(bundle_seal(&out, span_str("other"), true, &file, &err), err);
    assert_int_equal(bundle_seal(&out, span_str("more"), true, &file, &err),
                     ERR_USAGE);
    /* The second chunk in the first's place, and as one that is not last. */
    assert_int_equal(bundle_unseal(&in, span_make(space + 4 + 21 + 4, 21), true,
                                   plain, &err),
                     ERR_UNTRUSTED);
    assert_ok(bundle_unseal(&in, span_make(space + 4, 21), false, plain, &err),
              err);
    assert_int_equal(bundle_unseal(&in, span_make(space + 4 + 21 + 4, 21),
                                   false, plain, &err),
                     ERR_UNTRUSTED);
    assert_ok(bundle_unseal(&in, span_make(space + 4 + 21 + 4, 21), true, plain,
                            &err),
              err);
    assert_memory_equal(plain, "other", 5);
}

static void another_node_cannot_open_or_make_it(void **state)
{
    struct keys child = keys_of(1);
    struct keys guard = keys_of(2);
    struct keys other = keys_of(3);
    size_t len = sealed_make(&child, &guard, made);
    struct error err = {0};
    size_t frames = 0;

    (void)state;
    assert_int_equal(
        bundle_read(&child, &other, span_make(made, len), &frames, &err),
        ERR_UNTRUSTED);
    len = sealed_make(&other, &guard, made);
    assert_int_equal(
        bundle_read(&child, &guard, span_make(made, len), &frames, &err),
        ERR_UNTRUSTED);
    assert_int_equal(frames, 0);
}

static void a_newer_version_is_named(void **state)
{
    struct keys child = keys_of(1);
    struct bundle_head head = head_of(&child);
    uint8_t sealed[BUNDLE_SEALED_SIZE] = {0};
    struct buf out = buf_over(made, SPACE);
    struct bundle_head back;
    struct error err = {0};
    size_t used = 0;

    (void)state;
    head.version = BUNDLE_VERSION + 1;
    assert_ok(bundle_head_put(&head, SPAN_OF(sealed), &child.actor_secret, &out,
                              &err),
              err);
    assert_int_equal(bundle_head_take(buf_span(&out), &back, &used, &err),
                     ERR_USAGE);
    assert_non_null(strstr(err.text, "version 2"));
    assert_int_equal(bundle_head_take(span_str("PK a zip"), &back, &used, &err),
                     ERR_MALFORMED);
    assert_non_null(strstr(err.text, "no bundle"));
}

static void the_greatest_frame_fits_a_chunk(void **state)
{
    static uint8_t big[BUNDLE_CHUNK_MAX + 4];
    static uint8_t zeros[BUNDLE_FILL + 4 + FRAME_MAX + 1];
    struct bundle_stream stream = {.chunk = 0};
    struct buf out = buf_over(big, sizeof(big));
    struct error err = {0};

    (void)state;
    assert_int_equal(
        bundle_seal(&stream, span_make(zeros, sizeof(zeros)), true, &out, &err),
        ERR_LIMIT);
    assert_ok(bundle_seal(&stream, span_make(zeros, sizeof(zeros) - 1), true,
                          &out, &err),
              err);
    assert_int_equal(out.len, sizeof(big));
}

/* A stick written today is read by the program of ten years on. */
static void the_bytes_are_frozen(void **state)
{
    struct keys child = keys_of(1);
    struct keys guard = keys_of(2);
    uint8_t sealed[BUNDLE_SEALED_SIZE];
    struct body_key key;
    size_t len = 0;

    (void)state;
    memset(key.bytes, 0x5a, sizeof(key.bytes));
    memset(sealed, 0x11, sizeof(sealed)); /* sealing has no seeded form */
    arena_reset(&arena);
    len = bundle_make(&child, &guard, SPAN_OF(sealed), &key, made);
    golden_bytes("bundle.txt", "bundle", span_make(made, len));
}

/* What a staging note signs. */
static void the_text_of_a_note_is_frozen(void **state)
{
    uint8_t space[256];
    struct buf text = buf_over(space, sizeof(space));

    (void)state;
    staged_text(span_str("thu/58/e1\n3\nAAAA\n"), span_str("0123456789abcdef"),
                &text);
    assert_int_equal(text.len, 15 + 17 + 16);
    assert_memory_equal(
        space, "qcdc/staged/v1\nthu/58/e1\n3\nAAAA\n0123456789abcdef", 48);
}

static int setup(void **state)
{
    struct error err = {0};

    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    return crypto_start(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_is_read_by_its_receiver),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(a_cut_at_any_length_is_seen),
        cmocka_unit_test(nothing_may_follow_the_last_chunk),
        cmocka_unit_test(chunks_do_not_change_places),
        cmocka_unit_test(another_node_cannot_open_or_make_it),
        cmocka_unit_test(a_newer_version_is_named),
        cmocka_unit_test(the_greatest_frame_fits_a_chunk),
        cmocka_unit_test(the_bytes_are_frozen),
        cmocka_unit_test(the_text_of_a_note_is_frozen),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
