/* Evidence of two histories of one log, as files beside the store:
 *   <dir>/evidence/<sha256>.qcdc-evidence   protocol/log/evidence.h
 *   <dir>/evidence/<sha256>.qcdc-tail       what was cut off a log that ended
 */
#ifndef QCDC_NODE_EVIDENCE_H
#define QCDC_NODE_EVIDENCE_H

#include "node/peers.h"

/* Takes what stands beyond `keep` out of a log of another node, and keeps it
 * as a file. In the open transaction. */
int tail_keep(struct engine *engine, const struct store_log *log, uint64_t keep,
              struct error *err) MUST_USE;

#endif
