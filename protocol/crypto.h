/* Hashes, signatures, sealing: the only door to libsodium.
 *
 * Pure: random bytes are arguments, keys are the caller's. Every 16- or
 * 32-byte thing is its own struct, so mixing two is a type error. Secrets are
 * wiped with crypto_wipe by whoever holds them.
 *
 * Ed25519 as libsodium verifies it (refuses small-order and non-canonical
 * keys and malleated signatures). SHA-256 is FIPS 180-4, HMAC RFC 2104.
 */
#ifndef QCDC_PROTOCOL_CRYPTO_H
#define QCDC_PROTOCOL_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct hash {
    uint8_t bytes[32];
};
struct signature {
    uint8_t bytes[64];
};
struct sign_public {
    uint8_t bytes[32];
};
struct sign_secret { /* libsodium's form: seed || public key */
    uint8_t bytes[64];
};
struct sign_seed {
    uint8_t bytes[32];
};
struct box_public { /* X25519: sealing, recovery and CURVE keys */
    uint8_t bytes[32];
};
struct box_secret {
    uint8_t bytes[32];
};
struct key_id { /* first 16 bytes of SHA-256("qcdc/key/v1\n" || public key) */
    uint8_t bytes[16];
};
struct salt {
    uint8_t bytes[16];
};
struct body_key { /* of one private body */
    uint8_t bytes[32];
};
struct nonce { /* XChaCha20 */
    uint8_t bytes[24];
};

#define SEAL_OVERHEAD 48u /* crypto_box_seal: ephemeral key + tag */
#define AEAD_OVERHEAD 16u /* XChaCha20-Poly1305 tag */

/* Must be called once before anything else. ERR_IO if libsodium fails. */
int crypto_start(struct error *err) MUST_USE;

/* Incremental SHA-256; the state is a value and may be copied. */
struct hasher {
    _Alignas(16) uint8_t state[128];
};
void hasher_init(struct hasher *h);
void hasher_add(struct hasher *h, struct span bytes);
struct hash hasher_end(struct hasher *h);

struct hash hash_of(struct span bytes);
struct hash hmac_of(struct salt salt, struct span bytes);
bool hash_equal(const struct hash *a, const struct hash *b);

struct key_id key_id_of(struct span public_key);

/* Deterministic key pairs from seeds that the caller drew. */
void sign_keys(const struct sign_seed *seed, struct sign_public *pub,
               struct sign_secret *sec);
void box_keys(const uint8_t seed[32], struct box_public *pub,
              struct box_secret *sec);

struct signature sign_bytes(const struct sign_secret *sec, struct span bytes);
bool sign_verify(const struct sign_public *pub, struct span bytes,
                 const struct signature *sig) MUST_USE;

/* True for a canonical point of full order: checked when a key is registered
 * (tlog.md section 2.11). */
bool sign_public_valid(const struct sign_public *pub) MUST_USE;

/* The public half of a secret that is held alone. ERR_UNTRUSTED for a secret
 * that has none. */
int box_public_of(const struct box_secret *sec, struct box_public *out,
                  struct error *err) MUST_USE;
/* Anonymous sealing of a message to a key (crypto_box_seal). `out` holds
 * message.len + SEAL_OVERHEAD. The ephemeral key comes from libsodium itself:
 * the one place of this room that draws randomness, because the primitive
 * has no seeded form. ERR_UNTRUSTED for a key of small order. */
int seal_to(const struct box_public *pub, struct span message, uint8_t *out,
            struct error *err) MUST_USE;
/* `out` holds sealed.len - SEAL_OVERHEAD. ERR_UNTRUSTED if it does not open. */
int seal_open(const struct box_public *pub, const struct box_secret *sec,
              struct span sealed, uint8_t *out, struct error *err) MUST_USE;

/* XChaCha20-Poly1305 (IETF) without additional data. `out` holds
 * message.len + AEAD_OVERHEAD, or cipher.len - AEAD_OVERHEAD. */
void aead_encrypt(const struct body_key *key, const struct nonce *nonce,
                  struct span message, uint8_t *out);
int aead_decrypt(const struct body_key *key, const struct nonce *nonce,
                 struct span cipher, uint8_t *out, struct error *err) MUST_USE;

/* Key of 32 bytes from a password: argon2id. Costs: memory_kib >= 8,
 * passes >= 1 (65536 and 2: "interactive"). ERR_NOMEM. Slow on purpose. */
int password_key(struct span password, const struct salt *salt,
                 uint32_t memory_kib, uint32_t passes, uint8_t out[32],
                 struct error *err) MUST_USE;

void crypto_wipe(void *secret, size_t size);

/* Random bytes for node/ and tools/; protocol/ never calls it itself. */
void crypto_random(void *out, size_t size);

/* RFC 4648 section 4, padded, strict on input (spare bits, trailing bytes).
 * encode: writes BASE64_SIZE(len) bytes incl. NUL. decode: `size` is the
 * room at out, *len what came. ERR_MALFORMED. */
#define BASE64_SIZE(len) ((((len) + 2) / 3) * 4 + 1)
void base64_encode(struct span bytes, char *text);
int base64_decode(struct span text, uint8_t *out, size_t size, size_t *len,
                  struct error *err) MUST_USE;
/* Section 5 (URL-safe), no padding: invitations. Same sizes suffice. */
void base64url_encode(struct span bytes, char *text);
int base64url_decode(struct span text, uint8_t *out, size_t size, size_t *len,
                     struct error *err) MUST_USE;

#endif
