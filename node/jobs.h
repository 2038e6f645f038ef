/* Threads that verify signatures: actors over inproc PAIR sockets. A message
 * is a pointer to a slice and carries its ownership; nothing else is shared.
 * The loop thread hands slices out and records their verdicts. */
#ifndef QCDC_NODE_JOBS_H
#define QCDC_NODE_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/base/error.h"

struct jobs;
struct store_slice; /* store/integrate.h */

#define JOBS_THREADS_MAX 2u

/* Starts 1..JOBS_THREADS_MAX threads; returns when each said it is ready.
 * context: keeps (a zmq context). */
int jobs_open(void *context, unsigned threads, struct jobs **out,
              struct error *err) MUST_USE;
/* Ends the threads and frees slices under way. Accepts NULL. */
void jobs_close(struct jobs *jobs);

/* True while a thread would take another slice at once. */
bool jobs_has_room(const struct jobs *jobs);
/* Takes the slice. ERR_BUSY when jobs_has_room is false: still the caller's. */
int jobs_give(struct jobs *jobs, struct store_slice *slice,
              struct error *err) MUST_USE;
/* A slice that is done, the caller's again; NULL when there is none. */
struct store_slice *jobs_take(struct jobs *jobs);
/* Slices given and not taken back. */
size_t jobs_under_way(const struct jobs *jobs);

/* For zmq_poll. */
size_t jobs_sockets(struct jobs *jobs, void *sockets[JOBS_THREADS_MAX]);

#endif
