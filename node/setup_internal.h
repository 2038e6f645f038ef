/* What `init` reads before it makes anything, and the first events. */
#ifndef QCDC_NODE_SETUP_INTERNAL_H
#define QCDC_NODE_SETUP_INTERNAL_H

#include "node/engine_internal.h"
#include "node/setup.h"
#include "node/web/csv.h"

struct setup_unit {
    uint32_t number;
    char name[256];
};

/* The unit file's rows, already split; and the rules. */
struct setup_tables {
    struct arena arena;   /* all below */
    const char **columns; /* facts path of each column */
    size_t columns_len;
    struct csv_row *units;
    size_t units_len;
    const char *units_path;                      /* borrowed */
    struct setup_unit hosted[SETUP_SECRETS_MAX]; /* by the top node */
    size_t hosted_len;
    struct span rules; /* text of the JSON file */
};

/* ---- setup.c: pieces of a data directory ---- */
int setup_dir_make(const char *dir, struct error *err) MUST_USE;
/* Takes back what a failed setup made; never more. */
void setup_dir_unmake(const char *dir);
/* Where it listens, and where others find it; each may be NULL. */
int setup_addresses(struct config *config, const char *listen,
                    const char *endpoint, struct error *err) MUST_USE;
int setup_config_save(const struct config *config, struct error *err) MUST_USE;
int setup_store_make(const struct config *config, struct error *err) MUST_USE;
/* Keys for every unit; their recovery secrets go to the result alone. */
int setup_units_keys(struct keys *keys, const struct setup_unit *units,
                     size_t len, struct setup_result *out,
                     struct error *err) MUST_USE;

/* ERR_USAGE with file and line. */
int setup_tables_read(struct setup_tables *tables,
                      const struct init_request *request,
                      struct error *err) MUST_USE;
void setup_tables_free(struct setup_tables *tables);

/* A promotion: what the certificate says beside keys. */
struct succession {
    uint32_t standby;            /* number the machine had */
    uint32_t epoch;              /* of both logs, which begin now */
    struct merkle_head dir, log; /* where those of the epoch before end */
    uint32_t numbers_first, numbers_last;
    const char *endpoint;
};
/* TopNodeCertified, signed by the root key. next: NULL at init. */
int setup_top_certify(struct engine *engine, const struct sign_pair *root,
                      bool demo, const struct succession *next,
                      struct error *err) MUST_USE;
int setup_units_register(struct engine *engine,
                         const struct setup_tables *tables,
                         struct error *err) MUST_USE;
int setup_rules_publish(struct engine *engine,
                        const struct setup_tables *tables, const char *path,
                        struct error *err) MUST_USE;

#endif
