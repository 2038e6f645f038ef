/* Questions: records, cells, evidence, search, snapshots, origins of an event.
 *
 * Cells and records are those of the newest store_settle. Spans live in the
 * caller's arena; when it is full the answer is ERR_LIMIT. Lists give at most
 * `max` rows and are continued with `after`.
 */
#ifndef QCDC_STORE_QUERY_H
#define QCDC_STORE_QUERY_H

#include "protocol/duty/duty.h"
#include "protocol/event/body.h"
#include "protocol/event/leaf.h"
#include "store/integrate.h"
#include "store/log.h"
#include "store/store.h"

/* ---- events ---- */

struct store_event {
    struct event_id id;
    struct event_id subject;
    struct span leaf;  /* exact bytes */
    uint32_t log;      /* 0 = spool */
    uint64_t index;    /* in the log, or spool number */
    uint32_t standing; /* before the fold: enum standing of record.proto */
    bool signature_ok;
    int64_t lower_s; /* bracket; 0 = none */
    int64_t upper_s;
};
int store_event_find(struct store *store, const struct event_id *id,
                     struct arena *arena, struct store_event *event,
                     struct error *err) MUST_USE;
int store_event_at(struct store *store, uint32_t log, uint64_t index,
                   struct arena *arena, struct store_event *event,
                   struct error *err) MUST_USE;
/* By the citizen's code (its 50 bits): ERR_NOTFOUND; ERR_CONFLICT if two
 * events share it. */
int store_event_by_code(struct store *store, const char *code,
                        struct event_id *id, struct error *err) MUST_USE;
/* Every event of a subject by position. */
int store_event_list(struct store *store, const struct event_id *subject,
                     struct arena *arena, struct store_event *events,
                     size_t max, size_t *len, struct error *err) MUST_USE;

/* The nodes that cosigned a size covering the event; ascending. */
struct store_holder {
    uint64_t time_s;
    uint32_t node;
    bool guard;
};
int store_holder_list(struct store *store, const struct event_id *id,
                      struct store_holder *holders, size_t max, size_t *len,
                      struct error *err) MUST_USE;

/* ---- bodies ---- */

/* The body of that audience as it travels (salt, bytes, wraps): ERR_NOTFOUND
 * when the event has none or it is not held. */
int store_body_find(struct store *store, const struct event_id *id,
                    uint32_t audience, struct arena *arena, struct body *body,
                    struct error *err) MUST_USE;

/* ---- records ---- */

struct store_record {
    struct event_id subject;
    uint32_t kind; /* enum record_kind of protocol/record/fold.h */
    uint32_t unit; /* that received or keeps it */
    uint32_t holder;
    uint32_t state;
    uint32_t opened_day;
    uint32_t year;
    uint32_t decider;         /* asked who shall have a petition; 0 = nobody */
    struct event_id dialogue; /* raised at; zero = none */
    struct span bytes;        /* the packed message of record.proto */
};
int store_record_find(struct store *store, const struct event_id *subject,
                      struct arena *arena, struct store_record *record,
                      struct error *err) MUST_USE;

struct store_record_filter {
    uint32_t kind; /* 0 = any, as below */
    uint32_t unit; /* with any role in it */
    uint32_t holder;
    uint32_t state;
    uint32_t decider;
    bool asked;        /* some unit is asked to decide (unit = 0) */
    uint32_t from_day; /* opened on or after */
    uint32_t until_day;
    struct event_id dialogue;
    /* After this row in (opened_day, subject) descending; zero = the first */
    uint32_t after_day;
    struct event_id after;
};
/* Newest first. */
int store_record_list(struct store *store,
                      const struct store_record_filter *filter,
                      struct arena *arena, struct store_record *records,
                      size_t max, size_t *len, struct error *err) MUST_USE;

/* Texts, document numbers and codes that contain every word of the query
 * (accents do not matter), newest first; private bodies are never indexed. */
int store_search(struct store *store, const char *text,
                 struct event_id *subjects, size_t max, size_t *len,
                 struct error *err) MUST_USE;

/* ---- duties ---- */

struct store_cell_filter {
    uint32_t territory; /* with all below it; 0 = any */
    uint32_t unit;
    uint16_t year;
    const char *duty; /* NULL = any */
};
/* By territory, unit, duty, year, month. */
int store_cell_list(struct store *store, const struct store_cell_filter *filter,
                    struct duty_cell *cells, size_t max, size_t *len,
                    struct error *err) MUST_USE;

/* Evaluates a unit again with items (evidence, arithmetic). With `now` of an
 * earlier day records are folded again into memory as of then; `heads` (or
 * NULL) limits what is known: only leaves below them, of the logs named. */
struct store_head_limit {
    uint32_t log;
    uint64_t size;
    uint64_t cosigs;
};
struct store_known {
    const struct store_head_limit *heads; /* borrows */
    size_t heads_len;
    bool limited; /* false: everything that is held */
};
int store_evaluate(struct store *store, uint32_t unit, struct store_now asof,
                   const struct store_known *known, struct arena *arena,
                   struct duty_input *input, struct duty_result *result,
                   struct error *err) MUST_USE;

/* Newest time at which the host of the unit was heard from; 0 = never,
 * INT64_MAX = its log has no guard. */
int store_heard(struct store *store, uint32_t unit, int64_t *heard_s,
                struct error *err) MUST_USE;

/* Snapshot (formats.md section 7): sorted fixed-width rows over every
 * applicable cell as of that day, in heap memory the caller frees; *rows_len of
 * them, SNAPSHOT_ROW_SIZE bytes each. */
int store_snapshot(struct store *store, struct store_now asof,
                   const struct store_known *known, uint8_t **rows,
                   size_t *rows_len, struct hash *hash,
                   struct error *err) MUST_USE;

#endif
