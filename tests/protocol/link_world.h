/* Two or more nodes in one process: real machines, real signatures, a store
 * in memory, lines with a rate and a delay, a virtual clock. What the tests
 * of the link stand on; nothing here is random but a counter. */
#ifndef QCDC_TESTS_PROTOCOL_LINK_WORLD_H
#define QCDC_TESTS_PROTOCOL_LINK_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/link/link.h"

enum {
    WORLD_NODES = 6, /* numbers 1..5 */
    WORLD_LOGS = 16,
    WORLD_SEGMENTS = 1200,
    WORLD_COSIGS = 2000,
    WORLD_ENDS = 8,
    WORLD_TRACKS = 16,
};

struct world_segment {
    struct segment segment; /* spans on the heap */
    uint8_t *bytes;
    struct range after;
};

struct world_log {
    struct origin origin;
    char name[64];
    struct vkey key;
    uint32_t guard;
    struct world_segment *segments;
    size_t segments_len;
    struct guard_cosig *cosigs;
    size_t cosigs_len;
    uint64_t batch_s, heard_s;
    struct frame_seen held[WORLD_NODES]; /* newest, by cosigner */
    bool recovering;                     /* until this size and this many */
    uint64_t until, recalled;            /* cosignatures are here again */
    bool restored;                       /* recovery ended */
    bool lent; /* the peer's, from us; ended by lent_back */
    bool lent_back;
    bool frozen;
    enum link_reason reason;
    char text[512];
};

struct world_node {
    uint32_t id;
    struct world_log logs[WORLD_LOGS];
    size_t logs_len;
    uint64_t spool;    /* events waiting */
    uint64_t recorded; /* ever: numbers the leaves */
    struct link_tokens tokens[WORLD_NODES];
    uint64_t delivered; /* taken from the parent */
    bool unmade;        /* what is queued cannot be made now */
    uint64_t queued[WORLD_NODES];
    uint64_t acked[WORLD_NODES];
    bool ignorant;                  /* knows nobody's certificates */
    uint64_t born_ms;               /* its process began */
    uint64_t alive_ms[WORLD_NODES]; /* a good session of that child */
    bool doubtful;                  /* set back since it began */
    bool lie;           /* flips a byte of every batch it sends on */
    uint32_t certified; /* bits: nodes whose certificates are held; 0: all */
};

struct world_packet {
    uint8_t *bytes;
    size_t len;
    uint64_t at_ms;
};

struct world;

/* One node's end of a line. */
struct world_end {
    struct world *world;
    struct world_node *node;
    struct world_end *other;
    struct link *link;
    void *memory;
    struct world_packet *packets; /* on their way out */
    size_t packets_len, packets_max;
    uint64_t busy_ms;
    bool up;     /* the line is there */
    bool closed; /* the machine asked to close */
    uint64_t sent_frames;
    uint64_t peak_bytes; /* most in flight */
    unsigned strikes;
    unsigned mend_asked, mended; /* what the machine let through */
    bool mend_privates;          /* the newest one asked: with ciphertexts */
    enum link_reason note;       /* the last one */
    bool note_from_peer;
    char note_text[512];
    unsigned ready;
    enum join_status joined;
    bool join_done;
    struct span join_request; /* as it came, on the heap */
};

struct world {
    struct world_node nodes[WORLD_NODES];
    uint32_t parent[WORLD_NODES];
    struct world_end ends[WORLD_ENDS];
    size_t ends_len;
    uint64_t now_ms;
    uint64_t counter;      /* "random" bytes */
    uint64_t rate;         /* bytes a second of every line, 0: no limit */
    uint64_t delay_ms;     /* one way */
    unsigned batch_events; /* events of one sequenced batch */
    bool standby;          /* lines made from now on are a standby's */
    struct segment_codec *codec;
    struct arena arena;
    char *trace; /* NULL: none; else lines "NODE>PEER what" */
    size_t trace_len, trace_max;
    struct queued *queue;
    size_t queue_len;
};

/* parents: parent of node i, 0 none; node 1 is the top. */
struct world *world_new(const uint32_t parents[WORLD_NODES]);
/* The same with the lines of nodes 2 to `last` to their parents. */
struct world *world_chain(const uint32_t parents[WORLD_NODES], uint32_t last);
void world_free(struct world *world);

/* The line child-parent; both machines are closed until world_connect. */
void world_line(struct world *world, uint32_t child);
void world_join_line(struct world *world, uint32_t child,
                     struct frame_join_request request);
struct world_end *world_end_of(struct world *world, uint32_t node,
                               uint32_t peer);
void world_connect(struct world *world, uint32_t child);
/* The line goes; what is on its way is lost. */
void world_cut(struct world *world, uint32_t child);

/* Records events into a node's spool and tells its link; a top node appends
 * them at once. */
void world_record(struct world *world, uint32_t node, uint64_t events);
/* The same into the directory log of a node without guard. */
void world_direct(struct world *world, uint32_t node, uint64_t events);
void world_deliver(struct world *world, uint32_t node, uint32_t child,
                   uint64_t count);

/* Runs until nothing is on its way and no timer is due before until_ms. */
void world_run(struct world *world, uint64_t until_ms);
/* Delivers at most `count` frames, in their order; how many there were. */
unsigned world_frames(struct world *world, unsigned count);
void world_event(struct world *world, struct world_end *end,
                 struct link_event event);
/* A frame to an end as if its peer had sent it. */
void world_inject(struct world *world, struct world_end *end,
                  struct frame *frame);

struct world_log *world_log_of(struct world_node *node,
                               const struct origin *origin);
/* Made if it is not there. */
struct world_log *world_log_make(struct world *world, struct world_node *node,
                                 const struct origin *origin);
uint64_t world_size(const struct world_log *log);
struct hash world_root(const struct world_log *log);
/* A deep copy of all that a node has stored, and back. */
struct world_node *world_image(const struct world_node *node);
void world_restore(struct world_node *node, struct world_node *image);
/* Its process begins anew: it forgets whom it heard. */
void world_reborn(struct world *world, uint32_t node);
void world_image_free(struct world_node *image);

/* ---- what a test asks ---- */

void world_seconds(struct world *world, uint64_t count);
/* Of a log that is there. */
struct world_log *world_log_at(struct world *world, uint32_t node,
                               struct origin origin);
struct link_info world_info(struct world *world, uint32_t node, uint32_t peer);
/* A batch of the district's log (node 2) as node 2 would send it. */
struct frame world_batch_frame(struct world *world, size_t segment);
/* Both hold `size` leaves of the log, the same ones. */
void world_assert_same(struct world *world, uint32_t a, uint32_t b,
                       struct origin origin, uint64_t size);

#endif
