/* tests/protocol: batches: their bytes, their limits, their judgement. */
#include "tests/support/test.h"

#include "protocol/base/hex.h"
#include "protocol/link/segment.h"

struct world {
    struct segment_codec *codec;
    struct arena arena;
    struct sign_secret log_secret;
    struct vkey log;
    struct sign_secret actor_secret;
    struct sign_public actor;
};

static struct world w;

static int setup(void **state)
{
    struct sign_seed seed = {{1}};
    struct sign_public pub;
    struct error err = {0};

    (void)state;
    assert_ok(crypto_start(&err), err);
    assert_ok(segment_codec_new(&w.codec, &err), err);
    assert_ok(arena_new(&w.arena, 8u << 20, &err), err);
    sign_keys(&seed, &pub, &w.log_secret);
    assert_ok(vkey_make(span_str("thu/7/e1"), VKEY_ED25519, &pub, &w.log, &err),
              err);
    seed.bytes[0] = 2;
    sign_keys(&seed, &w.actor, &w.actor_secret);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    segment_codec_free(w.codec);
    arena_release(&w.arena);
    return 0;
}

/* One event with a text, and a private and a sealed body if `all`. */
static struct segment_item item_make(uint32_t number, bool all)
{
    struct header header = {.type = 9000,
                            .version = 1,
                            .node = 7,
                            .unit = 70,
                            .actor = key_id_of(SPAN_OF(w.actor)),
                            .recorded_ms = 1700000000000u + number,
                            .on_day = 19700};
    struct body *bodies = arena_array(&w.arena, 3, sizeof(*bodies));
    struct wrap *wrap = arena_alloc(&w.arena, sizeof(*wrap));
    struct buf leaf = buf_over(arena_alloc(&w.arena, 600), 600);
    struct segment_item item = {.bodies = bodies};
    struct error err = {0};
    char *text = arena_alloc(&w.arena, 64);

    snprintf(text, 64, "text of event %u, in plain words", number);
    for (size_t i = 0; i < (all ? 2u : 1u); i++) {
        bodies[i].slot = (uint8_t)(i == 0            ? AUDIENCE_OF_TEXT
                                   : number % 2 == 0 ? AUDIENCE_OF_PRIVATE
                                                     : AUDIENCE_OF_UNIT);
        memcpy(bodies[i].salt.bytes, &number, sizeof(number));
        bodies[i].bytes = span_str(text);
        header.bodies[i].audience = bodies[i].slot;
        header.bodies[i].commitment =
            body_commit(bodies[i].salt, bodies[i].bytes);
        item.bodies_len++;
    }
    if (all) {
        memset(wrap, 0x5a, sizeof(*wrap));
        bodies[1].wraps = wrap;
        bodies[1].wraps_len = 1;
    }
    header.bodies_len = item.bodies_len;
    assert_ok(leaf_sign(&header, (struct span){NULL, 0}, &w.actor_secret, &leaf,
                        NULL, &err),
              err);
    item.leaf = buf_span(&leaf);
    return item;
}

static struct span note_make(const struct range *after)
{
    struct checkpoint checkpoint = {.origin = w.log.name,
                                    .head = range_head(after)};
    struct buf note = buf_over(arena_alloc(&w.arena, CHECKPOINT_NOTE_MAX),
                               CHECKPOINT_NOTE_MAX);
    struct error err = {0};

    assert_ok(checkpoint_sign(&checkpoint, &w.log, &w.log_secret, &note, &err),
              err);
    return buf_span(&note);
}

static struct segment segment_make(const struct segment_item *items, size_t len,
                                   struct range *before)
{
    struct segment segment;
    struct error err = {0};
    uint64_t first = before->size;

    for (size_t i = 0; i < len; i++) {
        range_append(before, items[i].leaf);
    }
    assert_ok(segment_build(w.codec, items, len, first, note_make(before),
                            &w.arena, &segment, &err),
              err);
    return segment;
}

enum {
    ALL = SEGMENT_DUE_TEXTS | SEGMENT_DUE_PRIVATES | SEGMENT_DUE_SEALED
};

static int check_as(struct segment segment, unsigned due, struct error *err)
{
    struct segment_checked checked;
    struct range empty;

    range_init(&empty);
    return segment_check(w.codec, &segment, &empty, &w.log, due, &w.arena,
                         &checked, err);
}

static struct segment four_events(void)
{
    struct segment_item items[4];
    struct range range;

    range_init(&range);
    for (uint32_t i = 0; i < 4; i++) {
        items[i] = item_make(i, true);
    }
    return segment_make(items, 4, &range);
}

static void a_batch_built_is_a_batch_that_passes(void **state)
{
    struct segment_item items[4];
    struct segment segment;
    struct segment_checked checked;
    struct range before;
    struct range after;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    range_init(&before);
    after = before;
    for (uint32_t i = 0; i < 4; i++) {
        items[i] = item_make(i, true);
    }
    segment = segment_make(items, 4, &after);
    assert_ok(segment_check(w.codec, &segment, &before, &w.log, ALL, &w.arena,
                            &checked, &err),
              err);
    assert_int_equal(checked.head.size, 4);
    assert_int_equal(checked.hashes.len, 4 * 32);
    assert_int_equal(checked.view.bodies_len, 8);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(span_equal(checked.view.leaves[i], items[i].leaf));
        assert_int_equal(checked.view.bodies[2 * i].index, i);
        assert_int_equal(checked.view.bodies[2 * i].slot, AUDIENCE_OF_TEXT);
        assert_true(span_equal(checked.view.bodies[2 * i].bytes,
                               items[i].bodies[0].bytes));
    }
}

static void the_lists_are_these_bytes(void **state)
{
    static const char privates[] = "0000" /* index */
                                   "02"   /* slot */
                                   "00000000000000000000000000000000" /* salt */
                                   "001f" /* bytes */
                                   "01";  /* wraps */
    struct segment segment;
    struct segment_view view;
    char text[2 * 22 + 1];
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    segment = four_events();
    hex_encode(span_slice(segment.privates, 0, 22), text);
    assert_string_equal(text, privates);
    assert_int_equal(segment.privates.len, 2 * (22 + 96 + 31));
    assert_int_equal(segment.sealed.len, 2 * (22 + 96 + 31));
    assert_int_equal(segment.absent.len, 0);
    assert_ok(segment_open(w.codec, &segment, &w.arena, &view, &err), err);
    assert_int_equal(view.raw_bytes,
                     4 * (2 + view.leaves[0].len) + 4 * (22 + 31));
}

/* Frozen: a reader of any later version takes these very bytes. */
static void a_batch_of_the_first_version_is_still_read(void **state)
{
    static const char leaves_z[] = "28b52ffd200f790000"
                                   "000461626364000568656c6c6f0000";
    uint8_t bytes[sizeof(leaves_z) / 2];
    struct segment segment = {.count = 3};
    struct segment_view view;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    assert_ok(hex_decode(span_make(leaves_z, sizeof(leaves_z) - 1), bytes,
                         sizeof(leaves_z) / 2, &err),
              err);
    segment.leaves_z = span_make(bytes, sizeof(leaves_z) / 2);
    assert_ok(segment_open(w.codec, &segment, &w.arena, &view, &err), err);
    assert_true(span_equal(view.leaves[0], span_str("abcd")));
    assert_true(span_equal(view.leaves[1], span_str("hello")));
    assert_int_equal(view.leaves[2].len, 0);
}

static void parts_not_due_are_left_out_and_not_missed(void **state)
{
    struct segment segment;
    struct segment_checked checked;
    struct range empty;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    segment = four_events();
    range_init(&empty);
    assert_ok(segment_check(w.codec, &segment, &empty, &w.log,
                            SEGMENT_DUE_TEXTS, &w.arena, &checked, &err),
              err);
    assert_int_equal(segment.privates.len, 0);
    assert_int_equal(segment.sealed.len, 0);
    assert_true(segment.texts_z.len > 0);
}

static void a_due_body_that_is_missing_is_refused_unless_listed(void **state)
{
    struct segment segment;
    struct error err = {0};
    static const uint8_t absent[] = {0, 0, 2, 0, 2, 2};

    (void)state;
    arena_reset(&w.arena);
    segment = four_events();
    segment.privates = (struct span){NULL, 0};
    assert_err(
        check_as(segment, SEGMENT_DUE_TEXTS | SEGMENT_DUE_PRIVATES, &err),
        ERR_MALFORMED, err);
    assert_err_says(err, "missing");
    segment.absent = span_make(absent, sizeof(absent));
    assert_ok(check_as(segment, SEGMENT_DUE_TEXTS | SEGMENT_DUE_PRIVATES, &err),
              err);
    assert_true(segment_is_absent(&segment, 2, 2));
    assert_false(segment_is_absent(&segment, 1, 2));
    segment = four_events();
    segment.absent = span_make(absent, sizeof(absent));
    assert_err(check_as(segment, ALL, &err), ERR_MALFORMED, err);
    assert_err_says(err, "calls it absent");
}

/* Of which the mirror was not told: it keeps some, and judges those. */
static void a_body_that_came_later_takes_its_place(void **state)
{
    static const uint8_t absent[] = {0, 0, 2};
    const unsigned due = SEGMENT_DUE_TEXTS | SEGMENT_MAY_PRIVATES;
    struct segment whole, segment;
    struct segment_view view;
    struct body second;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    whole = four_events();
    assert_ok(segment_open(w.codec, &whole, &w.arena, &view, &err), err);
    second = view.bodies[view.bodies_len - 3];
    assert_int_equal(second.index * 10 + second.slot, 22);
    segment = whole;
    segment.privates = (struct span){NULL, 0};
    segment.absent = span_make(absent, sizeof(absent));
    assert_ok(segment_insert(&segment, &second, &w.arena, &err), err);
    assert_ok(check_as(segment, due, &err), err);
    assert_int_equal(segment.absent.len, 3);
    assert_ok(segment_insert(&segment, &view.bodies[1], &w.arena, &err), err);
    assert_int_equal(segment.absent.len, 0); /* it was lost, and is here */
    assert_true(span_equal(segment.privates, whole.privates));
    assert_ok(segment_insert(&segment, &second, &w.arena, &err), err);
    assert_true(span_equal(segment.privates, whole.privates)); /* once */
    second.index = 0;
    second.bytes = span_str("something else");
    segment.privates = (struct span){NULL, 0};
    assert_ok(segment_insert(&segment, &second, &w.arena, &err), err);
    assert_err(check_as(segment, due, &err), ERR_UNTRUSTED, err);
    second.index = 4;
    assert_err(segment_insert(&segment, &second, &w.arena, &err), ERR_USAGE,
               err);
    second.slot = AUDIENCE_OF_UNIT;
    second.index = 1;
    assert_err(segment_insert(&segment, &second, &w.arena, &err), ERR_USAGE,
               err);
}

static bool content_same(const struct segment *segment,
                         const struct segment_view *original)
{
    struct segment_view view;
    struct error err = {0};

    assert_ok(segment_open(w.codec, segment, &w.arena, &view, &err), err);
    for (uint32_t i = 0; i < view.count; i++) {
        if (!span_equal(view.leaves[i], original->leaves[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < view.bodies_len; i++) {
        if (!span_equal(view.bodies[i].bytes, original->bodies[i].bytes)) {
            return false;
        }
    }
    return view.bodies_len == original->bodies_len;
}

static void every_flipped_byte_is_found(void **state)
{
    struct segment good;
    struct segment_view original;
    struct error failed = {0};
    size_t mark = 0;

    (void)state;
    arena_reset(&w.arena);
    good = four_events();
    assert_ok(segment_open(w.codec, &good, &w.arena, &original, &failed),
              failed);
    mark = w.arena.used;

    struct span *parts[] = {&good.note, &good.leaves_z, &good.texts_z,
                            &good.privates, &good.sealed};

    for (size_t part = 0; part < TEST_LEN(parts); part++) {
        struct span whole = *parts[part];

        for (size_t at = 0; at < whole.len; at++) {
            uint8_t *bad = arena_alloc(&w.arena, whole.len);
            struct error err = {0};

            /* Salt, body: committed. Wraps: beside, not committed. Layout:
             * must stay what it is. */
            if (part >= 3 && at % 149 >= 22 && at % 149 < 22 + 96) {
                arena_rewind(&w.arena, mark);
                continue;
            }
            memcpy(bad, whole.ptr, whole.len);
            bad[at] ^= 1;
            *parts[part] = span_make(bad, whole.len);
            /* zstd has bits that say nothing: the content decides. */
            if (check_as(good, ALL, &err) == 0 &&
                !((part == 1 || part == 2) && content_same(&good, &original))) {
                fail_msg("part %zu byte %zu flipped and accepted", part, at);
            }
            *parts[part] = whole;
            arena_rewind(&w.arena, mark);
        }
    }
}

static void a_duplicate_or_a_gap_is_nobodys_fault(void **state)
{
    struct segment segment;
    struct segment_checked checked;
    struct range range;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    segment = four_events();
    range_init(&range);
    range_append(&range, span_str("x"));
    assert_err(segment_check(w.codec, &segment, &range, &w.log, ALL, &w.arena,
                             &checked, &err),
               ERR_BUSY, err);
}

static void a_malformed_leaf_does_not_stop_a_log(void **state)
{
    struct segment_item items[3];
    struct segment segment;
    struct range range;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    range_init(&range);
    memset(items, 0, sizeof(items));
    items[0] = item_make(0, false);
    items[1].leaf = span_str("not a leaf at all");
    items[2] = item_make(2, false);
    segment = segment_make(items, 3, &range);
    assert_ok(check_as(segment, ALL, &err), err);
}

static void a_batch_is_as_large_as_it_may_be_and_no_larger(void **state)
{
    static struct segment_item items[BATCH_EVENTS_MAX + 1];
    static uint8_t large[LEAF_MAX];
    struct range range;
    struct segment segment;
    struct segment_item single = {.leaf = {large, LEAF_MAX}};
    const struct body sealed = {.slot = AUDIENCE_OF_PRIVATE,
                                .bytes = {large, 400}};
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    range_init(&range);
    memset(items, 0, sizeof(items));
    for (size_t i = 0; i <= BATCH_EVENTS_MAX; i++) {
        items[i].leaf = span_make(large, 254);
    }
    assert_int_equal(segment_fit(items, BATCH_EVENTS_MAX + 1, 0),
                     BATCH_EVENTS_MAX);
    items[9].leaf.len = 255;
    assert_int_equal(segment_fit(items, BATCH_EVENTS_MAX + 1, 0),
                     BATCH_EVENTS_MAX - 1);
    /* 256 bytes each, of which the line carries 96. */
    assert_int_equal(segment_fit(items, BATCH_EVENTS_MAX + 1, 400), 4);
    items[1].bodies = &sealed;
    items[1].bodies_len = 1;
    assert_int_equal(segment_fit(items, BATCH_EVENTS_MAX + 1, 400), 1);
    items[1].bodies_len = 0;
    assert_err(segment_build(w.codec, items, BATCH_EVENTS_MAX, 0,
                             (struct span){NULL, 0}, &w.arena, &segment, &err),
               ERR_LIMIT, err);
    segment = segment_make(&single, 1, &range);
    assert_ok(check_as(segment, ALL, &err), err);
}

static void a_bomb_expands_to_an_error(void **state)
{
    static uint8_t zeros[BATCH_RAW_MAX];
    struct segment_item items[2];
    struct segment segment;
    struct segment_view view;
    struct range range;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    range_init(&range);
    memset(items, 0, sizeof(items));
    items[0].leaf = span_make(zeros, LEAF_MAX);
    segment = segment_make(items, 1, &range);
    segment.count = 2; /* more raw bytes than two events may have */
    assert_err(segment_open(w.codec, &segment, &w.arena, &view, &err),
               ERR_LIMIT, err);
    segment.count = BATCH_EVENTS_MAX + 1;
    assert_err(segment_open(w.codec, &segment, &w.arena, &view, &err),
               ERR_LIMIT, err);
    segment.count = 0;
    assert_err(segment_open(w.codec, &segment, &w.arena, &view, &err),
               ERR_LIMIT, err);
    segment.count = 1;
    segment.leaves_z = span_str("junk");
    assert_err(segment_open(w.codec, &segment, &w.arena, &view, &err),
               ERR_MALFORMED, err);
}

static void a_checkpoint_of_another_log_or_size_is_refused(void **state)
{
    struct segment segment;
    struct range longer;
    struct error err = {0};

    (void)state;
    arena_reset(&w.arena);
    segment = four_events();
    range_init(&longer);
    for (int i = 0; i < 5; i++) {
        range_append(&longer, span_str("x"));
    }
    segment.note = note_make(&longer);
    assert_err(check_as(segment, ALL, &err), ERR_MALFORMED, err);
    assert_err_says(err, "checkpoint of size 5 ends a batch of 4");
    segment = four_events();
    w.log.name = span_str("thu/8/e1");
    assert_err(check_as(segment, ALL, &err), ERR_UNTRUSTED, err);
    w.log.name = span_str("thu/7/e1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_built_is_a_batch_that_passes),
        cmocka_unit_test(the_lists_are_these_bytes),
        cmocka_unit_test(a_batch_of_the_first_version_is_still_read),
        cmocka_unit_test(parts_not_due_are_left_out_and_not_missed),
        cmocka_unit_test(a_due_body_that_is_missing_is_refused_unless_listed),
        cmocka_unit_test(a_body_that_came_later_takes_its_place),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(a_duplicate_or_a_gap_is_nobodys_fault),
        cmocka_unit_test(a_malformed_leaf_does_not_stop_a_log),
        cmocka_unit_test(a_batch_is_as_large_as_it_may_be_and_no_larger),
        cmocka_unit_test(a_bomb_expands_to_an_error),
        cmocka_unit_test(a_checkpoint_of_another_log_or_size_is_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
