/* store: what integration still has to do: records of the present slice in
 * memory, the rest noted in tables.
 *
 * The list in memory lives within one store_integrate; whatever is noted
 * outside of it goes to dirty_records, dirty_units and rejudge, in the same
 * transaction as its cause. Read next: integrate.c.
 */
#include "store/work.h"

#include <stdlib.h>
#include <string.h>

#include "store/evaluate.h"

enum {
    WORK_RECORD,
    WORK_RECORDS_OF,
    WORK_UNIT,
    WORK_REJUDGE,
    WORK_EVERY_RECORD
};

static const char *const sql[] = {
    [WORK_RECORD] = "INSERT OR IGNORE INTO dirty_records (record) VALUES (?)",
    [WORK_RECORDS_OF] = "INSERT OR IGNORE INTO dirty_records (record) SELECT "
                        "record FROM record_units WHERE unit = ?",
    [WORK_UNIT] = "INSERT OR IGNORE INTO dirty_units (unit) VALUES (?)",
    [WORK_EVERY_RECORD] = "INSERT OR IGNORE INTO dirty_records (record) "
                          "SELECT number FROM records",
    [WORK_REJUDGE] = "INSERT INTO rejudge (log, next) VALUES (?, ?) "
                     "ON CONFLICT (log) DO UPDATE SET next = excluded.next",
};
const struct query_table work_queries = {sql, sizeof(sql) / sizeof(sql[0])};

int work_new(struct store *store, struct error *err)
{
    store->work = calloc(1, sizeof(*store->work));
    if (store->work == NULL) {
        return error_set(err, ERR_NOMEM, "integration");
    }
    return 0;
}

void work_free(struct store *store)
{
    if (store->work != NULL) {
        free(store->work->slots);
        free(store->work->list);
        free(store->work);
    }
}

void work_clear(struct work *work)
{
    if (work->len > 0) {
        memset(work->slots, 0, work->slots_len * sizeof(*work->slots));
    }
    work->len = 0;
}

void work_forget(struct store *store)
{
    work_clear(store->work);
    store->work->units_len = 0;
}

static int work_grow(struct work *work, struct error *err)
{
    size_t len = work->slots_len == 0 ? 4096 : work->slots_len * 2;
    uint32_t *slots = calloc(len, sizeof(*slots));
    int64_t *list = realloc(work->list, len / 2 * sizeof(*list));
    size_t i;

    if (list != NULL) {
        work->list = list;
    }
    if (slots == NULL || list == NULL) {
        free(slots);
        return error_set(err, ERR_NOMEM, "a list of records");
    }
    for (i = 0; i < work->len; i++) {
        size_t at = (size_t)list[i] % len;

        while (slots[at] != 0) {
            at = (at + 1) % len;
        }
        slots[at] = (uint32_t)i + 1;
    }
    free(work->slots);
    work->slots = slots;
    work->slots_len = len;
    return 0;
}

int work_record(struct store *store, int64_t record, struct error *err)
{
    struct work *work = store->work;
    size_t at;
    int rc;

    if (work->bulk || record == 0) {
        return 0;
    }
    if (!work->running) {
        return work_later(store, record, err);
    }
    if (work->len * 2 >= work->slots_len && (rc = work_grow(work, err)) != 0) {
        return rc;
    }
    at = (size_t)record % work->slots_len;
    while (work->slots[at] != 0) {
        if (work->list[work->slots[at] - 1] == record) {
            return 0;
        }
        at = (at + 1) % work->slots_len;
    }
    work->list[work->len] = record;
    work->slots[at] = (uint32_t)++work->len;
    return 0;
}

int work_later(struct store *store, int64_t record, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WORK, WORK_RECORD);

    bind_int(q, 1, record);
    return query_run(store, q, err);
}

int work_records_of(struct store *store, uint32_t unit, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WORK, WORK_RECORDS_OF);

    bind_int(q, 1, unit);
    return query_run(store, q, err);
}

int work_unit(struct store *store, uint32_t unit, struct error *err)
{
    struct work *work = store->work;
    sqlite3_stmt *q;
    size_t i;

    if (unit == 0) {
        return 0;
    }
    for (i = 0; i < work->units_len; i++) {
        if (work->units[i] == unit) {
            return 0; /* noted in this very slice */
        }
    }
    if (work->running && work->units_len < WORK_UNITS) {
        work->units[work->units_len++] = unit;
    }
    q = query(store, OWNER_WORK, WORK_UNIT);
    bind_int(q, 1, unit);
    return query_run(store, q, err);
}

int work_units_of_node(struct store *store, uint32_t node, struct error *err)
{
    const struct directory *dir;
    size_t i;
    int rc = store_directory(store, &dir, err);

    for (i = 0; rc == 0 && i < dir->units_len; i++) {
        struct unit_facts facts;

        if (directory_unit_at(dir, dir->units[i].number, LAST_DAY, &facts) &&
            facts.host == node) {
            rc = work_unit(store, facts.number, err);
        }
    }
    return rc;
}

int work_every_unit(struct store *store, struct error *err)
{
    const struct directory *dir;
    size_t i;
    int rc = store_directory(store, &dir, err);

    for (i = 0; rc == 0 && i < dir->units_len; i++) {
        rc = work_unit(store, dir->units[i].number, err);
    }
    return rc;
}

int work_every_record(struct store *store, struct error *err)
{
    return query_run(store, query(store, OWNER_WORK, WORK_EVERY_RECORD), err);
}

int work_rejudge(struct store *store, uint32_t log, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_WORK, WORK_REJUDGE);

    bind_int(q, 1, log);
    bind_int(q, 2, place_of(log, 0));
    return query_run(store, q, err);
}
