/* protocol/link: batches, put together and taken apart.
 *
 * Owns the frozen layout of segment.h. Never encodes anew what came from
 * elsewhere; what is built here once is stored, hashed and forwarded as is.
 * Next: segment_check.c, which judges one. */
#include "protocol/link/segment_internal.h"

/* ---- building ---- */

struct sizes {
    size_t raw;      /* leaves and texts */
    size_t privates; /* each list */
    size_t sealed;
};

static struct sizes item_sizes(const struct segment_item *item)
{
    struct sizes sizes = {.raw = 2 + item->leaf.len};

    for (size_t i = 0; i < item->bodies_len; i++) {
        size_t size = segment_body_size(&item->bodies[i]);

        if (item->bodies[i].slot == AUDIENCE_OF_TEXT) {
            sizes.raw += size;
        } else if (item->bodies[i].slot == AUDIENCE_OF_PRIVATE) {
            sizes.privates += size;
        } else {
            sizes.sealed += size;
        }
    }
    return sizes;
}

/* Measured on petitions: 0.36 of a batch of 32 KiB, 0.32 of one of 64. */
static size_t line_bytes(const struct sizes *sizes)
{
    return sizes->raw * 3 / 8 + sizes->privates;
}

size_t segment_fit(const struct segment_item *items, size_t len,
                   size_t max_line)
{
    struct sizes sum = {0};
    size_t count = 0;

    while (count < len && count < BATCH_EVENTS_MAX) {
        struct sizes one = item_sizes(&items[count]);

        one.raw += sum.raw;
        one.privates += sum.privates;
        one.sealed += sum.sealed;
        if (count > 0 &&
            (one.raw > BATCH_RAW_MAX || one.privates > BATCH_PRIVATE_MAX ||
             one.sealed > BATCH_PRIVATE_MAX ||
             (max_line != 0 && line_bytes(&one) > max_line))) {
            break;
        }
        sum = one;
        count++;
    }
    return count;
}

/* A buf of `size` bytes in the arena. */
static int buf_make(struct arena *arena, size_t size, struct buf *out,
                    struct error *err)
{
    void *bytes = arena_alloc(arena, size == 0 ? 1 : size);

    if (bytes == NULL) {
        return error_set(err, ERR_NOMEM, "no room to build a batch");
    }
    *out = buf_over(bytes, size);
    return 0;
}

struct parts {
    struct buf leaves, texts, privates, sealed, absent;
};

static int item_put(const struct segment_item *item, uint16_t index,
                    struct parts *parts, struct error *err)
{
    uint8_t before = 0;

    buf_put_u16(&parts->leaves, (uint16_t)item->leaf.len);
    buf_put(&parts->leaves, item->leaf);
    for (size_t i = 0; i < item->bodies_len; i++) {
        struct body body = item->bodies[i];
        struct buf *list = body.slot == AUDIENCE_OF_TEXT      ? &parts->texts
                           : body.slot == AUDIENCE_OF_PRIVATE ? &parts->privates
                                                              : &parts->sealed;

        if (body.slot <= before) {
            return error_set(err, ERR_USAGE,
                             "bodies of event %u are not in order", index);
        }
        before = body.slot;
        body.index = index;
        int rc = body_put(&body, list, err);

        if (rc != 0) {
            return rc;
        }
    }
    before = 0;
    for (size_t i = 0; i < item->absent_len && i < BODIES_MAX; i++) {
        if (item->absent[i] <= before) {
            return error_set(err, ERR_USAGE,
                             "absent bodies of event %u are not in order",
                             index);
        }
        before = item->absent[i];
        buf_put_u16(&parts->absent, index);
        buf_put_u8(&parts->absent, before);
    }
    return 0;
}

static int sizes_sum(const struct segment_item *items, size_t len,
                     struct sizes *sum, struct error *err)
{
    if (len == 0 || segment_fit(items, len, 0) != len) {
        return error_set(err, ERR_LIMIT, "%zu events do not fit one batch",
                         len);
    }
    for (size_t i = 0; i < len; i++) {
        struct sizes one = item_sizes(&items[i]);

        if (items[i].leaf.len > LEAF_MAX) {
            return error_set(err, ERR_LIMIT, "leaf of %zu bytes",
                             items[i].leaf.len);
        }
        sum->raw += one.raw;
        sum->privates += one.privates;
        sum->sealed += one.sealed;
    }
    if (sum->raw > segment_raw_max(len)) {
        return error_set(err, ERR_LIMIT, "event of %zu bytes", sum->raw);
    }
    return 0;
}

static int parts_fill(const struct segment_item *items, size_t len,
                      const struct sizes *sum, struct arena *arena,
                      struct parts *parts, struct error *err)
{
    int rc = 0;

    if ((rc = buf_make(arena, sum->raw, &parts->leaves, err)) != 0 ||
        (rc = buf_make(arena, sum->raw, &parts->texts, err)) != 0 ||
        (rc = buf_make(arena, sum->privates, &parts->privates, err)) != 0 ||
        (rc = buf_make(arena, sum->sealed, &parts->sealed, err)) != 0 ||
        (rc = buf_make(arena, (size_t)3 * BODIES_MAX * len, &parts->absent,
                       err)) != 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = item_put(&items[i], (uint16_t)i, parts, err);
    }
    return rc;
}

/* NOLINTNEXTLINE(readability-function-size): seven plain inputs, one caller */
int segment_build(struct segment_codec *codec, const struct segment_item *items,
                  size_t len, uint64_t first, struct span note,
                  struct arena *arena, struct segment *out, struct error *err)
{
    struct sizes sum = {0};
    struct parts parts = {0};
    struct span leaves_z = {0};
    struct span texts_z = {0};
    int rc = 0;

    rc = sizes_sum(items, len, &sum, err);
    if (rc != 0) {
        return rc;
    }
    rc = parts_fill(items, len, &sum, arena, &parts, err);
    if (rc != 0) {
        return rc;
    }
    if ((rc = segment_compress(codec, buf_span(&parts.leaves), arena, &leaves_z,
                               err)) != 0 ||
        (rc = segment_compress(codec, buf_span(&parts.texts), arena, &texts_z,
                               err)) != 0) {
        return rc;
    }
    *out = (struct segment){
        .first = first,
        .count = (uint32_t)len,
        .note = note,
        .leaves_z = leaves_z,
        .texts_z = texts_z,
        .privates = buf_span(&parts.privates),
        .sealed = buf_span(&parts.sealed),
        .absent = buf_span(&parts.absent),
    };
    return 0;
}

/* ---- taking apart ---- */

static int leaves_split(struct span raw, struct segment_view *view,
                        struct error *err)
{
    for (uint32_t i = 0; i < view->count; i++) {
        if (raw.len < 2 || raw.len - 2 < read_u16(raw.ptr)) {
            return error_set(err, ERR_MALFORMED, "leaf %u of %u is cut off", i,
                             view->count);
        }

        size_t len = read_u16(raw.ptr);

        view->leaves[i] = span_make(raw.ptr + 2, len);
        raw = span_make(raw.ptr + 2 + len, raw.len - 2 - len);
    }
    if (raw.len != 0) {
        return error_set(err, ERR_MALFORMED, "%zu bytes after the last leaf",
                         raw.len);
    }
    return 0;
}

/* Counts a list and checks that it holds bodies of one slot, ascending. */
static int list_count(struct span list, uint8_t slot, uint32_t events,
                      size_t *count, struct error *err)
{
    int64_t before = -1;

    *count = 0;
    while (list.len > 0) {
        struct body body;
        int rc = body_take(&list, &body, err);

        if (rc != 0) {
            return rc;
        }
        if (body.slot != slot || body.index >= events ||
            (int64_t)body.index <= before) {
            return error_set(err, ERR_MALFORMED,
                             "body %u/%u is out of place in its list",
                             body.index, body.slot);
        }
        before = body.index;
        (*count)++;
    }
    return 0;
}

/* Merges the three lists, already checked, by (index, slot). */
static int lists_merge(struct span lists[3], size_t total, struct arena *arena,
                       struct segment_view *view, struct error *err)
{
    struct body *bodies =
        arena_array(arena, total == 0 ? 1 : total, sizeof(struct body));
    struct body heads[3];
    bool has[3];
    int rc = 0;

    if (bodies == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %zu bodies", total);
    }
    for (size_t i = 0; i < 3; i++) {
        has[i] = lists[i].len > 0;
        if (has[i] && (rc = body_take(&lists[i], &heads[i], err)) != 0) {
            return rc;
        }
    }
    for (size_t n = 0; n < total; n++) {
        size_t least = 3;

        /* Lists come in the order of their slots: ties go to the first. */
        for (size_t i = 0; i < 3; i++) {
            if (has[i] && (least == 3 || heads[i].index < heads[least].index)) {
                least = i;
            }
        }
        if (least == 3) {
            break;
        }
        bodies[n] = heads[least];
        has[least] = lists[least].len > 0;
        if (has[least] &&
            (rc = body_take(&lists[least], &heads[least], err)) != 0) {
            return rc;
        }
    }
    view->bodies = bodies;
    view->bodies_len = total;
    return 0;
}

static int absent_check(struct span absent, uint32_t events, struct error *err)
{
    uint32_t before = 0;

    if (absent.len % 3 != 0 || absent.len / 3 > BODIES_MAX * (size_t)events) {
        return error_set(err, ERR_MALFORMED, "absent list of %zu bytes",
                         absent.len);
    }
    for (size_t at = 0; at < absent.len; at += 3) {
        uint32_t index = read_u16(absent.ptr + at);
        uint32_t key = (index << 8 | absent.ptr[at + 2]) + 1;

        if (index >= events || absent.ptr[at + 2] == 0 || key <= before) {
            return error_set(err, ERR_MALFORMED,
                             "absent body %u/%u is out of place", index,
                             absent.ptr[at + 2]);
        }
        before = key;
    }
    return 0;
}

int segment_open(struct segment_codec *codec, const struct segment *segment,
                 struct arena *arena, struct segment_view *out,
                 struct error *err)
{
    static const uint8_t slots[3] = {AUDIENCE_OF_TEXT, AUDIENCE_OF_PRIVATE,
                                     AUDIENCE_OF_UNIT};
    struct segment_view view = {.count = segment->count};
    struct span lists[3] = {{0}, segment->privates, segment->sealed};
    struct span leaves = {0};
    size_t total = 0;
    int rc = 0;

    if (segment->count == 0 || segment->count > BATCH_EVENTS_MAX) {
        return error_set(err, ERR_LIMIT, "batch of %u events", segment->count);
    }
    if (segment->privates.len > BATCH_PRIVATE_MAX ||
        segment->sealed.len > BATCH_PRIVATE_MAX) {
        return error_set(err, ERR_LIMIT, "private bodies of %zu bytes",
                         segment->privates.len + segment->sealed.len);
    }

    size_t max = segment_raw_max(segment->count);

    if ((rc = segment_expand(
             codec, &(struct segment_packed){segment->leaves_z, max, "leaves"},
             arena, &leaves, err)) != 0 ||
        (rc = segment_expand(codec,
                             &(struct segment_packed){
                                 segment->texts_z, max - leaves.len, "texts"},
                             arena, &lists[0], err)) != 0 ||
        (rc = leaves_split(leaves, &view, err)) != 0 ||
        (rc = absent_check(segment->absent, view.count, err)) != 0) {
        return rc;
    }
    view.raw_bytes = leaves.len + lists[0].len;
    for (size_t i = 0; i < 3; i++) {
        size_t count = 0;

        rc = list_count(lists[i], slots[i], view.count, &count, err);
        if (rc != 0) {
            return rc;
        }
        total += count;
    }
    rc = lists_merge(lists, total, arena, &view, err);
    if (rc == 0) {
        *out = view;
    }
    return rc;
}

bool segment_is_absent(const struct segment *segment, uint16_t index,
                       uint8_t slot)
{
    for (size_t at = 0; at + 3 <= segment->absent.len; at += 3) {
        const uint8_t *p = segment->absent.ptr + at;

        if (read_u16(p) == index && p[2] == slot) {
            return true;
        }
    }
    return false;
}
