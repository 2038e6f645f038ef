/* Evidence that a log told two stories: one self-contained text, checked by
 * anybody with the log's vkey and nothing else (tlog.md section 2.8).
 *
 *     qcdc/evidence/v1
 *     kind roots | history | leaves
 *     ... parts of the kind, in this order, and nothing after them
 *
 * roots: two checkpoints of one size with different roots.
 * history: an older and a newer checkpoint and a consistency path that leads
 *   to the newer root from another old root. Where the old size is a power of
 *   two the path omits that root, and a line states it.
 * leaves: two tlog-proofs of one position with different leaf hashes.
 *
 * Parts: `note LINES` or `proof LINES`, then that many lines verbatim;
 * `leaf BASE64` (a leaf's hash) before each proof; `root BASE64`;
 * `path COUNT`, then that many lines of base64.
 * A last part may follow in every kind: `chain COUNT`, then that many lines of
 * base64: leaves from the realm's first certificate down to the one that names
 * the log's key, so that the realm's root key alone suffices
 * (protocol/event/evidence_chain.h). It is not looked at here.
 * A proof that merely fails proves nothing and is not evidence.
 */
#ifndef QCDC_PROTOCOL_LOG_EVIDENCE_H
#define QCDC_PROTOCOL_LOG_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/merkle.h"
#include "protocol/log/note.h"

#define EVIDENCE_TEXT_MAX 65536u

enum evidence_kind {
    EVIDENCE_ROOTS,
    EVIDENCE_HISTORY,
    EVIDENCE_LEAVES
};

/* Spans borrow. */
struct evidence {
    enum evidence_kind kind;
    struct span parts[2];    /* two notes; two tlog-proofs for leaves */
    struct hash leaves[2];   /* leaves: the hash of each proof's leaf */
    bool has_old_root;       /* history: old_root is given */
    struct hash old_root;    /* the old root that the newer tree implies */
    struct merkle_path path; /* history */
    struct span chain;       /* lines of base64; may be empty */
    size_t chain_len;        /* how many */
};

/* What verified evidence shows. */
struct evidence_facts {
    struct checkpoint checkpoints[2]; /* borrow from the parts */
    uint64_t index;                   /* leaves: the position */
};

/* ERR_MALFORMED, ERR_LIMIT. */
int evidence_parse(struct span text, struct evidence *evidence,
                   struct error *err) MUST_USE;

/* Appends the text. Parts end with a newline, as parsed notes do. */
void evidence_format(const struct evidence *evidence, struct buf *out);

/* 0 only if the log that holds `log` did sign both and they contradict each
 * other. ERR_MALFORMED, ERR_LIMIT; ERR_UNTRUSTED if it shows nothing. */
int evidence_verify(const struct evidence *evidence, const struct vkey *log,
                    struct evidence_facts *facts, struct error *err) MUST_USE;

#endif
