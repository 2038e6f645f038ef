/* Delivery queues that were lost or rolled back: numbers may lie, the chain
 * over the events does not. */
#include "tests/support/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/delivery.h"
#include "store/log.h"

#define CHILD 5u
#define PARENT 1u

static char path[64];
static struct store *store;
static struct error err;

static struct event_id event_of(uint8_t n)
{
    struct event_id id = {{0}};

    id.bytes[0] = n;
    return id;
}

/* The parent's queue as rows: the folds that make it are tested elsewhere. */
static void rows_put(const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int open_store(void **state)
{
    struct store_options options = {.path = path, .create = true};

    (void)state;
    snprintf(path, sizeof(path), "/tmp/qcdc-queue-%d.db", (int)getpid());
    memset(&err, 0, sizeof(err));
    return store_open(&options, &store, &err);
}

static int close_store(void **state)
{
    char extra[80];

    (void)state;
    store_close(store);
    unlink(path);
    snprintf(extra, sizeof(extra), "%s-wal", path);
    unlink(extra);
    snprintf(extra, sizeof(extra), "%s-shm", path);
    unlink(extra);
    return 0;
}

static const char three[] =
    "INSERT INTO deliveries (child, number, event) VALUES"
    "(5, 1, x'01000000000000000000000000000000'),"
    "(5, 2, x'02000000000000000000000000000000'),"
    "(5, 3, x'03000000000000000000000000000000')";

/* What a child that took these events, in this order, says. */
static void took(const uint8_t *events, size_t len,
                 uint8_t chain[DELIVERY_CHAIN_SIZE])
{
    uint64_t number = 0;

    assert_ok(store_begin(store, &err), err);
    for (size_t i = 0; i < len; i++) {
        struct event_id id = event_of(events[i]);

        assert_ok(store_delivery_taken_add(store, PARENT, i + 1, &id, &err),
                  err);
    }
    assert_ok(store_delivery_taken(store, PARENT, &number, chain, &err), err);
    assert_int_equal(number, len);
    store_rollback(store);
}

static bool greet(uint64_t number, const uint8_t *chain)
{
    bool anew = false;

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_delivery_greet(store, CHILD, number, chain, &anew, &err),
              err);
    assert_ok(store_commit(store, &err), err);
    return anew;
}

static void numbers_are(uint64_t acked, uint64_t newest)
{
    uint64_t is_acked = 0;
    uint64_t is_newest = 0;

    assert_ok(store_delivery_acked(store, CHILD, &is_acked, &is_newest, &err),
              err);
    assert_int_equal(is_acked, acked);
    assert_int_equal(is_newest, newest);
}

static void the_same_events_are_acknowledged(void **state)
{
    uint8_t chain[DELIVERY_CHAIN_SIZE];
    uint64_t mark = store_delivery_mark(store);

    (void)state;
    rows_put(three);
    took((const uint8_t[]){1, 2}, 2, chain);
    assert_false(greet(2, chain));
    numbers_are(2, 3);
    assert_int_equal(store_delivery_mark(store), mark); /* it is no longer */
}

static void a_queue_with_other_events_goes_again_whole(void **state)
{
    uint8_t chain[DELIVERY_CHAIN_SIZE];
    uint64_t mark = store_delivery_mark(store);

    (void)state;
    rows_put(three);
    took((const uint8_t[]){1, 9}, 2, chain);
    assert_true(greet(2, chain));
    assert_int_not_equal(store_delivery_mark(store), mark);
    numbers_are(2, 5); /* the three are 3, 4, 5 now */
    took((const uint8_t[]){1, 9}, 2, chain);
    assert_false(greet(2, chain)); /* and that is agreed from now on */
    took((const uint8_t[]){1, 9, 1, 2}, 4, chain);
    assert_false(greet(4, chain));
    numbers_are(4, 5);
}

static void a_queue_shorter_than_the_childs_memory_goes_again(void **state)
{
    uint8_t chain[DELIVERY_CHAIN_SIZE];

    (void)state;
    rows_put(three);
    took((const uint8_t[]){1, 2, 3, 4, 5, 6}, 6, chain);
    assert_true(greet(6, chain));
    numbers_are(6, 9);
}

static void the_order_of_the_events_matters(void **state)
{
    uint8_t chain[DELIVERY_CHAIN_SIZE];

    (void)state;
    rows_put(three);
    took((const uint8_t[]){2, 1}, 2, chain);
    assert_true(greet(2, chain));
}

static void a_child_that_was_rolled_back_below_a_new_start(void **state)
{
    uint8_t chain[DELIVERY_CHAIN_SIZE];

    (void)state;
    rows_put(three);
    took((const uint8_t[]){7, 8, 9}, 3, chain);
    assert_true(greet(3, chain));
    numbers_are(3, 6);
    took((const uint8_t[]){7}, 1, chain); /* its image from before */
    assert_true(greet(1, chain));
    numbers_are(1, 4);
}

static void a_number_out_of_turn_is_refused(void **state)
{
    struct event_id id = event_of(1);

    (void)state;
    assert_ok(store_begin(store, &err), err);
    assert_int_equal(store_delivery_taken_add(store, PARENT, 2, &id, &err),
                     ERR_CONFLICT);
    store_rollback(store);
}

/* Behind that place stand events that a bundle brought: no log reaches it. */
static void a_delivery_from_a_place_that_no_log_has_is_refused(void **state)
{
    struct store_log wanted = {
        .origin = "thu/9/e1", .node = 9, .epoch = 1, .mirrored = false};
    struct store_delivery delivery = {.index = UINT64_C(1) << 39};
    struct store_log log;

    (void)state;
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_log_ensure(store, &wanted, &log, &err), err);
    delivery.log = log.id;
    assert_err(store_delivery_take(store, &delivery, &err), ERR_MALFORMED, err);
    assert_err_says(err, "an event at place 549755813888");
    store_rollback(store);
}

/* The next number would be none: every fold with something for that child
 * would fail from then on, and with it the whole node's counting. */
static void a_number_beyond_all_others_is_refused(void **state)
{
    const uint8_t chain[DELIVERY_CHAIN_SIZE] = {1};
    uint64_t number = 0, newest = 0;
    bool anew = false;

    (void)state;
    assert_ok(store_begin(store, &err), err);
    assert_err(
        store_delivery_greet(store, CHILD, INT64_MAX, chain, &anew, &err),
        ERR_MALFORMED, err);
    assert_ok(store_delivery_acked(store, CHILD, &number, &newest, &err), err);
    assert_int_equal(newest, 0);
    assert_ok(store_commit(store, &err), err);
    rows_put("INSERT OR IGNORE INTO deliveries (child, number, event) SELECT 5,"
             " coalesce((SELECT max(number) FROM deliveries WHERE child = 5), "
             "(SELECT base FROM delivery_acks WHERE peer = 5 AND incoming = 0)"
             ", 0) + 1, x'01000000000000000000000000000000'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_number_beyond_all_others_is_refused,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(
            a_delivery_from_a_place_that_no_log_has_is_refused, open_store,
            close_store),
        cmocka_unit_test_setup_teardown(the_same_events_are_acknowledged,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(
            a_queue_with_other_events_goes_again_whole, open_store,
            close_store),
        cmocka_unit_test_setup_teardown(
            a_queue_shorter_than_the_childs_memory_goes_again, open_store,
            close_store),
        cmocka_unit_test_setup_teardown(the_order_of_the_events_matters,
                                        open_store, close_store),
        cmocka_unit_test_setup_teardown(
            a_child_that_was_rolled_back_below_a_new_start, open_store,
            close_store),
        cmocka_unit_test_setup_teardown(a_number_out_of_turn_is_refused,
                                        open_store, close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
