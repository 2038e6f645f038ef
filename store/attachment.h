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
#include "protocol/crypto.h"
#include "protocol/event/attachment.h"
#include "store/store.h"

enum store_attachment_state {
    STORE_ATTACHMENT_MISSING = 0,
    STORE_ATTACHMENT_HELD = 1,
    STORE_ATTACHMENT_REFUSED = 2, /* of a type that is not allowed */
    STORE_ATTACHMENT_ERASED = 3,  /* nobody reads it; to be destroyed */
    STORE_ATTACHMENT_GONE = 4,    /* destroyed */
};

enum store_file_erased {
    FILE_LIVES,
    FILE_WAITS, /* a word was given, none that acts here */
    FILE_GOES,  /* one acts here */
};

/* That an event names a file. */
struct store_attachment_ref {
    struct event_id event;
    struct hash file;
    uint32_t node; /* of the event */
    enum store_file_erased erased;
    enum store_file_erased sealed; /* if the file is sealed: with its key */
    struct event_id by;            /* the Erased; zero: none */
};

struct store_attachment {
    int64_t row; /* for store_attachment_missing */
    struct hash file;
    uint32_t node; /* whose event names it */
    enum store_attachment_state state;
    uint64_t size; /* of one that is held */
    bool sealed;   /* of one that is, or was, held */
};

/* ERR_NOTFOUND: no event held here names it. */
int store_attachment_find(struct store *store, const struct hash *file,
                          struct store_attachment *out,
                          struct error *err) MUST_USE;
/* Missing ones after that row, in the order they were named. */
int store_attachment_missing(struct store *store, int64_t after,
                             struct store_attachment *list, size_t max,
                             size_t *len, struct error *err) MUST_USE;
/* The first held one after that row. ERR_NOTFOUND: none. */
int store_attachment_next_held(struct store *store, int64_t after,
                               struct store_attachment *out,
                               struct error *err) MUST_USE;
/* Does an event of a log name it, or only recorded ones that are in none? */
int store_attachment_logged(struct store *store, const struct hash *file,
                            bool *logged, struct error *err) MUST_USE;
/* MISSING or REFUSED; one that is erased stays so. Needs a transaction. */
int store_attachment_set(struct store *store, const struct hash *file,
                         enum store_attachment_state state,
                         struct error *err) MUST_USE;
/* It came whole. One that is erased is to be destroyed. Needs a transaction. */
int store_attachment_held(struct store *store, const struct hash *file,
                          uint64_t size, bool sealed,
                          struct error *err) MUST_USE;
/* ERR_NOTFOUND: that event does not name that file. */
int store_attachment_ref_find(struct store *store, const struct event_id *event,
                              const struct hash *file,
                              struct store_attachment_ref *out,
                              struct error *err) MUST_USE;
/* May there be files to destroy? At no cost. */
bool store_attachment_erasing(const struct store *store);
/* Files in state ERASED or GONE, at most `max`. */
int store_attachment_erased(struct store *store,
                            enum store_attachment_state state,
                            struct hash *files, size_t max, size_t *len,
                            struct error *err) MUST_USE;
/* They were destroyed. Needs a transaction. */
int store_attachment_gone(struct store *store, const struct hash *file,
                          struct error *err) MUST_USE;
/* How many are erased here, and how many elsewhere only. */
int store_attachment_erased_sum(struct store *store, uint64_t *gone,
                                uint64_t *waiting, struct error *err) MUST_USE;
struct store_attachment_sum {
    uint64_t held, missing, refused;
    uint64_t bytes; /* of those held */
};
int store_attachment_sum(struct store *store, struct store_attachment_sum *out,
                         struct error *err) MUST_USE;
/* Bytes of those held, by the node whose event named them first. The visitor
 * asks the store nothing. */
typedef void (*store_bytes_fn)(void *data, uint32_t node, uint64_t bytes);
int store_attachment_by_node(struct store *store, store_bytes_fn visit,
                             void *data, struct error *err) MUST_USE;
/* Grows when an event names a file that was not known. */
uint64_t store_attachment_named(const struct store *store);
/* Grows with it when that file was erased before. */
uint64_t store_attachment_back(const struct store *store);

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
/* What came of files that nobody finished takes at most max_bytes: the oldest
 * go, but not one that is busy. Returns the bytes that are left. */
typedef bool (*store_part_busy_fn)(void *data, const struct hash *file);
uint64_t store_parts_trim(const char *dir, uint64_t max_bytes,
                          store_part_busy_fn busy, void *data);
/* The files lie in so many folders, by the first byte of their hash. */
#define STORE_FILE_FOLDERS 256u
/* What all files of one of them take that have their name, whether an event
 * names them or not (yet): reads that folder. */
uint64_t store_files_bytes(const char *dir, unsigned folder);
/* A new one as a whole. */
int store_file_put(const char *dir, struct span bytes, struct hash *file,
                   struct error *err) MUST_USE;
/* Bytes from `offset`, appended to `out` as far as it has room. */
int store_file_piece(const char *dir, const struct hash *file, uint64_t offset,
                     struct buf *out, uint64_t *total,
                     struct error *err) MUST_USE;
/* Reads all of it, a piece at a time. ERR_NOTFOUND; ERR_CORRUPT: its bytes are
 * others than its name says; nothing is changed. */
int store_file_verify(const char *dir, const struct hash *file,
                      struct error *err) MUST_USE;
/* The same in pieces. Begin: ERR_NOTFOUND. Step: *done = all was read;
 * ERR_CORRUPT as above. End it in every case after a begin that went well; fd
 * < 0 is none. */
struct store_file_look {
    int fd;
    struct hash file;
    uint64_t at; /* bytes read */
    struct hasher hasher;
};
int store_file_look_begin(struct store_file_look *look, const char *dir,
                          const struct hash *file, struct error *err) MUST_USE;
int store_file_look_step(struct store_file_look *look, size_t max, bool *done,
                         struct error *err) MUST_USE;
void store_file_look_end(struct store_file_look *look);
/* Has it, or what came of it, lain there for a day? Then no event that is being
 * recorded will name it. */
bool store_file_is_old(const char *dir, const struct hash *file, int64_t now_s);
/* Is what lies there (or came of it so far) sealed? */
bool store_file_is_sealed(const char *dir, const struct hash *file);
/* Overwrites and removes it and what came of it so far; safe twice. Blocks that
 * a file system or a disk copied elsewhere are beyond its reach. */
int store_file_destroy(const char *dir, const struct hash *file,
                       struct error *err) MUST_USE;
/* All, in heap memory the caller frees; its hash is looked at again: what rots
 * is put away and ERR_CORRUPT, to be fetched anew. */
int store_file_read(const char *dir, const struct hash *file, uint8_t **bytes,
                    size_t *len, struct error *err) MUST_USE;

#endif
