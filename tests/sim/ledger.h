/* What everybody ever signed and every token ever given, kept by the
 * simulation beside the nodes: who goes on without permission is found at
 * once, not only where two histories meet.
 *
 *   a node with a guard sequences nothing between its start and the guard's
 *   greeting (DESIGN section 5, "spool, then sequence");
 *   a copy that shows an older token than its guard has seen sequences
 *   nothing before the other copy was silent for QUIET_MS (tlog.md 3.3, 6);
 *   no log has two histories, in heads or in cosignatures: promise.c.
 */
#ifndef QCDC_TESTS_SIM_LEDGER_H
#define QCDC_TESTS_SIM_LEDGER_H

#include "protocol/link/frames.h"
#include "tests/sim/net.h"
#include "tests/sim/world.h"

/* The machine has started: what it has signed so far is what it holds. */
void ledger_started(struct machine *machine);
/* A frame leaves on that connection. */
void ledger_sent(struct machine *from, const struct conn *conn,
                 const struct frame *frame);
/* A frame is handed to the program it goes to: the parent's, or the child's. */
void ledger_taken(const struct conn *conn, bool up, struct span bytes);
/* It has new keys, and no token yet. */
void ledger_rejoined(const struct machine *machine);
/* A guard was set back: it knows older tokens, and may. */
void ledger_set_back(const struct machine *machine);

#endif
