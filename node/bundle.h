/* Bundles at this node: made whole in one turn, taken in slice by slice, by
 * way of two files in the node's folder (bundle.in, bundle.out), so that
 * neither a slow stick nor a large bundle holds anything up or fills memory.
 * The format and the rules are protocol/link/bundle.h's.
 */
#ifndef QCDC_NODE_BUNDLE_H
#define QCDC_NODE_BUNDLE_H

#include "node/peers.h"
#include "protocol/link/bundle.h"
#include "store/staged.h"

#define BUNDLE_HEADS_MAX 4096u /* logs that one bundle speaks of */

/* What is known of the other's log, as it said: in the store's table. */
struct bundle_mark {
    struct origin origin;
    uint64_t size;
    uint64_t cosigs;
};
#define BUNDLE_MARK_SIZE 25u    /* bytes of one there */
#define BUNDLE_WANTS_MAX 1024u  /* files that one bundle asks for */
#define BUNDLE_WANT_SIZE 40u    /* bytes of one: hash || u64 offset */
#define BUNDLE_BODIES_MAX 1024u /* private bodies that one bundle asks for */
#define BUNDLE_BODY_SIZE 16u    /* bytes of one: event id */

struct bundle_job {
    struct bundle_status status;
    int fd;
    char gone[CONFIG_PATH_SIZE]; /* taken away when it ends; "": nothing */
    uint64_t size;               /* of the file */
    uint64_t at;                 /* read so far */
    uint64_t start;
    struct bundle_head head;
    struct bundle_stream stream;
    bool applying;    /* else: looking whether it is whole */
    bool greeted;     /* HELLO was read */
    bool up;          /* it comes from our parent */
    bool enrolling;   /* its sender is not known yet: what proves itself only */
    struct peer peer; /* what intake knows as the sender: no link */
    uint64_t acked;   /* deliveries that the child says it holds */
    struct staged_count staged;
    uint8_t *cipher; /* BUNDLE_CHUNK_MAX each; heap while it runs */
    uint8_t *plain;
    struct span rest;  /* frames of the chunk that wait for a later turn */
    uint64_t waits_ms; /* steady: since when; 0 = they do not */
    struct origin touched[64]; /* to be cosigned at the end */
    size_t touched_len;
    struct buf marks; /* of this bundle's heads; heap */
    struct buf wants; /* files its sender lacks, as encoded; heap */
    struct buf asks;  /* private bodies it waits for, 16 bytes each; heap */
    bool files_full;  /* no room for more files here */
};

/* ---- bundle.c ---- */
/* The slot of the engine, made at the first use. NULL: no memory. */
struct bundle_job *bundle_job_of(struct engine *engine);
/* Closes and wipes it; its status stays. */
void bundle_job_end(struct bundle_job *job);
/* Events that came are on their way to be counted, or with the threads that
 * verify them: what they mean is not known yet. */
bool bundle_counts(const struct engine *engine);
void bundle_job_fail(struct bundle_job *job, const struct error *err);
/* True if it may carry that log from the other to us. */
bool bundle_way_in(struct engine *engine, const struct bundle_job *job,
                   const struct origin *origin);
/* The mark of a log among encoded ones; false: never said. */
bool bundle_mark_find(struct span marks, const struct origin *origin,
                      struct bundle_mark *out);
void bundle_mark_put(struct buf *marks, const struct bundle_mark *mark);

/* ---- bundle_read.c ---- */
/* Who made it, for whom. ERR_USAGE, ERR_UNTRUSTED. */
int bundle_head_read(struct engine *engine, struct bundle_job *job,
                     struct error *err) MUST_USE;
/* A request to join is no bundle: small, and done at once. */
int bundle_request_read(struct engine *engine, struct bundle_job *job, bool *is,
                        struct error *err) MUST_USE;

/* ---- bundle_join.c ---- */
/* A file that is a request to join, whole. */
int bundle_request_take(struct engine *engine, struct bundle_job *job,
                        struct span file, struct error *err) MUST_USE;
/* True if the bundle may say itself whose keys signed it: what a node that
 * joins waits for, or one of the machine that leads the realm since. */
bool bundle_enrolls(struct engine *engine, const struct bundle_job *job);
/* True if the frame proves itself, whoever signed the bundle. */
bool bundle_is_for_enrolling(const struct engine *engine,
                             const struct frame *frame);
/* What proves itself is in: are we certified now? ERR_CONFLICT. */
int bundle_enrolled(struct engine *engine, struct bundle_job *job,
                    struct error *err) MUST_USE;

/* ---- bundle_words.c ---- */
/* Whose signature makes a bundle of that node; false: nobody knows. */
bool bundle_sender_key(struct engine *engine, uint32_t node,
                       struct sign_public *out);
/* To whom one for that node is sealed; false: nobody knows. */
bool bundle_receiver_key(struct engine *engine, uint32_t node,
                         struct box_public *out);
/* A word of the root key on who leads the realm. What the root key did not
 * sign is shown, and fails nothing. */
int bundle_word_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err) MUST_USE;

/* ---- bundle_export.c ---- */
/* At most that many bytes, but at least one thing that is new; 0 = all. */
int bundle_write(struct engine *engine, uint32_t to, uint64_t max_bytes,
                 struct bundle_job *job, struct error *err) MUST_USE;

/* ---- bundle_files.c ---- */
/* A file that the sender lacks. */
int bundle_want_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err) MUST_USE;
/* A piece of one that we lack. ERR_BUSY: what names it is not counted yet. */
int bundle_piece_take(struct engine *engine, struct bundle_job *job,
                      const struct frame *frame, struct error *err) MUST_USE;
/* The newest bundle of a node: what it lacks, until it says so again. Needs a
 * transaction. */
int bundle_wants_keep(struct engine *engine, const struct bundle_job *job,
                      struct error *err) MUST_USE;

/* ---- bundle_bodies.c ---- */
/* A private body that the sender waits for. */
int bundle_body_ask(struct engine *engine, struct bundle_job *job,
                    const struct frame *frame, struct error *err) MUST_USE;
/* One that is waited for here. ERR_BUSY: its event is not counted yet. One that
 * its event does not commit to is shown, and fails nothing. */
int bundle_body_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err) MUST_USE;
/* The newest bundle of a node: what it waits for, until it says so again. Needs
 * a transaction. */
int bundle_asks_keep(struct engine *engine, const struct bundle_job *job,
                     struct error *err) MUST_USE;

/* ---- bundle_heads.c ---- */
/* Marks what the sender holds. ERR_CONFLICT: two histories of one log; notes
 * what of ours was set back. */
int bundle_heads_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_head *heads, size_t len,
                       struct error *err) MUST_USE;
/* The bundle's greeting: token, deliveries, heads. ERR_UNTRUSTED. */
int bundle_hello_apply(struct engine *engine, struct bundle_job *job,
                       const struct frame_hello *hello,
                       struct error *err) MUST_USE;

/* ---- bundle_import.c ---- */
/* Applies one frame of a bundle that was found whole. */
int bundle_apply(struct engine *engine, struct bundle_job *job,
                 const struct frame *frame, struct error *err) MUST_USE;
/* After the last one: cosigns, remembers. */
int bundle_applied(struct engine *engine, struct bundle_job *job,
                   struct error *err) MUST_USE;
/* May a bundle from that side hold such a frame? */
bool bundle_frame_fits(const struct bundle_job *job, const struct frame *frame);

#endif
