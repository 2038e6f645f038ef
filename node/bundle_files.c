/* Room: node. Owns how files go by stick: a bundle says which ones its sender
 * lacks and from where on, and brings pieces of those that the other lacked
 * when it last said so, or that an event of ours names since. It must never
 * hand out what was erased, nor open what has not its hash (attach.c looks).
 * What a lost stick held is asked for again. Next: attach.c. */
#include "node/bundle_writing.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "protocol/base/buf.h"
#include "store/attachment.h"

#define PAGE 16u
#define FILES_MOST (16u * (uint64_t)1048576) /* of a bundle without a size */
#define WAIT_MS 30000u /* for what names a file; then it comes again */
#define NAME_SIZE 32u
#define ROW_SIZE 8u

/* What is kept for each node, in the store: u64 row || wants. Files named up to
 * that row went into the list, or were not here. */
struct plan {
    int64_t row;
    struct buf wants;
};

static void plan_name(uint32_t node, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "bundle_files/%u", node);
}

static int plan_read(struct engine *engine, uint32_t node, struct plan *plan,
                     struct error *err)
{
    size_t size = (size_t)BUNDLE_WANTS_MAX * BUNDLE_WANT_SIZE;
    uint8_t *space = arena_alloc(&engine->turn, size);
    char name[NAME_SIZE];
    struct span kept;
    int rc;

    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    *plan = (struct plan){.wants = buf_over(space, size)};
    plan_name(node, name);
    rc = store_meta_get(engine->store, name, &engine->turn, &kept, err);
    if (rc != 0) {
        return rc == ERR_NOTFOUND ? 0 : rc;
    }
    if (kept.len < ROW_SIZE || kept.len - ROW_SIZE > size) {
        return 0; /* the other says it again */
    }
    plan->row = (int64_t)read_u64(kept.ptr);
    buf_put(&plan->wants, span_slice(kept, ROW_SIZE, kept.len - ROW_SIZE));
    return 0;
}

static int plan_put(struct engine *engine, uint32_t node, int64_t row,
                    struct span wants, struct error *err)
{
    size_t mark = engine->turn.used;
    uint8_t *space = arena_alloc(&engine->turn, ROW_SIZE + wants.len);
    struct buf out = buf_over(space, ROW_SIZE + wants.len);
    char name[NAME_SIZE];
    int rc;

    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    plan_name(node, name);
    buf_put_u64(&out, (uint64_t)row);
    buf_put(&out, wants);
    rc = store_meta_put(engine->store, name, buf_span(&out), err);
    arena_rewind(&engine->turn, mark);
    return rc;
}

static void want_put(struct buf *wants, const struct hash *file,
                     uint64_t offset)
{
    if (wants->size - wants->len >= BUNDLE_WANT_SIZE) {
        buf_put(wants, SPAN_OF(*file));
        buf_put_u64(wants, offset);
    }
}

static bool is_listed(struct span wants, const struct hash *file)
{
    for (size_t at = 0; at + BUNDLE_WANT_SIZE <= wants.len;
         at += BUNDLE_WANT_SIZE) {
        if (memcmp(wants.ptr + at, file, sizeof(*file)) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- what we lack ---- */

static int want_say(struct writing *w, const struct hash *file,
                    struct error *err)
{
    struct frame frame = {.kind = FRAME_ATTACH_ASK};

    frame.attach = (struct frame_attach){
        .file = *file,
        .offset = store_file_part(w->engine->config->dir, file),
        .max = ATTACHMENT_CHUNK};
    return writing_add(w, &frame, err);
}

int writing_wants(struct writing *w, struct error *err)
{
    struct engine *engine = w->engine;
    struct store_attachment page[PAGE];
    unsigned said = 0;
    int64_t row = 0;
    size_t len = PAGE;

    /* A copy that was put back does not know yet what was erased since. */
    while (!engine->restored && !engine->disk.low && len == PAGE) {
        int rc =
            store_attachment_missing(engine->store, row, page, PAGE, &len, err);

        for (size_t i = 0; rc == 0 && i < len; i++) {
            row = page[i].row;
            if (said < BUNDLE_WANTS_MAX &&
                attach_may_come(engine, w->up, w->to, page[i].node) &&
                attach_is_asked(engine, &page[i].file) &&
                !attach_is_here(engine, &page[i].file)) {
                rc = want_say(w, &page[i].file, err);
                said++;
            }
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* ---- what the other lacks ---- */

/* To our superior goes unasked what events of logs name here since: it has
 * those events with this bundle. The order of rows is that of recording. */
static int fresh_list(struct writing *w, struct plan *plan, struct error *err)
{
    const struct directory *dir = engine_directory(w->engine);
    struct store_attachment next;
    int rc = 0;

    while (w->up && plan->wants.size - plan->wants.len >= BUNDLE_WANT_SIZE) {
        bool logged = false;

        rc =
            store_attachment_next_held(w->engine->store, plan->row, &next, err);
        rc = rc != 0 ? rc
                     : store_attachment_logged(w->engine->store, &next.file,
                                               &logged, err);
        if (rc != 0 || !logged) {
            break; /* from here on the next time */
        }
        plan->row = next.row;
        if (directory_node_within(dir, next.node, engine_node(w->engine)) &&
            !is_listed(buf_span(&plan->wants), &next.file)) {
            want_put(&plan->wants, &next.file, 0);
        }
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

/* One piece; *offset goes on, *total 0 if it cannot be given. */
static int piece_say(struct writing *w, const struct hash *file,
                     uint64_t *offset, uint64_t *total, struct error *err)
{
    struct engine *engine = w->engine;
    struct frame frame = {.kind = FRAME_ATTACH_CHUNK};
    size_t mark = engine->turn.used;
    uint8_t *space = arena_alloc(&engine->turn, ATTACHMENT_CHUNK);
    struct buf piece = buf_over(space, ATTACHMENT_CHUNK);
    struct error ignored = {0};
    int rc;

    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    *total = 0;
    if (store_file_piece(engine->config->dir, file, *offset, &piece, total,
                         &ignored) != 0 ||
        *total == 0) {
        *total = 0;
        arena_rewind(&engine->turn, mark);
        return 0;
    }
    *offset = *offset > *total ? *total : *offset;
    frame.attach = (struct frame_attach){.file = *file,
                                         .offset = *offset,
                                         .total = *total,
                                         .bytes = buf_span(&piece)};
    rc = writing_try(w, &frame, err);
    arena_rewind(&engine->turn, mark);
    if (rc == 0 && !w->full) {
        *offset += piece.len;
        w->status->file_bytes += piece.len;
    }
    return rc;
}

/* As much of one as fits; what is left of it goes to the next list. */
static int file_say(struct writing *w, const struct hash *file, uint64_t offset,
                    struct buf *left, struct error *err)
{
    struct engine *engine = w->engine;
    struct error ignored = {0};
    uint64_t total = 0;

    if (attach_is_erased(engine, file) ||
        store_file_size(engine->config->dir, file, &total, &ignored) != 0) {
        return 0; /* it is not here (any more): the other asks again */
    }
    do {
        int rc;

        if (w->full || (w->most == 0 && w->status->file_bytes >= FILES_MOST)) {
            want_put(left, file, offset);
            w->status->files_left++;
            w->status->file_bytes_left += total > offset ? total - offset : 0;
            return 0;
        }
        rc = piece_say(w, file, &offset, &total, err);
        if (rc != 0 || total == 0) {
            return rc;
        }
    } while (w->full || offset < total);
    w->status->files++;
    return 0;
}

int writing_files(struct writing *w, struct error *err)
{
    size_t size = (size_t)BUNDLE_WANTS_MAX * BUNDLE_WANT_SIZE;
    uint8_t *space = arena_alloc(&w->engine->turn, size);
    struct buf left = buf_over(space, size);
    struct plan plan = {.row = 0};
    struct span list;
    int rc = space == NULL ? error_set(err, ERR_LIMIT, "too much in one turn")
                           : plan_read(w->engine, w->to, &plan, err);

    if (rc != 0 || w->engine->restored) {
        return rc;
    }
    /* Before the events that name them nobody could take them. */
    rc = w->status->events_left > 0 ? 0 : fresh_list(w, &plan, err);
    list = buf_span(&plan.wants);
    for (size_t at = 0; rc == 0 && at + BUNDLE_WANT_SIZE <= list.len;
         at += BUNDLE_WANT_SIZE) {
        struct hash file;

        memcpy(&file, list.ptr + at, sizeof(file));
        rc = file_say(w, &file, read_u64(list.ptr + at + sizeof(file)), &left,
                      err);
    }
    w->files = buf_span(&left);
    w->files_row = plan.row;
    w->files_known = rc == 0;
    return rc;
}

int writing_files_keep(struct writing *w, struct error *err)
{
    return w->files_known
               ? plan_put(w->engine, w->to, w->files_row, w->files, err)
               : 0;
}

/* ---- the other end ---- */

int bundle_want_take(struct engine *engine, struct bundle_job *job,
                     const struct frame *frame, struct error *err)
{
    (void)engine;
    (void)err;
    want_put(&job->wants, &frame->attach.file, frame->attach.offset);
    return 0;
}

int bundle_wants_keep(struct engine *engine, const struct bundle_job *job,
                      struct error *err)
{
    size_t mark = engine->turn.used;
    struct plan plan = {.row = 0};
    int rc = plan_read(engine, job->head.from, &plan, err);

    rc = rc != 0 ? rc
                 : plan_put(engine, job->head.from, plan.row,
                            buf_span(&job->wants), err);
    arena_rewind(&engine->turn, mark);
    return rc;
}

/* 1: it is wanted; 0: not (any more); ERR_BUSY: nobody can say yet. */
static int is_wanted(struct engine *engine, struct bundle_job *job,
                     const struct hash *file, struct error *err)
{
    struct store_attachment known;
    int rc = store_attachment_find(engine->store, file, &known, err);

    if (rc == 0) {
        return known.state == STORE_ATTACHMENT_MISSING;
    }
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    if (bundle_counts(engine) &&
        (job->waits_ms == 0 || clock_steady_ms() - job->waits_ms < WAIT_MS)) {
        return error_set(err, ERR_BUSY,
                         "what came back is not all here or counted yet");
    }
    return 0;
}

static void room_missing(struct bundle_job *job)
{
    job->files_full = true;
    (void)snprintf(job->status.note, sizeof(job->status.note),
                   "there is no room here for the files in the bundle: make "
                   "room, then they come with a later one");
}

int bundle_piece_take(struct engine *engine, struct bundle_job *job,
                      const struct frame *frame, struct error *err)
{
    const struct frame_attach *came = &frame->attach;
    struct attach_fetch *fetch = &job->peer.fetch;
    uint64_t part = store_file_part(engine->config->dir, &came->file);
    uint64_t end = came->offset + came->bytes.len;
    int rc = job->files_full ? 0 : is_wanted(engine, job, &came->file, err);

    /* Not the piece that is missing next: known, or a stick was left out. */
    if (rc != 1 || came->total == 0 || end > came->total ||
        (came->bytes.len == 0 ? part < came->total : came->offset != part)) {
        return rc == 1 ? 0 : rc;
    }
    if (!hash_equal(&fetch->file, &came->file)) {
        *fetch = (struct attach_fetch){.file = came->file, .resumed = part > 0};
    }
    if (part < came->total && !attach_fits(engine, &job->peer, came->total)) {
        room_missing(job);
        return 0;
    }
    if (came->bytes.len > 0) {
        rc = store_file_append(engine->config->dir, &came->file, part,
                               came->bytes, err);
        if (rc == ERR_LIMIT) {
            room_missing(job);
            return 0;
        }
        if (rc != 0) {
            return rc;
        }
        attach_parts_bound(engine, came->bytes.len);
        job->status.file_bytes += came->bytes.len;
    }
    if (end == came->total) {
        uint64_t size = 0;

        attach_end(engine, &job->peer);
        *fetch = (struct attach_fetch){.active = false};
        rc = store_file_size(engine->config->dir, &came->file, &size, err);
        job->status.files += rc == 0;
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}
