/* Minimal protobuf: what protobuf-c would write, and nothing else. */
#include "tests/support/test.h"

#include <protobuf-c/protobuf-c.h>

#include "protocol/event/wire.h"
#include "qcdc/v1/event.pb-c.h"
#include "tests/protocol/event_help.h"
#include "tests/protocol/event_samples.h"

static uint8_t arena_memory[1 << 20];

static void varints_are_read_in_their_shortest_form_only(void **state)
{
    static const struct {
        const char *hex;
        bool good;
        uint64_t value;
    } cases[] = {
        {"00", true, 0},
        {"7f", true, 127},
        {"8001", true, 128},
        {"ffffffffffffffffff01", true, UINT64_MAX},
        {"8000", false, 0},
        {"ff8000", false, 0},
        {"ffffffffffffffffff02", false, 0},
        {"ffffffffffffffffffff01", false, 0},
        {"80", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(cases); i++) {
        struct wire w = wire_of(help_hex(cases[i].hex));
        uint64_t value = 0;

        assert_int_equal(wire_varint(&w, &value), cases[i].good);
        if (cases[i].good) {
            assert_true(value == cases[i].value);
            assert_ptr_equal(w.ptr, w.end);
        }
    }
}

static void varints_written_are_read_back(void **state)
{
    uint8_t memory[16];

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t value = UINT64_MAX >> bit;
        uint64_t again = 0;
        struct buf b = buf_over(memory, sizeof(memory));

        wire_put_varint(&b, value);

        struct wire w = wire_of(buf_span(&b));

        assert_true(wire_varint(&w, &again));
        assert_true(again == value);
        assert_ptr_equal(w.ptr, w.end);
    }
}

static void facts_that_are_not_minimal_name_the_field(void **state)
{
    static const struct {
        const ProtobufCMessageDescriptor *shape;
        const char *hex;
        const char *says;
    } wrong[] = {
        {&qcdc__v1__petition_received__descriptor, "08818000",
         "after field 0: not minimal"},
        {&qcdc__v1__petition_received__descriptor, "08010802",
         "PetitionReceived.channel: comes twice"},
        {&qcdc__v1__petition_received__descriptor, "10010801",
         "field 1 comes after field 2"},
        {&qcdc__v1__petition_received__descriptor,
         "080148"
         "01",
         "field 9 is not known"},
        {&qcdc__v1__petition_received__descriptor, "0800",
         "channel: a zero is written out"},
        {&qcdc__v1__petition_received__descriptor, "2200",
         "paper_id: empty bytes are written out"},
        {&qcdc__v1__petition_received__descriptor, "2802",
         "person_known: a bool that is neither"},
        {&qcdc__v1__petition_received__descriptor, "308080808010",
         "people: more than 32 bits"},
        {&qcdc__v1__petition_received__descriptor, "08ffffffffffffffffff01",
         "channel: more than 31 bits"},
        {&qcdc__v1__petition_received__descriptor, "0a0101",
         "channel: bytes where a number belongs"},
        {&qcdc__v1__petition_received__descriptor, "2001",
         "paper_id: not a number"},
        {&qcdc__v1__petition_received__descriptor, "0d01000000",
         "channel: a fixed-width number"},
        {&qcdc__v1__petition_received__descriptor, "42020800",
         "Document.kind: a zero is written out"},
        {&qcdc__v1__petition_received__descriptor, "42050801", "not minimal"},
        {&qcdc__v1__dialogue_scheduled__descriptor, "4200",
         "chairs: an empty list"},
        {&qcdc__v1__dialogue_scheduled__descriptor, "400c",
         "chairs: a list of numbers that is not packed"},
        {&qcdc__v1__dialogue_scheduled__descriptor, "42010c42010d",
         "chairs: comes twice"},
        {&qcdc__v1__dialogue_scheduled__descriptor, "42028c00",
         "chairs: not a list of shortest numbers"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(wrong); i++) {
        struct error err = {0};

        assert_err(
            message_minimal(wrong[i].shape, help_hex(wrong[i].hex), &err),
            ERR_MALFORMED, err);
        assert_err_says(err, wrong[i].says);
    }
}

/* Whatever passes the walk is what protobuf-c would write, and the reverse. */
static void walk_agrees_with_decoding_and_packing_again(void **state)
{
    const struct sample *sample;
    uint64_t seed = 88172645463325252u;
    size_t agreed = 0;

    (void)state;
    for (size_t i = 0; (sample = sample_at(i)) != NULL; i++) {
        const ProtobufCMessageDescriptor *shape =
            event_type_find(sample->type)->shape;
        uint8_t facts[4096];
        uint8_t packed[8192];
        struct span bytes = sample_facts(sample, facts, sizeof(facts));

        for (size_t round = 0; round < 300 && bytes.len > 0; round++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;

            size_t at = (size_t)(seed % bytes.len);
            uint8_t old = facts[at];
            struct error err = {0};

            facts[at] ^= (uint8_t)(1u << (seed >> 40) % 8);

            bool minimal = message_minimal(shape, bytes, &err) == 0;
            ProtobufCMessage *m =
                protobuf_c_message_unpack(shape, NULL, bytes.len, bytes.ptr);
            bool same = false;

            if (m != NULL) {
                if (protobuf_c_message_get_packed_size(m) == bytes.len) {
                    protobuf_c_message_pack(m, packed);
                    same = memcmp(packed, facts, bytes.len) == 0;
                }
                protobuf_c_message_free_unpacked(m, NULL);
            }
            /* protobuf-c keeps unknown fields and packs them again, after
             * the known ones: the walk refuses those as well. */
            if (minimal) {
                assert_true(same);
                agreed++;
            }
            facts[at] = old;
        }
    }
    assert_true(agreed > 1000);
}

static void message_that_does_not_fit_the_arena_is_a_limit(void **state)
{
    const struct sample *sample = sample_of(EVENT_DIALOGUE_CONCLUDED);
    uint8_t facts[2048];
    struct span bytes = sample_facts(sample, facts, sizeof(facts));
    struct arena arena;
    struct error err = {0};
    ProtobufCMessage *m = NULL;

    (void)state;
    arena_init(&arena, arena_memory, 256);
    assert_err(message_decode(&qcdc__v1__dialogue_concluded__descriptor, bytes,
                              &arena, &m, &err),
               ERR_LIMIT, err);
    assert_int_equal(arena.used, 0);
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_ok(message_decode(&qcdc__v1__dialogue_concluded__descriptor, bytes,
                             &arena, &m, &err),
              err);
    assert_int_equal(((Qcdc__V1__DialogueConcluded *)m)->n_items, 3);

    struct span packed;
    uint8_t memory[2048];
    struct buf out = buf_over(memory, sizeof(memory));

    assert_ok(message_pack(m, &arena, &packed, &err), err);
    assert_true(span_equal(packed, bytes));
    assert_ok(message_put(m, &out, &err), err);
    assert_true(span_equal(buf_span(&out), bytes));
    out = buf_over(memory, bytes.len - 1);
    assert_err(message_put(m, &out, &err), ERR_LIMIT, err);
    assert_true(out.overflow);
}

static void empty_message_is_minimal(void **state)
{
    struct arena arena;
    struct error err = {0};
    ProtobufCMessage *m = NULL;

    (void)state;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_ok(message_decode(&qcdc__v1__approved__descriptor,
                             (struct span){NULL, 0}, &arena, &m, &err),
              err);
    assert_non_null(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_are_read_in_their_shortest_form_only),
        cmocka_unit_test(varints_written_are_read_back),
        cmocka_unit_test(facts_that_are_not_minimal_name_the_field),
        cmocka_unit_test(walk_agrees_with_decoding_and_packing_again),
        cmocka_unit_test(message_that_does_not_fit_the_arena_is_a_limit),
        cmocka_unit_test(empty_message_is_minimal),
    };

    return TEST_RUN(tests);
}
