/* store: one SQLite connection: how it is opened and hardened, its prepared
 * statements, and the one translation of SQLite's codes.
 *
 * Owns the file. Must never be opened for writing by two processes, nor open
 * the same file twice in one (POSIX locks: libraries.md B2.2). After an I/O
 * error nothing is written any more: the kernel may have dropped the page.
 * Read next: migrate.c, then segment.c.
 */
#include "store/store_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define APPLICATION_ID 0x71636463 /* "qcdc" */
#define WAL_PAGES_MOST 1024       /* 4 MiB, SQLite's own measure */
#define REST_PAGES_ASKED 4096     /* between two calls: that is work */
#define REST_BYTES (1 << 20)      /* of the page cache: not worth the reading */

const struct query_table *const owners[OWNER_COUNT] = {
    [OWNER_META] = &meta_queries,
    [OWNER_LOG] = &log_queries,
    [OWNER_SEGMENT] = &segment_queries,
    [OWNER_COSIG] = &cosig_queries,
    [OWNER_SPOOL] = &spool_queries,
    [OWNER_EVENT] = &event_queries,
    [OWNER_SUBJECT] = &subject_queries,
    [OWNER_DIRECTORY] = &directory_queries,
    [OWNER_ACTOR] = &actor_queries,
    [OWNER_BRACKET] = &bracket_queries,
    [OWNER_FAULT] = &fault_queries,
    [OWNER_VERIFY] = &verify_queries,
    [OWNER_WORK] = &work_queries,
    [OWNER_REJUDGE] = &rejudge_queries,
    [OWNER_REFOLD] = &refold_queries,
    [OWNER_EVALUATE] = &evaluate_queries,
    [OWNER_INTEGRATE] = &integrate_queries,
    [OWNER_RECORD] = &record_queries,
    [OWNER_SETTLE] = &settle_queries,
    [OWNER_CELL] = &cell_queries,
    [OWNER_BODY] = &body_queries,
    [OWNER_ASOF] = &asof_queries,
    [OWNER_REBUILD] = &rebuild_queries,
    [OWNER_SEARCH] = &search_queries,
    [OWNER_BOOK] = &book_queries,
    [OWNER_DELIVERY] = &delivery_queries,
    [OWNER_ERASE] = &erase_queries,
    [OWNER_ATTACHMENT] = &attachment_queries,
    [OWNER_ATTACHMENT_REF] = &attachment_ref_queries,
    [OWNER_FILES] = &files_queries,
    [OWNER_QUEUE] = &queue_queries,
    [OWNER_CHECK] = &check_queries,
    [OWNER_DERIVED] = &derived_queries,
    [OWNER_LOOSE] = &loose_queries,
    [OWNER_TABLES] = &tables_queries,
    [OWNER_RECOVERY] = &recovery_queries,
    [OWNER_PATROL] = &patrol_queries,
    [OWNER_MEND] = &mend_queries,
    [OWNER_STAGED] = &staged_queries,
    [OWNER_ARRANGE] = &arrange_queries,
    [OWNER_EPOCH] = &epoch_queries,
    [OWNER_PARTY] = &party_queries,
    [OWNER_WANTED] = &wanted_queries,
    [OWNER_GUARD] = &guard_queries,
};

int db_error(struct store *store, int rc, const char *what, struct error *err)
{
    const char *text =
        store->db == NULL ? "out of memory" : sqlite3_errmsg(store->db);

    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return error_set(err, ERR_NOMEM, "%s: out of memory", what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(err, ERR_BUSY,
                         "%s: another process holds the database", what);
    case SQLITE_INTERRUPT:
        return error_set(err, ERR_BUSY, "%s: ended early", what);
    case SQLITE_FULL:
        return error_set(err, ERR_LIMIT,
                         "%s: the disk is full; free space and repeat", what);
    case SQLITE_TOOBIG:
        return error_set(err, ERR_LIMIT, "%s: a value is too big", what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        store->fatal = true;
        return error_set(
            err, ERR_CORRUPT,
            "%s: the database file is damaged (%s); put a backup "
            "in its place and start: the rest comes from the guard",
            what, text);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_MISUSE:
        return error_set(err, ERR_USAGE, "%s: %s", what, text);
    case SQLITE_CONSTRAINT:
        return error_set(err, ERR_CONFLICT, "%s: %s", what, text);
    case SQLITE_CANTOPEN:
        return error_set(err, ERR_IO, "%s: %s", what, text);
    }
    store->fatal = true;
    return error_set(err, ERR_IO, "%s: %s (%d)", what, text,
                     sqlite3_extended_errcode(store->db));
}

int db_exec(struct store *store, const char *sql, struct error *err)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : db_error(store, rc, sql, err);
}

/* Debian's compile defaults are lenient (libraries.md B2.13). */
static int harden(struct store *store, struct error *err)
{
    static const struct {
        int option, value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    };
    size_t i;

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        int rc = sqlite3_db_config(store->db, options[i].option,
                                   options[i].value, NULL);

        if (rc != SQLITE_OK) {
            return db_error(store, rc, "database options", err);
        }
    }
    if (store->read_only) {
        /* A reader must never checkpoint, not even by closing. */
        (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                NULL);
    }
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, 64 << 20);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_SQL_LENGTH, 1 << 16);
    (void)sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    return 0;
}

/* After each commit: a WAL that is shorter than before has begun anew. */
static int wal_grew(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store *store = context;

    (void)db;
    (void)name;
    if (pages < store->wal_pages) {
        store->wal_written = 0;
    }
    store->wal_pages = pages;
    return SQLITE_OK;
}

static int pragmas(struct store *store, struct error *err)
{
    char sql[128];
    int rc;

    (void)snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%u",
                   store->cache_kib);
    if ((rc = db_exec(store, sql, err)) != 0 ||
        (rc = db_exec(store,
                      "PRAGMA mmap_size = 0;"
                      "PRAGMA cell_size_check = 1;"
                      "PRAGMA temp_store = MEMORY;"
                      "PRAGMA secure_delete = ON;"
                      "PRAGMA synchronous = FULL;"
                      "PRAGMA wal_autocheckpoint = 0",
                      err)) != 0) {
        return rc;
    }
    if (store->read_only) {
        return 0; /* opened so; query_only would forbid temporary tables */
    }
    rc = db_exec(store, "PRAGMA journal_mode = WAL", err);
    if (rc == 0) {
        /* Last: wal_autocheckpoint would take the hook's place. */
        (void)sqlite3_wal_hook(store->db, wal_grew, store);
    }
    return rc;
}

static int identify(struct store *store, struct error *err)
{
    sqlite3_stmt *q = NULL;
    int rc =
        sqlite3_prepare_v2(store->db, "PRAGMA application_id", -1, &q, NULL);
    int64_t id = 0;
    char sql[64];

    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        id = sqlite3_column_int64(q, 0);
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(q);
    if (rc != SQLITE_OK) {
        return db_error(store, rc, "open the database", err);
    }
    if (id == APPLICATION_ID) {
        return 0;
    }
    if (id != 0 || store->read_only) {
        return error_set(err, ERR_USAGE, "the file is not a qcdc database");
    }
    (void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d",
                   APPLICATION_ID);
    return db_exec(store, sql, err);
}

/* A typo fails here, at start, and not when the statement is first needed. */
static int prepare(struct store *store, struct error *err)
{
    size_t owner, i;

    for (owner = 0; owner < OWNER_COUNT; owner++) {
        const struct query_table *table = owners[owner];

        store->statements[owner] = calloc(table->len, sizeof(sqlite3_stmt *));
        if (store->statements[owner] == NULL) {
            return error_set(err, ERR_NOMEM, "prepared statements");
        }
        for (i = 0; i < table->len; i++) {
            int rc = sqlite3_prepare_v3(store->db, table->sql[i], -1,
                                        SQLITE_PREPARE_PERSISTENT,
                                        &store->statements[owner][i], NULL);

            if (rc != SQLITE_OK) {
                return db_error(store, rc, table->sql[i], err);
            }
        }
    }
    return 0;
}

static int open_file(struct store *store, const struct store_options *options,
                     struct error *err)
{
    int flags =
        options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc;

    if (options->create && !options->read_only) {
        flags |= SQLITE_OPEN_CREATE;
    }
    rc = sqlite3_open_v2(options->path, &store->db,
                         flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                         NULL);
    if (rc != SQLITE_OK) {
        (void)db_error(store, rc, "open", err);
        return error_wrap(err, "%s", options->path);
    }
    store->wait_ms = options->wait_ms == 0 ? 2000 : options->wait_ms;
    (void)sqlite3_busy_timeout(store->db, (int)store->wait_ms);
    return 0;
}

/* A damaged head is mended from what it was made of, if that is sound. */
static int heads_sound(struct store *store, struct error *err)
{
    struct error ignored;
    int rc = logs_sound(store, err);

    if (rc != ERR_CORRUPT || store->read_only || store->fatal ||
        heads_mend(store, &ignored) != 0) {
        return rc;
    }
    return logs_sound(store, err);
}

int store_open(const struct store_options *options, struct store **out,
               struct error *err)
{
    struct store *store = calloc(1, sizeof(*store));
    int rc;

    if (store == NULL) {
        return error_set(err, ERR_NOMEM, "store");
    }
    store->read_only = options->read_only;
    store->cache_kib = options->cache_kib == 0 ? 8192u : options->cache_kib;
    if ((rc = open_file(store, options, err)) != 0 ||
        (rc = harden(store, err)) != 0 || (rc = pragmas(store, err)) != 0 ||
        (rc = identify(store, err)) != 0 || (rc = migrate(store, err)) != 0 ||
        (rc = asof_tables(store, err)) != 0 ||
        (rc = prepare(store, err)) != 0 ||
        (rc = arena_new(&store->leaves, LEAVES_ARENA, err)) != 0 ||
        (rc = arena_new(&store->fold, FOLD_ARENA, err)) != 0 ||
        (rc = arena_new(&store->duty, FOLD_ARENA, err)) != 0 ||
        (rc = parts_new(store, err)) != 0 ||
        (rc = self_load(store, err)) != 0 ||
        (rc = heads_sound(store, err)) != 0 ||
        (rc = upgrade_note(store, err)) != 0) {
        store_close(store);
        return rc;
    }
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    size_t owner, i;

    if (store == NULL) {
        return;
    }
    if (store->in_transaction) {
        store_rollback(store);
    }
    parts_free(store);
    for (owner = 0; owner < OWNER_COUNT; owner++) {
        for (i = 0; store->statements[owner] != NULL && i < owners[owner]->len;
             i++) {
            (void)sqlite3_finalize(store->statements[owner][i]);
        }
        free(store->statements[owner]);
    }
    (void)sqlite3_close(store->db);
    free(store->logs);
    arena_release(&store->leaves);
    arena_release(&store->fold);
    arena_release(&store->duty);
    free(store);
}

int store_begin(struct store *store, struct error *err)
{
    int rc;

    if (store->in_transaction || store->read_only) {
        return error_set(err, ERR_USAGE, "a transaction cannot begin here");
    }
    if (store->fatal) {
        return error_set(err, ERR_IO,
                         "the database failed before; stop and check the disk");
    }
    /* IMMEDIATE: a late upgrade would fail at once (libraries.md B2.4). */
    rc = db_exec(store, "BEGIN IMMEDIATE", err);
    if (rc == 0) {
        store->in_transaction = true;
        store->changes++;
    }
    return rc;
}

int store_commit(struct store *store, struct error *err)
{
    int rc;

    if (!store->in_transaction) {
        return error_set(err, ERR_USAGE, "no transaction is open");
    }
    rc = db_exec(store, "COMMIT", err);
    if (rc != 0) {
        store_rollback(store);
        return rc;
    }
    store->in_transaction = false;
    return 0;
}

void store_rollback(struct store *store)
{
    struct error ignored;

    /* A failed COMMIT may have rolled back already (B2.6). */
    if (sqlite3_get_autocommit(store->db) == 0 &&
        db_exec(store, "ROLLBACK", &ignored) != 0) {
        store->fatal = true;
    }
    store->in_transaction = false;
    parts_forget(store);
    /* Whose store this is may have been said in what is undone. */
    if (store->work != NULL && !store->fatal && self_load(store, &ignored)) {
        store->fatal = true;
    }
}

int store_look(struct store *store, struct error *err)
{
    if (!store->read_only || sqlite3_get_autocommit(store->db) == 0) {
        return error_set(err, ERR_USAGE, "only a reader looks, and once");
    }
    return db_exec(store, "BEGIN", err);
}

void store_interrupt(struct store *store)
{
    sqlite3_interrupt(store->db);
}

bool store_in_transaction(const struct store *store)
{
    return store->in_transaction;
}

int store_tidy(struct store *store, bool all, uint32_t *pages_left,
               struct error *err)
{
    int in_wal = 0, done = 0;
    int rc;

    if (store->in_transaction || store->read_only) {
        return error_set(err, ERR_USAGE, "tidying needs the writer, idle");
    }
    rc = sqlite3_wal_checkpoint_v2(store->db, NULL,
                                   all ? SQLITE_CHECKPOINT_TRUNCATE
                                       : SQLITE_CHECKPOINT_PASSIVE,
                                   &in_wal, &done);
    *pages_left = in_wal > done ? (uint32_t)(in_wal - done) : 0;
    if (done >= 0) {
        store->wal_written = done;
    }
    if ((rc & 0xff) == SQLITE_BUSY) {
        return 0; /* a reader is looking; the next idle turn goes on */
    }
    return rc == SQLITE_OK ? 0 : db_error(store, rc, "checkpoint", err);
}

bool store_tidy_is_due(const struct store *store)
{
    return store->wal_pages - store->wal_written >= WAL_PAGES_MOST;
}

static int64_t status_of(struct store *store, int which, bool reset)
{
    int now = 0, most = 0;

    (void)sqlite3_db_status(store->db, which, &now, &most, reset);
    return now;
}

bool store_rest(struct store *store, bool *gave)
{
    int64_t asked = status_of(store, SQLITE_DBSTATUS_CACHE_HIT, true) +
                    status_of(store, SQLITE_DBSTATUS_CACHE_MISS, true);

    *gave = false;
    if (store->in_transaction || asked > REST_PAGES_ASKED) {
        return false;
    }
    if (status_of(store, SQLITE_DBSTATUS_CACHE_USED, false) > REST_BYTES) {
        (void)sqlite3_db_release_memory(store->db);
        *gave = true;
    }
    return true;
}

bool store_has_moved(struct store *store)
{
    int moved = 0;

    (void)sqlite3_file_control(store->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
    return moved != 0;
}
