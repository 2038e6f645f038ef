/* Room: node. Owns evidence files: made when two histories of a log meet, taken
 * from a peer when they prove themselves, never on a peer's word alone.
 * Next: protocol/log/evidence.h, and tools/cmd_verify.c for who gets a file. */
#include "node/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/keys.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/epoch.h"

/* Written whole and durable, under the hash of what it holds. */
static int file_keep(struct engine *engine, const char *suffix,
                     struct span bytes, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    char name[96];
    char hex[65];
    struct hash sum = hash_of(bytes);
    int rc = config_path(engine->config, "evidence", path, err);

    if (rc != 0) {
        return rc;
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    hex_encode(SPAN_OF(sum), hex);
    snprintf(name, sizeof(name), "evidence/%s.%s", hex, suffix);
    rc = config_path(engine->config, name, path, err);
    if (rc == 0) {
        rc = file_write_secret(path, bytes.ptr, bytes.len, err);
    }
    if (rc == 0) {
        log_line(LOG_WARN, "evidence", "kept", "file=%s", path);
    }
    return rc;
}

/* ---- tails
 * ----------------------------------------------------------------------------------
 */

struct tail {
    uint8_t *bytes; /* heap */
    size_t len, size;
    struct error *err;
};

static int tail_put(struct tail *tail, struct span bytes)
{
    if (tail->len + bytes.len > tail->size) {
        size_t size = (tail->len + bytes.len) * 2;
        uint8_t *grown = realloc(tail->bytes, size);

        if (grown == NULL) {
            return error_set(tail->err, ERR_NOMEM, "no memory for a tail");
        }
        tail->bytes = grown;
        tail->size = size;
    }
    if (bytes.len > 0) {
        memcpy(tail->bytes + tail->len, bytes.ptr, bytes.len);
    }
    tail->len += bytes.len;
    return 0;
}

/* A line with the lengths, then the parts as they were stored. */
static int tail_segment(void *data, const struct store_segment *segment)
{
    struct tail *tail = data;
    const struct segment *parts = &segment->parts;
    const struct span all[] = {parts->note, parts->leaves_z, parts->texts_z,
                               parts->privates, parts->absent};
    char line[160];
    int rc;

    snprintf(line, sizeof(line), "segment %llu %u %zu %zu %zu %zu %zu\n",
             (unsigned long long)parts->first, parts->count, all[0].len,
             all[1].len, all[2].len, all[3].len, all[4].len);
    rc = tail_put(tail, span_str(line));
    for (size_t i = 0; rc == 0 && i < sizeof(all) / sizeof(all[0]); i++) {
        rc = tail_put(tail, all[i]);
    }
    return rc;
}

int tail_keep(struct engine *engine, const struct store_log *log, uint64_t keep,
              struct error *err)
{
    struct tail tail = {.err = err};
    char line[ORIGIN_MAX + 40];
    int rc;

    snprintf(line, sizeof(line), "qcdc/tail/v1\norigin %s\n", log->origin);
    rc = tail_put(&tail, span_str(line));
    if (rc == 0) {
        rc = store_log_cut(engine->store, log->id, keep, tail_segment, &tail,
                           err);
    }
    if (rc == 0) {
        rc = file_keep(engine, "qcdc-tail", span_make(tail.bytes, tail.len),
                       err);
    }
    free(tail.bytes);
    return rc;
}
