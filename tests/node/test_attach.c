/* Files that events name, a piece at a time: what lay here before a cut ends
 * in a name, or begins anew, and the wrong peer is not named for it. */
#include "tests/node/top.h"

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

static void folders_remove(const struct hash *file)
{
    (void)unlink(path_of(file, ""));
    (void)unlink(path_of(file, ".part"));
    for (int i = 0; i < 2; i++) {
        char *path = path_of(file, "");

        for (int k = 0; k <= i; k++) {
            *strrchr(path, '/') = '\0';
        }
        assert_int_equal(rmdir(path), 0);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_part_that_is_whole_gets_its_name,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_part_longer_than_the_file_is_begun_anew, top_open, top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
