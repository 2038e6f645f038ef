/* Stores of older programs: for each schema there ever was, a store with the
 * scene's year as that schema had it is opened by this program, lands at the
 * newest schema, holds the same, counts the same and has no findings. */
#include "tests/store/scene.h"

#include <sqlite3.h>

#include "store/migrations.gen.h"

#define ASOF "2024-11-30"
#define NUMBERS 5u /* since then records have a number of their own */

static void run(sqlite3 *db, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%.120s: %s", sql, why);
    }
}

static char *text_of(sqlite3 *db, const char *sql, const char *table)
{
    sqlite3_stmt *q = NULL;
    char *text = NULL;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    sqlite3_bind_text(q, 1, table, -1, SQLITE_STATIC);
    if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_text(q, 0) != NULL) {
        text = sqlite3_mprintf("%s", sqlite3_column_text(q, 0));
    }
    sqlite3_finalize(q);
    return text;
}

/* What the newer store has in a table of the older one, if that has no column
 * that is gone since; the rest is derived, and is derived again. */
static void table_copy(sqlite3 *db, const char *table)
{
    char *gone =
        text_of(db,
                "SELECT group_concat(name) FROM pragma_table_info(?1) WHERE "
                "name NOT IN (SELECT name FROM pragma_table_info(?1, 'newer'))",
                table);
    char *columns = text_of(
        db, "SELECT group_concat(name) FROM pragma_table_info(?1)", table);

    if (gone == NULL && columns != NULL) {
        char *sql = sqlite3_mprintf("INSERT OR REPLACE INTO main.%s (%s) "
                                    "SELECT %s FROM newer.%s",
                                    table, columns, columns, table);

        run(db, sql);
        sqlite3_free(sql);
    }
    sqlite3_free(gone);
    sqlite3_free(columns);
}

/* The store at `from` as a program with `version` migrations would have it. */
static void make_older(const char *from, const char *path, size_t version)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    char sql[700];

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run(db, "PRAGMA application_id = 0x71636463");
    for (size_t i = 0; i < version; i++) {
        run(db, (const char *)migrations[i].sql);
    }
    (void)snprintf(sql, sizeof(sql),
                   "PRAGMA user_version = %zu; ATTACH '%s' AS newer", version,
                   from);
    run(db, sql);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM main.sqlite_master WHERE type = "
                           "'table' AND name NOT LIKE 'search%' AND name NOT "
                           "LIKE 'sqlite%' AND name IN (SELECT name FROM "
                           "newer.sqlite_master)",
                           -1, &q, NULL),
        SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        table_copy(db, (const char *)sqlite3_column_text(q, 0));
    }
    sqlite3_finalize(q);
    if (version < NUMBERS) {
        run(db, "INSERT INTO main.record_units (unit, subject) SELECT u.unit, "
                "r.subject FROM newer.record_units u JOIN newer.records r ON "
                "r.number = u.record");
    }
    run(db, "UPDATE meta SET value = x'0000000000000001' "
            "WHERE name = 'program'; DETACH newer");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int say(void *data, const struct store_finding *finding)
{
    (void)data;
    print_message("finding: %s\n", finding->what);
    return 0;
}

static void every_older_store_opens_and_shows_the_same(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store_check_options options = {.now = now_of(ASOF), .visit = say};
    char newest[600];
    struct store *store;
    struct error err = {0};
    uint64_t findings;
    char *before;

    (void)state;
    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    scene_story(s, 2);
    scene_flush(s);
    (void)snprintf(newest, sizeof(newest), "%s", scene_path("newest"));
    store = scene_store(newest, PROVINCE);
    scene_give_all(s, store);
    scene_settle(store, ASOF);
    before = scene_dump(store);
    assert_true(strlen(before) > 1000);
    store_close(store);
    for (size_t version = 1; version < migrations_len; version++) {
        char path[600];
        struct store_options open = {.path = path};
        char *after;

        print_message("schema %zu\n", version);
        (void)snprintf(path, sizeof(path), "%s", scene_path("older"));
        make_older(newest, path, version);
        assert_ok(store_open(&open, &store, &err), err);
        scene_settle(store, ASOF);
        after = scene_dump(store);
        assert_string_equal(before, after);
        findings = 0;
        assert_ok(store_check(store, &options, &findings, &err), err);
        assert_int_equal(findings, 0);
        store_close(store);
        free(after);
    }
    free(before);
    scene_close(s);
    free(s);
}

static char *schema_of(const char *path)
{
    sqlite3 *db = NULL;
    char *text;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    text = text_of(db,
                   "SELECT group_concat(n || ': ' || s, char(10)) FROM (SELECT "
                   "m.name AS n, group_concat(i.name || ' ' || i.type, ', ') "
                   "AS s FROM sqlite_master m JOIN pragma_table_info(m.name) i "
                   "GROUP BY m.name ORDER BY m.name)",
                   "");
    sqlite3_close(db);
    return text;
}

/* An empty old store, brought forward, has the tables of a new one. */
static void an_older_schema_becomes_that_of_a_new_store(void **state)
{
    char newest[600], first[600];
    struct store_options open = {.path = first};
    struct error err = {0};
    struct store *store;
    char *fresh, *brought;

    (void)state;
    (void)snprintf(newest, sizeof(newest), "%s", scene_path("newest"));
    (void)snprintf(first, sizeof(first), "%s", scene_path("first"));
    store = scene_store(newest, PROVINCE);
    store_close(store);
    make_older(newest, first, 1);
    assert_ok(store_open(&open, &store, &err), err);
    store_close(store);
    fresh = schema_of(newest);
    brought = schema_of(first);
    assert_string_equal(fresh, brought);
    sqlite3_free(fresh);
    sqlite3_free(brought);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_older_store_opens_and_shows_the_same),
        cmocka_unit_test(an_older_schema_becomes_that_of_a_new_store),
    };
    return TEST_RUN(tests);
}
