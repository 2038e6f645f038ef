/* Frozen bytes: lines `name hex` in tests/protocol/golden/FILE. A byte that
 * changes fails the test. With QCDC_GOLDEN=print in the environment the lines
 * are printed instead of compared: that is how a new one is made. */
#ifndef QCDC_TESTS_PROTOCOL_GOLDEN_H
#define QCDC_TESTS_PROTOCOL_GOLDEN_H

#include "protocol/base/span.h"

/* Fails the running test unless `bytes` are what FILE freezes under `name`. */
void golden_bytes(const char *file, const char *name, struct span bytes);

/* The whole text of a file of the source tree (path from the root), in memory
 * that the caller frees. */
char *golden_text(const char *path, size_t *len);

#endif
