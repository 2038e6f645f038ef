/* tests: checkpoints: what a log can sign about itself and what is believed. */
#include "tests/support/test.h"

#include "protocol/log/checkpoint.h"

static struct vkey log_key;
static struct sign_secret log_secret;
static struct vkey other_key;
static struct sign_secret other_secret;

static void key_make(const char *name, uint8_t type, uint8_t seed_byte,
                     struct vkey *vkey, struct sign_secret *secret)
{
    struct sign_seed seed;
    struct sign_public pub;
    struct error err = {0};

    memset(seed.bytes, seed_byte, sizeof(seed.bytes));
    sign_keys(&seed, &pub, secret);
    assert_ok(vkey_make(span_str(name), type, &pub, vkey, &err), err);
}

static int keys_make(void **state)
{
    struct error err = {0};

    (void)state;
    if (crypto_start(&err) != 0) {
        return -1;
    }
    key_make("kontum/78965/e1", VKEY_ED25519, 1, &log_key, &log_secret);
    key_make("kontum/78966/e1", VKEY_ED25519, 2, &other_key, &other_secret);
    return 0;
}

static struct checkpoint checkpoint_of(uint64_t size)
{
    struct checkpoint c = {.origin = log_key.name, .head = {.size = size}};

    if (size == 0) {
        c.head.root = merkle_empty_root();
    } else {
        memset(c.head.root.bytes, (int)(size & 0xff), 32);
    }
    return c;
}

static void a_signed_checkpoint_opens_with_the_key_of_its_origin(void **state)
{
    static const uint64_t sizes[] = {
        0, 1, 255, 256, UINT64_C(1) << 32, UINT64_C(0x7fffffffffffffff)};
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < TEST_LEN(sizes); i++) {
        uint8_t room[CHECKPOINT_NOTE_MAX];
        struct buf b = buf_over(room, sizeof(room));
        struct checkpoint c = checkpoint_of(sizes[i]);
        struct checkpoint opened;
        struct span origin;

        assert_ok(checkpoint_sign(&c, &log_key, &log_secret, &b, &err), err);
        assert_ok(checkpoint_open(buf_span(&b), &log_key, &opened, &err), err);
        assert_int_equal(opened.head.size, sizes[i]);
        assert_true(hash_equal(&opened.head.root, &c.head.root));
        assert_true(span_equal(opened.origin, log_key.name));
        assert_ok(checkpoint_origin(buf_span(&b), &origin, &err), err);
        assert_true(span_equal(origin, log_key.name));
    }
}

static void the_longest_origin_fits_its_room(void **state)
{
    char name[ORIGIN_MAX + 1];
    struct vkey key;
    struct sign_secret secret;
    uint8_t room[CHECKPOINT_NOTE_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};

    (void)state;
    memset(name, 'x', ORIGIN_MAX);
    name[ORIGIN_MAX] = '\0';
    key_make(name, VKEY_ED25519, 3, &key, &secret);
    struct checkpoint c = checkpoint_of(UINT64_C(0x7fffffffffffffff));

    c.origin = key.name;
    assert_ok(checkpoint_sign(&c, &key, &secret, &b, &err), err);
    assert_int_equal(b.len, CHECKPOINT_NOTE_MAX);
}

static void a_log_cannot_sign_for_another_origin_or_a_false_state(void **state)
{
    uint8_t room[CHECKPOINT_NOTE_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct checkpoint c = checkpoint_of(5);
    struct error err = {0};

    (void)state;
    assert_err(checkpoint_sign(&c, &other_key, &other_secret, &b, &err),
               ERR_USAGE, err);
    c.head.size = UINT64_C(1) << 63;
    assert_err(checkpoint_sign(&c, &log_key, &log_secret, &b, &err), ERR_USAGE,
               err);
    c.head.size = 0;
    assert_err(checkpoint_sign(&c, &log_key, &log_secret, &b, &err), ERR_USAGE,
               err);
    assert_int_equal(b.len, 0);
}

static void another_key_of_the_same_origin_is_untrusted(void **state)
{
    uint8_t room[CHECKPOINT_NOTE_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct checkpoint c = checkpoint_of(5);
    struct checkpoint opened = {.head = {.size = 99}};
    struct vkey imposter;
    struct sign_secret secret;
    struct error err = {0};

    (void)state;
    key_make("kontum/78965/e1", VKEY_ED25519, 4, &imposter, &secret);
    assert_ok(checkpoint_sign(&c, &imposter, &secret, &b, &err), err);
    assert_err(checkpoint_open(buf_span(&b), &log_key, &opened, &err),
               ERR_UNTRUSTED, err);
    assert_err(checkpoint_open(buf_span(&b), &other_key, &opened, &err),
               ERR_UNTRUSTED, err);
    assert_err_says(err, "another origin");
    assert_int_equal(opened.head.size, 99);
}

static void a_cosigner_key_does_not_open_a_checkpoint(void **state)
{
    uint8_t room[CHECKPOINT_NOTE_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct checkpoint c = checkpoint_of(5);
    struct vkey cosigner;
    struct sign_secret secret;
    struct error err = {0};

    (void)state;
    key_make("kontum/78965/e1", VKEY_COSIGNATURE, 5, &cosigner, &secret);
    assert_ok(checkpoint_sign(&c, &log_key, &log_secret, &b, &err), err);
    assert_err(checkpoint_open(buf_span(&b), &cosigner, &c, &err),
               ERR_UNTRUSTED, err);
    assert_err(checkpoint_sign(&c, &cosigner, &secret, &b, &err), ERR_USAGE,
               err);
}

static void an_extension_line_is_refused_even_when_signed(void **state)
{
    uint8_t room[CHECKPOINT_NOTE_MAX];
    uint8_t note_room[NOTE_MAX];
    struct buf text = buf_over(room, sizeof(room));
    struct buf b = buf_over(note_room, sizeof(note_room));
    struct checkpoint c = checkpoint_of(5);
    struct error err = {0};

    (void)state;
    checkpoint_format(&c, &text);
    buf_put_str(&text, "more\n");
    assert_ok(note_sign(buf_span(&text), &log_key, &log_secret, &b, &err), err);
    assert_err(checkpoint_open(buf_span(&b), &log_key, &c, &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "extension");
}

static void a_false_empty_tree_is_told_from_a_malformed_text(void **state)
{
    uint8_t room[CHECKPOINT_TEXT_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct checkpoint c = checkpoint_of(1);
    struct checkpoint parsed;
    struct error err = {0};

    (void)state;
    c.head.size = 0;
    checkpoint_format(&c, &b);
    assert_ok(checkpoint_parse_lines(buf_span(&b), &parsed, &err), err);
    assert_err(checkpoint_check(&parsed, &err), ERR_MALFORMED, err);
    assert_err(checkpoint_parse(buf_span(&b), &parsed, &err), ERR_MALFORMED,
               err);
    for (size_t len = 0; len < b.len; len++) {
        assert_err(checkpoint_parse_lines(span_make(room, len), &parsed, &err),
                   ERR_MALFORMED, err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_checkpoint_opens_with_the_key_of_its_origin),
        cmocka_unit_test(the_longest_origin_fits_its_room),
        cmocka_unit_test(a_log_cannot_sign_for_another_origin_or_a_false_state),
        cmocka_unit_test(another_key_of_the_same_origin_is_untrusted),
        cmocka_unit_test(a_cosigner_key_does_not_open_a_checkpoint),
        cmocka_unit_test(an_extension_line_is_refused_even_when_signed),
        cmocka_unit_test(a_false_empty_tree_is_told_from_a_malformed_text),
    };

    return cmocka_run_group_tests(tests, keys_make, NULL);
}
