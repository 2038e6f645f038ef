/* The turn to a new epoch: what went back to the spool, what waited in it, and
 * what is recorded afterwards each have a number of their own. */
#include "tests/store/scene.h"

#include "store/epoch.h"
#include "store/spool.h"
#include "store/store_internal.h"

static struct error err;

static struct span petition(struct scene *s, struct span *bodies)
{
    struct scene_event event = {.node = COMMUNE_A,
                                .type = EVENT_PETITION_RECEIVED,
                                .on = "2024-05-06",
                                .facts = {{"channel", "counter"},
                                          {"kind", "proposal"},
                                          {"field", "land"},
                                          {"person_known", "true"}}};
    struct event_id id;

    return scene_sign(s, &event, &id, bodies);
}

static uint64_t append(struct scene *s, struct store *store)
{
    struct span bodies;
    struct span leaf = petition(s, &bodies);
    uint64_t number = 0;

    assert_ok(store_spool_append(store, false, leaf, bodies, &number, &err),
              err);
    return number;
}

static uint64_t last_number(struct store *store)
{
    sqlite3_stmt *q = NULL;
    uint64_t last;

    assert_int_equal(sqlite3_prepare_v2(store->db,
                                        "SELECT max(number) FROM spool", -1, &q,
                                        NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    last = (uint64_t)sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return last;
}

static void no_number_of_the_spool_is_given_out_twice(void **state)
{
    static struct scene scene;
    struct store_epoch turning = {.is_dir = false};
    struct span bodies;
    struct store *store;
    uint64_t orphans = 0;
    uint64_t last;

    (void)state;
    scene_open(&scene);
    scene_found(&scene);
    scene_day(&scene, "2024-05-06");
    scene_flush(&scene);
    store = scene_store(scene_path("epoch"), COMMUNE_A);
    scene_give_all(&scene, store);
    assert_ok(store_begin(store, &err), err);
    (void)append(&scene, store); /* they wait while the epoch turns */
    (void)append(&scene, store);
    turning.first = petition(&scene, &bodies);
    assert_ok(store_epoch_begin(store, &turning, &orphans, &err), err);
    last = last_number(store);
    /* All of it is sequenced and leaves the spool. */
    assert_int_equal(
        sqlite3_exec(store->db, "DELETE FROM spool", NULL, NULL, NULL),
        SQLITE_OK);
    assert_true(append(&scene, store) > last);
    store_rollback(store);
    store_close(store);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_number_of_the_spool_is_given_out_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
