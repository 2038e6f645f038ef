/* tests: signed notes and vkeys beyond the shared vectors: what one flipped
 * byte does, caps, and which keys may sign. */
#include "tests/support/test.h"

#include "protocol/log/cosignature.h"
#include "protocol/log/note.h"

struct party {
    struct vkey vkey;
    struct sign_secret secret;
};

static struct party log_party;
static struct party mirror;
static const char text_lines[] = "xa/78965/e1\n7\nroot\n";

static void party_make(struct party *p, const char *name, uint8_t type,
                       uint8_t seed_byte)
{
    struct sign_seed seed;
    struct sign_public pub;
    struct error err = {0};

    memset(seed.bytes, seed_byte, sizeof(seed.bytes));
    sign_keys(&seed, &pub, &p->secret);
    assert_ok(vkey_make(span_str(name), type, &pub, &p->vkey, &err), err);
}

static int parties_make(void **state)
{
    struct error err = {0};

    (void)state;
    if (crypto_start(&err) != 0) {
        return -1;
    }
    party_make(&log_party, "kontum/78965/e1", VKEY_ED25519, 1);
    party_make(&mirror, "kontum/789/mirror", VKEY_COSIGNATURE, 2);
    return 0;
}

/* Text, the log's line, the mirror's cosignature. */
static struct span note_make(uint8_t *room, size_t size)
{
    struct buf b = buf_over(room, size);
    struct cosignature c;
    struct error err = {0};

    assert_ok(note_sign(span_str(text_lines), &log_party.vkey,
                        &log_party.secret, &b, &err),
              err);
    assert_ok(cosignature_sign(span_str(text_lines), 1700000000, &mirror.vkey,
                               &mirror.secret, &c, &err),
              err);
    cosignature_put_line(&c, &mirror.vkey, &b);
    assert_false(b.overflow);
    return buf_span(&b);
}

static int note_check(struct span bytes, const struct vkey *keys, size_t count,
                      struct note_verified *verified, size_t *verified_count,
                      struct error *err)
{
    struct note note;
    int rc = note_parse(bytes, &note, err);

    return rc != 0
               ? rc
               : note_verify(&note, keys, count, verified, verified_count, err);
}

static void a_signed_note_verifies_in_line_order_with_its_time(void **state)
{
    struct vkey keys[2] = {mirror.vkey, log_party.vkey};
    struct note_verified verified[NOTE_LINES_MAX];
    uint8_t room[NOTE_MAX];
    struct error err = {0};
    size_t count = 0;

    (void)state;
    assert_ok(note_check(note_make(room, sizeof(room)), keys, 2, verified,
                         &count, &err),
              err);
    assert_int_equal(count, 2);
    assert_int_equal(verified[0].key, 1);
    assert_int_equal(verified[0].time, 0);
    assert_int_equal(verified[1].key, 0);
    assert_int_equal(verified[1].time, 1700000000);
}

/* With both keys known a flipped bit anywhere is refused, unless it turns a
 * line into one of an unknown key (its name or id); then that line alone is
 * gone and the other still counts. */
static void one_flipped_bit_is_refused_or_makes_the_line_unknown(void **state)
{
    struct vkey keys[2] = {log_party.vkey, mirror.vkey};
    struct note_verified verified[NOTE_LINES_MAX];
    uint8_t room[NOTE_MAX];
    struct span bytes = note_make(room, sizeof(room));
    struct error err = {0};
    struct note note;
    size_t count = 0;
    size_t ignored = 0;

    (void)state;
    assert_ok(note_parse(bytes, &note, &err), err);
    for (size_t i = 0; i < bytes.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bool in_name_or_id = false;

            for (size_t line = 0; line < note.line_count; line++) {
                const uint8_t *name = note.lines[line].name.ptr;
                /* name, one space, and the 6 characters that hold the id */
                size_t len = note.lines[line].name.len + 1 + 6;

                in_name_or_id |= room + i >= name && room + i < name + len &&
                                 room + i != name + len - 7;
            }
            room[i] ^= (uint8_t)(1 << bit);
            int rc = note_check(bytes, keys, 2, verified, &count, &err);

            room[i] ^= (uint8_t)(1 << bit);
            if (rc == 0) {
                assert_true(in_name_or_id);
                assert_int_equal(count, 1);
                ignored++;
            } else {
                assert_true(rc == ERR_MALFORMED || rc == ERR_UNTRUSTED);
            }
        }
    }
    assert_true(ignored > 0);
}

static void a_flipped_bit_in_the_text_is_untrusted_or_malformed(void **state)
{
    struct note_verified verified[NOTE_LINES_MAX];
    uint8_t room[NOTE_MAX];
    struct span bytes = note_make(room, sizeof(room));
    struct error err = {0};
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < strlen(text_lines); i++) {
        for (int bit = 0; bit < 8; bit++) {
            room[i] ^= (uint8_t)(1 << bit);
            int rc =
                note_check(bytes, &log_party.vkey, 1, verified, &count, &err);

            assert_true(rc == ERR_MALFORMED || rc == ERR_UNTRUSTED);
            room[i] ^= (uint8_t)(1 << bit);
        }
    }
}

static void every_shortened_note_is_refused(void **state)
{
    struct vkey keys[2] = {log_party.vkey, mirror.vkey};
    struct note_verified verified[NOTE_LINES_MAX];
    uint8_t room[NOTE_MAX];
    struct span bytes = note_make(room, sizeof(room));
    struct error err = {0};
    struct note note;
    size_t count = 0;

    (void)state;
    assert_ok(note_parse(bytes, &note, &err), err);
    size_t first_ends =
        (size_t)(note.lines[0].bytes.ptr + note.lines[0].bytes.len - bytes.ptr);

    for (size_t len = 0; len < bytes.len; len++) {
        int rc =
            note_check(span_make(room, len), keys, 2, verified, &count, &err);

        assert_int_equal(rc, len == first_ends ? 0 : ERR_MALFORMED);
    }
}

static void an_unknown_key_alone_is_untrusted(void **state)
{
    struct note_verified verified[NOTE_LINES_MAX];
    struct party other;
    uint8_t room[NOTE_MAX];
    struct error err = {0};
    size_t count = 77;

    (void)state;
    party_make(&other, "kontum/1/e1", VKEY_ED25519, 9);
    assert_err(note_check(note_make(room, sizeof(room)), &other.vkey, 1,
                          verified, &count, &err),
               ERR_UNTRUSTED, err);
    assert_err(note_check(note_make(room, sizeof(room)), NULL, 0, verified,
                          &count, &err),
               ERR_UNTRUSTED, err);
    assert_int_equal(count, 77);
}

static void two_keys_of_one_name_and_id_are_refused(void **state)
{
    struct vkey keys[2] = {log_party.vkey, log_party.vkey};
    struct note_verified verified[NOTE_LINES_MAX];
    uint8_t room[NOTE_MAX];
    struct error err = {0};
    size_t count = 0;

    (void)state;
    assert_ok(note_check(note_make(room, sizeof(room)), keys, 2, verified,
                         &count, &err),
              err);
    assert_int_equal(count, 1);
    keys[1].key = mirror.vkey.key;
    assert_err(note_check(note_make(room, sizeof(room)), keys, 2, verified,
                          &count, &err),
               ERR_UNTRUSTED, err);
}

static void too_many_lines_or_bytes_run_into_the_limit(void **state)
{
    static uint8_t room[2 * NOTE_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct note note;

    (void)state;
    buf_put_str(&b, "a\n\n");
    for (size_t i = 0; i < NOTE_LINES_MAX; i++) {
        buf_put_str(&b, "\xe2\x80\x94 x AAAAAAE=\n");
    }
    assert_ok(note_parse(buf_span(&b), &note, &err), err);
    assert_int_equal(note.line_count, NOTE_LINES_MAX);
    buf_put_str(&b, "\xe2\x80\x94 x AAAAAAE=\n");
    assert_err(note_parse(buf_span(&b), &note, &err), ERR_LIMIT, err);
    while (b.len <= NOTE_MAX) {
        buf_put_str(&b, "\xe2\x80\x94 x AAAAAAE=\n");
    }
    assert_err(note_parse(buf_span(&b), &note, &err), ERR_LIMIT, err);
}

/* A post-quantum cosignature's line is longer than what is kept of it. */
static void a_long_signature_of_an_unknown_type_is_read_over(void **state)
{
    static uint8_t room[NOTE_MAX];
    static uint8_t long_signature[2428];
    static char base64[BASE64_SIZE(sizeof(long_signature))];
    struct note_verified verified[NOTE_LINES_MAX];
    struct span bytes = note_make(room, sizeof(room));
    struct buf b = buf_over(room + bytes.len, sizeof(room) - bytes.len);
    struct error err = {0};
    size_t count = 0;

    (void)state;
    base64_encode(SPAN_OF(long_signature), base64);
    buf_put_str(&b, "\xe2\x80\x94 later ");
    buf_put_str(&b, base64);
    size_t last = bytes.len + b.len - 1;

    buf_put_str(&b, "\n");
    bytes.len += b.len;
    assert_ok(note_check(bytes, &log_party.vkey, 1, verified, &count, &err),
              err);
    assert_int_equal(count, 1);
    /* padding in the middle of it, and a spare bit at its end */
    room[last - 2000] = '=';
    assert_err(note_check(bytes, &log_party.vkey, 1, verified, &count, &err),
               ERR_MALFORMED, err);
    room[last - 2000] = 'A';
    assert_ok(note_check(bytes, &log_party.vkey, 1, verified, &count, &err),
              err);
    room[last - 1] = 'B';
    assert_err(note_check(bytes, &log_party.vkey, 1, verified, &count, &err),
               ERR_MALFORMED, err);
}

static void vkeys_survive_text_and_refuse_trailing_bytes(void **state)
{
    uint8_t room[VKEY_TEXT_MAX + 1];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct vkey again;

    (void)state;
    vkey_format(&mirror.vkey, &b);
    assert_ok(vkey_parse(buf_span(&b), &again, &err), err);
    assert_true(vkey_equal(&again, &mirror.vkey));
    for (size_t len = 0; len < b.len; len++) {
        assert_err(vkey_parse(span_make(room, len), &again, &err),
                   ERR_MALFORMED, err);
    }
    buf_put_u8(&b, 'A');
    assert_err(vkey_parse(buf_span(&b), &again, &err), ERR_MALFORMED, err);
}

static void a_flipped_bit_of_a_vkey_is_never_loaded(void **state)
{
    uint8_t room[VKEY_TEXT_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct vkey vkey;

    (void)state;
    vkey_format(&log_party.vkey, &b);
    for (size_t i = 0; i < b.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            room[i] ^= (uint8_t)(1 << bit);
            int rc = vkey_parse(buf_span(&b), &vkey, &err);

            assert_true(rc == ERR_MALFORMED || rc == ERR_UNTRUSTED);
            room[i] ^= (uint8_t)(1 << bit);
        }
    }
}

static void a_name_with_a_space_or_plus_makes_no_key(void **state)
{
    static const char *const bad[] = {
        "",           "a b",           "a+b",  "a\tb",     "a\nb",
        "a\xc2\xa0z", "a\xe3\x80\x80", "\xff", "\xc0\x80", "\xed\xa0\x80",
    };
    char long_name[ORIGIN_MAX + 2];
    struct error err = {0};
    struct vkey vkey;

    (void)state;
    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        assert_err(vkey_make(span_str(bad[i]), VKEY_ED25519,
                             &log_party.vkey.key, &vkey, &err),
                   ERR_MALFORMED, err);
    }
    memset(long_name, 'n', sizeof(long_name));
    assert_err(vkey_make(span_make(long_name, ORIGIN_MAX + 1), VKEY_ED25519,
                         &log_party.vkey.key, &vkey, &err),
               ERR_MALFORMED, err);
    assert_ok(vkey_make(span_make(long_name, ORIGIN_MAX), VKEY_ED25519,
                        &log_party.vkey.key, &vkey, &err),
              err);
    assert_ok(vkey_make(span_str("x\xc3\xa3"), VKEY_ED25519,
                        &log_party.vkey.key, &vkey, &err),
              err);
}

static void only_a_log_key_signs_a_note_and_only_sound_text(void **state)
{
    static const char *const bad[] = {"", "no newline", "tab\t\n", "\xff\n"};
    uint8_t room[NOTE_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};

    (void)state;
    assert_err(
        note_sign(span_str(text_lines), &mirror.vkey, &mirror.secret, &b, &err),
        ERR_USAGE, err);
    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        assert_err(note_sign(span_str(bad[i]), &log_party.vkey,
                             &log_party.secret, &b, &err),
                   ERR_MALFORMED, err);
    }
    b = buf_over(room, 40);
    assert_err(note_sign(span_str(text_lines), &log_party.vkey,
                         &log_party.secret, &b, &err),
               ERR_LIMIT, err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_note_verifies_in_line_order_with_its_time),
        cmocka_unit_test(one_flipped_bit_is_refused_or_makes_the_line_unknown),
        cmocka_unit_test(a_flipped_bit_in_the_text_is_untrusted_or_malformed),
        cmocka_unit_test(every_shortened_note_is_refused),
        cmocka_unit_test(an_unknown_key_alone_is_untrusted),
        cmocka_unit_test(two_keys_of_one_name_and_id_are_refused),
        cmocka_unit_test(too_many_lines_or_bytes_run_into_the_limit),
        cmocka_unit_test(a_long_signature_of_an_unknown_type_is_read_over),
        cmocka_unit_test(vkeys_survive_text_and_refuse_trailing_bytes),
        cmocka_unit_test(a_flipped_bit_of_a_vkey_is_never_loaded),
        cmocka_unit_test(a_name_with_a_space_or_plus_makes_no_key),
        cmocka_unit_test(only_a_log_key_signs_a_note_and_only_sound_text),
    };

    return cmocka_run_group_tests(tests, parties_make, NULL);
}
