/* A bundle: the frames of a link in a file, for a USB stick (frozen).
 *
 *     "qcdc bundle\n" (12 bytes)
 *     u16 length || BundleHead (link.proto)
 *     crypto_box_seal(key, 32 bytes) to the receiver's transport key, 80 bytes
 *     signature of the sender's node-actor key over
 *         SHA-256("qcdc/bundle/v1\n" || everything before it), 64 bytes
 *     chunks, the last one marked:
 *         u32: bit 31 = the last one, the rest = length of what follows
 *         XChaCha20-Poly1305 under key, nonce "qcdc/bdl" || u64 number of the
 *         chunk from 0 || u8 last || 7 zero bytes
 *
 * A chunk holds whole frames, each u32 length || frame bytes. The key is of
 * this bundle alone; only sender and receiver know it, so that what opens
 * under it is the sender's. A cut, a chunk left out, moved or changed does
 * not open. Numbers are big-endian.
 *
 * What is in it, in this order. From child to guard: HELLO and Offers (heads,
 * the token last committed, the deliveries held), Batches of its logs that the
 * guard has not cosigned yet, Spooled frames (recorded, in no log), a HeardAsk
 * when there is nothing else to cosign. From guard to child: HELLO, Batches of
 * directory logs and of the child's own logs where it lacks them, Cosigned and
 * Held, Spooled events that the child lacks, the Staged note, Deliveries.
 *
 * Both ways, after the heads, Successors: the root key's words on who leads the
 * realm. A receiver that does not know the signature of a bundle of its top
 * node takes these first; nothing else of it counts before one of them names
 * the key that signed it.
 *
 * Both ways, after those, AttachAsks: files that the sender lacks, and from
 * where on; at the end AttachChunks: pieces of those that the other lacked.
 * Likewise BodyAsks, and BodyGives after the deliveries: private bodies for
 * readers further on; to a superior also those that the events before are owed.
 * A bundle with a size ends before the first thing that does not fit; what is
 * in it stands by itself, a Staged note only with all that it stands on.
 *
 * The rules that keep one history (DESIGN sections 5 and 6):
 *
 *  1. A child never sequences because it exports. It sequences in a session
 *     with its guard, or what a staging note of its guard lists.
 *  2. The guard stages what came unsequenced. There is one note for a size of
 *     a log: made when it is first said, kept, said again byte for byte while
 *     the log stands at that size. What is staged later waits for the next.
 *  3. A note goes into a bundle only while no session with that child is open;
 *     a session says it before the guard's first Want. So a child in a session
 *     knows of every note, and sequences what it lists first. Which makes the
 *     order of arrival of bundle, reply and session indifferent:
 *       export (S1), session, bundle comes:   S1 is in the log, nothing staged
 *       export (S1), bundle comes, S2 recorded, session, reply comes:
 *                                  the session says the note, S1 then S2 are
 *                                  sequenced, the reply is already done
 *       export, bundle, reply applied, session:   the session fetches the rest
 *  4. A note is applied only if the child's log stands at its size with its
 *     root; the same list over the same leaves under the same keys gives the
 *     same checkpoint, so that a restored image that applies it again forks
 *     nothing. If the log went on, the note is old and changes nothing.
 *  5. A bundle is a picture of the past: an older head or token in it is no
 *     proof of a restored image, and freezes nothing; two roots of one size
 *     do. With an older token no new note is made, though: what the child
 *     signed in sessions it may have forgotten.
 */
#ifndef QCDC_PROTOCOL_LINK_BUNDLE_H
#define QCDC_PROTOCOL_LINK_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/link/frames.h"

#define BUNDLE_VERSION 1u
#define BUNDLE_SEALED_SIZE (32u + SEAL_OVERHEAD)
#define BUNDLE_HEAD_MAX 1024u /* all before the first chunk */
#define BUNDLE_FILL 65536u    /* a chunk is closed when it holds more */
#define BUNDLE_CHUNK_MAX                                                       \
    (BUNDLE_FILL + 4u + FRAME_MAX + AEAD_OVERHEAD) /* without the length */

struct bundle_head {
    uint32_t version;
    char realm[REALM_MAX + 1];
    uint32_t from, to; /* nodes */
    uint64_t made_ms;
    struct key_id key; /* it is sealed to */
    char software[FRAME_SOFTWARE_MAX + 1];
    /* of a head that was read */
    uint8_t sealed[BUNDLE_SEALED_SIZE];
    struct hash signed_hash; /* of what the signature covers */
    struct signature signature;
};

/* Appends all that stands before the chunks. `sealed` is seal_to of the key.
 * ERR_LIMIT. */
int bundle_head_put(const struct bundle_head *head, struct span sealed,
                    const struct sign_secret *actor, struct buf *out,
                    struct error *err) MUST_USE;

/* Reads it from the first bytes of a file; *used = where the chunks begin.
 * ERR_MALFORMED: no bundle, or cut short; ERR_USAGE: of a newer version. */
int bundle_head_take(struct span bytes, struct bundle_head *out, size_t *used,
                     struct error *err) MUST_USE;

/* Is it signed by that node-actor key? */
bool bundle_head_verify(const struct bundle_head *head,
                        const struct sign_public *actor) MUST_USE;

/* One pass over the chunks, writing or reading. Wipe it. */
struct bundle_stream {
    struct body_key key;
    uint64_t chunk; /* number of the next */
    bool ended;     /* the last one went through */
};

/* The key out of a head that was read. ERR_UNTRUSTED. */
int bundle_open(const struct bundle_head *head, const struct box_public *pub,
                const struct box_secret *sec, struct bundle_stream *out,
                struct error *err) MUST_USE;

/* Appends one chunk with its length. `plain` is whole frames (bundle_put) or
 * empty. ERR_LIMIT; ERR_USAGE after the last one. */
int bundle_seal(struct bundle_stream *stream, struct span plain, bool last,
                struct buf *out, struct error *err) MUST_USE;

/* What the four bytes before a chunk say. ERR_MALFORMED for a length that no
 * chunk has, or after the last one. */
int bundle_length(const struct bundle_stream *stream, const uint8_t four[4],
                  size_t *len, bool *last, struct error *err) MUST_USE;
/* Opens one chunk into `out` (len - AEAD_OVERHEAD bytes). ERR_UNTRUSTED. */
int bundle_unseal(struct bundle_stream *stream, struct span cipher, bool last,
                  uint8_t *out, struct error *err) MUST_USE;

/* Appends u32 length || frame. ERR_LIMIT, ERR as frame_encode. */
int bundle_put(const struct frame *frame, struct arena *arena, struct buf *out,
               struct error *err) MUST_USE;
/* Takes the next frame's bytes off an opened chunk. ERR_MALFORMED. */
int bundle_next(struct span *plain, struct span *frame,
                struct error *err) MUST_USE;

#endif
