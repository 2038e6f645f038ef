/* The rows of DESIGN section 11 that real nodes answer: each measures and
 * prints its lines into the report. They run in this order on one tree, so
 * that the folders of the earlier rows are there for the later ones.
 */
#ifndef QCDC_TOOLS_BENCH_ROWS_H
#define QCDC_TOOLS_BENCH_ROWS_H

#include <stdint.h>

#include "protocol/base/error.h"
#include "tools/bench/report.h"

struct tree;

struct rows_options {
    struct tree *tree;
    struct report *report;
    uint64_t events; /* of the backlog rows */
};

/* Backlog of the chain: to the province and back, verified and counted at
 * both, memory of each node at that size. All three run afterwards. */
int rows_chain(const struct rows_options *options, struct error *err) MUST_USE;
/* 10,000 more through a relay that counts: time and bytes. */
int rows_wire(const struct rows_options *options, struct error *err) MUST_USE;
/* 200 events a second for 20 s through the commune's API. */
int rows_live(const struct rows_options *options, struct error *err) MUST_USE;
/* 113 processes below `dir`, a tree of their own: minutes. Does not use the
 * tree of the options but for its programs and rules. */
int rows_tree(const struct rows_options *options, const char *dir,
              struct error *err) MUST_USE;
/* 10,000 events over a slow, long line that is cut. Minutes. */
int rows_slow(const struct rows_options *options, struct error *err) MUST_USE;

#endif
