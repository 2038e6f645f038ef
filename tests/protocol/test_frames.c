/* tests/protocol: frames: frozen bytes, caps, what is refused. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "protocol/event/body.h"
#include "protocol/link/frames.h"

static struct arena arena;

static int setup(void **state)
{
    struct error err = {0};

    (void)state;
    assert_ok(crypto_start(&err), err);
    assert_ok(arena_new(&arena, 8u << 20, &err), err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

#define FILL(object, byte) memset(&(object), (byte), sizeof(object))

static struct guard_cosig cosig_make(bool heard)
{
    struct guard_cosig cosig = {.head = {.size = 9}, .has_heard = heard};

    FILL(cosig.head.root, 0x11);
    FILL(cosig.line, 0x22);
    FILL(cosig.heard, heard ? 0x33 : 0);
    return cosig;
}

/* A list of one private body without readers. */
static struct span one_body(void)
{
    static uint8_t room[64];
    struct buf list = buf_over(room, sizeof(room));
    struct body body = {.slot = AUDIENCE_OF_PRIVATE,
                        .bytes = span_str("sealed")};
    struct error err = {0};

    assert_ok(body_put(&body, &list, &err), err);
    return buf_span(&list);
}

/* One of each kind, every field set. */
static struct frame frame_make(enum frame_kind kind)
{
    static const struct origin origin = {.node = 7, .epoch = 2, .dir = true};
    static struct frame_head heads[2];
    static struct frame_pull pulls[1];
    static struct guard_cosig cosigs[2];
    static struct frame_certificate certificate;
    static uint8_t signatures[128];
    struct frame frame = {.has_token = true, .kind = kind};

    FILL(frame.token, 0xaa);
    heads[0] = (struct frame_head){
        .origin = origin, .note = span_str("note"), .cosigs = 3};
    heads[0].head.size = 5;
    FILL(heads[0].head.root, 0x44);
    heads[0].seen.has = true;
    heads[0].seen.head = heads[0].head;
    FILL(heads[0].seen.line, 0x55);
    heads[1] = (struct frame_head){.origin = {.node = 8, .epoch = 1}};
    heads[1].head.root = merkle_empty_root();
    pulls[0] = (struct frame_pull){
        .origin = origin, .held = 5, .cosigs = 3, .begin = true};
    cosigs[0] = cosig_make(false);
    cosigs[1] = cosig_make(true);
    certificate = (struct frame_certificate){.origin = origin,
                                             .index = 2,
                                             .leaf = span_str("cert"),
                                             .proof = span_str("proof")};
    FILL(signatures, 0x66);

    switch (kind) {
    case FRAME_HELLO:
        frame.hello = (struct frame_hello){.version_min = 1,
                                           .version_max = 2,
                                           .features = 3,
                                           .realm = span_str("thu"),
                                           .node = 7,
                                           .now_ms = 1700000000000u,
                                           .has_token = true,
                                           .unfenced = true,
                                           .software = span_str("qcdc 0.1"),
                                           .heads = heads,
                                           .heads_len = 2,
                                           .more = true,
                                           .deliveries = 12};
        FILL(frame.hello.session, 0xbb);
        FILL(frame.hello.token, 0xcc);
        break;
    case FRAME_OFFER:
        frame.offer = (struct frame_offer){heads, 2, true};
        break;
    case FRAME_WANT:
        frame.want = (struct frame_want){16384, pulls, 1};
        break;
    case FRAME_BATCH:
        frame.batch =
            (struct frame_batch){.origin = origin,
                                 .segment = {.first = 5,
                                             .count = 2,
                                             .note = span_str("note"),
                                             .leaves_z = span_str("leaves"),
                                             .texts_z = span_str("texts"),
                                             .privates = span_str("privates"),
                                             .absent = span_make("\0\0\1", 3)},
                                 .more = true};
        break;
    case FRAME_COSIGNED:
        frame.cosigned = (struct frame_cosigned){origin, 4, cosigs, 2};
        break;
    case FRAME_HELD:
        frame.held = (struct frame_held){
            .origin = origin, .node = 1, .head = cosigs[0].head};
        FILL(frame.held.line, 0x77);
        break;
    case FRAME_HEARD_ASK:
        frame.heard_ask =
            (struct frame_heard_ask){.origin = origin, .cosigs = 5};
        FILL(frame.heard_ask.signature, 0x88);
        break;
    case FRAME_DELIVERY:
        frame.delivery = (struct frame_delivery){.number = 6,
                                                 .to_node = 9,
                                                 .origin = origin,
                                                 .index = 3,
                                                 .leaf = span_str("leaf"),
                                                 .proof = span_str("proof"),
                                                 .has_cover = true,
                                                 .cover_number = 4,
                                                 .cover = cosigs[0],
                                                 .has_quoted = true,
                                                 .quoted = cosigs[1],
                                                 .certificates = &certificate,
                                                 .certificates_len = 1};
        break;
    case FRAME_DELIVERY_ACK:
        frame.delivery_ack = 6;
        break;
    case FRAME_REFUSED:
        frame.refused = (struct frame_refused){.reason = 5,
                                               .has_origin = true,
                                               .origin = origin,
                                               .text = span_str("không")};
        break;
    case FRAME_JOIN_REQUEST:
        frame.join_request = (struct frame_join_request){
            span_str("request"), span_make(signatures, 128)};
        break;
    case FRAME_JOIN_ANSWER:
        frame.join_answer =
            (struct frame_join_answer){JOIN_CERTIFIED, span_str("welcome")};
        break;
    case FRAME_PING:
        frame.ping = (struct frame_ping){17, 16};
        break;
    case FRAME_MEND_ASK:
        frame.mend_ask = (struct frame_mend_ask){origin, 300, true};
        break;
    case FRAME_MEND:
        cosigs[0] = cosig_make(true);
        frame.mend = (struct frame_mend){.origin = origin, .has_batch = true};
        frame.mend.batch.origin = origin;
        frame.mend.batch.segment =
            (struct segment){.first = 300,
                             .count = 2,
                             .note = span_str("note"),
                             .leaves_z = span_str("leaves"),
                             .absent = span_str("abc")};
        frame.mend.has_cosigned = true;
        frame.mend.cosigned = (struct frame_cosigned){origin, 4, cosigs, 1};
        break;
    case FRAME_SPOOLED:
        frame.spooled = (struct frame_spooled){
            .origin = origin,
            .segment = {.count = 2,
                        .leaves_z = span_str("leaves"),
                        .texts_z = span_str("texts"),
                        .privates = span_str("privates"),
                        .absent = span_make("\0\0\1", 3)}};
        break;
    case FRAME_STAGED:
        frame.staged = (struct frame_staged){
            .origin = origin,
            .head = cosigs[0].head,
            .ids = span_str("0123456789abcdef0123456789ABCDEF")};
        FILL(frame.staged.signature, 0x99);
        break;
    case FRAME_ATTACH_ASK:
        FILL(frame.attach.file, 0x99);
        frame.attach.offset = 65536;
        frame.attach.max = 16384;
        break;
    case FRAME_ATTACH_CHUNK:
        FILL(frame.attach.file, 0x99);
        frame.attach.offset = 65536;
        frame.attach.total = 65541;
        frame.attach.bytes = span_str("piece");
        break;
    case FRAME_ATTACH_HAVE:
        FILL(frame.attach.file, 0x99);
        frame.attach.total = 65541;
        break;
    case FRAME_SUCCESSOR:
        frame.successor = span_str("a leaf");
        break;
    case FRAME_BODY_ASK:
        FILL(frame.body.event, 0x99);
        break;
    case FRAME_BODY_GIVE:
        FILL(frame.body.event, 0x99);
        frame.body.bodies = one_body();
        break;
    case FRAME_NONE:
    case FRAME_KINDS:
        break;
    }
    return frame;
}

static struct span pack(const struct frame *frame)
{
    struct span bytes = {0};
    struct error err = {0};

    assert_ok(frame_pack(frame, &arena, &bytes, &err), err);
    return bytes;
}

static void every_frame_comes_back_as_it_went(void **state)
{
    (void)state;
    for (int kind = FRAME_HELLO; kind < FRAME_KINDS; kind++) {
        struct frame frame;
        struct frame back;
        struct error err = {0};
        struct span bytes;
        struct span again;

        arena_reset(&arena);
        frame = frame_make((enum frame_kind)kind);
        bytes = pack(&frame);
        assert_ok(frame_decode(bytes, &arena, &back, &err), err);
        assert_int_equal(back.kind, kind);
        assert_memory_equal(&back.token, &frame.token, sizeof(frame.token));
        again = pack(&back);
        assert_true(span_equal(bytes, again));
    }
}

/* SHA-256 of each frame's bytes. One that changes breaks every peer that is
 * installed: the frames are frozen (formats.md section 9). */
static void the_bytes_of_every_frame_are_frozen(void **state)
{
    static const char *const golden[FRAME_KINDS] = {
        [FRAME_HELLO] = "2bde24107ae637ed",
        [FRAME_OFFER] = "7b8384cc5c1b1369",
        [FRAME_WANT] = "f1648cb0ddc1aec1",
        [FRAME_BATCH] = "c2ef704f6416279d",
        [FRAME_COSIGNED] = "eda8f853331fd883",
        [FRAME_HELD] = "48b750b9c10f7a94",
        [FRAME_HEARD_ASK] = "93eefd4729338823",
        [FRAME_DELIVERY] = "1b4f2832b1974d07",
        [FRAME_DELIVERY_ACK] = "dd671adebc15bb0c",
        [FRAME_REFUSED] = "44e64ffb16a37750",
        [FRAME_JOIN_REQUEST] = "1bd555ea7b0fbc2e",
        [FRAME_JOIN_ANSWER] = "7b687a565d8a0904",
        [FRAME_PING] = "5d8607c235c46494",
        [FRAME_MEND_ASK] = "9e8e9142743625ff",
        [FRAME_MEND] = "d14e20dc1b174d37",
        [FRAME_SPOOLED] = "86c6d22e8a506321",
        [FRAME_STAGED] = "98648378e8809442",
        [FRAME_ATTACH_ASK] = "2ecd41e82b806424",
        [FRAME_ATTACH_CHUNK] = "16438d5292ea4eaa",
        [FRAME_ATTACH_HAVE] = "8e776c0dd020b357",
        [FRAME_SUCCESSOR] = "27771b6396eb007a",
        [FRAME_BODY_ASK] = "2c2426ed44f5cb3c",
        [FRAME_BODY_GIVE] = "a05d5b4aae012b01",
    };
    int changed = 0;

    (void)state;
    for (int kind = FRAME_HELLO; kind < FRAME_KINDS; kind++) {
        struct frame frame = frame_make((enum frame_kind)kind);
        char text[2 * 8 + 1];
        struct hash hash;

        arena_reset(&arena);
        hash = hash_of(pack(&frame));
        hex_encode(span_make(hash.bytes, 8), text);
        if (strcmp(text, golden[kind]) != 0) {
            print_error("%s is now %s\n", frame_name((enum frame_kind)kind),
                        text);
            changed++;
        }
    }
    assert_int_equal(changed, 0);
}

static void two_bodies_or_one_that_is_erased_are_no_answer(void **state)
{
    struct frame frame = frame_make(FRAME_BODY_GIVE);
    uint8_t room[128];
    struct buf twice = buf_over(room, sizeof(room));
    struct frame back;
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    frame.body.erased = true;
    assert_err(frame_decode(pack(&frame), &arena, &back, &err), ERR_MALFORMED,
               err);
    frame.body.bodies = (struct span){NULL, 0};
    assert_ok(frame_decode(pack(&frame), &arena, &back, &err), err);
    assert_true(back.body.erased);
    frame = frame_make(FRAME_BODY_GIVE);
    buf_put(&twice, frame.body.bodies);
    buf_put(&twice, frame.body.bodies);
    frame.body.bodies = buf_span(&twice);
    assert_err(frame_decode(pack(&frame), &arena, &back, &err), ERR_MALFORMED,
               err);
    frame.body.bodies = span_str("no list of bodies");
    assert_err(frame_decode(pack(&frame), &arena, &back, &err), ERR_MALFORMED,
               err);
}

static void a_ping_is_these_bytes(void **state)
{
    struct frame frame = frame_make(FRAME_PING);
    char text[64];
    struct span bytes;

    (void)state;
    arena_reset(&arena);
    bytes = pack(&frame);
    hex_encode(bytes, text);
    assert_string_equal(text, "0a10aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                              "720408111010");
}

static void a_frame_cut_anywhere_is_refused_or_smaller(void **state)
{
    (void)state;
    for (int kind = FRAME_HELLO; kind < FRAME_KINDS; kind++) {
        struct frame frame;
        struct span bytes;

        arena_reset(&arena);
        frame = frame_make((enum frame_kind)kind);
        bytes = pack(&frame);
        for (size_t len = 0; len < bytes.len; len++) {
            struct frame back = {0};
            struct error err = {0};
            size_t mark = arena.used;
            int rc =
                frame_decode(span_make(bytes.ptr, len), &arena, &back, &err);

            /* Cut between two fields it is a frame without a body. */
            assert_true(rc == ERR_MALFORMED ||
                        (rc == 0 && back.kind == FRAME_NONE));
            arena_rewind(&arena, mark);
        }
    }
}

static void lengths_that_are_fixed_are_checked(void **state)
{
    static const struct {
        const char *hex;
        const char *says;
    } bad[] = {
        {"0a0faaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "token of 15 bytes"},
        {"120208ff", "not protobuf"},
        {"2a00", "a log without node or epoch"},
        {"2a0a0a040807180110051800", "batch of 0 events"},
        {"2a0b0a04080718011005188102", "not protobuf"},
        {"2a0b0a040807180110051881020a", "not protobuf"},
        {"2a0c0a0408071801100518818004", "batch of 65537 events"},
        {"520b08ffffffffffffffffff01", "number"},
        {"6a020804", "join answer 4"},
        {"5a031a01ff", "not UTF-8"},
        {"4200", "heard"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        uint8_t bytes[64];
        struct frame frame;
        struct error err = {0};
        size_t len = strlen(bad[i].hex) / 2;

        arena_reset(&arena);
        assert_ok(hex_decode(span_str(bad[i].hex), bytes, len, &err), err);
        if (frame_decode(span_make(bytes, len), &arena, &frame, &err) == 0) {
            fail_msg("%s was accepted", bad[i].hex);
        }
    }
}

static void what_is_over_a_cap_is_neither_written_nor_read(void **state)
{
    static struct frame_pull pulls[FRAME_PULLS_MAX + 1];
    static uint8_t large[FRAME_MAX + 1];
    struct frame frame = frame_make(FRAME_WANT);
    struct span bytes = {0};
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    for (size_t i = 0; i <= FRAME_PULLS_MAX; i++) {
        pulls[i].origin = (struct origin){.node = 1, .epoch = 1};
    }
    frame.want.pulls = pulls;
    frame.want.pulls_len = FRAME_PULLS_MAX;
    (void)pack(&frame);
    frame.want.pulls_len++;
    assert_err(frame_pack(&frame, &arena, &bytes, &err), ERR_LIMIT, err);
    frame = frame_make(FRAME_REFUSED);
    frame.refused.text = span_make(large, FRAME_TEXT_MAX + 1);
    assert_err(frame_pack(&frame, &arena, &bytes, &err), ERR_LIMIT, err);
    assert_err(
        frame_decode(span_make(large, FRAME_MAX + 1), &arena, &frame, &err),
        ERR_LIMIT, err);
}

static void many_empty_messages_run_into_the_limit_not_into_memory(void **state)
{
    static uint8_t bytes[FRAME_MAX];
    struct frame frame;
    struct error err = {0};
    size_t at = 0;
    size_t mark = 0;

    (void)state;
    arena_reset(&arena);
    /* Offer of 100,000 empty heads: 2 bytes each, a struct each. */
    bytes[at++] = 0x1a;
    bytes[at++] = 0xc0;
    bytes[at++] = 0x9a;
    bytes[at++] = 0x0c;
    for (size_t i = 0; i < 100000; i++) {
        bytes[at++] = 0x0a;
        bytes[at++] = 0x00;
    }
    mark = arena.used;
    assert_err(frame_decode(span_make(bytes, at), &arena, &frame, &err),
               ERR_LIMIT, err);
    assert_true(arena.used - mark <= FRAME_ARENA_MIN);
}

static void a_kind_of_a_newer_version_is_ignored(void **state)
{
    static const uint8_t bytes[] = {0xfa, 0x01, 0x02, 'h', 'i'};
    struct frame frame;
    struct error err = {0};

    (void)state;
    arena_reset(&arena);
    assert_ok(
        frame_decode(span_make(bytes, sizeof(bytes)), &arena, &frame, &err),
        err);
    assert_int_equal(frame.kind, FRAME_NONE);
}

static void origins_have_one_spelling(void **state)
{
    static const char *const bad[] = {
        "thu/07/e1",   "thu/7/e0",          "thu/7/dir/e",
        "thu/7",       "thu/7/e1/",         "thu/7/e01",
        "thuu/7/e1",   "thu/0/e1",          "thu/7/d/e1",
        "thu/-7/e1",   "thu/7/e1 ",         "thu//e1",
        "thu/7/dire1", "thu/4294967296/e1", "",
        "thu",
    };
    struct span realm = span_str("thu");
    struct origin origin = {0};
    struct error err = {0};
    char text[64];
    struct buf buf = buf_over(text, sizeof(text));

    (void)state;
    assert_ok(origin_parse(span_str("thu/7/dir/e12"), realm, &origin, &err),
              err);
    assert_int_equal(origin.node, 7);
    assert_int_equal(origin.epoch, 12);
    assert_true(origin.dir);
    origin_format(realm, &origin, &buf);
    assert_true(span_equal(buf_span(&buf), span_str("thu/7/dir/e12")));
    for (size_t i = 0; i < TEST_LEN(bad); i++) {
        if (origin_parse(span_str(bad[i]), realm, &origin, &err) == 0) {
            fail_msg("\"%s\" was accepted", bad[i]);
        }
    }
}

static void a_request_to_be_heard_signs_head_and_number(void **state)
{
    struct sign_seed seed = {{3}};
    struct sign_public pub;
    struct sign_secret sec;
    uint8_t bytes[HEARD_TEXT_MAX];
    struct buf text = buf_over(bytes, sizeof(bytes));
    struct span checkpoint = span_str("thu/7/e1\n5\nroot\n");
    struct signature sig;

    (void)state;
    sign_keys(&seed, &pub, &sec);
    heard_text(checkpoint, 3, &text);
    assert_int_equal(text.len, 14 + 16 + 8);
    assert_int_equal(bytes[text.len - 1], 2); /* of the newest one held */
    sig = sign_bytes(&sec, buf_span(&text));
    assert_true(heard_verify(checkpoint, 3, &sig, &pub));
    assert_false(heard_verify(checkpoint, 4, &sig, &pub));
    assert_false(heard_verify(span_str("thu/7/e1\n6\nroot\n"), 3, &sig, &pub));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_comes_back_as_it_went),
        cmocka_unit_test(the_bytes_of_every_frame_are_frozen),
        cmocka_unit_test(two_bodies_or_one_that_is_erased_are_no_answer),
        cmocka_unit_test(a_ping_is_these_bytes),
        cmocka_unit_test(a_frame_cut_anywhere_is_refused_or_smaller),
        cmocka_unit_test(lengths_that_are_fixed_are_checked),
        cmocka_unit_test(what_is_over_a_cap_is_neither_written_nor_read),
        cmocka_unit_test(
            many_empty_messages_run_into_the_limit_not_into_memory),
        cmocka_unit_test(a_kind_of_a_newer_version_is_ignored),
        cmocka_unit_test(origins_have_one_spelling),
        cmocka_unit_test(a_request_to_be_heard_signs_head_and_number),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
