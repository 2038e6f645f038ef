/* tests/protocol: every cell of the machine's tables: each state and side
 * with each event and each kind of frame, in and out of session. Nothing may
 * assert, fail or leave a state that the diagram does not know. */
#include "tests/support/test.h"

#include "protocol/link/link_internal.h"
#include "tests/protocol/link_world.h"

static const uint32_t tree[WORLD_NODES] = {0, 0, 1, 2, 1, 0};

static struct frame frame_of(enum frame_kind kind, const struct link *link,
                             bool in_session)
{
    static const struct origin own = {.node = 2, .epoch = 1};
    static struct frame_head head = {.origin = {.node = 2, .epoch = 1}};
    static struct frame_pull pull = {.origin = {.node = 2, .epoch = 1},
                                     .begin = true};
    static struct guard_cosig cosig;
    struct frame frame = {.kind = kind};

    if (in_session) {
        link_stamp(link, &frame);
    }
    cosig.head.size = 1;
    head.head.root = merkle_empty_root();
    switch (kind) {
    case FRAME_HELLO:
        frame.hello = (struct frame_hello){.version_min = 1,
                                           .version_max = 1,
                                           .realm = span_str("thu"),
                                           .node = link->options.peer,
                                           .session = link->session,
                                           .has_token = true,
                                           .heads = &head,
                                           .heads_len = 1};
        break;
    case FRAME_OFFER:
        frame.offer = (struct frame_offer){&head, 1, false};
        break;
    case FRAME_WANT:
        frame.want = (struct frame_want){100000, &pull, 1};
        break;
    case FRAME_BATCH:
        frame.batch.origin = own;
        frame.batch.segment.count = 1;
        break;
    case FRAME_COSIGNED:
        frame.cosigned = (struct frame_cosigned){own, 0, &cosig, 1};
        break;
    case FRAME_HELD:
        frame.held = (struct frame_held){.origin = own, .node = 1};
        frame.held.head.size = 1;
        break;
    case FRAME_HEARD_ASK:
        frame.heard_ask.origin = own;
        break;
    case FRAME_DELIVERY:
        frame.delivery = (struct frame_delivery){
            .number = 1, .to_node = 2, .origin = own, .leaf = span_str("leaf")};
        break;
    case FRAME_DELIVERY_ACK:
        frame.delivery_ack = 1;
        break;
    case FRAME_REFUSED:
        frame.refused.reason = LINK_REASON_NO_SESSION;
        break;
    case FRAME_JOIN_REQUEST:
        frame.join_request.request = span_str("request");
        break;
    case FRAME_JOIN_ANSWER:
        frame.join_answer.status = JOIN_CERTIFIED;
        break;
    case FRAME_PING:
        frame.ping.now_ms = 5;
        break;
    case FRAME_MEND_ASK:
        frame.mend_ask.origin = own;
        break;
    case FRAME_MEND:
        frame.mend.origin = own;
        break;
    case FRAME_SPOOLED:
        frame.spooled.origin = own;
        break;
    case FRAME_STAGED:
        frame.staged = (struct frame_staged){
            .origin = own, .ids = span_str("0123456789abcdef")};
        frame.staged.head.root = merkle_empty_root();
        break;
    case FRAME_ATTACH_ASK:
    case FRAME_ATTACH_CHUNK:
    case FRAME_ATTACH_HAVE:
        frame.attach.total = 1;
        break;
    case FRAME_BODY_ASK:
    case FRAME_BODY_GIVE:
        break; /* of the event zero, with nothing */
    case FRAME_SUCCESSOR:
        frame.successor = span_str("leaf");
        break;
    case FRAME_NONE:
    case FRAME_KINDS:
        break;
    }
    return frame;
}

/* A fresh end of that side, moved to that state the way it gets there. */
static struct world *world_in(enum link_side side, enum link_state state,
                              struct world_end **end)
{
    struct world *world = world_new(tree);
    struct frame_join_request request = {.request = span_str("keys")};
    struct link *link = NULL;

    if (side == LINK_UP || side == LINK_DOWN) {
        world_line(world, 2);
    } else {
        world_join_line(world, 2, request);
    }
    *end = side == LINK_UP || side == LINK_JOINER ? world_end_of(world, 2, 1)
                                                  : world_end_of(world, 1, 2);
    link = (*end)->link;
    if (state == LINK_OPEN && (side == LINK_UP || side == LINK_DOWN)) {
        world_connect(world, 2);
        world_run(world, world->now_ms + 1000);
        assert_int_equal(link->state, LINK_OPEN);
    } else {
        link->state = state;
    }
    return world;
}

/* World's engine answers only what the machine asked for; an action that
 * makes no sense there would fail the test. */
static void poke(enum link_side side, enum link_state state,
                 struct link_event event, enum frame_kind kind, bool in_session)
{
    struct world_end *end = NULL;
    struct world *world = world_in(side, state, &end);

    event.origin = (struct origin){.node = 2, .epoch = 1};
    event.code = ERR_MALFORMED;
    event.text = span_str("because");
    event.status = JOIN_WAITING;
    if (event.kind == LINK_FRAME) {
        struct frame frame = frame_of(kind, end->link, in_session);

        if (kind == FRAME_NONE) {
            event.bytes = (struct span){NULL, 0};
            world_event(world, end, event);
        } else {
            world_inject(world, end, &frame);
        }
    } else {
        world_event(world, end, event);
    }
    assert_true(end->link->state < LINK_STATES);
    world_free(world);
}

static const enum link_side sides[] = {LINK_UP, LINK_DOWN, LINK_JOINER,
                                       LINK_INVITER};

static bool possible(enum link_side side, enum link_state state)
{
    bool joining = side == LINK_JOINER || side == LINK_INVITER;

    switch (state) {
    case LINK_CLOSED:
    case LINK_BARRED:
        return true;
    case LINK_GREETING:
    case LINK_OPEN:
        return !joining;
    case LINK_ASKING:
    case LINK_ENROLLED:
        return joining;
    case LINK_STATES:
        break;
    }
    return false;
}

static void every_event_has_a_handler_in_every_state(void **state)
{
    (void)state;
    for (size_t side = 0; side < TEST_LEN(sides); side++) {
        for (int at = 0; at < LINK_STATES; at++) {
            for (int kind = 0; kind < LINK_HAPPENINGS; kind++) {
                struct link_event event = {.kind = (enum link_happened)kind};

                if (kind != LINK_FRAME &&
                    possible(sides[side], (enum link_state)at)) {
                    poke(sides[side], (enum link_state)at, event, FRAME_NONE,
                         false);
                }
            }
        }
    }
}

static void every_frame_has_a_handler_in_every_state(void **state)
{
    struct link_event event = {.kind = LINK_FRAME};

    (void)state;
    for (size_t side = 0; side < TEST_LEN(sides); side++) {
        for (int at = 0; at < LINK_STATES; at++) {
            for (int kind = 0; kind < FRAME_KINDS; kind++) {
                if (!possible(sides[side], (enum link_state)at)) {
                    continue;
                }
                poke(sides[side], (enum link_state)at, event,
                     (enum frame_kind)kind, true);
                poke(sides[side], (enum link_state)at, event,
                     (enum frame_kind)kind, false);
            }
        }
    }
}

static void frames_without_the_token_do_nothing_in_a_session(void **state)
{
    (void)state;
    for (int kind = FRAME_OFFER; kind < FRAME_KINDS; kind++) {
        struct world_end *end = NULL;
        struct world *world = world_in(LINK_DOWN, LINK_OPEN, &end);
        struct frame frame = frame_of((enum frame_kind)kind, end->link, false);
        uint64_t stale = end->link->stale;
        unsigned strikes = end->strikes;

        if (kind != FRAME_REFUSED) {
            world_inject(world, end, &frame);
            assert_int_equal(end->link->stale, stale + 1);
            assert_int_equal(end->strikes, strikes);
            frame.has_token = true;
            memset(&frame.token, 0x5a, sizeof(frame.token));
            world_inject(world, end, &frame);
            assert_int_equal(end->link->stale, stale + 2);
        }
        world_free(world);
    }
}

static void names_are_there_for_all(void **state)
{
    (void)state;
    for (int i = 0; i < LINK_STATES; i++) {
        assert_non_null(link_state_name((enum link_state)i));
    }
    for (int i = 0; i < LINK_HAPPENINGS; i++) {
        assert_non_null(link_happened_name((enum link_happened)i));
    }
    for (int i = 0; i < LINK_DOINGS; i++) {
        assert_non_null(link_do_name((enum link_do)i));
    }
    for (uint32_t i = 0; i <= LINK_REASONS; i++) {
        assert_non_null(link_reason_name(i));
        assert_non_null(link_reason_vi(i));
        assert_non_null(link_reason_en(i));
    }
    assert_string_equal(link_reason_name(999), "unknown");
    assert_true(link_reason_freezes(LINK_REASON_FORK));
    assert_false(link_reason_freezes(LINK_REASON_BAD_BATCH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_has_a_handler_in_every_state),
        cmocka_unit_test(every_frame_has_a_handler_in_every_state),
        cmocka_unit_test(frames_without_the_token_do_nothing_in_a_session),
        cmocka_unit_test(names_are_there_for_all),
    };

    return TEST_RUN(tests);
}
