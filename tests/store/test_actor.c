/* A certificate that stands in two epochs: rows as the integration leaves
 * them, asked through the public questions. */
#include "tests/store/scene.h"

#include <sqlite3.h>

#include "store/directory.h"

#define NODE 5u
#define UNIT 2001u

static const char *path;

static void rows_put(const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static struct store *store_made(void)
{
    struct store_options options = {.path = path, .create = true};
    struct store *store = NULL;
    struct error err = {0};

    assert_ok(crypto_start(&err), err);
    assert_ok(store_open(&options, &store, &err), err);
    return store;
}

/* A row of the event and of the right it gives or takes. */
#define STANDS(place, event, rank, revoked)                                    \
    "INSERT INTO events (place, event, subject, standing, signature, "         \
    "lower_s, upper_s, leaf) VALUES (" place ", " event ", x'', 0, 1, 0, 0, "  \
    "x'');INSERT INTO actors (node, key_id, rank, place, unit, rights, "       \
    "revoked) VALUES (5, x'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', " rank           \
    ", " place ", 2001, 1, " revoked ");"
#define GIVEN "x'01000000000000000000000000000000'"
#define TAKEN "x'02000000000000000000000000000000'"
#define GIVEN_ANEW "x'03000000000000000000000000000000'"
#define KEY                                                                    \
    "INSERT INTO keys (id, key) VALUES "                                       \
    "(x'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', zeroblob(32));"

static bool is_revoked(const char *sql)
{
    struct store *store;
    struct store_actor actor = {0};
    struct store_actor listed[4];
    struct key_id key;
    struct error err = {0};
    size_t len = 0;

    path = scene_path("actors");
    store_close(store_made());
    rows_put(KEY);
    rows_put(sql);
    store = store_made();
    memset(&key, 0x0a, sizeof(key));
    assert_ok(store_actor_find(store, NODE, UNIT, &key, &actor, &err), err);
    assert_ok(store_actor_list(store, NODE, UNIT, listed, 4, &len, &err), err);
    assert_int_equal(len, 1);
    assert_int_equal(listed[0].revoked, actor.revoked);
    store_close(store);
    return actor.revoked;
}

static void a_copy_behind_a_revocation_gives_nothing_back(void **state)
{
    (void)state;
    assert_true(is_revoked(STANDS("100", GIVEN, "100", "0") STANDS(
        "101", TAKEN, "101", "1") STANDS("200", GIVEN, "200", "0")));
}

static void a_copy_alone_still_gives_the_right(void **state)
{
    (void)state;
    assert_false(is_revoked(STANDS("100", GIVEN, "100", "0")
                                STANDS("200", GIVEN, "200", "0")));
}

static void a_new_certificate_behind_a_revocation_counts(void **state)
{
    (void)state;
    assert_false(is_revoked(STANDS("100", GIVEN, "100", "0") STANDS(
        "101", TAKEN, "101", "1") STANDS("200", GIVEN_ANEW, "200", "0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_behind_a_revocation_gives_nothing_back),
        cmocka_unit_test(a_copy_alone_still_gives_the_right),
        cmocka_unit_test(a_new_certificate_behind_a_revocation_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
