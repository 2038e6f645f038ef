/* store: derives everything again from leaves, cosignatures and the spool, in
 * one transaction; and the dump by which two stores are compared.
 *
 * In bulk: rows first, then their indexes, then one fold a record in the order
 * in which they were opened: no random access. Must give the same bytes as
 * slices in any order. Read next: integrate.c.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "store/check.h"
#include "store/evaluate.h"
#include "store/work.h"

enum {
    REBUILD_LOG_AFTER,
    REBUILD_SPOOL,
    REBUILD_DELIVERED,
    REBUILD_STAGED,
    REBUILD_SUBJECT_AFTER,
    REBUILD_RECORDS,
    REBUILD_CELLS
};

static const char *const sql[] = {
    [REBUILD_LOG_AFTER] = "SELECT id FROM logs WHERE id > ? AND is_dir = ? "
                          "ORDER BY id LIMIT 1",
    [REBUILD_SPOOL] = "SELECT number, is_dir, leaf FROM spool WHERE number > ? "
                      "ORDER BY number LIMIT 1",
    [REBUILD_DELIVERED] = "SELECT place, leaf FROM delivered WHERE place > ? "
                          "ORDER BY place LIMIT 1",
    [REBUILD_STAGED] =
        "SELECT (s.log << 40) + (1 << 39) + s.number, s.leaf FROM staged s "
        "CROSS "
        "JOIN logs l ON l.id = s.log WHERE l.is_dir = 0 AND "
        "(s.log << 40) + (1 << 39) + s.number > ? ORDER BY 1 LIMIT 1",
    [REBUILD_SUBJECT_AFTER] = "SELECT record FROM events WHERE record > ? "
                              "ORDER BY record LIMIT 1",
    [REBUILD_RECORDS] =
        "SELECT 'record', hex(subject), kind, unit, holder, state, opened_day, "
        "year, wake_day, hex(dialogue), hex(units), hex(bytes) FROM records "
        "ORDER BY subject",
    [REBUILD_CELLS] =
        "SELECT 'cell', unit, hex(duty), year, month, territory, verdict, n, "
        "d, hex(detail) FROM cells ORDER BY unit, duty, year, month",
};
const struct query_table rebuild_queries = {sql, sizeof(sql) / sizeof(sql[0])};

static const char drop_derived[] =
    "DROP INDEX events_by_event; DROP INDEX events_by_record; "
    "DELETE FROM events; DELETE FROM quotes; DELETE FROM keys; "
    "DELETE FROM actors; DELETE FROM records; DELETE FROM record_units; "
    "DELETE FROM cells; DELETE FROM unit_wakes; DELETE FROM dirty_records; "
    "DELETE FROM dirty_units; DELETE FROM rejudge; DELETE FROM erasures; "
    "DELETE FROM attachments; DELETE FROM attachment_refs; "
    "DELETE FROM awaited; DELETE FROM wanted_bodies; "
    "UPDATE cursors SET events = 0, cosigs = 0";
static const char make_indexes[] =
    "CREATE INDEX events_by_event ON events (event); "
    "CREATE INDEX events_by_record ON events (record)";
#define REBUILD_CACHE "PRAGMA cache_size = -65536; PRAGMA secure_delete = OFF"
static const char drop_search[] =
    "INSERT INTO search (search) VALUES ('delete-all'); "
    "UPDATE cursors SET search = 0";

static int logs_of_kind(struct store *store, bool is_dir, uint32_t *after,
                        struct store_log *log, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_REBUILD, REBUILD_LOG_AFTER);
    int rc;

    bind_int(q, 1, *after);
    bind_int(q, 2, is_dir);
    if ((rc = query_row(store, q, err)) != 1) {
        return rc;
    }
    *after = column_u32(q, 0);
    query_end(q);
    rc = store_log_get(store, *after, log, err);
    return rc != 0 ? rc : 1;
}

/* Rows of the directory logs, held and delivered; then judged once. */
static int directory_rows(struct store *store, struct error *err)
{
    struct store_log log;
    uint32_t after = 0;
    int rc;

    while ((rc = logs_of_kind(store, true, &after, &log, err)) == 1) {
        while (log.integrated < log.head.size) {
            struct segment_view view;
            uint64_t first;
            uint32_t i;

            rc = segment_leaves(store, log.id, log.integrated, &first, &view,
                                err);
            for (i = 0; rc == 0 && i < view.count; i++) {
                rc = directory_add(store, place_of(log.id, first + i),
                                   view.leaves[i], err);
            }
            if (rc != 0) {
                return rc;
            }
            log.integrated += view.count;
        }
        if ((rc = cursor_put(store, &log, log.integrated, err)) != 0) {
            return rc;
        }
    }
    return rc;
}

/* Spooled or delivered leaves, of one kind of log. */
static int loose_rows(struct store *store, int which, bool is_dir,
                      struct error *err)
{
    int64_t key = -1;

    for (;;) {
        sqlite3_stmt *q = query(store, OWNER_REBUILD, which);
        bool spooled = which == REBUILD_SPOOL;
        struct arrival arrival = {0};
        size_t mark = store->scratch.used;
        const struct directory *dir;
        bool dir_leaf;
        int rc;

        bind_int(q, 1, key);
        if ((rc = query_row(store, q, err)) != 1) {
            return rc;
        }
        key = column_int(q, 0);
        dir_leaf = spooled && column_int(q, 1) != 0;
        rc = arena_keep(&store->scratch, column_span(q, spooled ? 2 : 1),
                        &arrival.leaf, err);
        query_end(q);
        if (rc != 0 ||
            (rc = log_info(store, place_log(key), &arrival.log, err)) != 0) {
            return rc;
        }
        dir_leaf |= arrival.log->is_dir;
        arrival.index = place_index(key);
        if (dir_leaf == is_dir && is_dir) {
            rc = directory_add(store, key, arrival.leaf, err);
        } else if (dir_leaf == is_dir &&
                   (rc = store_directory(store, &dir, err)) == 0) {
            rc = work_arrival(store, &arrival, dir, err);
        }
        arena_rewind(&store->scratch, mark);
        if (rc != 0) {
            return rc;
        }
    }
}

static int record_rows(struct store *store, struct store_integrated *done,
                       struct error *err)
{
    struct store_integrate_options options = {.verify_here = true};
    struct store_log log;
    uint32_t after = 0;
    int rc;

    while ((rc = logs_of_kind(store, false, &after, &log, err)) == 1) {
        uint32_t left = UINT32_MAX;

        rc = integrate_log(store, &log, &options, &left, done, err);
        if (rc != 0) {
            return rc;
        }
    }
    return rc;
}

static int fold_subjects(struct store *store, uint32_t day,
                         struct store_integrated *done, struct error *err)
{
    int64_t number = 0;

    for (;; done->records++) {
        sqlite3_stmt *q = query(store, OWNER_REBUILD, REBUILD_SUBJECT_AFTER);
        int rc;

        bind_int(q, 1, number);
        if ((rc = query_row(store, q, err)) != 1) {
            return rc;
        }
        number = column_int(q, 0);
        query_end(q);
        if ((rc = refold(store, number, day, err)) != 0) {
            return rc;
        }
    }
}

static int derive(struct store *store,
                  const struct store_rebuild_options *options,
                  struct store_integrated *done, struct error *err)
{
    int rc;

    if ((options->verify_again &&
         (rc = db_exec(store, "DELETE FROM verdicts", err)) != 0) ||
        (!options->no_search && (rc = db_exec(store, drop_search, err)) != 0) ||
        (rc = db_exec(store, drop_derived, err)) != 0 ||
        (rc = meta_int_put(store, META_DAY, options->now.day, err)) != 0 ||
        (rc = meta_int_put(store, META_REBUILD, 0, err)) != 0) {
        return rc;
    }
    parts_forget(store);
    store->work->bulk = true;
    if ((rc = subject_bulk_begin(store, err)) != 0 ||
        (rc = directory_rows(store, err)) != 0 ||
        (rc = loose_rows(store, REBUILD_DELIVERED, true, err)) != 0 ||
        (rc = loose_rows(store, REBUILD_SPOOL, true, err)) != 0 ||
        (rc = directory_settle(store, err)) != 0 ||
        (rc = record_rows(store, done, err)) != 0 ||
        (rc = loose_rows(store, REBUILD_DELIVERED, false, err)) != 0 ||
        (rc = loose_rows(store, REBUILD_STAGED, false, err)) != 0 ||
        (rc = loose_rows(store, REBUILD_SPOOL, false, err)) != 0 ||
        (rc = subject_bulk_end(store, err)) != 0 ||
        (rc = db_exec(store, make_indexes, err)) != 0) {
        return rc;
    }
    store->work->bulk = false;
    store->work->fresh = true;
    rc = fold_subjects(store, options->now.day, done, err);
    store->work->fresh = false;
    return rc != 0 ? rc : work_every_unit(store, err);
}

static int finish(struct store *store,
                  const struct store_rebuild_options *options,
                  struct store_integrated *done, struct error *err)
{
    struct store_integrate_options slice = {
        .now = options->now, .verify_here = true, .no_search = true};
    struct store_integrated part;
    int rc;

    /* What certificates out of order left to judge again. */
    do {
        if ((rc = store_integrate(store, &slice, &part, err)) != 0) {
            return rc;
        }
    } while (part.more);
    do {
        if ((rc = store_settle(store, options->now, 0, &part, err)) != 0) {
            return rc;
        }
        done->units += part.units;
    } while (part.more);
    return options->no_search ? 0 : store_index(store, 0, &part, err);
}

/* More cache, and no overwriting of what is deleted (it is derived and names
 * nobody); NULL: as it was. */
static int spare_memory(struct store *store, const char *pragmas,
                        struct error *err)
{
    char sql_text[96];

    if (pragmas != NULL) {
        return db_exec(store, pragmas, err);
    }
    (void)snprintf(sql_text, sizeof(sql_text),
                   "PRAGMA cache_size = -%u; PRAGMA secure_delete = ON",
                   store->cache_kib);
    return db_exec(store, sql_text, err);
}

int store_rebuild(struct store *store,
                  const struct store_rebuild_options *options,
                  struct store_integrated *done, struct error *err)
{
    struct store_integrated out = {0};
    int rc = spare_memory(store, REBUILD_CACHE, err);

    if (rc != 0 || (rc = store_begin(store, err)) != 0) {
        return rc;
    }
    rc = derive(store, options, &out, err);
    store->work->bulk = false;
    store->work->fresh = false;
    rc = rc != 0 ? rc : finish(store, options, &out, err);
    if (rc != 0) {
        store_rollback(store);
        (void)error_wrap(err, "rebuild");
    } else if ((rc = store_commit(store, err)) == 0) {
        *done = out;
    }
    return spare_memory(store, NULL, rc == 0 ? err : &(struct error){0}) != 0 &&
                   rc == 0
               ? err->code
               : rc;
}

static int dump_rows(struct store *store, int which,
                     void (*line)(void *data, const char *text), void *data,
                     struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_REBUILD, which);
    int columns = sqlite3_column_count(q);
    int rc;

    while ((rc = query_row(store, q, err)) == 1) {
        char *text = NULL;
        int i;

        for (i = 0; i < columns; i++) {
            char *longer =
                sqlite3_mprintf("%z%s%s", text, i == 0 ? "" : "|",
                                sqlite3_column_type(q, i) == SQLITE_NULL
                                    ? ""
                                    : (const char *)sqlite3_column_text(q, i));

            text = longer;
        }
        if (text != NULL) {
            line(data, text);
        }
        sqlite3_free(text);
    }
    return rc;
}

int store_dump(struct store *store, void (*line)(void *data, const char *text),
               void *data, struct error *err)
{
    int rc = dump_rows(store, REBUILD_RECORDS, line, data, err);

    return rc != 0 ? rc : dump_rows(store, REBUILD_CELLS, line, data, err);
}
