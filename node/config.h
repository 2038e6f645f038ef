/* qcdc.conf: `key = value` lines, `#` comments. One table row a key says its
 * name, bounds, default and help; the same table writes the file that init
 * and join leave behind, and the example in deploy/. */
#ifndef QCDC_NODE_CONFIG_H
#define QCDC_NODE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/buf.h"
#include "protocol/base/error.h"

#define CONFIG_TEXT_SIZE 256u
#define CONFIG_PATH_SIZE 512u

struct config {
    char dir[CONFIG_PATH_SIZE]; /* not a key: where the file was */
    char realm[CONFIG_TEXT_SIZE];
    char root_key[CONFIG_TEXT_SIZE];        /* 64 hex characters */
    char listen[CONFIG_TEXT_SIZE];          /* "" = no children */
    char endpoint[CONFIG_TEXT_SIZE];        /* what children are told */
    char parent_endpoint[CONFIG_TEXT_SIZE]; /* "" = top node */
    char parent_key[CONFIG_TEXT_SIZE];      /* CURVE, 64 hex characters */
    char witness[CONFIG_TEXT_SIZE];         /* vkey of the outside cosigner */
    char log_level[CONFIG_TEXT_SIZE];
    uint64_t node;
    uint64_t parent;
    uint64_t verify_threads;
    uint64_t quota_events;
    uint64_t quota_kib;
    uint64_t disk_reserve_mib;
    uint64_t ballast_mib;
    uint64_t fetch_files;
    uint64_t files_mib;
    uint64_t child_mib;
    uint64_t login_minutes;
    uint64_t quiet_s;
};

/* Defaults of the table; dir is `dir`. ERR_LIMIT for a path too long. */
int config_init(struct config *config, const char *dir,
                struct error *err) MUST_USE;

/* Reads <dir>/qcdc.conf over the defaults. ERR_NOTFOUND when there is none,
 * ERR_USAGE with file:line for a key or value it does not understand. */
int config_load(struct config *config, const char *dir,
                struct error *err) MUST_USE;

/* One line as in the file; `where` (file:line) starts the error text. */
int config_set(struct config *config, const char *key, const char *value,
               const char *where, struct error *err) MUST_USE;

/* The text of the file, with the help of each key as a comment. */
void config_write(const struct config *config, struct buf *out);

/* <dir>/<name> into `out` of CONFIG_PATH_SIZE. ERR_LIMIT. */
int config_path(const struct config *config, const char *name, char *out,
                struct error *err) MUST_USE;

#endif
