/* tlog-witness add-checkpoint as a state machine: a request, what is known of
 * the log, an answer (tlog.md section 1.8). No transport and no storage.
 *
 *     old N
 *     BASE64 hash             consistency proof, at most 63
 *     <empty line>
 *     signed checkpoint, verbatim
 *
 * The caller reads the log's state, steps, and on 200 stores the new state
 * only if the old one still stands, all in one transaction, before it answers.
 */
#ifndef QCDC_PROTOCOL_LOG_WITNESS_H
#define QCDC_PROTOCOL_LOG_WITNESS_H

#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/cosignature.h"
#include "protocol/log/merkle.h"
#include "protocol/log/note.h"

/* "old " and 19 digits, 63 hashes, the empty line, the note. */
#define WITNESS_REQUEST_MAX (24u + 45u * PROOF_HASHES_MAX + 1u + NOTE_MAX)
/* Longest answer: one cosignature line. */
#define WITNESS_ANSWER_MAX (4u + ORIGIN_MAX + 1u + 104u + 1u)

/* A cosigner's clock may stand this far behind its own last signature. */
#define WITNESS_CLOCK_BEHIND_S 3600u

#define WITNESS_OK 200u        /* stored, then answered with the cosignature */
#define WITNESS_MALFORMED 400u /* not a request */
#define WITNESS_UNSIGNED 403u  /* the log's key did not sign it */
#define WITNESS_UNKNOWN 404u   /* the origin is not one of ours */
#define WITNESS_STALE 409u     /* `old` is not what was cosigned last */
#define WITNESS_REFUSED 422u   /* not shown to continue what was cosigned */
#define WITNESS_CLOCK 503u     /* our own clock runs backwards: a person */

/* Borrows from the request's bytes. */
struct witness_request {
    uint64_t old_size;
    struct merkle_path path;
    struct note note;
    struct checkpoint checkpoint; /* not verified yet; its origin finds the
                                     log, nothing else may be believed */
};

/* What the witness knows of a log; head and time as last cosigned, or size 0,
 * the empty root and time 0 if it never was (witness_log_init). */
struct witness_log {
    struct vkey key;
    struct merkle_head head;
    uint64_t time; /* POSIX seconds */
};

/* The witness itself. */
struct witness {
    struct vkey key;                  /* VKEY_COSIGNATURE */
    const struct sign_secret *secret; /* keeps */
};

struct witness_answer {
    unsigned status;
    struct cosignature cosignature; /* if 200 */
    struct witness_log log;         /* if 200: the state to store */
    enum merkle_verdict verdict;    /* if 422: MERKLE_FORK is evidence
                                       together with the last checkpoint */
};

void witness_log_init(struct witness_log *log, const struct vkey *key);

/* ERR_MALFORMED or ERR_LIMIT: the answer is 400. */
int witness_parse(struct span body, struct witness_request *request,
                  struct error *err) MUST_USE;

/* `log` is NULL for an origin that is not ours. `now` in POSIX seconds; the
 * cosignature's time never goes back. Returns the status, which stands in
 * the answer too; for all but 200, err says why. */
unsigned witness_step(const struct witness *witness,
                      const struct witness_request *request,
                      const struct witness_log *log, uint64_t now,
                      struct witness_answer *answer, struct error *err);

/* Appends the answer's body: the line, or the size if 409, or nothing. `log` as
 * given to witness_step. */
void witness_answer_put(const struct witness *witness,
                        const struct witness_answer *answer,
                        const struct witness_log *log, struct buf *out);

#endif
