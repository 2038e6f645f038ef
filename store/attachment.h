/* Files that events name by hash (protocol/event/attachment.h): which ones,
 * whether they are here, and the files themselves.
 *
 * The table is derived from the records. The files lie beside the database in
 * <dir>/attachments/xx/<hash>; one that is on its way ends in .part, and grows
 * only by durable pieces, so that a restart goes on where it was. Nobody opens
 * a file before its whole hash was right and its type is an allowed one.
 */
#ifndef QCDC_STORE_ATTACHMENT_H
#define QCDC_STORE_ATTACHMENT_H

#include "protocol/base/buf.h"
#include "protocol/event/attachment.h"
#include "store/store.h"

enum store_attachment_state {
    STORE_ATTACHMENT_MISSING = 0,
    STORE_ATTACHMENT_HELD = 1,
    STORE_ATTACHMENT_REFUSED = 2, /* of a type that is not allowed */
};

struct store_attachment {
    int64_t row; /* for store_attachment_missing */
    struct hash file;
    uint32_t node; /* whose event names it */
    enum store_attachment_state state;
    uint64_t size; /* of one that is held */
};

/* ERR_NOTFOUND: no event held here names it. */
int store_attachment_find(struct store *store, const struct hash *file,
                          struct store_attachment *out,
                          struct error *err) MUST_USE;
/* Missing ones after that row, in the order they were named. */
int store_attachment_missing(struct store *store, int64_t after,
                             struct store_attachment *list, size_t max,
                             size_t *len, struct error *err) MUST_USE;
/* Needs a transaction. */
int store_attachment_set(struct store *store, const struct hash *file,
                         enum store_attachment_state state, uint64_t size,
                         struct error *err) MUST_USE;
struct store_attachment_sum {
    uint64_t held, missing, refused;
    uint64_t bytes; /* of those held */
};
int store_attachment_sum(struct store *store, struct store_attachment_sum *out,
                         struct error *err) MUST_USE;
/* Grows when an event names a file that was not known. */
uint64_t store_attachment_named(const struct store *store);

/* ---- the files; `dir` = the node's folder ---- */

/* Its size; ERR_NOTFOUND. */
int store_file_size(const char *dir, const struct hash *file, uint64_t *size,
                    struct error *err) MUST_USE;
/* How much of it came so far: 0 if nothing. */
uint64_t store_file_part(const char *dir, const struct hash *file);
/* Durable when it returns 0. ERR_LIMIT: no room, or over ATTACHMENT_MAX. */
int store_file_append(const char *dir, const struct hash *file, uint64_t offset,
                      struct span bytes, struct error *err) MUST_USE;
/* All of it came: hash and type are looked at, then it gets its name. On
 * ERR_UNTRUSTED (other bytes) and ERR_MALFORMED (type) nothing stays. */
int store_file_finish(const char *dir, const struct hash *file, uint64_t *size,
                      struct error *err) MUST_USE;
/* A new one as a whole. */
int store_file_put(const char *dir, struct span bytes, struct hash *file,
                   struct error *err) MUST_USE;
/* Bytes from `offset`, appended to `out` as far as it has room. */
int store_file_piece(const char *dir, const struct hash *file, uint64_t offset,
                     struct buf *out, uint64_t *total,
                     struct error *err) MUST_USE;
/* All, in heap memory the caller frees; its hash is looked at again: what rots
 * is put away and ERR_CORRUPT, to be fetched anew. */
int store_file_read(const char *dir, const struct hash *file, uint8_t **bytes,
                    size_t *len, struct error *err) MUST_USE;

#endif
