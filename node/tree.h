/* A node in a changing tree: who its parent is now and where, which guard made
 * a cosignature, and the facts that a superior need not type.
 *
 * Guard cosignatures over a change of guard. The guards of a log are those its
 * certificates of that epoch or a later one name, in their order. The list of
 * numbered cosignatures goes on over a change: the new guard takes the list as
 * the child shows it (every number up to there is by an earlier guard, or by
 * itself), and its own first one has the next number. A number is therefore
 * good if it is by a guard that is not earlier in that order than the guard of
 * the number before it. The new guard signs nothing before it holds
 * `guard_from` leaves with the root its certificate names, nor before it holds
 * every number that the child has, nor on a word of anybody but the child
 * (guard_may_number): two with one number cannot come to be, for the child is
 * in one session at a time. */
#ifndef QCDC_NODE_TREE_H
#define QCDC_NODE_TREE_H

#include "node/peers.h"

#define TREE_DEPTH_MAX 16u

/* The node above ours: as our newest certificate says, before there is one as
 * the configuration does. 0 for the top node. */
uint32_t tree_parent(struct engine *engine);
/* Where that node is reached and by which key. ERR_NOTFOUND when neither a
 * certificate nor the configuration says it. */
int tree_target(struct engine *engine, uint32_t parent,
                char endpoint[CONFIG_TEXT_SIZE], struct box_public *key,
                struct error *err) MUST_USE;
/* A top node that has a standby: every other try is made there, for after a
 * promotion it is the top node. False: not this time. */
bool tree_has_other(struct engine *engine, uint32_t parent);
bool tree_elsewhere(struct engine *engine, uint32_t parent, unsigned tries,
                    char endpoint[CONFIG_TEXT_SIZE], struct box_public *key);
/* After a change of the directory: moves the link to the parent where the
 * parent is another one, and starts sessions over whose guard changed. */
void tree_follow(struct engine *engine);

/* ---- detour.c: the way round a parent who does not answer ---- */
/* Once a turn, of the peer above: changes sides when it is time. */
void detour_tick(struct engine *engine, struct peer *peer);
/* What came on the detour says nothing new of the parent's key. */
bool detour_goes_on(struct engine *engine, const struct peer *peer);
/* Milliseconds until detour_tick has something to do; UINT64_MAX: never. */
uint64_t detour_wait_ms(const struct engine *engine, const struct peer *peer);

/* The key of whoever made a numbered cosignature of that log, among all its
 * guards; *turn = which of them (from 0), at least `from`. `name` holds the
 * key's name. ERR_UNTRUSTED: none of them did. */
int guard_key(struct engine *engine, const struct origin *origin,
              const struct cosignature *line, size_t from, char name[64],
              struct vkey *out, size_t *turn, struct error *err) MUST_USE;
/* Is the line by a mirror key that node was ever certified with? */
bool line_is_of(struct engine *engine, uint32_t node,
                const struct cosignature *line, char name[64],
                struct vkey *out);
/* We are guard after another one, and have made no number yet. */
bool guard_takes_over(struct engine *engine, const struct origin *origin,
                      const struct store_log *log);
/* We are guard after another one and have made no number yet: may more have
 * been signed of that log than we know? Then its node must sequence nothing.
 * `log` is what is held of it; NULL: nothing (takeover.c). */
bool guard_is_uninformed(struct engine *engine, const struct origin *origin,
                         const struct store_log *log);
/* The guard before us may sign on until it hears of the change, and so may its
 * numbers: our first one answers what came from the log's own node, or is made
 * in a session with it. `by`: who brought the news, 0: nobody. */
bool guard_may_number(struct engine *engine, const struct origin *origin,
                      const struct store_log *log, uint32_t by);
/* Did anybody but that node guard the log in its epoch? */
bool guard_had_other(struct engine *engine, const struct origin *origin,
                     uint32_t node);
/* As guard of a log: may we sign our first number now? ERR_BUSY, ERR_CONFLICT
 * say why not. */
int guard_may_begin(struct engine *engine, const struct origin *origin,
                    const struct store_log *log, struct error *err) MUST_USE;

/* Adds what the row leaves out and this node knows: of NodeCertified the keys
 * of the node as last certified, ourselves as guard from what we hold on, our
 * endpoint; of LogEnded epoch, size and root; of ActorBarred node, epoch and
 * size. Other types are left alone. Strings live in the arena. */
int tree_complete(struct engine *engine, const struct event_type *type,
                  struct field_pair *facts, size_t *len, size_t max,
                  struct arena *arena, struct error *err) MUST_USE;

#endif
