/* A row of text pairs taken apart, and the way back to what an official is told
 * of the event made of it. Of record.c, record_row.c and record_result.c only:
 * a row is parsed before it is known who signs it, so its parts must outlive
 * the parsing.
 */
#ifndef QCDC_NODE_RECORD_ROW_H
#define QCDC_NODE_RECORD_ROW_H

#include "node/engine_internal.h"

#define ROW_FACTS_MAX 512u
#define ROW_TEXT_MAX 16u
#define ROW_SECRET_MAX 128u

/* Large: lives in an arena. Paths and values are borrowed of the row. */
struct row_parts {
    struct field_pair facts[ROW_FACTS_MAX];
    struct field_pair text[ROW_TEXT_MAX];
    struct field_pair secret[ROW_SECRET_MAX];
    size_t facts_len, text_len, secret_len;
    const char *key; /* NULL = none */
    struct event_id refs[REFS_MAX];
    size_t refs_len;
    bool has_unit;
};

/* ---- record_row.c ---- */
/* Fills *parts (zeroed by the caller) and the header's fields that a row may
 * set; header->refs points into *parts. ERR_USAGE, ERR_NOTFOUND. */
int record_row_parse(struct engine *engine, const struct event_type *type,
                     const struct record_row *row, struct row_parts *parts,
                     struct header *header, struct error *err) MUST_USE;
/* Facts, text and private content of the parts into the draft, in the arena. */
int record_row_encode(struct engine *engine, struct record_draft *draft,
                      const struct row_parts *parts, struct arena *arena,
                      struct error *err) MUST_USE;

/* ---- record_result.c ---- */
/* What a slip prints of an event that is stored; `post` and `repeated` are the
 * caller's to set. */
int record_result_fill(struct engine *engine, const struct event_id *id,
                       struct arena *arena, struct record_result *out,
                       struct error *err) MUST_USE;

#endif
