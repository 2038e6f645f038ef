/* tests/sim/reform: signatures and keys. Three hundred nodes verify the same
 * leaves of the directory: what was good once is good again, to the byte. Owns
 * a table of such; what was bad is never in it. Takes the place of libsodium's
 * functions by the linker (--wrap). Next: main.c. */
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PLACES (1u << 17)

struct seen {
    uint8_t hash[32];
};

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *bytes,
                                       unsigned long long len,
                                       const unsigned char *key);
int __wrap_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *bytes,
                                       unsigned long long len,
                                       const unsigned char *key);
int __real_crypto_core_ed25519_is_valid_point(const unsigned char *key);
int __wrap_crypto_core_ed25519_is_valid_point(const unsigned char *key);

/* Its place in the table, and whether it stands there. */
static bool seen_before(const struct seen *one, struct seen **place)
{
    static struct seen *table;
    uint32_t at;

    if (table == NULL && (table = calloc(PLACES, sizeof(*table))) == NULL) {
        abort();
    }
    memcpy(&at, one->hash, sizeof(at));
    *place = &table[at % PLACES];
    return memcmp((*place)->hash, one->hash, sizeof(one->hash)) == 0;
}

int __wrap_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *bytes,
                                       unsigned long long len,
                                       const unsigned char *key)
{
    crypto_generichash_state state;
    struct seen one;
    struct seen *place;

    crypto_generichash_init(&state, key, crypto_sign_PUBLICKEYBYTES,
                            sizeof(one.hash));
    crypto_generichash_update(&state, sig, crypto_sign_BYTES);
    crypto_generichash_update(&state, bytes, len);
    crypto_generichash_final(&state, one.hash, sizeof(one.hash));
    if (seen_before(&one, &place)) {
        return 0;
    }
    if (__real_crypto_sign_verify_detached(sig, bytes, len, key) != 0) {
        return -1;
    }
    *place = one;
    return 0;
}

int __wrap_crypto_core_ed25519_is_valid_point(const unsigned char *key)
{
    struct seen one;
    struct seen *place;

    crypto_generichash(one.hash, sizeof(one.hash), key,
                       crypto_sign_PUBLICKEYBYTES, NULL, 0);
    if (seen_before(&one, &place)) {
        return 1;
    }
    if (__real_crypto_core_ed25519_is_valid_point(key) != 1) {
        return 0;
    }
    *place = one;
    return 1;
}
/* NOLINTEND(bugprone-reserved-identifier) */
