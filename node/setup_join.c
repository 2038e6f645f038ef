/* Room: node. Owns a data directory made from an invitation: of a new node, of
 * one whose disk was lost, and of one that joins again and keeps all it holds.
 * A directory of another node or realm is never touched, nor one whose node
 * runs. Next: joining.c, which sends the request. */
#include "node/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "node/config.h"
#include "node/invite.h"
#include "node/keys.h"
#include "node/peers.h"
#include "node/setup_internal.h"
#include "protocol/base/hex.h"
#include "protocol/link/join.h"

#define ARENA_BYTES ((size_t)8 << 20)

static int text_copy(char *out, size_t size, struct span text,
                     struct error *err)
{
    if (text.len >= size) {
        return error_set(err, ERR_USAGE, "the invitation is damaged");
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return 0;
}

static int join_config(const struct join_request_options *request,
                       const struct invitation *invitation,
                       struct config *config, struct error *err)
{
    char endpoint[CONFIG_TEXT_SIZE];
    int rc = config_init(config, request->dir, err);

    if (rc == 0) {
        rc = text_copy(config->realm, sizeof(config->realm), invitation->realm,
                       err);
    }
    if (rc == 0) {
        rc = text_copy(endpoint, sizeof(endpoint), invitation->endpoint, err);
    }
    if (rc == 0) {
        rc = config_set(config, "parent_endpoint", endpoint, "the invitation",
                        err);
    }
    if (rc == 0) {
        rc = setup_addresses(config, request->listen, request->endpoint, err);
    }
    if (rc == 0) {
        hex_encode(SPAN_OF(invitation->root), config->root_key);
        hex_encode(SPAN_OF(invitation->parent_curve), config->parent_key);
        config->node = invitation->node;
        config->parent = invitation->parent;
    }
    return rc;
}

/* What join makes, too large for the stack. */
struct join_making {
    struct config config;
    struct keys keys;
};

/* A new file, on disk when it returns. */
static int file_write(const char *path, struct span bytes, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 &&
              write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len &&
              fsync(fd) == 0;
    int rc = ok ? 0
                : error_set(err, ERR_USAGE, "%s: %s: name a new file", path,
                            strerror(errno));

    if (fd >= 0) {
        (void)close(fd);
        if (!ok) {
            (void)unlink(path);
        }
    }
    return rc;
}

static int request_write(const struct join_making *making,
                         const struct join_request_options *request,
                         const struct invitation *invitation,
                         struct arena *arena, struct error *err)
{
    uint8_t *space = arena_alloc(arena, JOIN_FILE_MAX);
    struct buf file = buf_over(space, JOIN_FILE_MAX);
    struct frame_join_request frame;
    int rc = space == NULL ? error_set(err, ERR_LIMIT, "too little room") : 0;

    rc = rc != 0 ? rc
                 : join_request_make(&making->keys, making->config.realm,
                                     (uint32_t)making->config.node, arena,
                                     &frame, err);
    rc = rc != 0 ? rc : join_file_put(invitation, &frame, arena, &file, err);
    return rc != 0 ? rc : file_write(request->file, buf_span(&file), err);
}

/* The request that the node will send, to print its fingerprint. */
static int fingerprint_fill(const struct join_making *making,
                            struct arena *arena, struct setup_result *out,
                            struct error *err)
{
    struct frame_join_request frame;
    int rc =
        join_request_make(&making->keys, making->config.realm,
                          (uint32_t)making->config.node, arena, &frame, err);

    if (rc == 0) {
        join_fingerprint(frame.request, out->fingerprint);
    }
    return rc;
}

static int join_make(const struct join_request_options *request,
                     const struct invitation *invitation,
                     struct join_making *making, struct arena *arena,
                     struct setup_result *out, struct error *err)
{
    struct config *config = &making->config;
    struct keys *keys = &making->keys;
    struct setup_unit units[HOSTED_UNITS_MAX];
    int rc;

    memset(units, 0, sizeof(units));
    for (size_t i = 0; i < invitation->units_len; i++) {
        units[i].number = invitation->units[i];
    }
    keys_generate(keys);
    keys->joining = true;
    keys->one_time = invitation->curve;
    rc = setup_units_keys(keys, units, invitation->units_len, out, err);
    if (rc == 0) {
        rc = join_config(request, invitation, config, err);
    }
    if (rc == 0) {
        rc = keys_save(keys, request->dir, err);
    }
    if (rc == 0) {
        rc = setup_store_make(config, err);
    }
    if (rc == 0) {
        rc = fingerprint_fill(making, arena, out, err);
    }
    if (rc == 0) {
        rc = setup_config_save(config, err);
    }
    return rc;
}

/* ---- joining again with what is here
 * -------------------------------------------------------- */

static bool set_up(const char *dir)
{
    char path[CONFIG_PATH_SIZE];

    return snprintf(path, sizeof(path), "%s/qcdc.conf", dir) <
               (int)sizeof(path) &&
           access(path, F_OK) == 0;
}

/* Nobody may run there meanwhile; released when the process ends. */
static int lock_hold(const struct config *config, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    int rc = config_path(config, "lock", path, err);
    int fd = rc != 0 ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (rc == 0 && fd < 0) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (rc == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return error_set(err, ERR_BUSY,
                         "a node runs in %s: stop it, then join again",
                         config->dir);
    }
    return rc;
}

static int again_check(const struct invitation *invitation,
                       const struct config *config, struct error *err)
{
    char root[65];

    hex_encode(SPAN_OF(invitation->root), root);
    if (invitation->reason == REJOIN_NONE) {
        return error_set(err, ERR_USAGE,
                         "%s is set up already, and the invitation is one for "
                         "a new node: choose another directory, or ask for "
                         "`qcdc invite %u --again`",
                         config->dir, invitation->node);
    }
    if (invitation->node != (uint32_t)config->node ||
        !span_equal(invitation->realm, span_str(config->realm)) ||
        strcmp(root, config->root_key) != 0) {
        return error_set(err, ERR_USAGE,
                         "%s is node %u of realm %s, the invitation is for "
                         "node %u: use it in that node's directory",
                         config->dir, (unsigned)config->node, config->realm,
                         invitation->node);
    }
    if (invitation->reason == REJOIN_DISK_LOST) {
        return error_set(err, ERR_USAGE,
                         "%s still holds this node's records: a node whose "
                         "disk was lost joins in an empty directory; for this "
                         "one ask for --reason fork or clone",
                         config->dir);
    }
    return 0;
}

/* Units that the node hosts since it joined get keys now. */
static int units_missing(const struct invitation *invitation, struct keys *keys,
                         struct setup_result *out, struct error *err)
{
    for (size_t i = 0; i < invitation->units_len; i++) {
        struct setup_unit unit = {.number = invitation->units[i]};

        if (keys_unit(keys, unit.number) == NULL) {
            int rc = setup_units_keys(keys, &unit, 1, out, err);

            if (rc != 0) {
                return rc;
            }
        }
    }
    return 0;
}

/* Only units of the invitation are asked for. */
static void units_drop(const struct invitation *invitation, struct keys *keys)
{
    size_t len = 0;

    for (size_t i = 0; i < keys->units_len; i++) {
        bool invited = false;

        for (size_t k = 0; k < invitation->units_len; k++) {
            invited |= invitation->units[k] == keys->units[i].unit;
        }
        if (invited) {
            keys->units[len++] = keys->units[i];
        }
    }
    keys->units_len = len;
}

static int again_make(const struct join_request_options *request,
                      const struct invitation *invitation,
                      struct join_making *making, struct arena *arena,
                      struct setup_result *out, struct error *err)
{
    struct config *config = &making->config;
    struct keys *keys = &making->keys;
    int rc = config_load(config, request->dir, err);

    if (rc == 0) {
        rc = again_check(invitation, config, err);
    }
    if (rc == 0) {
        rc = lock_hold(config, err);
    }
    if (rc == 0) {
        rc = keys_load(keys, request->dir, err);
    }
    if (rc != 0) {
        return rc;
    }
    keys_renew(keys, invitation->reason != REJOIN_ROTATE);
    keys->joining = true;
    keys->one_time = invitation->curve;
    units_drop(invitation, keys);
    rc = units_missing(invitation, keys, out, err);
    if (rc == 0) {
        rc = text_copy(config->parent_endpoint, sizeof(config->parent_endpoint),
                       invitation->endpoint, err);
    }
    if (rc == 0) {
        hex_encode(SPAN_OF(invitation->parent_curve), config->parent_key);
        config->parent = invitation->parent;
        rc = fingerprint_fill(making, arena, out, err);
    }
    if (rc == 0) {
        rc = setup_config_save(config, err);
    }
    return rc != 0 ? rc : keys_save(keys, request->dir, err);
}

int setup_join(const struct join_request_options *request,
               struct setup_result *out, struct error *err)
{
    static struct join_making making;
    struct invitation invitation = {0};
    struct arena arena = {0};
    bool made = false;
    int rc = arena_new(&arena, ARENA_BYTES, err);

    memset(out, 0, sizeof(*out));
    if (rc == 0) {
        rc = invitation_parse(span_str(request->invitation), &arena,
                              &invitation, err);
    }
    out->again = rc == 0 && set_up(request->dir);
    if (rc == 0 && out->again) {
        rc = again_make(request, &invitation, &making, &arena, out, err);
    } else if (rc == 0) {
        rc = setup_dir_make(request->dir, err);
        made = rc == 0;
        rc = rc != 0
                 ? rc
                 : join_make(request, &invitation, &making, &arena, out, err);
    }
    if (rc == 0 && request->file != NULL) {
        rc = request_write(&making, request, &invitation, &arena, err);
    }
    if (rc == 0) {
        snprintf(out->realm, sizeof(out->realm), "%.32s", making.config.realm);
        snprintf(out->root_key, sizeof(out->root_key), "%.64s",
                 making.config.root_key);
        out->node = invitation.node;
    } else if (made) {
        setup_dir_unmake(request->dir);
    }
    if (rc != 0) {
        setup_secrets_wipe(out);
    }
    keys_wipe(&making.keys);
    invitation_wipe(&invitation);
    arena_release(&arena);
    return rc;
}
