/* store: what an erasure leaves behind in the files: words in older parts of
 * the index, unused space of pages, the WAL.
 *
 * SQLite overwrites what it deletes (secure_delete), but not what it merely
 * moved when pages were split, and a rebuild spares the overwriting; so the
 * file is made anew (VACUUM) and the WAL emptied. Blocks that the file system
 * frees are the disk's matter. Must never run inside a transaction.
 * Read next: db.c.
 */
#include "store/erase.h"

#include "store/store_parts.h"

static int state_get(struct store *store, int *state, struct error *err)
{
    int64_t stored = store->scrub;
    int rc =
        store->scrub_is_known ? 0 : meta_int(store, META_SCRUB, &stored, err);

    if (rc == 0) {
        *state = store->scrub = (int)stored;
        store->scrub_is_known = true;
    }
    return rc;
}

int scrub_put(struct store *store, int state, struct error *err)
{
    int rc = meta_int_put(store, META_SCRUB, state, err);

    store->scrub = state;
    store->scrub_is_known = rc == 0;
    return rc;
}

int store_scrub_due(struct store *store, bool *due, struct error *err)
{
    int state = SCRUB_NONE;
    int rc = state_get(store, &state, err);

    *due = rc == 0 && state != SCRUB_NONE;
    return rc;
}

bool store_scrub_is_long(const struct store *store)
{
    return store->scrub_is_known && store->scrub == SCRUB_FILE;
}

static int state_put(struct store *store, int state, struct error *err)
{
    int rc = store_begin(store, err);

    if (rc != 0) {
        return rc;
    }
    if ((rc = scrub_put(store, state, err)) != 0) {
        store_rollback(store);
        return rc;
    }
    return store_commit(store, err);
}

/* One part of the index, without the words that were deleted. */
static int index_anew(struct store *store, struct error *err)
{
    int rc = store_begin(store, err);

    if (rc != 0) {
        return rc;
    }
    rc = db_exec(store, "INSERT INTO search (search) VALUES ('optimize')", err);
    if (rc != 0) {
        store_rollback(store);
        return rc;
    }
    return store_commit(store, err);
}

/* The copy is made in a file that has no name, not in memory. Changing where
 * temporary things live drops the tables of asof.c: they are made again. */
static int file_anew(struct store *store, struct error *err)
{
    struct error ignored;
    int rc = db_exec(store, "PRAGMA temp_store = FILE", err);

    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 1);
    rc = rc != 0 ? rc : db_exec(store, "VACUUM", err);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    if (db_exec(store, "PRAGMA temp_store = MEMORY",
                rc == 0 ? err : &ignored) != 0 ||
        asof_tables(store, rc == 0 ? err : &ignored) != 0) {
        rc = rc != 0 ? rc : (int)err->code;
    }
    asof_forget(store);
    return rc;
}

/* True when no frame is left; a reader must not be waited for. */
static int wal_emptied(struct store *store, bool *done, struct error *err)
{
    int rc;

    (void)sqlite3_busy_timeout(store->db, 0);
    rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                   NULL, NULL);
    (void)sqlite3_busy_timeout(store->db, (int)store->wait_ms);
    *done = rc == SQLITE_OK;
    return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY
               ? 0
               : db_error(store, rc, "checkpoint", err);
}

int store_scrub(struct store *store, bool *done, struct error *err)
{
    int state = SCRUB_NONE;
    int rc;

    *done = false;
    if (store->in_transaction || store->read_only) {
        return error_set(err, ERR_USAGE, "scrubbing needs the writer, idle");
    }
    if ((rc = state_get(store, &state, err)) != 0) {
        return rc;
    }
    if (state == SCRUB_FILE) {
        if (index_anew(store, err) != 0 || file_anew(store, err) != 0 ||
            state_put(store, SCRUB_WAL, err) != 0) {
            return error_wrap(err, "make the file anew after an erasure");
        }
        state = SCRUB_WAL;
    }
    if (state == SCRUB_WAL) {
        if ((rc = wal_emptied(store, done, err)) != 0 || !*done) {
            return rc;
        }
        return state_put(store, SCRUB_NONE, err);
    }
    *done = true;
    return 0;
}
