/* tests/sim/reform: signatures. Three hundred nodes verify the same leaves of
 * the directory: what was good once is good again, to the byte. Owns a table
 * of such triples; a bad signature is never in it. Takes the place of
 * libsodium's function by the linker (--wrap). Next: main.c. */
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PLACES (1u << 17)

int __real_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *bytes,
                                       unsigned long long len,
                                       const unsigned char *key);
int __wrap_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *bytes,
                                       unsigned long long len,
                                       const unsigned char *key);

int __wrap_crypto_sign_verify_detached(const unsigned char *sig,
                                       const unsigned char *bytes,
                                       unsigned long long len,
                                       const unsigned char *key)
{
    static uint8_t(*known)[32];
    crypto_generichash_state state;
    uint8_t hash[32];
    uint32_t at;

    if (known == NULL && (known = calloc(PLACES, sizeof(*known))) == NULL) {
        abort();
    }
    crypto_generichash_init(&state, key, crypto_sign_PUBLICKEYBYTES,
                            sizeof(hash));
    crypto_generichash_update(&state, sig, crypto_sign_BYTES);
    crypto_generichash_update(&state, bytes, len);
    crypto_generichash_final(&state, hash, sizeof(hash));
    memcpy(&at, hash, sizeof(at));
    at %= PLACES;
    if (memcmp(known[at], hash, sizeof(hash)) == 0) {
        return 0;
    }
    if (__real_crypto_sign_verify_detached(sig, bytes, len, key) != 0) {
        return -1;
    }
    memcpy(known[at], hash, sizeof(hash));
    return 0;
}
