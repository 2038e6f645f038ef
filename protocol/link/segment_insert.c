/* protocol/link: a stored segment with a private body that came later.
 *
 * A mirror that is not the log's guard gets a batch without ciphertexts; those
 * of which somebody behind it is a reader come one by one. Leaves, texts,
 * hashes, root and checkpoint stay to the byte. It must never judge: whoever
 * calls has compared the body with its commitment. Next: store/wanted.c. */
#include "protocol/link/segment_internal.h"

static uint32_t key_of(uint16_t index, uint8_t slot)
{
    return (uint32_t)index << 8 | slot;
}

/* The list with that body in its place; one that is there already stays. */
static int list_with(struct span list, const struct body *body,
                     struct arena *arena, struct span *out, struct error *err)
{
    size_t max = list.len + segment_body_size(body);
    void *room = arena_alloc(arena, max);
    struct buf made = buf_over(room, max);
    uint32_t key = key_of(body->index, body->slot);
    bool put = false;

    if (room == NULL) {
        return error_set(err, ERR_LIMIT, "no room for a body of a batch");
    }
    while (list.len > 0) {
        struct span before = list;
        struct body other;
        int rc = body_take(&list, &other, err);

        if (rc == 0 && !put && key_of(other.index, other.slot) >= key) {
            put = true;
            if (key_of(other.index, other.slot) != key) {
                rc = body_put(body, &made, err);
            }
        }
        if (rc != 0) {
            return rc;
        }
        buf_put(&made, span_make(before.ptr, before.len - list.len));
    }
    *out = buf_span(&made);
    if (!put) {
        int rc = body_put(body, &made, err);

        *out = buf_span(&made);
        return rc;
    }
    return 0;
}

static int absent_without(struct span absent, uint32_t key, struct arena *arena,
                          struct span *out, struct error *err)
{
    void *room = arena_alloc(arena, absent.len + 1);
    struct buf list = buf_over(room, absent.len);

    if (room == NULL) {
        return error_set(err, ERR_LIMIT, "no room for a body of a batch");
    }
    for (size_t at = 0; at + 3 <= absent.len; at += 3) {
        const uint8_t *p = absent.ptr + at;

        if (key_of(read_u16(p), p[2]) != key) {
            buf_put(&list, span_make(p, 3));
        }
    }
    *out = buf_span(&list);
    return 0;
}

int segment_insert(struct segment *segment, const struct body *body,
                   struct arena *arena, struct error *err)
{
    struct segment made = *segment;
    int rc;

    if (body->slot != AUDIENCE_OF_PRIVATE || body->index >= segment->count) {
        return error_set(err, ERR_USAGE, "no private body of that batch");
    }
    rc = list_with(segment->privates, body, arena, &made.privates, err);
    if (rc == 0) {
        rc = absent_without(segment->absent, key_of(body->index, body->slot),
                            arena, &made.absent, err);
    }
    if (rc == 0 && made.privates.len > BATCH_PRIVATE_MAX) {
        rc = error_set(err, ERR_LIMIT, "private bodies of %zu bytes",
                       made.privates.len);
    }
    if (rc == 0) {
        *segment = made;
    }
    return rc;
}
