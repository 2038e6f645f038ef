/* protocol/link: fields of frames from bytes: numbers, ids, texts, origins and
 * heads, each with its cap. Must never let a length, count or number pass that
 * was not looked at (libraries.md B4). Next: frames_decode.c. */
#include "protocol/link/frames_internal.h"

#include "protocol/event/text.h"

#define NUMBER_MAX UINT64_C(0x7fffffffffffffff)

struct span data_span(ProtobufCBinaryData data)
{
    return span_make(data.data, data.len);
}

int number_read(uint64_t value, const char *what, uint64_t *out,
                struct error *err)
{
    if (value > NUMBER_MAX) {
        return error_set(err, ERR_MALFORMED, "%s is no number below 2^63",
                         what);
    }
    *out = value;
    return 0;
}

/* Exactly `size` bytes, copied out. */
int fixed_read(ProtobufCBinaryData data, const char *what, void *out,
               size_t size, struct error *err)
{
    if (data.len != size) {
        return error_set(err, ERR_MALFORMED, "%s of %zu bytes, not %zu", what,
                         data.len, size);
    }
    memcpy(out, data.data, size);
    return 0;
}

int bytes_read(ProtobufCBinaryData data, const char *what, size_t max,
               struct span *out, struct error *err)
{
    if (data.len > max) {
        return error_set(err, ERR_LIMIT, "%s of %zu bytes, at most %zu", what,
                         data.len, max);
    }
    *out = data_span(data);
    return 0;
}

int text_read(ProtobufCBinaryData data, const char *what, size_t max,
              struct span *out, struct error *err)
{
    if (!text_valid_utf8(data_span(data))) {
        return error_set(err, ERR_MALFORMED, "%s is not UTF-8", what);
    }
    return bytes_read(data, what, max, out, err);
}

int count_check(size_t count, const char *what, size_t max, struct error *err)
{
    if (count > max) {
        return error_set(err, ERR_LIMIT, "%zu %s, at most %zu", count, what,
                         max);
    }
    return 0;
}

int origin_read(const Qcdc__V1__Origin *in, struct origin *out,
                struct error *err)
{
    if (in == NULL || in->node == 0 || in->epoch == 0) {
        return error_set(err, ERR_MALFORMED, "a log without node or epoch");
    }
    *out = (struct origin){
        .node = in->node, .epoch = in->epoch, .dir = in->dir != 0};
    return 0;
}

/* Size and root; the root is left out for size 0. */
int head_read(uint64_t size, ProtobufCBinaryData root, struct merkle_head *out,
              struct error *err)
{
    int rc = number_read(size, "size", &out->size, err);

    if (rc != 0) {
        return rc;
    }
    if (size == 0) {
        out->root = merkle_empty_root();
        return root.len == 0
                   ? 0
                   : error_set(err, ERR_MALFORMED, "an empty log with a root");
    }
    return fixed_read(root, "root", &out->root, sizeof(out->root), err);
}

static int seen_read(const Qcdc__V1__Seen *in, struct frame_seen *out,
                     struct error *err)
{
    int rc = 0;

    if (in == NULL) {
        return 0;
    }
    out->has = true;
    if ((rc = head_read(in->size, in->root_hash, &out->head, err)) != 0) {
        return rc;
    }
    return fixed_read(in->line, "cosignature", &out->line, sizeof(out->line),
                      err);
}

static int offered_read(const Qcdc__V1__Head *in, struct frame_head *out,
                        struct error *err)
{
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = head_read(in->size, in->root_hash, &out->head, err)) != 0 ||
        (rc = bytes_read(in->note, "checkpoint", CHECKPOINT_NOTE_MAX,
                         &out->note, err)) != 0 ||
        (rc = number_read(in->cosigs, "cosigs", &out->cosigs, err)) != 0 ||
        (rc = seen_read(in->seen, &out->seen, err)) != 0) {
        return rc;
    }
    if ((out->head.size == 0) != (out->note.len == 0)) {
        return error_set(err, ERR_MALFORMED,
                         "a head without its checkpoint, or the reverse");
    }
    return 0;
}

int heads_read(Qcdc__V1__Head **in, size_t count, struct arena *arena,
               const struct frame_head **out, size_t *len, struct error *err)
{
    int rc = count_check(count, "heads", FRAME_HEADS_MAX, err);
    struct frame_head *heads = NULL;

    if (rc != 0) {
        return rc;
    }
    heads = arena_array(arena, count, sizeof(*heads));
    if (heads == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %zu heads", count);
    }
    for (size_t i = 0; i < count; i++) {
        rc = offered_read(in[i], &heads[i], err);
        if (rc != 0) {
            return rc;
        }
    }
    *out = heads;
    *len = count;
    return 0;
}
