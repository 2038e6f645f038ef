/* What the files of store share: the connection, its prepared statements, and
 * the helpers that bind, step and translate. Nobody else includes it.
 */
#ifndef QCDC_STORE_STORE_INTERNAL_H
#define QCDC_STORE_STORE_INTERNAL_H

#include <sqlite3.h>

#include "protocol/base/arena.h"
#include "protocol/crypto.h"
#include "protocol/event/leaf.h"
#include "protocol/record/directory.h"
#include "store/integrate.h"
#include "store/log.h"
#include "store/store.h"

/* One table of SQL texts a file; all are prepared at open. */
enum query_owner {
    OWNER_META,
    OWNER_LOG,
    OWNER_SEGMENT,
    OWNER_COSIG,
    OWNER_SPOOL,
    OWNER_EVENT,
    OWNER_SUBJECT,
    OWNER_DIRECTORY,
    OWNER_ACTOR,
    OWNER_BRACKET,
    OWNER_FAULT,
    OWNER_VERIFY,
    OWNER_WORK,
    OWNER_INTEGRATE,
    OWNER_REJUDGE,
    OWNER_REFOLD,
    OWNER_EVALUATE,
    OWNER_RECORD,
    OWNER_SETTLE,
    OWNER_CELL,
    OWNER_BODY,
    OWNER_ASOF,
    OWNER_REBUILD,
    OWNER_SEARCH,
    OWNER_BOOK,
    OWNER_DELIVERY,
    OWNER_ERASE,
    OWNER_ATTACHMENT,
    OWNER_ATTACHMENT_REF,
    OWNER_FILES,
    OWNER_QUEUE,
    OWNER_CHECK,
    OWNER_DERIVED,
    OWNER_LOOSE,
    OWNER_TABLES,
    OWNER_RECOVERY,
    OWNER_PATROL,
    OWNER_MEND,
    OWNER_STAGED,
    OWNER_ARRANGE,
    OWNER_EPOCH,
    OWNER_PARTY,
    OWNER_WANTED,
    OWNER_GUARD,
    OWNER_COUNT
};

struct query_table {
    const char *const *sql;
    size_t len;
};

extern const struct query_table rejudge_queries, meta_queries, log_queries,
    segment_queries, cosig_queries, spool_queries, event_queries,
    directory_queries, actor_queries, bracket_queries, fault_queries,
    verify_queries, work_queries, integrate_queries, refold_queries,
    evaluate_queries, subject_queries, record_queries, settle_queries,
    cell_queries, body_queries, asof_queries, rebuild_queries, search_queries,
    book_queries, delivery_queries, erase_queries, attachment_queries,
    attachment_ref_queries, files_queries, check_queries, derived_queries,
    loose_queries, tables_queries, recovery_queries, patrol_queries,
    mend_queries, queue_queries, staged_queries, arrange_queries, epoch_queries,
    party_queries, wanted_queries, guard_queries;

extern const struct query_table *const owners[OWNER_COUNT];

/* Places: log << 40 | index. */
#define PLACE_BITS 40
#define PLACE_INDEX_MAX ((1ULL << PLACE_BITS) - 1)
/* Staged events stand behind every leaf that a log can have (staged.h). */
#define STAGED_FIRST (1ULL << (PLACE_BITS - 1))
#define RANK_SPOOL ((uint64_t)0x7fffff << PLACE_BITS)

static inline int64_t place_of(uint32_t log, uint64_t index)
{
    return (int64_t)((uint64_t)log << PLACE_BITS | index);
}

static inline uint32_t place_log(int64_t place)
{
    return (uint32_t)((uint64_t)place >> PLACE_BITS);
}

static inline uint64_t place_index(int64_t place)
{
    return (uint64_t)place & PLACE_INDEX_MAX;
}

/* The newest answers of bracket.c: good within one transaction. */
struct bracket_memory {
    uint64_t changes;
    uint32_t node;
    uint64_t quoted_s;
    uint8_t hash[8];
    int64_t lower_s;
    uint64_t cover_changes;
    uint32_t log;
    uint64_t from;
    uint64_t until;
    int64_t upper_s;
};

struct store {
    sqlite3 *db;
    sqlite3_stmt **statements[OWNER_COUNT];
    bool read_only;
    uint32_t cache_kib;
    uint32_t wait_ms;
    bool in_transaction;
    bool fatal; /* an I/O error: nothing may be written any more */
    uint32_t self;
    int wal_pages;        /* in the WAL after the last commit */
    int wal_written;      /* ... of them in the file already */
    uint64_t changes;     /* grows with every write transaction begun */
    struct arena scratch; /* one call; rewound by who used it */
    struct arena leaves;  /* one segment, decoded */
    struct arena fold;    /* one record's events */
    struct arena duty;    /* one unit's records */
    struct directory_cache *directory; /* directory.c */
    struct segment_codec *codec;
    struct actor_cache *actors;     /* actor.c */
    struct work *work;              /* integrate.c: what a slice touched */
    struct numbering *numbering;    /* subject.c: in a rebuild, else NULL */
    int64_t record_last;            /* newest number given; -1 = not known */
    struct verify_state *verify;    /* verify.c */
    struct asof_state *asof;        /* asof.c */
    struct heard_cache *heard;      /* evaluate.c */
    struct bracket_memory brackets; /* bracket.c */
    enum {
        ERASURES_UNKNOWN,
        ERASURES_NONE,
        ERASURES_SOME
    } erasures;              /* erase.c: is any known */
    uint64_t erasures_acted; /* since the start, also again */
    int scrub;               /* scrub.c: META_SCRUB as stored */
    bool scrub_is_known;     /* ... once read */
    uint64_t bodies_wanted;  /* noted since the start */
    uint64_t deliveries;     /* changes of any queue since the start */
    uint64_t attachments_named;
    uint64_t attachments_back; /* of these: were erased, and live again */
    enum {
        FILES_UNKNOWN,
        FILES_NONE,
        FILES_SOME
    } files;             /* attachment_ref.c: is one named at all */
    bool files_erased;   /* ... may there be some to destroy */
    int64_t bad_segment; /* place of one that could not be read */
    enum {
        STAGED_UNKNOWN,
        STAGED_NOTHING,
        STAGED_SOME
    } staged; /* staged.c */
    struct {
        uint32_t log;     /* 0: nothing */
        struct hash root; /* of the log, then */
        struct range range;
    } mended;               /* mend.c: leaves before the segment mended last */
    struct store_log *logs; /* log.c: log_info */
    size_t logs_len;
    size_t logs_size;
};

/* ---- db.c ---- */

/* The statement, reset, without bindings. */
sqlite3_stmt *query(struct store *store, enum query_owner owner, int which);
/* Texts and blobs are borrowed until the statement is reset. */
void bind_int(sqlite3_stmt *q, int i, int64_t value);
void bind_span(sqlite3_stmt *q, int i, struct span bytes);
void bind_text(sqlite3_stmt *q, int i, const char *text);
int64_t column_int(sqlite3_stmt *q, int i);
uint32_t column_u32(sqlite3_stmt *q, int i);
struct span column_span(sqlite3_stmt *q, int i); /* until the next step */
/* Copies exactly `size` bytes; ERR_CORRUPT if the column has another size. */
int column_bytes(sqlite3_stmt *q, int i, void *out, size_t size,
                 struct error *err) MUST_USE;
void column_text(sqlite3_stmt *q, int i, char *text, size_t size);

/* 1 = a row, 0 = no (more) row (and the statement is reset), else an err. */
int query_row(struct store *store, sqlite3_stmt *q, struct error *err) MUST_USE;
/* Runs a write to its end and resets it. ERR_USAGE outside a transaction. */
int query_run(struct store *store, sqlite3_stmt *q, struct error *err) MUST_USE;
/* Ends a read early. */
void query_end(sqlite3_stmt *q);
/* Translates; the only place where SQLite's codes are looked at. */
int db_error(struct store *store, int rc, const char *what, struct error *err);
int db_exec(struct store *store, const char *sql, struct error *err) MUST_USE;

/* A copy in the arena; ERR_LIMIT if it is full. */
int arena_keep(struct arena *arena, struct span bytes, struct span *out,
               struct error *err) MUST_USE;
/* Doubles an empty arena after it ran out, up to `max`. ERR_LIMIT. */
int arena_grow(struct arena *arena, size_t max, struct error *err) MUST_USE;
/* Gives back what a large unit needed; empties the arena if it does. */
int arena_shrink(struct arena *arena, size_t size, struct error *err) MUST_USE;

/* ---- migrate.c ---- */
int migrate(struct store *store, struct error *err) MUST_USE;

/* ---- mend.c ---- */
/* Heads put together again from the segments, where the log signed that. */
int heads_mend(struct store *store, struct error *err) MUST_USE;

/* ---- meta.c ---- */
#define META_DAY "day"     /* that records and cells are of */
#define META_SCRUB "scrub" /* what is left to do after an erasure: */
#define SCRUB_NONE 0
#define SCRUB_FILE 1 /* make index and file anew, then */
#define SCRUB_WAL 2  /* empty the WAL */
#define META_REBUILD "rebuild_due"
int meta_int(struct store *store, const char *name, int64_t *value,
             struct error *err) MUST_USE; /* 0 if absent */
int meta_int_put(struct store *store, const char *name, int64_t value,
                 struct error *err) MUST_USE;

#endif
