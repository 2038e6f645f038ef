#include "tests/support/test.h"

#include "node/gate.h"
#include "node/invite.h"

static struct error err;
static struct gate gate;

static int open_gate(void **state)
{
    (void)state;
    memset(&err, 0, sizeof(err));
    return gate_new(&gate, &err);
}

static int close_gate(void **state)
{
    (void)state;
    gate_release(&gate);
    return 0;
}

static struct box_public key_of(uint32_t number)
{
    struct box_public key = {{0}};

    key.bytes[0] = (uint8_t)(number * 37);
    memcpy(key.bytes + 4, &number, sizeof(number));
    return key;
}

static void put(uint32_t number, enum gate_kind kind)
{
    struct gate_key entry = {key_of(number), kind, number};

    assert_ok(gate_put(&gate, &entry, &err), err);
}

static unsigned status_of(uint32_t number)
{
    struct box_public key = key_of(number);

    return gate_status(&gate, &key);
}

static void gate_admits_children_and_open_invitations_only(void **state)
{
    (void)state;
    put(1, GATE_CHILD);
    put(2, GATE_INVITATION);
    put(3, GATE_WAITING);
    put(4, GATE_REVOKED);
    assert_int_equal(status_of(1), 200);
    assert_int_equal(status_of(2), 200);
    assert_int_equal(status_of(3), 300);
    assert_int_equal(status_of(4), 400);
    assert_int_equal(status_of(5), 400);
}

static void gate_without_keys_admits_nobody(void **state)
{
    (void)state;
    assert_int_equal(status_of(1), 400);
}

static void gate_takes_the_later_word_about_a_key(void **state)
{
    (void)state;
    put(1, GATE_WAITING);
    put(1, GATE_CHILD);
    assert_int_equal(status_of(1), 200);
    put(1, GATE_REVOKED);
    assert_int_equal(status_of(1), 400);
    assert_int_equal(gate.len, 1);
}

static void gate_finds_each_of_many_keys(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        put((i * 7919) % 1000, GATE_CHILD);
    }
    assert_int_equal(gate.len, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        struct box_public key = key_of(i);

        assert_non_null(gate_find(&gate, &key));
        assert_int_equal(gate_find(&gate, &key)->node, i);
    }
}

static void gate_that_is_full_refuses_more(void **state)
{
    struct gate_key more = {key_of(GATE_KEYS_MAX), GATE_CHILD, 1};

    (void)state;
    for (uint32_t i = 0; i < GATE_KEYS_MAX; i++) {
        put(i, GATE_CHILD);
    }
    assert_err(gate_put(&gate, &more, &err), ERR_LIMIT, err);
}

static void invitation_is_kept_and_read_the_same(void **state)
{
    static uint8_t space[INVITED_SIZE_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct invited made = {.state = INVITED_ASKED,
                           .node = 12,
                           .numbers_first = 5000,
                           .numbers_last = 5999,
                           .has_dir = true,
                           .auto_confirm = true,
                           .created_ms = 1711929600000,
                           .asked_ms = 1711929700000,
                           .units = {2012, 3012},
                           .units_len = 2,
                           .curve = {{9, 8, 7}},
                           .request = span_str("request"),
                           .signatures = span_str("signatures")};
    struct invited got;

    (void)state;
    invited_encode(&made, &text);
    assert_ok(invited_decode(buf_span(&text), &got, &err), err);
    assert_int_equal(got.state, INVITED_ASKED);
    assert_int_equal(got.node, 12);
    assert_int_equal(got.numbers_last, 5999);
    assert_true(got.has_dir);
    assert_true(got.auto_confirm);
    assert_int_equal(got.asked_ms, made.asked_ms);
    assert_int_equal(got.units_len, 2);
    assert_int_equal(got.units[1], 3012);
    assert_memory_equal(&got.curve, &made.curve, sizeof(got.curve));
    assert_true(span_equal(got.request, made.request));
    assert_true(span_equal(got.signatures, made.signatures));
}

static void invitation_cut_anywhere_is_corrupt(void **state)
{
    static uint8_t space[INVITED_SIZE_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct invited made = {.state = INVITED_OPEN,
                           .node = 12,
                           .units = {2012},
                           .units_len = 1,
                           .request = span_str("r"),
                           .signatures = span_str("s")};
    struct invited got;

    (void)state;
    invited_encode(&made, &text);
    for (size_t len = 0; len < text.len; len++) {
        assert_err(invited_decode(span_make(space, len), &got, &err),
                   ERR_CORRUPT, err);
    }
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, open_gate, close_gate)
    const struct CMUnitTest tests[] = {
        ROW(gate_admits_children_and_open_invitations_only),
        ROW(gate_without_keys_admits_nobody),
        ROW(gate_takes_the_later_word_about_a_key),
        ROW(gate_finds_each_of_many_keys),
        ROW(gate_that_is_full_refuses_more),
        ROW(invitation_is_kept_and_read_the_same),
        ROW(invitation_cut_anywhere_is_corrupt),
    };

    return TEST_RUN(tests);
}
