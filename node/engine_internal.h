/* What the files behind engine.h share: the engine's state and the functions
 * that cross from one noun to another. Nobody outside them includes this. */
#ifndef QCDC_NODE_ENGINE_INTERNAL_H
#define QCDC_NODE_ENGINE_INTERNAL_H

#include "node/engine.h"

#include "node/config.h"
#include "node/cosign_clock.h"
#include "node/disk.h"
#include "node/gate.h"
#include "node/keys.h"
#include "protocol/event/body.h"
#include "protocol/event/facts.h"
#include "protocol/event/types.h"
#include "protocol/link/segment.h"
#include "protocol/log/note.h"
#include "protocol/record/directory.h"
#include "store/attachment.h"
#include "store/integrate.h"
#include "store/log.h"
#include "store/store.h"

struct peers;
struct bundle_job;
struct jobs;
struct mend;
struct pending;
struct transport;

#define SESSIONS_MAX 64u
#define SEQUENCED_A_TURN 16u /* batches: the guard works meanwhile */
#define OFFICIAL_NAME_MAX 32u
#define TURN_ARENA_BYTES ((size_t)24 << 20)

/* An official who logged in. Wiped when it ends. */
struct session {
    bool used;
    struct hash token; /* of the text given to the caller */
    char name[OFFICIAL_NAME_MAX + 1];
    char post[NAME_MAX_BYTES + 1];
    uint32_t unit;
    uint32_t rights;
    struct sign_pair actor;
    struct box_public sealing;
    struct box_secret sealing_secret;
    uint64_t last_ms; /* steady */
};

/* Wrong passwords of one name, in memory only. */
struct attempt {
    char name[OFFICIAL_NAME_MAX + 1];
    uint32_t wrong;
    uint64_t until_ms; /* steady: refused before */
};
#define ATTEMPTS_MAX 64u

/* What one log took today, against its quota. */
struct quota {
    uint32_t node;
    bool dir;
    uint32_t day;
    uint64_t events;
    uint64_t bytes;
    uint64_t total; /* bytes of all days that lie here: see share.c */
};
#define HELD_PAGE 16u /* nodes' words on a log, read at a time */
#define QUOTAS_MAX 1024u

#define VERIFIED_MAX 32u /* segments whose verdicts wait for a slice */

/* A key whose point and id were computed before: keys are asked for at every
 * frame, and that costs as much as a signature. */
struct known_vkey {
    char name[96];
    size_t name_len;
    uint8_t type;
    struct sign_public key;
    uint32_t id;
};
#define KNOWN_VKEYS 64u

/* The root key's newest word on who leads the realm (successor.h). */
struct successor {
    uint32_t epoch; /* of its directory log; 0: there is no such word */
    uint32_t node;
    uint32_t standby; /* the number that the machine had before */
    uint64_t made_ms;
    struct sign_public dir_log_key;
    struct box_public curve_key;
    struct sign_public actor_key;
    char endpoint[256];
};

/* The round through attached files: attach_round.c. */
struct files_round {
    struct store_file_look look;            /* fd < 0: between two files */
    int64_t row;                            /* of the newest file looked at */
    uint64_t files;                         /* looked at in this round */
    uint64_t step_ms;                       /* steady: no piece before */
    uint64_t in_folder[STORE_FILE_FOLDERS]; /* bytes; their sum: files_bytes */
    unsigned folder; /* the next one to be counted again; the last + 1: none */
    uint64_t count_ms; /* steady: none is before */
};

/* Words before the newest: whose key the logs of their epochs were signed by.
 */
struct successor_before {
    uint32_t epoch;
    struct sign_public dir_log_key;
};
#define SUCCESSIONS_MAX 64u /* further back nobody was away that long */

struct engine {
    const struct config *config;
    struct successor successor;
    struct successor_before before[SUCCESSIONS_MAX];
    size_t before_len;
    struct keys keys;
    struct sign_public root;
    struct store *store;
    struct segment_codec *codec;
    struct arena turn; /* reset after every commit */
    struct disk disk;
    struct gate gate;
    uint64_t gate_serial; /* of the directory that the gate was made from */
    struct transport *transport; /* NULL until engine_attach */
    struct jobs *jobs;
    struct reader *reader; /* NULL until engine_attach */
    struct kdf *kdf;       /* likewise: passwords are hashed here and now */
    struct peers *peers;
    struct lend *lend;    /* NULL: long tasks are done at once; lend.c */
    struct mend *mend;    /* what bit rot did: mend.c */
    struct arena joining; /* our request while we join */
    /* Happenings of links that wait for the present one (peer.c). */
    struct arena happenings;   /* of the list below: whoever rewinds the turn's
                                  arena must not take it away */
    struct bundle_job *bundle; /* NULL until the first */
    struct pending *pending;
    struct pending *pending_last;
    bool stepping;
    bool linked; /* a link moved since the last commit */
    bool joined; /* change to our own key after the commit */
    bool gate_stale;
    uint64_t frames_refused;
    struct directory nobody; /* while there is none */
    int lock_fd;
    struct session sessions[SESSIONS_MAX];
    struct attempt attempts[ATTEMPTS_MAX];
    struct quota quotas[QUOTAS_MAX];
    struct known_vkey vkeys[KNOWN_VKEYS]; /* by a byte of the key */
    uint32_t settled_day;                 /* cells are those of this day */
    bool unsettled;                       /* units wait for store_settle */
    bool integrating;                     /* leaves wait for integration */
    bool indexed;         /* every text of the logs is in the index */
    bool grew;            /* spool or a log grew this turn */
    bool behind;          /* events wait, some for their signatures */
    bool has_spare;       /* the loop mostly slept in the window before */
    uint32_t sequenced;   /* batches of this turn */
    uint64_t later_bytes; /* a batch asked for beyond a turn's; 0 = none */
    struct cosign_clock cosigning;
    bool moved;     /* the newest sequence_spool took something */
    bool dir_waits; /* top node: for children to say what they hold */
    bool placed;    /* leaves found their place, or a guard cosigned:
                       deliveries that waited for it may go */
    struct store_slice *verified[VERIFIED_MAX]; /* verdicts not yet stored */
    size_t verified_len;
    uint32_t verified_events;
    uint32_t slice_events; /* of a slice in a pause */
    int64_t gap_ms;        /* wall clock minus steady: a jump of it shows */
    uint64_t busy_ms;      /* steady: until then more frames are expected */
    uint64_t slice_ms;     /* steady: the newest slice while frames came */
    uint64_t index_ms;     /* steady: no text is indexed before */
    uint64_t window_us;    /* steady: since when sleep is counted */
    uint64_t slept_us;
    uint64_t settle_ms;     /* steady: no cells before */
    uint64_t settled_ms;    /* steady: the newest cells */
    uint64_t settling_ms;   /* how long those took */
    uint64_t attach_ms;     /* steady: files are not looked for before */
    uint64_t bodies_ms;     /* steady: bodies are not looked for before */
    uint64_t bodies_mark;   /* of what we guard; 0: look through it anew */
    uint64_t bodies_serial; /* of the directory that it was told from */
    uint64_t bodies_at;     /* leaf of that log, UINT64_MAX: the next log */
    uint32_t bodies_log;
    bool bodies_walked;
    uint64_t bodies_noted;    /* store_wanted_noted then */
    uint64_t attach_back;     /* store_attachment_back then */
    uint64_t attach_trimmed;  /* bytes that came since parts were bounded */
    uint64_t files_bytes;     /* of all files that have their name */
    int64_t attach_seen;      /* rows up to this one were looked for here */
    uint64_t export_waits_ms; /* steady: since a bundle waits to be counted */
    uint64_t destroy_ms;      /* steady: erased files wait until then */
    struct files_round round;
    uint64_t attach_named;        /* store_attachment_named then */
    struct hash attach_asked[16]; /* on demand */
    size_t attach_asked_len;
    uint64_t scrub_ms;    /* steady: after an erasure, no try before */
    uint64_t tails_acted; /* store_erasures_acted when tails were looked at */
    uint64_t tails_ms;    /* steady: after a failure, no try before */
    uint64_t rest_ms;     /* steady: memory is not given back before */
    uint64_t failed_ms;   /* steady: of the newest commit that failed, or 0 */
    uint64_t born_ms;     /* steady: when the process began */
    uint32_t gone_below;  /* a child joins again, its disk was lost; 0: none */
    bool at_rest;         /* nothing to give back since the last commit */
    bool stopping;
    bool tails_looked;    /* since the start and the newest cut */
    bool restored;        /* from a copy, and not caught up yet */
    bool cosigning_waits; /* something was not cosigned for our clock */
    int fatal;            /* enum err that ends the process, 0 = none */
};

/* ---- engine.c ---- */
/* Gives the engine its sockets and threads (keeps all). */
void engine_attach(struct engine *engine, struct transport *transport,
                   struct jobs *jobs, struct reader *reader, struct kdf *kdf);
const struct gate *engine_gate(struct engine *engine);
const struct box_pair *engine_curve(const struct engine *engine);
/* 0, or the enum err that ends the process. */
int engine_fatal(const struct engine *engine);
bool engine_stopping(const struct engine *engine);
/* Begins the turn's transaction if none is open. */
int engine_write(struct engine *engine, struct error *err) MUST_USE;
/* What memory says is done may not stand in the store: every look again. */
void engine_look_again(struct engine *engine);
/* Rolls the turn back: nothing of it is stored or sent. */
void engine_undo(struct engine *engine);
struct store_now engine_store_now(const struct engine *engine);
/* The one place that turns a code into a reaction: logs, and for IO and
 * CORRUPT ends the process. */
void engine_react(struct engine *engine, const char *room, const char *what,
                  const struct error *err);

/* ---- work.c ---- */
/* What a turn does besides reading: verdicts, integration, sequencing, cells,
 * deadlines. True if there is more that could be done at once. */
bool engine_work(struct engine *engine);
/* After a turn, when nothing else is to be done: scrubs, writes the WAL back,
 * looks for damage. */
void engine_idle(struct engine *engine);
/* After a turn of a stream without a pause: writes the WAL back once it is
 * long, so that a flood does not fill the disk with it. */
void engine_tidy(struct engine *engine);
/* Milliseconds the loop may sleep. */
uint64_t engine_sleep_ms(struct engine *engine);
/* Verdicts not yet stored are forgotten; the store hands them out again. */
void verdicts_drop(struct engine *engine);

/* ---- pace.c ---- */
#define PACE_LEAST 256u    /* events of a slice in a pause: between these, */
#define PACE_MOST 8192u    /* as many as go into the time for one */
#define PACE_BUSY_MS 20u   /* after a frame more are expected */
#define PACE_SLICE_MS 250u /* between slices while frames come */
/* A frame came, or a batch went with more behind it: what only derives waits
 * a little, or longer when `more` is announced. */
void pace_expect(struct engine *engine, bool more);
/* The loop slept (microseconds of the steady clock). */
void pace_slept(struct engine *engine, uint64_t from_us, uint64_t until_us);
/* Frames are coming, or expected. */
bool pace_is_busy(const struct engine *engine);
/* A slice of background work may run now. */
bool pace_allows(const struct engine *engine);
/* How many events it may hold; `busy` while frames come. */
uint32_t pace_slice(const struct engine *engine, uint32_t busy);
/* One ran over that many events since start_ms: the next is smaller or larger.
 */
void pace_took(struct engine *engine, uint32_t events, uint64_t start_ms);

/* ---- bundle.c ---- */
/* A slice of a bundle that is taken in; *more if it goes on. */
int bundle_work(struct engine *engine, bool *more, struct error *err) MUST_USE;
bool bundle_is_running(const struct engine *engine);
void bundle_free(struct engine *engine);

/* ---- logs.c ---- */
/* vkey_make, remembered. */
int vkey_known(struct engine *engine, struct span name, uint8_t type,
               const struct sign_public *key, struct vkey *out,
               struct error *err) MUST_USE;

/* ---- sessions.c ---- */
/* The session of a text, kept alive; NULL with ERR_UNTRUSTED in err. */
struct session *session_find(struct engine *engine, const char *text,
                             struct error *err);
void sessions_expire(struct engine *engine);

/* ---- officials.c ---- */
/* Forgets the unit's sealing secret in the key file, after a commit. */
int sealing_handed_over(struct engine *engine, uint32_t unit,
                        struct error *err) MUST_USE;

/* ---- record.c ---- */
/* What is to be recorded, already decided on. Spans borrowed. */
struct record_draft {
    const struct event_type *type;
    struct header header; /* actor, recorded_ms, quoted, bodies set here */
    struct span facts;
    struct span text;   /* protobuf, or empty */
    struct span secret; /* Private protobuf in clear, or empty */
    bool unit_only;     /* AUDIENCE_OF_UNIT */
    const struct sign_public *signer;
    const struct sign_secret *signer_secret;
};
/* The signed bytes of an event, in the arena; nothing is stored. */
struct record_made {
    struct event_id id;
    struct span leaf;
    struct span bodies; /* as the spool keeps them */
};
int record_make(struct engine *engine, struct record_draft *draft,
                struct arena *arena, struct record_made *out,
                struct error *err) MUST_USE;
/* Checks, signs, spools and integrates one event, in the open transaction. */
int record_append(struct engine *engine, struct record_draft *draft,
                  struct arena *arena, struct event_id *id,
                  struct error *err) MUST_USE;
/* Row to event, in the open transaction; fills everything of *out. */
int record_row_append(struct engine *engine, struct session *session,
                      const struct record_row *row, struct arena *arena,
                      struct record_result *out, struct error *err) MUST_USE;
/* What comes before recording at the door: whose session it is (*session NULL
 * for an empty text), room on the disk, and the turn so far committed. */
int record_begin(struct engine *engine, const char *text,
                 struct session **session, struct error *err) MUST_USE;
/* A row of a directory type, signed by the administration key. */
int record_admin(struct engine *engine, const struct record_row *row,
                 struct arena *arena, struct event_id *id,
                 struct error *err) MUST_USE;

/* ---- denunciation.c ---- */
/* Sets draft->unit_only if what is recorded belongs to a denunciation. */
int denunciation_find(struct engine *engine, const struct field_pair *facts,
                      size_t len, struct arena *arena,
                      struct record_draft *draft, struct error *err) MUST_USE;
/* ERR_USAGE where it does and there is a text. */
int denunciation_check(const struct record_draft *draft, bool has_text,
                       struct error *err) MUST_USE;

/* ---- record_body.c ---- */
int record_seal(struct engine *engine, const struct record_draft *draft,
                struct buf *committed, struct wrap *wraps, size_t *wraps_len,
                struct error *err) MUST_USE;

/* ---- erase.c ---- */
/* On an idle turn: after an erasure the files are made anew. */
void erase_scrub(struct engine *engine);
/* True if it would do something now. */
bool erase_is_due(struct engine *engine);
/* Every body that is erased here, the list beside the database included, in no
 * order and perhaps twice. */
typedef int (*erased_fn)(void *data, const struct event_id *event,
                         uint32_t audience, struct error *err);
int erased_each(struct engine *engine, erased_fn visit, void *data,
                struct error *err) MUST_USE;
/* On an idle turn: the files of what was cut off a log (tail_erase.c). */
void tails_work(struct engine *engine);
bool tails_are_due(const struct engine *engine);
/* At open: before anything is served. Says what it cannot do. */
void tails_resume(struct engine *engine);
/* At open: what was erased before on this machine goes from a restored image
 * before anything is served. */
int erase_again(struct engine *engine, struct error *err) MUST_USE;
/* Bodies of a restored image may be read once its guard has told what it
 * lacks. */
int erase_catch_up(struct engine *engine, struct error *err) MUST_USE;

/* ---- attach_round.c ---- */
void attach_round_open(struct engine *engine);
void attach_round_close(struct engine *engine);
/* One piece of one file, if it is time. In an idle turn. */
void attach_round(struct engine *engine);
uint64_t attach_round_deadline_ms(const struct engine *engine);

/* ---- attach_erase.c ---- */
bool attach_is_erased(struct engine *engine, const struct hash *file);
/* Is there room for a file of that size within files_mib? ERR_LIMIT. */
int attach_room(struct engine *engine, uint64_t bytes,
                struct error *err) MUST_USE;
/* That file came or went: what its folder takes is counted again. */
void attach_recount(struct engine *engine, const struct hash *file);
/* All folders, one after the other, in idle turns. */
void attach_recount_all(struct engine *engine);
/* On an idle turn: erased files are destroyed, after the commit of the word. */
void attach_destroy(struct engine *engine);
bool attach_destroy_is_due(const struct engine *engine);
/* At open: those that were, should a folder have been copied back. */
int attach_destroy_again(struct engine *engine, struct error *err) MUST_USE;

/* ---- private.c ---- */
/* A later addressee gets the keys of the earlier private bodies of the record
 * inside the private body of this event: adds them to draft->secret. */
int private_hand_keys(struct engine *engine, struct session *session,
                      struct record_draft *draft, struct arena *arena,
                      struct error *err) MUST_USE;

/* ---- recovered.c ---- */
/* body_unwrap for the official's unit: with its sealing secret, or with an
 * older recovery secret that came back from paper. ERR_NOTFOUND. */
int recovered_unwrap(struct engine *engine, const struct session *session,
                     const struct body *body, struct body_key *key,
                     struct error *err) MUST_USE;
/* Older recovery keys of units here whose secret nobody has given yet. */
size_t recovered_missing(struct engine *engine);

/* ---- epoch.c ---- */
/* Begins new logs of ours where the directory says that they have begun with
 * our keys, and cuts logs of others where it says that they ended. Between
 * turns only: it may rebuild what is derived. */
int epoch_turn(struct engine *engine, struct error *err) MUST_USE;
/* Once more, in the next tick: a log that ended was frozen since. */
void epoch_look_again(struct engine *engine);
/* At start: finishes what a crash left of such a turn. */
int epoch_resume(struct engine *engine, struct error *err) MUST_USE;
/* Our log of that kind may be written to: its key is ours, and it began. */
bool epoch_is_ours(struct engine *engine, bool is_dir);

/* ---- gate_fill.c ---- */
/* Makes the gate anew if the directory or the invitations changed. */
int gate_refresh(struct engine *engine, struct error *err) MUST_USE;

#endif
