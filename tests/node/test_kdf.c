/* Passwords hashed beside the loop: one at a time, each key to its asker, once.
 * Small parameters: what is tested is the handing over. */
#include "tests/support/test.h"

#include <zmq.h>

#include "node/kdf.h"

#define WAIT_MS 30000

static struct error err;
static struct kdf *kdf;
static void *context;

static int open_kdf(void **state)
{
    (void)state;
    memset(&err, 0, sizeof(err));
    context = zmq_ctx_new();
    return crypto_start(&err) != 0 ? -1 : kdf_open(context, &kdf, &err);
}

static int close_kdf(void **state)
{
    (void)state;
    kdf_close(kdf);
    return zmq_ctx_term(context);
}

static struct kdf_ask ask_for(const char *password, bool fresh)
{
    return (struct kdf_ask){.password = span_str(password),
                            .memory_kib = 8192,
                            .passes = 1,
                            .fresh = fresh};
}

static void wait_for_key(void)
{
    zmq_pollitem_t item = {.socket = kdf_socket(kdf), .events = ZMQ_POLLIN};

    assert_true(zmq_poll(&item, 1, WAIT_MS) > 0);
    assert_true(kdf_take(kdf));
}

static void a_key_comes_when_it_is_asked_for_again(void **state)
{
    struct kdf_ask ask = ask_for("mot hai ba bon", true);
    struct kdf_ask again = ask_for("mot hai ba bon", false);
    struct salt salt = {{0}};
    uint8_t key[32];
    uint8_t here[32];

    (void)state;
    assert_int_equal(kdf_key(kdf, &ask, &salt, key, &err), ERR_BUSY);
    assert_true(kdf_waits(kdf));
    assert_false(kdf_waits(kdf));
    wait_for_key();
    assert_ok(kdf_key(kdf, &ask, &salt, key, &err), err);
    assert_false(kdf_waits(kdf));
    /* Without a thread it is computed at once, and is the same. */
    assert_ok(kdf_key(NULL, &again, &salt, here, &err), err);
    assert_memory_equal(key, here, sizeof(key));
    /* Given once: whoever asks now begins anew. */
    assert_int_equal(kdf_key(kdf, &again, &salt, key, &err), ERR_BUSY);
    wait_for_key();
    assert_ok(kdf_key(kdf, &again, &salt, key, &err), err);
    assert_memory_equal(key, here, sizeof(key));
}

static void another_password_waits_for_its_turn(void **state)
{
    struct kdf_ask first = ask_for("mat khau mot", true);
    struct kdf_ask second = ask_for("mat khau hai", true);
    struct salt salt;
    uint8_t key[32];
    uint8_t other[32];

    (void)state;
    (void)kdf_take(kdf);
    assert_int_equal(kdf_key(kdf, &first, &salt, key, &err), ERR_BUSY);
    assert_int_equal(kdf_key(kdf, &second, &salt, other, &err), ERR_BUSY);
    assert_true(kdf_waits(kdf));
    wait_for_key();
    /* The key of the first is not given to the second, nor thrown away. */
    assert_int_equal(kdf_key(kdf, &second, &salt, other, &err), ERR_BUSY);
    assert_ok(kdf_key(kdf, &first, &salt, key, &err), err);
    assert_true(kdf_take(kdf)); /* now who waits may ask again */
    assert_int_equal(kdf_key(kdf, &second, &salt, other, &err), ERR_BUSY);
    wait_for_key();
    assert_ok(kdf_key(kdf, &second, &salt, other, &err), err);
    assert_memory_not_equal(key, other, sizeof(key));
}

static void a_password_too_long_is_refused(void **state)
{
    char text[KDF_PASSWORD_MAX + 2];
    struct kdf_ask ask;
    struct salt salt;
    uint8_t key[32];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ask = ask_for(text, true);
    assert_int_equal(kdf_key(kdf, &ask, &salt, key, &err), ERR_LIMIT);
    assert_false(kdf_waits(kdf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_comes_when_it_is_asked_for_again),
        cmocka_unit_test(another_password_waits_for_its_turn),
        cmocka_unit_test(a_password_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, open_kdf, close_kdf);
}
