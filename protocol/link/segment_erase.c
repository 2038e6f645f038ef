/* protocol/link: a stored segment without some of its bodies.
 *
 * The only place where what came is encoded again, and only what an erasure
 * names: leaves, hashes, root and checkpoint stay to the byte, and each body
 * taken away is listed as absent, so that a mirror can still check the batch
 * whole (DESIGN section 5). Next: store/erase.c, which says what goes. */
#include "protocol/link/segment_internal.h"

/* A body that goes: index and slot, as the absent list orders them. */
static uint32_t key_of(uint16_t index, uint8_t slot)
{
    return (uint32_t)index << 8 | slot;
}

/* The bodies of `list` but that one. */
static int list_without(struct span list, uint32_t key, struct arena *arena,
                        struct span *out, bool *found, struct error *err)
{
    void *room = arena_alloc(arena, list.len == 0 ? 1 : list.len);
    struct buf kept = buf_over(room, list.len);

    if (room == NULL) {
        return error_set(err, ERR_NOMEM, "no room to erase from a batch");
    }
    while (list.len > 0) {
        struct span before = list;
        struct body body;
        int rc = body_take(&list, &body, err);

        if (rc != 0) {
            return rc;
        }
        if (key_of(body.index, body.slot) == key) {
            *found = true;
        } else {
            buf_put(&kept, span_make(before.ptr, before.len - list.len));
        }
    }
    *out = buf_span(&kept);
    return 0;
}

static int absent_with(struct span absent, uint16_t index, uint8_t slot,
                       struct arena *arena, struct span *out, struct error *err)
{
    void *room = arena_alloc(arena, absent.len + 3);
    struct buf list = buf_over(room, absent.len + 3);
    bool put = false;

    if (room == NULL) {
        return error_set(err, ERR_NOMEM, "no room to erase from a batch");
    }
    for (size_t at = 0; at + 3 <= absent.len; at += 3) {
        const uint8_t *p = absent.ptr + at;

        if (!put && key_of(read_u16(p), p[2]) > key_of(index, slot)) {
            buf_put_u16(&list, index);
            buf_put_u8(&list, slot);
            put = true;
        }
        buf_put(&list, span_make(p, 3));
    }
    if (!put) {
        buf_put_u16(&list, index);
        buf_put_u8(&list, slot);
    }
    *out = buf_span(&list);
    return 0;
}

static int texts_without(struct segment_codec *codec, struct segment *segment,
                         uint32_t key, struct arena *arena, bool *found,
                         struct error *err)
{
    struct segment_packed packed = {segment->texts_z,
                                    segment_raw_max(segment->count), "texts"};
    struct span raw = {0};
    struct span kept = {0};
    int rc = segment_expand(codec, &packed, arena, &raw, err);

    if (rc == 0) {
        rc = list_without(raw, key, arena, &kept, found, err);
    }
    return rc == 0 && *found
               ? segment_compress(codec, kept, arena, &segment->texts_z, err)
               : rc;
}

/* NOLINTNEXTLINE(readability-function-size): six plain inputs, one caller */
int segment_erase(struct segment_codec *codec, struct segment *segment,
                  uint16_t index, uint8_t slot, struct arena *arena,
                  bool *found, struct error *err)
{
    struct segment made = *segment;
    struct span *list =
        slot == AUDIENCE_OF_PRIVATE ? &made.privates : &made.sealed;
    uint32_t key = key_of(index, slot);
    int rc = 0;

    *found = false;
    rc = slot == AUDIENCE_OF_TEXT
             ? texts_without(codec, &made, key, arena, found, err)
             : list_without(*list, key, arena, list, found, err);
    if (rc == 0 && *found) {
        rc = absent_with(made.absent, index, slot, arena, &made.absent, err);
    }
    if (rc == 0 && *found) {
        *segment = made;
    }
    return rc;
}
