/* The node's links: which peer is which, what happened to it, and what its
 * link wants done. Behind engine.c; knows sockets only through transport.h. */
#ifndef QCDC_NODE_PEERS_H
#define QCDC_NODE_PEERS_H

#include "node/engine_internal.h"
#include "node/transport.h"
#include "protocol/link/link.h"
#include "store/delivery.h"

#define PEERS_MAX 512u
#define MIRRORS_BEFORE_MAX 16u /* the newest of those we had */
#define RETRY_LEAST_MS 2000u
/* However long an outage was: a minute after it the link is there again. */
#define RETRY_MOST_MS 40000u

/* One file on its way from a peer. */
struct attach_fetch {
    bool active;
    struct hash file;
    int64_t row; /* the one after which the next is looked for */
    uint64_t offset;
    uint64_t total;
    uint64_t asked_ms; /* steady */
    uint64_t next_ms;  /* steady: nothing is asked before */
    unsigned wrong;    /* files whose bytes were others */
    bool resumed;      /* a part of it lay here before */
};

#define BODIES_ASKED_MAX 16u

/* Private bodies asked of a peer. */
struct body_fetch {
    struct event_id asked[BODIES_ASKED_MAX]; /* `open` of them */
    int64_t row;       /* the one after which the next are looked for */
    size_t open;       /* questions not answered yet */
    bool came;         /* something, since the list began */
    uint64_t asked_ms; /* steady: the newest question */
    uint64_t next_ms;  /* steady: nothing is asked before */
    uint64_t rest_ms;
    uint64_t second_ms; /* steady: since when answers are counted */
    unsigned answers;
};

struct peer {
    bool used;
    bool up;
    bool joining; /* JOINER or INVITER */
    uint32_t node;
    uint32_t next_node; /* UP: the parent from the next session on, 0 = same */
    bool guards;        /* as the present link was told; so too: */
    bool observes;      /* one of the two only reads */
    bool stands_by;     /* one of the two is the other's standby */
    bool detour;        /* UP: node is not the parent, but above it */
    uint64_t leg_began_ms; /* UP: steady; since when one of them is tried, or
                              the parent's session was last seen open */
    uint64_t leg_ms;       /* UP: how long the parent is tried */
    uint32_t left_parent;  /* UP: whom the detour leads round, and by which */
    struct box_public left_key; /* key it was tried */
    struct box_public key;      /* DOWN: proven by CURVE */
    struct box_public server;   /* UP: the key that it must prove */
    uint64_t dialled_ms;        /* UP: steady; the newest try, or its end */
    unsigned tries;             /* UP: since the newest session */
    bool above_due;             /* UP: its directory log waits for our word */
    uint64_t above_at_ms;       /* UP: steady; no word on it before */
    uint64_t elsewhere_ms;      /* UP: steady; when the standby is tried */
    struct route route;
    struct route old_route; /* of the connection before: its frames are late */
    bool routed;            /* there is a connection as far as we know */
    bool has_old_route;
    struct route proven_route; /* of the session that proven_ms speaks of */
    bool has_proven_route;
    struct link *link;
    void *memory; /* of the link and its tracks; heap */
    size_t tracks_max;
    uint64_t deliveries_told;  /* newest number that the link was told of */
    uint64_t deliveries_mark;  /* of the queues then: store_delivery_mark */
    bool deliveries_looked;    /* ... in this session, and nothing forgot it */
    bool announced;            /* READY in this session */
    bool lost;                 /* a frame could not be handed over */
    bool troubled;             /* `sync` shows a refusal of its batches */
    struct span lacked;        /* UP: ids of a staging note's events that were
                                  asked back; heap, see staged_link.c */
    uint64_t share_bytes;      /* DOWN: what came from it and from below it */
    uint64_t share_serial;     /* of the directory that said who is below */
    uint64_t share_counted_ms; /* steady; by the segments; 0 never */
    uint64_t part_counted_ms;  /* steady: of one log below it; 0 never */
    bool share_known;
    uint64_t retry_ms;     /* UP: present backoff */
    uint64_t retry_at_ms;  /* UP: steady; 0 = none planned */
    uint64_t joined_at_ms; /* steady; of a finished INVITER */
    uint64_t leave_at_ms;  /* UP: steady; lost from then on, 0 stays */
    uint64_t proven_ms; /* DOWN: steady; last frame of a connection that showed
                           the right token, 0 none since the start */
    uint64_t routed_ms; /* DOWN: steady; when its present route was new */
    uint64_t other_ms;  /* DOWN: steady; last frame of the route before */
    unsigned others;    /* ... that came when no late one could */
    struct attach_fetch fetch;
    struct body_fetch bodies;
};

struct peers {
    struct peer all[PEERS_MAX];
    size_t len; /* places ever used */
    /* What the link's view hands out; valid until the next question. */
    char name[ORIGIN_MAX + 1];
    uint8_t note[NOTE_MAX];
    char mirror_name[64];
    char software[64];
    struct vkey mirrors_before[MIRRORS_BEFORE_MAX];
    uint64_t directory_serial;
    /* Copies of ours that are being fetched again; SIZE_MAX: ask the store. */
    size_t recovering;
};

/* ---- peer.c ---- */
struct peer *peer_up(struct engine *engine);
struct peer *peer_of_node(struct engine *engine, uint32_t node);
/* Below us, by the key that it proved. */
struct peer *peer_of_key(struct engine *engine, const struct box_public *key);
/* A free place, not zeroed; NULL: PEERS_MAX are taken. */
struct peer *peer_place(struct engine *engine);
/* Its link is gone and its place free. */
void peer_release(struct peer *peer);
/* A connection of it came, or went: its link begins or waits. */
void peer_opened(struct engine *engine, struct peer *peer);
void peer_closed(struct engine *engine, struct peer *peer);
/* UP: the peer is our guard; DOWN: we are its. */
bool peer_guards(struct engine *engine, const struct peer *peer);
/* The directory says otherwise than what the present link was told: it must be
 * made anew, or it goes on by rules that hold no more. */
bool peer_is_changed(struct engine *engine, const struct peer *peer);
/* A top node and its standby. */
bool peer_stands_by(struct engine *engine, const struct peer *peer);
/* Feeds one happening to a link and performs what comes of it. */
void peer_step(struct engine *engine, struct peer *peer,
               struct link_event *event);
/* The same happening for every open link but `but` (may be NULL). */
void peers_tell(struct engine *engine, enum link_happened kind,
                const struct origin *origin, const struct peer *but);
void peers_free(struct engine *engine);

/* ---- peers.c ---- */
void peers_read(struct engine *engine, const struct transport_event *event);
/* Deadlines, reconnects, changes of the directory, queued deliveries. */
void peers_tick(struct engine *engine);
/* Milliseconds until something of ours is due; UINT64_MAX: nothing is. */
uint64_t peers_deadline_ms(const struct engine *engine);
/* Every session starts over: what was decided since the last commit is void,
 * or the clock was set. */
void peers_restart(struct engine *engine);
/* ... that with the guard alone: what was kept from it may go up. */
void peer_up_restart(struct engine *engine);
/* The connection to the parent is to be made anew, after a backoff. */
void peer_retry(struct engine *engine, struct peer *peer);
void peers_lost(void *ctx, const struct route *route);

/* ---- actions.c ---- */
void action_perform(struct engine *engine, struct peer *peer,
                    const struct link_action *action);

/* ---- view.c ---- */
/* Is that line one of our numbered cosignatures on that log? */
int view_is_numbered(void *data, const struct origin *origin,
                     const struct frame_seen *seen, bool *out,
                     struct error *err) MUST_USE;
struct link_view view_of(struct engine *engine);

/* ---- logs.c ---- */
/* Key, guard and numbers of a log, as certified. ERR_NOTFOUND. */
struct log_facts {
    struct sign_public key;
    uint32_t guard;
    bool bootstrap;         /* key not known yet */
    bool ended;             /* a superior closed that epoch: */
    struct merkle_head end; /* nothing stands beyond */
};
int log_facts_of(struct engine *engine, const struct origin *origin,
                 struct log_facts *out, struct error *err) MUST_USE;
/* The log's row, made if it is not there. */
int log_open(struct engine *engine, const struct origin *origin,
             const struct sign_public *key, struct store_log *out,
             struct error *err) MUST_USE;
int log_find(struct engine *engine, const struct origin *origin,
             struct store_log *out, struct error *err) MUST_USE;
struct origin log_origin(const struct store_log *log);
/* "<realm>/<node>/..." into text of ORIGIN_MAX + 1. */
void origin_text(struct engine *engine, const struct origin *origin,
                 char text[ORIGIN_MAX + 1]);
/* The three lines that a checkpoint signs. */
void checkpoint_text(struct engine *engine, const struct origin *origin,
                     const struct merkle_head *head, struct buf *out);
/* Guard cosignatures as a frame shows them. */
void cosigs_show(const struct store_cosig *held, size_t len,
                 struct guard_cosig *out);
/* The cosigning key of a node as certified; name lives in `name`. */
int mirror_key(struct engine *engine, uint32_t node, char name[64],
               struct vkey *out, struct error *err) MUST_USE;

/* The one of all its certified cosigning keys that made the line; the newest
 * if none did. */
int mirror_key_of(struct engine *engine, uint32_t node,
                  const struct cosignature *line, char name[64],
                  struct vkey *out, struct error *err) MUST_USE;
/* Signed by a node-actor key that the node had at any time: keys rotate, what
 * was asked for stays. */
bool heard_by(struct engine *engine, uint32_t node, struct span text,
              uint64_t number, const struct signature *request);
/* ---- attach.c ---- */
/* Asks each open peer for the next file that is missing here, when nothing
 * more urgent is under way. */
void attach_work(struct engine *engine);
/* A file asked for, a piece, or one that the peer has now. */
void attach_frame(struct engine *engine, struct peer *peer,
                  const struct link_action *action);

/* Is a file of that node's events to be had from it (its own child, or the one
 * above)? */
bool attach_may_come(struct engine *engine, bool up, uint32_t from,
                     uint32_t node);
/* By policy, or by hand. */
bool attach_is_asked(const struct engine *engine, const struct hash *file);
/* Notes one that is missing and lies there already. */
bool attach_is_here(struct engine *engine, const struct hash *file);
/* Of files in all, and of what that child may take of this disk. */
bool attach_fits(struct engine *engine, struct peer *peer, uint64_t bytes);
/* So much came: what nobody finishes stays within bounds. */
void attach_parts_bound(struct engine *engine, uint64_t came);
/* peer->fetch came whole: looked into, named, told upwards; or refused. */
void attach_end(struct engine *engine, struct peer *peer);

/* Is the peer about to send us batches? */
bool peer_has_batches(const struct peer *peer);

/* ---- bodies.c ---- */
/* Asks each open peer for private bodies that are wanted here. */
void bodies_work(struct engine *engine);
/* One that is asked for, or came. */
void bodies_frame(struct engine *engine, struct peer *peer,
                  const struct link_action *action);
/* What that node is told of the private body of an event; spans live in the
 * turn's arena. */
int bodies_answer(struct engine *engine, uint32_t peer,
                  const struct event_id *event, struct frame_body *out,
                  struct error *err) MUST_USE;
/* May that neighbour, above us or below, have what node recorded? */
bool bodies_may_have(struct engine *engine, uint32_t peer, bool up,
                     uint32_t node);
/* Is one that is wanted neither here nor erased? Else notes that. */
int bodies_is_lacking(struct engine *engine, const struct event_id *event,
                      bool *lacking, struct error *err) MUST_USE;
/* An Erased of it is held here, approved or not. */
bool bodies_is_erased(struct engine *engine, const struct event_id *event);

/* ---- cut.c ---- */
/* TRANSPORT_DOWN_CUT. */
void peers_cut(struct engine *engine, const struct transport_event *event);

/* ---- quota.c ---- */
/* What a batch takes: its leaves and bodies as they are stored. */
uint64_t quota_bytes(const struct segment *segment);
/* Events and bytes of one log and day, kept in the store: ERR_LIMIT if the
 * batch goes beyond. */
int quota_take(struct engine *engine, const struct origin *origin,
               const struct segment *segment, struct error *err) MUST_USE;
/* Before a batch is stored: knows what lies here without it. */
void quota_open(struct engine *engine, const struct origin *origin);
/* The batch is stored in this transaction: so is what it took. Returns its
 * bytes in *bytes. */
int quota_keep(struct engine *engine, const struct origin *origin,
               const struct segment *segment, uint64_t *bytes,
               struct error *err) MUST_USE;
/* Bytes of all batches of a node's record or directory log: as they were
 * counted, or, if they never were or `anew`, as they lie here. */
uint64_t quota_total(struct engine *engine, const struct origin *origin,
                     bool anew);

/* ---- share.c ---- */
/* Is there room for so many bytes more from below that child? ERR_LIMIT. */
int share_refuse(struct engine *engine, struct peer *peer, uint64_t bytes,
                 bool dir, struct error *err) MUST_USE;
/* The same of one log: a node below that child has a quarter of its share. */
int share_refuse_log(struct engine *engine, struct peer *peer,
                     const struct origin *origin, uint64_t bytes,
                     struct error *err) MUST_USE;
/* They were stored. */
void share_add(struct peer *peer, uint64_t bytes);
/* Files came or went, or a turn was undone: sums are made again when asked. */
void share_forget(struct engine *engine);

/* ---- blame.c ---- */
/* Puts into err which event of a refused batch was changed, if that can be
 * told here, and whose log it is. Keeps err's code. */
void blame_batch(struct engine *engine, const struct segment *segment,
                 const char *origin, struct error *err);

/* ---- actions.c ---- */
/* A batch of that log came in whole: its refusal is no trouble any more. */
void refusal_settle(struct engine *engine, struct peer *peer,
                    const struct origin *origin);

/* ---- intake.c ---- */
/* Tells the link that what it brought was not stored, and why. `forked`: a
 * signature over another history; retry_ms: how long to wait, 0 = its own
 * backoff. */
void intake_refused(struct engine *engine, struct peer *peer,
                    const struct link_action *action, const struct error *err,
                    uint64_t retry_ms, bool forked);
void intake_batch(struct engine *engine, struct peer *peer,
                  const struct link_action *action);
/* Checks and stores action->batch, answers nobody. `by_hand`: a person brought
 * it, the daily quota does not count. *pause_ms: how long to wait, if it is
 * only for now. */
int intake_take(struct engine *engine, struct peer *peer,
                const struct link_action *action, bool by_hand,
                uint64_t *pause_ms, struct error *err) MUST_USE;

/* ---- intake_cosigs.c ---- */
/* Checks and stores action->cosigned, answers nobody. */
int intake_cosigs_take(struct engine *engine, const struct link_action *action,
                       struct error *err) MUST_USE;
void intake_cosigs(struct engine *engine, struct peer *peer,
                   const struct link_action *action);
void intake_held(struct engine *engine, struct peer *peer,
                 const struct link_action *action);

/* ---- cosign.c ---- */
/* Numbered if we are the log's guard and may number, else for display. `by`:
 * who brought what is new, 0: nobody. `request`: of a repeat, else NULL. */
int cosign_log(struct engine *engine, const struct origin *origin, uint32_t by,
               const struct signature *request, struct error *err) MUST_USE;
void cosign_repeat(struct engine *engine, struct peer *peer,
                   const struct link_action *action);
/* What we signed, when, and what was said of our clock before this start or
 * in a directory that changed. */
int cosign_resume(struct engine *engine, struct error *err) MUST_USE;
/* HELLO is done with that node, whose clock shows skew_ms more than ours. */
void cosign_greeted(struct engine *engine, uint32_t node, int64_t skew_ms);
/* Our word on the superior's own directory log, so that he alone cannot write
 * it anew: the newest size only, one frame a session and then one in five
 * seconds at most, never passed on by him. */
void cosign_above(struct engine *engine, struct peer *peer);
/* Cosigns what was stored while our clock was in doubt, once it no longer is.
 */
int cosign_catch_up(struct engine *engine, struct error *err) MUST_USE;
void heard_ask(struct engine *engine, struct peer *peer,
               const struct link_action *action);

/* ---- vouch.c ---- */
/* The checkpoint of the log that a receipt of leaf `index` rests on, with the
 * lines of the log's guard and of every node above: appended to the note;
 * *size = of the log in it. A top node without guard has nobody above: its
 * newest checkpoint. ERR_BUSY says who has not cosigned the leaf yet,
 * ERR_NOTFOUND that the log itself is not held here. */
int vouch_note(struct engine *engine, const struct store_log *log,
               uint64_t index, struct buf *note, uint64_t *size,
               struct error *err) MUST_USE;

/* ---- recover.c ---- */
/* LINK_DO_RECOVER and _RECOVERED: notes, shows, and ends what is complete. */
int recover_begin(struct engine *engine, struct peer *peer,
                  const struct link_action *action, struct error *err) MUST_USE;
int recover_lent(struct engine *engine, const struct link_action *action,
                 struct error *err) MUST_USE;
/* True while our copy of the log is being fetched again. */
struct store_recovery;
/* We were set back since that child was last accepted: the token that we
 * remember of it is old, not the child. */
bool recover_doubtful(struct engine *engine, uint32_t node);
bool recover_active(struct engine *engine, uint32_t log,
                    struct store_recovery *out);
/* Has all of it come, and is it integrated? Then work goes on. */
int recover_settle(struct engine *engine, uint32_t log,
                   struct error *err) MUST_USE;
/* The same for every log: once a turn. */
int recover_work(struct engine *engine, struct error *err) MUST_USE;
/* A segment that came back: of the bodies that its source never had (lacking:
 * SEGMENT_DUE_*) puts back those that lie in our spool, and lists the others
 * as absent. Spans live in the turn's arena. */
int recover_bodies(struct engine *engine, unsigned lacking,
                   struct segment *segment, struct error *err) MUST_USE;
/* What the child that a log comes through says it holds of it. */
uint64_t recover_below(struct engine *engine, const struct origin *origin);
/* What is missing of it was asked for a day and an hour at work, and nobody
 * linked shows more than is here: bodies and deliveries wait for it no longer.
 * Sequencing and cosigning do, until a person ends that log. */
bool recover_is_lost(struct engine *engine,
                     const struct store_recovery *recovery);
/* A frame of the child's route before the present one. */
void recover_other_route(struct engine *engine, struct peer *peer);

/* ---- sequence.c ---- */
/* Moves of the spool into our own logs what takes about max_line bytes on the
 * line; 0: a whole batch. */
int sequence_spool(struct engine *engine, uint64_t max_line,
                   struct error *err) MUST_USE;
/* The first `count` events of one queue, in as many batches as it takes. */
int sequence_first(struct engine *engine, bool dir, uint64_t count,
                   struct error *err) MUST_USE;
/* The bodies of one event (an encoded list), as segment_build wants them; what
 * the leaf names and is not among them is listed absent. */
int bodies_take(struct span list, struct arena *arena,
                struct segment_item *item, struct error *err) MUST_USE;
/* True for a top node without guard: it sequences whenever it likes. */
bool sequence_is_free(struct engine *engine);

/* ---- staged.c: events that a bundle brought, and their order ---- */
/* What became of the events of Spooled frames. */
struct staged_count {
    uint64_t added;   /* staged, or spooled again, now */
    uint64_t again;   /* they were */
    uint64_t held;    /* they stand in a log here */
    uint64_t refused; /* and why, of the first */
    char why[160];
};
/* At the guard: keeps the events of one frame for a child's log. `round` is
 * that of the bundle. ERR_UNTRUSTED for a log that we do not guard. */
int staged_keep(struct engine *engine, uint32_t child,
                const struct frame_spooled *came, uint64_t round,
                struct staged_count *count, struct error *err) MUST_USE;
/* At the child: spools what its guard gives back: of a session the events that
 * were asked for (`wanted`: 16 bytes each), of a bundle, which has them before
 * its note, any of ours (NULL). The others are refused and counted. */
int staged_return(struct engine *engine, const struct frame_spooled *came,
                  const struct span *wanted, struct staged_count *count,
                  struct error *err) MUST_USE;
/* How many are staged of a node's logs. */
int staged_of(struct engine *engine, uint32_t node, uint64_t *count,
              struct error *err) MUST_USE;
/* The note for what follows the log as it stands here: the one kept, else
 * made of what is staged if `make`. In the turn's arena. ERR_NOTFOUND: nothing
 * to say; ERR_BUSY: the log is not integrated yet. */
int staged_note(struct engine *engine, const struct origin *origin, bool make,
                struct frame_staged *out, struct error *err) MUST_USE;
enum staged_end {
    STAGED_DONE,  /* sequenced as it says */
    STAGED_OLD,   /* our log went on before */
    STAGED_EARLY, /* our log does not stand there yet */
    STAGED_LACKS  /* events of it are not here: *lacking */
};
/* Checks a note of our guard and does what it says. `lacking` (of 16 *
 * FRAME_STAGED_MAX bytes) gets the ids. ERR_UNTRUSTED, ERR_CONFLICT. */
int staged_take(struct engine *engine, const struct frame_staged *note,
                enum staged_end *end, struct buf *lacking,
                struct error *err) MUST_USE;
/* One Spooled frame of the first of these items, at least one; *used = how
 * many. Spans live in the turn's arena. */
int spooled_pack(struct engine *engine, const struct origin *origin,
                 const struct segment_item *items, size_t len,
                 struct frame *out, size_t *used, struct error *err) MUST_USE;
/* The origin of a node's record or directory log today. */
struct origin staged_origin(struct engine *engine, uint32_t node, bool dir);

/* ---- staged_link.c ---- */
void staged_say(struct engine *engine, struct peer *peer,
                const struct link_action *action);
/* A session ended: what was asked back is forgotten. */
void staged_ask_no_more(struct peer *peer);
void staged_get_back(struct engine *engine, struct peer *peer,
                     const struct link_action *action);
void staged_apply(struct engine *engine, struct peer *peer,
                  const struct link_action *action);

/* ---- actions.c, again ---- */
/* Stamps, encodes and queues; the frame's bytes, 0 if it could not be. */
size_t action_send_frame(struct engine *engine, struct peer *peer,
                         struct frame *frame);

/* ---- deliver.c ---- */
void deliver_send(struct engine *engine, struct peer *peer,
                  const struct link_action *action);
/* The frame of one entry of a child's queue, in the turn's arena. */
int deliver_frame(struct engine *engine, uint32_t child,
                  const struct store_delivery *delivery, struct frame *frame,
                  struct error *err) MUST_USE;
void deliver_take(struct engine *engine, struct peer *peer,
                  const struct link_action *action);

/* ---- invite.c ---- */
void invite_requested(struct engine *engine, struct peer *peer,
                      const struct link_action *action);
/* The child has come with its own key: its invitation is dead. */
void invite_done(struct engine *engine, uint32_t node);
void join_answered(struct engine *engine, struct peer *peer,
                   const struct link_action *action);
void join_finished(struct engine *engine, struct peer *peer);
void join_leave(struct engine *engine);
/* Our own request, rebuilt from the keys; spans live in the arena. */
int join_request_make(const struct keys *keys, const char *realm, uint32_t node,
                      struct arena *arena, struct frame_join_request *out,
                      struct error *err) MUST_USE;

#endif
