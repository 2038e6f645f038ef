/* One run of store_check: shared by check.c and check_derived.c. */
#ifndef QCDC_STORE_CHECK_PARTS_H
#define QCDC_STORE_CHECK_PARTS_H

#include "store/check.h"
#include "store/store_parts.h"

struct checking {
    struct store *store;
    const struct store_check_options *options;
    const struct directory *dir;
    struct error *err;
    uint64_t findings;
    struct range block; /* the unfinished block of the log being read */
};

/* Counts one finding and shows it; what the visitor returned. */
int found(struct checking *c, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool is_damage(int rc);

/* The event rows of a segment, and of one leaf, say what the leaves say. */
int check_rows(struct checking *c, const struct store_log *log, uint64_t first,
               const struct segment_view *view) MUST_USE;
int check_row(struct checking *c, int64_t place, const struct leaf *leaf,
              enum signature_state signature) MUST_USE;
/* Records and cells are what would be derived now. */
int check_derived(struct checking *c) MUST_USE;

#endif
