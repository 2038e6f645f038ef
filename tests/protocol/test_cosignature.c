/* tests: cosignature/v1: 76 bytes, one line, one time, one key. */
#include "tests/support/test.h"

#include "protocol/log/cosignature.h"

static struct vkey key;
static struct sign_secret secret;
static struct vkey log_key;
static struct sign_secret log_secret;
static const char text_lines[] = "kontum/78965/e1\n7\nroot\n";

static int keys_make(void **state)
{
    struct sign_seed seed = {{7}};
    struct sign_public pub;
    struct error err = {0};

    (void)state;
    if (crypto_start(&err) != 0) {
        return -1;
    }
    sign_keys(&seed, &pub, &secret);
    assert_ok(vkey_make(span_str("kontum/789/mirror"), VKEY_COSIGNATURE, &pub,
                        &key, &err),
              err);
    seed.bytes[1] = 1;
    sign_keys(&seed, &pub, &log_secret);
    assert_ok(vkey_make(span_str("kontum/789/e1"), VKEY_ED25519, &pub, &log_key,
                        &err),
              err);
    return 0;
}

static struct cosignature cosigned(uint64_t time)
{
    struct cosignature c;
    struct error err = {0};

    assert_ok(
        cosignature_sign(span_str(text_lines), time, &key, &secret, &c, &err),
        err);
    return c;
}

static void a_cosignature_holds_its_key_and_time(void **state)
{
    struct cosignature c = cosigned(1700000000);
    struct error err = {0};

    (void)state;
    assert_int_equal(cosignature_key_id(&c), key.id);
    assert_int_equal(cosignature_time(&c), 1700000000);
    assert_ok(cosignature_verify(&c, &key, span_str(text_lines), &err), err);
}

static void every_flipped_bit_of_the_76_bytes_is_untrusted(void **state)
{
    struct cosignature c = cosigned(1700000000);
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < COSIGNATURE_SIZE; i++) {
        for (int bit = 0; bit < 8; bit++) {
            c.bytes[i] ^= (uint8_t)(1 << bit);
            assert_err(cosignature_verify(&c, &key, span_str(text_lines), &err),
                       ERR_UNTRUSTED, err);
            c.bytes[i] ^= (uint8_t)(1 << bit);
        }
    }
    assert_err(cosignature_verify(&c, &key, span_str("other\n"), &err),
               ERR_UNTRUSTED, err);
}

static void times_stay_below_2_to_the_63(void **state)
{
    struct cosignature c = cosigned(UINT64_C(0x7fffffffffffffff));
    struct error err = {0};

    (void)state;
    assert_ok(cosignature_verify(&c, &key, span_str(text_lines), &err), err);
    assert_err(cosignature_sign(span_str(text_lines), UINT64_C(1) << 63, &key,
                                &secret, &c, &err),
               ERR_USAGE, err);
}

static void a_log_key_does_not_cosign(void **state)
{
    struct cosignature c = cosigned(1);
    struct error err = {0};

    (void)state;
    assert_err(cosignature_sign(span_str(text_lines), 1, &log_key, &log_secret,
                                &c, &err),
               ERR_USAGE, err);
    assert_err(cosignature_verify(&c, &log_key, span_str(text_lines), &err),
               ERR_UNTRUSTED, err);
}

static void a_line_gives_the_same_bytes_back(void **state)
{
    struct cosignature c = cosigned(1700000000);
    struct cosignature again;
    uint8_t room[256];
    struct buf b = buf_over(room, sizeof(room));
    struct error err = {0};
    struct span name;

    (void)state;
    cosignature_put_line(&c, &key, &b);
    assert_ok(cosignature_parse_line(buf_span(&b), &name, &again, &err), err);
    assert_memory_equal(again.bytes, c.bytes, COSIGNATURE_SIZE);
    assert_true(span_equal(name, key.name));
    for (size_t len = 0; len < b.len; len++) {
        assert_err(
            cosignature_parse_line(span_make(room, len), &name, &again, &err),
            ERR_MALFORMED, err);
    }
    buf_put_u8(&b, '\n');
    assert_err(cosignature_parse_line(buf_span(&b), &name, &again, &err),
               ERR_MALFORMED, err);
}

static void a_plain_signature_is_no_cosignature(void **state)
{
    uint8_t room[256];
    struct buf b = buf_over(room, sizeof(room));
    struct signature sig = sign_bytes(&log_secret, span_str(text_lines));
    struct cosignature c;
    struct error err = {0};
    struct span name;

    (void)state;
    note_put_line(&log_key, SPAN_OF(sig.bytes), &b);
    assert_err(cosignature_parse_line(buf_span(&b), &name, &c, &err),
               ERR_MALFORMED, err);
}

static void the_short_hash_is_that_of_the_76_bytes(void **state)
{
    struct cosignature c = cosigned(1700000000);
    struct hash full = hash_of(SPAN_OF(c.bytes));
    uint8_t quoted[8];

    (void)state;
    cosignature_short_hash(&c, quoted);
    assert_memory_equal(quoted, full.bytes, sizeof(quoted));
}

static void a_text_over_the_limit_is_not_cosigned(void **state)
{
    static uint8_t big[NOTE_MAX + 64];
    struct cosignature c;
    struct error err = {0};

    (void)state;
    memset(big, 'a', sizeof(big));
    assert_err(cosignature_sign(SPAN_OF(big), 1, &key, &secret, &c, &err),
               ERR_LIMIT, err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cosignature_holds_its_key_and_time),
        cmocka_unit_test(every_flipped_bit_of_the_76_bytes_is_untrusted),
        cmocka_unit_test(times_stay_below_2_to_the_63),
        cmocka_unit_test(a_log_key_does_not_cosign),
        cmocka_unit_test(a_line_gives_the_same_bytes_back),
        cmocka_unit_test(a_plain_signature_is_no_cosignature),
        cmocka_unit_test(the_short_hash_is_that_of_the_76_bytes),
        cmocka_unit_test(a_text_over_the_limit_is_not_cosigned),
    };

    return cmocka_run_group_tests(tests, keys_make, NULL);
}
