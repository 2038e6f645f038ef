/* store: fsck of what came from outside: leaves, hashes, roots, checkpoints,
 * bodies, cosignatures, signatures. SQLite's own check does not see a flipped
 * bit in a payload (libraries.md B2.8); the chain does.
 *
 * Reads only; repairs nothing. Read next: check_derived.c.
 */
#include "store/check_parts.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/link/frames.h"
#include "protocol/link/origin.h"
#include "store/directory.h"
#include "store/wanted.h"

enum {
    CHECK_BLOCK,
    CHECK_COSIG_AFTER,
    CHECK_HELD,
    CHECK_LOG_NOTE
};

static const char *const sql[] = {
    [CHECK_BLOCK] = "SELECT hash FROM blocks WHERE log = ? AND block = ?",
    [CHECK_COSIG_AFTER] = "SELECT number, time_s FROM cosigs WHERE log = ? AND "
                          "number >= ? ORDER BY number LIMIT 1",
    [CHECK_HELD] =
        "SELECT node, size, root, line, time_s FROM held WHERE log = ? "
        "ORDER BY node",
    [CHECK_LOG_NOTE] = "SELECT note FROM logs WHERE id = ?",
};
const struct query_table check_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* The caller's wish to stop: inside, 1 means that something went on. */
#define STOPPED INT_MIN

static int stop(struct checking *c, int rc)
{
    c->stopped = rc;
    return rc == 0 ? 0 : STOPPED;
}

int found(struct checking *c, const char *what, const char *fmt, ...)
{
    struct store_finding finding = {.what = what};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(finding.text, sizeof(finding.text), fmt, args);
    va_end(args);
    c->findings++;
    return c->options->visit == NULL
               ? 0
               : stop(c, c->options->visit(c->options->data, &finding));
}

int check_progress(struct checking *c, uint64_t done, uint64_t total)
{
    return c->options->progress == NULL
               ? 0
               : stop(c, c->options->progress(c->options->data, done, total));
}

/* Damage is a finding; only what stops the reading itself is an error. */
bool is_damage(int rc)
{
    return rc == ERR_CORRUPT || rc == ERR_NOTFOUND || rc == ERR_MALFORMED ||
           rc == ERR_UNTRUSTED || rc == ERR_LIMIT || rc == ERR_BUSY;
}

/* ---- segments ---- */

unsigned check_due(struct checking *c, const struct store_log *log,
                   const struct segment *parts)
{
    uint64_t from;
    bool own = log->node == c->store->self;
    bool guard = store_guards_from(c->dir, c->store->self, log, &from) &&
                 parts->first >= from;
    unsigned due = SEGMENT_DUE_TEXTS;

    if (own || guard) {
        due |= SEGMENT_DUE_PRIVATES;
    } else if (parts->privates.len > 0) {
        due |= SEGMENT_MAY_PRIVATES; /* wanted.h */
    }
    if (parts->sealed.len > 0) {
        due |= SEGMENT_DUE_SEALED;
    }
    return due;
}

static int check_blocks(struct checking *c, const struct store_log *log,
                        uint64_t first, const struct segment_checked *checked)
{
    const struct hash *hashes = (const struct hash *)checked->hashes.ptr;
    size_t i;

    for (i = 0; i < checked->view.count; i++) {
        sqlite3_stmt *q;
        struct hash root, held;
        uint64_t end = first + i + 1;
        int rc;

        range_append_hash(&c->block, &hashes[i]);
        if (end % MERKLE_BLOCK_LEAVES != 0) {
            continue;
        }
        root = range_root(&c->block);
        range_init(&c->block);
        q = query(c->store, OWNER_CHECK, CHECK_BLOCK);
        bind_int(q, 1, log->id);
        bind_int(q, 2, (int64_t)(end / MERKLE_BLOCK_LEAVES) - 1);
        if ((rc = query_row(c->store, q, c->err)) < 0) {
            return rc;
        }
        if (rc == 0 || column_bytes(q, 0, &held, sizeof(held), c->err) != 0 ||
            !hash_equal(&held, &root)) {
            query_end(q);
            rc = found(c, "block", "%s: block %llu has another hash",
                       log->origin,
                       (unsigned long long)(end / MERKLE_BLOCK_LEAVES) - 1);
            if (rc != 0) {
                return rc;
            }
        }
        query_end(q);
    }
    return 0;
}

/* Standings of directory events, judged anew from their leaves alone. */
static int standing_differs(void *data, int64_t place)
{
    return found(data, "event",
                 "the directory event at place %lld has another standing or "
                 "signature",
                 (long long)place);
}

static int check_directory(struct checking *c)
{
    return directory_fresh(c->store, standing_differs, c, c->err);
}

int check_segment(struct checking *c, const struct store_log *log,
                  const struct vkey *vkey, struct range *range)
{
    struct arena *arena = &c->store->leaves;
    struct segment_checked checked;
    struct store_segment segment;
    struct error why;
    int rc;

    arena_reset(arena);
    rc = store_segment_read(c->store, log->id, range->size, arena, &segment,
                            &why);
    if (rc == 0 && segment.parts.first != range->size) {
        rc = error_set(&why, ERR_CORRUPT, "it begins at %llu",
                       (unsigned long long)segment.parts.first);
    }
    rc = rc != 0 ? rc
                 : segment_check(c->store->codec, &segment.parts, range, vkey,
                                 check_due(c, log, &segment.parts), arena,
                                 &checked, &why);
    if (rc != 0) {
        *c->err = why;
        return !is_damage(rc)
                   ? rc
                   : found(c, "segment", "%s at %llu: %s", log->origin,
                           (unsigned long long)range->size, why.text);
    }
    if (!span_equal(checked.hashes, segment.hashes) &&
        (rc = found(c, "hash", "%s at %llu: stored leaf hashes differ",
                    log->origin, (unsigned long long)range->size)) != 0) {
        return rc;
    }
    if (!hash_equal(&checked.head.root, &segment.root) &&
        (rc = found(c, "root", "%s at %llu: the stored root differs",
                    log->origin, (unsigned long long)range->size)) != 0) {
        return rc;
    }
    if ((rc = check_blocks(c, log, segment.parts.first, &checked)) != 0 ||
        (rc = check_absent(c, &segment.parts, &checked.view)) != 0 ||
        (rc = check_rows(c, log, segment.parts.first, &checked.view)) != 0) {
        return rc;
    }
    *range = checked.range;
    return 1;
}

static int check_head(struct checking *c, const struct store_log *log,
                      const struct range *range)
{
    uint8_t bytes[NOTE_MAX];
    struct buf note = buf_over(bytes, sizeof(bytes));
    sqlite3_stmt *q;
    struct hash root = range_root(range);
    bool same;
    int rc;

    if (range->size == 0) {
        return 0;
    }
    if (!hash_equal(&root, &log->head.root) &&
        (rc = found(c, "root", "%s: the head has another root than the leaves",
                    log->origin)) != 0) {
        return rc;
    }
    rc = store_log_note_at(c->store, log->id, range->size, &note, c->err);
    if (rc != 0) {
        return is_damage(rc)
                   ? found(c, "checkpoint", "%s: %s", log->origin, c->err->text)
                   : rc;
    }
    q = query(c->store, OWNER_CHECK, CHECK_LOG_NOTE);
    bind_int(q, 1, log->id);
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    same = rc == 1 && span_equal(column_span(q, 0), buf_span(&note));
    query_end(q);
    return same ? 0
                : found(c, "checkpoint",
                        "%s: the head's checkpoint is not the last one",
                        log->origin);
}

/* ---- cosignatures ---- */

/* Signed by any mirror key that the node ever had. */
static bool mirror_signed(struct checking *c, uint32_t node,
                          const struct store_log *log,
                          const struct merkle_head *head,
                          const struct cosignature *line)
{
    const struct dir_node *certified = directory_node(c->dir, node);
    struct checkpoint checkpoint = {.origin = span_str(log->origin),
                                    .head = *head};
    uint8_t text[CHECKPOINT_TEXT_MAX];
    struct buf out = buf_over(text, sizeof(text));
    uint8_t name[ORIGIN_MAX + 16u];
    struct buf mirror = buf_over(name, sizeof(name));
    size_t i;

    checkpoint_format(&checkpoint, &out);
    origin_mirror_name(c->dir->realm, node, &mirror);
    for (i = 0; certified != NULL && i < certified->certs_len; i++) {
        struct error ignored;
        struct vkey key;

        if (vkey_make(buf_span(&mirror), VKEY_COSIGNATURE,
                      &certified->certs[i]->mirror_key, &key, &ignored) == 0 &&
            cosignature_verify(line, &key, buf_span(&out), &ignored) == 0) {
            return true;
        }
    }
    return false;
}

static bool guard_signed(struct checking *c, const struct store_log *log,
                         const struct store_cosig *cosig)
{
    const struct dir_node *node = directory_node(c->dir, log->node);
    size_t i;

    for (i = 0; node != NULL && i < node->certs_len; i++) {
        if (node->certs[i]->guard != 0 &&
            mirror_signed(c, node->certs[i]->guard, log, &cosig->head,
                          &cosig->line)) {
            return true;
        }
    }
    return node == NULL; /* nobody to ask: not a finding */
}

/* A repeat is what "heard from" rests on: the node itself asked for it. */
static bool asked_for(struct checking *c, const struct store_log *log,
                      const struct store_cosig *cosig)
{
    const struct dir_node *node = directory_node(c->dir, log->node);
    struct checkpoint checkpoint = {.origin = span_str(log->origin),
                                    .head = cosig->head};
    uint8_t text[CHECKPOINT_TEXT_MAX];
    struct buf out = buf_over(text, sizeof(text));
    bool asked = !cosig->repeat || node == NULL;
    size_t i;

    checkpoint_format(&checkpoint, &out);
    for (i = 0; !asked && i < node->certs_len; i++) {
        asked = heard_verify(buf_span(&out), cosig->number, &cosig->request,
                             &node->certs[i]->actor_key);
    }
    return asked;
}

int check_cosig(struct checking *c, const struct store_log *log,
                const struct store_cosig *cosig, int64_t time_s)
{
    unsigned long long number = cosig->number;
    struct hash root;
    int rc;

    if (!guard_signed(c, log, cosig) || !asked_for(c, log, cosig) ||
        (int64_t)cosignature_time(&cosig->line) != time_s) {
        return found(c, "cosignature",
                     "%s: guard cosignature %llu is not its guard's",
                     log->origin, number);
    }
    if (cosig->head.size > log->head.size) {
        return 0;
    }
    rc = store_log_root_at(c->store, log->id, cosig->head.size, &root, c->err);
    if (rc == 0 && !hash_equal(&root, &cosig->head.root)) {
        return found(c, "cosignature",
                     "%s: guard cosignature %llu covers another tree",
                     log->origin, number);
    }
    return rc == 0 || is_damage(rc) ? 0 : rc;
}

static int check_stored_cosig(struct checking *c, const struct store_log *log,
                              uint64_t number, int64_t time_s)
{
    struct store_cosig cosig;
    int rc = store_cosig_get(c->store, log->id, number, &cosig, c->err);

    if (rc != 0) {
        return is_damage(rc) ? found(c, "cosignature", "%s: %s", log->origin,
                                     c->err->text)
                             : rc;
    }
    return check_cosig(c, log, &cosig, time_s);
}

int check_cosigs_from(struct checking *c, const struct store_log *log,
                      uint64_t *next)
{
    sqlite3_stmt *q = query(c->store, OWNER_CHECK, CHECK_COSIG_AFTER);
    uint64_t number;
    int64_t time_s;
    int rc;

    bind_int(q, 1, log->id);
    bind_int(q, 2, (int64_t)*next);
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    number = rc == 1 ? (uint64_t)column_int(q, 0) : log->cosigs;
    time_s = rc == 1 ? column_int(q, 1) : 0;
    query_end(q);
    if (number != *next && *next < log->cosigs && log->mirrored &&
        found(c, "cosignature", "%s: guard cosignature %llu is missing",
              log->origin, (unsigned long long)*next) != 0) {
        return -1;
    }
    if (rc == 0) {
        return 0;
    }
    *next = number + 1;
    rc = check_stored_cosig(c, log, number, time_s);
    return rc != 0 ? rc : 1;
}

static int check_cosigs(struct checking *c, const struct store_log *log)
{
    uint64_t next = 0;
    int rc = 1;

    while (rc == 1) {
        rc = check_cosigs_from(c, log, &next);
    }
    return rc;
}

static int check_held(struct checking *c, const struct store_log *log)
{
    sqlite3_stmt *q = query(c->store, OWNER_CHECK, CHECK_HELD);
    int rc;

    bind_int(q, 1, log->id);
    while ((rc = query_row(c->store, q, c->err)) == 1) {
        uint32_t node = column_u32(q, 0);
        struct merkle_head head = {.size = (uint64_t)column_int(q, 1)};
        struct cosignature line;

        if (directory_node(c->dir, node) != NULL &&
            (column_bytes(q, 2, &head.root, sizeof(head.root), c->err) != 0 ||
             column_bytes(q, 3, &line, sizeof(line), c->err) != 0 ||
             !mirror_signed(c, node, log, &head, &line) ||
             (int64_t)cosignature_time(&line) != column_int(q, 4)) &&
            (rc = found(c, "cosignature", "%s: that of node %u does not verify",
                        log->origin, node)) != 0) {
            break;
        }
    }
    query_end(q);
    return rc == 1 ? 0 : rc;
}

static int check_log(void *data, const struct store_log *log)
{
    struct checking *c = data;
    struct range range;
    struct vkey vkey;
    int rc;

    range_init(&range);
    range_init(&c->block);
    if ((rc = check_log_row(c, log)) != 0) {
        return rc;
    }
    rc = vkey_make(span_str(log->origin), VKEY_ED25519, &log->key, &vkey,
                   c->err);
    if (rc != 0) {
        return found(c, "log", "%s: %s", log->origin, c->err->text);
    }
    while (range.size < log->head.size) {
        rc = check_segment(c, log, &vkey, &range);
        if (rc != 1) {
            break;
        }
        rc = check_progress(c, range.size, log->head.size);
        if (rc != 0) {
            return rc;
        }
    }
    if (rc < 0 || (range.size == log->head.size &&
                   (rc = check_head(c, log, &range)) != 0)) {
        return rc;
    }
    rc = check_cosigs(c, log);
    return rc != 0 ? rc : check_held(c, log);
}

int store_check(struct store *store, const struct store_check_options *options,
                uint64_t *findings, struct error *err)
{
    struct checking checking = {.store = store, .options = options, .err = err};
    int rc = store_directory(store, &checking.dir, err);

    if (rc != 0 ||
        (rc = store_log_each(store, check_log, &checking, err)) != 0 ||
        (rc = check_loose(&checking)) != 0 ||
        (rc = check_directory(&checking)) != 0 ||
        (rc = check_tables(&checking)) != 0 ||
        (rc = check_derived(&checking)) != 0 ||
        (rc = check_attached(&checking)) != 0) {
        return rc == STOPPED ? checking.stopped : rc;
    }
    *findings = checking.findings;
    if (options->erased != NULL) {
        *options->erased = checking.erased;
    }
    if (options->files != NULL) {
        *options->files = checking.files_read;
    }
    if (options->orphans != NULL) {
        *options->orphans = checking.orphans;
    }
    return 0;
}
