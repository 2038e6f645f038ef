/* A district's days on a disk that may fail: what it records, sequences, takes
 * in, has cosigned, integrates, settles, writes back and derives anew, as a
 * fixed list of deeds, each at most one transaction of the store. After each
 * deed the store has a known digest: the oracle of what was acknowledged.
 */
#ifndef QCDC_TESTS_FAULT_LABOUR_H
#define QCDC_TESTS_FAULT_LABOUR_H

#include "tests/store/scene.h"

#define LABOUR_PATH "/disk/qcdc.db"
#define LABOUR_ASOF "2024-11-30"

enum deed_kind {
    DEED_OPEN, /* makes the file: every migration */
    DEED_SELF,
    DEED_TAKE, /* a batch of another node: intake */
    DEED_COSIGN,
    DEED_RECORD, /* into the spool, integrated in the same transaction */
    DEED_SEQUENCE,
    DEED_INTEGRATE,
    DEED_SETTLE,
    DEED_BOOK, /* a token, a request, a refusal */
    DEED_READ, /* another connection looks, and goes */
    DEED_TIDY,
    DEED_TIDY_ALL,
    DEED_REOPEN,
    DEED_REBUILD
};

struct deed {
    enum deed_kind kind;
    size_t log, part;
    struct span leaf, bodies; /* of a record */
};

struct labour {
    struct scene scene;
    struct deed *deeds;
    size_t len, size;
    uint64_t *digests; /* after each deed; filled by labour_reference */
    uint64_t last;     /* after all, without queues */
};

/* `rounds` of scene_story; 0: the realm and a handful of events. */
void labour_open(struct labour *labour, int rounds);
void labour_close(struct labour *labour);

/* Does deed `i`; *store is opened, closed and kept by it. */
int labour_do(struct labour *labour, size_t i, struct store **store,
              struct error *err);
/* Does all on the disk in use; fills the digests; marks the trace. Returns
 * with the store closed. */
struct disk;
void labour_reference(struct labour *labour, struct disk *disk);

/* Every row of every table; or all but the delivery queues, whose numbers tell
 * in which order things were integrated. */
uint64_t labour_digest(struct store *store, bool queues);
/* Finishes what integration has to do, then `qcdc check`; prints what it
 * finds. */
uint64_t labour_findings(struct store *store);

#endif
