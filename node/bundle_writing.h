/* A bundle being written: of bundle_export.c, bundle_words.c, bundle_logs.c,
 * bundle_queue.c, bundle_bodies.c and bundle_files.c only, which put all into
 * one file.
 *
 * One with a size ends where that is reached: what came so far stands by
 * itself, and what is left goes on where the other then says it is.
 */
#ifndef QCDC_NODE_BUNDLE_WRITING_H
#define QCDC_NODE_BUNDLE_WRITING_H

#include "node/bundle.h"

struct writing {
    struct engine *engine;
    struct bundle_job *job;
    struct bundle_status *status;
    struct store_bundles known; /* what the other said last */
    bool anew; /* that was the machine before it: nothing is known of it */
    uint32_t to;
    bool up;         /* to our parent */
    bool in_session; /* with that child, now */
    uint64_t most;   /* bytes of the file, 0 = as many as it takes */
    bool some;       /* something new is in it */
    bool full;       /* what follows does not fit */
    /* bundle_files.c: what it keeps; in the arena */
    struct span files;
    int64_t files_row;
    bool files_known;
    /* bundle_bodies.c: event ids; in the arena */
    struct buf fresh; /* of what goes up with this bundle */
    struct buf given;
    struct buf asks_left;
    bool asks_known;
    struct buf chunk; /* frames not written yet */
    struct buf out;   /* one chunk, sealed */
};

/* ---- bundle_export.c ---- */
/* Puts one frame into the file: written before the turn's arena is rewound. */
int writing_add(struct writing *w, const struct frame *frame,
                struct error *err) MUST_USE;
/* The same if it fits; once one did not, none does: w->full. */
int writing_try(struct writing *w, const struct frame *frame,
                struct error *err) MUST_USE;

/* ---- bundle_words.c ---- */
/* Who leads the realm, by the root key's words. */
int writing_words(struct writing *w, struct error *err) MUST_USE;
/* What we know of the other is of the machine that had its number before. */
bool bundle_is_news_to(const struct writing *w);

/* ---- bundle_files.c ---- */
/* The files that we lack and the other may have. */
int writing_wants(struct writing *w, struct error *err) MUST_USE;
/* Pieces of files that it lacks, as far as they fit. */
int writing_files(struct writing *w, struct error *err) MUST_USE;
/* What is left of them for the next one. Needs a transaction. */
int writing_files_keep(struct writing *w, struct error *err) MUST_USE;

/* ---- bundle_bodies.c ---- */
/* Room for what it keeps, before all else. */
int writing_bodies_begin(struct writing *w, struct error *err) MUST_USE;
/* The private bodies that are wanted here and the other may have. */
int writing_body_wants(struct writing *w, struct error *err) MUST_USE;
/* These leaves go to our superior: what is private in them, and he does not get
 * with them, goes as well if he has a reader behind him. ERR_BUSY: they are
 * counted in a moment, then it is known who reads it. */
int writing_bodies_note(struct writing *w, const struct store_log *log,
                        const struct segment *segment,
                        struct error *err) MUST_USE;
/* What the other asked for, and what of those is owed to it. */
int writing_bodies(struct writing *w, struct error *err) MUST_USE;
/* What is left of its questions. Needs a transaction. */
int writing_bodies_keep(struct writing *w, struct error *err) MUST_USE;

/* ---- bundle_logs.c ---- */
/* The heads of every log that concerns the other. */
int writing_heads(struct writing *w, struct error *err) MUST_USE;
/* Leaves that it lacks, cosignatures, and who else holds them. */
int writing_logs(struct writing *w, struct error *err) MUST_USE;

/* ---- bundle_queue.c ---- */
/* To our parent: what we recorded and no log has. */
int writing_spool(struct writing *w, struct error *err) MUST_USE;
/* To our parent: the wish to have our newest cosignature repeated. */
int writing_heard(struct writing *w, struct error *err) MUST_USE;
/* To a child: in which order its spooled events are to stand, and those of
 * them that it may have lost. */
int writing_notes(struct writing *w, struct error *err) MUST_USE;
int writing_deliveries(struct writing *w, struct error *err) MUST_USE;

#endif
