/* The program `vectors DIR`: runs every test vector below DIR, which is laid
 * out like shared/vectors/own or upstream (or holds both). Kinds are told by
 * what stands in a file, never by its name. Prints each failure; the last
 * line is "N passed, N failed", the status 1 if one failed or none ran. */
#include "tests/vectors/vectors.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char TEST_SKIP[] = "skipped";

void report_pass(struct run *run)
{
    run->passed++;
}

void report_skip(struct run *run)
{
    run->skipped++;
}

void report_fail(struct run *run, const char *id, const char *why)
{
    run->failed++;
    printf("FAIL %s %s: %s\n", run->path, id, why);
}

const char *say(struct run *run, const char *fmt, ...)
{
    char *text = arena_alloc(&run->arena, 320);
    va_list args;

    if (text == NULL) {
        return "failed, and no memory to say why";
    }
    va_start(args, fmt);
    vsnprintf(text, 320, fmt, args);
    va_end(args);
    return text;
}

bool file_read(struct run *run, const char *path, struct span *bytes)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    bool good = false;

    if (f == NULL) {
        return false;
    }
    if (fstat(fileno(f), &st) == 0) {
        size_t size = (size_t)st.st_size;
        uint8_t *room = arena_alloc(&run->arena, size + 1);

        good = room != NULL && fread(room, 1, size, f) == size;
        *bytes = span_make(room, good ? size : 0);
    }
    fclose(f);
    return good;
}

/* Numbers past 2^63 occur in upstream: then all numbers are read as doubles,
 * which is exact for the others there. */
static json_t *json_read(const char *path, json_error_t *error)
{
    json_t *file = json_load_file(path, JSON_ALLOW_NUL, error);

    return file != NULL
               ? file
               : json_load_file(path, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
                                error);
}

static void own_run(struct run *run, const json_t *file)
{
    const char *kind = json_string_value(json_object_get(file, "kind"));
    test_fn test = own_kind(kind);
    const json_t *tests = json_object_get(file, "tests");
    const json_t *item;
    size_t i;

    if (test == NULL) {
        report_fail(run, kind, "no tests of this kind are known here");
        return;
    }
    if (json_array_size(tests) == 0) {
        report_fail(run, kind, "the file holds no tests");
        return;
    }
    json_array_foreach(tests, i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));
        const char *why = test(run, item);

        if (why == NULL) {
            report_pass(run);
        } else if (why == TEST_SKIP) {
            report_skip(run);
        } else {
            report_fail(run, id == NULL ? "(no id)" : id, why);
        }
        arena_reset(&run->arena);
    }
}

static void json_run(struct run *run, const char *dir, const char *path)
{
    json_error_t error;
    json_t *file = json_read(path, &error);
    const char *schema;

    if (file == NULL) {
        report_fail(run, "", error.text);
        return;
    }
    schema = json_string_value(json_object_get(file, "schema"));
    if (json_string_value(json_object_get(file, "kind")) != NULL) {
        own_run(run, file);
    } else if (schema != NULL && strncmp(schema, "eddsa_verify", 12) == 0) {
        upstream_wycheproof(run, file);
    } else if (json_object_get(file, "wantErr") != NULL) {
        upstream_merkle(run, file);
    } else if (json_object_get(file, "verifier_keys") != NULL) {
        log_witness(run, dir, file);
    } else {
        report_fail(run, "", "a JSON file of no kind that is known here");
    }
    json_decref(file);
    arena_reset(&run->arena);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void file_run(struct run *run, const char *dir, const char *name)
{
    char path[4096];
    char tile[4096];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    snprintf(tile, sizeof(tile), "%s/tile", dir);
    run->path = path;
    if (ends_with(name, ".json")) {
        json_run(run, dir, path);
    } else if (strncmp(name, "checkpoint.", 11) == 0 && is_dir(tile)) {
        log_tiles(run, dir, name);
        arena_reset(&run->arena);
    }
    run->path = "";
}

static bool walk(struct run *run, const char *dir, unsigned depth)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, visible, alphasort);
    bool good = count >= 0 && depth < 32;

    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
        if (!is_dir(path)) {
            file_run(run, dir, entries[i]->d_name);
        } else if (good) {
            good = walk(run, path, depth + 1);
        }
        free(entries[i]);
    }
    free(entries);
    if (!good) {
        printf("cannot read the folder %s\n", dir);
    }
    return good;
}

int main(int argc, char **argv)
{
    struct run run = {.path = ""};
    struct error err = {0};
    bool good = false;

    if (argc != 2) {
        fprintf(stderr, "usage: vectors DIR\n");
        return 2;
    }
    if (crypto_start(&err) != 0 ||
        arena_new(&run.arena, (size_t)32 << 20, &err) != 0) {
        fprintf(stderr, "vectors: %s\n", err.text);
        return 71;
    }
    good = walk(&run, argv[1], 0);
    arena_release(&run.arena);
    if (run.passed + run.failed == 0) {
        printf("no test vectors in %s\n", argv[1]);
    }
    if (run.skipped > 0) {
        printf("%u skipped: extension lines, which qcdc refuses\n",
               run.skipped);
    }
    printf("%u passed, %u failed\n", run.passed, run.failed);
    return good && run.failed == 0 && run.passed > 0 ? 0 : 1;
}
