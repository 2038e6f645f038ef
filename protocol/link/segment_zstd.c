/* protocol/link: zstd for segments, within bounds.
 *
 * Owns the compression contexts. Never expands into more than the caller
 * allows: 3 kB can claim to be 100 MB (libraries.md A9). The size a frame
 * claims is only used to allocate less than the limit, and must come true.
 * Next: segment.c. */
#include "protocol/link/segment_internal.h"

#include <stdlib.h>
#include <zstd.h>

#define LEVEL 3

struct segment_codec {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *expand;
};

int segment_codec_new(struct segment_codec **codec, struct error *err)
{
    struct segment_codec *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for a codec");
    }
    made->pack = ZSTD_createCCtx();
    made->expand = ZSTD_createDCtx();
    if (made->pack == NULL || made->expand == NULL) {
        segment_codec_free(made);
        return error_set(err, ERR_NOMEM, "no memory for zstd");
    }
    *codec = made;
    return 0;
}

void segment_codec_free(struct segment_codec *codec)
{
    if (codec == NULL) {
        return;
    }
    ZSTD_freeCCtx(codec->pack);
    ZSTD_freeDCtx(codec->expand);
    free(codec);
}

int segment_compress(struct segment_codec *codec, struct span raw,
                     struct arena *arena, struct span *out, struct error *err)
{
    if (raw.len == 0) {
        *out = (struct span){NULL, 0};
        return 0;
    }

    size_t bound = ZSTD_compressBound(raw.len);
    size_t mark = arena->used;
    uint8_t *bytes = arena_alloc(arena, bound);

    if (bytes == NULL) {
        return error_set(err, ERR_NOMEM, "no room to compress %zu bytes",
                         raw.len);
    }

    size_t len =
        ZSTD_compressCCtx(codec->pack, bytes, bound, raw.ptr, raw.len, LEVEL);

    if (ZSTD_isError(len)) {
        arena_rewind(arena, mark);
        return error_set(err, ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(len));
    }
    *out = span_make(bytes, len);
    return 0;
}

/* One frame that claims 1..max bytes. */
static int frame_size(const struct segment_packed *packed, size_t *size,
                      struct error *err)
{
    unsigned long long claimed = 0;
    size_t frame = 0;

    if (packed->bytes.len > ZSTD_compressBound(packed->max)) {
        return error_set(err, ERR_LIMIT, "%s of %zu compressed bytes",
                         packed->what, packed->bytes.len);
    }
    claimed = ZSTD_getFrameContentSize(packed->bytes.ptr, packed->bytes.len);
    frame = ZSTD_findFrameCompressedSize(packed->bytes.ptr, packed->bytes.len);
    if (claimed == ZSTD_CONTENTSIZE_ERROR ||
        claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == 0 ||
        ZSTD_isError(frame) || frame != packed->bytes.len) {
        return error_set(err, ERR_MALFORMED, "%s are not one zstd frame",
                         packed->what);
    }
    if (claimed > packed->max) {
        return error_set(err, ERR_LIMIT, "%s expand to %llu bytes, at most %zu",
                         packed->what, claimed, packed->max);
    }
    *size = (size_t)claimed;
    return 0;
}

int segment_expand(struct segment_codec *codec,
                   const struct segment_packed *packed, struct arena *arena,
                   struct span *out, struct error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    size_t len = 0;
    int rc = 0;

    if (packed->bytes.len == 0) {
        *out = (struct span){NULL, 0};
        return 0;
    }
    rc = frame_size(packed, &size, err);
    if (rc != 0) {
        return rc;
    }
    bytes = arena_alloc(arena, size);
    if (bytes == NULL) {
        return error_set(err, ERR_LIMIT, "no room to expand %s", packed->what);
    }
    len = ZSTD_decompressDCtx(codec->expand, bytes, size, packed->bytes.ptr,
                              packed->bytes.len);
    if (ZSTD_isError(len) || len != size) {
        return error_set(err, ERR_MALFORMED, "%s do not expand: %s",
                         packed->what,
                         ZSTD_isError(len) ? ZSTD_getErrorName(len)
                                           : "not the size they claim");
    }
    *out = span_make(bytes, size);
    return 0;
}
