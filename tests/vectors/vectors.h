/* What the files of the vectors program share: the counts, and how a test
 * case reads its JSON. A missing or misspelt field fails the case. */
#ifndef QCDC_TESTS_VECTORS_VECTORS_H
#define QCDC_TESTS_VECTORS_VECTORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/span.h"
#include "protocol/crypto.h"
#include "protocol/log/merkle.h"

struct run {
    unsigned passed;
    unsigned failed;
    unsigned skipped;   /* extension lines, which this project refuses */
    const char *path;   /* the file at hand */
    struct arena arena; /* reset after each test */
};

/* One test's outcome; `why` stays the caller's. */
void report_pass(struct run *run);
void report_skip(struct run *run);
void report_fail(struct run *run, const char *id, const char *why);

/* NULL if passed; else a sentence (static, or in the arena). */
typedef const char *(*test_fn)(struct run *run, const json_t *test);

/* A returned TEST_SKIP counts as skipped. */
extern const char TEST_SKIP[];

/* A formatted sentence in the arena. */
const char *say(struct run *run, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Strings may hold NUL; {NULL, 0} and false if it is no string. */
bool read_text(const json_t *object, const char *key, struct span *text);
bool read_number(const json_t *object, const char *key, uint64_t *value);
bool read_hex(struct run *run, const json_t *value, struct span *bytes);
bool read_base64(struct run *run, const json_t *value, struct span *bytes);
bool read_hash(const json_t *object, const char *key, struct hash *hash);

/* An array of hashes by `decode`. False if it is no such array; *usable is
 * false if the hashes are more than 63 or not of 32 bytes: refused as input. */
bool read_path(struct run *run, const json_t *array,
               bool (*decode)(struct run *, const json_t *, struct span *),
               struct merkle_path *path, bool *usable);

/* "valid" or "invalid" in `result`. */
bool read_valid(const json_t *test, bool *valid);

/* The kinds of own/: NULL if the kind is not known. */
test_fn own_kind(const char *kind);

/* upstream/, known by their fields. */
void upstream_merkle(struct run *run, const json_t *file);
void upstream_wycheproof(struct run *run, const json_t *file);

/* Real logs: a folder with tiles, and a witness's folder. */
void log_tiles(struct run *run, const char *dir, const char *checkpoint);
void log_witness(struct run *run, const char *dir, const json_t *file);

/* A whole file into the arena; false if it cannot be read. */
bool file_read(struct run *run, const char *path, struct span *bytes);

#endif
