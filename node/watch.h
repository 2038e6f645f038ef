/* Connections of children, watched for what libzmq itself does not bound: a
 * message of parts that never ends is kept whole in memory whatever the high
 * water mark says (libraries.md B1.6), and nothing limits how many frames a
 * second a peer sends. The kernel tells how many bytes a connection brought;
 * one that brings more than its frames account for, or frames without end, is
 * cut. No libzmq here: transport.c says which connection is which. */
#ifndef QCDC_NODE_WATCH_H
#define QCDC_NODE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/crypto.h"

#define WATCH_UNFINISHED_MAX (8u << 20) /* bytes that no frame came of */
#define WATCH_FRAMES_MAX 20000u         /* in WATCH_SPAN_MS */
#define WATCH_SPAN_MS 10000u
#define WATCH_EVERY_MS 200u

enum watch_fault {
    WATCH_NONE,
    WATCH_UNFINISHED, /* bytes and bytes, and no message */
    WATCH_FLOOD,      /* more frames than anybody needs */
    WATCH_DEAF        /* reads nothing: what was sent stays here */
};

struct watch;

struct watch *watch_new(void); /* NULL: no memory */
void watch_free(struct watch *watch);
/* A connection was accepted, or is gone. */
void watch_add(struct watch *watch, int fd);
void watch_remove(struct watch *watch, int fd);
/* A whole frame of this key came over it. */
void watch_heard(struct watch *watch, int fd, const struct box_public *key,
                 uint64_t now_ms);
/* When every frame that came was read: the next connection that must end; it
 * is shut down. *key is zero when it never sent a whole frame. */
enum watch_fault watch_next(struct watch *watch, uint64_t now_ms,
                            struct box_public *key, bool *has_key);
/* Is there a connection to look at? Then the loop wakes now and then. */
bool watch_any(const struct watch *watch);

#endif
