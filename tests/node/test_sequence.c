/* From spool to log at a top node, which needs no guard: what became of an
 * event's bodies before it is sequenced must not stop the log. */
#include "tests/node/top.h"

#include "protocol/event/facts.h"
#include "store/spool.h"
#include "store/staged.h"

static struct error err;

/* A petition of this node's own, with a text and, or not, a private body. */
static void petition_make(bool secret, struct record_made *made)
{
    static const uint8_t words[] = {0x12, 1, 'x'};
    static const struct field_pair pairs[] = {{"channel", "counter"},
                                              {"kind", "proposal"},
                                              {"field", "land"},
                                              {"person_known", "true"}};
    uint8_t facts[256];
    struct buf encoded = buf_over(facts, sizeof(facts));
    struct record_draft draft = {.type = event_type_named("PetitionReceived"),
                                 .header.unit = 2001,
                                 .text = span_make(words, sizeof(words)),
                                 .signer = &engine->keys.actor.pub,
                                 .signer_secret = &engine->keys.actor.sec};

    if (secret) {
        draft.secret = draft.text;
    }
    assert_ok(
        facts_encode(draft.type, pairs, TEST_LEN(pairs), NULL, &encoded, &err),
        err);
    draft.facts = buf_span(&encoded);
    assert_ok(record_make(engine, &draft, &engine->turn, made, &err), err);
}

/* Of its bodies the spool keeps those that `kept` names: as after an erasure,
 * or a return to the spool. */
static void petition_spool(unsigned kept)
{
    uint8_t list[4096];
    struct buf left = buf_over(list, sizeof(list));
    struct record_made made;
    struct span rest;
    uint64_t number;

    petition_make(true, &made);
    rest = made.bodies;
    while (rest.len > 0) {
        struct body body;

        assert_ok(body_take(&rest, &body, &err), err);
        if ((kept & 1u << body.slot) != 0) {
            assert_ok(body_put(&body, &left, &err), err);
        }
    }
    assert_ok(engine_write(engine, &err), err);
    assert_ok(store_spool_append(engine->store, false, made.leaf,
                                 buf_span(&left), &number, &err),
              err);
}

static struct store_log all_sequenced(uint64_t size)
{
    const struct origin origin = {1, 1, false};
    struct store_log log;
    bool any = true;

    assert_ok(sequence_spool(engine, 0, &err), err);
    assert_ok(engine_commit(engine, &err), err);
    assert_ok(store_spool_any(engine->store, &any, &err), err);
    assert_false(any);
    assert_ok(log_find(engine, &origin, &log, &err), err);
    assert_int_equal(log.head.size, size);
    return log;
}

static void an_event_whose_text_was_erased_in_the_spool_is_sequenced(void **s)
{
    struct store_segment stored;
    struct store_log log;

    (void)s;
    petition_spool(1u << AUDIENCE_OF_PRIVATE);
    log = all_sequenced(1);
    assert_ok(store_segment_read(engine->store, log.id, 0, &engine->turn,
                                 &stored, &err),
              err);
    assert_true(segment_is_absent(&stored.parts, 0, AUDIENCE_OF_TEXT));
    assert_false(segment_is_absent(&stored.parts, 0, AUDIENCE_OF_PRIVATE));
}

static void an_event_that_lost_every_body_is_sequenced(void **state)
{
    (void)state;
    petition_spool(0);
    petition_spool(1u << AUDIENCE_OF_TEXT | 1u << AUDIENCE_OF_PRIVATE);
    (void)all_sequenced(2);
}

/* ---- what a superior gives back ---- */

/* A frame of one event of ours that nobody here holds. */
static struct event_id lost_event(struct frame *frame)
{
    const struct origin origin = {1, 1, false};
    struct segment_item item = {.leaf = {NULL, 0}};
    struct record_made made;
    struct leaf leaf;
    size_t used = 0;

    petition_make(false, &made);
    item.leaf = made.leaf;
    assert_ok(bodies_take(made.bodies, &engine->turn, &item, &err), err);
    assert_ok(spooled_pack(engine, &origin, &item, 1, frame, &used, &err), err);
    assert_ok(leaf_parse(made.leaf, &leaf, &err), err);
    return leaf.id;
}

static void only_what_was_asked_for_comes_back_from_a_superior(void **s)
{
    struct staged_count count = {0};
    struct event_id id, other;
    struct span wanted;
    struct frame frame;
    bool has = true;

    (void)s;
    id = lost_event(&frame);
    other = id;
    other.bytes[0] ^= 1;
    wanted = span_make(&other, sizeof(other));
    assert_ok(staged_return(engine, &frame.spooled, &wanted, &count, &err),
              err);
    wanted.len = 0; /* nothing was asked */
    assert_ok(staged_return(engine, &frame.spooled, &wanted, &count, &err),
              err);
    assert_int_equal(count.added, 0);
    assert_int_equal(count.refused, 2);
    assert_non_null(strstr(count.why, "that was not asked for"));
    assert_ok(store_spool_has(engine->store, false, &id, &has, &err), err);
    assert_false(has);

    wanted = span_make(&id, sizeof(id));
    assert_ok(staged_return(engine, &frame.spooled, &wanted, &count, &err),
              err);
    assert_int_equal(count.added, 1);
    assert_ok(store_spool_has(engine->store, false, &id, &has, &err), err);
    assert_true(has);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_event_whose_text_was_erased_in_the_spool_is_sequenced, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            an_event_that_lost_every_body_is_sequenced, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            only_what_was_asked_for_comes_back_from_a_superior, top_open,
            top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
