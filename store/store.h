/* store: what is durable. The door of the room; the nouns behind it are
 *
 *   store/log.h        logs, segments, guard cosignatures, proofs
 *   store/spool.h      events recorded and not yet in the log
 *   store/directory.h  the directory as of now; who holds which right
 *   store/integrate.h  from stored leaves to event rows, records and cells
 *   store/query.h      records, cells, evidence, search, snapshots
 *   store/book.h       the node's own notes: peers, tokens, requests, keys
 *   store/staged.h    events that came in a bundle and are in no log yet
 *   store/delivery.h   events owed to a child that is party of a record
 *   store/check.h      re-verify everything; re-derive everything
 *   store/erase.h      bodies that are destroyed, and their traces
 *   store/attachment.h files that events name by hash
 *   store/restore.h    copies: making one, putting one back
 *
 * One connection in one thread writes and checkpoints (Debian's SQLite has
 * the WAL-reset bug: libraries.md B2.1); readers open with read_only. The
 * room never logs, never exits, reads no clock and draws no random numbers.
 * It never decrypts a private body. Nothing may be acknowledged to a peer or
 * a person before store_commit has returned 0.
 *
 * Every function that writes needs an open transaction (ERR_USAGE without).
 * SQLite's codes never travel: ERR_NOTFOUND, ERR_BUSY (another process),
 * ERR_LIMIT (disk full: refuse writes, go on), ERR_IO (stop signing, exit),
 * ERR_CORRUPT (our file contradicts itself: stop).
 */
#ifndef QCDC_STORE_STORE_H
#define QCDC_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

struct store;

struct store_options {
    const char *path;   /* the database file */
    bool create;        /* make it if it is not there */
    bool read_only;     /* a reader: never writes, never checkpoints */
    uint32_t cache_kib; /* page cache; 0 = 8 MiB */
    uint32_t wait_ms;   /* for another process's lock; 0 = 2000 */
};

/* Opens and brings the schema up to date; refuses a newer one (ERR_USAGE).
 * Checks that every log's range gives its root (ERR_CORRUPT). */
int store_open(const struct store_options *options, struct store **out,
               struct error *err) MUST_USE;
/* NULL is fine. An open transaction is rolled back. */
void store_close(struct store *store);
/* From another thread: the statement under way ends with ERR_BUSY, and its
 * transaction is undone. One that begins a moment later goes on, so whoever
 * wants a long task to end says it again until that is over. */
void store_interrupt(struct store *store);

int store_begin(struct store *store, struct error *err) MUST_USE;
/* Durable when it returns 0. On failure the transaction is rolled back. */
int store_commit(struct store *store, struct error *err) MUST_USE;
void store_rollback(struct store *store);
bool store_in_transaction(const struct store *store);

/* From here to its close a read-only store shows one moment, whatever is
 * written meanwhile. ERR_USAGE for the writer. */
int store_look(struct store *store, struct error *err) MUST_USE;

/* Writes the WAL back: on idle turns or when due, outside a transaction. `all`
 * also truncates it (at close, before a backup). *pages_left = not yet written.
 */
int store_tidy(struct store *store, bool all, uint32_t *pages_left,
               struct error *err) MUST_USE;

/* True once 4 MiB wait in the WAL since it was last written back: tidy now,
 * idle or not, or a stream without a pause lets the file grow for ever. */
bool store_tidy_is_due(const struct store *store);

/* Called every few seconds: gives back the pages of the file that are kept in
 * memory if little was asked of them since the call before. *gave = it did:
 * the heap can be trimmed then. True when nothing is left to give back. */
bool store_rest(struct store *store, bool *gave);

/* True if the file was replaced under us: stop (libraries.md B2.11). */
bool store_has_moved(struct store *store);

/* The number of the node whose store this is; 0 until set. Written once. */
uint32_t store_self(const struct store *store);
/* The machine goes on under another node's number: a standby that is promoted.
 * What is derived must be derived again. */
int store_self_change(struct store *store, uint32_t node,
                      struct error *err) MUST_USE;
int store_self_set(struct store *store, uint32_t node,
                   struct error *err) MUST_USE;

/* Named values of the node (realm, root key, incarnation ...). The value
 * read lives in the arena. ERR_NOTFOUND. */
int store_meta_put(struct store *store, const char *name, struct span value,
                   struct error *err) MUST_USE;
int store_meta_get(struct store *store, const char *name, struct arena *arena,
                   struct span *value, struct error *err) MUST_USE;

#endif
