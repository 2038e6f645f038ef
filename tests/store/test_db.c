/* The file itself: refused when it is not ours or newer, what a transaction
 * promises, how every statement finds its rows, the node's notes. */
#include "tests/store/scene.h"

#include <sys/stat.h>

#include "store/restore.h"

#include "store/book.h"
#include "store/store_internal.h"

static struct store *open_new(const char *path)
{
    struct store_options options = {.path = path, .create = true};
    struct store *store = NULL;
    struct error err = {0};

    assert_ok(crypto_start(&err), err);
    assert_ok(store_open(&options, &store, &err), err);
    return store;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_newer_schema_is_refused(void **state)
{
    const char *path = scene_path("newer");
    struct store_options options = {.path = path};
    struct store *store = NULL;
    struct error err = {0};

    (void)state;
    store_close(open_new(path));
    run_sql(path, "PRAGMA user_version = 4000");
    assert_err(store_open(&options, &store, &err), ERR_USAGE, err);
    assert_err_says(err, "newer program");
}

static void a_file_that_is_not_ours_is_refused(void **state)
{
    const char *path = scene_path("foreign");
    struct store_options options = {.path = path, .create = true};
    struct store *store = NULL;
    struct error err = {0};
    FILE *file;

    (void)state;
    run_sql(path, "PRAGMA application_id = 1234; CREATE TABLE t (x)");
    assert_err(store_open(&options, &store, &err), ERR_USAGE, err);
    path = scene_path("garbage");
    file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 2000; i++) {
        fputc(i % 251, file);
    }
    fclose(file);
    options.path = path;
    assert_err(store_open(&options, &store, &err), ERR_CORRUPT, err);
    options.path = "/nowhere/at/all.db";
    assert_err(store_open(&options, &store, &err), ERR_IO, err);
}

static void a_write_needs_a_transaction_and_a_rollback_undoes_it(void **state)
{
    struct store *store = open_new(":memory:");
    struct error err = {0};
    struct arena arena;
    struct span value;

    (void)state;
    assert_ok(arena_new(&arena, 4096, &err), err);
    assert_err(store_meta_put(store, "a", span_str("1"), &err), ERR_USAGE, err);
    assert_err(store_commit(store, &err), ERR_USAGE, err);
    assert_ok(store_begin(store, &err), err);
    assert_err(store_begin(store, &err), ERR_USAGE, err);
    assert_ok(store_meta_put(store, "a", span_str("1"), &err), err);
    store_rollback(store);
    assert_err(store_meta_get(store, "a", &arena, &value, &err), ERR_NOTFOUND,
               err);
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_meta_put(store, "a", span_str("1"), &err), err);
    assert_ok(store_commit(store, &err), err);
    assert_ok(store_meta_get(store, "a", &arena, &value, &err), err);
    assert_true(span_equal(value, span_str("1")));
    store_close(store);
    arena_release(&arena);
}

static void the_file_is_hardened(void **state)
{
    static const struct {
        const char *sql;
        const char *value;
    } pragmas[] = {
        {"PRAGMA synchronous", "2"},
        {"PRAGMA journal_mode", "wal"},
        {"PRAGMA foreign_keys", "1"},
        {"PRAGMA trusted_schema", "0"},
        {"PRAGMA secure_delete", "1"},
        {"PRAGMA cell_size_check", "1"},
        {"PRAGMA wal_autocheckpoint", "0"},
        {"PRAGMA application_id", "1902339171"},
    };
    struct store *store = open_new(scene_path("hard"));
    sqlite3_stmt *q;
    size_t i;

    (void)state;
    for (i = 0; i < TEST_LEN(pragmas); i++) {
        q = NULL;
        assert_int_equal(
            sqlite3_prepare_v2(store->db, pragmas[i].sql, -1, &q, NULL),
            SQLITE_OK);
        assert_int_equal(sqlite3_step(q), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(q, 0),
                            pragmas[i].value);
        sqlite3_finalize(q);
    }
    /* A misspelt column is an error, not a text. */
    assert_int_not_equal(sqlite3_prepare_v2(store->db,
                                            "SELECT \"orgin\" FROM logs", -1,
                                            &q, NULL),
                         SQLITE_OK);
    store_close(store);
}

static void write_64_kib(struct store *store, uint8_t salt)
{
    uint8_t bytes[65536];
    struct error err = {0};

    memset(bytes, salt, sizeof(bytes));
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_meta_put(store, "a", span_make(bytes, sizeof(bytes)), &err),
              err);
    assert_ok(store_commit(store, &err), err);
}

static void a_stream_of_commits_is_written_back_at_4_mib(void **state)
{
    const char *path = scene_path("wal");
    struct store *store = open_new(path);
    struct error err = {0};
    char wal[256];
    struct stat found;
    unsigned tidied = 0;
    uint32_t left = 1;

    (void)state;
    assert_false(store_tidy_is_due(store));
    for (unsigned i = 0; i < 400; i++) { /* 25 MiB, never idle */
        write_64_kib(store, (uint8_t)i);
        if (store_tidy_is_due(store)) {
            assert_ok(store_tidy(store, false, &left, &err), err);
            assert_int_equal(left, 0);
            assert_false(store_tidy_is_due(store));
            tidied++;
        }
    }
    assert_in_range(tidied, 6, 14);
    (void)snprintf(wal, sizeof(wal), "%s-wal", path);
    assert_int_equal(stat(wal, &found), 0);
    assert_in_range(found.st_size, 1 << 20, 5 << 20);
    store_close(store);
}

/* Reading a whole table is meant: it is small, or all of it is asked for. */
static bool scan_is_meant(const char *sql, const char *detail)
{
    static const char *const small[] = {
        "SCAN l",
        "SCAN logs",
        "SCAN s",
        "SCAN spool",
        "SCAN records",
        "SCAN cells",
        "SCAN peers",
        "SCAN dirty",
        "SCAN unit_wakes",
        "SCAN rejudge",
        "SCAN temp",
        "SCAN asof",
        "SCAN CONSTANT",
        "SCAN delivered",
        "SCAN erasures",
        "SCAN attachments",
        "SCAN wanted_bodies USING INDEX wanted_bodies_open",
        "SCAN 1",
        "SCAN r USING INDEX attachment_refs_waiting"};
    size_t i;

    if (strstr(sql, "GROUP BY standing") != NULL) {
        return true; /* over the index of events that do not count */
    }
    if (strcmp(detail, "SCAN c") == 0 && strstr(sql, "cursors c") != NULL) {
        return true;
    }
    for (i = 0; i < TEST_LEN(small); i++) {
        if (strncmp(detail, small[i], strlen(small[i])) == 0) {
            return true;
        }
    }
    return strstr(detail, "VIRTUAL TABLE") != NULL;
}

/* A log gets a cosignature with each batch, for years: a statement that is
 * meant to use another index and does not would read them all. */
static bool reads_all_cosigs(const char *sql, const char *detail)
{
    return (strcmp(detail, "SEARCH c USING PRIMARY KEY (log=?)") == 0 ||
            strcmp(detail, "SEARCH cosigs USING PRIMARY KEY (log=?)") == 0) &&
           strstr(sql, "WHERE log = ? ORDER BY number DESC LIMIT 1") == NULL;
}

static void no_statement_reads_a_big_table_whole(void **state)
{
    struct store *store = open_new(":memory:");
    size_t owner, i;

    (void)state;
    for (owner = 0; owner < OWNER_COUNT; owner++) {
        if (owner == OWNER_TABLES) {
            continue; /* check reads everything: that is its work */
        }
        for (i = 0; i < owners[owner]->len; i++) {
            char sql[4096];
            sqlite3_stmt *q = NULL;

            (void)snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s",
                           owners[owner]->sql[i]);
            assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &q, NULL),
                             SQLITE_OK);
            while (sqlite3_step(q) == SQLITE_ROW) {
                const char *detail = (const char *)sqlite3_column_text(q, 3);

                if ((strncmp(detail, "SCAN", 4) == 0 &&
                     !scan_is_meant(sql, detail)) ||
                    reads_all_cosigs(sql, detail)) {
                    fail_msg("%s\n%s", sql, detail);
                }
            }
            sqlite3_finalize(q);
        }
    }
    store_close(store);
}

static void a_segment_must_begin_where_the_log_ends(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store *store;
    struct store_log log;
    struct error err = {0};

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    store = scene_store(":memory:", PROVINCE);
    scene_give(s, store, 0, 0);
    assert_ok(
        store_log_find(store, span_str(s->logs[0].log.origin), &log, &err),
        err);
    assert_int_equal(log.head.size, s->logs[0].range.size);
    assert_ok(store_begin(store, &err), err);
    assert_err(store_segment_append(store, &s->logs[0].parts[0].segment,
                                    &s->logs[0].parts[0].after, &err),
               ERR_CONFLICT, err);
    store_rollback(store);
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_log_freeze(store, log.id, "two roots at size 4", &err),
              err);
    assert_ok(store_commit(store, &err), err);
    assert_ok(store_log_get(store, log.id, &log, &err), err);
    assert_string_equal(log.frozen, "two roots at size 4");
    store_close(store);
    scene_close(s);
    free(s);
}

static void roots_and_proofs_come_from_hashes_alone(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct event_id none = {{0}};
    struct store_source source_state;
    struct merkle_source source;
    struct merkle_head head;
    struct store_log log;
    struct store *store;
    struct error err = {0};
    struct scene_log *from;
    uint64_t i;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    scene_day(s, "2024-03-04");
    for (i = 0; i < 600; i++) {
        (void)SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
                  .subject = none,
                  .facts = {{"channel", "counter"},
                            {"kind", "proposal"},
                            {"field", "land"}});
    }
    scene_flush(s);
    from = scene_log(s, COMMUNE_A, false);
    store = scene_store(":memory:", PROVINCE);
    scene_give_all(s, store);
    assert_ok(store_log_find(store, span_str(from->log.origin), &log, &err),
              err);
    head = range_head(&from->range);
    source = store_log_source(store, log.id, &source_state);
    for (i = 0; i < head.size; i += 37) {
        struct merkle_path path;
        struct hash leaf;

        assert_ok(merkle_prove_inclusion(&source, i, head.size, &path, &err),
                  err);
        assert_ok(source.subtree(source.data, 0, i, &leaf, &err), err);
        assert_ok(merkle_verify_inclusion(i, &head, &leaf, &path, &err), err);
    }
    for (i = 1; i <= head.size; i += 53) {
        struct merkle_path path;
        struct merkle_head old = {.size = i};

        assert_ok(store_log_root_at(store, log.id, i, &old.root, &err), err);
        assert_ok(merkle_prove_consistency(&source, i, head.size, &path, &err),
                  err);
        assert_ok(merkle_verify_consistency(&old, &head, &path, &err), err);
    }
    assert_err(
        store_log_root_at(store, log.id, head.size + 1, &head.root, &err),
        ERR_NOTFOUND, err);
    store_close(store);
    scene_close(s);
    free(s);
}

static int page_count(struct store *store)
{
    sqlite3_stmt *q = NULL;
    int pages;

    assert_int_equal(
        sqlite3_prepare_v2(store->db, "PRAGMA page_count", -1, &q, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    pages = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return pages;
}

/* At every page the disk may be full: the turn is refused as a whole, and
 * when there is room again everything goes on. */
static void a_full_disk_refuses_whole_turns_and_loses_nothing(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store *store;
    uint64_t findings = 1;
    struct error err = {0};
    int pages, failed = 0;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    scene_story(s, 2);
    store = scene_store(scene_path("full"), PROVINCE);
    scene_give_all(s, store);
    for (pages = 0; pages < 60; pages++) {
        struct store_integrate_options options = {
            .now = now_of("2024-11-30"), .max_events = 8, .verify_here = true};
        struct store_integrated done;
        char sql[96];
        int rc;

        /* One page more than there are, or two ..., in turns. */
        (void)snprintf(sql, sizeof(sql),
                       "PRAGMA max_page_count = 1; PRAGMA max_page_count = %d",
                       pages % 4 == 3 ? 1000000
                                      : page_count(store) + pages % 4);
        assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL),
                         SQLITE_OK);
        assert_ok(store_begin(store, &err), err);
        rc = store_integrate(store, &options, &done, &err);
        if (rc != 0) {
            assert_int_equal(rc, ERR_LIMIT);
            assert_err_says(err, "disk is full");
            failed++;
            store_rollback(store);
        } else {
            assert_ok(store_commit(store, &err), err);
        }
    }
    assert_true(failed > 0);
    assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 1000000",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    scene_settle(store, "2024-11-30");
    assert_ok(
        store_check(store,
                    &(struct store_check_options){.now = now_of("2024-11-30")},
                    &findings, &err),
        err);
    assert_int_equal(findings, 0);
    store_close(store);
    scene_close(s);
    free(s);
}

static void notes_are_kept_by_kind(void **state)
{
    struct store *store = open_new(":memory:");
    struct store_token token = {.current = {1}, .previous = {2}, .seen = true};
    struct store_token read;
    struct store_peer peer;
    struct event_id id = {{7}}, found;
    struct error err = {0};

    (void)state;
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_token_put(store, 5, &token, &err), err);
    assert_ok(store_import_put(store, "HS-01", &id, &err), err);
    assert_ok(store_peer_refuse(store, 9, "a log that is not yours", 100, &err),
              err);
    assert_ok(store_peer_refuse(store, 9, "again", 200, &err), err);
    assert_ok(store_commit(store, &err), err);
    assert_ok(store_token_get(store, 5, &read, &err), err);
    assert_memory_equal(&read, &token, sizeof(token));
    assert_err(store_token_get(store, 6, &read, &err), ERR_NOTFOUND, err);
    assert_ok(store_import_find(store, "HS-01", &found, &err), err);
    assert_true(event_id_equal(&found, &id));
    assert_err(store_import_find(store, "HS-02", &found, &err), ERR_NOTFOUND,
               err);
    assert_ok(store_peer_get(store, 9, &peer, &err), err);
    assert_int_equal(peer.refused, 2);
    assert_string_equal(peer.refusal, "again");
    store_close(store);
}

static void a_backup_is_a_whole_store(void **state)
{
    struct store *store = open_new(scene_path("live"));
    char copy[600];
    struct error err = {0};

    (void)state;
    (void)snprintf(copy, sizeof(copy), "%s", scene_path("copy"));
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_self_set(store, 62, &err), err);
    assert_ok(store_commit(store, &err), err);
    assert_ok(store_backup(store, copy, NULL, &err), err);
    assert_err(store_backup(store, copy, NULL, &err), ERR_USAGE, err);
    store_close(store);
    store = open_new(copy);
    assert_int_equal(store_self(store), 62);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_file_that_is_not_ours_is_refused),
        cmocka_unit_test(a_write_needs_a_transaction_and_a_rollback_undoes_it),
        cmocka_unit_test(the_file_is_hardened),
        cmocka_unit_test(a_stream_of_commits_is_written_back_at_4_mib),
        cmocka_unit_test(no_statement_reads_a_big_table_whole),
        cmocka_unit_test(a_segment_must_begin_where_the_log_ends),
        cmocka_unit_test(roots_and_proofs_come_from_hashes_alone),
        cmocka_unit_test(a_full_disk_refuses_whole_turns_and_loses_nothing),
        cmocka_unit_test(notes_are_kept_by_kind),
        cmocka_unit_test(a_backup_is_a_whole_store),
    };
    return TEST_RUN(tests);
}
