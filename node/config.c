/* Room: node. Owns the table of configuration keys: names, bounds, defaults,
 * help. It never opens anything but the one file and never guesses: a key or
 * value it does not know stops the start with file:line.
 * Next: keys.c. How to add a key: one member in config.h, one row here. */
#include "node/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum config_kind {
    KIND_TEXT,
    KIND_NUMBER,
    KIND_KEY,
    KIND_REALM,
    KIND_ENDPOINT
};

struct config_row {
    const char *name;
    enum config_kind kind;
    size_t offset;
    const char *fallback;
    uint64_t least;
    uint64_t most;
    const char *help;
};

#define AT(member) offsetof(struct config, member)
static const struct config_row rows[] = {
    {"realm", KIND_REALM, AT(realm), "", 0, 0,
     "name of the realm, [a-z0-9-], as in every origin"},
    {"root_key", KIND_KEY, AT(root_key), "", 0, 0,
     "public root key of the realm, 64 hex characters"},
    {"node", KIND_NUMBER, AT(node), "0", 1, UINT32_MAX,
     "registry number of this node"},
    {"listen", KIND_ENDPOINT, AT(listen), "", 0, 0,
     "where children connect, tcp://address:port; empty = no children"},
    {"endpoint", KIND_ENDPOINT, AT(endpoint), "", 0, 0,
     "the same as children see it, goes into invitations"},
    {"parent", KIND_NUMBER, AT(parent), "0", 0, UINT32_MAX,
     "registry number of the superior node, 0 = top node"},
    {"parent_endpoint", KIND_ENDPOINT, AT(parent_endpoint), "", 0, 0,
     "where the superior node listens"},
    {"parent_key", KIND_KEY, AT(parent_key), "", 0, 0,
     "its CURVE public key, 64 hex characters"},
    {"witness", KIND_TEXT, AT(witness), "", 0, 0,
     "key of an outside witness, as qcdc-witness init prints it"},
    {"log_level", KIND_TEXT, AT(log_level), "info", 0, 0,
     "error, warn, info or debug"},
    {"verify_threads", KIND_NUMBER, AT(verify_threads), "1", 1, 2,
     "threads that verify signatures of received events"},
    {"quota_events", KIND_NUMBER, AT(quota_events), "20000", 1, 100000000,
     "events a day taken of one log, unless its certificate says"},
    {"quota_kib", KIND_NUMBER, AT(quota_kib), "65536", 1, 1000000000,
     "KiB a day taken of one log, unless its certificate says"},
    {"disk_reserve_mib", KIND_NUMBER, AT(disk_reserve_mib), "256", 0, 1000000,
     "below this much free space nothing is recorded or taken in; 0 = no "
     "guard"},
    {"fetch_files", KIND_NUMBER, AT(fetch_files), "1", 0, 1,
     "1: files that events name are fetched by themselves; 0: when somebody "
     "asks"},
    {"files_mib", KIND_NUMBER, AT(files_mib), "2048", 1, 1000000,
     "attached files held here at most"},
    {"child_mib", KIND_NUMBER, AT(child_mib), "1024", 1, 100000000,
     "MiB of this disk that batches and files from one child, and from those "
     "below it, may take"},
    {"ballast_mib", KIND_NUMBER, AT(ballast_mib), "8", 0, 1024,
     "a file given up when the disk is nearly full, so that the node can end "
     "its work"},
    {"login_minutes", KIND_NUMBER, AT(login_minutes), "10", 1, 720,
     "an unlocked official is locked after this many idle minutes"},
    {"quiet_s", KIND_NUMBER, AT(quiet_s), "120", 1, 86400,
     "a child that shows an older state waits until no other copy of it was "
     "heard for so long; less than 70 is for tests"},
};
#undef AT
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool text_is_hex_key(const char *value)
{
    return strlen(value) == 64 && strspn(value, "0123456789abcdefABCDEF") == 64;
}

static int number_read(const struct config_row *row, const char *value,
                       uint64_t *out)
{
    uint64_t number = 0;

    if (value[0] == '\0' || strlen(value) > 19) {
        return -1;
    }
    for (const char *p = value; *p != '\0'; p++) {
        if (!isdigit((unsigned char)*p)) {
            return -1;
        }
        number = number * 10 + (uint64_t)(*p - '0');
    }
    if (number < row->least || number > row->most) {
        return -1;
    }
    *out = number;
    return 0;
}

static bool text_fits(enum config_kind kind, const char *value)
{
    switch (kind) {
    case KIND_KEY:
        return value[0] == '\0' || text_is_hex_key(value);
    case KIND_REALM:
        return strlen(value) <= 32 &&
               strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
                   strlen(value);
    case KIND_ENDPOINT:
        return value[0] == '\0' || strncmp(value, "tcp://", 6) == 0;
    case KIND_TEXT:
    case KIND_NUMBER:
        break;
    }
    return true;
}

static const char *kind_expected(enum config_kind kind)
{
    switch (kind) {
    case KIND_KEY:
        return "64 hex characters";
    case KIND_REALM:
        return "1 to 32 of a-z, 0-9 and -";
    case KIND_ENDPOINT:
        return "tcp://address:port";
    case KIND_NUMBER:
        return "a number in its range";
    case KIND_TEXT:
        break;
    }
    return "text";
}

static int row_set(struct config *config, const struct config_row *row,
                   const char *value, const char *where, struct error *err)
{
    char *at = (char *)config + row->offset;

    if (row->kind == KIND_NUMBER) {
        uint64_t number = 0;

        if (number_read(row, value, &number) != 0) {
            return error_set(err, ERR_USAGE,
                             "%s: %s must be a number from %" PRIu64
                             " to %" PRIu64,
                             where, row->name, row->least, row->most);
        }
        memcpy(at, &number, sizeof(number));
        return 0;
    }
    if (strlen(value) >= CONFIG_TEXT_SIZE || !text_fits(row->kind, value)) {
        return error_set(err, ERR_USAGE, "%s: %s must be %s", where, row->name,
                         kind_expected(row->kind));
    }
    memcpy(at, value, strlen(value) + 1);
    return 0;
}

int config_set(struct config *config, const char *key, const char *value,
               const char *where, struct error *err)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, key) == 0) {
            return row_set(config, &rows[i], value, where, err);
        }
    }
    return error_set(err, ERR_USAGE, "%s: unknown key '%.40s'", where, key);
}

int config_init(struct config *config, const char *dir, struct error *err)
{
    memset(config, 0, sizeof(*config));
    if (strlen(dir) >= sizeof(config->dir) - 32) {
        return error_set(err, ERR_LIMIT, "directory name too long: %.80s", dir);
    }
    memcpy(config->dir, dir, strlen(dir) + 1);
    for (size_t i = 0; i < ROWS; i++) {
        char *at = (char *)config + rows[i].offset;

        if (rows[i].kind == KIND_NUMBER) {
            uint64_t number = 0;

            for (const char *p = rows[i].fallback; *p != '\0'; p++) {
                number = number * 10 + (uint64_t)(*p - '0');
            }
            memcpy(at, &number, sizeof(number));
        } else {
            memcpy(at, rows[i].fallback, strlen(rows[i].fallback) + 1);
        }
    }
    return 0;
}

int config_path(const struct config *config, const char *name, char *out,
                struct error *err)
{
    int len = snprintf(out, CONFIG_PATH_SIZE, "%s/%s", config->dir, name);

    if (len < 0 || (size_t)len >= CONFIG_PATH_SIZE) {
        return error_set(err, ERR_LIMIT, "path too long: %.60s/%.40s",
                         config->dir, name);
    }
    return 0;
}

/* Without surrounding blanks; changes the text. */
static char *trim(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    while (isspace((unsigned char)*text)) {
        text++;
    }
    return text;
}

static int line_read(struct config *config, char *line, const char *where,
                     struct error *err)
{
    char *text = trim(line);
    char *equals = strchr(text, '=');

    if (text[0] == '\0' || text[0] == '#') {
        return 0;
    }
    if (equals == NULL) {
        return error_set(err, ERR_USAGE, "%s: expected 'key = value'", where);
    }
    *equals = '\0';
    return config_set(config, trim(text), trim(equals + 1), where, err);
}

int config_load(struct config *config, const char *dir, struct error *err)
{
    struct config read;
    char path[CONFIG_PATH_SIZE];
    char line[1024];
    FILE *file = NULL;
    unsigned number = 0;
    int rc = config_init(&read, dir, err);

    if (rc == 0) {
        rc = config_path(&read, "qcdc.conf", path, err);
    }
    if (rc != 0) {
        return rc;
    }
    file = fopen(path, "re");
    if (file == NULL) {
        return error_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
                         "%s: %s; `qcdc init` or `qcdc join` makes one", path,
                         strerror(errno));
    }
    while (rc == 0 && fgets(line, sizeof(line), file) != NULL) {
        char where[CONFIG_PATH_SIZE + 16];

        number++;
        snprintf(where, sizeof(where), "%s:%u", path, number);
        if (strchr(line, '\n') == NULL && !feof(file)) {
            rc = error_set(err, ERR_USAGE, "%s: line too long", where);
        } else {
            rc = line_read(&read, line, where, err);
        }
    }
    if (rc == 0 && ferror(file)) {
        rc = error_set(err, ERR_IO, "%s: cannot be read", path);
    }
    if (rc == 0 &&
        (read.node == 0 || read.realm[0] == '\0' || read.root_key[0] == '\0')) {
        rc = error_set(err, ERR_USAGE,
                       "%s: node, realm and root_key must be set", path);
    }
    fclose(file);
    if (rc == 0) {
        *config = read;
    }
    return rc;
}

void config_write(const struct config *config, struct buf *out)
{
    for (size_t i = 0; i < ROWS; i++) {
        const char *at = (const char *)config + rows[i].offset;

        buf_put_fmt(out, "# %s\n%s = ", rows[i].help, rows[i].name);
        if (rows[i].kind == KIND_NUMBER) {
            uint64_t number;

            memcpy(&number, at, sizeof(number));
            buf_put_fmt(out, "%" PRIu64 "\n\n", number);
        } else {
            buf_put_fmt(out, "%s\n\n", at);
        }
    }
}
