/* Room: node. Owns the key files of a node and their text form; it must never
 * leave a half-written file, a readable one, or a secret in freed memory.
 * Next: gate.c (who may connect) and setup.c (who makes keys). */
#include "node/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/buf.h"
#include "protocol/base/hex.h"

#define KEYS_HEAD "qcdc/keys/v1"
#define KEYS_FILE_MAX 65536u
#define PATH_SIZE 600u

void sign_pair_from(struct sign_pair *pair, const struct sign_seed *seed)
{
    pair->seed = *seed;
    sign_keys(seed, &pair->pub, &pair->sec);
}

void sign_pair_new(struct sign_pair *pair)
{
    struct sign_seed seed;

    crypto_random(&seed, sizeof(seed));
    sign_pair_from(pair, &seed);
    crypto_wipe(&seed, sizeof(seed));
}

void box_pair_from(struct box_pair *pair, const uint8_t seed[32])
{
    memmove(pair->seed, seed, 32);
    box_keys(pair->seed, &pair->pub, &pair->sec);
}

static void box_pair_new(struct box_pair *pair)
{
    uint8_t seed[32];

    crypto_random(seed, sizeof(seed));
    box_pair_from(pair, seed);
    crypto_wipe(seed, sizeof(seed));
}

void keys_generate(struct keys *keys)
{
    memset(keys, 0, sizeof(*keys));
    keys_renew(keys, true);
}

void keys_renew(struct keys *keys, bool logs)
{
    if (logs) {
        sign_pair_new(&keys->log);
        sign_pair_new(&keys->dir_log);
    }
    sign_pair_new(&keys->mirror);
    sign_pair_new(&keys->actor);
    sign_pair_new(&keys->admin);
    box_pair_new(&keys->curve);
    for (size_t i = 0; i < keys->units_len; i++) {
        sign_pair_new(&keys->units[i].registrar);
    }
}

int keys_add_unit(struct keys *keys, uint32_t unit,
                  struct box_secret *recovery_secret, struct error *err)
{
    struct unit_keys *made;
    struct box_pair sealing;
    struct box_pair recovery;

    if (keys->units_len == HOSTED_UNITS_MAX) {
        return error_set(err, ERR_LIMIT, "more than %u units on one node",
                         HOSTED_UNITS_MAX);
    }
    made = &keys->units[keys->units_len++];
    memset(made, 0, sizeof(*made));
    made->unit = unit;
    sign_pair_new(&made->registrar);
    box_pair_new(&sealing);
    box_pair_new(&recovery);
    made->sealing = sealing.pub;
    made->sealing_secret = sealing.sec;
    made->has_sealing_secret = true;
    made->recovery = recovery.pub;
    *recovery_secret = recovery.sec;
    crypto_wipe(&sealing, sizeof(sealing));
    crypto_wipe(&recovery, sizeof(recovery));
    return 0;
}

void keys_wipe(struct keys *keys)
{
    crypto_wipe(keys, sizeof(*keys));
}

const struct unit_keys *keys_unit(const struct keys *keys, uint32_t unit)
{
    for (size_t i = 0; i < keys->units_len; i++) {
        if (keys->units[i].unit == unit) {
            return &keys->units[i];
        }
    }
    return NULL;
}

/* ---- files ----------------------------------------------------------------
 */

/* The directory entry must be durable too. */
static int directory_sync(const char *path, struct error *err)
{
    char dir[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    int fd;
    int rc = 0;

    snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
    fd = open(len == 0 ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        rc = error_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static int write_all(int fd, const uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, at, len);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        at += written;
        len -= (size_t)written;
    }
    return 0;
}

int file_write_secret(const char *path, const void *text, size_t len,
                      struct error *err)
{
    char fresh[PATH_SIZE];
    int fd;
    bool failed;

    if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh)) {
        return error_set(err, ERR_LIMIT, "path too long: %.100s", path);
    }
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd < 0) {
        return error_set(err, ERR_IO, "%s: %s", fresh, strerror(errno));
    }
    failed = fchmod(fd, 0600) != 0 || write_all(fd, text, len) != 0 ||
             fsync(fd) != 0;
    if (close(fd) != 0 || failed || rename(fresh, path) != 0) {
        int saved = errno;

        unlink(fresh);
        return error_set(err, ERR_IO, "%s: %s", path, strerror(saved));
    }
    return directory_sync(path, err);
}

/* Reads a file that nobody else may read, NUL-terminated. */
static int secret_read(const char *path, char *text, size_t size,
                       struct error *err)
{
    struct stat about;
    size_t len = 0;
    ssize_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return error_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s",
                         path, strerror(errno));
    }
    if (fstat(fd, &about) == 0 && (about.st_mode & 077) != 0) {
        close(fd);
        return error_set(err, ERR_UNTRUSTED,
                         "%s: others may read this key file; chmod 600 it and "
                         "think about who has",
                         path);
    }
    while (len < size - 1 && (got = read(fd, text + len, size - 1 - len)) > 0) {
        len += (size_t)got;
    }
    close(fd);
    if (got < 0 || len == size - 1) {
        return error_set(err, ERR_IO, "%s: cannot be read whole", path);
    }
    text[len] = '\0';
    return 0;
}

/* ---- text form --------------------------------------------------------------
 */

static void line_put(struct buf *out, const char *name, const void *bytes)
{
    char text[65];

    hex_encode(span_make(bytes, 32), text);
    buf_put_fmt(out, "%s %s\n", name, text);
    crypto_wipe(text, sizeof(text));
}

static int file_put(const char *dir, const char *name, struct buf *text,
                    struct error *err)
{
    char path[PATH_SIZE];
    char file[PATH_SIZE];

    if (text->overflow) {
        return error_set(err, ERR_LIMIT, "keys/%s would be too long", name);
    }
    if (snprintf(path, sizeof(path), "%s/keys", dir) >= (int)sizeof(path) ||
        snprintf(file, sizeof(file), "%s/keys/%s", dir, name) >=
            (int)sizeof(file)) {
        return error_set(err, ERR_LIMIT, "path too long: %.100s", dir);
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    return file_write_secret(file, text->ptr, text->len, err);
}

int keys_save(const struct keys *keys, const char *dir, struct error *err)
{
    static uint8_t space[KEYS_FILE_MAX];
    struct buf text = buf_over(space, sizeof(space));
    int rc;

    buf_put_str(&text, KEYS_HEAD "\n");
    line_put(&text, "log", &keys->log.seed);
    line_put(&text, "dir_log", &keys->dir_log.seed);
    line_put(&text, "mirror", &keys->mirror.seed);
    line_put(&text, "actor", &keys->actor.seed);
    line_put(&text, "admin", &keys->admin.seed);
    line_put(&text, "curve", keys->curve.seed);
    if (keys->joining) {
        line_put(&text, "one_time", &keys->one_time);
    }
    rc = file_put(dir, "node.keys", &text, err);
    text = buf_over(space, sizeof(space));
    buf_put_str(&text, KEYS_HEAD "\n");
    for (size_t i = 0; i < keys->units_len; i++) {
        const struct unit_keys *unit = &keys->units[i];

        buf_put_fmt(&text, "unit %u\n", unit->unit);
        line_put(&text, "registrar", &unit->registrar.seed);
        line_put(&text, "sealing", &unit->sealing);
        line_put(&text, "recovery", &unit->recovery);
        if (unit->has_sealing_secret) {
            line_put(&text, "sealing_secret", &unit->sealing_secret);
        }
    }
    if (rc == 0) {
        rc = file_put(dir, "units.keys", &text, err);
    }
    crypto_wipe(space, sizeof(space));
    return rc;
}

/* Where one named line of node.keys goes; NULL for a name not known. */
static struct sign_pair *pair_named(struct keys *keys, const char *name)
{
    const struct {
        const char *name;
        struct sign_pair *pair;
    } named[] = {
        {"log", &keys->log},       {"dir_log", &keys->dir_log},
        {"mirror", &keys->mirror}, {"actor", &keys->actor},
        {"admin", &keys->admin},
    };

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (strcmp(named[i].name, name) == 0) {
            return named[i].pair;
        }
    }
    return NULL;
}

static bool node_line(struct keys *keys, const char *name,
                      const uint8_t bytes[32])
{
    struct sign_pair *pair = pair_named(keys, name);

    if (pair != NULL) {
        struct sign_seed seed;

        memcpy(&seed, bytes, sizeof(seed));
        sign_pair_from(pair, &seed);
        crypto_wipe(&seed, sizeof(seed));
        return true;
    }
    if (strcmp(name, "curve") == 0) {
        box_pair_from(&keys->curve, bytes);
        return true;
    }
    if (strcmp(name, "one_time") == 0) {
        keys->joining = true;
        memcpy(&keys->one_time, bytes, 32);
        return true;
    }
    return false;
}

static bool unit_line(struct keys *keys, const char *name,
                      const uint8_t bytes[32])
{
    struct unit_keys *unit;

    if (keys->units_len == 0) {
        return false;
    }
    unit = &keys->units[keys->units_len - 1];
    if (strcmp(name, "registrar") == 0) {
        struct sign_seed seed;

        memcpy(&seed, bytes, sizeof(seed));
        sign_pair_from(&unit->registrar, &seed);
        crypto_wipe(&seed, sizeof(seed));
    } else if (strcmp(name, "sealing") == 0) {
        memcpy(&unit->sealing, bytes, 32);
    } else if (strcmp(name, "recovery") == 0) {
        memcpy(&unit->recovery, bytes, 32);
    } else if (strcmp(name, "sealing_secret") == 0) {
        memcpy(&unit->sealing_secret, bytes, 32);
        unit->has_sealing_secret = true;
    } else {
        return false;
    }
    return true;
}

static bool line_take(struct keys *keys, bool units, const char *name,
                      const char *value)
{
    struct error ignored = {0};
    uint8_t bytes[32];
    bool known;

    if (units && strcmp(name, "unit") == 0) {
        char *end = NULL;
        unsigned long number = strtoul(value, &end, 10);

        if (keys->units_len == HOSTED_UNITS_MAX || *end != '\0' ||
            number == 0 || number > UINT32_MAX) {
            return false;
        }
        keys->units[keys->units_len++].unit = (uint32_t)number;
        return true;
    }
    if (hex_decode(span_str(value), bytes, sizeof(bytes), &ignored) != 0) {
        return false;
    }
    known = units ? unit_line(keys, name, bytes) : node_line(keys, name, bytes);
    crypto_wipe(bytes, sizeof(bytes));
    return known;
}

static int file_take(struct keys *keys, const char *dir, bool units,
                     struct error *err)
{
    static char text[KEYS_FILE_MAX];
    char path[PATH_SIZE];
    char *rest = NULL;
    char *line;
    unsigned number = 1;
    int rc;

    snprintf(path, sizeof(path), "%.500s/keys/%s", dir,
             units ? "units.keys" : "node.keys");
    rc = secret_read(path, text, sizeof(text), err);
    if (rc != 0) {
        return rc;
    }
    line = strtok_r(text, "\n", &rest);
    if (line == NULL || strcmp(line, KEYS_HEAD) != 0) {
        rc = error_set(err, ERR_CORRUPT, "%s: first line is not %s", path,
                       KEYS_HEAD);
    }
    while (rc == 0 && (line = strtok_r(NULL, "\n", &rest)) != NULL) {
        char *space = strchr(line, ' ');

        number++;
        if (space != NULL) {
            *space = '\0';
        }
        if (space == NULL || !line_take(keys, units, line, space + 1)) {
            rc = error_set(err, ERR_CORRUPT, "%s:%u: not understood", path,
                           number);
        }
    }
    crypto_wipe(text, sizeof(text));
    return rc;
}

static bool all_zero(const struct sign_seed *seed)
{
    static const struct sign_seed zero;

    return memcmp(seed, &zero, sizeof(zero)) == 0;
}

int keys_load(struct keys *keys, const char *dir, struct error *err)
{
    int rc;

    memset(keys, 0, sizeof(*keys));
    rc = file_take(keys, dir, false, err);
    if (rc == 0) {
        rc = file_take(keys, dir, true, err);
    }
    if (rc == 0 &&
        (all_zero(&keys->log.seed) || all_zero(&keys->dir_log.seed) ||
         all_zero(&keys->mirror.seed) || all_zero(&keys->actor.seed) ||
         all_zero(&keys->admin.seed))) {
        rc = error_set(err, ERR_CORRUPT, "%s/keys/node.keys: a key is missing",
                       dir);
    }
    if (rc != 0) {
        keys_wipe(keys);
    }
    return rc;
}
