/* store: brings a file to the schema of this program, or refuses it. Each
 * numbered migration runs in a transaction of its own; they are append-only
 * and user_version counts them. Must never guess at a newer schema.
 * Read next: migrations/0001_init.sql.
 */
#include "store/store_internal.h"

#include <stdio.h>

#include "store/migrations.gen.h"

static int version_of(struct store *store, size_t *version, struct error *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &q, NULL);

    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        *version = (size_t)sqlite3_column_int64(q, 0);
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(q);
    return rc == SQLITE_OK ? 0 : db_error(store, rc, "schema version", err);
}

static int apply(struct store *store, size_t number, struct error *err)
{
    char sql[64];
    int rc;

    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", number + 1);
    if ((rc = store_begin(store, err)) != 0) {
        return rc;
    }
    if ((rc = db_exec(store, (const char *)migrations[number].sql, err)) != 0 ||
        (rc = db_exec(store, sql, err)) != 0) {
        store_rollback(store);
        return rc;
    }
    return store_commit(store, err);
}

int migrate(struct store *store, struct error *err)
{
    size_t version = 0;
    int rc = version_of(store, &version, err);

    if (rc != 0) {
        return rc;
    }
    if (version > migrations_len) {
        return error_set(err, ERR_USAGE,
                         "the database has schema %zu, this program knows %zu: "
                         "use a newer program",
                         version, migrations_len);
    }
    if (store->read_only && version < migrations_len) {
        return error_set(err, ERR_USAGE,
                         "the database has the old schema %zu: open it for "
                         "writing once",
                         version);
    }
    for (; version < migrations_len; version++) {
        if (apply(store, version, err) != 0) {
            return error_wrap(err, "migration %s", migrations[version].name);
        }
    }
    return 0;
}
