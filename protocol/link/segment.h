/* A batch as it travels and as it is stored: the same bytes (frozen).
 *
 *     leaves    (u16 length || leaf)*, zstd        -> leaves_z
 *     texts     text bodies, as body.h lists them, zstd -> texts_z
 *     privates  ciphertexts for the guard, the same list, as they are
 *     sealed    bodies that never leave the unit, the same list
 *     absent    (u16 index || u8 slot)*: bodies the sender no longer has
 *     note      the checkpoint, signed by the log's key, that ends the batch
 *
 * Lists ascend by (index, slot), each at most once. Forwarding never encodes
 * anew: a part that is not due at the receiver is left out whole. Numbers are
 * big-endian. DESIGN section 5, formats.md section 9.
 */
#ifndef QCDC_PROTOCOL_LINK_SEGMENT_H
#define QCDC_PROTOCOL_LINK_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/event/body.h"
#include "protocol/limits.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/merkle.h"

/* Arena bytes that suffice for one call below, whatever the input. */
#define SEGMENT_ARENA_MIN (1024u * 1024u)

/* The blobs; all borrowed. An empty list is an empty span. */
struct segment {
    uint64_t first; /* index of the first leaf = log size before */
    uint32_t count; /* leaves, 1..BATCH_EVENTS_MAX */
    struct span note;
    struct span leaves_z;
    struct span texts_z;
    struct span privates;
    struct span sealed; /* only in the store of the node that recorded them */
    struct span absent;
};

/* zstd's working memory; one per thread. */
struct segment_codec;

/* ERR_NOMEM. */
int segment_codec_new(struct segment_codec **codec, struct error *err) MUST_USE;
void segment_codec_free(struct segment_codec *codec); /* NULL is fine */

/* One event to be put into a segment. `bodies` ascend by slot; their index
 * field is not read: segment_build counts. */
struct segment_item {
    struct span leaf;
    const struct body *bodies;
    size_t bodies_len;
    uint8_t
        absent[BODIES_MAX]; /* slots that are named by the header but lost */
    size_t absent_len;
};

/* How many of the items, from the first, fit into one segment of about
 * `max_line` bytes on the line (0: as large as one may be). There leaves and
 * texts take 3/8 of theirs, bodies for the guard all of it. At least 1. */
size_t segment_fit(const struct segment_item *items, size_t len,
                   size_t max_line);

/* Encodes `len` items, first leaf at index `first`, ended by `note` (made by
 * the caller over the root with these leaves). The spans of `out` live in
 * `arena`; out->note is `note`. ERR_LIMIT for more than fits, ERR_USAGE for
 * a body without its index slot in order. */
int segment_build(struct segment_codec *codec, const struct segment_item *items,
                  size_t len, uint64_t first, struct span note,
                  struct arena *arena, struct segment *out,
                  struct error *err) MUST_USE;

/* A segment taken apart. Leaves and texts live in the arena; privates and
 * sealed bodies borrow from the segment. */
struct segment_view {
    uint32_t count;
    struct span leaves[BATCH_EVENTS_MAX];
    const struct body *bodies; /* ascending by (index, slot), all lists */
    size_t bodies_len;
    size_t raw_bytes; /* leaves and texts, uncompressed */
};

/* Takes a segment apart and checks its form, nothing else. ERR_MALFORMED,
 * ERR_LIMIT (a bomb, or the arena is too small). */
int segment_open(struct segment_codec *codec, const struct segment *segment,
                 struct arena *arena, struct segment_view *out,
                 struct error *err) MUST_USE;

/* True if the absent list names the body. */
bool segment_is_absent(const struct segment *segment, uint16_t index,
                       uint8_t slot);

/* The segment without one body, which is then listed as absent; everything else
 * stays to the byte. *found = false: it is not in here, nothing changed. What
 * is new lives in the arena. ERR_NOMEM, ERR_MALFORMED. */
int segment_erase(struct segment_codec *codec, struct segment *segment,
                  uint16_t index, uint8_t slot, struct arena *arena,
                  bool *found, struct error *err) MUST_USE;

/* The segment with a private body that its header names (the caller compared
 * it), no longer listed as absent; everything else stays to the byte. What is
 * new lives in the arena. ERR_USAGE for another slot or index, ERR_LIMIT. */
int segment_insert(struct segment *segment, const struct body *body,
                   struct arena *arena, struct error *err) MUST_USE;

/* Which bodies the receiver must get. */
enum segment_due {
    SEGMENT_DUE_TEXTS = 1,    /* every mirror */
    SEGMENT_DUE_PRIVATES = 2, /* the log's guard */
    SEGMENT_DUE_SEALED = 4,   /* the origin itself, in check and restore */
    SEGMENT_MAY_PRIVATES = 8, /* not due, but judged and kept: some came later,
                                 for readers behind a mirror */
};

/* What intake stores and signs. Lives in the arena. */
struct segment_checked {
    struct range range;       /* the log's compact range after the batch */
    struct merkle_head head;  /* = the note's size and root */
    struct span hashes;       /* leaf hashes, 32 bytes each */
    struct segment_view view; /* so that nobody opens it twice */
};

/* The whole of intake's judgement (DESIGN section 5): form and limits; note
 * signed by `log`; size = before + count; leaf hashes extend `before` to the
 * signed root; every due body present and matching its commitment, or listed
 * absent; no body that no header names. Parts not in `due` are emptied in
 * `segment`, so what is stored is what was checked. A leaf that is malformed
 * or not understood is no reason to refuse; its bodies are kept unchecked.
 * ERR_MALFORMED, ERR_LIMIT; ERR_UNTRUSTED if the note's signature, the root
 * or a commitment does not hold; ERR_BUSY if it does not begin at
 * before->size (a duplicate or a gap: nothing is wrong with the sender). */
int segment_check(struct segment_codec *codec, struct segment *segment,
                  const struct range *before, const struct vkey *log,
                  unsigned due, struct arena *arena,
                  struct segment_checked *out, struct error *err) MUST_USE;

#endif
