/* The reading thread: a check as a job, of one moment, beside the writer; run
 * by the tsan preset too. */
#include "tests/store/scene.h"

#include <sqlite3.h>
#include <unistd.h>
#include <zmq.h>

#include "node/reader.h"
#include "store/check.h"

#define ASOF "2025-03-01"
#define WAIT_MS 60000

static struct error err;
static struct scene *scene;
static struct store *writer;
static struct reader *reader;
static void *context;
static const char *path;

static int open_scene(void **state)
{
    (void)state;
    memset(&err, 0, sizeof(err));
    scene = calloc(1, sizeof(*scene));
    context = zmq_ctx_new();
    if (scene == NULL || context == NULL) {
        return -1;
    }
    scene_open(scene);
    scene_found(scene);
    scene_story(scene, 2);
    scene_flush(scene);
    path = scene_path("reader");
    writer = scene_store(path, PROVINCE);
    scene_give_all(scene, writer);
    scene_settle(writer, ASOF);
    return reader_open(context, path, &reader, &err);
}

static int close_scene(void **state)
{
    (void)state;
    reader_close(reader);
    reader = NULL;
    store_close(writer);
    scene_close(scene);
    free(scene);
    return zmq_ctx_term(context);
}

static const struct reader_job *await(uint64_t number)
{
    const struct reader_job *job = reader_find(reader, number);

    while (job != NULL && job->state == READER_RUNS) {
        zmq_pollitem_t item = {.socket = reader_socket(reader),
                               .events = ZMQ_POLLIN};

        assert_true(zmq_poll(&item, 1, WAIT_MS) > 0);
        reader_take(reader);
        job = reader_find(reader, number);
    }
    assert_non_null(job);
    return job;
}

static uint64_t begin(void)
{
    uint64_t number = 0;

    assert_ok(reader_check(reader, now_of(ASOF), &number, &err), err);
    return number;
}

static void a_check_is_a_job_that_ends_sound(void **state)
{
    const struct reader_job *job;

    (void)state;
    assert_null(reader_find(reader, 0));
    assert_null(reader_find(reader, 1));
    job = await(begin());
    assert_int_equal(job->number, 1);
    assert_int_equal(job->state, READER_DONE);
    assert_int_equal(job->found, 0);
    assert_int_equal(job->findings_len, 0);
}

static void a_second_request_joins_the_job_under_way(void **state)
{
    uint64_t first = begin();
    uint64_t second = begin();

    (void)state;
    assert_int_equal(first, second);
    (void)await(first);
    assert_int_equal(begin(), first + 1);
    (void)await(first + 1);
}

static void write_notes(void)
{
    uint32_t left = 0;

    for (int i = 0; i < 20; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "note-%d", i);
        assert_ok(store_begin(writer, &err), err);
        assert_ok(store_meta_put(writer, name, span_str("a value"), &err), err);
        assert_ok(store_commit(writer, &err), err);
        assert_ok(store_tidy(writer, false, &left, &err), err);
    }
}

/* The writer goes on in the middle: a half-written moment is never seen. */
static void what_is_written_meanwhile_is_no_finding(void **state)
{
    const struct reader_job *job;
    uint64_t number = begin();

    (void)state;
    write_notes();
    job = await(number);
    assert_int_equal(job->state, READER_DONE);
    assert_int_equal(job->found, 0);
}

static void a_changed_record_is_a_finding(void **state)
{
    const struct reader_job *job;
    sqlite3 *db = NULL;

    (void)state;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "UPDATE records SET holder = holder + 1 WHERE subject = "
                     "(SELECT min(subject) FROM records)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    (void)sqlite3_close(db);
    job = await(begin());
    assert_int_equal(job->state, READER_DONE);
    assert_true(job->found >= 1); /* its unit's cells differ with it */
    assert_int_equal(job->findings_len, job->found);
    assert_string_equal(job->findings[0].what, "record");
}

static void old_jobs_are_forgotten_and_the_newest_kept(void **state)
{
    uint64_t last = 0;

    (void)state;
    for (unsigned i = 0; i < READER_KEPT; i++) {
        last = begin();
        (void)await(last);
    }
    assert_null(reader_find(reader, last - READER_KEPT));
    assert_non_null(reader_find(reader, last - READER_KEPT + 1));
    assert_null(reader_find(reader, last + READER_KEPT));
}

static void a_store_that_cannot_be_opened_fails_the_job(void **state)
{
    struct reader *other = NULL;
    uint64_t number = 0;
    void *apart = zmq_ctx_new();

    (void)state;
    assert_ok(reader_open(apart, "/nonexistent/store.db", &other, &err), err);
    assert_ok(reader_check(other, now_of(ASOF), &number, &err), err);
    while (reader_find(other, number)->state == READER_RUNS) {
        zmq_pollitem_t item = {.socket = reader_socket(other),
                               .events = ZMQ_POLLIN};

        assert_true(zmq_poll(&item, 1, WAIT_MS) > 0);
        reader_take(other);
    }
    assert_int_equal(reader_find(other, number)->state, READER_FAILED);
    assert_int_equal(reader_find(other, number)->err.code, ERR_IO);
    reader_close(other);
    assert_int_equal(zmq_ctx_term(apart), 0);
}

/* Where a copy goes; nothing is there yet. */
static const char *copy_path(void)
{
    static char copy[600];

    (void)snprintf(copy, sizeof(copy), "%s-copy", path);
    (void)unlink(copy);
    return copy;
}

static void a_copy_is_a_job_beside_the_writer(void **state)
{
    const char *copy = copy_path();
    struct store_check_options check = {.now = now_of(ASOF)};
    struct store_options open = {.path = copy};
    const struct reader_job *job;
    struct store *store = NULL;
    uint64_t number = 0, findings = 1;
    char *here, *there;

    (void)state;
    assert_ok(reader_backup(reader, copy, &number, &err), err);
    write_notes();
    job = await(number);
    assert_int_equal(job->task, READER_BACKUP);
    assert_int_equal(job->state, READER_DONE);
    assert_true(job->total > 4096);
    assert_ok(store_open(&open, &store, &err), err);
    assert_ok(store_check(store, &check, &findings, &err), err);
    assert_int_equal(findings, 0);
    here = scene_dump(writer);
    there = scene_dump(store);
    assert_string_equal(here, there);
    free(here);
    free(there);
    store_close(store);
    assert_int_equal(unlink(copy), 0);
}

static void one_job_at_a_time_and_no_file_is_written_over(void **state)
{
    const char *copy = copy_path();
    uint64_t number = begin(), other = 0;
    const struct reader_job *job;

    (void)state;
    assert_err(reader_backup(reader, copy, &other, &err), ERR_BUSY, err);
    (void)await(number);
    assert_ok(reader_backup(reader, path, &other, &err), err);
    assert_int_equal(other, number + 1);
    assert_err(reader_check(reader, now_of(ASOF), &number, &err), ERR_BUSY,
               err);
    job = await(other);
    assert_int_equal(job->state, READER_FAILED);
    assert_int_equal(job->err.code, ERR_USAGE);
    assert_int_equal(access(copy, F_OK), -1);
}

static void a_copy_that_was_interrupted_leaves_nothing(void **state)
{
    const char *copy = copy_path();
    struct reader *other = NULL;
    struct store_options open = {.path = copy, .read_only = true};
    struct store *store = NULL;
    uint64_t number = 0;
    void *apart = zmq_ctx_new();

    (void)state;
    assert_ok(reader_open(apart, path, &other, &err), err);
    assert_ok(reader_backup(other, copy, &number, &err), err);
    reader_close(other);
    assert_int_equal(zmq_ctx_term(apart), 0);
    if (access(copy, F_OK) == 0) { /* it was quicker: then it is whole */
        assert_ok(store_open(&open, &store, &err), err);
        store_close(store);
        (void)unlink(copy);
    }
}

static void closing_ends_a_job_under_way(void **state)
{
    struct reader *other = NULL;
    uint64_t number = 0;
    void *apart = zmq_ctx_new();

    (void)state;
    assert_ok(reader_open(apart, path, &other, &err), err);
    assert_ok(reader_check(other, now_of(ASOF), &number, &err), err);
    reader_close(other);
    reader_close(NULL);
    assert_int_equal(zmq_ctx_term(apart), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_is_a_job_that_ends_sound),
        cmocka_unit_test(a_second_request_joins_the_job_under_way),
        cmocka_unit_test(what_is_written_meanwhile_is_no_finding),
        cmocka_unit_test(old_jobs_are_forgotten_and_the_newest_kept),
        cmocka_unit_test(a_store_that_cannot_be_opened_fails_the_job),
        cmocka_unit_test(a_copy_is_a_job_beside_the_writer),
        cmocka_unit_test(one_job_at_a_time_and_no_file_is_written_over),
        cmocka_unit_test(a_copy_that_was_interrupted_leaves_nothing),
        cmocka_unit_test(a_changed_record_is_a_finding),
        cmocka_unit_test(closing_ends_a_job_under_way),
    };

    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
