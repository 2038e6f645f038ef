/* Bit rot, found and mended while the node has nothing else to do: see
 * store/mend.h. Behind engine.c; peers are asked for what is damaged here and
 * answered from what is held. */
#ifndef QCDC_NODE_MEND_H
#define QCDC_NODE_MEND_H

#include "node/peers.h"
#include "store/mend.h"

int mend_open(struct engine *engine, struct error *err) MUST_USE;
void mend_close(struct engine *engine);

/* An idle turn: a little of the patrol. Outside a transaction; commits. */
void mend_idle(struct engine *engine);
/* Asks open links for what waits to be mended. */
void mend_tick(struct engine *engine);
/* Milliseconds until the patrol or the asking wants its turn; UINT64_MAX while
 * there is something to integrate and nothing to ask for. */
uint64_t mend_deadline_ms(const struct engine *engine);
/* After ERR_CORRUPT: was it a segment? Then it is noted, what derives from
 * segments rests for a while, and the node goes on. */
bool mend_suspect(struct engine *engine);
bool mend_holds(const struct engine *engine);

/* LINK_DO_ANSWER_MEND, LINK_DO_MEND. */
void mend_answer(struct engine *engine, struct peer *peer,
                 const struct link_action *action);
void mend_take(struct engine *engine, struct peer *peer,
               const struct link_action *action);

#endif
