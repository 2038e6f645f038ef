/* Attached files beside a copy of the store: once for all copies, each read
 * whole, what was erased not among them; and back with the copy. */
#include "tests/store/erasing.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/base/hex.h"
#include "store/attachment.h"
#include "store/check.h"
#include "store/restore.h"

#define FILES 3u

static struct erasing story;
static struct error err;
static char root[400];  /* all of this test */
static char home[500];  /* the node's folder */
static char there[500]; /* the folder of the copies */
static char path[600];
static char copy[600];
static struct hash files[FILES];
static struct event_id papers[FILES];
static struct store *store;

static const char *path_in(const char *dir, const struct hash *file)
{
    static char name[PATH_MAX + 100];
    char hex[65];

    hex_encode(SPAN_OF(*file), hex);
    (void)snprintf(name, sizeof(name), "%s/attachments/%.2s/%s", dir, hex, hex);
    return name;
}

static const char *pool(void)
{
    static char folder[PATH_MAX];

    assert_ok(store_backup_folder(copy, COMMUNE_A, folder, &err), err);
    return folder;
}

static void paper(size_t i)
{
    static char room[FILES][200000];
    char hex[65];

    memset(room[i], (char)('a' + i), sizeof(room[i]));
    assert_ok(store_file_put(home, span_make(room[i], sizeof(room[i])),
                             &files[i], &err),
              err);
    hex_encode(SPAN_OF(files[i]), hex);
    papers[i] = SAY(story.s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
                    .on = "2024-05-06",
                    .facts = {{"channel", "counter"},
                              {"kind", "proposal"},
                              {"field", "land"},
                              {"person_known", "true"},
                              {"document.kind", "petition"},
                              {"document.file_hash", hex}});
    scene_flush(story.s);
    erasing_hear(&story, store);
    assert_ok(store_begin(store, &err), err);
    assert_ok(
        store_attachment_held(store, &files[i], sizeof(room[i]), false, &err),
        err);
    assert_ok(store_commit(store, &err), err);
}

static int made(void **state)
{
    const char *base = getenv("QCDC_BUILD_DIR");

    (void)state;
    (void)snprintf(root, sizeof(root), "%s/backup-XXXXXX",
                   base == NULL ? "/tmp" : base);
    if (mkdtemp(root) == NULL) {
        return -1;
    }
    (void)snprintf(home, sizeof(home), "%s/home", root);
    (void)snprintf(there, sizeof(there), "%s/there", root);
    (void)snprintf(path, sizeof(path), "%s/store.db", home);
    (void)snprintf(copy, sizeof(copy), "%s/copy", there);
    if (mkdir(home, 0700) != 0 || mkdir(there, 0700) != 0) {
        return -1;
    }
    erasing_open(&story);
    store = scene_store(path, COMMUNE_A);
    erasing_hear(&story, store);
    for (size_t i = 0; i < FILES; i++) {
        paper(i);
    }
    return 0;
}

static int removed(void **state)
{
    char command[500];

    (void)state;
    store_close(store);
    store = NULL;
    erasing_close(&story);
    (void)snprintf(command, sizeof(command), "rm -r '%s'", root);
    return system(command); /* NOLINT(cert-env33-c): a folder of its own */
}

static struct store_copied_files back_up(void)
{
    struct store_copied_files out;

    assert_ok(store_backup(store, copy, NULL, &err), err);
    assert_ok(store_backup_files(store, home, copy, NULL, &out, &err), err);
    return out;
}

static void spoil(const char *dir, const struct hash *file)
{
    FILE *raw = fopen(path_in(dir, file), "r+b");

    assert_non_null(raw);
    assert_int_equal(fseek(raw, 100000, SEEK_SET), 0);
    assert_int_equal(fputc('!', raw), '!');
    assert_int_equal(fclose(raw), 0);
}

/* Everything of the node but its folder's name is lost, and comes back. */
static struct store_restored_report put_back(void)
{
    struct store_restored_report report;
    const struct store_restore restore = {.copy = copy,
                                          .path = path,
                                          .dir = home,
                                          .node = COMMUNE_A,
                                          .force = true};

    store_close(store);
    store = NULL;
    assert_ok(store_restore(&restore, &report, &err), err);
    store = erasing_reopen(path);
    return report;
}

static void checked(uint64_t sound)
{
    uint64_t read = 0, found = 0;
    struct store_check_options options = {
        .now = now_of(ASOF), .files_dir = home, .files = &read};

    assert_ok(store_check(store, &options, &found, &err), err);
    assert_int_equal(found, 0);
    assert_int_equal(read, sound);
}

static void all_sound(const char *dir)
{
    for (size_t i = 0; i < FILES; i++) {
        assert_ok(store_file_verify(dir, &files[i], &err), err);
    }
}

static void a_copy_has_each_file(void **state)
{
    struct store_copied_files out = back_up();

    (void)state;
    assert_int_equal(out.copied, FILES);
    assert_int_equal(out.kept, 0);
    assert_int_equal(out.missing, 0);
    all_sound(pool());
}

/* What is destroyed at the node is written over: a link would share that. */
static void a_copied_file_is_a_file_of_its_own(void **state)
{
    struct stat here, copied;

    (void)state;
    (void)back_up();
    assert_int_equal(stat(path_in(pool(), &files[0]), &copied), 0);
    assert_int_equal(stat(path_in(home, &files[0]), &here), 0);
    assert_int_not_equal(here.st_ino, copied.st_ino);
}

static void the_next_copy_takes_what_is_new_or_rotted(void **state)
{
    struct store_copied_files out;
    struct stat before, after;

    (void)state;
    (void)back_up();
    assert_int_equal(stat(path_in(pool(), &files[0]), &before), 0);
    spoil(pool(), &files[1]);
    assert_int_equal(unlink(copy), 0);
    out = back_up();
    assert_int_equal(out.copied, 1);
    assert_int_equal(out.kept, FILES - 1);
    assert_ok(store_file_verify(pool(), &files[1], &err), err);
    assert_int_equal(stat(path_in(pool(), &files[0]), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(out.bytes, FILES * (uint64_t)before.st_size);
}

static void a_lost_folder_comes_back_with_the_copy(void **state)
{
    struct store_restored_report report;

    (void)state;
    (void)back_up();
    assert_int_equal(unlink(path_in(home, &files[0])), 0);
    spoil(home, &files[1]);
    report = put_back();
    assert_int_equal(report.files, FILES);
    assert_int_equal(report.files_absent, 0);
    checked(FILES);
}

static void a_damaged_file_is_not_copied_and_asked_for_after(void **state)
{
    struct store_attachment known;
    struct store_restored_report report;
    struct store_copied_files out;

    (void)state;
    spoil(home, &files[2]);
    out = back_up();
    assert_int_equal(out.copied, FILES - 1);
    assert_int_equal(out.missing, 1);
    assert_int_equal(access(path_in(pool(), &files[2]), F_OK), -1);
    report = put_back();
    assert_int_equal(report.files, FILES - 1);
    assert_int_equal(report.files_absent, 1);
    assert_ok(store_attachment_find(store, &files[2], &known, &err), err);
    assert_int_equal(known.state, STORE_ATTACHMENT_MISSING);
    checked(FILES - 1);
}

static void erase(size_t i)
{
    char hex[65];

    hex_encode(SPAN_OF(files[i]), hex);
    scene_day(story.s, "2024-06-03");
    (void)SAY(story.s, .node = COMMUNE_A, .type = EVENT_ERASED,
              .on = "2024-06-03", .subject = papers[i], .refs = {papers[i]},
              .signer = KEY_LEADER(COMMUNE_A),
              .facts = {{"file_hash", hex}, {"ground", "request"}});
    scene_flush(story.s);
    erasing_hear(&story, store);
}

/* The node itself destroys its own after the commit. */
static void an_erased_file_goes_from_the_copies_too(void **state)
{
    struct store_copied_files out;

    (void)state;
    (void)back_up();
    assert_int_equal(access(path_in(pool(), &files[0]), F_OK), 0);
    erase(0);
    assert_int_equal(unlink(copy), 0);
    out = back_up();
    assert_int_equal(out.kept, FILES - 1);
    assert_int_equal(out.copied + out.missing, 0);
    assert_int_equal(access(path_in(pool(), &files[0]), F_OK), -1);
}

static void what_was_erased_since_does_not_come_back(void **state)
{
    struct store_restored_report report;
    bool restored = false;

    (void)state;
    (void)back_up();
    erase(0);
    report = put_back();
    assert_int_equal(report.ahead, 1);
    assert_int_equal(report.files, FILES - 1);
    assert_int_equal(report.files_absent, 0);
    assert_int_equal(access(path_in(home, &files[0]), F_OK), -1);
    assert_int_equal(access(path_in(pool(), &files[0]), F_OK), 0);
    assert_ok(store_restored(store, &restored, &err), err);
    assert_true(restored); /* nothing is opened before the tail has come */
    checked(FILES - 1);
}

static void what_a_copy_left_half_goes(void **state)
{
    char part[PATH_MAX + 120];
    FILE *raw;

    (void)state;
    (void)back_up();
    (void)snprintf(part, sizeof(part), "%s.part", path_in(pool(), &files[0]));
    raw = fopen(part, "wb");
    assert_non_null(raw);
    assert_int_equal(fclose(raw), 0);
    assert_int_equal(unlink(copy), 0);
    (void)back_up();
    assert_int_equal(access(part, F_OK), -1);
    assert_ok(store_file_verify(pool(), &files[0], &err), err);
}

static int stop_at_once(void *data, uint64_t done, uint64_t total)
{
    (void)data;
    (void)done;
    (void)total;
    return ERR_BUSY;
}

static void what_ends_it_or_stands_in_its_way_is_said(void **state)
{
    const struct store_copying copying = {.progress = stop_at_once};
    struct store_copied_files out;
    FILE *raw;

    (void)state;
    assert_err(store_backup_files(store, home, copy, &copying, &out, &err),
               ERR_BUSY, err);
    assert_int_equal(out.copied, 1); /* whole, the next time goes on there */
    assert_err_says(err, "not finished");
    (void)snprintf(copy, sizeof(copy), "%s/home/none/copy", root);
    assert_err(store_backup_files(store, home, copy, NULL, &out, &err),
               ERR_LIMIT, err);
    (void)snprintf(copy, sizeof(copy), "%s/home/copy", root);
    raw = fopen(pool(), "wb"); /* a file where the folder should be */
    assert_non_null(raw);
    assert_int_equal(fclose(raw), 0);
    assert_true(store_backup_files(store, home, copy, NULL, &out, &err) < 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, made, removed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_copy_has_each_file),
        CASE(a_copied_file_is_a_file_of_its_own),
        CASE(the_next_copy_takes_what_is_new_or_rotted),
        CASE(a_lost_folder_comes_back_with_the_copy),
        CASE(a_damaged_file_is_not_copied_and_asked_for_after),
        CASE(an_erased_file_goes_from_the_copies_too),
        CASE(what_was_erased_since_does_not_come_back),
        CASE(what_a_copy_left_half_goes),
        CASE(what_ends_it_or_stands_in_its_way_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
