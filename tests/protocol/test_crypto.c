/* tests: what the formats rely on in the crypto room: strict base64, sound
 * keys, hashes of known texts. */
#include "tests/support/test.h"

#include <sodium.h>

#include "protocol/base/hex.h"
#include "protocol/crypto.h"

static int started(void **state)
{
    struct error err = {0};

    (void)state;
    return crypto_start(&err);
}

static void hash_gives(struct hash hash, const char *hex)
{
    char text[65];

    hex_encode(SPAN_OF(hash.bytes), text);
    assert_string_equal(text, hex);
}

static void sha256_gives_the_published_values(void **state)
{
    struct hasher h;
    struct hasher copy;

    (void)state;
    hash_gives(hash_of(span_str("abc")), "ba7816bf8f01cfea414140de5dae2223"
                                         "b00361a396177a9cb410ff61f20015ad");
    hash_gives(hash_of((struct span){NULL, 0}),
               "e3b0c44298fc1c149afbf4c8996fb924"
               "27ae41e4649b934ca495991b7852b855");
    hasher_init(&h);
    hasher_add(&h, span_str("a"));
    copy = h;
    hasher_add(&h, span_str("x"));
    hasher_add(&copy, span_str("bc"));
    hash_gives(hasher_end(&copy), "ba7816bf8f01cfea414140de5dae2223"
                                  "b00361a396177a9cb410ff61f20015ad");
}

/* Ours may run on the processor's instructions; libsodium's never does. */
static void hashes_of_every_length_and_split_are_libsodiums(void **state)
{
    static uint8_t text[400];
    struct salt salt;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 131 + (i >> 3));
    }
    memcpy(salt.bytes, text + 100, sizeof(salt.bytes));
    for (size_t len = 0; len <= sizeof(text); len++) {
        struct hash expected;
        struct hash got;
        struct hasher h;
        size_t split = len * 7 / 11;
        crypto_auth_hmacsha256_state keyed;

        crypto_hash_sha256(expected.bytes, text, len);
        got = hash_of(span_make(text, len));
        assert_true(hash_equal(&got, &expected));
        hasher_init(&h);
        hasher_add(&h, span_make(text, split));
        hasher_add(&h, span_make(text + split, len - split));
        got = hasher_end(&h);
        assert_true(hash_equal(&got, &expected));
        crypto_auth_hmacsha256_init(&keyed, salt.bytes, sizeof(salt.bytes));
        crypto_auth_hmacsha256_update(&keyed, text, len);
        crypto_auth_hmacsha256_final(&keyed, expected.bytes);
        got = hmac_of(salt, span_make(text, len));
        assert_true(hash_equal(&got, &expected));
    }
}

static void base64_has_one_spelling(void **state)
{
    static const char *const bad[] = {
        "QQ", "QQ=", "QR==", "QQ==\n",  " QQ==", "QQ==QQ==", "Q-_/",  "====",
        "A",  "QUI", "QUJ=", "QQ=\xaf", "QQ==A", "QUFB=",    "Q\n==",
    };
    struct error err = {0};
    uint8_t out[16];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        assert_err(
            base64_decode(span_str(bad[i]), out, sizeof(out), &len, &err),
            ERR_MALFORMED, err);
    }
    assert_ok(base64_decode(span_str("QQ=="), out, sizeof(out), &len, &err),
              err);
    assert_int_equal(len, 1);
    assert_int_equal(out[0], 'A');
    assert_ok(base64_decode(span_str(""), out, sizeof(out), &len, &err), err);
    assert_int_equal(len, 0);
}

/* libsodium 1.0.18 itself reads 0x80..0xff as '/': the wrapper must not. */
static void base64_refuses_every_byte_outside_its_alphabet(void **state)
{
    struct error err = {0};
    uint8_t out[3];
    size_t len = 0;
    int accepted = 0;
    int accepted_url = 0;

    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t text[4] = {'A', 'A', 'A', (uint8_t)c};

        accepted +=
            base64_decode(SPAN_OF(text), out, sizeof(out), &len, &err) == 0;
        accepted_url +=
            base64url_decode(SPAN_OF(text), out, sizeof(out), &len, &err) == 0;
    }
    assert_int_equal(accepted, 64 + 1); /* and '=' */
    assert_int_equal(accepted_url, 64);
}

static void base64_survives_every_length(void **state)
{
    uint8_t bytes[80];
    uint8_t out[80];
    char text[BASE64_SIZE(sizeof(bytes))];
    struct error err = {0};
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37);
    }
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        base64_encode(span_make(bytes, n), text);
        assert_ok(base64_decode(span_str(text), out, n, &len, &err), err);
        assert_int_equal(len, n);
        assert_memory_equal(out, bytes, n);
        if (n > 0) {
            assert_err(base64_decode(span_str(text), out, n - 1, &len, &err),
                       ERR_MALFORMED, err);
        }
        base64url_encode(span_make(bytes, n), text);
        assert_ok(base64url_decode(span_str(text), out, n, &len, &err), err);
        assert_int_equal(len, n);
    }
}

static void weak_public_keys_are_not_valid(void **state)
{
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct sign_seed seed = {{1}};
    struct sign_secret secret;
    struct sign_public pub;
    struct error err = {0};

    (void)state;
    sign_keys(&seed, &pub, &secret);
    assert_true(sign_public_valid(&pub));
    for (size_t i = 0; i < TEST_LEN(weak); i++) {
        assert_ok(hex_decode(span_str(weak[i]), pub.bytes, 32, &err), err);
        assert_false(sign_public_valid(&pub));
    }
}

static void signatures_bind_key_and_bytes(void **state)
{
    struct sign_seed seed = {{1}};
    struct sign_secret secret;
    struct sign_public pub;
    struct signature sig;

    (void)state;
    sign_keys(&seed, &pub, &secret);
    sig = sign_bytes(&secret, span_str("text"));
    assert_true(sign_verify(&pub, span_str("text"), &sig));
    assert_false(sign_verify(&pub, span_str("Text"), &sig));
    sig.bytes[63] ^= 0x20;
    assert_false(sign_verify(&pub, span_str("text"), &sig));
}

static void sealed_bytes_open_for_their_key_alone(void **state)
{
    uint8_t seed[32] = {1};
    uint8_t sealed[5 + SEAL_OVERHEAD];
    uint8_t opened[5];
    struct box_public pub;
    struct box_public other;
    struct box_public zero = {{0}};
    struct box_secret sec;
    struct box_secret other_sec;
    struct error err = {0};

    (void)state;
    box_keys(seed, &pub, &sec);
    seed[0] = 2;
    box_keys(seed, &other, &other_sec);
    assert_ok(seal_to(&pub, span_str("hello"), sealed, &err), err);
    assert_ok(seal_open(&pub, &sec, SPAN_OF(sealed), opened, &err), err);
    assert_memory_equal(opened, "hello", 5);
    assert_err(seal_open(&other, &other_sec, SPAN_OF(sealed), opened, &err),
               ERR_UNTRUSTED, err);
    assert_err(seal_open(&pub, &sec, span_make(sealed, 47), opened, &err),
               ERR_UNTRUSTED, err);
    assert_err(seal_to(&zero, span_str("hello"), sealed, &err), ERR_UNTRUSTED,
               err);
}

static void ciphertext_opens_unchanged_only(void **state)
{
    struct body_key key = {{1}};
    struct nonce nonce = {{2}};
    uint8_t cipher[5 + AEAD_OVERHEAD];
    uint8_t plain[5];
    struct error err = {0};

    (void)state;
    aead_encrypt(&key, &nonce, span_str("hello"), cipher);
    assert_ok(aead_decrypt(&key, &nonce, SPAN_OF(cipher), plain, &err), err);
    assert_memory_equal(plain, "hello", 5);
    for (size_t i = 0; i < sizeof(cipher); i++) {
        cipher[i] ^= 1;
        assert_err(aead_decrypt(&key, &nonce, SPAN_OF(cipher), plain, &err),
                   ERR_UNTRUSTED, err);
        cipher[i] ^= 1;
    }
}

static void a_key_id_is_the_start_of_a_domain_hash(void **state)
{
    uint8_t bytes[12 + 32] = "qcdc/key/v1\n";
    struct hash full = hash_of(SPAN_OF(bytes));
    struct key_id id = key_id_of(span_make(bytes + 12, 32));

    (void)state;
    assert_memory_equal(id.bytes, full.bytes, sizeof(id.bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_values),
        cmocka_unit_test(hashes_of_every_length_and_split_are_libsodiums),
        cmocka_unit_test(base64_has_one_spelling),
        cmocka_unit_test(base64_refuses_every_byte_outside_its_alphabet),
        cmocka_unit_test(base64_survives_every_length),
        cmocka_unit_test(weak_public_keys_are_not_valid),
        cmocka_unit_test(signatures_bind_key_and_bytes),
        cmocka_unit_test(sealed_bytes_open_for_their_key_alone),
        cmocka_unit_test(ciphertext_opens_unchanged_only),
        cmocka_unit_test(a_key_id_is_the_start_of_a_domain_hash),
    };

    return cmocka_run_group_tests(tests, started, NULL);
}
