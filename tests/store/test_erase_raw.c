/* What was erased is in none of the raw files of a database: neither the words
 * nor the index made of them, nor the batch as it was compressed. */
#include "tests/store/erasing.h"

#include "store/attachment.h"
#include "store/erase.h"
#include "store/query.h"

/* The compressed texts of the batch that holds the event. */
static struct span batch_texts(struct store *store, const struct event_id *id,
                               struct arena *arena)
{
    struct store_segment segment;
    struct store_event event;
    struct error err = {0};

    assert_ok(store_event_find(store, id, arena, &event, &err), err);
    assert_ok(store_segment_read(store, event.log, event.index, arena, &segment,
                                 &err),
              err);
    assert_true(segment.parts.texts_z.len > 60);
    return segment.parts.texts_z;
}

static void nothing_of_it_stays_in_any_raw_file(void **state)
{
    static uint8_t memory[1 << 20];
    struct arena arena;
    struct span packed;
    struct erasing st;
    char path[512];
    struct store *store;
    char *before, *after;

    (void)state;
    arena_init(&arena, memory, sizeof(memory));
    erasing_open(&st);
    snprintf(path, sizeof(path), "%s", scene_path("raw"));
    store = scene_store(path, COMMUNE_A);
    erasing_hear(&st, store);
    packed = batch_texts(store, &st.planted, &arena);
    before = scene_dump(store);
    assert_true(erasing_trace(path, packed)); /* it can be seen that it goes */
    assert_true(
        erasing_trace(path, span_make(packed.ptr + packed.len / 2, 24)));
    assert_true(erasing_trace(path, span_str(FOLDED)));
    assert_true(erasing_trace(path, span_str(SECRET)));
    assert_int_equal(erasing_found(store, "tuyet mat"), 1);
    store_close(store);

    erasing_text(&st);
    (void)erasing_say(st.s, KEY_LEADER(COMMUNE_A), &st.planted, "private");
    scene_flush(st.s);
    store = erasing_reopen(path);
    erasing_hear(&st, store);
    assert_false(erasing_holds(store, &st.planted, AUDIENCE_OF_TEXT));
    assert_false(erasing_holds(store, &st.planted, AUDIENCE_OF_PRIVATE));
    assert_true(erasing_holds(store, &st.kept, AUDIENCE_OF_TEXT));
    assert_int_equal(erasing_found(store, "tuyet mat"), 0);
    assert_int_equal(erasing_found(store, "cau treo"), 1);
    assert_true(erasing_trace(path, span_str(SECRET))); /* in the WAL, so far */
    erasing_scrub(store);
    assert_false(erasing_trace(path, packed));
    for (size_t at = 16; at + 24 < packed.len; at += 24) {
        assert_false(erasing_trace(path, span_make(packed.ptr + at, 24)));
    }
    assert_false(erasing_trace(path, span_str(PLANTED)));
    assert_false(erasing_trace(path, span_str(FOLDED)));
    assert_false(erasing_trace(path, span_str(SECRET)));
    assert_false(erasing_trace(path, span_make(st.salt.bytes, 8)));
    assert_true(
        erasing_trace(path, span_str("reo"))); /* its neighbour's words */
    assert_int_equal(erasing_check(store), 2);
    after = scene_dump(store);
    assert_true(strlen(after) > strlen(before)); /* two more in a history */
    assert_string_equal(strstr(after, "\ncell"), strstr(before, "\ncell"));
    free(before);
    free(after);
    store_close(store);
    erasing_close(&st);
    arena_release(&arena);
}

/* The batch as another mirror would get it now. */
/* NOLINTNEXTLINE(readability-function-size): one batch after the other */

static void a_reader_delays_the_scrub_and_never_hangs_it(void **state)
{
    struct store_options open = {.read_only = true};
    struct store *store, *reader = NULL;
    struct error err = {0};
    struct erasing st;
    char path[512];
    bool done = true;

    (void)state;
    erasing_open(&st);
    erasing_text(&st);
    snprintf(path, sizeof(path), "%s", scene_path("reader"));
    store = scene_store(path, COMMUNE_A);
    erasing_give(&st, store);
    open.path = path;
    assert_ok(store_open(&open, &reader, &err), err);
    assert_ok(store_look(reader, &err), err);
    assert_int_equal(erasing_found(reader, "tuyet"),
                     0); /* it looks from here on */
    scene_settle(store, ASOF);
    assert_ok(store_scrub(store, &done, &err), err);
    assert_false(done);
    store_close(reader);
    erasing_scrub(store);
    assert_false(erasing_trace(path, span_str("Tuyệt Mật")));
    assert_int_equal(erasing_check(store), 1);
    store_close(store);
    erasing_close(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_it_stays_in_any_raw_file),
        cmocka_unit_test(a_reader_delays_the_scrub_and_never_hangs_it),
    };

    return TEST_RUN(tests);
}
