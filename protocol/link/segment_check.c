/* protocol/link: the judgement on a batch at intake.
 *
 * Owns what a mirror may put its cosignature to. Must be fast (every event of
 * the province passes here) and must never refuse for what a single event
 * says: a bad leaf is stored and judged at integration, so that it cannot
 * freeze a log (DESIGN section 5). Next: link.h. */
#include "protocol/link/segment_internal.h"

/* Goes along the bodies and the absent list, both in order. */
struct walk {
    const struct segment *segment;
    const struct segment_view *view;
    size_t body;   /* next in view->bodies */
    size_t absent; /* next offset in segment->absent */
    unsigned due;
};

static bool slot_due(const struct walk *walk, uint32_t slot)
{
    return slot == AUDIENCE_OF_TEXT ? (walk->due & SEGMENT_DUE_TEXTS) != 0
           : slot == AUDIENCE_OF_PRIVATE
               ? (walk->due & SEGMENT_DUE_PRIVATES) != 0
               : (walk->due & SEGMENT_DUE_SEALED) != 0;
}

static bool absent_here(const struct walk *walk, uint32_t index)
{
    return walk->absent < walk->segment->absent.len &&
           read_u16(walk->segment->absent.ptr + walk->absent) == index;
}

static bool body_here(const struct walk *walk, uint32_t index)
{
    return walk->body < walk->view->bodies_len &&
           walk->view->bodies[walk->body].index == index;
}

/* Of a leaf that nobody here understands: nothing can be said. */
static void leaf_skip(struct walk *walk, uint32_t index)
{
    while (body_here(walk, index)) {
        walk->body++;
    }
    while (absent_here(walk, index)) {
        walk->absent += 3;
    }
}

static int absent_judge(struct walk *walk, uint32_t index,
                        const struct header *header, uint32_t *listed,
                        struct error *err)
{
    *listed = 0;
    while (absent_here(walk, index)) {
        uint8_t slot = walk->segment->absent.ptr[walk->absent + 2];

        if (slot > AUDIENCE_OF_UNIT ||
            header_body(header, (enum audience)slot) == NULL) {
            return error_set(err, ERR_MALFORMED,
                             "event %u has no body %u to be absent", index,
                             slot);
        }
        *listed |= 1u << slot;
        walk->absent += 3;
    }
    return 0;
}

static int bodies_judge(struct walk *walk, uint32_t index,
                        const struct header *header, struct error *err)
{
    uint32_t absent = 0;
    uint32_t present = 0;
    int rc = absent_judge(walk, index, header, &absent, err);

    if (rc != 0) {
        return rc;
    }
    while (body_here(walk, index)) {
        const struct body *body = &walk->view->bodies[walk->body];
        const struct body_mark *mark =
            header_body(header, (enum audience)body->slot);

        if (mark == NULL || (absent & 1u << body->slot) != 0) {
            return error_set(err, ERR_MALFORMED,
                             "event %u names no body %u, or calls it absent",
                             index, body->slot);
        }
        if (!body_matches(body, mark)) {
            return error_set(err, ERR_UNTRUSTED,
                             "body %u of event %u is not the one committed to",
                             body->slot, index);
        }
        present |= 1u << body->slot;
        walk->body++;
    }
    for (size_t i = 0; i < header->bodies_len; i++) {
        uint32_t slot = header->bodies[i].audience;

        if (slot <= AUDIENCE_OF_UNIT && slot_due(walk, slot) &&
            ((present | absent) & 1u << slot) == 0) {
            return error_set(err, ERR_MALFORMED,
                             "body %u of event %u is missing and not listed "
                             "as absent",
                             slot, index);
        }
    }
    return 0;
}

static int leaves_judge(struct walk *walk, struct hash *hashes,
                        struct error *err)
{
    const struct segment_view *view = walk->view;

    for (uint32_t i = 0; i < view->count; i++) {
        struct error ignored = {0};
        struct leaf leaf = {0};
        int rc = 0;

        hashes[i] = merkle_leaf(view->leaves[i]);
        if (leaf_scan(view->leaves[i], &leaf, &ignored) != 0 ||
            !leaf.understood) {
            leaf_skip(walk, i);
            continue;
        }
        rc = bodies_judge(walk, i, &leaf.header, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static void due_keep(struct segment *kept, unsigned due)
{
    if ((due & SEGMENT_DUE_TEXTS) == 0) {
        kept->texts_z = (struct span){NULL, 0};
    }
    if ((due & (SEGMENT_DUE_PRIVATES | SEGMENT_MAY_PRIVATES)) == 0) {
        kept->privates = (struct span){NULL, 0};
    }
    if ((due & SEGMENT_DUE_SEALED) == 0) {
        kept->sealed = (struct span){NULL, 0};
    }
}

static int note_judge(const struct segment *segment, const struct vkey *log,
                      struct checkpoint *checkpoint, struct error *err)
{
    int rc = 0;

    rc = checkpoint_open(segment->note, log, checkpoint, err);
    if (rc != 0) {
        return error_wrap(err, "checkpoint of the batch at %llu",
                          (unsigned long long)segment->first);
    }
    if (checkpoint->head.size != segment->first + segment->count) {
        return error_set(err, ERR_MALFORMED,
                         "checkpoint of size %llu ends a batch of %u at %llu",
                         (unsigned long long)checkpoint->head.size,
                         segment->count, (unsigned long long)segment->first);
    }
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): seven plain inputs, one caller */
int segment_check(struct segment_codec *codec, struct segment *segment,
                  const struct range *before, const struct vkey *log,
                  unsigned due, struct arena *arena,
                  struct segment_checked *out, struct error *err)
{
    struct segment kept = *segment;
    struct checkpoint checkpoint = {0};
    struct hash *hashes = NULL;
    int rc = 0;

    if (kept.first != before->size) {
        return error_set(
            err, ERR_BUSY, "batch begins at %llu, the log here ends at %llu",
            (unsigned long long)kept.first, (unsigned long long)before->size);
    }
    due_keep(&kept, due);
    rc = segment_open(codec, &kept, arena, &out->view, err);
    if (rc != 0) {
        return rc;
    }
    rc = note_judge(&kept, log, &checkpoint, err);
    if (rc != 0) {
        return rc;
    }
    hashes = arena_array(arena, kept.count, sizeof(struct hash));
    if (hashes == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %u hashes", kept.count);
    }

    struct walk walk = {.segment = &kept, .view = &out->view, .due = due};

    rc = leaves_judge(&walk, hashes, err);
    if (rc != 0) {
        return rc;
    }
    out->range = *before;
    range_append_hashes(&out->range, hashes, kept.count);
    out->head = range_head(&out->range);
    if (!hash_equal(&out->head.root, &checkpoint.head.root)) {
        return error_set(err, ERR_UNTRUSTED,
                         "leaves [%llu, %llu) do not give the signed root",
                         (unsigned long long)kept.first,
                         (unsigned long long)checkpoint.head.size);
    }
    out->hashes = span_make(hashes, kept.count * sizeof(struct hash));
    *segment = kept;
    return 0;
}
