/* Folds: what the events about one subject add up to.
 *
 * A pure function of the events with their positions and brackets, the
 * directory and the as-of day: the same bytes on every node, in whatever order
 * the events came (formats.md section 6). No event is dropped: each stands in
 * the record's history with its standing. Bodies are never looked at.
 *
 * Order: among events whose refs inside the subject are placed (the opening
 * event counts as a ref of every other), the least (`on`, recorded time
 * clamped into the bracket in whole seconds, node, position, id).
 *
 * Corrected, Voided, Approved, Erased act on the event of their first ref, by
 * its own unit or one above it:
 *  - Corrected names the field number of the facts (0: the header's on_day),
 *    old and new value; the old one must be what stood there. A field that
 *    is a number, a flag, an enum or a text can be corrected, a nested
 *    message or a list cannot (void it, record it again). An improving one
 *    (fold_improves below) needs an Approved or a Document with a number or
 *    file in `order`; the event corrected is then marked improved.
 *  - Voided takes an event out; improving unless the event only ever counted
 *    for its unit (an answer, a notice, a publication, a filed paper ...). A
 *    report or a cancellation may hide what then counts, so these improve.
 *  - Approved sets the mark with_key; from a unit above the act's own it also
 *    sets Act.approved, by which a contradicted date counts. Of an Erased it is
 *    a word of its own: given by the unit whose body goes, or one above that.
 *  - Erased names a body of its event. It changes no state; who gave his word
 *    for it is listed in record_out.erasures.
 *
 * A denunciation, once said to be one, stays one: what follows in its record
 * needs the right to denunciations and carries no text (types.h), else it has
 * no right or is invalid. What came before stands as it stood.
 */
#ifndef QCDC_PROTOCOL_RECORD_FOLD_H
#define QCDC_PROTOCOL_RECORD_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"
#include "protocol/event/leaf.h"
#include "protocol/record/directory.h"
#include "protocol/record/standing.h"

enum record_kind {
    RECORD_NONE = 0,
    RECORD_PETITION = 1,
    RECORD_DIALOGUE = 2,
    RECORD_PLAN = 3,
    RECORD_REPORT = 4,
    RECORD_NOTICE = 5, /* NothingToReport */
};

#define RECORD_KINDS 6

/* One event of the subject. */
struct fold_event {
    const struct leaf *leaf; /* borrows; header and facts parsed */
    uint32_t epoch;
    uint64_t position;      /* first over all epochs; a spooled event has the
                               one it will get */
    int64_t lower_s;        /* 0 = the quoted cosignature is not held */
    int64_t upper_s;        /* 0 = no guard cosignature covers it yet */
    enum standing standing; /* by signature, right and type; EFFECTIVE if fine;
                               NEEDS_APPROVAL: the fold finds the Approved.
                               Right of Approved is RIGHT_LEAD: the fold takes
                               an effective one for a leader's */
    uint32_t lacks; /* LACKS_* of types.h: where the actor has no right; 0 = it
                       counts in any record */
};

struct fold_input {
    enum record_kind kind;
    const struct fold_event *events; /* of one subject, in any order */
    size_t len;                      /* at least 1 */
    const struct directory *directory;
    uint32_t asof_day;
};

/* One word for the destruction of a body or a file: the Erased itself, or an
 * Approved of it. Where it acts is the store's question: each node follows its
 * own. */
struct record_erasure {
    struct event_id event; /* whose body or file goes */
    struct event_id by;    /* the Erased */
    uint32_t audience;     /* 0: a file */
    struct hash file;
    uint32_t origin; /* node whose event it is */
    uint32_t node;   /* that gave the word */
};

/* A file that an event names. */
struct record_file {
    struct hash file;
    struct event_id event;
    uint32_t node; /* of the event */
};

/* The record, and what a store wants beside it as columns. */
struct record_out {
    enum record_kind kind;
    struct span bytes; /* PetitionRecord ... of record.proto, in the arena */
    struct event_id subject;
    uint32_t unit;    /* that keeps it; 0 while the opening event is not held */
    uint32_t holder;  /* of a petition; else = unit */
    uint32_t decider; /* asked who shall have it, after two returns; 0 = none */
    uint32_t state; /* PetitionState, DialogueState; 1 once opened for others */
    uint32_t opened_day; /* `on` of the opening event after corrections */
    uint32_t year; /* of the plan, report, notice; else of the day held, then
                      planned, then opened */
    bool has_dialogue;
    struct event_id dialogue; /* a petition raised there */
    const uint32_t *units;    /* every unit with a role, ascending, once */
    size_t units_len;
    const uint32_t *told; /* units whose hosts are owed its events: as `units`;
                             of a denunciation who has it, is offered it, or is
                             to decide (DESIGN section 6), in no order */
    size_t told_len;
    const uint32_t *readers; /* units that events which count are addressed to,
                                ascending, once: beside the holder they may
                                read private bodies (DESIGN section 4) */
    size_t readers_len;
    uint32_t not_effective; /* events of the history that do not count */
    uint32_t waiting;       /* of these, waiting for a ref */
    uint32_t future_day;    /* least `on` after the as-of day: fold again then;
                               0 = none */
    const struct record_erasure *erasures; /* in fold order of the words */
    size_t erasures_len;
    const struct record_file *files; /* by events that the signer may make */
    size_t files_len;
};

/* The kind that an event of this type opens when it has no subject. */
enum record_kind record_kind_of_event(uint32_t type);
/* "petition" ... ; "none". */
const char *record_kind_name(enum record_kind kind);

/* ERR_NOMEM when the arena is full, ERR_USAGE on an empty input. Nothing that
 * an event says can make it fail. */
int record_fold(const struct fold_input *input, struct arena *arena,
                struct record_out *out, struct error *err) MUST_USE;

/* Whether a correction of that field of that type makes a verdict better:
 * on_day to an earlier day (of what starts a clock: to any other); a due,
 * planned, next or until day to a later one; a person no longer known; an
 * answer made personal; an outcome made final; a dialogue section stated. */
bool fold_improves(uint32_t type, uint32_t field, uint64_t old_number,
                   uint64_t new_number);

#endif
