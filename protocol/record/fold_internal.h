/* What the files of the fold share; nobody else includes it.
 *
 * fold.c runs the stages, fold_gather.c decodes, fold_order.c puts the events
 * in order, fold_act.c applies Corrected, Voided and Approved, fold_petition.c,
 * fold_dialogue.c and fold_opened.c walk the records, fold_custody.c passes
 * the tasks of units that end. All memory is the
 * caller's arena.
 */
#ifndef QCDC_PROTOCOL_RECORD_FOLD_INTERNAL_H
#define QCDC_PROTOCOL_RECORD_FOLD_INTERNAL_H

#include "protocol/event/types.h"
#include "protocol/record/fold.h"
#include "qcdc/v1/event.pb-c.h"
#include "qcdc/v1/record.pb-c.h"

#define NO_ENTRY UINT32_MAX

/* One event, once, whatever copies of it came. */
struct entry {
    const struct leaf *leaf;
    const struct header *header;
    const struct event_type *type; /* NULL: not known here */
    ProtobufCMessage *facts;       /* NULL unless understood */
    uint32_t epoch;                /* where it stands first */
    uint64_t position;
    uint64_t lower_s; /* 0 = none */
    uint64_t upper_s; /* 0 = none */
    uint64_t order_s; /* recorded time clamped into the bracket */
    uint32_t on;      /* after corrections */
    uint32_t target;  /* entry of the first ref, or NO_ENTRY */
    uint32_t voided_by;
    enum standing standing;
    uint32_t lacks;
    bool denounces;  /* its leaf says: a denunciation */
    bool is_act;     /* Corrected, Voided, Approved, Erased */
    bool voided;     /* by an effective Voided */
    bool improved;   /* by an effective improving correction */
    bool with_key;   /* approved */
    bool above;      /* approved by a unit above its own */
    bool on_paper;   /* its paper is said to be signed */
    uint32_t erased; /* bits 1 << audience, by effective Erased */
    bool barred;     /* by a key said to be stolen: waits for an Approved */
};

/* Ascending, each once. */
struct unit_set {
    uint32_t *units;
    size_t len;
    size_t size;
};

struct fold {
    const struct fold_input *input;
    struct arena *arena;
    struct entry *entries; /* ascending id */
    uint32_t len;
    uint32_t *order; /* entries in fold order */
    struct event_id subject;
    uint32_t opener; /* entry, or NO_ENTRY */
    struct unit_set roles;
    struct unit_set readers; /* whom events that count are addressed to */
    struct record_erasure *erasures;
    size_t erasures_len;
    struct record_file *files;
    size_t files_len;
    size_t files_size;
    bool denunciation; /* the walk met an event that says so */
    bool no_memory;    /* sticky; looked at once, at the end */
};

/* The decoded facts of an entry as their generated type. */
#define FACTS(entry, Name) ((const Qcdc__V1__##Name *)(void *)(entry)->facts)

#define ACT_FIELD_ON_DAY 0u

/* fold_gather.c: fills f->entries, opener, subject and targets. */
void fold_gather(struct fold *f);

/* fold_order.c: fills f->order by `on` of the entries. */
void fold_order(struct fold *f);
/* Entry with that id, or NO_ENTRY. */
uint32_t fold_find(const struct fold *f, const struct event_id *id);

/* fold_act.c: needs f->order; returns true when an `on` changed. */
bool fold_acts(struct fold *f);

/* fold_erase.c: may that Erased name that body; fills f->erasures. */
enum standing fold_erased_standing(const struct entry *e,
                                   const struct entry *target);
void fold_erasures(struct fold *f);

/* fold.c, for the walks. */
void *fold_alloc(struct fold *f, size_t count, size_t size);
/* Appends to an array of pointers made on first use for `max` of them; a macro
 * so that each array keeps its own type. */
#define FOLD_PUSH(fold, array, len, max, item)                                 \
    do {                                                                       \
        if ((array) == NULL) {                                                 \
            (array) = fold_alloc((fold), (max), sizeof(void *));               \
        }                                                                      \
        if ((array) != NULL && (item) != NULL && (len) < (max)) {              \
            (array)[(len)++] = (item);                                         \
        }                                                                      \
    } while (0)
void fold_role(struct fold *f, uint32_t unit);
bool fold_has_role(const struct fold *f, uint32_t unit);
Qcdc__V1__Act *fold_act(struct fold *f, const struct entry *e);
Qcdc__V1__Mark fold_mark(const struct entry *e);
ProtobufCBinaryData fold_bytes(const struct event_id *id);
/* EFFECTIVE if its day may count: not after as-of, not after its bracket. */
enum standing fold_day_standing(const struct fold *f, const struct entry *e);
/* EFFECTIVE if its actor may act in the record, denunciation or not. */
enum standing fold_right_standing(const struct entry *e, bool denunciation);
/* The documents an event's facts name; calls back in field order. */
void fold_documents(const struct entry *e,
                    void (*each)(void *ctx, const Qcdc__V1__Document *document),
                    void *ctx);

/* A walk: one record kind's state and its step. */
struct walk {
    /* EFFECTIVE and the state moved, or why not. Called in fold order, with
     * understood facts, dates already fine. */
    enum standing (*step)(void *state, struct entry *e);
    /* After the last step. Fills columns, returns the message to pack with
     * its history and parties set. */
    ProtobufCMessage *(*finish)(void *state, struct record_out *out);
    void *state;
};

/* fold_custody.c: whose task it is while units end and transfers are told. */
struct custody {
    uint32_t base;      /* whose transfers are followed */
    uint32_t since_day; /* that unit has had it */
    uint32_t holder;    /* base, or the unit above while nobody is named */
    bool records;       /* note the steps below */
    Qcdc__V1__Custody *rows[16];
    size_t rows_len;
};
void custody_start(struct custody *c, uint32_t unit, uint32_t day);
/* Follows what is told until `day`; every unit on the way gets a role. */
void custody_pass(struct fold *f, struct custody *c,
                  const struct event_id *subject, uint32_t day);
/* Whom these referrals ask to decide, by their returns: once two came back the
 * nearest unit above all who returned one on that day; 0 = nobody. */
uint32_t custody_ask(struct fold *f, struct custody *c,
                     Qcdc__V1__Referral **referrals, size_t len, uint32_t day);
/* A CustodyTaken: EFFECTIVE and noted, or why not. */
enum standing custody_take(struct fold *f, struct custody *c,
                           const struct entry *e);

struct walk petition_walk(struct fold *f);
struct walk dialogue_walk(struct fold *f);
struct walk opened_walk(struct fold *f); /* plan, report, notice */

/* The history lines, for finish. */
void fold_history(struct fold *f, Qcdc__V1__Placed ***lines, size_t *len);

/* A row of a walk's table: in which states an event of a type counts. */
struct walk_row {
    uint32_t type;
    uint32_t states;   /* bits 1 << state */
    uint32_t repeated; /* states in which it was said already */
    enum standing (*apply)(void *state, struct entry *e);
};

/* Looks the row up and judges the state; apply only when it fits. */
enum standing walk_apply(const struct walk_row *rows, size_t len,
                         uint32_t state, void *walk, struct entry *e);

#endif
