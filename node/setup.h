/* Making a node's data directory: `init` (a realm with its top node) and
 * `join` (a node with an invitation). Called while no node runs there; never
 * touches a directory that is set up for something else.
 *
 * What is written: <dir>/qcdc.conf, store.db, keys/ (0600, fsync, rename).
 */
#ifndef QCDC_NODE_SETUP_H
#define QCDC_NODE_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/error.h"

/* A recovery secret, shown once and kept nowhere: print it, put it in a
 * safe. `secret` is wiped by setup_secrets_wipe. */
struct setup_secret {
    uint32_t unit;
    char unit_name[256];
    char secret[65]; /* as protocol/event/paper.h has it */
};
#define SETUP_SECRETS_MAX 64u

struct setup_result {
    struct setup_secret secrets[SETUP_SECRETS_MAX];
    size_t secrets_len;
    char fingerprint[32]; /* join: as the parent shows it */
    char root_key[65];    /* hex, public */
    char realm[33];
    uint32_t node;
    uint32_t units;    /* init: registered */
    bool again;        /* join: the directory was this node's, and keeps all */
    uint64_t dir_size; /* promote: where the logs before end */
    uint64_t log_size;
    uint32_t epoch;     /* ... and which begin */
    char endpoint[256]; /* ... and where the children find it */
};
void setup_secrets_wipe(struct setup_result *result);

struct init_request {
    const char *dir;
    const char *realm;         /* [a-z0-9-]{1,32} */
    const char *root_key_path; /* created here, 0600: take it offline */
    const char *units_path;    /* CSV of UnitRegistered facts */
    const char *nodes_path;    /* CSV number,name,parent,... or NULL: sets the
                                  hosts of units, see deploy/data */
    const char *rules_path;    /* JSON, or NULL */
    const char *calendar_path; /* CSV day,kind (off | worked), or NULL */
    const char *listen;        /* "tcp://0.0.0.0:7600" */
    const char *endpoint;      /* what children are told; NULL = listen */
    uint32_t node;             /* number of the top node */
    bool demo;
};
/* Errors name file and line. Nothing is left behind on failure. */
int setup_init(const struct init_request *request, struct setup_result *out,
               struct error *err) MUST_USE;

/* `dir` is the folder of the realm's standby, whose node is stopped: from now
 * on it is the top node. The root key signs that, and leaves no copy here. */
struct promote_request {
    const char *dir;
    const char *root_key_path; /* from the safe; only read */
    const char *listen;        /* NULL: as the standby listened */
    const char *endpoint;      /* what children are told; NULL: the standby's */
    bool force;                /* though the top node was not heard for a day */
    /* Shows the recovery secrets, before anything is final: what nobody saw is
     * made again by the next try. An error ends the promotion. */
    int (*show)(void *ctx, const struct setup_result *result,
                struct error *err);
    void *ctx;
};
/* ERR_UNTRUSTED: another realm's root key; ERR_USAGE: this machine is not the
 * standby; ERR_BUSY: its node runs, or it does not hold all it must. An
 * interrupted promotion is finished by the next. */
int setup_promote(const struct promote_request *request,
                  struct setup_result *out, struct error *err) MUST_USE;

struct join_request_options {
    const char *dir;
    const char *invitation; /* qcdc1... */
    const char *listen;     /* for its own children, or NULL */
    const char *endpoint;
    const char *file; /* the request goes there, for no network; or NULL */
};
/* Generates all keys and the request; the node sends it when it starts. With
 * an invitation to join again, in the directory of that very node: new keys
 * but those that units seal with, and everything it holds stays. ERR_BUSY
 * while a node runs there. */
int setup_join(const struct join_request_options *request,
               struct setup_result *out, struct error *err) MUST_USE;

#endif
