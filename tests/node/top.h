/* A node of its own for a test: number 1, realm "thu", unit 2001. */
#ifndef QCDC_TESTS_NODE_TOP_H
#define QCDC_TESTS_NODE_TOP_H

#include "tests/support/test.h"

#include "node/config.h"
#include "node/peers.h"

extern struct engine *engine;    /* between the two */
extern struct config top_config; /* of it; may be changed under it */

/* cmocka's setup and teardown. */
int top_open(void **state);
int top_close(void **state);

#endif
