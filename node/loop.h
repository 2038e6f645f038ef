/* One thread, one zmq_poll: signals, the gate, the peers, the verifying
 * threads, the API. A turn is read, step, commit, send. */
#ifndef QCDC_NODE_LOOP_H
#define QCDC_NODE_LOOP_H

#include "node/config.h"
#include "protocol/base/error.h"

/* Blocks the signals that the loop wants to read. Before any thread exists
 * (libraries.md B1.15). */
int loop_block_signals(struct error *err) MUST_USE;

/* Opens everything, runs until SIGTERM, SIGINT or engine_stop, closes in
 * reverse. 0 for an orderly end. */
int loop_run(const struct config *config, struct error *err) MUST_USE;

#endif
