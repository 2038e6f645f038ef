/* Real nodes for the bench: a commune, its district and their province, each
 * a qcdc-node process on loopback with a folder of its own.
 *
 * Made with the functions that `qcdc init`, `invite` and `join` call. A node
 * is watched from outside: its log file and a read-only connection to its
 * store. Only processes started here are ended, by their number.
 */
#ifndef QCDC_TOOLS_BENCH_NODES_H
#define QCDC_TOOLS_BENCH_NODES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "node/config.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "store/log.h"
#include "store/spool.h"
#include "store/store.h"

#define NODE_NAME_SIZE 16u

struct node {
    char name[NODE_NAME_SIZE];
    uint32_t number;
    char dir[400];
    unsigned port;       /* where it listens; 0 = no children */
    pid_t pid;           /* 0 = not running */
    FILE *log;           /* its log file, read from where the last look ended */
    struct store *store; /* read-only; NULL until node_look */
};

struct tree {
    struct node province;
    struct node district;
    struct node commune;
    const char *rules; /* JSON of the duty rules, or NULL: none */
    const char *bin;   /* folder of qcdc-node */
};

/* Makes the three folders below `dir`, certifies the nodes, leaves an official
 * (login "clerk") in the commune, and all three stopped. */
int tree_make(struct tree *tree, const char *dir, struct error *err) MUST_USE;
/* Ends what still runs; accepts a tree half made. */
void tree_close(struct tree *tree);

/* An empty node with its folder below `dir`. ERR_USAGE: a long folder. */
int node_name(struct node *node, const char *name, uint32_t number,
              const char *dir, struct error *err) MUST_USE;
/* Makes the child's folder by an invitation that confirms itself; neither must
 * run. */
int tree_enrol(struct node *parent, struct node *child,
               struct error *err) MUST_USE;
/* Ends its process, and closes what was opened to watch it. */
void node_close(struct node *node);

/* The folder of the running program, into `out` of `size` bytes. */
int bin_folder(char *out, size_t size, struct error *err) MUST_USE;

int node_start(struct node *node, const char *bin, struct error *err) MUST_USE;
/* SIGTERM and wait; ERR_IO if it did not end well. */
int node_stop(struct node *node, struct error *err) MUST_USE;
/* True once a new log line contains `text`; false is "not yet". Lines are
 * looked at once. */
bool node_said(struct node *node, const char *text);
/* Waits for it: ERR_BUSY with the node's name after `patience_s`. */
int node_await(struct node *node, const char *text, double patience_s,
               struct error *err) MUST_USE;
/* Waits until the process has used no more than 2 % of a core for a second. */
int node_await_idle(struct node *node, double patience_s,
                    struct error *err) MUST_USE;

/* What it holds of `of`'s record log; size 0 when nothing. */
int node_look(struct node *node, uint32_t of, struct store_log *log,
              struct error *err) MUST_USE;
/* Leaves of `of`'s log that `by` holds, as this node was told. */
int node_told(struct node *node, uint32_t of, uint32_t by, uint64_t *size,
              struct error *err) MUST_USE;
/* What waits in its spool; also while it is stopped. */
int node_spooled(struct node *node, struct store_spool_state *state,
                 struct error *err) MUST_USE;
/* KiB of resident memory: now, and the most since its start. */
int node_memory(const struct node *node, uint64_t *now_kib, uint64_t *most_kib,
                struct error *err) MUST_USE;

/* Seconds of processor time it has used since its start, all threads; -1 if
 * it does not run. Unlike the wall clock it does not depend on what else the
 * machine does. */
double node_cpu_s(const struct node *node);

/* Changes one key of its configuration while it is stopped. */
int node_configure(struct node *node, const char *key, const char *value,
                   struct error *err) MUST_USE;

/* A free port of the loopback interface, or 0. */
unsigned port_free(void);

#endif
