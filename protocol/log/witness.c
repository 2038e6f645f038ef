/* protocol/log: an outside witness's decisions, one request at a time.
 *
 * Owns: the order of the checks and the statuses. Must never answer 200 with
 * a smaller tree than before, nor with an earlier time; the caller must never
 * send a 200 before its state is durable. Next: tools/ for the program.
 */
#include "protocol/log/witness.h"

#include <inttypes.h>

#include "protocol/log/lines.h"
#include "protocol/log/proof.h"

void witness_log_init(struct witness_log *log, const struct vkey *key)
{
    *log = (struct witness_log){.key = *key,
                                .head = {.root = merkle_empty_root()}};
}

int witness_parse(struct span body, struct witness_request *request,
                  struct error *err)
{
    struct span rest = body;
    struct span line;
    struct span number;

    if (!lines_next(&rest, &line) || !lines_after(line, "old ", &number) ||
        !lines_number(number, &request->old_size)) {
        return error_set(err, ERR_MALFORMED,
                         "request does not begin with the old size");
    }
    int rc = proof_path_parse(&rest, "request", &request->path, err);

    if (rc == 0) {
        rc = note_parse(rest, &request->note, err);
    }
    if (rc == 0) {
        rc = checkpoint_parse_lines(request->note.text, &request->checkpoint,
                                    err);
    }
    if (rc == 0 && request->old_size > request->checkpoint.head.size) {
        rc = error_set(err, ERR_MALFORMED,
                       "old size %" PRIu64 " is larger than the checkpoint's",
                       request->old_size);
    }
    return rc;
}

/* The status, without having signed yet. */
static unsigned decide(const struct witness_request *request,
                       const struct witness_log *log, uint64_t now,
                       struct witness_answer *answer, struct error *err)
{
    struct note_verified verified[NOTE_LINES_MAX];
    size_t count = 0;

    if (log == NULL) {
        error_set(err, ERR_NOTFOUND, "origin is not one of this witness");
        return WITNESS_UNKNOWN;
    }
    if (!span_equal(request->checkpoint.origin, log->key.name) ||
        note_verify(&request->note, &log->key, 1, verified, &count, err) != 0) {
        error_set(err, ERR_UNTRUSTED,
                  "checkpoint is not signed by its log's key");
        return WITNESS_UNSIGNED;
    }
    if (request->old_size != log->head.size) {
        error_set(err, ERR_CONFLICT,
                  "old size %" PRIu64 ", but %" PRIu64 " was cosigned last",
                  request->old_size, log->head.size);
        return WITNESS_STALE;
    }
    answer->verdict = merkle_judge(&log->head, &request->checkpoint.head,
                                   &request->path, NULL);
    if (answer->verdict != MERKLE_CONSISTENT) {
        error_set(err, ERR_CONFLICT,
                  "tree of %" PRIu64 " %s the tree of %" PRIu64
                  " that was cosigned",
                  request->checkpoint.head.size,
                  answer->verdict == MERKLE_FORK ? "contradicts"
                                                 : "is not shown to continue",
                  log->head.size);
        return WITNESS_REFUSED;
    }
    if (now < log->time && log->time - now > WITNESS_CLOCK_BEHIND_S) {
        error_set(err, ERR_USAGE,
                  "clock is %" PRIu64 " s behind the last cosignature: set "
                  "it right first",
                  log->time - now);
        return WITNESS_CLOCK;
    }
    return WITNESS_OK;
}

unsigned witness_step(const struct witness *witness,
                      const struct witness_request *request,
                      const struct witness_log *log, uint64_t now,
                      struct witness_answer *answer, struct error *err)
{
    memset(answer, 0, sizeof(*answer));
    answer->status = decide(request, log, now, answer, err);
    if (answer->status != WITNESS_OK) {
        return answer->status;
    }
    answer->log = *log;
    answer->log.head = request->checkpoint.head;
    answer->log.time = now > log->time ? now : log->time;
    if (cosignature_sign(request->note.text, answer->log.time, &witness->key,
                         witness->secret, &answer->cosignature, err) != 0) {
        answer->status = WITNESS_CLOCK; /* a time that nobody could verify */
    }
    return answer->status;
}

void witness_answer_put(const struct witness *witness,
                        const struct witness_answer *answer,
                        const struct witness_log *log, struct buf *out)
{
    if (answer->status == WITNESS_OK) {
        cosignature_put_line(&answer->cosignature, &witness->key, out);
    } else if (answer->status == WITNESS_STALE) {
        buf_put_fmt(out, "%" PRIu64 "\n", log->head.size);
    }
}
