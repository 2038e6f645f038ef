/* Files by stick: a piece that is not the next one changes nothing, a file gets
 * its name when all of it has the right hash, and what a node lacks is kept
 * until it says so again. */
#include "tests/node/top.h"

#include <unistd.h>

#include "node/bundle.h"
#include "node/config.h"
#include "protocol/base/hex.h"
#include "store/attachment.h"
#include "store/store_internal.h"

static struct error err;
static struct bundle_job job;
static uint8_t wants_space[BUNDLE_WANTS_MAX * BUNDLE_WANT_SIZE];
static const char text[] = "Biên bản buổi đối thoại, bản quét\n";
#define TEXT_LEN (sizeof(text) - 1)

static char *path_of(const struct hash *file, const char *tail)
{
    static char path[800];
    char hex[65];

    hex_encode(SPAN_OF(*file), hex);
    (void)snprintf(path, sizeof(path), "%s/attachments/%.2s/%s%s",
                   engine->config->dir, hex, hex, tail);
    return path;
}

/* A bundle of node 11 is being taken in; that file is missing here. */
static struct hash missing_made(void)
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
    job = (struct bundle_job){.fd = -1,
                              .head = {.from = 11},
                              .peer = {.used = true, .node = 11},
                              .wants =
                                  buf_over(wants_space, sizeof(wants_space))};
    return file;
}

static void taken(const struct hash *file, uint64_t from, uint64_t until,
                  const char *bytes)
{
    struct frame frame = {.kind = FRAME_ATTACH_CHUNK};

    frame.attach.file = *file;
    frame.attach.offset = from;
    frame.attach.total = TEXT_LEN;
    frame.attach.bytes =
        span_slice(span_str(bytes), (size_t)from, (size_t)(until - from));
    assert_ok(bundle_piece_take(engine, &job, &frame, &err), err);
}

static enum store_attachment_state state_of(const struct hash *file)
{
    struct store_attachment known;

    assert_ok(store_attachment_find(engine->store, file, &known, &err), err);
    return known.state;
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
    assert_ok(engine_commit(engine, &err), err);
}

static void pieces_go_on_and_those_out_of_order_change_nothing(void **state)
{
    struct hash file = missing_made();

    (void)state;
    taken(&file, 20, 30, text); /* a stick before it is missing */
    assert_int_equal(store_file_part(engine->config->dir, &file), 0);
    taken(&file, 0, 20, text);
    taken(&file, 0, 20, text); /* twice */
    assert_int_equal(store_file_part(engine->config->dir, &file), 20);
    assert_int_equal(state_of(&file), STORE_ATTACHMENT_MISSING);
    taken(&file, 20, TEXT_LEN, text);
    assert_int_equal(state_of(&file), STORE_ATTACHMENT_HELD);
    assert_int_equal(job.status.files, 1);
    assert_int_equal(job.status.file_bytes, TEXT_LEN);
    taken(&file, 0, 20, text); /* late */
    assert_int_equal(store_file_part(engine->config->dir, &file), 0);
    folders_remove(&file);
}

static void other_bytes_never_get_the_name(void **state)
{
    static const char other[] = "other bytes, as many as the file has, "
                                "and not its own";
    struct hash file = missing_made();

    (void)state;
    taken(&file, 0, TEXT_LEN, other);
    assert_int_equal(access(path_of(&file, ""), F_OK), -1);
    assert_int_equal(store_file_part(engine->config->dir, &file), 0);
    assert_int_equal(state_of(&file), STORE_ATTACHMENT_MISSING);
    assert_int_equal(job.status.files, 0);
    folders_remove(&file);
}

static void a_file_that_nobody_named_is_left_on_the_stick(void **state)
{
    struct hash file = hash_of(span_str("nobody named this one"));
    struct frame frame = {.kind = FRAME_ATTACH_CHUNK};

    (void)state;
    (void)missing_made();
    frame.attach = (struct frame_attach){
        .file = file, .total = TEXT_LEN, .bytes = span_str(text)};
    engine->integrating = true; /* an event may still name it */
    assert_err(bundle_piece_take(engine, &job, &frame, &err), ERR_BUSY, err);
    engine->integrating = false;
    taken(&file, 0, 20, text);
    assert_int_equal(store_file_part(engine->config->dir, &file), 0);
    assert_int_equal(job.status.file_bytes, 0);
    assert_ok(engine_commit(engine, &err), err);
}

static void what_a_node_lacks_is_kept_until_it_says_so_again(void **state)
{
    struct hash file = missing_made();
    struct frame frame = {.kind = FRAME_ATTACH_ASK};
    struct span kept;

    (void)state;
    frame.attach.file = file;
    frame.attach.offset = 20;
    assert_ok(bundle_want_take(engine, &job, &frame, &err), err);
    assert_ok(bundle_wants_keep(engine, &job, &err), err);
    assert_ok(store_meta_get(engine->store, "bundle_files/11", &engine->turn,
                             &kept, &err),
              err);
    assert_int_equal(kept.len, 8 + BUNDLE_WANT_SIZE);
    assert_memory_equal(kept.ptr + 8, &file, sizeof(file));
    assert_int_equal(read_u64(kept.ptr + 8 + sizeof(file)), 20);
    job.wants.len = 0; /* it has it now */
    assert_ok(bundle_wants_keep(engine, &job, &err), err);
    assert_ok(store_meta_get(engine->store, "bundle_files/11", &engine->turn,
                             &kept, &err),
              err);
    assert_int_equal(kept.len, 8);
    assert_ok(engine_commit(engine, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            pieces_go_on_and_those_out_of_order_change_nothing, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(other_bytes_never_get_the_name,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_file_that_nobody_named_is_left_on_the_stick, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            what_a_node_lacks_is_kept_until_it_says_so_again, top_open,
            top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
