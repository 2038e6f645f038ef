/* qcdc check finds any flipped bit: in what came, in what was derived. The
 * bits are flipped behind the store's back, through SQLite itself. */
#include "tests/store/scene.h"

#include <sqlite3.h>

#define ASOF "2024-11-30"

struct found {
    char kinds[512];
    uint64_t count;
};

static int note(void *data, const struct store_finding *finding)
{
    struct found *found = data;

    found->count++;
    if (strstr(found->kinds, finding->what) == NULL &&
        strlen(found->kinds) + strlen(finding->what) + 2 <
            sizeof(found->kinds)) {
        strcat(found->kinds, finding->what);
        strcat(found->kinds, " ");
    }
    return 0;
}

static struct found check(const char *path)
{
    struct found found = {"", 0};
    struct store_check_options options = {
        .now = now_of(ASOF), .visit = note, .data = &found};
    /* Opened for writing, a damaged head would be mended (test_mend.c). */
    struct store_options open = {.path = path, .read_only = true};
    struct store *store = NULL;
    struct error err = {0};
    uint64_t findings = 0;

    if (store_open(&open, &store, &err) != 0) {
        /* The heads are looked at when the store is opened. */
        strcpy(found.kinds, "open ");
        found.count = 1;
        return found;
    }
    assert_ok(store_check(store, &options, &findings, &err), err);
    assert_int_equal(findings, found.count);
    store_close(store);
    return found;
}

/* Flips one bit in the middle of a blob of one row. */
static void flip(const char *path, const char *table, const char *column,
                 const char *where)
{
    char sql[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    uint8_t bytes[200000];
    int64_t rowid;
    size_t len;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT rank, bytes FROM (SELECT row_number() OVER () AS "
                   "rank, %s AS bytes FROM %s WHERE %s) LIMIT 1",
                   column, table, where);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    rowid = sqlite3_column_int64(q, 0);
    len = (size_t)sqlite3_column_bytes(q, 1);
    assert_in_range(len, 1, sizeof(bytes));
    memcpy(bytes, sqlite3_column_blob(q, 1), len);
    sqlite3_finalize(q);
    (void)rowid;
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE %s SET %s = ?1 WHERE %s = ?2 AND "
                   "%s",
                   table, column, column, where);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    sqlite3_bind_blob(q, 2, bytes, (int)len, SQLITE_TRANSIENT);
    bytes[len / 2] ^= 0x10;
    sqlite3_bind_blob(q, 1, bytes, (int)len, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
    assert_true(sqlite3_changes(db) >= 1);
    sqlite3_close(db);
}

/* One event of the province that is not in its log yet. */
static void spool_one(struct scene *s, struct store *store)
{
    struct scene_event event = {.node = PROVINCE,
                                .type = EVENT_PETITION_RECEIVED,
                                .on = "2024-11-01",
                                .text = "Xin sửa cây cầu",
                                .facts = {{"channel", "counter"},
                                          {"kind", "proposal"},
                                          {"field", "land"},
                                          {"person_known", "false"}}};
    struct error err = {0};
    struct event_id id;
    struct span bodies;
    struct span leaf = scene_sign(s, &event, &id, &bodies);
    uint64_t number;

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_spool_append(store, false, leaf, bodies, &number, &err),
              err);
    assert_ok(store_commit(store, &err), err);
}

static void make(const char *path)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct store *store;
    struct error err = {0};
    uint32_t left;

    assert_non_null(s);
    scene_open(s);
    scene_found(s);
    scene_story(s, 8);
    store = scene_store(path, PROVINCE);
    scene_give_all(s, store);
    spool_one(s, store);
    scene_settle(store, ASOF);
    assert_ok(store_tidy(store, true, &left, &err), err);
    store_close(store);
    scene_close(s);
    free(s);
}

static void a_sound_store_has_no_findings(void **state)
{
    const char *path = scene_path("sound");
    struct found found;

    (void)state;
    make(path);
    found = check(path);
    assert_string_equal(found.kinds, "");
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t len;

    assert_non_null(in);
    assert_non_null(out);
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0) {
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    }
    fclose(in);
    fclose(out);
}

static void any_flipped_bit_is_found(void **state)
{
    static const struct {
        const char *table, *column, *where, *finding;
    } rows[] = {
        {"segments", "leaves_z", "1", "segment "},
        {"segments", "texts_z", "length(texts_z) > 0", "segment "},
        {"segments", "privates", "length(privates) > 0", "segment "},
        {"segments", "hashes", "1", "hash "},
        {"segments", "root", "1", "root "},
        {"segments", "note", "1", ""},
        {"logs", "range", "size > 0", ""},
        {"logs", "note", "size > 0", ""},
        {"logs", "key", "size > 0", ""},
        {"cosigs", "line", "1", "cosignature "},
        {"cosigs", "root", "1", "cosignature "},
        {"events", "leaf", "1", "event "},
        {"events", "event", "1", "event "},
        {"events", "subject",
         "standing = 0 AND subject IN (SELECT subject "
         "FROM records)",
         "event "},
        {"records", "bytes", "1", "record "},
        {"records", "units", "1", "record "},
        {"verdicts", "marks", "1", "verdict "},
        {"keys", "key", "1", "key "},
        {"spool", "leaf", "1", "leaf "},
        {"spool", "bodies", "1", "body "},
        {"spool", "event", "1", "leaf "},
        {"cells", "detail", "1", "cell "},
        {"cells", "duty", "1", "cell "},
    };
    char original[600], copy[600];
    size_t i;

    (void)state;
    (void)snprintf(original, sizeof(original), "%s", scene_path("original"));
    make(original);
    for (i = 0; i < TEST_LEN(rows); i++) {
        struct found found;

        (void)snprintf(copy, sizeof(copy), "%s", scene_path("flipped"));
        copy_file(original, copy);
        flip(copy, rows[i].table, rows[i].column, rows[i].where);
        found = check(copy);
        if (found.count == 0 || strstr(found.kinds, rows[i].finding) == NULL) {
            fail_msg("a bit in %s.%s: found \"%s\"", rows[i].table,
                     rows[i].column, found.kinds);
        }
    }
}

static int stop_at_once(void *data, const struct store_finding *finding)
{
    (void)data;
    (void)finding;
    return 1;
}

/* A visitor's 1 once looked like "go on", and the check went round for ever. */
static void whoever_looks_may_stop_the_check(void **state)
{
    static const char *const rows[][2] = {{"segments", "leaves_z"},
                                          {"segments", "hashes"},
                                          {"cosigs", "line"},
                                          {"records", "bytes"}};
    char original[600], copy[600];

    (void)state;
    (void)snprintf(original, sizeof(original), "%s", scene_path("whole"));
    make(original);
    for (size_t i = 0; i < TEST_LEN(rows); i++) {
        struct store_check_options options = {.now = now_of(ASOF),
                                              .visit = stop_at_once};
        struct store_options open = {.path = copy, .read_only = true};
        struct store *store = NULL;
        struct error err = {0};
        uint64_t findings = 0;

        (void)snprintf(copy, sizeof(copy), "%s", scene_path("stopped"));
        copy_file(original, copy);
        flip(copy, rows[i][0], rows[i][1], "1");
        assert_ok(store_open(&open, &store, &err), err);
        assert_int_equal(store_check(store, &options, &findings, &err), 1);
        store_close(store);
    }
}

static void change(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(db) >= 1);
    sqlite3_close(db);
}

/* Numbers, and rows that are one too many or too few. */
static void any_changed_row_is_found(void **state)
{
    static const struct {
        const char *sql, *finding;
    } changes[] = {
        /* A forged directory event must not pass for a signed one. */
        {"UPDATE events SET signature = 2 WHERE place = 1 << 40", "event "},
        {"UPDATE events SET standing = 3 WHERE place = 1 << 40", "event "},
        {"UPDATE events SET subject = zeroblob(16) WHERE place = 1 << 40",
         "event "},
        {"INSERT INTO events SELECT (2 << 40) + 100000, event, subject, "
         "standing, signature, lower_s, upper_s, leaf, lacks, record FROM "
         "events LIMIT "
         "1",
         "event "},
        {"UPDATE events SET lacks = 0 WHERE place = (SELECT min(place) FROM "
         "events WHERE lacks = 1)",
         "event "},
        {"UPDATE logs SET mirrored = 0 WHERE size > 0", "log "},
        {"UPDATE logs SET guarded = guarded + 1 WHERE id = 4", "log "},
        {"UPDATE logs SET epoch = 2 WHERE id = 4", "log "},
        {"UPDATE cursors SET events = events + 1 WHERE log = 4", "log "},
        {"UPDATE cursors SET events = 0 WHERE log = 1", "log "},
        {"UPDATE cosigs SET time_s = time_s + 1 WHERE number = 0",
         "cosignature "},
        {"UPDATE actors SET rights = 31 WHERE rank = (SELECT min(rank) FROM "
         "actors)",
         "right "},
        {"INSERT INTO actors SELECT node, key_id, rank + 1000, place, unit, "
         "rights, 0 FROM actors LIMIT 1",
         "right "},
        {"DELETE FROM record_units WHERE unit = (SELECT min(unit) FROM "
         "record_units)",
         "record "},
        {"INSERT INTO record_units SELECT 77, number FROM records LIMIT 1",
         "record "},
        {"UPDATE unit_wakes SET day = day + 1 WHERE day < 100000", "cell "},
        {"DELETE FROM unit_wakes", "cell "},
        {"INSERT INTO verdicts VALUES (9 << 40, x'01')", "verdict "},
        {"INSERT INTO deliveries VALUES (11, 99999, zeroblob(16))",
         "delivery "},
    };
    char original[600], copy[600];
    size_t i;

    (void)state;
    (void)snprintf(original, sizeof(original), "%s", scene_path("whole"));
    make(original);
    for (i = 0; i < TEST_LEN(changes); i++) {
        struct found found;

        (void)snprintf(copy, sizeof(copy), "%s", scene_path("changed"));
        copy_file(original, copy);
        change(copy, changes[i].sql);
        found = check(copy);
        if (strstr(found.kinds, changes[i].finding) == NULL) {
            fail_msg("%s: found \"%s\"", changes[i].sql, found.kinds);
        }
    }
}

static void rebuild_mends_what_is_derived(void **state)
{
    struct store_rebuild_options options = {.now = now_of(ASOF)};
    struct store_options open = {0};
    struct store_integrated done;
    struct store *store = NULL;
    struct error err = {0};
    struct found found;
    char path[600];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s", scene_path("mended"));
    make(path);
    flip(path, "records", "bytes", "1");
    flip(path, "events", "leaf", "1");
    flip(path, "cells", "detail", "1");
    open.path = path;
    assert_ok(store_open(&open, &store, &err), err);
    assert_ok(store_rebuild(store, &options, &done, &err), err);
    store_close(store);
    found = check(path);
    assert_string_equal(found.kinds, "");
}

static void a_newer_program_derives_again_by_itself(void **state)
{
    struct store_options open = {0};
    struct store *store = NULL;
    struct error err = {0};
    char path[600], *before, *after;
    sqlite3 *db = NULL;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s", scene_path("upgrade"));
    make(path);
    open.path = path;
    assert_ok(store_open(&open, &store, &err), err);
    before = scene_dump(store);
    store_close(store);
    /* As an older program left it: it did not understand answers. */
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "UPDATE events SET standing = 4 WHERE subject IN (SELECT "
                     "subject FROM records WHERE kind = 1) AND event <> "
                     "subject AND standing = 0; UPDATE records SET bytes = "
                     "x'00'; UPDATE meta SET value = x'0000000000000001' "
                     "WHERE name = 'program'",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    assert_ok(store_open(&open, &store, &err), err);
    scene_settle(store, ASOF);
    after = scene_dump(store);
    assert_string_equal(before, after);
    store_close(store);
    free(before);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_store_has_no_findings),
        cmocka_unit_test(any_flipped_bit_is_found),
        cmocka_unit_test(whoever_looks_may_stop_the_check),
        cmocka_unit_test(any_changed_row_is_found),
        cmocka_unit_test(rebuild_mends_what_is_derived),
        cmocka_unit_test(a_newer_program_derives_again_by_itself),
    };
    return TEST_RUN(tests);
}
