/* Joining again, done in the wrong order or by two hands: what others cosigned
 * is not cut off, and nobody takes a place that was given away meanwhile. */
#include "tests/node/top.h"

#include <stdlib.h>

#include "node/invite.h"
#include "node/keys.h"
#include "node/tree.h"
#include "store/log.h"

#define CHILD 11u

static struct error err;
static struct arena kept; /* the turn's goes with every commit */

/* A machine with keys of its own asks for the place; with `keep` it keeps the
 * log keys of another one. */
static struct invited asked(enum rejoin_reason reason, struct keys *keys,
                            const struct keys *keep)
{
    struct invited invited = {.state = INVITED_ASKED,
                              .reason = reason,
                              .node = CHILD,
                              .has_dir = true};
    struct frame_join_request request;

    struct box_secret recovery;

    keys_generate(keys);
    assert_ok(keys_add_unit(keys, 2011, &recovery, &err), err);
    if (keep != NULL) {
        keys->log = keep->log;
        keys->dir_log = keep->dir_log;
    }
    assert_ok(join_request_make(keys, engine->config->realm, CHILD, &kept,
                                &request, &err),
              err);
    invited.curve = keys->curve.pub;
    invited.request = request.request;
    invited.signatures = request.signatures;
    return invited;
}

static int confirm(struct invited *invited)
{
    struct box_public one_time;
    int rc;

    crypto_random(&one_time, sizeof(one_time));
    assert_ok(engine_write(engine, &err), err);
    rc = invite_certify(engine, &one_time, invited, &err);
    if (rc != 0) {
        engine_undo(engine);
    } else {
        assert_ok(engine_commit(engine, &err), err);
    }
    return rc;
}

static struct store_log log_of(bool dir, uint32_t epoch)
{
    struct origin origin = {CHILD, epoch, dir};
    const struct dir_epoch *known =
        directory_epoch(engine_directory(engine), CHILD, dir, epoch);
    struct store_log log;

    assert_non_null(known);
    assert_ok(log_open(engine, &origin, &known->key, &log, &err), err);
    return log;
}

static void a_log_of_which_others_hold_more_is_not_ended(void **state)
{
    static struct keys first, second;
    struct invited invited = asked(REJOIN_NONE, &first, NULL);
    struct store_held held = {.node = 0};
    struct store_held rows[16];
    size_t len = 0;

    (void)state;
    assert_ok(confirm(&invited), err);
    assert_ok(engine_write(engine, &err), err);
    held.log = log_of(false, 1).id;
    for (uint32_t node = 20; node < 60; node++) { /* many cosign it */
        held.node = node;
        held.head.size = node == 55 ? 5 : 0;
        assert_ok(store_held_put(engine->store, &held, &err), err);
    }
    assert_ok(engine_commit(engine, &err), err);
    assert_ok(store_held_list(engine->store, held.log, 39, rows, TEST_LEN(rows),
                              &len, &err),
              err);
    assert_int_equal(len, TEST_LEN(rows)); /* the next ask goes on behind 55 */
    assert_int_equal(rows[0].node, 40);
    assert_int_equal(rows[15].head.size, 5);
    invited = asked(REJOIN_DISK_LOST, &second, NULL);
    assert_err(confirm(&invited), ERR_BUSY, err);
    assert_err_says(err, "0 events are here and 5 elsewhere");
    assert_null(directory_epoch(engine_directory(engine), CHILD, false, 2));
    invited.reason = REJOIN_MIRRORS_LOST; /* a person says so */
    assert_ok(confirm(&invited), err);
    assert_non_null(directory_epoch(engine_directory(engine), CHILD, false, 2));
}

static void of_two_machines_invited_one_takes_the_place(void **state)
{
    static struct keys first, second;
    struct invited one = asked(REJOIN_NONE, &first, NULL);
    struct invited other = asked(REJOIN_NONE, &second, NULL);

    (void)state;
    assert_ok(confirm(&one), err);
    assert_err(confirm(&other), ERR_CONFLICT, err);
    assert_err_says(err, "certified meanwhile");
}

static void a_rotation_confirmed_after_a_new_epoch_is_refused(void **state)
{
    static struct keys first, rotated, fresh;
    struct invited invited = asked(REJOIN_NONE, &first, NULL);
    struct invited rotation;

    (void)state;
    assert_ok(confirm(&invited), err);
    rotation = asked(REJOIN_ROTATE, &rotated, &first);
    invited = asked(REJOIN_DISK_LOST, &fresh, NULL);
    assert_ok(confirm(&invited), err);
    assert_err(confirm(&rotation), ERR_UNTRUSTED, err);
    assert_err_says(err, "a rotation keeps the log's key");
}

static void what_is_filled_in_names_the_newest_directory_log(void **state)
{
    static struct keys first, fresh;
    static char policy[8192];
    struct invited invited = asked(REJOIN_NONE, &first, NULL);
    struct buf out = buf_over(policy, sizeof(policy) - 1);
    struct field_pair facts[8] = {{"node", "11"}, {"dir", "true"}};
    size_t len = 2;

    (void)state;
    assert_ok(confirm(&invited), err);
    invited = asked(REJOIN_DISK_LOST, &fresh, NULL);
    assert_ok(confirm(&invited), err);
    assert_int_equal(staged_origin(engine, CHILD, true).epoch, 2);
    assert_int_equal(staged_origin(engine, CHILD, false).epoch, 2);
    (void)log_of(true, 2);
    assert_ok(tree_complete(engine, event_type_find(EVENT_LOG_ENDED), facts,
                            &len, 8, &engine->turn, &err),
              err);
    assert_string_equal(facts[2].path, "epoch");
    assert_string_equal(facts[2].value, "2");
    assert_ok(engine_policy(engine, &out, &err), err);
    policy[out.len] = '\0';
    assert_non_null(strstr(policy, "log thu/11/dir/e1+"));
    assert_non_null(strstr(policy, "log thu/11/dir/e2+"));
    assert_non_null(strstr(policy, "log thu/11/e2+"));
}

static int release(void **state)
{
    (void)state;
    arena_release(&kept);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_log_of_which_others_hold_more_is_not_ended, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            of_two_machines_invited_one_takes_the_place, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_rotation_confirmed_after_a_new_epoch_is_refused, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            what_is_filled_in_names_the_newest_directory_log, top_open,
            top_close),
    };

    return arena_new(&kept, (size_t)1 << 20, &err) != 0
               ? 1
               : cmocka_run_group_tests(tests, NULL, release);
}
