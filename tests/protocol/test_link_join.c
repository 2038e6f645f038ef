/* tests/protocol: invitations and requests to join. */
#include "tests/support/test.h"

#include "protocol/event/wire.h"
#include "protocol/link/join.h"
#include "protocol/record/directory.h"
#include "qcdc/v1/link.pb-c.h"

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

/* What is made of one, and what is read back. */
struct line {
    struct invitation in, out;
    char text[INVITATION_TEXT_MAX];
    struct buf buf;
    struct error err;
};

static void line_begin(struct line *line)
{
    arena_reset(&arena);
    *line = (struct line){.in = invitation_make()};
    line->buf = buf_over(line->text, sizeof(line->text));
}

static void an_invitation_is_one_line_that_comes_back(void **state)
{
    struct line l;

    (void)state;
    line_begin(&l);
    buf_put_str(&l.buf, " \n");
    assert_ok(invitation_format(&l.in, &arena, &l.buf, &l.err), l.err);
    buf_put_str(&l.buf, "\n");
    assert_memory_equal(l.text + 2, "qcdc1CgN0aHUSIAEB", 17);
    assert_ok(invitation_parse(buf_span(&l.buf), &arena, &l.out, &l.err),
              l.err);
    assert_int_equal(l.out.node, 2);
    assert_int_equal(l.out.units_len, 2);
    assert_int_equal(l.out.units[1], 21);
    assert_true(span_equal(l.out.endpoint, l.in.endpoint));
    assert_memory_equal(&l.out.curve, &l.in.curve, sizeof(l.in.curve));
    invitation_wipe(&l.out);
    assert_int_equal(l.out.curve.bytes[0], 0);
}

static void a_line_that_is_none_says_what_to_do(void **state)
{
    struct line l;

    (void)state;
    line_begin(&l);
    assert_err(invitation_parse(span_str("hello"), &arena, &l.out, &l.err),
               ERR_USAGE, l.err);
    assert_err_says(l.err, "begins with qcdc1");
    assert_ok(invitation_format(&l.in, &arena, &l.buf, &l.err), l.err);
    for (size_t len = 5; len < l.buf.len; len += 7) {
        assert_err(
            invitation_parse(span_make(l.text, len), &arena, &l.out, &l.err),
            ERR_USAGE, l.err);
        arena_reset(&arena);
    }
    l.in.units_len = HOSTED_UNITS_MAX + 1;
    assert_err(invitation_format(&l.in, &arena, &l.buf, &l.err), ERR_USAGE,
               l.err);
    l.in = invitation_make();
    l.in.endpoint = span_str("tcp://a b");
    assert_err(invitation_format(&l.in, &arena, &l.buf, &l.err), ERR_USAGE,
               l.err);
}

/* Whoever hosts no unit owes nothing to anybody: only a mirror may. */
static void only_a_standby_or_an_observer_is_invited_without_units(void **state)
{
    struct invitation in = invitation_make();
    struct invitation out;
    char text[INVITATION_TEXT_MAX];
    struct error err = {0};

    (void)state;
    for (uint32_t role = 0; role < 4; role++) {
        struct buf buf = buf_over(text, sizeof(text));

        arena_reset(&arena);
        in.units_len = 0;
        in.role = role;
        if (role != DIR_ROLE_STANDBY && role != DIR_ROLE_OBSERVER) {
            assert_err(invitation_format(&in, &arena, &buf, &err), ERR_USAGE,
                       err);
            assert_err_says(err, role == 0 ? "names no unit, and only a standby"
                                           : "a role that this program does");
            continue;
        }
        assert_ok(invitation_format(&in, &arena, &buf, &err), err);
        assert_ok(invitation_parse(buf_span(&buf), &arena, &out, &err), err);
        assert_int_equal(out.units_len, 0);
        assert_int_equal(out.node, in.node);
        assert_int_equal(out.role, role);
        in.units_len = 1;
        assert_err(invitation_format(&in, &arena, &buf, &err), ERR_USAGE, err);
        assert_err_says(err, "names 1 units, and a standby or an observer");
    }
}

/* A line that was made by another hand: what is read is checked as well. */
static void a_line_without_units_is_refused_where_it_is_read(void **state)
{
    Qcdc__V1__Invitation message = QCDC__V1__INVITATION__INIT;
    char realm[] = "thu";
    char endpoint[] = "tcp://127.0.0.1:1";
    uint8_t key[32] = {1};
    struct span bytes;
    struct invitation out;
    char text[INVITATION_TEXT_MAX] = "qcdc1";
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    message.realm = (ProtobufCBinaryData){3, (uint8_t *)realm};
    message.endpoint =
        (ProtobufCBinaryData){strlen(endpoint), (uint8_t *)endpoint};
    message.root_key = (ProtobufCBinaryData){32, key};
    message.parent_curve_key = message.root_key;
    message.curve_secret = message.root_key;
    message.parent = 1;
    message.node = 2;
    for (uint32_t role = 0; role < 4; role++) {
        bool good = role == DIR_ROLE_STANDBY || role == DIR_ROLE_OBSERVER;

        message.role = role;
        assert_ok(message_pack(&message.base, &arena, &bytes, &err), err);
        base64url_encode(bytes, text + 5);
        assert_int_equal(
            invitation_parse(span_str(text), &arena, &out, &err) == 0, good);
        assert_int_equal(good ? 0 : err.code, good ? 0 : ERR_USAGE);
    }
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
                                size_t units_len, uint8_t *signatures)
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
                               .units_len = units_len,
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

    assert_int_equal(join_signatures_count(keys),
                     units_len == 1 ? TEST_LEN(order) : 6);
    for (size_t i = 0; i < join_signatures_count(keys); i++) {
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
    request.request = request_make(&keys, units, 1, signatures);
    request.signatures = span_make(signatures, sizeof(signatures));
    assert_ok(join_request_check(&request, 0, &arena, &out, &err), err);
    assert_int_equal(out.node, 2);
    assert_int_equal(out.units[0].registrars_len, 2);
    assert_memory_equal(&out.keys.curve, &keys.keys.curve, 32);
    join_fingerprint(request.request, fingerprint);
    assert_int_equal(strlen(fingerprint), 23);
    assert_int_equal(fingerprint[5], '-');
    for (size_t i = 0; i < 10; i++) {
        signatures[64 * i] ^= 1;
        assert_err(join_request_check(&request, 0, &arena, &out, &err),
                   ERR_UNTRUSTED, err);
        assert_err_says(err, "does not prove itself");
        signatures[64 * i] ^= 1;
    }
    request.signatures.len -= 64;
    assert_err(join_request_check(&request, 0, &arena, &out, &err),
               ERR_MALFORMED, err);
    assert_err_says(err, "recovery key is missing");
}

static void only_a_standby_or_an_observer_asks_for_no_unit(void **state)
{
    struct join_keys keys;
    struct join_keys out;
    struct join_unit_keys units[1];
    uint8_t signatures[640];
    struct frame_join_request request;
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    request.request = request_make(&keys, units, 0, signatures);
    request.signatures = span_make(signatures, 384);
    assert_err(
        join_request_check(&request, DIR_ROLE_ORDINARY, &arena, &out, &err),
        ERR_MALFORMED, err);
    assert_err_says(err, "the request names no unit");
    for (uint32_t role = DIR_ROLE_STANDBY; role <= DIR_ROLE_OBSERVER; role++) {
        assert_ok(join_request_check(&request, role, &arena, &out, &err), err);
        assert_int_equal(out.units_len, 0);
    }
    request.request = request_make(&keys, units, 1, signatures);
    request.signatures = span_make(signatures, sizeof(signatures));
    assert_err(
        join_request_check(&request, DIR_ROLE_STANDBY, &arena, &out, &err),
        ERR_MALFORMED, err);
    assert_err_says(err, "the request names 1 units");
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
    good = request_make(&keys, units, 1, signatures);
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
        if (join_request_check(&request, 0, &arena, &out, &err) == 0) {
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
        cmocka_unit_test(
            only_a_standby_or_an_observer_is_invited_without_units),
        cmocka_unit_test(a_line_without_units_is_refused_where_it_is_read),
        cmocka_unit_test(a_request_proves_every_key),
        cmocka_unit_test(only_a_standby_or_an_observer_asks_for_no_unit),
        cmocka_unit_test(a_request_changed_in_any_byte_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
