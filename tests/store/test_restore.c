/* A copy put in the place of a store: what was there is never destroyed while
 * it may hold events that nobody else has. */
#include "tests/store/scene.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store/restore.h"
#include "store/spool.h"
#include "store/store_internal.h"

static struct scene scene;
static struct error err;
static const char *path;
static char copy[512];

/* One event that only this machine has. */
static void spool_one(void)
{
    struct store_options options = {.path = path};
    struct scene_event event = {.node = COMMUNE_A,
                                .type = EVENT_PETITION_RECEIVED,
                                .on = "2024-05-06",
                                .facts = {{"channel", "counter"},
                                          {"kind", "proposal"},
                                          {"field", "land"},
                                          {"person_known", "true"}}};
    struct store *store = NULL;
    struct span bodies, leaf;
    struct event_id id;
    uint64_t number;

    leaf = scene_sign(&scene, &event, &id, &bodies);
    assert_ok(store_open(&options, &store, &err), err);
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_spool_append(store, false, leaf, bodies, &number, &err),
              err);
    assert_ok(store_commit(store, &err), err);
    store_close(store);
}

/* A store, a copy of it, and then one event more. */
static int two_made(void **state)
{
    struct store *store;

    (void)state;
    scene_open(&scene);
    scene_found(&scene);
    scene_day(&scene, "2024-05-06");
    scene_flush(&scene);
    (void)snprintf(copy, sizeof(copy), "%s", scene_path("restore-copy"));
    path = scene_path("restore-here");
    store = scene_store(path, COMMUNE_A);
    scene_give_all(&scene, store);
    assert_ok(store_backup(store, copy, NULL, &err), err);
    store_close(store);
    spool_one();
    return 0;
}

static int two_removed(void **state)
{
    static const char *const tails[] = {".replaced", ".replaced-wal",
                                        ".replaced-2"};
    char file[600];

    (void)state;
    for (size_t i = 0; i < TEST_LEN(tails); i++) {
        (void)snprintf(file, sizeof(file), "%s%s", path, tails[i]);
        (void)unlink(file);
    }
    scene_close(&scene);
    return 0;
}

static int put_back(bool force, struct store_restored_report *report)
{
    const struct store_restore restore = {
        .copy = copy, .path = path, .node = COMMUNE_A, .force = force};

    return store_restore(&restore, report, &err);
}

static uint64_t spooled_in(const char *file)
{
    struct store_options options = {.path = file};
    struct store_spool_state spool;
    struct store *store = NULL;

    assert_ok(store_open(&options, &store, &err), err);
    assert_ok(store_spool_state(store, false, &spool, &err), err);
    store_close(store);
    return spool.count;
}

static void overwrite(const char *file, long at, const char *bytes, size_t len)
{
    FILE *out = fopen(file, "r+b");

    assert_non_null(out);
    assert_int_equal(fseek(out, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static void a_damaged_store_is_kept(void **state)
{
    static const char noise[] = "not the head of a data base";
    struct store_restored_report report;
    char head[sizeof(noise)];
    FILE *file;

    (void)state;
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(head, 1, sizeof(head), file), sizeof(head));
    assert_int_equal(fclose(file), 0);
    overwrite(path, 0, noise, sizeof(noise));
    assert_ok(put_back(false, &report), err);
    assert_true(report.unread);
    assert_int_equal(spooled_in(path), 0);
    /* Whoever mends the page gets the event. */
    overwrite(report.kept, 0, head, sizeof(head));
    assert_int_equal(spooled_in(report.kept), 1);
}

static void what_was_kept_before_stays(void **state)
{
    struct store_restored_report first, second;

    (void)state;
    assert_err(put_back(false, &first), ERR_USAGE, err);
    assert_int_equal(first.ahead, 1);
    assert_ok(put_back(true, &first), err);
    spool_one();
    spool_one();
    assert_ok(put_back(true, &second), err);
    assert_string_not_equal(first.kept, second.kept);
    assert_int_equal(spooled_in(first.kept), 1);
    assert_int_equal(spooled_in(second.kept), 2);
}

static void the_store_of_a_newer_program_is_not_replaced(void **state)
{
    struct store_restored_report report;
    sqlite3 *db = NULL;

    (void)state;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA user_version = 4000", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    assert_err(put_back(true, &report), ERR_USAGE, err);
    assert_err_says(err, "newer program");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_damaged_store_is_kept, two_made,
                                        two_removed),
        cmocka_unit_test_setup_teardown(what_was_kept_before_stays, two_made,
                                        two_removed),
        cmocka_unit_test_setup_teardown(
            the_store_of_a_newer_program_is_not_replaced, two_made,
            two_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
