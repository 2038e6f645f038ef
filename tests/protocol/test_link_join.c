/* tests/protocol: invitations and requests to join. */
#include "tests/support/test.h"

#include "protocol/link/join.h"

static struct arena arena;

static int setup(void **state)
{
    struct error err = {0};

    (void)state;
    assert_ok(crypto_start(&err), err);
    assert_ok(arena_new(&arena, 4u << 20, &err), err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct invitation invitation_make(void)
{
    struct invitation invitation = {.realm = span_str("thu"),
                                    .parent = 1,
                                    .endpoint = span_str("tcp://127.0.0.1:1"),
                                    .node = 2,
                                    .units = {20, 21},
                                    .units_len = 2};

    memset(&invitation.root, 1, sizeof(invitation.root));
    memset(&invitation.parent_curve, 2, sizeof(invitation.parent_curve));
    memset(&invitation.curve, 3, sizeof(invitation.curve));
    return invitation;
}

static void an_invitation_is_one_line_that_comes_back(void **state)
{
    struct invitation in = invitation_make();
    struct invitation out;
    char text[INVITATION_TEXT_MAX];
    struct buf buf = buf_over(text, sizeof(text));
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    buf_put_str(&buf, " \n");
    assert_ok(invitation_format(&in, &arena, &buf, &err), err);
    buf_put_str(&buf, "\n");
    assert_memory_equal(text + 2, "qcdc1CgN0aHUSIAEB", 17);
    assert_ok(invitation_parse(buf_span(&buf), &arena, &out, &err), err);
    assert_int_equal(out.node, 2);
    assert_int_equal(out.units_len, 2);
    assert_int_equal(out.units[1], 21);
    assert_true(span_equal(out.endpoint, in.endpoint));
    assert_memory_equal(&out.curve, &in.curve, sizeof(in.curve));
    invitation_wipe(&out);
    assert_int_equal(out.curve.bytes[0], 0);
}

static void a_line_that_is_none_says_what_to_do(void **state)
{
    struct invitation in = invitation_make();
    struct invitation out;
    char text[INVITATION_TEXT_MAX];
    struct buf buf = buf_over(text, sizeof(text));
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    assert_err(invitation_parse(span_str("hello"), &arena, &out, &err),
               ERR_USAGE, err);
    assert_err_says(err, "begins with qcdc1");
    assert_ok(invitation_format(&in, &arena, &buf, &err), err);
    for (size_t len = 5; len < buf.len; len += 7) {
        assert_err(invitation_parse(span_make(text, len), &arena, &out, &err),
                   ERR_USAGE, err);
        arena_reset(&arena);
    }
    in.units_len = HOSTED_UNITS_MAX + 1;
    assert_err(invitation_format(&in, &arena, &buf, &err), ERR_USAGE, err);
    in = invitation_make();
    in.endpoint = span_str("tcp://a b");
    assert_err(invitation_format(&in, &arena, &buf, &err), ERR_USAGE, err);
}

/* A standby or an observer hosts nobody. */
static void an_invitation_may_name_no_unit(void **state)
{
    struct invitation in = invitation_make();
    struct invitation out;
    char text[INVITATION_TEXT_MAX];
    struct buf buf = buf_over(text, sizeof(text));
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    in.units_len = 0;
    assert_ok(invitation_format(&in, &arena, &buf, &err), err);
    assert_ok(invitation_parse(buf_span(&buf), &arena, &out, &err), err);
    assert_int_equal(out.units_len, 0);
    assert_int_equal(out.node, in.node);
}

struct keyring {
    struct sign_secret log, dir_log, mirror, actor, admin, registrar[2];
};

static void pair(uint8_t number, struct sign_public *pub,
                 struct sign_secret *sec)
{
    struct sign_seed seed = {{number}};

    sign_keys(&seed, pub, sec);
}

static struct span request_make(struct join_keys *keys,
                                struct join_unit_keys units[1],
                                uint8_t *signatures)
{
    struct keyring ring;
    uint8_t *bytes = arena_alloc(&arena, JOIN_REQUEST_MAX);
    uint8_t *text_bytes = arena_alloc(&arena, JOIN_TEXT_MAX);
    struct buf request = buf_over(bytes, JOIN_REQUEST_MAX);
    struct buf text = buf_over(text_bytes, JOIN_TEXT_MAX);
    struct error err = {0};

    *keys = (struct join_keys){.realm = span_str("thu"),
                               .node = 2,
                               .units = units,
                               .units_len = 1,
                               .software = span_str("qcdc")};
    keys->keys.has_dir_log = true;
    pair(1, &keys->keys.log, &ring.log);
    pair(2, &keys->keys.dir_log, &ring.dir_log);
    pair(3, &keys->keys.mirror, &ring.mirror);
    pair(4, &keys->keys.actor, &ring.actor);
    pair(5, &keys->keys.admin, &ring.admin);
    memset(&keys->keys.curve, 6, sizeof(keys->keys.curve));
    units[0] = (struct join_unit_keys){.unit = 20, .registrars_len = 2};
    memset(&units[0].sealing, 7, sizeof(units[0].sealing));
    memset(&units[0].recovery, 8, sizeof(units[0].recovery));
    pair(9, &units[0].registrars[0], &ring.registrar[0]);
    pair(10, &units[0].registrars[1], &ring.registrar[1]);
    assert_ok(join_keys_encode(keys, &arena, &request, &err), err);
    join_text(buf_span(&request), &text);

    const struct sign_secret *order[] = {
        &ring.log,   &ring.dir_log, &ring.mirror,       &ring.actor,
        &ring.admin, &ring.actor,   &ring.registrar[0], &ring.registrar[1],
        &ring.actor, &ring.actor};

    assert_int_equal(join_signatures_count(keys), TEST_LEN(order));
    for (size_t i = 0; i < TEST_LEN(order); i++) {
        struct signature sig = sign_bytes(order[i], buf_span(&text));

        memcpy(signatures + 64 * i, &sig, 64);
    }
    return buf_span(&request);
}

static void a_request_proves_every_key(void **state)
{
    struct join_keys keys;
    struct join_keys out;
    struct join_unit_keys units[1];
    uint8_t signatures[640];
    char fingerprint[JOIN_FINGERPRINT_SIZE];
    struct frame_join_request request;
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    request.request = request_make(&keys, units, signatures);
    request.signatures = span_make(signatures, sizeof(signatures));
    assert_ok(join_request_check(&request, &arena, &out, &err), err);
    assert_int_equal(out.node, 2);
    assert_int_equal(out.units[0].registrars_len, 2);
    assert_memory_equal(&out.keys.curve, &keys.keys.curve, 32);
    join_fingerprint(request.request, fingerprint);
    assert_int_equal(strlen(fingerprint), 23);
    assert_int_equal(fingerprint[5], '-');
    for (size_t i = 0; i < 10; i++) {
        signatures[64 * i] ^= 1;
        assert_err(join_request_check(&request, &arena, &out, &err),
                   ERR_UNTRUSTED, err);
        assert_err_says(err, "does not prove itself");
        signatures[64 * i] ^= 1;
    }
    request.signatures.len -= 64;
    assert_err(join_request_check(&request, &arena, &out, &err), ERR_MALFORMED,
               err);
    assert_err_says(err, "recovery key is missing");
}

static void a_request_changed_in_any_byte_is_refused(void **state)
{
    struct join_keys keys;
    struct join_unit_keys units[1];
    uint8_t signatures[640];
    struct span good;
    size_t mark = 0;

    (void)state;
    arena_reset(&arena);
    good = request_make(&keys, units, signatures);
    mark = arena.used;
    for (size_t i = 0; i < good.len; i++) {
        struct frame_join_request request = {
            {NULL, 0}, span_make(signatures, sizeof(signatures))};
        struct join_keys out;
        struct error err = {0};
        uint8_t *bytes = arena_alloc(&arena, good.len);

        memcpy(bytes, good.ptr, good.len);
        bytes[i] ^= 0x10;
        request.request = span_make(bytes, good.len);
        if (join_request_check(&request, &arena, &out, &err) == 0) {
            fail_msg("byte %zu changed and accepted", i);
        }
        arena_rewind(&arena, mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invitation_is_one_line_that_comes_back),
        cmocka_unit_test(a_line_that_is_none_says_what_to_do),
        cmocka_unit_test(an_invitation_may_name_no_unit),
        cmocka_unit_test(a_request_proves_every_key),
        cmocka_unit_test(a_request_changed_in_any_byte_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
