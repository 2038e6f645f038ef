/* tlog-proof: one leaf's place in a cosigned tree, as a text anybody can
 * verify offline (tlog.md section 1.10).
 *
 *     c2sp.org/tlog-proof@v1
 *     extra BASE64            optional and not authenticated
 *     index N
 *     BASE64 hash             nearest to the leaf first
 *     <empty line>
 *     signed checkpoint, verbatim
 */
#ifndef QCDC_PROTOCOL_LOG_PROOF_H
#define QCDC_PROTOCOL_LOG_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/merkle.h"
#include "protocol/log/note.h"
#include "protocol/log/policy.h"

/* Longest text without its extra line and its note. */
#define PROOF_HEAD_MAX (23u + 26u + 45u * PROOF_HASHES_MAX + 1u)
#define PROOF_TEXT_MAX (PROOF_HEAD_MAX + 8u * 1024u + NOTE_MAX)

struct proof {
    struct span extra; /* base64 as it stands; {NULL, 0} if there is none */
    uint64_t index;
    struct merkle_path path;
    struct span note; /* the signed checkpoint; borrows, as extra */
};

/* Takes the hashes of a path, one a line, and the empty line after them off
 * `rest`; `what` they are part of stands in the error. ERR_MALFORMED,
 * ERR_LIMIT. */
int proof_path_parse(struct span *rest, const char *what,
                     struct merkle_path *path, struct error *err) MUST_USE;

/* ERR_MALFORMED, ERR_LIMIT. The note is only looked at by proof_verify. */
int proof_parse(struct span text, struct proof *proof,
                struct error *err) MUST_USE;

/* Appends the text. `extra` is written as it stands. */
void proof_format(const struct proof *proof, struct buf *out);

/* A cosignature that the policy's witness `witness` made. */
struct proof_cosigned {
    size_t witness; /* index into policy->witnesses */
    uint64_t time;  /* POSIX seconds by the cosigner's clock */
};

/* What a proof shows once it is verified. */
struct proof_facts {
    struct checkpoint checkpoint; /* borrows from the proof's text */
    struct proof_cosigned cosigned[NOTE_LINES_MAX]; /* in line order */
    size_t cosigned_count;
};

/* The leaf stands at `index` of a tree whose checkpoint is signed by a log of
 * the policy and cosigned as its quorum demands. ERR_MALFORMED, ERR_LIMIT
 * (also for a full arena, which is scratch and is rewound); ERR_NOTFOUND if
 * the policy does not know the origin; ERR_UNTRUSTED for all else. */
int proof_verify(const struct proof *proof, const struct hash *leaf_hash,
                 const struct policy *policy, struct arena *arena,
                 struct proof_facts *facts, struct error *err) MUST_USE;

/* The same without a policy: signed by this very log key and included;
 * cosignatures are not looked at. Errors as above. */
int proof_verify_log(const struct proof *proof, const struct hash *leaf_hash,
                     const struct vkey *log, struct checkpoint *checkpoint,
                     struct error *err) MUST_USE;

#endif
