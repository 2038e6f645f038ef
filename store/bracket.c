/* store: brackets: between the guard cosignature that an event quotes and the
 * first one that covers it (formats.md section 6).
 *
 * Fold input; derived from cosignatures whenever these come, before or after
 * the events. Must never use a clock. Read next: integrate.c.
 */
#include "store/store_parts.h"

#include <string.h>

enum {
    BRACKET_QUOTED,
    BRACKET_QUOTED_NEWEST,
    BRACKET_WAIT,
    BRACKET_WAITING,
    BRACKET_WAITED,
    BRACKET_UPPER,
    BRACKET_LOWER,
    BRACKET_CURSOR_GET,
    BRACKET_CURSOR_PUT
};

static const char *const sql[] = {
    [BRACKET_QUOTED] =
        "SELECT c.log, c.number, c.line FROM logs l CROSS JOIN cosigs "
        "c INDEXED BY cosigs_by_time ON c.log = l.id AND c.time_s = ? WHERE "
        "l.node = ? "
        "AND l.is_dir = 0 ORDER BY c.log, c.number",
    /* Of many in one second the newest is quoted most. The index by time is
     * named in both: else all cosignatures of the log are read. */
    [BRACKET_QUOTED_NEWEST] =
        "SELECT c.log, c.number, c.line FROM logs l CROSS JOIN cosigs "
        "c INDEXED BY cosigs_by_time ON c.log = l.id AND c.time_s = ? WHERE "
        "l.node = ? "
        "AND l.is_dir = 0 ORDER BY c.log DESC, c.number DESC",
    [BRACKET_WAIT] = "INSERT OR IGNORE INTO quotes (hash, place) VALUES (?, ?)",
    [BRACKET_WAITING] = "SELECT place FROM quotes WHERE hash = ? LIMIT 1",
    [BRACKET_WAITED] = "DELETE FROM quotes WHERE hash = ? AND place = ?",
    [BRACKET_UPPER] = "UPDATE events SET upper_s = ?1 WHERE place >= ?2 AND "
                      "place < ?3 AND (upper_s = 0 OR upper_s > ?1) "
                      "RETURNING record",
    [BRACKET_LOWER] = ("UPDATE events SET lower_s = ? WHERE place = ? "
                       "RETURNING record"),
    [BRACKET_CURSOR_GET] = "SELECT cosigs FROM cursors WHERE log = ?",
    [BRACKET_CURSOR_PUT] = "UPDATE cursors SET cosigs = ? WHERE log = ?",
};
const struct query_table bracket_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static bool cosig_known(const struct store_known *known, uint32_t log,
                        uint64_t number)
{
    size_t i;

    if (known == NULL || !known->limited) {
        return true;
    }
    for (i = 0; i < known->heads_len; i++) {
        if (known->heads[i].log == log) {
            return number < known->heads[i].cosigs;
        }
    }
    return false;
}

int cosig_quoted(struct store *store, uint32_t node,
                 const struct header *header, struct store_cosig *cosig,
                 struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BRACKET, BRACKET_QUOTED);
    uint32_t log = 0;
    uint64_t number = 0;
    int rc;

    bind_int(q, 1, (int64_t)header->quoted_time_s);
    bind_int(q, 2, node);
    while (log == 0 && (rc = query_row(store, q, err)) == 1) {
        struct cosignature line;
        uint8_t short_hash[8];

        if ((rc = column_bytes(q, 2, &line, sizeof(line), err)) != 0) {
            break;
        }
        cosignature_short_hash(&line, short_hash);
        if (memcmp(short_hash, header->quoted_hash, sizeof(short_hash)) == 0) {
            log = column_u32(q, 0);
            number = (uint64_t)column_int(q, 1);
        }
    }
    query_end(q);
    if (log == 0) {
        return rc < 0 ? rc
                      : error_set(err, ERR_NOTFOUND,
                                  "the quoted cosignature is not held");
    }
    return store_cosig_get(store, log, number, cosig, err);
}

static int quoted_time(struct store *store, const struct header *header,
                       const struct store_known *known, int64_t *lower_s,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BRACKET, BRACKET_QUOTED_NEWEST);
    struct cosignature line;
    uint8_t short_hash[8];
    int rc;

    *lower_s = 0;
    bind_int(q, 1, (int64_t)header->quoted_time_s);
    bind_int(q, 2, header->node);
    while ((rc = query_row(store, q, err)) == 1) {
        rc = column_bytes(q, 2, &line, sizeof(line), err);
        if (rc != 0) {
            break;
        }
        cosignature_short_hash(&line, short_hash);
        if (memcmp(short_hash, header->quoted_hash, sizeof(short_hash)) == 0 &&
            cosig_known(known, column_u32(q, 0), (uint64_t)column_int(q, 1))) {
            rc = fault_lower(store, column_u32(q, 0),
                             (uint64_t)column_int(q, 1), lower_s, err);
            break;
        }
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

static int covering_time(struct store *store, const struct store_log *log,
                         uint64_t index, const struct store_known *known,
                         int64_t *upper_s, struct error *err)
{
    struct bracket_memory *memory = &store->brackets;
    struct store_cosig cosig;
    int rc;

    if (known != NULL || memory->cover_changes != store->changes ||
        memory->log != log->id || index < memory->from ||
        index >= memory->until) {
        int64_t found_s = 0;
        uint64_t number = 0;
        bool covered;

        rc = store_cosig_covering(store, log->id, index, &cosig, err);
        if (rc != 0 && rc != ERR_NOTFOUND) {
            return rc;
        }
        covered = rc == 0;
        if (covered && (rc = fault_upper(store, log, index, &number, &found_s,
                                         err)) != 0) {
            return rc;
        }
        memory->cover_changes = known == NULL ? store->changes : UINT64_MAX;
        memory->log = log->id;
        memory->from = index;
        memory->until = covered ? cosig.head.size : UINT64_MAX;
        memory->upper_s =
            covered && cosig_known(known, log->id, number) ? found_s : 0;
    }
    *upper_s = memory->upper_s;
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): rows, room, length: one answer */
int bracket_of(struct store *store, const struct store_log *log, uint64_t index,
               const struct leaf *leaf, const struct store_known *known,
               struct bracket *out, struct error *err)
{
    struct bracket_memory *memory = &store->brackets;
    const struct header *header = &leaf->header;
    int rc;

    memset(out, 0, sizeof(*out));
    /* Neighbours mostly quote the same one and are covered by the same. */
    if (leaf->understood && header->has_quoted) {
        if (memory->node != header->node ||
            memory->quoted_s != header->quoted_time_s || known != NULL ||
            memory->changes != store->changes ||
            memcmp(memory->hash, header->quoted_hash, 8) != 0) {
            rc = quoted_time(store, header, known, &memory->lower_s, err);
            if (rc != 0) {
                return rc;
            }
            memory->changes = store->changes;
            memory->node = header->node;
            memory->quoted_s = header->quoted_time_s;
            memcpy(memory->hash, header->quoted_hash, 8);
        }
        out->lower_s = memory->lower_s;
        if (known != NULL) {
            memory->node = 0;
        }
    }
    return log->id == 0
               ? 0
               : covering_time(store, log, index, known, &out->upper_s, err);
}

int bracket_wait(struct store *store, int64_t place, const struct leaf *leaf,
                 struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BRACKET, BRACKET_WAIT);

    bind_span(q, 1, SPAN_OF(leaf->header.quoted_hash));
    bind_int(q, 2, place);
    return query_run(store, q, err);
}

/* An UPDATE ... RETURNING record: every record it names is folded again. */
static int run_marking(struct store *store, sqlite3_stmt *q, struct error *err)
{
    int rc;

    while ((rc = query_row(store, q, err)) == 1) {
        if ((rc = work_record(store, column_int(q, 0), err)) != 0) {
            query_end(q);
            return rc;
        }
    }
    return rc;
}

/* Events that quoted it before it came. */
static int settle_quotes(struct store *store, const struct store_cosig *cosig,
                         bool is_void, struct error *err)
{
    uint8_t hash[8];
    int64_t lower_s = (int64_t)cosignature_time(&cosig->line);

    cosignature_short_hash(&cosig->line, hash);
    if (is_void) {
        int rc = fault_lower(store, cosig->log, cosig->number, &lower_s, err);

        if (rc != 0) {
            return rc;
        }
    }
    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_BRACKET, BRACKET_WAITING);
        int64_t place;
        int rc;

        bind_span(q, 1, SPAN_OF(hash));
        if ((rc = query_row(store, q, err)) != 1) {
            return rc;
        }
        place = column_int(q, 0);
        query_end(q);
        q = query(store, OWNER_BRACKET, BRACKET_LOWER);
        bind_int(q, 1, lower_s);
        bind_int(q, 2, place);
        if ((rc = run_marking(store, q, err)) != 0) {
            return rc;
        }
        q = query(store, OWNER_BRACKET, BRACKET_WAITED);
        bind_span(q, 1, SPAN_OF(hash));
        bind_int(q, 2, place);
        if ((rc = query_run(store, q, err)) != 0) {
            return rc;
        }
    }
}

int bracket_apply(struct store *store, const struct store_log *log,
                  const struct store_cosig *cosig, uint64_t from,
                  struct error *err)
{
    sqlite3_stmt *q;
    bool is_void = false;
    int rc = fault_void(store, log, &cosig->line, &is_void, err);

    if (rc != 0) {
        return rc;
    }
    q = query(store, OWNER_BRACKET, BRACKET_UPPER);
    bind_int(q, 1, (int64_t)cosignature_time(&cosig->line));
    bind_int(q, 2, place_of(cosig->log, from));
    bind_int(q, 3, place_of(cosig->log, cosig->head.size));
    if ((!is_void && from < cosig->head.size &&
         (rc = run_marking(store, q, err)) != 0) ||
        (!log->is_dir &&
         (rc = settle_quotes(store, cosig, is_void, err)) != 0)) {
        return rc;
    }
    if (!cosig->repeat || log->is_dir) {
        return 0;
    }
    heard_forget(store);
    return work_units_of_node(store, log->node, err);
}

/* How far the cosignatures before that number bound the log in time. */
static int covered_before(struct store *store, const struct store_log *log,
                          uint64_t number, uint64_t *size, struct error *err)
{
    bool is_void = true;
    int rc = 0;

    *size = 0;
    while (rc == 0 && is_void && number-- > 0) {
        struct store_cosig cosig;

        rc = store_cosig_get(store, log->id, number, &cosig, err);
        rc = rc != 0 ? rc : fault_void(store, log, &cosig.line, &is_void, err);
        *size = rc == 0 && !is_void ? cosig.head.size : 0;
    }
    return rc;
}

int bracket_advance(struct store *store, const struct store_log *log,
                    struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_BRACKET, BRACKET_CURSOR_GET);
    struct store_cosig cosig;
    uint64_t number = 0, from = 0;
    int rc;

    bind_int(q, 1, log->id);
    if ((rc = query_row(store, q, err)) < 0) {
        return rc;
    }
    if (rc == 1) {
        number = (uint64_t)column_int(q, 0);
        query_end(q);
    }
    if (number >= log->cosigs) {
        return 0;
    }
    if ((rc = covered_before(store, log, number, &from, err)) != 0) {
        return rc;
    }
    for (; number < log->cosigs; number++) {
        bool is_void = false;

        if ((rc = store_cosig_get(store, log->id, number, &cosig, err)) != 0 ||
            (rc = bracket_apply(store, log, &cosig, from, err)) != 0 ||
            (rc = fault_void(store, log, &cosig.line, &is_void, err)) != 0) {
            return rc;
        }
        from = !is_void && cosig.head.size > from ? cosig.head.size : from;
    }
    q = query(store, OWNER_BRACKET, BRACKET_CURSOR_PUT);
    bind_int(q, 1, (int64_t)number);
    bind_int(q, 2, log->id);
    return query_run(store, q, err);
}
