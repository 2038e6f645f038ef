/* Files that events name: erased by a word of each level, unless an event that
 * lives names them too; a sealed one goes with its private body. */
#include "tests/store/erasing.h"

#include "store/attachment.h"
#include "store/integrate.h"

#define FILE_A                                                                 \
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define FILE_B                                                                 \
    "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"

static struct hash file_of(const char *hex)
{
    struct hash file;
    struct error err = {0};

    assert_ok(hex_decode(span_str(hex), &file, sizeof(file), &err), err);
    return file;
}

static struct event_id say_paper(struct erasing *st, const char *file,
                                 const char *private)
{
    struct event_id id =
        SAY(st->s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
            .on = "2024-05-06", .private = private,
            .facts = {{"channel", "counter"},
                      {"kind", "proposal"},
                      {"field", "land"},
                      {"person_known", "true"},
                      {"document.kind", "petition"},
                      {"document.file_hash", file}});

    scene_flush(st->s);
    return id;
}

static void say_file_erased(struct erasing *st, const struct event_id *event,
                            const char *file)
{
    scene_day(st->s, "2024-06-03");
    st->planted = *event;
    st->erased = SAY(st->s, .node = COMMUNE_A, .type = EVENT_ERASED,
                     .on = "2024-06-03", .subject = *event, .refs = {*event},
                     .signer = KEY_LEADER(COMMUNE_A),
                     .facts = {{"file_hash", file}, {"ground", "request"}});
    scene_flush(st->s);
}

static void came(struct store *store, const char *file, bool sealed)
{
    struct hash hash = file_of(file);
    struct error err = {0};

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_attachment_held(store, &hash, 1000, sealed, &err), err);
    assert_ok(store_commit(store, &err), err);
}

static int state_of(struct store *store, const char *file)
{
    struct hash hash = file_of(file);
    struct store_attachment known;
    struct error err = {0};

    assert_ok(store_attachment_find(store, &hash, &known, &err), err);
    return (int)known.state;
}

static void a_file_is_erased_here_by_a_word_of_this_level(void **state)
{
    struct event_id paper, other;
    struct store *commune, *province, *late;
    struct error err = {0};
    uint64_t gone = 0, waiting = 0;
    struct erasing st;

    (void)state;
    erasing_open(&st);
    paper = say_paper(&st, FILE_A, NULL);
    commune = scene_store(scene_path("file-commune"), COMMUNE_A);
    province = scene_store(scene_path("file-province"), PROVINCE);
    late = scene_store(scene_path("file-late"), PROVINCE);
    erasing_give(&st, commune);
    erasing_give(&st, province);
    scene_settle(commune, ASOF);
    scene_settle(province, ASOF);
    assert_int_equal(state_of(commune, FILE_A), STORE_ATTACHMENT_MISSING);
    came(commune, FILE_A, false);
    came(province, FILE_A, false);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_HELD);

    say_file_erased(&st, &paper, FILE_B); /* it names no such file */
    say_file_erased(&st, &paper, FILE_A);
    erasing_give(&st, commune);
    erasing_give(&st, province);
    erasing_give(&st, late);
    scene_settle(commune, ASOF);
    scene_settle(province, ASOF);
    scene_settle(late, ASOF);
    assert_int_equal(state_of(commune, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_HELD);
    /* Not whole here, and its origin destroyed it: not asked for again. */
    assert_int_equal(state_of(late, FILE_A), STORE_ATTACHMENT_ERASED);
    came(late, FILE_A, false);
    assert_int_equal(state_of(late, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_ok(store_attachment_erased_sum(province, &gone, &waiting, &err),
              err);
    assert_int_equal(gone, 0);
    assert_int_equal(waiting, 1);

    erasing_approve(&st, PROVINCE);
    erasing_hear(&st, province);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_ok(store_attachment_erased_sum(province, &gone, &waiting, &err),
              err);
    assert_int_equal(gone, 1);
    assert_int_equal(waiting, 0);
    assert_int_equal(erasing_check(province), 0);

    /* Named again by an event that lives, it may come back. */
    other = say_paper(&st, FILE_A, NULL);
    assert_false(event_id_equal(&other, &paper));
    erasing_hear(&st, province);
    assert_int_equal(state_of(province, FILE_A), STORE_ATTACHMENT_MISSING);
    assert_int_equal(erasing_check(commune) + erasing_check(province) +
                         erasing_check(late),
                     0);
    store_close(commune);
    store_close(province);
    store_close(late);
    erasing_close(&st);
}

static void a_shared_file_stays_for_the_event_that_lives(void **state)
{
    struct event_id first, second;
    struct store_rebuild_options options = {.now = now_of(ASOF)};
    struct store_integrated done;
    struct error err = {0};
    struct erasing st;
    struct store *store;

    (void)state;
    erasing_open(&st);
    first = say_paper(&st, FILE_A, NULL);
    second = say_paper(&st, FILE_A, NULL);
    store = scene_store(scene_path("shared"), COMMUNE_A);
    erasing_hear(&st, store);
    came(store, FILE_A, false);
    say_file_erased(&st, &first, FILE_A);
    erasing_hear(&st, store);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_HELD);
    say_file_erased(&st, &second, FILE_A);
    erasing_hear(&st, store);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_ok(store_rebuild(store, &options, &done, &err), err);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_int_equal(erasing_check(store), 0);
    store_close(store);
    erasing_close(&st);
}

static void a_sealed_file_goes_with_its_private_body(void **state)
{
    struct event_id sealed, clear;
    struct erasing st;
    struct store *store;

    (void)state;
    erasing_open(&st);
    sealed = say_paper(&st, FILE_A, SECRET);
    clear = say_paper(&st, FILE_B, SECRET);
    store = scene_store(scene_path("sealed"), COMMUNE_A);
    erasing_hear(&st, store);
    came(store, FILE_B, false);
    scene_day(st.s, "2024-06-03");
    (void)erasing_say(st.s, KEY_LEADER(COMMUNE_A), &sealed, "private");
    (void)erasing_say(st.s, KEY_LEADER(COMMUNE_A), &clear, "private");
    scene_flush(st.s);
    erasing_hear(&st, store);
    assert_int_equal(state_of(store, FILE_B), STORE_ATTACHMENT_HELD);
    /* Whether it is sealed is seen when it comes. */
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_MISSING);
    came(store, FILE_A, true);
    assert_int_equal(state_of(store, FILE_A), STORE_ATTACHMENT_ERASED);
    assert_int_equal(erasing_check(store), 2);
    store_close(store);
    erasing_close(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_erased_here_by_a_word_of_this_level),
        cmocka_unit_test(a_shared_file_stays_for_the_event_that_lives),
        cmocka_unit_test(a_sealed_file_goes_with_its_private_body),
    };

    return TEST_RUN(tests);
}
