/* Room: node. Owns tails: what a mirror held of a log beyond the end that a
 * superior fixed for it, kept as a file, and the way back: its node takes such
 * a file and records those events again in its present epoch, byte for byte.
 * It must never hold a whole tail in memory, nor take an event that is not
 * ours. Next: epoch.c, which cuts; tail_erase.c; tools/cmd_tail.c. */
#include "node/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/log.h"
#include "protocol/base/hex.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"
#include "store/epoch.h"

/* ---- out ---- */

struct tail {
    FILE *file;
    struct hasher sum;
    const char *path; /* while it is written */
    struct error *err;
};

static int tail_put(struct tail *tail, struct span bytes)
{
    hasher_add(&tail->sum, bytes);
    return bytes.len == 0 ||
                   fwrite(bytes.ptr, 1, bytes.len, tail->file) == bytes.len
               ? 0
               : error_set(tail->err, ERR_IO, "%s: %s", tail->path,
                           strerror(errno));
}

void tail_block_line(const struct segment *parts, char line[TAIL_LINE_SIZE],
                     struct span all[TAIL_PARTS])
{
    all[0] = parts->note;
    all[1] = parts->leaves_z;
    all[2] = parts->texts_z;
    all[3] = parts->privates;
    all[4] = parts->absent;
    snprintf(line, TAIL_LINE_SIZE, "segment %llu %u %zu %zu %zu %zu %zu\n",
             (unsigned long long)parts->first, parts->count, all[0].len,
             all[1].len, all[2].len, all[3].len, all[4].len);
}

/* A line with the lengths, then the parts as they were stored. */
static int tail_segment(void *data, const struct store_segment *segment)
{
    struct tail *tail = data;
    struct span all[TAIL_PARTS];
    char line[TAIL_LINE_SIZE];
    int rc;

    tail_block_line(&segment->parts, line, all);
    rc = tail_put(tail, span_str(line));
    for (size_t i = 0; rc == 0 && i < TAIL_PARTS; i++) {
        rc = tail_put(tail, all[i]);
    }
    return rc;
}

static int evidence_folder(struct engine *engine, char path[CONFIG_PATH_SIZE],
                           struct error *err)
{
    int rc = config_path(engine->config, "evidence", path, err);

    return rc == 0 && mkdir(path, 0700) != 0 && errno != EEXIST
               ? error_set(err, ERR_IO, "%s: %s", path, strerror(errno))
               : rc;
}

/* Durable under the hash of what it holds, before anything is cut off. */
static int tail_name(struct engine *engine, struct tail *tail, char hex[65],
                     struct error *err)
{
    char folder[CONFIG_PATH_SIZE];
    char path[CONFIG_PATH_SIZE];
    char name[96];
    struct hash sum = hasher_end(&tail->sum);
    int rc =
        fflush(tail->file) == 0 && fsync(fileno(tail->file)) == 0
            ? 0
            : error_set(err, ERR_IO, "%s: %s", tail->path, strerror(errno));
    int fd;

    hex_encode(SPAN_OF(sum), hex);
    snprintf(name, sizeof(name), "evidence/%s.qcdc-tail", hex);
    rc = rc != 0 ? rc : config_path(engine->config, name, path, err);
    rc = rc != 0 ? rc : evidence_folder(engine, folder, err);
    if (rc == 0 && rename(tail->path, path) != 0) {
        rc = error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    fd = rc == 0 ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        rc = fsync(fd) == 0
                 ? 0
                 : error_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
        (void)close(fd);
    }
    if (rc == 0) {
        log_line(LOG_WARN, "evidence", "kept", "file=%s", path);
    }
    return rc;
}

static int tail_note_put(struct engine *engine, const struct store_log *log,
                         uint64_t keep, const char *hex, struct error *err)
{
    uint8_t space[16 + 64];
    struct buf value = buf_over(space, sizeof(space));

    buf_put_u64(&value, keep);
    buf_put_u64(&value, log->head.size);
    buf_put(&value, span_make((const uint8_t *)hex, 64));
    return store_book_put(engine->store, STORE_BOOK_TAIL, span_str(log->origin),
                          buf_span(&value), err);
}

int tail_keep(struct engine *engine, const struct store_log *log, uint64_t keep,
              struct error *err)
{
    struct tail tail = {.err = err};
    char path[CONFIG_PATH_SIZE];
    char line[ORIGIN_MAX + 40];
    char hex[65];
    int rc = evidence_folder(engine, path, err);
    int fd = -1;

    rc = rc != 0 ? rc
                 : config_path(engine->config, "evidence/tail.part", path, err);
    if (rc != 0) {
        return rc;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    tail.file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (tail.file == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    tail.path = path;
    hasher_init(&tail.sum);
    snprintf(line, sizeof(line), "qcdc/tail/v1\norigin %s\n", log->origin);
    rc = tail_put(&tail, span_str(line));
    rc = rc != 0 ? rc
                 : store_log_cut(engine->store, log->id, keep, tail_segment,
                                 &tail, err);
    rc = rc != 0 ? rc : tail_name(engine, &tail, hex, err);
    rc = rc != 0 ? rc : tail_note_put(engine, log, keep, hex, err);
    (void)fclose(tail.file);
    engine->tails_looked = false; /* an erased body may be among them */
    return rc;
}

int tail_noted(struct engine *engine, const char *origin, struct arena *arena,
               struct tail_note *out, struct error *err)
{
    char *path = arena_alloc(arena, CONFIG_PATH_SIZE);
    struct span held;
    char name[96];
    int rc = store_book_get(engine->store, STORE_BOOK_TAIL, span_str(origin),
                            arena, &held, err);

    if (rc == 0 && (path == NULL || held.len != 16 + 64)) {
        rc = error_set(err, ERR_LIMIT, "too little room for the answer");
    }
    if (rc != 0) {
        return rc;
    }
    snprintf(name, sizeof(name), "evidence/%.64s.qcdc-tail", held.ptr + 16);
    rc = config_path(engine->config, name, path, err);
    *out = (struct tail_note){.keep = read_u64(held.ptr),
                              .size = read_u64(held.ptr + 8),
                              .path = path};
    return rc;
}

/* ---- back ---- */

static bool number_take(struct span *text, uint64_t max, char end,
                        uint64_t *out)
{
    size_t i = 0;

    for (*out = 0; i < text->len && text->ptr[i] >= '0' && text->ptr[i] <= '9';
         i++) {
        *out = *out * 10 + (uint64_t)(text->ptr[i] - '0');
        if (*out > max) {
            return false;
        }
    }
    if (i == 0 || i == text->len || text->ptr[i] != (uint8_t)end) {
        return false;
    }
    *text = span_make(text->ptr + i + 1, text->len - i - 1);
    return true;
}

/* One segment of a tail file: its line and its parts, nothing behind. */
int tail_block_open(struct span block, struct segment *out, struct error *err)
{
    static const char word[] = "segment ";
    struct span *parts[TAIL_PARTS] = {&out->note, &out->leaves_z, &out->texts_z,
                                      &out->privates, &out->absent};
    uint64_t lens[TAIL_PARTS];
    uint64_t count = 0;
    bool good = block.len > sizeof(word) &&
                memcmp(block.ptr, word, sizeof(word) - 1) == 0;

    memset(out, 0, sizeof(*out));
    if (good) {
        block = span_make(block.ptr + sizeof(word) - 1,
                          block.len - (sizeof(word) - 1));
    }
    good = good && number_take(&block, INT64_MAX, ' ', &out->first) &&
           number_take(&block, BATCH_EVENTS_MAX, ' ', &count) && count > 0;
    for (size_t i = 0; good && i < TAIL_PARTS; i++) {
        good = number_take(&block, BATCH_PRIVATE_MAX + BATCH_RAW_MAX * 16,
                           i + 1 < TAIL_PARTS ? ' ' : '\n', &lens[i]);
    }
    for (size_t i = 0; good && i < TAIL_PARTS; i++) {
        good = lens[i] <= block.len;
        if (good) {
            *parts[i] = span_make(block.ptr, (size_t)lens[i]);
            block = span_make(block.ptr + lens[i], block.len - (size_t)lens[i]);
        }
    }
    out->count = (uint32_t)count;
    return good && block.len == 0
               ? 0
               : error_set(err, ERR_MALFORMED,
                           "the tail is damaged: fetch the file again from the "
                           "machine that kept it");
}

/* Ours, ended, and signed by the key that it had. */
static int origin_check(struct engine *engine, const struct origin *origin,
                        const struct segment *segment, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_epoch *epoch =
        directory_epoch(dir, origin->node, origin->dir, origin->epoch);
    char name[ORIGIN_MAX + 1];
    struct checkpoint checkpoint;
    struct error why = {0};
    struct vkey key;

    if (origin->node != engine_node(engine)) {
        return error_set(err, ERR_USAGE,
                         "the tail is of a log of node %u: give it to that "
                         "node",
                         origin->node);
    }
    if (epoch == NULL || !epoch->has_key || !epoch->closed) {
        return error_set(err, ERR_USAGE,
                         "the log of the tail has not ended, as far as is "
                         "known here: nothing of it was cut off");
    }
    origin_text(engine, origin, name);
    if (vkey_known(engine, span_str(name), VKEY_ED25519, &epoch->key, &key,
                   &why) != 0 ||
        checkpoint_open(segment->note, &key, &checkpoint, &why) != 0 ||
        checkpoint.head.size != segment->first + segment->count) {
        return error_set(err, ERR_UNTRUSTED,
                         "the tail was not signed by the key of its log: it is "
                         "not taken");
    }
    return 0;
}

int engine_tail_take(struct engine *engine, const char *origin,
                     struct span block, struct tail_taken *out,
                     struct error *err)
{
    struct frame_spooled came = {.wanted = {NULL, 0}};
    struct staged_count count = {0};
    int rc = origin_parse(span_str(origin), span_str(engine->config->realm),
                          &came.origin, err);

    rc = rc != 0 ? rc : tail_block_open(block, &came.segment, err);
    rc = rc != 0 ? rc : origin_check(engine, &came.origin, &came.segment, err);
    /* A mirror that was not the guard never had private bodies. */
    rc = rc != 0
             ? rc
             : recover_bodies(engine, SEGMENT_DUE_PRIVATES, &came.segment, err);
    /* The file may be older than an erasure that acts here. */
    rc = rc != 0 ? rc : tail_block_erase(engine, &came.segment, err);
    rc = rc != 0 ? rc : staged_return(engine, &came, NULL, &count, err);
    if (rc == 0) {
        *out = (struct tail_taken){count.added, count.held, count.refused};
        engine->grew = true;
        peers_tell(engine, LINK_SPOOL_GREW, NULL, NULL);
        log_line(LOG_WARN, "evidence", "tail_taken",
                 "log=%s first=%llu added=%llu held=%llu refused=%llu", origin,
                 (unsigned long long)came.segment.first,
                 (unsigned long long)count.added,
                 (unsigned long long)count.held,
                 (unsigned long long)count.refused);
    }
    return rc;
}
