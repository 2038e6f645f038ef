/* Room: node. Owns the facts that a superior need not type when he changes the
 * tree: keys as certified before, sizes and roots as held here. What is stated
 * is never changed. Next: record.c, which checks and signs the whole. */
#include "node/peers.h"
#include "node/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "store/directory.h"
#include "store/recovery.h"

#define PATH_ROOM 48u
#define VALUE_ROOM 264u

struct filling {
    struct field_pair *facts;
    size_t *len;
    size_t max;
    struct arena *arena;
    bool full;
};

static const char *stated(const struct filling *f, const char *path)
{
    for (size_t i = 0; i < *f->len; i++) {
        if (strcmp(f->facts[i].path, path) == 0) {
            return f->facts[i].value;
        }
    }
    return NULL;
}

static bool any_stated(const struct filling *f, const char *start)
{
    for (size_t i = 0; i < *f->len; i++) {
        if (strncmp(f->facts[i].path, start, strlen(start)) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t number(const struct filling *f, const char *path)
{
    const char *text = stated(f, path);

    return text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
}

static void put(struct filling *f, const char *path, const char *value)
{
    char *kept_path = arena_alloc(f->arena, PATH_ROOM);
    char *kept = arena_alloc(f->arena, VALUE_ROOM);

    if (stated(f, path) != NULL || value[0] == '\0') {
        return;
    }
    if (kept_path == NULL || kept == NULL || *f->len == f->max) {
        f->full = true;
        return;
    }
    snprintf(kept_path, PATH_ROOM, "%s", path);
    snprintf(kept, VALUE_ROOM, "%s", value);
    f->facts[(*f->len)++] = (struct field_pair){kept_path, kept};
}

static void put_number(struct filling *f, const char *path, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    if (value != 0) {
        put(f, path, text);
    }
}

static void put_hex(struct filling *f, const char *path, const void *bytes)
{
    static const uint8_t none[32];
    char hex[65];

    if (memcmp(bytes, none, sizeof(none)) != 0) {
        hex_encode(span_make(bytes, 32), hex);
        put(f, path, hex);
    }
}

static void put_text(struct filling *f, const char *path, struct span text)
{
    char copy[VALUE_ROOM];

    if (text.len > 0 && text.len < sizeof(copy)) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
        put(f, path, copy);
    }
}

/* ---- NodeCertified ---- */

static void put_unit(struct filling *f, size_t *at, uint32_t unit,
                     const struct dir_unit_keys *keys)
{
    char path[PATH_ROOM];

    snprintf(path, sizeof(path), "units[%zu].unit", *at);
    put_number(f, path, unit);
    snprintf(path, sizeof(path), "units[%zu].sealing_key", *at);
    put_hex(f, path, &keys->sealing);
    snprintf(path, sizeof(path), "units[%zu].recovery_key", *at);
    put_hex(f, path, &keys->recovery);
    for (size_t i = 0; i < keys->registrars_len; i++) {
        snprintf(path, sizeof(path), "units[%zu].registrar_keys[%zu]", *at, i);
        put_hex(f, path, &keys->registrars[i]);
    }
    (*at)++;
}

static const struct dir_unit_keys *keys_of(const struct dir_cert *cert,
                                           uint32_t unit)
{
    for (size_t i = 0; i < cert->units_len; i++) {
        if (cert->units[i].unit == unit) {
            return &cert->units[i];
        }
    }
    return NULL;
}

/* Who becomes whom on the same node keeps the office's keys: the sealing and
 * registrar keys of a unit that ended serve its heir there. */
static void put_heirs(struct filling *f, const struct directory *dir,
                      const struct dir_cert *cert, size_t *at)
{
    for (size_t i = 0; i < dir->heirs_len; i++) {
        const struct dir_heir *heir = &dir->heirs[i];
        const struct dir_unit_keys *keys = keys_of(cert, heir->from);
        struct unit_facts facts;
        bool twice = keys_of(cert, heir->to) != NULL;

        for (size_t k = 0; k < i; k++) {
            twice = twice || (dir->heirs[k].to == heir->to &&
                              keys_of(cert, dir->heirs[k].from) != NULL);
        }
        if (keys != NULL && !twice &&
            directory_unit_at(dir, heir->to, heir->from_day, &facts) &&
            facts.host == cert->node) {
            put_unit(f, at, heir->to, keys);
        }
    }
}

static void put_guard(struct engine *engine, struct filling *f,
                      const struct dir_cert *cert, bool dir)
{
    struct origin origin = {
        .node = cert->node,
        .epoch = directory_epoch_now(engine_directory(engine), cert->node, dir),
        .dir = dir};
    struct error ignored = {0};
    struct store_log log;

    if (log_find(engine, &origin, &log, &ignored) == 0 && log.mirrored &&
        log.head.size > 0) {
        put_number(f, dir ? "dir_guard_from" : "guard_from", log.head.size);
        put_hex(f, dir ? "dir_guard_root_hash" : "guard_root_hash",
                &log.head.root);
    }
}

static int node_complete(struct engine *engine, struct filling *f,
                         struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t node = number(f, "node");
    const struct dir_cert *cert = directory_cert(dir, node);
    size_t units = 0;

    if (any_stated(f, "keys.")) {
        return 0; /* a certificate of new keys says everything itself */
    }
    if (cert == NULL) {
        return error_set(err, ERR_USAGE,
                         "node: %u has no certificate yet: invite it", node);
    }
    put_hex(f, "keys.log_key", &cert->log_key);
    if (cert->has_dir_log) {
        put_hex(f, "keys.dir_log_key", &cert->dir_log_key);
    }
    put_hex(f, "keys.mirror_key", &cert->mirror_key);
    put_hex(f, "keys.curve_key", &cert->curve_key);
    put_hex(f, "keys.actor_key", &cert->actor_key);
    put_hex(f, "keys.admin_key", &cert->admin_key);
    if (!any_stated(f, "units[")) {
        for (size_t i = 0; i < cert->units_len; i++) {
            put_unit(f, &units, cert->units[i].unit, &cert->units[i]);
        }
        put_heirs(f, dir, cert, &units);
    }
    put_number(f, "guard", engine_node(engine));
    put_number(f, "epoch", cert->epoch);
    put_number(f, "numbers_first", cert->numbers_first);
    put_number(f, "numbers_last", cert->numbers_last);
    put_number(f, "quota_events", cert->quota_events);
    put_number(f, "quota_kib", cert->quota_kib);
    put_text(f, "endpoint", cert->endpoint);
    put(f, "parent_endpoint",
        engine->config->endpoint[0] != '\0' ? engine->config->endpoint
                                            : engine->config->listen);
    if (cert->guard != number(f, "guard")) {
        put_guard(engine, f, cert, false);
        if (cert->has_dir_log) {
            put_guard(engine, f, cert, true);
        }
    }
    return 0;
}

/* What is addressed to a unit goes to its host, which must answer. */
static int host_check(struct engine *engine, const struct filling *f,
                      struct error *err)
{
    uint32_t host = stated(f, "host") == NULL ? 0 : number(f, "host");

    return host == 0 || directory_role(engine_directory(engine), host) ==
                            DIR_ROLE_ORDINARY
               ? 0
               : error_set(err, ERR_USAGE,
                           "host: node %u only mirrors, it keeps no unit",
                           host);
}

/* ---- LogEnded, ActorBarred ---- */

static int end_complete(struct engine *engine, struct filling *f,
                        struct error *err)
{
    const char *dir = stated(f, "dir");
    struct origin origin = {.node = number(f, "node"),
                            .dir = dir != NULL && strcmp(dir, "true") == 0};
    struct store_recovery recovery;
    struct store_log log;

    put_number(
        f, "epoch",
        directory_epoch_now(engine_directory(engine), origin.node, origin.dir));
    origin.epoch = number(f, "epoch");
    if (stated(f, "size") != NULL) {
        return 0;
    }
    if (log_find(engine, &origin, &log, err) != 0 || !log.mirrored) {
        return error_set(err, ERR_USAGE,
                         "node: the log of node %u is not held here: state "
                         "size and root_hash",
                         origin.node);
    }
    if (recover_active(engine, log.id, &recovery)) {
        return error_set(err, ERR_BUSY,
                         "node: the log of node %u is being fetched again "
                         "here: repeat when `qcdc sync` says that it is whole, "
                         "or its newest events would count nowhere",
                         origin.node);
    }
    put_number(f, "size", log.head.size);
    if (log.head.size > 0) {
        put_hex(f, "root_hash", &log.head.root);
    }
    return 0;
}

static int bar_complete(struct engine *engine, struct filling *f,
                        struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    struct unit_facts unit;
    struct origin origin = {0};
    const struct dir_cert *cert;
    struct store_log log;

    if (directory_unit_at(dir, number(f, "unit"), engine_store_now(engine).day,
                          &unit)) {
        put_number(f, "node", unit.host);
    }
    origin.node = number(f, "node");
    cert = directory_cert(dir, origin.node);
    if (cert == NULL) {
        return error_set(err, ERR_USAGE, "node: no node keeps unit %u",
                         number(f, "unit"));
    }
    if (stated(f, "epoch") == NULL && stated(f, "size") == NULL) {
        put_number(f, "epoch", cert->epoch);
        origin.epoch = cert->epoch;
        if (log_find(engine, &origin, &log, err) == 0 && log.mirrored) {
            put_number(f, "size", log.head.size);
        }
    }
    return 0;
}

/* NOLINTBEGIN(readability-non-const-parameter): `f` writes through len */
/* NOLINTNEXTLINE(readability-function-size): facts, room, length: one list */
int tree_complete(struct engine *engine, const struct event_type *type,
                  struct field_pair *facts, size_t *len, size_t max,
                  struct arena *arena, struct error *err)
{
    struct filling f = {facts, len, max, arena, false};
    int rc = 0;

    if (type->number == EVENT_NODE_CERTIFIED) {
        rc = node_complete(engine, &f, err);
    } else if (type->number == EVENT_UNIT_REGISTERED ||
               type->number == EVENT_UNIT_CHANGED) {
        rc = host_check(engine, &f, err);
    } else if (type->number == EVENT_LOG_ENDED) {
        rc = end_complete(engine, &f, err);
    } else if (type->number == EVENT_ACTOR_BARRED) {
        rc = bar_complete(engine, &f, err);
    }
    if (rc == 0 && f.full) {
        return error_set(err, ERR_LIMIT, "%s: too many facts", type->name);
    }
    return rc;
}
/* NOLINTEND(readability-non-const-parameter) */
