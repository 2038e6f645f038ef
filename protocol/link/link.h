/* The conversation with one peer: event in, actions out (DESIGN sections 5
 * and 6). Pure: time and random bytes come with the event, durable state is
 * read through a view, everything else is an action for the engine.
 *
 * One `struct link` a peer. The engine calls link_step for everything that
 * happens and performs the actions in their order: stores inside the turn's
 * transaction, sends after its commit. Nothing a peer sends is an error of
 * link_step: it becomes LINK_DO_STRIKE, _NOTE, _FREEZE or _CLOSE.
 */
#ifndef QCDC_PROTOCOL_LINK_LINK_H
#define QCDC_PROTOCOL_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/link/frames.h"
#include "protocol/link/origin.h"
#include "protocol/link/reason.h"
#include "protocol/link/window.h"
#include "protocol/log/note.h"

#define LINK_VERSION 1u
#define LINK_SKEW_MAX_MS 3600000  /* beyond it a cosigner refuses */
#define LINK_PING_MS 20000u       /* nothing sent for that long: a ping */
#define LINK_SILENT_MS 65000u     /* nothing received: the session is dead */
#define LINK_GREETING_MS 30000u   /* wait for an answer to HELLO */
#define LINK_UNDECIDED_MS 600000u /* joining: asks again whether confirmed */
#define LINK_STRIKES_MAX 8u       /* faults of one session before it ends */
#define LINK_HEARD_REST_S 60u     /* after the last batch */
#define LINK_HEARD_EVERY_S 3600u  /* at most once */
#define LINK_HEARD_DAILY_S 86400u /* at least once */
/* Bits of `features`: takes a child's cosignature of its own directory log. */
#define LINK_FEATURE_HELD_UP 1u
/* Takes from a child, too, the root key's word on who leads (Successor). */
#define LINK_FEATURE_SUCCESSOR_UP 2u
#define LINK_HELD_REST_MS 1000u /* of one child; sooner is not looked at */
#define LINK_RANDOM_SIZE 32u
/* So long no other copy of a node must have been heard before one that shows
 * an older state is taken for the node, restored. More than LINK_SILENT_MS:
 * a copy that runs would have greeted again by then. */
#define LINK_QUIET_MS 120000u

enum link_side {
    LINK_UP,      /* the peer is our parent */
    LINK_DOWN,    /* the peer is our child */
    LINK_JOINER,  /* we hold an invitation of the peer */
    LINK_INVITER, /* the peer holds an invitation of ours */
};

enum link_state {
    LINK_CLOSED,   /* no session */
    LINK_GREETING, /* HELLO not complete on both sides */
    LINK_OPEN,     /* versions, token and heads agreed */
    LINK_BARRED,   /* refused; until the connection is a new one */
    LINK_ASKING,   /* joining: request sent, or received and undecided */
    LINK_ENROLLED, /* joining: certified, directory logs on their way */
    LINK_STATES
};

enum link_happened {
    LINK_OPENED,          /* transport connected; random */
    LINK_FRAME,           /* bytes, random */
    LINK_LOST,            /* transport gone, or the peer's key revoked */
    LINK_TICK,            /* link_deadline_ms has come, or any other time */
    LINK_LOG_GREW,        /* origin: size, cosigned size or cosigs changed */
    LINK_SPOOL_GREW,      /* there is something to sequence */
    LINK_BATCH_STORED,    /* origin: a STORE_BATCH is done */
    LINK_BATCH_REFUSED,   /* origin, code, text, retry_ms: it, or
                             STORE_COSIGS, was not stored; count not 0:
                             a signature of ours or of the guard over
                             another history */
    LINK_COSIGNED,        /* origin: we made a cosignature, stored */
    LINK_HELD_GREW,       /* origin: another's cosignature stored */
    LINK_HEARD_SIGNED,    /* origin, number (= cosigs), signature */
    LINK_SEGMENT_SENT,    /* origin, count, number (= bytes of the frame) */
    LINK_SEGMENT_MISSING, /* origin: SEND_SEGMENT found none */
    LINK_DELIVERY_QUEUED, /* for this child */
    LINK_DELIVERIES_SENT, /* number (= last one sent, 0 if none was), bytes
                             of all frames in count */
    LINK_DELIVERY_STORED, /* number */
    LINK_DIR_CHANGED,     /* certificates or the tree changed */
    LINK_JOIN_DECIDED,    /* inviter: status, text */
    LINK_CLONE_SEEN,      /* DOWN: two machines with the peer's key are alive
                             at the same time; text: how that was seen */
    LINK_STAGED,          /* UP: done with the note, or code ERR_BUSY: it waits
                             for our log; DOWN: a bundle brought something */
    LINK_HAPPENINGS
};

struct link_event {
    enum link_happened kind;
    uint64_t now_ms; /* always */
    /* LINK_OPENED, LINK_FRAME: 32 fresh random bytes; borrowed. */
    const uint8_t *random;
    struct span bytes; /* LINK_FRAME */
    struct origin origin;
    uint64_t number;
    uint64_t count;
    struct signature signature;
    int code; /* enum err */
    struct span text;
    uint64_t retry_ms; /* how long to pause; 0: our own backoff */
    enum join_status status;
};

enum link_do {
    /* sends, after commit */
    LINK_DO_SEND,            /* bytes: a whole frame */
    LINK_DO_SEND_SEGMENT,    /* origin, from; privates; more (see below).
                                Answer with SEGMENT_SENT or _MISSING */
    LINK_DO_SEND_COSIGS,     /* origin, from..until (exclusive) */
    LINK_DO_SEND_HELD,       /* origin: newest held cosignature of each node
                                but the guard, one Held frame each */
    LINK_DO_SEND_DELIVERIES, /* from, at most max_bytes (at least one);
                                answer with DELIVERIES_SENT */
    /* stores, in this turn's transaction */
    LINK_DO_SEQUENCE,       /* append spooled events, as many as take about
                               max_bytes on the line (segment_fit) */
    LINK_DO_STORE_BATCH,    /* batch, privates: check (segment_check) and
                               store; answer BATCH_STORED or _REFUSED; then
                               cosign, and say COSIGNED. refill: it comes
                               back from who held it: bodies that he never
                               had are listed absent, no cosigning */
    LINK_DO_STORE_COSIGS,   /* cosigned: verify with the guard's key */
    LINK_DO_STORE_HELD,     /* held: verify with that node's key */
    LINK_DO_STORE_DELIVERY, /* delivery: verify, store or queue for a child;
                               answer DELIVERY_STORED */
    LINK_DO_DELIVERY_ACKED, /* from: this number and before are done. With
                               has_queue, at HELLO: only if they were the
                               events of `queue`; else the queue is another
                               one and goes whole, numbered from there on */
    LINK_DO_COMMIT_TOKEN,   /* token: ours from the guard */
    LINK_DO_ISSUE_TOKEN,    /* token: new for this child; keep the shown one
                               (old_token if has_old) valid beside it */
    LINK_DO_TOKEN_SEEN,     /* token: from now on the only valid one */
    LINK_DO_COSIGN_REPEAT,  /* origin, from (= cosigs), signature: verify
                               heard_verify, then cosign the same head;
                               answer COSIGNED */
    LINK_DO_FREEZE,         /* origin, reason, text: until a person acts */
    LINK_DO_RECOVER,        /* origin, reason, from..until, cosigs, text: our
                               copy was set back and is being fetched again;
                               until it is here nothing is sequenced or
                               cosigned. from_peer: the peer's copy, from us */
    LINK_DO_EVIDENCE,       /* origin, bytes: a checkpoint of the log that is
                               no prefix of ours: make the evidence, keep it
                               and send it; from_peer: bytes is evidence that
                               came; if it proves itself, keep it and freeze
                               the log */
    LINK_DO_RECOVERED,      /* origin: the peer has fetched its copy back */
    LINK_DO_NOTE,           /* origin if has_origin, reason, text: show it in
                               `sync`; from_peer: the peer refused, not we */
    LINK_DO_STRIKE,         /* reason, text: the peer's fault, counted */
    LINK_DO_ANSWER_MEND,    /* origin, from, cosig; privates due: send a Mend
                               of what is held here */
    LINK_DO_MEND,           /* mend: check against what is held, replace */
    /* the rest */
    LINK_DO_ASK_HEARD,      /* origin, from (= cosigs): sign heard_text and
                               answer HEARD_SIGNED */
    LINK_DO_READY,          /* the session is open: see link_info */
    LINK_DO_CLOSE,          /* reason, text: drop the connection; reconnect
                               with backoff if it is ours to open */
    LINK_DO_SUCCESSOR,      /* bytes: leaf of a TopNodeCertified, to be
                               verified with the root key */
    LINK_DO_ATTACH,         /* attach_kind, attach: a file asked for, a piece of
                               one, or one that the peer has now */
    LINK_DO_BODY,           /* asks or body: a private body asked for, or one
                               that came */
    LINK_DO_JOIN_REQUESTED, /* bytes, signatures: join_request_check, show */
    LINK_DO_JOIN_ANSWERED,  /* status, text. Certified: JOINED follows, or
                               connect with your own key after a minute */
    LINK_DO_JOINED,         /* the directory is here: use your own key now */
    /* bundle.h: events staged at the guard */
    LINK_DO_SEND_STAGED,  /* the staging notes of this child's logs; spooled,
                             if any: first what it wants of that log */
    LINK_DO_TAKE_SPOOLED, /* spooled: check, spool what is not held */
    LINK_DO_TAKE_STAGED,  /* staged: check, sequence what it lists; answer
                             STAGED, or ask for what is lacking */
    LINK_DOINGS
};

/* In order. Spans live in the arena or are the event's. */
struct link_action {
    struct link_action *next;
    enum link_do kind;
    struct origin origin;
    bool has_origin;
    uint64_t from, until;
    uint64_t max_bytes;
    bool privates;    /* due at the receiver */
    bool others_wait; /* for link_batch_more */
    bool refill;
    uint64_t cosigs; /* RECOVER: numbered ones to be had again */
    bool from_peer;
    bool cosig; /* ANSWER_MEND: of number `from`, else the segment there */
    bool has_old;
    struct token token, old_token;
    bool has_queue;
    struct token queue;
    enum link_reason reason;
    struct span text; /* one plain sentence */
    struct span bytes;
    struct span signatures;
    struct signature signature;
    enum join_status status;
    const struct frame_batch *batch;
    const struct frame_cosigned *cosigned;
    const struct frame_held *held;
    const struct frame_delivery *delivery;
    const struct frame_mend *mend;
    const struct frame_spooled *spooled;
    const struct frame_staged *staged;
    enum frame_kind attach_kind;
    const struct frame_attach *attach;
    bool asks; /* BODY: the peer wants it */
    const struct frame_body *body;
};

struct link_actions {
    struct link_action *first, *last;
    size_t len;
};

/* What is known of a log here. Borrows until the view is called again. */
struct link_log {
    struct vkey key; /* of its checkpoints */
    struct merkle_head head;
    struct span note;       /* newest checkpoint, empty for size 0 */
    uint32_t guard;         /* node; 0: it has none */
    bool takes_over;        /* we are guard after another one, and have made
                               no number yet */
    bool hold;              /* ... and do not know yet all that was signed of
                               it: its node must sequence nothing */
    uint64_t cosigs;        /* numbered guard cosignatures held */
    uint64_t cosigned_size; /* by the newest of them, 0 if none */
    uint64_t batch_s;       /* time of the newest that is no repeat, or 0 */
    uint64_t heard_s;       /* time of the newest repeat, or 0 */
    bool frozen;
    bool recovering; /* RECOVER performed, and not yet all of it here */
    uint64_t until;  /* while recovering: the size to be reached */
    uint64_t below;  /* size that the child it comes through said it holds;
                        UINT64_MAX: that child was not heard since the start */
    bool ended; /* a superior closed that epoch: its node only fetches it */
    bool whole; /* ... and ours is what he says it is: another one is wrong */
    struct frame_seen seen; /* newest cosignature of the peer held here */
};

struct link_tokens {
    bool has_current; /* UP: the one we committed */
    struct token current;
    bool has_issued; /* DOWN: sent, not yet seen */
    struct token issued;
    /* DOWN: when a session with the right token was last heard, or the
     * process began: nobody knows what was heard before. */
    uint64_t alive_ms;
    bool doubtful; /* DOWN: we were set back ourselves: ours are old */
};

/* Durable state, read only, as of this turn's transaction. Each int function
 * returns 0 or a negative err; ERR_NOTFOUND is an answer, all else ends the
 * step. */
struct link_view {
    void *data;
    /* ERR_NOTFOUND: no certificate here names such a log. (A node without a
     * directory yet knows every dir log of its realm, key all zero.) */
    int (*log)(void *data, uint32_t peer, const struct origin *origin,
               struct link_log *out, struct error *err);
    /* The next log known after `after` (NULL: the first) in the order of
     * origin_compare. ERR_NOTFOUND at the end. */
    int (*next)(void *data, const struct origin *after, struct origin *out,
                struct error *err);
    /* Root of the first `size` leaves; ERR_NOTFOUND if it cannot be told. */
    int (*root_at)(void *data, const struct origin *origin, uint64_t size,
                   struct hash *out, struct error *err);
    /* How many guard cosignatures cover at most `size` leaves. */
    int (*cosigs_within)(void *data, const struct origin *origin, uint64_t size,
                         uint64_t *out, struct error *err);
    /* Issuer of the newest certificate of a node, 0 for the top node.
     * ERR_NOTFOUND: not certified, as far as is known here. */
    int (*parent_of)(void *data, uint32_t node, uint32_t *out,
                     struct error *err);
    /* Was `node` ever certified below `above`? NULL: no. Their logs go on being
     * passed on by who mirrored them (a closed node's tail, a node that moved
     * and burnt). */
    int (*was_below)(void *data, uint32_t node, uint32_t above, bool *out,
                     struct error *err);
    /* Did `above` ever certify `below`, or a node below it? NULL: no. */
    int (*was_above)(void *data, uint32_t above, uint32_t below, bool *out,
                     struct error *err);
    int (*tokens)(void *data, uint32_t peer, struct link_tokens *out,
                  struct error *err);
    /* Is anything recorded and not yet in a log? 0: nothing. */
    int (*spooled)(void *data, uint64_t *out, struct error *err);
    /* UP: number of the last delivery stored. DOWN: of the last queued for
     * this peer. 0: none. */
    int (*deliveries)(void *data, uint32_t peer, uint64_t *out,
                      struct error *err);
    /* UP: over the events of the deliveries stored (store/delivery.h). */
    int (*queue)(void *data, uint32_t peer, struct token *out,
                 struct error *err);
    /* DOWN: events of this child that a bundle brought and no log holds. May
     * be NULL: none ever. */
    int (*staged)(void *data, uint32_t peer, uint64_t *out, struct error *err);
    /* Is that line one of the guard's numbers held here? May be NULL: no. */
    int (*is_numbered)(void *data, const struct origin *origin,
                       const struct frame_seen *seen, bool *out,
                       struct error *err);
};

/* One log of the conversation; opaque outside protocol/link. */
struct link_track;
size_t link_track_size(void); /* bytes of one, to size the memory below */

struct link_options {
    enum link_side side;
    struct span realm; /* keeps */
    uint32_t self, peer;
    bool guard;         /* UP: the peer is our guard; DOWN: we are its */
    bool standby;       /* a top node (UP) and its standby (DOWN): what one
                           guards, both hold whole */
    bool observer;      /* UP: we only read; DOWN: the peer does */
    struct vkey mirror; /* our cosigning key; keeps its name */
    const struct vkey *mirrors_before; /* those we had; keeps, may be NULL */
    size_t mirrors_before_len;
    struct span software;              /* keeps; name and version */
    uint32_t version_min, version_max; /* 0: LINK_VERSION */
    uint64_t features;
    uint64_t quiet_ms;              /* 0: LINK_QUIET_MS */
    struct frame_join_request join; /* JOINER: keeps */
    void *tracks;                   /* keeps: tracks_max * link_track_size() */
    size_t tracks_max;
};

/* For `sync` and for the cosigner's judgement of clocks. */
struct link_info {
    enum link_state state;
    uint32_t version;
    uint64_t features;   /* of both */
    int64_t skew_ms;     /* peer's clock - ours at HELLO */
    bool clock_wrong;    /* |skew| > LINK_SKEW_MAX_MS */
    bool token_wrong;    /* DOWN: at this HELLO */
    bool waiting;        /* DOWN: for the silence of another copy */
    uint64_t opened_ms;  /* 0 while not open */
    uint64_t heard_ms;   /* last frame of this peer, 0 never */
    uint64_t window;     /* bytes we let the peer have outstanding */
    uint64_t rate;       /* bytes a second, measured while busy */
    uint64_t rtt_ms;     /* least seen, 0 unknown */
    uint64_t sent_bytes; /* batches and deliveries of this session */
    uint64_t received_bytes;
    uint64_t credit_left; /* bytes the peer will still take */
    uint64_t stale;       /* frames dropped: token of another session */
    unsigned strikes;     /* of this session */
    char software[FRAME_SOFTWARE_MAX + 1]; /* of the peer; escape it */
};

/* A log as the link sees it now. */
struct link_lag {
    struct origin origin;
    bool sending;   /* from us to the peer, else from the peer to us */
    uint64_t here;  /* our size */
    uint64_t there; /* the peer's, as far as it said */
    bool stopped;   /* refused, paused or frozen in this session */
    bool turned;    /* flows against its way: who should send fetches back */
    bool hold;      /* its node sequences nothing of it for now */
};

struct link;
size_t link_size(void);

/* In the caller's memory of link_size() bytes (keeps). ERR_USAGE for options
 * that cannot be. */
int link_init(void *memory, const struct link_options *options,
              struct link **out, struct error *err) MUST_USE;

/* Appends to `actions` (zero it first). 0, or what the view returned, or
 * ERR_NOMEM when the arena is full: the engine then closes the connection.
 * Everything in `actions` lives in the arena. */
int link_step(struct link *link, const struct link_event *event,
              const struct link_view *view, struct arena *arena,
              struct link_actions *actions, struct error *err) MUST_USE;

/* When the next LINK_TICK is needed; UINT64_MAX: not at all. */
uint64_t link_deadline_ms(const struct link *link);

/* Puts the session's token on a frame that the engine encodes itself. */
void link_stamp(const struct link *link, struct frame *frame);

/* The `more` of the Batch that answers a SEND_SEGMENT of `count` leaves. */
bool link_batch_more(const struct link_action *action, uint32_t count);

void link_info(const struct link *link, struct link_info *out);
/* False past the last one. */
bool link_lag(const struct link *link, size_t i, struct link_lag *out);

/* "open", "log grew", "send segment" ...: for logs and traces. */
const char *link_state_name(enum link_state state);
const char *link_happened_name(enum link_happened kind);
const char *link_do_name(enum link_do kind);

#endif
