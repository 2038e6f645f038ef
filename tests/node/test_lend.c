/* The store lent to a thread: questions are answered from the moment before,
 * writes wait, and it comes back with the work done. A second writer of the
 * file keeps the thread waiting for as long as the test looks. */
#include "tests/node/top.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "node/lend.h"
#include "store/erase.h"
#include "store/store_parts.h"

#define WAIT_MS 60000

static struct error err;
static sqlite3 *other;

static int lent_open(void **state)
{
    char path[CONFIG_PATH_SIZE];
    int rc = top_open(state);

    if (rc == 0) {
        assert_ok(lend_open(engine, &err), err);
        assert_ok(config_path(&top_config, "store.db", path, &err), err);
        assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
        (void)sqlite3_db_config(other, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                NULL);
    }
    return rc;
}

static int lent_close(void **state)
{
    (void)sqlite3_close(other);
    return top_close(state);
}

static void note_put(const char *value)
{
    assert_ok(engine_write(engine, &err), err);
    assert_ok(store_meta_put(engine->store, "note", span_str(value), &err),
              err);
    assert_ok(engine_commit(engine, &err), err);
}

static void assert_note(const char *value)
{
    struct span note;

    assert_ok(store_meta_get(engine->store, "note", &engine->turn, &note, &err),
              err);
    assert_int_equal(note.len, strlen(value));
    assert_memory_equal(note.ptr, value, note.len);
}

static void hold(void)
{
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
}

static void let_go(void)
{
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL),
                     SQLITE_OK);
}

static void await(void)
{
    struct pollfd item = {.fd = lend_fd(engine), .events = POLLIN};

    assert_int_equal(poll(&item, 1, WAIT_MS), 1);
    assert_true(lend_take(engine));
    assert_false(lend_is_out(engine));
    assert_int_equal(engine_fatal(engine), 0);
}

static void questions_are_answered_and_writes_wait(void **state)
{
    struct store *writer = engine->store;

    (void)state;
    note_put("before");
    hold();
    assert_ok(lend_begin(engine, LEND_REBUILD, &err), err);
    assert_true(lend_is_out(engine));
    assert_true(engine_waits(engine));
    assert_ptr_not_equal(engine->store, writer);
    assert_note("before");
    assert_true(engine_directory(engine)->units_len > 0);
    assert_err(engine_write(engine, &err), ERR_BUSY, err);
    assert_err(lend_begin(engine, LEND_SCRUB, &err), ERR_BUSY, err);
    assert_ok(engine_commit(engine, &err), err);
    assert_false(lend_take(engine));
    let_go();
    await();
    assert_ptr_equal(engine->store, writer);
    assert_false(engine_waits(engine));
    note_put("after");
    assert_note("after");
}

static void the_request_that_asked_is_told_once(void **state)
{
    struct span request = span_str("rebuild-1");

    (void)state;
    hold();
    assert_err(lend_rebuild(engine, request, &err), ERR_BUSY, err);
    assert_err(lend_rebuild(engine, request, &err), ERR_BUSY, err);
    let_go();
    await();
    assert_ok(lend_rebuild(engine, request, &err), err);
    /* Asked anew it is done anew. */
    assert_err(lend_rebuild(engine, request, &err), ERR_BUSY, err);
    await();
}

/* Who holds the file for longer than the thread waits fails the task; the node
 * goes on. */
static void what_fails_is_told_and_nothing_is_lost(void **state)
{
    struct span request = span_str("rebuild-2");

    (void)state;
    note_put("kept");
    hold();
    assert_err(lend_rebuild(engine, request, &err), ERR_BUSY, err);
    await();
    let_go();
    assert_err(lend_rebuild(engine, request, &err), ERR_BUSY, err);
    assert_non_null(strstr(err.text, "another process holds the database"));
    assert_false(lend_is_out(engine));
    assert_note("kept");
}

static void an_erasure_is_made_good_in_two_steps(void **state)
{
    bool due = false;

    (void)state;
    note_put("scrubbed");
    assert_ok(engine_write(engine, &err), err);
    assert_ok(scrub_put(engine->store, SCRUB_FILE, &err), err);
    assert_ok(engine_commit(engine, &err), err);
    erase_scrub(engine);
    assert_true(lend_is_out(engine));
    assert_note("scrubbed");
    await();
    /* The WAL stays while the loop's reader looks: now it goes. */
    assert_ok(store_scrub_due(engine->store, &due, &err), err);
    assert_true(due);
    assert_false(store_scrub_is_long(engine->store));
    erase_scrub(engine);
    assert_false(lend_is_out(engine));
    assert_ok(store_scrub_due(engine->store, &due, &err), err);
    assert_false(due);
    assert_note("scrubbed");
}

/* What the thread's connection does, counted; slow once the node is closing,
 * so that there is something to cut short. */
static atomic_uint steps;
static atomic_bool closing;

static int step_count(void *data)
{
    (void)data;
    atomic_fetch_add(&steps, 1);
    if (atomic_load(&closing)) {
        (void)poll(NULL, 0, 1);
    }
    return 0;
}

/* The folder may go as soon as it is closed: the thread has ended, and not when
 * all of its task was done. */
static void closing_cuts_the_task_short(void **state)
{
    sqlite3 *db = engine->store->db;
    unsigned whole;

    (void)state;
    sqlite3_progress_handler(db, 1, step_count, NULL);
    assert_ok(lend_begin(engine, LEND_REBUILD, &err), err);
    await();
    whole = atomic_exchange(&steps, 0);
    assert_true(whole > 1000);
    atomic_store(&closing, true);
    assert_ok(lend_begin(engine, LEND_REBUILD, &err), err);
    lend_close(engine);
    assert_true(atomic_load(&steps) < whole);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    assert_null(engine->lend);
    assert_int_equal(engine_fatal(engine), 0);
    assert_true(engine_directory(engine)->units_len > 0);
    note_put("closed");
    assert_note("closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_answered_and_writes_wait),
        cmocka_unit_test(the_request_that_asked_is_told_once),
        cmocka_unit_test(what_fails_is_told_and_nothing_is_lost),
        cmocka_unit_test(an_erasure_is_made_good_in_two_steps),
        cmocka_unit_test(closing_cuts_the_task_short),
    };

    return cmocka_run_group_tests(tests, lent_open, lent_close);
}
