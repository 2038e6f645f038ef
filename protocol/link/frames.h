/* What two nodes say, as plain structs of spans (link.proto; frozen).
 *
 * The only reader and writer of link.proto. Decoding goes through an arena
 * and a cap on every field and count: a hostile frame runs into ERR_LIMIT or
 * ERR_MALFORMED, never into memory. Spans of a decoded frame live in the
 * arena; spans of a frame to encode are borrowed.
 */
#ifndef QCDC_PROTOCOL_LINK_FRAMES_H
#define QCDC_PROTOCOL_LINK_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/event/header.h"
#include "protocol/limits.h"
#include "protocol/link/origin.h"
#include "protocol/link/segment.h"
#include "protocol/log/cosignature.h"
#include "protocol/log/merkle.h"

#define FRAME_HEADS_MAX 384u       /* 780 bytes each at most */
#define FRAME_PULLS_MAX 1024u      /* logs of one Want */
#define FRAME_COSIGS_MAX 512u      /* of one Cosigned */
#define FRAME_CERTIFICATES_MAX 12u /* levels of the tree, with keys renewed */
#define FRAME_TEXT_MAX 500u        /* a refusal in words */
#define FRAME_SOFTWARE_MAX 64u     /* name and version */
#define FRAME_PROOF_MAX 12288u     /* a tlog-proof with cosignatures */
#define FRAME_SIGNATURES_MAX 512u  /* keys of one JoinRequest */
#define FRAME_STAGED_MAX 4096u     /* events of one staging note */
#define FRAME_ARENA_MIN 1048576u   /* decoding one frame needs no more */

enum frame_kind {
    FRAME_NONE, /* no body, or one of a newer version: ignored */
    FRAME_HELLO,
    FRAME_OFFER,
    FRAME_WANT,
    FRAME_BATCH,
    FRAME_COSIGNED,
    FRAME_HELD,
    FRAME_HEARD_ASK,
    FRAME_DELIVERY,
    FRAME_DELIVERY_ACK,
    FRAME_REFUSED,
    FRAME_JOIN_REQUEST,
    FRAME_JOIN_ANSWER,
    FRAME_PING,
    FRAME_MEND_ASK,
    FRAME_MEND,
    FRAME_SPOOLED,
    FRAME_STAGED,
    FRAME_ATTACH_ASK,
    FRAME_ATTACH_CHUNK,
    FRAME_ATTACH_HAVE,
    FRAME_SUCCESSOR,
    FRAME_BODY_ASK,
    FRAME_BODY_GIVE,
    FRAME_KINDS
};

struct token {
    uint8_t bytes[16];
};

/* A cosignature with what it covers. */
struct frame_seen {
    bool has;
    struct merkle_head head;
    struct cosignature line;
};

struct frame_head {
    struct origin origin;
    struct merkle_head head;
    struct span note; /* empty for size 0 */
    uint64_t cosigs;
    struct frame_seen seen;
};

struct frame_hello {
    uint32_t version_min, version_max;
    uint64_t features;
    struct span realm;
    uint32_t node;
    uint64_t now_ms;
    struct token session;
    bool has_token;
    struct token token;
    bool unfenced;
    struct span software;
    const struct frame_head *heads;
    size_t heads_len;
    bool more;
    uint64_t deliveries;
    bool restored;
    bool has_queue;
    struct token queue; /* delivery_chain over their events */
};

struct frame_offer {
    const struct frame_head *heads;
    size_t heads_len;
    bool more;
};

struct frame_pull {
    struct origin origin;
    uint64_t held;
    uint64_t cosigs;
    bool begin;
    bool
        hold; /* of the log's guard: sequence nothing before it pulls without */
};

struct frame_want {
    uint64_t credit_bytes;
    const struct frame_pull *pulls;
    size_t pulls_len;
};

struct frame_batch {
    struct origin origin;
    struct segment segment; /* sealed is always empty here */
    bool more;
};

/* One numbered cosignature of a log's guard. */
struct guard_cosig {
    struct merkle_head head;
    struct cosignature line;
    bool has_heard;
    struct signature heard; /* the request that this one answers */
};

struct frame_cosigned {
    struct origin origin;
    uint64_t first;
    const struct guard_cosig *cosigs;
    size_t cosigs_len;
};

struct frame_held {
    struct origin origin;
    uint32_t node; /* the cosigner */
    struct merkle_head head;
    struct cosignature line;
};

struct frame_heard_ask {
    struct origin origin;
    uint64_t cosigs; /* held by the asker; the answer gets this number */
    struct signature signature;
};

struct frame_certificate {
    struct origin origin;
    uint64_t index;
    struct span leaf;
    struct span proof;
};

struct frame_delivery {
    uint64_t number; /* from 1 */
    uint32_t to_node;
    struct origin origin;
    uint64_t index;
    struct span leaf;
    struct span bodies; /* list of body.h with index 0; body_list_check'ed */
    struct span proof;
    bool has_cover;
    uint64_t cover_number;
    struct guard_cosig cover;
    bool has_quoted;
    struct guard_cosig quoted;
    const struct frame_certificate *certificates;
    size_t certificates_len;
};

/* The asker's copy is damaged (store/mend.h). */
struct frame_mend_ask {
    struct origin origin;
    uint64_t first; /* leaf, or number of the cosignature */
    bool cosig;
};

/* At most one of the two. */
struct frame_mend {
    struct origin origin;
    bool has_batch;
    struct frame_batch batch;
    bool has_cosigned;
    struct frame_cosigned cosigned;
};

struct frame_refused {
    uint32_t reason; /* enum link_reason, or one not known here */
    bool has_origin;
    struct origin origin;
    struct span text;     /* printable UTF-8; escape it where it is shown */
    struct span evidence; /* text of log/evidence.h, or empty */
};

struct frame_join_request {
    struct span request;    /* exact bytes: join.h reads them */
    struct span signatures; /* 64 bytes each */
};

enum join_status {
    JOIN_WAITING = 1,
    JOIN_CERTIFIED = 2,
    JOIN_REFUSED = 3,
};

struct frame_join_answer {
    enum join_status status;
    struct span text;
};

struct frame_ping {
    uint64_t now_ms;
    uint64_t echo_ms;
};

/* Events without a place: `segment` with first 0 and no note; or an asking
 * for some, then its count is 0. */
struct frame_spooled {
    struct origin origin;
    struct segment segment;
    struct span wanted; /* event ids, 16 bytes each */
};

/* The guard's word on what comes next in a log (staged_text). */
struct frame_staged {
    struct origin origin;
    struct merkle_head head; /* what it follows */
    struct span ids;         /* event ids, 16 bytes each */
    struct signature signature;
};

/* Ask, chunk and have: one shape. */
struct frame_attach {
    struct hash file;
    uint64_t offset;
    uint64_t total; /* 0: not held */
    uint32_t max;   /* ask: bytes of the answer at most */
    struct span bytes;
};

/* Ask and give: one shape. */
struct frame_body {
    struct event_id event;
    struct span bodies; /* list of body.h, index 0; empty: not held */
    bool erased;        /* it will not come */
};

struct frame {
    bool has_token;
    struct token token;
    enum frame_kind kind;
    union {
        struct frame_hello hello;
        struct frame_offer offer;
        struct frame_want want;
        struct frame_batch batch;
        struct frame_cosigned cosigned;
        struct frame_held held;
        struct frame_heard_ask heard_ask;
        struct frame_delivery delivery;
        uint64_t delivery_ack;
        struct frame_refused refused;
        struct frame_join_request join_request;
        struct frame_join_answer join_answer;
        struct frame_ping ping;
        struct frame_mend_ask mend_ask;
        struct frame_mend mend;
        struct frame_spooled spooled;
        struct frame_staged staged;
        struct frame_attach attach;
        struct span successor; /* leaf */
        struct frame_body body;
    };
};

/* ERR_LIMIT over FRAME_MAX or a cap, ERR_MALFORMED otherwise. Embedded
 * lengths are exact (16, 32, 64, 76), numbers below 2^63, texts UTF-8. */
int frame_decode(struct span bytes, struct arena *arena, struct frame *out,
                 struct error *err) MUST_USE;

/* Appends the frame; at most FRAME_MAX bytes. The arena is scratch. ERR_LIMIT
 * if it would be larger, if `out` is too small, or for a field over its cap:
 * what this writes, frame_decode reads. */
int frame_encode(const struct frame *frame, struct arena *arena,
                 struct buf *out, struct error *err) MUST_USE;

/* The same into the arena, which keeps the frame (and some scratch). */
int frame_pack(const struct frame *frame, struct arena *arena, struct span *out,
               struct error *err) MUST_USE;

/* "hello", "batch" ...; for logs and traces. */
const char *frame_name(enum frame_kind kind);

/* The text that a HeardAsk signs: "qcdc/heard/v1\n" || checkpoint text || u64
 * number of the newest cosignature held (all ones if cosigs is 0). */
void heard_text(struct span checkpoint_text, uint64_t cosigs, struct buf *out);
#define HEARD_TEXT_MAX (14u + CHECKPOINT_TEXT_MAX + 8u)

/* The request of a repeat with number `cosigs`, by the node-actor key. */
bool heard_verify(struct span checkpoint_text, uint64_t cosigs,
                  const struct signature *sig,
                  const struct sign_public *node_actor) MUST_USE;

/* The text of a staging note: "qcdc/staged/v1\n" || checkpoint text of what it
 * follows || ids. */
void staged_text(struct span checkpoint_text, struct span ids, struct buf *out);
#define STAGED_TEXT_MAX                                                        \
    (15u + CHECKPOINT_TEXT_MAX + (size_t)16 * FRAME_STAGED_MAX)

#endif
