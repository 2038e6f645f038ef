/* Evidence of two histories of one log, as files beside the store:
 *   <dir>/evidence/<sha256>.qcdc-evidence   protocol/log/evidence.h
 *   <dir>/evidence/<sha256>.qcdc-tail       what was cut off a log that ended;
 *                                           its name stays when a body goes
 */
#ifndef QCDC_NODE_EVIDENCE_H
#define QCDC_NODE_EVIDENCE_H

#include "node/peers.h"

/* Takes what stands beyond `keep` out of a log of another node, and keeps it
 * as a file, one segment in memory at a time; noted for `sync`. In the open
 * transaction (tail.c). */
int tail_keep(struct engine *engine, const struct store_log *log, uint64_t keep,
              struct error *err) MUST_USE;

/* ---- tail_erase.c ---- */
/* Takes what is erased here out of every tail file, which keeps its name, and
 * removes what a crash left of one. ERR_IO: some of it is still there. Outside
 * a transaction. */
int tails_erase(struct engine *engine, struct error *err) MUST_USE;
/* The same of one segment; what is new lives in the turn. */
int tail_block_erase(struct engine *engine, struct segment *segment,
                     struct error *err) MUST_USE;

/* A segment in such a file: a line with the lengths, then the parts. */
#define TAIL_PARTS 5u
#define TAIL_LINE_SIZE 200u
#define TAIL_BLOCK_MAX ((size_t)4 << 20) /* beyond what a segment can be */
void tail_block_line(const struct segment *parts, char line[TAIL_LINE_SIZE],
                     struct span all[TAIL_PARTS]);
/* Nothing may stand behind it; borrows from block. ERR_MALFORMED. */
int tail_block_open(struct span block, struct segment *out,
                    struct error *err) MUST_USE;

/* What was cut off a log here, and where it lies. */
struct tail_note {
    uint64_t keep; /* where the log ended */
    uint64_t size; /* how much was held */
    const char *path;
};
/* Strings live in the arena. ERR_NOTFOUND: nothing was cut off that log. */
int tail_noted(struct engine *engine, const char *origin, struct arena *arena,
               struct tail_note *out, struct error *err) MUST_USE;

/* `note` is a checkpoint of that log, signed, that is no prefix of our copy:
 * makes the evidence, keeps it, and sends it to the peer. Once per log. */
void evidence_meet(struct engine *engine, struct peer *peer,
                   const struct link_action *action);
/* Evidence came from the peer. If it proves itself it is kept and the log is
 * frozen; one that a superior ended only if ours is not what he ended it with,
 * and then ours is given up as a tail. Else it is dropped, the peer named. */
void evidence_take(struct engine *engine, struct peer *peer,
                   const struct link_action *action);
/* Where the evidence against a log lies; ERR_NOTFOUND if there is none. */
int evidence_path(struct engine *engine, const char *origin,
                  struct arena *arena, const char **path,
                  struct error *err) MUST_USE;

#endif
