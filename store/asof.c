/* store: another day, or what was known then: every record folded again into
 * temporary tables, with the directory, the rights and the brackets of that
 * knowledge.
 *
 * Kept until something is written or another moment is asked for. Must never
 * touch the tables of now. Read next: cell.c.
 */
#include <stdlib.h>
#include <string.h>

#include "store/evaluate.h"
#include "store/query.h"

enum {
    ASOF_CLEAR_RECORDS,
    ASOF_CLEAR_UNITS,
    ASOF_SUBJECT_AFTER,
    ASOF_RECORD,
    ASOF_UNIT
};

static const char *const sql[] = {
    [ASOF_CLEAR_RECORDS] = "DELETE FROM temp.asof_records",
    [ASOF_CLEAR_UNITS] = "DELETE FROM temp.asof_units",
    [ASOF_SUBJECT_AFTER] = "SELECT record FROM events WHERE record > ? "
                           "ORDER BY record LIMIT 1",
    [ASOF_RECORD] = "INSERT INTO temp.asof_records (subject, kind, bytes, "
                    "dialogue) VALUES (?, ?, ?, ?)",
    [ASOF_UNIT] = "INSERT OR IGNORE INTO temp.asof_units (unit, subject) "
                  "VALUES (?, ?)",
};
const struct query_table asof_queries = {sql, sizeof(sql) / sizeof(sql[0])};

struct asof_state {
    bool filled;
    uint32_t day;
    struct hash known;
    uint64_t changes;
    struct arena arena; /* of the directory then */
    struct directory directory;
};

int asof_tables(struct store *store, struct error *err)
{
    return db_exec(store,
                   "CREATE TEMP TABLE asof_records (subject BLOB PRIMARY KEY, "
                   "kind INTEGER NOT NULL, bytes BLOB NOT NULL, dialogue BLOB) "
                   "STRICT, WITHOUT ROWID;"
                   "CREATE INDEX temp.asof_by_dialogue ON asof_records "
                   "(dialogue) WHERE dialogue IS NOT NULL;"
                   "CREATE TEMP TABLE asof_units (unit INTEGER NOT NULL, "
                   "subject BLOB NOT NULL, PRIMARY KEY (unit, subject)) "
                   "STRICT, WITHOUT ROWID",
                   err);
}

void asof_free(struct store *store)
{
    if (store->asof != NULL) {
        arena_release(&store->asof->arena);
        free(store->asof);
    }
}

void asof_forget(struct store *store)
{
    if (store->asof != NULL) {
        store->asof->filled = false;
    }
}

static struct hash known_hash(const struct store_known *known)
{
    struct hasher hasher;
    size_t i;

    hasher_init(&hasher);
    for (i = 0; known != NULL && i < known->heads_len; i++) {
        uint8_t bytes[20];
        struct buf out = buf_over(bytes, sizeof(bytes));

        buf_put_u32(&out, known->heads[i].log);
        buf_put_u64(&out, known->heads[i].size);
        buf_put_u64(&out, known->heads[i].cosigs);
        hasher_add(&hasher, buf_span(&out));
    }
    if (known != NULL) {
        hasher_add(&hasher, span_str("limited"));
    }
    return hasher_end(&hasher);
}

/* Temporary tables are no part of what a transaction protects. */
static int temp_run(struct store *store, sqlite3_stmt *q, struct error *err)
{
    int rc = query_row(store, q, err);

    return rc < 0 ? rc : 0;
}

static int put_record(struct store *store, const struct record_out *record,
                      struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ASOF, ASOF_RECORD);
    size_t i;
    int rc;

    bind_span(q, 1, SPAN_OF(record->subject));
    bind_int(q, 2, record->kind);
    bind_span(q, 3, record->bytes);
    if (record->has_dialogue) {
        bind_span(q, 4, SPAN_OF(record->dialogue));
    }
    rc = temp_run(store, q, err);
    for (i = 0; rc == 0 && i < record->units_len; i++) {
        q = query(store, OWNER_ASOF, ASOF_UNIT);
        bind_int(q, 1, record->units[i]);
        bind_span(q, 2, SPAN_OF(record->subject));
        rc = temp_run(store, q, err);
    }
    return rc;
}

static int next_record(struct store *store, int64_t *number, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_ASOF, ASOF_SUBJECT_AFTER);
    int rc;

    bind_int(q, 1, *number);
    if ((rc = query_row(store, q, err)) == 1) {
        *number = column_int(q, 0);
        query_end(q);
    }
    return rc;
}

static int fold_all(struct store *store, struct store_now asof,
                    const struct store_known *known,
                    const struct directory *directory, struct error *err)
{
    int64_t number = 0;
    int rc;

    while ((rc = next_record(store, &number, err)) == 1) {
        struct gathered gathered;
        struct record_out record;

        rc = fold_subject(store, number, asof.day, known, directory, &gathered,
                          &record, err);
        if (rc == 0 && gathered.kind != RECORD_NONE) {
            rc = put_record(store, &record, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return rc;
}

static int directory_then(struct store *store, const struct store_known *known,
                          struct asof_state *state, struct error *err)
{
    int rc;

    if (state->arena.ptr == NULL &&
        (rc = arena_new(&state->arena, FOLD_ARENA, err)) != 0) {
        return rc;
    }
    do {
        arena_reset(&state->arena);
        rc = directory_known(store, known, &state->arena, &state->directory,
                             err);
    } while (rc == ERR_LIMIT &&
             (rc = arena_grow(&state->arena, FOLD_ARENA_MAX, err)) == 0);
    return rc;
}

static int fill(struct store *store, struct store_now asof,
                const struct store_known *known, const struct directory *dir,
                struct error *err)
{
    int rc;

    if ((rc = temp_run(store, query(store, OWNER_ASOF, ASOF_CLEAR_RECORDS),
                       err)) != 0 ||
        (rc = temp_run(store, query(store, OWNER_ASOF, ASOF_CLEAR_UNITS),
                       err)) != 0) {
        return rc;
    }
    return fold_all(store, asof, known, dir, err);
}

static void undo(struct store *store)
{
    struct error ignored;

    if (sqlite3_get_autocommit(store->db) == 0 &&
        db_exec(store, "ROLLBACK", &ignored) != 0) {
        store->fatal = true;
    }
}

int asof_fill(struct store *store, struct store_now asof,
              const struct store_known *known, const struct directory **dir,
              struct error *err)
{
    struct hash hash = known_hash(known);
    struct asof_state *state;
    bool begun;
    int rc;

    if (store->asof == NULL &&
        (store->asof = calloc(1, sizeof(*store->asof))) == NULL) {
        return error_set(err, ERR_NOMEM, "another day");
    }
    state = store->asof;
    *dir = known == NULL ? NULL : &state->directory;
    if (state->filled && state->day == asof.day &&
        state->changes == store->changes && hash_equal(&state->known, &hash)) {
        return 0;
    }
    state->filled = false;
    if (known == NULL) {
        rc = store_directory(store, dir, err);
    } else {
        rc = directory_then(store, known, state, err);
    }
    begun = rc == 0 && !store->in_transaction;
    if (begun) {
        rc = db_exec(store, "BEGIN", err); /* one snapshot, and fast */
    }
    rc = rc != 0 ? rc : fill(store, asof, known, *dir, err);
    if (begun) {
        rc = rc == 0 ? db_exec(store, "COMMIT", err) : rc;
        undo(store);
    }
    if (rc == 0) {
        state->filled = true;
        state->day = asof.day;
        state->changes = store->changes;
        state->known = hash;
    }
    return rc;
}
