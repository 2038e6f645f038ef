/* What one file of store offers the others, by file. Nobody else includes it.
 */
#ifndef QCDC_STORE_STORE_PARTS_H
#define QCDC_STORE_STORE_PARTS_H

#include <limits.h>

#include "protocol/duty/duty.h"
#include "protocol/event/types.h"
#include "protocol/link/segment.h"
#include "protocol/record/fold.h"
#include "store/log.h"
#include "store/query.h"
#include "store/store_internal.h"

#define LEAVES_ARENA ((size_t)2 << 20) /* a segment as stored, and opened */
#define SCRATCH_ARENA (8u << 20)       /* the facts of one leaf, decoded */
#define FOLD_ARENA (1u << 20)
#define FOLD_ARENA_MAX ((size_t)512 << 20)

/* ---- parts.c: what lives as long as the store ---- */
int parts_new(struct store *store, struct error *err) MUST_USE;
void parts_free(struct store *store);
/* After a rollback: forget whatever memory holds of the database. */
void parts_forget(struct store *store);

/* ---- meta.c ---- */
int self_load(struct store *store, struct error *err) MUST_USE;

/* ---- log.c ---- */
/* Who a log is, from memory; log 0 is our own spool. */
int log_info(struct store *store, uint32_t id, const struct store_log **log,
             struct error *err) MUST_USE;
int logs_sound(struct store *store, struct error *err) MUST_USE;

/* ---- segment.c ---- */
/* Blobs, head and blocks; nothing is integrated. */
int segment_store(struct store *store, const struct store_segment *segment,
                  const struct range *after, struct error *err) MUST_USE;
int segment_hashes(struct store_source *state, uint64_t index,
                   struct error *err) MUST_USE;
int segment_root(struct store *store, uint32_t log, uint64_t size,
                 struct hash *root, struct error *err) MUST_USE;
/* Decodes the segment of leaf `index` into store->leaves (reset). */
int segment_leaves(struct store *store, uint32_t log, uint64_t index,
                   uint64_t *first, struct segment_view *view,
                   struct error *err) MUST_USE;

/* ---- event.c ---- */
struct event_row {
    int64_t place;
    struct event_id event;
    struct event_id subject;
    int64_t
        record; /* number of the subject here; 0 = of a directory, or none */
    enum standing standing;
    uint32_t lacks; /* LACKS_* of types.h */
    enum signature_state signature;
    int64_t lower_s;
    int64_t upper_s;
    struct span leaf;
};
int event_put(struct store *store, const struct event_row *row,
              struct error *err) MUST_USE;
struct bracket;
/* ERR_NOTFOUND when there is no row at `from`. Brackets only ever grow. The
 * number of its record, for it is to be folded again. */
int event_move(struct store *store, int64_t from, int64_t to,
               const struct bracket *bracket, int64_t *record,
               struct error *err) MUST_USE;
struct judgement {
    enum standing standing;
    uint32_t lacks;
};
int event_judge_put(struct store *store, int64_t place,
                    struct judgement judgement, enum signature_state signature,
                    struct error *err) MUST_USE;
/* The leaf at a place: 1 and a row (spans until the statement is reset). */
void event_row_read(sqlite3_stmt *q, struct event_row *row);
#define EVENT_COLUMNS                                                          \
    "SELECT place, event, subject, standing, signature, lower_s, upper_s, "    \
    "leaf, lacks, record FROM events "

/* ---- subject.c ---- */
/* The number of a subject of which any event is held. ERR_NOTFOUND. */
int subject_find(struct store *store, const struct event_id *subject,
                 int64_t *record, struct error *err) MUST_USE;
/* The same for an event that comes, whose subject gets a number if it has
 * none. Its row must follow in the same transaction. */
int subject_number(struct store *store, const struct event_id *event,
                   const struct event_id *subject, int64_t *record,
                   struct error *err) MUST_USE;
/* A rebuild gives all numbers anew; in memory until the end, when the events
 * are indexed. */
int subject_bulk_begin(struct store *store, struct error *err) MUST_USE;
int subject_bulk_end(struct store *store, struct error *err) MUST_USE;
void subject_bulk_drop(struct store *store);

/* ---- actor.c: rights (formats.md section 3) ---- */
struct actor_mark {
    uint64_t rank;
    int64_t place;
    uint32_t unit;
    uint32_t rights;
    bool revoked;
};
uint64_t rank_of(const struct store_log *log, uint64_t index);
/* The actor's last certificate or revocation before `rank`. ERR_NOTFOUND. */
int actor_before(struct store *store, uint32_t node, const struct key_id *key,
                 uint32_t unit, uint64_t rank, struct actor_mark *mark,
                 struct error *err) MUST_USE;
/* Notes what an effective ActorCertified or ActorRevoked says. */
int actor_note(struct store *store, const struct leaf *leaf, int64_t place,
               uint64_t rank, struct error *err) MUST_USE;
int key_put(struct store *store, struct span key, struct error *err) MUST_USE;
/* Keys that a leaf certifies, whatever its standing. */
int key_note(struct store *store, const struct leaf *leaf,
             struct error *err) MUST_USE;
/* It does not count any more. */
int actor_drop(struct store *store, const struct leaf *leaf, uint64_t rank,
               struct error *err) MUST_USE;
/* What a certificate or revocation says; `rank` and `place` untouched. False
 * for every other event. */
bool actor_of(const struct leaf *leaf, struct key_id *id,
              struct actor_mark *mark);
/* A spooled certificate got its place in the log. */
int actor_move(struct store *store, const struct leaf *leaf, uint64_t from,
               int64_t place, uint64_t rank, struct error *err) MUST_USE;
int actor_new(struct store *store, struct error *err) MUST_USE;
void actor_free(struct store *store);
void actor_forget(struct store *store);

/* ---- judge.c ---- */
struct judge_input {
    const struct leaf *leaf;
    const struct store_log *log; /* where it stands; id 0 = spool */
    uint64_t rank;
    enum signature_state signature;
    const struct directory *directory;
};
int judge(struct store *store, const struct judge_input *input,
          struct judgement *out, struct error *err) MUST_USE;

/* ---- directory.c ---- */
#define LAST_DAY 0x7fffffffu /* the hierarchy as last stated */
struct directory_cache;
int directory_new(struct store *store, struct error *err) MUST_USE;
void directory_free(struct store *store);
void directory_forget(struct store *store);
/* A leaf of a directory log came in at this place. */
int directory_add(struct store *store, int64_t place, struct span bytes,
                  struct error *err) MUST_USE;
/* Applies what changed since the last call: standings, work to be done. */
int directory_settle(struct store *store, struct error *err) MUST_USE;
/* directory_change.c: notes as work all that may read differently in `after`,
 * on that day and later. */
int directory_changed(struct store *store, const struct directory *before,
                      const struct directory *after, uint32_t day,
                      struct error *err) MUST_USE;
/* Judges every directory event anew from its leaf, trusting no row; `differs`
 * hears of each place whose row says otherwise. Changes nothing. */
int directory_fresh(struct store *store, int (*differs)(void *, int64_t place),
                    void *data, struct error *err) MUST_USE;
/* The directory from leaves below limits, in the arena. */
int directory_known(struct store *store, const struct store_known *known,
                    struct arena *arena, struct directory *out,
                    struct error *err) MUST_USE;

/* ---- bracket.c ---- */
struct bracket {
    int64_t lower_s;
    int64_t upper_s;
};
/* Of a leaf in that log at that index (NULL known: all cosignatures). */
int bracket_of(struct store *store, const struct store_log *log, uint64_t index,
               const struct leaf *leaf, const struct store_known *known,
               struct bracket *out, struct error *err) MUST_USE;
/* The guard cosignature that a header quotes. ERR_NOTFOUND. */
int cosig_quoted(struct store *store, uint32_t node,
                 const struct header *header, struct store_cosig *cosig,
                 struct error *err) MUST_USE;
/* Keeps one that came with a delivery because a header quotes it. Its number
 * does not travel: until it is known it stands under one of its own. */
#define COSIG_UNNUMBERED ((uint64_t)1 << 62)
int cosig_quoted_keep(struct store *store, const struct store_cosig *cosig,
                      struct error *err) MUST_USE;
/* Remembers a quoted cosignature that is not held. */
int bracket_wait(struct store *store, int64_t place, const struct leaf *leaf,
                 struct error *err) MUST_USE;
/* Applies one to the events [from, its size) of its log. */
int bracket_apply(struct store *store, const struct store_log *log,
                  const struct store_cosig *cosig, uint64_t from,
                  struct error *err) MUST_USE;
/* Applies the guard cosignatures of a log that integration has not seen. */
int bracket_advance(struct store *store, const struct store_log *log,
                    struct error *err) MUST_USE;

/* ---- fault.c ---- */
/* By a cosigner whose clock a ClockFault declares wrong at that time. The
 * origin says the realm. */
bool line_is_void(const struct directory *dir, struct span origin,
                  const struct cosignature *line);
/* The same; of directory logs none is. */
int fault_void(struct store *store, const struct store_log *log,
               const struct cosignature *line, bool *is_void,
               struct error *err) MUST_USE;
/* Time and number of the first cosignature covering the leaf that is not
 * void; *upper_s 0: none. */
int fault_upper(struct store *store, const struct store_log *log,
                uint64_t index, uint64_t *number, int64_t *upper_s,
                struct error *err) MUST_USE;
/* Time of that number, or of the newest before it that is not void; 0: none. */
int fault_lower(struct store *store, uint32_t log, uint64_t number,
                int64_t *lower_s, struct error *err) MUST_USE;

/* ---- spool.c ---- */
/* Record events up to this number are in the log, moved or not. */
#define META_TAKEN "spool_taken"
/* A sequenced event: its row goes from the spool to `index` of our own log.
 * ERR_NOTFOUND: it was not spooled, or had no row (and is spooled no more). */
int spool_move(struct store *store, const struct store_log *log, uint64_t index,
               const struct leaf *leaf, struct error *err) MUST_USE;
/* A leaf of our own log that came back from another node (we were set back):
 * the same, whether or not it was sequenced here. ERR_NOTFOUND: not spooled. */
int spool_take_back(struct store *store, const struct store_log *log,
                    uint64_t index, struct span bytes,
                    struct error *err) MUST_USE;
/* Are there sequenced events whose rows have not moved yet? */
int spool_is_moving(struct store *store, bool *moving,
                    struct error *err) MUST_USE;

/* Record events of the spool up to this number are sequenced. */
int spool_taken(struct store *store, bool is_dir, int64_t *number,
                struct error *err) MUST_USE;

/* ---- staged.c ---- */
/* This leaf is in a log now, at that place: it is staged no more. */
int staged_forget(struct store *store, const struct leaf *leaf, int64_t to,
                  struct error *err) MUST_USE;

/* ---- integrate.c ---- */
/* Puts a record on the list of the present slice (0: there is none). */
int work_record(struct store *store, int64_t record,
                struct error *err) MUST_USE;
/* Notes a unit for store_settle. */
int work_unit(struct store *store, uint32_t unit, struct error *err) MUST_USE;
int work_units_of_node(struct store *store, uint32_t node,
                       struct error *err) MUST_USE;
int work_every_unit(struct store *store, struct error *err) MUST_USE;
/* Judges a node's (0: every not effective) event again, from that place. */
int work_rejudge(struct store *store, uint32_t log, struct error *err) MUST_USE;
/* Notes a record, or all of a unit, for later slices. */
int work_later(struct store *store, int64_t record, struct error *err) MUST_USE;
int work_records_of(struct store *store, uint32_t unit,
                    struct error *err) MUST_USE;
/* Makes the row of one leaf of a record log (or the record spool), judged and
 * bracketed; notes what it certifies and its subject. */
struct arrival {
    const struct store_log *log; /* id 0 = spool */
    uint64_t index;
    struct span leaf;
    enum signature_state signature; /* UNKNOWN: verified here if possible */
};
int work_arrival(struct store *store, const struct arrival *arrival,
                 const struct directory *dir, struct error *err) MUST_USE;
/* All that is held of one log, within *left events. */
int integrate_log(struct store *store, struct store_log *log,
                  const struct store_integrate_options *options, uint32_t *left,
                  struct store_integrated *done, struct error *err) MUST_USE;
int cursor_put(struct store *store, const struct store_log *log,
               uint64_t integrated, struct error *err) MUST_USE;
struct work;
int work_new(struct store *store, struct error *err) MUST_USE;
void work_free(struct store *store);
void work_forget(struct store *store);

/* ---- refold.c ---- */
/* One subject's events, as a fold wants them, from store->fold (reset). */
struct gathered {
    struct fold_event *events;
    int64_t *places; /* of the copy that counts */
    size_t len;
    enum record_kind kind; /* RECORD_NONE: its opening event is not held */
    struct event_id subject;
};
int gather(struct store *store, int64_t record, const struct store_known *known,
           const struct directory *directory, struct gathered *out,
           struct error *err) MUST_USE;
int fold_subject(struct store *store, int64_t number, uint32_t asof_day,
                 const struct store_known *known,
                 const struct directory *directory, struct gathered *gathered,
                 struct record_out *out, struct error *err) MUST_USE;
int refold(struct store *store, int64_t number, uint32_t day,
           struct error *err) MUST_USE;
/* Folds what is gathered into store->fold. */
int fold_gathered(struct store *store, const struct gathered *gathered,
                  const struct directory *directory, uint32_t asof_day,
                  struct record_out *out, struct error *err) MUST_USE;

/* ---- record.c ---- */
/* It wakes on its future_day: corrections are counted in there. */
int record_put(struct store *store, int64_t number,
               const struct record_out *record, bool *changed,
               struct error *err) MUST_USE;
int record_remove(struct store *store, int64_t number,
                  const struct event_id *subject, struct error *err) MUST_USE;

/* ---- settle.c ---- */
int settle_unit(struct store *store, uint32_t unit, uint32_t day,
                struct error *err) MUST_USE;

/* ---- evaluate.c ---- */
void heard_forget(struct store *store);

/* ---- party.c ---- */
/* Our direct child on the way to that node; 0 if it is not below us. */
uint32_t party_child_towards(const struct directory *dir, uint32_t self,
                             uint32_t node);
uint32_t party_child_of_unit(const struct directory *dir, uint32_t self,
                             uint32_t unit, uint32_t day);

/* Does a node that hosts readers of a record lie somewhere? */
struct party_question {
    const struct directory *dir;
    uint32_t self; /* this node */
    uint32_t peer; /* a child, or the node that recorded: as `match` wants */
    bool (*match)(const struct party_question *ask, uint32_t host);
};
/* Of one unit, which may be 0 or unknown: then no. */
bool party_hosts_any(const struct party_question *ask, uint32_t unit);
/* Of one event's addressees. */
bool party_addressed_any(const struct party_question *ask,
                         const struct header *header);
/* Of the event's own addressees, and of the readers of the record that `leaf`
 * (with its id) belongs to, as it is stored. */
int party_readers_any(struct store *store, const struct party_question *ask,
                      const struct leaf *leaf, bool *any,
                      struct error *err) MUST_USE;

/* ---- wanted.c ---- */
/* Which private bodies of the record are wanted here; NULL: there is no such
 * record any more. */
int wanted_note(struct store *store, const struct record_out *record,
                const struct gathered *gathered, struct error *err) MUST_USE;
/* It is not here any more: a segment was mended without it. */
int wanted_again(struct store *store, const struct event_id *event,
                 struct error *err) MUST_USE;

/* ---- delivery.c ---- */
int delivery_enqueue(struct store *store, const struct record_out *record,
                     const struct gathered *gathered, uint32_t day,
                     struct error *err) MUST_USE;

/* ---- body.c, search.c ---- */
/* Bodies of the event at a place: visits each with its index cleared. */
typedef int (*body_fn)(void *data, const struct body *body);
int body_each(struct store *store, int64_t place, body_fn visit, void *data,
              struct error *err) MUST_USE;

/* Indexes one event that no segment holds. */
int search_place(struct store *store, int64_t place, struct span leaf,
                 struct error *err) MUST_USE;

/* The opposite, before its text goes; *indexed = it was there. */
int search_forget(struct store *store, int64_t place, struct span leaf,
                  bool *indexed, struct error *err) MUST_USE;

/* ---- erase.c ---- */
/* Is any erasure known here at all? At no cost. */
int erasures_any(struct store *store, bool *any, struct error *err) MUST_USE;
/* Notes what a record's events erase, and destroys what goes here. */
int erasures_apply(struct store *store, const struct event_id *subject,
                   const struct record_erasure *words, size_t len,
                   struct error *err) MUST_USE;
/* Does one of the record's words act here on that body? */
bool erasure_acts(struct store *store, const struct record_out *record,
                  const struct event_id *event, uint32_t audience,
                  const struct directory *dir);
/* A list of bodies of that event without those erased here; borrows `list`
 * where nothing goes. */
int erasures_filter(struct store *store, const struct event_id *event,
                    struct span list, struct arena *arena, struct span *out,
                    struct error *err) MUST_USE;
/* Does that word act here? */
bool erasure_word_acts(const struct store *store, const struct directory *dir,
                       const struct record_erasure *word);
/* ---- attachment.c, attachment_ref.c ---- */
struct store_attachment_ref;
/* Notes which files a record's events name and erase; NULL: no such record. */
int attachments_note(struct store *store, const struct event_id *subject,
                     const struct record_out *record,
                     struct error *err) MUST_USE;
int attachment_add(struct store *store, const struct store_attachment_ref *ref,
                   struct error *err) MUST_USE;
/* The state of the file, by what its references say now. */
int attachment_settle(struct store *store, const struct hash *file,
                      struct error *err) MUST_USE;
/* What there should be noted of it. */
void attachment_ref_judge(struct store *store, const struct directory *dir,
                          const struct record_out *record,
                          const struct record_file *file,
                          struct store_attachment_ref *out);

/* ---- scrub.c ---- */
int scrub_put(struct store *store, int state, struct error *err) MUST_USE;

/* Appends the list without the body of that slot. */
int bodies_without(struct span list, uint8_t slot, struct buf *kept,
                   bool *found, struct error *err) MUST_USE;

/* ---- verify.c ---- */
int verify_new(struct store *store, struct error *err) MUST_USE;
void verify_free(struct store *store);
void verify_forget(struct store *store);
/* The verdicts of the segment that starts at this place, one byte an event;
 * ERR_NOTFOUND if there are none yet. */
int verdicts_get(struct store *store, int64_t place, uint8_t *marks,
                 uint32_t count, struct error *err) MUST_USE;
int verdicts_put(struct store *store, int64_t place, const uint8_t *marks,
                 uint32_t count, struct error *err) MUST_USE;
/* Verifies one leaf here and now. */
int verify_leaf(struct store *store, const struct leaf *leaf,
                enum signature_state *signature, struct error *err) MUST_USE;

/* ---- upgrade.c ---- */
int upgrade_note(struct store *store, struct error *err) MUST_USE;

/* ---- asof.c ---- */
/* Fills the temporary tables; *dir = the directory they were folded with. */
int asof_fill(struct store *store, struct store_now asof,
              const struct store_known *known, const struct directory **dir,
              struct error *err) MUST_USE;
void asof_free(struct store *store);
void asof_forget(struct store *store);
int asof_tables(struct store *store, struct error *err) MUST_USE;

/* ---- attachment_file.c ---- */
/* Where a file, or with a tail what belongs to it, lies. ERR_USAGE: too long.
 */
int file_path(const char *dir, const struct hash *file, const char *tail,
              char path[PATH_MAX], struct error *err) MUST_USE;
/* Makes the folders in which the file lies; `dir` is there. */
int file_folders(const char *dir, const struct hash *file,
                 struct error *err) MUST_USE;
/* All of it at that place; -1 with errno. */
int file_bytes_write(int fd, uint64_t offset, struct span bytes) MUST_USE;

/* ---- attachment_trim.c ---- */
/* Every name in the folders of attached files. */
typedef void (*file_entry_fn)(void *data, const char *folder, const char *name);
void file_entries(const char *dir, file_entry_fn visit, void *data);

/* ---- backup_files.c ---- */
/* From one folder of files into another, hashed on its way; it has its name
 * there when it is durable. ERR_NOTFOUND, ERR_CORRUPT: of `from`, nothing was
 * copied; ERR_LIMIT: `to` cannot be written. */
int file_copy(const char *from, const char *to, const struct hash *file,
              uint64_t *bytes, struct error *err) MUST_USE;

/* ---- restore_files.c ---- */
struct store_restore;
struct store_restored_report;
/* Files that `copy` holds come back; those that `there` (or NULL) erased do
 * not. Outside a transaction. */
int restore_files(struct store *copy, struct store *there,
                  const struct store_restore *restore,
                  struct store_restored_report *report,
                  struct error *err) MUST_USE;

#endif
