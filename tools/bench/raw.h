/* The machine's own limits, measured beside qcdc in the same run.
 *
 * Each function measures one bare thing with nothing of qcdc's meaning in it:
 * signatures alone, durable inserts alone, messages alone, and a chain of
 * three processes that only hashes, stores and sends. Their figures are the
 * denominators of the ratios that the bench prints.
 *
 * All return 0 or a negative enum err; results are per second, wall clock.
 */
#ifndef QCDC_TOOLS_BENCH_RAW_H
#define QCDC_TOOLS_BENCH_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/error.h"

/* Seconds of the monotonic clock. */
double bench_now_s(void);

/* Ed25519 verifications per second, `threads` threads, `seconds` long. */
int raw_verify(unsigned threads, double seconds, double *per_s,
               struct error *err) MUST_USE;

/* SQLite in `dir`, WAL, synchronous=FULL: rows of `row_bytes` per second with
 * `per_commit` rows a commit. */
int raw_sqlite(const char *dir, unsigned per_commit, unsigned row_bytes,
               double seconds, double *rows_per_s, struct error *err) MUST_USE;

/* ZeroMQ DEALER to ROUTER over loopback TCP with CURVE: messages per second
 * of `bytes` each. */
int raw_zmq(unsigned bytes, unsigned messages, double *per_s,
            struct error *err) MUST_USE;

struct chain_load {
    const char *dir;      /* scratch folder, on the disk that counts */
    unsigned events;      /* in all */
    unsigned event_bytes; /* 520 in DESIGN section 11 */
    unsigned batch;       /* events a message and a commit */
    bool verify;          /* every signature at both hops */
};

/* Three processes: source, middle, end. Middle and end hash every event,
 * store the batch durably and pass it on; the end's acknowledgement travels
 * back. Events per second until the source has the last acknowledgement, and
 * microseconds of processor time an event, of the three together. */
int raw_chain(const struct chain_load *load, double *per_s, double *cpu_us,
              struct error *err) MUST_USE;

#endif
