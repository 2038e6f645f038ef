/* The verifying threads: many slices of a real store through the pool give
 * the records and cells of a store that verified in its own thread. Run by
 * the tsan preset too. */
#include "tests/store/scene.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <zmq.h>

#include "node/jobs.h"
#include "store/integrate.h"

#define ASOF "2025-03-01"
#define ROUNDS 6
#define WAIT_MS 30000

static struct error err;
static struct scene *scene;
static void *context; /* of one test: an inproc name is free with its end */

static int open_scene(void **state)
{
    (void)state;
    memset(&err, 0, sizeof(err));
    scene = calloc(1, sizeof(*scene));
    if (scene == NULL) {
        return -1;
    }
    scene_open(scene);
    scene_found(scene);
    scene->small = true; /* many segments of few leaves: many slices */
    scene_story(scene, ROUNDS);
    scene_flush(scene);
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    scene_close(scene);
    free(scene);
    return 0;
}

static struct jobs *pool_open(unsigned threads)
{
    struct jobs *jobs = NULL;

    context = zmq_ctx_new();
    assert_non_null(context);
    assert_ok(jobs_open(context, threads, &jobs, &err), err);
    return jobs;
}

static void pool_close(struct jobs *jobs)
{
    jobs_close(jobs);
    assert_int_equal(zmq_ctx_term(context), 0);
}

static void wait_for_one(struct jobs *jobs)
{
    void *sockets[JOBS_THREADS_MAX];
    zmq_pollitem_t items[JOBS_THREADS_MAX];
    size_t len = jobs_sockets(jobs, sockets);

    for (size_t i = 0; i < len; i++) {
        items[i] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    }
    assert_true(zmq_poll(items, (int)len, WAIT_MS) > 0);
}

/* Hands out as much as there is room for; how many slices. */
static size_t give_all(struct jobs *jobs, struct store *store)
{
    size_t given = 0;

    while (jobs_has_room(jobs)) {
        struct store_slice *slice = NULL;

        assert_ok(store_verify_next(store, &slice, &err), err);
        if (slice == NULL) {
            break;
        }
        assert_ok(jobs_give(jobs, slice, &err), err);
        given++;
    }
    return given;
}

static void integrate(struct store *store)
{
    struct store_integrate_options options = {.now = now_of(ASOF)};
    struct store_integrated done;

    do {
        assert_ok(store_integrate(store, &options, &done, &err), err);
    } while (done.more);
}

/* Until nothing is left to verify; how many slices there were. */
static size_t verify_through(struct jobs *jobs, struct store *store)
{
    size_t slices = 0;

    for (;;) {
        struct store_slice *slice;

        assert_ok(store_begin(store, &err), err);
        while ((slice = jobs_take(jobs)) != NULL) {
            assert_ok(store_verify_done(store, slice, &err), err);
        }
        integrate(store); /* certificates give keys to later slices */
        slices += give_all(jobs, store);
        assert_ok(store_commit(store, &err), err);
        if (jobs_under_way(jobs) == 0) {
            return slices;
        }
        wait_for_one(jobs);
    }
}

static void slices_through_the_pool_count_as_verified_here(void **state)
{
    struct store *here = scene_store(scene_path("jobs-here"), PROVINCE);
    struct store *there = scene_store(scene_path("jobs-there"), PROVINCE);
    struct jobs *jobs = pool_open(JOBS_THREADS_MAX);
    size_t slices;
    char *expected;
    char *got;

    (void)state;
    scene_give_all(scene, here);
    scene_settle(here, ASOF);
    expected = scene_dump(here);
    scene_give_all(scene, there);
    slices = verify_through(jobs, there);
    assert_true(slices >= 10);
    pool_close(jobs);
    scene_settle(there, ASOF); /* units; nothing is left to verify */
    got = scene_dump(there);
    assert_true(strlen(expected) > 1000);
    assert_string_equal(got, expected);
    free(expected);
    free(got);
    store_close(here);
    store_close(there);
}

static void a_full_pool_refuses_and_leaves_the_slice_to_the_caller(void **state)
{
    struct store *store = scene_store(scene_path("jobs-full"), PROVINCE);
    struct store_slice *slice = NULL;
    struct jobs *jobs = pool_open(1);
    size_t given;

    (void)state;
    scene_give_all(scene, store);
    given = give_all(jobs, store);
    assert_int_equal(jobs_under_way(jobs), given);
    assert_false(jobs_has_room(jobs)); /* given back only when taken */
    assert_ok(store_verify_next(store, &slice, &err), err);
    assert_non_null(slice);
    assert_int_equal(jobs_give(jobs, slice, &err), ERR_BUSY);
    store_slice_free(slice);
    pool_close(jobs); /* with slices under way: freed */
    store_close(store);
}

static void a_pool_opens_and_closes_idle(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= JOBS_THREADS_MAX; threads++) {
        struct jobs *jobs = pool_open(threads);

        assert_true(jobs_has_room(jobs));
        assert_null(jobs_take(jobs));
        assert_int_equal(jobs_under_way(jobs), 0);
        pool_close(jobs);
    }
    jobs_close(NULL);
}

/* How many threads of this process have exactly `niceness`. */
static size_t threads_of_niceness(int niceness)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    size_t len = 0;

    assert_non_null(tasks);
    while ((task = readdir(tasks)) != NULL) {
        long id = strtol(task->d_name, NULL, 10);

        len += id > 0 && getpriority(PRIO_PROCESS, (id_t)id) == niceness;
    }
    closedir(tasks);
    return len;
}

/* Last of all: a niceness that grew is not taken back without a privilege. */
static void threads_give_way_in_a_process_that_is_nice_itself(void **state)
{
    int before = getpriority(PRIO_PROCESS, 0);
    int loop = before < 6 ? 6 : before;
    int threads = loop + 10 < 19 ? loop + 10 : 19;
    struct jobs *jobs;

    (void)state;
    assert_int_equal(setpriority(PRIO_PROCESS, 0, loop), 0);
    jobs = pool_open(2);
    if (loop < 19) {
        assert_int_equal(threads_of_niceness(threads), 2);
    }
    assert_int_equal(getpriority(PRIO_PROCESS, 0), loop);
    pool_close(jobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_through_the_pool_count_as_verified_here),
        cmocka_unit_test(
            a_full_pool_refuses_and_leaves_the_slice_to_the_caller),
        cmocka_unit_test(a_pool_opens_and_closes_idle),
        cmocka_unit_test(threads_give_way_in_a_process_that_is_nice_itself),
    };

    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
