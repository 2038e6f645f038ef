/* Attached files as they lie on disk: pieces that a restart continues, other
 * bytes and other types that never get a name, and what rots. */
#include "tests/support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/hex.h"
#include "protocol/limits.h"
#include "store/attachment.h"

static char dir[512];

static const char *path_of(const struct hash *file, const char *tail)
{
    static char path[700];
    char hex[65];

    hex_encode(SPAN_OF(*file), hex);
    snprintf(path, sizeof(path), "%s/attachments/%.2s/%s%s", dir, hex, hex,
             tail);
    return path;
}

static void dir_make(const char *name)
{
    const char *root = getenv("QCDC_BUILD_DIR");

    snprintf(dir, sizeof(dir), "%s/files-%s-%ld", root == NULL ? "/tmp" : root,
             name, (long)getpid());
    (void)mkdir(dir, 0700);
}

/* What may lie there of that file, then the folders. */
static void dir_remove(const struct hash *file)
{
    char path[700];

    (void)unlink(path_of(file, ""));
    (void)unlink(path_of(file, ".part"));
    snprintf(path, sizeof(path), "%s", path_of(file, ""));
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
    snprintf(path, sizeof(path), "%s/attachments", dir);
    (void)rmdir(path);
    (void)rmdir(dir);
}

static struct span text_of(char *room, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        room[i] = (char)('a' + i % 23);
    }
    return span_make(room, len);
}

static void pieces_go_on_where_they_were_and_end_in_a_name(void **state)
{
    static char room[150000];
    struct span whole = text_of(room, sizeof(room));
    struct hash file = hash_of(whole);
    struct error err = {0};
    uint64_t size = 0;
    uint8_t *back = NULL;
    size_t len = 0;

    (void)state;
    dir_make("pieces");
    assert_int_equal(store_file_part(dir, &file), 0);
    assert_err(store_file_size(dir, &file, &size, &err), ERR_NOTFOUND, err);
    assert_ok(store_file_append(dir, &file, 0, span_make(room, 65536), &err),
              err);
    assert_int_equal(store_file_part(dir, &file), 65536);
    assert_err(store_file_read(dir, &file, &back, &len, &err), ERR_NOTFOUND,
               err); /* half of it is nothing */
    assert_ok(store_file_append(dir, &file, 65536,
                                span_make(room + 65536, sizeof(room) - 65536),
                                &err),
              err);
    assert_ok(store_file_finish(dir, &file, &size, &err), err);
    assert_int_equal(size, sizeof(room));
    assert_int_equal(access(path_of(&file, ".part"), F_OK), -1);
    assert_ok(store_file_read(dir, &file, &back, &len, &err), err);
    assert_true(span_equal(span_make(back, len), whole));
    free(back);
    dir_remove(&file);
}

static void other_bytes_and_other_types_never_get_a_name(void **state)
{
    static char room[5000];
    struct span whole = text_of(room, sizeof(room));
    struct hash file = hash_of(whole);
    struct span program = span_str("\x7f"
                                   "ELF program");
    struct hash elf = hash_of(program);
    struct hash put;
    struct error err = {0};
    uint64_t size;

    (void)state;
    dir_make("wrong");
    room[4000] ^= 1;
    assert_ok(store_file_append(dir, &file, 0, whole, &err), err);
    assert_err(store_file_finish(dir, &file, &size, &err), ERR_UNTRUSTED, err);
    assert_int_equal(store_file_part(dir, &file), 0);
    assert_err(store_file_size(dir, &file, &size, &err), ERR_NOTFOUND, err);
    assert_ok(store_file_append(dir, &elf, 0, program, &err), err);
    assert_err(store_file_finish(dir, &elf, &size, &err), ERR_MALFORMED, err);
    assert_err(store_file_size(dir, &elf, &size, &err), ERR_NOTFOUND, err);
    assert_err(store_file_put(dir, program, &put, &err), ERR_MALFORMED, err);
    assert_err(
        store_file_append(dir, &file, ATTACHMENT_MAX, span_make(room, 1), &err),
        ERR_LIMIT, err);
    dir_remove(&elf);
    dir_remove(&file);
}

static void what_rots_is_put_away_and_told(void **state)
{
    static char room[5000];
    struct span whole = text_of(room, sizeof(room));
    struct error err = {0};
    struct hash file;
    uint8_t *back = NULL;
    size_t len = 0;
    FILE *raw;

    (void)state;
    dir_make("rot");
    assert_ok(store_file_put(dir, whole, &file, &err), err);
    raw = fopen(path_of(&file, ""), "r+b");
    assert_non_null(raw);
    fseek(raw, 100, SEEK_SET);
    fputc('!', raw);
    fclose(raw);
    assert_err(store_file_read(dir, &file, &back, &len, &err), ERR_CORRUPT,
               err);
    assert_err(store_file_read(dir, &file, &back, &len, &err), ERR_NOTFOUND,
               err);
    dir_remove(&file);
}

static void what_is_put_again_is_mended_and_new(void **state)
{
    static char room[5000];
    struct span whole = text_of(room, sizeof(room));
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    int64_t now_s = (int64_t)time(NULL);
    struct error err = {0};
    struct hash file;

    (void)state;
    dir_make("again");
    assert_ok(store_file_put(dir, whole, &file, &err), err);
    assert_int_equal(utimensat(AT_FDCWD, path_of(&file, ""), old, 0), 0);
    assert_true(store_file_is_old(dir, &file, now_s));
    assert_ok(store_file_put(dir, whole, &file, &err), err);
    assert_false(store_file_is_old(dir, &file, now_s));
    assert_int_equal(truncate(path_of(&file, ""), 100), 0);
    assert_ok(store_file_put(dir, whole, &file, &err), err);
    assert_ok(store_file_verify(dir, &file, &err), err);
    dir_remove(&file);
}

static void a_link_in_place_of_a_file_goes_and_its_target_stays(void **state)
{
    static char room[5000];
    struct span whole = text_of(room, sizeof(room));
    struct error err = {0};
    struct hash file;
    char target[700];
    struct stat facts;

    (void)state;
    dir_make("link");
    assert_ok(store_file_put(dir, whole, &file, &err), err);
    snprintf(target, sizeof(target), "%s/target", dir);
    assert_int_equal(rename(path_of(&file, ""), target), 0);
    assert_int_equal(symlink(target, path_of(&file, "")), 0);
    assert_ok(store_file_destroy(dir, &file, &err), err);
    assert_int_equal(lstat(path_of(&file, ""), &facts), -1);
    assert_int_equal(stat(target, &facts), 0);
    assert_int_equal(facts.st_size, sizeof(room));
    assert_int_equal(unlink(target), 0);
    dir_remove(&file);
}

static void what_is_destroyed_is_written_over_and_gone(void **state)
{
    static char room[40000];
    struct span whole = text_of(room, sizeof(room));
    struct error err = {0};
    struct hash file;
    char copy[700];
    uint64_t size;
    int byte;
    FILE *raw;

    (void)state;
    dir_make("destroy");
    assert_ok(store_file_put(dir, whole, &file, &err), err);
    assert_ok(store_file_append(dir, &file, 0, span_make(room, 100), &err),
              err);
    snprintf(copy, sizeof(copy), "%s/other-name", dir);
    assert_int_equal(link(path_of(&file, ""), copy), 0);
    assert_ok(store_file_destroy(dir, &file, &err), err);
    assert_err(store_file_size(dir, &file, &size, &err), ERR_NOTFOUND, err);
    assert_int_equal(store_file_part(dir, &file), 0);
    raw = fopen(copy, "rb");
    assert_non_null(raw);
    for (size_t i = 0; i < sizeof(room); i++) {
        byte = fgetc(raw);
        assert_int_equal(byte, 0);
    }
    assert_int_equal(fgetc(raw), EOF);
    fclose(raw);
    assert_ok(store_file_destroy(dir, &file, &err), err); /* safe twice */
    (void)unlink(copy);
    dir_remove(&file);
}

static bool is_the_first(void *data, const struct hash *file)
{
    return hash_equal(data, file);
}

static void parts_of_files_nobody_finished_are_bounded(void **state)
{
    static char room[4096];
    struct hash files[6];
    struct error err = {0};
    uint64_t left;

    (void)state;
    dir_make("trim");
    for (size_t i = 0; i < TEST_LEN(files); i++) {
        struct span bytes = text_of(room, sizeof(room));
        struct timespec at[2] = {{.tv_sec = (time_t)(1000 + i)},
                                 {.tv_sec = (time_t)(1000 + i)}};

        room[0] = (char)('A' + i);
        files[i] = hash_of(bytes);
        assert_ok(store_file_append(dir, &files[i], 0, bytes, &err), err);
        assert_int_equal(
            utimensat(AT_FDCWD, path_of(&files[i], ".part"), at, 0), 0);
    }
    left = store_parts_trim(dir, 3 * sizeof(room), is_the_first, &files[0]);
    assert_int_equal(left, 3 * sizeof(room));
    assert_int_equal(store_file_part(dir, &files[0]), sizeof(room)); /* busy */
    assert_int_equal(store_file_part(dir, &files[1]), 0);
    assert_int_equal(store_file_part(dir, &files[3]), 0);
    assert_int_equal(store_file_part(dir, &files[5]), sizeof(room));
    for (size_t i = 0; i < TEST_LEN(files); i++) {
        dir_remove(&files[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_files_nobody_finished_are_bounded),
        cmocka_unit_test(pieces_go_on_where_they_were_and_end_in_a_name),
        cmocka_unit_test(other_bytes_and_other_types_never_get_a_name),
        cmocka_unit_test(what_rots_is_put_away_and_told),
        cmocka_unit_test(what_is_put_again_is_mended_and_new),
        cmocka_unit_test(a_link_in_place_of_a_file_goes_and_its_target_stays),
        cmocka_unit_test(what_is_destroyed_is_written_over_and_gone),
    };

    return TEST_RUN(tests);
}
