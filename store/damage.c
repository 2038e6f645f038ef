/* store: the notes of damage: what was found, what was mended and from where.
 * They are kept in the book, what waits before what was mended.
 *
 * Must never stand in the way of mending: a note that is damaged itself is
 * passed over. Read next: mend.c, patrol.c.
 */
#include "store/mend.h"

#include <string.h>

#include "store/book.h"

/* By this key what waits comes before what was mended, old before new. */
static void damage_key(const struct store_damage *damage, struct buf *out)
{
    buf_put_u8(out, (uint8_t)damage->kind);
    buf_put_u32(out, damage->log);
    buf_put_u64(out, damage->first);
}

static int damage_read(struct span key, struct span value,
                       struct store_damage *out)
{
    size_t len = value.len - 20u;

    if (key.len != 13 || value.len < 20 || len >= sizeof(out->text)) {
        return ERR_CORRUPT;
    }
    memset(out, 0, sizeof(*out));
    out->kind = (enum store_damage_kind)key.ptr[0];
    out->log = read_u32(key.ptr + 1);
    out->first = read_u64(key.ptr + 5);
    out->found_s = (int64_t)read_u64(value.ptr);
    out->mended_s = (int64_t)read_u64(value.ptr + 8);
    out->source = read_u32(value.ptr + 16);
    memcpy(out->text, value.ptr + 20, len);
    return 0;
}

struct listing {
    struct store_damage *damages;
    size_t max, len;
    bool mended;
    struct store_damage oldest; /* of those mended */
    size_t mended_len;
};

static int list_one(void *data, struct span key, struct span value)
{
    struct listing *listing = data;
    struct store_damage damage;

    if (damage_read(key, value, &damage) != 0) {
        return 0; /* the note itself is damaged: found anew by the patrol */
    }
    if (damage.mended_s != 0) {
        listing->mended_len++;
        if (listing->oldest.kind == STORE_DAMAGE_NONE ||
            damage.mended_s < listing->oldest.mended_s) {
            listing->oldest = damage;
        }
    }
    if ((damage.mended_s != 0) == listing->mended &&
        listing->len < listing->max) {
        listing->damages[listing->len++] = damage;
    }
    return 0;
}

int store_damage_list(struct store *store, struct store_damage *damages,
                      size_t max, size_t *len, struct error *err)
{
    struct listing listing = {.damages = damages, .max = max};
    int rc = store_book_each(store, STORE_BOOK_DAMAGE, list_one, &listing, err);

    listing.mended = true;
    if (rc == 0) {
        rc = store_book_each(store, STORE_BOOK_DAMAGE, list_one, &listing, err);
    }
    *len = rc == 0 ? listing.len : 0;
    return rc;
}

/* Of what was mended only the newest is remembered. */
static int damage_forget(struct store *store, struct error *err)
{
    struct listing listing = {.max = 0};
    uint8_t bytes[16];
    struct buf key = buf_over(bytes, sizeof(bytes));
    int rc = store_book_each(store, STORE_BOOK_DAMAGE, list_one, &listing, err);

    if (rc != 0 || listing.mended_len <= STORE_DAMAGE_KEPT) {
        return rc;
    }
    damage_key(&listing.oldest, &key);
    return store_book_remove(store, STORE_BOOK_DAMAGE, buf_span(&key), err);
}

int store_damage_put(struct store *store, const struct store_damage *damage,
                     struct error *err)
{
    uint8_t key_bytes[16], value_bytes[20 + sizeof(damage->text)];
    struct buf key = buf_over(key_bytes, sizeof(key_bytes));
    struct buf value = buf_over(value_bytes, sizeof(value_bytes));
    int rc;

    damage_key(damage, &key);
    buf_put_u64(&value, (uint64_t)damage->found_s);
    buf_put_u64(&value, (uint64_t)damage->mended_s);
    buf_put_u32(&value, damage->source);
    buf_put_str(&value, damage->text);
    rc = store_book_put(store, STORE_BOOK_DAMAGE, buf_span(&key),
                        buf_span(&value), err);
    return rc != 0 || damage->mended_s == 0 ? rc : damage_forget(store, err);
}
