/* Room: node. Owns the promotion of a standby: the machine takes the number of
 * the top node, the root key says where the logs of the lost machine end and
 * whose keys sign the next ones. It decides nothing about the tree: children,
 * units and certificates stay as they are. Every step may be repeated, the
 * root key's word is the last that counts. Next: successor.c, how the others
 * learn of it; epoch.c, how the next logs begin. */
#include "node/setup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/setup_internal.h"
#include "node/successor.h"
#include "protocol/base/hex.h"
#include "store/book.h"
#include "store/directory.h"
#include "store/recovery.h"
#include "store/spool.h"

/* What one promotion needs, too large for the stack. */
struct promotion {
    struct config config;
    struct keys keys;
    struct sign_pair root;
    struct setup_unit units[HOSTED_UNITS_MAX]; /* of the top node */
    size_t units_len;
    struct succession next;
    uint32_t top;
    bool demo;
    char endpoint[256];
    bool force;
};

/* ---- the root key from the safe ---- */

static int root_read(const char *path, struct promotion *p, struct error *err)
{
    char text[512] = "";
    char hex[65];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    const char *seed;
    int rc = 0;

    if (fd >= 0) {
        close(fd);
    }
    if (len < 0) {
        return error_set(err, ERR_USAGE, "%s cannot be read", path);
    }
    seed = strstr(text, "seed ");
    if (strncmp(text, "qcdc/root/v1\n", 13) != 0 || seed == NULL ||
        strspn(seed + 5, "0123456789abcdef") < 64) {
        rc = error_set(err, ERR_USAGE, "%s is no file of a root key", path);
    } else {
        struct sign_seed bytes;

        rc = hex_decode(span_make((const uint8_t *)seed + 5, 64), &bytes,
                        sizeof(bytes), err);
        sign_pair_from(&p->root, &bytes);
        crypto_wipe(&bytes, sizeof(bytes));
    }
    crypto_wipe(text, sizeof(text));
    if (rc == 0) {
        hex_encode(SPAN_OF(p->root.pub), hex);
        if (strcmp(hex, p->config.root_key) != 0) {
            rc = error_set(err, ERR_UNTRUSTED,
                           "%s is the root key of another realm: this one's "
                           "is %s",
                           path, p->config.root_key);
        }
    }
    return rc;
}

/* ---- what is to go on ---- */

/* Where a log of the top node ends: at what is held here, and counted. */
static int end_find(struct engine *engine, uint32_t top, bool is_dir,
                    uint32_t epoch, struct merkle_head *out, struct error *err)
{
    struct origin origin = {.node = top, .epoch = epoch, .dir = is_dir};
    struct store_recovery recovery;
    struct store_log log;
    int rc = log_find(engine, &origin, &log, err);

    *out = (struct merkle_head){.root = merkle_empty_root()};
    if (rc == ERR_NOTFOUND && !is_dir) {
        return 0; /* it never recorded anything of its own */
    }
    if (rc != 0) {
        return rc;
    }
    if (log.frozen[0] != '\0' || recover_active(engine, log.id, &recovery)) {
        return error_set(err, ERR_BUSY,
                         "log %s is not whole here (%s): look at `qcdc sync` "
                         "first",
                         log.origin,
                         log.frozen[0] != '\0' ? log.frozen : "being fetched");
    }
    *out = log.head;
    return 0;
}

static bool is_standby(const struct promotion *p, const struct directory *dir)
{
    uint32_t standby = directory_standby(dir);
    const struct dir_cert *cert = directory_cert(dir, standby);
    uint32_t self = (uint32_t)p->config.node;

    /* The number is the top node's already when an earlier try was cut. */
    return standby != 0 && cert != NULL &&
           (self == standby || self == dir->top) &&
           memcmp(&cert->curve_key, &p->keys.curve.pub,
                  sizeof(cert->curve_key)) == 0;
}

static void units_copy(struct promotion *p, const struct directory *dir,
                       const struct dir_cert *cert, uint32_t day)
{
    for (size_t i = 0; i < cert->units_len && i < HOSTED_UNITS_MAX; i++) {
        struct setup_unit *unit = &p->units[p->units_len++];
        struct unit_facts facts;

        unit->number = cert->units[i].unit;
        if (directory_unit_at(dir, unit->number, day, &facts)) {
            snprintf(unit->name, sizeof(unit->name), "%.*s",
                     (int)(facts.name.len < 255 ? facts.name.len : 255),
                     (const char *)facts.name.ptr);
        }
    }
}

#define HEARD_MOST_S 90000u /* a day, and an hour for the daily repeat */

/* The newest sign of the top node here: a session, or a number on its logs. */
static uint64_t top_heard_s(struct engine *engine, const struct promotion *p)
{
    struct store_peer kept = {.contact_s = 0};
    struct error ignored = {0};
    uint64_t newest_s = 0;

    if (store_peer_get(engine->store, p->top, &kept, &ignored) == 0) {
        newest_s = (uint64_t)kept.contact_s;
    }
    for (int dir = 0; dir < 2; dir++) {
        struct origin origin = {p->top, p->next.epoch - 1, dir == 1};
        struct store_cosig cosig;
        struct store_log log;
        uint64_t time_s = 0;

        if (log_find(engine, &origin, &log, &ignored) == 0 && log.cosigs > 0 &&
            store_cosig_newest(engine->store, log.id, &cosig, &ignored) == 0) {
            time_s = cosignature_time(&cosig.line);
        }
        newest_s = time_s > newest_s ? time_s : newest_s;
    }
    return newest_s;
}

/* What this machine holds becomes the end of both logs: one that was let go
 * while it was off, or away for long, must not end them by mistake. */
static int heard_check(struct engine *engine, const struct promotion *p,
                       struct error *err)
{
    uint64_t now_s = clock_now_ms() / 1000;
    uint64_t heard_s = top_heard_s(engine, p);

    if (p->force || heard_s + HEARD_MOST_S > now_s) {
        return 0;
    }
    return error_set(err, ERR_USAGE,
                     "this standby last heard the top node %llu hours ago: it "
                     "may have been let go, and districts may hold more, which "
                     "would be cut off; ask them first (qcdc sync there); if "
                     "it must be: --force",
                     (unsigned long long)(now_s - heard_s) / 3600);
}

static int realm_read(struct engine *engine, struct promotion *p,
                      struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *top = directory_cert(dir, dir->top);
    const struct dir_cert *own;
    int rc;

    if (!is_standby(p, dir) && directory_standby(dir) == 0) {
        return error_set(err, ERR_USAGE,
                         "%s is node %u, and this realm has no standby",
                         p->config.dir, (unsigned)p->config.node);
    }
    if (!is_standby(p, dir)) {
        return error_set(err, ERR_USAGE,
                         "%s is node %u, which is not the standby of this "
                         "realm: that is node %u",
                         p->config.dir, (unsigned)p->config.node,
                         directory_standby(dir));
    }
    own = directory_cert(dir, directory_standby(dir));
    p->top = dir->top;
    p->demo = dir->demo;
    p->next.standby = own->node;
    p->next.epoch = 1 + directory_epoch_now(dir, dir->top, true);
    p->next.numbers_first = top->numbers_first;
    p->next.numbers_last = top->numbers_last;
    if (own->endpoint.len < sizeof(p->endpoint)) {
        memcpy(p->endpoint, own->endpoint.ptr, own->endpoint.len);
    }
    if ((rc = heard_check(engine, p, err)) != 0) {
        return rc;
    }
    units_copy(p, dir, top, engine_store_now(engine).day);
    rc = end_find(engine, p->top, true, p->next.epoch - 1, &p->next.dir, err);
    return rc != 0 ? rc
                   : end_find(engine, p->top, false, p->next.epoch - 1,
                              &p->next.log, err);
}

/* A try that was cut between the two: the store's number follows. */
static int self_follow(const struct promotion *p, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    struct store_options options = {.path = path};
    struct store *store = NULL;
    int rc = config_path(&p->config, "store.db", path, err);

    rc = rc != 0 ? rc : store_open(&options, &store, err);
    if (rc == 0 && store_self(store) != (uint32_t)p->config.node) {
        rc = store_begin(store, err);
        rc = rc != 0 ? rc
                     : store_self_change(store, (uint32_t)p->config.node, err);
        rc = rc != 0 ? rc : store_commit(store, err);
    }
    store_close(store);
    return rc;
}

/* ---- the change ---- */

static int config_change(struct promotion *p,
                         const struct promote_request *request,
                         struct error *err)
{
    struct config *config = &p->config;
    int rc = 0;

    config->node = p->top;
    config->parent = 0;
    config->parent_endpoint[0] = '\0';
    config->parent_key[0] = '\0';
    if (request->listen != NULL) {
        rc = config_set(config, "listen", request->listen, "--listen", err);
    }
    if (rc == 0) {
        rc = config_set(config, "endpoint",
                        request->endpoint != NULL ? request->endpoint
                                                  : p->endpoint,
                        "--endpoint", err);
    }
    p->next.endpoint = config->endpoint;
    if (rc == 0 && config->listen[0] == '\0') {
        rc = error_set(err, ERR_USAGE,
                       "this machine does not listen yet: --listen "
                       "tcp://0.0.0.0:7600");
    }
    return rc;
}

/* All new but the key that children already know to find the standby by. */
static int keys_change(struct promotion *p, struct setup_result *out,
                       struct error *err)
{
    struct box_pair curve = p->keys.curve;

    p->keys.units_len = 0;
    keys_renew(&p->keys, true);
    p->keys.curve = curve;
    crypto_wipe(&curve, sizeof(curve));
    return setup_units_keys(&p->keys, p->units, p->units_len, out, err);
}

/* The word itself, into the spool and to be told; then all is derived anew. */
static int word_record(struct engine *engine, const struct promotion *p,
                       struct error *err)
{
    struct store_spooled first;
    size_t len = 0;
    int rc = setup_top_certify(engine, &p->root, p->demo, &p->next, err);

    if (rc == 0) {
        rc = store_spool_list(engine->store, true, 0, LEAF_MAX, &engine->turn,
                              &first, 1, &len, err);
    }
    if (rc == 0) {
        rc = len == 1 ? successor_take(engine, first.leaf, err)
                      : error_set(err, ERR_CORRUPT, "the spool took nothing");
    }
    return rc != 0 ? rc : engine_rebuild(engine, err);
}

static int promote(struct promotion *p, const struct promote_request *request,
                   struct setup_result *out, struct error *err)
{
    struct engine *engine = NULL;
    int rc = engine_open(&p->config, &engine, err);

    if (rc == 0) {
        rc = realm_read(engine, p, err);
    }
    engine_close(engine);
    engine = NULL;
    if (rc == 0) {
        rc = keys_change(p, out, err);
    }
    if (rc == 0) {
        rc = config_change(p, request, err);
    }
    if (rc == 0) {
        rc = keys_save(&p->keys, request->dir, err);
    }
    if (rc == 0) {
        rc = setup_config_save(&p->config, err);
    }
    if (rc == 0) {
        rc = self_follow(p, err);
    }
    if (rc == 0) {
        rc = engine_open(&p->config, &engine, err);
    }
    /* The rebuild that follows the word commits: after it no try begins anew.
     */
    if (rc == 0 && request->show != NULL) {
        rc = request->show(request->ctx, out, err);
    }
    if (rc == 0) {
        rc = word_record(engine, p, err);
    }
    if (rc == 0) {
        rc = engine_commit(engine, err);
    }
    engine_close(engine);
    return rc;
}

int setup_promote(const struct promote_request *request,
                  struct setup_result *out, struct error *err)
{
    static struct promotion p;
    int rc;

    memset(&p, 0, sizeof(p));
    memset(out, 0, sizeof(*out));
    p.force = request->force;
    rc = config_load(&p.config, request->dir, err);
    if (rc == 0) {
        rc = keys_load(&p.keys, request->dir, err);
    }
    if (rc == 0) {
        rc = root_read(request->root_key_path, &p, err);
    }
    if (rc == 0) {
        rc = self_follow(&p, err);
    }
    if (rc == 0) {
        rc = promote(&p, request, out, err);
    }
    if (rc == 0) {
        snprintf(out->realm, sizeof(out->realm), "%.32s", p.config.realm);
        snprintf(out->root_key, sizeof(out->root_key), "%.64s",
                 p.config.root_key);
        snprintf(out->endpoint, sizeof(out->endpoint), "%.255s",
                 p.config.endpoint);
        out->node = p.top;
        out->epoch = p.next.epoch;
        out->dir_size = p.next.dir.size;
        out->log_size = p.next.log.size;
    } else {
        setup_secrets_wipe(out);
    }
    keys_wipe(&p.keys);
    crypto_wipe(&p.root, sizeof(p.root));
    return rc;
}
