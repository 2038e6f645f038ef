/* The realm goes on at another machine: the root key's words on who leads it
 * (each a TopNodeCertified with an epoch), kept apart from the directory, for
 * they are needed to read the directory logs of those epochs at all.
 *
 * A word proves itself: signed by the root key that this node was set up with.
 * It comes from whoever we took for above us, or from a child that heard it
 * elsewhere, and goes to everybody below and to whom we take for above us, by
 * link and by stick (bundle_words.c).
 * All are kept: a node that was away for two promotions reads two new logs.
 */
#ifndef QCDC_NODE_SUCCESSOR_H
#define QCDC_NODE_SUCCESSOR_H

#include "node/peers.h"

/* Of the newest; those before have ".EPOCH" behind. */
#define STORE_META_SUCCESSOR "successor"

/* What the store keeps, into engine->successor and before. ERR_CORRUPT. */
int successor_load(struct engine *engine, struct error *err) MUST_USE;
/* After an undone transaction: what is known is what the store keeps. */
void successor_forget(struct engine *engine);
/* One that came, or was just signed: kept if it is not known yet, then told to
 * all; the link to an older machine is made anew. What the root key did not
 * sign is refused and shown. */
int successor_take(struct engine *engine, struct span leaf,
                   struct error *err) MUST_USE;
/* Tells a peer in a session all words, the newest first. */
void successor_send(struct engine *engine, struct peer *peer);
/* The same without a link: to a machine that is not to be talked with. */
void successor_answer(struct engine *engine, const struct route *route);
/* What the words say of a log that no certificate held here names. */
bool successor_log(const struct engine *engine, const struct origin *origin,
                   struct sign_public *key);
/* The next epoch after that one of which there is a word; 0: none. */
uint32_t successor_epoch_after(const struct engine *engine, uint32_t epoch);
/* Calls it with each word kept here, the newest first, until it fails. */
typedef int (*successor_fn)(void *data, struct span word, struct error *err);
int successor_each(struct engine *engine, successor_fn visit, void *data,
                   struct error *err) MUST_USE;
/* The newest word if it names other keys for that node than any certificate
 * held here, whose directory log is still to come; else NULL. */
const struct successor *successor_ahead(struct engine *engine, uint32_t node);
/* Another machine has our number: this one must not go on. */
bool successor_replaces_us(const struct engine *engine);

#endif
