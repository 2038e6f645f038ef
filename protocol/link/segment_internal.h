/* What the segment's two files share: zstd within bounds, the caps. Never
 * included outside protocol/link. */
#ifndef QCDC_PROTOCOL_LINK_SEGMENT_INTERNAL_H
#define QCDC_PROTOCOL_LINK_SEGMENT_INTERNAL_H

#include "protocol/link/segment.h"

/* Leaves and texts of one batch: one event may be larger than a batch. */
#define SEGMENT_SINGLE_MAX (2u + LEAF_MAX + 22u + TEXT_BODY_MAX)

static inline size_t segment_raw_max(size_t count)
{
    return count == 1 ? SEGMENT_SINGLE_MAX : BATCH_RAW_MAX;
}

/* Bytes of one body in its list. */
static inline size_t segment_body_size(const struct body *body)
{
    return 22u + body->wraps_len * sizeof(struct wrap) + body->bytes.len;
}

/* Compresses `raw` (nothing stays nothing) into the arena. */
int segment_compress(struct segment_codec *codec, struct span raw,
                     struct arena *arena, struct span *out,
                     struct error *err) MUST_USE;

/* What came compressed: the most it may expand to, its name in errors. */
struct segment_packed {
    struct span bytes;
    size_t max;
    const char *what;
};

/* Exactly one zstd frame, into the arena. */
int segment_expand(struct segment_codec *codec,
                   const struct segment_packed *packed, struct arena *arena,
                   struct span *out, struct error *err) MUST_USE;

#endif
