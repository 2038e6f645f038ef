/* What a unit owed, when, and whether it was done: items and cells.
 *
 * A pure function of records, directory, rules, calendar, as-of day and who
 * was heard from when (DESIGN invariant 5). The same input in any order gives
 * the same result to the byte. Never reads a body, never guesses a date: what
 * the calendar does not cover is said to be uncomputed.
 *
 * Exact meaning: duties.md, formats.md sections 6 and 7; readings this code
 * had to choose are listed in deploy/data/DUTIES.md.
 */
#ifndef QCDC_PROTOCOL_DUTY_DUTY_H
#define QCDC_PROTOCOL_DUTY_DUTY_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/duty/rules.h"
#include "protocol/event/leaf.h"
#include "protocol/record/calendar.h"
#include "protocol/record/directory.h"
#include "protocol/record/fold.h"

/* Raised whenever the same input can give another figure. */
#define EVALUATION_VERSION 1u

/* Numbers of formats.md section 7, never reused. 1-6 are of items too. */
enum duty_verdict {
    DUTY_UNCOMPUTED = 0,     /* a date lies outside the calendar */
    DUTY_MET = 1,            /* Dat */
    DUTY_LATE = 2,           /* Tre han */
    DUTY_NOT_DUE = 3,        /* Chua den han */
    DUTY_MISSING = 4,        /* Qua han, chua co ho so */
    DUTY_UNKNOWN = 5,        /* Chua co thong tin */
    DUTY_EXCUSED = 6,        /* Duoc mien */
    DUTY_NONE_CONFIRMED = 7, /* Khong phat sinh, confirmed */
    DUTY_NONE_RECORDED = 8,  /* nothing recorded */
    DUTY_NOT_ENROLLED = 9,   /* the unit never joined */
};
#define DUTY_VERDICTS 10u

enum duty_grade {
    DUTY_GRADE_NONE = 0, /* nothing done that could be graded */
    DUTY_PROVED = 1,
    DUTY_STATED = 2,
    DUTY_CONTRADICTED = 3,
};

/* One record as the fold packed it (borrows). */
struct duty_record {
    struct event_id subject; /* id of the opening event */
    enum record_kind kind;
    struct span bytes;
};

/* When the host of `unit` was last heard from, in seconds: 0 = never,
 * INT64_MAX = its log has no guard, so it counts as heard at the as-of time. */
typedef int (*duty_heard_fn)(void *ctx, uint32_t unit, int64_t *heard_s,
                             struct error *err);

/* A visitor of records: their bytes live until it returns. */
typedef int (*duty_record_fn)(void *to, const struct duty_record *record,
                              struct error *err);

/* The petitions of the unit that name no dialogue: a town hall may have a
 * hundred thousand, so each is weighed as it comes by and none is held, apart
 * from those that a dialogue mentions. */
struct duty_lone {
    /* Each of them once, in any order. A nonzero return of `visit` ends it
     * and is returned. */
    int (*each)(void *ctx, duty_record_fn visit, void *to, struct error *err);
    /* The one of that id into the arena; bytes.ptr = NULL if it is none of
     * them. ERR_LIMIT when the arena is full. */
    int (*find)(void *ctx, const struct event_id *id, struct arena *arena,
                struct span *bytes, struct error *err);
    void *ctx;
};

struct duty_input {
    const struct directory *directory;
    const struct rule_set *rules;
    const struct calendar *calendar; /* NULL: nothing can be computed */
    uint32_t unit;
    uint32_t asof_day;
    /* Every record in which the unit has a role, the petitions raised at
     * those dialogues, the dialogues of those petitions, and its plans. More
     * does no harm. Each subject once. */
    const struct duty_record *records;
    size_t records_len;
    duty_heard_fn heard;
    void *heard_ctx;
    bool cells_only; /* leave result.items empty */
    /* Only with cells_only; NULL: they are among the records. */
    const struct duty_lone *lone;
};

struct duty_cell {
    char duty[4];       /* zero-padded */
    uint16_t year;      /* civil year of the period */
    uint8_t month;      /* 0 = the year */
    uint8_t verdict;    /* enum duty_verdict */
    uint32_t territory; /* of the unit on the as-of day */
    uint32_t unit;
    uint32_t n; /* items met */
    uint32_t d; /* met + late + missing + unknown; 0 when uncomputed */
    uint32_t counts[DUTY_VERDICTS]; /* items of each verdict, 0-6 */
    /* Shown beside, never in n or d. */
    uint32_t stated;         /* decided items resting on the unit's word */
    uint32_t contradicted;   /* dates that the chain refutes */
    uint32_t extended;       /* due date moved by an extension */
    uint32_t postponed;      /* D1: moved by a postponement */
    uint32_t owed_by_others; /* D8 of a chairing unit */
    uint32_t improved;       /* rests on an improving correction */
    uint32_t noted;          /* D8: answered by "noted" */
    uint32_t withdrawn;      /* petition withdrawn in time: no item */
    uint32_t reopened;       /* D5: recorded after the conclusion */
    uint32_t rule_version;   /* greatest used by its items */
    bool unconfirmed;        /* that rule has an unconfirmed number */
};

#define DUTY_EVIDENCE_MAX 8u

struct duty_item {
    char duty[4];
    uint16_t year;
    uint8_t month;
    uint8_t verdict; /* 0-6; 7 where withdrawn */
    uint8_t grade;   /* enum duty_grade, of the deciding act */
    uint16_t line;   /* D1: plan line or number; Y1: 1 half-year, 2 year */
    uint32_t unit;   /* that owes it; differs from input.unit only where
                        owed_by_others: then 0 = not in the registry */
    struct event_id subject; /* record; zero: made by the calendar alone */
    struct event_id second;  /* petition of a dialogue's item (D7, D8) */
    uint32_t arises_day;
    uint32_t first_due_day; /* before extensions; 0 = uncomputed */
    uint32_t due_day;       /* on a working day; 0 = uncomputed */
    uint32_t g_day;         /* due + entry days; 0 = uncomputed */
    uint32_t met_day;       /* 0 = not met */
    uint32_t heard_day;     /* where undecided after g: of the host that
                               answers for it; 0 = never */
    uint32_t rule_version;
    bool unconfirmed; /* its rule has an unconfirmed number */
    bool approved;    /* a superior approved a contradicted date */
    bool extended;
    bool postponed;
    bool owed_by_others; /* listed for the chairing unit, in no cell */
    bool improved;
    bool noted;
    bool withdrawn; /* listed, in no cell */
    bool reopened;
    uint16_t gaps;         /* D5: petitions without a full conclusion;
                              D6: bits 1 << dossier item that is absent */
    uint32_t evidence_len; /* of all; the first DUTY_EVIDENCE_MAX are kept */
    struct event_id evidence[DUTY_EVIDENCE_MAX];
};

struct duty_result {
    struct duty_cell *cells; /* by duty, year, month; in the arena */
    size_t cells_len;
    struct duty_item *items; /* by duty, year, month, subject, line, second */
    size_t items_len;
    uint32_t wake_day; /* first later as-of day on which a passing date alone
                          can change a cell */
    struct error uncomputed; /* why the first uncomputed item is so */
};

/* ERR_LIMIT when the arena is full, ERR_CORRUPT for record bytes that no fold
 * wrote, or what `heard` returned. Result lives in the arena. */
int duty_evaluate(const struct duty_input *input, struct arena *arena,
                  struct duty_result *out, struct error *err) MUST_USE;

/* The arithmetic of one item, day by day, ending with due date, g, verdict
 * and why, and evidence ids. UTF-8 lines; `out->overflow` when cut. The item
 * is one of duty_evaluate over the same input. */
int duty_explain(const struct duty_input *input, const struct duty_item *item,
                 enum lang lang, struct arena *arena, struct buf *out,
                 struct error *err) MUST_USE;

/* "Dat" / "met" ..., with accents; "?" out of range. */
const char *duty_verdict_text(uint8_t verdict, enum lang lang);
const char *duty_grade_text(uint8_t grade, enum lang lang);

#endif
