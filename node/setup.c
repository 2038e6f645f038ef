/* Room: node. Owns the making of a data directory, and of a realm in it. It
 * shows secrets once and keeps none of them; a directory that is set up
 * already is never touched. Next: setup_tables.c; setup_join.c, a directory
 * from an invitation. */
#include "node/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/config.h"
#include "node/keys.h"
#include "node/peers.h"
#include "node/setup_internal.h"
#include "protocol/base/hex.h"
#include "protocol/event/paper.h"
#include "store/directory.h"

void setup_secrets_wipe(struct setup_result *result)
{
    crypto_wipe(result->secrets, sizeof(result->secrets));
    result->secrets_len = 0;
}

/* ---- the directory
 * ---------------------------------------------------------------- */

int setup_dir_make(const char *dir, struct error *err)
{
    struct config config;
    char path[CONFIG_PATH_SIZE];
    int rc = config_init(&config, dir, err);

    if (rc == 0) {
        rc = config_path(&config, "qcdc.conf", path, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return error_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    }
    if (access(path, F_OK) == 0) {
        return error_set(err, ERR_USAGE,
                         "%s is set up already: choose another directory", dir);
    }
    return 0;
}

/* Takes back what a failed setup made; never more. */
void setup_dir_unmake(const char *dir)
{
    static const char *const made[] = {
        "qcdc.conf",      "store.db",        "store.db-wal", "store.db-shm",
        "keys/node.keys", "keys/units.keys", "keys",         "lock"};
    char path[CONFIG_PATH_SIZE];

    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        if (snprintf(path, sizeof(path), "%s/%s", dir, made[i]) <
            (int)sizeof(path)) {
            remove(path);
        }
    }
}

int setup_config_save(const struct config *config, struct error *err)
{
    static uint8_t space[16384];
    struct buf text = buf_over(space, sizeof(space));
    char path[CONFIG_PATH_SIZE];
    int rc = config_path(config, "qcdc.conf", path, err);

    config_write(config, &text);
    return rc != 0 ? rc : file_write_secret(path, text.ptr, text.len, err);
}

int setup_store_make(const struct config *config, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    struct store_options options = {.path = path, .create = true};
    struct store *store = NULL;
    struct sign_public root;
    mode_t before = umask(077); /* for store.db and what comes beside it */
    int rc = config_path(config, "store.db", path, err);

    if (rc == 0) {
        rc = hex_decode(span_str(config->root_key), &root, sizeof(root), err);
    }
    if (rc == 0) {
        rc = store_open(&options, &store, err);
    }
    if (rc == 0) {
        rc = store_begin(store, err);
    }
    if (rc == 0) {
        rc = store_self_set(store, (uint32_t)config->node, err);
    }
    if (rc == 0) {
        rc = store_meta_put(store, STORE_META_ROOT, SPAN_OF(root), err);
    }
    if (rc == 0) {
        rc = store_commit(store, err);
    }
    store_close(store);
    umask(before);
    return rc;
}

static int secret_show(struct setup_result *out, uint32_t unit,
                       const char *name, const struct box_secret *secret)
{
    struct setup_secret *shown = &out->secrets[out->secrets_len++];

    shown->unit = unit;
    snprintf(shown->unit_name, sizeof(shown->unit_name), "%s", name);
    paper_format(secret, shown->secret);
    return 0;
}

/* Keys for every unit; their recovery secrets go to the result alone. */
int setup_units_keys(struct keys *keys, const struct setup_unit *units,
                     size_t len, struct setup_result *out, struct error *err)
{
    for (size_t i = 0; i < len; i++) {
        struct box_secret recovery;
        int rc = keys_add_unit(keys, units[i].number, &recovery, err);

        if (rc != 0) {
            return rc;
        }
        secret_show(out, units[i].number, units[i].name, &recovery);
        crypto_wipe(&recovery, sizeof(recovery));
    }
    return 0;
}

/* ---- init
 * -----------------------------------------------------------------------------
 */

static int root_make(const char *path, struct sign_pair *root,
                     struct error *err)
{
    char hex[65];
    char text[256];
    int len;
    int rc;

    if (access(path, F_OK) == 0) {
        return error_set(err, ERR_USAGE,
                         "%s exists: a root key is never written over", path);
    }
    sign_pair_new(root);
    hex_encode(SPAN_OF(root->seed), hex);
    len = snprintf(text, sizeof(text),
                   "qcdc/root/v1\nseed %s\n# Keep this file offline: it signs "
                   "who leads the realm.\n",
                   hex);
    rc = file_write_secret(path, text, (size_t)len, err);
    crypto_wipe(hex, sizeof(hex));
    crypto_wipe(text, sizeof(text));
    return rc;
}

static int init_check(const struct init_request *request, struct error *err)
{
    if (!realm_is_valid(span_str(request->realm))) {
        return error_set(err, ERR_USAGE,
                         "realm '%.40s': use 1 to 32 of a-z, 0-9 and -",
                         request->realm);
    }
    if (request->node == 0) {
        return error_set(err, ERR_USAGE, "the top node needs a number");
    }
    if (request->root_key_path == NULL || request->units_path == NULL) {
        return error_set(err, ERR_USAGE,
                         "init needs a file for the root key and a unit file");
    }
    return 0;
}

int setup_addresses(struct config *config, const char *listen,
                    const char *endpoint, struct error *err)
{
    int rc = 0;

    if (listen != NULL) {
        rc = config_set(config, "listen", listen, "--listen", err);
    }
    if (rc == 0 && endpoint != NULL) {
        rc = config_set(config, "endpoint", endpoint, "--endpoint", err);
    }
    return rc;
}

static int init_config(const struct init_request *request,
                       const struct sign_pair *root, struct config *config,
                       struct error *err)
{
    int rc = config_init(config, request->dir, err);

    if (rc == 0) {
        rc = config_set(config, "realm", request->realm, "--realm", err);
    }
    if (rc == 0) {
        rc = setup_addresses(config, request->listen, request->endpoint, err);
    }
    if (rc == 0) {
        hex_encode(SPAN_OF(root->pub), config->root_key);
        config->node = request->node;
    }
    return rc;
}

/* First event of the realm, then units, rules: all in the spool of the
 * directory log, and sequenced, for nobody guards the top node yet. */
static int init_events(const struct config *config,
                       const struct init_request *request,
                       const struct sign_pair *root,
                       struct setup_tables *tables, struct setup_result *out,
                       struct error *err)
{
    struct engine *engine = NULL;
    int rc = engine_open(config, &engine, err);

    if (rc == 0) {
        rc = setup_top_certify(engine, root, request->demo, NULL, err);
    }
    if (rc == 0) {
        rc = setup_units_register(engine, tables, err);
    }
    if (rc == 0 && tables->rules.len > 0) {
        rc = setup_rules_publish(engine, tables, request->rules_path, err);
    }
    if (rc == 0) {
        out->units = (uint32_t)tables->units_len;
        rc = engine_commit(engine, err);
    }
    while (rc == 0 && engine_work(engine)) {
        rc = engine_commit(engine, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    if (rc == 0 && engine_fatal(engine) != 0) {
        rc = error_set(err, (enum err)engine_fatal(engine),
                       "the first events could not be stored");
    }
    engine_close(engine);
    return rc;
}

int setup_init(const struct init_request *request, struct setup_result *out,
               struct error *err)
{
    static struct config config;
    static struct keys keys;
    struct setup_tables tables = {0};
    struct sign_pair root;
    bool made = false;
    int rc = init_check(request, err);

    memset(out, 0, sizeof(*out));
    if (rc == 0) {
        rc = setup_tables_read(&tables, request, err);
    }
    if (rc == 0) {
        rc = setup_dir_make(request->dir, err);
    }
    if (rc == 0) {
        rc = root_make(request->root_key_path, &root, err);
    }
    if (rc == 0) {
        made = true;
        keys_generate(&keys);
        rc =
            setup_units_keys(&keys, tables.hosted, tables.hosted_len, out, err);
    }
    if (rc == 0) {
        rc = init_config(request, &root, &config, err);
    }
    if (rc == 0) {
        rc = keys_save(&keys, request->dir, err);
    }
    if (rc == 0) {
        rc = setup_store_make(&config, err);
    }
    if (rc == 0) {
        rc = init_events(&config, request, &root, &tables, out, err);
    }
    if (rc == 0) {
        rc = setup_config_save(&config, err); /* last: now it is set up */
    }
    if (rc == 0) {
        snprintf(out->realm, sizeof(out->realm), "%.32s", request->realm);
        snprintf(out->root_key, sizeof(out->root_key), "%.64s",
                 config.root_key);
        out->node = request->node;
    } else if (made) {
        setup_dir_unmake(request->dir);
        remove(request->root_key_path);
        setup_secrets_wipe(out);
    }
    keys_wipe(&keys);
    crypto_wipe(&root, sizeof(root));
    setup_tables_free(&tables);
    return rc;
}
