/* store: fsck of what integration leans on: logs' rows and cursors, kept
 * verdicts, keys, rights, the units of records, the days on which units wake,
 * the queues of deliveries; and of rows that stand for no leaf.
 *
 * A wrong bit here would count what must not count, or sleep through a date.
 * Reads only. Read next: rebuild.c.
 */
#include "store/check_parts.h"

#include <string.h>

#include "protocol/link/origin.h"

enum {
    TABLES_CURSORS,
    TABLES_KEYS,
    TABLES_ACTOR,
    TABLES_ACTOR_COUNT,
    TABLES_UNIT,
    TABLES_UNIT_COUNT,
    TABLES_ERASURES,
    TABLES_FILES,
    TABLES_WAKE,
    TABLES_ROWS,
    TABLES_VERDICTS,
    TABLES_QUEUES,
    TABLES_AWAITED
};

static const char *const sql[] = {
    [TABLES_CURSORS] = "SELECT events, cosigs FROM cursors WHERE log = ?",
    [TABLES_KEYS] = "SELECT id, key FROM keys",
    [TABLES_ACTOR] = "SELECT place, unit, rights, revoked FROM actors WHERE "
                     "node = ? AND key_id = ? AND rank = ?",
    [TABLES_ACTOR_COUNT] = "SELECT count(*) FROM actors",
    [TABLES_UNIT] = "SELECT 1 FROM record_units WHERE unit = ? AND record = ?",
    [TABLES_UNIT_COUNT] = "SELECT count(*) FROM record_units",
    [TABLES_ERASURES] = "SELECT count(*) FROM erasures",
    [TABLES_FILES] = "SELECT count(*) FROM attachment_refs",
    [TABLES_WAKE] = "SELECT day FROM unit_wakes WHERE unit = ?",
    /* Rows beyond what logs, spool and deliveries hold. */
    [TABLES_ROWS] =
        "SELECT (SELECT count(*) FROM events) - (SELECT count(*) FROM spool) - "
        "(SELECT coalesce(sum(size), 0) FROM logs) - (SELECT count(*) FROM "
        "delivered d CROSS JOIN logs l ON l.id = (d.place >> 40) WHERE "
        "(d.place & 0xffffffffff) >= l.size) - (SELECT count(*) FROM staged s "
        "CROSS JOIN logs l ON l.id = s.log WHERE l.is_dir = 0)",
    [TABLES_VERDICTS] = "SELECT count(*) FROM verdicts v WHERE NOT EXISTS "
                        "(SELECT 1 FROM segments s WHERE s.id = v.id AND "
                        "s.count = length(v.marks))",
    [TABLES_QUEUES] = "SELECT count(*) FROM deliveries d WHERE NOT EXISTS "
                      "(SELECT 1 FROM events e WHERE e.event = d.event)",
    [TABLES_AWAITED] = "SELECT count(*) FROM awaited a WHERE NOT EXISTS "
                       "(SELECT 1 FROM events e WHERE e.record = a.record "
                       "AND e.subject = a.subject)",
};
const struct query_table tables_queries = {sql, sizeof(sql) / sizeof(sql[0])};

/* ---- one log ---- */

int check_log_row(struct checking *c, const struct store_log *log)
{
    sqlite3_stmt *q = query(c->store, OWNER_TABLES, TABLES_CURSORS);
    struct store_cosig newest = {0};
    struct error ignored;
    struct origin origin;
    uint64_t events, cosigs;
    int rc;

    bind_int(q, 1, log->id);
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    events = rc == 1 ? (uint64_t)column_int(q, 0) : UINT64_MAX;
    cosigs = rc == 1 ? (uint64_t)column_int(q, 1) : UINT64_MAX;
    query_end(q);
    if (log->cosigs > 0 &&
        (rc = store_cosig_get(c->store, log->id, log->cosigs - 1, &newest,
                              c->err)) != 0 &&
        !is_damage(rc)) {
        return rc; /* a missing one is found where they are read */
    }
    if ((c->dir->realm.len > 0 &&
         (origin_parse(span_str(log->origin), c->dir->realm, &origin,
                       &ignored) != 0 ||
          origin.node != log->node || origin.epoch != log->epoch ||
          origin.dir != log->is_dir)) ||
        events > log->head.size || cosigs > log->cosigs ||
        (log->is_dir && events != log->head.size) || /* it has no lag */
        newest.head.size != log->guarded ||
        (!log->mirrored && log->head.size > 0)) {
        return found(c, "log",
                     "%s: its row, its cursor and its cosignatures disagree",
                     log->origin);
    }
    return 0;
}

int check_verdicts(struct checking *c, int64_t place, const uint8_t *marks,
                   uint32_t count)
{
    uint8_t held[BATCH_EVENTS_MAX];
    uint32_t i;
    int rc = verdicts_get(c->store, place, held, count, c->err);

    if (rc == ERR_NOTFOUND) {
        return 0;
    }
    for (i = 0; rc == 0 && i < count; i++) {
        if (held[i] != SIGNATURE_UNKNOWN && held[i] != marks[i]) {
            rc = ERR_CORRUPT;
        }
    }
    return rc == 0          ? 0
           : !is_damage(rc) ? rc
                            : found(c, "verdict",
                                    "a kept verdict on a signature at place "
                                    "%lld or after it is wrong: rebuild and "
                                    "verify again",
                                    (long long)place);
}

/* ---- rights ---- */

int check_actor(struct checking *c, const struct event_row *row,
                const struct leaf *leaf)
{
    sqlite3_stmt *q = query(c->store, OWNER_TABLES, TABLES_ACTOR);
    struct actor_mark mark = {0};
    const struct store_log *log;
    struct key_id id;
    bool same;
    int rc;

    if (row->standing != STANDING_EFFECTIVE || !actor_of(leaf, &id, &mark)) {
        return 0;
    }
    if ((rc = log_info(c->store, place_log(row->place), &log, c->err)) != 0) {
        return rc;
    }
    c->actors++;
    bind_int(q, 1, leaf->header.node);
    bind_span(q, 2, SPAN_OF(id));
    bind_int(q, 3, (int64_t)rank_of(log, place_index(row->place)));
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    same = rc == 1 && column_int(q, 0) == row->place &&
           column_u32(q, 1) == mark.unit && column_u32(q, 2) == mark.rights &&
           (column_int(q, 3) != 0) == mark.revoked;
    query_end(q);
    return same ? 0
                : found(c, "right",
                        "the right that the event at place %lld gives or takes "
                        "is noted otherwise",
                        (long long)row->place);
}

static int check_keys(struct checking *c)
{
    sqlite3_stmt *q = query(c->store, OWNER_TABLES, TABLES_KEYS);
    int rc;

    while ((rc = query_row(c->store, q, c->err)) == 1) {
        struct key_id id = key_id_of(column_span(q, 1));

        if (!span_equal(column_span(q, 0), SPAN_OF(id)) &&
            (rc = found(c, "key", "a key stands under another key's id")) !=
                0) {
            query_end(q);
            return rc;
        }
    }
    return rc;
}

/* ---- records and units ---- */

int check_record_units(struct checking *c, int64_t number,
                       const struct record_out *record)
{
    size_t i;

    for (i = 0; i < record->units_len; i++) {
        sqlite3_stmt *q = query(c->store, OWNER_TABLES, TABLES_UNIT);
        int rc;

        bind_int(q, 1, record->units[i]);
        bind_int(q, 2, number);
        rc = query_row(c->store, q, c->err);
        query_end(q);
        if (rc != 1) {
            return rc < 0 ? rc
                          : found(c, "record",
                                  "a record is not listed for unit %u",
                                  record->units[i]);
        }
    }
    c->units += record->units_len;
    return 0;
}

int check_wake(struct checking *c, uint32_t unit, uint32_t day)
{
    sqlite3_stmt *q = query(c->store, OWNER_TABLES, TABLES_WAKE);
    int64_t held;
    int rc;

    bind_int(q, 1, unit);
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    held = rc == 1 ? column_int(q, 0) : 0;
    query_end(q);
    return held == (day == 0 ? INT64_MAX : (int64_t)day)
               ? 0
               : found(c, "cell",
                       "unit %u is to be looked at again on another day", unit);
}

/* ---- whole tables ---- */

/* `right` of them there should be. */
static int check_count(struct checking *c, int which, int64_t right,
                       const char *what, const char *text)
{
    sqlite3_stmt *q = query(c->store, OWNER_TABLES, which);
    int64_t count = 0;
    int rc = query_row(c->store, q, c->err);

    if (rc == 1) {
        count = column_int(q, 0);
        query_end(q);
    }
    return rc < 0 ? rc
           : count == right
               ? 0
               : found(c, what, "%lld %s", (long long)(count - right), text);
}

int check_tables(struct checking *c)
{
    int rc = check_keys(c);

    if (rc != 0 || (rc = check_count(c, TABLES_VERDICTS, 0, "verdict",
                                     "verdicts belong to no segment")) != 0) {
        return rc;
    }
    rc = check_count(c, TABLES_QUEUES, 0, "delivery",
                     "deliveries are owed of events that are not here");
    return rc != 0 ? rc
                   : check_count(c, TABLES_AWAITED, 0, "record",
                                 "numbers of subjects that no event has");
}

int check_counts(struct checking *c)
{
    int rc =
        check_count(c, TABLES_ROWS, 0, "event", "event rows more than leaves");

    if (rc != 0 ||
        (rc = check_count(c, TABLES_ACTOR_COUNT, (int64_t)c->actors, "right",
                          "rights more than events that count give")) != 0) {
        return rc;
    }
    rc = check_count(c, TABLES_UNIT_COUNT, (int64_t)c->units, "record",
                     "listings of records by unit too many");
    if (rc != 0 ||
        (rc = check_count(c, TABLES_ERASURES, (int64_t)c->erasures, "erasure",
                          "erasures noted more than events say")) != 0) {
        return rc;
    }
    return check_count(c, TABLES_FILES, (int64_t)c->files, "attachment",
                       "attached files noted more than events name");
}
