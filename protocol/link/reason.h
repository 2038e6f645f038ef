/* Why something was refused, frozen or ended: numbers for the wire and the
 * store, words for people (Vietnamese and English). */
#ifndef QCDC_PROTOCOL_LINK_REASON_H
#define QCDC_PROTOCOL_LINK_REASON_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers are frozen. A newer node may send one that is not known here. */
enum link_reason {
    LINK_REASON_NONE = 0,
    LINK_REASON_VERSION = 1,     /* no version in common */
    LINK_REASON_REALM = 2,       /* another realm */
    LINK_REASON_NODE = 3,        /* not the node its key is certified for */
    LINK_REASON_NO_SESSION = 4,  /* HELLO first */
    LINK_REASON_FOREIGN_LOG = 5, /* neither its own nor a descendant's */
    LINK_REASON_BAD_HEAD = 6,    /* a head its log never signed */
    LINK_REASON_BAD_BATCH = 7,   /* dropped whole */
    LINK_REASON_PAUSED = 8,      /* quota, disk */
    LINK_REASON_NO_SEGMENT = 9,  /* asked from where no batch begins */
    LINK_REASON_FROZEN = 10,     /* frozen earlier */
    /* tlog.md section 3.3 */
    LINK_REASON_MIRROR_BACK = 11, /* case 1: a mirror was rolled back */
    LINK_REASON_FORK = 12,        /* case 2: two histories of one log */
    LINK_REASON_ORIGIN_BACK = 13, /* case 3: the log's node was rolled back */
    LINK_REASON_TOKEN = 14,       /* case 6: an older image, or a clone */
    LINK_REASON_BAD_COSIG = 15,   /* a cosignature that does not verify */
    LINK_REASON_STRIKES = 16,     /* too many faults in one session */
    LINK_REASON_MALFORMED = 17,   /* a frame nobody can read */
    LINK_REASON_SILENT = 18,      /* nothing heard for too long */
    LINK_REASON_UNASKED = 19,     /* a frame out of place */
    LINK_REASON_NEW_SESSION = 20, /* start over with HELLO */
    LINK_REASON_JOIN = 21,        /* the invitation's answer */
    LINK_REASON_CLONE = 22,       /* two copies of a node alive at once */
    LINK_REASON_FLOOD = 23,       /* more than anybody needs, or no end */
    LINK_REASON_KEY = 24,         /* the superior's key or ours is refused */
    LINK_REASONS
};

/* True for what cannot be mended by itself: two histories, two live copies.
 * The log takes no more batches or cosignatures until a person acts. */
bool link_reason_freezes(enum link_reason reason);

/* "fork", "token" ...; "unknown" for any other number. */
const char *link_reason_name(uint32_t reason);

/* The reason whose name a text begins with ("fork: ..."); else NONE. */
enum link_reason link_reason_of(const char *text);

/* What happened and what a person must do, if anything: whole sentences. */
const char *link_reason_vi(uint32_t reason);
const char *link_reason_en(uint32_t reason);

#endif
