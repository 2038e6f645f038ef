/* One run of store_check: shared by the files check*.c. */
#ifndef QCDC_STORE_CHECK_PARTS_H
#define QCDC_STORE_CHECK_PARTS_H

#include "store/check.h"
#include "store/store_parts.h"

struct checking {
    struct store *store;
    const struct store_check_options *options;
    const struct directory *dir;
    struct error *err;
    uint64_t findings;
    struct range block;  /* the unfinished block of the log being read */
    uint64_t actors;     /* certificates and revocations that count */
    uint64_t units;      /* rows of record_units that there should be */
    uint64_t erasures;   /* rows of erasures that there should be */
    uint64_t files;      /* rows of attachment_refs that there should be */
    uint64_t files_read; /* attached files that are sound */
    uint64_t orphans;    /* files that no event names */
    uint64_t erased;     /* bodies absent with a ground */
    int stopped;         /* what the caller's function ended it with, or 0 */
};

/* Counts one finding and shows it; negative when the visitor ends it all. */
int found(struct checking *c, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool is_damage(int rc);
/* Tells how far it is; negative when the caller's function ends it all. */
int check_progress(struct checking *c, uint64_t done, uint64_t total) MUST_USE;

/* The event rows of a segment, and of one leaf, say what the leaves say. */
int check_rows(struct checking *c, const struct store_log *log, uint64_t first,
               const struct segment_view *view) MUST_USE;
int check_row(struct checking *c, int64_t place, const struct leaf *leaf,
              enum signature_state signature) MUST_USE;
/* Records and cells are what would be derived now. */
int check_derived(struct checking *c) MUST_USE;

/* ---- check.c ---- */
/* Which bodies we must have of a segment with these parts. */
unsigned check_due(struct checking *c, const struct store_log *log,
                   const struct segment *parts);
/* One segment: 1 = go on after it, 0 = the rest cannot be judged. */
int check_segment(struct checking *c, const struct store_log *log,
                  const struct vkey *vkey, struct range *range) MUST_USE;
/* A cosignature of the log's guard, stored or offered. */
int check_cosig(struct checking *c, const struct store_log *log,
                const struct store_cosig *cosig, int64_t time_s) MUST_USE;
/* The first stored from number *next: 1 = *next moved past it, 0 = none. */
int check_cosigs_from(struct checking *c, const struct store_log *log,
                      uint64_t *next) MUST_USE;

/* ---- check_derived.c ---- */
/* Is there work noted, so that records and cells are not to be compared? */
int check_unsettled(struct checking *c, bool *unsettled) MUST_USE;
/* The record of the first number after *number: 1 = it was checked and *number
 * moved, 0 = there is none. */
int check_record_after(struct checking *c, int64_t *number,
                       uint64_t *records) MUST_USE;
int check_unit(struct checking *c, uint32_t unit, uint64_t *cells) MUST_USE;

/* ---- check_loose.c: spool and deliveries ---- */
int check_loose(struct checking *c) MUST_USE;

/* ---- check_absent.c: bodies that are not there ---- */
/* A body listed absent has an Erased that names it; one that is erased here is
 * not here. */
int check_absent(struct checking *c, const struct segment *parts,
                 const struct segment_view *view) MUST_USE;
/* 1 when the absence has a ground (then counted), 0 when not. */
int check_erased(struct checking *c, const struct event_id *event,
                 uint32_t audience, bool *acts) MUST_USE;
int check_erasures(struct checking *c,
                   const struct record_out *record) MUST_USE;
/* Which files the record's events name, and which of them are erased. */
int check_files(struct checking *c, const struct record_out *record) MUST_USE;

/* ---- check_files.c: attached files, read whole ---- */
int check_attached(struct checking *c) MUST_USE;

/* ---- check_tables.c: what integration leans on ---- */
/* A log's row, its cursor and its newest cosignature agree with its origin. */
int check_log_row(struct checking *c, const struct store_log *log) MUST_USE;
/* The kept verdicts of a segment are those of its leaves. */
int check_verdicts(struct checking *c, int64_t place, const uint8_t *marks,
                   uint32_t count) MUST_USE;
/* The right that an event gives or takes is noted; counts it. */
int check_actor(struct checking *c, const struct event_row *row,
                const struct leaf *leaf) MUST_USE;
int check_record_units(struct checking *c, int64_t number,
                       const struct record_out *record) MUST_USE;
int check_wake(struct checking *c, uint32_t unit, uint32_t day) MUST_USE;
/* Keys, verdicts, queues: rows that stand for nothing, or twice. */
int check_tables(struct checking *c) MUST_USE;
/* With nothing left to integrate: as many rows as there are leaves. */
int check_counts(struct checking *c) MUST_USE;

#endif
