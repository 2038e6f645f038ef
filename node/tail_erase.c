/* Room: node. Owns erasure in the files of what was cut off a log: each that
 * holds an erased body is written anew without it, under the same name, and
 * the bytes before are overwritten; at open, and whenever an erasure begins to
 * act. It must never take out a leaf, nor decide what is erased
 * (store/erase.h). Next: tail.c, which writes these files. */
#include "node/evidence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/event/leaf.h"
#include "store/erase.h"

#define RETRY_MS 60000u
#define SUFFIX ".qcdc-tail"
#define PART "tail.part"

struct gone_body {
    struct event_id event;
    uint32_t audience;
};

/* What is erased here, in order; of one look through the files. */
struct looking {
    struct engine *engine;
    struct gone_body *gone;
    size_t len, max;
    uint8_t *blocks[2]; /* a segment as it lies in the file, and the next */
    size_t block;       /* which one holds it */
    const char *path;
    struct error *err;
};

static int io_error(const struct looking *looking)
{
    return error_set(looking->err, ERR_IO, "%s: %s", looking->path,
                     strerror(errno));
}

static int gone_order(const void *left, const void *right)
{
    const struct gone_body *a = left;
    const struct gone_body *b = right;
    int order = memcmp(&a->event, &b->event, sizeof(a->event));

    return order != 0
               ? order
               : (a->audience > b->audience) - (a->audience < b->audience);
}

static int gone_add(void *data, const struct event_id *event, uint32_t audience,
                    struct error *err)
{
    struct looking *looking = data;

    if (looking->len == looking->max) {
        size_t max = looking->max == 0 ? 64 : looking->max * 2;
        struct gone_body *more =
            realloc(looking->gone, max * sizeof(*looking->gone));

        if (more == NULL) {
            return error_set(err, ERR_NOMEM, "no memory for a tail");
        }
        looking->gone = more;
        looking->max = max;
    }
    looking->gone[looking->len++] = (struct gone_body){*event, audience};
    return 0;
}

static void looking_end(struct looking *looking)
{
    free(looking->gone);
    free(looking->blocks[0]);
    free(looking->blocks[1]);
}

static int looking_begin(struct looking *looking)
{
    int rc = erased_each(looking->engine, gone_add, looking, looking->err);

    for (size_t i = 0; rc == 0 && i < 2; i++) {
        looking->blocks[i] = malloc(TAIL_BLOCK_MAX);
        rc = looking->blocks[i] != NULL
                 ? 0
                 : error_set(looking->err, ERR_NOMEM, "no memory for a tail");
    }
    if (rc == 0 && looking->len > 0) {
        qsort(looking->gone, looking->len, sizeof(*looking->gone), gone_order);
    }
    return rc;
}

static bool is_gone(const struct looking *looking, struct span bytes,
                    uint8_t slot)
{
    struct gone_body wanted = {.audience = slot};
    struct error ignored = {0};
    struct leaf leaf;

    if (looking->len == 0 || leaf_parse(bytes, &leaf, &ignored) != 0) {
        return false;
    }
    wanted.event = leaf.id;
    return bsearch(&wanted, looking->gone, looking->len, sizeof(*looking->gone),
                   gone_order) != NULL;
}

/* ---- a segment ---- */

/* Into the other block; from now on that one holds it. */
static int block_put(struct looking *looking, struct segment *segment)
{
    size_t next = 1 - looking->block;
    struct buf made = buf_over(looking->blocks[next], TAIL_BLOCK_MAX);
    struct span all[TAIL_PARTS];
    char line[TAIL_LINE_SIZE];

    tail_block_line(segment, line, all);
    buf_put(&made, span_str(line));
    for (size_t i = 0; i < TAIL_PARTS; i++) {
        buf_put(&made, all[i]);
    }
    if (made.overflow) {
        return error_set(looking->err, ERR_LIMIT, "too much in one turn");
    }
    looking->block = next;
    return tail_block_open(buf_span(&made), segment, looking->err);
}

struct place {
    uint16_t index;
    uint8_t slot;
};

/* Where erased bodies lie in it; live in the turn. */
static int places_find(struct looking *looking, const struct segment *segment,
                       struct place **out, size_t *len)
{
    struct engine *engine = looking->engine;
    struct segment_view *view = arena_alloc(&engine->turn, sizeof(*view));
    int rc;

    *len = 0;
    if (view == NULL) {
        return error_set(looking->err, ERR_BUSY, "too much in one turn");
    }
    rc =
        segment_open(engine->codec, segment, &engine->turn, view, looking->err);
    if (rc != 0) {
        return rc;
    }
    *out = arena_array(&engine->turn, view->bodies_len + 1, sizeof(**out));
    for (size_t i = 0; *out != NULL && i < view->bodies_len; i++) {
        const struct body *body = &view->bodies[i];

        if (is_gone(looking, view->leaves[body->index], body->slot)) {
            (*out)[(*len)++] = (struct place){body->index, body->slot};
        }
    }
    return *out != NULL
               ? 0
               : error_set(looking->err, ERR_BUSY, "too much in one turn");
}

/* Borrows from the blocks afterwards, if something was found. */
static int segment_clear(struct looking *looking, struct segment *segment,
                         bool *any)
{
    struct engine *engine = looking->engine;
    size_t first = engine->turn.used;
    struct place *places = NULL;
    size_t len = 0;
    int rc = places_find(looking, segment, &places, &len);
    size_t mark = engine->turn.used;

    *any = len > 0;
    for (size_t i = 0; rc == 0 && i < len; i++) {
        bool found = false;

        rc = segment_erase(engine->codec, segment, places[i].index,
                           places[i].slot, &engine->turn, &found, looking->err);
        rc = rc != 0 ? rc : block_put(looking, segment);
        arena_rewind(&engine->turn, mark);
    }
    arena_rewind(&engine->turn, first);
    return rc;
}

int tail_block_erase(struct engine *engine, struct segment *segment,
                     struct error *err)
{
    struct looking looking = {.engine = engine, .err = err};
    struct span *parts[] = {&segment->note, &segment->leaves_z,
                            &segment->texts_z, &segment->privates,
                            &segment->absent};
    struct span sealed = segment->sealed; /* in no tail, but perhaps here */
    bool any = false;
    int rc = looking_begin(&looking);

    rc = rc != 0 || looking.len == 0 ? rc
                                     : segment_clear(&looking, segment, &any);
    for (size_t i = 0; rc == 0 && any && i < TAIL_PARTS; i++) {
        *parts[i] = arena_copy(&engine->turn, *parts[i]);
    }
    segment->sealed = sealed;
    looking_end(&looking);
    return rc == 0 && any && engine->turn.ran_out
               ? error_set(err, ERR_BUSY, "too much in one turn")
               : rc;
}

/* ---- a file ---- */

/* The bytes after a segment's line; false: it is none. */
static bool parts_len(const char *line, size_t *out)
{
    static const char word[] = "segment ";
    const char *at = line + sizeof(word) - 1;

    *out = 0;
    if (strncmp(line, word, sizeof(word) - 1) != 0) {
        return false;
    }
    for (size_t i = 0; i < TAIL_PARTS + 2; i++) {
        bool last = i == TAIL_PARTS + 1;
        char *end = NULL;
        unsigned long long n = strtoull(at, &end, 10);

        if (end == at || *end != (last ? '\n' : ' ') ||
            (i >= 2 && n > TAIL_BLOCK_MAX)) {
            return false;
        }
        *out += i < 2 ? 0 : (size_t)n;
        at = end + 1;
    }
    return *out <= TAIL_BLOCK_MAX - TAIL_LINE_SIZE;
}

/* The next one. ERR_NOTFOUND: there is none. */
static int block_read(struct looking *looking, FILE *file,
                      struct segment *segment)
{
    char *block = (char *)looking->blocks[looking->block];
    size_t len = 0;
    size_t head;

    if (fgets(block, TAIL_LINE_SIZE, file) == NULL) {
        return ferror(file) ? io_error(looking) : ERR_NOTFOUND;
    }
    head = strlen(block);
    if (!parts_len(block, &len) || fread(block + head, 1, len, file) != len) {
        return error_set(looking->err, ERR_MALFORMED,
                         "%s is damaged: what was erased may be in it still, "
                         "delete the file",
                         looking->path);
    }
    return tail_block_open(span_make((const uint8_t *)block, head + len),
                           segment, looking->err);
}

static int segment_write(struct looking *looking, const struct segment *segment,
                         FILE *out)
{
    struct span all[TAIL_PARTS];
    char line[TAIL_LINE_SIZE];
    bool good;

    tail_block_line(segment, line, all);
    good = fputs(line, out) >= 0;
    for (size_t i = 0; good && i < TAIL_PARTS; i++) {
        good = all[i].len == 0 ||
               fwrite(all[i].ptr, 1, all[i].len, out) == all[i].len;
    }
    return good ? 0 : io_error(looking);
}

/* Copies the file without what is erased; without `out` it stops at the first
 * segment that has something. */
static int file_pass(struct looking *looking, FILE *file, FILE *out,
                     bool *found)
{
    struct segment segment;
    char line[TAIL_LINE_SIZE];
    int rc = 0;

    rewind(file);
    *found = false;
    for (size_t i = 0; i < 2; i++) { /* its form, its log */
        if (fgets(line, sizeof(line), file) == NULL) {
            return error_set(looking->err, ERR_MALFORMED,
                             "%s is damaged: what was erased may be in it "
                             "still, delete the file",
                             looking->path);
        }
        if (out != NULL && fputs(line, out) < 0) {
            return io_error(looking);
        }
    }
    while ((rc = block_read(looking, file, &segment)) == 0) {
        bool any = false;

        rc = segment_clear(looking, &segment, &any);
        *found |= any;
        rc =
            rc == 0 && out != NULL ? segment_write(looking, &segment, out) : rc;
        if (rc != 0 || (any && out == NULL)) {
            return rc;
        }
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* The blocks of a file that has no name any more, or soon none. */
static int file_blank(struct looking *looking, int fd)
{
    static const uint8_t zeros[4096];
    struct stat facts;
    bool good = fstat(fd, &facts) == 0;

    for (off_t at = 0; good && at < facts.st_size; at += (off_t)sizeof(zeros)) {
        good = pwrite(fd, zeros, sizeof(zeros), at) == (ssize_t)sizeof(zeros);
    }
    return good && fsync(fd) == 0 ? 0 : io_error(looking);
}

static int file_anew(struct looking *looking, int folder, FILE *file,
                     const char *name)
{
    int fd =
        openat(folder, PART, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    bool found = false;
    int rc;

    if (out == NULL) {
        rc = io_error(looking);
        if (fd >= 0) {
            (void)close(fd);
        }
        return rc;
    }
    rc = file_pass(looking, file, out, &found);
    if (rc == 0 &&
        (fflush(out) != 0 || fsync(fd) != 0 ||
         renameat(folder, PART, folder, name) != 0 || fsync(folder) != 0)) {
        rc = io_error(looking);
    }
    (void)fclose(out);
    if (rc != 0) {
        (void)unlinkat(folder, PART, 0);
        return rc;
    }
    log_line(LOG_INFO, "erase", "tail", "file=%.80s", name);
    return file_blank(looking, fileno(file));
}

static int file_clear(struct looking *looking, int folder, const char *name)
{
    int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r+b");
    bool found = false;
    int rc;

    looking->path = name;
    if (file == NULL) {
        rc = io_error(looking);
        if (fd >= 0) {
            (void)close(fd);
        }
        return rc;
    }
    rc = file_pass(looking, file, NULL, &found);
    if (rc == 0 && found) {
        rc = file_anew(looking, folder, file, name);
    }
    (void)fclose(file);
    return rc;
}

/* ---- all of them ---- */

/* What a crash left of one: whatever it held is in the log still, or in the
 * file that was to be replaced. */
static int part_remove(struct looking *looking, int folder)
{
    int fd = openat(folder, PART, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int rc;

    looking->path = PART;
    if (fd < 0) {
        return errno == ENOENT ? 0 : io_error(looking);
    }
    rc = file_blank(looking, fd);
    (void)close(fd);
    if (unlinkat(folder, PART, 0) != 0) {
        return io_error(looking);
    }
    return rc;
}

static bool is_tail(const char *name)
{
    size_t len = strlen(name);

    return len > sizeof(SUFFIX) - 1 &&
           strcmp(name + len - (sizeof(SUFFIX) - 1), SUFFIX) == 0;
}

/* One that cannot be read keeps no other from being cleared. */
static int each_clear(struct looking *looking, DIR *folder)
{
    struct dirent *entry;
    int failed = 0;

    while ((entry = readdir(folder)) != NULL) {
        int rc = is_tail(entry->d_name)
                     ? file_clear(looking, dirfd(folder), entry->d_name)
                     : 0;

        failed = rc != 0 ? rc : failed;
    }
    return failed;
}

int tails_erase(struct engine *engine, struct error *err)
{
    struct looking looking = {.engine = engine, .err = err};
    char path[CONFIG_PATH_SIZE];
    DIR *folder;
    int rc = config_path(engine->config, "evidence", path, err);

    if (rc != 0) {
        return rc;
    }
    looking.path = path;
    folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT ? 0 : io_error(&looking);
    }
    rc = part_remove(&looking, dirfd(folder));
    rc = rc != 0 ? rc : looking_begin(&looking);
    if (rc == 0 && looking.len > 0) {
        rc = each_clear(&looking, folder);
    }
    looking_end(&looking);
    (void)closedir(folder);
    return rc;
}

bool tails_are_due(const struct engine *engine)
{
    return (!engine->tails_looked ||
            engine->tails_acted != store_erasures_acted(engine->store)) &&
           clock_steady_ms() >= engine->tails_ms;
}

void tails_resume(struct engine *engine)
{
    uint64_t acted = store_erasures_acted(engine->store);
    struct error err = {0};

    /* A file that cannot be written anew is said, and tried again: the office
     * goes on, for the store itself is sound. */
    if (tails_erase(engine, &err) != 0) {
        log_error("erase", "tails", &err);
        engine->tails_ms = clock_steady_ms() + RETRY_MS;
        return;
    }
    engine->tails_acted = acted;
    engine->tails_looked = true;
}

void tails_work(struct engine *engine)
{
    if (tails_are_due(engine) && !store_in_transaction(engine->store)) {
        tails_resume(engine);
    }
}
