/* Rules that types share: headers, rights, and what keeps a denunciation with
 * its unit. */
#include "tests/support/test.h"

#include "protocol/event/types.h"
#include "protocol/event/wire.h"
#include "tests/protocol/event_help.h"

static uint8_t arena_memory[1 << 18];

/* ---- denunciations ---- */

static void
denunciation_has_no_field_no_text_and_stays_with_the_unit(void **state)
{
    struct header h = help_header(EVENT_PETITION_RECEIVED);
    struct error err = {0};
    struct span facts = help_hex("08011003"); /* counter, denunciation */
    const struct event_type *type = event_type_find(EVENT_PETITION_RECEIVED);

    (void)state;
    assert_int_equal(help_read(&h, facts, &err), EVENT_READ_FINE);
    assert_int_equal(help_read(&h, help_hex("080110031801"), &err),
                     EVENT_READ_INVALID);
    assert_string_equal(err.text, "field: a denunciation states none");
    h.bodies_len = 1;
    h.bodies[0].audience = AUDIENCE_OF_UNIT;
    assert_int_equal(help_read(&h, facts, &err), EVENT_READ_FINE);
    h.bodies[0].audience = AUDIENCE_OF_PRIVATE;
    assert_int_equal(help_read(&h, facts, &err), EVENT_READ_INVALID);
    assert_err_says(err, "stays with the unit");
    h.bodies[0].audience = AUDIENCE_OF_TEXT;
    assert_int_equal(help_read(&h, facts, &err), EVENT_READ_INVALID);
    assert_err_says(err, "a denunciation has no text");
    /* a proposal may have a text */
    assert_int_equal(help_read(&h, help_hex("08011001"), &err),
                     EVENT_READ_FINE);
    assert_int_equal(event_right(type, NULL), 3);
}

static void denunciation_has_a_right_of_its_own(void **state)
{
    struct arena arena;
    struct ProtobufCMessage *m;
    struct error err = {0};
    const struct event_type *received =
        event_type_find(EVENT_PETITION_RECEIVED);
    const struct event_type *classified =
        event_type_find(EVENT_PETITION_CLASSIFIED);

    (void)state;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_ok(
        message_decode(received->shape, help_hex("08011003"), &arena, &m, &err),
        err);
    assert_int_equal(event_right(received, m), 8);
    assert_ok(
        message_decode(received->shape, help_hex("08011001"), &arena, &m, &err),
        err);
    assert_int_equal(event_right(received, m), 1 + 2);
    assert_ok(message_decode(classified->shape, help_hex("08011003"), &arena,
                             &m, &err),
              err);
    assert_int_equal(event_right(classified, m), 8);
    assert_int_equal(event_right(event_type_find(EVENT_APPROVED), NULL), 2);
    assert_int_equal(event_right(event_type_find(EVENT_REPORT_SUBMITTED), NULL),
                     2 + 4);
}

static void rights_reach_denunciations_or_all_else_or_both(void **state)
{
    static const struct {
        uint32_t type, rights, lacks;
    } cases[] = {
        {EVENT_PERSON_NOTIFIED, 1, LACKS_DENUNCIATION},
        {EVENT_PERSON_NOTIFIED, 8, LACKS_ORDINARY},
        {EVENT_PERSON_NOTIFIED, 1 + 8, 0},
        {EVENT_PERSON_NOTIFIED, 4, LACKS_ALL},
        {EVENT_APPROVED, 8, LACKS_ALL}, /* a leader's, there too */
        {EVENT_APPROVED, 2, LACKS_DENUNCIATION},
        {EVENT_APPROVED, 2 + 8, 0},
        {EVENT_DIALOGUE_HELD, 8, LACKS_ALL},
        {EVENT_DIALOGUE_HELD, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(
            event_lacks(event_type_find(cases[i].type), cases[i].rights),
            cases[i].lacks);
    }
}

/* ---- headers ---- */

static void assert_header_refused(const struct header *h, struct span facts,
                                  const char *says)
{
    struct error err = {0};

    assert_int_equal(help_read(h, facts, &err), EVENT_READ_INVALID);
    assert_err_says(err, says);
}

static void headers_keep_the_shared_rules(void **state)
{
    struct header h = help_header(EVENT_PETITION_RECEIVED);
    struct span facts = help_hex("08011001");
    struct event_id refs[2] = {help_id(1), help_id(1)};
    struct event_id zero = {{0}};

    (void)state;
    h.on_day = 0;
    assert_header_refused(&h, facts, "on: a day between");
    h.on_day = 84371;
    assert_header_refused(&h, facts, "on: a day between");
    h = help_header(EVENT_PETITION_RECEIVED);
    h.recorded_ms = 0;
    assert_header_refused(&h, facts, "recorded time: not stated");
    h = help_header(EVENT_PETITION_RECEIVED);
    h.unit = 0;
    assert_header_refused(&h, facts, "said by a unit");
    h = help_header(EVENT_PETITION_RECEIVED);
    h.has_subject = true;
    h.subject = help_id(3);
    assert_header_refused(&h, facts, "subject: PetitionReceived has none");
    h = help_header(EVENT_PETITION_RECEIVED);
    h.refs = id_list_of(refs, 2);
    assert_header_refused(&h, facts, "refs[1]: names an event twice");
    h.refs = id_list_of(&zero, 1);
    assert_header_refused(&h, facts, "refs[0]: an empty id");
    h = help_header(EVENT_PETITION_RECEIVED);
    h.addressees_len = 2;
    h.addressees[0] = h.addressees[1] = 13;
    assert_header_refused(&h, facts, "unit 13 stands twice");
    h.addressees[1] = 0;
    assert_header_refused(&h, facts, "unit 0 does not exist");
    h = help_header(EVENT_PETITION_RECEIVED);
    h.bodies_len = 2;
    h.bodies[0].audience = AUDIENCE_OF_PRIVATE;
    h.bodies[1].audience = AUDIENCE_OF_UNIT;
    assert_header_refused(&h, facts, "private or of the unit, not both");
    h = help_header(EVENT_DIALOGUE_HELD);
    h.bodies_len = 1;
    h.bodies[0].audience = AUDIENCE_OF_UNIT;
    assert_header_refused(&h, help_hex("0a02080c"),
                          "DialogueHeld has no body of audience 3");
    h = help_header(EVENT_VOIDED);
    h.refs = id_list_of(refs, 1);
    assert_header_refused(&h, help_hex("0801"), "must name the record");
    h.has_subject = true;
    h.subject = help_id(3);
    h.refs.len = 0;
    assert_header_refused(&h, help_hex("0801"),
                          "refs: Voided must name the event it acts on");
}

static void
dialogue_may_be_opened_or_acted_on_and_disclosure_stands_alone(void **state)
{
    struct header h = help_header(EVENT_DIALOGUE_HELD);
    struct error err = {0};

    (void)state;
    assert_int_equal(help_read(&h, help_hex("0a02080c"), &err),
                     EVENT_READ_FINE);
    h.has_subject = true;
    h.subject = help_id(3);
    assert_int_equal(help_read(&h, help_hex("0a02080c"), &err),
                     EVENT_READ_FINE);
    h = help_header(EVENT_PUBLISHED);
    assert_int_equal(help_read(&h, help_hex("08041001"), &err),
                     EVENT_READ_FINE);
    assert_header_refused(&h, help_hex("0801"), "subject: the dialogue");
}

static void ids_and_hashes_of_a_wrong_size_are_invalid(void **state)
{
    struct header h = help_header(EVENT_PETITION_RECEIVED);
    struct span facts = help_hex("08011001220101");

    (void)state;
    assert_header_refused(&h, facts, "paper_id: an id has 16 bytes");
    assert_header_refused(&h,
                          help_hex("08011001221000000000000000000000000000"
                                   "000000"),
                          "paper_id: an id has 16 bytes, not all zero");
    assert_header_refused(&h, help_hex("080110014208080e1201612201ff"),
                          "document: file_hash: a hash or key has 32 bytes");
    assert_header_refused(&h, help_hex("080110014205080e1201ff"),
                          "document: number: byte 1 is not UTF-8");
}

static void event_check_says_the_same_before_signing(void **state)
{
    struct header h = help_header(EVENT_PETITION_RECEIVED);
    struct arena arena;
    struct error err = {0};

    (void)state;
    arena_init(&arena, arena_memory, sizeof(arena_memory));
    assert_ok(event_check(&h, help_hex("08011001"), &arena, &err), err);
    assert_err(event_check(&h, help_hex("0801"), &arena, &err), ERR_MALFORMED,
               err);
    assert_string_equal(err.text, "kind: must be stated");
    h.type = EVENT_PETITION_LINKED;
    assert_err(event_check(&h, help_hex("0801"), &arena, &err), ERR_NOTFOUND,
               err);
    h = help_header(EVENT_PETITION_RECEIVED);
    arena_init(&arena, arena_memory, 64);
    assert_err(event_check(&h, help_hex("08011001"), &arena, &err), ERR_LIMIT,
               err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            denunciation_has_no_field_no_text_and_stays_with_the_unit),
        cmocka_unit_test(denunciation_has_a_right_of_its_own),
        cmocka_unit_test(rights_reach_denunciations_or_all_else_or_both),
        cmocka_unit_test(headers_keep_the_shared_rules),
        cmocka_unit_test(
            dialogue_may_be_opened_or_acted_on_and_disclosure_stands_alone),
        cmocka_unit_test(ids_and_hashes_of_a_wrong_size_are_invalid),
        cmocka_unit_test(event_check_says_the_same_before_signing),
    };

    return TEST_RUN(tests);
}
