/* Evidence of two histories of one log, as files beside the store:
 *   <dir>/evidence/<sha256>.qcdc-evidence   protocol/log/evidence.h
 *   <dir>/evidence/<sha256>.qcdc-tail       what was cut off a log that ended
 */
#ifndef QCDC_NODE_EVIDENCE_H
#define QCDC_NODE_EVIDENCE_H

#include "node/peers.h"

/* Takes what stands beyond `keep` out of a log of another node, and keeps it
 * as a file, one segment in memory at a time; noted for `sync`. In the open
 * transaction (tail.c). */
int tail_keep(struct engine *engine, const struct store_log *log, uint64_t keep,
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
 * frozen; else it is dropped and the peer named. */
void evidence_take(struct engine *engine, struct peer *peer,
                   const struct link_action *action);
/* Where the evidence against a log lies; ERR_NOTFOUND if there is none. */
int evidence_path(struct engine *engine, const char *origin,
                  struct arena *arena, const char **path,
                  struct error *err) MUST_USE;

#endif
