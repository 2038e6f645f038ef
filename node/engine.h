/* The node's decisions: the one door for the API and the only caller of the
 * store's writing functions. It owns the store, the keys, the links and the
 * unlocked officials; sockets belong to transport.h, time to clock.h.
 *
 * Every function runs on the loop thread, between the begin and the commit of
 * the present turn (it begins the turn's transaction itself when needed):
 * whoever calls one answers its own caller only after engine_commit, which
 * the loop runs before it lets answers out (DESIGN section 3, invariant 3).
 * Strings given in are borrowed. Results live in the arena given with them.
 */
#ifndef QCDC_NODE_ENGINE_H
#define QCDC_NODE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/event/code.h"
#include "protocol/event/leaf.h"

struct engine;
struct reader;
struct store;
struct store_copied_files;
struct directory;
struct config;
struct field_pair; /* protocol/event/facts.h: {path, value} */
struct transport;

#define SESSION_TEXT_SIZE 65u /* 64 hex characters and NUL */
#define REQUEST_ID_MAX 64u    /* bytes of a request id chosen by the caller */

/* ---- life ------------------------------------------------------------- */

/* Opens <dir>/store.db and <dir>/keys, resumes where it was. Keeps config
 * (until close). ERR_USAGE when the directory was never set up, ERR_UNTRUSTED
 * when keys and store do not belong together. */
int engine_open(const struct config *config, struct engine **out,
                struct error *err) MUST_USE;
/* Closes the store and wipes keys; before the transport ends. Accepts NULL. */
void engine_close(struct engine *engine);

/* For reading (store.h's queries). Writing is the engine's alone. */
struct store *engine_store(struct engine *engine);
const struct directory *engine_directory(struct engine *engine);
uint32_t engine_node(const struct engine *engine);
const char *engine_realm(const struct engine *engine);
bool engine_demo(const struct engine *engine);
uint64_t engine_now_ms(const struct engine *engine);

/* Demo realms only (TopNodeCertified.demo): the clock shows `now_ms` from now
 * on and goes on from there. ERR_USAGE elsewhere. */
int engine_clock_set(struct engine *engine, uint64_t now_ms,
                     struct error *err) MUST_USE;

/* A person says that the clock is right: cosigning goes on, until the next
 * HELLO shows the guard's clock more than an hour off again (cosign_clock.h).
 */
int engine_clock_confirm(struct engine *engine, struct error *err) MUST_USE;

/* ---- officials ---------------------------------------------------------- */

/* `rights` are bits of enum Right in event.proto. The registrar key of the
 * unit signs an ActorCertified; the new key and the unit's sealing secret are
 * wrapped under the password. `session` may be NULL for the first official of
 * a unit; afterwards an official of that unit must be logged in to hand the
 * sealing secret on (ERR_UNTRUSTED says so). */
struct official_request {
    const char *name;     /* for login: [a-z0-9._-]{1,32} */
    const char *post;     /* "Chủ tịch UBND xã", in the event */
    const char *password; /* 8 characters at least */
    const char *session;
    uint32_t unit;
    uint32_t rights;
};
int engine_official_add(struct engine *engine, const struct official_request *,
                        struct event_id *certified, struct error *err) MUST_USE;
/* ActorRevoked by the unit's registrar; the wrapped keys are deleted. */
int engine_official_revoke(struct engine *engine, const char *name,
                           struct error *err) MUST_USE;

struct official {
    const char *name;
    const char *post;
    uint32_t unit;
    uint32_t rights;
    struct key_id actor;
    bool revoked;
    bool logged_in;
};
int engine_officials(struct engine *engine, struct arena *arena,
                     const struct official **out, size_t *len,
                     struct error *err) MUST_USE;

/* Unlocks the official's key and the unit's sealing secret in memory, for ten
 * minutes after the last use. ERR_UNTRUSTED: name or password wrong (one
 * answer for both); ERR_BUSY: too many wrong ones, text says how long. */
int engine_login(struct engine *engine, const char *name, const char *password,
                 char session[SESSION_TEXT_SIZE], struct error *err) MUST_USE;
void engine_logout(struct engine *engine, const char *session);
/* The official behind a session. ERR_UNTRUSTED when it has ended. */
int engine_session(struct engine *engine, const char *session,
                   struct official *out, struct error *err) MUST_USE;

/* ---- recording ---------------------------------------------------------- */

/* One event as text pairs. Reserved paths are the header's:
 *   key         name for later rows ("subject" and "refs" may use it)
 *   unit        number; absent = the session's official's unit
 *   on          ISO date; absent = today at UTC+7
 *   subject     hex id, citizen code or key; absent = opens its subject
 *   refs, to    several separated by ';'  (to: unit numbers; for
 *               PetitionReferred and PersonNotified also the fact `to`)
 *   historical  "true" or "false"
 *   text.* and private.*  the bodies (Text and Private of event.proto)
 * every other path is one of the type's facts (protocol/event/facts.h). */
struct record_row {
    const char *type; /* "PetitionReceived" */
    const struct field_pair *fields;
    size_t fields_len;
    uint32_t line;          /* of the file, for messages; 0 = none */
    struct span request_id; /* for engine_record; may be empty */
};

/* What a slip prints. Pointers live in the arena. */
struct record_result {
    struct event_id id;
    struct event_id subject;           /* == id when it opened its subject */
    char code[CODE_TEXT_SIZE];         /* of the event */
    char subject_code[CODE_TEXT_SIZE]; /* of the subject: on the slip */
    const char *type;
    uint64_t recorded_ms;
    uint32_t on_day;
    uint32_t unit;
    const char *unit_name;
    const char *post; /* of the signing official, "" for directory acts */
    uint32_t due_day; /* of the record after it, 0 = none */
    /* Of a petition just taken in: may it be refused (Law 42/2013 Article 28:
     * complaints and denunciations only); by when its person is told, by the
     * rule of that day, 0 = outside the calendar. */
    bool refusable;
    uint32_t told_by_day;
    uint32_t told_by_days; /* working days */
    uint32_t standing;     /* enum standing of standing.h, 0 = counts */
    bool repeated;         /* the request id was known: first result again */
};

/* Directory types (UnitRegistered, RulesPublished ...) are signed by the
 * administration key and need no session (NULL or empty). Others need one.
 * A request id known already gives its first result. Errors: ERR_USAGE /
 * ERR_LIMIT (path, value and what is expected), ERR_UNTRUSTED (session, right),
 * ERR_NOTFOUND (key or code not known), nothing recorded. */
int engine_record(struct engine *engine, const char *session,
                  const struct record_row *row, struct arena *arena,
                  struct record_result *out, struct error *err) MUST_USE;

/* The record is a denunciation and no party of it is hosted here: it is shown
 * to nobody who searches (DESIGN section 4). */
struct store_record;
bool engine_denunciation_elsewhere(struct engine *engine,
                                   const struct store_record *record);

/* All rows or none. Every bad row is reported through `row_error` (the first
 * 100); with dry_run nothing is recorded. A row whose key is known already is
 * skipped and counted. Returns ERR_MALFORMED when any row was bad. */
struct import_request {
    const char *session;
    const struct record_row *rows;
    size_t rows_len;
    bool dry_run;
    struct span request_id;
    void (*row_error)(void *ctx, uint32_t line, const char *path,
                      const char *text);
    void *ctx;
};
struct import_result {
    uint64_t recorded;
    uint64_t skipped;
    uint64_t bad;
    bool repeated;
};
int engine_import(struct engine *engine, const struct import_request *request,
                  struct import_result *out, struct error *err) MUST_USE;

/* A private body, opened with the session's unit's sealing secret; who read
 * what is logged. Cleartext protobuf of `Private` in the arena; visit it with
 * facts.h. ERR_UNTRUSTED, ERR_NOTFOUND. */
int engine_private_read(struct engine *engine, const char *session,
                        const struct event_id *event, struct arena *arena,
                        struct span *out, struct error *err) MUST_USE;

/* After a disk was lost: an older recovery secret of the official's unit, as
 * the paper in the safe has it (protocol/event/paper.h). What was sealed to it
 * is readable again for the unit's officials when they log in. *unit = whose
 * it is. ERR_USAGE: mistyped (which group), or the present one; ERR_NOTFOUND:
 * of no unit here; ERR_UNTRUSTED: of another unit, nobody logged in. Nothing
 * is changed then. */
int engine_recovery_secret(struct engine *engine, const char *session,
                           const char *text, uint32_t *unit,
                           struct error *err) MUST_USE;

/* ---- joining ------------------------------------------------------------ */

struct invite_request {
    uint32_t node;          /* number of the child */
    const char *endpoint;   /* where it reaches us; NULL = config's */
    uint32_t numbers_first; /* range for its own registrations, 0 = none */
    uint32_t numbers_last;
    bool has_dir;        /* it will have subordinates */
    bool auto_confirm;   /* demo realms only */
    const char *reason;  /* of a node certified already: why it joins again,
                            as rejoin_parse knows it; NULL or "": a new node */
    const char *role;    /* "standby", "observer"; NULL or "": ordinary */
    const char *reached; /* of a standby: where it will listen */
};
/* The hosted units are those that the directory says `host` = node today.
 * Writes the one-line invitation. */
int engine_invite(struct engine *engine, const struct invite_request *request,
                  struct buf *line, struct error *err) MUST_USE;

struct join_pending {
    uint32_t node;
    char fingerprint[32];
    uint64_t received_ms;
};
int engine_join_pending(struct engine *engine, struct arena *arena,
                        const struct join_pending **out, size_t *len,
                        struct error *err) MUST_USE;
/* Writes NodeCertified. ERR_NOTFOUND: no request with that fingerprint. */
int engine_join_confirm(struct engine *engine, const char *fingerprint,
                        uint32_t *node, struct error *err) MUST_USE;

/* ---- sync --------------------------------------------------------------- */

struct sync_peer {
    uint32_t node;
    const char *name;
    const char *side;  /* "up" or "down" */
    const char *state; /* of the link: "connected", "waiting" ... */
    bool connected;
    uint64_t last_contact_ms; /* 0 = never */
    int64_t clock_skew_ms;    /* theirs minus ours at the newest HELLO */
    uint64_t to_send;         /* events not acknowledged by it */
    uint64_t to_fetch;        /* events it announced and we do not hold */
    uint64_t deliveries;      /* queued for it */
    uint64_t staged;          /* events of it that a bundle brought, unplaced */
    int64_t bundle_made_s;    /* the newest one made for it; 0 = never */
    int64_t bundle_taken_s;   /* the newest one taken from it; 0 = never */
    uint64_t refused;         /* batches, logs and frames of it, ever */
    bool holds;               /* whoever is below sequences nothing yet */
    const char *trouble;      /* what a person must do; "" = nothing */
    uint32_t reason;          /* enum link_reason of it, 0 = none */
    const char *role; /* "standby" (of the top node), "observer", "top" (we
                         stand by for it), "" */
};
/* Who leads the realm, where that ever changed, and this machine's part. */
enum sync_top_part {
    SYNC_TOP_NONE, /* nothing to say */
    SYNC_TOP_STANDS_BY,
    SYNC_TOP_OBSERVES,
    SYNC_TOP_LEADS,    /* this machine, since it was promoted */
    SYNC_TOP_MOVED,    /* another one than we were set up with */
    SYNC_TOP_REPLACED, /* this one was the top node and must stop */
};
struct sync_top {
    enum sync_top_part part;
    uint32_t node;    /* that leads, or is mirrored */
    uint32_t standby; /* of the realm, 0 = none */
    uint64_t since_ms;
    const char *endpoint;
};
/* A copy that was set back, fetched again: ours, or a peer's from ours. */
struct sync_recovery {
    bool shown; /* false: there is nothing to say */
    uint32_t reason;
    uint32_t source; /* the node at the other end */
    uint64_t from, until;
    int64_t since_s;
    int64_t done_s; /* 0: not yet */
    bool lost;      /* nobody linked has had it for a day */
};
struct sync_log {
    const char *origin;
    uint32_t node;
    uint64_t size; /* held here */
    uint64_t integrated;
    uint64_t guarded;  /* newest size its guard cosigned */
    int64_t guarded_s; /* when */
    int64_t heard_s;   /* 0 = never */
    uint64_t absent;   /* bodies listed absent */
    bool ended;        /* takes nothing beyond `end` any more */
    uint64_t end;
    const char *frozen;   /* reason, "" = not */
    const char *evidence; /* file of two histories of it, "" = none */
    const char *tail;     /* file of what was cut off it here, "" = nothing */
    uint64_t tail_events; /* in it, beyond the end */
    struct sync_recovery fetched, lent;
};
/* Bit rot: what waits to be mended, then what was. */
struct sync_damage {
    const char *text;
    const char *origin; /* of its log, or "" */
    const char *kind;   /* "segment", "cosignature", "derived", "here" */
    int64_t found_s;
    int64_t mended_s; /* 0: not yet */
    uint32_t source;  /* node it was mended from, 0: from what is here */
};
struct sync_status {
    const struct sync_peer *peers;
    size_t peers_len;
    const struct sync_log *logs;
    size_t logs_len;
    const struct sync_damage *damages;
    size_t damages_len;
    uint64_t only_here;    /* events that exist only on this machine */
    uint64_t only_here_ms; /* recorded time of the oldest, 0 = none */
    uint64_t spooled;      /* of them not yet sequenced */
    uint64_t refused;      /* frames and logs refused, ever */
    int clock_doubt;       /* enum cosign_doubt: why nothing is cosigned */
    uint64_t erased;       /* bodies erased, and gone here */
    uint64_t to_erase;     /* erased elsewhere, kept until approved here */
    uint64_t files_erased; /* the same of files that events name */
    uint64_t files_to_erase;
    uint64_t bodies_wanted; /* private ones on their way, store/wanted.h */
    bool disk_low;          /* nothing is recorded or taken in */
    uint64_t disk_free;     /* bytes */
    bool scrubbing;         /* traces in the files still to be removed */
    uint64_t to_recover;    /* older recovery secrets nobody has typed in */
    struct sync_top top;
};
int engine_sync_status(struct engine *engine, struct arena *arena,
                       struct sync_status *out, struct error *err) MUST_USE;

/* ---- bundles (protocol/link/bundle.h) -------------------------------------
 */

enum bundle_state {
    BUNDLE_NONE,
    BUNDLE_RUNS,
    BUNDLE_DONE,
    BUNDLE_FAILED
};
struct bundle_status {
    enum bundle_state state;
    bool made; /* one of ours, else one taken in */
    uint32_t from, to;
    uint64_t made_ms;
    uint64_t done, total; /* bytes */
    uint64_t events;      /* in logs, new at the receiver (taken in) or sent */
    uint64_t known;       /* likewise, but held already */
    uint64_t spooled;     /* recorded and in no log: sent, or staged now */
    uint64_t staged;      /* waiting here for their place, all of that node */
    uint64_t refused;     /* events that could not be staged */
    uint64_t sequenced;   /* put into our log as the guard's note says */
    uint64_t cosigs;      /* guard cosignatures */
    uint64_t deliveries;
    uint64_t bodies;     /* private ones for readers further on */
    uint64_t files;      /* sent to their end, or complete here now */
    uint64_t file_bytes; /* of pieces of files */
    bool cut;            /* it ends at its size; left of ours: */
    uint64_t events_left, deliveries_left;
    uint64_t files_left, file_bytes_left; /* cut or not */
    bool token_old;        /* it shows an older token than the newest */
    uint32_t asks_to_join; /* node whose request it was, 0 = it was none */
    char fingerprint[24];  /* ... to compare with what `join` printed there */
    bool joined;           /* ... it is certified; or this node is, by it */
    char note[256];        /* what a person should know, "" = nothing */
    struct error err;
};
/* A piece of a bundle that comes in; offset 0 begins anew. */
int engine_bundle_put(struct engine *engine, uint64_t offset, struct span bytes,
                      struct error *err) MUST_USE;
/* Takes in what was put: checked whole first (ERR_USAGE, ERR_MALFORMED,
 * ERR_UNTRUSTED: nothing changes), then slice by slice: see the status. */
int engine_bundle_import(struct engine *engine, struct error *err) MUST_USE;
#define BUNDLE_SIZE_LEAST 65536u
/* Makes one for a node (0: the superior), in one go, of at most max_bytes (0:
 * whatever it takes, but few files). ERR_BUSY: try again in a moment;
 * ERR_NOTFOUND, ERR_USAGE: for whom, how large? */
int engine_bundle_export(struct engine *engine, uint32_t to, uint64_t max_bytes,
                         struct error *err) MUST_USE;
/* The newest import or export. */
void engine_bundle_status(struct engine *engine, struct bundle_status *out);
/* At most `max` bytes of what was made, after its commit; empty at the end. */
int engine_bundle_get(struct engine *engine, uint64_t offset, size_t max,
                      struct arena *arena, struct span *out,
                      struct error *err) MUST_USE;

/* ---- proofs and figures ---------------------------------------------------
 */

/* formats.md section 8. ERR_BUSY: not cosigned by the guard yet. */
int engine_receipt(struct engine *engine, const struct event_id *event,
                   struct buf *out, struct error *err) MUST_USE;
/* The tlog-policy of all logs known here. */
int engine_policy(struct engine *engine, struct buf *out,
                  struct error *err) MUST_USE;
/* The realm's root key, that `verify --root` wants. */
struct sign_public engine_root_key(const struct engine *engine);

/* ---- the outside witness (witness.c; tlog.md section 1.8) -----------------
 */

/* A log with a checkpoint, and what the configured witness said of it. */
struct witnessed {
    char origin[256];
    uint64_t size;      /* held here */
    uint64_t witnessed; /* size of the witness's newest line, 0 = none */
    uint64_t time_s;    /* of it */
};
int engine_witness_heads(struct engine *engine, struct arena *arena,
                         const struct witnessed **out, size_t *len,
                         struct error *err) MUST_USE;
/* The body of an add-checkpoint for our newest checkpoint of that log, with
 * the proof from size `old`. ERR_NOTFOUND: no such log, or none signed yet;
 * ERR_USAGE: `old` is more than we hold. */
int engine_witness_request(struct engine *engine, const char *origin,
                           uint64_t old, struct buf *out,
                           struct error *err) MUST_USE;
/* The witness's answer about the first `size` leaves: verified with the
 * configured key, kept if newer. ERR_USAGE: no witness is configured;
 * ERR_UNTRUSTED: not its signature on what we hold. */
int engine_witnessed(struct engine *engine, const char *origin, uint64_t size,
                     const char *line, struct error *err) MUST_USE;

/* Snapshot, recompute, check, rebuild read or re-derive the store: call
 * store.h with engine_store() for the first two and for check; a rebuild
 * writes, so it goes through here. */
int engine_rebuild(struct engine *engine, struct error *err) MUST_USE;

/* ERR_BUSY, with a sentence, while no body may be shown: a restored image does
 * not know yet what was erased since. */
int engine_bodies_held_back(struct engine *engine, struct error *err) MUST_USE;

/* One segment of a tail that a mirror cut off a log of ours (node/evidence.h):
 * `origin` as its file names it, `block` the segment's line and bytes. Events
 * that are not held here are spooled again, byte for byte; safe twice. */
struct tail_taken {
    uint64_t added, held, refused;
};
int engine_tail_take(struct engine *engine, const char *origin,
                     struct span block, struct tail_taken *out,
                     struct error *err) MUST_USE;

/* Files that events name (store/attachment.h). Puts one; sealed: under a fresh
 * key, which goes into the private body of the event that names it. */
int engine_file_put(struct engine *engine, const char *session,
                    struct span bytes, bool sealed, struct hash *file,
                    struct body_key *key, struct error *err) MUST_USE;
/* Its bytes in heap memory the caller frees; one that is sealed is opened with
 * the key that a private body of that record holds (and that is logged).
 * ERR_BUSY: it is asked for now. */
int engine_file_get(struct engine *engine, const char *session,
                    const struct hash *file, const struct event_id *subject,
                    struct arena *arena, uint8_t **bytes, size_t *len,
                    struct error *err) MUST_USE;

/* A file that `check` found wrong: looked at again, put away and fetched anew
 * from the neighbours, or removed where no event names it. */
void engine_file_suspect(struct engine *engine, const struct hash *file);

/* A consistent copy of the store in a new file, the attached files beside it
 * (store_backup_files). On an error there is no copy. */
int engine_backup(struct engine *engine, const char *path,
                  struct store_copied_files *files, struct error *err) MUST_USE;
/* May a copy go there? Not into the node's own folder: ERR_USAGE. */
int engine_backup_allowed(const struct engine *engine, const char *path,
                          struct error *err) MUST_USE;

/* Before a search: texts that integration took up lately become findable. */
int engine_findable(struct engine *engine, struct error *err) MUST_USE;

/* Asks the loop to end after this turn. */
void engine_stop(struct engine *engine);

/* The refusal just given (ERR_BUSY) is only for now: a password is hashed
 * beside the loop; the same call again succeeds later. Asking clears it. */
bool engine_waits(struct engine *engine);

/* Long reading as jobs (reader.h): `check` runs there. */
struct reader *engine_reader(struct engine *engine);

/* ---- for the loop only -----------------------------------------------------
 */

/* Ends the turn: commits what was begun, then sends what waits for it. */
int engine_commit(struct engine *engine, struct error *err) MUST_USE;

#endif
