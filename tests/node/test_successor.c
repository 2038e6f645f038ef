/* The root key's words on who leads the realm: all are kept, so that a node
 * that was away for two promotions reads both directory logs; in any order,
 * and again after a start. */
#include "tests/node/top.h"

#include <stdio.h>
#include <string.h>

#include "node/bundle.h"
#include "node/setup_internal.h"
#include "node/successor.h"
#include "protocol/base/hex.h"
#include "store/spool.h"

static struct error err;
static struct sign_pair root;
static struct sign_pair dir_keys[5];
static uint8_t kept[5][4096];

static void root_open(void)
{
    char path[256];
    char text[256] = "";
    struct sign_seed seed;
    FILE *in;

    (void)snprintf(path, sizeof(path), "%.200s/../root.key", top_config.dir);
    in = fopen(path, "re");
    assert_non_null(in);
    assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
    assert_int_equal(fclose(in), 0);
    assert_ok(
        hex_decode(span_make((const uint8_t *)strstr(text, "seed ") + 5, 64),
                   &seed, sizeof(seed), &err),
        err);
    sign_pair_from(&root, &seed);
}

/* The word on an epoch, as a promotion has it signed; it stays in no spool. */
static struct span word_of(uint32_t epoch)
{
    struct sign_pair own = engine->keys.dir_log;
    struct store_spooled spooled[64];
    struct succession next = {.standby = 90,
                              .epoch = epoch,
                              .numbers_first = 1,
                              .numbers_last = 9999,
                              .endpoint = "tcp://127.0.0.1:10009",
                              .dir = {.size = 7},
                              .log = {.root = merkle_empty_root()}};
    struct span word;
    size_t len = 0;

    sign_pair_new(&dir_keys[epoch]);
    engine->keys.dir_log = dir_keys[epoch];
    assert_ok(engine_write(engine, &err), err);
    assert_ok(setup_top_certify(engine, &root, true, &next, &err), err);
    assert_ok(store_spool_list(engine->store, true, 0, 1u << 20, &engine->turn,
                               spooled, TEST_LEN(spooled), &len, &err),
              err);
    assert_true(len > 0);
    word = spooled[len - 1].leaf;
    assert_true(word.len <= sizeof(kept[0]));
    memcpy(kept[epoch], word.ptr, word.len);
    word.ptr = kept[epoch];
    engine_undo(engine);
    engine->keys.dir_log = own;
    return word;
}

static void key_is_known(uint32_t epoch)
{
    struct origin origin = {.node = 1, .epoch = epoch, .dir = true};
    struct sign_public key;
    struct log_facts facts;

    assert_true(successor_log(engine, &origin, &key));
    assert_memory_equal(&key, &dir_keys[epoch].pub, sizeof(key));
    assert_ok(log_facts_of(engine, &origin, &facts, &err), err);
    assert_memory_equal(&facts.key, &dir_keys[epoch].pub, sizeof(key));
}

static void start_again(void)
{
    engine_close(engine);
    assert_ok(engine_open(&top_config, &engine, &err), err);
}

static void take(struct span word)
{
    assert_ok(successor_take(engine, word, &err), err);
    assert_ok(engine_commit(engine, &err), err);
}

static void every_word_is_kept_in_whatever_order(const uint32_t order[3])
{
    struct span words[5];

    root_open();
    for (uint32_t epoch = 2; epoch <= 4; epoch++) {
        words[epoch] = word_of(epoch);
    }
    for (size_t i = 0; i < 3; i++) {
        take(words[order[i]]);
        take(words[order[i]]); /* again: known */
    }
    for (int again = 0; again < 2; again++) {
        struct origin other = {.node = 1, .epoch = 5, .dir = true};
        struct sign_public key;

        assert_int_equal(engine->successor.epoch, 4);
        assert_int_equal(engine->before_len, 2);
        for (uint32_t epoch = 2; epoch <= 4; epoch++) {
            key_is_known(epoch);
            assert_int_equal(successor_epoch_after(engine, epoch),
                             epoch == 4 ? 0 : epoch + 1);
        }
        assert_int_equal(successor_epoch_after(engine, 0), 2);
        assert_false(successor_log(engine, &other, &key));
        start_again();
    }
}

static void two_promotions_heard_of_the_older_first(void **state)
{
    static const uint32_t order[] = {2, 3, 4};

    (void)state;
    every_word_is_kept_in_whatever_order(order);
}

static void the_newest_first_hides_none_before(void **state)
{
    static const uint32_t order[] = {4, 2, 3};

    (void)state;
    every_word_is_kept_in_whatever_order(order);
}

static void a_word_of_another_root_key_is_refused(void **state)
{
    struct span word;

    (void)state;
    sign_pair_new(&root);
    word = word_of(2);
    assert_err(successor_take(engine, word, &err), ERR_UNTRUSTED, err);
    assert_int_equal(engine->successor.epoch, 0);
}

/* From either side; it says whose keys come before the log that does. */
static void a_stick_brings_a_word_from_above_and_from_below(void **state)
{
    struct bundle_job job = {.fd = -1, .head = {.from = 2}};
    struct frame frame = {.kind = FRAME_SUCCESSOR};
    struct sign_public sender;
    struct box_public receiver;

    (void)state;
    root_open();
    assert_null(successor_ahead(engine, 1));
    frame.successor = word_of(2);
    assert_true(bundle_frame_fits(&job, &frame));
    job.up = true;
    assert_true(bundle_frame_fits(&job, &frame));
    assert_ok(bundle_word_take(engine, &job, &frame, &err), err);
    assert_ok(engine_commit(engine, &err), err);
    assert_string_equal(job.status.note, "");
    assert_ptr_equal(successor_ahead(engine, 1), &engine->successor);
    assert_null(successor_ahead(engine, 2));
    assert_true(bundle_sender_key(engine, 1, &sender));
    assert_memory_equal(&sender, &engine->keys.actor.pub, sizeof(sender));
    assert_true(bundle_receiver_key(engine, 1, &receiver));
    assert_memory_equal(&receiver, &engine->keys.curve.pub, sizeof(receiver));
    assert_false(bundle_sender_key(engine, 2, &sender));
}

static void a_false_word_on_a_stick_is_shown_and_holds_nothing_up(void **state)
{
    struct bundle_job job = {.fd = -1, .head = {.from = 2}};
    struct frame frame = {.kind = FRAME_SUCCESSOR};

    (void)state;
    sign_pair_new(&root);
    frame.successor = word_of(2);
    assert_ok(bundle_word_take(engine, &job, &frame, &err), err);
    assert_string_equal(job.status.note,
                        "a word about who leads the realm that the root key "
                        "did not sign");
    assert_int_equal(engine->successor.epoch, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_promotions_heard_of_the_older_first,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(the_newest_first_hides_none_before,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(a_word_of_another_root_key_is_refused,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_stick_brings_a_word_from_above_and_from_below, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            a_false_word_on_a_stick_is_shown_and_holds_nothing_up, top_open,
            top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
