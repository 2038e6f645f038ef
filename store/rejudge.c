/* store: standings judged again when what they rest on came later: a directory
 * log, a certificate of an earlier epoch, a newer program.
 *
 * In slices, behind a place a log. Scope 0 is our whole spool, whose rights end
 * where the log does, and whatever does not count yet in any log. Must never
 * change a leaf. Read next: judge.c.
 */
#include "store/work.h"

enum {
    REJUDGE_GET,
    REJUDGE_PUT,
    REJUDGE_DONE,
    REJUDGE_ROWS,
    REJUDGE_SPOOLED,
    REJUDGE_ASIDE
};

static const char *const sql[] = {
    [REJUDGE_GET] = "SELECT log, next FROM rejudge ORDER BY log DESC "
                    "LIMIT 1",
    [REJUDGE_PUT] = "INSERT INTO rejudge (log, next) VALUES (?, ?) ON CONFLICT "
                    "(log) DO UPDATE SET next = min(next, excluded.next)",
    [REJUDGE_DONE] = "DELETE FROM rejudge WHERE log = ?",
    [REJUDGE_ROWS] = EVENT_COLUMNS "WHERE place >= ? AND place < ? "
                                   "ORDER BY place LIMIT 1",
    /* The directory judges its own, spooled ones too. */
    [REJUDGE_SPOOLED] = EVENT_COLUMNS
    "WHERE place >= ? AND place < ? AND NOT EXISTS (SELECT 1 FROM spool s "
    "WHERE s.number = place AND s.is_dir = 1) ORDER BY place LIMIT 1",
    [REJUDGE_ASIDE] = EVENT_COLUMNS
    "WHERE standing = 3 AND standing <> 0 AND place >= ? AND place < ? "
    "ORDER BY place LIMIT 1",
};
const struct query_table rejudge_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static int rejudge_row(struct store *store, const struct event_row *row,
                       const struct directory *dir, struct error *err)
{
    struct judge_input in = {.signature = row->signature, .directory = dir};
    struct judgement now;
    struct leaf leaf;
    int rc = log_info(store, place_log(row->place), &in.log, err);

    if (rc != 0 || leaf_scan(row->leaf, &leaf, err) != 0) {
        return rc;
    }
    leaf.id = row->event;
    in.leaf = &leaf;
    in.rank = rank_of(in.log, place_index(row->place));
    if (in.signature == SIGNATURE_UNKNOWN &&
        (rc = verify_leaf(store, &leaf, &in.signature, err)) != 0) {
        return rc;
    }
    if ((rc = judge(store, &in, &now, err)) != 0 ||
        (now.standing == row->standing && now.lacks == row->lacks &&
         in.signature == row->signature)) {
        return rc;
    }
    if ((rc = event_judge_put(store, row->place, now, in.signature, err)) !=
            0 ||
        (now.standing == STANDING_EFFECTIVE
             ? (rc = note_effective(store, in.log, &leaf, row->place, in.rank,
                                    err)) != 0
             : row->standing == STANDING_EFFECTIVE &&
                   (rc = note_void(store, in.log, &leaf, in.rank, err)) != 0)) {
        return rc;
    }
    return work_record(store, row->record, err);
}

/* One event at or after *next of that scope: 1 and *next moved, else 0. */
static int rejudge_next(struct store *store, uint32_t log, int64_t *next,
                        const struct directory *dir, struct error *err)
{
    bool aside = log == 0 && *next >= place_of(1, 0);
    sqlite3_stmt *q = query(store, OWNER_REJUDGE,
                            aside      ? REJUDGE_ASIDE
                            : log == 0 ? REJUDGE_SPOOLED
                                       : REJUDGE_ROWS);
    size_t mark = store->scratch.used;
    struct event_row row;
    const struct store_log *info;
    int rc;

    bind_int(q, 1, *next);
    bind_int(q, 2, aside ? INT64_MAX : place_of(log + 1, 0));
    if ((rc = query_row(store, q, err)) != 1) {
        if (rc == 0 && log == 0 && !aside) {
            *next = place_of(1, 0); /* the spool is done */
            return 1;
        }
        return rc;
    }
    event_row_read(q, &row);
    rc = arena_keep(&store->scratch, row.leaf, &row.leaf, err);
    query_end(q);
    *next = row.place + 1;
    if (rc == 0 &&
        (rc = log_info(store, place_log(row.place), &info, err)) == 0 &&
        !info->is_dir) {
        rc = rejudge_row(store, &row, dir, err);
    }
    arena_rewind(&store->scratch, mark);
    return rc != 0 ? rc : 1;
}

/* What is left of a scope, unless more of it was noted meanwhile. */
static int note_rest(struct store *store, uint32_t log, int64_t next,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_REJUDGE, REJUDGE_PUT);

    bind_int(q, 1, log);
    bind_int(q, 2, next);
    return query_run(store, q, err);
}

int rejudge(struct store *store, const struct directory *dir, uint32_t budget,
            bool *more, struct error *err)
{
    uint32_t left = budget;

    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_REJUDGE, REJUDGE_GET);
        uint32_t log;
        int64_t next;
        int rc;

        if ((rc = query_row(store, q, err)) != 1) {
            return rc;
        }
        log = column_u32(q, 0);
        next = column_int(q, 1);
        query_end(q);
        /* Taken off first: what is noted on the way must not be lost. */
        q = query(store, OWNER_REJUDGE, REJUDGE_DONE);
        bind_int(q, 1, log);
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
        for (rc = 1; rc == 1 && left > 0; left--) {
            rc = rejudge_next(store, log, &next, dir, err);
        }
        if (rc < 0) {
            return rc;
        }
        *more = rc == 1;
        if (*more) {
            return note_rest(store, log, next, err);
        }
    }
}
