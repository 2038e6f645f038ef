/* Rows of the sample before they are written: made one by one, each knowing
 * what it refers to, so that no file uses a key that is not yet defined. */
#ifndef QCDC_TOOLS_SAMPLE_BOOK_H
#define QCDC_TOOLS_SAMPLE_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_SIZE 48u
#define PATH_SIZE 48u
#define ROW_REFS_MAX 8u

enum value_kind {
    VALUE_TEXT, /* texts, enum words, days, keys */
    VALUE_NUMBER,
    VALUE_FLAG,
};

enum section {
    SECTION_FACTS,
    SECTION_TEXT,
    SECTION_PRIVATE,
};

struct field {
    enum section section;
    enum value_kind kind;
    char path[PATH_SIZE];
    char *value; /* owned by the book */
};

struct row {
    const char *type;
    char key[KEY_SIZE];
    uint32_t node; /* whose file it stands in */
    uint32_t unit;
    uint32_t on_day;
    uint32_t typed_day; /* when the clerk typed it: decides the step */
    uint32_t step;
    size_t serial; /* order of making */
    bool historical;
    uint32_t subject_node; /* another node's record; 0 = own */
    char subject[KEY_SIZE];
    char refs[ROW_REFS_MAX][KEY_SIZE];
    size_t refs_len;
    uint32_t to; /* one addressee at most, said once: where the type has a fact
                    of that name it is meant too; 0 = none */
    struct field *fields;
    size_t fields_len;
    size_t fields_size;
    bool dropped; /* refers to a row that does not exist */
};

struct book {
    struct row **rows;
    size_t len;
    size_t size;
    size_t *index; /* by key, open addressing; 0 = free, else serial + 1 */
    size_t index_size;
};

/* Ends the program when memory does. The row is the book's. */
struct row *row_new(struct book *book, const char *type, uint32_t node,
                    uint32_t unit, uint32_t on_day, uint32_t typed_day);
void row_key(struct row *row, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* What it refers to pushes the row's step back to its own. */
void row_subject(struct book *book, struct row *row, const char *key);
/* Of another node: a step later at least. */
void row_subject_at(struct book *book, struct row *row, uint32_t node,
                    const char *key);
void row_ref(struct book *book, struct row *row, const char *key);
void row_id(struct book *book, struct row *row, const char *path,
            const char *key);
void row_text(struct row *row, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void row_number(struct row *row, const char *path, uint32_t value);
void row_flag(struct row *row, const char *path, bool value);
void row_day(struct row *row, const char *path, uint32_t day);
/* Bodies: the path is below text or private. */
void row_body(struct row *row, enum section section, const char *path,
              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Registers the key, decides the step. False when the row is not part of the
 * sample: past the last step, or it refers to such a row. */
bool row_done(struct book *book, struct row *row);
/* Step, node, late rows last, unit, typed day, order of making. Drops the
 * dropped. */
void book_sort(struct book *book);
void book_free(struct book *book);

#endif
