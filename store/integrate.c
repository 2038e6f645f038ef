/* store: integration: from stored leaves to event rows, then one fold for each
 * record that a slice touched.
 *
 * Behind a cursor a log; never holds intake back and never decides by order of
 * arrival: standings and brackets are judged again when what they rest on
 * comes later. Nothing counts before its signature is verified.
 * Read next: judge.c, refold.c, settle.c.
 */
#include <string.h>

#include "store/evaluate.h"
#include "store/work.h"

enum {
    INTEGRATE_LOGS,
    INTEGRATE_CURSOR,
    INTEGRATE_ROWS,
    INTEGRATE_DIRTY,
    INTEGRATE_CLEAN,
    INTEGRATE_NOTED,
    INTEGRATE_STANDINGS,
    INTEGRATE_STANDINGS_OF
};

static const char *const sql[] = {
    [INTEGRATE_LOGS] =
        "SELECT l.id FROM logs l CROSS JOIN cursors c ON c.log = l.id WHERE "
        "l.id > ? "
        "AND l.mirrored = 1 AND (c.events < l.size OR c.cosigs < l.cosigs) "
        "ORDER BY l.id LIMIT 1",
    [INTEGRATE_CURSOR] = "UPDATE cursors SET events = ? WHERE log = ?",
    [INTEGRATE_ROWS] = EVENT_COLUMNS "WHERE place >= ? AND place < ? "
                                     "ORDER BY place LIMIT 1",
    [INTEGRATE_DIRTY] = "SELECT record FROM dirty_records LIMIT 1",
    [INTEGRATE_CLEAN] = "DELETE FROM dirty_records WHERE record = ?",
    [INTEGRATE_NOTED] = "SELECT unit FROM dirty_units LIMIT 1",
    [INTEGRATE_STANDINGS] = "SELECT standing, count(*) FROM events WHERE "
                            "standing <> 0 GROUP BY standing",
    [INTEGRATE_STANDINGS_OF] =
        "SELECT e.standing, count(*) FROM logs l CROSS JOIN events e ON "
        "e.standing "
        "<> 0 AND e.place >= (l.id << 40) AND e.place < ((l.id + 1) << 40) "
        "WHERE l.node = ? GROUP BY e.standing",
};
const struct query_table integrate_queries = {sql,
                                              sizeof(sql) / sizeof(sql[0])};

/* ---- one leaf ---- */

/* Certificates that come out of order: earlier epochs, delivered logs. */
static int after_certificate(struct store *store, const struct store_log *log,
                             struct error *err)
{
    struct store_log newest;
    int rc;

    if (log->id == 0) {
        return 0;
    }
    if (log->node == store->self && (rc = work_rejudge(store, 0, err)) != 0) {
        return rc; /* our spool comes after it */
    }
    rc = store_log_of(store, log->node, false, &newest, err);
    if (rc != 0 || (log->mirrored && newest.epoch == log->epoch)) {
        return rc;
    }
    return work_rejudge(store, log->id, err) != 0
               ? err->code
               : work_rejudge(store, newest.id, err);
}

int note_effective(struct store *store, const struct store_log *log,
                   const struct leaf *leaf, int64_t place, uint64_t rank,
                   struct error *err)
{
    int rc;

    if (leaf->header.type != EVENT_ACTOR_CERTIFIED &&
        leaf->header.type != EVENT_ACTOR_REVOKED) {
        return 0;
    }
    if ((rc = key_note(store, leaf, err)) != 0 ||
        (rc = actor_note(store, leaf, place, rank, err)) != 0) {
        return rc;
    }
    return after_certificate(store, log, err);
}

int note_void(struct store *store, const struct store_log *log,
              const struct leaf *leaf, uint64_t rank, struct error *err)
{
    int rc;

    if (leaf->header.type != EVENT_ACTOR_CERTIFIED &&
        leaf->header.type != EVENT_ACTOR_REVOKED) {
        return 0;
    }
    if ((rc = actor_drop(store, leaf, rank, err)) != 0) {
        return rc;
    }
    return after_certificate(store, log, err);
}

int work_arrival(struct store *store, const struct arrival *arrival,
                 const struct directory *dir, struct error *err)
{
    const struct store_log *log = arrival->log;
    uint64_t rank = rank_of(log, arrival->index);
    struct event_row row = {.place = place_of(log->id, arrival->index),
                            .signature = arrival->signature,
                            .leaf = arrival->leaf};
    struct judge_input in = {.log = log, .rank = rank, .directory = dir};
    struct judgement judged;
    struct bracket bracket;
    struct leaf leaf;
    int rc;

    if (leaf_parse(arrival->leaf, &leaf, err) != 0) {
        row.standing = STANDING_NOT_UNDERSTOOD;
        return event_put(store, &row, err); /* bytes that are no leaf */
    }
    if (arrival->index < STAGED_FIRST && log->id != 0 &&
        (rc = staged_forget(store, &leaf, row.place, err)) != 0) {
        return rc;
    }
    /* Our own: recorded here and judged then, also in a restored image that
     * fetched its tail back. */
    if (log->node == store->self && log->id != 0 && !log->is_dir) {
        rc = spool_move(store, log, arrival->index, &leaf, err);
        if (rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    if (row.signature == SIGNATURE_UNKNOWN &&
        (rc = verify_leaf(store, &leaf, &row.signature, err)) != 0) {
        return rc;
    }
    in.leaf = &leaf;
    in.signature = row.signature;
    if ((rc = judge(store, &in, &judged, err)) != 0 ||
        (rc = bracket_of(store, log, arrival->index, &leaf, NULL, &bracket,
                         err)) != 0) {
        return rc;
    }
    row.event = leaf.id;
    row.standing = judged.standing;
    row.lacks = judged.lacks;
    row.subject = leaf.understood ? leaf_subject(&leaf) : leaf.id;
    row.lower_s = bracket.lower_s;
    row.upper_s = bracket.upper_s;
    if ((rc = subject_number(store, &row.event, &row.subject, &row.record,
                             err)) != 0 ||
        (rc = event_put(store, &row, err)) != 0 ||
        (leaf.understood && leaf.header.has_quoted && row.lower_s == 0 &&
         (rc = bracket_wait(store, row.place, &leaf, err)) != 0) ||
        (row.standing == STANDING_EFFECTIVE &&
         (rc = note_effective(store, log, &leaf, row.place, rank, err)) != 0)) {
        return rc;
    }
    return work_record(store, row.record, err);
}

/* ---- segments ---- */

struct segment_state {
    uint8_t marks[BATCH_EVENTS_MAX];
    bool ready; /* may be integrated */
    bool held;  /* its verdicts are stored */
};

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
static int segment_marks(struct store *store, const struct store_log *log,
                         int64_t place, uint32_t count, bool verify_here,
                         struct segment_state *state, struct error *err)
{
    int rc = verdicts_get(store, place, state->marks, count, err);

    state->held = state->ready = rc == 0;
    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    memset(state->marks, SIGNATURE_UNKNOWN, count);
    state->ready = verify_here;
    return verify_here || log->node != store->self
               ? 0
               : spool_is_moving(store, &state->ready, err);
}

/* Remembers what was verified here, so that nobody does it again. */
static int keep_marks(struct store *store, int64_t place, uint32_t count,
                      struct error *err)
{
    uint8_t marks[BATCH_EVENTS_MAX];
    uint32_t i;

    for (i = 0; i < count; i++) {
        sqlite3_stmt *q = query(store, OWNER_INTEGRATE, INTEGRATE_ROWS);
        int rc;

        bind_int(q, 1, place + i);
        bind_int(q, 2, place + i + 1);
        marks[i] = SIGNATURE_UNKNOWN;
        if ((rc = query_row(store, q, err)) < 0) {
            return rc;
        }
        if (rc == 1) {
            marks[i] = (uint8_t)column_int(q, 4);
            query_end(q);
        }
    }
    return verdicts_put(store, place, marks, count, err);
}

/* Rows for one segment; *done = 0 if it waits for its verdicts. */
static int integrate_segment(struct store *store, const struct store_log *log,
                             const struct store_integrate_options *options,
                             uint32_t *done, struct error *err)
{
    struct segment_state state;
    const struct directory *dir;
    struct segment_view view;
    uint64_t first;
    int64_t place;
    uint32_t i, count;
    int rc;

    *done = 0;
    if ((rc = store_segment_extent(store, log->id, log->integrated, &first,
                                   &count, err)) != 0) {
        return rc;
    }
    place = place_of(log->id, first);
    rc = segment_marks(store, log, place, count, options->verify_here, &state,
                       err);
    if (rc != 0 || !state.ready) {
        return rc;
    }
    if ((rc = segment_leaves(store, log->id, first, &first, &view, err)) != 0 ||
        (rc = store_directory(store, &dir, err)) != 0) {
        return rc;
    }
    for (i = 0; i < view.count; i++) {
        struct arrival arrival = {.log = log,
                                  .index = first + i,
                                  .leaf = view.leaves[i],
                                  .signature =
                                      (enum signature_state)state.marks[i]};

        if ((rc = work_arrival(store, &arrival, dir, err)) != 0) {
            return rc;
        }
    }
    *done = view.count;
    return state.held ? 0 : keep_marks(store, place, count, err);
}

int cursor_put(struct store *store, const struct store_log *log,
               uint64_t integrated, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_INTEGRATE, INTEGRATE_CURSOR);

    bind_int(q, 1, (int64_t)integrated);
    bind_int(q, 2, log->id);
    return query_run(store, q, err);
}

int integrate_log(struct store *store, struct store_log *log,
                  const struct store_integrate_options *options, uint32_t *left,
                  struct store_integrated *done, struct error *err)
{
    uint64_t from = log->integrated;
    int rc = 0;

    while (!log->is_dir && log->integrated<log->head.size && * left> 0) {
        uint32_t count;

        rc = integrate_segment(store, log, options, &count, err);
        if (rc != 0) {
            return error_wrap(err, "%s", log->origin);
        }
        if (count == 0) {
            done->unverified = true;
            break;
        }
        log->integrated += count;
        done->events += count;
        *left = *left > count ? *left - count : 0;
    }
    if (log->integrated != from &&
        (rc = cursor_put(store, log, log->integrated, err)) != 0) {
        return rc;
    }
    done->more |=
        *left == 0 && !log->is_dir && log->integrated < log->head.size;
    return bracket_advance(store, log, err);
}

static int next_log(struct store *store, uint32_t after, struct store_log *log,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_INTEGRATE, INTEGRATE_LOGS);
    uint32_t id;
    int rc;

    bind_int(q, 1, after);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    id = column_u32(q, 0);
    query_end(q);
    rc = store_log_get(store, id, log, err);
    return rc != 0 ? rc : 1;
}

static int integrate_logs(struct store *store,
                          const struct store_integrate_options *options,
                          uint32_t *left, struct store_integrated *done,
                          struct error *err)
{
    uint32_t start = store->work->last_log;
    uint32_t after = start;
    bool wrapped = start == 0;
    struct store_log log = {.id = 0};
    int rc = 0;

    while (*left > 0) {
        if ((rc = next_log(store, after, &log, err)) < 0) {
            return rc;
        }
        if (rc == 0 || (wrapped && start != 0 && log.id > start)) {
            if (wrapped) {
                break;
            }
            wrapped = true;
            after = 0;
            continue;
        }
        after = log.id;
        if ((rc = integrate_log(store, &log, options, left, done, err)) != 0) {
            return rc;
        }
        store->work->last_log = log.id;
    }
    done->more |= *left == 0;
    return 0;
}

/* ---- folds ---- */

static int fold_list(struct store *store,
                     const struct store_integrate_options *options,
                     uint32_t budget, struct store_integrated *done,
                     struct error *err)
{
    struct work *work = store->work;
    size_t i;

    for (i = 0; i < work->len; i++) {
        int rc;

        if (i >= budget) {
            rc = work_later(store, work->list[i], err);
            done->more = true;
        } else {
            rc = refold(store, work->list[i], options->now.day, err);
            done->records++;
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static int fold_noted(struct store *store,
                      const struct store_integrate_options *options,
                      uint32_t budget, struct store_integrated *done,
                      struct error *err)
{
    for (;; done->records++) {
        sqlite3_stmt *q = query(store, OWNER_INTEGRATE, INTEGRATE_DIRTY);
        int64_t record;
        int rc;

        if ((rc = query_row(store, q, err)) != 1) {
            return rc;
        }
        record = column_int(q, 0);
        query_end(q);
        if (done->records >= budget) {
            done->more = true;
            return 0;
        }
        if ((rc = refold(store, record, options->now.day, err)) != 0) {
            return rc;
        }
        q = query(store, OWNER_INTEGRATE, INTEGRATE_CLEAN);
        bind_int(q, 1, record);
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
    }
}

static int slice(struct store *store,
                 const struct store_integrate_options *options,
                 struct store_integrated *done, struct error *err)
{
    uint32_t budget =
        options->max_events == 0 ? UINT32_MAX : options->max_events;
    const struct directory *dir;
    uint32_t left = budget;
    bool more = false;
    int rc;

    if ((rc = day_passed(store, options->now.day, err)) != 0 ||
        (rc = store_directory(store, &dir, err)) != 0 ||
        (rc = integrate_logs(store, options, &left, done, err)) != 0 ||
        (rc = rejudge(store, dir, budget, &more, err)) != 0 ||
        (rc = fold_list(store, options, budget, done, err)) != 0 ||
        (rc = fold_noted(store, options, budget, done, err)) != 0) {
        return rc;
    }
    done->more |= more;
    return 0;
}

static int units_noted(struct store *store, struct store_integrated *out,
                       struct store_integrated *done, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_INTEGRATE, INTEGRATE_NOTED);
    int rc = query_row(store, q, err);

    query_end(q);
    if (rc < 0) {
        return rc;
    }
    out->units = (uint32_t)rc;
    *done = *out;
    return 0;
}

int store_integrate(struct store *store,
                    const struct store_integrate_options *options,
                    struct store_integrated *done, struct error *err)
{
    struct store_integrated out = {0};
    int rc;

    if (!store->in_transaction) {
        return error_set(err, ERR_USAGE, "integration needs a transaction");
    }
    store->work->running = true;
    rc = slice(store, options, &out, err);
    store->work->running = false;
    work_clear(store->work);
    store->work->units_len = 0;
    if (rc == 0 && !options->no_search && out.events > 0) {
        struct store_integrated ignored;

        rc = store_index(store, out.events, &ignored, err);
    }
    return rc != 0 ? rc : units_noted(store, &out, done, err);
}

int fold_pending(struct store *store,
                 const struct store_integrate_options *options,
                 struct store_integrated *done, struct error *err)
{
    memset(done, 0, sizeof(*done));
    return fold_noted(
        store, options,
        options->max_events == 0 ? UINT32_MAX : options->max_events, done, err);
}

int store_standing_list(struct store *store, uint32_t node,
                        struct store_standing_count *counts, size_t max,
                        size_t *len, struct error *err)
{
    sqlite3_stmt *q =
        query(store, OWNER_INTEGRATE,
              node == 0 ? INTEGRATE_STANDINGS : INTEGRATE_STANDINGS_OF);
    size_t i = 0;
    int rc = 0;

    if (node != 0) {
        bind_int(q, 1, node);
    }
    while (i < max && (rc = query_row(store, q, err)) == 1) {
        counts[i].standing = column_u32(q, 0);
        counts[i++].events = (uint64_t)column_int(q, 1);
    }
    query_end(q);
    *len = i;
    return rc < 0 ? rc : 0;
}
