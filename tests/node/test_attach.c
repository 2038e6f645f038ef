/* Files that events name, a piece at a time: what lay here before a cut ends
 * in a name, or begins anew, and the wrong peer is not named for it. */
#include "tests/node/top.h"

#include <sys/stat.h>
#include <unistd.h>

#include "node/config.h"
#include "protocol/base/hex.h"
#include "store/attachment.h"
#include "store/book.h"
#include "store/store_internal.h"

static struct error err;
static struct peer peer;
static const char text[] = "Biên bản buổi đối thoại, bản quét\n";

static char *path_of(const struct hash *file, const char *tail)
{
    static char path[800];
    char hex[65];

    hex_encode(SPAN_OF(*file), hex);
    (void)snprintf(path, sizeof(path), "%s/attachments/%.2s/%s%s",
                   engine->config->dir, hex, hex, tail);
    return path;
}

/* The file is missing here, and so many bytes of it came before. */
static struct hash part_made(struct span bytes)
{
    struct hash file = hash_of(span_str(text));
    char hex[65];
    char sql[160];

    hex_encode(SPAN_OF(file), hex);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO attachments (file, node) VALUES (x'%s', 11)",
                   hex);
    assert_ok(engine_write(engine, &err), err);
    assert_int_equal(sqlite3_exec(engine->store->db, sql, NULL, NULL, NULL),
                     SQLITE_OK);
    assert_ok(engine_commit(engine, &err), err);
    assert_ok(store_file_append(engine->config->dir, &file, 0, bytes, &err),
              err);
    peer = (struct peer){.used = true,
                         .node = 11,
                         .fetch = {.active = true,
                                   .file = file,
                                   .row = 7,
                                   .offset = bytes.len,
                                   .resumed = true}};
    return file;
}

/* "Of that size, and you have all of it." */
static void told_whole(const struct hash *file)
{
    struct frame_attach came = {
        .file = *file, .offset = sizeof(text) - 1, .total = sizeof(text) - 1};
    struct link_action action = {.attach_kind = FRAME_ATTACH_CHUNK,
                                 .attach = &came};

    attach_frame(engine, &peer, &action);
    assert_ok(engine_commit(engine, &err), err);
    assert_false(peer.fetch.active);
}

/* 1: its own folder, 2: the one of all files too. */
static void folders_of_remove(const struct hash *file, int levels)
{
    (void)unlink(path_of(file, ""));
    (void)unlink(path_of(file, ".part"));
    for (int i = 0; i < levels; i++) {
        char *path = path_of(file, "");

        for (int k = 0; k <= i; k++) {
            *strrchr(path, '/') = '\0';
        }
        assert_int_equal(rmdir(path), 0);
    }
}

static void folders_remove(const struct hash *file)
{
    folders_of_remove(file, 2);
}

static void a_part_that_is_whole_gets_its_name(void **state)
{
    struct hash file = part_made(span_str(text));
    struct store_attachment known;

    (void)state;
    told_whole(&file); /* the power went between last piece and name */
    assert_ok(store_attachment_find(engine->store, &file, &known, &err), err);
    assert_int_equal(known.state, STORE_ATTACHMENT_HELD);
    assert_int_equal(known.size, sizeof(text) - 1);
    folders_remove(&file);
}

static void a_part_longer_than_the_file_is_begun_anew(void **state)
{
    static const char junk[] = "other bytes, of another peer, and more of "
                               "them than the file has";
    struct hash file = part_made(span_str(junk));
    struct store_peer kept = {.refused = 0};
    struct store_attachment known;

    (void)state;
    told_whole(&file);
    assert_int_equal(store_file_part(engine->config->dir, &file), 0);
    assert_ok(store_attachment_find(engine->store, &file, &known, &err), err);
    assert_int_equal(known.state, STORE_ATTACHMENT_MISSING);
    assert_int_equal(peer.fetch.row, 6); /* looked for at once */
    assert_true(store_peer_get(engine->store, 11, &kept, &err) != 0 ||
                kept.refused == 0);
    folders_remove(&file);
}

/* Named by nobody any more, and to be destroyed. */
static struct hash erased_made(struct span bytes)
{
    struct hash file = part_made(bytes);
    uint64_t size;

    assert_ok(store_file_finish(engine->config->dir, &file, &size, &err), err);
    assert_ok(engine_write(engine, &err), err);
    assert_ok(store_attachment_set(engine->store, &file,
                                   STORE_ATTACHMENT_ERASED, &err),
              err);
    assert_ok(engine_commit(engine, &err), err);
    engine->store->files_erased = true;
    return file;
}

static void one_file_that_does_not_go_keeps_no_other(void **state)
{
    struct hash stuck;
    struct hash file;
    struct store_attachment known;
    char folders[2][800];

    (void)state;
    memset(&stuck, 0, sizeof(stuck));
    assert_ok(engine_write(engine, &err), err);
    assert_int_equal(sqlite3_exec(engine->store->db,
                                  "INSERT INTO attachments (file, node, state) "
                                  "VALUES (zeroblob(32), 11, 3)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_ok(engine_commit(engine, &err), err);
    file = erased_made(span_str(text));
    (void)snprintf(folders[0], sizeof(folders[0]), "%s", path_of(&stuck, ""));
    (void)snprintf(folders[1], sizeof(folders[1]), "%s", folders[0]);
    *strrchr(folders[1], '/') = '\0';
    assert_int_equal(mkdir(folders[1], 0700), 0);
    assert_int_equal(mkdir(folders[0], 0700), 0); /* no file: cannot go */
    attach_destroy(engine);
    assert_ok(store_attachment_find(engine->store, &file, &known, &err), err);
    assert_int_equal(known.state, STORE_ATTACHMENT_GONE);
    assert_err(store_file_verify(engine->config->dir, &file, &err),
               ERR_NOTFOUND, err);
    assert_ok(store_attachment_find(engine->store, &stuck, &known, &err), err);
    assert_int_equal(known.state, STORE_ATTACHMENT_ERASED);
    assert_true(store_attachment_erasing(engine->store)); /* tried again */
    assert_int_equal(rmdir(folders[0]), 0);
    assert_int_equal(rmdir(folders[1]), 0);
    folders_remove(&file);
}

static void a_destroyed_file_that_stays_is_told_in_words(void **state)
{
    struct hash file = erased_made(span_str(text));
    char folder[800];

    (void)state;
    attach_destroy(engine);
    (void)snprintf(folder, sizeof(folder), "%s", path_of(&file, ""));
    assert_int_equal(mkdir(folder, 0700), 0); /* back, and cannot go */
    assert_true(attach_destroy_again(engine, &err) != 0);
    assert_err_says(err, "an erased file is here again and cannot be destroyed:"
                         " let the node's user write there, or remove it");
    assert_int_equal(rmdir(folder), 0);
    assert_ok(attach_destroy_again(engine, &err), err);
    folders_remove(&file);
}

/* Held as if it had come, of that many bytes. */
static struct hash held_made(size_t size, char letter)
{
    char *bytes = malloc(size);
    struct hash file;
    char hex[65], sql[160];

    assert_non_null(bytes);
    memset(bytes, letter, size);
    assert_ok(store_file_put(engine->config->dir, span_make(bytes, size), &file,
                             &err),
              err);
    free(bytes);
    hex_encode(SPAN_OF(file), hex);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO attachments (file, node, state, size) VALUES "
                   "(x'%s', 11, 1, %zu)",
                   hex, size);
    assert_ok(engine_write(engine, &err), err);
    assert_int_equal(sqlite3_exec(engine->store->db, sql, NULL, NULL, NULL),
                     SQLITE_OK);
    assert_ok(engine_commit(engine, &err), err);
    return file;
}

/* How many pieces until the round rests for a day. */
static unsigned round_run(void)
{
    unsigned pieces = 0;

    do {
        engine->round.step_ms = 0;
        attach_round(engine);
        pieces++;
    } while (attach_round_deadline_ms(engine) < 80000000u && pieces < 100);
    return pieces;
}

static enum store_attachment_state state_of(const struct hash *file)
{
    struct store_attachment known;

    assert_ok(store_attachment_find(engine->store, file, &known, &err), err);
    return known.state;
}

/* Nobody opens them, nobody checks: the round alone looks. */
static void a_round_finds_what_rotted_and_what_is_gone(void **state)
{
    struct hash sound = held_made(2500000, 'a');
    struct hash rotten = held_made(1500000, 'b');
    struct hash gone = held_made(100, 'c');
    FILE *file;

    (void)state;
    /* Three pieces and an end, two and an end, one and an end, no more. */
    assert_int_equal(round_run(), 4 + 3 + 2 + 1);
    assert_int_equal(state_of(&rotten), STORE_ATTACHMENT_HELD);
    file = fopen(path_of(&rotten, ""), "r+be");
    assert_non_null(file);
    assert_int_equal(fseek(file, 1200000, SEEK_SET), 0);
    (void)fputc('B', file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(unlink(path_of(&gone, "")), 0);
    assert_int_equal(round_run(), 4 + 3 + 1 + 1);
    assert_int_equal(state_of(&sound), STORE_ATTACHMENT_HELD);
    assert_int_equal(state_of(&rotten), STORE_ATTACHMENT_MISSING);
    assert_int_equal(state_of(&gone), STORE_ATTACHMENT_MISSING);
    assert_int_equal(access(path_of(&rotten, ""), F_OK), -1);
    assert_ok(store_file_destroy(engine->config->dir, &sound, &err), err);
    assert_int_equal(round_run(), 2); /* gone now, and the end */
    folders_of_remove(&sound, 1);
    folders_of_remove(&rotten, 1);
    folders_remove(&gone);
}

/* An upload that no event names (yet) takes room as any other. */
static void files_that_no_event_names_count_too(void **state)
{
    static char bytes[700000];
    struct hash file;

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    top_config.files_mib = 1;
    assert_ok(attach_room(engine, 2 * 524288, &err), err);
    assert_ok(store_file_put(engine->config->dir,
                             span_make(bytes, sizeof(bytes)), &file, &err),
              err);
    attach_recount(engine, &file);
    assert_ok(attach_room(engine, 300000, &err), err);
    assert_err(attach_room(engine, 400000, &err), ERR_LIMIT, err);
    assert_err_says(err, "1 MiB of files in all (files_mib), 0 are here");
    folders_remove(&file);
}

/* Nobody tells the node; it looks folder by folder when it had to refuse. */
static void what_was_removed_by_hand_is_counted_no_more(void **state)
{
    static char bytes[700000];
    struct hash file;
    unsigned turns = 0;

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    top_config.files_mib = 1;
    assert_ok(store_file_put(engine->config->dir,
                             span_make(bytes, sizeof(bytes)), &file, &err),
              err);
    attach_recount(engine, &file);
    attach_recount(engine, &file); /* once only */
    assert_int_equal(engine->files_bytes, sizeof(bytes));
    assert_err(attach_room(engine, 400000, &err), ERR_LIMIT, err);
    assert_ok(store_file_destroy(engine->config->dir, &file, &err), err);
    assert_err(attach_room(engine, 400000, &err), ERR_LIMIT, err);
    while (attach_room(engine, 400000, &err) != 0 && turns < 256) {
        engine->round.count_ms = 0;
        attach_round(engine);
        turns++;
    }
    assert_int_equal(turns, file.bytes[0] + 1);
    assert_int_equal(engine->files_bytes, 0);
    folders_remove(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_part_that_is_whole_gets_its_name,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_part_longer_than_the_file_is_begun_anew, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            one_file_that_does_not_go_keeps_no_other, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_destroyed_file_that_stays_is_told_in_words, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_round_finds_what_rotted_and_what_is_gone, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            what_was_removed_by_hand_is_counted_no_more, top_open, top_close),
        cmocka_unit_test_setup_teardown(files_that_no_event_names_count_too,
                                        top_open, top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
