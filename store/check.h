/* Verify all that is stored; re-derive all that is derived.
 */
#ifndef QCDC_STORE_CHECK_H
#define QCDC_STORE_CHECK_H

#include "protocol/crypto.h"
#include "store/integrate.h"
#include "store/store.h"

struct store_finding {
    const char *what; /* "leaf", "hash", "root", "checkpoint", ... */
    char text[256];   /* where and what is wrong, one sentence */
};
typedef int (*store_finding_fn)(void *data,
                                const struct store_finding *finding);

struct store_check_options {
    struct store_now now; /* the day that the cells are of */
    store_finding_fn visit;
    void *data;
    /* Or NULL. Anything but 0, here or of visit, ends the check with it. */
    int (*progress)(void *data, uint64_t done, uint64_t total);
    uint64_t *erased; /* or NULL: bodies that are gone, with a ground */
    /* The node's folder, to read its attached files too, or NULL. */
    const char *files_dir;
    uint64_t *files;   /* or NULL: attached files that are sound */
    uint64_t *orphans; /* or NULL: files there that no event names */
    /* Or NULL: a file that whoever may write should look at. */
    void (*bad_file)(void *data, const struct hash *file);
};

/* Re-verifies every leaf hash, root, checkpoint signature, cosignature,
 * signature verdict, body commitment, and derives every event row, record and
 * cell again to compare. *findings = how many; 0 = sound. Reads only. */
int store_check(struct store *store, const struct store_check_options *options,
                uint64_t *findings, struct error *err) MUST_USE;

/* Drops event rows, records, cells and the search index and derives them
 * again, in its own transaction. Signature verdicts are kept unless
 * `verify_again`. Byte-identical tables. */
struct store_rebuild_options {
    struct store_now now;
    bool verify_again;
    bool no_search;
};
int store_rebuild(struct store *store,
                  const struct store_rebuild_options *options,
                  struct store_integrated *done, struct error *err) MUST_USE;

/* Records and cells as text, in key order: what rebuild must reproduce. */
int store_dump(struct store *store, void (*line)(void *data, const char *text),
               void *data, struct error *err) MUST_USE;

#endif
