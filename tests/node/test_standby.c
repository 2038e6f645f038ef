/* A top node's standby seen from below and from an invitation: the one that
 * leads already is not looked for a second time, the next one is. Its link, and
 * an observer's, follow the directory. */
#include "tests/node/top.h"

#include "node/invite.h"
#include "node/keys.h"
#include "node/tree.h"

#define STANDBY 90u

static struct error err;
static struct keys keys;

static void mirror_certify(uint32_t role)
{
    struct invited invited = {.state = INVITED_ASKED,
                              .node = STANDBY,
                              .role = role,
                              .reached = "tcp://127.0.0.1:10002"};
    struct frame_join_request request;
    struct box_public one_time;

    keys_generate(&keys);
    crypto_random(&one_time, sizeof(one_time));
    assert_ok(join_request_make(&keys, engine->config->realm, STANDBY,
                                &engine->turn, &request, &err),
              err);
    invited.curve = keys.curve.pub;
    invited.request = request.request;
    invited.signatures = request.signatures;
    assert_ok(engine_write(engine, &err), err);
    assert_ok(invite_certify(engine, &one_time, &invited, &err), err);
    assert_ok(sequence_spool(engine, 0, &err), err);
    assert_ok(engine_commit(engine, &err), err);
    assert_int_equal(directory_role(engine_directory(engine), STANDBY), role);
}

static void standby_certify(void)
{
    mirror_certify(DIR_ROLE_STANDBY);
    assert_int_equal(directory_standby(engine_directory(engine)), STANDBY);
}

static void the_standby_after_a_promotion_is_looked_for_too(void **state)
{
    char endpoint[CONFIG_TEXT_SIZE];
    struct box_public key;

    (void)state;
    standby_certify();
    assert_true(tree_has_other(engine, 1));
    /* The root key's word came: it is this very machine. */
    engine->successor.epoch = 2;
    engine->successor.node = 1;
    engine->successor.curve_key = keys.curve.pub;
    assert_false(tree_has_other(engine, 1));
    /* The word was of a machine before: this standby is the next. */
    memset(&engine->successor.curve_key, 7,
           sizeof(engine->successor.curve_key));
    assert_true(tree_has_other(engine, 1));
    assert_true(tree_elsewhere(engine, 1, 1, endpoint, &key));
    assert_string_equal(endpoint, "tcp://127.0.0.1:10002");
    assert_memory_equal(&key, &keys.curve.pub, sizeof(key));
    engine->successor.epoch = 0;
}

static void a_standby_invited_again_with_children_is_named_so(void **state)
{
    static char room[4096];
    struct buf line = buf_over(room, sizeof(room));
    struct invite_request request = {
        .node = STANDBY, .has_dir = true, .reason = "disk-lost"};

    (void)state;
    standby_certify();
    assert_err(engine_invite(engine, &request, &line, &err), ERR_USAGE, err);
    assert_err_says(err, "a standby has none");
}

/* An observer that is one no more, or a child that became one. */
static void a_link_is_made_anew_when_a_node_gets_another_role(void **state)
{
    static char link[1];
    struct peer *peer;

    (void)state;
    mirror_certify(DIR_ROLE_OBSERVER);
    peer = peer_place(engine);
    assert_non_null(peer);
    *peer = (struct peer){.used = true,
                          .node = STANDBY,
                          .link = (struct link *)link,
                          .observes = true};
    peer->guards = peer_guards(engine, peer);
    tree_follow(engine);
    assert_false(peer->lost);
    peer->observes = false;
    tree_follow(engine);
    assert_true(peer->lost);
    *peer = (struct peer){.used = false};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_standby_after_a_promotion_is_looked_for_too, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            a_standby_invited_again_with_children_is_named_so, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            a_link_is_made_anew_when_a_node_gets_another_role, top_open,
            top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
