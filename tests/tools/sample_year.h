/* The sample year as events of this program, made without a node: directory,
 * rules and calendar of deploy/data, and every row signed by one key. */
#ifndef QCDC_TESTS_TOOLS_SAMPLE_YEAR_H
#define QCDC_TESTS_TOOLS_SAMPLE_YEAR_H

#include "tests/support/test.h"

#include "node/web/rows.h"
#include "protocol/duty/duty.h"
#include "protocol/record/fold.h"

#define EVENTS_MAX 16384u
#define UNITS_MAX 512u
#define NODES_MAX 128u
#define LAST "2025-01-24" /* the last step */

struct made {
    struct leaf leaf;
    char name[64]; /* "<node>/<key>" */
    struct event_id subject;
    uint32_t type;
    struct fold_event event;
};

struct year {
    struct arena arena; /* what lives to the end */
    struct arena turn;
    struct error err;
    char folder[128];
    struct directory dir;
    struct dir_unit units[UNITS_MAX];
    struct dir_version versions[UNITS_MAX];
    struct dir_node nodes[NODES_MAX];
    struct dir_cert certs[NODES_MAX];
    struct dir_cert *cert_lists[NODES_MAX];
    struct calendar calendar;
    struct rule_set rules;
    struct sign_public key;
    struct sign_secret secret;
    struct made *made;
    size_t len;
    uint32_t node;                 /* of the file being read */
    int64_t step_s;                /* of the step being read */
    int64_t before[NODES_MAX * 2]; /* by node: step of its last rows */
    struct duty_record *records;
    size_t records_len;
    uint32_t asof_day;
};

/* The checkout's folder. */
const char *source(void);
/* A whole file, to be freed. */
char *text_of(const char *path, size_t *len);
/* A shell command that must succeed. */
__attribute__((format(printf, 1, 2))) void run(const char *fmt, ...);
/* 0 for "". */
uint32_t day_in(struct year *y, const char *text);

/* Generates the year into a folder of its own and reads it. */
void year_open(struct year *y, const char *seed_text);
/* Removes the folder. */
void year_close(struct year *y);
/* One more event of y->node: valid, signed, parsed. */
void take_row(struct year *y, const struct record_row *row);
/* A rows_error_fn: fails the test. */
void bad_row(void *ctx, uint32_t line, const char *path, const char *text);

#endif
