/* protocol: the only file that includes sodium.h.
 *
 * Wraps what the formats need and nothing more. Return codes of libsodium are
 * always looked at: scalar multiplication and sealing fail for bad points.
 */
#include "protocol/crypto.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "protocol/sha256.h"

static_assert(sizeof(crypto_hash_sha256_state) <= 128, "hasher too small");
static_assert(sizeof(struct sha256) <= 128, "hasher too small");
static_assert(sizeof(struct sign_secret) == crypto_sign_SECRETKEYBYTES,
              "sign secret");
static_assert(SEAL_OVERHEAD == crypto_box_SEALBYTES, "seal overhead");

/* Which SHA-256: settled in crypto_start, before anything is hashed. */
static bool by_instructions;

static crypto_hash_sha256_state *portable(struct hasher *h)
{
    return (crypto_hash_sha256_state *)(void *)h->state;
}

static struct sha256 *instructed(struct hasher *h)
{
    return (struct sha256 *)(void *)h->state;
}

/* Both ways over a text of several blocks, taken in pieces. */
static bool both_agree(void)
{
    uint8_t text[300];
    uint8_t one[32];
    uint8_t other[32];
    struct sha256 s;

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 7 + 1);
    }
    sha256_init(&s);
    sha256_add(&s, text, 61);
    sha256_add(&s, text + 61, sizeof(text) - 61);
    sha256_end(&s, one);
    crypto_hash_sha256(other, text, sizeof(text));
    return memcmp(one, other, sizeof(one)) == 0;
}

int crypto_start(struct error *err)
{
    if (sodium_init() < 0) {
        return error_set(err, ERR_IO, "libsodium does not start");
    }
    by_instructions = sha256_has_instructions() && both_agree();
    return 0;
}

void hasher_init(struct hasher *h)
{
    if (by_instructions) {
        sha256_init(instructed(h));
    } else {
        crypto_hash_sha256_init(portable(h));
    }
}

void hasher_add(struct hasher *h, struct span bytes)
{
    if (by_instructions) {
        sha256_add(instructed(h), bytes.ptr, bytes.len);
    } else if (bytes.len > 0) {
        crypto_hash_sha256_update(portable(h), bytes.ptr, bytes.len);
    }
}

struct hash hasher_end(struct hasher *h)
{
    struct hash out = {{0}};

    if (by_instructions) {
        sha256_end(instructed(h), out.bytes);
    } else {
        crypto_hash_sha256_final(portable(h), out.bytes);
    }
    return out;
}

struct hash hash_of(struct span bytes)
{
    struct hasher h;

    hasher_init(&h);
    hasher_add(&h, bytes);
    return hasher_end(&h);
}

/* RFC 2104 with a key shorter than a block. */
struct hash hmac_of(struct salt salt, struct span bytes)
{
    uint8_t inner[64];
    uint8_t outer[64];
    struct hasher h;
    struct hash digest;

    memset(inner, 0x36, sizeof(inner));
    memset(outer, 0x5c, sizeof(outer));
    for (size_t i = 0; i < sizeof(salt.bytes); i++) {
        inner[i] ^= salt.bytes[i];
        outer[i] ^= salt.bytes[i];
    }
    hasher_init(&h);
    hasher_add(&h, SPAN_OF(inner));
    hasher_add(&h, bytes);
    digest = hasher_end(&h);
    hasher_init(&h);
    hasher_add(&h, SPAN_OF(outer));
    hasher_add(&h, SPAN_OF(digest));
    digest = hasher_end(&h);
    sodium_memzero(inner, sizeof(inner));
    sodium_memzero(outer, sizeof(outer));
    return digest;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct key_id key_id_of(struct span public_key)
{
    struct hasher h;
    struct key_id id;

    hasher_init(&h);
    hasher_add(&h, span_str("qcdc/key/v1\n"));
    hasher_add(&h, public_key);

    struct hash full = hasher_end(&h);

    memcpy(id.bytes, full.bytes, sizeof(id.bytes));
    return id;
}

void sign_keys(const struct sign_seed *seed, struct sign_public *pub,
               struct sign_secret *sec)
{
    crypto_sign_seed_keypair(pub->bytes, sec->bytes, seed->bytes);
}

void box_keys(const uint8_t seed[32], struct box_public *pub,
              struct box_secret *sec)
{
    crypto_box_seed_keypair(pub->bytes, sec->bytes, seed);
}

int box_public_of(const struct box_secret *sec, struct box_public *out,
                  struct error *err)
{
    struct box_public pub;

    if (crypto_scalarmult_base(pub.bytes, sec->bytes) != 0) {
        return error_set(err, ERR_UNTRUSTED, "no X25519 secret");
    }
    *out = pub;
    return 0;
}

struct signature sign_bytes(const struct sign_secret *sec, struct span bytes)
{
    struct signature sig;

    crypto_sign_detached(sig.bytes, NULL, bytes.ptr, bytes.len, sec->bytes);
    return sig;
}

bool sign_verify(const struct sign_public *pub, struct span bytes,
                 const struct signature *sig)
{
    return crypto_sign_verify_detached(sig->bytes, bytes.ptr, bytes.len,
                                       pub->bytes) == 0;
}

bool sign_public_valid(const struct sign_public *pub)
{
    return crypto_core_ed25519_is_valid_point(pub->bytes) == 1;
}

int seal_to(const struct box_public *pub, struct span message, uint8_t *out,
            struct error *err)
{
    if (crypto_box_seal(out, message.ptr, message.len, pub->bytes) != 0) {
        return error_set(err, ERR_UNTRUSTED, "sealing key is not usable");
    }
    return 0;
}

int seal_open(const struct box_public *pub, const struct box_secret *sec,
              struct span sealed, uint8_t *out, struct error *err)
{
    if (sealed.len < SEAL_OVERHEAD ||
        crypto_box_seal_open(out, sealed.ptr, sealed.len, pub->bytes,
                             sec->bytes) != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "sealed bytes do not open with this key");
    }
    return 0;
}

void aead_encrypt(const struct body_key *key, const struct nonce *nonce,
                  struct span message, uint8_t *out)
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, message.ptr,
                                               message.len, NULL, 0, NULL,
                                               nonce->bytes, key->bytes);
}

int aead_decrypt(const struct body_key *key, const struct nonce *nonce,
                 struct span cipher, uint8_t *out, struct error *err)
{
    if (cipher.len < AEAD_OVERHEAD ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, NULL, NULL, cipher.ptr, cipher.len, NULL, 0, nonce->bytes,
            key->bytes) != 0) {
        return error_set(err, ERR_UNTRUSTED,
                         "ciphertext does not open with this key");
    }
    return 0;
}

int password_key(struct span password, const struct salt *salt,
                 uint32_t memory_kib, uint32_t passes, uint8_t out[32],
                 struct error *err)
{
    static_assert(sizeof(salt->bytes) == crypto_pwhash_SALTBYTES, "salt");
    if (crypto_pwhash(out, 32, (const char *)password.ptr, password.len,
                      salt->bytes, passes, (size_t)memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return error_set(err, ERR_NOMEM,
                         "password hashing needs %u KiB of memory", memory_kib);
    }
    return 0;
}

void crypto_wipe(void *secret, size_t size)
{
    sodium_memzero(secret, size);
}

void crypto_random(void *out, size_t size)
{
    randombytes_buf(out, size);
}

static void encode(struct span bytes, char *text, int variant)
{
    sodium_bin2base64(text, sodium_base64_encoded_len(bytes.len, variant),
                      bytes.ptr, bytes.len, variant);
}

static int decode(struct span text, uint8_t *out, size_t size, size_t *len,
                  int variant, struct error *err)
{
    size_t got = 0;

    if (text.len == 0) {
        *len = 0;
        return 0;
    }
    /* libsodium 1.0.18 reads every byte above 0x7f as if it were '/', so a
     * text would have a second spelling. */
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 0x80) {
            return error_set(err, ERR_MALFORMED, "byte %zu is not of base64",
                             i + 1);
        }
    }
    if (sodium_base642bin(out, size, (const char *)text.ptr, text.len, NULL,
                          &got, NULL, variant) != 0) {
        return error_set(err, ERR_MALFORMED,
                         "not strict base64, or over %zu bytes", size);
    }
    *len = got;
    return 0;
}

void base64_encode(struct span bytes, char *text)
{
    encode(bytes, text, sodium_base64_VARIANT_ORIGINAL);
}

int base64_decode(struct span text, uint8_t *out, size_t size, size_t *len,
                  struct error *err)
{
    return decode(text, out, size, len, sodium_base64_VARIANT_ORIGINAL, err);
}

void base64url_encode(struct span bytes, char *text)
{
    encode(bytes, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int base64url_decode(struct span text, uint8_t *out, size_t size, size_t *len,
                     struct error *err)
{
    return decode(text, out, size, len,
                  sodium_base64_VARIANT_URLSAFE_NO_PADDING, err);
}
