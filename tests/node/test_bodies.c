/* Private bodies on their way: who may say that one was erased. */
#include "tests/node/top.h"

#include "store/store_internal.h"
#include "store/wanted.h"

static struct error err;
static const struct event_id wanted = {{7}};

static enum store_wanted_state state_now(void)
{
    enum store_wanted_state now = STORE_WANTED_HERE;

    assert_ok(store_wanted_find(engine->store, &wanted, &now, &err), err);
    return now;
}

/* An Erased that is held, and not approved here yet. */
#define ORDERED                                                                \
    "INSERT INTO erasures (event, audience, subject, erased, acts) VALUES "    \
    "(x'07000000000000000000000000000000', 2, "                                \
    "x'07000000000000000000000000000000', "                                    \
    "x'09000000000000000000000000000000', 0)"

static void run(const char *sql)
{
    assert_ok(engine_write(engine, &err), err);
    assert_int_equal(sqlite3_exec(engine->store->db, sql, NULL, NULL, NULL),
                     SQLITE_OK);
    assert_ok(engine_commit(engine, &err), err);
}

static void erased_says(struct peer *peer)
{
    const struct frame_body said = {.event = wanted, .erased = true};
    const struct link_action action = {.kind = LINK_DO_BODY, .body = &said};

    bodies_frame(engine, peer, &action);
}

static void erased_counts_from_whom_was_asked_and_beside_an_order(void **state)
{
    struct peer stranger = {.node = 12, .used = true};
    struct peer asked = {.node = 11, .used = true};

    (void)state;
    run("INSERT INTO wanted_bodies (event, node) VALUES "
        "(x'07000000000000000000000000000000', 11)");
    erased_says(&stranger);
    assert_int_equal(state_now(), STORE_WANTED);
    stranger.bodies.asked[0] = (struct event_id){{8}}; /* of another one */
    stranger.bodies.open = 1;
    erased_says(&stranger);
    assert_int_equal(state_now(), STORE_WANTED);
    assert_int_equal(stranger.bodies.open, 1); /* still to be answered */
    asked.bodies.asked[0] = wanted;
    asked.bodies.open = 1;
    erased_says(&asked);
    assert_int_equal(state_now(), STORE_WANTED); /* nobody ordered it */
    assert_int_equal(asked.bodies.open, 0);
    run(ORDERED);
    asked.bodies.asked[0] = wanted;
    asked.bodies.open = 1;
    erased_says(&asked);
    assert_int_equal(state_now(), STORE_WANTED_ERASED);
    assert_int_equal(asked.bodies.open, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            erased_counts_from_whom_was_asked_and_beside_an_order, top_open,
            top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
