/* Bit rot is found by the patrol and mended: from the row's own sound parts,
 * from a mirror's copy, or by deriving again. Nothing is replaced that the
 * signed roots do not bear out. */
#include "tests/store/scene.h"

#include "store/mend.h"
#include "store/store_internal.h"

#define ASOF "2024-11-30"

struct bench {
    struct scene scene;
    struct store *store;  /* of the province: it holds every log */
    struct store *mirror; /* a sound copy of what it holds */
};

static struct store *filled(struct scene *s, const char *name)
{
    struct store *store = scene_store(scene_path(name), PROVINCE);

    scene_give_all(s, store);
    scene_settle(store, ASOF);
    return store;
}

static struct bench *bench_of(int rounds)
{
    struct bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    scene_open(&b->scene);
    scene_found(&b->scene);
    scene_story(&b->scene, rounds);
    b->store = filled(&b->scene, "rot");
    b->mirror = filled(&b->scene, "mirror");
    return b;
}

static struct bench *bench_new(void)
{
    return bench_of(3);
}

static void bench_free(struct bench *b)
{
    store_close(b->store);
    store_close(b->mirror);
    scene_close(&b->scene);
    free(b);
}

/* One bit in the middle of a blob (or the sign of a number), behind the
 * store's back. */
static void rot(struct store *store, const char *table, const char *column,
                const char *where)
{
    char sql[512];
    sqlite3_stmt *q = NULL;
    uint8_t bytes[100000];
    size_t len;

    (void)snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE %s", column,
                   table, where);
    assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &q, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    len = (size_t)sqlite3_column_bytes(q, 0);
    assert_in_range(len, 1, sizeof(bytes));
    memcpy(bytes, sqlite3_column_blob(q, 0), len);
    sqlite3_finalize(q);
    bytes[len / 2] ^= 0x08;
    (void)snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ? WHERE %s", table,
                   column, where);
    assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &q, NULL),
                     SQLITE_OK);
    sqlite3_bind_blob(q, 1, bytes, (int)len, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
    assert_int_equal(sqlite3_changes(store->db), 1);
}

/* The first thing that a whole round finds; kind 0: nothing. */
static struct store_damage patrol(struct store *store)
{
    struct store_patrol *round = NULL;
    struct store_damage damage = {.kind = STORE_DAMAGE_NONE};
    struct error err = {0};
    bool ended = false;
    int steps = 0;

    assert_ok(store_patrol_new(&round, &err), err);
    while (!ended && damage.kind == STORE_DAMAGE_NONE) {
        assert_ok(store_patrol_step(store, round, now_of(ASOF), &damage, &ended,
                                    &err),
                  err);
        assert_true(++steps < 10000);
    }
    store_patrol_free(round);
    return damage;
}

static void assert_sound(struct store *store)
{
    struct store_check_options options = {.now = now_of(ASOF)};
    struct error err = {0};
    uint64_t findings = 1;

    assert_ok(store_check(store, &options, &findings, &err), err);
    assert_int_equal(findings, 0);
    assert_int_equal(patrol(store).kind, STORE_DAMAGE_NONE);
}

static int mend_from(struct bench *b, const struct store_damage *damage,
                     bool ask, struct error *err)
{
    struct store_segment theirs;
    struct arena arena;
    int rc;

    assert_ok(arena_new(&arena, 1 << 20, err), *err);
    assert_ok(store_begin(b->store, err), *err);
    if (ask) {
        assert_ok(store_segment_read(b->mirror, damage->log, damage->first,
                                     &arena, &theirs, err),
                  *err);
        theirs.parts.sealed = (struct span){NULL, 0}; /* never leaves */
    }
    rc = store_mend_segment(b->store, damage->log, damage->first,
                            ask ? &theirs.parts : NULL, err);
    if (rc == 0) {
        assert_ok(store_commit(b->store, err), *err);
    } else {
        store_rollback(b->store);
    }
    arena_release(&arena);
    return rc;
}

/* The last but one segment of a commune's log. */
static void row_of_log(struct bench *b, char where[96])
{
    struct store_log log;
    struct error err = {0};

    assert_ok(store_log_of(b->store, COMMUNE_A, false, &log, &err), err);
    (void)snprintf(where, 96,
                   "id = (SELECT max(id) FROM segments WHERE id < "
                   "%lld)",
                   (long long)place_of(log.id + 1, 0));
}

static void what_follows_from_sound_parts_needs_no_mirror(void **state)
{
    static const char *const columns[] = {"hashes", "root"};
    struct bench *b = bench_new();
    struct error err = {0};
    char where[96];
    size_t i;

    (void)state;
    row_of_log(b, where);
    for (i = 0; i < TEST_LEN(columns); i++) {
        struct store_damage damage;

        rot(b->store, "segments", columns[i], where);
        damage = patrol(b->store);
        assert_int_equal(damage.kind, STORE_DAMAGE_SEGMENT);
        assert_ok(mend_from(b, &damage, false, &err), err);
        assert_sound(b->store);
    }
    bench_free(b);
}

static void a_damaged_part_comes_from_a_mirror(void **state)
{
    static const char *const columns[] = {"leaves_z", "texts_z", "note"};
    struct bench *b = bench_new();
    struct error err = {0};
    char where[96];
    size_t i;

    (void)state;
    row_of_log(b, where);
    for (i = 0; i < TEST_LEN(columns); i++) {
        struct store_damage damage;

        rot(b->store, "segments", columns[i], where);
        damage = patrol(b->store);
        assert_int_equal(damage.kind, STORE_DAMAGE_SEGMENT);
        assert_err(mend_from(b, &damage, false, &err), ERR_NOTFOUND, err);
        assert_ok(mend_from(b, &damage, true, &err), err);
        assert_sound(b->store);
    }
    bench_free(b);
}

static void a_row_that_is_gone_comes_back(void **state)
{
    struct bench *b = bench_new();
    struct store_damage damage;
    struct error err = {0};
    char where[96], sql[160];

    (void)state;
    row_of_log(b, where);
    (void)snprintf(sql, sizeof(sql), "DELETE FROM segments WHERE %s", where);
    assert_int_equal(sqlite3_exec(b->store->db, sql, NULL, NULL, NULL),
                     SQLITE_OK);
    damage = patrol(b->store);
    assert_int_equal(damage.kind, STORE_DAMAGE_SEGMENT);
    assert_ok(mend_from(b, &damage, true, &err), err);
    assert_sound(b->store);
    bench_free(b);
}

/* How often mending read a row of hashes. */
static int rows_read(struct store *store)
{
    static const char sql[] = "SELECT id, count, hashes FROM segments WHERE id "
                              ">= ?";
    sqlite3_stmt *q = NULL;

    while ((q = sqlite3_next_stmt(store->db, q)) != NULL) {
        if (strncmp(sqlite3_sql(q), sql, sizeof(sql) - 1) == 0) {
            return sqlite3_stmt_status(q, SQLITE_STMTSTATUS_RUN, 1);
        }
    }
    fail_msg("no such statement");
    return 0;
}

/* Of a log that rotted from end to end each row is read a few times, not once
 * for every row behind it. */
static void a_log_that_rotted_whole_is_mended_in_one_pass(void **state)
{
    struct bench *b = bench_of(16);
    struct store_damage damage;
    struct store_log log;
    struct error err = {0};
    char sql[200];
    int rows = 0;

    (void)state;
    assert_ok(store_log_of(b->store, COMMUNE_A, false, &log, &err), err);
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE segments SET leaves_z = x'00' WHERE id >= %lld AND "
                   "id < %lld",
                   (long long)place_of(log.id, 0),
                   (long long)place_of(log.id + 1, 0));
    assert_int_equal(sqlite3_exec(b->store->db, sql, NULL, NULL, NULL),
                     SQLITE_OK);
    (void)rows_read(b->store);
    for (damage = patrol(b->store); damage.kind == STORE_DAMAGE_SEGMENT;
         damage = patrol(b->store)) {
        assert_ok(mend_from(b, &damage, true, &err), err);
        rows++;
    }
    assert_in_range(rows, 16, 10000);
    assert_in_range(rows_read(b->store), 1, 2 * rows);
    assert_sound(b->store);
    bench_free(b);
}

static void what_the_roots_do_not_bear_out_is_refused(void **state)
{
    struct bench *b = bench_new();
    struct store_damage damage;
    struct error err = {0};
    char where[96];

    (void)state;
    row_of_log(b, where);
    rot(b->store, "segments", "leaves_z", where);
    rot(b->mirror, "segments", "leaves_z", where);
    damage = patrol(b->store);
    assert_int_equal(damage.kind, STORE_DAMAGE_SEGMENT);
    assert_int_not_equal(mend_from(b, &damage, true, &err), 0);
    assert_int_not_equal(err.text[0], '\0');
    assert_int_equal(patrol(b->store).kind, STORE_DAMAGE_SEGMENT);
    bench_free(b);
}

static void a_cosignature_comes_from_a_mirror(void **state)
{
    static const char *const columns[] = {"line", "root"};
    struct bench *b = bench_new();
    struct error err = {0};
    size_t i;

    (void)state;
    for (i = 0; i < TEST_LEN(columns); i++) {
        struct store_damage damage;
        struct store_cosig theirs;

        rot(b->store, "cosigs", columns[i],
            "log = (SELECT max(log) FROM cosigs) AND number = 1");
        damage = patrol(b->store);
        assert_int_equal(damage.kind, STORE_DAMAGE_COSIG);
        assert_int_equal(damage.first, 1);
        assert_ok(store_begin(b->store, &err), err);
        assert_ok(store_cosig_get(b->mirror, damage.log, 0, &theirs, &err),
                  err);
        theirs.number = 1; /* another one under this number */
        theirs.line.bytes[20] ^= 1;
        assert_err(store_mend_cosig(b->store, &theirs, &err), ERR_UNTRUSTED,
                   err);
        assert_ok(store_cosig_get(b->mirror, damage.log, 1, &theirs, &err),
                  err);
        assert_ok(store_mend_cosig(b->store, &theirs, &err), err);
        assert_ok(store_commit(b->store, &err), err);
        assert_sound(b->store);
    }
    bench_free(b);
}

static void what_is_derived_is_derived_again(void **state)
{
    static const struct {
        const char *table, *column, *where;
    } spots[] = {
        {"events", "leaf", "place = (SELECT max(place) FROM events)"},
        {"records", "bytes", "subject = (SELECT min(subject) FROM records)"},
        {"cells", "detail",
         "(unit, duty, year, month) = (SELECT unit, duty, year, month FROM "
         "cells LIMIT 1)"},
    };
    struct store_rebuild_options again = {.now = now_of(ASOF)};
    struct bench *b = bench_new();
    struct store_integrated done;
    struct error err = {0};
    size_t i;

    (void)state;
    for (i = 0; i < TEST_LEN(spots); i++) {
        rot(b->store, spots[i].table, spots[i].column, spots[i].where);
        assert_int_equal(patrol(b->store).kind, STORE_DAMAGE_DERIVED);
        assert_ok(store_rebuild(b->store, &again, &done, &err), err);
        assert_sound(b->store);
    }
    bench_free(b);
}

static void a_damaged_head_is_mended_when_the_store_opens(void **state)
{
    static const char *const columns[] = {"note", "range"};
    struct bench *b = bench_new();
    struct store_options options = {.path = scene_path("unused")};
    struct error err = {0};
    char path[512];
    size_t i;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s",
                   sqlite3_db_filename(b->store->db, "main"));
    options.path = path;
    for (i = 0; i < TEST_LEN(columns); i++) {
        rot(b->store, "logs", columns[i], "id = (SELECT max(id) FROM logs)");
        store_close(b->store);
        b->store = NULL;
        assert_ok(store_open(&options, &b->store, &err), err);
        assert_sound(b->store);
    }
    bench_free(b);
}

static void damage_is_noted_until_it_is_mended(void **state)
{
    struct bench *b = bench_new();
    struct store_damage damage = {.kind = STORE_DAMAGE_SEGMENT,
                                  .log = 5,
                                  .found_s = 1000,
                                  .text = "a leaf"};
    struct store_damage list[64];
    struct error err = {0};
    size_t len = 0;
    uint64_t i;

    (void)state;
    assert_ok(store_begin(b->store, &err), err);
    for (i = 0; i < 40; i++) {
        damage.first = i;
        damage.mended_s = i == 7 ? 0 : (int64_t)(2000 + i);
        damage.source = 11;
        assert_ok(store_damage_put(b->store, &damage, &err), err);
    }
    assert_ok(store_commit(b->store, &err), err);
    assert_ok(store_damage_list(b->store, list, TEST_LEN(list), &len, &err),
              err);
    assert_int_equal(len, 1 + STORE_DAMAGE_KEPT);
    assert_int_equal(list[0].first, 7);
    assert_int_equal(list[0].mended_s, 0);
    assert_string_equal(list[0].text, "a leaf");
    assert_int_equal(list[1].source, 11);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_from_sound_parts_needs_no_mirror),
        cmocka_unit_test(a_damaged_part_comes_from_a_mirror),
        cmocka_unit_test(a_row_that_is_gone_comes_back),
        cmocka_unit_test(a_log_that_rotted_whole_is_mended_in_one_pass),
        cmocka_unit_test(what_the_roots_do_not_bear_out_is_refused),
        cmocka_unit_test(a_cosignature_comes_from_a_mirror),
        cmocka_unit_test(what_is_derived_is_derived_again),
        cmocka_unit_test(a_damaged_head_is_mended_when_the_store_opens),
        cmocka_unit_test(damage_is_noted_until_it_is_mended),
    };
    return TEST_RUN(tests);
}
