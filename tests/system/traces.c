/* What an erased body must not leave behind, and where it still stands.
 *
 *   traces marks DIR ID      bytes to look for, in hex, a line each: of every
 *                            body of that event the salt and pieces of what is
 *                            committed to, and of the batch that holds it the
 *                            compressed texts in pieces of 24 bytes
 *   traces find MARKS PATH.. names each file with one of them; 0 if none has
 *
 * It reads a store beside a running node, and files as the disk has them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/config.h"
#include "protocol/base/hex.h"
#include "protocol/event/body.h"
#include "store/log.h"
#include "store/query.h"

#define PIECE 24u
#define MARKS_MAX 8192u

static struct arena arena;
static struct config config;

static void stop(const char *what)
{
    fprintf(stderr, "traces: %s\n", what);
    exit(2);
}

/* ---- marks ---- */

static void mark_print(const uint8_t *bytes, size_t len)
{
    char hex[2 * PIECE + 1];

    hex_encode(span_make(bytes, len), hex);
    puts(hex);
}

/* The head of a frame or a body may be like another's: not from the start. */
static void pieces_print(struct span bytes, size_t from)
{
    for (size_t at = from; at + PIECE <= bytes.len; at += PIECE) {
        mark_print(bytes.ptr + at, PIECE);
    }
}

static int marks(const char *dir, const char *text)
{
    char path[CONFIG_PATH_SIZE];
    struct store_options options = {.path = path, .read_only = true};
    struct store *store = NULL;
    struct store_segment segment;
    struct store_event event;
    struct event_id id;
    struct error err = {0};

    if (config_load(&config, dir, &err) != 0 ||
        config_path(&config, "store.db", path, &err) != 0 ||
        store_open(&options, &store, &err) != 0 ||
        hex_decode(span_str(text), &id, sizeof(id), &err) != 0 ||
        store_event_find(store, &id, &arena, &event, &err) != 0) {
        stop(err.text);
    }
    for (uint32_t audience = 1; audience <= 3; audience++) {
        struct body body;

        if (store_body_find(store, &id, audience, &arena, &body, &err) == 0) {
            mark_print(body.salt.bytes, sizeof(body.salt.bytes));
            pieces_print(body.bytes, 0);
            for (size_t i = 0; i < body.wraps_len; i++) {
                mark_print(body.wraps[i].sealed, PIECE);
            }
        }
    }
    if (event.log != 0 && store_segment_read(store, event.log, event.index,
                                             &arena, &segment, &err) == 0) {
        pieces_print(segment.parts.texts_z, 16);
    }
    store_close(store);
    return 0;
}

/* ---- find ---- */

struct mark {
    uint8_t bytes[PIECE];
    size_t len;
};

static struct mark looked_for[MARKS_MAX];
static size_t looked_for_len;
static bool starts[65536]; /* by the first two bytes of a mark */

static void marks_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256];
    struct error err = {0};

    if (file == NULL) {
        stop("no marks");
    }
    while (looked_for_len < MARKS_MAX &&
           fgets(line, sizeof(line), file) != NULL) {
        struct mark *mark = &looked_for[looked_for_len++];

        line[strcspn(line, "\n")] = '\0';
        mark->len = strlen(line) / 2;
        if (mark->len < 16 || mark->len > PIECE ||
            hex_decode(span_str(line), mark->bytes, mark->len, &err) != 0) {
            stop("a mark that is none");
        }
        starts[mark->bytes[0] << 8 | mark->bytes[1]] = true;
    }
    fclose(file);
    if (looked_for_len == 0) {
        stop("no marks");
    }
}

static bool found_in(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at + 16 <= len; at++) {
        if (!starts[bytes[at] << 8 | bytes[at + 1]]) {
            continue;
        }
        for (size_t i = 0; i < looked_for_len; i++) {
            const struct mark *mark = &looked_for[i];

            if (at + mark->len <= len &&
                memcmp(bytes + at, mark->bytes, mark->len) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool file_find(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat facts;
    uint8_t *bytes;
    bool found;

    if (file == NULL || fstat(fileno(file), &facts) != 0 ||
        (bytes = malloc((size_t)facts.st_size + 1)) == NULL) {
        stop(path);
        return true;
    }

    size_t len = fread(bytes, 1, (size_t)facts.st_size, file);

    found = found_in(bytes, len);
    free(bytes);
    fclose(file);
    if (found) {
        printf("%s\n", path);
    }
    return found;
}

static bool path_find(const char *path)
{
    struct stat facts;
    struct dirent *entry;
    bool found = false;
    DIR *dir;

    if (lstat(path, &facts) != 0) {
        return false; /* gone meanwhile */
    }
    if (S_ISREG(facts.st_mode)) {
        return file_find(path);
    }
    if (!S_ISDIR(facts.st_mode) || (dir = opendir(path)) == NULL) {
        return false;
    }
    while ((entry = readdir(dir)) != NULL) {
        char below[1024];

        if (entry->d_name[0] != '.') {
            snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
            found |= path_find(below);
        }
    }
    closedir(dir);
    return found;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    bool found = false;

    if (arena_new(&arena, (size_t)8 << 20, &err) != 0) {
        stop("memory");
    }
    if (argc == 4 && strcmp(argv[1], "marks") == 0) {
        found = marks(argv[2], argv[3]) != 0;
    } else if (argc >= 4 && strcmp(argv[1], "find") == 0) {
        marks_read(argv[2]);
        for (int i = 3; i < argc; i++) {
            found |= path_find(argv[i]);
        }
    } else {
        stop("marks DIR ID, or find MARKS PATH...");
    }
    arena_release(&arena);
    return found ? 1 : 0;
}
