/* tests/sim: node/kdf.h without the cost: a hash in place of argon2id, at
 * once. Passwords are not what is tried here. */
#include "node/kdf.h"

#include <string.h>

int kdf_open(void *context, struct kdf **out, struct error *err)
{
    (void)context;
    (void)err;
    *out = NULL;
    return 0;
}

void kdf_close(struct kdf *kdf)
{
    (void)kdf;
}

int kdf_key(struct kdf *kdf, const struct kdf_ask *ask, struct salt *salt,
            uint8_t key[32], struct error *err)
{
    struct hasher hasher;
    struct hash hash;

    (void)kdf;
    if (ask->password.len > KDF_PASSWORD_MAX) {
        return error_set(err, ERR_LIMIT, "a password that long");
    }
    if (ask->fresh) {
        crypto_random(salt, sizeof(*salt));
    }
    hasher_init(&hasher);
    hasher_add(&hasher, SPAN_OF(*salt));
    hasher_add(&hasher, ask->password);
    hash = hasher_end(&hasher);
    memcpy(key, &hash, 32);
    return 0;
}

bool kdf_waits(struct kdf *kdf)
{
    (void)kdf;
    return false;
}

bool kdf_take(struct kdf *kdf)
{
    (void)kdf;
    return false;
}

void *kdf_socket(struct kdf *kdf)
{
    (void)kdf;
    return NULL;
}
