/* The writing connection lent to a thread for one long task: everything derived
 * again, or the file made anew after an erasure. One connection writes, one
 * thread has it: the loop gets a reader's in its place, which sees the moment
 * before, so questions are answered; whatever is to be written waits. */
#ifndef QCDC_NODE_LEND_H
#define QCDC_NODE_LEND_H

#include <stdbool.h>

#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct engine;

enum lend_task {
    LEND_REBUILD,
    LEND_SCRUB
};

/* From here on long tasks go to a thread; without it they are done at once, in
 * the caller's. ERR_NOMEM, ERR_IO. */
int lend_open(struct engine *engine, struct error *err) MUST_USE;
/* The task under way is cut short; what it did so far is undone. */
void lend_close(struct engine *engine);

/* Commits the turn and hands the store over. ERR_BUSY: it is lent. */
int lend_begin(struct engine *engine, enum lend_task task,
               struct error *err) MUST_USE;
/* True: engine->store is a reader's, engine_write refuses. */
bool lend_is_out(const struct engine *engine);
/* ERR_BUSY, in words. */
int lend_away(struct error *err);
/* Takes the store back if the task has ended; true if so. */
bool lend_take(struct engine *engine);
/* For poll: readable when the task has ended. -1 without lend_open. */
int lend_fd(const struct engine *engine);

/* engine_rebuild for a request that waits: ERR_BUSY until it is done; the same
 * request asked again then has the outcome. */
int lend_rebuild(struct engine *engine, struct span request,
                 struct error *err) MUST_USE;

#endif
