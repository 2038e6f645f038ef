/* Files of what was cut off a log: an erased body stays in none of them. */
#include "tests/node/top.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/evidence.h"
#include "protocol/event/leaf.h"
#include "store/store_internal.h"

#define NAME "evidence/aa.qcdc-tail"
#define EVENTS 3u

static struct error err;
static struct event_id ids[EVENTS];
static char text[EVENTS][64];

static void path_in(const char *name, char path[CONFIG_PATH_SIZE])
{
    assert_ok(config_path(&top_config, name, path, &err), err);
}

/* Its text is in clear in the private list too, which nobody packs. */
static void item_make(size_t i, struct segment_item *item, struct body *bodies,
                      struct header *header)
{
    static const struct sign_seed seed = {{2}};
    struct sign_public actor;
    struct sign_secret secret;
    struct buf leaf = buf_over(arena_alloc(&engine->turn, 600), 600);
    struct leaf parsed;

    sign_keys(&seed, &actor, &secret);
    *header = (struct header){.type = 9000,
                              .version = 1,
                              .node = 11,
                              .unit = 2011,
                              .actor = key_id_of(SPAN_OF(actor)),
                              .recorded_ms = 1700000000000u + i,
                              .on_day = 19700,
                              .bodies_len = 2};
    (void)snprintf(text[i], sizeof(text[i]), "planted words of event %zu", i);
    for (size_t b = 0; b < 2; b++) {
        bodies[b].slot =
            (uint8_t)(b == 0 ? AUDIENCE_OF_TEXT : AUDIENCE_OF_PRIVATE);
        bodies[b].salt.bytes[0] = (uint8_t)i;
        bodies[b].bytes = span_str(text[i]);
        header->bodies[b].audience = bodies[b].slot;
        header->bodies[b].commitment =
            body_commit(bodies[b].salt, bodies[b].bytes);
    }
    bodies[1].wraps = arena_alloc(&engine->turn, sizeof(struct wrap));
    bodies[1].wraps_len = 1;
    assert_ok(
        leaf_sign(header, (struct span){NULL, 0}, &secret, &leaf, NULL, &err),
        err);
    *item = (struct segment_item){
        .leaf = buf_span(&leaf), .bodies = bodies, .bodies_len = 2};
    assert_ok(leaf_parse(item->leaf, &parsed, &err), err);
    ids[i] = parsed.id;
}

static void tail_write(const char *name)
{
    static struct body bodies[EVENTS][2];
    static struct header headers[EVENTS];
    struct segment_item items[EVENTS];
    struct segment segment;
    struct span all[TAIL_PARTS];
    char path[CONFIG_PATH_SIZE], line[TAIL_LINE_SIZE];
    FILE *file;

    path_in("evidence", path);
    (void)mkdir(path, 0700);
    for (size_t i = 0; i < EVENTS; i++) {
        item_make(i, &items[i], bodies[i], &headers[i]);
    }
    assert_ok(segment_build(engine->codec, items, EVENTS, 7, span_str("note\n"),
                            &engine->turn, &segment, &err),
              err);
    path_in(name, path);
    file = fopen(path, "wbe");
    assert_non_null(file);
    (void)fputs("qcdc/tail/v1\norigin thu/11/e1\n", file);
    tail_block_line(&segment, line, all);
    (void)fputs(line, file);
    for (size_t i = 0; i < TAIL_PARTS; i++) {
        (void)fwrite(all[i].ptr, 1, all[i].len, file);
    }
    assert_int_equal(fclose(file), 0);
}

static size_t file_read(const char *name, char *out, size_t max)
{
    char path[CONFIG_PATH_SIZE];
    FILE *file;
    size_t len;

    path_in(name, path);
    file = fopen(path, "rbe");
    assert_non_null(file);
    len = fread(out, 1, max, file);
    (void)fclose(file);
    return len;
}

static bool is_in(const void *bytes, size_t len, const char *words)
{
    size_t all = strlen(words);

    for (size_t i = 0; i + all <= len; i++) {
        if (memcmp((const char *)bytes + i, words, all) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds(const char *words)
{
    char bytes[8192];
    size_t len = file_read(NAME, bytes, sizeof(bytes));

    return is_in(bytes, len, words);
}

/* The one segment of the file as it is now: how often a slot is there. */
static size_t bodies_of(uint32_t index)
{
    static char bytes[8192];
    size_t head = strlen("qcdc/tail/v1\norigin thu/11/e1\n");
    size_t len = file_read(NAME, bytes, sizeof(bytes));
    struct segment_view *view = arena_alloc(&engine->turn, sizeof(*view));
    struct segment segment;
    size_t count = 0;

    assert_ok(
        tail_block_open(span_make((const uint8_t *)bytes + head, len - head),
                        &segment, &err),
        err);
    assert_int_equal(segment.first, 7);
    assert_int_equal(segment.count, EVENTS);
    assert_ok(segment_open(engine->codec, &segment, &engine->turn, view, &err),
              err);
    for (size_t i = 0; i < view->bodies_len; i++) {
        count += view->bodies[i].index == index;
    }
    for (uint8_t slot = AUDIENCE_OF_TEXT; slot <= AUDIENCE_OF_PRIVATE; slot++) {
        count += segment_is_absent(&segment, (uint16_t)index, slot) ? 10 : 0;
    }
    return count;
}

static void erased(size_t i, uint32_t audience, bool acts)
{
    sqlite3_stmt *q = NULL;

    assert_ok(engine_write(engine, &err), err);
    assert_int_equal(
        sqlite3_prepare_v2(engine->store->db,
                           "INSERT INTO erasures (event, audience, subject, "
                           "erased, acts) VALUES (?1, ?2, ?1, ?1, ?3)",
                           -1, &q, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_blob(q, 1, &ids[i], sizeof(ids[i]), SQLITE_STATIC);
    (void)sqlite3_bind_int(q, 2, (int)audience);
    (void)sqlite3_bind_int(q, 3, acts);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    (void)sqlite3_finalize(q);
    assert_ok(engine_commit(engine, &err), err);
}

static void again_open(void)
{
    engine_close(engine);
    assert_ok(engine_open(&top_config, &engine, &err), err);
}

static int gone(void **state)
{
    char path[CONFIG_PATH_SIZE];

    path_in(NAME, path);
    (void)unlink(path);
    path_in("erased", path);
    (void)unlink(path);
    path_in("evidence", path);
    assert_int_equal(rmdir(path), 0); /* no part is left */
    return top_close(state);
}

static void an_erased_body_leaves_the_file_and_nothing_else_does(void **state)
{
    (void)state;
    tail_write(NAME);
    assert_true(holds(text[1]));
    erased(0, AUDIENCE_OF_PRIVATE, false); /* no word of this level yet */
    erased(1, AUDIENCE_OF_PRIVATE, true);
    erased(1, AUDIENCE_OF_TEXT, true);
    erased(2, AUDIENCE_OF_TEXT, true);
    engine->store->erasures_acted++; /* as the fold that found it does */
    assert_true(tails_are_due(engine));
    tails_work(engine);
    assert_false(tails_are_due(engine));
    assert_true(holds(text[0]));
    assert_false(holds(text[1]));
    assert_true(holds(text[2])); /* its private body, in this test in clear */
    assert_int_equal(bodies_of(0), 2);
    assert_int_equal(bodies_of(1), 20);
    assert_int_equal(bodies_of(2), 11);
}

static void a_file_copied_back_is_cleared_at_the_start(void **state)
{
    char path[CONFIG_PATH_SIZE];
    FILE *file;

    (void)state;
    tail_write(NAME);
    erased(1, AUDIENCE_OF_PRIVATE, true);
    path_in("evidence/tail.part", path);
    file = fopen(path, "wbe");
    assert_non_null(file);
    (void)fputs(text[1], file);
    (void)fclose(file);
    again_open();
    assert_int_equal(access(path, F_OK), -1);
    assert_false(holds(text[1]));
    assert_int_equal(bodies_of(1), 11);
}

/* The database is older than the erasure, the list beside it is not. */
static void what_only_the_list_knows_goes_too(void **state)
{
    char path[CONFIG_PATH_SIZE];
    FILE *file;

    (void)state;
    tail_write(NAME);
    path_in("erased", path);
    file = fopen(path, "we");
    assert_non_null(file);
    for (size_t i = 0; i < sizeof(ids[2]); i++) {
        (void)fprintf(file, "%02x", ((const uint8_t *)&ids[2])[i]);
    }
    (void)fprintf(file, " %d\n", AUDIENCE_OF_PRIVATE);
    (void)fclose(file);
    again_open();
    assert_false(holds(text[2]));
    assert_int_equal(bodies_of(2), 11);
}

/* A copy of the file from before, on a stick. */
static void an_older_file_brings_no_erased_body_back(void **state)
{
    static char bytes[8192];
    size_t head = strlen("qcdc/tail/v1\norigin thu/11/e1\n");
    struct segment segment;
    size_t len;

    (void)state;
    tail_write(NAME);
    len = file_read(NAME, bytes, sizeof(bytes));
    erased(1, AUDIENCE_OF_PRIVATE, true);
    assert_ok(
        tail_block_open(span_make((const uint8_t *)bytes + head, len - head),
                        &segment, &err),
        err);
    assert_ok(tail_block_erase(engine, &segment, &err), err);
    assert_true(segment_is_absent(&segment, 1, AUDIENCE_OF_PRIVATE));
    assert_false(is_in(segment.privates.ptr, segment.privates.len, text[1]));
    assert_true(is_in(segment.privates.ptr, segment.privates.len, text[0]));
}

static void a_damaged_file_stays_as_it_is_and_is_told(void **state)
{
    char path[CONFIG_PATH_SIZE];

    (void)state;
    tail_write(NAME);
    erased(1, AUDIENCE_OF_PRIVATE, true);
    path_in(NAME, path);
    assert_int_equal(truncate(path, 300), 0);
    assert_err(tails_erase(engine, &err), ERR_MALFORMED, err);
    assert_err_says(err,
                    "aa.qcdc-tail is damaged: what was erased may be in it");
}

/* A name that leads elsewhere cannot be written anew, nor can a file on a full
 * disk: said, tried again later, and the node goes on. */
static void what_cannot_be_written_anew_stops_nobody(void **state)
{
    char path[CONFIG_PATH_SIZE];

    (void)state;
    tail_write(NAME);
    erased(1, AUDIENCE_OF_PRIVATE, true);
    path_in(NAME, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_err(tails_erase(engine, &err), ERR_IO, err);
    again_open();
    assert_int_equal(engine_fatal(engine), 0);
    assert_false(tails_are_due(engine)); /* not in this minute */
    assert_ok(engine_write(engine, &err), err);
    assert_ok(engine_commit(engine, &err), err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, top_open, gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_erased_body_leaves_the_file_and_nothing_else_does),
        TEST(a_file_copied_back_is_cleared_at_the_start),
        TEST(what_only_the_list_knows_goes_too),
        TEST(an_older_file_brings_no_erased_body_back),
        TEST(a_damaged_file_stays_as_it_is_and_is_told),
        TEST(what_cannot_be_written_anew_stops_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
