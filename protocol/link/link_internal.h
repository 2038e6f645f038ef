/* What the machine's files share: the link, its tracks, one step at work.
 * Never included outside protocol/link and its tests. */
#ifndef QCDC_PROTOCOL_LINK_LINK_INTERNAL_H
#define QCDC_PROTOCOL_LINK_LINK_INTERNAL_H

#include "protocol/link/link.h"

#define LINK_HOLD_MS 500u /* between two looks whether a child may go on */

enum track_way {
    TRACK_NONE,    /* neither's business: refused */
    TRACK_UNKNOWN, /* a node nobody certified yet, as far as is known here */
    TRACK_SEND,    /* from us to the peer */
    TRACK_RECEIVE, /* from the peer to us */
};

/* One log of the conversation. Of this session but for the origin. */
struct link_track {
    struct origin origin;
    enum track_way way;
    bool offered;      /* SEND: by us; else by the peer */
    bool flowing;      /* SEND: the peer pulled it; RECEIVE: we did */
    bool stopped;      /* nothing of it passes for now */
    bool frozen;       /* until a person acts */
    bool waiting;      /* RECEIVE: asked to begin again; drop what is late */
    bool report;       /* RECEIVE: tell the peer how much is held */
    bool hold;         /* RECEIVE: the peer was told to sequence nothing of it;
                          SEND: we were */
    bool to_guard;     /* SEND: the peer is the log's guard */
    bool bodies;       /* SEND: private bodies go along */
    bool turned;       /* flows against its way, until the sender has what it
                          lost: SEND takes, RECEIVE gives */
    bool lends_bodies; /* turned RECEIVE: private bodies go along */
    bool recovering;   /* ours was set back: link_log.recovering */
    uint64_t until;    /* while recovering */
    uint64_t recall;   /* turned SEND: cosignatures to be had, too */
    bool refilled;     /* was turned in this session */
    bool recalls;      /* turned SEND: for cosignatures alone, so that ... */
    bool pulled;       /* ... the peer pulls meanwhile, and is served after */
    uint64_t below;    /* link_log.below */
    uint64_t shown;    /* our size that the peer was shown */
    uint64_t here;     /* our size */
    uint64_t there;    /* the peer's, as far as it said */
    uint64_t cursor;   /* SEND: next leaf to send */
    uint64_t sendable; /* SEND: up to here the peer may have it */
    uint64_t cosigs;   /* guard cosignatures the peer has */
    uint64_t pending;  /* SEND: guard cosignatures held here */
    uint64_t retry_ms; /* pull again then; 0: not at all */
    unsigned fails;    /* batches refused in a row */
};

struct link {
    struct link_options options;
    struct link_track *tracks; /* ascending by origin */
    size_t tracks_len;
    size_t turn; /* record logs take turns: index of the next */
    enum link_state state;

    /* the session */
    struct token session; /* id, drawn by the child */
    bool has_token;
    struct token token;
    bool unseen; /* DOWN: issued, not yet come back */
    bool fenced; /* UP: to be committed when the greeting is complete */
    bool token_wrong;
    bool has_shown; /* DOWN: the token that the child showed */
    struct token shown;
    bool peer_back;   /* DOWN: it holds less of its own logs than we do */
    bool self_back;   /* DOWN: we hold less than we cosigned of its logs */
    bool waiting;     /* DOWN: for the silence of another copy */
    bool holding;     /* DOWN: the child was told to sequence nothing yet */
    bool lagging;     /* UP: a copy of ours waits to hear the one below it */
    bool restored;    /* UP: our token was not the newest, and is accepted */
    uint64_t wait_ms; /* asked again then */
    uint32_t version;
    uint64_t features;
    int64_t skew_ms;
    char software[FRAME_SOFTWARE_MAX + 1];
    uint64_t since_ms; /* of the state */
    uint64_t hello_ms; /* UP: when ours was sent */
    uint64_t opened_ms;
    uint64_t heard_ms;
    uint64_t spoke_ms;
    uint64_t ticked_ms;
    uint64_t retry_ms; /* least of the tracks', 0 none */
    uint64_t stale;
    unsigned strikes;
    uint64_t scolded_ms; /* last NO_SESSION said */
    uint64_t held_ms;    /* DOWN: the newest Held that was looked at */

    /* receiving */
    struct window window;
    uint64_t delivery_stored;

    /* sending */
    uint64_t credit;
    uint64_t sent;
    bool sending; /* a SEND_SEGMENT is with the engine */
    bool delivering;
    bool sequencing;
    uint64_t sequenced_ms;
    uint64_t delivery_sent;
    uint64_t asked_ms; /* last ASK_HEARD */

    /* joining */
    bool undecided;      /* JOINER: a person has to confirm first */
    unsigned unanswered; /* JOINER: requests in vain, one after the other */

    /* events staged at the guard */
    bool staging;       /* DOWN: told of; UP: nothing else is sequenced */
    bool staging_later; /* UP: the note waits until our log grew */
    struct origin staging_log; /* UP: of the newest note */
    unsigned staged_asks;      /* DOWN: answered */
};

/* One call of link_step. */
struct step {
    struct link *link;
    const struct link_event *event;
    const struct link_view *view;
    struct arena *arena;
    struct link_actions *actions;
    struct error *err;
    struct link_action spare; /* written to when the arena is full */
    bool full;
};

/* ---- link_step.c ---- */

/* A new action at the end of the list. Never NULL. */
struct link_action *step_do(struct step *s, enum link_do kind);
struct span step_text(struct step *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Stamps, packs and sends. */
int step_send(struct step *s, struct frame *frame);
struct link_action *step_note(struct step *s, const struct origin *origin,
                              enum link_reason reason, struct span text);
int step_refuse(struct step *s, const struct origin *origin,
                enum link_reason reason, struct span text);
/* Counts a fault of the peer; the last one ends the session. */
int step_strike(struct step *s, enum link_reason reason, struct span text);
int step_close(struct step *s, enum link_reason reason, struct span text,
               enum link_state state);

/* ---- link.c ---- */

void link_move(struct link *link, enum link_state state, uint64_t now_ms);
/* Forgets the session. */
void link_forget(struct link *link);

typedef int (*step_fn)(struct step *s);
typedef int (*frame_fn)(struct step *s, const struct frame *frame);

/* ---- link_track.c ---- */

struct link_track *track_find(struct link *link, const struct origin *origin);
/* Found, or made with its way; *out NULL (and noted) when there is no room. */
int track_get(struct step *s, const struct origin *origin,
              struct link_track **out);
/* Not ours nor below us any more, but it was. */
int track_is_former(struct step *s, const struct origin *origin, bool *out);
/* UP: the directory log of a certified node that is not above us, as far as we
 * know. Our parent offers one where it says that it is now, or what became of
 * nodes below us before they were there. */
int track_is_news(struct step *s, const struct origin *origin, bool *out);
int track_way_of(struct step *s, const struct origin *origin,
                 enum track_way *out);
/* Every log known here that concerns the peer. */
int tracks_fill(struct step *s);
/* Freezes the log here; `tell`: and says so to the peer. */
int track_freeze(struct step *s, struct link_track *track,
                 enum link_reason reason, struct span text, bool tell);
/* 0 and *known; what the view says of the track's log. */
int track_log(struct step *s, struct link_track *track, struct link_log *log,
              bool *known);

/* ---- link_hello.c ---- */

int hello_begin(struct step *s); /* UP, at OPENED and after NO_SESSION */
int frame_hello(struct step *s, const struct frame *frame);
int frame_offer_greeting(struct step *s, const struct frame *frame);
/* One SEND log, or all: Offers. */
int offer_new(struct step *s);
/* One log's head, as an Offer. */
int offer_one(struct step *s, struct link_track *track,
              const struct link_log *log);

/* ---- link_judge.c ---- */

int head_judge(struct step *s, const struct frame_head *head);
/* "3/dir/e1": for messages. */
struct log_name {
    char text[64];
};
struct log_name log_name_of(const struct origin *origin);
/* Is the cosignature shown with the head our own? */
bool seen_is_ours(struct step *s, const struct frame_head *head);

/* ---- link_recover.c ---- */

/* Leaves go from us to the peer, or from the peer to us: its way, turned
 * round while the sender fetches back what it lost. */
bool track_gives(const struct link_track *track);
bool track_takes(const struct link_track *track);
/* Cases 1 and 3: whose copy is behind what was signed, and what follows. */
int recover_judge(struct step *s, struct link_track *track,
                  const struct frame_head *head, const struct link_log *log);
/* UP, the greeting is complete: an older token was accepted (case 6). */
int recover_token(struct step *s);
/* DOWN, all heads are judged: may this copy of the child go on? */
int recover_accept(struct step *s);
int recover_tick(struct step *s);
/* The peer pulls a log that it should send: it lost a part. */
int recover_lend(struct step *s, struct link_track *track,
                 const struct frame_pull *pull);
/* ... and has it back. */
int recover_returned(struct step *s, struct link_track *track,
                     const struct frame_pull *pull);
/* A batch, or cosignatures, of a turned track are stored: is that all? */
void recover_stored(struct link_track *track, const struct link_log *log);
/* A mirror's copy, once the one below is known to be behind too. */
int recover_turn_late(struct step *s, struct link_track *track,
                      const struct link_log *log);
/* Our copy of a log that the peer sends has outgrown the peer's: shows it. */
int recover_offer(struct step *s, struct link_track *track,
                  const struct link_log *log);
/* Own tracks that may not be sequenced to yet. */
bool recover_blocks(const struct link_track *track);
/* DOWN: must the child sequence nothing of that log of its own, for more was
 * signed of it than it shows? recover_hold tells it when that has changed. */
bool recover_holds(const struct link *link, const struct link_track *track,
                   const struct link_log *log);
void recover_hold(struct step *s, struct link_track *track,
                  const struct link_log *log);
int step_clone_seen(struct step *s);

/* ---- link_send.c ---- */

int frame_want(struct step *s, const struct frame *frame);
int frame_ack(struct step *s, const struct frame *frame);
int step_log_grew(struct step *s);
int step_spool_grew(struct step *s);
int step_segment_sent(struct step *s);
int step_segment_missing(struct step *s);
int step_delivery_queued(struct step *s);
int step_deliveries_sent(struct step *s);
int step_cosigned(struct step *s);
int step_held_grew(struct step *s);
int send_flow(struct step *s);     /* the next segment or deliveries */
int send_sequence(struct step *s); /* asks for the spool, if it may */
int send_cosigs(struct step *s, struct link_track *track, bool all);

/* ---- link_staged.c ---- */

int frame_spooled(struct step *s, const struct frame *frame);
int frame_staged(struct step *s, const struct frame *frame);
int step_staged(struct step *s);
int send_staged(struct step *s);
int staged_again(struct step *s);

/* ---- link_heard.c ---- */

int frame_heard(struct step *s, const struct frame *frame);
int step_heard_signed(struct step *s);
int send_heard(struct step *s); /* asks to be heard, if it is time */

/* ---- link_receive.c ---- */

int frame_batch(struct step *s, const struct frame *frame);
int frame_cosigned(struct step *s, const struct frame *frame);
int frame_held(struct step *s, const struct frame *frame);
int frame_delivery(struct step *s, const struct frame *frame);
int step_batch_stored(struct step *s);
int step_batch_refused(struct step *s);
int step_delivery_stored(struct step *s);
/* A Want: pulls for every offered log that does not flow yet (or is due
 * again), reports, and credit. Nothing if there is nothing to say. */
int receive_want(struct step *s);

/* ---- link_mend.c ---- */

int frame_mend_ask(struct step *s, const struct frame *frame);
int frame_mend(struct step *s, const struct frame *frame);

/* ---- link_offer.c ---- */

int frame_offer(struct step *s, const struct frame *frame);
int frame_refused(struct step *s, const struct frame *frame);
int step_dir_changed(struct step *s);

/* ---- link_join.c ---- */

/* When a joiner has waited long enough; UINT64_MAX if it waits for nothing. */
uint64_t join_until_ms(const struct link *link);
int join_opened(struct step *s);
int join_tick(struct step *s);
int join_decided(struct step *s);
int join_sent(struct step *s);
int join_stored(struct step *s);
int join_refused_batch(struct step *s);
int frame_join_request(struct step *s, const struct frame *frame);
int frame_join_answer(struct step *s, const struct frame *frame);
int frame_join_batch(struct step *s, const struct frame *frame);

#endif
