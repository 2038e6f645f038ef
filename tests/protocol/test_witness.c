/* tests: a witness's decisions beyond the shared vectors: its clock, its
 * memory and what it must not sign. */
#include "tests/support/test.h"

#include "protocol/log/witness.h"

#define LEAVES 40u

static struct vkey log_key;
static struct sign_secret log_secret;
static struct witness front;
static struct sign_secret secret;
static struct hash leaves[LEAVES];

static int give_leaf(void *data, unsigned level, uint64_t index,
                     struct hash *hash, struct error *err)
{
    (void)data;
    (void)level;
    (void)err;
    *hash = leaves[index];
    return 0;
}

static int world_make(void **state)
{
    struct sign_seed seed = {{1}};
    struct sign_public pub;
    struct error err = {0};

    (void)state;
    if (crypto_start(&err) != 0) {
        return -1;
    }
    sign_keys(&seed, &pub, &log_secret);
    assert_ok(vkey_make(span_str("kontum/78965/e1"), VKEY_ED25519, &pub,
                        &log_key, &err),
              err);
    seed.bytes[0] = 2;
    sign_keys(&seed, &pub, &secret);
    assert_ok(vkey_make(span_str("front/witness"), VKEY_COSIGNATURE, &pub,
                        &front.key, &err),
              err);
    front.secret = &secret;
    for (uint8_t i = 0; i < LEAVES; i++) {
        leaves[i] = merkle_leaf(span_make(&i, 1));
    }
    return 0;
}

/* A request from `old_size` to `size`, parsed. */
static struct witness_request *request_make(uint64_t old_size, uint64_t size)
{
    static uint8_t room[WITNESS_REQUEST_MAX];
    static struct witness_request request;
    struct merkle_source source = {.subtree = give_leaf};
    struct buf b = buf_over(room, sizeof(room));
    struct checkpoint c = {.origin = log_key.name, .head = {.size = size}};
    struct merkle_path path;
    struct error err = {0};

    assert_ok(merkle_root(&source, size, &c.head.root, &err), err);
    assert_ok(merkle_prove_consistency(&source, old_size, size, &path, &err),
              err);
    buf_put_fmt(&b, "old %u\n", (unsigned)old_size);
    for (size_t i = 0; i < path.count; i++) {
        char text[BASE64_SIZE(32)];

        base64_encode(SPAN_OF(path.hashes[i].bytes), text);
        buf_put_fmt(&b, "%s\n", text);
    }
    buf_put_u8(&b, '\n');
    assert_ok(checkpoint_sign(&c, &log_key, &log_secret, &b, &err), err);
    assert_ok(witness_parse(buf_span(&b), &request, &err), err);
    return &request;
}

static void growth_is_cosigned_and_remembered(void **state)
{
    struct witness_log log;
    struct witness_answer answer;
    struct error err = {0};
    uint64_t size = 0;

    (void)state;
    witness_log_init(&log, &log_key);
    for (uint64_t next = 0; next < LEAVES; next += 1 + next / 3) {
        struct witness_request *request = request_make(size, next);

        assert_int_equal(
            witness_step(&front, request, &log, 1000 + next, &answer, &err),
            WITNESS_OK);
        assert_ok(cosignature_verify(&answer.cosignature, &front.key,
                                     request->note.text, &err),
                  err);
        log = answer.log;
        size = next;
        assert_int_equal(log.head.size, size);
        assert_int_equal(log.time, 1000 + next);
    }
}

static void the_time_of_a_cosignature_never_goes_back(void **state)
{
    struct witness_log log;
    struct witness_answer answer;
    struct error err = {0};

    (void)state;
    witness_log_init(&log, &log_key);
    log.time = 100000;
    assert_int_equal(
        witness_step(&front, request_make(0, 5), &log, 99000, &answer, &err),
        WITNESS_OK);
    assert_int_equal(cosignature_time(&answer.cosignature), 100000);
    assert_int_equal(answer.log.time, 100000);
}

static void a_clock_over_an_hour_behind_signs_nothing(void **state)
{
    uint8_t room[WITNESS_ANSWER_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct witness_log log;
    struct witness_answer answer;
    struct error err = {0};

    (void)state;
    witness_log_init(&log, &log_key);
    log.time = 100000;
    assert_int_equal(witness_step(&front, request_make(0, 5), &log,
                                  100000 - WITNESS_CLOCK_BEHIND_S, &answer,
                                  &err),
                     WITNESS_OK);
    assert_int_equal(witness_step(&front, request_make(0, 5), &log,
                                  100000 - WITNESS_CLOCK_BEHIND_S - 1, &answer,
                                  &err),
                     WITNESS_CLOCK);
    assert_err_says(err, "clock");
    witness_answer_put(&front, &answer, &log, &b);
    assert_int_equal(b.len, 0);
}

static void a_time_that_nobody_could_verify_is_not_signed(void **state)
{
    struct witness_log log;
    struct witness_answer answer;
    struct error err = {0};

    (void)state;
    witness_log_init(&log, &log_key);
    assert_int_equal(witness_step(&front, request_make(0, 5), &log,
                                  UINT64_C(1) << 63, &answer, &err),
                     WITNESS_CLOCK);
}

static void a_rewritten_log_is_refused_as_a_fork(void **state)
{
    struct witness_log log;
    struct witness_answer answer;
    struct error err = {0};

    (void)state;
    witness_log_init(&log, &log_key);
    assert_int_equal(
        witness_step(&front, request_make(0, 11), &log, 1, &answer, &err),
        WITNESS_OK);
    log = answer.log;
    leaves[10].bytes[0] ^= 1;
    struct witness_request *request = request_make(11, 20);

    assert_int_equal(witness_step(&front, request, &log, 2, &answer, &err),
                     WITNESS_REFUSED);
    assert_int_equal(answer.verdict, MERKLE_FORK);
    assert_err_says(err, "contradicts");
    request = request_make(11, 11);
    leaves[10].bytes[0] ^= 1;
    assert_int_equal(witness_step(&front, request, &log, 2, &answer, &err),
                     WITNESS_REFUSED);
    assert_int_equal(answer.verdict, MERKLE_FORK);
}

static void another_logs_state_is_not_used(void **state)
{
    struct witness_log log;
    struct witness_answer answer;
    struct vkey other;
    struct error err = {0};

    (void)state;
    assert_ok(vkey_make(span_str("kontum/1/e1"), VKEY_ED25519, &log_key.key,
                        &other, &err),
              err);
    witness_log_init(&log, &other);
    assert_int_equal(
        witness_step(&front, request_make(0, 5), &log, 1, &answer, &err),
        WITNESS_UNSIGNED);
    assert_int_equal(
        witness_step(&front, request_make(0, 5), NULL, 1, &answer, &err),
        WITNESS_UNKNOWN);
}

static void the_longest_request_and_answer_fit(void **state)
{
    char name[ORIGIN_MAX];
    uint8_t room[WITNESS_ANSWER_MAX];
    struct buf b = buf_over(room, sizeof(room));
    struct witness_log log;
    struct witness_answer answer;
    struct witness longest = {.secret = &secret};
    struct error err = {0};

    (void)state;
    memset(name, 'w', sizeof(name));
    assert_ok(vkey_make(span_make(name, sizeof(name)), VKEY_COSIGNATURE,
                        &front.key.key, &longest.key, &err),
              err);
    witness_log_init(&log, &log_key);
    assert_int_equal(
        witness_step(&longest, request_make(0, 5), &log, 1, &answer, &err),
        WITNESS_OK);
    witness_answer_put(&longest, &answer, &log, &b);
    assert_false(b.overflow);
    assert_int_equal(b.len, WITNESS_ANSWER_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_is_cosigned_and_remembered),
        cmocka_unit_test(the_time_of_a_cosignature_never_goes_back),
        cmocka_unit_test(a_clock_over_an_hour_behind_signs_nothing),
        cmocka_unit_test(a_time_that_nobody_could_verify_is_not_signed),
        cmocka_unit_test(a_rewritten_log_is_refused_as_a_fork),
        cmocka_unit_test(another_logs_state_is_not_used),
        cmocka_unit_test(the_longest_request_and_answer_fit),
    };

    return cmocka_run_group_tests(tests, world_make, NULL);
}
