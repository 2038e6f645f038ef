/* The realm goes on at another machine: the root key's word on who leads it
 * now (a TopNodeCertified with an epoch), kept apart from the directory, for
 * it is needed to read the directory log of that epoch at all.
 *
 * It proves itself: signed by the root key that this node was set up with. It
 * comes from whoever we took for above us, and goes to everybody below.
 */
#ifndef QCDC_NODE_SUCCESSOR_H
#define QCDC_NODE_SUCCESSOR_H

#include "node/peers.h"

#define STORE_META_SUCCESSOR "successor"

/* What the store keeps of it, into engine->successor. ERR_CORRUPT. */
int successor_load(struct engine *engine, struct error *err) MUST_USE;
/* One that came, or was just signed: kept if it is newer than what is known,
 * then told to all below; the link to an older machine is made anew. A word
 * that is none, or an older one, is refused and shown. */
int successor_take(struct engine *engine, struct span leaf,
                   struct error *err) MUST_USE;
/* Tells a child, if there is something to tell. */
void successor_send(struct engine *engine, struct peer *peer);
/* The same without a link: to a machine that is not to be talked with. */
void successor_answer(struct engine *engine, const struct route *route);
/* What the word says of a log that no certificate held here names. */
bool successor_log(const struct engine *engine, const struct origin *origin,
                   struct sign_public *key);
/* Another machine has our number: this one must not go on. */
bool successor_replaces_us(const struct engine *engine);

#endif
