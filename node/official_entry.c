/* Room: node. Owns what the store keeps of an official, byte for byte, and the
 * wrapping of his secrets under his password. A password or an unwrapped secret
 * is never stored and never logged. Next: officials.c, sessions.c, kdf.c. */
#include "node/official_entry.h"

#include <string.h>

#include "node/kdf.h"
#include "store/book.h"

#define KDF_MEMORY_KIB 65536u /* argon2id "interactive" */
#define KDF_PASSES 2u
#define BOOK_VERSION 1u
#define BOOK_SIZE 768u

static void entry_encode(const struct official_entry *entry, struct buf *out)
{
    size_t post = strlen(entry->post);

    buf_put_u8(out, BOOK_VERSION);
    buf_put_u8(out, entry->revoked ? 1 : 0);
    buf_put_u32(out, entry->unit);
    buf_put_u32(out, entry->rights);
    buf_put(out, SPAN_OF(entry->actor));
    buf_put_u32(out, entry->memory_kib);
    buf_put_u32(out, entry->passes);
    buf_put(out, SPAN_OF(entry->salt));
    buf_put(out, SPAN_OF(entry->nonce));
    buf_put(out, span_make(entry->wrapped, sizeof(entry->wrapped)));
    buf_put_u8(out, (uint8_t)post);
    buf_put(out, span_make(entry->post, post));
}

#define ENTRY_FIXED (2u + 8u + 16u + 8u + 16u + 24u + SECRETS_SIZE + 16u + 1u)

int official_entry_decode(struct span bytes, struct official_entry *entry,
                          struct error *err)
{
    const uint8_t *at = bytes.ptr;
    size_t post;

    if (bytes.len < ENTRY_FIXED || at[0] != BOOK_VERSION ||
        bytes.len != ENTRY_FIXED + (size_t)at[ENTRY_FIXED - 1]) {
        return error_set(err, ERR_CORRUPT, "an official's entry is damaged");
    }
    memset(entry, 0, sizeof(*entry));
    entry->revoked = at[1] != 0;
    entry->unit = read_u32(at + 2);
    entry->rights = read_u32(at + 6);
    memcpy(&entry->actor, at + 10, 16);
    entry->memory_kib = read_u32(at + 26);
    entry->passes = read_u32(at + 30);
    memcpy(&entry->salt, at + 34, 16);
    memcpy(&entry->nonce, at + 50, 24);
    memcpy(entry->wrapped, at + 74, sizeof(entry->wrapped));
    post = at[ENTRY_FIXED - 1];
    memcpy(entry->post, at + ENTRY_FIXED, post);
    return 0;
}

int official_entry_get(struct engine *engine, const char *name,
                       struct official_entry *entry, struct error *err)
{
    struct span value;
    int rc = store_book_get(engine->store, STORE_BOOK_OFFICIAL, span_str(name),
                            &engine->turn, &value, err);

    return rc != 0 ? rc : official_entry_decode(value, entry, err);
}

int official_entry_put(struct engine *engine, const char *name,
                       const struct official_entry *entry, struct error *err)
{
    uint8_t space[BOOK_SIZE];
    struct buf text = buf_over(space, sizeof(space));

    entry_encode(entry, &text);
    if (text.overflow) {
        return error_set(err, ERR_LIMIT, "the post's name is too long");
    }
    return store_book_put(engine->store, STORE_BOOK_OFFICIAL, span_str(name),
                          buf_span(&text), err);
}

bool official_name_valid(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= OFFICIAL_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

int official_entry_wrap(struct engine *engine, struct official_entry *entry,
                        const char *password, const struct sign_seed *seed,
                        const struct box_secret *sealing, struct error *err)
{
    struct kdf_ask ask = {.password = span_str(password),
                          .memory_kib = KDF_MEMORY_KIB,
                          .passes = KDF_PASSES,
                          .fresh = true};
    uint8_t secrets[SECRETS_SIZE];
    struct body_key key;
    int rc;

    entry->memory_kib = ask.memory_kib;
    entry->passes = ask.passes;
    crypto_random(&entry->nonce, sizeof(entry->nonce));
    rc = kdf_key(engine->kdf, &ask, &entry->salt, key.bytes, err);
    if (rc == 0) {
        memcpy(secrets, seed, 32);
        memcpy(secrets + 32, sealing, 32);
        aead_encrypt(&key, &entry->nonce, span_make(secrets, sizeof(secrets)),
                     entry->wrapped);
    }
    crypto_wipe(secrets, sizeof(secrets));
    crypto_wipe(&key, sizeof(key));
    return rc;
}

int official_entry_unwrap(struct engine *engine, struct official_entry *entry,
                          const char *password, uint8_t secrets[SECRETS_SIZE],
                          struct error *err)
{
    struct kdf_ask ask = {.password = span_str(password),
                          .memory_kib = entry->memory_kib,
                          .passes = entry->passes};
    struct body_key key;
    int rc;

    if (strlen(password) > PASSWORD_MAX) {
        return error_set(err, ERR_UNTRUSTED, "password too long");
    }
    rc = kdf_key(engine->kdf, &ask, &entry->salt, key.bytes, err);
    if (rc == 0) {
        rc = aead_decrypt(&key, &entry->nonce,
                          span_make(entry->wrapped, sizeof(entry->wrapped)),
                          secrets, err);
    }
    crypto_wipe(&key, sizeof(key));
    return rc;
}
